/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the order of the steps from a Received field to a hop: outline (received_scan.c),
 * dialect and phrases (received_marks.c), the client (received_peer.c), the rest here.
 * Knows nothing of other fields: order, links and trust are the chain's.
 */
#include "lib/core/received.h"

#include "lib/base/ip.h"
#include "lib/core/date.h"
#include "lib/core/received_parts.h"

/* ---- text -------------------------------------------------------------------------------- */

/* Every run of white space as one space; the span itself where there is nothing to do. */
static struct mt_span
unfold(struct mt_arena *arena, struct mt_span s)
{
	const char *p = s.ptr, *end = p + s.len, *fold = mt_scan_fold(p, end);
	char *out;
	size_t len = 0;

	if (fold == end)
		return s;
	out = mt_arena_bytes(arena, s.len + 1);
	if (out == NULL)
		return MT_ABSENT;
	while (mt_is_space(*p) && p < fold)
		p++;
	for (;;) {
		memcpy(out + len, p, (size_t)(fold - p));
		len += (size_t)(fold - p);
		if (fold == end)
			break;
		if (len > 0 && out[len - 1] != ' ')
			out[len++] = ' ';
		for (p = fold; p < end && mt_is_space(*p);)
			p++;
		fold = mt_scan_fold(p, end);
	}
	out[len] = '\0';
	return (struct mt_span){ out, len };
}

/* Phrases are looked for in comments, and a fold may stand in the midst of one. */
static void
unfold_comments(struct mt_arena *arena, struct mt_scan *scan)
{
	for (size_t i = 0; i < scan->ncomments; i++) {
		struct mt_span *text = &scan->comments[i].text;

		if (scan->comments[i].folded && text->len > 0 &&
		    (memchr(text->ptr, '\n', text->len) != NULL || memchr(text->ptr, '\t', text->len) != NULL))
			*text = unfold(arena, *text);
	}
}

/* A part as it is kept: bounded, unfolded (with an arena), and absent rather than empty. */
static void
keep(struct mt_hop *hop, struct mt_arena *arena, struct mt_span *part)
{
	if (part->len > 0 && (mt_is_space(part->ptr[0]) || mt_is_space(part->ptr[part->len - 1])))
		*part = mt_span_trim(*part);
	if (part->len > MT_PART_MOST) {
		part->len = MT_PART_MOST;
		mt_hop_mark(hop, MT_HOP_CUT);
	}
	if (part->len == 0)
		*part = MT_ABSENT;
	else if (arena != NULL)
		*part = unfold(arena, *part);
}

/* arena NULL: there is no white space in any. */
static void
keep_all(struct mt_hop *hop, struct mt_arena *arena)
{
	keep(hop, arena, &hop->from.helo);
	keep(hop, arena, &hop->from.rdns);
	keep(hop, arena, &hop->from.ident);
	keep(hop, arena, &hop->by);
	keep(hop, arena, &hop->via);
	keep(hop, arena, &hop->with);
	keep(hop, arena, &hop->id);
	keep(hop, arena, &hop->recipient);
	keep(hop, arena, &hop->sender);
	keep(hop, arena, &hop->tls);
	keep(hop, arena, &hop->auth);
}

/* ---- clauses --------------------------------------------------------------------------------- */

/* The server's own address: itself, or the first comment behind it. */
static void
read_by(struct mt_hop *hop, const struct mt_scan *scan)
{
	const struct mt_clause_text *by = &scan->clause[MT_CLAUSE_BY];

	if (by->nwords == 0)
		return;
	hop->by = mt_part_bare(by->words[0]);
	if (mt_address_read(&hop->by_ip, hop->by))
		return;
	for (size_t i = 0; i < scan->ncomments; i++) {
		struct mt_span text = scan->comments[i].text;
		const char *open;

		if (scan->comments[i].clause != MT_CLAUSE_BY)
			continue;
		open = text.len == 0 ? NULL : memchr(text.ptr, '[', text.len);
		if (open != NULL)
			text = mt_span_between(open, text.ptr + text.len);
		mt_address_read(&hop->by_ip, text);
		return;
	}
}

/* The protocol without what some servers join to it of TLS: "ESMTP/TLS/ECDHE-..." (IronPort),
 * "ECDHE-RSA-AES256-GCM-SHA384 encrypted SMTP" (MessageLabs). */
static void
read_with(struct mt_hop *hop, const struct mt_scan *scan)
{
	const struct mt_clause_text *with = &scan->clause[MT_CLAUSE_WITH];
	struct mt_span value = mt_scan_value(with);
	const char *slash;

	if (value.len == 0)
		return;
	if (with->nwords == 3 && mt_span_same_text(with->words[1], "encrypted")) {
		mt_hop_mark(hop, MT_HOP_TLS);
		hop->tls = with->words[0];
		value = with->words[2];
	}
	slash = with->nwords == 1 ? memchr(value.ptr, '/', value.len) : NULL;
	if (slash != NULL && mt_span_starts(mt_span_between(slash, value.ptr + value.len), "/TLS")) {
		mt_hop_mark(hop, MT_HOP_TLS);
		hop->tls = mt_span_between(slash + 1, value.ptr + value.len);
		value = mt_span_between(value.ptr, slash);
	}
	hop->with = mt_part_bare(value);
}

static bool
is_path(struct mt_span word)
{
	return word.len > 2 && *word.ptr == '<' && memchr(word.ptr, '@', word.len) != NULL;
}

/* The first recipient; "list <list@host>" names it twice. */
static void
read_for(struct mt_hop *hop, const struct mt_scan *scan)
{
	const struct mt_clause_text *to = &scan->clause[MT_CLAUSE_FOR];

	if (to->nwords == 0)
		return;
	if (to->nwords == 2 && mt_span_same_text(to->words[0], "multiple"))
		return;
	hop->recipient = mt_part_bare(to->nwords == 2 && is_path(to->words[1]) &&
	    memchr(to->words[0].ptr, '@', to->words[0].len) == NULL ? to->words[1] : to->words[0]);
}

static void
read_date(struct mt_hop *hop, const struct mt_scan *scan)
{
	bool odd = false;

	if (scan->date.len > 0)
		mt_date_parse(&hop->date, scan->date, &odd);
	if (!hop->date.known)
		mt_hop_mark(hop, MT_HOP_NO_DATE);
	else if (odd)
		mt_hop_mark(hop, MT_HOP_DATE_ODD);
}

/* NUL is no character of a field (RFC 5322, 4.1, has it only to be read): taken out, as the
 * servers do that store text in C.  Without memory for that it stays, and parts words. */
static struct mt_span
without_nul(struct mt_arena *arena, struct mt_span raw)
{
	char *out;
	size_t len = 0;

	if (raw.len == 0 || memchr(raw.ptr, '\0', raw.len) == NULL || (out = mt_arena_bytes(arena, raw.len)) == NULL)
		return raw;
	for (size_t i = 0; i < raw.len; i++)
		if (raw.ptr[i] != '\0')
			out[len++] = raw.ptr[i];
	return (struct mt_span){ out, len };
}

void
mt_received_parse(struct mt_hop *hop, struct mt_arena *arena, struct mt_span raw)
{
	struct mt_scan scan;
	struct mt_dialect dialect;

	*hop = (struct mt_hop){ .raw = raw };
	mt_received_scan(&scan, without_nul(arena, raw));
	unfold_comments(arena, &scan);
	dialect = mt_dialect_find(&scan);
	hop->dialect = dialect.name;
	mt_peer_read(hop, &scan, dialect);
	read_by(hop, &scan);
	hop->via = mt_part_bare(mt_scan_value(&scan.clause[MT_CLAUSE_VIA]));
	read_with(hop, &scan);
	if (scan.clause[MT_CLAUSE_ID].nwords > 0)
		hop->id = mt_part_bare(scan.clause[MT_CLAUSE_ID].words[0]);
	read_for(hop, &scan);
	mt_marks_read(hop, &scan);
	read_date(hop, &scan);
	keep_all(hop, scan.spaced ? arena : NULL);
	mt_marks_protocol(hop, &scan, dialect);
}
