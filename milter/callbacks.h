/* SPDX-License-Identifier: BSD-2-Clause */
/* What libmilter calls. */
#ifndef MT_MILTER_CALLBACKS_H
#define MT_MILTER_CALLBACKS_H

#include "milter/daemon.h"

/* Registers the callbacks with libmilter, which hands them no pointer of ours: the daemon
 * is noted here, once, before the first thread.  Returns 0 or -1. */
int mt_callbacks_register(struct mt_daemon *daemon);

/* The daemon that was registered, or NULL: for what libmilter calls without asking us. */
struct mt_daemon *mt_callbacks_daemon(void);

#endif
