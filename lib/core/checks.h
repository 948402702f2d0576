/* SPDX-License-Identifier: BSD-2-Clause */
/* What checks of the sender found, for one message. */
#ifndef MT_CORE_CHECKS_H
#define MT_CORE_CHECKS_H

#include "lib/mailtrace.h"

struct mt_checks {
	struct mt_spf spf_mailfrom, spf_helo;
	struct mt_signature *signatures;	/* in the order of the header from the top */
	unsigned nsignatures;
	struct mt_arc arc;
	struct mt_dmarc dmarc;
	struct mt_listing *listings;
	unsigned nlistings;
};

#endif
