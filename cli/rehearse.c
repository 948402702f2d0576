/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which envelope a saved message had, and how a filter's answer is shown. */
#include "cli/rehearse.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/address.h"

void
rehearse_file(void *ctx, const char *name)
{
	struct rehearse *rehearse = ctx;

	rehearse->file = name;
}

static int
message_begin(void *ctx, int64_t offset)
{
	struct rehearse *rehearse = ctx;

	rehearse->offset = offset;
	play_letter_clear(&rehearse->letter);
	return 0;
}

static int
message_field(void *ctx, struct mt_span name, struct mt_span value)
{
	struct rehearse *rehearse = ctx;

	if (play_letter_field(&rehearse->letter, name, value))
		return 0;
	complain("%s: %s", rehearse->file, mt_strerror(MT_ENOMEM));
	return EX_OSERR;
}

static int
message_body(void *ctx, struct mt_span bytes)
{
	struct rehearse *rehearse = ctx;

	play_letter_body(&rehearse->letter, bytes);
	return 0;
}

/* ---- the envelope ---- */

/* What the first field of that kind tells; NULL: nothing. */
static const char *
address_of(const struct play_letter *letter, bool (*is_it)(struct mt_span name), char out[ADDRESS_MOST + 1])
{
	const char *text = letter->text.ptr;

	for (size_t i = 0; i < letter->fields; i++) {
		const struct play_field *field = &letter->field[i];

		if (is_it((struct mt_span){ text + field->name, field->name_len }))
			return address_read((struct mt_span){ text + field->value, field->value_len }, out);
	}
	return NULL;
}

/* ---- as text ---- */

static void
add_reply_text(struct bytes *out, const struct play_reply *reply)
{
	if (reply->code == 0)
		return;
	bytes_text(out, "  ");
	bytes_number(out, reply->code);
	if (reply->xcode[0] != '\0') {
		bytes_char(out, ' ');
		bytes_text(out, reply->xcode);
	}
	if (reply->text[0] != '\0') {
		bytes_char(out, ' ');
		bytes_plain(out, span_text(reply->text));
	}
}

static void
add_padded(struct bytes *out, const char *word, size_t width)
{
	bytes_text(out, word);
	for (size_t n = strlen(word); n < width; n++)
		bytes_char(out, ' ');
}

/* ANSWER, reply and where it was given: also what -q writes. */
static void
add_answer_text(struct bytes *out, const struct play_result *result)
{
	bytes_text(out, play_answer_word(result->answer));
	bytes_text(out, " at ");
	bytes_text(out, play_stage_word(result->stage));
	add_reply_text(out, &result->reply);
	if (result->quarantine != NULL) {
		bytes_text(out, "  ");
		bytes_plain(out, span_text(result->quarantine));
	}
}

static void
add_place(struct bytes *out, const struct rehearse *rehearse)
{
	bytes_plain(out, span_text(rehearse->file));
	if (rehearse->offset > 0) {
		bytes_char(out, '@');
		bytes_number(out, rehearse->offset);
	}
}

static void
add_steps_text(struct bytes *out, const struct play_result *result)
{
	for (size_t i = 0; i < result->steps; i++) {
		const struct play_step *step = &result->step[i];

		bytes_text(out, "  ");
		add_padded(out, play_stage_word(step->stage), 8);
		bytes_text(out, play_answer_word(step->answer));
		add_reply_text(out, &step->reply);
		if (step->recipient != NULL) {
			bytes_text(out, "  <");
			bytes_plain(out, span_text(step->recipient));
			bytes_char(out, '>');
		}
		bytes_char(out, '\n');
	}
}

/* A value on one line: a fold is one space. */
static void
add_unfolded(struct bytes *out, struct mt_span value)
{
	while (value.len > 0) {
		const char *lf = memchr(value.ptr, '\n', value.len);
		size_t len = lf == NULL ? value.len : (size_t)(lf - value.ptr);

		if (len + 1 < value.len && (lf[1] == ' ' || lf[1] == '\t')) {
			bytes_plain(out, (struct mt_span){ value.ptr, len });
			bytes_char(out, ' ');
			len += 2;
		} else {
			len += lf != NULL;
			bytes_plain(out, (struct mt_span){ value.ptr, len });
		}
		value.ptr += len;
		value.len -= len;
	}
}

static void
add_edits_text(struct bytes *out, const struct play_result *result)
{
	if (result->edits > 0)
		bytes_text(out, "EDITS\n");
	for (size_t i = 0; i < result->edits; i++) {
		const struct play_edit *edit = &result->edit[i];

		bytes_text(out, "  ");
		bytes_text(out, edit->op);
		if (edit->name != NULL) {
			bytes_char(out, ' ');
			bytes_number(out, edit->index);
			bytes_char(out, ' ');
			bytes_plain(out, span_text(edit->name));
			bytes_char(out, ':');
		}
		if (edit->value != NULL) {
			bytes_char(out, ' ');
			add_unfolded(out, span_text(edit->value));
		}
		bytes_char(out, '\n');
	}
}

static bool
is_kept(enum play_answer answer)
{
	return answer == PLAY_ACCEPT || answer == PLAY_QUARANTINE;
}

/* The header, each line escaped. */
static void
add_header_text(struct bytes *out, const struct play_letter *letter, const struct play_result *result)
{
	struct bytes header = { 0 };
	size_t at = 0;

	play_header(letter, result, &header);
	while (at < header.len) {
		const char *lf = memchr(header.ptr + at, '\n', header.len - at);
		size_t len = lf == NULL ? header.len - at : (size_t)(lf - header.ptr) - at;

		bytes_text(out, "  ");
		if (len > 0 && header.ptr[at] == '\t') {
			bytes_char(out, '\t');
			bytes_plain(out, (struct mt_span){ header.ptr + at + 1, len - 1 });
		} else {
			bytes_plain(out, (struct mt_span){ header.ptr + at, len });
		}
		bytes_char(out, '\n');
		at += len + 1;
	}
	out->failed = out->failed || header.failed;
	bytes_fini(&header);
}

static void
write_text(struct rehearse *rehearse, const struct play_result *result)
{
	struct bytes *out = &rehearse->out;

	if (rehearse->options->quiet) {
		add_answer_text(out, result);
		bytes_text(out, "  ");
		add_place(out, rehearse);
		bytes_char(out, '\n');
		return;
	}
	if (rehearse->output->some)
		bytes_char(out, '\n');
	add_place(out, rehearse);
	bytes_text(out, "\nANSWER    ");
	add_answer_text(out, result);
	bytes_text(out, "\nDIALOGUE  ");
	bytes_number(out, result->held_msec);
	bytes_text(out, " ms\n");
	add_steps_text(out, result);
	if (result->note[0] != '\0') {
		bytes_text(out, "NOTE      ");
		bytes_text(out, result->note);
		bytes_char(out, '\n');
	}
	add_edits_text(out, result);
	if (rehearse->options->verbose && is_kept(result->answer)) {
		bytes_text(out, "HEADER\n");
		add_header_text(out, &rehearse->letter, result);
	}
}

/* ---- as JSON ---- */

/* KEY and a string, or null. */
static void
add_string(struct bytes *out, const char *key, const char *value)
{
	bytes_json(out, span_text(key));
	bytes_char(out, ':');
	if (value == NULL)
		bytes_text(out, "null");
	else
		bytes_json(out, span_text(value));
}

static void
add_reply_json(struct bytes *out, const struct play_reply *reply)
{
	bytes_text(out, "\"reply\":");
	if (reply->code == 0) {
		bytes_text(out, "null");
		return;
	}
	bytes_text(out, "{\"code\":");
	bytes_number(out, reply->code);
	bytes_char(out, ',');
	add_string(out, "xcode", reply->xcode[0] == '\0' ? NULL : reply->xcode);
	bytes_char(out, ',');
	add_string(out, "text", reply->text);
	bytes_char(out, '}');
}

static void
add_steps_json(struct bytes *out, const struct play_result *result)
{
	bytes_text(out, "\"steps\":[");
	for (size_t i = 0; i < result->steps; i++) {
		const struct play_step *step = &result->step[i];

		bytes_text(out, i == 0 ? "{" : ",{");
		add_string(out, "stage", play_stage_word(step->stage));
		bytes_char(out, ',');
		add_string(out, "recipient", step->recipient);
		bytes_char(out, ',');
		add_string(out, "answer", play_answer_word(step->answer));
		bytes_char(out, ',');
		add_reply_json(out, &step->reply);
		bytes_text(out, ",\"ms\":");
		bytes_number(out, step->msec);
		bytes_char(out, '}');
	}
	bytes_char(out, ']');
}

static void
add_edits_json(struct bytes *out, const struct play_result *result)
{
	bytes_text(out, "\"edits\":[");
	for (size_t i = 0; i < result->edits; i++) {
		const struct play_edit *edit = &result->edit[i];

		bytes_text(out, i == 0 ? "{" : ",{");
		add_string(out, "op", edit->op);
		bytes_text(out, ",\"index\":");
		bytes_number(out, edit->index);
		bytes_char(out, ',');
		add_string(out, "name", edit->name);
		bytes_char(out, ',');
		add_string(out, "value", edit->value);
		bytes_char(out, '}');
	}
	bytes_char(out, ']');
}

/* Each member on a line of its own with -f json, all on one with jsonl. */
static void
write_json(struct rehearse *rehearse, const struct play_result *result)
{
	bool pretty = rehearse->options->format == MT_FORMAT_JSON && !rehearse->options->quiet;
	const char *comma = pretty ? ",\n  " : ",";
	struct bytes *out = &rehearse->out;

	bytes_text(out, pretty ? "{\n  " : "{");
	add_string(out, "answer", play_answer_word(result->answer));
	bytes_text(out, comma);
	add_string(out, "stage", play_stage_word(result->stage));
	bytes_text(out, comma);
	add_reply_json(out, &result->reply);
	bytes_text(out, comma);
	add_edits_json(out, result);
	bytes_text(out, comma);
	add_string(out, "quarantine", result->quarantine);
	bytes_text(out, comma);
	bytes_text(out, "\"held_ms\":");
	bytes_number(out, result->held_msec);
	bytes_text(out, comma);
	add_steps_json(out, result);
	bytes_text(out, comma);
	add_string(out, "note", result->note[0] == '\0' ? NULL : result->note);
	bytes_text(out, comma);
	add_string(out, "file", rehearse->file);
	bytes_text(out, comma);
	bytes_text(out, "\"offset\":");
	bytes_number(out, rehearse->offset);
	bytes_text(out, pretty ? "\n}\n" : "}\n");
}

/* ---- */

static void
write_result(struct rehearse *rehearse, const struct play_result *result)
{
	switch (rehearse->options->format) {
	case MT_FORMAT_JSON:
	case MT_FORMAT_JSONL:
		write_json(rehearse, result);
		break;
	case MT_FORMAT_HEADERS:
		if (!is_kept(result->answer)) {
			complain("%s: %s at %s: there is no header", rehearse->file, play_answer_word(result->answer),
			    play_stage_word(result->stage));
			break;
		}
		if (rehearse->output->some)
			bytes_char(&rehearse->out, '\n');
		play_header(&rehearse->letter, result, &rehearse->out);
		break;
	case MT_FORMAT_TEXT:
	case MT_FORMAT_LOG:
	case MT_FORMATS:
		write_text(rehearse, result);
		break;
	}
	output_bytes(rehearse->output, &rehearse->out);
}

static int
message_end(void *ctx)
{
	struct rehearse *rehearse = ctx;
	const struct options *options = rehearse->options;
	char sender[ADDRESS_MOST + 1], recipient[ADDRESS_MOST + 1];
	const char *to = address_of(&rehearse->letter, address_is_recipient, recipient);
	struct play_envelope envelope = { .client = options->client, .helo = options->helo };
	struct play_result result;
	int status;

	if (envelope.client.family == 0)
		mt_ip_parse(&envelope.client, span_text("127.0.0.1"));
	if (envelope.helo == NULL)
		envelope.helo = "localhost";
	envelope.sender = options->sender != NULL ? options->sender
	    : address_of(&rehearse->letter, address_is_sender, sender);
	if (envelope.sender == NULL)
		envelope.sender = "";
	if (to == NULL || *to == '\0')
		to = ADDRESS_UNTOLD;
	envelope.recipient = options->recipients.count > 0 ? options->recipients.text : &to;
	envelope.recipients = options->recipients.count > 0 ? options->recipients.count : 1;
	if (rehearse->letter.cut || rehearse->letter.body.failed)
		complain("%s: too long, the end of the message is not played", rehearse->file);
	status = play(&result, options->milter, &envelope, &rehearse->letter);
	if (status == 0)
		write_result(rehearse, &result);
	else
		complain("%s", result.error);
	play_result_fini(&result);
	return status != 0 ? status : rehearse->output->failed ? EX_IOERR : 0;
}

struct mbox_sink
rehearse_sink(struct rehearse *rehearse)
{
	return (struct mbox_sink){ .ctx = rehearse, .begin = message_begin, .field = message_field,
		.body = message_body, .end = message_end };
}

void
rehearse_fini(struct rehearse *rehearse)
{
	play_letter_fini(&rehearse->letter);
	bytes_fini(&rehearse->out);
}
