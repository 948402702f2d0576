/* SPDX-License-Identifier: BSD-2-Clause */
/* Where answers arrive for the thread that runs a connection's callbacks.  Counted: an
 * answer that comes late finds its inbox alive and is dropped with it. */
#ifndef MT_ENGINE_INBOX_H
#define MT_ENGINE_INBOX_H

#include "lib/core/answer.h"

struct mt_inbox;

struct mt_letter {
	struct mt_letter *next;
	unsigned what;			/* the engine's: which question it answers */
	unsigned index;
	/* Owned by whoever holds the letter: one of the two, or none where memory was short. */
	struct mt_answer *answer;
	struct mt_history *history;
};

struct mt_inbox *mt_inbox_new(void);
struct mt_inbox *mt_inbox_ref(struct mt_inbox *inbox);
void mt_inbox_unref(struct mt_inbox *inbox);
/* One more answer is to come. */
void mt_inbox_expect(struct mt_inbox *inbox);
/* An answer that was expected will not come after all. */
void mt_inbox_cancel(struct mt_inbox *inbox);
/* Brings an answer (takes over its reference) and counts it off. */
void mt_inbox_post(struct mt_inbox *inbox, unsigned what, unsigned index, struct mt_answer *answer);
/* The same with what is known of a client, which is copied. */
void mt_inbox_post_history(struct mt_inbox *inbox, unsigned what, const struct mt_history *history);
/* All letters in the order in which they came, or NULL; the caller frees each by
 * mt_letter_free(). */
struct mt_letter *mt_inbox_take(struct mt_inbox *inbox);
void mt_letter_free(struct mt_letter *letter);
/* Waits until a letter is there, nothing more is expected, or the deadline (monotonic
 * milliseconds) has passed.  Returns whether a letter is there. */
bool mt_inbox_wait(struct mt_inbox *inbox, int64_t deadline_msec);
/* Answers still expected. */
unsigned mt_inbox_expected(struct mt_inbox *inbox);

#endif
