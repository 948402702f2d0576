/* SPDX-License-Identifier: BSD-2-Clause */
/* The null filter: every callback, no work, one field added.  What it costs is what
 * libmilter and the MTA cost; the bench measures everything else against it.
 *
 *	null [-r] [-d] SOCKET		-r no reply for fields, end of header and body
 *					-d TCP_NODELAY on the listening socket
 */
#include <err.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	(void)ctx, (void)host, (void)address;
	return SMFIS_CONTINUE;
}

static sfsistat
on_text(SMFICTX *ctx, char *arg)
{
	(void)ctx, (void)arg;
	return SMFIS_CONTINUE;
}

static sfsistat
on_unknown(SMFICTX *ctx, const char *command)
{
	(void)ctx, (void)command;
	return SMFIS_CONTINUE;
}

static sfsistat
on_envelope(SMFICTX *ctx, char **argv)
{
	(void)ctx, (void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat
on_event(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return SMFIS_CONTINUE;
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header_silent(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return SMFIS_NOREPLY;
}

static sfsistat
on_event_silent(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_NOREPLY;
}

static sfsistat
on_body_silent(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
	return SMFIS_NOREPLY;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	char name[] = "X-Null", value[] = "yes";

	return smfi_insheader(ctx, 0, name, value) == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
    unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx, (void)f0, (void)f1, (void)f2, (void)f3;
	*pf0 = SMFIF_ADDHDRS;
	*pf1 = *pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_negotiate_silent(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
    unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx, (void)f0, (void)f2, (void)f3;
	*pf0 = SMFIF_ADDHDRS;
	*pf1 = f1 & (SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY);
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

/* Accepted sockets inherit the option on Linux. */
static void
set_nodelay(void)
{
	for (int fd = 3; fd < 64; fd++) {
		int listens = 0, one = 1;
		socklen_t len = sizeof listens;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens != 0 &&
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
			warn("TCP_NODELAY");
	}
}

static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
describe(struct smfiDesc *desc, bool silent)
{
	static char name[] = "null";

	*desc = (struct smfiDesc){
		.xxfi_name = name, .xxfi_version = SMFI_VERSION, .xxfi_flags = SMFIF_ADDHDRS,
		.xxfi_connect = on_connect, .xxfi_helo = on_text, .xxfi_envfrom = on_envelope,
		.xxfi_envrcpt = on_envelope, .xxfi_header = silent ? on_header_silent : on_header,
		.xxfi_eoh = silent ? on_event_silent : on_event, .xxfi_body = silent ? on_body_silent : on_body,
		.xxfi_eom = on_eom, .xxfi_abort = on_event, .xxfi_close = on_event, .xxfi_unknown = on_unknown,
		.xxfi_data = on_event, .xxfi_negotiate = silent ? on_negotiate_silent : on_negotiate,
	};
}

int
main(int argc, char **argv)
{
	struct smfiDesc desc;
	bool silent = false, nodelay = false;

	for (int c; (c = getopt(argc, argv, "dr")) != -1;) {
		silent |= c == 'r';
		nodelay |= c == 'd';
		if (c == '?')
			return EXIT_FAILURE;
	}
	if (optind + 1 != argc)
		errx(EXIT_FAILURE, "usage: null [-r] [-d] SOCKET");
	describe(&desc, silent);
	raise_limit();
	if (smfi_setconn(argv[optind]) != MI_SUCCESS || smfi_register(desc) != MI_SUCCESS ||
	    smfi_setbacklog(4096) != MI_SUCCESS || smfi_opensocket(1) != MI_SUCCESS)
		errx(EXIT_FAILURE, "%s: cannot be opened", argv[optind]);
	if (nodelay)
		set_nodelay();
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
