/* SPDX-License-Identifier: BSD-2-Clause */
/* What systemd wants to hear: sd_notify(3) in own lines. */
#ifndef MT_MILTER_NOTIFY_H
#define MT_MILTER_NOTIFY_H

#include <stdint.h>

/* Sends a state such as "READY=1"; nothing happens where nobody listens. */
void mt_notify(const char *state);
/* RELOADING=1 with the monotonic time that Type=notify-reload asks for. */
void mt_notify_reloading(void);
/* Milliseconds between two signs of life, half of what the unit allows; 0: none wanted. */
int64_t mt_notify_watchdog_msec(void);
/* How many sockets were handed over, from descriptor 3 on (sd_listen_fds(3)). */
unsigned mt_notify_listen_fds(void);

#endif
