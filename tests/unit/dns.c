/* SPDX-License-Identifier: BSD-2-Clause */
/* dns.c against a name server that misbehaves to order (tests/tools/nameserver). */
#include "lib/source/dns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/core/answer.h"
#include "tests/unit/tap.h"

#define TIMEOUT 150			/* of one try; two of them: 150 + 300 msec */
#define MANY 1000
#define WIDE 81				/* addresses of one name */

static const char script[] =
    "dns good.example A 192.0.2.7\n"
    "dns six.example AAAA 2001:db8::7\n"
    "dns 7.2.0.192.in-addr.arpa PTR Mail.Example.NET\n"
    "dns mx.example MX 10 mail.example\n"
    "dns txt.example TXT \"v=spf1 \" \"-all\"\n"
    "dns alias.example CNAME alias2.example\n"
    "dns alias2.example CNAME good.example\n"
    "dns lost.example CNAME nowhere.example\n"
    "dns odd.example PTR \\001ctl.example\n"
    "dns none.example A nxdomain\n"
    "dns empty.example A nodata\n"
    "dns fail.example A servfail\n"
    "dns no.example A refused\n"
    "dns broken.example A garbage\n"
    "dns late.example A 192.0.2.8\nwire late.example A delay=60\n"
    "dns drop.example A 192.0.2.8\nwire drop.example A drop\n"
    "dns id.example A 192.0.2.8\nwire id.example A wrong-id\n"
    "dns question.example A 192.0.2.8\nwire question.example A wrong-question\n"
    "dns nothing.example A 192.0.2.8\nwire nothing.example A empty\n"
    "dns tc.example A 192.0.2.9\nwire tc.example A truncate\n"
    "dns dead.example A 192.0.2.9\nwire dead.example A truncate-dead\n"
    "dns old.example A 192.0.2.10\nwire old.example A formerr-edns\n"
    "wire lame.example A lame\n"
    "wire notimp.example A notimp\n"
    "dns slow.example A 192.0.2.8\nwire slow.example A delay=5000\n"
    "wire slow.example TXT delay=5000\nwire slow.example PTR delay=5000\nwire slow.example AAAA delay=5000\n";

static const struct test {
	const char *label, *name;
	enum mt_rrtype type;
	enum mt_cause cause;
	size_t records;
	const char *value;		/* of the first record */
	uint32_t ttl;
} tests[] = {
	{ "an address", "good.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "any case, final dot", "GOOD.Example.", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "an IPv6 address", "six.example", MT_RR_AAAA, MT_CAUSE_NONE, 1, "2001:db8::7", 300 },
	{ "a reverse name as sent", "7.2.0.192.in-addr.arpa", MT_RR_PTR, MT_CAUSE_NONE, 1, "Mail.Example.NET", 300 },
	{ "a mail server", "mx.example", MT_RR_MX, MT_CAUSE_NONE, 1, "mail.example", 300 },
	{ "text", "txt.example", MT_RR_TXT, MT_CAUSE_NONE, 1, "v=spf1 -all", 300 },
	{ "CNAME followed", "alias.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "CNAME to nowhere", "lost.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, NULL, 60 },
	{ "a control byte in a reverse name", "odd.example", MT_RR_PTR, MT_CAUSE_NONE, 1, "\\001ctl.example", 300 },
	{ "more names than a datagram holds", "many.example", MT_RR_PTR, MT_CAUSE_NONE, MT_ANSWER_RECORDS,
	    "name-000.many.example", 300 },
	{ "a name of 81 addresses", "wide.example", MT_RR_A, MT_CAUSE_NONE, WIDE, "198.51.100.0", 300 },
	{ "NXDOMAIN, its TTL from the SOA", "none.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, NULL, 60 },
	{ "NODATA, its TTL from the SOA", "empty.example", MT_RR_A, MT_CAUSE_NODATA, 0, NULL, 60 },
	{ "SERVFAIL", "fail.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "REFUSED", "no.example", MT_RR_A, MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "NOTIMP", "notimp.example", MT_RR_A, MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "garbage", "broken.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a lame server", "lame.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "a late answer is an answer", "late.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.8", 300 },
	{ "no answer", "drop.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "another id", "id.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "another question", "question.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "an empty datagram", "nothing.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "truncated, then TCP", "tc.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.9", 300 },
	{ "truncated, and TCP is dead", "dead.example", MT_RR_A, MT_CAUSE_NETWORK, 0, NULL, 0 },
	{ "a server without EDNS", "old.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.10", 300 },
	{ "an empty label", "a..example", MT_RR_A, MT_CAUSE_BAD_NAME, 0, NULL, 0 },
	{ "a blank in a name", "a b.example", MT_RR_A, MT_CAUSE_BAD_NAME, 0, NULL, 0 },
};

/* Answers that arrive from another thread. */
struct box {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned count, by_cause[MT_CAUSES];
	struct mt_answer *last;
};

static void
box_init(struct box *box)
{
	*box = (struct box){ .count = 0 };
	pthread_mutex_init(&box->lock, NULL);
	pthread_cond_init(&box->more, NULL);
}

static void
box_fini(struct box *box)
{
	mt_answer_unref(box->last);
	pthread_mutex_destroy(&box->lock);
	pthread_cond_destroy(&box->more);
}

static void
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

/* Ten seconds at most. */
static bool
await(struct box *box, unsigned count)
{
	struct timespec until;
	int rc = 0;
	bool there;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&box->lock);
	while (box->count < count && rc == 0)
		rc = pthread_cond_timedwait(&box->more, &box->lock, &until);
	there = box->count >= count;
	pthread_mutex_unlock(&box->lock);
	return there;
}

static int64_t
now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
sleep_msec(unsigned msec)
{
	nanosleep(&(struct timespec){ msec / 1000, (long)(msec % 1000) * 1000000 }, NULL);
}

/* ---- the server ------------------------------------------------------------------- */

struct server {
	pid_t pid;
	char file[96], address[32];
};
static char dir[64];
static struct server server, lame;

static void
write_script(struct server *s, const char *name, const char *text, unsigned many)
{
	FILE *file;

	snprintf(s->file, sizeof s->file, "%s/%s", dir, name);
	file = fopen(s->file, "w");
	if (file == NULL) {
		perror(s->file);
		exit(EXIT_FAILURE);
	}
	fputs(text, file);
	for (unsigned i = 0; i < many; i++)
		fprintf(file, "dns many.example PTR name-%03u.many.example\n", i);
	for (unsigned i = 0; many > 0 && i < WIDE; i++)
		fprintf(file, "dns wide.example A 198.51.100.%u\n", i);
	fclose(file);
}

/* Asks the system for a port that nobody listens at. */
static unsigned
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

static void
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
	close(out[0]);
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", number);
}

static void
stop_server(struct server *s)
{
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
}

/* ---- resolvers ---------------------------------------------------------------------- */

struct said {
	pthread_mutex_t lock;
	unsigned lines;
};

static void
note_line(void *ctx, int priority, const char *line)
{
	struct said *said = ctx;

	(void)priority;
	tap_note("%s", line);
	pthread_mutex_lock(&said->lock);
	said->lines++;
	pthread_mutex_unlock(&said->lock);
}

static struct mt_resolver *
open_at(const char *address, struct mt_dns_options options, struct said *said)
{
	struct mt_span span = mt_span_text(address);
	int error;

	options.servers = &span;
	options.nservers = 1;
	options.timeout_msec = options.timeout_msec == 0 ? TIMEOUT : options.timeout_msec;
	options.tries = 2;
	options.deadline_msec = options.deadline_msec == 0 ? 4000 : options.deadline_msec;
	options.queue = options.queue == 0 ? 10000 : options.queue;
	options.negative_ttl_sec = 900;
	return mt_dns_open(&options, said == NULL ? NULL : note_line, said, &error);
}

static enum mt_cause
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

static bool
value_is(const struct mt_answer *answer, const char *value)
{
	char ip[MT_IP_TEXT];

	if (value == NULL)
		return answer->nrecords == 0;
	if (answer->records[0].ip.family != 0)
		return strcmp(mt_ip_text(&answer->records[0].ip, ip), value) == 0;
	return mt_span_equal(answer->records[0].text, mt_span_text(value));
}

static void
test_table(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ 0 }, NULL);
	struct box box;

	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		const struct test *t = &tests[i];

		box_init(&box);
		r->ask(r, t->name, t->type, arrive, &box);
		if (!await(&box, 1)) {
			tap_ok(false, "%s: no answer", t->label);
			continue;
		}
		if (!tap_ok(box.last->cause == t->cause && box.last->nrecords == t->records &&
		    value_is(box.last, t->value) && box.last->ttl_sec == t->ttl, "%s", t->label))
			tap_note("cause %d, %zu records, ttl %u, %u msec", box.last->cause, box.last->nrecords,
			    box.last->ttl_sec, box.last->msec);
		if (t->records > 1)
			tap_ok(box.last->cut == (t->type == MT_RR_PTR), "%s: %s", t->label,
			    t->type == MT_RR_PTR ? "cut" : "all are kept");
		box_fini(&box);
	}
	r->close(r);
}

static void
test_authentic(void)
{
	struct mt_span span = mt_span_text(server.address);
	bool got[2];

	for (unsigned trusted = 0; trusted < 2; trusted++) {
		struct mt_dns_options options = { .servers = &span, .nservers = 1, .timeout_msec = 500, .tries = 2,
			.deadline_msec = 2000, .queue = 10, .trusted = trusted == 1 };
		int error;
		struct mt_resolver *r = mt_dns_open(&options, NULL, NULL, &error);
		struct box box;

		box_init(&box);
		r->ask(r, "good.example", MT_RR_A, arrive, &box);
		await(&box, 1);
		got[trusted] = box.last != NULL && box.last->authentic;
		box_fini(&box);
		r->close(r);
	}
	tap_ok(!got[0] && got[1], "the AD bit is asked for and kept only where it is trusted");
}

/* 1,000 at once, through several channels; a question that asks a question. */
static void
test_many(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .timeout_msec = 2000 }, NULL);
	struct box box;
	int64_t began = now_msec();

	box_init(&box);
	for (unsigned i = 0; i < MANY; i++)
		r->ask(r, i % 2 == 0 ? "good.example" : "none.example", MT_RR_A, arrive, &box);
	tap_ok(await(&box, MANY), "%d at once are answered", MANY);
	tap_note("%lld msec", (long long)(now_msec() - began));
	tap_ok(box.by_cause[MT_CAUSE_NONE] == MANY / 2 && box.by_cause[MT_CAUSE_NXDOMAIN] == MANY / 2,
	    "each with its own answer");
	box_fini(&box);
	r->close(r);
}

struct chain {
	struct mt_resolver *resolver;
	struct box box;
};

static void
ask_on(void *ctx, struct mt_answer *answer)
{
	struct chain *chain = ctx;

	mt_answer_unref(answer);
	chain->resolver->ask(chain->resolver, "good.example", MT_RR_A, arrive, &chain->box);
}

static void
test_ask_on(void)
{
	struct chain chain = { .resolver = open_at(server.address, (struct mt_dns_options){ 0 }, NULL) };

	box_init(&chain.box);
	chain.resolver->ask(chain.resolver, "7.2.0.192.in-addr.arpa", MT_RR_PTR, ask_on, &chain);
	tap_ok(await(&chain.box, 1) && chain.box.last->cause == MT_CAUSE_NONE, "an answer may ask the next question");
	box_fini(&chain.box);
	chain.resolver->close(chain.resolver);
}

static void
test_deadline(void)
{
	struct mt_resolver *r =
	    open_at(server.address, (struct mt_dns_options){ .timeout_msec = 3000, .deadline_msec = 400 }, NULL);
	uint32_t msec = 0;

	tap_ok(ask_once(r, "drop.example", &msec) == MT_CAUSE_TIMEOUT && msec >= 400 && msec < 2000,
	    "the deadline holds while c-ares goes on (%u msec)", msec);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "and the next question is answered");
	r->close(r);
}

/* Nine tenths of the queue are for all, the rest is for reverse names. */
static void
test_queue(void)
{
	struct mt_resolver *r =
	    open_at(server.address, (struct mt_dns_options){ .queue = 20, .timeout_msec = 2000 }, NULL);
	struct box others, reverse;

	box_init(&others);
	box_init(&reverse);
	for (unsigned i = 0; i < 25; i++)
		r->ask(r, "slow.example", i % 2 == 0 ? MT_RR_A : MT_RR_TXT, arrive, &others);
	tap_ok(others.by_cause[MT_CAUSE_LIMIT] == 7, "more than nine tenths of the queue end at once");
	for (unsigned i = 0; i < 5; i++)
		r->ask(r, "slow.example", MT_RR_PTR, arrive, &reverse);
	tap_ok(reverse.by_cause[MT_CAUSE_LIMIT] == 3, "the last tenth is for reverse names, and then it is full");
	r->ask(r, "slow.example", MT_RR_AAAA, arrive, &others);
	tap_ok(others.by_cause[MT_CAUSE_LIMIT] == 8, "for all");
	r->close(r);
	tap_ok(others.count == 26 && others.by_cause[MT_CAUSE_NETWORK] == 18 && reverse.count == 5 &&
	    reverse.by_cause[MT_CAUSE_NETWORK] == 2, "closing answers all that is open");
	box_fini(&others);
	box_fini(&reverse);
	r = open_at(server.address, (struct mt_dns_options){ .queue = 20, .timeout_msec = 2000 }, NULL);
	box_init(&reverse);
	for (unsigned i = 0; i < 21; i++)
		r->ask(r, "slow.example", MT_RR_PTR, arrive, &reverse);
	tap_ok(reverse.by_cause[MT_CAUSE_LIMIT] == 1, "reverse names may fill it whole");
	r->close(r);
	box_fini(&reverse);
}

static void
test_closed_port(void)
{
	char address[32];
	struct mt_resolver *r;
	uint32_t msec = UINT32_MAX;

	snprintf(address, sizeof address, "127.0.0.1:%u", closed_port());
	r = open_at(address, (struct mt_dns_options){ .timeout_msec = 2000 }, NULL);
	tap_ok(ask_once(r, "good.example", &msec) == MT_CAUSE_NETWORK && msec < 1000,
	    "a closed port is known at once (%u msec)", msec);
	r->close(r);
}

/* Opens, lets one probe through a second, closes with the first answer. */
static void
test_breaker(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .breaker = 5 }, &said);
	uint32_t msec = 0;
	struct box box;

	for (unsigned i = 0; i < 4; i++)
		ask_once(r, "drop.example", NULL);
	tap_ok(ask_once(r, "none.example", NULL) == MT_CAUSE_NXDOMAIN, "any answer begins the count anew");
	box_init(&box);
	for (unsigned i = 0; i < 5; i++)
		r->ask(r, "drop.example", MT_RR_A, arrive, &box);
	await(&box, 5);
	tap_ok(box.by_cause[MT_CAUSE_TIMEOUT] == 5, "time-outs up to the limit");
	box_fini(&box);
	tap_ok(ask_once(r, "good.example", &msec) == MT_CAUSE_BREAKER && msec < 500, "then nobody is asked");
	sleep_msec(1050);
	tap_ok(ask_once(r, "drop.example", NULL) == MT_CAUSE_TIMEOUT, "one probe passes");
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_BREAKER, "it failed: still open");
	sleep_msec(2050);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "a probe that is answered");
	tap_ok(ask_once(r, "none.example", NULL) == MT_CAUSE_NXDOMAIN, "closes it");
	r->close(r);
	tap_ok(said.lines == 2, "opening and closing are said once each");
}

static void
ask_many(struct mt_resolver *r, const char *name, unsigned count, struct box *box)
{
	for (unsigned i = 0; i < count; i++)
		r->ask(r, name, MT_RR_A, arrive, box);
}

/* Bursts of names in a zone whose servers are silent, while other zones answer: every
 * burst expires in one loop, and stops nobody's questions. */
static void
test_silent_zone(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .breaker = 20 }, &said);
	struct box silent;
	unsigned good = 0, asked = 0;

	box_init(&silent);
	for (unsigned burst = 1; burst <= 3; burst++) {
		ask_many(r, "drop.example", 50, &silent);
		for (unsigned i = 0; i < 30; i++, asked++) {
			good += ask_once(r, "good.example", NULL) == MT_CAUSE_NONE;
			sleep_msec(20);
		}
	}
	tap_ok(await(&silent, 150) && silent.by_cause[MT_CAUSE_TIMEOUT] == 150,
	    "150 questions to a silent zone end in time-outs");
	tap_ok(good == asked, "beside them all others are answered (%u of %u)", good, asked);
	box_fini(&silent);
	r->close(r);
	tap_ok(said.lines == 0, "and the breaker is never open");
}

/* A server that takes questions and never says a word. */
static void
test_dead_server(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct mt_resolver *r;
	struct box box;
	char address[32];

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) < 0 || getsockname(fd, (struct sockaddr *)&in, &len) < 0) {
		tap_ok(false, "a socket for a dead server");
		return;
	}
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(in.sin_port));
	r = open_at(address, (struct mt_dns_options){ .breaker = 20 }, NULL);
	box_init(&box);
	ask_many(r, "good.example", 19, &box);
	tap_ok(await(&box, 19) && box.by_cause[MT_CAUSE_TIMEOUT] == 19, "19 questions to a dead server");
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_TIMEOUT, "the 20th is asked");
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_BREAKER, "and the last one");
	box_fini(&box);
	r->close(r);
	close(fd);
}

/* Where one server will not answer, the next is asked; where none will, the first one's
 * word stands. */
static void
test_servers(void)
{
	struct mt_span servers[2] = { mt_span_text(lame.address), mt_span_text(server.address) };
	struct mt_dns_options options = { .servers = servers, .nservers = 2, .timeout_msec = TIMEOUT, .tries = 2,
		.deadline_msec = 2000, .queue = 100 };
	int error;
	struct mt_resolver *r = mt_dns_open(&options, NULL, NULL, &error);
	char away[32];

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "the first refuses, the second answers");
	tap_ok(ask_once(r, "fail.example", NULL) == MT_CAUSE_REFUSED, "the first refuses, the second fails");
	tap_ok(ask_once(r, "none.example", NULL) == MT_CAUSE_NXDOMAIN, "the first refuses, the second knows of nothing");
	r->close(r);
	snprintf(away, sizeof away, "127.0.0.1:%u", closed_port());
	servers[0] = mt_span_text(away);
	r = mt_dns_open(&options, NULL, NULL, &error);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "the first is away, the second answers");
	r->close(r);
}

static void
test_recovery(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ 0 }, NULL);

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "while the server is there");
	stop_server(&server);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NETWORK, "while it is away");
	start_server(&server, strchr(server.address, ':') + 1);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "when it is back");
	r->close(r);
}

static void
test_arguments(void)
{
	static const char *const bad[] = { "", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "[::1]x",
		"[::1", "127.0.0.1:53x", "1.2.3" };
	static const char *const good[] = { "127.0.0.1", "127.0.0.1:5353", "::1", "[::1]", "[::1]:53" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct mt_resolver *r = open_at(bad[i], (struct mt_dns_options){ 0 }, NULL);

		tap_ok(r == NULL, "\"%s\" is no server", bad[i]);
		if (r != NULL)
			r->close(r);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct mt_resolver *r = open_at(good[i], (struct mt_dns_options){ 0 }, NULL);

		tap_ok(r != NULL, "\"%s\" is a server", good[i]);
		if (r != NULL)
			r->close(r);
	}
}

/* Those of resolv.conf(5), whatever they are: it ends, and by the deadline. */
static void
test_system_servers(void)
{
	struct mt_dns_options options = { .timeout_msec = 200, .tries = 1, .deadline_msec = 500, .queue = 10 };
	int error;
	struct mt_resolver *r = mt_dns_open(&options, NULL, NULL, &error);

	tap_ok(r != NULL && ask_once(r, "does-not-exist.invalid", NULL) != MT_CAUSES, "with the servers of the system");
	if (r != NULL)
		r->close(r);
}

int
main(void)
{
	strcpy(dir, "/tmp/mt-dns-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	write_script(&server, "answers", script, 300);
	write_script(&lame, "lame", "default refused\n", 0);
	start_server(&server, "0");
	start_server(&lame, "0");
	test_arguments();
	test_table();
	test_authentic();
	test_many();
	test_ask_on();
	test_deadline();
	test_queue();
	test_closed_port();
	test_breaker();
	test_silent_zone();
	test_dead_server();
	test_servers();
	test_recovery();
	test_system_servers();
	stop_server(&server);
	stop_server(&lame);
	unlink(server.file);
	unlink(lame.file);
	rmdir(dir);
	return tap_done();
}
