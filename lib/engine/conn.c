/* SPDX-License-Identifier: BSD-2-Clause */
/* One SMTP client: asks as soon as there is something to ask about, and reads answers
 * when its own thread comes by.  Nothing here waits. */
#include "lib/engine/engine.h"

#include <stdlib.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/config/listeners.h"
#include "lib/engine/ahead.h"
#include "lib/engine/checkup.h"

#define FIRST_CHUNK 256			/* an idle connection needs little */
#define HELO_QUESTIONS 3		/* names of one connection that are asked about */
#define CEILING (256u * 1024u)		/* names and HELOs, however often they come */
#define RENEWALS 64			/* of what ended in trouble; names may come with each */
#define RENEWAL_MSEC 1000		/* not more often */

/* One question on its way; dies with its delivery. */
struct question {
	struct mt_inbox *inbox;
	struct mt_cache *cache;		/* outlives the question: it closes after the resolver */
	struct mt_budget *budget;	/* a reference, where more may be asked ahead; else NULL */
	enum mt_what what;
	unsigned index;
	/* Of MT_WHAT_PTR: how names are led back.  With a budget: the addresses that a policy of
	 * the sender's asks for. */
	enum mt_rrtype forward;
};

static void ask(struct mt_inbox *inbox, struct mt_cache *cache, const char *name, enum mt_rrtype type,
    const struct question *about);

/* The names of a PTR answer are asked about at once, on whatever thread brought it: the
 * second step does not wait for the SMTP client's next command. */
static void
ask_on(const struct question *q, const struct mt_answer *answer)
{
	size_t index[MT_PTR_NAMES];
	size_t n = mt_iprev_ask(answer, index);

	for (size_t i = 0; i < n; i++) {
		struct question about = { .what = MT_WHAT_FORWARD, .index = (unsigned)index[i] };

		ask(q->inbox, q->cache, answer->records[index[i]].text.ptr, q->forward, &about);
	}
}

static void
delivered(void *ctx, struct mt_answer *answer)
{
	struct question *q = ctx;
	struct mt_answer *held = q->what == MT_WHAT_PTR ? mt_answer_ref(answer) : NULL;

	if (q->budget != NULL && answer != NULL)
		mt_ahead_spf(q->cache, q->budget, answer, q->forward);

	/* The questions that follow are expected before this one is counted off, so that
	 * nobody believes that nothing more will come; but their letters come after. */
	if (held != NULL && held->cause == MT_CAUSE_NONE)
		mt_inbox_expect(q->inbox);
	mt_inbox_post(q->inbox, q->what, q->index, answer);
	if (held != NULL && held->cause == MT_CAUSE_NONE) {
		ask_on(q, held);
		mt_inbox_cancel(q->inbox);
	}
	mt_answer_unref(held);
	mt_inbox_unref(q->inbox);
	mt_budget_unref(q->budget);
	free(q);
}

static void
ask(struct mt_inbox *inbox, struct mt_cache *cache, const char *name, enum mt_rrtype type, const struct question *about)
{
	struct question *q = malloc(sizeof *q);

	mt_inbox_expect(inbox);
	if (q == NULL) {
		mt_inbox_post(inbox, about->what, about->index, NULL);
		return;
	}
	*q = *about;
	q->inbox = mt_inbox_ref(inbox);
	if (q->budget != NULL)
		mt_budget_ref(q->budget);
	q->cache = cache;
	mt_cache_ask(cache, name, type, delivered, q);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void
apply_letter(struct mt_conn *conn, const struct mt_letter *letter)
{
	struct mt_peer *peer = &conn->peer;

	switch ((enum mt_what)letter->what) {
	case MT_WHAT_PTR:
		mt_iprev_ptr(&peer->iprev, &conn->arena, letter->answer);
		break;
	case MT_WHAT_FORWARD:
		mt_iprev_forward(&peer->iprev, letter->index, &peer->ip, letter->answer);
		break;
	case MT_WHAT_HELO_A:
	case MT_WHAT_HELO_AAAA:
		if (letter->index == conn->helo_count)
			mt_helo_answer(&peer->helo, &peer->ip, letter->what == MT_WHAT_HELO_A ? MT_RR_A : MT_RR_AAAA,
			    letter->answer);
		break;
	case MT_WHAT_HISTORY:
		conn->history = letter->history != NULL ? *letter->history
		    : (struct mt_history){ .result = MT_SKIPPED, .cause = MT_CAUSE_LIMIT };
		break;
	case MT_WHAT_ASKED:
		mt_asked_take(conn, letter->index, letter->answer);
		break;
	}
}

void
mt_conn_apply(struct mt_conn *conn)
{
	struct mt_letter *next;

	for (struct mt_letter *letter = mt_inbox_take(conn->inbox); letter != NULL; letter = next) {
		next = letter->next;
		if (letter->answer != NULL || letter->what == MT_WHAT_ASKED || letter->what == MT_WHAT_HISTORY)
			apply_letter(conn, letter);
		mt_letter_free(letter);
	}
}

void
mt_conn_ask(struct mt_conn *conn, const char *name, enum mt_rrtype type, unsigned index)
{
	struct question about = { .what = MT_WHAT_ASKED, .index = index };

	if (type == MT_RR_TXT && conn->config->spf.enable && conn->peer.ip.family != 0) {
		about.budget = conn->budget;
		about.forward = mt_iprev_type(&conn->peer.ip);
	}
	ask(conn->inbox, conn->lookup->cache, name, type, &about);
}

/* ---- the public calls ------------------------------------------------------------------------- */

static void
ask_ptr(struct mt_conn *conn)
{
	struct question about = { .what = MT_WHAT_PTR, .forward = mt_iprev_type(&conn->peer.ip) };
	char name[MT_REVERSE_TEXT];

	if (conn->idle || conn->peer.ip.family == 0) {
		mt_iprev_skip(&conn->peer.iprev, conn->idle ? MT_CAUSE_NOT_NEEDED : MT_CAUSE_NO_INPUT);
		return;
	}
	ask(conn->inbox, conn->lookup->cache, mt_ip_reverse(&conn->peer.ip, name), MT_RR_PTR, &about);
}

static void
remembered(void *ctx, const struct mt_history *history)
{
	mt_inbox_post_history(ctx, MT_WHAT_HISTORY, history);
	mt_inbox_unref(ctx);
}

static void
ask_history(struct mt_conn *conn)
{
	/* Our own are not remembered, nor is anybody behind a private address. */
	if (conn->idle || conn->sources->store == NULL || conn->peer.ip.family == 0 ||
	    mt_ip_private(&conn->peer.ip) || mt_nets_have(&conn->settings->trust->networks, &conn->peer.ip)) {
		conn->history = (struct mt_history){ .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED };
		return;
	}
	conn->history = (struct mt_history){ 0 };
	mt_inbox_expect(conn->inbox);
	mt_store_ask(conn->sources->store, &conn->peer.ip, remembered, mt_inbox_ref(conn->inbox));
}

struct mt_conn *
mt_conn_open(struct mt_engine *engine, const struct mt_client *client)
{
	struct mt_conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL)
		return NULL;
	conn->inbox = mt_inbox_new();
	if (conn->inbox == NULL) {
		free(conn);
		return NULL;
	}
	atomic_fetch_add_explicit(&engine->conns, 1, memory_order_relaxed);
	conn->engine = engine;
	pthread_mutex_lock(&engine->lock);
	conn->config = mt_config_ref(engine->config);
	conn->lookup = mt_lookup_ref(engine->lookup);
	conn->sources = mt_sources_ref(engine->sources);
	pthread_mutex_unlock(&engine->lock);
	conn->budget = mt_budget_new(mt_checkup_reserve(conn->config));
	if (conn->budget == NULL) {
		mt_conn_close(conn);
		return NULL;
	}
	conn->settings = mt_listeners_settings(conn->config, mt_span_text(client->listener), client->listener_port);
	mt_arena_init(&conn->arena, FIRST_CHUNK, CEILING);
	conn->idle = conn->config->policy.mode == MT_MODE_OFF;
	conn->peer.known = client->ip.family != 0;
	conn->peer.local = client->local;
	conn->peer.ip = client->ip;
	conn->peer.port = client->port;
	conn->peer.helo.fact = conn->peer.known ? (struct mt_fact){ .result = MT_NONE }
	    : (struct mt_fact){ MT_SKIPPED, MT_CAUSE_NO_INPUT, 0 };
	conn->peer.server = mt_arena_copy(&conn->arena, mt_span_text(client->server));
	ask_ptr(conn);
	conn->peer.no_database = mt_sources_lack(conn->sources);
	conn->peer.location = mt_checkup_locate(conn, &conn->arena, &conn->peer.ip);
	mt_checkup_connect(conn);
	ask_history(conn);
	return conn;
}

/* Nothing that a fact of this connection rests on is still out. */
bool
mt_conn_settled(const struct mt_conn *conn)
{
	const struct mt_helo *helo = &conn->peer.helo;

	return conn->history.result != MT_UNKNOWN && conn->peer.iprev.iprev.result != MT_UNKNOWN &&
	    !mt_iprev_open(&conn->peer.iprev) &&
	    (helo->fact.result != MT_UNKNOWN || !helo->asked || helo->answered >= 2);
}

static void
ask_helo(struct mt_conn *conn, const char *name)
{
	static const enum mt_rrtype types[2] = { MT_RR_A, MT_RR_AAAA };

	for (unsigned i = 0; i < 2; i++) {
		struct question about = { .what = i == 0 ? MT_WHAT_HELO_A : MT_WHAT_HELO_AAAA,
			.index = conn->helo_count };

		ask(conn->inbox, conn->lookup->cache, name, types[i], &about);
	}
}

static int
take_helo(struct mt_conn *conn, struct mt_span name, bool after_tls)
{
	struct mt_helo *helo = &conn->peer.helo;
	char normal[MT_NAME_TEXT];
	struct mt_span kept;

	if (name.ptr == NULL)
		name = MT_SPAN("");
	if (name.len > MT_TRACE_HELO)
		name.len = MT_TRACE_HELO;
	if (helo->name.ptr != NULL && mt_span_equal(helo->name, name))
		return MT_OK;		/* the same again: what is known of it stays */
	if (helo->name.ptr != NULL && !after_tls && !mt_name_same(helo->name, name) && helo->changed_from.ptr == NULL)
		helo->changed_from = helo->name;
	conn->helo_count++;
	conn->helo_given++;
	kept = mt_arena_copy(&conn->arena, name);
	if (kept.ptr == NULL) {
		/* Whoever gives so many names has changed it: no way around a rule. */
		*helo = (struct mt_helo){ .name = MT_SPAN(""), .changed_from = helo->changed_from,
			.fact = { helo->changed_from.ptr != NULL ? MT_CHANGED : MT_SKIPPED, MT_CAUSE_LIMIT, 0 } };
		return MT_ENOMEM;
	}
	if (conn->idle || conn->peer.ip.family == 0) {
		helo->name = kept;
		mt_helo_skip(helo, conn->idle ? MT_CAUSE_NOT_NEEDED : MT_CAUSE_NO_INPUT);
		return MT_OK;
	}
	if (!mt_helo_begin(helo, kept, &conn->peer.ip, conn->settings->trust) || !mt_name_normal(kept, normal))
		return MT_OK;
	if (++conn->helo_asked > HELO_QUESTIONS) {
		/* Whoever changes its name that often has changed it: no way around a rule. */
		helo->fact.result = helo->changed_from.ptr != NULL ? MT_CHANGED : MT_SKIPPED;
		helo->fact.cause = MT_CAUSE_LIMIT;
		return MT_OK;
	}
	ask_helo(conn, normal);
	return MT_OK;
}

int
mt_conn_helo(struct mt_conn *conn, struct mt_span name, bool after_tls)
{
	int error = take_helo(conn, name, after_tls);

	if (error == MT_OK && conn->helo_given <= HELO_QUESTIONS)
		mt_checkup_greet(conn);
	return error;
}

static int
keep(struct mt_conn *conn, struct mt_span *member, struct mt_span value)
{
	if (mt_span_equal(*member, value) && member->ptr != NULL)
		return MT_OK;
	*member = mt_arena_copy(&conn->arena, value);
	return member->ptr == NULL && value.ptr != NULL ? MT_ENOMEM : MT_OK;
}

/* A short trouble of DNS is not held against all mail that comes on one connection. */
static void
renew_answers(struct mt_conn *conn)
{
	struct mt_peer *peer = &conn->peer;
	int64_t now = mt_now_mono_msec();
	struct mt_span name = peer->helo.name;
	bool again = mt_iprev_trouble(&peer->iprev), helo = mt_helo_trouble(&peer->helo);
	char normal[MT_NAME_TEXT];

	if (conn->idle || conn->renewals == RENEWALS ||
	    (conn->renewals > 0 && now - conn->renewed_msec < RENEWAL_MSEC))
		return;
	if (again) {
		peer->iprev = (struct mt_iprev){ .nnames = 0 };
		ask_ptr(conn);
	}
	if (helo && mt_name_normal(name, normal)) {
		conn->helo_count++;
		if (mt_helo_begin(&peer->helo, name, &peer->ip, conn->settings->trust))
			ask_helo(conn, normal);
	}
	if (mt_asked_renew(&conn->own) || again || helo) {
		conn->renewals++;
		conn->renewed_msec = now;
	}
}

void
mt_conn_renew(struct mt_conn *conn)
{
	mt_budget_begin(conn->budget, conn->own.count);
	/* What the messages before it on this connection came to is a part of the history. */
	ask_history(conn);
	mt_conn_apply(conn);
	renew_answers(conn);
}

int
mt_conn_tls(struct mt_conn *conn, struct mt_span version)
{
	return keep(conn, &conn->peer.tls, version);
}

int
mt_conn_auth(struct mt_conn *conn, struct mt_span user)
{
	return keep(conn, &conn->peer.auth, user);
}

const struct mt_config *
mt_conn_config(const struct mt_conn *conn)
{
	return conn->config;
}

void
mt_conn_close(struct mt_conn *conn)
{
	if (conn == NULL)
		return;
	mt_asked_close(&conn->own);
	mt_inbox_unref(conn->inbox);
	mt_budget_unref(conn->budget);
	mt_sources_unref(conn->sources);
	mt_lookup_unref(conn->lookup);
	mt_config_unref(conn->config);
	mt_arena_fini(&conn->arena);
	free(conn);
}
