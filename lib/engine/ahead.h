/* SPDX-License-Identifier: BSD-2-Clause */
/* What an SPF record leads to is asked about on the thread that brought it, so that the next
 * step does not wait for the SMTP client's next command.  The answers stay in the cache, where
 * the judge finds them. */
#ifndef MT_ENGINE_AHEAD_H
#define MT_ENGINE_AHEAD_H

#include "lib/engine/cache.h"

/* An answer of TXT that came for a message; address: MT_RR_A or MT_RR_AAAA, the client's
 * family, 0 where it is not known.  The cache outlives every question.  Any thread. */
void mt_ahead_spf(struct mt_cache *cache, const struct mt_answer *txt, enum mt_rrtype address);

#endif
