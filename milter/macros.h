/* SPDX-License-Identifier: BSD-2-Clause */
/* Macros: what the MTA is asked to tell beside the SMTP dialogue. */
#ifndef MT_MILTER_MACROS_H
#define MT_MILTER_MACROS_H

#include <stdbool.h>
#include <libmilter/mfapi.h>

enum mt_macro {
	MT_MACRO_SERVER,		/* j: our own host name */
	MT_MACRO_SOFTWARE,		/* v: "Postfix 3.7.11" */
	MT_MACRO_CLIENT_PORT,
	MT_MACRO_QUEUE_ID,		/* i */
	MT_MACRO_AUTH_USER,		/* {auth_authen} */
	MT_MACRO_TLS_VERSION,
	MT_MACRO_LISTENER, MT_MACRO_LISTENER_PORT,	/* {daemon_name}, {daemon_port}: the door */
	MT_MACRO_RCPT_MAILER,		/* where it would take a recipient's mail */
	MT_MACROS
};

/* Asks for the macros of every stage; only inside the negotiate callback. */
void mt_macros_ask(SMFICTX *ctx);

/* The value of a macro, or NULL where it is absent or empty; lent until the callback
 * returns. */
const char *mt_macro(SMFICTX *ctx, enum mt_macro macro);

/* The port that a macro tells, 0: not told. */
unsigned mt_macro_port(SMFICTX *ctx, enum mt_macro macro);

/* libmilter's interface is older than const; it copies and does not write. */
char *mt_macro_plain(const char *text);

#endif
