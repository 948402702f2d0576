/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of closed sets to values; the other way is in mailtrace.h. */
#ifndef MT_BASE_WORDS_H
#define MT_BASE_WORDS_H

#include "lib/base/span.h"

/* The index of a word in a table of count words (exact case), or -1. */
int mt_word_find(const char *const *words, size_t count, struct mt_span word);
/* The value of a result's word, or MT_UNKNOWN for none (and for "unknown"). */
enum mt_result mt_result_find(struct mt_span word);
int mt_action_find(struct mt_span word);
/* Of several words the one that is the likeliest meant (edit distance up to 2, or 3 for
 * words over 8 bytes), or NULL. */
const char *mt_word_near(const char *const *words, size_t count, struct mt_span word);

#endif
