/* SPDX-License-Identifier: BSD-2-Clause */
/* PTR names and whether one leads back to the address (RFC 8601, 3). */
#ifndef MT_CORE_IPREV_H
#define MT_CORE_IPREV_H

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/core/answer.h"

#define MT_PTR_NAMES 10			/* RFC 8601, 3, wants a bound */

struct mt_ptr_name {
	struct mt_span name;
	bool asked;			/* a question was made of it */
	bool answered;
	bool authentic;			/* the answer was, by a resolver that is trusted for it */
	enum mt_result forward;		/* pass, fail (other addresses), none, temperror */
	enum mt_cause cause;
};

struct mt_iprev {
	struct mt_fact ptr, iprev;
	bool cut;			/* there were more names than MT_PTR_NAMES */
	bool authentic;			/* the PTR answer was */
	enum mt_cause stale;		/* not MT_CAUSE_NONE: the names are out of date, and why */
	unsigned nnames;
	struct mt_ptr_name *names;
};

/* The names of a PTR answer that are worth a question, at most MT_PTR_NAMES: indexes
 * into its records.  Pure: resolver threads use it to ask on. */
size_t mt_iprev_ask(const struct mt_answer *ptr, size_t index[MT_PTR_NAMES]);
/* The type of the question that leads a name back to this address. */
enum mt_rrtype mt_iprev_type(const struct mt_ip *client);

/* Takes in the PTR answer; names are copied into the arena.  Answers that are out of date
 * can show that a name leads back, and nothing else: all else is a temporary error. */
void mt_iprev_ptr(struct mt_iprev *iprev, struct mt_arena *arena, const struct mt_answer *answer);
/* Takes in the answer for the question about the record of that index in the PTR answer. */
void mt_iprev_forward(struct mt_iprev *iprev, size_t index, const struct mt_ip *client,
    const struct mt_answer *answer);
/* Nobody was asked, or nobody answered until the deadline: what is open gets a word. */
void mt_iprev_skip(struct mt_iprev *iprev, enum mt_cause cause);
void mt_iprev_expire(struct mt_iprev *iprev);
/* Whether it ended in trouble that another asking may not meet. */
bool mt_iprev_trouble(const struct mt_iprev *iprev);
/* The first name that leads back, else the first name, else absent. */
struct mt_span mt_iprev_name(const struct mt_iprev *iprev);
/* Whether answers about names are still out, so that mt_iprev_name() may change. */
bool mt_iprev_open(const struct mt_iprev *iprev);
/* Whether some name could not be led back now, whatever the others do. */
bool mt_iprev_silent(const struct mt_iprev *iprev);
/* Whether a name leads back by answers that were authentic (RFC 4035, 4.9.3). */
bool mt_iprev_authentic(const struct mt_iprev *iprev);
/* Whether this name is one that leads back. */
bool mt_iprev_verified(const struct mt_iprev *iprev, struct mt_span name);

#endif
