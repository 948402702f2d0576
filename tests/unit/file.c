/* SPDX-License-Identifier: BSD-2-Clause */
/* file.c: what may stand in the place of a file; nothing in it is waited for. */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *what;		/* file, pipe, directory, socket; NULL: nothing, or a path */
	const char *path;
	const char *why;		/* NULL: opened, or an error */
	int error;
} cases[] = {
	{ "a file", "file", NULL, NULL, 0 },
	{ "a pipe", "pipe", NULL, "is a pipe; name a file", 0 },
	{ "a directory", "directory", NULL, "is a directory; name a file", 0 },
	{ "a socket", "socket", NULL, NULL, ENXIO },
	{ "nothing", NULL, NULL, NULL, ENOENT },
	{ "/dev/null", NULL, "/dev/null", NULL, 0 },
};

static void
make(const char *path, const char *what)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = -1;

	if (what == NULL)
		return;
	if (strcmp(what, "pipe") == 0)
		(void)mkfifo(path, 0600);
	else if (strcmp(what, "directory") == 0)
		(void)mkdir(path, 0700);
	else if (strcmp(what, "file") == 0)
		fd = open(path, O_WRONLY | O_CREAT, 0600);
	else if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0) {
		snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
		(void)bind(fd, (const struct sockaddr *)&name, sizeof name);
	}
	if (fd >= 0)
		close(fd);
}

int
main(void)
{
	char dir[] = "/tmp/mt-file-XXXXXX", path[64];

	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	snprintf(path, sizeof path, "%s/x", dir);
	alarm(30);			/* whoever waits is ended */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = "not set", *wanted = cases[i].why;
		bool ok;
		int fd;

		make(path, cases[i].what);
		errno = 0;
		fd = mt_file_open(cases[i].path == NULL ? path : cases[i].path, &why);
		ok = (fd >= 0) == (wanted == NULL && cases[i].error == 0);
		ok = ok && (wanted == NULL ? why == NULL : why != NULL && strcmp(why, wanted) == 0);
		ok = ok && (cases[i].error == 0 || errno == cases[i].error);
		ok = ok && (fd < 0 || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		tap_ok(ok, "%s%s%s", cases[i].name, wanted == NULL ? "" : ": ", wanted == NULL ? "" : wanted);
		if (fd >= 0)
			close(fd);
		(void)remove(path);
	}
	(void)remove(dir);
	return tap_done();
}
