/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/words.h"

#include "tests/unit/tap.h"

static const char *const keys[] = { "socket", "socket-mode", "deadline", "helo", "iprev", "temperror" };

static const struct { const char *word, *near; } near[] = {
	{ "sokcet", "socket" }, { "hello", "helo" }, { "iprv", "iprev" }, { "temperor", "temperror" },
	{ "deadlien", "deadline" }, { "xyz", NULL }, { "", NULL }, { "socket-mdoe", "socket-mode" },
	{ "a-word-that-is-far-longer-than-any-of-them", NULL },
};

int
main(void)
{
	for (int r = 1; r < MT_RESULTS; r++)
		tap_ok(mt_result_find(mt_span_text(mt_result_word((enum mt_result)r))) == (enum mt_result)r,
		    "%s there and back", mt_result_word((enum mt_result)r));
	for (int c = 1; c < MT_CAUSES; c++)
		tap_ok(mt_cause_word((enum mt_cause)c)[0] != '\0', "cause %d has a word", c);
	for (int a = 0; a < MT_ACTIONS; a++)
		tap_ok(mt_action_find(mt_span_text(mt_action_word((enum mt_action)a))) == a, "action %d there and back", a);
	for (int f = 0; f < MT_HOP_FLAGS; f++)
		tap_ok(mt_hop_flag_word((enum mt_hop_flag)f) != NULL, "hop flag %d has a word", f);
	tap_ok(MT_RESULTS <= 64, "a set of words fits in 64 bits");
	tap_ok(mt_result_find(MT_SPAN("unknown")) == MT_UNKNOWN && mt_result_find(MT_SPAN("Pass")) == MT_UNKNOWN,
	    "words are exact");
	for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
		const char *found = mt_word_near(keys, sizeof keys / sizeof *keys, mt_span_text(near[i].word));

		tap_ok((found == NULL) == (near[i].near == NULL) && (found == NULL || strcmp(found, near[i].near) == 0),
		    "'%s' may mean %s", near[i].word, near[i].near == NULL ? "nothing" : near[i].near);
	}
	return tap_done();
}
