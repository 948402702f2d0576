/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the order in which libmilter calls, and what stands on its private pointer: each
 * callback translates in, calls, translates out.  Knows nothing of how a message is judged.
 *
 * Callbacks of one session come from many threads in turn, so nothing hangs on a thread.
 * Only end of message waits: Debian's libmilter serves sessions from a pool, and a callback
 * that waits holds up others.
 *
 * What the library takes in while a message comes may meet a bound (MT_ENOMEM, MT_EFULL): the
 * trace stays valid and says so, and that is no trouble of ours, or a stranger could buy
 * himself an untraced session by being long-winded. */
#include "milter/callbacks.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include <libmilter/mfapi.h>

#include "milter/act.h"
#include "milter/macros.h"
#include "milter/nudge.h"

#define IDLE_SEC 3660

struct session {
	struct mt_conn *conn;
	struct mt_trace *trace;		/* between MAIL and the end of the message */
	bool no_reply;			/* negotiated: header and body are not answered */
	bool leading_space;		/* negotiated: values come with the space behind the colon */
	bool skip;			/* negotiated: the rest of a body can be left out */
	bool local;			/* handed over on this machine */
	bool tls;
	unsigned accepted, refused;	/* recipients of this message */
	char client[MT_IP_TEXT];	/* for the log */
};

/* smfiDesc has no room for a pointer of ours.  Set once, before the first thread. */
static struct mt_daemon *filter;

/* ---- small helpers ------------------------------------------------------------------- */

static struct mt_span
span_of(const char *text)
{
	return text == NULL ? (struct mt_span){ NULL, 0 } : (struct mt_span){ text, strlen(text) };
}

/* Postfix writes local submissions without angle brackets, everybody else with. */
static struct mt_span
address_of(char **args)
{
	struct mt_span address = span_of(args != NULL && args[0] != NULL ? args[0] : "");

	if (address.len >= 2 && address.ptr[0] == '<' && address.ptr[address.len - 1] == '>') {
		address.ptr++;
		address.len -= 2;
	}
	return address;
}

/* Ours to answer for: never a refusal for good, whatever happened here. */
static sfsistat
internal_error(const char *what)
{
	mt_daemon_count(filter, MT_COUNT_INTERNAL_ERRORS);
	if (mt_daemon_may_say(&filter->said_error_msec))
		mt_daemon_log(filter, LOG_ERR, "internal error: %s; the mail is %s", what,
		    atomic_load(&filter->gate.tempfail_error) ? "deferred" : "let through");
	return atomic_load(&filter->gate.tempfail_error) ? SMFIS_TEMPFAIL : SMFIS_ACCEPT;
}

static bool
wants_no_reply(void)
{
	switch (atomic_load(&filter->gate.no_reply)) {
	case MT_WISH_ALWAYS:
		return true;
	case MT_WISH_NEVER:
		return false;
	default:
		/* Over TCP an MTA that writes event by event would stall 40 ms for each
		 * unanswered field; Postfix writes them in one piece. */
		return filter->socket.unix_family || atomic_load(&filter->postfix_seen);
	}
}

static struct session *
session_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static struct session *
session_begin(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session != NULL)
		return session;
	session = calloc(1, sizeof *session);
	if (session == NULL)
		return NULL;
	if (smfi_setpriv(ctx, session) != MI_SUCCESS) {
		free(session);
		return NULL;
	}
	mt_daemon_count(filter, MT_COUNT_SESSIONS);
	atomic_fetch_add(&filter->open, 1);
	return session;
}

/* A message that is over without having come to its end.  It is logged if we refused any of its
 * recipients, all of whom may be the reason: the id in each reply leads to a line. */
static void
message_end(struct session *session)
{
	if (session->trace != NULL) {
		if (session->refused == 0 || session->accepted > 0)
			mt_daemon_count(filter, MT_COUNT_ABORTED);
		if (session->refused > 0 && mt_trace_conclude(session->trace, MT_STAGE_RCPT) == 0)
			(void)mt_trace_log(session->trace);
		mt_trace_close(session->trace);
	}
	session->trace = NULL;
	session->accepted = session->refused = 0;
}

static void
message_close(struct session *session)
{
	mt_trace_close(session->trace);
	session->trace = NULL;
	session->accepted = session->refused = 0;
}

static void
note_queue_id(SMFICTX *ctx, struct session *session)
{
	const char *id = mt_macro(ctx, MT_MACRO_QUEUE_ID);

	if (id != NULL && session->trace != NULL)
		(void)mt_trace_queue_id(session->trace, span_of(id));
}

/* ---- connection ------------------------------------------------------------------------ */

static sfsistat
negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
    unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
	struct session *session = session_begin(ctx);
	unsigned long silent = SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;
	bool no_reply = session != NULL && (f1 & SMFIP_NR_HDR) != 0 && wants_no_reply();

	(void)f2;
	(void)f3;
	if (session != NULL) {
		session->no_reply = no_reply;
		session->leading_space = (f1 & SMFIP_HDR_LEADSPC) != 0;
		session->skip = (f1 & SMFIP_SKIP) != 0;
	}
	/* CONNECT to DATA keep their answers: without them Postfix sends nothing before DATA,
	 * and no question could be asked early. */
	*pf0 = f0 & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
	*pf1 = f1 & (SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC | SMFIP_SKIP | (no_reply ? silent : 0UL) |
	    (atomic_load(&filter->gate.body) ? 0UL : SMFIP_NOBODY | SMFIP_NOEOH));
	*pf2 = *pf3 = 0;
	if ((f0 & SMFIF_SETSYMLIST) != 0)
		mt_macros_ask(ctx);
	return SMFIS_CONTINUE;
}

static void
client_v4(struct mt_client *client, const void *address)
{
	client->ip.family = 4;
	memcpy(client->ip.bytes, address, 4);
}

static void
client_address(struct mt_client *client, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		client_v4(client, &v4.sin_addr);
		client->port = ntohs(v4.sin_port);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof v6);
		client->port = ntohs(v6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
			client_v4(client, &v6.sin6_addr.s6_addr[12]);
		} else {
			client->ip.family = 6;
			memcpy(client->ip.bytes, &v6.sin6_addr, 16);
		}
	}
}

static bool
is_loopback(const struct mt_ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (ip->family == 4 && ip->bytes[0] == 127) || (ip->family == 6 && memcmp(ip->bytes, one, 16) == 0);
}

/* Mail without a network client: sendmail(1) and Postfix' non_smtpd_milters play a client
 * "localhost" at 127.0.0.1 that has no port.  An unknown family ("unknown", a proxy that
 * hides its client) is not local: nothing is known of it, and so nothing is believed. */
static bool
is_local(const struct mt_client *client, const char *host, const struct sockaddr *address)
{
	if (address == NULL)
		return host != NULL && strcmp(host, "localhost") == 0;
	if (address->sa_family == AF_UNIX)
		return true;
	return is_loopback(&client->ip) && client->port == 0;
}

static void
describe(SMFICTX *ctx, struct mt_client *client, const char *host, const struct sockaddr *address)
{
	*client = (struct mt_client){ .server = mt_macro(ctx, MT_MACRO_SERVER) };
	if (address != NULL)
		client_address(client, address);
	if (client->port == 0)
		client->port = (uint16_t)mt_macro_port(ctx, MT_MACRO_CLIENT_PORT);
	client->listener = mt_macro(ctx, MT_MACRO_LISTENER);
	client->listener_port = (uint16_t)mt_macro_port(ctx, MT_MACRO_LISTENER_PORT);
	client->local = is_local(client, host, address);
	if (client->local)
		client->ip = (struct mt_ip){ 0 };
}

static void
note_peer(SMFICTX *ctx)
{
	const char *software = mt_macro(ctx, MT_MACRO_SOFTWARE);

	if (software != NULL && strncmp(software, "Postfix", 7) == 0 && !atomic_load(&filter->postfix_seen))
		atomic_store(&filter->postfix_seen, true);
}

static sfsistat
turn_away(void)
{
	bool tempfail = atomic_load(&filter->gate.tempfail_overload);

	mt_daemon_count(filter, MT_COUNT_TURNED_AWAY);
	if (mt_daemon_may_say(&filter->said_overload_msec))
		mt_daemon_log(filter, LOG_WARNING, "more than %u sessions: new ones are %s untraced",
		    atomic_load(&filter->gate.most_sessions), tempfail ? "deferred" : "let through");
	return tempfail ? SMFIS_TEMPFAIL : SMFIS_ACCEPT;
}

static sfsistat
connected(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct session *session = session_begin(ctx);
	struct mt_client client;

	if (session == NULL)
		return internal_error("no memory for a session");
	if (atomic_load(&filter->gate.mode) == MT_MODE_OFF)
		return SMFIS_ACCEPT;
	if (atomic_load(&filter->open) > atomic_load(&filter->gate.most_sessions))
		return turn_away();
	note_peer(ctx);
	message_close(session);
	mt_conn_close(session->conn);
	describe(ctx, &client, host, address);
	session->local = client.local;
	(void)mt_ip_text(&client.ip, session->client);
	session->tls = false;
	session->conn = mt_conn_open(filter->engine, &client);
	return session->conn != NULL ? SMFIS_CONTINUE : internal_error("no memory for a connection");
}

static sfsistat
greeted(SMFICTX *ctx, char *name)
{
	struct session *session = session_of(ctx);
	const char *tls = mt_macro(ctx, MT_MACRO_TLS_VERSION);
	bool after_tls;

	if (session == NULL || session->conn == NULL)
		return SMFIS_CONTINUE;
	message_end(session);		/* RFC 5321, 4.1.4: EHLO clears like RSET */
	after_tls = tls != NULL && !session->tls;
	if (after_tls)
		(void)mt_conn_tls(session->conn, span_of(tls));
	session->tls = session->tls || tls != NULL;
	(void)mt_conn_helo(session->conn, span_of(name == NULL ? "" : name), after_tls);
	return SMFIS_CONTINUE;
}

static sfsistat
closed(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session == NULL)
		return SMFIS_CONTINUE;
	message_end(session);
	mt_conn_close(session->conn);
	(void)smfi_setpriv(ctx, NULL);
	free(session);
	atomic_fetch_sub(&filter->open, 1);
	return SMFIS_CONTINUE;
}

/* ---- message ------------------------------------------------------------------------------ */

static void
note_connection(SMFICTX *ctx, struct session *session)
{
	const char *user = mt_macro(ctx, MT_MACRO_AUTH_USER), *tls = mt_macro(ctx, MT_MACRO_TLS_VERSION);

	if (tls != NULL && !session->tls) {
		(void)mt_conn_tls(session->conn, span_of(tls));
		session->tls = true;
	}
	if (user != NULL)
		(void)mt_conn_auth(session->conn, span_of(user));
}

static sfsistat
sender_given(SMFICTX *ctx, char **args)
{
	struct session *session = session_of(ctx);

	if (session == NULL || session->conn == NULL)
		return internal_error("MAIL without a connection");
	message_end(session);
	note_connection(ctx, session);
	session->trace = mt_trace_open(session->conn);
	if (session->trace == NULL)
		return internal_error("no memory for a message");
	mt_daemon_count(filter, MT_COUNT_MESSAGES);
	(void)mt_trace_sender(session->trace, address_of(args));
	note_queue_id(ctx, session);
	return SMFIS_CONTINUE;
}

/* Mail that was handed over on this machine has no client to tell: a recipient refused
 * would leave it in the queue (MILTER_README, "Non-SMTP applications"), so it is only
 * judged at its end. */
static bool
refuses(const struct session *session, const struct mt_verdict *verdict)
{
	return !session->local && verdict->decided &&
	    (verdict->action == MT_REJECT || verdict->action == MT_TEMPFAIL);
}

static void
note_route(SMFICTX *ctx, struct session *session)
{
	struct mt_route route = { .mailer = mt_macro(ctx, MT_MACRO_RCPT_MAILER),
		.software = mt_macro(ctx, MT_MACRO_SOFTWARE) };

	(void)mt_trace_recipient_route(session->trace, &route);
}

static sfsistat
recipient_given(SMFICTX *ctx, char **args)
{
	struct session *session = session_of(ctx);
	const struct mt_verdict *verdict;
	sfsistat status;

	if (session == NULL || session->trace == NULL)
		return internal_error("RCPT without a message");
	note_route(ctx, session);
	verdict = mt_trace_recipient(session->trace, address_of(args));
	if (verdict == NULL)
		return internal_error("no memory for a recipient");
	if (!refuses(session, verdict)) {
		session->accepted++;
		return SMFIS_CONTINUE;
	}
	status = mt_act_refuse(ctx, filter, session->trace, verdict);
	session->refused++;
	mt_daemon_count(filter, MT_COUNT_RECIPIENTS_REFUSED);
	(void)mt_trace_recipient_refused(session->trace);
	return status;
}

static sfsistat
data_begins(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	const struct mt_verdict *verdict;
	sfsistat status;

	if (session == NULL || session->trace == NULL)
		return internal_error("DATA without a message");
	note_queue_id(ctx, session);
	verdict = mt_trace_verdict(session->trace, MT_STAGE_DATA);
	if (verdict == NULL)
		return internal_error("no verdict at DATA");
	if (!refuses(session, verdict))
		return SMFIS_CONTINUE;
	status = mt_act_refuse(ctx, filter, session->trace, verdict);
	mt_act_count(filter, verdict->action);
	if (mt_trace_conclude(session->trace, MT_STAGE_DATA) == 0)
		(void)mt_trace_log(session->trace);
	message_close(session);
	return status;
}

/* Without a session nothing was negotiated, and an answer is due. */
static sfsistat
unanswered(const struct session *session)
{
	return session != NULL && session->no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* An MTA that does not offer the space behind the colon took one away, as far as anybody
 * can tell. */
static void
take_header(struct session *session, const char *name, const char *value)
{
	size_t len = strlen(value);
	char *with;

	if (session->leading_space) {
		(void)mt_trace_header(session->trace, span_of(name), span_of(value));
		return;
	}
	with = malloc(len + 2);
	if (with == NULL)
		return;
	with[0] = ' ';
	memcpy(with + 1, value, len + 1);
	(void)mt_trace_header(session->trace, span_of(name), (struct mt_span){ with, len + 1 });
	free(with);
}

static sfsistat
header_given(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = session_of(ctx);

	if (session != NULL && session->trace != NULL)
		take_header(session, name, value);
	return unanswered(session);
}

static sfsistat
header_over(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session != NULL && session->trace != NULL)
		(void)mt_trace_header_end(session->trace);
	return unanswered(session);
}

static sfsistat
body_given(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	struct session *session = session_of(ctx);

	if (session == NULL || session->trace == NULL)
		return unanswered(session);
	if (session->skip && !session->no_reply && !mt_trace_wants_body(session->trace))
		return SMFIS_SKIP;
	(void)mt_trace_body(session->trace, (struct mt_span){ (const char *)bytes, len });
	return unanswered(session);
}

/* The one wait.  libmilter's pool is kept moving meanwhile: nudge.c says why. */
static int
finish(struct mt_trace *trace, int64_t deadline_msec)
{
	int error;

	if (mt_trace_ready(trace))
		return mt_trace_finish(trace, deadline_msec);
	mt_nudge_begin();
	error = mt_trace_finish(trace, deadline_msec);
	mt_nudge_end();
	return error;
}

/* What was found out stands, and so does the verdict; but somebody should know. */
static void
say_full(SMFICTX *ctx, const struct session *session)
{
	const char *queue_id = mt_macro(ctx, MT_MACRO_QUEUE_ID);

	mt_daemon_log(filter, LOG_WARNING, "%s: id=%s client=%s: the message met the bound of memory and was not "
	    "traced whole", queue_id == NULL ? "-" : queue_id, mt_trace_id(session->trace),
	    session->client[0] == '\0' ? "-" : session->client);
}

static sfsistat
message_complete(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	sfsistat status;
	int error;
	int64_t deadline;

	if (session == NULL || session->trace == NULL)
		return internal_error("end of message without a message");
	note_queue_id(ctx, session);
	deadline = mt_now_mono_msec() + mt_config_number(mt_conn_config(session->conn), "milter.deadline");
	error = finish(session->trace, deadline);
	if (error == MT_EFULL)
		say_full(ctx, session);
	if (error == MT_ENOMEM)
		status = internal_error("no memory to trace a message");
	else
		status = mt_act_message(ctx, filter, session->trace, session->leading_space);
	message_close(session);
	return status;
}

static sfsistat
message_aborted(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session != NULL)
		message_end(session);
	return SMFIS_CONTINUE;
}

/* ---- registration -------------------------------------------------------------------------- */

struct mt_daemon *
mt_callbacks_daemon(void)
{
	return filter;
}

int
mt_callbacks_register(struct mt_daemon *daemon)
{
	struct smfiDesc description = {
		.xxfi_name = mt_macro_plain("mailtrace"),
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
		.xxfi_connect = connected,
		.xxfi_helo = greeted,
		.xxfi_envfrom = sender_given,
		.xxfi_envrcpt = recipient_given,
		.xxfi_header = header_given,
		.xxfi_eoh = header_over,
		.xxfi_body = body_given,
		.xxfi_eom = message_complete,
		.xxfi_abort = message_aborted,
		.xxfi_close = closed,
		.xxfi_data = data_begins,
		.xxfi_negotiate = negotiate,
	};

	filter = daemon;
	/* Longer than any MTA waits for its client's next command (Sendmail's Timeout.command is
	 * an hour), since the MTA is silent here all the while.  Not shorter: Postfix sends the
	 * header only when the whole message is there (cleanup(8)), however slowly it comes, and
	 * a session ended in between would be default_action, which a sender could bring about. */
	(void)smfi_settimeout(IDLE_SEC);
	/* Packets of 64 KiB and more would end the session: long header fields exist. */
	(void)smfi_setmaxdatasize(1024 * 1024);
	return smfi_register(description) == MI_SUCCESS ? 0 : -1;
}
