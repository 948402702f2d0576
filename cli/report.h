/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces each message and writes the report of it. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/address.h"
#include "cli/mbox.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/summary.h"

struct report {
	const struct options *options;
	struct output *output;
	struct mt_engine *engine;
	int64_t wait_msec;		/* longest time that a message waits for answers */
	const char *file;		/* input under way */
	int64_t offset;			/* where in it the message began */
	struct mt_conn *conn;		/* message under way */
	struct mt_trace *trace;
	char sender[ADDRESS_MOST + 1], recipient[ADDRESS_MOST + 1];
	bool has_sender, has_recipient;	/* its own fields tell them */
	struct summary summary;
	struct progress progress;
	struct bytes line;
	bool found;			/* something at or above --fail-on */
};

/* What input_read() calls; ctx is the report. */
void report_file(void *ctx, const char *name);
struct mbox_sink report_sink(struct report *report);

/* Writes the summary, where wanted. */
void report_end(struct report *report);
void report_fini(struct report *report);

#endif
