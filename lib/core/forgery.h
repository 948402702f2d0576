/* SPDX-License-Identifier: BSD-2-Clause */
/* Which lines were invented: contradictions within a line and between two. */
#ifndef MT_CORE_FORGERY_H
#define MT_CORE_FORGERY_H

struct mt_trace;

/* Looks at the hops below the boundary, in order, with links and dates known.  Sets the
 * flags that say why, `forged` on one strong or two independent contradictions and on all
 * that lies below such a line, and their links to MT_LINK_CONTRADICTED. */
void mt_forgery_find(struct mt_trace *trace);

#endif
