/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line, read and checked. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "lib/mailtrace.h"

/* The file that --policy takes without -c: the daemon's own. */
#define DAEMON_CONFIG "/etc/mailtrace-milter.conf"

/* The exit status of a finding; all others are of sysexits(3). */
#define EXIT_FOUND 1

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum fail_on { FAIL_NEVER, FAIL_STRENGTH, FAIL_LEVEL };

/* Texts of the command line, lent by argv but for those that are said to be owned. */
struct texts {
	const char **text;
	size_t count;
};

struct options {
	enum mt_format format;
	const char *output;		/* NULL: standard output */
	struct texts settings;		/* "section.key=value" */
	char *trust;			/* "trust.networks=...", owned; NULL: not given */
	struct mt_ip client;		/* absent: not given */
	const char *helo, *sender;	/* NULL: not given */
	struct texts recipients;
	const char *config;		/* file of settings and rules; NULL: built-in defaults */
	bool policy;			/* --policy: without another, the daemon's */
	const char *answers;
	int64_t now_msec;		/* the clock, Unix milliseconds; 0: the real one */
	bool offline;
	const char *explain;
	bool summary;
	enum fail_on fail_on;
	int fail_at;			/* enum mt_strength, or what level_rank() gives */
	const char *milter;		/* socket of a running filter */
	enum color color;
	bool quiet, verbose;
	bool help, version;
	struct texts inputs;
};

/* Fills *options, which is zeroed before.  Returns 0, or EX_USAGE after saying on
 * standard error what is wrong. */
int options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);
void options_usage(void);

/* How bad a level is: trusted, verified, unverified, suspicious. */
int level_rank(enum mt_level level);

/* On standard error, where all reports that are written came before.  Waits while a stream is
 * locked, so that what is written under flockfile() stays in one piece. */
void write_beside(const char *bytes, size_t len);
/* "mailtrace: " and one line on standard error; control bytes are escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
