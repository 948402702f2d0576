/* SPDX-License-Identifier: BSD-2-Clause */
/* Health of lists: what a probe means, when there is one, and who is told. */
#include "lib/engine/lists.h"

#include <pthread.h>

#include "tests/unit/tap.h"

#define S(text) { text, sizeof(text) - 1 }
#define V4(last) last ".0.0.127.l.example"
#define V6(last) last ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.l.example"

static const struct mt_dnsbl_zone zones[] = {
	{ .zone = S("l.example"), .check = MT_DNSBL_CLIENT }, { .zone = S("other.example"), .check = MT_DNSBL_CLIENT },
};
static const struct mt_dnsbl one = { zones, 1 }, two = { zones, 2 }, second = { zones + 1, 1 }, none = { zones, 0 };

/* ---- a scripted resolver -------------------------------------------------------------- */

/* What the entries answer: 127.0.0.2 and .1, then the mapped ones; '-': nothing, '2': code
 * 127.0.0.2, 'r': 127.255.255.254, 'a': an address of somebody else, 't': time-out, 's':
 * SERVFAIL, 'o': nobody is to be asked, 'b': our own breaker, 'n': no memory. */
struct resolver {
	struct mt_resolver resolver;
	char entries[5];
	bool hold;
	pthread_mutex_t lock;
	unsigned asked, held, unknown;
	struct { mt_answer_fn *done; void *ctx; char what; } question[16];
};

static struct mt_answer *
make(char what)
{
	static const struct { char what; enum mt_cause cause; uint8_t ip[4]; } rows[] = {
		{ '-', MT_CAUSE_NXDOMAIN, { 0 } }, { '2', MT_CAUSE_NONE, { 127, 0, 0, 2 } },
		{ 'r', MT_CAUSE_NONE, { 127, 255, 255, 254 } }, { 'a', MT_CAUSE_NONE, { 192, 0, 2, 80 } },
		{ 't', MT_CAUSE_TIMEOUT, { 0 } }, { 's', MT_CAUSE_SERVFAIL, { 0 } }, { 'o', MT_CAUSE_OFFLINE, { 0 } },
		{ 'b', MT_CAUSE_BREAKER, { 0 } },
	};
	struct mt_answer *answer;
	size_t i = 0;

	if (what == 'n')
		return NULL;
	while (rows[i].what != what)
		i++;
	answer = mt_answer_new(rows[i].cause, rows[i].cause == MT_CAUSE_NONE, 0);
	if (answer->nrecords > 0) {
		answer->records[0].ip.family = 4;
		memcpy(answer->records[0].ip.bytes, rows[i].ip, 4);
	}
	return answer;
}

static void
ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	static const char *const names[] = { V4("2"), V4("1"), V6("2"), V6("1") };
	struct resolver *r = (struct resolver *)self;
	char what = '-';
	bool hold;

	pthread_mutex_lock(&r->lock);
	r->asked++;
	r->unknown += type != MT_RR_A;
	for (size_t i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			what = r->entries[i];
	hold = r->hold && r->held < 16;
	if (hold) {
		r->question[r->held].done = done;
		r->question[r->held].ctx = ctx;
		r->question[r->held++].what = what;
	}
	pthread_mutex_unlock(&r->lock);
	if (!hold)
		done(ctx, make(what));
}

static void
release(struct resolver *r)
{
	unsigned held = r->held;

	r->hold = false;
	r->held = 0;
	for (unsigned i = held; i-- > 0;)
		r->question[i].done(r->question[i].ctx, make(r->question[i].what));
}

static void
begin(struct resolver *r, const char *entries)
{
	*r = (struct resolver){ .resolver = { .ask = ask } };
	memcpy(r->entries, entries, 5);
	pthread_mutex_init(&r->lock, NULL);
}

/* ---- what is said --------------------------------------------------------------------- */

struct said {
	unsigned times;
	char line[512];
};

static void
say(void *ctx, int priority, const char *line)
{
	struct said *said = ctx;

	said->times++;
	snprintf(said->line, sizeof said->line, "%d %s", priority, line);
}

static enum mt_result
state_of(const struct mt_lists *lists, size_t z)
{
	enum mt_result states[MT_DNSBL_ZONES];

	mt_lists_states(lists, states);
	return states[z];
}

/* ---- one probe ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *entries;
	enum mt_result state;
	unsigned asked;
	const char *said;		/* a part of it; NULL: nothing is said */
	enum mt_result after;		/* many probes; MT_UNKNOWN: the same */
} probes[] = {
	{ "a sound list", "2---", MT_CLEAN, 2, NULL, 0 },
	{ "a sound list with a code of its own", "2-2-", MT_CLEAN, 2, NULL, 0 },
	{ "a sound list of IPv6 alone", "--2-", MT_CLEAN, 4, NULL, 0 },
	{ "a list of the whole world", "22--", MT_DEAD, 2, "lists 127.0.0.1, and with it the whole world", 0 },
	{ "a list of nobody but the wrong entry", "-2--", MT_DEAD, 2, "lists 127.0.0.1", 0 },
	{ "a list of the whole world of IPv6", "--22", MT_DEAD, 4, "lists ::ffff:127.0.0.1", 0 },
	{ "a list that refuses", "rr--", MT_REFUSED, 2, "4 dnsbl \"l.example\" is switched off until a probe finds it well: it "
	    "refuses our questions", 0 },
	{ "a list that refuses half", "2r--", MT_REFUSED, 2, "refuses our questions", 0 },
	{ "a list that refuses IPv6", "--r-", MT_REFUSED, 4, "refuses our questions", 0 },
	{ "a domain that somebody else has", "aa--", MT_DEAD, 2, "answers with addresses outside of 127.0.0.0/8", 0 },
	{ "an empty list", "----", MT_UNKNOWN, 4, NULL, MT_DEAD },
	{ "a silent list", "tt--", MT_UNKNOWN, 2, NULL, MT_TEMPERROR },
	{ "a list that fails", "ss--", MT_UNKNOWN, 2, NULL, MT_TEMPERROR },
	{ "a list that is silent in part", "2t--", MT_UNKNOWN, 2, NULL, MT_TEMPERROR },
	{ "offline", "oooo", MT_UNKNOWN, 2, NULL, 0 },
	{ "our resolver is out", "bbbb", MT_UNKNOWN, 2, NULL, 0 },
	{ "no memory", "nnnn", MT_UNKNOWN, 2, NULL, 0 },
};

static void
test_probes(void)
{
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
		struct said said = { 0 };
		struct resolver r;
		struct mt_lists *lists = mt_lists_new(&one, NULL, say, &said);
		enum mt_result after = probes[i].after != MT_UNKNOWN ? probes[i].after : probes[i].state;
		int64_t now = 5000;
		bool ok;

		begin(&r, probes[i].entries);
		mt_lists_tick(lists, &r.resolver, now);
		ok = state_of(lists, 0) == probes[i].state && r.asked == probes[i].asked && r.unknown == 0;
		ok = ok && (probes[i].said == NULL ? said.times == 0 : said.times == 1 && strstr(said.line, probes[i].said));
		if (!tap_ok(ok, "%s", probes[i].name))
			tap_note("%s, asked %u, said %s", mt_result_word(state_of(lists, 0)), r.asked, said.line);
		for (int n = 0; n < 10; n++)
			mt_lists_tick(lists, &r.resolver, now += MT_LISTS_PROBE_MSEC);
		ok = state_of(lists, 0) == after && said.times == (after == MT_CLEAN || after == MT_UNKNOWN ? 0 : 1);
		if (!tap_ok(ok, "%s, ten times more: said once at the most", probes[i].name))
			tap_note("%s, said %u times: %s", mt_result_word(state_of(lists, 0)), said.times, said.line);
		/* Whatever it was, it may be well again. */
		memcpy(r.entries, "2---", 5);
		mt_lists_tick(lists, &r.resolver, now + MT_LISTS_PROBE_MSEC);
		ok = state_of(lists, 0) == MT_CLEAN && (said.times == 0 || (said.times == 2 && strcmp(said.line,
		    "5 dnsbl \"l.example\" is well again, and is asked") == 0));
		tap_ok(ok, "%s, and well again", probes[i].name);
		mt_lists_unref(lists);
		pthread_mutex_destroy(&r.lock);
	}
}

/* ---- when ----------------------------------------------------------------------------- */

static void
test_times(void)
{
	struct said said = { 0 };
	struct resolver r;
	struct mt_lists *lists = mt_lists_new(&one, NULL, say, &said);
	int64_t now = -7000000;

	begin(&r, "2---");
	for (int i = 0; i < 100; i++)
		mt_lists_tick(lists, &r.resolver, now);
	tap_ok(r.asked == 2, "the first who comes by probes, and nobody after");
	mt_lists_tick(lists, &r.resolver, now + MT_LISTS_PROBE_MSEC - 1);
	tap_ok(r.asked == 2, "none before the hour");
	now += MT_LISTS_PROBE_MSEC + MT_LISTS_TICK_MSEC;
	memcpy(r.entries, "tt--", 5);
	mt_lists_tick(lists, &r.resolver, now);
	tap_ok(r.asked == 4 && state_of(lists, 0) == MT_CLEAN, "one at the hour; its silence alone means nothing");
	mt_lists_tick(lists, &r.resolver, now + MT_LISTS_AGAIN_MSEC);
	tap_ok(r.asked == 6 && state_of(lists, 0) == MT_CLEAN && said.times == 0, "another soon after, which means nothing yet");
	mt_lists_tick(lists, &r.resolver, now + 2 * MT_LISTS_AGAIN_MSEC);
	tap_ok(r.asked == 8 && state_of(lists, 0) == MT_TEMPERROR && said.times == 1 &&
	    strstr(said.line, "does not answer") != NULL, "the third switches it off");
	memcpy(r.entries, "2---", 5);
	mt_lists_tick(lists, &r.resolver, now + 3 * MT_LISTS_AGAIN_MSEC);
	tap_ok(r.asked == 10 && state_of(lists, 0) == MT_CLEAN && said.times == 2, "an answer switches it on");
	memcpy(r.entries, "tt--", 5);
	now += 4 * MT_LISTS_PROBE_MSEC;
	mt_lists_tick(lists, &r.resolver, now);
	mt_lists_tick(lists, &r.resolver, now + MT_LISTS_AGAIN_MSEC);
	tap_ok(state_of(lists, 0) == MT_CLEAN, "and the count begins anew");
	mt_lists_unref(lists);
	lists = mt_lists_new(&none, NULL, say, &said);
	mt_lists_tick(lists, NULL, INT64_MAX - MT_LISTS_TICK_MSEC);
	tap_ok(lists != NULL, "without lists nobody is asked");
	mt_lists_unref(lists);
	mt_lists_unref(NULL);
}

/* ---- what live answers tell ----------------------------------------------------------- */

static void
test_live(void)
{
	const struct mt_listings refused = { .refused = 2, .failed = 2 }, alien = { .alien = 1, .failed = 1 };
	const struct mt_listings trouble = { .failed = 3 };
	struct said said = { 0 };
	struct resolver r;
	struct mt_lists *lists = mt_lists_new(&two, NULL, say, &said);

	begin(&r, "2---");
	mt_lists_tick(lists, &r.resolver, 0);
	mt_lists_note(lists, &trouble);
	tap_ok(state_of(lists, 0) == MT_CLEAN && said.times == 0, "a live question without an answer switches nothing off");
	mt_lists_note(lists, &refused);
	mt_lists_note(lists, &refused);
	tap_ok(state_of(lists, 0) == MT_CLEAN && state_of(lists, 1) == MT_REFUSED && said.times == 1 &&
	    strstr(said.line, "\"other.example\"") != NULL, "one that is refused does, and is told once");
	mt_lists_note(lists, &alien);
	tap_ok(state_of(lists, 0) == MT_DEAD && said.times == 2, "and one that is answered by somebody else");
	mt_lists_tick(lists, &r.resolver, MT_LISTS_PROBE_MSEC / 2);
	tap_ok(state_of(lists, 0) == MT_DEAD, "until the next probe");
	mt_lists_tick(lists, &r.resolver, MT_LISTS_PROBE_MSEC + MT_LISTS_TICK_MSEC);
	tap_ok(state_of(lists, 0) == MT_CLEAN && state_of(lists, 1) == MT_REFUSED && said.times == 3, "which finds it well");
	mt_lists_unref(lists);
}

/* ---- reload --------------------------------------------------------------------------- */

static void
test_reload(void)
{
	struct said said = { 0 };
	struct resolver r;
	struct mt_lists *old = mt_lists_new(&one, NULL, say, &said), *new, *newer;

	begin(&r, "22--");
	r.hold = true;
	mt_lists_tick(old, &r.resolver, 0);
	new = mt_lists_new(&two, old, say, &said);
	mt_lists_unref(old);
	tap_ok(state_of(new, 0) == MT_UNKNOWN && r.held == 2, "a reload while a probe is under way");
	release(&r);
	tap_ok(state_of(new, 0) == MT_DEAD && said.times == 1, "its answer is heard after it");
	mt_lists_tick(new, &r.resolver, 1000);
	tap_ok(r.asked == 6 && state_of(new, 0) == MT_DEAD, "only the zone that is new is probed");
	newer = mt_lists_new(&second, new, say, &said);
	tap_ok(state_of(newer, 0) == state_of(new, 1), "a zone that stays in another place keeps its state");
	r.hold = true;
	r.held = 0;
	mt_lists_tick(new, &r.resolver, 1000 + MT_LISTS_PROBE_MSEC);
	mt_lists_unref(new);
	mt_lists_unref(newer);
	release(&r);
	tap_ok(said.times == 1, "a probe may end after all that wanted it are gone");
}

/* ---- threads -------------------------------------------------------------------------- */

struct crowd {
	struct mt_lists *lists;
	struct resolver *resolver;
};

static void *
pass_by(void *ctx)
{
	const struct mt_listings refused = { .refused = 1 };
	struct crowd *crowd = ctx;

	for (int i = 0; i < 1000; i++) {
		mt_lists_tick(crowd->lists, &crowd->resolver->resolver, i / 100 * MT_LISTS_PROBE_MSEC);
		state_of(crowd->lists, 0);
		if (i % 50 == 0)
			mt_lists_note(crowd->lists, &refused);
	}
	return NULL;
}

static void
test_threads(void)
{
	struct resolver r;
	struct crowd crowd = { mt_lists_new(&one, NULL, NULL, NULL), &r };
	pthread_t thread[8];
	size_t n = 0;

	begin(&r, "2---");
	while (n < 8 && pthread_create(&thread[n], NULL, pass_by, &crowd) == 0)
		n++;
	for (size_t i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	tap_ok(n > 0 && r.asked >= 2 && r.asked <= 20, "of a crowd one probes at each hour: %u questions", r.asked);
	mt_lists_unref(crowd.lists);
}

int
main(void)
{
	test_probes();
	test_times();
	test_live();
	test_reload();
	test_threads();
	return tap_done();
}
