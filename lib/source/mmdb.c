/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows libmaxminddb, alone in this project, and the names that MaxMind, DB-IP and IPinfo
 * give to what they tell; knows no configuration and does not watch files.
 *
 * The library maps a file into memory, and a file that is cut short under it ends the
 * process (SIGBUS).  So each is copied into memory that is sealed, and the copy is mapped.
 * A damaged file can be opened and look sound: every look-up has a status that is looked
 * at, only values at known paths are asked for, and every string is bounded. */
#include "lib/source/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

#define YEAR_9999 UINT64_C(253402300799)	/* what says it is younger does not know */
#define FILE_MOST (INT64_C(1) << 30)	/* the copy is memory: the largest sold are half of it */
#define TEXT_MOST 253
#define PATHS 5

struct mt_mmdb {
	atomic_uint refs;
	MMDB_s mmdb;
	char type[MT_MMDB_TYPE];
};

/* ---- names of fields ---------------------------------------------------------------- */

#define P(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct field {
	unsigned part;			/* enum mt_mmdb_part */
	size_t offset;			/* of the member of struct mt_location */
	size_t least;			/* bytes; shorter ones are another thing of the same name */
	const char *const *path[PATHS];	/* the first that leads to a string counts */
};

#define AT(member) offsetof(struct mt_location, member)

/* MaxMind (and DB-IP, which follows it) nest; "traits" is of their databases that hold all
 * in one; IPinfo and copies made from CSV are flat. */
static const struct field texts[] = {
	{ MT_MMDB_PLACE, AT(country_name), 3, { P("country", "names", "en"), P("country_name"), P("country") } },
	{ MT_MMDB_PLACE, AT(region_code), 1, { P("subdivisions", "0", "iso_code"), P("region_code") } },
	{ MT_MMDB_PLACE, AT(region), 1, { P("subdivisions", "0", "names", "en"), P("region"), P("state1") } },
	{ MT_MMDB_PLACE, AT(city), 1, { P("city", "names", "en"), P("city") } },
	{ MT_MMDB_PLACE, AT(postal), 1, { P("postal", "code"), P("postal_code"), P("postcode") } },
	{ MT_MMDB_PLACE, AT(time_zone), 1, { P("location", "time_zone"), P("timezone") } },
	{ MT_MMDB_AS, AT(as_name), 1, { P("autonomous_system_organization"),
	    P("traits", "autonomous_system_organization"), P("as_name"), P("as_organization"), P("name") } },
	{ MT_MMDB_LINE, AT(isp), 1, { P("isp"), P("traits", "isp") } },
	{ MT_MMDB_LINE, AT(organization), 1, { P("organization"), P("traits", "organization") } },
	{ MT_MMDB_LINE, AT(connection), 1, { P("connection_type"), P("traits", "connection_type") } },
};

/* Two letters.  IPinfo's "country" is a code in some files and a name in others. */
static const struct field codes[] = {
	{ MT_MMDB_PLACE, AT(country), 2, { P("country", "iso_code"), P("country_code"), P("country") } },
	{ MT_MMDB_PLACE, AT(continent), 2, { P("continent", "code"), P("continent_code"), P("continent") } },
	{ MT_MMDB_PLACE, AT(registered), 2, { P("registered_country", "iso_code") } },
};

static const char *const *const latitudes[PATHS] = { P("location", "latitude"), P("latitude"), P("lat") };
static const char *const *const longitudes[PATHS] =
    { P("location", "longitude"), P("longitude"), P("lng"), P("lon") };
static const char *const *const radii[PATHS] = { P("location", "accuracy_radius"), P("radius") };
static const char *const *const numbers[PATHS] = { P("autonomous_system_number"),
	P("traits", "autonomous_system_number"), P("asn"), P("as_number") };

/* ---- values ------------------------------------------------------------------------- */

struct reader {
	MMDB_entry_s entry;
	struct mt_arena *arena;
	bool damaged;
};

static bool
value(struct reader *r, const char *const *path, MMDB_entry_data_s *data)
{
	int status = MMDB_aget_value(&r->entry, data, path);

	if (status == MMDB_SUCCESS)
		return data->has_data;
	if (status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		r->damaged = true;
	return false;
}

/* At most so many bytes, and no character of UTF-8 cut in two. */
static struct mt_span
bounded(const MMDB_entry_data_s *data)
{
	struct mt_span s = { data->utf8_string, data->data_size };

	if (s.len <= TEXT_MOST)
		return s;
	s.len = TEXT_MOST;
	while (s.len > TEXT_MOST - 4 && ((unsigned char)s.ptr[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static bool
read_text(struct reader *r, const struct field *f, struct mt_location *at)
{
	MMDB_entry_data_s data;

	for (size_t i = 0; i < PATHS && f->path[i] != NULL; i++) {
		if (!value(r, f->path[i], &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
		    data.data_size < f->least)
			continue;
		*(struct mt_span *)((char *)at + f->offset) = mt_arena_copy(r->arena, bounded(&data));
		return true;
	}
	return false;
}

static bool
read_code(struct reader *r, const struct field *f, struct mt_location *at)
{
	char *code = (char *)at + f->offset;
	MMDB_entry_data_s data;

	for (size_t i = 0; i < PATHS && f->path[i] != NULL; i++) {
		if (!value(r, f->path[i], &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2 ||
		    !mt_is_alpha(data.utf8_string[0]) || !mt_is_alpha(data.utf8_string[1]))
			continue;
		for (size_t k = 0; k < 2; k++)
			code[k] = (char)(data.utf8_string[k] & ~0x20);
		code[2] = '\0';
		return true;
	}
	return false;
}

/* "-117.1291", in any locale; at most 15 digits before and behind the point. */
static bool
parse_decimal(struct mt_span text, double *number)
{
	bool minus = text.len > 0 && text.ptr[0] == '-';
	size_t at = minus, from = at;
	double sum = 0, unit = 1;

	for (; at < text.len && at - from < 15 && mt_is_digit(text.ptr[at]); at++)
		sum = sum * 10 + (text.ptr[at] - '0');
	if (at == from)
		return false;
	if (at < text.len && text.ptr[at] == '.')
		for (from = ++at; at < text.len && at - from < 15 && mt_is_digit(text.ptr[at]); at++) {
			sum = sum * 10 + (text.ptr[at] - '0');
			unit *= 10;
		}
	*number = (minus ? -sum : sum) / unit;
	return at == text.len;
}

static bool
as_number(const MMDB_entry_data_s *data, double *number)
{
	struct mt_span text;

	switch (data->type) {
	case MMDB_DATA_TYPE_DOUBLE:
		*number = data->double_value;
		return true;
	case MMDB_DATA_TYPE_FLOAT:
		*number = (double)data->float_value;
		return true;
	case MMDB_DATA_TYPE_UINT16:
		*number = data->uint16;
		return true;
	case MMDB_DATA_TYPE_UINT32:
		*number = data->uint32;
		return true;
	case MMDB_DATA_TYPE_INT32:
		*number = data->int32;
		return true;
	case MMDB_DATA_TYPE_UINT64:
		*number = (double)data->uint64;
		return true;
	case MMDB_DATA_TYPE_UTF8_STRING:
		text = (struct mt_span){ data->utf8_string, data->data_size };
		if (mt_span_starts(text, "AS"))
			text = (struct mt_span){ text.ptr + 2, text.len - 2 };
		return parse_decimal(text, number);
	default:
		return false;
	}
}

/* A number from least to most; one that is no number at all is in no range either. */
static bool
read_number(struct reader *r, const char *const *const paths[PATHS], double least, double most, double *number)
{
	MMDB_entry_data_s data;

	for (size_t i = 0; i < PATHS && paths[i] != NULL; i++)
		if (value(r, paths[i], &data) && as_number(&data, number) && *number >= least && *number <= most)
			return true;
	return false;
}

/* ---- records ------------------------------------------------------------------------ */

static bool
read_fields(struct reader *r, unsigned part, struct mt_location *at)
{
	bool some = false;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].part == part)
			some = read_code(r, &codes[i], at) || some;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].part == part)
			some = read_text(r, &texts[i], at) || some;
	return some;
}

static bool
read_place(struct reader *r, struct mt_location *at)
{
	bool some = read_fields(r, MT_MMDB_PLACE, at);
	double north, east, radius;

	at->located = read_number(r, latitudes, -90, 90, &north) && read_number(r, longitudes, -180, 180, &east);
	if (at->located) {
		at->latitude = north;
		at->longitude = east;
	}
	if (at->located && read_number(r, radii, 0, 20040, &radius))	/* half around the Earth */
		at->radius_km = (unsigned)radius;
	return some || at->located;
}

/* The block of an address whose record lies so many bits deep in the tree, in which IPv4 is
 * the last 32 of 128 bits where there is IPv6. */
static void
set_network(const struct mt_mmdb *db, const struct mt_ip *ip, unsigned depth, struct mt_location *at)
{
	unsigned most = ip->family == 4 ? 32 : 128;

	if (ip->family == 4 && db->mmdb.metadata.ip_version == 6)
		depth = depth < 96 ? 0 : depth - 96;
	at->network = *ip;
	at->network_bits = (uint8_t)(depth < most ? depth : most);
	for (unsigned i = at->network_bits; i < most; i++)
		at->network.bytes[i / 8] &= (uint8_t)~(0x80u >> (i % 8));
}

static bool
read_as(struct reader *r, struct mt_location *at)
{
	double number;

	if (!read_number(r, numbers, 1, UINT32_MAX, &number))
		return false;
	at->asn = (uint32_t)number;
	read_fields(r, MT_MMDB_AS, at);
	return true;
}

static MMDB_lookup_result_s
look_up(const struct mt_mmdb *db, const struct mt_ip *ip, int *status)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memcpy(&in.sin_addr, ip->bytes, sizeof in.sin_addr);
	memcpy(&in6.sin6_addr, ip->bytes, sizeof in6.sin6_addr);
	return MMDB_lookup_sockaddr(&db->mmdb,
	    ip->family == 4 ? (const struct sockaddr *)&in : (const struct sockaddr *)&in6, status);
}

unsigned
mt_mmdb_find(const struct mt_mmdb *db, struct mt_arena *arena, const struct mt_ip *ip, unsigned want,
    struct mt_location *at, bool *damaged)
{
	MMDB_lookup_result_s result;
	struct reader r = { .arena = arena };
	unsigned found = 0;
	int status;

	if (ip->family == 0 || (ip->family == 6 && db->mmdb.metadata.ip_version == 4))
		return 0;		/* not there, though the library calls it an error */
	result = look_up(db, ip, &status);
	if (status != MMDB_SUCCESS)
		*damaged = true;
	if (status != MMDB_SUCCESS || !result.found_entry)
		return 0;
	r.entry = result.entry;
	if (want & MT_MMDB_PLACE && read_place(&r, at))
		found |= MT_MMDB_PLACE;
	if (want & MT_MMDB_AS && read_as(&r, at)) {
		set_network(db, ip, result.netmask, at);
		found |= MT_MMDB_AS;
	}
	if (want & MT_MMDB_LINE && read_fields(&r, MT_MMDB_LINE, at))
		found |= MT_MMDB_LINE;
	*damaged = *damaged || r.damaged;
	return found;
}

/* ---- files -------------------------------------------------------------------------- */

static bool
trouble(char why[MT_MMDB_WHY], const char *what)
{
	snprintf(why, MT_MMDB_WHY, "%s: %s", what, strerror(errno));
	return false;
}

static bool
copy_bytes(int to, int from, char why[MT_MMDB_WHY])
{
	char block[65536];
	int64_t all = 0;
	ssize_t got, put;

	while ((got = read(from, block, sizeof block)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return trouble(why, "cannot be read");
		if ((all += got) > FILE_MOST) {
			snprintf(why, MT_MMDB_WHY, "is larger than 1 GiB");
			return false;
		}
		for (ssize_t done = 0; done < got; done += put) {
			put = write(to, block + done, (size_t)(got - done));
			if (put < 0)
				return trouble(why, "there is no memory for a copy of it");
		}
	}
	if (fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return trouble(why, "its copy cannot be sealed");
	return true;
}

/* Whether it stayed as it was while it was copied. */
static bool
unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A sealed copy of a file in memory, or -1. */
static int
copy_file(const char *path, struct stat *seen, bool *missing, char why[MT_MMDB_WHY])
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), to = -1;
	struct stat after = { 0 };
	bool done = false;

	*seen = (struct stat){ 0 };
	*missing = true;
	if (from < 0 || fstat(from, seen) < 0) {
		trouble(why, "cannot be read");
	} else if (!S_ISREG(seen->st_mode)) {
		snprintf(why, MT_MMDB_WHY, "is not a file");
	} else if ((to = memfd_create("mailtrace-geo", MFD_CLOEXEC | MFD_ALLOW_SEALING)) < 0) {
		trouble(why, "there is no memory for a copy of it");
	} else if (copy_bytes(to, from, why)) {
		done = fstat(from, &after) == 0 && unchanged(seen, &after);
		*missing = false;
		if (!done)
			snprintf(why, MT_MMDB_WHY, "changes while it is read");
	}
	if (from >= 0)
		close(from);
	if (!done && to >= 0) {
		close(to);
		to = -1;
	}
	return to;
}

/* Looks up an address of each block of IPv4, and of IPv6 of what is given out. */
static bool
self_check(const struct mt_mmdb *db, char why[MT_MMDB_WHY])
{
	bool damaged = false;

	for (unsigned i = 0; i < 512 && !damaged; i++) {
		struct mt_ip ip = { .family = 4, .bytes = { (uint8_t)i, 1, 1, 1 } };
		struct mt_location at = { 0 };
		struct mt_arena arena;

		if (i >= 256)
			ip = (struct mt_ip){ 6, { (uint8_t)(0x20 | (i >> 4 & 15)), (uint8_t)(i << 4), [15] = 1 } };
		mt_arena_init(&arena, 1024, 65536);
		mt_mmdb_find(db, &arena, &ip, MT_MMDB_PLACE | MT_MMDB_AS | MT_MMDB_LINE, &at, &damaged);
		mt_arena_fini(&arena);
	}
	if (damaged)
		snprintf(why, MT_MMDB_WHY, "is damaged: look-ups in it fail");
	return !damaged;
}

static void
set_type(struct mt_mmdb *db)
{
	const char *type = db->mmdb.metadata.database_type;
	size_t len = 0;

	for (; type != NULL && type[len] != '\0' && len + 1 < sizeof db->type; len++)
		db->type[len] = type[len] > ' ' && type[len] < 127 ? type[len] : '_';
	db->type[len] = '\0';
}

struct mt_mmdb *
mt_mmdb_open(const char *path, struct stat *seen, bool *missing, char why[MT_MMDB_WHY])
{
	int fd = copy_file(path, seen, missing, why), status;
	struct mt_mmdb *db;
	char copy[32];

	if (fd < 0)
		return NULL;
	db = calloc(1, sizeof *db);
	if (db == NULL) {
		close(fd);
		trouble(why, "there is no memory for it");
		return NULL;
	}
	snprintf(copy, sizeof copy, "/proc/self/fd/%d", fd);
	status = MMDB_open(copy, MMDB_MODE_MMAP, &db->mmdb);
	close(fd);
	if (status != MMDB_SUCCESS) {
		*missing = status == MMDB_FILE_OPEN_ERROR || status == MMDB_OUT_OF_MEMORY_ERROR;
		if (*missing)
			trouble(why, "its copy cannot be mapped by way of /proc");
		else
			snprintf(why, MT_MMDB_WHY, "is damaged, or no database: %s", MMDB_strerror(status));
		free(db);
		return NULL;
	}
	atomic_init(&db->refs, 1);
	set_type(db);
	if (self_check(db, why))
		return db;
	mt_mmdb_unref(db);
	return NULL;
}

struct mt_mmdb *
mt_mmdb_ref(struct mt_mmdb *db)
{
	if (db != NULL)
		atomic_fetch_add_explicit(&db->refs, 1, memory_order_relaxed);
	return db;
}

void
mt_mmdb_unref(struct mt_mmdb *db)
{
	if (db == NULL || atomic_fetch_sub_explicit(&db->refs, 1, memory_order_acq_rel) != 1)
		return;
	MMDB_close(&db->mmdb);
	free(db);
}

const char *
mt_mmdb_type(const struct mt_mmdb *db)
{
	return db->type;
}

int64_t
mt_mmdb_built_sec(const struct mt_mmdb *db)
{
	uint64_t sec = db->mmdb.metadata.build_epoch;

	return sec > YEAR_9999 ? 0 : (int64_t)sec;
}
