/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/engine/cache.h"

#include <unistd.h>

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

static void
tell(void *ctx, struct mt_answer *answer)
{
	enum mt_cause *cause = ctx;

	told++;
	if (cause != NULL)
		*cause = answer->cause;
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
		enum mt_cause cause = MT_CAUSES;

		snprintf(name, sizeof name, "t%zu.example", i);
		h->cause = rows[i].cause;
		h->ttl_sec = rows[i].ttl;
		mt_cache_ask(cache, name, MT_RR_A, tell, &cause);
		tap_ok(cause == rows[i].cause && (asked_by(cache, h, name, MT_RR_A) == 0) == rows[i].kept, "%s is %skept",
		    rows[i].name, rows[i].kept ? "" : "not ");
	}
	h->cause = MT_CAUSE_NONE;
	h->ttl_sec = 1;
	asked_by(cache, h, "short.example", MT_RR_A);
	tap_ok(asked_by(cache, h, "short.example", MT_RR_A) == 0, "within its time to live it is kept");
	usleep(1100000);
	tap_ok(asked_by(cache, h, "short.example", MT_RR_A) == 1, "after it, it is asked again");
}

int
main(void)
{
	struct holder h = { .resolver = { .ask = hold }, .ttl_sec = 60 };
	struct mt_cache_options options = { .entries = 160, .negative_ttl_sec = 300, .max_ttl_sec = 3600, .failure_ttl_sec = 10 };
	struct mt_cache *cache = mt_cache_new(&h.resolver, &options);
	enum mt_cause cause = MT_CAUSE_NONE;

	test_flight(cache, &h);
	test_times(cache, &h);
	mt_cache_ask(cache, "no name", MT_RR_A, tell, &cause);
	tap_ok(cause == MT_CAUSE_BAD_NAME, "what is no name is not asked for");
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
	return tap_done();
}
