/* SPDX-License-Identifier: BSD-2-Clause */
/* One DKIM-Signature field (RFC 6376, 3.5), read and judged as far as it can be alone. */
#ifndef MT_CORE_DKIM_FIELD_H
#define MT_CORE_DKIM_FIELD_H

#include "lib/core/canon.h"
#include "lib/core/key_record.h"

/* What is read; beyond it a signature is permerror.  No signer comes near. */
#define MT_DKIM_FIELD_MOST 16384	/* bytes of the whole value */
#define MT_DKIM_FIELD_TAGS 64
#define MT_DKIM_FIELD_NAMES 512		/* names in h= */
/* And what is handed on to a library, so that its size is known there. */
#define MT_DKIM_PLAIN_MOST 4000		/* bytes of the whole value */
#define MT_DKIM_PLAIN_VALUE 250		/* bytes of a tag but b=, h= and z= */
#define MT_DKIM_PLAIN_IDENTITY 200	/* bytes of i= */

struct mt_dkim_field {
	/* Unknown: well-formed.  Neutral: it cannot be read, or asks for what we do not know.
	 * Permerror: it can be read, but never verified (RFC 6376, 6.1.1). */
	enum mt_result result;
	const char *why;		/* one sentence, static; NULL while unknown */
	/* Parts of the value, also of a field that is otherwise wrong; absent: not written. */
	struct mt_span domain, selector, algorithm, identity, b, b_raw, bh, names;
	enum mt_key_algorithm kind;
	enum mt_canon header, body;
	bool odd;			/* not in the plain form and size that a library is given */
	bool has_length;
	uint64_t length;		/* l= */
	int64_t signed_sec, expires_sec;	/* t=, x=; -1: not written */
	unsigned froms;			/* how often h= names From */
	bool covers_signatures;		/* h= names DKIM-Signature */
};

/* Reads the value of a field; folds may be CRLF or LF.  The field lends from it. */
void mt_dkim_field_read(struct mt_dkim_field *field, struct mt_span value);

/* What an administrator may refuse without looking further: a field that was unknown
 * becomes policy when it is expired, not yet valid or made with rsa-sha1 (RFC 8301, 3.1). */
void mt_dkim_field_accept(struct mt_dkim_field *field, int64_t now_sec, bool allow_sha1);

/* The domain of i=; that of d= where there is no i=. */
struct mt_span mt_dkim_field_identity(const struct mt_dkim_field *field);

#endif
