/* SPDX-License-Identifier: BSD-2-Clause */
/* Our findings as an Authentication-Results field: exact texts, and that our own reader finds
 * in each what was put into it.  (Other readers: tests/cli/authres_readers.py.) */
#include "lib/core/authres.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

#define ID "mx.example.org; iprev=pass policy.iprev=192.0.2.7"

static struct mt_signature signatures[8];
static struct mt_listing listings[32];
static struct mt_ip codes[2];

static void
begin(struct sample *s)
{
	sample_message(s);
	s->trace.facts.fact[MT_FACT_IPREV].result = MT_PASS;
	memset(signatures, 0, sizeof signatures);
	memset(listings, 0, sizeof listings);
	s->trace.checks.signatures = signatures;
	s->trace.checks.lists.listing = listings;
}

static void spf(struct sample *s) { s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_PASS, .domain = MT_SPAN("a.example.") }; }
static void
spf_both(struct sample *s)
{
	spf(s);
	s->trace.checks.spf_helo = (struct mt_spf){ .result = MT_NONE, .domain = MT_SPAN("miho.example") };
}
static void
spf_null(struct sample *s)
{
	spf_both(s);
	s->trace.sender = MT_SPAN("");
	s->trace.checks.spf_mailfrom.domain = MT_SPAN("miho.example");
}
static void
spf_permerror(struct sample *s)
{
	s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_PERMERROR, .domain = MT_SPAN("a.example"),
	    .why = MT_SPAN("the term \"ip4:x\" cannot be read; (really)") };
}
static void
spf_temperror(struct sample *s)
{
	s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_TEMPERROR, .cause = MT_CAUSE_SERVFAIL, .domain = MT_SPAN("a.example") };
}
/* A reason with brackets in it, and one that a stranger had his fingers in. */
static void
spf_brackets(struct sample *s)
{
	spf_permerror(s);
	s->trace.checks.spf_mailfrom.why = MT_SPAN("the include ends (RFC 7208, 5.2 (a)) without a record (4.6.4); really");
}
static void
spf_bracket_first(struct sample *s)
{
	spf_permerror(s);
	s->trace.checks.spf_mailfrom.why = MT_SPAN("(RFC 7208)  too many terms (4.6.4)");
}
static void
spf_bracket_alone(struct sample *s)
{
	spf_permerror(s);
	s->trace.checks.spf_mailfrom.why = MT_SPAN("(RFC 7208) (4.6.4)");
}
static void
spf_bracket_open(struct sample *s)
{
	spf_permerror(s);
	s->trace.checks.spf_mailfrom.why = MT_SPAN("a) \303\274\001 \"b\" (c \\(d) (f");
}
static void spf_skipped(struct sample *s) { s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_SKIPPED, .domain = MT_SPAN("a.example") }; }
static void spf_nothing(struct sample *s) { s->trace.checks.spf_mailfrom.result = MT_NONE; }
static void spf_odd(struct sample *s) { s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_FAIL, .domain = MT_SPAN("a\"b;c") }; }
static void auth(struct sample *s) { s->peer.auth = MT_SPAN("anna"); }
static void
dkim(struct sample *s)
{
	signatures[0] = (struct mt_signature){ .result = MT_PASS, .domain = MT_SPAN("a.example"), .selector = MT_SPAN("s1"),
		.algorithm = MT_SPAN("rsa-sha256"), .identity = MT_SPAN("@m.a.example"), .b = MT_SPAN("abcdefgh") };
	signatures[1] = (struct mt_signature){ .result = MT_FAIL, .domain = MT_SPAN("b.example"), .selector = MT_SPAN("s2"),
		.identity = MT_SPAN("\"x y\"@b.example"), .b = MT_SPAN("ab/d+f=="), .why = MT_SPAN("the body was changed") };
	signatures[2] = (struct mt_signature){ .result = MT_SKIPPED, .cause = MT_CAUSE_LIMIT, .domain = MT_SPAN("c.example") };
	s->trace.checks.nsignatures = 3;
}
static void dkim_none(struct sample *s) { s->trace.facts.fact[MT_FACT_DKIM].result = MT_NONE; }
static void dkim_softfail(struct sample *s) { signatures[0].result = MT_SOFTFAIL; s->trace.checks.nsignatures = 1; }
static void
arc(struct sample *s)
{
	s->trace.checks.arc = (struct mt_arc){ .result = MT_PASS, .oldest_pass = 2 };
	s->peer.ip = sample_ip("2001:db8::7");
}
static void arc_none(struct sample *s) { s->trace.checks.arc.result = MT_NONE; }
static void arc_fail(struct sample *s) { s->trace.checks.arc = (struct mt_arc){ .result = MT_FAIL, .why = MT_SPAN("seal 2 fails") }; }
static void arc_temperror(struct sample *s) { s->trace.checks.arc.result = MT_TEMPERROR; }
static void
dmarc(struct sample *s)
{
	s->trace.checks.dmarc = (struct mt_dmarc){ .result = MT_PASS, .domain = MT_SPAN("a.example"), .policy = "reject" };
}
static void dmarc_fail(struct sample *s) { dmarc(s); s->trace.checks.dmarc.result = MT_FAIL; }
static void
dmarc_permerror(struct sample *s)
{
	s->trace.checks.dmarc = (struct mt_dmarc){ .result = MT_PERMERROR, .why = MT_SPAN("there is no From field") };
}
static void
lists(struct sample *s)
{
	static const enum mt_result results[] = { MT_LISTED, MT_CLEAN, MT_TEMPERROR, MT_DEAD, MT_SKIPPED, MT_LISTED, MT_LISTED };

	codes[0] = sample_ip("127.0.5.1");
	codes[1] = sample_ip("127.0.9.2");
	for (unsigned i = 0; i < sizeof results / sizeof *results; i++)
		listings[i] = (struct mt_listing){ .zone = MT_SPAN("w.example"), .result = results[i], .allow = i != 5,
			.hop = i == 6 ? 2 : 0, .codes = codes, .ncodes = 1, .cause = i == 2 ? MT_CAUSE_TIMEOUT : MT_CAUSE_NONE };
	s->trace.checks.lists.count = sizeof results / sizeof *results;
}
static void two_codes(struct sample *s) { lists(s); listings[0].ncodes = 2; s->trace.checks.lists.count = 1; }

static const struct {
	const char *what;
	void (*change)(struct sample *s);
	const char *text;		/* behind ID */
} cases[] = {
	{ "SPF", spf, ";\n\tspf=pass smtp.mailfrom=a.example" },
	{ "SPF of both", spf_both, ";\n\tspf=pass smtp.mailfrom=a.example; spf=none smtp.helo=miho.example" },
	{ "SPF of a null sender", spf_null, ";\n\tspf=pass smtp.helo=miho.example" },
	{ "SPF permerror", spf_permerror,
	    ";\n\tspf=permerror reason=\"the term ?ip4:x? cannot be read,\"\n\tsmtp.mailfrom=a.example" },
	{ "brackets go with what is in them", spf_brackets,
	    ";\n\tspf=permerror reason=\"the include ends without a record, really\"\n\tsmtp.mailfrom=a.example" },
	{ "brackets at both ends", spf_bracket_first, ";\n\tspf=permerror reason=\"too many terms\" smtp.mailfrom=a.example" },
	{ "nothing but brackets", spf_bracket_alone, ";\n\tspf=permerror smtp.mailfrom=a.example" },
	{ "brackets that do not end", spf_bracket_open,
	    ";\n\tspf=permerror reason=\"a? ??? ?b? ?f\" smtp.mailfrom=a.example" },
	{ "SPF temperror", spf_temperror, ";\n\tspf=temperror reason=\"servfail\" smtp.mailfrom=a.example" },
	{ "SPF skipped", spf_skipped, "" },
	{ "SPF without a domain", spf_nothing, ";\n\tspf=none" },
	{ "SPF of what is no domain", spf_odd, ";\n\tspf=fail" },
	{ "authenticated", auth, ";\n\tauth=pass" },
	{ "DKIM", dkim, ";\n\tdkim=pass header.d=a.example header.i=@m.a.example header.s=s1\n\theader.a=rsa-sha256 header.b=abcdefgh;\n"
	    "\tdkim=fail reason=\"the body was changed\" header.d=b.example\n\theader.s=s2 header.b=\"ab/d+f==\"" },
	{ "DKIM, none", dkim_none, ";\n\tdkim=none" },
	{ "DKIM with a word of SPF", dkim_softfail, "" },
	{ "ARC", arc, NULL },
	{ "ARC, none", arc_none, ";\n\tarc=none" },
	{ "ARC, fail", arc_fail, ";\n\tarc=fail reason=\"seal 2 fails\" smtp.remote-ip=192.0.2.7" },
	{ "ARC has no word for it", arc_temperror, "" },
	{ "DMARC", dmarc, ";\n\tdmarc=pass header.from=a.example" },
	{ "DMARC, fail", dmarc_fail, ";\n\tdmarc=fail header.from=a.example policy.dmarc=reject" },
	{ "DMARC, permerror", dmarc_permerror, ";\n\tdmarc=permerror reason=\"there is no From field\"" },
	{ "lists", lists, ";\n\tdnswl=pass dns.zone=w.example policy.ip=127.0.5.1;\n\tdnswl=none dns.zone=w.example;\n"
	    "\tdnswl=temperror reason=\"timeout\" dns.zone=w.example;\n\tdnswl=permerror dns.zone=w.example" },
	{ "two codes of a list", two_codes, ";\n\tdnswl=pass dns.zone=w.example policy.ip=\"127.0.5.1,127.0.9.2\"" },
};

static void
exact_texts(struct sample *s)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char want[1024];
		struct mt_arena arena;
		struct mt_span got;

		mt_arena_init(&arena, 1024, 1 << 20);
		begin(s);
		cases[i].change(s);
		snprintf(want, sizeof want, "%s%s", ID, cases[i].text == NULL ? "" : cases[i].text);
		if (cases[i].text == NULL)
			snprintf(want, sizeof want, "mx.example.org;\n\tiprev=pass policy.iprev=\"2001:db8::7\";\n"
			    "\tarc=pass header.oldest-pass=2 smtp.remote-ip=\"2001:db8::7\"");
		got = mt_render_field(&s->trace, &arena, MT_HEADER_AUTHRES);
		if (!tap_ok(mt_span_equal(got, mt_span_text(want)), "%s", cases[i].what))
			tap_note("got %.*s", MT_SPAN_ARG(got));
		mt_arena_fini(&arena);
	}
}

/* All that there can be, of texts that a stranger wrote. */
static void
poison(struct sample *s, struct mt_span text)
{
	sample_poison(s, text);
	for (unsigned i = 0; i < 8; i++)
		signatures[i] = (struct mt_signature){ .result = (enum mt_result)(MT_NONE + i), .domain = text, .selector = text,
			.algorithm = text, .identity = text, .b = text, .why = text };
	for (unsigned i = 0; i < 32; i++)
		listings[i] = (struct mt_listing){ .zone = text, .result = MT_LISTED, .allow = true };
	s->trace.checks = (struct mt_checks){ .signatures = signatures, .nsignatures = 8, .lists = { .listing = listings, .count = 32 },
		.spf_mailfrom = { .result = MT_TEMPERROR, .domain = text, .why = text },
		.spf_helo = { .result = MT_PASS, .domain = text }, .arc = { .result = MT_FAIL, .why = text },
		.dmarc = { .result = MT_PERMERROR, .domain = text, .why = text } };
}

static bool
lines_within(struct mt_span text, size_t most)
{
	size_t line = sizeof "Authentication-Results: " - 1;

	for (size_t i = 0; i < text.len; i++) {
		line = text.ptr[i] == '\n' ? 0 : line + 1;
		if (line > most || (text.ptr[i] != '\n' && text.ptr[i] != '\t' && (text.ptr[i] < ' ' || text.ptr[i] > '~')))
			return false;
	}
	return true;
}

/* No text makes a result more or less, or unreadable. */
static void
hostile(struct sample *s)
{
	static char longest[254];

	for (size_t i = 0; i < sizeof longest - 1; i++)
		longest[i] = i % 60 == 59 ? '.' : 'x';
	for (size_t i = 0; i <= SAMPLE_HOSTILE; i++) {
		struct mt_span text = i == SAMPLE_HOSTILE ? mt_span_text(longest) : sample_hostile(i);
		struct mt_authres field;
		struct mt_arena arena;
		struct mt_span got;

		mt_arena_init(&arena, 1024, 4 << 20);
		poison(s, text);
		got = mt_render_field(&s->trace, &arena, MT_HEADER_AUTHRES);
		mt_authres_read(&field, &arena, got);
		tap_ok(got.ptr != NULL && lines_within(got, 990) && !field.broken && !field.cut && field.nresults >= 12 &&
		    mt_span_equal(field.authserv_id, MT_SPAN("mx.example.org")), "hostile %zu: %u results read back", i, field.nresults);
		mt_arena_fini(&arena);
	}
}

/* Whatever the bound of a line, and whatever the memory, the field keeps to it and can be read. */
static void
bounds(struct sample *s)
{
	bool good = true;

	for (size_t most = 1; most < 400; most++) {
		struct mt_authres field;
		struct mt_arena arena;
		struct mt_span got;

		mt_arena_init(&arena, 1024, 4 << 20);
		poison(s, MT_SPAN("mail.some-longer-domain.example"));
		s->settings.header_most = most;
		got = mt_render_field(&s->trace, &arena, MT_HEADER_AUTHRES);
		mt_authres_read(&field, &arena, got);
		good &= got.ptr == NULL || (lines_within(got, most) && !field.broken && (field.none || field.nresults > 0));
		good &= most < 200 || field.nresults >= 12;
		mt_arena_fini(&arena);
	}
	tap_ok(good, "lines of any length");
	for (size_t ceiling = 0; ceiling < 20000; ceiling += 100) {
		struct mt_authres field;
		struct mt_arena arena, other;
		struct mt_span got;

		mt_arena_init(&arena, 64, ceiling);
		mt_arena_init(&other, 64, 1 << 20);
		poison(s, MT_SPAN("mail.example"));
		got = mt_render_field(&s->trace, &arena, MT_HEADER_AUTHRES);
		mt_authres_read(&field, &other, got);
		good &= got.ptr == NULL || (!field.broken && (field.none || field.nresults > 0));
		mt_arena_fini(&arena);
		mt_arena_fini(&other);
	}
	tap_ok(good, "and any memory");
}

int
main(void)
{
	static struct sample sample;

	exact_texts(&sample);
	hostile(&sample);
	bounds(&sample);
	return tap_done();
}
