/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/helo.h"

#include "tests/unit/tap.h"

#define NEVER MT_CAUSES			/* that answer does not come */
#define YES MT_CAUSE_NONE
#define NX MT_CAUSE_NXDOMAIN
#define ND MT_CAUSE_NODATA
#define SF MT_CAUSE_SERVFAIL
#define TO MT_CAUSE_TIMEOUT

static const struct {
	const char *name, *helo, *client;
	enum mt_cause a;
	const char *a_ip;
	enum mt_cause aaaa;
	const char *aaaa_ip;
	enum mt_result want;
	enum mt_cause cause;
	enum mt_cause a_stale, aaaa_stale;	/* why that answer is out of date */
} cases[] = {
	{ "is the client", "h.example.net", "192.0.2.7", YES, "192.0.2.7", ND, NULL, MT_PASS, 0 },
	{ "is the client, IPv6", "h.example.net", "2001:db8::7", ND, NULL, YES, "2001:db8::7", MT_PASS, 0 },
	{ "pass though the other family fails", "h.example.net", "192.0.2.7", YES, "192.0.2.7", SF, NULL, MT_PASS, 0 },
	{ "is another", "h.example.net", "192.0.2.7", YES, "198.51.100.1", ND, NULL, MT_MISMATCH, 0 },
	{ "other family only", "h.example.net", "192.0.2.7", ND, NULL, YES, "2001:db8::7", MT_MISMATCH, 0 },
	{ "does not exist", "h.example.net", "192.0.2.7", NX, NULL, NX, NULL, MT_UNRESOLVABLE, NX },
	{ "no address", "h.example.net", "192.0.2.7", ND, NULL, ND, NULL, MT_UNRESOLVABLE, NX },
	{ "silent", "h.example.net", "192.0.2.7", TO, NULL, TO, NULL, MT_TEMPERROR, TO },
	{ "own family fails, other is there", "h.example.net", "192.0.2.7", SF, NULL, YES, "2001:db8::7", MT_TEMPERROR, SF },
	{ "other family fails, nothing in the own", "h.example.net", "192.0.2.7", ND, NULL, SF, NULL, MT_TEMPERROR, SF },
	{ "differs, other family fails", "h.example.net", "192.0.2.7", YES, "198.51.100.1", SF, NULL, MT_MISMATCH, 0 },
	{ "never answered", "h.example.net", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_TEMPERROR, MT_CAUSE_DEADLINE },
	{ "half answered", "h.example.net", "192.0.2.7", NEVER, NULL, ND, NULL, MT_TEMPERROR, MT_CAUSE_DEADLINE },
	{ "breaker", "h.example.net", "192.0.2.7", MT_CAUSE_BREAKER, NULL, MT_CAUSE_BREAKER, NULL, MT_TEMPERROR, MT_CAUSE_BREAKER },
	{ "nobody asked", "h.example.net", "192.0.2.7", MT_CAUSE_OFFLINE, NULL, MT_CAUSE_OFFLINE, NULL, MT_SKIPPED, MT_CAUSE_OFFLINE },
	{ "stale, is the client", "h.example.net", "192.0.2.7", YES, "192.0.2.7", ND, NULL, MT_PASS, 0, TO, TO },
	{ "stale, is another", "h.example.net", "192.0.2.7", YES, "198.51.100.1", ND, NULL, MT_TEMPERROR, TO, TO, 0 },
	{ "stale, does not exist", "h.example.net", "192.0.2.7", NX, NULL, NX, NULL, MT_TEMPERROR, SF, SF, SF },
	{ "nothing in the own family, other is stale", "h.example.net", "192.0.2.7", ND, NULL, YES, "2001:db8::7", MT_TEMPERROR, TO,
	    0, TO },
	{ "own family stale, other is there", "h.example.net", "192.0.2.7", YES, "198.51.100.1", YES, "2001:db8::7", MT_TEMPERROR, TO,
	    TO, 0 },
	{ "differs, other family is stale", "h.example.net", "192.0.2.7", YES, "198.51.100.1", YES, "2001:db8::7", MT_MISMATCH, 0,
	    0, TO },
	{ "own literal", "[192.0.2.7]", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_PASS, 0 },
	{ "own literal, IPv6", "[IPv6:2001:db8::7]", "2001:db8:0::7", NEVER, NULL, NEVER, NULL, MT_PASS, 0 },
	{ "other literal", "[198.51.100.1]", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_LITERAL_MISMATCH, 0 },
	{ "broken literal", "[192.0.2.7", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "literal of nothing", "[]", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "bare address", "192.0.2.7", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "bare IPv6", "2001:db8::7", "2001:db8::7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "control bytes", "a\033[31m.example", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "empty", "", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_MALFORMED, 0 },
	{ "one label", "laptop", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_NOT_FQDN, 0 },
	{ "our name", "mx.example.org", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_OURS, 0 },
	{ "our name by pattern", "mx9.example.org", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_OURS, 0 },
	{ "our public address", "[193.0.0.1]", "192.0.2.7", NEVER, NULL, NEVER, NULL, MT_OURS, 0 },
	{ "our name from inside", "mx.example.org", "193.0.0.9", YES, "193.0.0.9", ND, NULL, MT_PASS, 0 },
};

static void
take(struct mt_helo *helo, const struct mt_ip *client, enum mt_rrtype type, enum mt_cause cause, const char *ip,
    enum mt_cause stale)
{
	struct mt_answer *answer;

	if (cause == NEVER)
		return;
	answer = mt_answer_new(cause, ip != NULL, 0);
	answer->stale = stale;
	if (ip != NULL)
		mt_ip_parse(&answer->records[0].ip, mt_span_text(ip));
	mt_helo_answer(helo, client, type, answer);
	mt_answer_unref(answer);
}

int
main(void)
{
	static const struct mt_net net = { { 4, { 193, 0, 0, 0 } }, 24 };
	static const struct mt_span ours = { "mx*.example.org", 15 };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .networks = { &net, 1 }, .names = { &ours, 1 } };
	const struct mt_iprev iprev = { .iprev = { .result = MT_FAIL } };
	struct mt_helo helo;
	struct mt_ip client;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int backwards = 0; backwards < 2; backwards++) {
			helo = (struct mt_helo){ 0 };
			mt_ip_parse(&client, mt_span_text(cases[i].client));
			mt_helo_begin(&helo, mt_span_text(cases[i].helo), &client, &trust);
			if (backwards)
				take(&helo, &client, MT_RR_AAAA, cases[i].aaaa, cases[i].aaaa_ip, cases[i].aaaa_stale);
			take(&helo, &client, MT_RR_A, cases[i].a, cases[i].a_ip, cases[i].a_stale);
			mt_helo_judge(&helo, &iprev, false);
			if (!backwards)
				take(&helo, &client, MT_RR_AAAA, cases[i].aaaa, cases[i].aaaa_ip, cases[i].aaaa_stale);
			mt_helo_judge(&helo, &iprev, true);
			tap_ok(helo.fact.result == cases[i].want && helo.fact.cause == cases[i].cause, "%s%s: %s (%s)", cases[i].name,
			    backwards ? ", backwards" : "", mt_result_word(helo.fact.result), mt_cause_word(helo.fact.cause));
		}
	}
	helo = (struct mt_helo){ .changed_from = MT_SPAN("first.example") };
	mt_ip_parse(&client, MT_SPAN("192.0.2.7"));
	mt_helo_begin(&helo, MT_SPAN("second.example"), &client, &trust);
	take(&helo, &client, MT_RR_A, NX, NULL, 0);
	take(&helo, &client, MT_RR_AAAA, NX, NULL, 0);
	mt_helo_judge(&helo, &iprev, true);
	tap_ok(helo.fact.result == MT_CHANGED, "a name that changed and is not the client's");
	return tap_done();
}
