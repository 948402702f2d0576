/* SPDX-License-Identifier: BSD-2-Clause */
/* A finished answer of DNS: counted, never changed once made, shared between threads. */
#ifndef MT_CORE_ANSWER_H
#define MT_CORE_ANSWER_H

#include <stdatomic.h>

#include "lib/base/span.h"

/* Most records that are kept of one answer, and most bytes of text in it.  Addresses are
 * small, and the one that counts may be the last of many. */
#define MT_ANSWER_RECORDS 64
#define MT_ANSWER_ADDRESSES 512		/* of A and AAAA */
#define MT_ANSWER_TEXT (16u * 1024u)

struct mt_record {
	struct mt_ip ip;		/* A, AAAA */
	uint16_t preference;		/* MX */
	struct mt_span text;		/* PTR, CNAME, MX: a name without final dot, escapes
					 * \DDD and \. of RFC 1035, 5.1, lower case as sent;
					 * TXT: the strings joined.  A NUL stands behind it. */
};

struct mt_answer {
	atomic_uint refs;
	enum mt_cause cause;		/* MT_CAUSE_NONE: there are records */
	bool authentic;			/* AD bit, from a resolver that is trusted for it */
	bool cut;			/* there were more records than are kept; of texts: more that say
					 * a version */
	enum mt_cause stale;		/* not MT_CAUSE_NONE: it is out of date, and this is why
					 * there is no newer one (RFC 8767).  It may excuse and
					 * must not accuse; PTR, what its names lead to, and HELO
					 * make use of it, for all others there is the trouble. */
	uint32_t ttl_sec;		/* how long it may be kept (RFC 2308 for negative ones) */
	uint32_t msec;			/* from question to answer */
	size_t nrecords;
	struct mt_record *records;	/* in the same allocation */
};

/* Builder: one allocation for all.  text_bytes includes a NUL for each text. */
struct mt_answer *mt_answer_new(enum mt_cause cause, size_t nrecords, size_t text_bytes);
/* Copies text (and its NUL) into the answer's own storage for record i; text_bytes of
 * mt_answer_new() bound the sum, and records are filled in order. */
void mt_answer_set_text(struct mt_answer *answer, size_t i, struct mt_span text);
/* The same once more, marked as out of date; NULL: no memory. */
struct mt_answer *mt_answer_stale(const struct mt_answer *answer, enum mt_cause why);
/* For a judge that takes no account of age: the answer itself, or the trouble in place of
 * one that is out of date. */
const struct mt_answer *mt_answer_sound(const struct mt_answer *answer);
struct mt_answer *mt_answer_ref(struct mt_answer *answer);
void mt_answer_unref(struct mt_answer *answer);

/* Most records that are kept of an answer to this type. */
static inline size_t
mt_answer_most(enum mt_rrtype type)
{
	return type == MT_RR_A || type == MT_RR_AAAA ? MT_ANSWER_ADDRESSES : MT_ANSWER_RECORDS;
}

/* A text that says of itself what it is: "v=", in any case.  Where not all texts can be kept,
 * these are. */
static inline bool
mt_answer_version(struct mt_span text)
{
	return text.len >= 2 && mt_lower(text.ptr[0]) == 'v' && text.ptr[1] == '=';
}

/* There is nothing there (NXDOMAIN, NODATA): known, and not trouble. */
static inline bool
mt_cause_nothing(enum mt_cause c)
{
	return c == MT_CAUSE_NXDOMAIN || c == MT_CAUSE_NODATA;
}

#endif
