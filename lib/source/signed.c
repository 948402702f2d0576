/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which bytes a signature covers; refuses to know whose it is and what it proves. */
#include "lib/source/signed.h"

#include "lib/core/base64.h"
#include "lib/core/tags.h"

/* FNV-1a. */
uint32_t
mt_signed_name(struct mt_span name)
{
	uint32_t hash = 2166136261u;

	name = mt_span_trim(name);
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)mt_lower(name.ptr[i])) * 16777619u;
	return hash;
}

struct wanted {
	struct mt_span name;
	uint32_t hash;
	const struct mt_signed_field *found;
};

/* RFC 6376, 5.4.2: a name that stands twice in h= means the lowest field of that name and
 * the one above it; where there are no more it means nothing.  The signature itself is
 * none of them (RFC 6376, 3.7). */
static size_t
select_fields(const struct mt_signed *about, const struct mt_signed_field *lowest,
    struct wanted wanted[MT_SIGNED_NAMES])
{
	struct mt_span rest = about->h, item;
	size_t n = 0;

	while (n < MT_SIGNED_NAMES && mt_tags_item(&item, &rest))
		wanted[n++] = (struct wanted){ item, mt_signed_name(item), NULL };
	for (const struct mt_signed_field *f = lowest; f != NULL; f = f->above) {
		if (f->value.ptr == about->value.ptr)
			continue;
		for (size_t i = 0; i < n; i++)
			if (wanted[i].hash == f->hash && wanted[i].found == NULL &&
			    mt_span_same(wanted[i].name, mt_span_trim(f->name))) {
				wanted[i].found = f;
				break;
			}
	}
	return n;
}

bool
mt_signed_header(const struct mt_signed *about, const struct mt_signed_field *lowest, uint8_t out[MT_CRYPTO_HASH])
{
	struct mt_crypto_hash *hash = mt_crypto_hash_new(about->sha1);
	struct wanted wanted[MT_SIGNED_NAMES];
	size_t n;
	bool ok;

	if (hash == NULL)
		return false;
	n = select_fields(about, lowest, wanted);
	for (size_t i = 0; i < n; i++)
		if (wanted[i].found != NULL)
			mt_canon_field(about->header, wanted[i].found->name, wanted[i].found->value, mt_crypto_hash_add,
			    hash);
	mt_canon_signature(about->header, about->name, about->value, about->b_raw, mt_crypto_hash_add, hash);
	ok = mt_crypto_hash_end(hash, out);
	mt_crypto_hash_free(hash);
	return ok;
}

/* ---- bodies ----------------------------------------------------------------------------- */

const struct mt_signed_body *
mt_signed_body_for(struct mt_signed_bodies *bodies, struct mt_arena *arena, size_t most_bodies, enum mt_canon how,
    uint64_t most, bool sha1)
{
	struct mt_signed_body *body;

	for (size_t i = 0; i < bodies->count; i++) {
		body = bodies->body[i];
		if (body->how == how && body->most == most && body->sha1 == sha1)
			return body;
	}
	if (bodies->count >= most_bodies || bodies->count == MT_SIGNED_BODIES ||
	    (body = mt_arena_alloc(arena, sizeof *body)) == NULL)
		return NULL;
	body->hash = mt_crypto_hash_new(sha1);
	if (body->hash == NULL)
		return NULL;
	body->how = how;
	body->most = most;
	body->sha1 = sha1;
	mt_canon_body_begin(&body->canon, how, most, mt_crypto_hash_add, body->hash);
	return bodies->body[bodies->count++] = body;
}

void
mt_signed_bodies_add(struct mt_signed_bodies *bodies, struct mt_span bytes)
{
	for (size_t i = 0; i < bodies->count; i++)
		if (bodies->body[i]->canon.out.total <= bodies->body[i]->most)
			mt_canon_body_add(&bodies->body[i]->canon, bytes);
}

bool
mt_signed_bodies_end(struct mt_signed_bodies *bodies)
{
	bool ok = true;

	for (size_t i = 0; i < bodies->count; i++) {
		struct mt_signed_body *body = bodies->body[i];

		body->total = mt_canon_body_end(&body->canon);
		ok = mt_crypto_hash_end(body->hash, body->digest) && ok;
	}
	mt_signed_bodies_free(bodies);
	return ok;
}

void
mt_signed_bodies_free(struct mt_signed_bodies *bodies)
{
	for (size_t i = 0; i < bodies->count; i++)
		mt_crypto_hash_free(bodies->body[i]->hash);
	bodies->count = 0;
}

const char *
mt_signed_body_judge(const struct mt_signed_body *body, struct mt_span bh)
{
	size_t want = body->sha1 ? MT_CRYPTO_SHA1 : MT_CRYPTO_HASH, len;
	uint8_t hash[MT_CRYPTO_HASH];

	/* RFC 6376, 3.5: l= must not be more than there is. */
	if (body->most != UINT64_MAX && body->most > body->total)
		return "the body is shorter than its l= says";
	if (!mt_base64_read(hash, sizeof hash, &len, bh) || len != want)
		return "its hash of the body cannot be read";
	return memcmp(hash, body->digest, want) == 0 ? NULL : "the body is not what was signed";
}
