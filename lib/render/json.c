/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the schema "mailtrace/1" (mailtrace-1.schema.json) and is the only file that knows
 * jansson.  Keys stand in the order of the schema, all of them in every report; what is
 * absent is null, and a look-up that was not made is "skipped" with a reason.  Refuses to
 * hand jansson a byte that is no UTF-8: it would answer with NULL.
 */
#include "lib/render/render.h"

#include <jansson.h>

#include "lib/base/buf.h"
#include "lib/core/date.h"
#include "lib/render/utf8.h"

#define NOT_BUILT "not-in-this-build"
/* Cleaned copies of one report (three bytes for each bad one), then its text (six for each
 * of these), each in a buffer that doubles. */
#define SCRATCH (32u * MT_TRACE_CEILING)

struct report {
	const struct mt_trace *trace;
	struct mt_arena scratch;
	bool failed;			/* no memory; the report is thrown away */
};

/* Puts a value in its place, which takes it over; all that jansson refuses ends here. */
static void
put(struct report *r, json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new_nocheck(object, key, value) != 0)
		r->failed = true;
}

static void
append(struct report *r, json_t *array, json_t *value)
{
	if (value == NULL || json_array_append_new(array, value) != 0)
		r->failed = true;
}

/* The one way by which bytes become a JSON string; absent is null. */
static json_t *
string(struct report *r, struct mt_span s)
{
	struct mt_buf buf;

	if (s.ptr == NULL)
		return json_null();
	if (mt_utf8_valid(s))
		return json_stringn_nocheck(s.ptr, s.len);
	mt_buf_init(&buf, &r->scratch, 0);
	mt_utf8_clean(&buf, s);
	if (buf.cut)
		return NULL;
	return json_stringn_nocheck(buf.ptr, buf.len);
}

static json_t *
text(struct report *r, const char *s)
{
	return string(r, mt_span_text(s));
}

static json_t *
ip(struct report *r, const struct mt_ip *address)
{
	char out[MT_IP_TEXT];

	return address->family == 0 ? json_null() : text(r, mt_ip_text(address, out));
}

/* Zero means that there is none. */
static json_t *
number(uint64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

static json_t *
instant(struct report *r, int64_t unix_msec)
{
	char out[MT_TIME_TEXT];

	return unix_msec == 0 ? json_null() : text(r, mt_time_text(unix_msec, out));
}

/* Keys that this build finds nothing out about: all null. */
static void
put_nulls(struct report *r, json_t *object, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		put(r, object, *keys, json_null());
}

static json_t *
geo(struct report *r)
{
	static const char *const keys[] = { "country", "city", "lat", "lon", "radius_km", "asn", "as_name", "network",
		NULL };
	json_t *o = json_object();

	put_nulls(r, o, keys);
	return o;
}

static json_t *
input(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "file", string(r, r->trace->file));
	put(r, o, "offset", r->trace->offset < 0 ? json_null() : json_integer(r->trace->offset));
	put(r, o, "queue_id", string(r, r->trace->queue_id));
	return o;
}

static json_t *
times(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "received", instant(r, r->trace->received_msec));
	put(r, o, "traced", instant(r, r->trace->traced_msec));
	put(r, o, "duration_ms", json_integer(r->trace->duration_msec));
	return o;
}

static json_t *
verdict(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "level", text(r, mt_level_word(r->trace->verdict.level)));
	put(r, o, "relay", text(r, mt_result_word(r->trace->verdict.relay)));
	put(r, o, "summary", text(r, r->trace->verdict.summary));
	return o;
}

static json_t *
place(struct report *r, const struct mt_ip *address, unsigned hop)
{
	json_t *o = json_object();

	put(r, o, "ip", ip(r, address));
	put(r, o, "hop", number(hop));
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
origin(struct report *r)
{
	static const char *const unknown[] = { "country", "city", "lat", "lon", "radius_km", "asn", "as_name", NULL };
	const struct mt_origin *from = &r->trace->origin;
	json_t *o = json_object(), *reasons = json_array();

	for (unsigned i = 0; i < from->nreasons; i++)
		append(r, reasons, text(r, from->reasons[i]));
	put(r, o, "proved", place(r, &from->proved_ip, from->proved_hop));
	put(r, o, "claimed", place(r, &from->claimed_ip, from->claimed_hop));
	put(r, o, "confidence", json_integer(from->confidence));
	put(r, o, "reasons", reasons);
	put(r, o, "ptr", string(r, name_of(r->trace,
	    from->claimed_ip.family != 0 ? &from->claimed_ip : &from->proved_ip)));
	put_nulls(r, o, unknown);
	return o;
}

static json_t *
client(struct report *r)
{
	static const struct mt_peer nobody;
	const struct mt_peer *peer = r->trace->peer == NULL ? &nobody : r->trace->peer;
	json_t *o = json_object();

	put(r, o, "ip", ip(r, &peer->ip));
	put(r, o, "port", number(peer->port));
	put(r, o, "helo", string(r, peer->helo.name));
	put(r, o, "ptr", string(r, mt_iprev_name(&peer->iprev)));
	put(r, o, "tls", string(r, peer->tls));
	put(r, o, "auth", string(r, peer->auth));
	put(r, o, "geo", geo(r));
	return o;
}

static json_t *
boundary(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "hop", number(r->trace->boundary.hop));
	put(r, o, "ip", ip(r, &r->trace->boundary.ip));
	put(r, o, "reason", text(r, r->trace->boundary.reason));
	return o;
}

static json_t *
hop_from(struct report *r, const struct mt_hop *hop)
{
	json_t *o = json_object();

	put(r, o, "helo", string(r, hop->from.helo));
	put(r, o, "rdns", string(r, hop->from.rdns));
	put(r, o, "ip", ip(r, &hop->from.ip));
	put(r, o, "ident", string(r, hop->from.ident));
	return o;
}

static json_t *
hop_flags(struct report *r, uint32_t flags)
{
	json_t *a = json_array();

	for (unsigned f = 0; f < MT_HOP_FLAGS; f++)
		if (flags & (UINT32_C(1) << f))
			append(r, a, text(r, mt_hop_flag_word((enum mt_hop_flag)f)));
	return a;
}

/* What the receiving server wrote. */
static void
hop_written(struct report *r, json_t *o, const struct mt_hop *hop)
{
	put(r, o, "from", hop_from(r, hop));
	put(r, o, "by", string(r, hop->by));
	put(r, o, "by_ip", ip(r, &hop->by_ip));
	put(r, o, "via", string(r, hop->via));
	put(r, o, "with", string(r, hop->with));
	put(r, o, "id", string(r, hop->id));
	put(r, o, "for", string(r, hop->recipient));
	put(r, o, "tls", string(r, hop->tls));
	put(r, o, "auth", string(r, hop->auth));
}

static json_t *
hop_object(struct report *r, const struct mt_hop *hop)
{
	json_t *o = json_object();
	char date[MT_DATE_TEXT];

	put(r, o, "n", json_integer(hop->n));
	put(r, o, "kind", text(r, mt_hop_kind_word(hop->kind)));
	put(r, o, "trusted", json_boolean(hop->trusted));
	hop_written(r, o, hop);
	put(r, o, "date", hop->date.known ? text(r, mt_date_text(&hop->date, date)) : json_null());
	put(r, o, "delay_s", hop->has_delay ? json_integer(hop->delay_sec) : json_null());
	put(r, o, "link", hop->link == MT_LINK_NONE ? json_null() : text(r, mt_link_word(hop->link)));
	put(r, o, "forged", json_boolean(hop->forged));
	put(r, o, "geo", geo(r));
	put(r, o, "flags", hop_flags(r, hop->flags));
	put(r, o, "raw", string(r, hop->raw));
	put(r, o, "sender", string(r, hop->sender));
	put(r, o, "dialect", text(r, hop->dialect));
	return o;
}

static json_t *
hops(struct report *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nhops; i++)
		append(r, a, hop_object(r, &r->trace->hops[i]));
	return a;
}

static json_t *
cause(struct report *r, enum mt_cause c)
{
	return c == MT_CAUSE_NONE ? json_null() : text(r, mt_cause_word(c));
}

/* The state of a fact.  What nobody asked about is skipped, and the cause says why. */
static json_t *
state(struct report *r, enum mt_fact_name name)
{
	const struct mt_fact *fact = &r->trace->facts.fact[name];
	bool idle = fact->result == MT_UNKNOWN && (r->trace->peer == NULL || !r->trace->peer->known);
	bool built = mt_fact_row(name)->built || fact->result != MT_UNKNOWN;
	json_t *o = json_object();

	put(r, o, "state", text(r, mt_result_word(!built || idle ? MT_SKIPPED : fact->result)));
	if (!built)
		put(r, o, "reason", text(r, NOT_BUILT));
	else if (idle)
		put(r, o, "reason", text(r, mt_cause_word(MT_CAUSE_NO_INPUT)));
	else if (fact->result == MT_SKIPPED)
		put(r, o, "reason", text(r, fact->cause == MT_CAUSE_NONE ? "not-needed" : mt_cause_word(fact->cause)));
	return o;
}

/* The rest of what is known of a fact. */
static void
put_fact(struct report *r, json_t *o, enum mt_fact_name name)
{
	put(r, o, "cause", cause(r, r->trace->facts.fact[name].cause));
	put(r, o, "ms", json_integer(r->trace->facts.fact[name].msec));
}

static json_t *
ptr_check(struct report *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = state(r, MT_FACT_PTR), *names = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->iprev.nnames; i++)
		append(r, names, string(r, peer->iprev.names[i].name));
	put(r, o, "names", names);
	put_fact(r, o, MT_FACT_PTR);
	return o;
}

/* Each name with what became of it. */
static json_t *
iprev_check(struct report *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = state(r, MT_FACT_IPREV), *names = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->iprev.nnames; i++) {
		const struct mt_ptr_name *name = &peer->iprev.names[i];
		json_t *n = json_object();

		put(r, n, "name", string(r, name->name));
		put(r, n, "state", text(r, mt_result_word(name->asked ? name->forward : MT_SKIPPED)));
		put(r, n, "cause", cause(r, name->cause));
		append(r, names, n);
	}
	put_fact(r, o, MT_FACT_IPREV);
	put(r, o, "names", names);
	return o;
}

static json_t *
helo_check(struct report *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = state(r, MT_FACT_HELO), *addresses = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->helo.naddresses; i++)
		append(r, addresses, ip(r, &peer->helo.addresses[i]));
	put(r, o, "addresses", addresses);
	put_fact(r, o, MT_FACT_HELO);
	put(r, o, "changed_from", string(r, peer == NULL ? MT_ABSENT : peer->helo.changed_from));
	return o;
}

/* A check of which no more is known than its state: the other keys are null. */
static json_t *
other_check(struct report *r, enum mt_fact_name name, const char *const *keys)
{
	json_t *o = state(r, name);

	put_nulls(r, o, keys);
	return o;
}

static json_t *
ident_check(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "state", text(r, mt_result_word(MT_SKIPPED)));
	put(r, o, "reason", text(r, NOT_BUILT));
	put(r, o, "user", json_null());
	return o;
}

static json_t *
checks(struct report *r)
{
	static const char *const none[] = { NULL }, *const domain[] = { "domain", NULL };
	static const char *const arc[] = { "instance", "sealer", NULL }, *const dmarc[] = { "domain", "policy", NULL };
	json_t *o = json_object(), *spf = json_object();

	put(r, o, "ptr", ptr_check(r));
	put(r, o, "iprev", iprev_check(r));
	put(r, o, "helo", helo_check(r));
	put(r, spf, "mailfrom", other_check(r, MT_FACT_SPF, domain));
	put(r, spf, "helo", other_check(r, MT_FACT_SPF_HELO, domain));
	put(r, o, "spf", spf);
	put(r, o, "dkim", json_array());
	put(r, o, "arc", other_check(r, MT_FACT_ARC, arc));
	put(r, o, "dmarc", other_check(r, MT_FACT_DMARC, dmarc));
	put(r, o, "dnsbl", json_array());
	put(r, o, "ident", ident_check(r));
	put(r, o, "chain", other_check(r, MT_FACT_CHAIN, none));
	put(r, o, "authenticated", other_check(r, MT_FACT_AUTHENTICATED, none));
	return o;
}

static json_t *
evidence_object(struct report *r, const struct mt_evidence *e)
{
	json_t *o = json_object(), *facts = json_array();

	for (unsigned f = 0; f < MT_FACTS; f++)
		if (e->facts & (UINT32_C(1) << f))
			append(r, facts, text(r, mt_fact_word((enum mt_fact_name)f)));
	put(r, o, "code", text(r, e->code));
	put(r, o, "strength", text(r, mt_strength_word(e->strength)));
	put(r, o, "text", string(r, e->text));
	put(r, o, "hop", number(e->hop));
	put(r, o, "facts", facts);
	return o;
}

static json_t *
evidence(struct report *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nevidence; i++)
		append(r, a, evidence_object(r, &r->trace->evidence[i]));
	return a;
}

/* "550 5.7.25 text" as it goes or would go to the client. */
static json_t *
reply(struct report *r, const struct mt_verdict *v)
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
	return buf.cut ? NULL : string(r, mt_span_trim(mt_buf_span(&buf)));
}

static json_t *
policy(struct report *r)
{
	const struct mt_verdict *v = &r->trace->verdict;
	json_t *o = json_object();

	put(r, o, "rule", string(r, v->rule));
	put(r, o, "action", text(r, mt_action_word(v->action)));
	put(r, o, "reply", reply(r, v));
	put(r, o, "would", text(r, mt_action_word(v->would)));
	put(r, o, "mode", text(r, mt_mode_word(v->mode)));
	put(r, o, "stage", text(r, mt_stage_word(v->stage)));
	put(r, o, "exempt", string(r, v->exempt));
	put(r, o, "dry_run", json_boolean(v->dry_run));
	return o;
}

static json_t *
errors(struct report *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->trace->nerrors; i++) {
		const struct mt_trace_error *e = &r->trace->errors[i];
		json_t *o = json_object();

		put(r, o, "what", text(r, e->what));
		put(r, o, "state", text(r, e->state));
		put(r, o, "detail", string(r, e->detail));
		append(r, a, o);
	}
	return a;
}

static json_t *
generator(struct report *r)
{
	struct mt_buf buf;

	mt_buf_init(&buf, &r->scratch, 0);
	mt_buf_format(&buf, "mailtrace %s", mt_version());
	return buf.cut ? NULL : string(r, mt_buf_span(&buf));
}

static json_t *
build(struct report *r)
{
	json_t *o = json_object();

	put(r, o, "schema", text(r, "mailtrace/1"));
	put(r, o, "id", text(r, r->trace->id));
	put(r, o, "generator", generator(r));
	put(r, o, "input", input(r));
	put(r, o, "time", times(r));
	put(r, o, "mode", text(r, mt_mode_word(r->trace->verdict.mode)));
	put(r, o, "verdict", verdict(r));
	put(r, o, "origin", origin(r));
	put(r, o, "client", client(r));
	put(r, o, "boundary", boundary(r));
	put(r, o, "hops", hops(r));
	put(r, o, "checks", checks(r));
	put(r, o, "owners", json_array());
	put(r, o, "route", json_array());
	put(r, o, "evidence", evidence(r));
	put(r, o, "policy", policy(r));
	put(r, o, "contacts", json_array());
	put(r, o, "errors", errors(r));
	put(r, o, "sources", json_array());
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
	struct report report = { .trace = trace };
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
