/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields go, and copies of what stood in them. */
#include "lib/engine/strips.h"

#include "tests/unit/tap.h"

static void
deletions(void)
{
	static const unsigned want[] = { 5, 3, 1 };
	struct mt_strips *strips = mt_strips_new();
	struct mt_edit edits[8];
	size_t n;
	bool good;

	for (unsigned i = 1; i <= 6; i++)
		mt_strips_authres(strips, i % 2 == 1);
	n = mt_strips_edits(strips, edits, 8);
	good = n == 3 && mt_strips_count(strips) == 3 && mt_strips_complete(strips);
	for (size_t i = 0; i < 3 && good; i++)
		good = !edits[i].insert && edits[i].index == want[i] && strcmp(edits[i].name, "Authentication-Results") == 0;
	tap_ok(good, "three of six fields go, the last first");
	mt_strips_own(strips, MT_SPAN("X-Trace-Removed-AR"));
	mt_strips_own(strips, MT_SPAN("x-trace-removed-ar"));
	n = mt_strips_edits(strips, edits, 8);
	tap_ok(n == 5 && edits[3].index == 2 && edits[4].index == 1 && strcmp(edits[4].name, "X-Trace-Removed-AR") == 0,
	    "a copy that a stranger wrote goes like all of ours");
	tap_ok(mt_strips_edits(strips, edits, 2) == 2, "no more than there is room for");
	mt_strips_free(strips);
}

static void
copies(void)
{
	struct mt_strips *strips = mt_strips_new();
	char text[MT_STRIPS_COPY_BYTES + 1];
	struct mt_span got;
	unsigned index = 0;
	bool cut = true;

	memset(text, 'a', sizeof text);
	tap_ok(mt_strips_copied(strips, 0, &index, &cut).ptr == NULL, "no copy is kept that nobody asked for");
	mt_strips_authres(strips, false);
	mt_strips_authres(strips, true);
	mt_strips_copy(strips, MT_SPAN("mx.example.org; \0none"));
	got = mt_strips_copied(strips, 0, &index, &cut);
	tap_ok(mt_span_equal(got, MT_SPAN("mx.example.org; \0none")) && index == 2 && !cut, "a copy is whole, with its place");
	mt_strips_authres(strips, true);
	mt_strips_copy(strips, (struct mt_span){ text, sizeof text });
	got = mt_strips_copied(strips, 1, &index, &cut);
	tap_ok(got.len == MT_STRIPS_COPY_BYTES && index == 3 && cut, "a long one is cut, and it is told");
	mt_strips_authres(strips, true);
	mt_strips_copy(strips, MT_SPAN(""));
	tap_ok(mt_strips_copied(strips, 2, &index, &cut).ptr != NULL && index == 4 && !cut, "an empty one is there");
	mt_strips_copy(strips, MT_ABSENT);
	for (unsigned i = 0; i < 20; i++)
		mt_strips_copy(strips, MT_SPAN("x"));
	tap_ok(mt_strips_copied(strips, MT_STRIPS_COPIES - 1, &index, &cut).len == 1 &&
	    mt_strips_copied(strips, MT_STRIPS_COPIES, &index, &cut).ptr == NULL, "only so many are kept");
	mt_strips_free(strips);
	mt_strips_copy(NULL, MT_SPAN("x"));
	tap_ok(mt_strips_copied(NULL, 0, &index, &cut).ptr == NULL && mt_strips_count(NULL) == 0, "of nothing there is nothing");
}

/* Names without number are a bound, and it is told. */
static void
many_names(void)
{
	struct mt_strips *strips = mt_strips_new();
	char name[32];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "X-Trace-%u", i);
		mt_strips_own(strips, mt_span_text(name));
		if (i == 1000)
			tap_ok(mt_strips_complete(strips) && mt_strips_count(strips) == 1001, "a thousand names go");
	}
	tap_ok(!mt_strips_complete(strips) && mt_strips_count(strips) < 2000, "more are more than are listed");
	mt_strips_free(strips);
}

int
main(void)
{
	many_names();
	deletions();
	copies();
	return tap_done();
}
