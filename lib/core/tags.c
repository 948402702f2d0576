/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a list of tags is written; refuses to know what a tag means. */
#include "lib/core/tags.h"

static bool
is_name(struct mt_span name)
{
	if (name.len == 0 || !mt_is_alpha(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!mt_is_alpha(name.ptr[i]) && !mt_is_digit(name.ptr[i]) && name.ptr[i] != '_')
			return false;
	return true;
}

/* Printable characters and folds; bytes over 127 may be UTF-8 (RFC 8616, 5). */
static bool
is_value(struct mt_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (((unsigned char)value.ptr[i] < ' ' && !mt_is_space(value.ptr[i])) || value.ptr[i] == 127)
			return false;
	return true;
}

static bool
read_one(struct mt_tags *tags, struct mt_span spec)
{
	const char *end = spec.ptr + spec.len, *equal = memchr(spec.ptr, '=', spec.len);
	struct mt_tag tag;

	if (equal == NULL || tags->count == MT_TAGS_MOST)
		return false;
	tag.name = mt_span_trim(mt_span_between(spec.ptr, equal));
	tag.raw = mt_span_between(equal + 1, end);
	tag.value = mt_span_trim(tag.raw);
	if (!is_name(tag.name) || !is_value(tag.value))
		return false;
	for (size_t i = 0; i < tags->count; i++)
		if (mt_span_equal(tags->tag[i].name, tag.name))
			return false;
	tags->tag[tags->count++] = tag;
	return true;
}

bool
mt_tags_read(struct mt_tags *tags, struct mt_span text)
{
	const char *at, *end;

	tags->count = 0;
	if (text.len == 0)
		return false;
	at = text.ptr;
	end = text.ptr + text.len;
	/* The last semicolon may have nothing but white space behind it. */
	while (mt_span_trim(mt_span_between(at, end)).len > 0) {
		const char *stop = memchr(at, ';', (size_t)(end - at));

		if (!read_one(tags, mt_span_between(at, stop == NULL ? end : stop))) {
			tags->count = 0;
			return false;
		}
		at = stop == NULL ? end : stop + 1;
	}
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
