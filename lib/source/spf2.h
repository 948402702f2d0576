/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libspf2 as a second judge: it evaluates what our own evaluation came down to
 * (mt_spf_policy, core/spf.h), and says whether it comes to the same result.
 *
 * It sees no byte of a stranger: a record of addresses, prefix lengths and qualifiers, in
 * a form that it reads as RFC 7208 does, below a name of ours, and for the client's address.
 * Where it differs our result stands; how often it does is counted.
 */
#ifndef MT_SOURCE_SPF2_H
#define MT_SOURCE_SPF2_H

#include "lib/core/spf.h"

struct mt_spf2;

struct mt_spf2_counts {
	uint64_t asked, differed;
};

/* NULL: built without it, or no memory. */
struct mt_spf2 *mt_spf2_open(void);
void mt_spf2_close(struct mt_spf2 *spf2);

/* Whether the library comes to `result` (pass, fail, softfail or neutral) for this client.
 * True also where it is not asked: spf2 is NULL, the client is of loopback, which it lets
 * pass whatever is written, or there is no memory.  From any thread. */
bool mt_spf2_agrees(struct mt_spf2 *spf2, const struct mt_spf_policy *policy, const struct mt_ip *client,
    enum mt_result result);
struct mt_spf2_counts mt_spf2_counts(const struct mt_spf2 *spf2);

#endif
