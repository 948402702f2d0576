/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows three forms of queue ids; knows no dates of mail. */
#include "lib/core/queueid.h"

#define LATER_SEC 5
#define EARLIER_SEC (24 * 3600)

static int
digit(char c, const char *alphabet)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* A number of n digits in the base of the alphabet, or -1. */
static int64_t
number(const char *text, size_t n, const char *alphabet)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digit(text[i], alphabet);

		if (d < 0)
			return -1;
		value = value * (int64_t)strlen(alphabet) + d;
	}
	return value;
}

/* Days from 1970-01-01 of a date of the Gregorian calendar, month 1-12. */
static int64_t
days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Ids before Sendmail 8.10: a letter for the hour, "AA", and digits: no time in them. */
static bool
sendmail_old(struct mt_span id)
{
	for (size_t i = 3; i < id.len; i++)
		if (!mt_is_digit(id.ptr[i]))
			return false;
	return true;
}

/* Sendmail 8.10 and later: year % 60, month 0-11, day, hour, minute, second in base 60,
 * one or two letters of sequence, five or more digits of process id; UTC. */
static bool
sendmail_time(int64_t *unix_sec, struct mt_span id, int64_t near_sec)
{
	static const char base60[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
	int part[6];
	int64_t best = 0;

	if (id.len < 12 || id.len > 16 || sendmail_old(id))
		return false;
	for (size_t i = 0; i < 8; i++) {
		int d = digit(id.ptr[i], base60);

		if (d < 0)
			return false;
		if (i < 6)
			part[i] = d;
	}
	for (size_t i = id.len - 5; i < id.len; i++)
		if (!mt_is_digit(id.ptr[i]))
			return false;
	if (part[1] > 11 || part[2] < 1 || part[2] > 31 || part[3] > 23)
		return false;
	for (int64_t year = 1900 + part[0]; year < 2200; year += 60) {
		int64_t sec = days(year, part[1] + 1, part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];

		if (best == 0 || (sec > near_sec ? sec - near_sec : near_sec - sec) <
		    (best > near_sec ? best - near_sec : near_sec - best))
			best = sec;
	}
	*unix_sec = best;
	return true;
}

/* Exim: seconds in base 62, six digits, before the first hyphen; six or eleven digits of
 * process id and two or four more behind it. */
static bool
exim_time(int64_t *unix_sec, struct mt_span id)
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t middle = id.len == 16 ? 6 : 11;

	if ((id.len != 16 && id.len != 23) || id.ptr[6] != '-' || id.ptr[7 + middle] != '-' ||
	    number(id.ptr + 7, middle, base62) < 0 || number(id.ptr + 8 + middle, id.len - 8 - middle, base62) < 0)
		return false;
	*unix_sec = number(id.ptr, 6, base62);
	return *unix_sec >= 0;
}

/* Postfix with enable_long_queue_ids: seconds in base 52, six digits, microseconds, four,
 * a 'z', the inode number without one. */
static bool
postfix_time(int64_t *unix_sec, struct mt_span id)
{
	static const char base52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	int64_t usec;

	if (id.len < 12 || id.len > 24 || id.ptr[10] != 'z' || memchr(id.ptr + 11, 'z', id.len - 11) != NULL ||
	    number(id.ptr + 11, id.len - 11 > 10 ? 10 : id.len - 11, base52) < 0)
		return false;
	usec = number(id.ptr + 6, 4, base52);
	*unix_sec = number(id.ptr, 6, base52);
	return *unix_sec >= 0 && usec >= 0 && usec < 1000000;
}

bool
mt_queueid_is_exim(struct mt_span id)
{
	int64_t unix_sec;

	return exim_time(&unix_sec, id);
}

bool
mt_queueid_time(int64_t *unix_sec, const struct mt_hop *hop, int64_t near_sec)
{
	if (hop->dialect == NULL || hop->id.len == 0)
		return false;
	if (strcmp(hop->dialect, "sendmail") == 0)
		return sendmail_time(unix_sec, hop->id, near_sec);
	if (strcmp(hop->dialect, "exim") == 0)
		return exim_time(unix_sec, hop->id);
	if (strcmp(hop->dialect, "postfix") == 0)
		return postfix_time(unix_sec, hop->id);
	return false;
}

bool
mt_queueid_contradicts(const struct mt_hop *hop)
{
	int64_t sec;

	/* A date that contradicts itself (a wrong day of the week) can be held against nothing. */
	if (!hop->date.known || !hop->date.zone_known || (hop->flags >> MT_HOP_DATE_ODD & 1) != 0 ||
	    !mt_queueid_time(&sec, hop, hop->date.unix_sec))
		return false;
	return sec > hop->date.unix_sec + LATER_SEC || sec < hop->date.unix_sec - EARLIER_SEC;
}
