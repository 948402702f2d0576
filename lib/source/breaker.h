/* SPDX-License-Identifier: BSD-2-Clause */
/* When to stop asking name servers that do not answer, and when to try again. */
#ifndef MT_SOURCE_BREAKER_H
#define MT_SOURCE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define MT_BREAKER_FIRST_MSEC 1000	/* from opening to the first probe */
#define MT_BREAKER_MOST_MSEC 5000	/* between later ones */

/* One thread at a time; times are monotonic milliseconds.  Begins as {.limit = N}. */
struct mt_breaker {
	uint64_t answers;		/* so far */
	unsigned limit;			/* failures in a row that open it; 0: never opens */
	unsigned failures;
	bool open;
	int64_t probe_msec;		/* when the next question may pass */
	int64_t pause_msec;
};

/* Whether a question may be asked now; while open, one at a time as a probe. */
bool mt_breaker_pass(struct mt_breaker *breaker, int64_t now_msec);
/* To be taken when a question is asked, and shown when it fails. */
uint64_t mt_breaker_mark(const struct mt_breaker *breaker);
/* A question had no answer.  It counts only if no other question had one since its mark:
 * a zone that is silent while the servers speak is no sign that they are dead.  true: it
 * opened just now. */
bool mt_breaker_failed(struct mt_breaker *breaker, uint64_t mark, int64_t now_msec);
/* Something answered, whatever it said.  true: it closed just now. */
bool mt_breaker_answered(struct mt_breaker *breaker);

#endif
