/* SPDX-License-Identifier: BSD-2-Clause */
/* Renderers read a finished trace and write; they decide nothing and look nothing up. */
#ifndef MT_RENDER_RENDER_H
#define MT_RENDER_RENDER_H

#include "lib/core/trace.h"

int mt_render_text(const struct mt_trace *trace, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx);
/* pretty: one object over several lines; else one line.  No final line end; one call of the
 * sink for the whole, or none when there is no memory. */
int mt_render_json(const struct mt_trace *trace, bool pretty, mt_sink_fn *sink, void *ctx);
/* The log line as key=value, or the same fields as one JSON object; no line end. */
int mt_render_logline(const struct mt_trace *trace, bool json, mt_sink_fn *sink, void *ctx);

/* Folded value of an added header, from the arena; absent when there is nothing to say
 * or the arena is at its ceiling.  No final line end.  "-" is a value not known, "..." one
 * that had no room; links= has one letter for each gap from the newest: p proved, l linked,
 * s plausible, u unlinked, c contradicted. */
struct mt_span mt_render_field(const struct mt_trace *trace, struct mt_arena *arena, enum mt_header header);
const char *mt_header_name(enum mt_header header);
/* The same of Authentication-Results alone: registered words only; the administrator's bound
 * holds for each of its lines.  Never empty: without a result it says "none". */
struct mt_span mt_render_authres(const struct mt_trace *trace, struct mt_arena *arena);
/* The text of MT_REMOVED_NAME: what stood in the how-manieth Authentication-Results field, that
 * was taken out.  White space is made one space; cut: there was more of it. */
#define MT_REMOVED_NAME "X-Trace-Removed-AR"
struct mt_span mt_render_removed(struct mt_arena *arena, unsigned index, struct mt_span value, bool cut,
    size_t line_most);

#endif
