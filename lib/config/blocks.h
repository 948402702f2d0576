/* SPDX-License-Identifier: BSD-2-Clause */
/* Which blocks have a title, where they may stand, and which keys may stand in them. */
#ifndef MT_CONFIG_BLOCKS_H
#define MT_CONFIG_BLOCKS_H

#include "lib/base/span.h"

/* The kind of titled block i that may stand in a block of kind `within` ("": outside of
 * all), or NULL past the end. */
const char *mt_block_kind(const char *within, size_t i);
bool mt_block_may_stand(const char *within, struct mt_span kind);
/* Whether this is a kind of titled block. */
bool mt_block_titled(const char *kind);

/* Key i of a titled block, or NULL past the end. */
const char *mt_block_key(const char *kind, size_t i);
bool mt_block_key_known(const char *kind, struct mt_span name);
/* A name of the design that this build cannot look at. */
bool mt_block_key_not_built(const char *kind, struct mt_span name);
/* Of keys and blocks that may stand there the one that is the likeliest meant, or NULL. */
const char *mt_block_near(const char *kind, struct mt_span name);

#endif
