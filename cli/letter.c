/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows a message as an MTA holds it, and what a filter's changes make of its header. */
#include "cli/play.h"

#include <stdlib.h>
#include <string.h>

#define LEADING_SPACE 0x00100000u	/* values come with the space behind the colon */

bool
play_letter_field(struct play_letter *letter, struct mt_span name, struct mt_span value)
{
	struct play_field field = { letter->text.len, name.len, letter->text.len + name.len, value.len };

	if (letter->fields == PLAY_FIELDS) {
		letter->cut = true;
		return true;
	}
	if (letter->fields == letter->room) {
		size_t room = letter->room == 0 ? 32 : letter->room * 2;
		struct play_field *p = realloc(letter->field, room * sizeof *p);

		if (p == NULL)
			return false;
		letter->field = p;
		letter->room = room;
	}
	bytes_add(&letter->text, name.ptr, name.len);
	bytes_add(&letter->text, value.ptr, value.len);
	if (letter->text.failed)
		return false;
	letter->field[letter->fields++] = field;
	return true;
}

void
play_letter_body(struct play_letter *letter, struct mt_span bytes)
{
	size_t left = PLAY_BODY - letter->body.len;

	if (bytes.len > left) {
		letter->cut = true;
		bytes.len = left;
	}
	bytes_add(&letter->body, bytes.ptr, bytes.len);
}

void
play_letter_clear(struct play_letter *letter)
{
	bytes_clear(&letter->text);
	bytes_clear(&letter->body);
	letter->fields = 0;
	letter->cut = false;
}

void
play_letter_fini(struct play_letter *letter)
{
	bytes_fini(&letter->text);
	bytes_fini(&letter->body);
	free(letter->field);
	*letter = (struct play_letter){ 0 };
}

/* One line of the header that is being put together. */
struct line {
	struct mt_span name, value;	/* value without the space behind the colon */
	bool deleted;
};

struct header {
	struct line *line;
	size_t lines, room;
};

static void
line_insert(struct header *header, size_t at, struct line line)
{
	if (header->lines == header->room)
		return;
	memmove(header->line + at + 1, header->line + at, (header->lines - at) * sizeof *header->line);
	header->line[at] = line;
	header->lines++;
}

/* The index-th line of that name that still stands, or `lines`. */
static size_t
line_find(const struct header *header, const char *name, unsigned index)
{
	unsigned seen = 0;

	for (size_t i = 0; i < header->lines; i++)
		if (!header->line[i].deleted && span_same(header->line[i].name, name) && ++seen >= index)
			return i;
	return header->lines;
}

/* Where an insertion at index goes: Postfix keeps its own Received field on top, which no
 * filter sees, so that 0 and 1 both mean above all that is shown here. */
static size_t
line_at(const struct header *header, unsigned index)
{
	unsigned seen = 1;
	size_t i = 0;

	for (; i < header->lines && seen < index; i++)
		seen += !header->line[i].deleted;
	return i;
}

static void
apply(struct header *header, const struct play_edit *edit, bool leading_space)
{
	struct mt_span value = span_text(edit->value);
	struct line line;
	size_t at;

	if (edit->name == NULL)
		return;
	if (leading_space && value.len > 0 && value.ptr[0] == ' ') {
		value.ptr++;
		value.len--;
	}
	line = (struct line){ span_text(edit->name), value, false };
	if (strcmp(edit->op, "insert") == 0) {
		line_insert(header, line_at(header, edit->index), line);
		return;
	}
	at = strcmp(edit->op, "add") == 0 ? header->lines : line_find(header, edit->name, edit->index);
	if (strcmp(edit->op, "delete") == 0) {
		if (at < header->lines)
			header->line[at].deleted = true;
	} else if (at < header->lines) {
		header->line[at].value = value;
	} else {
		line_insert(header, at, line);
	}
}

static struct line
line_of(const struct play_letter *letter, const struct play_field *field)
{
	struct line line = { { letter->text.ptr + field->name, field->name_len },
		{ letter->text.ptr + field->value, field->value_len }, false };

	if (line.value.len > 0 && line.value.ptr[0] == ' ') {
		line.value.ptr++;
		line.value.len--;
	}
	return line;
}

/* Line ends become LF. */
static void
add_value(struct bytes *out, struct mt_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\r' || i + 1 == value.len || value.ptr[i + 1] != '\n')
			bytes_char(out, value.ptr[i]);
}

void
play_header(const struct play_letter *letter, const struct play_result *result, struct bytes *out)
{
	struct header header = { .room = letter->fields + result->edits };

	header.line = calloc(header.room + 1, sizeof *header.line);
	if (header.line == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < letter->fields; i++)
		header.line[header.lines++] = line_of(letter, &letter->field[i]);
	for (size_t i = 0; i < result->edits; i++)
		apply(&header, &result->edit[i], (result->protocol & LEADING_SPACE) != 0);
	for (size_t i = 0; i < header.lines; i++) {
		if (header.line[i].deleted)
			continue;
		bytes_add(out, header.line[i].name.ptr, header.line[i].name.len);
		bytes_text(out, ": ");
		add_value(out, header.line[i].value);
		bytes_char(out, '\n');
	}
	free(header.line);
}
