/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which sources the settings ask for, and what of them outlives a reload. */
#include "lib/engine/sources.h"

#include <stdlib.h>
#include <string.h>

#include "lib/source/idna.h"
#include "lib/source/suffix.h"

#define GEO_SETTLE_MSEC 2000		/* a database that is being written is left alone */

/* Databases stay open as long as one generation of the settings has them. */
struct mt_geo_share {
	atomic_uint refs;
	struct mt_geo *geo;
};

static bool
same_paths(const struct mt_patterns *a, const struct mt_patterns *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!mt_span_equal(a->pattern[i], b->pattern[i]))
			return false;
	return true;
}

static struct mt_geo_share *
open_geo(const struct mt_config *config, const struct mt_ports *ports, int *error)
{
	struct mt_geo_options options = { .city = config->geo.city.pattern, .ncity = config->geo.city.count,
		.asn = config->geo.asn.pattern, .nasn = config->geo.asn.count,
		.reload_msec = config->geo.reload_msec, .settle_msec = GEO_SETTLE_MSEC,
		.wall_msec = ports->wall_msec, .wall_ctx = ports->ctx, .say = ports->say, .say_ctx = ports->ctx };
	struct mt_geo_share *share = calloc(1, sizeof *share);

	*error = MT_ENOMEM;
	if (share == NULL)
		return NULL;
	atomic_init(&share->refs, 1);
	share->geo = mt_geo_open(&options, error);
	if (share->geo == NULL && *error != MT_OK) {
		free(share);
		return NULL;
	}
	return share;
}

static void
unref_geo(struct mt_geo_share *share)
{
	if (share == NULL || atomic_fetch_sub(&share->refs, 1) != 1)
		return;
	mt_geo_close(share->geo);
	free(share);
}

/* The same files: they are looked at anew, and what is good stays in use meanwhile. */
static struct mt_geo_share *
keep_geo(const struct mt_sources *old, const struct mt_config *config)
{
	const struct mt_config *before = old == NULL ? NULL : old->config;

	if (before == NULL || !same_paths(&before->geo.city, &config->geo.city) ||
	    !same_paths(&before->geo.asn, &config->geo.asn) || before->geo.reload_msec != config->geo.reload_msec)
		return NULL;
	atomic_fetch_add(&old->share->refs, 1);
	mt_geo_check(old->share->geo);
	return old->share;
}

/* One writer has the file: it stays open as long as one generation of the settings has it. */
struct mt_store_share {
	atomic_uint refs;
	struct mt_store *store;
};

static struct mt_store_share *
open_store(const struct mt_config *config, const struct mt_ports *ports, int *error)
{
	struct mt_store_options options = {
		.engine = ports->remember ? (enum mt_store_engine_name)config->store.engine : MT_STORE_NONE,
		.path = config->store.path, .redis = config->store.redis,
		.history_sec = config->store.history_days * 86400, .size_most = config->store.size_max,
		.wall_msec = ports->wall_msec, .wall_ctx = ports->ctx, .say = ports->say, .say_ctx = ports->ctx };
	struct mt_store_share *share = calloc(1, sizeof *share);

	*error = MT_ENOMEM;
	if (share == NULL)
		return NULL;
	atomic_init(&share->refs, 1);
	share->store = mt_store_open(&options, error);
	if (share->store == NULL && *error != MT_OK) {
		free(share);
		return NULL;
	}
	return share;
}

static void
unref_store(struct mt_store_share *share)
{
	if (share == NULL || atomic_fetch_sub(&share->refs, 1) != 1)
		return;
	mt_store_close(share->store);
	free(share);
}

static struct mt_store_share *
keep_store(const struct mt_sources *old, const struct mt_config *config)
{
	const struct mt_config *before = old == NULL ? NULL : old->config;

	if (before == NULL || before->store.engine != config->store.engine ||
	    strcmp(before->store.path, config->store.path) != 0 ||
	    strcmp(before->store.redis, config->store.redis) != 0 ||
	    before->store.history_days != config->store.history_days ||
	    before->store.size_max != config->store.size_max)
		return NULL;
	atomic_fetch_add(&old->store_share->refs, 1);
	return old->store_share;
}

/* What has files and threads of its own.  False: *error says why. */
static bool
open_shares(struct mt_sources *sources, const struct mt_sources *old, const struct mt_ports *ports, int *error)
{
	const struct mt_config *config = sources->config;

	sources->share = keep_geo(old, config);
	if (sources->share == NULL)
		sources->share = open_geo(config, ports, error);
	if (sources->share == NULL)
		return false;
	sources->geo = sources->share->geo;
	sources->store_share = keep_store(old, config);
	if (sources->store_share == NULL)
		sources->store_share = open_store(config, ports, error);
	if (sources->store_share == NULL)
		return false;
	sources->store = sources->store_share->store;
	return true;
}

struct mt_sources *
mt_sources_open(struct mt_config *config, const struct mt_sources *old, const struct mt_ports *ports, int *error)
{
	struct mt_sources *sources = calloc(1, sizeof *sources);
	struct mt_dkim_options dkim = { .min_key_bits = (unsigned)config->dkim.min_key_bits,
		.allow_sha1 = config->dkim.rsa_sha1 };

	*error = MT_ENOMEM;
	if (sources == NULL)
		return NULL;
	atomic_init(&sources->refs, 1);
	sources->config = mt_config_ref(config);
	if (open_shares(sources, old, ports, error))
		sources->lists = mt_lists_new(&config->dnsbl, old == NULL ? NULL : old->lists, ports->say, ports->ctx);
	if (sources->lists != NULL && config->dkim.enable)
		sources->dkim = mt_dkim_open(&dkim, error);
	if (sources->lists == NULL || (config->dkim.enable && sources->dkim == NULL)) {
		mt_sources_unref(sources);
		return NULL;
	}
	if (config->spf.enable)
		sources->spf2 = mt_spf2_open();
	sources->arc.min_key_bits = (unsigned)config->dkim.min_key_bits;
	sources->organizations = mt_suffix_open(NULL);
	sources->idna = mt_idna_tables();
	sources->relay = (struct mt_relay_input){ .organizations = sources->organizations,
		.known = &config->relay.networks };
	*error = MT_OK;
	return sources;
}

void
mt_sources_name(const struct mt_sources *sources, struct mt_trace *trace)
{
	struct mt_trace_source *named;
	struct mt_geo_file file;

	if (sources->geo == NULL)
		return;
	named = mt_arena_alloc(&trace->arena, MT_GEO_FILES * sizeof *named);
	if (named == NULL)
		return;
	trace->sources = named;
	trace->nsources = 0;
	for (size_t i = 0; mt_geo_file(sources->geo, i, &file) && i < MT_GEO_FILES; i++)
		if (file.in_use)
			named[trace->nsources++] = (struct mt_trace_source){ .built_sec = file.built_sec,
				.name = mt_arena_copy(&trace->arena, mt_span_text(file.type)),
				.licence = file.licence };
}

struct mt_sources *
mt_sources_ref(struct mt_sources *sources)
{
	atomic_fetch_add(&sources->refs, 1);
	return sources;
}

void
mt_sources_unref(struct mt_sources *sources)
{
	if (sources == NULL || atomic_fetch_sub(&sources->refs, 1) != 1)
		return;
	mt_spf2_close(sources->spf2);
	mt_dkim_close(sources->dkim);
	mt_lists_unref(sources->lists);
	unref_geo(sources->share);
	unref_store(sources->store_share);
	mt_suffix_close(sources->organizations);
	mt_config_unref(sources->config);
	free(sources);
}

bool
mt_sources_lack(const struct mt_sources *sources)
{
	struct mt_geo_file file;

	for (size_t i = 0; sources->geo != NULL && mt_geo_file(sources->geo, i, &file); i++)
		if (!file.in_use)
			return true;
	return false;
}
