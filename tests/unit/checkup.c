/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole messages through the public header, with answers that come in any order between any
 * two steps of the dialogue: the report is always the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mailtrace.h"
#include "tests/unit/tap.h"

#define OPEN 128
#define ORDERS 25
#define NOW_MSEC INT64_C(1795255260000)	/* a minute after the message was sealed */

/* ---- a world that answers when it is told to --------------------------------------------------- */

struct world {
	struct mt_resolver resolver;
	struct mt_resolver *script;
	struct { char name[256]; enum mt_rrtype type; mt_answer_fn *done; void *ctx; } open[OPEN];
	unsigned count;			/* that wait for an answer */
	unsigned asked;
	unsigned state;			/* of the order */
	bool at_once;
};

static unsigned
next_random(struct world *w, unsigned below)
{
	w->state = w->state * 1664525u + 1013904223u;
	return (w->state >> 16) % below;
}

/* One answer, any of those that are open; false: none is. */
static bool
let_in(struct world *w)
{
	char name[256];
	enum mt_rrtype type;
	mt_answer_fn *done;
	unsigned pick;
	void *ctx;

	if (w->count == 0)
		return false;
	pick = next_random(w, w->count);
	memcpy(name, w->open[pick].name, sizeof name);
	type = w->open[pick].type;
	done = w->open[pick].done;
	ctx = w->open[pick].ctx;
	w->open[pick] = w->open[--w->count];
	w->script->ask(w->script, name, type, done, ctx);
	return true;
}

static void
world_ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct world *w = (struct world *)self;

	if (w->count == OPEN || strlen(name) >= sizeof w->open->name)
		abort();
	w->asked++;
	strcpy(w->open[w->count].name, name);
	w->open[w->count].type = type;
	w->open[w->count].done = done;
	w->open[w->count++].ctx = ctx;
	if (w->at_once)
		let_in(w);
}

static void
world_close(struct mt_resolver *self)
{
	struct world *w = (struct world *)self;

	while (let_in(w))
		;
	w->script->close(w->script);
}

static void
complain(void *ctx, const char *line)
{
	(void)ctx;
	tap_note("%s", line);
}

static int64_t
wall_msec(void *ctx)
{
	(void)ctx;
	return NOW_MSEC;
}

static void
quiet(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	(void)line;
}

/* ---- one engine in it ----------------------------------------------------------------------------- */

#define SETTINGS_MOST 8
static const char *const settings[SETTINGS_MOST] = { "trust.authserv-id=mx.example.org", "trust.sealers=lists.example.com" };

struct bench {
	struct world world;
	struct mt_config *config;
	struct mt_engine *engine;
};

static const char *
in_top(const char *path)
{
	static char full[4096];
	const char *top = getenv("top_srcdir");

	snprintf(full, sizeof full, "%s/%s", top == NULL ? "." : top, path);
	return full;
}

/* A key record of tests/data/dkim, as strings that fit into a TXT record. */
static void
put_key(FILE *file, const char *name)
{
	char text[1024] = "";
	FILE *key = fopen(in_top("tests/data/dkim/rsa2048.txt"), "r");

	if (key == NULL || fgets(text, sizeof text, key) == NULL)
		abort();
	fclose(key);
	text[strcspn(text, "\n")] = '\0';
	fprintf(file, "dns %s TXT \"%.200s\" \"%s\"\n", name, text, text + 200);
}

#define ANSWERS \
	"dns 5.114.0.203.in-addr.arpa PTR lists.example.com\n" \
	"dns lists.example.com A 203.0.114.5\n" \
	"dns lists.example.com TXT \"v=spf1 include:_spf.example.com -all\"\n" \
	"dns _spf.example.com TXT \"v=spf1 a:no.example.com a:out.example.com mx:example.com -all\"\n" \
	"dns out.example.com A 203.0.114.5\n" \
	"dns example.com MX 10 mx.example.com\n" \
	"dns mx.example.com A 203.0.114.6\n" \
	"dns bank.example TXT \"v=spf1 -all\"\n" \
	"dns _dmarc.example.net TXT \"v=DMARC1; p=reject\"\n" \
	"dns 2.0.0.127.bl.example.com A 127.0.0.2\n" \
	"dns 5.114.0.203.bl.example.com A 127.0.0.4\n"

/* keys: of both signatures; instead: a line in place of those of its name and type. */
static struct mt_resolver *
open_script(const char *answers, bool keys, const char *instead)
{
	char path[] = "/tmp/mt-checkup-XXXXXX";
	size_t same = instead[0] == '\0' ? 0 : (size_t)(strrchr(instead, ' ') - instead);
	FILE *file = fdopen(mkstemp(path), "w");
	struct mt_resolver *script;

	if (file == NULL)
		abort();
	for (const char *line = answers; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (same == 0 || strncmp(line, instead, same) != 0)
			fprintf(file, "%.*s\n", (int)strcspn(line, "\n"), line);
	fprintf(file, "%s\n", instead);
	if (keys) {
		put_key(file, "sel._domainkey.lists.example.com");
		put_key(file, "s1._domainkey.example.net");
	}
	fclose(file);
	script = mt_script_open(path, complain, NULL);
	unlink(path);
	if (script == NULL)
		abort();
	return script;
}

/* answers: of ANSWERS or in place of them. */
static void
begin(struct bench *b, const char *answers, bool keys, const char *const *more)
{
	const char *overrides[SETTINGS_MOST + 2];
	char lists[] = "/tmp/mt-checkup.conf-XXXXXX";
	struct mt_ports ports = { .resolver = &b->world.resolver, .wall_msec = wall_msec, .say = quiet };
	FILE *conf = fdopen(mkstemp(lists), "w");
	size_t n = 0;

	*b = (struct bench){ .world.resolver = { world_ask, world_close } };
	if (conf == NULL)
		abort();
	fputs("dnsbl \"bl.example.com\" { check = { client, hops } code \"127.0.0.4\" { name = xbl class = exploited } }\n", conf);
	fclose(conf);
	for (; settings[n] != NULL; n++)
		overrides[n] = settings[n];
	for (; more != NULL && *more != NULL; more++)
		overrides[n++] = *more;
	b->config = mt_config_load(lists, overrides, n, complain, NULL, NULL);
	b->world.script = open_script(answers, keys, "");
	unlink(lists);
	if (b->config == NULL)
		abort();
	b->engine = mt_engine_open(b->config, &ports, NULL);
}

static void
end(struct bench *b)
{
	mt_engine_close(b->engine);
	mt_config_unref(b->config);
}

/* ---- a message in steps ------------------------------------------------------------------------------ */

struct text {
	char *bytes;
	size_t len, header;		/* where the empty line begins */
};

static struct text
read_message(const char *path)
{
	struct text text = { malloc(65536), 0, 0 };
	FILE *file = fopen(in_top(path), "rb");

	if (text.bytes == NULL || file == NULL)
		abort();
	text.len = fread(text.bytes, 1, 65535, file);
	text.bytes[text.len] = '\0';
	text.header = (size_t)(strstr(text.bytes, "\n\n") + 1 - text.bytes);
	fclose(file);
	return text;
}

static struct mt_span
span(const char *text)
{
	return (struct mt_span){ text, strlen(text) };
}

static struct mt_conn *
connect_as(struct bench *b, const char *const *names)
{
	struct mt_client client = { .port = 4711 };
	struct mt_conn *conn;

	mt_ip_parse(&client.ip, span("203.0.114.5"));
	conn = mt_conn_open(b->engine, &client);
	for (; *names != NULL; names++)
		mt_conn_helo(conn, span(*names), false);
	return conn;
}

/* Some answers, or none, as it comes. */
static void
pass_time(struct bench *b)
{
	for (unsigned i = next_random(&b->world, 4); i > 0; i--)
		let_in(&b->world);
}

struct step {
	struct bench *b;
	struct mt_trace *trace;
	const struct text *text;
	const char *sender;
	unsigned recipients;
	size_t at;			/* in the text */
	unsigned done;			/* steps */
};

static void
one_field(struct step *s)
{
	const char *line = s->text->bytes + s->at, *colon = strchr(line, ':'), *stop = colon;

	do
		stop = strchr(stop, '\n') + 1;
	while (*stop == ' ' || *stop == '\t');
	mt_trace_header(s->trace, (struct mt_span){ line, (size_t)(colon - line) },
	    (struct mt_span){ colon + 1, (size_t)(stop - 1 - (colon + 1)) });
	s->at = (size_t)(stop - s->text->bytes);
}

/* False: the message is complete. */
static bool
step(struct step *s)
{
	unsigned n = s->done++;

	if (n == 0) {
		mt_trace_sender(s->trace, span(s->sender));
	} else if (n <= s->recipients) {
		tap_failed += mt_trace_recipient(s->trace, span("<team@example.org>"))->action != MT_ACCEPT;
	} else if (s->at < s->text->header) {
		one_field(s);
	} else if (s->at == s->text->header) {
		mt_trace_header_end(s->trace);
		s->at++;
	} else if (s->at < s->text->len) {
		mt_trace_body(s->trace, (struct mt_span){ s->text->bytes + s->at++, 1 });
	} else {
		return false;
	}
	return true;
}

/* The report, without what is another one each time; to be freed. */
struct report {
	char *text;
	size_t len;
};

static int
collect(void *ctx, const char *bytes, size_t len)
{
	struct report *report = ctx;

	report->text = realloc(report->text, report->len + len + 1);
	if (report->text == NULL)
		abort();
	memcpy(report->text + report->len, bytes, len);
	report->len += len;
	report->text[report->len] = '\0';
	return 0;
}

static void
mask(char *text, const char *key, const char *letters)
{
	for (char *at = strstr(text, key); at != NULL; at = strstr(at, key)) {
		at += strlen(key);
		memmove(at, at + strspn(at, letters), strlen(at + strspn(at, letters)) + 1);
	}
}

static char *
report_of(struct mt_trace *trace)
{
	struct mt_render_options options = { .format = MT_FORMAT_JSONL };
	struct report report = { NULL, 0 };

	mt_render(trace, &options, collect, &report);
	mask(report.text, "\"id\":\"", "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
	mask(report.text, "\"duration_ms\":", "0123456789");
	mask(report.text, "\"ms\":", "0123456789");
	return report.text;
}

/* Waits for what is open, without waiting: an answer at a time until nothing is missed. */
static char *
finish(struct bench *b, struct mt_trace *trace)
{
	char *text;

	while (!mt_trace_ready(trace) && let_in(&b->world))
		;
	mt_trace_finish(trace, mt_now_mono_msec());
	text = report_of(trace);
	return text;
}

/* One message over one connection. */
static char *
play(struct bench *b, struct mt_conn *conn, const struct text *text, const char *sender, unsigned recipients)
{
	struct step s = { .b = b, .text = text, .sender = sender, .recipients = recipients };
	char *report;

	pass_time(b);
	s.trace = mt_trace_open(conn);
	while (step(&s))
		pass_time(b);
	report = finish(b, s.trace);
	mt_trace_close(s.trace);
	return report;
}

/* ---- cases ---------------------------------------------------------------------------------------------- */

#define SENDER "<team-bounces@lists.example.com>"

static const char *const one_name[] = { "lists.example.com", NULL };

static const struct {
	const char *what;
	const char *answers;
	bool keys, changed;		/* changed: the body is another one */
	const char *sender;
	const char *settings[6];
	const char *said[9];		/* stands in the report */
} cases[] = {
	{ "all that can be", ANSWERS, true, false, SENDER, { NULL }, {
	    "\"mailfrom\":{\"state\":\"pass\",\"domain\":\"lists.example.com\"", "\"helo\":{\"state\":\"pass\",\"domain\":\"lists.example.com\"",
	    "\"dkim\":[{\"state\":\"pass\",\"domain\":\"example.net\"", "\"arc\":{\"state\":\"pass\",\"instance\":1,\"sealer\":\"lists.example.com\"",
	    "\"dmarc\":{\"state\":\"pass\",\"domain\":\"example.net\"", "\"state\":\"listed\",\"zone\":\"bl.example.com\",\"codes\":[\"127.0.0.4\"]",
	    "\"code\":\"dnsbl.listed\"", "\"boundary\":{\"hop\":1,\"ip\":\"203.0.115.9\"" } },
	{ "the body was changed", ANSWERS, true, true, SENDER, { NULL }, { "\"mailfrom\":{\"state\":\"pass\"", "\"dkim\":[{\"state\":\"fail\"",
	    "\"arc\":{\"state\":\"fail\"", "\"dmarc\":{\"state\":\"fail\"", "\"code\":\"dkim.fail\"", "\"code\":\"arc.fail\"", "\"code\":\"dmarc.fail\"",
	    "\"boundary\":{\"hop\":2,\"ip\":\"203.0.114.5\"" } },
	{ "another's sender", ANSWERS, true, false, "<a@bank.example>", { NULL }, { "\"mailfrom\":{\"state\":\"fail\",\"domain\":\"bank.example\"",
	    "\"helo\":{\"state\":\"pass\"", "\"dmarc\":{\"state\":\"pass\"", "\"code\":\"spf.fail\"" } },
	{ "the null sender", ANSWERS, true, false, "<>", { NULL }, { "\"mailfrom\":{\"state\":\"pass\",\"domain\":\"lists.example.com\"",
	    "\"helo\":{\"state\":\"pass\",\"domain\":\"lists.example.com\"" } },
	{ "no keys", ANSWERS, false, false, SENDER, { NULL }, { "\"dkim\":[{\"state\":\"permerror\"", "\"dmarc\":{\"state\":\"fail\"",
	    "\"code\":\"dkim.permerror\"" } },
	{ "a silent world", "default timeout\n", false, false, SENDER, { NULL }, { "\"mailfrom\":{\"state\":\"temperror\"",
	    "\"helo\":{\"state\":\"temperror\"", "\"dkim\":[{\"state\":\"temperror\"", "\"arc\":{\"state\":\"temperror\"",
	    "\"dmarc\":{\"state\":\"temperror\"", "\"state\":\"temperror\",\"zone\":\"bl.example.com\"", "\"code\":\"spf.temperror\"" } },
	{ "an empty world", "default nxdomain\n", false, false, SENDER, { NULL }, { "\"mailfrom\":{\"state\":\"none\"",
	    "\"helo\":{\"state\":\"none\"", "\"dkim\":[{\"state\":\"permerror\"", "\"dmarc\":{\"state\":\"none\"",
	    "\"state\":\"clean\",\"zone\":\"bl.example.com\"" } },
	{ "nothing is wanted", ANSWERS, true, false, SENDER, { "spf.enable=no", "dkim.enable=no", "arc.enable=no", "dmarc.enable=no",
	    "relay.enable=no", NULL }, { "\"mailfrom\":{\"state\":\"skipped\"", "\"dkim\":[]", "\"arc\":{\"state\":\"skipped\"",
	    "\"dmarc\":{\"state\":\"skipped\"", "\"relay\":{\"state\":\"skipped\"" } },
	{ "from inside", ANSWERS, true, false, SENDER, { "trust.networks=203.0.114.0/24", NULL }, { "\"mailfrom\":{\"state\":\"skipped\"",
	    "\"level\":\"trusted\"" } },
};

static struct text message, changed;

static char *
one_case(size_t c, unsigned seed)
{
	struct mt_conn *conn;
	struct bench b;
	char *report;

	begin(&b, cases[c].answers, cases[c].keys, cases[c].settings);
	b.world.state = seed;
	b.world.at_once = seed == 0;
	conn = connect_as(&b, one_name);
	report = play(&b, conn, cases[c].changed ? &changed : &message, cases[c].sender, 1);
	mt_conn_close(conn);
	end(&b);
	return report;
}

static void
test_orders(void)
{
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		char *want = one_case(c, 0);
		bool same = true;

		for (size_t i = 0; i < 9 && cases[c].said[i] != NULL; i++)
			if (!tap_ok(strstr(want, cases[c].said[i]) != NULL, "%s: %s", cases[c].what, cases[c].said[i]))
				tap_note("%s", want);
		for (unsigned seed = 1; seed <= ORDERS && same; seed++) {
			char *got = one_case(c, seed);

			same = strcmp(got, want) == 0;
			if (!same)
				tap_note("want %s", want), tap_note("got  %s", got);
			free(got);
		}
		tap_ok(same, "%s: the same report in %d orders of the answers", cases[c].what, ORDERS);
		free(want);
	}
}

/* ---- connections ------------------------------------------------------------------------------------------ */

/* The HELO that counts is the one that stands when the message comes. */
static void
test_helo(void)
{
	static const char *const names[] = { "lists.example.com", "bank.example", NULL };
	char *want = NULL;
	bool same = true;

	for (unsigned seed = 0; seed <= ORDERS; seed++) {
		struct mt_conn *conn;
		struct bench b;
		char *got;

		begin(&b, ANSWERS, true, NULL);
		b.world.state = seed;
		conn = connect_as(&b, names);
		got = play(&b, conn, &message, "<>", 1);
		if (want == NULL)
			want = got;
		same &= strcmp(got, want) == 0;
		if (got != want)
			free(got);
		mt_conn_close(conn);
		end(&b);
	}
	tap_ok(same && strstr(want, "\"helo\":{\"state\":\"fail\",\"domain\":\"bank.example\"") != NULL &&
	    strstr(want, "\"mailfrom\":{\"state\":\"fail\",\"domain\":\"bank.example\"") != NULL &&
	    strstr(want, "\"helo\":{\"state\":\"changed\"") != NULL, "a later HELO is the one that SPF is about");
	free(want);
}

/* Three messages on one connection are as three on their own, and ask for nothing twice. */
static void
test_several(void)
{
	char *want = one_case(0, 0);
	bool same = true;
	struct mt_conn *conn;
	struct bench b;
	unsigned asked;

	begin(&b, ANSWERS, true, NULL);
	b.world.state = 7;
	conn = connect_as(&b, one_name);
	for (int i = 0; i < 3; i++) {
		char *got = play(&b, conn, &message, SENDER, 1);

		if (i == 0)
			asked = b.world.asked;
		same &= strcmp(got, want) == 0;
		free(got);
	}
	tap_ok(same && b.world.asked == asked, "three messages on one connection: three times the same, and no question twice");
	mt_conn_close(conn);
	end(&b);
	free(want);
}

/* Two messages at once, a step of either in turn. */
static void
test_two(void)
{
	char *want = one_case(0, 0);
	bool same = true;

	for (unsigned seed = 1; seed <= ORDERS; seed++) {
		struct step s[2];
		struct mt_conn *conn;
		struct bench b;

		begin(&b, ANSWERS, true, NULL);
		b.world.state = seed;
		conn = connect_as(&b, one_name);
		for (int i = 0; i < 2; i++)
			s[i] = (struct step){ .b = &b, .trace = mt_trace_open(conn), .text = &message, .sender = SENDER, .recipients = 1 };
		while (step(&s[0]) | step(&s[1]))
			pass_time(&b);
		for (int i = 0; i < 2; i++) {
			char *got = finish(&b, s[i].trace);

			same &= strcmp(got, want) == 0;
			free(got);
		}
		for (int i = 0; i < 2; i++)
			mt_trace_close(s[i].trace);
		mt_conn_close(conn);
		end(&b);
	}
	tap_ok(same, "two messages at once do not disturb each other");
	free(want);
}

/* What was asked at MAIL is not lost when a thousand recipients are judged before its answer. */
static void
test_recipients(void)
{
	char *want = one_case(0, 0), *got;
	struct mt_conn *conn;
	struct bench b;
	struct step s;

	begin(&b, ANSWERS, true, NULL);
	conn = connect_as(&b, one_name);
	s = (struct step){ .b = &b, .trace = mt_trace_open(conn), .text = &message, .sender = SENDER, .recipients = 1000 };
	while (s.done <= s.recipients) {
		step(&s);
		if (s.done % 100 == 0)
			let_in(&b.world);
	}
	while (step(&s))
		mt_trace_verdict(s.trace, MT_STAGE_DATA);
	got = finish(&b, s.trace);
	if (!tap_ok(strcmp(got, want) == 0, "a thousand recipients change nothing of what was asked"))
		tap_note("%s", got);
	mt_trace_close(s.trace);
	mt_conn_close(conn);
	end(&b);
	free(got);
	free(want);
}

/* Nothing has come: temporary errors, at once; and what comes later is the next message's. */
static void
test_late(void)
{
	char *want = one_case(0, 0), *got;
	struct mt_conn *conn;
	struct bench b;
	struct step s;

	begin(&b, ANSWERS, true, NULL);
	conn = connect_as(&b, one_name);
	s = (struct step){ .b = &b, .trace = mt_trace_open(conn), .text = &message, .sender = SENDER };
	while (step(&s))
		;
	tap_ok(!mt_trace_ready(s.trace), "there is something to wait for");
	mt_trace_finish(s.trace, mt_now_mono_msec());
	for (int f = MT_FACT_SPF; f <= MT_FACT_DMARC; f++)
		tap_ok(mt_trace_fact(s.trace, (enum mt_fact_name)f).result == MT_TEMPERROR &&
		    mt_trace_fact(s.trace, (enum mt_fact_name)f).cause == MT_CAUSE_DEADLINE, "no answer about %s: a temporary error",
		    mt_fact_word((enum mt_fact_name)f));
	tap_ok(mt_trace_relay(s.trace)->result != MT_OPEN && mt_trace_relay(s.trace)->result != MT_SUSPECT, "and no relay is accused");
	got = report_of(s.trace);
	while (let_in(&b.world))
		mt_trace_verdict(s.trace, MT_STAGE_EOM);
	free(got);
	mt_trace_close(s.trace);
	got = play(&b, conn, &message, SENDER, 1);
	tap_ok(strcmp(got, want) == 0, "late answers are the next message's");
	mt_conn_close(conn);
	end(&b);
	free(got);
	free(want);
}

/* DNS is in trouble, and then no more: the next message on the connection shows it, and no
 * answer that was good is asked for again. */
static void
test_renewal(void)
{
	static const char *const remember_no_trouble[] = { "dns.failure-ttl=0s", NULL };
	static const char *const troubles[] = { "default servfail", "default timeout", "default garbage",
		"dns lists.example.com A servfail", "dns lists.example.com TXT timeout",
		"dns 5.114.0.203.in-addr.arpa PTR timeout", "dns _spf.example.com TXT servfail",
		"dns 5.114.0.203.bl.example.com A refused" };
	char *want = one_case(0, 0), *got;

	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		struct mt_resolver *good, *bad;
		struct mt_conn *conn;
		unsigned asked;
		struct bench b;

		begin(&b, ANSWERS, true, remember_no_trouble);
		good = b.world.script;
		bad = b.world.script = open_script(strncmp(troubles[i], "default", 7) == 0 ? "" : ANSWERS, true, troubles[i]);
		conn = connect_as(&b, one_name);
		got = play(&b, conn, &message, SENDER, 1);
		tap_ok(strcmp(got, want) != 0, "trouble: %s", troubles[i]);
		free(got);
		b.world.script = good;
		got = play(&b, conn, &message, SENDER, 1);
		if (!tap_ok(strcmp(got, want) == 0, "and none in the next message"))
			tap_note("%s", got);
		free(got);
		asked = b.world.asked;
		got = play(&b, conn, &message, SENDER, 1);
		tap_ok(strcmp(got, want) == 0 && b.world.asked == asked, "and then nothing is asked again");
		free(got);
		mt_conn_close(conn);
		end(&b);
		bad->close(bad);
	}
	free(want);
}

/* ---- the body ------------------------------------------------------------------------------------------------ */

static void
test_body(void)
{
	static const char *const off[] = { "dkim.enable=no", "arc.enable=no", NULL };
	static const struct {
		const char *what;
		const char *const *settings;
		bool plain, wanted;
	} bodies[] = {
		{ "of a signed message", NULL, false, true }, { "of one that is not signed", NULL, true, false },
		{ "of a signed one that nobody looks at", off, false, false },
	};

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct text plain = read_message("tests/data/mail/no-hops.eml");
		struct mt_conn *conn;
		struct bench b;
		struct step s;

		begin(&b, ANSWERS, true, bodies[i].settings);
		b.world.at_once = true;
		conn = connect_as(&b, one_name);
		s = (struct step){ .b = &b, .trace = mt_trace_open(conn), .text = bodies[i].plain ? &plain : &message, .sender = SENDER };
		while (s.at <= s.text->header)
			step(&s);
		tap_ok(mt_trace_wants_body(s.trace) == bodies[i].wanted, "the body %s is %swanted", bodies[i].what,
		    bodies[i].wanted ? "" : "not ");
		mt_trace_close(s.trace);
		mt_conn_close(conn);
		end(&b);
		free(plain.bytes);
	}
}

int
main(void)
{
	message = read_message("tests/data/mail/signed-sealed.eml");
	changed = read_message("tests/data/mail/signed-sealed.eml");
	changed.bytes[changed.len - 2] = '!';
	test_orders();
	test_helo();
	test_several();
	test_two();
	test_recipients();
	test_late();
	test_renewal();
	test_body();
	free(message.bytes);
	free(changed.bytes);
	return tap_done();
}
