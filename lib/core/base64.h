/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 as signatures and keys have it (RFC 6376, 2.10; RFC 4648, 4). */
#ifndef MT_CORE_BASE64_H
#define MT_CORE_BASE64_H

#include "lib/base/span.h"

/* White space is left out, padding must be there.  False: it is none, or it does not fit
 * into room bytes. */
bool mt_base64_read(uint8_t *out, size_t room, size_t *len, struct mt_span text);
/* Whether it is base64 of something; *len: of how many bytes. */
bool mt_base64_check(size_t *len, struct mt_span text);

#endif
