/* SPDX-License-Identifier: BSD-2-Clause */
/* What the arguments name: files, directories, standard input. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/mbox.h"
#include "cli/options.h"
#include "cli/output.h"

/* Reads every input and tells the sink of each message; before each file, `file` is
 * called with its name ("-" for standard input).  What cannot be read is said on standard
 * error and passed over.  Returns the worst: 0, EX_NOINPUT, EX_IOERR, EX_OSERR, or what a
 * callback returned, which ends the reading at once; so does an input that is the output
 * as well (EX_CANTCREAT). */
int input_read(const struct texts *inputs, const struct output *output,
    void (*file)(void *ctx, const char *name), const struct mbox_sink *sink);

#endif
