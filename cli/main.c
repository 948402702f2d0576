/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailtrace: where a saved message came from.  Knows how the parts of the command are put
 * together; reads nothing and concludes nothing by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/explain.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rehearse.h"
#include "cli/report.h"

#define SLACK_MSEC 1000			/* beyond the deadline of DNS itself */

/* What the configuration and the file of answers have to say. */
static void
say(void *ctx, const char *line)
{
	(void)ctx;
	complain("%s", line);
}

/* What the engine has to say while it works. */
static void
say_priority(void *ctx, int priority, const char *line)
{
	const struct options *options = ctx;

	if (priority <= LOG_WARNING || options->verbose)
		complain("%s", line);
}

static void
say_nothing(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* The settings of the command line go over those of the file.  `mode = off` tells the
 * daemon to leave mail alone; who runs the command wants an answer, and gets that of
 * `monitor`. */
static struct mt_config *
load_config(const struct options *options)
{
	const char **all = calloc(options->settings.count + 2, sizeof *all);
	struct mt_config *config = NULL;
	size_t n = 0;
	int error = MT_ENOMEM;

	if (all != NULL) {
		if (options->trust != NULL)
			all[n++] = options->trust;
		for (size_t i = 0; i < options->settings.count; i++)
			all[n++] = options->settings.text[i];
		config = mt_config_load(options->config, all, n, say, NULL, &error);
	}
	if (config != NULL && mt_config_number(config, "mode") == MT_MODE_OFF) {
		mt_config_unref(config);
		all[n++] = "mode=monitor";
		config = mt_config_load(options->config, all, n, say_nothing, NULL, &error);
	}
	free(all);
	if (config == NULL && error != MT_ECONFIG)
		complain("%s: %s", options->config == NULL ? "settings" : options->config, mt_strerror(error));
	return config;
}

/* What the world outside is to be; *resolver NULL: DNS as configured. */
static int
choose_resolver(const struct options *options, struct mt_resolver **resolver)
{
	*resolver = NULL;
	if (options->answers != NULL) {
		if (access(options->answers, R_OK) != 0) {
			complain("%s: %s", options->answers, strerror(errno));
			return EX_NOINPUT;
		}
		*resolver = mt_script_open(options->answers, say, NULL);
		return *resolver == NULL ? EX_DATAERR : 0;
	}
	if (!options->offline)
		return 0;
	*resolver = mt_offline_open();
	if (*resolver != NULL)
		return 0;
	complain("%s", mt_strerror(MT_ENOMEM));
	return EX_OSERR;
}

static int64_t
standing_clock(void *ctx)
{
	const struct options *options = ctx;

	return options->now_msec;
}

static int
trace_with(struct mt_config *config, struct options *options, struct output *output)
{
	struct mt_ports ports = { .say = say_priority, .ctx = options };
	struct report report = { .options = options, .output = output };
	struct mbox_sink sink = report_sink(&report);
	int status = choose_resolver(options, &ports.resolver), error = 0;

	if (status != 0)
		return status;
	if (options->now_msec != 0)
		ports.wall_msec = standing_clock;
	report.wait_msec = mt_config_number(config, "dns.deadline") + SLACK_MSEC;
	report.engine = mt_engine_open(config, &ports, &error);
	if (report.engine == NULL) {
		complain("%s", mt_strerror(error));
		return EX_OSERR;
	}
	progress_open(&report.progress, output);
	status = input_read(&options->inputs, output, report_file, &sink);
	report_end(&report);
	report_fini(&report);
	mt_engine_close(report.engine);
	return status == 0 && report.found ? EXIT_FOUND : status;
}

static int
trace(struct options *options, struct output *output)
{
	struct mt_config *config = load_config(options);
	int status;

	if (config == NULL)
		return EX_CONFIG;
	status = trace_with(config, options, output);
	mt_config_unref(config);
	return status;
}

static int
rehearse(const struct options *options, struct output *output)
{
	struct rehearse all = { .options = options, .output = output };
	struct mbox_sink sink = rehearse_sink(&all);
	int status = input_read(&options->inputs, output, rehearse_file, &sink);

	rehearse_fini(&all);
	return status;
}

static int
run(struct options *options)
{
	struct output output;
	int status = output_open(&output, options), closed;

	if (status != 0)
		return status;
	if (options->explain != NULL && !explain_boundary(options))
		status = explain(options, &output);
	else if (options->milter != NULL)
		status = rehearse(options, &output);
	else
		status = trace(options, &output);
	closed = output_close(&output, status);
	return closed != 0 && status <= EXIT_FOUND ? closed : status;
}

int
main(int argc, char **argv)
{
	struct options options = { .format = MT_FORMAT_TEXT };
	int status = options_parse(&options, argc, argv);

	if (status == 0 && options.help)
		options_usage();
	else if (status == 0 && options.version)
		printf("mailtrace %s\n", mt_version());
	else if (status == 0)
		status = run(&options);
	options_fini(&options);
	return status;
}
