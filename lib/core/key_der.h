/* SPDX-License-Identifier: BSD-2-Clause */
/* RSA public keys as key records hold them: DER (RFC 8017, A.1.1; RFC 5280, 4.1). */
#ifndef MT_CORE_KEY_DER_H
#define MT_CORE_KEY_DER_H

#include "lib/base/span.h"

/* Longer keys cost more than any mail is worth; RFC 8301, 3.2, wants 4096. */
#define MT_KEY_DER_BITS 8192

struct mt_key_der {
	const uint8_t *ptr;		/* the RSAPublicKey: a part of what was read */
	size_t len;
	unsigned bits;			/* exact length of the modulus, also of a key that is refused; 0: none */
};

/* Finds the RSAPublicKey in what a record holds: itself, as RFC 6376, 3.6.1, has it, or the
 * SubjectPublicKeyInfo around it that everybody publishes (erratum 3017).  NULL: it is one
 * that can be verified with; else why not, a static sentence. */
const char *mt_key_der_read(struct mt_key_der *key, const uint8_t *bytes, size_t len);

#endif
