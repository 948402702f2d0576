/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how an answer that was not there at the deadline shows in facts, names and lists;
 * refuses to know what rules make of it. */
#include "lib/core/late.h"

/* Names of the client that were asked about in vain; until they answer iprev is open, too. */
static bool
late_names(struct mt_late *late, const struct mt_iprev *iprev)
{
	struct mt_fact *fact = &late->facts.fact[MT_FACT_IPREV];
	bool any = false;

	late->iprev = *iprev;
	late->iprev.names = late->names;
	for (unsigned i = 0; i < iprev->nnames && i < MT_PTR_NAMES; i++) {
		struct mt_ptr_name *name = &late->names[i];

		*name = iprev->names[i];
		if (name->forward != MT_TEMPERROR || name->cause != MT_CAUSE_DEADLINE)
			continue;
		name->answered = false;
		name->forward = MT_UNKNOWN;
		any = true;
	}
	if (any && fact->result == MT_TEMPERROR)
		fact->result = MT_UNKNOWN;
	late->input.iprev = &late->iprev;
	return any;
}

static bool
late_lists(struct mt_late *late, const struct mt_listings *listings)
{
	struct mt_fact *fact = &late->facts.fact[MT_FACT_DNSBL];

	late->listings = *listings;
	late->listings.open |= listings->late;
	if ((listings->late & ~listings->allow) != 0 && fact->result != MT_LISTED)
		fact->result = MT_UNKNOWN;
	late->input.listings = &late->listings;
	return listings->late != 0;
}

bool
mt_late_view(struct mt_late *late, const struct mt_policy_input *input)
{
	bool any = false;

	late->input = *input;
	late->facts = *input->facts;
	late->input.facts = &late->facts;
	for (int f = 0; f < MT_FACTS; f++) {
		if (late->facts.fact[f].cause != MT_CAUSE_DEADLINE)
			continue;
		late->facts.fact[f].result = MT_UNKNOWN;
		any = true;
	}
	if (input->iprev != NULL)
		any = late_names(late, input->iprev) || any;
	if (input->listings != NULL)
		any = late_lists(late, input->listings) || any;
	return any;
}
