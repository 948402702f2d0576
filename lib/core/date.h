/* SPDX-License-Identifier: BSD-2-Clause */
/* Date-times of mail: RFC 5322, 3.3 and 4.3, and what is written instead. */
#ifndef MT_CORE_DATE_H
#define MT_CORE_DATE_H

#include "lib/base/span.h"

/* Reads a date-time anywhere in any bytes, in linear time; an unreadable one has known
 * false.  *odd is set for a form that is readable but obsolete or wrong. */
void mt_date_parse(struct mt_date *date, struct mt_span text, bool *odd);

/* Longest RFC 3339 text with its NUL: "2026-11-21T18:44:47+01:00". */
#define MT_DATE_TEXT 32
/* RFC 3339 in the zone as written ("Z" if none or "+00:00" if so written); "" if unknown. */
const char *mt_date_text(const struct mt_date *date, char out[MT_DATE_TEXT]);
/* The same with milliseconds, in UTC. */
#define MT_TIME_TEXT 40
const char *mt_time_text(int64_t unix_msec, char out[MT_TIME_TEXT]);

/* Milliseconds for seconds that a file or a server told: none before 1970, none after 9999. */
static inline int64_t
mt_time_told(int64_t unix_sec)
{
	const int64_t last = INT64_C(253402300799);

	return (unix_sec < 0 ? 0 : unix_sec > last ? last : unix_sec) * 1000;
}


#endif
