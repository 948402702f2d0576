/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what the signatures of a chain cover in a header; refuses to know what that proves.
 * A seal covers the three fields of each set up to its own, so one running hash serves all. */
#include "lib/core/tags.h"
#include "lib/source/arc_parts.h"

/* FNV-1a. */
uint32_t
mt_arc_signed_name(struct mt_span name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)mt_lower(name.ptr[i])) * 16777619u;
	return hash;
}

static void
add_field(const struct mt_arc_field *field, enum mt_canon how, struct mt_crypto_hash *hash)
{
	mt_canon_field(how, field->name, field->value, mt_crypto_hash_add, hash);
}

/* RFC 8617, 5.1.1: the relaxed form, sets in the order of their instances. */
bool
mt_arc_signed_seals(struct mt_arc_found *chain)
{
	struct mt_crypto_hash *all = mt_crypto_hash_new(), *own;
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

struct wanted {
	struct mt_span name;
	uint32_t hash;
	const struct mt_arc_kept *found;
};

/* RFC 6376, 5.4.2: a name that stands twice in h= means the lowest field of that name and
 * the one above it; where there are no more it means nothing.  The signature itself is
 * none of them (RFC 6376, 3.7). */
static size_t
select_fields(const struct mt_arc_check *check, const struct mt_arc_field *field,
    struct wanted wanted[MT_ARC_H_MOST])
{
	struct mt_span rest = field->h, item;
	size_t n = 0;

	while (n < MT_ARC_H_MOST && mt_tags_item(&item, &rest))
		wanted[n++] = (struct wanted){ item, mt_arc_signed_name(item), NULL };
	for (const struct mt_arc_kept *k = check->last; k != NULL; k = k->above) {
		if (k->value.ptr == field->value.ptr)
			continue;
		for (size_t i = 0; i < n; i++)
			if (wanted[i].hash == k->hash && wanted[i].found == NULL &&
			    mt_span_same(wanted[i].name, mt_span_trim(k->name))) {
				wanted[i].found = k;
				break;
			}
	}
	return n;
}

bool
mt_arc_signed_message(const struct mt_arc_check *check, const struct mt_arc_field *field, uint8_t out[MT_CRYPTO_HASH])
{
	struct mt_crypto_hash *hash = mt_crypto_hash_new();
	struct wanted wanted[MT_ARC_H_MOST];
	size_t n = select_fields(check, field, wanted);
	bool ok = hash != NULL;

	for (size_t i = 0; ok && i < n; i++)
		if (wanted[i].found != NULL)
			mt_canon_field(field->header, wanted[i].found->name, wanted[i].found->value,
			    mt_crypto_hash_add, hash);
	if (ok) {
		mt_canon_signature(field->header, field->name, field->value, field->b_raw, mt_crypto_hash_add, hash);
		ok = mt_crypto_hash_end(hash, out);
	}
	mt_crypto_hash_free(hash);
	return ok;
}
