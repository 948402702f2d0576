/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names as they stand in mail and DNS. */
#ifndef MT_BASE_NAME_H
#define MT_BASE_NAME_H

#include "lib/base/span.h"

/* Longest name in text form without a final dot (RFC 1035, 2.3.4), and a NUL. */
#define MT_NAME_TEXT 254

/* Without a final dot. */
struct mt_span mt_name_strip(struct mt_span name);
/* Can stand in a question: 1-253 bytes, labels of 1-63 bytes, printable ASCII.  Of the
 * escapes of RFC 1035, 5.1, only that of a space may occur, \032: SPF records make names
 * with it (RFC 7208, 7.1, "%_"). */
bool mt_name_askable(struct mt_span name);
/* A host name: letters, digits, hyphens (and underscores, which occur), not a hyphen at
 * an end of a label, last label not all digits (RFC 1123, 2.1; RFC 5321, 2.3.5). */
bool mt_name_host(struct mt_span name);
/* Has at least two labels. */
bool mt_name_qualified(struct mt_span name);
/* Equal without regard to case and final dot. */
bool mt_name_same(struct mt_span a, struct mt_span b);
/* child is name or lies below it. */
bool mt_name_below(struct mt_span child, struct mt_span name);
/* Lower case, without a final dot; false when it does not fit or is not askable. */
bool mt_name_normal(struct mt_span name, char out[MT_NAME_TEXT]);

#endif
