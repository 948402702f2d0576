/* SPDX-License-Identifier: BSD-2-Clause */
/* A path out of Received fields, for the tests of what looks at several of them. */
#ifndef TESTS_PATH_H
#define TESTS_PATH_H

#include "lib/core/chain.h"
#include "lib/core/hop.h"
#include "lib/core/received.h"
#include "lib/core/trace.h"

#define PATH_NOW INT64_C(1795255200)	/* 2026-11-21 10:00:00 UTC */
#define PATH_FIELDS 8

struct path {
	struct mt_trace trace;
	struct mt_trace_settings settings;
	struct mt_peer peer;
	struct mt_ptr_name name;
};

static inline void
path_live(struct path *p, const char *ip, const char *name)
{
	struct mt_hop *hop = &p->trace.hops[p->trace.nhops++];

	hop->kind = MT_HOP_SMTP;
	hop->flags = 1u << MT_HOP_LIVE;
	hop->date = (struct mt_date){ .known = true, .zone_known = true, .unix_sec = PATH_NOW };
	mt_ip_parse(&hop->from.ip, mt_span_text(ip));
	if (name == NULL)
		return;
	p->name = (struct mt_ptr_name){ .name = mt_span_text(name), .asked = true, .answered = true, .forward = MT_PASS };
	if (name[0] == '!') {
		p->name.name = mt_span_text(name + 1);
		p->name.forward = MT_FAIL;
	} else {
		hop->from.rdns = p->name.name;
	}
	p->peer.iprev = (struct mt_iprev){ .nnames = 1, .names = &p->name };
}

/* Fields newest first, up to a NULL; live: address of the connected client or NULL, name:
 * its verified name or NULL.  The chain is not yet built. */
static inline void
path_open(struct path *p, const struct mt_trust *trust, const char *const *fields, const char *live, const char *name)
{
	*p = (struct path){ .settings = { .trust = trust } };
	p->trace = (struct mt_trace){ .settings = &p->settings, .peer = &p->peer, .received_msec = PATH_NOW * 1000 };
	mt_arena_init(&p->trace.arena, 4096, MT_TRACE_CEILING);
	p->trace.hops = mt_arena_alloc(&p->trace.arena, (PATH_FIELDS + 1) * sizeof *p->trace.hops);
	if (live != NULL)
		path_live(p, live, name);
	for (size_t i = 0; i < PATH_FIELDS && fields[i] != NULL; i++)
		mt_received_parse(&p->trace.hops[p->trace.nhops++], &p->trace.arena, mt_span_text(fields[i]));
}

/* The same with the chain built. */
static inline void
path_build(struct path *p, const struct mt_trust *trust, const char *const *fields, const char *live, const char *name)
{
	path_open(p, trust, fields, live, name);
	mt_chain_build(&p->trace);
}

static inline void
path_close(struct path *p)
{
	mt_arena_fini(&p->trace.arena);
}

#endif
