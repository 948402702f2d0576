/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The questions of one connection or one message, and their answers: what core's judges ask
 * through (core/ask.h).  Belongs to the thread that runs the connection's callbacks.
 */
#ifndef MT_ENGINE_ASKED_H
#define MT_ENGINE_ASKED_H

#include "lib/core/ask.h"
#include "lib/engine/ahead.h"

#define MT_ASKED_MOST MT_BUDGET_MOST	/* questions of a message */

struct mt_conn;
struct mt_asked_entry;

struct mt_asked {
	struct mt_ask ask;		/* first: what judges are given */
	struct mt_conn *conn;
	struct mt_asked *also;		/* answers that are there already; nothing is asked in it */
	struct mt_asked *next;		/* of the connection's list */
	unsigned serial;		/* which of them a letter is for */
	unsigned most;
	bool closed;			/* nothing more will come */
	unsigned judge;			/* who asks now: a bit of the caller's */
	unsigned keep;			/* questions that he must leave for others */
	unsigned news;			/* of those whose answers came, here or in `also`; the caller clears it */
	struct mt_asked_entry *entries;
	unsigned count, room;
};

/* Makes it one of the connection's.  most: questions at the most; also: see there, or NULL. */
void mt_asked_open(struct mt_asked *asked, struct mt_conn *conn, struct mt_asked *also, unsigned most);
/* Answers that come later are dropped.  One that was never opened is left alone. */
void mt_asked_close(struct mt_asked *asked);
/* Asks once more what ended in trouble.  False: nothing did. */
bool mt_asked_renew(struct mt_asked *asked);
/* Takes in an answer (NULL: there was no memory for one) by the index of its letter. */
void mt_asked_take(struct mt_conn *conn, unsigned index, struct mt_answer *answer);

#endif
