/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may stand in the place of a file; knows nothing of what is in one. */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
kind_trouble(mode_t mode)
{
	if (S_ISREG(mode) || S_ISCHR(mode))
		return NULL;
	if (S_ISDIR(mode))
		return "is a directory; name a file";
	if (S_ISFIFO(mode))
		return "is a pipe; name a file";
	return "is not a file";
}

int
mt_file_open(const char *path, const char **why)
{
	/* Without O_NONBLOCK a pipe is opened when somebody opens its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat s;
	int error;

	*why = NULL;
	if (fd < 0)
		return -1;
	if (fstat(fd, &s) == 0 && (*why = kind_trouble(s.st_mode)) == NULL)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
