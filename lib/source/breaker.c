/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how often in a row nobody answered; knows no clock and no server. */
#include "lib/source/breaker.h"

#include <string.h>

#include "lib/base/name.h"

/* How many labels at the end of a name are taken for its zone. */
static unsigned
zone_labels(struct mt_span name)
{
	if (mt_name_below(name, MT_SPAN("in-addr.arpa")))
		return 2 + 2;
	if (mt_name_below(name, MT_SPAN("ip6.arpa")))
		return 2 + 8;
	return 2;
}

uint32_t
mt_breaker_zone(const char *name)
{
	struct mt_span span = mt_name_strip(mt_span_text(name));
	unsigned labels = zone_labels(span);
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = span.len; i > 0; i--) {
		if (span.ptr[i - 1] == '.' && --labels == 0)
			break;
		hash = (hash ^ (unsigned char)mt_lower(span.ptr[i - 1])) * 16777619u;
	}
	return hash;
}

bool
mt_breaker_pass(struct mt_breaker *breaker, int64_t now_msec)
{
	if (!breaker->open)
		return true;
	if (breaker->open_silent || now_msec < breaker->probe_msec)
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

static bool
open_now(struct mt_breaker *breaker, int64_t now_msec)
{
	unsigned zones = breaker->limit < MT_BREAKER_ZONES ? breaker->limit : MT_BREAKER_ZONES;

	if (breaker->open || breaker->limit == 0 || breaker->failures < breaker->limit ||
	    (!breaker->silent && breaker->nzones < zones))
		return false;
	breaker->open = true;
	breaker->open_silent = breaker->silent;
	breaker->pause_msec = MT_BREAKER_FIRST_MSEC;
	breaker->probe_msec = now_msec + breaker->pause_msec;
	return true;
}

/* Questions asked in one burst expire in one loop, so that "in a row" alone says nothing:
 * a stranger's names in a zone of silent servers would stop the questions of everybody. */
bool
mt_breaker_failed(struct mt_breaker *breaker, uint64_t mark, uint32_t zone, int64_t now_msec)
{
	unsigned i = 0;

	if (breaker->open || mark != breaker->answers)
		return false;
	breaker->failures++;
	while (i < breaker->nzones && breaker->zones[i] != zone)
		i++;
	if (i == breaker->nzones && i < MT_BREAKER_ZONES)
		breaker->zones[breaker->nzones++] = zone;
	return open_now(breaker, now_msec);
}

bool
mt_breaker_silent(struct mt_breaker *breaker, int64_t now_msec)
{
	breaker->silent = true;
	if (breaker->open)
		breaker->open_silent = true;	/* so that was why: no question need be the probe */
	return open_now(breaker, now_msec);
}

static bool
close_now(struct mt_breaker *breaker)
{
	bool was_open = breaker->open;

	breaker->open = breaker->open_silent = false;
	breaker->failures = breaker->nzones = 0;
	return was_open;
}

/* A resolver that answers probes may still reach nobody: then only an answer to a
 * question of somebody's closes it. */
bool
mt_breaker_heard(struct mt_breaker *breaker)
{
	breaker->silent = false;
	return breaker->open_silent && close_now(breaker);
}

bool
mt_breaker_answered(struct mt_breaker *breaker)
{
	breaker->answers++;
	breaker->silent = false;
	return close_now(breaker);
}
