/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/queueid.h"

#include <time.h>

#include "lib/base/arena.h"
#include "lib/core/received.h"
#include "tests/unit/tap.h"

#define FIELDS_MOST 64
#define EARLIER_SEC (24 * 3600)
#define LATER_SEC 5

/* The times were worked out of the digits by another program. */
static const struct {
	const char *name, *dialect, *id;
	int64_t near_sec, sec;		/* sec 0: the id holds no time */
} cases[] = {
	{ "Sendmail 8.11, one letter of sequence", "sendmail", "g6LMOde06375", 1027290280, 1027290279 },
	{ "Sendmail 8.12, two letters", "sendmail", "k4MC0Jdu015089", 1148299220, 1148299219 },
	{ "Sendmail 8.14, Submit", "sendmail", "076Go4wD014562", 1596732604, 1596732604 },
	{ "the same 60 years before", "sendmail", "076Go4wD014562", INT64_C(-296000000), INT64_C(-296723396) },
	{ "Sendmail 8.9: hour, AA, process id", "sendmail", "AAA27294", 1027290280, 0 },
	{ "Sendmail 8.8: longer process id", "sendmail", "XAA123456789", 1027290280, 0 },
	{ "month 13", "sendmail", "gC1MOde06375", 1027290280, 0 },
	{ "day 0", "sendmail", "g60MOde06375", 1027290280, 0 },
	{ "hour 25", "sendmail", "g6LPOde06375", 1027290280, 0 },
	{ "'y' is no digit of base 60", "sendmail", "g6LMyde06375", 1027290280, 0 },
	{ "letters in the process id", "sendmail", "g6LMOde063x5", 1027290280, 0 },
	{ "too short", "sendmail", "g6LMOde0637", 1027290280, 0 },
	{ "too long", "sendmail", "g6LMOdeee01234567", 1027290280, 0 },
	{ "Exim 6-6-2", "exim", "1CIlfc-0003Pa-8W", 0, 1097922016 },
	{ "Exim 3", "exim", "17kUmz-0004JX-00", 0, 1030648629 },
	{ "Exim 6-11-4", "exim", "1rABCD-00000001abc-0123", 0, 1701704961 },
	{ "Exim 6-11-2 is none", "exim", "1rABCD-00000001abc-01", 0, 0 },
	{ "Exim 6-6-4 is none", "exim", "1CIlfc-0003Pa-8W00", 0, 0 },
	{ "Exim, a sign that is no digit", "exim", "1CIlf_-0003Pa-8W", 0, 0 },
	{ "Exim, hyphens elsewhere", "exim", "1CIlfc0-003Pa-8W", 0, 0 },
	{ "Exim with a mark before it", "exim", "E1CIlfc-0003Pa-8W", 0, 0 },
	{ "Postfix, long", "postfix", "44QShF6xj4z1X", 0, 1553222749 },
	{ "Postfix, short: no clock", "postfix", "CF0171862", 0, 0 },
	{ "Postfix, short of 12 digits", "postfix", "0123456789AB", 0, 0 },
	{ "Postfix, a vowel is no digit", "postfix", "44QSAF6xj4z1X", 0, 0 },
	{ "Postfix, a million microseconds", "postfix", "44QShFzzzzz1X", 0, 0 },
	{ "Postfix, no z", "postfix", "44QShF6xj4y1X", 0, 0 },
	{ "a form of Exim in another's line", "postfix", "1CIlfc-0003Pa-8W", 0, 0 },
	{ "software that is not known", NULL, "1CIlfc-0003Pa-8W", 0, 0 },
	{ "software without a clock", "qmail", "1CIlfc-0003Pa-8W", 0, 0 },
	{ "no id", "exim", "", 0, 0 },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_hop hop = { .dialect = cases[i].dialect, .id = mt_span_text(cases[i].id) };
		int64_t sec = 0;
		bool held = mt_queueid_time(&sec, &hop, cases[i].near_sec);

		tap_ok(held == (cases[i].sec != 0) && (!held || sec == cases[i].sec), "%s: %s holds %lld", cases[i].name,
		    cases[i].id, held ? (long long)sec : 0);
	}
}

/* The tolerance: a line is dated when the message came in, its id some time before that. */
static void
test_tolerance(void)
{
	static const struct {
		int64_t off_sec;	/* the date, against the id */
		bool zone, odd, contradicts;
	} limits[] = {
		{ 0, true, false, false }, { -LATER_SEC, true, false, false }, { -LATER_SEC - 1, true, false, true },
		{ EARLIER_SEC, true, false, false }, { EARLIER_SEC + 1, true, false, true },
		{ EARLIER_SEC + 1, false, false, false }, { EARLIER_SEC + 1, true, true, false },
	};
	struct mt_hop hop = { .dialect = "exim", .id = MT_SPAN("1CIlfc-0003Pa-8W") };

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		hop.date = (struct mt_date){ true, limits[i].zone, 0, 1097922016 + limits[i].off_sec };
		hop.flags = limits[i].odd ? 1u << MT_HOP_DATE_ODD : 0;
		tap_ok(mt_queueid_contradicts(&hop) == limits[i].contradicts, "%lld s from the id, %s zone, %s date: %s",
		    (long long)limits[i].off_sec, limits[i].zone ? "a" : "no", limits[i].odd ? "an odd" : "a plain",
		    limits[i].contradicts ? "contradicts" : "does not");
	}
	hop.date.known = false;
	tap_ok(!mt_queueid_contradicts(&hop), "nothing contradicts a date that is not known");
}

/* Real lines: every clock agrees with its own date, and with no other one that is further
 * off than the tolerance. */
static size_t
load(struct mt_hop *hops, struct mt_arena *arena)
{
	const char *top = getenv("top_srcdir");
	static char path[4096], line[4096];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/data/received/queueids.txt", top == NULL ? "." : top);
	f = fopen(path, "r");
	while (f != NULL && n < FIELDS_MOST && fgets(line, sizeof line, f) != NULL)
		if (line[0] != '#')
			mt_received_parse(&hops[n++], arena, mt_arena_copy(arena, mt_span_trim(mt_span_text(line))));
	if (f != NULL)
		fclose(f);
	return n;
}

static void
test_real(void)
{
	static struct mt_hop hops[FIELDS_MOST];
	struct mt_arena arena;
	size_t n, decoded = 0, agree = 0, outside = 0, caught = 0, within = 0, raised = 0;

	mt_arena_init(&arena, 4096, 1u << 20);
	n = load(hops, &arena);
	for (size_t i = 0; i < n; i++) {
		int64_t sec;

		decoded += mt_queueid_time(&sec, &hops[i], hops[i].date.unix_sec);
		agree += !mt_queueid_contradicts(&hops[i]);
		for (size_t j = 0; j < n; j++) {
			struct mt_hop mixed = hops[i];
			int64_t off;

			mixed.date = hops[j].date;
			if (!mt_queueid_time(&sec, &mixed, mixed.date.unix_sec))
				continue;
			off = sec - mixed.date.unix_sec;
			if (off > LATER_SEC || off < -EARLIER_SEC) {
				outside++;
				caught += mt_queueid_contradicts(&mixed);
			} else {
				within++;
				raised += mt_queueid_contradicts(&mixed);
			}
		}
	}
	tap_ok(n >= 40 && decoded == n, "%zu real lines, each id holds a clock", n);
	tap_ok(n > 0 && agree == n, "%zu of %zu clocks agree with the date of their line", agree, n);
	tap_ok(outside > 1000 && caught == outside, "dates exchanged between lines: %zu of %zu caught", caught, outside);
	tap_ok(within >= n && raised == 0, "%zu exchanged dates within the tolerance, none raised", within);
	mt_arena_fini(&arena);
}

/* ---- a property: whatever the time, the id that holds it contradicts every other date ---------- */

#define FROM_SEC INT64_C(788918400)	/* 1995-01-01 */
#define SPAN_SEC (INT64_C(86400) * 365 * 29)	/* less than the 30 years in which Sendmail's repeat */
#define TIMES 4000

/* Numbers that are the same in each run. */
static uint64_t
next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char *
write_digits(char *at, int64_t value, int n, const char *alphabet)
{
	int64_t base = (int64_t)strlen(alphabet);

	for (int i = n; i-- > 0; value /= base)
		at[i] = alphabet[value % base];
	return at + n;
}

#define BASE60 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
#define BASE62 BASE60 "yz"
#define BASE52 "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

static void
write_sendmail(char *id, int64_t sec, uint64_t more)
{
	time_t at = (time_t)sec;
	struct tm tm;
	const int parts[] = { gmtime_r(&at, &tm)->tm_year % 60, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		(int)(more % 60), (int)(more / 60 % 60) };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		id = write_digits(id, parts[i], 1, BASE60);
	*write_digits(id, (int64_t)(more % 1000000), 6, "0123456789") = '\0';
}

static void
write_exim(char *id, int64_t sec, uint64_t more)
{
	id = write_digits(id, sec, 6, BASE62);
	*id++ = '-';
	id = write_digits(id, (int64_t)(more % 1000000), 6, BASE62);
	*id++ = '-';
	*write_digits(id, (int64_t)(more % 1000), 2, BASE62) = '\0';
}

static void
write_exim_long(char *id, int64_t sec, uint64_t more)
{
	id = write_digits(id, sec, 6, BASE62);
	*id++ = '-';
	id = write_digits(id, (int64_t)(more % 100000000), 11, BASE62);
	*id++ = '-';
	*write_digits(id, (int64_t)(more % 100000), 4, BASE62) = '\0';
}

static void
write_postfix(char *id, int64_t sec, uint64_t more)
{
	id = write_digits(id, sec, 6, BASE52);
	id = write_digits(id, (int64_t)(more % 1000000), 4, BASE52);
	*id++ = 'z';
	*write_digits(id, (int64_t)(more % 100000), 4, "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxy") = '\0';
}

static void
test_property(void)
{
	static const struct {
		const char *name, *dialect;
		void (*write)(char *id, int64_t sec, uint64_t more);
	} kinds[] = {
		{ "Sendmail", "sendmail", write_sendmail }, { "Exim, short", "exim", write_exim },
		{ "Exim, long", "exim", write_exim_long }, { "Postfix, long", "postfix", write_postfix },
	};

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		uint64_t state = 88172645463325252u + k;
		unsigned right = 0, caught = 0, shuffled = 0;

		for (unsigned i = 0; i < TIMES; i++) {
			int64_t sec = FROM_SEC + (int64_t)(next_number(&state) % SPAN_SEC), read = 0;
			int64_t other = FROM_SEC + (int64_t)(next_number(&state) % SPAN_SEC);
			struct mt_hop hop = { .dialect = kinds[k].dialect, .date = { true, true, 0, sec } };
			char id[32];

			kinds[k].write(id, sec, next_number(&state));
			hop.id = mt_span_text(id);
			right += mt_queueid_time(&read, &hop, sec) && read == sec && !mt_queueid_contradicts(&hop);
			hop.date.unix_sec = other;
			if (other >= sec - LATER_SEC && other <= sec + EARLIER_SEC)
				continue;
			shuffled++;
			caught += mt_queueid_contradicts(&hop);
		}
		tap_ok(right == TIMES, "%s: %u of %u times are read out of their ids", kinds[k].name, right, TIMES);
		tap_ok(shuffled > TIMES - 100 && caught == shuffled, "%s: %u of %u shuffled dates are caught", kinds[k].name, caught,
		    shuffled);
	}
}

int
main(void)
{
	test_cases();
	test_tolerance();
	test_real();
	test_property();
	return tap_done();
}
