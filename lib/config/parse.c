/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the syntax of settings, by libconfuse; knows no meaning. */
#include "lib/config/parse.h"

#include <confuse.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/config/blocks.h"
#include "lib/config/keys.h"
#include "lib/config/rewrite.h"

#define SECTIONS_MOST 32
#define KEYS_MOST 64
#define INNER_MOST 4

/* ---- libconfuse ----------------------------------------------------------------------- */

/* The scanner of libconfuse is one for the whole process, and its error function is told
 * no context: so there is one lock, and whoever holds it is whom errors are told to. */
static struct {
	pthread_mutex_t lock;
	struct mt_source *source;
	bool told;			/* it has complained */
} scanner = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What libconfuse says, without our marks, and with what would be right. */
static void
tell(struct mt_errors *errors, struct mt_place place, const char *text)
{
	static const struct { const char *of, *hint; } hints[] = {
		{ "missing equal sign", "; write: key = value" },
		{ "missing opening brace", "; write: section { key = value }" },
		{ "missing title for section 'code'", "; write: code \"127.0.0.2\" { ... }" },
		{ "missing title for section 'dnsbl'", "; write: dnsbl \"zone\" { ... }" },
		{ "missing title for section 'listener'", "; write: listener \"name\" { ... }" },
		{ "missing title", "; write: rule \"name\" { ... }" },
		{ "unexpected token '='", "; a value is missing before it" },
		{ "unexpected token", "; values in a list stand apart by commas: { a, b }" },
		{ "no such option", "; write: key = value" },
	};
	const char *hint = "";
	char clean[512];
	size_t len = 0;

	for (size_t i = 0; i < sizeof hints / sizeof *hints && *hint == '\0'; i++)
		if (strstr(text, hints[i].of) != NULL)
			hint = hints[i].hint;
	for (; *text != '\0' && len + 1 < sizeof clean; text++) {
		if (*text != MT_REWRITE_MARK) {
			clean[len++] = *text;
			continue;
		}
		while (mt_is_digit(text[1]))
			text++;
		if (text[1] != '\0')
			text++;
	}
	clean[len] = '\0';
	mt_errors_add(errors, place, "%s%s", clean, hint);
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof text, format, args);
	scanner.told = true;
	tell(scanner.source->errors, mt_source_place(scanner.source, (unsigned)cfg->line), text);
}

/* ---- from libconfuse's tree to settings ----------------------------------------------- */

/* Reads a mark up to its type and leaves *text behind it. */
static char
read_mark(struct mt_source *source, struct mt_place *place, const char **text)
{
	const char *p = *text;
	unsigned line = 0;

	if (*p != MT_REWRITE_MARK)
		return '\0';
	for (p++; mt_is_digit(*p); p++)
		line = line * 10 + (unsigned)(*p - '0');
	*place = mt_source_place(source, line);
	*text = *p == '\0' ? p : p + 1;
	return *p;
}

static struct mt_block *
new_block(struct mt_settings *settings, struct mt_arena *arena)
{
	size_t room = settings->room == 0 ? 16 : settings->room * 2;
	struct mt_block *block;

	if (settings->count == settings->room) {
		block = mt_arena_alloc(arena, room * sizeof *block);
		if (block == NULL)
			return NULL;
		if (settings->count > 0)
			memcpy(block, settings->block, settings->count * sizeof *block);
		settings->block = block;
		settings->room = room;
	}
	return &settings->block[settings->count++];
}

static struct mt_setting *
new_setting(struct mt_block *block, struct mt_arena *arena)
{
	size_t room = block->room == 0 ? 8 : block->room * 2;
	struct mt_setting *setting;

	if (block->count == block->room) {
		setting = mt_arena_alloc(arena, room * sizeof *setting);
		if (setting == NULL)
			return NULL;
		if (block->count > 0)
			memcpy(setting, block->setting, block->count * sizeof *setting);
		block->setting = setting;
		block->room = room;
	}
	return &block->setting[block->count++];
}

static void
read_option(struct mt_block *block, struct mt_source *source, const char *name, cfg_opt_t *opt)
{
	struct mt_setting *now = NULL;

	for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
		const char *text = cfg_opt_getnstr(opt, i);
		struct mt_place place = { 0 };
		char type = text == NULL ? '\0' : read_mark(source, &place, &text);

		if (type == ':' && now != NULL) {
			mt_values_add(&now->values, source->arena, mt_span_text(text), place);
		} else if (type == '=' || type == '+') {
			now = new_setting(block, source->arena);
			if (now == NULL)
				return;
			*now = (struct mt_setting){ .name = name, .add = type == '+', .place = place };
		} else {
			/* Nothing may pass that the rewriting did not see. */
			mt_errors_add(source->errors, mt_source_place(source, 1), "%s: cannot be read", name);
		}
	}
}

/* The settings of one section in the order of its table, then the sections within. */
static void
read_section(struct mt_settings *settings, struct mt_source *source, const char *kind, cfg_t *section,
    const cfg_opt_t *opts)
{
	struct mt_block *block = new_block(settings, source->arena);
	const char *title = cfg_title(section);

	if (block == NULL)
		return;
	*block = (struct mt_block){ .kind = kind };
	if (title != NULL) {
		struct mt_place ignored;

		read_mark(source, &block->place, &title);
		read_mark(source, &ignored, &title);
		block->title = mt_arena_copy(source->arena, mt_span_text(title));
	}
	for (size_t i = 0; opts[i].name != NULL; i++)
		if (opts[i].type == CFGT_STR)
			read_option(block, source, opts[i].name, cfg_getopt(section, opts[i].name));
	for (size_t i = 0; opts[i].name != NULL; i++)
		for (unsigned n = 0; opts[i].type == CFGT_SEC && n < cfg_size(section, opts[i].name); n++)
			read_section(settings, source, opts[i].name, cfg_getnsec(section, opts[i].name, n),
			    opts[i].subopts);
}

/* ---- the schema, from the table ------------------------------------------------------- */

struct schema {
	cfg_opt_t top[SECTIONS_MOST];
	cfg_opt_t keys[SECTIONS_MOST][KEYS_MOST];
	cfg_opt_t inner[INNER_MOST][KEYS_MOST];
	size_t nsections;		/* entries of top, keys among them */
	size_t ninner;			/* sections within sections */
};

static const cfg_opt_t opt_end = CFG_END();

static const char *
name_copy(struct mt_arena *arena, struct mt_span name)
{
	const char *copy = mt_arena_text(arena, name);

	return copy == NULL ? "" : copy;
}

static void
add_option(cfg_opt_t *opts, const cfg_opt_t *opt)
{
	size_t i = 0;

	while (opts[i].name != NULL)
		i++;
	if (i + 1 < KEYS_MOST) {
		memcpy(&opts[i], opt, sizeof *opt);
		memcpy(&opts[i + 1], &opt_end, sizeof opt_end);
	}
}

static void
add_key(cfg_opt_t *opts, const char *name)
{
	const cfg_opt_t opt = CFG_STR_LIST(name, NULL, CFGF_NODEFAULT);

	add_option(opts, &opt);
}

static cfg_opt_t *
add_section(struct schema *schema, const char *name, cfg_flag_t flags)
{
	size_t i = schema->nsections;
	const cfg_opt_t opt = CFG_SEC(name, schema->keys[i], flags);

	if (i + 1 >= SECTIONS_MOST)
		return NULL;
	memcpy(&schema->keys[i][0], &opt_end, sizeof opt_end);
	memcpy(&schema->top[i], &opt, sizeof opt);
	memcpy(&schema->top[i + 1], &opt_end, sizeof opt_end);
	schema->nsections++;
	return schema->keys[i];
}

static cfg_opt_t *
section_of(struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->nsections; i++)
		if (schema->top[i].type == CFGT_SEC && strcmp(schema->top[i].name, name) == 0)
			return schema->keys[i];
	return NULL;
}

/* The keys of a titled block, and the blocks within it. */
static void
add_block(struct schema *schema, cfg_opt_t *opts, const char *kind)
{
	const char *inner;

	for (size_t i = 0; mt_block_key(kind, i) != NULL; i++)
		add_key(opts, mt_block_key(kind, i));
	for (size_t i = 0; (inner = mt_block_kind(kind, i)) != NULL && schema->ninner < INNER_MOST; i++) {
		cfg_opt_t *keys = schema->inner[schema->ninner++];
		const cfg_opt_t opt = CFG_SEC(inner, keys, CFGF_MULTI | CFGF_TITLE);

		memcpy(&keys[0], &opt_end, sizeof opt_end);
		add_block(schema, keys, inner);
		add_option(opts, &opt);
	}
}

static void
build_schema(struct schema *schema, struct mt_arena *arena)
{
	const char *kind;
	cfg_opt_t *opts;

	memcpy(&schema->top[0], &opt_end, sizeof opt_end);
	for (size_t i = 0; i < mt_key_count(); i++) {
		const char *name = mt_key_row(i)->name, *dot = strchr(name, '.'), *section;

		if (dot == NULL) {
			add_key(schema->top, name);
			schema->nsections++;
			continue;
		}
		section = name_copy(arena, mt_span_between(name, dot));
		opts = section_of(schema, section);
		if (opts == NULL)
			opts = add_section(schema, section, CFGF_NONE);
		if (opts != NULL)
			add_key(opts, dot + 1);
	}
	for (size_t i = 0; (kind = mt_block_kind("", i)) != NULL; i++) {
		opts = add_section(schema, kind, CFGF_MULTI | CFGF_TITLE);
		if (opts != NULL)
			add_block(schema, opts, kind);
	}
}

void
mt_parse(struct mt_settings *settings, struct mt_source *source)
{
	struct schema *schema = mt_arena_alloc(source->arena, sizeof *schema);
	struct mt_span text;
	cfg_t *cfg;

	*settings = (struct mt_settings){ 0 };
	/* Where braces do not balance, every later complaint would be about that. */
	if (schema == NULL || source->broken)
		return;
	text = mt_rewrite(source);
	build_schema(schema, source->arena);
	pthread_mutex_lock(&scanner.lock);
	scanner.source = source;
	scanner.told = false;
	cfg = cfg_init(schema->top, CFGF_NONE);
	if (cfg == NULL) {
		mt_errors_add(source->errors, mt_source_place(source, 1), "no memory to read it");
	} else {
		cfg_set_error_function(cfg, on_error);
		if (cfg_parse_buf(cfg, text.ptr) != CFG_SUCCESS && !scanner.told)
			mt_errors_add(source->errors, mt_source_place(source, (unsigned)cfg->line),
			    "cannot be read from here on");
		read_section(settings, source, "", cfg, schema->top);
		cfg_free(cfg);
	}
	scanner.source = NULL;
	pthread_mutex_unlock(&scanner.lock);
}
