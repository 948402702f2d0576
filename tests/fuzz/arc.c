/* SPDX-License-Identifier: BSD-2-Clause */
/* A message with whatever stands in its ARC fields: its parts by themselves, and the chain
 * as a whole, in one piece and in small ones, with keys that are there, late or out. */
#include <stdlib.h>

#include "lib/core/arc_field.h"
#include "lib/core/base64.h"
#include "lib/core/tags.h"
#include "lib/source/arc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys by the first letter of their name: most are not there. */
struct world {
	struct mt_ask ask;
	bool there;
	struct mt_answer *nothing, *timeout, *key;
};

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *w = (struct world *)self;

	if (type != MT_RR_TXT || name.len == 0 || name.len >= MT_NAME_TEXT)
		abort();
	if (!w->there)
		return NULL;
	switch (mt_lower(name.ptr[0])) {
	case 'd':
		return w->timeout;
	case 'e':
		return w->key;
	default:
		return w->nothing;
	}
}

struct digest {
	uint64_t hash;
	uint64_t len;
};

static int
take(void *ctx, const char *bytes, size_t len)
{
	struct digest *digest = ctx;

	for (size_t i = 0; i < len; i++)
		digest->hash = (digest->hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
	digest->len += len;
	return 0;
}

static struct digest
canon(struct mt_span body, enum mt_canon how, size_t step, uint64_t most)
{
	struct digest digest = { .len = 0 };
	struct mt_canon_body c;
	uint64_t total;

	mt_canon_body_begin(&c, how, most, take, &digest);
	for (size_t at = 0; at < body.len; at += step)
		mt_canon_body_add(&c, (struct mt_span){ body.ptr + at, step < body.len - at ? step : body.len - at });
	total = mt_canon_body_end(&c);
	if (digest.len != (total < most ? total : most))
		abort();
	return digest;
}

static void
bodies(struct mt_span body)
{
	for (unsigned how = MT_CANON_SIMPLE; how <= MT_CANON_RELAXED; how++) {
		struct digest whole = canon(body, (enum mt_canon)how, body.len + 1, UINT64_MAX);
		struct digest bytes = canon(body, (enum mt_canon)how, 1, UINT64_MAX);
		struct digest sevens = canon(body, (enum mt_canon)how, 7, UINT64_MAX);

		if (whole.hash != bytes.hash || whole.hash != sevens.hash || whole.len != bytes.len)
			abort();
		canon(body, (enum mt_canon)how, 3, body.len / 2);
	}
}

/* Each reader by itself, and what it promises of where its spans point. */
static void
parts(struct mt_span value)
{
	uint8_t *room = malloc(value.len + 1);
	struct mt_arc_set set = { .instance = 0 };
	struct mt_arena arena;
	struct mt_tags tags;
	struct mt_key_record key;
	size_t len;

	mt_arena_init(&arena, 256, 4096);
	if (mt_tags_read(&tags, value) != (tags.count > 0))
		abort();
	for (size_t i = 0; i < tags.count; i++)
		if (tags.tag[i].raw.ptr < value.ptr || tags.tag[i].raw.ptr + tags.tag[i].raw.len > value.ptr + value.len)
			abort();
	if (mt_key_record_read(&key, value) && key.p.len == 0)
		abort();
	if (room != NULL && mt_base64_read(room, value.len, &len, value) && len > value.len)
		abort();
	mt_arc_field_results(&set, &arena, value);
	for (unsigned kind = 0; kind < MT_ARC_KINDS; kind++) {
		struct mt_arc_field field;

		mt_arc_field_read(&field, (enum mt_arc_kind)kind, MT_SPAN("X"), value);
		if (field.instance > MT_ARC_INSTANCES || (field.instance == 0 && field.why == NULL))
			abort();
	}
	mt_arena_fini(&arena);
	free(room);
}

/* One line with its folds; returns where the next begins. */
static size_t
field_end(struct mt_span s, size_t at)
{
	while (at < s.len) {
		const char *lf = memchr(s.ptr + at, '\n', s.len - at);

		at = lf == NULL ? s.len : (size_t)(lf - s.ptr) + 1;
		if (at == s.len || (s.ptr[at] != ' ' && s.ptr[at] != '\t'))
			break;
	}
	return at;
}

static enum mt_result
run(struct mt_span text, struct world *w, size_t step, struct mt_arena *arena, struct mt_arc *out)
{
	struct mt_arc_check *check = mt_arc_begin(NULL, 1000000);
	size_t at = 0, end;
	enum mt_result result;

	if (check == NULL)
		abort();
	for (; at < text.len && text.ptr[at] != '\n'; at = end) {
		const char *colon = memchr(text.ptr + at, ':', text.len - at);
		struct mt_span value;

		end = field_end(text, at);
		if (colon == NULL || colon >= text.ptr + end)
			continue;
		value = mt_span_between(colon + 1, text.ptr + end);
		if (value.len > 0 && value.ptr[value.len - 1] == '\n')
			value.len--;
		mt_arc_header(check, mt_span_between(text.ptr + at, colon), value);
	}
	mt_arc_eoh(check);
	for (at += at < text.len; mt_arc_wants_body(check) && at < text.len; at += step)
		mt_arc_body(check, (struct mt_span){ text.ptr + at, step < text.len - at ? step : text.len - at });
	w->there = false;
	result = mt_arc_end(check, &w->ask, arena, out);
	w->there = true;
	if (result == MT_UNKNOWN)
		result = mt_arc_end(check, &w->ask, arena, out);
	if (result == MT_UNKNOWN || mt_arc_keys(check) > MT_ARC_KEYS || out->nsets > MT_ARC_INSTANCES)
		abort();
	mt_arc_free(check);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char record[] = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
	struct mt_span text = { (const char *)data, size };
	struct world w = { .ask.answer = answer };
	struct mt_arena arena;
	struct mt_arc one, other;

	w.nothing = mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
	w.timeout = mt_answer_new(MT_CAUSE_TIMEOUT, 0, 0);
	w.key = mt_answer_new(MT_CAUSE_NONE, 1, sizeof record);
	if (w.nothing == NULL || w.timeout == NULL || w.key == NULL)
		abort();
	mt_answer_set_text(w.key, 0, MT_SPAN(record));
	mt_arena_init(&arena, 1024, 1 << 20);
	if (size > 0) {
		parts(text);
		bodies(text);
	}
	if (run(text, &w, size + 1, &arena, &one) != run(text, &w, 1, &arena, &other) || one.cause != other.cause ||
	    !mt_span_equal(one.why, other.why) || one.nsets != other.nsets || one.oldest_pass != other.oldest_pass)
		abort();
	mt_arena_fini(&arena);
	mt_answer_unref(w.nothing);
	mt_answer_unref(w.timeout);
	mt_answer_unref(w.key);
	return 0;
}
