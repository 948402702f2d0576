/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how the added header fields are spelled, but for Authentication-Results, and that
 * each of them is one well-formed field whatever a stranger sent; refuses to know where they
 * are put, and which of them.
 *
 * One grammar for all of X-Trace-*:
 *
 *	field     = [ word ";" ] parameter *( ";" parameter )
 *	parameter = name "=" ( item *( "," item ) / "-" / "..." )
 *	item      = ( token / quoted ) [ ":" token ]
 *	quoted    = DQUOTE *( printable / "\\" / "\" DQUOTE / "\x" 2HEXDIG ) DQUOTE
 *
 * "-" stands for what is not known, "..." for a value that had no room: a value is whole
 * or is not there.  As the last item of a list "..." stands for more than are kept.  Text
 * that happens to read so is quoted.
 */
#include "lib/render/render.h"

#include "lib/base/buf.h"
#include "lib/core/cfws.h"
#include "lib/core/relay.h"

/* RFC 5322, 2.1.1, wants lines of 78; 2 are left for what is put between parameters. */
#define FOLD_COLUMN 76
#define PARAMS_MOST 16
/* RFC 5322, 2.1.1: no line over 998, with some room for the name and a fold. */
#define LINE_MOST 990

struct params {
	struct mt_arena *arena;
	struct mt_span text[PARAMS_MOST];	/* rendered, "name=value" or a word */
	size_t value[PARAMS_MOST];		/* where the value begins */
	size_t count;
	bool failed;				/* the arena is at its ceiling */
};

static const char *const names[MT_HEADERS] = {
	[MT_HEADER_RESULT] = "X-Trace-Result",
	[MT_HEADER_CLIENT] = "X-Trace-Client",
	[MT_HEADER_ORIGIN] = "X-Trace-Origin",
	[MT_HEADER_PATH] = "X-Trace-Path",
	[MT_HEADER_RELAY] = "X-Trace-Relay",
	[MT_HEADER_EVIDENCE] = "X-Trace-Evidence",
	[MT_HEADER_AUTHRES] = "Authentication-Results",
};

const char *
mt_header_name(enum mt_header header)
{
	return (size_t)header < MT_HEADERS ? names[header] : NULL;
}

/* Whether a value can stand without quotes, and means nothing else. */
static bool
is_plain(struct mt_span s)
{
	return mt_cfws_token(s) && !mt_span_same_text(s, "-") && !mt_span_same_text(s, "...");
}

static void
quote(struct mt_buf *buf, struct mt_span s)
{
	mt_buf_char(buf, '"');
	mt_buf_escape(buf, s, "\"\\");
	mt_buf_char(buf, '"');
}

static void
token_or_quoted(struct mt_buf *buf, struct mt_span s)
{
	if (is_plain(s))
		mt_buf_add(buf, s);
	else
		quote(buf, s);
}

/* Begins a parameter in a buffer of its own; take() ends it. */
static void
begin(struct params *p, struct mt_buf *buf, const char *name)
{
	mt_buf_init(buf, p->arena, 0);
	mt_buf_text(buf, name);
	if (name[0] != '\0')
		mt_buf_char(buf, '=');
}

static void
take(struct params *p, const struct mt_buf *buf, const char *name)
{
	if (buf->cut || p->count == PARAMS_MOST) {
		p->failed = true;
		return;
	}
	p->value[p->count] = name[0] == '\0' ? 0 : strlen(name) + 1;
	p->text[p->count++] = mt_buf_span(buf);
}

/* A value of our own making, as it is. */
static void
add_raw(struct params *p, const char *name, struct mt_span value)
{
	struct mt_buf buf;

	begin(p, &buf, name);
	mt_buf_add(&buf, value);
	take(p, &buf, name);
}

static void
add_word(struct params *p, const char *name, const char *word)
{
	add_raw(p, name, mt_span_text(word));
}

/* A value from outside or from the settings; absent is "-". */
static void
add_value(struct params *p, const char *name, struct mt_span value, bool always_quoted)
{
	struct mt_buf buf;

	begin(p, &buf, name);
	if (value.ptr == NULL)
		mt_buf_char(&buf, '-');
	else if (always_quoted)
		quote(&buf, value);
	else
		token_or_quoted(&buf, value);
	take(p, &buf, name);
}

static void
add_ip(struct params *p, const char *name, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];

	add_value(p, name, ip->family == 0 ? MT_ABSENT : mt_span_text(mt_ip_text(ip, text)), false);
}

static void
add_number(struct params *p, const char *name, uint64_t value, const char *unit)
{
	struct mt_buf buf;

	begin(p, &buf, name);
	mt_buf_format(&buf, "%llu%s", (unsigned long long)value, unit);
	take(p, &buf, name);
}

/* Text of all parameters, each with the ";\n\t" that may stand behind it. */
static size_t
total_length(const struct params *p)
{
	size_t total = 0;

	for (size_t i = 0; i < p->count; i++)
		total += p->text[i].len + 3;
	return total;
}

static void
elide(struct params *p, size_t i)
{
	struct mt_buf buf;

	mt_buf_init(&buf, p->arena, 0);
	mt_buf_add(&buf, (struct mt_span){ p->text[i].ptr, p->value[i] });
	mt_buf_text(&buf, "...");
	p->failed |= buf.cut;
	p->text[i] = mt_buf_span(&buf);
}

/* Makes it fit: the longest values go first, and when all that can go is gone, the last
 * parameters.  Each round shortens, so there are at most twice as many as parameters. */
static void
fit(struct params *p, size_t most)
{
	while (p->count > 0 && !p->failed && total_length(p) > most) {
		size_t longest = 0;

		for (size_t i = 1; i < p->count; i++)
			if (p->text[i].len - p->value[i] > p->text[longest].len - p->value[longest])
				longest = i;
		if (p->text[longest].len - p->value[longest] > 3)
			elide(p, longest);
		else
			p->count--;
	}
}

/* Puts parameters on lines, `name` already standing on the first. */
static struct mt_span
fold(const struct params *p, const char *name)
{
	struct mt_buf buf;
	size_t column = strlen(name) + 2;

	mt_buf_init(&buf, p->arena, 0);
	for (size_t i = 0; i < p->count; i++) {
		if (i > 0) {
			mt_buf_char(&buf, ';');
			/* A TAB counts as eight columns on most terminals. */
			if (column + 1 + p->text[i].len > FOLD_COLUMN) {
				mt_buf_text(&buf, "\n\t");
				column = 8;
			} else {
				mt_buf_char(&buf, ' ');
				column += 2;
			}
		}
		mt_buf_add(&buf, p->text[i]);
		column += p->text[i].len;
	}
	return p->failed || buf.cut || p->count == 0 ? MT_ABSENT : mt_buf_span(&buf);
}

/* Rules that held without ending it; nothing where none did. */
static void
add_notes(struct params *p, const char *name, const struct mt_notes *notes, bool actions)
{
	struct mt_buf buf;

	if (notes->count == 0)
		return;
	begin(p, &buf, name);
	for (unsigned i = 0; i < notes->count; i++) {
		if (i > 0)
			mt_buf_char(&buf, ',');
		token_or_quoted(&buf, notes->note[i].rule);
		if (actions)
			mt_buf_format(&buf, ":%s", mt_action_word(notes->note[i].action));
	}
	if (notes->more)
		mt_buf_text(&buf, ",...");
	take(p, &buf, name);
}

/* The administrator's bound on the text, and the protocol's on one line. */
static size_t
room(const struct mt_trace *trace, const char *name)
{
	size_t most = trace->settings->header_most;

	if (most == 0 || most > LINE_MOST)
		most = LINE_MOST;
	return most > strlen(name) ? most - strlen(name) : 0;
}

/* `action` is what the rules say; `mode` says whether it was done.  (A field that says
 * "accept" on every mail of a rehearsal would be of no use to anybody.) */
static void
result(struct params *p, const struct mt_trace *trace)
{
	const struct mt_verdict *v = &trace->verdict;

	add_word(p, "", mt_level_word(v->level));
	add_value(p, "id", mt_span_text(trace->id), false);
	add_value(p, "rule", v->rule, false);
	if (v->exempt.ptr != NULL)
		add_value(p, "exempt", v->exempt, false);
	add_word(p, "action", mt_action_word(v->would));
	if (v->reason != NULL)
		add_word(p, "reason", v->reason);
	add_notes(p, "tags", &v->tags, false);
	add_notes(p, "dry-run", &v->rehearsed, true);
	add_word(p, "mode", mt_mode_word(v->mode));
	add_word(p, "relay", mt_result_word(v->relay));
	add_word(p, "v", "1");
}

/* As far as databases know. */
static void
add_location(struct params *p, const struct mt_location *location, bool city)
{
	if (location == NULL)
		return;
	if (location->asn != 0)
		add_number(p, "asn", location->asn, "");
	if (location->country[0] != '\0')
		add_value(p, "cc", mt_span_text(location->country), false);
	if (city && location->city.ptr != NULL)
		add_value(p, "city", location->city, true);
}

static void
client(struct params *p, const struct mt_trace *trace)
{
	const struct mt_peer *peer = trace->peer;
	const struct mt_fact *fact = trace->facts.fact;

	if (peer == NULL || (peer->ip.family == 0 && peer->helo.name.ptr == NULL))
		return;
	add_ip(p, "ip", &peer->ip);
	add_word(p, "ptr", mt_result_word(fact[MT_FACT_PTR].result));
	add_word(p, "iprev", mt_result_word(fact[MT_FACT_IPREV].result));
	add_value(p, "helo", peer->helo.name, true);
	add_word(p, "helo-check", mt_result_word(fact[MT_FACT_HELO].result));
	add_location(p, peer->location, false);
}

static void
origin(struct params *p, const struct mt_trace *trace)
{
	const struct mt_origin *o = &trace->origin;

	if (o->proved_ip.family == 0 && o->claimed_ip.family == 0)
		return;
	add_ip(p, "proved", &o->proved_ip);
	add_ip(p, "claimed", &o->claimed_ip);
	add_number(p, "confidence", o->confidence, "");
	add_number(p, "hop", o->claimed_hop != 0 ? o->claimed_hop : o->proved_hop, "");
	add_location(p, mt_trace_location(trace, o->claimed_hop != 0 ? o->claimed_hop : o->proved_hop), true);
}

/* One letter for each gap, from the newest: p proved, l linked, s plausible, u unlinked,
 * c contradicted, - where there is no telling. */
static void
add_links(struct params *p, const struct mt_trace *trace)
{
	static const char letters[MT_LINKS] = {
		[MT_LINK_NONE] = '-', [MT_LINK_PROVED] = 'p', [MT_LINK_LINKED] = 'l',
		[MT_LINK_PLAUSIBLE] = 's', [MT_LINK_UNLINKED] = 'u', [MT_LINK_CONTRADICTED] = 'c',
	};
	struct mt_buf buf;

	begin(p, &buf, "links");
	for (size_t i = trace->nhops; i > 1; i--) {
		enum mt_link link = trace->hops[i - 2].link;

		if (i < trace->nhops)
			mt_buf_char(&buf, ',');
		mt_buf_char(&buf, (size_t)link < MT_LINKS ? letters[link] : '-');
	}
	if (trace->nhops < 2)
		mt_buf_char(&buf, '-');
	take(p, &buf, "links");
}

/* From the oldest date that is known to the newest. */
static void
add_total(struct params *p, const struct mt_trace *trace)
{
	const struct mt_date *oldest = NULL, *newest = NULL;
	struct mt_buf buf;

	for (size_t i = 0; i < trace->nhops; i++) {
		if (!trace->hops[i].date.known)
			continue;
		if (oldest == NULL)
			oldest = &trace->hops[i].date;
		newest = &trace->hops[i].date;
	}
	begin(p, &buf, "total");
	if (oldest == newest)
		mt_buf_char(&buf, '-');
	else
		mt_buf_format(&buf, "%llds", (long long)(newest->unix_sec - oldest->unix_sec));
	take(p, &buf, "total");
}

static void
path(struct params *p, const struct mt_trace *trace)
{
	unsigned trusted = 0, skipped = 0, unparsed = 0, forged = 0;

	if (trace->nhops == 0)
		return;
	for (size_t i = 0; i < trace->nhops; i++) {
		const struct mt_hop *hop = &trace->hops[i];

		trusted += hop->trusted;
		forged += hop->forged;
		unparsed += hop->kind == MT_HOP_UNPARSED;
		skipped += hop->kind != MT_HOP_UNPARSED && hop->kind != MT_HOP_SMTP;
	}
	add_number(p, "hops", trace->nhops, "");
	add_number(p, "trusted", trusted, "");
	add_number(p, "skipped", skipped, "");
	add_number(p, "unparsed", unparsed, "");
	add_links(p, trace);
	add_number(p, "forged", forged, "");
	add_total(p, trace);
	if (trace->truncated)
		add_word(p, "truncated", "yes");
}

/* The grade, the steps of it that hold, and whose mail was passed on. */
static void
relay(struct params *p, const struct mt_trace *trace)
{
	const struct mt_relay *r = &trace->relay;
	bool some = false;
	struct mt_buf buf;

	add_word(p, "", mt_result_word(trace->verdict.relay));
	begin(p, &buf, "evidence");
	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		if (r->findings[i].holds != MT_YES)
			continue;
		mt_buf_format(&buf, "%s%s", some ? "," : "", mt_relay_step_word((enum mt_relay_step)i));
		some = true;
	}
	if (!some)
		mt_buf_char(&buf, '-');
	take(p, &buf, "evidence");
	if (r->hop == 0)
		return;
	add_ip(p, "relay", &r->ip);
	add_ip(p, "for", &r->origin);
	add_number(p, "hop", r->hop, "");
}

/* Strongest first, as they come; a list that has no room ends in "...". */
static struct mt_span
evidence(const struct mt_trace *trace, struct mt_arena *arena, size_t most)
{
	struct mt_buf buf, item;
	size_t column = strlen(names[MT_HEADER_EVIDENCE]) + 2;

	if (most < sizeof "..." - 1)
		return MT_ABSENT;
	mt_buf_init(&buf, arena, 0);
	mt_buf_init(&item, arena, 0);
	for (size_t i = 0; i < trace->nevidence; i++) {
		const struct mt_evidence *e = &trace->evidence[i];
		size_t tail = i + 1 < trace->nevidence ? sizeof ",\n\t..." - 1 : 0;

		item.len = 0;
		mt_buf_format(&item, "%s(%s)", e->code, mt_strength_word(e->strength));
		if (buf.len + 3 + item.len + tail > most) {
			item.len = 0;
			mt_buf_text(&item, "...");
			i = trace->nevidence;
		}
		if (buf.len > 0) {
			bool turn = column + 2 + item.len > FOLD_COLUMN;

			mt_buf_text(&buf, turn ? ",\n\t" : ", ");
			column = turn ? 8 : column + 2;
		}
		mt_buf_add(&buf, mt_buf_span(&item));
		column += item.len;
	}
	return buf.len == 0 || buf.cut || item.cut ? MT_ABSENT : mt_buf_span(&buf);
}

struct mt_span
mt_render_field(const struct mt_trace *trace, struct mt_arena *arena, enum mt_header header)
{
	struct params p = { .arena = arena };
	size_t most;

	if ((size_t)header >= MT_HEADERS)
		return MT_ABSENT;
	most = room(trace, names[header]);
	switch (header) {
	case MT_HEADER_RESULT:
		result(&p, trace);
		break;
	case MT_HEADER_CLIENT:
		client(&p, trace);
		break;
	case MT_HEADER_ORIGIN:
		origin(&p, trace);
		break;
	case MT_HEADER_PATH:
		path(&p, trace);
		break;
	case MT_HEADER_RELAY:
		relay(&p, trace);
		break;
	case MT_HEADER_EVIDENCE:
		return evidence(trace, arena, most);
	case MT_HEADER_AUTHRES:
		return mt_render_authres(trace, arena);
	case MT_HEADERS:
		break;
	}
	fit(&p, most);
	return fold(&p, names[header]);
}
