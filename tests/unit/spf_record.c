/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/spf_record.h"

#include "tests/unit/tap.h"

/* Terms that are by the grammar: kind, what a match is, domain, prefix lengths. */
static const struct { const char *term; enum mt_spf_kind kind; enum mt_result result; const char *domain; unsigned bits4, bits6; } good[] = {
	{ "all", MT_SPF_ALL, MT_PASS, NULL, 32, 128 }, { "+all", MT_SPF_ALL, MT_PASS, NULL, 32, 128 },
	{ "-ALL", MT_SPF_ALL, MT_FAIL, NULL, 32, 128 }, { "~all", MT_SPF_ALL, MT_SOFTFAIL, NULL, 32, 128 },
	{ "?aLL", MT_SPF_ALL, MT_NEUTRAL, NULL, 32, 128 },
	{ "include:a.example", MT_SPF_INCLUDE, MT_PASS, "a.example", 32, 128 },
	{ "-include:a.example.", MT_SPF_INCLUDE, MT_FAIL, "a.example.", 32, 128 },
	{ "include:%{d}", MT_SPF_INCLUDE, MT_PASS, "%{d}", 32, 128 }, { "include:%%", MT_SPF_INCLUDE, MT_PASS, "%%", 32, 128 },
	{ "a", MT_SPF_A, MT_PASS, NULL, 32, 128 }, { "a/0", MT_SPF_A, MT_PASS, NULL, 0, 128 },
	{ "a//0", MT_SPF_A, MT_PASS, NULL, 32, 0 }, { "a/24//64", MT_SPF_A, MT_PASS, NULL, 24, 64 },
	{ "a/32//128", MT_SPF_A, MT_PASS, NULL, 32, 128 }, { "a:b.example/9", MT_SPF_A, MT_PASS, "b.example", 9, 128 },
	{ "a:b.example//9", MT_SPF_A, MT_PASS, "b.example", 32, 9 }, { "a:%{i}/10", MT_SPF_A, MT_PASS, "%{i}", 10, 128 },
	{ "a:foo:bar/baz.example.com", MT_SPF_A, MT_PASS, "foo:bar/baz.example.com", 32, 128 },
	{ "a:a/1.example/1", MT_SPF_A, MT_PASS, "a/1.example", 1, 128 }, { "a:.museum", MT_SPF_A, MT_PASS, ".museum", 32, 128 },
	{ "a:x.1-2", MT_SPF_A, MT_PASS, "x.1-2", 32, 128 }, { "a:x.xn--zckzah", MT_SPF_A, MT_PASS, "x.xn--zckzah", 32, 128 },
	{ "a:a..example", MT_SPF_A, MT_PASS, "a..example", 32, 128 },
	{ "MX", MT_SPF_MX, MT_PASS, NULL, 32, 128 }, { "mx:a.example/1//2", MT_SPF_MX, MT_PASS, "a.example", 1, 2 },
	{ "ptr", MT_SPF_PTR, MT_PASS, NULL, 32, 128 }, { "?ptr:a.example", MT_SPF_PTR, MT_NEUTRAL, "a.example", 32, 128 },
	{ "ip4:192.0.2.0/24", MT_SPF_IP4, MT_PASS, NULL, 24, 128 }, { "ip4:192.0.2.1", MT_SPF_IP4, MT_PASS, NULL, 32, 128 },
	{ "ip4:1.1.1.1/0", MT_SPF_IP4, MT_PASS, NULL, 0, 128 }, { "ip6:2001:db8::/32", MT_SPF_IP6, MT_PASS, NULL, 32, 32 },
	{ "ip6:::/0", MT_SPF_IP6, MT_PASS, NULL, 32, 0 }, { "ip6:::ffff:192.0.2.1", MT_SPF_IP6, MT_PASS, NULL, 32, 128 },
	{ "ip6:1:2:3:4:5:6:7:8/128", MT_SPF_IP6, MT_PASS, NULL, 32, 128 },
	{ "exists:%{ir}.a.example", MT_SPF_EXISTS, MT_PASS, "%{ir}.a.example", 32, 128 },
	{ "redirect=a.example", MT_SPF_REDIRECT, 0, "a.example", 32, 128 }, { "EXP=%{d2}.example", MT_SPF_EXP, 0, "%{d2}.example", 32, 128 },
	{ "moo.cow-far_out=man:dog/cat", MT_SPF_OTHER, 0, NULL, 32, 128 }, { "default=", MT_SPF_OTHER, 0, NULL, 32, 128 },
	{ "all=all", MT_SPF_OTHER, 0, NULL, 32, 128 }, { "a=b", MT_SPF_OTHER, 0, NULL, 32, 128 }, { "x=%{c}%{r}%{t}", MT_SPF_OTHER, 0, NULL, 32, 128 },
	{ "x=a=b", MT_SPF_OTHER, 0, NULL, 32, 128 },
};

/* Terms that are not. */
static const char *const bad[] = {
	"al", "all.", "all:", "all:foobar", "all/8", "+-all", "-", "+", ":", "/", "foo", "redirect:a.example", "!all",
	"include", "include:", "include:a", "include:a.example/24", "include:a.example//64", "include/24",
	"a:", "a:/24", "a/", "a/024", "a/33", "a//129", "a//064", "a/24/64", "a/24/24", "a///64", "a/24//", "a//64/24", "a/-1", "a/1x",
	"a:b.example/24/24", "a/00", "a/4294967298", "a/1000", "aa", "a.example", "mx/", "mx/33", "mx:", "mx:abc.123", "mx//129",
	"a:abc.123", "a:111.222.33.44", "a:museum", "a:museum.", "a:example.-com", "a:example.com-", "a:example.c_m", "a:a.example..",
	"a:example.com:8080", "a:a.b/c", "a:%{d}c", "a:%{d}.", "a:.", "a:..",
	"ptr/0", "ptr:", "ptr/", "ptr:a", "exists", "exists:", "exists:a.example/24", "exists/24",
	"ip4", "ip4:", "ip4/24", "ip4:1.2.3", "ip4:1.2.3.4.5", "ip4:01.2.3.4", "ip4:256.2.3.4", "ip4:1.2.3.4/33", "ip4:1.2.3.4/032",
	"ip4:1.2.3.4//32", "ip4:1.2.3.4/", "ip4:1.2.3.4:8080", "ip4:::1", "ip4:%{i}", "ip4:1.2.3.4/1/2", "ip4:1.2.3.4/00",
	"ip6", "ip6:", "ip6:::1.1.1.1/129", "ip6:::1.1.1.1//33", "ip6::CAFE::BABE", "ip6:1.2.3.4", "ip6:::1%eth0", "ip6:[::1]", "ip6:::1/", "ip6:::/00",
	"ip6:::1%", "ip6:1:2:3:4:5:6:7", "ip6:12345::", "ip6:::1/ 64",
	"redirect=", "redirect=-all", "redirect=a", "redirect=%{c}.example", "exp=", "exp=-all", "exp=%{r}.example", "exp=%{t}", "-exp=a.example",
	"1up=foo", "=all", "-x=y", "_x=y", "moo.cow/far_out=man:dog/cat", "moo.cow:far_out=man:dog/cat", "moo!cow=x", "x=%abc", "x=%", "x=%{z}", "x=%{d", "x=\001",
	"x=\200", "a:%(ir).example", "a:%{d0}", "a:%{}", "a:%{dd}.x", "a:%{d-r}", "a:%{d.5}", "a:%{a}.example", "a:%.example", "exists:foo%.sbl.example.com",
	"a:b\001.example", "a:b\200.example", "a:\tb.example", "\tall", "all\t", "all\r", "all\n",
};

static const struct { const char *text; bool is; } versions[] = {
	{ "v=spf1", true }, { "v=spf1 ", true }, { "V=SpF1 -all", true }, { "v=spf10", false }, { "v=spf1\t-all", false },
	{ "v=spf", false }, { "", false }, { " v=spf1", false }, { "v=spf1-all", false }, { "spf2.0/pra", false }, { "v=spfl x", false },
};

/* Whole records: the term that is wrong, or NULL; all, and what it redirects to. */
static const struct { const char *text, *bad; bool all; const char *redirect; unsigned terms; } records[] = {
	{ "v=spf1", NULL, false, NULL, 0 }, { "v=spf1    ", NULL, false, NULL, 0 }, { "v=spf1  a   mx  ", NULL, false, NULL, 2 },
	{ "v=spf1 redirect=a.example ~all", NULL, true, "a.example", 2 }, { "v=spf1 -all moo", "moo", true, NULL, 0 },
	{ "v=spf1 redirect=a.example redirect=a.example", "redirect=a.example", false, "a.example", 0 },
	{ "v=spf1 exp=a.example -all EXP=b.example", "EXP=b.example", true, NULL, 0 },
	{ "v=spf1 x=1 x=1 exp=a.example redirect=b.example", NULL, false, "b.example", 4 },
	{ "v=spf1 a\tmx -all", "a\tmx", false, NULL, 0 }, { "v=spf1 ip4:192.0.2.5\n ~all", "ip4:192.0.2.5\n", false, NULL, 0 },
};

static bool
is_text(struct mt_span s, const char *text)
{
	return text == NULL ? s.ptr == NULL : s.ptr != NULL && mt_span_equal(s, mt_span_text(text));
}

static void
good_terms(void)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct mt_span rest = mt_span_text(good[i].term);
		struct mt_spf_term term;
		bool ok = mt_spf_record_next(&rest, &term) && term.why == NULL && rest.len == 0;

		tap_ok(ok && term.kind == good[i].kind && term.result == good[i].result && is_text(term.domain, good[i].domain) &&
		    term.bits4 == good[i].bits4 && term.bits6 == good[i].bits6 && is_text(term.text, good[i].term),
		    "%s: %s", good[i].term, term.why == NULL ? "read" : term.why);
	}
}

static void
bad_terms(void)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct mt_span rest = mt_span_text(bad[i]);
		struct mt_spf_term term;
		bool ok = mt_spf_record_next(&rest, &term) && term.why != NULL;

		tap_ok(ok, "'%.40s' is none: %s", bad[i][0] < 32 || strpbrk(bad[i], "\t\r\n\001\200") ? "(bytes)" : bad[i], ok ? term.why : "");
	}
}

static void
whole_records(void)
{
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct mt_spf_record record;
		struct mt_spf_term term;
		bool ok = mt_spf_record_read(&record, mt_span_text(records[i].text));
		struct mt_span rest = record.terms;
		unsigned terms = 0;

		while (ok && mt_spf_record_next(&rest, &term))
			terms++;
		tap_ok(ok == (records[i].bad == NULL) && is_text(record.bad.text, records[i].bad) && record.all == records[i].all &&
		    is_text(record.redirect.domain, records[i].redirect) && terms == records[i].terms, "record %zu: %u terms", i, terms);
	}
}

static void
select_record(void)
{
	static const char *const texts[] = { "hello", "v=spf1 -all", "v=spf10", "V=SPF1 +all" };
	struct mt_answer *answer = mt_answer_new(MT_CAUSE_NONE, 4, 200);
	struct mt_span text;

	for (size_t i = 0; i < 4; i++)
		mt_answer_set_text(answer, i, mt_span_text(texts[i]));
	tap_ok(mt_spf_record_select(answer, &text) == 2 && is_text(text, texts[1]), "two of four texts are SPF records");
	mt_answer_unref(answer);
	answer = mt_answer_new(MT_CAUSE_NODATA, 0, 0);
	tap_ok(mt_spf_record_select(answer, &text) == 0 && text.ptr == NULL, "none of none");
	mt_answer_unref(answer);
}

int
main(void)
{
	struct mt_span rest = { "a:foo.example.com\0", 18 };
	struct mt_spf_term term;

	good_terms();
	bad_terms();
	tap_ok(mt_spf_record_next(&rest, &term) && term.why != NULL, "a NUL is no part of a domain");
	rest = (struct mt_span){ "x\0y=z", 5 };
	tap_ok(mt_spf_record_next(&rest, &term) && term.why != NULL, "nor of the name of a modifier");
	rest = (struct mt_span){ "  ", 2 };
	tap_ok(!mt_spf_record_next(&rest, &term), "spaces are no term");
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		tap_ok(mt_spf_record_is(mt_span_text(versions[i].text)) == versions[i].is, "version of '%s': %d",
		    versions[i].text, versions[i].is);
	whole_records();
	select_record();
	return tap_done();
}
