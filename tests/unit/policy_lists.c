/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules on lists: what holds, what is not decided yet, and that neither an early verdict nor
 * a list that fails can do what the end, or its answer, would not have done. */
#include "lib/core/policy.h"
#include "tests/unit/tap.h"
#include "tests/unit/truth.h"

#define B(r) MT_BIT(MT_##r)
#define S(text) { text, sizeof(text) - 1 }
#define PATTERNS(...) { (const struct mt_span[]){ __VA_ARGS__ }, \
	sizeof((const struct mt_span[]){ __VA_ARGS__ }) / sizeof(struct mt_span) }
#define ROW(b, n, c) { .byte = { { 127, 127, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { (b), (b), 0 } }, .name = S(n), .class = S(c) }
#define CODES(t) .codes = t, .ncodes = sizeof(t) / sizeof *(t)

static const struct mt_dnsbl_code bad[] = { ROW(2, "sbl", "spam"), ROW(4, "xbl", "exploited") };
static const struct mt_dnsbl_code worse[] = { ROW(2, "worse", "spam") };
static const struct mt_dnsbl_code good[] = { ROW(2, "partner", "believed"), ROW(3, "known", "known") };

#define ZONES 3
static const struct mt_dnsbl_zone zones[ZONES] = {
	{ .zone = S("bad.example"), .check = MT_DNSBL_CLIENT | MT_DNSBL_HOPS, CODES(bad) },
	{ .zone = S("worse.example"), .check = MT_DNSBL_CLIENT, CODES(worse) },
	{ .zone = S("good.example"), .check = MT_DNSBL_CLIENT | MT_DNSBL_HOPS, .allow = true, CODES(good) },
};
static const struct mt_dnsbl dnsbl = { zones, ZONES };

/* ---- one condition -------------------------------------------------------------------- */

static const struct mt_condition listed = { .subject = MT_SUBJECT_DNSBL, .words = B(LISTED) };
static const struct mt_condition clean = { .subject = MT_SUBJECT_DNSBL, .words = B(CLEAN) };
static const struct mt_condition dead = { .subject = MT_SUBJECT_DNSBL, .words = B(DEAD) | B(TEMPERROR) };
static const struct mt_condition exploited = { .subject = MT_SUBJECT_DNSBL, .patterns = PATTERNS(S("exploited")), .zones = 1 };
static const struct mt_condition by_name = { .subject = MT_SUBJECT_DNSBL, .patterns = PATTERNS(S("worse")), .zones = 2 };
static const struct mt_condition spam = { .subject = MT_SUBJECT_DNSBL, .patterns = PATTERNS(S("spam")), .zones = 3 };
static const struct mt_condition not_believed = { .subject = MT_SUBJECT_DNSBL, .not_patterns = PATTERNS(S("believed")),
	.not_zones = 4 };
static const struct mt_condition spam_not_believed = { .subject = MT_SUBJECT_DNSBL, .patterns = PATTERNS(S("spam")),
	.zones = 3, .not_patterns = PATTERNS(S("believed")), .not_zones = 4 };
static const struct mt_condition clean_or_believed = { .subject = MT_SUBJECT_DNSBL, .words = B(CLEAN),
	.patterns = PATTERNS(S("believed")), .zones = 4 };
static const struct mt_condition listed_not_xbl = { .subject = MT_SUBJECT_DNSBL, .words = B(LISTED),
	.not_patterns = PATTERNS(S("xbl")), .not_zones = 1 };
static const struct mt_condition not_listed_or_xbl = { .subject = MT_SUBJECT_DNSBL, .not_words = B(LISTED),
	.patterns = PATTERNS(S("exploited")), .zones = 1 };

/* What the three lists answer: nothing, a last byte of 127.0.0.0/24, or one of these. */
enum { NOT = 0, OUT = 1000, TIME_OUT, REFUSES, ALIEN, OFFLINE };

static const struct {
	const char *name;
	const struct mt_condition *condition;
	int answers[ZONES];
	enum truth truth;
	bool blocked;			/* no, but for want of an answer */
} conditions[] = {
	{ "listed", &listed, { 2, NOT, NOT }, YES },
	{ "listed, others are out", &listed, { 2, OUT, OUT }, YES },
	{ "listed, others fail", &listed, { 2, TIME_OUT, REFUSES }, YES },
	{ "not listed", &listed, { NOT, NOT, NOT }, NO },
	{ "not listed yet", &listed, { NOT, OUT, NOT }, NOT_YET },
	{ "not listed, and whom to believe is out", &listed, { NOT, NOT, OUT }, NO },
	{ "believed is not listed", &listed, { NOT, NOT, 2 }, NO },
	{ "not listed, but one fails", &listed, { NOT, TIME_OUT, NOT }, NO, true },
	{ "not listed, but one refuses", &listed, { REFUSES, NOT, NOT }, NO, true },
	{ "not listed, but one is not what it was", &listed, { ALIEN, NOT, NOT }, NO, true },
	{ "not listed, and whom to believe fails", &listed, { NOT, NOT, TIME_OUT }, NO },
	{ "a code of no row is not listed, for certain", &listed, { 77, NOT, NOT }, NO },
	{ "nor clean", &clean, { 77, NOT, NOT }, NO },
	{ "clean", &clean, { NOT, NOT, NOT }, YES },
	{ "clean, and whom to believe fails", &clean, { NOT, NOT, TIME_OUT }, YES },
	{ "listed is not clean, others are out", &clean, { 4, OUT, OUT }, NO },
	{ "clean, but one fails", &clean, { NOT, TIME_OUT, NOT }, NO, true },
	{ "trouble that is named", &dead, { NOT, TIME_OUT, NOT }, YES },
	{ "trouble that is named, not all have answered", &dead, { OUT, TIME_OUT, NOT }, NOT_YET },
	{ "a class", &exploited, { 4, NOT, NOT }, YES },
	{ "a class, others are out", &exploited, { 4, OUT, OUT }, YES },
	{ "another class of the same list", &exploited, { 2, OUT, OUT }, NO },
	{ "a class of a list that is out", &exploited, { OUT, NOT, NOT }, NOT_YET },
	{ "a class of a list that is silent", &exploited, { TIME_OUT, NOT, NOT }, NO, true },
	{ "a class, another list is silent", &exploited, { NOT, TIME_OUT, TIME_OUT }, NO },
	{ "a class of a list with a code of no row", &exploited, { 77, NOT, NOT }, NO },
	{ "a name", &by_name, { OUT, 2, OUT }, YES },
	{ "a class of two lists, the first", &spam, { 2, OUT, NOT }, YES },
	{ "a class of two lists, the second", &spam, { TIME_OUT, 2, NOT }, YES },
	{ "a class of two lists, one is silent", &spam, { TIME_OUT, NOT, NOT }, NO, true },
	{ "a class of two lists, one is silent, one is out", &spam, { TIME_OUT, OUT, NOT }, NOT_YET },
	{ "believed, excepted", &not_believed, { NOT, NOT, 2 }, NO },
	{ "known is not believed", &not_believed, { NOT, NOT, 3 }, YES },
	{ "not believed, whatever others say", &not_believed, { OUT, TIME_OUT, NOT }, YES },
	{ "not believed yet", &not_believed, { NOT, NOT, OUT }, NOT_YET },
	{ "not believed, but for a silence", &not_believed, { NOT, NOT, TIME_OUT }, NO, true },
	{ "not believed, but for a refusal", &not_believed, { NOT, NOT, REFUSES }, NO, true },
	{ "nobody was asked whom to believe", &not_believed, { NOT, NOT, OFFLINE }, NO },
	{ "spam and not believed", &spam_not_believed, { 2, OUT, NOT }, YES },
	{ "spam and believed", &spam_not_believed, { 2, OUT, 2 }, NO },
	{ "spam and nobody knows", &spam_not_believed, { 2, NOT, TIME_OUT }, NO, true },
	{ "spam and perhaps believed", &spam_not_believed, { 2, NOT, OUT }, NOT_YET },
	{ "believed and perhaps spam", &spam_not_believed, { OUT, NOT, 2 }, NO },
	{ "clean or believed: clean", &clean_or_believed, { NOT, NOT, OUT }, YES },
	{ "clean or believed: believed", &clean_or_believed, { 2, OUT, 2 }, YES },
	{ "clean or believed: neither", &clean_or_believed, { 2, OUT, NOT }, NO },
	{ "clean or believed: one may come", &clean_or_believed, { TIME_OUT, NOT, OUT }, NOT_YET },
	{ "clean or believed: both failed", &clean_or_believed, { TIME_OUT, NOT, TIME_OUT }, NO, true },
	{ "listed, but not for that", &listed_not_xbl, { 4, NOT, NOT }, NO },
	{ "listed for something else", &listed_not_xbl, { 2, OUT, OUT }, YES },
	{ "listed, perhaps for that", &listed_not_xbl, { OUT, 2, NOT }, NOT_YET },
	{ "a class and a word that excludes it", &not_listed_or_xbl, { 4, NOT, NOT }, NO },
	{ "offline", &listed, { OFFLINE, OFFLINE, OFFLINE }, NO },
	{ "offline, a class", &exploited, { OFFLINE, OFFLINE, OFFLINE }, NO },
};

/* ---- a scripted world ----------------------------------------------------------------- */

struct world {
	struct mt_ask ask;
	const int *answers;		/* by zone */
	struct mt_answer *made[64];
	size_t nmade;
};

static struct mt_answer *
make(int what)
{
	static const enum mt_cause causes[] = { [TIME_OUT - OUT] = MT_CAUSE_TIMEOUT, [OFFLINE - OUT] = MT_CAUSE_OFFLINE };
	struct mt_answer *answer;
	struct mt_ip ip = { 4, { 127, 0, 0, (uint8_t)what } };

	if (what == NOT)
		return mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
	if (what == TIME_OUT || what == OFFLINE)
		return mt_answer_new(causes[what - OUT], 0, 0);
	if (what == REFUSES)
		ip = (struct mt_ip){ 4, { 127, 255, 255, 254 } };
	if (what == ALIEN)
		ip = (struct mt_ip){ 4, { 192, 0, 2, 80 } };
	answer = mt_answer_new(MT_CAUSE_NONE, 1, 0);
	answer->records[0].ip = ip;
	return answer;
}

static size_t
zone_of(struct mt_span name)
{
	size_t z = 0;

	while (z + 1 < ZONES && !mt_name_below(name, zones[z].zone))
		z++;
	return z;
}

static const struct mt_answer *
one_each(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *w = (struct world *)self;
	int what = w->answers[zone_of(name)];

	(void)type;
	return what == OUT ? NULL : (w->made[w->nmade++] = make(what));
}

static void
end(struct world *w)
{
	while (w->nmade > 0)
		mt_answer_unref(w->made[--w->nmade]);
}

static const struct mt_dnsbl_subject client = { 0, { 4, { 192, 0, 2, 7 } } };

static const struct mt_condition always = { .subject = MT_SUBJECT_SENDER, .patterns = PATTERNS(S("*")) };

/* Whether an accepting rule of this condition makes a rejection below it a deferral: the sign
 * that it was kept from being judged. */
static bool
softens(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	static const struct mt_rule deferral = { .action = MT_TEMPFAIL };
	const struct mt_rule rules[2] = { { .conditions = condition, .nconditions = 1, .action = MT_ACCEPT },
		{ .conditions = &always, .nconditions = 1, .action = MT_REJECT, .deferral = &deferral } };
	const struct mt_policy policy = { .rules = rules, .nrules = 2 };
	struct mt_policy_input all = *input;
	struct mt_decision d;

	all.sender_known = true;
	all.sender = MT_SPAN("a@example.net");
	mt_policy_decide(&d, &policy, &all, false);
	return d.decided && d.rule == &deferral;
}

static void
test_conditions(void)
{
	const struct mt_dnsbl_about about = { &client, 1, false, NULL };

	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		struct world w = { .ask = { one_each }, .answers = conditions[i].answers };
		struct mt_listings listings = { 0 };
		struct mt_facts facts = { 0 };
		struct mt_policy_input input = { .facts = &facts, .listings = &listings };
		struct mt_arena arena;

		mt_arena_init(&arena, 4096, 1u << 20);
		mt_dnsbl_check(&listings, &arena, &w.ask, &dnsbl, &about);
		facts.fact[MT_FACT_DNSBL] = listings.fact;
		tap_ok(truth_of(conditions[i].condition, &input) == conditions[i].truth &&
		    softens(conditions[i].condition, &input) == conditions[i].blocked, "condition: %s", conditions[i].name);
		end(&w);
		mt_arena_fini(&arena);
	}
}

static void
test_before(void)
{
	struct mt_listings listings = { 0 };
	struct mt_facts facts = { 0 };
	struct mt_policy_input input = { .facts = &facts };

	tap_ok(truth_of(&exploited, &input) == NOT_YET && truth_of(&not_believed, &input) == NOT_YET &&
	    truth_of(&clean, &input) == NOT_YET, "before anybody was asked nothing is decided");
	input.listings = &listings;
	tap_ok(truth_of(&exploited, &input) == NOT_YET && truth_of(&not_believed, &input) == NOT_YET,
	    "nor where there is but room for what will come");
	facts.fact[MT_FACT_DNSBL].result = MT_SKIPPED;
	tap_ok(truth_of(&exploited, &input) == NO && truth_of(&not_believed, &input) == NO &&
	    truth_of(&clean, &input) == NO, "nobody is to be asked: nothing holds");
	tap_ok(mt_conditions_stage(&exploited, 1) == MT_STAGE_CONNECT, "stage: of the client");
	tap_ok(mt_conditions_stage(&(struct mt_condition){ .subject = MT_SUBJECT_DNSBL, .late = true }, 1) == MT_STAGE_EOM,
	    "stage: of hops");
}

/* ---- properties ----------------------------------------------------------------------- */

static uint64_t
roll(uint64_t *seed, uint64_t sides)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed >> 11) % sides;
}

#define SUBJECTS 3
#define RULES 5
#define CONDITIONS 3
#define NOBODY SUBJECTS			/* column of what a list says of 127.0.0.1 */
#define COLUMNS (SUBJECTS + 1)
#define ITEMS (ZONES * COLUMNS + 1)	/* answers, and that the hops are known */

static const struct mt_dnsbl_subject subjects[SUBJECTS] = { { 0, { 4, { 192, 0, 2, 7 } } }, { 2, { 4, { 192, 0, 2, 8 } } },
	{ 1, { 4, { 192, 0, 2, 9 } } } };
static const struct mt_span words[] = { S("spam"), S("exploited"), S("worse"), S("believed"), S("known") };
static const uint32_t words_of[] = { 3, 1, 2, 4, 4 };

struct random {
	struct mt_ask ask;
	struct mt_condition conditions[RULES][CONDITIONS];
	struct mt_span say[RULES][CONDITIONS][2];
	struct mt_rule rules[RULES], deferrals[RULES];
	struct mt_policy policy;
	int answers[ZONES][COLUMNS];
	enum mt_result states[ZONES];
	unsigned known;			/* of ITEMS */
	struct mt_answer *made[ZONES * SUBJECTS * 2];
	size_t nmade;
};

static const struct mt_answer *
random_answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct random *r = (struct random *)self;
	size_t z = zone_of(name), s = name.ptr[0] == '1' ? NOBODY : (size_t)(name.ptr[0] - '7');

	(void)type;
	return r->known >> (z * COLUMNS + s) & 1 ? (r->made[r->nmade++] = make(r->answers[z][s])) : NULL;
}

static struct mt_condition
random_condition(struct mt_span say[2], uint64_t *seed, bool reject)
{
	const uint64_t trouble = B(TEMPERROR) | B(REFUSED) | B(DEAD) | B(SKIPPED);
	struct mt_condition c = { .subject = MT_SUBJECT_DNSBL, .fact = MT_FACT_DNSBL };
	size_t a = roll(seed, 5), b = roll(seed, 5);

	say[0] = words[a];
	say[1] = words[b];
	if (roll(seed, 2)) {
		c.patterns = (struct mt_patterns){ &say[0], 1 };
		c.zones = words_of[a];
	}
	if (roll(seed, 3) == 0) {
		c.not_patterns = (struct mt_patterns){ &say[1], 1 };
		c.not_zones = words_of[b];
	}
	if (roll(seed, 3) == 0 || (c.patterns.count == 0 && c.not_patterns.count == 0))
		c.words = (roll(seed, 2) ? B(LISTED) : B(CLEAN)) | (roll(seed, 2) && !reject ? trouble & roll(seed, UINT64_MAX) : 0);
	if (roll(seed, 6) == 0 && c.patterns.count > 0)
		c.not_words = roll(seed, 2) ? B(LISTED) : B(TEMPERROR);
	return c;
}

static void
random_world(struct random *r, uint64_t *seed)
{
	static const int what[] = { NOT, NOT, NOT, 2, 3, 4, 77, TIME_OUT, REFUSES, ALIEN };
	static const int nobody[] = { NOT, NOT, NOT, NOT, NOT, NOT, 1, TIME_OUT, REFUSES, ALIEN };
	static const enum mt_result states[] = { MT_UNKNOWN, MT_CLEAN, MT_CLEAN, MT_UNKNOWN, MT_CLEAN, MT_REFUSED, MT_DEAD,
		MT_TEMPERROR };

	*r = (struct random){ .ask = { random_answer } };
	for (size_t i = 0; i < RULES; i++) {
		enum mt_action action = (enum mt_action)roll(seed, MT_ACTIONS);
		size_t n = 1 + roll(seed, CONDITIONS);

		for (size_t k = 0; k < n; k++)
			r->conditions[i][k] = random_condition(r->say[i][k], seed, action == MT_REJECT);
		r->rules[i] = (struct mt_rule){ .conditions = r->conditions[i], .nconditions = n, .action = action,
			.deferral = &r->deferrals[i] };
		r->deferrals[i] = r->rules[i];
		r->deferrals[i].action = MT_TEMPFAIL;
	}
	r->policy = (struct mt_policy){ .rules = r->rules, .nrules = RULES };
	for (size_t z = 0; z < ZONES; z++) {
		r->states[z] = states[roll(seed, 8)];
		for (size_t s = 0; s < SUBJECTS; s++)
			r->answers[z][s] = what[roll(seed, 10)];
		r->answers[z][NOBODY] = nobody[roll(seed, 10)];
	}
}

/* Adds what is known now to the listings, and decides. */
static void
decide(struct mt_decision *decision, struct random *r, struct mt_listings *listings, struct mt_arena *arena, bool last)
{
	bool hops = r->known >> (ITEMS - 1) & 1;
	const struct mt_dnsbl_about about = { subjects, hops ? SUBJECTS : 1, !hops, r->states };
	struct mt_facts facts = { 0 };
	struct mt_policy_input input = { .facts = &facts, .listings = listings };

	mt_dnsbl_check(listings, arena, &r->ask, &dnsbl, &about);
	facts.fact[MT_FACT_DNSBL] = listings->fact;
	mt_policy_decide(decision, &r->policy, &input, last);
	while (r->nmade > 0)
		mt_answer_unref(r->made[--r->nmade]);
}

static void
at_the_end(struct mt_decision *decision, struct random *r)
{
	struct mt_listings listings = { 0 };
	struct mt_arena arena;

	mt_arena_init(&arena, 16384, 1u << 20);
	r->known = (1u << ITEMS) - 1;
	decide(decision, r, &listings, &arena, true);
	mt_arena_fini(&arena);
}

static bool
early_is_late(struct random *r, uint64_t *seed, size_t *early)
{
	struct mt_decision late, now = { 0 };
	struct mt_listings listings = { 0 };
	struct mt_arena arena;
	bool same = true;

	at_the_end(&late, r);
	mt_arena_init(&arena, 16384, 1u << 20);
	for (r->known = 0; r->known != (1u << ITEMS) - 1 && same;) {
		r->known |= 1u << roll(seed, ITEMS);
		decide(&now, r, &listings, &arena, false);
		same = !now.decided || now.rule == late.rule;
		*early += now.decided && r->known != (1u << ITEMS) - 1;
	}
	mt_arena_fini(&arena);
	return same && now.decided && late.decided;
}

static bool
rejects(struct random *r)
{
	struct mt_decision d;

	at_the_end(&d, r);
	return d.rule != NULL && d.rule->action == MT_REJECT;
}

/* A listing that does not count, since the list may have everybody. */
static bool
doubted(const struct random *r, size_t z, size_t s)
{
	const struct mt_ip code = { 4, { 127, 0, 0, (uint8_t)r->answers[z][s] } };
	size_t row;

	return r->states[z] == MT_UNKNOWN && r->answers[z][NOBODY] != NOT && r->answers[z][s] < OUT &&
	    mt_dnsbl_word(&zones[z], &code, &row) == MT_DNSBL_LISTED;
}

/* A rejection stands whatever the lists that failed would have said. */
static bool
nothing_temporary(const struct random *r, uint64_t *seed, size_t *tried)
{
	static const int sound[] = { NOT, 2, 3, 4, 77 };

	for (int i = 0; i < 20; i++) {
		struct random other = *r;

		for (size_t z = 0; z < ZONES; z++) {
			bool off = r->states[z] != MT_UNKNOWN && r->states[z] != MT_CLEAN;

			other.states[z] = MT_UNKNOWN;
			other.answers[z][NOBODY] = NOT;
			for (size_t s = 0; s < SUBJECTS; s++)
				if (off || r->answers[z][s] > OUT || doubted(r, z, s))
					other.answers[z][s] = sound[roll(seed, 5)];
		}
		++*tried;
		if (!rejects(&other))
			return false;
	}
	return true;
}

static void
test_properties(void)
{
	size_t early = 0, rejected = 0, tried = 0;
	uint64_t seed = 5782;
	bool same = true, lasting = true;

	for (int i = 0; i < 20000 && same && lasting; i++) {
		struct random r;

		random_world(&r, &seed);
		same = early_is_late(&r, &seed, &early);
		if (rejects(&r)) {
			rejected++;
			lasting = nothing_temporary(&r, &seed, &tried);
		}
	}
	tap_note("%zu early decisions, %zu rejections, %zu other answers", early, rejected, tried);
	tap_ok(same, "an early verdict is the one of the end, in any order of answers");
	tap_ok(lasting, "no rejection for want of an answer");
	tap_ok(early > 10000 && rejected > 500 && tried > rejected, "both were tried often");
}

int
main(void)
{
	test_conditions();
	test_before();
	test_properties();
	return tap_done();
}
