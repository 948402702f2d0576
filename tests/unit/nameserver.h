/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of dns.c share: a name server that misbehaves to order (tests/tools/nameserver),
 * and a box for answers. */
#ifndef TESTS_UNIT_NAMESERVER_H
#define TESTS_UNIT_NAMESERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/core/answer.h"
#include "lib/source/dns.h"
#include "tests/unit/tap.h"

#define TIMEOUT 1000			/* of one try; two of them: 1 + 2 seconds */

/* Answers that arrive from another thread. */
struct box {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned count, by_cause[MT_CAUSES];
	struct mt_answer *last;
};

static inline void
box_init(struct box *box)
{
	*box = (struct box){ .count = 0 };
	pthread_mutex_init(&box->lock, NULL);
	pthread_cond_init(&box->more, NULL);
}

static inline void
box_fini(struct box *box)
{
	mt_answer_unref(box->last);
	pthread_mutex_destroy(&box->lock);
	pthread_cond_destroy(&box->more);
}

static inline void
arrive(void *ctx, struct mt_answer *answer)
{
	struct box *box = ctx;

	pthread_mutex_lock(&box->lock);
	mt_answer_unref(box->last);
	box->last = answer;
	box->count++;
	box->by_cause[answer->cause]++;
	pthread_cond_signal(&box->more);
	pthread_mutex_unlock(&box->lock);
}

/* Thirty seconds at most. */
static inline bool
await(struct box *box, unsigned count)
{
	struct timespec until;
	int rc = 0;
	bool there;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	pthread_mutex_lock(&box->lock);
	while (box->count < count && rc == 0)
		rc = pthread_cond_timedwait(&box->more, &box->lock, &until);
	there = box->count >= count;
	pthread_mutex_unlock(&box->lock);
	return there;
}

static inline int64_t
now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void
sleep_msec(unsigned msec)
{
	nanosleep(&(struct timespec){ msec / 1000, (long)(msec % 1000) * 1000000 }, NULL);
}

/* ---- the server ------------------------------------------------------------------- */

struct server {
	pid_t pid;
	int out;			/* what it says */
	char file[96], address[32];
};
static char dir[64];

static inline void
make_dir(void)
{
	strcpy(dir, "/tmp/mt-dns-XXXXXX");
	if (mkdtemp(dir) == NULL)
		exit(EXIT_FAILURE);
}

/* The file of answers, to be filled and closed. */
static FILE *
open_script(struct server *s, const char *name)
{
	FILE *file;

	snprintf(s->file, sizeof s->file, "%s/%s", dir, name);
	file = fopen(s->file, "w");
	if (file == NULL) {
		perror(s->file);
		exit(EXIT_FAILURE);
	}
	return file;
}

/* Asks the system for a port that nobody listens at. */
static inline unsigned
closed_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) < 0 || getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		return 1;
	close(fd);
	return ntohs(in.sin_port);
}

static inline void
start_server(struct server *s, const char *port)
{
	const char *top = getenv("top_builddir");
	char path[1024], line[64] = "";
	int out[2];
	unsigned number = 0;

	snprintf(path, sizeof path, "%s/tests/tools/nameserver", top == NULL ? "." : top);
	if (pipe(out) < 0 || (s->pid = fork()) < 0)
		exit(EXIT_FAILURE);
	if (s->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(path, "nameserver", "-p", port, s->file, (char *)NULL);
		perror(path);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], line, sizeof line - 1) <= 0 || sscanf(line, "port %u", &number) != 1) {
		printf("Bail out! no name server\n");
		exit(EXIT_FAILURE);
	}
	s->out = out[0];
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", number);
}

static inline void
stop_server(struct server *s)
{
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	close(s->out);
}

/* How many queries it has had. */
static inline unsigned
queries(struct server *s)
{
	char line[64] = "";
	unsigned number = 0;

	kill(s->pid, SIGUSR1);
	if (read(s->out, line, sizeof line - 1) <= 0 || sscanf(line, "queries %u", &number) != 1)
		tap_ok(false, "the server counts");
	return number;
}

/* ---- resolvers ---------------------------------------------------------------------- */

struct said {
	pthread_mutex_t lock;
	unsigned lines;
};

static inline void
note_line(void *ctx, int priority, const char *line)
{
	struct said *said = ctx;

	(void)priority;
	tap_note("%s", line);
	pthread_mutex_lock(&said->lock);
	said->lines++;
	pthread_mutex_unlock(&said->lock);
}

/* Two addresses at the most; the second may be NULL. */
static inline struct mt_resolver *
open_both(const char *first, const char *second, struct mt_dns_options options, struct said *said)
{
	struct mt_span spans[2] = { mt_span_text(first), second == NULL ? MT_ABSENT : mt_span_text(second) };
	int error;

	options.servers = spans;
	options.nservers = second == NULL ? 1 : 2;
	options.timeout_msec = options.timeout_msec == 0 ? TIMEOUT : options.timeout_msec;
	options.tries = options.tries == 0 ? 2 : options.tries;
	options.deadline_msec = options.deadline_msec == 0 ? 10000 : options.deadline_msec;
	options.queue = options.queue == 0 ? 10000 : options.queue;
	options.negative_ttl_sec = 900;
	return mt_dns_open(&options, said == NULL ? NULL : note_line, said, &error);
}

static inline struct mt_resolver *
open_at(const char *address, struct mt_dns_options options, struct said *said)
{
	return open_both(address, NULL, options, said);
}

static inline enum mt_cause
ask_once(struct mt_resolver *r, const char *name, uint32_t *msec)
{
	struct box box;
	enum mt_cause cause = MT_CAUSE_NONE;

	box_init(&box);
	r->ask(r, name, MT_RR_A, arrive, &box);
	if (!await(&box, 1))
		return MT_CAUSES;
	cause = box.last->cause;
	if (msec != NULL)
		*msec = box.last->msec;
	box_fini(&box);
	return cause;
}

#endif
