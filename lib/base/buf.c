/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how text is put together; knows nothing of what it says. */
#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void
mt_buf_init(struct mt_buf *buf, struct mt_arena *arena, size_t most)
{
	*buf = (struct mt_buf){ .arena = arena, .most = most == 0 ? SIZE_MAX / 4 : most };
}

static bool
room_for(struct mt_buf *buf, size_t more)
{
	size_t room = buf->room == 0 ? 64 : buf->room;
	char *p;

	if (buf->room - buf->len > more)
		return true;
	while (room - buf->len <= more)
		room *= 2;
	p = mt_arena_bytes(buf->arena, room);
	if (p == NULL)
		return false;
	if (buf->len > 0)
		memcpy(p, buf->ptr, buf->len);
	buf->ptr = p;
	buf->room = room;
	return true;
}

void
mt_buf_add(struct mt_buf *buf, struct mt_span s)
{
	size_t len = s.len;

	if (len > buf->most - buf->len) {
		len = buf->most - buf->len;
		buf->cut = true;
	}
	if (!room_for(buf, len)) {
		buf->cut = true;
		return;
	}
	if (len > 0)
		memcpy(buf->ptr + buf->len, s.ptr, len);
	buf->len += len;
	buf->ptr[buf->len] = '\0';
}

void
mt_buf_text(struct mt_buf *buf, const char *text)
{
	mt_buf_add(buf, mt_span_text(text));
}

void
mt_buf_char(struct mt_buf *buf, char c)
{
	mt_buf_add(buf, (struct mt_span){ &c, 1 });
}

void
mt_buf_format(struct mt_buf *buf, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof text) {
		len = sizeof text - 1;
		buf->cut = true;
	}
	mt_buf_add(buf, (struct mt_span){ text, (size_t)len });
}

void
mt_buf_escape(struct mt_buf *buf, struct mt_span s, const char *special)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		char out[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c < 32 || c > 126)
			mt_buf_add(buf, (struct mt_span){ out, 4 });
		else if (strchr(special, c) != NULL)
			mt_buf_add(buf, (struct mt_span){ (char[]){ '\\', (char)c }, 2 });
		else
			mt_buf_char(buf, (char)c);
	}
}

struct mt_span
mt_buf_span(const struct mt_buf *buf)
{
	return (struct mt_span){ buf->ptr == NULL ? "" : buf->ptr, buf->len };
}
