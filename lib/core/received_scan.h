/* SPDX-License-Identifier: BSD-2-Clause */
/* A Received field cut into clauses and comments: private to the reader of Received. */
#ifndef MT_CORE_RECEIVED_SCAN_H
#define MT_CORE_RECEIVED_SCAN_H

#include "lib/base/span.h"

#define MT_SCAN_WORDS 4			/* first words of a clause that are kept one by one */
#define MT_SCAN_COMMENTS 24		/* comments kept; later ones are passed over */

/* The clauses of RFC 5321, 4.4, and what stands beside them. */
enum mt_clause {
	MT_CLAUSE_HEAD,			/* before the first keyword */
	MT_CLAUSE_FROM, MT_CLAUSE_BY, MT_CLAUSE_VIA, MT_CLAUSE_WITH, MT_CLAUSE_ID, MT_CLAUSE_FOR,
	MT_CLAUSE_TLS,			/* "tls CIPHER" (Exim 4.93 and later) */
	MT_CLAUSE_SENDER,		/* a second "from" (XMail, Domino) */
	MT_CLAUSE_OTHER,		/* a clause that was there already, or says nothing */
	MT_CLAUSE_DATE,			/* to the end of the field */
	MT_CLAUSES
};

struct mt_clause_text {
	bool seen;
	bool closed;			/* a comment came: later words are no part of the value */
	unsigned nwords;		/* words of the value, also those not kept */
	struct mt_span words[MT_SCAN_WORDS];
	struct mt_span last;		/* the last word of the value */
};

struct mt_comment {
	enum mt_clause clause;		/* in which it stands */
	bool client;			/* it described the client (received_peer.c) */
	bool folded;			/* a line end or tab may stand in it */
	struct mt_span text;		/* without its parentheses */
};

/* Spans point into the field; words and last hold what nwords counts.  A value runs from its
 * first word to its last one and may hold folds; words hold no white space but inside quotes,
 * angles and brackets. */
struct mt_scan {
	struct mt_clause_text clause[MT_CLAUSES];
	struct mt_comment comments[MT_SCAN_COMMENTS];
	size_t ncomments;
	struct mt_span claimed;		/* of from: the name behind "claiming to be" */
	struct mt_span tail;		/* of from: a word "[...]" behind a comment */
	struct mt_span date;		/* what stands for the date; absent: nothing does */
	bool spaced;			/* a value may hold white space */
};

/* One pass over any bytes. */
void mt_received_scan(struct mt_scan *scan, struct mt_span field);

/* From the first word of a clause to its last; absent for none. */
struct mt_span mt_scan_value(const struct mt_clause_text *clause);
/* The next white space in p..end that is not one space between other bytes, or end. */
const char *mt_scan_fold(const char *p, const char *end);

/* Text of a table with its length, for tables that are searched for every field. */
struct mt_literal {
	const char *text;
	size_t len;
};
#define MT_LITERAL(text) { text, sizeof(text) - 1 }

/* The bits of four bytes but those in which the cases of a letter differ. */
static inline uint32_t
mt_four(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof x);
	return x & ~UINT32_C(0x20202020);
}

/* s begins with the text, without regard to case; inline, so that a constant text costs
 * no more than its first bytes where it does not fit.  Texts of a table begin alike more
 * often than they end alike. */
static inline bool
mt_begins(struct mt_span s, const char *text, size_t len)
{
	if (s.len < len || (len < 4 ? mt_lower(s.ptr[0]) != mt_lower(text[0]) :
	    mt_four(s.ptr) != mt_four(text) || mt_four(s.ptr + len - 4) != mt_four(text + len - 4)))
		return false;
	return mt_same_bytes(s.ptr, text, len);
}
#define MT_BEGINS(s, literal) mt_begins((s), (literal), sizeof(literal) - 1)
#define MT_IS(s, literal) ((s).len == sizeof(literal) - 1 && MT_BEGINS(s, literal))
#define MT_ENDS(s, literal) mt_ends((s), (literal), sizeof(literal) - 1)

static inline bool
mt_ends(struct mt_span s, const char *text, size_t len)
{
	return s.len >= len && mt_begins((struct mt_span){ s.ptr + (s.len - len), len }, text, len);
}

static inline bool
mt_literal_begins(struct mt_span s, const struct mt_literal *literal)
{
	return mt_begins(s, literal->text, literal->len);
}

static inline bool
mt_literal_is(struct mt_span s, const struct mt_literal *literal)
{
	return s.len == literal->len && mt_literal_begins(s, literal);
}

/* The next word of a text, which is shortened by it; absent at its end. */
struct mt_span mt_scan_word(struct mt_span *text);

#endif
