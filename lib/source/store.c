/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows who waits for what and until when; knows no file and no server (store_sqlite.c,
 * store_redis.c).
 *
 * Two threads.  The worker calls the engines, which may block.  The clock answers questions
 * whose time is over, however long the worker is held up.  A question belongs to whoever
 * takes it first, under the lock; no callback is made with the lock held. */
#include "lib/source/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/source/store_cache.h"
#include "lib/source/store_engine.h"

#define BATCH 200			/* events in one transaction */
#define FLUSH_MSEC 200			/* that the first event of a batch waits for others */
#define TIDY_MSEC 60000
#define KEEP_LOCAL_MSEC 60000		/* in the cache; what is written here is taken out at once */
#define KEEP_SHARED_MSEC 5000		/* others write there as well */
#define NO_TIME INT64_MAX
/* An engine that fails is left alone for so long, at first and at the most. */
#define PAUSE_LEAST_MSEC 250
#define PAUSE_MOST_MSEC 10000

struct question {
	struct question *next;
	struct mt_store_key key;
	mt_store_done_fn *done;
	void *ctx;
	int64_t deadline_msec;
	bool answered;			/* by the clock, while the worker had it in hand */
};

/* The engine of the settings, and what serves while that is away. */
struct route {
	struct mt_store_engine *engine;
	int64_t again_msec;		/* when it is tried again */
	int64_t pause_msec;		/* after the next failure; 0: it serves */
	const char *name;
	bool away;			/* and it was said; written under the lock */
};

struct mt_store {
	struct mt_store_options options;
	struct route route[2];
	char *path, *redis;
	pthread_t worker, clock;
	bool worker_runs, clock_runs;

	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t work, time;	/* wake the one, the other */
	struct question *first, **last, *in_hand;
	unsigned questions;
	struct mt_store_item *event;	/* a ring of options.queue */
	size_t event_first, events;
	int64_t event_msec;		/* when the oldest came */
	struct mt_store_cache *cache;
	struct mt_store_counters counters;
	bool closing, ended;
};

static int64_t
now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
wall_sec(const struct mt_store *store)
{
	const struct mt_store_options *o = &store->options;

	return o->wall_msec != NULL ? o->wall_msec(o->wall_ctx) / 1000 : (int64_t)time(NULL);
}

static void __attribute__((format(printf, 3, 4)))
say(const struct mt_store *store, int priority, const char *format, ...)
{
	char line[400];
	va_list args;

	if (store->options.say == NULL)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	store->options.say(store->options.say_ctx, priority, line);
}

/* ---- words and keys ----------------------------------------------------------------- */

enum mt_result
mt_store_word(const struct mt_history *h)
{
	if (h->seen == 0)
		return MT_NEW;
	if (h->bad >= MT_STORE_BAD_LEAST && h->bad >= h->good)
		return MT_BAD;
	if (h->good >= MT_STORE_GOOD_LEAST && h->bad <= h->good / 10 && h->last_sec - h->first_sec >= MT_STORE_GOOD_SEC)
		return MT_GOOD;
	return MT_NEUTRAL;
}

/* The bits behind the /64 are the client's to choose (RFC 4291, 2.5.4). */
static bool
make_key(struct mt_store_key *key, const struct mt_ip *ip)
{
	*key = (struct mt_store_key){ .len = ip->family == 4 ? 4 : 8 };
	memcpy(key->bytes, ip->bytes, key->len);
	return ip->family != 0;
}

/* The same on every host: FNV-1a, mixed, of the name in lower case.  Names are not kept. */
static uint64_t
hash_name(struct mt_span name)
{
	uint64_t h = UINT64_C(14695981039346656037);

	if (name.len == 0)
		return 0;
	for (size_t i = 0; i < name.len && i < 253; i++)
		h = (h ^ (unsigned char)mt_lower(name.ptr[i])) * UINT64_C(1099511628211);
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 29) & INT64_MAX;
	return h == 0 ? 1 : h;
}

/* Who is not known to a part of the memory may well be known to the rest: new is said where
 * all of it was asked, or a client known for years would be refused for an outage.  What the
 * part does know is told, with its cause, which keeps it from leading to a refusal. */
static void
conclude(struct mt_history *history)
{
	history->result = mt_store_word(history);
	if (history->result == MT_NEW && history->cause != MT_CAUSE_NONE)
		history->result = MT_SKIPPED;
}

/* ---- engines ------------------------------------------------------------------------ */

static void
route_failed(struct mt_store *store, struct route *route)
{
	route->pause_msec = route->pause_msec == 0 ? PAUSE_LEAST_MSEC
	    : route->pause_msec * 2 < PAUSE_MOST_MSEC ? route->pause_msec * 2 : PAUSE_MOST_MSEC;
	route->again_msec = now_msec() + route->pause_msec;
	if (route->away)
		return;
	say(store, LOG_WARNING, "store: %s: %s; %s", route->name, route->engine->why,
	    route == &store->route[0] && store->route[1].engine != NULL ?
	    "what this host knows serves until it is back" : "there is no history until it is back");
	pthread_mutex_lock(&store->lock);
	route->away = true;
	pthread_mutex_unlock(&store->lock);
}

static void
route_served(struct mt_store *store, struct route *route)
{
	route->pause_msec = route->again_msec = 0;
	if (!route->away)
		return;
	say(store, LOG_NOTICE, "store: %s: is back", route->name);
	pthread_mutex_lock(&store->lock);
	route->away = false;
	pthread_mutex_unlock(&store->lock);
}

static bool
read_history(struct mt_store *store, const struct mt_store_key *key, struct mt_history *history)
{
	for (struct route *r = store->route; r < store->route + 2; r++) {
		if (r->engine == NULL || now_msec() < r->again_msec)
			continue;
		*history = (struct mt_history){ 0 };
		if (r->engine->read(r->engine, key, wall_sec(store), history)) {
			route_served(store, r);
			if (r != store->route)
				history->cause = MT_CAUSE_BREAKER;
			return true;
		}
		route_failed(store, r);
	}
	return false;
}

static bool
write_events(struct mt_store *store, const struct mt_store_item *items, size_t count)
{
	for (struct route *r = store->route; r < store->route + 2; r++) {
		if (r->engine == NULL || now_msec() < r->again_msec)
			continue;
		if (r->engine->write(r->engine, items, count)) {
			route_served(store, r);
			return true;
		}
		route_failed(store, r);
	}
	return false;
}

/* true: there is more to do. */
static bool
tidy(struct mt_store *store)
{
	bool more = false, some;

	for (struct route *r = store->route; r < store->route + 2; r++) {
		some = false;
		if (r->engine == NULL || now_msec() < r->again_msec)
			continue;
		if (!r->engine->tidy(r->engine, wall_sec(store), &some))
			route_failed(store, r);
		else
			route_served(store, r);
		more = more || some;
	}
	return more;
}

/* ---- questions ---------------------------------------------------------------------- */

static void
skip(mt_store_done_fn *done, void *ctx, enum mt_cause cause)
{
	struct mt_history history = { .result = MT_SKIPPED, .cause = cause };

	done(ctx, &history);
}

/* The lock is held.  The oldest, whose time is over first; NULL: none is left. */
static struct question *
take_question(struct mt_store *store)
{
	struct question *q = store->first;

	if (q == NULL)
		return NULL;
	store->first = q->next;
	if (store->first == NULL)
		store->last = &store->first;
	store->questions--;
	return q;
}

/* Called and left with the lock held. */
static void
answer_question(struct mt_store *store, struct question *q)
{
	struct mt_history history;
	int64_t keep = store->options.engine == MT_STORE_REDIS ? KEEP_SHARED_MSEC : KEEP_LOCAL_MSEC;
	bool there, mine;

	store->in_hand = q;
	pthread_mutex_unlock(&store->lock);
	there = read_history(store, &q->key, &history);
	if (there)
		conclude(&history);
	else
		history = (struct mt_history){ .result = MT_SKIPPED, .cause = MT_CAUSE_BREAKER };
	pthread_mutex_lock(&store->lock);
	store->in_hand = NULL;
	mine = !q->answered;
	store->counters.skipped += mine && history.result == MT_SKIPPED;
	if (history.result != MT_SKIPPED)
		mt_store_cache_put(store->cache, &q->key, &history, now_msec() + keep);
	pthread_mutex_unlock(&store->lock);
	if (mine)
		q->done(q->ctx, &history);
	free(q);
	pthread_mutex_lock(&store->lock);
}

/* ---- the worker --------------------------------------------------------------------- */

/* Called and left with the lock held. */
static void
flush_events(struct mt_store *store)
{
	struct mt_store_item items[BATCH];
	size_t count = store->events < BATCH ? store->events : BATCH;
	bool written;

	for (size_t i = 0; i < count; i++)
		items[i] = store->event[(store->event_first + i) % store->options.queue];
	store->event_first = (store->event_first + count) % store->options.queue;
	store->events -= count;
	store->event_msec = now_msec();
	pthread_mutex_unlock(&store->lock);
	written = write_events(store, items, count);
	pthread_mutex_lock(&store->lock);
	if (written)
		store->counters.written += count;
	else
		store->counters.dropped += count;
	for (size_t i = 0; written && i < count; i++)
		mt_store_cache_drop(store->cache, &items[i].key);
}

static bool
flush_due(const struct mt_store *store, int64_t now)
{
	return store->events >= BATCH ||
	    (store->events > 0 && (store->closing || now >= store->event_msec + FLUSH_MSEC));
}

static void
wait_until(struct mt_store *store, pthread_cond_t *cond, int64_t msec)
{
	struct timespec until = { .tv_sec = (time_t)(msec / 1000), .tv_nsec = (long)(msec % 1000) * 1000000 };

	if (msec == NO_TIME)
		pthread_cond_wait(cond, &store->lock);
	else
		pthread_cond_timedwait(cond, &store->lock, &until);
}

static void
work(struct mt_store *store, int64_t *tidy_msec)
{
	int64_t now = now_msec(), until = *tidy_msec;
	struct question *q = take_question(store);

	if (q != NULL) {
		answer_question(store, q);
	} else if (flush_due(store, now)) {
		flush_events(store);
	} else if (now >= *tidy_msec) {
		pthread_mutex_unlock(&store->lock);
		*tidy_msec = tidy(store) ? now : now_msec() + TIDY_MSEC;
		pthread_mutex_lock(&store->lock);
	} else if (!store->closing) {
		if (store->events > 0 && store->event_msec + FLUSH_MSEC < until)
			until = store->event_msec + FLUSH_MSEC;
		wait_until(store, &store->work, until);
	}
}

static void *
run_worker(void *arg)
{
	struct mt_store *store = arg;
	int64_t tidy_msec = now_msec(), end = NO_TIME;

	pthread_mutex_lock(&store->lock);
	while (!store->closing || (store->events > 0 && now_msec() < end)) {
		work(store, &tidy_msec);
		if (store->closing && end == NO_TIME)
			end = now_msec() + MT_STORE_CLOSE_MSEC;
		if (store->closing)
			tidy_msec = NO_TIME;
	}
	store->counters.dropped += store->events;
	store->events = 0;
	pthread_mutex_unlock(&store->lock);
	for (struct route *r = store->route; r < store->route + 2; r++)
		if (r->engine != NULL)
			r->engine->close(r->engine);
	return NULL;
}

/* ---- the clock ---------------------------------------------------------------------- */

/* Called and left with the lock held; true: some question was answered. */
static bool
expire(struct mt_store *store, int64_t now)
{
	struct question *q = store->in_hand;
	mt_store_done_fn *done;
	void *ctx;

	if (q != NULL && !q->answered && (q->deadline_msec <= now || store->closing)) {
		q->answered = true;
		done = q->done;
		ctx = q->ctx;
	} else if (store->first != NULL && (store->first->deadline_msec <= now || store->closing)) {
		q = take_question(store);
		done = q->done;
		ctx = q->ctx;
		free(q);
	} else {
		return false;
	}
	store->counters.skipped++;
	pthread_mutex_unlock(&store->lock);
	skip(done, ctx, MT_CAUSE_TIMEOUT);
	pthread_mutex_lock(&store->lock);
	return true;
}

static void *
run_clock(void *arg)
{
	struct mt_store *store = arg;

	pthread_mutex_lock(&store->lock);
	while (!store->ended) {
		int64_t until = NO_TIME;

		if (expire(store, now_msec()))
			continue;
		if (store->first != NULL)
			until = store->first->deadline_msec;
		if (store->in_hand != NULL && !store->in_hand->answered && store->in_hand->deadline_msec < until)
			until = store->in_hand->deadline_msec;
		wait_until(store, &store->time, until);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* ---- from outside ------------------------------------------------------------------- */

void
mt_store_record(struct mt_store *store, const struct mt_store_event *event)
{
	struct mt_store_item item = { .class = (uint8_t)event->class, .asn = event->origin_asn,
		.sender = hash_name(event->sender), .at_sec = event->at_sec };

	if (store == NULL || !make_key(&item.key, &event->client))
		return;
	pthread_mutex_lock(&store->lock);
	if (store->events == store->options.queue || store->closing) {
		store->counters.dropped++;
	} else {
		if (store->events == 0)
			store->event_msec = now_msec();
		store->event[(store->event_first + store->events++) % store->options.queue] = item;
		/* The first starts the time of a batch, the last of one ends it. */
		if (store->events == 1 || store->events == BATCH)
			pthread_cond_signal(&store->work);
	}
	pthread_mutex_unlock(&store->lock);
}

/* Puts a question at the end; false: there is no room. */
static bool
add_question(struct mt_store *store, struct question *q)
{
	if (q == NULL || store->questions >= store->options.queue || store->closing)
		return false;
	*store->last = q;
	store->last = &q->next;
	if (store->questions++ == 0)
		pthread_cond_signal(&store->time);
	pthread_cond_signal(&store->work);
	return true;
}

void
mt_store_ask(struct mt_store *store, const struct mt_ip *client, mt_store_done_fn *done, void *ctx)
{
	struct mt_history history;
	struct mt_store_key key;
	struct question *q;
	bool cached, added;

	if (store == NULL || !make_key(&key, client)) {
		skip(done, ctx, store == NULL ? MT_CAUSE_NOT_NEEDED : MT_CAUSE_NO_INPUT);
		return;
	}
	q = calloc(1, sizeof *q);
	if (q != NULL)
		*q = (struct question){ .key = key, .done = done, .ctx = ctx,
			.deadline_msec = now_msec() + store->options.budget_msec };
	pthread_mutex_lock(&store->lock);
	store->counters.asked++;
	cached = mt_store_cache_get(store->cache, &key, now_msec(), &history);
	store->counters.cached += cached;
	added = !cached && add_question(store, q);
	store->counters.skipped += !cached && !added;
	pthread_mutex_unlock(&store->lock);
	if (added)
		return;
	free(q);
	if (cached)
		done(ctx, &history);
	else
		skip(done, ctx, MT_CAUSE_LIMIT);
}

struct mt_store_counters
mt_store_counters(struct mt_store *store)
{
	struct mt_store_counters counters = { 0 };

	if (store == NULL)
		return counters;
	pthread_mutex_lock(&store->lock);
	counters = store->counters;
	counters.waiting = store->events;
	counters.away = store->route[0].away;
	pthread_mutex_unlock(&store->lock);
	return counters;
}

static void
init_sync(struct mt_store *store)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->work, &attributes);
	pthread_cond_init(&store->time, &attributes);
	pthread_condattr_destroy(&attributes);
}

static bool
open_engines(struct mt_store *store)
{
	struct route *local = &store->route[store->options.engine == MT_STORE_REDIS];

	if (store->options.engine == MT_STORE_REDIS) {
		store->route[0].engine = mt_store_redis_open(&store->options);
		store->route[0].name = store->redis;
		/* Without the one the other still serves. */
	}
	local->engine = mt_store_sqlite_open(&store->options);
	local->name = store->path[0] == '\0' ? "memory" : store->path;
	return store->route[0].engine != NULL || store->route[1].engine != NULL;
}

static bool
start_threads(struct mt_store *store)
{
	sigset_t all, before;

	/* Signals are the process's; SIGPIPE of a server that is gone among them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	store->clock_runs = pthread_create(&store->clock, NULL, run_clock, store) == 0;
	if (store->clock_runs)
		store->worker_runs = pthread_create(&store->worker, NULL, run_worker, store) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (store->clock_runs)
		pthread_setname_np(store->clock, "mt-store-clock");
	if (store->worker_runs)
		pthread_setname_np(store->worker, "mt-store");
	return store->worker_runs;
}

static void
store_free(struct mt_store *store)
{
	/* The worker closes them, if it ran. */
	for (struct route *r = store->route; r < store->route + 2; r++)
		if (r->engine != NULL && !store->worker_runs)
			r->engine->close(r->engine);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->time);
	pthread_mutex_destroy(&store->lock);
	mt_store_cache_free(store->cache);
	free(store->event);
	free(store->path);
	free(store->redis);
	free(store);
}

struct mt_store *
mt_store_open(const struct mt_store_options *options, int *error)
{
	struct mt_store *store;
	struct mt_store_options *o;

	*error = MT_OK;
	if (options->engine == MT_STORE_NONE)
		return NULL;
	*error = MT_ENOMEM;
	store = calloc(1, sizeof *store);
	if (store == NULL)
		return NULL;
	init_sync(store);
	store->last = &store->first;
	o = &store->options;
	*o = *options;
	o->queue = o->queue == 0 ? 10000 : o->queue;
	o->budget_msec = o->budget_msec == 0 ? MT_STORE_BUDGET_MSEC : o->budget_msec;
	o->window_sec = o->window_sec == 0 ? MT_STORE_WINDOW_SEC : o->window_sec;
	o->history_sec = o->history_sec < 1 ? 1 : o->history_sec;
	store->path = strdup(options->path == NULL ? "" : options->path);
	store->redis = strdup(options->redis == NULL ? "" : options->redis);
	store->event = calloc(o->queue, sizeof *store->event);
	store->cache = mt_store_cache_new(o->cache == 0 ? 4096 : o->cache);
	if (store->path == NULL || store->redis == NULL || store->event == NULL || store->cache == NULL)
		goto out;
	o->path = store->path;
	o->redis = store->redis;
	*error = MT_OK;			/* the engine has said why */
	if (!open_engines(store))
		goto out;
	*error = MT_EIO;
	if (!start_threads(store))
		goto out;
	*error = MT_OK;
	return store;
out:
	mt_store_close(store);
	return NULL;
}

/* The worker may hang in a write to a disk that does not answer; then it keeps what it
 * uses, and is left behind. */
static bool
worker_ended(struct mt_store *store)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2 * MT_STORE_CLOSE_MSEC / 1000;
	if (!store->worker_runs || pthread_timedjoin_np(store->worker, NULL, &until) == 0)
		return true;
	say(store, LOG_ERR, "store: %s: does not come to an end; left alone", store->route[0].name);
	return false;
}

void
mt_store_close(struct mt_store *store)
{
	bool ended;

	if (store == NULL)
		return;
	pthread_mutex_lock(&store->lock);
	store->closing = true;
	pthread_cond_signal(&store->work);
	pthread_cond_signal(&store->time);
	pthread_mutex_unlock(&store->lock);
	ended = worker_ended(store);
	pthread_mutex_lock(&store->lock);
	while (expire(store, now_msec()))
		continue;
	store->ended = true;
	pthread_cond_signal(&store->time);
	pthread_mutex_unlock(&store->lock);
	if (store->clock_runs)
		pthread_join(store->clock, NULL);
	if (ended)
		store_free(store);
}
