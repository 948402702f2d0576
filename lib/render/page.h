/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines for a terminal: columns, wrapping, colour, and the one way in for foreign text. */
#ifndef MT_RENDER_PAGE_H
#define MT_RENDER_PAGE_H

#include "lib/base/buf.h"

enum mt_color { MT_COLOR_NONE, MT_COLOR_BOLD, MT_COLOR_GOOD, MT_COLOR_WARN, MT_COLOR_BAD };

/* The caller's storage, one thread.  Errors stay (MT_ENOMEM, MT_EIO): later calls do
 * nothing, and mt_page_fini() tells. */
struct mt_page {
	struct mt_arena arena;
	struct mt_buf line;		/* what was not handed on yet */
	struct mt_buf scratch;		/* escaped text before it is wrapped */
	mt_sink_fn *sink;
	void *ctx;
	size_t width, column;
	bool color;
	int error;
};

void mt_page_init(struct mt_page *page, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx);
int mt_page_fini(struct mt_page *page);

/* Text of our own: printable ASCII. */
void mt_page_text(struct mt_page *page, const char *text);
void mt_page_format(struct mt_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mt_page_word(struct mt_page *page, enum mt_color color, const char *word);
/* The same in capitals. */
void mt_page_loud(struct mt_page *page, enum mt_color color, const char *word);
/* Text from outside: printable ASCII as it is, all else as \xNN; more than `most` bytes
 * (0: no bound) are cut, and "..." says so. */
void mt_page_outside(struct mt_page *page, struct mt_span s, size_t most);
/* The same, from here on over as many lines as it takes, each begun at column `indent`. */
void mt_page_wrap(struct mt_page *page, size_t indent, struct mt_span s);
/* Spaces up to a column, at least one. */
void mt_page_tab(struct mt_page *page, size_t column);
/* Ends the line, without spaces at its end. */
void mt_page_end(struct mt_page *page);

#endif
