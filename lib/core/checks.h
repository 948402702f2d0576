/* SPDX-License-Identifier: BSD-2-Clause */
/* What was found out about the sender beyond name and address of the client. */
#ifndef MT_CORE_CHECKS_H
#define MT_CORE_CHECKS_H

#include "lib/core/dnsbl.h"

struct mt_checks {
	struct mt_spf spf_mailfrom, spf_helo;
	struct mt_signature *signatures;	/* in the order of the header */
	unsigned nsignatures;
	struct mt_fact dkim;			/* over all of them */
	struct mt_arc arc;
	struct mt_dmarc dmarc;
	struct mt_listings lists;
	struct mt_history history;
};

#endif
