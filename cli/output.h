/* SPDX-License-Identifier: BSD-2-Clause */
/* Where reports go: standard output or a file. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "cli/bytes.h"
#include "cli/options.h"

struct output {
	FILE *file;
	const char *name;		/* for messages */
	bool color;			/* terminal colours are wanted */
	unsigned width;			/* columns of the terminal; 0: none */
	bool failed;			/* a write failed; it was said */
	bool some;			/* something was written */
	char last;			/* byte written last */
};

/* Opens what the options say.  Returns 0 or a status of sysexits(3) after saying why. */
int output_open(struct output *output, const struct options *options);
/* Writes out and closes; EX_IOERR when any of it failed. */
int output_close(struct output *output);
/* An mt_sink_fn; ctx is the output. */
int output_write(void *ctx, const char *bytes, size_t len);
/* Ends a line that is still open. */
void output_end_line(struct output *output);
/* Writes the bytes and empties them. */
void output_bytes(struct output *output, struct bytes *bytes);

#endif
