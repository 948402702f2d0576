/* SPDX-License-Identifier: BSD-2-Clause */
/* Key records of DKIM (RFC 6376, 3.6.1; RFC 8463), which ARC shares. */
#ifndef MT_CORE_KEY_RECORD_H
#define MT_CORE_KEY_RECORD_H

#include "lib/base/name.h"
#include "lib/core/answer.h"

#define MT_KEY_RECORD_MOST 4096		/* bytes of a record that are looked at */
#define MT_KEY_BYTES (MT_KEY_RECORD_MOST * 3 / 4)	/* of a key in one */

#define MT_KEY_RECORD_CHOICES 4		/* of several under one name that are looked at */

/* a= of a signature: RFC 6376, 3.3, and RFC 8463, 3. */
enum mt_key_algorithm {
	MT_ALGORITHM_UNKNOWN, MT_ALGORITHM_RSA_SHA256, MT_ALGORITHM_ED25519_SHA256,
	MT_ALGORITHM_RSA_SHA1		/* not to be verified any more (RFC 8301, 3.1), but by a setting */
};

enum mt_key_type { MT_KEY_OTHER, MT_KEY_RSA, MT_KEY_ED25519 };

struct mt_key_record {
	const char *why;		/* what makes it useless, a static sentence; NULL: it can be used */
	enum mt_key_type type;
	struct mt_span p;		/* the key in base64; lent from the record */
	unsigned bits;			/* exact length of an RSA modulus, 256 for Ed25519; 0: no key was read */
	bool revoked;			/* p= is there and empty */
	bool sha1, sha256;		/* hashes it may be used with */
	bool testing;			/* t=y */
	bool strict;			/* t=s: i= of a signature may not lie below d= */
};

enum mt_key_algorithm mt_key_algorithm(struct mt_span a);

/* The name of the record, in lower case: "selector._domainkey.domain".  False: they make
 * none that can be asked for. */
bool mt_key_record_name(char out[MT_NAME_TEXT], struct mt_span selector, struct mt_span domain);

/* Reads the text of a record, and the key in it.  Returns why == NULL. */
bool mt_key_record_read(struct mt_key_record *key, struct mt_span record);
/* Whether a signature of that algorithm may be made with it (RFC 6376, 6.1.2). */
bool mt_key_record_serves(const struct mt_key_record *key, enum mt_key_algorithm algorithm);

/* What a signature wants of its key. */
struct mt_key_use {
	enum mt_key_algorithm algorithm;
	bool below;			/* its i= lies below its d= */
};

/* The n-th best, from 0, that an answer with records holds: those that fit before those that
 * do not, and by their text, so that their order does not matter (RFC 6376, 3.6.2.2, leaves
 * it open what several mean).  Returns why == NULL: it is there, and fits. */
bool mt_key_record_choose(struct mt_key_record *key, const struct mt_answer *answer, const struct mt_key_use *use,
    unsigned n);

#endif
