/* SPDX-License-Identifier: BSD-2-Clause */
/* White space with comments, quoted strings and tokens of structured fields (RFC 5322, 3.2;
 * RFC 2045, 5.1).  Total and linear; *at is where to begin, and then where it ended. */
#ifndef MT_CORE_CFWS_H
#define MT_CORE_CFWS_H

#include "lib/base/span.h"

/* Goes behind the comment that begins here, and all that are in it.  False: it does not end,
 * and *at is the end. */
bool mt_cfws_comment(struct mt_span s, size_t *at);
/* Goes behind white space and comments.  False: a comment does not end, and *at is the end. */
bool mt_cfws_skip(struct mt_span s, size_t *at);
/* Goes behind what begins with the character here and ends with `end`: '"', or ']' of a
 * literal.  False: it does not end, and *at is the end. */
bool mt_cfws_quoted(struct mt_span s, size_t *at, char end);
/* The text of a quoted string of which inside is between the quotes: without the backslashes
 * of pairs and the line ends of folds.  False: it is longer than most; no NUL is added. */
bool mt_cfws_unquote(char *text, size_t most, size_t *len, struct mt_span inside);

/* Whether a character stands in a token; those of other scripts do (RFC 8601, 2.2). */
bool mt_cfws_in_token(char c);
/* Whether s can stand without quotes for any reader: a token in ASCII. */
bool mt_cfws_token(struct mt_span s);

#endif
