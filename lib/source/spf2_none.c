/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of spf2.c where libspf2 is not wanted: there is no second judge. */
#include "lib/source/spf2.h"

struct mt_spf2 *
mt_spf2_open(void)
{
	return NULL;
}

void
mt_spf2_close(struct mt_spf2 *spf2)
{
	(void)spf2;
}

bool
mt_spf2_agrees(struct mt_spf2 *spf2, const struct mt_spf_policy *policy, const struct mt_ip *client,
    enum mt_result result)
{
	(void)spf2, (void)policy, (void)client, (void)result;
	return true;
}

struct mt_spf2_counts
mt_spf2_counts(const struct mt_spf2 *spf2)
{
	(void)spf2;
	return (struct mt_spf2_counts){ 0 };
}
