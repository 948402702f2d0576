/* SPDX-License-Identifier: BSD-2-Clause */
/* The open-relay verdict: what a message itself proves of the server that passed it on. */
#ifndef MT_CORE_RELAY_H
#define MT_CORE_RELAY_H

#include "lib/core/ask.h"
#include "lib/core/organization.h"
#include "lib/core/trace.h"

/* Distinct origins and sender organizations behind one relay in the window of the history,
 * this message among them: from so many on it is suspect, and open. */
#define MT_RELAY_SUSPECT_ORIGINS 5
#define MT_RELAY_SUSPECT_SENDERS 5
#define MT_RELAY_OPEN_ORIGINS 20
#define MT_RELAY_OPEN_SENDERS 10
/* Of a server with more good messages than so many times those origins it says suspect at most. */
#define MT_RELAY_GOOD_TIMES 2

struct mt_relay_input {
	const struct mt_organizations *organizations;	/* NULL: the guess */
	const struct mt_nets *known;	/* networks of relays, by our own list; NULL: none */
};

/* The chain of the trace is built and its checks are as far as they are known.  MT_UNKNOWN
 * while an answer or a check is out that could explain the message; it may be asked again.
 * Nothing temporary accuses: what could have explained it and cannot be had keeps the grade
 * at unattested. */
enum mt_result mt_relay_judge(struct mt_relay *relay, struct mt_arena *arena, struct mt_ask *ask,
    const struct mt_trace *trace, const struct mt_relay_input *input);
#endif
