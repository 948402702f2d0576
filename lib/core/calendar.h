/* SPDX-License-Identifier: BSD-2-Clause */
/* The Gregorian calendar, without the C library's time zones and locales. */
#ifndef MT_CORE_CALENDAR_H
#define MT_CORE_CALENDAR_H

#include <stdint.h>

/* Days since 1970-01-01; month from 1. */
int64_t mt_calendar_days(int year, int month, int day);
/* The other way. */
void mt_calendar_civil(int64_t days, int64_t *year, int *month, int *day);
/* How many days a month has; month from 1 to 12. */
int mt_calendar_month(int year, int month);

#endif
