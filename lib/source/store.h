/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of the server: what it has seen of clients before.
 *
 * A client is an IPv4 address or an IPv6 /64.  Events are taken in at once and written
 * later, by one thread; questions are answered by a callback within a budget of time,
 * whatever file or server does.  Losing it loses history, and no mail.
 */
#ifndef MT_SOURCE_STORE_H
#define MT_SOURCE_STORE_H

#include "lib/mailtrace.h"

#define MT_STORE_BUDGET_MSEC 100	/* of a question */
#define MT_STORE_WINDOW_SEC 86400	/* for which origins and senders count */
#define MT_STORE_DISTINCT 64		/* most of each that are kept for one client */
#define MT_STORE_CLOSE_MSEC 2000	/* for what is not yet written */

/* What a known client is called.  good: so many good messages over so long a time, and at
 * most one bad in ten good.  bad: so many bad ones, and no fewer than good.  Anything else
 * is neutral. */
#define MT_STORE_GOOD_LEAST 5
#define MT_STORE_GOOD_SEC 86400
#define MT_STORE_BAD_LEAST 3

enum mt_store_engine_name { MT_STORE_NONE, MT_STORE_SQLITE, MT_STORE_REDIS };
enum mt_store_class { MT_STORE_NEUTRAL, MT_STORE_GOOD, MT_STORE_BAD };

struct mt_store_options {
	enum mt_store_engine_name engine;
	const char *path;		/* of the SQLite file; for Redis of what serves while it is
					 * away ("": memory) */
	const char *redis;		/* "127.0.0.1:6379", "[::1]:6379" or the path of a socket */
	int64_t history_sec;		/* a client not seen for so long is forgotten; counts are
					 * those of one to two such times */
	int64_t size_most;		/* bytes of the file and its log */
	int64_t window_sec;		/* 0: MT_STORE_WINDOW_SEC */
	unsigned budget_msec;		/* 0: MT_STORE_BUDGET_MSEC */
	unsigned queue;			/* events not yet written, and questions; 0: 10,000 */
	unsigned cache;			/* clients kept in memory; 0: 4,096 */
	int64_t (*wall_msec)(void *ctx);	/* Unix milliseconds; NULL: the system's clock */
	void *wall_ctx;
	void (*say)(void *ctx, int priority, const char *line);	/* may be NULL */
	void *say_ctx;
};

/* A finished message. */
struct mt_store_event {
	struct mt_ip client;
	int64_t at_sec;			/* Unix seconds */
	enum mt_store_class class;
	uint32_t origin_asn;		/* behind a relay, where the message came from; 0: not known */
	struct mt_span sender;		/* organizational domain of the sender behind it; absent: none */
};

struct mt_store_counters {
	uint64_t written, dropped;	/* events */
	uint64_t waiting;		/* not yet either */
	uint64_t asked, cached, skipped;	/* questions; answered from memory; not answered */
	bool away;			/* the engine of the settings does not serve now */
};

struct mt_store;

/* lent for the call; called once for each question, from any thread, also from within ask. */
typedef void mt_store_done_fn(void *ctx, const struct mt_history *history);

/* Starts the threads; file and server are opened by them, and trouble there is told and no
 * error.  NULL with MT_OK: engine none, or (said) one that is not in this build; everything
 * below accepts NULL. */
struct mt_store *mt_store_open(const struct mt_store_options *options, int *error);
/* Writes what waits, for MT_STORE_CLOSE_MSEC at the most.  No call may be under way;
 * questions still open are answered first. */
void mt_store_close(struct mt_store *store);

/* Takes an event; at the bound of the queue it is dropped and counted.  Never waits. */
void mt_store_record(struct mt_store *store, const struct mt_store_event *event);
/* Asks what is known of a client.  No answer within the budget is MT_SKIPPED with its cause.
 * Any other word with a cause rests on a part of the memory, because the rest is away
 * (MT_CAUSE_BREAKER) or was lost (MT_CAUSE_GARBAGE); new is never said of a part.  Never
 * waits. */
void mt_store_ask(struct mt_store *store, const struct mt_ip *client, mt_store_done_fn *done, void *ctx);

struct mt_store_counters mt_store_counters(struct mt_store *store);
/* The word for the counts and times of a history, as above; new where nothing was seen. */
enum mt_result mt_store_word(const struct mt_history *history);

#endif
