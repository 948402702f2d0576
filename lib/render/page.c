/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what a terminal may be sent: printable ASCII, line ends, and our own colours when
 * they are wanted.  Control bytes, ESC, C1 and what turns the direction of text never
 * come through, whatever they are part of.  Refuses to know what a report says.
 */
#include "lib/render/page.h"

#include <stdarg.h>
#include <stdio.h>

/* Foreign text is escaped in pieces of this many bytes, so that memory stays small. */
#define PIECE 4096
#define WIDTH_DEFAULT 100
#define WIDTH_LEAST 60
/* One line and one sentence at the most: an evidence text or reason of a whole arena. */
#define PAGE_CEILING (64u * 1024u * 1024u)

void
mt_page_init(struct mt_page *page, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx)
{
	*page = (struct mt_page){ .sink = sink, .ctx = ctx, .color = options->color };
	page->width = options->width == 0 ? WIDTH_DEFAULT : options->width < WIDTH_LEAST ? WIDTH_LEAST : options->width;
	mt_arena_init(&page->arena, 4096, PAGE_CEILING);
	mt_buf_init(&page->line, &page->arena, 0);
	mt_buf_init(&page->scratch, &page->arena, 0);
}

static void
flush(struct mt_page *page)
{
	if (page->error == MT_OK && (page->line.cut || page->scratch.cut))
		page->error = MT_ENOMEM;
	if (page->error == MT_OK && page->line.len > 0 && page->sink(page->ctx, page->line.ptr, page->line.len) != 0)
		page->error = MT_EIO;
	page->line.len = 0;
}

int
mt_page_fini(struct mt_page *page)
{
	flush(page);
	mt_arena_fini(&page->arena);
	return page->error;
}

static void
add(struct mt_page *page, struct mt_span s)
{
	mt_buf_add(&page->line, s);
	page->column += s.len;
}

void
mt_page_text(struct mt_page *page, const char *text)
{
	add(page, mt_span_text(text));
}

void
mt_page_format(struct mt_page *page, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	mt_page_text(page, text);
}

/* Colour takes no columns. */
static void
paint(struct mt_page *page, enum mt_color color)
{
	static const char *const codes[] = {
		[MT_COLOR_NONE] = "\033[0m", [MT_COLOR_BOLD] = "\033[1m", [MT_COLOR_GOOD] = "\033[32m",
		[MT_COLOR_WARN] = "\033[33m", [MT_COLOR_BAD] = "\033[1;31m",
	};

	if (page->color)
		mt_buf_text(&page->line, codes[color]);
}

void
mt_page_word(struct mt_page *page, enum mt_color color, const char *word)
{
	if (color != MT_COLOR_NONE)
		paint(page, color);
	mt_page_text(page, word);
	if (color != MT_COLOR_NONE)
		paint(page, MT_COLOR_NONE);
}

void
mt_page_loud(struct mt_page *page, enum mt_color color, const char *word)
{
	char text[32];
	size_t len = 0;

	for (; word[len] != '\0' && len < sizeof text - 1; len++)
		text[len] = word[len] >= 'a' && word[len] <= 'z' ? (char)(word[len] - ('a' - 'A')) : word[len];
	text[len] = '\0';
	mt_page_word(page, color, text);
}

void
mt_page_outside(struct mt_page *page, struct mt_span s, size_t most)
{
	bool cut = most != 0 && s.len > most;

	if (cut)
		s.len = most;
	while (s.len > 0) {
		struct mt_span piece = { s.ptr, s.len < PIECE ? s.len : PIECE };

		page->scratch.len = 0;
		mt_buf_escape(&page->scratch, piece, "\\");
		add(page, mt_buf_span(&page->scratch));
		s.ptr += piece.len;
		s.len -= piece.len;
		if (s.len > 0)
			flush(page);
	}
	if (cut)
		mt_page_text(page, "...");
}

/* The next word and the spaces before it. */
static struct mt_span
next_word(struct mt_span *left, size_t *spaces)
{
	struct mt_span word;

	*spaces = 0;
	while (left->len > 0 && left->ptr[0] == ' ') {
		left->ptr++;
		left->len--;
		++*spaces;
	}
	word = (struct mt_span){ left->ptr, 0 };
	while (left->len > 0 && left->ptr[0] != ' ') {
		left->ptr++;
		left->len--;
		word.len++;
	}
	return word;
}

void
mt_page_wrap(struct mt_page *page, size_t indent, struct mt_span s)
{
	struct mt_span left;
	size_t spaces;

	page->scratch.len = 0;
	mt_buf_escape(&page->scratch, s, "\\");
	left = mt_buf_span(&page->scratch);
	while (left.len > 0) {
		struct mt_span word = next_word(&left, &spaces);

		if (word.len == 0)
			break;
		if (page->column > indent && page->column + spaces + word.len > page->width) {
			mt_page_end(page);
			mt_page_tab(page, indent);
		} else if (spaces > 0 && page->column > indent) {
			mt_page_text(page, " ");
		}
		add(page, word);
	}
}

void
mt_page_tab(struct mt_page *page, size_t column)
{
	if (page->column > 0 && page->column >= column)
		column = page->column + 1;
	while (page->column < column)
		mt_page_text(page, " ");
}

void
mt_page_end(struct mt_page *page)
{
	while (page->line.len > 0 && page->line.ptr[page->line.len - 1] == ' ')
		page->line.len--;
	mt_buf_char(&page->line, '\n');
	page->column = 0;
	flush(page);
}
