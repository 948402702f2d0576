/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how answers wait to be read; knows nothing of what they say. */
#include "lib/engine/inbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct mt_inbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	unsigned refs;
	unsigned expected;
	struct mt_letter *first, **end;
};

struct mt_inbox *
mt_inbox_new(void)
{
	struct mt_inbox *inbox = calloc(1, sizeof *inbox);
	pthread_condattr_t attr;

	if (inbox == NULL)
		return NULL;
	inbox->refs = 1;
	inbox->end = &inbox->first;
	pthread_mutex_init(&inbox->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&inbox->arrived, &attr);
	pthread_condattr_destroy(&attr);
	return inbox;
}

struct mt_inbox *
mt_inbox_ref(struct mt_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->refs++;
	pthread_mutex_unlock(&inbox->lock);
	return inbox;
}

void
mt_inbox_unref(struct mt_inbox *inbox)
{
	unsigned left;

	if (inbox == NULL)
		return;
	pthread_mutex_lock(&inbox->lock);
	left = --inbox->refs;
	pthread_mutex_unlock(&inbox->lock);
	if (left > 0)
		return;
	while (inbox->first != NULL) {
		struct mt_letter *next = inbox->first->next;

		mt_letter_free(inbox->first);
		inbox->first = next;
	}
	pthread_cond_destroy(&inbox->arrived);
	pthread_mutex_destroy(&inbox->lock);
	free(inbox);
}

void
mt_inbox_expect(struct mt_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->expected++;
	pthread_mutex_unlock(&inbox->lock);
}

void
mt_inbox_cancel(struct mt_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->expected--;
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

/* Takes over a letter, NULL where there was no memory for it. */
static void
deliver(struct mt_inbox *inbox, struct mt_letter *letter)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->expected--;
	if (letter != NULL) {
		*inbox->end = letter;
		inbox->end = &letter->next;
	}
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

void
mt_inbox_post(struct mt_inbox *inbox, unsigned what, unsigned index, struct mt_answer *answer)
{
	struct mt_letter *letter = malloc(sizeof *letter);

	if (letter != NULL)
		*letter = (struct mt_letter){ .what = what, .index = index, .answer = answer };
	else
		mt_answer_unref(answer);	/* the question ends at its deadline */
	deliver(inbox, letter);
}

void
mt_inbox_post_history(struct mt_inbox *inbox, unsigned what, const struct mt_history *history)
{
	struct mt_letter *letter = malloc(sizeof *letter);
	struct mt_history *copy = malloc(sizeof *copy);

	if (copy != NULL)
		*copy = *history;
	if (letter != NULL)
		*letter = (struct mt_letter){ .what = what, .history = copy };
	else
		free(copy);
	deliver(inbox, letter);
}

struct mt_letter *
mt_inbox_take(struct mt_inbox *inbox)
{
	struct mt_letter *letters;

	pthread_mutex_lock(&inbox->lock);
	letters = inbox->first;
	inbox->first = NULL;
	inbox->end = &inbox->first;
	pthread_mutex_unlock(&inbox->lock);
	return letters;
}

void
mt_letter_free(struct mt_letter *letter)
{
	if (letter == NULL)
		return;
	mt_answer_unref(letter->answer);
	free(letter->history);
	free(letter);
}

bool
mt_inbox_wait(struct mt_inbox *inbox, int64_t deadline_msec)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_msec / 1000),
		.tv_nsec = (long)(deadline_msec % 1000) * 1000000 };
	bool more;
	int error = 0;

	pthread_mutex_lock(&inbox->lock);
	while (inbox->first == NULL && inbox->expected > 0 && error == 0)
		error = pthread_cond_timedwait(&inbox->arrived, &inbox->lock, &until);
	more = inbox->first != NULL;
	pthread_mutex_unlock(&inbox->lock);
	return more;
}

unsigned
mt_inbox_expected(struct mt_inbox *inbox)
{
	unsigned expected;

	pthread_mutex_lock(&inbox->lock);
	expected = inbox->expected;
	pthread_mutex_unlock(&inbox->lock);
	return expected;
}
