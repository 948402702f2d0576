/* SPDX-License-Identifier: BSD-2-Clause */
/* The macros by which an MTA tells a filter what it knows of a session. */
#ifndef CLI_MACROS_H
#define CLI_MACROS_H

#include "lib/mailtrace.h"

struct macros {
	char host[256];			/* the MTA's own name: this machine's */
	char client[MT_IP_TEXT], prefixed[MT_IP_TEXT + 8], peer[MT_IP_TEXT + 16], queue_id[16];
	const char *client_name, *client_resolve;
	const char *sender, *recipient;	/* lent; recipient NULL: none yet */
	bool queued;			/* a recipient was accepted */
};

void macros_init(struct macros *macros, const struct mt_ip *client, const char *sender);
/* The value of a macro whose name is without braces; NULL: not known, and left out. */
const char *macros_find(const struct macros *macros, struct mt_span name);

#endif
