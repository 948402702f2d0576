/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps libmilter's pool moving while a callback waits at end of message. */
#ifndef MT_MILTER_NUDGE_H
#define MT_MILTER_NUDGE_H

#include <stdatomic.h>
#include <stdbool.h>

/* Starts the thread; fd is the listening socket, of which only the address is used.  While
 * *full nobody is let in, and nobody knocks: the queue is left to those who mean it.
 * 0, or -1 with errno: then nothing is nudged, and mail goes on all the same. */
int mt_nudge_start(int fd, const atomic_bool *full);

/* Around a wait, on any thread.  Cheap: the thread sleeps while nobody waits. */
void mt_nudge_begin(void);
void mt_nudge_end(void);

#endif
