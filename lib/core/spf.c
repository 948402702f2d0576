/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what records mean for a client (RFC 7208, 4 to 6); how they are written is in
 * spf_record.c and spf_macro.c.
 *
 * A run begins at the first record each time.  At the first answer that is missing it does
 * not stop: it goes on as if that term would not match, so as to ask for what comes next,
 * and then says MT_UNKNOWN.  A term that surely matches ends that, and so does the limit.
 */
#include "lib/core/spf.h"

#include "lib/core/spf_run.h"

/* ---- records ----------------------------------------------------------------------- */

static enum mt_result
decide(struct mt_spf_run *run, const struct mt_spf_term *term, enum mt_spf_hit hit)
{
	/* An error inside an include is told with the term that is wrong. */
	if (hit == MT_SPF_HIT || run->term.ptr == NULL)
		run->term = term->text;
	return hit == MT_SPF_HIT ? term->result : hit == MT_SPF_TEMP ? MT_TEMPERROR : MT_PERMERROR;
}

/* 4.6, 4.7, 6.1 */
static enum mt_result
evaluate(struct mt_spf_run *run, struct mt_spf_level *level)
{
	struct mt_spf_term term;
	enum mt_result result;
	bool waiting = false;

	run->macros.domain = level->domain;
	level->rest = level->record.terms;
	while (mt_spf_record_next(&level->rest, &term)) {
		enum mt_spf_hit hit = mt_spf_match(run, level, &term);

		if (hit == MT_SPF_MISS)
			continue;
		if (hit != MT_SPF_WAIT)
			return waiting ? MT_UNKNOWN : decide(run, &term, hit);
		waiting = true;
	}
	if (level->record.all || level->record.redirect.text.ptr == NULL)
		return waiting ? MT_UNKNOWN : MT_NEUTRAL;
	result = mt_spf_check_target(run, level, &level->record.redirect);
	if (waiting || result == MT_UNKNOWN)
		return MT_UNKNOWN;
	if ((result == MT_PERMERROR || result == MT_TEMPERROR) && run->term.ptr == NULL)
		run->term = level->record.redirect.text;
	return result;
}

/* A name of at least two labels that is no address (2.4, 4.3).  raw: as a stranger wrote it,
 * so that a backslash is no escape. */
static bool
can_have_record(struct mt_span domain, bool raw)
{
	struct mt_ip ip;

	if (raw && domain.len > 0 && memchr(domain.ptr, '\\', domain.len) != NULL)
		return false;
	return mt_name_askable(domain) && mt_name_qualified(domain) && !mt_ip_parse(&ip, mt_name_strip(domain));
}

/* 4.4, 4.5.  msec: when the question could be asked. */
enum mt_result
mt_spf_check_host(struct mt_spf_run *run, struct mt_span domain, uint32_t msec)
{
	const struct mt_answer *txt;
	struct mt_span text;
	struct mt_spf_level level = { .domain = domain };
	size_t count;

	if (!can_have_record(domain, false))
		return MT_NONE;
	txt = mt_ask(run->ask, domain, MT_RR_TXT);
	switch (mt_spf_outcome(run, txt, msec)) {
	case MT_SPF_WAIT:
		return MT_UNKNOWN;
	case MT_SPF_TEMP:
		return MT_TEMPERROR;
	case MT_SPF_MISS:
		/* Without a record it is over, so that this one need not be held against the limit. */
		run->voids += run->lookups > 0 && txt->cause != MT_CAUSE_BAD_NAME;
		return MT_NONE;
	case MT_SPF_HIT:
	case MT_SPF_PERM:
		break;
	}
	count = mt_spf_record_select(txt, &text);
	if (count == 0 && txt->cut) {
		run->cause = MT_CAUSE_LIMIT;	/* it may be one of those that were not kept */
		return MT_TEMPERROR;
	}
	if (count == 0)
		return MT_NONE;
	if (count > 1) {
		run->why = "there is more than one SPF record";
		return MT_PERMERROR;
	}
	level.msec = msec + txt->msec;
	if (mt_spf_record_read(&level.record, text))
		return evaluate(run, &level);
	run->why = level.record.bad.why;
	run->term = level.record.bad.text;
	return MT_PERMERROR;
}

/* ---- the whole --------------------------------------------------------------------- */

/* Longest sender that is put together here: "postmaster@" and a name (4.3). */
#define SENDER_TEXT (sizeof "postmaster@" + MT_NAME_TEXT)

/* Fills in what the macros stand for; false: there is no domain that could have a record. */
static bool
begin(struct mt_spf_run *run, struct mt_ask *ask, const struct mt_spf_query *query, char room[SENDER_TEXT])
{
	struct mt_spf_macros *macros = &run->macros;
	struct mt_span sender = query->sender;
	size_t at = sender.len;

	*run = (struct mt_spf_run){ .ask = ask };
	macros->client = query->client;
	macros->helo = query->helo;
	while (at > 0 && sender.ptr[at - 1] != '@')
		at--;
	macros->of = sender.len == 0 ? query->helo : (struct mt_span){ sender.ptr + at, sender.len - at };
	macros->of = mt_name_strip(macros->of);
	if (!can_have_record(macros->of, true))
		return false;
	macros->domain = macros->of;
	if (at > 1) {
		macros->sender = (struct mt_span){ sender.ptr, at + macros->of.len };
		macros->local = (struct mt_span){ sender.ptr, at - 1 };
		return true;
	}
	memcpy(room, "postmaster@", 11);
	memcpy(room + 11, macros->of.ptr, macros->of.len);
	macros->sender = (struct mt_span){ room, 11 + macros->of.len };
	macros->local = (struct mt_span){ room, 10 };
	return true;
}

static enum mt_result
finish(struct mt_spf_run *run, enum mt_result result)
{
	if (result != MT_UNKNOWN && result != MT_PASS && run->ptr_trouble != MT_CAUSE_NONE) {
		run->cause = run->ptr_trouble;
		result = MT_TEMPERROR;
	}
	return result == MT_TEMPERROR && run->cause == MT_CAUSE_OFFLINE ? MT_SKIPPED : result;
}

enum mt_result
mt_spf_check(struct mt_spf *out, struct mt_arena *arena, struct mt_ask *ask, const struct mt_spf_query *query)
{
	char room[SENDER_TEXT];
	struct mt_spf_run run;
	enum mt_result result;

	*out = (struct mt_spf){ 0 };
	if (query->client.family == 0 || (query->sender.len == 0 && query->helo.ptr == NULL)) {
		out->cause = MT_CAUSE_NO_INPUT;
		return out->result = MT_SKIPPED;
	}
	if (!begin(&run, ask, query, room))
		return out->result = MT_NONE;
	result = finish(&run, mt_spf_check_host(&run, run.macros.domain, 0));
	if (result == MT_UNKNOWN)
		return result;
	out->result = result;
	out->cause = result == MT_TEMPERROR || result == MT_SKIPPED ? run.cause : MT_CAUSE_NONE;
	out->msec = run.msec;
	out->domain = mt_arena_copy(arena, run.macros.of);
	out->mechanism = mt_arena_copy(arena, run.term);
	out->why = result == MT_PERMERROR ? mt_span_text(run.why) : MT_ABSENT;
	out->lookups = run.lookups;
	out->voids = run.voids;
	return result;
}

bool
mt_spf_policy(struct mt_spf_policy *policy, struct mt_ask *ask, const struct mt_spf_query *query)
{
	char room[SENDER_TEXT];
	struct mt_spf_run run;
	enum mt_result result;

	*policy = (struct mt_spf_policy){ 0 };
	if (query->client.family == 0 || !begin(&run, ask, query, room))
		return false;
	run.policy = policy;
	result = finish(&run, mt_spf_check_host(&run, run.macros.domain, 0));
	return result == MT_PASS || result == MT_FAIL || result == MT_SOFTFAIL || result == MT_NEUTRAL;
}

/* ---- ahead ------------------------------------------------------------------------- */

/* The type of the question of a term; 0: it is not known yet. */
static enum mt_rrtype
question_of(enum mt_spf_kind kind, enum mt_rrtype address)
{
	switch (kind) {
	case MT_SPF_INCLUDE:
	case MT_SPF_REDIRECT:
		return MT_RR_TXT;
	case MT_SPF_MX:
		return MT_RR_MX;
	case MT_SPF_A:
		return address;
	case MT_SPF_EXISTS:
		return MT_RR_A;
	case MT_SPF_ALL:
	case MT_SPF_PTR:
	case MT_SPF_IP4:
	case MT_SPF_IP6:
	case MT_SPF_EXP:
	case MT_SPF_OTHER:
		break;
	}
	return 0;
}

static size_t
ask_ahead(const struct mt_spf_term *term, enum mt_rrtype address, mt_spf_next_fn *next, void *ctx)
{
	const struct mt_spf_macros none = { 0 };
	enum mt_rrtype type = question_of(term->kind, address);
	char name[MT_NAME_TEXT];

	if (type == 0 || term->domain.ptr == NULL || !mt_spf_macro_plain(term->domain) ||
	    !mt_spf_macro_name(name, &none, term->domain))
		return 0;
	next(ctx, mt_span_text(name), type);
	return 1;
}

size_t
mt_spf_ahead(const struct mt_answer *txt, enum mt_rrtype address, mt_spf_next_fn *next, void *ctx)
{
	struct mt_spf_record record;
	struct mt_spf_term term;
	struct mt_span text, rest;
	size_t lookups = 0, calls = 0;

	if (txt->cause != MT_CAUSE_NONE || mt_spf_record_select(txt, &text) != 1 || !mt_spf_record_read(&record, text))
		return 0;
	rest = record.terms;
	while (lookups < MT_SPF_LOOKUPS && mt_spf_record_next(&rest, &term)) {
		if (term.kind == MT_SPF_ALL)
			break;
		if (!mt_spf_is_mechanism(term.kind) || !mt_spf_asks(term.kind))
			continue;
		lookups++;
		calls += ask_ahead(&term, address, next, ctx);
	}
	if (lookups < MT_SPF_LOOKUPS && !record.all && record.redirect.text.ptr != NULL)
		calls += ask_ahead(&record.redirect, address, next, ctx);
	return calls;
}
