/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of the reader of Received fields: private to it. */
#ifndef MT_CORE_RECEIVED_PARTS_H
#define MT_CORE_RECEIVED_PARTS_H

#include "lib/base/arena.h"
#include "lib/core/received_scan.h"

/* Longest part that is kept: the text of a line (RFC 5321, 4.5.3.1.6). */
#define MT_PART_MOST 998

/* A family of servers. */
struct mt_dialect {
	const char *name;		/* static storage; NULL: not recognised */
	bool once;			/* HELO and reverse name are written once where they are one */
	bool collects;			/* it fetches mail instead of being sent it */
};

/* Which software wrote the field. */
struct mt_dialect mt_dialect_find(const struct mt_scan *scan);

/* Reads all that may stand for an address: in brackets or parentheses, with a port. */
bool mt_address_read(struct mt_ip *ip, struct mt_span text);
/* Text that stands for an address but cannot be one: "300.1.2.3", "Tue, 15 Apr 2025". */
bool mt_address_impossible(struct mt_span text);
/* What servers write in the place of a name that they do not have: a word for that, or the
 * address once more. */
bool mt_address_no_name(struct mt_span name);

/* Fills hop->from and the flags of what stands beside it; may set hop->auth.  Marks the
 * comments that described the client, for mt_marks_read(). */
void mt_peer_read(struct mt_hop *hop, struct mt_scan *scan, struct mt_dialect dialect);

/* What the comments say of TLS, authentication and the envelope: hop->tls, auth, sender
 * and their flags. */
void mt_marks_read(struct mt_hop *hop, const struct mt_scan *scan);
/* Whether a comment speaks of something else than the client's name and address. */
bool mt_marks_own(struct mt_span comment);
/* What the protocol says: TLS, authentication, an odd word, and the kind of the hop. */
void mt_marks_protocol(struct mt_hop *hop, const struct mt_scan *scan, struct mt_dialect dialect);

/* A name between angles, quotes and commas. */
struct mt_span mt_part_bare(struct mt_span s);

static inline void
mt_hop_mark(struct mt_hop *hop, enum mt_hop_flag flag)
{
	hop->flags |= (uint32_t)MT_BIT(flag);
}

#endif
