/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a recipient is ours to take mail for, or would be relayed to. */
#ifndef MT_CORE_RECIPIENT_H
#define MT_CORE_RECIPIENT_H

#include "lib/core/trust.h"

/* What the MTA's words for where it takes a recipient's mail come to: inside, outside, or
 * unknown where they settle nothing. */
enum mt_result mt_recipient_told(const struct mt_route *route);

/* The same of an address (without brackets), by what the administrator says of its domain and
 * what the MTA told. */
enum mt_result mt_recipient_judge(struct mt_span address, const struct mt_trust *trust, enum mt_result told);

#endif
