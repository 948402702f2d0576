/* SPDX-License-Identifier: BSD-2-Clause */
/* Hops in order: boundary, links, the two origins, what is forged. */
#ifndef MT_CORE_CHAIN_H
#define MT_CORE_CHAIN_H

struct mt_trace;

#define MT_CHAIN_FIELDS 200		/* Received fields that become hops */

/* Reads everything from trace->hops (newest field last appended; see trace.h), sets n,
 * trusted, reason, link, delay, skew, forged and the flags that need more than one line, and
 * trace->boundary, trace->origin, and the fact `chain`. */
void mt_chain_build(struct mt_trace *trace);

#endif
