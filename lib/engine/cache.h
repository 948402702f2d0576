/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers kept for their time to live, and one question to the resolver however many ask
 * (single flight).  Beyond it they are kept for a while, to be given, marked as stale,
 * while there is trouble with a newer one (RFC 8767).  Any thread; locks inside; none is
 * held across a call to the outside. */
#ifndef MT_ENGINE_CACHE_H
#define MT_ENGINE_CACHE_H

#include "lib/core/answer.h"

#define MT_CACHE_WAIT_MSEC 1800		/* for a newer answer, where there is a stale one (RFC 8767, 5) */

struct mt_cache;

struct mt_cache_options {
	size_t entries;			/* the most kept; 0: nothing is kept */
	uint32_t negative_ttl_sec, max_ttl_sec;
	uint32_t failure_ttl_sec;	/* how long trouble is remembered at the most */
	uint32_t stale_sec;		/* how long an answer is kept beyond its time; 0: not */
	uint32_t wait_msec;		/* MT_CACHE_WAIT_MSEC */
	int64_t (*now_msec)(void);	/* NULL: mt_now_mono_msec() */
};

/* The resolver is lent, must outlive the cache and is closed before mt_cache_free(). */
struct mt_cache *mt_cache_new(struct mt_resolver *resolver, const struct mt_cache_options *options);
void mt_cache_free(struct mt_cache *cache);

/* Asks: done is called exactly once and takes over a reference; from within this call
 * when the answer is there.  name: plain text, any case. */
void mt_cache_ask(struct mt_cache *cache, const char *name, enum mt_rrtype type,
    mt_answer_fn *done, void *ctx);

/* An answer that comes after its question was ended (takes over the reference): kept, and
 * told to all that have asked again. */
void mt_cache_late(struct mt_cache *cache, const char *name, enum mt_rrtype type, struct mt_answer *answer);
/* Gives stale answers to whoever has waited long enough for newer ones; to be called
 * several times a second while questions are under way. */
void mt_cache_tick(struct mt_cache *cache);

struct mt_cache_counts {
	uint64_t hits, misses, joined;	/* joined: waits for a question already under way */
	uint64_t stale;			/* given though out of date */
	size_t entries;
};
struct mt_cache_counts mt_cache_counts(struct mt_cache *cache);

#endif
