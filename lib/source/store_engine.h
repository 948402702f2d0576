/* SPDX-License-Identifier: BSD-2-Clause */
/* What keeps histories: a file, a server.  Its calls block, and come from one thread. */
#ifndef MT_SOURCE_STORE_ENGINE_H
#define MT_SOURCE_STORE_ENGINE_H

#include "lib/source/store.h"

#define MT_STORE_WHY 200

/* 4 bytes of an IPv4 address, or the first 8 of IPv6. */
struct mt_store_key {
	uint8_t len, bytes[8];
};

struct mt_store_item {
	struct mt_store_key key;
	uint8_t class;			/* enum mt_store_class */
	uint32_t asn;			/* 0: none */
	uint64_t sender;		/* a hash, 63 bits; 0: none */
	int64_t at_sec;
};

/* Each call says whether it was done; if not, why holds the reason.  The counts of a
 * history are summed, its result is not set; its cause is, where more was known once. */
struct mt_store_engine {
	bool (*read)(struct mt_store_engine *self, const struct mt_store_key *key, int64_t now_sec,
	    struct mt_history *history);
	/* All items or none. */
	bool (*write)(struct mt_store_engine *self, const struct mt_store_item *items, size_t count);
	/* Ages and bounds; *more: there is more to do at once. */
	bool (*tidy)(struct mt_store_engine *self, int64_t now_sec, bool *more);
	void (*close)(struct mt_store_engine *self);
	char why[MT_STORE_WHY];
};

/* Both open lazily and anew after trouble.  The options' texts must live as long.  NULL: no
 * memory, or (said) not in this build. */
struct mt_store_engine *mt_store_sqlite_open(const struct mt_store_options *options);
struct mt_store_engine *mt_store_redis_open(const struct mt_store_options *options);

/* In which stretch of time counts are kept together. */
static inline int64_t
mt_store_period(const struct mt_store_options *options, int64_t at_sec)
{
	return at_sec / options->history_sec;
}

#endif
