/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validation of a chain of ARC sets (RFC 8617, 5.2) while a message passes by.
 *
 * begin, header for each field from the top, eoh, body as it comes, end.  Header and body
 * are turned into hashes on the way, so that end has only keys to ask for and signatures
 * to compare.  One thread at a time; nothing waits.
 */
#ifndef MT_SOURCE_ARC_H
#define MT_SOURCE_ARC_H

#include "lib/base/arena.h"
#include "lib/core/ask.h"

/* Distinct keys that one message may ask for: a longer chain of as many sealers is not
 * judged (permerror, MT_CAUSE_LIMIT), so that other checks keep their share of questions. */
#define MT_ARC_KEYS 16
/* Bytes of header that are kept; a chain in a longer one is not judged (the same). */
#define MT_ARC_HEADER (1024u * 1024u)

struct mt_arc_options {
	unsigned min_key_bits;		/* of RSA keys; 0: 1024 (RFC 8301, 3.2) */
};

struct mt_arc_check;

/* options NULL: all zero.  now_sec: Unix seconds, for x= of signatures.  NULL: no memory. */
struct mt_arc_check *mt_arc_begin(const struct mt_arc_options *options, int64_t now_sec);
/* One field: all that stands behind its colon, with the blank before it; folds as CRLF or LF. */
void mt_arc_header(struct mt_arc_check *check, struct mt_span name, struct mt_span value);

/* Names of key records (TXT) that are likely to be asked for, as far as known: from the
 * newest set down where fields stand in the usual order.  The list only grows. */
size_t mt_arc_keys(const struct mt_arc_check *check);
struct mt_span mt_arc_key_name(const struct mt_arc_check *check, size_t i);

/* The header is complete.  Without a chain that is worth it, all memory is given back. */
void mt_arc_eoh(struct mt_arc_check *check);
/* Whether the body matters, known after eoh; mt_arc_body() may be left out if not. */
bool mt_arc_wants_body(const struct mt_arc_check *check);
void mt_arc_body(struct mt_arc_check *check, struct mt_span bytes);

/* MT_UNKNOWN while a key is out, and then run again from its start (core/ask.h).  What *out
 * points at is in the arena.  The result is none, pass or fail (RFC 8617, 5.2); temperror
 * where a key could not be asked for now and nothing else breaks the chain; permerror where
 * a bound of ours was met; skipped where nobody is to be asked. */
enum mt_result mt_arc_end(struct mt_arc_check *check, struct mt_ask *ask, struct mt_arena *arena, struct mt_arc *out);
void mt_arc_free(struct mt_arc_check *check);

#endif
