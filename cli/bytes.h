/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that grow, and the escapes by which text from outside becomes output. */
#ifndef CLI_BYTES_H
#define CLI_BYTES_H

#include "lib/mailtrace.h"

/* A zeroed structure is empty.  When memory is out, `failed` is set and what was there
 * stays; further additions are dropped. */
struct bytes {
	char *ptr;
	size_t len, room;
	bool failed;
};

void bytes_fini(struct bytes *b);
/* Empties it but keeps the memory. */
void bytes_clear(struct bytes *b);
void bytes_add(struct bytes *b, const char *ptr, size_t len);
void bytes_text(struct bytes *b, const char *text);
void bytes_char(struct bytes *b, char c);
void bytes_number(struct bytes *b, int64_t number);
/* Four bytes, highest first: how the milter protocol writes numbers. */
void bytes_long(struct bytes *b, uint32_t number);
/* For a terminal or a file that a person reads: printable ASCII and well-formed UTF-8
 * beyond C1 as they are, every other byte as \xNN, so that nothing can steer a terminal. */
void bytes_plain(struct bytes *b, struct mt_span s);
/* A JSON string with its quotes (RFC 8259, 7): bytes that are no UTF-8 become U+FFFD. */
void bytes_json(struct bytes *b, struct mt_span s);

/* A C string (or NULL) as a span. */
struct mt_span span_text(const char *text);
/* Equal without regard to ASCII case, in every locale. */
bool span_same(struct mt_span a, const char *text);

#endif
