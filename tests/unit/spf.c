/* SPDX-License-Identifier: BSD-2-Clause */
/* The published suite of RFC 7208 (tests/data/spf), cases of our own, and the properties
 * that hold for each of them: the order of answers is nothing, limits hold. */
#include "lib/core/spf.h"

#include "tests/unit/zone.h"

#define ORDERS 25			/* of answers, for each case */
#define LINE_MOST 65536

/* ---- one evaluation ------------------------------------------------------------------ */

static enum mt_result
evaluate(struct mt_spf *spf, struct mt_arena *arena, struct zone_ask *ask, const struct mt_spf_query *query)
{
	enum mt_result result;

	do
		result = mt_spf_check(spf, arena, &ask->ask, query);
	while (result == MT_UNKNOWN && zone_deliver(ask));
	return result;
}

/* All but the time. */
static bool
same(const struct mt_spf *a, const struct mt_spf *b)
{
	return a->result == b->result && a->cause == b->cause && mt_span_equal(a->domain, b->domain) &&
	    mt_span_equal(a->mechanism, b->mechanism) && mt_span_equal(a->why, b->why) && a->lookups == b->lookups &&
	    a->voids == b->voids;
}

/* The result with all answers there at once; *orderly: and in any other order. */
static struct mt_spf
judge(struct mt_arena *arena, const struct zone *zone, const struct mt_spf_query *query, bool *orderly)
{
	static struct zone_ask ask;
	struct mt_spf spf, again;
	size_t most = 0;

	zone_open(&ask, zone, 0);
	evaluate(&spf, arena, &ask, query);
	zone_close(&ask);
	*orderly = spf.result != MT_UNKNOWN && spf.lookups <= MT_SPF_LOOKUPS;
	for (uint64_t seed = 1; seed <= ORDERS; seed++) {
		zone_open(&ask, zone, seed * UINT64_C(0x9e3779b97f4a7c15));
		evaluate(&again, arena, &ask, query);
		*orderly = *orderly && same(&spf, &again);
		most = ask.nquestions > most ? ask.nquestions : most;
		zone_close(&ask);
	}
	*orderly = *orderly && most <= 1 + 2 * MT_SPF_LOOKUPS + MT_SPF_LOOKUPS * MT_SPF_NAMES;
	return spf;
}

/* ---- the suite ------------------------------------------------------------------------- */

/* test<TAB>NAME<TAB>SECTION<TAB>CLIENT<TAB>HELO<TAB>SENDER<TAB>ALLOWED,... */
static bool
suite_test(const struct zone *zone, char *line)
{
	struct mt_arena arena;
	struct mt_spf_query query = { .client = { 0 } };
	struct mt_span name = zone_part(&line), section = zone_part(&line);
	struct mt_spf spf;
	bool orderly, ok;

	mt_ip_parse(&query.client, zone_part(&line));
	query.helo = zone_part(&line);
	query.sender = zone_part(&line);
	mt_arena_init(&arena, 4096, 1u << 20);
	spf = judge(&arena, zone, &query, &orderly);
	ok = mt_span_find(mt_span_text(line), mt_result_word(spf.result)) != NULL && orderly;
	tap_ok(ok, "%.*s (%.*s): %s, wanted %s%s", MT_SPAN_ARG(name), MT_SPAN_ARG(section), mt_result_word(spf.result), line,
	    orderly ? "" : ", not in every order");
	mt_arena_fini(&arena);
	return ok;
}

static void
suite(const char *file, unsigned tests)
{
	static struct zone zone;
	static char text[LINE_MOST];
	const char *top = getenv("top_srcdir");
	char path[1024], *line, *next;
	unsigned count = 0, good = 0, wrong = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/data/spf/%s", top == NULL ? "." : top, file);
	f = fopen(path, "r");
	if (!tap_ok(f != NULL, "%s can be read", path))
		return;
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	for (line = text; *line != '\0'; line = next) {
		struct mt_span word;

		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		word = zone_part(&line);
		if (mt_span_same_text(word, "scenario"))
			zone.nrows = 0;
		else if (mt_span_same_text(word, "record") || mt_span_same_text(word, "state"))
			wrong += !zone_line(&zone, word.ptr[0] == 'r', line);
		else if (mt_span_same_text(word, "test") && ++count)
			good += suite_test(&zone, line);
		else if (word.len > 0 && word.ptr[0] != '#')
			wrong++;
	}
	tap_ok(count == tests && wrong == 0, "%s: %u tests, %u lines are wrong", file, count, wrong);
	tap_note("%s: %u of %u", file, good, count);
}

int
main(void)
{
	suite("rfc7208.txt", 76);
	suite("rspamd.txt", 15);
	return tap_done();
}
