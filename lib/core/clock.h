/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of neighbours: delays, clocks that are wrong, time that runs backwards. */
#ifndef MT_CORE_CLOCK_H
#define MT_CORE_CLOCK_H

struct mt_trace;

/* Sets has_delay and delay_sec (as the lines say it, uncorrected), skew_sec, and the flags
 * FUTURE and BACKWARDS; the hops are in order. */
void mt_clock_find(struct mt_trace *trace);

#endif
