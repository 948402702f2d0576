/* SPDX-License-Identifier: BSD-2-Clause */
/* One message: takes its bytes in as they come, waits once at its end.  Conclusions are
 * core's, and what is told of them report.c's. */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/core/authres.h"
#include "lib/core/chain.h"
#include "lib/core/claims.h"
#include "lib/core/received.h"
#include "lib/core/recipient.h"
#include "lib/engine/id.h"
#include "lib/engine/message.h"

#define FIRST_CHUNK (16u * 1024u)
#define OUTPUT_CHUNK 4096u
#define OUTPUT_CEILING (32u * 1024u * 1024u)	/* a report of everything, raw fields and all */

struct mt_trace *
mt_trace_open(struct mt_conn *conn)
{
	struct message *message = calloc(1, sizeof *message);
	struct mt_trace *trace;

	if (message == NULL)
		return NULL;
	trace = &message->trace;
	message->conn = conn;
	if (conn->messages++ > 0)
		mt_conn_renew(conn);
	message->peer = conn->peer;
	if (conn->config->headers.strip_foreign && !conn->idle &&
	    !mt_nets_have(&conn->settings->trust->networks, &conn->peer.ip)) {
		message->strips = mt_strips_new();
		if (message->strips == NULL) {
			free(message);
			return NULL;
		}
	}
	mt_arena_init(&trace->arena, FIRST_CHUNK, MT_TRACE_CEILING);
	mt_arena_init(&message->scratch, OUTPUT_CHUNK, OUTPUT_CEILING);
	mt_arena_init(&message->output, OUTPUT_CHUNK, OUTPUT_CEILING);
	trace->peer = &message->peer;
	trace->settings = conn->settings;
	trace->received_msec = mt_engine_wall_msec(conn->engine);
	trace->offset = -1;
	mt_id_make(trace->id, trace->received_msec);
	mt_checkup_open(&message->checkup, conn, trace);
	atomic_fetch_add_explicit(&conn->engine->messages, 1, memory_order_relaxed);
	return trace;
}

void
mt_trace_close(struct mt_trace *trace)
{
	if (trace == NULL)
		return;
	mt_checkup_close(&message_of(trace)->checkup);
	mt_arena_fini(&trace->arena);
	mt_arena_fini(&message_of(trace)->scratch);
	mt_arena_fini(&message_of(trace)->output);
	mt_strips_free(message_of(trace)->strips);
	free(message_of(trace)->edits);
	free(message_of(trace));
}

/* What the connection knows now, with names of our own: expiry must not reach back. */
static void
look_at_peer(struct message *message)
{
	struct mt_iprev *iprev = &message->peer.iprev;

	mt_conn_apply(message->conn);
	message->peer = message->conn->peer;
	message->trace.checks.history = message->conn->history;
	if (iprev->nnames > 0)
		memcpy(message->names, iprev->names, iprev->nnames * sizeof *message->names);
	iprev->names = message->names;
	(void)mt_checkup_run(&message->checkup, false);
}

/* A verdict before the end, in memory of its own, so that the thousandth recipient is
 * judged as the first was. */
static void
judge_early(struct message *message, enum mt_stage stage, struct mt_span recipient)
{
	struct mt_arena arena;

	look_at_peer(message);
	arena = message->trace.arena;
	mt_arena_fini(&message->scratch);
	message->trace.arena = message->scratch;
	mt_trace_judge_early(&message->trace, stage, recipient, &message->early);
	message->scratch = message->trace.arena;
	message->trace.arena = arena;
}

/* ---- bytes in ------------------------------------------------------------------------------ */

static int
keep(struct mt_trace *trace, struct mt_span *member, struct mt_span value)
{
	*member = mt_arena_copy(&trace->arena, value);
	return member->ptr == NULL && value.ptr != NULL ? MT_ENOMEM : MT_OK;
}

/* "<a@b> SIZE=1" and "a@b" are both a@b. */
static struct mt_span
bare_address(struct mt_span address)
{
	const char *end;

	address = mt_span_trim(address);
	if (address.len == 0 || address.ptr[0] != '<')
		return address;
	end = memchr(address.ptr, '>', address.len);
	if (end == NULL)
		end = address.ptr + address.len;
	return mt_span_between(address.ptr + 1, end);
}

/* Names are asked about and compared in A-labels.  A domain that is no name stays as it is,
 * and nobody is asked about it. */
static void
take_domain(struct mt_trace *trace, const struct mt_idna *idna)
{
	struct mt_span sender = trace->sender, domain;
	size_t at = sender.len;
	char normal[MT_NAME_TEXT];
	char *whole;

	trace->sender_ascii = sender;
	trace->sender_domain = MT_ABSENT;
	while (at > 0 && sender.ptr[at - 1] != '@')
		at--;
	if (at == 0)
		return;
	domain = (struct mt_span){ sender.ptr + at, sender.len - at };
	trace->sender_domain = mt_name_strip(domain);
	if (!mt_idna_needed(domain) || !mt_idna_normal(idna, domain, normal))
		return;
	whole = mt_arena_bytes(&trace->arena, at + strlen(normal));
	if (whole == NULL)
		return;
	memcpy(whole, sender.ptr, at);
	memcpy(whole + at, normal, strlen(normal));
	trace->sender_ascii = (struct mt_span){ whole, at + strlen(normal) };
	trace->sender_domain = mt_span_between(whole + at, whole + trace->sender_ascii.len);
}

int
mt_trace_sender(struct mt_trace *trace, struct mt_span address)
{
	int error;

	if (address.ptr == NULL)
		return MT_OK;
	trace->sender_known = true;
	error = keep(trace, &trace->sender, bare_address(address));
	take_domain(trace, message_of(trace)->conn->sources->idna);
	mt_checkup_sender(&message_of(trace)->checkup);
	return error;
}

/* Room for one more in an array that lies in the arena and doubles. */
static void *
make_room(struct mt_arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (count < *room)
		return array;
	grown = mt_arena_alloc(arena, more * size);
	if (grown == NULL)
		return NULL;
	if (count > 0)
		memcpy(grown, array, count * size);
	*room = more;
	return grown;
}

int
mt_trace_recipient_route(struct mt_trace *trace, const struct mt_route *route)
{
	trace->told = mt_recipient_told(route);
	return MT_OK;
}

const struct mt_verdict *
mt_trace_recipient(struct mt_trace *trace, struct mt_span address)
{
	struct message *message = message_of(trace);
	struct mt_span bare = bare_address(address.ptr == NULL ? MT_SPAN("") : address);
	struct mt_span *more = NULL, kept = MT_ABSENT;

	trace->recipients_seen++;
	trace->route = mt_recipient_judge(bare, trace->settings->trust, trace->told);
	trace->told = MT_UNKNOWN;
	trace->inside += trace->route == MT_INSIDE;
	trace->outside += trace->route == MT_OUTSIDE;
	if (trace->nrecipients < MT_TRACE_RECIPIENTS)
		more = make_room(&trace->arena, trace->recipients, trace->nrecipients, &trace->recipient_room,
		    sizeof *more);
	if (more != NULL) {
		trace->recipients = more;
		kept = mt_arena_copy(&trace->arena, bare);
	}
	if (kept.ptr != NULL)
		trace->recipients[trace->nrecipients++] = kept;
	judge_early(message, MT_STAGE_RCPT, bare);
	return &message->early;
}

/* Each rule once. */
static void
note_refusal(struct mt_notes *refusals, const struct mt_verdict *verdict)
{
	for (unsigned i = 0; i < refusals->count; i++)
		if (mt_span_equal(refusals->note[i].rule, verdict->rule))
			return;
	if (refusals->count == MT_NOTES)
		refusals->more = true;
	else
		refusals->note[refusals->count++] = (struct mt_note){ verdict->rule, verdict->would };
}

int
mt_trace_recipient_refused(struct mt_trace *trace)
{
	struct message *message = message_of(trace);

	if (trace->recipients_seen == 0)
		return MT_EINVAL;
	if (trace->refused++ == 0) {
		message->refusal = message->early;
		message->refusal.text = mt_arena_copy(&trace->arena, message->early.text);
	}
	note_refusal(&trace->refusals, &message->early);
	if (trace->nrecipients == trace->recipients_seen)
		trace->nrecipients--;
	trace->recipients_seen--;
	trace->inside -= trace->route == MT_INSIDE;
	trace->outside -= trace->route == MT_OUTSIDE;
	trace->route = MT_UNKNOWN;
	return MT_OK;
}

int
mt_trace_queue_id(struct mt_trace *trace, struct mt_span id)
{
	return keep(trace, &trace->queue_id, id);
}

int
mt_trace_input(struct mt_trace *trace, struct mt_span file, int64_t offset)
{
	trace->offset = offset;
	return keep(trace, &trace->file, file);
}

int
mt_trace_header_end(struct mt_trace *trace)
{
	mt_checkup_header_end(&message_of(trace)->checkup);
	return MT_OK;
}

bool
mt_trace_wants_body(const struct mt_trace *trace)
{
	return mt_checkup_wants_body(&((const struct message *)trace)->checkup);
}

int
mt_trace_body(struct mt_trace *trace, struct mt_span bytes)
{
	mt_checkup_body(&message_of(trace)->checkup, bytes);
	return MT_OK;
}

/* The value as every reader sees it: CRLF as LF, no white space around. */
static struct mt_span
copy_value(struct mt_arena *arena, struct mt_span value)
{
	char *copy;
	size_t n = 0;

	value = mt_span_trim(value);
	copy = mt_arena_bytes(arena, value.len + 1);
	if (copy == NULL)
		return MT_ABSENT;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\r' || i + 1 == value.len || value.ptr[i + 1] != '\n')
			copy[n++] = value.ptr[i];
	copy[n] = '\0';
	return (struct mt_span){ copy, n };
}

static void
take_received(struct mt_trace *trace, struct mt_span value)
{
	struct mt_span raw;
	struct mt_hop *hops;

	trace->fields++;
	/* Once one is missing the older ones are, too: none may move up to another's place. */
	if (trace->truncated || trace->fields > MT_CHAIN_FIELDS) {
		trace->truncated = true;
		return;
	}
	raw = copy_value(&trace->arena, value);
	hops = make_room(&trace->arena, trace->hops, trace->nhops, &trace->hop_room, sizeof *hops);
	if (hops == NULL || raw.ptr == NULL) {
		trace->truncated = true;
		return;
	}
	trace->hops = hops;
	mt_received_parse(&hops[trace->nhops++], &trace->arena, raw);
}

/* One that is ours alone to write goes, unless its bringer turns out to be believed. */
static void
note_authres(struct message *message, struct mt_span value)
{
	bool goes = mt_authres_goes(value, message->trace.settings->trust, message->conn->sources->idna);

	mt_strips_authres(message->strips, goes);
	if (goes && message->conn->config->headers.keep_removed)
		mt_strips_copy(message->strips, value);
}

int
mt_trace_header(struct mt_trace *trace, struct mt_span name, struct mt_span value)
{
	struct message *message = message_of(trace);

	trace->header_bytes += name.len + value.len + 2;
	if (message->conn->idle)
		return MT_OK;
	mt_checkup_header(&message->checkup, name, value);
	name = mt_span_trim(name);
	if (mt_span_same_text(name, "Authentication-Results")) {
		note_authres(message, mt_span_trim(value));
	} else if (mt_authres_own_name(name)) {
		mt_strips_own(message->strips, name);
	} else if (mt_span_same_text(name, "Received")) {
		if (trace->header_bytes > MT_TRACE_HEADER)
			trace->truncated = true;
		else
			take_received(trace, value);
	} else {
		mt_marks_take(&trace->marks, name);
		mt_claims_take(trace, name, value);
	}
	return MT_OK;
}

int
mt_trace_header_lost(struct mt_trace *trace, struct mt_span line)
{
	if (trace->lost)
		return MT_OK;
	trace->lost = true;
	trace->whole = trace->fields;
	trace->binary = trace->header_bytes == 0 && line.len > 0 && memchr(line.ptr, '\0', line.len) != NULL;
	return MT_OK;
}

/* ---- the end ----------------------------------------------------------------------------------- */

static void
count(struct mt_engine *engine, const struct mt_verdict *verdict)
{
	atomic_fetch_add_explicit(&engine->actions[verdict->action], 1, memory_order_relaxed);
}

static bool
settled(struct message *message)
{
	bool checked = mt_checkup_run(&message->checkup, false);

	return checked && mt_conn_settled(message->conn);
}

bool
mt_trace_ready(struct mt_trace *trace)
{
	struct message *message = message_of(trace);
	bool all;

	mt_checkup_end(&message->checkup);
	/* Looked at before the letters are taken: one that comes in between may lead to questions. */
	all = mt_inbox_expected(message->conn->inbox) == 0;
	mt_conn_apply(message->conn);
	return settled(message) || (all && mt_inbox_expected(message->conn->inbox) == 0);
}

/* Where no database knows the AS, the beginning of an address tells networks apart; it counts
 * as one of numbers that nobody has. */
#define NO_AS UINT32_C(0xf0000000)

static uint32_t
network_number(const struct mt_trace *trace, const struct mt_relay *relay)
{
	const struct mt_location *location = mt_trace_location(trace, relay->hop);
	const uint8_t *b = relay->origin.bytes;

	if (location != NULL && location->asn != 0)
		return location->asn;
	/* A /8, or of IPv6 a /20: customers of one provider seldom spread over many. */
	return relay->origin.family == 6 ? NO_AS | (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | (b[2] & 0xf0u)
	    : NO_AS | b[0];
}

/* Whether the rule that spoke looks at the history itself, or at the relay's verdict, which may
 * rest on it.  That it refuses is no new offence:
 * whoever was bad once would be bad for ever. */
static bool
rests_on_history(const struct mt_trace *trace)
{
	const struct mt_policy *policy = trace->settings->policy;

	for (size_t i = 0; i < policy->nrules; i++)
		for (size_t k = 0; k < policy->rules[i].nconditions; k++)
			if (policy->rules[i].conditions[k].subject == MT_SUBJECT_FACT &&
			    (policy->rules[i].conditions[k].fact == MT_FACT_HISTORY ||
			    policy->rules[i].conditions[k].fact == MT_FACT_RELAY) &&
			    mt_span_equal(policy->rules[i].name, trace->verdict.rule))
				return true;
	return false;
}

static enum mt_store_class
class_of(const struct mt_trace *trace)
{
	enum mt_result relay = trace->facts.fact[MT_FACT_RELAY].result;
	bool refused = trace->verdict.would == MT_REJECT || trace->verdict.would == MT_QUARANTINE;

	/* A mere suspicion of relaying is not counted, or it would make itself true; but what nothing
	 * explains is not good either. */
	if (trace->verdict.level == MT_LEVEL_SUSPICIOUS || relay == MT_OPEN || (refused && !rests_on_history(trace)))
		return MT_STORE_BAD;
	if (trace->verdict.level == MT_LEVEL_VERIFIED && trace->verdict.would == MT_ACCEPT &&
	    relay != MT_UNATTESTED && relay != MT_SUSPECT)
		return MT_STORE_GOOD;
	return MT_STORE_NEUTRAL;
}

/* Whose mail the client passed on counts only where nothing explains that it did, and all that
 * could have was asked: an hour without DNS makes nobody a relay. */
static bool
unexplained(const struct mt_trace *trace, const struct mt_ip *client)
{
	/* A server further in may be the one that is judged. */
	if (!mt_ip_equal(&trace->relay.ip, client))
		return false;
	for (int i = MT_RELAY_EVENT; i <= MT_RELAY_NO_SIGNATURE; i++)
		if (trace->relay.findings[i].holds != MT_YES)
			return false;
	return trace->facts.fact[MT_FACT_IPREV].result != MT_TEMPERROR &&
	    trace->facts.fact[MT_FACT_IPREV].cause != MT_CAUSE_LIMIT;
}

/* What this message adds to what is known of its client; written later, by another thread. */
static void
remember(struct message *message)
{
	const struct mt_trace *trace = &message->trace;
	struct mt_store_event event = { .client = message->peer.ip, .at_sec = trace->received_msec / 1000,
		.class = class_of(trace) };

	if (message->conn->history.result == MT_SKIPPED && message->conn->history.cause == MT_CAUSE_NOT_NEEDED)
		return;
	if (unexplained(trace, &message->peer.ip)) {
		event.origin_asn = network_number(trace, &trace->relay);
		if (trace->sender_domain.len > 0)
			event.sender = mt_organization_of(message->conn->sources->organizations, trace->sender_domain);
	}
	mt_store_record(message->conn->sources->store, &event);
}

static void
note_input(struct mt_trace *trace, const char *what, struct mt_span detail)
{
	if (trace->nerrors < sizeof trace->errors / sizeof *trace->errors)
		trace->errors[trace->nerrors++] = (struct mt_trace_error){ .what = what,
			.state = mt_result_word(MT_MALFORMED), .detail = detail };
}

/* What a file holds may be no message, or only a part of one. */
static void
look_at_input(struct mt_trace *trace)
{
	if (trace->file.ptr == NULL)
		return;
	if (trace->binary)
		note_input(trace, "input", MT_SPAN("this does not look like a message: its first line is no field of a "
		    "header, and has a NUL in it"));
	else if (trace->header_bytes == 0)
		note_input(trace, "input", MT_SPAN("this does not look like a message: it has no field of a header"));
	if (trace->lost && trace->whole < trace->fields)
		note_input(trace, "header", MT_SPAN("a line above a Received field is no field and was left out; it "
		    "may have been one, so the lines below it are not believed"));
}

/* Whether all that is to go from the header can be taken out of it.  Whether its bringer may
 * speak in our name is known once iprev has its last word. */
static bool
can_clean(struct message *message)
{
	struct mt_trace *trace = &message->trace;

	if (message->conn->idle)
		return true;
	if (mt_authres_spared(trace->settings->trust, &message->peer.ip, &message->peer.iprev)) {
		mt_strips_free(message->strips);
		message->strips = NULL;
	}
	message->edits = calloc(mt_strips_count(message->strips) + MT_STRIPS_COPIES + MT_HEADERS,
	    sizeof *message->edits);
	return message->edits != NULL && mt_strips_complete(message->strips);
}

int
mt_trace_finish(struct mt_trace *trace, int64_t deadline_msec)
{
	struct message *message = message_of(trace);
	struct mt_conn *conn = message->conn;
	int64_t began = mt_now_mono_msec();

	if (!mt_trace_ready(trace)) {
		atomic_fetch_add_explicit(&conn->engine->waited, 1, memory_order_relaxed);
		while (!settled(message) && mt_inbox_wait(conn->inbox, deadline_msec))
			mt_conn_apply(conn);
		if (!settled(message))
			atomic_fetch_add_explicit(&conn->engine->late, 1, memory_order_relaxed);
	}
	look_at_peer(message);
	if (trace->checks.history.result == MT_UNKNOWN)
		trace->checks.history = (struct mt_history){ .result = MT_SKIPPED, .cause = MT_CAUSE_DEADLINE };
	(void)mt_checkup_run(&message->checkup, true);
	mt_trace_add_live(trace);
	look_at_input(trace);
	mt_trace_judge(trace, MT_STAGE_EOM, true);
	if (!can_clean(message))
		mt_trace_defer(trace, MT_DEFER_ODD);
	mt_sources_name(conn->sources, trace);
	remember(message);
	trace->traced_msec = mt_engine_wall_msec(conn->engine);
	trace->duration_msec = (uint32_t)(mt_now_mono_msec() - began);
	count(conn->engine, &trace->verdict);
	return trace->arena.full ? MT_EFULL : MT_OK;
}

const struct mt_verdict *
mt_trace_verdict(struct mt_trace *trace, enum mt_stage stage)
{
	struct message *message = message_of(trace);

	if (trace->traced_msec != 0)
		return &trace->verdict;
	judge_early(message, stage, MT_ABSENT);
	return &message->early;
}

int
mt_trace_conclude(struct mt_trace *trace, enum mt_stage stage)
{
	struct message *message = message_of(trace);

	if (trace->traced_msec != 0)
		return MT_OK;
	if (stage == MT_STAGE_RCPT && trace->refused > 0) {
		trace->verdict = message->refusal;
	} else {
		if (!message->early.decided || message->early.stage != stage)
			mt_trace_verdict(trace, stage);
		trace->verdict = message->early;
	}
	mt_sources_name(message->conn->sources, trace);
	trace->traced_msec = mt_engine_wall_msec(message->conn->engine);
	/* What was broken off with a recipient that was accepted came to nothing that speaks of the
	 * client. */
	if (trace->recipients_seen > 0 && trace->refused > 0)
		return MT_OK;
	remember(message);
	count(message->conn->engine, &trace->verdict);
	return MT_OK;
}
