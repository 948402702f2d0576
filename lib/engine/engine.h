/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engine share: engine.c, conn.c, message.c and others. */
#ifndef MT_ENGINE_ENGINE_H
#define MT_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/config/config.h"
#include "lib/core/trace.h"
#include "lib/engine/ahead.h"
#include "lib/engine/asked.h"
#include "lib/engine/cache.h"
#include "lib/engine/inbox.h"
#include "lib/engine/selectors.h"
#include "lib/engine/sources.h"

/* Resolver and cache: kept over a reload that does not touch the settings of DNS. */
struct mt_lookup {
	atomic_uint refs;
	struct mt_resolver *resolver;
	struct mt_cache *cache;
	struct mt_engine *engine;	/* outlives it */
	bool given;			/* the resolver came from the caller */
};

struct mt_engine {
	struct mt_ports ports;
	pthread_mutex_t lock;		/* of the three pointers below */
	struct mt_config *config;
	struct mt_lookup *lookup;
	struct mt_sources *sources;
	struct mt_selectors *selectors;
	atomic_ullong conns, messages, waited, late, actions[MT_ACTIONS];
};

/* Questions of one connection: what a letter is about. */
enum mt_what { MT_WHAT_PTR, MT_WHAT_FORWARD, MT_WHAT_HELO_A, MT_WHAT_HELO_AAAA, MT_WHAT_ASKED, MT_WHAT_HISTORY };

struct mt_conn {
	struct mt_engine *engine;
	struct mt_config *config;
	const struct mt_trace_settings *settings;	/* of the listener; the configuration's */
	struct mt_lookup *lookup;
	struct mt_sources *sources;
	struct mt_inbox *inbox;
	struct mt_budget *budget;	/* of the message that is open */
	struct mt_arena arena;
	struct mt_peer peer;
	unsigned helo_count;		/* which asking about a HELO name an answer belongs to */
	unsigned helo_given;		/* names that were given */
	unsigned helo_asked;		/* names that were asked about */
	struct mt_history history;
	unsigned messages;		/* begun */
	unsigned renewals;		/* how often trouble was asked about once more */
	int64_t renewed_msec;		/* when it last was, on the monotonic clock */
	struct mt_asked *asked;		/* all that are open */
	struct mt_asked own;		/* what is asked for every message of the connection */
	enum mt_result *zones;		/* the lists' health when it began; NULL: not known */
	unsigned serial;		/* of the last one */
	bool idle;			/* mode off: nothing is asked, added or logged */
};

int64_t mt_engine_wall_msec(struct mt_engine *engine);
void mt_engine_say(struct mt_engine *engine, int priority, const char *line);
struct mt_lookup *mt_lookup_ref(struct mt_lookup *lookup);
void mt_lookup_unref(struct mt_lookup *lookup);
bool mt_conn_settled(const struct mt_conn *conn);
/* Another message begins on it: asks what was seen of the client, anew, and what about the
 * client ended in trouble; until an answer is applied it is unknown. */
void mt_conn_renew(struct mt_conn *conn);
/* Asks DNS; the answer comes as a letter MT_WHAT_ASKED with this index. */
void mt_conn_ask(struct mt_conn *conn, const char *name, enum mt_rrtype type, unsigned index);
/* Reads what has come in into conn->peer and the open struct mt_asked. */
void mt_conn_apply(struct mt_conn *conn);

#endif
