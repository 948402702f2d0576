/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what dates say against each other.  A host whose clock is wrong by a constant
 * offset receives too late and sends on too early, or the other way, by the same amount:
 * so each time that a message passes through it, the offset lies between minus the delay
 * to the next host and the delay from the host before (no message arrives before it was
 * sent).  All its passages must agree, or the clock explains nothing.
 */
#include "lib/core/clock.h"

#include "lib/base/name.h"
#include "lib/core/chain.h"
#include "lib/core/hop.h"
#include "lib/core/trace.h"

#define FUTURE_SEC 600			/* a clock may be ten minutes off */
#define BACKWARDS_SEC 300		/* and two clocks five against each other */

/* The hops that have a date, oldest first. */
struct dated {
	struct mt_hop *hop[MT_CHAIN_FIELDS + 1];
	size_t count;
};

/* What is known of a host's offset; both ends must be found before it means anything. */
struct bounds {
	int64_t least, most;
	bool has_least, has_most;
};

static void
collect(struct mt_trace *trace, struct dated *dated)
{
	dated->count = 0;
	for (size_t i = 0; i < trace->nhops && dated->count <= MT_CHAIN_FIELDS; i++) {
		trace->hops[i].skew_sec = 0;
		if (trace->hops[i].date.known)
			dated->hop[dated->count++] = &trace->hops[i];
	}
}

static void
find_delays(const struct dated *dated)
{
	for (size_t i = 1; i < dated->count; i++) {
		dated->hop[i]->has_delay = true;
		dated->hop[i]->delay_sec = dated->hop[i]->date.unix_sec - dated->hop[i - 1]->date.unix_sec;
	}
}

/* Our own clock is what the others are measured against. */
static bool
same_host(const struct mt_hop *a, const struct mt_hop *b)
{
	return a->by.len > 0 && !mt_hop_has(a, MT_HOP_LIVE) && !mt_hop_has(b, MT_HOP_LIVE) &&
	    mt_name_same(a->by, b->by);
}

/* One passage: the hops first..last were written by one host.  Between two passages of
 * another host it says nothing: its clock and that host's explain the dates equally well. */
static void
narrow(struct bounds *bounds, const struct dated *dated, size_t first, size_t last)
{
	if (first > 0 && last + 1 < dated->count && same_host(dated->hop[first - 1], dated->hop[last + 1]))
		return;
	if (first > 0) {
		int64_t in = dated->hop[first]->delay_sec;

		if (!bounds->has_most || in < bounds->most)
			bounds->most = in;
		bounds->has_most = true;
	}
	if (last + 1 < dated->count) {
		int64_t out = -dated->hop[last + 1]->delay_sec;

		if (!bounds->has_least || out > bounds->least)
			bounds->least = out;
		bounds->has_least = true;
	}
}

/* The smallest offset that explains all passages of the host of hop i, or 0. */
static int64_t
offset(const struct dated *dated, size_t i)
{
	struct bounds bounds = { 0 };
	const struct mt_hop *host = dated->hop[i];

	for (size_t first = 0; first < dated->count; first++) {
		size_t last = first;

		if (!same_host(host, dated->hop[first]))
			continue;
		while (last + 1 < dated->count && same_host(host, dated->hop[last + 1]))
			last++;
		narrow(&bounds, dated, first, last);
		first = last;
	}
	if (!bounds.has_least || !bounds.has_most || bounds.least > bounds.most + BACKWARDS_SEC)
		return 0;
	if (bounds.least > BACKWARDS_SEC)
		return bounds.least;
	return bounds.most < -BACKWARDS_SEC ? bounds.most : 0;
}

/* Only time that runs backwards on one side of a host asks for an explanation. */
static bool
suspect(const struct dated *dated, size_t i)
{
	return (i > 0 && dated->hop[i]->delay_sec < -BACKWARDS_SEC) ||
	    (i + 1 < dated->count && dated->hop[i + 1]->delay_sec < -BACKWARDS_SEC);
}

/* At most 201 hops against each other, and those only for hosts that are suspect. */
static void
find_skews(const struct dated *dated)
{
	for (size_t i = 0; i < dated->count; i++) {
		int64_t skew = suspect(dated, i) && dated->hop[i]->skew_sec == 0 ? offset(dated, i) : 0;

		for (size_t j = 0; skew != 0 && j < dated->count; j++)
			if (same_host(dated->hop[i], dated->hop[j]))
				dated->hop[j]->skew_sec = skew;
	}
}

void
mt_clock_find(struct mt_trace *trace)
{
	int64_t now_sec = trace->received_msec / 1000;
	struct dated dated;

	collect(trace, &dated);
	find_delays(&dated);
	find_skews(&dated);
	for (size_t i = 0; i < dated.count; i++) {
		struct mt_hop *hop = dated.hop[i];

		if (hop->date.unix_sec > now_sec + FUTURE_SEC)
			mt_hop_set(hop, MT_HOP_FUTURE);
		if (i > 0 && mt_hop_sec(hop) - mt_hop_sec(dated.hop[i - 1]) < -BACKWARDS_SEC)
			mt_hop_set(dated.hop[i - 1], MT_HOP_BACKWARDS);
	}
}
