/* SPDX-License-Identifier: BSD-2-Clause */
/* Plays each message that is read to a running filter and writes what it answered. */
#ifndef CLI_REHEARSE_H
#define CLI_REHEARSE_H

#include "cli/mbox.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/play.h"

struct rehearse {
	const struct options *options;
	struct output *output;
	const char *file;		/* input under way */
	int64_t offset;			/* where in it the message began */
	struct play_letter letter;	/* message under way */
	struct bytes out;
};

/* What input_read() calls; ctx is the rehearsal. */
void rehearse_file(void *ctx, const char *name);
struct mbox_sink rehearse_sink(struct rehearse *rehearse);
void rehearse_fini(struct rehearse *rehearse);

#endif
