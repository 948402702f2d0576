/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of an evaluation share: spf.c reads records, spf_match.c holds one
 * mechanism against the client. */
#ifndef MT_CORE_SPF_RUN_H
#define MT_CORE_SPF_RUN_H

#include "lib/core/spf.h"
#include "lib/core/spf_macro.h"
#include "lib/core/spf_record.h"

enum mt_spf_hit { MT_SPF_MISS, MT_SPF_HIT, MT_SPF_WAIT, MT_SPF_TEMP, MT_SPF_PERM };

struct mt_spf_run {
	struct mt_ask *ask;
	struct mt_spf_macros macros;	/* domain: of the record being read */
	struct mt_spf_policy *policy;	/* NULL: nobody wants it */
	bool waiting;			/* an answer is out: from here on, only questions */
	unsigned lookups, voids;
	unsigned reserved;		/* look-ups that the terms behind an include have asked for already */
	bool inside;			/* of an include */
	enum mt_result outside;		/* what a pass in there counts for in the whole; MT_UNKNOWN: nothing */
	enum mt_cause cause;		/* of an MT_SPF_TEMP */
	enum mt_cause ptr_trouble;	/* of a PTR question or of its names (5.5) */
	struct mt_span term;		/* the one that decided */
	const char *why;		/* of an MT_SPF_PERM */
	uint32_t msec;
};

/* One record, and where its evaluation stands. */
struct mt_spf_level {
	struct mt_spf_record record;
	struct mt_span rest;		/* the terms behind the present one */
	struct mt_span domain;
	uint32_t msec;			/* when its answer had come */
};

/* check_host() (4) for a domain.  msec: when it could first be asked about.  MT_UNKNOWN: an
 * answer is out. */
enum mt_result mt_spf_check_host(struct mt_spf_run *run, struct mt_span domain, uint32_t msec);
/* The same for the target of include or redirect (5.2, 6.1): no record there, or no name, is
 * a permerror. */
enum mt_result mt_spf_check_target(struct mt_spf_run *run, const struct mt_spf_level *level,
    const struct mt_spf_term *term);
/* Whether a mechanism matches; asks for what it needs. */
enum mt_spf_hit mt_spf_match(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term);
/* What an answer is: MT_SPF_HIT means that there are records. */
enum mt_spf_hit mt_spf_outcome(struct mt_spf_run *run, const struct mt_answer *answer, uint32_t msec);

#endif
