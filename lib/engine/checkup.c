/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows when there is enough to ask or to judge, and of whom not to ask; what an answer
 * means, core and the sources know. */
#include "lib/engine/checkup.h"

#include <stdio.h>
#include <syslog.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/chain.h"
#include "lib/core/dmarc.h"
#include "lib/core/key_record.h"
#include "lib/core/relay.h"
#include "lib/core/spf.h"
#include "lib/engine/engine.h"
#include "lib/source/arc.h"
#include "lib/source/dkim.h"

#define TRY_CHUNK (16u * 1024u)
#define OWN_MOST 40			/* of MT_ASKED_MOST: what a connection may ask for all its messages */

static struct mt_fact
skipped(enum mt_cause cause)
{
	return (struct mt_fact){ .result = MT_SKIPPED, .cause = cause };
}

/* ---- whom SPF is for ------------------------------------------------------------------------ */

/* Our own, and those who proved to us who they are, send from wherever they are; a message
 * whose client nobody tells has no address to judge. */
static enum mt_cause
spf_excuse(const struct mt_conn *conn)
{
	if (conn->idle || !conn->config->spf.enable)
		return MT_CAUSE_NOT_NEEDED;
	if (conn->peer.ip.family == 0)
		return MT_CAUSE_NO_INPUT;
	if (conn->peer.auth.ptr != NULL || mt_nets_have(&conn->settings->trust->networks, &conn->peer.ip))
		return MT_CAUSE_NOT_NEEDED;
	return MT_CAUSE_NONE;
}

static struct mt_spf_query
spf_query(const struct mt_conn *conn, struct mt_span sender)
{
	return (struct mt_spf_query){ .client = conn->peer.ip, .helo = conn->peer.helo.name, .sender = sender };
}

static void
open_own(struct mt_conn *conn)
{
	if (conn->own.conn == NULL)
		mt_asked_open(&conn->own, conn, NULL, OWN_MOST);
}

void
mt_checkup_connect(struct mt_conn *conn)
{
	const struct mt_dnsbl *settings = &conn->config->dnsbl;
	char name[MT_NAME_TEXT];

	if (conn->idle || settings->nzones == 0)
		return;
	mt_lists_tick(conn->sources->lists, conn->lookup->resolver, mt_now_mono_msec());
	conn->zones = mt_arena_alloc(&conn->arena, MT_DNSBL_ZONES * sizeof *conn->zones);
	if (conn->zones != NULL)
		mt_lists_states(conn->sources->lists, conn->zones);
	if (conn->peer.ip.family == 0 || mt_ip_private(&conn->peer.ip))
		return;
	open_own(conn);
	for (size_t i = 0; i < settings->nzones; i++)
		if ((settings->zones[i].check & MT_DNSBL_CLIENT) != 0 &&
		    (conn->zones == NULL || conn->zones[i] == MT_UNKNOWN || conn->zones[i] == MT_CLEAN) &&
		    mt_dnsbl_name(name, &conn->peer.ip, settings->zones[i].zone))
			(void)mt_ask(&conn->own.ask, mt_span_text(name), MT_RR_A);
}

const struct mt_location *
mt_checkup_locate(const struct mt_conn *conn, struct mt_arena *arena, const struct mt_ip *ip)
{
	struct mt_location *location;

	if (conn->sources->geo == NULL || ip->family == 0)
		return NULL;
	location = mt_arena_alloc(arena, sizeof *location);
	return location != NULL && mt_geo_find(conn->sources->geo, arena, ip, location) ? location : NULL;
}

void
mt_checkup_greet(struct mt_conn *conn)
{
	struct mt_spf_query query = spf_query(conn, MT_SPAN(""));
	struct mt_spf unused;

	if (spf_excuse(conn) != MT_CAUSE_NONE || conn->peer.helo.name.len == 0)
		return;
	open_own(conn);
	/* The answers are what is wanted; each message judges for itself. */
	(void)mt_spf_check(&unused, &conn->arena, &conn->own.ask, &query);
}

/* libspf2 is asked what it makes of the networks that our evaluation came down to.  Ours
 * stands; that they differ is worth a line. */
static void
ask_second_judge(struct mt_checkup *checkup, const struct mt_spf_query *query, const struct mt_spf *spf)
{
	struct mt_spf_policy policy;
	char line[MT_NAME_TEXT + 96];

	if (checkup->conn->sources->spf2 == NULL || !mt_spf_policy(&policy, &checkup->asked.ask, query) ||
	    mt_spf2_agrees(checkup->conn->sources->spf2, &policy, &query->client, spf->result))
		return;
	snprintf(line, sizeof line, "%s: SPF of %.*s is %s, and libspf2 says otherwise", checkup->trace->id,
	    MT_SPAN_ARG(spf->domain), mt_result_word(spf->result));
	mt_engine_say(checkup->conn->engine, LOG_WARNING, line);
}

static void
judge_spf(struct mt_checkup *checkup)
{
	struct mt_checks *checks = &checkup->trace->checks;
	struct mt_arena *arena = &checkup->trace->arena;
	enum mt_cause excuse = spf_excuse(checkup->conn);
	struct mt_spf_query query = spf_query(checkup->conn, MT_SPAN(""));
	bool silent = query.helo.ptr == NULL;	/* and after MAIL it stays so */

	if (excuse != MT_CAUSE_NONE) {
		checks->spf_helo = checks->spf_mailfrom = (struct mt_spf){ .result = MT_SKIPPED, .cause = excuse };
		return;
	}
	/* A client that does not say its name has none that could speak for it. */
	if (silent && (checkup->trace->sender_known || checkup->body_over))
		checks->spf_helo = (struct mt_spf){ .result = MT_NONE };
	else if (checks->spf_helo.result == MT_UNKNOWN && !silent &&
	    mt_spf_check(&checks->spf_helo, arena, &checkup->asked.ask, &query) != MT_UNKNOWN)
		ask_second_judge(checkup, &query, &checks->spf_helo);
	if (checks->spf_mailfrom.result != MT_UNKNOWN)
		return;
	if (!checkup->trace->sender_known) {
		if (checkup->body_over)
			checks->spf_mailfrom = (struct mt_spf){ .result = MT_SKIPPED, .cause = MT_CAUSE_NO_INPUT };
		return;
	}
	/* RFC 7208, 2.4: the null sender stands for postmaster at the HELO name. */
	query.sender = checkup->trace->sender_ascii;
	if (query.sender.len == 0 && silent)
		checks->spf_mailfrom = (struct mt_spf){ .result = MT_NONE };
	else if (query.sender.len == 0)
		checks->spf_mailfrom = checks->spf_helo;
	else if (mt_spf_check(&checks->spf_mailfrom, arena, &checkup->asked.ask, &query) != MT_UNKNOWN)
		ask_second_judge(checkup, &query, &checks->spf_mailfrom);
}

/* ---- signatures ------------------------------------------------------------------------------- */

/* libopendkim hashes beside us.  Ours stands; that they differ is worth a line. */
static void
say_disagreed(struct mt_checkup *checkup)
{
	char line[MT_ID_TEXT + 96];

	snprintf(line, sizeof line, "%s: libopendkim reads what a DKIM signature covers otherwise", checkup->trace->id);
	mt_engine_say(checkup->conn->engine, LOG_WARNING, line);
}

static void
judge_dkim(struct mt_checkup *checkup)
{
	struct mt_checks *checks = &checkup->trace->checks;
	unsigned room;

	if (checks->dkim.result != MT_UNKNOWN)
		return;
	if (checkup->dkim == NULL) {
		checks->dkim = skipped(MT_CAUSE_NOT_NEEDED);
		return;
	}
	for (size_t i = 0; i < mt_dkim_keys(checkup->dkim); i++)
		(void)mt_ask(&checkup->asked.ask, mt_span_text(mt_dkim_key_name(checkup->dkim, i)), MT_RR_TXT);
	if (!checkup->body_over)
		return;
	room = (unsigned)mt_dkim_signatures(checkup->dkim);
	if (room > MT_DKIM_LISTED)
		room = MT_DKIM_LISTED;
	if (checks->signatures == NULL && room > 0)
		checks->signatures = mt_arena_alloc(&checkup->trace->arena, room * sizeof *checks->signatures);
	if (checks->signatures == NULL)
		room = 0;
	checks->dkim.result = mt_dkim_end(checkup->dkim, &checkup->asked.ask, &checkup->trace->arena,
	    checks->signatures, &room);
	checks->nsignatures = checks->dkim.result == MT_UNKNOWN ? 0 : room;
	if (checks->dkim.result != MT_UNKNOWN && mt_dkim_disagreed(checkup->dkim))
		say_disagreed(checkup);
	for (unsigned i = 0; i < checks->nsignatures; i++)
		if (checks->signatures[i].result == checks->dkim.result)
			checks->dkim.cause = checks->signatures[i].cause;
}

static void
judge_arc(struct mt_checkup *checkup)
{
	struct mt_checks *checks = &checkup->trace->checks;

	if (checks->arc.result != MT_UNKNOWN)
		return;
	if (checkup->arc == NULL) {
		checks->arc = (struct mt_arc){ .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED };
		return;
	}
	for (size_t i = 0; i < mt_arc_keys(checkup->arc); i++)
		(void)mt_ask(&checkup->asked.ask, mt_arc_key_name(checkup->arc, i), MT_RR_TXT);
	if (checkup->body_over)
		(void)mt_arc_end(checkup->arc, &checkup->asked.ask, &checkup->trace->arena, &checks->arc);
}

static void
judge_dmarc(struct mt_checkup *checkup)
{
	struct mt_checks *checks = &checkup->trace->checks;
	struct mt_conn *conn = checkup->conn;
	struct mt_dmarc_input input = { .from = checkup->from, .nfrom = checkup->nfrom,
		.spf = checks->spf_mailfrom, .dkim = checks->dkim, .signatures = checks->signatures,
		.nsignatures = checks->nsignatures, .organizations = conn->sources->organizations,
		.idna = conn->sources->idna };

	if (checks->dmarc.result != MT_UNKNOWN || !checkup->header_over)
		return;
	if (conn->idle || !conn->config->dmarc.enable || spf_excuse(conn) == MT_CAUSE_NOT_NEEDED)
		checks->dmarc = (struct mt_dmarc){ .result = MT_SKIPPED, .cause = MT_CAUSE_NOT_NEEDED,
			.domain = mt_dmarc_author(&checkup->trace->arena, &input) };
	else
		(void)mt_dmarc_check(&checks->dmarc, &checkup->trace->arena, &checkup->asked.ask, &input);
}

/* Only to ask in time what the judge will want to know at the end: the path is put together
 * for a try, in memory that goes at once.  True when nothing of it is out. */
static bool
rehearse_relay(struct mt_checkup *checkup)
{
	struct mt_trace try = *checkup->trace;
	struct mt_relay relay;
	bool settled;

	if (checkup->trace->ask == NULL || !checkup->header_over)
		return true;
	mt_arena_init(&try.arena, TRY_CHUNK, MT_TRACE_CEILING);
	try.hops = mt_arena_alloc(&try.arena, try.nhops * sizeof *try.hops);
	if (try.hops == NULL)
		try.nhops = 0;
	else if (try.nhops > 0)
		memcpy(try.hops, checkup->trace->hops, try.nhops * sizeof *try.hops);
	mt_trace_add_live(&try);
	mt_chain_build(&try);
	settled = try.nhops == 0 || mt_relay_judge(&relay, &try.arena, try.ask, &try, try.relay_input) != MT_UNKNOWN;
	mt_arena_fini(&try.arena);
	return settled;
}

/* ---- lists ---------------------------------------------------------------------------------------- */

/* Whose clients the lists are asked about: the live one, and, once the header is over, those
 * that lines name, newest first. */
static void
judge_lists(struct mt_checkup *checkup)
{
	const struct mt_dnsbl *settings = &checkup->conn->config->dnsbl;
	const struct mt_trace *trace = checkup->trace;
	struct mt_checks *checks = &checkup->trace->checks;
	struct mt_dnsbl_about about = { .subjects = checkup->subjects, .states = checkup->conn->zones,
		.more = !checkup->header_over };

	if (checkup->conn->idle || settings->nzones == 0) {
		checks->lists.fact = skipped(MT_CAUSE_NOT_NEEDED);
		return;
	}
	if (checkup->nsubjects == 0)
		checkup->subjects[checkup->nsubjects++].ip = checkup->conn->peer.ip;
	for (size_t i = 0; checkup->header_over && !checkup->hops_listed && i < trace->nhops; i++)
		if (trace->hops[i].from.ip.family != 0 && checkup->nsubjects < MT_CHECKUP_SUBJECTS)
			checkup->subjects[checkup->nsubjects++] = (struct mt_dnsbl_subject){
				.hop = (unsigned)(trace->nhops - i), .ip = trace->hops[i].from.ip };
	checkup->hops_listed = checkup->header_over;
	about.count = checkup->nsubjects;
	(void)mt_dnsbl_check(&checks->lists, &checkup->trace->arena, &checkup->asked.ask, settings, &about);
}

/* ---- the message -------------------------------------------------------------------------------- */

void
mt_checkup_open(struct mt_checkup *checkup, struct mt_conn *conn, struct mt_trace *trace)
{
	unsigned spent = conn->own.count;

	*checkup = (struct mt_checkup){ .conn = conn, .trace = trace, .fresh = true };
	mt_asked_open(&checkup->asked, conn, &conn->own, MT_ASKED_MOST - spent);
	if (conn->idle)
		return;
	if (conn->config->relay.enable) {
		trace->ask = &checkup->asked.ask;
		trace->relay_input = &conn->sources->relay;
	}
	if (conn->sources->dkim != NULL)
		checkup->dkim = mt_dkim_begin(conn->sources->dkim, mt_engine_wall_msec(conn->engine) / 1000);
	trace->arc = &trace->checks.arc;
	if (conn->config->arc.enable)
		checkup->arc = mt_arc_begin(&conn->sources->arc, mt_engine_wall_msec(conn->engine) / 1000);
}

void
mt_checkup_close(struct mt_checkup *checkup)
{
	if (checkup->conn != NULL && (checkup->trace->checks.lists.refused | checkup->trace->checks.lists.alien) != 0)
		mt_lists_note(checkup->conn->sources->lists, &checkup->trace->checks.lists);
	mt_asked_close(&checkup->asked);
	mt_dkim_drop(checkup->dkim);
	mt_arc_free(checkup->arc);
}

static void
drop_answer(void *ctx, struct mt_answer *answer)
{
	(void)ctx;
	mt_answer_unref(answer);
}

/* The keys by which mail of this domain was signed before: their answers wait in the cache. */
static void
ask_known_keys(struct mt_checkup *checkup)
{
	struct mt_conn *conn = checkup->conn;
	char keys[MT_SELECTORS_NAMES][MT_NAME_TEXT];
	size_t n;

	if (checkup->dkim == NULL)
		return;
	n = mt_selectors_find(conn->engine->selectors, checkup->trace->sender_domain, keys);
	for (size_t i = 0; i < n; i++)
		mt_cache_ask(conn->lookup->cache, keys[i], MT_RR_TXT, drop_answer, NULL);
}

static void
note_keys(struct mt_checkup *checkup)
{
	const struct mt_checks *checks = &checkup->trace->checks;
	struct mt_span domain = checkup->trace->sender_domain;
	char key[MT_NAME_TEXT];

	for (unsigned i = 0; domain.len > 0 && i < checks->nsignatures; i++) {
		const struct mt_signature *s = &checks->signatures[i];

		if (s->result == MT_PASS && mt_key_record_name(key, s->selector, s->domain))
			mt_selectors_note(checkup->conn->engine->selectors, domain, mt_span_text(key));
	}
}

void
mt_checkup_sender(struct mt_checkup *checkup)
{
	checkup->fresh = true;
	ask_known_keys(checkup);
	(void)mt_checkup_run(checkup, false);
}

void
mt_checkup_header(struct mt_checkup *checkup, struct mt_span name, struct mt_span value)
{
	if (checkup->dkim != NULL)
		mt_dkim_header(checkup->dkim, name, value);
	if (checkup->arc != NULL)
		mt_arc_header(checkup->arc, name, value);
	if (!mt_span_same_text(mt_span_trim(name), "From"))
		return;
	if (checkup->nfrom < MT_CHECKUP_FROM)
		checkup->from[checkup->nfrom] = mt_arena_copy(&checkup->trace->arena, mt_span_trim(value));
	if (checkup->nfrom < MT_CHECKUP_FROM && checkup->from[checkup->nfrom].ptr != NULL)
		checkup->nfrom++;
}

static void
locate_hops(struct mt_checkup *checkup)
{
	struct mt_trace *trace = checkup->trace;

	for (size_t i = 0; checkup->conn->sources->geo != NULL && i < trace->nhops && i < MT_CHECKUP_LOCATED; i++)
		trace->hops[i].location = mt_checkup_locate(checkup->conn, &trace->arena, &trace->hops[i].from.ip);
}

void
mt_checkup_header_end(struct mt_checkup *checkup)
{
	if (checkup->header_over)
		return;
	checkup->header_over = checkup->fresh = true;
	locate_hops(checkup);
	if (checkup->dkim != NULL)
		mt_dkim_eoh(checkup->dkim);
	if (checkup->arc != NULL)
		mt_arc_eoh(checkup->arc);
	(void)mt_checkup_run(checkup, false);
}

bool
mt_checkup_wants_body(const struct mt_checkup *checkup)
{
	return (checkup->dkim != NULL && mt_dkim_wants_body(checkup->dkim)) ||
	    (checkup->arc != NULL && mt_arc_wants_body(checkup->arc));
}

void
mt_checkup_body(struct mt_checkup *checkup, struct mt_span bytes)
{
	mt_checkup_header_end(checkup);
	if (checkup->dkim != NULL)
		mt_dkim_body(checkup->dkim, bytes);
	if (checkup->arc != NULL)
		mt_arc_body(checkup->arc, bytes);
}

void
mt_checkup_end(struct mt_checkup *checkup)
{
	mt_checkup_header_end(checkup);
	if (checkup->body_over)
		return;
	checkup->body_over = checkup->fresh = true;
}

/* The checks themselves; the relay's verdict is drawn from them. */
static bool
settled(const struct mt_checkup *checkup)
{
	const struct mt_checks *checks = &checkup->trace->checks;

	return checks->lists.fact.result != MT_UNKNOWN && checks->lists.open == 0 &&
	    checks->spf_helo.result != MT_UNKNOWN && checks->spf_mailfrom.result != MT_UNKNOWN &&
	    checks->dkim.result != MT_UNKNOWN && checks->arc.result != MT_UNKNOWN &&
	    checks->dmarc.result != MT_UNKNOWN;
}

/* Who is run again when an answer came that he asked for, or when what he builds on is known. */
enum { LISTS = 1, SPF = 2, DKIM = 4, ARC = 8, DMARC = 16, RELAY = 32, EVERYBODY = 63 };
#define JUDGES 5

static const struct {
	unsigned bit;
	void (*judge)(struct mt_checkup *checkup);
	bool header;			/* needs the whole header */
	unsigned wakes;
	/* Questions of the message that are left for those behind: nobody's own policy may use up
	 * what another's is to be asked with (eight keys, two records of DMARC, and two). */
	unsigned keep;
} judges[JUDGES] = {
	{ LISTS, judge_lists, false, RELAY, 12 }, { SPF, judge_spf, false, DMARC | RELAY, 12 },
	{ DKIM, judge_dkim, true, DMARC | RELAY, 2 }, { ARC, judge_arc, true, RELAY, 2 },
	{ DMARC, judge_dmarc, true, RELAY, 0 },
};

#define LEFT 20				/* questions, where no list asks about hops */

unsigned
mt_checkup_reserve(const struct mt_config *config)
{
	unsigned left = judges[0].keep;

	for (size_t i = 0; i < config->dnsbl.nzones; i++)
		if ((config->dnsbl.zones[i].check & MT_DNSBL_HOPS) != 0)
			left += MT_CHECKUP_SUBJECTS - 1;
	return left > LEFT ? left : LEFT;
}

static unsigned
take_news(struct mt_checkup *checkup)
{
	unsigned news = checkup->asked.news;

	checkup->asked.news = 0;
	return news;
}

static void
run_judges(struct mt_checkup *checkup, unsigned todo)
{
	for (unsigned i = 0; i < JUDGES; i++) {
		if ((todo & judges[i].bit) == 0 || (judges[i].header && !checkup->header_over))
			continue;
		checkup->asked.judge = judges[i].bit;
		checkup->asked.keep = judges[i].keep;
		judges[i].judge(checkup);
		todo |= judges[i].wakes;
	}
	checkup->asked.judge = RELAY;
	checkup->asked.keep = 0;
	if ((todo & RELAY) != 0)
		checkup->relay_settled = rehearse_relay(checkup);
}

bool
mt_checkup_run(struct mt_checkup *checkup, bool last)
{
	unsigned todo = take_news(checkup);

	if (checkup->fresh)
		todo = EVERYBODY;
	checkup->fresh = false;
	/* An answer that was at hand counts for those that ran before it came. */
	for (; todo != 0; todo = take_news(checkup))
		run_judges(checkup, todo);
	if (last) {
		checkup->asked.closed = true;
		run_judges(checkup, EVERYBODY & ~RELAY);
		note_keys(checkup);
		return true;
	}
	return settled(checkup) && checkup->relay_settled;
}
