/* SPDX-License-Identifier: BSD-2-Clause */
/* What an SPF record leads to is asked about on the thread that brought it, so that the next
 * step does not wait for the SMTP client's next command.  The answers stay in the cache, where
 * the judge finds them. */
#ifndef MT_ENGINE_AHEAD_H
#define MT_ENGINE_AHEAD_H

#include "lib/engine/cache.h"

#define MT_BUDGET_MOST 60		/* DESIGN: questions of a message, whoever asks them */
#define MT_BUDGET_AHEAD 20		/* of them asked ahead */

/* What one connection may ask for its message: judges, and ahead of them.  Counted; any
 * thread, no lock. */
struct mt_budget;

/* left: what judges may still ask when no more is asked ahead.  NULL: no memory. */
struct mt_budget *mt_budget_new(unsigned left);
struct mt_budget *mt_budget_ref(struct mt_budget *budget);
void mt_budget_unref(struct mt_budget *budget);
/* Another message begins, for which `spent` questions of the connection count. */
void mt_budget_begin(struct mt_budget *budget, unsigned spent);
/* Charges a judge's question; keep: what he must leave for others.  One that was asked ahead
 * has been charged.  False: nothing is left. */
bool mt_budget_ask(struct mt_budget *budget, const char *name, enum mt_rrtype type, unsigned keep);
unsigned mt_budget_spent(const struct mt_budget *budget);

/* An answer of TXT that came for a message; address: MT_RR_A or MT_RR_AAAA, the client's
 * family, 0 where it is not known.  What it leads to is asked within the budget.  The cache
 * outlives every question.  Any thread. */
void mt_ahead_spf(struct mt_cache *cache, struct mt_budget *budget, const struct mt_answer *txt,
    enum mt_rrtype address);

#endif
