/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows which signatures of a message can be verified and what became of them; refuses to
 * know keys and hashes (source/signed.c, source/crypto.c) and the second judge's ways
 * (source/opendkim.c).
 */
#include "lib/source/dkim.h"

#include <stdlib.h>

#include "lib/core/dkim_fields.h"
#include "lib/core/dkim_pick.h"
#include "lib/source/opendkim.h"
#include "lib/source/signed.h"

#define SIGNATURES_MOST 8
#define HEADER_MOST (1024u * 1024u)
#define ARENA_MOST (4u * 1024u * 1024u)
#define FIELD "DKIM-Signature"

struct mt_dkim {
	struct mt_opendkim *second;
	struct mt_dkim_options options;
};

struct signature {
	struct mt_dkim_field field;
	const struct mt_dkim_kept *kept;	/* its own field */
	enum mt_result result;		/* unknown: still open */
	enum mt_cause cause;
	const char *why;
	bool handed;			/* to the second judge */
	bool partial, authentic;
	char *key_name;
	const struct mt_answer *answer;	/* about its key; lent while the message ends */
	struct mt_key_record *key;	/* NULL: none was read */
	const struct mt_signed_body *body;
	uint8_t header[MT_CRYPTO_HASH];
};

struct mt_dkim_message {
	struct mt_dkim *dkim;
	struct mt_arena arena;
	int64_t now_sec;
	struct mt_dkim_fields fields;
	size_t signatures, froms;
	bool no_memory;
	bool header_ended, body_ended, done, disagreed;
	struct signature *listed[MT_DKIM_LISTED];
	unsigned nlisted;
	struct signature *asked[SIGNATURES_MOST];	/* those that have a key to ask for */
	unsigned nasked;
	struct mt_signed_bodies bodies;
	struct mt_opendkim_message *second;	/* NULL: it is not asked */
};

struct mt_dkim *
mt_dkim_open(const struct mt_dkim_options *options, int *error)
{
	struct mt_dkim *dkim = calloc(1, sizeof *dkim);

	*error = MT_ENOMEM;
	if (dkim == NULL)
		return NULL;
	dkim->options = *options;
	if (options->min_key_bits == 0)
		dkim->options.min_key_bits = 1024;
	if (options->most_signatures == 0 || options->most_signatures > SIGNATURES_MOST)
		dkim->options.most_signatures = SIGNATURES_MOST;
	dkim->second = mt_opendkim_open(error);
	if (dkim->second != NULL)
		return dkim;
	free(dkim);
	return NULL;
}

void
mt_dkim_close(struct mt_dkim *dkim)
{
	if (dkim == NULL)
		return;
	mt_opendkim_close(dkim->second);
	free(dkim);
}

/* ---- a message --------------------------------------------------------------------- */

struct mt_dkim_message *
mt_dkim_begin(struct mt_dkim *dkim, int64_t now_sec)
{
	struct mt_dkim_message *msg = calloc(1, sizeof *msg);

	if (msg == NULL)
		return NULL;
	msg->dkim = dkim;
	msg->now_sec = now_sec;
	mt_arena_init(&msg->arena, 4096, ARENA_MOST);
	mt_dkim_fields_begin(&msg->fields, &msg->arena, HEADER_MOST);
	return msg;
}

void
mt_dkim_drop(struct mt_dkim_message *msg)
{
	if (msg == NULL)
		return;
	mt_opendkim_free(msg->second);
	mt_signed_bodies_free(&msg->bodies);
	mt_arena_fini(&msg->arena);
	free(msg);
}

static void
settle(struct signature *s, enum mt_result result, enum mt_cause cause, const char *why)
{
	s->result = result;
	s->cause = cause;
	s->why = why;
}

/* All that are still open end with one word. */
static void
settle_open(struct mt_dkim_message *msg, enum mt_result result, enum mt_cause cause, const char *why)
{
	for (unsigned i = 0; i < msg->nlisted; i++)
		if (msg->listed[i]->result == MT_UNKNOWN)
			settle(msg->listed[i], result, cause, why);
}

/* Memory is ours: what was not verified for want of it may be good. */
static void
out_of_memory(struct mt_dkim_message *msg)
{
	settle_open(msg, MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to verify it");
}

static struct signature *
add_signature(struct mt_dkim_message *msg, const struct mt_dkim_kept *kept)
{
	struct signature *s;
	char key_name[MT_NAME_TEXT];

	if (msg->nlisted == MT_DKIM_LISTED)
		return NULL;
	s = mt_arena_alloc(&msg->arena, sizeof *s);
	if (s == NULL) {
		msg->no_memory = true;
		return NULL;
	}
	msg->listed[msg->nlisted++] = s;
	s->kept = kept;
	mt_dkim_field_read(&s->field, kept->value);
	if (msg->nlisted > msg->dkim->options.most_signatures) {
		settle(s, MT_SKIPPED, MT_CAUSE_LIMIT, "there are more signatures than are verified");
		return s;
	}
	mt_dkim_field_accept(&s->field, msg->now_sec, msg->dkim->options.allow_sha1);
	settle(s, s->field.result, MT_CAUSE_NONE, s->field.why);
	if (s->result != MT_UNKNOWN || !mt_key_record_name(key_name, s->field.selector, s->field.domain))
		return s;
	s->key_name = mt_arena_text(&msg->arena, mt_span_text(key_name));
	if (s->key_name == NULL)
		settle(s, MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to verify it");
	else
		msg->asked[msg->nasked++] = s;
	return s;
}

void
mt_dkim_header(struct mt_dkim_message *msg, struct mt_span head, struct mt_span value)
{
	struct mt_dkim_kept *kept;
	struct mt_span name;
	bool signature;

	if (msg->header_ended || !mt_dkim_fields_trim(head, &name, &value))
		return;
	signature = mt_span_same_text(name, FIELD);
	msg->signatures += signature;
	msg->froms += mt_span_same_text(name, "From");
	kept = mt_dkim_fields_keep(&msg->fields, head, value);
	if (kept != NULL && signature)
		kept->of = add_signature(msg, kept);
}

size_t
mt_dkim_keys(const struct mt_dkim_message *msg)
{
	return msg->nasked;
}

const char *
mt_dkim_key_name(const struct mt_dkim_message *msg, size_t i)
{
	return i < msg->nasked ? msg->asked[i]->key_name : NULL;
}

size_t
mt_dkim_signatures(const struct mt_dkim_message *msg)
{
	return msg->signatures;
}

bool
mt_dkim_wants_body(const struct mt_dkim_message *msg)
{
	return msg->header_ended ? msg->bodies.count > 0 : msg->nasked > 0;
}

/* ---- the end of the header ----------------------------------------------------------- */

static bool
any_open(const struct mt_dkim_message *msg)
{
	for (unsigned i = 0; i < msg->nlisted; i++)
		if (msg->listed[i]->result == MT_UNKNOWN)
			return true;
	return false;
}

/* Marks what the open signatures can cover; no other field takes part in any hash. */
static bool
mark_covered(struct mt_dkim_message *msg)
{
	const struct mt_dkim_field *fields[SIGNATURES_MOST];
	struct mt_dkim_pick pick;
	bool covering = false;
	size_t n = 0;

	for (unsigned i = 0; i < msg->nasked; i++) {
		if (msg->asked[i]->result != MT_UNKNOWN)
			continue;
		fields[n++] = &msg->asked[i]->field;
		covering = covering || msg->asked[i]->field.covers_signatures;
	}
	if (!mt_dkim_pick_build(&pick, &msg->arena, fields, n))
		return false;
	/* A signature is none of those that it covers, so one more of these may count for another. */
	for (struct mt_dkim_kept *f = msg->fields.bottom; f != NULL; f = f->above)
		f->covered = mt_span_same_text(f->name, FIELD) ? covering : mt_dkim_pick_take(&pick, f->name);
	return true;
}

/* The covered fields from the lowest up, as source/signed.h wants them. */
static bool
chain_covered(struct mt_dkim_message *msg, const struct mt_signed_field **lowest)
{
	struct mt_signed_field *above = NULL;

	for (const struct mt_dkim_kept *f = msg->fields.top; f != NULL; f = f->below) {
		struct mt_signed_field *field;

		if (!f->covered)
			continue;
		field = mt_arena_alloc(&msg->arena, sizeof *field);
		if (field == NULL)
			return false;
		*field = (struct mt_signed_field){ above, mt_signed_name(f->name), mt_span_between(f->text.ptr,
		    f->value.ptr - 1), f->value };
		above = field;
	}
	*lowest = above;
	return true;
}

static bool
begin_hashes(struct mt_dkim_message *msg)
{
	const struct mt_signed_field *lowest;

	if (!mark_covered(msg) || !chain_covered(msg, &lowest))
		return false;
	for (unsigned i = 0; i < msg->nasked; i++) {
		struct signature *s = msg->asked[i];
		struct mt_signed about = { .value = s->kept->value, .b_raw = s->field.b_raw, .h = s->field.names,
			.header = s->field.header, .sha1 = s->field.kind == MT_ALGORITHM_RSA_SHA1 };

		if (s->result != MT_UNKNOWN)
			continue;
		about.name = mt_span_between(s->kept->text.ptr, s->kept->value.ptr - 1);
		s->body = mt_signed_body_for(&msg->bodies, &msg->arena, SIGNATURES_MOST, s->field.body,
		    s->field.has_length ? s->field.length : UINT64_MAX, about.sha1);
		if (s->body == NULL || !mt_signed_header(&about, lowest, s->header))
			return false;
	}
	return true;
}

/* ---- the second judge ------------------------------------------------------------------ */

/* Which signatures it is given: plain ones, and such that cover no others, which it might
 * have to be given then. */
static unsigned
hand_out(struct mt_dkim_message *msg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < msg->nasked; i++) {
		struct signature *s = msg->asked[i];

		s->handed = s->result == MT_UNKNOWN && !s->field.odd && !s->field.covers_signatures;
		n += s->handed;
	}
	return n;
}

static void
begin_second(struct mt_dkim_message *msg)
{
	unsigned n = hand_out(msg);

	if (n == 0)
		return;
	msg->second = mt_opendkim_begin(msg->dkim->second);
	for (const struct mt_dkim_kept *f = msg->fields.top; msg->second != NULL && f != NULL; f = f->below) {
		const struct signature *s = f->of;

		if ((mt_span_same_text(f->name, FIELD) ? s == NULL || !s->handed : !f->covered) ||
		    mt_opendkim_field(msg->second, f->text))
			continue;
		mt_opendkim_free(msg->second);
		msg->second = NULL;
	}
	if (msg->second == NULL || mt_opendkim_eoh(msg->second, n))
		return;
	mt_opendkim_free(msg->second);
	msg->second = NULL;
}

static void
ask_second(struct mt_dkim_message *msg)
{
	unsigned at = 0;

	if (msg->second == NULL)
		return;
	mt_opendkim_end(msg->second);
	for (unsigned i = 0; i < msg->nasked; i++) {
		const struct signature *s = msg->asked[i];

		if (s->handed && !mt_opendkim_agrees(msg->second, at, s->header, s->body->digest,
		    s->body->sha1 ? MT_CRYPTO_SHA1 : MT_CRYPTO_HASH))
			msg->disagreed = true;
		at += s->handed;
	}
}

/* ---- the end of the header and the body ---------------------------------------------------- */

void
mt_dkim_eoh(struct mt_dkim_message *msg)
{
	if (msg->header_ended)
		return;
	msg->header_ended = true;
	if (mt_dkim_fields_full(&msg->fields))
		settle_open(msg, MT_PERMERROR, MT_CAUSE_LIMIT, "the header is longer than 1 MiB");
	msg->no_memory = msg->no_memory || msg->fields.no_memory;
	if (msg->no_memory)
		out_of_memory(msg);
	if (!any_open(msg))
		return;
	if (begin_hashes(msg)) {
		begin_second(msg);
	} else {
		mt_signed_bodies_free(&msg->bodies);
		out_of_memory(msg);
	}
}

void
mt_dkim_body(struct mt_dkim_message *msg, struct mt_span bytes)
{
	if (msg->body_ended)
		return;
	mt_signed_bodies_add(&msg->bodies, bytes);
	if (msg->second != NULL)
		mt_opendkim_body(msg->second, bytes);
}

/* ---- the end of the message ------------------------------------------------------------ */

/* What an answer that brings no record means.  No key is a permanent error (RFC 6376,
 * 6.1.2, step 2), no answer a temporary one (step 1). */
static void
settle_no_record(struct signature *s, enum mt_cause cause)
{
	if (mt_cause_nothing(cause))
		settle(s, MT_PERMERROR, cause, "there is no key for it");
	else if (cause == MT_CAUSE_BAD_NAME)
		settle(s, MT_PERMERROR, cause, "its key cannot be asked for");
	else if (cause == MT_CAUSE_OFFLINE)
		settle(s, MT_SKIPPED, cause, "its key was not asked for");
	else
		settle(s, MT_TEMPERROR, cause, "its key could not be asked for");
}

static struct mt_key_use
use_of(const struct signature *s)
{
	return (struct mt_key_use){ .algorithm = s->field.kind,
		.below = !mt_name_same(mt_dkim_field_identity(&s->field), s->field.domain) };
}

static void
judge_key(struct mt_dkim_message *msg, struct signature *s, const struct mt_answer *answer)
{
	struct mt_key_use use = use_of(s);

	if (answer->nrecords == 0) {
		settle_no_record(s, answer->cause == MT_CAUSE_NONE ? MT_CAUSE_NODATA : answer->cause);
		return;
	}
	s->answer = answer;
	s->authentic = answer->authentic;
	s->key = mt_arena_alloc(&msg->arena, sizeof *s->key);
	if (s->key == NULL)
		settle(s, MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to verify it");
	else if (!mt_key_record_choose(s->key, answer, &use, 0))
		settle(s, MT_PERMERROR, MT_CAUSE_NONE, s->key->why);
}

/* A good signature may still not be good enough for the whole message. */
static void
settle_good(const struct mt_dkim_message *msg, struct signature *s)
{
	s->partial = s->field.has_length && s->body->total > s->field.length;
	if (s->partial)
		settle(s, MT_POLICY, MT_CAUSE_NONE, "its l= leaves a part of the body out");
	else if (msg->froms > s->field.froms)
		settle(s, MT_POLICY, MT_CAUSE_NONE, "the header holds a From that it does not cover");
	else
		settle(s, MT_PASS, MT_CAUSE_NONE, NULL);
}

static void
judge_signature(const struct mt_dkim_message *msg, struct signature *s)
{
	if (s->key->type == MT_KEY_RSA && s->key->bits < msg->dkim->options.min_key_bits) {
		settle(s, MT_POLICY, MT_CAUSE_NONE, "its key is too short");
		return;
	}
	switch (mt_crypto_verify(s->key, s->field.kind, s->field.b, s->header)) {
	case MT_CRYPTO_GOOD:
		settle_good(msg, s);
		return;
	case MT_CRYPTO_BAD:
		settle(s, MT_FAIL, MT_CAUSE_NONE, "the header is not what was signed, or not with this key");
		return;
	case MT_CRYPTO_NO_SIGNATURE:
		settle(s, MT_NEUTRAL, MT_CAUSE_NONE, "it cannot be verified as it is written");
		return;
	case MT_CRYPTO_NO_KEY:
		settle(s, MT_PERMERROR, MT_CAUSE_NONE, "its key is damaged");
		return;
	case MT_CRYPTO_NO_MEMORY:
		return;			/* it stays open */
	}
}

/* Several keys under one name: what one of them verifies is verified (RFC 6376, 6.1.2). */
static void
try_keys(const struct mt_dkim_message *msg, struct signature *s)
{
	struct mt_key_use use = use_of(s);
	struct mt_key_record first = *s->key;
	struct signature first_try;

	judge_signature(msg, s);
	first_try = *s;
	for (unsigned n = 1; s->result != MT_PASS && mt_key_record_choose(s->key, s->answer, &use, n); n++) {
		s->result = MT_UNKNOWN;
		judge_signature(msg, s);
		if (s->result == MT_PASS)
			return;
	}
	if (s->result != MT_PASS) {
		*s = first_try;
		*s->key = first;
	}
}

/* What was hashed, held against what was signed (RFC 6376, 6.1.3). */
static void
judge_hashes(const struct mt_dkim_message *msg, struct signature *s)
{
	const char *why = mt_signed_body_judge(s->body, s->field.bh);

	if (why != NULL)
		settle(s, MT_FAIL, MT_CAUSE_NONE, why);
	else
		try_keys(msg, s);
}

/* All keys are there: what passes is known after this. */
static void
verify(struct mt_dkim_message *msg)
{
	bool hashed = mt_signed_bodies_end(&msg->bodies);

	msg->body_ended = true;
	for (unsigned i = 0; hashed && i < msg->nasked; i++)
		if (msg->asked[i]->result == MT_UNKNOWN)
			judge_hashes(msg, msg->asked[i]);
	if (hashed)
		ask_second(msg);
	out_of_memory(msg);
	msg->done = true;
}

bool
mt_dkim_disagreed(const struct mt_dkim_message *msg)
{
	return msg->disagreed;
}

/* b= may hold folds; RFC 6008, 4, tells signatures apart by its first eight characters. */
static struct mt_span
first_of_b(struct mt_arena *arena, struct mt_span b)
{
	char text[8];
	size_t n = 0;

	if (b.ptr == NULL)
		return MT_ABSENT;
	for (size_t i = 0; i < b.len && n < sizeof text; i++)
		if (!mt_is_space(b.ptr[i]))
			text[n++] = b.ptr[i];
	return mt_arena_copy(arena, (struct mt_span){ text, n });
}

static void
tell(struct mt_signature *out, const struct signature *s, struct mt_arena *arena)
{
	*out = (struct mt_signature){
		.result = s->result,
		.cause = s->cause,
		.domain = mt_arena_copy(arena, s->field.domain),
		.selector = mt_arena_copy(arena, s->field.selector),
		.algorithm = mt_arena_copy(arena, s->field.algorithm),
		.identity = mt_arena_copy(arena, s->field.identity),
		.b = first_of_b(arena, s->field.b),
		.why = mt_span_text(s->why),
		.key_bits = s->key == NULL ? 0 : s->key->bits,
		.testing = s->key != NULL && s->key->testing,
		.partial = s->partial,
		.authentic = s->authentic,
	};
}

static enum mt_result
overall(const struct mt_dkim_message *msg)
{
	static const enum mt_result order[] = { MT_PASS, MT_TEMPERROR, MT_FAIL, MT_POLICY, MT_PERMERROR, MT_NEUTRAL,
		MT_SKIPPED };
	uint64_t have = 0;

	for (unsigned i = 0; i < msg->nlisted; i++) {
		const struct signature *s = msg->listed[i];
		bool excused = s->key != NULL && s->key->testing && s->result != MT_PASS;

		have |= MT_BIT(excused ? MT_NEUTRAL : s->result);
	}
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (have & MT_BIT(order[i]))
			return order[i];
	if (msg->signatures == 0)
		return MT_NONE;
	return msg->no_memory ? MT_TEMPERROR : MT_PERMERROR;	/* all of them were beyond the bound */
}

enum mt_result
mt_dkim_end(struct mt_dkim_message *msg, struct mt_ask *ask, struct mt_arena *arena, struct mt_signature *out,
    unsigned *count)
{
	const struct mt_answer *answers[SIGNATURES_MOST] = { NULL };
	unsigned room = *count;
	bool waiting = false;

	*count = 0;
	mt_dkim_eoh(msg);
	for (unsigned i = 0; i < msg->nasked && !msg->done; i++) {
		answers[i] = msg->asked[i]->result != MT_UNKNOWN ? NULL :
		    mt_ask(ask, mt_span_text(msg->asked[i]->key_name), MT_RR_TXT);
		waiting = waiting || (answers[i] == NULL && msg->asked[i]->result == MT_UNKNOWN);
	}
	if (waiting)
		return MT_UNKNOWN;
	for (unsigned i = 0; i < msg->nasked && !msg->done; i++)
		if (answers[i] != NULL)
			judge_key(msg, msg->asked[i], answers[i]);
	if (!msg->done)
		verify(msg);
	for (; *count < msg->nlisted && *count < room; ++*count)
		tell(&out[*count], msg->listed[*count], arena);
	return overall(msg);
}
