/* SPDX-License-Identifier: BSD-2-Clause */
/* The MTA's side of one milter connection, in the manner of Postfix 3.7: macro frames
 * before every event (also before one that the filter does not want), events without
 * reply kept in a stream buffer until a reply is waited for, an abort after each mail.
 * Never blocks: the caller polls. */
#ifndef TESTS_BENCH_SESSION_H
#define TESTS_BENCH_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "tests/bench/corpus.h"

/* What the time of a mail is counted under; connect holds connection and negotiation
 * too, content the fields, the end of the header, and the body. */
enum stage {
	STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_CONTENT, STAGE_EOM, STAGES
};

enum step {
	STEP_NEGOTIATE, STEP_CONNECT, STEP_HELO, STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_HEADER, STEP_EOH, STEP_BODY,
	STEP_EOM, STEPS
};

/* What the caller is to do. */
enum state {
	SESSION_WAIT,			/* poll its socket, then session_input() */
	SESSION_PAUSE,			/* the SMTP client's turn: session_run() when it has spoken */
	SESSION_MAILED,			/* a mail was answered: session_next() or session_close() */
	SESSION_FAILED			/* session_close(); `trouble` says why */
};

#define SYMLISTS 7			/* SMFIM_CONNECT to SMFIM_EOH */

struct peer {
	struct sockaddr_storage address;
	socklen_t len;
};

struct client {
	char ip[48], name[64], helo[64];
};

struct bytes {
	char *ptr;
	size_t len, room;
};

struct session {
	int fd;
	bool tcp, connecting, waiting, paused, skip_body;
	enum step step;
	unsigned item;			/* the field, or the chunk of the body */
	struct client client;
	const struct mail *mail;
	unsigned serial;
	uint32_t protocol;
	char *symbols[SYMLISTS];	/* as the filter asked; NULL: Postfix's own list */
	struct bytes out, in;
	int64_t began_nsec;
	int64_t held_nsec[STAGES];
	unsigned stages;		/* set of stages that this mail had */
	unsigned edits;			/* changes that the filter made to this mail */
	char verdict;			/* its last word on it, as SMFIR_ */
	const char *trouble;
	void *user;			/* the caller's */
};

int64_t session_clock_nsec(void);

/* Understands "unix:PATH", "local:PATH", a plain PATH, "inet:PORT@ADDRESS". */
bool session_peer(struct peer *peer, const char *text);

/* Begins a connection; the session is zeroed storage and its client is set.  Then
 * session_run(). */
bool session_open(struct session *session, const struct peer *peer, const struct mail *mail, unsigned serial);
enum state session_run(struct session *session);
/* There is something to read (or to write). */
enum state session_input(struct session *session);
bool session_wants_write(const struct session *session);
/* The next mail on the same connection; then session_run(). */
void session_next(struct session *session, const struct mail *mail, unsigned serial);
/* Says farewell and closes. */
void session_close(struct session *session);

#endif
