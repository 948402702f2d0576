/* SPDX-License-Identifier: BSD-2-Clause */
/* One database of addresses in MaxMind's format, whoever made it: held in memory, counted. */
#ifndef MT_SOURCE_MMDB_H
#define MT_SOURCE_MMDB_H

#include <sys/stat.h>

#include "lib/base/arena.h"

#define MT_MMDB_WHY 160			/* room for a sentence of trouble */
#define MT_MMDB_TYPE 64

struct mt_mmdb;

/* What a record may tell; a set of them is asked for, and a set comes back. */
enum mt_mmdb_part {
	MT_MMDB_PLACE = 1,		/* country, city, coordinates ... */
	MT_MMDB_AS = 2,			/* number, name, block */
	MT_MMDB_LINE = 4		/* ISP, organization, connection */
};

/* Copies a file and looks some addresses up in the copy.  NULL: why says what the trouble
 * is, *missing whether the file cannot be read at all (else it is damaged).  seen: how the
 * file stood while it was copied; its st_ino is 0 where it could not even be opened. */
struct mt_mmdb *mt_mmdb_open(const char *path, struct stat *seen, bool *missing, char why[MT_MMDB_WHY]);
struct mt_mmdb *mt_mmdb_ref(struct mt_mmdb *db);
void mt_mmdb_unref(struct mt_mmdb *db);

/* "GeoLite2-City" in printable ASCII, and Unix seconds; both as the file says. */
const char *mt_mmdb_type(const struct mt_mmdb *db);
int64_t mt_mmdb_built_sec(const struct mt_mmdb *db);

/* Writes into *at the parts of `want` that the record of an address has, and returns which
 * they are.  Any thread.  *damaged is set where the file contradicts itself. */
unsigned mt_mmdb_find(const struct mt_mmdb *db, struct mt_arena *arena, const struct mt_ip *ip, unsigned want,
    struct mt_location *at, bool *damaged);

#endif
