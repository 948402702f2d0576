/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a judge of core asks DNS without waiting: by repetition.
 *
 * A judge asks for what it needs next.  NULL means: asked, not there yet; the judge then
 * gives up with MT_UNKNOWN and is run again from its start when something has come in.  So
 * what it says depends on the answers alone and never on their order.  It keeps nothing
 * from one run to the next, and asks for all that it can know it will need before it gives
 * up, so that questions travel side by side.
 *
 * An answer is lent until the message ends.  Once nothing more will come there is no NULL:
 * what is still out is an answer with MT_CAUSE_DEADLINE, a question beyond the bound of a
 * message one with MT_CAUSE_LIMIT, a name that cannot be asked about one with
 * MT_CAUSE_BAD_NAME.  The same question twice is one question.
 */
#ifndef MT_CORE_ASK_H
#define MT_CORE_ASK_H

#include "lib/core/answer.h"

struct mt_ask {
	const struct mt_answer *(*answer)(struct mt_ask *self, struct mt_span name, enum mt_rrtype type);
};

/* name: text form without a final dot, as in struct mt_resolver; lent for the call. */
static inline const struct mt_answer *
mt_ask(struct mt_ask *ask, struct mt_span name, enum mt_rrtype type)
{
	return ask->answer(ask, name, type);
}

/* An answer that says nothing, for now: neither records nor that there are none. */
static inline bool
mt_cause_trouble(enum mt_cause c)
{
	return c != MT_CAUSE_NONE && !mt_cause_nothing(c);
}

#endif
