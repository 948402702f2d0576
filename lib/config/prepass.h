/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands between a file and libconfuse, whose 3.3 counts lines wrongly, refuses
 * comments in lists, expands ${...} and lets open quotes and odd bytes pass. */
#ifndef MT_CONFIG_PREPASS_H
#define MT_CONFIG_PREPASS_H

#include "lib/base/buf.h"
#include "lib/config/errors.h"

#define MT_PREPASS_FILE (4u * 1024u * 1024u)	/* bytes of one file */
#define MT_PREPASS_FILES 256			/* files in all */
#define MT_PREPASS_DEPTH 10			/* files within files */
#define MT_PREPASS_NESTING 16			/* braces within braces */

/* The settings of all files, comments blanked out, one place for each line. */
struct mt_source {
	struct mt_arena *arena;		/* lent: text and places */
	struct mt_arena *keep;		/* lent: names of files, which live on */
	struct mt_errors *errors;	/* lent */
	struct mt_buf text;
	struct mt_place *lines;		/* of line i of the text, from 0 */
	size_t nlines, room;
	unsigned nfiles, depth;
	bool broken;			/* braces do not balance: not worth parsing */
};

struct mt_value {
	struct mt_span text;		/* NUL behind */
	struct mt_place place;
};

struct mt_values {
	struct mt_value *value;
	size_t count, room;
};

void mt_source_init(struct mt_source *source, struct mt_arena *arena, struct mt_arena *keep,
    struct mt_errors *errors);
/* Appends a file and what it includes.  A file that others may write, or that belongs to
 * neither root nor the user of this process, is refused. */
void mt_source_file(struct mt_source *source, const char *path, struct mt_place from);
/* Appends text that is not from a file, as one line. */
void mt_source_text(struct mt_source *source, struct mt_span text, const char *file);
/* The place of a line, from 1. */
struct mt_place mt_source_place(const struct mt_source *source, unsigned line);

/* Appends to values the lines of a list file: one value a line, '#' begins a comment. */
void mt_list_file(struct mt_values *values, struct mt_source *source, const char *path, struct mt_place from);
/* false: no memory. */
bool mt_values_add(struct mt_values *values, struct mt_arena *arena, struct mt_span text, struct mt_place place);

#endif
