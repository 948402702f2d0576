/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/fact.h"

#include "tests/unit/tap.h"

int
main(void)
{
	for (int f = 0; f < MT_FACTS; f++) {
		const struct mt_fact_row *row = mt_fact_row((enum mt_fact_name)f);

		tap_ok(mt_fact_words((enum mt_fact_name)f) != 0 && (mt_fact_words((enum mt_fact_name)f) & 1) == 0,
		    "%s has words, and unknown is none", row->word);
		tap_ok(mt_fact_find(mt_span_text(row->word)) == f, "%s there and back", row->word);
	}
	tap_ok(mt_fact_find(MT_SPAN("ptrs")) < 0 && mt_fact_find(MT_SPAN("")) < 0, "what is no fact is not found");
	return tap_done();
}
