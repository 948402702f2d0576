/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which bytes are UTF-8; refuses to guess what the others were meant to be. */
#include "lib/render/utf8.h"

/* Length of the sequence that a byte begins, and the bounds of its second byte, which
 * keep out overlong forms, surrogates and what lies above U+10FFFF. */
static unsigned
sequence(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

uint32_t
mt_utf8_next(struct mt_span s, size_t *at)
{
	const unsigned char *byte = (const unsigned char *)s.ptr + *at;
	size_t left = s.len - *at;
	unsigned char low, high;
	unsigned len = sequence(byte[0], &low, &high);
	uint32_t c;

	++*at;
	if (len <= 1)
		return len == 1 ? byte[0] : MT_UTF8_BAD;
	if (len > left || byte[1] < low || byte[1] > high)
		return MT_UTF8_BAD;
	c = byte[0] & (0xffu >> (len + 1));
	for (unsigned i = 1; i < len; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return MT_UTF8_BAD;
		c = c << 6 | (byte[i] & 0x3fu);
	}
	*at += len - 1;
	return c;
}

bool
mt_utf8_valid(struct mt_span s)
{
	for (size_t at = 0; at < s.len;) {
		size_t from = at;

		/* A U+FFFD that was written as such has three bytes. */
		if (mt_utf8_next(s, &at) == MT_UTF8_BAD && at - from == 1)
			return false;
	}
	return true;
}

void
mt_utf8_clean(struct mt_buf *buf, struct mt_span s)
{
	size_t good = 0;

	for (size_t at = 0; at < s.len;) {
		size_t from = at;

		if (mt_utf8_next(s, &at) != MT_UTF8_BAD || at - from > 1)
			continue;
		mt_buf_add(buf, (struct mt_span){ s.ptr + good, from - good });
		mt_buf_text(buf, "\xef\xbf\xbd");
		good = at;
	}
	mt_buf_add(buf, (struct mt_span){ s.ptr + good, s.len - good });
}
