/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/spf_macro.h"

#include "tests/unit/tap.h"

#define SENDER "strong-bad@email.example.com"

/* The examples of RFC 7208, 7.4, and what lies at their edges; want NULL: no name. */
static const struct { const char *spec, *want; bool six; } names[] = {
	{ "%{s}", SENDER, false }, { "%{o}", "email.example.com", false }, { "%{d}", "email.example.com", false },
	{ "%{d4}", "email.example.com", false }, { "%{d3}", "email.example.com", false }, { "%{d2}", "example.com", false },
	{ "%{d1}", "com", false }, { "%{dr}", "com.example.email", false }, { "%{d2r}", "example.email", false },
	{ "%{l}", "strong-bad", false }, { "%{l-}", "strong.bad", false }, { "%{lr}", "strong-bad", false },
	{ "%{lr-}", "bad.strong", false }, { "%{l1r-}", "strong", false },
	{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com", false },
	{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", false },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", false },
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com", false },
	{ "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", false },
	{ "%{ir}.%{v}._spf.%{d2}", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com", true },
	{ "%{i}", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1", true }, { "%{i}", "192.0.2.3", false },
	{ "%{h}", "mail.example.net", false }, { "%{H}.x", "mail.example.net.x", false }, { "%{p}.x", "unknown.x", false },
	{ "%{L}.x", "strong-bad.x", false }, { "%{S}.x", "strong-bad%40email.example.com.x", false },
	{ "%{S2R}.x", "example.strong-bad%40email.x", false }, { "%{SR2}.x", NULL, false }, { "%{s2@}", NULL, false }, { "%{s1r-}.x", "strong.x", false },
	{ "%{d99999999999999999999r}.x", "com.example.email.x", false }, { "%{d10}.x", "email.example.com.x", false },
	{ "%%.x", "%.x", false }, { "a%_b.x", "a\\032b.x", false }, { "a%-b.x", "a%20b.x", false },
	{ "macro%%percent%_%_space%-url-space.x", "macro%percent\\032\\032space%20url-space.x", false },
	{ "a.example.", "a.example", false }, { "a..example", NULL, false }, { ".museum", NULL, false }, { "a\\032b.x", NULL, false },
	{ "%{l+-}.x", "strong.bad.x", false }, { "%{l2r+-}.x", "bad.strong.x", false }, { "%{l.}.x", "strong-bad.x", false },
	{ "%(d)", NULL, false }, { "%{d0}", NULL, false }, { "%{d", NULL, false }, { "%", NULL, false },
};

static void
fill(struct mt_spf_macros *macros, bool six)
{
	*macros = (struct mt_spf_macros){ .sender = MT_SPAN(SENDER), .local = { SENDER, 10 }, .of = MT_SPAN("email.example.com"),
	    .domain = MT_SPAN("email.example.com"), .helo = MT_SPAN("mail.example.net") };
	mt_ip_parse(&macros->client, six ? MT_SPAN("2001:db8::cb01") : MT_SPAN("192.0.2.3"));
}

static void
expansions(void)
{
	struct mt_spf_macros macros;
	char out[MT_NAME_TEXT];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bool is;

		fill(&macros, names[i].six);
		is = mt_spf_macro_name(out, &macros, mt_span_text(names[i].spec));
		tap_ok(is == (names[i].want != NULL) && (!is || strcmp(out, names[i].want) == 0), "%s: %s", names[i].spec, is ? out : "no name");
	}
	fill(&macros, false);
	macros.validated = MT_SPAN("mx.example.org");
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{p2}.x")) && strcmp(out, "example.org.x") == 0, "%%{p2}.x: %s", out);
}

/* 7.3: what does not fit loses whole labels on the left. */
static void
truncation(void)
{
	char big[600], out[MT_NAME_TEXT], long_local[70000];
	struct mt_spf_macros macros;
	struct mt_span spec = { big, 0 };

	fill(&macros, false);
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = i % 50 == 49 ? '.' : (char)('a' + i / 50);
	spec.len = 253;
	big[252] = 'z';
	tap_ok(mt_spf_macro_name(out, &macros, spec) && strlen(out) == 253, "253 bytes stay");
	spec.len = 254;
	big[253] = 'z';
	tap_ok(mt_spf_macro_name(out, &macros, spec) && strlen(out) == 204 && out[0] == 'b', "254 bytes lose a label");
	big[253] = '.';
	tap_ok(mt_spf_macro_name(out, &macros, spec) && strlen(out) == 253, "the final dot does not count");
	spec.len = sizeof big - 1;
	big[252] = 'f';
	big[253] = 'f';
	tap_ok(mt_spf_macro_name(out, &macros, spec) && strlen(out) == 249 && out[0] == 'h', "599 bytes: %zu are left", strlen(out));
	memset(big, 'x', 300);
	spec.len = 300;
	tap_ok(!mt_spf_macro_name(out, &macros, spec), "a label that does not fit is no name");
	memset(long_local, 'l', sizeof long_local);
	macros.local = (struct mt_span){ long_local, 400 };
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{l}.a.example")) && strcmp(out, "a.example") == 0, "a long local part goes: %s", out);
	macros.local.len = sizeof long_local;
	tap_ok(!mt_spf_macro_name(out, &macros, MT_SPAN("%{l}.a.example")), "work is bounded");
}

static void
hostile(void)
{
	struct mt_spf_macros macros;
	char out[MT_NAME_TEXT];

	fill(&macros, false);
	macros.helo = MT_SPAN("JUMPIN' JUPITER");
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{h}")) && strcmp(out, "JUMPIN'\\032JUPITER") == 0, "a space is \\032");
	macros.helo = MT_SPAN("a\001b");
	tap_ok(!mt_spf_macro_name(out, &macros, MT_SPAN("%{h}")), "a control byte is no part of a name");
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{H}.x")) && strcmp(out, "a%01b.x") == 0, "but can be escaped");
	macros.helo = MT_SPAN("\303\266");
	tap_ok(!mt_spf_macro_name(out, &macros, MT_SPAN("%{h}.x")), "nor is one over 126");
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{H}.x")) && strcmp(out, "%C3%B6.x") == 0, "escaped: %s", out);
	macros.helo = MT_SPAN("~jack&jill=up-a_b3.c");
	tap_ok(mt_spf_macro_name(out, &macros, MT_SPAN("%{H}")) && strcmp(out, "~jack%26jill%3Dup-a_b3.c") == 0,
	    "unreserved characters stay: %s", out);
	macros.helo = MT_ABSENT;
	tap_ok(!mt_spf_macro_name(out, &macros, MT_SPAN("%{hr}.x")), "an absent HELO is an empty label");
	macros.helo = MT_SPAN("a\\.b");
	tap_ok(!mt_spf_macro_name(out, &macros, MT_SPAN("%{h}.x")), "a backslash of theirs is no escape");
}

int
main(void)
{
	expansions();
	truncation();
	hostile();
	tap_ok(mt_spf_macro_plain(MT_SPAN("a.example")) && !mt_spf_macro_plain(MT_SPAN("%{d}")), "plain is without macros");
	tap_ok(mt_spf_macro_asks(MT_SPAN("a%{d}.%{P2r}")) && !mt_spf_macro_asks(MT_SPAN("%%{p}.%{l}p")), "only %%{p} asks");
	return tap_done();
}
