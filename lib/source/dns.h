/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions of DNS over the network: one thread that owns a c-ares channel. */
#ifndef MT_SOURCE_DNS_H
#define MT_SOURCE_DNS_H

#include "lib/core/answer.h"
#include "lib/source/servers.h"

struct mt_dns_options {
	const struct mt_span *servers;	/* "192.0.2.1", "127.0.0.1:5353", "[::1]:53" */
	size_t nservers;		/* 0: those of resolv.conf(5) */
	unsigned timeout_msec;		/* of one try, doubled in each round */
	unsigned tries;			/* rounds: in each every server is asked once */
	unsigned deadline_msec;		/* of a question in all */
	unsigned queue;			/* questions under way; more end as MT_CAUSE_LIMIT, and
					 * the last tenth of them is for PTR alone */
	unsigned breaker;		/* questions in a row, with nothing at all answered, that
					 * open it; 0: never */
	unsigned negative_ttl_sec;	/* of a negative answer at the most */
	bool trusted;			/* keep the AD bit */
};

/* Starts the thread.  say is told, once each, of trouble worth a log line (may be NULL).
 * The resolver asks the root now and then of a server that fails, to learn when it is back.
 * NULL and *error on failure (MT_EINVAL: a server that is no address). */
struct mt_resolver *mt_dns_open(const struct mt_dns_options *options,
    void (*say)(void *ctx, int priority, const char *line), void *ctx, int *error);

/* What the resolver does for whoever keeps its answers; each may be NULL, and runs on the
 * resolver's thread.  To be set before the first question. */
struct mt_dns_hooks {
	/* Takes over the answer to a question that was ended without one some time ago. */
	void (*late)(void *ctx, const char *name, enum mt_rrtype type, struct mt_answer *answer);
	/* Comes several times a second while questions are under way. */
	void (*tick)(void *ctx);
	/* Comes every MT_DNS_VISIT_MSEC, whether anything is asked or not. */
	void (*visit)(void *ctx);
	void *ctx;
};
#define MT_DNS_VISIT_MSEC 10000
void mt_dns_hook(struct mt_resolver *resolver, const struct mt_dns_hooks *hooks);

struct mt_dns_server_counts {
	char text[MT_SERVER_TEXT];
	enum mt_server_state state;
	uint64_t sent;			/* tries, probes among them */
	uint64_t answered;		/* with records, or that there are none */
	uint64_t timeout, servfail, refused, garbage, network;
};
struct mt_dns_counts {
	uint64_t ended[MT_CAUSES];	/* questions, by what came of them; [0]: records */
	uint64_t late;			/* answers to questions that had been given up */
	uint64_t tcp, probes;		/* tries over TCP; questions of our own */
	unsigned waiting;		/* questions under way */
	bool breaker_open;
	size_t nservers;
	struct mt_dns_server_counts server[MT_SERVERS];
};
/* Any thread.  The resolver must be one of mt_dns_open(). */
void mt_dns_counts(struct mt_resolver *resolver, struct mt_dns_counts *counts);

#endif
