/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/engine/cache.h"

#include "tests/unit/tap.h"

/* A resolver that holds questions back until it is told to answer. */
struct holder {
	struct mt_resolver resolver;
	unsigned asked, held;
	enum mt_cause cause;
	uint32_t ttl_sec;
	bool at_once;
	struct { mt_answer_fn *done; void *ctx; } questions[64];
};

/* The clock of the cache. */
static int64_t clock_msec = 1000000;

static int64_t
the_time(void)
{
	return clock_msec;
}

static struct mt_answer *
an_answer(const struct holder *h)
{
	struct mt_answer *answer = mt_answer_new(h->cause, h->cause == MT_CAUSE_NONE, 0);

	answer->ttl_sec = h->ttl_sec;
	return answer;
}

static void
hold(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct holder *h = (struct holder *)self;

	(void)name;
	(void)type;
	h->asked++;
	if (h->at_once) {
		done(ctx, an_answer(h));
		return;
	}
	h->questions[h->held].done = done;
	h->questions[h->held++].ctx = ctx;
}

static void
release(struct holder *h)
{
	for (unsigned i = 0; i < h->held; i++)
		h->questions[i].done(h->questions[i].ctx, an_answer(h));
	h->held = 0;
}

static unsigned told;

struct got { enum mt_cause cause, stale; };

static void
tell(void *ctx, struct mt_answer *answer)
{
	struct got *got = ctx;

	told++;
	if (got != NULL)
		*got = (struct got){ answer->cause, answer->stale };
	mt_answer_unref(answer);
}

static unsigned
asked_by(struct mt_cache *cache, struct holder *h, const char *name, enum mt_rrtype type)
{
	unsigned before = h->asked;

	mt_cache_ask(cache, name, type, tell, NULL);
	return h->asked - before;
}

static void
test_flight(struct mt_cache *cache, struct holder *h)
{
	for (int i = 0; i < 1000; i++)
		mt_cache_ask(cache, i % 2 == 0 ? "mail.example.net" : "MAIL.example.NET.", MT_RR_A, tell, NULL);
	tap_ok(h->asked == 1 && told == 0, "1,000 identical questions at once make one");
	release(h);
	tap_ok(told == 1000, "and all 1,000 are told");
	tap_ok(asked_by(cache, h, "mail.example.net", MT_RR_A) == 0 && told == 1001, "what is cached is not asked again");
	tap_ok(asked_by(cache, h, "mail.example.net", MT_RR_AAAA) == 1, "another type is another question");
	release(h);
}

static void
test_times(struct mt_cache *cache, struct holder *h)
{
	static const struct { const char *name; enum mt_cause cause; uint32_t ttl; bool kept; } rows[] = {
		{ "positive", MT_CAUSE_NONE, 60, true }, { "positive, TTL 0", MT_CAUSE_NONE, 0, false },
		{ "nxdomain", MT_CAUSE_NXDOMAIN, 60, true }, { "nodata", MT_CAUSE_NODATA, 60, true },
		{ "servfail", MT_CAUSE_SERVFAIL, 0, true }, { "timeout", MT_CAUSE_TIMEOUT, 0, true },
		{ "our own bound", MT_CAUSE_LIMIT, 60, false }, { "breaker", MT_CAUSE_BREAKER, 60, false },
		{ "offline", MT_CAUSE_OFFLINE, 60, false },
	};

	h->at_once = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[32];
		struct got got = { MT_CAUSES, MT_CAUSES };

		snprintf(name, sizeof name, "t%zu.example", i);
		h->cause = rows[i].cause;
		h->ttl_sec = rows[i].ttl;
		mt_cache_ask(cache, name, MT_RR_A, tell, &got);
		tap_ok(got.cause == rows[i].cause && (asked_by(cache, h, name, MT_RR_A) == 0) == rows[i].kept, "%s is %skept",
		    rows[i].name, rows[i].kept ? "" : "not ");
	}
	h->cause = MT_CAUSE_NONE;
	h->ttl_sec = 1;
	asked_by(cache, h, "short.example", MT_RR_A);
	clock_msec += 999;
	tap_ok(asked_by(cache, h, "short.example", MT_RR_A) == 0, "within its time to live it is kept");
	clock_msec += 1;
	tap_ok(asked_by(cache, h, "short.example", MT_RR_A) == 1, "after it, it is asked again");
	h->ttl_sec = 86400;
	asked_by(cache, h, "long.example", MT_RR_A);
	clock_msec += 3600000;
	tap_ok(asked_by(cache, h, "long.example", MT_RR_A) == 1, "no answer is kept longer than max-ttl");
	h->cause = MT_CAUSE_NXDOMAIN;
	asked_by(cache, h, "gone.example", MT_RR_A);
	clock_msec += 299999;
	tap_ok(asked_by(cache, h, "gone.example", MT_RR_A) == 0, "nothing is kept for negative-ttl");
	clock_msec += 1;
	tap_ok(asked_by(cache, h, "gone.example", MT_RR_A) == 1, "and no longer");
}

/* One failure costs a second, each further one twice as much, up to failure-ttl. */
static void
test_failures(struct mt_cache *cache, struct holder *h)
{
	static const unsigned seconds[] = { 1, 2, 4, 8, 10, 10 };

	h->cause = MT_CAUSE_TIMEOUT;
	asked_by(cache, h, "fails.example", MT_RR_A);
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
		bool kept;

		clock_msec += seconds[i] * 1000 - 1;
		kept = asked_by(cache, h, "fails.example", MT_RR_A) == 0;
		clock_msec += 1;
		tap_ok(kept && asked_by(cache, h, "fails.example", MT_RR_A) == 1, "trouble %zu is remembered for %u s", i + 1,
		    seconds[i]);
	}
	h->cause = MT_CAUSE_NONE;
	h->ttl_sec = 1;
	clock_msec += 10000;
	asked_by(cache, h, "fails.example", MT_RR_A);
	h->cause = MT_CAUSE_SERVFAIL;
	clock_msec += 1000;
	asked_by(cache, h, "fails.example", MT_RR_A);
	clock_msec += 1000;
	tap_ok(asked_by(cache, h, "fails.example", MT_RR_A) == 1, "after an answer, a second again");
	clock_msec += 400000;
	asked_by(cache, h, "fails.example", MT_RR_A);
	clock_msec += 1000;
	tap_ok(asked_by(cache, h, "fails.example", MT_RR_A) == 1, "so after a long time");
	h->cause = MT_CAUSE_NETWORK;
	for (int i = 0; i < 5; i++, clock_msec += 1000)
		asked_by(cache, h, "away.example", MT_RR_A);
	tap_ok(asked_by(cache, h, "away.example", MT_RR_A) == 1, "no server in reach: a second, however often");
	h->cause = MT_CAUSE_NONE;
}

static struct got
ask_for(struct mt_cache *cache, const char *name)
{
	struct got got = { MT_CAUSES, MT_CAUSES };

	mt_cache_ask(cache, name, MT_RR_A, tell, &got);
	return got;
}

static bool
is(struct got got, enum mt_cause cause, enum mt_cause stale)
{
	return got.cause == cause && got.stale == stale;
}

/* A cache that keeps what is out of date for an hour. */
static void
test_stale(struct mt_cache *cache, struct holder *h)
{
	static const struct { const char *name; enum mt_cause cause; bool asks_again; } rows[] = {
		{ "a time-out", MT_CAUSE_TIMEOUT, false }, { "a server failure", MT_CAUSE_SERVFAIL, false },
		{ "a refusal", MT_CAUSE_REFUSED, false }, { "garbage", MT_CAUSE_GARBAGE, false },
		{ "no server", MT_CAUSE_NETWORK, false }, { "the breaker", MT_CAUSE_BREAKER, true },
		{ "a full queue", MT_CAUSE_LIMIT, true },
	};
	enum mt_cause kept[2] = { MT_CAUSE_NONE, MT_CAUSE_NXDOMAIN };

	h->at_once = true;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		enum mt_cause cause = rows[i / 2].cause;
		char name[32];

		snprintf(name, sizeof name, "s%zu.example", i);
		h->cause = kept[i % 2];
		h->ttl_sec = 60;
		asked_by(cache, h, name, MT_RR_A);
		clock_msec += 60000;
		h->cause = cause;
		tap_ok(is(ask_for(cache, name), kept[i % 2], cause), "%s after %s: the old answer, marked", rows[i / 2].name,
		    i % 2 == 0 ? "records" : "nothing");
		tap_ok(asked_by(cache, h, name, MT_RR_A) == rows[i / 2].asks_again && is(ask_for(cache, name), kept[i % 2], cause),
		    "%s", rows[i / 2].asks_again ? "which is asked for again" : "and again, without a question");
	}
	h->cause = MT_CAUSE_NONE;
	clock_msec += 1000;
	tap_ok(is(ask_for(cache, "s0.example"), MT_CAUSE_NONE, MT_CAUSE_NONE), "a new answer is not marked");
	h->cause = MT_CAUSE_TIMEOUT;
	clock_msec += 60000 + 3600000 - 1;
	tap_ok(is(ask_for(cache, "s0.example"), MT_CAUSE_NONE, MT_CAUSE_TIMEOUT), "it is kept for an hour beyond its time");
	clock_msec += 2001;
	tap_ok(is(ask_for(cache, "s0.example"), MT_CAUSE_TIMEOUT, MT_CAUSE_NONE), "and no longer");
	h->cause = MT_CAUSE_NXDOMAIN;
	clock_msec += 60000;
	tap_ok(is(ask_for(cache, "s0.example"), MT_CAUSE_NXDOMAIN, MT_CAUSE_NONE), "that there is nothing drives it out");
	tap_ok(mt_cache_counts(cache).stale > 0, "it is counted");
}

/* Whoever waits too long gets the old answer; the new one is kept when it comes. */
static void
test_wait(struct mt_cache *cache, struct holder *h)
{
	struct got first = { MT_CAUSES, MT_CAUSES }, second = first, third;

	h->at_once = true;
	h->cause = MT_CAUSE_NONE;
	h->ttl_sec = 60;
	asked_by(cache, h, "slow.example", MT_RR_A);
	clock_msec += 60000;
	h->at_once = false;
	mt_cache_ask(cache, "slow.example", MT_RR_A, tell, &first);
	clock_msec += 1799;
	mt_cache_tick(cache);
	mt_cache_ask(cache, "slow.example", MT_RR_A, tell, &second);
	tap_ok(first.cause == MT_CAUSES && second.cause == MT_CAUSES, "a newer answer is waited for");
	clock_msec += 1;
	mt_cache_tick(cache);
	tap_ok(is(first, MT_CAUSE_NONE, MT_CAUSE_DEADLINE) && is(second, MT_CAUSE_NONE, MT_CAUSE_DEADLINE),
	    "1.8 seconds, and then the old one is given");
	third = ask_for(cache, "slow.example");
	tap_ok(is(third, MT_CAUSE_NONE, MT_CAUSE_DEADLINE) && h->held == 1, "who asks now does not wait, and asks nobody");
	h->cause = MT_CAUSE_NXDOMAIN;
	release(h);
	tap_ok(is(ask_for(cache, "slow.example"), MT_CAUSE_NXDOMAIN, MT_CAUSE_NONE), "the new one is kept when it comes");
	mt_cache_ask(cache, "fresh.example", MT_RR_A, tell, &first);
	first.cause = MT_CAUSES;
	clock_msec += 100000;
	mt_cache_tick(cache);
	tap_ok(first.cause == MT_CAUSES, "where there is no old one, there is nothing to give");
	release(h);
	tap_ok(first.cause == MT_CAUSE_NXDOMAIN, "and the answer is told");
}

/* Answers to questions that were given up. */
static void
test_late(struct mt_cache *cache, struct holder *h)
{
	struct got got = { MT_CAUSES, MT_CAUSES };
	struct holder late = { .cause = MT_CAUSE_NONE, .ttl_sec = 60 };

	h->at_once = true;
	h->cause = MT_CAUSE_TIMEOUT;
	asked_by(cache, h, "late.example", MT_RR_A);
	mt_cache_late(cache, "Late.example", MT_RR_A, an_answer(&late));
	tap_ok(is(ask_for(cache, "late.example"), MT_CAUSE_NONE, MT_CAUSE_NONE) && asked_by(cache, h, "late.example", MT_RR_A) == 0,
	    "a late answer takes the place of a failure");
	mt_cache_late(cache, "never.example", MT_RR_A, an_answer(&late));
	tap_ok(asked_by(cache, h, "never.example", MT_RR_A) == 0, "or a place of its own");
	h->at_once = false;
	mt_cache_ask(cache, "again.example", MT_RR_A, tell, &got);
	mt_cache_late(cache, "again.example", MT_RR_A, an_answer(&late));
	tap_ok(is(got, MT_CAUSE_NONE, MT_CAUSE_NONE), "who has asked again is told");
	tap_ok(is(ask_for(cache, "again.example"), MT_CAUSE_NONE, MT_CAUSE_NONE) && h->held == 1, "who asks now, too");
	release(h);
	tap_ok(is(ask_for(cache, "again.example"), MT_CAUSE_NONE, MT_CAUSE_NONE), "trouble with the second question is no news");
	late.cause = MT_CAUSE_SERVFAIL;
	mt_cache_late(cache, "again.example", MT_RR_A, an_answer(&late));
	tap_ok(is(ask_for(cache, "again.example"), MT_CAUSE_NONE, MT_CAUSE_NONE), "nor is late trouble");
	mt_cache_late(cache, "no name", MT_RR_A, an_answer(&late));
}

int
main(void)
{
	struct holder h = { .resolver = { .ask = hold }, .ttl_sec = 60 };
	struct mt_cache_options options = { .entries = 160, .negative_ttl_sec = 300, .max_ttl_sec = 3600, .failure_ttl_sec = 10,
		.wait_msec = MT_CACHE_WAIT_MSEC, .now_msec = the_time };
	struct mt_cache *cache = mt_cache_new(&h.resolver, &options);
	struct got got = { MT_CAUSE_NONE, MT_CAUSE_NONE };

	test_flight(cache, &h);
	test_times(cache, &h);
	test_failures(cache, &h);
	mt_cache_ask(cache, "no name", MT_RR_A, tell, &got);
	tap_ok(got.cause == MT_CAUSE_BAD_NAME, "what is no name is not asked for");
	h.ttl_sec = 60;
	for (int i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof name, "many%d.example", i);
		mt_cache_ask(cache, name, MT_RR_A, tell, NULL);
	}
	tap_ok(mt_cache_counts(cache).entries <= 160, "never more than the bound: %zu", mt_cache_counts(cache).entries);
	tap_ok(asked_by(cache, &h, "many1999.example", MT_RR_A) == 0, "the newest is kept");
	tap_ok(asked_by(cache, &h, "many0.example", MT_RR_A) == 1, "the oldest is gone");
	mt_cache_free(cache);
	options.entries = 0;
	cache = mt_cache_new(&h.resolver, &options);
	asked_by(cache, &h, "a.example", MT_RR_A);
	tap_ok(asked_by(cache, &h, "a.example", MT_RR_A) == 1, "a cache of none keeps nothing");
	mt_cache_free(cache);
	options.entries = 1600;
	options.stale_sec = 3600;
	cache = mt_cache_new(&h.resolver, &options);
	test_stale(cache, &h);
	test_wait(cache, &h);
	test_late(cache, &h);
	mt_cache_free(cache);
	return tap_done();
}
