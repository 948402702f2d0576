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

/* RFC 2045, 5.1: what RFC 8601, 2.2, means by a token; letters of other scripts as well. */
static bool
is_token(char c)
{
	return (unsigned char)c > 127 || (c > ' ' && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
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

/* Printable: a space or a control character makes another name of it for some reader. */
static bool
plain(struct mt_span id)
{
	for (size_t i = 0; i < id.len; i++)
		if ((unsigned char)id.ptr[i] <= ' ' || id.ptr[i] == 127)
			return false;
	return id.len > 0;
}

/* The one spelling that is compared: an id need not be a domain, and is then as it is. */
static bool
spell(struct mt_span id, const struct mt_idna *idna, char out[MT_NAME_TEXT], struct mt_span *spelled)
{
	*spelled = id;
	if (mt_idna_normal(idna, id, out))
		*spelled = mt_span_text(out);
	else if (mt_idna_needed(id))
		return false;
	return true;
}

bool
mt_authres_goes(struct mt_span value, const struct mt_trust *trust, const struct mt_idna *idna)
{
	char id_text[MT_NAME_TEXT], our_text[MT_NAME_TEXT];
	struct head head = { .len = 0 };
	struct mt_span id, ours;
	size_t at = 0;

	if (!skip_cfws(value, &at) || !read_id(&head, value, &at) || !read_rest(value, &at))
		return true;
	id = (struct mt_span){ head.id, head.len };
	if (!plain(id) || !spell(id, idna, id_text, &id))
		return true;
	/* An A-label against our own id in U-labels: without IDNA nobody can tell. */
	if (!spell(trust->authserv_id, idna, our_text, &ours) && mt_span_find(id, "xn--") != NULL)
		return true;
	return mt_trust_our_name(trust, id) || mt_name_below(id, ours);
}

bool
mt_authres_foreign(struct mt_span value, const struct mt_trust *trust)
{
	return mt_authres_goes(value, trust, NULL);
}

bool
mt_authres_spared(const struct mt_trust *trust, const struct mt_ip *client, const struct mt_iprev *iprev)
{
	if (client->family == 0)
		return false;
	if (mt_nets_have(&trust->networks, client))
		return true;
	for (unsigned i = 0; iprev != NULL && i < iprev->nnames; i++)
		if (iprev->names[i].forward == MT_PASS &&
		    mt_patterns_match(&trust->relays, mt_name_strip(iprev->names[i].name)))
			return true;
	return false;
}

bool
mt_authres_own_name(struct mt_span name)
{
	return mt_span_starts(mt_span_trim(name), "X-Trace-");
}
