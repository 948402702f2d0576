/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the alphabet of RFC 4648, 4; refuses to know what the bytes are. */
#include "lib/core/base64.h"

/* The six bits of a character, or a negative number. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (mt_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* out may be NULL: then it is only looked at. */
static bool
decode(uint8_t *out, size_t room, size_t *len, struct mt_span text)
{
	uint32_t bits = 0;
	size_t digits = 0, pads = 0;

	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int six = sextet(c);

		if (mt_is_space(c))
			continue;
		if (c == '=' && digits % 4 >= 2 && pads < 2) {
			pads++;
			continue;
		}
		if (six < 0 || pads > 0)
			return false;
		bits = bits << 6 | (uint32_t)six;
		if (digits++ % 4 == 0)
			continue;
		if (*len == room)
			return false;
		if (out != NULL)
			out[*len] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
		++*len;
	}
	return (digits + pads) % 4 == 0;
}

bool
mt_base64_read(uint8_t *out, size_t room, size_t *len, struct mt_span text)
{
	return decode(out, room, len, text);
}

bool
mt_base64_check(size_t *len, struct mt_span text)
{
	return decode(NULL, SIZE_MAX, len, text) && *len > 0;
}
