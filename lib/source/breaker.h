/* SPDX-License-Identifier: BSD-2-Clause */
/* When to stop asking name servers that do not answer, and when to try again. */
#ifndef MT_SOURCE_BREAKER_H
#define MT_SOURCE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define MT_BREAKER_ZONES 4		/* must be silent, where no more is known */
#define MT_BREAKER_FIRST_MSEC 1000	/* from opening to the first question that passes */
#define MT_BREAKER_MOST_MSEC 5000	/* between later ones */

/* One thread at a time; times are monotonic milliseconds.  Begins as {.limit = N}. */
struct mt_breaker {
	uint64_t answers;		/* so far */
	unsigned limit;			/* failures in a row that open it; 0: never opens */
	unsigned failures;
	unsigned nzones;
	uint32_t zones[MT_BREAKER_ZONES];	/* distinct ones among the failures */
	bool silent;			/* no server answers a probe */
	bool open;
	bool open_silent;		/* that was why */
	int64_t probe_msec;		/* when the next question may pass */
	int64_t pause_msec;
};

/* Stands for the zone that a name may lie in: its last two labels; for reverse names
 * those of 16 bits of an IPv4 address and of 32 bits of an IPv6 address. */
uint32_t mt_breaker_zone(const char *name);

/* Whether a question may be asked now.  While open: none if no server answers probes,
 * which then close it; else one now and then, which is the probe. */
bool mt_breaker_pass(struct mt_breaker *breaker, int64_t now_msec);
/* To be taken when a question is asked, and shown when it fails. */
uint64_t mt_breaker_mark(const struct mt_breaker *breaker);
/* A question had no answer.  It counts only if no other question had one since its mark:
 * a zone that is silent while the servers speak is no sign that they are dead.  For the
 * same reason failures of few zones open it only if the servers leave probes, too,
 * without an answer.  true: it opened just now. */
bool mt_breaker_failed(struct mt_breaker *breaker, uint64_t mark, uint32_t zone, int64_t now_msec);
/* No server answers probes.  true: it opened just now. */
bool mt_breaker_silent(struct mt_breaker *breaker, int64_t now_msec);
/* A probe was answered.  true: it closed just now. */
bool mt_breaker_heard(struct mt_breaker *breaker);
/* A question was answered, whatever the answer said.  true: it closed just now. */
bool mt_breaker_answered(struct mt_breaker *breaker);

#endif
