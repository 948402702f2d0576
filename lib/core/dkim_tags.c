/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the grammar of tag lists; knows no tag. */
#include "lib/core/dkim_tags.h"

static void
skip_space(struct mt_span *s)
{
	while (s->len > 0 && mt_is_space(s->ptr[0])) {
		s->ptr++;
		s->len--;
	}
}

/* tag-name = ALPHA *(ALPHA / DIGIT / "_") */
static struct mt_span
take_name(struct mt_span *rest)
{
	size_t n = 0;

	while (n < rest->len && (mt_is_alpha(rest->ptr[n]) ||
	    (n > 0 && (mt_is_digit(rest->ptr[n]) || rest->ptr[n] == '_'))))
		n++;
	rest->ptr += n;
	rest->len -= n;
	return (struct mt_span){ rest->ptr - n, n };
}

enum mt_dkim_tags
mt_dkim_tags_next(struct mt_span *rest, struct mt_dkim_tag *tag)
{
	size_t n = 0;

	skip_space(rest);
	if (rest->len == 0)
		return MT_DKIM_TAGS_END;
	tag->name = take_name(rest);
	tag->spaced = rest->len > 0 && mt_is_space(rest->ptr[0]);
	skip_space(rest);
	if (tag->name.len == 0 || rest->len == 0 || rest->ptr[0] != '=')
		return MT_DKIM_TAGS_BAD;
	rest->ptr++;
	rest->len--;
	for (; n < rest->len && rest->ptr[n] != ';'; n++)
		if (!mt_is_space(rest->ptr[n]) && (rest->ptr[n] < '!' || rest->ptr[n] > '~'))
			return MT_DKIM_TAGS_BAD;
	tag->value = mt_span_trim((struct mt_span){ rest->ptr, n });
	if (n < rest->len)
		n++;
	rest->ptr += n;
	rest->len -= n;
	return MT_DKIM_TAGS_ONE;
}

bool
mt_dkim_tags_item(struct mt_span *rest, struct mt_span *item)
{
	const char *colon;

	if (rest->ptr == NULL)
		return false;
	colon = memchr(rest->ptr, ':', rest->len);
	*item = *rest;
	if (colon == NULL) {
		*rest = MT_ABSENT;
	} else {
		item->len = (size_t)(colon - rest->ptr);
		*rest = mt_span_between(colon + 1, rest->ptr + rest->len);
	}
	*item = mt_span_trim(*item);
	return true;
}

bool
mt_dkim_tags_base64(struct mt_span text, size_t *bytes)
{
	size_t letters = 0, pads = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (mt_is_space(c))
			continue;
		if (c == '=')
			pads++;
		else if (pads > 0 || (!mt_is_alpha(c) && !mt_is_digit(c) && c != '+' && c != '/'))
			return false;
		else
			letters++;
	}
	*bytes = letters * 3 / 4;
	return letters > 0 && pads <= 2 && (letters + pads) % 4 == 0;
}
