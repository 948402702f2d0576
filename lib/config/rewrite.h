/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of settings as libconfuse can read it without losing what we must know. */
#ifndef MT_CONFIG_REWRITE_H
#define MT_CONFIG_REWRITE_H

#include "lib/config/prepass.h"

/* Begins the mark that stands before each value, and ends with one byte: "\001line=" and
 * "\001line+" begin a setting that replaces or adds, "\001line:" is a value of it,
 * "\001line!\001number:" a title, the number making it the only one of its kind. */
#define MT_REWRITE_MARK '\001'

/* As many lines as the source has, NUL behind.  What is not known, and what cannot be
 * told by libconfuse, is told to source->errors and left out. */
struct mt_span mt_rewrite(struct mt_source *source);

#endif
