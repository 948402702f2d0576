/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands out what was found of a message: as edits of its header, as facts, written in a form,
 * as a line of the log.  Knows no form itself, and finds nothing. */
#include <syslog.h>

#include "lib/base/buf.h"
#include "lib/engine/message.h"
#include "lib/render/render.h"

/* ---- header edits ------------------------------------------------------------------------------- */

/* What was taken out, for who asked to keep it. */
static void
add_removed(struct message *message)
{
	struct mt_span copy;
	unsigned index;
	bool cut;

	for (size_t i = 0; (copy = mt_strips_copied(message->strips, i, &index, &cut)).ptr != NULL; i++) {
		struct mt_span value = mt_render_removed(&message->output, index, copy, cut,
		    message->trace.settings->header_most);

		if (value.ptr != NULL)
			message->edits[message->nedits++] = (struct mt_edit){ .insert = true,
				.name = MT_REMOVED_NAME, .value = value.ptr };
	}
}

static void
make_edits(struct message *message)
{
	struct mt_trace *trace = &message->trace;

	message->edited = true;
	message->nedits = mt_strips_edits(message->strips, message->edits, mt_strips_count(message->strips));
	add_removed(message);
	for (int header = MT_HEADERS - 1; header >= 0; header--) {
		struct mt_span value = MT_ABSENT;

		if ((trace->settings->headers >> header & 1) != 0)
			value = mt_render_field(trace, &message->output, (enum mt_header)header);
		if (value.ptr != NULL)
			message->edits[message->nedits++] = (struct mt_edit){ .insert = true,
				.name = mt_header_name((enum mt_header)header), .value = value.ptr };
	}
}

bool
mt_trace_stripped(const struct mt_trace *trace)
{
	const struct message *message = (const struct message *)trace;

	if (trace->traced_msec != 0 && message->edits == NULL && !message->conn->idle)
		return false;
	return mt_strips_complete(message->strips);
}

const struct mt_edit *
mt_trace_edit(struct mt_trace *trace, size_t i)
{
	struct message *message = message_of(trace);

	if (!message->edited && message->edits != NULL)
		make_edits(message);
	return i < message->nedits ? &message->edits[i] : NULL;
}

/* ---- readers --------------------------------------------------------------------------------------- */

const char *
mt_trace_id(const struct mt_trace *trace)
{
	return trace->id;
}

struct mt_fact
mt_trace_fact(const struct mt_trace *trace, enum mt_fact_name fact)
{
	return (size_t)fact < MT_FACTS ? trace->facts.fact[fact] : (struct mt_fact){ MT_UNKNOWN, MT_CAUSE_NONE, 0 };
}

size_t
mt_trace_hops(const struct mt_trace *trace)
{
	return trace->nhops;
}

const struct mt_hop *
mt_trace_hop(const struct mt_trace *trace, size_t i)
{
	return i < trace->nhops ? &trace->hops[i] : NULL;
}

const struct mt_origin *
mt_trace_origin(const struct mt_trace *trace)
{
	return &trace->origin;
}

const struct mt_boundary *
mt_trace_boundary(const struct mt_trace *trace)
{
	return &trace->boundary;
}

const struct mt_relay *
mt_trace_relay(const struct mt_trace *trace)
{
	return &trace->relay;
}

const struct mt_claim *
mt_trace_claim(const struct mt_trace *trace, size_t i)
{
	return i < trace->nclaims ? &trace->claims[i] : NULL;
}

const struct mt_evidence *
mt_trace_evidence(const struct mt_trace *trace, size_t i)
{
	return i < trace->nevidence ? &trace->evidence[i] : NULL;
}

static int
render_headers(struct mt_trace *trace, mt_sink_fn *sink, void *ctx)
{
	int error = 0;

	for (int header = 0; header < MT_HEADERS && error == 0; header++) {
		struct mt_span value = MT_ABSENT;
		struct mt_buf line;

		if ((trace->settings->headers >> header & 1) != 0)
			value = mt_render_field(trace, &message_of(trace)->output, (enum mt_header)header);
		if (value.ptr == NULL)
			continue;
		mt_buf_init(&line, &message_of(trace)->output, 0);
		mt_buf_text(&line, mt_header_name((enum mt_header)header));
		mt_buf_text(&line, ": ");
		mt_buf_add(&line, value);
		mt_buf_char(&line, '\n');
		error = sink(ctx, mt_buf_span(&line).ptr, mt_buf_span(&line).len);
	}
	return error;
}

int
mt_render(struct mt_trace *trace, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx)
{
	switch (options->format) {
	case MT_FORMAT_TEXT:
		return mt_render_text(trace, options, sink, ctx);
	case MT_FORMAT_JSON:
	case MT_FORMAT_JSONL:
		return mt_render_json(trace, options->format == MT_FORMAT_JSON, sink, ctx);
	case MT_FORMAT_HEADERS:
		return render_headers(trace, sink, ctx);
	case MT_FORMAT_LOG:
		return mt_render_logline(trace, false, sink, ctx);
	case MT_FORMATS:
		break;
	}
	return MT_EINVAL;
}

/* ---- the log ------------------------------------------------------------------------------------------- */

static int
into_buf(void *ctx, const char *bytes, size_t len)
{
	mt_buf_add(ctx, (struct mt_span){ bytes, len });
	return 0;
}

int
mt_trace_log(struct mt_trace *trace)
{
	struct mt_conn *conn = message_of(trace)->conn;
	const struct mt_config *config = conn->config;
	struct mt_buf line;
	int error;

	if (conn->idle || config->log.each == MT_LOG_EACH_NONE)
		return MT_OK;
	if (config->log.each == MT_LOG_EACH_ACTION && trace->verdict.would == MT_ACCEPT && trace->refused == 0)
		return MT_OK;
	mt_buf_init(&line, &message_of(trace)->output, 0);
	if (config->log.format == MT_LOG_TRACE)
		error = mt_render_json(trace, false, into_buf, &line);
	else
		error = mt_render_logline(trace, config->log.format == MT_LOG_JSON, into_buf, &line);
	if (error == 0)
		mt_engine_say(conn->engine, LOG_INFO, mt_buf_span(&line).ptr);
	return error;
}
