/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields of an incoming header are to be taken out: copies of ours that a stranger
 * wrote.  Memory of its own, a few bits a field, so that no header is long enough to keep
 * one of them; and, for who asks, copies of the first few that go. */
#ifndef MT_ENGINE_STRIPS_H
#define MT_ENGINE_STRIPS_H

#include "lib/base/span.h"

#define MT_STRIPS_COPIES 8		/* of fields that go */
#define MT_STRIPS_COPY_BYTES 2048	/* of one of them */

struct mt_strips;

/* NULL: no memory.  All calls take NULL, and then note nothing. */
struct mt_strips *mt_strips_new(void);
void mt_strips_free(struct mt_strips *strips);
/* The next Authentication-Results field, and whether it goes. */
void mt_strips_authres(struct mt_strips *strips, bool goes);
/* Keeps a copy of the field that was last told to mt_strips_authres(), which goes; beyond
 * the bounds, or without memory, there is less of it or none. */
void mt_strips_copy(struct mt_strips *strips, struct mt_span value);
/* Copy i, in the order of the header; absent past the last.  index: the how-manieth field of
 * its name it was; cut: it was longer. */
struct mt_span mt_strips_copied(const struct mt_strips *strips, size_t i, unsigned *index, bool *cut);
/* The next field of a name that is ours (X-Trace-*): it goes. */
void mt_strips_own(struct mt_strips *strips, struct mt_span name);
/* How many go, and whether all that should are among them. */
size_t mt_strips_count(const struct mt_strips *strips);
bool mt_strips_complete(const struct mt_strips *strips);
/* Writes at most `room` deletions, for each name the highest index first; returns how many.
 * The names live as long as the strips. */
size_t mt_strips_edits(const struct mt_strips *strips, struct mt_edit *edits, size_t room);

#endif
