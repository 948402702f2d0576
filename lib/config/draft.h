/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule or an exemption while its block is being read. */
#ifndef MT_CONFIG_DRAFT_H
#define MT_CONFIG_DRAFT_H

#include "lib/base/buf.h"
#include "lib/config/config.h"
#include "lib/config/parse.h"

#define MT_DRAFT_CONDITIONS (MT_FACTS + 7)	/* one for each key: facts, and those on values */

struct mt_draft {
	struct mt_config *config;	/* being built; its networks are known */
	struct mt_source *source;
	const struct mt_block *block;
	struct mt_rule rule;		/* an exemption uses the part that it has */
	struct mt_condition conditions[MT_DRAFT_CONDITIONS];
	struct {
		const char *key;
		struct mt_place place;
	} where[MT_DRAFT_CONDITIONS];	/* each condition stands */
	size_t nconditions;
	bool has_action, knows_action, override;
	const struct mt_value *reply;
};

/* 'rule "name": key', or without the key where that is NULL. */
const char *mt_draft_label(const struct mt_draft *draft, const char *key);
/* Tells what is wrong, with the label before it. */
void mt_draft_wrong(const struct mt_draft *draft, struct mt_place place, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what is no error. */
void mt_draft_notice(const struct mt_draft *draft, struct mt_place place, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool mt_draft_is_rule(const struct mt_draft *draft);

/* Adds the condition of one key, or tells what is wrong with it. */
void mt_condition_read(struct mt_draft *draft, const struct mt_setting *setting);
/* "key = { values }" as it would stand in a file. */
void mt_condition_write(struct mt_buf *buf, const struct mt_condition *condition);
/* Words of results, apart by commas. */
void mt_condition_words(struct mt_buf *buf, uint64_t words);

void mt_action_read(struct mt_draft *draft, const struct mt_value *value);
/* Needs the action. */
void mt_reply_read(struct mt_draft *draft, const struct mt_value *value);

#endif
