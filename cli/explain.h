/* SPDX-License-Identifier: BSD-2-Clause */
/* What an evidence code means, and why the lines of a message are believed or not. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/output.h"

/* Writes what options->explain names, "all" for the whole table.  Returns 0, or EX_USAGE
 * after saying that there is no such code. */
int explain(const struct options *options, struct output *output);

/* "boundary" asks about messages and not about a code. */
bool explain_boundary(const struct options *options);
/* Appends one line for each hop of a finished trace, newest first, and one for the
 * boundary; as JSON one object on one line. */
void explain_hops(struct bytes *out, const struct options *options, const struct mt_trace *trace, const char *file);

#endif
