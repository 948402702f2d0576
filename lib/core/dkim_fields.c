/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a header is kept; reads no field. */
#include "lib/core/dkim_fields.h"

#define COST 64				/* what a field takes beside its bytes */

void
mt_dkim_fields_begin(struct mt_dkim_fields *fields, struct mt_arena *arena, size_t most)
{
	*fields = (struct mt_dkim_fields){ .arena = arena, .most = most };
}

bool
mt_dkim_fields_trim(struct mt_span head, struct mt_span *name, struct mt_span *value)
{
	if (value->len > 0 && value->ptr[value->len - 1] == '\n') {
		value->len--;
		if (value->len > 0 && value->ptr[value->len - 1] == '\r')
			value->len--;
	}
	*name = mt_span_trim(head);
	for (size_t i = 0; i < name->len; i++)
		if (name->ptr[i] < '!' || name->ptr[i] > '~' || name->ptr[i] == ':' || name->ptr[i] == ';')
			return false;
	return name->len > 0 && name->ptr == head.ptr;
}

/* Appends a value with its line ends as CRLF. */
static size_t
put_value(char *out, struct mt_span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n' && (i == 0 || value.ptr[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = value.ptr[i];
	}
	return n;
}

static size_t
count_line_ends(struct mt_span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++)
		n += value.ptr[i] == '\n';
	return n;
}

struct mt_dkim_kept *
mt_dkim_fields_keep(struct mt_dkim_fields *fields, struct mt_span head, struct mt_span value)
{
	struct mt_dkim_kept *f;
	struct mt_span name;
	char *text;
	size_t n;

	mt_dkim_fields_trim(head, &name, &value);
	fields->bytes += COST + head.len + value.len;
	if (mt_dkim_fields_full(fields) || fields->no_memory)
		return NULL;
	f = mt_arena_alloc(fields->arena, sizeof *f);
	text = mt_arena_bytes(fields->arena, head.len + 1 + value.len + count_line_ends(value) + 1);
	if (f == NULL || text == NULL) {
		fields->no_memory = true;
		return NULL;
	}
	if (head.len > 0)
		memcpy(text, head.ptr, head.len);
	text[head.len] = ':';
	n = head.len + 1 + put_value(text + head.len + 1, value);
	text[n] = '\0';
	f->text = (struct mt_span){ text, n };
	f->name = (struct mt_span){ text, name.len };
	f->value = mt_span_between(text + head.len + 1, text + n);
	f->above = fields->bottom;
	if (fields->bottom != NULL)
		fields->bottom->below = f;
	else
		fields->top = f;
	fields->bottom = f;
	return f;
}
