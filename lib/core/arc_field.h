/* SPDX-License-Identifier: BSD-2-Clause */
/* The three fields of an ARC set and the form of a chain of them (RFC 8617, 4 and 5.2). */
#ifndef MT_CORE_ARC_FIELD_H
#define MT_CORE_ARC_FIELD_H

#include "lib/base/arena.h"
#include "lib/core/canon.h"
#include "lib/core/key_record.h"

#define MT_ARC_INSTANCES 50		/* RFC 8617, 4.2.1 */
#define MT_ARC_H_MOST 256		/* names in h= that are looked up */

/* In the order in which a seal covers them (RFC 8617, 5.1.1). */
enum mt_arc_kind { MT_ARC_RESULTS, MT_ARC_MESSAGE, MT_ARC_SEAL, MT_ARC_KINDS };

struct mt_arc_field {
	struct mt_span name, value;	/* as received; lent */
	unsigned instance;		/* 0: none that can be read */
	const char *why;		/* what is wrong with it; NULL: nothing */
	/* of a signature, which is what the other two are; spans point into value */
	enum mt_key_algorithm algorithm;
	struct mt_span domain, selector;
	struct mt_span b, b_raw;	/* b_raw: all that is left out of what it signs */
	/* of ARC-Seal */
	enum mt_result cv;		/* none pass fail, unknown */
	/* of ARC-Message-Signature */
	struct mt_span h, bh;
	bool too_many;			/* h= holds more than MT_ARC_H_MOST names */
	enum mt_canon header, body;
	uint64_t length;		/* l=; UINT64_MAX: none */
	uint64_t expires;		/* x=, Unix seconds; UINT64_MAX: none */
};

/* Whether a field of that name is one of the three. */
bool mt_arc_field_kind(enum mt_arc_kind *kind, struct mt_span name);
/* Total: what is wrong is said in `why`. */
void mt_arc_field_read(struct mt_arc_field *field, enum mt_arc_kind kind, struct mt_span name, struct mt_span value);

/* What ARC-Authentication-Results tells beside its results: whose they are, and the
 * address that was seen, where all that say smtp.remote-ip say the same one and the field can
 * be read to its end. */
void mt_arc_field_results(struct mt_arc_set *set, struct mt_arena *arena, struct mt_span value);

/* A zeroed one is an empty one.  Fields are lent. */
struct mt_arc_chain {
	bool any;			/* there is a field of ARC */
	const char *why;		/* the first thing that was found wrong */
	unsigned newest;		/* highest instance */
	const struct mt_arc_field *field[MT_ARC_INSTANCES + 1][MT_ARC_KINDS];
};

void mt_arc_chain_add(struct mt_arc_chain *chain, enum mt_arc_kind kind, const struct mt_arc_field *field);
/* RFC 8617, 5.2, steps 1 to 3: none or fail, where its form decides; else unknown, which
 * means that there are exactly newest whole sets, and what their signatures say decides. */
enum mt_result mt_arc_chain_judge(const struct mt_arc_chain *chain, const char **why);

#endif
