/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how memory is carved; knows nothing of what lies in it. */
#include "lib/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MOST (64u * 1024u)

struct mt_arena_chunk {
	struct mt_arena_chunk *next;
	alignas(max_align_t) char bytes[];
};

void
mt_arena_init(struct mt_arena *arena, size_t first, size_t ceiling)
{
	*arena = (struct mt_arena){ .first = first, .ceiling = ceiling };
}

void
mt_arena_fini(struct mt_arena *arena)
{
	struct mt_arena_chunk *next;

	for (struct mt_arena_chunk *c = arena->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	*arena = (struct mt_arena){ .first = arena->first, .ceiling = arena->ceiling };
}

/* A chunk that holds at least `size` more bytes, whatever their alignment. */
static bool
grow(struct mt_arena *arena, size_t size)
{
	size_t want = arena->chunks == NULL ? arena->first : arena->used < CHUNK_MOST ? arena->used : CHUNK_MOST;
	struct mt_arena_chunk *c;

	if (size > arena->ceiling || arena->used > arena->ceiling - size)
		goto full;
	if (want < size + alignof(max_align_t))
		want = size + alignof(max_align_t);
	c = malloc(sizeof *c + want);
	if (c == NULL)
		goto full;
	c->next = arena->chunks;
	arena->chunks = c;
	arena->at = c->bytes;
	arena->end = c->bytes + want;
	arena->used += want;
	return true;
full:
	arena->full = true;
	return false;
}

void *
mt_arena_alloc(struct mt_arena *arena, size_t size)
{
	size_t pad = arena->at == NULL ? 0 : -(uintptr_t)arena->at % alignof(max_align_t);
	void *p;

	if (arena->at == NULL || (size_t)(arena->end - arena->at) < pad ||
	    (size_t)(arena->end - arena->at) - pad < size) {
		if (!grow(arena, size))
			return NULL;
		pad = -(uintptr_t)arena->at % alignof(max_align_t);
	}
	p = arena->at + pad;
	arena->at += pad + size;
	return memset(p, 0, size);
}

char *
mt_arena_bytes(struct mt_arena *arena, size_t size)
{
	char *p;

	if ((arena->at == NULL || (size_t)(arena->end - arena->at) < size) && !grow(arena, size))
		return NULL;
	p = arena->at;
	arena->at += size;
	return p;
}

struct mt_span
mt_arena_copy(struct mt_arena *arena, struct mt_span from)
{
	char *p;

	if (from.ptr == NULL || (p = mt_arena_bytes(arena, from.len + 1)) == NULL)
		return (struct mt_span){ NULL, 0 };
	memcpy(p, from.ptr, from.len);
	p[from.len] = '\0';
	return (struct mt_span){ p, from.len };
}

char *
mt_arena_text(struct mt_arena *arena, struct mt_span from)
{
	return (char *)(uintptr_t)mt_arena_copy(arena, from).ptr;
}
