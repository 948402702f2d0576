/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a process becomes a daemon and stays one: settings, log, reload, end.  Knows
 * nothing of mail. */
#include "milter/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/callbacks.h"
#include "milter/identity.h"
#include "milter/macros.h"
#include "milter/notify.h"
#include "milter/nudge.h"
#include "milter/pidfile.h"
#include "milter/signals.h"

#define SAY_AGAIN_MSEC 60000
#define SPARE_FILES 64			/* descriptors that are not sessions */
#define SPARE_OPEN 32			/* left for us when new connections begin to wait */

/* ---- log ---------------------------------------------------------------------------- */

/* One call, so that lines of several threads do not mix. */
static void
write_stderr(const char *prefix, const char *line)
{
	struct iovec parts[] = { { mt_macro_plain(prefix), strlen(prefix) }, { mt_macro_plain(line), strlen(line) },
		{ mt_macro_plain("\n"), 1 } };

	while (writev(STDERR_FILENO, parts, 3) < 0 && errno == EINTR)
		continue;
}

void
mt_daemon_say(struct mt_daemon *daemon, int priority, const char *line)
{
	char prefix[] = "<0>";

	if (priority > daemon->least_priority)
		return;
	prefix[1] = (char)('0' + (priority & 7));	/* sd-daemon(3) */
	if (daemon->use_syslog)
		syslog(priority, "%s", line);
	else
		write_stderr(daemon->journal ? prefix : "mailtrace-milter: ", line);
}

void
mt_daemon_log(struct mt_daemon *daemon, int priority, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	mt_daemon_say(daemon, priority, line);
}

bool
mt_daemon_may_say(atomic_llong *said_msec)
{
	long long now = mt_now_mono_msec(), before = atomic_load(said_msec);

	if (before != 0 && now - before < SAY_AGAIN_MSEC)
		return false;
	return atomic_compare_exchange_strong(said_msec, &before, now == 0 ? 1 : now);
}

/* "name value" lines of the engine, as "name=value", several in a line of the log. */
static int
say_counters(void *ctx, const char *bytes, size_t len)
{
	const char *end = bytes + len, *stop;
	char line[1024] = "engine:";
	size_t used = strlen(line);

	for (; bytes < end; bytes = stop + 1) {
		stop = memchr(bytes, '\n', (size_t)(end - bytes));
		if (stop == NULL)
			break;
		if (used + (size_t)(stop - bytes) + 2 > sizeof line) {
			mt_daemon_say(ctx, LOG_NOTICE, line);
			used = strlen("engine:");
		}
		for (line[used++] = ' '; bytes < stop && used < sizeof line - 1; bytes++)
			line[used++] = *bytes == ' ' ? '=' : *bytes;
		line[used] = '\0';
	}
	mt_daemon_say(ctx, LOG_NOTICE, line);
	return 0;
}

void
mt_daemon_report(struct mt_daemon *daemon)
{
	static const char *const words[MT_COUNTERS] = {
		"sessions", "messages", "accepted", "tagged", "quarantined", "tempfailed", "rejected",
		"recipients-refused", "aborted", "turned-away", "internal-errors", "reloads",
	};
	char line[1024];
	size_t len = (size_t)snprintf(line, sizeof line, "counters: open=%u", atomic_load(&daemon->open));

	for (size_t i = 0; i < MT_COUNTERS && len < sizeof line; i++)
		len += (size_t)snprintf(line + len, sizeof line - len, " %s=%llu", words[i],
		    atomic_load(&daemon->counters[i]));
	mt_daemon_say(daemon, LOG_NOTICE, line);
	if (daemon->engine != NULL)
		mt_engine_counters(daemon->engine, say_counters, daemon);
}

/* What the library has to say at start, before there is a log. */
static void
say_stderr(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "mailtrace-milter: %s\n", line);
}

static void
say_reload(void *ctx, const char *line)
{
	mt_daemon_say(ctx, LOG_WARNING, line);
}

static void
say_engine(void *ctx, int priority, const char *line)
{
	mt_daemon_say(ctx, priority, line);
}

static bool
wants_syslog(const struct mt_options *options, const struct mt_config *config)
{
	int64_t wish = mt_config_number(config, "log.to");

	return wish == MT_WISH_SYSLOG || (wish == MT_WISH_LOG_AUTO && !options->foreground);
}

static void
open_log(struct mt_daemon *daemon, const struct mt_config *config)
{
	const char *journal = getenv("JOURNAL_STREAM");

	daemon->least_priority = daemon->options->verbose ? LOG_DEBUG : LOG_INFO;
	daemon->journal = journal != NULL && journal[0] != '\0';
	daemon->use_syslog = false;
	/* libmilter writes to syslog in any case. */
	openlog("mailtrace-milter", LOG_PID | LOG_NDELAY, (int)mt_config_number(config, "log.facility"));
}

/* ---- settings --------------------------------------------------------------------------- */

static unsigned
most_sessions(const struct mt_daemon *daemon, const struct mt_config *config)
{
	int64_t most = mt_config_number(config, "milter.max-sessions");
	unsigned files = daemon->file_limit > 2 * SPARE_FILES ? daemon->file_limit - SPARE_FILES : SPARE_FILES;

	return most < 1 || most > (int64_t)files ? files : (unsigned)most;
}

static void
set_gate(struct mt_daemon *daemon, const struct mt_config *config)
{
	struct mt_gate *gate = &daemon->gate;
	int mode = (int)mt_config_number(config, "mode");

	atomic_store(&gate->mode, mode);
	atomic_store(&gate->no_reply, (int)mt_config_number(config, "milter.no-reply"));
	atomic_store(&gate->tempfail_overload, mt_config_number(config, "milter.on-overload") == MT_FALL_TEMPFAIL);
	/* In monitor mode nothing acts, not even on our own trouble. */
	atomic_store(&gate->tempfail_error, mode == MT_MODE_ENFORCE &&
	    mt_config_number(config, "milter.on-internal-error") == MT_FALL_TEMPFAIL);
	atomic_store(&gate->body, mt_config_number(config, "dkim.enable") != 0 ||
	    mt_config_number(config, "arc.enable") != 0);
	atomic_store(&gate->most_sessions, most_sessions(daemon, config));
	atomic_store(&gate->drain_msec, mt_config_number(config, "milter.drain"));
}

void
mt_daemon_reload(struct mt_daemon *daemon)
{
	const struct mt_options *options = daemon->options;
	struct mt_config *config;
	int error = 0;

	mt_notify_reloading();
	config = mt_config_load(options->config_path, options->overrides, options->noverrides, say_reload, daemon,
	    &error);
	if (config != NULL)
		error = mt_engine_reload(daemon->engine, config);
	if (config == NULL || error < 0) {
		mt_daemon_log(daemon, LOG_ERR, "not reloaded, the old settings stay: %s", mt_strerror(error));
	} else {
		set_gate(daemon, config);
		mt_daemon_count(daemon, MT_COUNT_RELOADS);
		mt_daemon_log(daemon, LOG_NOTICE, "reloaded %s", options->config_path);
		if (strcmp(mt_config_text(config, "milter.socket"), daemon->started_socket) != 0)
			mt_daemon_say(daemon, LOG_NOTICE, "milter.socket has changed: not before the next start");
	}
	mt_config_unref(config);
	mt_notify("READY=1");
}

/* libmilter spins when it runs out of descriptors: have as many as we may, and turn
 * sessions away before. */
static unsigned
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	return limit.rlim_cur > 1000000 ? 1000000 : (unsigned)limit.rlim_cur;
}

/* ---- socket ------------------------------------------------------------------------------------ */

static int
open_socket(struct mt_daemon *daemon, const struct mt_config *config, const struct mt_identity *identity)
{
	struct mt_socket_wish wish = { .spec = mt_config_text(config, "milter.socket"),
		.mode = (mode_t)mt_config_number(config, "milter.socket-mode") };
	char why[512];
	int status;

	daemon->started_socket = strdup(wish.spec);
	if (daemon->started_socket == NULL)
		return EX_OSERR;
	/* A socket that systemd hands over is the one to use (systemd.socket(5)). */
	if (mt_notify_listen_fds() > 0)
		wish.spec = "fd:3";
	status = mt_identity_owner(&wish.uid, &wish.gid, identity, mt_config_text(config, "milter.socket-owner"));
	if (status != 0)
		return status;
	status = mt_socket_open(&daemon->socket, &wish, why, sizeof why);
	if (why[0] != '\0')
		mt_daemon_say(daemon, status != 0 ? LOG_ERR : LOG_WARNING, why);
	return status;
}

/* ---- start and end --------------------------------------------------------------------------------- */

void
mt_daemon_exit(struct mt_daemon *daemon, int status)
{
	mt_socket_unlink(&daemon->socket);
	mt_pidfile_close(&daemon->pidfile, daemon->options->pidfile);
	closelog();
	_exit(status);
}

/* Forks; the first process ends when the second one listens, with its status.  Returns the
 * descriptor to tell by, -1 in the foreground. */
static int
go_background(void)
{
	int ends[2], status = EX_OSERR;
	unsigned char told;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
		fprintf(stderr, "mailtrace-milter: cannot go to the background: %s\n", strerror(errno));
		exit(EX_OSERR);
	}
	if (child == 0) {
		close(ends[0]);
		(void)setsid();
		return ends[1];
	}
	close(ends[1]);
	if (read(ends[0], &told, 1) == 1)
		_exit(told);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(EX_SOFTWARE);
}

/* From here on there is no terminal. */
static void
tell_ready(int fd)
{
	unsigned char ok = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		close(null);
	}
	(void)!write(fd, &ok, 1);
	close(fd);
}

static int64_t
standing_clock(void *ctx)
{
	const struct mt_daemon *daemon = ctx;

	return daemon->options->now_msec;
}

static int
open_engine(struct mt_daemon *daemon, struct mt_config *config)
{
	struct mt_ports ports = { .say = say_engine, .ctx = daemon, .remember = true };
	int error = 0;

	if (daemon->options->now_msec != 0)
		ports.wall_msec = standing_clock;
	if (daemon->options->answers != NULL) {
		ports.resolver = mt_script_open(daemon->options->answers, say_stderr, NULL);
		if (ports.resolver == NULL)
			return EX_CONFIG;
	}
	daemon->engine = mt_engine_open(config, &ports, &error);
	if (daemon->engine != NULL)
		return 0;
	mt_daemon_log(daemon, LOG_ERR, "the engine does not start: %s", mt_strerror(error));
	return error == MT_ECONFIG ? EX_CONFIG : EX_OSERR;
}

/* Root may have read what the user that we became may not: else the first reload would tell,
 * when it is wanted.  What is to be said of settings that can be read was said before. */
static void
rehearse_reload(struct mt_daemon *daemon)
{
	const struct mt_options *o = daemon->options;
	int error = 0;
	struct mt_config *config = mt_config_load(o->config_path, o->overrides, o->noverrides, NULL, NULL, &error);

	if (config == NULL && error == MT_ECONFIG) {
		mt_daemon_log(daemon, LOG_WARNING, "user %u cannot read the settings that root has read: until that is "
		    "mended only a new start takes changes in, no reload", (unsigned)geteuid());
		config = mt_config_load(o->config_path, o->overrides, o->noverrides, say_reload, daemon, &error);
	}
	mt_config_unref(config);
}

static int
start_threads(struct mt_daemon *daemon, struct mt_config *config, const struct mt_identity *identity)
{
	bool root = geteuid() == 0;
	int status = mt_identity_take(identity);

	if (status == 0 && root && geteuid() != 0)
		rehearse_reload(daemon);
	if (status == 0)
		status = open_engine(daemon, config);
	if (status == 0 && mt_signals_start(daemon) != 0)
		status = EX_OSERR;
	if (status == 0 && mt_nudge_start(daemon->socket.fd, &daemon->full) != 0)
		mt_daemon_log(daemon, LOG_WARNING, "no thread that keeps libmilter's pool moving: %s", strerror(errno));
	return status;
}

/* All that needs privileges first, then the threads.  What was made is taken away again
 * if that fails; before, the files may be those of another instance. */
static int
start(struct mt_daemon *daemon, struct mt_config *config)
{
	const struct mt_options *options = daemon->options;
	struct mt_identity identity;
	int status = mt_identity_find(&identity, options->user != NULL ? options->user
	    : mt_config_text(config, "milter.user"));

	if (status == 0 && mt_callbacks_register(daemon) != 0)
		status = EX_SOFTWARE;
	if (status == 0)
		status = open_socket(daemon, config, &identity);
	if (status != 0)
		return status;
	status = mt_pidfile_open(&daemon->pidfile, options->pidfile);
	if (status == 0)
		status = start_threads(daemon, config, &identity);
	if (status != 0) {
		mt_socket_unlink(&daemon->socket);
		mt_pidfile_close(&daemon->pidfile, daemon->options->pidfile);
	}
	return status;
}

static void
say_started(struct mt_daemon *daemon)
{
	const char *mode = mt_mode_word((enum mt_mode)atomic_load(&daemon->gate.mode));
	const char *where = daemon->socket.kind == MT_SOCKET_FD ? "handed over" : daemon->started_socket;

	mt_daemon_log(daemon, LOG_NOTICE, "version %s started: mode %s, socket %s, at most %u sessions", mt_version(),
	    mode, where, atomic_load(&daemon->gate.most_sessions));
}

int
mt_daemon_run(struct mt_daemon *daemon, struct mt_config *config, const struct mt_options *options)
{
	int ready = -1, status;

	*daemon = (struct mt_daemon){ .options = options, .socket = { .fd = -1 }, .pidfile = -1 };
	if (!options->foreground)
		ready = go_background();
	mt_signals_block();
	daemon->file_limit = raise_file_limit();
	daemon->most_open = daemon->file_limit > 2 * SPARE_OPEN ? daemon->file_limit - SPARE_OPEN : SPARE_OPEN;
	open_log(daemon, config);
	set_gate(daemon, config);
	status = start(daemon, config);
	if (status != 0) {
		free(daemon->started_socket);
		mt_config_unref(config);
		return status;
	}
	daemon->use_syslog = wants_syslog(options, config);
	say_started(daemon);
	mt_config_unref(config);
	if (ready >= 0 && daemon->use_syslog)
		tell_ready(ready);
	else if (ready >= 0)
		(void)!write(ready, "", 1);
	mt_notify("READY=1");
	(void)smfi_main();
	mt_daemon_log(daemon, LOG_ERR, "libmilter has ended; see the system log");
	mt_daemon_exit(daemon, EX_SOFTWARE);
}
