/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers kept for their time to live, and one question to the resolver however many ask
 * (single flight).  Any thread; locks inside; none is held across a call to the outside. */
#ifndef MT_ENGINE_CACHE_H
#define MT_ENGINE_CACHE_H

#include "lib/core/answer.h"

struct mt_cache;

struct mt_cache_options {
	size_t entries;			/* the most kept; 0: nothing is kept */
	uint32_t negative_ttl_sec, max_ttl_sec;
	uint32_t failure_ttl_sec;	/* how long trouble is remembered */
};

/* The resolver is lent, must outlive the cache and is closed before mt_cache_free(). */
struct mt_cache *mt_cache_new(struct mt_resolver *resolver, const struct mt_cache_options *options);
void mt_cache_free(struct mt_cache *cache);

/* Asks: done is called exactly once and takes over a reference; from within this call
 * when the answer is there.  name: plain text, any case. */
void mt_cache_ask(struct mt_cache *cache, const char *name, enum mt_rrtype type,
    mt_answer_fn *done, void *ctx);

struct mt_cache_counts {
	uint64_t hits, misses, joined;	/* joined: waits for a question already under way */
	size_t entries;
};
struct mt_cache_counts mt_cache_counts(struct mt_cache *cache);

#endif
