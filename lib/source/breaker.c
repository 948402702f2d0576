/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how often in a row nobody answered; knows no clock and no server. */
#include "lib/source/breaker.h"

bool
mt_breaker_pass(struct mt_breaker *breaker, int64_t now_msec)
{
	if (!breaker->open)
		return true;
	if (now_msec < breaker->probe_msec)
		return false;
	breaker->pause_msec = breaker->pause_msec * 2 < MT_BREAKER_MOST_MSEC ? breaker->pause_msec * 2 :
	    MT_BREAKER_MOST_MSEC;
	breaker->probe_msec = now_msec + breaker->pause_msec;
	return true;
}

uint64_t
mt_breaker_mark(const struct mt_breaker *breaker)
{
	return breaker->answers;
}

/* Questions asked in one burst expire in one loop, so that "in a row" alone says nothing:
 * a stranger's names in a zone of silent servers would stop the questions of everybody. */
bool
mt_breaker_failed(struct mt_breaker *breaker, uint64_t mark, int64_t now_msec)
{
	if (breaker->open || breaker->limit == 0 || mark != breaker->answers || ++breaker->failures < breaker->limit)
		return false;
	breaker->open = true;
	breaker->pause_msec = MT_BREAKER_FIRST_MSEC;
	breaker->probe_msec = now_msec + breaker->pause_msec;
	return true;
}

bool
mt_breaker_answered(struct mt_breaker *breaker)
{
	bool was_open = breaker->open;

	breaker->answers++;
	breaker->open = false;
	breaker->failures = 0;
	return was_open;
}
