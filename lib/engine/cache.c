/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how long an answer lasts and who waits for it; knows nothing of what is asked. */
#include "lib/engine/cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/name.h"

#define uthash_malloc(size) malloc(size)
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

#define SHARDS 16

struct waiter {
	struct waiter *next;
	mt_answer_fn *done;
	void *ctx;
};

/* An answer that is there, or a question under way (answer NULL). */
struct entry {
	UT_hash_handle hh;
	struct entry *older, *newer;	/* in the order of last use; only with an answer */
	struct mt_answer *answer;
	int64_t expires_msec;
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
	size_t kept;
	uint64_t hits, misses, joined;
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
	cache->shard_entries = (options->entries + SHARDS - 1) / SHARDS;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->shards[i].lock, NULL);
	return cache;
}

static void
free_entry(struct entry *entry)
{
	mt_answer_unref(entry->answer);
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

static void
drop(struct shard *shard, struct entry *entry)
{
	if (entry->answer != NULL)
		list_remove(shard, entry);
	HASH_DEL(shard->table, entry);
	free_entry(entry);
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

/* How long an answer may be kept, in seconds; RFC 2308 for "nothing there". */
static uint32_t
keep_sec(const struct mt_cache *cache, const struct mt_answer *answer)
{
	uint32_t ttl = answer->ttl_sec < cache->options.max_ttl_sec ? answer->ttl_sec : cache->options.max_ttl_sec;

	if (answer->cause == MT_CAUSE_NONE)
		return ttl;
	if (mt_cause_nothing(answer->cause))
		return ttl < cache->options.negative_ttl_sec ? ttl : cache->options.negative_ttl_sec;
	switch (answer->cause) {
	case MT_CAUSE_TIMEOUT:
	case MT_CAUSE_SERVFAIL:
	case MT_CAUSE_REFUSED:
	case MT_CAUSE_GARBAGE:
	case MT_CAUSE_NETWORK:
		return cache->options.failure_ttl_sec;
	default:
		return 0;		/* our own trouble says nothing of the name */
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

/* The resolver's answer: kept, and told to all that wait. */
static void
answered(void *ctx, struct mt_answer *answer)
{
	struct entry *entry = ctx;
	struct mt_cache *cache = entry->cache;
	struct shard *shard = &cache->shards[entry->shard];
	struct waiter *waiters;
	uint32_t sec;

	if (answer == NULL)
		answer = mt_answer_ref(cache->no_room);
	sec = keep_sec(cache, answer);
	pthread_mutex_lock(&shard->lock);
	waiters = entry->waiters;
	entry->waiters = NULL;
	if (sec == 0 || cache->shard_entries == 0) {
		drop(shard, entry);
	} else {
		entry->answer = mt_answer_ref(answer);
		entry->expires_msec = mt_now_mono_msec() + (int64_t)sec * 1000;
		list_add(shard, entry);
		while (shard->kept > cache->shard_entries)
			drop(shard, shard->oldest);
	}
	pthread_mutex_unlock(&shard->lock);
	tell(waiters, answer);
	mt_answer_unref(answer);
}

/* Finds an answer that is still good, or joins or makes a question.  Returns the answer
 * (a reference) or NULL; *ask is set to the entry to be asked for, if this call is the
 * one to do it, and *error when there is no memory. */
static struct mt_answer *
look_up(struct mt_cache *cache, unsigned n, const char *name, size_t len, enum mt_rrtype type,
    struct waiter *waiter, struct entry **ask, bool *error)
{
	struct { UT_hash_handle hh; uint16_t type; uint8_t len; char name[MT_NAME_TEXT]; } key = {
		.type = (uint16_t)type,
		.len = (uint8_t)len };
	struct shard *shard = &cache->shards[n];
	struct mt_answer *answer = NULL;
	struct entry *entry;

	memcpy(key.name, name, len);
	pthread_mutex_lock(&shard->lock);
	HASH_FIND(hh, shard->table, &key.type, key_len(len), entry);
	if (entry != NULL && entry->answer != NULL && entry->expires_msec <= mt_now_mono_msec()) {
		drop(shard, entry);
		entry = NULL;
	}
	if (entry != NULL && entry->answer != NULL) {
		shard->hits++;
		answer = mt_answer_ref(entry->answer);
		list_remove(shard, entry);
		list_add(shard, entry);
	} else if (entry != NULL) {
		shard->joined++;
	} else {
		shard->misses++;
		entry = *ask = new_entry(cache, n, name, len, type);
		*error = entry == NULL;
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
	char normal[MT_NAME_TEXT];
	bool error = false;
	size_t len;

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
	len = strlen(normal);
	answer = look_up(cache, shard_of(normal, len, type), normal, len, type, waiter, &ask, &error);
	if (ask != NULL)
		cache->resolver->ask(cache->resolver, normal, type, answered, ask);
	if (answer == NULL && !error)
		return;
	free(waiter);
	done(ctx, answer != NULL ? answer : mt_answer_ref(cache->no_room));
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
		counts.entries += shard->kept;
		pthread_mutex_unlock(&shard->lock);
	}
	return counts;
}
