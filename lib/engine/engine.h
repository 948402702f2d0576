/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engine share: engine.c, conn.c, message.c. */
#ifndef MT_ENGINE_ENGINE_H
#define MT_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/config/config.h"
#include "lib/core/trace.h"
#include "lib/engine/cache.h"
#include "lib/engine/inbox.h"

/* Resolver and cache: kept over a reload that does not touch the settings of DNS. */
struct mt_lookup {
	atomic_uint refs;
	struct mt_resolver *resolver;
	struct mt_cache *cache;
	bool given;			/* the resolver came from the caller */
};

struct mt_engine {
	struct mt_ports ports;
	pthread_mutex_t lock;		/* of the two pointers below */
	struct mt_config *config;
	struct mt_lookup *lookup;
	atomic_ullong conns, messages, waited, late, actions[MT_ACTIONS];
};

/* Questions of one connection: what a letter is about. */
enum mt_what { MT_WHAT_PTR, MT_WHAT_FORWARD, MT_WHAT_HELO_A, MT_WHAT_HELO_AAAA };

struct mt_conn {
	struct mt_engine *engine;
	struct mt_config *config;
	struct mt_lookup *lookup;
	struct mt_inbox *inbox;
	struct mt_arena arena;
	struct mt_peer peer;
	unsigned helo_count;		/* which HELO an answer belongs to */
	unsigned helo_asked;		/* names that were asked about */
	bool idle;			/* mode off: nothing is asked, added or logged */
};

int64_t mt_engine_wall_msec(struct mt_engine *engine);
void mt_engine_say(struct mt_engine *engine, int priority, const char *line);
struct mt_lookup *mt_lookup_ref(struct mt_lookup *lookup);
void mt_lookup_unref(struct mt_lookup *lookup);
bool mt_conn_settled(const struct mt_conn *conn);
/* Reads what has come in into conn->peer. */
void mt_conn_apply(struct mt_conn *conn);

#endif
