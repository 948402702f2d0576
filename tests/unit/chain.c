/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/chain.h"

#include "lib/core/received.h"
#include "lib/core/trace.h"
#include "tests/unit/tap.h"

#define NOW INT64_C(1795255200)		/* 2026-11-21 10:00:00 UTC */

#define OURS "from edge.example.org (edge.example.org [193.0.0.25]) by store.example.org (Postfix) with ESMTP id A1; Sat, 21 Nov 2026 09:59:59 +0000"
#define EDGE "from mail.example.net (mail.example.net [194.0.0.7]) by edge.example.org (Postfix) with ESMTPS id A2; Sat, 21 Nov 2026 09:59:58 +0000"
#define NET "from laptop (unknown [10.1.2.3]) by mail.example.net (Postfix) with ESMTPSA id A3; Sat, 21 Nov 2026 09:59:57 +0000"
#define NET_PUBLIC "from dsl.example.com (dsl.example.com [195.0.0.3]) by mail.example.net (Postfix) with ESMTPSA id A3; Sat, 21 Nov 2026 09:59:57 +0000"
#define LOCAL "by store.example.org (Postfix, from userid 1000) id A4; Sat, 21 Nov 2026 09:59:59 +0000"
#define STRANGE "from x.example.com (x.example.com [196.0.0.1]) by y.example.edu (Postfix) with ESMTP id A5; Sat, 21 Nov 2026 09:59:50 +0000"
#define FUTURE "from x.example.com (x.example.com [196.0.0.1]) by y.example.edu (Postfix) with ESMTP id A6; Sat, 21 Nov 2026 12:00:00 +0000"
#define LATE "from x.example.com (x.example.com [196.0.0.1]) by mail.example.net (Postfix) with ESMTP id A7; Sat, 21 Nov 2026 10:05:30 +0000"

static const struct {
	const char *name;
	const char *fields[4];		/* newest first */
	const char *live;		/* client address, or NULL */
	bool inferred;
	unsigned boundary;
	const char *proved, *claimed;
	unsigned trusted;
	enum mt_result chain;
} cases[] = {
	{ "no field, no client", { NULL }, NULL, true, 0, "", "", 0, MT_NONE },
	{ "only the client", { NULL }, "194.0.0.7", true, 1, "194.0.0.7", "194.0.0.7", 1, MT_NONE },
	{ "saved, our own relay configured", { OURS, EDGE, NET }, NULL, false, 2, "194.0.0.7", "194.0.0.7", 2, MT_PASS },
	{ "saved, nothing configured", { OURS, EDGE, NET }, NULL, true, 3, "193.0.0.25", "194.0.0.7", 1, MT_PASS },
	{ "live client is our own relay", { EDGE, NET }, "193.0.0.25", false, 2, "194.0.0.7", "194.0.0.7", 2, MT_PASS },
	{ "live client is a stranger", { EDGE, NET }, "197.0.0.1", false, 3, "197.0.0.1", "194.0.0.7", 1, MT_PASS },
	{ "below a private client that is connected", { NET_PUBLIC, STRANGE }, "10.0.0.1", true, 3, "10.0.0.1", "196.0.0.1", 1, MT_PASS },
	{ "a private client is no relay of ours once relays are named", { NET_PUBLIC }, "10.0.0.1", false, 2, "10.0.0.1",
	    "195.0.0.3", 1, MT_PASS },
	{ "handed over on the same machine", { LOCAL, EDGE }, NULL, false, 1, "194.0.0.7", "194.0.0.7", 2, MT_PASS },
	{ "public below private", { EDGE, NET_PUBLIC }, NULL, false, 2, "194.0.0.7", "195.0.0.3", 1, MT_PASS },
	{ "a date in the future", { EDGE, FUTURE }, NULL, false, 2, "194.0.0.7", "196.0.0.1", 1, MT_FUTURE },
	{ "dated after the hop above", { EDGE, LATE }, NULL, false, 2, "194.0.0.7", "196.0.0.1", 1, MT_ODD },
	{ "newest field unreadable", { "\001\002", EDGE }, NULL, false, 1, "194.0.0.7", "194.0.0.7", 2, MT_ODD },
};

static void
build(struct mt_trace *trace, struct mt_trace_settings *settings, struct mt_peer *peer, const char *const *fields, const char *live)
{
	*trace = (struct mt_trace){ .settings = settings, .peer = peer, .received_msec = NOW * 1000 };
	mt_arena_init(&trace->arena, 4096, MT_TRACE_CEILING);
	trace->hops = mt_arena_alloc(&trace->arena, 5 * sizeof *trace->hops);
	if (live != NULL) {
		struct mt_hop *hop = &trace->hops[trace->nhops++];

		hop->kind = MT_HOP_SMTP;
		hop->flags = 1u << MT_HOP_LIVE;
		mt_ip_parse(&hop->from.ip, mt_span_text(live));
	}
	for (size_t i = 0; i < 4 && fields[i] != NULL; i++)
		mt_received_parse(&trace->hops[trace->nhops++], &trace->arena, mt_span_text(fields[i]));
	mt_chain_build(trace);
}

static void
test_links(struct mt_trace_settings *settings, struct mt_peer *peer)
{
	static const char *const fields[4] = { EDGE, NET_PUBLIC, STRANGE };
	struct mt_trace trace;

	build(&trace, settings, peer, fields, NULL);
	tap_ok(trace.hops[2].link == MT_LINK_NONE && trace.hops[2].n == 3, "the newest hop hangs on nothing");
	tap_ok(trace.hops[1].link == MT_LINK_LINKED, "by and from name each other: linked");
	tap_ok(trace.hops[0].link == MT_LINK_UNLINKED, "nothing in common: unlinked");
	tap_ok(trace.hops[2].has_delay && trace.hops[2].delay_sec == 1 && trace.hops[1].delay_sec == 7, "delays");
	tap_ok(!trace.hops[0].has_delay, "the oldest hop has no delay");
	tap_ok(trace.origin.confidence > 0 && trace.origin.confidence < 90 && trace.origin.nreasons > 0, "confidence %u of the claimed origin, with reasons",
	    trace.origin.confidence);
	mt_arena_fini(&trace.arena);
}

int
main(void)
{
	static const struct mt_net net = { { 4, { 193, 0, 0, 0 } }, 24 };
	struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .networks = { &net, 1 } };
	struct mt_trace_settings settings = { .trust = &trust };
	struct mt_peer peer = { 0 };
	char proved[MT_IP_TEXT], claimed[MT_IP_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_trace trace;
		unsigned trusted = 0;

		trust.inferred = cases[i].inferred;
		trust.networks.count = cases[i].inferred ? 0 : 1;
		build(&trace, &settings, &peer, cases[i].fields, cases[i].live);
		for (size_t h = 0; h < trace.nhops; h++)
			trusted += trace.hops[h].trusted;
		mt_ip_text(&trace.origin.proved_ip, proved);
		mt_ip_text(&trace.origin.claimed_ip, claimed);
		tap_ok(trace.boundary.hop == cases[i].boundary && strcmp(proved, cases[i].proved) == 0 &&
		    strcmp(claimed, cases[i].claimed) == 0 && trusted == cases[i].trusted &&
		    trace.facts.fact[MT_FACT_CHAIN].result == cases[i].chain,
		    "%s: boundary %u, proved '%s', claimed '%s', %u trusted, chain %s", cases[i].name, trace.boundary.hop, proved,
		    claimed, trusted, mt_result_word(trace.facts.fact[MT_FACT_CHAIN].result));
		mt_arena_fini(&trace.arena);
	}
	trust.inferred = false;
	trust.networks.count = 1;
	test_links(&settings, &peer);
	trust.hops = 2;
	{
		static const char *const fields[4] = { STRANGE, EDGE, NET_PUBLIC };
		struct mt_trace trace;

		build(&trace, &settings, &peer, fields, NULL);
		tap_ok(trace.boundary.hop == 2 && trace.hops[1].trusted && !trace.hops[0].trusted, "a number of hops is the boundary");
		mt_arena_fini(&trace.arena);
	}
	return tap_done();
}
