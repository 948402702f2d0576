/* SPDX-License-Identifier: BSD-2-Clause */
/* Envelope addresses, as the command line and delivery fields give them. */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include "lib/mailtrace.h"

#define ADDRESS_MOST 320		/* RFC 5321, 4.5.3.1: 64 and 255 bytes, and the '@' */

/* Who is taken for the recipient of a message that does not tell. */
#define ADDRESS_UNTOLD "recipient@localhost"

/* The address in the value of a delivery field or on the command line, without brackets
 * and white space; NULL when none that can stand in an envelope is there.  The null
 * sender is "". */
const char *address_read(struct mt_span value, char out[ADDRESS_MOST + 1]);

/* Whether a field tells the sender or a recipient of the envelope: what an MTA or delivery
 * agent writes when it hands a message over (RFC 5321, 4.4). */
bool address_is_sender(struct mt_span name);
bool address_is_recipient(struct mt_span name);

#endif
