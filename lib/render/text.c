/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the report for a person at a terminal: verdict first, then where the message came
 * from, its path with the line where belief ends, what was checked, what policy made of
 * it, and why.  Unknown is not bad, and words carry the meaning, not colours alone.
 * Decides nothing; what may be sent to a terminal is page.c's.
 */
#include "lib/render/render.h"

#include "lib/core/date.h"
#include "lib/core/relay.h"
#include "lib/render/page.h"
#include "lib/render/text.h"

#define INDENT 9			/* behind "VERDICT  " */
#define UNDER (INDENT + 9)		/* behind "proved   " */
#define STEP 16				/* column of what a step of the relay rests on */
#define NAME_MOST 64			/* bytes of a name in a table; the raw lines have it whole */
#define DELAY_COLUMNS 36		/* delay, bar and link at the right */
#define BAR 10

static void
title(struct mt_page *page, const char *word)
{
	mt_page_end(page);
	mt_page_word(page, MT_COLOR_BOLD, word);
	mt_page_tab(page, INDENT);
}

static void
address(struct mt_page *page, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];

	mt_page_text(page, ip->family == 0 ? "unknown" : mt_ip_text(ip, text));
}

static void
sentence(struct mt_page *page, const char *text)
{
	mt_page_wrap(page, INDENT, mt_span_text(text));
	mt_page_end(page);
}

static void
head(struct mt_page *page, const struct mt_trace *trace)
{
	char text[MT_TIME_TEXT];

	mt_page_format(page, "mailtrace %s", mt_version());
	if (trace->file.ptr != NULL) {
		mt_page_text(page, "  ");
		mt_page_outside(page, trace->file, 0);
		if (trace->offset > 0)
			mt_page_format(page, " at %lld", (long long)trace->offset);
	}
	mt_page_format(page, "  id %s", trace->id);
	if (trace->queue_id.ptr != NULL) {
		mt_page_text(page, "  queue id ");
		mt_page_outside(page, trace->queue_id, NAME_MOST);
	}
	if (trace->traced_msec != 0)
		mt_page_format(page, "  %s", mt_time_text(trace->traced_msec, text));
	mt_page_format(page, "  %u ms", (unsigned)trace->duration_msec);
	mt_page_end(page);
}

static void
verdict(struct mt_page *page, const struct mt_trace *trace)
{
	static const enum mt_color colors[MT_LEVELS] = {
		[MT_LEVEL_UNVERIFIED] = MT_COLOR_WARN, [MT_LEVEL_TRUSTED] = MT_COLOR_GOOD,
		[MT_LEVEL_VERIFIED] = MT_COLOR_GOOD, [MT_LEVEL_SUSPICIOUS] = MT_COLOR_BAD,
	};
	const struct mt_verdict *v = &trace->verdict;

	title(page, "VERDICT");
	mt_page_loud(page, colors[v->level], mt_level_word(v->level));
	if (v->summary != NULL) {
		mt_page_text(page, ": ");
		mt_page_wrap(page, INDENT, mt_span_text(v->summary));
	}
	mt_page_end(page);
	mt_page_tab(page, INDENT);
	mt_page_format(page, "relay: %s", mt_result_word(v->relay));
	mt_page_end(page);
}

/* "called itself X, and that name is A, B" */
static void
self(struct mt_page *page, const struct mt_helo *helo)
{
	if (helo->name.ptr == NULL)
		return;
	mt_page_tab(page, INDENT);
	mt_page_text(page, "the client called itself ");
	mt_page_outside(page, helo->name, NAME_MOST);
	for (unsigned i = 0; i < helo->naddresses; i++) {
		mt_page_text(page, i == 0 ? ", and that name is " : ", ");
		address(page, &helo->addresses[i]);
	}
	mt_page_end(page);
}

static void
origin(struct mt_page *page, const struct mt_trace *trace)
{
	const struct mt_origin *o = &trace->origin;
	bool placed;

	title(page, "ORIGIN");
	mt_page_text(page, "proved   ");
	address(page, &o->proved_ip);
	if (o->proved_hop != 0)
		mt_page_format(page, "  (hop %u)", o->proved_hop);
	mt_page_end(page);
	placed = mt_text_place(page, UNDER, "", mt_trace_location(trace, o->proved_hop));
	mt_page_tab(page, INDENT);
	mt_page_text(page, "claimed  ");
	address(page, &o->claimed_ip);
	if (o->claimed_hop != 0)
		mt_page_format(page, "  (hop %u)  confidence %u of 100", o->claimed_hop, o->confidence);
	mt_page_end(page);
	if (o->claimed_hop != o->proved_hop)
		placed = mt_text_place(page, UNDER, "", mt_trace_location(trace, o->claimed_hop)) || placed;
	if (placed)
		mt_text_sources(page, INDENT, trace);
	for (unsigned i = 0; i < o->nreasons; i++) {
		mt_page_tab(page, INDENT);
		mt_page_text(page, "- ");
		mt_page_wrap(page, INDENT + 2, mt_span_text(o->reasons[i]));
		mt_page_end(page);
	}
	if (trace->peer != NULL)
		self(page, &trace->peer->helo);
}

static void
ruler(struct mt_page *page, const char *text)
{
	size_t len = strlen(text) + 2, side = page->width > len + 4 ? (page->width - 4 - len) / 2 : 3;

	mt_page_text(page, "  ");
	for (size_t i = 0; i < side; i++)
		mt_page_text(page, "=");
	mt_page_text(page, " ");
	mt_page_word(page, MT_COLOR_BOLD, text);
	mt_page_text(page, " ");
	for (size_t i = 0; i < side; i++)
		mt_page_text(page, "=");
	mt_page_end(page);
}

/* Where belief ends, drawn once: before the oldest hop that is believed.  Above the oldest of all
 * there is no line: then it is told whose client the reason speaks of. */
static void
border(struct mt_page *page, const struct mt_trace *trace, bool first)
{
	bool live = trace->nhops == 1 && (trace->hops[0].flags & UINT32_C(1) << MT_HOP_LIVE) != 0;

	ruler(page, !first ? "trust boundary: lines above are only claims" : live
	    ? "trust boundary: there is no line, only the connection" : "trust boundary: all lines below are believed");
	if (trace->boundary.reason != NULL) {
		mt_page_tab(page, INDENT);
		if (first && !live && trace->boundary.hop != 0)
			mt_page_format(page, "hop %u: ", trace->boundary.hop);
		sentence(page, trace->boundary.reason);
	}
}

/* Whose side of a gap: name and address, as far as written. */
static void
party(struct mt_page *page, struct mt_span name, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];

	if (name.ptr != NULL)
		mt_page_outside(page, name, NAME_MOST);
	if (ip->family != 0)
		mt_page_format(page, "%s[%s]", name.ptr == NULL ? "" : " ", mt_ip_text(ip, text));
	if (name.ptr == NULL && ip->family == 0)
		mt_page_text(page, "(not said)");
}

static void
route(struct mt_page *page, const struct mt_hop *hop)
{
	struct mt_span name = hop->from.helo.ptr != NULL ? hop->from.helo : hop->from.rdns;

	if (hop->kind == MT_HOP_UNPARSED) {
		mt_page_text(page, "unreadable: ");
		mt_page_outside(page, hop->raw, NAME_MOST);
		return;
	}
	/* What never left a machine has nobody that it came from. */
	if (hop->kind == MT_HOP_SMTP || name.ptr != NULL || hop->from.ip.family != 0) {
		party(page, name, &hop->from.ip);
		mt_page_text(page, " -> ");
	}
	party(page, hop->by, &hop->by_ip);
	if (hop->kind != MT_HOP_SMTP)
		mt_page_format(page, "  (%s)", mt_hop_kind_word(hop->kind));
	if (hop->with.ptr != NULL) {
		mt_page_text(page, "  ");
		mt_page_outside(page, hop->with, NAME_MOST);
	}
}

/* Country and AS number of the hop's client, where there is room for them. */
static void
place(struct mt_page *page, const struct mt_hop *hop)
{
	size_t start = page->width - DELAY_COLUMNS;
	char brief[MT_TEXT_BRIEF];

	if (mt_text_place_brief(hop->location, brief) && page->column + strlen(brief) + 4 <= start)
		mt_page_format(page, "  %s", brief);
}

/* The share of the longest delay, rounded up; nothing for a clock that runs backwards. */
static void
bar(struct mt_page *page, const struct mt_hop *hop, int64_t longest)
{
	mt_page_text(page, "|");
	if (!hop->has_delay || hop->delay_sec <= 0 || longest <= 0)
		return;
	for (int64_t i = 0; i < (hop->delay_sec * BAR + longest - 1) / longest; i++)
		mt_page_text(page, "#");
}

/* "+1 s    |#    linked" */
static void
delay(struct mt_page *page, const struct mt_hop *hop, int64_t longest)
{
	size_t start = page->width - DELAY_COLUMNS;

	if (page->column >= start)
		mt_page_end(page);
	mt_page_tab(page, start);
	if (hop->has_delay)
		mt_page_format(page, "%+lld s", (long long)hop->delay_sec);
	else
		mt_page_text(page, "-");
	mt_page_tab(page, start + 11);
	bar(page, hop, longest);
	mt_page_tab(page, start + 13 + BAR);
	mt_page_word(page, hop->link == MT_LINK_CONTRADICTED ? MT_COLOR_BAD : MT_COLOR_NONE,
	    hop->link == MT_LINK_NONE ? "-" : mt_link_word(hop->link));
	mt_page_end(page);
}

static void
flags(struct mt_page *page, const struct mt_hop *hop)
{
	bool any = false;

	for (unsigned f = 0; f < MT_HOP_FLAGS; f++) {
		if (!(hop->flags & (UINT32_C(1) << f)))
			continue;
		if (!any)
			mt_page_tab(page, INDENT);
		mt_page_text(page, any ? ", " : "flags: ");
		mt_page_text(page, mt_hop_flag_word((enum mt_hop_flag)f));
		any = true;
	}
	if (any)
		mt_page_end(page);
}

/* The field as it came, line by line. */
static void
raw(struct mt_page *page, struct mt_span left)
{
	while (left.len > 0) {
		const char *nl = memchr(left.ptr, '\n', left.len);
		struct mt_span line = { left.ptr, nl == NULL ? left.len : (size_t)(nl - left.ptr) };

		mt_page_tab(page, INDENT);
		mt_page_text(page, "| ");
		mt_page_outside(page, mt_span_trim(line), 0);
		mt_page_end(page);
		left.ptr += line.len + (nl != NULL);
		left.len -= line.len + (nl != NULL);
	}
}

/* Why the line is believed, or is not. */
static void
belief(struct mt_page *page, const struct mt_hop *hop)
{
	if (hop->reason == NULL)
		return;
	mt_page_tab(page, INDENT);
	mt_page_text(page, hop->trusted ? "believed: " : "not believed: ");
	mt_page_text(page, hop->reason);
	mt_page_end(page);
}

static void
one_hop(struct mt_page *page, const struct mt_hop *hop, int64_t longest, bool verbose)
{
	enum mt_color color = hop->forged ? MT_COLOR_BAD : hop->trusted ? MT_COLOR_GOOD : MT_COLOR_WARN;

	mt_page_format(page, "%3u  ", hop->n);
	mt_page_word(page, color, hop->forged ? "FORGED" : hop->trusted ? "ok" : "?");
	mt_page_tab(page, INDENT);
	route(page, hop);
	if (!verbose)
		place(page, hop);
	delay(page, hop, longest);
	flags(page, hop);
	if (verbose) {
		mt_text_place(page, INDENT, "client in ", hop->location);
		belief(page, hop);
		raw(page, hop->raw);
	}
}

static void
path_end(struct mt_page *page, const struct mt_trace *trace, unsigned trusted, unsigned forged)
{
	mt_page_tab(page, INDENT);
	if (trace->nhops > 0)
		mt_page_format(page, "%zu hop%s, %u believed, %u forged", trace->nhops, trace->nhops == 1 ? "" : "s",
		    trusted, forged);
	else
		mt_page_text(page, "no hops");
	if (trace->truncated)
		mt_page_format(page, "; only a part of %zu Received fields was read", trace->fields);
	mt_page_end(page);
}

static void
path(struct mt_page *page, const struct mt_trace *trace, bool verbose)
{
	unsigned trusted = 0, forged = 0;
	int64_t longest = 0;

	for (size_t i = 0; i < trace->nhops; i++)
		if (trace->hops[i].has_delay && trace->hops[i].delay_sec > longest)
			longest = trace->hops[i].delay_sec;
	/* Bars are drawn of it times ten, and dates may lie as far apart as they like. */
	if (longest > INT64_MAX / (2 * BAR))
		longest = 0;
	title(page, "PATH");
	mt_page_text(page, trace->nhops == 0 ? "no Received field, and no connection" : "oldest first");
	if (trace->nhops > 0) {
		mt_page_tab(page, page->width - DELAY_COLUMNS);
		mt_page_text(page, "delay       ");
		mt_page_tab(page, page->width - DELAY_COLUMNS + 13 + BAR);
		mt_page_text(page, "link");
	}
	mt_page_end(page);
	for (size_t i = 0; i < trace->nhops; i++) {
		const struct mt_hop *hop = &trace->hops[i];

		if (hop->trusted && trusted == 0)
			border(page, trace, i == 0);
		trusted += hop->trusted;
		forged += hop->forged;
		one_hop(page, hop, longest, verbose);
	}
	if (trace->nhops > 0 && trusted == 0)
		border(page, trace, false);
	path_end(page, trace, trusted, forged);
}

static void
reply(struct mt_page *page, const struct mt_verdict *v)
{
	if (v->code == 0)
		return;
	mt_page_tab(page, INDENT);
	mt_page_format(page, "reply: %u ", v->code);
	if (!mt_span_empty(v->xcode)) {
		mt_page_outside(page, v->xcode, NAME_MOST);
		mt_page_text(page, " ");
	}
	mt_page_wrap(page, INDENT + 7, v->text);
	mt_page_end(page);
}

/* Rules on a line of their own; nothing where there are none. */
static void
notes(struct mt_page *page, const char *label, const struct mt_notes *notes, bool actions)
{
	if (notes->count == 0)
		return;
	mt_page_tab(page, INDENT);
	mt_page_text(page, label);
	for (unsigned i = 0; i < notes->count; i++) {
		mt_page_text(page, i == 0 ? " " : ", ");
		mt_page_outside(page, notes->note[i].rule, NAME_MOST);
		if (actions)
			mt_page_format(page, " -> %s", mt_action_word(notes->note[i].action));
	}
	mt_page_text(page, notes->more ? " and more" : "");
	mt_page_end(page);
}

static void
policy(struct mt_page *page, const struct mt_trace *trace)
{
	const struct mt_verdict *v = &trace->verdict;

	title(page, "POLICY");
	if (v->rule.ptr != NULL) {
		mt_page_text(page, "rule ");
		mt_page_outside(page, v->rule, NAME_MOST);
		mt_page_format(page, " -> %s", mt_action_word(v->would));
	} else if (v->reason != NULL) {
		mt_page_format(page, "no rule held; %s -> %s", v->reason, mt_action_word(v->would));
	} else {
		mt_page_text(page, "no rule held");
	}
	mt_page_end(page);
	notes(page, "tags:", &v->tags, false);
	notes(page, "in dry-run:", &v->rehearsed, true);
	if (v->exempt.ptr != NULL) {
		mt_page_tab(page, INDENT);
		mt_page_text(page, "exempt by ");
		mt_page_outside(page, v->exempt, NAME_MOST);
		mt_page_end(page);
	}
	mt_page_tab(page, INDENT);
	mt_page_format(page, "action: %s  would: %s  mode: %s%s  stage: %s", mt_action_word(v->action),
	    mt_action_word(v->would), mt_mode_word(v->mode), v->dry_run ? " (the rule is in dry-run)" : "",
	    mt_stage_word(v->stage));
	mt_page_end(page);
	if (trace->refused > 0) {
		mt_page_tab(page, INDENT);
		mt_page_format(page, "recipients refused: %zu", trace->refused);
		mt_page_end(page);
	}
	notes(page, "refused by:", &trace->refusals, true);
	reply(page, v);
}

static void
evidence(struct mt_page *page, const struct mt_trace *trace)
{
	static const enum mt_color colors[MT_STRENGTHS] = {
		[MT_WEAK] = MT_COLOR_NONE, [MT_MEDIUM] = MT_COLOR_WARN, [MT_STRONG] = MT_COLOR_BAD,
	};

	title(page, "EVIDENCE");
	if (trace->nevidence == 0)
		mt_page_text(page, "none");
	mt_page_end(page);
	for (size_t i = 0; i < trace->nevidence; i++) {
		const struct mt_evidence *e = &trace->evidence[i];

		mt_page_text(page, "  ");
		mt_page_word(page, colors[e->strength], mt_strength_word(e->strength));
		mt_page_tab(page, 10);
		mt_page_text(page, e->code);
		mt_page_tab(page, 32);
		mt_page_wrap(page, 32, e->text);
		if (e->hop != 0)
			mt_page_format(page, " (hop %u)", e->hop);
		mt_page_end(page);
	}
}

/* Why the server is held for a relay, or for none. */
static void
relay(struct mt_page *page, const struct mt_trace *trace)
{
	const struct mt_relay *r = &trace->relay;
	enum mt_result grade = trace->verdict.relay;
	bool some = grade != MT_UNKNOWN;

	for (int i = 0; i < MT_RELAY_STEPS; i++)
		some = some || r->findings[i].text.len > 0;
	if (!some)
		return;
	title(page, "RELAY");
	mt_page_word(page, grade == MT_OPEN ? MT_COLOR_BAD : MT_COLOR_NONE, mt_result_word(grade));
	if (r->ip.family != 0) {
		mt_page_text(page, "  ");
		address(page, &r->ip);
	}
	mt_page_end(page);
	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		if (r->findings[i].text.len == 0)
			continue;
		mt_page_format(page, "  %s %s", mt_relay_step_word((enum mt_relay_step)i),
		    mt_result_word(r->findings[i].holds));
		mt_page_tab(page, STEP);
		mt_page_wrap(page, STEP, r->findings[i].text);
		mt_page_end(page);
	}
}

static void
errors(struct mt_page *page, const struct mt_trace *trace)
{
	if (trace->nerrors == 0)
		return;
	title(page, "TROUBLE");
	mt_page_text(page, "on our side");
	mt_page_end(page);
	for (size_t i = 0; i < trace->nerrors; i++) {
		mt_page_format(page, "  %s: %s: ", trace->errors[i].what, trace->errors[i].state);
		mt_page_wrap(page, INDENT, trace->errors[i].detail);
		mt_page_end(page);
	}
}

int
mt_render_text(const struct mt_trace *trace, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx)
{
	struct mt_page page;

	mt_page_init(&page, options, sink, ctx);
	head(&page, trace);
	verdict(&page, trace);
	origin(&page, trace);
	path(&page, trace, options->verbose);
	title(&page, "CHECKS");
	mt_text_checks(&page, trace);
	relay(&page, trace);
	policy(&page, trace);
	evidence(&page, trace);
	errors(&page, trace);
	return mt_page_fini(&page);
}
