/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the outline that all Received fields share: keywords, words, nested comments,
 * quotes, and a date at the end.  Knows no software and gives no part a meaning.
 *
 * Linear: every byte is passed once, and a search for a closing mark is either passed
 * over when it succeeds or, by its memory, not made again when it fails.
 */
#include "lib/core/received_scan.h"

#include <endian.h>

#define BRACKET_MOST 64			/* bytes of "[...]" taken as one word */
#define QUOTE_MOST 320			/* the same of "<...>" and quotes: a path of RFC 5321, 4.5.3.1 */

struct cursor {
	struct mt_scan *scan;
	const char *at, *end;
	/* The next such byte, or end; NULL: not looked for. */
	const char *angle, *quote, *paren, *semicolon;
	enum mt_clause clause;
	bool unbalanced;		/* a comment had no end: nesting is not counted any more */
	bool soft_date;			/* the date began without a semicolon */
};

/* The next such byte at or after the place reached, or NULL. */
static const char *
next_byte(struct cursor *c, const char **memory, char byte)
{
	if (*memory == NULL || (*memory < c->at && *memory != c->end)) {
		*memory = memchr(c->at, byte, (size_t)(c->end - c->at));
		if (*memory == NULL)
			*memory = c->end;
	}
	return *memory == c->end ? NULL : *memory;
}

enum { SPACE = 1, FOLDS = 2, ENDS_WORD = 4, NESTS = 8 };

static const uint8_t class_of[256] = {
	[' '] = SPACE | ENDS_WORD, ['\t'] = SPACE | FOLDS | ENDS_WORD, ['\n'] = SPACE | FOLDS | ENDS_WORD,
	['\r'] = SPACE | FOLDS | ENDS_WORD,
	[';'] = ENDS_WORD, ['('] = ENDS_WORD | NESTS, [')'] = ENDS_WORD | NESTS, ['\\'] = NESTS,
};

static bool
is(char c, unsigned class)
{
	return (class_of[(unsigned char)c] & class) != 0;
}

/* Whether there is anything behind the white space here. */
static bool
skip_space(struct cursor *c)
{
	const char *p = c->at, *end = c->end;

	while (p < end && is(*p, SPACE))
		p++;
	c->at = p;
	return p < end;
}

/* ---- sixteen bytes at a time --------------------------------------------------------------- */

typedef uint8_t block __attribute__((vector_size(16)));		/* gcc and clang, on any machine */

static block
load(const char *p)
{
	block x;

	memcpy(&x, p, sizeof x);
	return x;
}

/* The place of the first byte of a comparison that holds; 16: none does. */
static size_t
first_true(block hits)
{
	uint64_t half[2];

	memcpy(half, &hits, sizeof half);
	if (half[0] != 0)
		return (size_t)__builtin_ctzll(le64toh(half[0])) / 8;
	return half[1] != 0 ? 8 + (size_t)__builtin_ctzll(le64toh(half[1])) / 8 : 16;
}

/* Among others the bytes of one class: '(' and ')' differ in their last bit, and with white
 * space come all control bytes. */
static inline block
bytes_of(block x, unsigned class)
{
	block parens = (block)((x | 1) == ')');

	if (class == FOLDS)
		return (block)(x < ' ');
	if (class == SPACE)
		return (block)(x <= ' ');
	return parens | (class == NESTS ? (block)(x == '\\') : (block)((x <= ' ') | (x == ';')));
}

static const char *
skip_bytes(const char *p, const char *end, unsigned class)
{
	while (p < end && !is(*p, class))
		p++;
	return p;
}

/* The next byte of a class, or end.  The last sixteen bytes may be looked at twice. */
static inline const char *
skip_to(const char *p, const char *end, unsigned class)
{
	size_t at = 16;

	if (end - p < 16)
		return skip_bytes(p, end, class);
	for (; end - p > 16; p += 16) {
		at = first_true(bytes_of(load(p), class));
		if (at < 16)
			return is(p[at], class) ? p + at : skip_bytes(p + at, end, class);
	}
	p = end - 16;
	at = first_true(bytes_of(load(p), class));
	return at == 16 || is(p[at], class) ? p + at : skip_bytes(p + at, end, class);
}

static const char *
skip_word_text(const char *p, const char *end)
{
	return skip_to(p, end, ENDS_WORD);
}

static bool
is_fold(const char *p, const char *end)
{
	return is(*p, FOLDS) || (*p == ' ' && end - p > 1 && p[1] == ' ');
}

const char *
mt_scan_fold(const char *p, const char *end)
{
	for (size_t at = 16; end - p > 16; p += 16) {
		block x = load(p);

		at = first_true(bytes_of(x, FOLDS) | (block)((x == ' ') & (load(p + 1) == ' ')));
		if (at < 16) {
			p += at;
			break;
		}
	}
	while (p < end && !is_fold(p, end))
		p++;
	return p;
}

/* ---- comments and words ------------------------------------------------------------------------- */

/* Where the comment that begins here ends (its ')'), or NULL. */
static const char *
comment_end(struct cursor *c)
{
	size_t depth = 0;

	if (c->unbalanced)
		return next_byte(c, &c->paren, ')');
	for (const char *p = c->at; (p = skip_to(p, c->end, NESTS)) < c->end; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p;
		else if (*p == '\\' && p + 1 < c->end)
			p++;
	}
	c->unbalanced = true;
	return next_byte(c, &c->paren, ')');
}

/* At '('.  One without an end is passed over as if it were white space. */
static void
read_comment(struct cursor *c)
{
	const char *end = comment_end(c);
	struct mt_scan *scan = c->scan;

	if (end == NULL) {
		scan->clause[c->clause].closed = true;
		c->at++;
		return;
	}
	if (scan->ncomments < MT_SCAN_COMMENTS) {
		struct mt_comment *comment = &scan->comments[scan->ncomments++];

		comment->clause = c->clause;
		comment->client = false;
		comment->folded = skip_to(c->at, end, FOLDS) < end;
		comment->text = mt_span_between(c->at + 1, end);
		if (end - c->at > 1 && (is(c->at[1], SPACE) || is(end[-1], SPACE)))
			comment->text = mt_span_trim(comment->text);
	}
	scan->clause[c->clause].closed = true;
	c->at = end + 1;
}

/* At a mark: past the one that closes it, where there is one. */
static const char *
closing_mark(struct cursor *c)
{
	const char *close = NULL;

	if (*c->at == '<' && c->clause != MT_CLAUSE_FROM)
		close = next_byte(c, &c->angle, '>');
	else if (*c->at == '"') {
		c->at++;
		close = next_byte(c, &c->quote, '"');
		c->at--;
	} else if (*c->at == '[') {
		size_t room = (size_t)(c->end - c->at);

		close = memchr(c->at, ']', room < BRACKET_MOST ? room : BRACKET_MOST);
	}
	if (close == NULL || close - c->at > QUOTE_MOST)
		return c->at;
	if (skip_word_text(c->at, close) < close)
		c->scan->spaced = true;
	return close + 1;
}

static struct mt_span
read_word(struct cursor *c)
{
	const char *start = c->at;

	c->at = skip_word_text(*start == '<' || *start == '"' || *start == '[' ? closing_mark(c) : start, c->end);
	return mt_span_between(start, c->at);
}

#define WORD3(a, b, c) ((uint32_t)(a) << 16 | (b) << 8 | (c))
#define WORD4(a, b, c, d) (WORD3(a, b, c) << 8 | (d))

/* A word of up to four letters in small ones as a number: only letters become letters by
 * this bit, so no other word has the number of one. */
static uint32_t
small_word(const char *p, size_t len)
{
	uint32_t word = 0;

	for (size_t i = 0; i < len; i++)
		word = word << 8 | (unsigned char)p[i];
	return word | UINT32_C(0x20202020) >> (32 - 8 * len);
}

/* The clause that a word opens, or MT_CLAUSE_HEAD for none. */
static enum mt_clause
keyword(struct mt_span word)
{
	if (word.len < 2 || word.len > 4)	/* Haraka writes the sender without a comment */
		return word.len == 13 && MT_BEGINS(word, "envelope-from") ? MT_CLAUSE_SENDER : MT_CLAUSE_HEAD;
	switch (small_word(word.ptr, word.len)) {
	case WORD3(0, 'b', 'y'):
		return MT_CLAUSE_BY;
	case WORD3(0, 'i', 'd'):
		return MT_CLAUSE_ID;
	case WORD3('v', 'i', 'a'):
		return MT_CLAUSE_VIA;
	case WORD3('f', 'o', 'r'):
		return MT_CLAUSE_FOR;
	case WORD3('t', 'l', 's'):
		return MT_CLAUSE_TLS;
	case WORD4('f', 'r', 'o', 'm'):
		return MT_CLAUSE_FROM;
	case WORD4('w', 'i', 't', 'h'):
		return MT_CLAUSE_WITH;
	case WORD4('o', 'v', 'e', 'r'):
		return MT_CLAUSE_OTHER;
	default:
		return MT_CLAUSE_HEAD;
	}
}

/* A word in three letters that begins a date. */
static bool
is_weekday(struct mt_span word)
{
	if (word.len < 3 || word.len > 4 || (word.len == 4 && word.ptr[3] != ','))
		return false;
	switch (small_word(word.ptr, 3)) {
	case WORD3('m', 'o', 'n'):
	case WORD3('t', 'u', 'e'):
	case WORD3('w', 'e', 'd'):
	case WORD3('t', 'h', 'u'):
	case WORD3('f', 'r', 'i'):
	case WORD3('s', 'a', 't'):
	case WORD3('s', 'u', 'n'):
		return true;
	default:
		return false;
	}
}

static bool
is_month(struct mt_span word)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (word.len < 3)
		return false;
	for (size_t i = 0; i < 36; i += 3)
		if (mt_same_bytes(word.ptr, months + i, 3))
			return true;
	return false;
}

/* "2018-04-22": SendGrid writes it behind the id without a semicolon. */
static bool
is_iso_day(struct mt_span word)
{
	static const char form[] = "dddd-dd-dd";

	if (word.len < 10)
		return false;
	for (size_t i = 0; i < 10; i++)
		if (form[i] == 'd' ? !mt_is_digit(word.ptr[i]) : word.ptr[i] != '-')
			return false;
	return word.len == 10 || word.ptr[10] == 'T';
}

static void
begin_date(struct cursor *c, const char *at)
{
	c->scan->clause[MT_CLAUSE_DATE].seen = true;
	c->scan->date = mt_span_between(at, c->end);
	c->clause = MT_CLAUSE_DATE;
}

/* The date behind a semicolon goes on to the end; but some (SLmail, Proxy+) put "for <...>"
 * behind it. */
static void
begin_last(struct cursor *c)
{
	const char *open = memchr(c->at, '<', (size_t)(c->end - c->at));
	struct mt_clause_text *to = &c->scan->clause[MT_CLAUSE_FOR];

	begin_date(c, c->at);
	if (open != NULL && open - c->at >= 5 && to->nwords == 0 && is(open[-5], SPACE) &&
	    MT_BEGINS(((struct mt_span){ open - 4, 4 }), "for ")) {
		to->seen = true;
		to->nwords = 1;
		to->words[0] = to->last = mt_span_between(open, skip_word_text(open, c->end));
	}
	while (c->at < c->end) {	/* only comments matter now */
		const char *paren = memchr(c->at, '(', (size_t)(c->end - c->at));

		c->at = paren == NULL ? c->end : paren;
		if (paren != NULL)
			read_comment(c);
	}
}

/* At ';', which should part the date from the rest, but also stands in its midst. */
static void
read_semicolon(struct cursor *c)
{
	struct mt_span rest;

	c->at++;
	skip_space(c);
	if (c->clause == MT_CLAUSE_DATE)
		return;
	rest = mt_span_between(c->at, c->end);
	if (next_byte(c, &c->semicolon, ';') == NULL && keyword(mt_scan_word(&rest)) == MT_CLAUSE_HEAD) {
		begin_last(c);
		return;
	}
	rest = mt_span_between(c->at, c->end);
	if (rest.len >= 3 && (mt_is_digit(*c->at) || is_weekday((struct mt_span){ c->at, 3 }) ||
	    is_month((struct mt_span){ c->at, 3 })))
		begin_last(c);
}

/* Whether a comment follows at once: "from by (host [IP])" is a client called "by". */
static bool
describes(const struct cursor *c)
{
	return c->end - c->at >= 2 && c->at[0] == ' ' && c->at[1] == '(';
}

/* Whether a word that is a keyword stands here as one.  In from, before anything else, a
 * keyword other than by and with can only be a name. */
static bool
opens_here(const struct cursor *c, enum mt_clause next)
{
	const struct mt_clause_text *from = &c->scan->clause[MT_CLAUSE_FROM];

	if (next == MT_CLAUSE_HEAD)
		return false;
	if (c->clause == MT_CLAUSE_FROM && from->nwords == 0 && !from->closed)
		return (next == MT_CLAUSE_BY && !describes(c)) || next == MT_CLAUSE_WITH || next == MT_CLAUSE_FROM;
	if (next == MT_CLAUSE_TLS)
		return c->clause == MT_CLAUSE_WITH;
	if (next == MT_CLAUSE_OTHER)
		return c->clause == MT_CLAUSE_BY;
	return true;
}

static bool
has_at(struct mt_span word)
{
	return word.len > 0 && memchr(word.ptr, '@', word.len) != NULL;
}

/* The first of a clause counts; an empty one does not, nor a "for" that names nobody. */
static void
open_clause(struct cursor *c, enum mt_clause next)
{
	struct mt_clause_text *clause = &c->scan->clause[next];

	if (next == MT_CLAUSE_FROM && c->clause == MT_CLAUSE_FROM)
		return;
	if (next == MT_CLAUSE_FROM && clause->seen)
		next = MT_CLAUSE_SENDER;
	else if (next == MT_CLAUSE_FOR && clause->nwords > 0 && !has_at(clause->words[0]))
		*clause = (struct mt_clause_text){ 0 };
	else if (clause->nwords > 0)
		next = MT_CLAUSE_OTHER;
	c->clause = next;
	c->scan->clause[next].seen = true;
	c->scan->clause[next].closed = false;
}

static void
add_word(struct cursor *c, struct mt_span word)
{
	struct mt_scan *scan = c->scan;
	struct mt_clause_text *clause = &scan->clause[c->clause];

	if (clause->closed) {
		if (c->clause == MT_CLAUSE_FROM && word.ptr[0] == '"' && scan->claimed.ptr == NULL)
			scan->claimed = word;
		if (c->clause == MT_CLAUSE_FROM && word.ptr[0] == '[' && scan->tail.ptr == NULL)
			scan->tail = word;
		return;
	}
	if (clause->nwords < MT_SCAN_WORDS)
		clause->words[clause->nwords] = word;
	if (++clause->nwords > 1)
		scan->spaced = true;
	clause->last = word;
}

/* Whether a date may follow without a semicolon: only where a clause already has what it
 * is there for, since hosts are called "sun" too. */
static bool
may_end(const struct cursor *c)
{
	const struct mt_clause_text *clause = &c->scan->clause[c->clause];

	if (c->clause == MT_CLAUSE_HEAD)
		return false;
	return clause->closed || (clause->nwords > 0 && c->clause != MT_CLAUSE_FROM);
}

static void
take_word(struct cursor *c)
{
	const char *start = c->at;
	struct mt_span word = read_word(c);
	enum mt_clause next = keyword(word);

	if (c->clause == MT_CLAUSE_DATE) {
		if (c->soft_date && next == MT_CLAUSE_BY) {
			c->scan->date.len = (size_t)(start - c->scan->date.ptr);
			open_clause(c, next);
		}
		return;
	}
	if (opens_here(c, next)) {
		open_clause(c, next);
	} else if ((is_weekday(word) || is_iso_day(word)) && may_end(c)) {
		c->soft_date = true;
		begin_date(c, start);
	} else {
		add_word(c, word);
	}
}

/* Words are not cleared: nwords says which there are. */
static void
scan_init(struct mt_scan *scan)
{
	for (size_t i = 0; i < MT_CLAUSES; i++) {
		scan->clause[i].seen = scan->clause[i].closed = false;
		scan->clause[i].nwords = 0;
	}
	scan->ncomments = 0;
	scan->claimed = scan->tail = scan->date = MT_ABSENT;
	scan->spaced = false;
}

void
mt_received_scan(struct mt_scan *scan, struct mt_span field)
{
	struct cursor c = { .scan = scan };

	scan_init(scan);
	if (field.len > 0) {
		c.at = field.ptr;
		c.end = field.ptr + field.len;
	}
	while (skip_space(&c)) {
		if (!is(*c.at, ENDS_WORD))
			take_word(&c);
		else if (*c.at == '(')
			read_comment(&c);
		else if (*c.at == ';')
			read_semicolon(&c);
		else
			c.at++;
	}
}

struct mt_span
mt_scan_value(const struct mt_clause_text *clause)
{
	if (clause->nwords == 0)
		return MT_ABSENT;
	return mt_span_between(clause->words[0].ptr, clause->last.ptr + clause->last.len);
}

struct mt_span
mt_scan_word(struct mt_span *text)
{
	const char *p = text->ptr, *end, *start;

	if (text->len == 0)
		return MT_ABSENT;
	end = p + text->len;
	while (p < end && is(*p, SPACE))
		p++;
	start = p;
	p = skip_to(p, end, SPACE);
	*text = mt_span_between(p, end);
	return p == start ? MT_ABSENT : mt_span_between(start, p);
}
