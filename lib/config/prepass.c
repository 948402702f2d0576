/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows lines, comments, quotes, braces and includes; knows no key. */
#include "lib/config/prepass.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

/* Bytes that end a bare word for libconfuse's scanner. */
#define WORD_ENDS " #\"'\t\n\r={}()+,*"

void
mt_source_init(struct mt_source *source, struct mt_arena *arena, struct mt_arena *keep, struct mt_errors *errors)
{
	*source = (struct mt_source){ .arena = arena, .keep = keep, .errors = errors };
	mt_buf_init(&source->text, arena, 0);
}

struct mt_place
mt_source_place(const struct mt_source *source, unsigned line)
{
	if (source->nlines == 0)
		return (struct mt_place){ "-", 0, 0 };
	if (line == 0)
		line = 1;
	return source->lines[line <= source->nlines ? line - 1 : source->nlines - 1];
}

/* ---- files ---------------------------------------------------------------------------- */

/* What is wrong with a file.  One that nothing includes has no other place than itself. */
static void __attribute__((format(printf, 4, 5)))
wrong_file(struct mt_source *source, struct mt_place from, const char *path, const char *format, ...)
{
	bool itself = from.line == 0 && strcmp(from.file, path) == 0;
	char text[512];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	if (itself)
		mt_errors_add(source->errors, from, "%s", text);
	else
		mt_errors_add(source->errors, from, "%s: %s", path, text);
}

/* Whoever can write the file decides on mail: nobody but root and we ourselves. */
static bool
safe(struct mt_source *source, int fd, const char *path, struct mt_place from)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		wrong_file(source, from, path, "cannot be read: %s", strerror(errno));
		return false;
	}
	if (S_ISCHR(st.st_mode))
		return true;
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		wrong_file(source, from, path, "may be written by %s; chmod go-w it",
		    st.st_mode & S_IWOTH ? "everybody" : "its group");
		return false;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		wrong_file(source, from, path, "belongs to user %ju; it must belong to root or to user %ju",
		    (uintmax_t)st.st_uid, (uintmax_t)geteuid());
		return false;
	}
	return true;
}

/* All bytes of an open file, at most MT_PREPASS_FILE. */
static bool
read_all(struct mt_source *source, int fd, const char *path, struct mt_place from, struct mt_buf *buf)
{
	char block[8192];
	ssize_t n;

	while ((n = read(fd, block, sizeof block)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			wrong_file(source, from, path, "cannot be read: %s", strerror(errno));
			return false;
		}
		if (buf->len + (size_t)n > MT_PREPASS_FILE) {
			wrong_file(source, from, path, "is longer than %u bytes", MT_PREPASS_FILE);
			return false;
		}
		mt_buf_add(buf, (struct mt_span){ block, (size_t)n });
	}
	return true;
}

static bool
read_file(struct mt_source *source, const char *path, struct mt_place from, struct mt_span *bytes)
{
	const char *why;
	struct mt_buf buf;
	bool ok;
	int fd;

	mt_buf_init(&buf, source->arena, 0);
	if (source->nfiles++ >= MT_PREPASS_FILES) {
		wrong_file(source, from, path, "more than %d files", MT_PREPASS_FILES);
		return false;
	}
	fd = mt_file_open(path, &why);
	if (fd < 0) {
		wrong_file(source, from, path, "%s%s", why == NULL ? "cannot be read: " : "",
		    why == NULL ? strerror(errno) : why);
		return false;
	}
	ok = safe(source, fd, path, from) && read_all(source, fd, path, from, &buf);
	close(fd);
	*bytes = mt_buf_span(&buf);
	if (bytes->len >= 3 && memcmp(bytes->ptr, "\xef\xbb\xbf", 3) == 0) {
		bytes->ptr += 3;
		bytes->len -= 3;
	}
	return ok;
}

/* ---- one line ------------------------------------------------------------------------- */

struct scan {
	struct mt_source *source;
	struct mt_place place;
	const char *at, *end;		/* of the line, without its end */
	char before;			/* the last byte that means something: '=' ',' '{' '}' 'w' '"' */
	struct mt_place open[MT_PREPASS_NESTING];
	unsigned depth;
};

static void
emit(struct scan *scan, char c)
{
	mt_buf_char(&scan->source->text, c);
}

static bool
push_line(struct mt_source *source, struct mt_place place)
{
	size_t room = source->room == 0 ? 128 : source->room * 2;
	struct mt_place *lines;

	if (source->nlines == source->room) {
		lines = mt_arena_alloc(source->arena, room * sizeof *lines);
		if (lines == NULL)
			return false;
		if (source->nlines > 0)
			memcpy(lines, source->lines, source->nlines * sizeof *lines);
		source->lines = lines;
		source->room = room;
	}
	place.order = (unsigned)source->nlines + 1;
	source->lines[source->nlines++] = place;
	return true;
}

/* The closing quote of the string that begins at `from`, or NULL. */
static const char *
string_end(const char *from, const char *end)
{
	for (const char *p = from + 1; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == *from)
			return p;
	}
	return NULL;
}

/* Copies a quoted string.  Only \" \' and \\ are escapes, so that a value is what it
 * looks like; ${ would be taken from the environment by libconfuse. */
static void
string(struct scan *scan)
{
	const char *close = string_end(scan->at, scan->end);
	char quote = *scan->at;

	if (close == NULL) {
		mt_errors_add(scan->source->errors, scan->place, "the quote %c is not closed on its line", quote);
		emit(scan, quote);
		emit(scan, quote);
		scan->at = scan->end;
		return;
	}
	emit(scan, *scan->at++);
	for (; scan->at < close; scan->at++) {
		if ((unsigned char)*scan->at < 32 || *scan->at == 127)
			mt_errors_add(scan->source->errors, scan->place,
			    "a control byte (%d) stands in a string; take it out", (unsigned char)*scan->at);
		if (*scan->at == '\\') {
			if (strchr("\"'\\", scan->at[1]) == NULL)
				mt_errors_add(scan->source->errors, scan->place,
				    "\\%c in a string means nothing here; a backslash is written \\\\", scan->at[1]);
			emit(scan, *scan->at++);
		} else if (quote == '"' && *scan->at == '$') {
			emit(scan, '\\');
		}
		emit(scan, *scan->at);
	}
	emit(scan, *scan->at++);
}

static void
open_brace(struct scan *scan)
{
	if (scan->depth < MT_PREPASS_NESTING) {
		scan->open[scan->depth] = scan->place;
	} else if (scan->depth == MT_PREPASS_NESTING) {
		mt_errors_add(scan->source->errors, scan->place, "braces are nested deeper than %d",
		    MT_PREPASS_NESTING);
		scan->source->broken = true;
	}
	scan->depth++;
}

static void
close_brace(struct scan *scan)
{
	if (scan->depth == 0) {
		mt_errors_add(scan->source->errors, scan->place, "this '}' closes nothing");
		scan->source->broken = true;
		return;
	}
	scan->depth--;
}

static void
punctuation(struct scan *scan)
{
	char c = *scan->at++;

	if (c == '{')
		open_brace(scan);
	else if (c == '}')
		close_brace(scan);
	else if (c == '+')
		emit(scan, *scan->at++ == '=' ? '+' : ' ');
	emit(scan, c == '+' ? '=' : c);
	scan->before = c == '+' ? '=' : c;
}

static void
include(struct scan *scan)
{
	const char *close = string_end(scan->at, scan->end);
	struct mt_source *source = scan->source;
	struct mt_span pattern;
	const char *slash;
	struct mt_buf path;

	if (close == NULL) {
		string(scan);
		return;
	}
	pattern = mt_span_between(scan->at + 1, close);
	scan->at = close + 1;
	mt_buf_init(&path, source->arena, 0);
	slash = strrchr(scan->place.file, '/');
	if (slash != NULL && !mt_span_starts(pattern, "/"))
		mt_buf_add(&path, mt_span_between(scan->place.file, slash + 1));
	mt_buf_add(&path, pattern);
	emit(scan, '\n');
	mt_source_file(source, mt_buf_span(&path).ptr, scan->place);
	push_line(source, scan->place);
}

/* A bare word; "include" before a string, outside of sections, is no key. */
static void
word(struct scan *scan)
{
	const char *from = scan->at, *p;

	while (scan->at < scan->end && strchr(WORD_ENDS, *scan->at) == NULL && (unsigned char)*scan->at >= 32)
		scan->at++;
	for (p = scan->at; p < scan->end && mt_is_space(*p); p++)
		;
	if (scan->depth == 0 && scan->before != '=' && p < scan->end && (*p == '"' || *p == '\'') &&
	    mt_span_equal(mt_span_between(from, scan->at), MT_SPAN("include"))) {
		scan->at = p;
		include(scan);
		scan->before = '}';
		return;
	}
	mt_buf_add(&scan->source->text, mt_span_between(from, scan->at));
	scan->before = 'w';
}

/* Bytes that libconfuse would drop without a word, and the forms that it would read as
 * something else. */
static bool
refused(struct scan *scan)
{
	const char *p = scan->at;
	bool comment = false;
	char next = p + 1 < scan->end ? p[1] : '\0';
	struct mt_errors *errors = scan->source->errors;

	if ((unsigned char)*p < 32 || *p == 127)
		mt_errors_add(errors, scan->place, "a control byte (%d) stands here; take it out", (unsigned char)*p);
	else if ((comment = *p == '/' && (next == '/' || next == '*')))
		mt_errors_add(errors, scan->place,
		    "a comment begins with '#', and a value with %c%c stands in quotes", *p, next);
	else if (strchr("*()", *p) != NULL || (*p == '+' && next != '='))
		mt_errors_add(errors, scan->place, "a value with '%c' must stand in quotes", *p);
	else if (*p == '$' && next == '{')
		mt_errors_add(errors, scan->place, "${...} is not expanded; in a reply write %%{...}");
	else
		return false;
	if (comment) {
		scan->at = scan->end;
		return true;
	}
	/* The rest of the value goes with it, or it would be complained of again. */
	do
		scan->at++;
	while (scan->at < scan->end && strchr(" \t#\"'{},", *scan->at) == NULL);
	emit(scan, 'x');
	scan->before = 'w';
	return true;
}

static void
line(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at != '#') {
		char c = *scan->at;

		if (mt_is_space(c)) {
			emit(scan, ' ');
			scan->at++;
		} else if (refused(scan)) {
			continue;
		} else if (c == '"' || c == '\'') {
			string(scan);
			scan->before = '"';
		} else if (strchr("{}=,+", c) != NULL) {
			punctuation(scan);
		} else {
			word(scan);
		}
	}
	emit(scan, '\n');
}

static bool
has_nul(struct scan *scan)
{
	if (scan->at == scan->end || memchr(scan->at, '\0', (size_t)(scan->end - scan->at)) == NULL)
		return false;
	mt_errors_add(scan->source->errors, scan->place, "a NUL byte stands here; take it out");
	return true;
}

static void
lines(struct mt_source *source, struct mt_span bytes, const char *file, unsigned first)
{
	struct scan scan = { .source = source, .place = { file, first, 0 }, .before = '}' };
	const char *p = bytes.ptr, *end = p + bytes.len;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		scan.at = p;
		scan.end = eol == NULL ? end : eol;
		scan.place.order = (unsigned)source->nlines + 1;
		if (!push_line(source, scan.place))
			return;
		if (has_nul(&scan))
			scan.at = scan.end;
		line(&scan);
		p = eol == NULL ? end : eol + 1;
		scan.place.line += first > 0;
	}
	if (scan.depth > 0) {
		mt_errors_add(source->errors, scan.open[scan.depth <= MT_PREPASS_NESTING ? scan.depth - 1 : 0],
		    "this '{' is never closed");
		source->broken = true;
	}
}

/* ---- what is asked of us -------------------------------------------------------------- */

static void
one_file(struct mt_source *source, const char *path, struct mt_place from)
{
	struct mt_span bytes;
	const char *file;

	if (source->depth >= MT_PREPASS_DEPTH) {
		mt_errors_add(source->errors, from, "include: %s: files include each other deeper than %d", path,
		    MT_PREPASS_DEPTH);
		return;
	}
	file = mt_arena_text(source->keep, mt_span_text(path));
	if (file == NULL || !read_file(source, path, from, &bytes))
		return;
	source->depth++;
	lines(source, bytes, file, 1);
	source->depth--;
}

void
mt_source_file(struct mt_source *source, const char *path, struct mt_place from)
{
	glob_t found = { 0 };

	/* A pattern may find nothing, as an empty conf.d does; a plain name may not. */
	if (source->depth == 0 || strpbrk(path, "*?[") == NULL) {
		one_file(source, path, from);
		return;
	}
	if (glob(path, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			one_file(source, found.gl_pathv[i], from);
	globfree(&found);
}

void
mt_source_text(struct mt_source *source, struct mt_span text, const char *file)
{
	lines(source, text, file, 0);
}

bool
mt_values_add(struct mt_values *values, struct mt_arena *arena, struct mt_span text, struct mt_place place)
{
	size_t room = values->room == 0 ? 8 : values->room * 2;
	struct mt_value *value;

	if (values->count == values->room) {
		value = mt_arena_alloc(arena, room * sizeof *value);
		if (value == NULL)
			return false;
		if (values->count > 0)
			memcpy(value, values->value, values->count * sizeof *value);
		values->value = value;
		values->room = room;
	}
	text = mt_arena_copy(arena, text);
	if (text.ptr == NULL)
		return false;
	values->value[values->count++] = (struct mt_value){ text, place };
	return true;
}

void
mt_list_file(struct mt_values *values, struct mt_source *source, const char *path, struct mt_place from)
{
	struct mt_place place = { mt_arena_text(source->keep, mt_span_text(path)), 0, from.order };
	struct mt_span bytes;
	const char *p, *end;

	if (place.file == NULL || !read_file(source, path, from, &bytes))
		return;
	for (p = bytes.ptr, end = p + bytes.len; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		struct mt_span text = mt_span_between(p, eol == NULL ? end : eol);
		const char *comment = text.len == 0 ? NULL : memchr(text.ptr, '#', text.len);

		place.line++;
		if (comment != NULL)
			text.len = (size_t)(comment - text.ptr);
		text = mt_span_trim(text);
		if (text.len > 0)
			mt_values_add(values, source->arena, text, place);
		p = eol == NULL ? end : eol + 1;
	}
}
