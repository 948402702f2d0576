/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what a postmaster's log says of a message: one line, queue id first, so that
 * whatever sorts logs by queue id sorts this in.  Knows two spellings of the same fields in
 * the same order; refuses to know where the line goes.
 */
#include "lib/render/render.h"

#include "lib/base/buf.h"
#include "lib/render/utf8.h"

/* Arena of one line, and the most bytes of one value from outside before escapes. */
#define LINE_CEILING (256u * 1024u)
#define VALUE_MOST 256
#define RULE_MOST 64			/* as settings have them */

struct line {
	struct mt_buf buf;
	bool json, first;
};

static void
key(struct line *line, const char *name)
{
	if (line->json) {
		mt_buf_text(&line->buf, line->first ? "{\"" : ",\"");
		mt_buf_text(&line->buf, name);
		mt_buf_text(&line->buf, "\":");
	} else {
		mt_buf_char(&line->buf, ' ');
		mt_buf_text(&line->buf, name);
		mt_buf_char(&line->buf, '=');
	}
	line->first = false;
}

/* Stands as it is between the spaces of a line: printable ASCII without what quotes,
 * separates or means "absent". */
static bool
is_plain(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || strchr("\"\\=", s.ptr[i]) != NULL)
			return false;
	return s.len > 0 && !mt_span_same_text(s, "-");
}

/* ASCII only: nothing that reads a log is to be surprised by what it reads. */
static void
json_escape(struct mt_buf *buf, struct mt_span s)
{
	for (size_t at = 0; at < s.len;) {
		uint32_t c = mt_utf8_next(s, &at);

		if (c == '"' || c == '\\')
			mt_buf_char(buf, '\\');
		if (c >= ' ' && c <= '~')
			mt_buf_char(buf, (char)c);
		else if (c < 0x10000)
			mt_buf_format(buf, "\\u%04x", (unsigned)c);
		else
			mt_buf_format(buf, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	}
}

/* Whole, and in quotes where it does not stand without. */
static void
text_value(struct line *line, struct mt_span s)
{
	if (is_plain(s)) {
		mt_buf_add(&line->buf, s);
		return;
	}
	mt_buf_char(&line->buf, '"');
	mt_buf_escape(&line->buf, s, "\"\\");
	mt_buf_char(&line->buf, '"');
}

static void
value(struct line *line, struct mt_span s)
{
	bool cut = s.len > VALUE_MOST;

	if (s.ptr == NULL) {
		mt_buf_text(&line->buf, line->json ? "null" : "-");
		return;
	}
	if (cut)
		s.len = VALUE_MOST;
	if (!line->json && !cut) {
		text_value(line, s);
		return;
	}
	mt_buf_char(&line->buf, '"');
	if (line->json)
		json_escape(&line->buf, s);
	else
		mt_buf_escape(&line->buf, s, "\"\\");
	mt_buf_text(&line->buf, cut ? "...\"" : "\"");
}

static void
put(struct line *line, const char *name, struct mt_span s)
{
	key(line, name);
	value(line, s);
}

static void
put_word(struct line *line, const char *name, const char *word)
{
	put(line, name, mt_span_text(word));
}

static void
put_number(struct line *line, const char *name, uint64_t number)
{
	key(line, name);
	mt_buf_format(&line->buf, "%llu", (unsigned long long)number);
}

static void
put_ip(struct line *line, const char *name, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];

	put(line, name, ip == NULL || ip->family == 0 ? MT_ABSENT : mt_span_text(mt_ip_text(ip, text)));
}

/* In angle brackets, so that the null sender is something to look for. */
static void
put_sender(struct line *line, const struct mt_trace *trace)
{
	char text[VALUE_MOST + 2];
	size_t len = trace->sender.len;

	if (!trace->sender_known) {
		put(line, "from", MT_ABSENT);
		return;
	}
	if (len + 2 > sizeof text) {
		put(line, "from", trace->sender);
		return;
	}
	text[0] = '<';
	if (len > 0)
		memcpy(text + 1, trace->sender.ptr, len);
	text[len + 1] = '>';
	put(line, "from", (struct mt_span){ text, len + 2 });
}

static void
put_evidence(struct line *line, const struct mt_trace *trace)
{
	key(line, "evidence");
	if (line->json)
		mt_buf_char(&line->buf, '[');
	else if (trace->nevidence == 0)
		mt_buf_char(&line->buf, '-');
	for (size_t i = 0; i < trace->nevidence; i++) {
		const char *q = line->json ? "\"" : "";

		mt_buf_format(&line->buf, "%s%s%s%s", i == 0 ? "" : ",", q, trace->evidence[i].code, q);
	}
	if (line->json)
		mt_buf_char(&line->buf, ']');
}

/* Rule i as "name" or "name:action"; past the last one, that there are more. */
static struct mt_span
note_text(struct line *line, const struct mt_notes *notes, unsigned i, bool action)
{
	struct mt_span rule = i < notes->count ? notes->note[i].rule : MT_SPAN("...");
	struct mt_buf buf;

	if (i == notes->count)
		return rule;
	mt_buf_init(&buf, line->buf.arena, 0);
	if (rule.len > RULE_MOST)
		rule.len = RULE_MOST;
	mt_buf_add(&buf, rule);
	if (action)
		mt_buf_format(&buf, ":%s", mt_action_word(notes->note[i].action));
	line->buf.cut |= buf.cut;
	return mt_buf_span(&buf);
}

/* Rules; nothing where there are none. */
static void
put_notes(struct line *line, const char *name, const struct mt_notes *notes, bool actions)
{
	struct mt_buf list;

	if (notes->count == 0)
		return;
	mt_buf_init(&list, line->buf.arena, 0);
	for (unsigned i = 0; i < notes->count + notes->more; i++) {
		struct mt_span text = note_text(line, notes, i, actions);

		mt_buf_text(&list, i == 0 ? "" : ",");
		if (line->json) {
			mt_buf_char(&list, '"');
			json_escape(&list, text);
			mt_buf_char(&list, '"');
		} else {
			mt_buf_add(&list, text);
		}
	}
	line->buf.cut |= list.cut;
	key(line, name);
	if (line->json) {
		mt_buf_char(&line->buf, '[');
		mt_buf_add(&line->buf, mt_buf_span(&list));
		mt_buf_char(&line->buf, ']');
	} else {
		text_value(line, mt_buf_span(&list));
	}
}

static void
put_client(struct line *line, const struct mt_trace *trace)
{
	const struct mt_peer *peer = trace->peer;
	const struct mt_fact *fact = trace->facts.fact;

	put_ip(line, "client", peer == NULL ? NULL : &peer->ip);
	put(line, "helo", peer == NULL ? MT_ABSENT : peer->helo.name);
	put_word(line, "ptr", mt_result_word(fact[MT_FACT_PTR].result));
	put_word(line, "iprev", mt_result_word(fact[MT_FACT_IPREV].result));
	put_word(line, "helo-check", mt_result_word(fact[MT_FACT_HELO].result));
	put(line, "auth", peer == NULL ? MT_ABSENT : peer->auth);
}

/* The words of what was found out about the sender. */
static void
put_checks(struct line *line, const struct mt_trace *trace)
{
	static const enum mt_fact_name facts[] = { MT_FACT_SPF, MT_FACT_DKIM, MT_FACT_ARC, MT_FACT_DMARC, MT_FACT_DNSBL,
		MT_FACT_RELAY, MT_FACT_HISTORY };

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		put_word(line, mt_fact_word(facts[i]), mt_result_word(trace->facts.fact[facts[i]].result));
}

static void
put_message(struct line *line, const struct mt_trace *trace)
{
	unsigned trusted = 0;

	for (size_t i = 0; i < trace->nhops; i++)
		trusted += trace->hops[i].trusted;
	put_sender(line, trace);
	put_number(line, "nrcpt", trace->recipients_seen);
	put_number(line, "hops", trace->nhops);
	put_number(line, "trusted", trusted);
}

static void
put_verdict(struct line *line, const struct mt_trace *trace)
{
	const struct mt_verdict *v = &trace->verdict;

	put_word(line, "level", mt_level_word(v->level));
	put(line, "rule", v->rule);
	put_word(line, "action", mt_action_word(v->action));
	put_word(line, "would", mt_action_word(v->would));
	put_word(line, "mode", mt_mode_word(v->mode));
	put_word(line, "stage", mt_stage_word(v->stage));
	put(line, "exempt", v->exempt);
	if (v->reason != NULL)
		put_word(line, "reason", v->reason);
	put_notes(line, "tags", &v->tags, false);
	put_notes(line, "dry-run", &v->rehearsed, true);
	if (trace->refused > 0)
		put_number(line, "refused", trace->refused);
	put_notes(line, "refused-rule", &trace->refusals, false);
	put_ip(line, "origin", &trace->origin.proved_ip);
}

int
mt_render_logline(const struct mt_trace *trace, bool json, mt_sink_fn *sink, void *ctx)
{
	struct line line = { .json = json, .first = true };
	struct mt_arena arena;
	int error = MT_ENOMEM;

	mt_arena_init(&arena, 2048, LINE_CEILING);
	mt_buf_init(&line.buf, &arena, 0);
	if (json) {
		put(&line, "queue_id", trace->queue_id);
	} else {
		value(&line, mt_span_empty(trace->queue_id) ? MT_SPAN("NOQUEUE") : trace->queue_id);
		mt_buf_text(&line.buf, ": trace");
	}
	put_client(&line, trace);
	put_checks(&line, trace);
	put_message(&line, trace);
	put_verdict(&line, trace);
	put_evidence(&line, trace);
	put_number(&line, "ms", trace->duration_msec);
	put_word(&line, "id", trace->id);
	if (json)
		mt_buf_char(&line.buf, '}');
	if (!line.buf.cut)
		error = sink(ctx, line.buf.ptr, line.buf.len) == 0 ? MT_OK : MT_EIO;
	mt_arena_fini(&arena);
	return error;
}
