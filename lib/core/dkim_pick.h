/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fields of a header the signatures of a message can cover.  Of fields of one name
 * a signature covers the lowest ones, as many as h= names (RFC 6376, 5.4.2): no other
 * field takes part in any hash, whatever it holds and however many there are.
 */
#ifndef MT_CORE_DKIM_PICK_H
#define MT_CORE_DKIM_PICK_H

#include "lib/base/arena.h"
#include "lib/core/dkim_field.h"

struct mt_dkim_pick_name;

struct mt_dkim_pick {
	struct mt_dkim_pick_name *names;	/* sorted */
	size_t count;
};

/* For the signatures given; false: no memory. */
bool mt_dkim_pick_build(struct mt_dkim_pick *pick, struct mt_arena *arena, const struct mt_dkim_field *const *fields,
    size_t nfields);

/* Whether the field of that name can be covered; to be asked once for each field of the
 * header from the lowest to the highest. */
bool mt_dkim_pick_take(struct mt_dkim_pick *pick, struct mt_span name);

#endif
