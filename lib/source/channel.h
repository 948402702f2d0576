/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets to name servers and back, with ports and ids that are hard to guess, by c-ares.
 * All by one thread, but for mt_channel_wake(). */
#ifndef MT_SOURCE_CHANNEL_H
#define MT_SOURCE_CHANNEL_H

#include "lib/source/packet.h"
#include "lib/source/servers.h"

struct mt_channels;

enum mt_channel_end {
	MT_CHANNEL_REPLY,
	MT_CHANNEL_QUIET,		/* nothing came for as long as was listened */
	MT_CHANNEL_BROKEN,		/* the server cannot be reached */
	MT_CHANNEL_CLOSED		/* mt_channel_stop() */
};

/* How a packet ended; comes once for each that was sent, also from within the sending.
 * It may send others, but not end or wait for anything.  packet: of REPLY; lent. */
typedef void mt_channel_fn(void *ctx, enum mt_channel_end end, struct mt_span packet);

struct mt_channel_options {
	unsigned listen_msec;		/* for a reply */
	void (*say)(void *ctx, const char *line);	/* trouble of ours, once; may be NULL */
	void *ctx;
};

/* NULL: no memory, or nothing to wait with. */
struct mt_channels *mt_channel_open(const struct mt_channel_options *options, mt_channel_fn *done);
/* Ends all packets that are under way as MT_CHANNEL_CLOSED. */
void mt_channel_stop(struct mt_channels *channels);
/* After mt_channel_stop(), when no thread calls any more. */
void mt_channel_close(struct mt_channels *channels);

/* Sends; the id is written into the packet (RFC 1035, 4.1.1).  n: the server's place in
 * its list.  alone: over a connection that no other packet shares.  false: it cannot be
 * sent, and there will be no call. */
bool mt_channel_send(struct mt_channels *channels, unsigned n, const struct mt_server *server, bool tcp, bool alone,
    unsigned char *packet, size_t len, void *ctx);
/* c-ares may have cut a packet that came over UDP without marking it as truncated. */
bool mt_channel_cut(struct mt_span packet);
/* The places of servers have changed: what is sent from now on goes to the new ones. */
void mt_channel_renew(struct mt_channels *channels);
/* Packets under way. */
unsigned mt_channel_busy(const struct mt_channels *channels);

/* Ends what is of no use any more; packets to servers that cannot be reached end by it.
 * To be called before each mt_channel_wait(). */
void mt_channel_tidy(struct mt_channels *channels);
/* Waits (milliseconds; -1: for ever) until something comes or mt_channel_wake() is called,
 * and lets it happen. */
void mt_channel_wait(struct mt_channels *channels, int msec);
/* Lets time-outs happen; to be called every tenth of a second or so while it is busy. */
void mt_channel_tick(struct mt_channels *channels);
/* Any thread. */
void mt_channel_wake(struct mt_channels *channels);

/* Reads the servers of resolv.conf(5); none: it cannot be read. */
void mt_channel_servers(struct mt_channels *channels, struct mt_servers *servers);

#endif
