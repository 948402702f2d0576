/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows SQLite, alone in this project, and one file of histories; knows nobody who asks.
 *
 * The file is a cache of the world: one that is damaged is set aside and begun anew, and
 * one that cannot be used is tried again later.  WAL, so that a process that is killed
 * leaves it whole (SQLite documentation, "Write-Ahead Logging"). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/source/store_engine.h"

#define SCHEMA_VERSION 1		/* of the schema: PRAGMA user_version */
#define PAGE 4096
#define DAY_SEC 86400
#define BUSY_MSEC 250			/* for another process that writes */
#define LOG_MOST (INT64_C(16) << 20)	/* of size_most what is left to the log */
#define CHECK_MOST (INT64_C(64) << 20)	/* a larger file is not read whole at the start */
#define MEMORY_MOST (INT64_C(16) << 20)	/* without a file */
#define EVICT 100			/* clients at once: what they touch stands in the log */
#define ASIDE_SEC 3600			/* between two files set aside: they take room as well */
#define ASIDE_MOST 3			/* that are kept */
#define ASIDE_MARK ".corrupt-"		/* between the name of the file and the time */
/* So long after a loss what is known is held to be a part: who sends now and then has come
 * again by then, and who sends much may be good once more. */
#define LOST_SEC MT_STORE_GOOD_SEC

enum statement {
	BEGIN, COMMIT, ROLLBACK, UPSERT, SEEN_BEHIND, EXPIRE_BEHIND, COUNT_BEHIND, TRIM_BEHIND, READ, EXPIRE,
	EVICT_OLDEST, PAGES, FREE, STATEMENTS
};

/* Counts are kept for the present stretch of time and the one before it. */
static const char schema[] =
    "CREATE TABLE client (key BLOB PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, day INTEGER NOT NULL,"
    " period INTEGER NOT NULL, seen INTEGER NOT NULL, good INTEGER NOT NULL, bad INTEGER NOT NULL,"
    " seen0 INTEGER NOT NULL, good0 INTEGER NOT NULL, bad0 INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX client_day ON client (day);"
    /* What was seen behind a client: kind 0 are AS numbers, kind 1 hashes of senders. */
    "CREATE TABLE behind (key BLOB NOT NULL, kind INTEGER NOT NULL, value INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (key, kind, value)) WITHOUT ROWID;"
    "CREATE TRIGGER client_gone AFTER DELETE ON client BEGIN DELETE FROM behind WHERE key = OLD.key; END;";

static const char *const statements[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT", [ROLLBACK] = "ROLLBACK",
	/* A clock that goes back counts in the stretch that there is. */
	[UPSERT] = "INSERT INTO client VALUES (?1, ?2, ?2, ?3, ?4, 1, ?5, ?6, 0, 0, 0) ON CONFLICT (key) DO UPDATE SET"
	    " seen0 = CASE WHEN ?4 <= period THEN seen0 WHEN ?4 = period + 1 THEN seen ELSE 0 END,"
	    " good0 = CASE WHEN ?4 <= period THEN good0 WHEN ?4 = period + 1 THEN good ELSE 0 END,"
	    " bad0 = CASE WHEN ?4 <= period THEN bad0 WHEN ?4 = period + 1 THEN bad ELSE 0 END,"
	    " seen = CASE WHEN ?4 <= period THEN seen + 1 ELSE 1 END,"
	    " good = CASE WHEN ?4 <= period THEN good + ?5 ELSE ?5 END,"
	    " bad = CASE WHEN ?4 <= period THEN bad + ?6 ELSE ?6 END,"
	    " first = min(first, ?2), last = max(last, ?2), day = max(day, ?3), period = max(period, ?4)",
	[SEEN_BEHIND] = "INSERT INTO behind VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET last = max(last, ?4)",
	[EXPIRE_BEHIND] = "DELETE FROM behind WHERE key = ?1 AND kind = ?2 AND last < ?3",
	[COUNT_BEHIND] = "SELECT count(*) FROM behind WHERE key = ?1 AND kind = ?2 AND last >= ?3",
	[TRIM_BEHIND] = "DELETE FROM behind WHERE key = ?1 AND kind = ?2 AND value IN"
	    " (SELECT value FROM behind WHERE key = ?1 AND kind = ?2 ORDER BY last LIMIT ?3)",
	[READ] = "SELECT first, last, period, seen, good, bad, seen0, good0, bad0 FROM client WHERE key = ?1",
	[EXPIRE] = "DELETE FROM client WHERE key IN (SELECT key FROM client WHERE day < ?1 LIMIT ?2)",
	[EVICT_OLDEST] = "DELETE FROM client WHERE key IN (SELECT key FROM client ORDER BY day LIMIT ?1)",
	[PAGES] = "PRAGMA page_count", [FREE] = "PRAGMA freelist_count",
};

struct file {
	struct mt_store_engine engine;
	const struct mt_store_options *options;
	sqlite3 *db;			/* NULL: not open */
	sqlite3_stmt *statement[STATEMENTS];
	int64_t pages_most;
	int64_t aside_sec;		/* when this process set one aside */
	int64_t lost_sec;		/* when any process did */
	bool looked;			/* for those of other processes */
};

static bool
in_memory(const struct file *f)
{
	return f->options->path[0] == '\0';
}

static int64_t
wall_sec(const struct file *f)
{
	return f->options->wall_msec != NULL ? f->options->wall_msec(f->options->wall_ctx) / 1000 : (int64_t)time(NULL);
}

static void
close_db(struct file *f)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(f->statement[i]);
	memset(f->statement, 0, sizeof f->statement);
	sqlite3_close(f->db);
	f->db = NULL;
}

/* ---- trouble ------------------------------------------------------------------------ */

/* The time in the name of a file that was set aside; 0: it is another. */
static int64_t
aside_time(const char *name, const char *base)
{
	size_t len = strlen(base), mark = strlen(ASIDE_MARK);
	int64_t at;
	char text[32];

	if (strncmp(name, base, len) != 0 || strncmp(name + len, ASIDE_MARK, mark) != 0)
		return 0;
	at = strtoll(name + len + mark, NULL, 10);
	snprintf(text, sizeof text, "%jd", (intmax_t)at);
	return at > 0 && strcmp(text, name + len + mark) == 0 ? at : 0;
}

/* The last ones stay, whoever set them aside; when the last of them was. */
static void
look_aside(struct file *f)
{
	const char *path = f->options->path, *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	char folder[4096], oldest[4096 + 40];
	int64_t kept[ASIDE_MOST + 1] = { 0 };
	const struct dirent *entry;
	DIR *d;

	f->looked = true;
	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(base - path), slash == NULL ? "." : path);
	d = opendir(folder);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		size_t at = ASIDE_MOST;

		/* The newest first; the last place is that of the one to go. */
		kept[at] = aside_time(entry->d_name, base);
		for (; at > 0 && kept[at] > kept[at - 1]; at--) {
			int64_t other = kept[at];

			kept[at] = kept[at - 1];
			kept[at - 1] = other;
		}
		if (kept[ASIDE_MOST] == 0)
			continue;
		snprintf(oldest, sizeof oldest, "%s" ASIDE_MARK "%jd", path, (intmax_t)kept[ASIDE_MOST]);
		unlink(oldest);
	}
	if (d != NULL)
		closedir(d);
	f->lost_sec = kept[0];
}

/* What a history now lacks. */
static enum mt_cause
loss(const struct file *f, int64_t now_sec)
{
	bool lost = f->lost_sec != 0 && now_sec >= f->lost_sec && now_sec - f->lost_sec < LOST_SEC;

	return lost ? MT_CAUSE_GARBAGE : MT_CAUSE_NONE;
}

/* Out of the way, for a person to look at; its log would spoil the new file. */
static bool
set_aside(struct file *f)
{
	const char *path = f->options->path;
	char aside[4096 + 40], beside[4096 + 40], line[600];
	int64_t now = wall_sec(f);

	close_db(f);
	if (in_memory(f))
		return true;
	if (f->aside_sec != 0 && now - f->aside_sec < ASIDE_SEC) {
		snprintf(f->engine.why, MT_STORE_WHY, "is damaged once more: is the disk sound?");
		return false;
	}
	snprintf(aside, sizeof aside, "%s" ASIDE_MARK "%jd", path, (intmax_t)now);
	if (rename(path, aside) < 0) {
		snprintf(f->engine.why, MT_STORE_WHY, "is damaged, and cannot be set aside: %s", strerror(errno));
		return false;
	}
	snprintf(beside, sizeof beside, "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-shm", path);
	unlink(beside);
	f->aside_sec = now;
	look_aside(f);
	f->lost_sec = now;
	snprintf(line, sizeof line, "store: %.250s: is damaged: set aside as %.270s, and begun anew", path, aside);
	if (f->options->say != NULL)
		f->options->say(f->options->say_ctx, LOG_WARNING, line);
	return true;
}

enum trouble {
	LATER,				/* why says it */
	ANEW,				/* it was set aside: to be tried again at once */
	FULL				/* it, or the disk */
};

static enum trouble
trouble(struct file *f)
{
	int error = f->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(f->db) & 0xff;

	snprintf(f->engine.why, MT_STORE_WHY, "%s", f->db == NULL ? "no memory" : sqlite3_errmsg(f->db));
	if (error == SQLITE_CORRUPT || error == SQLITE_NOTADB)
		return set_aside(f) ? ANEW : LATER;
	if (error == SQLITE_FULL)
		return FULL;
	/* Of a busy file the connection is sound; with others it is begun anew the next time. */
	if (error != SQLITE_BUSY && error != SQLITE_LOCKED && error != SQLITE_OK)
		close_db(f);
	return LATER;
}

/* ---- opening ------------------------------------------------------------------------ */

static bool
run(struct file *f, const char *sql)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* One number; -1: an error. */
static int64_t
ask_number(struct file *f, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(f->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return number;
}

/* Made by us, so that others cannot read whom we talk to.  SQLite gives its log the same
 * mode.  An existing file is not opened: closing it again would drop the locks that this
 * process may have on it (POSIX, fcntl). */
static bool
make_file(struct file *f)
{
	const char *path = f->options->path;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0640);
	struct stat s;

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (errno == EEXIST && stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
		snprintf(f->engine.why, MT_STORE_WHY, "is not a file");
		return false;
	}
	if (errno == EEXIST && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0)
		return true;
	snprintf(f->engine.why, MT_STORE_WHY, "cannot be written to by user %u: %s", (unsigned)geteuid(),
	    strerror(errno));
	return false;
}

static bool
make_schema(struct file *f)
{
	char version[40];

	if (ask_number(f, "SELECT count(*) FROM sqlite_schema") != 0) {
		snprintf(f->engine.why, MT_STORE_WHY, "is a database of another program");
		close_db(f);
		return false;
	}
	snprintf(version, sizeof version, "PRAGMA user_version = %d", SCHEMA_VERSION);
	return run(f, "PRAGMA auto_vacuum = INCREMENTAL") && run(f, "PRAGMA journal_mode = WAL") &&
	    run(f, "BEGIN IMMEDIATE") && run(f, schema) && run(f, version) && run(f, "COMMIT");
}

static bool
set_bounds(struct file *f)
{
	int64_t most = in_memory(f) && f->options->size_most > MEMORY_MOST ? MEMORY_MOST : f->options->size_most;
	int64_t log = most / 2 < LOG_MOST ? most / 2 : LOG_MOST;
	char sql[200];

	f->pages_most = (most - log) / PAGE;
	/* Behind this it is emptied, with what one transaction adds. */
	snprintf(sql, sizeof sql,
	    "PRAGMA wal_autocheckpoint = %jd; PRAGMA journal_size_limit = %jd; PRAGMA max_page_count = %jd",
	    (intmax_t)(log / PAGE / 8), (intmax_t)(log / 2), (intmax_t)f->pages_most);
	return run(f, sql) && run(f,
	    "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
	    "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -32768");
}

/* Reads a file whole, and says whether what is in it fits together.  One that cannot be
 * read now is for others to find out. */
static bool
is_sound(struct file *f)
{
	sqlite3_stmt *s = NULL;
	const char *text;
	struct stat file;
	bool sound = true;

	if (in_memory(f) || stat(f->options->path, &file) < 0 || file.st_size > CHECK_MOST)
		return true;
	if (sqlite3_prepare_v2(f->db, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(s, 0);
		sound = text == NULL || strcmp(text, "ok") == 0;
	}
	sqlite3_finalize(s);
	return sound;
}

static bool
prepare(struct file *f)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(f->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &f->statement[i],
		    NULL) != SQLITE_OK)
			return false;
	return true;
}

/* One try; why is set.  *again: it was damaged, and a new one may be begun. */
static bool
open_once(struct file *f, bool *again)
{
	int64_t version;

	*again = false;
	if (!in_memory(f) && !make_file(f))
		return false;
	if (sqlite3_open_v2(in_memory(f) ? ":memory:" : f->options->path, &f->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		goto out;
	sqlite3_extended_result_codes(f->db, 1);
	sqlite3_busy_timeout(f->db, BUSY_MSEC);
	version = ask_number(f, "PRAGMA user_version");
	if (version < 0)
		goto out;
	if (version > SCHEMA_VERSION) {
		snprintf(f->engine.why, MT_STORE_WHY, "was made by a newer version of this program (%jd, not %d)",
		    (intmax_t)version, SCHEMA_VERSION);
		close_db(f);
		return false;
	}
	if (version == 0 && !make_schema(f)) {
		if (f->db == NULL)
			return false;
		goto out;
	}
	if (!set_bounds(f))
		goto out;
	if (!is_sound(f)) {
		*again = set_aside(f);
		return false;
	}
	if (prepare(f))
		return true;
out:
	*again = trouble(f) == ANEW;
	if (f->db != NULL)
		close_db(f);
	return false;
}

static bool
is_open(struct file *f)
{
	bool again;

	if (!f->looked && !in_memory(f))
		look_aside(f);
	return f->db != NULL || open_once(f, &again) || (again && open_once(f, &again));
}

/* ---- statements --------------------------------------------------------------------- */

static sqlite3_stmt *
bind(struct file *f, enum statement which, const struct mt_store_key *key)
{
	sqlite3_stmt *s = f->statement[which];

	sqlite3_bind_blob(s, 1, key->bytes, key->len, SQLITE_STATIC);
	return s;
}

/* A statement without an answer. */
static bool
done(sqlite3_stmt *s)
{
	bool good = sqlite3_step(s) == SQLITE_DONE;

	/* What is wrong is told again by the reset, for whoever looks. */
	return sqlite3_reset(s) == SQLITE_OK && good;
}

/* One with one number; -1: an error. */
static int64_t
number(sqlite3_stmt *s)
{
	int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;

	return sqlite3_reset(s) == SQLITE_OK ? n : -1;
}

/* ---- writing ------------------------------------------------------------------------ */

static bool
write_behind(struct file *f, const struct mt_store_item *item, int kind, int64_t value)
{
	int64_t since = item->at_sec - f->options->window_sec, count;
	sqlite3_stmt *s;

	if (value == 0)
		return true;
	s = bind(f, EXPIRE_BEHIND, &item->key);
	sqlite3_bind_int(s, 2, kind);
	sqlite3_bind_int64(s, 3, since);
	if (!done(s))
		return false;
	s = bind(f, SEEN_BEHIND, &item->key);
	sqlite3_bind_int(s, 2, kind);
	sqlite3_bind_int64(s, 3, value);
	sqlite3_bind_int64(s, 4, item->at_sec);
	if (!done(s))
		return false;
	s = bind(f, COUNT_BEHIND, &item->key);
	sqlite3_bind_int(s, 2, kind);
	sqlite3_bind_int64(s, 3, INT64_MIN);
	count = number(s);
	if (count <= MT_STORE_DISTINCT)
		return count >= 0;
	s = bind(f, TRIM_BEHIND, &item->key);
	sqlite3_bind_int(s, 2, kind);
	sqlite3_bind_int64(s, 3, count - MT_STORE_DISTINCT);
	return done(s);
}

static bool
write_item(struct file *f, const struct mt_store_item *item)
{
	sqlite3_stmt *s = bind(f, UPSERT, &item->key);

	sqlite3_bind_int64(s, 2, item->at_sec);
	sqlite3_bind_int64(s, 3, item->at_sec / DAY_SEC);
	sqlite3_bind_int64(s, 4, mt_store_period(f->options, item->at_sec));
	sqlite3_bind_int(s, 5, item->class == MT_STORE_GOOD);
	sqlite3_bind_int(s, 6, item->class == MT_STORE_BAD);
	return done(s) && write_behind(f, item, 0, item->asn) && write_behind(f, item, 1, (int64_t)item->sender);
}

static bool
write_all(struct file *f, const struct mt_store_item *items, size_t count, enum trouble *what)
{
	bool good = done(f->statement[BEGIN]);

	for (size_t i = 0; good && i < count; i++)
		good = write_item(f, &items[i]);
	if (good && done(f->statement[COMMIT]))
		return true;
	*what = trouble(f);
	/* Some errors have rolled back already. */
	if (f->db != NULL && sqlite3_get_autocommit(f->db) == 0)
		done(f->statement[ROLLBACK]);
	return false;
}

/* The oldest make room: more than one batch may bring. */
static bool
evict(struct file *f)
{
	bool good = true;

	sqlite3_bind_int(f->statement[EVICT_OLDEST], 1, EVICT);
	for (unsigned i = 0; good && i < 4; i++)
		good = done(f->statement[EVICT_OLDEST]);
	return good;
}

static bool
keep_bounds(struct file *f)
{
	int64_t pages = number(f->statement[PAGES]), unused = number(f->statement[FREE]);

	if (pages < 0 || unused < 0)
		return false;
	return pages - unused <= f->pages_most / 10 * 9 || evict(f);
}

static bool
file_write(struct mt_store_engine *self, const struct mt_store_item *items, size_t count)
{
	struct file *f = (struct file *)self;
	enum trouble what;

	if (!is_open(f))
		return false;
	if (!write_all(f, items, count, &what)) {
		if (what == LATER || (what == FULL && !evict(f)) || !is_open(f) || !write_all(f, items, count, &what))
			return false;
	}
	/* They are written, whatever comes of the bounds; it will show with the next ones. */
	if (!keep_bounds(f))
		trouble(f);
	return true;
}

/* ---- reading and tidying ------------------------------------------------------------ */

static bool
count_behind(struct file *f, const struct mt_store_key *key, int kind, int64_t since, unsigned *count)
{
	sqlite3_stmt *s = bind(f, COUNT_BEHIND, key);
	int64_t n;

	sqlite3_bind_int(s, 2, kind);
	sqlite3_bind_int64(s, 3, since);
	n = number(s);
	*count = n < 0 ? 0 : (unsigned)n;
	return n >= 0;
}

static void
sum_counts(const struct file *f, sqlite3_stmt *s, int64_t now_sec, struct mt_history *h)
{
	int64_t ago = mt_store_period(f->options, now_sec) - sqlite3_column_int64(s, 2);

	h->first_sec = sqlite3_column_int64(s, 0);
	h->last_sec = sqlite3_column_int64(s, 1);
	if (ago <= 1) {
		h->seen = (uint64_t)sqlite3_column_int64(s, 3);
		h->good = (uint64_t)sqlite3_column_int64(s, 4);
		h->bad = (uint64_t)sqlite3_column_int64(s, 5);
	}
	if (ago <= 0) {
		h->seen += (uint64_t)sqlite3_column_int64(s, 6);
		h->good += (uint64_t)sqlite3_column_int64(s, 7);
		h->bad += (uint64_t)sqlite3_column_int64(s, 8);
	}
}

static bool
read_once(struct file *f, const struct mt_store_key *key, int64_t now_sec, struct mt_history *h)
{
	sqlite3_stmt *s = bind(f, READ, key);
	int64_t since = now_sec - f->options->window_sec;
	int found = sqlite3_step(s);

	*h = (struct mt_history){ 0 };
	/* What is too old may not have been taken out yet. */
	if (found == SQLITE_ROW && sqlite3_column_int64(s, 1) >= now_sec - f->options->history_sec)
		sum_counts(f, s, now_sec, h);
	if (sqlite3_reset(s) != SQLITE_OK || (found != SQLITE_ROW && found != SQLITE_DONE))
		return false;
	return h->seen == 0 ||
	    (count_behind(f, key, 0, since, &h->origins) && count_behind(f, key, 1, since, &h->senders));
}

static bool
file_read(struct mt_store_engine *self, const struct mt_store_key *key, int64_t now_sec, struct mt_history *history)
{
	struct file *f = (struct file *)self;

	if (!is_open(f))
		return false;
	if (!read_once(f, key, now_sec, history) &&
	    (trouble(f) != ANEW || !is_open(f) || !read_once(f, key, now_sec, history)))
		return false;
	history->cause = loss(f, now_sec);
	return true;
}

/* Gives pages that nobody needs back to the file system, some at a time. */
static bool
shrink(struct file *f, bool *more)
{
	int64_t pages = number(f->statement[PAGES]), unused = number(f->statement[FREE]);

	if (pages < 0 || unused < 0)
		return false;
	if (unused < 256 || (unused < pages / 4 && pages <= f->pages_most))
		return true;
	*more = true;
	return run(f, "PRAGMA incremental_vacuum(1000)");
}

static bool
file_tidy(struct mt_store_engine *self, int64_t now_sec, bool *more)
{
	struct file *f = (struct file *)self;

	if (!is_open(f))
		return false;
	sqlite3_bind_int64(f->statement[EXPIRE], 1, (now_sec - f->options->history_sec) / DAY_SEC);
	sqlite3_bind_int(f->statement[EXPIRE], 2, EVICT);
	if (done(f->statement[EXPIRE])) {
		*more = sqlite3_changes(f->db) > 0;
		if (keep_bounds(f) && shrink(f, more))
			return true;
	}
	*more = trouble(f) == ANEW;
	return *more;
}

static void
file_close(struct mt_store_engine *self)
{
	struct file *f = (struct file *)self;

	close_db(f);
	free(f);
}

struct mt_store_engine *
mt_store_sqlite_open(const struct mt_store_options *options)
{
	struct file *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->engine = (struct mt_store_engine){ .read = file_read, .write = file_write, .tidy = file_tidy,
		.close = file_close };
	f->options = options;
	return &f->engine;
}
