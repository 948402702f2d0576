/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the environment variables of sd_notify(3), sd_watchdog_enabled(3) and
 * sd_listen_fds(3); knows nothing of the daemon. */
#include "milter/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void
mt_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';		/* unix(7): the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void
mt_notify_reloading(void)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	mt_notify(text);
}

/* A variable that counts only for the process it names in another one. */
static unsigned long long
number_for_us(const char *name, const char *pid_name)
{
	const char *text = getenv(name), *pid = getenv(pid_name);
	unsigned long long n;
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	if (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid())
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? n : 0;
}

int64_t
mt_notify_watchdog_msec(void)
{
	unsigned long long usec = number_for_us("WATCHDOG_USEC", "WATCHDOG_PID");

	if (usec == 0 || usec > 1000000000000ULL)
		return 0;
	return usec < 2000 ? 1 : (int64_t)(usec / 2000);
}

unsigned
mt_notify_listen_fds(void)
{
	unsigned long long n = number_for_us("LISTEN_FDS", "LISTEN_PID");

	return n > 100 || getenv("LISTEN_PID") == NULL ? 0 : (unsigned)n;
}
