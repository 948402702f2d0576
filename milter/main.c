/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the command line; knows nothing of what follows from it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/daemon.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static const char usage_text[] =
    "usage: mailtrace-milter [-fnvVh] [-c file] [-p socket] [-P pidfile] [-u user[:group]]\n"
    "                        [-o key=value]... [--dump] [--answers file] [--now time]\n"
    "  -c, --config FILE     settings (" SYSCONFDIR "/mailtrace-milter.conf)\n"
    "  -f, --foreground      stay in the foreground, log to standard error (log.to = auto)\n"
    "  -n, --check           check settings and answers and exit\n"
    "      --dump            the same, and write every setting and rule\n"
    "  -o, --set KEY=VALUE   one setting, such as milter.deadline=3s\n"
    "  -p, --socket SOCKET   inet:8899@127.0.0.1, unix:/run/mailtrace/milter.sock, fd:3\n"
    "  -P, --pidfile FILE    where the process id is written\n"
    "  -u, --user USER       who to be, if started as root\n"
    "      --answers FILE    answers instead of DNS\n"
    "      --now TIME        a clock that stands still\n"
    "  -v, --verbose         log more\n"
    "  -V, --version         write the version and exit\n"
    "  -h, --help            write this and exit\n";

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "mailtrace-milter: %s\n", line);
}

static int
write_stdout(void *ctx, const char *bytes, size_t len)
{
	(void)ctx;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -1;
}

static int
usage(void)
{
	fputs(usage_text, stderr);
	return EX_USAGE;
}

/* The text is lent for as long as the process lives. */
static void
add_override(struct mt_options *options, const char *text)
{
	const char **more = realloc(options->overrides, (options->noverrides + 1) * sizeof *more);

	if (more == NULL) {
		say(NULL, "out of memory");
		exit(EX_OSERR);
	}
	options->overrides = more;
	options->overrides[options->noverrides++] = text;
}

struct errand {
	bool check, dump, version, help;
	const char *socket;		/* -p, which is stronger than any -o; NULL: not given */
};

enum { LONG_DUMP = 256, LONG_ANSWERS, LONG_NOW };

static int
take_now(struct mt_options *options, const char *text)
{
	if (mt_time_parse(&options->now_msec, (struct mt_span){ text, strlen(text) }))
		return 0;
	fprintf(stderr, "mailtrace-milter: --now \"%s\" is no time; write 2026-11-21T10:00:00Z or Unix seconds\n",
	    text);
	return -1;
}

static int
take_option(struct mt_options *options, struct errand *errand, int option)
{
	switch (option) {
	case 'c': options->config_path = optarg; break;
	case 'f': options->foreground = true; break;
	case 'n': errand->check = true; break;
	case 'o': add_override(options, optarg); break;
	case 'p': errand->socket = optarg; break;
	case 'P': options->pidfile = optarg; break;
	case 'u': options->user = optarg; break;
	case 'v': options->verbose = true; break;
	case 'V': errand->version = true; break;
	case 'h': errand->help = true; break;
	case LONG_DUMP: errand->check = errand->dump = true; break;
	case LONG_ANSWERS: options->answers = optarg; break;
	case LONG_NOW: return take_now(options, optarg);
	default: return -1;
	}
	return 0;
}

static int
take_options(struct mt_options *options, struct errand *errand, int argc, char **argv)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' }, { "foreground", no_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'n' }, { "set", required_argument, NULL, 'o' },
		{ "socket", required_argument, NULL, 'p' }, { "pidfile", required_argument, NULL, 'P' },
		{ "user", required_argument, NULL, 'u' }, { "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' },
		{ "dump", no_argument, NULL, LONG_DUMP }, { "answers", required_argument, NULL, LONG_ANSWERS },
		{ "now", required_argument, NULL, LONG_NOW },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:fno:p:P:u:vVh", words, NULL)) != -1)
		if (take_option(options, errand, option) != 0)
			return -1;
	if (optind < argc) {
		fprintf(stderr, "mailtrace-milter: %s: no argument is expected\n", argv[optind]);
		return -1;
	}
	return 0;
}

/* Whether the answers could be read at a start. */
static bool
good_answers(const char *path)
{
	struct mt_resolver *resolver = mt_script_open(path, say, NULL);

	if (resolver != NULL)
		resolver->close(resolver);
	return resolver != NULL;
}

static int
check(const struct mt_config *config, const struct mt_options *options, bool dump)
{
	char why[512];

	if (mt_socket_kind(mt_config_text(config, "milter.socket"), why, sizeof why) == MT_SOCKET_BAD) {
		fprintf(stderr, "mailtrace-milter: milter.socket: %s\n", why);
		return EX_CONFIG;
	}
	if (options->answers != NULL && !good_answers(options->answers))
		return EX_CONFIG;
	if (dump && (mt_config_write(config, write_stdout, NULL) != 0 || fflush(stdout) != 0))
		return EX_IOERR;
	return 0;
}

/* The host's own name stands in for one that was not given.  Without a domain it is one that
 * other hosts have as well, and whoever believes one of them believes all (RFC 8601, 2.5). */
static void
notice_name(const struct mt_config *config)
{
	const char *name = mt_config_text(config, "trust.authserv-id");
	char host[256] = "";

	if (name == NULL || strchr(name, '.') != NULL || gethostname(host, sizeof host - 1) != 0 ||
	    (strcmp(name, host) != 0 && strcmp(name, "localhost") != 0))
		return;
	fprintf(stderr, "mailtrace-milter: notice: trust.authserv-id: is \"%s\", the name of the host, which has no "
	    "domain; write the full one, such as mx.example.org\n", name);
}

static int
run(const struct mt_options *options, const struct errand *errand)
{
	struct mt_daemon daemon;	/* as long as the process: nobody returns from a daemon that runs */
	struct mt_config *config;
	int error, status;

	config = mt_config_load(options->config_path, options->overrides, options->noverrides, say, NULL, &error);
	if (config == NULL)
		return error == MT_ENOMEM ? EX_OSERR : EX_CONFIG;
	notice_name(config);
	if (!errand->check)
		return mt_daemon_run(&daemon, config, options);
	status = check(config, options, errand->dump);
	mt_config_unref(config);
	return status;
}

/* What -p stands for among the settings; NULL without it. */
static char *
socket_setting(const struct errand *errand)
{
	char *text = NULL;

	if (errand->socket != NULL && asprintf(&text, "milter.socket=%s", errand->socket) < 0) {
		say(NULL, "out of memory");
		exit(EX_OSERR);
	}
	return text;
}

static int
tell(const struct errand *errand)
{
	if (errand->help)
		fputs(usage_text, stdout);
	else
		printf("mailtrace-milter %s\n", mt_version());
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

static int
prepare_and_run(struct mt_options *options, const struct errand *errand)
{
	/* A reload finds the same file whatever the working directory is then. */
	char *path = realpath(options->config_path, NULL), *socket = socket_setting(errand);
	int status;

	if (path != NULL)
		options->config_path = path;
	if (socket != NULL)
		add_override(options, socket);
	status = run(options, errand);
	free(socket);
	free(path);
	return status;
}

int
main(int argc, char **argv)
{
	struct mt_options options = { .config_path = SYSCONFDIR "/mailtrace-milter.conf" };
	struct errand errand = { 0 };
	int status;

	if (take_options(&options, &errand, argc, argv) != 0)
		status = usage();
	else if (errand.help || errand.version)
		status = tell(&errand);
	else
		status = prepare_and_run(&options, &errand);
	free(options.overrides);
	return status;
}
