/* SPDX-License-Identifier: BSD-2-Clause */
/* Comments, quoted strings and tokens. */
#include "lib/core/cfws.h"
#include "tests/unit/tap.h"

enum how { COMMENT, SKIP, QUOTED, LITERAL };

static const struct {
	enum how how;
	struct mt_span text;
	bool ends;
	size_t at;
} cases[] = {
	{ COMMENT, MT_SPAN("(a)b"), true, 3 },
	{ COMMENT, MT_SPAN("(a(b)\\)c)d"), true, 9 },
	{ COMMENT, MT_SPAN("()()"), true, 2 },
	{ COMMENT, MT_SPAN("(a\0b)c"), true, 5 },
	{ COMMENT, MT_SPAN("(\")\""), true, 3 },
	{ COMMENT, MT_SPAN("(a(b)"), false, 5 },
	{ COMMENT, MT_SPAN("(a\\)"), false, 4 },
	{ COMMENT, MT_SPAN("(a\\"), false, 3 },
	{ COMMENT, MT_SPAN("("), false, 1 },
	{ SKIP, MT_SPAN(" \t\r\n(a) (b)\r\n c"), true, 14 },
	{ SKIP, MT_SPAN("a (b)"), true, 0 },
	{ SKIP, MT_SPAN(")"), true, 0 },
	{ SKIP, MT_SPAN("\\ "), true, 0 },
	{ SKIP, MT_SPAN(" (a)"), true, 4 },
	{ SKIP, MT_SPAN(""), true, 0 },
	{ SKIP, { NULL, 0 }, true, 0 },
	{ SKIP, MT_SPAN(" (a) (b"), false, 7 },
	{ QUOTED, MT_SPAN("\"a\"b"), true, 3 },
	{ QUOTED, MT_SPAN("\"\""), true, 2 },
	{ QUOTED, MT_SPAN("\"a\\\"(\"b"), true, 6 },
	{ QUOTED, MT_SPAN("\"a"), false, 2 },
	{ QUOTED, MT_SPAN("\"a\\\""), false, 4 },
	{ QUOTED, MT_SPAN("\"a\\"), false, 3 },
	{ QUOTED, MT_SPAN("\""), false, 1 },
	{ LITERAL, MT_SPAN("[1.2]x"), true, 5 },
	{ LITERAL, MT_SPAN("[\"\\]\"]"), true, 6 },
};

static const struct {
	struct mt_span inside;
	size_t most;
	bool fits;
	struct mt_span text;
} strings[] = {
	{ MT_SPAN("abc"), 3, true, MT_SPAN("abc") },
	{ MT_SPAN("a\\\"b\\\\"), 4, true, MT_SPAN("a\"b\\") },
	{ MT_SPAN("a\r\n b"), 3, true, MT_SPAN("a b") },
	{ MT_SPAN("a\\\r\nb"), 3, true, MT_SPAN("a\rb") },
	{ MT_SPAN("a\\"), 2, true, MT_SPAN("a\\") },
	{ MT_SPAN(""), 0, true, MT_SPAN("") },
	{ MT_SPAN("abcd"), 3, false, MT_SPAN("abc") },
};

static bool
run(enum how how, struct mt_span text, size_t *at)
{
	switch (how) {
	case COMMENT:
		return mt_cfws_comment(text, at);
	case SKIP:
		return mt_cfws_skip(text, at);
	case QUOTED:
		return mt_cfws_quoted(text, at, '"');
	case LITERAL:
		return mt_cfws_quoted(text, at, ']');
	}
	return false;
}

static void
tokens(void)
{
	tap_ok(mt_cfws_token(MT_SPAN("a-b.c+d_e'!#$%&*^`{|}~9")), "a token");
	tap_ok(!mt_cfws_token(MT_SPAN("")) && !mt_cfws_token(MT_ABSENT), "nothing is no token");
	tap_ok(!mt_cfws_token(MT_SPAN("b\xc3\xbc" "cher")) && mt_cfws_in_token('\xc3'),
	    "letters of other scripts stand in some");
	for (const char *c = "()<>@,;:\\\"/[]?= \t\r\n\x7f\x1f"; *c != '\0'; c++)
		if (mt_cfws_in_token(*c) || mt_cfws_token((struct mt_span){ c, 1 }))
			tap_ok(false, "\"%c\" stands in none", *c);
	tap_ok(!mt_cfws_in_token('\0') && !mt_cfws_token((struct mt_span){ "a\0b", 3 }), "NUL stands in none");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t at = 0;
		bool ends = run(cases[i].how, cases[i].text, &at);

		if (!tap_ok(ends == cases[i].ends && at == cases[i].at, "case %zu", i))
			tap_note("%s at %zu", ends ? "ends" : "does not end", at);
	}
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
		char text[16];
		size_t len;
		bool fits = mt_cfws_unquote(text, strings[i].most, &len, strings[i].inside);

		tap_ok(fits == strings[i].fits && mt_span_equal((struct mt_span){ text, len }, strings[i].text), "text %zu", i);
	}
	tokens();
	return tap_done();
}
