/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Health of the lists that are asked (RFC 5782, 5): each must list 127.0.0.2 and must not
 * list 127.0.0.1.  One that fails is switched off until a later probe finds it well, so that
 * a list which lists the whole world rejects nobody's mail.
 *
 * Any thread.  Nothing waits and no thread is started: whoever comes by with the time starts
 * what probes are due (for live mail the thread of the resolver does, besides every client),
 * and their answers come as they come.  A zone's health is counted for
 * itself, and goes on over a reload in which the zone stays.
 */
#ifndef MT_ENGINE_LISTS_H
#define MT_ENGINE_LISTS_H

#include "lib/core/dnsbl.h"

#define MT_LISTS_PROBE_MSEC INT64_C(3600000)	/* between probes of a zone */
#define MT_LISTS_AGAIN_MSEC INT64_C(300000)	/* after one that told nothing */
#define MT_LISTS_TICK_MSEC INT64_C(10000)	/* how often is looked which are due */
/* Probes in a row without an answer, or without the test entry, that switch a zone off. */
#define MT_LISTS_FAILURES 3

struct mt_lists;

/* Lists for the zones of settings (which are not kept), with the health of those that old
 * has too (NULL: none).  What changes is told through say (may be NULL), which must outlive
 * every resolver that was given to mt_lists_tick().  NULL: no memory. */
struct mt_lists *mt_lists_new(const struct mt_dnsbl *settings, const struct mt_lists *old,
    void (*say)(void *ctx, int priority, const char *line), void *ctx);
struct mt_lists *mt_lists_ref(struct mt_lists *lists);
/* Probes that are under way hold what they need. */
void mt_lists_unref(struct mt_lists *lists);

/* Starts the probes that are due.  Cheap when none is: one atomic load and compare.  The
 * resolver is lent, and must answer all that was asked before it is closed, as it does. */
void mt_lists_tick(struct mt_lists *lists, struct mt_resolver *resolver, int64_t now_mono_msec);

/* The zones as they are now, in the order of the settings: MT_UNKNOWN (no probe has ended),
 * MT_CLEAN (well), or switched off: MT_REFUSED, MT_DEAD, MT_TEMPERROR (silent).  For
 * mt_dnsbl_about.states; to be taken once for a connection, so that a message is judged by
 * one state of things. */
void mt_lists_states(const struct mt_lists *lists, enum mt_result states[MT_DNSBL_ZONES]);

/* Switches off the zones that refused a live question, or whose answer was no code, until
 * the next probe.  listings: of settings with the same zones. */
void mt_lists_note(struct mt_lists *lists, const struct mt_listings *listings);

#endif
