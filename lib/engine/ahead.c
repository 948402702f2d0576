/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how far to run ahead of a judge; what a record asks for is spf.c's to say. */
#include "lib/engine/ahead.h"

#include <stdlib.h>

#include "lib/base/name.h"
#include "lib/core/spf.h"
#include "lib/core/spf_record.h"

/* RFC 7208, 4.6.4: an evaluation makes ten look-ups.  Twice as many names leave room for those
 * that it asks of an MX. */
#define QUESTIONS 20

/* One record and all that follow from it; counted, since answers come in any order. */
struct run {
	atomic_uint refs;
	atomic_int left;		/* questions */
	struct mt_cache *cache;
	enum mt_rrtype address;
};

static void look(struct run *run, const struct mt_answer *txt);

static void
drop(struct run *run)
{
	if (atomic_fetch_sub(&run->refs, 1) == 1)
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

	if (!mt_name_normal(name, normal) || atomic_fetch_sub(&run->left, 1) <= 0)
		return;
	atomic_fetch_add(&run->refs, 1);
	mt_cache_ask(run->cache, normal, type, came, run);
}

/* An answer of addresses or exchangers holds no record, and ends it. */
static void
look(struct run *run, const struct mt_answer *txt)
{
	if (atomic_load(&run->left) > 0)
		(void)mt_spf_ahead(txt, run->address, next, run);
}

void
mt_ahead_spf(struct mt_cache *cache, const struct mt_answer *txt, enum mt_rrtype address)
{
	struct mt_span record;
	struct run *run;

	if (txt->cause != MT_CAUSE_NONE || mt_spf_record_select(txt, &record) != 1)
		return;
	run = calloc(1, sizeof *run);
	if (run == NULL)
		return;
	atomic_init(&run->refs, 1);
	atomic_init(&run->left, QUESTIONS);
	run->cache = cache;
	run->address = address;
	look(run, txt);
	drop(run);
}
