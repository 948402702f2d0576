/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of a message as DKIM hashes it: each field whole, line ends as CRLF. */
#ifndef MT_CORE_DKIM_FIELDS_H
#define MT_CORE_DKIM_FIELDS_H

#include "lib/base/arena.h"
#include "lib/base/span.h"

struct mt_dkim_kept {
	struct mt_dkim_kept *above, *below;
	struct mt_span text;		/* "Name: value", no line end behind it; a NUL stands there */
	struct mt_span name, value;	/* parts of it */
	void *of;			/* the caller's */
	bool covered;			/* the caller's */
};

struct mt_dkim_fields {
	struct mt_arena *arena;
	struct mt_dkim_kept *top, *bottom;
	size_t bytes;			/* of all, kept or not, with what each costs beside its own */
	size_t most;
	bool no_memory;
};

/* The fields live in the arena. */
void mt_dkim_fields_begin(struct mt_dkim_fields *fields, struct mt_arena *arena, size_t most);

/* Cuts off what may stand around a name and the line end behind a value.  False: this is
 * no field name (RFC 5322, 2.2), so no h= can name it and no hash covers it. */
bool mt_dkim_fields_trim(struct mt_span head, struct mt_span *name, struct mt_span *value);

/* Keeps a copy of the next field from the top; head: the text in front of the colon, value:
 * that behind it, both as they came.  NULL: beyond the bound, or no memory. */
struct mt_dkim_kept *mt_dkim_fields_keep(struct mt_dkim_fields *fields, struct mt_span head, struct mt_span value);

static inline bool
mt_dkim_fields_full(const struct mt_dkim_fields *fields)
{
	return fields->bytes > fields->most;
}

#endif
