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
/* The UDP size that the OPT record offers (RFC 6891, 6.1.2); 0 without one. */
uint16_t mt_packet_edns(const struct mt_packet_head *head, struct mt_span packet);
/* The whole answer code, with the bits that stand in the OPT record (RFC 6891, 6.1.3). */
unsigned mt_packet_rcode(const struct mt_packet_head *head, struct mt_span packet);
/* An answer code by which a server says that it makes nothing of EDNS: FORMERR, NOTIMP (RFC
 * 6891, 7), and BADVERS, for there is no lower version to ask with (6.1.3). */
bool mt_packet_plain(unsigned rcode);

struct mt_packet_rules {
	uint32_t negative_ttl_sec;	/* of a negative answer at the most */
	bool trusted;			/* keep the AD bit */
};

/* A chain of CNAME records over several packets; begins as {0}. */
struct mt_packet_chain {
	unsigned steps;			/* records that were followed */
	uint32_t ttl_sec;		/* the least of them, once there are steps */
	bool doubtful;			/* one of the packets came without the AD bit */
	bool open;			/* the packet leads to a name about which it says nothing: that
					 * is to be asked for */
	char target[MT_WIRE_TEXT];	/* that name */
};
/* Reads the answer to a question.  Records count only where their owner is the name
 * asked for or stands at the end of a chain of CNAME records that begins there; nothing
 * else of the packet is believed.  TTL: the least of chain and records; of negative
 * answers by RFC 2308, 5: 0 without a SOA record.  At most mt_answer_most() records are
 * kept; of texts those that begin with "v=" before others.  A referral (a lame server), a
 * chain that ends in nothing said, and any code not known are MT_CAUSE_SERVFAIL, NOTIMP is
 * MT_CAUSE_REFUSED, what cannot be read is MT_CAUSE_GARBAGE.  chain: what earlier packets led
 * to, and where this one leads (RFC 1034, 5.3.3, step 4); NULL: nobody follows.  NULL: no
 * memory. */
struct mt_answer *mt_packet_read(struct mt_span packet, const char *name, enum mt_rrtype type,
    const struct mt_packet_rules *rules, struct mt_packet_chain *chain);

#endif
