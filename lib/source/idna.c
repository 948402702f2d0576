/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows libidn2; nobody else does.  Built without it there are no tables, and whoever asks
 * says that such a name cannot be looked at. */
#include "lib/source/idna.h"

#ifdef HAVE_IDN2
#include <idn2.h>

/* UTS 46 without the transitional mapping: as browsers and mail programs do, so that what
 * a person sees as our name is our name (full-width letters and dots among them). */
static bool
ascii(const struct mt_idna *self, struct mt_span name, char out[MT_NAME_TEXT])
{
	char text[MT_IDNA_MOST + 1], *found = NULL;
	bool good = false;

	(void)self;
	if (name.len > MT_IDNA_MOST)
		return false;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	if (idn2_to_ascii_8z(text, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		good = mt_name_normal(mt_span_text(found), out);
	idn2_free(found);
	return good;
}

static const struct mt_idna tables = { ascii };

const struct mt_idna *
mt_idna_tables(void)
{
	return &tables;
}

#else

const struct mt_idna *
mt_idna_tables(void)
{
	return NULL;
}

#endif
