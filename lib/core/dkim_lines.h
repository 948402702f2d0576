/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A body as DKIM hashes it: every line ends in CRLF, also the last (RFC 6376, 3.4.3 and
 * 3.4.4).  Chunks of any size come in, and the same chunks of our own size go out
 * whatever they were, with no CRLF cut in two.
 */
#ifndef MT_CORE_DKIM_LINES_H
#define MT_CORE_DKIM_LINES_H

#include "lib/base/span.h"

#define MT_DKIM_LINES_CHUNK 8192

struct mt_dkim_lines {
	void (*out)(void *ctx, char *bytes, size_t len);
	void *ctx;
	size_t len;
	bool open;			/* a line has begun and not ended */
	char chunk[MT_DKIM_LINES_CHUNK];
};

void mt_dkim_lines_begin(struct mt_dkim_lines *lines, void (*out)(void *ctx, char *bytes, size_t len), void *ctx);
void mt_dkim_lines_feed(struct mt_dkim_lines *lines, struct mt_span bytes);
/* Once, at the end of the body. */
void mt_dkim_lines_end(struct mt_dkim_lines *lines);

#endif
