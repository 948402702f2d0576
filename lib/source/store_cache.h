/* SPDX-License-Identifier: BSD-2-Clause */
/* Histories of recent clients in memory.  The caller's lock; never more than was said. */
#ifndef MT_SOURCE_STORE_CACHE_H
#define MT_SOURCE_STORE_CACHE_H

#include "lib/source/store_engine.h"

struct mt_store_cache;

struct mt_store_cache *mt_store_cache_new(unsigned entries);
void mt_store_cache_free(struct mt_store_cache *cache);
bool mt_store_cache_get(struct mt_store_cache *cache, const struct mt_store_key *key, int64_t now_msec,
    struct mt_history *history);
/* In the place of the one of its kind that was used longest ago. */
void mt_store_cache_put(struct mt_store_cache *cache, const struct mt_store_key *key,
    const struct mt_history *history, int64_t until_msec);
void mt_store_cache_drop(struct mt_store_cache *cache, const struct mt_store_key *key);

#endif
