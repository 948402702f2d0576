/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to settings: libconfuse is here and nowhere else. */
#ifndef MT_CONFIG_PARSE_H
#define MT_CONFIG_PARSE_H

#include "lib/config/prepass.h"

/* "name = value", "name += { value, value }". */
struct mt_setting {
	const char *name;
	bool add;			/* += */
	struct mt_place place;
	struct mt_values values;
};

/* A section that was opened, in the order of the file; the keys outside of any section
 * are one with an empty kind.  Blocks within one stand behind it, in their order. */
struct mt_block {
	const char *kind;		/* "", "dns", "rule" ... */
	struct mt_span title;		/* of a rule, a list ...; absent: it has none */
	struct mt_place place;
	struct mt_setting *setting;
	size_t count, room;
};

struct mt_settings {
	struct mt_block *block;
	size_t count, room;
};

/* Reads the source.  Names that are not known, and what is written wrongly, are told to
 * source->errors; the rest is there in any case. */
void mt_parse(struct mt_settings *settings, struct mt_source *source);

#endif
