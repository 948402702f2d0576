/* SPDX-License-Identifier: BSD-2-Clause */
/* A message with signatures and the key record for all of them, through the verifier: the
 * first line is the record, the rest the message. */
#include <stdlib.h>

#include "lib/source/dkim.h"

#define LISTED MT_DKIM_LISTED

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct mt_ask ask;
	struct mt_answer *answer;
};

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	(void)name;
	if (type != MT_RR_TXT)
		abort();
	return ((struct world *)self)->answer;
}

/* Returns the body. */
static struct mt_span
feed_header(struct mt_dkim_message *msg, struct mt_span message)
{
	const char *p = message.ptr, *end = message.ptr + message.len;

	while (p < end && *p != '\n' && !(end - p > 1 && p[0] == '\r' && p[1] == '\n')) {
		const char *next = p, *colon = memchr(p, ':', (size_t)(end - p));

		do {
			next = memchr(next, '\n', (size_t)(end - next));
			next = next == NULL ? end : next + 1;
		} while (next < end && (*next == ' ' || *next == '\t'));
		if (colon != NULL && colon < next)
			mt_dkim_header(msg, mt_span_between(p, colon), mt_span_between(colon + 1, next));
		p = next;
	}
	if (p < end)
		p += *p == '\r' ? 2 : 1;
	return mt_span_between(p, end);
}

static void
check(enum mt_result word, const struct mt_signature *sig, unsigned count)
{
	const uint64_t words = MT_BIT(MT_NONE) | MT_BIT(MT_PASS) | MT_BIT(MT_FAIL) | MT_BIT(MT_POLICY) | MT_BIT(MT_NEUTRAL) |
	    MT_BIT(MT_PERMERROR);

	if (!(words & MT_BIT(word)) || (word == MT_NONE) != (count == 0))
		abort();
	for (unsigned i = 0; i < count; i++)
		if (!((words | MT_BIT(MT_SKIPPED)) & MT_BIT(sig[i].result)) || (sig[i].result == MT_PASS) != (sig[i].why.ptr == NULL))
			abort();
}

static void
run(struct mt_dkim *dkim, struct world *w, struct mt_span message, size_t chunk)
{
	struct mt_dkim_message *msg = mt_dkim_begin(dkim, INT64_C(1700000000));
	struct mt_span body = feed_header(msg, message);
	struct mt_signature sig[LISTED];
	unsigned count = LISTED;
	enum mt_result word;
	struct mt_arena arena;

	mt_arena_init(&arena, 4096, 1u << 20);
	mt_dkim_eoh(msg);
	while (body.len > 0) {
		size_t n = body.len < chunk ? body.len : chunk;

		mt_dkim_body(msg, (struct mt_span){ body.ptr, n });
		body.ptr += n;
		body.len -= n;
	}
	word = mt_dkim_end(msg, &w->ask, &arena, sig, &count);
	check(word, sig, count);
	mt_dkim_drop(msg);
	mt_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mt_dkim_options options = { .min_key_bits = 512, .allow_sha1 = true };
	static struct mt_dkim *dkim;
	struct mt_span all = { (const char *)data, size };
	const char *lf = size == 0 ? NULL : memchr(data, '\n', size);
	struct world w = { .ask = { answer } };
	int error;

	if (lf == NULL)
		return 0;
	if (dkim == NULL)
		dkim = mt_dkim_open(&options, &error);
	w.answer = mt_answer_new(MT_CAUSE_NONE, 1, (size_t)(lf - all.ptr) + 1);
	if (dkim == NULL || w.answer == NULL)
		abort();
	mt_answer_set_text(w.answer, 0, mt_span_between(all.ptr, lf));
	run(dkim, &w, mt_span_between(lf + 1, all.ptr + all.len), size % 7 + 1);
	mt_answer_unref(w.answer);
	return 0;
}
