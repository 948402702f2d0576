/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an address is, and whose: databases in files, replaced while they are in use. */
#ifndef MT_SOURCE_GEO_H
#define MT_SOURCE_GEO_H

#include "lib/base/arena.h"

#define MT_GEO_FILES 16			/* most of both kinds together */
#define MT_GEO_DAYS 45			/* older ones are outdated */

struct mt_geo_options {
	const struct mt_span *city;	/* paths of files that tell places */
	size_t ncity;
	const struct mt_span *asn;	/* that tell AS numbers, ISPs, lines */
	size_t nasn;
	int64_t reload_msec;		/* between looks at the files; 0: never again */
	int64_t settle_msec;		/* a file written to since then is looked at later */
	int64_t (*wall_msec)(void *ctx);	/* Unix milliseconds; NULL: the system's clock */
	void *wall_ctx;
	void (*say)(void *ctx, int priority, const char *line);	/* may be NULL */
	void *say_ctx;
};

enum mt_geo_state { MT_GEO_MISSING, MT_GEO_DAMAGED, MT_GEO_OUTDATED, MT_GEO_GOOD };

/* How a file stands.  One that goes missing or bad later stays in use as it was. */
struct mt_geo_file {
	struct mt_span path;		/* lent until close */
	enum mt_geo_state state;
	bool in_use;
	char type[64];			/* "GeoLite2-City", as the file says; "": never read */
	int64_t built_sec;		/* Unix seconds, as the file says */
	const char *licence;		/* of what is called so; NULL: not known */
};

struct mt_geo_counters {
	uint64_t checks;		/* looks at all files that have ended, the first included */
	uint64_t loads;			/* databases put to use */
};

struct mt_geo;

/* Reads all files and starts a thread that looks for newer ones.  Trouble with a file is
 * told and is no error.  NULL with MT_OK: there are no files, and everything below accepts
 * NULL.  NULL and *error on failure (MT_EINVAL: more than MT_GEO_FILES of them). */
struct mt_geo *mt_geo_open(const struct mt_geo_options *options, int *error);
/* Looks at the files soon, on the thread (for a reload of all settings and lists). */
void mt_geo_check(struct mt_geo *geo);
/* No look-up may be under way. */
void mt_geo_close(struct mt_geo *geo);

/* What the databases say of an address, in the arena.  false: nothing; also for addresses
 * behind which nobody on the Internet can stand.  Any thread; never waits for a file. */
bool mt_geo_find(struct mt_geo *geo, struct mt_arena *arena, const struct mt_ip *ip, struct mt_location *at);

/* File i in the order of the settings, those of city first; false past the end. */
bool mt_geo_file(struct mt_geo *geo, size_t i, struct mt_geo_file *file);
struct mt_geo_counters mt_geo_counters(struct mt_geo *geo);

#endif
