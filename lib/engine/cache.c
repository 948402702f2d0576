/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how long an answer lasts and who waits for it; knows nothing of what is asked.
 *
 * An entry holds the last answer of DNS, its time to live over or not, and beside it the
 * trouble there was with a newer one.  So trouble never drives out an answer. */
#include "lib/engine/cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/name.h"

#define uthash_malloc(size) malloc(size)
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

#define SHARDS 16
#define FORGET_MSEC 300000		/* a failure so long ago says nothing (RFC 2308, 7.1) */

struct waiter {
	struct waiter *next;
	mt_answer_fn *done;
	void *ctx;
};

struct entry {
	UT_hash_handle hh;
	struct entry *older, *newer;	/* in the order of last use; not while it is asked about */
	struct entry *sooner, *later;	/* in the order of asking; only with a stale answer */
	struct mt_answer *answer;	/* records, or that there are none; NULL: not known */
	struct mt_answer *trouble;	/* of the last question; NULL: none */
	struct mt_answer *marked;	/* the answer, as stale for a cause */
	int64_t expires_msec, again_msec;	/* of the answer; when to ask again after trouble */
	int64_t asked_msec;
	unsigned failures;		/* in a row */
	bool asking;			/* a question is under way */
	bool pending;			/* stands in the order of asking */
	struct waiter *waiters;
	struct mt_cache *cache;
	unsigned shard;
	uint16_t type;
	uint8_t len;
	char name[];
};

struct shard {
	pthread_mutex_t lock;
	struct entry *table;
	struct entry *oldest, *newest;
	struct entry *first, *last;	/* asked about, with a stale answer at hand */
	size_t kept;
	uint64_t hits, misses, joined, stale;
};

struct mt_cache {
	struct mt_resolver *resolver;
	struct mt_cache_options options;
	size_t shard_entries;
	struct mt_answer *no_room, *bad_name;	/* made beforehand: they must not fail */
	struct shard shards[SHARDS];
};

struct mt_cache *
mt_cache_new(struct mt_resolver *resolver, const struct mt_cache_options *options)
{
	struct mt_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL)
		return NULL;
	cache->no_room = mt_answer_new(MT_CAUSE_LIMIT, 0, 0);
	cache->bad_name = mt_answer_new(MT_CAUSE_BAD_NAME, 0, 0);
	if (cache->no_room == NULL || cache->bad_name == NULL) {
		mt_answer_unref(cache->no_room);
		mt_answer_unref(cache->bad_name);
		free(cache);
		return NULL;
	}
	cache->resolver = resolver;
	cache->options = *options;
	if (cache->options.now_msec == NULL)
		cache->options.now_msec = mt_now_mono_msec;
	cache->shard_entries = (options->entries + SHARDS - 1) / SHARDS;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->shards[i].lock, NULL);
	return cache;
}

static void
free_entry(struct entry *entry)
{
	mt_answer_unref(entry->answer);
	mt_answer_unref(entry->trouble);
	mt_answer_unref(entry->marked);
	free(entry);
}

void
mt_cache_free(struct mt_cache *cache)
{
	struct entry *entry, *next;

	if (cache == NULL)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		HASH_ITER(hh, cache->shards[i].table, entry, next) {
			HASH_DEL(cache->shards[i].table, entry);
			free_entry(entry);
		}
		pthread_mutex_destroy(&cache->shards[i].lock);
	}
	mt_answer_unref(cache->no_room);
	mt_answer_unref(cache->bad_name);
	free(cache);
}

/* ---- inside a shard, its lock held --------------------------------------------------- */

static void
list_remove(struct shard *shard, struct entry *entry)
{
	*(entry->older != NULL ? &entry->older->newer : &shard->oldest) = entry->newer;
	*(entry->newer != NULL ? &entry->newer->older : &shard->newest) = entry->older;
	entry->older = entry->newer = NULL;
	shard->kept--;
}

static void
list_add(struct shard *shard, struct entry *entry)
{
	entry->older = shard->newest;
	*(shard->newest != NULL ? &shard->newest->newer : &shard->oldest) = entry;
	shard->newest = entry;
	shard->kept++;
}

/* Not while it is asked about. */
static void
drop(struct shard *shard, struct entry *entry)
{
	HASH_DEL(shard->table, entry);
	free_entry(entry);
}

static void
pending_add(struct shard *shard, struct entry *entry)
{
	entry->sooner = shard->last;
	entry->later = NULL;
	*(shard->last != NULL ? &shard->last->later : &shard->first) = entry;
	shard->last = entry;
	entry->pending = true;
}

static void
pending_remove(struct shard *shard, struct entry *entry)
{
	if (!entry->pending)
		return;
	*(entry->sooner != NULL ? &entry->sooner->later : &shard->first) = entry->later;
	*(entry->later != NULL ? &entry->later->sooner : &shard->last) = entry->sooner;
	entry->pending = false;
}

/* The key is all bytes from `type` to the end of the name. */
static size_t
key_len(size_t name_len)
{
	return sizeof(uint16_t) + sizeof(uint8_t) + name_len;
}

static struct entry *
new_entry(struct mt_cache *cache, unsigned shard, const char *name, size_t len, enum mt_rrtype type)
{
	struct entry *entry = calloc(1, sizeof *entry + len + 1);

	if (entry == NULL)
		return NULL;
	entry->cache = cache;
	entry->shard = shard;
	entry->type = (uint16_t)type;
	entry->len = (uint8_t)len;
	memcpy(entry->name, name, len);
	HASH_ADD(hh, cache->shards[shard].table, type, key_len(len), entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return NULL;
	}
	return entry;
}

static bool
is_answer(const struct mt_answer *answer)
{
	return answer->cause == MT_CAUSE_NONE || mt_cause_nothing(answer->cause);
}

/* How long an answer may be kept, in milliseconds; RFC 2308 for "nothing there". */
static int64_t
keep_msec(const struct mt_cache *cache, const struct mt_answer *answer)
{
	uint32_t ttl = answer->ttl_sec < cache->options.max_ttl_sec ? answer->ttl_sec : cache->options.max_ttl_sec;

	if (mt_cause_nothing(answer->cause) && ttl > cache->options.negative_ttl_sec)
		ttl = cache->options.negative_ttl_sec;
	return cache->shard_entries == 0 ? 0 : (int64_t)ttl * 1000;
}

/* How long the n-th trouble in a row is remembered: a second, and twice as long each time
 * (RFC 9520, 3.2), so that no domain pays much for one time-out.  That no server could be
 * reached says nothing of the name, and our own bounds and the breaker less. */
static int64_t
trouble_msec(const struct mt_cache *cache, enum mt_cause cause, unsigned n)
{
	uint32_t most = cache->shard_entries == 0 ? 0 : cache->options.failure_ttl_sec, sec = 1;

	switch (cause) {
	case MT_CAUSE_TIMEOUT:
	case MT_CAUSE_SERVFAIL:
	case MT_CAUSE_REFUSED:
	case MT_CAUSE_GARBAGE:
		while (--n > 0 && sec < most)
			sec *= 2;
		break;
	case MT_CAUSE_NETWORK:
		break;
	default:
		return 0;
	}
	return (int64_t)(sec < most ? sec : most) * 1000;
}

/* The answer that is out of date, marked with why there is no newer one (a reference);
 * NULL: there is none that may be given. */
static struct mt_answer *
stale_now(struct shard *shard, struct entry *entry, enum mt_cause why, int64_t now)
{
	struct mt_cache *cache = entry->cache;

	if (entry->answer == NULL || now >= entry->expires_msec + (int64_t)cache->options.stale_sec * 1000)
		return NULL;
	if (entry->marked == NULL || entry->marked->stale != why) {
		mt_answer_unref(entry->marked);
		entry->marked = mt_answer_stale(entry->answer, why);
	}
	if (entry->marked != NULL)
		shard->stale++;
	return mt_answer_ref(entry->marked);
}

/* What may be given without a new question (a reference), or NULL. */
static struct mt_answer *
give_now(struct shard *shard, struct entry *entry, int64_t now)
{
	struct mt_answer *stale;

	if (entry->answer != NULL && now < entry->expires_msec)
		return mt_answer_ref(entry->answer);
	if (entry->trouble != NULL && now < entry->again_msec) {
		stale = stale_now(shard, entry, entry->trouble->cause, now);
		return stale != NULL ? stale : mt_answer_ref(entry->trouble);
	}
	if (entry->asking && now - entry->asked_msec >= entry->cache->options.wait_msec)
		return stale_now(shard, entry, MT_CAUSE_DEADLINE, now);
	return NULL;
}

/* Takes in an answer of DNS, or trouble with it. */
static void
take_in(struct entry *entry, struct mt_answer *answer, int64_t now)
{
	mt_answer_unref(entry->trouble);
	entry->trouble = NULL;
	if (!is_answer(answer)) {
		if (now - entry->again_msec > FORGET_MSEC)
			entry->failures = 0;
		if (trouble_msec(entry->cache, answer->cause, 1) == 0)
			return;
		entry->again_msec = now + trouble_msec(entry->cache, answer->cause, ++entry->failures);
		entry->trouble = mt_answer_ref(answer);
		return;
	}
	mt_answer_unref(entry->answer);
	mt_answer_unref(entry->marked);
	entry->marked = NULL;
	entry->failures = 0;
	entry->expires_msec = now + keep_msec(entry->cache, answer);
	entry->answer = entry->expires_msec > now ? mt_answer_ref(answer) : NULL;
}

/* A question has ended: its entry joins those that are kept, if it holds anything. */
static void
settle(struct mt_cache *cache, struct shard *shard, struct entry *entry)
{
	entry->asking = false;
	pending_remove(shard, entry);
	if (entry->answer == NULL && entry->trouble == NULL) {
		drop(shard, entry);
		return;
	}
	list_add(shard, entry);
	while (shard->kept > cache->shard_entries) {
		struct entry *oldest = shard->oldest;

		list_remove(shard, oldest);
		drop(shard, oldest);
	}
}

/* ---- from outside ------------------------------------------------------------------------ */

static void
tell(struct waiter *waiters, struct mt_answer *answer)
{
	struct waiter *next;

	for (; waiters != NULL; waiters = next) {
		next = waiters->next;
		waiters->done(waiters->ctx, mt_answer_ref(answer));
		free(waiters);
	}
}

static struct waiter *
take_waiters(struct entry *entry)
{
	struct waiter *waiters = entry->waiters;

	entry->waiters = NULL;
	return waiters;
}

/* The resolver's answer: kept, and told to all that wait. */
static void
answered(void *ctx, struct mt_answer *answer)
{
	struct entry *entry = ctx;
	struct mt_cache *cache = entry->cache;
	struct shard *shard = &cache->shards[entry->shard];
	struct mt_answer *stale = NULL;
	struct waiter *waiters;
	int64_t now = cache->options.now_msec();

	if (answer == NULL)
		answer = mt_answer_ref(cache->no_room);
	pthread_mutex_lock(&shard->lock);
	waiters = take_waiters(entry);
	/* Trouble is no news where a late answer has come in between. */
	if (is_answer(answer) || entry->answer == NULL || now >= entry->expires_msec)
		take_in(entry, answer, now);
	if (!is_answer(answer) && waiters != NULL)
		stale = stale_now(shard, entry, answer->cause, now);
	settle(cache, shard, entry);
	pthread_mutex_unlock(&shard->lock);
	tell(waiters, stale != NULL ? stale : answer);
	mt_answer_unref(stale);
	mt_answer_unref(answer);
}

/* Laid out as at the end of struct entry: without holes. */
struct key {
	uint16_t type;
	uint8_t len;
	char name[MT_NAME_TEXT];
};

static void
key_set(struct key *key, const char *name, size_t len, enum mt_rrtype type)
{
	key->type = (uint16_t)type;
	key->len = (uint8_t)len;
	memcpy(key->name, name, len);
}

static struct entry *
find(struct shard *shard, const struct key *key)
{
	struct entry *entry;

	HASH_FIND(hh, shard->table, &key->type, key_len(key->len), entry);
	return entry;
}

/* A question is to be made: the entry is not dropped before it has ended. */
static void
begin(struct shard *shard, struct entry *entry, bool is_new, int64_t now)
{
	shard->misses++;
	if (!is_new)
		list_remove(shard, entry);
	entry->asking = true;
	entry->asked_msec = now;
	if (entry->answer != NULL && entry->cache->options.stale_sec > 0)
		pending_add(shard, entry);
}

/* Finds an answer that may be given, or joins or makes a question.  Returns the answer
 * (a reference) or NULL; *ask is set to the entry to be asked for, if this call is the
 * one to do it, and *error when there is no memory. */
static struct mt_answer *
look_up(struct mt_cache *cache, unsigned n, const struct key *key, struct waiter *waiter, struct entry **ask,
    bool *error)
{
	struct shard *shard = &cache->shards[n];
	int64_t now = cache->options.now_msec();
	struct mt_answer *answer = NULL;
	struct entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	if (entry != NULL)
		answer = give_now(shard, entry, now);
	if (answer != NULL) {
		shard->hits++;
		if (!entry->asking) {
			list_remove(shard, entry);
			list_add(shard, entry);
		}
	} else if (entry != NULL && entry->asking) {
		shard->joined++;
	} else {
		bool is_new = entry == NULL;

		if (is_new)
			entry = new_entry(cache, n, key->name, key->len, (enum mt_rrtype)key->type);
		*error = entry == NULL;
		*ask = entry;
		if (entry != NULL)
			begin(shard, entry, is_new, now);
	}
	if (answer == NULL && entry != NULL) {
		waiter->next = entry->waiters;
		entry->waiters = waiter;
	}
	pthread_mutex_unlock(&shard->lock);
	return answer;
}

/* FNV-1a, spread over the shards. */
static unsigned
shard_of(const char *name, size_t len, enum mt_rrtype type)
{
	uint32_t hash = 2166136261u ^ (uint32_t)type;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return (hash ^ hash >> 16) % SHARDS;
}

void
mt_cache_ask(struct mt_cache *cache, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct waiter *waiter;
	struct mt_answer *answer;
	struct entry *ask = NULL;
	struct key key;
	char normal[MT_NAME_TEXT];
	bool error = false;

	if (!mt_name_normal(mt_span_text(name), normal)) {
		done(ctx, mt_answer_ref(cache->bad_name));
		return;
	}
	waiter = malloc(sizeof *waiter);
	if (waiter == NULL) {
		done(ctx, mt_answer_ref(cache->no_room));
		return;
	}
	*waiter = (struct waiter){ .done = done, .ctx = ctx };
	key_set(&key, normal, strlen(normal), type);
	answer = look_up(cache, shard_of(normal, key.len, type), &key, waiter, &ask, &error);
	if (ask != NULL)
		cache->resolver->ask(cache->resolver, normal, type, answered, ask);
	if (answer == NULL && !error)
		return;
	free(waiter);
	done(ctx, answer != NULL ? answer : mt_answer_ref(cache->no_room));
}

void
mt_cache_late(struct mt_cache *cache, const char *name, enum mt_rrtype type, struct mt_answer *answer)
{
	int64_t now = cache->options.now_msec();
	struct waiter *waiters = NULL;
	struct entry *entry;
	struct shard *shard;
	struct key key;
	char normal[MT_NAME_TEXT];
	unsigned n;

	if (!mt_name_normal(mt_span_text(name), normal) || !is_answer(answer)) {
		mt_answer_unref(answer);
		return;
	}
	key_set(&key, normal, strlen(normal), type);
	n = shard_of(normal, key.len, type);
	shard = &cache->shards[n];
	pthread_mutex_lock(&shard->lock);
	entry = find(shard, &key);
	if (entry == NULL && (entry = new_entry(cache, n, normal, key.len, type)) != NULL) {
		take_in(entry, answer, now);
		settle(cache, shard, entry);
	} else if (entry != NULL) {
		take_in(entry, answer, now);
		pending_remove(shard, entry);
		waiters = take_waiters(entry);
	}
	pthread_mutex_unlock(&shard->lock);
	tell(waiters, answer);
	mt_answer_unref(answer);
}

/* The first of a shard that has waited long enough; *stale is what it is to be told. */
static struct waiter *
take_overdue(struct mt_cache *cache, struct shard *shard, int64_t now, struct mt_answer **stale)
{
	struct waiter *waiters = NULL;

	*stale = NULL;
	pthread_mutex_lock(&shard->lock);
	while (waiters == NULL && shard->first != NULL && now - shard->first->asked_msec >= cache->options.wait_msec) {
		struct entry *entry = shard->first;

		pending_remove(shard, entry);
		*stale = entry->waiters == NULL ? NULL : stale_now(shard, entry, MT_CAUSE_DEADLINE, now);
		if (*stale != NULL)
			waiters = take_waiters(entry);
	}
	pthread_mutex_unlock(&shard->lock);
	return waiters;
}

void
mt_cache_tick(struct mt_cache *cache)
{
	int64_t now = cache->options.now_msec();

	for (unsigned i = 0; i < SHARDS; i++) {
		struct waiter *waiters;
		struct mt_answer *stale;

		while ((waiters = take_overdue(cache, &cache->shards[i], now, &stale)) != NULL) {
			tell(waiters, stale);
			mt_answer_unref(stale);
		}
	}
}

struct mt_cache_counts
mt_cache_counts(struct mt_cache *cache)
{
	struct mt_cache_counts counts = { 0 };

	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_lock(&shard->lock);
		counts.hits += shard->hits;
		counts.misses += shard->misses;
		counts.joined += shard->joined;
		counts.stale += shard->stale;
		counts.entries += shard->kept;
		pthread_mutex_unlock(&shard->lock);
	}
	return counts;
}
