/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand in a file, and is hardly what was meant: all of it is told as a notice. */
#ifndef MT_CONFIG_SENSE_H
#define MT_CONFIG_SENSE_H

#include "lib/config/draft.h"

/* A rule or exemption whose conditions have been read; keys and lists are known. */
void mt_sense_draft(const struct mt_draft *draft);
/* Values of keys against each other, and against this host. */
void mt_sense_settings(const struct mt_config *config, struct mt_source *source);

#endif
