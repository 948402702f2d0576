/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/iprev.h"

#include "tests/unit/tap.h"

/* One forward answer: a cause, or the address it holds; stale: why it is out of date. */
struct forward { enum mt_cause cause; const char *ip; enum mt_cause stale; };

static const struct {
	const char *name;
	enum mt_cause ptr_cause;
	unsigned names;			/* of the PTR answer */
	struct forward forward[3];
	enum mt_result ptr, iprev;
	enum mt_cause cause;
	enum mt_cause stale;		/* of the PTR answer */
} cases[] = {
	{ "leads back", 0, 1, { { 0, "192.0.2.7" } }, MT_PASS, MT_PASS, 0 },
	{ "leads elsewhere", 0, 1, { { 0, "198.51.100.1" } }, MT_PASS, MT_FAIL, 0 },
	{ "does not exist", 0, 1, { { MT_CAUSE_NXDOMAIN, NULL } }, MT_PASS, MT_FAIL, 0 },
	{ "no address", 0, 1, { { MT_CAUSE_NODATA, NULL } }, MT_PASS, MT_FAIL, 0 },
	{ "forward servfail", 0, 1, { { MT_CAUSE_SERVFAIL, NULL } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_SERVFAIL },
	{ "forward time-out", 0, 1, { { MT_CAUSE_TIMEOUT, NULL } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_TIMEOUT },
	{ "forward breaker", 0, 1, { { MT_CAUSE_BREAKER, NULL } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_BREAKER },
	{ "no name", MT_CAUSE_NXDOMAIN, 0, { { 0, NULL } }, MT_NONE, MT_NONE, MT_CAUSE_NXDOMAIN },
	{ "no PTR", MT_CAUSE_NODATA, 0, { { 0, NULL } }, MT_NONE, MT_NONE, MT_CAUSE_NODATA },
	{ "PTR time-out", MT_CAUSE_TIMEOUT, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_TIMEOUT },
	{ "PTR servfail", MT_CAUSE_SERVFAIL, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_SERVFAIL },
	{ "PTR refused", MT_CAUSE_REFUSED, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_REFUSED },
	{ "PTR garbage", MT_CAUSE_GARBAGE, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_GARBAGE },
	{ "nobody asked", MT_CAUSE_OFFLINE, 0, { { 0, NULL } }, MT_SKIPPED, MT_SKIPPED, MT_CAUSE_OFFLINE },
	{ "second of two", 0, 2, { { 0, "198.51.100.1" }, { 0, "192.0.2.7" } }, MT_PASS, MT_PASS, 0 },
	{ "pass beats silence", 0, 2, { { MT_CAUSE_TIMEOUT, NULL }, { 0, "192.0.2.7" } }, MT_PASS, MT_PASS, 0 },
	{ "silence beats fail", 0, 2, { { 0, "198.51.100.1" }, { MT_CAUSE_TIMEOUT, NULL } }, MT_PASS, MT_TEMPERROR,
	    MT_CAUSE_TIMEOUT },
	{ "stale name leads back", 0, 1, { { 0, "192.0.2.7" } }, MT_PASS, MT_PASS, 0, MT_CAUSE_TIMEOUT },
	{ "stale address leads back", 0, 1, { { 0, "192.0.2.7", MT_CAUSE_SERVFAIL } }, MT_PASS, MT_PASS, 0 },
	{ "both stale, and lead back", 0, 1, { { 0, "192.0.2.7", MT_CAUSE_BREAKER } }, MT_PASS, MT_PASS, 0, MT_CAUSE_BREAKER },
	{ "stale name leads elsewhere", 0, 1, { { 0, "198.51.100.1" } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_TIMEOUT, MT_CAUSE_TIMEOUT },
	{ "stale name does not exist", 0, 1, { { MT_CAUSE_NXDOMAIN, NULL } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_TIMEOUT,
	    MT_CAUSE_TIMEOUT },
	{ "stale address is another", 0, 1, { { 0, "198.51.100.1", MT_CAUSE_SERVFAIL } }, MT_PASS, MT_TEMPERROR, MT_CAUSE_SERVFAIL },
	{ "stale NXDOMAIN of the name", 0, 1, { { MT_CAUSE_NXDOMAIN, NULL, MT_CAUSE_BREAKER } }, MT_PASS, MT_TEMPERROR,
	    MT_CAUSE_BREAKER },
	{ "stale NXDOMAIN of the address", MT_CAUSE_NXDOMAIN, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_TIMEOUT,
	    MT_CAUSE_TIMEOUT },
	{ "stale NODATA of the address", MT_CAUSE_NODATA, 0, { { 0, NULL } }, MT_TEMPERROR, MT_TEMPERROR, MT_CAUSE_NETWORK,
	    MT_CAUSE_NETWORK },
	{ "one of two stale", 0, 2, { { 0, "198.51.100.1" }, { 0, "198.51.100.2", MT_CAUSE_TIMEOUT } }, MT_PASS, MT_TEMPERROR,
	    MT_CAUSE_TIMEOUT },
};

static struct mt_answer *
ptr_answer(enum mt_cause cause, unsigned names)
{
	struct mt_answer *answer = mt_answer_new(cause, names, 64 * names);

	for (unsigned i = 0; i < names; i++) {
		char name[32];

		snprintf(name, sizeof name, "n%u.example.net", i);
		mt_answer_set_text(answer, i, mt_span_text(name));
	}
	return answer;
}

static void
take_forward(struct mt_iprev *iprev, unsigned i, const struct mt_ip *client, const struct forward *forward)
{
	struct mt_answer *answer = mt_answer_new(forward->cause, forward->ip != NULL, 0);

	answer->stale = forward->stale;
	if (forward->ip != NULL)
		mt_ip_parse(&answer->records[0].ip, mt_span_text(forward->ip));
	mt_iprev_forward(iprev, i, client, answer);
	mt_answer_unref(answer);
}

static void
one_case(size_t c, bool backwards)
{
	struct mt_iprev iprev = { 0 };
	struct mt_arena arena;
	struct mt_answer *ptr = ptr_answer(cases[c].ptr_cause, cases[c].names);
	struct mt_ip client;

	mt_arena_init(&arena, 256, 65536);
	mt_ip_parse(&client, MT_SPAN("192.0.2.7"));
	ptr->stale = cases[c].stale;
	mt_iprev_ptr(&iprev, &arena, ptr);
	for (unsigned i = 0; i < cases[c].names; i++) {
		unsigned n = backwards ? cases[c].names - 1 - i : i;

		take_forward(&iprev, n, &client, &cases[c].forward[n]);
	}
	tap_ok(iprev.ptr.result == cases[c].ptr && iprev.iprev.result == cases[c].iprev && iprev.iprev.cause == cases[c].cause,
	    "%s%s: ptr=%s iprev=%s (%s)", cases[c].name, backwards ? ", backwards" : "", mt_result_word(iprev.ptr.result),
	    mt_result_word(iprev.iprev.result), mt_cause_word(iprev.iprev.cause));
	mt_answer_unref(ptr);
	mt_arena_fini(&arena);
}

/* One name that leads back, by answers that are authentic or not. */
static bool
is_authentic(bool name, bool address)
{
	struct mt_answer *ptr = ptr_answer(0, 1), *forward = mt_answer_new(MT_CAUSE_NONE, 1, 0);
	struct mt_iprev iprev = { 0 };
	struct mt_arena arena;
	struct mt_ip client;
	bool authentic;

	mt_arena_init(&arena, 256, 65536);
	mt_ip_parse(&client, MT_SPAN("192.0.2.7"));
	ptr->authentic = name;
	forward->authentic = address;
	forward->records[0].ip = client;
	mt_iprev_ptr(&iprev, &arena, ptr);
	mt_iprev_forward(&iprev, 0, &client, forward);
	authentic = mt_iprev_authentic(&iprev);
	mt_answer_unref(ptr);
	mt_answer_unref(forward);
	mt_arena_fini(&arena);
	return authentic;
}

int
main(void)
{
	struct mt_iprev iprev = { 0 };
	struct mt_arena arena;
	struct mt_answer *ptr = ptr_answer(0, 12);
	struct mt_ip client;
	size_t index[MT_PTR_NAMES];

	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		one_case(c, false);
		one_case(c, true);
	}
	mt_ip_parse(&client, MT_SPAN("192.0.2.7"));
	mt_arena_init(&arena, 256, 65536);
	tap_ok(mt_iprev_ask(ptr, index) == MT_PTR_NAMES, "at most ten names are asked about");
	mt_iprev_ptr(&iprev, &arena, ptr);
	tap_ok(iprev.cut && iprev.nnames == MT_PTR_NAMES && iprev.iprev.result == MT_UNKNOWN, "ten are kept, and it is told");
	mt_iprev_expire(&iprev);
	tap_ok(iprev.ptr.result == MT_PASS && iprev.iprev.result == MT_TEMPERROR && iprev.iprev.cause == MT_CAUSE_DEADLINE,
	    "what is open at the deadline is a temporary error");
	take_forward(&iprev, 3, &client, &(struct forward){ 0, "192.0.2.7" });
	tap_ok(iprev.iprev.result == MT_PASS && mt_iprev_verified(&iprev, MT_SPAN("N3.example.NET.")), "a late answer still counts");
	mt_iprev_forward(&iprev, 99, &client, ptr);
	tap_ok(iprev.iprev.result == MT_PASS, "an answer to no question is nothing");
	iprev = (struct mt_iprev){ 0 };
	mt_iprev_ptr(&iprev, &arena, ptr);
	for (unsigned i = 0; i < MT_PTR_NAMES; i++)
		take_forward(&iprev, i, &client, &(struct forward){ 0, "198.51.100.1" });
	tap_ok(iprev.ptr.result == MT_PASS && iprev.iprev.result == MT_PERMERROR && iprev.iprev.cause == MT_CAUSE_LIMIT &&
	    !mt_iprev_trouble(&iprev), "ten of twelve names lead elsewhere: no failure of theirs, and for good");
	iprev = (struct mt_iprev){ 0 };
	mt_iprev_ptr(&iprev, &arena, ptr);
	for (unsigned i = 0; i < MT_PTR_NAMES; i++)
		take_forward(&iprev, i, &client, &(struct forward){ i == 4 ? MT_CAUSE_TIMEOUT : 0, "198.51.100.1" });
	tap_ok(iprev.iprev.result == MT_TEMPERROR && iprev.iprev.cause == MT_CAUSE_TIMEOUT && mt_iprev_trouble(&iprev),
	    "one of the ten is silent: another time it may be known");
	mt_arena_fini(&arena);
	mt_arena_init(&arena, 16, 16);
	iprev = (struct mt_iprev){ 0 };
	mt_iprev_ptr(&iprev, &arena, ptr);
	tap_ok(iprev.iprev.result == MT_TEMPERROR, "nor is a lack of memory");
	iprev = (struct mt_iprev){ 0 };
	mt_iprev_expire(&iprev);
	tap_ok(iprev.ptr.result == MT_TEMPERROR && iprev.ptr.cause == MT_CAUSE_DEADLINE, "no PTR answer until the deadline");
	mt_answer_unref(ptr);
	mt_arena_fini(&arena);
	for (unsigned both = 0; both < 4; both++)
		tap_ok(is_authentic(both & 1, both & 2) == (both == 3), "authentic: %s, %s", both & 1 ? "the name" : "not the name",
		    both & 2 ? "its address" : "not its address");
	return tap_done();
}
