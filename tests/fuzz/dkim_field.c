/* SPDX-License-Identifier: BSD-2-Clause */
/* What strangers write for DKIM, whatever it says: as a signature and as a key record for it. */
#include <stdlib.h>

#include "lib/core/dkim_key.h"
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
	if (!mt_dkim_field_key(field, key) || !mt_name_askable(mt_span_text(key)) || field->froms == 0 ||
	    !mt_name_below(mt_dkim_field_identity(field), field->domain))
		abort();
	mt_arena_init(&arena, 1024, 1u << 20);
	if (!mt_dkim_pick_build(&pick, &arena, fields, 1) || !mt_dkim_pick_take(&pick, MT_SPAN("From")))
		abort();
	mt_arena_fini(&arena);
}

static void
check_key(const struct mt_dkim_key *key)
{
	if ((key->result == MT_UNKNOWN) != (key->why == NULL))
		abort();
	if (key->result == MT_UNKNOWN && (key->bits == 0 || key->record.type == MT_KEY_OTHER || key->record.p.len == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum mt_key_algorithm kinds[] = { MT_ALGORITHM_RSA_SHA1, MT_ALGORITHM_RSA_SHA256, MT_ALGORITHM_ED25519_SHA256 };
	struct mt_span text = { (const char *)data, size };
	struct mt_dkim_field field;
	struct mt_dkim_key key;

	mt_dkim_field_read(&field, text);
	check_field(&field);
	mt_dkim_field_accept(&field, INT64_C(1700000000), false);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		field.kind = kinds[i];
		mt_dkim_key_read(&key, &field, text);
		check_key(&key);
	}
	return 0;
}
