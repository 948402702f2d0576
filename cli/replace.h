/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that gets a new content as a whole or keeps its old one. */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include <stdbool.h>
#include <stdio.h>

struct replace {
	const char *path;		/* lent */
	char *target;			/* what it leads to, owned; NULL: it is written at the end */
	bool direct;			/* no file, but a terminal, a pipe or a device */
};

/* Opens what is to become the content of path; the file is made or touched by replace_commit()
 * only.  What is no regular file is opened itself.  NULL: errno says why. */
FILE *replace_open(struct replace *replace, const char *path);
/* Closes the stream; its content is that of path then.  Returns 0, or -1: errno says why, and
 * the file has its old content unless it had to be written to in place. */
int replace_commit(struct replace *replace, FILE *file);
/* Closes the stream; path stays as it was. */
void replace_drop(struct replace *replace, FILE *file);

#endif
