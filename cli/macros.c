/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what Postfix 3.7 calls its macros and what they hold; asks nobody. */
#include "cli/macros.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The name of the client is what an MTA finds in DNS.  Nothing is asked here, so that it
 * is "unknown, for now" but for the machine itself. */
void
macros_init(struct macros *macros, const struct mt_ip *client, const char *sender)
{
	bool loopback = client->family == 4 && client->bytes[0] == 127;
	struct timespec now;

	*macros = (struct macros){ .sender = sender };
	if (gethostname(macros->host, sizeof macros->host - 1) != 0 || macros->host[0] == '\0')
		memcpy(macros->host, "localhost", sizeof "localhost");
	mt_ip_text(client, macros->client);
	macros->client_name = loopback ? "localhost" : "unknown";
	macros->client_resolve = loopback ? "OK" : "TEMP";
	snprintf(macros->prefixed, sizeof macros->prefixed, "%s%s", client->family == 6 ? "IPv6:" : "", macros->client);
	snprintf(macros->peer, sizeof macros->peer, "%s [%s]", macros->client_name, macros->client);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(macros->queue_id, sizeof macros->queue_id, "%05lX%05lX", (unsigned long)(now.tv_nsec / 1000),
	    (unsigned long)getpid() & 0xfffff);
}

/* The queue id comes with the first recipient that was accepted, as in Postfix. */
const char *
macros_find(const struct macros *macros, struct mt_span name)
{
	const struct {
		const char *name, *value;
	} known[] = {
		{ "j", macros->host }, { "daemon_name", macros->host }, { "daemon_addr", "127.0.0.1" },
		{ "daemon_port", "25" }, { "v", "Postfix 3.7.11" }, { "_", macros->peer },
		{ "client_addr", macros->prefixed }, { "client_name", macros->client_name },
		{ "client_ptr", macros->client_name }, { "client_port", "0" },
		{ "client_resolve", macros->client_resolve }, { "client_connections", "1" },
		{ "mail_addr", macros->sender }, { "rcpt_addr", macros->recipient },
		{ "i", macros->queued ? macros->queue_id : NULL },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strlen(known[i].name) == name.len && memcmp(known[i].name, name.ptr, name.len) == 0)
			return known[i].value;
	return NULL;
}
