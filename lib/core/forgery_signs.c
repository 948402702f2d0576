/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what is to be seen on an invented line: what software never writes, what a time or
 * an address cannot be, and what does not fit the newer line.  Each sign is a flag; what
 * they come to is forgery.c's.
 *
 * Measured on real lines.  Exim: 240 of 240 have an id, in its form, and a protocol in small
 * letters.  Sendmail 8: 703 of 703 have an id, and a space before the address.  Postfix: 1,011
 * of 1,011 know the protocol; 11 have no id, since a filter before the queue writes none.
 */
#include "lib/core/forgery_signs.h"

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/queueid.h"
#include "lib/core/trace.h"

#define STALE_SEC (24 * 3600)
#define LATER_SEC 3600

/* "from by NAME": nothing at all stands for the client. */
static bool
no_from(const struct mt_hop *hop)
{
	return hop->kind == MT_HOP_SMTP && hop->from.helo.len == 0 && hop->from.ip.family == 0 &&
	    mt_span_starts(mt_span_trim(hop->raw), "from");
}

/* qmail and its kin never write either, and say so by their dialect. */
static bool
no_id_no_for(const struct mt_hop *hop)
{
	return hop->kind != MT_HOP_RETRIEVAL && hop->kind != MT_HOP_UNPARSED && hop->dialect == NULL &&
	    hop->id.len == 0 && hop->recipient.len == 0 &&
	    (hop->from.helo.len > 0 || hop->from.ip.family != 0 || no_from(hop));
}

/* What stands before the date. */
static struct mt_span
clauses(const struct mt_hop *hop)
{
	const char *end = hop->raw.len == 0 ? NULL : memchr(hop->raw.ptr, ';', hop->raw.len);

	return end == NULL ? hop->raw : mt_span_between(hop->raw.ptr, end);
}

bool
mt_signs_plain(const struct mt_hop *hop)
{
	struct mt_span text = clauses(hop);
	const char *by = hop->by.len > 0 ? mt_span_find(text, " by ") : NULL;

	if (by == NULL)
		return text.len > 0 && memchr(text.ptr, '(', text.len) == NULL;
	return memchr(by, '(', (size_t)(text.ptr + text.len - by)) == NULL;
}

/* "from hotmail by microsoft.com with SMTP id l4IjSBKs": RFC 5321, 4.4, wants the address of
 * the client, and all software that leaves it out writes something else of itself.  Two of the
 * dialects are known by the server's name alone, which anybody can write. */
static bool
no_client(const struct mt_hop *hop)
{
	struct mt_span text = clauses(hop);

	struct mt_span helo = hop->from.helo;
	bool software = hop->dialect != NULL && strcmp(hop->dialect, "yahoo") != 0 &&
	    strcmp(hop->dialect, "gmail") != 0;

	return hop->kind == MT_HOP_SMTP && !software && hop->from.ip.family == 0 && hop->from.rdns.len == 0 &&
	    helo.len > 0 && memchr(helo.ptr, '@', helo.len) == NULL && !mt_span_same_text(helo, "localhost") &&
	    hop->with.len > 0 && mt_span_find(hop->with, "LMTP") == NULL &&
	    memchr(text.ptr, '(', text.len) == NULL && mt_name_qualified(hop->by) && mt_name_host(hop->by);
}

/* A name that a provider gives to a line and not to a server: digits of an address in the
 * first label, or a word for dial-up lines. */
static bool
line_name(struct mt_span name)
{
	static const char *const words[] = { "ppp", "dial", "dsl", "dyn", "dhcp", "cable", "pool", "client", "modem" };
	const char *dot = name.len == 0 ? NULL : memchr(name.ptr, '.', name.len);
	struct mt_span label = dot == NULL ? name : mt_span_between(name.ptr, dot);
	unsigned runs = 0;

	for (size_t i = 0; i < label.len; i++)
		runs += mt_is_digit(label.ptr[i]) && (i == 0 || !mt_is_digit(label.ptr[i - 1]));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mt_span_find(name, words[i]) != NULL)
			return true;
	return runs >= 2;
}

/* The line says that it was written by an address that the newer server did not see, or
 * by what is only somebody's dial-up line. */
static bool
alien_by(const struct mt_hop *older, const struct mt_hop *newer)
{
	struct mt_ip by;

	if (mt_ip_parse(&by, older->by) && mt_ip_public(&by) && mt_ip_public(&newer->from.ip) &&
	    !mt_ip_equal(&by, &newer->from.ip))
		return true;
	if (by.family != 0 && line_name(newer->from.rdns))
		return mt_ip_public(&by) && mt_ip_equal(&by, &newer->from.ip);
	if (older->by.len == 0 || !line_name(older->by))
		return false;
	if (newer->from.helo.len > older->by.len)	/* "name_[192.0.2.1]" as HELO */
		return mt_span_same((struct mt_span){ newer->from.helo.ptr, older->by.len }, older->by);
	return mt_name_same(older->by, newer->from.rdns);
}

/* "Jun, 06 2002 9:17:38 a.m.": a comma behind the month, which no software writes. */
bool
mt_signs_alien_date(const struct mt_hop *hop)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	struct mt_span raw = hop->raw;

	if (!mt_hop_has(hop, MT_HOP_DATE_ODD))
		return false;
	for (size_t i = raw.len < 64 ? 3 : raw.len - 60; i + 2 < raw.len; i++) {
		char month[4] = { mt_lower(raw.ptr[i - 3]), mt_lower(raw.ptr[i - 2]), mt_lower(raw.ptr[i - 1]), '\0' };
		const char *at = strstr(months, month);

		if (raw.ptr[i] == ',' && at != NULL && (at - months) % 3 == 0)
			return true;
	}
	return false;
}

/* The newer line tells that its client was one of our own: a message that had passed
 * through us before and comes back, from a list or a forwarder.  A server that cannot
 * resolve our name writes at least what we called ourselves; of the last line that is
 * believed that is worth nothing, since there the stranger at our door said it. */
static bool
left_us(const struct mt_trust *trust, const struct mt_hop *newer)
{
	if (mt_ip_public(&newer->from.ip) && mt_nets_have(&trust->networks, &newer->from.ip))
		return true;
	if (mt_trust_our_name(trust, newer->from.rdns) && !mt_hop_has(newer, MT_HOP_MAY_BE_FORGED))
		return true;
	return !newer->trusted && mt_trust_our_name(trust, newer->from.helo);
}

/* On its way through us a message is handed on by lines of our own, about clients on the
 * same machine or with private addresses: then the newest of these must tell that it left. */
static bool
handed_on(const struct mt_trust *trust, const struct mt_hop *newer)
{
	return !newer->trusted && mt_trust_our_name(trust, newer->by) && !mt_ip_public(&newer->from.ip);
}

/* Our own name or address where we did not write. */
static bool
our_name(const struct mt_trace *trace, const struct mt_hop *older, const struct mt_hop *newer)
{
	const struct mt_trust *trust = trace->settings->trust;
	struct mt_ip by = mt_hop_by_ip(older);

	if (left_us(trust, newer) || handed_on(trust, newer))
		return false;
	if (mt_ip_public(&by) && mt_nets_have(&trust->networks, &by))
		return true;
	return trust->names.count > 0 && mt_trust_our_name(trust, older->by);
}

/* The server noted that it held the message back: moderation, quarantine, timed release and
 * the like, in a "state" clause (RFC 6729, 2); then a delay behind it is no sign. */
static bool
held(const struct mt_hop *hop)
{
	static const char *const states[] = { "auth", "content", "convert", "moderation", "normal", "other", "outbound",
		"quarantine", "timed" };
	const char *at = mt_span_find(hop->raw, " state "), *end = hop->raw.ptr + hop->raw.len;
	struct mt_span word;

	if (at == NULL)
		return false;
	word = mt_span_trim(mt_span_between(at + strlen(" state "), end));
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (mt_span_starts(word, states[i]))
			return true;
	return false;
}

static bool
stale(const struct mt_hop *hop, const struct mt_hop *newer)
{
	return hop->date.known && newer->date.known && mt_hop_sec(newer) - mt_hop_sec(hop) > STALE_SEC && !held(hop);
}

/* Whether a line of that software breaks what all of its real lines keep. */
static bool
alien_software(const struct mt_hop *hop)
{
	static const char *const postfix[] = { "SMTP", "ESMTP", "SMTPS", "ESMTPS", "ESMTPA", "ESMTPSA", "LMTP", "QMQP",
		"SMTPA", "SMTPSA", "UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA", "UTF8LMTP" };
	struct mt_span text = clauses(hop);
	const char *open;

	if (hop->kind != MT_HOP_SMTP || hop->dialect == NULL || mt_hop_has(hop, MT_HOP_CUT))
		return false;
	if (strcmp(hop->dialect, "exim") == 0 && mt_span_find(text, "(Exim ") != NULL)
		return hop->id.len == 0 || !mt_queueid_is_exim(hop->id) ||
		    (hop->with.len > 0 && *hop->with.ptr >= 'A' && *hop->with.ptr <= 'Z');
	if (strcmp(hop->dialect, "sendmail") == 0 && hop->from.helo.len > 0) {
		open = text.len == 0 ? NULL : memchr(text.ptr, '[', text.len);
		return hop->id.len == 0 || (mt_hop_has(hop, MT_HOP_BRACKETED) && hop->from.rdns.len > 0 &&
		    open != NULL && open > text.ptr && (mt_is_alpha(open[-1]) || mt_is_digit(open[-1])));
	}
	if (strcmp(hop->dialect, "postfix") != 0 || hop->with.len == 0 || mt_span_find(text, "(Postfix)") == NULL)
		return false;
	for (size_t i = 0; i < sizeof postfix / sizeof *postfix; i++)
		if (mt_span_equal(hop->with, mt_span_text(postfix[i])))
			return false;
	return true;
}

/* Providers whose servers always write an id, or name their software. */
static bool
alien_provider(const struct mt_hop *hop)
{
	static const char *const with_id[] = { "aol.com", "google.com", "gmail.com" };
	static const char *const microsoft[] = { "hotmail.com", "microsoft.com", "outlook.com", "msn.com", "live.com" };

	if (hop->kind != MT_HOP_SMTP || hop->from.helo.len + hop->from.ip.family == 0 || !mt_signs_plain(hop))
		return false;
	for (size_t i = 0; hop->id.len == 0 && i < sizeof with_id / sizeof *with_id; i++)
		if (mt_name_below(hop->by, mt_span_text(with_id[i])))
			return true;
	for (size_t i = 0; i < sizeof microsoft / sizeof *microsoft; i++)
		if (mt_name_below(hop->by, mt_span_text(microsoft[i])))
			return mt_span_find(hop->raw, "with Microsoft") == NULL &&
			    mt_span_find(hop->raw, "HTTP") == NULL;
	return false;
}

/* Nobody connects from these (RFC 1122, 3.2.1.3; RFC 5771; RFC 1112, 4), and of 127/8 systems use
 * the first two networks only. */
static bool
impossible_ip(const struct mt_ip *ip)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };
	const uint8_t *b = ip->bytes;

	if (ip->family != 4 || memcmp(b, none, 4) == 0 || memcmp(b, all, 4) == 0)
		return false;
	return b[0] == 0 || b[0] >= 224 || (b[0] == 127 && b[1] != 0);
}

/* Something stands where software always writes a date, and it is none; or a date that the
 * newer line, which nothing ties to this one, contradicts by more than a day. */
static bool
impossible_date(const struct mt_hop *hop, const struct mt_hop *newer)
{
	const char *last = hop->raw.len == 0 ? NULL : memrchr(hop->raw.ptr, ';', hop->raw.len);
	struct mt_span rest = last == NULL ? MT_ABSENT :
	    mt_span_trim(mt_span_between(last + 1, hop->raw.ptr + hop->raw.len));

	if (!hop->date.known)
		return rest.len >= 8 && hop->dialect != NULL && hop->kind == MT_HOP_SMTP &&
		    (strcmp(hop->dialect, "sendmail") == 0 || strcmp(hop->dialect, "postfix") == 0 ||
		    strcmp(hop->dialect, "exim") == 0);
	return newer->date.known && mt_hop_sec(hop) - mt_hop_sec(newer) > STALE_SEC && hop->kind == MT_HOP_SMTP &&
	    (hop->link == MT_LINK_UNLINKED || no_id_no_for(hop));
}

bool
mt_signs_later(const struct mt_hop *hop, const struct mt_hop *newer)
{
	return hop->date.known && newer->date.known && hop->date.zone_known && newer->date.zone_known &&
	    mt_hop_sec(hop) - mt_hop_sec(newer) > LATER_SEC;
}

bool
mt_signs_found_writer(const struct mt_hop *hop, const struct mt_hop *newer)
{
	const struct mt_ip by = mt_hop_by_ip(hop);

	return (by.family != 0 && mt_ip_equal(&by, &newer->from.ip)) ||
	    (hop->by.len > 0 && mt_name_same(hop->by, newer->from.rdns)) ||
	    mt_links_same_organisation(hop->by, newer->from.rdns);
}

bool
mt_signs_no_server(const struct mt_hop *newer)
{
	struct mt_span helo = newer->from.helo;

	if (!mt_ip_public(&newer->from.ip))
		return false;
	return newer->from.rdns.len == 0 || line_name(newer->from.rdns) ||
	    (helo.len > 0 && *helo.ptr != '[' && !mt_name_qualified(helo));
}

/* A server that sealed the message (RFC 8617) named the client that it took it from, and
 * its own line names another one. */
static bool
signed_other(const struct mt_trace *trace, const struct mt_hop *hop)
{
	const struct mt_arc *arc = trace->arc;
	bool other = false;

	if (arc == NULL || arc->result != MT_PASS || !mt_ip_public(&hop->from.ip))
		return false;
	for (unsigned i = 0; i < arc->nsets; i++) {
		const struct mt_arc_set *set = &arc->sets[i];
		bool seen = false;

		if (mt_ip_equal(&set->remote_ip, &hop->from.ip))
			return false;
		if (!mt_ip_public(&set->remote_ip) ||
		    !(mt_name_same(hop->by, set->authserv_id) || mt_name_below(hop->by, set->sealer)))
			continue;
		for (size_t k = 0; k < trace->nhops && !seen; k++)
			seen = mt_ip_equal(&trace->hops[k].from.ip, &set->remote_ip);
		other = other || !seen;
	}
	return other;
}

void
mt_signs_find(const struct mt_trace *trace, struct mt_hop *hop, const struct mt_hop *newer)
{
	const struct {
		bool found;
		enum mt_hop_flag flag;
	} signs[] = {
		{ mt_queueid_contradicts(hop), MT_HOP_QUEUE_CLOCK },
		{ impossible_ip(&hop->from.ip), MT_HOP_IMPOSSIBLE_IP },
		{ no_id_no_for(hop), MT_HOP_NO_ID_NO_FOR },
		{ no_client(hop), MT_HOP_NO_CLIENT },
		{ alien_by(hop, newer), MT_HOP_ALIEN_BY },
		{ alien_software(hop) || alien_provider(hop), MT_HOP_ALIEN_FORM },
		{ our_name(trace, hop, newer), MT_HOP_OUR_NAME },
		{ stale(hop, newer), MT_HOP_STALE },
		{ impossible_date(hop, newer), MT_HOP_IMPOSSIBLE_DATE },
		{ signed_other(trace, hop), MT_HOP_SIGNED_OTHER },
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (signs[i].found)
			mt_hop_set(hop, signs[i].flag);
}
