/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows RFC 3339, in which an instant is reported, and how one is given on a command line. */
#include "lib/core/calendar.h"
#include "lib/core/date.h"

static char *
put_number(char *p, int64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + digits;
}

/* "2026-11-21T18:44:47" of seconds that are already in the zone. */
static char *
put_instant(char *p, int64_t sec)
{
	int64_t days = sec / 86400 - (sec % 86400 < 0), rest = sec - days * 86400, year;
	int month, day;

	mt_calendar_civil(days, &year, &month, &day);
	p = put_number(p, year < 0 ? 0 : year > 9999 ? 9999 : year, 4);
	*p++ = '-';
	p = put_number(p, month, 2);
	*p++ = '-';
	p = put_number(p, day, 2);
	*p++ = 'T';
	p = put_number(p, rest / 3600, 2);
	*p++ = ':';
	p = put_number(p, rest / 60 % 60, 2);
	*p++ = ':';
	return put_number(p, rest % 60, 2);
}

const char *
mt_date_text(const struct mt_date *date, char out[MT_DATE_TEXT])
{
	int zone = date->zone_min < 0 ? -date->zone_min : date->zone_min;
	char *p = out;

	*p = '\0';
	if (!date->known)
		return out;
	p = put_instant(p, date->unix_sec + (int64_t)date->zone_min * 60);
	if (!date->zone_known) {
		*p++ = 'Z';
	} else {
		*p++ = date->zone_min < 0 ? '-' : '+';
		p = put_number(p, zone / 60, 2);
		*p++ = ':';
		p = put_number(p, zone % 60, 2);
	}
	*p = '\0';
	return out;
}

const char *
mt_time_text(int64_t unix_msec, char out[MT_TIME_TEXT])
{
	int64_t sec = unix_msec / 1000 - (unix_msec % 1000 < 0);
	char *p = put_instant(out, sec);

	*p++ = '.';
	p = put_number(p, unix_msec - sec * 1000, 3);
	*p++ = 'Z';
	*p = '\0';
	return out;
}

/* Of Unix seconds: past the year 30,000, and far from the bounds of 64 bits. */
#define SECONDS_DIGITS 12

bool
mt_time_parse(int64_t *unix_msec, struct mt_span text)
{
	struct mt_date date;
	int64_t sec = 0;
	bool odd = false;
	size_t i = 0;

	text = mt_span_trim(text);
	while (i < text.len && i < SECONDS_DIGITS && mt_is_digit(text.ptr[i]))
		sec = sec * 10 + (text.ptr[i++] - '0');
	if (i == 0 || i < text.len) {
		mt_date_parse(&date, text, &odd);
		if (!date.known)
			return false;
		sec = date.unix_sec;
	}
	*unix_msec = sec * 1000;
	return true;
}
