/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that a provider gave to an address by a rule, and nobody chose for a server. */
#ifndef MT_CORE_GENERIC_H
#define MT_CORE_GENERIC_H

#include "lib/base/ip.h"
#include "lib/base/span.h"

enum mt_generic { MT_GENERIC_NO, MT_GENERIC_ADDRESS, MT_GENERIC_WORD };

/* Whether the name of an address bears that address (at least two of its bytes in a row, in
 * either order, decimal or hexadecimal) or a word for lines of customers (pool, dynamic, dsl
 * ...); never one that says it is a fixed or a business line, or a mail server. */
enum mt_generic mt_generic_name(struct mt_span name, const struct mt_ip *ip);

#endif
