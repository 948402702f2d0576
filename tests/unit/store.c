/* SPDX-License-Identifier: BSD-2-Clause */
/* store.c and its engines: what is remembered and for how long, and what becomes of it when
 * file, disk or server are not what they should be. */
#include "lib/source/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/source/store_cache.h"
#include "tests/unit/tap.h"

#define NOW_SEC INT64_C(1795255200)	/* 2026-11-21 10:00:00 UTC */
#define DAY 86400
#define HISTORY (30 * DAY)
#define CLIENTS 20000
#define KILLS 20				/* and as many as MT_KILLS says */
#define PATIENCE 60			/* seconds for what a busy machine may delay */

static char dir[64];
static _Atomic int64_t wall;

static int64_t
wall_msec(void *ctx)
{
	(void)ctx;
	return atomic_load(&wall) * 1000;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
}

static const char *
in_dir(char out[512], const char *name)
{
	snprintf(out, 512, "%s/%s", dir, name);
	return out;
}

/* ---- what was said ------------------------------------------------------------------ */

struct said {
	pthread_mutex_t lock;
	unsigned count;
	char all[4096];
};

#define SAID ((struct said){ PTHREAD_MUTEX_INITIALIZER, 0, "" })

static void
hear(void *ctx, int priority, const char *line)
{
	struct said *said = ctx;
	size_t len;

	(void)priority;
	pthread_mutex_lock(&said->lock);
	said->count++;
	len = strlen(said->all);
	snprintf(said->all + len, sizeof said->all - len, "%s\n", line);
	pthread_mutex_unlock(&said->lock);
}

/* How often a text was said. */
static unsigned
heard(struct said *said, const char *part)
{
	unsigned count = 0;

	pthread_mutex_lock(&said->lock);
	for (const char *p = said->all; (p = strstr(p, part)) != NULL; p++)
		count++;
	pthread_mutex_unlock(&said->lock);
	return count;
}

/* ---- a store and what it answers ----------------------------------------------------- */

static struct mt_store *
open_store(enum mt_store_engine_name engine, const char *path, const char *redis, int64_t size, struct said *said)
{
	struct mt_store_options options = { .engine = engine, .path = path, .redis = redis, .history_sec = HISTORY,
		/* A server beside other tests may be slow; none that is there is to be held to be away. */
		.budget_msec = engine == MT_STORE_REDIS ? 2000 : 0,
		.size_most = size, .wall_msec = wall_msec, .say = said == NULL ? NULL : hear, .say_ctx = said };
	int error;

	return mt_store_open(&options, &error);
}

struct box {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned count;
	struct mt_history history;
};

static void
arrive(void *ctx, const struct mt_history *history)
{
	struct box *box = ctx;

	pthread_mutex_lock(&box->lock);
	box->history = *history;
	box->count++;
	pthread_cond_signal(&box->more);
	pthread_mutex_unlock(&box->lock);
}

/* Asks until there is an answer in time: a busy machine may miss the budget. */
static struct mt_history
ask_once(struct mt_store *store, const char *client)
{
	struct box box = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, { 0 } };
	struct mt_ip ip;

	mt_ip_parse(&ip, mt_span_text(client));
	mt_store_ask(store, &ip, arrive, &box);
	pthread_mutex_lock(&box.lock);
	while (box.count == 0)
		pthread_cond_wait(&box.more, &box.lock);
	pthread_mutex_unlock(&box.lock);
	return box.history;
}

static struct mt_history
ask(struct mt_store *store, const char *client)
{
	struct mt_history h = { 0 };
	time_t end = time(NULL) + PATIENCE;

	do
		h = ask_once(store, client);
	while (h.result == MT_SKIPPED && time(NULL) < end);
	return h;
}

/* The same where no answer is one as well, if the engine gave it: because what it knew was lost. */
static struct mt_history
ask_answered(struct mt_store *store, const char *client)
{
	struct mt_history h = { 0 };
	time_t end = time(NULL) + PATIENCE;

	do
		h = ask_once(store, client);
	while (h.result == MT_SKIPPED && h.cause != MT_CAUSE_GARBAGE && time(NULL) < end);
	return h;
}

static void
record(struct mt_store *store, const char *client, enum mt_store_class class, int64_t at, uint32_t asn, const char *sender)
{
	struct mt_store_event event = { .class = class, .at_sec = at, .origin_asn = asn, .sender = mt_span_text(sender) };

	mt_ip_parse(&event.client, mt_span_text(client));
	mt_store_record(store, &event);
}

/* Waits until nothing waits to be written. */
static bool
settle(struct mt_store *store, uint64_t events)
{
	struct mt_store_counters c = { 0 };

	for (time_t end = time(NULL) + PATIENCE; time(NULL) < end; nap()) {
		c = mt_store_counters(store);
		if (c.written + c.dropped >= events)
			return c.written + c.dropped == events;
	}
	tap_note("%ju written, %ju dropped, %ju wait", (uintmax_t)c.written, (uintmax_t)c.dropped, (uintmax_t)c.waiting);
	return false;
}

/* One number out of a file, by another connection. */
static int64_t
ask_file(const char *path, const char *sql)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	int64_t n = -1;

	if (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_busy_timeout(db, 10000) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static bool
is_whole(const char *path)
{
	return ask_file(path, "SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'") == 1;
}

/* ---- words -------------------------------------------------------------------------- */

static const struct {
	const char *label;
	uint64_t seen, good, bad;
	int64_t known_sec;
	enum mt_result word;
} words[] = {
	{ "never seen", 0, 0, 0, 0, MT_NEW },
	{ "seen once", 1, 0, 0, 0, MT_NEUTRAL },
	{ "five good ones in two days", 5, 5, 0, 2 * DAY, MT_GOOD },
	{ "four are not enough", 4, 4, 0, 2 * DAY, MT_NEUTRAL },
	{ "nor are many in an hour", 500, 500, 0, 3600, MT_NEUTRAL },
	{ "one bad in ten good", 11, 10, 1, 2 * DAY, MT_GOOD },
	{ "one bad in nine good", 10, 9, 1, 2 * DAY, MT_NEUTRAL },
	{ "three bad ones", 3, 0, 3, 0, MT_BAD },
	{ "two are not enough", 2, 0, 2, 0, MT_NEUTRAL },
	{ "three bad, three good", 6, 3, 3, 2 * DAY, MT_BAD },
	{ "three bad, four good", 7, 4, 3, 2 * DAY, MT_NEUTRAL },
};

static void
test_words(void)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct mt_history h = { .seen = words[i].seen, .good = words[i].good, .bad = words[i].bad, .first_sec = NOW_SEC,
			.last_sec = NOW_SEC + words[i].known_sec };

		tap_ok(mt_store_word(&h) == words[i].word, "%s", words[i].label);
	}
}

static void
test_cache(void)
{
	struct mt_store_cache *cache = mt_store_cache_new(64);
	struct mt_history h = { .seen = 1 }, got;
	unsigned kept = 0;

	for (uint8_t i = 0; i < 200; i++) {
		struct mt_store_key key = { 4, { 192, 0, 2, i } };

		h.seen = i;
		mt_store_cache_put(cache, &key, &h, 1000);
		if (!mt_store_cache_get(cache, &key, 999, &got) || got.seen != i)
			break;
	}
	for (uint8_t i = 0; i < 200; i++)
		kept += mt_store_cache_get(cache, &(struct mt_store_key){ 4, { 192, 0, 2, i } }, 999, &got) && got.seen == i;
	tap_ok(kept > 8 && kept <= 64, "the cache keeps what it has room for (%u of 200)", kept);
	tap_ok(!mt_store_cache_get(cache, &(struct mt_store_key){ 4, { 192, 0, 2, 199 } }, 1000, &got), "and for its time");
	mt_store_cache_put(cache, &(struct mt_store_key){ 8, { 192, 0, 2, 7 } }, &h, 1000);
	mt_store_cache_drop(cache, &(struct mt_store_key){ 4, { 192, 0, 2, 7 } });
	tap_ok(mt_store_cache_get(cache, &(struct mt_store_key){ 8, { 192, 0, 2, 7 } }, 1, &got) &&
	    !mt_store_cache_get(cache, &(struct mt_store_key){ 4, { 192, 0, 2, 7 } }, 1, &got), "IPv4 is not IPv6");
	mt_store_cache_free(cache);
}

/* ---- what is remembered: the same for every engine ------------------------------------- */

static void
test_counts(const char *name, struct mt_store *store, uint64_t *events)
{
	struct mt_history h;
	char sender[32];

	atomic_store(&wall, NOW_SEC);
	h = ask(store, "192.0.2.1");
	tap_ok(h.result == MT_NEW && h.seen == 0 && h.first_sec == 0, "%s: a client never seen is new", name);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC - 3 * DAY, 0, NULL);
	for (unsigned i = 0; i < 4; i++)
		record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	record(store, "192.0.2.1", MT_STORE_NEUTRAL, NOW_SEC - 7, 0, NULL);
	record(store, "2001:db8:1:2::3", MT_STORE_BAD, NOW_SEC, 0, NULL);
	record(store, "2001:db8:1:2:ffff::4", MT_STORE_BAD, NOW_SEC, 0, NULL);
	record(store, "2001:db8:1:2::", MT_STORE_BAD, NOW_SEC, 0, NULL);
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(sender, sizeof sender, "%s%u.example", i % 2 ? "Org" : "org", i / 2);
		record(store, "198.51.100.1", MT_STORE_NEUTRAL, NOW_SEC + i, 64500 + i % 20, sender);
	}
	*events += 109;
	tap_ok(settle(store, *events) && mt_store_counters(store).dropped == 0, "%s: all events are written", name);
	h = ask(store, "192.0.2.1");
	tap_ok(h.result == MT_GOOD && h.seen == 6 && h.good == 5 && h.bad == 0 && h.first_sec == NOW_SEC - 3 * DAY &&
	    h.origins == 0, "%s: counts and times of a good client", name);
	h = ask(store, "2001:db8:1:2:8000::");
	tap_ok(h.result == MT_BAD && h.seen == 3 && h.bad == 3, "%s: a /64 is one client", name);
	h = ask(store, "2001:db8:1:3::3");
	tap_ok(h.result == MT_NEW, "%s: its neighbour is another", name);
	h = ask(store, "198.51.100.1");
	tap_ok(h.result == MT_NEUTRAL && h.origins == 20 && h.senders == 50, "%s: 20 origins and 50 senders behind a relay",
	    name);
	for (uint32_t i = 0; i < 200; i++)
		record(store, "198.51.100.1", MT_STORE_NEUTRAL, NOW_SEC + 100, 65000 + i, NULL);
	*events += 200;
	settle(store, *events);
	h = ask(store, "198.51.100.1");
	tap_ok(h.origins == MT_STORE_DISTINCT && h.senders == 50, "%s: of more than 64 origins 64 are kept", name);
}

static bool
empties(const char *path)
{
	for (time_t end = time(NULL) + PATIENCE; time(NULL) < end; nap())
		if (ask_file(path, "SELECT (SELECT count(*) FROM client) + (SELECT count(*) FROM behind)") == 0)
			return true;
	return false;
}

static void
test_sqlite(void)
{
	struct mt_store_counters c;
	struct mt_history h;
	struct mt_store *store;
	uint64_t events = 0, asked;
	struct stat s;
	char path[512];

	in_dir(path, "state.db");
	store = open_store(MT_STORE_SQLITE, path, NULL, INT64_C(64) << 20, NULL);
	test_counts("sqlite", store, &events);
	asked = mt_store_counters(store).cached;
	ask(store, "198.51.100.1");
	tap_ok(mt_store_counters(store).cached == asked + 1, "what was asked a moment ago is not read again");
	h = ask_once(store, "");
	tap_ok(h.result == MT_SKIPPED && h.cause == MT_CAUSE_NO_INPUT, "no client, no history");
	record(store, "", MT_STORE_BAD, NOW_SEC, 0, NULL);
	mt_store_close(store);
	tap_ok(stat(path, &s) == 0 && (s.st_mode & 07) == 0, "others cannot read the file");

	/* Times pass: the window, half of the history, all of it. */
	atomic_store(&wall, NOW_SEC + 2 * DAY);
	store = open_store(MT_STORE_SQLITE, path, NULL, INT64_C(64) << 20, NULL);
	h = ask(store, "198.51.100.1");
	tap_ok(h.result == MT_NEUTRAL && h.seen == 300 && h.origins == 0 && h.senders == 0,
	    "opened again: counts are there, what was behind it two days ago is not");
	atomic_store(&wall, NOW_SEC + HISTORY + DAY);
	h = ask(store, "192.0.2.1");
	tap_ok(h.result == MT_NEW && h.seen == 0, "after the days of history it is forgotten");
	atomic_store(&wall, NOW_SEC);
	record(store, "203.0.113.9", MT_STORE_BAD, NOW_SEC - HISTORY, 0, NULL);
	record(store, "203.0.113.9", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	settle(store, 2);
	h = ask(store, "203.0.113.9");
	tap_ok(h.seen == 2 && h.bad == 1, "counts go back one stretch of time");
	record(store, "203.0.113.9", MT_STORE_GOOD, NOW_SEC + HISTORY, 0, NULL);
	settle(store, 3);
	h = ask(store, "203.0.113.9");
	tap_ok(h.seen == 2 && h.bad == 0 && h.good == 2 && h.first_sec == NOW_SEC - HISTORY, "and no further");
	c = mt_store_counters(store);
	tap_ok(c.written == 3 && c.dropped == 0 && !c.away, "counters tell of it");
	mt_store_close(store);

	atomic_store(&wall, NOW_SEC + 2 * HISTORY + 2 * DAY);
	store = open_store(MT_STORE_SQLITE, path, NULL, INT64_C(64) << 20, NULL);
	tap_ok(empties(path) && is_whole(path), "what is too old is taken out of the file");
	mt_store_close(store);
	atomic_store(&wall, NOW_SEC);
}

static void
test_none(void)
{
	struct mt_history h = ask_once(NULL, "192.0.2.1");

	tap_ok(open_store(MT_STORE_NONE, "/nowhere", NULL, 1, NULL) == NULL && h.result == MT_SKIPPED &&
	    h.cause == MT_CAUSE_NOT_NEEDED, "engine none: nothing is opened, and questions are skipped");
	record(NULL, "192.0.2.1", MT_STORE_BAD, NOW_SEC, 0, NULL);
	mt_store_close(NULL);
}

/* ---- bounds ------------------------------------------------------------------------- */

static int64_t
size_of(const char *path)
{
	char other[520];
	struct stat s;
	int64_t sum = stat(path, &s) == 0 ? s.st_size : 0;

	snprintf(other, sizeof other, "%s-wal", path);
	return sum + (stat(other, &s) == 0 ? s.st_size : 0);
}

/* Clients of 40 days, each with something behind it, in a file that has no room for them. */
static void
test_size(void)
{
	int64_t most = INT64_C(4) << 20, largest = 0;
	char path[512], client[32];
	struct mt_store *store;
	struct mt_history h;
	uint64_t dropped;

	in_dir(path, "small.db");
	store = open_store(MT_STORE_SQLITE, path, NULL, most, NULL);
	for (unsigned i = 0; i < CLIENTS; i++) {
		snprintf(client, sizeof client, "10.%u.%u.%u", i % 251, i / 251 % 251, i / 63001);
		record(store, client, MT_STORE_NEUTRAL, NOW_SEC - 25 * DAY + (int64_t)i * 25 * DAY / CLIENTS, i + 1, client);
		while (mt_store_counters(store).waiting > 5000)
			nap();
		if (i % 100 == 0 && size_of(path) > largest)
			largest = size_of(path);
	}
	tap_ok(settle(store, CLIENTS), "more clients than there is room for are taken");
	dropped = mt_store_counters(store).dropped;
	largest = size_of(path) > largest ? size_of(path) : largest;
	h = ask(store, client);
	mt_store_close(store);
	tap_note("%jd bytes of %jd, %jd of %d clients kept, %ju dropped", (intmax_t)largest, (intmax_t)most,
	    (intmax_t)ask_file(path, "SELECT count(*) FROM client"), CLIENTS, (uintmax_t)dropped);
	tap_ok(largest <= most && largest > most / 4, "the file and its log stay within the bound");
	tap_ok(dropped == 0 && h.seen == 1 && is_whole(path), "none is dropped: the newest is known");
	tap_ok(ask_file(path, "SELECT min(day) FROM client") > (NOW_SEC - 25 * DAY) / DAY &&
	    ask_file(path, "SELECT count(*) FROM behind WHERE key NOT IN (SELECT key FROM client)") == 0,
	    "the oldest are gone, and what was behind them");
}

/* A file that somebody else holds: nothing waits, what has no room is dropped and counted,
 * and it goes on by itself. */
static void
test_busy(void)
{
	struct mt_store_options options = { .engine = MT_STORE_SQLITE, .history_sec = HISTORY, .size_most = 1 << 20,
		.queue = 10, .wall_msec = wall_msec, .say = hear };
	struct said said = SAID;
	struct mt_store_counters c;
	struct mt_history h;
	struct mt_store *store;
	sqlite3 *db = NULL;
	char path[512];
	int error;

	options.path = in_dir(path, "busy.db");
	options.say_ctx = &said;
	sqlite3_open(path, &db);
	sqlite3_exec(db, "CREATE TABLE t (x); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)", NULL, NULL, NULL);
	store = mt_store_open(&options, &error);
	for (unsigned i = 0; i < 100; i++)
		record(store, "192.0.2.1", MT_STORE_BAD, NOW_SEC, 0, NULL);
	h = ask_once(store, "192.0.2.1");
	tap_ok(h.result == MT_SKIPPED && (h.cause == MT_CAUSE_TIMEOUT || h.cause == MT_CAUSE_BREAKER),
	    "a file that is held by others: no history");
	c = mt_store_counters(store);
	tap_ok(c.dropped >= 80 && c.skipped == 1, "what has no room is dropped and counted");
	while (!mt_store_counters(store).away)
		nap();
	tap_ok(heard(&said, "there is no history until it is back") == 1, "it is told once");
	sqlite3_exec(db, "ROLLBACK; DROP TABLE t", NULL, NULL, NULL);
	sqlite3_close(db);
	h = ask(store, "192.0.2.1");
	tap_ok(h.result != MT_SKIPPED && heard(&said, ": is back") == 1 && !mt_store_counters(store).away,
	    "it comes back by itself, and that is told");
	mt_store_close(store);
}

static unsigned answered;

static void
count(void *ctx, const struct mt_history *history)
{
	(void)ctx;
	(void)history;
	__atomic_fetch_add(&answered, 1, __ATOMIC_SEQ_CST);
}

static void
test_close(void)
{
	struct mt_store *store;
	struct mt_ip ip;
	char path[512];

	store = open_store(MT_STORE_SQLITE, in_dir(path, "close.db"), NULL, 1 << 20, NULL);
	for (uint8_t i = 0; i < 200; i++) {
		ip = mt_ip_bytes((uint8_t[]){ 192, 0, 2, i }, 4);
		mt_store_ask(store, &ip, count, NULL);
	}
	for (unsigned i = 0; i < 1000; i++)
		record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	mt_store_close(store);
	tap_ok(answered == 200, "closing: every question is answered once (%u)", answered);
	tap_ok(ask_file(path, "SELECT seen FROM client") == 1000, "and what waits is written");
}

/* ---- files that are not what they should be -------------------------------------------- */

static void
write_file(const char *path, const char *text, long at, mode_t mode)
{
	FILE *file = fopen(path, at == 0 ? "w" : "r+");

	if (file == NULL || fseek(file, at, SEEK_SET) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	for (unsigned i = 0; i < 400; i++)
		fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

/* How many files of dir begin with a name. */
static unsigned
files_of(const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned found = 0;

	while (d != NULL && (entry = readdir(d)) != NULL)
		found += strncmp(entry->d_name, name, strlen(name)) == 0;
	if (d != NULL)
		closedir(d);
	return found;
}

static void
test_damaged(void)
{
	struct said said = SAID;
	struct mt_store *store;
	struct mt_history h;
	char path[512], client[32];

	in_dir(path, "garbage.db");
	write_file(path, "this is no database, whatever its name says\n", 0, 0600);
	store = open_store(MT_STORE_SQLITE, path, NULL, 1 << 20, &said);
	h = ask_answered(store, "192.0.2.1");
	tap_ok(h.result == MT_SKIPPED && h.cause == MT_CAUSE_GARBAGE && heard(&said, "is damaged: set aside as") == 1 && files_of("garbage.db.corrupt-") == 1,
	    "a file that is no database is set aside, and it is told");
	mt_store_close(store);

	in_dir(path, "holes.db");
	store = open_store(MT_STORE_SQLITE, path, NULL, 4 << 20, NULL);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(client, sizeof client, "10.0.%u.%u", i / 250, i % 250);
		record(store, client, MT_STORE_GOOD, NOW_SEC, 0, NULL);
	}
	settle(store, 3000);
	mt_store_close(store);
	write_file(path, "\xff\xfe spoilt \xfd", 12288, 0600);
	said.all[0] = '\0';
	store = open_store(MT_STORE_SQLITE, path, NULL, 4 << 20, &said);
	h = ask_answered(store, "10.0.1.1");
	record(store, "10.0.1.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	tap_ok(h.result == MT_SKIPPED && settle(store, 1) && ask(store, "10.0.1.1").seen == 1 && heard(&said, "set aside") == 1 &&
	    files_of("holes.db.corrupt-") == 1, "one with pages that are spoilt is as well");
	mt_store_close(store);
}

/* Nobody is new to a memory that was lost a moment ago, in this process or in one before; and
 * of the files that were set aside, by whatever process, the last ones stay. */
static void
test_lost(void)
{
	static const char *const others[] = { "lost.db.corrupt-", "lost.db.corrupt-07", "lost.db.corrupt-1x",
		"lost.db.corrupted", "other.db.corrupt-1" };
	char path[512], name[64];
	struct mt_store *store;
	struct mt_history h;
	bool there = true;

	for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
		write_file(in_dir(path, others[i]), "x", 0, 0600);
	for (int64_t i = 9; i > 3; i--) {
		snprintf(name, sizeof name, "lost.db.corrupt-%jd", (intmax_t)(NOW_SEC - i * 60));
		write_file(in_dir(path, name), "x", 0, 0600);
	}
	store = open_store(MT_STORE_SQLITE, in_dir(path, "lost.db"), NULL, 1 << 20, NULL);
	h = ask_answered(store, "192.0.2.1");
	tap_ok(h.result == MT_SKIPPED && h.cause == MT_CAUSE_GARBAGE, "after a loss before the start nobody is new");
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	settle(store, 1);
	h = ask(store, "192.0.2.1");
	tap_ok(h.result == MT_NEUTRAL && h.cause == MT_CAUSE_GARBAGE, "and what is known since is known as a part");
	mt_store_close(store);
	for (int64_t i = 9; i > 3; i--) {
		snprintf(name, sizeof name, "lost.db.corrupt-%jd", (intmax_t)(NOW_SEC - i * 60));
		there = there && (access(in_dir(path, name), F_OK) == 0) == (i < 7);
	}
	tap_ok(there, "of the files that were set aside the last three stay");
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
		there = there && access(in_dir(path, others[i]), F_OK) == 0;
	tap_ok(there, "and whatever else is there");
	atomic_store(&wall, NOW_SEC + DAY);
	store = open_store(MT_STORE_SQLITE, in_dir(path, "lost.db"), NULL, 1 << 20, NULL);
	tap_ok(ask(store, "192.0.2.2").result == MT_NEW && ask(store, "192.0.2.1").cause == MT_CAUSE_NONE,
	    "a day later one can be new again");
	mt_store_close(store);
	atomic_store(&wall, NOW_SEC);
}

static void
test_foreign(void)
{
	struct said said = SAID;
	struct mt_store *store;
	char path[512];

	in_dir(path, "newer.db");
	ask_file(path, "PRAGMA user_version = 99");
	store = open_store(MT_STORE_SQLITE, path, NULL, 1 << 20, &said);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	tap_ok(settle(store, 1) && mt_store_counters(store).dropped == 1 && ask_once(store, "192.0.2.1").result == MT_SKIPPED &&
	    heard(&said, "was made by a newer version of this program (99, not 1)") == 1, "a newer file is not touched");
	mt_store_close(store);
	tap_ok(ask_file(path, "PRAGMA user_version") == 99 && files_of("newer.db.corrupt-") == 0, "and stays what it was");

	in_dir(path, "foreign.db");
	ask_file(path, "CREATE TABLE mail (x)");
	store = open_store(MT_STORE_SQLITE, path, NULL, 1 << 20, &said);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	tap_ok(settle(store, 1) && heard(&said, "is a database of another program") == 1, "nor is one of another program");
	mt_store_close(store);

	store = open_store(MT_STORE_SQLITE, dir, NULL, 1 << 20, &said);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	tap_ok(settle(store, 1) && heard(&said, "is not a file") == 1, "nor a directory");
	mt_store_close(store);
}

/* Runs a test in a process of its own, whose exit status is the result. */
static bool
in_child(bool (*test)(const char *path), const char *path)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(test(path) ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
without_power(const char *path)
{
	struct said said = SAID;
	struct mt_store *store;
	bool good;

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return false;
	store = open_store(MT_STORE_SQLITE, path, NULL, 1 << 20, &said);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	good = settle(store, 1) && ask_once(store, "192.0.2.1").result == MT_SKIPPED &&
	    heard(&said, "cannot be written to by user") == 1;
	mt_store_close(store);
	return good;
}

/* More cannot be written to any file: what a full disk does, but for the name of the error. */
static bool
with_full_disk(const char *path)
{
	struct said said = SAID;
	struct mt_store *store;
	char client[32];
	bool good;

	signal(SIGXFSZ, SIG_IGN);
	store = open_store(MT_STORE_SQLITE, path, NULL, 64 << 20, &said);
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	good = settle(store, 1) && ask(store, "192.0.2.1").seen == 1;
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 300000, 300000 });
	for (unsigned i = 0; i < 9000; i++) {
		snprintf(client, sizeof client, "10.0.%u.%u", i / 250, i % 250);
		record(store, client, MT_STORE_GOOD, NOW_SEC, i, client);
	}
	good = settle(store, 9001) && mt_store_counters(store).dropped > 0 &&
	    heard(&said, "there is no history until it is back") > 0 && good;
	mt_store_close(store);
	return good;
}

static void
test_disk(void)
{
	char path[512];
	struct mt_store *store;

	in_dir(path, "owner.db");
	write_file(path, "", 0, 0400);
	chmod(dir, 0711);
	tap_ok(in_child(without_power, path), "a file of another owner: told, and no history");
	in_dir(path, "none/state.db");
	tap_ok(in_child(without_power, path), "a directory that is not there: as well");
	in_dir(path, "full.db");
	tap_ok(in_child(with_full_disk, path), "a full disk: events are dropped, and nothing else");
	store = open_store(MT_STORE_SQLITE, path, NULL, 64 << 20, NULL);
	tap_ok(is_whole(path) && ask(store, "192.0.2.1").seen == 1, "what was written before is there");
	mt_store_close(store);
}

/* ---- kill -9 ------------------------------------------------------------------------- */

/* Writes until it is killed; says each time that 100 more events are written. */
static void
write_forever(const char *path, int said)
{
	struct mt_store *store = open_store(MT_STORE_SQLITE, path, NULL, 64 << 20, NULL);
	uint64_t events = 0;

	for (;;) {
		for (uint32_t i = 0; i < 100; i++)
			record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, i, NULL);
		events += 100;
		while (mt_store_counters(store).written < events)
			nap();
		if (write(said, "x", 1) != 1)
			_exit(1);
	}
}

static bool
kill_one(const char *path, unsigned pieces, uint64_t *events)
{
	int fd[2], status = 0;
	char byte;
	pid_t pid;
	ssize_t n = 1;

	fflush(stdout);
	if (pipe(fd) < 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0)
		write_forever(path, fd[1]);
	close(fd[1]);
	for (unsigned i = 0; i < pieces && n == 1; i++)
		*events += (n = read(fd[0], &byte, 1)) == 1 ? 100 : 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd[0]);
	return n == 1 && WIFSIGNALED(status);
}

static void
test_kill(void)
{
	const char *wanted = getenv("MT_KILLS");
	unsigned killed = 0, kills = wanted == NULL ? KILLS : (unsigned)strtoul(wanted, NULL, 10);
	uint64_t events = 0, seen;
	struct mt_store *store;
	char path[512];

	in_dir(path, "killed.db");
	while (killed < kills && kill_one(path, killed % 3 + 1, &events) && is_whole(path))
		killed++;
	store = open_store(MT_STORE_SQLITE, path, NULL, 64 << 20, NULL);
	seen = ask(store, "192.0.2.1").seen;
	mt_store_close(store);
	tap_note("%ju events were written by those that were killed, %ju are there", (uintmax_t)events, (uintmax_t)seen);
	tap_ok(killed == kills, "killed %u times, the file is whole", killed);
	tap_ok(seen >= events && files_of("killed.db.corrupt-") == 0, "and what was written is there");
}

/* ---- Redis -------------------------------------------------------------------------- */

static char server_socket[512];

static bool
is_socket(const char *path)
{
	struct stat s;

	for (time_t end = time(NULL) + PATIENCE; time(NULL) < end; nap())
		if (stat(path, &s) == 0 && S_ISSOCK(s.st_mode))
			return true;
	return false;
}

/* A server of our own on a socket in dir; 0: there is none to be had. */
static pid_t
start_server(void)
{
	pid_t pid;

	in_dir(server_socket, "redis.sock");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server_socket, "--save", "", "--appendonly",
		    "no", "--dir", dir, "--daemonize", "no", (char *)NULL);
		_exit(127);
	}
	for (time_t end = time(NULL) + PATIENCE; pid > 0 && time(NULL) < end; nap()) {
		struct stat s;

		if (stat(server_socket, &s) == 0)
			break;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 0;
	}
	return is_socket(server_socket) ? pid : 0;
}

static void
stop_server(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	unlink(server_socket);
}

/* Until the engine is away, or is back, as the store itself finds out by what it is asked. */
static bool
becomes(struct mt_store *store, bool away)
{
	char client[32];

	for (unsigned i = 0; i < PATIENCE * 100; i++) {
		/* Another client each time: the cache would answer for one. */
		snprintf(client, sizeof client, "10.1.%u.%u", i / 250, i % 250);
		ask_once(store, client);
		if (mt_store_counters(store).away == away)
			return true;
		nap();
	}
	return false;
}

/* Ends the connections of everybody, as a network does that is gone for a while. */
static bool
cut_connections(void)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		execlp("redis-cli", "redis-cli", "-s", server_socket, "client", "kill", "type", "normal", (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Two hosts; the way of the second to the server leads over a link that can be taken away. */
static void
test_two_hosts(pid_t *server)
{
	struct said said = SAID;
	struct mt_store *one, *two;
	uint64_t events = 0, events_two = 0;
	struct mt_history h;
	char link[512], path[512];

	in_dir(link, "link.sock");
	if (symlink(server_socket, link) < 0)
		perror(link);
	one = open_store(MT_STORE_REDIS, "", server_socket, 1 << 20, NULL);
	two = open_store(MT_STORE_REDIS, in_dir(path, "two.db"), link, 1 << 20, &said);
	test_counts("redis", one, &events);
	tap_ok(ask(two, "198.51.100.1").origins == MT_STORE_DISTINCT && ask(two, "192.0.2.1").result == MT_GOOD,
	    "the other host knows it");
	tap_ok(said.count == 0, "and has nothing to say");

	tap_ok(unlink(link) == 0 && cut_connections() && becomes(two, true), "one host is cut off");
	tap_ok(heard(&said, "what this host knows serves until it is back") == 1, "it is told once");
	record(two, "203.0.113.5", MT_STORE_BAD, NOW_SEC, 0, NULL);
	tap_ok(settle(two, ++events_two) && mt_store_counters(two).dropped == 0 && ask(two, "203.0.113.5").seen == 1,
	    "it remembers by itself");
	h = ask(two, "203.0.113.5");
	tap_ok(h.result == MT_NEUTRAL && h.cause == MT_CAUSE_BREAKER, "which is a part of the memory");
	h = ask_once(two, "203.0.113.200");
	tap_ok(h.result == MT_SKIPPED, "and makes nobody new whom the others may know");
	record(one, "203.0.113.6", MT_STORE_BAD, NOW_SEC, 0, NULL);
	record(one, "203.0.113.7", MT_STORE_BAD, NOW_SEC, 0, NULL);
	events += 2;
	tap_ok(settle(one, events) && becomes(one, false) && ask(one, "203.0.113.6").seen == 1, "the other goes on");
	tap_ok(symlink(server_socket, link) == 0 && becomes(two, false), "it comes back by itself");
	tap_ok(heard(&said, ": is back") == 1 && ask(two, "203.0.113.6").seen == 1, "that is told, and both know the same");

	/* Stopped, it takes what is sent and answers nothing. */
	kill(*server, SIGSTOP);
	record(one, "203.0.113.8", MT_STORE_BAD, NOW_SEC, 0, NULL);
	tap_ok(becomes(one, true) && settle(one, ++events) && ask(one, "203.0.113.8").cause == MT_CAUSE_BREAKER,
	    "a server that hangs holds nobody up");
	kill(*server, SIGCONT);
	tap_ok(becomes(one, false), "when it goes on, so do we");
	stop_server(*server);
	tap_ok(becomes(one, true), "a server that ends is away");
	*server = start_server();
	tap_ok(*server > 0 && becomes(one, false) && ask(one, "203.0.113.7").result == MT_NEW,
	    "one that was started anew is used, though it knows nothing");
	mt_store_close(one);
	mt_store_close(two);
}

static void
test_redis(void)
{
	struct said said = SAID;
	struct mt_store *store;
	pid_t server;
	bool built;

	store = open_store(MT_STORE_REDIS, "", "nonsense", 1 << 20, &said);
	built = heard(&said, "made without hiredis") == 0;
	record(store, "192.0.2.1", MT_STORE_GOOD, NOW_SEC, 0, NULL);
	tap_ok(settle(store, 1) && ask(store, "192.0.2.1").seen == 1 && heard(&said, "nonsense: is no address") == built,
	    "without a server and a file memory serves");
	mt_store_close(store);
	server = built ? start_server() : 0;
	if (server == 0) {
		tap_ok(true, "two hosts and a Redis # SKIP there is no redis-server, or no hiredis");
		return;
	}
	test_two_hosts(&server);
	stop_server(server);
}

static void
clean_up(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[512];

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.')
			unlink(in_dir(path, entry->d_name));
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

int
main(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailtrace-store.XXXXXX");
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return EXIT_FAILURE;
	}
	atomic_store(&wall, NOW_SEC);
	/* First what forks, while there are no other threads. */
	test_kill();
	test_disk();
	test_words();
	test_cache();
	test_none();
	test_sqlite();
	test_size();
	test_busy();
	test_close();
	test_damaged();
	test_lost();
	test_foreign();
	test_redis();
	clean_up();
	return tap_done();
}
