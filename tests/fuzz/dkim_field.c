/* SPDX-License-Identifier: BSD-2-Clause */
/* What strangers write for DKIM, whatever it says: as a signature and as a key record for it. */
#include <stdlib.h>

#include "lib/core/key_der.h"
#include "lib/core/key_record.h"
#include "lib/core/dkim_pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_field(const struct mt_dkim_field *field)
{
	const struct mt_dkim_field *fields[] = { field };
	struct mt_arena arena;
	struct mt_dkim_pick pick;
	char key[MT_NAME_TEXT];

	if ((field->result == MT_UNKNOWN) != (field->why == NULL))
		abort();
	if (field->result != MT_UNKNOWN)
		return;
	if (!mt_key_record_name(key, field->selector, field->domain) || !mt_name_askable(mt_span_text(key)) || field->froms == 0 ||
	    !mt_name_below(mt_dkim_field_identity(field), field->domain))
		abort();
	mt_arena_init(&arena, 1024, 1u << 20);
	if (!mt_dkim_pick_build(&pick, &arena, fields, 1) || !mt_dkim_pick_take(&pick, MT_SPAN("From")))
		abort();
	mt_arena_fini(&arena);
}

static void
check_key(struct mt_span text)
{
	struct mt_key_record key;

	if (mt_key_record_read(&key, text) != (key.why == NULL))
		abort();
	if (key.why == NULL && (key.bits == 0 || key.bits > MT_KEY_DER_BITS || key.type == MT_KEY_OTHER || key.p.len == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span text = { (const char *)data, size };
	struct mt_dkim_field field;

	mt_dkim_field_read(&field, text);
	check_field(&field);
	mt_dkim_field_accept(&field, INT64_C(1700000000), false);
	check_key(text);
	return 0;
}
