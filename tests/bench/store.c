/* SPDX-License-Identifier: BSD-2-Clause */
/* What the memory of clients costs: events a second that its writer sustains, with many
 * clients that come in no order, and how large the file is then.
 *
 *	store [CLIENTS [EVENTS [SIZE-MIB]]]	(1,000,000 1,500,000 512)
 *
 * The file is made in TMPDIR, or /tmp.  Writes one JSON object. */
#include "lib/source/store.h"

#include <err.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

#define QUEUE 10000
#define ASKS 10000

static double
now_sec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads, in the system as well. */
static double
cpu_sec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

/* Client i of all, spread over the whole address space. */
static struct mt_ip
client(uint32_t i)
{
	uint32_t spread = i * UINT32_C(2654435761);

	return mt_ip_bytes((uint8_t[]){ (uint8_t)(spread >> 24), (uint8_t)(spread >> 16), (uint8_t)(spread >> 8), (uint8_t)spread }, 4);
}

/* Every client once, then some again; one in ten is a relay. */
static void
record_all(struct mt_store *store, uint32_t clients, uint32_t events)
{
	char sender[32];

	for (uint32_t i = 0; i < events; i++) {
		struct mt_store_event event = { .client = client(i % clients), .at_sec = time(NULL), .class = i % 3 };

		if (i % 10 == 0) {
			snprintf(sender, sizeof sender, "sender%u.example", i % 977);
			event.origin_asn = i % 60000 + 1;
			event.sender = mt_span_text(sender);
		}
		while (i % 100 == 0 && mt_store_counters(store).waiting > QUEUE - 200)
			nap();
		mt_store_record(store, &event);
	}
	while (mt_store_counters(store).waiting > 0)
		nap();
}

static atomic_uint answers, known;

static void
arrive(void *ctx, const struct mt_history *history)
{
	(void)ctx;
	atomic_fetch_add(&known, history->seen > 0);
	atomic_fetch_add(&answers, 1);
}

/* Questions a second, one after the other, each of a client that was not asked for yet. */
static double
ask_all(struct mt_store *store, uint32_t clients)
{
	double began = now_sec();

	for (uint32_t i = 0; i < ASKS; i++) {
		struct mt_ip ip = client((uint32_t)((uint64_t)i * clients / ASKS));

		mt_store_ask(store, &ip, arrive, NULL);
		while (atomic_load(&answers) <= i)
			sched_yield();
	}
	return ASKS / (now_sec() - began);
}

static int64_t
size_of(const char *path, const char *end)
{
	char name[600];
	struct stat s;

	snprintf(name, sizeof name, "%s%s", path, end);
	return stat(name, &s) == 0 ? s.st_size : 0;
}

int
main(int argc, char **argv)
{
	uint32_t clients = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	uint32_t events = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1500000;
	int64_t most = (argc > 3 ? strtol(argv[3], NULL, 10) : 512) << 20, size;
	const char *tmp = getenv("TMPDIR");
	struct mt_store_options options = { .engine = MT_STORE_SQLITE, .history_sec = 30 * 86400, .size_most = most,
		.queue = QUEUE };
	struct mt_store_counters c;
	double began = now_sec(), cpu = cpu_sec(), took, asks;
	struct mt_store *store;
	char dir[512], path[560];
	int error;

	snprintf(dir, sizeof dir, "%s/mailtrace-bench.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		err(EXIT_FAILURE, "%s", dir);
	snprintf(path, sizeof path, "%s/state.db", dir);
	options.path = path;
	store = mt_store_open(&options, &error);
	if (store == NULL || clients == 0)
		errx(EXIT_FAILURE, "%s", mt_strerror(error));
	record_all(store, clients, events);
	took = now_sec() - began;
	cpu = cpu_sec() - cpu;
	asks = ask_all(store, clients);
	c = mt_store_counters(store);
	size = size_of(path, "") + size_of(path, "-wal");
	printf("{\"clients\": %u, \"events\": %u, \"written\": %ju, \"dropped\": %ju, \"events_per_sec\": %.0f, "
	    "\"events_per_cpu_sec\": %.0f, "
	    "\"asks_per_sec\": %.0f, \"asks\": %u, \"known\": %u, \"bytes\": %jd, \"size_max\": %jd}\n", clients, events,
	    (uintmax_t)c.written, (uintmax_t)c.dropped, events / took, events / cpu, asks, ASKS, atomic_load(&known), (intmax_t)size,
	    (intmax_t)most);
	mt_store_close(store);
	unlink(path);
	rmdir(dir);
	return c.dropped == 0 && size <= most ? EXIT_SUCCESS : EXIT_FAILURE;
}
