/* SPDX-License-Identifier: BSD-2-Clause */
/* The listening socket: libmilter opens it, this file makes it fit for use. */
#ifndef MT_MILTER_SOCKET_H
#define MT_MILTER_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum mt_socket_kind { MT_SOCKET_BAD, MT_SOCKET_UNIX, MT_SOCKET_INET, MT_SOCKET_FD };

struct mt_socket {
	enum mt_socket_kind kind;
	int fd;				/* the listening one; libmilter's */
	bool unix_family;		/* peers come over AF_UNIX, also for fd:N */
	char path[sizeof ((struct sockaddr_un *)NULL)->sun_path];	/* of a UNIX socket of ours, or "" */
};

struct mt_socket_wish {
	const char *spec;		/* inet:PORT@HOST, inet6:, unix:PATH, local:PATH, fd:N */
	mode_t mode;			/* of a UNIX socket */
	uid_t uid;			/* its owner, (uid_t)-1: as it comes */
	gid_t gid;
};

/* What a specification names, without opening it.  MT_SOCKET_BAD comes with one sentence
 * in why[size] that says what would be right. */
enum mt_socket_kind mt_socket_kind(const char *spec, char *why, size_t size);

/* Opens the socket through libmilter.  0, or a status of sysexits.h with one sentence in
 * why[size]; with 0 too why may hold a warning. */
int mt_socket_open(struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size);

/* From now on nobody is taken.  A socket that systemd holds stays open there, and its
 * clients wait; one of ours refuses them. */
void mt_socket_silence(struct mt_socket *sock);

/* Takes the file of a UNIX socket away, if it is still ours. */
void mt_socket_unlink(struct mt_socket *sock);

#endif
