/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointer and length: how text from outside travels.  All functions take any byte. */
#ifndef MT_BASE_SPAN_H
#define MT_BASE_SPAN_H

#include <string.h>

#include "lib/mailtrace.h"

/* A span over a string literal. */
#define MT_SPAN(literal) ((struct mt_span){ (literal), sizeof(literal) - 1 })
#define MT_ABSENT ((struct mt_span){ NULL, 0 })
/* For printf's "%.*s". */
#define MT_SPAN_ARG(s) ((int)(s).len), ((s).ptr == NULL ? "" : (s).ptr)

/* A C string (or NULL) as a span. */
static inline struct mt_span
mt_span_text(const char *text)
{
	return (struct mt_span){ text, text == NULL ? 0 : strlen(text) };
}

/* From..end, where end is behind the last byte. */
static inline struct mt_span
mt_span_between(const char *from, const char *end)
{
	return (struct mt_span){ from, (size_t)(end - from) };
}

static inline bool
mt_span_empty(struct mt_span s)
{
	return s.len == 0;
}

/* ASCII letters only: the same in every locale. */
static inline char
mt_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool
mt_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
mt_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* White space of RFC 5322 including folds. */
static inline bool
mt_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first len bytes of both are the same without regard to ASCII case. */
bool mt_same_bytes(const char *a, const char *b, size_t len);

bool mt_span_equal(struct mt_span a, struct mt_span b);
/* The same without regard to ASCII case. */
bool mt_span_same(struct mt_span a, struct mt_span b);
bool mt_span_same_text(struct mt_span a, const char *b);
/* Begins with prefix, without regard to ASCII case. */
bool mt_span_starts(struct mt_span s, const char *prefix);
bool mt_span_ends(struct mt_span s, const char *suffix);
/* Where needle stands in s without regard to ASCII case, or NULL. */
const char *mt_span_find(struct mt_span s, const char *needle);
/* Without white space at both ends. */
struct mt_span mt_span_trim(struct mt_span s);
/* Matches a pattern in which '*' stands for any run of bytes, without regard to ASCII
 * case.  Linear in the length of s times the number of stars. */
bool mt_span_match(struct mt_span s, struct mt_span pattern);

#endif
