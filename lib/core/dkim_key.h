/* SPDX-License-Identifier: BSD-2-Clause */
/* A key record of DKIM (RFC 6376, 3.6.1; RFC 8463), read and held against a signature. */
#ifndef MT_CORE_DKIM_KEY_H
#define MT_CORE_DKIM_KEY_H

#include "lib/core/answer.h"
#include "lib/core/dkim_field.h"

#define MT_DKIM_KEY_MOST 4096		/* bytes of a record that are looked at */

struct mt_dkim_key {
	enum mt_result result;		/* unknown: fit for the signature.  Permerror: it is not */
	const char *why;		/* one sentence, static; NULL while unknown */
	unsigned bits;			/* exact length of an RSA modulus, 256 for Ed25519; 0: no key was read */
	bool testing;			/* t=y */
	struct mt_key_record record;	/* what is verified with: lends from the text that was read */
};

/* Reads one record for one signature. */
void mt_dkim_key_read(struct mt_dkim_key *key, const struct mt_dkim_field *field, struct mt_span record);

/* The best that an answer with records holds: of several that fit the one whose text
 * sorts first, so that the order of records does not matter (RFC 6376, 6.1.2, leaves
 * the choice to the verifier). */
void mt_dkim_key_choose(struct mt_dkim_key *key, const struct mt_dkim_field *field, const struct mt_answer *answer);

#endif
