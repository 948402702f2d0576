/* SPDX-License-Identifier: BSD-2-Clause */
/* Test Anything Protocol for a program of one table and one loop. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned tap_count, tap_failed;

/* One test: its truth and its name. */
static inline bool __attribute__((format(printf, 2, 3)))
tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	tap_count++;
	tap_failed += !ok;
	printf("%sok %u - ", ok ? "" : "not ", tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return ok;
}

/* A line for a person, beside the results. */
static inline void __attribute__((format(printf, 1, 2)))
tap_note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static inline int
tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
