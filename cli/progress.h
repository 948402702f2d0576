/* SPDX-License-Identifier: BSD-2-Clause */
/* How far a long run has come: one line on standard error, where that is a terminal and
 * the reports go elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/output.h"

/* A zeroed structure is silent. */
struct progress {
	bool wanted, shown;
	size_t messages;
	int64_t began_msec, said_msec;	/* monotonic */
	int64_t size;			/* of the input under way; 0: not known */
	int64_t file_msec;		/* when it was begun */
};

void progress_open(struct progress *progress, const struct output *output);
void progress_file(struct progress *progress, const char *name);
/* A message is done that began at offset of the input. */
void progress_message(struct progress *progress, int64_t offset);
/* Takes the line away again. */
void progress_end(struct progress *progress);

#endif
