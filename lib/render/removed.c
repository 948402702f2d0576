/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a field that was taken out is kept for a person to look at: quoted as a whole,
 * so that no reader of Authentication-Results takes it for one. */
#include "lib/render/render.h"

#include "lib/base/buf.h"

#define FOLD_COLUMN 76
#define LINE_MOST 990
#define TEXT_MOST 8192u

/* One word of the value with what must not stand bare in a quoted string. */
static struct mt_span
escape_word(struct mt_arena *arena, struct mt_span word)
{
	struct mt_buf buf;

	mt_buf_init(&buf, arena, 0);
	mt_buf_escape(&buf, word, "\"\\");
	return buf.cut ? MT_ABSENT : mt_buf_span(&buf);
}

/* The next word behind white space and folds, which all become one space or one fold. */
static struct mt_span
next_word(struct mt_span value, size_t *at)
{
	size_t from;

	while (*at < value.len && mt_is_space(value.ptr[*at]))
		(*at)++;
	from = *at;
	while (*at < value.len && !mt_is_space(value.ptr[*at]))
		(*at)++;
	return (struct mt_span){ value.ptr + from, *at - from };
}

/* False: a word that no line can hold, or no room for more; what stands before is whole. */
static bool
put_words(struct mt_buf *text, struct mt_span value, size_t line_most)
{
	size_t column = sizeof "\tvalue=\"" - 1, at = 0;
	struct mt_span word = value.len == 0 ? MT_ABSENT : next_word(value, &at);

	for (bool first = true; word.len > 0; first = false, word = next_word(value, &at)) {
		struct mt_span escaped = word.len > line_most ? MT_ABSENT : escape_word(text->arena, word);

		/* A quote stands behind the last. */
		if (escaped.ptr == NULL || escaped.len + sizeof "\tvalue=\"\"" > line_most ||
		    text->len + escaped.len > TEXT_MOST)
			return false;
		if (!first && column + 1 + escaped.len > FOLD_COLUMN) {
			mt_buf_text(text, "\n\t");
			column = 1;
		} else if (!first) {
			mt_buf_char(text, ' ');
			column++;
		}
		mt_buf_add(text, escaped);
		column += escaped.len;
	}
	return true;
}

struct mt_span
mt_render_removed(struct mt_arena *arena, unsigned index, struct mt_span value, bool cut, size_t line_most)
{
	struct mt_buf head, text;

	if (line_most == 0 || line_most > LINE_MOST)
		line_most = LINE_MOST;
	mt_buf_init(&text, arena, 0);
	cut |= !put_words(&text, value, line_most);
	mt_buf_init(&head, arena, 0);
	mt_buf_format(&head, "field=%u;%s\n\tvalue=\"", index, cut ? " cut=yes;" : "");
	mt_buf_add(&head, mt_buf_span(&text));
	mt_buf_char(&head, '"');
	return head.cut || text.cut ? MT_ABSENT : mt_buf_span(&head);
}
