/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how macros are written and what text they give; knows no record and no DNS. */
#include "lib/core/spf_macro.h"

/* Most bytes that one expansion may read.  What counts of the result is its last 253 bytes;
 * no policy that somebody wrote to be used comes near this. */
#define WORK_MOST (64u * 1024u)

/* Bytes that are kept of the end of an expansion: a name, the dot before it, one behind. */
#define TAIL_KEPT (253 + 2)

/* A part of a macro-string. */
struct piece {
	bool macro;			/* the grammar's macro-expand */
	char letter;			/* lower case; 0: `text` is what it stands for */
	bool escape;			/* an upper-case letter: as in a URL (7.3) */
	bool reverse;
	size_t parts;			/* 0: all of them */
	struct mt_span delimiters;
	struct mt_span text;
};

static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* ---- syntax ------------------------------------------------------------------------ */

/* "%{" letter digits "r" delimiters "}", of which rest begins behind the brace. */
static bool
read_macro(struct mt_span *rest, struct piece *piece)
{
	const char *p = rest->ptr, *end = p + rest->len, *from;

	if (p == end || !one_of(mt_lower(*p), "slodiphcrtv"))
		return false;
	piece->letter = mt_lower(*p);
	piece->escape = *p++ != piece->letter;
	for (from = p; p < end && mt_is_digit(*p); p++)
		if (piece->parts <= WORK_MOST)
			piece->parts = piece->parts * 10 + (size_t)(*p - '0');
	/* "If a DIGIT is specified, the value MUST be nonzero" (7.3). */
	if (p > from && piece->parts == 0)
		return false;
	if (p < end && mt_lower(*p) == 'r') {
		piece->reverse = true;
		p++;
	}
	for (from = p; p < end && one_of(*p, ".-+,/_="); p++)
		continue;
	piece->delimiters = p == from ? MT_SPAN(".") : mt_span_between(from, p);
	if (p == end || *p != '}')
		return false;
	*rest = mt_span_between(p + 1, end);
	return true;
}

static bool
read_percent(struct mt_span *rest, struct piece *piece)
{
	char c = rest->len < 2 ? '\0' : rest->ptr[1];

	piece->macro = true;
	if (c == '%')
		piece->text = MT_SPAN("%");
	else if (c == '_')
		piece->text = MT_SPAN(" ");
	else if (c == '-')
		piece->text = MT_SPAN("%20");
	else if (c != '{')
		return false;
	*rest = (struct mt_span){ rest->ptr + 2, rest->len - 2 };
	return c != '{' || read_macro(rest, piece);
}

/* Takes the next piece off *rest, which is not empty; false: there is none by the grammar. */
static bool
read_piece(struct mt_span *rest, struct piece *piece)
{
	const char *p = rest->ptr, *end = p + rest->len;

	*piece = (struct piece){ 0 };
	if (*p == '%')
		return read_percent(rest, piece);
	while (p < end && *p > 32 && *p < 127 && *p != '%')
		p++;
	piece->text = mt_span_between(rest->ptr, p);
	*rest = mt_span_between(p, end);
	return piece->text.len > 0;
}

bool
mt_spf_macro_string(struct mt_span text)
{
	struct piece piece;

	while (text.len > 0)
		if (!read_piece(&text, &piece))
			return false;
	return true;
}

/* Letters, digits and hyphens, no hyphen at an end, not all of it digits. */
static bool
toplabel(struct mt_span label)
{
	bool digits = true;

	if (label.len == 0 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!mt_is_alpha(label.ptr[i]) && !mt_is_digit(label.ptr[i]) && label.ptr[i] != '-')
			return false;
		digits = digits && mt_is_digit(label.ptr[i]);
	}
	return !digits;
}

/* "." toplabel [ "." ] at the end of a literal. */
static bool
ends_in_label(struct mt_span text)
{
	size_t from;

	text = mt_name_strip(text);
	for (from = text.len; from > 0 && text.ptr[from - 1] != '.'; from--)
		continue;
	return from > 0 && toplabel((struct mt_span){ text.ptr + from, text.len - from });
}

bool
mt_spf_macro_spec(struct mt_span text)
{
	struct piece piece = { 0 };

	while (text.len > 0)
		if (!read_piece(&text, &piece) || one_of(piece.letter, "crt"))
			return false;
	return piece.macro || ends_in_label(piece.text);
}

bool
mt_spf_macro_plain(struct mt_span spec)
{
	return spec.len == 0 || memchr(spec.ptr, '%', spec.len) == NULL;
}

bool
mt_spf_macro_asks(struct mt_span spec)
{
	struct piece piece;

	while (spec.len > 0 && read_piece(&spec, &piece))
		if (piece.letter == 'p')
			return true;
	return false;
}

/* ---- expansion --------------------------------------------------------------------- */

/* The end of a text that may be long. */
struct tail {
	size_t total;			/* bytes of the whole text */
	size_t len;			/* of them here */
	char bytes[2 * TAIL_KEPT];
};

static void
add_byte(struct tail *tail, char c)
{
	if (tail->len == sizeof tail->bytes) {
		memmove(tail->bytes, tail->bytes + tail->len - TAIL_KEPT, TAIL_KEPT);
		tail->len = TAIL_KEPT;
	}
	tail->bytes[tail->len++] = c;
	tail->total++;
}

/* As it is, or with all but the unreserved characters of RFC 3986, 2.3, escaped. */
static void
add_escaped(struct tail *tail, char c, bool escape)
{
	static const char hex[] = "0123456789ABCDEF";

	if (!escape || mt_is_alpha(c) || mt_is_digit(c) || one_of(c, "-._~")) {
		add_byte(tail, c);
		return;
	}
	add_byte(tail, '%');
	add_byte(tail, hex[(unsigned char)c >> 4]);
	add_byte(tail, hex[(unsigned char)c & 15]);
}

static bool
delimits(const struct piece *piece, char c)
{
	return memchr(piece->delimiters.ptr, c, piece->delimiters.len) != NULL;
}

/* The last `parts` parts, their delimiters now dots. */
static void
add_forward(struct tail *tail, const struct piece *piece, struct mt_span value)
{
	size_t from = value.len, parts = piece->parts;

	while (from > 0 && (!delimits(piece, value.ptr[from - 1]) || parts == 0 || --parts > 0))
		from--;
	for (size_t i = from; i < value.len; i++)
		add_escaped(tail, delimits(piece, value.ptr[i]) ? '.' : value.ptr[i], piece->escape);
}

/* The first `parts` parts, last of them first: reversed, they are the rightmost. */
static void
add_backward(struct tail *tail, const struct piece *piece, struct mt_span value)
{
	size_t end = 0, parts = piece->parts;

	while (end < value.len && (!delimits(piece, value.ptr[end]) || parts == 0 || --parts > 0))
		end++;
	for (;;) {
		size_t from = end;

		while (from > 0 && !delimits(piece, value.ptr[from - 1]))
			from--;
		for (size_t i = from; i < end; i++)
			add_escaped(tail, value.ptr[i], piece->escape);
		if (from == 0)
			break;
		add_byte(tail, '.');
		end = from - 1;
	}
}

/* 7.3: IPv4 as it is written, IPv6 as nibbles with dots between them. */
static struct mt_span
client_text(const struct mt_ip *ip, char out[64])
{
	static const char hex[] = "0123456789abcdef";
	char text[MT_IP_TEXT];
	size_t n = 0;

	if (ip->family != 6) {
		mt_ip_text(ip, text);
		n = strlen(text);
		memcpy(out, text, n);
		return (struct mt_span){ out, n };
	}
	for (size_t i = 0; i < 16; i++) {
		out[n++] = hex[ip->bytes[i] >> 4];
		out[n++] = '.';
		out[n++] = hex[ip->bytes[i] & 15];
		out[n++] = '.';
	}
	return (struct mt_span){ out, n - 1 };
}

static struct mt_span
value_of(const struct mt_spf_macros *macros, char letter, char room[64])
{
	switch (letter) {
	case 's':
		return macros->sender;
	case 'l':
		return macros->local;
	case 'o':
		return macros->of;
	case 'd':
		return macros->domain;
	case 'h':
		return macros->helo;
	case 'i':
		return client_text(&macros->client, room);
	case 'p':
		return macros->validated.ptr == NULL ? MT_SPAN("unknown") : macros->validated;
	case 'v':
		return macros->client.family == 6 ? MT_SPAN("ip6") : MT_SPAN("in-addr");
	}
	return MT_ABSENT;
}

static bool
add_piece(struct tail *tail, const struct mt_spf_macros *macros, const struct piece *piece, size_t *work)
{
	char room[64];
	struct mt_span value = piece->letter == 0 ? piece->text : value_of(macros, piece->letter, room);

	if (value.len > *work)
		return false;
	*work -= value.len;
	if (piece->letter == 0) {
		for (size_t i = 0; i < value.len; i++)
			add_byte(tail, value.ptr[i]);
		return true;
	}
	(piece->reverse ? add_backward : add_forward)(tail, piece, value);
	return true;
}

/* 7.3: labels go on the left until no more than 253 bytes are left. */
static struct mt_span
shorten(const struct tail *tail)
{
	struct mt_span name = { tail->bytes, tail->len };
	size_t stripped = mt_name_strip(name).len, total = tail->total - (name.len - stripped);
	const char *dot;

	name.len = stripped;
	if (total <= 253)
		return name;
	if (name.len > 254)
		name = (struct mt_span){ name.ptr + (name.len - 254), 254 };
	dot = memchr(name.ptr, '.', name.len);
	return dot == NULL ? MT_ABSENT : mt_span_between(dot + 1, name.ptr + name.len);
}

bool
mt_spf_macro_name(char out[MT_NAME_TEXT], const struct mt_spf_macros *macros, struct mt_span spec)
{
	struct tail tail = { 0 };
	size_t work = WORK_MOST, n = 0;
	struct piece piece;
	struct mt_span name;

	while (spec.len > 0)
		if (!read_piece(&spec, &piece) || !add_piece(&tail, macros, &piece, &work))
			return false;
	name = shorten(&tail);
	for (size_t i = 0; i < name.len; i++) {
		bool space = name.ptr[i] == ' ';

		/* A backslash of theirs is no escape of ours. */
		if (name.ptr[i] == '\\' || n + (space ? 4 : 1) >= MT_NAME_TEXT)
			return false;
		if (space)
			memcpy(out + n, "\\032", 4);
		else
			out[n] = name.ptr[i];
		n += space ? 4 : 1;
	}
	out[n] = '\0';
	return mt_name_askable((struct mt_span){ out, n });
}
