/* SPDX-License-Identifier: BSD-2-Clause */
/* What the rules would see if the answers that came too late were still out. */
#ifndef MT_CORE_LATE_H
#define MT_CORE_LATE_H

#include "lib/core/policy.h"

/* Holds what `input` points to. */
struct mt_late {
	struct mt_policy_input input;
	struct mt_facts facts;
	struct mt_listings listings;
	struct mt_iprev iprev;
	struct mt_ptr_name names[MT_PTR_NAMES];
};

/* Makes that of an input at the end of a message, which must outlive it.  Returns whether
 * anything was late at all. */
bool mt_late_view(struct mt_late *late, const struct mt_policy_input *input);

#endif
