/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows where messages and fields begin and end in a stream; knows nothing of what the
 * fields say.
 *
 * An mbox has no escape that all writers agree on: a body line that begins with "From "
 * is common, and most readers split there.  Here a message begins only at a From_ line
 * behind an empty line with a date and a time of day in it (RFC 4155, appendix A), and
 * only in a stream that began with one.
 *
 * A line of a header that is no field is told, for it may have been one: editors and programs
 * for mail damage the first line first.
 */
#include "cli/mbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (256u * 1024u)

enum state { BEFORE, HEADER, BODY };

struct reader {
	int fd;
	const struct mbox_sink *sink;
	size_t *messages;
	char *buf;			/* BUFFER bytes; at..len not yet looked at */
	size_t at, len;
	size_t run;			/* body not yet handed on: run..at */
	int64_t offset;			/* of buf[at] in the stream */
	enum state state;
	bool split, mbox;
	bool line_start;		/* buf[at] begins a line */
	bool after_empty;		/* the line before was empty */
	bool keep;			/* the field under way is one */
	char *field;
	size_t field_len, field_room, name_len;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits where the form has '0', anything else as it stands; the text may go on behind. */
static bool
has_form(struct mt_span s, const char *form)
{
	size_t n = strlen(form);

	if (s.len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '0' ? !is_digit(s.ptr[i]) : s.ptr[i] != form[i])
			return false;
	return true;
}

static bool
is_time(struct mt_span s)
{
	size_t n = has_form(s, "00:00") ? 5 : has_form(s, "0:00") ? 4 : 0;

	if (n == 0)
		return false;
	if (s.len >= n + 3 && has_form((struct mt_span){ s.ptr + n, s.len - n }, ":00"))
		n += 3;
	return s.len == n || s.ptr[n] == ',' || s.ptr[n] == '.' || s.ptr[n] == '+' || s.ptr[n] == '-' ||
	    s.ptr[n] == 'Z';
}

/* One of three-letter words, a comma behind allowed. */
static bool
is_word(struct mt_span s, const char *words)
{
	if (s.len == 4 && s.ptr[3] == ',')
		s.len = 3;
	if (s.len != 3)
		return false;
	for (; *words != '\0'; words += 3)
		if (memcmp(s.ptr, words, 3) == 0)
			return true;
	return false;
}

static bool
is_year(struct mt_span s)
{
	return s.len == 4 && has_form(s, "0000") && (memcmp(s.ptr, "19", 2) == 0 || memcmp(s.ptr, "20", 2) == 0);
}

/* The next run of bytes that are no white space. */
static struct mt_span
next_word(struct mt_span *s)
{
	struct mt_span word;

	while (s->len > 0 && (*s->ptr == ' ' || *s->ptr == '\t' || *s->ptr == '\r' || *s->ptr == '\n')) {
		s->ptr++;
		s->len--;
	}
	word = (struct mt_span){ s->ptr, 0 };
	while (s->len > 0 && *s->ptr != ' ' && *s->ptr != '\t' && *s->ptr != '\r' && *s->ptr != '\n') {
		s->ptr++;
		s->len--;
		word.len++;
	}
	return word;
}

bool
mbox_from_line(struct mt_span line)
{
	bool time = false, iso = false, day = false, month = false, year = false;
	struct mt_span word;

	if (line.len < 5 || memcmp(line.ptr, "From ", 5) != 0)
		return false;
	line.ptr += 5;
	line.len -= 5;
	for (unsigned n = 0; (word = next_word(&line)).len > 0; n++) {
		day = day || is_word(word, "MonTueWedThuFriSatSun");
		month = month || is_word(word, "JanFebMarAprMayJunJulAugSepOctNovDec");
		if (n == 0)		/* an address, or nothing and then the day */
			continue;
		time = time || is_time(word);
		year = year || is_year(word);
		if (has_form(word, "0000-00-00")) {
			iso = true;
			if (word.len > 11 && word.ptr[10] == 'T')
				time = time || is_time((struct mt_span){ word.ptr + 11, word.len - 11 });
		}
	}
	return time && (iso || day + month + year >= 2);
}

static bool
is_empty(struct mt_span line)
{
	return (line.len == 1 && line.ptr[0] == '\n') || (line.len == 2 && memcmp(line.ptr, "\r\n", 2) == 0);
}

static int
field_add(struct reader *r, struct mt_span bytes)
{
	size_t room = r->field_room;
	char *p;

	if (bytes.len > MBOX_FIELD - r->field_len)
		bytes.len = MBOX_FIELD - r->field_len;
	if (bytes.len == 0)
		return 0;
	while (room < r->field_len + bytes.len)
		room = room == 0 ? 1024 : room * 2;
	if (room > r->field_room) {
		p = realloc(r->field, room);
		if (p == NULL)
			return MT_ENOMEM;
		r->field = p;
		r->field_room = room;
	}
	memcpy(r->field + r->field_len, bytes.ptr, bytes.len);
	r->field_len += bytes.len;
	return 0;
}

/* Apple Mail begins a file with the number of the message's bytes. */
static bool
is_count(const struct reader *r, struct mt_span line)
{
	size_t n = 0;

	while (n < line.len && is_digit(line.ptr[n]))
		n++;
	for (size_t i = n; i < line.len; i++)
		if (strchr(" \t\r\n", line.ptr[i]) == NULL || line.ptr[i] == '\0')
			return false;
	return r->offset == 0 && n > 0;
}

/* From_ lines, and those that an mbox quoted, are left behind in headers and never were fields. */
static int
line_lost(struct reader *r, struct mt_span line)
{
	struct mt_span bare = line;

	if (bare.len > 0 && *bare.ptr == '>') {
		bare.ptr++;
		bare.len--;
	}
	if (r->sink->lost == NULL || (bare.len >= 5 && memcmp(bare.ptr, "From ", 5) == 0) || is_count(r, line))
		return 0;
	return r->sink->lost(r->sink->ctx, line);
}

/* Hands on the field under way, if one is. */
static int
field_end(struct reader *r)
{
	size_t len = r->field_len, name_len = r->name_len;
	const char *colon;

	if (!r->keep)
		return 0;
	r->keep = false;
	if (len > 0 && r->field[len - 1] == '\n')
		len--;
	if (len > 0 && r->field[len - 1] == '\r')
		len--;
	colon = memchr(r->field + name_len, ':', len - name_len);
	if (colon == NULL)		/* it is beyond MBOX_FIELD */
		return line_lost(r, (struct mt_span){ r->field, len });
	return r->sink->field(r->sink->ctx, (struct mt_span){ r->field, (size_t)(colon - r->field) },
	    (struct mt_span){ colon + 1, (size_t)(r->field + len - colon - 1) });
}

/* A name is printable ASCII (RFC 5322, 3.6.8); white space before the colon is obsolete
 * but read (4.5).  A line without both is no field. */
static int
field_begin(struct reader *r, struct mt_span line)
{
	size_t n = 0, colon;

	while (n < line.len && line.ptr[n] > 32 && line.ptr[n] < 127 && line.ptr[n] != ':')
		n++;
	colon = n;
	while (colon < line.len && (line.ptr[colon] == ' ' || line.ptr[colon] == '\t'))
		colon++;
	r->keep = n > 0 && colon < line.len && line.ptr[colon] == ':';
	r->name_len = n;
	r->field_len = 0;
	return r->keep ? field_add(r, line) : line_lost(r, line);
}

/* Hands on the body that was passed over. */
static int
run_end(struct reader *r)
{
	struct mt_span run = { r->buf + r->run, r->at - r->run };

	r->run = r->at;
	if (r->state != BODY || run.len == 0 || r->sink->body == NULL)
		return 0;
	return r->sink->body(r->sink->ctx, run);
}

static int
message_begin(struct reader *r)
{
	++*r->messages;
	r->state = HEADER;
	r->keep = false;
	return r->sink->begin(r->sink->ctx, r->offset);
}

static int
message_end(struct reader *r)
{
	int error;

	if (r->state == BEFORE)
		return 0;
	error = r->state == HEADER ? field_end(r) : run_end(r);
	r->state = BEFORE;
	return error != 0 ? error : r->sink->end(r->sink->ctx);
}

static int
header_line(struct reader *r, struct mt_span line)
{
	int error;

	if (!r->line_start)
		return r->keep ? field_add(r, line) : 0;
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return r->keep ? field_add(r, line) : line_lost(r, line);
	error = field_end(r);
	if (error != 0)
		return error;
	if (!is_empty(line))
		return field_begin(r, line);
	r->state = BODY;
	r->run = r->at + line.len;
	return 0;
}

/* One line, or a piece of a longer one than the buffer holds; at is still before it. */
static int
take_line(struct reader *r, struct mt_span line)
{
	bool from = r->line_start && r->after_empty && (r->mbox || r->state == BEFORE) && mbox_from_line(line);
	int error;

	if (from) {
		r->mbox = r->split;
		error = message_end(r);
		return error != 0 ? error : message_begin(r);
	}
	if (r->state == BEFORE) {
		if (r->line_start && is_empty(line))
			return 0;
		error = message_begin(r);
		if (error != 0)
			return error;
	}
	return r->state == HEADER ? header_line(r, line) : 0;
}

/* Moves what is left to the front and reads behind it; *more: there was something. */
static int
fill(struct reader *r, bool *more)
{
	ssize_t n;
	int error = run_end(r);

	if (error != 0)
		return error;
	memmove(r->buf, r->buf + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = r->run = 0;
	do
		n = read(r->fd, r->buf + r->len, BUFFER - r->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return MT_EIO;
	r->len += (size_t)n;
	*more = n > 0;
	return 0;
}

/* Some editors and programs write a byte order mark before everything else. */
static void
skip_mark(struct reader *r, struct mt_span *line)
{
	if (r->offset != 0 || line->len < 3 || memcmp(line->ptr, "\xef\xbb\xbf", 3) != 0)
		return;
	line->ptr += 3;
	line->len -= 3;
	r->at += 3;
	r->offset += 3;
}

static int
read_all(struct reader *r)
{
	bool more = true;
	int error = 0;

	while (error == 0) {
		const char *lf = memchr(r->buf + r->at, '\n', r->len - r->at);
		struct mt_span line = { r->buf + r->at, r->len - r->at };

		if (lf != NULL) {
			line.len = (size_t)(lf + 1 - line.ptr);
		} else if (more && line.len < BUFFER) {
			error = fill(r, &more);
			continue;
		}
		skip_mark(r, &line);
		if (line.len == 0)
			break;
		error = take_line(r, line);
		r->after_empty = r->line_start && is_empty(line);
		r->line_start = lf != NULL;
		r->at += line.len;
		r->offset += (int64_t)line.len;
	}
	return error != 0 ? error : message_end(r);
}

int
mbox_read(int fd, bool split, const struct mbox_sink *sink, size_t *messages)
{
	struct reader r = { .fd = fd, .sink = sink, .messages = messages, .split = split, .line_start = true,
		.after_empty = true };
	int error;

	*messages = 0;
	r.buf = malloc(BUFFER);
	if (r.buf == NULL)
		return MT_ENOMEM;
	error = read_all(&r);
	free(r.buf);
	free(r.field);
	return error;
}
