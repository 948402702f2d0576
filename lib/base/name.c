/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the syntax of names; resolves nothing. */
#include "lib/base/name.h"

struct mt_span
mt_name_strip(struct mt_span name)
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	return name;
}

bool
mt_name_askable(struct mt_span name)
{
	size_t label = 0;

	name = mt_name_strip(name);
	if (name.len == 0 || name.len > 253)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (c == '\\' && name.len - i >= 4 && memcmp(name.ptr + i, "\\032", 4) == 0)
			i += 3;
		else if (c < 33 || c > 126 || c == '\\')
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63 || (c == '.' && (i == 0 || name.ptr[i - 1] == '.')))
			return false;
	}
	return name.ptr[name.len - 1] != '.';
}

/* Letters, digits, hyphens inside; reports whether all are digits. */
static bool
host_label(struct mt_span label, bool *digits)
{
	*digits = true;
	if (label.len == 0 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];

		if (!mt_is_digit(c))
			*digits = false;
		if (!mt_is_digit(c) && !mt_is_alpha(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool
mt_name_host(struct mt_span name)
{
	bool digits = false;
	size_t from = 0;

	name = mt_name_strip(name);
	if (!mt_name_askable(name))
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '.')
			continue;
		if (!host_label((struct mt_span){ name.ptr + from, i - from }, &digits))
			return false;
		from = i + 1;
	}
	return !digits;
}

bool
mt_name_qualified(struct mt_span name)
{
	name = mt_name_strip(name);
	return name.len > 0 && memchr(name.ptr, '.', name.len) != NULL;
}

bool
mt_name_same(struct mt_span a, struct mt_span b)
{
	return mt_span_same(mt_name_strip(a), mt_name_strip(b));
}

bool
mt_name_below(struct mt_span child, struct mt_span name)
{
	child = mt_name_strip(child);
	name = mt_name_strip(name);
	if (name.len == 0 || child.len < name.len)
		return false;
	if (child.len > name.len && child.ptr[child.len - name.len - 1] != '.')
		return false;
	return mt_span_same((struct mt_span){ child.ptr + (child.len - name.len), name.len }, name);
}

bool
mt_name_normal(struct mt_span name, char out[MT_NAME_TEXT])
{
	name = mt_name_strip(name);
	if (!mt_name_askable(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		out[i] = mt_lower(name.ptr[i]);
	out[name.len] = '\0';
	return true;
}
