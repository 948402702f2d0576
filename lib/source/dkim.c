/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how libopendkim is driven, which canonicalizes and hashes, and what becomes of its
 * hashes; refuses to let it read what was not read and bounded before, ask anybody, look at
 * the clock or judge a signature: it looks through all decoders of OpenSSL for each key.
 */
#include "lib/source/dkim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <opendkim/dkim.h>

#include "lib/core/base64.h"
#include "lib/core/dkim_field.h"
#include "lib/core/dkim_fields.h"
#include "lib/core/dkim_lines.h"
#include "lib/core/dkim_pick.h"
#include "lib/source/crypto.h"

#define SIGNATURES_MOST 8
#define HEADER_MOST (1024u * 1024u)
#define ARENA_MOST (4u * 1024u * 1024u)
#define FIELD "DKIM-Signature"

/* The library's own clock is out of use: times are judged before (core/dkim_field.c), and
 * with a drift of as many seconds as there were before 2001-09-09 it accepts all of them. */
#define DRIFT_SEC UINT64_C(1000000000)

struct mt_dkim {
	DKIM_LIB *lib;
	struct mt_dkim_options options;
	char pad[64];			/* a field that no h= can name */
	size_t pad_name;		/* bytes of its name */
};

struct signature {
	struct mt_dkim_field field;
	enum mt_result result;		/* unknown: still open */
	enum mt_cause cause;
	const char *why;
	bool handed;			/* to the library */
	bool partial;
	char *key_name;
	struct mt_key_record *key;	/* NULL: none was read */
	DKIM_SIGINFO *info;		/* NULL: the library does not look at it */
};

struct mt_dkim_message {
	struct mt_dkim *dkim;
	DKIM *handle;			/* NULL: not started */
	struct mt_arena arena;
	int64_t now_sec;
	struct mt_dkim_fields fields;
	size_t signatures, froms;
	bool no_memory;
	bool header_ended, body_ended, done;
	struct signature *listed[MT_DKIM_LISTED];
	unsigned nlisted;
	struct signature *asked[SIGNATURES_MOST];	/* those that have a key to ask for */
	unsigned nasked;
	struct mt_dkim_lines *lines;
};

/* ---- the library ----------------------------------------------------------------- */

/* Its calls take what they do not write to as if they did. */
static unsigned char *
octets(const char *text)
{
	return (unsigned char *)(uintptr_t)text;
}

/* It verifies nothing, so it wants no key; if ever it did, it must not ask for it itself. */
static DKIM_CBSTAT
give_no_key(DKIM *handle, DKIM_SIGINFO *info, unsigned char *out, size_t room)
{
	(void)handle;
	(void)info;
	(void)out;
	(void)room;
	return DKIM_CBSTAT_NOTFOUND;
}

static bool
set_up(struct mt_dkim *dkim)
{
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
	uint64_t drift = DRIFT_SEC;

	return dkim_options(dkim->lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
	    dkim_options(dkim->lib, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift) == DKIM_STAT_OK &&
	    dkim_set_key_lookup(dkim->lib, give_no_key) == DKIM_STAT_OK;
}

struct mt_dkim *
mt_dkim_open(const struct mt_dkim_options *options, int *error)
{
	struct mt_dkim *dkim = calloc(1, sizeof *dkim);
	uint64_t random[2];

	*error = MT_ENOMEM;
	if (dkim == NULL)
		return NULL;
	dkim->options = *options;
	if (options->min_key_bits == 0)
		dkim->options.min_key_bits = 1024;
	if (options->most_signatures == 0 || options->most_signatures > SIGNATURES_MOST)
		dkim->options.most_signatures = SIGNATURES_MOST;
	dkim->lib = dkim_init(NULL, NULL);
	if (dkim->lib == NULL || !set_up(dkim))
		goto out;
	*error = MT_EIO;
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		goto out;
	dkim->pad_name = (size_t)snprintf(dkim->pad, sizeof dkim->pad, "X-%016" PRIx64 "%016" PRIx64, random[0],
	    random[1]);
	memcpy(dkim->pad + dkim->pad_name, ": -", 4);
	*error = MT_OK;
	return dkim;
out:
	mt_dkim_close(dkim);
	return NULL;
}

void
mt_dkim_close(struct mt_dkim *dkim)
{
	if (dkim == NULL)
		return;
	if (dkim->lib != NULL)
		dkim_close(dkim->lib);
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
	if (msg->handle != NULL)
		dkim_free(msg->handle);
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
add_signature(struct mt_dkim_message *msg, struct mt_span value)
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
	mt_dkim_field_read(&s->field, value);
	if (msg->nlisted > msg->dkim->options.most_signatures) {
		settle(s, MT_SKIPPED, MT_CAUSE_LIMIT, "there are more signatures than are verified");
		return s;
	}
	s->handed = s->field.result == MT_UNKNOWN;	/* well-formed, so others may cover it */
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
		kept->of = add_signature(msg, kept->value);
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
	return msg->header_ended ? msg->handle != NULL : msg->nasked > 0;
}

/* ---- the end of the header ----------------------------------------------------------- */

/* A signature that covers other signatures needs all of them in its hash; some are not
 * for the library to read.  One that covers none does not need them. */
static void
weigh_covering(struct mt_dkim_message *msg)
{
	bool covering = false, unread = msg->signatures > msg->nlisted;

	for (unsigned i = 0; i < msg->nlisted; i++)
		unread = unread || !msg->listed[i]->handed;
	for (unsigned i = 0; i < msg->nasked; i++) {
		struct signature *s = msg->asked[i];

		if (s->result != MT_UNKNOWN || !s->field.covers_signatures)
			continue;
		if (unread)
			settle(s, MT_NEUTRAL, MT_CAUSE_NONE, "it covers other signatures, and one cannot be read");
		covering = !unread;
	}
	for (unsigned i = 0; i < msg->nlisted; i++)
		msg->listed[i]->handed = msg->listed[i]->handed && (covering || msg->listed[i]->result == MT_UNKNOWN);
}

/* Marks what the open signatures can cover.  NULL, or why they cannot be verified. */
static const char *
mark_covered(struct mt_dkim_message *msg)
{
	const struct mt_dkim_field *fields[SIGNATURES_MOST];
	struct mt_dkim_pick pick;
	size_t n = 0;

	for (unsigned i = 0; i < msg->nasked; i++)
		if (msg->asked[i]->result == MT_UNKNOWN)
			fields[n++] = &msg->asked[i]->field;
	if (!mt_dkim_pick_build(&pick, &msg->arena, fields, n))
		return NULL;
	if (mt_dkim_pick_take(&pick, (struct mt_span){ msg->dkim->pad, msg->dkim->pad_name }))
		return "its h= names a field that nobody can know of";
	for (struct mt_dkim_kept *f = msg->fields.bottom; f != NULL; f = f->above) {
		const struct signature *s = f->of;

		if (mt_span_same_text(f->name, FIELD)) {
			f->covered = s != NULL && s->handed;
			continue;
		}
		f->covered = mt_dkim_pick_take(&pick, f->name);
		/* No mail holds one (RFC 5322, 2.2), and who canonicalizes may stop at it. */
		if (f->covered && memchr(f->text.ptr, '\0', f->text.len) != NULL)
			return "a NUL stands in a field of the header";
	}
	return NULL;
}

static bool
hand_fields(struct mt_dkim_message *msg)
{
	for (const struct mt_dkim_kept *f = msg->fields.top; f != NULL; f = f->below)
		if (f->covered && dkim_header(msg->handle, octets(f->text.ptr), f->text.len) != DKIM_STAT_OK)
			return false;
	return dkim_header(msg->handle, octets(msg->dkim->pad), strlen(msg->dkim->pad)) == DKIM_STAT_OK;
}

/* Finds the library's own view of each signature that it was handed; they are in order.
 * What it ignores it hashes all the same. */
static bool
find_infos(struct mt_dkim_message *msg)
{
	DKIM_SIGINFO **infos;
	int n, at = 0;

	if (dkim_getsiglist(msg->handle, &infos, &n) != DKIM_STAT_OK)
		return false;
	for (unsigned i = 0; i < msg->nlisted; i++) {
		if (!msg->listed[i]->handed)
			continue;
		if (at == n)
			return false;
		msg->listed[i]->info = infos[at++];
		dkim_sig_ignore(msg->listed[i]->info);
	}
	return at == n;
}

static void
stop(struct mt_dkim_message *msg)
{
	if (msg->handle != NULL)
		dkim_free(msg->handle);
	msg->handle = NULL;
	for (unsigned i = 0; i < msg->nlisted; i++)
		msg->listed[i]->info = NULL;
}

static void
hand_chunk(void *ctx, char *bytes, size_t len)
{
	struct mt_dkim_message *msg = ctx;

	if (msg->handle == NULL || dkim_body(msg->handle, octets(bytes), len) == DKIM_STAT_OK)
		return;
	stop(msg);
	out_of_memory(msg);
}

static bool
start(struct mt_dkim_message *msg)
{
	DKIM_STAT status;

	msg->lines = mt_arena_alloc(&msg->arena, sizeof *msg->lines);
	if (msg->lines == NULL)
		return false;
	mt_dkim_lines_begin(msg->lines, hand_chunk, msg);
	msg->handle = dkim_verify(msg->dkim->lib, octets("mailtrace"), NULL, &status);
	return msg->handle != NULL && hand_fields(msg) && dkim_eoh(msg->handle) == DKIM_STAT_OK && find_infos(msg);
}

static bool
any_open(const struct mt_dkim_message *msg)
{
	for (unsigned i = 0; i < msg->nlisted; i++)
		if (msg->listed[i]->result == MT_UNKNOWN)
			return true;
	return false;
}

void
mt_dkim_eoh(struct mt_dkim_message *msg)
{
	const char *why;

	if (msg->header_ended)
		return;
	msg->header_ended = true;
	if (mt_dkim_fields_full(&msg->fields))
		settle_open(msg, MT_PERMERROR, MT_CAUSE_LIMIT, "the header is longer than 1 MiB");
	msg->no_memory = msg->no_memory || msg->fields.no_memory;
	if (msg->no_memory)
		out_of_memory(msg);
	weigh_covering(msg);
	if (!any_open(msg))
		return;
	why = mark_covered(msg);
	if (why != NULL)
		settle_open(msg, MT_NEUTRAL, MT_CAUSE_NONE, why);
	else if (!start(msg)) {
		stop(msg);
		out_of_memory(msg);
	}
}

void
mt_dkim_body(struct mt_dkim_message *msg, struct mt_span bytes)
{
	if (msg->handle != NULL && !msg->body_ended)
		mt_dkim_lines_feed(msg->lines, bytes);
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

static void
judge_key(struct mt_dkim_message *msg, struct signature *s, const struct mt_answer *answer)
{
	struct mt_key_use use = { .algorithm = s->field.kind,
		.below = !mt_name_same(mt_dkim_field_identity(&s->field), s->field.domain) };

	if (answer->nrecords == 0) {
		settle_no_record(s, answer->cause == MT_CAUSE_NONE ? MT_CAUSE_NODATA : answer->cause);
		return;
	}
	s->key = mt_arena_alloc(&msg->arena, sizeof *s->key);
	if (s->key == NULL) {
		settle(s, MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to verify it");
		return;
	}
	if (!mt_key_record_choose(s->key, answer, &use))
		settle(s, MT_PERMERROR, MT_CAUSE_NONE, s->key->why);
	else if (s->field.kind != MT_ALGORITHM_ED25519_SHA256 && s->key->bits < msg->dkim->options.min_key_bits)
		settle(s, MT_POLICY, MT_CAUSE_NONE, "its key is too short");
}

/* A good signature may still not be good enough for the whole message. */
static void
settle_good(const struct mt_dkim_message *msg, struct signature *s)
{
	s->partial = s->field.has_length && mt_dkim_lines_length(msg->lines, s->field.relaxed_body) > s->field.length;
	if (s->partial)
		settle(s, MT_POLICY, MT_CAUSE_NONE, "its l= leaves a part of the body out");
	else if (msg->froms > s->field.froms)
		settle(s, MT_POLICY, MT_CAUSE_NONE, "the header holds a From that it does not cover");
	else
		settle(s, MT_PASS, MT_CAUSE_NONE, NULL);
}

static void
judge_signature(const struct mt_dkim_message *msg, struct signature *s, const uint8_t *hash)
{
	switch (mt_crypto_verify(s->key, s->field.kind, s->field.b, hash)) {
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

/* What the library hashed, held against what was signed (RFC 6376, 6.1.3). */
static void
judge_hashes(const struct mt_dkim_message *msg, struct signature *s)
{
	size_t want = s->field.kind == MT_ALGORITHM_RSA_SHA1 ? MT_CRYPTO_SHA1 : MT_CRYPTO_HASH;
	size_t signed_len, header_len, body_len;
	uint8_t signed_body[MT_CRYPTO_HASH];
	void *header, *body;

	if (dkim_sig_geterror(s->info) == DKIM_SIGERROR_TOOLARGE_L)
		settle(s, MT_FAIL, MT_CAUSE_NONE, "the body is shorter than its l= says");
	else if (dkim_sig_geterror(s->info) != DKIM_SIGERROR_UNKNOWN)
		settle(s, MT_NEUTRAL, MT_CAUSE_NONE, "it cannot be verified as it is written");
	else if (dkim_sig_gethashes(s->info, &header, &header_len, &body, &body_len) != DKIM_STAT_OK ||
	    header_len != want || body_len != want)
		return;			/* it stays open */
	else if (!mt_base64_read(signed_body, sizeof signed_body, &signed_len, s->field.bh) || signed_len != want ||
	    memcmp(signed_body, body, want) != 0)
		settle(s, MT_FAIL, MT_CAUSE_NONE, "the body is not what was signed");
	else
		judge_signature(msg, s, header);
}

/* All keys are there: what passes is known after this. */
static void
verify(struct mt_dkim_message *msg)
{
	if (msg->handle != NULL && any_open(msg))
		mt_dkim_lines_end(msg->lines);
	msg->body_ended = true;
	/* The end of the body may have stopped the library. */
	if (msg->handle != NULL && any_open(msg)) {
		dkim_eom(msg->handle, NULL);
		for (unsigned i = 0; i < msg->nlisted; i++)
			if (msg->listed[i]->info != NULL && msg->listed[i]->result == MT_UNKNOWN)
				judge_hashes(msg, msg->listed[i]);
	}
	out_of_memory(msg);
	msg->done = true;
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
