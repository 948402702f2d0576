/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/answer.h"

#include "tests/unit/tap.h"

int
main(void)
{
	struct mt_answer *answer = mt_answer_new(MT_CAUSE_NONE, 2, 32), *stale, *nothing;

	answer->ttl_sec = 300;
	answer->authentic = answer->cut = true;
	answer->records[0].preference = 10;
	answer->records[0].ip.family = 4;
	mt_answer_set_text(answer, 0, MT_SPAN("mx.example"));
	mt_answer_set_text(answer, 1, MT_SPAN(""));
	stale = mt_answer_stale(answer, MT_CAUSE_TIMEOUT);
	tap_ok(stale->stale == MT_CAUSE_TIMEOUT && answer->stale == MT_CAUSE_NONE, "a copy is marked, and the first is not");
	mt_answer_unref(answer);
	tap_ok(stale->cause == MT_CAUSE_NONE && stale->nrecords == 2 && stale->authentic && stale->cut, "it says the same");
	tap_ok(stale->records[0].preference == 10 && stale->records[0].ip.family == 4 &&
	    mt_span_same_text(stale->records[0].text, "mx.example"), "in its records");
	tap_ok(stale->records[1].text.ptr != NULL && stale->records[1].text.len == 0, "an empty text is one");
	tap_ok(stale->ttl_sec == 0, "and may not be kept");
	tap_ok(mt_answer_sound(stale)->cause == MT_CAUSE_TIMEOUT && mt_answer_sound(stale)->nrecords == 0,
	    "for who takes no account of age it is trouble");
	mt_answer_unref(stale);
	nothing = mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
	tap_ok(mt_answer_sound(nothing) == nothing, "one that is not stale is itself");
	for (unsigned i = MT_CAUSE_TIMEOUT; i <= MT_CAUSE_DEADLINE; i++) {
		struct mt_answer old = { .cause = MT_CAUSE_NXDOMAIN, .stale = (enum mt_cause)i };

		tap_ok(mt_answer_sound(&old)->cause == (enum mt_cause)i, "stale for %s", mt_cause_word((enum mt_cause)i));
	}
	stale = mt_answer_stale(nothing, MT_CAUSE_BREAKER);
	tap_ok(stale->cause == MT_CAUSE_NXDOMAIN && stale->stale == MT_CAUSE_BREAKER && stale->nrecords == 0, "so for nothing");
	mt_answer_unref(nothing);
	mt_answer_unref(stale);
	return tap_done();
}
