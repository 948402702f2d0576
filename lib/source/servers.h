/* SPDX-License-Identifier: BSD-2-Clause */
/* Name servers, and how well each of them answers.  Pure: no socket, no clock. */
#ifndef MT_SOURCE_SERVERS_H
#define MT_SOURCE_SERVERS_H

#include "lib/mailtrace.h"

#define MT_SERVERS 16			/* more are not asked */
#define MT_SERVER_TEXT (MT_IP_TEXT + 8)	/* "[address]:port" and a NUL */
#define MT_SERVER_FAILURES 3		/* tries in a row that put a server in doubt */
#define MT_SERVER_FIRST_MSEC 1000	/* from one probe to the next, at first */
#define MT_SERVER_MOST_MSEC 5000	/* and later */
#define MT_SERVER_EDNS_MSEC INT64_C(600000)	/* what is known of its EDNS (RFC 6891, 6.2.2) */

/* In doubt: it failed several times in a row.  Silent: it did not answer a probe, or
 * cannot be reached at all. */
enum mt_server_state { MT_SERVER_UP, MT_SERVER_DOUBT, MT_SERVER_SILENT };

/* One thread at a time; times are monotonic milliseconds. */
struct mt_server {
	struct mt_ip ip;
	uint16_t port;
	enum mt_server_state state;
	unsigned failures;		/* in a row */
	uint64_t answers;		/* sound ones so far */
	bool probing;
	int64_t probe_msec;		/* not before, while it is not up */
	int64_t probed_msec;		/* the last one */
	int64_t pause_msec;
	int64_t edns_msec, plain_msec;	/* until then it is known to speak EDNS, or not to */
};

struct mt_servers {
	size_t count;
	struct mt_server server[MT_SERVERS];
};

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53"; false: none of them. */
bool mt_server_parse(struct mt_server *server, struct mt_span text);
/* "192.0.2.1:53", "[2001:db8::1]:53"; returns out. */
const char *mt_server_text(const struct mt_server *server, char out[MT_SERVER_TEXT]);

/* The server to ask next, but for those of the set `without` (bit i: server i): the first
 * that is up, else the first in doubt, else the first of the silent.  -1: none is left. */
int mt_servers_pick(const struct mt_servers *servers, uint32_t without);
/* Nobody is there. */
bool mt_servers_silent(const struct mt_servers *servers);

/* To be taken when a server is asked, and shown when it fails. */
uint64_t mt_server_mark(const struct mt_server *server);
/* It answered with records, or that there are none. */
void mt_server_answered(struct mt_server *server);
/* It answered that it cannot, or not in time, or cannot be reached.  It counts only if no
 * sound answer came since the mark: a zone that is out is no sign that its asker is. */
enum mt_server_failure { MT_SERVER_CANNOT, MT_SERVER_LATE, MT_SERVER_AWAY };
void mt_server_failed(struct mt_server *server, uint64_t mark, enum mt_server_failure how, int64_t now_msec);
/* Whether it is asked with EDNS.  One of which nothing is known is asked without after a try
 * that failed, or for a question's second time (again): some drop what they do not know, or
 * answer it in a form that c-ares drops. */
bool mt_server_edns(const struct mt_server *server, bool again, int64_t now_msec);
/* It answered: with an OPT record, or a question that was asked without EDNS after trouble. */
void mt_server_spoke_edns(struct mt_server *server, int64_t now_msec);
void mt_server_spoke_plain(struct mt_server *server, int64_t now_msec);
/* Whether it is to be probed now; then the probe is under way until the next call. */
bool mt_server_probe(struct mt_server *server, int64_t now_msec);
/* A probe ended: with a sound answer, with another, or with none. */
void mt_server_probed(struct mt_server *server, bool sound, bool spoke);

#endif
