/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows which names there are, and how settings stand in a text; knows no meaning.
 *
 * libconfuse stops at the first name that it does not know, forgets where a value stood
 * and what was set before.  So the text is rewritten for it: what is not in the table is
 * told and left out, every setting is appended to, and each value carries its line.
 */
#include "lib/config/rewrite.h"

#include "lib/config/blocks.h"
#include "lib/config/keys.h"

enum kind { END, WORD, STRING, OPEN, CLOSE, SET, ADD, COMMA };

struct token {
	enum kind kind;
	struct mt_span raw;
	unsigned line;
};

struct rewrite {
	struct mt_source *source;
	const char *at, *end;
	unsigned line;			/* of at */
	struct mt_buf out;		/* as many lines as were read */
	unsigned titles;
};

static struct token
take(struct rewrite *rw, size_t len, enum kind kind)
{
	struct token token = { kind, { rw->at, len }, rw->line };

	rw->at += len;
	return token;
}

static size_t
string_len(const char *from, const char *end)
{
	const char *p = from + 1;

	while (p < end && *p != *from)
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? (size_t)(p + 1 - from) : (size_t)(end - from);
}

/* The next token; ends of lines before it go out at once. */
static struct token
next(struct rewrite *rw)
{
	const char *p;

	for (; rw->at < rw->end && mt_is_space(*rw->at); rw->at++)
		if (*rw->at == '\n') {
			mt_buf_char(&rw->out, '\n');
			rw->line++;
		}
	if (rw->at == rw->end)
		return take(rw, 0, END);
	switch (*rw->at) {
	case '{': return take(rw, 1, OPEN);
	case '}': return take(rw, 1, CLOSE);
	case ',': return take(rw, 1, COMMA);
	case '=': return take(rw, 1, SET);
	case '+': return take(rw, rw->end - rw->at > 1 ? 2 : 1, ADD);
	case '"':
	case '\'': return take(rw, string_len(rw->at, rw->end), STRING);
	default: break;
	}
	for (p = rw->at; p < rw->end && strchr(" \n{}=+,\"'", *p) == NULL; p++)
		;
	return take(rw, (size_t)(p - rw->at), WORD);
}

/* A look at the next token without taking it. */
static enum kind
peek(const struct rewrite *rw)
{
	struct rewrite copy = *rw;

	while (copy.at < copy.end && mt_is_space(*copy.at))
		copy.at++;
	return next(&copy).kind;
}

static void
copy_token(struct rewrite *rw, struct token token)
{
	mt_buf_add(&rw->out, token.raw);
	mt_buf_char(&rw->out, ' ');
}

/* A value or title with its line before it, in quotes. */
static void
mark_value(struct rewrite *rw, struct token token, char type)
{
	char quote = token.kind == WORD ? '"' : token.raw.ptr[0];
	struct mt_span inner = token.raw;

	if (token.kind == STRING)
		inner = (struct mt_span){ inner.ptr + 1, inner.len - 2 };
	mt_buf_format(&rw->out, "%c%c%u%c", quote, MT_REWRITE_MARK, token.line, type);
	/* Sections of one title would be made one. */
	if (type == '!')
		mt_buf_format(&rw->out, "%c%u:", MT_REWRITE_MARK, ++rw->titles);
	for (size_t i = 0; i < inner.len; i++) {
		if (token.kind == WORD && (inner.ptr[i] == '\\' || inner.ptr[i] == '$'))
			mt_buf_char(&rw->out, '\\');
		mt_buf_char(&rw->out, inner.ptr[i]);
	}
	mt_buf_char(&rw->out, quote);
}

/* Leaves out all up to the brace that closes, or one value. */
static void
skip_value(struct rewrite *rw)
{
	size_t depth = 0;

	do {
		struct token token = next(rw);

		if (token.kind == END)
			return;
		if (token.kind == OPEN)
			depth++;
		else if (token.kind == CLOSE && depth > 0)
			depth--;
	} while (depth > 0);
}

/* Told here, because libconfuse would take what follows for the value. */
static void
without_value(struct rewrite *rw, const char *section, struct token name, const char *what)
{
	mt_errors_add(rw->source->errors, mt_source_place(rw->source, name.line), "%s%s%.*s: %s; write: %.*s = value",
	    section, *section == '\0' ? "" : ".", MT_SPAN_ARG(name.raw), what, MT_SPAN_ARG(name.raw));
}

static void
setting(struct rewrite *rw, const char *section, struct token name)
{
	struct token op = next(rw), token;

	if (peek(rw) != WORD && peek(rw) != STRING && peek(rw) != OPEN) {
		without_value(rw, section, name, "a value is missing");
		return;
	}
	copy_token(rw, name);
	mt_buf_format(&rw->out, "+= {\"%c%u%c\"", MT_REWRITE_MARK, name.line, op.kind == ADD ? '+' : '=');
	if (peek(rw) == WORD || peek(rw) == STRING) {
		mt_buf_char(&rw->out, ',');
		mark_value(rw, next(rw), ':');
		mt_buf_text(&rw->out, "} ");
		return;
	}
	next(rw);
	if (peek(rw) != CLOSE)
		mt_buf_char(&rw->out, ',');
	for (;;) {
		token = next(rw);
		if (token.kind == WORD || token.kind == STRING)
			mark_value(rw, token, ':');
		else
			copy_token(rw, token);
		if (token.kind != WORD && token.kind != STRING && token.kind != COMMA)
			return;
	}
}

static void
unknown(struct rewrite *rw, const char *section, struct token name, bool block)
{
	struct mt_place place = mt_source_place(rw->source, name.line);
	bool titled = mt_block_titled(section);
	bool not_built = titled ? mt_block_key_not_built(section, name.raw) : mt_key_not_built(section, name.raw);
	const char *dot = *section == '\0' ? "" : ".";
	char near[96], hint[96];

	if (not_built)
		mt_errors_add(rw->source->errors, place, "%s%s%.*s: is not in this build; take it out", section, dot,
		    MT_SPAN_ARG(name.raw));
	else
		mt_errors_add(rw->source->errors, place, "%s%s%.*s: no such %s%s", section, dot, MT_SPAN_ARG(name.raw),
		    block ? "section" : "key", mt_hint(titled ? mt_block_near(section, name.raw) :
		    mt_key_near(section, name.raw, near), hint));
}

static bool
known_key(const char *section, struct mt_span name)
{
	if (mt_block_titled(section))
		return mt_block_key_known(section, name);
	return mt_key_find(section, name) >= 0;
}

/* "name {" of what is no section, "section =" of what is one: told, and left out. */
static void
wrong_kind(struct rewrite *rw, const char *section, struct token name, enum kind then)
{
	struct mt_place place = mt_source_place(rw->source, name.line);

	if (then == OPEN) {
		without_value(rw, section, name, "is a key and no section");
	} else {
		mt_errors_add(rw->source->errors, place, "%.*s: is a section and no key; write: %.*s { key = value }",
		    MT_SPAN_ARG(name.raw), MT_SPAN_ARG(name.raw));
		next(rw);
	}
	skip_value(rw);
}

/* A string is no key: libconfuse would take it for one, or stop without a word. */
static bool
quoted_key(struct rewrite *rw, struct token name, enum kind then)
{
	if (name.kind != STRING)
		return false;
	mt_errors_add(rw->source->errors, mt_source_place(rw->source, name.line), "%.*s stands where a key should, %s",
	    MT_SPAN_ARG(name.raw), "which has no quotes; write: key = value");
	if (then == SET || then == ADD)
		next(rw);
	if (then == SET || then == ADD || then == OPEN)
		skip_value(rw);
	return true;
}

/* Where "include" is what it should be, it does not come to here. */
static bool
wrong_include(struct rewrite *rw, struct token name, enum kind then)
{
	struct rewrite copy = *rw;

	if (name.kind != WORD || !mt_span_equal(name.raw, MT_SPAN("include")))
		return false;
	mt_errors_add(rw->source->errors, mt_source_place(rw->source, name.line),
	    "include: stands outside of sections, with a name in quotes: include \"/etc/mailtrace/conf.d/*.conf\"");
	while (copy.at < copy.end && mt_is_space(*copy.at))
		copy.line += *copy.at++ == '\n';
	if (then == SET || then == ADD)
		next(rw);
	if (then == SET || then == ADD || then == OPEN || ((then == WORD || then == STRING) && copy.line == name.line))
		skip_value(rw);
	return true;
}

static void section(struct rewrite *rw, struct token name);

/* A block within a section, or what looks like one: 'word "title" {'. */
static bool
inner_block(struct rewrite *rw, const char *within, struct token name, enum kind then)
{
	if (name.kind != WORD || mt_block_kind(within, 0) == NULL || (then != WORD && then != STRING && then != OPEN))
		return false;
	if (mt_block_may_stand(within, name.raw)) {
		section(rw, name);
		return true;
	}
	if (then == OPEN || !mt_is_alpha(name.raw.ptr[0]) || known_key(within, name.raw))
		return false;
	unknown(rw, within, name, true);
	next(rw);
	if (peek(rw) == OPEN)
		skip_value(rw);
	return true;
}

/* One thing inside of a section. */
static void
item(struct rewrite *rw, const char *section, struct token name)
{
	enum kind then = peek(rw);
	bool known = name.kind == WORD && known_key(section, name.raw);

	if (quoted_key(rw, name, then) || wrong_include(rw, name, then) || inner_block(rw, section, name, then))
		return;
	if (known && (then == WORD || then == STRING)) {
		without_value(rw, section, name, "the '=' is missing");
		next(rw);
	} else if ((known && then == OPEN) || ((then == SET || then == ADD) &&
	    mt_block_may_stand(section, name.raw))) {
		wrong_kind(rw, section, name, then);
	} else if (known && (then == SET || then == ADD)) {
		setting(rw, section, name);
	} else if (name.kind == WORD && (then == SET || then == ADD || then == OPEN)) {
		unknown(rw, section, name, false);
		if (then != OPEN)
			next(rw);
		skip_value(rw);
	} else {
		copy_token(rw, name);
	}
}

/* "section {" or 'section "title" {' of a known one, up to and with its closing brace. */
static void
section(struct rewrite *rw, struct token name)
{
	char kind[32];
	struct token token;

	copy_token(rw, name);
	if (peek(rw) != OPEN)
		mark_value(rw, next(rw), '!');
	if (peek(rw) != OPEN || name.raw.len >= sizeof kind)
		return;
	copy_token(rw, next(rw));
	memcpy(kind, name.raw.ptr, name.raw.len);
	kind[name.raw.len] = '\0';
	while ((token = next(rw)).kind != END && token.kind != CLOSE)
		item(rw, kind, token);
	copy_token(rw, token);
}

static void
unknown_section(struct rewrite *rw, struct token name)
{
	unknown(rw, "", name, true);
	while (peek(rw) == WORD || peek(rw) == STRING)
		next(rw);
	if (peek(rw) == OPEN)
		skip_value(rw);
}

/* One thing outside of sections. */
static void
outside(struct rewrite *rw, struct token name)
{
	enum kind then = peek(rw);
	bool set = then == SET || then == ADD, opens = then == OPEN || then == WORD || then == STRING;
	bool key = name.kind == WORD && mt_key_find("", name.raw) >= 0;
	bool block = name.kind == WORD && (mt_key_section(name.raw) || mt_block_may_stand("", name.raw));

	if (quoted_key(rw, name, then) || wrong_include(rw, name, then))
		return;
	if (name.kind != WORD || (!set && !opens)) {
		copy_token(rw, name);
	} else if (key && set) {
		setting(rw, "", name);
	} else if (block && opens) {
		section(rw, name);
	} else if ((key && then == OPEN) || (block && set)) {
		wrong_kind(rw, "", name, then);
	} else if (key) {
		without_value(rw, "", name, "the '=' is missing");
		next(rw);
	} else if (set) {
		unknown(rw, "", name, false);
		next(rw);
		skip_value(rw);
	} else {
		unknown_section(rw, name);
	}
}

struct mt_span
mt_rewrite(struct mt_source *source)
{
	struct mt_span text = mt_buf_span(&source->text);
	struct rewrite rw = { .source = source, .at = text.ptr, .end = text.ptr + text.len, .line = 1 };
	struct token token;

	mt_buf_init(&rw.out, source->arena, 0);
	while ((token = next(&rw)).kind != END)
		outside(&rw, token);
	/* fmemopen() of nothing fails. */
	mt_buf_char(&rw.out, '\n');
	return mt_buf_span(&rw.out);
}
