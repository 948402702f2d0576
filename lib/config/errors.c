/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how complaints are kept and told; knows nothing of settings. */
#include "lib/config/errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/buf.h"

void
mt_errors_init(struct mt_errors *errors, struct mt_arena *arena)
{
	*errors = (struct mt_errors){ .arena = arena };
}

/* Behind all that do not stand later: most come in order, so the walk is short. */
static void
insert(struct mt_errors *errors, struct mt_complaint *new)
{
	struct mt_complaint **at = &errors->first;

	if (errors->last != NULL && errors->last->place.order <= new->place.order)
		at = &errors->last->next;
	while (*at != NULL && (*at)->place.order <= new->place.order)
		at = &(*at)->next;
	new->next = *at;
	*at = new;
	if (new->next == NULL)
		errors->last = new;
}

static void __attribute__((format(printf, 4, 0)))
add(struct mt_errors *errors, struct mt_place place, bool notice, const char *format, va_list args)
{
	struct mt_complaint *new;
	char text[1024];

	if (!notice)
		errors->errors++;
	if (errors->count >= MT_ERRORS_MOST)
		return;
	if (vsnprintf(text, sizeof text, format, args) < 0)
		return;
	new = mt_arena_alloc(errors->arena, sizeof *new);
	if (new == NULL)
		return;
	new->place = place;
	new->notice = notice;
	new->text = mt_arena_text(errors->arena, mt_span_text(text));
	insert(errors, new);
	errors->count++;
}

void
mt_errors_add(struct mt_errors *errors, struct mt_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, place, false, format, args);
	va_end(args);
}

void
mt_errors_notice(struct mt_errors *errors, struct mt_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, place, true, format, args);
	va_end(args);
}

const char *
mt_place_text(struct mt_arena *arena, struct mt_place place)
{
	struct mt_buf buf;

	mt_buf_init(&buf, arena, 0);
	mt_buf_text(&buf, place.file);
	if (place.line > 0)
		mt_buf_format(&buf, ":%u", place.line);
	return mt_buf_span(&buf).ptr;
}

void
mt_errors_tell(struct mt_errors *errors, mt_say_fn *say, void *ctx)
{
	struct mt_buf buf;
	size_t told = 0;

	if (say == NULL)
		return;
	for (const struct mt_complaint *c = errors->first; c != NULL; c = c->next) {
		/* Keys and values are quoted as they stand: no control byte may leave. */
		mt_buf_init(&buf, errors->arena, 0);
		mt_buf_escape(&buf, mt_span_text(mt_place_text(errors->arena, c->place)), "");
		mt_buf_text(&buf, c->notice ? ": notice: " : ": ");
		mt_buf_escape(&buf, mt_span_text(c->text), "");
		say(ctx, mt_buf_span(&buf).ptr);
		told += !c->notice;
	}
	if (errors->errors > told) {
		mt_buf_init(&buf, errors->arena, 0);
		mt_buf_format(&buf, "%zu more errors are not shown", errors->errors - told);
		say(ctx, mt_buf_span(&buf).ptr);
	}
}
