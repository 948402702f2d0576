/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows bytes; knows nothing of mail. */
#include "lib/base/span.h"

bool
mt_span_equal(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool
same_folded(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (mt_lower(a[i]) != mt_lower(b[i]))
			return false;
	return true;
}

static bool
same_four(const char *a, const char *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x == y || same_folded(a, b, sizeof x);
}

static bool
same_eight(const char *a, const char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x == y || same_folded(a, b, sizeof x);
}

/* Eight by eight, and some of the last twice where they do not come out even. */
bool
mt_same_bytes(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	if (len < 8)
		return len < 4 ? same_folded(a, b, len) : same_four(a, b) && same_four(a + len - 4, b + len - 4);
	for (; len - at > 8; at += 8)
		if (!same_eight(a + at, b + at))
			return false;
	return same_eight(a + len - 8, b + len - 8);
}

bool
mt_span_same(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && mt_same_bytes(a.ptr, b.ptr, a.len);
}

bool
mt_span_same_text(struct mt_span a, const char *b)
{
	return mt_span_same(a, mt_span_text(b));
}

bool
mt_span_starts(struct mt_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && mt_same_bytes(s.ptr, prefix, len);
}

bool
mt_span_ends(struct mt_span s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len && mt_same_bytes(s.ptr + (s.len - len), suffix, len);
}

const char *
mt_span_find(struct mt_span s, const char *needle)
{
	size_t len = strlen(needle);
	char first = mt_lower(needle[0]);

	for (size_t i = 0; i + len <= s.len; i++)
		if (len == 0 || (mt_lower(s.ptr[i]) == first && same_folded(s.ptr + i, needle, len)))
			return s.ptr + i;
	return NULL;
}

struct mt_span
mt_span_trim(struct mt_span s)
{
	while (s.len > 0 && mt_is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && mt_is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
mt_span_match(struct mt_span s, struct mt_span pattern)
{
	size_t i = 0, p = 0, star = SIZE_MAX, from = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.len && mt_lower(pattern.ptr[p]) == mt_lower(s.ptr[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}
