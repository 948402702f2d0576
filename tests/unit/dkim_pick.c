/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/dkim_pick.h"

#include "tests/unit/tap.h"

#define H(text) { .names = MT_SPAN(text) }

static const struct {
	const char *name;
	struct mt_dkim_field field[3];	/* up to one without names */
	const char *header;		/* names from the top, with blanks between */
	const char *want;		/* 1: can be covered */
} cases[] = {
	{ "no signature", { { .froms = 0 } }, "From To", "00" },
	{ "those that are named", { H("from:subject") }, "From To Subject", "101" },
	{ "without regard to case", { H("FROM") }, "from From", "01" },
	{ "the lowest one", { H("from") }, "From From From", "001" },
	{ "as many as are named", { H("from:to:from") }, "From From From To", "0111" },
	{ "named more often than there are", { H("from:from:from") }, "From To", "10" },
	{ "the most that one signature names", { H("from:from"), H("from"), H("to:from") }, "To From From From To", "00111" },
	{ "not added up", { H("from"), H("from") }, "From From", "01" },
	{ "names that begin alike", { H("a:ab:abc") }, "ab abcd abc a b", "10110" },
	{ "blanks around colons", { H("from :\r\n\tto") }, "To From Cc", "110" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct mt_dkim_field *fields[3];
		struct mt_span names[16];
		struct mt_dkim_pick pick;
		struct mt_arena arena;
		char got[17] = "";
		size_t n = 0, count = 0;

		mt_arena_init(&arena, 1024, 65536);
		while (n < 3 && cases[i].field[n].names.ptr != NULL) {
			fields[n] = &cases[i].field[n];
			n++;
		}
		for (const char *p = cases[i].header; *p != '\0';) {
			size_t len = strcspn(p, " ");

			names[count++] = (struct mt_span){ p, len };
			p += len + (p[len] == ' ');
		}
		mt_dkim_pick_build(&pick, &arena, fields, n);
		for (size_t f = count; f-- > 0;)
			got[f] = mt_dkim_pick_take(&pick, names[f]) ? '1' : '0';
		tap_ok(strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].name, got);
		mt_arena_fini(&arena);
	}
	return tap_done();
}
