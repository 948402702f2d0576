/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows two answers and never mixes them: the address that the last believed line saw is
 * proved; the oldest public one that is not forged is claimed.  The way between them is
 * as good as the product of its links, which the reasons show one by one.
 */
#include "lib/core/origin.h"

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/trace.h"

#define REASONS 40
#define LINKS_TOLD 12			/* each with its reason; more are counted */
#define PASSED_TOLD 8
#define BELIEVED_PERCENT 95		/* a boundary may be configured wrongly */

#define INVENTED_PERCENT 50		/* at most, of what its client may have invented as a whole */

/*
 * What each link keeps, in percent: the least share of true lines that 49 labelled real
 * messages allow at 95 % confidence (with n of n true, 1 - 3/n).  True were: linked 113 of
 * 113, plausible 74 of 74, unlinked 17 of 17, contradicted 0 of 16.
 * That says nothing of a sender who chooses the name that he gives and the lines below: where
 * nothing verified ties them to him, INVENTED_PERCENT is all that is left.
 */
static const unsigned keep[MT_LINKS] = { [MT_LINK_NONE] = 100, [MT_LINK_PROVED] = 100, [MT_LINK_LINKED] = 97,
	[MT_LINK_PLAUSIBLE] = 96, [MT_LINK_UNLINKED] = 82, [MT_LINK_CONTRADICTED] = 18 };

struct reasons {
	struct mt_trace *trace;
	const char **text;
};

static void
tell(struct reasons *r, const struct mt_buf *buf)
{
	struct mt_span text = mt_buf_span(buf);

	if (r->trace->origin.nreasons < REASONS && text.len > 0)
		r->text[r->trace->origin.nreasons++] = text.ptr;
}

static void
tell_hop(struct reasons *r, const char *sentence, unsigned hop, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];
	struct mt_buf buf;

	mt_buf_init(&buf, &r->trace->arena, 0);
	mt_buf_format(&buf, "hop %u: %s", hop, sentence);
	if (ip != NULL && ip->family != 0)
		mt_buf_format(&buf, " (%s)", mt_ip_text(ip, text));
	tell(r, &buf);
}

static void
tell_link(struct reasons *r, size_t i)
{
	const struct mt_hop *hop = &r->trace->hops[i];
	const char *why = "it was invented, or came together with what was";
	struct mt_buf buf;

	if (hop->link != MT_LINK_CONTRADICTED)
		mt_links_grade(hop, hop + 1, r->trace->peer, &why);
	mt_buf_init(&buf, &r->trace->arena, 0);
	mt_buf_format(&buf, "hop %u: %s to hop %u, %u %%: %s", hop->n, mt_link_word(hop->link), hop->n + 1,
	    keep[hop->link], why);
	tell(r, &buf);
}

/* The links from the boundary down to hop i, newest first, and what they come to. */
static unsigned
follow(struct reasons *r, size_t i)
{
	const struct mt_trace *trace = r->trace;
	unsigned percent = BELIEVED_PERCENT;
	size_t links = 0;
	struct mt_buf sum;

	mt_buf_init(&sum, &r->trace->arena, 0);
	mt_buf_format(&sum, "confidence: the boundary %u %%", percent);
	for (size_t j = trace->nhops; j-- > i;) {
		if (trace->hops[j].trusted)
			continue;
		percent = percent * keep[trace->hops[j].link] / 100;
		if (links++ < LINKS_TOLD) {
			tell_link(r, j);
			mt_buf_format(&sum, ", hop %u %u %%", trace->hops[j].n, keep[trace->hops[j].link]);
		}
	}
	if (links > LINKS_TOLD)
		mt_buf_format(&sum, ", %zu more", links - LINKS_TOLD);
	mt_buf_format(&sum, ": %u %%", percent);
	if (links > 0)
		tell(r, &sum);
	return percent;
}

/* One of the lines from the boundary down to hop i, the first that tells a public client, is
 * tied to the client at the boundary by what was verified. */
static bool
tied(const struct mt_trace *trace, size_t i)
{
	const struct mt_hop *seen = &trace->hops[trace->boundary.hop - 1];

	for (const struct mt_hop *hop = seen; hop-- > &trace->hops[i];) {
		if (mt_links_verified(hop, seen, trace->peer))
			return true;
		if (mt_ip_public(&hop->from.ip))
			return false;
	}
	return false;
}

/* Below the boundary its client may have invented all, to blame another. */
static unsigned
doubt(struct reasons *r, size_t i, unsigned percent)
{
	const struct mt_boundary *boundary = &r->trace->boundary;
	char text[MT_IP_TEXT];
	struct mt_buf buf;

	if (percent <= INVENTED_PERCENT)
		return percent;
	mt_buf_init(&buf, &r->trace->arena, 0);
	if (boundary->hop == 0) {
		mt_buf_format(&buf, "%u %% at most: no line is believed", INVENTED_PERCENT);
		tell(r, &buf);
		return INVENTED_PERCENT;
	}
	if (boundary->hop <= i + 1 || tied(r->trace, i))
		return percent;
	mt_buf_format(&buf, "hop %u: %u %% at most: nothing that was verified ties it to the client of hop %u",
	    boundary->hop - 1, INVENTED_PERCENT, boundary->hop);
	if (boundary->ip.family != 0)
		mt_buf_format(&buf, " (%s)", mt_ip_text(&boundary->ip, text));
	mt_buf_text(&buf, ", which may have invented it and all below");
	tell(r, &buf);
	return INVENTED_PERCENT;
}

static const char *
passed_over(const struct mt_hop *hop)
{
	if (hop->forged)
		return "passed over: forged";
	if (hop->from.ip.family == 0)
		return "passed over: tells no client address";
	return mt_ip_public(&hop->from.ip) ? NULL : "passed over: not a public address";
}

static void
tell_passed(struct reasons *r, size_t below)
{
	size_t told = 0;

	for (size_t i = below; i-- > 0 && told < PASSED_TOLD; told++)
		tell_hop(r, passed_over(&r->trace->hops[i]), r->trace->hops[i].n, &r->trace->hops[i].from.ip);
}

static void
tell_claims(struct reasons *r)
{
	char text[MT_IP_TEXT];
	struct mt_buf buf;

	for (size_t i = 0; i < r->trace->nclaims; i++) {
		const struct mt_claim *claim = &r->trace->claims[i];

		mt_buf_init(&buf, &r->trace->arena, 0);
		mt_buf_format(&buf, "%s says %s, which anybody can write: not taken into account", claim->name,
		    mt_ip_text(&claim->ip, text));
		tell(r, &buf);
	}
}

static void
prove(struct reasons *r)
{
	const struct mt_boundary *boundary = &r->trace->boundary;
	struct mt_origin *origin = &r->trace->origin;

	if (boundary->hop == 0 || boundary->ip.family == 0)
		return;
	origin->proved_ip = boundary->ip;
	origin->proved_hop = boundary->hop;
	if (mt_hop_has(&r->trace->hops[boundary->hop - 1], MT_HOP_AUTHENTICATED))
		tell_hop(r, "the last line that can be believed saw this client, who authenticated", boundary->hop,
		    &boundary->ip);
	else
		tell_hop(r, "the last line that can be believed saw this client", boundary->hop, &boundary->ip);
}

void
mt_origin_find(struct mt_trace *trace)
{
	struct mt_origin *origin = &trace->origin;
	struct reasons r = { trace, mt_arena_alloc(&trace->arena, REASONS * sizeof *r.text) };
	size_t i = 0;

	*origin = (struct mt_origin){ .reasons = r.text };
	if (r.text == NULL)
		return;
	prove(&r);
	while (i < trace->nhops && passed_over(&trace->hops[i]) != NULL)
		i++;
	if (i < trace->nhops) {
		origin->claimed_ip = trace->hops[i].from.ip;
		origin->claimed_hop = trace->hops[i].n;
		origin->confidence = doubt(&r, i, follow(&r, i));
		tell_hop(&r, "the oldest public client address", origin->claimed_hop, &origin->claimed_ip);
	} else if (origin->proved_hop != 0) {
		origin->claimed_ip = origin->proved_ip;
		origin->claimed_hop = origin->proved_hop;
		origin->confidence = 90;
	}
	tell_passed(&r, i);
	tell_claims(&r);
}
