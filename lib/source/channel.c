/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows c-ares, alone in this project; knows nothing of questions, and never asks libc.
 *
 * c-ares 1.18.1 has no locks, so one thread does all but waking.  It cannot tell which
 * server said what, and comes back to a dead one with every question: so each channel
 * knows one server and makes one try.  A channel keeps its UDP source port while packets
 * are under way, so after some a new channel takes over and the old one drains: an
 * attacker off the path has to guess a new port (RFC 5452, 9.2). */
#define CARES_NO_DEPRECATED
#include "lib/source/channel.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/ip.h"

#define UDP_PACKETS 200			/* sent by one channel before another takes over */
#define TCP_PACKETS 20			/* one connection: when it breaks, it breaks for all of them */
#define CHANNELS 1024			/* draining at once; then the last one serves on */
#define RECEIVE_BUFFER (256 * 1024)	/* room for the answers to all packets of a channel */
#define CUT 512				/* see mt_channel_cut() */
#define EVENTS 64
#define WAKE UINT32_MAX			/* the eventfd among the slots */

struct channel {
	ares_channel ares;
	struct mt_channels *all;
	uint32_t slot;
	unsigned server;
	bool tcp;
	bool broken;			/* its server cannot be reached */
	unsigned sent, open;		/* packets given to it; not yet called back */
};

/* A packet under way. */
struct packet {
	struct channel *channel;
	void *ctx;
};

struct mt_channels {
	struct mt_channel_options options;
	mt_channel_fn *done;
	int epoll, wake;
	struct channel *slots[CHANNELS];
	struct channel *current[MT_SERVERS][2];	/* UDP, TCP: take new packets; NULL: to be made */
	unsigned open;			/* packets under way */
	bool untidy;			/* some channel has nothing left to do, or is broken */
	bool init_failed;		/* and it was said */
};

static bool
is_current(const struct channel *c)
{
	return c == c->all->current[c->server][c->tcp];
}

/* The kernel tells of a closed port once a socket, and c-ares passes it on to one packet:
 * the others need not wait for their time-outs. */
static void
broke(struct channel *c)
{
	c->broken = c->all->untidy = true;
	if (is_current(c))
		c->all->current[c->server][c->tcp] = NULL;
}

/* c-ares is done with a packet; runs inside ares_send, ares_process_fd or ares_destroy, so
 * it must not end a channel. */
static void
on_done(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct packet *packet = arg;
	struct channel *c = packet->channel;
	struct mt_channels *all = c->all;
	void *ctx = packet->ctx;
	enum mt_channel_end end = MT_CHANNEL_BROKEN;

	(void)timeouts;
	free(packet);
	all->open--;
	if (--c->open == 0 && !is_current(c))
		all->untidy = true;
	if (status == ARES_SUCCESS && bytes != NULL && len > 0) {
		all->done(ctx, MT_CHANNEL_REPLY, (struct mt_span){ (const char *)bytes, (size_t)len });
		return;
	}
	if (status == ARES_ETIMEOUT)
		end = MT_CHANNEL_QUIET;
	else if (status == ARES_EDESTRUCTION && !c->broken)
		end = MT_CHANNEL_CLOSED;
	else if (status == ARES_ECONNREFUSED && !c->tcp)
		broke(c);
	all->done(ctx, end, MT_ABSENT);
}

/* ---- channels --------------------------------------------------------------------- */

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct epoll_event event = { .data.u64 = (uint64_t)c->slot << 32 | (uint32_t)fd };

	if (!readable && !writable) {
		epoll_ctl(c->all->epoll, EPOLL_CTL_DEL, fd, NULL);
		return;
	}
	event.events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(c->all->epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(c->all->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int
set_server(ares_channel ares, const struct mt_server *server)
{
	struct ares_addr_port_node node = { .family = server->ip.family == 4 ? AF_INET : AF_INET6,
		.udp_port = server->port, .tcp_port = server->port };

	memcpy(&node.addr, server->ip.bytes, server->ip.family == 4 ? 4 : 16);
	return ares_set_servers_ports(ares, &node);
}

/* c NULL: only to read resolv.conf(5). */
static int
init_ares(struct mt_channels *all, struct channel *c, ares_channel *ares)
{
	char nowhere[] = "/dev/null", lookups[] = "b";
	/* NOCHECKRESP hands over SERVFAIL, REFUSED and NOTIMP as they are; IGNTC leaves
	 * truncation to us, for c-ares lets a TCP that fails end all of its channel. */
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP |
		    ARES_FLAG_IGNTC | (c != NULL && c->tcp ? ARES_FLAG_USEVC : 0),
		.timeout = (int)all->options.listen_msec, .tries = 1, .lookups = lookups,
		.ednspsz = MT_PACKET_EDNS, .socket_receive_buffer_size = RECEIVE_BUFFER,
		.sock_state_cb = on_socket, .sock_state_cb_data = c, .resolvconf_path = nowhere,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ |
	    ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS;
	char line[160];
	int status;

	if (c != NULL)
		mask |= ARES_OPT_RESOLVCONF;
#ifdef ARES_OPT_QUERY_CACHE		/* since 1.31: on if not told otherwise */
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	status = ares_init_options(ares, &options, mask);
	if (status != ARES_SUCCESS && !all->init_failed && all->options.say != NULL) {
		snprintf(line, sizeof line, "dns: c-ares cannot start: %s", ares_strerror(status));
		all->options.say(all->options.ctx, line);
	}
	all->init_failed = status != ARES_SUCCESS;
	return status;
}

/* A new channel in a free slot; NULL: no slot, or trouble. */
static struct channel *
open_one(struct mt_channels *all, unsigned n, const struct mt_server *server, bool tcp)
{
	struct channel *c;
	uint32_t slot = 0;

	while (slot < CHANNELS && all->slots[slot] != NULL)
		slot++;
	if (slot == CHANNELS || (c = calloc(1, sizeof *c)) == NULL)
		return NULL;
	*c = (struct channel){ .all = all, .slot = slot, .server = n, .tcp = tcp };
	if (init_ares(all, c, &c->ares) != ARES_SUCCESS) {
		free(c);
		return NULL;
	}
	if (set_server(c->ares, server) != ARES_SUCCESS) {
		ares_destroy(c->ares);
		free(c);
		return NULL;
	}
	all->slots[slot] = c;
	return c;
}

static void
close_one(struct channel *c)
{
	ares_destroy(c->ares);		/* calls back for what is still open */
	c->all->slots[c->slot] = NULL;
	free(c);
}

void
mt_channel_tidy(struct mt_channels *all)
{
	if (!all->untidy)
		return;
	all->untidy = false;
	for (size_t i = 0; i < CHANNELS; i++) {
		struct channel *c = all->slots[i];

		if (c != NULL && (c->broken || (c->open == 0 && !is_current(c))))
			close_one(c);
	}
}

/* The channel for a new packet. */
static struct channel *
find_one(struct mt_channels *all, unsigned n, const struct mt_server *server, bool tcp, bool alone)
{
	struct channel *c, *old = all->current[n][tcp];

	if (alone && (c = open_one(all, n, server, tcp)) != NULL)
		return c;
	if (old != NULL && old->sent < (tcp ? TCP_PACKETS : UDP_PACKETS))
		return old;
	c = open_one(all, n, server, tcp);
	if (c == NULL)
		return old;		/* an old port is better than no answer */
	all->current[n][tcp] = c;
	all->untidy = all->untidy || (old != NULL && old->open == 0);
	return c;
}

/* ---- packets ------------------------------------------------------------------------ */

bool
mt_channel_send(struct mt_channels *all, unsigned n, const struct mt_server *server, bool tcp, bool alone,
    unsigned char *packet, size_t len, void *ctx)
{
	struct packet *p;
	struct channel *c;

	/* In 1.18.1 the id of ares_send() is ours; so few bytes are always there at once. */
	if (getrandom(packet, 2, 0) != 2)
		return false;
	p = malloc(sizeof *p);
	c = p == NULL ? NULL : find_one(all, n, server, tcp, alone);
	if (c == NULL) {
		free(p);
		return false;
	}
	*p = (struct packet){ c, ctx };
	c->sent++;
	c->open++;
	all->open++;
	ares_send(c->ares, packet, (int)len, on_done, p);
	return true;
}

/* 1.18.1 cuts what is longer than was asked for; and once a server has answered FORMERR to
 * EDNS (RFC 6891, 7) it cuts all that comes through the same channel to 512 bytes. */
bool
mt_channel_cut(struct mt_span packet)
{
	return packet.len == CUT || packet.len == MT_PACKET_EDNS;
}

void
mt_channel_renew(struct mt_channels *all)
{
	memset(all->current, 0, sizeof all->current);
	all->untidy = true;
}

unsigned
mt_channel_busy(const struct mt_channels *all)
{
	return all->open;
}

/* ---- waiting ------------------------------------------------------------------------- */

static void
handle(struct mt_channels *all, const struct epoll_event *event)
{
	uint32_t slot = (uint32_t)(event->data.u64 >> 32);
	ares_socket_t fd = (ares_socket_t)(uint32_t)event->data.u64;
	uint64_t wakes;

	if (slot == WAKE) {
		if (read(all->wake, &wakes, sizeof wakes) < 0)
			return;		/* nothing to clear */
	} else if (all->slots[slot] != NULL) {
		/* An error wakes both sides: c-ares finds it by reading or writing. */
		ares_process_fd(all->slots[slot]->ares, event->events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
		    event->events & ~(uint32_t)EPOLLIN ? fd : ARES_SOCKET_BAD);
	}
}

void
mt_channel_wait(struct mt_channels *all, int msec)
{
	struct epoll_event events[EVENTS];
	int n;

	n = epoll_wait(all->epoll, events, EVENTS, msec);
	for (int i = 0; i < n; i++)
		handle(all, &events[i]);
}

void
mt_channel_tick(struct mt_channels *all)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (all->slots[i] != NULL && all->slots[i]->open > 0)
			ares_process_fd(all->slots[i]->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void
mt_channel_wake(struct mt_channels *all)
{
	/* EAGAIN: the counter is full, so the thread is awake. */
	while (write(all->wake, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0 && errno == EINTR)
		continue;
}

/* ---- from outside --------------------------------------------------------------------- */

void
mt_channel_servers(struct mt_channels *all, struct mt_servers *servers)
{
	struct ares_addr_port_node *list = NULL;
	ares_channel ares;

	*servers = (struct mt_servers){ .count = 0 };
	if (init_ares(all, NULL, &ares) != ARES_SUCCESS)
		return;
	if (ares_get_servers_ports(ares, &list) == ARES_SUCCESS) {
		const struct ares_addr_port_node *n = list;

		for (; n != NULL && servers->count < MT_SERVERS; n = n->next) {
			struct mt_server *server = &servers->server[servers->count++];

			server->ip = mt_ip_bytes((const unsigned char *)&n->addr, n->family == AF_INET ? 4 : 16);
			server->port = (uint16_t)(n->udp_port != 0 ? n->udp_port : 53);
		}
		ares_free_data(list);
	}
	ares_destroy(ares);
}

struct mt_channels *
mt_channel_open(const struct mt_channel_options *options, mt_channel_fn *done)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)WAKE << 32 };
	struct mt_channels *all = calloc(1, sizeof *all);

	if (all == NULL)
		return NULL;
	all->options = *options;
	all->done = done;
	all->epoll = epoll_create1(EPOLL_CLOEXEC);
	all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->epoll >= 0 && all->wake >= 0 && epoll_ctl(all->epoll, EPOLL_CTL_ADD, all->wake, &event) == 0)
		return all;
	mt_channel_close(all);
	return NULL;
}

void
mt_channel_stop(struct mt_channels *all)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (all->slots[i] != NULL)
			close_one(all->slots[i]);
	memset(all->current, 0, sizeof all->current);
}

void
mt_channel_close(struct mt_channels *all)
{
	if (all == NULL)
		return;
	if (all->epoll >= 0)
		close(all->epoll);
	if (all->wake >= 0)
		close(all->wake);
	free(all);
}
