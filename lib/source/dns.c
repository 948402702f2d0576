/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows who has asked what, which server is to be tried when, and when to give up; knows
 * no socket and no library (channel.c), reads no packet itself (packet.c), and keeps no
 * answer (the cache does).
 *
 * Everything but ask, counts and close runs on one thread.  A try is listened to when the
 * next one is on its way, and when the question has been given up: a slow answer is an
 * answer, and one that comes too late still serves whoever asks next. */
#include "lib/source/dns.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/source/breaker.h"
#include "lib/source/channel.h"
#include "lib/source/packet.h"

#define ROUNDS 8			/* in each the servers have twice as long as before */
#define TICK_MSEC 100			/* between calls of the hook */
#define RELOAD_MSEC 10000		/* how old the list from resolv.conf(5) may be */
#define LISTEN 2			/* deadlines for which a try is listened to */
#define RCODE_NXDOMAIN 3
#define TYPE_NS ((enum mt_rrtype)2)	/* of the root: whoever resolves has it at hand */

struct dns;

/* Lives until all its tries are over, which may be long after its delivery. */
struct question {
	struct question *next;		/* in a list of those to be gone on with */
	struct question *older, *newer;	/* in the order of deadlines */
	struct dns *dns;
	mt_answer_fn *done;		/* NULL: delivered */
	void *ctx;
	int64_t asked_msec, deadline_msec;
	uint64_t mark;			/* of the breaker, when it was asked */
	enum mt_rrtype type;
	bool listed;			/* stands in the order of deadlines */
	bool queued;			/* stands in a list of those to be gone on with */
	bool plain;			/* a server made nothing of EDNS */
	bool probe;			/* ours: nobody waits for it */
	bool expired;			/* delivered without an answer: one that comes is late */
	bool silent;			/* some server did not answer in its time */
	bool resend, resend_tcp, tcp_failed;
	unsigned resend_server;
	unsigned round;
	uint32_t tried, out;		/* servers: in this round; not to be asked again */
	unsigned tries;			/* under way, listened to */
	unsigned running;		/* of them those that still have time */
	enum mt_cause word;		/* the first that a server said which is no answer */
	struct mt_packet_chain *chain;	/* NULL: no packet led to another name yet */
	unsigned stage;			/* names asked about before this one */
	char name[];
};

/* One packet to one server. */
struct try {
	struct try *earlier, *later;	/* in the order in which their time is over */
	struct question *question;
	unsigned server, epoch, round;
	unsigned stage;			/* which of the question's names it is about */
	bool tcp, edns;
	uint64_t mark;			/* of the server, when it was asked */
	int64_t due_msec;
	bool running;			/* stands in that order */
};

struct list {
	struct question *first, **last;
};

struct tries {
	struct try *first, *last;
};

/* Written by the thread, read by any. */
struct tally {
	atomic_ullong sent, answered, timeout, servfail, refused, garbage, network;
	atomic_uint state;
};

struct dns {
	struct mt_resolver resolver;
	struct mt_dns_options options;
	struct mt_packet_rules rules;
	void (*say)(void *ctx, int priority, const char *line);
	void *say_ctx;
	struct mt_answer *spare;	/* for want of memory */
	struct mt_channels *channels;
	pthread_t thread;
	atomic_uint waiting;		/* not yet delivered */
	atomic_uint alive;		/* not yet freed */
	atomic_ullong ended[MT_CAUSES], late, tcp, probes;
	atomic_bool is_open;		/* the breaker */
	struct tally tally[MT_SERVERS];

	pthread_mutex_t lock;		/* of the next four */
	struct list submitted;
	bool closing;
	struct mt_dns_hooks hooks;
	struct mt_servers servers;	/* the list, that is; states are the thread's own */

	/* The thread's own. */
	struct mt_dns_hooks called;
	struct list again;		/* to be gone on with */
	struct question *oldest, *newest;
	struct tries due[ROUNDS];
	unsigned epoch;			/* of the list of servers */
	struct mt_breaker breaker;
	int64_t ticked_msec, visited_msec, loaded_msec;
};

static int64_t
now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
count(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void
say(struct dns *dns, int priority, const char *line)
{
	if (dns->say != NULL)
		dns->say(dns->say_ctx, priority, line);
}

static void
list_add(struct list *list, struct question *q)
{
	q->next = NULL;
	if (list->first == NULL)
		list->first = q;
	else
		*list->last = q;
	list->last = &q->next;
}

static struct question *
list_take(struct list *list)
{
	struct question *q = list->first;

	if (q != NULL)
		list->first = q->next;
	return q;
}

/* ---- questions ------------------------------------------------------------------ */

/* Deadlines are all the same time away, so the order of asking is theirs. */
static void
deadline_add(struct dns *dns, struct question *q)
{
	q->listed = true;
	q->older = dns->newest;
	q->newer = NULL;
	if (dns->newest == NULL)
		dns->oldest = q;
	else
		dns->newest->newer = q;
	dns->newest = q;
}

static void
deadline_remove(struct dns *dns, struct question *q)
{
	if (!q->listed)
		return;
	q->listed = false;
	if (q->older == NULL)
		dns->oldest = q->newer;
	else
		q->older->newer = q->newer;
	if (q->newer == NULL)
		dns->newest = q->older;
	else
		q->newer->older = q->older;
}

/* Hands over an answer (NULL: there was no memory for one). */
static void
deliver(struct question *q, struct mt_answer *answer)
{
	struct dns *dns = q->dns;
	mt_answer_fn *done = q->done;

	q->done = NULL;
	deadline_remove(dns, q);
	if (answer == NULL)
		answer = mt_answer_ref(dns->spare);
	else
		answer->msec = (uint32_t)(now_msec() - q->asked_msec);
	count(&dns->ended[answer->cause]);
	atomic_fetch_sub(&dns->waiting, 1);
	done(q->ctx, answer);
}

static void
deliver_cause(struct question *q, enum mt_cause cause)
{
	deliver(q, mt_answer_new(cause, 0, 0));
}

/* The last use of a question: nothing may be known of it afterwards. */
static void
release(struct question *q)
{
	if (q->done != NULL || q->tries > 0 || q->queued)
		return;
	if (!q->probe)
		atomic_fetch_sub(&q->dns->alive, 1);
	free(q->chain);
	free(q);
}

/* Goes on with a question once the channel has been left that told of its try. */
static void
go_on(struct question *q)
{
	if (q->queued)
		return;
	q->queued = true;
	list_add(&q->dns->again, q);
}

static void
opened(struct dns *dns)
{
	char line[160];

	snprintf(line, sizeof line,
	    "dns: no answer to %u questions in a row: asking stops, but for a probe now and then", dns->breaker.failures);
	atomic_store(&dns->is_open, true);
	say(dns, LOG_WARNING, line);
}

static void
closed(struct dns *dns)
{
	atomic_store(&dns->is_open, false);
	say(dns, LOG_NOTICE, "dns: a name server answers again: asking goes on");
}

/* A question ends without records, and without word that there are none. */
static void
end(struct question *q, enum mt_cause cause)
{
	struct dns *dns = q->dns;
	bool opens = false;

	if (q->word != MT_CAUSE_NONE)
		cause = q->word;
	else if (cause == MT_CAUSE_TIMEOUT || cause == MT_CAUSE_NETWORK)
		opens = mt_breaker_failed(&dns->breaker, q->mark, mt_breaker_zone(q->name), now_msec());
	q->expired = true;
	deliver_cause(q, cause);
	if (opens)
		opened(dns);
}

/* Those under way have no better chance than those that come now. */
static void
end_all(struct dns *dns)
{
	while (dns->breaker.open_silent && dns->oldest != NULL) {
		struct question *q = dns->oldest;

		end(q, MT_CAUSE_BREAKER);
		release(q);
	}
}

/* ---- servers ---------------------------------------------------------------------- */

/* NULL: the list is another one since. */
static struct mt_server *
server_of(struct dns *dns, const struct try *t)
{
	return t->epoch == dns->epoch ? &dns->servers.server[t->server] : NULL;
}

/* After each change of a server's health: say it, once. */
static void
tell_state(struct dns *dns, unsigned i, enum mt_server_state before)
{
	const struct mt_server *server = &dns->servers.server[i];
	char line[160], text[MT_SERVER_TEXT];

	atomic_store_explicit(&dns->tally[i].state, server->state, memory_order_relaxed);
	if (dns->servers.count < 2 || before == server->state)
		return;
	if (server->state != MT_SERVER_SILENT && before != MT_SERVER_SILENT)
		return;
	snprintf(line, sizeof line, server->state == MT_SERVER_SILENT ? "dns: %s does not answer: it is asked last" :
	    "dns: %s answers again", mt_server_text(server, text));
	say(dns, LOG_NOTICE, line);
}

/* What a server said, or MT_CAUSE_TIMEOUT or _NETWORK where it said nothing. */
static void
judge_server(struct dns *dns, const struct try *t, enum mt_cause said)
{
	struct mt_server *server = server_of(dns, t);
	bool sound = said == MT_CAUSE_NONE || mt_cause_nothing(said) || said == MT_CAUSE_LIMIT;
	bool spoke = said != MT_CAUSE_TIMEOUT && said != MT_CAUSE_NETWORK;
	enum mt_server_state before;
	struct tally *tally;

	if (server == NULL)
		return;
	tally = &dns->tally[t->server];
	count(sound ? &tally->answered : said == MT_CAUSE_SERVFAIL ? &tally->servfail :
	    said == MT_CAUSE_REFUSED ? &tally->refused : said == MT_CAUSE_GARBAGE ? &tally->garbage :
	    said == MT_CAUSE_TIMEOUT ? &tally->timeout : &tally->network);
	before = server->state;
	if (t->question->probe && server->probing)
		mt_server_probed(server, sound, spoke);
	else if (sound)
		mt_server_answered(server);
	else
		mt_server_failed(server, t->mark, spoke ? MT_SERVER_CANNOT : said == MT_CAUSE_TIMEOUT ? MT_SERVER_LATE :
		    MT_SERVER_AWAY, now_msec());
	tell_state(dns, t->server, before);
	if (mt_servers_silent(&dns->servers) && mt_breaker_silent(&dns->breaker, now_msec()))
		opened(dns);
}

/* ---- tries ------------------------------------------------------------------------ */

static void
try_run(struct dns *dns, struct try *t, unsigned round)
{
	struct tries *due = &dns->due[round < ROUNDS ? round : ROUNDS - 1];

	t->round = round < ROUNDS ? round : ROUNDS - 1;
	t->due_msec = now_msec() + ((int64_t)dns->options.timeout_msec << t->round);
	t->earlier = due->last;
	t->later = NULL;
	*(due->last != NULL ? &due->last->later : &due->first) = t;
	due->last = t;
	t->running = true;
	t->question->running++;
}

static void
try_stop(struct dns *dns, struct try *t)
{
	struct tries *due = &dns->due[t->round];

	if (!t->running)
		return;
	*(t->earlier != NULL ? &t->earlier->later : &due->first) = t->later;
	*(t->later != NULL ? &t->later->earlier : &due->last) = t->earlier;
	t->running = false;
	t->question->running--;
}

/* The time of a try is over; it is still listened to. */
static void
try_over(struct dns *dns, struct try *t)
{
	struct question *q = t->question;

	try_stop(dns, t);
	q->silent = true;
	if (q->done != NULL)
		go_on(q);
	judge_server(dns, t, MT_CAUSE_TIMEOUT);
}

static void
send_again(struct try *t, bool tcp)
{
	struct question *q = t->question;

	q->resend = true;
	q->resend_tcp = tcp;
	q->resend_server = t->server;
	go_on(q);
}

static void
hear_probe(struct dns *dns, const struct try *t, const struct mt_packet_head *head)
{
	judge_server(dns, t, head->rcode == 0 || head->rcode == RCODE_NXDOMAIN ? MT_CAUSE_NONE : MT_CAUSE_REFUSED);
	if (mt_breaker_heard(&dns->breaker))
		closed(dns);
}

static void
take_answer(struct dns *dns, struct try *t, struct mt_answer *answer)
{
	struct question *q = t->question;
	enum mt_cause said = answer == NULL ? MT_CAUSE_LIMIT : answer->cause;

	judge_server(dns, t, said);
	if (q->done == NULL) {
		if (answer != NULL && q->expired && (said == MT_CAUSE_NONE || mt_cause_nothing(said))) {
			q->expired = false;
			count(&dns->late);
			if (dns->called.late != NULL)
				dns->called.late(dns->called.ctx, q->name, q->type, mt_answer_ref(answer));
		}
		mt_answer_unref(answer);
	} else if (said == MT_CAUSE_SERVFAIL || said == MT_CAUSE_REFUSED || said == MT_CAUSE_GARBAGE) {
		if (q->word == MT_CAUSE_NONE)
			q->word = said;
		q->out |= UINT32_C(1) << t->server;
		mt_answer_unref(answer);
		go_on(q);
	} else {
		deliver(q, answer);
	}
}

/* What a reply shows of the server's EDNS. */
static void
note_edns(struct dns *dns, const struct try *t, unsigned rcode, bool opt)
{
	struct mt_server *server = server_of(dns, t);

	if (server == NULL || mt_packet_plain(rcode))
		return;
	if (opt)
		mt_server_spoke_edns(server, now_msec());
	else if (!t->edns)
		mt_server_spoke_plain(server, now_msec());
}

/* The name that the question is about by now. */
static const char *
name_of(const struct question *q)
{
	return q->stage == 0 ? q->name : q->chain->target;
}

/* Begins anew with the name that a chain of CNAME records has led to (RFC 1034, 5.3.3), within
 * the same deadline. */
static void
follow(struct question *q, const struct mt_packet_chain *chain)
{
	if (q->chain == NULL && (q->chain = malloc(sizeof *q->chain)) == NULL) {
		deliver(q, NULL);
		return;
	}
	*q->chain = *chain;
	q->stage++;
	q->round = 0;
	q->tried = q->out = 0;
	q->word = MT_CAUSE_NONE;
	q->silent = q->resend = q->tcp_failed = false;
	go_on(q);
}

/* A reply that is to be read for what it says of the name. */
static void
take_packet(struct dns *dns, struct try *t, struct mt_span packet)
{
	struct question *q = t->question;
	struct mt_packet_chain chain = { 0 };
	struct mt_answer *answer;

	if (q->stage > 0)
		chain = *q->chain;
	answer = mt_packet_read(packet, name_of(q), q->type, &dns->rules, &chain);
	if (answer == NULL || !chain.open || q->done == NULL) {
		take_answer(dns, t, answer);
		return;
	}
	mt_answer_unref(answer);
	judge_server(dns, t, MT_CAUSE_NONE);
	follow(q, &chain);
}

static void
on_reply(struct try *t, struct mt_span packet)
{
	struct question *q = t->question;
	struct dns *dns = q->dns;
	struct mt_packet_head head;
	bool readable = mt_packet_head(&head, packet);
	unsigned rcode = mt_packet_rcode(&head, packet);

	if (q->probe) {
		hear_probe(dns, t, &head);
		return;
	}
	if (mt_breaker_answered(&dns->breaker))
		closed(dns);
	if (readable)
		note_edns(dns, t, rcode, mt_packet_edns(&head, packet) != 0);
	if (t->stage != q->stage) {
		/* About a name that the question has left. */
		judge_server(dns, t, MT_CAUSE_NONE);
		if (q->done != NULL && q->running == 0)
			go_on(q);
	} else if (q->done != NULL && readable && t->edns && !q->plain && mt_packet_plain(rcode)) {
		q->plain = true;
		send_again(t, t->tcp);
	} else if (q->done != NULL && readable && !t->tcp && (head.truncated || mt_channel_cut(packet))) {
		judge_server(dns, t, MT_CAUSE_NONE);
		send_again(t, true);
	} else {
		take_packet(dns, t, packet);
	}
}

/* The server cannot be reached. */
static void
on_broken(struct dns *dns, struct try *t)
{
	struct question *q = t->question;

	if (t->tcp && q->done != NULL && !q->tcp_failed && t->stage == q->stage) {
		q->tcp_failed = true;	/* another's answer may have broken the connection of all */
		send_again(t, true);
		return;
	}
	q->out |= UINT32_C(1) << t->server;
	if (q->done != NULL)
		go_on(q);
	judge_server(dns, t, MT_CAUSE_NETWORK);
}

/* A try has ended. */
static void
on_end(void *ctx, enum mt_channel_end end, struct mt_span packet)
{
	struct try *t = ctx;
	struct question *q = t->question;
	struct dns *dns = q->dns;
	bool running = t->running;

	if (running && end == MT_CHANNEL_QUIET)
		try_over(dns, t);
	try_stop(dns, t);
	if (end == MT_CHANNEL_REPLY)
		on_reply(t, packet);
	else if (running && end == MT_CHANNEL_BROKEN)
		on_broken(dns, t);
	else if (running && end == MT_CHANNEL_CLOSED && q->done != NULL)
		go_on(q);
	q->tries--;
	free(t);
	release(q);
}

/* ---- the servers of the system ------------------------------------------------------- */

static bool
same_servers(const struct mt_servers *a, const struct mt_servers *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (!mt_ip_equal(&a->server[i].ip, &b->server[i].ip) || a->server[i].port != b->server[i].port)
			return false;
	return a->count == b->count;
}

/* Reads resolv.conf(5) now and then, where that is what names the servers. */
static void
load_servers(struct dns *dns)
{
	struct mt_servers servers;

	if (dns->options.nservers > 0 || (dns->loaded_msec != 0 && now_msec() - dns->loaded_msec < RELOAD_MSEC))
		return;
	dns->loaded_msec = now_msec();
	mt_channel_servers(dns->channels, &servers);
	if (servers.count == 0 || same_servers(&servers, &dns->servers))
		return;
	pthread_mutex_lock(&dns->lock);
	dns->servers = servers;
	pthread_mutex_unlock(&dns->lock);
	dns->epoch++;
	mt_channel_renew(dns->channels);
}

/* ---- the thread -------------------------------------------------------------------- */

/* Makes a try, which may end at once.  false: it cannot be made. */
static bool
send_try(struct question *q, unsigned n, bool tcp)
{
	struct dns *dns = q->dns;
	const struct mt_server *server = &dns->servers.server[n];
	/* Probes go without EDNS: they are to learn whether anybody is there at all. */
	bool edns = !q->plain && !q->probe && mt_server_edns(server, q->round > 0, now_msec());
	unsigned char packet[MT_PACKET_ASK];
	size_t len = mt_packet_ask(packet, name_of(q), q->type, 0, edns, dns->rules.trusted);
	struct try *t = len == 0 ? NULL : calloc(1, sizeof *t);

	if (t == NULL)
		return false;
	*t = (struct try){ .question = q, .server = n, .epoch = dns->epoch, .stage = q->stage, .tcp = tcp, .edns = edns,
		.mark = mt_server_mark(server) };
	try_run(dns, t, q->round);
	q->tries++;
	if (!mt_channel_send(dns->channels, n, server, tcp, tcp && q->tcp_failed, packet, len, t)) {
		try_stop(dns, t);
		q->tries--;
		free(t);
		return false;
	}
	count(&dns->tally[n].sent);
	if (tcp)
		count(&dns->tcp);
	return true;
}

/* The next server of this round, or the first of the next one.  Where a server has said a
 * word, or refuses connections, it is not asked again, and there is no further round once
 * there is a word.  -1: there is nobody left to ask. */
static int
next_server(struct question *q)
{
	struct dns *dns = q->dns;
	int server = mt_servers_pick(&dns->servers, q->tried | q->out);

	if (server < 0 && q->word == MT_CAUSE_NONE && q->round + 1 < dns->options.tries && q->running == 0) {
		q->round++;
		q->tried = 0;
		server = mt_servers_pick(&dns->servers, q->out);
	}
	if (server >= 0)
		q->tried |= UINT32_C(1) << server;
	return server;
}

/* What comes next for a question. */
static void
proceed(struct question *q)
{
	bool made = true;
	int server;

	if (q->resend) {
		q->resend = false;
		made = q->resend_server < q->dns->servers.count && send_try(q, q->resend_server, q->resend_tcp);
	} else if ((server = next_server(q)) >= 0) {
		made = send_try(q, (unsigned)server, false);
	} else if (q->running == 0) {
		end(q, q->silent ? MT_CAUSE_TIMEOUT : MT_CAUSE_NETWORK);
	}
	if (!made)
		end(q, MT_CAUSE_NETWORK);
}

static void
start(struct dns *dns, struct question *q)
{
	if (!mt_breaker_pass(&dns->breaker, now_msec())) {
		deliver_cause(q, MT_CAUSE_BREAKER);
		return;
	}
	q->mark = mt_breaker_mark(&dns->breaker);
	deadline_add(dns, q);
	proceed(q);
}

/* Starts what is to be started; true: the resolver is to end. */
static bool
start_all(struct dns *dns)
{
	struct list submitted;
	struct question *q;
	bool closing;

	pthread_mutex_lock(&dns->lock);
	submitted = dns->submitted;
	dns->submitted.first = NULL;
	closing = dns->closing;
	dns->called = dns->hooks;
	pthread_mutex_unlock(&dns->lock);
	if (submitted.first != NULL && !closing)
		load_servers(dns);
	while ((q = list_take(&submitted)) != NULL || (q = list_take(&dns->again)) != NULL) {
		bool begun = q->queued;

		q->queued = false;
		if (q->done != NULL && closing)
			deliver_cause(q, MT_CAUSE_NETWORK);
		else if (q->done != NULL && begun)
			proceed(q);
		else if (q->done != NULL)
			start(dns, q);
		release(q);
	}
	return closing;
}

/* A question of our own, to one server. */
static void
send_probe(struct dns *dns, unsigned server)
{
	struct question *q = calloc(1, sizeof *q + 1);
	bool sent = false;

	if (q != NULL) {
		/* It may end before we are done with it. */
		*q = (struct question){ .dns = dns, .type = TYPE_NS, .probe = true, .queued = true };
		count(&dns->probes);
		sent = send_try(q, server, false);
		q->queued = false;
		release(q);
	}
	if (!sent)
		dns->servers.server[server].probing = false;
}

/* What is past its time is listened to for a while. */
static void
expire(struct dns *dns, int64_t now)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		while (dns->due[i].first != NULL && dns->due[i].first->due_msec <= now)
			try_over(dns, dns->due[i].first);
	while (dns->oldest != NULL && dns->oldest->deadline_msec <= now) {
		struct question *q = dns->oldest;

		end(q, MT_CAUSE_TIMEOUT);
		release(q);
	}
	for (unsigned i = 0; i < dns->servers.count; i++)
		if (mt_server_probe(&dns->servers.server[i], now))
			send_probe(dns, i);
	end_all(dns);
}

static void
tick(struct dns *dns, int64_t now)
{
	if (dns->called.visit != NULL && now - dns->visited_msec >= MT_DNS_VISIT_MSEC) {
		dns->visited_msec = now;
		dns->called.visit(dns->called.ctx);
	}
	if (now - dns->ticked_msec < TICK_MSEC)
		return;
	dns->ticked_msec = now;
	mt_channel_tick(dns->channels);
	if (dns->called.tick != NULL)
		dns->called.tick(dns->called.ctx);
}

/* Until something is to be done without an event; -1: nothing is. */
static int
wait_msec(const struct dns *dns, int64_t now)
{
	int64_t next = INT64_MAX;

	if (dns->again.first != NULL)
		return 0;
	if (mt_channel_busy(dns->channels) > 0 || dns->oldest != NULL)
		next = now + TICK_MSEC;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (dns->due[i].first != NULL && dns->due[i].first->due_msec < next)
			next = dns->due[i].first->due_msec;
	if (dns->oldest != NULL && dns->oldest->deadline_msec < next)
		next = dns->oldest->deadline_msec;
	if (dns->called.visit != NULL && dns->visited_msec + MT_DNS_VISIT_MSEC < next)
		next = dns->visited_msec + MT_DNS_VISIT_MSEC;
	for (size_t i = 0; i < dns->servers.count; i++) {
		const struct mt_server *server = &dns->servers.server[i];

		if (server->state != MT_SERVER_UP && !server->probing && server->probe_msec < next)
			next = server->probe_msec;
	}
	return next == INT64_MAX ? -1 : next < now ? 0 : (int)(next - now);
}

static void *
run(void *arg)
{
	struct dns *dns = arg;

	while (!start_all(dns)) {
		mt_channel_tidy(dns->channels);
		mt_channel_wait(dns->channels, wait_msec(dns, now_msec()));
		tick(dns, now_msec());
		expire(dns, now_msec());
	}
	mt_channel_stop(dns->channels);
	start_all(dns);
	return NULL;
}

/* ---- from outside -------------------------------------------------------------------- */

static void
refuse(struct dns *dns, enum mt_cause cause, mt_answer_fn *done, void *ctx)
{
	struct mt_answer *answer = mt_answer_new(cause, 0, 0);

	count(&dns->ended[cause]);
	done(ctx, answer != NULL ? answer : mt_answer_ref(dns->spare));
}

/* How much of the queue a question of this type may fill.  A stranger chooses how many
 * names we are to look up, but has one address: that question must still find room. */
static unsigned
queue_of(const struct dns *dns, enum mt_rrtype type)
{
	return type == MT_RR_PTR ? dns->options.queue : dns->options.queue - dns->options.queue / 10;
}

/* A question within the bounds, counted; NULL and the cause that says why not. */
static struct question *
question_new(struct dns *dns, const char *name, enum mt_rrtype type, enum mt_cause *cause)
{
	unsigned most = queue_of(dns, type);
	struct question *q = NULL;
	size_t len;

	*cause = MT_CAUSE_BAD_NAME;
	if (!mt_name_askable(mt_span_text(name)))
		return NULL;
	*cause = MT_CAUSE_LIMIT;
	len = strlen(name) + 1;
	/* What is delivered but still listened for takes room of its own, as much again. */
	if (atomic_fetch_add(&dns->waiting, 1) < most) {
		if (atomic_fetch_add(&dns->alive, 1) / 2 < most)
			q = calloc(1, sizeof *q + len);
		if (q == NULL)
			atomic_fetch_sub(&dns->alive, 1);
	}
	if (q == NULL)
		atomic_fetch_sub(&dns->waiting, 1);
	else
		memcpy(q->name, name, len);
	return q;
}

static void
dns_ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct dns *dns = (struct dns *)self;
	enum mt_cause cause;
	struct question *q = question_new(dns, name, type, &cause);
	bool first, closing;

	if (q == NULL) {
		refuse(dns, cause, done, ctx);
		return;
	}
	q->dns = dns;
	q->type = type;
	q->done = done;
	q->ctx = ctx;
	pthread_mutex_lock(&dns->lock);
	q->asked_msec = now_msec();
	q->deadline_msec = q->asked_msec + dns->options.deadline_msec;
	closing = dns->closing;
	first = dns->submitted.first == NULL;
	if (!closing)
		list_add(&dns->submitted, q);
	pthread_mutex_unlock(&dns->lock);
	if (closing) {
		deliver_cause(q, MT_CAUSE_NETWORK);
		release(q);
	} else if (first) {
		mt_channel_wake(dns->channels);
	}
}

static void
dns_free(struct dns *dns)
{
	mt_channel_close(dns->channels);
	pthread_mutex_destroy(&dns->lock);
	mt_answer_unref(dns->spare);
	free(dns);
}

static void
dns_close(struct mt_resolver *self)
{
	struct dns *dns = (struct dns *)self;

	if (dns == NULL)
		return;
	pthread_mutex_lock(&dns->lock);
	dns->closing = true;
	pthread_mutex_unlock(&dns->lock);
	mt_channel_wake(dns->channels);
	pthread_join(dns->thread, NULL);
	dns_free(dns);
}

static void
say_trouble(void *ctx, const char *line)
{
	say(ctx, LOG_ERR, line);
}

/* Signals are the process's: none is taken on this thread.  That covers SIGPIPE, which
 * c-ares 1.18.1 does not keep away from its TCP sockets. */
static bool
start_thread(struct dns *dns)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&dns->thread, NULL, run, dns) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_setname_np(dns->thread, "mt-dns");
	return started;
}

struct mt_resolver *
mt_dns_open(const struct mt_dns_options *options, void (*say_fn)(void *ctx, int priority, const char *line),
    void *ctx, int *error)
{
	struct dns *dns = calloc(1, sizeof *dns);
	struct mt_server server;

	*error = MT_ENOMEM;
	if (dns == NULL)
		return NULL;
	*dns = (struct dns){ .resolver = { dns_ask, dns_close }, .options = *options, .say = say_fn,
		.say_ctx = ctx, .breaker = { .limit = options->breaker },
		.rules = { options->negative_ttl_sec, options->trusted } };
	pthread_mutex_init(&dns->lock, NULL);
	dns->options.servers = NULL;	/* lent for this call only */
	dns->spare = mt_answer_new(MT_CAUSE_LIMIT, 0, 0);
	if (dns->spare == NULL)
		goto out;
	*error = MT_EINVAL;
	for (size_t i = 0; i < options->nservers; i++) {
		if (!mt_server_parse(&server, options->servers[i]))
			goto out;
		if (i < MT_SERVERS)
			dns->servers.server[dns->servers.count++] = server;
	}
	if (options->timeout_msec == 0 || options->tries == 0 || options->timeout_msec > INT32_MAX ||
	    options->deadline_msec > INT32_MAX / LISTEN || options->tries > 100)
		goto out;
	*error = MT_EIO;
	dns->channels = mt_channel_open(&(struct mt_channel_options){ .listen_msec = LISTEN * options->deadline_msec,
		.say = say_trouble, .ctx = dns }, on_end);
	if (dns->channels == NULL || !start_thread(dns))
		goto out;
	*error = MT_OK;
	return &dns->resolver;
out:
	dns_free(dns);
	return NULL;
}

void
mt_dns_hook(struct mt_resolver *self, const struct mt_dns_hooks *hooks)
{
	struct dns *dns = (struct dns *)self;

	pthread_mutex_lock(&dns->lock);
	dns->hooks = *hooks;
	pthread_mutex_unlock(&dns->lock);
	mt_channel_wake(dns->channels);	/* it may be waiting for ever */
}

static uint64_t
value(const atomic_ullong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void
mt_dns_counts(struct mt_resolver *self, struct mt_dns_counts *counts)
{
	struct dns *dns = (struct dns *)self;

	*counts = (struct mt_dns_counts){ .late = value(&dns->late), .tcp = value(&dns->tcp),
		.probes = value(&dns->probes), .waiting = atomic_load(&dns->waiting),
		.breaker_open = atomic_load(&dns->is_open) };
	for (unsigned i = 0; i < MT_CAUSES; i++)
		counts->ended[i] = value(&dns->ended[i]);
	pthread_mutex_lock(&dns->lock);
	counts->nservers = dns->servers.count;
	for (size_t i = 0; i < counts->nservers; i++)
		mt_server_text(&dns->servers.server[i], counts->server[i].text);
	pthread_mutex_unlock(&dns->lock);
	for (size_t i = 0; i < counts->nservers; i++) {
		const struct tally *tally = &dns->tally[i];
		struct mt_dns_server_counts *s = &counts->server[i];

		s->sent = value(&tally->sent);
		s->answered = value(&tally->answered);
		s->timeout = value(&tally->timeout);
		s->servfail = value(&tally->servfail);
		s->refused = value(&tally->refused);
		s->garbage = value(&tally->garbage);
		s->network = value(&tally->network);
		s->state = (enum mt_server_state)atomic_load(&tally->state);
	}
}
