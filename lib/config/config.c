/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts a configuration together, counts who holds it and writes it out; knows no key. */
#include "lib/config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/name.h"
#include "lib/config/keys.h"
#include "lib/config/listeners.h"
#include "lib/config/rules.h"
#include "lib/config/sense.h"
#include "lib/config/zones.h"

#define ARENA_FIRST (16u * 1024u)
#define ARENA_CEILING (64u * 1024u * 1024u)	/* some 500,000 networks */
#define SCRATCH_CEILING (256u * 1024u * 1024u)	/* text, tokens and values on the way there */

/* ---- overrides ------------------------------------------------------------------------ */

static void
add_quoted(struct mt_buf *buf, struct mt_span value)
{
	mt_buf_char(buf, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			mt_buf_char(buf, '\\');
		mt_buf_char(buf, value.ptr[i]);
	}
	mt_buf_char(buf, '"');
}

/* A value as the shell gave it, in the form of a file: a list may come in braces or as
 * values between commas, and quotes are not needed. */
static void
add_override_value(struct mt_buf *buf, struct mt_span value, bool list)
{
	if (value.len > 0 && value.ptr[0] == '{' && list) {
		mt_buf_add(buf, value);
		return;
	}
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		value = (struct mt_span){ value.ptr + 1, value.len - 2 };
	if (!list) {
		add_quoted(buf, value);
		return;
	}
	mt_buf_text(buf, "{ ");
	while (value.len > 0) {
		const char *comma = memchr(value.ptr, ',', value.len), *end = value.ptr + value.len;

		add_quoted(buf, mt_span_trim(mt_span_between(value.ptr, comma == NULL ? end : comma)));
		value = comma == NULL ? MT_ABSENT : mt_span_between(comma + 1, end);
		mt_buf_text(buf, value.len > 0 ? ", " : "");
	}
	mt_buf_text(buf, " }");
}

/* What is wrong with a key that is not in the table. */
static void
unknown_key(struct mt_source *source, struct mt_place place, struct mt_span name)
{
	const char *dot = name.len == 0 ? NULL : memchr(name.ptr, '.', name.len);
	struct mt_span first = dot == NULL ? name : mt_span_between(name.ptr, dot);
	char near[96], hint[96];
	const char *section = "";

	if (mt_key_not_built("", first) || mt_key_not_built("", name)) {
		mt_errors_add(source->errors, place, "%.*s: is not in this build; take it out", MT_SPAN_ARG(name));
		return;
	}
	if (dot != NULL && mt_key_section(first)) {
		section = mt_arena_text(source->arena, first);
		first = mt_span_between(dot + 1, name.ptr + name.len);
	}
	mt_errors_add(source->errors, place, "%.*s: no such key%s", MT_SPAN_ARG(name),
	    mt_hint(section == NULL ? NULL : mt_key_near(section, first, near), hint));
}

/* "section.key=value" becomes a line of source, read as any other. */
static void
add_override(struct mt_source *source, const char *override)
{
	struct mt_place place = { "-o", 0, (unsigned)source->nlines + 1 };
	const char *equal = strchr(override, '='), *dot;
	const struct mt_key *key;
	struct mt_span name;
	struct mt_buf buf;
	bool add;

	if (equal == NULL) {
		mt_errors_add(source->errors, place, "%s: has no '='; write section.key=value", override);
		return;
	}
	add = equal > override && equal[-1] == '+';
	name = mt_span_trim(mt_span_between(override, add ? equal - 1 : equal));
	if (mt_key_find("", name) < 0) {
		unknown_key(source, place, name);
		return;
	}
	key = mt_key_row((size_t)mt_key_find("", name));
	dot = strchr(key->name, '.');
	mt_buf_init(&buf, source->arena, 0);
	if (dot != NULL)
		mt_buf_format(&buf, "%.*s { ", (int)(dot - key->name), key->name);
	mt_buf_format(&buf, "%s %s ", dot == NULL ? key->name : dot + 1, add ? "+=" : "=");
	add_override_value(&buf, mt_span_trim(mt_span_text(equal + 1)), mt_key_list(key));
	mt_buf_text(&buf, dot == NULL ? "" : " }");
	mt_source_text(source, mt_buf_span(&buf), "-o");
}

/* ---- the finished thing --------------------------------------------------------------- */

static struct mt_config *
new_config(void)
{
	struct mt_config *config = calloc(1, sizeof *config);

	if (config == NULL)
		return NULL;
	atomic_init(&config->refs, 1);
	mt_arena_init(&config->arena, ARENA_FIRST, ARENA_CEILING);
	config->where = mt_arena_alloc(&config->arena, mt_key_count() * sizeof *config->where);
	for (size_t i = 0; config->where != NULL && i < mt_key_count(); i++)
		config->where[i] = "default";
	return config;
}

/* The host's own name, where none was given (RFC 8601, 2.5). */
static void
default_authserv_id(struct mt_config *config)
{
	char name[MT_NAME_TEXT + 1] = "";

	if (config->trust.authserv_id.len > 0)
		return;
	if (gethostname(name, sizeof name - 1) != 0 || !mt_name_host(mt_span_text(name)))
		memcpy(name, "localhost", sizeof "localhost");
	config->trust.authserv_id = mt_arena_copy(&config->arena, mt_span_text(name));
}

/* Nobody said who is ours: the boundary of a saved message is then inferred. */
static bool
nothing_trusted(const struct mt_config *config)
{
	static const char *const keys[] = { "trust.networks", "trust.names", "trust.relays", "trust.submission",
		"trust.hops" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(config->where[mt_key_find("", mt_span_text(keys[i]))], "default") != 0 &&
		    (i > 0 || config->trust.networks.count > 0))
			return false;
	return true;
}

static void
finish(struct mt_config *config, struct mt_source *source)
{
	config->trust.inferred = nothing_trusted(config);
	default_authserv_id(config);
	mt_sense_settings(config, source);
	config->policy.defers_late = config->milter.on_deadline == MT_ON_TEMPFAIL;
	config->settings = (struct mt_trace_settings){
		.trust = &config->trust, .policy = &config->policy, .dnsbl = &config->dnsbl,
		.headers = config->headers.add, .header_most = (size_t)config->headers.max_length,
		.strip_foreign = config->headers.strip_foreign,
	};
	mt_listeners_finish(config);
}

static void
build(struct mt_config *config, struct mt_source *source, const char *path, const char *const *overrides,
    size_t noverrides)
{
	struct mt_settings settings;

	if (path != NULL) {
		config->file = mt_arena_text(&config->arena, mt_span_text(path));
		mt_source_file(source, path, (struct mt_place){ path, 0, 0 });
	}
	for (size_t i = 0; i < noverrides; i++)
		add_override(source, overrides[i]);
	mt_parse(&settings, source);
	mt_keys_default(config, source);
	mt_keys_apply(config, source, &settings);
	mt_listeners_build(config, source, &settings);
	mt_zones_build(config, source, &settings);
	mt_rules_build(config, source, &settings);
	finish(config, source);
}

struct mt_config *
mt_config_load(const char *path, const char *const *overrides, size_t noverrides, mt_say_fn *say, void *ctx, int *error)
{
	struct mt_config *config = new_config();
	struct mt_arena scratch;
	struct mt_source source;
	struct mt_errors errors;
	int failed = MT_ENOMEM;

	mt_arena_init(&scratch, ARENA_FIRST, SCRATCH_CEILING);
	if (config == NULL || config->where == NULL)
		goto out;
	mt_errors_init(&errors, &scratch);
	mt_source_init(&source, &scratch, &config->arena, &errors);
	build(config, &source, path, overrides, noverrides);
	mt_errors_tell(&errors, say, ctx);
	if (errors.errors > 0)
		failed = MT_ECONFIG;
	else if (!scratch.full && !config->arena.full)
		failed = MT_OK;
out:
	mt_arena_fini(&scratch);
	if (failed == MT_ENOMEM && say != NULL)
		say(ctx, "the configuration needs more memory than there is, or than is allowed for one");
	if (failed != MT_OK) {
		mt_config_unref(config);
		config = NULL;
	}
	if (error != NULL)
		*error = failed;
	return config;
}

struct mt_config *
mt_config_ref(struct mt_config *config)
{
	if (config != NULL)
		atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
	return config;
}

void
mt_config_unref(struct mt_config *config)
{
	if (config == NULL || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
		return;
	mt_arena_fini(&config->arena);
	free(config);
}

/* ---- reading -------------------------------------------------------------------------- */

bool
mt_config_is_key(struct mt_span text)
{
	return text.ptr != NULL && mt_key_find("", text) >= 0;
}

static const struct mt_key *
key_of(const char *name)
{
	int row = mt_key_find("", mt_span_text(name));

	assert(row >= 0);
	return row < 0 ? NULL : mt_key_row((size_t)row);
}

static bool
is_text(const struct mt_key *row)
{
	return row->type == MT_KEY_TEXT || row->type == MT_KEY_SPAN || row->type == MT_KEY_SOCKET ||
	    row->type == MT_KEY_PEER;
}

const char *
mt_config_text(const struct mt_config *config, const char *key)
{
	const struct mt_key *row = key_of(key);
	const char *member = (const char *)config + (row == NULL ? 0 : row->offset);

	assert(row != NULL && is_text(row));
	if (row == NULL || !is_text(row))
		return NULL;
	return row->type == MT_KEY_SPAN ? ((const struct mt_span *)member)->ptr : *(const char *const *)member;
}

int64_t
mt_config_number(const struct mt_config *config, const char *key)
{
	const struct mt_key *row = key_of(key);
	bool number = row != NULL && !is_text(row) && (!mt_key_list(row) || row->type == MT_KEY_SET);

	assert(number);
	return number ? mt_key_number(config, row) : 0;
}

/* ---- writing -------------------------------------------------------------------------- */

static void
write_keys(struct mt_buf *buf, const struct mt_config *config)
{
	const char *section = "";
	size_t section_len = 0;

	for (size_t i = 0; i < mt_key_count(); i++) {
		const struct mt_key *key = mt_key_row(i);
		const char *dot = strchr(key->name, '.');
		size_t len = dot == NULL ? 0 : (size_t)(dot - key->name);

		if (len != section_len || strncmp(section, key->name, len) != 0) {
			mt_buf_text(buf, section_len > 0 ? "}\n" : "");
			if (len > 0)
				mt_buf_format(buf, "%.*s {\n", (int)len, key->name);
			section = key->name;
			section_len = len;
		}
		mt_buf_format(buf, "%s%s = ", len > 0 ? "\t" : "", dot == NULL ? key->name : dot + 1);
		mt_key_write(buf, config, key);
		mt_buf_text(buf, "  # ");
		mt_buf_text(buf, config->where[i]);
		mt_buf_char(buf, '\n');
	}
	mt_buf_text(buf, section_len > 0 ? "}\n" : "");
}

int
mt_config_write(const struct mt_config *config, mt_sink_fn *sink, void *ctx)
{
	struct mt_arena arena;
	struct mt_buf buf;
	int error = MT_ENOMEM;

	mt_arena_init(&arena, ARENA_FIRST, ARENA_CEILING);
	mt_buf_init(&buf, &arena, 0);
	write_keys(&buf, config);
	mt_listeners_write(&buf, config);
	mt_zones_write(&buf, config);
	mt_rules_write(&buf, config);
	if (!arena.full && !buf.cut)
		error = sink(ctx, mt_buf_span(&buf).ptr, mt_buf_span(&buf).len) == 0 ? MT_OK : MT_EIO;
	mt_arena_fini(&arena);
	return error;
}
