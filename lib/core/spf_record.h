/* SPDX-License-Identifier: BSD-2-Clause */
/* SPF records as they are written (RFC 7208, 12).  Nothing is copied or allocated. */
#ifndef MT_CORE_SPF_RECORD_H
#define MT_CORE_SPF_RECORD_H

#include "lib/core/answer.h"

enum mt_spf_kind {
	MT_SPF_ALL, MT_SPF_INCLUDE, MT_SPF_A, MT_SPF_MX, MT_SPF_PTR, MT_SPF_IP4, MT_SPF_IP6, MT_SPF_EXISTS,
	MT_SPF_REDIRECT, MT_SPF_EXP, MT_SPF_OTHER	/* modifiers; the last: any other name */
};

struct mt_spf_term {
	enum mt_spf_kind kind;
	enum mt_result result;		/* of a mechanism that matches: pass fail softfail neutral */
	struct mt_span text;		/* the whole term, as written */
	struct mt_span domain;		/* domain-spec; absent: none was written */
	uint8_t network[16];		/* ip4, ip6; an IPv4-mapped one stays IPv6 (5) */
	uint8_t bits4, bits6;		/* prefix lengths; without one all bits */
	const char *why;		/* one sentence: it is not by the grammar; NULL: it is */
};

struct mt_spf_record {
	struct mt_span terms;		/* what stands behind the version */
	bool all;			/* a mechanism `all` is among them: redirect is not used (6.1) */
	struct mt_spf_term redirect;	/* text absent: none */
	struct mt_spf_term bad;		/* text absent: none; else why says what is wrong */
};

/* 4.5: begins with the version, and that ends there. */
bool mt_spf_record_is(struct mt_span text);
/* How many SPF records there are in an answer of TXT; *text is the first. */
size_t mt_spf_record_select(const struct mt_answer *txt, struct mt_span *text);
/* Reads a record, all of it: an error anywhere makes it none that can be used (4.6).
 * false: record->bad says why. */
bool mt_spf_record_read(struct mt_spf_record *record, struct mt_span text);
/* Takes the next term off *rest, in the order of the record; false: there is none. */
bool mt_spf_record_next(struct mt_span *rest, struct mt_spf_term *term);

static inline bool
mt_spf_is_mechanism(enum mt_spf_kind kind)
{
	return kind < MT_SPF_REDIRECT;
}

/* Asks DNS when it is evaluated (4.6.4). */
static inline bool
mt_spf_asks(enum mt_spf_kind kind)
{
	return kind != MT_SPF_ALL && kind != MT_SPF_IP4 && kind != MT_SPF_IP6 && kind <= MT_SPF_REDIRECT;
}

#endif
