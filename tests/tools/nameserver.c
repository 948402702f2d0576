/* SPDX-License-Identifier: BSD-2-Clause */
/* A name server for tests: answers over UDP and TCP from an answers file, and misbehaves
 * where lines `wire` say so.  Knows nothing of zones; one thread, one loop.
 *
 * nameserver [-a ADDRESS] [-p PORT] [-l LATENCY_MSEC] ANSWERS-FILE
 * "port N" on standard output when it listens; TERM ends it, HUP reads the file anew,
 * USR1 prints "queries N". */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/source/packet.h"
#include "lib/source/script.h"

#define CONNS 256			/* TCP connections at once */
#define BURST 512			/* datagrams read in one turn */
#define REPLY_MOST 65535
#define HEADER 12
#define MSEC 1000			/* in microseconds, the unit of all times here */

struct reply {
	size_t len;
	bool overflow;
	unsigned char bytes[REPLY_MOST];
};

/* A reply that is to leave later. */
struct pending {
	int64_t due;
	uint64_t order;			/* among those due at once: first come, first served */
	uint64_t conn;			/* 0: UDP, to peer */
	struct sockaddr_storage peer;
	socklen_t peer_len;
	size_t len;
	unsigned char bytes[];
};

struct conn {
	int fd;				/* -1: free */
	uint64_t id;
	size_t in_len;
	unsigned char in[1024];
	unsigned char *out;
	size_t out_len, sent;
};

struct server {
	const char *path;
	struct mt_script *script;
	int udp, tcp, signals;
	int64_t latency;
	uint64_t queries, order, conn_ids;
	struct pending **heap;		/* the earliest first */
	size_t npending, room;
	struct conn conns[CONNS];
	struct reply reply;		/* the one being made */
	bool ended;
};

/* Who asked, and may be answered. */
struct client {
	struct sockaddr_storage peer;
	socklen_t peer_len;
	struct conn *conn;		/* NULL: UDP */
};

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- making a reply ------------------------------------------------------------ */

static void
put(struct reply *reply, const void *bytes, size_t len)
{
	if (len > sizeof reply->bytes - reply->len) {
		reply->overflow = true;
		return;
	}
	memcpy(reply->bytes + reply->len, bytes, len);
	reply->len += len;
}

static void
put16(struct reply *reply, unsigned value)
{
	put(reply, (unsigned char[]){ (unsigned char)(value >> 8), (unsigned char)value }, 2);
}

static void
set16(struct reply *reply, size_t at, unsigned value)
{
	reply->bytes[at] = (unsigned char)(value >> 8);
	reply->bytes[at + 1] = (unsigned char)value;
}

static void
put_text_name(struct reply *reply, struct mt_span text)
{
	struct mt_wire_name name;

	if (mt_wire_name_parse(&name, text))
		put(reply, name.bytes, name.len);
}

/* Owner (the question's name by a pointer, or in full), type, class, TTL; returns where
 * the length of RDATA is to be written. */
static size_t
put_head(struct reply *reply, struct mt_span owner, unsigned type, unsigned ttl)
{
	if (owner.ptr == NULL)
		put16(reply, 0xc000 | HEADER);
	else
		put_text_name(reply, owner);
	put16(reply, type);
	put16(reply, 1);
	put16(reply, 0);
	put16(reply, ttl);
	put16(reply, 0);
	return reply->len - 2;
}

static void
put_strings(struct reply *reply, struct mt_span text)
{
	do {
		size_t len = text.len > 255 ? 255 : text.len;

		put(reply, (unsigned char[]){ (unsigned char)len }, 1);
		put(reply, text.ptr, len);
		text = mt_span_between(text.ptr + len, text.ptr + text.len);
	} while (text.len > 0);
}

static void
put_record(struct reply *reply, struct mt_span owner, unsigned type, const struct mt_record *record)
{
	size_t at = put_head(reply, owner, type, MT_SCRIPT_TTL);

	switch (type) {
	case MT_RR_A:
		put(reply, record->ip.bytes, 4);
		break;
	case MT_RR_AAAA:
		if (record->ip.family == 4)
			put(reply, (unsigned char[12]){ [10] = 0xff, 0xff }, 12);
		put(reply, record->ip.bytes, record->ip.family == 4 ? 4 : 16);
		break;
	case MT_RR_TXT:
		put_strings(reply, record->text);
		break;
	case MT_RR_MX:
		put16(reply, record->preference);
		put_text_name(reply, record->text);
		break;
	default:
		put_text_name(reply, record->text);
	}
	if (!reply->overflow)
		set16(reply, at, (unsigned)(reply->len - at - 2));
}

/* The SOA of a root zone: below it lies every name. */
static void
put_soa(struct reply *reply)
{
	static const unsigned char data[22] = { [21] = MT_SCRIPT_NEGATIVE_TTL };
	size_t at = put_head(reply, MT_SPAN("."), 6, MT_SCRIPT_TTL);

	put(reply, data, sizeof data);
	set16(reply, at, sizeof data);
	set16(reply, 8, 1);
}

static void
put_referral(struct reply *reply)
{
	size_t at = put_head(reply, MT_SPAN("."), 2, MT_SCRIPT_TTL);

	put_text_name(reply, MT_SPAN("ns.example."));
	set16(reply, at, (unsigned)(reply->len - at - 2));
	set16(reply, 8, 1);
}

/* What a state looks like on the wire; false: like nothing. */
static bool
put_state(struct reply *reply, enum mt_cause cause)
{
	switch (cause) {
	case MT_CAUSE_SERVFAIL:
		reply->bytes[3] |= 2;
		return true;
	case MT_CAUSE_REFUSED:
		reply->bytes[3] |= 5;
		return true;
	case MT_CAUSE_NXDOMAIN:
		reply->bytes[3] |= 3;
		put_soa(reply);
		return true;
	case MT_CAUSE_NODATA:
		put_soa(reply);
		return true;
	case MT_CAUSE_GARBAGE:		/* RDATA that would end behind the packet */
		set16(reply, put_head(reply, MT_ABSENT, MT_RR_A, MT_SCRIPT_TTL), 200);
		set16(reply, 6, 1);
		return true;
	default:
		return false;
	}
}

/* Answer and authority sections for the question; false: no reply. */
static bool
put_answer(struct server *s, const struct mt_packet_head *head, unsigned modes)
{
	struct reply *reply = &s->reply;
	const struct mt_script_entry *entry;
	char text[MT_WIRE_TEXT];
	struct mt_span name = mt_wire_name_text(&head->name, text), owner = MT_ABSENT;
	unsigned count = 0;

	for (unsigned i = 0; i <= MT_PACKET_CHAIN; i++) {
		const struct mt_script_record *item;
		unsigned type = head->type;

		entry = mt_script_find(s->script, name, head->type);
		if (entry == NULL)
			entry = mt_script_default(s->script);
		if (entry->nrecords == 0) {
			set16(reply, 6, count);
			return put_state(reply, entry->cause);
		}
		if (entry == mt_script_find(s->script, name, MT_RR_CNAME))
			type = MT_RR_CNAME;
		for (item = entry->records; item != NULL; item = item->next, count++)
			put_record(reply, owner, type, &item->record);
		if (type == head->type || (modes & MT_WIRE_CNAME_ALONE))
			break;
		name = owner = entry->records->record.text;
	}
	set16(reply, 6, count);
	return true;
}

/* Header and question of the reply, without a count of records. */
static void
begin_reply(struct reply *reply, const struct mt_packet_head *head, struct mt_span query)
{
	reply->len = 0;
	reply->overflow = false;
	put(reply, query.ptr, head->end);
	reply->bytes[2] = (unsigned char)(0x80 | (reply->bytes[2] & 0x01));
	reply->bytes[3] = (unsigned char)(0x80 | (reply->bytes[3] & 0x20));	/* RA; AD to whoever asked for it */
	set16(reply, 6, 0);
	set16(reply, 8, 0);
	set16(reply, 10, 0);
}

static void
put_opt(struct reply *reply, bool bad_version)
{
	const unsigned char opt[11] = { [2] = 41, [3] = MT_PACKET_EDNS >> 8, [4] = MT_PACKET_EDNS & 255,
		[5] = bad_version };

	put(reply, opt, sizeof opt);
	set16(reply, 10, 1);
}

/* What a server says that makes nothing of EDNS; false: it goes by something else. */
static bool
put_plain(struct reply *reply, unsigned modes)
{
	if (modes & (MT_WIRE_FORMERR_EDNS | MT_WIRE_FORMERR_BARE))
		reply->bytes[3] |= 1;
	else if (modes & MT_WIRE_NOTIMP_EDNS)
		reply->bytes[3] |= 4;
	else if (modes & MT_WIRE_BADVERS_EDNS)
		put_opt(reply, true);
	else
		return false;
	if (modes & MT_WIRE_FORMERR_BARE) {
		set16(reply, 4, 0);
		reply->len = HEADER;
	}
	return true;
}

/* Falsifies a finished reply. */
static void
spoil(struct reply *reply, unsigned modes)
{
	if (modes & MT_WIRE_WRONG_ID)
		reply->bytes[0] ^= 0x55;
	if (modes & MT_WIRE_WRONG_QUESTION)
		reply->bytes[HEADER + 1] ^= 0x01;
	if (modes & MT_WIRE_EMPTY)
		reply->len = 0;
}

/* The UDP size that a question offers by an OPT record (RFC 6891, 6.1.2), which nothing else
 * stands before; 0 without one. */
static unsigned
edns_of(const struct mt_packet_head *head, struct mt_span query)
{
	const unsigned char *p = (const unsigned char *)query.ptr + head->end;

	if (head->answers + head->authorities > 0 || head->additionals == 0 || query.len - head->end < 11 ||
	    p[0] != 0 || p[1] != 0 || p[2] != 41)
		return 0;
	return (unsigned)p[3] << 8 | p[4];
}

/* Makes the reply in s->reply; false: none is to be sent. */
static bool
make_reply(struct server *s, const struct mt_packet_head *head, struct mt_span query, unsigned modes, bool tcp)
{
	struct reply *reply = &s->reply;
	unsigned edns = edns_of(head, query);
	size_t most = tcp ? REPLY_MOST : edns > 512 ? edns : 512;
	bool some = true;

	begin_reply(reply, head, query);
	if (edns != 0 && put_plain(reply, modes))
		return true;
	if (modes & MT_WIRE_LAME)
		put_referral(reply);
	else if (modes & MT_WIRE_NOTIMP)
		reply->bytes[3] |= 4;
	else
		some = put_answer(s, head, modes);
	if (edns != 0)
		put_opt(reply, false);
	if (!tcp && (modes & (MT_WIRE_TRUNCATE | MT_WIRE_TRUNCATE_DEAD)))
		reply->overflow = true;
	if (some && (reply->overflow || reply->len > most)) {
		begin_reply(reply, head, query);
		reply->bytes[2] |= 0x02;
	}
	spoil(reply, modes);
	return some;
}

/* ---- sending -------------------------------------------------------------------- */

static void
close_conn(struct conn *c)
{
	close(c->fd);
	free(c->out);
	*c = (struct conn){ .fd = -1 };
}

static void
flush_conn(struct conn *c)
{
	while (c->sent < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->sent, c->out_len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			close_conn(c);
			return;
		}
		c->sent += (size_t)n;
	}
	c->sent = c->out_len = 0;
}

static void
send_tcp(struct conn *c, const unsigned char *bytes, size_t len)
{
	unsigned char *out = realloc(c->out, c->out_len + 2 + len);

	if (out == NULL)
		die("realloc");
	c->out = out;
	out[c->out_len] = (unsigned char)(len >> 8);
	out[c->out_len + 1] = (unsigned char)len;
	memcpy(out + c->out_len + 2, bytes, len);
	c->out_len += 2 + len;
	flush_conn(c);
}

static bool
earlier(const struct pending *a, const struct pending *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
push(struct server *s, struct pending *p)
{
	size_t i = s->npending++;

	if (s->npending > s->room) {
		s->room = s->room == 0 ? 1024 : s->room * 2;
		s->heap = realloc(s->heap, s->room * sizeof *s->heap);
		if (s->heap == NULL)
			die("realloc");
	}
	for (; i > 0 && earlier(p, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = p;
}

static struct pending *
pop(struct server *s)
{
	struct pending *first = s->heap[0], *last = s->heap[--s->npending];
	size_t i = 0;

	for (size_t child = 1; child < s->npending; child = 2 * i + 1) {
		if (child + 1 < s->npending && earlier(s->heap[child + 1], s->heap[child]))
			child++;
		if (!earlier(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

static void
send_later(struct server *s, const struct client *client, int64_t delay)
{
	struct pending *p = malloc(sizeof *p + s->reply.len);

	if (p == NULL)
		die("malloc");
	*p = (struct pending){ .due = now() + delay, .order = s->order++, .len = s->reply.len,
		.conn = client->conn == NULL ? 0 : client->conn->id, .peer = client->peer, .peer_len = client->peer_len };
	memcpy(p->bytes, s->reply.bytes, p->len);
	push(s, p);
}

static void
send_due(struct server *s)
{
	while (s->npending > 0 && s->heap[0]->due <= now()) {
		struct pending *p = pop(s);

		if (p->conn == 0)
			sendto(s->udp, p->bytes, p->len, 0, (struct sockaddr *)&p->peer, p->peer_len);
		for (size_t i = 0; p->conn != 0 && i < CONNS; i++) {
			if (s->conns[i].fd >= 0 && s->conns[i].id == p->conn) {
				send_tcp(&s->conns[i], p->bytes, p->len);
				break;
			}
		}
		free(p);
	}
}

/* ---- questions ------------------------------------------------------------------- */

/* Answers one query; false: its connection is to be closed. */
static bool
serve(struct server *s, const struct client *client, struct mt_span query)
{
	static const struct mt_script_wire behave;
	const struct mt_script_wire *wire;
	struct mt_packet_head head;
	char text[MT_WIRE_TEXT];
	int64_t delay = s->latency;

	s->queries++;
	if (!mt_packet_head(&head, query) || head.answer)
		return true;
	wire = mt_script_wire(s->script, mt_wire_name_text(&head.name, text), head.type);
	if (wire == NULL)
		wire = &behave;
	if (client->conn != NULL && (wire->modes & MT_WIRE_TRUNCATE_DEAD))
		return false;
	if ((wire->modes & MT_WIRE_DROP) || !make_reply(s, &head, query, wire->modes, client->conn != NULL))
		return true;
	delay += (int64_t)wire->delay_msec * MSEC;
	if (delay > 0)
		send_later(s, client, delay);
	else if (client->conn != NULL)
		send_tcp(client->conn, s->reply.bytes, s->reply.len);
	else
		sendto(s->udp, s->reply.bytes, s->reply.len, 0, (const struct sockaddr *)&client->peer, client->peer_len);
	return true;
}

static void
read_udp(struct server *s)
{
	char query[4096];

	for (unsigned i = 0; i < BURST; i++) {
		struct client client = { .peer_len = sizeof client.peer };
		ssize_t n = recvfrom(s->udp, query, sizeof query, 0, (struct sockaddr *)&client.peer, &client.peer_len);

		if (n < 0)
			return;
		serve(s, &client, (struct mt_span){ query, (size_t)n });
	}
}

static void
accept_conn(struct server *s)
{
	int fd = accept4(s->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < CONNS; i++) {
		if (s->conns[i].fd < 0) {
			s->conns[i] = (struct conn){ .fd = fd, .id = ++s->conn_ids };
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* Serves the whole queries that are in the buffer. */
static bool
serve_conn(struct server *s, struct conn *c)
{
	struct client client = { .conn = c };
	uint64_t id = c->id;

	while (c->in_len >= 2) {
		size_t len = (size_t)c->in[0] << 8 | c->in[1];

		if (len > sizeof c->in - 2)
			return false;
		if (c->in_len < len + 2)
			break;
		if (!serve(s, &client, (struct mt_span){ (char *)c->in + 2, len }))
			return false;
		if (c->fd < 0 || c->id != id)
			return true;	/* sending found it dead */
		c->in_len -= len + 2;
		memmove(c->in, c->in + len + 2, c->in_len);
	}
	return true;
}

static void
read_conn(struct server *s, struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->in_len += (size_t)n;
	if (n <= 0 || !serve_conn(s, c))
		close_conn(c);
}

/* ---- the process ------------------------------------------------------------------ */

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

static void
read_signal(struct server *s)
{
	struct signalfd_siginfo info;
	struct mt_script *script;

	if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGUSR1) {
		printf("queries %llu\n", (unsigned long long)s->queries);
		fflush(stdout);
	} else if (info.ssi_signo == SIGHUP) {
		script = mt_script_read(s->path, say, NULL);
		if (script != NULL) {
			mt_script_free(s->script);
			s->script = script;
		}
	} else {
		s->ended = true;
	}
}

static void
wait_for_work(struct server *s, struct pollfd fds[3 + CONNS])
{
	struct timespec left = { 0 };
	int64_t usec;

	fds[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = s->udp, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = s->tcp, .events = POLLIN };
	for (size_t i = 0; i < CONNS; i++) {
		struct conn *c = &s->conns[i];

		fds[3 + i] = (struct pollfd){ .fd = c->fd, .events = c->out_len > c->sent ? POLLIN | POLLOUT : POLLIN };
	}
	if (s->npending > 0) {
		usec = s->heap[0]->due - now();
		usec = usec < 0 ? 0 : usec;
		left = (struct timespec){ usec / 1000000, usec % 1000000 * 1000 };
	}
	if (ppoll(fds, 3 + CONNS, s->npending > 0 ? &left : NULL, NULL) < 0 && errno != EINTR)
		die("ppoll");
}

static void
run(struct server *s)
{
	struct pollfd fds[3 + CONNS];

	while (!s->ended) {
		wait_for_work(s, fds);
		if (fds[0].revents != 0)
			read_signal(s);
		if (fds[1].revents != 0)
			read_udp(s);
		for (size_t i = 0; i < CONNS; i++) {
			struct conn *c = &s->conns[i];

			if (fds[3 + i].fd >= 0 && (fds[3 + i].revents & POLLOUT))
				flush_conn(c);
			if (c->fd >= 0 && c->fd == fds[3 + i].fd && (fds[3 + i].revents & ~POLLOUT))
				read_conn(s, c);
		}
		if (fds[2].revents != 0)
			accept_conn(s);
		send_due(s);
	}
}

static int
bound(int type, const struct sockaddr_storage *address, socklen_t len)
{
	int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, room = 8 * 1024 * 1024;

	if (fd < 0)
		die("socket");
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	else if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (bind(fd, (const struct sockaddr *)address, len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static in_port_t *
port_of(struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? &((struct sockaddr_in *)(void *)address)->sin_port :
	    &((struct sockaddr_in6 *)(void *)address)->sin6_port;
}

/* UDP and TCP at the same port; a port of our choice may be taken in one of them. */
static uint16_t
listen_at(struct server *s, struct sockaddr_storage address, uint16_t port)
{
	socklen_t len = address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	for (unsigned i = 0; i < 100; i++) {
		*port_of(&address) = htons(port);
		s->udp = bound(SOCK_DGRAM, &address, len);
		if (s->udp < 0)
			die("bind");
		if (getsockname(s->udp, (struct sockaddr *)&address, &len) < 0)
			die("getsockname");
		s->tcp = bound(SOCK_STREAM, &address, len);
		if (s->tcp >= 0 && listen(s->tcp, 128) == 0)
			return ntohs(*port_of(&address));
		if (s->tcp >= 0)
			close(s->tcp);
		close(s->udp);
		if (port != 0)
			die("bind");
	}
	die("bind");
	return 0;
}

static struct sockaddr_storage
parse_address(const char *text)
{
	struct sockaddr_storage address = { 0 };
	struct mt_ip ip;

	if (!mt_ip_parse(&ip, mt_span_text(text))) {
		fprintf(stderr, "%s: no address\n", text);
		exit(EXIT_FAILURE);
	}
	address.ss_family = ip.family == 4 ? AF_INET : AF_INET6;
	if (ip.family == 4)
		memcpy(&((struct sockaddr_in *)(void *)&address)->sin_addr, ip.bytes, 4);
	else
		memcpy(&((struct sockaddr_in6 *)(void *)&address)->sin6_addr, ip.bytes, 16);
	return address;
}

static unsigned
parse_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > most) {
		fprintf(stderr, "%s: no number up to %lu\n", text, most);
		exit(EXIT_FAILURE);
	}
	return (unsigned)n;
}

int
main(int argc, char **argv)
{
	static struct server server;
	struct sockaddr_storage address = parse_address("127.0.0.1");
	uint16_t port = 0;
	sigset_t signals;
	int option;

	while ((option = getopt(argc, argv, "a:l:p:")) != -1) {
		if (option == 'a')
			address = parse_address(optarg);
		else if (option == 'l')
			server.latency = (int64_t)parse_number(optarg, 3600000) * MSEC;
		else if (option == 'p')
			port = (uint16_t)parse_number(optarg, UINT16_MAX);
		else
			return EXIT_FAILURE;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: nameserver [-a address] [-p port] [-l msec] answers-file\n");
		return EXIT_FAILURE;
	}
	server.path = argv[optind];
	server.script = mt_script_read(server.path, say, NULL);
	if (server.script == NULL)
		return EXIT_FAILURE;
	for (size_t i = 0; i < CONNS; i++)
		server.conns[i].fd = -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	server.signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (server.signals < 0)
		die("signalfd");
	port = listen_at(&server, address, port);
	printf("port %u\n", port);
	fflush(stdout);
	run(&server);
	for (size_t i = 0; i < CONNS; i++)
		if (server.conns[i].fd >= 0)
			close_conn(&server.conns[i]);
	while (server.npending > 0)
		free(pop(&server));
	free(server.heap);
	mt_script_free(server.script);
	return EXIT_SUCCESS;
}
