/* SPDX-License-Identifier: BSD-2-Clause */
/* dns.c where name servers fail and come back, alone and below the cache.  A server that is
 * stopped by a signal is silent; when it goes on, it answers what it was asked meanwhile. */
#include "lib/engine/cache.h"
#include "tests/unit/nameserver.h"

#define QUIET 300			/* msec of a try, where none will be answered */

static const char script[] =
    "dns good.example A 192.0.2.7\n"
    "dns fail.example A servfail\n"
    "dns none.example A nxdomain\n"
    "dns slow.example A 192.0.2.8\nwire slow.example A delay=2500\n"
    "dns drop.example A 192.0.2.8\nwire drop.example A drop\n"
    "wire drop1.example A drop\nwire drop2.example A drop\nwire drop3.example A drop\nwire drop4.example A drop\n"
    "default nxdomain\n";

static struct server server, other, refusing, failing;
static char hole_address[32], closed_address[32];
static int hole;			/* a socket that takes questions and never says a word */

static void
write_file(struct server *s, const char *name, const char *text)
{
	FILE *file = open_script(s, name);

	fputs(text, file);
	fclose(file);
}

static void
open_hole(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;

	hole = socket(AF_INET, SOCK_DGRAM, 0);
	if (hole < 0 || bind(hole, (struct sockaddr *)&in, len) < 0 ||
	    getsockname(hole, (struct sockaddr *)&in, &len) < 0) {
		printf("Bail out! no socket\n");
		exit(EXIT_FAILURE);
	}
	snprintf(hole_address, sizeof hole_address, "127.0.0.1:%u", ntohs(in.sin_port));
	snprintf(closed_address, sizeof closed_address, "127.0.0.1:%u", closed_port());
}

/* Asks for a name so often at once; true: all are answered by that. */
static bool
all_end(struct mt_resolver *r, const char *name, unsigned count, enum mt_cause cause)
{
	struct box box;
	bool good;

	box_init(&box);
	for (unsigned i = 0; i < count; i++)
		r->ask(r, name, MT_RR_A, arrive, &box);
	good = await(&box, count) && box.by_cause[cause] == count;
	if (!good)
		for (unsigned i = 0; i < MT_CAUSES; i++)
			if (box.by_cause[i] > 0)
				tap_note("%s: %u", mt_cause_word((enum mt_cause)i), box.by_cause[i]);
	box_fini(&box);
	return good;
}

/* Asks until the answer is that; half a minute at most. */
static bool
comes_to(struct mt_resolver *r, const char *name, enum mt_cause cause)
{
	for (unsigned i = 0; i < 600; i++) {
		if (ask_once(r, name, NULL) == cause)
			return true;
		sleep_msec(50);
	}
	return false;
}

static bool
state_comes_to(struct mt_resolver *r, unsigned i, enum mt_server_state state)
{
	struct mt_dns_counts counts;

	for (unsigned n = 0; n < 600; n++) {
		mt_dns_counts(r, &counts);
		if (counts.server[i].state == state)
			return true;
		sleep_msec(50);
	}
	return false;
}

/* ---- several servers --------------------------------------------------------------- */

/* Where one server will not answer, the next is asked; where none will, the first one's
 * word stands. */
static void
test_words(void)
{
	struct mt_resolver *r = open_both(refusing.address, server.address, (struct mt_dns_options){ 0 }, NULL);

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "the first refuses, the second answers");
	tap_ok(ask_once(r, "fail.example", NULL) == MT_CAUSE_REFUSED, "the first refuses, the second fails");
	tap_ok(ask_once(r, "none.example", NULL) == MT_CAUSE_NXDOMAIN, "the first refuses, the second knows of nothing");
	r->close(r);
	r = open_both(closed_address, server.address, (struct mt_dns_options){ 0 }, NULL);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "the first is away, the second answers");
	tap_ok(ask_once(r, "drop.example", NULL) == MT_CAUSE_TIMEOUT, "the first is away, the second is silent");
	r->close(r);
	r = open_both(closed_address, failing.address, (struct mt_dns_options){ 0 }, NULL);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_SERVFAIL, "the first is away, the second fails");
	r->close(r);
	r = open_both(hole_address, failing.address, (struct mt_dns_options){ .timeout_msec = QUIET }, NULL);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_SERVFAIL, "the first is silent, the second fails");
	r->close(r);
}

/* After three tries in a row that came to nothing a server is asked last. */
static void
test_bad_first(const char *label, const char *address, size_t counter)
{
	struct mt_resolver *r = open_both(address, server.address, (struct mt_dns_options){ 0 }, NULL);
	struct mt_dns_counts counts;
	uint64_t bad;

	tap_ok(all_end(r, "good.example", 3, MT_CAUSE_NONE), "%s: the second server answers", label);
	tap_ok(all_end(r, "good.example", 50, MT_CAUSE_NONE), "%s: and goes on", label);
	tap_ok(ask_once(r, "none.example", NULL) == MT_CAUSE_NXDOMAIN, "%s: it is believed", label);
	mt_dns_counts(r, &counts);
	memcpy(&bad, (char *)&counts.server[0] + counter, sizeof bad);
	tap_ok(counts.server[0].state != MT_SERVER_UP && counts.server[1].state == MT_SERVER_UP && bad >= 3,
	    "%s: it is in doubt, the other is not", label);
	if (!tap_ok(counts.server[0].sent - counts.probes == 3, "%s: it was asked three times and then probed", label))
		tap_note("%llu sent, %llu probes", (unsigned long long)counts.server[0].sent, (unsigned long long)counts.probes);
	tap_ok(counts.server[1].answered >= 54, "%s: all answers are the other's", label);
	r->close(r);
}

static void
test_comes_back(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_both(other.address, server.address, (struct mt_dns_options){ .timeout_msec = QUIET }, &said);
	struct mt_dns_counts before, after;

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "two servers");
	kill(other.pid, SIGSTOP);
	tap_ok(all_end(r, "good.example", 3, MT_CAUSE_NONE), "the first falls silent, the second answers");
	tap_ok(state_comes_to(r, 0, MT_SERVER_SILENT), "the first leaves a probe without an answer");
	kill(other.pid, SIGCONT);
	tap_ok(state_comes_to(r, 0, MT_SERVER_UP), "it is found by a probe when it is back");
	mt_dns_counts(r, &before);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "a question after it");
	mt_dns_counts(r, &after);
	tap_ok(after.server[0].sent > before.server[0].sent, "goes to it first");
	r->close(r);
	tap_ok(said.lines >= 2, "both are said");
}

/* ---- the breaker -------------------------------------------------------------------- */

/* All servers fall silent: nobody is asked until a probe is answered, whatever the zone. */
static void
test_all_silent(const char *label, const char *second)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_both(other.address, second,
	    (struct mt_dns_options){ .timeout_msec = QUIET, .tries = 1, .breaker = 5 }, &said);
	struct mt_dns_counts counts;

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "%s: while the server is there", label);
	kill(other.pid, SIGSTOP);
	tap_ok(all_end(r, "good.example", 4, MT_CAUSE_TIMEOUT), "%s: time-outs", label);
	tap_ok(comes_to(r, "good.example", MT_CAUSE_BREAKER), "%s: then nobody is asked", label);
	tap_ok(all_end(r, "good.example", 100, MT_CAUSE_BREAKER), "%s: and nobody waits", label);
	mt_dns_counts(r, &counts);
	tap_ok(counts.breaker_open && counts.ended[MT_CAUSE_BREAKER] >= 101 && counts.probes > 0, "%s: it is counted", label);
	kill(other.pid, SIGCONT);
	tap_ok(comes_to(r, "good.example", MT_CAUSE_NONE), "%s: an answer to a probe closes it", label);
	tap_ok(all_end(r, "good.example", 100, MT_CAUSE_NONE), "%s: and all goes on", label);
	r->close(r);
	tap_ok(said.lines >= 2, "%s: both are said", label);
}

/* No server at all, and then there is one. */
static void
test_closed(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_at(other.address, (struct mt_dns_options){ .breaker = 5 }, &said);

	stop_server(&other);
	tap_ok(all_end(r, "good.example", 4, MT_CAUSE_NETWORK), "a closed port");
	tap_ok(comes_to(r, "good.example", MT_CAUSE_BREAKER), "a closed port: it opens");
	start_server(&other, strchr(other.address, ':') + 1);
	tap_ok(comes_to(r, "good.example", MT_CAUSE_NONE), "a closed port: until there is somebody");
	r->close(r);
	tap_ok(said.lines == 2, "a closed port: both are said once");
}

/* One zone whose servers are silent, on a host where nothing else is asked. */
static void
test_silent_zone(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .tries = 1, .breaker = 5 }, &said);

	tap_ok(all_end(r, "drop.example", 50, MT_CAUSE_TIMEOUT), "50 questions to a silent zone, and no other");
	tap_ok(all_end(r, "drop.example", 50, MT_CAUSE_TIMEOUT), "50 more are asked and not held back");
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "a question to another zone is answered");
	tap_ok(all_end(r, "drop.example", 50, MT_CAUSE_TIMEOUT), "and 50 more");
	r->close(r);
	tap_ok(said.lines == 0, "the breaker is never open");
}

/* Questions to other zones are answered beside those to a silent one. */
static void
test_beside(void)
{
	struct said said = { PTHREAD_MUTEX_INITIALIZER, 0 };
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .tries = 1, .breaker = 5 }, &said);
	struct box silent;
	unsigned good = 0;

	box_init(&silent);
	for (unsigned i = 0; i < 100; i++) {
		r->ask(r, i % 4 == 0 ? "drop1.example" : i % 4 == 1 ? "drop2.example" : i % 4 == 2 ? "drop3.example" :
		    "drop4.example", MT_RR_A, arrive, &silent);
		good += ask_once(r, "good.example", NULL) == MT_CAUSE_NONE;
		sleep_msec(20);
	}
	tap_ok(await(&silent, 100) && good == 100, "100 good answers beside 100 time-outs of four zones (%u)", good);
	box_fini(&silent);
	r->close(r);
}

struct fourth {
	struct mt_resolver *resolver;
	struct box ended, good;
};

static void
ask_after_fourth(void *ctx, struct mt_answer *answer)
{
	struct fourth *f = ctx;

	arrive(&f->ended, answer);
	if (f->ended.count == 4)
		f->resolver->ask(f->resolver, "good.example", MT_RR_A, arrive, &f->good);
}

/* A resolver that speaks, but reaches nobody. */
static void
test_many_zones(void)
{
	static const char *const names[] = { "drop1.example", "drop2.example", "drop3.example", "drop4.example" };
	struct fourth f;

	f.resolver = open_at(server.address, (struct mt_dns_options){ .timeout_msec = QUIET, .tries = 1, .breaker = 4 }, NULL);
	box_init(&f.ended);
	box_init(&f.good);
	for (unsigned i = 0; i < 4; i++)
		f.resolver->ask(f.resolver, names[i], MT_RR_A, ask_after_fourth, &f);
	tap_ok(await(&f.ended, 4) && f.ended.by_cause[MT_CAUSE_TIMEOUT] == 4, "four zones in a row are silent");
	tap_ok(await(&f.good, 1) && f.good.by_cause[MT_CAUSE_BREAKER] == 1, "that opens it, though the server answers probes");
	tap_ok(comes_to(f.resolver, "good.example", MT_CAUSE_NONE), "a question now and then may pass, and closes it");
	tap_ok(all_end(f.resolver, "good.example", 10, MT_CAUSE_NONE), "for all");
	box_fini(&f.ended);
	box_fini(&f.good);
	f.resolver->close(f.resolver);
}

/* ---- below the cache ----------------------------------------------------------------- */

static int64_t clock_ahead;

static int64_t
clock_now(void)
{
	return now_msec() + clock_ahead;
}

static void
late(void *ctx, const char *name, enum mt_rrtype type, struct mt_answer *answer)
{
	mt_cache_late(ctx, name, type, answer);
}

static void
tick(void *ctx)
{
	mt_cache_tick(ctx);
}

static struct mt_cache *
cache_over(struct mt_resolver *r, uint32_t wait_msec)
{
	struct mt_cache_options options = { .entries = 1000, .negative_ttl_sec = 300, .max_ttl_sec = 3600,
		.failure_ttl_sec = 10, .stale_sec = 3600, .wait_msec = wait_msec, .now_msec = clock_now };
	struct mt_cache *cache = mt_cache_new(r, &options);

	mt_dns_hook(r, &(struct mt_dns_hooks){ .late = late, .tick = tick, .ctx = cache });
	return cache;
}

struct got { enum mt_cause cause, stale; };

static struct got
cache_once(struct mt_cache *cache, const char *name)
{
	struct got got = { MT_CAUSES, MT_CAUSES };
	struct box box;

	box_init(&box);
	mt_cache_ask(cache, name, MT_RR_A, arrive, &box);
	if (await(&box, 1))
		got = (struct got){ box.last->cause, box.last->stale };
	box_fini(&box);
	return got;
}

static bool
is(struct got got, enum mt_cause cause, enum mt_cause stale)
{
	if (got.cause != cause || got.stale != stale)
		tap_note("%s, stale: %s", mt_cause_word(got.cause), mt_cause_word(got.stale));
	return got.cause == cause && got.stale == stale;
}

static void
test_flight(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .timeout_msec = 20000, .deadline_msec = 60000 },
	    NULL);
	struct mt_cache *cache = cache_over(r, MT_CACHE_WAIT_MSEC);
	unsigned before = queries(&server);
	struct box box;

	box_init(&box);
	for (unsigned i = 0; i < 1000; i++)
		mt_cache_ask(cache, i % 2 == 0 ? "good.example" : "Good.Example.", MT_RR_A, arrive, &box);
	tap_ok(await(&box, 1000) && box.by_cause[MT_CAUSE_NONE] == 1000, "1,000 ask the same at once, and are answered");
	tap_ok(queries(&server) - before == 1, "by one query");
	box_fini(&box);
	box_init(&box);
	for (unsigned i = 0; i < 1000; i++)
		mt_cache_ask(cache, "good.example", MT_RR_A, arrive, &box);
	tap_ok(await(&box, 1000) && queries(&server) - before == 1, "1,000 more, once it is known, by none");
	box_fini(&box);
	r->close(r);
	mt_cache_free(cache);
}

static void
test_late(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .timeout_msec = 500, .tries = 1 }, NULL);
	struct mt_cache *cache = cache_over(r, MT_CACHE_WAIT_MSEC);
	struct mt_dns_counts counts = { .late = 0 };
	unsigned before;

	tap_ok(is(cache_once(cache, "slow.example"), MT_CAUSE_TIMEOUT, 0), "an answer that takes too long");
	for (unsigned i = 0; i < 600 && counts.late == 0; i++) {
		sleep_msec(50);
		mt_dns_counts(r, &counts);
	}
	tap_ok(counts.late == 1, "comes late, and is counted");
	before = queries(&server);
	sleep_msec(50);			/* it is counted before it is kept */
	tap_ok(is(cache_once(cache, "slow.example"), MT_CAUSE_NONE, 0) && queries(&server) == before,
	    "and serves whoever asks next, without a query");
	r->close(r);
	mt_cache_free(cache);
}

static void
test_stale(void)
{
	struct mt_resolver *r = open_at(other.address, (struct mt_dns_options){ .timeout_msec = 20000, .deadline_msec = 60000,
		.breaker = 2 }, NULL);
	struct mt_cache *cache = cache_over(r, 500);

	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, 0) && is(cache_once(cache, "none.example"), MT_CAUSE_NXDOMAIN, 0),
	    "two answers are cached");
	kill(other.pid, SIGSTOP);
	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, 0), "while their time lasts they serve");
	clock_ahead += 301000;
	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, MT_CAUSE_DEADLINE),
	    "then the server is asked, and when it takes too long they serve once more, marked");
	kill(other.pid, SIGCONT);
	for (unsigned i = 0; i < 600 && cache_once(cache, "good.example").stale != MT_CAUSE_NONE; i++)
		sleep_msec(50);
	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, 0), "until the server has answered");
	stop_server(&other);
	clock_ahead += 301000;
	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, MT_CAUSE_NETWORK), "no server: marked with that");
	tap_ok(is(cache_once(cache, "none.example"), MT_CAUSE_NXDOMAIN, MT_CAUSE_NETWORK), "so for nothing");
	tap_ok(comes_to(r, "x.example", MT_CAUSE_BREAKER), "the breaker opens");
	clock_ahead += 2000;
	tap_ok(is(cache_once(cache, "good.example"), MT_CAUSE_NONE, MT_CAUSE_BREAKER), "what was known serves on");
	tap_ok(is(cache_once(cache, "never.example"), MT_CAUSE_BREAKER, 0), "what was not is not asked for");
	start_server(&other, strchr(other.address, ':') + 1);
	tap_ok(comes_to(r, "x.example", MT_CAUSE_NXDOMAIN) && is(cache_once(cache, "good.example"), MT_CAUSE_NONE, 0),
	    "until there is a server again");
	r->close(r);
	mt_cache_free(cache);
}

static void
end_server(struct server *s)
{
	stop_server(s);
	unlink(s->file);
}

int
main(void)
{
	make_dir();
	write_file(&server, "answers", script);
	write_file(&other, "others", script);
	write_file(&refusing, "refusing", "default refused\n");
	write_file(&failing, "failing", "default servfail\n");
	start_server(&server, "0");
	start_server(&other, "0");
	start_server(&refusing, "0");
	start_server(&failing, "0");
	open_hole();
	test_words();
	test_bad_first("silent", hole_address, offsetof(struct mt_dns_server_counts, timeout));
	test_bad_first("failing", failing.address, offsetof(struct mt_dns_server_counts, servfail));
	test_bad_first("refusing", refusing.address, offsetof(struct mt_dns_server_counts, refused));
	test_comes_back();
	test_all_silent("one server", NULL);
	test_all_silent("two servers", hole_address);
	test_closed();
	test_silent_zone();
	test_beside();
	test_many_zones();
	test_flight();
	test_late();
	test_stale();
	end_server(&server);
	end_server(&other);
	end_server(&refusing);
	end_server(&failing);
	close(hole);
	rmdir(dir);
	return tap_done();
}
