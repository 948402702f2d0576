/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the schema "mailtrace/1" (mailtrace-1.schema.json) and with its neighbours json_*.c alone knows
 * jansson.  Keys stand in the order of the schema, all of them in every report; what is
 * absent is null, and a look-up that was not made is "skipped" with a reason.  Refuses to
 * hand jansson a byte that is no UTF-8: it would answer with NULL.
 */
#include "lib/render/json.h"

#include "lib/base/buf.h"
#include "lib/core/date.h"
#include "lib/core/relay.h"

/* Cleaned copies of one report (three bytes for each bad one), then its text (six for each
 * of these), each in a buffer that doubles. */
#define SCRATCH (32u * MT_TRACE_CEILING)

/* What databases say of an address, into an object that has more. */
static void
put_location(struct mt_json *r, json_t *o, const struct mt_location *location)
{
	static const struct mt_location nowhere;
	const struct mt_location *l = location == NULL ? &nowhere : location;

	mt_json_put(r, o, "country", l->country[0] == '\0' ? json_null() : mt_json_text(r, l->country));
	mt_json_put(r, o, "city", mt_json_string(r, l->city));
	mt_json_put(r, o, "lat", l->located ? json_real(l->latitude) : json_null());
	mt_json_put(r, o, "lon", l->located ? json_real(l->longitude) : json_null());
	mt_json_put(r, o, "radius_km", mt_json_number(l->radius_km));
	mt_json_put(r, o, "asn", mt_json_number(l->asn));
	mt_json_put(r, o, "as_name", mt_json_string(r, l->as_name));
}

static json_t *
geo(struct mt_json *r, const struct mt_location *location)
{
	json_t *o = json_object();
	char text[MT_IP_TEXT];
	struct mt_buf buf;

	put_location(r, o, location);
	if (location == NULL || location->network.family == 0) {
		mt_json_put(r, o, "network", json_null());
		return o;
	}
	mt_buf_init(&buf, &r->scratch, 0);
	mt_buf_format(&buf, "%s/%u", mt_ip_text(&location->network, text), (unsigned)location->network_bits);
	mt_json_put(r, o, "network", mt_json_string(r, mt_buf_span(&buf)));
	return o;
}

static json_t *
input(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "file", mt_json_string(r, r->trace->file));
	mt_json_put(r, o, "offset", r->trace->offset < 0 ? json_null() : json_integer(r->trace->offset));
	mt_json_put(r, o, "queue_id", mt_json_string(r, r->trace->queue_id));
	return o;
}

static json_t *
times(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "received", mt_json_instant(r, r->trace->received_msec));
	mt_json_put(r, o, "traced", mt_json_instant(r, r->trace->traced_msec));
	mt_json_put(r, o, "duration_ms", json_integer(r->trace->duration_msec));
	return o;
}

static json_t *
verdict(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "level", mt_json_text(r, mt_level_word(r->trace->verdict.level)));
	mt_json_put(r, o, "relay", mt_json_text(r, mt_result_word(r->trace->verdict.relay)));
	mt_json_put(r, o, "summary", mt_json_text(r, r->trace->verdict.summary));
	return o;
}

static json_t *
place(struct mt_json *r, const struct mt_ip *address, unsigned hop)
{
	json_t *o = json_object();

	mt_json_put(r, o, "ip", mt_json_ip(r, address));
	mt_json_put(r, o, "hop", mt_json_number(hop));
	return o;
}

/* The reverse name of the client, if the address is the client's. */
static struct mt_span
name_of(const struct mt_trace *trace, const struct mt_ip *address)
{
	if (trace->peer == NULL || address->family == 0 || !mt_ip_equal(address, &trace->peer->ip))
		return MT_ABSENT;
	return mt_iprev_name(&trace->peer->iprev);
}

static json_t *
origin(struct mt_json *r)
{
	const struct mt_origin *from = &r->trace->origin;
	json_t *o = json_object(), *reasons = json_array();

	for (unsigned i = 0; i < from->nreasons; i++)
		mt_json_append(r, reasons, mt_json_text(r, from->reasons[i]));
	mt_json_put(r, o, "proved", place(r, &from->proved_ip, from->proved_hop));
	mt_json_put(r, o, "claimed", place(r, &from->claimed_ip, from->claimed_hop));
	mt_json_put(r, o, "confidence", json_integer(from->confidence));
	mt_json_put(r, o, "reasons", reasons);
	mt_json_put(r, o, "ptr", mt_json_string(r, name_of(r->trace,
	    from->claimed_ip.family != 0 ? &from->claimed_ip : &from->proved_ip)));
	put_location(r, o, mt_trace_location(r->trace, from->claimed_hop != 0 ? from->claimed_hop
	    : from->proved_hop));
	return o;
}

static json_t *
client(struct mt_json *r)
{
	static const struct mt_peer nobody;
	const struct mt_peer *peer = r->trace->peer == NULL ? &nobody : r->trace->peer;
	json_t *o = json_object();

	mt_json_put(r, o, "ip", mt_json_ip(r, &peer->ip));
	mt_json_put(r, o, "port", mt_json_number(peer->port));
	mt_json_put(r, o, "helo", mt_json_string(r, peer->helo.name));
	mt_json_put(r, o, "ptr", mt_json_string(r, mt_iprev_name(&peer->iprev)));
	mt_json_put(r, o, "tls", mt_json_string(r, peer->tls));
	mt_json_put(r, o, "auth", mt_json_string(r, peer->auth));
	mt_json_put(r, o, "geo", geo(r, peer->location));
	return o;
}

static json_t *
boundary(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "hop", mt_json_number(r->trace->boundary.hop));
	mt_json_put(r, o, "ip", mt_json_ip(r, &r->trace->boundary.ip));
	mt_json_put(r, o, "reason", mt_json_text(r, r->trace->boundary.reason));
	return o;
}

static json_t *
hop_from(struct mt_json *r, const struct mt_hop *hop)
{
	json_t *o = json_object();

	mt_json_put(r, o, "helo", mt_json_string(r, hop->from.helo));
	mt_json_put(r, o, "rdns", mt_json_string(r, hop->from.rdns));
	mt_json_put(r, o, "ip", mt_json_ip(r, &hop->from.ip));
	mt_json_put(r, o, "ident", mt_json_string(r, hop->from.ident));
	return o;
}

static json_t *
hop_flags(struct mt_json *r, uint32_t flags)
{
	json_t *a = json_array();

	for (unsigned f = 0; f < MT_HOP_FLAGS; f++)
		if (flags & (UINT32_C(1) << f))
			mt_json_append(r, a, mt_json_text(r, mt_hop_flag_word((enum mt_hop_flag)f)));
	return a;
}

/* What the receiving server wrote. */
static void
hop_written(struct mt_json *r, json_t *o, const struct mt_hop *hop)
{
	mt_json_put(r, o, "from", hop_from(r, hop));
	mt_json_put(r, o, "by", mt_json_string(r, hop->by));
	mt_json_put(r, o, "by_ip", mt_json_ip(r, &hop->by_ip));
	mt_json_put(r, o, "via", mt_json_string(r, hop->via));
	mt_json_put(r, o, "with", mt_json_string(r, hop->with));
	mt_json_put(r, o, "id", mt_json_string(r, hop->id));
	mt_json_put(r, o, "for", mt_json_string(r, hop->recipient));
	mt_json_put(r, o, "tls", mt_json_string(r, hop->tls));
	mt_json_put(r, o, "auth", mt_json_string(r, hop->auth));
}

static json_t *
hop_object(struct mt_json *r, const struct mt_hop *hop)
{
	json_t *o = json_object();
	char date[MT_DATE_TEXT];

	mt_json_put(r, o, "n", json_integer(hop->n));
	mt_json_put(r, o, "kind", mt_json_text(r, mt_hop_kind_word(hop->kind)));
	mt_json_put(r, o, "trusted", json_boolean(hop->trusted));
	hop_written(r, o, hop);
	mt_json_put(r, o, "date", hop->date.known ? mt_json_text(r, mt_date_text(&hop->date, date)) : json_null());
	mt_json_put(r, o, "delay_s", hop->has_delay ? json_integer(hop->delay_sec) : json_null());
	mt_json_put(r, o, "link", hop->link == MT_LINK_NONE ? json_null() : mt_json_text(r, mt_link_word(hop->link)));
	mt_json_put(r, o, "forged", json_boolean(hop->forged));
	mt_json_put(r, o, "geo", geo(r, hop->location));
	mt_json_put(r, o, "flags", hop_flags(r, hop->flags));
	mt_json_put(r, o, "raw", mt_json_string(r, hop->raw));
	mt_json_put(r, o, "sender", mt_json_string(r, hop->sender));
	mt_json_put(r, o, "dialect", mt_json_text(r, hop->dialect));
	return o;
}

static json_t *
hops(struct mt_json *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nhops; i++)
		mt_json_append(r, a, hop_object(r, &r->trace->hops[i]));
	return a;
}

static json_t *
evidence_object(struct mt_json *r, const struct mt_evidence *e)
{
	json_t *o = json_object(), *facts = json_array();

	for (unsigned f = 0; f < MT_FACTS; f++)
		if (e->facts & (UINT32_C(1) << f))
			mt_json_append(r, facts, mt_json_text(r, mt_fact_word((enum mt_fact_name)f)));
	mt_json_put(r, o, "code", mt_json_text(r, e->code));
	mt_json_put(r, o, "strength", mt_json_text(r, mt_strength_word(e->strength)));
	mt_json_put(r, o, "text", mt_json_string(r, e->text));
	mt_json_put(r, o, "hop", mt_json_number(e->hop));
	mt_json_put(r, o, "facts", facts);
	return o;
}

static json_t *
evidence(struct mt_json *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nevidence; i++)
		mt_json_append(r, a, evidence_object(r, &r->trace->evidence[i]));
	return a;
}

/* "550 5.7.25 text" as it goes or would go to the client. */
static json_t *
reply(struct mt_json *r, const struct mt_verdict *v)
{
	struct mt_buf buf;

	if (v->code == 0)
		return json_null();
	mt_buf_init(&buf, &r->scratch, 0);
	mt_buf_format(&buf, "%u ", v->code);
	if (!mt_span_empty(v->xcode)) {
		mt_buf_add(&buf, v->xcode);
		mt_buf_char(&buf, ' ');
	}
	mt_buf_add(&buf, v->text);
	return buf.cut ? NULL : mt_json_string(r, mt_span_trim(mt_buf_span(&buf)));
}

/* Rules that tag, by name. */
static json_t *
tags(struct mt_json *r, const struct mt_notes *notes)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < notes->count; i++)
		mt_json_append(r, a, mt_json_string(r, notes->note[i].rule));
	return a;
}

/* Rules in dry-run or that refused recipients, each with its action. */
static json_t *
notes(struct mt_json *r, const struct mt_notes *notes)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < notes->count; i++) {
		json_t *o = json_object();

		mt_json_put(r, o, "rule", mt_json_string(r, notes->note[i].rule));
		mt_json_put(r, o, "action", mt_json_text(r, mt_action_word(notes->note[i].action)));
		mt_json_append(r, a, o);
	}
	return a;
}

/* Recipients that were refused before the end. */
static json_t *
refused(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "recipients", json_integer((json_int_t)r->trace->refused));
	mt_json_put(r, o, "rules", notes(r, &r->trace->refusals));
	return o;
}

static json_t *
policy(struct mt_json *r)
{
	const struct mt_verdict *v = &r->trace->verdict;
	json_t *o = json_object();

	mt_json_put(r, o, "rule", mt_json_string(r, v->rule));
	mt_json_put(r, o, "action", mt_json_text(r, mt_action_word(v->action)));
	mt_json_put(r, o, "reply", reply(r, v));
	mt_json_put(r, o, "would", mt_json_text(r, mt_action_word(v->would)));
	mt_json_put(r, o, "mode", mt_json_text(r, mt_mode_word(v->mode)));
	mt_json_put(r, o, "stage", mt_json_text(r, mt_stage_word(v->stage)));
	mt_json_put(r, o, "exempt", mt_json_string(r, v->exempt));
	mt_json_put(r, o, "dry_run", json_boolean(v->dry_run));
	mt_json_put(r, o, "reason", v->reason == NULL ? json_null() : mt_json_text(r, v->reason));
	mt_json_put(r, o, "tags", tags(r, &v->tags));
	mt_json_put(r, o, "rehearsed", notes(r, &v->rehearsed));
	mt_json_put(r, o, "more", json_boolean(v->tags.more || v->rehearsed.more));
	mt_json_put(r, o, "refused", refused(r));
	return o;
}

/* The open-relay verdict, step by step. */
static json_t *
relay(struct mt_json *r)
{
	const struct mt_relay *relay = &r->trace->relay;
	json_t *o = mt_json_state(r, MT_FACT_RELAY), *steps = json_array();

	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		const struct mt_relay_finding *f = &relay->findings[i];
		json_t *step = json_object();

		mt_json_put(r, step, "step", mt_json_text(r, mt_relay_step_word((enum mt_relay_step)i)));
		mt_json_put(r, step, "holds", mt_json_text(r, mt_result_word(f->holds)));
		mt_json_put(r, step, "text", mt_json_string(r, f->text));
		mt_json_append(r, steps, step);
	}
	mt_json_put(r, o, "ip", mt_json_ip(r, &relay->ip));
	mt_json_put(r, o, "origin", mt_json_ip(r, &relay->origin));
	mt_json_put(r, o, "hop", mt_json_number(relay->hop));
	mt_json_put(r, o, "steps", steps);
	return o;
}

static json_t *
errors(struct mt_json *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nerrors; i++) {
		const struct mt_trace_error *e = &r->trace->errors[i];
		json_t *o = json_object();

		mt_json_put(r, o, "what", mt_json_text(r, e->what));
		mt_json_put(r, o, "state", mt_json_text(r, e->state));
		mt_json_put(r, o, "detail", mt_json_string(r, e->detail));
		mt_json_append(r, a, o);
	}
	return a;
}

/* Whose data were used; their version is the day on which they were put together. */
static json_t *
sources(struct mt_json *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nsources; i++) {
		const struct mt_trace_source *s = &r->trace->sources[i];
		json_t *o = json_object();
		char date[MT_TIME_TEXT];

		mt_time_text(mt_time_told(s->built_sec), date);
		date[strcspn(date, "T")] = '\0';
		mt_json_put(r, o, "name", mt_json_string(r, s->name));
		mt_json_put(r, o, "version", s->built_sec == 0 ? json_null() : mt_json_text(r, date));
		mt_json_put(r, o, "licence", mt_json_text(r, s->licence));
		mt_json_append(r, a, o);
	}
	return a;
}

static json_t *
generator(struct mt_json *r)
{
	struct mt_buf buf;

	mt_buf_init(&buf, &r->scratch, 0);
	mt_buf_format(&buf, "mailtrace %s", mt_version());
	return buf.cut ? NULL : mt_json_string(r, mt_buf_span(&buf));
}

static json_t *
build(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "schema", mt_json_text(r, "mailtrace/1"));
	mt_json_put(r, o, "id", mt_json_text(r, r->trace->id));
	mt_json_put(r, o, "generator", generator(r));
	mt_json_put(r, o, "input", input(r));
	mt_json_put(r, o, "time", times(r));
	mt_json_put(r, o, "mode", mt_json_text(r, mt_mode_word(r->trace->verdict.mode)));
	mt_json_put(r, o, "verdict", verdict(r));
	mt_json_put(r, o, "origin", origin(r));
	mt_json_put(r, o, "client", client(r));
	mt_json_put(r, o, "boundary", boundary(r));
	mt_json_put(r, o, "hops", hops(r));
	mt_json_put(r, o, "checks", mt_json_checks(r));
	mt_json_put(r, o, "relay", relay(r));
	mt_json_put(r, o, "owners", json_array());
	mt_json_put(r, o, "route", json_array());
	mt_json_put(r, o, "evidence", evidence(r));
	mt_json_put(r, o, "policy", policy(r));
	mt_json_put(r, o, "contacts", json_array());
	mt_json_put(r, o, "errors", errors(r));
	mt_json_put(r, o, "sources", sources(r));
	return o;
}

/* Keeps what jansson writes.  It does not look at every answer of this (2.14 ignores that
 * for an object's key), so the buffer remembers. */
static int
keep(const char *bytes, size_t len, void *data)
{
	struct mt_buf *whole = data;

	mt_buf_add(whole, (struct mt_span){ bytes, len });
	return whole->cut ? -1 : 0;
}

/* The whole text first, so that a report comes whole or not at all.  ASCII only: it may be
 * read on a terminal, which obeys U+009B and the like. */
int
mt_render_json(const struct mt_trace *trace, bool pretty, mt_sink_fn *sink, void *ctx)
{
	struct mt_json report = { .trace = trace };
	size_t flags = (pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENSURE_ASCII;
	int error = MT_ENOMEM;
	struct mt_buf whole;
	json_t *root;

	mt_arena_init(&report.scratch, 4096, SCRATCH);
	mt_buf_init(&whole, &report.scratch, 0);
	root = build(&report);
	if (!report.failed && json_dump_callback(root, keep, &whole, flags) == 0 && !whole.cut)
		error = sink(ctx, whole.ptr, whole.len) == 0 ? MT_OK : MT_EIO;
	json_decref(root);
	mt_arena_fini(&report.scratch);
	return error;
}
