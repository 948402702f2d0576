/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests milter/socket.c: what a specification names, and what is said of one that names
 * nothing.  The settings refuse most of these before; libmilter would take them. */
#include "milter/socket.h"

#include <string.h>

#include "tests/unit/tap.h"

#define PORT "the port must be a number from 1 to 65535"

static const struct {
	const char *spec;
	enum mt_socket_kind kind;
	const char *why;		/* of a bad one */
} cases[] = {
	{ "inet:8899@127.0.0.1", MT_SOCKET_INET, NULL },
	{ "inet6:8899@::1", MT_SOCKET_INET, NULL },
	{ "inet:8899", MT_SOCKET_INET, NULL },
	{ "inet:1@127.0.0.1", MT_SOCKET_INET, NULL },
	{ "inet:65535@127.0.0.1", MT_SOCKET_INET, NULL },
	{ "inet:65536@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:99999@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:99999", MT_SOCKET_BAD, PORT },
	{ "inet6:99999@::1", MT_SOCKET_BAD, PORT },
	{ "inet:18446744073709560515@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:0@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:00000", MT_SOCKET_BAD, PORT },
	{ "inet:smtp@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:8899x@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet: 8899@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:-1@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:+1@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:@127.0.0.1", MT_SOCKET_BAD, PORT },
	{ "inet:", MT_SOCKET_BAD, PORT },
	{ "inet:8899@", MT_SOCKET_BAD, "there is no address after the @" },
	{ "unix:/run/x", MT_SOCKET_UNIX, NULL },
	{ "local:/run/x", MT_SOCKET_UNIX, NULL },
	{ "/run/x", MT_SOCKET_UNIX, NULL },
	{ "unix:", MT_SOCKET_BAD, "not a socket; write" },
	{ "fd:3", MT_SOCKET_FD, NULL },
	{ "fd:", MT_SOCKET_BAD, "not a socket; write" },
	{ "fd:x", MT_SOCKET_BAD, "not a socket; write" },
	{ "tcp:1", MT_SOCKET_BAD, "not a socket; write" },
	{ "", MT_SOCKET_BAD, "not a socket; write" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char why[256] = "";
		enum mt_socket_kind kind = mt_socket_kind(cases[i].spec, why, sizeof why);
		size_t len = strlen(cases[i].spec);

		tap_ok(kind == cases[i].kind, "\"%s\"", cases[i].spec);
		if (cases[i].why == NULL)
			tap_ok(why[0] == '\0', "\"%s\": nothing to say", cases[i].spec);
		else if (!tap_ok(strncmp(why, cases[i].spec, len) == 0 && strncmp(why + len, ": ", 2) == 0 &&
		    strncmp(why + len + 2, cases[i].why, strlen(cases[i].why)) == 0, "\"%s\": why", cases[i].spec))
			tap_note("%s", why);
	}
	return tap_done();
}
