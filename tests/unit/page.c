/* SPDX-License-Identifier: BSD-2-Clause */
/* What reaches a terminal: columns, wrapping, colours, and no foreign control byte. */
#include "lib/render/page.h"

#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static void plain(struct mt_page *p) { mt_page_text(p, "a"); mt_page_end(p); }
static void tab(struct mt_page *p) { mt_page_text(p, "ab"); mt_page_tab(p, 4); mt_page_text(p, "c"); mt_page_end(p); }
static void full_tab(struct mt_page *p) { mt_page_text(p, "abcd"); mt_page_tab(p, 4); mt_page_text(p, "e"); mt_page_end(p); }
static void loud(struct mt_page *p) { mt_page_loud(p, MT_COLOR_BAD, "not-fqdn"); mt_page_end(p); }
static void word(struct mt_page *p) { mt_page_word(p, MT_COLOR_GOOD, "pass"); mt_page_tab(p, 6); mt_page_text(p, "x"); }
static void number(struct mt_page *p) { mt_page_format(p, "%+d s", -3); }
static void control(struct mt_page *p) { mt_page_outside(p, MT_SPAN("a\033[2J\r\n\x9b\\\0"), 0); }
static void cut(struct mt_page *p) { mt_page_outside(p, MT_SPAN("abcdef"), 5); }
static void not_cut(struct mt_page *p) { mt_page_outside(p, MT_SPAN("abcde"), 5); }
static void wrap(struct mt_page *p)
{
	mt_page_text(p, "HEAD");
	mt_page_tab(p, 6);
	mt_page_wrap(p, 6, MT_SPAN("twenty-five bytes of text  twenty-five bytes of text \033 more"));
	mt_page_end(p);
}
static void wrap_word(struct mt_page *p)
{
	mt_page_text(p, "HEAD");
	mt_page_tab(p, 6);
	mt_page_wrap(p, 6, MT_SPAN("a-word-that-is-a-good-deal-longer-than-the-whole-of-the-line-is-wide end"));
	mt_page_end(p);
}

static const struct {
	const char *name;
	void (*draw)(struct mt_page *page);
	bool color;
	const char *want;
} cases[] = {
	{ "text", plain, false, "a\n" },
	{ "a column", tab, false, "ab  c\n" },
	{ "a column that is passed", full_tab, false, "abcd e\n" },
	{ "capitals", loud, false, "NOT-FQDN\n" },
	{ "capitals in colour", loud, true, "\033[1;31mNOT-FQDN\033[0m\n" },
	{ "no colour", word, false, "pass  x" },
	{ "colour takes no columns", word, true, "\033[32mpass\033[0m  x" },
	{ "a format", number, false, "-3 s" },
	{ "control bytes", control, false, "a\\x1b[2J\\x0d\\x0a\\x9b\\\\\\x00" },
	{ "control bytes in colour", control, true, "a\\x1b[2J\\x0d\\x0a\\x9b\\\\\\x00" },
	{ "too long", cut, false, "abcde..." },
	{ "just not too long", not_cut, false, "abcde" },
	{ "wrapped", wrap, false, "HEAD  twenty-five bytes of text twenty-five bytes of text\n      \\x1b more\n" },
	{ "a word longer than the line", wrap_word, false,
	    "HEAD  a-word-that-is-a-good-deal-longer-than-the-whole-of-the-line-is-wide\n      end\n" },
};

int
main(void)
{
	struct mt_render_options options = { .width = 60 };
	struct sample_sink sink = { 0 }, stop = { .stop_at = 2 };
	struct mt_page page;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		options.color = cases[i].color;
		mt_page_init(&page, &options, sample_take, &sink);
		cases[i].draw(&page);
		if (!tap_ok(mt_page_fini(&page) == MT_OK && strcmp(sink.ptr, cases[i].want) == 0, "%s", cases[i].name))
			tap_note("got %s", sink.ptr);
		sample_sink_free(&sink);
	}
	mt_page_init(&page, &options, sample_take, &stop);
	for (int i = 0; i < 5; i++)
		plain(&page);
	tap_ok(mt_page_fini(&page) == MT_EIO && stop.len == 2 && stop.calls == 2, "a sink that stops is asked no more");
	sample_sink_free(&stop);
	return tap_done();
}
