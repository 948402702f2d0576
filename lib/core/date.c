/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the forms in which mail writes an instant; knows neither the clock nor the
 * time zones of the system.
 *
 * A date is tried at each place where one may begin, with a bounded number of tokens,
 * so that any bytes are read in linear time.
 */
#include "lib/core/date.h"

#include "lib/core/calendar.h"

#define COMMENT_MOST 128		/* bytes of a comment between two tokens */
#define TOKEN_MOST 24			/* bytes of a number or word */
#define TRIES_MOST 64			/* places at which a date is tried */

struct reader {
	const char *at, *end;
	bool odd;
};

struct parts {
	int year, month, day, hour, minute, second;
	int weekday;			/* 0 is Sunday; -1 none was written */
	int zone_min;
	bool has_zone;
};

/* ---- tokens ------------------------------------------------------------------------ */

static void
skip_comment(struct reader *r)
{
	const char *p = r->at, *end = r->end - p > COMMENT_MOST ? p + COMMENT_MOST : r->end;
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end) {
			p++;
		} else if (*p == '(') {
			depth++;
		} else if (*p == ')' && --depth == 0) {
			r->at = p + 1;
			return;
		}
	}
	r->at = r->end;			/* without an end: nothing more can be read */
}

/* Past white space and comments (CFWS of RFC 5322, 3.2.2). */
static void
skip_space(struct reader *r)
{
	while (r->at < r->end && (mt_is_space(*r->at) || *r->at == '(')) {
		if (*r->at == '(')
			skip_comment(r);
		else
			r->at++;
	}
}

static bool
take_char(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* A number of at most that many digits; returns how many there were, 0 for none. */
static int
take_number(struct reader *r, int most, int *value)
{
	int digits = 0;

	*value = 0;
	while (r->at < r->end && mt_is_digit(*r->at) && digits < most) {
		*value = *value * 10 + (*r->at++ - '0');
		digits++;
	}
	return r->at < r->end && mt_is_digit(*r->at) ? 0 : digits;
}

static struct mt_span
take_letters(struct reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && mt_is_alpha(*r->at) && r->at - start < TOKEN_MOST)
		r->at++;
	return mt_span_between(start, r->at);
}

static const char months[12][12] = { "january", "february", "march", "april", "may", "june", "july", "august",
	"september", "october", "november", "december" };
static const char weekdays[7][12] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

/* Which of count names begins with these three letters, or -1. */
static int
three_find(const char (*names)[12], int count, const char *p)
{
	const char lower[3] = { mt_lower(p[0]), mt_lower(p[1]), mt_lower(p[2]) };

	for (int i = 0; i < count; i++)
		if (names[i][2] == lower[2] && names[i][1] == lower[1] && names[i][0] == lower[0])
			return i;
	return -1;
}

/* Which of count names the word is, in full or cut after its third letter or later, or -1;
 * "Marvin" is no month. */
static int
name_find(const char (*names)[12], int count, struct mt_span word)
{
	int i = word.len < 3 ? -1 : three_find(names, count, word.ptr);

	if (i < 0 || word.len == 3)
		return i;
	return word.len <= strlen(names[i]) && mt_same_bytes(word.ptr, names[i], word.len) ? i : -1;
}

static int
month_find(struct mt_span word)
{
	return name_find(months, 12, word);
}

static int
weekday_find(struct mt_span word)
{
	return name_find(weekdays, 7, word);
}

/* ---- parts --------------------------------------------------------------------------- */

/* A year of 4 digits, or an obsolete one (RFC 5322, 4.3); "0102" and "102" are what
 * programs wrote that added nothing to the years since 1900. */
static bool
take_year(struct reader *r, int *year)
{
	int digits = take_number(r, 4, year);

	if (digits < 2)
		return false;
	if (digits == 4 && *year >= 1900)
		return true;
	r->odd = true;
	if (digits == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (*year >= 50 && *year < 200)
		*year += 1900;
	return *year >= 1900;
}

/* hh:mm[:ss[.fraction]], with a dot or colon between; am and pm behind it. */
static bool
take_time(struct reader *r, struct parts *p)
{
	int digits = take_number(r, 2, &p->hour);

	if (digits == 0 || !take_char(r, ':') || take_number(r, 2, &p->minute) == 0)
		return false;
	r->odd = r->odd || digits == 1;
	p->second = 0;
	if (take_char(r, ':') && take_number(r, 2, &p->second) == 0)
		return false;
	if (r->at < r->end && (*r->at == '.' || *r->at == ',') && r->end - r->at > 1 && mt_is_digit(r->at[1])) {
		r->odd = true;
		for (r->at++; r->at < r->end && mt_is_digit(*r->at); r->at++)
			continue;
	}
	return p->hour <= 23 && p->minute <= 59 && p->second <= 60;
}

/* "PM", "p.m.": written by no known server, so odd. */
static void
take_half(struct reader *r, struct parts *p)
{
	const char *start = r->at;
	char half;

	skip_space(r);
	half = r->at < r->end ? mt_lower(*r->at) : '\0';
	if ((half == 'a' || half == 'p') && p->hour >= 1 && p->hour <= 12) {
		r->at++;
		take_char(r, '.');
		if (r->at < r->end && mt_lower(*r->at) == 'm') {
			r->at++;
			take_char(r, '.');
			if (r->at == r->end || !mt_is_alpha(*r->at)) {
				r->odd = true;
				p->hour = p->hour % 12 + (half == 'p' ? 12 : 0);
				return;
			}
		}
	}
	r->at = start;
}

struct zone {
	char name[6];
	int16_t minutes;
	bool standard;			/* of RFC 5322, 4.3 */
};

/* Names that mean one thing only.  IST, BST (the one of Bangladesh), CST (the one of
 * China) and the military letters do not: RFC 5322, 4.3, has unknown ones read as -0000. */
static const struct zone zones[] = {
	{ "GMT", 0, true }, { "UT", 0, true }, { "UTC", 0, true }, { "Z", 0, true },
	{ "EST", -300, true }, { "EDT", -240, true }, { "CST", -360, true }, { "CDT", -300, true },
	{ "MST", -420, true }, { "MDT", -360, true }, { "PST", -480, true }, { "PDT", -420, true },
	{ "CET", 60, false }, { "CEST", 120, false }, { "MET", 60, false }, { "MEST", 120, false },
	{ "MEZ", 60, false }, { "MESZ", 120, false }, { "WET", 0, false }, { "WEST", 60, false },
	{ "EET", 120, false }, { "EEST", 180, false }, { "MSK", 180, false }, { "JST", 540, false },
	{ "KST", 540, false }, { "HKT", 480, false }, { "SGT", 480, false }, { "HST", -600, false },
	{ "AKST", -540, false }, { "AKDT", -480, false }, { "AEST", 600, false }, { "AEDT", 660, false },
	{ "NZST", 720, false }, { "NZDT", 780, false }, { "SAST", 120, false },
};

/* +hhmm, +hh:mm, +hh, +h. */
static bool
take_offset(struct reader *r, struct parts *p)
{
	bool west = r->at < r->end && *r->at == '-';
	int value, digits, minutes = 0;

	if (!take_char(r, '-') && !take_char(r, '+'))
		return false;
	digits = take_number(r, 4, &value);
	if (digits == 0)
		return false;
	if (digits >= 3) {
		minutes = value % 100;
		value /= 100;
	} else if (take_char(r, ':') && take_number(r, 2, &minutes) == 0) {
		return false;
	}
	if (minutes > 59 || value > 23)
		return false;
	r->odd = r->odd || digits != 4 || value > 14;
	p->zone_min = (west ? -1 : 1) * (value * 60 + minutes);
	p->has_zone = true;
	return true;
}

/* What stands for a zone; what cannot be one is left, and odd. */
static void
take_zone(struct reader *r, struct parts *p)
{
	struct mt_span word;

	skip_space(r);
	if (r->at < r->end && (*r->at == '+' || *r->at == '-')) {
		r->odd = !take_offset(r, p) || r->odd;
		return;
	}
	word = take_letters(r);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		if (!mt_span_same_text(word, zones[i].name))
			continue;
		p->zone_min = zones[i].minutes;
		p->has_zone = true;
		r->odd = r->odd || !zones[i].standard;
		if (zones[i].minutes == 0 && take_offset(r, p))
			r->odd = true;		/* "GMT+0200" */
		return;
	}
	r->odd = true;
}

/* ---- forms ----------------------------------------------------------------------------- */

/* "Tue," or "Tue"; false when a word stands there that is no day. */
static bool
take_weekday(struct reader *r, struct parts *p)
{
	const char *start = r->at;
	struct mt_span word = take_letters(r);

	p->weekday = -1;
	if (word.len == 0)
		return true;
	p->weekday = weekday_find(word);
	if (p->weekday < 0) {
		r->at = start;
		return month_find(word) >= 0;
	}
	skip_space(r);
	take_char(r, ',');
	skip_space(r);
	return true;
}

static void
skip_separator(struct reader *r)
{
	skip_space(r);
	if (take_char(r, '-')) {	/* IMAP's form (RFC 9051, 9) */
		r->odd = true;
		skip_space(r);
	}
}

/* 4 Nov 2003 21:38:31 +0200 (RFC 5322, 3.3), also 4-Nov-03. */
static bool
read_day_first(struct reader *r, struct parts *p)
{
	if (take_number(r, 2, &p->day) == 0)
		return false;
	skip_separator(r);
	p->month = month_find(take_letters(r)) + 1;
	if (p->month == 0)
		return false;
	skip_separator(r);
	if (!take_year(r, &p->year))
		return false;
	take_char(r, ',');
	skip_space(r);
	if (!take_time(r, p))
		return false;
	take_half(r, p);
	take_zone(r, p);
	return true;
}

/* Feb 07 10:18:12 [zone] 2003 [zone] (asctime of C), Feb 07[,] 2003 10:18:12 zone. */
static bool
read_month_first(struct reader *r, struct parts *p)
{
	const char *start;

	r->odd = true;
	p->month = month_find(take_letters(r)) + 1;
	if (p->month == 0)
		return false;
	take_char(r, ',');
	skip_space(r);
	if (take_number(r, 2, &p->day) == 0)
		return false;
	take_char(r, ',');
	skip_space(r);
	start = r->at;
	if (take_time(r, p)) {
		start = r->at;
		skip_space(r);
		if (r->at < r->end && !mt_is_digit(*r->at))
			take_zone(r, p);
		skip_space(r);
		if (!take_year(r, &p->year))
			return false;
		if (!p->has_zone)
			take_zone(r, p);
		return true;
	}
	r->at = start;
	if (!take_year(r, &p->year))
		return false;
	skip_space(r);
	if (!take_time(r, p))
		return false;
	take_half(r, p);
	take_zone(r, p);
	return true;
}

/* 2018-04-22T02:54:17.028704749 +0000 UTC (RFC 3339, Go). */
static bool
read_iso(struct reader *r, struct parts *p)
{
	r->odd = true;
	if (take_number(r, 4, &p->year) != 4 || (!take_char(r, '-') && !take_char(r, '/')) ||
	    take_number(r, 2, &p->month) != 2 || (!take_char(r, '-') && !take_char(r, '/')) ||
	    take_number(r, 2, &p->day) != 2)
		return false;
	if (!take_char(r, 'T') && !take_char(r, 't'))
		skip_space(r);
	if (!take_time(r, p))
		return false;
	take_zone(r, p);
	return p->month >= 1 && p->month <= 12 && p->year >= 1900;
}

static bool
is_iso(const struct reader *r)
{
	return r->end - r->at > 4 && mt_is_digit(r->at[2]) && mt_is_digit(r->at[3]) &&
	    (r->at[4] == '-' || r->at[4] == '/');
}

static bool
read_parts(struct reader *r, struct parts *p)
{
	*p = (struct parts){ 0 };
	if (!take_weekday(r, p) || r->at == r->end)
		return false;
	if (!mt_is_digit(*r->at))
		return read_month_first(r, p);
	return is_iso(r) ? read_iso(r, p) : read_day_first(r, p);
}

static bool
finish(struct mt_date *date, const struct parts *p, bool *odd)
{
	int64_t days;

	if (p->day < 1 || p->day > mt_calendar_month(p->year, p->month))
		return false;
	days = mt_calendar_days(p->year, p->month, p->day);
	date->known = true;
	date->zone_known = p->has_zone;
	date->zone_min = (int16_t)p->zone_min;
	date->unix_sec = days * 86400 + p->hour * 3600 + p->minute * 60 + p->second - p->zone_min * 60;
	if (p->second == 60 || (p->weekday >= 0 && (days + 4) % 7 != p->weekday))
		*odd = true;
	return true;
}

/* Two digits; *odd where they are none. */
static int
two_digits(const char *p, bool *odd)
{
	unsigned tens = (unsigned)(unsigned char)p[0] - '0', ones = (unsigned)(unsigned char)p[1] - '0';

	*odd |= tens > 9 || ones > 9;
	return (int)(tens * 10 + ones);
}

/* " Nov 2003 21:38:31 +0200" and then no digit: all its marks where they belong. */
static bool
has_marks(const char *p, const char *end)
{
	return end - p >= 24 && p[0] == ' ' && p[4] == ' ' && p[9] == ' ' && p[12] == ':' && p[15] == ':' &&
	    p[18] == ' ' && (p[19] == '+' || p[19] == '-') && (end - p == 24 || !mt_is_digit(p[24]));
}

/* "Tue, 4 Nov 2003 21:38:31 +0200" to the letter, as RFC 5322, 3.3, has it and as nearly all
 * dates are; any other is left to read_parts(), which would read this one alike. */
static bool
read_usual(struct parts *parts, struct mt_span text)
{
	const char *p = text.ptr + 5;
	bool odd = false;

	if (text.len < 30 || text.ptr[3] != ',' || text.ptr[4] != ' ')
		return false;
	parts->day = p[1] == ' ' ? *p - '0' : two_digits(p, &odd);
	odd |= p[1] == ' ' && !mt_is_digit(*p);
	p += p[1] == ' ' ? 1 : 2;
	if (odd || !has_marks(p, text.ptr + text.len))
		return false;
	parts->weekday = three_find(weekdays, 7, text.ptr);
	parts->month = three_find(months, 12, p + 1) + 1;
	parts->year = two_digits(p + 5, &odd) * 100 + two_digits(p + 7, &odd);
	parts->hour = two_digits(p + 10, &odd);
	parts->minute = two_digits(p + 13, &odd);
	parts->second = two_digits(p + 16, &odd);
	parts->zone_min = two_digits(p + 20, &odd) * 60 + two_digits(p + 22, &odd);
	if (odd || p[22] > '5' || parts->zone_min >= 15 * 60 || parts->weekday < 0 || parts->month == 0 ||
	    parts->year < 1900 || parts->hour > 23 || parts->minute > 59 || parts->second > 60)
		return false;
	parts->zone_min = p[19] == '-' ? -parts->zone_min : parts->zone_min;
	parts->has_zone = true;
	return true;
}

/* A place where a date may begin: a letter or digit at the start of a word. */
static bool
may_begin(const char *start, const char *at)
{
	char before = at == start ? ' ' : at[-1];

	if (!mt_is_digit(*at) && !mt_is_alpha(*at))
		return false;
	return !mt_is_digit(before) && !mt_is_alpha(before) && before != '-' && before != ':';
}

void
mt_date_parse(struct mt_date *date, struct mt_span text, bool *odd)
{
	const char *end = text.len == 0 ? text.ptr : text.ptr + text.len;
	unsigned tries = 0;
	bool first = true;		/* nothing but white space came before */
	struct parts parts;

	*date = (struct mt_date){ 0 };
	*odd = false;
	if (read_usual(&parts, text) && finish(date, &parts, odd))
		return;
	for (const char *at = text.ptr; at < end && tries < TRIES_MOST; at++) {
		struct reader r = { at, end, !first };

		first = first && mt_is_space(*at);
		if (*at == '\0' || !may_begin(text.ptr, at))
			continue;
		tries++;
		if (read_parts(&r, &parts) && finish(date, &parts, &r.odd)) {
			*odd = r.odd;
			return;
		}
	}
}
