/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows sockets, time-outs and frames; knows nothing of what they say. */
#include "cli/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define WIRE_GATHER 65536		/* bytes that wait for more at the most */

bool
wire_fail(struct wire *wire, int status, const char *format, ...)
{
	va_list args;

	if (wire->status != 0)		/* the first reason is the one that counts */
		return false;
	va_start(args, format);
	vsnprintf(wire->error, sizeof wire->error, format, args);
	va_end(args);
	wire->status = status;
	return false;
}

/* Waits until the socket is ready; the deadline is monotonic. */
static bool
wait_for(struct wire *wire, short events, int64_t deadline_msec)
{
	struct pollfd pfd = { .fd = wire->fd, .events = events };

	for (;;) {
		int64_t left = deadline_msec - mt_now_mono_msec();
		int n = poll(&pfd, 1, left < 0 ? 0 : (int)left);

		if (n > 0)
			return true;
		if (n == 0)
			return wire_fail(wire, EX_TEMPFAIL, "no answer within %d s", WIRE_TIMEOUT_MSEC / 1000);
		if (errno != EINTR)
			return wire_fail(wire, EX_OSERR, "%s", strerror(errno));
	}
}

static bool
connect_to(struct wire *wire, const struct sockaddr *address, socklen_t len)
{
	int error = 0;
	socklen_t size = sizeof error;

	wire->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return wire_fail(wire, EX_OSERR, "%s", strerror(errno));
	if (connect(wire->fd, address, len) == 0)
		return true;
	error = errno;
	if (error == EINPROGRESS) {
		if (!wait_for(wire, POLLOUT, mt_now_mono_msec() + WIRE_TIMEOUT_MSEC))
			return false;
		if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
			error = errno;
	}
	return error == 0 || wire_fail(wire, EX_UNAVAILABLE, "%s", strerror(error));
}

static bool
open_unix(struct wire *wire, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		return wire_fail(wire, EX_USAGE, "the path of the socket is too long");
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect_to(wire, (const struct sockaddr *)&address, sizeof address);
}

/* PORT@HOST as libmilter writes it, HOST:PORT as Postfix does, or PORT alone. */
static bool
split_inet(const char *text, char host[256], char port[32])
{
	const char *at = strchr(text, '@'), *colon = strrchr(text, ':');
	struct mt_span h = { "localhost", 9 }, p = span_text(text);

	if (at != NULL) {
		p.len = (size_t)(at - text);
		h = span_text(at + 1);
	} else if (colon != NULL) {
		h = (struct mt_span){ text, (size_t)(colon - text) };
		p = span_text(colon + 1);
	}
	if (h.len > 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']') {
		h.ptr++;
		h.len -= 2;
	}
	if (h.len == 0 || h.len > 255 || p.len == 0 || p.len > 31)
		return false;
	memcpy(host, h.ptr, h.len);
	host[h.len] = '\0';
	memcpy(port, p.ptr, p.len);
	port[p.len] = '\0';
	return true;
}

static bool
open_inet(struct wire *wire, int family, const char *text)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM }, *list;
	char host[256], port[32];
	bool ok = false;
	int error;

	if (!split_inet(text, host, port))
		return wire_fail(wire, EX_USAGE, "the socket is written inet:PORT@HOST");
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0)
		return wire_fail(wire, EX_UNAVAILABLE, "%s", gai_strerror(error));
	for (struct addrinfo *a = list; a != NULL && !ok; a = a->ai_next) {
		if (wire->fd >= 0)
			close(wire->fd);
		wire->fd = -1;
		wire->status = 0;
		ok = connect_to(wire, a->ai_addr, a->ai_addrlen);
	}
	freeaddrinfo(list);
	return ok;
}

bool
wire_open(struct wire *wire, const char *socket)
{
	*wire = (struct wire){ .fd = -1 };
	if (strncmp(socket, "inet:", 5) == 0)
		return open_inet(wire, AF_UNSPEC, socket + 5);
	if (strncmp(socket, "inet6:", 6) == 0)
		return open_inet(wire, AF_INET6, socket + 6);
	if (strncmp(socket, "unix:", 5) == 0)
		return open_unix(wire, socket + 5);
	if (strncmp(socket, "local:", 6) == 0)
		return open_unix(wire, socket + 6);
	if (socket[0] == '/')
		return open_unix(wire, socket);
	return wire_fail(wire, EX_USAGE, "the socket is inet:PORT@HOST, inet6:PORT@HOST, unix:PATH or local:PATH");
}

/* As Postfix does, frames go out together when an answer is awaited: one by one they
 * would each wait for the acknowledgement of the last (RFC 1122, 4.2.3.2 and 4.2.3.4). */
bool
wire_flush(struct wire *wire)
{
	int64_t deadline_msec = mt_now_mono_msec() + WIRE_TIMEOUT_MSEC;
	size_t sent = 0;

	while (sent < wire->out.len) {
		ssize_t n = send(wire->fd, wire->out.ptr + sent, wire->out.len - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return wire_fail(wire, EX_TEMPFAIL, "the filter closed the connection (%s)", strerror(errno));
		else if (!wait_for(wire, POLLOUT, deadline_msec))
			return false;
	}
	bytes_clear(&wire->out);
	return true;
}

bool
wire_send(struct wire *wire, char command, const struct bytes *data)
{
	bytes_long(&wire->out, (uint32_t)(1 + (data == NULL ? 0 : data->len)));
	bytes_char(&wire->out, command);
	if (data != NULL)
		bytes_add(&wire->out, data->ptr, data->len);
	if (wire->out.failed || (data != NULL && data->failed))
		return wire_fail(wire, EX_OSERR, "no memory");
	return wire->out.len < WIRE_GATHER || wire_flush(wire);
}

/* Reads exactly len bytes behind what is in wire->in. */
static bool
read_exactly(struct wire *wire, size_t len, int64_t deadline_msec)
{
	char piece[4096];

	while (len > 0) {
		ssize_t n = recv(wire->fd, piece, len < sizeof piece ? len : sizeof piece, 0);

		if (n == 0)
			return wire_fail(wire, EX_TEMPFAIL, "the filter closed the connection");
		if (n > 0) {
			bytes_add(&wire->in, piece, (size_t)n);
			len -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return wire_fail(wire, EX_TEMPFAIL, "the filter closed the connection (%s)", strerror(errno));
		} else if (!wait_for(wire, POLLIN, deadline_msec)) {
			return false;
		}
	}
	return !wire->in.failed || wire_fail(wire, EX_OSERR, "no memory");
}

bool
wire_read(struct wire *wire, char *command, struct mt_span *data)
{
	int64_t deadline_msec = mt_now_mono_msec() + WIRE_TIMEOUT_MSEC;
	uint32_t len = 0;

	bytes_clear(&wire->in);
	if (!wire_flush(wire) || !read_exactly(wire, 4, deadline_msec))
		return false;
	for (int i = 0; i < 4; i++)
		len = len << 8 | (unsigned char)wire->in.ptr[i];
	if (len == 0 || len > WIRE_FRAME)
		return wire_fail(wire, EX_PROTOCOL, "a frame of %lu bytes", (unsigned long)len);
	bytes_clear(&wire->in);
	if (!read_exactly(wire, len, deadline_msec))
		return false;
	bytes_char(&wire->in, '\0');
	if (wire->in.failed)
		return wire_fail(wire, EX_OSERR, "no memory");
	*command = wire->in.ptr[0];
	*data = (struct mt_span){ wire->in.ptr + 1, len - 1 };
	return true;
}

void
wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	bytes_fini(&wire->out);
	bytes_fini(&wire->in);
}
