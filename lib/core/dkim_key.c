/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the form of key records and of the keys in them; verifies nothing with them. */
#include "lib/core/dkim_key.h"

#include "lib/core/base64.h"

#define TAGS_MOST 32
#define RSA_MOST 718			/* bytes of an RSAPublicKey: a modulus of up to about 5,600 bits */

struct parts {
	struct mt_span v, k, h, s, t, p;
};

/* DER as far as a public key needs it: definite lengths of up to two bytes. */
struct der {
	const unsigned char *ptr;
	size_t len;
};

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

static const unsigned char rsa_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

static bool
refuse(struct mt_dkim_key *key, const char *why)
{
	key->result = MT_PERMERROR;
	key->why = why;
	return false;
}

/* ---- DER ----------------------------------------------------------------------- */

/* Takes the next element off the front of d; it must have that tag. */
static bool
take(struct der *d, unsigned char tag, struct der *body)
{
	size_t head = 2, len;

	if (d->len < 2 || d->ptr[0] != tag)
		return false;
	len = d->ptr[1];
	if (len > 0x7f) {
		size_t more = len & 0x7f;

		if (more < 1 || more > 2 || d->len < 2 + more)
			return false;
		len = more == 1 ? d->ptr[2] : (size_t)d->ptr[2] << 8 | d->ptr[3];
		head += more;
	}
	if (d->len - head < len)
		return false;
	*body = (struct der){ d->ptr + head, len };
	d->ptr += head + len;
	d->len -= head + len;
	return true;
}

/* A positive whole number, without the zero that keeps it positive. */
static bool
take_positive(struct der *d, struct der *number)
{
	if (!take(d, DER_INTEGER, number) || number->len == 0 || (number->ptr[0] & 0x80) != 0)
		return false;
	while (number->len > 0 && number->ptr[0] == 0) {
		number->ptr++;
		number->len--;
	}
	return number->len > 0;
}

static unsigned
count_bits(struct der number)
{
	unsigned bits = (unsigned)number.len * 8;

	for (unsigned top = 0x80; top > number.ptr[0]; top >>= 1)
		bits--;
	return bits;
}

/* The RSAPublicKey (RFC 8017, A.1.1) in what a record holds: itself, as RFC 6376 has it,
 * or the SubjectPublicKeyInfo around it that everybody publishes (erratum 3017). */
static bool
find_rsa(struct der all, struct der *rsa)
{
	struct der whole = all, body, algorithm, oid, null;

	if (!take(&all, DER_SEQUENCE, &body))
		return false;
	if (body.len > 0 && body.ptr[0] == DER_INTEGER) {
		*rsa = (struct der){ whole.ptr, whole.len - all.len };
		return true;
	}
	if (!take(&body, DER_SEQUENCE, &algorithm) || !take(&algorithm, DER_OID, &oid) || oid.len != sizeof rsa_oid ||
	    memcmp(oid.ptr, rsa_oid, sizeof rsa_oid) != 0)
		return false;
	if (algorithm.len > 0 && (!take(&algorithm, DER_NULL, &null) || null.len > 0 || algorithm.len > 0))
		return false;
	if (!take(&body, DER_BITS, rsa) || rsa->len == 0 || rsa->ptr[0] != 0 || body.len > 0)
		return false;
	rsa->ptr++;
	rsa->len--;
	return true;
}

static bool
read_rsa(struct mt_dkim_key *key, struct der all)
{
	struct der rsa, numbers, n, e;

	if (!find_rsa(all, &rsa))
		return refuse(key, "its key is no RSA key");
	if (rsa.len > RSA_MOST)
		return refuse(key, "its key is longer than any that is verified");
	if (!take(&rsa, DER_SEQUENCE, &numbers) || rsa.len > 0 || !take_positive(&numbers, &n) ||
	    !take_positive(&numbers, &e) || numbers.len > 0)
		return refuse(key, "its key is no RSA key");
	key->bits = count_bits(n);
	/* RFC 8017, 3.1: e is odd and at least 3.  Nobody has one of more than 64 bits. */
	if ((n.ptr[n.len - 1] & 1) == 0 || (e.ptr[e.len - 1] & 1) == 0 || (e.len == 1 && e.ptr[0] < 3) || e.len > 8)
		return refuse(key, "its key is no RSA key that anybody uses");
	return true;
}

static bool
read_ed25519(struct mt_dkim_key *key, struct der all)
{
	if (all.len != 32)		/* RFC 8463, 4: the bare key */
		return refuse(key, "its key is no Ed25519 key");
	key->bits = 256;
	return true;
}

/* ---- the record ---------------------------------------------------------------- */

static struct mt_span *
part(struct parts *parts, struct mt_span name)
{
	if (name.len != 1)
		return NULL;
	switch (name.ptr[0]) {
	case 'v': return &parts->v;
	case 'k': return &parts->k;
	case 'h': return &parts->h;
	case 's': return &parts->s;
	case 't': return &parts->t;
	case 'p': return &parts->p;
	default: return NULL;
	}
}

static bool
read_tags(struct mt_dkim_key *key, struct parts *parts, struct mt_span rest)
{
	struct mt_span names[TAGS_MOST], *at;
	struct mt_dkim_tag tag;
	enum mt_dkim_tags got;
	size_t n = 0;

	while ((got = mt_dkim_tags_next(&rest, &tag)) == MT_DKIM_TAGS_ONE) {
		for (size_t i = 0; i < n; i++)
			if (mt_span_equal(names[i], tag.name))
				return refuse(key, "a tag stands in its key record twice");
		if (n == TAGS_MOST)
			return refuse(key, "its key record has more than 32 tags");
		names[n++] = tag.name;
		at = part(parts, tag.name);
		if (at != NULL)
			*at = tag.value;
		/* RFC 6376, 3.6.1: v= stands first or not at all. */
		if (at == &parts->v && (n > 1 || !mt_span_equal(tag.value, MT_SPAN("DKIM1"))))
			return refuse(key, "its key record is of another version");
	}
	return got == MT_DKIM_TAGS_END || refuse(key, "its key record cannot be read");
}

/* Whether a list with colons names a or b. */
static bool
lists(struct mt_span list, const char *a, const char *b)
{
	struct mt_span item;

	while (mt_dkim_tags_item(&list, &item))
		if (mt_span_same_text(item, a) || (b != NULL && mt_span_same_text(item, b)))
			return true;
	return false;
}

/* What the record allows the key for (RFC 6376, 6.1.2, steps 5 to 8). */
static bool
allowed(struct mt_dkim_key *key, const struct parts *parts, const struct mt_dkim_field *field)
{
	const char *kind = field->kind == MT_ALGORITHM_ED25519_SHA256 ? "ed25519" : "rsa";

	if (!mt_span_same_text(parts->k.ptr == NULL ? MT_SPAN("rsa") : parts->k, kind))
		return refuse(key, "its key is of another kind");
	if (parts->h.ptr != NULL && !lists(parts->h, field->kind == MT_ALGORITHM_RSA_SHA1 ? "sha1" : "sha256", NULL))
		return refuse(key, "its key is not for its hash");
	if (parts->s.ptr != NULL && !lists(parts->s, "*", "email"))
		return refuse(key, "its key is not for mail");
	if (lists(parts->t, "s", NULL) && !mt_name_same(mt_dkim_field_identity(field), field->domain))
		return refuse(key, "its key is not for subdomains, and its i= is one");
	return true;
}

void
mt_dkim_key_read(struct mt_dkim_key *key, const struct mt_dkim_field *field, struct mt_span record)
{
	uint8_t bytes[MT_DKIM_KEY_MOST];
	struct parts parts = { .v = MT_ABSENT };
	bool ed25519 = field->kind == MT_ALGORITHM_ED25519_SHA256;
	size_t len;

	*key = (struct mt_dkim_key){ .result = MT_UNKNOWN };
	if (record.len > MT_DKIM_KEY_MOST) {
		refuse(key, "its key record is longer than 4,096 bytes");
		return;
	}
	if (!read_tags(key, &parts, record))
		return;
	key->testing = lists(parts.t, "y", NULL);
	if (parts.p.ptr == NULL)
		refuse(key, "its key record holds no p=");
	else if (parts.p.len == 0)	/* RFC 6376, 3.6.1 */
		refuse(key, "its key was revoked");
	else if (!allowed(key, &parts, field))
		return;
	else if (!mt_base64_read(bytes, sizeof bytes, &len, parts.p) || len == 0)
		refuse(key, "its key is damaged");
	else if (ed25519 ? read_ed25519(key, (struct der){ bytes, len }) : read_rsa(key, (struct der){ bytes, len }))
		key->record = (struct mt_key_record){
			.type = ed25519 ? MT_KEY_ED25519 : MT_KEY_RSA, .p = parts.p, .sha1 = true, .sha256 = true,
		};
}

void
mt_dkim_key_choose(struct mt_dkim_key *key, const struct mt_dkim_field *field, const struct mt_answer *answer)
{
	const struct mt_record *best = NULL;
	bool fit = false;

	for (size_t i = 0; i < answer->nrecords; i++) {
		const struct mt_record *r = &answer->records[i];
		int order;

		if (r->text.ptr == NULL)
			continue;
		order = best == NULL ? -1 : strcmp(r->text.ptr, best->text.ptr);
		mt_dkim_key_read(key, field, r->text);
		if ((key->result == MT_UNKNOWN) < fit || ((key->result == MT_UNKNOWN) == fit && order >= 0))
			continue;
		fit = key->result == MT_UNKNOWN;
		best = r;
	}
	if (best == NULL)
		refuse(key, "its key record cannot be read");
	else
		mt_dkim_key_read(key, field, best->text);
}

