/* SPDX-License-Identifier: BSD-2-Clause */
/* Where belief ends. */
#ifndef MT_CORE_BOUNDARY_H
#define MT_CORE_BOUNDARY_H

struct mt_trace;

/* Walks the hops, which are in order, from the newest down and stops once, for good.  Sets
 * `trusted` and `reason` of each hop and trace->boundary. */
void mt_boundary_find(struct mt_trace *trace);

#endif
