/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what libmilter leaves undone about its listening socket: who may connect, that a
 * second instance must not steal it, that small writes go out at once, that it can fall
 * silent.  Knows nothing of sessions. */
#include "milter/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/macros.h"

#define MOST_FD 256			/* the socket is opened early: its number is low */

static const char *
after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* The path of a UNIX socket, or NULL. */
static const char *
path_of(const char *spec)
{
	const char *path = after(spec, "unix:");

	if (path == NULL)
		path = after(spec, "local:");
	if (path == NULL && spec[0] == '/')
		path = spec;
	return path;
}

/* "PORT@HOST" or "PORT", or NULL. */
static const char *
port_of(const char *spec)
{
	const char *port = after(spec, "inet:");

	return port != NULL ? port : after(spec, "inet6:");
}

static bool
digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 6;
}

/* libmilter cuts a port to 16 bits and takes a word for a service: 99999 would listen at
 * 34463.  Returns NULL, or what is wrong. */
static const char *
port_fault(const char *rest)
{
	const char *at = strchr(rest, '@');
	size_t len = at == NULL ? strlen(rest) : (size_t)(at - rest);
	unsigned long port = strtoul(rest, NULL, 10);

	if (len == 0 || strspn(rest, "0123456789") != len || len > 5 || port < 1 || port > 65535)
		return "the port must be a number from 1 to 65535, such as inet:8899@127.0.0.1";
	if (at != NULL && at[1] == '\0')
		return "there is no address after the @; write one, such as inet:8899@127.0.0.1";
	return NULL;
}

enum mt_socket_kind
mt_socket_kind(const char *spec, char *why, size_t size)
{
	const char *fault = "not a socket; write inet:8899@127.0.0.1, inet6:8899@::1, "
	    "unix:/run/mailtrace/milter.sock or fd:3";
	const char *rest;

	if ((rest = path_of(spec)) != NULL && rest[0] != '\0')
		return MT_SOCKET_UNIX;
	if ((rest = port_of(spec)) != NULL && (fault = port_fault(rest)) == NULL)
		return MT_SOCKET_INET;
	if ((rest = after(spec, "fd:")) != NULL && digits(rest))
		return MT_SOCKET_FD;
	snprintf(why, size, "%s: %s", spec, fault);
	return MT_SOCKET_BAD;
}

static bool
listens(int fd)
{
	socklen_t len = sizeof (int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes != 0;
}

/* ---- a second instance ---------------------------------------------------------- */

/* The lock stays beside the socket for ever: to remove it would let two processes lock
 * two files of one name.  The descriptor is left open on purpose; the kernel lets go of
 * the lock when the process ends, however it ends. */
static int
lock_path(const struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	char name[sizeof sock->path + 8];
	int fd;

	snprintf(name, sizeof name, "%s.lock", sock->path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(why, size, "%s: cannot be made: %s", name, strerror(errno));
		return errno == EACCES || errno == EPERM ? EX_NOPERM : EX_CANTCREAT;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		snprintf(why, size, "%s: another mailtrace-milter is running on this socket", sock->path);
		close(fd);
		return EX_UNAVAILABLE;
	}
	/* So that a later start as that user, without root, can take the same lock. */
	if (geteuid() == 0 && wish->uid != (uid_t)-1 && fchown(fd, wish->uid, wish->gid) != 0) {
		snprintf(why, size, "%s: cannot be given to the user: %s", name, strerror(errno));
		close(fd);
		return EX_OSERR;
	}
	return 0;
}

/* A socket file left by a crash is removed by libmilter; one that answers belongs to
 * somebody, even if that one knows nothing of our lock. */
static int
refuse_live(const struct mt_socket *sock, char *why, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, live;

	if (lstat(sock->path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, size, "%s: exists and is not a socket; it is left alone", sock->path);
		return EX_CANTCREAT;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	memcpy(to.sun_path, sock->path, sizeof sock->path);
	live = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 || errno == EAGAIN;
	close(fd);
	if (live)
		snprintf(why, size, "%s: somebody listens there already", sock->path);
	return live ? EX_UNAVAILABLE : 0;
}

static int
prepare_unix(struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	const char *path = path_of(wish->spec);
	int status;

	if (strlen(path) >= sizeof sock->path) {
		snprintf(why, size, "%s: the path is longer than %zu bytes", wish->spec, sizeof sock->path - 1);
		return EX_CONFIG;
	}
	memset(sock->path, 0, sizeof sock->path);
	memcpy(sock->path, path, strlen(path));
	status = lock_path(sock, wish, why, size);
	return status != 0 ? status : refuse_live(sock, why, size);
}

static int
finish_unix(const struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	if (wish->uid != (uid_t)-1 || wish->gid != (gid_t)-1) {
		if (lchown(sock->path, wish->uid, wish->gid) != 0) {
			snprintf(why, size, "%s: owner cannot be set: %s", sock->path, strerror(errno));
			return EX_NOPERM;
		}
	}
	if (chmod(sock->path, wish->mode) != 0) {
		snprintf(why, size, "%s: mode cannot be set: %s", sock->path, strerror(errno));
		return EX_NOPERM;
	}
	return 0;
}

/* ---- why it could not be opened -------------------------------------------------- */

static int
try_bind(int family, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, error = 0;

	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, address, len) != 0 || listen(fd, 1) != 0)
		error = errno;
	close(fd);
	return error;
}

static int
try_inet(const char *spec, const char **why)
{
	const char *rest = port_of(spec), *at = strchr(rest, '@');
	struct addrinfo hints = { .ai_family = spec[4] == '6' ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found;
	char port[32], host[256];
	int rc;

	snprintf(port, sizeof port, "%.*s", at == NULL ? 31 : (int)(at - rest > 31 ? 31 : at - rest), rest);
	snprintf(host, sizeof host, "%s", at == NULL ? "" : at[1] == '[' ? at + 2 : at + 1);
	host[strcspn(host, "]")] = '\0';
	rc = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found);
	if (rc != 0) {
		*why = gai_strerror(rc);
		return 0;
	}
	rc = try_bind(found->ai_family, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return rc;
}

/* libmilter tells its reason to syslog alone; the same attempt by hand finds it again. */
static int
explain(const struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	const char *reason = "libmilter cannot open it; see the system log";
	int error = 0;

	if (sock->kind == MT_SOCKET_INET) {
		error = try_inet(wish->spec, &reason);
	} else if (sock->kind == MT_SOCKET_UNIX) {
		struct sockaddr_un at = { .sun_family = AF_UNIX };

		memcpy(at.sun_path, sock->path, sizeof sock->path);
		error = try_bind(AF_UNIX, (const struct sockaddr *)&at, sizeof at);
		if (error == 0)
			(void)unlink(sock->path);
	}
	snprintf(why, size, "%s: %s", wish->spec, error != 0 ? strerror(error) : reason);
	return error == EACCES || error == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
}

/* ---- opening ------------------------------------------------------------------------ */

/* The descriptor that began to listen in smfi_opensocket(), which does not tell it. */
static int
newly_listening(const bool before[MOST_FD])
{
	for (int fd = 0; fd < MOST_FD; fd++)
		if (!before[fd] && listens(fd))
			return fd;
	return -1;
}

static bool
is_loopback(const struct sockaddr_storage *at)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (at->ss_family) {
	case AF_INET:
		memcpy(&v4, at, sizeof v4);
		return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
	case AF_INET6:
		memcpy(&v6, at, sizeof v6);
		return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
	default:
		return true;
	}
}

/* libmilter sends a header and the verdict as two small writes: with Nagle's algorithm
 * and a peer that delays its ACK each message would wait 40 ms (RFC 9293, 3.7.4).
 * Accepted sockets inherit the option. */
static void
tune(struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof at;
	int on = 1;

	(void)fcntl(sock->fd, F_SETFD, FD_CLOEXEC);
	if (getsockname(sock->fd, (struct sockaddr *)&at, &len) != 0)
		return;
	sock->unix_family = at.ss_family == AF_UNIX;
	if (sock->unix_family)
		return;
	if (setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		snprintf(why, size, "%s: TCP_NODELAY: %s; each message may wait 40 ms", wish->spec, strerror(errno));
	if (!is_loopback(&at))
		snprintf(why, size, "%s: reachable from other hosts; a milter speaks without authentication",
		    wish->spec);
}

static int
open_by_libmilter(struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	bool before[MOST_FD] = { false };
	mode_t mask;
	int rc;

	for (int fd = 0; fd < MOST_FD; fd++)
		before[fd] = listens(fd);
	(void)smfi_setbacklog(SOMAXCONN);
	mask = umask(0177);		/* nobody else until owner and mode are right */
	rc = smfi_setconn(mt_macro_plain(wish->spec)) == MI_SUCCESS ? smfi_opensocket(true) : MI_FAILURE;
	umask(mask);
	if (rc != MI_SUCCESS)
		return explain(sock, wish, why, size);
	sock->fd = sock->kind == MT_SOCKET_FD ? atoi(wish->spec + 3) : newly_listening(before);
	if (sock->fd < 0 || !listens(sock->fd)) {
		snprintf(why, size, "%s: no listening socket there", wish->spec);
		return EX_UNAVAILABLE;
	}
	return 0;
}

int
mt_socket_open(struct mt_socket *sock, const struct mt_socket_wish *wish, char *why, size_t size)
{
	int status = 0;

	why[0] = '\0';
	*sock = (struct mt_socket){ .kind = mt_socket_kind(wish->spec, why, size), .fd = -1 };
	if (sock->kind == MT_SOCKET_BAD)
		return EX_CONFIG;
	if (sock->kind == MT_SOCKET_FD && !listens(atoi(wish->spec + 3))) {
		snprintf(why, size, "%s: no listening socket there", wish->spec);
		return EX_UNAVAILABLE;
	}
	if (sock->kind == MT_SOCKET_UNIX)
		status = prepare_unix(sock, wish, why, size);
	if (status == 0)
		status = open_by_libmilter(sock, wish, why, size);
	if (status == 0 && sock->kind == MT_SOCKET_UNIX)
		status = finish_unix(sock, wish, why, size);
	if (status == 0)
		tune(sock, wish, why, size);
	return status;
}

/* ---- falling silent ------------------------------------------------------------------- */

/* A listening socket without a known name (bind to a family alone, unix(7): autobind). */
static int
listen_to_nobody(void)
{
	struct sockaddr_un nobody = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&nobody, sizeof (sa_family_t)) == 0 && listen(fd, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

/* libmilter has no call for this.  The number of the descriptor stays, so that its accept
 * loop goes on, at a socket that nobody knows.  A poll() under way still holds the old one
 * open: shutdown() makes it refuse at once.  Not so for a socket that is held outside: it
 * lives on there. */
void
mt_socket_silence(struct mt_socket *sock)
{
	int silent = listen_to_nobody(), kept = fcntl(sock->fd, F_DUPFD_CLOEXEC, 0);

	if (silent >= 0 && kept >= 0 && dup2(silent, sock->fd) >= 0 && sock->kind != MT_SOCKET_FD)
		(void)shutdown(kept, SHUT_RDWR);
	if (kept >= 0)
		close(kept);
	if (silent >= 0)
		close(silent);
}

void
mt_socket_unlink(struct mt_socket *sock)
{
	if (sock->path[0] != '\0')
		(void)unlink(sock->path);
	sock->path[0] = '\0';
}
