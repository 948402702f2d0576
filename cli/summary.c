/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how to count; judges nothing. */
#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 20				/* origins that are shown */

static size_t
slot_of(const struct mt_ip *ip, bool proved, size_t room)
{
	uint64_t hash = UINT64_C(14695981039346656037) + proved;	/* FNV-1a */

	for (size_t i = 0; i < (ip->family == 4 ? 4 : sizeof ip->bytes); i++)
		hash = (hash ^ ip->bytes[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32) & (room - 1);
}

static bool
same_ip(const struct mt_ip *a, const struct mt_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

/* The slot of an origin, or the free one where it belongs; there is always a free one. */
static struct summary_origin *
find_slot(struct summary_origin *table, size_t room, const struct mt_ip *ip, bool proved)
{
	size_t i = slot_of(ip, proved, room);

	while (table[i].messages > 0 && !(table[i].proved == proved && same_ip(&table[i].ip, ip)))
		i = (i + 1) & (room - 1);
	return &table[i];
}

/* Doubles the table when it is half full; false: no memory, or enough of them. */
static bool
make_room(struct summary *s)
{
	size_t room = s->room == 0 ? 256 : s->room * 2;
	struct summary_origin *table;

	if (s->origins * 2 < s->room)
		return true;
	if (s->origins >= SUMMARY_ORIGINS)
		return false;
	table = calloc(room, sizeof *table);
	if (table == NULL)
		return false;
	for (size_t i = 0; i < s->room; i++)
		if (s->origin[i].messages > 0)
			*find_slot(table, room, &s->origin[i].ip, s->origin[i].proved) = s->origin[i];
	free(s->origin);
	s->origin = table;
	s->room = room;
	return true;
}

static void
add_origin(struct summary *s, const struct mt_origin *origin, bool suspicious)
{
	bool proved = origin->proved_ip.family != 0;
	const struct mt_ip *ip = proved ? &origin->proved_ip : &origin->claimed_ip;
	struct summary_origin *slot;

	if (ip->family == 0) {
		s->unknown++;
		return;
	}
	if (!make_room(s)) {
		s->others++;
		return;
	}
	slot = find_slot(s->origin, s->room, ip, proved);
	s->origins += slot->messages == 0;
	slot->ip = *ip;
	slot->proved = proved;
	slot->messages++;
	slot->suspicious += suspicious;
}

void
summary_add(struct summary *summary, struct mt_trace *trace)
{
	const struct mt_verdict *verdict = mt_trace_verdict(trace, MT_STAGE_EOM);

	summary->messages++;
	summary->level[verdict->level]++;
	summary->relay[verdict->relay]++;
	summary->action[verdict->would]++;
	add_origin(summary, mt_trace_origin(trace), verdict->level == MT_LEVEL_SUSPICIOUS);
}

static void
add_count(struct bytes *out, const char *word, size_t count, bool *some)
{
	if (count == 0)
		return;
	bytes_text(out, *some ? ", " : "");
	bytes_number(out, (int64_t)count);
	bytes_char(out, ' ');
	bytes_text(out, word);
	*some = true;
}

static int
by_count(const void *a, const void *b)
{
	const struct summary_origin *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return memcmp(&x->ip, &y->ip, sizeof x->ip);
}

static void
add_row(struct bytes *out, const struct summary_origin *o)
{
	char ip[MT_IP_TEXT], line[160];

	snprintf(line, sizeof line, "  %8zu  %-8s  %-39s", o->messages, o->proved ? "proved" : "claimed",
	    mt_ip_text(&o->ip, ip));
	bytes_text(out, line);
	if (o->suspicious > 0) {
		snprintf(line, sizeof line, "  %zu suspicious", o->suspicious);
		bytes_text(out, line);
	}
	while (out->len > 0 && out->ptr[out->len - 1] == ' ')
		out->len--;
	bytes_char(out, '\n');
}

static void
add_origins(struct bytes *out, const struct summary *s)
{
	struct summary_origin *row = calloc(s->origins + 1, sizeof *row);
	size_t n = 0, rest = s->others;

	if (row == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < s->room; i++)
		if (s->origin[i].messages > 0)
			row[n++] = s->origin[i];
	qsort(row, n, sizeof *row, by_count);
	bytes_text(out, "ORIGINS\n");
	for (size_t i = 0; i < n && i < ROWS; i++)
		add_row(out, &row[i]);
	for (size_t i = ROWS; i < n; i++)
		rest += row[i].messages;
	free(row);
	if (rest > 0) {
		bytes_text(out, "  others: ");
		bytes_number(out, (int64_t)rest);
		bytes_char(out, '\n');
	}
	if (s->unknown > 0) {
		bytes_text(out, "  not known: ");
		bytes_number(out, (int64_t)s->unknown);
		bytes_char(out, '\n');
	}
}

void
summary_text(const struct summary *summary, struct bytes *out)
{
	bool some = false;

	bytes_text(out, "SUMMARY   ");
	bytes_number(out, (int64_t)summary->messages);
	bytes_text(out, summary->messages == 1 ? " message: " : " messages: ");
	for (int i = MT_LEVELS - 1; i >= 0; i--)
		add_count(out, mt_level_word((enum mt_level)i), summary->level[i], &some);
	bytes_text(out, "\nRELAY     ");
	some = false;
	for (int i = 0; i < MT_RESULTS; i++)
		add_count(out, mt_result_word((enum mt_result)i), summary->relay[i], &some);
	bytes_text(out, "\nRULES     ");
	some = false;
	for (int i = 0; i < MT_ACTIONS; i++)
		add_count(out, mt_action_word((enum mt_action)i), summary->action[i], &some);
	bytes_char(out, '\n');
	add_origins(out, summary);
}

void
summary_fini(struct summary *summary)
{
	free(summary->origin);
}
