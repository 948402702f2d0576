/* SPDX-License-Identifier: BSD-2-Clause */
/* The published suites (tests/data/spf), cases of our own, and what holds for each of them:
 * the order of answers is nothing, and the limits hold. */
#include "lib/core/spf.h"

#include "tests/unit/spf_suite.h"

#define ORDERS 25			/* of answers, for each case */

/* ---- one evaluation ------------------------------------------------------------------ */

static enum mt_result
evaluate(struct mt_spf *spf, struct mt_arena *arena, struct zone_ask *ask, const struct mt_spf_query *query)
{
	enum mt_result result;

	do
		result = mt_spf_check(spf, arena, &ask->ask, query);
	while (result == MT_UNKNOWN && zone_deliver(ask));
	return result;
}

/* All but the time. */
static bool
same(const struct mt_spf *a, const struct mt_spf *b)
{
	return a->result == b->result && a->cause == b->cause && mt_span_equal(a->domain, b->domain) &&
	    mt_span_equal(a->mechanism, b->mechanism) && mt_span_equal(a->why, b->why) && a->lookups == b->lookups &&
	    a->voids == b->voids;
}

/* The result with all answers there at once; *orderly: and in any other order.  Terms that
 * are asked for ahead come to twice the limit at the most, since a record that is included
 * may want what was left to the one around it. */
static struct mt_spf
judge(struct mt_arena *arena, const struct zone *zone, const struct mt_spf_query *query, bool *orderly)
{
	static struct zone_ask ask;
	struct mt_spf spf, again;

	zone_open(&ask, zone, 0);
	evaluate(&spf, arena, &ask, query);
	zone_close(&ask);
	*orderly = spf.result != MT_UNKNOWN && spf.lookups <= MT_SPF_LOOKUPS && spf.voids <= MT_SPF_VOIDS + 1;
	for (uint64_t seed = 1; seed <= ORDERS; seed++) {
		size_t terms = 0;

		zone_open(&ask, zone, seed * UINT64_C(0x9e3779b97f4a7c15));
		evaluate(&again, arena, &ask, query);
		for (size_t i = 0; i < ask.nquestions; i++)
			terms += ask.questions[i].type == MT_RR_TXT || ask.questions[i].type == MT_RR_MX;
		*orderly = *orderly && same(&spf, &again) && terms <= 1 + 2 * MT_SPF_LOOKUPS;
		zone_close(&ask);
	}
	return spf;
}

/* ---- the suites ------------------------------------------------------------------------ */

static void
suite_test(const struct zone *zone, const struct suite_row *row)
{
	struct mt_arena arena;
	struct mt_spf spf;
	bool orderly;

	mt_arena_init(&arena, 4096, 1u << 20);
	spf = judge(&arena, zone, &row->query, &orderly);
	tap_ok(mt_span_find(row->allowed, mt_result_word(spf.result)) != NULL && orderly, "%.*s (%.*s): %s, wanted %.*s%s",
	    MT_SPAN_ARG(row->name), MT_SPAN_ARG(row->section), mt_result_word(spf.result), MT_SPAN_ARG(row->allowed),
	    orderly ? "" : ", not in every order");
	mt_arena_fini(&arena);
}

/* ---- cases of our own -------------------------------------------------------------------- */

#define CLIENT "192.0.2.1"
#define PTR "1.2.0.192.in-addr.arpa\tPTR\t"
#define TEN(x) x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9)
#define INCLUDE(n) " include:i" #n ".example"
#define INCLUDED(n) "i" #n ".example\tTXT\tv=spf1 ?all\n"
#define MX_HOST(n) "a.example\tMX\t5 m" #n ".example\n"
#define MX_ADDRESS(n) "m" #n ".example\tA\t192.0.2.1" #n "\n"
#define PTR_NAME(n) PTR "p" #n ".example\n"
#define A(n) " a:h.example"

/* zone: lines NAME<TAB>TYPE<TAB>DATA, or with "!" and a state for DATA. */
static const struct {
	const char *name, *zone, *client, *helo, *sender;
	enum mt_result result;
	enum mt_cause cause;
	const char *mechanism;
	unsigned lookups, voids;
} cases[] = {
	{ "no domain: empty label", "", CLIENT, "h.example", "u@a..example", MT_NONE, 0, NULL, 0, 0 },
	{ "no domain: one label", "", CLIENT, "h.example", "u@localhost", MT_NONE, 0, NULL, 0, 0 },
	{ "no domain: a literal", "", CLIENT, "h.example", "u@[192.0.2.1]", MT_NONE, 0, NULL, 0, 0 },
	{ "no domain: an address", "", CLIENT, "192.0.2.1", "", MT_NONE, 0, NULL, 0, 0 },
	{ "no domain: a backslash", "", CLIENT, "h.example", "u@a\\032b.example", MT_NONE, 0, NULL, 0, 0 },
	{ "no domain: nothing behind the sign", "", CLIENT, "h.example", "u@", MT_NONE, 0, NULL, 0, 0 },
	{ "empty HELO", "", CLIENT, "", "", MT_NONE, 0, NULL, 0, 0 },
	{ "no client", "a.example\tTXT\tv=spf1 -all\n", "", "h.example", "u@a.example", MT_SKIPPED, MT_CAUSE_NO_INPUT, NULL, 0, 0 },
	{ "no record", "a.example\tTXT\thello\n", CLIENT, "h.example", "u@a.example", MT_NONE, 0, NULL, 0, 0 },
	{ "no such name", "", CLIENT, "h.example", "u@a.example", MT_NONE, 0, NULL, 0, 0 },
	{ "HELO is judged without a sender", "h.example\tTXT\tv=spf1 ip4:192.0.2.1 -all\n", CLIENT, "h.example", "", MT_PASS, 0,
	    "ip4:192.0.2.1", 0, 0 },
	{ "the sender, not HELO", "h.example\tTXT\tv=spf1 +all\na.example\tTXT\tv=spf1 -all\n", CLIENT, "h.example", "u@a.example",
	    MT_FAIL, 0, "-all", 0, 0 },
	{ "a sender without a sign is a domain", "a.example\tTXT\tv=spf1 exists:%{l}.x.example -all\npostmaster.x.example\tA\t127.0.0.2\n",
	    CLIENT, "h.example", "a.example", MT_PASS, 0, "exists:%{l}.x.example", 1, 0 },
	{ "the last sign counts", "a.example\tTXT\tv=spf1 -all\n", CLIENT, "h.example", "\"u@b.example\"@a.example.", MT_FAIL, 0, "-all", 0, 0 },
	{ "two records", "a.example\tTXT\tv=spf1 -all\na.example\tTXT\tV=SPF1 -all\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    NULL, 0, 0 },
	{ "neutral by default", "a.example\tTXT\tv=spf1 ip4:192.0.2.2\n", CLIENT, "h.example", "u@a.example", MT_NEUTRAL, 0, NULL, 0, 0 },
	{ "an error behind the match", "a.example\tTXT\tv=spf1 +all bad\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0, "bad", 0, 0 },
	{ "an error in an include", "a.example\tTXT\tv=spf1 include:b.example +all\nb.example\tTXT\tv=spf1 ip4:1.2.3\n", CLIENT,
	    "h.example", "u@a.example", MT_PERMERROR, 0, "ip4:1.2.3", 1, 0 },
	{ "TXT time-out", "a.example\tTXT\t!timeout\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT, NULL, 0, 0 },
	{ "TXT servfail", "a.example\tTXT\t!servfail\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL, NULL, 0, 0 },
	{ "TXT refused", "a.example\tTXT\t!refused\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_REFUSED, NULL, 0, 0 },
	{ "TXT garbage", "a.example\tTXT\t!garbage\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_GARBAGE, NULL, 0, 0 },
	{ "our own bound", "a.example\tTXT\t!limit\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_LIMIT, NULL, 0, 0 },
	{ "nobody is asked", "a.example\tTXT\t!offline\n", CLIENT, "h.example", "u@a.example", MT_SKIPPED, MT_CAUSE_OFFLINE, NULL, 0, 0 },
	{ "a name that cannot be asked about", "a.example\tTXT\t!bad-name\n", CLIENT, "h.example", "u@a.example", MT_NONE, 0, NULL, 0, 0 },
	{ "include time-out", "a.example\tTXT\tv=spf1 include:b.example +all\nb.example\tTXT\t!timeout\n", CLIENT, "h.example",
	    "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT, "include:b.example", 1, 0 },
	{ "what stands before a time-out", "a.example\tTXT\tv=spf1 ip4:192.0.2.1 include:b.example -all\nb.example\tTXT\t!timeout\n", CLIENT,
	    "h.example", "u@a.example", MT_PASS, 0, "ip4:192.0.2.1", 0, 0 },
	{ "include of nothing", "a.example\tTXT\tv=spf1 include:b.example +all\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "include:b.example", 1, 1 },
	{ "include of no name", "a.example\tTXT\tv=spf1 include:b..example +all\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "include:b..example", 1, 0 },
	{ "include passes", "a.example\tTXT\tv=spf1 ?include:b.example -all\nb.example\tTXT\tv=spf1 +all\n", CLIENT, "h.example",
	    "u@a.example", MT_NEUTRAL, 0, "?include:b.example", 1, 0 },
	{ "a redirect in an include", "a.example\tTXT\tv=spf1 include:b.example -all\nb.example\tTXT\tv=spf1 redirect=c.example\n"
	    "c.example\tTXT\tv=spf1 exists:%{d}.%{o}.x\nc.example.a.example.x\tA\t127.0.0.2\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0,
	    "include:b.example", 3, 0 },
	{ "redirect to nothing", "a.example\tTXT\tv=spf1 redirect=b.example\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "redirect=b.example", 1, 1 },
	{ "redirect to no name", "a.example\tTXT\tv=spf1 redirect=b..example\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "redirect=b..example", 1, 0 },
	{ "redirect is a new record", "a.example\tTXT\tv=spf1 redirect=b.example\nb.example\tTXT\tv=spf1 a ~all\nb.example\tA\t" CLIENT "\n",
	    CLIENT, "h.example", "u@a.example", MT_PASS, 0, "a", 2, 0 },
	{ "redirect that loops", "a.example\tTXT\tv=spf1 redirect=a.example\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "redirect=a.example", 10, 0 },
	{ "include that loops", "a.example\tTXT\tv=spf1 include:a.example\n", CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0,
	    "include:a.example", 10, 0 },
	{ "redirect behind all is nothing", "a.example\tTXT\tv=spf1 redirect=b.example ~all\n", CLIENT, "h.example", "u@a.example", MT_SOFTFAIL,
	    0, "~all", 0, 0 },
	{ "an explanation is not asked for", "a.example\tTXT\tv=spf1 exp=b.example -all\nb.example\tTXT\t!timeout\n", CLIENT, "h.example",
	    "u@a.example", MT_FAIL, 0, "-all", 0, 0 },
	{ "ten terms", "a.example\tTXT\tv=spf1" TEN(INCLUDE) " ip4:192.0.2.1 -all\n" TEN(INCLUDED), CLIENT, "h.example", "u@a.example", MT_PASS, 0,
	    "ip4:192.0.2.1", 10, 0 },
	{ "eleven terms", "a.example\tTXT\tv=spf1" TEN(INCLUDE) " a ip4:192.0.2.1 -all\n" TEN(INCLUDED), CLIENT, "h.example", "u@a.example",
	    MT_PERMERROR, 0, "a", 10, 0 },
	{ "the limit holds over includes", "a.example\tTXT\tv=spf1 include:b.example include:b.example -all\nb.example\tTXT\tv=spf1 a:h.example "
	    "a:h.example a:h.example a:h.example a:h.example ?all\nh.example\tA\t192.0.2.9\n", CLIENT, "h.example", "u@a.example",
	    MT_PERMERROR, 0, "a:h.example", 10, 0 },
	{ "a tree of includes", "a.example\tTXT\tv=spf1" TEN(INCLUDE) " -all\ni0.example\tTXT\tv=spf1" TEN(INCLUDE) " -all\n", CLIENT, "h.example",
	    "u@a.example", MT_PERMERROR, 0, "include:i0.example", 10, 0 },
	{ "two voids", "a.example\tTXT\tv=spf1 a:x.example mx:y.example ~all\n", CLIENT, "h.example", "u@a.example", MT_SOFTFAIL, 0, "~all", 2, 2 },
	{ "three voids", "a.example\tTXT\tv=spf1 a:x.example mx:y.example exists:z.example ~all\n", CLIENT, "h.example", "u@a.example",
	    MT_PERMERROR, 0, "exists:z.example", 3, 3 },
	{ "three voids, over an include", "a.example\tTXT\tv=spf1 a:x.example include:b.example ~all\nb.example\tTXT\tv=spf1 a:y.example a:z.example\n",
	    CLIENT, "h.example", "u@a.example", MT_PERMERROR, 0, "a:z.example", 4, 3 },
	{ "what is no name is no void", "a.example\tTXT\tv=spf1 a:x..example a:y..example a:z..example ~all\n", CLIENT, "h.example",
	    "u@a.example", MT_SOFTFAIL, 0, "~all", 3, 0 },
	{ "ten mail servers", "a.example\tTXT\tv=spf1 mx -all\n" TEN(MX_HOST) TEN(MX_ADDRESS), "192.0.2.19", "h.example", "u@a.example", MT_PASS, 0,
	    "mx", 1, 0 },
	{ "eleven mail servers", "a.example\tTXT\tv=spf1 mx -all\n" TEN(MX_HOST) TEN(MX_ADDRESS) "a.example\tMX\t5 x.example\n", "192.0.2.19",
	    "h.example", "u@a.example", MT_PERMERROR, 0, "mx", 1, 0 },
	{ "null MX", "a.example\tTXT\tv=spf1 mx ~all\na.example\tMX\t0 .\n", CLIENT, "h.example", "u@a.example", MT_SOFTFAIL, 0, "~all", 1, 0 },
	{ "a mail server that is silent", "a.example\tTXT\tv=spf1 mx -all\na.example\tMX\t0 m.example\nm.example\tA\t!timeout\n", CLIENT,
	    "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT, "mx", 1, 0 },
	{ "one is silent, the other matches", "a.example\tTXT\tv=spf1 mx -all\na.example\tMX\t0 m.example\nm.example\tA\t!timeout\n"
	    "a.example\tMX\t1 n.example\nn.example\tA\t" CLIENT "\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0, "mx", 1, 0 },
	{ "mail servers without address are no voids", "a.example\tTXT\tv=spf1 mx -all\n" TEN(MX_HOST), CLIENT, "h.example", "u@a.example", MT_FAIL, 0,
	    "-all", 1, 0 },
	{ "A time-out", "a.example\tTXT\tv=spf1 a -all\na.example\tA\t!timeout\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR,
	    MT_CAUSE_TIMEOUT, "a", 1, 0 },
	{ "exists time-out", "a.example\tTXT\tv=spf1 exists:b.example -all\nb.example\tA\t!servfail\n", CLIENT, "h.example", "u@a.example",
	    MT_TEMPERROR, MT_CAUSE_SERVFAIL, "exists:b.example", 1, 0 },
	{ "exists asks A of an IPv6 client", "a.example\tTXT\tv=spf1 exists:b.example -all\nb.example\tAAAA\t2001:db8::1\n", "2001:db8::1",
	    "h.example", "u@a.example", MT_FAIL, 0, "-all", 1, 1 },
	{ "a asks AAAA of an IPv6 client", "a.example\tTXT\tv=spf1 a -all\na.example\tAAAA\t2001:db8::1\n", "2001:db8::1", "h.example",
	    "u@a.example", MT_PASS, 0, "a", 1, 0 },
	{ "masks", "a.example\tTXT\tv=spf1 a/29//33 -all\na.example\tA\t192.0.2.6\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0, "a/29//33", 1, 0 },
	{ "masks, beside it", "a.example\tTXT\tv=spf1 a/30//33 -all\na.example\tA\t192.0.2.6\n", CLIENT, "h.example", "u@a.example", MT_FAIL, 0,
	    "-all", 1, 0 },
	{ "masks of IPv6", "a.example\tTXT\tv=spf1 a/0//33 -all\na.example\tAAAA\t2001:db8:ffff::\n", "2001:db8:8000::1", "h.example",
	    "u@a.example", MT_PASS, 0, "a/0//33", 1, 0 },
	{ "masks of IPv6, beside it", "a.example\tTXT\tv=spf1 a/0//33 -all\na.example\tAAAA\t2001:db8:ffff::\n", "2001:db8:7000::1", "h.example",
	    "u@a.example", MT_FAIL, 0, "-all", 1, 0 },
	{ "a mapped network is not IPv4", "a.example\tTXT\tv=spf1 ip6:::ffff:0.0.0.0/96 ip6:::/0 -all\n", CLIENT, "h.example", "u@a.example", MT_FAIL, 0,
	    "-all", 0, 0 },
	{ "a mapped network with a short mask", "a.example\tTXT\tv=spf1 ip6:::ffff:192.0.2.1/64 -all\n", "::2", "h.example", "u@a.example", MT_PASS, 0,
	    "ip6:::ffff:192.0.2.1/64", 0, 0 },
	{ "ptr", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "X.A.example\nx.a.example\tA\t" CLIENT "\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0,
	    "ptr", 1, 0 },
	{ "ptr leads elsewhere", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "x.a.example\nx.a.example\tA\t192.0.2.9\n", CLIENT, "h.example",
	    "u@a.example", MT_FAIL, 0, "-all", 1, 0 },
	{ "ptr of another domain", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "xa.example\nxa.example\tA\t" CLIENT "\n", CLIENT, "h.example",
	    "u@a.example", MT_FAIL, 0, "-all", 1, 0 },
	{ "the tenth PTR name", "a.example\tTXT\tv=spf1 ptr:p9.example -all\n" TEN(PTR_NAME) "p9.example\tA\t" CLIENT "\n", CLIENT, "h.example",
	    "u@a.example", MT_PASS, 0, "ptr:p9.example", 1, 0 },
	{ "the eleventh is ignored", "a.example\tTXT\tv=spf1 ptr:q.example -all\n" TEN(PTR_NAME) PTR "q.example\nq.example\tA\t" CLIENT "\n", CLIENT,
	    "h.example", "u@a.example", MT_FAIL, 0, "-all", 1, 0 },
	{ "no PTR is a void", "a.example\tTXT\tv=spf1 ptr -all\n", CLIENT, "h.example", "u@a.example", MT_FAIL, 0, "-all", 1, 1 },
	{ "PTR time-out is no ground for softfail", "a.example\tTXT\tv=spf1 ptr ~all\n" PTR "!timeout\n", CLIENT, "h.example", "u@a.example",
	    MT_TEMPERROR, MT_CAUSE_TIMEOUT, "~all", 1, 0 },
	{ "nor for neutral", "a.example\tTXT\tv=spf1 ptr\n" PTR "!timeout\n", CLIENT, "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT,
	    NULL, 1, 0 },
	{ "nor in an include", "a.example\tTXT\tv=spf1 include:b.example ?all\nb.example\tTXT\tv=spf1 ptr -all\n" PTR "!timeout\n", CLIENT,
	    "h.example", "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT, "?all", 2, 0 },
	{ "and what matches behind it passes", "a.example\tTXT\tv=spf1 ptr ip4:" CLIENT " -all\n" PTR "!timeout\n", CLIENT, "h.example",
	    "u@a.example", MT_PASS, 0, "ip4:" CLIENT, 1, 0 },
	{ "%{p} not known is no ground for permerror", "a.example\tTXT\tv=spf1 redirect=%{p}.b.example\n" PTR "!servfail\n", CLIENT, "h.example",
	    "u@a.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL, "redirect=%{p}.b.example", 1, 1 },
	{ "a loop of CNAMEs at a name of no interest", "a.example\tTXT\tv=spf1 ptr\n" PTR "x.example\nx.example\tA\t!garbage\n", CLIENT,
	    "h.example", "u@a.example", MT_NEUTRAL, 0, NULL, 1, 0 },
	{ "PTR time-out is no ground for fail", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "!timeout\n", CLIENT, "h.example", "u@a.example",
	    MT_TEMPERROR, MT_CAUSE_TIMEOUT, "-all", 1, 0 },
	{ "nor is one of its names", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "x.a.example\nx.a.example\tA\t!servfail\n", CLIENT, "h.example",
	    "u@a.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL, "-all", 1, 0 },
	{ "a name of no interest may be silent", "a.example\tTXT\tv=spf1 ptr -all\n" PTR "x.example\nx.example\tA\t!servfail\n", CLIENT, "h.example",
	    "u@a.example", MT_FAIL, 0, "-all", 1, 0 },
	{ "one name is silent, the other matches", "a.example\tTXT\tv=spf1 -ptr +all\n" PTR "x.a.example\n" PTR "y.a.example\n"
	    "x.a.example\tA\t!servfail\ny.a.example\tA\t" CLIENT "\n", CLIENT, "h.example", "u@a.example", MT_FAIL, 0, "-ptr", 1, 0 },
	{ "%{p}: the domain itself", "a.example\tTXT\tv=spf1 exists:%{p}.x -all\n" PTR "b.example\n" PTR "x.a.example\n" PTR "a.example\n"
	    "b.example\tA\t" CLIENT "\nx.a.example\tA\t" CLIENT "\na.example\tA\t" CLIENT "\na.example.x\tA\t127.0.0.2\n", CLIENT, "h.example",
	    "u@a.example", MT_PASS, 0, "exists:%{p}.x", 1, 0 },
	{ "%{p}: one below it", "a.example\tTXT\tv=spf1 exists:%{p}.x -all\n" PTR "b.example\n" PTR "x.a.example\nb.example\tA\t" CLIENT "\n"
	    "x.a.example\tA\t" CLIENT "\nx.a.example.x\tA\t127.0.0.2\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0, "exists:%{p}.x", 1, 0 },
	{ "%{p}: any", "a.example\tTXT\tv=spf1 exists:%{p}.x -all\n" PTR "c.example\n" PTR "b.example\nb.example\tA\t" CLIENT "\n"
	    "b.example.x\tA\t127.0.0.2\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0, "exists:%{p}.x", 1, 0 },
	{ "%{p}: unknown", "a.example\tTXT\tv=spf1 exists:%{p}.x -all\nunknown.x\tA\t127.0.0.2\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0,
	    "exists:%{p}.x", 1, 0 },
	{ "%{p}: silence is unknown, and no ground for fail", "a.example\tTXT\tv=spf1 exists:%{p}.x -all\n" PTR "!timeout\n", CLIENT, "h.example",
	    "u@a.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT, "-all", 1, 1 },
	{ "a space in a name", "a.example\tTXT\tv=spf1 a:a%_b.example -all\na\\032b.example\tA\t" CLIENT "\n", CLIENT, "h.example", "u@a.example",
	    MT_PASS, 0, "a:a%_b.example", 1, 0 },
	{ "and what is included below it", "a.example\tTXT\tv=spf1 include:a%_b.example -all\na\\032b.example\tTXT\tv=spf1 a\na\\032b.example\tA\t"
	    CLIENT "\n", CLIENT, "h.example", "u@a.example", MT_PASS, 0, "include:a%_b.example", 2, 0 },
	{ "HELO that is no name", "a.example\tTXT\tv=spf1 a:%{h} ?all\n", CLIENT, "\001\n", "u@a.example", MT_NEUTRAL, 0, "?all", 1, 0 },
};

/* The lines of a case as a zone; text is where they are kept. */
static bool
case_zone(struct zone *zone, const char *lines, char *text)
{
	char *line, *next;
	bool good = true;

	zone->nrows = 0;
	strcpy(text, lines);
	for (line = text; *line != '\0'; line = next) {
		char *data;
		bool state;

		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		data = strrchr(line, '\t') + 1;
		state = data[0] == '!';
		if (state)
			memmove(data, data + 1, strlen(data));
		good = zone_line(zone, !state, line) && good;
	}
	return good;
}

static bool
is_text(struct mt_span s, const char *text)
{
	return text == NULL ? s.ptr == NULL : mt_span_equal(s, mt_span_text(text));
}

static void
own_case(size_t i)
{
	static struct zone zone;
	static char text[8192];
	struct mt_spf_query query = { .helo = mt_span_text(cases[i].helo), .sender = mt_span_text(cases[i].sender) };
	struct mt_arena arena;
	struct mt_spf spf;
	bool orderly, read = case_zone(&zone, cases[i].zone, text);

	mt_ip_parse(&query.client, mt_span_text(cases[i].client));
	mt_arena_init(&arena, 4096, 1u << 20);
	spf = judge(&arena, &zone, &query, &orderly);
	tap_ok(read && orderly && spf.result == cases[i].result && spf.cause == cases[i].cause && is_text(spf.mechanism, cases[i].mechanism) &&
	    spf.lookups == cases[i].lookups && spf.voids == cases[i].voids && (spf.why.ptr != NULL) == (spf.result == MT_PERMERROR),
	    "%s: %s (%s) by '%.*s', %u look-ups, %u voids%s", cases[i].name, mt_result_word(spf.result), mt_cause_word(spf.cause),
	    MT_SPAN_ARG(spf.mechanism), spf.lookups, spf.voids, orderly ? "" : ", not in every order");
	mt_arena_fini(&arena);
}

/* ---- questions ---------------------------------------------------------------------------- */

/* How many questions are out after a run in which nothing new has come in. */
static size_t
out_now(struct zone_ask *ask, struct mt_arena *arena, const struct mt_spf_query *query)
{
	struct mt_spf spf;
	size_t out = 0;

	mt_spf_check(&spf, arena, &ask->ask, query);
	for (size_t i = 0; i < ask->nquestions; i++)
		out += !ask->questions[i].in;
	return out;
}

static void
all_in(struct zone_ask *ask)
{
	for (size_t i = 0; i < ask->nquestions; i++)
		ask->questions[i].in = true;
}

static void
side_by_side(void)
{
	static struct zone zone;
	static struct zone_ask ask;
	static char text[8192];
	struct mt_spf_query query = { .helo = MT_SPAN("h.example"), .sender = MT_SPAN("u@a.example") };
	struct mt_arena arena;
	struct mt_spf spf;

	mt_ip_parse(&query.client, MT_SPAN(CLIENT));
	mt_arena_init(&arena, 4096, 1u << 20);
	case_zone(&zone, "a.example\tTXT\tv=spf1 include:b.example a mx exists:%{ir}.x.example ptr -all\nb.example\tTXT\tv=spf1 a:c.example "
	    "include:d.example -all\na.example\tMX\t5 m.example\na.example\tMX\t5 n.example\n" PTR "x.a.example\n", text);
	zone_open(&ask, &zone, 1);
	tap_ok(out_now(&ask, &arena, &query) == 1, "first only the record can be asked for");
	all_in(&ask);
	tap_ok(out_now(&ask, &arena, &query) == 5, "then all of its terms at once");
	all_in(&ask);
	tap_ok(out_now(&ask, &arena, &query) == 5, "then terms of the include, mail servers and the PTR name at once");
	zone_expire(&ask);
	tap_ok(mt_spf_check(&spf, &arena, &ask.ask, &query) == MT_TEMPERROR && spf.cause == MT_CAUSE_DEADLINE, "at the deadline it is a temporary error");
	zone_close(&ask);
	case_zone(&zone, "a.example\tTXT\tv=spf1 a:b.example ip4:192.0.2.0/24 a:c.example a:d.example -all\n", text);
	zone_open(&ask, &zone, 1);
	out_now(&ask, &arena, &query);
	all_in(&ask);
	tap_ok(out_now(&ask, &arena, &query) == 1, "nothing behind a network that the client is in is asked for");
	zone_close(&ask);
	case_zone(&zone, "a.example\tTXT\tv=spf1" TEN(INCLUDE) " mx a ptr -all\n", text);
	zone_open(&ask, &zone, 1);
	out_now(&ask, &arena, &query);
	all_in(&ask);
	tap_ok(out_now(&ask, &arena, &query) == MT_SPF_LOOKUPS, "no more than the limit is asked for ahead");
	zone_close(&ask);
	mt_arena_fini(&arena);
}

static void
full_arena(void)
{
	static struct zone zone;
	static struct zone_ask ask;
	static char text[256];
	struct mt_spf_query query = { .helo = MT_SPAN("h.example"), .sender = MT_SPAN("u@a.example") };
	struct mt_arena arena;
	struct mt_spf spf;

	mt_ip_parse(&query.client, MT_SPAN(CLIENT));
	mt_arena_init(&arena, 1, 1);
	case_zone(&zone, "a.example\tTXT\tv=spf1 -all\n", text);
	zone_open(&ask, &zone, 0);
	tap_ok(mt_spf_check(&spf, &arena, &ask.ask, &query) == MT_FAIL && spf.domain.ptr == NULL, "without memory there is a result without texts");
	zone_close(&ask);
	mt_arena_fini(&arena);
}

/* ---- ahead -------------------------------------------------------------------------------- */

struct next { char text[1024]; };

static void
note_next(void *ctx, struct mt_span name, enum mt_rrtype type)
{
	struct next *next = ctx;
	size_t at = strlen(next->text);

	snprintf(next->text + at, sizeof next->text - at, "%.*s/%d ", MT_SPAN_ARG(name), (int)type);
}

static const struct { const char *record; enum mt_rrtype address; const char *next; } aheads[] = {
	{ "v=spf1 include:a.example a:b.example. mx:c.example exists:d.example ptr:e.example redirect=f.example", MT_RR_A,
	    "a.example/16 b.example/1 c.example/15 d.example/1 f.example/16 " },
	{ "v=spf1 a:b.example include:a.example", 0, "a.example/16 " }, { "v=spf1 a:b.example", MT_RR_AAAA, "b.example/28 " },
	{ "v=spf1 include:a.example ~all a:b.example redirect=c.example", MT_RR_A, "a.example/16 " },
	{ "v=spf1 include:%{d}.example a mx include:a..example exists:%{i}.x", MT_RR_A, "" },
	{ "v=spf1 include:a.example bad", MT_RR_A, "" }, { "hello", MT_RR_A, "" },
	{ "v=spf1" TEN(A) " a:i.example redirect=x.example", MT_RR_A, "h.example/1 h.example/1 h.example/1 h.example/1 h.example/1 h.example/1 "
	    "h.example/1 h.example/1 h.example/1 h.example/1 " },
};

static void
ahead(void)
{
	for (size_t i = 0; i < sizeof aheads / sizeof *aheads; i++) {
		struct mt_answer *txt = mt_answer_new(MT_CAUSE_NONE, 1, 1024);
		struct next next = { "" };
		size_t calls, blanks = 0;

		mt_answer_set_text(txt, 0, mt_span_text(aheads[i].record));
		calls = mt_spf_ahead(txt, aheads[i].address, note_next, &next);
		for (const char *p = next.text; *p != '\0'; p++)
			blanks += *p == ' ';
		tap_ok(strcmp(next.text, aheads[i].next) == 0 && calls == blanks, "ahead of '%.40s': %s", aheads[i].record, next.text);
		mt_answer_unref(txt);
	}
}

int
main(void)
{
	tap_ok(suite_read("rfc7208.txt", suite_test) == 76, "76 rows of the suite of RFC 7208");
	tap_ok(suite_read("rspamd.txt", suite_test) == 15, "15 rows of rspamd");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		own_case(i);
	side_by_side();
	full_arena();
	ahead();
	return tap_done();
}
