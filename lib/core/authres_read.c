/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the results of an Authentication-Results field are written, by RFC 8601 and by
 * those who have not read it; refuses to know whether anybody should believe them. */
#include "lib/core/authres.h"

#include "lib/core/cfws.h"

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
has(struct mt_span s, size_t at, char c)
{
	return at < s.len && s.ptr[at] == c;
}

static bool
is_at(const struct reader *r, char c)
{
	return has(r->s, r->at, c);
}

static bool
pass(struct mt_span s, size_t *at, char c)
{
	if (!has(s, *at, c))
		return false;
	(*at)++;
	return true;
}

static bool
take(struct reader *r, char c)
{
	return pass(r->s, &r->at, c);
}

/* White space and comments. */
static bool
skip(struct reader *r)
{
	return mt_cfws_skip(r->s, &r->at) || broken(r);
}

/* A word up to what is no token, or up to a dot. */
static struct mt_span
read_word(struct reader *r, bool dots)
{
	size_t from = r->at;

	while (r->at < r->s.len && mt_cfws_in_token(r->s.ptr[r->at]) && (dots || r->s.ptr[r->at] != '.'))
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

/* The text of a quoted string: lent where it stands there as it is. */
static struct mt_span
unquote(struct reader *r, struct mt_span inside)
{
	char *copy;
	size_t n;

	if (memchr(inside.ptr, '\\', inside.len) == NULL && memchr(inside.ptr, '\n', inside.len) == NULL &&
	    memchr(inside.ptr, '\r', inside.len) == NULL)
		return inside;
	copy = mt_arena_bytes(r->arena, inside.len);
	if (copy == NULL) {
		r->out->cut = true;
		return (struct mt_span){ inside.ptr, 0 };
	}
	mt_cfws_unquote(copy, inside.len, &n, inside);
	return (struct mt_span){ copy, n };
}

/* A quoted string, the text within; with "@" behind it, an address, as it stands. */
static bool
read_quoted(struct reader *r, struct mt_span *value)
{
	size_t from = r->at;

	if (!mt_cfws_quoted(r->s, &r->at, '"'))
		return broken(r);
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
	if (!skip(r))
		return false;
	if (is_at(r, '"'))
		return read_quoted(r, value);
	if (is_at(r, '='))
		return broken(r);
	*value = read_run(r);
	return true;
}

static struct mt_span
read_digits(struct mt_span s, size_t *at)
{
	size_t from = *at;

	while (*at < s.len && mt_is_digit(s.ptr[*at]))
		(*at)++;
	return (struct mt_span){ s.ptr + from, *at - from };
}

/* Large ones are only said to be large. */
static unsigned
number_of(struct mt_span digits)
{
	unsigned n = 0;

	for (size_t i = 0; i < digits.len && n <= 100000; i++)
		n = n * 10 + (unsigned)(digits.ptr[i] - '0');
	return n;
}

/* Behind the slash of a method. */
static bool
read_version(struct reader *r, unsigned *version)
{
	struct mt_span digits;

	if (!skip(r))
		return false;
	digits = read_digits(r->s, &r->at);
	*version = number_of(digits);
	return digits.len > 0 && skip(r);
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

	if ((p.name.len == 0 && !is_at(r, '.')) || !skip(r))
		return broken(r);
	if (take(r, '.')) {
		p.ptype = p.name;
		if (!skip(r))
			return false;
		p.name = read_word(r, true);
		if (p.ptype.len == 0 || p.name.len == 0 || !skip(r))
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

	if (!skip(r) || at_end(r) || is_at(r, ';'))
		return !r->out->broken;
	result.properties = r->properties == NULL ? NULL : r->properties + r->nproperties;
	result.method = read_word(r, true);
	if (result.method.len == 0 || !skip(r))
		return broken(r);
	if (take(r, '/') && !read_version(r, &result.version))
		return broken(r);
	if (take(r, '=')) {
		if (!skip(r))
			return false;
		result.word = read_word(r, true);
		result.result = result_of(result.word);
	} else {
		take_lone(r, &result, &keep);
		if (!at_end(r) && !is_at(r, ';'))
			return broken(r);
	}
	while (skip(r) && !at_end(r) && !is_at(r, ';') && read_property(r, &result))
		continue;
	if (keep && !r->out->broken) {
		if (r->out->nresults == r->result_room)
			r->out->cut = true;
		else
			r->results[r->out->nresults++] = result;
	}
	return !r->out->broken;
}

/* What is no token is taken too. */
static bool
read_id(struct mt_authres_head *head, struct mt_span s, size_t *at)
{
	size_t from = *at;

	if (has(s, *at, '"')) {
		if (!mt_cfws_quoted(s, at, '"'))
			return false;
		head->quoted = true;
		head->id = (struct mt_span){ s.ptr + from + 1, *at - from - 2 };
		return true;
	}
	while (*at < s.len && s.ptr[*at] != '=' && is_value(s.ptr[*at]))
		(*at)++;
	if (*at > from)
		head->id = (struct mt_span){ s.ptr + from, *at - from };
	return true;
}

bool
mt_authres_read_head(struct mt_authres_head *head, struct mt_span value, size_t *at)
{
	struct mt_span version;
	size_t from;

	*head = (struct mt_authres_head){ .id = MT_ABSENT };
	if (!mt_cfws_skip(value, at))
		return false;
	if (*at >= value.len)
		return true;
	from = *at;
	if (!read_id(head, value, at) || !mt_cfws_skip(value, at))
		return false;
	if (has(value, *at, '=')) {
		*head = (struct mt_authres_head){ .id = MT_ABSENT };
		*at = from;
		return true;
	}
	version = read_digits(value, at);
	if (version.len > 0)
		head->version = version;
	return mt_cfws_skip(value, at) && (*at >= value.len || value.ptr[*at] == ';');
}

bool
mt_authres_read_instance(struct mt_span *digits, struct mt_span value, size_t *at)
{
	*digits = MT_ABSENT;
	if (!mt_cfws_skip(value, at) || !pass(value, at, 'i') || !mt_cfws_skip(value, at) || !pass(value, at, '=') ||
	    !mt_cfws_skip(value, at))
		return false;
	*digits = read_digits(value, at);
	return digits->len > 0 && mt_cfws_skip(value, at) && pass(value, at, ';');
}

static bool
read_head(struct reader *r, bool sealed)
{
	struct mt_authres_head head;
	struct mt_span digits;
	bool ok;

	if (sealed) {
		ok = mt_authres_read_instance(&digits, r->s, &r->at);
		r->out->instance = number_of(digits);
		if (!ok)
			return broken(r);
	}
	ok = mt_authres_read_head(&head, r->s, &r->at);
	r->out->authserv_id = head.quoted ? unquote(r, head.id) : head.id;
	if (head.version.ptr != NULL)
		r->out->version = number_of(head.version);
	return ok || broken(r);
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
	if (!read_head(&r, sealed))
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
