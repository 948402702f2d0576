/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where lines end and how long a canonical body is; keeps no more than a chunk. */
#include "lib/core/dkim_lines.h"

void
mt_dkim_lines_begin(struct mt_dkim_lines *lines, void (*out)(void *ctx, char *bytes, size_t len), void *ctx)
{
	lines->out = out;
	lines->ctx = ctx;
	lines->len = 0;
	lines->simple = lines->relaxed = lines->blanks = lines->relaxed_blanks = 0;
	lines->space = false;
}

/* Line ends count when something follows them; white space in front of a line end does
 * not count for relaxed, elsewhere it counts as one. */
static void
measure(struct mt_dkim_lines *lines, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\r' && i + 1 < len && p[i + 1] == '\n') {
			lines->blanks++;
			lines->relaxed_blanks++;
			lines->space = false;
			i++;
			continue;
		}
		lines->simple += 2 * lines->blanks + 1;
		lines->blanks = 0;
		if (p[i] == ' ' || p[i] == '\t') {
			lines->space = true;
			continue;
		}
		lines->relaxed += 2 * lines->relaxed_blanks + lines->space + 1;
		lines->relaxed_blanks = 0;
		lines->space = false;
	}
}

/* Hands on what is there; a CR at its end waits for what follows it. */
static void
flush(struct mt_dkim_lines *lines)
{
	bool cr = lines->len > 0 && lines->chunk[lines->len - 1] == '\r';
	size_t len = lines->len - cr;

	if (len > 0) {
		measure(lines, lines->chunk, len);
		lines->out(lines->ctx, lines->chunk, len);
	}
	lines->chunk[0] = '\r';
	lines->len = cr;
}

static void
put(struct mt_dkim_lines *lines, const char *p, size_t len)
{
	while (len > 0) {
		size_t room = sizeof lines->chunk - lines->len, n = len < room ? len : room;

		memcpy(lines->chunk + lines->len, p, n);
		lines->len += n;
		p += n;
		len -= n;
		if (lines->len == sizeof lines->chunk)
			flush(lines);
	}
}

static void
end_line(struct mt_dkim_lines *lines)
{
	if (lines->len == 0 || lines->chunk[lines->len - 1] != '\r')
		put(lines, "\r", 1);
	put(lines, "\n", 1);
}

void
mt_dkim_lines_feed(struct mt_dkim_lines *lines, struct mt_span bytes)
{
	const char *p = bytes.ptr, *end;

	if (bytes.len == 0)
		return;
	end = p + bytes.len;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (lf == NULL) {
			put(lines, p, (size_t)(end - p));
			return;
		}
		put(lines, p, (size_t)(lf - p));
		end_line(lines);
		p = lf + 1;
	}
}

void
mt_dkim_lines_end(struct mt_dkim_lines *lines)
{
	bool ended;

	if (lines->len > 0)
		ended = lines->chunk[lines->len - 1] == '\n';
	else
		ended = lines->blanks > 0 || lines->simple == 0;	/* the last was a line end, or nothing was */
	if (!ended)
		end_line(lines);
	flush(lines);
}

uint64_t
mt_dkim_lines_length(const struct mt_dkim_lines *lines, bool relaxed)
{
	if (relaxed)
		return lines->relaxed == 0 ? 0 : lines->relaxed + 2;
	return lines->simple + 2;
}
