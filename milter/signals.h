/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals: one thread takes them all, by waiting; nothing runs in a handler. */
#ifndef MT_MILTER_SIGNALS_H
#define MT_MILTER_SIGNALS_H

#include "milter/daemon.h"

/* Blocks the signals of this file in the calling thread and all that it starts later; to
 * be called before the first thread. */
void mt_signals_block(void);

/* Starts the thread that takes them: HUP and USR1 reload, USR2 reports, TERM and INT drain
 * and end.  It also gives systemd its signs of life.  Returns 0 or -1. */
int mt_signals_start(struct mt_daemon *daemon);

#endif
