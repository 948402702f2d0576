/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from outside as characters: JSON has no other way to carry them. */
#ifndef MT_RENDER_UTF8_H
#define MT_RENDER_UTF8_H

#include "lib/base/buf.h"

#define MT_UTF8_BAD 0xfffdu

/* The character at *at, which moves on by at least one byte; *at must be below s.len.
 * A byte that begins no well-formed sequence (Unicode, table 3-7) is MT_UTF8_BAD, alone. */
uint32_t mt_utf8_next(struct mt_span s, size_t *at);
/* Appends s with U+FFFD for each byte that is no UTF-8; NUL stays. */
void mt_utf8_clean(struct mt_buf *buf, struct mt_span s);
/* Whether s is well-formed as it is. */
bool mt_utf8_valid(struct mt_span s);

#endif
