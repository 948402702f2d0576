/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process has used, and how long things took. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
	int64_t cpu_nsec;		/* of all threads, also those that have ended */
	long rss_kb, threads;		/* -1: not known */
};

/* pid 0: nobody, nothing is known. */
struct usage usage_of(pid_t pid);

struct samples {
	uint32_t *usec;
	unsigned count, most;
};

/* Ends the program when memory runs out. */
void samples_init(struct samples *samples, unsigned most);
void samples_fini(struct samples *samples);
/* Those over the most are not kept. */
void samples_note(struct samples *samples, int64_t nsec);
/* Sorts, and writes "name": {count, p50, p90, p99, max} in microseconds, then behind. */
void samples_print(struct samples *samples, const char *name, const char *behind);

#endif
