/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that take in strangers where our own are to be named. */
#ifndef MT_CONFIG_WIDE_H
#define MT_CONFIG_WIDE_H

#include "lib/base/ip.h"

/* Everybody there is. */
bool mt_wide_everybody(const struct mt_net *net);
/* More addresses than one organization has, and not only private ones. */
bool mt_wide_net(const struct mt_net *net);
/* A pattern of host names that a stranger's name can fit: all of it, or all but its last label,
 * is free. */
bool mt_wide_pattern(struct mt_span pattern);

#endif
