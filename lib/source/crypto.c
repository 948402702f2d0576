/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows OpenSSL, which knows hashes and signatures; refuses to know what is signed.  The
 * error queue of the library is emptied behind each call: it belongs to the thread, which
 * may be another next time. */
#include "lib/source/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "lib/core/base64.h"
#include "lib/core/key_der.h"

/* Ed25519 keys and signatures (RFC 8032, 5.1.5 and 5.1.6). */
#define ED25519_KEY 32

struct mt_crypto_hash {
	EVP_MD_CTX *md;
	bool broken;
};

struct mt_crypto_hash *
mt_crypto_hash_new(bool sha1)
{
	struct mt_crypto_hash *hash = calloc(1, sizeof *hash);

	if (hash == NULL)
		return NULL;
	hash->md = EVP_MD_CTX_new();
	hash->broken = hash->md == NULL || EVP_DigestInit_ex(hash->md, sha1 ? EVP_sha1() : EVP_sha256(), NULL) != 1;
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

/* d2i_PUBKEY() takes more than a hundred times as long, for it looks through all decoders
 * that there are. */
static EVP_PKEY *
read_key(const struct mt_key_record *key)
{
	uint8_t bytes[MT_KEY_BYTES];
	struct mt_key_der der;
	size_t len;

	if (!mt_base64_read(bytes, sizeof bytes, &len, key->p))
		return NULL;
	if (key->type == MT_KEY_ED25519)
		return len == ED25519_KEY ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, len) : NULL;
	if (mt_key_der_read(&der, bytes, len) != NULL)
		return NULL;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &(const unsigned char *){ der.ptr }, (long)der.len);
}

/* What a refusal of the library means: that there was no memory says nothing of a signature. */
static enum mt_crypto_answer
refused(enum mt_crypto_answer otherwise)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE ? MT_CRYPTO_NO_MEMORY : otherwise;
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
		answer = EVP_PKEY_verify(ctx, sig, len, hash, size) == 1 ? MT_CRYPTO_GOOD : refused(MT_CRYPTO_BAD);
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
		answer = EVP_DigestVerify(ctx, sig, len, hash, MT_CRYPTO_HASH) == 1 ? MT_CRYPTO_GOOD
		    : refused(MT_CRYPTO_BAD);
	EVP_MD_CTX_free(ctx);
	return answer;
}

enum mt_crypto_answer
mt_crypto_verify(const struct mt_key_record *key, enum mt_key_algorithm algorithm, struct mt_span b,
    const uint8_t *hash)
{
	enum mt_crypto_answer answer;
	uint8_t sig[MT_CRYPTO_BYTES];
	size_t len;
	EVP_PKEY *pkey;

	if (!mt_base64_read(sig, sizeof sig, &len, b) || len == 0)
		return MT_CRYPTO_NO_SIGNATURE;
	if (!mt_key_record_serves(key, algorithm))
		return MT_CRYPTO_NO_KEY;
	pkey = read_key(key);
	if (pkey == NULL)
		answer = refused(MT_CRYPTO_NO_KEY);
	else if (key->type == MT_KEY_ED25519)
		answer = verify_ed25519(pkey, sig, len, hash);
	else
		answer = verify_rsa(pkey, sig, len, hash, algorithm == MT_ALGORITHM_RSA_SHA1);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return answer;
}
