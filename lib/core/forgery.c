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

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/forgery_signs.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/trace.h"

static bool
strong(const struct mt_hop *hop)
{
	return mt_hop_has(hop, MT_HOP_QUEUE_CLOCK) || mt_hop_has(hop, MT_HOP_ODD_WORD) ||
	    mt_hop_has(hop, MT_HOP_IMPOSSIBLE_IP) || mt_hop_has(hop, MT_HOP_OUR_NAME) ||
	    mt_hop_has(hop, MT_HOP_IMPOSSIBLE_DATE) || mt_hop_has(hop, MT_HOP_SIGNED_OTHER);
}

/* The name of the client that is connected could not be found out now: then nothing can be
 * said against a line for not being tied to it, neither now nor for good. */
static bool
open_question(const struct mt_trace *trace, const struct mt_hop *newer)
{
	const struct mt_peer *peer = trace->peer;
	enum mt_result iprev = peer->iprev.iprev.result;

	return mt_hop_has(newer, MT_HOP_LIVE) && (mt_iprev_silent(&peer->iprev) ||
	    peer->helo.fact.result == MT_TEMPERROR || (iprev != MT_PASS && iprev != MT_FAIL && iprev != MT_NONE));
}

/* Two signs of different kinds: the form of the line with its date, or with how it fits the
 * newer one. */
static bool
contradicted(const struct mt_trace *trace, const struct mt_hop *hop, const struct mt_hop *newer)
{
	bool open = open_question(trace, newer);
	bool form = mt_hop_has(hop, MT_HOP_NO_ID_NO_FOR), bare = mt_hop_has(hop, MT_HOP_NO_CLIENT);
	bool old = mt_hop_has(hop, MT_HOP_STALE), alien = mt_hop_has(hop, MT_HOP_ALIEN_BY);
	/* A name that is not the client's own is no tie; nor is it one more sign against the line:
	 * many servers give a name that leads elsewhere. */
	bool apart = hop->link == MT_LINK_UNLINKED && !open &&
	    (hop->by.len == 0 || (!mt_name_same(hop->by, newer->from.helo) &&
	    !mt_links_same_organisation(hop->by, newer->from.helo)));
	bool stray = !open && mt_signs_no_server(newer);

	if (strong(hop))
		return true;
	if (form && (alien || mt_signs_alien_date(hop)))
		return true;
	if (old && (alien || (form && apart)))
		return true;
	if (mt_hop_has(hop, MT_HOP_ALIEN_FORM) && !open && !mt_signs_found_writer(hop, newer) &&
	    mt_ip_public(&newer->from.ip))
		return true;
	if (form && apart && mt_signs_plain(hop) && mt_ip_public(&hop->from.ip) && mt_ip_public(&newer->from.ip) &&
	    (stray || mt_signs_later(hop, newer)))
		return true;
	return bare && stray && (apart || (hop->id.len == 0 && !mt_signs_found_writer(hop, newer)));
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

		if (hop->trusted || hop->link != MT_LINK_UNLINKED || !(mt_hop_has(hop, MT_HOP_NO_ID_NO_FOR) ||
		    mt_hop_has(hop, MT_HOP_NO_CLIENT) || mt_hop_has(hop, MT_HOP_ALIEN_BY)))
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
		mt_signs_find(trace, hop, hop + 1);
		if (contradicted(trace, hop, hop + 1)) {
			forge(hop);
			top = i;
		}
	}
	if (top != SIZE_MAX)
		spread(trace, top);
}
