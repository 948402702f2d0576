/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a list of tags is written; refuses to know what a tag means. */
#include "lib/core/tags.h"

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

/* Printable characters and folds; bytes over 127 may be UTF-8 (RFC 8616, 5). */
static bool
may_stand(char c)
{
	return mt_is_space(c) || ((unsigned char)c >= ' ' && c != 127);
}

enum mt_tags_got
mt_tags_next(struct mt_tag *tag, struct mt_span *rest)
{
	size_t n = 0;

	skip_space(rest);
	if (rest->len == 0)
		return MT_TAGS_END;
	tag->name = take_name(rest);
	tag->spaced = rest->len > 0 && mt_is_space(rest->ptr[0]);
	skip_space(rest);
	if (tag->name.len == 0 || rest->len == 0 || rest->ptr[0] != '=')
		return MT_TAGS_BAD;
	rest->ptr++;
	rest->len--;
	for (; n < rest->len && rest->ptr[n] != ';'; n++)
		if (!may_stand(rest->ptr[n]))
			return MT_TAGS_BAD;
	tag->raw = (struct mt_span){ rest->ptr, n };
	tag->value = mt_span_trim(tag->raw);
	if (n < rest->len)
		n++;
	rest->ptr += n;
	rest->len -= n;
	return MT_TAGS_ONE;
}

static bool
add(struct mt_tags *tags, const struct mt_tag *tag)
{
	if (tags->count == MT_TAGS_MOST)
		return false;
	for (size_t i = 0; i < tags->count; i++)
		if (mt_span_equal(tags->tag[i].name, tag->name))
			return false;
	tags->tag[tags->count++] = *tag;
	return true;
}

bool
mt_tags_read(struct mt_tags *tags, struct mt_span text)
{
	enum mt_tags_got got;
	struct mt_tag tag;

	tags->count = 0;
	while ((got = mt_tags_next(&tag, &text)) == MT_TAGS_ONE && add(tags, &tag))
		;
	if (got != MT_TAGS_END)
		tags->count = 0;
	return tags->count > 0;
}

const struct mt_tag *
mt_tags_find(const struct mt_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (mt_span_equal(tags->tag[i].name, mt_span_text(name)))
			return &tags->tag[i];
	return NULL;
}

struct mt_span
mt_tags_value(const struct mt_tags *tags, const char *name)
{
	const struct mt_tag *tag = mt_tags_find(tags, name);

	return tag == NULL ? MT_ABSENT : tag->value;
}

bool
mt_tags_item(struct mt_span *item, struct mt_span *rest)
{
	const char *end, *colon;

	if (rest->ptr == NULL)
		return false;
	end = rest->ptr + rest->len;
	colon = memchr(rest->ptr, ':', rest->len);
	*item = mt_span_trim(mt_span_between(rest->ptr, colon == NULL ? end : colon));
	*rest = colon == NULL ? MT_ABSENT : mt_span_between(colon + 1, end);
	return true;
}

bool
mt_tags_holds(struct mt_span list, const char *item)
{
	struct mt_span one;

	while (mt_tags_item(&one, &list))
		if (mt_span_same_text(one, item))
			return true;
	return false;
}

bool
mt_tags_number(uint64_t *number, struct mt_span value, size_t most)
{
	*number = 0;
	if (value.len == 0 || value.len > most)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)(value.ptr[i] - '0');

		if (!mt_is_digit(value.ptr[i]))
			return false;
		*number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
	}
	return true;
}
