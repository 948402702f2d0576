/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the report for a person that have files of their own. */
#ifndef MT_RENDER_TEXT_H
#define MT_RENDER_TEXT_H

#include "lib/render/page.h"
#include "lib/render/render.h"

/* Behind the title "CHECKS". */
void mt_text_checks(struct mt_page *page, const struct mt_trace *trace);

/* "US AS64500", as much of it as is known.  False: nothing is (at NULL: either). */
#define MT_TEXT_BRIEF 24
bool mt_text_place_brief(const struct mt_location *at, char out[MT_TEXT_BRIEF]);
/* A line "San Jose, US, AS64500 Evernet Hosting" behind some text of ours, or none: false. */
bool mt_text_place(struct mt_page *page, size_t indent, const char *before, const struct mt_location *at);
/* A line on what such lines are worth, with the databases that they are by. */
void mt_text_sources(struct mt_page *page, size_t indent, const struct mt_trace *trace);

#endif
