/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows who is ours; judges nobody. */
#include "lib/core/trust.h"

#include "lib/base/name.h"

bool
mt_patterns_match(const struct mt_patterns *patterns, struct mt_span s)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (mt_span_match(s, patterns->pattern[i]))
			return true;
	return false;
}

bool
mt_trust_our_name(const struct mt_trust *trust, struct mt_span name)
{
	name = mt_name_strip(name);
	if (name.len == 0)
		return false;
	return mt_name_same(name, trust->authserv_id) || mt_patterns_match(&trust->names, name);
}
