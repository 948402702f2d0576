/* SPDX-License-Identifier: BSD-2-Clause */
/* A From field and, behind the first NUL, a TXT record, whatever they say. */
#include <stdlib.h>

#include "lib/core/author.h"
#include "lib/core/dmarc.h"
#include "lib/source/idna.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct mt_ask ask;		/* first */
	struct mt_record record;
	struct mt_answer answer;
};

static const struct mt_answer *
answer(struct mt_ask *ask, struct mt_span name, enum mt_rrtype type)
{
	struct world *world = (struct world *)ask;

	if (type != MT_RR_TXT || !mt_name_askable(name) || !mt_span_starts(name, "_dmarc."))
		abort();
	return &world->answer;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data, *nul = size == 0 ? NULL : memchr(bytes, '\0', size);
	struct mt_span from = { bytes, nul == NULL ? size : (size_t)(nul - bytes) };
	struct mt_span text = nul == NULL ? MT_SPAN("v=DMARC1; p=reject") : mt_span_between(nul + 1, bytes + size);
	struct world world = { .ask = { answer }, .record = { .text = text } };
	struct mt_dmarc_input input = { .from = &from, .nfrom = 1, .dkim = { .result = MT_NONE }, .spf = { .result = MT_NONE } };
	struct mt_author author;
	struct mt_arena arena;
	struct mt_dmarc dmarc, again;

	world.answer.nrecords = 1;
	world.answer.records = &world.record;
	mt_author_read(&author, from, NULL);
	mt_arena_init(&arena, 1024, 1u << 20);
	for (unsigned tables = 0; tables < 2; tables++) {
		input.idna = tables == 0 ? NULL : mt_idna_tables();
		input.spf = (struct mt_spf){ .result = MT_NONE };
		if (mt_dmarc_check(&dmarc, &arena, &world.ask, &input) == MT_UNKNOWN || dmarc.result != MT_FAIL)
			continue;
		/* What fails for want of SPF passes with it, and waits for it. */
		input.spf = (struct mt_spf){ .result = MT_PASS, .domain = dmarc.domain };
		if (mt_dmarc_check(&again, &arena, &world.ask, &input) != MT_PASS || again.policy != dmarc.policy)
			abort();
		input.spf = (struct mt_spf){ .result = MT_UNKNOWN };
		if (mt_dmarc_check(&again, &arena, &world.ask, &input) != MT_UNKNOWN)
			abort();
	}
	mt_arena_fini(&arena);
	return 0;
}
