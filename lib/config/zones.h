/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks "dnsbl", with their blocks "code", to lists that can be asked. */
#ifndef MT_CONFIG_ZONES_H
#define MT_CONFIG_ZONES_H

#include "lib/config/config.h"
#include "lib/config/parse.h"

/* The keys of a block of that kind ("dnsbl", "code"): row i, or NULL past the end. */
const char *mt_zones_key(const char *kind, size_t i);

/* Builds config->dnsbl. */
void mt_zones_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings);
/* Writes the lists as they would stand in a file. */
void mt_zones_write(struct mt_buf *buf, const struct mt_config *config);

/* The set of zones with a row of this name or class. */
uint32_t mt_zones_saying(const struct mt_dnsbl *dnsbl, struct mt_span word);
/* The name or class that is the likeliest meant, or NULL. */
const char *mt_zones_near(const struct mt_dnsbl *dnsbl, struct mt_arena *arena, struct mt_span word);

#endif
