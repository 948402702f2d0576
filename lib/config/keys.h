/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of keys: what parser, overrides, dump, and the check of manual and sample read. */
#ifndef MT_CONFIG_KEYS_H
#define MT_CONFIG_KEYS_H

#include "lib/base/buf.h"
#include "lib/config/config.h"
#include "lib/config/parse.h"

enum mt_key_type {
	MT_KEY_TEXT,			/* const char * */
	MT_KEY_SPAN,			/* struct mt_span: a host name */
	MT_KEY_SOCKET,			/* const char *: where a milter listens */
	MT_KEY_PEER,			/* const char *: address and port, or the path of a socket */
	MT_KEY_NUMBER,			/* decimal */
	MT_KEY_OCTAL,
	MT_KEY_TIME,			/* milliseconds; written 500ms, 3s, 5m, 1h, 30d */
	MT_KEY_SIZE,			/* bytes; written 64K, 512M, 2G */
	MT_KEY_BOOL,			/* yes, no */
	MT_KEY_WORD,			/* one of `words` */
	MT_KEY_SET,			/* several of `words`: bits of their values */
	MT_KEY_NETS,			/* struct mt_nets; "file:/path" for more */
	MT_KEY_PATTERNS,		/* struct mt_patterns; "file:/path" for more */
	MT_KEY_SERVERS,			/* struct mt_patterns: addresses with or without port */
	MT_KEY_PATHS			/* struct mt_patterns: files, from the root */
};

struct mt_key_word {
	const char *word;
	int64_t value;
};

struct mt_key {
	const char *name;		/* "dns.timeout", or "mode" */
	enum mt_key_type type;
	size_t offset, size;		/* of the member of struct mt_config */
	const char *text;		/* the default, read as a value; words apart in a list */
	int64_t least, most;
	const struct mt_key_word *words;	/* ends with a NULL word */
};

/* Row i, or NULL past the end. */
const struct mt_key *mt_key_row(size_t i);
/* Rows in the table. */
size_t mt_key_count(void);
/* The row of "section.name" (section "": none), or -1. */
int mt_key_find(const char *section, struct mt_span name);
/* Whether this is a section that holds keys of the table. */
bool mt_key_section(struct mt_span name);
/* Why a section or key of the whole design is not here yet, or is not at all; near: what
 * was likely meant, or NULL.  section "" for the top. */
bool mt_key_not_built(const char *section, struct mt_span name);
const char *mt_key_near(const char *section, struct mt_span name, char out[96]);

/* Gives every member its default. */
void mt_keys_default(struct mt_config *config, struct mt_source *source);
/* Applies the settings that stand in sections of the table, in their order. */
void mt_keys_apply(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings);
/* Gives a member the value of a setting, or tells what is wrong with it. */
void mt_key_set(struct mt_config *config, struct mt_source *source, const struct mt_key *key,
    const struct mt_setting *setting);
/* Whether it takes several values. */
bool mt_key_list(const struct mt_key *key);
/* Writes the value of a row as it would stand in a file. */
void mt_key_write(struct mt_buf *buf, const struct mt_config *config, const struct mt_key *key);
/* Numbers, times, booleans, words and sets by their member's size. */
int64_t mt_key_number(const struct mt_config *config, const struct mt_key *key);

/* Replaces "file:/path" entries by the lines of that file. */
struct mt_values mt_values_expand(struct mt_source *source, const struct mt_setting *setting);
/* A network, or an error that names the key. */
bool mt_value_net(struct mt_source *source, struct mt_net *net, const char *key, const struct mt_value *value,
    struct mt_span text);
bool mt_value_bool(struct mt_source *source, bool *yes, const char *key, const struct mt_value *value);
/* "; did you mean 'x'?" or nothing. */
const char *mt_hint(const char *near, char out[96]);
void mt_write_nets(struct mt_buf *buf, const struct mt_nets *nets, const char *before, bool *some);
void mt_write_patterns(struct mt_buf *buf, const struct mt_patterns *patterns, const char *before, bool *some);
/* A value in the form that the parser reads back: in quotes where it must be. */
void mt_write_value(struct mt_buf *buf, struct mt_span value);

#endif
