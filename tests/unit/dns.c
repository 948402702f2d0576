/* SPDX-License-Identifier: BSD-2-Clause */
/* dns.c against a name server that misbehaves to order (tests/tools/nameserver). */
#include "tests/unit/nameserver.h"

#define MANY 1000
#define WIDE 81				/* addresses of one name */

static const char script[] =
    "dns good.example A 192.0.2.7\n"
    "dns six.example AAAA 2001:db8::7\n"
    "dns 7.2.0.192.in-addr.arpa PTR Mail.Example.NET\n"
    "dns mx.example MX 10 mail.example\n"
    "dns txt.example TXT \"v=spf1 \" \"-all\"\n"
    "dns alias.example CNAME alias2.example\n"
    "dns alias2.example CNAME good.example\n"
    "dns lost.example CNAME nowhere.example\n"
    "dns odd.example PTR \\001ctl.example\n"
    "dns none.example A nxdomain\n"
    "dns empty.example A nodata\n"
    "dns fail.example A servfail\n"
    "dns no.example A refused\n"
    "dns broken.example A garbage\n"
    "dns late.example A 192.0.2.8\nwire late.example A delay=60\n"
    "dns slower.example A 192.0.2.8\nwire slower.example A delay=1500\n"
    "dns ring1.example CNAME ring2.example\ndns ring2.example CNAME ring1.example\n"
    "dns drop.example A 192.0.2.8\nwire drop.example A drop\n"
    "dns id.example A 192.0.2.8\nwire id.example A wrong-id\n"
    "dns question.example A 192.0.2.8\nwire question.example A wrong-question\n"
    "dns nothing.example A 192.0.2.8\nwire nothing.example A empty\n"
    "dns tc.example A 192.0.2.9\nwire tc.example A truncate\n"
    "dns dead.example A 192.0.2.9\nwire dead.example A truncate-dead\n"
    "dns old.example A 192.0.2.10\nwire old.example A formerr-edns\n"
    "dns older.example A 192.0.2.10\nwire older.example A notimp-edns\n"
    "dns version.example A 192.0.2.10\nwire version.example A badvers-edns\n"
    "dns bare1.example A 192.0.2.10\nwire bare1.example A formerr-bare\n"
    "dns bare2.example A 192.0.2.10\nwire bare2.example A formerr-bare\n"
    "dns half1.example CNAME half2.example\nwire half1.example A cname-alone\n"
    "dns half2.example CNAME good.example\nwire half2.example A cname-alone\n"
    "dns half3.example CNAME none.example\nwire half3.example A cname-alone\n"
    "dns half4.example CNAME half5.example\nwire half4.example A cname-alone\n"
    "dns half5.example CNAME half4.example\nwire half5.example A cname-alone\n"
    "dns half6.example CNAME fail.example\nwire half6.example A cname-alone\n"
    "wire lame.example A lame\n"
    "wire notimp.example A notimp\n"
    "dns slow.example A 192.0.2.8\nwire slow.example A delay=60000\n"
    "wire slow.example TXT delay=60000\nwire slow.example PTR delay=60000\nwire slow.example AAAA delay=60000\n";

static const struct test {
	const char *label, *name;
	enum mt_rrtype type;
	enum mt_cause cause;
	size_t records;
	const char *value;		/* of the first record */
	uint32_t ttl;
} tests[] = {
	{ "an address", "good.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "any case, final dot", "GOOD.Example.", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "an IPv6 address", "six.example", MT_RR_AAAA, MT_CAUSE_NONE, 1, "2001:db8::7", 300 },
	{ "a reverse name as sent", "7.2.0.192.in-addr.arpa", MT_RR_PTR, MT_CAUSE_NONE, 1, "Mail.Example.NET", 300 },
	{ "a mail server", "mx.example", MT_RR_MX, MT_CAUSE_NONE, 1, "mail.example", 300 },
	{ "text", "txt.example", MT_RR_TXT, MT_CAUSE_NONE, 1, "v=spf1 -all", 300 },
	{ "CNAME followed", "alias.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "CNAME to nowhere", "lost.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, NULL, 60 },
	{ "a control byte in a reverse name", "odd.example", MT_RR_PTR, MT_CAUSE_NONE, 1, "\\001ctl.example", 300 },
	{ "more names than a datagram holds", "many.example", MT_RR_PTR, MT_CAUSE_NONE, MT_ANSWER_RECORDS,
	    "name-000.many.example", 300 },
	{ "a name of 81 addresses", "wide.example", MT_RR_A, MT_CAUSE_NONE, WIDE, "198.51.100.0", 300 },
	{ "NXDOMAIN, its TTL from the SOA", "none.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, NULL, 60 },
	{ "NODATA, its TTL from the SOA", "empty.example", MT_RR_A, MT_CAUSE_NODATA, 0, NULL, 60 },
	{ "SERVFAIL", "fail.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "REFUSED", "no.example", MT_RR_A, MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "NOTIMP", "notimp.example", MT_RR_A, MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "garbage", "broken.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a lame server", "lame.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "a late answer is an answer", "late.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.8", 300 },
	{ "so one that comes after the first try", "slower.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.8", 300 },
	{ "a ring of CNAME", "ring1.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "no answer", "drop.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "another id", "id.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "another question", "question.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "an empty datagram", "nothing.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, NULL, 0 },
	{ "truncated, then TCP", "tc.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.9", 300 },
	{ "more than fits, beside a TCP that is dead", "many.example", MT_RR_PTR, MT_CAUSE_NONE, MT_ANSWER_RECORDS,
	    "name-000.many.example", 300 },
	{ "truncated, and TCP is dead", "dead.example", MT_RR_A, MT_CAUSE_NETWORK, 0, NULL, 0 },
	{ "a server without EDNS", "old.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.10", 300 },
	{ "a server that does not implement EDNS", "older.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.10", 300 },
	{ "a server with another version of EDNS", "version.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.10", 300 },
	{ "CNAME without its target, twice", "half1.example", MT_RR_A, MT_CAUSE_NONE, 1, "192.0.2.7", 300 },
	{ "CNAME without its target, which is not there", "half3.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, NULL, 60 },
	{ "CNAME without its target, in a ring", "half4.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "CNAME without its target, which cannot be had", "half6.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "an empty label", "a..example", MT_RR_A, MT_CAUSE_BAD_NAME, 0, NULL, 0 },
	{ "a blank in a name", "a b.example", MT_RR_A, MT_CAUSE_BAD_NAME, 0, NULL, 0 },
};

static struct server server;

static void
write_script(void)
{
	FILE *file = open_script(&server, "answers");

	fputs(script, file);
	for (unsigned i = 0; i < 300; i++)
		fprintf(file, "dns many.example PTR name-%03u.many.example\n", i);
	for (unsigned i = 0; i < WIDE; i++)
		fprintf(file, "dns wide.example A 198.51.100.%u\n", i);
	fclose(file);
}

static bool
value_is(const struct mt_answer *answer, const char *value)
{
	char ip[MT_IP_TEXT];

	if (value == NULL)
		return answer->nrecords == 0;
	if (answer->records[0].ip.family != 0)
		return strcmp(mt_ip_text(&answer->records[0].ip, ip), value) == 0;
	return mt_span_equal(answer->records[0].text, mt_span_text(value));
}

#define TESTS (sizeof tests / sizeof *tests)

/* What the counters must say after the table; a name that cannot be asked for is one, too. */
static void
check_counts(struct mt_resolver *r)
{
	struct mt_dns_counts counts;
	uint64_t want[MT_CAUSES] = { 0 };
	bool good = true;

	for (size_t i = 0; i < TESTS; i++)
		want[tests[i].cause]++;
	mt_dns_counts(r, &counts);
	for (unsigned i = 0; i < MT_CAUSES; i++) {
		if (counts.ended[i] != want[i])
			tap_note("%s: %llu, not %llu", mt_cause_word((enum mt_cause)i), (unsigned long long)counts.ended[i],
			    (unsigned long long)want[i]);
		good = good && counts.ended[i] == want[i];
	}
	tap_ok(good && counts.waiting == 0 && !counts.breaker_open, "each outcome is counted");
	tap_ok(counts.tcp >= 4, "and what went over TCP (%llu)", (unsigned long long)counts.tcp);
	tap_ok(counts.nservers == 1 && strcmp(counts.server[0].text, server.address) == 0 &&
	    counts.server[0].sent >= TESTS && counts.server[0].timeout >= 8 && counts.server[0].servfail >= 2 &&
	    counts.server[0].refused >= 2 && counts.server[0].garbage >= 2 && counts.server[0].answered >= 15,
	    "so for its server");
}

/* All at once: no question is to disturb another. */
static void
test_table(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ 0 }, NULL);
	static struct box boxes[TESTS];

	for (size_t i = 0; i < TESTS; i++) {
		box_init(&boxes[i]);
		r->ask(r, tests[i].name, tests[i].type, arrive, &boxes[i]);
	}
	for (size_t i = 0; i < TESTS; i++) {
		const struct test *t = &tests[i];
		struct box *box = &boxes[i];

		if (!await(box, 1)) {
			tap_ok(false, "%s: no answer", t->label);
			continue;
		}
		if (!tap_ok(box->last->cause == t->cause && box->last->nrecords == t->records &&
		    value_is(box->last, t->value) && box->last->ttl_sec == t->ttl, "%s", t->label))
			tap_note("%s, %zu records, ttl %u, %u msec", mt_cause_word(box->last->cause), box->last->nrecords,
			    box->last->ttl_sec, box->last->msec);
		if (t->records > 1)
			tap_ok(box->last->cut == (t->type == MT_RR_PTR), "%s: %s", t->label,
			    t->type == MT_RR_PTR ? "cut" : "all are kept");
		box_fini(box);
	}
	check_counts(r);
	r->close(r);
}

static void
test_authentic(void)
{
	struct mt_span span = mt_span_text(server.address);
	bool got[2];

	for (unsigned trusted = 0; trusted < 2; trusted++) {
		struct mt_dns_options options = { .servers = &span, .nservers = 1, .timeout_msec = TIMEOUT, .tries = 2,
			.deadline_msec = 10000, .queue = 10, .trusted = trusted == 1 };
		int error;
		struct mt_resolver *r = mt_dns_open(&options, NULL, NULL, &error);
		struct box box;

		box_init(&box);
		r->ask(r, "good.example", MT_RR_A, arrive, &box);
		await(&box, 1);
		got[trusted] = box.last != NULL && box.last->authentic;
		box_fini(&box);
		r->close(r);
	}
	tap_ok(!got[0] && got[1], "the AD bit is asked for and kept only where it is trusted");
}

/* A FORMERR that does not tell its question is lost in c-ares: the second try is without EDNS,
 * and so are those that follow. */
static void
test_bare(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .timeout_msec = 300 }, NULL);
	struct mt_dns_counts counts;

	tap_ok(ask_once(r, "bare1.example", NULL) == MT_CAUSE_NONE, "a server that answers EDNS by a bare FORMERR");
	tap_ok(ask_once(r, "bare2.example", NULL) == MT_CAUSE_NONE, "and once more");
	mt_dns_counts(r, &counts);
	tap_ok(counts.server[0].sent == 3, "which is remembered (%u sent)", (unsigned)counts.server[0].sent);
	r->close(r);
}

static void
count_visit(void *ctx)
{
	atomic_fetch_add((atomic_uint *)ctx, 1);
}

static void
test_visit(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ 0 }, NULL);
	atomic_uint visits = 0;

	sleep_msec(50);			/* by then it waits for ever */
	mt_dns_hook(r, &(struct mt_dns_hooks){ .visit = count_visit, .ctx = &visits });
	for (unsigned i = 0; i < 300 && atomic_load(&visits) == 0; i++)
		sleep_msec(100);
	tap_ok(atomic_load(&visits) > 0, "the thread comes by though nothing is asked");
	r->close(r);
}

/* 1,000 at once, through several channels; a question that asks a question. */
static void
test_many(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ .timeout_msec = 2000 }, NULL);
	struct box box;
	int64_t began = now_msec();

	box_init(&box);
	for (unsigned i = 0; i < MANY; i++)
		r->ask(r, i % 2 == 0 ? "good.example" : "none.example", MT_RR_A, arrive, &box);
	tap_ok(await(&box, MANY), "%d at once are answered", MANY);
	tap_note("%lld msec", (long long)(now_msec() - began));
	tap_ok(box.by_cause[MT_CAUSE_NONE] == MANY / 2 && box.by_cause[MT_CAUSE_NXDOMAIN] == MANY / 2,
	    "each with its own answer");
	box_fini(&box);
	r->close(r);
}

struct chain {
	struct mt_resolver *resolver;
	struct box box;
};

static void
ask_on(void *ctx, struct mt_answer *answer)
{
	struct chain *chain = ctx;

	mt_answer_unref(answer);
	chain->resolver->ask(chain->resolver, "good.example", MT_RR_A, arrive, &chain->box);
}

static void
test_ask_on(void)
{
	struct chain chain = { .resolver = open_at(server.address, (struct mt_dns_options){ 0 }, NULL) };

	box_init(&chain.box);
	chain.resolver->ask(chain.resolver, "7.2.0.192.in-addr.arpa", MT_RR_PTR, ask_on, &chain);
	tap_ok(await(&chain.box, 1) && chain.box.last->cause == MT_CAUSE_NONE, "an answer may ask the next question");
	box_fini(&chain.box);
	chain.resolver->close(chain.resolver);
}

static void
test_deadline(void)
{
	struct mt_resolver *r =
	    open_at(server.address, (struct mt_dns_options){ .timeout_msec = 20000, .deadline_msec = 400 }, NULL);
	uint32_t msec = 0;

	tap_ok(ask_once(r, "drop.example", &msec) == MT_CAUSE_TIMEOUT && msec >= 400 && msec < 15000,
	    "the deadline holds while the try goes on (%u msec)", msec);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "and the next question is answered");
	r->close(r);
}

/* Nine tenths of the queue are for all, the rest is for reverse names. */
static void
test_queue(void)
{
	struct mt_resolver *r =
	    open_at(server.address, (struct mt_dns_options){ .queue = 20, .timeout_msec = 20000, .deadline_msec = 60000 }, NULL);
	struct box others, reverse;

	box_init(&others);
	box_init(&reverse);
	for (unsigned i = 0; i < 25; i++)
		r->ask(r, "slow.example", i % 2 == 0 ? MT_RR_A : MT_RR_TXT, arrive, &others);
	tap_ok(others.by_cause[MT_CAUSE_LIMIT] == 7, "more than nine tenths of the queue end at once");
	for (unsigned i = 0; i < 5; i++)
		r->ask(r, "slow.example", MT_RR_PTR, arrive, &reverse);
	tap_ok(reverse.by_cause[MT_CAUSE_LIMIT] == 3, "the last tenth is for reverse names, and then it is full");
	r->ask(r, "slow.example", MT_RR_AAAA, arrive, &others);
	tap_ok(others.by_cause[MT_CAUSE_LIMIT] == 8, "for all");
	r->close(r);
	tap_ok(others.count == 26 && others.by_cause[MT_CAUSE_NETWORK] == 18 && reverse.count == 5 &&
	    reverse.by_cause[MT_CAUSE_NETWORK] == 2, "closing answers all that is open");
	box_fini(&others);
	box_fini(&reverse);
	r = open_at(server.address, (struct mt_dns_options){ .queue = 20, .timeout_msec = 20000, .deadline_msec = 60000 }, NULL);
	box_init(&reverse);
	for (unsigned i = 0; i < 21; i++)
		r->ask(r, "slow.example", MT_RR_PTR, arrive, &reverse);
	tap_ok(reverse.by_cause[MT_CAUSE_LIMIT] == 1, "reverse names may fill it whole");
	r->close(r);
	box_fini(&reverse);
}

static void
test_closed_port(void)
{
	char address[32];
	struct mt_resolver *r;
	uint32_t msec = UINT32_MAX;

	snprintf(address, sizeof address, "127.0.0.1:%u", closed_port());
	r = open_at(address, (struct mt_dns_options){ .timeout_msec = 20000, .deadline_msec = 60000 }, NULL);
	tap_ok(ask_once(r, "good.example", &msec) == MT_CAUSE_NETWORK && msec < 15000,
	    "a closed port is known at once (%u msec)", msec);
	r->close(r);
}

static void
test_recovery(void)
{
	struct mt_resolver *r = open_at(server.address, (struct mt_dns_options){ 0 }, NULL);

	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "while the server is there");
	stop_server(&server);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NETWORK, "while it is away");
	start_server(&server, strchr(server.address, ':') + 1);
	tap_ok(ask_once(r, "good.example", NULL) == MT_CAUSE_NONE, "when it is back");
	r->close(r);
}

static void
test_arguments(void)
{
	struct mt_resolver *r = open_both("127.0.0.1", "localhost", (struct mt_dns_options){ 0 }, NULL);

	tap_ok(r == NULL, "a server that is no address");
	r = open_both("127.0.0.1", "[::1]:53", (struct mt_dns_options){ 0 }, NULL);
	tap_ok(r != NULL, "two that are");
	if (r != NULL)
		r->close(r);
}

/* Those of resolv.conf(5), whatever they are: it ends, and by the deadline. */
static void
test_system_servers(void)
{
	struct mt_dns_options options = { .timeout_msec = 200, .tries = 1, .deadline_msec = 500, .queue = 10 };
	int error;
	struct mt_resolver *r = mt_dns_open(&options, NULL, NULL, &error);

	tap_ok(r != NULL && ask_once(r, "does-not-exist.invalid", NULL) != MT_CAUSES, "with the servers of the system");
	if (r != NULL)
		r->close(r);
}

int
main(void)
{
	make_dir();
	write_script();
	start_server(&server, "0");
	test_arguments();
	test_table();
	test_authentic();
	test_bare();
	test_visit();
	test_many();
	test_ask_on();
	test_deadline();
	test_queue();
	test_closed_port();
	test_recovery();
	test_system_servers();
	stop_server(&server);
	unlink(server.file);
	rmdir(dir);
	return tap_done();
}
