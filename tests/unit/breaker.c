/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/source/breaker.h"

#include "tests/unit/tap.h"

enum step_kind { ASKED, PASSES, HELD, FAILS, OPENS, ANSWERS, CLOSES, SILENT, SILENT_OPENS, HEARD, HEARD_CLOSES };

struct step {
	enum step_kind kind;
	int64_t at;
	const char *label;
	uint32_t zone;			/* of FAILS and OPENS; 0: another one each time */
};

/* Failures of many zones, whatever the servers say to probes. */
static const struct step zones[] = {
	{ FAILS, 0, "one failure", 0 },
	{ FAILS, 0, "two", 0 },
	{ ANSWERS, 0, "an answer begins the count anew", 0 },
	{ FAILS, 0, "asked before the answer", 0 },
	{ FAILS, 0, "so these", 0 },
	{ FAILS, 0, "do not count", 0 },
	{ FAILS, 0, "however many they are", 0 },
	{ FAILS, 0, "or of how many zones", 0 },
	{ PASSES, 0, "not open", 0 },
	{ ASKED, 0, NULL, 0 },
	{ FAILS, 0, "one", 0 },
	{ FAILS, 0, "two", 0 },
	{ FAILS, 0, "three", 0 },
	{ HEARD, 0, "a probe that is answered changes nothing", 0 },
	{ PASSES, 0, "four are not five", 0 },
	{ FAILS, 0, "four", 0 },
	{ OPENS, 100, "the fifth opens it", 0 },
	{ FAILS, 100, "it opens once", 0 },
	{ HELD, 1099, "held for a second", 0 },
	{ PASSES, 1100, "one question", 0 },
	{ HELD, 1100, "and no other", 0 },
	{ HELD, 3099, "held for two seconds", 0 },
	{ PASSES, 3100, "another one", 0 },
	{ HELD, 7099, "held for four", 0 },
	{ PASSES, 7100, "a third one", 0 },
	{ HEARD, 7200, "servers that answer probes alone do not close it", 0 },
	{ HELD, 12099, "held for five", 0 },
	{ PASSES, 12100, "a fourth one", 0 },
	{ PASSES, 17100, "five stay five", 0 },
	{ CLOSES, 17200, "an answer closes it", 0 },
	{ PASSES, 17200, "all pass", 0 },
	{ ANSWERS, 17200, "it closes once", 0 },
	{ FAILS, 17200, "what was asked before it closed does not open it", 0 },
	{ ASKED, 17200, NULL, 0 },
	{ FAILS, 17200, "one asked since", 0 },
	{ FAILS, 17200, "two", 0 },
	{ FAILS, 17200, "three", 0 },
	{ FAILS, 17200, "four", 0 },
	{ OPENS, 17200, "the fifth opens it again", 0 },
};

/* One zone on a quiet host. */
static const struct step zone[] = {
	{ FAILS, 0, "one", 1 }, { FAILS, 0, "two", 1 }, { FAILS, 0, "three", 1 }, { FAILS, 0, "four", 1 },
	{ FAILS, 0, "five of one zone", 1 },
	{ FAILS, 0, "six", 1 }, { FAILS, 0, "and another zone", 2 }, { FAILS, 0, "and a third one", 3 },
	{ FAILS, 0, "which comes back", 3 },
	{ PASSES, 0, "do not open it", 0 },
	{ OPENS, 0, "a fourth zone does", 4 },
	{ HELD, 0, "it is open", 0 },
};

/* Many zones, and then it turns out that the servers answer nothing. */
static const struct step both[] = {
	{ FAILS, 0, "one", 0 }, { FAILS, 0, "two", 0 }, { FAILS, 0, "three", 0 }, { FAILS, 0, "four", 0 },
	{ OPENS, 0, "five of five zones", 0 },
	{ SILENT, 0, "no answer to probes", 0 },
	{ HELD, 99999, "no question is a probe any more", 0 },
	{ HEARD_CLOSES, 99999, "a probe that is answered closes it", 0 },
};

/* Servers that answer nothing at all. */
static const struct step silence[] = {
	{ SILENT, 0, "no answer to probes", 0 },
	{ PASSES, 0, "alone does not open it", 0 },
	{ FAILS, 0, "one failure", 1 }, { FAILS, 0, "two", 1 }, { FAILS, 0, "three", 1 }, { FAILS, 0, "four", 1 },
	{ OPENS, 0, "five of one zone do, where the servers are silent", 1 },
	{ HELD, 1000, "then no question is a probe", 0 },
	{ HELD, 99999, "at any time", 0 },
	{ SILENT, 99999, "it opens once", 0 },
	{ HEARD_CLOSES, 99999, "a probe that is answered closes it", 0 },
	{ PASSES, 99999, "all pass", 0 },
	{ FAILS, 99999, "one", 1 }, { FAILS, 99999, "two", 1 }, { FAILS, 99999, "three", 1 }, { FAILS, 99999, "four", 1 },
	{ FAILS, 99999, "five", 1 },
	{ SILENT_OPENS, 99999, "no answer to probes after five failures", 0 },
	{ CLOSES, 99999, "an answer to a question closes it as well", 0 },
};

static void
play(const char *name, const struct step *steps, size_t n)
{
	struct mt_breaker breaker = { .limit = 5 };
	uint64_t mark = mt_breaker_mark(&breaker);
	uint32_t another = 100;

	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		bool got = false, want = false;

		switch (s->kind) {
		case ASKED:
			mark = mt_breaker_mark(&breaker);
			continue;
		case PASSES:
		case HELD:
			got = mt_breaker_pass(&breaker, s->at);
			want = s->kind == PASSES;
			break;
		case FAILS:
		case OPENS:
			got = mt_breaker_failed(&breaker, mark, s->zone != 0 ? s->zone : another++, s->at);
			want = s->kind == OPENS;
			break;
		case ANSWERS:
		case CLOSES:
			got = mt_breaker_answered(&breaker);
			want = s->kind == CLOSES;
			break;
		case SILENT:
		case SILENT_OPENS:
			got = mt_breaker_silent(&breaker, s->at);
			want = s->kind == SILENT_OPENS;
			break;
		case HEARD:
		case HEARD_CLOSES:
			got = mt_breaker_heard(&breaker);
			want = s->kind == HEARD_CLOSES;
			break;
		}
		tap_ok(got == want, "%s: %s", name, s->label);
	}
}

static const struct { const char *a, *b; bool same; } pairs[] = {
	{ "mail.example.net", "MX.Example.NET.", true }, { "a.b.example.net", "example.net", true },
	{ "example.net", "example.org", false }, { "net", "org", false }, { "", "", true },
	{ "xexample.net", "example.net", false },
	{ "7.2.0.192.in-addr.arpa", "9.8.0.192.in-addr.arpa", true }, { "7.2.0.192.in-addr.arpa", "7.2.1.192.in-addr.arpa", false },
	{ "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "2.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", true },
	{ "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "0.0.0.0.9.b.d.0.1.0.0.2.ip6.arpa", false },
};

int
main(void)
{
	struct mt_breaker never = { .limit = 0 };
	bool opened = false;

	play("zones", zones, sizeof zones / sizeof *zones);
	play("zone", zone, sizeof zone / sizeof *zone);
	play("both", both, sizeof both / sizeof *both);
	play("silence", silence, sizeof silence / sizeof *silence);
	for (unsigned i = 0; i < 1000; i++)
		opened |= mt_breaker_failed(&never, mt_breaker_mark(&never), i, 0);
	opened |= mt_breaker_silent(&never, 0);
	tap_ok(!opened && mt_breaker_pass(&never, 0), "without a limit it never opens");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		tap_ok((mt_breaker_zone(pairs[i].a) == mt_breaker_zone(pairs[i].b)) == pairs[i].same, "\"%s\" and \"%s\" are %s",
		    pairs[i].a, pairs[i].b, pairs[i].same ? "taken for one zone" : "two zones");
	return tap_done();
}
