/* SPDX-License-Identifier: BSD-2-Clause */
/* An Authentication-Results field, whatever it says: read as one and as a sealed one, judged
 * as a stranger's, and kept as a copy. */
#include <stdlib.h>

#include "lib/core/authres.h"
#include "lib/render/render.h"
#include "lib/source/idna.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
touch(struct mt_span text)
{
	size_t bytes = 0;

	for (size_t n = 0; n < text.len; n++)
		bytes += text.ptr[n] != 0;
	return bytes;
}

/* Touches each byte that is lent, and counts what is there. */
static void
look_at(const struct mt_authres *field)
{
	size_t properties = 0, bytes = touch(field->authserv_id);

	for (unsigned i = 0; i < field->nresults; i++) {
		const struct mt_authres_result *r = &field->results[i];

		properties += r->nproperties;
		bytes += touch(r->method) + touch(r->word) + touch(r->reason);
		for (unsigned p = 0; p < r->nproperties; p++)
			bytes += touch(r->properties[p].ptype) + touch(r->properties[p].name) + touch(r->properties[p].value);
		if (r->method.len == 0)
			abort();
	}
	if (field->nresults > MT_AUTHRES_RESULTS || properties > MT_AUTHRES_PROPERTIES || bytes > (1u << 23))
		abort();
}

/* What the parts of the reader say by themselves is what it says as a whole. */
static void
look_at_parts(struct mt_span value, const struct mt_authres *field)
{
	struct mt_authres_head head;
	struct mt_span digits;
	size_t at = 0, behind = 0;
	bool read = mt_authres_read_head(&head, value, &at);

	if (at > value.len || (!read && !field->broken) || (head.quoted && head.id.ptr == NULL))
		abort();
	if (read && !head.quoted && head.id.len > 0 && !mt_span_equal(head.id, field->authserv_id))
		abort();
	if (mt_authres_read_instance(&digits, value, &behind) && (behind > value.len || digits.len == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mt_span pattern[] = { { "*.mail.example.org", 18 } };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .names = { pattern, 1 } };
	struct mt_span value = { (const char *)data, size }, shown;
	struct mt_authres field;
	struct mt_arena arena;
	bool goes;

	mt_arena_init(&arena, 1024, 4u << 20);
	mt_authres_read_sealed(&field, &arena, value);
	look_at(&field);
	mt_authres_read(&field, &arena, value);
	look_at(&field);
	look_at_parts(value, &field);
	goes = mt_authres_goes(value, &trust, mt_idna_tables());
	/* Whatever the reader takes for ours must go. */
	if (!goes && mt_span_same(field.authserv_id, trust.authserv_id))
		abort();
	shown = mt_render_removed(&arena, 1, value, false, 990);
	if (shown.ptr == NULL && !arena.full)
		abort();
	for (size_t i = 0; i < shown.len; i++)
		if ((shown.ptr[i] < ' ' && shown.ptr[i] != '\n' && shown.ptr[i] != '\t') || shown.ptr[i] > '~')
			abort();
	mt_arena_fini(&arena);
	return 0;
}
