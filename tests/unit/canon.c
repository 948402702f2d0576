/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical forms: examples of RFC 6376, 3.4.5, and the corners; bodies in every cut. */
#include "lib/core/canon.h"
#include "tests/unit/tap.h"

struct text {
	size_t len;
	char bytes[8192];
};

static int
take(void *ctx, const char *bytes, size_t len)
{
	struct text *text = ctx;

	if (len > sizeof text->bytes - text->len)
		abort();
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	return 0;
}

static bool
is(const struct text *text, struct mt_span expected)
{
	return mt_span_equal((struct mt_span){ text->bytes, text->len }, expected);
}

static const struct {
	const char *name;
	struct mt_span field, value, simple, relaxed;
} fields[] = {
	{ "RFC 6376, first", MT_SPAN("A"), MT_SPAN(" X"), MT_SPAN("A: X\r\n"), MT_SPAN("a:X\r\n") },
	{ "RFC 6376, second", MT_SPAN("B "), MT_SPAN(" Y\t\r\n\tZ  "), MT_SPAN("B : Y\t\r\n\tZ  \r\n"), MT_SPAN("b:Y Z\r\n") },
	{ "folds as LF", MT_SPAN("B "), MT_SPAN(" Y\t\n\tZ  "), MT_SPAN("B : Y\t\r\n\tZ  \r\n"), MT_SPAN("b:Y Z\r\n") },
	{ "no blank", MT_SPAN("Subject"), MT_SPAN("x"), MT_SPAN("Subject:x\r\n"), MT_SPAN("subject:x\r\n") },
	{ "empty", MT_SPAN("X-Empty"), MT_SPAN(""), MT_SPAN("X-Empty:\r\n"), MT_SPAN("x-empty:\r\n") },
	{ "absent", MT_SPAN("X"), { NULL, 0 }, MT_SPAN("X:\r\n"), MT_SPAN("x:\r\n") },
	{ "blanks only", MT_SPAN("X"), MT_SPAN(" \t\r\n  "), MT_SPAN("X: \t\r\n  \r\n"), MT_SPAN("x:\r\n") },
	{ "a bare CR", MT_SPAN("X"), MT_SPAN(" a\rb \r c"), MT_SPAN("X: a\rb \r c\r\n"), MT_SPAN("x:a\rb \r c\r\n") },
	{ "NUL and other bytes", MT_SPAN("X"), MT_SPAN("\0\xff\001"), MT_SPAN("X:\0\xff\001\r\n"), MT_SPAN("x:\0\xff\001\r\n") },
};

static const struct {
	const char *name;
	struct mt_span body, simple, relaxed;
} bodies[] = {
	{ "RFC 6376, 3.4.5", MT_SPAN(" C \r\nD \t E\r\n\r\n\r\n"), MT_SPAN(" C \r\nD \t E\r\n"), MT_SPAN(" C\r\nD E\r\n") },
	{ "the same with LF", MT_SPAN(" C \nD \t E\n\n\n"), MT_SPAN(" C \r\nD \t E\r\n"), MT_SPAN(" C\r\nD E\r\n") },
	{ "empty", MT_SPAN(""), MT_SPAN("\r\n"), MT_SPAN("") },
	{ "one empty line", MT_SPAN("\r\n"), MT_SPAN("\r\n"), MT_SPAN("") },
	{ "empty lines", MT_SPAN("\r\n\n\r\n"), MT_SPAN("\r\n"), MT_SPAN("") },
	{ "blanks only", MT_SPAN("  \t"), MT_SPAN("  \t\r\n"), MT_SPAN("") },
	{ "a line of blanks at the end", MT_SPAN("a\r\n \t\r\n\r\n"), MT_SPAN("a\r\n \t\r\n"), MT_SPAN("a\r\n") },
	{ "no line end at the end", MT_SPAN("a\nb"), MT_SPAN("a\r\nb\r\n"), MT_SPAN("a\r\nb\r\n") },
	{ "empty lines within", MT_SPAN("\n\na\r\n \nb\n"), MT_SPAN("\r\n\r\na\r\n \r\nb\r\n"), MT_SPAN("\r\n\r\na\r\n\r\nb\r\n") },
	{ "bare CRs", MT_SPAN("a\rb\r\r\n \r c\r"), MT_SPAN("a\rb\r\r\n \r c\r\r\n"), MT_SPAN("a\rb\r\r\n \r c\r\r\n") },
	{ "a CR alone", MT_SPAN("\r"), MT_SPAN("\r\r\n"), MT_SPAN("\r\r\n") },
	{ "blanks before a CRLF", MT_SPAN("a \t \r\n"), MT_SPAN("a \t \r\n"), MT_SPAN("a\r\n") },
	{ "NUL and other bytes", MT_SPAN("\0 \xff\n"), MT_SPAN("\0 \xff\r\n"), MT_SPAN("\0 \xff\r\n") },
};

static void
all_fields(void)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct text simple = { .len = 0 }, relaxed = { .len = 0 };

		mt_canon_field(MT_CANON_SIMPLE, fields[i].field, fields[i].value, take, &simple);
		tap_ok(is(&simple, fields[i].simple), "field, simple: %s", fields[i].name);
		mt_canon_field(MT_CANON_RELAXED, fields[i].field, fields[i].value, take, &relaxed);
		tap_ok(is(&relaxed, fields[i].relaxed), "field, relaxed: %s", fields[i].name);
	}
}

static uint64_t
in_pieces(struct text *text, enum mt_canon how, struct mt_span body, size_t step, uint64_t most)
{
	struct mt_canon_body c;

	text->len = 0;
	mt_canon_body_begin(&c, how, most, take, text);
	for (size_t at = 0; at < body.len; at += step)
		mt_canon_body_add(&c, (struct mt_span){ body.ptr + at, step < body.len - at ? step : body.len - at });
	return mt_canon_body_end(&c);
}

static bool
in_every_cut(enum mt_canon how, struct mt_span body, struct mt_span expected)
{
	struct text text;
	bool ok = true;

	for (size_t step = 1; step <= body.len + 1; step++)
		ok = in_pieces(&text, how, body, step, UINT64_MAX) == expected.len && is(&text, expected) && ok;
	/* l= cuts what is written, and nothing else. */
	for (size_t most = 0; most <= expected.len + 1; most++) {
		size_t len = most < expected.len ? most : expected.len;

		ok = in_pieces(&text, how, body, 1, most) == expected.len &&
		    is(&text, (struct mt_span){ expected.ptr, len }) && ok;
	}
	return ok;
}

static void
all_bodies(void)
{
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		tap_ok(in_every_cut(MT_CANON_SIMPLE, bodies[i].body, bodies[i].simple), "body, simple: %s", bodies[i].name);
		tap_ok(in_every_cut(MT_CANON_RELAXED, bodies[i].body, bodies[i].relaxed), "body, relaxed: %s", bodies[i].name);
	}
}

/* More than fits into what waits for the sink. */
static void
long_ones(void)
{
	static char line[3 * MT_CANON_ROOM + 1];
	struct text text;

	memset(line, 'x', sizeof line - 1);
	for (size_t len = MT_CANON_ROOM - 3; len < MT_CANON_ROOM + 3; len++) {
		struct mt_span s = { line, len };

		tap_ok(in_pieces(&text, MT_CANON_RELAXED, s, 7, UINT64_MAX) == len + 2 && text.len == len + 2 &&
		    memcmp(text.bytes, line, len) == 0 && memcmp(text.bytes + len, "\r\n", 2) == 0, "%zu bytes", len);
	}
	memset(line, '\n', sizeof line - 2);
	tap_ok(in_pieces(&text, MT_CANON_SIMPLE, mt_span_text(line), 1000, UINT64_MAX) == 2 * sizeof line - 1,
	    "many empty lines that count after all");
}

static void
signatures(void)
{
	static const char value[] = " i=1; b= ab\r\n\tcd ; d=x";
	struct mt_span b = { value + 8, 9 };
	struct text text = { .len = 0 };

	mt_canon_signature(MT_CANON_RELAXED, MT_SPAN("ARC-Seal"), MT_SPAN(value), b, take, &text);
	tap_ok(is(&text, MT_SPAN("arc-seal:i=1; b=; d=x")), "without b=, relaxed");
	text.len = 0;
	mt_canon_signature(MT_CANON_SIMPLE, MT_SPAN("ARC-Seal"), MT_SPAN(value), b, take, &text);
	tap_ok(is(&text, MT_SPAN("ARC-Seal: i=1; b=; d=x")), "without b=, simple");
	text.len = 0;
	mt_canon_signature(MT_CANON_RELAXED, MT_SPAN("X"), MT_SPAN(" b= "), MT_ABSENT, take, &text);
	tap_ok(is(&text, MT_SPAN("x:b=")), "nothing left out");
}

static void
words(void)
{
	static const struct {
		const char *c;
		bool ok;
		enum mt_canon header, body;
	} cases[] = {
		{ NULL, true, MT_CANON_SIMPLE, MT_CANON_SIMPLE }, { "simple", true, MT_CANON_SIMPLE, MT_CANON_SIMPLE },
		{ "relaxed", true, MT_CANON_RELAXED, MT_CANON_SIMPLE },
		{ "relaxed/relaxed", true, MT_CANON_RELAXED, MT_CANON_RELAXED },
		{ "simple/relaxed", true, MT_CANON_SIMPLE, MT_CANON_RELAXED },
		{ "", false }, { "Relaxed", true, MT_CANON_RELAXED, MT_CANON_SIMPLE }, { "relaxed/", false }, { "/relaxed", false }, { "nowsp", false },
		{ "relaxed/relaxed/relaxed", false }, { "relaxed /relaxed", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum mt_canon header, body;
		bool ok = mt_canon_read(&header, &body, mt_span_text(cases[i].c));

		tap_ok(ok == cases[i].ok && (!ok || (header == cases[i].header && body == cases[i].body)), "c=%s",
		    cases[i].c == NULL ? " absent" : cases[i].c);
	}
}

int
main(void)
{
	all_fields();
	all_bodies();
	long_ones();
	signatures();
	words();
	return tap_done();
}
