/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of one line in which somebody says where the message came from. */
#ifndef MT_CORE_CLAIMS_H
#define MT_CORE_CLAIMS_H

#include "lib/base/span.h"

struct mt_trace;

/* Reads the address out of a field such as X-Originating-IP.  Returns false for any other
 * field and for one that holds no address within its first bytes. */
bool mt_claims_read(struct mt_claim *claim, struct mt_span name, struct mt_span value);
/* The same, and keeps it in trace->claims as long as there is room. */
void mt_claims_take(struct mt_trace *trace, struct mt_span name, struct mt_span value);

#endif
