/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SPF (RFC 7208): whether a domain lets this client send in its name.
 *
 * Questions go through core/ask.h.  The limits of 4.6.4 hold for the whole evaluation,
 * whatever is included.  An explanation (6.2) is read for its syntax and never fetched.
 */
#ifndef MT_CORE_SPF_H
#define MT_CORE_SPF_H

#include "lib/base/arena.h"
#include "lib/core/ask.h"

#define MT_SPF_LOOKUPS 10		/* terms that ask DNS */
#define MT_SPF_VOIDS 2			/* of them, those that find nothing */
#define MT_SPF_NAMES 10			/* of an MX or PTR answer */

struct mt_spf_query {
	struct mt_ip client;
	struct mt_span helo;
	struct mt_span sender;		/* mailbox without <>; empty: postmaster@helo is judged (2.4) */
};

/*
 * MT_UNKNOWN: an answer is still out, ask again when one has come in.  Else *out is
 * filled, its texts in the arena (absent when that is full), and its result returned:
 *
 *	skipped		the client or the name is not known (no-input), or nobody is asked (offline)
 *	none		no domain that could have a record, or no record
 *	temperror	an answer that is none, with its cause.  A bound of ours on questions
 *			(limit) is one too: it says nothing of the domain.
 *
 * A `ptr` that could not be asked does not match (5.5), and %{p} is "unknown" then (7.3);
 * but what is no pass may rest on that, and is a temperror here, since nothing temporary
 * may lead to a rejection.
 */
enum mt_result mt_spf_check(struct mt_spf *out, struct mt_arena *arena, struct mt_ask *ask,
    const struct mt_spf_query *query);

/* What the evaluation came down to: networks in the order in which the client was held
 * against them.  The last one, or `rest`, is what decided.  Those that did not match may be
 * left out. */
#define MT_SPF_POLICY_NETS 24
struct mt_spf_policy {
	size_t count;
	struct {
		enum mt_result result;	/* pass fail softfail neutral */
		struct mt_ip ip;
		uint8_t bits;		/* from 1 on */
	} nets[MT_SPF_POLICY_NETS];
	enum mt_result rest;		/* of every other client; MT_UNKNOWN: nothing is said of it */
};

/* The same evaluation again, for a second judge (source/spf2.h).  false: it came to no
 * pass, fail, softfail or neutral. */
bool mt_spf_policy(struct mt_spf_policy *policy, struct mt_ask *ask, const struct mt_spf_query *query);

/* What will be asked for next, once this answer of TXT is in: TXT of include and redirect,
 * MX, and addresses, where the record names them without macros; at most MT_SPF_LOOKUPS
 * calls, each name lent for the call.  address: MT_RR_A or MT_RR_AAAA, the client's family;
 * 0: not known, nothing is said of `a` then.  Pure, for any thread: resolver threads use it
 * to ask on.  Returns the number of calls. */
typedef void mt_spf_next_fn(void *ctx, struct mt_span name, enum mt_rrtype type);
size_t mt_spf_ahead(const struct mt_answer *txt, enum mt_rrtype address, mt_spf_next_fn *next, void *ctx);

#endif
