/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail that the bench makes itself: the same for the same seed, but for its dates. */
#ifndef TESTS_BENCH_CORPUS_H
#define TESTS_BENCH_CORPUS_H

#include <stddef.h>
#include <stdint.h>

/* A header field as an MTA gives it to a filter: the value without the space behind the
 * colon, folds as LF and white space. */
struct field {
	char *name, *value;
};

struct mail {
	char *sender, *recipient;	/* in angle brackets */
	struct field *field;		/* the Received fields first, newest on top */
	unsigned nfields, nreceived;
	char *body;			/* line ends CRLF */
	size_t body_len;
};

struct corpus {
	struct mail *mail;
	unsigned count;
	size_t bytes;			/* of all mails */
	size_t received, received_bytes;	/* Received fields, and their bytes with the name */
};

/* count mails of 1 to 10 Received fields of six dialects and about ten other fields.
 * Ends the program when memory runs out. */
struct corpus *corpus_make(unsigned count, uint64_t seed);
void corpus_free(struct corpus *corpus);

#endif
