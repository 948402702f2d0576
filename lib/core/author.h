/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose domain a From field bears (RFC 5322, 3.4 and 4.4; RFC 6854), for DMARC. */
#ifndef MT_CORE_AUTHOR_H
#define MT_CORE_AUTHOR_H

#include "lib/core/idna.h"

#define MT_AUTHOR_MAILBOXES 100		/* of one field; with more it is no letter of a person */

struct mt_author {
	char domain[MT_NAME_TEXT];	/* of the first mailbox that has one, in normal form; "": none has */
	unsigned mailboxes;		/* addresses that were found, at most one over the bound */
	bool several;			/* they are of more than one domain */
	bool group;			/* there is a group, maybe of nobody (RFC 6854) */
	bool literal;			/* one is at an address in brackets */
	bool foreign;			/* one is at a domain in another script, and idna is NULL */
	bool broken;			/* something cannot be read, or a domain is none */
};

/* Reads the value of one field, any bytes: total and linear.  idna: NULL: there is none. */
void mt_author_read(struct mt_author *author, struct mt_span value, const struct mt_idna *idna);

#endif
