/* SPDX-License-Identifier: BSD-2-Clause */
/* A header block, whatever it says, from its fields to the evidence: the first byte chooses
 * what is configured, the second the client that is connected. */
#include <stdlib.h>

#include "lib/core/chain.h"
#include "lib/core/claims.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/received.h"
#include "lib/core/trace.h"

#define NOW_MSEC INT64_C(1795255200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static struct mt_trust
configure(unsigned choice)
{
	static const struct mt_net nets[] = { { { 4, { 193, 0, 0, 0 } }, 24 }, { { 4, { 10, 0, 0, 0 } }, 8 } };
	static const struct mt_span names[] = { { "*.example.org", 13 } }, relays[] = { { "*.filter.net", 12 } },
	    sealers[] = { { "filter.net", 10 }, { "sender.net", 10 } };
	struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .inferred = (choice & 1) != 0 };

	if (choice & 2)
		trust.networks = (struct mt_nets){ nets, 2 };
	if (choice & 4)
		trust.names = (struct mt_patterns){ names, 1 };
	if (choice & 8) {
		trust.relays = (struct mt_patterns){ relays, 1 };
		trust.sealers = (struct mt_patterns){ sealers, 2 };
	}
	if (choice & 32)
		trust.submission = (struct mt_nets){ nets, 1 };
	if (choice & 16)
		trust.hops = choice >> 5;
	return trust;
}

static void
connect(struct mt_trace *trace, struct mt_ptr_name *name, unsigned choice)
{
	static const char *const clients[] = { "194.0.0.7", "193.0.0.25", "10.0.0.1", "172.17.0.1", "2001:db8::1", "127.0.0.1" };
	struct mt_hop *hop = &trace->hops[trace->nhops];

	if ((choice & 7) >= sizeof clients / sizeof *clients)
		return;
	trace->nhops++;
	hop->kind = MT_HOP_SMTP;
	hop->flags = 1u << MT_HOP_LIVE;
	hop->date = (struct mt_date){ true, true, 0, NOW_MSEC / 1000 };
	mt_ip_parse(&hop->from.ip, mt_span_text(clients[choice & 7]));
	if (!(choice & 8))
		return;
	*name = (struct mt_ptr_name){ .name = MT_SPAN("out1.filter.net"), .forward = MT_PASS };
	trace->peer->iprev = (struct mt_iprev){ .nnames = 1, .names = name };
}

/* What seals say: two sets, or one, that hold or do not. */
static void
seal(struct mt_trace *trace, struct mt_arc *arc, struct mt_arc_set sets[2], unsigned choice)
{
	static const char *const remotes[] = { "194.0.0.7", "196.0.0.5", "", "193.0.0.25" };

	if (!(choice & 16))
		return;
	for (unsigned i = 0; i < 2; i++) {
		sets[i] = (struct mt_arc_set){ .instance = i + 1, .sealer = i == 0 ? MT_SPAN("sender.net") : MT_SPAN("filter.net"),
			.authserv_id = MT_SPAN("mail.sender.net") };
		mt_ip_parse(&sets[i].remote_ip, mt_span_text(remotes[(choice >> 5 & 3) ^ i]));
	}
	*arc = (struct mt_arc){ .result = choice & 128 ? MT_FAIL : MT_PASS, .sets = sets, .nsets = 1 + (choice >> 3 & 1) };
	trace->arc = arc;
}

/* One field: "Name: value", or a Received field where no name of a claim is. */
static void
take(struct mt_trace *trace, struct mt_span field)
{
	const char *colon = field.len == 0 ? NULL : memchr(field.ptr, ':', field.len);

	if (colon != NULL && mt_span_starts(field, "x-")) {
		mt_claims_take(trace, mt_span_between(field.ptr, colon), mt_span_between(colon + 1, field.ptr + field.len));
		return;
	}
	if (mt_span_starts(field, "received:"))
		field = mt_span_between(field.ptr + 9, field.ptr + field.len);
	if (trace->nhops <= MT_CHAIN_FIELDS)
		mt_received_parse(&trace->hops[trace->nhops++], &trace->arena, mt_span_trim(field));
}

/* Fields end at a line end that no white space follows. */
static void
take_all(struct mt_trace *trace, struct mt_span block)
{
	size_t from = 0;

	for (size_t i = 0; i < block.len; i++) {
		if (block.ptr[i] != '\n' || (i + 1 < block.len && (block.ptr[i + 1] == ' ' || block.ptr[i + 1] == '\t')))
			continue;
		take(trace, mt_span_between(block.ptr + from, block.ptr + i));
		from = i + 1;
	}
	if (from < block.len)
		take(trace, mt_span_between(block.ptr + from, block.ptr + block.len));
}

/* Belief ends once; what is trusted is never forged; every hop says why. */
static void
check_hops(const struct mt_trace *trace)
{
	const struct mt_boundary *boundary = &trace->boundary;

	for (size_t i = 0; i < trace->nhops; i++) {
		const struct mt_hop *hop = &trace->hops[i];

		must(hop->n == i + 1 && hop->reason != NULL);
		must(hop->trusted == (hop->n >= boundary->hop));
		must(!(hop->trusted && hop->forged) && hop->forged == (hop->link == MT_LINK_CONTRADICTED));
		must((hop->link == MT_LINK_NONE) == (i + 1 == trace->nhops));
		must(hop->skew_sec == 0 || (hop->by.len > 0 && !mt_hop_has(hop, MT_HOP_LIVE)));
	}
	must(boundary->reason != NULL && boundary->hop <= trace->nhops && (boundary->hop == 0) == (trace->nhops == 0));
}

static void
check_origin(const struct mt_trace *trace)
{
	const struct mt_origin *origin = &trace->origin;

	must(origin->confidence <= 100 && origin->claimed_hop <= trace->nhops && origin->proved_hop <= trace->nhops);
	must((origin->claimed_hop == 0) == (origin->claimed_ip.family == 0));
	must(origin->claimed_hop == 0 || !trace->hops[origin->claimed_hop - 1].forged);
	for (unsigned i = 0; i < origin->nreasons; i++)
		must(origin->reasons[i] != NULL && origin->reasons[i][0] != '\0');
}

static void
check_evidence(const struct mt_trace *trace)
{
	must(trace->nevidence <= MT_EVIDENCE_MOST && trace->nclaims <= MT_TRACE_CLAIMS);
	for (size_t i = 0; i < trace->nevidence; i++) {
		const struct mt_evidence *evidence = &trace->evidence[i];

		must(evidence->code != NULL && evidence->hop <= trace->nhops);
		must(i == 0 || evidence->strength <= trace->evidence[i - 1].strength);
		for (size_t b = 0; b < evidence->text.len; b++)
			must(evidence->text.ptr[b] >= ' ' && evidence->text.ptr[b] <= '~');
	}
}

static void
run(const uint8_t *data, size_t size, size_t ceiling)
{
	static struct mt_hop hops[MT_CHAIN_FIELDS + 1];
	struct mt_trust trust = configure(size > 0 ? data[0] : 0);
	struct mt_trace_settings settings = { .trust = &trust };
	struct mt_ptr_name name;
	struct mt_peer peer = { 0 };
	struct mt_arc arc;
	struct mt_arc_set sets[2];
	static struct mt_trace trace;

	memset(hops, 0, (trace.nhops < MT_CHAIN_FIELDS ? trace.nhops + 1 : trace.nhops) * sizeof *hops);	/* of last time */
	trace = (struct mt_trace){ .settings = &settings, .peer = &peer, .hops = hops, .received_msec = NOW_MSEC };
	mt_arena_init(&trace.arena, 4096, ceiling);
	connect(&trace, &name, size > 1 ? data[1] : 7);
	seal(&trace, &arc, sets, size > 1 ? data[1] : 0);
	if (size > 2)
		take_all(&trace, (struct mt_span){ (const char *)data + 2, size - 2 });
	mt_chain_build(&trace);
	mt_evidence_find(&trace);
	check_hops(&trace);
	check_origin(&trace);
	if (!trace.arena.full)
		check_evidence(&trace);
	mt_chain_build(&trace);		/* again: the same, and no crash */
	check_hops(&trace);
	mt_arena_fini(&trace.arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* With room for everything; every fourth length with room for little. */
	run(data, size, size % 4 == 3 ? 8192 : MT_TRACE_CEILING);
	return 0;
}
