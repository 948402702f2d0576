/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/source/dkim.h"

#include <jansson.h>
#include <string.h>

#include "tests/tools/sign.h"
#include "tests/unit/tap.h"

#define NOW INT64_C(1700000000)
#define LISTED 40

/* What DNS says in a test: one record for each name that is asked for, or a cause. */
struct world {
	struct mt_ask ask;
	const char *name[4];		/* NULL: any name */
	const char *text[4];
	enum mt_cause cause;		/* of names that are not listed */
	unsigned late;			/* so many questions find no answer at first */
	unsigned asked;
	struct mt_answer *given[64];
	unsigned ngiven;
	bool authentic;
};

struct outcome {
	enum mt_result word;
	unsigned count, rounds;
	size_t keys;
	bool wanted_body;
	struct mt_signature sig[LISTED];
	struct mt_arena arena;
	bool disagreed;
};

static struct mt_dkim *dkim;

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *w = (struct world *)self;
	struct mt_answer *a = NULL;

	w->asked++;
	if (w->late > 0) {
		w->late--;
		return NULL;
	}
	if (type != MT_RR_TXT || w->ngiven == 64)
		abort();
	for (size_t i = 0; i < 4 && a == NULL; i++) {
		if (w->text[i] == NULL || (w->name[i] != NULL && !mt_span_same_text(name, w->name[i])))
			continue;
		a = mt_answer_new(MT_CAUSE_NONE, 1, strlen(w->text[i]) + 1);
		mt_answer_set_text(a, 0, mt_span_text(w->text[i]));
		a->authentic = w->authentic;
	}
	if (a == NULL)
		a = mt_answer_new(w->cause == MT_CAUSE_NONE ? MT_CAUSE_NXDOMAIN : w->cause, 0, 0);
	w->given[w->ngiven++] = a;
	return a;
}

/* ---- files ------------------------------------------------------------------------ */

static char *
read_data(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[4096], *text = NULL;
	size_t len;
	FILE *file;

	snprintf(path, sizeof path, "%s/tests/data/dkim/%s", top == NULL ? "." : top, name);
	file = fopen(path, "rb");
	if (file != NULL) {
		text = sign_read(file, &len);
		fclose(file);
	}
	if (text == NULL) {
		printf("Bail out! %s cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	return text;
}

/* A key's record, without the line end of its file. */
static char *
read_record(const char *key)
{
	char name[64], *text;

	snprintf(name, sizeof name, "%s.txt", key);
	text = read_data(name);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* ---- a message through the verifier -------------------------------------------------- */

/* Feeds the header as an MTA would, values with the blank behind the colon, and returns
 * the body. */
static struct mt_span
feed_header(struct mt_dkim_message *msg, struct mt_span message)
{
	const char *p = message.ptr, *end = message.ptr + message.len;

	while (p < end && *p != '\n' && !(end - p > 1 && p[0] == '\r' && p[1] == '\n')) {
		const char *next = p, *colon = memchr(p, ':', (size_t)(end - p));

		do {
			next = memchr(next, '\n', (size_t)(end - next));
			next = next == NULL ? end : next + 1;
		} while (next < end && (*next == ' ' || *next == '\t'));
		if (colon != NULL && colon < next)
			mt_dkim_header(msg, mt_span_between(p, colon), mt_span_between(colon + 1, next));
		p = next;
	}
	if (p < end)
		p += *p == '\r' ? 2 : 1;
	return mt_span_between(p, end);
}

/* chunk 0: the body in one piece. */
static void
run_options(struct outcome *o, const struct mt_dkim_options *options, struct world *w, struct mt_span message,
    int64_t now, size_t chunk)
{
	int error;
	struct mt_dkim *own = options == NULL ? dkim : mt_dkim_open(options, &error);
	struct mt_dkim_message *msg = mt_dkim_begin(own, now);
	struct mt_span body = feed_header(msg, message);
	enum mt_result again;

	*o = (struct outcome){ .count = LISTED };
	mt_arena_init(&o->arena, 4096, 1u << 20);
	w->ask.answer = answer;
	w->asked = w->ngiven = 0;
	o->keys = mt_dkim_keys(msg);
	mt_dkim_eoh(msg);
	o->wanted_body = mt_dkim_wants_body(msg);
	while (body.len > 0) {
		size_t n = chunk == 0 || chunk > body.len ? body.len : chunk;

		mt_dkim_body(msg, (struct mt_span){ body.ptr, n });
		body.ptr += n;
		body.len -= n;
	}
	while ((o->word = mt_dkim_end(msg, &w->ask, &o->arena, o->sig, &o->count)) == MT_UNKNOWN && o->rounds < 20) {
		o->rounds++;
		o->count = LISTED;
	}
	o->count = LISTED;
	again = mt_dkim_end(msg, &w->ask, &o->arena, o->sig, &o->count);
	if (again != o->word)
		o->word = MT_UNKNOWN;
	o->disagreed = mt_dkim_disagreed(msg);
	mt_dkim_drop(msg);
	for (unsigned i = 0; i < w->ngiven; i++)
		mt_answer_unref(w->given[i]);
	if (own != dkim)
		mt_dkim_close(own);
}

static void
run(struct outcome *o, struct world *w, const char *message, size_t chunk)
{
	run_options(o, NULL, w, mt_span_text(message), NOW, chunk);
}

static void
done(struct outcome *o)
{
	mt_arena_fini(&o->arena);
}

static void
show(const struct outcome *o)
{
	for (unsigned i = 0; i < o->count; i++)
		tap_note("%u: %s (%s) d=%.*s s=%.*s bits=%u %.*s", i, mt_result_word(o->sig[i].result),
		    mt_cause_word(o->sig[i].cause), MT_SPAN_ARG(o->sig[i].domain), MT_SPAN_ARG(o->sig[i].selector),
		    o->sig[i].key_bits, MT_SPAN_ARG(o->sig[i].why));
}

/* ---- messages ------------------------------------------------------------------------ */

#define HEADER "From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: one\r\n two  three\r\n" \
    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <1@example.org>\r\n"
#define BODY "Hello, \tBob \r\n\r\nthis is it.\r\n\r\n\r\n"

/* Signs and puts the field in front; to be freed.  message itself is left alone. */
static char *
sign_with(const struct sign *how, const char *key, const char *message)
{
	char name[64], *pem, *field, *out;
	struct sign s = *how;
	size_t room;

	snprintf(name, sizeof name, "%s.pem", key);
	pem = read_data(name);
	s.pem = pem;
	s.domain = s.domain == NULL ? "example.org" : s.domain;
	s.selector = s.selector == NULL ? "sel" : s.selector;
	s.signed_sec = s.signed_sec == 0 ? NOW - 60 : s.signed_sec;
	field = sign_field(&s, message, strlen(message));
	if (field == NULL) {
		printf("Bail out! a message could not be signed with %s\n", key);
		exit(EXIT_FAILURE);
	}
	room = strlen(field) + strlen(message) + 3;
	out = malloc(room);
	snprintf(out, room, "%s\r\n%s", field, message);
	free(field);
	free(pem);
	return out;
}

/* Replaces the first `from` by `to`; takes and gives a message to be freed. */
static char *
edit(char *message, const char *from, const char *to)
{
	char *at = strstr(message, from), *out;
	size_t room = strlen(message) + strlen(to) + 1;

	if (at == NULL) {
		printf("Bail out! nothing to edit: %s\n", from);
		exit(EXIT_FAILURE);
	}
	out = malloc(room);
	snprintf(out, room, "%.*s%s%s", (int)(at - message), message, to, at + strlen(from));
	free(message);
	return out;
}



static const struct {
	const char *name, *key, *algorithm, *canon, *from, *to;
	const char *record;		/* NULL: that of the key; "": none, with the cause */
	enum mt_cause dns;
	enum mt_result want;
	enum mt_cause cause;
	const char *why;
	uint64_t signed_sec, lifetime_sec;
	const char *identity;
	bool bounded;
} cases[] = {
	{ "good, relaxed", "rsa2048", .want = MT_PASS },
	{ "good, simple", "rsa2048", .canon = "simple/simple", .want = MT_PASS },
	{ "good, simple/relaxed", "rsa2048", .canon = "simple/relaxed", .want = MT_PASS },
	{ "good, relaxed/simple", "rsa2048", .canon = "relaxed/simple", .want = MT_PASS },
	{ "good, 1024 bits", "rsa1024", .want = MT_PASS },
	{ "good, 1024 bits, simple", "rsa1024", .canon = "simple/simple", .want = MT_PASS },
	{ "good, ed25519", "ed25519", "ed25519-sha256", .want = MT_PASS },
	{ "good, ed25519, simple", "ed25519", "ed25519-sha256", "simple/simple", .want = MT_PASS },
	{ "blanks changed, relaxed", "rsa2048", .from = "Hello, \tBob \r\n", .to = "Hello,\t Bob\r\n", .want = MT_PASS },
	{ "blanks changed, simple", "rsa2048", .canon = "simple/simple", .from = "Hello, \tBob \r\n", .to = "Hello,\t Bob\r\n",
	    .want = MT_FAIL, .why = "the body is not" },
	{ "subject unfolded, relaxed", "rsa2048", .from = "one\r\n two", .to = "one two", .want = MT_PASS },
	{ "subject unfolded, simple", "rsa2048", .canon = "simple/simple", .from = "one\r\n two", .to = "one two",
	    .want = MT_FAIL, .why = "the header is not" },
	{ "empty lines at the end dropped", "rsa2048", .canon = "simple/simple", .from = "it.\r\n\r\n\r\n", .to = "it.\r\n",
	    .want = MT_PASS },
	{ "no line end at the end, simple", "rsa2048", .canon = "simple/simple", .from = "it.\r\n\r\n\r\n", .to = "it.",
	    .want = MT_PASS },
	{ "no line end at the end, relaxed", "rsa2048", .from = "it.\r\n\r\n\r\n", .to = "it.", .want = MT_PASS },
	{ "blanks at the end, relaxed", "rsa2048", .from = "it.\r\n\r\n\r\n", .to = "it.\r\n  ", .want = MT_PASS },
	{ "body changed", "rsa2048", .from = "Hello", .to = "Hullo", .want = MT_FAIL, .why = "the body is not" },
	{ "body changed, ed25519", "ed25519", "ed25519-sha256", .from = "Hello", .to = "Hullo", .want = MT_FAIL,
	    .why = "the body is not" },
	{ "text appended", "rsa2048", .from = "it.", .to = "it. Or not.", .want = MT_FAIL, .why = "the body is not" },
	{ "header changed", "rsa2048", .from = "Subject: one", .to = "Subject: two", .want = MT_FAIL, .why = "the header is not" },
	{ "header changed, ed25519", "ed25519", "ed25519-sha256", .from = "Subject: one", .to = "Subject: two", .want = MT_FAIL,
	    .why = "the header is not" },
	{ "signed field removed", "rsa2048", .from = "To: bob@example.net\r\n", .to = "", .want = MT_FAIL },
	{ "field added that is not signed", "rsa2048", .from = "\r\nDate:", .to = "\r\nX-Other: 1\r\nDate:", .want = MT_PASS },
	{ "a second From above", "rsa2048", .from = "\r\nFrom:", .to = "\r\nFrom: eve@example.com\r\nFrom:", .want = MT_POLICY,
	    .why = "From that it does not cover" },
	{ "a second From below", "rsa2048", .from = "\r\nTo:", .to = "\r\nFrom: eve@example.com\r\nTo:", .want = MT_FAIL },
	{ "another key", "rsa2048", .record = "other", .want = MT_FAIL, .why = "this key" },
	{ "valid until later", "rsa2048", .lifetime_sec = 3600, .want = MT_PASS },
	{ "expired", "rsa2048", .signed_sec = NOW - 7200, .lifetime_sec = 3600, .want = MT_POLICY, .why = "expired" },
	{ "expired within what clocks differ", "rsa2048", .signed_sec = NOW - 3700, .lifetime_sec = 3600, .want = MT_PASS },
	{ "made ten years ago, valid", "rsa2048", .signed_sec = NOW - 315360000, .want = MT_PASS },
	{ "from the future", "rsa2048", .signed_sec = NOW + 3600, .want = MT_POLICY, .why = "future" },
	{ "from a clock a little ahead", "rsa2048", .signed_sec = NOW + 60, .want = MT_PASS },
	{ "of 1970", "rsa2048", .signed_sec = 1, .want = MT_POLICY, .why = "before DKIM" },
	{ "no such name", "rsa2048", .record = "", .dns = MT_CAUSE_NXDOMAIN, .want = MT_PERMERROR, .cause = MT_CAUSE_NXDOMAIN },
	{ "no TXT record", "rsa2048", .record = "", .dns = MT_CAUSE_NODATA, .want = MT_PERMERROR, .cause = MT_CAUSE_NODATA },
	{ "servfail", "rsa2048", .record = "", .dns = MT_CAUSE_SERVFAIL, .want = MT_TEMPERROR, .cause = MT_CAUSE_SERVFAIL },
	{ "refused", "rsa2048", .record = "", .dns = MT_CAUSE_REFUSED, .want = MT_TEMPERROR, .cause = MT_CAUSE_REFUSED },
	{ "timeout", "rsa2048", .record = "", .dns = MT_CAUSE_TIMEOUT, .want = MT_TEMPERROR, .cause = MT_CAUSE_TIMEOUT },
	{ "garbage of DNS", "rsa2048", .record = "", .dns = MT_CAUSE_GARBAGE, .want = MT_TEMPERROR, .cause = MT_CAUSE_GARBAGE },
	{ "deadline", "rsa2048", .record = "", .dns = MT_CAUSE_DEADLINE, .want = MT_TEMPERROR, .cause = MT_CAUSE_DEADLINE },
	{ "breaker", "rsa2048", .record = "", .dns = MT_CAUSE_BREAKER, .want = MT_TEMPERROR, .cause = MT_CAUSE_BREAKER },
	{ "offline", "rsa2048", .record = "", .dns = MT_CAUSE_OFFLINE, .want = MT_SKIPPED, .cause = MT_CAUSE_OFFLINE },
	{ "too many questions", "rsa2048", .record = "", .dns = MT_CAUSE_LIMIT, .want = MT_TEMPERROR, .cause = MT_CAUSE_LIMIT },
	{ "servfail and a changed body", "rsa2048", .record = "", .dns = MT_CAUSE_SERVFAIL, .from = "Hello", .to = "Hullo",
	    .want = MT_TEMPERROR, .cause = MT_CAUSE_SERVFAIL },
	{ "key damaged", "rsa2048", .record = "v=DKIM1; k=rsa; p=BARF", .want = MT_PERMERROR, .why = "no RSA key" },
	{ "key no base64", "rsa2048", .record = "v=DKIM1; k=rsa; p=MIIB!", .want = MT_PERMERROR, .why = "damaged" },
	{ "key record of something else", "rsa2048", .record = "v=spf1 -all", .want = MT_PERMERROR },
	{ "no p=", "rsa2048", .record = "v=DKIM1; k=rsa; n=none", .want = MT_PERMERROR, .why = "no p=" },
	{ "revoked", "rsa2048", .record = "v=DKIM1; k=rsa; p=", .want = MT_PERMERROR, .why = "revoked" },
	{ "key of another kind", "rsa2048", .record = "ed25519", .want = MT_PERMERROR, .why = "another kind" },
	{ "RSA key for ed25519", "ed25519", "ed25519-sha256", .record = "rsa2048", .want = MT_PERMERROR, .why = "another kind" },
	{ "short key", "rsa768", .want = MT_POLICY, .why = "too short" },
	{ "rsa-sha1", "rsa2048", "rsa-sha1", .want = MT_POLICY, .why = "rsa-sha1" },
	{ "i= below d=", "rsa2048", .identity = "x@sub.example.org", .want = MT_PASS },
	{ "l= of the whole body", "rsa2048", .bounded = true, .want = MT_PASS },
	{ "l= of the whole body, simple", "rsa2048", .canon = "simple/simple", .bounded = true, .want = MT_PASS },
	{ "l= and text appended", "rsa2048", .bounded = true, .from = "it.\r\n\r\n\r\n", .to = "it.\r\nOr is it?\r\n",
	    .want = MT_POLICY, .why = "its l= leaves" },
	{ "l= and text appended, simple", "rsa2048", .canon = "simple/simple", .bounded = true, .from = "it.\r\n\r\n\r\n",
	    .to = "it.\r\nOr is it?\r\n", .want = MT_POLICY, .why = "its l= leaves" },
	{ "l= and empty lines appended", "rsa2048", .canon = "simple/simple", .bounded = true, .from = "it.\r\n",
	    .to = "it.\r\n\r\n\r\n", .want = MT_PASS },
	{ "l= and the end cut off", "rsa2048", .bounded = true, .from = "this is it.", .to = "this", .want = MT_FAIL,
	    .why = "shorter" },
	{ "l= and text changed", "rsa2048", .bounded = true, .from = "Hello", .to = "Hullo", .want = MT_FAIL },
};

static char *
message_of(size_t i)
{
	struct sign s = { .algorithm = cases[i].algorithm, .canon = cases[i].canon, .signed_sec = cases[i].signed_sec,
		.lifetime_sec = cases[i].lifetime_sec, .identity = cases[i].identity, .bounded = cases[i].bounded };
	char *m = sign_with(&s, cases[i].key, HEADER "\r\n" BODY);

	return cases[i].from == NULL ? m : edit(m, cases[i].from, cases[i].to);
}

/* The record of a case; to be freed.  NULL: there is none. */
static char *
record_of(size_t i)
{
	const char *r = cases[i].record;

	if (r != NULL && r[0] == '\0')
		return NULL;
	return r != NULL && strchr(r, '=') != NULL ? strdup(r) : read_record(r == NULL ? cases[i].key : r);
}

static void
test_case(size_t i)
{
	char *message = message_of(i), *record = record_of(i);
	struct world w = { .text = { record }, .cause = cases[i].dns };
	struct outcome o;
	bool partial = cases[i].why != NULL && strstr(cases[i].why, "its l=") != NULL;

	run(&o, &w, message, 0);
	if (!tap_ok(o.word == cases[i].want && o.count == 1 && o.sig[0].result == cases[i].want &&
	    o.sig[0].cause == cases[i].cause && (cases[i].why == NULL || mt_span_find(o.sig[0].why, cases[i].why) != NULL) &&
	    (o.sig[0].why.ptr == NULL) == (o.word == MT_PASS) && o.sig[0].partial == partial, "%s: %s", cases[i].name,
	    mt_result_word(o.word)))
		show(&o);
	done(&o);
	/* The same with answers that come later, and with line ends of a file. */
	w.late = 1;
	run(&o, &w, message, 3);
	tap_ok(o.word == cases[i].want && (o.rounds == 1 || w.asked == 0), "%s, answer late, three bytes at a time", cases[i].name);
	done(&o);
	for (char *p = message, *q = message;; p++) {
		if (*p != '\r')
			*q++ = *p;
		if (*p == '\0')
			break;
	}
	run(&o, &w, message, 0);
	tap_ok(o.word == cases[i].want, "%s, lines ending in LF", cases[i].name);
	done(&o);
	free(message);
	free(record);
}

/* ---- what one message does not show ---------------------------------------------------- */

static void
test_details(void)
{
	struct sign s = { .identity = "x@sub.example.org" };
	char *record = read_record("rsa2048"), *m = sign_with(&s, "rsa2048", HEADER "\r\n" BODY);
	struct world w = { .text = { record }, .name = { "sel._domainkey.example.org" } };
	struct outcome o;

	run(&o, &w, m, 0);
	tap_ok(o.keys == 1 && o.wanted_body && o.sig[0].key_bits == 2048 && mt_span_same_text(o.sig[0].domain, "example.org") &&
	    mt_span_same_text(o.sig[0].selector, "sel") && mt_span_same_text(o.sig[0].algorithm, "rsa-sha256") &&
	    mt_span_same_text(o.sig[0].identity, "x@sub.example.org") && o.sig[0].b.len == 8 && !o.sig[0].testing &&
	    o.word == MT_PASS, "domain, selector, algorithm, identity, b and bits are told");
	done(&o);
	w.text[0] = strcat(strcpy(malloc(strlen(record) + 8), record), "; t=y");
	run(&o, &w, m, 0);
	tap_ok(o.word == MT_PASS && o.sig[0].testing, "a key in test that passes");
	done(&o);
	m = edit(m, "Hello", "Hullo");
	run(&o, &w, m, 0);
	tap_ok(o.word == MT_NEUTRAL && o.sig[0].result == MT_FAIL, "a failure under a key in test is no failure of the message");
	done(&o);
	free((char *)(uintptr_t)w.text[0]);
	free(record);
	free(m);
}

static void
test_unsigned(void)
{
	struct world w = { .cause = MT_CAUSE_SERVFAIL };
	struct outcome o;

	run(&o, &w, HEADER "\r\n" BODY, 0);
	tap_ok(o.word == MT_NONE && o.count == 0 && !o.wanted_body && w.asked == 0, "no signature: nothing is asked for");
	done(&o);
	run(&o, &w, "", 0);
	tap_ok(o.word == MT_NONE && o.count == 0, "no message");
	done(&o);
}

static void
test_options(void)
{
	const struct mt_dkim_options loose = { .min_key_bits = 512, .allow_sha1 = true }, strict = { .min_key_bits = 2048 };
	struct sign sha1 = { .algorithm = "rsa-sha1" }, plain = { .domain = NULL };
	char *shorter = read_record("rsa768"), *shrt = read_record("rsa1024"), *longer = read_record("rsa2048"), *m;
	struct world w = { .text = { longer } };
	struct outcome o;

	m = sign_with(&sha1, "rsa2048", HEADER "\r\n" BODY);
	run_options(&o, &loose, &w, mt_span_text(m), NOW, 0);
	tap_ok(o.word == MT_PASS, "rsa-sha1 by setting");
	done(&o);
	m = edit(m, "Hello", "Hullo");
	run_options(&o, &loose, &w, mt_span_text(m), NOW, 0);
	tap_ok(o.word == MT_FAIL, "rsa-sha1 by setting, body changed");
	done(&o);
	free(m);
	w.text[0] = shorter;
	m = sign_with(&plain, "rsa768", HEADER "\r\n" BODY);
	run_options(&o, &loose, &w, mt_span_text(m), NOW, 0);
	tap_ok(o.word == MT_PASS && o.sig[0].key_bits == 768, "a short key by setting");
	done(&o);
	free(m);
	w.text[0] = shrt;
	m = sign_with(&plain, "rsa1024", HEADER "\r\n" BODY);
	run_options(&o, &strict, &w, mt_span_text(m), NOW, 0);
	tap_ok(o.word == MT_POLICY, "1024 bits, 2048 asked for");
	done(&o);
	free(m);
	free(shorter);
	free(shrt);
	free(longer);
}

/* Ten signatures, the good one where `good` says, the others of a domain without a key. */
static void
test_many(unsigned good, enum mt_result want)
{
	struct sign bad = { .domain = "nokey.example" }, fine = { .domain = NULL };
	char *record = read_record("rsa1024"), *m = strdup(HEADER "\r\n" BODY), *next;
	struct world w = { .text = { record }, .name = { "sel._domainkey.example.org" } };
	struct outcome o;
	unsigned skipped = 0;

	for (unsigned i = 10; i-- > 0; m = next) {
		next = sign_with(i == good ? &fine : &bad, "rsa1024", m);
		free(m);
	}
	run(&o, &w, m, 0);
	for (unsigned i = 0; i < o.count; i++)
		skipped += o.sig[i].result == MT_SKIPPED && o.sig[i].cause == MT_CAUSE_LIMIT;
	if (!tap_ok(o.word == want && o.count == 10 && o.keys == 8 && skipped == 2 && w.asked == 8,
	    "ten signatures, number %u is good: %s", good + 1, mt_result_word(o.word)))
		show(&o);
	done(&o);
	free(m);
	free(record);
}

/* A malformed signature in front or behind does not stop the good one. */
static void
test_malformed(void)
{
	static const char *const odd[] = {
		"DKIM-Signature: a=rsa-sha256; v=1; c=simple; d=junk1.example.com; s=sel1",
		"DKIM-Signature:", "DKIM-Signature: \r\n\t", "DKIM-Signature: ;", "DKIM-Signature: v", "DKIM-Signature: v=1; v=1",
		"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=sel; h=from; bh=x; b=y",
		"DKIM-Signature: v=1; a=rsa-sha256; d=\xc3\xa9.example; s=sel; h=from; bh=x; b=y",
		"DKIM-Signature: v=2; a=rsa-sha256; d=example.org; s=sel; h=from; bh=x; b=y",
		"DKIM-Signature: \x01\x02\x03\x7f\xff",
	};
	struct sign s = { .domain = NULL };
	char *record = read_record("rsa1024"), *good = sign_with(&s, "rsa1024", HEADER "\r\n" BODY), *m;
	struct world w = { .text = { record } };
	struct outcome o;

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		m = malloc(strlen(good) + 1024);
		sprintf(m, "%s\r\n%s", odd[i], good);
		run(&o, &w, m, 0);
		if (!tap_ok(o.word == MT_PASS && o.count == 2 && (o.sig[0].result == MT_NEUTRAL || o.sig[0].result == MT_PERMERROR) &&
		    o.sig[0].why.len > 0 && o.sig[1].result == MT_PASS, "malformed before good, %zu: %.*s", i,
		    MT_SPAN_ARG(o.sig[0].why)))
			show(&o);
		done(&o);
		sprintf(m, "%s\r\n" HEADER "\r\n" BODY, odd[i]);
		run(&o, &w, m, 0);
		tap_ok((o.word == MT_NEUTRAL || o.word == MT_PERMERROR) && o.count == 1 && w.asked == 0 && !o.wanted_body,
		    "malformed alone, %zu: %s, nothing asked", i, mt_result_word(o.word));
		done(&o);
		free(m);
	}
	free(good);
	free(record);
}

/* The word over several signatures. */
static void
test_overall(void)
{
	struct sign a = { .domain = NULL }, b = { .selector = "second" }, sha1 = { .algorithm = "rsa-sha1" };
	char *record = read_record("rsa1024"), *one = sign_with(&a, "rsa1024", HEADER "\r\n" BODY);
	char *two = sign_with(&b, "rsa1024", one), *three = sign_with(&sha1, "rsa1024", one);
	struct world w = { .text = { record }, .name = { "sel._domainkey.example.org" }, .cause = MT_CAUSE_TIMEOUT };
	struct outcome o;

	run(&o, &w, two, 0);
	tap_ok(o.word == MT_PASS && o.sig[0].result == MT_TEMPERROR && o.sig[1].result == MT_PASS, "temperror and pass: pass");
	done(&o);
	two = edit(two, "Hello", "Hullo");
	run(&o, &w, two, 0);
	tap_ok(o.word == MT_TEMPERROR && o.sig[0].result == MT_TEMPERROR && o.sig[1].result == MT_FAIL,
	    "temperror and fail: temperror");
	done(&o);
	w.late = 2;
	run(&o, &w, two, 0);
	tap_ok(o.word == MT_TEMPERROR && o.rounds == 1 && w.asked == 4, "both keys are asked for at once");
	done(&o);
	w.cause = MT_CAUSE_NXDOMAIN;
	run(&o, &w, two, 0);
	tap_ok(o.word == MT_FAIL && o.sig[0].result == MT_PERMERROR, "permerror and fail: fail");
	done(&o);
	run(&o, &w, three, 0);
	tap_ok(o.word == MT_PASS && o.sig[0].result == MT_POLICY && w.asked == 1, "policy and pass: pass");
	done(&o);
	three = edit(three, "Hello", "Hullo");
	run(&o, &w, three, 0);
	tap_ok(o.word == MT_FAIL, "policy and fail: fail");
	done(&o);
	free(one);
	free(two);
	free(three);
	free(record);
}

/* 2 MB in chunks of every kind, with lines of every kind. */
static void
test_big(void)
{
	static const size_t chunks[] = { 0, 1, 7, 8191, 8192, 8193, 65535 };
	struct sign s = { .canon = "simple/simple" }, r = { .canon = "relaxed/relaxed" };
	size_t len = 2u << 20, n = sizeof HEADER + 1;
	char *record = read_record("rsa1024"), *m = malloc(sizeof HEADER + len + 64), *signed_simple, *signed_relaxed;
	struct world w = { .text = { record } };
	struct outcome o;
	uint32_t random = 1;

	strcpy(m, HEADER "\r\n");
	while (n < len) {
		random = random * 1103515245u + 12345u;
		switch (random >> 28) {
		case 0: n += (size_t)sprintf(m + n, "\r\n"); break;
		case 1: n += (size_t)sprintf(m + n, "\r\n\r\n\r\n"); break;
		case 2: n += (size_t)sprintf(m + n, " \t "); break;
		case 3: n += (size_t)sprintf(m + n, "  \r\n"); break;
		default: n += (size_t)sprintf(m + n, "%x", random);
		}
	}
	strcpy(m + n, "\r\n");
	signed_simple = sign_with(&s, "rsa1024", m);
	signed_relaxed = sign_with(&r, "rsa1024", m);
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		run(&o, &w, signed_simple, chunks[i]);
		tap_ok(o.word == MT_PASS, "2 MB, simple, chunks of %zu", chunks[i]);
		done(&o);
		run(&o, &w, signed_relaxed, chunks[i]);
		tap_ok(o.word == MT_PASS, "2 MB, relaxed, chunks of %zu", chunks[i]);
		done(&o);
	}
	free(signed_simple);
	free(signed_relaxed);
	free(m);
	free(record);
}

static void
test_bodies(void)
{
	static const char *const bodies[] = { "", "\r\n", "\r\n\r\n", " \r\n", "a", "a\r\n", " a", "\r\na", "a\r\n \r\n", "\t\r\n\r\n a  b\t\r\n" };
	static const char *const canons[] = { "simple/simple", "relaxed/relaxed" };
	char *record = read_record("rsa1024");
	struct world w = { .text = { record } };
	struct outcome o;

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		for (size_t c = 0; c < 2; c++) {
			struct sign s = { .canon = canons[c] };
			char plain[256], *m;

			/* The signer wants a last line end; who verifies must not. */
			snprintf(plain, sizeof plain, HEADER "\r\n%s%s", bodies[i],
			    bodies[i][0] == '\0' || strchr(bodies[i], '\n') == strrchr(bodies[i], '\0') - 1 ? "" : "\r\n");
			m = sign_with(&s, "rsa1024", plain);
			for (size_t chunk = 0; chunk < 3; chunk++) {
				run(&o, &w, m, chunk);
				tap_ok(o.word == MT_PASS, "body %zu, %s, chunks of %zu", i, canons[c], chunk);
				done(&o);
			}
			free(m);
		}
	}
	free(record);
}

static void
test_headers(void)
{
	struct sign s = { .canon = "simple/simple" }, other = { .also = "x-odd" }, cover = { .also = "dkim-signature" };
	char *record = read_record("rsa1024"), *m, *two, *at;
	struct world w = { .text = { record } };
	struct outcome o;

	m = sign_with(&s, "rsa1024", "Subject: caf\xe9 \xff\x01\r\n" HEADER "\r\n" BODY);
	run(&o, &w, m, 0);
	tap_ok(o.word == MT_PASS, "bytes over 127 in a signed field");
	tap_ok(!o.sig[0].authentic, "a key of no authentic answer");
	done(&o);
	w.authentic = true;
	run(&o, &w, m, 0);
	tap_ok(o.word == MT_PASS && o.sig[0].authentic, "a key of an authentic answer");
	done(&o);
	free(m);
	m = sign_with(&other, "rsa1024", "X-Odd: abcdef\r\n" HEADER "\r\n" BODY);
	at = strstr(m, "abcdef");
	at[3] = '\0';
	run_options(&o, NULL, &w, (struct mt_span){ m, (size_t)(at - m) + 6 + strlen(at + 4) - 2 }, NOW, 0);
	tap_ok(o.word == MT_FAIL, "a NUL in a signed field");
	done(&o);
	at[3] = 'd';
	m = edit(m, "X-Odd: abcdef\r\n", "X-Odd: abcdef\r\nX-Not-Signed: a.b\r\n");
	at = strstr(m, "a.b");
	at[1] = '\0';
	run_options(&o, NULL, &w, (struct mt_span){ m, (size_t)(at - m) + 2 + strlen(at + 2) }, NOW, 0);
	tap_ok(o.word == MT_PASS, "a NUL in a field that is not signed");
	done(&o);
	free(m);
	m = sign_with(&s, "rsa1024", HEADER "\r\n" BODY);
	two = sign_with(&cover, "rsa1024", m);
	run(&o, &w, two, 0);
	tap_ok(o.word == MT_PASS && o.count == 2 && o.sig[0].result == MT_PASS && o.sig[1].result == MT_PASS,
	    "a signature that covers another");
	done(&o);
	free(m);
	m = sign_with(&cover, "rsa1024", "DKIM-Signature: what\r\n" HEADER "\r\n" BODY);
	run(&o, &w, m, 0);
	tap_ok(o.word == MT_PASS && o.count == 2, "a signature that covers one that cannot be read");
	done(&o);
	free(m);
	free(two);
	free(record);
}

/* Bytes that are white space for some readers and for RFC 6376, 2.8, are not. */
static void
test_bytes(void)
{
	static const struct {
		const char *what, *canon, *body, *from, *to;
		enum mt_result want;
		bool disagreed;
	} bytes[] = {
		{ "as it was", "relaxed/relaxed", "pay 1000 now\r\n", "", "", MT_PASS, false },
		{ "a CR in a word of the body", "relaxed/relaxed", "pay 1000 now\r\n", "1000 now", "10\r00 now", MT_FAIL, true },
		{ "a CR at the end of a line", "relaxed/relaxed", "pay 1000 now\r\n", "now\r\n", "now\r\t\r\n", MT_FAIL, true },
		{ "a vertical tab for a blank", "relaxed/relaxed", "pay 1000 now\r\n", "pay 1000 now", "pay\v1000 now", MT_FAIL, false },
		{ "a form feed beside a blank", "relaxed/relaxed", "pay 1000 now\r\n", "pay 1000 now", "pay \f1000 now", MT_FAIL, false },
		{ "a tab for a blank", "relaxed/relaxed", "pay 1000 now\r\n", "pay 1000 now", "pay\t 1000 now", MT_PASS, false },
		{ "a vertical tab in a field", "relaxed/relaxed", "x\r\n", "Subject: one", "Subject: \vone", MT_FAIL, true },
		{ "a CR in a field", "relaxed/relaxed", "x\r\n", "Subject: one", "Subject: \rone", MT_FAIL, true },
		{ "a blank before the colon", "simple/simple", "x\r\n", "Subject: one", "Subject : one", MT_FAIL, false },
		{ "a blank before the colon, relaxed", "relaxed/simple", "x\r\n", "Subject: one", "Subject : one", MT_PASS, false },
	};
	char *record = read_record("rsa1024"), text[8192], whole[1024];
	struct world w = { .text = { record } };

	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		struct sign s = { .canon = bytes[i].canon };
		const char *at;
		struct outcome o;
		char *m;

		snprintf(whole, sizeof whole, "%s\r\n%s", HEADER, bytes[i].body);
		m = sign_with(&s, "rsa1024", whole);
		at = strstr(m, bytes[i].from);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - m), m, bytes[i].to, at + strlen(bytes[i].from));
		run(&o, &w, text, 0);
		if (!tap_ok(o.word == bytes[i].want && o.disagreed == bytes[i].disagreed, "%s", bytes[i].what))
			show(&o);
		done(&o);
		free(m);
	}
	free(record);
}

/* A header of 1 MiB is beyond the bound; many fields of a name that is signed are not. */
static void
test_bounds(void)
{
	struct sign s = { .domain = NULL };
	char *record = read_record("rsa1024"), *m = sign_with(&s, "rsa1024", HEADER "\r\n" BODY), *long_one;
	struct world w = { .text = { record } };
	size_t head = (size_t)(strstr(m, "\r\nFrom:") + 2 - m), n;
	struct outcome o;

	long_one = malloc((2u << 20) + strlen(m));
	memcpy(long_one, m, head);
	n = head;
	for (unsigned i = 0; i < 4000; i++)
		n += (size_t)sprintf(long_one + n, "To: filler%u@example.net\r\nX-F: %u\r\n", i, i);
	strcpy(long_one + n, m + head);
	run(&o, &w, long_one, 0);
	tap_ok(o.word == MT_PASS, "8,000 more fields above the signed ones");
	done(&o);
	n = head;
	while (n < (1u << 20) + 4096)
		n += (size_t)sprintf(long_one + n, "X-Filler: %0100zu\r\n", n);
	strcpy(long_one + n, m + head);
	run(&o, &w, long_one, 0);
	tap_ok(o.word == MT_PERMERROR && o.count == 1 && mt_span_find(o.sig[0].why, "1 MiB") != NULL && !o.wanted_body,
	    "a header over 1 MiB");
	done(&o);
	n = 0;
	for (unsigned i = 0; i < 10000; i++)
		n += (size_t)sprintf(long_one + n, "DKIM-Signature: v=1; d=%u.example; s=a\r\n", i);
	strcpy(long_one + n, HEADER "\r\n" BODY);
	run(&o, &w, long_one, 0);
	tap_ok(o.word == MT_PERMERROR && o.count == MT_DKIM_LISTED && w.asked == 0, "10,000 signatures: %s", mt_result_word(o.word));
	done(&o);
	free(long_one);
	free(m);
	free(record);
}

/* A message may end at any point. */
static void
test_abort(void)
{
	struct sign s = { .domain = NULL };
	char *m = sign_with(&s, "rsa1024", HEADER "\r\n" BODY);
	struct mt_dkim_message *msg = mt_dkim_begin(dkim, NOW);

	mt_dkim_drop(NULL);
	mt_dkim_drop(msg);
	msg = mt_dkim_begin(dkim, NOW);
	feed_header(msg, mt_span_text(m));
	tap_ok(mt_dkim_keys(msg) == 1 && strcmp(mt_dkim_key_name(msg, 0), "sel._domainkey.example.org") == 0 &&
	    mt_dkim_key_name(msg, 1) == NULL && mt_dkim_wants_body(msg), "the key's name is known before the header ends");
	mt_dkim_drop(msg);
	msg = mt_dkim_begin(dkim, NOW);
	mt_dkim_body(msg, feed_header(msg, mt_span_text(m)));
	mt_dkim_eoh(msg);
	mt_dkim_eoh(msg);
	mt_dkim_header(msg, MT_SPAN("DKIM-Signature"), MT_SPAN(" v=1"));
	tap_ok(mt_dkim_signatures(msg) == 1, "no field counts after the header");
	mt_dkim_body(msg, MT_SPAN("a"));
	mt_dkim_drop(msg);
	free(m);
}

/* ---- published messages ------------------------------------------------------------------ */

static char *
decode(const char *text, size_t *len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc(strlen(text) + 1);
	uint32_t bits = 0;
	unsigned have = 0;

	*len = 0;
	for (; *text != '\0' && *text != '='; text++) {
		bits = bits << 6 | (uint32_t)(strchr(letters, *text) - letters);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out[(*len)++] = (char)(bits >> have & 0xff);
	}
	return out;
}

static void
test_row(json_t *row)
{
	json_t *records = json_object_get(row, "records"), *now = json_object_get(row, "now");
	const char *want = json_string_value(json_object_get(json_object_get(row, "expected"), "result"));
	char *texts[4] = { NULL }, *message;
	struct world w = { .cause = MT_CAUSE_NXDOMAIN };
	struct outcome o;
	size_t len;

	for (size_t i = 0; i < json_array_size(records) && i < 4; i++) {
		json_t *r = json_array_get(records, i), *data = json_object_get(r, "data");

		texts[i] = calloc(1, 16384);
		for (size_t d = 0; d < json_array_size(data); d++)
			strcat(texts[i], json_string_value(json_array_get(data, d)));
		w.name[i] = json_string_value(json_object_get(r, "name"));
		w.text[i] = json_array_size(data) == 0 ? NULL : texts[i];
	}
	message = decode(json_string_value(json_object_get(row, "message_b64")), &len);
	run_options(&o, NULL, &w, (struct mt_span){ message, len }, now == NULL ? NOW : json_integer_value(now), 0);
	tap_ok(strcmp(mt_result_word(o.word), want) == 0, "%s: %s (%s)", json_string_value(json_object_get(row, "id")),
	    mt_result_word(o.word), json_string_value(json_object_get(row, "what")));
	show(&o);
	done(&o);
	for (size_t i = 0; i < 4; i++)
		free(texts[i]);
	free(message);
}

static void
test_corpus(void)
{
	char *text = read_data("corpus.jsonl"), *next;
	unsigned rows = 0;

	for (char *line = text; *line != '\0'; line = next) {
		json_t *row = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);

		next = strchr(line, '\n');
		next = next == NULL ? line + strlen(line) : next + 1;
		if (row == NULL)
			continue;
		rows++;
		test_row(row);
		json_decref(row);
	}
	tap_ok(rows == 9, "%u published messages", rows);
	free(text);
}

int
main(void)
{
	const struct mt_dkim_options options = { .min_key_bits = 0 };
	int error;

	dkim = mt_dkim_open(&options, &error);
	tap_ok(dkim != NULL && error == MT_OK, "open");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		test_case(i);
	test_details();
	test_unsigned();
	test_options();
	test_many(0, MT_PASS);
	test_many(7, MT_PASS);
	test_many(8, MT_PERMERROR);
	test_malformed();
	test_overall();
	test_big();
	test_bodies();
	test_headers();
	test_bytes();
	test_bounds();
	test_abort();
	test_corpus();
	mt_dkim_close(dkim);
	return tap_done();
}
