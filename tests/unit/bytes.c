/* SPDX-License-Identifier: BSD-2-Clause */
/* What leaves the command: nothing that steers a terminal, nothing that is no JSON. */
#include "cli/bytes.h"

#include <string.h>

#include "tests/unit/tap.h"

#define BYTES(literal) { literal, sizeof(literal) - 1 }

static const struct {
	const char *name;
	struct mt_span in;
	const char *plain, *json;
} rows[] = {
	{ "nothing", BYTES(""), "", "\"\"" },
	{ "ASCII", BYTES("a b~"), "a b~", "\"a b~\"" },
	{ "quote and backslash", BYTES("\"\\"), "\"\\", "\"\\\"\\\\\"" },
	{ "line ends", BYTES("a\r\n\tb"), "a\\x0d\\x0a\\x09b", "\"a\\u000d\\n\\tb\"" },
	{ "NUL, escape and delete", BYTES("\0\033[1m\177"), "\\x00\\x1b[1m\\x7f", "\"\\u0000\\u001b[1m\\u007f\"" },
	{ "two bytes", BYTES("\xc3\xa9"), "\xc3\xa9", "\"\xc3\xa9\"" },
	{ "three bytes", BYTES("\xe2\x82\xac"), "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
	{ "four bytes", BYTES("\xf0\x9f\x93\xa7"), "\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\"" },
	{ "C1 control as UTF-8", BYTES("\xc2\x9b" "1m"), "\\xc2\\x9b1m", "\"\xc2\x9b" "1m\"" },
	{ "right-to-left override", BYTES("\xe2\x80\xae" "x"), "\\xe2\\x80\\xaex", "\"\xe2\x80\xae" "x\"" },
	{ "a lone byte", BYTES("\xff" "a"), "\\xffa", "\"\\ufffda\"" },
	{ "cut short", BYTES("\xe2\x82"), "\\xe2\\x82", "\"\\ufffd\\ufffd\"" },
	{ "overlong", BYTES("\xc0\xaf\xe0\x80\xaf"), "\\xc0\\xaf\\xe0\\x80\\xaf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "surrogate", BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "beyond Unicode", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "lead byte, then ASCII", BYTES("\xc3" "a"), "\\xc3a", "\"\\ufffda\"" },
};

static bool
is_text(const struct bytes *b, const char *text)
{
	return b->len == strlen(text) && (b->len == 0 || memcmp(b->ptr, text, b->len) == 0);
}

int
main(void)
{
	struct bytes b = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bytes_clear(&b);
		bytes_plain(&b, rows[i].in);
		tap_ok(is_text(&b, rows[i].plain), "%s, plain", rows[i].name);
		bytes_clear(&b);
		bytes_json(&b, rows[i].in);
		tap_ok(is_text(&b, rows[i].json), "%s, JSON", rows[i].name);
	}
	bytes_clear(&b);
	bytes_number(&b, INT64_MIN);
	tap_ok(is_text(&b, "-9223372036854775808"), "the smallest number");
	bytes_clear(&b);
	bytes_long(&b, 0x01020304);
	tap_ok(is_text(&b, "\1\2\3\4"), "a number of four bytes, highest first");
	bytes_clear(&b);
	for (int i = 0; i < 100000; i++)
		bytes_char(&b, 'x');
	tap_ok(b.len == 100000 && !b.failed && b.ptr[99999] == 'x', "it grows");
	bytes_add(&b, "x", SIZE_MAX / 2);
	tap_ok(b.len == 100000, "more than can be is dropped");
	bytes_fini(&b);
	tap_ok(span_same(span_text("Return-PATH"), "return-path") && !span_same(span_text("Return"), "Return-Path") &&
	    !span_same(span_text("[x"), "{x"), "names without regard to case");
	return tap_done();
}
