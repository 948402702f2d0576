/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who vouches for the sender of one message: feeds what is read as it comes, asks as early as
 * there is something to ask about, and runs core's judges again when answers have come.
 * Belongs to the thread that runs the connection's callbacks; waits for nothing.
 */
#ifndef MT_ENGINE_CHECKUP_H
#define MT_ENGINE_CHECKUP_H

#include "lib/core/trace.h"
#include "lib/engine/asked.h"

#define MT_CHECKUP_FROM 8		/* From fields that are kept: one is right (RFC 5322, 3.6) */

#define MT_CHECKUP_SUBJECTS 9		/* addresses that lists are asked about: the client, and of hops */
#define MT_CHECKUP_LOCATED 50		/* hops whose clients are looked up in databases */

struct mt_dkim_message;
struct mt_arc_check;

struct mt_checkup {
	struct mt_conn *conn;
	struct mt_trace *trace;
	struct mt_asked asked;
	struct mt_dkim_message *dkim;	/* NULL: not wanted, or done with */
	struct mt_arc_check *arc;
	struct mt_span from[MT_CHECKUP_FROM];
	unsigned nfrom;			/* seen, kept or not */
	struct mt_dnsbl_subject subjects[MT_CHECKUP_SUBJECTS];
	unsigned nsubjects;
	bool hops_listed;
	bool header_over, body_over;
	bool fresh;			/* something else than an answer is new */
	bool relay_settled;		/* nothing that the relay's verdict needs was out */
};

void mt_checkup_open(struct mt_checkup *checkup, struct mt_conn *conn, struct mt_trace *trace);
void mt_checkup_close(struct mt_checkup *checkup);

/* The sender's address is in the trace. */
void mt_checkup_sender(struct mt_checkup *checkup);
/* One field as mt_trace_header() has it. */
void mt_checkup_header(struct mt_checkup *checkup, struct mt_span name, struct mt_span value);
void mt_checkup_header_end(struct mt_checkup *checkup);
bool mt_checkup_wants_body(const struct mt_checkup *checkup);
void mt_checkup_body(struct mt_checkup *checkup, struct mt_span bytes);
/* The message is complete: signatures can be verified. */
void mt_checkup_end(struct mt_checkup *checkup);

/* Judges what can be judged now, into the trace's checks; true when nothing is open.
 * last: no answer counts that is not here. */
bool mt_checkup_run(struct mt_checkup *checkup, bool last);

/* Questions that judges of a message of this client must be left, whatever is asked ahead: where
 * much is asked, they find less of it in the cache, and nothing that they may not ask. */
unsigned mt_checkup_reserve(const struct mt_config *config);
/* Asks ahead for what every message of this client will want: at CONNECT, and at HELO. */
void mt_checkup_connect(struct mt_conn *conn);
void mt_checkup_greet(struct mt_conn *conn);
/* Where an address is, in the arena; NULL: not known. */
const struct mt_location *mt_checkup_locate(const struct mt_conn *conn, struct mt_arena *arena, const struct mt_ip *ip);

#endif
