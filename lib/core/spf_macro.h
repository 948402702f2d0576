/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros of SPF records (RFC 7208, 7).  What c, r and t stand for is not here: they are for
 * explanations alone (7.2), and those are never fetched.
 */
#ifndef MT_CORE_SPF_MACRO_H
#define MT_CORE_SPF_MACRO_H

#include "lib/base/name.h"

/* What the macro letters stand for.  Texts are as they came: any byte, any length. */
struct mt_spf_macros {
	struct mt_span sender;		/* s: local@of */
	struct mt_span local, of;	/* l, o: parts of it */
	struct mt_span domain;		/* d: whose record is being read */
	struct mt_span helo;		/* h */
	struct mt_span validated;	/* p: absent: not known (7.3: "unknown") */
	struct mt_ip client;		/* i, v */
};

/* A macro-string (12); c, r and t may occur. */
bool mt_spf_macro_string(struct mt_span text);
/* A domain-spec (12): ends in "." toplabel or in a macro; neither c, r nor t. */
bool mt_spf_macro_spec(struct mt_span text);
/* It is a name as it stands: no macro in it. */
bool mt_spf_macro_plain(struct mt_span spec);
/* It wants the validated name of the client: %{p}. */
bool mt_spf_macro_asks(struct mt_span spec);

/* The name that a domain-spec stands for, in the text form of questions: a space is
 * \032, no final dot.  A name over 253 bytes loses labels on the left (7.3).  false: it is
 * no name that can be asked for. */
bool mt_spf_macro_name(char out[MT_NAME_TEXT], const struct mt_spf_macros *macros, struct mt_span spec);

#endif
