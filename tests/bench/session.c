/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the milter protocol as Postfix 3.7 speaks it (src/milter/milter8.c); knows
 * nothing of how many sessions there are, nor of time but to note it. */
#include "tests/bench/session.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65535			/* Postfix's MILTER_CHUNK_SIZE */
#define STREAM_UNIX 4096		/* its VSTREAM_BUFSIZE */
#define STREAM_TCP 131072		/* vstream_tweak_tcp(): twice the loopback's MSS */

struct event {
	char command;
	uint32_t skip, silent;		/* SMFIP_NO..., SMFIP_NR_... */
	int symbols;			/* SMFIM_... */
	enum stage stage;
	bool quiet_skip;		/* skipped without its macro frame, too */
};

static const struct event events[STEPS] = {
	[STEP_NEGOTIATE] = { SMFIC_OPTNEG, 0, 0, -1, STAGE_CONNECT, false },
	[STEP_CONNECT] = { SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, SMFIM_CONNECT, STAGE_CONNECT, false },
	[STEP_HELO] = { SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, SMFIM_HELO, STAGE_HELO, false },
	[STEP_MAIL] = { SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL, SMFIM_ENVFROM, STAGE_MAIL, false },
	[STEP_RCPT] = { SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT, SMFIM_ENVRCPT, STAGE_RCPT, false },
	[STEP_DATA] = { SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA, SMFIM_DATA, STAGE_DATA, false },
	[STEP_HEADER] = { SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR, SMFIM_EOH, STAGE_CONTENT, true },
	[STEP_EOH] = { SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, SMFIM_EOH, STAGE_CONTENT, true },
	[STEP_BODY] = { SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY, SMFIM_EOM, STAGE_CONTENT, true },
	[STEP_EOM] = { SMFIC_BODYEOB, 0, 0, SMFIM_EOM, STAGE_EOM, false },
};

/* postconf -d milter_connect_macros ... */
static const char *const default_symbols[SYMLISTS] = {
	[SMFIM_CONNECT] = "j {daemon_name} {daemon_addr} v _",
	[SMFIM_HELO] = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
	[SMFIM_ENVFROM] = "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
	[SMFIM_ENVRCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
	[SMFIM_DATA] = "i",
	[SMFIM_EOH] = "i",
	[SMFIM_EOM] = "i",
};

int64_t
session_clock_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- bytes ----------------------------------------------------------------------------- */

static void
put(struct bytes *to, const void *from, size_t len)
{
	if (to->room - to->len < len) {
		to->room = (to->len + len) * 2 + 1024;
		to->ptr = realloc(to->ptr, to->room);
		if (to->ptr == NULL)
			err(EXIT_FAILURE, "no memory for a session");
	}
	memcpy(to->ptr + to->len, from, len);
	to->len += len;
}

static void
put_text(struct bytes *to, const char *text)
{
	put(to, text, strlen(text) + 1);
}

static void
put_number(struct bytes *to, uint32_t n)
{
	n = htonl(n);
	put(to, &n, sizeof n);
}

static uint32_t
get_number(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof n);
	return ntohl(n);
}

static void
drop(struct bytes *from, size_t len)
{
	if (len == 0)
		return;
	from->len -= len;
	memmove(from->ptr, from->ptr + len, from->len);
}

/* Frames: length of what follows, command, data.  The length is set at the end. */
static size_t
frame_begin(struct session *s, char command)
{
	size_t at = s->out.len;

	put_number(&s->out, 0);
	put(&s->out, &command, 1);
	return at;
}

static void
frame_end(struct session *s, size_t at)
{
	uint32_t len = htonl((uint32_t)(s->out.len - at - sizeof len));

	memcpy(s->out.ptr + at, &len, sizeof len);
}

/* ---- the stream -------------------------------------------------------------------------- */

static bool
failed(struct session *s, const char *trouble)
{
	if (s->trouble == NULL)
		s->trouble = trouble;
	return false;
}

/* Writes what is buffered, or, with whole set false, whole stream buffers of it. */
static bool
flush(struct session *s, bool whole)
{
	size_t stream = s->tcp ? STREAM_TCP : STREAM_UNIX, done = 0;

	while (s->out.len - done >= (whole ? 1 : stream)) {
		size_t len = s->out.len - done < stream ? s->out.len - done : stream;
		ssize_t n = send(s->fd, s->out.ptr + done, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return failed(s, "the filter closed the connection (write)");
		if (n < 0)
			break;
		done += (size_t)n;
	}
	drop(&s->out, done);
	return true;
}

bool
session_wants_write(const struct session *s)
{
	return s->connecting || (s->waiting && s->out.len > 0);
}

/* ---- macros ------------------------------------------------------------------------------ */

/* The value of a macro, or NULL: it is not sent then.  Postfix knows the queue id from
 * DATA on. */
static const char *
macro_value(const struct session *s, const char *name, int symbols, char room[128])
{
	static const struct {
		const char *name, *value;
	} fixed[] = {
		{ "j", "mx.example.org" }, { "{daemon_name}", "mx.example.org" }, { "{daemon_addr}", "192.0.2.25" },
		{ "{daemon_port}", "25" }, { "v", "Postfix 3.7.11" }, { "{client_port}", "40000" },
		{ "{client_resolve}", "OK" }, { "{client_connections}", "1" }, { "{mail_mailer}", "smtp" },
		{ "{mail_host}", "example.com" }, { "{rcpt_mailer}", "local" }, { "{rcpt_host}", "example.org" },
		{ "{mail_addr}", "sender@example.com" }, { "{rcpt_addr}", "rcpt@example.org" },
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (strcmp(fixed[i].name, name) == 0)
			return fixed[i].value;
	if (strcmp(name, "{client_addr}") == 0)
		return s->client.ip;
	if (strcmp(name, "{client_name}") == 0 || strcmp(name, "{client_ptr}") == 0)
		return s->client.name;
	if (strcmp(name, "_") == 0)
		snprintf(room, 128, "%s [%s]", s->client.name, s->client.ip);
	else if (strcmp(name, "i") == 0 && symbols != SMFIM_ENVFROM && symbols != SMFIM_ENVRCPT)
		snprintf(room, 128, "4BENCH%06X", s->serial);
	else
		return NULL;
	return room;
}

static void
put_macros(struct session *s, const struct event *event)
{
	const char *list = s->symbols[event->symbols];
	size_t at = frame_begin(s, SMFIC_MACRO);

	if (list == NULL)
		list = default_symbols[event->symbols];
	put(&s->out, &event->command, 1);
	while (*list != '\0') {
		char name[64], room[128];
		size_t len = strcspn(list, " ,");
		const char *value;

		snprintf(name, sizeof name, "%.*s", (int)len, list);
		list += len + strspn(list + len, " ,");
		value = len == 0 ? NULL : macro_value(s, name, event->symbols, room);
		if (value != NULL) {
			put_text(&s->out, name);
			put_text(&s->out, value);
		}
	}
	frame_end(s, at);
}

/* ---- events ------------------------------------------------------------------------------ */

static void
put_connect(struct session *s)
{
	const uint16_t port = htons(40000);
	bool six = strchr(s->client.ip, ':') != NULL;

	put_text(&s->out, s->client.name);
	put(&s->out, six ? "6" : "4", 1);
	put(&s->out, &port, sizeof port);
	if (six)
		put(&s->out, "IPv6:", 5);
	put_text(&s->out, s->client.ip);
}

static void
put_chunk(struct session *s)
{
	size_t from = (size_t)s->item * CHUNK, len = s->mail->body_len - from;

	put(&s->out, s->mail->body + from, len < CHUNK ? len : CHUNK);
}

static void
put_event(struct session *s)
{
	size_t at = frame_begin(s, events[s->step].command);

	switch (s->step) {
	case STEP_NEGOTIATE:
		put_number(&s->out, 6);
		put_number(&s->out, SMFIF_ADDHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_CHGHDRS |
		    SMFIF_QUARANTINE | SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST);
		put_number(&s->out, 0x1fffff);	/* every SMFIP_ up to SMFIP_HDR_LEADSPC */
		break;
	case STEP_CONNECT:
		put_connect(s);
		break;
	case STEP_HELO:
		put_text(&s->out, s->client.helo);
		break;
	case STEP_MAIL:
		put_text(&s->out, s->mail->sender);
		break;
	case STEP_RCPT:
		put_text(&s->out, s->mail->recipient);
		break;
	case STEP_HEADER:
		put_text(&s->out, s->mail->field[s->item].name);
		/* With SMFIP_HDR_LEADSPC the space behind the colon is the filter's. */
		if ((s->protocol & SMFIP_HDR_LEADSPC) != 0)
			put(&s->out, " ", 1);
		put_text(&s->out, s->mail->field[s->item].value);
		break;
	case STEP_BODY:
		put_chunk(s);
		break;
	case STEP_DATA:
	case STEP_EOH:
	case STEP_EOM:
	case STEPS:
		break;
	}
	frame_end(s, at);
}

/* To the next event; the filter's verdict may have ended the mail before. */
static void
advance(struct session *s)
{
	size_t chunks = (s->mail->body_len + CHUNK - 1) / CHUNK;

	if (s->step == STEP_HEADER && s->item + 1 < s->mail->nfields) {
		s->item++;
	} else if (s->step == STEP_BODY && !s->skip_body && s->item + 1 < chunks) {
		s->item++;
	} else {
		s->step++;
		s->item = 0;
		s->paused = false;
	}
	if (s->step == STEP_BODY && chunks == 0)
		s->step++;
}

/* Puts the event of this step; returns whether its reply is to be waited for. */
static bool
perform(struct session *s)
{
	const struct event *event = &events[s->step];
	bool skip = (event->skip & s->protocol) != 0;

	/* Connecting counts from its beginning, and the content as one: what is sent without
	 * a reply is held all the same. */
	if (s->step > STEP_CONNECT && s->step <= STEP_HEADER && s->item == 0)
		s->began_nsec = session_clock_nsec();
	s->stages |= 1U << event->stage;
	if (event->symbols >= 0 && !(skip && event->quiet_skip))
		put_macros(s, event);
	if (!skip)
		put_event(s);
	return !skip && (event->silent & s->protocol) == 0;
}

/* The client takes its time before HELO, MAIL and RCPT. */
static bool
client_speaks(struct session *s)
{
	if (s->paused || (s->step != STEP_HELO && s->step != STEP_MAIL && s->step != STEP_RCPT))
		return false;
	s->paused = true;
	return true;
}

enum state
session_run(struct session *s)
{
	while (!s->waiting && !s->connecting) {
		if (client_speaks(s))
			return SESSION_PAUSE;
		/* smtpd hands the stream over to cleanup after DATA, and flushes it for that. */
		if (s->step == STEP_HEADER && s->item == 0 && !flush(s, true))
			return SESSION_FAILED;
		s->waiting = perform(s);
		if (!flush(s, s->waiting))
			return SESSION_FAILED;
		if (!s->waiting)
			advance(s);
	}
	return SESSION_WAIT;
}

/* ---- replies ------------------------------------------------------------------------------- */

static bool
take_options(struct session *s, const char *data, size_t len)
{
	if (len < 12)
		return failed(s, "a short answer to the negotiation");
	s->protocol = get_number(data + 8);
	data += 12;
	len -= 12;
	while (len > 4 && memchr(data + 4, '\0', len - 4) != NULL) {
		uint32_t class = get_number(data);
		size_t text = strlen(data + 4) + 1;

		if (class < SYMLISTS) {
			free(s->symbols[class]);
			s->symbols[class] = strdup(data + 4);
		}
		data += 4 + text;
		len -= 4 + text;
	}
	return true;
}

/* One reply; returns false when it is the last thing to be said about this mail. */
static bool
take_reply(struct session *s, char command, const char *data, size_t len)
{
	int64_t now = session_clock_nsec();

	if (memchr("+2-behimq", command, 9) != NULL) {
		s->edits++;
		return true;
	}
	if (command == SMFIR_PROGRESS)
		return true;
	s->waiting = false;
	if (s->step == STEP_NEGOTIATE) {
		if (command != SMFIC_OPTNEG)
			return failed(s, "no answer to the negotiation");
		advance(s);
		return take_options(s, data, len);
	}
	s->held_nsec[events[s->step].stage] += now - s->began_nsec;
	s->began_nsec = now;
	s->verdict = command;
	if (memchr("crtyads", command, 7) == NULL)
		return failed(s, "a reply that is none");
	s->skip_body |= command == SMFIR_SKIP;
	if ((command != SMFIR_CONTINUE && command != SMFIR_SKIP) || s->step == STEP_EOM)
		return false;
	advance(s);
	return true;
}

/* Takes every whole frame that has come.  SESSION_WAIT: go on. */
static enum state
take_frames(struct session *s)
{
	size_t at = 0;
	bool more = true;

	while (more && s->waiting && s->in.len - at >= 5) {
		size_t len = get_number(s->in.ptr + at);

		if (len == 0 || len > (1 << 24)) {
			failed(s, "a frame of an impossible length");
			return SESSION_FAILED;
		}
		if (s->in.len - at < 4 + len)
			break;
		more = take_reply(s, s->in.ptr[at + 4], s->in.ptr + at + 5, len - 1);
		at += 4 + len;
	}
	drop(&s->in, at);
	if (s->trouble != NULL)
		return SESSION_FAILED;
	return more ? SESSION_WAIT : SESSION_MAILED;
}

static bool
finish_connect(struct session *s)
{
	int error = 0;
	socklen_t len = sizeof error;

	s->connecting = false;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
		return failed(s, "the filter cannot be reached");
	return true;
}

enum state
session_input(struct session *s)
{
	char room[16384];
	enum state state;
	ssize_t n;

	if (s->connecting)
		return finish_connect(s) ? session_run(s) : SESSION_FAILED;
	if (s->out.len > 0 && !flush(s, true))
		return SESSION_FAILED;
	n = recv(s->fd, room, sizeof room, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return SESSION_WAIT;
	if (n <= 0) {
		failed(s, "the filter closed the connection");
		return SESSION_FAILED;
	}
	put(&s->in, room, (size_t)n);
	state = take_frames(s);
	return state == SESSION_WAIT ? session_run(s) : state;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

bool
session_peer(struct peer *peer, const char *text)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	char address[64];
	unsigned port;

	if (sscanf(text, "inet:%u@%63s", &port, address) == 2) {
		in.sin_port = htons((uint16_t)port);
		if (port > UINT16_MAX || inet_pton(AF_INET, address, &in.sin_addr) != 1)
			return false;
		memcpy(&peer->address, &in, sizeof in);
		peer->len = sizeof in;
		return true;
	}
	if (strncmp(text, "unix:", 5) == 0)
		text += 5;
	else if (strncmp(text, "local:", 6) == 0)
		text += 6;
	if (strlen(text) >= sizeof un.sun_path)
		return false;
	memcpy(un.sun_path, text, strlen(text) + 1);
	memcpy(&peer->address, &un, sizeof un);
	peer->len = sizeof un;
	return true;
}

static void
begin_mail(struct session *s, const struct mail *mail, unsigned serial)
{
	memset(s->held_nsec, 0, sizeof s->held_nsec);
	s->mail = mail;
	s->serial = serial;
	s->stages = s->edits = s->item = 0;
	s->verdict = 0;
	s->skip_body = s->paused = false;
}

bool
session_open(struct session *s, const struct peer *peer, const struct mail *mail, unsigned serial)
{
	begin_mail(s, mail, serial);
	s->tcp = peer->address.ss_family != AF_UNIX;
	s->step = STEP_NEGOTIATE;
	s->waiting = s->connecting = false;
	s->protocol = 0;
	s->trouble = NULL;
	s->out.len = s->in.len = 0;
	s->began_nsec = session_clock_nsec();
	/* A unix socket whose backlog is full cannot be polled for room: wait, as an MTA does. */
	s->fd = socket(peer->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | (s->tcp ? SOCK_NONBLOCK : 0), 0);
	if (s->fd < 0)
		return failed(s, "no socket");
	if (connect(s->fd, (const struct sockaddr *)&peer->address, peer->len) != 0) {
		s->connecting = errno == EINPROGRESS;
		return s->connecting ? true : failed(s, "the filter cannot be reached");
	}
	return s->tcp || fcntl(s->fd, F_SETFL, O_NONBLOCK) == 0 ? true : failed(s, "no O_NONBLOCK");
}

/* Postfix aborts after each mail, also after one that was answered. */
void
session_next(struct session *s, const struct mail *mail, unsigned serial)
{
	frame_end(s, frame_begin(s, SMFIC_ABORT));
	begin_mail(s, mail, serial);
	s->step = STEP_MAIL;
}

void
session_close(struct session *s)
{
	if (s->fd >= 0) {
		if (s->trouble == NULL) {
			if (s->step > STEP_HELO)
				frame_end(s, frame_begin(s, SMFIC_ABORT));
			frame_end(s, frame_begin(s, SMFIC_QUIT));
			flush(s, true);
		}
		close(s->fd);
	}
	s->fd = -1;
	for (size_t i = 0; i < SYMLISTS; i++) {
		free(s->symbols[i]);
		s->symbols[i] = NULL;
	}
}
