/* SPDX-License-Identifier: BSD-2-Clause */
/* Header fields by which a message shows what kind of service passed it on.  Anybody can write
 * them: they excuse, and never accuse. */
#ifndef MT_CORE_MARKS_H
#define MT_CORE_MARKS_H

#include "lib/base/span.h"

/* The first field of each kind, by its usual name; NULL: there is none. */
struct mt_marks {
	const char *list;		/* of a mailing list (RFC 2369, 2919) */
	const char *service;		/* of one who sends for others */
	const char *forward;		/* of one who passes on for the recipient (RFC 5322, 3.6.6) */
};

void mt_marks_take(struct mt_marks *marks, struct mt_span name);
/* The sender's address was rewritten by a forwarder: SRS0=, SRS1= and their kin. */
bool mt_marks_rewritten(struct mt_span sender);

#endif
