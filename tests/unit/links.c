/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/links.h"

#include "lib/core/trace.h"
#include "tests/unit/tap.h"

#define S(text) { text, sizeof(text) - 1 }

static const struct {
	const char *name;
	struct mt_span by;		/* of the older line */
	const char *by_ip;
	bool trusted;
	enum mt_hop_kind kind;
	struct mt_span helo, rdns;	/* of the newer line's client */
	const char *ip;
	enum mt_link link;
	const char *why;
} cases[] = {
	{ "inside the boundary", S("a.example.net"), "", true, MT_HOP_SMTP, S("b.example.com"), S("c.example.edu"), "194.0.0.7",
	    MT_LINK_PROVED, "inside" },
	{ "by an address", S("[194.0.0.7]"), "", false, MT_HOP_SMTP, S("x"), { NULL, 0 }, "194.0.0.7", MT_LINK_LINKED, "address" },
	{ "with an address beside the name", S("a.example.net"), "194.0.0.7", false, MT_HOP_SMTP, S("x"), { NULL, 0 }, "194.0.0.7",
	    MT_LINK_LINKED, "address" },
	{ "by the name that was found", S("Mail.Example.net"), "", false, MT_HOP_SMTP, S("x"), S("mail.example.net."), "194.0.0.7",
	    MT_LINK_LINKED, "name of its writer is that" },
	{ "by the name that was said", S("mail.example.net"), "", false, MT_HOP_SMTP, S("mail.example.net"), S("dsl.example.com"),
	    "194.0.0.7", MT_LINK_LINKED, "called itself" },
	{ "one organisation", S("in.example.net"), "", false, MT_HOP_SMTP, S("x"), S("out.example.net"), "194.0.0.7",
	    MT_LINK_PLAUSIBLE, "organisation" },
	{ "one organisation below co.uk", S("in.example.co.uk"), "", false, MT_HOP_SMTP, S("x"), S("out.example.co.uk"), "194.0.0.7",
	    MT_LINK_PLAUSIBLE, "organisation" },
	{ "two below co.uk", S("in.example.co.uk"), "", false, MT_HOP_SMTP, S("x"), S("out.sample.co.uk"), "194.0.0.7",
	    MT_LINK_UNLINKED, "nothing" },
	{ "local hand-over", S("in.example.net"), "", false, MT_HOP_LOCAL, S("x"), S("y.example.com"), "194.0.0.7",
	    MT_LINK_PLAUSIBLE, "not about a network client" },
	{ "private client", S("in.example.net"), "", false, MT_HOP_SMTP, S("x"), { NULL, 0 }, "10.0.0.1", MT_LINK_PLAUSIBLE,
	    "private" },
	{ "nothing in common", S("in.example.net"), "", false, MT_HOP_SMTP, S("out.example.com"), S("dsl.example.edu"), "194.0.0.7",
	    MT_LINK_UNLINKED, "nothing" },
	{ "single labels are no organisation", S("mx"), "", false, MT_HOP_SMTP, S("smtp"), S("mail"), "194.0.0.7", MT_LINK_UNLINKED,
	    "nothing" },
	{ "no names at all", { NULL, 0 }, "", false, MT_HOP_SMTP, { NULL, 0 }, { NULL, 0 }, "194.0.0.7", MT_LINK_UNLINKED, "nothing" },
};

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "a.example.net", "b.example.net", true }, { "example.net", "EXAMPLE.NET.", true }, { "a.example.net", "a.example.com", false },
	{ "a.ac.jp", "b.ac.jp", false }, { "x.a.ac.jp", "y.a.ac.jp", true }, { "net", "net", false }, { "", "", false },
	{ "a..b", "a..b", true }, { "...", "...", true },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_hop hops[2] = { { .kind = cases[i].kind, .by = cases[i].by, .trusted = cases[i].trusted },
			{ .kind = MT_HOP_SMTP, .from = { .helo = cases[i].helo, .rdns = cases[i].rdns } } };
		struct mt_trace trace = { .hops = hops, .nhops = 2 };
		const char *why = "";
		enum mt_link link;

		mt_ip_parse(&hops[0].by_ip, mt_span_text(cases[i].by_ip));
		mt_ip_parse(&hops[1].from.ip, mt_span_text(cases[i].ip));
		link = mt_links_grade(&hops[0], &hops[1], &why);
		mt_links_find(&trace);
		tap_ok(link == cases[i].link && strstr(why, cases[i].why) != NULL && hops[0].link == link &&
		    hops[1].link == MT_LINK_NONE, "%s: %s, %s", cases[i].name, mt_link_word(link), why);
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		tap_ok(mt_links_same_organisation(mt_span_text(pairs[i].a), mt_span_text(pairs[i].b)) == pairs[i].same,
		    "'%s' and '%s' are %sof one organisation", pairs[i].a, pairs[i].b, pairs[i].same ? "" : "not ");
	return tap_done();
}
