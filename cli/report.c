/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a saved message is told to the engine, and which report is wanted; concludes
 * nothing by itself. */
#include "cli/report.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/explain.h"

void
report_file(void *ctx, const char *name)
{
	struct report *report = ctx;

	report->file = name;
	progress_file(&report->progress, name);
}

/* What the options say of the client and the envelope. */
static int
tell_envelope(struct report *report)
{
	const struct options *options = report->options;
	int error = 0;

	if (options->sender != NULL)
		error = mt_trace_sender(report->trace, span_text(options->sender));
	for (size_t i = 0; i < options->recipients.count && error == 0; i++)
		if (mt_trace_recipient(report->trace, span_text(options->recipients.text[i])) == NULL)
			error = MT_ENOMEM;
	return error;
}

static int
message_begin(void *ctx, int64_t offset)
{
	struct report *report = ctx;
	const struct options *options = report->options;
	const struct mt_client client = { .ip = options->client };
	int error = MT_ENOMEM;

	report->offset = offset;
	report->has_sender = report->has_recipient = false;
	report->conn = mt_conn_open(report->engine, &client);
	if (report->conn != NULL && options->helo != NULL)
		mt_conn_helo(report->conn, span_text(options->helo), false);
	if (report->conn != NULL)
		report->trace = mt_trace_open(report->conn);
	if (report->trace != NULL)
		error = tell_envelope(report);
	if (error == 0)
		error = mt_trace_input(report->trace, span_text(report->file), offset);
	if (error == 0 || error == MT_EFULL)
		return 0;
	complain("%s: %s", report->file, mt_strerror(error));
	return EX_OSERR;
}

static void
note_envelope(struct report *report, struct mt_span name, struct mt_span value)
{
	if (report->options->config == NULL)	/* no rules: nobody asks */
		return;
	if (!report->has_sender && address_is_sender(name))
		report->has_sender = address_read(value, report->sender) != NULL;
	if (!report->has_recipient && address_is_recipient(name))
		report->has_recipient = address_read(value, report->recipient) != NULL &&
		    report->recipient[0] != '\0';
}

/* Rules and exemptions speak of the envelope: what the options do not tell of it the
 * message's own delivery fields do. */
static void
complete_envelope(struct report *report)
{
	const struct options *options = report->options;

	if (options->config == NULL)
		return;
	if (options->sender == NULL && report->has_sender)
		mt_trace_sender(report->trace, span_text(report->sender));
	if (options->recipients.count > 0)
		return;
	if (!report->has_recipient)
		memcpy(report->recipient, ADDRESS_UNTOLD, sizeof ADDRESS_UNTOLD);
	mt_trace_recipient(report->trace, span_text(report->recipient));
}

/* A field beyond the engine's bounds is a fact of its report, not an error here. */
static int
message_field(void *ctx, struct mt_span name, struct mt_span value)
{
	struct report *report = ctx;

	note_envelope(report, name, value);
	mt_trace_header(report->trace, name, value);
	return 0;
}

static int
message_lost(void *ctx, struct mt_span line)
{
	struct report *report = ctx;

	mt_trace_header_lost(report->trace, line);
	return 0;
}

static int
message_body(void *ctx, struct mt_span bytes)
{
	struct report *report = ctx;

	mt_trace_body(report->trace, bytes);
	return 0;
}

static void
note_finding(struct report *report, const struct mt_verdict *verdict)
{
	const struct options *options = report->options;
	const struct mt_evidence *evidence;

	switch (options->fail_on) {
	case FAIL_NEVER:
		break;
	case FAIL_LEVEL:
		report->found = report->found || level_rank(verdict->level) >= options->fail_at;
		break;
	case FAIL_STRENGTH:
		for (size_t i = 0; (evidence = mt_trace_evidence(report->trace, i)) != NULL; i++)
			report->found = report->found || (int)evidence->strength >= options->fail_at;
		break;
	}
}

/* FILE@OFFSET, the offset only where it is not the beginning. */
static void
add_place(struct bytes *line, const char *file, int64_t offset)
{
	bytes_plain(line, span_text(file));
	if (offset > 0) {
		bytes_char(line, '@');
		bytes_number(line, offset);
	}
}

/* -q: verdict, origin, relay, rule, place, evidence. */
static void
write_line(struct report *report, const struct mt_verdict *verdict)
{
	const struct mt_origin *origin = mt_trace_origin(report->trace);
	bool proved = origin->proved_ip.family != 0;
	const struct mt_evidence *evidence;
	char ip[MT_IP_TEXT];

	mt_ip_text(proved ? &origin->proved_ip : &origin->claimed_ip, ip);
	bytes_text(&report->line, mt_level_word(verdict->level));
	bytes_text(&report->line, proved ? " proved=" : ip[0] != '\0' ? " claimed=" : " origin=-");
	bytes_text(&report->line, ip);
	bytes_text(&report->line, " relay=");
	bytes_text(&report->line, mt_result_word(verdict->relay));
	if (verdict->rule.len > 0) {
		bytes_text(&report->line, " rule=");
		bytes_plain(&report->line, verdict->rule);
		bytes_text(&report->line, " would=");
		bytes_text(&report->line, mt_action_word(verdict->would));
	}
	bytes_char(&report->line, ' ');
	add_place(&report->line, report->file, report->offset);
	for (size_t i = 0; (evidence = mt_trace_evidence(report->trace, i)) != NULL; i++) {
		bytes_text(&report->line, i == 0 ? ": " : ", ");
		bytes_text(&report->line, evidence->code);
		bytes_char(&report->line, '(');
		bytes_text(&report->line, mt_strength_word(evidence->strength));
		bytes_char(&report->line, ')');
	}
	bytes_char(&report->line, '\n');
	output_bytes(report->output, &report->line);
}

static int
write_report(struct report *report)
{
	const struct options *options = report->options;
	struct mt_render_options render = { .format = options->format, .color = report->output->color,
		.verbose = options->verbose, .width = report->output->width };

	if (options->quiet && render.format == MT_FORMAT_JSON)
		render.format = MT_FORMAT_JSONL;
	if (report->output->some && render.format != MT_FORMAT_JSON && render.format != MT_FORMAT_JSONL)
		output_write(report->output, "\n", 1);
	return mt_render(report->trace, &render, output_write, report->output);
}

/* In one piece: the threads of the engine may have something to say meanwhile. */
static int
write_message(struct report *report, const struct mt_verdict *verdict)
{
	const struct options *options = report->options;
	FILE *file = report->output->file;
	int error = 0;

	flockfile(file);
	if (explain_boundary(options)) {
		explain_hops(&report->line, options, report->trace, report->file);
		output_bytes(report->output, &report->line);
	} else if (options->quiet && options->format == MT_FORMAT_TEXT) {
		write_line(report, verdict);
	} else {
		error = write_report(report);
	}
	output_end_line(report->output);
	funlockfile(file);
	return error;
}

static int
message_end(void *ctx)
{
	struct report *report = ctx;
	const struct options *options = report->options;
	const struct mt_verdict *verdict;
	int error, written;

	complete_envelope(report);
	error = mt_trace_finish(report->trace, mt_now_mono_msec() + report->wait_msec);
	verdict = mt_trace_verdict(report->trace, MT_STAGE_EOM);
	if (error == MT_EFULL)		/* a bound was met: the trace says so and stands */
		error = 0;
	note_finding(report, verdict);
	if (options->summary)
		summary_add(&report->summary, report->trace);
	written = write_message(report, verdict);
	if (error == 0)
		error = written;
	mt_trace_close(report->trace);
	mt_conn_close(report->conn);
	report->trace = NULL;
	report->conn = NULL;
	progress_message(&report->progress, report->offset);
	if (report->output->failed)
		return EX_IOERR;
	if (error == 0)
		return 0;
	complain("%s: %s", report->file, mt_strerror(error));
	return EX_OSERR;
}

struct mbox_sink
report_sink(struct report *report)
{
	return (struct mbox_sink){ .ctx = report, .begin = message_begin, .field = message_field,
		.lost = message_lost, .body = message_body, .end = message_end };
}

/* In the report where that is text; beside it where a program reads it. */
void
report_end(struct report *report)
{
	progress_end(&report->progress);
	if (!report->options->summary)
		return;
	summary_text(&report->summary, &report->line);
	if (report->options->format != MT_FORMAT_TEXT) {
		write_beside(report->line.ptr, report->line.len);
		return;
	}
	if (report->output->some)
		output_write(report->output, "\n", 1);
	output_bytes(report->output, &report->line);
}

void
report_fini(struct report *report)
{
	mt_trace_close(report->trace);
	mt_conn_close(report->conn);
	summary_fini(&report->summary);
	bytes_fini(&report->line);
}
