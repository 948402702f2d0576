/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the fields of RFC 8617 are written and which belong together; refuses to know
 * whether what they say is true. */
#include "lib/core/arc_field.h"

#include "lib/core/tags.h"

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

/* CFWS (RFC 5322, 3.2.2); a comment that does not end reaches to the end. */
static void
skip_cfws(struct mt_span s, size_t *at)
{
	size_t depth = 0;

	for (; *at < s.len; (*at)++) {
		char c = s.ptr[*at];

		if (depth == 0 && c != '(' && !mt_is_space(c))
			return;
		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else if (c == '\\' && depth > 0 && *at + 1 < s.len)
			(*at)++;
	}
}

/* One piece of a field of results. */
struct token {
	char what;			/* ';' or '=' for these, 'w' for a word, 0 at the end */
	size_t len;
	char text[MT_NAME_TEXT];	/* of a word, quotes taken off; a longer one is cut */
};

static void
put(struct token *token, char c)
{
	if (token->len < sizeof token->text)
		token->text[token->len++] = c;
}

static void
next_quoted(struct token *token, struct mt_span s, size_t *at)
{
	for ((*at)++; *at < s.len && s.ptr[*at] != '"'; (*at)++) {
		if (s.ptr[*at] == '\\' && *at + 1 < s.len)
			(*at)++;
		if (s.ptr[*at] != '\r' && s.ptr[*at] != '\n')
			put(token, s.ptr[*at]);
	}
	if (*at < s.len)
		(*at)++;
}

static void
next(struct token *token, struct mt_span s, size_t *at)
{
	skip_cfws(s, at);
	token->len = 0;
	token->what = *at == s.len ? 0 : s.ptr[*at] == ';' || s.ptr[*at] == '=' ? s.ptr[*at] : 'w';
	if (token->what == 0)
		return;
	if (token->what != 'w')
		(*at)++;
	else if (s.ptr[*at] == '"')
		next_quoted(token, s, at);
	else
		while (*at < s.len && !mt_is_space(s.ptr[*at]) && strchr("();=\"", s.ptr[*at]) == NULL)
			put(token, s.ptr[(*at)++]);
	/* A closing bracket of nothing, or a NUL, is a word of its own. */
	if (token->what == 'w' && token->len == 0 && *at < s.len && (s.ptr[*at] == ')' || s.ptr[*at] == '\0'))
		put(token, s.ptr[(*at)++]);
}

static struct mt_span
text_of(const struct token *token)
{
	return (struct mt_span){ token->text, token->len };
}

/* "i=1;" stands first (RFC 8617, 4.1.1), and what follows it is the field that RFC 8601 defines. */
static bool
results_head(struct mt_span value, size_t *at, unsigned *instance, const char **why)
{
	struct token token;

	next(&token, value, at);
	if (token.what != 'w' || !mt_span_equal(text_of(&token), MT_SPAN("i")))
		return false;
	next(&token, value, at);
	if (token.what != '=')
		return false;
	next(&token, value, at);
	*instance = read_instance(text_of(&token), why);
	next(&token, value, at);
	return *instance != 0 && token.what == ';';
}

static void
read_results(struct mt_arc_field *field)
{
	const char *why = "a field of ARC has no instance";
	size_t at = 0;

	if (!results_head(field->value, &at, &field->instance, &why)) {
		field->instance = 0;
		field->why = why;
	}
}

/* Keeps what may be the left side of a '=': words that dots join, with CFWS between them. */
static void
join(struct token *left, const struct token *word)
{
	bool on = left->len > 0 && word->len > 0 && (left->text[left->len - 1] == '.' || word->text[0] == '.');

	if (!on)
		left->len = 0;
	for (size_t i = 0; i < word->len; i++)
		put(left, word->text[i]);
}

static void
take_address(struct mt_arc_set *set, const struct token *value, bool *differ)
{
	struct mt_ip ip;

	if (!mt_ip_parse(&ip, text_of(value)))
		return;
	*differ = *differ || (set->remote_ip.family != 0 && memcmp(&set->remote_ip, &ip, sizeof ip) != 0);
	set->remote_ip = ip;
}

/* The id, unless a result stands in its place. */
static void
read_id(struct token *id, struct mt_span value, size_t *at)
{
	struct token behind;
	size_t from = *at, end;

	next(id, value, at);
	end = *at;
	next(&behind, value, at);
	if (behind.what == '=')
		id->len = 0;
	*at = behind.what == '=' ? from : end;
	if (id->what != 'w')
		id->len = 0;
}

void
mt_arc_field_results(struct mt_arc_set *set, struct mt_arena *arena, struct mt_span value)
{
	struct token token, left = { .len = 0 };
	const char *why;
	bool differ = false;
	unsigned instance;
	size_t at = 0;

	if (!results_head(value, &at, &instance, &why))
		return;
	read_id(&token, value, &at);
	if (token.len > 0)
		set->authserv_id = mt_arena_copy(arena, text_of(&token));
	for (next(&token, value, &at); token.what != 0; next(&token, value, &at)) {
		if (token.what == 'w') {
			join(&left, &token);
			continue;
		}
		if (token.what == '=' && mt_span_same_text(text_of(&left), "smtp.remote-ip")) {
			next(&token, value, &at);
			take_address(set, &token, &differ);
		} else if (token.what == '=') {
			next(&token, value, &at);
		}
		left.len = 0;
	}
	if (differ)
		set->remote_ip = (struct mt_ip){ .family = 0 };
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
