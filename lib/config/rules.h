/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks "rule" and "exempt" to policy, with every check that can be made at start. */
#ifndef MT_CONFIG_RULES_H
#define MT_CONFIG_RULES_H

#include "lib/config/config.h"
#include "lib/config/parse.h"

/* The names that may stand in a block of that kind ("rule", "exempt"): row i, or NULL
 * past the end. */
const char *mt_rule_key(const char *kind, size_t i);
/* A name of the design that this build cannot look at. */
bool mt_rule_key_not_built(struct mt_span name);

/* Builds config->policy; config->exempt_default says which built-in exemptions hold. */
void mt_rules_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings);
/* Writes exemptions and rules as they would stand in a file. */
void mt_rules_write(struct mt_buf *buf, const struct mt_config *config);

#endif
