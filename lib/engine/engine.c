/* SPDX-License-Identifier: BSD-2-Clause */
/* What outlives a connection: settings, resolver, cache, counters. */
#include "lib/engine/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/source/dns.h"

#define SELECTOR_DOMAINS 4096		/* whose keys are remembered, 48 bytes and the names each */

int64_t
mt_now_mono_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
mt_engine_wall_msec(struct mt_engine *engine)
{
	struct timespec now;

	if (engine->ports.wall_msec != NULL)
		return engine->ports.wall_msec(engine->ports.ctx);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
mt_engine_say(struct mt_engine *engine, int priority, const char *line)
{
	if (engine->ports.say != NULL)
		engine->ports.say(engine->ports.ctx, priority, line);
}

/* ---- resolver and cache ---------------------------------------------------------------- */

struct mt_lookup *
mt_lookup_ref(struct mt_lookup *lookup)
{
	atomic_fetch_add(&lookup->refs, 1);
	return lookup;
}

void
mt_lookup_unref(struct mt_lookup *lookup)
{
	if (lookup == NULL || atomic_fetch_sub(&lookup->refs, 1) != 1)
		return;
	if (lookup->resolver != NULL)
		lookup->resolver->close(lookup->resolver);
	mt_cache_free(lookup->cache);
	free(lookup);
}

static struct mt_resolver *
open_dns(struct mt_engine *engine, const struct mt_config *config, int *error)
{
	struct mt_dns_options options = {
		.servers = config->dns.servers.pattern, .nservers = config->dns.servers.count,
		.timeout_msec = (unsigned)config->dns.timeout_msec, .tries = (unsigned)config->dns.tries,
		.deadline_msec = (unsigned)config->dns.deadline_msec, .queue = (unsigned)config->dns.queue,
		.breaker = (unsigned)config->dns.breaker,
		.negative_ttl_sec = (unsigned)(config->dns.negative_ttl_msec / 1000),
		.trusted = config->dns.trusted,
	};

	return mt_dns_open(&options, engine->ports.say, engine->ports.ctx, error);
}

static void
late(void *ctx, const char *name, enum mt_rrtype type, struct mt_answer *answer)
{
	const struct mt_lookup *lookup = ctx;

	mt_cache_late(lookup->cache, name, type, answer);
}

static void
tick(void *ctx)
{
	const struct mt_lookup *lookup = ctx;

	mt_cache_tick(lookup->cache);
}

/* Probes the lists that are in use, if it is time. */
static void
probe_lists(struct mt_engine *engine, struct mt_resolver *resolver)
{
	struct mt_lists *lists;

	pthread_mutex_lock(&engine->lock);
	lists = engine->sources == NULL ? NULL : mt_lists_ref(engine->sources->lists);
	pthread_mutex_unlock(&engine->lock);
	if (lists != NULL)
		mt_lists_tick(lists, resolver, mt_now_mono_msec());
	mt_lists_unref(lists);
}

static void
visit(void *ctx)
{
	const struct mt_lookup *lookup = ctx;

	probe_lists(lookup->engine, lookup->resolver);
}

static struct mt_lookup *
open_lookup(struct mt_engine *engine, const struct mt_config *config, struct mt_resolver *given, int *error)
{
	struct mt_lookup *lookup = calloc(1, sizeof *lookup);
	struct mt_cache_options options = {
		.entries = (size_t)config->dns.cache,
		.negative_ttl_sec = (uint32_t)(config->dns.negative_ttl_msec / 1000),
		.max_ttl_sec = (uint32_t)(config->dns.max_ttl_msec / 1000),
		.failure_ttl_sec = (uint32_t)(config->dns.failure_ttl_msec / 1000),
		.stale_sec = (uint32_t)(config->dns.stale_msec / 1000), .wait_msec = MT_CACHE_WAIT_MSEC,
	};

	*error = MT_ENOMEM;
	if (lookup == NULL)
		return NULL;
	atomic_init(&lookup->refs, 1);
	lookup->engine = engine;
	lookup->given = given != NULL;
	lookup->resolver = given != NULL ? given : open_dns(engine, config, error);
	if (lookup->resolver != NULL)
		lookup->cache = mt_cache_new(lookup->resolver, &options);
	if (lookup->cache == NULL) {
		mt_lookup_unref(lookup);
		return NULL;
	}
	if (given == NULL)
		mt_dns_hook(lookup->resolver, &(struct mt_dns_hooks){ late, tick,
		    engine->ports.remember ? visit : NULL, lookup });
	*error = MT_OK;
	return lookup;
}

/* ---- the engine --------------------------------------------------------------------------- */

struct mt_engine *
mt_engine_open(struct mt_config *config, const struct mt_ports *ports, int *error)
{
	struct mt_engine *engine = calloc(1, sizeof *engine);
	struct mt_sources *sources = NULL;
	int ignored;

	if (error == NULL)
		error = &ignored;
	*error = MT_ENOMEM;
	if (engine == NULL)
		return NULL;
	pthread_mutex_init(&engine->lock, NULL);
	if (ports != NULL)
		engine->ports = *ports;
	engine->config = mt_config_ref(config);
	engine->selectors = mt_selectors_new(SELECTOR_DOMAINS);
	if (engine->selectors == NULL) {
		mt_engine_close(engine);
		return NULL;
	}
	engine->lookup = open_lookup(engine, config, engine->ports.resolver, error);
	if (engine->lookup != NULL)
		sources = mt_sources_open(config, NULL, &engine->ports, error);
	pthread_mutex_lock(&engine->lock);
	engine->sources = sources;
	pthread_mutex_unlock(&engine->lock);
	if (engine->sources == NULL) {
		mt_engine_close(engine);
		return NULL;
	}
	if (engine->ports.remember)
		probe_lists(engine, engine->lookup->resolver);
	return engine;
}

static bool
same_patterns(const struct mt_patterns *a, const struct mt_patterns *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!mt_span_equal(a->pattern[i], b->pattern[i]))
			return false;
	return true;
}

static bool
same_dns(const struct mt_config *a, const struct mt_config *b)
{
	return same_patterns(&a->dns.servers, &b->dns.servers) && a->dns.timeout_msec == b->dns.timeout_msec &&
	    a->dns.tries == b->dns.tries && a->dns.deadline_msec == b->dns.deadline_msec &&
	    a->dns.cache == b->dns.cache && a->dns.negative_ttl_msec == b->dns.negative_ttl_msec &&
	    a->dns.max_ttl_msec == b->dns.max_ttl_msec && a->dns.failure_ttl_msec == b->dns.failure_ttl_msec &&
	    a->dns.stale_msec == b->dns.stale_msec &&
	    a->dns.queue == b->dns.queue && a->dns.breaker == b->dns.breaker && a->dns.trusted == b->dns.trusted;
}

int
mt_engine_reload(struct mt_engine *engine, struct mt_config *config)
{
	struct mt_config *old_config = engine->config;
	struct mt_lookup *old_lookup = engine->lookup, *lookup;
	struct mt_sources *old_sources = engine->sources, *sources;
	int error = MT_OK;

	/* Only a reload changes the three, and reloads come one at a time. */
	lookup = old_lookup->given || same_dns(old_config, config) ? mt_lookup_ref(old_lookup)
	    : open_lookup(engine, config, NULL, &error);
	if (lookup == NULL)
		return error;
	sources = mt_sources_open(config, old_sources, &engine->ports, &error);
	if (sources == NULL) {
		mt_lookup_unref(lookup);
		return error;
	}
	pthread_mutex_lock(&engine->lock);
	engine->config = mt_config_ref(config);
	engine->lookup = lookup;
	engine->sources = sources;
	pthread_mutex_unlock(&engine->lock);
	if (engine->ports.remember)
		probe_lists(engine, lookup->resolver);
	mt_sources_unref(old_sources);
	mt_lookup_unref(old_lookup);
	mt_config_unref(old_config);
	return MT_OK;
}

void
mt_engine_close(struct mt_engine *engine)
{
	struct mt_sources *sources;

	if (engine == NULL)
		return;
	/* The resolver's thread looks at them until it has ended. */
	pthread_mutex_lock(&engine->lock);
	sources = engine->sources;
	engine->sources = NULL;
	pthread_mutex_unlock(&engine->lock);
	mt_sources_unref(sources);
	mt_selectors_free(engine->selectors);
	mt_lookup_unref(engine->lookup);
	mt_config_unref(engine->config);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

static void
write_cache(struct mt_buf *buf, struct mt_cache *cache)
{
	struct mt_cache_counts c = mt_cache_counts(cache);

	mt_buf_format(buf, "cache-hits %" PRIu64 "\ncache-misses %" PRIu64 "\ncache-joined %" PRIu64 "\n"
	    "cache-stale %" PRIu64 "\ncache-entries %zu\n", c.hits, c.misses, c.joined, c.stale, c.entries);
}

/* What came of questions, and of tries by server. */
static void
write_dns(struct mt_buf *buf, struct mt_resolver *resolver)
{
	struct mt_dns_counts c;

	mt_dns_counts(resolver, &c);
	mt_buf_format(buf, "dns-records %" PRIu64 "\n", c.ended[MT_CAUSE_NONE]);
	for (unsigned i = MT_CAUSE_NONE + 1; i < MT_CAUSES; i++)
		if (i <= MT_CAUSE_LIMIT || i == MT_CAUSE_BAD_NAME)
			mt_buf_format(buf, "dns-%s %" PRIu64 "\n", mt_cause_word((enum mt_cause)i), c.ended[i]);
	mt_buf_format(buf, "dns-late %" PRIu64 "\ndns-tcp %" PRIu64 "\ndns-probes %" PRIu64 "\ndns-waiting %u\n"
	    "dns-breaker-open %d\n", c.late, c.tcp, c.probes, c.waiting, c.breaker_open);
	for (size_t i = 0; i < c.nservers; i++) {
		const struct mt_dns_server_counts *s = &c.server[i];
		const struct { const char *word; uint64_t count; } rows[] = {
			{ "sent", s->sent }, { "answered", s->answered }, { "timeout", s->timeout },
			{ "servfail", s->servfail }, { "refused", s->refused }, { "garbage", s->garbage },
			{ "network", s->network }, { "out", s->state != MT_SERVER_UP },
		};

		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			mt_buf_format(buf, "dns-server-%s[%s] %" PRIu64 "\n", rows[k].word, s->text, rows[k].count);
	}
}

/* What became of questions and events of the memory, and how often databases were read. */
static void
write_sources(struct mt_buf *buf, const struct mt_sources *sources)
{
	struct mt_geo_counters geo = mt_geo_counters(sources->geo);
	struct mt_store_counters c = mt_store_counters(sources->store);
	struct mt_spf2_counts spf2 = { 0 };

	if (sources->spf2 != NULL)
		spf2 = mt_spf2_counts(sources->spf2);
	mt_buf_format(buf, "spf2-asked %" PRIu64 "\nspf2-differed %" PRIu64 "\n", spf2.asked, spf2.differed);
	mt_buf_format(buf, "geo-checks %" PRIu64 "\ngeo-loads %" PRIu64 "\n", geo.checks, geo.loads);
	mt_buf_format(buf, "store-asked %" PRIu64 "\nstore-cached %" PRIu64 "\nstore-skipped %" PRIu64 "\n"
	    "store-written %" PRIu64 "\nstore-dropped %" PRIu64 "\nstore-waiting %" PRIu64 "\nstore-away %d\n",
	    c.asked, c.cached, c.skipped, c.written, c.dropped, c.waiting, c.away);
}

int
mt_engine_counters(struct mt_engine *engine, mt_sink_fn *sink, void *ctx)
{
	struct mt_sources *sources;
	struct mt_lookup *lookup;
	struct mt_arena arena;
	struct mt_buf buf;
	int error;

	pthread_mutex_lock(&engine->lock);
	lookup = mt_lookup_ref(engine->lookup);
	sources = mt_sources_ref(engine->sources);
	pthread_mutex_unlock(&engine->lock);
	mt_arena_init(&arena, 4096, 65536);
	mt_buf_init(&buf, &arena, 0);
	mt_buf_format(&buf, "connections %llu\nmessages %llu\nwaited %llu\nlate %llu\n", atomic_load(&engine->conns),
	    atomic_load(&engine->messages), atomic_load(&engine->waited), atomic_load(&engine->late));
	write_sources(&buf, sources);
	mt_sources_unref(sources);
	write_cache(&buf, lookup->cache);
	if (!lookup->given)
		write_dns(&buf, lookup->resolver);
	mt_lookup_unref(lookup);
	for (unsigned i = 0; i < MT_ACTIONS; i++)
		mt_buf_format(&buf, "%s %llu\n", mt_action_word((enum mt_action)i), atomic_load(&engine->actions[i]));
	error = sink(ctx, mt_buf_span(&buf).ptr, mt_buf_span(&buf).len);
	mt_arena_fini(&arena);
	return error;
}
