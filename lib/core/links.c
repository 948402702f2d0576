/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the writer of a line is named by the next one; believes
 * neither: only what was verified of a client that we believe to have been there ties for certain. */
#include "lib/core/links.h"

#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/trace.h"

/* The last labels of a name that one organisation is likely to own: two, or three below
 * a country's "co", "com", "ac" ... */
static struct mt_span
organisation(struct mt_span name)
{
	size_t dots[3], n = 0;

	name = mt_name_strip(name);
	for (size_t i = name.len; i-- > 0 && n < 3;)
		if (name.ptr[i] == '.')
			dots[n++] = i;
	if (n < 2)
		return name;
	if (name.len - dots[0] == 3 && dots[0] - dots[1] <= 4)
		return n < 3 ? name : mt_span_between(name.ptr + dots[2] + 1, name.ptr + name.len);
	return mt_span_between(name.ptr + dots[1] + 1, name.ptr + name.len);
}

bool
mt_links_same_organisation(struct mt_span a, struct mt_span b)
{
	return mt_name_qualified(a) && mt_name_qualified(b) && mt_name_same(organisation(a), organisation(b));
}

static bool
names(struct mt_span by, struct mt_span name)
{
	return by.len > 0 && mt_name_same(by, name);
}

/* The client's name, and not only the one it gave, as far as that was looked up. */
static bool
helo_verified(const struct mt_hop *newer, const struct mt_peer *peer)
{
	return mt_hop_has(newer, MT_HOP_LIVE) && peer != NULL && newer->from.helo.len > 0 &&
	    (peer->helo.fact.result == MT_PASS || mt_iprev_verified(&peer->iprev, newer->from.helo));
}

/* Names that lead back to the address, one by one; of a line, the one that its server found.
 * qmail takes what the reverse zone says as it is. */
static bool
verified_name(const struct mt_hop *newer, const struct mt_peer *peer, struct mt_span by,
    bool (*fits)(struct mt_span, struct mt_span))
{
	if (!mt_hop_has(newer, MT_HOP_LIVE))
		return !mt_hop_has(newer, MT_HOP_MAY_BE_FORGED) && !mt_hop_has(newer, MT_HOP_UNVERIFIED) &&
		    (newer->dialect == NULL || strcmp(newer->dialect, "qmail") != 0) && fits(by, newer->from.rdns);
	if (helo_verified(newer, peer) && fits(by, newer->from.helo))
		return true;
	for (unsigned i = 0; peer != NULL && i < peer->iprev.nnames; i++)
		if (mt_iprev_verified(&peer->iprev, peer->iprev.names[i].name) &&
		    fits(by, peer->iprev.names[i].name))
			return true;
	return false;
}

bool
mt_links_verified(const struct mt_hop *older, const struct mt_hop *newer, const struct mt_peer *peer)
{
	const struct mt_ip by_ip = mt_hop_by_ip(older);

	if (by_ip.family != 0 && mt_ip_equal(&by_ip, &newer->from.ip))
		return true;
	return verified_name(newer, peer, older->by, names) ||
	    verified_name(newer, peer, older->by, mt_links_same_organisation);
}

/* The writer has the name that the newer line's client gave, or one of its organisation.  What
 * such a name is worth: of the connection, what was found out about it; of a line that is
 * believed nobody looked; and of two lines that are claims both, one claims what the other does. */
static enum mt_link
grade_helo(const struct mt_hop *newer, const struct mt_peer *peer, const char **why)
{
	const uint64_t another = MT_BIT(MT_MISMATCH) | MT_BIT(MT_OURS) | MT_BIT(MT_LITERAL_MISMATCH);
	const uint64_t nobody = MT_BIT(MT_UNRESOLVABLE) | MT_BIT(MT_NOT_FQDN) | MT_BIT(MT_MALFORMED) |
	    MT_BIT(MT_CHANGED);
	uint64_t helo = 0;

	if (!mt_hop_has(newer, MT_HOP_LIVE) && !newer->trusted) {
		*why = "the name of its writer is what the newer line's client called itself";
		return MT_LINK_LINKED;
	}
	if (helo_verified(newer, peer)) {
		*why = "the name of its writer is what the client called itself, and leads to the client";
		return MT_LINK_LINKED;
	}
	if (mt_hop_has(newer, MT_HOP_LIVE) && peer != NULL)
		helo = MT_BIT(peer->helo.fact.result);
	if ((helo & another) != 0) {
		*why = "the name of its writer is what the client called itself, but that is another's";
		return MT_LINK_UNLINKED;
	}
	if ((helo & nobody) != 0) {
		*why = "the name of its writer is what the client called itself, which leads nowhere";
		return MT_LINK_PLAUSIBLE;
	}
	*why = "the name of its writer is what the client called itself, which is not looked up";
	return MT_LINK_PLAUSIBLE;
}

/* The same of the organisation alone: plausible at most. */
static enum mt_link
grade_organisation(const struct mt_hop *newer, const struct mt_peer *peer, const char **why)
{
	const char *of_name;

	*why = "its writer and the newer line's client are of one organisation";
	if (grade_helo(newer, peer, &of_name) == MT_LINK_LINKED)
		return MT_LINK_PLAUSIBLE;
	*why = "its writer is of the organisation that the client called itself by, which nothing shows to be its own";
	return grade_helo(newer, peer, &of_name);
}

enum mt_link
mt_links_grade(const struct mt_hop *older, const struct mt_hop *newer, const struct mt_peer *peer, const char **why)
{
	const struct mt_span by = older->by, rdns = newer->from.rdns, helo = newer->from.helo;
	const struct mt_ip by_ip = mt_hop_by_ip(older);

	if (older->trusted) {
		*why = "it is inside the boundary";
		return MT_LINK_PROVED;
	}
	*why = "the address of its writer is that of the newer line's client";
	if (by_ip.family != 0 && mt_ip_equal(&by_ip, &newer->from.ip))
		return MT_LINK_LINKED;
	*why = "the name of its writer is that of the newer line's client";
	if (names(by, rdns) || (mt_hop_has(newer, MT_HOP_LIVE) && verified_name(newer, peer, by, names)))
		return MT_LINK_LINKED;
	if (names(by, helo) && grade_helo(newer, peer, why) == MT_LINK_LINKED)
		return grade_helo(newer, peer, why);
	*why = "its writer and the newer line's client are of one organisation";
	if (mt_links_same_organisation(by, rdns) ||
	    (mt_hop_has(newer, MT_HOP_LIVE) && verified_name(newer, peer, by, mt_links_same_organisation)))
		return MT_LINK_PLAUSIBLE;
	if (names(by, helo))
		return grade_helo(newer, peer, why);
	if (mt_links_same_organisation(by, helo))
		return grade_organisation(newer, peer, why);
	*why = "one of the two lines is not about a network client";
	if (older->kind != MT_HOP_SMTP || newer->kind != MT_HOP_SMTP)
		return MT_LINK_PLAUSIBLE;
	*why = "the newer line's client has a private address, which tells nothing of its name";
	if (newer->from.ip.family != 0 && !mt_ip_public(&newer->from.ip))
		return MT_LINK_PLAUSIBLE;
	*why = "nothing ties its writer to the newer line's client";
	return MT_LINK_UNLINKED;
}

void
mt_links_find(struct mt_trace *trace)
{
	const char *why;

	for (size_t i = 0; i + 1 < trace->nhops; i++)
		trace->hops[i].link = mt_links_grade(&trace->hops[i], &trace->hops[i + 1], trace->peer, &why);
	if (trace->nhops > 0)
		trace->hops[trace->nhops - 1].link = MT_LINK_NONE;
}
