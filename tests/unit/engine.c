/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine through its public header: who waits, and for how long. */
#include "lib/mailtrace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define TEXT(s) ((struct mt_span){ (s), sizeof(s) - 1 })

/* A resolver that never answers until it is closed or told to. */
struct silent {
	struct mt_resolver resolver;
	unsigned asked;
	struct { mt_answer_fn *done; void *ctx; } open[256];
};

static void
hold(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct silent *s = (struct silent *)self;

	(void)name;
	(void)type;
	s->open[s->asked].done = done;
	s->open[s->asked++].ctx = ctx;
}

static void
let_go(struct mt_resolver *self)
{
	struct silent *s = (struct silent *)self;

	for (unsigned i = 0; i < s->asked; i++)
		if (s->open[i].done != NULL)
			s->open[i].done(s->open[i].ctx, NULL);
}

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	tap_note("%s", line);
}

static struct mt_client
a_client(const char *ip)
{
	struct mt_client client = { 0 };

	mt_ip_parse(&client.ip, (struct mt_span){ ip, strlen(ip) });
	return client;
}

static bool
has_evidence(const struct mt_trace *trace, const char *code)
{
	const struct mt_evidence *evidence;

	for (size_t i = 0; (evidence = mt_trace_evidence(trace, i)) != NULL; i++)
		if (strcmp(evidence->code, code) == 0)
			return true;
	return false;
}

static void
test_deadline(struct mt_config *config)
{
	struct silent silent = { .resolver = { .ask = hold, .close = let_go } };
	struct mt_ports ports = { .resolver = &silent.resolver };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = a_client("192.0.2.7");
	int64_t began = mt_now_mono_msec(), took;
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *trace;

	mt_conn_helo(conn, TEXT("mail.example.net"), false);
	trace = mt_trace_open(conn);
	mt_trace_sender(trace, TEXT("<a@example.net> SIZE=100"));
	for (int i = 0; i < 500; i++)
		tap_failed += mt_trace_recipient(trace, TEXT("<user@example.org>"))->action != MT_ACCEPT;
	tap_ok(mt_now_mono_msec() - began < 1000 && silent.asked == 5,
	    "nothing waits before the end; five questions are out");
	began = mt_now_mono_msec();
	mt_trace_finish(trace, began + 100);
	took = mt_now_mono_msec() - began;
	tap_ok(took >= 100 && took < 1000, "the end waits until the deadline and no longer (%d ms)", (int)took);
	tap_ok(mt_trace_fact(trace, MT_FACT_PTR).result == MT_TEMPERROR && mt_trace_fact(trace, MT_FACT_PTR).cause == MT_CAUSE_DEADLINE,
	    "what did not come is a temporary error");
	tap_ok(has_evidence(trace, "ptr.temperror") && !has_evidence(trace, "ptr.none"), "and evidence says so");
	mt_trace_close(trace);
	trace = mt_trace_open(conn);
	mt_trace_finish(trace, mt_now_mono_msec());
	tap_ok(silent.asked == 5, "the next message asks nothing anew");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

static struct mt_trace *
a_message(struct mt_conn *conn, const char *const (*fields)[2])
{
	struct mt_trace *trace = mt_trace_open(conn);

	for (size_t i = 0; fields[i][0] != NULL; i++)
		mt_trace_header(trace, (struct mt_span){ fields[i][0], strlen(fields[i][0]) },
		    (struct mt_span){ fields[i][1], strlen(fields[i][1]) });
	mt_trace_finish(trace, mt_now_mono_msec() + 1000);
	return trace;
}

/* The deletions as "name:index ...". */
static const char *
deletions(struct mt_trace *trace, char *text, size_t room)
{
	const struct mt_edit *edit;
	int at = 0;

	text[0] = '\0';
	for (size_t i = 0; (edit = mt_trace_edit(trace, i)) != NULL; i++)
		if (!edit->insert)
			at += snprintf(text + at, room - (size_t)at, "%s:%u ", edit->name, edit->index);
	return text;
}

static void
test_edits(struct mt_config *config)
{
	static const char *const fields[][2] = {
		{ "Authentication-Results", " mx.example.org; spf=pass" }, { "X-Trace-Result", "a" },
		{ "Received", "from a (a [192.0.2.1]) by b; Sat, 21 Nov 2026 10:00:00 +0000" },
		{ "authentication-results", " other.example; spf=pass" }, { "x-trace-result", "b" },
		{ "Authentication-Results", "mx.example.org/1; spf=pass" }, { "X-Trace-Odd", "" },
		{ "X-Traceroute", "mine" }, { "X-Trace-Result", "c" }, { NULL, NULL },
	};
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client outside = a_client("192.0.2.7"), inside = a_client("127.0.0.1");
	struct mt_conn *conn = mt_conn_open(engine, &outside);
	struct mt_trace *trace = a_message(conn, fields);
	const struct mt_edit *edit;
	char text[512];
	unsigned inserted = 0;
	const char *last = "";

	deletions(trace, text, sizeof text);
	tap_ok(strcmp(text, "Authentication-Results:3 Authentication-Results:1 X-Trace-Result:3 X-Trace-Result:2 X-Trace-Result:1 X-Trace-Odd:1 ") == 0,
	    "foreign copies go, highest index first: %s", text);
	for (size_t i = 0; (edit = mt_trace_edit(trace, i)) != NULL; i++) {
		inserted += edit->insert;
		if (edit->insert)
			last = edit->name;
	}
	tap_ok(inserted == 5 && strcmp(last, "X-Trace-Result") == 0, "five fields are added, the result last and so on top");
	mt_trace_close(trace);
	mt_conn_close(conn);
	conn = mt_conn_open(engine, &inside);
	trace = a_message(conn, fields);
	tap_ok(deletions(trace, text, sizeof text)[0] == '\0', "what comes from inside keeps its fields");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

static void
test_bounds(struct mt_config *config)
{
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = a_client("192.0.2.7");
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *trace = mt_trace_open(conn);
	const struct mt_verdict *verdict;
	static char big[100000];

	memset(big, 'x', sizeof big);
	for (int i = 0; i < 100; i++)
		mt_trace_header(trace, TEXT("Received"), (struct mt_span){ big, sizeof big });
	for (int i = 0; i < 10000; i++)
		mt_trace_header(trace, TEXT("X-Trace-Flood"), TEXT("x"));
	mt_trace_finish(trace, mt_now_mono_msec());
	tap_ok(mt_trace_verdict(trace, MT_STAGE_EOM)->action == MT_ACCEPT && has_evidence(trace, "chain.truncated"),
	    "ten megabytes of header end in a verdict that says so");
	tap_ok(mt_trace_edit(trace, 9999) != NULL && mt_trace_edit(trace, 9999)->index == 1 && !mt_trace_edit(trace, 9999)->insert &&
	    mt_trace_stripped(trace), "and all 10,000 forged fields go");
	tap_ok(mt_trace_edit(trace, 10000) != NULL && mt_trace_edit(trace, 10000)->insert, "and ours are added");
	mt_trace_close(trace);
	trace = mt_trace_open(conn);
	for (int i = 0; i < 1500; i++) {
		int len = snprintf(big, sizeof big, "X-Trace-%d", i);

		mt_trace_header(trace, (struct mt_span){ big, (size_t)len }, TEXT("x"));
	}
	mt_trace_finish(trace, mt_now_mono_msec());
	verdict = mt_trace_verdict(trace, MT_STAGE_EOM);
	tap_ok(!mt_trace_stripped(trace) && verdict->would == MT_TEMPFAIL && verdict->reason != NULL &&
	    strcmp(verdict->reason, "odd-header") == 0 && verdict->code == 451,
	    "a header that cannot be cleaned: the verdict is a deferral, and says why");
	tap_ok(mt_trace_edit(trace, 0) != NULL, "and what can go goes all the same");
	mt_trace_close(trace);
	memset(big, 'x', sizeof big);
	for (int i = 0; i < 5000; i++)
		mt_conn_helo(conn, (struct mt_span){ big + i % 2, (size_t)(1000 - i % 7) }, false);
	trace = mt_trace_open(conn);
	mt_trace_finish(trace, mt_now_mono_msec());
	tap_ok(mt_trace_fact(trace, MT_FACT_HELO).result != MT_PASS, "5,000 HELOs are survived");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

/* How many questions a client can make us ask. */
static void
test_helo_questions(struct mt_config *config)
{
	struct silent silent = { .resolver = { .ask = hold, .close = let_go } };
	struct mt_ports ports = { .resolver = &silent.resolver };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = a_client("192.0.2.7");
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *trace;
	char name[32];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "h%d.example.net", i);
		mt_conn_helo(conn, (struct mt_span){ name, strlen(name) }, false);
	}
	tap_ok(silent.asked == 10, "50 HELOs make the questions of three, and the PTR: %u", silent.asked);
	trace = mt_trace_open(conn);
	mt_trace_finish(trace, mt_now_mono_msec());
	tap_ok(mt_trace_fact(trace, MT_FACT_HELO).result == MT_CHANGED, "and a client that changes its name is told so");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

/* The end waits for the last HELO name, not for those before. */
static void
test_former_helo(struct mt_config *config)
{
	struct silent silent = { .resolver = { .ask = hold, .close = let_go } };
	struct mt_ports ports = { .resolver = &silent.resolver };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = a_client("192.0.2.7");
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *trace = NULL;

	mt_conn_helo(conn, TEXT("silent.example.net"), false);
	mt_conn_helo(conn, TEXT("laptop"), false);
	trace = mt_trace_open(conn);
	tap_ok(!mt_trace_ready(trace), "the PTR is waited for");
	silent.open[0].done(silent.open[0].ctx, NULL);	/* no memory for an answer */
	silent.open[0].done = NULL;
	tap_ok(mt_trace_ready(trace), "the name of a former HELO is not");
	mt_trace_finish(trace, mt_now_mono_msec() + 50);
	tap_ok(mt_trace_fact(trace, MT_FACT_PTR).result == MT_TEMPERROR, "and no memory is a temporary error");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

/* Recipients without end: each is judged for itself, in bounded memory. */
static void
test_many_recipients(void)
{
	static const char conf[] = "mode = enforce\nrule \"bad\" { recipient = { \"*@bad.example\" } action = reject }\n";
	static const char filler[1024] = "x";
	char path[] = "/tmp/mailtrace-engine-XXXXXX", address[64];
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_client client = a_client("192.0.2.7");
	const struct mt_verdict *verdict;
	struct mt_config *config = NULL;
	struct mt_engine *engine;
	struct mt_trace *trace;
	struct mt_conn *conn;
	int fd = mkstemp(path), wrong = 0;

	if (fd >= 0 && write(fd, conf, sizeof conf - 1) == (ssize_t)(sizeof conf - 1))
		config = mt_config_load(path, NULL, 0, say, NULL, NULL);
	unlink(path);
	if (!tap_ok(config != NULL, "a rule loads"))
		return;
	engine = mt_engine_open(config, &ports, NULL);
	conn = mt_conn_open(engine, &client);
	trace = mt_trace_open(conn);
	for (int i = 0; i < 60000; i++) {
		snprintf(address, sizeof address, "<user%d@bad.example>", i);
		verdict = mt_trace_recipient(trace, (struct mt_span){ address, strlen(address) });
		wrong += verdict->action != MT_REJECT || verdict->text.len == 0;
		mt_trace_recipient_refused(trace);
	}
	tap_ok(wrong == 0, "60,000 recipients are refused, each with its reply (%d not)", wrong);
	tap_ok(mt_trace_recipient(trace, TEXT("<x@good.example>"))->action == MT_ACCEPT &&
	    mt_trace_recipient(trace, TEXT("<postmaster@bad.example>"))->action == MT_ACCEPT,
	    "and none of them is charged to the next");
	mt_trace_close(trace);
	trace = mt_trace_open(conn);
	mt_trace_recipient(trace, TEXT("<user@bad.example>"));
	for (int i = 0; i < 60000; i++)
		mt_trace_header(trace, TEXT("Received"), TEXT("from a (a [198.51.100.1]) by b (Postfix) with ESMTP id 12345; x"));
	for (int i = 0; i < 9000; i++)
		mt_trace_queue_id(trace, (struct mt_span){ filler, sizeof filler });
	mt_trace_finish(trace, mt_now_mono_msec());
	tap_ok(mt_trace_verdict(trace, MT_STAGE_EOM)->action == MT_REJECT && mt_trace_verdict(trace, MT_STAGE_EOM)->text.len > 0,
	    "a refusal has a text though the memory of the message is used up");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
	mt_config_unref(config);
}

/* One recipient of a conversation: what the MTA says of it, and what it comes to. */
static const struct {
	const char *address, *mailer;
	enum mt_action action;
	enum mt_result fact;		/* of all that were accepted, if the message ended here */
} passed_on[] = {
	{ "bert@example.org", NULL, MT_ACCEPT, MT_INSIDE },
	{ "eve@elsewhere.example", "smtp", MT_REJECT, MT_INSIDE },
	{ "carl@local.example", "local", MT_ACCEPT, MT_INSIDE },
	/* What was said of one is not said of the next. */
	{ "dora@untold.example", NULL, MT_ACCEPT, MT_SKIPPED },
	{ "eve%elsewhere.example@example.org", "smtp", MT_REJECT, MT_SKIPPED },
	{ "postmaster@elsewhere.example", "smtp", MT_ACCEPT, MT_OUTSIDE },
};

static struct mt_config *
relay_config(void)
{
	static const char conf[] = "mode = enforce\ntrust { domains = { example.org } }\n"
	    "rule \"no-relay\" { recipient = outside authenticated = no action = reject reply = \"550 5.7.1 no\" }\n";
	char path[] = "/tmp/mailtrace-engine-XXXXXX";
	int fd = mkstemp(path);
	struct mt_config *config = NULL;

	if (fd >= 0 && write(fd, conf, sizeof conf - 1) == (ssize_t)(sizeof conf - 1))
		config = mt_config_load(path, NULL, 0, say, NULL, NULL);
	unlink(path);
	return config;
}

static enum mt_action
pass_on(struct mt_trace *trace, size_t i)
{
	struct mt_route route = { .mailer = passed_on[i].mailer, .software = "Postfix 3.7.11" };
	enum mt_action action;

	mt_trace_recipient_route(trace, &route);
	action = mt_trace_recipient(trace, (struct mt_span){ passed_on[i].address, strlen(passed_on[i].address) })->action;
	if (action == MT_REJECT)
		mt_trace_recipient_refused(trace);
	return action;
}

static void
test_relaying(void)
{
	struct mt_config *config = relay_config();
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_client client = a_client("192.0.2.7");
	struct mt_engine *engine;
	struct mt_trace *trace;
	struct mt_conn *conn;

	if (!tap_ok(config != NULL, "a rule on the way of recipients loads"))
		return;
	engine = mt_engine_open(config, &ports, NULL);
	conn = mt_conn_open(engine, &client);
	for (size_t n = 0; n < sizeof passed_on / sizeof *passed_on; n++) {
		enum mt_action action = MT_ACCEPT;

		trace = mt_trace_open(conn);
		mt_trace_sender(trace, TEXT("a@example.net"));
		for (size_t i = 0; i <= n; i++)
			action = pass_on(trace, i);
		mt_trace_finish(trace, mt_now_mono_msec());
		tap_ok(action == passed_on[n].action && mt_trace_fact(trace, MT_FACT_RECIPIENT).result == passed_on[n].fact,
		    "%s by %s: %s, and all are %s (%s)", passed_on[n].address,
		    passed_on[n].mailer == NULL ? "no mailer" : passed_on[n].mailer, mt_action_word(passed_on[n].action),
		    mt_result_word(passed_on[n].fact), mt_result_word(mt_trace_fact(trace, MT_FACT_RECIPIENT).result));
		mt_trace_close(trace);
	}
	mt_conn_auth(conn, TEXT("anna"));
	trace = mt_trace_open(conn);
	tap_ok(pass_on(trace, 1) == MT_ACCEPT, "who authenticated may send through us");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
	mt_config_unref(config);
}

/* A verdict asked for after the header, before the end. */
static void
test_early_after_header(struct mt_config *config)
{
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = a_client("192.0.2.7");
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *trace = mt_trace_open(conn);

	mt_trace_header(trace, TEXT("Received"), TEXT("from a (a [10.1.2.]) by b with NNFMP id x; not a date"));
	tap_ok(mt_trace_recipient(trace, TEXT("user@example.org")) != NULL, "a verdict between header and end");
	mt_trace_close(trace);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

/* Lists are probed when an engine for live mail opens; one that nobody connects to in a
 * rehearsal asks nothing. */
static void
test_probes(void)
{
	static const char conf[] = "dnsbl \"one.example\" { code \"127.0.0.2\" { name = a class = spam } }\n"
	    "dnsbl \"two.example\" { code \"127.0.0.2\" { name = b class = spam } }\n";
	char path[] = "/tmp/mailtrace-engine-XXXXXX";
	struct mt_config *config = NULL;
	int fd = mkstemp(path);

	if (fd >= 0 && write(fd, conf, sizeof conf - 1) == (ssize_t)(sizeof conf - 1))
		config = mt_config_load(path, NULL, 0, say, NULL, NULL);
	unlink(path);
	close(fd);
	if (!tap_ok(config != NULL, "lists load"))
		return;
	for (unsigned live = 0; live < 2; live++) {
		struct silent silent = { .resolver = { .ask = hold, .close = let_go } };
		struct mt_ports ports = { .resolver = &silent.resolver, .remember = live == 1 };
		struct mt_engine *engine = mt_engine_open(config, &ports, NULL);

		tap_ok(engine != NULL && silent.asked == 4 * live, live ? "for live mail lists are probed at the start"
		    : "for a rehearsal they are not");
		mt_engine_reload(engine, config);
		tap_ok(silent.asked == 4 * live, "and a reload does not probe them again");
		mt_engine_close(engine);
	}
	mt_config_unref(config);
}

static void
test_ids(struct mt_config *config)
{
	struct mt_ports ports = { .resolver = mt_offline_open() };
	struct mt_engine *engine = mt_engine_open(config, &ports, NULL);
	struct mt_client client = { 0 };
	struct mt_conn *conn = mt_conn_open(engine, &client);
	struct mt_trace *a = mt_trace_open(conn), *b = mt_trace_open(conn);

	tap_ok(strlen(mt_trace_id(a)) == 26 && strspn(mt_trace_id(a), "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 26, "an id is 26 letters: %s",
	    mt_trace_id(a));
	tap_ok(strcmp(mt_trace_id(a), mt_trace_id(b)) != 0 && strncmp(mt_trace_id(a), mt_trace_id(b), 8) == 0,
	    "two ids differ, and begin with the time");
	mt_trace_finish(a, 0);
	tap_ok(mt_trace_fact(a, MT_FACT_PTR).result == MT_SKIPPED && mt_trace_hops(a) == 0, "no client: nothing asked, no hop");
	mt_trace_close(a);
	mt_trace_close(b);
	mt_conn_close(conn);
	mt_engine_close(engine);
}

int
main(void)
{
	static const char *const set[] = { "trust.authserv-id=mx.example.org", "log.each=none" };
	struct mt_config *config = mt_config_load(NULL, set, 2, say, NULL, NULL);

	if (!tap_ok(config != NULL, "defaults load"))
		return tap_done();
	test_deadline(config);
	test_edits(config);
	test_bounds(config);
	test_helo_questions(config);
	test_former_helo(config);
	test_many_recipients();
	test_relaying();
	test_early_after_header(config);
	test_probes();
	test_ids(config);
	mt_config_unref(config);
	return tap_done();
}
