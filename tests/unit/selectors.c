/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/engine/selectors.h"

#include "tests/unit/tap.h"

static bool
has(struct mt_selectors *selectors, const char *domain, const char *const *keys, size_t count)
{
	char found[MT_SELECTORS_NAMES][MT_NAME_TEXT];
	size_t n = mt_selectors_find(selectors, mt_span_text(domain), found);
	bool all = n == count;

	for (size_t i = 0; i < count; i++) {
		bool here = false;

		for (size_t k = 0; k < n; k++)
			here = here || strcmp(found[k], keys[i]) == 0;
		all = all && here;
	}
	return all;
}

int
main(void)
{
	static const char *const one[] = { "s1._domainkey.example.net" };
	static const char *const four[] = { "s2._domainkey.example.net", "s3._domainkey.example.net",
		"s4._domainkey.example.net", "s5._domainkey.example.net" };
	struct mt_selectors *selectors = mt_selectors_new(64), *narrow = mt_selectors_new(1);

	tap_ok(has(selectors, "example.net", NULL, 0), "nothing is known at first");
	mt_selectors_note(selectors, MT_SPAN("Example.NET"), MT_SPAN("S1._domainkey.example.net"));
	mt_selectors_note(selectors, MT_SPAN("example.net"), mt_span_text(one[0]));
	tap_ok(has(selectors, "example.net", one, 1), "a key is noted once, in any case of letters");
	for (size_t i = 0; i < 4; i++)
		mt_selectors_note(selectors, MT_SPAN("example.net"), mt_span_text(four[i]));
	tap_ok(has(selectors, "example.net", four, 4), "of five the last four stay");
	tap_ok(has(selectors, "example.org", NULL, 0), "another domain has none");
	mt_selectors_note(selectors, MT_SPAN(""), mt_span_text(one[0]));
	mt_selectors_note(selectors, MT_SPAN("example.com"), MT_SPAN("a b"));
	tap_ok(has(selectors, "example.com", NULL, 0), "what cannot be asked for is not noted");
	mt_selectors_note(narrow, MT_SPAN("a.example"), mt_span_text(one[0]));
	mt_selectors_note(narrow, MT_SPAN("b.example"), mt_span_text(four[0]));
	tap_ok(has(narrow, "a.example", NULL, 0) && has(narrow, "b.example", four, 1), "a place has one owner, the last");
	mt_selectors_free(selectors);
	mt_selectors_free(narrow);
	mt_selectors_free(NULL);
	return tap_done();
}
