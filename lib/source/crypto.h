/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 and the verification of signatures (RFC 6376, 3.3; RFC 8463). */
#ifndef MT_SOURCE_CRYPTO_H
#define MT_SOURCE_CRYPTO_H

#include "lib/base/span.h"
#include "lib/core/key_record.h"

#define MT_CRYPTO_HASH 32		/* bytes of a SHA-256 */
#define MT_CRYPTO_SHA1 20		/* of a SHA-1 */
#define MT_CRYPTO_BYTES 2048		/* most bytes of a signature: RSA of 16384 bits */

/* A hash that is being made, a SHA-256 or a SHA-1.  One thread at a time. */
struct mt_crypto_hash;

struct mt_crypto_hash *mt_crypto_hash_new(bool sha1);
/* A second one from the same beginning on. */
struct mt_crypto_hash *mt_crypto_hash_copy(const struct mt_crypto_hash *hash);
/* ctx is a struct mt_crypto_hash: this is a sink for canonical text. */
int mt_crypto_hash_add(void *ctx, const char *bytes, size_t len);
/* False: the library failed somewhere on the way.  Only mt_crypto_hash_free() may follow. */
bool mt_crypto_hash_end(struct mt_crypto_hash *hash, uint8_t out[MT_CRYPTO_HASH]);
void mt_crypto_hash_free(struct mt_crypto_hash *hash);

enum mt_crypto_answer {
	MT_CRYPTO_GOOD, MT_CRYPTO_BAD,	/* the signature fits, or does not */
	MT_CRYPTO_NO_SIGNATURE,		/* it is none */
	MT_CRYPTO_NO_KEY,		/* the key is none */
	MT_CRYPTO_NO_MEMORY
};

/* Verifies the signature b (base64) of a hash with a key that was read soundly; the hash is
 * a SHA-1 of MT_CRYPTO_SHA1 bytes for rsa-sha1, which who asks must want to take (RFC 8301,
 * 3.1), and else a SHA-256. */
enum mt_crypto_answer mt_crypto_verify(const struct mt_key_record *key, enum mt_key_algorithm algorithm,
    struct mt_span b, const uint8_t *hash);

#endif
