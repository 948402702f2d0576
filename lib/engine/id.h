/* SPDX-License-Identifier: BSD-2-Clause */
/* The id of a trace: 26 letters of time and chance (ULID, Crockford's base 32). */
#ifndef MT_ENGINE_ID_H
#define MT_ENGINE_ID_H

#include <stdint.h>

/* Writes 26 letters and a NUL: 48 bits of Unix milliseconds, then 80 random bits, so that
 * ids sort by time and cannot be guessed.  Any thread. */
void mt_id_make(char out[27], int64_t unix_msec);

#endif
