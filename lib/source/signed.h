/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a signature of DKIM or ARC covers, on its way into hashes (RFC 6376, 3.7 and 5.4.2):
 * chosen fields of the header, and the body in one of its canonical forms.
 */
#ifndef MT_SOURCE_SIGNED_H
#define MT_SOURCE_SIGNED_H

#include "lib/base/arena.h"
#include "lib/core/canon.h"
#include "lib/source/crypto.h"

#define MT_SIGNED_NAMES 512		/* in h= that are looked up */
#define MT_SIGNED_BODIES 8		/* bodies in different forms, lengths or hashes */

/* A field of a header, and the one above it.  Lent. */
struct mt_signed_field {
	const struct mt_signed_field *above;
	uint32_t hash;			/* of its name: mt_signed_name() */
	struct mt_span name, value;	/* as received: with the blanks before the colon */
};

/* A signature, as far as it says what it covers. */
struct mt_signed {
	struct mt_span name, value;	/* of its own field, as received */
	struct mt_span b_raw;		/* of the value: what is left out of what it signs */
	struct mt_span h;
	enum mt_canon header;
	bool sha1;			/* else SHA-256 */
};

/* A hash of a field's name without regard to case and blanks around it. */
uint32_t mt_signed_name(struct mt_span name);
/* Hashes what it covers of the header that ends with `lowest`.  False: no memory. */
bool mt_signed_header(const struct mt_signed *about, const struct mt_signed_field *lowest, uint8_t out[MT_CRYPTO_HASH]);

/* A body in one canonical form on its way into its hash. */
struct mt_signed_body {
	enum mt_canon how;
	bool sha1;
	uint64_t most;			/* l=; UINT64_MAX: none */
	uint64_t total;			/* bytes of the canonical form, known at its end; where it is
					 * longer than l=, no more than that is known */
	struct mt_canon_body canon;
	struct mt_crypto_hash *hash;
	uint8_t digest[MT_CRYPTO_HASH];	/* at its end */
};

struct mt_signed_bodies {
	size_t count;
	struct mt_signed_body *body[MT_SIGNED_BODIES];
};

/* The body in that form, begun where nobody wants it yet and there are less than `most_bodies`;
 * they live in the arena, but for their hashes.  NULL: no room for one more, or no memory. */
const struct mt_signed_body *mt_signed_body_for(struct mt_signed_bodies *bodies, struct mt_arena *arena,
    size_t most_bodies, enum mt_canon how, uint64_t most, bool sha1);
void mt_signed_bodies_add(struct mt_signed_bodies *bodies, struct mt_span bytes);
/* Their totals and digests are there after it.  False: a hash failed. */
bool mt_signed_bodies_end(struct mt_signed_bodies *bodies);
/* Frees the hashes, at any time. */
void mt_signed_bodies_free(struct mt_signed_bodies *bodies);

/* NULL: the body is the one that was signed, as far as bh= and l= say; else what is wrong. */
const char *mt_signed_body_judge(const struct mt_signed_body *body, struct mt_span bh);

#endif
