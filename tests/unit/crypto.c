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
	struct mt_crypto_hash *hash = mt_crypto_hash_new(), *copy;
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
	unsigned min_bits;
	enum mt_crypto_answer expected;
	unsigned bits;
} cases[] = {
	{ "RSA", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 1024, MT_CRYPTO_GOOD, 2048 },
	{ "RSA, tampered", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, true, 1024, MT_CRYPTO_BAD, 2048 },
	{ "RSA, RSAPublicKey", RSA_PKCS1_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 1024, MT_CRYPTO_GOOD, 2048 },
	{ "RSA, as long as wanted", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 2048, MT_CRYPTO_GOOD, 2048 },
	{ "RSA, shorter than wanted", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 2049, MT_CRYPTO_SHORT_KEY, 2048 },
	{ "RSA, signature of another length", RSA_RECORD, ED_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 1024, MT_CRYPTO_BAD, 2048 },
	{ "RSA, huge exponent", RSA_EXPONENT_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 1024, MT_CRYPTO_NO_KEY, 2048 },
	{ "Ed25519", ED_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, 1024, MT_CRYPTO_GOOD, 256 },
	{ "Ed25519, tampered", ED_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, true, 1024, MT_CRYPTO_BAD, 256 },
	{ "Ed25519, signature of another length", ED_RECORD, RSA_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, 0, MT_CRYPTO_BAD, 256 },
	{ "RSA by an Ed25519 key", ED_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "Ed25519 by an RSA key", RSA_RECORD, ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "an elliptic curve as RSA", EC_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "SHA-1, signature of a SHA-256", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA1, false, 0, MT_CRYPTO_BAD, 2048 },
	{ "SHA-1, key not for it", "h=sha256; p=AAAA", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA1, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "an unknown algorithm", RSA_RECORD, RSA_SIGNATURE, MT_ALGORITHM_UNKNOWN, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "no signature", RSA_RECORD, "", MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_SIGNATURE, 0 },
	{ "no base64", RSA_RECORD, "****", MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_SIGNATURE, 0 },
	{ "no key", "p=AAAA", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "no base64 of a key", "p=****", RSA_SIGNATURE, MT_ALGORITHM_RSA_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
	{ "an Ed25519 key of 3 bytes", "k=ed25519; p=AAAA", ED_SIGNATURE, MT_ALGORITHM_ED25519_SHA256, false, 0, MT_CRYPTO_NO_KEY, 0 },
};

int
main(void)
{
	hashes();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_crypto_hash *hash = mt_crypto_hash_new();
		uint8_t digest[MT_CRYPTO_HASH];
		struct mt_key_record key;
		unsigned bits = 7;

		mt_crypto_hash_add(hash, "mailtrace", cases[i].tampered ? 8 : 9);
		mt_crypto_hash_end(hash, digest);
		mt_crypto_hash_free(hash);
		mt_key_record_read(&key, mt_span_text(cases[i].record));
		tap_ok(mt_crypto_verify(&bits, &key, cases[i].algorithm, mt_span_text(cases[i].b), digest, cases[i].min_bits) ==
		    cases[i].expected && bits == cases[i].bits, "%s", cases[i].name);
	}
	return tap_done();
}
