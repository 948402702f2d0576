/* SPDX-License-Identifier: BSD-2-Clause */
/* A message as the engine has it: private to message.c and report.c. */
#ifndef MT_ENGINE_MESSAGE_H
#define MT_ENGINE_MESSAGE_H

#include "lib/engine/checkup.h"
#include "lib/engine/engine.h"
#include "lib/engine/strips.h"

struct message {
	struct mt_trace trace;		/* first: the public handle */
	struct mt_conn *conn;
	struct mt_peer peer;		/* the connection's, as it was when last looked at */
	struct mt_ptr_name names[MT_PTR_NAMES];
	struct mt_checkup checkup;
	struct mt_verdict early;
	struct mt_verdict refusal;	/* of the first recipient that was refused */
	struct mt_arena scratch;	/* of the last early verdict: a stranger may ask for many */
	struct mt_arena output;		/* what is written must not depend on what was read */
	struct mt_strips *strips;	/* NULL: nothing is taken out */
	struct mt_edit *edits;
	size_t nedits;
	bool edited;
};

static inline struct message *
message_of(struct mt_trace *trace)
{
	return (struct message *)trace;
}

#endif
