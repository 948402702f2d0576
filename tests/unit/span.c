/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/span.h"

#include <time.h>

#include "tests/unit/tap.h"

static const struct { const char *s, *pattern; bool match; } patterns[] = {
	{ "mail.example.net", "*.example.net", true }, { "example.net", "*.example.net", false },
	{ "MAIL.EXAMPLE.NET", "mail.*", true }, { "a@b", "*", true }, { "", "*", true }, { "", "", true },
	{ "a", "", false }, { "", "a", false }, { "abcabc", "*abc", true }, { "abcabd", "*abc", false },
	{ "aXbXc", "a*b*c", true }, { "aXbX", "a*b*c", false }, { "postmaster@example.org", "postmaster@*", true },
	{ "a*b", "a*b", true }, { "abab", "*ab*ab", true }, { "ab", "*ab*ab", false },
};

static const struct { const char *s, *trimmed; } blanks[] = {
	{ "  a b\t", "a b" }, { "", "" }, { " \r\n\t", "" }, { "a", "a" }, { "\n a\r\n", "a" },
};

/* Equal but for case, at every length and with a difference at every place: '@' and '`' differ
 * in the bit of case alone, and are no letters. */
static bool
sameness_holds(void)
{
	char a[40], b[40];

	for (size_t len = 0; len <= sizeof a; len++) {
		memset(a, 'x', sizeof a);
		memset(b, 'X', sizeof b);
		a[len / 2] = b[len / 2] = '@';
		if (!mt_same_bytes(a, b, len))
			return false;
		for (size_t i = 0; i < len; i++) {
			char kept = b[i];

			b[i] = kept == '@' ? '`' : 'y';
			if (mt_same_bytes(a, b, len))
				return false;
			b[i] = kept;
		}
	}
	return true;
}

int
main(void)
{
	static char run[100000];
	clock_t began;

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		tap_ok(mt_span_match(mt_span_text(patterns[i].s), mt_span_text(patterns[i].pattern)) == patterns[i].match,
		    "'%s' against '%s': %d", patterns[i].s, patterns[i].pattern, patterns[i].match);
	for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
		tap_ok(mt_span_equal(mt_span_trim(mt_span_text(blanks[i].s)), mt_span_text(blanks[i].trimmed)),
		    "trimmed: '%s'", blanks[i].trimmed);
	tap_ok(mt_span_starts(MT_SPAN("IPv6:x"), "ipv6:") && !mt_span_starts(MT_SPAN("IP"), "ipv6:"), "starts");
	tap_ok(mt_span_ends(MT_SPAN("a.ARPA"), ".arpa") && !mt_span_ends(MT_SPAN("pa"), ".arpa"), "ends");
	tap_ok(mt_span_find(MT_SPAN("x (May Be Forged)"), "may be forged") != NULL &&
	    mt_span_find(MT_SPAN("may be"), "may be forged") == NULL, "find");
	tap_ok(!mt_span_equal(MT_SPAN("a"), MT_SPAN("A")) && mt_span_same(MT_SPAN("a"), MT_SPAN("A")), "case");
	tap_ok(sameness_holds(), "case, at every length and place");
	memset(run, 'a', sizeof run);
	began = clock();
	mt_span_match((struct mt_span){ run, sizeof run }, MT_SPAN("*aaaaaaaaaaaaaaaab"));
	tap_ok(clock() - began < 5 * CLOCKS_PER_SEC, "a hostile pattern ends");
	return tap_done();
}
