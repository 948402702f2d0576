/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reader of Received fields costs, in nanoseconds a field, and whether it grows
 * with the number and the length of the fields no faster than they do.
 *
 *	received [ROUNDS [FILE]]
 *
 * With a FILE the fields are written there, a NUL behind each, for other readers.  Each figure is CPU time, the best of ROUNDS (7): whatever disturbs only adds.  Writes
 * one JSON object. */
#include "lib/core/received.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/corpus.h"

#define MAILS 1000
#define MIB ((size_t)1 << 20)

struct fields {
	struct mt_span *field;
	size_t count, bytes;
};

static double
clock_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_FAILURE, "no memory");
	return p;
}

static struct fields
collect(const struct corpus *corpus)
{
	struct fields all = { need(calloc(corpus->received, sizeof(struct mt_span))), 0, 0 };

	for (unsigned i = 0; i < corpus->count; i++)
		for (unsigned k = 0; k < corpus->mail[i].nreceived; k++) {
			all.field[all.count] = mt_span_text(corpus->mail[i].field[k].value);
			all.bytes += all.field[all.count++].len;
		}
	return all;
}

/* Reads count fields (over and over from the list) as one message; returns how many could
 * be read as SMTP. */
static size_t
read_message(const struct fields *fields, size_t from, size_t count)
{
	struct mt_arena arena;
	struct mt_hop hop;
	size_t smtp = 0;

	mt_arena_init(&arena, 4096, 64 * MIB);
	for (size_t i = 0; i < count; i++) {
		mt_received_parse(&hop, &arena, fields->field[(from + i) % fields->count]);
		smtp += hop.kind == MT_HOP_SMTP;
	}
	mt_arena_fini(&arena);
	return smtp;
}

/* Nanoseconds a field, reading all of them in messages of so many. */
static double
time_messages(const struct fields *fields, size_t each, unsigned rounds, size_t *smtp)
{
	size_t messages = fields->count / each + 1;
	double best = 0;

	for (unsigned r = 0; r < rounds; r++) {
		double began = clock_nsec(), took;

		*smtp = 0;
		for (size_t i = 0; i < messages; i++)
			*smtp += read_message(fields, i * each, each);
		took = (clock_nsec() - began) / (double)(messages * each);
		best = r == 0 || took < best ? took : best;
	}
	*smtp = *smtp * 100 / (messages * each);
	return best;
}

/* What a loop costs that only looks at each byte, for a measure of the machine: white
 * space, parentheses and semicolons are counted. */
static double
time_bytes(const struct fields *fields, unsigned rounds, size_t *found)
{
	bool marks[256] = { [' '] = true, ['\t'] = true, ['\n'] = true, ['('] = true, [')'] = true, [';'] = true };
	double best = 0;

	for (unsigned r = 0; r < rounds; r++) {
		double began = clock_nsec(), took;

		*found = 0;
		for (size_t i = 0; i < fields->count; i++)
			for (size_t k = 0; k < fields->field[i].len; k++)
				*found += marks[(unsigned char)fields->field[i].ptr[k]];
		took = (clock_nsec() - began) / (double)fields->count;
		best = r == 0 || took < best ? took : best;
	}
	return best;
}

static void
write_fields(const struct fields *fields, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		err(EXIT_FAILURE, "%s", path);
	for (size_t i = 0; i < fields->count; i++)
		if (fwrite(fields->field[i].ptr, 1, fields->field[i].len, file) != fields->field[i].len || putc('\0', file) == EOF)
			err(EXIT_FAILURE, "%s", path);
	if (fclose(file) != 0)
		err(EXIT_FAILURE, "%s", path);
}

/* Nanoseconds a byte of one field of about so many bytes: a piece over and over. */
static double
time_long(const char *piece, size_t len, unsigned rounds)
{
	size_t each = strlen(piece), times = len / each;
	struct fields one = { need(malloc(sizeof(struct mt_span))), 1, times * each };
	char *text = need(malloc(one.bytes + 1));
	double best = 0;

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * each, piece, each);
	one.field[0] = (struct mt_span){ text, one.bytes };
	for (unsigned r = 0; r < rounds; r++) {
		double began = clock_nsec(), took;

		read_message(&one, 0, 1 + MIB / one.bytes);
		took = (clock_nsec() - began) / (double)((1 + MIB / one.bytes) * one.bytes);
		best = r == 0 || took < best ? took : best;
	}
	free(text);
	free(one.field);
	return best;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name, *piece;
	} hostile[] = {
		{ "parentheses", "((" }, { "comments", "(a [192.0.2.1]) " }, { "brackets", "[1.2.3." },
		{ "clauses", "from a by b with c id d for e " }, { "semicolons", "; Sat, 21 Nov 2026 " },
		{ "quotes", "\"\\" },
	};
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
	struct corpus *corpus = corpus_make(MAILS, 1);
	struct fields all = collect(corpus);
	size_t smtp, any;
	double nsec = time_messages(&all, 10, rounds, &smtp);

	if (argc > 2)
		write_fields(&all, argv[2]);
	printf("{\"fields\": %zu, \"bytes\": %.0f, \"nsec\": %.1f, \"smtp_percent\": %zu, ", all.count,
	    (double)all.bytes / (double)all.count, nsec, smtp);
	printf("\"nsec_bytes\": %.1f, ", time_bytes(&all, rounds, &any));
	printf("\"marks\": %zu, ", any);
	printf("\"nsec_200\": %.1f, ", time_messages(&all, 200, rounds, &any));
	printf("\"nsec_2000\": %.1f, \"growth\": {", time_messages(&all, 2000, rounds, &any));
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		printf("%s\"%s\": %.2f", i == 0 ? "" : ", ", hostile[i].name,
		    time_long(hostile[i].piece, 300000, rounds) / time_long(hostile[i].piece, 3000, rounds));
	printf("}}\n");
	free(all.field);
	corpus_free(corpus);
	return EXIT_SUCCESS;
}
