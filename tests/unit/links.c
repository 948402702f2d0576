/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/links.h"

#include "lib/core/hop.h"
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

/* A name that the client gave and that its line bears, "mail.example.net", by what is known of it. */
#define NO_PTR { NULL, 0 }
static const struct {
	const char *name;
	struct mt_span by, ptr;		/* ptr: a name that leads back to the client */
	enum mt_result helo;
	bool live, believed;		/* the newer line is the connection; is believed */
	uint32_t flags;
	const char *dialect;
	enum mt_link link;
	bool verified;
	const char *why;
} given[] = {
	{ "it leads to the client", S("mail.example.net"), NO_PTR, MT_PASS, true, true, 0, NULL, MT_LINK_LINKED, true, "newer line's client" },
	{ "it is one of the client's names", S("mail.example.net"), S("mail.example.net"), MT_TEMPERROR, true, true, 0, NULL,
	    MT_LINK_LINKED, true, "newer line's client" },
	{ "of the organisation of one", S("mail.example.net"), S("dsl.example.net"), MT_MISMATCH, true, true, 0, NULL,
	    MT_LINK_PLAUSIBLE, true, "of one organisation" },
	{ "it leads elsewhere", S("mail.example.net"), S("dsl.example.com"), MT_MISMATCH, true, true, 0, NULL, MT_LINK_UNLINKED,
	    false, "another's" },
	{ "it is ours", S("mail.example.net"), NO_PTR, MT_OURS, true, true, 0, NULL, MT_LINK_UNLINKED, false, "another's" },
	{ "it is another address", S("mail.example.net"), NO_PTR, MT_LITERAL_MISMATCH, true, true, 0, NULL, MT_LINK_UNLINKED, false,
	    "another's" },
	{ "it does not exist", S("mail.example.net"), NO_PTR, MT_UNRESOLVABLE, true, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "leads nowhere" },
	{ "another one was given before", S("mail.example.net"), NO_PTR, MT_CHANGED, true, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "leads nowhere" },
	{ "nobody answers now", S("mail.example.net"), NO_PTR, MT_TEMPERROR, true, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "not looked up" },
	{ "nobody was asked", S("mail.example.net"), NO_PTR, MT_SKIPPED, true, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "not looked up" },
	{ "no answer yet", S("mail.example.net"), NO_PTR, MT_UNKNOWN, true, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "not looked up" },
	{ "its house leads to the client", S("in.example.net"), NO_PTR, MT_PASS, true, true, 0, NULL, MT_LINK_PLAUSIBLE, true,
	    "of one organisation" },
	{ "its house leads elsewhere", S("in.example.net"), NO_PTR, MT_MISMATCH, true, true, 0, NULL, MT_LINK_UNLINKED, false,
	    "nothing shows" },
	{ "in a line that is believed", S("mail.example.net"), NO_PTR, MT_UNKNOWN, false, true, 0, NULL, MT_LINK_PLAUSIBLE, false,
	    "not looked up" },
	{ "in a line that is a claim", S("mail.example.net"), NO_PTR, MT_UNKNOWN, false, false, 0, NULL, MT_LINK_LINKED, false,
	    "called itself" },
	{ "with the name that was found", S("mail.example.net"), S("mail.example.net"), MT_UNKNOWN, false, true, 0, NULL,
	    MT_LINK_LINKED, true, "newer line's client" },
	{ "which may be forged", S("mail.example.net"), S("mail.example.net"), MT_UNKNOWN, false, true, 1u << MT_HOP_MAY_BE_FORGED,
	    NULL, MT_LINK_LINKED, false, "newer line's client" },
	{ "which qmail took as it was", S("mail.example.net"), S("mail.example.net"), MT_UNKNOWN, false, true, 0, "qmail",
	    MT_LINK_LINKED, false, "newer line's client" },
	{ "by the client's address", S("[194.0.0.7]"), NO_PTR, MT_MISMATCH, true, true, 0, NULL, MT_LINK_LINKED, true, "address" },
};

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "a.example.net", "b.example.net", true }, { "example.net", "EXAMPLE.NET.", true }, { "a.example.net", "a.example.com", false },
	{ "a.ac.jp", "b.ac.jp", false }, { "x.a.ac.jp", "y.a.ac.jp", true }, { "net", "net", false }, { "", "", false },
	{ "a..b", "a..b", true }, { "...", "...", true },
};

static void
test_given(void)
{
	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		struct mt_ptr_name ptr = { .name = given[i].ptr, .asked = true, .answered = true, .forward = MT_PASS };
		struct mt_peer peer = { .helo.fact.result = given[i].helo,
			.iprev = { .nnames = given[i].live && given[i].ptr.len > 0, .names = &ptr } };
		struct mt_hop hops[2] = { { .kind = MT_HOP_SMTP, .by = given[i].by },
			{ .kind = MT_HOP_SMTP, .trusted = given[i].believed, .flags = given[i].flags, .dialect = given[i].dialect,
			    .from.helo = S("mail.example.net") } };
		const char *why = "";
		enum mt_link link;
		bool verified;

		if (given[i].live)
			mt_hop_set(&hops[1], MT_HOP_LIVE);
		hops[1].from.rdns = given[i].ptr;
		mt_ip_parse(&hops[1].from.ip, mt_span_text("194.0.0.7"));
		link = mt_links_grade(&hops[0], &hops[1], &peer, &why);
		verified = mt_links_verified(&hops[0], &hops[1], &peer);
		tap_ok(link == given[i].link && verified == given[i].verified && strstr(why, given[i].why) != NULL,
		    "the name that was given: %s: %s, %s, %s", given[i].name, mt_link_word(link), verified ? "verified" : "not verified",
		    why);
	}
}

int
main(void)
{
	test_given();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_hop hops[2] = { { .kind = cases[i].kind, .by = cases[i].by, .trusted = cases[i].trusted },
			{ .kind = MT_HOP_SMTP, .from = { .helo = cases[i].helo, .rdns = cases[i].rdns } } };
		struct mt_trace trace = { .hops = hops, .nhops = 2 };
		const char *why = "";
		enum mt_link link;

		mt_ip_parse(&hops[0].by_ip, mt_span_text(cases[i].by_ip));
		mt_ip_parse(&hops[1].from.ip, mt_span_text(cases[i].ip));
		link = mt_links_grade(&hops[0], &hops[1], NULL, &why);
		mt_links_find(&trace);
		tap_ok(link == cases[i].link && strstr(why, cases[i].why) != NULL && hops[0].link == link &&
		    hops[1].link == MT_LINK_NONE, "%s: %s, %s", cases[i].name, mt_link_word(link), why);
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		tap_ok(mt_links_same_organisation(mt_span_text(pairs[i].a), mt_span_text(pairs[i].b)) == pairs[i].same,
		    "'%s' and '%s' are %sof one organisation", pairs[i].a, pairs[i].b, pairs[i].same ? "" : "not ");
	return tap_done();
}
