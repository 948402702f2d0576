/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/origin.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define DATE "; Sat, 21 Nov 2026 09:59:50 +0000"
#define MX "from mail.sender.net (mail.sender.net [194.0.0.7]) by mx.example.org (Postfix) with ESMTPS id 4A" DATE
#define MX_UNKNOWN "from mail.sender.net (unknown [194.0.0.7]) by mx.example.org (Postfix) with ESMTP id 4A" DATE
#define INNER "from edge.sample.com (edge.sample.com [196.0.0.5]) by mail.sender.net (Postfix) with ESMTP id 4E for <joe@example.org>" DATE
#define MX_AUTH "from laptop (unknown [195.0.0.3]) (Authenticated sender: joe) by mx.example.org (Postfix) with ESMTPSA id 4A" DATE
#define MX_PRIVATE "from laptop (unknown [10.9.9.9]) by mx.example.org (Postfix) with ESMTP id 4A" DATE
#define LINKED "from dsl.sample.com (dsl.sample.com [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B for <joe@example.org>" DATE
#define PLAUSIBLE "from dsl.sample.com (dsl.sample.com [195.0.0.3]) by in.sender.net (Postfix) with ESMTP id 4B for <joe@example.org>" DATE
#define UNLINKED "from dsl.sample.com (dsl.sample.com [195.0.0.3]) by in.other.net (Postfix) with ESMTP id 4B for <joe@example.org>" DATE
#define PRIVATE "from laptop (unknown [10.1.2.3]) by mail.sender.net (Postfix) with ESMTP id 4C for <joe@example.org>" DATE
#define SILENT "from laptop by dsl.sample.com with SMTP id 4D for <joe@example.org>" DATE
#define FORGED "from unknown (196.0.0.5) by q4.sample.com with NNFMP" DATE

static const struct {
	const char *name;
	const char *fields[PATH_FIELDS];	/* newest first */
	const char *proved, *claimed;
	unsigned claimed_hop, confidence;
	const char *reasons;		/* all of them, newest first, with '|' between */
} cases[] = {
	{ "nothing", { NULL }, "", "", 0, 0, "" },
	{ "one line of ours", { MX }, "194.0.0.7", "194.0.0.7", 1, 95,
	    "hop 1: the last line that can be believed saw this client (194.0.0.7)|hop 1: the oldest public client address (194.0.0.7)" },
	{ "linked", { MX, LINKED }, "194.0.0.7", "195.0.0.3", 1, 92,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 1: linked to hop 2, 97 %: the name of its writer is that of the newer line's client|"
	    "confidence: the boundary 95 %, hop 1 97 %: 92 %|hop 1: the oldest public client address (195.0.0.3)" },
	{ "plausible", { MX, PLAUSIBLE }, "194.0.0.7", "195.0.0.3", 1, 91,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 1: plausible to hop 2, 96 %: its writer and the newer line's client are of one organisation|"
	    "confidence: the boundary 95 %, hop 1 96 %: 91 %|hop 1: the oldest public client address (195.0.0.3)" },
	{ "unlinked", { MX, UNLINKED }, "194.0.0.7", "195.0.0.3", 1, 50,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 1: unlinked to hop 2, 82 %: nothing ties its writer to the newer line's client|"
	    "confidence: the boundary 95 %, hop 1 82 %: 77 %|"
	    "hop 1: 50 % at most: nothing that was verified ties it to the client of hop 2 (194.0.0.7), which may have invented it "
	    "and all below|hop 1: the oldest public client address (195.0.0.3)" },
	{ "linked by what the client called itself", { MX_UNKNOWN, LINKED }, "194.0.0.7", "195.0.0.3", 1, 50,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 1: plausible to hop 2, 96 %: the name of its writer is what the client called itself, which is not looked up|"
	    "confidence: the boundary 95 %, hop 1 96 %: 91 %|"
	    "hop 1: 50 % at most: nothing that was verified ties it to the client of hop 2 (194.0.0.7), which may have invented it "
	    "and all below|hop 1: the oldest public client address (195.0.0.3)" },
	{ "tied above a line within the server", { MX, INNER, UNLINKED }, "194.0.0.7", "195.0.0.3", 1, 75,
	    "hop 3: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 2: linked to hop 3, 97 %: the name of its writer is that of the newer line's client|"
	    "hop 1: unlinked to hop 2, 82 %: nothing ties its writer to the newer line's client|"
	    "confidence: the boundary 95 %, hop 2 97 %, hop 1 82 %: 75 %|hop 1: the oldest public client address (195.0.0.3)" },
	{ "a private address below", { MX, PRIVATE }, "194.0.0.7", "194.0.0.7", 2, 95,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|hop 2: the oldest public client address (194.0.0.7)|"
	    "hop 1: passed over: not a public address (10.1.2.3)" },
	{ "no address below", { MX, LINKED, SILENT }, "194.0.0.7", "195.0.0.3", 2, 92,
	    "hop 3: the last line that can be believed saw this client (194.0.0.7)|"
	    "hop 2: linked to hop 3, 97 %: the name of its writer is that of the newer line's client|"
	    "confidence: the boundary 95 %, hop 2 97 %: 92 %|hop 2: the oldest public client address (195.0.0.3)|"
	    "hop 1: passed over: tells no client address" },
	{ "forged below", { MX, FORGED }, "194.0.0.7", "194.0.0.7", 2, 95,
	    "hop 2: the last line that can be believed saw this client (194.0.0.7)|hop 2: the oldest public client address (194.0.0.7)|"
	    "hop 1: passed over: forged (196.0.0.5)" },
	{ "authenticated", { MX_AUTH }, "195.0.0.3", "195.0.0.3", 1, 95,
	    "hop 1: the last line that can be believed saw this client, who authenticated (195.0.0.3)|"
	    "hop 1: the oldest public client address (195.0.0.3)" },
	{ "only a private one", { MX_PRIVATE }, "10.9.9.9", "10.9.9.9", 1, 90,
	    "hop 1: the last line that can be believed saw this client (10.9.9.9)|hop 1: passed over: not a public address (10.9.9.9)" },
};

/* All reasons in one line. */
static void
join(char *out, size_t room, const struct mt_origin *origin)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < origin->nreasons && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%s", i > 0 ? "|" : "", origin->reasons[i]);
}

static void
test_cases(const struct mt_trust *trust)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char proved[MT_IP_TEXT], claimed[MT_IP_TEXT], reasons[2048];
		const struct mt_origin *origin;
		struct path p;

		path_build(&p, trust, cases[i].fields, NULL, NULL);
		origin = &p.trace.origin;
		join(reasons, sizeof reasons, origin);
		mt_ip_text(&origin->proved_ip, proved);
		mt_ip_text(&origin->claimed_ip, claimed);
		if (!tap_ok(strcmp(proved, cases[i].proved) == 0 && strcmp(claimed, cases[i].claimed) == 0 &&
		    origin->claimed_hop == cases[i].claimed_hop && origin->confidence == cases[i].confidence &&
		    strcmp(reasons, cases[i].reasons) == 0, "%s: proved '%s', claimed '%s', %u %%", cases[i].name, proved, claimed,
		    origin->confidence))
			tap_note("%s", reasons);
		path_close(&p);
	}
}

/* A field that claims an origin is told, and moves nothing. */
static void
test_claim(const struct mt_trust *trust)
{
	static const char *const fields[] = { MX, LINKED, NULL };
	const struct mt_origin *origin;
	struct path p;

	path_open(&p, trust, fields, NULL, NULL);
	p.trace.claims[p.trace.nclaims] = (struct mt_claim){ .name = "X-Originating-IP" };
	mt_ip_parse(&p.trace.claims[p.trace.nclaims++].ip, MT_SPAN("199.0.0.9"));
	mt_chain_build(&p.trace);
	origin = &p.trace.origin;
	tap_ok(origin->claimed_hop == 1 && origin->confidence == 92 && origin->nreasons == 5 &&
	    strncmp(origin->reasons[4], "X-Originating-IP says 199.0.0.9", 31) == 0, "a claim is the last reason: %s",
	    origin->reasons[4]);
	path_close(&p);
}

/* A long way: the links that are told are bounded, the confidence is not. */
static void
test_long(const struct mt_trust *trust)
{
	static const char *const fields[] = { MX, NULL };
	struct path p;
	struct mt_hop *hops;
	char reasons[8192];

	path_open(&p, trust, fields, NULL, NULL);
	hops = mt_arena_alloc(&p.trace.arena, 150 * sizeof *hops);
	for (size_t i = 0; i < 150; i++)
		mt_received_parse(&hops[i], &p.trace.arena, MT_SPAN(UNLINKED));
	hops[0] = p.trace.hops[0];
	p.trace.hops = hops;
	p.trace.nhops = 150;
	mt_chain_build(&p.trace);
	join(reasons, sizeof reasons, &p.trace.origin);
	tap_ok(p.trace.origin.claimed_hop == 1 && p.trace.origin.confidence == 0 && p.trace.origin.nreasons == 15 &&
	    strstr(reasons, "hop 138 82 %, 137 more: 0 %") != NULL, "149 links: %u reasons, %u %%", p.trace.origin.nreasons,
	    p.trace.origin.confidence);
	path_close(&p);
}

int
main(void)
{
	static const struct mt_net net = { { 4, { 193, 0, 0, 0 } }, 24 };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .networks = { &net, 1 } };

	test_cases(&trust);
	test_claim(&trust);
	test_long(&trust);
	return tap_done();
}
