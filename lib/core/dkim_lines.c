/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where lines end; keeps no more than a chunk. */
#include "lib/core/dkim_lines.h"

void
mt_dkim_lines_begin(struct mt_dkim_lines *lines, void (*out)(void *ctx, char *bytes, size_t len), void *ctx)
{
	lines->out = out;
	lines->ctx = ctx;
	lines->len = 0;
	lines->open = false;
}

/* Hands on what is there; a CR at its end waits for what follows it. */
static void
flush(struct mt_dkim_lines *lines)
{
	bool cr = lines->len > 0 && lines->chunk[lines->len - 1] == '\r';
	size_t len = lines->len - cr;

	if (len > 0)
		lines->out(lines->ctx, lines->chunk, len);
	lines->chunk[0] = '\r';
	lines->len = cr;
}

static void
put(struct mt_dkim_lines *lines, const char *p, size_t len)
{
	lines->open = lines->open || len > 0;
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
	lines->open = false;
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
	if (lines->open)
		end_line(lines);
	flush(lines);
}
