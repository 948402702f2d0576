/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleaned bytes are UTF-8, and what was UTF-8 is not touched. */
#include "lib/render/utf8.h"
#include "tests/unit/tap.h"

#define R "\xef\xbf\xbd"

static const struct {
	const char *name;
	struct mt_span from, to;
} cases[] = {
	{ "nothing", MT_SPAN(""), MT_SPAN("") },
	{ "ASCII", MT_SPAN("plain \t\r\n\x7f"), MT_SPAN("plain \t\r\n\x7f") },
	{ "NUL", MT_SPAN("a\0b"), MT_SPAN("a\0b") },
	{ "two bytes", MT_SPAN("\xc3\xa9"), MT_SPAN("\xc3\xa9") },
	{ "three bytes", MT_SPAN("\xe2\x82\xac"), MT_SPAN("\xe2\x82\xac") },
	{ "four bytes", MT_SPAN("\xf0\x9f\x93\xa7"), MT_SPAN("\xf0\x9f\x93\xa7") },
	{ "U+FFFD as such", MT_SPAN("a" R "b"), MT_SPAN("a" R "b") },
	{ "the last character", MT_SPAN("\xf4\x8f\xbf\xbf"), MT_SPAN("\xf4\x8f\xbf\xbf") },
	{ "Latin-1", MT_SPAN("caf\xe9!"), MT_SPAN("caf" R "!") },
	{ "overlong slash", MT_SPAN("\xc0\xaf"), MT_SPAN(R R) },
	{ "overlong of three", MT_SPAN("\xe0\x80\xaf"), MT_SPAN(R R R) },
	{ "overlong of four", MT_SPAN("\xf0\x80\x80\xaf"), MT_SPAN(R R R R) },
	{ "surrogate", MT_SPAN("\xed\xa0\x80"), MT_SPAN(R R R) },
	{ "above U+10FFFF", MT_SPAN("\xf4\x90\x80\x80"), MT_SPAN(R R R R) },
	{ "no such first byte", MT_SPAN("\xff\xfe\xf8"), MT_SPAN(R R R) },
	{ "continuation alone", MT_SPAN("\x80" "a"), MT_SPAN(R "a") },
	{ "cut off at the end", MT_SPAN("a\xf0\x9f\x93"), MT_SPAN("a" R R R) },
	{ "cut off by another", MT_SPAN("\xe2\x82\xc3\xa9"), MT_SPAN(R R "\xc3\xa9") },
	{ "bad at both ends", MT_SPAN("\xff" "ab\xff"), MT_SPAN(R "ab" R) },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_arena arena;
		struct mt_buf buf;
		bool same = mt_span_equal(cases[i].from, cases[i].to);

		mt_arena_init(&arena, 256, 65536);
		mt_buf_init(&buf, &arena, 0);
		mt_utf8_clean(&buf, cases[i].from);
		tap_ok(mt_span_equal(mt_buf_span(&buf), cases[i].to), "%s: cleaned", cases[i].name);
		tap_ok(mt_utf8_valid(cases[i].from) == same, "%s: %s", cases[i].name, same ? "well-formed" : "not well-formed");
		tap_ok(mt_utf8_valid(mt_buf_span(&buf)), "%s: well-formed afterwards", cases[i].name);
		mt_arena_fini(&arena);
	}
	return tap_done();
}
