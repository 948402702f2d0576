/* SPDX-License-Identifier: BSD-2-Clause */
/* What the running daemon is: its settings, its engine, its counters. */
#ifndef MT_MILTER_DAEMON_H
#define MT_MILTER_DAEMON_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lib/mailtrace.h"
#include "milter/socket.h"

/* The command line.  Strings live as long as the process. */
struct mt_options {
	const char *config_path;
	const char **overrides;		/* "section.key=value" */
	size_t noverrides;
	const char *pidfile;		/* NULL: none */
	const char *user;		/* NULL: as configured */
	const char *answers;		/* NULL: DNS */
	int64_t now_msec;		/* a clock that stands still, Unix milliseconds; 0: the real one */
	bool foreground;
	bool verbose;
};

/* Keys of words are numbers, in the order in which the manual gives the words:
 * milter.no-reply; on-deadline, on-internal-error, on-overload; log.to. */
enum mt_no_reply_wish { MT_WISH_AUTO, MT_WISH_ALWAYS, MT_WISH_NEVER };
enum mt_fall { MT_FALL_ACCEPT, MT_FALL_TEMPFAIL };
enum mt_log_wish { MT_WISH_LOG_AUTO, MT_WISH_SYSLOG, MT_WISH_STDERR };

enum mt_counter {
	MT_COUNT_SESSIONS, MT_COUNT_MESSAGES, MT_COUNT_ACCEPTED, MT_COUNT_TAGGED, MT_COUNT_QUARANTINED,
	MT_COUNT_TEMPFAILED, MT_COUNT_REJECTED, MT_COUNT_RECIPIENTS_REFUSED, MT_COUNT_ABORTED,
	MT_COUNT_TURNED_AWAY, MT_COUNT_INTERNAL_ERRORS, MT_COUNT_RELOADS, MT_COUNTERS
};

/* Settings that a callback needs where there is no connection yet; renewed by a reload. */
struct mt_gate {
	atomic_int mode;		/* enum mt_mode */
	atomic_int no_reply;		/* enum mt_no_reply_wish */
	atomic_bool tempfail_overload, tempfail_error;
	atomic_bool body;		/* signatures are verified: the body is to be sent */
	atomic_uint most_sessions;
	atomic_llong drain_msec;
};

struct mt_daemon {
	const struct mt_options *options;
	struct mt_engine *engine;
	struct mt_socket socket;
	char *started_socket;		/* milter.socket as it was at start */
	atomic_bool use_syslog;		/* from when it has started; threads that log may be there before */
	bool journal;			/* stderr is read by systemd: lines carry <priority> */
	int least_priority;		/* syslog(3) priorities above it are not written */
	unsigned file_limit;		/* RLIMIT_NOFILE */
	unsigned most_open;		/* descriptors that connections may take: their numbers are below */
	atomic_bool full;		/* new connections wait */
	int pidfile;			/* its descriptor, which holds the lock on it; -1: none */

	struct mt_gate gate;
	atomic_bool postfix_seen;	/* a peer of this daemon called itself Postfix */
	atomic_uint open;		/* sessions now */
	atomic_ullong counters[MT_COUNTERS];
	atomic_llong said_overload_msec, said_error_msec, said_full_msec;
};

/* Runs the daemon until it is told to stop; returns an exit status of sysexits.h when it
 * cannot start. */
int mt_daemon_run(struct mt_daemon *daemon, struct mt_config *config, const struct mt_options *options);

/* Reads the configuration anew; a bad one keeps the old and is told in the log. */
void mt_daemon_reload(struct mt_daemon *daemon);

/* Ends the process: the socket file and the pid file go, the log is flushed.  Does not
 * wait for libmilter, which would take up to five seconds. */
_Noreturn void mt_daemon_exit(struct mt_daemon *daemon, int status);

/* One line to the log; any thread.  priority as of syslog(3). */
void mt_daemon_say(struct mt_daemon *daemon, int priority, const char *line);
void mt_daemon_log(struct mt_daemon *daemon, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether a minute has passed since *said_msec; then notes the time. */
bool mt_daemon_may_say(atomic_llong *said_msec);
/* Counters to the log. */
void mt_daemon_report(struct mt_daemon *daemon);

static inline void
mt_daemon_count(struct mt_daemon *daemon, enum mt_counter counter)
{
	atomic_fetch_add_explicit(&daemon->counters[counter], 1, memory_order_relaxed);
}

#endif
