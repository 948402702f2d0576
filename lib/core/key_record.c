/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what a key record says of its key; refuses to know keys themselves. */
#include "lib/core/key_record.h"

#include "lib/core/tags.h"

enum mt_key_algorithm
mt_key_algorithm(struct mt_span a)
{
	static const struct {
		const char *name;
		enum mt_key_algorithm algorithm;
	} known[] = {
		{ "rsa-sha256", MT_ALGORITHM_RSA_SHA256 },
		{ "ed25519-sha256", MT_ALGORITHM_ED25519_SHA256 },
		{ "rsa-sha1", MT_ALGORITHM_RSA_SHA1 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (mt_span_equal(a, mt_span_text(known[i].name)))
			return known[i].algorithm;
	return MT_ALGORITHM_UNKNOWN;
}

bool
mt_key_record_name(char out[MT_NAME_TEXT], struct mt_span selector, struct mt_span domain)
{
	static const char middle[] = "._domainkey.";
	size_t len = selector.len + sizeof middle - 1 + domain.len;

	out[0] = '\0';
	if (selector.len == 0 || domain.len == 0 || len >= MT_NAME_TEXT || domain.ptr[domain.len - 1] == '.')
		return false;
	memcpy(out, selector.ptr, selector.len);
	memcpy(out + selector.len, middle, sizeof middle - 1);
	memcpy(out + selector.len + sizeof middle - 1, domain.ptr, domain.len);
	out[len] = '\0';
	return mt_name_askable((struct mt_span){ out, len });
}

static enum mt_key_record_type
type_of(struct mt_span k)
{
	if (k.ptr == NULL || mt_span_equal(k, MT_SPAN("rsa")))
		return MT_KEY_RSA;
	return mt_span_equal(k, MT_SPAN("ed25519")) ? MT_KEY_ED25519 : MT_KEY_OTHER;
}

static const char *
judge(const struct mt_key_record *key, const struct mt_tags *tags)
{
	const struct mt_tag *v = mt_tags_find(tags, "v");
	struct mt_span services = mt_tags_value(tags, "s");

	/* RFC 6376, 3.6.1: the first tag where it is there, and of this value. */
	if (v != NULL && (v != tags->tag || !mt_span_equal(v->value, MT_SPAN("DKIM1"))))
		return "the record is not of a version that is known";
	if (key->p.ptr == NULL)
		return "the record holds no key";
	if (key->revoked)
		return "the key was withdrawn";
	if (key->type == MT_KEY_OTHER)
		return "the key is of a type that is not known";
	if (services.ptr != NULL && !mt_tags_holds(services, "*") && !mt_tags_holds(services, "email"))
		return "the key is not for mail";
	return NULL;
}

bool
mt_key_record_read(struct mt_key_record *key, struct mt_span record)
{
	struct mt_tags tags;
	struct mt_span hashes, flags;

	*key = (struct mt_key_record){ .why = "the record cannot be read" };
	if (!mt_tags_read(&tags, record))
		return false;
	hashes = mt_tags_value(&tags, "h");
	flags = mt_tags_value(&tags, "t");
	key->type = type_of(mt_tags_value(&tags, "k"));
	key->p = mt_tags_value(&tags, "p");
	key->revoked = key->p.ptr != NULL && key->p.len == 0;
	key->sha1 = hashes.ptr == NULL || mt_tags_holds(hashes, "sha1");
	key->sha256 = hashes.ptr == NULL || mt_tags_holds(hashes, "sha256");
	key->testing = mt_tags_holds(flags, "y");
	key->strict = mt_tags_holds(flags, "s");
	key->why = judge(key, &tags);
	return key->why == NULL;
}

bool
mt_key_record_serves(const struct mt_key_record *key, enum mt_key_algorithm algorithm)
{
	switch (algorithm) {
	case MT_ALGORITHM_RSA_SHA256:
		return key->type == MT_KEY_RSA && key->sha256;
	case MT_ALGORITHM_ED25519_SHA256:
		return key->type == MT_KEY_ED25519 && key->sha256;
	case MT_ALGORITHM_RSA_SHA1:
		return key->type == MT_KEY_RSA && key->sha1;
	case MT_ALGORITHM_UNKNOWN:
		break;
	}
	return false;
}
