/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a configuration: collected, and told all at once in the file's order. */
#ifndef MT_CONFIG_ERRORS_H
#define MT_CONFIG_ERRORS_H

#include "lib/base/arena.h"
#include "lib/base/span.h"

/* Most complaints that are told; more are counted. */
#define MT_ERRORS_MOST 100

/* Where something stands.  `order` is what complaints are sorted by: the number of the
 * line once all included files stand in their place. */
struct mt_place {
	const char *file;		/* "-o" for an override, "default" for a default */
	unsigned line;			/* 0: the file has no lines to speak of */
	unsigned order;
};

struct mt_complaint {
	struct mt_complaint *next;
	struct mt_place place;
	bool notice;			/* worth saying, and no error */
	const char *text;
};

/* One thread at a time. */
struct mt_errors {
	struct mt_arena *arena;		/* lent; the texts lie there */
	struct mt_complaint *first, *last;
	size_t count;			/* kept */
	size_t errors;			/* seen, notices aside */
};

void mt_errors_init(struct mt_errors *errors, struct mt_arena *arena);
/* The key comes first in the text, then what is wrong, and what would be right. */
void mt_errors_add(struct mt_errors *errors, struct mt_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mt_errors_notice(struct mt_errors *errors, struct mt_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One call of say for each, "file:line: text". */
void mt_errors_tell(struct mt_errors *errors, mt_say_fn *say, void *ctx);

/* "file:line", or the file alone where there is no line. */
const char *mt_place_text(struct mt_arena *arena, struct mt_place place);

#endif
