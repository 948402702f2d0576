/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers file: what the outside world says, written down (mailtrace(1), ANSWERS).
 * Read once, never changed: any thread may look up without a lock. */
#ifndef MT_SOURCE_SCRIPT_H
#define MT_SOURCE_SCRIPT_H

#include "lib/core/answer.h"

#define MT_SCRIPT_ALL 255		/* the type of "*" (RFC 1035, 3.2.3) */
#define MT_SCRIPT_TTL 300		/* of answers with records, seconds */
#define MT_SCRIPT_NEGATIVE_TTL 60	/* of NXDOMAIN and NODATA */

struct mt_script;

struct mt_script_record {
	const struct mt_script_record *next;
	struct mt_record record;	/* text as in core/answer.h */
};

/* What stands for one name and type: a state, or records in the order of the file. */
struct mt_script_entry {
	enum mt_cause cause;		/* MT_CAUSE_NONE: there are records */
	size_t nrecords;
	const struct mt_script_record *records;
	struct mt_answer *answer;	/* the same as an answer, at most mt_answer_most() */
};

/* How a name server is to misbehave on the wire: lines `wire`, which only the name
 * server of the tests obeys. */
enum mt_script_wire_mode {
	MT_WIRE_DROP = 1,		/* no reply */
	MT_WIRE_DELAY = 2,		/* reply after delay_msec */
	MT_WIRE_TRUNCATE = 4,		/* TC over UDP, whole over TCP */
	MT_WIRE_TRUNCATE_DEAD = 8,	/* TC over UDP, TCP closed at once */
	MT_WIRE_WRONG_ID = 16, MT_WIRE_WRONG_QUESTION = 32,
	MT_WIRE_EMPTY = 64,		/* a datagram without a byte */
	MT_WIRE_FORMERR_EDNS = 128,	/* knows no EDNS (RFC 6891, 7) */
	MT_WIRE_LAME = 256,		/* a referral instead of an answer */
	MT_WIRE_NOTIMP = 512,
	MT_WIRE_NOTIMP_EDNS = 1024, MT_WIRE_BADVERS_EDNS = 2048,
	MT_WIRE_FORMERR_BARE = 4096,	/* to EDNS, without the question */
	MT_WIRE_CNAME_ALONE = 8192	/* without what it leads to */
};
struct mt_script_wire {
	unsigned modes;			/* set of enum mt_script_wire_mode */
	unsigned delay_msec;
};

/* NULL on a bad file: every error was told through say (may be NULL), with file and line. */
struct mt_script *mt_script_read(const char *path, mt_say_fn *say, void *ctx);
void mt_script_free(struct mt_script *script);

/* What stands there for this name (any case, with or without a final dot) and type: its
 * own lines, else CNAME, else "*".  NULL: not listed.  CNAME is not followed. */
const struct mt_script_entry *mt_script_find(const struct mt_script *script, struct mt_span name, uint16_t type);
/* What stands for all that is not listed. */
const struct mt_script_entry *mt_script_default(const struct mt_script *script);
/* NULL: behave. */
const struct mt_script_wire *mt_script_wire(const struct mt_script *script, struct mt_span name, uint16_t type);

#endif
