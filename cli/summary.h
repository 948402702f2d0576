/* SPDX-License-Identifier: BSD-2-Clause */
/* The table at the end of many messages: how many of which verdict, and from where. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "cli/bytes.h"

/* Origins that are told apart; further ones are counted together. */
#define SUMMARY_ORIGINS 65536u

struct summary_origin {
	struct mt_ip ip;
	bool proved;
	size_t messages, suspicious;
};

/* A zeroed structure is an empty one. */
struct summary {
	size_t messages;
	size_t level[MT_LEVELS], relay[MT_RESULTS], action[MT_ACTIONS];
	struct summary_origin *origin;	/* hash table, `room` slots, a power of two */
	size_t room, origins;
	size_t others;			/* messages whose origin found no place */
	size_t unknown;			/* messages without an origin */
};

void summary_add(struct summary *summary, struct mt_trace *trace);
void summary_text(const struct summary *summary, struct bytes *out);
void summary_fini(struct summary *summary);

#endif
