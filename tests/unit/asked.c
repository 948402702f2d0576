/* SPDX-License-Identifier: BSD-2-Clause */
/* Each question once, within a bound, and each answer for those who asked. */
#include "lib/engine/asked.h"

#include "lib/base/buf.h"
#include "lib/engine/engine.h"
#include "tests/unit/tap.h"

#define QUESTIONS 80

/* A resolver that answers when it is told to. */
struct held {
	struct mt_resolver resolver;
	bool at_once;
	unsigned asked;
	struct { char name[256]; enum mt_rrtype type; mt_answer_fn *done; void *ctx; } questions[QUESTIONS];
};

/* The answer tells the number of its question. */
static void
deliver(struct held *held, unsigned i, enum mt_cause cause)
{
	struct mt_answer *answer = mt_answer_new(cause, cause == MT_CAUSE_NONE, 8);
	char text[16];

	if (cause == MT_CAUSE_NONE) {
		snprintf(text, sizeof text, "%u", i);
		mt_answer_set_text(answer, 0, mt_span_text(text));
		answer->ttl_sec = 60;
	}
	held->questions[i].done(held->questions[i].ctx, answer);
	held->questions[i].done = NULL;
}

static void
hold(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct held *held = (struct held *)self;
	unsigned i = held->asked++;

	if (i >= QUESTIONS)
		abort();
	snprintf(held->questions[i].name, sizeof held->questions[i].name, "%s", name);
	held->questions[i].type = type;
	held->questions[i].done = done;
	held->questions[i].ctx = ctx;
	if (held->at_once)
		deliver(held, i, MT_CAUSE_NONE);
}

static void
let_go(struct mt_resolver *self)
{
	struct held *held = (struct held *)self;

	for (unsigned i = 0; i < held->asked; i++)
		if (held->questions[i].done != NULL)
			deliver(held, i, MT_CAUSE_NETWORK);
}

/* A connection of nobody, which asks nothing by itself. */
struct bench {
	struct held held;
	struct mt_config *config;
	struct mt_engine *engine;
	struct mt_conn *conn;
	struct mt_asked asked;
};

static void
begin(struct bench *b, unsigned most)
{
	struct mt_client nobody = { 0 };
	struct mt_ports ports = { .resolver = &b->held.resolver };

	*b = (struct bench){ .held.resolver = { .ask = hold, .close = let_go } };
	b->config = mt_config_load(NULL, NULL, 0, NULL, NULL, NULL);
	b->engine = mt_engine_open(b->config, &ports, NULL);
	b->conn = mt_conn_open(b->engine, &nobody);
	if (b->conn == NULL)
		abort();
	mt_asked_open(&b->asked, b->conn, NULL, most);
}

static void
end(struct bench *b)
{
	mt_asked_close(&b->asked);
	mt_conn_close(b->conn);
	mt_engine_close(b->engine);
	mt_config_unref(b->config);
}

static const struct mt_answer *
txt(struct mt_asked *asked, const char *name)
{
	return mt_ask(&asked->ask, mt_span_text(name), MT_RR_TXT);
}

/* It is the answer to question n. */
static bool
is(const struct mt_answer *answer, unsigned n)
{
	char text[16];

	snprintf(text, sizeof text, "%u", n);
	return answer != NULL && answer->cause == MT_CAUSE_NONE && strcmp(answer->records[0].text.ptr, text) == 0;
}

static bool
fails(const struct mt_answer *answer, enum mt_cause cause)
{
	return answer != NULL && answer->cause == cause && answer->nrecords == 0;
}

static void
test_once(void)
{
	static char longest[300];
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	b.asked.judge = 4;
	tap_ok(txt(&b.asked, "a.example") == NULL && b.held.asked == 1, "a question is asked at once, and its answer is open");
	tap_ok(txt(&b.asked, "a.example") == NULL && txt(&b.asked, "A.Example") == NULL && txt(&b.asked, "a.example.") == NULL &&
	    b.held.asked == 1, "the same question is one, however it is spelled");
	tap_ok(mt_ask(&b.asked.ask, MT_SPAN("a.example"), MT_RR_MX) == NULL && b.held.asked == 2 && b.held.questions[1].type == MT_RR_MX,
	    "another type is another question");
	deliver(&b.held, 0, MT_CAUSE_NONE);
	tap_ok(txt(&b.asked, "a.example") == NULL && b.asked.news == 0, "an answer counts when it has been taken in");
	mt_conn_apply(b.conn);
	tap_ok(is(txt(&b.asked, "a.example"), 0) && b.asked.news == 4 && mt_ask(&b.asked.ask, MT_SPAN("a.example"), MT_RR_MX) == NULL,
	    "and then to whom asked, and to no other question");
	deliver(&b.held, 1, MT_CAUSE_SERVFAIL);
	mt_conn_apply(b.conn);
	tap_ok(fails(mt_ask(&b.asked.ask, MT_SPAN("a.example"), MT_RR_MX), MT_CAUSE_SERVFAIL), "trouble is an answer");
	b.held.at_once = true;
	tap_ok(is(txt(&b.asked, "b.example"), 2), "an answer at hand is given at once");
	b.held.at_once = false;
	memset(longest, 'x', sizeof longest - 1);
	tap_ok(fails(txt(&b.asked, longest), MT_CAUSE_BAD_NAME) && fails(txt(&b.asked, "a..example"), MT_CAUSE_BAD_NAME) &&
	    fails(txt(&b.asked, ""), MT_CAUSE_BAD_NAME) && b.held.asked == 3, "what is no name is not asked for");
	tap_ok(txt(&b.asked, "c.example") == NULL, "a question more");
	b.held.questions[3].done(b.held.questions[3].ctx, NULL);
	b.held.questions[3].done = NULL;
	mt_conn_apply(b.conn);
	tap_ok(fails(txt(&b.asked, "c.example"), MT_CAUSE_LIMIT), "no memory for its answer is a bound of ours");
	end(&b);
}

/* An answer that is out of date accuses nobody: there is the trouble in its place. */
static void
test_stale(void)
{
	struct mt_answer *fresh = mt_answer_new(MT_CAUSE_NONE, 1, 8), *stale;
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	mt_answer_set_text(fresh, 0, MT_SPAN("0"));
	stale = mt_answer_stale(fresh, MT_CAUSE_TIMEOUT);
	txt(&b.asked, "a.example");
	b.held.questions[0].done(b.held.questions[0].ctx, stale);
	b.held.questions[0].done = NULL;
	mt_answer_unref(fresh);
	mt_conn_apply(b.conn);
	tap_ok(fails(txt(&b.asked, "a.example"), MT_CAUSE_TIMEOUT), "an answer that is out of date is none");
	end(&b);
}

static void
test_bound(void)
{
	struct bench b;

	begin(&b, 3);
	txt(&b.asked, "1.example");
	txt(&b.asked, "2.example");
	txt(&b.asked, "3.example");
	tap_ok(fails(txt(&b.asked, "4.example"), MT_CAUSE_LIMIT) && b.held.asked == 3, "a question beyond the bound is not asked");
	deliver(&b.held, 1, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(is(txt(&b.asked, "2.example"), 1) && txt(&b.asked, "3.example") == NULL, "those before it are as they were");
	end(&b);
	begin(&b, 0);
	tap_ok(fails(txt(&b.asked, "1.example"), MT_CAUSE_LIMIT) && b.held.asked == 0, "a bound of none");
	end(&b);
}

static unsigned
next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* As many as a message may ask, answered in any order. */
static void
test_many(void)
{
	char name[32];
	unsigned state = 1, order[MT_ASKED_MOST];
	bool good = true;
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	for (unsigned i = 0; i < MT_ASKED_MOST; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		good &= txt(&b.asked, name) == NULL;
		order[i] = i;
	}
	good &= b.held.asked == MT_ASKED_MOST && fails(txt(&b.asked, "more.example"), MT_CAUSE_LIMIT);
	for (unsigned i = MT_ASKED_MOST; i > 0; i--) {
		unsigned pick = next_random(&state) % i, n = order[pick];

		order[pick] = order[i - 1];
		deliver(&b.held, n, MT_CAUSE_NONE);
		mt_conn_apply(b.conn);
		snprintf(name, sizeof name, "n%u.example", n);
		good &= is(txt(&b.asked, name), n);
	}
	tap_ok(good, "60 questions, answered in any order, and no more");
	end(&b);
}

static struct mt_answer *
policy(unsigned from)
{
	struct mt_answer *txt = mt_answer_new(MT_CAUSE_NONE, 1, 512);
	char text[512] = "v=spf1";

	for (unsigned i = 0; i < 10; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " include:n%u.example", from + i);
	mt_answer_set_text(txt, 0, mt_span_text(text));
	return txt;
}

/* Judges and what is asked ahead of them have one purse. */
static void
test_ahead(void)
{
	struct bench b;
	struct mt_answer *txt_answer;
	char name[32];
	unsigned asked = 0;

	begin(&b, MT_ASKED_MOST);
	for (unsigned i = 0; i < 5; i++) {
		txt_answer = policy(10 * i);
		mt_ahead_spf(b.conn->lookup->cache, b.conn->budget, txt_answer, MT_RR_A);
		mt_answer_unref(txt_answer);
	}
	tap_ok(b.held.asked == MT_BUDGET_AHEAD, "however many policies come, 20 questions are asked ahead (%u)", b.held.asked);
	while (asked < 2 * MT_ASKED_MOST) {
		snprintf(name, sizeof name, "n%u.example", asked);
		if (txt(&b.asked, name) != NULL)
			break;
		asked++;
	}
	tap_ok(asked == MT_ASKED_MOST && b.held.asked == MT_ASKED_MOST, "what was asked ahead is not charged to a judge again (%u)",
	    asked);
	end(&b);
	begin(&b, MT_ASKED_MOST);
	txt_answer = policy(100);
	mt_ahead_spf(b.conn->lookup->cache, b.conn->budget, txt_answer, MT_RR_A);
	for (asked = 0; asked < 2 * MT_ASKED_MOST; asked++) {
		snprintf(name, sizeof name, "n%u.example", asked);
		if (txt(&b.asked, name) != NULL)
			break;
	}
	tap_ok(asked == MT_ASKED_MOST - 10 && b.held.asked == MT_ASKED_MOST, "and what no judge wanted counts for all");
	mt_budget_begin(b.conn->budget, 35);
	mt_answer_unref(txt_answer);
	txt_answer = policy(200);
	mt_ahead_spf(b.conn->lookup->cache, b.conn->budget, txt_answer, MT_RR_A);
	tap_ok(b.held.asked == MT_ASKED_MOST + 5 && mt_budget_spent(b.conn->budget) == 40,
	    "where much is asked, nothing is ahead of it");
	mt_answer_unref(txt_answer);
	end(&b);
}

/* Whoever has to leave questions for others meets his bound earlier, and they do not. */
static void
test_keep(void)
{
	struct bench b;

	begin(&b, 3);
	b.asked.keep = 2;
	tap_ok(txt(&b.asked, "a.example") == NULL && fails(txt(&b.asked, "b.example"), MT_CAUSE_LIMIT),
	    "two of three questions are left for others");
	b.asked.keep = 0;
	tap_ok(txt(&b.asked, "c.example") == NULL && txt(&b.asked, "d.example") == NULL &&
	    fails(txt(&b.asked, "e.example"), MT_CAUSE_LIMIT), "who may use them");
	end(&b);
}

/* What the connection has asked is not asked again. */
static void
test_also(void)
{
	struct mt_asked message;
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	txt(&b.asked, "own.example");
	mt_asked_open(&message, b.conn, &b.asked, 1);
	message.judge = 2;
	tap_ok(txt(&message, "own.example") == NULL && b.held.asked == 1 && message.count == 0, "what was asked before is not asked again");
	tap_ok(txt(&message, "new.example") == NULL && b.held.asked == 2 && message.count == 1 && b.asked.count == 1,
	    "what was not asked is asked here, and not charged for the other");
	deliver(&b.held, 0, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(is(txt(&message, "own.example"), 0) && message.news == 2, "its answer is told to whom reads it");
	message.closed = true;
	tap_ok(fails(txt(&message, "new.example"), MT_CAUSE_DEADLINE) && is(txt(&message, "own.example"), 0), "at the end what is here counts");
	tap_ok(fails(txt(&message, "newer.example"), MT_CAUSE_DEADLINE) && b.held.asked == 2, "and nothing more is asked");
	tap_ok(txt(&b.asked, "newest.example") == NULL && b.held.asked == 3 && fails(txt(&message, "newest.example"), MT_CAUSE_DEADLINE),
	    "nor waited for where somebody else does");
	mt_asked_close(&message);
	end(&b);
}

/* The letters of one that is closed are for nobody, also when another has come in its place. */
static void
test_late(void)
{
	struct mt_asked other;
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	mt_asked_open(&other, b.conn, NULL, 2);
	txt(&other, "old.example");
	mt_asked_close(&other);
	mt_asked_close(&other);
	mt_asked_open(&other, b.conn, NULL, 2);
	txt(&other, "new.example");
	deliver(&b.held, 0, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(txt(&other, "new.example") == NULL && other.news == 0, "a late letter is dropped");
	tap_ok(is(txt(&other, "old.example"), 0) && b.held.asked == 2, "but what it brought is not asked anew");
	mt_asked_close(&other);
	deliver(&b.held, 1, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(txt(&b.asked, "a.example") == NULL, "one that stays is not touched");
	end(&b);
}

/* Two messages at once, both of which read what their connection has asked. */
static void
test_two(void)
{
	struct mt_asked one, two;
	struct bench b;

	begin(&b, MT_ASKED_MOST);
	b.conn->serial = (UINT32_MAX >> 8) - 1;	/* the next number but one begins anew */
	mt_asked_open(&one, b.conn, &b.asked, MT_ASKED_MOST);
	mt_asked_open(&two, b.conn, &b.asked, MT_ASKED_MOST);
	one.judge = 1;
	two.judge = 2;
	txt(&b.asked, "own.example");
	txt(&one, "own.example");
	txt(&two, "own.example");
	txt(&one, "one.example");
	txt(&two, "two.example");
	tap_ok(txt(&two, "one.example") == NULL && b.held.asked == 3, "two ask the same: one question goes out");
	deliver(&b.held, 1, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(is(txt(&one, "one.example"), 1) && is(txt(&two, "one.example"), 1), "and both have its answer");
	one.news = two.news = 0;
	deliver(&b.held, 0, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok((one.news & 1) != 0 && (two.news & 2) != 0, "what was asked for both is told to both");
	mt_asked_close(&one);
	deliver(&b.held, 2, MT_CAUSE_NONE);
	mt_conn_apply(b.conn);
	tap_ok(is(txt(&two, "two.example"), 2) && is(txt(&two, "own.example"), 0), "one of them ends, and the other has its answers");
	mt_asked_close(&two);
	end(&b);
}

int
main(void)
{
	test_once();
	test_stale();
	test_bound();
	test_many();
	test_ahead();
	test_keep();
	test_also();
	test_late();
	test_two();
	return tap_done();
}
