/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows in which order the questions about the path are asked, and the word for their sum.
 * What a line by itself says is received.c's; where belief ends, how lines hang together,
 * what their clocks say and which are invented, each has a file of its own. */
#include "lib/core/chain.h"

#include "lib/core/boundary.h"
#include "lib/core/clock.h"
#include "lib/core/forgery.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/origin.h"
#include "lib/core/trace.h"

/* Fields came newest first; from now on the oldest is first. */
static void
order(struct mt_trace *trace)
{
	if (trace->nhops == 0 || trace->hops[0].n != 0)
		return;
	for (size_t i = 0, j = trace->nhops - 1; i < j; i++, j--) {
		struct mt_hop hop = trace->hops[i];

		trace->hops[i] = trace->hops[j];
		trace->hops[j] = hop;
	}
	for (size_t i = 0; i < trace->nhops; i++)
		trace->hops[i].n = (unsigned)i + 1;
}

static enum mt_result
judge(const struct mt_trace *trace)
{
	enum mt_result result = MT_PASS;
	size_t fields = 0;

	for (size_t i = 0; i < trace->nhops; i++) {
		const struct mt_hop *hop = &trace->hops[i];

		fields += !mt_hop_has(hop, MT_HOP_LIVE);
		if (hop->forged)
			return MT_FORGED;
		if (mt_hop_has(hop, MT_HOP_FUTURE))
			result = MT_FUTURE;
		else if (result == MT_PASS && (hop->kind == MT_HOP_UNPARSED || mt_hop_has(hop, MT_HOP_BACKWARDS)))
			result = MT_ODD;
	}
	if (trace->truncated)
		return MT_TRUNCATED;
	return fields == 0 ? MT_NONE : result;
}

void
mt_chain_build(struct mt_trace *trace)
{
	order(trace);
	mt_clock_find(trace);
	mt_boundary_find(trace);
	mt_links_find(trace);
	mt_forgery_find(trace);
	mt_origin_find(trace);
	trace->facts.fact[MT_FACT_CHAIN].result = judge(trace);
}
