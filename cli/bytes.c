/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how output is put together safely; knows nothing of what it says. */
#include "cli/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bytes_fini(struct bytes *b)
{
	free(b->ptr);
	*b = (struct bytes){ 0 };
}

void
bytes_clear(struct bytes *b)
{
	b->len = 0;
}

static bool
room_for(struct bytes *b, size_t more)
{
	size_t room = b->room == 0 ? 256 : b->room;
	char *p;

	if (b->failed || more > SIZE_MAX / 4 - b->len)
		return false;
	if (b->room - b->len >= more)
		return true;
	while (room - b->len < more)
		room *= 2;
	p = realloc(b->ptr, room);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->ptr = p;
	b->room = room;
	return true;
}

void
bytes_add(struct bytes *b, const char *ptr, size_t len)
{
	if (len == 0 || !room_for(b, len))
		return;
	memcpy(b->ptr + b->len, ptr, len);
	b->len += len;
}

void
bytes_text(struct bytes *b, const char *text)
{
	bytes_add(b, text, strlen(text));
}

void
bytes_char(struct bytes *b, char c)
{
	bytes_add(b, &c, 1);
}

void
bytes_number(struct bytes *b, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)number);
	bytes_text(b, text);
}

void
bytes_long(struct bytes *b, uint32_t number)
{
	const char four[4] = { (char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number };

	bytes_add(b, four, sizeof four);
}

/* How many bytes at s are one well-formed UTF-8 character beyond ASCII (RFC 3629, 4);
 * 0 when they are none.  *point is the character. */
static size_t
utf8_length(struct mt_span s, uint32_t *point)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s.ptr[0];
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0xc2 || c > 0xf4 || s.len < len)
		return 0;
	*point = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | ((unsigned char)s.ptr[i] & 0x3f);
	}
	if (*point < least[len] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return len;
}

/* Characters that turn the direction of writing can make a line read as another one. */
static bool
turns_text(uint32_t point)
{
	return (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0x061c || point == 0xfeff;
}

void
bytes_plain(struct bytes *b, struct mt_span s)
{
	while (s.len > 0) {
		unsigned char c = (unsigned char)*s.ptr;
		uint32_t point = 0;
		char hex[8];
		size_t len = c >= 0x80 ? utf8_length(s, &point) : 1;

		if (len > 1 && point >= 0xa0 && !turns_text(point)) {
			bytes_add(b, s.ptr, len);
		} else if (c >= 32 && c < 127) {
			bytes_char(b, (char)c);
		} else {
			len = 1;
			snprintf(hex, sizeof hex, "\\x%02x", c);
			bytes_text(b, hex);
		}
		s.ptr += len;
		s.len -= len;
	}
}

static void
json_ascii(struct bytes *b, unsigned char c)
{
	char hex[8];

	if (c == '"' || c == '\\') {
		bytes_char(b, '\\');
		bytes_char(b, (char)c);
	} else if (c == '\n') {
		bytes_text(b, "\\n");
	} else if (c == '\t') {
		bytes_text(b, "\\t");
	} else if (c < 32 || c == 127) {
		snprintf(hex, sizeof hex, "\\u%04x", c);
		bytes_text(b, hex);
	} else {
		bytes_char(b, (char)c);
	}
}

void
bytes_json(struct bytes *b, struct mt_span s)
{
	bytes_char(b, '"');
	while (s.len > 0) {
		unsigned char c = (unsigned char)*s.ptr;
		uint32_t point = 0;
		size_t len = c >= 0x80 ? utf8_length(s, &point) : 1;

		if (c < 0x80)
			json_ascii(b, c);
		else if (len > 0)
			bytes_add(b, s.ptr, len);
		else
			bytes_text(b, "\\ufffd");
		len += len == 0;
		s.ptr += len;
		s.len -= len;
	}
	bytes_char(b, '"');
}

struct mt_span
span_text(const char *text)
{
	return (struct mt_span){ text, text == NULL ? 0 : strlen(text) };
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
span_same(struct mt_span a, const char *text)
{
	if (a.len != strlen(text))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(text[i]))
			return false;
	return true;
}
