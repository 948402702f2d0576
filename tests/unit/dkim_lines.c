/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/dkim_lines.h"

#include "tests/unit/tap.h"

static const struct {
	const char *name, *in, *out;
} cases[] = {
	{ "nothing", "", "" },
	{ "an empty line", "\r\n", "\r\n" },
	{ "empty lines", "\n\r\n\n", "\r\n\r\n\r\n" },
	{ "a blank", " ", " \r\n" },
	{ "a line", "abc\r\n", "abc\r\n" },
	{ "a line with LF", "abc\n", "abc\r\n" },
	{ "a line without an end", "abc", "abc\r\n" },
	{ "a line that ends in CR", "abc\r", "abc\r\n" },
	{ "empty lines at the end", "abc\r\n\r\n\n", "abc\r\n\r\n\r\n" },
	{ "empty lines in between", "abc\n\n\ndef\n", "abc\r\n\r\n\r\ndef\r\n" },
	{ "empty lines in front", "\n\nabc\n", "\r\n\r\nabc\r\n" },
	{ "blanks in a line", "a \t b\r\n", "a \t b\r\n" },
	{ "blanks at both ends", "  a\t\r\n", "  a\t\r\n" },
	{ "lines of blanks at the end", "a\n \n\t\n", "a\r\n \r\n\t\r\n" },
	{ "a CR in a line", "a\rb\r\n", "a\rb\r\n" },
	{ "two CR", "a\r\r\nb\n", "a\r\r\nb\r\n" },
};

struct got {
	char text[65536];
	size_t len, chunks;
	bool split;			/* a chunk ended between CR and LF */
};

static void
take(void *ctx, char *bytes, size_t len)
{
	struct got *g = ctx;

	g->split = g->split || (g->len > 0 && g->text[g->len - 1] == '\r' && bytes[0] == '\n');
	memcpy(g->text + g->len, bytes, len);
	g->len += len;
	g->chunks++;
}

static void
run(struct mt_dkim_lines *lines, struct got *g, struct mt_span in, size_t chunk)
{
	g->len = g->chunks = 0;
	g->split = false;
	mt_dkim_lines_begin(lines, take, g);
	while (in.len > 0) {
		size_t n = in.len < chunk ? in.len : chunk;

		mt_dkim_lines_feed(lines, (struct mt_span){ in.ptr, n });
		in.ptr += n;
		in.len -= n;
	}
	mt_dkim_lines_feed(lines, MT_ABSENT);
	mt_dkim_lines_end(lines);
}

/* Bodies whose lines and ends fall on every side of the border between two chunks. */
static void
test_borders(void)
{
	static struct mt_dkim_lines lines;
	static struct got g;
	static char text[MT_DKIM_LINES_CHUNK + 16];
	static const char *const ends[] = { "\r\n", "\n", "\r", "", "\r\n\r\n", " \r\n" };
	bool ok = true;

	for (size_t len = MT_DKIM_LINES_CHUNK - 6; len < MT_DKIM_LINES_CHUNK + 6; len++) {
		for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
			size_t blank = e == 5;

			memset(text, 'x', len);
			strcpy(text + len, ends[e]);
			run(&lines, &g, mt_span_text(text), 4096);
			ok = ok && !g.split && g.len == len + blank + (e == 4 ? 4 : 2) && memcmp(g.text, text, len) == 0 &&
			    memcmp(g.text + g.len - 2, "\r\n", 2) == 0;
		}
	}
	tap_ok(ok, "line ends on every side of the border between two chunks");
}

int
main(void)
{
	static struct mt_dkim_lines lines;
	static struct got g;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool ok = true;

		for (size_t chunk = 1; chunk < 8; chunk++) {
			run(&lines, &g, mt_span_text(cases[i].in), chunk);
			ok = ok && mt_span_equal((struct mt_span){ g.text, g.len }, mt_span_text(cases[i].out));
		}
		tap_ok(ok, "%s", cases[i].name);
	}
	test_borders();
	return tap_done();
}
