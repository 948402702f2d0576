/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows indexes of fields; whose they are was judged before. */
#include "lib/engine/strips.h"

#include <stdlib.h>

#define MOST 1024u		/* fields of one kind; more are nobody's who means well */

#define uthash_malloc(size) malloc(size)
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

/* A name that is ours, and how many fields bear it. */
struct own {
	UT_hash_handle hh;
	unsigned count;
	bool lost;
	char *shown;			/* as it was first written; behind the key */
	char key[];			/* lower case */
};

/* What stood in a field that goes. */
struct copy {
	unsigned index;
	bool cut;
	size_t len;
	char bytes[];
};

struct mt_strips {
	uint8_t *authres;		/* a bit for each Authentication-Results field that goes */
	unsigned seen, room;		/* fields seen; bits there are */
	unsigned going;
	struct own *own;
	unsigned own_fields;
	bool incomplete;
	struct copy *copies[MT_STRIPS_COPIES];
	size_t ncopies;
};

struct mt_strips *
mt_strips_new(void)
{
	return calloc(1, sizeof(struct mt_strips));
}

void
mt_strips_free(struct mt_strips *strips)
{
	struct own *own, *next;

	if (strips == NULL)
		return;
	HASH_ITER(hh, strips->own, own, next) {
		HASH_DEL(strips->own, own);
		free(own);
	}
	for (size_t i = 0; i < strips->ncopies; i++)
		free(strips->copies[i]);
	free(strips->authres);
	free(strips);
}

static bool
grow(struct mt_strips *strips)
{
	unsigned room = strips->room == 0 ? 64 : strips->room * 2;
	uint8_t *bits;

	if (strips->seen < strips->room)
		return true;
	bits = strips->seen >= MOST ? NULL : realloc(strips->authres, room / 8);
	if (bits == NULL)
		return false;
	memset(bits + strips->room / 8, 0, (room - strips->room) / 8);
	strips->authres = bits;
	strips->room = room;
	return true;
}

void
mt_strips_authres(struct mt_strips *strips, bool goes)
{
	if (strips == NULL)
		return;
	if (goes) {
		if (!grow(strips) || strips->seen >= strips->room) {
			strips->incomplete = true;
		} else {
			strips->authres[strips->seen / 8] |= (uint8_t)(1u << strips->seen % 8);
			strips->going++;
		}
	} else if (!grow(strips)) {
		strips->incomplete = true;
	}
	strips->seen++;
}

void
mt_strips_copy(struct mt_strips *strips, struct mt_span value)
{
	size_t len = value.len < MT_STRIPS_COPY_BYTES ? value.len : MT_STRIPS_COPY_BYTES;
	struct copy *copy;

	if (strips == NULL || value.ptr == NULL || strips->ncopies == MT_STRIPS_COPIES)
		return;
	copy = malloc(sizeof *copy + len);
	if (copy == NULL)
		return;
	*copy = (struct copy){ .index = strips->seen, .cut = len < value.len, .len = len };
	memcpy(copy->bytes, value.ptr, len);
	strips->copies[strips->ncopies++] = copy;
}

struct mt_span
mt_strips_copied(const struct mt_strips *strips, size_t i, unsigned *index, bool *cut)
{
	const struct copy *copy = strips == NULL || i >= strips->ncopies ? NULL : strips->copies[i];

	if (copy == NULL)
		return MT_ABSENT;
	*index = copy->index;
	*cut = copy->cut;
	return (struct mt_span){ copy->bytes, copy->len };
}

static struct own *
new_own(struct mt_strips *strips, struct mt_span name)
{
	struct own *own = calloc(1, sizeof *own + 2 * (name.len + 1));

	if (own == NULL)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		own->key[i] = mt_lower(name.ptr[i]);
	own->shown = own->key + name.len + 1;
	memcpy(own->shown, name.ptr, name.len);
	HASH_ADD_KEYPTR(hh, strips->own, own->key, name.len, own);
	if (own->lost) {
		free(own);
		return NULL;
	}
	return own;
}

static struct own *
find_own(struct mt_strips *strips, struct mt_span name)
{
	struct own *own = NULL;
	char key[256];

	if (name.len >= sizeof key)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		key[i] = mt_lower(name.ptr[i]);
	HASH_FIND(hh, strips->own, key, name.len, own);
	return own;
}

void
mt_strips_own(struct mt_strips *strips, struct mt_span name)
{
	struct own *own;

	/* No field of ours has a name that long, and nobody reads one. */
	if (strips == NULL || name.len >= 256)
		return;
	own = find_own(strips, name);
	if (own == NULL && strips->own_fields < MOST)
		own = new_own(strips, name);
	if (own == NULL) {
		strips->incomplete = true;
		return;
	}
	own->count++;
	strips->own_fields++;
}

size_t
mt_strips_count(const struct mt_strips *strips)
{
	return strips == NULL ? 0 : (size_t)strips->going + strips->own_fields;
}

bool
mt_strips_complete(const struct mt_strips *strips)
{
	return strips == NULL || !strips->incomplete;
}

size_t
mt_strips_edits(const struct mt_strips *strips, struct mt_edit *edits, size_t room)
{
	size_t n = 0;

	if (strips == NULL)
		return 0;
	for (unsigned i = strips->seen < strips->room ? strips->seen : strips->room; i-- > 0;)
		if ((strips->authres[i / 8] >> i % 8 & 1) != 0 && n < room)
			edits[n++] = (struct mt_edit){ .index = i + 1, .name = "Authentication-Results" };
	for (const struct own *own = strips->own; own != NULL; own = own->hh.next)
		for (unsigned i = own->count; i > 0 && n < room; i--)
			edits[n++] = (struct mt_edit){ .index = i, .name = own->shown };
	return n;
}
