/* SPDX-License-Identifier: BSD-2-Clause */
/* One condition against an input, as a policy of one rule sees it before the end. */
#ifndef MT_TESTS_UNIT_TRUTH_H
#define MT_TESTS_UNIT_TRUTH_H

#include "lib/core/policy.h"

enum truth { NO, NOT_YET, YES };

static inline enum truth
truth_of(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	const struct mt_rule rule = { .conditions = condition, .nconditions = 1, .action = MT_ACCEPT };
	const struct mt_policy policy = { .rules = &rule, .nrules = 1 };
	struct mt_decision decision;

	mt_policy_decide(&decision, &policy, input, false);
	if (!decision.decided)
		return NOT_YET;
	return decision.rule == &rule ? YES : NO;
}

#endif
