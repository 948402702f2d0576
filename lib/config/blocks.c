/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the kinds of titled blocks; what is in them is known to rules.c, zones.c and listeners.c. */
#include "lib/config/blocks.h"

#include "lib/base/words.h"
#include "lib/config/listeners.h"
#include "lib/config/rules.h"
#include "lib/config/zones.h"

#define NEAR_MOST 64

static const struct {
	const char *within, *kind;
	const char *(*key)(const char *kind, size_t i);
} blocks[] = {
	{ "", "dnsbl", mt_zones_key },
	{ "dnsbl", "code", mt_zones_key },
	{ "", "exempt", mt_rule_key },
	{ "", "listener", mt_listeners_key },
	{ "", "rule", mt_rule_key },
};

#define BLOCKS (sizeof blocks / sizeof *blocks)

const char *
mt_block_kind(const char *within, size_t i)
{
	for (size_t b = 0; b < BLOCKS; b++)
		if (strcmp(blocks[b].within, within) == 0 && i-- == 0)
			return blocks[b].kind;
	return NULL;
}

bool
mt_block_may_stand(const char *within, struct mt_span kind)
{
	const char *known;

	for (size_t i = 0; (known = mt_block_kind(within, i)) != NULL; i++)
		if (mt_span_equal(mt_span_text(known), kind))
			return true;
	return false;
}

bool
mt_block_titled(const char *kind)
{
	for (size_t b = 0; b < BLOCKS; b++)
		if (strcmp(blocks[b].kind, kind) == 0)
			return true;
	return false;
}

const char *
mt_block_key(const char *kind, size_t i)
{
	for (size_t b = 0; b < BLOCKS; b++)
		if (strcmp(blocks[b].kind, kind) == 0)
			return blocks[b].key(kind, i);
	return NULL;
}

bool
mt_block_key_known(const char *kind, struct mt_span name)
{
	const char *key;

	for (size_t i = 0; (key = mt_block_key(kind, i)) != NULL; i++)
		if (mt_span_equal(mt_span_text(key), name))
			return true;
	return false;
}

bool
mt_block_key_not_built(const char *kind, struct mt_span name)
{
	return (strcmp(kind, "rule") == 0 || strcmp(kind, "exempt") == 0) && mt_rule_key_not_built(name);
}

const char *
mt_block_near(const char *kind, struct mt_span name)
{
	const char *words[NEAR_MOST], *word;
	size_t count = 0;

	for (size_t i = 0; count < NEAR_MOST && (word = mt_block_key(kind, i)) != NULL; i++)
		words[count++] = word;
	for (size_t i = 0; count < NEAR_MOST && (word = mt_block_kind(kind, i)) != NULL; i++)
		words[count++] = word;
	return mt_word_near(words, count, name);
}
