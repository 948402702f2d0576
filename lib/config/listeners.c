/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may differ from door to door; the values are read by the table of keys. */
#include "lib/config/listeners.h"

#include <stdio.h>

#include "lib/config/keys.h"

#define NAME_MOST 64
#define LISTENERS_MOST 32
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const listener_keys[] = { "networks", "names", "relays", "submission", "hops" };

const char *
mt_listeners_key(const char *kind, size_t i)
{
	(void)kind;
	return i < COUNT(listener_keys) ? listener_keys[i] : NULL;
}

/* The row of the table, told of by the name that it has here. */
static struct mt_key
key_here(struct mt_source *source, const struct mt_block *block, const char *name)
{
	struct mt_key key = *mt_key_row((size_t)mt_key_find("trust", mt_span_text(name)));
	struct mt_buf buf;

	mt_buf_init(&buf, source->arena, 0);
	mt_buf_format(&buf, "listener \"%.*s\": %s", MT_SPAN_ARG(block->title), name);
	if (mt_buf_span(&buf).ptr != NULL)
		key.name = mt_buf_span(&buf).ptr;
	return key;
}

static bool
title_fits(struct mt_config *config, struct mt_source *source, const struct mt_block *block)
{
	if (block->title.len == 0 || block->title.len > NAME_MOST) {
		mt_errors_add(source->errors, block->place, "listener: the name must have 1 to %d bytes", NAME_MOST);
		return false;
	}
	for (size_t i = 0; i < config->nlisteners; i++)
		if (mt_span_same(config->listeners[i].name, block->title)) {
			mt_errors_add(source->errors, block->place, "listener \"%.*s\": stands already at %s:%u",
			    MT_SPAN_ARG(block->title), config->listeners[i].file, config->listeners[i].line);
			return false;
		}
	if (config->nlisteners == LISTENERS_MOST)
		mt_errors_add(source->errors, block->place, "listener \"%.*s\": is one too many; there may be %d",
		    MT_SPAN_ARG(block->title), LISTENERS_MOST);
	return config->nlisteners < LISTENERS_MOST;
}

/* The rows of the table write into config->trust, which is lent to each block in turn. */
static void
read_listener(struct mt_config *config, struct mt_source *source, const struct mt_block *block)
{
	struct mt_trust kept = config->trust;
	struct mt_listener *listener = &config->listeners[config->nlisteners];

	for (size_t i = 0; i < block->count; i++) {
		struct mt_key key = key_here(source, block, block->setting[i].name);

		mt_key_set(config, source, &key, &block->setting[i]);
	}
	*listener = (struct mt_listener){ .name = mt_arena_copy(&config->arena, block->title),
		.trust = config->trust, .file = block->place.file, .line = block->place.line, .set = block->count > 0 };
	config->trust = kept;
	config->nlisteners++;
}

void
mt_listeners_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings)
{
	config->listeners = mt_arena_alloc(&config->arena, LISTENERS_MOST * sizeof *config->listeners);
	for (size_t b = 0; config->listeners != NULL && b < settings->count; b++) {
		const struct mt_block *block = &settings->block[b];

		if (block->title.ptr != NULL && strcmp(block->kind, "listener") == 0 &&
		    title_fits(config, source, block))
			read_listener(config, source, block);
	}
}

void
mt_listeners_finish(struct mt_config *config)
{
	for (size_t i = 0; i < config->nlisteners; i++) {
		struct mt_listener *listener = &config->listeners[i];

		listener->trust.authserv_id = config->trust.authserv_id;
		listener->trust.inferred = config->trust.inferred && !listener->set;
		listener->settings = config->settings;
		listener->settings.trust = &listener->trust;
	}
}

const struct mt_trace_settings *
mt_listeners_settings(const struct mt_config *config, struct mt_span name, uint16_t port)
{
	char digits[8];

	for (size_t i = 0; name.len > 0 && i < config->nlisteners; i++)
		if (mt_span_match(name, config->listeners[i].name))
			return &config->listeners[i].settings;
	if (port == 0 || snprintf(digits, sizeof digits, "%u", (unsigned)port) < 0)
		return &config->settings;
	for (size_t i = 0; i < config->nlisteners; i++)
		if (mt_span_equal(config->listeners[i].name, mt_span_text(digits)))
			return &config->listeners[i].settings;
	return &config->settings;
}

void
mt_listeners_write(struct mt_buf *buf, const struct mt_config *config)
{
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct mt_listener *listener = &config->listeners[i];
		const struct mt_trust *trust = &listener->trust;
		const struct {
			const char *key;
			const struct mt_nets *nets;
			const struct mt_patterns *patterns;
		} lists[] = {
			{ "networks", &trust->networks, NULL }, { "names", NULL, &trust->names },
			{ "relays", NULL, &trust->relays }, { "submission", &trust->submission, NULL },
		};

		mt_buf_text(buf, "listener \"");
		mt_buf_escape(buf, listener->name, "\"\\");
		mt_buf_format(buf, "\" {  # %s:%u\n", listener->file, listener->line);
		for (size_t k = 0; k < COUNT(lists); k++) {
			bool some = false;

			mt_buf_format(buf, "\t%s = { ", lists[k].key);
			if (lists[k].nets != NULL)
				mt_write_nets(buf, lists[k].nets, "", &some);
			else
				mt_write_patterns(buf, lists[k].patterns, "", &some);
			mt_buf_text(buf, " }\n");
		}
		mt_buf_format(buf, "\thops = %u\n}\n", trust->hops);
	}
}
