/* SPDX-License-Identifier: BSD-2-Clause */
/* geo.c and mmdb.c: what real databases say, what damaged ones do, and files that are
 * replaced under the eyes of readers. */
#include "lib/source/geo.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "tests/unit/mmdb_write.h"
#include "tests/unit/tap.h"

#define NOW_SEC INT64_C(1795255200)	/* 2026-11-21 10:00:00 UTC */
#define DAY 86400
#define REPLACEMENTS 1000
#define READERS 3
#define MUTATIONS 400

static char dir[64];

static int64_t
now(void *ctx)
{
	(void)ctx;
	return NOW_SEC * 1000;
}

/* ---- what was said ------------------------------------------------------------------ */

struct said {
	pthread_mutex_t lock;
	unsigned count;
	char last[512];
};

static void
hear(void *ctx, int priority, const char *line)
{
	struct said *said = ctx;

	(void)priority;
	pthread_mutex_lock(&said->lock);
	said->count++;
	snprintf(said->last, sizeof said->last, "%s", line);
	pthread_mutex_unlock(&said->lock);
}

static unsigned
heard(struct said *said, const char *part)
{
	unsigned count;

	pthread_mutex_lock(&said->lock);
	count = part == NULL || strstr(said->last, part) != NULL ? said->count : 0;
	if (part != NULL && count == 0)
		tap_note("said: %s", said->last);
	pthread_mutex_unlock(&said->lock);
	return count;
}

static const char *
data_file(char out[512], const char *name)
{
	const char *top = getenv("top_srcdir");

	snprintf(out, 512, "%s/tests/data/%s", top == NULL ? "." : top, name);
	return out;
}

static struct mt_geo *
open_files(const char *city, const char *asn, int64_t reload_msec, struct said *said)
{
	struct mt_span one = mt_span_text(city), two = mt_span_text(asn);
	struct mt_geo_options options = { .city = &one, .ncity = city != NULL, .asn = &two, .nasn = asn != NULL,
		.reload_msec = reload_msec, .wall_msec = now, .say = said == NULL ? NULL : hear, .say_ctx = said };
	int error;

	return mt_geo_open(&options, &error);
}

/* ---- the rows ----------------------------------------------------------------------- */

static bool
same_text(const json_t *expected, const char *key, struct mt_span have)
{
	const json_t *want = json_object_get(expected, key);

	if (want == NULL ? have.len == 0 : mt_span_equal(mt_span_text(json_string_value(want)), have))
		return true;
	tap_note("%s: %.*s", key, MT_SPAN_ARG(have));
	return false;
}

static bool
same_number(const json_t *expected, const char *key, double have)
{
	const json_t *want = json_object_get(expected, key);

	if (fabs((want == NULL ? 0 : json_number_value(want)) - have) < 1e-9)
		return true;
	tap_note("%s: %f", key, have);
	return false;
}

/* "::110.9.0.0/116" is how some rows write 110.9.0.0/20.  The database joins neighbours that
 * have the same record, so its block may be the larger one. */
static bool
same_network(const json_t *row, const struct mt_ip *ip, const struct mt_location *at)
{
	const char *text = json_string_value(json_object_get(row, "network"));
	char have[MT_IP_TEXT];
	struct mt_net net, found = { at->network, at->network_bits };

	if (text == NULL || at->asn == 0)
		return at->asn != 0 || at->network.family == 0;
	if (!mt_net_parse(&net, mt_span_text(text), NULL))
		return false;
	if (ip->family == 4 && net.ip.family == 6) {
		net.bits = (uint8_t)(net.bits - 96);
		net.ip = mt_ip_bytes(net.ip.bytes + 12, 4);
	}
	if (found.bits > 0 && found.bits <= net.bits && mt_net_has(&found, &net.ip) && mt_net_has(&found, ip))
		return true;
	tap_note("network: %s/%u", mt_ip_text(&at->network, have), at->network_bits);
	return false;
}

static bool
row_right(const json_t *row, struct mt_geo *geo, struct mt_arena *arena)
{
	const json_t *e = json_object_get(row, "expected");
	struct mt_location at;
	struct mt_ip ip;
	bool found, same;

	mt_ip_parse(&ip, mt_span_text(json_string_value(json_object_get(row, "ip"))));
	found = mt_geo_find(geo, arena, &ip, &at);
	same = found == json_is_true(json_object_get(e, "found"));
	same = same_text(e, "country", mt_span_text(at.country)) && same;
	same = same_text(e, "continent", mt_span_text(at.continent)) && same;
	same = same_text(e, "registered_country", mt_span_text(at.registered)) && same;
	same = same_text(e, "country_name", at.country_name) && same;
	same = same_text(e, "subdivision", at.region_code) && same;
	same = same_text(e, "subdivision_name", at.region) && same;
	same = same_text(e, "city", at.city) && same;
	same = same_text(e, "postal", at.postal) && same;
	same = same_text(e, "time_zone", at.time_zone) && same;
	same = same_text(e, "as_org", at.as_name) && same;
	same = same_text(e, "isp", at.isp) && same;
	same = same_text(e, "organization", at.organization) && same;
	same = same_text(e, "connection_type", at.connection) && same;
	same = same_number(e, "lat", at.latitude) && same;
	same = same_number(e, "lon", at.longitude) && same;
	same = same_number(e, "accuracy_km", at.radius_km) && same;
	same = same_number(e, "asn", at.asn) && same;
	return same_network(row, &ip, &at) && same;
}

/* Rows of one database stand together. */
static void
test_rows(void)
{
	char path[512], open_path[512] = "", line[8192];
	FILE *file = fopen(data_file(path, "mmdb/rows.jsonl"), "r");
	struct mt_geo *geo = NULL;
	unsigned rows = 0;

	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		json_t *row = json_loads(line, 0, NULL), *ips = json_object_get(row, "ips"), *ip;
		struct mt_arena arena;
		struct mt_location at;
		struct mt_ip one;
		size_t i;

		data_file(path, json_string_value(json_object_get(row, "db")));
		if (strcmp(path, open_path) != 0) {
			mt_geo_close(geo);
			geo = open_files(path, NULL, 0, NULL);
			memcpy(open_path, path, sizeof path);
		}
		mt_arena_init(&arena, 4096, 65536);
		json_array_foreach(ips, i, ip) {
			mt_ip_parse(&one, mt_span_text(json_string_value(ip)));
			mt_geo_find(geo, &arena, &one, &at);
		}
		tap_ok(ips != NULL || row_right(row, geo, &arena), "%s", json_string_value(json_object_get(row, "id")));
		mt_arena_fini(&arena);
		json_decref(row);
		rows++;
	}
	mt_geo_close(geo);
	if (file != NULL)
		fclose(file);
	tap_ok(rows == 355, "all rows were read");
}

/* ---- layouts that the rows do not have ------------------------------------------------ */

static const char *
in_dir(char out[512], const char *name)
{
	snprintf(out, 512, "%s/%s", dir, name);
	return out;
}

static void
finish(struct mmdb_out *out, const char *path, const char *type, int64_t built_sec)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	mmdb_end(out, file, type, (uint64_t)built_sec);
	fclose(file);
}

static char long_name[400];

static void
write_layouts(const char *path)
{
	struct mmdb_out out;

	mmdb_begin(&out, 4);
	mmdb_network(&out, "81.2.1.0/24", out.len);	/* IPinfo Lite */
	mmdb_map(&out, 5);
	mmdb_pair(&out, "country", "Canada");
	mmdb_pair(&out, "country_code", "CA");
	mmdb_pair(&out, "continent_code", "NA");
	mmdb_pair(&out, "asn", "AS174");
	mmdb_pair(&out, "as_name", "Cogent Communications");
	mmdb_network(&out, "81.2.2.0/23", out.len);	/* IPinfo, location, numbers as text */
	mmdb_map(&out, 5);
	mmdb_pair(&out, "country", "jp");
	mmdb_pair(&out, "city", "Tokyo");
	mmdb_pair(&out, "region", "Tokyo");
	mmdb_pair(&out, "lat", "35.6895");
	mmdb_pair(&out, "lng", "-139.5");
	mmdb_network(&out, "81.2.4.0/25", out.len);	/* all in one */
	mmdb_map(&out, 2);
	mmdb_text(&out, "country");
	mmdb_map(&out, 1);
	mmdb_pair(&out, "iso_code", "DE");
	mmdb_text(&out, "traits");
	mmdb_map(&out, 4);
	mmdb_text(&out, "autonomous_system_number");
	mmdb_uint(&out, 6, 4294967295u);
	mmdb_pair(&out, "autonomous_system_organization", "Example AG");
	mmdb_pair(&out, "isp", "Example");
	mmdb_pair(&out, "connection_type", "Cellular");
	mmdb_network(&out, "81.2.5.0/24", out.len);	/* out of every range */
	mmdb_map(&out, 6);
	mmdb_pair(&out, "country_code", "D3");
	mmdb_pair(&out, "city", long_name);
	mmdb_text(&out, "latitude");
	mmdb_double(&out, 91);
	mmdb_text(&out, "longitude");
	mmdb_double(&out, 7);
	mmdb_text(&out, "asn");
	mmdb_uint(&out, 9, UINT64_C(4294967296));
	mmdb_pair(&out, "as_name", "without a number");
	mmdb_network(&out, "10.0.0.0/8", 0);
	mmdb_network(&out, "127.0.0.0/8", 0);
	finish(&out, path, "Test", NOW_SEC - DAY);
}

static const struct layout {
	const char *label, *ip;
	bool found;
	const char *country, *name, *city, *as_name;
	uint32_t asn;
	unsigned bits;
	double latitude, longitude;
	const char *connection;
} layouts[] = {
	{ "flat: names, codes, AS174", "81.2.1.7", true, "CA", "Canada", "", "Cogent Communications", 174, 24, 0, 0, "" },
	{ "flat: country is a code, numbers are text", "81.2.3.7", true, "JP", "", "Tokyo", "", 0, 0, 35.6895, -139.5, "" },
	{ "nested in traits", "81.2.4.7", true, "DE", "", "", "Example AG", 4294967295u, 25, 0, 0, "Cellular" },
	{ "what is in no range is not taken", "81.2.5.7", true, "", "", long_name, "", 0, 0, 0, 0, "" },
	{ "an address that no block has", "81.2.6.7", false, "", "", "", "", 0, 0, 0, 0, "" },
	{ "private: not looked up, though it is there", "10.1.2.3", false, "", "", "", "", 0, 0, 0, 0, "" },
	{ "loopback: not looked up", "127.0.0.1", false, "", "", "", "", 0, 0, 0, 0, "" },
	{ "IPv6 where there is only IPv4", "2001:4860::1", false, "", "", "", "", 0, 0, 0, 0, "" },
	{ "no address", "", false, "", "", "", "", 0, 0, 0, 0, "" },
};

static void
test_layouts(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0, "" };
	char path[512];
	struct mt_geo *geo;

	/* 251 bytes, and then characters of two: the bound lies within one of them. */
	memset(long_name, 'x', 252);
	for (size_t i = 252; i + 2 < sizeof long_name; i += 2)
		memcpy(long_name + i, "\xc3\xa9", 2);
	write_layouts(in_dir(path, "layouts.mmdb"));
	long_name[252] = '\0';
	geo = open_files(path, NULL, 0, &said);
	tap_ok(heard(&said, NULL) == 0, "a database of yesterday: nothing is said");
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		const struct layout *t = &layouts[i];
		struct mt_location at;
		struct mt_arena arena;
		struct mt_ip ip;
		bool found;

		mt_arena_init(&arena, 1024, 65536);
		mt_ip_parse(&ip, mt_span_text(t->ip));
		found = mt_geo_find(geo, &arena, &ip, &at);
		tap_ok(found == t->found && strcmp(at.country, t->country) == 0 &&
		    mt_span_equal(at.country_name, mt_span_text(t->name)) && mt_span_equal(at.city, mt_span_text(t->city)) &&
		    mt_span_equal(at.as_name, mt_span_text(t->as_name)) && at.asn == t->asn && at.network_bits == t->bits &&
		    at.located == (t->latitude < 0 || t->latitude > 0) && fabs(at.latitude - t->latitude) < 1e-9 &&
		    fabs(at.longitude - t->longitude) < 1e-9 && mt_span_equal(at.connection, mt_span_text(t->connection)),
		    "%s", t->label);
		mt_arena_fini(&arena);
	}
	mt_geo_close(geo);
}

/* ---- one small database, in two versions --------------------------------------------- */

static void
write_version(const char *path, unsigned version, int64_t built_sec)
{
	struct mmdb_out out;

	mmdb_begin(&out, 6);
	mmdb_network(&out, "81.2.69.0/24", 0);
	mmdb_network(&out, "2a02:100::/32", 0);
	mmdb_map(&out, 4);
	mmdb_pair(&out, "country_code", version == 1 ? "GB" : "FR");
	mmdb_pair(&out, "city", version == 1 ? "London" : "Paris");
	mmdb_text(&out, "autonomous_system_number");
	mmdb_uint(&out, 6, version);
	mmdb_pair(&out, "autonomous_system_organization", version == 1 ? "One" : "Two");
	finish(&out, path, version == 1 ? "First" : "Second", built_sec);
}

/* The version that an answer is of; 0: none, 9: of both or of neither. */
static unsigned
version_of(struct mt_geo *geo, const char *text)
{
	struct mt_location at;
	struct mt_arena arena;
	struct mt_ip ip;
	unsigned version = 0;

	mt_arena_init(&arena, 1024, 65536);
	mt_ip_parse(&ip, mt_span_text(text));
	if (mt_geo_find(geo, &arena, &ip, &at)) {
		const char *country = at.asn == 1 ? "GB" : "FR", *city = at.asn == 1 ? "London" : "Paris",
		    *name = at.asn == 1 ? "One" : "Two";

		version = (at.asn == 1 || at.asn == 2) && strcmp(at.country, country) == 0 &&
		    mt_span_equal(at.city, mt_span_text(city)) && mt_span_equal(at.as_name, mt_span_text(name)) ?
		    at.asn : 9;
	}
	mt_arena_fini(&arena);
	return version;
}

static void
test_two_files(void)
{
	char one[512], two[512];
	struct mt_location at;
	struct mt_geo_file file;
	struct mt_arena arena;
	struct mt_geo *geo;
	struct mt_ip ip;

	write_version(in_dir(one, "one.mmdb"), 1, NOW_SEC);
	write_version(in_dir(two, "two.mmdb"), 2, NOW_SEC);
	mt_arena_init(&arena, 1024, 65536);
	mt_ip_parse(&ip, MT_SPAN("81.2.69.1"));
	geo = open_files(one, two, 0, NULL);
	tap_ok(mt_geo_find(geo, &arena, &ip, &at) && strcmp(at.country, "GB") == 0 && at.asn == 2 &&
	    mt_span_equal(at.as_name, MT_SPAN("Two")), "places from the files of places, AS numbers from theirs");
	tap_ok(mt_geo_file(geo, 1, &file) && file.state == MT_GEO_GOOD && file.in_use && strcmp(file.type, "Second") == 0 &&
	    file.built_sec == NOW_SEC && mt_span_equal(file.path, mt_span_text(two)), "the second file tells of itself");
	tap_ok(!mt_geo_file(geo, 2, &file), "there is no third");
	mt_geo_close(geo);
	geo = open_files(NULL, two, 0, NULL);
	tap_ok(mt_geo_find(geo, &arena, &ip, &at) && strcmp(at.country, "FR") == 0 && at.asn == 2,
	    "a file for AS numbers may tell the place as well");
	mt_geo_close(geo);
	mt_arena_fini(&arena);
	tap_ok(!mt_geo_find(NULL, &arena, &ip, &at) && open_files(NULL, NULL, 1000, NULL) == NULL,
	    "no files: nothing is opened, and nothing found");
}

static const struct {
	const char *type, *licence;
} licences[] = {
	{ "GeoLite2-City", "GeoLite2 End User License Agreement" }, { "GeoIP2-ISP", "MaxMind End User License Agreement" },
	{ "DBIP-City-Lite (compat=City)", "CC-BY-4.0" }, { "DBIP-City", NULL }, { "ipinfo lite.mmdb", "CC-BY-SA-4.0" },
	{ "ipinfo standard_location.mmdb", NULL }, { "Our-ASN", NULL }, { "", NULL },
};

static void
test_licences(void)
{
	char path[512];

	in_dir(path, "licence.mmdb");
	for (size_t i = 0; i < sizeof licences / sizeof *licences; i++) {
		const char *want = licences[i].licence;
		struct mt_geo_file file;
		struct mmdb_out out;
		struct mt_geo *geo;

		mmdb_begin(&out, 6);
		mmdb_network(&out, "81.2.69.0/24", 0);
		mmdb_map(&out, 1);
		mmdb_pair(&out, "country_code", "GB");
		finish(&out, path, licences[i].type, i == 0 ? INT64_MIN : NOW_SEC);
		geo = open_files(path, NULL, 0, NULL);
		tap_ok(mt_geo_file(geo, 0, &file) && file.built_sec == (i == 0 ? 0 : NOW_SEC) &&
		    (want == NULL ? file.licence == NULL : file.licence != NULL && strcmp(file.licence, want) == 0),
		    "licence of \"%s\": %s", licences[i].type, want == NULL ? "not known" : want);
		mt_geo_close(geo);
	}
}

static void
test_ages(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0, "" };
	struct mt_geo_file file;
	char path[512];
	struct mt_geo *geo;

	write_version(in_dir(path, "age.mmdb"), 1, NOW_SEC - MT_GEO_DAYS * DAY);
	geo = open_files(path, NULL, 0, &said);
	tap_ok(heard(&said, NULL) == 0 && mt_geo_file(geo, 0, &file) && file.state == MT_GEO_GOOD, "45 days are not too old");
	mt_geo_close(geo);
	write_version(path, 1, NOW_SEC - (MT_GEO_DAYS + 1) * DAY);
	geo = open_files(path, NULL, 0, &said);
	tap_ok(heard(&said, "is 46 days old") == 1 && mt_geo_file(geo, 0, &file) && file.state == MT_GEO_OUTDATED,
	    "46 days are, and it is said");
	tap_ok(version_of(geo, "81.2.69.1") == 1, "and it serves all the same");
	mt_geo_close(geo);
}

/* ---- trouble ------------------------------------------------------------------------ */

/* Has the files looked at, and waits for it: a minute at most.  Nobody else asks for it, so
 * that none is under way before and none after. */
static bool
look(struct mt_geo *geo)
{
	uint64_t before = mt_geo_counters(geo).checks;

	mt_geo_check(geo);
	for (unsigned i = 0; i < 60000; i++) {
		if (mt_geo_counters(geo).checks > before)
			return true;
		nanosleep(&(struct timespec){ 0, i < 20 ? 100000 : 1000000 }, NULL);
	}
	return false;
}

static void
overwrite(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file != NULL) {
		fputs(text, file);
		fclose(file);
	}
}

static void
test_trouble(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0, "" };
	struct mt_geo_file file;
	char path[512];
	struct mt_geo *geo;

	in_dir(path, "trouble.mmdb");
	geo = open_files(path, NULL, 3600000, &said);
	tap_ok(geo != NULL && heard(&said, "trouble.mmdb: cannot be read: No such file") == 1, "a missing file is told");
	tap_ok(version_of(geo, "81.2.69.1") == 0 && mt_geo_file(geo, 0, &file) && file.state == MT_GEO_MISSING && !file.in_use,
	    "it is a fact, and nothing is found");
	tap_ok(look(geo) && heard(&said, NULL) == 1, "it is told once");
	overwrite(path, "no database");
	tap_ok(look(geo) && heard(&said, "is damaged, or no database") == 2 && mt_geo_file(geo, 0, &file) &&
	    file.state == MT_GEO_DAMAGED, "a damaged file is told");
	tap_ok(look(geo) && heard(&said, NULL) == 2, "once");
	write_version(path, 1, NOW_SEC);
	tap_ok(look(geo) && heard(&said, "First is in use") == 3 && version_of(geo, "81.2.69.1") == 1, "a good one is taken");
	tap_ok(look(geo) && heard(&said, NULL) == 3 && mt_geo_counters(geo).loads == 1, "and not read again");
	overwrite(path, "");
	tap_ok(look(geo) && heard(&said, "the one before stays in use") == 4 && version_of(geo, "2a02:100::1") == 1,
	    "a damaged one does not take its place");
	unlink(path);
	tap_ok(look(geo) && heard(&said, "cannot be read") == 5 && version_of(geo, "2a02:100::1") == 1,
	    "nor does none at all");
	write_version(path, 2, NOW_SEC);
	tap_ok(look(geo) && version_of(geo, "81.2.69.1") == 2 && mt_geo_file(geo, 0, &file) && file.state == MT_GEO_GOOD,
	    "the next good one does");
	mt_geo_close(geo);
	mkfifo(in_dir(path, "fifo"), 0600);
	geo = open_files(path, NULL, 0, &said);
	tap_ok(heard(&said, "is not a file") == 7, "a pipe is no file, and nobody waits for it");
	mt_geo_close(geo);
}

/* The City database with bytes changed, a few at a time and always the same ones. */
static void
test_mutations(void)
{
	char path[512], *bytes;
	FILE *file = fopen(data_file(path, "mmdb/GeoLite2-City-Test.mmdb"), "r");
	uint32_t seed = 1;
	unsigned opened = 0;
	size_t len;

	bytes = calloc(1, 65536);
	if (file == NULL || bytes == NULL) {
		tap_ok(false, "the database for mutations is read");
		return;
	}
	len = fread(bytes, 1, 65536, file);
	fclose(file);
	in_dir(path, "mutation.mmdb");
	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct mt_geo_file state;
		size_t at[4], cut = i % 8 == 0 ? len * (i + 1) / MUTATIONS : len;
		char old[4];
		struct mt_geo *geo;

		for (unsigned k = 0; k < 4; k++) {
			seed = seed * 1664525 + 1013904223;
			/* Every second one in the metadata, where a byte does the most. */
			at[k] = i % 2 == 0 ? len - 1 - (seed >> 8) % 400 : (seed >> 8) % len;
			old[k] = bytes[at[k]];
			bytes[at[k]] = (char)(seed >> 24);
		}
		file = fopen(path, "w");
		if (file != NULL) {
			fwrite(bytes, 1, cut, file);
			fclose(file);
		}
		for (unsigned k = 4; k-- > 0;)
			bytes[at[k]] = old[k];
		geo = open_files(path, NULL, 0, NULL);
		version_of(geo, "214.78.14.126");
		version_of(geo, "2a02:f140::1");
		opened += mt_geo_file(geo, 0, &state) && state.in_use;
		mt_geo_close(geo);
	}
	free(bytes);
	tap_note("%u of %u changed databases look sound", opened, MUTATIONS);
	tap_ok(opened < MUTATIONS, "changed databases do no harm");
}

/* ---- replacement under load ----------------------------------------------------------- */

struct load {
	struct mt_geo *geo;
	atomic_bool stop;
	atomic_ulong answers, wrong;
};

static void *
reader(void *arg)
{
	struct load *load = arg;

	while (!atomic_load(&load->stop)) {
		unsigned version = version_of(load->geo, atomic_load(&load->answers) % 2 ? "81.2.69.9" : "2a02:100::9");

		atomic_fetch_add(&load->answers, 1);
		if (version != 1 && version != 2)
			atomic_fetch_add(&load->wrong, 1);
	}
	return NULL;
}

static bool
replace(struct load *load, const char *path, unsigned i)
{
	unsigned version = i % 2 + 1;
	char other[512];

	if (i % 4 < 2) {
		write_version(in_dir(other, "next.mmdb"), version, NOW_SEC);
		if (rename(other, path) < 0)
			return false;
	} else {
		/* Cut short while it is in use, looked at, and then written anew in place. */
		if (truncate(path, i % 8 < 4 ? 0 : 100) < 0 || !look(load->geo))
			return false;
		write_version(path, version, NOW_SEC);
	}
	return look(load->geo) && version_of(load->geo, "81.2.69.1") == version;
}

static void
test_replacement(void)
{
	struct load load = { .geo = NULL };
	pthread_t thread[READERS];
	unsigned good = 0;
	char path[512];

	write_version(in_dir(path, "load.mmdb"), 2, NOW_SEC);
	load.geo = open_files(path, NULL, 3600000, NULL);
	for (unsigned i = 0; i < READERS; i++)
		pthread_create(&thread[i], NULL, reader, &load);
	while (good < REPLACEMENTS && replace(&load, path, good))
		good++;
	atomic_store(&load.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	mt_geo_close(load.geo);
	tap_note("%u replacements, %lu answers", good, atomic_load(&load.answers));
	tap_ok(good == REPLACEMENTS, "every replacement is taken, by rename and in place");
	tap_ok(atomic_load(&load.answers) > 0 && atomic_load(&load.wrong) == 0, "no answer is wrong meanwhile");
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
	snprintf(dir, sizeof dir, "/tmp/mailtrace-geo.XXXXXX");
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return EXIT_FAILURE;
	}
	test_rows();
	test_layouts();
	test_two_files();
	test_licences();
	test_ages();
	test_trouble();
	test_mutations();
	test_replacement();
	clean_up();
	return tap_done();
}
