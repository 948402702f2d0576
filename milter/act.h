/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict becomes calls of libmilter. */
#ifndef MT_MILTER_ACT_H
#define MT_MILTER_ACT_H

#include <libmilter/mfapi.h>

#include "milter/daemon.h"

/* Sets the reply of a verdict that rejects or defers, and returns the status that goes
 * with it.  A reply that libmilter does not take leaves the MTA's own text, of the same
 * class, and is told in the log. */
sfsistat mt_act_refuse(SMFICTX *ctx, struct mt_daemon *daemon, const struct mt_trace *trace,
    const struct mt_verdict *verdict);

/* End of message, the trace is finished: header, quarantine, reply, log, counters.
 * leading_space: SMFIP_HDR_LEADSPC was negotiated. */
sfsistat mt_act_message(SMFICTX *ctx, struct mt_daemon *daemon, struct mt_trace *trace, bool leading_space);

/* Counts a message by what was done with it. */
void mt_act_count(struct mt_daemon *daemon, enum mt_action action);

#endif
