/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the milter protocol from the side of the MTA, version 6 as Postfix 3.7 speaks it;
 * judges neither the message nor the answer.
 */
#include "cli/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/macros.h"

#define SPOKEN_VERSION 6u
#define ACTIONS 0x000001ffu		/* all that a filter may ask to change */
#define STEPS 0x001fffffu		/* all that it may have left out */
#define LEADING_SPACE 0x00100000u	/* values come with the space behind the colon */
#define BODY_CHUNK 65535u		/* milter protocol: longest piece of a body */
#define VALUE_MOST 60000u		/* Postfix cuts a value there for a filter */
#define MACRO_LISTS 7

/* skip, silent: bits of the negotiated steps that leave the event or its reply out.
 * list: number of its macro list in the negotiation; names: Postfix' own list. */
static const struct event {
	const char *word;
	char command;
	uint32_t skip, silent;
	int list;
	const char *names;
} events[PLAY_STAGES] = {
	[PLAY_CONNECT] = { "connect", 'C', 0x001, 0x01000, 0, "j {daemon_name} {daemon_addr} v _" },
	[PLAY_HELO] = { "helo", 'H', 0x002, 0x02000, 1, "" },
	[PLAY_MAIL] = { "mail", 'M', 0x004, 0x04000, 2, "i {mail_addr}" },
	[PLAY_RCPT] = { "rcpt", 'R', 0x008, 0x08000, 3, "i {rcpt_addr}" },
	[PLAY_DATA] = { "data", 'T', 0x200, 0x10000, 4, "i" },
	[PLAY_HEADER] = { "header", 'L', 0x020, 0x00080, -1, "" },
	[PLAY_EOH] = { "eoh", 'N', 0x040, 0x40000, 6, "i" },
	[PLAY_BODY_PART] = { "body", 'B', 0x010, 0x80000, -1, "" },
	[PLAY_EOM] = { "eom", 'E', 0, 0, 5, "i" },
};

static const char *const answer_words[PLAY_ANSWERS] = {
	[PLAY_CONTINUE] = "continue", [PLAY_ACCEPT] = "accept", [PLAY_REJECT] = "reject",
	[PLAY_TEMPFAIL] = "tempfail", [PLAY_QUARANTINE] = "quarantine", [PLAY_DISCARD] = "discard",
	[PLAY_CONN_FAIL] = "conn-fail", [PLAY_SKIP] = "skip", [PLAY_NOT_ASKED] = "not-asked",
	[PLAY_NO_REPLY] = "no-reply",
};

struct play {
	struct wire wire;
	const struct play_envelope *envelope;
	const struct play_letter *letter;
	struct play_result *result;
	char *names[MACRO_LISTS];	/* what the filter asked for; NULL: the default list */
	struct bytes data, macros;
	size_t accepted;		/* recipients that were not refused */
	bool begun;			/* MAIL was sent */
	struct macros known;		/* what an MTA knows of the session */
};

const char *
play_answer_word(enum play_answer answer)
{
	return answer_words[answer];
}

const char *
play_stage_word(enum play_stage stage)
{
	return events[stage].word;
}

/* ---- macros ---- */

/* Names of a list are set apart by spaces or commas. */
static bool
send_macros(struct play *p, const struct event *event)
{
	const char *names = event->list < 0 ? "" : p->names[event->list] != NULL ? p->names[event->list] : event->names;

	bytes_clear(&p->macros);
	bytes_char(&p->macros, event->command);
	while (*(names += strspn(names, " ,\t")) != '\0') {
		struct mt_span name = { names, strcspn(names, " ,\t") }, bare = name;
		const char *value;

		names += name.len;
		if (bare.len > 2 && bare.ptr[0] == '{' && bare.ptr[bare.len - 1] == '}')
			bare = (struct mt_span){ bare.ptr + 1, bare.len - 2 };
		value = macros_find(&p->known, bare);
		if (value == NULL)
			continue;
		bytes_add(&p->macros, name.ptr, name.len);
		bytes_char(&p->macros, '\0');
		bytes_add(&p->macros, value, strlen(value) + 1);
	}
	return p->macros.len == 1 || wire_send(&p->wire, 'D', &p->macros);
}

/* ---- answers ---- */

static void
take_reply(struct play *p, struct play_step *step, struct mt_span data)
{
	if (!play_reply_read(&step->reply, data))
		snprintf(p->result->note, sizeof p->result->note, "malformed reply at %s", events[step->stage].word);
	step->answer = step->reply.code >= 500 ? PLAY_REJECT : PLAY_TEMPFAIL;
}

static bool
add_edit(struct play *p, const char *op, unsigned index, const char *name, const char *value)
{
	struct play_result *r = p->result;
	struct play_edit edit = { .op = op, .index = index };

	if (r->edits == PLAY_EDITS)
		return wire_fail(&p->wire, EX_PROTOCOL, "more than %d changes", PLAY_EDITS);
	if (r->edits == r->edit_room) {
		size_t room = r->edit_room == 0 ? 16 : r->edit_room * 2;
		struct play_edit *more = realloc(r->edit, room * sizeof *more);

		if (more == NULL)
			return wire_fail(&p->wire, EX_OSERR, "no memory");
		r->edit = more;
		r->edit_room = room;
	}
	edit.name = name == NULL ? NULL : strdup(name);
	edit.value = value == NULL ? NULL : strdup(value);
	r->edit[r->edits++] = edit;
	if ((name != NULL && edit.name == NULL) || (value != NULL && edit.value == NULL))
		return wire_fail(&p->wire, EX_OSERR, "no memory");
	return true;
}

/* NAME NUL VALUE NUL, behind an index where there is one. */
static bool
edit_header(struct play *p, char command, struct mt_span data)
{
	unsigned index = 0;
	const char *value;

	if (command != 'h') {
		if (data.len < 4)
			return wire_fail(&p->wire, EX_PROTOCOL, "a change of the header without an index");
		for (int i = 0; i < 4; i++)
			index = index << 8 | (unsigned char)data.ptr[i];
		data.ptr += 4;
		data.len -= 4;
	}
	value = memchr(data.ptr, '\0', data.len);
	if (value == NULL || value == data.ptr ||
	    memchr(value + 1, '\0', (size_t)(data.ptr + data.len - value - 1)) == NULL)
		return wire_fail(&p->wire, EX_PROTOCOL, "a change of the header without name and value");
	value++;
	if (command == 'h')
		return add_edit(p, "add", index, data.ptr, value);
	if (command == 'i')
		return add_edit(p, "insert", index, data.ptr, value);
	if (*value == '\0')
		return add_edit(p, "delete", index, data.ptr, NULL);
	return add_edit(p, "change", index, data.ptr, value);
}

/* What may come at the end of a message only. */
static bool
take_edit(struct play *p, char command, struct mt_span data)
{
	switch (command) {
	case 'h':
	case 'i':
	case 'm':
		return edit_header(p, command, data);
	case '+':
	case '2':
		return add_edit(p, "add-recipient", 0, NULL, data.ptr);
	case '-':
		return add_edit(p, "delete-recipient", 0, NULL, data.ptr);
	case 'e':
		return add_edit(p, "change-sender", 0, NULL, data.ptr);
	case 'b':
		return add_edit(p, "replace-body", 0, NULL, NULL);
	case 'q':
		free(p->result->quarantine);
		p->result->quarantine = strdup(data.ptr);
		return p->result->quarantine != NULL || wire_fail(&p->wire, EX_OSERR, "no memory");
	default:
		return wire_fail(&p->wire, EX_PROTOCOL, "an answer that is none (0x%02x) at the end of the message",
		    (unsigned char)command);
	}
}

/* Reads up to the answer that ends an event. */
static bool
take_answer(struct play *p, struct play_step *step)
{
	static const struct {
		char command;
		enum play_answer answer;
	} plain[] = {
		{ 'c', PLAY_CONTINUE }, { 'a', PLAY_ACCEPT }, { 'r', PLAY_REJECT }, { 't', PLAY_TEMPFAIL },
		{ 'd', PLAY_DISCARD }, { 'f', PLAY_CONN_FAIL }, { '4', PLAY_CONN_FAIL }, { 's', PLAY_SKIP },
	};
	struct mt_span data;
	char command;

	for (unsigned frames = 0; frames < 2 * PLAY_EDITS; frames++) {
		if (!wire_read(&p->wire, &command, &data))
			return false;
		if (command == 'y') {
			take_reply(p, step, data);
			return true;
		}
		for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
			if (plain[i].command == command && (command != 's' || step->stage == PLAY_BODY_PART)) {
				step->answer = plain[i].answer;
				return true;
			}
		if (command == 'p')		/* still at work: the time starts anew */
			continue;
		if (step->stage != PLAY_EOM)
			return wire_fail(&p->wire, EX_PROTOCOL, "an answer that is none (0x%02x) at %s",
			    (unsigned char)command, events[step->stage].word);
		if (!take_edit(p, command, data))
			return false;
	}
	return wire_fail(&p->wire, EX_PROTOCOL, "no end of answers");
}

/* ---- events ---- */

/* Fields and pieces of the body that are answered alike make one step. */
static bool
note_step(struct play *p, const struct play_step *step)
{
	struct play_result *r = p->result;
	struct play_step *last = r->steps == 0 ? NULL : &r->step[r->steps - 1];

	if (last != NULL && last->stage == step->stage && last->answer == step->answer && step->stage != PLAY_RCPT) {
		last->msec += step->msec;
		return true;
	}
	if (r->steps == r->step_room) {
		size_t room = r->step_room == 0 ? 16 : r->step_room * 2;
		struct play_step *more = realloc(r->step, room * sizeof *more);

		if (more == NULL)
			return wire_fail(&p->wire, EX_OSERR, "no memory");
		r->step = more;
		r->step_room = room;
	}
	r->step[r->steps++] = *step;
	return true;
}

static bool
exchange(struct play *p, struct play_step *step, const struct bytes *data)
{
	const struct event *event = &events[step->stage];

	if ((p->result->protocol & event->skip) != 0) {
		step->answer = PLAY_NOT_ASKED;
		return true;
	}
	if (!send_macros(p, event) || !wire_send(&p->wire, event->command, data))
		return false;
	if ((p->result->protocol & event->silent) != 0) {
		step->answer = PLAY_NO_REPLY;
		return true;
	}
	return take_answer(p, step);
}

/* An answer after which nothing more is sent of this message. */
static bool
is_final(enum play_answer answer)
{
	return answer == PLAY_ACCEPT || answer == PLAY_REJECT || answer == PLAY_TEMPFAIL || answer == PLAY_DISCARD ||
	    answer == PLAY_CONN_FAIL;
}

/* Plays one event; *end: the dialogue is over, for better (the result says) or worse.  A
 * recipient that is refused is not the end of the message. */
static enum play_answer
event(struct play *p, enum play_stage stage, const struct bytes *data, bool *end)
{
	struct play_step step = { .stage = stage, .recipient = stage == PLAY_RCPT ? p->known.recipient : NULL };
	int64_t began = mt_now_mono_msec();
	bool refused;

	if (!exchange(p, &step, data)) {
		*end = true;
		return PLAY_CONTINUE;
	}
	step.msec = mt_now_mono_msec() - began;
	refused = stage == PLAY_RCPT && (step.answer == PLAY_REJECT || step.answer == PLAY_TEMPFAIL);
	*end = !note_step(p, &step) || (is_final(step.answer) && !refused);
	if (is_final(step.answer)) {
		p->result->answer = step.answer;
		p->result->stage = stage;
		p->result->reply = step.reply;
	}
	return step.answer;
}

static void
data_text(struct play *p, const char *text)
{
	bytes_add(&p->data, text, strlen(text) + 1);
}

/* An address with its brackets, as it stands in MAIL and RCPT. */
static void
data_address(struct play *p, const char *address)
{
	bytes_clear(&p->data);
	bytes_char(&p->data, '<');
	bytes_text(&p->data, address);
	data_text(p, ">");
}

static bool
play_connect(struct play *p)
{
	bool end = false;

	bytes_clear(&p->data);
	data_text(p, p->known.client_name);
	bytes_char(&p->data, p->envelope->client.family == 6 ? '6' : '4');
	bytes_add(&p->data, "\0", 2);		/* port: not known */
	data_text(p, p->known.client);
	event(p, PLAY_CONNECT, &p->data, &end);
	if (end)
		return false;
	bytes_clear(&p->data);
	data_text(p, p->envelope->helo);
	event(p, PLAY_HELO, &p->data, &end);
	return !end;
}

static bool
play_envelope(struct play *p)
{
	const struct play_envelope *e = p->envelope;
	bool end = false;

	p->begun = true;
	data_address(p, e->sender);
	event(p, PLAY_MAIL, &p->data, &end);
	for (size_t i = 0; i < e->recipients && !end; i++) {
		enum play_answer answer;

		p->known.recipient = e->recipient[i];
		data_address(p, e->recipient[i]);
		answer = event(p, PLAY_RCPT, &p->data, &end);
		p->accepted += answer != PLAY_REJECT && answer != PLAY_TEMPFAIL;
		p->known.queued = p->accepted > 0;
	}
	if (end || p->accepted == 0)
		return false;
	p->result->answer = PLAY_ACCEPT;	/* recipients that were refused are in the steps */
	p->result->stage = PLAY_EOM;
	p->result->reply = (struct play_reply){ 0 };
	event(p, PLAY_DATA, NULL, &end);
	return !end;
}

/* A field as Postfix hands it on: folds end in LF, one space behind the colon is taken off
 * unless the filter asked to keep it, and what stands behind a NUL is lost. */
static void
data_field(struct play *p, const struct play_field *field)
{
	const char *text = p->letter->text.ptr, *value = text + field->value;
	size_t len = field->value_len, from = p->data.len;

	bytes_clear(&p->data);
	bytes_add(&p->data, text + field->name, field->name_len);
	bytes_char(&p->data, '\0');
	if ((p->result->protocol & LEADING_SPACE) == 0 && len > 0 && *value == ' ') {
		value++;
		len--;
	}
	from = p->data.len;
	for (size_t i = 0; i < len && value[i] != '\0' && p->data.len - from < VALUE_MOST; i++)
		if (value[i] != '\r' || i + 1 == len || value[i + 1] != '\n')
			bytes_char(&p->data, value[i]);
	bytes_char(&p->data, '\0');
}

static bool
play_fields(struct play *p)
{
	bool end = false;

	for (size_t i = 0; i < p->letter->fields && !end; i++) {
		data_field(p, &p->letter->field[i]);
		event(p, PLAY_HEADER, &p->data, &end);
	}
	if (!end)
		event(p, PLAY_EOH, NULL, &end);
	return !end;
}

/* Line ends become CRLF, as they are on the wire. */
static bool
play_body(struct play *p)
{
	const struct bytes *body = &p->letter->body;
	bool end = false, skip = false;

	bytes_clear(&p->data);
	for (size_t i = 0; i < body->len && !end && !skip; i++) {
		if (body->ptr[i] == '\n' && (i == 0 || body->ptr[i - 1] != '\r'))
			bytes_char(&p->data, '\r');
		bytes_char(&p->data, body->ptr[i]);
		if (p->data.len + 2 <= BODY_CHUNK && i + 1 < body->len)
			continue;
		skip = event(p, PLAY_BODY_PART, &p->data, &end) == PLAY_SKIP;
		bytes_clear(&p->data);
	}
	if (!end)
		event(p, PLAY_EOM, NULL, &end);
	return true;
}

/* ---- the whole ---- */

/* Behind the three numbers: NUMBER NAMES NUL, for each list that the filter asks for. */
static bool
take_lists(struct play *p, struct mt_span data)
{
	while (data.len > 0) {
		const char *end = data.len < 5 ? NULL : memchr(data.ptr + 4, '\0', data.len - 4);
		unsigned list = 0;

		if (end == NULL)
			return wire_fail(&p->wire, EX_PROTOCOL, "a list of macros without an end");
		for (int i = 0; i < 4; i++)
			list = list << 8 | (unsigned char)data.ptr[i];
		if (list >= MACRO_LISTS)
			return wire_fail(&p->wire, EX_PROTOCOL, "a list of macros for no event (%u)", list);
		free(p->names[list]);
		p->names[list] = strdup(data.ptr + 4);
		if (p->names[list] == NULL)
			return wire_fail(&p->wire, EX_OSERR, "no memory");
		data.len -= (size_t)(end + 1 - data.ptr);
		data.ptr = end + 1;
	}
	return true;
}

static bool
negotiate(struct play *p)
{
	uint32_t number[3] = { 0 };
	struct mt_span data;
	char command;

	bytes_long(&p->data, SPOKEN_VERSION);
	bytes_long(&p->data, ACTIONS);
	bytes_long(&p->data, STEPS);
	if (!wire_send(&p->wire, 'O', &p->data) || !wire_read(&p->wire, &command, &data))
		return false;
	if (command != 'O' || data.len < 12)
		return wire_fail(&p->wire, EX_PROTOCOL, "no negotiation: is this a milter?");
	for (int i = 0; i < 12; i++)
		number[i / 4] = number[i / 4] << 8 | (unsigned char)data.ptr[i];
	if (number[0] < 2 || number[0] > SPOKEN_VERSION || (number[1] & ~ACTIONS) != 0 || (number[2] & ~STEPS) != 0)
		return wire_fail(&p->wire, EX_PROTOCOL, "the filter asks for what was not offered (version %lu, "
		    "actions 0x%lx, steps 0x%lx)", (unsigned long)number[0], (unsigned long)number[1],
		    (unsigned long)number[2]);
	p->result->protocol = number[2];
	return take_lists(p, (struct mt_span){ data.ptr + 12, data.len - 12 });
}

static void
dialogue(struct play *p)
{
	if (play_connect(p) && play_envelope(p) && play_fields(p))
		play_body(p);
}

/* A filter that fails after the negotiation has still not answered. */
static void
say_goodbye(struct play *p)
{
	if (p->wire.status != 0)
		return;
	if (p->begun && p->result->stage != PLAY_EOM)
		wire_send(&p->wire, 'A', NULL);
	if (wire_send(&p->wire, 'Q', NULL))
		wire_flush(&p->wire);
	p->wire.status = 0;			/* the answer is in: what comes now is of no account */
}

int
play(struct play_result *result, const char *socket, const struct play_envelope *envelope,
    const struct play_letter *letter)
{
	struct play p = { .envelope = envelope, .letter = letter, .result = result };
	int64_t began = mt_now_mono_msec();
	int status;

	*result = (struct play_result){ .answer = PLAY_ACCEPT, .stage = PLAY_EOM };
	macros_init(&p.known, &envelope->client, envelope->sender);
	if (wire_open(&p.wire, socket) && negotiate(&p))
		dialogue(&p);
	result->held_msec = mt_now_mono_msec() - began;
	say_goodbye(&p);
	if (result->answer == PLAY_ACCEPT && result->quarantine != NULL)
		result->answer = PLAY_QUARANTINE;
	status = p.wire.status;
	if (status != 0)
		snprintf(result->error, sizeof result->error, "%s: %s", socket, p.wire.error);
	wire_close(&p.wire);
	bytes_fini(&p.data);
	bytes_fini(&p.macros);
	for (int i = 0; i < MACRO_LISTS; i++)
		free(p.names[i]);
	return status;
}

void
play_result_fini(struct play_result *result)
{
	for (size_t i = 0; i < result->edits; i++) {
		free(result->edit[i].name);
		free(result->edit[i].value);
	}
	free(result->edit);
	free(result->step);
	free(result->quarantine);
	*result = (struct play_result){ 0 };
}
