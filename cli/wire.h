/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of the milter protocol over a socket, from the side of the MTA. */
#ifndef CLI_WIRE_H
#define CLI_WIRE_H

#include "cli/bytes.h"

#define WIRE_FRAME (1024u * 1024u)	/* longest frame that is read */
#define WIRE_TIMEOUT_MSEC 30000

/* A frame is a length of four bytes, then a command byte and its data.  After a failure
 * `error` is a sentence and `status` a code of sysexits(3). */
struct wire {
	int fd;				/* -1: not open */
	struct bytes out, in;
	char error[256];
	int status;
};

/* Connects to inet:PORT@HOST, inet:HOST:PORT, inet6: alike, unix:PATH, local:PATH or /PATH;
 * false: it failed. */
bool wire_open(struct wire *wire, const char *socket);
/* Frames gather until the next read, or until there are many. */
bool wire_send(struct wire *wire, char command, const struct bytes *data);
bool wire_flush(struct wire *wire);
/* Waits for one frame; data is lent until the next call and has a NUL behind it. */
bool wire_read(struct wire *wire, char *command, struct mt_span *data);
/* Notes a failure; for the protocol above as well.  Returns false. */
bool wire_fail(struct wire *wire, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void wire_close(struct wire *wire);

#endif
