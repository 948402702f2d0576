/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the head of an Authentication-Results field is written, up to its first
 * semicolon; refuses to know what the results say: nothing of a stranger's is believed. */
#include "lib/core/authres.h"

#include "lib/base/name.h"

/* Longer than any domain name: what does not fit is no id that anybody compares. */
#define ID_MOST 255

struct head {
	char id[ID_MOST];
	size_t len;
};

/* CFWS (RFC 5322, 3.2.2): comments may nest.  False: a comment does not end. */
static bool
skip_cfws(struct mt_span s, size_t *at)
{
	size_t depth = 0;

	for (; *at < s.len; (*at)++) {
		char c = s.ptr[*at];

		if (depth == 0 && c != '(' && !mt_is_space(c))
			return true;
		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else if (c == '\\' && depth > 0 && *at + 1 < s.len)
			(*at)++;
	}
	return depth == 0;
}

/* RFC 2045, 5.1: what RFC 8601, 2.2, means by a token. */
static bool
is_token(char c)
{
	return c > ' ' && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static bool
put(struct head *head, char c)
{
	if (head->len == sizeof head->id)
		return false;
	head->id[head->len++] = c;
	return true;
}

/* The inside of a quoted string (RFC 5322, 3.2.4), line ends of folds left out. */
static bool
read_quoted(struct head *head, struct mt_span s, size_t *at)
{
	for ((*at)++; *at < s.len; (*at)++) {
		char c = s.ptr[*at];

		if (c == '"') {
			(*at)++;
			return true;
		}
		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && ++*at < s.len)
			c = s.ptr[*at];
		if (!put(head, c))
			return false;
	}
	return false;
}

static bool
read_id(struct head *head, struct mt_span s, size_t *at)
{
	if (*at < s.len && s.ptr[*at] == '"')
		return read_quoted(head, s, at);
	for (; *at < s.len && is_token(s.ptr[*at]); (*at)++)
		if (!put(head, s.ptr[*at]))
			return false;
	return head->len > 0;
}

/* Behind the id: nothing, or a version of 1 (RFC 8601, 2.2), and then the results. */
static bool
read_rest(struct mt_span s, size_t *at)
{
	size_t start;

	if (!skip_cfws(s, at))
		return false;
	start = *at;
	while (*at < s.len && mt_is_digit(s.ptr[*at]))
		(*at)++;
	if (*at > start && (*at - start != 1 || s.ptr[start] != '1'))
		return false;
	return skip_cfws(s, at) && (*at == s.len || s.ptr[*at] == ';');
}

/* Printable ASCII only: a U-label may be ours in its other spelling. */
static bool
plain(struct mt_span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] <= ' ' || id.ptr[i] > '~')
			return false;
	return id.len > 0;
}

static bool
all_ascii(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 126)
			return false;
	return true;
}

bool
mt_authres_foreign(struct mt_span value, const struct mt_trust *trust)
{
	struct head head = { .len = 0 };
	struct mt_span id;
	size_t at = 0;

	if (!skip_cfws(value, &at) || !read_id(&head, value, &at) || !read_rest(value, &at))
		return true;
	id = (struct mt_span){ head.id, head.len };
	if (!plain(id))
		return true;
	/* An A-label against our own id in U-labels: without IDNA nobody can tell. */
	if (!all_ascii(trust->authserv_id) && mt_span_find(id, "xn--") != NULL)
		return true;
	return mt_trust_our_name(trust, id);
}

bool
mt_authres_own_name(struct mt_span name)
{
	return mt_span_starts(mt_span_trim(name), "X-Trace-");
}
