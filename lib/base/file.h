/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a person named, opened for reading. */
#ifndef MT_BASE_FILE_H
#define MT_BASE_FILE_H

/* A descriptor of a regular file, or of a character device such as /dev/null; -1, and *why is
 * what stands in its place, or NULL: errno says it.  Waits for nobody: no writer of a pipe, no terminal. */
int mt_file_open(const char *path, const char **why);

#endif
