/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second judge of what a DKIM-Signature covers: libopendkim, which canonicalizes and hashes
 * the same message beside us.  What it says decides nothing; that it says otherwise is worth
 * a line.
 *
 * It is given only what was read and bounded before (core/dkim_field.h: fields that are not
 * odd), fields that a hash can cover, and no key.  It asks nobody and does not look at the
 * clock.
 */
#ifndef MT_SOURCE_OPENDKIM_H
#define MT_SOURCE_OPENDKIM_H

#include "lib/base/span.h"

struct mt_opendkim;
struct mt_opendkim_message;

/* One for the process, to be used from any thread.  NULL and *error: MT_ENOMEM, or MT_EIO
 * where there are no random bytes. */
struct mt_opendkim *mt_opendkim_open(int *error);
/* All its messages must be gone. */
void mt_opendkim_close(struct mt_opendkim *lib);

/* Begins a message.  NULL: no memory. */
struct mt_opendkim_message *mt_opendkim_begin(struct mt_opendkim *lib);
/* One field of the header, in order from the top: "Name: value" with line ends as CRLF inside
 * and a NUL behind it.  False: no memory, or the field has a NUL in it; the message is to be
 * freed then. */
bool mt_opendkim_field(struct mt_opendkim_message *msg, struct mt_span text);
/* The header is complete, and held so many signatures.  False: it sees it otherwise, or
 * there is no memory. */
bool mt_opendkim_eoh(struct mt_opendkim_message *msg, unsigned signatures);
/* The body in pieces of any size. */
void mt_opendkim_body(struct mt_opendkim_message *msg, struct mt_span bytes);
void mt_opendkim_end(struct mt_opendkim_message *msg);
/* After the end: whether signature i, from the top, has the same hashes of len bytes there.
 * True also where the library does not say. */
bool mt_opendkim_agrees(struct mt_opendkim_message *msg, unsigned i, const uint8_t *header, const uint8_t *body,
    size_t len);
void mt_opendkim_free(struct mt_opendkim_message *msg);

#endif
