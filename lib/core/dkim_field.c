/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what a DKIM-Signature may say and what of it we accept; computes no hash and asks
 * for no key. */
#include "lib/core/dkim_field.h"

#include "lib/core/base64.h"
#include "lib/core/tags.h"

/* Clocks differ: a signature is taken for so long before t= and behind x=. */
#define SKEW_SEC 300
/* 2001-09-09, years before DKIM was: an older t= is no time of signing. */
#define FIRST_SEC INT64_C(1000000000)

struct parts {
	struct mt_span v, a, b, bh, c, d, h, i, l, q, s, t, x;
};

#define PART(tag) { #tag, offsetof(struct parts, tag) }
static const struct {
	const char *name;
	size_t offset;
} known[] = {
	PART(v), PART(a), PART(b), PART(bh), PART(c), PART(d), PART(h), PART(i), PART(l), PART(q), PART(s), PART(t),
	PART(x),
};

static bool
settle(struct mt_dkim_field *field, enum mt_result result, const char *why)
{
	field->result = result;
	field->why = why;
	return false;
}

static bool
neutral(struct mt_dkim_field *field, const char *why)
{
	return settle(field, MT_NEUTRAL, why);
}

static bool
permerror(struct mt_dkim_field *field, const char *why)
{
	return settle(field, MT_PERMERROR, why);
}

/* Notes a tag; names are compared with case (RFC 6376, 3.2).  True: it is a known one. */
static bool
note_tag(struct parts *parts, const struct mt_tag *tag)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (mt_span_equal(tag->name, mt_span_text(known[i].name))) {
			memcpy((char *)parts + known[i].offset, &tag->value, sizeof tag->value);
			return true;
		}
	return false;
}

static bool
named(struct mt_span name, const char *text)
{
	return mt_span_equal(name, mt_span_text(text));
}

static bool
is_ascii(struct mt_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] > 127)
			return false;
	return true;
}

static bool
known_but_for_case(struct mt_span name)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (mt_span_same_text(name, known[i].name))
			return true;
	return false;
}

/* Who empties b= for the hash must find it, and who reads without case must not err. */
static bool
plain_tag(const struct mt_tag *tag, bool is_known)
{
	if (!is_ascii(tag->value) || (!is_known && known_but_for_case(tag->name)))
		return false;
	if (tag->value.len > MT_DKIM_PLAIN_VALUE && !named(tag->name, "b") && !named(tag->name, "h") &&
	    !named(tag->name, "z"))
		return false;
	return named(tag->name, "b") ? !tag->spaced : tag->name.ptr[tag->name.len - 1] != 'b';
}

static bool
read_tags(struct mt_dkim_field *field, struct parts *parts, struct mt_span rest)
{
	struct mt_span names[MT_DKIM_FIELD_TAGS];
	enum mt_tags_got got;
	struct mt_tag tag;
	size_t n = 0;

	while ((got = mt_tags_next(&tag, &rest)) == MT_TAGS_ONE) {
		if (n == MT_DKIM_FIELD_TAGS)
			return permerror(field, "it has more than 64 tags");
		for (size_t i = 0; i < n; i++) {
			if (mt_span_equal(names[i], tag.name))
				return neutral(field, "a tag stands in it twice");
			field->odd = field->odd || mt_span_same(names[i], tag.name);
		}
		names[n++] = tag.name;
		if (!plain_tag(&tag, note_tag(parts, &tag)))
			field->odd = true;
		if (named(tag.name, "b"))
			field->b_raw = tag.raw;
	}
	return got == MT_TAGS_END || neutral(field, "its list of tags cannot be read");
}

/* 1*12DIGIT; -1 for an absent one. */
static bool
read_time(struct mt_span text, int64_t *sec)
{
	uint64_t value;

	*sec = -1;
	if (text.ptr == NULL)
		return true;
	if (!mt_tags_number(&value, text, 12))
		return false;
	*sec = (int64_t)value;
	return true;
}

static bool
is_domain(struct mt_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!mt_is_alpha(c) && !mt_is_digit(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return mt_name_askable(name) && name.ptr[name.len - 1] != '.';
}

/* hdr-name *( ":" hdr-name ), each a field name of RFC 5322, 3.6.8. */
static bool
read_names(struct mt_dkim_field *field)
{
	struct mt_span rest = field->names, name;
	size_t n = 0;

	while (mt_tags_item(&name, &rest)) {
		if (n++ == MT_DKIM_FIELD_NAMES)
			return permerror(field, "its h= names more than 512 fields");
		for (size_t i = 0; i < name.len; i++)
			if (name.ptr[i] < '!' || name.ptr[i] > '~')
				return neutral(field, "its h= is no list of field names");
		if (name.len == 0)
			return neutral(field, "its h= is no list of field names");
		field->froms += mt_span_same_text(name, "From");
		field->covers_signatures = field->covers_signatures || mt_span_same_text(name, "DKIM-Signature");
	}
	return field->froms > 0 || permerror(field, "its h= does not name From");
}

static bool
read_algorithm(struct mt_dkim_field *field)
{
	if (mt_span_same_text(field->algorithm, "rsa-sha256"))
		field->kind = MT_ALGORITHM_RSA_SHA256;
	else if (mt_span_same_text(field->algorithm, "ed25519-sha256"))
		field->kind = MT_ALGORITHM_ED25519_SHA256;
	else if (mt_span_same_text(field->algorithm, "rsa-sha1"))
		field->kind = MT_ALGORITHM_RSA_SHA1;
	else
		return neutral(field, "its algorithm is not known");
	return true;
}

static bool
read_canon(struct mt_dkim_field *field, struct mt_span c)
{
	return mt_canon_read(&field->header, &field->body, c) || neutral(field, "its canonicalization is not known");
}

static bool
read_query(struct mt_dkim_field *field, struct mt_span rest)
{
	struct mt_span method;

	if (rest.ptr == NULL)
		return true;
	while (mt_tags_item(&method, &rest))
		if (mt_span_same_text(method, "dns/txt"))
			return true;
	return neutral(field, "it names no way to the key that is known");
}

static bool
read_hashes(struct mt_dkim_field *field, struct mt_span bh)
{
	size_t want = field->kind == MT_ALGORITHM_RSA_SHA1 ? 20 : 32, bytes;

	if (!mt_base64_check(&bytes, bh) || bytes != want)
		return neutral(field, "its bh= is no such hash");
	return mt_base64_check(&bytes, field->b) || neutral(field, "its b= is not base64");
}

struct mt_span
mt_dkim_field_identity(const struct mt_dkim_field *field)
{
	const char *at;

	if (field->identity.ptr == NULL)
		return field->domain;
	at = memchr(field->identity.ptr, '@', field->identity.len);
	return at == NULL ? MT_ABSENT : mt_span_between(at + 1, field->identity.ptr + field->identity.len);
}

static bool
read_identity(struct mt_dkim_field *field)
{
	struct mt_span i = field->identity, domain = mt_dkim_field_identity(field);

	if (i.ptr == NULL)
		return true;
	field->odd = field->odd || i.len > MT_DKIM_PLAIN_IDENTITY;
	for (size_t at = 0; at < i.len; at++)
		field->odd = field->odd || i.ptr[at] == '=' || mt_is_space(i.ptr[at]);
	if (!is_domain(domain))
		return neutral(field, "its i= is no address");
	return mt_name_below(domain, field->domain) || permerror(field, "its i= is not below its d=");
}

static bool
read_times(struct mt_dkim_field *field, const struct parts *parts)
{
	if (!read_time(parts->t, &field->signed_sec) || !read_time(parts->x, &field->expires_sec))
		return neutral(field, "its t= or x= is no time");
	if (field->signed_sec >= 0 && field->expires_sec >= 0 && field->expires_sec <= field->signed_sec)
		return permerror(field, "its x= is not later than its t=");
	return true;
}

static bool
read_length(struct mt_dkim_field *field, struct mt_span l)
{
	field->has_length = l.ptr != NULL;
	return !field->has_length || mt_tags_number(&field->length, l, 18) || neutral(field, "its l= is no length");
}

static void
judge(struct mt_dkim_field *field, const struct parts *p)
{
	char key[MT_NAME_TEXT];

	if (p->v.ptr != NULL && !named(p->v, "1")) {
		neutral(field, "its version is not known");
		return;
	}
	if (p->v.ptr == NULL || p->a.ptr == NULL || p->b.ptr == NULL || p->bh.ptr == NULL || p->d.ptr == NULL ||
	    p->h.ptr == NULL || p->s.ptr == NULL) {
		permerror(field, "a required tag is missing");
		return;
	}
	if (!is_domain(p->d) || !is_domain(p->s)) {
		neutral(field, "its d= or s= is no domain name");
		return;
	}
	if (!mt_key_record_name(key, p->s, p->d)) {
		permerror(field, "the name of its key is too long");
		return;
	}
	if (read_algorithm(field) && read_canon(field, p->c) && read_query(field, p->q) && read_names(field) &&
	    read_hashes(field, p->bh) && read_identity(field) && read_times(field, p))
		read_length(field, p->l);
}

void
mt_dkim_field_read(struct mt_dkim_field *field, struct mt_span value)
{
	struct parts parts = { .v = MT_ABSENT };
	bool read;

	*field = (struct mt_dkim_field){ .signed_sec = -1, .expires_sec = -1 };
	if (value.len > MT_DKIM_FIELD_MOST) {
		permerror(field, "it is longer than 16,384 bytes");
		return;
	}
	field->odd = value.len > MT_DKIM_PLAIN_MOST;
	read = read_tags(field, &parts, value);
	field->domain = parts.d;
	field->selector = parts.s;
	field->algorithm = parts.a;
	field->identity = parts.i;
	field->b = parts.b;
	field->bh = parts.bh;
	field->names = parts.h;
	if (read)
		judge(field, &parts);
}

void
mt_dkim_field_accept(struct mt_dkim_field *field, int64_t now_sec, bool allow_sha1)
{
	if (field->result != MT_UNKNOWN)
		return;
	if (field->kind == MT_ALGORITHM_RSA_SHA1 && !allow_sha1)
		settle(field, MT_POLICY, "rsa-sha1 is no longer accepted");
	else if (field->expires_sec >= 0 && now_sec - SKEW_SEC > field->expires_sec)
		settle(field, MT_POLICY, "it has expired");
	else if (field->signed_sec > now_sec + SKEW_SEC)
		settle(field, MT_POLICY, "it was made in the future");
	else if (field->signed_sec >= 0 && field->signed_sec < FIRST_SEC)
		settle(field, MT_POLICY, "it says that it was made before DKIM was");
}
