/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that names the process, locked for as long as it does. */
#ifndef MT_MILTER_PIDFILE_H
#define MT_MILTER_PIDFILE_H

/* Writes our pid to a file that no other instance has; one that was left behind is taken
 * over.  0, with *fd the descriptor that holds the lock, -1 for no path; or an exit status of
 * sysexits.h, after the reason was said. */
int mt_pidfile_open(int *fd, const char *path);
/* Lets the next instance have the file, which names us for as long as none does. */
void mt_pidfile_release(int fd);
/* Takes the file away, unless another instance has it by now; sets *fd to -1. */
void mt_pidfile_close(int *fd, const char *path);

#endif
