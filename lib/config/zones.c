/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may be said of a list, and which lists are no more; asks none. */
#include "lib/config/zones.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/name.h"
#include "lib/base/words.h"
#include "lib/config/keys.h"

/* The longest zone below which the 32 nibbles of IPv6 still fit (RFC 5782, 2.4). */
#define ZONE_MOST (MT_NAME_TEXT - 1 - 64)
#define WORD_MOST 64			/* bytes of a name or class: they stand in headers and logs */
#define ANY_CODE "127.0.0.0/8"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const zone_keys[] = { "check", "allow" };
static const char *const code_keys[] = { "name", "class" };

/* Lists that ended.  Some list everybody since, some nobody; asking them costs time. */
static const struct {
	const char *zone, *name;
	unsigned year;			/* 0: not known */
} dead[] = {
	{ "ordb.org", "ORDB", 2006 }, { "dsbl.org", "DSBL", 2008 }, { "njabl.org", "NJABL", 2013 },
	{ "ahbl.org", "AHBL", 2015 }, { "inps.de", "inps.de", 2020 }, { "sorbs.net", "SORBS", 2024 },
	{ "ix.dnsbl.manitu.net", "NiX Spam", 2025 }, { "ubl.unsubscore.com", "unsubscore", 0 },
};

struct draft {
	struct mt_config *config;
	struct mt_source *source;
	const struct mt_block *block;	/* dnsbl */
	struct mt_dnsbl_zone zone;
	struct mt_dnsbl_code codes[MT_DNSBL_CODES];
};

const char *
mt_zones_key(const char *kind, size_t i)
{
	if (strcmp(kind, "code") == 0)
		return i < COUNT(code_keys) ? code_keys[i] : NULL;
	return i < COUNT(zone_keys) ? zone_keys[i] : NULL;
}

static bool
is_code(const struct mt_block *block)
{
	return strcmp(block->kind, "code") == 0;
}

/* ---- what is wrong -------------------------------------------------------------------- */

/* 'dnsbl "zone"', with 'code "127.0.0.2"' behind it where that is given, and a key. */
static const char *
label(const struct draft *draft, const struct mt_block *code, const char *key)
{
	struct mt_buf buf;

	mt_buf_init(&buf, draft->source->arena, 0);
	mt_buf_format(&buf, "dnsbl \"%.*s\"", MT_SPAN_ARG(draft->block->title));
	if (code != NULL)
		mt_buf_format(&buf, ": code \"%.*s\"", MT_SPAN_ARG(code->title));
	if (key != NULL)
		mt_buf_format(&buf, ": %s", key);
	return mt_buf_span(&buf).ptr;
}

static void __attribute__((format(printf, 5, 6)))
wrong(const struct draft *draft, struct mt_place place, const struct mt_block *code, const char *key,
    const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	mt_errors_add(draft->source->errors, place, "%s: %s", label(draft, code, key), text);
}

/* The one value of setting i, or NULL and what is wrong with it. */
static const struct mt_value *
scalar(const struct draft *draft, const struct mt_block *code, const struct mt_block *block, size_t i)
{
	const struct mt_setting *setting = &block->setting[i];

	if (i > 0 && strcmp(block->setting[i - 1].name, setting->name) == 0)
		wrong(draft, setting->place, code, setting->name, "stands twice; take one out");
	else if (setting->add)
		wrong(draft, setting->place, code, setting->name, "takes one value; write '=' and not '+='");
	else if (setting->values.count != 1)
		wrong(draft, setting->place, code, setting->name, "takes one value, and not a list");
	else
		return &setting->values.value[0];
	return NULL;
}

/* ---- a row of a table ----------------------------------------------------------------- */

/* A name or class: one that can stand in a rule beside the words of the fact. */
static bool
good_word(const struct draft *draft, const struct mt_block *code, const char *key, const struct mt_value *value)
{
	struct mt_span word = value->text;
	bool good = word.len > 0 && word.len <= WORD_MOST;
	enum mt_result r = mt_result_find(word);

	for (size_t i = 0; i < word.len; i++)
		good = good &&
		    (mt_is_alpha(word.ptr[i]) || mt_is_digit(word.ptr[i]) || strchr("-_.", word.ptr[i]) != NULL);
	if (!good)
		wrong(draft, value->place, code, key,
		    "'%.*s' is no word; it has 1 to %d letters, digits, '-', '_' and '.'", MT_SPAN_ARG(word), WORD_MOST);
	else if (r != MT_UNKNOWN && (mt_fact_words(MT_FACT_DNSBL) & MT_BIT(r)))
		wrong(draft, value->place, code, key, "'%.*s' is a word for the answers of all lists; choose another",
		    MT_SPAN_ARG(word));
	else
		return true;
	return false;
}

static void
read_code_settings(struct draft *draft, struct mt_dnsbl_code *row, const struct mt_block *code)
{
	for (size_t i = 0; i < code->count; i++) {
		const char *key = code->setting[i].name;
		const struct mt_value *value = scalar(draft, code, code, i);
		struct mt_span *member = strcmp(key, "name") == 0 ? &row->name : &row->class;

		if (value != NULL && good_word(draft, code, key, value))
			*member = mt_arena_copy(&draft->config->arena, value->text);
	}
	if (row->name.ptr == NULL)
		row->name = draft->zone.zone;
}

static void
read_code(struct draft *draft, const struct mt_block *code)
{
	struct mt_dnsbl_code row = { .text = mt_arena_copy(&draft->config->arena, code->title) };
	const char *why = mt_dnsbl_code_read(&row, code->title);

	read_code_settings(draft, &row, code);
	if (why != NULL) {
		wrong(draft, code->place, NULL, NULL, "code \"%.*s\" %s", MT_SPAN_ARG(code->title), why);
		return;
	}
	for (size_t i = 0; i < draft->zone.ncodes; i++)
		if (mt_dnsbl_code_covers(&draft->codes[i], &row)) {
			wrong(draft, code->place, code, NULL, "is never reached, since \"%.*s\" above has all of it",
			    MT_SPAN_ARG(draft->codes[i].text));
			return;
		}
	if (draft->zone.ncodes == MT_DNSBL_CODES)
		wrong(draft, code->place, code, NULL, "is one too many; there may be %d", MT_DNSBL_CODES);
	else
		draft->codes[draft->zone.ncodes++] = row;
}

/* ---- a list --------------------------------------------------------------------------- */

static void
read_check(struct draft *draft, const struct mt_block *block, size_t i)
{
	static const char *const words[] = { "client", "hops" };
	const struct mt_setting *setting = &block->setting[i];
	unsigned set = setting->add ? draft->zone.check : 0;
	char hint[96];

	if (i > 0 && strcmp(block->setting[i - 1].name, setting->name) == 0 && !setting->add)
		wrong(draft, setting->place, NULL, setting->name, "stands twice; write += to add to it");
	if (setting->values.count == 0)
		wrong(draft, setting->place, NULL, setting->name, "has no value; write client, hops or both");
	for (size_t v = 0; v < setting->values.count; v++) {
		const struct mt_value *value = &setting->values.value[v];
		int word = mt_word_find(words, COUNT(words), value->text);

		if (word >= 0)
			set |= word == 0 ? MT_DNSBL_CLIENT : MT_DNSBL_HOPS;
		else
			wrong(draft, value->place, NULL, setting->name, "'%.*s' is none of client, hops%s",
			    MT_SPAN_ARG(value->text), mt_hint(mt_word_near(words, COUNT(words), value->text), hint));
	}
	draft->zone.check = set;
}

static void
read_zone_settings(struct draft *draft)
{
	const struct mt_block *block = draft->block;

	draft->zone.check = MT_DNSBL_CLIENT;
	for (size_t i = 0; i < block->count; i++) {
		const struct mt_value *value;

		if (strcmp(block->setting[i].name, "check") == 0) {
			read_check(draft, block, i);
			continue;
		}
		value = scalar(draft, NULL, block, i);
		if (value != NULL)
			mt_value_bool(draft->source, &draft->zone.allow, label(draft, NULL, "allow"), value);
	}
}

/* Without a table whatever comes back is a listing by the name of the zone. */
static void
any_code(struct draft *draft)
{
	struct mt_dnsbl_code *row = &draft->codes[0];

	draft->zone.any = mt_dnsbl_code_read(row, MT_SPAN(ANY_CODE)) == NULL;
	row->text = MT_SPAN(ANY_CODE);
	row->name = draft->zone.zone;
	draft->zone.ncodes = 1;
}

static void
warn_dead(const struct draft *draft)
{
	for (size_t i = 0; i < COUNT(dead); i++) {
		char since[32] = "";

		if (!mt_name_below(draft->zone.zone, mt_span_text(dead[i].zone)))
			continue;
		if (dead[i].year != 0)
			snprintf(since, sizeof since, " since %u", dead[i].year);
		mt_errors_notice(draft->source->errors, draft->block->place,
		    "%s: this list (%s) is dead%s; take it out", label(draft, NULL, NULL), dead[i].name, since);
	}
}

static bool
check_title(struct draft *draft)
{
	const struct mt_dnsbl *dnsbl = &draft->config->dnsbl;
	struct mt_span title = draft->block->title;
	char normal[MT_NAME_TEXT];

	if (title.len > ZONE_MOST || !mt_name_host(mt_name_strip(title)) || !mt_name_normal(title, normal)) {
		wrong(draft, draft->block->place, NULL, NULL,
		    "is no zone; write its name, such as zen.spamhaus.org, in at most %d bytes", ZONE_MOST);
		return false;
	}
	draft->zone.zone = mt_arena_copy(&draft->config->arena, mt_span_text(normal));
	for (size_t i = 0; i < dnsbl->nzones; i++)
		if (mt_name_same(dnsbl->zones[i].zone, title)) {
			wrong(draft, draft->block->place, NULL, NULL, "stands already at %s:%u; take one of them out",
			    dnsbl->zones[i].file, dnsbl->zones[i].line);
			return false;
		}
	return draft->zone.zone.ptr != NULL;
}

/* The list of a block and of the codes behind it; false: it cannot be one. */
static bool
read_zone(struct draft *draft, const struct mt_settings *settings, size_t b)
{
	struct mt_arena *arena = &draft->config->arena;
	struct mt_dnsbl_code *codes;
	bool good, none = true;

	draft->block = &settings->block[b];
	draft->zone = (struct mt_dnsbl_zone){ .file = draft->block->place.file, .line = draft->block->place.line };
	good = check_title(draft);
	read_zone_settings(draft);
	for (size_t i = b + 1; i < settings->count && is_code(&settings->block[i]); i++) {
		none = false;
		if (settings->block[i].title.ptr != NULL)
			read_code(draft, &settings->block[i]);
	}
	if (!good)
		return false;
	warn_dead(draft);
	if (none)
		any_code(draft);
	codes = mt_arena_alloc(arena, draft->zone.ncodes * sizeof *codes);
	if (codes == NULL)
		return false;
	memcpy(codes, draft->codes, draft->zone.ncodes * sizeof *codes);
	draft->zone.codes = codes;
	return true;
}

void
mt_zones_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings)
{
	struct mt_dnsbl_zone *zones = mt_arena_alloc(&config->arena, MT_DNSBL_ZONES * sizeof *zones);
	struct draft *draft = mt_arena_alloc(source->arena, sizeof *draft);

	if (zones == NULL || draft == NULL)
		return;
	draft->config = config;
	draft->source = source;
	config->dnsbl.zones = zones;
	for (size_t b = 0; b < settings->count; b++) {
		if (strcmp(settings->block[b].kind, "dnsbl") != 0 || settings->block[b].title.ptr == NULL ||
		    !read_zone(draft, settings, b))
			continue;
		if (config->dnsbl.nzones == MT_DNSBL_ZONES)
			wrong(draft, draft->block->place, NULL, NULL, "is one list too many; there may be %d",
			    MT_DNSBL_ZONES);
		else
			zones[config->dnsbl.nzones++] = draft->zone;
	}
}

/* ---- for rules ------------------------------------------------------------------------ */

uint32_t
mt_zones_saying(const struct mt_dnsbl *dnsbl, struct mt_span word)
{
	uint32_t zones = 0;

	for (size_t z = 0; z < dnsbl->nzones; z++)
		for (size_t i = 0; i < dnsbl->zones[z].ncodes; i++) {
			const struct mt_dnsbl_code *code = &dnsbl->zones[z].codes[i];

			if (mt_span_equal(code->class, MT_SPAN(MT_DNSBL_ERROR)))
				continue;
			if (mt_span_equal(code->name, word) || mt_span_equal(code->class, word))
				zones |= UINT32_C(1) << z;
		}
	return zones;
}

const char *
mt_zones_near(const struct mt_dnsbl *dnsbl, struct mt_arena *arena, struct mt_span word)
{
	size_t most = MT_RESULTS + (size_t)MT_DNSBL_ZONES * MT_DNSBL_CODES * 2, count = 0;
	const char **words = mt_arena_alloc(arena, most * sizeof *words);

	if (words == NULL)
		return NULL;
	for (size_t z = 0; z < dnsbl->nzones; z++)
		for (size_t i = 0; i < dnsbl->zones[z].ncodes; i++) {
			const struct mt_dnsbl_code *code = &dnsbl->zones[z].codes[i];

			words[count++] = code->name.ptr;
			if (code->class.len > 0 && !mt_span_equal(code->class, MT_SPAN(MT_DNSBL_ERROR)))
				words[count++] = code->class.ptr;
		}
	for (int r = 0; r < MT_RESULTS; r++)
		if (mt_fact_words(MT_FACT_DNSBL) & MT_BIT(r))
			words[count++] = mt_result_word((enum mt_result)r);
	return mt_word_near(words, count, word);
}

/* ---- writing -------------------------------------------------------------------------- */

static void
write_code(struct mt_buf *buf, const struct mt_dnsbl_code *code)
{
	mt_buf_format(buf, "\tcode \"%.*s\" { name = ", MT_SPAN_ARG(code->text));
	mt_write_value(buf, code->name);
	if (code->class.ptr != NULL) {
		mt_buf_text(buf, " class = ");
		mt_write_value(buf, code->class);
	}
	mt_buf_text(buf, " }\n");
}

void
mt_zones_write(struct mt_buf *buf, const struct mt_config *config)
{
	static const char *const checks[] = { "", "client", "hops", "client, hops" };

	for (size_t z = 0; z < config->dnsbl.nzones; z++) {
		const struct mt_dnsbl_zone *zone = &config->dnsbl.zones[z];

		mt_buf_format(buf, "dnsbl \"%.*s\" {  # %s:%u\n", MT_SPAN_ARG(zone->zone), zone->file, zone->line);
		mt_buf_format(buf, "\tcheck = { %s }\n", checks[zone->check & 3]);
		mt_buf_format(buf, "\tallow = %s\n", zone->allow ? "yes" : "no");
		for (size_t i = 0; i < zone->ncodes && !zone->any; i++)
			write_code(buf, &zone->codes[i]);
		mt_buf_text(buf, "}\n");
	}
}
