/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of DNS (RFC 1035, 4): questions written, answers read.  Pure: no socket, no
 * clock, no library; any bytes, bounded, never a crash. */
#ifndef MT_SOURCE_PACKET_H
#define MT_SOURCE_PACKET_H

#include "lib/core/answer.h"

#define MT_WIRE_NAME 255		/* RFC 1035, 2.3.4 */
#define MT_WIRE_TEXT 1024		/* longest text form: every byte as \DDD, dots, a NUL */
#define MT_PACKET_ASK (12 + MT_WIRE_NAME + 4 + 11)	/* longest question with its OPT record */
#define MT_PACKET_EDNS 1232		/* UDP bytes that we take: no fragments on common paths */
#define MT_PACKET_CHAIN 12		/* CNAME records that are followed */

/* A name as labels with their lengths, not compressed, the root label included. */
struct mt_wire_name {
	size_t len;
	unsigned char bytes[MT_WIRE_NAME];
};

/* From text with or without a final dot; \DDD and \X of RFC 1035, 5.1 are understood.
 * "." and "" are the root.  false: it is no name. */
bool mt_wire_name_parse(struct mt_wire_name *name, struct mt_span text);
/* To text without a final dot (the root is ""): dots and backslashes inside labels as
 * \. and \\, bytes other than 33-126 as \DDD, letters in the case in which they came. */
struct mt_span mt_wire_name_text(const struct mt_wire_name *name, char out[MT_WIRE_TEXT]);
/* Equal without regard to ASCII case (RFC 4343). */
bool mt_wire_name_same(const struct mt_wire_name *a, const struct mt_wire_name *b);
/* child is name or lies below it. */
bool mt_wire_name_below(const struct mt_wire_name *child, const struct mt_wire_name *name);

/* Writes a question with the RD bit; edns adds an OPT record (RFC 6891), authentic asks
 * for the AD bit in the answer (RFC 6840, 5.7).  Returns its length; 0: name is no name. */
size_t mt_packet_ask(unsigned char out[MT_PACKET_ASK], const char *name, enum mt_rrtype type, uint16_t id,
    bool edns, bool authentic);

/* The head and first question of any packet. */
struct mt_packet_head {
	uint16_t id;
	bool answer;			/* QR */
	bool truncated;			/* TC */
	unsigned opcode, rcode;
	unsigned questions, answers, authorities, additionals;
	struct mt_wire_name name;
	uint16_t type, class;
	size_t end;			/* where the question ends */
};
/* false: there is not exactly one question, or it cannot be read; id, flags and counts
 * are set where 12 bytes are there. */
bool mt_packet_head(struct mt_packet_head *head, struct mt_span packet);

struct mt_packet_rules {
	uint32_t negative_ttl_sec;	/* of a negative answer at the most */
	bool trusted;			/* keep the AD bit */
};
/* Reads the answer to a question.  Records count only where their owner is the name
 * asked for or stands at the end of a chain of CNAME records that begins there; nothing
 * else of the packet is believed.  TTL: the least of chain and records; of negative
 * answers by RFC 2308, 5: 0 without a SOA record.  At most mt_answer_most() records are
 * kept.  A referral (a lame server) is MT_CAUSE_SERVFAIL, NOTIMP is
 * MT_CAUSE_REFUSED, what cannot be read is MT_CAUSE_GARBAGE.  NULL: no memory. */
struct mt_answer *mt_packet_read(struct mt_span packet, const char *name, enum mt_rrtype type,
    const struct mt_packet_rules *rules);

#endif
