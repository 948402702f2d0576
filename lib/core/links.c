/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the writer of a line is named by the next one; believes neither. */
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

enum mt_link
mt_links_grade(const struct mt_hop *older, const struct mt_hop *newer, const char **why)
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
	if (by.len > 0 && mt_name_same(by, rdns))
		return MT_LINK_LINKED;
	*why = "the name of its writer is what the newer line's client called itself";
	if (by.len > 0 && mt_name_same(by, helo))
		return MT_LINK_LINKED;
	*why = "its writer and the newer line's client are of one organisation";
	if (mt_links_same_organisation(by, rdns) || mt_links_same_organisation(by, helo))
		return MT_LINK_PLAUSIBLE;
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
		trace->hops[i].link = mt_links_grade(&trace->hops[i], &trace->hops[i + 1], &why);
	if (trace->nhops > 0)
		trace->hops[trace->nhops - 1].link = MT_LINK_NONE;
}
