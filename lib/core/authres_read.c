/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the results of an Authentication-Results field are written, by RFC 8601 and by
 * those who have not read it; refuses to know whether anybody should believe them. */
#include "lib/core/authres.h"

struct reader {
	struct mt_authres *out;
	struct mt_arena *arena;
	struct mt_span s;
	size_t at;
	struct mt_authres_result *results;
	struct mt_authres_property *properties;
	unsigned result_room, property_room, nproperties;
};

static bool
broken(struct reader *r)
{
	r->out->broken = true;
	return false;
}

static bool
at_end(const struct reader *r)
{
	return r->at >= r->s.len;
}

static bool
is_at(const struct reader *r, char c)
{
	return r->at < r->s.len && r->s.ptr[r->at] == c;
}

static bool
take(struct reader *r, char c)
{
	if (!is_at(r, c))
		return false;
	r->at++;
	return true;
}

/* White space and comments, which nest (RFC 5322, 3.2.2). */
static bool
skip_cfws(struct reader *r)
{
	size_t depth = 0;

	for (; r->at < r->s.len; r->at++) {
		char c = r->s.ptr[r->at];

		if (depth == 0 && c != '(' && !mt_is_space(c))
			return true;
		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else if (c == '\\' && depth > 0 && r->at + 1 < r->s.len)
			r->at++;
	}
	return depth == 0 || broken(r);
}

/* RFC 2045, 5.1, and names in other scripts (RFC 8601, 2.2). */
static bool
is_token(char c)
{
	return (unsigned char)c > 127 || (c > ' ' && c < 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
}

/* A word up to what is no token, or up to a dot. */
static struct mt_span
read_word(struct reader *r, bool dots)
{
	size_t from = r->at;

	while (r->at < r->s.len && is_token(r->s.ptr[r->at]) && (dots || r->s.ptr[r->at] != '.'))
		r->at++;
	return (struct mt_span){ r->s.ptr + from, r->at - from };
}

/* What people write for a value: all but white space and what begins or ends something. */
static bool
is_value(char c)
{
	return (unsigned char)c > 127 || (c > ' ' && c < 127 && strchr("();\"", c) == NULL);
}

static struct mt_span
read_run(struct reader *r)
{
	size_t from = r->at;

	while (r->at < r->s.len && is_value(r->s.ptr[r->at]))
		r->at++;
	return (struct mt_span){ r->s.ptr + from, r->at - from };
}

/* The inside of a quoted string without its pairs and the line ends of folds. */
static struct mt_span
unquote(struct reader *r, struct mt_span inside)
{
	char *copy;
	size_t n = 0;

	if (memchr(inside.ptr, '\\', inside.len) == NULL && memchr(inside.ptr, '\n', inside.len) == NULL &&
	    memchr(inside.ptr, '\r', inside.len) == NULL)
		return inside;
	copy = mt_arena_bytes(r->arena, inside.len + 1);
	if (copy == NULL) {
		r->out->cut = true;
		return (struct mt_span){ inside.ptr, 0 };
	}
	for (size_t i = 0; i < inside.len; i++) {
		if (inside.ptr[i] == '\r' || inside.ptr[i] == '\n')
			continue;
		if (inside.ptr[i] == '\\' && i + 1 < inside.len)
			i++;
		copy[n++] = inside.ptr[i];
	}
	copy[n] = '\0';
	return (struct mt_span){ copy, n };
}

/* A quoted string, the text within; with "@" behind it, an address, as it stands. */
static bool
read_quoted(struct reader *r, struct mt_span *value)
{
	size_t from = r->at;

	for (r->at++; !at_end(r) && !is_at(r, '"'); r->at++)
		if (is_at(r, '\\'))
			r->at++;
	if (at_end(r))
		return broken(r);
	r->at++;
	if (is_at(r, '@')) {
		read_run(r);
		*value = (struct mt_span){ r->s.ptr + from, r->at - from };
	} else {
		*value = unquote(r, (struct mt_span){ r->s.ptr + from + 1, r->at - from - 2 });
	}
	return true;
}

/* Behind "=".  An empty one is taken, another "=" is not. */
static bool
read_value(struct reader *r, struct mt_span *value)
{
	if (!skip_cfws(r))
		return false;
	if (is_at(r, '"'))
		return read_quoted(r, value);
	if (is_at(r, '='))
		return broken(r);
	*value = read_run(r);
	return true;
}

static bool
read_number(struct reader *r, unsigned *number)
{
	size_t from = r->at;
	unsigned n = 0;

	for (; !at_end(r) && mt_is_digit(r->s.ptr[r->at]); r->at++)
		n = n > 100000 ? n : n * 10 + (unsigned)(r->s.ptr[r->at] - '0');
	if (r->at > from)
		*number = n;
	return r->at > from;
}

static enum mt_result
result_of(struct mt_span word)
{
	for (int i = MT_NONE; i <= MT_PERMERROR; i++)
		if (mt_span_same_text(word, mt_result_word((enum mt_result)i)))
			return (enum mt_result)i;
	/* RFC 5451, before it was called fail. */
	return mt_span_same_text(word, "hardfail") ? MT_FAIL : MT_UNKNOWN;
}

/* "ptype.name = value", "name = value", or a word that stands alone and says nothing. */
static bool
read_property(struct reader *r, struct mt_authres_result *result)
{
	struct mt_authres_property p = { .name = read_word(r, false) };

	if ((p.name.len == 0 && !is_at(r, '.')) || !skip_cfws(r))
		return broken(r);
	if (take(r, '.')) {
		p.ptype = p.name;
		if (!skip_cfws(r))
			return false;
		p.name = read_word(r, true);
		if (p.ptype.len == 0 || p.name.len == 0 || !skip_cfws(r))
			return broken(r);
	}
	if (!take(r, '='))
		return true;
	if (!read_value(r, &p.value))
		return false;
	if (p.ptype.ptr == NULL && mt_span_same_text(p.name, "reason")) {
		result->reason = p.value;
	} else if (r->nproperties == r->property_room) {
		r->out->cut = true;
	} else {
		r->properties[r->nproperties++] = p;
		result->nproperties++;
	}
	return true;
}

/* A word without "=": the id, late or again, or that there is no result, or half of one. */
static void
take_lone(struct reader *r, struct mt_authres_result *result, bool *keep)
{
	*keep = false;
	if (mt_span_same_text(result->method, "none"))
		r->out->none = true;
	else if (r->out->authserv_id.ptr == NULL)
		r->out->authserv_id = result->method;
	else
		*keep = !mt_span_same(result->method, r->out->authserv_id);
}

/* One result, up to its semicolon. */
static bool
read_result(struct reader *r)
{
	struct mt_authres_result result = { .version = 1 };
	bool keep = true;

	if (!skip_cfws(r) || at_end(r) || is_at(r, ';'))
		return !r->out->broken;
	result.properties = r->properties == NULL ? NULL : r->properties + r->nproperties;
	result.method = read_word(r, true);
	if (result.method.len == 0 || !skip_cfws(r))
		return broken(r);
	if (take(r, '/') && (!skip_cfws(r) || !read_number(r, &result.version) || !skip_cfws(r)))
		return broken(r);
	if (take(r, '=')) {
		if (!skip_cfws(r))
			return false;
		result.word = read_word(r, true);
		result.result = result_of(result.word);
	} else {
		take_lone(r, &result, &keep);
		if (!at_end(r) && !is_at(r, ';'))
			return broken(r);
	}
	while (skip_cfws(r) && !at_end(r) && !is_at(r, ';') && read_property(r, &result))
		continue;
	if (keep && !r->out->broken) {
		if (r->out->nresults == r->result_room)
			r->out->cut = true;
		else
			r->results[r->out->nresults++] = result;
	}
	return !r->out->broken;
}

/* The id and the version, up to the first semicolon; or nothing of it, when results begin
 * at once. */
static bool
read_head(struct reader *r)
{
	struct mt_span id = MT_ABSENT;
	size_t from;

	if (!skip_cfws(r))
		return false;
	from = r->at;
	if (is_at(r, '"')) {
		if (!read_quoted(r, &id))
			return false;
	} else {
		while (!at_end(r) && is_value(r->s.ptr[r->at]) && !is_at(r, '='))
			r->at++;
		if (r->at > from)
			id = (struct mt_span){ r->s.ptr + from, r->at - from };
	}
	if (!skip_cfws(r))
		return false;
	if (is_at(r, '=')) {
		r->at = from;
		return true;
	}
	r->out->authserv_id = id;
	if (read_number(r, &r->out->version) && !skip_cfws(r))
		return false;
	return at_end(r) || is_at(r, ';') || broken(r);
}

static bool
read_instance(struct reader *r)
{
	if (!skip_cfws(r) || !mt_span_same_text(read_word(r, true), "i") || !skip_cfws(r) || !take(r, '=') ||
	    !skip_cfws(r) || !read_number(r, &r->out->instance) || !skip_cfws(r) || !take(r, ';'))
		return broken(r);
	return true;
}

/* No more results than semicolons, nor properties than equals signs. */
static void
make_room(struct reader *r)
{
	r->result_room = r->property_room = 1;
	for (size_t i = 0; i < r->s.len; i++) {
		r->result_room += r->s.ptr[i] == ';' && r->result_room < MT_AUTHRES_RESULTS;
		r->property_room += r->s.ptr[i] == '=' && r->property_room < MT_AUTHRES_PROPERTIES;
	}
	r->results = mt_arena_alloc(r->arena, r->result_room * sizeof *r->results);
	r->properties = mt_arena_alloc(r->arena, r->property_room * sizeof *r->properties);
	if (r->results == NULL)
		r->result_room = 0;
	if (r->properties == NULL)
		r->property_room = 0;
	r->out->results = r->results;
}

static void
read_field(struct mt_authres *out, struct mt_arena *arena, struct mt_span value, bool sealed)
{
	struct reader r = { .out = out, .arena = arena, .s = value.ptr == NULL ? MT_SPAN("") : value };

	*out = (struct mt_authres){ .version = 1 };
	make_room(&r);
	if ((sealed && !read_instance(&r)) || !read_head(&r))
		return;
	/* Where there was no id, a result stands here without a semicolon before it. */
	if (!take(&r, ';') && at_end(&r))
		return;
	while (read_result(&r) && take(&r, ';'))
		continue;
}

void
mt_authres_read(struct mt_authres *out, struct mt_arena *arena, struct mt_span value)
{
	read_field(out, arena, value, false);
}

void
mt_authres_read_sealed(struct mt_authres *out, struct mt_arena *arena, struct mt_span value)
{
	read_field(out, arena, value, true);
}

struct mt_span
mt_authres_property(const struct mt_authres_result *result, const char *ptype, const char *name)
{
	for (unsigned i = 0; i < result->nproperties; i++) {
		const struct mt_authres_property *p = &result->properties[i];

		if (mt_span_same_text(p->ptype, ptype) && mt_span_same_text(p->name, name))
			return p->value;
	}
	return MT_ABSENT;
}
