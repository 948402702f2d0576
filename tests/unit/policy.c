/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules against facts: what holds, what is not decided yet, and that an early verdict is the
 * one that the end would have given. */
#include "lib/core/late.h"
#include "tests/unit/tap.h"
#include "tests/unit/truth.h"

#define B(r) MT_BIT(MT_##r)
#define FACT(f, w) { .subject = MT_SUBJECT_FACT, .fact = MT_FACT_##f, .words = (w) }
#define PATTERNS(...) { (const struct mt_span[]){ __VA_ARGS__ }, \
	sizeof((const struct mt_span[]){ __VA_ARGS__ }) / sizeof(struct mt_span) }
#define S(text) { text, sizeof(text) - 1 }

static const struct mt_net partner = { { 4, { 198, 51, 100 } }, 24 };
static const struct mt_net ours = { { 4, { 127 } }, 8 };
static const struct mt_trust trust = { .networks = { &ours, 1 } };

/* ---- one condition -------------------------------------------------------------------- */

static const struct mt_condition iprev_fail = FACT(IPREV, B(FAIL));
static const struct mt_condition ptr_temp = FACT(PTR, B(TEMPERROR));
static const struct mt_condition authenticated = FACT(AUTHENTICATED, B(YES));
static const struct mt_condition helo_mismatch = FACT(HELO, B(MISMATCH));
static const struct mt_condition from_partner = { .subject = MT_SUBJECT_CLIENT, .nets = { &partner, 1 } };
static const struct mt_condition not_partner = { .subject = MT_SUBJECT_CLIENT, .not_nets = { &partner, 1 } };
static const struct mt_condition from_us = { .subject = MT_SUBJECT_CLIENT, .trusted_networks = true };
static const struct mt_condition helo_name = { .subject = MT_SUBJECT_HELO_NAME,
	.patterns = PATTERNS(S("*.example.org")) };
static const struct mt_condition not_helo_name = { .subject = MT_SUBJECT_HELO_NAME,
	.not_patterns = PATTERNS(S("*.example.org")) };
static const struct mt_condition any_helo_name = { .subject = MT_SUBJECT_HELO_NAME, .patterns = PATTERNS(S("*")) };
static const struct mt_condition ptr_name = { .subject = MT_SUBJECT_PTR_NAME, .patterns = PATTERNS(S("*.example.org")) };
static const struct mt_condition not_ptr_name = { .subject = MT_SUBJECT_PTR_NAME,
	.not_patterns = PATTERNS(S("*.example.org")) };
static const struct mt_condition null_sender = { .subject = MT_SUBJECT_SENDER, .patterns = PATTERNS(S("<>")) };
static const struct mt_condition not_sender = { .subject = MT_SUBJECT_SENDER,
	.patterns = PATTERNS(S("*@example.net")), .not_patterns = PATTERNS(S("boss@*")) };
static const struct mt_condition all_sales = { .subject = MT_SUBJECT_RECIPIENT, .patterns = PATTERNS(S("sales@*")) };
static const struct mt_condition any_sales = { .subject = MT_SUBJECT_RECIPIENT, .patterns = PATTERNS(S("sales@*")),
	.any_recipient = true };

static const struct mt_condition history_new = FACT(HISTORY, B(NEW));
static const struct mt_condition not_bad = FACT(HISTORY, B(NEW) | B(GOOD) | B(NEUTRAL));
static const struct mt_condition from_de = { .subject = MT_SUBJECT_COUNTRY, .patterns = PATTERNS(S("AT"), S("DE")) };
static const struct mt_condition not_from_de = { .subject = MT_SUBJECT_COUNTRY, .not_patterns = PATTERNS(S("AT"), S("DE")) };
static const struct mt_condition of_as = { .subject = MT_SUBJECT_ASN, .patterns = PATTERNS(S("64500"), S("4294967295")) };
static const struct mt_condition not_of_as = { .subject = MT_SUBJECT_ASN, .not_patterns = PATTERNS(S("64500")) };
static const struct mt_condition by_partner = { .subject = MT_SUBJECT_NETWORK, .nets = { &partner, 1 } };
static const struct mt_condition not_by_partner = { .subject = MT_SUBJECT_NETWORK, .not_nets = { &partner, 1 } };
static const struct mt_condition by_us_not_partner = { .subject = MT_SUBJECT_NETWORK, .nets = { &ours, 1 },
	.not_nets = { &partner, 1 } };
static const struct mt_condition origin_de = { .subject = MT_SUBJECT_ORIGIN_COUNTRY, .patterns = PATTERNS(S("DE")) };
static const struct mt_condition not_origin_de = { .subject = MT_SUBJECT_ORIGIN_COUNTRY, .not_patterns = PATTERNS(S("DE")) };

/* What databases say. */
static const struct mt_location berlin = { .country = "DE", .asn = 64500 };
static const struct mt_location leeds = { .country = "GB", .asn = UINT32_MAX };
static const struct mt_location somewhere = { .continent = "EU" };
static const struct mt_hop path[] = { { .from.ip = { 4, { 192, 0, 2, 1 } } }, { .from.ip = { 4, { 198, 51, 100, 1 } } } };
static const struct mt_hop other_path[] = { { .from.ip = { 4, { 127, 0, 0, 1 } } }, { .kind = MT_HOP_LOCAL } };
#define PATH(hops_) .path_known = true, .hops = (hops_), .nhops = 2

/* Names of the client. */
#define VERIFIED(text) { .name = S(text), .asked = true, .answered = true, .forward = MT_PASS }
#define ELSEWHERE(text) { .name = S(text), .asked = true, .answered = true, .forward = MT_FAIL }
#define SILENT(text) { .name = S(text), .asked = true, .answered = true, .forward = MT_TEMPERROR }
#define OPEN(text) { .name = S(text), .asked = true }
#define NAMES(...) &(const struct mt_iprev){ .nnames = sizeof((struct mt_ptr_name[]){ __VA_ARGS__ }) / \
	sizeof(struct mt_ptr_name), .names = (struct mt_ptr_name[]){ __VA_ARGS__ } }
#define CUT(...) &(const struct mt_iprev){ .nnames = sizeof((struct mt_ptr_name[]){ __VA_ARGS__ }) / \
	sizeof(struct mt_ptr_name), .names = (struct mt_ptr_name[]){ __VA_ARGS__ }, .cut = true }

static const struct mt_span sales[] = { S("sales@example.org"), S("Sales@example.net") };
static const struct mt_span mixed[] = { S("sales@example.org"), S("bob@example.org") };
static const struct mt_span others[] = { S("bob@example.org"), S("eve@example.org") };

#define IP(...) { 4, { __VA_ARGS__ } }
static const struct {
	const char *name;
	const struct mt_condition *condition;
	struct mt_policy_input input;
	enum mt_result iprev, ptr, helo;
	enum truth truth;
} conditions[] = {
	{ "a fact that is not known", &iprev_fail, { 0 }, MT_UNKNOWN, 0, 0, NOT_YET },
	{ "a fact of the set", &iprev_fail, { 0 }, MT_FAIL, 0, 0, YES },
	{ "a fact of another word", &iprev_fail, { 0 }, MT_NONE, 0, 0, NO },
	{ "a temporary error is no failure", &iprev_fail, { 0 }, MT_TEMPERROR, 0, 0, NO },
	{ "a temporary error that is named", &ptr_temp, { 0 }, 0, MT_TEMPERROR, 0, YES },
	{ "client in a network", &from_partner, { .client = IP(198, 51, 100, 9) }, 0, 0, 0, YES },
	{ "client beside a network", &from_partner, { .client = IP(198, 51, 101, 9) }, 0, 0, 0, NO },
	{ "no client", &from_partner, { 0 }, 0, 0, 0, NO },
	{ "no client is not outside of a network", &not_partner, { 0 }, 0, 0, 0, NO },
	{ "client outside of a network", &not_partner, { .client = IP(192, 0, 2, 1) }, 0, 0, 0, YES },
	{ "client inside of a network that is excepted", &not_partner, { .client = IP(198, 51, 100, 1) }, 0, 0, 0, NO },
	{ "trusted client", &from_us, { .client = IP(127, 0, 0, 1) }, 0, 0, 0, YES },
	{ "client that is not trusted", &from_us, { .client = IP(192, 0, 2, 1) }, 0, 0, 0, NO },
	{ "no HELO yet", &helo_name, { 0 }, 0, 0, 0, NOT_YET },
	{ "HELO name", &helo_name, { .helo_known = true, .helo = S("A.Example.ORG") }, 0, 0, 0, YES },
	{ "another HELO name", &helo_name, { .helo_known = true, .helo = S("example.org") }, 0, 0, 0, NO },
	{ "no HELO at all", &helo_name, { .helo_known = true }, 0, 0, 0, NO },
	{ "no HELO at all is no name", &any_helo_name, { .helo_known = true }, 0, 0, 0, NO },
	{ "no HELO at all is not that name", &not_helo_name, { .helo_known = true }, 0, 0, 0, YES },
	{ "verified name", &ptr_name, { .iprev = NAMES(VERIFIED("a.example.org")) }, MT_PASS, 0, 0, YES },
	{ "verified name among others", &ptr_name,
	    { .iprev = NAMES(VERIFIED("a.example.net"), SILENT("b.example.org"), VERIFIED("c.example.org")) }, MT_PASS, 0, 0,
	    YES },
	{ "another verified name", &ptr_name, { .iprev = NAMES(VERIFIED("a.example.net")) }, MT_PASS, 0, 0, NO },
	{ "verified name, excepted", &not_ptr_name, { .iprev = NAMES(VERIFIED("a.example.net"), VERIFIED("b.example.org")) },
	    MT_PASS, 0, 0, NO },
	{ "verified name beside a name that may still be it", &ptr_name,
	    { .iprev = NAMES(VERIFIED("a.example.net"), OPEN("b.example.org")) }, MT_PASS, 0, 0, NOT_YET },
	{ "and for its negation", &not_ptr_name, { .iprev = NAMES(VERIFIED("a.example.net"), OPEN("b.example.org")) },
	    MT_PASS, 0, 0, NOT_YET },
	{ "an open name that would not match anyway", &ptr_name,
	    { .iprev = NAMES(VERIFIED("a.example.net"), OPEN("b.example.net")) }, MT_PASS, 0, 0, NO },
	{ "nor be excepted", &not_ptr_name, { .iprev = NAMES(VERIFIED("a.example.net"), OPEN("b.example.net")) }, MT_PASS, 0,
	    0, YES },
	{ "a name that matches and leads elsewhere", &ptr_name,
	    { .iprev = NAMES(VERIFIED("a.example.net"), ELSEWHERE("b.example.org")) }, MT_PASS, 0, 0, NO },
	{ "is not that name", &not_ptr_name, { .iprev = NAMES(VERIFIED("a.example.net"), ELSEWHERE("b.example.org")) },
	    MT_PASS, 0, 0, YES },
	{ "a name that matches, without an answer", &not_ptr_name,
	    { .iprev = NAMES(VERIFIED("a.example.net"), SILENT("b.example.org")) }, MT_PASS, 0, 0, NO },
	{ "all names are open", &ptr_name, { .iprev = NAMES(OPEN("a.example.org")) }, MT_UNKNOWN, 0, 0, NOT_YET },
	{ "names cut at the bound", &not_ptr_name, { .iprev = CUT(VERIFIED("a.example.net")) }, MT_PASS, 0, 0, NO },
	{ "names cut at the bound, one matches", &ptr_name, { .iprev = CUT(VERIFIED("a.example.org")) }, MT_PASS, 0, 0, YES },
	{ "verified name not known yet", &ptr_name, { 0 }, MT_UNKNOWN, 0, 0, NOT_YET },
	{ "no verified name", &ptr_name, { 0 }, MT_FAIL, 0, 0, NO },
	{ "a name that is not verified does not count", &ptr_name, { .iprev = NAMES(ELSEWHERE("a.example.org")) }, MT_FAIL, 0, 0,
	    NO },
	{ "no verified name is not that name", &not_ptr_name, { 0 }, MT_NONE, 0, 0, YES },
	{ "no answer is neither that name", &ptr_name, { 0 }, MT_TEMPERROR, 0, 0, NO },
	{ "nor not that name", &not_ptr_name, { 0 }, MT_TEMPERROR, 0, 0, NO },
	{ "not asked is not not that name", &not_ptr_name, { 0 }, MT_SKIPPED, 0, 0, NO },
	{ "sender not known yet", &null_sender, { 0 }, 0, 0, 0, NOT_YET },
	{ "null sender", &null_sender, { .sender_known = true }, 0, 0, 0, YES },
	{ "a sender is not the null sender", &null_sender, { .sender_known = true, .sender = S("a@b") }, 0, 0, 0, NO },
	{ "sender", &not_sender, { .sender_known = true, .sender = S("ann@example.net") }, 0, 0, 0, YES },
	{ "sender that is excepted", &not_sender, { .sender_known = true, .sender = S("boss@example.net") }, 0, 0, 0, NO },
	{ "no recipient yet", &all_sales, { 0 }, 0, 0, 0, NOT_YET },
	{ "no recipient yet, for an exemption", &any_sales, { 0 }, 0, 0, 0, NOT_YET },
	{ "all match, more may come", &all_sales, { .recipients = sales, .nrecipients = 2 }, 0, 0, 0, NOT_YET },
	{ "all match", &all_sales, { .recipients = sales, .nrecipients = 2, .recipients_complete = true }, 0, 0, 0, YES },
	{ "one does not match", &all_sales, { .recipients = mixed, .nrecipients = 2, .recipients_complete = true }, 0, 0, 0,
	    NO },
	{ "one does not match, whatever comes", &all_sales, { .recipients = mixed, .nrecipients = 2 }, 0, 0, 0, NO },
	{ "one is enough, whatever comes", &any_sales, { .recipients = mixed, .nrecipients = 2 }, 0, 0, 0, YES },
	{ "none matches, more may come", &any_sales, { .recipients = others, .nrecipients = 2 }, 0, 0, 0, NOT_YET },
	{ "none matches", &any_sales, { .recipients = others, .nrecipients = 2, .recipients_complete = true }, 0, 0, 0, NO },
	{ "client in a country", &from_de, { .location = &berlin }, 0, 0, 0, YES },
	{ "client in another", &from_de, { .location = &leeds }, 0, 0, 0, NO },
	{ "client nobody knows where", &from_de, { 0 }, 0, 0, 0, NO },
	{ "client in no country that is known", &from_de, { .location = &somewhere }, 0, 0, 0, NO },
	{ "client in a country that is excepted", &not_from_de, { .location = &berlin }, 0, 0, 0, NO },
	{ "client outside of a country", &not_from_de, { .location = &leeds }, 0, 0, 0, YES },
	{ "nobody knows where is not outside", &not_from_de, { 0 }, 0, 0, 0, NO },
	{ "nor is no country that is known", &not_from_de, { .location = &somewhere }, 0, 0, 0, NO },
	{ "AS number", &of_as, { .location = &berlin }, 0, 0, 0, YES },
	{ "the greatest AS number", &of_as, { .location = &leeds }, 0, 0, 0, YES },
	{ "no AS number", &of_as, { .location = &somewhere }, 0, 0, 0, NO },
	{ "AS number that is excepted", &not_of_as, { .location = &berlin }, 0, 0, 0, NO },
	{ "another AS number", &not_of_as, { .location = &leeds }, 0, 0, 0, YES },
	{ "no AS number is not another", &not_of_as, { .location = &somewhere }, 0, 0, 0, NO },
	{ "network of the client, before the path is known", &by_partner, { .client = IP(198, 51, 100, 9) }, 0, 0, 0, YES },
	{ "not that of the client, before the path is known", &by_partner, { .client = IP(192, 0, 2, 9) }, 0, 0, 0, NOT_YET },
	{ "network of a hop", &by_partner, { .client = IP(192, 0, 2, 9), PATH(path) }, 0, 0, 0, YES },
	{ "network of nobody", &by_partner, { .client = IP(192, 0, 2, 9), PATH(other_path) }, 0, 0, 0, NO },
	{ "network of nobody, and there is no client", &by_partner, { PATH(other_path) }, 0, 0, 0, NO },
	{ "excepted network of the client", &not_by_partner, { .client = IP(198, 51, 100, 9) }, 0, 0, 0, NO },
	{ "excepted network, before the path is known", &not_by_partner, { .client = IP(192, 0, 2, 9) }, 0, 0, 0, NOT_YET },
	{ "excepted network of a hop", &not_by_partner, { .client = IP(192, 0, 2, 9), PATH(path) }, 0, 0, 0, NO },
	{ "excepted network of nobody", &not_by_partner, { .client = IP(192, 0, 2, 9), PATH(other_path) }, 0, 0, 0, YES },
	{ "a network and not another", &by_us_not_partner, { .client = IP(192, 0, 2, 9), PATH(other_path) }, 0, 0, 0, YES },
	{ "a network and not another, which comes later", &by_us_not_partner, { .client = IP(127, 0, 0, 1) }, 0, 0, 0, NOT_YET },
	{ "a network and another", &by_us_not_partner, { .client = IP(127, 0, 0, 1), PATH(path) }, 0, 0, 0, NO },
	{ "origin not known yet", &origin_de, { .origin = NULL }, 0, 0, 0, NOT_YET },
	{ "origin not known yet, negated", &not_origin_de, { .location = &leeds }, 0, 0, 0, NOT_YET },
	{ "origin in a country", &origin_de, { PATH(path), .origin = &berlin }, 0, 0, 0, YES },
	{ "origin in another", &origin_de, { PATH(path), .origin = &leeds, .location = &berlin }, 0, 0, 0, NO },
	{ "origin in another, negated", &not_origin_de, { PATH(path), .origin = &leeds }, 0, 0, 0, YES },
	{ "origin nobody knows where", &origin_de, { PATH(path) }, 0, 0, 0, NO },
	{ "origin nobody knows where, negated", &not_origin_de, { PATH(path) }, 0, 0, 0, NO },
};

static const struct {
	const char *name;
	const struct mt_condition *condition;
	struct mt_fact history;
	enum truth truth;
} histories[] = {
	{ "not known yet", &history_new, { 0 }, NOT_YET },
	{ "new", &history_new, { .result = MT_NEW }, YES },
	{ "seen before", &history_new, { .result = MT_NEUTRAL }, NO },
	{ "no answer is not new", &history_new, { .result = MT_SKIPPED, .cause = MT_CAUSE_TIMEOUT }, NO },
	{ "not bad", &not_bad, { .result = MT_GOOD }, YES },
	{ "bad", &not_bad, { .result = MT_BAD }, NO },
	{ "no answer is not \"not bad\"", &not_bad, { .result = MT_SKIPPED, .cause = MT_CAUSE_BREAKER }, NO },
	{ "nor is that there is no memory", &not_bad, { .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED }, NO },
};

static void
test_histories(void)
{
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust };

		facts.fact[MT_FACT_HISTORY] = histories[i].history;
		tap_ok(truth_of(histories[i].condition, &input) == histories[i].truth, "history: %s",
		    histories[i].name);
	}
}

static void
test_conditions(void)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = conditions[i].input;

		facts.fact[MT_FACT_IPREV].result = conditions[i].iprev;
		facts.fact[MT_FACT_PTR].result = conditions[i].ptr;
		facts.fact[MT_FACT_HELO].result = conditions[i].helo;
		input.facts = &facts;
		input.trust = &trust;
		tap_ok(truth_of(conditions[i].condition, &input) == conditions[i].truth, "condition: %s",
		    conditions[i].name);
	}
}

/* ---- decisions ------------------------------------------------------------------------ */

#define RULE(n, c, a) { .name = S(n), .conditions = &(c), .nconditions = 1, .action = (a) }

static const struct mt_rule deferral = RULE("mismatch", helo_mismatch, MT_TEMPFAIL);
static const struct mt_rule reject_mismatch = { .name = S("mismatch"), .conditions = &helo_mismatch, .nconditions = 1,
	.action = MT_REJECT, .deferral = &deferral };
static const struct mt_rule reject_fail = RULE("fail", iprev_fail, MT_REJECT);
static const struct mt_rule accept_fail = RULE("lenient", iprev_fail, MT_ACCEPT);
static const struct mt_rule tag_fail = RULE("tag", iprev_fail, MT_TAG);
static const struct mt_rule defer_temp = RULE("temp", ptr_temp, MT_TEMPFAIL);
static const struct mt_rule rehearse_mismatch = { .name = S("try"), .conditions = &helo_mismatch, .nconditions = 1,
	.action = MT_REJECT, .dry_run = true };
static const struct mt_exempt exempt_auth = { .name = S("auth"), .conditions = &authenticated, .nconditions = 1 };
static const struct mt_exempt exempt_name = { .name = S("name"), .conditions = &ptr_name, .nconditions = 1 };

static const struct {
	const char *name;
	const struct mt_rule *rules[3];
	const struct mt_exempt *exempt;
	enum mt_result iprev, ptr, helo, authenticated;
	bool last;
	bool decided;
	const char *rule, *exempted;
	size_t ntags;
} decisions[] = {
	{ "no rules", { NULL }, NULL, 0, 0, 0, 0, false, true, NULL, NULL, 0 },
	{ "a rule that holds", { &reject_fail }, NULL, MT_FAIL, 0, 0, 0, false, true, "fail", NULL, 0 },
	{ "a rule that does not", { &reject_fail }, NULL, MT_PASS, 0, 0, 0, false, true, NULL, NULL, 0 },
	{ "a rule that is undecided", { &reject_fail }, NULL, 0, 0, 0, 0, false, false, NULL, NULL, 0 },
	{ "undecided at the end is not held", { &reject_fail }, NULL, 0, 0, 0, 0, true, true, NULL, NULL, 0 },
	{ "the first that holds", { &reject_fail, &reject_mismatch }, NULL, MT_FAIL, 0, MT_MISMATCH, 0, false, true, "fail",
	    NULL, 0 },
	{ "an undecided rule stops what is below", { &reject_fail, &reject_mismatch }, NULL, 0, 0, MT_MISMATCH, 0, false,
	    false, NULL, NULL, 0 },
	{ "a rule above the undecided one decides", { &reject_mismatch, &reject_fail }, NULL, 0, 0, MT_MISMATCH, 0, false,
	    true, "mismatch", NULL, 0 },
	{ "a tag goes on", { &tag_fail, &reject_mismatch }, NULL, MT_FAIL, 0, MT_MISMATCH, 0, false, true, "mismatch", NULL,
	    1 },
	{ "a tag alone", { &tag_fail }, NULL, MT_FAIL, 0, 0, 0, false, true, NULL, NULL, 1 },
	{ "an undecided tag leaves no rule undecided", { &tag_fail }, NULL, 0, 0, 0, 0, false, false, NULL, NULL, 0 },
	{ "an undecided tag stops nothing", { &tag_fail, &reject_mismatch }, NULL, 0, 0, MT_MISMATCH, 0, false, true,
	    "mismatch", NULL, 0 },
	{ "an exemption", { &reject_fail }, &exempt_auth, MT_FAIL, 0, 0, MT_YES, false, true, NULL, "auth", 0 },
	{ "no exemption", { &reject_fail }, &exempt_auth, MT_FAIL, 0, 0, MT_NO, false, true, "fail", NULL, 0 },
	{ "an undecided exemption stops all", { &reject_fail }, &exempt_auth, MT_FAIL, 0, 0, 0, false, false, NULL, NULL, 0 },
	{ "a rehearsal that holds alone", { &rehearse_mismatch }, NULL, 0, 0, MT_MISMATCH, 0, false, true, "try", NULL, 0 },
	{ "a rehearsal shields from nothing", { &rehearse_mismatch, &reject_fail }, NULL, MT_FAIL, 0, MT_MISMATCH, 0, false,
	    true, "fail", NULL, 0 },
	{ "a temporary error on its own", { &reject_fail, &defer_temp }, NULL, MT_TEMPERROR, MT_TEMPERROR, 0, 0, false, true,
	    "temp", NULL, 0 },
	{ "a temporary error rejects nothing", { &reject_fail }, NULL, MT_TEMPERROR, MT_TEMPERROR, 0, 0, true, true, NULL,
	    NULL, 0 },
};

static bool
span_is(struct mt_span s, const char *text)
{
	return text == NULL ? s.ptr == NULL : mt_span_equal(s, mt_span_text(text));
}

static void
test_decisions(void)
{
	for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust };
		struct mt_rule rules[3];
		struct mt_policy policy = { .rules = rules };
		struct mt_decision d;

		for (; policy.nrules < 3 && decisions[i].rules[policy.nrules] != NULL; policy.nrules++)
			rules[policy.nrules] = *decisions[i].rules[policy.nrules];
		policy.exempts = decisions[i].exempt;
		policy.nexempts = decisions[i].exempt != NULL;
		facts.fact[MT_FACT_IPREV].result = decisions[i].iprev;
		facts.fact[MT_FACT_PTR].result = decisions[i].ptr;
		facts.fact[MT_FACT_HELO].result = decisions[i].helo;
		facts.fact[MT_FACT_AUTHENTICATED].result = decisions[i].authenticated;
		mt_policy_decide(&d, &policy, &input, decisions[i].last);
		tap_ok(d.decided == decisions[i].decided && d.tags.count == decisions[i].ntags &&
		    span_is(d.rule == NULL ? MT_ABSENT : d.rule->name, decisions[i].rule) &&
		    span_is(d.exempt == NULL ? MT_ABSENT : d.exempt->name, decisions[i].exempted), "decision: %s",
		    decisions[i].name);
	}
}

static struct mt_ptr_name that[] = { VERIFIED("a.example.org") };
static const struct mt_iprev no_names;
static const struct mt_iprev that_name = { .nnames = 1, .names = that };

/* A rejection below what a temporary error kept from being judged. */
static const struct {
	const char *name;
	const struct mt_rule *above;
	const struct mt_exempt *exempt;
	enum mt_result iprev;
	enum mt_action action;
	const struct mt_iprev *names;	/* NULL: one that matches */
} softened[] = {
	{ "an exemption that holds", NULL, &exempt_name, MT_PASS, MT_ACCEPT },
	{ "an exemption by the second name", NULL, &exempt_name, MT_PASS, MT_ACCEPT,
	    .names = NAMES(VERIFIED("a.example.net"), VERIFIED("b.example.org")) },
	{ "an exemption by the first name", NULL, &exempt_name, MT_PASS, MT_ACCEPT,
	    .names = NAMES(VERIFIED("b.example.org"), VERIFIED("a.example.net")) },
	{ "an exemption of other names", NULL, &exempt_name, MT_PASS, MT_REJECT, .names = NAMES(VERIFIED("a.example.net")) },
	{ "an exemption by a second name that is silent", NULL, &exempt_name, MT_PASS, MT_TEMPFAIL,
	    .names = NAMES(VERIFIED("a.example.net"), SILENT("b.example.org")) },
	{ "an exemption by a first name that is silent", NULL, &exempt_name, MT_PASS, MT_TEMPFAIL,
	    .names = NAMES(SILENT("b.example.org"), VERIFIED("a.example.net")) },
	{ "an exemption beside a silent name of another", NULL, &exempt_name, MT_PASS, MT_REJECT,
	    .names = NAMES(VERIFIED("a.example.net"), SILENT("b.example.net")) },
	{ "an exemption beside names that were cut", NULL, &exempt_name, MT_PASS, MT_TEMPFAIL, .names = CUT(VERIFIED("a.example.net")) },
	{ "an exemption whose names were lost", NULL, &exempt_name, MT_PASS, MT_TEMPFAIL, .names = &no_names },
	{ "an exemption that does not hold", NULL, &exempt_name, MT_NONE, MT_REJECT },
	{ "an exemption that cannot be judged now", NULL, &exempt_name, MT_TEMPERROR, MT_TEMPFAIL },
	{ "an exemption that was never judged", NULL, &exempt_name, MT_UNKNOWN, MT_TEMPFAIL },
	{ "an exemption that nobody asked about", NULL, &exempt_name, MT_SKIPPED, MT_REJECT },
	{ "an accepting rule that cannot be judged now", &accept_fail, NULL, MT_TEMPERROR, MT_TEMPFAIL },
	{ "an accepting rule that does not hold", &accept_fail, NULL, MT_PASS, MT_REJECT },
	{ "a rejecting rule that cannot be judged now", &reject_fail, NULL, MT_TEMPERROR, MT_REJECT },
	{ "a tag that cannot be judged now", &tag_fail, NULL, MT_TEMPERROR, MT_REJECT },
};

static void
test_softened(void)
{
	for (size_t i = 0; i < sizeof softened / sizeof *softened; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust, .iprev = softened[i].names };
		bool above = softened[i].above != NULL;
		struct mt_rule rules[2] = { above ? *softened[i].above : reject_mismatch, reject_mismatch };
		struct mt_policy policy = { .exempts = softened[i].exempt, .nexempts = softened[i].exempt != NULL,
			.rules = rules, .nrules = above ? 2 : 1 };
		struct mt_decision d;

		if (input.iprev == NULL && softened[i].iprev == MT_PASS)
			input.iprev = &that_name;
		facts.fact[MT_FACT_IPREV].result = softened[i].iprev;
		facts.fact[MT_FACT_HELO].result = MT_MISMATCH;
		mt_policy_decide(&d, &policy, &input, true);
		tap_ok(d.decided && (d.rule == NULL ? MT_ACCEPT : d.rule->action) == softened[i].action,
		    "a rejection below %s: %s", softened[i].name, mt_action_word(softened[i].action));
	}
}

/* ---- notes ---------------------------------------------------------------------------- */

static const struct mt_rule tag_mismatch = RULE("tag2", helo_mismatch, MT_TAG);
static const struct mt_rule rehearse_fail = { .name = S("rehearse"), .conditions = &iprev_fail, .nconditions = 1,
	.action = MT_TEMPFAIL, .dry_run = true };
static const struct mt_rule try_deferral = { .name = S("try"), .conditions = &helo_mismatch, .nconditions = 1,
	.action = MT_TEMPFAIL, .dry_run = true };
static const struct mt_rule try_mismatch = { .name = S("try"), .conditions = &helo_mismatch, .nconditions = 1,
	.action = MT_REJECT, .dry_run = true, .deferral = &try_deferral };
static const struct mt_rule hold_fail = RULE("hold", iprev_fail, MT_QUARANTINE);
static const struct mt_rule accept_temp_names = RULE("names", ptr_name, MT_ACCEPT);

/* Client with a wrong name and a wrong HELO; `tried` is what the rehearsals would have done. */
static const struct {
	const char *name;
	const struct mt_rule *rules[10];
	const char *rule, *tags;
	const char *tried;
	bool more;
} notes[] = {
	{ "two tags", { &tag_fail, &tag_mismatch }, NULL, "tag tag2 ", "", false },
	{ "a tag, then a rehearsal", { &tag_fail, &try_mismatch }, "try", "tag ", "try:reject ", false },
	{ "a rehearsal, then a tag", { &try_mismatch, &tag_fail }, "try", "tag ", "try:reject ", false },
	{ "a rehearsal, then one that decides", { &try_mismatch, &hold_fail }, "hold", "", "try:reject ", false },
	{ "a tag below one that decides", { &hold_fail, &tag_fail }, "hold", "", "", false },
	{ "two rehearsals", { &rehearse_fail, &try_mismatch }, "rehearse", "", "rehearse:tempfail try:reject ", false },
	{ "a rehearsal that would have been a deferral", { &accept_temp_names, &try_mismatch }, "try", "", "try:tempfail ", false },
	{ "a rehearsal above what makes it one", { &try_mismatch, &accept_temp_names }, "try", "", "try:reject ", false },
	{ "more than are kept", { &tag_fail, &tag_fail, &tag_fail, &tag_fail, &tag_fail, &tag_fail, &tag_fail, &tag_fail,
	    &tag_fail }, NULL, "tag tag tag tag tag tag tag tag ", "", true },
};

static void
list_notes(char *out, size_t size, const struct mt_notes *of, bool actions)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < of->count; i++)
		len += (size_t)snprintf(out + len, size - len, "%.*s%s%s ", MT_SPAN_ARG(of->note[i].rule), actions ? ":" : "",
		    actions ? mt_action_word(of->note[i].action) : "");
}

static void
test_notes(void)
{
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust,
			.iprev = NAMES(ELSEWHERE("a.example.net"), SILENT("b.example.org")) };
		struct mt_rule rules[10];
		struct mt_policy policy = { .rules = rules };
		struct mt_decision d;
		char tags[256], tried[256];

		for (; notes[i].rules[policy.nrules] != NULL; policy.nrules++)
			rules[policy.nrules] = *notes[i].rules[policy.nrules];
		facts.fact[MT_FACT_IPREV].result = MT_FAIL;
		facts.fact[MT_FACT_HELO].result = MT_MISMATCH;
		mt_policy_decide(&d, &policy, &input, true);
		list_notes(tags, sizeof tags, &d.tags, false);
		list_notes(tried, sizeof tried, &d.rehearsed, true);
		tap_ok(d.decided && span_is(d.rule == NULL ? MT_ABSENT : d.rule->name, notes[i].rule) &&
		    strcmp(tags, notes[i].tags) == 0 && strcmp(tried, notes[i].tried) == 0 && d.tags.more == notes[i].more,
		    "notes: %s: %s/ %s", notes[i].name, tags, tried);
	}
}

/* ---- answers that came too late --------------------------------------------------------- */

static const struct mt_condition spf_fail = FACT(SPF, B(FAIL));
static const struct mt_condition lie_of_example[] = { FACT(IPREV, B(FAIL)), { .subject = MT_SUBJECT_SENDER,
	.patterns = PATTERNS(S("*@example.net")) } };
static const struct mt_condition lie_of_other[] = { FACT(IPREV, B(FAIL)), { .subject = MT_SUBJECT_SENDER,
	.patterns = PATTERNS(S("*@example.com")) } };
static const struct mt_condition listed = { .subject = MT_SUBJECT_DNSBL, .words = B(LISTED) };
static const struct mt_rule reject_spf = RULE("spf", spf_fail, MT_REJECT);
static const struct mt_rule reject_lie = { .name = S("lie"), .conditions = lie_of_example, .nconditions = 2,
	.action = MT_REJECT };
static const struct mt_rule reject_other = { .name = S("other"), .conditions = lie_of_other, .nconditions = 2,
	.action = MT_REJECT };
static const struct mt_rule reject_listed = RULE("listed", listed, MT_REJECT);
static const struct mt_rule reject_name = RULE("name", ptr_name, MT_REJECT);
static const struct mt_rule defer_iprev_temp = { .name = S("temp"), .conditions = &(const struct mt_condition)FACT(IPREV,
	B(TEMPERROR)), .nconditions = 1, .action = MT_TEMPFAIL };
static const struct mt_rule accept_all = RULE("all", null_sender, MT_ACCEPT);
static const struct mt_rule not_null = RULE("null", null_sender, MT_REJECT);
static const struct mt_exempt exempt_late = { .name = S("late"), .conditions = &ptr_name, .nconditions = 1 };
static const struct mt_exempt exempt_mismatch = { .name = S("mismatch"), .conditions = &helo_mismatch, .nconditions = 1 };

#define LATE_NAME(text) { .name = S(text), .asked = true, .answered = true, .forward = MT_TEMPERROR, \
	.cause = MT_CAUSE_DEADLINE }
#define DEADLINE MT_CAUSE_DEADLINE

static const struct {
	const char *name;
	const struct mt_rule *rules[3];
	const struct mt_exempt *exempt;
	enum mt_cause iprev, spf, dnsbl;	/* NONE: a result that no rule names */
	const struct mt_iprev *names;
	bool null_sender, late;
} lates[] = {
	{ "no rules", { NULL }, NULL, DEADLINE, DEADLINE, DEADLINE, NULL, false, false },
	{ "only a tag", { &tag_fail }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "only a rehearsal", { &rehearse_fail }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "only one that accepts", { &accept_fail }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "one on something else", { &not_null }, NULL, DEADLINE, DEADLINE, DEADLINE, NULL, false, false },
	{ "one that waits for it", { &reject_fail }, NULL, DEADLINE, 0, 0, NULL, false, true },
	{ "one that holds", { &hold_fail }, NULL, DEADLINE, 0, 0, NULL, false, true },
	{ "one that waits for it and another fact", { &reject_lie }, NULL, DEADLINE, 0, 0, NULL, false, true },
	{ "one that could not hold anyway", { &reject_other }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "one on another fact, which is known", { &reject_spf }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "another trouble than the deadline", { &reject_fail }, NULL, MT_CAUSE_TIMEOUT, DEADLINE, 0, NULL, false, false },
	{ "one that names the error, and holds", { &defer_iprev_temp, &reject_fail }, NULL, DEADLINE, 0, 0, NULL, false, false },
	{ "one that accepts holds", { &accept_all, &reject_fail }, NULL, DEADLINE, 0, 0, NULL, true, false },
	{ "an exemption holds", { &reject_fail }, &exempt_mismatch, DEADLINE, 0, 0, NULL, false, false },
	{ "an exemption is late, and no rule", { &not_null }, &exempt_late, DEADLINE, 0, 0, NULL, false, false },
	{ "an exemption is late, and a rule", { &reject_spf }, &exempt_late, DEADLINE, DEADLINE, 0, NULL, false, true },
	{ "a list", { &reject_listed }, NULL, 0, 0, DEADLINE, NULL, false, true },
	{ "a list that refused", { &reject_listed }, NULL, DEADLINE, 0, MT_CAUSE_REFUSED, NULL, false, false },
	{ "a list, of several in trouble", { &reject_listed }, NULL, 0, 0, MT_CAUSE_LIMIT, NULL, false, true },
	{ "all names", { &reject_name }, NULL, DEADLINE, 0, 0, NULL, false, true },
	{ "a name that matches", { &reject_name }, NULL, 0, 0, 0, NAMES(ELSEWHERE("a.example.org"), LATE_NAME("b.example.org")),
	    false, true },
	{ "a name that does not", { &reject_name }, NULL, 0, 0, 0, NAMES(LATE_NAME("b.example.net")), false, false },
	{ "a name beside one that timed out", { &reject_fail }, NULL, MT_CAUSE_TIMEOUT, 0, 0,
	    NAMES(SILENT("a.example.org"), LATE_NAME("b.example.org")), false, true },
};

static void
late_fact(struct mt_fact *fact, enum mt_cause cause)
{
	*fact = (struct mt_fact){ cause == MT_CAUSE_NONE ? MT_NONE : MT_TEMPERROR, cause, 0 };
}

static void
test_lates(void)
{
	for (size_t i = 0; i < sizeof lates / sizeof *lates; i++) {
		struct mt_facts facts = { 0 };
		/* LIMIT stands for a zone that was late beside one in another trouble. */
		struct mt_listings lists = { .count = 1, .failed = lates[i].dnsbl != MT_CAUSE_NONE,
			.late = lates[i].dnsbl == DEADLINE || lates[i].dnsbl == MT_CAUSE_LIMIT };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust, .listings = &lists, .sender_known = true,
			.sender = lates[i].null_sender ? MT_SPAN("") : MT_SPAN("a@example.net"), .iprev = lates[i].names };
		struct mt_rule rules[3];
		struct mt_policy policy = { .rules = rules, .exempts = lates[i].exempt, .nexempts = lates[i].exempt != NULL };
		struct mt_late late;
		struct mt_decision d;

		for (; policy.nrules < 3 && lates[i].rules[policy.nrules] != NULL; policy.nrules++)
			rules[policy.nrules] = *lates[i].rules[policy.nrules];
		late_fact(&facts.fact[MT_FACT_IPREV], lates[i].iprev);
		late_fact(&facts.fact[MT_FACT_SPF], lates[i].spf);
		late_fact(&facts.fact[MT_FACT_DNSBL], lates[i].dnsbl);
		facts.fact[MT_FACT_HELO].result = MT_MISMATCH;
		input.late = mt_late_view(&late, &input) ? &late.input : NULL;
		mt_policy_decide(&d, &policy, &input, true);
		tap_ok(d.decided && d.late == lates[i].late, "too late: %s: %s", lates[i].name, d.late ? "matters" : "does not");
	}
}

/* A memory that cannot be asked may have known the client. */
static const struct mt_exempt exempt_known = { .name = S("known"), .conditions = &not_bad, .nconditions = 1 };
static const struct {
	const char *name;
	struct mt_fact history;
	enum mt_action action;
} memories[] = {
	{ "an answer that does not exempt", { .result = MT_BAD }, MT_REJECT },
	{ "an answer that does", { .result = MT_GOOD }, MT_ACCEPT },
	{ "no answer in time", { .result = MT_SKIPPED, .cause = MT_CAUSE_TIMEOUT }, MT_TEMPFAIL },
	{ "a store that is away", { .result = MT_SKIPPED, .cause = MT_CAUSE_BREAKER }, MT_TEMPFAIL },
	{ "no answer at all", { 0 }, MT_TEMPFAIL },
	{ "bad by a part of the memory", { .result = MT_BAD, .cause = MT_CAUSE_BREAKER }, MT_TEMPFAIL },
	{ "good by a part of the memory", { .result = MT_GOOD, .cause = MT_CAUSE_BREAKER }, MT_ACCEPT },
	{ "bad since the memory was lost", { .result = MT_BAD, .cause = MT_CAUSE_GARBAGE }, MT_TEMPFAIL },
	{ "no memory", { .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED }, MT_REJECT },
	{ "no client to ask about", { .result = MT_SKIPPED, .cause = MT_CAUSE_NO_INPUT }, MT_REJECT },
};

static void
test_memories(void)
{
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust };
		struct mt_policy policy = { .exempts = &exempt_known, .nexempts = 1, .rules = &reject_mismatch, .nrules = 1 };
		struct mt_decision d;

		facts.fact[MT_FACT_HELO].result = MT_MISMATCH;
		facts.fact[MT_FACT_HISTORY] = memories[i].history;
		mt_policy_decide(&d, &policy, &input, true);
		tap_ok(d.decided && (d.rule == NULL ? MT_ACCEPT : d.rule->action) == memories[i].action,
		    "a rejection below an exemption by history: %s: %s", memories[i].name, mt_action_word(memories[i].action));
	}
}

/* What a part of the memory says may lead to no rejection, which the whole might not have said. */
static const struct mt_condition history_bad = FACT(HISTORY, B(BAD));
static const struct mt_rule defer_bad = RULE("bad", history_bad, MT_TEMPFAIL);
static const struct mt_rule reject_bad = { .name = S("bad"), .conditions = &history_bad, .nconditions = 1,
	.action = MT_REJECT, .deferral = &defer_bad };
static const struct mt_rule hold_bad = RULE("bad", history_bad, MT_QUARANTINE);
static const struct {
	const char *name;
	const struct mt_rule *rule;
	struct mt_fact history;
	enum mt_action action;
} parts[] = {
	{ "bad by the whole", &reject_bad, { .result = MT_BAD }, MT_REJECT },
	{ "bad by a part", &reject_bad, { .result = MT_BAD, .cause = MT_CAUSE_BREAKER }, MT_TEMPFAIL },
	{ "bad by a part, a milder rule", &hold_bad, { .result = MT_BAD, .cause = MT_CAUSE_BREAKER }, MT_QUARANTINE },
	{ "neutral by a part", &reject_bad, { .result = MT_NEUTRAL, .cause = MT_CAUSE_BREAKER }, MT_ACCEPT },
	{ "nothing known to a part", &reject_bad, { .result = MT_SKIPPED, .cause = MT_CAUSE_BREAKER }, MT_ACCEPT },
};

static void
test_parts(void)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust };
		struct mt_policy policy = { .rules = parts[i].rule, .nrules = 1 };
		struct mt_decision d;

		facts.fact[MT_FACT_HISTORY] = parts[i].history;
		mt_policy_decide(&d, &policy, &input, true);
		tap_ok(d.decided && (d.rule == NULL ? MT_ACCEPT : d.rule->action) == parts[i].action,
		    "a rule on the history: %s: %s", parts[i].name, mt_action_word(parts[i].action));
	}
}

/* More recipients than were kept: never complete, and no want of an answer. */
static const struct mt_exempt exempt_sales = { .name = S("sales"), .conditions = &any_sales, .nconditions = 1 };
static const struct mt_rule reject_sales = { .name = S("sales"), .conditions = &all_sales, .nconditions = 1,
	.action = MT_REJECT };
static const struct mt_rule accept_sales = { .name = S("sales"), .conditions = &all_sales, .nconditions = 1,
	.action = MT_ACCEPT };

static const struct {
	const char *name;
	const struct mt_rule *above;
	const struct mt_exempt *exempt;
	const struct mt_span *recipients;
	size_t count;
	bool last, decided;
	enum mt_action action;
} cuts[] = {
	{ "a clear rejection", NULL, NULL, others, 2, true, true, MT_REJECT },
	{ "an exemption of a recipient that is not among the kept", NULL, &exempt_sales, others, 2, true, true, MT_REJECT },
	{ "the same before the end", NULL, &exempt_sales, others, 2, false, false, MT_ACCEPT },
	{ "an exemption of one that is", NULL, &exempt_sales, mixed, 2, true, true, MT_ACCEPT },
	{ "an exemption where none was kept", NULL, &exempt_sales, NULL, 0, true, true, MT_REJECT },
	{ "a rule for all of them", &reject_sales, NULL, sales, 2, true, true, MT_REJECT },
	{ "a mild rule for all of them", &accept_sales, NULL, sales, 2, true, true, MT_REJECT },
	{ "a mild rule, before the end", &accept_sales, NULL, sales, 2, false, false, MT_ACCEPT },
};

static void
test_cuts(void)
{
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .trust = &trust, .recipients = cuts[i].recipients,
			.nrecipients = cuts[i].count };
		bool above = cuts[i].above != NULL;
		struct mt_rule rules[2] = { above ? *cuts[i].above : reject_mismatch, reject_mismatch };
		struct mt_policy policy = { .exempts = cuts[i].exempt, .nexempts = cuts[i].exempt != NULL, .rules = rules,
			.nrules = above ? 2 : 1 };
		struct mt_decision d;

		facts.fact[MT_FACT_HELO].result = MT_MISMATCH;
		mt_policy_decide(&d, &policy, &input, cuts[i].last);
		/* What says so is the rejection on the HELO name, and not the rule for all recipients. */
		tap_ok(d.decided == cuts[i].decided && (d.rule == NULL ? MT_ACCEPT : d.rule->action) == cuts[i].action &&
		    (d.rule == NULL || span_is(d.rule->name, "mismatch")), "more recipients than were kept: %s", cuts[i].name);
	}
}

static const struct {
	const char *name;
	struct mt_condition conditions[2];
	size_t count;
	enum mt_stage stage;
} stages[] = {
	{ "none", { { 0 } }, 0, MT_STAGE_CONNECT },
	{ "client", { { .subject = MT_SUBJECT_CLIENT } }, 1, MT_STAGE_CONNECT },
	{ "iprev", { FACT(IPREV, B(FAIL)) }, 1, MT_STAGE_CONNECT },
	{ "helo", { FACT(IPREV, B(FAIL)), FACT(HELO, B(OURS)) }, 2, MT_STAGE_HELO },
	{ "helo name", { { .subject = MT_SUBJECT_HELO_NAME } }, 1, MT_STAGE_HELO },
	{ "sender", { { .subject = MT_SUBJECT_SENDER }, FACT(PTR, B(NONE)) }, 2, MT_STAGE_MAIL },
	{ "recipient", { { .subject = MT_SUBJECT_RECIPIENT }, { .subject = MT_SUBJECT_SENDER } }, 2, MT_STAGE_RCPT },
	{ "chain", { FACT(CHAIN, B(FORGED)) }, 1, MT_STAGE_EOM },
	{ "country and AS number", { { .subject = MT_SUBJECT_COUNTRY }, { .subject = MT_SUBJECT_ASN } }, 2, MT_STAGE_CONNECT },
	{ "history", { FACT(HISTORY, B(NEW)) }, 1, MT_STAGE_CONNECT },
	{ "network", { { .subject = MT_SUBJECT_NETWORK } }, 1, MT_STAGE_EOM },
	{ "country of the origin", { { .subject = MT_SUBJECT_ORIGIN_COUNTRY }, { .subject = MT_SUBJECT_SENDER } }, 2,
	    MT_STAGE_EOM },
};

static void
test_stages(void)
{
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		tap_ok(mt_conditions_stage(stages[i].conditions, stages[i].count) == stages[i].stage, "stage: %s",
		    stages[i].name);
}

/* ---- properties ----------------------------------------------------------------------- */

static uint64_t
roll(uint64_t *seed, uint64_t sides)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed >> 11) % sides;
}

/* A small world, so that rules and facts meet often. */
static const enum mt_fact_name asked[] = { MT_FACT_PTR, MT_FACT_IPREV, MT_FACT_HELO, MT_FACT_AUTHENTICATED };
static const struct mt_span addresses[] = { S("a@x"), S("b@x"), S("a@y"), S("b@y") };
static const struct mt_patterns pattern_sets[] = { PATTERNS(S("a@*")), PATTERNS(S("*@x")), PATTERNS(S("b@y"), S("a@x")),
	PATTERNS(S("*.org")), PATTERNS(S("mx.*"), S("<>")) };

static const struct mt_span hosts[] = { S("mx.example.org"), S("mx.example.net"), S("a.example.org"), S("b.example") };
#define HOSTS (sizeof hosts / sizeof *hosts)

#define NAMES_MOST 3
#define RULES 5
#define EXEMPTS 2
#define CONDITIONS 3

struct world {
	struct mt_condition conditions[RULES + EXEMPTS][CONDITIONS];
	struct mt_rule rules[RULES], deferrals[RULES];
	struct mt_exempt exempts[EXEMPTS];
	struct mt_policy policy;
	struct mt_facts facts;
	struct mt_ptr_name names[NAMES_MOST + 1];	/* and one that was cut */
	struct mt_iprev iprev;
	struct mt_span recipients[3];
	struct mt_policy_input end;	/* all that will be known */
};

static enum mt_result
random_word(uint64_t *seed, uint64_t words)
{
	enum mt_result r;

	do
		r = (enum mt_result)roll(seed, MT_RESULTS);
	while (!(words & MT_BIT(r)));
	return r;
}

static const enum mt_subject subjects[] = { MT_SUBJECT_CLIENT, MT_SUBJECT_HELO_NAME, MT_SUBJECT_PTR_NAME,
	MT_SUBJECT_SENDER, MT_SUBJECT_RECIPIENT, MT_SUBJECT_COUNTRY, MT_SUBJECT_ASN, MT_SUBJECT_NETWORK,
	MT_SUBJECT_ORIGIN_COUNTRY };
static const struct mt_patterns places[] = { PATTERNS(S("DE")), PATTERNS(S("GB"), S("64500")) };

static bool
is_place(enum mt_subject subject)
{
	return subject == MT_SUBJECT_COUNTRY || subject == MT_SUBJECT_ASN || subject == MT_SUBJECT_ORIGIN_COUNTRY;
}

static struct mt_condition
random_condition(uint64_t *seed, bool reject, bool exempt)
{
	struct mt_condition c = { .subject = subjects[roll(seed, sizeof subjects / sizeof *subjects)], .any_recipient = exempt };

	if (roll(seed, 2) == 0)
		c.subject = MT_SUBJECT_FACT;
	if (c.subject == MT_SUBJECT_FACT) {
		c.fact = asked[roll(seed, 4)];
		for (int i = 0; i < 3; i++)
			c.words |= MT_BIT(random_word(seed, mt_fact_words(c.fact)));
		if (reject)
			c.words &= ~(B(TEMPERROR) | B(SKIPPED));
	} else if (c.subject == MT_SUBJECT_CLIENT || c.subject == MT_SUBJECT_NETWORK) {
		*(roll(seed, 2) ? &c.nets : &c.not_nets) = (struct mt_nets){ &partner, 1 };
	} else if (is_place(c.subject)) {
		*(roll(seed, 2) ? &c.patterns : &c.not_patterns) = places[roll(seed, 2)];
	} else {
		*(roll(seed, 2) ? &c.patterns : &c.not_patterns) = pattern_sets[roll(seed, 5)];
	}
	return c;
}

static void
random_policy(struct world *w, uint64_t *seed)
{
	for (size_t i = 0; i < RULES + EXEMPTS; i++) {
		enum mt_action action = (enum mt_action)roll(seed, MT_ACTIONS);
		size_t n = 1 + roll(seed, CONDITIONS);

		for (size_t k = 0; k < n; k++)
			w->conditions[i][k] = random_condition(seed, i < RULES && action == MT_REJECT, i >= RULES);
		if (i >= RULES) {
			w->exempts[i - RULES] = (struct mt_exempt){ .conditions = w->conditions[i], .nconditions = n };
			continue;
		}
		w->rules[i] = (struct mt_rule){ .conditions = w->conditions[i], .nconditions = n, .action = action,
			.dry_run = roll(seed, 8) == 0, .deferral = roll(seed, 4) ? &w->deferrals[i] : NULL };
		w->deferrals[i] = w->rules[i];
		w->deferrals[i].action = MT_TEMPFAIL;
	}
	w->policy = (struct mt_policy){ .exempts = w->exempts, .nexempts = roll(seed, EXEMPTS + 1), .rules = w->rules,
		.nrules = roll(seed, RULES + 1) };
}

/* What the names come to, as lib/core/iprev.c has it. */
static void
set_iprev(struct mt_facts *facts, const struct mt_iprev *iprev)
{
	bool pass = false, open = false, trouble = iprev->cut;

	for (unsigned i = 0; i < iprev->nnames; i++) {
		pass = pass || iprev->names[i].forward == MT_PASS;
		open = open || !iprev->names[i].answered;
		trouble = trouble || iprev->names[i].forward == MT_TEMPERROR;
	}
	if (iprev->nnames > 0)
		facts->fact[MT_FACT_IPREV].result = pass ? MT_PASS : open ? MT_UNKNOWN : trouble ? MT_TEMPERROR : MT_FAIL;
}

static void
random_names(struct world *w, uint64_t *seed)
{
	static const enum mt_result forward[] = { MT_PASS, MT_FAIL, MT_TEMPERROR };

	w->iprev = (struct mt_iprev){ .names = w->names };
	if (w->facts.fact[MT_FACT_IPREV].result != MT_PASS && w->facts.fact[MT_FACT_IPREV].result != MT_FAIL)
		return;
	w->iprev.nnames = 1 + (unsigned)roll(seed, NAMES_MOST);
	w->iprev.cut = roll(seed, 4) == 0;
	for (size_t i = 0; i < w->iprev.nnames; i++)
		w->names[i] = (struct mt_ptr_name){ .name = hosts[roll(seed, HOSTS)], .asked = true, .answered = true,
			.forward = forward[roll(seed, 3)] };
	set_iprev(&w->facts, &w->iprev);
}

static const struct mt_location *
random_location(uint64_t *seed)
{
	static const struct mt_location *const some[] = { &berlin, &leeds, &somewhere, NULL };

	return some[roll(seed, 4)];
}

static void
random_facts(struct world *w, uint64_t *seed)
{
	for (size_t i = 0; i < 4; i++)
		w->facts.fact[asked[i]].result = roll(seed, 4) == 0 && asked[i] != MT_FACT_AUTHENTICATED ? MT_TEMPERROR :
		    random_word(seed, mt_fact_words(asked[i]));
	w->end = (struct mt_policy_input){ .facts = &w->facts, .trust = &trust, .iprev = &w->iprev,
		.client = roll(seed, 2) ? (struct mt_ip)IP(198, 51, 100, 7) : (struct mt_ip)IP(192, 0, 2, 7),
		.helo_known = true, .helo = roll(seed, 2) ? MT_SPAN("mx.example.org") : MT_ABSENT,
		.sender_known = true, .sender = roll(seed, 3) ? addresses[roll(seed, 4)] : MT_SPAN(""),
		.recipients = w->recipients, .nrecipients = 1 + roll(seed, 3), .recipients_complete = true,
		.location = random_location(seed), .origin = random_location(seed), .path_known = true,
		.hops = roll(seed, 2) ? path : other_path, .nhops = 2 };
	for (size_t i = 0; i < 3; i++)
		w->recipients[i] = addresses[roll(seed, 4)];
	random_names(w, seed);
}

/* A part of what is known at the end. */
struct part {
	struct mt_facts facts;
	struct mt_ptr_name names[NAMES_MOST];
	struct mt_iprev iprev;
	struct mt_policy_input input;
};

/* The names in an order that begins elsewhere. */
static void
turn_names(struct mt_iprev *iprev, uint64_t *seed)
{
	for (unsigned i = iprev->nnames; i > 1; i--) {
		size_t k = roll(seed, i);
		struct mt_ptr_name name = iprev->names[i - 1];

		iprev->names[i - 1] = iprev->names[k];
		iprev->names[k] = name;
	}
}

/* What is known when only the items of the set `known` are: facts 0-3 (1: the PTR answer),
 * HELO, sender, recipients 6-8 in their order, 9, that no more will come, the answers for
 * names 10-12, and the path.  The names stand in any order. */
#define ITEMS 14
static void
partly(struct part *part, const struct world *w, unsigned known, uint64_t *seed)
{
	struct mt_policy_input *input = &part->input;

	*part = (struct part){ .facts = w->facts, .iprev = w->iprev, .input = w->end };
	memcpy(part->names, w->names, sizeof part->names);
	part->iprev.names = part->names;
	input->facts = &part->facts;
	input->iprev = &part->iprev;
	for (size_t i = 0; i < NAMES_MOST; i++)
		if (!(known >> (10 + i) & 1)) {
			part->names[i].answered = false;
			part->names[i].forward = MT_UNKNOWN;
		}
	set_iprev(&part->facts, &part->iprev);
	for (size_t i = 0; i < 4; i++)
		if (!(known >> i & 1))
			part->facts.fact[asked[i]].result = MT_UNKNOWN;
	if (!(known >> 1 & 1))
		part->iprev = (struct mt_iprev){ 0 };
	turn_names(&part->iprev, seed);
	input->helo_known = known >> 4 & 1;
	input->sender_known = known >> 5 & 1;
	input->nrecipients = 0;
	while (input->nrecipients < w->end.nrecipients && (known >> (6 + input->nrecipients) & 1))
		input->nrecipients++;
	input->recipients_complete = (known >> 9 & 1) && input->nrecipients == w->end.nrecipients;
	input->path_known = known >> 13 & 1;
	if (!input->path_known) {
		input->hops = NULL;
		input->nhops = 0;
		input->origin = NULL;
	}
}

/* In a random order, one thing after the other: once decided, it stays. */
static bool
early_is_late(const struct world *w, uint64_t *seed, size_t *early)
{
	unsigned known = 0, all = (1u << ITEMS) - 1;
	struct mt_decision end, now;

	mt_policy_decide(&end, &w->policy, &w->end, true);
	while (known != all) {
		struct part part;

		known |= 1u << roll(seed, ITEMS);
		partly(&part, w, known, seed);
		mt_policy_decide(&now, &w->policy, &part.input, false);
		if (now.decided && (now.exempt != end.exempt || now.rule != end.rule))
			return false;
		*early += now.decided && known != all;
	}
	return now.decided && end.decided;
}

static bool
rejects(const struct world *w)
{
	struct mt_decision d;

	mt_policy_decide(&d, &w->policy, &w->end, true);
	return d.rule != NULL && d.rule->action == MT_REJECT && !d.rule->dry_run;
}

/* Whether it rejects with one more name, that leads back, where any were cut. */
static bool
rejects_cut(struct world *w, size_t *tried)
{
	struct world more = *w;
	bool still = true;

	more.end.facts = &more.facts;
	more.end.iprev = &more.iprev;
	more.iprev.names = more.names;
	more.iprev.cut = false;
	for (size_t h = 0; h <= HOSTS && still; h++) {
		if (h < HOSTS && w->iprev.cut) {
			more.names[w->iprev.nnames] = (struct mt_ptr_name)VERIFIED("");
			more.names[w->iprev.nnames].name = hosts[h];
		}
		more.iprev.nnames = w->iprev.nnames + (h < HOSTS && w->iprev.cut);
		set_iprev(&more.facts, &more.iprev);
		(*tried)++;
		still = rejects(&more);
	}
	return still;
}

static bool
names_temporary(struct world *w, size_t i, size_t *tried)
{
	struct mt_ptr_name *name = &w->names[i];
	bool still;

	if (i == w->iprev.nnames)
		return rejects_cut(w, tried);
	if (name->forward != MT_TEMPERROR)
		return names_temporary(w, i + 1, tried);
	name->forward = MT_PASS;
	still = names_temporary(w, i + 1, tried);
	name->forward = MT_FAIL;
	still = still && names_temporary(w, i + 1, tried);
	name->forward = MT_TEMPERROR;
	return still;
}

/* A PTR answer that did not come might have held any name. */
static bool
any_names(struct world *w, size_t *tried)
{
	bool still = true;

	if (w->iprev.nnames > 0 || w->facts.fact[MT_FACT_IPREV].result != MT_PASS)
		return names_temporary(w, 0, tried);
	w->iprev.nnames = 1;
	for (size_t h = 0; h < HOSTS && still; h++) {
		w->names[0] = (struct mt_ptr_name)VERIFIED("");
		w->names[0].name = hosts[h];
		still = names_temporary(w, 0, tried);
	}
	w->iprev.nnames = 0;
	return still;
}

/* A rejection stands whatever the answers had been that did not come. */
static bool
nothing_temporary(struct world *w, size_t fact, size_t *tried)
{
	if (fact == 4)
		return any_names(w, tried);
	if (w->facts.fact[asked[fact]].result != MT_TEMPERROR || (asked[fact] == MT_FACT_IPREV && w->iprev.nnames > 0))
		return nothing_temporary(w, fact + 1, tried);
	for (int r = MT_NONE; r < MT_RESULTS; r++) {
		if (!(mt_fact_words(asked[fact]) & MT_BIT(r)) || r == MT_TEMPERROR)
			continue;
		w->facts.fact[asked[fact]].result = (enum mt_result)r;
		if (!nothing_temporary(w, fact + 1, tried))
			return false;
		w->facts.fact[asked[fact]].result = MT_TEMPERROR;
	}
	return true;
}

static void
test_properties(void)
{
	size_t early = 0, rejected = 0, tried = 0;
	uint64_t seed = 20261121;
	bool same = true, lasting = true;

	for (int i = 0; i < 20000 && same && lasting; i++) {
		struct world w = { 0 };

		random_policy(&w, &seed);
		random_facts(&w, &seed);
		same = early_is_late(&w, &seed, &early);
		if (rejects(&w)) {
			rejected++;
			lasting = nothing_temporary(&w, 0, &tried);
		}
	}
	tap_note("%zu early decisions, %zu rejections, %zu other answers", early, rejected, tried);
	tap_ok(same, "an early verdict is the one of the end, in any order of answers and names");
	tap_ok(lasting, "no rejection for want of an answer");
	tap_ok(early > 10000 && rejected > 500 && tried > rejected, "both were tried often");
}

int
main(void)
{
	test_conditions();
	test_histories();
	test_decisions();
	test_softened();
	test_notes();
	test_lates();
	test_memories();
	test_parts();
	test_cuts();
	test_stages();
	test_properties();
	return tap_done();
}
