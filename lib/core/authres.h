/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results (RFC 8601): whose a field is. */
#ifndef MT_CORE_AUTHRES_H
#define MT_CORE_AUTHRES_H

#include "lib/base/span.h"
#include "lib/core/trust.h"

/* Whether a field that came from outside must go (RFC 8601, 5): it bears our own id, or
 * one that cannot be read, or a version that is not 1. */
bool mt_authres_foreign(struct mt_span value, const struct mt_trust *trust);
/* Whether a field of that name is ours alone to write: X-Trace-*. */
bool mt_authres_own_name(struct mt_span name);

#endif
