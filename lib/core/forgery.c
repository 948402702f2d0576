/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what real servers do not write.  Three kinds of sign are independent of each
 * other: the form of the line, its date, and how it hangs together with the newer line;
 * two of them, or one that nothing honest explains, make a line forged.
 *
 * Measured on real hops below the boundary: protocol words that nobody writes 0 of 653,
 * queue clocks 0 of 11,578, no id and no for 65 of 653, a broken link 119 of 567, more
 * than a day older 7 of 677.  So none of the last three counts by itself.
 */
#include "lib/core/forgery.h"

#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/queueid.h"
#include "lib/core/trace.h"

#define STALE_SEC (24 * 3600)

/* ---- signs ------------------------------------------------------------------------------ */

/* qmail and its kin never write either, and say so by their dialect. */
static bool
no_id_no_for(const struct mt_hop *hop)
{
	return hop->kind != MT_HOP_RETRIEVAL && hop->kind != MT_HOP_UNPARSED && hop->dialect == NULL &&
	    hop->id.len == 0 && hop->recipient.len == 0 && (hop->from.helo.len > 0 || hop->from.ip.family != 0);
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
	if (older->by.len == 0 || !line_name(older->by))
		return false;
	if (newer->from.helo.len > older->by.len)	/* "name_[192.0.2.1]" as HELO */
		return mt_span_same((struct mt_span){ newer->from.helo.ptr, older->by.len }, older->by);
	return mt_name_same(older->by, newer->from.rdns);
}

/* "Jun, 06 2002 9:17:38 a.m.": a comma behind the month, which no software writes. */
static bool
alien_date(const struct mt_hop *hop)
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

static void
find_signs(const struct mt_trace *trace, struct mt_hop *hop, const struct mt_hop *newer)
{
	if (mt_queueid_contradicts(hop))
		mt_hop_set(hop, MT_HOP_QUEUE_CLOCK);
	if (no_id_no_for(hop))
		mt_hop_set(hop, MT_HOP_NO_ID_NO_FOR);
	if (alien_by(hop, newer))
		mt_hop_set(hop, MT_HOP_ALIEN_BY);
	if (our_name(trace, hop, newer))
		mt_hop_set(hop, MT_HOP_OUR_NAME);
	if (stale(hop, newer))
		mt_hop_set(hop, MT_HOP_STALE);
}

/* ---- the sum of it ------------------------------------------------------------------------ */

static bool
strong(const struct mt_hop *hop)
{
	return mt_hop_has(hop, MT_HOP_QUEUE_CLOCK) || mt_hop_has(hop, MT_HOP_ODD_WORD) ||
	    mt_hop_has(hop, MT_HOP_IMPOSSIBLE_IP) || mt_hop_has(hop, MT_HOP_OUR_NAME);
}

static bool
contradicted(const struct mt_hop *hop)
{
	bool form = mt_hop_has(hop, MT_HOP_NO_ID_NO_FOR);
	bool old = mt_hop_has(hop, MT_HOP_STALE);
	bool alien = mt_hop_has(hop, MT_HOP_ALIEN_BY);

	if (strong(hop))
		return true;
	if (form && (alien || alien_date(hop)))
		return true;
	return old && (alien || (form && hop->link == MT_LINK_UNLINKED));
}

static void
forge(struct mt_hop *hop)
{
	hop->forged = true;
	hop->link = MT_LINK_CONTRADICTED;
}

/* Lines are invented in a block: what lies below a forged line came with it, and so did a
 * line right above it that has no mark of a server and hangs on nothing. */
static void
spread(struct mt_trace *trace, size_t top)
{
	for (size_t i = 0; i < top; i++) {
		if (!trace->hops[i].forged)
			mt_hop_set(&trace->hops[i], MT_HOP_BESIDE_FORGED);
		forge(&trace->hops[i]);
	}
	for (size_t i = top + 1; i + 1 < trace->nhops; i++) {
		struct mt_hop *hop = &trace->hops[i];

		if (hop->trusted || !mt_hop_has(hop, MT_HOP_NO_ID_NO_FOR) || hop->link != MT_LINK_UNLINKED)
			return;
		mt_hop_set(hop, MT_HOP_BESIDE_FORGED);
		forge(hop);
	}
}

void
mt_forgery_find(struct mt_trace *trace)
{
	size_t top = SIZE_MAX;

	for (size_t i = 0; i + 1 < trace->nhops; i++) {
		struct mt_hop *hop = &trace->hops[i];

		if (hop->trusted)
			break;
		find_signs(trace, hop, hop + 1);
		if (contradicted(hop)) {
			forge(hop);
			top = i;
		}
	}
	if (top != SIZE_MAX)
		spread(trace, top);
}
