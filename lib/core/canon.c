/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the two canonical forms of RFC 6376, 3.4; refuses to know what is done with them. */
#include "lib/core/canon.h"

static void
flush(struct mt_canon_out *out)
{
	size_t len = out->len < out->left ? out->len : (size_t)out->left;

	if (len > 0)
		out->sink(out->ctx, out->bytes, len);
	out->left -= len;
	out->len = 0;
}

static void
put(struct mt_canon_out *out, const char *bytes, size_t len)
{
	out->total += len;
	while (len > 0) {
		size_t room = sizeof out->bytes - out->len, now = len < room ? len : room;

		memcpy(out->bytes + out->len, bytes, now);
		out->len += now;
		bytes += now;
		len -= now;
		if (out->len == sizeof out->bytes)
			flush(out);
	}
}

static bool
read_how(enum mt_canon *how, struct mt_span word)
{
	*how = mt_span_same_text(word, "relaxed") ? MT_CANON_RELAXED : MT_CANON_SIMPLE;
	return *how == MT_CANON_RELAXED || mt_span_same_text(word, "simple");
}

bool
mt_canon_read(enum mt_canon *header, enum mt_canon *body, struct mt_span c)
{
	const char *slash, *end;

	*header = *body = MT_CANON_SIMPLE;
	if (c.ptr == NULL)
		return true;
	end = c.ptr + c.len;
	slash = memchr(c.ptr, '/', c.len);
	if (slash == NULL)
		return read_how(header, c);
	return read_how(header, mt_span_between(c.ptr, slash)) && read_how(body, mt_span_between(slash + 1, end));
}

/* Where a field stands between two pieces of its value. */
struct place {
	bool begun, space, cr;
};

/* RFC 6376, 3.4.1, but for line ends. */
static void
simple_piece(struct mt_canon_out *out, struct place *place, struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\n' && !place->cr)
			put(out, "\r", 1);
		put(out, s.ptr + i, 1);
		place->cr = s.ptr[i] == '\r';
	}
}

/* RFC 6376, 3.4.2: no line ends, one space for any run, none at both ends. */
static void
relaxed_piece(struct mt_canon_out *out, struct place *place, struct mt_span s)
{
	for (size_t i = 0, from; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '\n' || (c == '\r' && i + 1 < s.len && s.ptr[i + 1] == '\n'))
			continue;
		if (c == ' ' || c == '\t') {
			place->space = place->begun;
			continue;
		}
		if (place->space)
			put(out, " ", 1);
		for (from = i; i + 1 < s.len && (unsigned char)s.ptr[i + 1] > ' ';)
			i++;
		put(out, s.ptr + from, i + 1 - from);
		place->begun = true;
		place->space = false;
	}
}

static void
put_name(struct mt_canon_out *out, enum mt_canon how, struct mt_span name)
{
	if (how == MT_CANON_RELAXED)
		name = mt_span_trim(name);
	for (size_t i = 0; i < name.len; i++) {
		char c = how == MT_CANON_RELAXED ? mt_lower(name.ptr[i]) : name.ptr[i];

		put(out, &c, 1);
	}
	put(out, ":", 1);
}

static void
put_value(struct mt_canon_out *out, struct place *place, enum mt_canon how, struct mt_span value)
{
	if (how == MT_CANON_RELAXED)
		relaxed_piece(out, place, value);
	else
		simple_piece(out, place, value);
}

void
mt_canon_field(enum mt_canon how, struct mt_span name, struct mt_span value, mt_sink_fn *sink, void *ctx)
{
	struct mt_canon_out out = { .sink = sink, .ctx = ctx, .left = UINT64_MAX };
	struct place place = { 0 };

	put_name(&out, how, name);
	put_value(&out, &place, how, value);
	put(&out, "\r\n", 2);
	flush(&out);
}

void
mt_canon_signature(enum mt_canon how, struct mt_span name, struct mt_span value, struct mt_span without,
    mt_sink_fn *sink, void *ctx)
{
	struct mt_canon_out out = { .sink = sink, .ctx = ctx, .left = UINT64_MAX };
	struct place place = { 0 };

	put_name(&out, how, name);
	if (without.ptr == NULL) {
		put_value(&out, &place, how, value);
	} else {
		put_value(&out, &place, how, mt_span_between(value.ptr, without.ptr));
		put_value(&out, &place, how, mt_span_between(without.ptr + without.len, value.ptr + value.len));
	}
	flush(&out);
}

void
mt_canon_body_begin(struct mt_canon_body *body, enum mt_canon how, uint64_t most, mt_sink_fn *sink, void *ctx)
{
	body->how = how;
	body->begun = body->space = body->cr = false;
	body->ends = 0;
	body->out.sink = sink;
	body->out.ctx = ctx;
	body->out.left = most;
	body->out.total = 0;
	body->out.len = 0;
}

/* Something that counts comes: what waited for it was not the end. */
static void
content(struct mt_canon_body *body, const char *bytes, size_t len)
{
	body->begun = true;
	for (; body->ends > 0; body->ends--)
		put(&body->out, "\r\n", 2);
	if (body->space)
		put(&body->out, " ", 1);
	body->space = false;
	put(&body->out, bytes, len);
}

/* What is not taken as it stands: line ends in both forms, white space in the relaxed one. */
static const bool stops[][256] = {
	[MT_CANON_SIMPLE] = { ['\r'] = true, ['\n'] = true },
	[MT_CANON_RELAXED] = { ['\r'] = true, ['\n'] = true, [' '] = true, ['\t'] = true },
};

/* Where what is taken as it stands ends: a single space between two words does. */
static size_t
run_end(const bool stop[256], struct mt_span s, size_t from)
{
	size_t i = from;

	while (i < s.len && (!stop[(unsigned char)s.ptr[i]] ||
	    (s.ptr[i] == ' ' && i > from && i + 1 < s.len && !stop[(unsigned char)s.ptr[i + 1]])))
		i++;
	return i;
}

/* RFC 6376, 3.4.3 and 3.4.4: empty lines wait until it is known that they are not the
 * last; so does white space in the relaxed form, where an end of line makes an end of it. */
void
mt_canon_body_add(struct mt_canon_body *body, struct mt_span bytes)
{
	for (size_t i = 0, from; i < bytes.len;) {
		char c = bytes.ptr[i];

		/* A bare CR is text like other text. */
		if (body->cr && c != '\n')
			content(body, "\r", 1);
		body->cr = c == '\r';
		from = i;
		i = run_end(stops[body->how], bytes, from);
		if (i > from) {
			content(body, bytes.ptr + from, i - from);
			continue;
		}
		i++;
		if (c == '\n')
			body->ends++;
		body->space = c == ' ' || c == '\t' || (c == '\r' && body->space);
	}
}

uint64_t
mt_canon_body_end(struct mt_canon_body *body)
{
	if (body->cr)
		content(body, "\r", 1);
	/* An empty body is one empty line in the simple form, and nothing in the other. */
	if (body->begun || body->how == MT_CANON_SIMPLE)
		put(&body->out, "\r\n", 2);
	flush(&body->out);
	return body->out.total;
}
