/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the fields of RFC 8617 are written and which belong together; refuses to know
 * whether what they say is true. */
#include "lib/core/arc_field.h"

#include "lib/core/authres.h"
#include "lib/core/tags.h"

/* Memory for the results of one set while they are looked through: those that authres.h takes
 * at the most, and texts with backslashes in them. */
#define RESULTS_FIRST 1024
#define RESULTS_MOST (64u * 1024u)

static const char *const names[MT_ARC_KINDS] = {
	[MT_ARC_RESULTS] = "ARC-Authentication-Results",
	[MT_ARC_MESSAGE] = "ARC-Message-Signature",
	[MT_ARC_SEAL] = "ARC-Seal",
};

bool
mt_arc_field_kind(enum mt_arc_kind *kind, struct mt_span name)
{
	if (name.len < 4 || !mt_span_starts(name, "ARC-"))
		return false;
	name = mt_span_trim(name);
	for (size_t i = 0; i < MT_ARC_KINDS; i++)
		if (mt_span_same_text(name, names[i])) {
			*kind = (enum mt_arc_kind)i;
			return true;
		}
	return false;
}

/* RFC 8617, 4.2.1: 1 to 50, else 0 and the reason. */
static unsigned
read_instance(struct mt_span value, const char **why)
{
	uint64_t n;

	if (mt_tags_number(&n, value, 2) && n >= 1 && n <= MT_ARC_INSTANCES)
		return (unsigned)n;
	*why = n > MT_ARC_INSTANCES ? "an instance is beyond 50" : "a field of ARC has no instance";
	return 0;
}

/* ---- ARC-Seal and ARC-Message-Signature ------------------------------------------ */

static enum mt_result
read_cv(struct mt_span cv)
{
	if (mt_span_equal(cv, MT_SPAN("none")))
		return MT_NONE;
	if (mt_span_equal(cv, MT_SPAN("pass")))
		return MT_PASS;
	return mt_span_equal(cv, MT_SPAN("fail")) ? MT_FAIL : MT_UNKNOWN;
}

/* What RFC 6376, 3.5, demands of any signature; NULL where it has it. */
static const char *
judge_signature(const struct mt_arc_field *field, const struct mt_tags *tags)
{
	struct mt_span t = mt_tags_value(tags, "t");
	char name[MT_NAME_TEXT];
	uint64_t number;

	if (field->algorithm == MT_ALGORITHM_UNKNOWN || field->algorithm == MT_ALGORITHM_RSA_SHA1)
		return "it is made with an algorithm that is not accepted";
	if (field->b.len == 0)
		return "it holds no signature";
	if (!mt_key_record_name(name, field->selector, field->domain))
		return "it names no key";
	if (t.ptr != NULL && !mt_tags_number(&number, t, 12))
		return "its time cannot be read";
	return NULL;
}

static const char *
judge_seal(const struct mt_tags *tags)
{
	/* RFC 8617, 4.1.3: h= must lead to fail; other tags that do not belong here are unknown ones. */
	return mt_tags_find(tags, "h") == NULL ? NULL : "it has a tag that a seal must not have";
}

/* RFC 6376, 3.5: the only way to a key that is defined is dns/txt. */
static bool
asks_dns(const struct mt_tags *tags)
{
	struct mt_span q = mt_tags_value(tags, "q");

	return q.ptr == NULL || mt_tags_holds(q, "dns/txt") || mt_tags_holds(q, "dns");
}

static const char *
read_message(struct mt_arc_field *field, const struct mt_tags *tags)
{
	struct mt_span c = mt_tags_value(tags, "c"), l = mt_tags_value(tags, "l"), x = mt_tags_value(tags, "x");
	struct mt_span rest, item;
	uint64_t t = 0;
	size_t count = 0;

	field->h = mt_tags_value(tags, "h");
	field->bh = mt_tags_value(tags, "bh");
	field->length = field->expires = UINT64_MAX;
	/* Without c= the forms are those of the seal, as the published suite has it; of RFC 6376, 3.5,
	 * it would be simple/simple. */
	if (!mt_canon_read(&field->header, &field->body, c.ptr == NULL ? MT_SPAN("relaxed/relaxed") : c))
		return "its canonical form is none that is known";
	if (field->bh.len == 0)
		return "it holds no hash of the body";
	if (field->h.ptr == NULL)
		return "it does not say which fields it covers";
	/* RFC 8617, 4.1.2.  An empty h= is tolerated, as others do: it covers the body alone. */
	for (rest = field->h; mt_tags_item(&item, &rest);) {
		if (mt_span_same_text(item, names[MT_ARC_SEAL]))
			return "it covers a seal, which it must not";
		field->too_many = ++count > MT_ARC_H_MOST;
	}
	if (l.ptr != NULL && !mt_tags_number(&field->length, l, 76))
		return "its length of the body cannot be read";
	if (x.ptr != NULL && !mt_tags_number(&field->expires, x, 12))
		return "its time of expiry cannot be read";
	if (mt_tags_number(&t, mt_tags_value(tags, "t"), 12) && field->expires <= t)
		return "it expired before it was made";
	return asks_dns(tags) ? NULL : "its key is not in DNS";
}

static void
read_signature(struct mt_arc_field *field, enum mt_arc_kind kind)
{
	struct mt_tags tags;
	const struct mt_tag *b;
	const char *why;

	if (!mt_tags_read(&tags, field->value)) {
		field->why = "a field of ARC cannot be read";
		return;
	}
	field->instance = read_instance(mt_tags_value(&tags, "i"), &field->why);
	field->algorithm = mt_key_algorithm(mt_tags_value(&tags, "a"));
	field->domain = mt_tags_value(&tags, "d");
	field->selector = mt_tags_value(&tags, "s");
	field->cv = read_cv(mt_tags_value(&tags, "cv"));
	b = mt_tags_find(&tags, "b");
	if (b != NULL) {
		field->b = b->value;
		field->b_raw = b->raw;
	}
	why = kind == MT_ARC_SEAL ? judge_seal(&tags) : read_message(field, &tags);
	if (why == NULL)
		why = judge_signature(field, &tags);
	if (field->why == NULL)
		field->why = why;
}

/* ---- ARC-Authentication-Results --------------------------------------------------- */

/* "i=1;" stands first (RFC 8617, 4.1.1), and what follows it is the field that RFC 8601 defines. */
static void
read_results(struct mt_arc_field *field)
{
	struct mt_span digits;
	size_t at = 0;

	if (!mt_authres_read_instance(&digits, field->value, &at))
		digits = MT_ABSENT;
	field->instance = read_instance(digits, &field->why);
}

static void
take_address(struct mt_arc_set *set, struct mt_span value, bool *differ)
{
	struct mt_ip ip;

	if (!mt_ip_parse(&ip, value))
		return;
	*differ = *differ || (set->remote_ip.family != 0 && memcmp(&set->remote_ip, &ip, sizeof ip) != 0);
	set->remote_ip = ip;
}

/* What cannot be read, or is beyond the bounds, may say another address: then it is none.  A
 * property may stand where a method should. */
static void
take_addresses(struct mt_arc_set *set, const struct mt_authres *said)
{
	bool differ = said->broken || said->cut;

	for (unsigned i = 0; i < said->nresults; i++) {
		const struct mt_authres_result *result = &said->results[i];

		if (mt_span_same_text(result->method, "smtp.remote-ip"))
			take_address(set, result->word, &differ);
		for (unsigned p = 0; p < result->nproperties; p++)
			if (mt_span_same_text(result->properties[p].ptype, "smtp") &&
			    mt_span_same_text(result->properties[p].name, "remote-ip"))
				take_address(set, result->properties[p].value, &differ);
	}
	if (differ)
		set->remote_ip = (struct mt_ip){ .family = 0 };
}

void
mt_arc_field_results(struct mt_arc_set *set, struct mt_arena *arena, struct mt_span value)
{
	struct mt_authres said;
	struct mt_arena scratch;

	mt_arena_init(&scratch, RESULTS_FIRST, RESULTS_MOST);
	mt_authres_read_sealed(&said, &scratch, value);
	if (said.instance >= 1 && said.instance <= MT_ARC_INSTANCES) {
		if (said.authserv_id.len > 0)
			set->authserv_id = mt_arena_copy(arena, said.authserv_id);
		take_addresses(set, &said);
	}
	mt_arena_fini(&scratch);
}

void
mt_arc_field_read(struct mt_arc_field *field, enum mt_arc_kind kind, struct mt_span name, struct mt_span value)
{
	*field = (struct mt_arc_field){ .name = name, .value = value, .length = UINT64_MAX, .expires = UINT64_MAX };
	if (kind == MT_ARC_RESULTS)
		read_results(field);
	else
		read_signature(field, kind);
}

/* ---- the chain -------------------------------------------------------------------- */

void
mt_arc_chain_add(struct mt_arc_chain *chain, enum mt_arc_kind kind, const struct mt_arc_field *field)
{
	chain->any = true;
	if (field->instance == 0) {
		if (chain->why == NULL)
			chain->why = field->why;
		return;
	}
	if (chain->field[field->instance][kind] != NULL) {
		if (chain->why == NULL)
			chain->why = "a set holds a field twice";
		return;
	}
	chain->field[field->instance][kind] = field;
	if (field->instance > chain->newest)
		chain->newest = field->instance;
}

/* RFC 8617, 5.2, step 3, of one set. */
static const char *
judge_set(const struct mt_arc_chain *chain, unsigned i)
{
	const struct mt_arc_field *const *set = chain->field[i];

	if (set[MT_ARC_RESULTS] == NULL && set[MT_ARC_MESSAGE] == NULL && set[MT_ARC_SEAL] == NULL)
		return "a set is missing";
	if (set[MT_ARC_RESULTS] == NULL || set[MT_ARC_MESSAGE] == NULL || set[MT_ARC_SEAL] == NULL)
		return "a set is not whole";
	if (set[MT_ARC_SEAL]->cv != (i == 1 ? MT_NONE : MT_PASS))
		return "a seal says of the chain what it cannot say";
	return NULL;
}

enum mt_result
mt_arc_chain_judge(const struct mt_arc_chain *chain, const char **why)
{
	const struct mt_arc_field *seal = chain->field[chain->newest][MT_ARC_SEAL];

	*why = NULL;
	if (!chain->any)
		return MT_NONE;
	if (seal != NULL && seal->cv == MT_FAIL)
		*why = "the newest seal says that the chain failed";
	else
		*why = chain->why;
	for (unsigned i = chain->newest; i > 0 && *why == NULL; i--)
		*why = judge_set(chain, i);
	return *why == NULL ? MT_UNKNOWN : MT_FAIL;
}
