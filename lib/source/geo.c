/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which files there are, whether they have changed, and which of them to ask first;
 * knows nothing of what is in them (mmdb.c).
 *
 * Look-ups take a reference to the set of databases in use, under a lock that is held for
 * that alone.  One thread watches the files: it makes a new set and puts it in the place
 * of the old one, whose last user frees it. */
#include "lib/source/geo.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/source/mmdb.h"

#define DAY_SEC INT64_C(86400)
#define ALL (MT_MMDB_PLACE | MT_MMDB_AS | MT_MMDB_LINE)

struct file {
	char *path;
	bool as;			/* of the settings for AS numbers */
	bool fresh;			/* it was written to a moment ago: to be looked at again */
	struct stat seen;		/* as it was last read, well or not */
	char said[MT_MMDB_WHY];		/* the trouble that was told last */
	int64_t warned_sec;		/* age was told for the database built then */
	/* Written under the lock. */
	struct mt_mmdb *db;
	enum mt_geo_state state;
};

/* Never changes once made. */
struct set {
	atomic_uint refs;
	size_t count;
	struct {
		struct mt_mmdb *db;
		const char *path;
		bool as;
		atomic_bool told;	/* that a look-up found it damaged */
	} entry[MT_GEO_FILES];
};

struct mt_geo {
	struct mt_geo_options options;
	size_t nfiles;
	struct file file[MT_GEO_FILES];
	bool started;
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t wake;
	struct set *set;
	struct mt_geo_counters counters;
	bool closing, asked;
};

static void __attribute__((format(printf, 3, 4)))
say(const struct mt_geo *geo, int priority, const char *format, ...)
{
	char line[512];
	va_list args;

	if (geo->options.say == NULL)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	geo->options.say(geo->options.say_ctx, priority, line);
}

static int64_t
clock_msec(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
wall_sec(const struct mt_geo *geo)
{
	const struct mt_geo_options *o = &geo->options;

	return (o->wall_msec != NULL ? o->wall_msec(o->wall_ctx) : clock_msec(CLOCK_REALTIME)) / 1000;
}

/* ---- sets --------------------------------------------------------------------------- */

static void
set_unref(struct set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < set->count; i++)
		mt_mmdb_unref(set->entry[i].db);
	free(set);
}

static struct set *
set_hold(struct mt_geo *geo)
{
	struct set *set;

	pthread_mutex_lock(&geo->lock);
	set = geo->set;
	if (set != NULL)
		atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&geo->lock);
	return set;
}

/* Puts what the files hold now in the place of what was in use. */
static void
set_replace(struct mt_geo *geo)
{
	struct set *set = calloc(1, sizeof *set), *old;

	if (set == NULL)
		return;			/* the old ones serve on */
	atomic_init(&set->refs, 1);
	for (size_t i = 0; i < geo->nfiles; i++) {
		if (geo->file[i].db == NULL)
			continue;
		set->entry[set->count].db = mt_mmdb_ref(geo->file[i].db);
		set->entry[set->count].path = geo->file[i].path;
		set->entry[set->count].as = geo->file[i].as;
		set->count++;
	}
	pthread_mutex_lock(&geo->lock);
	old = geo->set;
	geo->set = set;
	pthread_mutex_unlock(&geo->lock);
	set_unref(old);
}

/* ---- files -------------------------------------------------------------------------- */

static bool
same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    same(&a->st_mtim, &b->st_mtim) && same(&a->st_ctim, &b->st_ctim);
}

/* Written to so short a time ago that its times may not tell of a further write, or that
 * its writer may be at work still. */
static bool
is_fresh(const struct mt_geo *geo, const struct stat *s)
{
	int64_t age = clock_msec(CLOCK_REALTIME) -
	    ((int64_t)s->st_ctim.tv_sec * 1000 + s->st_ctim.tv_nsec / 1000000);

	return age >= 0 && age < geo->options.settle_msec;
}

static void
say_trouble(const struct mt_geo *geo, struct file *f, const char *why)
{
	if (strcmp(f->said, why) == 0)
		return;
	memcpy(f->said, why, strlen(why) + 1);
	say(geo, LOG_WARNING, "geo: %s: %s%s", f->path, why, f->db != NULL ? "; the one before stays in use" : "");
}

static enum mt_geo_state
judge_age(const struct mt_geo *geo, struct file *f)
{
	int64_t built = mt_mmdb_built_sec(f->db), days = (wall_sec(geo) - built) / DAY_SEC;

	if (days <= MT_GEO_DAYS)
		return MT_GEO_GOOD;
	if (f->warned_sec != built)
		say(geo, LOG_WARNING, "geo: %s: is %jd days old: addresses have moved since; is it kept up to date?",
		    f->path, (intmax_t)days);
	f->warned_sec = built;
	return MT_GEO_OUTDATED;
}

static void
set_state(struct mt_geo *geo, struct file *f, enum mt_geo_state state)
{
	pthread_mutex_lock(&geo->lock);
	f->state = state;
	pthread_mutex_unlock(&geo->lock);
}

/* Reads a file; true: another database is to be used now. */
static bool
load(struct mt_geo *geo, struct file *f)
{
	char why[MT_MMDB_WHY];
	struct mt_mmdb *db, *old = f->db;
	bool missing;

	db = mt_mmdb_open(f->path, &f->seen, &missing, why);
	f->fresh = is_fresh(geo, &f->seen);
	if (db == NULL) {
		say_trouble(geo, f, why);
		set_state(geo, f, missing ? MT_GEO_MISSING : MT_GEO_DAMAGED);
		if (missing)		/* and may be there again though nothing else changed */
			f->seen = (struct stat){ 0 };
		return false;
	}
	if (old != NULL || f->said[0] != '\0')
		say(geo, LOG_NOTICE, "geo: %s: %s is in use", f->path, mt_mmdb_type(db));
	f->said[0] = '\0';
	pthread_mutex_lock(&geo->lock);
	f->db = db;
	geo->counters.loads++;
	pthread_mutex_unlock(&geo->lock);
	mt_mmdb_unref(old);
	set_state(geo, f, judge_age(geo, f));
	return true;
}

/* Looks at a file; true as for load(). */
static bool
check(struct mt_geo *geo, struct file *f, bool first)
{
	struct stat now;
	bool there = stat(f->path, &now) == 0;

	if (there && unchanged(&now, &f->seen) && !f->fresh) {
		if (f->db != NULL && f->said[0] == '\0')
			set_state(geo, f, judge_age(geo, f));
		return false;
	}
	if (there && !first && is_fresh(geo, &now)) {
		f->fresh = true;
		return false;
	}
	return load(geo, f);
}

static void
check_all(struct mt_geo *geo, bool first)
{
	bool changed = first;

	for (size_t i = 0; i < geo->nfiles; i++)
		changed = check(geo, &geo->file[i], first) || changed;
	if (changed)
		set_replace(geo);
	pthread_mutex_lock(&geo->lock);
	geo->counters.checks++;
	pthread_mutex_unlock(&geo->lock);
}

/* ---- the thread --------------------------------------------------------------------- */

static int64_t
pause_msec(const struct mt_geo *geo)
{
	int64_t pause = geo->options.reload_msec;

	for (size_t i = 0; i < geo->nfiles; i++)
		if (geo->file[i].fresh && geo->options.settle_msec < pause)
			pause = geo->options.settle_msec;
	return pause;
}

/* Until it is time, or somebody asks; true: it is to end. */
static bool
sleep_until(struct mt_geo *geo, int64_t msec)
{
	struct timespec until = { .tv_sec = (time_t)(msec / 1000), .tv_nsec = (long)(msec % 1000) * 1000000 };
	bool closing;
	int rc = 0;

	pthread_mutex_lock(&geo->lock);
	while (!geo->closing && !geo->asked && rc == 0)
		rc = pthread_cond_timedwait(&geo->wake, &geo->lock, &until);
	geo->asked = false;
	closing = geo->closing;
	pthread_mutex_unlock(&geo->lock);
	return closing;
}

static void *
run(void *arg)
{
	struct mt_geo *geo = arg;

	while (!sleep_until(geo, clock_msec(CLOCK_MONOTONIC) + pause_msec(geo)))
		check_all(geo, false);
	return NULL;
}

/* Signals are the process's: none is taken on this thread. */
static bool
start_thread(struct mt_geo *geo)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	geo->started = pthread_create(&geo->thread, NULL, run, geo) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (geo->started)
		pthread_setname_np(geo->thread, "mt-geo");
	return geo->started;
}

/* ---- from outside ------------------------------------------------------------------- */

static bool
add_files(struct mt_geo *geo, const struct mt_span *paths, size_t count, bool as)
{
	for (size_t i = 0; i < count; i++) {
		struct file *f = &geo->file[geo->nfiles];

		f->as = as;
		f->path = strndup(paths[i].ptr, paths[i].len);
		if (f->path == NULL)
			return false;
		geo->nfiles++;
	}
	return true;
}

struct mt_geo *
mt_geo_open(const struct mt_geo_options *options, int *error)
{
	size_t files = options->ncity + options->nasn;
	pthread_condattr_t attributes;
	struct mt_geo *geo;

	*error = files > MT_GEO_FILES ? MT_EINVAL : MT_OK;
	if (files == 0 || files > MT_GEO_FILES)
		return NULL;
	*error = MT_ENOMEM;
	geo = calloc(1, sizeof *geo);
	if (geo == NULL)
		return NULL;
	geo->options = *options;
	geo->options.city = geo->options.asn = NULL;	/* lent for this call only */
	pthread_mutex_init(&geo->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&geo->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (!add_files(geo, options->city, options->ncity, false) || !add_files(geo, options->asn, options->nasn, true))
		goto out;
	check_all(geo, true);
	*error = MT_EIO;
	if (options->reload_msec > 0 && !start_thread(geo))
		goto out;
	*error = MT_OK;
	return geo;
out:
	mt_geo_close(geo);
	return NULL;
}

void
mt_geo_check(struct mt_geo *geo)
{
	if (geo == NULL)
		return;
	pthread_mutex_lock(&geo->lock);
	geo->asked = true;
	pthread_cond_signal(&geo->wake);
	pthread_mutex_unlock(&geo->lock);
}

void
mt_geo_close(struct mt_geo *geo)
{
	if (geo == NULL)
		return;
	pthread_mutex_lock(&geo->lock);
	geo->closing = true;
	pthread_cond_signal(&geo->wake);
	pthread_mutex_unlock(&geo->lock);
	if (geo->started)
		pthread_join(geo->thread, NULL);
	set_unref(geo->set);
	for (size_t i = 0; i < geo->nfiles; i++) {
		mt_mmdb_unref(geo->file[i].db);
		free(geo->file[i].path);
	}
	pthread_cond_destroy(&geo->wake);
	pthread_mutex_destroy(&geo->lock);
	free(geo);
}

/* Asks the databases of one kind for what is wanted and not found yet; the first that has
 * a part tells all of it, so that no city comes with the country of another database. */
static void
ask(struct mt_geo *geo, struct set *set, bool as, struct mt_arena *arena, const struct mt_ip *ip, unsigned want,
    unsigned *found, struct mt_location *at)
{
	for (size_t i = 0; i < set->count && (want & ~*found) != 0; i++) {
		bool damaged = false;

		if (set->entry[i].as != as)
			continue;
		*found |= mt_mmdb_find(set->entry[i].db, arena, ip, want & ~*found, at, &damaged);
		if (damaged && !atomic_exchange(&set->entry[i].told, true))
			say(geo, LOG_WARNING, "geo: %s: is damaged: a look-up in it failed", set->entry[i].path);
	}
}

bool
mt_geo_find(struct mt_geo *geo, struct mt_arena *arena, const struct mt_ip *ip, struct mt_location *at)
{
	unsigned found = 0;
	struct set *set;

	*at = (struct mt_location){ 0 };
	if (geo == NULL || ip->family == 0 || mt_ip_private(ip))
		return false;
	set = set_hold(geo);
	if (set == NULL)
		return false;
	ask(geo, set, true, arena, ip, MT_MMDB_AS | MT_MMDB_LINE, &found, at);
	ask(geo, set, false, arena, ip, ALL, &found, at);
	ask(geo, set, true, arena, ip, MT_MMDB_PLACE, &found, at);
	set_unref(set);
	return found != 0;
}

/* A file does not tell its licence; what its makers give away is known by its type. */
static const char *
licence_of(const char *type)
{
	static const struct {
		const char *maker, *edition, *licence;
	} known[] = {
		{ "GeoLite2-", "", "GeoLite2 End User License Agreement" },
		{ "GeoIP2-", "", "MaxMind End User License Agreement" },
		{ "DBIP-", "Lite", "CC-BY-4.0" },
		{ "ipinfo", "lite", "CC-BY-SA-4.0" },
		{ "ipinfo", "free", "CC-BY-SA-4.0" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strncmp(type, known[i].maker, strlen(known[i].maker)) == 0 &&
		    strstr(type, known[i].edition) != NULL)
			return known[i].licence;
	return NULL;
}

bool
mt_geo_file(struct mt_geo *geo, size_t i, struct mt_geo_file *file)
{
	*file = (struct mt_geo_file){ .path = MT_ABSENT };
	if (geo == NULL || i >= geo->nfiles)
		return false;
	pthread_mutex_lock(&geo->lock);
	file->path = mt_span_text(geo->file[i].path);
	file->state = geo->file[i].state;
	file->in_use = geo->file[i].db != NULL;
	if (file->in_use) {
		snprintf(file->type, sizeof file->type, "%s", mt_mmdb_type(geo->file[i].db));
		file->built_sec = mt_mmdb_built_sec(geo->file[i].db);
		file->licence = licence_of(file->type);
	}
	pthread_mutex_unlock(&geo->lock);
	return true;
}

struct mt_geo_counters
mt_geo_counters(struct mt_geo *geo)
{
	struct mt_geo_counters counters = { 0 };

	if (geo == NULL)
		return counters;
	pthread_mutex_lock(&geo->lock);
	counters = geo->counters;
	pthread_mutex_unlock(&geo->lock);
	return counters;
}
