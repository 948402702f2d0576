/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages out of a stream of bytes: one message, or an mbox of them. */
#ifndef CLI_MBOX_H
#define CLI_MBOX_H

#include "lib/mailtrace.h"

/* Longest field that is handed on; the rest of a longer one is dropped. */
#define MBOX_FIELD (1024u * 1024u)

/* What is told of each message, in this order; spans are lent for the call.  A callback
 * returns 0, or another number that ends the reading and is returned. */
struct mbox_sink {
	void *ctx;
	/* offset: where in the stream it begins, with its From_ line. */
	int (*begin)(void *ctx, int64_t offset);
	/* name: all in front of the colon, also white space behind it; value: all behind the colon
	 * but the last line end; folds as they stand. */
	int (*field)(void *ctx, struct mt_span name, struct mt_span value);
	/* A line of the header, or the first piece of a long one, that is neither a field nor
	 * part of one; not told of From_ lines, quoted or not.  NULL: not wanted. */
	int (*lost)(void *ctx, struct mt_span line);
	/* Any number of pieces, line ends as they stand; NULL: not wanted. */
	int (*body)(void *ctx, struct mt_span bytes);
	int (*end)(void *ctx);
};

/* Whether a line is the From_ line that begins a message of an mbox: an envelope sender
 * and a date with a time of day. */
bool mbox_from_line(struct mt_span line);

/* Reads fd to its end.  split: a stream that begins with a From_ line is an mbox, and
 * each further From_ line behind an empty line begins a message.  *messages counts those
 * begun; 0: there was nothing but empty lines.  A byte order mark at the beginning of the
 * stream (U+FEFF in UTF-8) is passed over.  Any bytes do; memory is bounded.
 * Returns 0, MT_ENOMEM, MT_EIO (errno says which) or what a callback returned. */
int mbox_read(int fd, bool split, const struct mbox_sink *sink, size_t *messages);

#endif
