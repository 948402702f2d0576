/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the words of the command line; opens nothing and asks nobody. */
#include "cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/bytes.h"

enum long_option {
	OPT_OUTPUT = 256, OPT_SET, OPT_CLIENT, OPT_HELO, OPT_SENDER, OPT_RCPT, OPT_TRUST, OPT_POLICY, OPT_OFFLINE,
	OPT_ANSWERS, OPT_NOW, OPT_EXPLAIN, OPT_SUMMARY, OPT_FAIL_ON, OPT_MILTER, OPT_COLOR, OPT_NO_OWNER, OPT_NOT_YET
};

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "set", required_argument, NULL, OPT_SET },
	{ "client", required_argument, NULL, OPT_CLIENT },
	{ "helo", required_argument, NULL, OPT_HELO },
	{ "sender", required_argument, NULL, OPT_SENDER },
	{ "rcpt", required_argument, NULL, OPT_RCPT },
	{ "trust", required_argument, NULL, OPT_TRUST },
	{ "config", required_argument, NULL, 'c' },
	{ "policy", no_argument, NULL, OPT_POLICY },
	{ "offline", no_argument, NULL, OPT_OFFLINE },
	{ "answers", required_argument, NULL, OPT_ANSWERS },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	{ "summary", no_argument, NULL, OPT_SUMMARY },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "milter", required_argument, NULL, OPT_MILTER },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "no-owner", no_argument, NULL, OPT_NO_OWNER },
	{ "owner", no_argument, NULL, OPT_NOT_YET },
	{ "traceroute", no_argument, NULL, OPT_NOT_YET },
	{ "ident", no_argument, NULL, OPT_NOT_YET },
	{ "abuse-report", no_argument, NULL, OPT_NOT_YET },
	{ "resume", no_argument, NULL, OPT_NOT_YET },
	{ "now", required_argument, NULL, OPT_NOW },
	{ NULL, 0, NULL, 0 }
};

static const char usage_text[] =
    "usage: mailtrace [-qvVh] [-f text|json|jsonl|headers] [-o FILE] [-o KEY=VALUE]... [-c FILE]\n"
    "                 [--client IP] [--helo NAME] [--sender ADDRESS] [--rcpt ADDRESS]...\n"
    "                 [--trust NET[,NET...]]... [--policy] [--offline] [--answers FILE] [--now TIME]\n"
    "                 [--summary] [--fail-on LEVEL] [--color auto|always|never]\n"
    "                 [--milter SOCKET] [FILE | DIRECTORY | -]...\n"
    "       mailtrace --explain CODE|relay|all\n"
    "       mailtrace --explain boundary [FILE | DIRECTORY | -]...\n"
    "\n"
    "Says where a message came from, and how much of that may be believed.\n"
    "\n"
    "  -f, --format FORMAT   text, json (one object for each message), jsonl (one a line), headers\n"
    "  -o FILE               write to FILE (also --output FILE)\n"
    "  -o KEY=VALUE          set a key of the configuration (also --set KEY=VALUE)\n"
    "  -c, --config FILE     settings and rules from FILE\n"
    "      --policy          run the rules of the daemon's own file\n"
    "      --client IP       the client that handed the message over, with --helo NAME,\n"
    "      --sender ADDRESS  the envelope sender, and --rcpt ADDRESS, a recipient\n"
    "      --trust NETS      networks whose servers are believed; \"-\" for none\n"
    "      --offline         ask nobody\n"
    "      --answers FILE    answers from FILE in place of the world outside\n"
    "      --now TIME        the clock for dates and signatures, in place of the real one\n"
    "      --explain CODE    what an evidence code means; \"all\" for every one; \"relay\": how a relay\n"
    "                        is judged; \"boundary\": why each line is believed or not\n"
    "      --summary         a table at the end\n"
    "      --fail-on LEVEL   exit 1 on weak, medium or strong evidence or more, or on a verdict of\n"
    "                        trusted, verified, unverified, suspicious or worse\n"
    "      --milter SOCKET   play the message to a running filter and show what it answers\n"
    "      --color WHEN      auto, always or never\n"
    "      --no-owner        no effect: this build never asks for owners\n"
    "  -q, --quiet           one line for each message\n"
    "  -v, --verbose         more detail\n"
    "  -V, --version         print the version\n"
    "  -h, --help            print this\n";

void
options_usage(void)
{
	fputs(usage_text, stdout);
}

void
write_beside(const char *bytes, size_t len)
{
	fflush(NULL);
	fwrite(bytes, 1, len, stderr);
}

void
complain(const char *format, ...)
{
	char text[1024];
	struct bytes line = { 0 };
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	bytes_text(&line, "mailtrace: ");
	bytes_plain(&line, span_text(text));
	bytes_char(&line, '\n');
	write_beside(line.ptr, line.len);
	bytes_fini(&line);
}

static int
usage_error(void)
{
	fputs("mailtrace: try mailtrace -h\n", stderr);
	return EX_USAGE;
}

/* Lower case letters, digits and '-', beginning with a letter. */
static bool
is_key_word(const char *text, size_t len)
{
	if (len == 0 || text[0] < 'a' || text[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((text[i] < 'a' || text[i] > 'z') && (text[i] < '0' || text[i] > '9') && text[i] != '-')
			return false;
	return true;
}

/* KEY=... or KEY+=..., with a key of the configuration, or with what has the form of one in
 * a section, so that a wrong key is told: -o serves both settings and the output file. */
static bool
is_setting(const char *text)
{
	const char *end = strchr(text, '='), *dot;

	if (end == NULL)
		return false;
	if (end > text && end[-1] == '+')
		end--;
	if (mt_config_is_key((struct mt_span){ text, (size_t)(end - text) }))
		return true;
	dot = memchr(text, '.', (size_t)(end - text));
	return dot != NULL && is_key_word(text, (size_t)(dot - text)) && is_key_word(dot + 1, (size_t)(end - dot - 1));
}

static int
take_setting(struct options *options, const char *text)
{
	if (!is_setting(text)) {
		complain("\"%s\" is no setting; a setting is KEY=VALUE, with a key such as dns.deadline", text);
		return usage_error();
	}
	options->settings.text[options->settings.count++] = text;
	return 0;
}

static int
take_output(struct options *options, const char *text)
{
	if (options->output != NULL) {
		complain("two output files: \"%s\" and \"%s\"", options->output, text);
		return usage_error();
	}
	options->output = text;
	return 0;
}

static int
take_format(struct options *options, const char *text)
{
	static const struct {
		const char *word;
		enum mt_format format;
	} formats[] = {
		{ "text", MT_FORMAT_TEXT }, { "json", MT_FORMAT_JSON }, { "jsonl", MT_FORMAT_JSONL },
		{ "headers", MT_FORMAT_HEADERS },
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(text, formats[i].word) == 0) {
			options->format = formats[i].format;
			return 0;
		}
	if (strcmp(text, "html") == 0)
		complain("format html: not in this build");
	else
		complain("format \"%s\": it is text, json, jsonl or headers", text);
	return usage_error();
}

static int
take_client(struct options *options, const char *text)
{
	if (options->client.family != 0) {
		complain("--client is given twice");
		return usage_error();
	}
	if (mt_ip_parse(&options->client, span_text(text)))
		return 0;
	complain("--client \"%s\" is no IP address", text);
	return usage_error();
}

/* An address, or a network: address, '/', number of bits. */
static bool
is_network(struct mt_span text)
{
	const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
	size_t digits = slash == NULL ? 0 : (size_t)(text.ptr + text.len - slash - 1);
	unsigned bits = 0;
	struct mt_ip ip;

	if (slash != NULL && (digits == 0 || digits > 3))
		return false;
	for (size_t i = 1; i <= digits; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(slash[i] - '0');
	}
	if (slash != NULL)
		text.len = (size_t)(slash - text.ptr);
	return mt_ip_parse(&ip, text) && bits <= (ip.family == 4 ? 32u : 128u);
}

/* Networks gather into one setting; "-" adds none, and alone it empties the list. */
static int
take_trust(struct options *options, const char *text)
{
	static const char key[] = "trust.networks=";
	struct bytes all = { 0 };

	bytes_text(&all, options->trust == NULL ? key : options->trust);
	for (const char *p = text; strcmp(text, "-") != 0; ) {
		struct mt_span net = { p, strcspn(p, ",") };

		if (!is_network(net)) {
			complain("--trust \"%.*s\" is no network", (int)net.len, net.ptr);
			bytes_fini(&all);
			return usage_error();
		}
		if (all.len > sizeof key - 1)
			bytes_text(&all, ", ");
		bytes_add(&all, net.ptr, net.len);
		p += net.len;
		if (*p++ == '\0')
			break;
	}
	bytes_char(&all, '\0');
	free(options->trust);
	options->trust = all.ptr;
	return all.failed ? EX_OSERR : 0;
}

static int
take_color(struct options *options, const char *text)
{
	if (strcmp(text, "auto") == 0)
		options->color = COLOR_AUTO;
	else if (strcmp(text, "always") == 0)
		options->color = COLOR_ALWAYS;
	else if (strcmp(text, "never") == 0)
		options->color = COLOR_NEVER;
	else {
		complain("--color \"%s\": it is auto, always or never", text);
		return usage_error();
	}
	return 0;
}

int
level_rank(enum mt_level level)
{
	switch (level) {
	case MT_LEVEL_TRUSTED:
		return 0;
	case MT_LEVEL_VERIFIED:
		return 1;
	case MT_LEVEL_UNVERIFIED:
		return 2;
	case MT_LEVEL_SUSPICIOUS:
	case MT_LEVELS:
		break;
	}
	return 3;
}

static int
take_fail_on(struct options *options, const char *text)
{
	for (int i = 0; i < MT_STRENGTHS; i++)
		if (strcmp(text, mt_strength_word((enum mt_strength)i)) == 0) {
			options->fail_on = FAIL_STRENGTH;
			options->fail_at = i;
			return 0;
		}
	for (int i = 0; i < MT_LEVELS; i++)
		if (strcmp(text, mt_level_word((enum mt_level)i)) == 0) {
			options->fail_on = FAIL_LEVEL;
			options->fail_at = level_rank((enum mt_level)i);
			return 0;
		}
	complain("--fail-on \"%s\": it is weak, medium or strong; or trusted, verified, unverified or suspicious",
	    text);
	return usage_error();
}

static int
take_now(struct options *options, const char *text)
{
	if (mt_time_parse(&options->now_msec, (struct mt_span){ text, strlen(text) }))
		return 0;
	complain("--now \"%s\" is no time; write 2026-11-21T10:00:00Z or Unix seconds", text);
	return usage_error();
}

/* What getopt_long() refused: '?' unknown, ':' without its argument. */
static int
refuse(int c, char **argv, int option)
{
	const char *why = c == ':' ? "needs an argument" : "no such option, or an argument where none belongs";

	if (option > 0 && option < 256)
		complain("-%c: %s", option, why);
	else
		complain("%s: %s", argv[optind - 1], why);
	return usage_error();
}

static int
not_yet(int c, int row)
{
	if (c == OPT_NOT_YET)
		complain("--%s: not in this build", long_options[row].name);
	else
		complain("-%c: not in this build", c);
	return usage_error();
}

/* An address may stand in brackets, as in MAIL and RCPT; argv is ours to write to. */
static const char *
bare_address(char *address)
{
	size_t len = strlen(address);

	if (len < 2 || address[0] != '<' || address[len - 1] != '>')
		return address;
	address[len - 1] = '\0';
	return address + 1;
}

/* A value that stands once: which of two is meant nobody can know. */
static int
take_once(const char **member, const char *option, const char *value)
{
	if (*member != NULL) {
		complain("%s is given twice: \"%s\" and \"%s\"", option, *member, value);
		return usage_error();
	}
	*member = value;
	return 0;
}

static int
take_value(struct options *options, int c, char *value)
{
	switch (c) {
	case 'c':
		return take_once(&options->config, "-c", value);
	case OPT_HELO:
		return take_once(&options->helo, "--helo", value);
	case OPT_SENDER:
		return take_once(&options->sender, "--sender", bare_address(value));
	case OPT_ANSWERS:
		return take_once(&options->answers, "--answers", value);
	case OPT_EXPLAIN:
		return take_once(&options->explain, "--explain", value);
	case OPT_MILTER:
		return take_once(&options->milter, "--milter", value);
	case 'f':
		return take_format(options, value);
	case 'o':
		return is_setting(value) ? take_setting(options, value) : take_output(options, value);
	case OPT_OUTPUT:
		return take_output(options, value);
	case OPT_SET:
		return take_setting(options, value);
	case OPT_CLIENT:
		return take_client(options, value);
	case OPT_RCPT:
		options->recipients.text[options->recipients.count++] = bare_address(value);
		return 0;
	case OPT_TRUST:
		return take_trust(options, value);
	case OPT_FAIL_ON:
		return take_fail_on(options, value);
	case OPT_COLOR:
		return take_color(options, value);
	case OPT_NOW:
		return take_now(options, value);
	default:
		return 0;
	}
}

/* The options that are only noted. */
static void
note(struct options *options, int c)
{
	switch (c) {
	case OPT_POLICY:
		options->policy = true;
		break;
	case OPT_OFFLINE:
		options->offline = true;
		break;
	case OPT_SUMMARY:
		options->summary = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'V':
		options->version = true;
		break;
	case 'h':
		options->help = true;
		break;
	default:
		break;
	}
}

/* The option that is of no use to --milter, which traces nothing, or NULL. */
static const char *
idle_beside_milter(const struct options *options)
{
	const struct {
		const char *option;
		bool given;
	} idle[] = {
		{ "--fail-on", options->fail_on != FAIL_NEVER }, { "--summary", options->summary },
		{ "-c", options->config != NULL }, { "--policy", options->policy },
		{ "-o KEY=VALUE", options->settings.count > 0 }, { "--trust", options->trust != NULL },
		{ "--offline", options->offline }, { "--answers", options->answers != NULL },
		{ "--now", options->now_msec != 0 }, { "--explain", options->explain != NULL },
	};

	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (idle[i].given)
			return idle[i].option;
	return NULL;
}

/* Options that cannot stand together. */
static int
check(const struct options *options)
{
	const char *idle = options->milter == NULL ? NULL : idle_beside_milter(options);

	if (idle != NULL) {
		complain("--milter shows what a filter answers, and traces nothing: %s does not go with it", idle);
		return usage_error();
	}
	if (options->offline && options->answers != NULL) {
		complain("--offline asks nobody, and --answers a file: only one of them can be");
		return usage_error();
	}
	if (options->quiet && options->format == MT_FORMAT_HEADERS) {
		complain("-q does not go with -f headers");
		return usage_error();
	}
	return 0;
}

int
options_parse(struct options *options, int argc, char **argv)
{
	size_t most = (size_t)argc + 1;
	int c, row = 0, error = 0;

	options->settings.text = calloc(most, sizeof *options->settings.text);
	options->recipients.text = calloc(most, sizeof *options->recipients.text);
	options->inputs.text = calloc(most, sizeof *options->inputs.text);
	if (options->settings.text == NULL || options->recipients.text == NULL || options->inputs.text == NULL)
		return EX_OSERR;
	opterr = 0;
	while (error == 0 && (c = getopt_long(argc, argv, ":f:o:c:j:qvVh", long_options, &row)) != -1) {
		if (c == '?' || c == ':')
			error = refuse(c, argv, optopt);
		else if (c == OPT_NOT_YET || c == 'j')
			error = not_yet(c, row);
		else
			error = take_value(options, c, optarg);
		note(options, c);
	}
	if (error != 0)
		return error;
	while (optind < argc)
		options->inputs.text[options->inputs.count++] = argv[optind++];
	error = check(options);
	if (options->policy && options->config == NULL)
		options->config = DAEMON_CONFIG;
	return error;
}

void
options_fini(struct options *options)
{
	free(options->settings.text);
	free(options->recipients.text);
	free(options->inputs.text);
	free(options->trust);
}
