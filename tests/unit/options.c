/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: what is taken, and what is refused with status 64. */
#include "cli/options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define ARGS 12

static const struct {
	const char *args[ARGS];
	int status;
} rows[] = {
	{ { "-f", "text" }, 0 },
	{ { "--format=jsonl", "a", "-" }, 0 },
	{ { "-f", "headers" }, 0 },
	{ { "-f", "html" }, EX_USAGE },
	{ { "-f", "TEXT" }, EX_USAGE },
	{ { "-f" }, EX_USAGE },
	{ { "-o", "report.txt", "-o", "dns.deadline=1s" }, 0 },
	{ { "-o", "a", "--output", "b" }, EX_USAGE },
	{ { "--set", "dns.deadline=1s", "--set", "mode=enforce" }, 0 },
	{ { "--set", "trust.networks+=192.0.2.1" }, 0 },
	{ { "--set", "exempt-default=postmaster", "--set", "exempt-default+=authenticated" }, 0 },
	{ { "--set", "exempt-defaul=postmaster" }, EX_USAGE },
	{ { "--set", "=x" }, EX_USAGE },
	{ { "--set", "deadline" }, EX_USAGE },
	{ { "--set", "dns.=1s" }, EX_USAGE },
	{ { "--set", "Dns.deadline=1s" }, EX_USAGE },
	{ { "--client", "192.0.2.1", "--helo", "x", "--sender", "", "--rcpt", "a", "--rcpt", "b" }, 0 },
	{ { "--client", "IPv6:2001:db8::1" }, 0 },
	{ { "--client", "mail.example" }, EX_USAGE },
	{ { "--client", "" }, EX_USAGE },
	{ { "--trust", "192.0.2.0/24,2001:db8::/32", "--trust", "10.0.0.1" }, 0 },
	{ { "--trust", "-" }, 0 },
	{ { "--trust", "192.0.2.0/33" }, EX_USAGE },
	{ { "--trust", "192.0.2.0/" }, EX_USAGE },
	{ { "--trust", "192.0.2.0/24," }, EX_USAGE },
	{ { "--trust", "" }, EX_USAGE },
	{ { "--trust", "example.org" }, EX_USAGE },
	{ { "--fail-on", "weak" }, 0 },
	{ { "--fail-on", "suspicious" }, 0 },
	{ { "--fail-on", "bad" }, EX_USAGE },
	{ { "--color", "always" }, 0 },
	{ { "--color", "yes" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "-f", "json" }, 0 },
	{ { "--milter", "inet:1@h", "--summary" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--fail-on", "weak" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "-o", "report", "-q", "-v", "--client", "192.0.2.1", "--rcpt", "a@b" }, 0 },
	{ { "--milter", "inet:1@h", "--helo", "x", "--sender", "a@b", "--color", "never", "--no-owner" }, 0 },
	{ { "--milter", "inet:1@h", "-c", "/nonexistent" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--policy" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "-o", "mode=enforce" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--set", "dns.deadline=1s" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--trust", "-" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--offline" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--answers", "x" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--now", "1" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--explain", "boundary" }, EX_USAGE },
	{ { "--milter", "inet:1@h", "--milter", "inet:2@h" }, EX_USAGE },
	{ { "-c", "a", "-c", "b" }, EX_USAGE },
	{ { "-c", "a", "--policy" }, 0 },
	{ { "--answers", "a", "--answers", "a" }, EX_USAGE },
	{ { "--answers", "a", "--offline" }, EX_USAGE },
	{ { "--helo", "a", "--helo", "b" }, EX_USAGE },
	{ { "--sender", "", "--sender", "b" }, EX_USAGE },
	{ { "--explain", "all", "--explain", "relay" }, EX_USAGE },
	{ { "--client", "192.0.2.1", "--client", "192.0.2.1" }, EX_USAGE },
	{ { "-f", "json", "-f", "text", "--color", "never", "--color", "auto", "--fail-on", "weak", "--fail-on", "strong" }, 0 },
	{ { "-q", "-f", "headers" }, EX_USAGE },
	{ { "--no-owner" }, 0 },
	{ { "--owner" }, EX_USAGE },
	{ { "--traceroute" }, EX_USAGE },
	{ { "--ident" }, EX_USAGE },
	{ { "--abuse-report" }, EX_USAGE },
	{ { "--resume" }, EX_USAGE },
	{ { "--now", "2015-04-09" }, EX_USAGE },
	{ { "-j", "4" }, EX_USAGE },
	{ { "-j" }, EX_USAGE },
	{ { "-x" }, EX_USAGE },
	{ { "--no-such" }, EX_USAGE },
	{ { "--policy=yes" }, EX_USAGE },
	{ { "--", "--no-such" }, 0 },
};

/* A command line that can be written to, as main() gets it. */
struct line {
	char text[ARGS][64], *argv[ARGS + 2];
};

static int
parse(struct options *options, struct line *line, const char *const *args)
{
	char **argv = line->argv;
	int argc = 1;

	*options = (struct options){ .format = MT_FORMAT_TEXT };
	argv[0] = line->text[0];
	for (; argc <= ARGS && args[argc - 1] != NULL; argc++) {
		snprintf(line->text[argc - 1], sizeof line->text[0], "%s", args[argc - 1]);
		argv[argc] = line->text[argc - 1];
	}
	argv[argc] = NULL;
	optind = 0;			/* glibc: begin anew */
	return options_parse(options, argc, argv);
}

static void
details(void)
{
	struct line line;
	struct options o;

	parse(&o, &line, (const char *[ARGS]){ "--trust", "192.0.2.0/24,2001:db8::/32", "--trust", "-", "--trust", "10.0.0.1" });
	tap_ok(o.trust != NULL && strcmp(o.trust, "trust.networks=192.0.2.0/24, 2001:db8::/32, 10.0.0.1") == 0,
	    "networks gather");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "--trust", "-" });
	tap_ok(o.trust != NULL && strcmp(o.trust, "trust.networks=") == 0, "\"-\" alone is no network");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "-o", "geo.city", "-o", "geo.city=x", "-o", "mode=off", "a=b" });
	tap_ok(o.output != NULL && strncmp(o.output, "geo.city", 8) == 0 && o.settings.count == 2 && o.inputs.count == 1,
	    "-o tells a file from a setting");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "-o", "deadline=1s.txt", "-o", "exempt-default=postmaster", "-o", "dns.dedline=1s" });
	tap_ok(o.output != NULL && strcmp(o.output, "deadline=1s.txt") == 0 && o.settings.count == 2,
	    "a key without a section is a setting, and what has the form of one");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "--sender", "<>", "--rcpt", "<a@b>", "--rcpt", "c@d" });
	tap_ok(o.sender != NULL && *o.sender == '\0' && o.recipients.count == 2 && strcmp(o.recipients.text[0], "a@b") == 0 &&
	    strcmp(o.recipients.text[1], "c@d") == 0, "addresses lose their brackets");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "--policy" });
	tap_ok(o.config != NULL && strcmp(o.config, DAEMON_CONFIG) == 0, "--policy alone takes the daemon's file");
	options_fini(&o);
	parse(&o, &line, (const char *[ARGS]){ "-f", "json" });
	tap_ok(o.config == NULL && o.format == MT_FORMAT_JSON && o.client.family == 0, "nothing is set that was not said");
	options_fini(&o);
	tap_ok(level_rank(MT_LEVEL_TRUSTED) < level_rank(MT_LEVEL_VERIFIED) &&
	    level_rank(MT_LEVEL_VERIFIED) < level_rank(MT_LEVEL_UNVERIFIED) &&
	    level_rank(MT_LEVEL_UNVERIFIED) < level_rank(MT_LEVEL_SUSPICIOUS), "levels are in order");
}

int
main(void)
{
	struct options options;
	struct line line;

	if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = parse(&options, &line, rows[i].args);

		tap_ok(status == rows[i].status, "%s %s %s: %d", rows[i].args[0], rows[i].args[1] == NULL ? "" : rows[i].args[1],
		    rows[i].args[2] == NULL ? "" : rows[i].args[2], status);
		options_fini(&options);
	}
	details();
	return tap_done();
}
