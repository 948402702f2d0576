/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that dies all at once: one arena for a connection, one for a message. */
#ifndef MT_BASE_ARENA_H
#define MT_BASE_ARENA_H

#include "lib/mailtrace.h"

struct mt_arena_chunk;

/* One thread at a time.  At the ceiling allocation fails and `full` stays set: the
 * trace says so and goes on with what it has. */
struct mt_arena {
	struct mt_arena_chunk *chunks;
	char *at, *end;
	size_t used, ceiling;		/* bytes taken from the heap, and the most */
	size_t first;			/* size of the first chunk; later ones double up to 64 KiB */
	bool full;
};

/* Prepares storage of the caller's; takes nothing from the heap yet. */
void mt_arena_init(struct mt_arena *arena, size_t first, size_t ceiling);
/* Frees everything that was allocated. */
void mt_arena_fini(struct mt_arena *arena);

/* Zeroed memory aligned for any type, or NULL at the ceiling. */
void *mt_arena_alloc(struct mt_arena *arena, size_t size);
/* Bytes without alignment and not zeroed. */
char *mt_arena_bytes(struct mt_arena *arena, size_t size);
/* Copies; the copy has a NUL behind it.  An absent span stays absent; NULL ptr with
 * len > 0 never comes back: at the ceiling the result is absent. */
struct mt_span mt_arena_copy(struct mt_arena *arena, struct mt_span from);
/* The same as a C string; NULL at the ceiling or for an absent span. */
char *mt_arena_text(struct mt_arena *arena, struct mt_span from);

#endif
