/* SPDX-License-Identifier: BSD-2-Clause */
/* What the client calls itself against what the name says (RFC 5321, 4.1.1.1, 4.1.4). */
#ifndef MT_CORE_HELO_H
#define MT_CORE_HELO_H

#include "lib/base/arena.h"
#include "lib/core/iprev.h"
#include "lib/core/trust.h"

#define MT_HELO_ADDRESSES 10		/* kept for the report, of each family */

struct mt_helo {
	struct mt_fact fact;
	struct mt_span name;		/* as given; absent: none was given */
	struct mt_span changed_from;	/* an earlier, different one without STARTTLS */
	bool asked;			/* A and AAAA were asked for */
	bool matched;			/* an address of the name is the client's */
	bool own_family;		/* the answer of the client's own family is in and sound */
	bool elsewhere;			/* a sound answer had addresses */
	enum mt_cause trouble;		/* of an answer that was none */
	unsigned answered;		/* of the two questions */
	uint32_t msec;
	unsigned naddresses;
	struct mt_ip addresses[2 * MT_HELO_ADDRESSES];
};

/* Begins with a name; settles at once what needs no DNS.  changed_from of an earlier
 * name is kept: it is the caller's to set.  Returns whether the name's addresses are to
 * be asked for (A and AAAA, then mt_helo_answer for each). */
bool mt_helo_begin(struct mt_helo *helo, struct mt_span name, const struct mt_ip *client,
    const struct mt_trust *trust);
void mt_helo_answer(struct mt_helo *helo, const struct mt_ip *client, enum mt_rrtype type,
    const struct mt_answer *answer);
/* Settles with what is there, in this order: pass (an address of the name is the client's,
 * or the name is one that leads back from it, RFC 8601, 3), temperror where the answer that
 * could have shown it is missing, mismatch (it has other addresses), unresolvable.  An
 * answer that is out of date may show a pass; else it is one that is missing.
 * last: nothing more will come. */
void mt_helo_judge(struct mt_helo *helo, const struct mt_iprev *iprev, bool last);
void mt_helo_skip(struct mt_helo *helo, enum mt_cause cause);
/* Whether both answers are in, and decide nothing for trouble that another asking may not meet. */
bool mt_helo_trouble(const struct mt_helo *helo);

#endif
