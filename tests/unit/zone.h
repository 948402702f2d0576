/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A little DNS for the tests of what asks through core/ask.h: lines of
 *	record<TAB>NAME<TAB>TYPE<TAB>DATA
 *	state<TAB>NAME<TAB>TYPE or *<TAB>timeout, servfail, nodata, ...
 * and answers that come in any order.  In TXT data and where a test says so \DDD is a byte;
 * names are kept as they are written.  A name that is not listed does not exist.
 */
#ifndef TESTS_ZONE_H
#define TESTS_ZONE_H

#include <stdint.h>
#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/ask.h"
#include "tests/unit/tap.h"

#define ZONE_ROWS 512
#define ZONE_QUESTIONS 512
#define ZONE_ANY 255

struct zone_row {
	struct mt_span name, data;	/* data absent: a state */
	unsigned type;			/* ZONE_ANY: all that have no records */
	enum mt_cause cause;
};

struct zone {
	size_t nrows;
	struct zone_row rows[ZONE_ROWS];
};

struct zone_question {
	char name[MT_NAME_TEXT];
	enum mt_rrtype type;
	struct mt_answer *answer;
	bool in;
};

struct zone_ask {
	struct mt_ask ask;
	const struct zone *zone;
	uint64_t seed;			/* 0: every answer is there at once */
	bool closed;			/* nothing more comes: what is out is a deadline */
	size_t nquestions;
	struct zone_question questions[ZONE_QUESTIONS];
};

static inline unsigned
zone_type(struct mt_span word)
{
	static const struct { const char *word; unsigned type; } types[] = {
		{ "A", MT_RR_A }, { "AAAA", MT_RR_AAAA }, { "TXT", MT_RR_TXT }, { "MX", MT_RR_MX }, { "PTR", MT_RR_PTR },
		{ "CNAME", MT_RR_CNAME }, { "*", ZONE_ANY },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (mt_span_same_text(word, types[i].word))
			return types[i].type;
	return 0;
}

static inline enum mt_cause
zone_cause(struct mt_span word)
{
	for (int c = MT_CAUSE_NONE; c < MT_CAUSES; c++)
		if (mt_span_same_text(word, mt_cause_word((enum mt_cause)c)))
			return (enum mt_cause)c;
	return MT_CAUSES;
}

/* Bytes of \DDD, in place. */
static inline struct mt_span
zone_unescape(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\' && i + 3 < len) {
			c = (unsigned char)((text[i + 1] - '0') * 100 + (text[i + 2] - '0') * 10 + (text[i + 3] - '0'));
			i += 3;
		}
		text[n++] = (char)c;
	}
	return (struct mt_span){ text, n };
}

/* The next part up to a tab (or the end); *at moves behind it. */
static inline struct mt_span
zone_part(char **at)
{
	char *from = *at, *tab = strchr(from, '\t');

	*at = tab == NULL ? from + strlen(from) : tab + 1;
	return (struct mt_span){ from, tab == NULL ? strlen(from) : (size_t)(tab - from) };
}

/* A line behind its first word; it must stay where it is, and is changed.  false: wrong. */
static inline bool
zone_line(struct zone *zone, bool record, char *line)
{
	struct zone_row *row = &zone->rows[zone->nrows];
	struct mt_span data;

	if (zone->nrows == ZONE_ROWS)
		return false;
	row->name = zone_part(&line);
	row->type = zone_type(zone_part(&line));
	data = mt_span_text(line);
	row->cause = record ? MT_CAUSE_NONE : zone_cause(data);
	row->data = !record ? MT_ABSENT : row->type == MT_RR_TXT ? zone_unescape(line, data.len) : data;
	zone->nrows++;
	return row->type != 0 && row->cause != MT_CAUSES;
}

static inline void
zone_set(struct mt_answer *answer, size_t i, unsigned type, struct mt_span data)
{
	const char *blank = data.len == 0 ? NULL : memchr(data.ptr, ' ', data.len);

	switch (type) {
	case MT_RR_A:
		mt_ip_parse_v4(&answer->records[i].ip, data);
		break;
	case MT_RR_AAAA:
		mt_ip_parse_v6(&answer->records[i].ip, data);
		break;
	case MT_RR_MX:
		answer->records[i].preference = (uint16_t)atoi(data.ptr);
		data = mt_span_between(blank + 1, data.ptr + data.len);
		mt_answer_set_text(answer, i, mt_name_strip(data));
		break;
	default:
		mt_answer_set_text(answer, i, type == MT_RR_PTR ? mt_name_strip(data) : data);
	}
}

static inline struct mt_answer *
zone_records(const struct zone *zone, struct mt_span name, unsigned type, size_t n, size_t bytes)
{
	struct mt_answer *answer = mt_answer_new(MT_CAUSE_NONE, n, bytes + n);
	size_t at = 0;

	for (size_t i = 0; i < zone->nrows; i++)
		if (zone->rows[i].data.ptr != NULL && zone->rows[i].type == type && mt_name_same(zone->rows[i].name, name))
			zone_set(answer, at++, type, zone->rows[i].data);
	return answer;
}

static inline struct mt_answer *
zone_answer(const struct zone *zone, struct mt_span name, unsigned type)
{
	for (unsigned chain = 0; chain < 12; chain++) {
		enum mt_cause cause = MT_CAUSE_NXDOMAIN;
		struct mt_span alias = MT_ABSENT;
		size_t n = 0, bytes = 0;

		for (size_t i = 0; i < zone->nrows; i++) {
			const struct zone_row *row = &zone->rows[i];

			if (!mt_name_same(row->name, name))
				continue;
			if (cause == MT_CAUSE_NXDOMAIN)
				cause = MT_CAUSE_NODATA;
			if (row->data.ptr == NULL && (row->type == type || row->type == ZONE_ANY))
				cause = row->cause;
			if (row->data.ptr != NULL && row->type == MT_RR_CNAME)
				alias = row->data;
			if (row->data.ptr != NULL && row->type == type) {
				n++;
				bytes += row->data.len;
			}
		}
		if (n > 0)
			return zone_records(zone, name, type, n, bytes);
		if (alias.ptr == NULL)
			return mt_answer_new(cause, 0, 0);
		name = alias;
	}
	return mt_answer_new(MT_CAUSE_GARBAGE, 0, 0);
}

static inline uint64_t
zone_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline const struct mt_answer *
zone_asked(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct zone_ask *a = (struct zone_ask *)self;
	struct zone_question *q;

	for (size_t i = 0; i < a->nquestions; i++) {
		q = &a->questions[i];
		if (q->type == type && mt_name_same(mt_span_text(q->name), name))
			return q->in ? q->answer : NULL;
	}
	if (a->nquestions == ZONE_QUESTIONS)
		abort();
	q = &a->questions[a->nquestions++];
	q->type = type;
	q->in = a->seed == 0 || a->closed;
	if (!mt_name_normal(name, q->name))
		abort();		/* nobody may ask for that */
	q->answer = a->closed ? mt_answer_new(MT_CAUSE_DEADLINE, 0, 0) :
	    zone_answer(a->zone, mt_span_text(q->name), type);
	return q->in ? q->answer : NULL;
}

static inline void
zone_open(struct zone_ask *a, const struct zone *zone, uint64_t seed)
{
	*a = (struct zone_ask){ .ask = { zone_asked }, .zone = zone, .seed = seed };
}

/* Lets one answer in, or a few; false: none is out. */
static inline bool
zone_deliver(struct zone_ask *a)
{
	size_t out = 0, pick;
	bool some = false;

	for (size_t i = 0; i < a->nquestions; i++)
		out += !a->questions[i].in;
	if (out == 0)
		return false;
	pick = zone_random(&a->seed) % out;
	for (size_t i = 0; i < a->nquestions; i++) {
		struct zone_question *q = &a->questions[i];

		if (q->in)
			continue;
		q->in = pick-- == 0 || zone_random(&a->seed) % 8 == 0;
		some = some || q->in;
	}
	return some;
}

/* The deadline: what is out stays out. */
static inline void
zone_expire(struct zone_ask *a)
{
	for (size_t i = 0; i < a->nquestions; i++) {
		struct zone_question *q = &a->questions[i];

		if (q->in)
			continue;
		mt_answer_unref(q->answer);
		q->answer = mt_answer_new(MT_CAUSE_DEADLINE, 0, 0);
		q->in = true;
	}
	a->closed = true;
}

static inline void
zone_close(struct zone_ask *a)
{
	for (size_t i = 0; i < a->nquestions; i++)
		mt_answer_unref(a->questions[i].answer);
	a->nquestions = 0;
}

#endif
