/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows when the head of an Authentication-Results field, up to its first semicolon, names us or
 * could; refuses to know what the results say: nothing of a stranger's is believed. */
#include "lib/core/authres.h"

#include "lib/base/name.h"
#include "lib/core/cfws.h"

/* Longer than any domain name: what does not fit is no id that anybody compares. */
#define ID_MOST 255

/* The id as it is meant.  False: there is none, or it is not what RFC 8601, 2.2, calls a value. */
static bool
take_id(struct mt_span *id, char text[ID_MOST], const struct mt_authres_head *head)
{
	*id = head->id;
	if (head->quoted) {
		id->ptr = text;
		return mt_cfws_unquote(text, ID_MOST, &id->len, head->id);
	}
	for (size_t i = 0; i < id->len; i++)
		if (i == ID_MOST || !mt_cfws_in_token(id->ptr[i]))
			return false;
	return true;
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
	char written[ID_MOST], id_text[MT_NAME_TEXT], our_text[MT_NAME_TEXT];
	struct mt_authres_head head;
	struct mt_span id, ours;
	size_t at = 0;

	if (!mt_authres_read_head(&head, value, &at) ||
	    (head.version.ptr != NULL && !mt_span_equal(head.version, MT_SPAN("1"))))
		return true;
	if (!take_id(&id, written, &head) || !plain(id) || !spell(id, idna, id_text, &id))
		return true;
	/* An A-label against our own id in U-labels: without IDNA nobody can tell. */
	if (!spell(trust->authserv_id, idna, our_text, &ours) && mt_span_find(id, "xn--") != NULL)
		return true;
	return mt_trust_our_name(trust, id) || mt_name_below(id, ours);
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
