/* SPDX-License-Identifier: BSD-2-Clause */
/* Plays one message to the engine itself, as a program of a stranger would: through the
 * public header alone, with a resolver of its own that answers late and in any order.
 * Prints the trace as JSON. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mailtrace.h"

/* ---- a resolver that answers in any order ------------------------------------------------ */

struct waiting {
	char name[256];
	enum mt_rrtype type;
	mt_answer_fn *done;
	void *ctx;
};

struct shuffler {
	struct mt_resolver resolver;
	struct mt_resolver *script;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	pthread_t thread;
	struct waiting waiting[64];
	unsigned count;
	unsigned seed;
	bool closing;
};

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void *
run(void *ctx)
{
	struct shuffler *s = ctx;

	pthread_mutex_lock(&s->lock);
	while (!s->closing || s->count > 0) {
		struct waiting w;
		unsigned pick;

		if (s->count == 0) {
			pthread_cond_wait(&s->asked, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		nap();			/* let more questions come, to have a choice */
		pthread_mutex_lock(&s->lock);
		pick = (unsigned)rand_r(&s->seed) % s->count;
		w = s->waiting[pick];
		s->waiting[pick] = s->waiting[--s->count];
		pthread_mutex_unlock(&s->lock);
		s->script->ask(s->script, w.name, w.type, w.done, w.ctx);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct shuffler *s = (struct shuffler *)self;

	pthread_mutex_lock(&s->lock);
	if (s->count < sizeof s->waiting / sizeof *s->waiting) {
		struct waiting *w = &s->waiting[s->count++];

		snprintf(w->name, sizeof w->name, "%s", name);
		w->type = type;
		w->done = done;
		w->ctx = ctx;
		pthread_cond_signal(&s->asked);
		pthread_mutex_unlock(&s->lock);
		return;
	}
	pthread_mutex_unlock(&s->lock);
	s->script->ask(s->script, name, type, done, ctx);
}

static void
shut(struct mt_resolver *self)
{
	struct shuffler *s = (struct shuffler *)self;

	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->asked);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->script->close(s->script);
	pthread_cond_destroy(&s->asked);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct mt_resolver *
open_shuffler(struct mt_resolver *script, unsigned seed)
{
	struct shuffler *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->resolver = (struct mt_resolver){ .ask = ask, .close = shut };
	s->script = script;
	s->seed = seed;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->asked, NULL);
	pthread_create(&s->thread, NULL, run, s);
	return &s->resolver;
}

/* ---- one message ----------------------------------------------------------------------------- */

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

static int
out(void *ctx, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, ctx) == len ? 0 : -1;
}

static struct mt_span
span(const char *from, const char *end)
{
	return (struct mt_span){ from, (size_t)(end - from) };
}

/* Pieces of one odd length after another, so that no line ends where a piece does. */
static void
feed_body(struct mt_trace *trace, const char *at, const char *end)
{
	if (!mt_trace_wants_body(trace))
		return;
	for (size_t len = 1; at < end; len = len * 3 + 1) {
		const char *next = len < (size_t)(end - at) ? at + len : end;

		mt_trace_body(trace, span(at, next));
		at = next;
	}
}

/* Fields up to the empty line; a line that begins with white space goes on with its field. */
static void
feed(struct mt_trace *trace, const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r') {
		const char *line = at, *colon;

		do {
			const char *newline = memchr(at, '\n', (size_t)(end - at));

			at = newline == NULL ? end : newline + 1;
		} while (at < end && (*at == ' ' || *at == '\t'));
		colon = memchr(line, ':', (size_t)(at - line));
		if (colon != NULL)
			mt_trace_header(trace, span(line, colon), span(colon + 1, at));
	}
	mt_trace_header_end(trace);
	at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	if (at != NULL)
		feed_body(trace, at + 1, end);
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(1u << 20);

	if (file == NULL || bytes == NULL) {
		perror(path);
		exit(66);
	}
	*len = fread(bytes, 1, 1u << 20, file);
	fclose(file);
	return bytes;
}

static const char *
option(int argc, char **argv, const char *name, int *at)
{
	for (; *at + 1 < argc; (*at)++)
		if (strcmp(argv[*at], name) == 0)
			return argv[*at += 1];
	return NULL;
}

static const char *
one(int argc, char **argv, const char *name)
{
	int at = 1;

	return option(argc, argv, name, &at);
}

static struct mt_span
text(const char *s)
{
	return (struct mt_span){ s, s == NULL ? 0 : strlen(s) };
}

/* ---- what was said before the end -------------------------------------------------------------- */

/* The first verdict of one message that was no "not yet". */
struct early {
	bool decided;
	enum mt_action would;
	struct mt_span rule;
};

static bool
same_span(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A verdict that was given once is not taken back. */
static void
hold_to(struct early *early, const struct mt_verdict *verdict, const char *when)
{
	if (verdict == NULL || !verdict->decided)
		return;
	if (early->decided && (early->would != verdict->would || !same_span(early->rule, verdict->rule))) {
		fprintf(stderr, "%s: another verdict than before\n", when);
		exit(3);
	}
	*early = (struct early){ true, verdict->would, verdict->rule };
}

/* What can be said when the recipients are known and nothing else: looked at until it is
 * decided, or for so long. */
static void
decide_early(struct early *early, struct mt_trace *trace, const char *msec)
{
	int64_t until = mt_now_mono_msec() + (msec == NULL ? 0 : strtol(msec, NULL, 10));

	hold_to(early, mt_trace_verdict(trace, MT_STAGE_DATA), "before the data");
	while (!early->decided && mt_now_mono_msec() < until) {
		nap();
		hold_to(early, mt_trace_verdict(trace, MT_STAGE_DATA), "before the data");
	}
	if (msec != NULL && early->decided)
		fprintf(stderr, "early %s %.*s\n", mt_action_word(early->would),
		    early->rule.len == 0 ? 1 : (int)early->rule.len, early->rule.len == 0 ? "-" : early->rule.ptr);
	else if (msec != NULL)
		fprintf(stderr, "early undecided -\n");
}

static int64_t now_msec;		/* --now */

static int64_t
standing_clock(void *ctx)
{
	(void)ctx;
	return now_msec;
}

static void
play(struct mt_engine *engine, int argc, char **argv)
{
	struct mt_client client = { .server = "mx.example.org" };
	struct mt_render_options options = { .format = MT_FORMAT_JSON };
	const char *rcpt, *helo = one(argc, argv, "--helo");
	struct early early = { .decided = false };
	struct mt_trace *trace;
	struct mt_conn *conn;
	size_t len;
	char *bytes = slurp(argv[argc - 1], &len);

	if (one(argc, argv, "--client") != NULL)
		mt_ip_parse(&client.ip, text(one(argc, argv, "--client")));
	conn = mt_conn_open(engine, &client);
	if (helo != NULL)
		mt_conn_helo(conn, text(helo), false);
	trace = mt_trace_open(conn);
	mt_trace_input(trace, text(argv[argc - 1]), 0);
	mt_trace_sender(trace, text(one(argc, argv, "--sender")));
	for (int at = 1; (rcpt = option(argc, argv, "--rcpt", &at)) != NULL;)
		mt_trace_recipient(trace, text(rcpt));
	decide_early(&early, trace, one(argc, argv, "--early"));
	feed(trace, bytes, bytes + len);
	hold_to(&early, mt_trace_verdict(trace, MT_STAGE_DATA), "behind the body");
	mt_trace_finish(trace, mt_now_mono_msec() + 10000);
	hold_to(&early, mt_trace_verdict(trace, MT_STAGE_EOM), "at the end");
	mt_render(trace, &options, out, stdout);
	mt_trace_close(trace);
	mt_conn_close(conn);
	free(bytes);
}

int
main(int argc, char **argv)
{
	const char *seed = one(argc, argv, "--seed");
	struct mt_ports ports = { 0 };
	struct mt_config *config;
	struct mt_engine *engine;
	int error = 0;

	if (argc < 3 || one(argc, argv, "--answers") == NULL) {
		fputs("usage: inprocess --answers FILE [--config FILE] [--seed N] [--early MSEC] [--now TIME] [--client IP]\n"
		    "                 [--helo NAME] [--sender ADDR] [--rcpt ADDR]... MESSAGE\n", stderr);
		return 64;
	}
	config = mt_config_load(one(argc, argv, "--config"), NULL, 0, say, NULL, &error);
	if (config == NULL)
		return 78;
	ports.resolver = mt_script_open(one(argc, argv, "--answers"), say, NULL);
	if (ports.resolver == NULL)
		return 78;
	if (seed != NULL)
		ports.resolver = open_shuffler(ports.resolver, (unsigned)strtoul(seed, NULL, 10));
	if (mt_time_parse(&now_msec, text(one(argc, argv, "--now"))))
		ports.wall_msec = standing_clock;
	engine = mt_engine_open(config, &ports, &error);
	if (engine == NULL)
		return 70;
	play(engine, argc, argv);
	mt_engine_close(engine);
	mt_config_unref(config);
	return 0;
}
