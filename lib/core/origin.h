/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the message began: what is proved, what is claimed, how far that can be believed. */
#ifndef MT_CORE_ORIGIN_H
#define MT_CORE_ORIGIN_H

struct mt_trace;

/* Fills trace->origin; boundary, links and forged lines are known. */
void mt_origin_find(struct mt_trace *trace);

#endif
