/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results (RFC 8601): whose a field is, and what it says. */
#ifndef MT_CORE_AUTHRES_H
#define MT_CORE_AUTHRES_H

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/core/idna.h"
#include "lib/core/iprev.h"
#include "lib/core/trust.h"

/* ---- whose it is ---------------------------------------------------------------------- */

/* Whether a field that came from outside must go (RFC 8601, 5): it bears our own id, that
 * of a name of ours or below our id, one that cannot be read, or a version that is not 1.
 * Letters' case, A-labels and U-labels make no difference where there is idna; without it
 * (NULL) every id in another script goes. */
bool mt_authres_goes(struct mt_span value, const struct mt_trust *trust, const struct mt_idna *idna);
/* Whether a client may hand over fields with our id: one of our own networks, or one whose
 * verified name is in trust.relays.  To be asked when iprev has its last word: who could not
 * be verified is not spared. */
bool mt_authres_spared(const struct mt_trust *trust, const struct mt_ip *client, const struct mt_iprev *iprev);
/* Whether a field of that name is ours alone to write: X-Trace-*. */
bool mt_authres_own_name(struct mt_span name);

/* ---- what it says --------------------------------------------------------------------- */

#define MT_AUTHRES_RESULTS 64
#define MT_AUTHRES_PROPERTIES 256	/* of all results together */

struct mt_authres_property {
	struct mt_span ptype;		/* "smtp"; absent: there was none */
	struct mt_span name, value;
};

struct mt_authres_result {
	struct mt_span method;
	unsigned version;		/* 1 where none was written */
	enum mt_result result;		/* MT_UNKNOWN: a word that RFC 8601 does not know */
	struct mt_span word;		/* as it was written; may be empty */
	struct mt_span reason;		/* absent: none */
	const struct mt_authres_property *properties;
	unsigned nproperties;
};

struct mt_authres {
	struct mt_span authserv_id;	/* absent: none was written */
	unsigned version;		/* 1 where none was written */
	unsigned instance;		/* of ARC-Authentication-Results; 0: none */
	const struct mt_authres_result *results;
	unsigned nresults;
	bool none;			/* it says that nothing was checked */
	bool cut;			/* more than a bound, or no memory: there is more than is here */
	bool broken;			/* it cannot be read to its end; what stands before is here */
};

/* What stands before the first semicolon, lent as it is written. */
struct mt_authres_head {
	struct mt_span id;		/* absent: none was written */
	bool quoted;			/* it stood between quotes, and what is escaped in it is so still */
	struct mt_span version;		/* digits; absent: none was written */
};

/* Reads from *at up to the semicolon or the end.  False: it cannot be read.  Where a result
 * stands in its place it is absent, and *at is where the result begins. */
bool mt_authres_read_head(struct mt_authres_head *head, struct mt_span value, size_t *at);
/* Reads "i=1;" (RFC 8617, 4.1.1): the digits, lent.  False: it does not stand there. */
bool mt_authres_read_instance(struct mt_span *digits, struct mt_span value, size_t *at);

/* Reads a field, any bytes: total and linear.  Texts without comments; they are lent from
 * value where they stand there as they are, else the arena's.  Takes what is written in
 * place of RFC 8601 by others: no result behind a method, properties without a type, words
 * between them, an id that comes late or twice. */
void mt_authres_read(struct mt_authres *out, struct mt_arena *arena, struct mt_span value);
/* The same of ARC-Authentication-Results (RFC 8617, 4.1.1): "i=1;" stands before it. */
void mt_authres_read_sealed(struct mt_authres *out, struct mt_arena *arena, struct mt_span value);

#endif
