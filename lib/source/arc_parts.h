/* SPDX-License-Identifier: BSD-2-Clause */
/* What the validation of a chain keeps of a message, and its steps: private to it. */
#ifndef MT_SOURCE_ARC_PARTS_H
#define MT_SOURCE_ARC_PARTS_H

#include "lib/core/arc_field.h"
#include "lib/source/arc.h"
#include "lib/source/signed.h"

/* What is known of a message that has fields of ARC. */
struct mt_arc_found {
	struct mt_arc_chain form;
	unsigned nfields;
	unsigned newest_message;	/* highest instance of ARC-Message-Signature so far */
	size_t nnames;
	struct mt_span name[MT_ARC_KEYS];
	unsigned lowest;		/* oldest set whose message signature is looked at */
	uint8_t seal[MT_ARC_INSTANCES + 1][MT_CRYPTO_HASH];
	uint8_t message[MT_ARC_INSTANCES + 1][MT_CRYPTO_HASH];
	const struct mt_signed_body *body[MT_ARC_INSTANCES + 1];
	struct mt_signed_bodies bodies;
};

struct mt_arc_check {
	unsigned min_key_bits;
	int64_t now_sec;
	struct mt_arena arena;
	struct mt_signed_field *last;
	size_t kept;			/* bytes */
	bool any;			/* a field of ARC was seen */
	bool cut, starved;		/* the header is too long; there was no memory */
	bool header_ended, body_ended;
	struct mt_arc_found *chain;
	enum mt_result result;		/* unknown until it is settled */
	enum mt_cause cause;
	const char *why;
	const char *whose;		/* field that it is about, of set `instance`; NULL: the chain */
	unsigned instance;
};

void mt_arc_settle(struct mt_arc_check *check, enum mt_result result, enum mt_cause cause, const char *why);
void mt_arc_settle_field(struct mt_arc_check *check, enum mt_arc_kind kind, unsigned instance, enum mt_result result,
    enum mt_cause cause, const char *why);

/* What all seals of a whole chain cover.  False: no memory. */
bool mt_arc_signed_seals(struct mt_arc_found *chain);
/* What the signature of a message covers beside the body. */
bool mt_arc_signed_message(const struct mt_arc_check *check, const struct mt_arc_field *field,
    uint8_t out[MT_CRYPTO_HASH]);

/* Asks for the keys of what is not settled, and settles it once they are there. */
void mt_arc_verify(struct mt_arc_check *check, struct mt_ask *ask);

#endif
