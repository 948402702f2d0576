/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain-based Message Authentication (RFC 7489), read only: what the author's domain asks
 * for, and whether SPF or DKIM speak for it. */
#ifndef MT_CORE_DMARC_H
#define MT_CORE_DMARC_H

#include "lib/base/arena.h"
#include "lib/core/ask.h"
#include "lib/core/idna.h"
#include "lib/core/organization.h"

struct mt_dmarc_input {
	const struct mt_span *from;	/* the values of all From fields, as they stand */
	size_t nfrom;
	/* Of MAIL FROM; with a null sender, of the HELO name in its place (RFC 7208, 2.4).
	 * MT_UNKNOWN: not known yet.  MT_SKIPPED: nobody looked, although it might have passed;
	 * where there is no domain to look at it must be MT_NONE. */
	struct mt_spf spf;
	/* All signatures together: MT_UNKNOWN: there may come more, or one is still open;
	 * MT_SKIPPED: nobody looked.  The signatures count in either case. */
	struct mt_fact dkim;
	const struct mt_signature *signatures;
	unsigned nsignatures;
	const struct mt_organizations *organizations;	/* NULL: the guess */
	const struct mt_idna *idna;			/* NULL: none */
};

/* May be asked as soon as the header is complete, before SPF and DKIM are known: it then
 * asks for the record, and says MT_UNKNOWN (in out->result too) until all is there.  The
 * texts of out are the arena's or static.
 *
 * permerror: the From field is missing, doubled, cannot be read or bears several domains, or
 * the record has no policy that can be read.  none: the author has no domain, or the domain
 * no record.  skipped: what would decide was not looked at.  A fail rests on nothing that is
 * temporary or unknown. */
enum mt_result mt_dmarc_check(struct mt_dmarc *out, struct mt_arena *arena, struct mt_ask *ask,
    const struct mt_dmarc_input *input);

/* The author's domain alone, for others; absent where there is no single one.  Asks nobody. */
struct mt_span mt_dmarc_author(struct mt_arena *arena, const struct mt_dmarc_input *input);

/* One TXT record (RFC 7489, 6.3). */
struct mt_dmarc_record {
	const char *policy;		/* p=; static; NULL: not there or no policy */
	const char *subdomains;		/* sp=; NULL: not there; what cannot be read is NULL and broken */
	bool strict_dkim, strict_spf;	/* adkim=s, aspf=s */
	bool reports;			/* rua= holds something like an URI */
	bool broken;			/* no policy, and nobody to tell (RFC 7489, 6.6.3, step 6) */
};

/* False: it is none of DMARC, or of another version.  Total and linear. */
bool mt_dmarc_record_read(struct mt_dmarc_record *record, struct mt_span text);

#endif
