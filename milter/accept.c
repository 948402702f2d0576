/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what libmilter does when descriptors run out: it calls accept(2) again at once, for
 * ever, at the cost of a core.  A session that never negotiates reaches no callback, so it
 * cannot be counted there; but the kernel hands out the lowest free number (POSIX, 2.14):
 * the number that comes next says how many are taken, whoever took them.  Knows nothing of
 * what is said on a connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "milter/callbacks.h"

#define LOOK_MSEC 50			/* how often a full house looks for room */

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = LOOK_MSEC * 1000000L }, NULL);
}

/* Connections stay below most_open; what is above is for files and questions of ours. */
static bool
has_room(const struct mt_daemon *daemon)
{
	int next = fcntl(daemon->socket.fd, F_DUPFD_CLOEXEC, 0);

	if (next >= 0)
		close(next);
	return next >= 0 && (unsigned)next < daemon->most_open;
}

static void
wait_for_room(struct mt_daemon *daemon)
{
	atomic_store(&daemon->full, true);
	if (mt_daemon_may_say(&daemon->said_full_msec))
		mt_daemon_log(daemon, LOG_ERR, "%u descriptors are too few: new connections wait; raise LimitNOFILE, "
		    "or lower the number of SMTP servers", daemon->file_limit);
	do
		nap();
	while (!has_room(daemon));
	atomic_store(&daemon->full, false);
}

/* libmilter finds this one instead of the C library's, as it does sigwait() of signals.c.
 * After a wait it is told to look anew: who wanted to come in may have left, and the socket
 * may have fallen silent. */
__attribute__((visibility("default"))) int
accept(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
	struct mt_daemon *daemon = mt_callbacks_daemon();
	int taken;

	if (daemon == NULL || fd != daemon->socket.fd)
		return accept4(fd, address, len, 0);
	if (!has_room(daemon)) {
		wait_for_room(daemon);
		errno = EAGAIN;
		return -1;
	}
	taken = accept4(fd, address, len, SOCK_CLOEXEC);
	/* What the whole system lacks is no reason to spin either (accept(2), ENFILE). */
	if (taken < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		nap();
		errno = EAGAIN;
	}
	return taken;
}
