/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of addresses in DNS: DNSBL and DNSWL (RFC 5782, RFC 8904).
 *
 * A list is asked for an A record below its zone; the address that comes back is a code,
 * and what it means stands in the administrator's table, read from top to bottom.  What is
 * in no row is an error and no listing, and so is 127.255.255.0/24 in any case: with it
 * lists tell who asks that he is refused.
 */
#ifndef MT_CORE_DNSBL_H
#define MT_CORE_DNSBL_H

#include "lib/base/arena.h"
#include "lib/base/name.h"
#include "lib/core/ask.h"

#define MT_DNSBL_ZONES 32		/* DESIGN: lists of a configuration; a bit each */
/* Questions about one message, of the 60 that it has.  The client comes first, then the
 * hops in the order given, each in all its zones in the order of the file; what is beyond
 * is not asked. */
#define MT_DNSBL_QUESTIONS 40
#define MT_DNSBL_CODES 64		/* rows of one table */
#define MT_DNSBL_ANSWERS 16		/* codes of one answer that are kept */
/* The class of rows that are no listing: "127.0.0.255" of list.dnswl.org is a refusal. */
#define MT_DNSBL_ERROR "error"
/* The class of lists of open relays, which speak for a relay as evidence. */
#define MT_DNSBL_RELAY "relay"

/* One row: what each of the four bytes may be. */
struct mt_dnsbl_code {
	struct mt_span text;		/* as written */
	struct { uint8_t least, most, bits; } byte[4];	/* bits: those that must be set */
	struct mt_span name;		/* what the administrator calls it */
	struct mt_span class;		/* absent: none */
};

/* Reads "127.0.0.2", "127.0.0.4-7", "127.0.*.1-3", "127.0.1.0/24" or, for lists whose bits
 * mean something, "127.0.0.&8"; sets the bytes alone.  NULL, or why it is none. */
const char *mt_dnsbl_code_read(struct mt_dnsbl_code *code, struct mt_span text);
bool mt_dnsbl_code_has(const struct mt_dnsbl_code *code, const struct mt_ip *ip);
/* Every address of inner is one of outer. */
bool mt_dnsbl_code_covers(const struct mt_dnsbl_code *outer, const struct mt_dnsbl_code *inner);

enum mt_dnsbl_whom { MT_DNSBL_CLIENT = 1, MT_DNSBL_HOPS = 2 };

struct mt_dnsbl_zone {
	struct mt_span zone;		/* lower case, without a final dot */
	unsigned check;			/* set of enum mt_dnsbl_whom */
	bool allow;			/* it lists whom to believe */
	bool any;			/* no table was written: its one row is any code */
	const struct mt_dnsbl_code *codes;
	size_t ncodes;
	const char *file;		/* where it stands */
	unsigned line;
};

struct mt_dnsbl {
	const struct mt_dnsbl_zone *zones;
	size_t nzones;			/* at most MT_DNSBL_ZONES */
};

/* The name to be asked about, "7.2.0.192.zone" or the nibbles of IPv6 (RFC 5782, 2.1,
 * 2.4); false where it does not fit. */
bool mt_dnsbl_name(char out[MT_NAME_TEXT], const struct mt_ip *ip, struct mt_span zone);

/* What one address of an answer says. */
enum mt_dnsbl_word {
	MT_DNSBL_NO_ROW,		/* 127.0.0.0/8, but no row of the table */
	MT_DNSBL_LISTED,		/* *row is the first that has it */
	MT_DNSBL_REFUSED,		/* 127.255.255.0/24, or a row of class error */
	MT_DNSBL_ALIEN			/* no code at all: somebody else answers for the zone */
};
enum mt_dnsbl_word mt_dnsbl_word(const struct mt_dnsbl_zone *zone, const struct mt_ip *ip, size_t *row);

struct mt_dnsbl_subject {
	unsigned hop;			/* whose client it is; 0: the live client */
	struct mt_ip ip;		/* of a private network: nobody is asked about it */
};

/* Whom a message came from, the live client first, then from the newest hop to the oldest. */
struct mt_dnsbl_about {
	const struct mt_dnsbl_subject *subjects;
	size_t count;
	bool more;			/* hops are not known yet */
	/* By zone, as they were when the connection began: MT_REFUSED, MT_DEAD and MT_TEMPERROR
	 * are switched off and say that without being asked; of MT_UNKNOWN a listing counts only
	 * if the list does not have 127.0.0.1, too.  NULL: all are well. */
	const enum mt_result *states;
};

/* What is known so far.  Zeroed before the first call for a message; each further call, with
 * the same arena and settings and with subjects added behind those that were, adds to it.
 * Nothing in it is taken back. */
struct mt_listings {
	struct mt_listing *listing;	/* in the order of the questions; MT_UNKNOWN: it is out */
	size_t count;
	bool cut;			/* MT_DNSBL_QUESTIONS, or the arena's ceiling, was met */
	/* Sets of zones, a bit each in the order of the settings. */
	uint32_t open;			/* something may come yet */
	uint32_t failed;		/* they could not say what they know: no answer, refused, dead */
	uint32_t late;			/* of these, where an answer was not there in time */
	uint32_t skipped;		/* nobody is to be asked */
	uint32_t refused, alien;	/* they answered so, and are to be switched off */
	uint32_t allow;			/* they list whom to believe */
	struct mt_fact fact;		/* over all zones but those */
};

/*
 * Asks all at once and reads what is there.  The fact is
 *   listed     as soon as one list says so: that is final, whatever the others say;
 *   unknown    while an answer may come that could make it so;
 *   temperror  one had no answer: another try may bring one;
 *   refused    one answers who asks with an error or with what is no code;
 *   dead       one is switched off;
 *   clean      all have answered, and none lists;
 *   skipped    nobody was asked.
 * Lists of whom to believe have no part in it.  Returns its result.
 */
enum mt_result mt_dnsbl_check(struct mt_listings *out, struct mt_arena *arena, struct mt_ask *ask,
    const struct mt_dnsbl *settings, const struct mt_dnsbl_about *about);

/* Whether a listing has this name or class. */
bool mt_listings_have(const struct mt_listings *listings, struct mt_span word);

#endif
