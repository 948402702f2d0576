/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows inside an arena. */
#ifndef MT_BASE_BUF_H
#define MT_BASE_BUF_H

#include "lib/base/arena.h"
#include "lib/base/span.h"

/* At the arena's ceiling, or at `most` bytes, further text is dropped and `cut` is set;
 * what is there stays valid and has a NUL behind it. */
struct mt_buf {
	struct mt_arena *arena;
	char *ptr;
	size_t len, room, most;
	bool cut;
};

/* most 0: no bound but the arena's. */
void mt_buf_init(struct mt_buf *buf, struct mt_arena *arena, size_t most);
void mt_buf_add(struct mt_buf *buf, struct mt_span s);
void mt_buf_text(struct mt_buf *buf, const char *text);
void mt_buf_char(struct mt_buf *buf, char c);
void mt_buf_format(struct mt_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Printable ASCII (32-126) as it is, but for the bytes of `special`, which get a
 * backslash before them; every other byte as \xNN. */
void mt_buf_escape(struct mt_buf *buf, struct mt_span s, const char *special);
struct mt_span mt_buf_span(const struct mt_buf *buf);

#endif
