/* SPDX-License-Identifier: BSD-2-Clause */
/* Plays one message to a running filter as an MTA would, and notes what it answers. */
#ifndef CLI_PLAY_H
#define CLI_PLAY_H

#include "cli/wire.h"

#define PLAY_BODY (64u * 1024u * 1024u)	/* body that is played; more is left out */
#define PLAY_FIELDS 10000		/* fields that are played */
#define PLAY_EDITS 10000		/* changes taken from a filter */

enum play_stage {
	PLAY_CONNECT, PLAY_HELO, PLAY_MAIL, PLAY_RCPT, PLAY_DATA, PLAY_HEADER, PLAY_EOH, PLAY_BODY_PART, PLAY_EOM,
	PLAY_STAGES
};
enum play_answer {
	PLAY_CONTINUE, PLAY_ACCEPT, PLAY_REJECT, PLAY_TEMPFAIL, PLAY_QUARANTINE, PLAY_DISCARD, PLAY_CONN_FAIL,
	PLAY_SKIP, PLAY_NOT_ASKED, PLAY_NO_REPLY, PLAY_ANSWERS
};

struct play_field {
	size_t name, name_len, value, value_len;	/* in letter->text */
};

/* A message as it was read. */
struct play_letter {
	struct bytes text, body;
	struct play_field *field;
	size_t fields, room;
	bool cut;			/* a bound was met */
};

/* Texts are lent. */
struct play_envelope {
	struct mt_ip client;
	const char *helo;
	const char *sender;		/* without brackets; "" is the null sender */
	const char *const *recipient;
	size_t recipients;
};

struct play_reply {
	unsigned code;			/* 0: no reply of its own */
	char xcode[12];			/* enhanced status code, "" without */
	char text[1024];
};

struct play_edit {
	const char *op;			/* insert, add, change, delete, or of the envelope and body */
	unsigned index;
	char *name, *value;		/* owned; NULL: the operation has none */
};

/* One answer of the filter, in the order of the dialogue. */
struct play_step {
	enum play_stage stage;
	const char *recipient;		/* lent by the envelope; NULL but for RCPT */
	enum play_answer answer;
	struct play_reply reply;
	int64_t msec;
};

struct play_result {
	enum play_answer answer;	/* what becomes of the message */
	enum play_stage stage;		/* where that was decided */
	struct play_reply reply;
	struct play_step *step;
	size_t steps, step_room;
	struct play_edit *edit;
	size_t edits, edit_room;
	char *quarantine;		/* reason; NULL: none */
	uint32_t protocol;		/* steps that were negotiated */
	int64_t held_msec;		/* from the connection to the last answer */
	char note[128];			/* what an MTA would have logged of a bad reply; or "" */
	char error[320];		/* why there is no answer; "" */
};

const char *play_answer_word(enum play_answer answer);
const char *play_stage_word(enum play_stage stage);

/* Returns 0, or a status of sysexits(3) with result->error set. */
int play(struct play_result *result, const char *socket, const struct play_envelope *envelope,
    const struct play_letter *letter);
void play_result_fini(struct play_result *result);

/* Reads "CODE [N.N.N] TEXT" from a filter, with a NUL behind.  As Sendmail does, Postfix
 * takes a doubled '%' for one and drops a lone one.  A reply that it would call malformed,
 * such as one whose classes disagree, becomes its own 451 4.3.5, and false is returned. */
bool play_reply_read(struct play_reply *reply, struct mt_span data);

bool play_letter_field(struct play_letter *letter, struct mt_span name, struct mt_span value);
void play_letter_body(struct play_letter *letter, struct mt_span bytes);
void play_letter_clear(struct play_letter *letter);
void play_letter_fini(struct play_letter *letter);

/* The header as it leaves the MTA, edits applied as Postfix does; line ends LF. */
void play_header(const struct play_letter *letter, const struct play_result *result, struct bytes *out);

#endif
