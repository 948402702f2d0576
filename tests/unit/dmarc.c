/* SPDX-License-Identifier: BSD-2-Clause */
/* DMARC from its inputs to its word: each rule where it fires and where it must not, and
 * all of it whatever the order in which answers come. */
#include "lib/core/dmarc.h"

#include "lib/source/idna.h"
#include "tests/unit/tap.h"

/* ---- records ------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	bool one;			/* is a record of DMARC */
	const char *policy, *subdomains;
	unsigned marks;			/* 1 strict DKIM, 2 strict SPF, 4 reports, 8 broken */
} records[] = {
	{ "v=DMARC1; p=none", true, "none", NULL, 0 },
	{ "v=DMARC1;p=reject;", true, "reject", NULL, 0 },
	{ "V = DMARC1 ; P = Quarantine ; SP=none", true, "quarantine", "none", 0 },
	{ "v=DMARC1; p=reject; adkim=s; aspf=S; pct=0; fo=1", true, "reject", NULL, 3 },
	{ "v=DMARC1; p=reject; adkim=x; aspf=", true, "reject", NULL, 0 },
	{ "v=DMARC1; rua=mailto:a@example.org; p=reject", true, "reject", NULL, 4 },
	{ "v=DMARC1; p=reject; p=none; adkim=s; adkim=r", true, "reject", NULL, 1 },
	{ "v=DMARC1; p=reject; ; =; nonsense; x=y=z;;", true, "reject", NULL, 0 },
	{ "v=DMARC1; p=no; rua=mailto:a@example.org", true, "none", NULL, 4 },
	{ "v=DMARC1; p=reject; sp=no; rua=junk, mailto:a@example.org!10m", true, "none", NULL, 4 },
	{ "v=DMARC1; p=reject; sp=no", true, NULL, NULL, 8 },
	{ "v=DMARC1; p=no; rua=junk", true, NULL, NULL, 8 },
	{ "v=DMARC1; p=no; rua=mailto:", true, NULL, NULL, 8 },
	{ "v=DMARC1; p=no; rua=mail to:a@example.org", true, NULL, NULL, 8 },
	{ "v=DMARC1", true, NULL, NULL, 8 },
	{ "v=DMARC1; p", true, NULL, NULL, 8 },
	{ " v=DMARC1; p=none", false, NULL, NULL, 0 },
	{ "v=dmarc1; p=none", false, NULL, NULL, 0 },
	{ "v=DMARC1 p=none", false, NULL, NULL, 0 },
	{ "v=DMARC12; p=none", false, NULL, NULL, 0 },
	{ "v=DMARC2; p=none", false, NULL, NULL, 0 },
	{ "p=none; v=DMARC1", false, NULL, NULL, 0 },
	{ "v=spf1 -all", false, NULL, NULL, 0 },
	{ "v", false, NULL, NULL, 0 },
	{ "", false, NULL, NULL, 0 },
};

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
read_records(void)
{
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct mt_dmarc_record r;
		bool one = mt_dmarc_record_read(&r, mt_span_text(records[i].text));
		unsigned marks = (r.strict_dkim ? 1u : 0u) | (r.strict_spf ? 2u : 0u) | (r.reports ? 4u : 0u) | (r.broken ? 8u : 0u);

		tap_ok(one == records[i].one && same_text(r.policy, records[i].policy) &&
		    same_text(r.subdomains, records[i].subdomains) && marks == records[i].marks, "record \"%s\"", records[i].text);
	}
}

/* ---- a world of answers --------------------------------------------------------------------- */

#define REJECT "v=DMARC1; p=reject"
#define STRICT "v=DMARC1; p=reject; adkim=s; aspf=s"

/* Texts of one name, or what goes wrong when it is asked for. */
static const struct zone {
	const char *name;
	enum mt_cause cause;
	const char *texts[3];
	bool cut;
} zones[] = {
	{ "_dmarc.plain.example", 0, { "v=spf1 -all", REJECT }, false },
	{ "_dmarc.strict.example", 0, { STRICT }, false },
	{ "_dmarc.subs.example", 0, { "v=DMARC1; p=reject; sp=quarantine" }, false },
	{ "_dmarc.own.subs.example", 0, { "v=DMARC1; p=none" }, false },
	{ "_dmarc.two.subs.example", 0, { REJECT, "v=DMARC1; p=none" }, false },
	{ "_dmarc.other.subs.example", 0, { "v=spf1 -all" }, false },
	{ "_dmarc.temp.subs.example", MT_CAUSE_SERVFAIL, { NULL }, false },
	{ "_dmarc.two.example", 0, { REJECT, REJECT }, false },
	{ "_dmarc.empty.example", MT_CAUSE_NODATA, { NULL }, false },
	{ "_dmarc.temp.example", MT_CAUSE_TIMEOUT, { NULL }, false },
	{ "_dmarc.late.example", MT_CAUSE_DEADLINE, { NULL }, false },
	{ "_dmarc.off.example", MT_CAUSE_OFFLINE, { NULL }, false },
	{ "_dmarc.broken.example", 0, { "v=DMARC1; p=perhaps" }, false },
	{ "_dmarc.reports.example", 0, { "v=DMARC1; p=perhaps; rua=mailto:a@reports.example" }, false },
	{ "_dmarc.cut.example", 0, { REJECT }, true },
	{ "_dmarc.cut2.example", 0, { REJECT, REJECT }, true },
	{ "_dmarc.xn--bcher-kva.example", 0, { REJECT }, false },
};

#define QUESTIONS 8

struct world {
	struct mt_ask ask;		/* first */
	struct { char name[256]; bool there; struct mt_answer *answer; } questions[QUESTIONS];
	size_t asked;
	bool slow;			/* an answer is there when it was let in */
};

static struct mt_answer *
make_answer(const char *name)
{
	const struct zone *zone = NULL;
	struct mt_answer *answer;
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (strcmp(zones[i].name, name) == 0)
			zone = &zones[i];
	if (zone == NULL)
		return mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
	for (; n < 3 && zone->texts[n] != NULL; n++)
		bytes += strlen(zone->texts[n]) + 1;
	answer = mt_answer_new(zone->cause, n, bytes);
	for (size_t i = 0; i < n; i++)
		mt_answer_set_text(answer, i, mt_span_text(zone->texts[i]));
	answer->cut = zone->cut;
	return answer;
}

static const struct mt_answer *
answer(struct mt_ask *ask, struct mt_span name, enum mt_rrtype type)
{
	struct world *world = (struct world *)ask;
	size_t i = 0;

	if (type != MT_RR_TXT || name.len >= sizeof world->questions[0].name)
		abort();
	while (i < world->asked && !mt_span_equal(mt_span_text(world->questions[i].name), name))
		i++;
	if (i == QUESTIONS)
		abort();
	if (i == world->asked) {
		memcpy(world->questions[i].name, name.ptr, name.len);
		world->questions[i].name[name.len] = '\0';
		world->questions[i].answer = make_answer(world->questions[i].name);
		world->asked++;
	}
	return world->slow && !world->questions[i].there ? NULL : world->questions[i].answer;
}

static void
end_world(struct world *world)
{
	for (size_t i = 0; i < world->asked; i++)
		mt_answer_unref(world->questions[i].answer);
	*world = (struct world){ .asked = 0 };
}

/* ---- cases ------------------------------------------------------------------------------------ */

/* A domain and the word that its check ended with. */
struct word { const char *domain; enum mt_result result; enum mt_cause cause; };

static const struct {
	const char *what, *from;
	struct word spf, dkim[2];
	enum mt_result result;
	enum mt_cause cause;
	const char *policy, *record;	/* where it was found */
	unsigned aligned;		/* 1 SPF, 2 DKIM */
} cases[] = {
	{ "SPF passes for the domain", "a@plain.example", { "plain.example", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0, "reject",
	    "plain.example", 1 },
	{ "SPF passes below it", "a@plain.example", { "b.plain.example", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0, "reject",
	    "plain.example", 1 },
	{ "SPF passes above it", "a@a.plain.example", { "plain.example", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0, "reject",
	    "plain.example", 1 },
	{ "SPF passes beside it", "a@a.plain.example", { "b.plain.example.", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0, "reject",
	    "plain.example", 1 },
	{ "SPF passes elsewhere", "a@plain.example", { "strict.example", MT_PASS, 0 }, { { 0 } }, MT_FAIL, 0, "reject",
	    "plain.example", 0 },
	{ "SPF passes for a name that ends alike", "a@plain.example", { "xplain.example", MT_PASS, 0 }, { { 0 } }, MT_FAIL, 0,
	    "reject", "plain.example", 0 },
	{ "SPF softfails", "a@plain.example", { "plain.example", MT_SOFTFAIL, 0 }, { { 0 } }, MT_FAIL, 0, "reject",
	    "plain.example", 0 },
	{ "SPF has nothing", "a@plain.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0, "reject", "plain.example", 0 },
	{ "strict, SPF passes for the domain", "a@strict.example", { "STRICT.example", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0,
	    "reject", "strict.example", 1 },
	{ "strict, SPF passes below it", "a@strict.example", { "b.strict.example", MT_PASS, 0 }, { { 0 } }, MT_FAIL, 0,
	    "reject", "strict.example", 0 },
	{ "DKIM passes for the domain", "a@plain.example", { NULL, MT_NONE, 0 }, { { "plain.example", MT_PASS, 0 } }, MT_PASS, 0,
	    "reject", "plain.example", 2 },
	{ "the second signature passes", "a@plain.example", { NULL, MT_NONE, 0 }, { { "plain.example", MT_FAIL, 0 },
	    { "b.plain.example", MT_PASS, 0 } }, MT_PASS, 0, "reject", "plain.example", 2 },
	{ "DKIM passes elsewhere", "a@plain.example", { NULL, MT_NONE, 0 }, { { "list.example", MT_PASS, 0 } }, MT_FAIL, 0,
	    "reject", "plain.example", 0 },
	{ "DKIM passes for all of a top level", "a@plain.example", { NULL, MT_NONE, 0 }, { { "example", MT_PASS, 0 } }, MT_FAIL,
	    0, "reject", "plain.example", 0 },
	{ "strict, DKIM passes below it", "a@strict.example", { NULL, MT_NONE, 0 }, { { "b.strict.example", MT_PASS, 0 } },
	    MT_FAIL, 0, "reject", "strict.example", 0 },
	{ "both pass", "a@plain.example", { "plain.example", MT_PASS, 0 }, { { "plain.example", MT_PASS, 0 } }, MT_PASS, 0,
	    "reject", "plain.example", 3 },
	{ "both fail", "a@plain.example", { "plain.example", MT_FAIL, 0 }, { { "plain.example", MT_FAIL, 0 } }, MT_FAIL, 0,
	    "reject", "plain.example", 0 },

	{ "SPF has no answer", "a@plain.example", { "plain.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT }, { { 0 } }, MT_TEMPERROR,
	    MT_CAUSE_TIMEOUT, "reject", "plain.example", 0 },
	{ "SPF has no answer elsewhere", "a@plain.example", { "x.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT }, { { 0 } }, MT_FAIL,
	    0, "reject", "plain.example", 0 },
	{ "SPF has no answer, DKIM passes", "a@plain.example", { "plain.example", MT_TEMPERROR, MT_CAUSE_TIMEOUT },
	    { { "plain.example", MT_PASS, 0 } }, MT_PASS, 0, "reject", "plain.example", 2 },
	{ "DKIM has no answer", "a@plain.example", { "plain.example", MT_FAIL, 0 }, { { "x.example", MT_FAIL, 0 },
	    { "plain.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL } }, MT_TEMPERROR, MT_CAUSE_SERVFAIL, "reject", "plain.example", 0 },
	{ "DKIM has no answer elsewhere", "a@plain.example", { "plain.example", MT_FAIL, 0 },
	    { { "x.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL } }, MT_FAIL, 0, "reject", "plain.example", 0 },
	{ "strict, DKIM has no answer below it", "a@strict.example", { NULL, MT_NONE, 0 },
	    { { "b.strict.example", MT_TEMPERROR, MT_CAUSE_SERVFAIL } }, MT_FAIL, 0, "reject", "strict.example", 0 },
	{ "permerror of both is a fail", "a@plain.example", { "plain.example", MT_PERMERROR, 0 },
	    { { "plain.example", MT_PERMERROR, 0 } }, MT_FAIL, 0, "reject", "plain.example", 0 },
	{ "SPF was not looked at", "a@plain.example", { NULL, MT_SKIPPED, MT_CAUSE_NO_INPUT }, { { 0 } }, MT_SKIPPED,
	    MT_CAUSE_NO_INPUT, "reject", "plain.example", 0 },
	{ "SPF was not looked at elsewhere", "a@plain.example", { "x.example", MT_SKIPPED, MT_CAUSE_OFFLINE }, { { 0 } },
	    MT_FAIL, 0, "reject", "plain.example", 0 },
	{ "SPF was not looked at, DKIM has no answer", "a@plain.example", { NULL, MT_SKIPPED, MT_CAUSE_NO_INPUT },
	    { { "plain.example", MT_TEMPERROR, MT_CAUSE_REFUSED } }, MT_TEMPERROR, MT_CAUSE_REFUSED, "reject", "plain.example", 0 },
	{ "a signature was not looked at", "a@plain.example", { NULL, MT_NONE, 0 },
	    { { "plain.example", MT_SKIPPED, MT_CAUSE_OFFLINE } }, MT_SKIPPED, MT_CAUSE_OFFLINE, "reject", "plain.example", 0 },
	{ "one signature too many is none", "a@plain.example", { NULL, MT_NONE, 0 },
	    { { "plain.example", MT_SKIPPED, MT_CAUSE_LIMIT } }, MT_FAIL, 0, "reject", "plain.example", 0 },

	{ "the organization's policy", "a@b.subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0, "quarantine",
	    "subs.example", 0 },
	{ "the organization's own policy", "a@subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0, "reject",
	    "subs.example", 0 },
	{ "its own record before the organization's", "a@own.subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0, "none",
	    "own.subs.example", 0 },
	{ "another text beside it is no record", "a@other.subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0,
	    "quarantine", "subs.example", 0 },
	{ "two records below do not lead above", "a@two.subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, 0, NULL, NULL, 0 },
	{ "no answer below does not lead above", "a@temp.subs.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_TEMPERROR,
	    MT_CAUSE_SERVFAIL, NULL, NULL, 0 },
	{ "no answer above", "a@b.temp.example", { "b.temp.example", MT_PASS, 0 }, { { 0 } }, MT_TEMPERROR, MT_CAUSE_TIMEOUT,
	    NULL, NULL, 0 },
	{ "no record", "a@nothing.example", { "nothing.example", MT_PASS, 0 }, { { 0 } }, MT_NONE, MT_CAUSE_NXDOMAIN, NULL, NULL, 0 },
	{ "no record, no data", "a@empty.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, MT_CAUSE_NODATA, NULL, NULL, 0 },
	{ "no record anywhere", "a@b.c.nothing.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, MT_CAUSE_NXDOMAIN, NULL, NULL, 0 },
	{ "two records", "a@two.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, 0, NULL, NULL, 0 },
	{ "no answer", "a@temp.example", { "temp.example", MT_PASS, 0 }, { { 0 } }, MT_TEMPERROR, MT_CAUSE_TIMEOUT, NULL, NULL, 0 },
	{ "no answer until the end", "a@late.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_TEMPERROR, MT_CAUSE_DEADLINE, NULL, NULL, 0 },
	{ "nobody asked", "a@off.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_SKIPPED, MT_CAUSE_OFFLINE, NULL, NULL, 0 },
	{ "a record without a policy", "a@broken.example", { "broken.example", MT_PASS, 0 }, { { 0 } }, MT_PERMERROR, 0, NULL,
	    "broken.example", 0 },
	{ "the same, reports wanted", "a@reports.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_FAIL, 0, "none", "reports.example", 0 },
	{ "more records than are kept", "a@cut.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_TEMPERROR, MT_CAUSE_LIMIT, NULL, NULL, 0 },
	{ "two of more than are kept", "a@cut2.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, 0, NULL, NULL, 0 },

	{ "two authors of one domain", "a@plain.example, b@plain.example", { "plain.example", MT_PASS, 0 }, { { 0 } }, MT_PASS, 0,
	    "reject", "plain.example", 1 },
	{ "two authors of two", "a@plain.example, b@strict.example", { "plain.example", MT_PASS, 0 }, { { 0 } }, MT_PERMERROR, 0,
	    NULL, NULL, 0 },
	{ "a group of nobody", "nobody:;", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, MT_CAUSE_NO_INPUT, NULL, NULL, 0 },
	{ "an address literal", "a@[192.0.2.7]", { NULL, MT_NONE, 0 }, { { 0 } }, MT_NONE, MT_CAUSE_NO_INPUT, NULL, NULL, 0 },
	{ "no address", "somebody", { NULL, MT_NONE, 0 }, { { 0 } }, MT_PERMERROR, MT_CAUSE_NO_INPUT, NULL, NULL, 0 },
	{ "what cannot be read", "\"a@plain.example", { NULL, MT_NONE, 0 }, { { 0 } }, MT_PERMERROR, 0, NULL, NULL, 0 },
};

#define CASES (sizeof cases / sizeof *cases)

struct inputs {
	struct mt_span from;
	struct mt_signature signatures[2];
	struct mt_dmarc_input input;
};

/* Everything known; the second run takes parts of it away. */
static void
make_inputs(struct inputs *in, size_t c)
{
	unsigned n = 0;

	*in = (struct inputs){ .from = mt_span_text(cases[c].from) };
	for (; n < 2 && cases[c].dkim[n].domain != NULL; n++) {
		in->signatures[n].domain = mt_span_text(cases[c].dkim[n].domain);
		in->signatures[n].result = cases[c].dkim[n].result;
		in->signatures[n].cause = cases[c].dkim[n].cause;
	}
	in->input = (struct mt_dmarc_input){ .from = &in->from, .nfrom = 1, .signatures = in->signatures, .nsignatures = n,
		.idna = mt_idna_tables(), .dkim = { .result = n == 0 ? MT_NONE : MT_PASS } };
	in->input.spf.domain = mt_span_text(cases[c].spf.domain);
	in->input.spf.result = cases[c].spf.result;
	in->input.spf.cause = cases[c].spf.cause;
}

static bool
as_wanted(const struct mt_dmarc *d, size_t c)
{
	struct mt_span record = mt_span_text(cases[c].record);

	return d->result == cases[c].result && d->cause == cases[c].cause && same_text(d->policy, cases[c].policy) &&
	    mt_span_equal(d->record_domain, record) && (d->spf_aligned ? 1u : 0u) + (d->dkim_aligned ? 2u : 0u) == cases[c].aligned &&
	    (d->result == MT_PASS) == (d->why.ptr == NULL);
}

static void
one_case(size_t c)
{
	struct world world = { .ask = { answer } };
	struct mt_arena arena;
	struct mt_dmarc d;
	struct inputs in;

	mt_arena_init(&arena, 256, 65536);
	make_inputs(&in, c);
	mt_dmarc_check(&d, &arena, &world.ask, &in.input);
	if (!tap_ok(as_wanted(&d, c), "%s: %s", cases[c].what, mt_result_word(cases[c].result)))
		tap_note("got %s (%s), %s, %.*s, %d %d: %.*s", mt_result_word(d.result), mt_cause_word(d.cause),
		    d.policy == NULL ? "-" : d.policy, MT_SPAN_ARG(d.record_domain), d.spf_aligned, d.dkim_aligned, MT_SPAN_ARG(d.why));
	end_world(&world);
	mt_arena_fini(&arena);
}

/* ---- order ------------------------------------------------------------------------------------- */

static unsigned
next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Lets in one more thing at random: an answer, SPF, or the signatures.  False: all is in. */
static bool
let_in(struct world *world, bool *spf, bool *dkim, unsigned *state)
{
	size_t waiting[QUESTIONS + 2], n = 0, pick;

	for (size_t i = 0; i < world->asked; i++)
		if (!world->questions[i].there)
			waiting[n++] = i;
	if (!*spf)
		waiting[n++] = QUESTIONS;
	if (!*dkim)
		waiting[n++] = QUESTIONS + 1;
	if (n == 0)
		return false;
	pick = waiting[next_random(state) % n];
	if (pick < QUESTIONS)
		world->questions[pick].there = true;
	else if (pick == QUESTIONS)
		*spf = true;
	else
		*dkim = true;
	return true;
}

/* Answers come one by one: what is said before the end is what the end says, or unknown. */
static bool
one_order(size_t c, unsigned *state)
{
	struct world world = { .ask = { answer }, .slow = true };
	bool spf = false, dkim = false, good = true;
	struct mt_arena arena;
	struct mt_dmarc d;

	mt_arena_init(&arena, 256, 65536);
	do {
		struct inputs in;

		make_inputs(&in, c);
		if (!spf)
			in.input.spf = (struct mt_spf){ .result = MT_UNKNOWN };
		if (!dkim) {
			in.input.dkim.result = MT_UNKNOWN;
			in.input.nsignatures = 0;
		}
		mt_dmarc_check(&d, &arena, &world.ask, &in.input);
		good &= d.result == MT_UNKNOWN || as_wanted(&d, c);
	} while (let_in(&world, &spf, &dkim, state));
	good &= d.result != MT_UNKNOWN;
	end_world(&world);
	mt_arena_fini(&arena);
	return good;
}

static void
orders(void)
{
	unsigned state = 7489;

	for (size_t c = 0; c < CASES; c++) {
		bool good = true;

		for (unsigned round = 0; round < 50; round++)
			good &= one_order(c, &state);
		tap_ok(good, "%s: the same in fifty orders of the answers", cases[c].what);
	}
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static void
early_questions(void)
{
	struct world world = { .ask = { answer }, .slow = true };
	struct mt_span from[2] = { MT_SPAN("a@b.plain.example"), MT_SPAN("a@b.plain.example") };
	struct mt_dmarc_input input = { .from = from, .nfrom = 1 };
	struct mt_arena arena;
	struct mt_dmarc d;

	mt_arena_init(&arena, 256, 65536);
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_UNKNOWN && world.asked == 2 &&
	    strcmp(world.questions[0].name, "_dmarc.b.plain.example") == 0 &&
	    strcmp(world.questions[1].name, "_dmarc.plain.example") == 0 && mt_span_same_text(d.domain, "b.plain.example"),
	    "both questions are asked before SPF and DKIM are known");
	world.slow = false;
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_UNKNOWN && same_text(d.policy, "reject") && world.asked == 2,
	    "and then SPF and DKIM are waited for");
	input.spf.result = MT_NONE;
	input.dkim.result = MT_NONE;
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_FAIL, "until they are known");
	input.dkim = (struct mt_fact){ MT_SKIPPED, MT_CAUSE_NOT_NEEDED, 0 };
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_SKIPPED && d.cause == MT_CAUSE_NOT_NEEDED,
	    "no fail where nobody looked at signatures");
	input.nfrom = 0;
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_PERMERROR, "no From field");
	input.nfrom = 2;
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_PERMERROR, "two From fields");
	end_world(&world);
	mt_arena_fini(&arena);
}

static void
other_scripts(void)
{
	struct world world = { .ask = { answer } };
	struct mt_span from = MT_SPAN("a@b\xc3\xbc" "cher.example"), longest = { NULL, 0 };
	struct mt_dmarc_input input = { .from = &from, .nfrom = 1, .dkim = { .result = MT_NONE },
		.spf = { .result = MT_PASS, .domain = MT_SPAN("B\xc3\x9c" "CHER.example") } };
	struct mt_arena arena;
	struct mt_dmarc d;
	char name[320] = "a@";

	mt_arena_init(&arena, 256, 65536);
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_SKIPPED && d.cause == MT_CAUSE_BAD_NAME,
	    "a name in another script, without tables");
	input.idna = mt_idna_tables();
	if (input.idna != NULL)
		tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_PASS && d.spf_aligned, "and with them");
	for (size_t i = 0; i < 249; i++)
		name[2 + i] = i % 50 == 49 ? '.' : 'x';
	longest = mt_span_text(name);
	input.from = &longest;
	tap_ok(mt_dmarc_check(&d, &arena, &world.ask, &input) == MT_NONE && world.questions[world.asked - 1].name[0] == '_',
	    "a domain with no room for a record has none");
	end_world(&world);
	mt_arena_fini(&arena);
}

/* The author's domain is what is kept: 13 letters and a NUL. */
static void
no_memory(void)
{
	struct mt_span from = MT_SPAN("a@plain.example");
	struct mt_dmarc_input input = { .from = &from, .nfrom = 1, .dkim = { .result = MT_NONE }, .spf = { .result = MT_NONE } };
	bool good = true;

	for (size_t ceiling = 0; ceiling < 20; ceiling++) {
		struct world world = { .ask = { answer } };
		struct mt_arena arena;
		struct mt_dmarc d;

		mt_arena_init(&arena, 1, ceiling);
		mt_dmarc_check(&d, &arena, &world.ask, &input);
		good &= ceiling < 14 ? d.result == MT_TEMPERROR && d.cause == MT_CAUSE_LIMIT : d.result == MT_FAIL;
		end_world(&world);
		mt_arena_fini(&arena);
	}
	tap_ok(good, "a lack of memory accuses nobody");
}

int
main(void)
{
	read_records();
	for (size_t c = 0; c < CASES; c++)
		one_case(c);
	orders();
	early_questions();
	other_scripts();
	no_memory();
	return tap_done();
}
