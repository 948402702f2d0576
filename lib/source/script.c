/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the language of the answers file; answers nobody (offline.c does). */
#include "lib/source/script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "lib/base/arena.h"
#include "lib/base/file.h"
#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/base/words.h"
#include "lib/source/packet.h"

#define FILE_MOST (64u * 1024u * 1024u)
#define ARENA_MOST (512u * 1024u * 1024u)
#define COUNT(table) (sizeof(table) / sizeof *(table))
#define KEY_MOST (2 + MT_NAME_TEXT)

/* A row of either table: its key is the type in two bytes and the name in lower case. */
struct row {
	struct mt_script_entry entry;
	struct mt_script_record **tail;
	struct mt_script_wire wire;
	unsigned line;			/* where it stands first */
	UT_hash_handle hh;
};

struct mt_script {
	struct mt_arena arena;
	struct row *answers, *wires;
	struct mt_script_entry fallback;
	bool fallback_said;
};

struct key {
	char bytes[KEY_MOST];
	size_t len;
};

/* The line being read. */
struct reader {
	struct mt_script *script;
	const char *path;
	unsigned line, errors;
	struct mt_span rest;
	mt_say_fn *say;
	void *ctx;
};

struct token {
	struct mt_span text;		/* without quotes, escapes as written */
	bool quoted;
};

/* In the order of enum mt_cause values below. */
static const char *const state_words[] = { "timeout", "servfail", "refused", "nxdomain", "nodata", "garbage" };
static const enum mt_cause state_causes[] = { MT_CAUSE_TIMEOUT, MT_CAUSE_SERVFAIL, MT_CAUSE_REFUSED,
	MT_CAUSE_NXDOMAIN, MT_CAUSE_NODATA, MT_CAUSE_GARBAGE };
static const char *const type_words[] = { "A", "AAAA", "CNAME", "MX", "PTR", "TXT", "*" };
static const uint16_t type_values[] = { MT_RR_A, MT_RR_AAAA, MT_RR_CNAME, MT_RR_MX, MT_RR_PTR, MT_RR_TXT,
	MT_SCRIPT_ALL };

static void complain(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* More than this many errors help nobody. */
#define ERRORS_SAID 100

static void
complain(struct reader *r, const char *format, ...)
{
	char text[512], line[1024];
	va_list args;

	if (r->errors++ >= ERRORS_SAID || r->say == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(line, sizeof line, "%s:%u: %s", r->path, r->line, text);
	r->say(r->ctx, line);
}

/* ---- words of a line ------------------------------------------------------------ */

/* The next word; false at the end of the line or where a comment begins. */
static bool
next_token(struct reader *r, struct token *token)
{
	struct mt_span rest = mt_span_trim(r->rest);
	size_t len = 0;

	*token = (struct token){ .text = MT_ABSENT };
	r->rest = rest;
	if (rest.len == 0 || rest.ptr[0] == '#')
		return false;
	token->quoted = rest.ptr[0] == '"';
	if (token->quoted) {
		rest = mt_span_between(rest.ptr + 1, rest.ptr + rest.len);
		while (len < rest.len && rest.ptr[len] != '"')
			len += rest.ptr[len] == '\\' && len + 1 < rest.len ? 2 : 1;
		if (len >= rest.len) {
			complain(r, "a quoted string is not closed");
			r->rest.len = 0;
			return false;
		}
	} else {
		while (len < rest.len && !mt_is_space(rest.ptr[len]))
			len += rest.ptr[len] == '\\' && len + 1 < rest.len ? 2 : 1;
	}
	token->text = (struct mt_span){ rest.ptr, len };
	r->rest = mt_span_between(rest.ptr + len + token->quoted, rest.ptr + rest.len);
	return true;
}

static bool
need_token(struct reader *r, struct token *token, const char *what)
{
	unsigned errors = r->errors;

	if (next_token(r, token))
		return true;
	if (errors == r->errors)
		complain(r, "%s is missing", what);
	return false;
}

/* Nothing but a comment may follow. */
static void
need_end(struct reader *r)
{
	struct token token;

	if (next_token(r, &token))
		complain(r, "\"%.*s\" is one word too many", MT_SPAN_ARG(token.text));
}

static bool
read_number(struct mt_span text, unsigned most, unsigned *value)
{
	unsigned long n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!mt_is_digit(text.ptr[i]) || (n = n * 10 + (unsigned long)(text.ptr[i] - '0')) > most)
			return false;
	}
	*value = (unsigned)n;
	return text.len > 0;
}

static bool
read_type(struct reader *r, uint16_t *type)
{
	struct token token;
	const char *near;

	if (!need_token(r, &token, "a record type"))
		return false;
	for (size_t i = 0; i < COUNT(type_words); i++) {
		if (mt_span_same_text(token.text, type_words[i])) {
			*type = type_values[i];
			return true;
		}
	}
	near = mt_word_near(type_words, COUNT(type_words), token.text);
	complain(r, "\"%.*s\" is no record type known here%s%s%s", MT_SPAN_ARG(token.text),
	    near == NULL ? " (A AAAA CNAME MX PTR TXT *)" : "; did you mean \"", near == NULL ? "" : near,
	    near == NULL ? "" : "\"?");
	return false;
}

/* The state that a word names, or MT_CAUSE_NONE. */
static enum mt_cause
state_of(const struct token *token)
{
	int i = token->quoted ? -1 : mt_word_find(state_words, COUNT(state_words), token->text);

	return i < 0 ? MT_CAUSE_NONE : state_causes[i];
}

/* ---- tables ---------------------------------------------------------------------- */

static bool
make_key(struct key *key, struct mt_span name, uint16_t type)
{
	key->bytes[0] = (char)(unsigned char)(type >> 8);
	key->bytes[1] = (char)(unsigned char)type;
	if (!mt_name_normal(name, key->bytes + 2))
		return false;
	key->len = 2 + mt_name_strip(name).len;
	return true;
}

static struct row *
find_row(const struct row *table, const struct key *key)
{
	struct row *row;

	HASH_FIND(hh, table, key->bytes, (unsigned)key->len, row);
	return row;
}

/* The row for this key, a new one if there is none; NULL: no memory. */
static struct row *
need_row(struct reader *r, struct row **table, const struct key *key)
{
	struct row *row = find_row(*table, key);
	char *bytes;

	if (row != NULL)
		return row;
	row = mt_arena_alloc(&r->script->arena, sizeof *row);
	bytes = mt_arena_bytes(&r->script->arena, key->len);
	if (row == NULL || bytes == NULL) {
		complain(r, "no memory");
		return NULL;
	}
	memcpy(bytes, key->bytes, key->len);
	row->line = r->line;
	HASH_ADD_KEYPTR(hh, *table, bytes, (unsigned)key->len, row);
	if (row->hh.tbl == NULL) {
		complain(r, "no memory");
		return NULL;
	}
	return row;
}

/* Name and type of a line `dns` or `wire`, and the row that they stand for. */
static struct row *
read_key(struct reader *r, struct row **table, uint16_t *type)
{
	struct token name;
	struct key key;

	if (!need_token(r, &name, "a name") || !read_type(r, type))
		return NULL;
	if (!make_key(&key, name.text, *type)) {
		complain(r, "\"%.*s\" is no name that can be asked for", MT_SPAN_ARG(name.text));
		return NULL;
	}
	return need_row(r, table, &key);
}

/* ---- lines `dns` ------------------------------------------------------------------ */

/* Appends the bytes of a string, escapes resolved; false: one is none, or no room. */
static bool
add_string(struct reader *r, struct mt_span text, char *out, size_t room, size_t *len)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned value = (unsigned char)text.ptr[i];

		if (value == '\\' && i + 1 < text.len && !mt_is_digit(text.ptr[i + 1])) {
			value = (unsigned char)text.ptr[++i];
		} else if (value == '\\') {
			if (text.len - i < 4 || !read_number((struct mt_span){ text.ptr + i + 1, 3 }, 255, &value)) {
				complain(r, "a backslash wants three digits up to 255, or one other character");
				return false;
			}
			i += 3;
		}
		if (*len == room) {
			complain(r, "more than %zu bytes of text", room);
			return false;
		}
		out[(*len)++] = (char)(unsigned char)value;
	}
	return true;
}

/* The strings of a TXT record, joined. */
static bool
read_strings(struct reader *r, struct token *first, struct mt_record *record)
{
	char text[MT_ANSWER_TEXT - 1];
	unsigned errors = r->errors;
	size_t len = 0;

	do
		if (!add_string(r, first->text, text, sizeof text, &len))
			return false;
	while (next_token(r, first));
	record->text = mt_arena_copy(&r->script->arena, (struct mt_span){ text, len });
	return errors == r->errors;
}

static bool
read_name(struct reader *r, struct mt_span text, struct mt_record *record)
{
	struct mt_wire_name wire;
	char out[MT_WIRE_TEXT];

	if (!mt_wire_name_parse(&wire, text)) {
		complain(r, "\"%.*s\" is no name", MT_SPAN_ARG(text));
		return false;
	}
	record->text = mt_arena_copy(&r->script->arena, mt_wire_name_text(&wire, out));
	return true;
}

static bool
read_data(struct reader *r, uint16_t type, struct token *token, struct mt_record *record)
{
	unsigned preference;
	bool good = false;

	switch (type) {
	case MT_RR_A:
	case MT_RR_AAAA:
		good = type == MT_RR_A ? mt_ip_parse_v4(&record->ip, token->text) :
		    mt_ip_parse_v6(&record->ip, token->text);
		if (!good)
			complain(r, "\"%.*s\" is no IPv%c address", MT_SPAN_ARG(token->text),
			    type == MT_RR_A ? '4' : '6');
		break;
	case MT_RR_TXT:
		return read_strings(r, token, record);
	case MT_RR_MX:
		if (!read_number(token->text, UINT16_MAX, &preference)) {
			complain(r, "\"%.*s\" is no preference (0 to 65535)", MT_SPAN_ARG(token->text));
			return false;
		}
		record->preference = (uint16_t)preference;
		good = need_token(r, token, "the name of the mail server") && read_name(r, token->text, record);
		break;
	case MT_SCRIPT_ALL:
		complain(r, "type * wants a state (timeout servfail refused nxdomain nodata garbage)");
		return false;
	default:
		good = read_name(r, token->text, record);
	}
	if (good)
		need_end(r);
	return good;
}

static void
add_record(struct reader *r, struct row *row, const struct mt_record *record)
{
	struct mt_script_record *item = mt_arena_alloc(&r->script->arena, sizeof *item);

	if (item == NULL) {
		complain(r, "no memory");
		return;
	}
	item->record = *record;
	if (row->tail == NULL)
		row->entry.records = item;
	else
		*row->tail = item;
	row->tail = (struct mt_script_record **)(uintptr_t)&item->next;
	row->entry.nrecords++;
}

static void
read_dns(struct reader *r)
{
	struct mt_record record = { .text = MT_ABSENT };
	enum mt_cause cause;
	struct token token;
	uint16_t type;
	struct row *row = read_key(r, &r->script->answers, &type);

	if (row == NULL || !need_token(r, &token, "data or a state"))
		return;
	cause = state_of(&token);
	if (cause == MT_CAUSE_NONE) {
		if (!read_data(r, type, &token, &record))
			return;
		if (row->entry.cause != MT_CAUSE_NONE)
			complain(r, "data for what line %u gives a state", row->line);
		else if (type == MT_RR_CNAME && row->entry.nrecords > 0)
			complain(r, "a second CNAME for the name of line %u (RFC 1034, 3.6.2)", row->line);
		else
			add_record(r, row, &record);
		return;
	}
	need_end(r);
	if (row->entry.nrecords > 0 || (row->entry.cause != MT_CAUSE_NONE && row->entry.cause != cause))
		complain(r, "line %u says something else for the same name and type", row->line);
	else
		row->entry.cause = cause;
}

/* ---- the other lines ---------------------------------------------------------------- */

static void
read_default(struct reader *r)
{
	struct token token;
	enum mt_cause cause;

	if (!need_token(r, &token, "a state"))
		return;
	cause = state_of(&token);
	if (cause == MT_CAUSE_NONE) {
		complain(r, "\"%.*s\" is no state (timeout servfail refused nxdomain nodata garbage)",
		    MT_SPAN_ARG(token.text));
		return;
	}
	need_end(r);
	if (r->script->fallback_said && r->script->fallback.cause != cause)
		complain(r, "a default was given before, and a different one");
	r->script->fallback.cause = cause;
	r->script->fallback_said = true;
}

static void
read_wire(struct reader *r)
{
	static const struct {
		const char *word;
		unsigned mode;
	} modes[] = {
		{ "drop", MT_WIRE_DROP }, { "truncate", MT_WIRE_TRUNCATE }, { "truncate-dead", MT_WIRE_TRUNCATE_DEAD },
		{ "wrong-id", MT_WIRE_WRONG_ID }, { "wrong-question", MT_WIRE_WRONG_QUESTION },
		{ "empty", MT_WIRE_EMPTY }, { "formerr-edns", MT_WIRE_FORMERR_EDNS }, { "lame", MT_WIRE_LAME },
		{ "notimp", MT_WIRE_NOTIMP }, { "notimp-edns", MT_WIRE_NOTIMP_EDNS },
		{ "badvers-edns", MT_WIRE_BADVERS_EDNS }, { "formerr-bare", MT_WIRE_FORMERR_BARE },
		{ "cname-alone", MT_WIRE_CNAME_ALONE },
	};
	static const char delay[] = "delay=";
	struct token token;
	struct mt_span msec;
	uint16_t type;
	struct row *row = read_key(r, &r->script->wires, &type);

	if (row == NULL || !need_token(r, &token, "a mode"))
		return;
	need_end(r);
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (mt_span_same_text(token.text, modes[i].word)) {
			row->wire.modes |= modes[i].mode;
			return;
		}
	}
	if (mt_span_starts(token.text, delay)) {
		msec = mt_span_between(token.text.ptr + sizeof delay - 1, token.text.ptr + token.text.len);
		if (read_number(msec, 3600000, &row->wire.delay_msec)) {
			row->wire.modes |= MT_WIRE_DELAY;
			return;
		}
	}
	complain(r, "\"%.*s\" is no mode", MT_SPAN_ARG(token.text));
}

/* Lines for sources that this version does not have: only their form is checked. */
static void
read_other(struct reader *r, unsigned words)
{
	struct token token;

	for (unsigned i = 0; i < words; i++)
		if (!need_token(r, &token, "a word"))
			return;
	while (next_token(r, &token))
		continue;
}

static void
read_line(struct reader *r)
{
	static const struct {
		const char *word;
		void (*read)(struct reader *r);	/* NULL: checked and left alone */
		unsigned words;
	} lines[] = {
		{ "dns", read_dns, 0 }, { "default", read_default, 0 }, { "wire", read_wire, 0 },
		{ "whois", NULL, 3 }, { "rdap", NULL, 2 }, { "ident", NULL, 2 }, { "route", NULL, 4 },
	};
	struct token token;

	if (!next_token(r, &token))
		return;
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (!mt_span_same_text(token.text, lines[i].word))
			continue;
		if (lines[i].read != NULL)
			lines[i].read(r);
		else
			read_other(r, lines[i].words);
		return;
	}
	complain(r, "\"%.*s\" is none of dns, default, wire, whois, rdap, ident, route", MT_SPAN_ARG(token.text));
}

/* ---- the file ------------------------------------------------------------------------ */

/* The whole file, for free(); NULL and a complaint. */
static char *
read_file(struct reader *r, size_t *len)
{
	const char *why = NULL;
	int fd = mt_file_open(r->path, &why);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t room = 16384, n = 0, got;
	char *bytes = NULL, *more;

	if (file == NULL)
		goto trouble;
	while (room <= FILE_MOST) {
		more = realloc(bytes, room);
		if (more == NULL)
			goto trouble;
		bytes = more;
		got = fread(bytes + n, 1, room - n, file);
		n += got;
		if (n < room) {
			if (ferror(file))
				goto trouble;
			fclose(file);
			*len = n;
			return bytes;
		}
		room *= 2;
	}
	errno = EFBIG;
trouble:
	complain(r, "%s", why == NULL ? strerror(errno) : why);
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	free(bytes);
	return NULL;
}

/* What is kept of an entry's records. */
struct kept {
	size_t count, text;
	const struct mt_record *record[MT_ANSWER_ADDRESSES];
};

enum pass { PASS_ALL, PASS_VERSIONS, PASS_OTHERS };

/* Adds records in their order.  False: there is no room for one. */
static bool
keep(struct kept *kept, const struct mt_script_entry *entry, enum mt_rrtype type, enum pass pass)
{
	for (const struct mt_script_record *item = entry->records; item != NULL; item = item->next) {
		size_t len = item->record.text.ptr == NULL ? 0 : item->record.text.len + 1;

		if (pass != PASS_ALL && mt_answer_version(item->record.text) != (pass == PASS_VERSIONS))
			continue;
		if (kept->count == mt_answer_most(type) || len > MT_ANSWER_TEXT - kept->text)
			return false;
		kept->text += len;
		kept->record[kept->count++] = &item->record;
	}
	return true;
}

/* Makes the answer that every question of this entry gets. */
static bool
finish_entry(struct mt_script_entry *entry, enum mt_rrtype type)
{
	struct kept kept = { .count = 0 };
	bool cut = !keep(&kept, entry, type, PASS_ALL);

	if (cut && type == MT_RR_TXT) {
		kept.count = kept.text = 0;
		cut = !keep(&kept, entry, type, PASS_VERSIONS);
		if (!cut)
			(void)keep(&kept, entry, type, PASS_OTHERS);
	}
	entry->answer = mt_answer_new(entry->cause, kept.count, kept.text);
	if (entry->answer == NULL)
		return false;
	entry->answer->cut = cut;
	if (entry->cause == MT_CAUSE_NONE)
		entry->answer->ttl_sec = MT_SCRIPT_TTL;
	else if (mt_cause_nothing(entry->cause))
		entry->answer->ttl_sec = MT_SCRIPT_NEGATIVE_TTL;
	for (size_t i = 0; i < kept.count; i++) {
		entry->answer->records[i].ip = kept.record[i]->ip;
		entry->answer->records[i].preference = kept.record[i]->preference;
		if (kept.record[i]->text.ptr != NULL)
			mt_answer_set_text(entry->answer, i, kept.record[i]->text);
	}
	return true;
}

/* Of the first two bytes of a key. */
static enum mt_rrtype
type_of(const struct row *row)
{
	const unsigned char *key = row->hh.key;

	return (enum mt_rrtype)(key[0] << 8 | key[1]);
}

static bool
finish(struct mt_script *script)
{
	struct row *row, *next;

	HASH_ITER(hh, script->answers, row, next)
		if (!finish_entry(&row->entry, type_of(row)))
			return false;
	return finish_entry(&script->fallback, MT_SCRIPT_ALL) && !script->arena.full;
}

struct mt_script *
mt_script_read(const char *path, mt_say_fn *say, void *ctx)
{
	struct mt_script *script = calloc(1, sizeof *script);
	struct reader r = { .script = script, .path = path, .say = say, .ctx = ctx };
	size_t len = 0;
	char *bytes;

	if (script == NULL)
		return NULL;
	mt_arena_init(&script->arena, 16384, ARENA_MOST);
	script->fallback.cause = MT_CAUSE_NXDOMAIN;
	bytes = read_file(&r, &len);
	for (size_t at = 0; bytes != NULL && at < len; r.rest.len = 0) {
		const char *end = memchr(bytes + at, '\n', len - at);

		if (end == NULL)
			end = bytes + len;
		r.line++;
		r.rest = mt_span_between(bytes + at, end);
		at = (size_t)(end - bytes) + 1;
		read_line(&r);
	}
	free(bytes);
	if (r.errors == 0 && !finish(script))
		complain(&r, "no memory");
	if (r.errors > 0) {
		mt_script_free(script);
		return NULL;
	}
	return script;
}

void
mt_script_free(struct mt_script *script)
{
	struct row *row, *next;

	if (script == NULL)
		return;
	HASH_ITER(hh, script->answers, row, next)
		mt_answer_unref(row->entry.answer);
	mt_answer_unref(script->fallback.answer);
	HASH_CLEAR(hh, script->answers);
	HASH_CLEAR(hh, script->wires);
	mt_arena_fini(&script->arena);
	free(script);
}

/* ---- looking up ----------------------------------------------------------------------- */

static struct row *
find_types(const struct row *table, struct mt_span name, const uint16_t *types, size_t count)
{
	struct row *row = NULL;
	struct key key;

	for (size_t i = 0; row == NULL && i < count; i++)
		if (make_key(&key, name, types[i]))
			row = find_row(table, &key);
	return row;
}

const struct mt_script_entry *
mt_script_find(const struct mt_script *script, struct mt_span name, uint16_t type)
{
	const struct row *row =
	    find_types(script->answers, name, (const uint16_t[]){ type, MT_RR_CNAME, MT_SCRIPT_ALL }, 3);

	return row == NULL ? NULL : &row->entry;
}

const struct mt_script_entry *
mt_script_default(const struct mt_script *script)
{
	return &script->fallback;
}

const struct mt_script_wire *
mt_script_wire(const struct mt_script *script, struct mt_span name, uint16_t type)
{
	const struct row *row = find_types(script->wires, name, (const uint16_t[]){ type, MT_SCRIPT_ALL }, 2);

	return row == NULL ? NULL : &row->wire;
}
