/* SPDX-License-Identifier: BSD-2-Clause */
/* Where messages and fields begin and end; any bytes, any piece of them at a time. */
#include "cli/mbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define FROM "From a@b.example Thu Apr  9 10:12:44 2015\n"
#define MARK "\xef\xbb\xbf"
#define BYTES(literal) literal, sizeof(literal) - 1

/* What was told, as text: "@OFFSET" for a message, "name=value;" for a field, "!" for a line
 * that is none, "[body]". */
struct told {
	char text[4096];
	size_t len;
	bool in_body;
	size_t longest, fields;		/* value, and how many there were */
	int stop_at;			/* the field at which the callback ends it; 0: none */
};

static void
tell(struct told *told, const char *bytes, size_t len)
{
	if (len > sizeof told->text - 1 - told->len)
		len = sizeof told->text - 1 - told->len;
	memcpy(told->text + told->len, bytes, len);
	told->len += len;
}

static int
begin(void *ctx, int64_t offset)
{
	char text[32];
	struct told *told = ctx;

	snprintf(text, sizeof text, "@%lld ", (long long)offset);
	tell(told, text, strlen(text));
	told->in_body = false;
	return 0;
}

static int
field(void *ctx, struct mt_span name, struct mt_span value)
{
	struct told *told = ctx;

	told->fields++;
	if (value.len > told->longest)
		told->longest = value.len;
	tell(told, name.ptr, name.len);
	tell(told, "=", 1);
	tell(told, value.ptr, value.len);
	tell(told, ";", 1);
	return told->stop_at > 0 && --told->stop_at == 0 ? 77 : 0;
}

static int
lost(void *ctx, struct mt_span line)
{
	struct told *told = ctx;

	if (line.len == 0)
		abort();
	tell(told, "!", 1);
	return 0;
}

static int
body(void *ctx, struct mt_span bytes)
{
	struct told *told = ctx;

	if (!told->in_body)
		tell(told, "[", 1);
	told->in_body = true;
	tell(told, bytes.ptr, bytes.len);
	return 0;
}

static int
end(void *ctx)
{
	struct told *told = ctx;

	tell(told, told->in_body ? "]" : "|", 1);
	return 0;
}

static const struct row {
	const char *name;
	bool split;
	const char *in;
	size_t in_len;
	const char *out;
	size_t out_len;
} rows[] = {
	{ "one message", true, BYTES("A: 1\nB: 2\n\nbody\n"), BYTES("@0 A= 1;B= 2;[body\n]") },
	{ "CRLF", true, BYTES("A: 1\r\n\r\nbody\r\n"), BYTES("@0 A= 1;[body\r\n]") },
	{ "folds stay", true, BYTES("A: 1\n\t2\n 3\nB: x\n\n"), BYTES("@0 A= 1\n\t2\n 3;B= x;|") },
	{ "no empty line", true, BYTES("A: 1\nB: 2"), BYTES("@0 A= 1;B= 2;|") },
	{ "a field without a value", true, BYTES("A:\nB:\r\n\n"), BYTES("@0 A=;B=;|") },
	{ "Apple Mail's number of bytes in front", true, BYTES("2041      \nA: 1\n\nx\n"), BYTES("@0 A= 1;[x\n]") },
	{ "white space before the colon", true, BYTES("A \t: 1\n\n"), BYTES("@0 A \t= 1;|") },
	{ "a line without a colon is kept out", true, BYTES("A: 1\ngarbage\n more\nB: 2\n\n"), BYTES("@0 A= 1;!!B= 2;|") },
	{ "a name with a space is none", true, BYTES("A b: 1\nB: 2\n\n"), BYTES("@0 !B= 2;|") },
	{ "a name with bytes beyond ASCII is none", true, BYTES("\xc3\xa4: 1\nB: 2\n\n"), BYTES("@0 !B= 2;|") },
	{ "an empty name is none", true, BYTES(": 1\nB: 2\n\n"), BYTES("@0 !B= 2;|") },
	{ "NUL is a byte", true, BYTES("A: 1\0002\n\nx\0y"), BYTES("@0 A= 1\0002;[x\0y]") },
	{ "a fold first", true, BYTES(" x\nA: 1\n\n"), BYTES("@0 !A= 1;|") },
	{ "a line of white space is a fold", true, BYTES("A: 1\n \nB: 2\n\n"), BYTES("@0 A= 1\n ;B= 2;|") },
	{ "empty lines first", true, BYTES("\n\r\nA: 1\n\n"), BYTES("@3 A= 1;|") },
	{ "nothing", true, BYTES(""), BYTES("") },
	{ "nothing but empty lines", true, BYTES("\n\r\n\n"), BYTES("") },
	{ "a From_ line first", true, BYTES(FROM "A: 1\n\nx\n"), BYTES("@0 A= 1;[x\n]") },
	{ "a From_ line without a date first", true, BYTES("From me\nA: 1\n\nx\n"), BYTES("@0 A= 1;[x\n]") },
	{ "From with a space and a colon is a field", true, BYTES("From : a@b\nA: 1\n\n"), BYTES("@0 From = a@b;A= 1;|") },
	{ "two messages", true, BYTES(FROM "A: 1\n\nx\n\n" FROM "B: 2\n\ny\n"),
	    BYTES("@0 A= 1;[x\n\n]@51 B= 2;[y\n]") },
	{ "two messages, CRLF", true, BYTES("From a Thu Apr  9 10:12:44 2015\r\nA: 1\r\n\r\nx\r\n\r\n"
	    "From b Thu Apr  9 10:12:44 2015\r\nB: 2\r\n\r\n"), BYTES("@0 A= 1;[x\r\n\r\n]@46 B= 2;|") },
	{ "a message without a body, then another", true, BYTES(FROM "A: 1\n\n" FROM "B: 2\n\n"),
	    BYTES("@0 A= 1;|@48 B= 2;|") },
	{ "From at a line's begin is text", true, BYTES(FROM "A: 1\n\nx\n\nFrom here on it is text\n"),
	    BYTES("@0 A= 1;[x\n\nFrom here on it is text\n]") },
	{ "From with a time but no date is text", true, BYTES(FROM "A: 1\n\n\nFrom Bob at 10:30 in May\n"),
	    BYTES("@0 A= 1;[\nFrom Bob at 10:30 in May\n]") },
	{ "a From_ line not behind an empty line is text", true, BYTES(FROM "A: 1\n\nx\n" FROM "B: 2\n\ny\n"),
	    BYTES("@0 A= 1;[x\n" FROM "B: 2\n\ny\n]") },
	{ "a From_ line in the header is kept out", true, BYTES(FROM "A: 1\n" FROM "B: 2\n\ny\n"),
	    BYTES("@0 A= 1;B= 2;[y\n]") },
	{ "a message that is no mbox is not split", true, BYTES("A: 1\n\nx\n\n" FROM "B: 2\n\n"),
	    BYTES("@0 A= 1;[x\n\n" FROM "B: 2\n\n]") },
	{ "a file of a Maildir is not split", false, BYTES(FROM "A: 1\n\nx\n\n" FROM "B: 2\n\n"),
	    BYTES("@0 A= 1;[x\n\n" FROM "B: 2\n\n]") },
	{ "quoted From_ lines", true, BYTES(">From a Thu Apr  9 10:12:44 2015\nA: 1\n\n>" FROM),
	    BYTES("@0 A= 1;[>" FROM "]") },
	{ "a byte order mark first", true, BYTES(MARK "A: 1\n\nx\n"), BYTES("@3 A= 1;[x\n]") },
	{ "a byte order mark, then a From_ line", true, BYTES(MARK FROM "A: 1\n\nx\n\n" FROM "B: 2\n\n"),
	    BYTES("@3 A= 1;[x\n\n]@54 B= 2;|") },
	{ "a byte order mark in a file of a Maildir", false, BYTES(MARK "A: 1\n\n"), BYTES("@3 A= 1;|") },
	{ "a byte order mark, then empty lines", true, BYTES(MARK "\nA: 1\n\n"), BYTES("@4 A= 1;|") },
	{ "a byte order mark and nothing", true, BYTES(MARK), BYTES("") },
	{ "a part of a byte order mark", true, BYTES("\xef\xbb" "A: 1\nB: 2\n\n"), BYTES("@0 !B= 2;|") },
	{ "a second byte order mark", true, BYTES(MARK MARK "A: 1\nB: 2\n\n"), BYTES("@3 !B= 2;|") },
	{ "a byte order mark behind the first line", true, BYTES("A: 1\n" MARK "B: 2\n\n"), BYTES("@0 A= 1;!|") },
};

static const struct {
	const char *line;
	bool is;
} lines[] = {
	{ "From a@b Thu Apr  9 10:12:44 2015", true },
	{ "From a@b Thu Apr  9 10:12 2015\r", true },
	{ "From  Thu Apr  9 10:12:44 2015", true },		/* the null sender, unwritten */
	{ "From a@b Thu, 09 Apr 15 10:12:44 +0200", true },
	{ "From a@b Thu Apr 09 10:12:44 +0000 2015", true },
	{ "From a@b 2015-04-09 10:12:44", true },
	{ "From a@b 2015-04-09T10:12:44Z", true },
	{ "From a@b Thu Apr 9 1:12:44 2015", true },
	{ "From MAILER-DAEMON Fri Jul  8 12:08:34 2011 remote from host", true },
	{ "From", false },
	{ "From ", false },
	{ "From: a@b Thu Apr  9 10:12:44 2015", false },
	{ "from a@b Thu Apr  9 10:12:44 2015", false },
	{ " From a@b Thu Apr  9 10:12:44 2015", false },
	{ "From 10:30 on", false },
	{ "From Monday at 10:30", false },
	{ "From 2015 at 10:30 we", false },
	{ "From a@b Thu Apr  9 2015", false },
	{ "From a@b Thu Apr  9 10:1:44 2015", false },
	{ "From a@b ThuApr910:12:442015", false },
	{ "From what I know they met 100:30 in May 2015", false },
};

/* Feeds the bytes through a socket, `piece` at a time, from another process. */
static int
read_pieces(const struct row *row, size_t piece, struct told *told, size_t *messages)
{
	const struct mbox_sink sink = { .ctx = told, .begin = begin, .field = field, .lost = lost, .body = body,
		.end = end };
	int fds[2], result;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		return -99;
	child = fork();
	if (child == 0) {
		close(fds[0]);
		for (size_t at = 0; at < row->in_len; at += piece)
			if (write(fds[1], row->in + at, at + piece > row->in_len ? row->in_len - at : piece) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	result = mbox_read(fds[0], row->split, &sink, messages);
	close(fds[0]);
	waitpid(child, NULL, 0);
	return result;
}

static bool
agrees(const struct row *row, size_t piece)
{
	struct told told = { .len = 0 };
	size_t messages = 0, expected = 0;

	for (size_t i = 0; i < row->out_len; i++)
		expected += row->out[i] == '@' && (row->out[i + 1] >= '0' && row->out[i + 1] <= '9');
	if (read_pieces(row, piece, &told, &messages) != 0 || messages != expected)
		return false;
	return told.len == row->out_len && memcmp(told.text, row->out, row->out_len) == 0;
}

static void
long_name(void)
{
	static const size_t size = 2 * MBOX_FIELD;
	struct told told = { .len = 0 };
	const struct mbox_sink sink = { .ctx = &told, .begin = begin, .field = field, .lost = lost, .end = end };
	char *text = malloc(size);
	FILE *file = tmpfile();
	size_t messages = 0;

	if (text == NULL || file == NULL)
		abort();
	memset(text, 'x', 200 * 1024);
	memset(text + 200 * 1024, ' ', size - 200 * 1024);
	fwrite(text, 1, size, file);
	fputs(": 1\nB: 2\n\n", file);
	rewind(file);
	tap_ok(mbox_read(fileno(file), true, &sink, &messages) == 0 && messages == 1 &&
	    strcmp(told.text, "@0 !B= 2;|") == 0, "a field whose colon is beyond the bound is none");
	fclose(file);
	free(text);
}

/* A field longer than the buffer is whole, one beyond the bound is cut; the one behind it
 * is there in any case. */
static void
long_field(size_t size, size_t expected)
{
	struct told told = { .len = 0 };
	const struct mbox_sink sink = { .ctx = &told, .begin = begin, .field = field, .end = end };
	char *text = malloc(size);
	FILE *file = tmpfile();
	size_t messages = 0;

	if (text == NULL || file == NULL)
		abort();
	memset(text, 'x', size);
	fputs("A:", file);
	fwrite(text, 1, size, file);
	fputs("\nB: 2\n\nbody", file);
	rewind(file);
	tap_ok(mbox_read(fileno(file), true, &sink, &messages) == 0 && messages == 1 && told.fields == 2 &&
	    told.longest == expected, "a field of %zu bytes has %zu", size, told.longest);
	fclose(file);
	free(text);
}

int
main(void)
{
	static const struct row stop = { "", true, BYTES("A: 1\nB: 2\nC: 3\n\n"), NULL, 0 };
	struct told told = { .stop_at = 2 };
	size_t messages = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tap_ok(agrees(&rows[i], 4096), "%s", rows[i].name);
		tap_ok(agrees(&rows[i], 1), "%s, byte by byte", rows[i].name);
	}
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct mt_span line = { lines[i].line, strlen(lines[i].line) };

		tap_ok(mbox_from_line(line) == lines[i].is, "%s: %s", lines[i].is ? "begins a message" : "is text",
		    lines[i].line);
	}
	tap_ok(read_pieces(&stop, 4096, &told, &messages) == 77 && strcmp(told.text, "@0 A= 1;B= 2;") == 0,
	    "a callback ends the reading");
	tap_ok(mbox_read(-1, true, &(struct mbox_sink){ .ctx = &told }, &messages) == MT_EIO, "a read that fails is told");
	long_field(300 * 1024, 300 * 1024);
	long_field(3 * MBOX_FIELD, MBOX_FIELD - 2);
	long_name();
	return tap_done();
}
