/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions of DNS over the network: one thread that owns a c-ares channel. */
#ifndef MT_SOURCE_DNS_H
#define MT_SOURCE_DNS_H

#include "lib/mailtrace.h"

struct mt_dns_options {
	const struct mt_span *servers;	/* "192.0.2.1", "127.0.0.1:5353", "[::1]:53" */
	size_t nservers;		/* 0: those of resolv.conf(5) */
	unsigned timeout_msec;		/* of one try */
	unsigned tries;
	unsigned deadline_msec;		/* of a question in all */
	unsigned queue;			/* questions under way; more end as MT_CAUSE_LIMIT, and
					 * the last tenth of them is for PTR alone */
	unsigned breaker;		/* time-outs in a row, while nothing at all is answered,
					 * that open it; 0: never */
	unsigned negative_ttl_sec;	/* of a negative answer at the most */
	bool trusted;			/* keep the AD bit */
};

/* Starts the thread.  say is told, once each, of trouble worth a log line (may be NULL).
 * NULL and *error on failure (MT_EINVAL: a server that is no address). */
struct mt_resolver *mt_dns_open(const struct mt_dns_options *options,
    void (*say)(void *ctx, int priority, const char *line), void *ctx, int *error);

#endif
