/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how to look at a process and how to sum up many times; knows nothing of mail. */
#include "tests/bench/measure.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long
read_number(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	long n = -1;
	FILE *in;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
	in = fopen(path, "re");
	if (in == NULL)
		return -1;
	while (n < 0 && fgets(line, sizeof line, in) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			n = atol(line + strlen(key));
	fclose(in);
	return n;
}

struct usage
usage_of(pid_t pid)
{
	struct usage usage = { 0, -1, -1 };
	struct timespec spent;
	clockid_t clock;

	if (pid <= 0)
		return usage;
	/* All threads, also those that have ended, in nanoseconds. */
	if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &spent) == 0)
		usage.cpu_nsec = (int64_t)spent.tv_sec * 1000000000 + spent.tv_nsec;
	/* Walks the page tables; the counter in stat lags by pages for each thread. */
	usage.rss_kb = read_number(pid, "smaps_rollup", "Rss:");
	usage.threads = read_number(pid, "status", "Threads:");
	return usage;
}

void
samples_init(struct samples *samples, unsigned most)
{
	*samples = (struct samples){ calloc((size_t)most + 1, sizeof *samples->usec), 0, most };
	if (samples->usec == NULL)
		err(EXIT_FAILURE, "no memory for samples");
}

void
samples_fini(struct samples *samples)
{
	free(samples->usec);
}

void
samples_note(struct samples *samples, int64_t nsec)
{
	if (samples->count < samples->most)
		samples->usec[samples->count++] = (uint32_t)(nsec / 1000);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

void
samples_print(struct samples *samples, const char *name, const char *behind)
{
	const uint32_t *usec = samples->usec;
	size_t n = samples->count;

	if (n == 0) {
		printf("\"%s\": null%s", name, behind);
		return;
	}
	qsort(samples->usec, n, sizeof *samples->usec, compare);
	printf("\"%s\": {\"count\": %zu, \"p50\": %u, \"p90\": %u, \"p99\": %u, \"max\": %u}%s", name, n, usec[n / 2],
	    usec[n * 9 / 10], usec[n * 99 / 100], usec[n - 1], behind);
}
