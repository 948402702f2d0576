/* SPDX-License-Identifier: BSD-2-Clause */
/* What the facts mean: one table of codes, each with the function that finds it. */
#ifndef MT_CORE_EVIDENCE_H
#define MT_CORE_EVIDENCE_H

struct mt_trace;

#define MT_EVIDENCE_MOST 32

/* Fills trace->evidence from the facts and hops, strongest first, then in table order. */
void mt_evidence_find(struct mt_trace *trace);

#endif
