/* SPDX-License-Identifier: BSD-2-Clause */
/* One Received field into one hop (RFC 5321, 4.4, and what is written instead). */
#ifndef MT_CORE_RECEIVED_H
#define MT_CORE_RECEIVED_H

#include "lib/base/arena.h"
#include "lib/base/span.h"

/* Reads the body of a Received field: any bytes, any length, in linear time.  `raw` is
 * kept by reference and must live as long as the hop, as must the arena, which takes
 * what had to be rewritten (unfolded, unquoted).  Never fails: what cannot be read is
 * MT_HOP_UNPARSED with its raw bytes.  Sets everything that one line can tell; n,
 * trusted, forged, link and delay are the chain's (chain.h). */
void mt_received_parse(struct mt_hop *hop, struct mt_arena *arena, struct mt_span raw);

#endif
