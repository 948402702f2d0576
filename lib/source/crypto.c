/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows OpenSSL, which knows hashes and signatures; refuses to know what is signed.  The
 * error queue of the library is emptied behind each call: it belongs to the thread, which
 * may be another next time. */
#include "lib/source/crypto.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "lib/core/base64.h"

/* Ed25519 keys and signatures (RFC 8032, 5.1.5 and 5.1.6). */
#define ED25519_KEY 32
/* Longer keys cost more than any mail is worth; RFC 8301, 3.2, wants 4096. */
#define RSA_MOST_BITS 8192
#define EXPONENT_MOST_BITS 64

struct mt_crypto_hash {
	EVP_MD_CTX *md;
	bool broken;
};

struct mt_crypto_hash *
mt_crypto_hash_new(void)
{
	struct mt_crypto_hash *hash = calloc(1, sizeof *hash);

	if (hash == NULL)
		return NULL;
	hash->md = EVP_MD_CTX_new();
	hash->broken = hash->md == NULL || EVP_DigestInit_ex(hash->md, EVP_sha256(), NULL) != 1;
	if (hash->broken) {
		ERR_clear_error();
		mt_crypto_hash_free(hash);
		return NULL;
	}
	return hash;
}

struct mt_crypto_hash *
mt_crypto_hash_copy(const struct mt_crypto_hash *hash)
{
	struct mt_crypto_hash *copy = calloc(1, sizeof *copy);

	if (copy == NULL)
		return NULL;
	copy->md = EVP_MD_CTX_new();
	copy->broken = copy->md == NULL || EVP_MD_CTX_copy_ex(copy->md, hash->md) != 1 || hash->broken;
	if (copy->broken) {
		ERR_clear_error();
		mt_crypto_hash_free(copy);
		return NULL;
	}
	return copy;
}

int
mt_crypto_hash_add(void *ctx, const char *bytes, size_t len)
{
	struct mt_crypto_hash *hash = ctx;

	if (EVP_DigestUpdate(hash->md, bytes, len) != 1)
		hash->broken = true;
	return hash->broken;
}

bool
mt_crypto_hash_end(struct mt_crypto_hash *hash, uint8_t out[MT_CRYPTO_HASH])
{
	bool ok = EVP_DigestFinal_ex(hash->md, out, NULL) == 1 && !hash->broken;

	if (!ok)
		ERR_clear_error();
	hash->broken = true;
	return ok;
}

void
mt_crypto_hash_free(struct mt_crypto_hash *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->md);
	free(hash);
}

/* One DER element that *at points at, and behind its head; false: another one, or none. */
static bool
enter(const unsigned char **at, long *len, const unsigned char *end, int tag, int constructed)
{
	int is, class;

	return ASN1_get_object(at, len, &is, &class, end - *at) == constructed && is == tag &&
	    class == V_ASN1_UNIVERSAL;
}

/* The RSAPublicKey, which RFC 6376, 3.6.1, means, inside of the SubjectPublicKeyInfo, which
 * all write (RFC 8017, A.1.1; RFC 5280, 4.1.2.7).  d2i_PUBKEY() knows this too, and takes
 * more than a hundred times as long, for it looks through all decoders that there are. */
static EVP_PKEY *
read_rsa(const uint8_t *bytes, size_t size)
{
	static const unsigned char rsa[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
	const unsigned char *at = bytes, *end = bytes + size;
	long len;

	if (!enter(&at, &len, end, V_ASN1_SEQUENCE, V_ASN1_CONSTRUCTED))
		return NULL;
	if (enter(&at, &len, end, V_ASN1_SEQUENCE, V_ASN1_CONSTRUCTED)) {
		if (len < (long)sizeof rsa || memcmp(at, rsa, sizeof rsa) != 0)
			return NULL;
		at += len;
		if (!enter(&at, &len, end, V_ASN1_BIT_STRING, 0) || len < 1 || *at++ != 0)
			return NULL;
		len--;
	} else {
		at = bytes;
		len = (long)size;
	}
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
}

static EVP_PKEY *
read_key(const struct mt_key_record *key)
{
	uint8_t bytes[MT_CRYPTO_BYTES];
	size_t len;

	if (!mt_base64_read(bytes, sizeof bytes, &len, key->p))
		return NULL;
	if (key->type == MT_KEY_RSA)
		return read_rsa(bytes, len);
	return len == ED25519_KEY ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, len) : NULL;
}

/* A key that costs what a key costs: a huge exponent would make each verification slow. */
static bool
affordable(EVP_PKEY *key, unsigned bits)
{
	BIGNUM *e = NULL;
	bool ok = bits <= RSA_MOST_BITS && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    BN_num_bits(e) <= EXPONENT_MOST_BITS;

	BN_free(e);
	return ok;
}

static enum mt_crypto_answer
verify_rsa(EVP_PKEY *key, const uint8_t *sig, size_t len, const uint8_t *hash, bool sha1)
{
	const EVP_MD *md = sha1 ? EVP_sha1() : EVP_sha256();
	size_t size = sha1 ? MT_CRYPTO_SHA1 : MT_CRYPTO_HASH;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	enum mt_crypto_answer answer = MT_CRYPTO_NO_MEMORY;

	if (ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, md) == 1)
		answer = EVP_PKEY_verify(ctx, sig, len, hash, size) == 1 ? MT_CRYPTO_GOOD : MT_CRYPTO_BAD;
	EVP_PKEY_CTX_free(ctx);
	return answer;
}

/* RFC 8463, 3: the message that is signed is the hash. */
static enum mt_crypto_answer
verify_ed25519(EVP_PKEY *key, const uint8_t *sig, size_t len, const uint8_t *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum mt_crypto_answer answer = MT_CRYPTO_NO_MEMORY;

	if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		answer = EVP_DigestVerify(ctx, sig, len, hash, MT_CRYPTO_HASH) == 1 ? MT_CRYPTO_GOOD : MT_CRYPTO_BAD;
	EVP_MD_CTX_free(ctx);
	return answer;
}

enum mt_crypto_answer
mt_crypto_verify(unsigned *bits, const struct mt_key_record *key, enum mt_key_algorithm algorithm, struct mt_span b,
    const uint8_t *hash, unsigned min_bits)
{
	enum mt_crypto_answer answer = MT_CRYPTO_NO_KEY;
	uint8_t sig[MT_CRYPTO_BYTES];
	size_t len;
	EVP_PKEY *pkey;

	*bits = 0;
	if (!mt_base64_read(sig, sizeof sig, &len, b) || len == 0)
		return MT_CRYPTO_NO_SIGNATURE;
	if (!mt_key_record_serves(key, algorithm))
		return MT_CRYPTO_NO_KEY;
	pkey = read_key(key);
	if (pkey != NULL)
		*bits = (unsigned)EVP_PKEY_get_bits(pkey);
	if (pkey != NULL && key->type == MT_KEY_ED25519)
		answer = verify_ed25519(pkey, sig, len, hash);
	else if (pkey != NULL && *bits < min_bits)
		answer = MT_CRYPTO_SHORT_KEY;
	else if (pkey != NULL && affordable(pkey, *bits))
		answer = verify_rsa(pkey, sig, len, hash, algorithm == MT_ALGORITHM_RSA_SHA1);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return answer;
}
