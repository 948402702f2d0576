/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/clock.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define MOST 7
#define HOUR 3600

/* Hops oldest first: who wrote them, and when, in seconds after the first. */
static const struct {
	const char *name;
	struct {
		const char *by;
		int64_t sec;
		int64_t skew_sec;	/* expected */
		bool backwards;		/* expected */
	} hop[MOST];
} cases[] = {
	{ "in order", { { "a", 0, 0, false }, { "b", 5, 0, false }, { "c", 9, 0, false } } },
	{ "within what clocks differ", { { "a", 0, 0, false }, { "b", -299, 0, false }, { "c", 9, 0, false } } },
	{ "a slow hop is no skew", { { "a", 0, 0, false }, { "b", 90000, 0, false }, { "c", 90001, 0, false } } },
	{ "two hosts cannot tell whose clock is wrong", { { "a", HOUR, 0, true }, { "b", 0, 0, false } } },
	{ "one ahead between two that agree", { { "a", 0, 0, false }, { "b", HOUR, HOUR - 2, false }, { "c", 2, 0, false } } },
	{ "one behind between two that agree", { { "a", 0, 0, false }, { "b", -HOUR, -HOUR, false }, { "c", 2, 0, false } } },
	{ "several lines of one host", { { "a", 0, 0, false }, { "b", HOUR, HOUR - 2, false }, { "b", HOUR + 1, HOUR - 2, false },
	    { "c", 3, 0, false } } },
	{ "a host that is passed twice, each time by the same", { { "a", 0, 0, false }, { "b", HOUR, HOUR - 3, false },
	    { "c", 4, 0, false }, { "b", HOUR + 6, HOUR - 3, false }, { "d", 9, 0, false } } },
	{ "names without regard to case and final dot", { { "a", 0, 0, false }, { "B.example.", HOUR, HOUR - 3, false },
	    { "c", 4, 0, false }, { "b.EXAMPLE", HOUR + 6, HOUR - 3, false }, { "d", 9, 0, false } } },
	{ "a host that is passed twice, once right: no constant offset", { { "a", 0, 0, false }, { "b", HOUR, 0, true },
	    { "c", 4, 0, false }, { "b", 6, 0, false }, { "d", 9, 0, false } } },
	{ "the order is wrong without it as well", { { "a", 2 * HOUR, 0, true }, { "b", HOUR, 0, true }, { "c", 0, 0, false } } },
	{ "two hosts, each wrong in its own way", { { "a", 0, 0, false }, { "b", HOUR, HOUR - 2, false }, { "c", 2, 0, false },
	    { "d", -HOUR, -HOUR - 2, false }, { "e", 4, 0, false } } },
	{ "a host without a name has no clock to correct", { { "a", 0, 0, false }, { NULL, HOUR, 0, true }, { "c", 2, 0, false } } },
	{ "the last one cannot be checked", { { "a", 0, 0, false }, { "b", 1, 0, true }, { "c", -HOUR, 0, false } } },
};

static bool
as_expected(size_t c, const struct mt_hop *hops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hops[i].skew_sec != cases[c].hop[i].skew_sec || mt_hop_has(&hops[i], MT_HOP_BACKWARDS) != cases[c].hop[i].backwards ||
		    (i > 0 && (!hops[i].has_delay || hops[i].delay_sec != cases[c].hop[i].sec - cases[c].hop[i - 1].sec)))
			return false;
	return !hops[0].has_delay;
}

static void
test_cases(void)
{
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct mt_hop hops[MOST] = { { 0 } };
		struct mt_trace trace = { .hops = hops, .received_msec = PATH_NOW * 1000 };

		for (; trace.nhops < MOST && (cases[c].hop[trace.nhops].by != NULL || cases[c].hop[trace.nhops].sec != 0); trace.nhops++) {
			hops[trace.nhops].by = mt_span_text(cases[c].hop[trace.nhops].by);
			hops[trace.nhops].date = (struct mt_date){ true, true, 0, PATH_NOW - 1000000 + cases[c].hop[trace.nhops].sec };
		}
		mt_clock_find(&trace);
		if (!tap_ok(trace.nhops > 1 && as_expected(c, hops, trace.nhops), "%s", cases[c].name))
			for (size_t i = 0; i < trace.nhops; i++)
				tap_note("hop %zu: skew %lld, backwards %d", i + 1, (long long)hops[i].skew_sec,
				    mt_hop_has(&hops[i], MT_HOP_BACKWARDS));
	}
}

/* A hop without a date stands for nothing; our own clock is the measure. */
static void
test_special(void)
{
	struct mt_hop hops[3] = { { .by = MT_SPAN("a"), .date = { true, true, 0, PATH_NOW } }, { .by = MT_SPAN("b") },
		{ .by = MT_SPAN("c"), .date = { true, true, 0, PATH_NOW + 7 } } };
	struct mt_trace trace = { .hops = hops, .nhops = 3, .received_msec = PATH_NOW * 1000 };

	mt_clock_find(&trace);
	tap_ok(!hops[1].has_delay && hops[2].has_delay && hops[2].delay_sec == 7, "a hop without a date is passed over");
	tap_ok(!mt_hop_has(&hops[2], MT_HOP_FUTURE), "seven seconds are not the future");
	hops[2].date.unix_sec = PATH_NOW + 601;
	mt_clock_find(&trace);
	tap_ok(mt_hop_has(&hops[2], MT_HOP_FUTURE) && !mt_hop_has(&hops[0], MT_HOP_FUTURE), "more than ten minutes are");
	hops[1] = (struct mt_hop){ .by = MT_SPAN("us"), .flags = 1u << MT_HOP_LIVE, .date = { true, true, 0, PATH_NOW - 7200 } };
	hops[2].date.unix_sec = PATH_NOW;
	mt_clock_find(&trace);
	tap_ok(hops[1].skew_sec == 0 && mt_hop_has(&hops[0], MT_HOP_BACKWARDS), "our own clock is not corrected");
}

/* 201 hops, all of other hosts, and all of one. */
static void
test_many(void)
{
	static struct mt_hop hops[MT_CHAIN_FIELDS + 1];
	static char names[MT_CHAIN_FIELDS + 1][32];
	struct mt_trace trace = { .hops = hops, .nhops = MT_CHAIN_FIELDS + 1, .received_msec = PATH_NOW * 1000 };
	size_t skewed = 0, odd = 0;

	for (size_t i = 0; i < trace.nhops; i++) {
		snprintf(names[i], sizeof names[i], "h%zu.example", i);
		hops[i].by = mt_span_text(names[i]);
		hops[i].date = (struct mt_date){ true, true, 0, PATH_NOW - 100000 + (int64_t)i + (i % 4 == 1 ? HOUR : 0) };
	}
	mt_clock_find(&trace);
	for (size_t i = 0; i < trace.nhops; i++) {
		skewed += hops[i].skew_sec != 0;
		odd += mt_hop_has(&hops[i], MT_HOP_BACKWARDS);
	}
	tap_ok(skewed == 50 && odd == 0, "of 201 hosts every fourth is wrong: %zu found, %zu odd", skewed, odd);
}

int
main(void)
{
	test_cases();
	test_special();
	test_many();
	return tap_done();
}
