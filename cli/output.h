/* SPDX-License-Identifier: BSD-2-Clause */
/* Where reports go: standard output or a file. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "cli/bytes.h"
#include "cli/options.h"
#include "cli/replace.h"

struct output {
	FILE *file;
	struct replace replace;		/* of what -o names */
	const char *name;		/* for messages */
	bool color;			/* terminal colours are wanted */
	unsigned width;			/* columns of the terminal; 0: none */
	bool there;			/* it is a file that was there before, the two below */
	uint64_t device, inode;
	bool failed;			/* a write failed; it was said */
	bool some;			/* something was written */
	char last;			/* byte written last */
};

/* Opens what the options say.  Returns 0 or a status of sysexits(3) after saying why. */
int output_open(struct output *output, const struct options *options);
/* Whether fd is open at the file that was there before; says so. */
bool output_is(const struct output *output, int fd);
/* Writes out and closes; EX_IOERR when any of it failed.  status: of the run.  A file keeps its
 * old content where a write failed, or where the run did and had nothing to say. */
int output_close(struct output *output, int status);
/* An mt_sink_fn; ctx is the output. */
int output_write(void *ctx, const char *bytes, size_t len);
/* Ends a line that is still open. */
void output_end_line(struct output *output);
/* Writes the bytes and empties them. */
void output_bytes(struct output *output, struct bytes *bytes);

#endif
