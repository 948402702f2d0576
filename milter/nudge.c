/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows one thing about Debian's libmilter: its pool hands several ready sessions to a
 * worker that is counted idle already, and they stay with it until that worker's callback
 * returns.  A callback that waits at end of message so holds up strangers: measured, up to
 * three deadlines in a burst of eight.  Any new connection makes the pool look again and
 * start the worker that is missing.  So while somebody waits, this thread connects to our
 * own socket and hangs up, as a port probe would.
 */
#include "milter/nudge.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MSEC 1			/* an answer that is nearly there needs no nudge */
#define EVERY_MSEC 5

struct nudge {
	pthread_mutex_t lock;
	pthread_cond_t somebody;
	unsigned waiting;
	bool running;
	const atomic_bool *full;
	struct sockaddr_storage address;
	socklen_t len;
};

/* libmilter has no room for a pointer of ours beside the session's; this lives as long as
 * the process, and its lock guards it. */
static struct nudge nudge = { .lock = PTHREAD_MUTEX_INITIALIZER, .somebody = PTHREAD_COND_INITIALIZER };

static void
nap(long msec)
{
	nanosleep(&(struct timespec){ .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L }, NULL);
}

static void
probe(void)
{
	int fd = socket(nudge.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	(void)connect(fd, (const struct sockaddr *)&nudge.address, nudge.len);
	close(fd);
}

static bool
still_waiting(void)
{
	bool waiting;

	pthread_mutex_lock(&nudge.lock);
	waiting = nudge.waiting > 0;
	pthread_mutex_unlock(&nudge.lock);
	return waiting;
}

static void *
run(void *arg)
{
	(void)arg;
	for (;;) {
		pthread_mutex_lock(&nudge.lock);
		while (nudge.waiting == 0)
			pthread_cond_wait(&nudge.somebody, &nudge.lock);
		pthread_mutex_unlock(&nudge.lock);
		nap(FIRST_MSEC);
		while (still_waiting()) {
			if (!atomic_load(nudge.full))
				probe();
			nap(EVERY_MSEC);
		}
	}
	return NULL;
}

/* A socket that listens on every address is reached on the loopback. */
static void
reachable(struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (address->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		v6->sin6_addr = in6addr_loopback;
}

int
mt_nudge_start(int fd, const atomic_bool *full)
{
	pthread_t thread;

	nudge.len = sizeof nudge.address;
	if (getsockname(fd, (struct sockaddr *)&nudge.address, &nudge.len) != 0)
		return -1;
	reachable(&nudge.address);
	nudge.full = full;
	errno = pthread_create(&thread, NULL, run, NULL);
	if (errno != 0)
		return -1;
	(void)pthread_detach(thread);
	nudge.running = true;
	return 0;
}

void
mt_nudge_begin(void)
{
	if (!nudge.running)
		return;
	pthread_mutex_lock(&nudge.lock);
	if (nudge.waiting++ == 0)
		pthread_cond_signal(&nudge.somebody);
	pthread_mutex_unlock(&nudge.lock);
	if (!atomic_load(nudge.full))
		probe();		/* a spare worker from the first moment on */
}

void
mt_nudge_end(void)
{
	if (!nudge.running)
		return;
	pthread_mutex_lock(&nudge.lock);
	nudge.waiting--;
	pthread_mutex_unlock(&nudge.lock);
}
