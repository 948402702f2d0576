/* SPDX-License-Identifier: BSD-2-Clause */
/* Plays mail to a milter over many connections at once and measures for how long the
 * filter held each.  Knows counting and reporting; the protocol is session.c's.
 *
 *	load -s SOCKET [options]
 *	-c N	connections at once (1)		-n N	mails (1000)
 *	-m N	mails on one connection (1)	-i N	idle connections beside, held after HELO
 *	-a NET	clients: one address or a /PREFIX of IPv4, in turn (198.51.100.0/24)
 *	-o N	begin with the N-th of them	-H NAME	HELO of all; '#' in it stands for N
 *	-w MSEC	the client's pause before HELO, MAIL and RCPT (0)
 *	-t SEC	the longest wait for a reply (60)	-P PID	the filter, for its CPU and memory
 *	-k N	different mails (1000)		-W MSEC	hold idle connections for this long
 *	-S KEY	sign them with the key in this file, as senders of
 *	-D NAME	this domain (example.com); '#' in it stands for the mail's number, from -o on
 *
 * The N-th client of a network is called cN.example.net, and calls itself that without
 * -H.  Writes one JSON object.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/measure.h"
#include "tests/bench/session.h"
#include "tests/bench/signed.h"

#define EVENTS 256
#define NSEC_MSEC INT64_C(1000000)

/* One connection's place: a session, and where it stands among the others. */
struct slot {
	struct session session;
	struct slot *next;		/* in the queue of pauses */
	int64_t until_nsec;		/* of a pause; while waiting, of the filter */
	unsigned mails;			/* yet to come on this connection */
	bool open, busy, idle, writes;
};

struct load {
	struct peer peer;
	struct corpus *corpus;
	unsigned connections, messages, per_connection, idle, pause_msec, timeout_sec, hold_msec, offset;
	uint32_t network, clients;	/* host order, how many */
	const char *helo;
	pid_t filter;

	int epoll;
	struct slot *slot;
	struct slot *pause_first, **pause_last;
	unsigned started, finished, errors, open, idlers;
	int64_t begin_nsec;		/* when the next connection begins */
	struct samples held[STAGES + 1];	/* the last is the sum */
	unsigned verdict[256], edits;
};

static void
note_mail(struct load *load, const struct session *s)
{
	int64_t total = 0;

	for (unsigned i = 0; i < STAGES; i++) {
		if ((s->stages & 1U << i) != 0)
			samples_note(&load->held[i], s->held_nsec[i]);
		total += s->held_nsec[i];
	}
	samples_note(&load->held[STAGES], total);
	load->verdict[(unsigned char)s->verdict]++;
	load->edits += s->edits;
}

/* ---- sessions ---------------------------------------------------------------------------------- */

static void
make_client(const struct load *load, struct client *client, unsigned serial)
{
	uint32_t n = (load->offset + serial) % load->clients;
	struct in_addr address = { htonl(load->network + n) };
	const char *hash = load->helo == NULL ? NULL : strchr(load->helo, '#');

	inet_ntop(AF_INET, &address, client->ip, sizeof client->ip);
	snprintf(client->name, sizeof client->name, "c%u.example.net", n);
	if (hash == NULL)
		snprintf(client->helo, sizeof client->helo, "%s", load->helo == NULL ? client->name : load->helo);
	else
		snprintf(client->helo, sizeof client->helo, "%.*s%u%s", (int)(hash - load->helo), load->helo, n, hash + 1);
}

static void
watch(struct load *load, struct slot *slot, int how)
{
	bool writes = session_wants_write(&slot->session);
	struct epoll_event event = { .events = EPOLLIN | (writes ? EPOLLOUT : 0U), .data.ptr = slot };

	if (how == EPOLL_CTL_MOD && writes == slot->writes)
		return;
	slot->writes = writes;
	if (epoll_ctl(load->epoll, how, slot->session.fd, &event) != 0)
		err(EXIT_FAILURE, "epoll_ctl");
}

static void
shut(struct load *load, struct slot *slot)
{
	if (slot->open)
		load->open--;
	session_close(&slot->session);
	slot->open = slot->busy = false;
}

static void
fail(struct load *load, struct slot *slot, const char *trouble)
{
	if (load->errors++ == 0)
		warnx("%s", trouble);
	slot->session.trouble = trouble;
	if (!slot->idle)
		load->finished++;
	shut(load, slot);
}

static const struct mail *
mail_of(const struct load *load, unsigned serial)
{
	return &load->corpus->mail[serial % load->corpus->count];
}

static void
wait_for(struct load *load, struct slot *slot, enum state state)
{
	int64_t now = session_clock_nsec();

	slot->busy = state == SESSION_WAIT;
	slot->until_nsec = now + (int64_t)load->timeout_sec * 1000 * NSEC_MSEC;
	if (state != SESSION_PAUSE)
		return;
	slot->until_nsec = now + load->pause_msec * NSEC_MSEC;
	slot->next = NULL;
	*load->pause_last = slot;
	load->pause_last = &slot->next;
}

static enum state
begin(struct load *load, struct slot *slot)
{
	unsigned serial = slot->idle ? load->idlers++ : load->started++;

	slot->mails = load->per_connection - 1;
	make_client(load, &slot->session.client, serial);
	if (!session_open(&slot->session, &load->peer, mail_of(load, serial), serial))
		return SESSION_FAILED;
	slot->open = true;
	load->open++;
	watch(load, slot, EPOLL_CTL_ADD);
	return session_run(&slot->session);
}

/* A mail was answered: the next one, on this connection or a new one. */
static enum state
go_on(struct load *load, struct slot *slot)
{
	struct session *s = &slot->session;

	note_mail(load, s);
	load->finished++;
	if (load->started < load->messages && slot->mails > 0 && s->step == STEP_EOM) {
		slot->mails--;
		session_next(s, mail_of(load, load->started), load->started);
		load->started++;
		return session_run(s);
	}
	shut(load, slot);
	return load->started < load->messages ? begin(load, slot) : SESSION_MAILED;
}

/* Does what the session asks for until it waits for something. */
static void
drive(struct load *load, struct slot *slot, enum state state)
{
	for (;;) {
		if (state == SESSION_FAILED) {
			fail(load, slot, slot->session.trouble);
			if (slot->idle || load->started >= load->messages)
				return;
			state = begin(load, slot);
		} else if (state == SESSION_MAILED) {
			if (slot->idle)
				fail(load, slot, "an idle connection was answered");
			else
				state = go_on(load, slot);
			if (!slot->open)
				return;
		} else if (state == SESSION_PAUSE && slot->idle && slot->session.step == STEP_MAIL) {
			slot->busy = false;
			return;
		} else if (state == SESSION_PAUSE && (load->pause_msec == 0 || slot->idle)) {
			state = session_run(&slot->session);
		} else {
			watch(load, slot, EPOLL_CTL_MOD);
			wait_for(load, slot, state);
			return;
		}
	}
}

/* ---- the loop --------------------------------------------------------------------------------- */

static void
end_pauses(struct load *load)
{
	while (load->pause_first != NULL && load->pause_first->until_nsec <= session_clock_nsec()) {
		struct slot *slot = load->pause_first;

		load->pause_first = slot->next;
		if (load->pause_first == NULL)
			load->pause_last = &load->pause_first;
		drive(load, slot, session_run(&slot->session));
	}
}

/* How long to poll: until a pause is over, or the next connection is to begin. */
static int
next_turn_msec(const struct load *load)
{
	int64_t now = session_clock_nsec(), left = 500 * NSEC_MSEC;

	if (load->pause_first != NULL && load->pause_first->until_nsec - now < left)
		left = load->pause_first->until_nsec - now;
	if (load->begin_nsec > now && load->begin_nsec - now < left)
		left = load->begin_nsec - now;
	return left <= 0 ? 0 : (int)((left + NSEC_MSEC - 1) / NSEC_MSEC);
}

static void
end_waits(struct load *load, unsigned slots)
{
	int64_t now = session_clock_nsec();

	for (unsigned i = 0; i < slots; i++)
		if (load->slot[i].busy && load->slot[i].until_nsec < now) {
			load->slot[i].session.trouble = "no reply in time";
			drive(load, &load->slot[i], SESSION_FAILED);
		}
}

/* One round: what has come, whose pause is over, who waits for too long. */
static void
turn(struct load *load, int64_t *checked_nsec)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(load->epoll, event, EVENTS, next_turn_msec(load));

	for (int i = 0; i < n; i++) {
		struct slot *slot = event[i].data.ptr;

		if (!slot->open)
			continue;
		/* Nobody is waited for: a filter that speaks now, speaks out of turn or hangs up. */
		if (!slot->busy)
			slot->session.trouble = "the filter broke in on a pause";
		drive(load, slot, slot->busy ? session_input(&slot->session) : SESSION_FAILED);
	}
	end_pauses(load);
	if (session_clock_nsec() - *checked_nsec > 1000 * NSEC_MSEC) {
		*checked_nsec = session_clock_nsec();
		end_waits(load, load->connections + load->idle);
	}
}

static unsigned
busy_idlers(const struct load *load)
{
	unsigned n = 0;

	for (unsigned i = load->connections; i < load->connections + load->idle; i++)
		n += load->slot[i].busy;
	return n;
}

/* At most 64 are under way, so that the backlog holds. */
static void
open_idlers(struct load *load)
{
	int64_t checked = session_clock_nsec();

	for (unsigned i = 0; i < load->idle; i += 64) {
		for (unsigned k = i; k < load->idle && k < i + 64; k++) {
			struct slot *slot = &load->slot[load->connections + k];

			slot->idle = true;
			drive(load, slot, begin(load, slot));
		}
		while (busy_idlers(load) > 0)
			turn(load, &checked);
	}
}

/* Clients that pause begin one after the other, so that they do not march in step. */
static void
play(struct load *load)
{
	int64_t checked = session_clock_nsec(), apart = 3 * load->pause_msec * NSEC_MSEC / load->connections;

	load->begin_nsec = checked;
	for (unsigned i = 0; i < load->connections && load->started < load->messages; i++) {
		drive(load, &load->slot[i], begin(load, &load->slot[i]));
		load->begin_nsec += apart;
		while (apart > 0 && session_clock_nsec() < load->begin_nsec)
			turn(load, &checked);
	}
	load->begin_nsec = 0;
	while (load->finished < load->messages)
		turn(load, &checked);
}

/* ---- begin and end ------------------------------------------------------------------------------ */

static void
print_idle(const struct load *load, struct usage before, struct usage after)
{
	if (load->idle == 0)
		return;
	printf("\"idle\": {\"connections\": %u, \"rss_before_kb\": %ld, \"rss_after_kb\": %ld, \"bytes_each\": %.0f, "
	    "\"threads\": %ld}, ", load->idle, before.rss_kb, after.rss_kb,
	    (double)(after.rss_kb - before.rss_kb) * 1024 / load->idle, after.threads);
}

static void
print_report(struct load *load, double seconds, double cpu_usec)
{
	static const char *const stages[] = { "connect", "helo", "mail", "rcpt", "data", "content", "eom", "total" };
	unsigned done = load->held[STAGES].count;
	const struct corpus *corpus = load->corpus;
	const unsigned *verdict = load->verdict;

	printf("\"messages\": %u, \"errors\": %u, \"seconds\": %.3f, \"rate\": %.1f, \"cpu_usec\": %.1f, ", done,
	    load->errors, seconds, seconds > 0 ? done / seconds : 0, done > 0 ? cpu_usec / done : 0);
	printf("\"edits\": %u, \"verdicts\": {\"accept\": %u, \"reject\": %u, \"tempfail\": %u, \"discard\": %u}, ",
	    load->edits, verdict[SMFIR_CONTINUE] + verdict[SMFIR_ACCEPT],
	    verdict[SMFIR_REJECT] + verdict[SMFIR_REPLYCODE],
	    verdict[SMFIR_TEMPFAIL], verdict[SMFIR_DISCARD]);
	printf("\"corpus\": {\"mail_bytes\": %.0f, \"received\": %.2f, \"received_bytes\": %.0f}, \"held_usec\": {",
	    (double)corpus->bytes / corpus->count, (double)corpus->received / corpus->count,
	    (double)corpus->received_bytes / (double)corpus->received);
	for (unsigned i = 0; i <= STAGES; i++)
		samples_print(&load->held[i], stages[i], i == STAGES ? "" : ", ");
	printf("}}\n");
}

static unsigned
number(const char *text, unsigned least)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < least || n > 100000000)
		errx(EXIT_FAILURE, "%s: not a number that can be", text);
	return (unsigned)n;
}

static void
set_clients(struct load *load, const char *text)
{
	char address[32];
	struct in_addr in;
	unsigned bits = 32;

	if (sscanf(text, "%31[0-9.]/%u", address, &bits) < 1 || bits < 8 || bits > 32 ||
	    inet_pton(AF_INET, address, &in) != 1)
		errx(EXIT_FAILURE, "%s: not a network", text);
	load->network = ntohl(in.s_addr);
	load->clients = UINT32_C(1) << (32 - bits);
}

static void
read_options(struct load *load, int argc, char **argv)
{
	unsigned mails = 1000;
	const char *key = NULL, *domain = "example.com";

	for (int c; (c = getopt(argc, argv, "s:c:n:m:i:a:o:H:w:t:P:k:W:S:D:")) != -1;) {
		switch (c) {
		case 's':
			if (!session_peer(&load->peer, optarg))
				errx(EXIT_FAILURE, "%s: not a socket", optarg);
			break;
		case 'c': load->connections = number(optarg, 1); break;
		case 'n': load->messages = number(optarg, 0); break;
		case 'm': load->per_connection = number(optarg, 1); break;
		case 'i': load->idle = number(optarg, 0); break;
		case 'a': set_clients(load, optarg); break;
		case 'o': load->offset = number(optarg, 0); break;
		case 'H': load->helo = optarg; break;
		case 'w': load->pause_msec = number(optarg, 0); break;
		case 't': load->timeout_sec = number(optarg, 1); break;
		case 'P': load->filter = (pid_t)number(optarg, 1); break;
		case 'k': mails = number(optarg, 1); break;
		case 'W': load->hold_msec = number(optarg, 0); break;
		case 'S': key = optarg; break;
		case 'D': domain = optarg; break;
		default: exit(EXIT_FAILURE);
		}
	}
	if (load->peer.len == 0 || optind != argc)
		errx(EXIT_FAILURE, "usage: load -s SOCKET [options]");
	load->corpus = corpus_make(mails, 1);
	if (key != NULL)
		corpus_sign(load->corpus, key, domain, load->offset);
}

static void
prepare(struct load *load)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->slot = calloc(load->connections + load->idle, sizeof *load->slot);
	load->pause_last = &load->pause_first;
	for (unsigned i = 0; i <= STAGES; i++) {
		samples_init(&load->held[i], load->messages);
	}
	if (load->epoll < 0 || load->slot == NULL)
		err(EXIT_FAILURE, "cannot begin");
}

static void
finish(struct load *load)
{
	for (unsigned i = 0; i < load->connections + load->idle; i++) {
		struct slot *slot = &load->slot[i];

		if (slot->open)
			shut(load, slot);
		free(slot->session.out.ptr);
		free(slot->session.in.ptr);
	}
	for (unsigned i = 0; i <= STAGES; i++)
		samples_fini(&load->held[i]);
	free(load->slot);
	corpus_free(load->corpus);
	close(load->epoll);
}

int
main(int argc, char **argv)
{
	struct load load = {
		.connections = 1, .messages = 1000, .per_connection = 1, .timeout_sec = 60, .hold_msec = 300,
	};
	struct usage start, quiet, end;
	int64_t began;
	double seconds;

	set_clients(&load, "198.51.100.0/24");
	read_options(&load, argc, argv);
	prepare(&load);
	start = usage_of(load.filter);
	open_idlers(&load);
	if (load.idle > 0)
		usleep(load.hold_msec * 1000);
	quiet = usage_of(load.filter);
	began = session_clock_nsec();
	play(&load);
	seconds = (double)(session_clock_nsec() - began) / 1e9;
	end = usage_of(load.filter);
	printf("{");
	print_idle(&load, start, quiet);
	print_report(&load, seconds, (double)(end.cpu_nsec - quiet.cpu_nsec) / 1e3);
	finish(&load);
	return EXIT_SUCCESS;
}
