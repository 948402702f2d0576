/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical forms of header fields and body (RFC 6376, 3.4).  Line ends are taken as CRLF
 * or as a bare LF, as files have them, and written as CRLF. */
#ifndef MT_CORE_CANON_H
#define MT_CORE_CANON_H

#include "lib/base/span.h"

enum mt_canon { MT_CANON_SIMPLE, MT_CANON_RELAXED };

/* Reads a c= tag (RFC 6376, 3.5); an absent one is simple/simple.  False: it is none. */
bool mt_canon_read(enum mt_canon *header, enum mt_canon *body, struct mt_span c);

/* One field and its line end.  value: all behind the colon, without the last line end.  The
 * sink's answer is not looked at: what it keeps is its own business. */
void mt_canon_field(enum mt_canon how, struct mt_span name, struct mt_span value, mt_sink_fn *sink, void *ctx);
/* A field that signs: without its line end, and without a part of its value, which is all
 * that stands in its b= tag (RFC 6376, 3.7). */
void mt_canon_signature(enum mt_canon how, struct mt_span name, struct mt_span value, struct mt_span without,
    mt_sink_fn *sink, void *ctx);

#define MT_CANON_ROOM 1024

/* Canonical bytes on their way out. */
struct mt_canon_out {
	mt_sink_fn *sink;
	void *ctx;
	uint64_t left;			/* of l=: what is behind is counted and not written */
	uint64_t total;			/* canonical bytes, written or not */
	size_t len;
	char bytes[MT_CANON_ROOM];
};

/* A body on its way through. */
struct mt_canon_body {
	enum mt_canon how;
	bool begun;			/* something other than empty lines was seen */
	bool space, cr;			/* seen, and waiting for what comes next */
	uint64_t ends;			/* so are these line ends */
	struct mt_canon_out out;
};

/* most: value of l=, UINT64_MAX for none. */
void mt_canon_body_begin(struct mt_canon_body *body, enum mt_canon how, uint64_t most, mt_sink_fn *sink, void *ctx);
/* In pieces of any size. */
void mt_canon_body_add(struct mt_canon_body *body, struct mt_span bytes);
/* Returns the length of the canonical body, whatever was written of it. */
uint64_t mt_canon_body_end(struct mt_canon_body *body);

#endif
