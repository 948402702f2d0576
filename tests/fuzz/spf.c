/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SPF of any records, macros and answers.  The input is cut at bytes 255: flags, HELO,
 * sender, and then what DNS says.  A question picks one of these pieces by its name, so that
 * the same one gets the same answer; a record may thus include itself, or be a mail server.
 */
#include <stdlib.h>

#include "lib/base/ip.h"
#include "lib/core/spf.h"
#include "lib/core/spf_macro.h"
#include "lib/core/spf_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECES 24
/* The first record, and for each of twice ten terms: its answer, those of ten names, and of PTR. */
#define QUESTIONS (1 + 2 * MT_SPF_LOOKUPS * (2 + MT_SPF_NAMES) + MT_SPF_NAMES)

struct question {
	char name[MT_NAME_TEXT];
	enum mt_rrtype type;
	struct mt_answer *answer;
	bool in;
};

struct world {
	struct mt_ask ask;
	size_t npieces;
	struct mt_span pieces[PIECES];
	bool at_once;
	size_t nquestions;
	struct question questions[QUESTIONS];
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- answers -------------------------------------------------------------------------- */

static const enum mt_cause causes[] = {
	MT_CAUSE_NXDOMAIN, MT_CAUSE_NODATA, MT_CAUSE_TIMEOUT, MT_CAUSE_SERVFAIL, MT_CAUSE_GARBAGE, MT_CAUSE_LIMIT,
	MT_CAUSE_OFFLINE, MT_CAUSE_BAD_NAME,
};

/* Addresses: four or sixteen bytes each. */
static struct mt_answer *
addresses(struct mt_span piece, size_t width)
{
	size_t n = piece.len / width > 64 ? 64 : piece.len / width;
	struct mt_answer *answer = mt_answer_new(n == 0 ? MT_CAUSE_NODATA : MT_CAUSE_NONE, n, 0);

	for (size_t i = 0; i < n; i++)
		answer->records[i].ip = mt_ip_bytes(piece.ptr + i * width, width);
	return answer;
}

/* Texts: what stands between bytes 254. */
static struct mt_answer *
texts(struct mt_span piece)
{
	struct mt_answer *answer;
	const char *p = piece.ptr, *end = p + piece.len;
	size_t n = 1;

	for (size_t i = 0; i < piece.len; i++)
		n += (unsigned char)piece.ptr[i] == 254;
	n = n > MT_ANSWER_RECORDS ? MT_ANSWER_RECORDS : n;
	answer = mt_answer_new(MT_CAUSE_NONE, n, piece.len + n);
	for (size_t i = 0; i < n; i++) {
		const char *cut = p == end ? NULL : memchr(p, 254, (size_t)(end - p));

		mt_answer_set_text(answer, i, mt_span_between(p, cut == NULL ? end : cut));
		p = cut == NULL ? end : cut + 1;
	}
	return answer;
}

/* The first byte of a piece says whether there are records at all. */
static struct mt_answer *
answer_to(const struct world *world, const char *name, enum mt_rrtype type)
{
	unsigned hash = (unsigned)type * 31;
	struct mt_span piece;
	unsigned char flags;

	for (size_t i = 0; name[i] != '\0'; i++)
		hash = hash * 33 + (unsigned char)name[i];
	if (world->npieces == 0)
		return mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
	piece = world->pieces[hash % world->npieces];
	if (piece.len == 0)
		return mt_answer_new(MT_CAUSE_NODATA, 0, 0);
	flags = (unsigned char)piece.ptr[0];
	piece = (struct mt_span){ piece.ptr + 1, piece.len - 1 };
	if (flags < 8)
		return mt_answer_new(causes[flags], 0, 0);
	if (type == MT_RR_A || type == MT_RR_AAAA)
		return addresses(piece, type == MT_RR_A ? 4 : 16);
	return texts(piece);
}

static const struct mt_answer *
asked(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *world = (struct world *)self;
	struct question *q;
	char normal[MT_NAME_TEXT];

	must(mt_name_normal(name, normal));
	for (size_t i = 0; i < world->nquestions; i++) {
		q = &world->questions[i];
		if (q->type == type && strcmp(q->name, normal) == 0)
			return q->in ? q->answer : NULL;
	}
	must(world->nquestions < QUESTIONS);
	q = &world->questions[world->nquestions++];
	strcpy(q->name, normal);
	q->type = type;
	q->in = world->at_once;
	q->answer = answer_to(world, normal, type);
	return q->in ? q->answer : NULL;
}

static void
forget(struct world *world)
{
	for (size_t i = 0; i < world->nquestions; i++)
		mt_answer_unref(world->questions[i].answer);
	world->nquestions = 0;
}

/* The last question that is out is answered first. */
static bool
deliver(struct world *world)
{
	for (size_t i = world->nquestions; i > 0; i--)
		if (!world->questions[i - 1].in)
			return world->questions[i - 1].in = true;
	return false;
}

/* ---- what holds ------------------------------------------------------------------------- */

static bool
same(const struct mt_spf *a, const struct mt_spf *b)
{
	return a->result == b->result && a->cause == b->cause && mt_span_equal(a->domain, b->domain) &&
	    mt_span_equal(a->mechanism, b->mechanism) && mt_span_equal(a->why, b->why) && a->lookups == b->lookups &&
	    a->voids == b->voids;
}

static bool
in_net(const struct mt_ip *ip, unsigned bits, const struct mt_ip *client)
{
	bool in = ip->family == client->family;

	for (unsigned b = 0; in && b < bits; b++)
		in = ((ip->bytes[b / 8] ^ client->bytes[b / 8]) & 0x80 >> b % 8) == 0;
	return in;
}

static void
check_policy(struct world *world, const struct mt_spf_query *query, enum mt_result result)
{
	struct mt_spf_policy policy;
	enum mt_result says = MT_UNKNOWN;

	if (!mt_spf_policy(&policy, &world->ask, query)) {
		must(result == MT_NONE || result == MT_TEMPERROR || result == MT_PERMERROR || result == MT_SKIPPED);
		return;
	}
	for (size_t i = 0; i < policy.count && says == MT_UNKNOWN; i++)
		if (in_net(&policy.nets[i].ip, policy.nets[i].bits, &query->client))
			says = policy.nets[i].result;
	if (says == MT_UNKNOWN)
		says = policy.rest == MT_UNKNOWN ? MT_NEUTRAL : policy.rest;
	must(says == result);
}

static void
check_result(const struct mt_spf *spf)
{
	const uint64_t words = MT_BIT(MT_NONE) | MT_BIT(MT_PASS) | MT_BIT(MT_FAIL) | MT_BIT(MT_SOFTFAIL) | MT_BIT(MT_NEUTRAL) |
	    MT_BIT(MT_TEMPERROR) | MT_BIT(MT_PERMERROR) | MT_BIT(MT_SKIPPED);

	must((words & MT_BIT(spf->result)) != 0);
	must(spf->lookups <= MT_SPF_LOOKUPS && spf->voids <= MT_SPF_VOIDS + 2);
	must((spf->why.ptr != NULL) == (spf->result == MT_PERMERROR));
	must((spf->cause != MT_CAUSE_NONE) == (spf->result == MT_TEMPERROR || spf->result == MT_SKIPPED));
}

static void
check(struct world *world, const struct mt_spf_query *query)
{
	struct mt_arena arena;
	struct mt_spf spf, again;
	enum mt_result result;

	mt_arena_init(&arena, 4096, 1u << 20);
	world->at_once = true;
	result = mt_spf_check(&spf, &arena, &world->ask, query);
	must(result == spf.result);
	check_result(&spf);
	check_policy(world, query, result);
	forget(world);
	world->at_once = false;
	do
		result = mt_spf_check(&again, &arena, &world->ask, query);
	while (result == MT_UNKNOWN && deliver(world));
	must(same(&spf, &again));
	forget(world);
	mt_arena_fini(&arena);
}

static void
count_call(void *ctx, struct mt_span name, enum mt_rrtype type)
{
	must(mt_name_askable(name) && type != 0);
	*(size_t *)ctx += 1;
}

/* A piece as a record, as a macro-string, and as an answer to ask on from. */
static void
check_text(struct mt_span text, const struct mt_spf_query *query)
{
	const struct mt_spf_macros macros = { .sender = query->sender, .local = query->sender, .of = query->helo,
	    .domain = MT_SPAN("a.example"), .helo = query->helo, .client = query->client };
	struct mt_answer *answer = texts(text);
	struct mt_spf_record record;
	char name[MT_NAME_TEXT];
	size_t calls = 0;

	if (mt_spf_record_is(text) && !mt_spf_record_read(&record, text))
		must(record.bad.why != NULL && record.bad.text.len > 0);
	if (mt_spf_macro_spec(text))
		must(mt_spf_macro_string(text));
	if (mt_spf_macro_name(name, &macros, text))
		must(mt_name_askable(mt_span_text(name)) && mt_spf_macro_string(text));
	must(mt_spf_ahead(answer, MT_RR_A, count_call, &calls) == calls && calls <= MT_SPF_LOOKUPS);
	mt_answer_unref(answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct mt_spf_query query = { .helo = MT_SPAN("h.example"), .sender = MT_SPAN("u@a.example") };
	struct mt_span rest = { (const char *)data, size };

	if (size == 0)
		return 0;
	rest = (struct mt_span){ rest.ptr + 1, rest.len - 1 };
	world = (struct world){ .ask = { asked } };
	mt_ip_parse(&query.client, (data[0] & 1) != 0 ? MT_SPAN("2001:db8::1") : MT_SPAN("192.0.2.1"));
	while (rest.len > 0 && world.npieces < PIECES) {
		const char *cut = memchr(rest.ptr, 255, rest.len), *end = rest.ptr + rest.len;

		world.pieces[world.npieces++] = mt_span_between(rest.ptr, cut == NULL ? end : cut);
		rest = mt_span_between(cut == NULL ? end : cut + 1, end);
	}
	if ((data[0] & 2) != 0 && world.npieces > 0)
		query.helo = world.pieces[0];
	if ((data[0] & 4) != 0 && world.npieces > 1)
		query.sender = world.pieces[1];
	check(&world, &query);
	for (size_t i = 0; i < world.npieces; i++)
		check_text(world.pieces[i], &query);
	return 0;
}
