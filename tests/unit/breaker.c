/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/source/breaker.h"

#include "tests/unit/tap.h"

enum step_kind { ASKED, PASSES, HELD, FAILS, OPENS, ANSWERS, CLOSES };

static const struct step {
	enum step_kind kind;
	int64_t at;
	const char *label;
} steps[] = {
	{ FAILS, 0, "one failure" },
	{ FAILS, 0, "two" },
	{ ANSWERS, 0, "an answer begins the count anew" },
	{ FAILS, 0, "asked before the answer" },
	{ FAILS, 0, "so these" },
	{ FAILS, 0, "do not count" },
	{ FAILS, 0, "however many they are" },
	{ PASSES, 0, "not open" },
	{ ASKED, 0, NULL },
	{ FAILS, 0, "one" },
	{ FAILS, 0, "two" },
	{ PASSES, 0, "two are not three" },
	{ OPENS, 100, "the third opens it" },
	{ FAILS, 100, "it opens once" },
	{ HELD, 1099, "held for a second" },
	{ PASSES, 1100, "one probe" },
	{ HELD, 1100, "and no other" },
	{ HELD, 3099, "held for two seconds" },
	{ PASSES, 3100, "another probe" },
	{ HELD, 7099, "held for four" },
	{ PASSES, 7100, "a third one" },
	{ HELD, 12099, "held for five" },
	{ PASSES, 12100, "a fourth one" },
	{ PASSES, 17100, "five stay five" },
	{ CLOSES, 17200, "an answer closes it" },
	{ PASSES, 17200, "all pass" },
	{ ANSWERS, 17200, "it closes once" },
	{ FAILS, 17200, "what was asked before it closed" },
	{ FAILS, 17200, "does not open it" },
	{ FAILS, 17200, "again" },
	{ ASKED, 17200, NULL },
	{ FAILS, 17200, "one asked since" },
	{ FAILS, 17200, "two" },
	{ OPENS, 17200, "the third opens it again" },
};

int
main(void)
{
	struct mt_breaker breaker = { .limit = 3 }, never = { .limit = 0 };
	uint64_t mark = mt_breaker_mark(&breaker);
	bool opened = false;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const struct step *s = &steps[i];
		bool got;

		if (s->kind == ASKED) {
			mark = mt_breaker_mark(&breaker);
			continue;
		}
		got = s->kind == PASSES || s->kind == HELD ? mt_breaker_pass(&breaker, s->at) :
		    s->kind == FAILS || s->kind == OPENS ? mt_breaker_failed(&breaker, mark, s->at) :
		    mt_breaker_answered(&breaker);
		tap_ok(got == (s->kind == PASSES || s->kind == OPENS || s->kind == CLOSES), "%s", s->label);
	}
	for (unsigned i = 0; i < 1000; i++)
		opened |= mt_breaker_failed(&never, mt_breaker_mark(&never), 0);
	tap_ok(!opened && mt_breaker_pass(&never, 0), "without a limit it never opens");
	return tap_done();
}
