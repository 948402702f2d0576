/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains of ARC sets: the published suite (tests/data/arc), with the message and the answers
 * arriving in every manner, and chains that are sealed here and then broken. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "lib/core/canon.h"
#include "lib/source/arc.h"
#include "lib/source/crypto.h"
#include "tests/unit/tap.h"

#define NOW 1000000
#define KEYS 60
#define FIELDS 400
#define HOWS 5
#define A16 "a:a:a:a:a:a:a:a:a:a:a:a:a:a:a:a:"
#define A256 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16

/* ---- a message and its keys ------------------------------------------------------ */

struct message {
	size_t nfields;
	char *name[FIELDS], *value[FIELDS];	/* bottom first */
	char *body;
};

struct world {
	struct mt_ask ask;
	size_t nkeys;
	char name[KEYS][MT_NAME_TEXT];
	struct mt_answer *answer[KEYS];
	struct mt_answer *nothing;
	bool there[KEYS];		/* it has come in */
	unsigned asked;			/* for answers that are out */
};

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *w = (struct world *)self;

	for (size_t i = 0; i < w->nkeys; i++)
		if (type == MT_RR_TXT && mt_span_same_text(name, w->name[i])) {
			w->asked += !w->there[i];
			return w->there[i] ? w->answer[i] : NULL;
		}
	return w->nothing;
}

static void
add_key(struct world *w, const char *name, enum mt_cause cause, const char *text)
{
	size_t i = w->nkeys++;

	snprintf(w->name[i], sizeof w->name[i], "%s", name);
	w->answer[i] = mt_answer_new(cause, cause == MT_CAUSE_NONE, strlen(text) + 1);
	if (w->answer[i] == NULL)
		abort();
	mt_answer_set_text(w->answer[i], 0, mt_span_text(text));
	w->there[i] = true;
}

static void
world_fini(struct world *w)
{
	for (size_t i = 0; i < w->nkeys; i++)
		mt_answer_unref(w->answer[i]);
	mt_answer_unref(w->nothing);
}

static void
world_init(struct world *w)
{
	*w = (struct world){ .ask.answer = answer, .nothing = mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0) };
	if (w->nothing == NULL)
		abort();
}

static char *
copy(const char *from, size_t len)
{
	char *to = calloc(1, len + 1);

	if (to == NULL)
		abort();
	memcpy(to, from, len);
	return to;
}

/* On top of what is there. */
static void
add_field(struct message *m, const char *name, const char *value)
{
	if (m->nfields == FIELDS)
		abort();
	m->name[m->nfields] = copy(name, strlen(name));
	m->value[m->nfields++] = copy(value, strlen(value));
}

static void
remove_field(struct message *m, size_t i)
{
	free(m->name[i]);
	free(m->value[i]);
	m->nfields--;
	memmove(m->name + i, m->name + i + 1, (m->nfields - i) * sizeof *m->name);
	memmove(m->value + i, m->value + i + 1, (m->nfields - i) * sizeof *m->value);
}

static void
message_fini(struct message *m)
{
	while (m->nfields > 0)
		remove_field(m, 0);
	free(m->body);
	m->body = NULL;
}

/* ---- ways to bring it ------------------------------------------------------------- */

enum way { WHOLE, CRLF, BYTES, SEVENS, LATE, WAYS };
static const char *const ways[WAYS] = { "whole, LF", "CRLF", "byte by byte", "in sevens", "answers late" };

static char *
with_crlf(const char *text)
{
	char *out = calloc(2, strlen(text) + 1), *to = out;

	if (out == NULL)
		abort();
	for (; *text != '\0'; *to++ = *text++)
		if (*text == '\n')
			*to++ = '\r';
	return out;
}

static void
bring(struct mt_arc_check *check, const struct message *m, enum way way)
{
	for (size_t i = m->nfields; i-- > 0;) {
		char *value = way == CRLF ? with_crlf(m->value[i]) : copy(m->value[i], strlen(m->value[i]));

		mt_arc_header(check, mt_span_text(m->name[i]), mt_span_text(value));
		free(value);
	}
	mt_arc_eoh(check);
}

static void
bring_body(struct mt_arc_check *check, const struct message *m, enum way way)
{
	char *body = way == CRLF || way == BYTES ? with_crlf(m->body) : copy(m->body, strlen(m->body));
	size_t len = strlen(body), step = way == BYTES ? 1 : way == SEVENS ? 7 : len + 1;

	for (size_t at = 0; at < len; at += step)
		mt_arc_body(check, (struct mt_span){ body + at, step < len - at ? step : len - at });
	free(body);
}

/* The result; text of it, its sets and its reason in out. */
static enum mt_result
judge(struct world *w, const struct message *m, enum way way, struct mt_arena *arena, struct mt_arc *arc)
{
	struct mt_arc_check *check = mt_arc_begin(NULL, NOW);
	enum mt_result result;
	unsigned seed = (unsigned)m->nfields + 7;

	if (check == NULL)
		abort();
	for (size_t i = 0; i < w->nkeys; i++)
		w->there[i] = way != LATE;
	w->asked = 0;
	bring(check, m, way);
	if (mt_arc_wants_body(check))
		bring_body(check, m, way);
	result = mt_arc_end(check, &w->ask, arena, arc);
	for (size_t n = 0; result == MT_UNKNOWN && n < 100 * KEYS; n++) {
		seed = seed * 1103515245 + 12345;
		w->there[seed / 65536 % w->nkeys] = true;
		result = mt_arc_end(check, &w->ask, arena, arc);
	}
	if (mt_arc_end(check, &w->ask, arena, arc) != result || arc->result != result)
		result = MT_RESULTS;
	mt_arc_free(check);
	return result;
}

/* ---- the published suite ----------------------------------------------------------- */

/* A field and what it is folded into, out of lines that begin with '|'. */
static void
read_message(struct message *m, const char *at)
{
	struct message down = { .body = NULL };
	size_t len = strlen(at);
	const char *end = at + len;

	while (at < end && *at != '\n') {
		const char *colon = strchr(at, ':'), *stop = strchr(at, '\n');

		while (stop[1] == ' ' || stop[1] == '\t')
			stop = strchr(stop + 1, '\n');
		down.name[down.nfields] = copy(at, (size_t)(colon - at));
		down.value[down.nfields++] = copy(colon + 1, (size_t)(stop - colon - 1));
		at = stop + 1;
	}
	*m = (struct message){ .body = copy(at < end ? at + 1 : at, strlen(at < end ? at + 1 : at)) };
	while (down.nfields-- > 0) {
		m->name[m->nfields] = down.name[down.nfields];
		m->value[m->nfields++] = down.value[down.nfields];
	}
}

static void
run_row(struct world *w, const char *name, const char *expected, const char *text)
{
	struct message m;
	struct mt_arc arc;
	struct mt_arena arena;
	enum mt_result result;

	mt_arena_init(&arena, 1024, 1 << 20);
	read_message(&m, text);
	for (unsigned way = 0; way < WAYS; way++) {
		result = judge(w, &m, way, &arena, &arc);
		if (!tap_ok(strcmp(mt_result_word(result), expected) == 0, "%s, %s", name, ways[way]))
			tap_note("%s, not %s: %.*s", mt_result_word(result), expected, MT_SPAN_ARG(arc.why));
	}
	message_fini(&m);
	mt_arena_fini(&arena);
}

static unsigned
rows_seen(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096], line[4096], name[128], expected[16], *text = calloc(1, 1 << 16);
	struct world w;
	unsigned rows = 0;
	size_t len = 0;
	FILE *file;
	bool more;

	snprintf(path, sizeof path, "%s/tests/data/arc/validate.txt", top == NULL ? "." : top);
	file = fopen(path, "r");
	if (file == NULL || text == NULL)
		abort();
	world_init(&w);
	do {
		more = fgets(line, sizeof line, file) != NULL;
		if (more && line[0] == '|') {
			len += (size_t)snprintf(text + len, (1 << 16) - len, "%s", line + 1);
			continue;
		}
		if (len > 0) {
			run_row(&w, name, expected, text);
			rows++;
			len = 0;
		}
		line[strcspn(line, "\n")] = '\0';
		if (more && strncmp(line, "scenario ", 9) == 0) {
			world_fini(&w);
			world_init(&w);
		} else if (more && strncmp(line, "key ", 4) == 0) {
			*strchr(line + 4, ' ') = '\0';
			add_key(&w, line + 4, MT_CAUSE_NONE, line + 4 + strlen(line + 4) + 1);
		} else if (more && sscanf(line, "test %127s %15s", name, expected) != 2) {
			abort();
		}
	} while (more);
	world_fini(&w);
	fclose(file);
	free(text);
	return rows;
}

/* ---- sealing ----------------------------------------------------------------------- */

struct sealer {
	EVP_PKEY *rsa, *shorter, *ed;
	char rsa_record[1024], shorter_record[1024], ed_record[1024];
};

static void
record_of(char *out, size_t room, EVP_PKEY *key, const char *k)
{
	unsigned char der[512], text[800], *at = der;
	size_t len = sizeof der;

	if (strcmp(k, "ed25519") == 0)
		EVP_PKEY_get_raw_public_key(key, der, &len);
	else
		len = (size_t)i2d_PUBKEY(key, &at);
	EVP_EncodeBlock(text, der, (int)len);
	snprintf(out, room, "v=DKIM1; k=%s; p=%s", k, (char *)text);
}

static void
sealer_init(struct sealer *s)
{
	s->rsa = EVP_RSA_gen(1024);
	s->shorter = EVP_RSA_gen(768);
	s->ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (s->rsa == NULL || s->shorter == NULL || s->ed == NULL)
		abort();
	record_of(s->rsa_record, sizeof s->rsa_record, s->rsa, "rsa");
	record_of(s->shorter_record, sizeof s->shorter_record, s->shorter, "rsa");
	record_of(s->ed_record, sizeof s->ed_record, s->ed, "ed25519");
}

static void
sealer_fini(struct sealer *s)
{
	EVP_PKEY_free(s->rsa);
	EVP_PKEY_free(s->shorter);
	EVP_PKEY_free(s->ed);
}

/* How one set is made; NULL and 0 are the usual. */
struct how {
	const char *c, *h, *extra, *cv, *results, *algorithm, *message_selector;
	bool shorter;
};

/* Appends the signature of a hash to a field that ends in "b=". */
static void
sign(const struct sealer *s, const struct how *how, struct mt_crypto_hash *hash, char *value, size_t room)
{
	unsigned char digest[MT_CRYPTO_HASH], sig[512], text[700];
	size_t len = sizeof sig;
	bool ok;

	if (!mt_crypto_hash_end(hash, digest))
		abort();
	if (how->algorithm != NULL && strcmp(how->algorithm, "ed25519-sha256") == 0) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->ed) == 1 &&
		    EVP_DigestSign(ctx, sig, &len, digest, sizeof digest) == 1;
		EVP_MD_CTX_free(ctx);
	} else {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(how->shorter ? s->shorter : s->rsa, NULL);

		ok = EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
		    EVP_PKEY_sign(ctx, sig, &len, digest, sizeof digest) == 1;
		EVP_PKEY_CTX_free(ctx);
	}
	if (!ok)
		abort();
	EVP_EncodeBlock(text, sig, (int)len);
	len = strlen(value);
	snprintf(value + len, room - len, "%s", (char *)text);
	mt_crypto_hash_free(hash);
}

static void
hash_body(const struct message *m, enum mt_canon how, uint64_t most, unsigned char text[64])
{
	struct mt_crypto_hash *hash = mt_crypto_hash_new(false);
	unsigned char digest[MT_CRYPTO_HASH];
	struct mt_canon_body body;

	mt_canon_body_begin(&body, how, most, mt_crypto_hash_add, hash);
	mt_canon_body_add(&body, mt_span_text(m->body));
	mt_canon_body_end(&body);
	if (!mt_crypto_hash_end(hash, digest))
		abort();
	EVP_EncodeBlock(text, digest, sizeof digest);
	mt_crypto_hash_free(hash);
}

static void
hash_field(struct mt_crypto_hash *hash, enum mt_canon how, const char *name, const char *value)
{
	mt_canon_field(how, mt_span_text(name), mt_span_text(value), mt_crypto_hash_add, hash);
}

static void
hash_last(struct mt_crypto_hash *hash, enum mt_canon how, const char *name, const char *value)
{
	mt_canon_signature(how, mt_span_text(name), mt_span_text(value), MT_ABSENT, mt_crypto_hash_add, hash);
}

/* Each name of h= stands once in the message. */
static void
add_message_signature(struct message *m, const struct sealer *s, unsigned i, const struct how *how)
{
	const char *c = how->c == NULL ? "relaxed/relaxed" : how->c, *h = how->h == NULL ? "from:subject" : how->h;
	const char *l = how->extra == NULL ? NULL : strstr(how->extra, "l=");
	struct mt_crypto_hash *hash = mt_crypto_hash_new(false);
	enum mt_canon header, body;
	unsigned char bh[64];
	char value[4096], names[1024], *name;

	mt_canon_read(&header, &body, mt_span_text(c));
	hash_body(m, body, l == NULL ? UINT64_MAX : strtoull(l + 2, NULL, 10), bh);
	snprintf(value, sizeof value, " i=%u; a=%s; c=%s;\n\td=d%u.example; s=%s; h=%s;\n\tbh=%s;%s b=", i,
	    how->algorithm == NULL ? "rsa-sha256" : how->algorithm, c, i,
	    how->message_selector == NULL ? "s" : how->message_selector, h, (char *)bh, how->extra == NULL ? "" : how->extra);
	snprintf(names, sizeof names, "%s", h);
	for (name = strtok(names, ":"); name != NULL; name = strtok(NULL, ":"))
		for (size_t f = 0; f < m->nfields; f++)
			if (mt_span_same_text(mt_span_text(m->name[f]), name))
				hash_field(hash, header, m->name[f], m->value[f]);
	hash_last(hash, header, "ARC-Message-Signature", value);
	sign(s, how, hash, value, sizeof value);
	add_field(m, "ARC-Message-Signature", value);
}

static void
seal(struct message *m, const struct sealer *s, unsigned i, const struct how *how)
{
	struct mt_crypto_hash *hash = mt_crypto_hash_new(false);
	char value[4096];

	snprintf(value, sizeof value, " i=%u; mx%u.example; %s", i, i, how->results == NULL ? "none" : how->results);
	add_field(m, "ARC-Authentication-Results", value);
	add_message_signature(m, s, i, how);
	for (size_t f = 0; f < m->nfields; f++)
		if (strncmp(m->name[f], "ARC-", 4) == 0)
			hash_field(hash, MT_CANON_RELAXED, m->name[f], m->value[f]);
	snprintf(value, sizeof value, " i=%u; a=%s; cv=%s; d=d%u.example; s=s; t=5;\n b=", i,
	    how->algorithm == NULL ? "rsa-sha256" : how->algorithm, how->cv != NULL ? how->cv : i == 1 ? "none" : "pass", i);
	hash_last(hash, MT_CANON_RELAXED, "ARC-Seal", value);
	sign(s, how, hash, value, sizeof value);
	add_field(m, "ARC-Seal", value);
}

/* ---- chains of our own --------------------------------------------------------------- */

enum tamper {
	AS_IT_IS, BODY, BODY_MORE, BODY_BETWEEN, HEADER, HEADER_BLANKS, BOTTOM_FIELD, RESULTS, NO_SET_1, NO_SEAL_2, NO_RESULTS_2, SWAP_SEALS,
	SWAP_ORDER, TWICE, REPLAY_HIGHER, KEY_2_TIMEOUT, KEY_2_SERVFAIL, KEY_2_DEADLINE, KEY_2_OFFLINE, KEY_2_GONE,
	KEY_2_REVOKED, KEY_2_NOT_MAIL, KEY_2_SHA1, KEY_2_OTHER, KEY_2_SHORT, KEY_2_TIMEOUT_AND_HEADER, KEY_2_TIMEOUT_1_GONE,
	KEY_2_LIMIT, KEY_2_MANY, MESSAGE_1_GONE, MESSAGE_1_TIMEOUT, LARGE_HEADER, LONG_HEADER, INSTANCE_51
};

static const struct own {
	const char *name;
	unsigned sets;
	enum tamper tamper;
	enum mt_result result;
	enum mt_cause cause;
	unsigned oldest_pass;
	struct how how[HOWS];		/* of the first sets */
} own[] = {
	{ "no chain", 0, AS_IT_IS, MT_NONE },
	{ "one set", 1, AS_IT_IS, MT_PASS },
	{ "two sets", 2, AS_IT_IS, MT_PASS },
	{ "three sets", 3, AS_IT_IS, MT_PASS },
	{ "simple", 2, AS_IT_IS, MT_PASS, .how = { { .c = "simple/simple" }, { .c = "simple" } } },
	{ "mixed", 3, AS_IT_IS, MT_PASS, .how = { { .c = "relaxed" }, { .c = "simple/relaxed" }, { .c = "relaxed/simple" } } },
	{ "Ed25519", 2, AS_IT_IS, MT_PASS, .how = { { .algorithm = "ed25519-sha256" }, { .algorithm = "ed25519-sha256" } } },
	{ "Ed25519, tampered", 2, HEADER, MT_FAIL,
	    .how = { { .algorithm = "ed25519-sha256" }, { .algorithm = "ed25519-sha256" } } },
	{ "fifty sets of one sealer each: too many keys", 50, AS_IT_IS, MT_PERMERROR, MT_CAUSE_LIMIT },
	{ "sixteen sealers", 16, AS_IT_IS, MT_PASS },
	{ "seventeen sealers", 17, AS_IT_IS, MT_PERMERROR, MT_CAUSE_LIMIT },

	{ "body tampered", 2, BODY, MT_FAIL },
	{ "body longer", 2, BODY_MORE, MT_FAIL },
	{ "body longer than l=", 1, BODY_MORE, MT_PASS, .how = { { .extra = " l=10;" } } },
	{ "body shorter than l=", 1, AS_IT_IS, MT_FAIL, .how = { { .extra = " l=1000;" } } },
	{ "body changed between the sets", 3, BODY_BETWEEN, MT_PASS, MT_CAUSE_NONE, 3 },
	{ "header tampered", 2, HEADER, MT_FAIL },
	{ "blanks in the header, relaxed", 2, HEADER_BLANKS, MT_PASS },
	{ "blanks in the header, simple", 2, HEADER_BLANKS, MT_FAIL, .how = { { 0 }, { .c = "simple/relaxed" } } },
	{ "a second Subject at the bottom", 2, BOTTOM_FIELD, MT_FAIL },
	{ "results of set 1 tampered", 2, RESULTS, MT_FAIL },
	{ "set 1 removed", 3, NO_SET_1, MT_FAIL },
	{ "seal 2 removed", 3, NO_SEAL_2, MT_FAIL },
	{ "results 2 removed", 3, NO_RESULTS_2, MT_FAIL },
	{ "signatures of two seals swapped", 3, SWAP_SEALS, MT_FAIL },
	{ "fields in another order", 3, SWAP_ORDER, MT_PASS },
	{ "a field twice", 2, TWICE, MT_FAIL },
	{ "set 2 taken for set 3", 2, REPLAY_HIGHER, MT_FAIL },
	{ "instance 51", 2, INSTANCE_51, MT_FAIL },
	{ "newest says fail", 2, AS_IT_IS, MT_FAIL, .how = { { 0 }, { .cv = "fail" } } },
	{ "one before says fail", 3, AS_IT_IS, MT_FAIL, .how = { { 0 }, { .cv = "fail" } } },
	{ "second says none", 2, AS_IT_IS, MT_FAIL, .how = { { 0 }, { .cv = "none" } } },
	{ "first says pass", 1, AS_IT_IS, MT_FAIL, .how = { { .cv = "pass" } } },
	{ "expired", 1, AS_IT_IS, MT_FAIL, .how = { { .extra = " t=5; x=999999;" } } },
	{ "not yet expired", 1, AS_IT_IS, MT_PASS, .how = { { .extra = " t=5; x=1000000;" } } },
	{ "expires before it is made", 1, AS_IT_IS, MT_FAIL, .how = { { .extra = " t=2000001; x=2000000;" } } },
	{ "older one expired", 2, AS_IT_IS, MT_PASS, MT_CAUSE_NONE, 2, { { .extra = " x=999999;" } } },
	{ "a version is ignored", 1, AS_IT_IS, MT_PASS, .how = { { .extra = " v=7;" } } },
	{ "another way to the key", 1, AS_IT_IS, MT_FAIL, .how = { { .extra = " q=http;" } } },
	{ "one known way to the key", 1, AS_IT_IS, MT_PASS, .how = { { .extra = " q=http : dns/txt;" } } },
	{ "short key", 1, AS_IT_IS, MT_FAIL, .how = { { .message_selector = "short", .shorter = true } } },

	{ "key 2 timeout", 3, KEY_2_TIMEOUT, MT_TEMPERROR, MT_CAUSE_TIMEOUT },
	{ "key 2 SERVFAIL", 2, KEY_2_SERVFAIL, MT_TEMPERROR, MT_CAUSE_SERVFAIL },
	{ "key 2 not there in time", 2, KEY_2_DEADLINE, MT_TEMPERROR, MT_CAUSE_DEADLINE },
	{ "key 2 not asked for", 2, KEY_2_LIMIT, MT_TEMPERROR, MT_CAUSE_LIMIT },
	{ "nobody asked", 2, KEY_2_OFFLINE, MT_SKIPPED, MT_CAUSE_OFFLINE },
	{ "key 2 gone", 2, KEY_2_GONE, MT_FAIL },
	{ "key 2 revoked", 2, KEY_2_REVOKED, MT_FAIL },
	{ "key 2 not for mail", 2, KEY_2_NOT_MAIL, MT_FAIL },
	{ "key 2 for SHA-1", 2, KEY_2_SHA1, MT_FAIL },
	{ "key 2 of another", 2, KEY_2_OTHER, MT_FAIL },
	{ "key 2 too short", 2, KEY_2_SHORT, MT_FAIL },
	{ "key 2 among other texts", 2, KEY_2_MANY, MT_PASS },
	{ "key 2 timeout, and seal 1 without a key", 2, KEY_2_TIMEOUT_1_GONE, MT_FAIL },
	{ "key 2 timeout, and header tampered under set 3", 3, KEY_2_TIMEOUT_AND_HEADER, MT_FAIL },
	{ "older message key gone", 3, MESSAGE_1_GONE, MT_PASS, MT_CAUSE_NONE, 2, { { .message_selector = "gone" } } },
	{ "older message key timeout", 3, MESSAGE_1_TIMEOUT, MT_PASS, MT_CAUSE_NONE, 2, { { .message_selector = "slow" } } },
	{ "more lengths of the body than are looked at", 6, AS_IT_IS, MT_PASS, MT_CAUSE_NONE, 3,
	    { { .extra = " l=1;" }, { .extra = " l=2;" }, { .extra = " l=3;" }, { .extra = " l=4;" }, { .extra = " l=5;" } } },
	{ "a header too large for all older ones", 6, LARGE_HEADER, MT_PASS, MT_CAUSE_NONE, 2 },
	{ "as many fields covered as are looked at", 1, AS_IT_IS, MT_PASS, .how = { { .h = &(A256 "from")[2] } } },
	{ "one more", 1, AS_IT_IS, MT_PERMERROR, MT_CAUSE_LIMIT, .how = { { .h = A256 "from" } } },
	{ "one more in an older set", 2, AS_IT_IS, MT_PASS, MT_CAUSE_NONE, 2, { { .h = A256 "from" } } },
	{ "long header", 2, LONG_HEADER, MT_PERMERROR, MT_CAUSE_LIMIT },
};

/* The field that the seal of set i is followed by `below` fields under it. */
static size_t
place(unsigned i, unsigned below)
{
	return 2 + 3 * i - 1 - below;
}

static void
replace(char **text, const char *with)
{
	free(*text);
	*text = copy(with, strlen(with));
}

static void
swap(char **a, char **b)
{
	char *keep = *a;

	*a = *b;
	*b = keep;
}

static void
tamper_fields(struct message *m, enum tamper tamper)
{
	static char large[1024 * 1024];

	switch ((int)tamper) {
	case HEADER: case KEY_2_TIMEOUT_AND_HEADER:
		replace(&m->value[1], " another subject");
		break;
	case HEADER_BLANKS:
		replace(&m->value[1], "   a  \t\n\tsubject ");
		break;
	case RESULTS:
		replace(&m->value[place(1, 2)], " i=1; mx1.example; spf=pass");
		break;
	case NO_SET_1:
		for (unsigned i = 0; i < 3; i++)
			remove_field(m, place(1, 2));
		break;
	case NO_SEAL_2:
		remove_field(m, place(2, 0));
		break;
	case NO_RESULTS_2:
		remove_field(m, place(2, 2));
		break;
	case SWAP_SEALS:
		swap(&m->value[place(2, 0)], &m->value[place(3, 0)]);
		strstr(m->value[place(2, 0)], "i=")[2] = '2';
		strstr(m->value[place(3, 0)], "i=")[2] = '3';
		break;
	case SWAP_ORDER:
		swap(&m->value[place(1, 2)], &m->value[place(3, 2)]);
		swap(&m->value[place(1, 0)], &m->value[place(3, 0)]);
		break;
	case TWICE:
		add_field(m, "ARC-Seal", m->value[place(2, 0)]);
		break;
	case REPLAY_HIGHER:
		for (unsigned below = 0; below < 3; below++)
			strstr(m->value[place(2, below)], "i=")[2] = '3';
		break;
	case INSTANCE_51:
		add_field(m, "ARC-Seal", " i=51; a=rsa-sha256; cv=pass; d=a.example; s=s; b=AAAA");
		break;
	case LARGE_HEADER: case LONG_HEADER:
		memset(large, 'x', sizeof large - 1);
		large[tamper == LARGE_HEADER ? 900 * 1024 : sizeof large - 1] = '\0';
		add_field(m, "X-Large", large);
		break;
	default:
		break;
	}
}

/* At the very bottom, where the signature looks first. */
static void
bottom_field(struct message *m)
{
	add_field(m, "Subject", " another subject");
	for (size_t i = m->nfields - 1; i > 0; i--) {
		swap(&m->name[i], &m->name[i - 1]);
		swap(&m->value[i], &m->value[i - 1]);
	}
}

static void
build(struct message *m, const struct sealer *s, const struct own *c)
{
	static const struct how usual;
	static const char text[] = "A  body \n with blanks\t\n\n\n";

	*m = (struct message){ .body = copy(text, strlen(text)) };
	add_field(m, "From", " a@a.example");
	add_field(m, "Subject", "  a \n\tsubject");
	for (unsigned i = 1; i <= c->sets; i++) {
		if (c->tamper == BODY_BETWEEN && i == 3)
			replace(&m->body, "A body and a footer\n");
		seal(m, s, i, i <= HOWS ? &c->how[i - 1] : &usual);
	}
	if (c->tamper == BODY)
		replace(&m->body, "Another body\n");
	if (c->tamper == BODY_MORE)
		replace(&m->body, "A  body \n with blanks\t\n\n\nmore\n");
	if (c->tamper == BOTTOM_FIELD)
		bottom_field(m);
	else
		tamper_fields(m, c->tamper);
}

static void
add_records(struct world *w, const char *name, const char *one, const char *two, const char *three)
{
	size_t i = w->nkeys;

	add_key(w, name, MT_CAUSE_NONE, "");
	mt_answer_unref(w->answer[i]);
	w->answer[i] = mt_answer_new(MT_CAUSE_NONE, 3, 2048);
	if (w->answer[i] == NULL)
		abort();
	mt_answer_set_text(w->answer[i], 0, mt_span_text(one));
	mt_answer_set_text(w->answer[i], 1, mt_span_text(two));
	mt_answer_set_text(w->answer[i], 2, mt_span_text(three));
}

static void
add_key_2(struct world *w, const struct sealer *s, enum tamper tamper, const char *name, const char *usual)
{
	const char *p = strstr(usual, "p=");
	char record[1100];

	switch ((int)tamper) {
	case KEY_2_TIMEOUT: case KEY_2_TIMEOUT_AND_HEADER: case KEY_2_TIMEOUT_1_GONE:
		add_key(w, name, MT_CAUSE_TIMEOUT, "");
		break;
	case KEY_2_SERVFAIL:
		add_key(w, name, MT_CAUSE_SERVFAIL, "");
		break;
	case KEY_2_DEADLINE:
		add_key(w, name, MT_CAUSE_DEADLINE, "");
		break;
	case KEY_2_LIMIT:
		add_key(w, name, MT_CAUSE_LIMIT, "");
		break;
	case KEY_2_GONE:
		add_key(w, name, MT_CAUSE_NXDOMAIN, "");
		break;
	case KEY_2_REVOKED:
		add_key(w, name, MT_CAUSE_NONE, "v=DKIM1; p=");
		break;
	case KEY_2_NOT_MAIL:
		snprintf(record, sizeof record, "s=tlsrpt; %s", p);
		add_key(w, name, MT_CAUSE_NONE, record);
		break;
	case KEY_2_SHA1:
		snprintf(record, sizeof record, "h=sha1; %s", p);
		add_key(w, name, MT_CAUSE_NONE, record);
		break;
	case KEY_2_OTHER:
		add_key(w, name, MT_CAUSE_NONE, s->ed_record);
		break;
	case KEY_2_SHORT:
		add_key(w, name, MT_CAUSE_NONE, s->shorter_record);
		break;
	case KEY_2_MANY:
		add_records(w, name, "v=spf1 -all", "v=DKIM1; p=", usual);
		break;
	default:
		add_key(w, name, MT_CAUSE_NONE, usual);
	}
}

static void
add_keys(struct world *w, const struct sealer *s, const struct own *c)
{
	bool ed = c->how[0].algorithm != NULL;
	char name[64];

	for (unsigned i = 1; i <= c->sets; i++) {
		const char *usual = ed ? s->ed_record : c->how[0].shorter ? s->shorter_record : s->rsa_record;

		snprintf(name, sizeof name, "s._domainkey.d%u.example", i);
		if (c->tamper == KEY_2_OFFLINE)
			add_key(w, name, MT_CAUSE_OFFLINE, "");
		else if (i == 2)
			add_key_2(w, s, c->tamper, name, usual);
		else if (c->tamper != KEY_2_TIMEOUT_1_GONE)
			add_key(w, name, MT_CAUSE_NONE, usual);
	}
	add_key(w, "short._domainkey.d1.example", MT_CAUSE_NONE, s->shorter_record);
	add_key(w, "slow._domainkey.d1.example", MT_CAUSE_TIMEOUT, "");
}

static void
own_chains(const struct sealer *s)
{
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		const struct own *c = &own[i];
		struct message m;
		struct world w;
		struct mt_arena arena;
		struct mt_arc arc;
		unsigned good = 0;

		mt_arena_init(&arena, 1024, 1 << 20);
		world_init(&w);
		add_keys(&w, s, c);
		build(&m, s, c);
		for (unsigned way = 0; way < WAYS; way++) {
			judge(&w, &m, way, &arena, &arc);
			good += arc.result == c->result && arc.cause == c->cause && arc.oldest_pass == c->oldest_pass &&
			    arc.partial == (c->tamper == BODY_MORE && c->result == MT_PASS) &&
			    (arc.why.ptr == NULL) == ((c->result == MT_PASS && !arc.partial) || c->result == MT_NONE);
		}
		if (!tap_ok(good == WAYS, "%s: %s", c->name, mt_result_word(c->result)))
			tap_note("%s (%s), oldest %u: %.*s", mt_result_word(arc.result), mt_cause_word(arc.cause),
			    arc.oldest_pass, MT_SPAN_ARG(arc.why));
		message_fini(&m);
		world_fini(&w);
		mt_arena_fini(&arena);
	}
}

/* ---- what is told beside the result --------------------------------------------------- */

static void
sets_told(const struct sealer *s)
{
	static const struct own chain = { "", 2, .how = { { .results = "arc=none smtp.remote-ip=192.0.2.7" },
		{ .results = "arc=pass smtp.remote-ip=\"2001:db8::7\"" } } };
	struct message m;
	struct world w;
	struct mt_arena arena;
	struct mt_arc arc;
	struct mt_ip ip;

	mt_arena_init(&arena, 1024, 1 << 20);
	world_init(&w);
	add_keys(&w, s, &chain);
	build(&m, s, &chain);
	judge(&w, &m, WHOLE, &arena, &arc);
	tap_ok(arc.result == MT_PASS && arc.nsets == 2 && arc.sets[0].instance == 1 && arc.sets[1].instance == 2,
	    "sets, oldest first");
	tap_ok(mt_span_same_text(arc.sets[0].sealer, "d1.example") && mt_span_same_text(arc.sets[1].sealer, "d2.example"),
	    "sealers");
	tap_ok(mt_span_same_text(arc.sets[1].authserv_id, "mx2.example"), "authserv-id");
	mt_ip_parse(&ip, MT_SPAN("192.0.2.7"));
	tap_ok(memcmp(&ip, &arc.sets[0].remote_ip, sizeof ip) == 0, "remote IPv4");
	mt_ip_parse(&ip, MT_SPAN("2001:db8::7"));
	tap_ok(memcmp(&ip, &arc.sets[1].remote_ip, sizeof ip) == 0, "remote IPv6");
	mt_arena_fini(&arena);

	/* An arena at its ceiling: the result stays. */
	mt_arena_init(&arena, 16, 16);
	judge(&w, &m, WHOLE, &arena, &arc);
	tap_ok(arc.result == MT_PASS && arc.nsets == 0, "no room for sets");
	message_fini(&m);
	world_fini(&w);
	mt_arena_fini(&arena);
}

static void
keys_told(const struct sealer *s)
{
	static const struct own chain = { "", 3, .how = { { .message_selector = "old" }, { 0 }, { .message_selector = "new" } } };
	static const char *const expected[] = { "s._domainkey.d3.example", "new._domainkey.d3.example", "s._domainkey.d2.example",
		"s._domainkey.d1.example" };
	struct mt_arc_check *check = mt_arc_begin(NULL, NOW);
	struct message m;
	bool same;

	build(&m, s, &chain);
	bring(check, &m, WHOLE);
	same = mt_arc_keys(check) == 4;
	for (size_t i = 0; same && i < 4; i++)
		same = mt_span_same_text(mt_arc_key_name(check, i), expected[i]);
	tap_ok(same && mt_arc_key_name(check, 4).ptr == NULL, "keys are known with the header, newest first");
	tap_ok(mt_arc_wants_body(check), "a chain wants the body");
	mt_arc_free(check);
	message_fini(&m);

	check = mt_arc_begin(NULL, NOW);
	tap_ok(!mt_arc_wants_body(check) && mt_arc_keys(check) == 0, "nothing is wanted before the header");
	mt_arc_header(check, MT_SPAN("Subject"), MT_SPAN(" x"));
	mt_arc_eoh(check);
	tap_ok(!mt_arc_wants_body(check), "no chain, no body");
	mt_arc_free(check);
	check = mt_arc_begin(NULL, NOW);
	mt_arc_header(check, MT_SPAN("ARC-Seal"), MT_SPAN(" i=1; broken"));
	mt_arc_eoh(check);
	tap_ok(!mt_arc_wants_body(check) && mt_arc_keys(check) == 0, "a broken chain wants neither body nor keys");
	mt_arc_free(check);
	mt_arc_free(NULL);
}

int
main(void)
{
	struct sealer s;

	tap_ok(rows_seen() == 71, "all rows of the suite");
	sealer_init(&s);
	own_chains(&s);
	sets_told(&s);
	keys_told(&s);
	sealer_fini(&s);
	return tap_done();
}
