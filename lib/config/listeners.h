/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks "listener": who is believed may depend on the door by which a client came. */
#ifndef MT_CONFIG_LISTENERS_H
#define MT_CONFIG_LISTENERS_H

#include "lib/base/buf.h"
#include "lib/config/config.h"
#include "lib/config/parse.h"

/* Key i of a block, or NULL past the end. */
const char *mt_listeners_key(const char *kind, size_t i);
/* Builds config->listeners; the section "trust" is known, and holds where a block is silent. */
void mt_listeners_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings);
/* Gives each its settings for traces; config->settings is complete. */
void mt_listeners_finish(struct mt_config *config);
void mt_listeners_write(struct mt_buf *buf, const struct mt_config *config);

/* The settings for a client that came in by a listener: the first block whose title is (or, with
 * '*', fits) the name that the MTA gives to it, else the one whose title is its port; else
 * those of the section "trust".  name absent and port 0: not known. */
const struct mt_trace_settings *mt_listeners_settings(const struct mt_config *config, struct mt_span name,
    uint16_t port);

#endif
