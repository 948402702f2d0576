/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in the letters of other scripts (RFC 5890): how core gets the one spelling that can
 * be compared and asked about, without knowing the tables. */
#ifndef MT_CORE_IDNA_H
#define MT_CORE_IDNA_H

#include "lib/base/name.h"

/* Longest name in UTF-8 that is looked at: every letter of MT_NAME_TEXT in four bytes. */
#define MT_IDNA_MOST 1016

/* Any number of threads may ask at once. */
struct mt_idna {
	/* The A-label form of a name that holds bytes over 127: lower case, no final dot, with
	 * a NUL; false: it is no name. */
	bool (*ascii)(const struct mt_idna *self, struct mt_span name, char out[MT_NAME_TEXT]);
};

/* Holds a byte that is not ASCII. */
bool mt_idna_needed(struct mt_span name);
/* Lower case, A-labels, no final dot; false for what is no name, and for what needs idna
 * where that is NULL. */
bool mt_idna_normal(const struct mt_idna *idna, struct mt_span name, char out[MT_NAME_TEXT]);

#endif
