/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what a key record says of its key, and which key serves a signature; verifies nothing. */
#include "lib/core/key_record.h"

#include "lib/core/base64.h"
#include "lib/core/key_der.h"
#include "lib/core/tags.h"

#define ED25519_BYTES 32		/* RFC 8463, 4: the bare key */

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
	for (size_t i = 0; i < len; i++)
		out[i] = mt_lower(out[i]);
	out[len] = '\0';
	return mt_name_askable((struct mt_span){ out, len });
}

static enum mt_key_type
type_of(struct mt_span k)
{
	if (k.ptr == NULL || mt_span_same_text(k, "rsa"))
		return MT_KEY_RSA;
	return mt_span_same_text(k, "ed25519") ? MT_KEY_ED25519 : MT_KEY_OTHER;
}

static const char *
judge(const struct mt_key_record *key, const struct mt_tags *tags)
{
	const struct mt_tag *v = mt_tags_find(tags, "v");
	struct mt_span services = mt_tags_value(tags, "s");

	/* RFC 6376, 3.6.1: the first tag where it is there, and of this value. */
	if (v != NULL && (v != tags->tag || !mt_span_equal(v->value, MT_SPAN("DKIM1"))))
		return "its key record is of another version";
	if (key->p.ptr == NULL)
		return "its key record holds no p=";
	if (key->revoked)
		return "its key was revoked";
	if (key->type == MT_KEY_OTHER)
		return "its key is of a kind that is not known";
	if (services.ptr != NULL && !mt_tags_holds(services, "*") && !mt_tags_holds(services, "email"))
		return "its key is not for mail";
	return NULL;
}

static const char *
read_key(struct mt_key_record *key)
{
	uint8_t bytes[MT_KEY_BYTES];
	struct mt_key_der der;
	const char *why;
	size_t len;

	if (!mt_base64_read(bytes, sizeof bytes, &len, key->p))
		return "its key is damaged";
	if (key->type == MT_KEY_ED25519) {
		key->bits = len == ED25519_BYTES ? 8 * ED25519_BYTES : 0;
		return len == ED25519_BYTES ? NULL : "its key is no Ed25519 key";
	}
	why = mt_key_der_read(&der, bytes, len);
	key->bits = der.bits;
	return why;
}

bool
mt_key_record_read(struct mt_key_record *key, struct mt_span record)
{
	struct mt_tags tags;
	struct mt_span hashes, flags;

	*key = (struct mt_key_record){ .why = "its key record is longer than 4,096 bytes" };
	if (record.len > MT_KEY_RECORD_MOST)
		return false;
	key->why = "its key record cannot be read";
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
	if (key->why == NULL)
		key->why = read_key(key);
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

/* RFC 6376, 6.1.2, steps 5 to 8. */
static const char *
unfit(const struct mt_key_record *key, const struct mt_key_use *use)
{
	if (key->type != (use->algorithm == MT_ALGORITHM_ED25519_SHA256 ? MT_KEY_ED25519 : MT_KEY_RSA))
		return "its key is of another kind";
	if (!mt_key_record_serves(key, use->algorithm))
		return "its key is not for its hash";
	return key->strict && use->below ? "its key is not for subdomains, and its i= is one" : NULL;
}

struct choice {
	struct mt_key_record key;
	struct mt_span text;
};

static bool
before(const struct choice *a, const struct choice *b)
{
	if ((a->key.why == NULL) != (b->key.why == NULL))
		return a->key.why == NULL;
	return strcmp(a->text.ptr, b->text.ptr) < 0;
}

bool
mt_key_record_choose(struct mt_key_record *key, const struct mt_answer *answer, const struct mt_key_use *use,
    unsigned n)
{
	struct choice best[MT_KEY_RECORD_CHOICES], one;
	unsigned count = 0, at;

	*key = (struct mt_key_record){ .why = "its key record cannot be read" };
	for (size_t i = 0; i < answer->nrecords; i++) {
		one.text = answer->records[i].text;
		if (one.text.ptr == NULL)
			continue;
		if (mt_key_record_read(&one.key, one.text))
			one.key.why = unfit(&one.key, use);
		for (at = count; at > 0 && before(&one, &best[at - 1]); at--)
			if (at < MT_KEY_RECORD_CHOICES)
				best[at] = best[at - 1];
		if (at < MT_KEY_RECORD_CHOICES)
			best[at] = one;
		count += count < MT_KEY_RECORD_CHOICES;
	}
	if (n >= count)
		return false;
	*key = best[n].key;
	return key->why == NULL;
}
