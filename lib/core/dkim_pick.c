/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how h= chooses fields; hashes none. */
#include "lib/core/dkim_pick.h"

#include <stdlib.h>

#include "lib/core/tags.h"

struct mt_dkim_pick_name {
	struct mt_span name;
	size_t signature;		/* whose h= it stands in */
	size_t left;			/* how many fields may still be taken */
};

static int
compare_names(const struct mt_span *a, const struct mt_span *b)
{
	size_t len = a->len < b->len ? a->len : b->len;

	for (size_t i = 0; i < len; i++) {
		char x = mt_lower(a->ptr[i]), y = mt_lower(b->ptr[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->len > b->len) - (a->len < b->len);
}

static int
compare(const void *a, const void *b)
{
	const struct mt_dkim_pick_name *x = a, *y = b;
	int names = compare_names(&x->name, &y->name);

	return names != 0 ? names : (x->signature > y->signature) - (x->signature < y->signature);
}

static int
compare_key(const void *key, const void *entry)
{
	return compare_names(key, &((const struct mt_dkim_pick_name *)entry)->name);
}

/* One entry a name, with the most that any one signature takes of it. */
static void
fold(struct mt_dkim_pick *pick)
{
	size_t n = 0, run = 0;

	for (size_t i = 0; i < pick->count; i++) {
		struct mt_dkim_pick_name *e = &pick->names[i];
		bool same = n > 0 && compare_names(&e->name, &pick->names[n - 1].name) == 0;

		run = same && i > 0 && e->signature == pick->names[i - 1].signature ? run + 1 : 1;
		if (!same)
			pick->names[n++] = (struct mt_dkim_pick_name){ .name = e->name, .signature = e->signature };
		if (run > pick->names[n - 1].left)
			pick->names[n - 1].left = run;
	}
	pick->count = n;
}

bool
mt_dkim_pick_build(struct mt_dkim_pick *pick, struct mt_arena *arena, const struct mt_dkim_field *const *fields,
    size_t nfields)
{
	struct mt_span rest, name;
	size_t n = 0;

	*pick = (struct mt_dkim_pick){ .count = 0 };
	for (size_t i = 0; i < nfields; i++)
		for (rest = fields[i]->names; mt_tags_item(&name, &rest);)
			n++;
	pick->names = mt_arena_alloc(arena, n * sizeof *pick->names);
	if (pick->names == NULL)
		return n == 0;
	for (size_t i = 0; i < nfields; i++)
		for (rest = fields[i]->names; mt_tags_item(&name, &rest);)
			pick->names[pick->count++] = (struct mt_dkim_pick_name){ .name = name, .signature = i };
	qsort(pick->names, pick->count, sizeof *pick->names, compare);
	fold(pick);
	return true;
}

bool
mt_dkim_pick_take(struct mt_dkim_pick *pick, struct mt_span name)
{
	struct mt_dkim_pick_name *e;

	if (pick->count == 0)
		return false;
	e = bsearch(&name, pick->names, pick->count, sizeof *pick->names, compare_key);
	if (e == NULL || e->left == 0)
		return false;
	e->left--;
	return true;
}
