/* SPDX-License-Identifier: BSD-2-Clause */
/* How hops hang together. */
#ifndef MT_CORE_LINKS_H
#define MT_CORE_LINKS_H

#include "lib/base/span.h"

struct mt_peer;
struct mt_trace;

/* Grades the gap between two neighbours: does the newer line name as its client the host
 * that wrote the older one?  peer: what is known of the connected client, where the newer one
 * is the connection.  *why: half a sentence about the older line, static. */
enum mt_link mt_links_grade(const struct mt_hop *older, const struct mt_hop *newer, const struct mt_peer *peer,
    const char **why);
/* Whether something that was verified ties the writer of the older line to the client of the
 * newer one, which is believed: its address, a name that leads back to it, or the organisation
 * of that name.  What a client calls itself is none by itself: he chooses it, and the lines. */
bool mt_links_verified(const struct mt_hop *older, const struct mt_hop *newer, const struct mt_peer *peer);

/* Sets `link` of each hop; they are in order and the boundary is known. */
void mt_links_find(struct mt_trace *trace);

/* Both names lie below one name that an organisation is likely to own. */
bool mt_links_same_organisation(struct mt_span a, struct mt_span b);

#endif
