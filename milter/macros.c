/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the names of macros and the stage at which each is asked for; knows nothing of
 * what is made of their values. */
#include "milter/macros.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MT_MACROS] = {
	[MT_MACRO_SERVER] = "j",
	[MT_MACRO_SOFTWARE] = "v",
	[MT_MACRO_CLIENT_PORT] = "{client_port}",
	[MT_MACRO_QUEUE_ID] = "i",
	[MT_MACRO_AUTH_USER] = "{auth_authen}",
	[MT_MACRO_TLS_VERSION] = "{tls_version}",
	[MT_MACRO_LISTENER] = "{daemon_name}",
	[MT_MACRO_LISTENER_PORT] = "{daemon_port}",
	[MT_MACRO_RCPT_MAILER] = "{rcpt_mailer}",
};

/* Postfix sends few macros unasked, and an asked list spares the administrator from
 * editing milter_*_macros.  The queue id is known to Sendmail at MAIL and to Postfix from
 * DATA on, so both stages ask. */
static const struct {
	int stage;
	const char *list;
} wanted[] = {
	{ SMFIM_CONNECT, "j v {client_port} {daemon_name} {daemon_port}" },
	{ SMFIM_HELO, "{tls_version}" },
	{ SMFIM_ENVFROM, "i {auth_authen} {tls_version}" },
	{ SMFIM_ENVRCPT, "{rcpt_mailer}" },
	{ SMFIM_DATA, "i" },
	{ SMFIM_EOM, "i" },
};

char *
mt_macro_plain(const char *text)
{
	char *plain;

	memcpy(&plain, &text, sizeof plain);
	return plain;
}

void
mt_macros_ask(SMFICTX *ctx)
{
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		(void)smfi_setsymlist(ctx, wanted[i].stage, mt_macro_plain(wanted[i].list));
}

const char *
mt_macro(SMFICTX *ctx, enum mt_macro macro)
{
	const char *value = smfi_getsymval(ctx, mt_macro_plain(names[macro]));

	return value != NULL && value[0] != '\0' ? value : NULL;
}

unsigned
mt_macro_port(SMFICTX *ctx, enum mt_macro macro)
{
	const char *text = mt_macro(ctx, macro);
	unsigned long port;
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	port = strtoul(text, &end, 10);
	return *end == '\0' && port <= 65535 ? (unsigned)port : 0;
}
