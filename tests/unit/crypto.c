/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 and signatures: published vectors, keys in both forms, and broken ones. */
#include "lib/source/crypto.h"

#include "tests/unit/signatures.h"
#include "tests/unit/tap.h"

static void
hashes(void)
{
	/* FIPS 180-4: "abc", and the empty message. */
	static const uint8_t abc[MT_CRYPTO_HASH] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
		0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	struct mt_crypto_hash *hash = mt_crypto_hash_new(false), *copy;
	uint8_t out[MT_CRYPTO_HASH], again[MT_CRYPTO_HASH];

	mt_crypto_hash_add(hash, "a", 1);
	copy = mt_crypto_hash_copy(hash);
	mt_crypto_hash_add(hash, "x", 1);
	mt_crypto_hash_add(copy, "bc", 2);
	tap_ok(mt_crypto_hash_end(copy, out) && memcmp(out, abc, sizeof abc) == 0, "a copy goes its own way");
	tap_ok(mt_crypto_hash_end(hash, again) && memcmp(again, abc, sizeof abc) != 0, "and so does the first");
	tap_ok(!mt_crypto_hash_end(hash, again), "no hash has two ends");
	mt_crypto_hash_free(hash);
	mt_crypto_hash_free(copy);
	mt_crypto_hash_free(NULL);
}

static const struct {
	const char *name, *record, *b;
	enum mt_key_algorithm algorithm;
	bool tampered;
	enum mt_crypto_answer expected;
} cases[] = {
	{ "RSA", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_GOOD },
	{ "RSA, tampered", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, true, MT_CRYPTO_BAD },
	{ "RSA, RSAPublicKey", RSA_PKCS1_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_GOOD },
	{ "RSA, signature of another length", RSA_RECORD, ED_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_BAD },
	{ "RSA, huge exponent", RSA_EXPONENT_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "Ed25519", ED_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, MT_CRYPTO_GOOD },
	{ "Ed25519, tampered", ED_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, true, MT_CRYPTO_BAD },
	{ "Ed25519, signature of another length", ED_RECORD, RSA_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, MT_CRYPTO_BAD },
	{ "RSA by an Ed25519 key", ED_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "Ed25519 by an RSA key", RSA_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "an elliptic curve as RSA", EC_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "SHA-1, signature of a SHA-256", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA1, false, MT_CRYPTO_BAD },
	{ "SHA-1, key not for it", "h=sha256; p=AAAA", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA1, false, MT_CRYPTO_NO_KEY },
	{ "an unknown algorithm", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_UNKNOWN, false, MT_CRYPTO_NO_KEY },
	{ "no signature", RSA_RECORD, "", MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_SIGNATURE },
	{ "no base64", RSA_RECORD, "****", MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_SIGNATURE },
	{ "no key", "p=AAAA", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "no base64 of a key", "p=****", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, MT_CRYPTO_NO_KEY },
	{ "an Ed25519 key of 3 bytes", "k=ed25519; p=AAAA", ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, MT_CRYPTO_NO_KEY },
};

int
main(void)
{
	hashes();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_crypto_hash *hash = mt_crypto_hash_new(false);
		uint8_t digest[MT_CRYPTO_HASH];
		struct mt_key_record key;

		mt_crypto_hash_add(hash, "mailtrace", cases[i].tampered ? 8 : 9);
		mt_crypto_hash_end(hash, digest);
		mt_crypto_hash_free(hash);
		mt_key_record_read(&key, mt_span_text(cases[i].record));
		tap_ok(mt_crypto_verify(&key, cases[i].algorithm, mt_span_text(cases[i].b), digest) == cases[i].expected, "%s",
		    cases[i].name);
	}
	return tap_done();
}
