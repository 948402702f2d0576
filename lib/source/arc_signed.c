/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what the signatures of a chain cover in a header; refuses to know what that proves.
 * A seal covers the three fields of each set up to its own, so one running hash serves all. */
#include "lib/source/arc_parts.h"

static void
add_field(const struct mt_arc_field *field, enum mt_canon how, struct mt_crypto_hash *hash)
{
	mt_canon_field(how, field->name, field->value, mt_crypto_hash_add, hash);
}

/* RFC 8617, 5.1.1: the relaxed form, sets in the order of their instances. */
bool
mt_arc_signed_seals(struct mt_arc_found *chain)
{
	struct mt_crypto_hash *all = mt_crypto_hash_new(false), *own;
	bool ok = all != NULL;

	for (unsigned i = 1; ok && i <= chain->form.newest; i++) {
		const struct mt_arc_field *const *set = chain->form.field[i], *seal = set[MT_ARC_SEAL];

		add_field(set[MT_ARC_RESULTS], MT_CANON_RELAXED, all);
		add_field(set[MT_ARC_MESSAGE], MT_CANON_RELAXED, all);
		own = mt_crypto_hash_copy(all);
		ok = own != NULL;
		if (ok) {
			mt_canon_signature(MT_CANON_RELAXED, seal->name, seal->value, seal->b_raw,
			    mt_crypto_hash_add, own);
			ok = mt_crypto_hash_end(own, chain->seal[i]);
		}
		mt_crypto_hash_free(own);
		add_field(seal, MT_CANON_RELAXED, all);
	}
	mt_crypto_hash_free(all);
	return ok;
}

bool
mt_arc_signed_message(const struct mt_arc_check *check, const struct mt_arc_field *field, uint8_t out[MT_CRYPTO_HASH])
{
	const struct mt_signed about = { .name = field->name, .value = field->value, .b_raw = field->b_raw,
		.h = field->h, .header = field->header };

	return mt_signed_header(&about, check->last, out);
}
