/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws the conclusions: facts, evidence, level, verdict.  The same bytes and the same
 * answers give the same trace, in whatever order the answers came. */
#include "lib/core/trace.h"

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/core/chain.h"
#include "lib/core/hop.h"
#include "lib/core/late.h"
#include "lib/core/relay.h"

static void
take_checks(struct mt_fact *fact, const struct mt_checks *checks)
{
	const struct mt_spf *from = &checks->spf_mailfrom, *helo = &checks->spf_helo;

	fact[MT_FACT_SPF] = (struct mt_fact){ from->result, from->cause, from->msec };
	fact[MT_FACT_SPF_HELO] = (struct mt_fact){ helo->result, helo->cause, helo->msec };
	fact[MT_FACT_DKIM] = checks->dkim;
	fact[MT_FACT_ARC] = (struct mt_fact){ checks->arc.result, checks->arc.cause, 0 };
	fact[MT_FACT_DMARC] = (struct mt_fact){ checks->dmarc.result, checks->dmarc.cause, 0 };
	fact[MT_FACT_DNSBL] = checks->lists.fact;
	fact[MT_FACT_HISTORY] = (struct mt_fact){ checks->history.result, checks->history.cause, 0 };
}

static void
take_facts(struct mt_trace *trace, bool last)
{
	struct mt_peer *peer = trace->peer;
	struct mt_fact *fact = trace->facts.fact;

	if (last)
		mt_iprev_expire(&peer->iprev);
	mt_helo_judge(&peer->helo, &peer->iprev, last);
	fact[MT_FACT_PTR] = peer->iprev.ptr;
	fact[MT_FACT_IPREV] = peer->iprev.iprev;
	fact[MT_FACT_HELO] = peer->helo.fact;
	take_checks(fact, &trace->checks);
	fact[MT_FACT_AUTHENTICATED].result = peer->auth.ptr != NULL ? MT_YES : MT_NO;
}

/* One recipient alone, or all that were accepted: one that goes outside is enough, and all must
 * be inside.  Where somebody's way was told by nobody, nobody will. */
static void
take_recipients(struct mt_trace *trace, enum mt_stage stage, bool alone)
{
	struct mt_fact *fact = &trace->facts.fact[MT_FACT_RECIPIENT];
	size_t seen = alone ? 1 : trace->recipients_seen;
	size_t inside = alone ? trace->route == MT_INSIDE : trace->inside;
	size_t outside = alone ? trace->route == MT_OUTSIDE : trace->outside;

	*fact = (struct mt_fact){ 0 };
	if (outside > 0)
		fact->result = MT_OUTSIDE;
	else if (seen == 0 || (!alone && stage < MT_STAGE_DATA))
		return;
	else if (inside == seen)
		fact->result = MT_INSIDE;
	else
		*fact = (struct mt_fact){ .result = MT_SKIPPED, .cause = MT_CAUSE_NO_INPUT };
}

/* Our own networks, our own machine, or somebody who proved to us who they are. */
static bool
trusted_client(const struct mt_trace *trace)
{
	const struct mt_peer *peer = trace->peer;

	return peer->local || peer->auth.ptr != NULL ||
	    (peer->known && mt_nets_have(&trace->settings->trust->networks, &peer->ip));
}

static enum mt_level
find_level(const struct mt_trace *trace)
{
	const struct mt_fact *fact = trace->facts.fact;

	if (fact[MT_FACT_IPREV].result == MT_FAIL || fact[MT_FACT_HELO].result == MT_OURS ||
	    fact[MT_FACT_HELO].result == MT_LITERAL_MISMATCH || fact[MT_FACT_CHAIN].result == MT_FORGED)
		return trusted_client(trace) ? MT_LEVEL_TRUSTED : MT_LEVEL_SUSPICIOUS;
	if (trusted_client(trace))
		return MT_LEVEL_TRUSTED;
	if (fact[MT_FACT_IPREV].result == MT_PASS && fact[MT_FACT_HELO].result == MT_PASS)
		return MT_LEVEL_VERIFIED;
	return MT_LEVEL_UNVERIFIED;
}

static const char *
summary(const struct mt_trace *trace, enum mt_level level)
{
	const struct mt_fact *fact = trace->facts.fact;

	switch (level) {
	case MT_LEVEL_TRUSTED:
		return "handed over by one of our own";
	case MT_LEVEL_VERIFIED:
		return "the client's name and address vouch for each other";
	case MT_LEVEL_SUSPICIOUS:
		if (fact[MT_FACT_IPREV].result == MT_FAIL)
			return "the client's name does not belong to its address";
		if (fact[MT_FACT_CHAIN].result == MT_FORGED)
			return "a part of the path was invented";
		return "the client calls itself what it is not";
	case MT_LEVEL_UNVERIFIED:
	case MT_LEVELS:
		break;
	}
	if (!trace->peer->known)
		return "there is no connection to verify, only what the fields say";
	if (fact[MT_FACT_HELO].result == MT_MISMATCH)
		return "the client cannot be verified, and the name it gave belongs to another address";
	if (fact[MT_FACT_PTR].result == MT_NONE)
		return "the client cannot be verified: its address has no name";
	return "the client cannot be verified";
}

static void
policy_input(const struct mt_trace *trace, enum mt_stage stage, struct mt_policy_input *input)
{
	const struct mt_peer *peer = trace->peer;

	*input = (struct mt_policy_input){
		.facts = &trace->facts, .trust = trace->settings->trust, .client = peer->ip,
		.helo = peer->helo.name, .helo_known = stage >= MT_STAGE_HELO,
		.iprev = &peer->iprev, .listings = &trace->checks.lists, .sender = trace->sender,
		.sender_known = trace->sender_known, .location = peer->location, .no_database = peer->no_database,
		.recipients = trace->recipients, .nrecipients = trace->nrecipients,
		.recipients_complete = stage >= MT_STAGE_DATA && trace->recipients_seen == trace->nrecipients,
	};
}

/* The hops stand in order, the live one among them, and the boundary is known. */
static void
policy_path(const struct mt_trace *trace, struct mt_policy_input *input)
{
	input->path_known = true;
	input->hops = trace->hops;
	input->nhops = trace->nhops;
	input->origin = mt_trace_location(trace, trace->origin.claimed_hop != 0 ? trace->origin.claimed_hop
	    : trace->origin.proved_hop);
}

static void
expand_reply(struct mt_trace *trace, struct mt_verdict *verdict, const struct mt_rule *rule)
{
	const struct mt_reply *reply = rule->reply.code != 0 ? &rule->reply : mt_reply_default(rule->action);
	const struct mt_peer *peer = trace->peer;
	char ip[MT_IP_TEXT];
	struct mt_span values[MT_VARIABLES] = { { NULL, 0 } };

	if (reply == NULL || reply->code == 0)
		return;
	values[MT_VAR_CLIENT_IP] = mt_span_text(mt_ip_text(&peer->ip, ip));
	values[MT_VAR_CLIENT_HELO] = peer->helo.name;
	values[MT_VAR_CLIENT_PTR] = mt_iprev_name(&peer->iprev);
	values[MT_VAR_ID] = mt_span_text(trace->id);
	values[MT_VAR_RULE] = rule->name;
	values[MT_VAR_EVIDENCE_FIRST] = trace->nevidence > 0 ? mt_span_text(trace->evidence[0].code) : MT_ABSENT;
	values[MT_VAR_SENDER] = trace->sender;
	verdict->code = reply->code;
	verdict->xcode = reply->xcode;
	verdict->text = mt_reply_expand(&trace->arena, reply->text, values);
	if (verdict->text.len == 0)		/* the arena is at its ceiling */
		verdict->text = MT_SPAN("refused by local policy");
}

static void
fill_verdict(struct mt_trace *trace, struct mt_verdict *verdict, const struct mt_decision *decision,
    enum mt_stage stage)
{
	const struct mt_policy *policy = trace->settings->policy;
	const struct mt_rule *rule = decision->rule;

	*verdict = (struct mt_verdict){ .decided = decision->decided, .mode = policy->mode, .stage = stage };
	verdict->level = find_level(trace);
	verdict->summary = summary(trace, verdict->level);
	verdict->relay = trace->facts.fact[MT_FACT_RELAY].result == MT_SKIPPED ? MT_UNKNOWN
	    : trace->facts.fact[MT_FACT_RELAY].result;
	verdict->tags = decision->tags;
	verdict->rehearsed = decision->rehearsed;
	if (decision->exempt != NULL)
		verdict->exempt = decision->exempt->name;
	if (rule == NULL)
		rule = decision->tag;
	if (rule == NULL || !decision->decided)
		return;
	verdict->rule = rule->name;
	verdict->would = rule->action;
	verdict->dry_run = rule->dry_run;
	if (policy->mode == MT_MODE_ENFORCE && !rule->dry_run)
		verdict->action = rule->action;
	else if (policy->mode == MT_MODE_ENFORCE && decision->tag != NULL)
		verdict->action = MT_TAG;
	expand_reply(trace, verdict, rule);
}

void
mt_trace_defer(struct mt_trace *trace, enum mt_defer why)
{
	static const struct {
		const char *reason, *xcode, *text;
	} rows[MT_DEFERS] = {
		[MT_DEFER_LATE] = { "on-deadline", "4.4.3", "Name service did not answer in time" },
		[MT_DEFER_ODD] = { "odd-header", "4.7.1", "header too odd to be cleaned" },
	};
	struct mt_verdict *verdict = &trace->verdict;
	bool refuses = !verdict->dry_run && (verdict->would == MT_REJECT || verdict->would == MT_TEMPFAIL);
	struct mt_buf text;

	if (refuses || verdict->exempt.ptr != NULL || verdict->mode == MT_MODE_OFF)
		return;
	mt_buf_init(&text, &trace->arena, 0);
	mt_buf_format(&text, "%s (%s)", rows[why].text, trace->id);
	verdict->rule = MT_ABSENT;
	verdict->dry_run = false;
	verdict->reason = rows[why].reason;
	verdict->would = MT_TEMPFAIL;
	if (verdict->mode == MT_MODE_ENFORCE)
		verdict->action = MT_TEMPFAIL;
	verdict->code = 451;
	verdict->xcode = mt_span_text(rows[why].xcode);
	verdict->text = text.cut ? mt_span_text(rows[why].text) : mt_buf_span(&text);
}

void
mt_trace_judge_early(struct mt_trace *trace, enum mt_stage stage, struct mt_span recipient, struct mt_verdict *verdict)
{
	struct mt_policy_input input;
	struct mt_decision decision;
	size_t nhops = trace->nhops;

	take_facts(trace, false);
	take_recipients(trace, stage, recipient.ptr != NULL);
	trace->nhops = 0;		/* not in order yet, and no matter before the end */
	mt_evidence_find(trace);
	trace->nhops = nhops;
	policy_input(trace, stage, &input);
	if (recipient.ptr != NULL) {
		input.recipients = &recipient;
		input.nrecipients = 1;
		input.recipients_complete = true;
	}
	mt_policy_decide(&decision, trace->settings->policy, &input, false);
	fill_verdict(trace, verdict, &decision, stage);
}

static void
judge_relay(struct mt_trace *trace)
{
	struct mt_fact *fact = &trace->facts.fact[MT_FACT_RELAY];

	if (trace->ask == NULL)
		*fact = (struct mt_fact){ .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED };
	else
		*fact = (struct mt_fact){ .result = mt_relay_judge(&trace->relay, &trace->arena, trace->ask, trace,
		    trace->relay_input), .cause = trace->relay.cause };
}

void
mt_trace_judge(struct mt_trace *trace, enum mt_stage stage, bool last)
{
	const struct mt_policy *policy = trace->settings->policy;
	struct mt_policy_input input;
	struct mt_late late;

	take_facts(trace, last);
	take_recipients(trace, stage, false);
	if (last) {
		mt_chain_build(trace);
		judge_relay(trace);
	}
	mt_evidence_find(trace);
	policy_input(trace, stage, &input);
	if (last)
		policy_path(trace, &input);
	if (last && policy->defers_late && mt_late_view(&late, &input))
		input.late = &late.input;
	mt_policy_decide(&trace->decision, policy, &input, last);
	fill_verdict(trace, &trace->verdict, &trace->decision, stage);
	if (trace->decision.late)
		mt_trace_defer(trace, MT_DEFER_LATE);
}

const struct mt_location *
mt_trace_location(const struct mt_trace *trace, unsigned n)
{
	return n == 0 || n > trace->nhops ? NULL : trace->hops[n - 1].location;
}

void
mt_trace_add_live(struct mt_trace *trace)
{
	const struct mt_peer *peer = trace->peer;
	struct mt_hop *hops;

	if (!peer->known)
		return;
	hops = mt_arena_alloc(&trace->arena, (trace->nhops + 1) * sizeof *hops);
	if (hops == NULL) {
		trace->truncated = true;
		trace->nhops = 0;	/* the newest line is a stranger's, and is not to take its place */
		return;
	}
	if (trace->nhops > 0)
		memcpy(hops + 1, trace->hops, trace->nhops * sizeof *hops);
	hops[0] = (struct mt_hop){ .kind = MT_HOP_SMTP, .flags = UINT32_C(1) << MT_HOP_LIVE };
	hops[0].from.ip = peer->ip;
	hops[0].from.helo = peer->helo.name;
	hops[0].from.rdns = peer->iprev.iprev.result == MT_PASS ? mt_iprev_name(&peer->iprev) : MT_ABSENT;
	hops[0].by = trace->settings->trust->authserv_id;
	hops[0].tls = peer->tls;
	hops[0].auth = peer->auth;
	hops[0].id = trace->queue_id;
	hops[0].location = peer->location;
	/* A saved message did not come in now: when it did, nobody told. */
	if (trace->file.ptr == NULL)
		hops[0].date = (struct mt_date){ .known = true, .zone_known = true,
			.unix_sec = trace->received_msec / 1000 };
	if (!mt_ip_public(&peer->ip))
		mt_hop_set(&hops[0], MT_HOP_PRIVATE);
	if (peer->tls.ptr != NULL)
		mt_hop_set(&hops[0], MT_HOP_TLS);
	if (peer->auth.ptr != NULL)
		mt_hop_set(&hops[0], MT_HOP_AUTHENTICATED);
	trace->hops = hops;
	trace->nhops++;
	trace->hop_room = trace->nhops;
}
