/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/engine/inbox.h"

#include <pthread.h>
#include <time.h>

#include "tests/unit/tap.h"

#define LETTERS 2000

static void
nap_msec(long msec)
{
	nanosleep(&(struct timespec){ .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000 }, NULL);
}

static void *
sender(void *ctx)
{
	for (unsigned i = 0; i < LETTERS; i++)
		mt_inbox_post(ctx, 1, i, mt_answer_new(MT_CAUSE_NONE, 0, 0));
	mt_inbox_unref(ctx);
	return NULL;
}

static void *
late(void *ctx)
{
	nap_msec(50);
	mt_inbox_post(ctx, 2, 0, mt_answer_new(MT_CAUSE_NONE, 0, 0));
	mt_inbox_unref(ctx);
	return NULL;
}

static unsigned
drain(struct mt_inbox *inbox, bool *in_order)
{
	struct mt_letter *next;
	static unsigned expect;
	unsigned n = 0;

	for (struct mt_letter *letter = mt_inbox_take(inbox); letter != NULL; letter = next) {
		next = letter->next;
		*in_order = *in_order && (letter->what != 1 || letter->index == expect++);
		mt_letter_free(letter);
		n++;
	}
	return n;
}

int
main(void)
{
	struct mt_inbox *inbox = mt_inbox_new();
	int64_t began = mt_now_mono_msec();
	bool in_order = true;
	unsigned got = 0;
	pthread_t thread;

	tap_ok(!mt_inbox_wait(inbox, began + 10000) && mt_now_mono_msec() - began < 5000, "nothing expected: no wait");
	for (unsigned i = 0; i < LETTERS; i++)
		mt_inbox_expect(inbox);
	pthread_create(&thread, NULL, sender, mt_inbox_ref(inbox));
	while (mt_inbox_wait(inbox, mt_now_mono_msec() + 10000))
		got += drain(inbox, &in_order);
	pthread_join(thread, NULL);
	tap_ok(got == LETTERS && mt_inbox_expected(inbox) == 0, "every letter arrives");
	tap_ok(in_order, "in the order in which they were sent");
	mt_inbox_expect(inbox);
	began = mt_now_mono_msec();
	tap_ok(!mt_inbox_wait(inbox, began + 30) && mt_now_mono_msec() - began >= 30, "the deadline ends a wait");
	tap_ok(mt_inbox_expected(inbox) == 1, "and the answer is still expected");
	pthread_create(&thread, NULL, late, mt_inbox_ref(inbox));
	tap_ok(mt_inbox_wait(inbox, mt_now_mono_msec() + 10000), "an answer ends a wait");
	pthread_join(thread, NULL);
	mt_inbox_expect(inbox);
	mt_inbox_cancel(inbox);
	drain(inbox, &in_order);
	tap_ok(!mt_inbox_wait(inbox, mt_now_mono_msec() + 10000), "a question taken back is not waited for");
	mt_inbox_expect(inbox);
	pthread_create(&thread, NULL, late, mt_inbox_ref(inbox));
	mt_inbox_unref(inbox);
	pthread_join(thread, NULL);
	tap_ok(true, "a late answer finds its inbox alive");
	return tap_done();
}
