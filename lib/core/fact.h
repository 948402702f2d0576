/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of facts: their names and closed sets of words. */
#ifndef MT_CORE_FACT_H
#define MT_CORE_FACT_H

#include "lib/base/span.h"

struct mt_facts {
	struct mt_fact fact[MT_FACTS];
};

struct mt_fact_row {
	const char *word;		/* its name in configuration, headers and log */
	uint64_t words;			/* MT_BIT set */
	enum mt_stage stage;		/* the earliest at which it can be known */
	bool built;			/* this build finds it out */
};

const struct mt_fact_row *mt_fact_row(enum mt_fact_name f);
/* The fact of that name, or -1. */
int mt_fact_find(struct mt_span word);

#endif
