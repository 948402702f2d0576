/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows when what of a message is taken in, and what is worth the work; refuses to know who
 * is to be believed: a chain that holds says who sealed it, and no more.
 *
 * Signatures of messages that are older than the newest cannot break a chain; they tell only
 * how far back it reaches unchanged, and are looked at as far as that costs little.
 */
#include "lib/source/arc.h"

#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/source/arc_parts.h"

#define OLDER_BYTES (4u * 1024u * 1024u)	/* of header hashed for older signatures */
#define BODIES 4				/* in different canonical forms or lengths */
#define FIELDS (MT_ARC_INSTANCES * MT_ARC_KINDS)

void
mt_arc_settle(struct mt_arc_check *check, enum mt_result result, enum mt_cause cause, const char *why)
{
	check->result = result;
	check->cause = cause;
	check->why = why;
}

void
mt_arc_settle_field(struct mt_arc_check *check, enum mt_arc_kind kind, unsigned instance, enum mt_result result,
    enum mt_cause cause, const char *why)
{
	mt_arc_settle(check, result, cause, why);
	check->whose = kind == MT_ARC_SEAL ? "ARC-Seal" : "ARC-Message-Signature";
	check->instance = instance;
}

static void
settle_starved(struct mt_arc_check *check)
{
	mt_arc_settle(check, MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to judge the chain");
}

struct mt_arc_check *
mt_arc_begin(const struct mt_arc_options *options, int64_t now_sec)
{
	struct mt_arc_check *check = calloc(1, sizeof *check);

	if (check == NULL)
		return NULL;
	check->min_key_bits = options == NULL || options->min_key_bits == 0 ? 1024 : options->min_key_bits;
	check->now_sec = now_sec;
	mt_arena_init(&check->arena, 4096, 2 * MT_ARC_HEADER);
	return check;
}

/* ---- header ------------------------------------------------------------------------ */

static struct mt_signed_field *
keep(struct mt_arc_check *check, struct mt_span name, struct mt_span value)
{
	struct mt_signed_field *field;

	check->kept += sizeof *field + name.len + value.len;
	check->cut = check->cut || check->kept > MT_ARC_HEADER;
	if (check->cut || check->starved)
		return NULL;
	field = mt_arena_alloc(&check->arena, sizeof *field);
	if (field != NULL) {
		field->hash = mt_signed_name(name);
		field->name = mt_arena_copy(&check->arena, name);
		field->value = mt_arena_copy(&check->arena, value);
	}
	if (field == NULL || field->name.ptr == NULL || field->value.ptr == NULL) {
		check->starved = true;
		return NULL;
	}
	field->above = check->last;
	check->last = field;
	return field;
}

static void
note_key(struct mt_arc_check *check, const struct mt_arc_field *field)
{
	struct mt_arc_found *chain = check->chain;
	char name[MT_NAME_TEXT];
	struct mt_span copy;

	if (!mt_key_record_name(name, field->selector, field->domain) || chain->nnames == MT_ARC_KEYS)
		return;
	for (size_t i = 0; i < chain->nnames; i++)
		if (mt_span_same_text(chain->name[i], name))
			return;
	copy = mt_arena_copy(&check->arena, mt_span_text(name));
	if (copy.ptr != NULL)
		chain->name[chain->nnames++] = copy;
}

static void
take_field(struct mt_arc_check *check, enum mt_arc_kind kind, const struct mt_signed_field *kept)
{
	struct mt_arc_found *chain = check->chain;
	struct mt_arc_field *field;

	if (chain == NULL)
		chain = check->chain = mt_arena_alloc(&check->arena, sizeof *chain);
	field = chain == NULL ? NULL : mt_arena_alloc(&check->arena, sizeof *field);
	if (field == NULL) {
		check->starved = true;
		return;
	}
	mt_arc_field_read(field, kind, kept->name, kept->value);
	mt_arc_chain_add(&chain->form, kind, field);
	/* Of messages only the newest signature counts, and sets stand newest first. */
	if (kind == MT_ARC_MESSAGE && field->instance < chain->newest_message)
		return;
	if (kind == MT_ARC_MESSAGE)
		chain->newest_message = field->instance;
	if (kind != MT_ARC_RESULTS && field->why == NULL && chain->form.why == NULL)
		note_key(check, field);
}

void
mt_arc_header(struct mt_arc_check *check, struct mt_span name, struct mt_span value)
{
	const struct mt_signed_field *kept;
	enum mt_arc_kind kind;
	bool arc;

	if (check->header_ended)
		return;
	if (value.ptr == NULL)
		value = MT_SPAN("");
	kept = keep(check, name, value);
	arc = mt_arc_field_kind(&kind, name);
	check->any = check->any || arc;
	/* More fields than fifty sets have: one is there twice, which was noted. */
	if (kept != NULL && arc && (check->chain == NULL || check->chain->nfields++ <= FIELDS))
		take_field(check, kind, kept);
}

size_t
mt_arc_keys(const struct mt_arc_check *check)
{
	return check->chain == NULL ? 0 : check->chain->nnames;
}

struct mt_span
mt_arc_key_name(const struct mt_arc_check *check, size_t i)
{
	return i < mt_arc_keys(check) ? check->chain->name[i] : MT_ABSENT;
}

/* ---- what is worth the work --------------------------------------------------------- */

/* The body in the form that this signature is about; NULL: no room for one more. */
static const struct mt_signed_body *
body_for(struct mt_arc_check *check, const struct mt_arc_field *field)
{
	return mt_signed_body_for(&check->chain->bodies, &check->arena, BODIES, field->body, field->length, false);
}

/* Distinct keys, by selector and domain. */
struct keys {
	size_t count;
	const struct mt_arc_field *field[MT_ARC_KEYS];
};

static bool
add_key(struct keys *keys, const struct mt_arc_field *field)
{
	for (size_t i = 0; i < keys->count; i++)
		if (mt_span_same(keys->field[i]->domain, field->domain) &&
		    mt_span_same(keys->field[i]->selector, field->selector))
			return true;
	if (keys->count == MT_ARC_KEYS)
		return false;
	keys->field[keys->count++] = field;
	return true;
}

static bool
expired(const struct mt_arc_check *check, const struct mt_arc_field *field)
{
	return field->expires != UINT64_MAX && (int64_t)field->expires < check->now_sec;
}

/* How far back signatures of messages are looked at (RFC 8617, 5.2, step 5). */
static void
prepare_older(struct mt_arc_check *check, struct keys *keys)
{
	struct mt_arc_found *chain = check->chain;
	unsigned most = (unsigned)(OLDER_BYTES / check->kept);

	chain->lowest = chain->form.newest;
	while (chain->lowest > 1 && chain->form.newest - chain->lowest < most) {
		unsigned i = chain->lowest - 1;
		const struct mt_arc_field *field = chain->form.field[i][MT_ARC_MESSAGE];

		if (field->why != NULL || field->too_many || expired(check, field) || !add_key(keys, field))
			return;
		chain->body[i] = body_for(check, field);
		if (chain->body[i] == NULL || !mt_arc_signed_message(check, field, chain->message[i]))
			return;
		chain->lowest = i;
	}
}

/* What is wrong with a whole chain before anybody is asked for a key. */
static void
prepare(struct mt_arc_check *check)
{
	struct mt_arc_found *chain = check->chain;
	unsigned newest = chain->form.newest;
	const struct mt_arc_field *message = chain->form.field[newest][MT_ARC_MESSAGE];
	struct keys keys = { .count = 0 };
	bool few = add_key(&keys, message);

	if (message->why != NULL || expired(check, message)) {
		mt_arc_settle_field(check, MT_ARC_MESSAGE, newest, MT_FAIL, MT_CAUSE_NONE,
		    message->why != NULL ? message->why : "it has expired");
		return;
	}
	for (unsigned i = newest; i > 0; i--) {
		const struct mt_arc_field *seal = chain->form.field[i][MT_ARC_SEAL];

		if (seal->why != NULL) {
			mt_arc_settle_field(check, MT_ARC_SEAL, i, MT_FAIL, MT_CAUSE_NONE, seal->why);
			return;
		}
		few = few && add_key(&keys, seal);
	}
	if (message->too_many || !few) {
		mt_arc_settle(check, MT_PERMERROR, MT_CAUSE_LIMIT, few
		    ? "the newest signature covers more fields than are looked at"
		    : "the chain has more sealers than are asked for");
		return;
	}
	chain->body[newest] = body_for(check, message);
	if (chain->body[newest] == NULL || !mt_arc_signed_message(check, message, chain->message[newest]) ||
	    !mt_arc_signed_seals(chain))
		settle_starved(check);
	else
		prepare_older(check, &keys);
}

void
mt_arc_eoh(struct mt_arc_check *check)
{
	enum mt_result result;
	const char *why;

	if (check->header_ended)
		return;
	check->header_ended = true;
	if (!check->any) {
		mt_arc_settle(check, MT_NONE, MT_CAUSE_NONE, NULL);
		mt_arena_fini(&check->arena);
		check->last = NULL;
		return;
	}
	if (check->cut) {
		mt_arc_settle(check, MT_PERMERROR, MT_CAUSE_LIMIT, "the header is longer than is kept");
	} else if (check->starved) {
		settle_starved(check);
	} else {
		result = mt_arc_chain_judge(&check->chain->form, &why);
		if (result == MT_UNKNOWN)
			prepare(check);
		else
			mt_arc_settle(check, result, MT_CAUSE_NONE, why);
	}
	if (check->result != MT_UNKNOWN && check->chain != NULL)
		mt_signed_bodies_free(&check->chain->bodies);
}

/* ---- body -------------------------------------------------------------------------- */

bool
mt_arc_wants_body(const struct mt_arc_check *check)
{
	return check->header_ended && !check->body_ended && check->result == MT_UNKNOWN;
}

void
mt_arc_body(struct mt_arc_check *check, struct mt_span bytes)
{
	if (!mt_arc_wants_body(check))
		return;
	mt_signed_bodies_add(&check->chain->bodies, bytes);
}

static void
end_body(struct mt_arc_check *check)
{
	struct mt_arc_found *chain = check->chain;
	const char *why;
	unsigned newest;
	bool ok;

	if (!mt_arc_wants_body(check))
		return;
	check->body_ended = true;
	newest = chain->form.newest;
	ok = mt_signed_bodies_end(&chain->bodies);
	why = mt_signed_body_judge(chain->body[newest], chain->form.field[newest][MT_ARC_MESSAGE]->bh);
	if (!ok)
		settle_starved(check);
	else if (why != NULL)
		mt_arc_settle_field(check, MT_ARC_MESSAGE, newest, MT_FAIL, MT_CAUSE_NONE, why);
}

/* ---- what is told ------------------------------------------------------------------ */

static void
tell_sets(const struct mt_arc_chain *form, struct mt_arena *arena, struct mt_arc *out)
{
	struct mt_arc_set *sets = mt_arena_alloc(arena, (form->newest + 1) * sizeof *sets);

	if (sets == NULL)
		return;
	out->sets = sets;
	for (unsigned i = 1; i <= form->newest; i++) {
		const struct mt_arc_field *results = form->field[i][MT_ARC_RESULTS];
		const struct mt_arc_field *seal = form->field[i][MT_ARC_SEAL];
		struct mt_arc_set *set = &sets[out->nsets];

		if (results == NULL && seal == NULL && form->field[i][MT_ARC_MESSAGE] == NULL)
			continue;
		out->nsets++;
		set->instance = i;
		if (seal != NULL)
			set->sealer = mt_arena_copy(arena, seal->domain);
		if (results != NULL)
			mt_arc_field_results(set, arena, results->value);
	}
}

static void
tell_why(const struct mt_arc_check *check, struct mt_arena *arena, struct mt_arc *out)
{
	struct mt_buf buf;

	if (check->why == NULL)
		return;
	out->why = mt_span_text(check->why);
	if (check->whose == NULL)
		return;
	mt_buf_init(&buf, arena, 0);
	mt_buf_format(&buf, "%s of set %u: %s", check->whose, check->instance, check->why);
	if (!buf.cut)
		out->why = mt_buf_span(&buf);
}

/* A seal of a body to which anything may have been added is believed by nobody (RFC 6376, 8.2). */
static void
tell_pass(const struct mt_arc_check *check, struct mt_arc *out)
{
	const struct mt_signed_body *body = check->chain->body[check->chain->form.newest];

	out->oldest_pass = check->instance;
	out->partial = body->most < body->total;
	if (out->partial)
		out->why = MT_SPAN("the newest signature leaves a part of the body out (l=)");
}

enum mt_result
mt_arc_end(struct mt_arc_check *check, struct mt_ask *ask, struct mt_arena *arena, struct mt_arc *out)
{
	*out = (struct mt_arc){ .result = MT_UNKNOWN };
	mt_arc_eoh(check);
	end_body(check);
	if (check->result == MT_UNKNOWN)
		mt_arc_verify(check, ask);
	if (check->result == MT_UNKNOWN)
		return MT_UNKNOWN;
	out->result = check->result;
	out->cause = check->cause;
	if (check->result == MT_PASS)
		tell_pass(check, out);
	tell_why(check, arena, out);
	if (check->chain != NULL)
		tell_sets(&check->chain->form, arena, out);
	return out->result;
}

void
mt_arc_free(struct mt_arc_check *check)
{
	if (check == NULL)
		return;
	if (check->chain != NULL)
		mt_signed_bodies_free(&check->chain->bodies);
	mt_arena_fini(&check->arena);
	free(check);
}
