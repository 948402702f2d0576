/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows when a name needs another spelling; the tables are behind the interface. */
#include "lib/core/idna.h"

bool
mt_idna_needed(struct mt_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] > 127)
			return true;
	return false;
}

bool
mt_idna_normal(const struct mt_idna *idna, struct mt_span name, char out[MT_NAME_TEXT])
{
	name = mt_name_strip(name);
	if (!mt_idna_needed(name))
		return mt_name_normal(name, out);
	/* A NUL would end it early for whoever takes C strings: another name than it is here. */
	if (idna == NULL || name.len > MT_IDNA_MOST || memchr(name.ptr, '\0', name.len) != NULL)
		return false;
	return idna->ascii(idna, name, out) && mt_name_askable(mt_span_text(out));
}
