/* SPDX-License-Identifier: BSD-2-Clause */
/* Small questions about one hop. */
#ifndef MT_CORE_HOP_H
#define MT_CORE_HOP_H

#include "lib/base/ip.h"
#include "lib/base/span.h"

static inline bool
mt_hop_has(const struct mt_hop *hop, enum mt_hop_flag flag)
{
	return (hop->flags >> flag & 1) != 0;
}

static inline void
mt_hop_set(struct mt_hop *hop, enum mt_hop_flag flag)
{
	hop->flags |= UINT32_C(1) << flag;
}

/* The address of the host that wrote the line: as it says, or its name if that is one. */
static inline struct mt_ip
mt_hop_by_ip(const struct mt_hop *hop)
{
	struct mt_ip by = hop->by_ip;

	if (by.family == 0)
		mt_ip_parse(&by, hop->by);
	return by;
}

/* Its instant on the clock of the other hosts, as far as that is known (clock.h). */
static inline int64_t
mt_hop_sec(const struct mt_hop *hop)
{
	return hop->date.unix_sec - hop->skew_sec;
}

#endif
