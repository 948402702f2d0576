/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what stands between the words of a structured field, and how words are quoted;
 * refuses to know any field. */
#include "lib/core/cfws.h"

bool
mt_cfws_comment(struct mt_span s, size_t *at)
{
	size_t depth = 0;

	for (; *at < s.len; (*at)++) {
		char c = s.ptr[*at];

		if (c == '\\') {
			(*at)++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && --depth == 0) {
			(*at)++;
			return true;
		}
	}
	*at = s.len;
	return false;
}

bool
mt_cfws_skip(struct mt_span s, size_t *at)
{
	while (*at < s.len) {
		if (mt_is_space(s.ptr[*at]))
			(*at)++;
		else if (s.ptr[*at] != '(')
			break;
		else if (!mt_cfws_comment(s, at))
			return false;
	}
	return true;
}

bool
mt_cfws_quoted(struct mt_span s, size_t *at, char end)
{
	for ((*at)++; *at < s.len; (*at)++) {
		if (s.ptr[*at] == '\\') {
			(*at)++;
		} else if (s.ptr[*at] == end) {
			(*at)++;
			return true;
		}
	}
	*at = s.len;
	return false;
}

bool
mt_cfws_unquote(char *text, size_t most, size_t *len, struct mt_span inside)
{
	*len = 0;
	for (size_t i = 0; i < inside.len; i++) {
		if (inside.ptr[i] == '\r' || inside.ptr[i] == '\n')
			continue;
		if (inside.ptr[i] == '\\' && i + 1 < inside.len)
			i++;
		if (*len == most)
			return false;
		text[(*len)++] = inside.ptr[i];
	}
	return true;
}

bool
mt_cfws_in_token(char c)
{
	return (unsigned char)c > 127 || (c > ' ' && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
}

bool
mt_cfws_token(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 127 || !mt_cfws_in_token(s.ptr[i]))
			return false;
	return s.len > 0;
}
