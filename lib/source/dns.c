/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows c-ares, alone in this project, and one thread that owns its channels; reads no
 * packet itself (packet.c), keeps no answer (the cache does), and never asks libc.
 *
 * c-ares 1.18.1 has no locks, so everything but ask and close runs on the one thread.  A
 * channel keeps its UDP source port while questions are under way, so after some
 * questions a new channel takes over and the old one drains: an attacker off the path has
 * to guess a new port (RFC 5452, 9.2).  A new channel also reads resolv.conf(5) anew. */
#define CARES_NO_DEPRECATED
#include "lib/source/dns.h"

#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/source/breaker.h"
#include "lib/source/packet.h"

#define CHANNEL_QUESTIONS 200		/* asked by one channel before another takes over */
#define CHANNELS 1024			/* draining at once; then the last one serves on */
#define RECEIVE_BUFFER (256 * 1024)	/* room for the answers to all questions of a channel */
#define TICK_MSEC 20			/* how exact c-ares' own time-outs are */
#define EVENTS 64
#define WAKE UINT32_MAX			/* the eventfd among the slots */
#define RCODE_FORMERR 1

/* With NOCHECKRESP c-ares hands over SERVFAIL, REFUSED and NOTIMP as they are; without it
 * it goes on to the next server, and in the end cannot say what the trouble was.  So a
 * question is asked in the first way, and where there are more servers, and the first
 * will not answer, once more in the second. */
enum channel_kind { CHANNEL_PLAIN, CHANNEL_OTHERS, CHANNEL_KINDS };

struct dns;

struct channel {
	ares_channel ares;
	struct dns *dns;
	uint32_t slot;
	unsigned asked, open;		/* questions given to it; not yet called back */
	bool tcp;			/* it has gone over to TCP for some answer */
	enum channel_kind kind;
};

/* Lives until c-ares has called back, which may be after its delivery. */
struct question {
	struct question *next;		/* in a list of those to be started */
	struct question *older, *newer;	/* in the order of deadlines */
	struct dns *dns;
	struct channel *channel;
	mt_answer_fn *done;		/* NULL: delivered */
	void *ctx;
	int64_t asked_msec, deadline_msec;
	uint64_t mark;			/* of the breaker, when it was asked */
	enum mt_rrtype type;
	bool listed;			/* stands in the order of deadlines */
	bool edns;
	enum channel_kind kind;
	enum mt_cause first_cause;	/* of CHANNEL_OTHERS: what the first server said */
	char name[];
};

struct list {
	struct question *first, **last;
};

struct server {
	struct mt_ip ip;
	uint16_t port;
};

struct dns {
	struct mt_resolver resolver;
	struct mt_dns_options options;
	struct mt_packet_rules rules;
	struct server *servers;
	void (*say)(void *ctx, int priority, const char *line);
	void *say_ctx;
	struct mt_answer *spare;	/* for want of memory */
	int epoll, wake;
	pthread_t thread;
	atomic_uint waiting;		/* not yet delivered */
	atomic_uint alive;		/* not yet freed */

	pthread_mutex_t lock;		/* of the next two */
	struct list submitted;
	bool closing;

	/* The thread's own. */
	struct list again;		/* to be asked once more, in another form */
	struct question *oldest, *newest;
	struct channel *slots[CHANNELS];
	struct channel *current[CHANNEL_KINDS];	/* take new questions; NULL: to be made */
	size_t nservers;		/* that the newest channel knows */
	bool drained;			/* some channel has nothing left to do */
	bool init_failed;		/* and it was said */
	struct mt_breaker breaker;
	int64_t ticked_msec;
};

static int64_t
now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
say(struct dns *dns, int priority, const char *line)
{
	if (dns->say != NULL)
		dns->say(dns->say_ctx, priority, line);
}

static void
list_add(struct list *list, struct question *q)
{
	q->next = NULL;
	if (list->first == NULL)
		list->first = q;
	else
		*list->last = q;
	list->last = &q->next;
}

static struct question *
list_take(struct list *list)
{
	struct question *q = list->first;

	if (q != NULL)
		list->first = q->next;
	return q;
}

/* ---- questions ------------------------------------------------------------------ */

/* Deadlines are all the same time away, so the order of asking is theirs. */
static void
deadline_add(struct dns *dns, struct question *q)
{
	q->listed = true;
	q->older = dns->newest;
	q->newer = NULL;
	if (dns->newest == NULL)
		dns->oldest = q;
	else
		dns->newest->newer = q;
	dns->newest = q;
}

static void
deadline_remove(struct dns *dns, struct question *q)
{
	if (!q->listed)
		return;
	q->listed = false;
	if (q->older == NULL)
		dns->oldest = q->newer;
	else
		q->older->newer = q->newer;
	if (q->newer == NULL)
		dns->newest = q->older;
	else
		q->newer->older = q->older;
}

/* Hands over an answer (NULL: there was no memory for one). */
static void
deliver(struct question *q, struct mt_answer *answer)
{
	struct dns *dns = q->dns;
	mt_answer_fn *done = q->done;

	q->done = NULL;
	deadline_remove(dns, q);
	if (answer == NULL)
		answer = mt_answer_ref(dns->spare);
	else
		answer->msec = (uint32_t)(now_msec() - q->asked_msec);
	atomic_fetch_sub(&dns->waiting, 1);
	done(q->ctx, answer);
}

static void
deliver_cause(struct question *q, enum mt_cause cause)
{
	deliver(q, mt_answer_new(cause, 0, 0));
}

static void
forget(struct question *q)
{
	atomic_fetch_sub(&q->dns->alive, 1);
	free(q);
}

/* A question ends without an answer from any server. */
static void
fail(struct question *q, enum mt_cause cause)
{
	struct dns *dns = q->dns;
	char line[160];

	if (mt_breaker_failed(&dns->breaker, q->mark, now_msec())) {
		snprintf(line, sizeof line,
		    "dns: no answer to %u questions in a row: asking stops, but for a probe now and then",
		    dns->breaker.failures);
		say(dns, LOG_WARNING, line);
	}
	deliver_cause(q, cause);
}

/* What a status of c-ares means where it has no packet for us. */
static enum mt_cause
status_cause(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
		return MT_CAUSE_TIMEOUT;
	case ARES_EBADRESP:
	case ARES_EFORMERR:
		return MT_CAUSE_GARBAGE;
	case ARES_ENOMEM:
		return MT_CAUSE_LIMIT;
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
		return MT_CAUSE_BAD_NAME;
	default:			/* among them a TCP that failed after truncation */
		return MT_CAUSE_NETWORK;
	}
}

static void
on_reply(struct question *q, struct mt_span packet)
{
	struct dns *dns = q->dns;
	struct mt_packet_head head;
	struct mt_answer *answer;

	if (mt_breaker_answered(&dns->breaker))
		say(dns, LOG_NOTICE, "dns: a name server answers again: asking goes on");
	if (q->done == NULL) {
		forget(q);
		return;
	}
	if (q->edns && mt_packet_head(&head, packet) && head.rcode == RCODE_FORMERR) {
		q->edns = false;	/* RFC 6891, 7: it knows no EDNS */
		list_add(&dns->again, q);
		return;
	}
	answer = mt_packet_read(packet, q->name, q->type, &dns->rules);
	if (answer != NULL && (answer->cause == MT_CAUSE_SERVFAIL || answer->cause == MT_CAUSE_REFUSED) &&
	    q->kind == CHANNEL_PLAIN && dns->nservers > 1) {
		q->kind = CHANNEL_OTHERS;
		q->first_cause = answer->cause;
		mt_answer_unref(answer);
		list_add(&dns->again, q);
		return;
	}
	deliver(q, answer);
	forget(q);
}

/* c-ares is done with a question; runs inside ares_send, ares_process_fd or
 * ares_destroy, so it must not end a channel. */
static void
on_done(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct question *q = arg;
	struct channel *c = q->channel;
	struct dns *dns = q->dns;
	enum mt_cause cause;

	(void)timeouts;
	if (--c->open == 0 && c != dns->current[c->kind])
		dns->drained = true;
	q->channel = NULL;
	if (status == ARES_SUCCESS && bytes != NULL && len > 0) {
		on_reply(q, (struct mt_span){ (const char *)bytes, (size_t)len });
		return;
	}
	cause = q->kind == CHANNEL_OTHERS ? q->first_cause : status_cause(status);
	/* Where TCP failed a server may well have answered over UDP, and a stranger's large
	 * records must not open the breaker. */
	if (q->done != NULL &&
	    (cause == MT_CAUSE_TIMEOUT || (cause == MT_CAUSE_NETWORK && status == ARES_ECONNREFUSED && !c->tcp)))
		fail(q, cause);
	else if (q->done != NULL)
		deliver_cause(q, cause);
	forget(q);
}

/* ---- channels --------------------------------------------------------------------- */

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct epoll_event event = { .data.u64 = (uint64_t)c->slot << 32 | (uint32_t)fd };
	socklen_t len = sizeof(int);
	int type = 0;

	if (!readable && !writable) {
		epoll_ctl(c->dns->epoll, EPOLL_CTL_DEL, fd, NULL);
		return;
	}
	event.events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(c->dns->epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT) {
		epoll_ctl(c->dns->epoll, EPOLL_CTL_ADD, fd, &event);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM)
			c->tcp = true;
	}
}

static int
set_servers(struct dns *dns, ares_channel ares)
{
	struct ares_addr_port_node *nodes;
	int status;

	if (dns->options.nservers == 0)
		return ARES_SUCCESS;
	nodes = calloc(dns->options.nservers, sizeof *nodes);
	if (nodes == NULL)
		return ARES_ENOMEM;
	for (size_t i = 0; i < dns->options.nservers; i++) {
		const struct server *s = &dns->servers[i];

		nodes[i].family = s->ip.family == 4 ? AF_INET : AF_INET6;
		memcpy(&nodes[i].addr, s->ip.bytes, s->ip.family == 4 ? 4 : 16);
		nodes[i].udp_port = nodes[i].tcp_port = s->port;
		nodes[i].next = i + 1 < dns->options.nservers ? &nodes[i + 1] : NULL;
	}
	status = ares_set_servers_ports(ares, nodes);
	free(nodes);
	return status;
}

static int
init_ares(struct channel *c)
{
	const struct mt_dns_options *o = &c->dns->options;
	char nowhere[] = "/dev/null", lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS |
		    (c->kind == CHANNEL_PLAIN ? ARES_FLAG_NOCHECKRESP : 0),
		.timeout = (int)o->timeout_msec, .tries = (int)o->tries, .lookups = lookups,
		.ednspsz = MT_PACKET_EDNS, .socket_receive_buffer_size = RECEIVE_BUFFER,
		.sock_state_cb = on_socket, .sock_state_cb_data = c, .resolvconf_path = nowhere,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ |
	    ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS;
	int status;

	if (o->nservers > 0)
		mask |= ARES_OPT_RESOLVCONF;
#ifdef ARES_OPT_QUERY_CACHE		/* since 1.31: on if not told otherwise */
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	status = ares_init_options(&c->ares, &options, mask);
	if (status != ARES_SUCCESS)
		return status;
	status = set_servers(c->dns, c->ares);
	if (status != ARES_SUCCESS)
		ares_destroy(c->ares);
	return status;
}

static size_t
count_servers(ares_channel ares)
{
	struct ares_addr_port_node *list = NULL;
	size_t count = 0;

	if (ares_get_servers_ports(ares, &list) != ARES_SUCCESS)
		return 0;
	for (const struct ares_addr_port_node *n = list; n != NULL; n = n->next)
		count++;
	ares_free_data(list);
	return count;
}

/* A new channel in a free slot; NULL: no slot, or trouble. */
static struct channel *
channel_open(struct dns *dns, enum channel_kind kind)
{
	struct channel *c;
	uint32_t slot = 0;
	char line[160];
	int status;

	while (slot < CHANNELS && dns->slots[slot] != NULL)
		slot++;
	if (slot == CHANNELS || (c = calloc(1, sizeof *c)) == NULL)
		return NULL;
	c->dns = dns;
	c->slot = slot;
	c->kind = kind;
	status = init_ares(c);
	if (status != ARES_SUCCESS) {
		if (!dns->init_failed) {
			snprintf(line, sizeof line, "dns: c-ares cannot start: %s", ares_strerror(status));
			say(dns, LOG_ERR, line);
		}
		dns->init_failed = true;
		free(c);
		return NULL;
	}
	dns->init_failed = false;
	dns->nservers = count_servers(c->ares);
	dns->slots[slot] = c;
	return c;
}

static void
channel_close(struct channel *c)
{
	ares_destroy(c->ares);		/* calls back for what is still open */
	c->dns->slots[c->slot] = NULL;
	free(c);
}

/* The channel for a new question. */
static struct channel *
channel_now(struct dns *dns, enum channel_kind kind)
{
	struct channel *c, *old = dns->current[kind];

	if (old != NULL && old->asked < CHANNEL_QUESTIONS)
		return old;
	c = channel_open(dns, kind);
	if (c == NULL)
		return old;		/* an old port is better than no answer */
	dns->current[kind] = c;
	if (old != NULL && old->open == 0)
		dns->drained = true;
	return c;
}

static void
close_drained(struct dns *dns)
{
	dns->drained = false;
	for (size_t i = 0; i < CHANNELS; i++) {
		struct channel *c = dns->slots[i];

		if (c != NULL && c != dns->current[c->kind] && c->open == 0)
			channel_close(c);
	}
}

/* ---- the thread -------------------------------------------------------------------- */

/* Gives a question to c-ares, which may call back at once. */
static void
ask_ares(struct dns *dns, struct question *q)
{
	unsigned char packet[MT_PACKET_ASK];
	uint16_t id = 0;
	size_t len;
	/* In 1.18.1 the id of ares_send() is ours; so few bytes are always there at once. */
	bool random = getrandom(&id, sizeof id, 0) == (ssize_t)sizeof id;

	len = mt_packet_ask(packet, q->name, q->type, id, q->edns, dns->rules.trusted);
	q->channel = len == 0 || !random ? NULL : channel_now(dns, q->kind);
	if (q->channel == NULL) {
		deliver_cause(q, len == 0 ? MT_CAUSE_BAD_NAME : MT_CAUSE_NETWORK);
		forget(q);
		return;
	}
	q->channel->asked++;
	q->channel->open++;
	ares_send(q->channel->ares, packet, (int)len, on_done, q);
}

static void
start(struct dns *dns, struct question *q)
{
	if (!mt_breaker_pass(&dns->breaker, now_msec())) {
		deliver_cause(q, MT_CAUSE_BREAKER);
		forget(q);
		return;
	}
	q->mark = mt_breaker_mark(&dns->breaker);
	deadline_add(dns, q);
	ask_ares(dns, q);
}

/* Starts what is to be started; true: the resolver is to end. */
static bool
start_all(struct dns *dns)
{
	struct list submitted;
	struct question *q;
	bool closing;

	pthread_mutex_lock(&dns->lock);
	submitted = dns->submitted;
	dns->submitted.first = NULL;
	closing = dns->closing;
	pthread_mutex_unlock(&dns->lock);
	while ((q = list_take(&submitted)) != NULL) {
		if (closing) {
			deliver_cause(q, MT_CAUSE_NETWORK);
			forget(q);
		} else {
			start(dns, q);
		}
	}
	while ((q = list_take(&dns->again)) != NULL) {
		if (q->done != NULL && !closing) {
			ask_ares(dns, q);
			continue;
		}
		if (q->done != NULL)
			deliver_cause(q, MT_CAUSE_NETWORK);
		forget(q);
	}
	return closing;
}

/* c-ares goes on with what is past its deadline, and is not listened to. */
static void
expire(struct dns *dns, int64_t now)
{
	while (dns->oldest != NULL && dns->oldest->deadline_msec <= now)
		fail(dns->oldest, MT_CAUSE_TIMEOUT);
}

static void
tick(struct dns *dns, int64_t now)
{
	if (now - dns->ticked_msec < TICK_MSEC)
		return;
	dns->ticked_msec = now;
	for (size_t i = 0; i < CHANNELS; i++)
		if (dns->slots[i] != NULL && dns->slots[i]->open > 0)
			ares_process_fd(dns->slots[i]->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static int
wait_msec(const struct dns *dns)
{
	int64_t left;

	if (atomic_load(&dns->alive) == 0)
		return -1;
	if (dns->oldest == NULL)
		return TICK_MSEC;
	left = dns->oldest->deadline_msec - now_msec();
	return left < 0 ? 0 : left < TICK_MSEC ? (int)left : TICK_MSEC;
}

static void
handle(struct dns *dns, const struct epoll_event *event)
{
	uint32_t slot = (uint32_t)(event->data.u64 >> 32);
	ares_socket_t fd = (ares_socket_t)(uint32_t)event->data.u64;
	uint64_t count;

	if (slot == WAKE) {
		if (read(dns->wake, &count, sizeof count) < 0)
			return;		/* nothing to clear */
	} else if (dns->slots[slot] != NULL) {
		/* An error wakes both sides: c-ares finds it by reading or writing. */
		ares_process_fd(dns->slots[slot]->ares, event->events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
		    event->events & ~(uint32_t)EPOLLIN ? fd : ARES_SOCKET_BAD);
	}
}

static void *
run(void *arg)
{
	struct dns *dns = arg;
	struct epoll_event events[EVENTS];
	int64_t now;
	int n;

	while (!start_all(dns)) {
		n = epoll_wait(dns->epoll, events, EVENTS, dns->again.first != NULL ? 0 : wait_msec(dns));
		for (int i = 0; i < n; i++)
			handle(dns, &events[i]);
		now = now_msec();
		tick(dns, now);
		expire(dns, now);
		if (dns->drained)
			close_drained(dns);
	}
	for (size_t i = 0; i < CHANNELS; i++)
		if (dns->slots[i] != NULL)
			channel_close(dns->slots[i]);
	start_all(dns);
	return NULL;
}

/* ---- from outside -------------------------------------------------------------------- */

static void
refuse(struct dns *dns, enum mt_cause cause, mt_answer_fn *done, void *ctx)
{
	struct mt_answer *answer = mt_answer_new(cause, 0, 0);

	done(ctx, answer != NULL ? answer : mt_answer_ref(dns->spare));
}

/* How much of the queue a question of this type may fill.  A stranger chooses how many
 * names we are to look up, but has one address: that question must still find room. */
static unsigned
queue_of(const struct dns *dns, enum mt_rrtype type)
{
	return type == MT_RR_PTR ? dns->options.queue : dns->options.queue - dns->options.queue / 10;
}

/* A question within the bounds, counted; NULL and the cause that says why not. */
static struct question *
question_new(struct dns *dns, const char *name, enum mt_rrtype type, enum mt_cause *cause)
{
	unsigned most = queue_of(dns, type);
	struct question *q = NULL;
	size_t len;

	*cause = MT_CAUSE_BAD_NAME;
	if (!mt_name_askable(mt_span_text(name)))
		return NULL;
	*cause = MT_CAUSE_LIMIT;
	len = strlen(name) + 1;
	/* What is delivered but still with c-ares takes room of its own, as much again. */
	if (atomic_fetch_add(&dns->waiting, 1) < most) {
		if (atomic_fetch_add(&dns->alive, 1) / 2 < most)
			q = calloc(1, sizeof *q + len);
		if (q == NULL)
			atomic_fetch_sub(&dns->alive, 1);
	}
	if (q == NULL)
		atomic_fetch_sub(&dns->waiting, 1);
	else
		memcpy(q->name, name, len);
	return q;
}

static void
dns_ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct dns *dns = (struct dns *)self;
	enum mt_cause cause;
	struct question *q = question_new(dns, name, type, &cause);
	bool first, closing;

	if (q == NULL) {
		refuse(dns, cause, done, ctx);
		return;
	}
	q->dns = dns;
	q->type = type;
	q->done = done;
	q->ctx = ctx;
	q->edns = true;
	pthread_mutex_lock(&dns->lock);
	q->asked_msec = now_msec();
	q->deadline_msec = q->asked_msec + dns->options.deadline_msec;
	closing = dns->closing;
	first = dns->submitted.first == NULL;
	if (!closing)
		list_add(&dns->submitted, q);
	pthread_mutex_unlock(&dns->lock);
	if (closing) {
		deliver_cause(q, MT_CAUSE_NETWORK);
		forget(q);
	} else if (first && write(dns->wake, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0) {
		return;			/* its counter is full: the thread is awake */
	}
}

static void
dns_free(struct dns *dns)
{
	if (dns->epoll >= 0)
		close(dns->epoll);
	if (dns->wake >= 0)
		close(dns->wake);
	pthread_mutex_destroy(&dns->lock);
	mt_answer_unref(dns->spare);
	free(dns->servers);
	free(dns);
}

static void
dns_close(struct mt_resolver *self)
{
	struct dns *dns = (struct dns *)self;

	if (dns == NULL)
		return;
	pthread_mutex_lock(&dns->lock);
	dns->closing = true;
	pthread_mutex_unlock(&dns->lock);
	while (write(dns->wake, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0 && errno == EINTR)
		continue;
	pthread_join(dns->thread, NULL);
	dns_free(dns);
}

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53". */
static bool
parse_server(struct server *server, struct mt_span text)
{
	const char *end = text.ptr + text.len, *colon = NULL;
	unsigned port = 0;

	server->port = 53;
	if (text.len == 0)
		return false;
	if (text.ptr[0] == '[') {
		colon = memchr(text.ptr, ']', text.len);
		colon = colon == NULL || colon + 1 == end ? NULL : colon + 1;
	} else if ((colon = memchr(text.ptr, ':', text.len)) != NULL &&
	    memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
		colon = NULL;		/* IPv6 without a port */
	}
	if (colon == NULL)
		return mt_ip_parse(&server->ip, text);
	if (*colon != ':' || end - colon < 2 || end - colon > 6)
		return false;
	for (const char *p = colon + 1; p < end; p++) {
		if (!mt_is_digit(*p))
			return false;
		port = port * 10 + (unsigned)(*p - '0');
	}
	server->port = (uint16_t)port;
	return port >= 1 && port <= UINT16_MAX && mt_ip_parse(&server->ip, mt_span_between(text.ptr, colon));
}

static bool
watch_wake(struct dns *dns)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)WAKE << 32 };

	dns->epoll = epoll_create1(EPOLL_CLOEXEC);
	dns->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return dns->epoll >= 0 && dns->wake >= 0 && epoll_ctl(dns->epoll, EPOLL_CTL_ADD, dns->wake, &event) == 0;
}

/* Signals are the process's: none is taken on this thread.  That covers SIGPIPE, which
 * c-ares 1.18.1 does not keep away from its TCP sockets. */
static bool
start_thread(struct dns *dns)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&dns->thread, NULL, run, dns) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_setname_np(dns->thread, "mt-dns");
	return started;
}

struct mt_resolver *
mt_dns_open(const struct mt_dns_options *options, void (*say_fn)(void *ctx, int priority, const char *line),
    void *ctx, int *error)
{
	struct dns *dns = calloc(1, sizeof *dns);

	*error = MT_ENOMEM;
	if (dns == NULL)
		return NULL;
	*dns = (struct dns){ .resolver = { dns_ask, dns_close }, .options = *options, .say = say_fn,
		.say_ctx = ctx, .epoll = -1, .wake = -1, .breaker = { .limit = options->breaker },
		.rules = { options->negative_ttl_sec, options->trusted } };
	pthread_mutex_init(&dns->lock, NULL);
	dns->options.servers = NULL;	/* lent for this call only */
	dns->spare = mt_answer_new(MT_CAUSE_LIMIT, 0, 0);
	dns->servers = calloc(options->nservers + 1, sizeof *dns->servers);
	if (dns->spare == NULL || dns->servers == NULL)
		goto out;
	*error = MT_EINVAL;
	for (size_t i = 0; i < options->nservers; i++)
		if (!parse_server(&dns->servers[i], options->servers[i]))
			goto out;
	if (options->timeout_msec == 0 || options->tries == 0 || options->timeout_msec > INT32_MAX ||
	    options->tries > 100)
		goto out;
	*error = MT_EIO;
	if (!watch_wake(dns) || !start_thread(dns))
		goto out;
	*error = MT_OK;
	return &dns->resolver;
out:
	dns_free(dns);
	return NULL;
}
