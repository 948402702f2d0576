/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how to tell a pid file that is in use from one that was left behind: by a lock,
 * which ends with its process, however that ends. */
#include "milter/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define TRIES 10			/* while others take the file away */

/* Whether nobody else holds it; a file system without locks refuses nobody. */
static bool
take_lock(int fd, pid_t *holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
		return true;
	*holder = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
	return false;
}

/* Whether the path leads to the open file: the instance before may have removed it. */
static bool
is_named(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_dev == named.st_dev &&
	    ours.st_ino == named.st_ino;
}

static int
refuse(int fd, const char *path, const char *why, int status)
{
	fprintf(stderr, "mailtrace-milter: %s: %s\n", path, why);
	if (fd >= 0)
		close(fd);
	return status;
}

/* One try; *fd is -1 where the file went away meanwhile. */
static int
open_once(int *fd, const char *path)
{
	char why[80];
	pid_t holder = 0;
	struct stat s;
	int found = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);

	*fd = -1;
	if (found < 0 || fstat(found, &s) != 0)
		return refuse(found, path, strerror(errno), EX_CANTCREAT);
	if (!S_ISREG(s.st_mode))
		return refuse(found, path, "is not a file", EX_CANTCREAT);
	if (!take_lock(found, &holder)) {
		snprintf(why, sizeof why, "another mailtrace-milter has it, process %ld", (long)holder);
		return refuse(found, path, why, EX_UNAVAILABLE);
	}
	if (is_named(found, path))
		*fd = found;
	else
		close(found);
	return 0;
}

/* The descriptor stays open for the lock, and since it may be the only way to the file once
 * root is given up. */
int
mt_pidfile_open(int *fd, const char *path)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid()), status = 0;

	*fd = -1;
	if (path == NULL)
		return 0;
	for (unsigned i = 0; i < TRIES && *fd < 0 && status == 0; i++)
		status = open_once(fd, path);
	if (status != 0)
		return status;
	if (*fd < 0)
		return refuse(-1, path, "is taken away all the time", EX_CANTCREAT);
	if (ftruncate(*fd, 0) == 0 && write(*fd, text, (size_t)len) == len)
		return 0;
	status = refuse(-1, path, strerror(errno), EX_CANTCREAT);
	mt_pidfile_close(fd, path);
	return status;
}

void
mt_pidfile_release(int fd)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (fd >= 0)
		(void)fcntl(fd, F_SETLK, &lock);
}

/* In a directory of root's the user that we became may not take the file away; empty it
 * names no process that is not ours. */
void
mt_pidfile_close(int *fd, const char *path)
{
	pid_t holder;

	if (*fd < 0)
		return;
	if (take_lock(*fd, &holder) && is_named(*fd, path) && unlink(path) != 0)
		(void)!ftruncate(*fd, 0);
	close(*fd);
	*fd = -1;
}
