/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how far to run ahead of a judge; what a record asks for is spf.c's to say. */
#include "lib/engine/ahead.h"

#include <stdlib.h>

#include "lib/base/name.h"
#include "lib/core/spf.h"
#include "lib/core/spf_record.h"

/* RFC 7208, 4.6.4: an evaluation makes ten look-ups.  MT_BUDGET_AHEAD, twice as many names,
 * leave room for those that it asks of an MX. */
struct mt_budget {
	atomic_uint refs;
	atomic_uint spent;
	unsigned left;			/* see mt_budget_new() */
	atomic_uint taken;		/* slots */
	atomic_uint slot[MT_BUDGET_AHEAD];	/* hashes of what was asked ahead; 0: not yet */
};

/* One record and all that follow from it; counted, since answers come in any order. */
struct run {
	atomic_uint refs;
	struct mt_cache *cache;
	struct mt_budget *budget;
	enum mt_rrtype address;
};

/* ---- the budget -------------------------------------------------------------------- */

struct mt_budget *
mt_budget_new(unsigned left)
{
	struct mt_budget *budget = calloc(1, sizeof *budget);

	if (budget == NULL)
		return NULL;
	atomic_init(&budget->refs, 1);
	budget->left = left < MT_BUDGET_MOST ? left : MT_BUDGET_MOST;
	return budget;
}

struct mt_budget *
mt_budget_ref(struct mt_budget *budget)
{
	atomic_fetch_add_explicit(&budget->refs, 1, memory_order_relaxed);
	return budget;
}

void
mt_budget_unref(struct mt_budget *budget)
{
	if (budget != NULL && atomic_fetch_sub_explicit(&budget->refs, 1, memory_order_acq_rel) == 1)
		free(budget);
}

/* What still comes of the message before is charged to this one. */
void
mt_budget_begin(struct mt_budget *budget, unsigned spent)
{
	atomic_store(&budget->taken, 0);
	for (unsigned i = 0; i < MT_BUDGET_AHEAD; i++)
		atomic_store(&budget->slot[i], 0);
	atomic_store(&budget->spent, spent);
}

/* FNV-1a, never 0. */
static unsigned
hash_of(const char *name, enum mt_rrtype type)
{
	uint32_t hash = 2166136261u ^ (uint32_t)type;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash | 1;
}

static bool
was_ahead(struct mt_budget *budget, unsigned hash)
{
	for (unsigned i = 0; i < MT_BUDGET_AHEAD; i++)
		if (atomic_load(&budget->slot[i]) == hash)
			return true;
	return false;
}

/* Counts one more, up to a bound. */
static bool
count_to(atomic_uint *counter, unsigned most, unsigned *before)
{
	*before = atomic_load(counter);
	while (*before < most)
		if (atomic_compare_exchange_weak(counter, before, *before + 1))
			return true;
	return false;
}

bool
mt_budget_ask(struct mt_budget *budget, const char *name, enum mt_rrtype type, unsigned keep)
{
	unsigned before;

	return was_ahead(budget, hash_of(name, type)) || count_to(&budget->spent, MT_BUDGET_MOST - keep, &before);
}

unsigned
mt_budget_spent(const struct mt_budget *budget)
{
	return atomic_load(&budget->spent);
}

/* False: it was asked ahead before, or may not be. */
static bool
charge_ahead(struct mt_budget *budget, const char *name, enum mt_rrtype type)
{
	unsigned hash = hash_of(name, type), slot, before;

	if (was_ahead(budget, hash) || atomic_load(&budget->spent) >= MT_BUDGET_MOST - budget->left ||
	    !count_to(&budget->taken, MT_BUDGET_AHEAD, &slot) ||
	    !count_to(&budget->spent, MT_BUDGET_MOST - budget->left, &before))
		return false;
	atomic_store(&budget->slot[slot], hash);
	return true;
}

/* ---- a run ----------------------------------------------------------------------------- */

static void look(struct run *run, const struct mt_answer *txt);

static void
drop(struct run *run)
{
	if (atomic_fetch_sub(&run->refs, 1) != 1)
		return;
	mt_budget_unref(run->budget);
	free(run);
}

static void
came(void *ctx, struct mt_answer *answer)
{
	struct run *run = ctx;

	if (answer != NULL && answer->cause == MT_CAUSE_NONE)
		look(run, answer);
	mt_answer_unref(answer);
	drop(run);
}

static void
next(void *ctx, struct mt_span name, enum mt_rrtype type)
{
	struct run *run = ctx;
	char normal[MT_NAME_TEXT];

	if (!mt_name_normal(name, normal) || !charge_ahead(run->budget, normal, type))
		return;
	atomic_fetch_add(&run->refs, 1);
	mt_cache_ask(run->cache, normal, type, came, run);
}

/* An answer of addresses or exchangers holds no record, and ends it. */
static void
look(struct run *run, const struct mt_answer *txt)
{
	(void)mt_spf_ahead(txt, run->address, next, run);
}

void
mt_ahead_spf(struct mt_cache *cache, struct mt_budget *budget, const struct mt_answer *txt, enum mt_rrtype address)
{
	struct mt_span record;
	struct run *run;

	if (txt->cause != MT_CAUSE_NONE || mt_spf_record_select(txt, &record) != 1)
		return;
	run = calloc(1, sizeof *run);
	if (run == NULL)
		return;
	atomic_init(&run->refs, 1);
	run->cache = cache;
	run->budget = mt_budget_ref(budget);
	run->address = address;
	look(run, txt);
	drop(run);
}
