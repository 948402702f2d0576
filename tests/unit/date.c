/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates as mail writes them, and what is none. */
#include "lib/core/date.h"

#include <time.h>

#include "tests/unit/tap.h"

struct date_case {
	const char *name, *text, *want;	/* want "": it is no date */
	bool odd;
};

static const struct date_case cases[] = {
	{ "RFC 5322", "Tue, 6 Aug 2002 14:12:44 +0100", "2002-08-06T14:12:44+01:00", false },
	{ "a zone in a comment", "Tue, 6 Aug 2002 14:12:44 +0100 (BST)", "2002-08-06T14:12:44+01:00", false },
	{ "two blanks", "Sat,  3 Aug 2002 21:30:02 +0100", "2002-08-03T21:30:02+01:00", false },
	{ "no weekday", "26 Jun 2002 10:25:06 -0000", "2002-06-26T10:25:06+00:00", false },
	{ "folds", " Sun,\r\n\t4 Aug\n 2002 00:01:12 +0100", "2002-08-04T00:01:12+01:00", false },
	{ "comments between", "Sun (day), 4 (of) Aug 2002 00:01:12 (clock) +0100", "2002-08-04T00:01:12+01:00", false },
	{ "a nested comment", "4 Aug (a (b) \\) c) 2002 00:01:12 +0100", "2002-08-04T00:01:12+01:00", false },
	{ "no seconds", "Mon, 5 Sep 1994 14:23 -0400", "1994-09-05T14:23:00-04:00", false },
	{ "GMT", "Wed, 17 Mar 2004 02:12:31 GMT", "2004-03-17T02:12:31+00:00", false },
	{ "UT", "3 Jul 2002 15:43:50 UT", "2002-07-03T15:43:50+00:00", false },
	{ "EST", "Thu, 1 Jan 2004 10:00:00 EST", "2004-01-01T10:00:00-05:00", false },
	{ "PDT", "Fri, 02 Jun 2006 08:15:21 PDT", "2006-06-02T08:15:21-07:00", false },
	{ "a half hour", "Sun, 1 Jul 2018 10:00:00 +0530", "2018-07-01T10:00:00+05:30", false },
	{ "a half hour west", "Sun, 1 Jul 2018 10:00:00 -0330", "2018-07-01T10:00:00-03:30", false },
	{ "the 29th of February", "Mon, 29 Feb 2016 10:00:00 +0000", "2016-02-29T10:00:00+00:00", false },
	{ "before the epoch of Unix", "Wed, 31 Dec 1969 19:00:00 -0500", "1969-12-31T19:00:00-05:00", false },
	{ "trailing text", "Thu, 21 Mar 2019 23:45:46 -0300 : <g @yi.br>", "2019-03-21T23:45:46-03:00", false },
	{ "a weekday in full", "Tuesday, 6 August 2002 14:12:44 +0100", "2002-08-06T14:12:44+01:00", false },

	{ "text before it", "by mail gateway Fri, 02 Aug 2002 09:50:49 -0000", "2002-08-02T09:50:49+00:00", true },
	{ "the wrong weekday", "Tue, 15 Mar 2024 10:30:00 +0000", "2024-03-15T10:30:00+00:00", true },
	{ "two digits of the year", "Tue, 8 Oct 91 10:25:36 EDT", "1991-10-08T10:25:36-04:00", true },
	{ "two digits after 2000", "Sat, 5 Oct 02 07:34:07 -0700", "2002-10-05T07:34:07-07:00", true },
	{ "three digits of the year", "5 Oct 102 07:34:07 -0700", "2002-10-05T07:34:07-07:00", true },
	{ "the year 0102", "5 Oct 0102 07:34:07 -0700", "2002-10-05T07:34:07-07:00", true },
	{ "asctime with a zone behind", "Fri Feb 07 10:18:12 2003 -0800", "2003-02-07T10:18:12-08:00", true },
	{ "asctime with a zone between", "Fri Feb  7 10:18:12 PST 2003", "2003-02-07T10:18:12-08:00", true },
	{ "asctime without a zone", "Wed Jan 27 14:08:08 2021", "2021-01-27T14:08:08Z", true },
	{ "no zone", "Sat, 20 Jul 2002 23:23:40", "2002-07-20T23:23:40Z", true },
	{ "a fraction", "Thu, 02 Apr 2020 07:53:55.516 +0000 (UTC)", "2020-04-02T07:53:55+00:00", true },
	{ "Go", "2018-04-22 02:54:17.028704749 +0000 UTC m=+12345.678", "2018-04-22T02:54:17+00:00", true },
	{ "RFC 3339", "2018-04-22T02:54:17Z", "2018-04-22T02:54:17+00:00", true },
	{ "RFC 3339 with a zone", "2018-04-22T02:54:17.5+02:00", "2018-04-22T02:54:17+02:00", true },
	{ "hyphens", "22-Apr-2018 02:54:17 +0200", "2018-04-22T02:54:17+02:00", true },
	{ "the month first", "Aug, 07 2002 04:11:59 -0100", "2002-08-07T04:11:59-01:00", true },
	{ "afternoon", "Sep, 22 2002 11:23:30 PM +0100", "2002-09-22T23:23:30+01:00", true },
	{ "noon", "Jun, 06 2002 12:07:31 p.m. -0800", "2002-06-06T12:07:31-08:00", true },
	{ "midnight", "Jun, 06 2002 12:07:31 a.m. -0800", "2002-06-06T00:07:31-08:00", true },
	{ "one digit of the hour", "Wed, 6 Mar 2002 9:17:38 +0300", "2002-03-06T09:17:38+03:00", true },
	{ "a zone with a colon", "Mon, 28 Sep 2015 02:33:44 +02:00", "2015-09-28T02:33:44+02:00", true },
	{ "a zone by name and number", "Mon, 28 Sep 2015 02:33:44 GMT+0200", "2015-09-28T02:33:44+02:00", true },
	{ "a European zone", "Tue, 13 Aug 2002 01:40:21 CEST", "2002-08-13T01:40:21+02:00", true },
	{ "a zone that means many things", "Tue, 13 Aug 2002 01:40:21 IST", "2002-08-13T01:40:21Z", true },
	{ "a military zone", "Tue, 13 Aug 2002 01:40:21 Q", "2002-08-13T01:40:21Z", true },
	{ "an impossible zone", "Tue, 13 Aug 2002 01:40:21 +9999", "2002-08-13T01:40:21Z", true },
	{ "a zone of 18 hours", "Tue, 13 Aug 2002 01:40:21 +1800", "2002-08-13T01:40:21+18:00", true },
	{ "a leap second", "Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00+00:00", true },
	{ "a foreign weekday", "lun, 06 Aug 2002 14:12:44 +0100", "2002-08-06T14:12:44+01:00", true },

	{ "nothing", "", "", false },
	{ "blanks", "  \t\n ", "", false },
	{ "text", "the quick brown fox", "", false },
	{ "a time alone", "14:47:44 +0000", "", false },
	{ "a date alone", "Mon, 1 Jan 2018", "", false },
	{ "a foreign month", "27 \xa4K\xa4\xeb 2002 01:50:37 -0700", "", false },
	{ "day 0", "Mon, 0 Jan 2018 10:00:00 +0000", "", false },
	{ "day 32", "Mon, 32 Jan 2018 10:00:00 +0000", "", false },
	{ "the 30th of February", "Mon, 30 Feb 2018 10:00:00 +0000", "", false },
	{ "the 29th of February 1900", "29 Feb 1900 10:00:00 +0000", "", false },
	{ "hour 24", "Mon, 1 Jan 2018 24:00:00 +0000", "", false },
	{ "minute 60", "Mon, 1 Jan 2018 10:60:00 +0000", "", false },
	{ "second 61", "Mon, 1 Jan 2018 10:00:61 +0000", "", false },
	{ "a year too long", "Mon, 1 Jan 20180 10:00:00 +0000", "", false },
	{ "the year 1066", "Sat, 14 Oct 1066 09:00:00 +0000", "", false },
	{ "a month of 13", "2018-13-01 10:00:00 +0000", "", false },
	{ "all numbers", "23/09/2002 09:58:49", "", false },
	{ "a name that begins like a month", "4 Marvin 2002 00:01:12 +0100", "", false },
	{ "a comment without an end", "Sun, 4 Aug (2002 00:01:12 +0100", "", false },
};

static void
check_case(const struct date_case *c)
{
	struct mt_date date;
	char text[MT_DATE_TEXT];
	bool odd = true;

	mt_date_parse(&date, mt_span_text(c->text), &odd);
	mt_date_text(&date, text);
	if (strcmp(text, c->want) != 0 || odd != c->odd)
		tap_note("want \"%s\" %d, got \"%s\" %d", c->want, c->odd, text, odd);
	tap_ok(strcmp(text, c->want) == 0 && odd == c->odd && date.known == (c->want[0] != '\0'), "%s", c->name);
}

/* What is written is read again as the same instant, day by day over 400 years. */
static void
check_round(void)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	struct mt_date date = { .known = true, .zone_known = true, .zone_min = 90 }, back;
	char text[MT_DATE_TEXT], mail[64];
	bool right = true, odd;

	for (int64_t day = -25000; day < 120000 && right; day += 7) {
		date.unix_sec = day * 86400 + day % 86400;
		mt_date_text(&date, text);
		mt_date_parse(&back, mt_span_text(text), &odd);
		right = back.known && back.unix_sec == date.unix_sec && back.zone_min == 90;
		snprintf(mail, sizeof mail, "%.2s %s %.4s %.8s +0130", text + 8, months[atoi(text + 5) - 1], text, text + 11);
		mt_date_parse(&back, mt_span_text(mail), &odd);
		right = right && back.known && back.unix_sec == date.unix_sec && !odd;
	}
	tap_ok(right, "dates from 1901 to 2298 come back as they were (%s)", text);
}

static void
check_text(void)
{
	struct mt_date date = { 0 };
	char text[MT_TIME_TEXT];

	tap_ok(strcmp(mt_date_text(&date, text), "") == 0, "an unknown date has no text");
	date = (struct mt_date){ .known = true };
	tap_ok(strcmp(mt_date_text(&date, text), "1970-01-01T00:00:00Z") == 0, "without a zone it ends in Z");
	date.zone_known = true;
	tap_ok(strcmp(mt_date_text(&date, text), "1970-01-01T00:00:00+00:00") == 0, "with one in +00:00");
	date.zone_min = -90;
	tap_ok(strcmp(mt_date_text(&date, text), "1969-12-31T22:30:00-01:30") == 0, "and west of it in -01:30");
	date = (struct mt_date){ .known = true, .zone_known = true, .zone_min = INT16_MIN, .unix_sec = INT64_MAX };
	tap_ok(strlen(mt_date_text(&date, text)) < MT_DATE_TEXT, "an impossible one fits too");
	tap_ok(strcmp(mt_time_text(1795286687123, text), "2026-11-21T18:44:47.123Z") == 0, "milliseconds");
	tap_ok(strcmp(mt_time_text(-1, text), "1969-12-31T23:59:59.999Z") == 0, "before the epoch");
}

static void
check_time(void)
{
	static const struct { const char *text; bool ok; int64_t sec; } times[] = {
		{ "2026-11-21T18:44:47Z", true, 1795286687 }, { "2026-11-21T18:44:47+01:00", true, 1795283087 },
		{ "Sat, 21 Nov 2026 18:44:47 +0000", true, 1795286687 }, { " 1795286687 ", true, 1795286687 },
		{ "0", true, 0 }, { "", false, 0 }, { "now", false, 0 }, { "9999999999999999999", false, 0 },
		{ "-1", false, 0 }, { "12x", false, 0 } };

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t msec = 7;
		bool ok = mt_time_parse(&msec, mt_span_text(times[i].text));

		tap_ok(ok == times[i].ok && msec == (ok ? times[i].sec * 1000 : 7), "the time \"%s\"", times[i].text);
	}
}

static void
check_floods(void)
{
	static const char *const units[] = { "(", "1 Jan ", "Mon, ", "1", " ", "Mon, 1 (", "2018-", "1 Jan 2018 x " };
	size_t size = 1u << 20;
	char *bytes = malloc(size);
	struct mt_date date;
	bool odd;

	if (!tap_ok(bytes != NULL, "memory for a megabyte"))
		return;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t unit = strlen(units[i]), len = 0;
		clock_t begun;

		for (; len + unit < size; len += unit)
			memcpy(bytes + len, units[i], unit);
		begun = clock();
		mt_date_parse(&date, (struct mt_span){ bytes, len }, &odd);
		tap_ok(!date.known && (double)(clock() - begun) / CLOCKS_PER_SEC < 2.0, "a megabyte of \"%s\"", units[i]);
	}
	free(bytes);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_case(&cases[i]);
	check_round();
	check_text();
	check_time();
	check_floods();
	return tap_done();
}
