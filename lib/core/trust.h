/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom the administrator believes: filled by the configuration, read by core. */
#ifndef MT_CORE_TRUST_H
#define MT_CORE_TRUST_H

#include "lib/base/ip.h"
#include "lib/base/span.h"

struct mt_patterns {
	const struct mt_span *pattern;	/* '*' for any run of bytes */
	size_t count;
};

struct mt_trust {
	struct mt_span authserv_id;	/* RFC 8601, 2.5; the host's name when not set */
	struct mt_nets networks;	/* our own servers and relays */
	struct mt_patterns names;	/* our own host names */
	struct mt_patterns relays;	/* foreign hosts believed when iprev passes */
	struct mt_patterns domains;	/* domains that we serve */
	struct mt_nets submission;	/* those of ours that take mail from users only */
	struct mt_patterns sealers;	/* domains whose ARC seals are believed (RFC 8617) */
	unsigned hops;			/* that many newest fields are ours; 0: not said */
	bool inferred;			/* nothing of this was configured: infer the boundary */
};

bool mt_patterns_match(const struct mt_patterns *patterns, struct mt_span s);
/* One of our own names: trust.names or the authserv-id. */
bool mt_trust_our_name(const struct mt_trust *trust, struct mt_span name);

#endif
