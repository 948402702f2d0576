/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what a HELO name may be and what its addresses mean; asks nothing itself. */
#include "lib/core/helo.h"

#include "lib/base/name.h"

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321, 4.1.3). */
static void
judge_literal(struct mt_helo *helo, const struct mt_ip *client, const struct mt_trust *trust)
{
	struct mt_ip literal;

	if (!mt_ip_parse(&literal, helo->name)) {
		helo->fact.result = MT_MALFORMED;
		return;
	}
	helo->addresses[0] = literal;
	helo->naddresses = 1;
	if (mt_ip_equal(&literal, client))
		helo->fact.result = MT_PASS;
	else if (mt_nets_have(&trust->networks, &literal) && mt_ip_public(&literal))
		helo->fact.result = MT_OURS;
	else
		helo->fact.result = MT_LITERAL_MISMATCH;
}

bool
mt_helo_begin(struct mt_helo *helo, struct mt_span name, const struct mt_ip *client, const struct mt_trust *trust)
{
	struct mt_ip bare;

	*helo = (struct mt_helo){ .name = name, .changed_from = helo->changed_from };
	if (name.len == 0) {
		helo->fact.result = name.ptr == NULL ? MT_NONE : MT_MALFORMED;
		return false;
	}
	if (name.ptr[0] == '[') {
		judge_literal(helo, client, trust);
		return false;
	}
	/* An address without brackets is no domain (RFC 5321, 4.1.3). */
	if (mt_ip_parse(&bare, name) || !mt_name_host(name)) {
		helo->fact.result = MT_MALFORMED;
		return false;
	}
	if (mt_trust_our_name(trust, name) && !mt_nets_have(&trust->networks, client)) {
		helo->fact.result = MT_OURS;
		return false;
	}
	if (!mt_name_qualified(name)) {
		helo->fact.result = MT_NOT_FQDN;
		return false;
	}
	helo->asked = true;
	return true;
}

void
mt_helo_answer(struct mt_helo *helo, const struct mt_ip *client, enum mt_rrtype type,
    const struct mt_answer *answer)
{
	unsigned kept = 0;

	helo->answered++;
	if (answer->msec > helo->msec)
		helo->msec = answer->msec;
	if (answer->stale != MT_CAUSE_NONE)
		helo->trouble = answer->stale;
	else if (answer->cut)
		helo->trouble = MT_CAUSE_LIMIT;
	else if (answer->cause == MT_CAUSE_NONE || mt_cause_nothing(answer->cause))
		helo->own_family = helo->own_family || type == mt_iprev_type(client);
	else
		helo->trouble = answer->cause;
	if (answer->stale == MT_CAUSE_NONE && answer->nrecords > 0)
		helo->elsewhere = true;
	for (size_t i = 0; i < answer->nrecords; i++) {
		if (mt_ip_equal(&answer->records[i].ip, client))
			helo->matched = true;
		if (kept < MT_HELO_ADDRESSES && helo->naddresses < 2 * MT_HELO_ADDRESSES) {
			helo->addresses[helo->naddresses++] = answer->records[i].ip;
			kept++;
		}
	}
}

/* IPv4 before IPv6, whichever answer was first: the same answers give the same trace. */
static void
order_addresses(struct mt_helo *helo)
{
	struct mt_ip sorted[2 * MT_HELO_ADDRESSES];
	unsigned n = 0;

	for (unsigned family = 4; family <= 6; family += 2)
		for (unsigned i = 0; i < helo->naddresses; i++)
			if (helo->addresses[i].family == family)
				sorted[n++] = helo->addresses[i];
	memcpy(helo->addresses, sorted, n * sizeof *sorted);
	helo->naddresses = n;
}

static void
settle(struct mt_helo *helo, enum mt_result result, enum mt_cause cause)
{
	helo->fact = (struct mt_fact){ result, cause, helo->msec };
	order_addresses(helo);
	if (helo->changed_from.ptr != NULL && result != MT_PASS && result != MT_TEMPERROR)
		helo->fact.result = MT_CHANGED;
}

void
mt_helo_judge(struct mt_helo *helo, const struct mt_iprev *iprev, bool last)
{
	bool complete = helo->answered >= 2;

	if (!helo->asked || helo->fact.result != MT_UNKNOWN || (!complete && !last))
		return;			/* the report lists the addresses of both families */
	if (!complete && helo->trouble == MT_CAUSE_NONE)
		helo->trouble = MT_CAUSE_DEADLINE;
	if (helo->matched || mt_iprev_verified(iprev, helo->name))
		settle(helo, MT_PASS, MT_CAUSE_NONE);
	else if (helo->own_family && helo->elsewhere)
		settle(helo, MT_MISMATCH, MT_CAUSE_NONE);
	else if (helo->trouble == MT_CAUSE_OFFLINE)
		settle(helo, MT_SKIPPED, MT_CAUSE_OFFLINE);
	else if (helo->trouble == MT_CAUSE_NONE)
		settle(helo, MT_UNRESOLVABLE, MT_CAUSE_NXDOMAIN);
	else if (iprev->iprev.result != MT_UNKNOWN || last)
		settle(helo, MT_TEMPERROR, helo->trouble);
}

void
mt_helo_skip(struct mt_helo *helo, enum mt_cause cause)
{
	if (helo->fact.result == MT_UNKNOWN)
		helo->fact = (struct mt_fact){ MT_SKIPPED, cause, 0 };
}

bool
mt_helo_trouble(const struct mt_helo *helo)
{
	return helo->asked && helo->answered >= 2 && !helo->matched && !(helo->own_family && helo->elsewhere) &&
	    helo->trouble != MT_CAUSE_NONE && helo->trouble != MT_CAUSE_OFFLINE;
}
