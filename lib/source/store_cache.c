/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which histories were asked for of late; knows no clock and no engine.
 *
 * A table of rows of WAYS entries: a client has its row by a hash, and takes the place of
 * the least recently used one there.  So nothing is allocated after the start. */
#include "lib/source/store_cache.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8

struct entry {
	struct mt_store_key key;	/* len 0: free */
	int64_t until_msec;
	uint64_t used;
	struct mt_history history;
};

struct mt_store_cache {
	size_t rows;
	uint64_t used;			/* counts uses: a clock of its own */
	struct entry entry[];
};

struct mt_store_cache *
mt_store_cache_new(unsigned entries)
{
	size_t rows = (entries + WAYS - 1) / WAYS;
	struct mt_store_cache *cache = calloc(1, sizeof *cache + rows * WAYS * sizeof *cache->entry);

	if (cache != NULL)
		cache->rows = rows;
	return cache;
}

void
mt_store_cache_free(struct mt_store_cache *cache)
{
	free(cache);
}

static struct entry *
row_of(struct mt_store_cache *cache, const struct mt_store_key *key)
{
	uint64_t h;

	memcpy(&h, key->bytes, sizeof key->bytes);
	h = (h + key->len) * UINT64_C(0x9e3779b97f4a7c15);
	return &cache->entry[(h >> 32) % cache->rows * WAYS];
}

static bool
is_key(const struct entry *entry, const struct mt_store_key *key)
{
	return entry->key.len == key->len && memcmp(entry->key.bytes, key->bytes, key->len) == 0;
}

static struct entry *
find(struct mt_store_cache *cache, const struct mt_store_key *key)
{
	struct entry *row = row_of(cache, key);

	for (size_t i = 0; i < WAYS; i++)
		if (is_key(&row[i], key))
			return &row[i];
	return NULL;
}

bool
mt_store_cache_get(struct mt_store_cache *cache, const struct mt_store_key *key, int64_t now_msec,
    struct mt_history *history)
{
	struct entry *entry = find(cache, key);

	if (entry == NULL || entry->until_msec <= now_msec)
		return false;
	entry->used = ++cache->used;
	*history = entry->history;
	return true;
}

void
mt_store_cache_put(struct mt_store_cache *cache, const struct mt_store_key *key, const struct mt_history *history,
    int64_t until_msec)
{
	struct entry *row = row_of(cache, key), *best = find(cache, key);

	for (size_t i = 0; best == NULL && i < WAYS; i++)
		if (row[i].key.len == 0)
			best = &row[i];
	if (best == NULL) {
		best = row;
		for (size_t i = 1; i < WAYS; i++)
			if (row[i].used < best->used)
				best = &row[i];
	}
	*best = (struct entry){ *key, until_msec, ++cache->used, *history };
}

void
mt_store_cache_drop(struct mt_store_cache *cache, const struct mt_store_key *key)
{
	struct entry *entry = find(cache, key);

	if (entry != NULL)
		*entry = (struct entry){ .until_msec = 0 };
}
