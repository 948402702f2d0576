/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows DER as far as an RSA public key needs it; verifies nothing with one. */
#include "lib/core/key_der.h"

/* Definite lengths of up to two bytes. */
struct der {
	const uint8_t *ptr;
	size_t len;
};

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

static const uint8_t rsa_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

/* Takes the next element off the front of d; it must have that tag. */
static bool
take(struct der *d, uint8_t tag, struct der *body)
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

const char *
mt_key_der_read(struct mt_key_der *key, const uint8_t *bytes, size_t len)
{
	struct der rsa, rest, numbers, n, e;

	*key = (struct mt_key_der){ .bits = 0 };
	if (!find_rsa((struct der){ bytes, len }, &rsa))
		return "its key is no RSA key";
	rest = rsa;
	if (!take(&rest, DER_SEQUENCE, &numbers) || rest.len > 0 || !take_positive(&numbers, &n) ||
	    !take_positive(&numbers, &e) || numbers.len > 0)
		return "its key is no RSA key";
	*key = (struct mt_key_der){ rsa.ptr, rsa.len, count_bits(n) };
	/* RFC 8017, 3.1: e is odd and at least 3.  Nobody has one of more than 64 bits, with
	 * which each verification would be slow. */
	if ((n.ptr[n.len - 1] & 1) == 0 || (e.ptr[e.len - 1] & 1) == 0 || (e.len == 1 && e.ptr[0] < 3) || e.len > 8)
		return "its key is no RSA key that anybody uses";
	return key->bits > MT_KEY_DER_BITS ? "its key is longer than any that is verified" : NULL;
}
