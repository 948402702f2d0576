/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which signal asks for what, and how to keep libmilter from taking them: its own
 * signal thread calls sigwait(3) and stops for HUP as for TERM, which would freeze every
 * open session and reset it seconds later. */
#include "milter/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "milter/notify.h"
#include "milter/pidfile.h"

#define DRAIN_LOOK_MSEC 20		/* how often a drain looks for open sessions */
#define DRAIN_CALM_LOOKS 5		/* looks without one before the end: a session just accepted
					 * has not reached a callback yet */

/* libmilter's signal thread finds this one instead of the C library's: it never returns,
 * and all signals stay with our own thread.  A handler in its place loses signals that
 * come in a burst. */
int sigwait(const sigset_t *restrict set, int *restrict sig);
__attribute__((visibility("default"))) int
sigwait(const sigset_t *restrict set, int *restrict sig)
{
	(void)set;
	(void)sig;
	for (;;)
		pause();
}

static void
our_signals(sigset_t *set)
{
	static const int all[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		sigaddset(set, all[i]);
}

void
mt_signals_block(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	our_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);	/* a peer that went away is no reason to end */
}

/* The next signal within so many milliseconds (-1: no bound), or 0. */
static int
next_signal(int64_t msec)
{
	struct timespec bound = { .tv_sec = (time_t)(msec / 1000), .tv_nsec = (long)(msec % 1000) * 1000000L };
	sigset_t set;
	int sig;

	our_signals(&set);
	sig = msec < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &bound);
	return sig > 0 ? sig : 0;
}

/* No session that has begun is cut before its time: new ones are not taken, open ones have
 * until milter.drain, and a second signal ends it at once. */
static _Noreturn void
drain(struct mt_daemon *daemon)
{
	int64_t until = mt_now_mono_msec() + atomic_load(&daemon->gate.drain_msec);
	unsigned calm = 0, open, begun = atomic_load(&daemon->open);
	bool hurried = false, watched = mt_notify_watchdog_msec() > 0;

	mt_notify("STOPPING=1");
	mt_socket_silence(&daemon->socket);
	mt_pidfile_release(daemon->pidfile);
	if (begun > 0)
		mt_daemon_log(daemon, LOG_NOTICE, "stopping: %u sessions are open", begun);
	while (calm < DRAIN_CALM_LOOKS && !hurried && (calm > 0 || mt_now_mono_msec() < until)) {
		int sig = next_signal(DRAIN_LOOK_MSEC);

		hurried = sig == SIGTERM || sig == SIGINT;
		calm = atomic_load(&daemon->open) == 0 ? calm + 1 : 0;
		if (watched)
			mt_notify("WATCHDOG=1");
	}
	open = atomic_load(&daemon->open);
	if (open > 0)
		mt_daemon_log(daemon, LOG_WARNING, "stopped%s: %u open sessions were cut",
		    hurried ? " by a second signal" : "", open);
	else
		mt_daemon_log(daemon, LOG_NOTICE, "stopped");
	mt_daemon_exit(daemon, 0);
}

static void *
take_signals(void *arg)
{
	struct mt_daemon *daemon = arg;
	int64_t alive_msec = mt_notify_watchdog_msec();

	for (;;) {
		switch (next_signal(alive_msec > 0 ? alive_msec : -1)) {
		case SIGHUP:
		case SIGUSR1:
			mt_daemon_reload(daemon);
			break;
		case SIGUSR2:
			mt_daemon_report(daemon);
			break;
		case SIGTERM:
		case SIGINT:
			drain(daemon);
		default:
			break;
		}
		if (alive_msec > 0)
			mt_notify("WATCHDOG=1");
	}
}

int
mt_signals_start(struct mt_daemon *daemon)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, take_signals, daemon) != 0)
		return -1;
	(void)pthread_detach(thread);
	return 0;
}
