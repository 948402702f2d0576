/* SPDX-License-Identifier: BSD-2-Clause */
/* How hops hang together. */
#ifndef MT_CORE_LINKS_H
#define MT_CORE_LINKS_H

#include "lib/base/span.h"

struct mt_trace;

/* Grades the gap between two neighbours: does the newer line name as its client the host
 * that wrote the older one?  *why: half a sentence about the older line, static. */
enum mt_link mt_links_grade(const struct mt_hop *older, const struct mt_hop *newer, const char **why);

/* Sets `link` of each hop; they are in order and the boundary is known. */
void mt_links_find(struct mt_trace *trace);

/* Both names lie below one name that an organisation is likely to own. */
bool mt_links_same_organisation(struct mt_span a, struct mt_span b);

#endif
