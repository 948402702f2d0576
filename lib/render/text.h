/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the report for a person that have files of their own. */
#ifndef MT_RENDER_TEXT_H
#define MT_RENDER_TEXT_H

#include "lib/render/page.h"
#include "lib/render/render.h"

/* Behind the title "CHECKS". */
void mt_text_checks(struct mt_page *page, const struct mt_trace *trace);

#endif
