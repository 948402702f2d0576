/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which name server is asked first; knows nothing of what is asked.
 *
 * The order is the administrator's, as in resolv.conf(5): the first is asked while it
 * answers.  A server that fails several times in a row is asked after the others, and is
 * given a question of our own now and then, for which no message has to wait. */
#include "lib/source/servers.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

bool
mt_server_parse(struct mt_server *server, struct mt_span text)
{
	const char *end = text.ptr + text.len, *colon = NULL;
	unsigned port = 0;

	*server = (struct mt_server){ .port = 53 };
	if (text.len == 0)
		return false;
	if (text.ptr[0] == '[') {
		colon = memchr(text.ptr, ']', text.len);
		colon = colon == NULL || colon + 1 == end ? NULL : colon + 1;
	} else if ((colon = memchr(text.ptr, ':', text.len)) != NULL &&
	    memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
		colon = NULL;		/* IPv6 without a port */
	}
	if (colon == NULL)
		return mt_ip_parse(&server->ip, text);
	if (*colon != ':' || end - colon < 2 || end - colon > 6)
		return false;
	for (const char *p = colon + 1; p < end; p++) {
		if (!mt_is_digit(*p))
			return false;
		port = port * 10 + (unsigned)(*p - '0');
	}
	server->port = (uint16_t)port;
	return port >= 1 && port <= UINT16_MAX && mt_ip_parse(&server->ip, mt_span_between(text.ptr, colon));
}

const char *
mt_server_text(const struct mt_server *server, char out[MT_SERVER_TEXT])
{
	char ip[MT_IP_TEXT];

	snprintf(out, MT_SERVER_TEXT, server->ip.family == 6 ? "[%s]:%u" : "%s:%u", mt_ip_text(&server->ip, ip),
	    server->port);
	return out;
}

int
mt_servers_pick(const struct mt_servers *servers, uint32_t without)
{
	int best = -1;

	for (size_t i = 0; i < servers->count; i++) {
		if ((without >> i & 1) != 0)
			continue;
		if (best < 0 || servers->server[i].state < servers->server[best].state)
			best = (int)i;
	}
	return best;
}

bool
mt_servers_silent(const struct mt_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		if (servers->server[i].state != MT_SERVER_SILENT)
			return false;
	return servers->count > 0;
}

uint64_t
mt_server_mark(const struct mt_server *server)
{
	return server->answers;
}

void
mt_server_answered(struct mt_server *server)
{
	server->answers++;
	server->failures = 0;
	server->state = MT_SERVER_UP;
	server->pause_msec = 0;
}

void
mt_server_failed(struct mt_server *server, uint64_t mark, enum mt_server_failure how, int64_t now_msec)
{
	bool was_up = server->state == MT_SERVER_UP;

	if (how == MT_SERVER_CANNOT && server->state == MT_SERVER_SILENT)
		server->state = MT_SERVER_DOUBT;
	if (mark != server->answers || ++server->failures < MT_SERVER_FAILURES)
		return;
	if (how == MT_SERVER_AWAY)
		server->state = MT_SERVER_SILENT;
	else if (was_up)
		server->state = MT_SERVER_DOUBT;
	if (!was_up)
		return;
	/* A probe at once, unless there was one just now: a silent zone goes on and on. */
	server->probe_msec = server->probed_msec + MT_SERVER_FIRST_MSEC;
	if (server->probed_msec == 0 || server->probe_msec < now_msec)
		server->probe_msec = now_msec;
}

bool
mt_server_edns(const struct mt_server *server, bool again, int64_t now_msec)
{
	if (now_msec < server->edns_msec)
		return true;
	return now_msec >= server->plain_msec && !again && server->failures == 0;
}

void
mt_server_spoke_edns(struct mt_server *server, int64_t now_msec)
{
	server->edns_msec = now_msec + MT_SERVER_EDNS_MSEC;
	server->plain_msec = 0;
}

/* Not longer for being asked without meanwhile: then it is tried with EDNS again. */
void
mt_server_spoke_plain(struct mt_server *server, int64_t now_msec)
{
	if (now_msec >= server->edns_msec && now_msec >= server->plain_msec)
		server->plain_msec = now_msec + MT_SERVER_EDNS_MSEC;
}

bool
mt_server_probe(struct mt_server *server, int64_t now_msec)
{
	if (server->state == MT_SERVER_UP || server->probing || now_msec < server->probe_msec)
		return false;
	server->pause_msec = server->pause_msec == 0 ? MT_SERVER_FIRST_MSEC : server->pause_msec * 2;
	if (server->pause_msec > MT_SERVER_MOST_MSEC)
		server->pause_msec = MT_SERVER_MOST_MSEC;
	server->probe_msec = now_msec + server->pause_msec;
	server->probed_msec = now_msec;
	server->probing = true;
	return true;
}

void
mt_server_probed(struct mt_server *server, bool sound, bool spoke)
{
	server->probing = false;
	if (sound)
		mt_server_answered(server);
	else if (server->state != MT_SERVER_UP)
		server->state = spoke ? MT_SERVER_DOUBT : MT_SERVER_SILENT;
}
