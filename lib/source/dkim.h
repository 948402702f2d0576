/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DKIM (RFC 6376, 8301, 8463): which domains vouch for a message with a signature.
 *
 * What a signature covers is hashed as those of ARC are (source/signed.h), of fields that
 * were read and bounded before (core/dkim_field.h) and that a hash can cover
 * (core/dkim_pick.h), and verified with source/crypto.h.  libopendkim hashes it beside us as
 * a second judge (source/opendkim.h).  Nobody is asked: keys come from the caller's answers.
 * Hashing begins only for a message that has a signature which can pass.
 *
 * Words of a signature:
 *	pass		it is good
 *	fail		the body or the header is not what was signed
 *	policy		not accepted whatever it says: rsa-sha1 (RFC 8301, 3.1, lets it fail for
 *			good; here it is a setting), a short key (3.2), expired, from the future;
 *			or good, but text was added behind l= or a From that it does not cover
 *	neutral		it cannot be read, or needs what is not known here (RFC 8601, 2.7.1)
 *	permerror	a tag or the key is missing, wrong or not for this signature (RFC 6376, 6.1)
 *	temperror	the key could not be asked for; the cause says why
 *	skipped		over the bound of signatures, or nobody is to be asked
 */
#ifndef MT_SOURCE_DKIM_H
#define MT_SOURCE_DKIM_H

#include "lib/base/arena.h"
#include "lib/core/ask.h"

/* Most signatures that are listed at all; further ones are only counted. */
#define MT_DKIM_LISTED 32

struct mt_dkim;
struct mt_dkim_message;

struct mt_dkim_options {
	unsigned min_key_bits;		/* of RSA; 0: 1024 */
	bool allow_sha1;
	unsigned most_signatures;	/* that are verified; 0 or more than 8: 8 */
};

/* One for the process, to be used from any thread.  NULL and *error: MT_ENOMEM, or MT_EIO
 * where there are no random bytes. */
struct mt_dkim *mt_dkim_open(const struct mt_dkim_options *options, int *error);
/* All its messages must be gone. */
void mt_dkim_close(struct mt_dkim *dkim);

/* Begins a message; NULL: no memory.  now_sec is the clock for t= and x=, Unix seconds. */
struct mt_dkim_message *mt_dkim_begin(struct mt_dkim *dkim, int64_t now_sec);

/* One header field, in order from the top.  value is the very text behind the colon, with
 * the white space in front of the first word (what libmilter gives after SMFIP_HDR_LEADSPC):
 * "simple" hashes it.  Line ends inside may be LF or CRLF, both are hashed as CRLF; one
 * at the very end is left out.  Copied: nothing is lent. */
void mt_dkim_header(struct mt_dkim_message *msg, struct mt_span name, struct mt_span value);

/* Names to ask TXT records of, known as soon as the field was seen: keys 0 up to the count,
 * which grows.  Text lives until the message ends. */
size_t mt_dkim_keys(const struct mt_dkim_message *msg);
const char *mt_dkim_key_name(const struct mt_dkim_message *msg, size_t i);

/* Whether the body can make a difference.  While the header is coming in it may turn from
 * false to true; after mt_dkim_eoh() it is final. */
bool mt_dkim_wants_body(const struct mt_dkim_message *msg);

/* End of the header.  Fields that come later are ignored. */
void mt_dkim_eoh(struct mt_dkim_message *msg);
/* A chunk of the body of any size, lines ending in CRLF or LF. */
void mt_dkim_body(struct mt_dkim_message *msg, struct mt_span bytes);

/*
 * After the whole message: the word over all signatures, and each of them from the top in
 * out[], text in the arena.  *count is how many out[] takes, and then how many are there.
 * MT_UNKNOWN while a key is out: to be called again when an answer has come in; nothing
 * is verified before.  Once it has said another word it says the same again.
 *
 * pass if any passes; else the first of temperror, fail, policy, permerror, neutral, skipped
 * that one has, so that what is temporary is never hidden by what is not; none without
 * signatures.  A failure under a key in test (t=y) counts as neutral there (RFC 6376, 3.6.1).
 */
enum mt_result mt_dkim_end(struct mt_dkim_message *msg, struct mt_ask *ask, struct mt_arena *arena,
    struct mt_signature *out, unsigned *count);

/* After the end: the second judge hashed something of it otherwise. */
bool mt_dkim_disagreed(const struct mt_dkim_message *msg);

/* How many signatures the header held, also those that are not listed. */
size_t mt_dkim_signatures(const struct mt_dkim_message *msg);

/* Ends a message, at any time. */
void mt_dkim_drop(struct mt_dkim_message *msg);

#endif
