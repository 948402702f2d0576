/* SPDX-License-Identifier: BSD-2-Clause */
/* The second judge: what our evaluation of the published suites came down to, policies by
 * hand and by chance, from one thread and from many. */
#include "lib/source/spf2.h"

#include <pthread.h>

#include "tests/unit/spf_suite.h"

#define THREADS 8
#define RANDOM 2000			/* policies */

static struct mt_spf2 *judge;
static unsigned judged;

static void
suite_test(const struct zone *zone, const struct suite_row *row)
{
	static struct zone_ask ask;
	struct mt_arena arena;
	struct mt_spf_policy policy;
	struct mt_spf spf;

	mt_arena_init(&arena, 4096, 1u << 20);
	zone_open(&ask, zone, 0);
	mt_spf_check(&spf, &arena, &ask.ask, &row->query);
	if (mt_spf_policy(&policy, &ask.ask, &row->query)) {
		tap_ok(mt_spf2_agrees(judge, &policy, &row->query.client, spf.result), "%.*s: agrees on %s", MT_SPAN_ARG(row->name),
		    mt_result_word(spf.result));
		judged++;
	} else {
		tap_ok(spf.result == MT_NONE || spf.result == MT_PERMERROR || spf.result == MT_TEMPERROR, "%.*s: %s is not for it",
		    MT_SPAN_ARG(row->name), mt_result_word(spf.result));
	}
	zone_close(&ask);
	mt_arena_fini(&arena);
}

/* ---- policies ------------------------------------------------------------------------- */

/* What a record comes down to, as a list of "qualifier network" and the rest. */
static const struct { const char *zone, *client; enum mt_result result; const char *policy; } reductions[] = {
	{ "a.example\tTXT\tv=spf1 ip4:192.0.2.0/24 -all\n", "192.0.2.1", MT_PASS, "pass 192.0.2.0/24; unknown" },
	{ "a.example\tTXT\tv=spf1 ip4:192.0.2.0/24 -all\n", "192.0.3.1", MT_FAIL, "pass 192.0.2.0/24; fail" },
	{ "a.example\tTXT\tv=spf1 ~ip4:1.1.1.1/0 -all\n", "192.0.3.1", MT_SOFTFAIL, "; softfail" },
	{ "a.example\tTXT\tv=spf1 ~ip4:1.1.1.1/0 -all\n", "2001:db8::1", MT_FAIL, "; fail" },
	{ "a.example\tTXT\tv=spf1 ip6:::ffff:1.1.1.1/32 -all\n", "::1:1", MT_PASS, "; pass" },
	{ "a.example\tTXT\tv=spf1 ip6:::ffff:1.1.1.1 -all\n", "::1:1", MT_FAIL, "; fail" },
	{ "a.example\tTXT\tv=spf1 a/25 mx -all\na.example\tA\t192.0.2.1\na.example\tA\t192.0.2.129\na.example\tMX\t5 m.example\nm.example\tA\t192.0.2.7\n",
	    "192.0.2.130", MT_PASS, "pass 192.0.2.1/25; pass 192.0.2.129/25; unknown" },
	{ "a.example\tTXT\tv=spf1 ?mx -all\na.example\tMX\t5 m.example\nm.example\tA\t192.0.2.7\n", "192.0.2.8", MT_FAIL, "neutral 192.0.2.7/32; fail" },
	{ "a.example\tTXT\tv=spf1 ~include:b.example -all\nb.example\tTXT\tv=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all\n", "192.0.2.1", MT_FAIL, "; fail" },
	{ "a.example\tTXT\tv=spf1 ~include:b.example -all\nb.example\tTXT\tv=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all\n", "192.0.2.2", MT_SOFTFAIL,
	    "softfail 192.0.2.0/24; unknown" },
	{ "a.example\tTXT\tv=spf1 include:b.example ?all\nb.example\tTXT\tv=spf1 -include:c.example ip4:192.0.2.9\nc.example\tTXT\tv=spf1 +all\n",
	    "192.0.2.9", MT_NEUTRAL, "; neutral" },
	{ "a.example\tTXT\tv=spf1 -include:b.example ?all\nb.example\tTXT\tv=spf1 redirect=c.example\nc.example\tTXT\tv=spf1 +all\n", "192.0.2.9", MT_FAIL,
	    "; fail" },
	{ "a.example\tTXT\tv=spf1 redirect=b.example\nb.example\tTXT\tv=spf1 ?exists:c.example -all\nc.example\tA\t127.0.0.2\n", "192.0.2.9", MT_NEUTRAL,
	    "; neutral" },
	{ "a.example\tTXT\tv=spf1 ptr -all\n9.2.0.192.in-addr.arpa\tPTR\ta.example\na.example\tA\t192.0.2.9\n", "192.0.2.9", MT_PASS, "; pass" },
	{ "a.example\tTXT\tv=spf1 ip4:192.0.2.9\n", "192.0.2.8", MT_NEUTRAL, "pass 192.0.2.9/32; unknown" },
};

static void
policy_text(const struct mt_spf_policy *policy, char *out, size_t room)
{
	size_t at = 0;
	char ip[MT_IP_TEXT];

	out[0] = '\0';
	for (size_t i = 0; i < policy->count && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%s %s/%u", i > 0 ? "; " : "", mt_result_word(policy->nets[i].result),
		    mt_ip_text(&policy->nets[i].ip, ip), policy->nets[i].bits);
	snprintf(out + at, room - at, "; %s", policy->rest == MT_UNKNOWN ? "unknown" : mt_result_word(policy->rest));
}

static void
reduce(size_t i)
{
	static struct zone zone;
	static struct zone_ask ask;
	struct mt_spf_query query = { .helo = MT_SPAN("h.example"), .sender = MT_SPAN("u@a.example") };
	struct mt_spf_policy policy;
	char lines[1024], text[1024];
	bool good;

	snprintf(lines, sizeof lines, "%s", reductions[i].zone);
	zone.nrows = 0;
	for (char *line = lines, *next; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		zone_line(&zone, true, line);
	}
	mt_ip_parse(&query.client, mt_span_text(reductions[i].client));
	zone_open(&ask, &zone, 0);
	good = mt_spf_policy(&policy, &ask.ask, &query);
	policy_text(&policy, text, sizeof text);
	tap_ok(good && strcmp(text, reductions[i].policy) == 0 && mt_spf2_agrees(judge, &policy, &query.client, reductions[i].result),
	    "policy %zu for %s: %s", i, reductions[i].client, text);
	zone_close(&ask);
}

/* What a policy says, by the simplest way there is. */
static enum mt_result
say(const struct mt_spf_policy *policy, const struct mt_ip *client)
{
	for (size_t i = 0; i < policy->count; i++) {
		unsigned bits = policy->nets[i].bits;
		bool in = policy->nets[i].ip.family == client->family;

		for (unsigned b = 0; in && b < bits; b++)
			in = ((policy->nets[i].ip.bytes[b / 8] ^ client->bytes[b / 8]) & 0x80 >> b % 8) == 0;
		if (in)
			return policy->nets[i].result;
	}
	return policy->rest == MT_UNKNOWN ? MT_NEUTRAL : policy->rest;
}

static struct mt_ip
chance_ip(uint64_t *seed, unsigned family)
{
	struct mt_ip ip = { .family = (uint8_t)family };

	for (unsigned i = 0; i < (family == 4 ? 4 : 16); i++)
		ip.bytes[i] = i == 0 ? 0x40 : (uint8_t)(zone_random(seed) % 4 << 6 | zone_random(seed) % 4);
	return ip;
}

/* false: there is one on which the two differ. */
static bool
by_chance(uint64_t seed, unsigned count)
{
	static const enum mt_result results[] = { MT_PASS, MT_FAIL, MT_SOFTFAIL, MT_NEUTRAL };

	while (count-- > 0) {
		struct mt_spf_policy policy = { .count = zone_random(&seed) % (MT_SPF_POLICY_NETS + 1) };
		struct mt_ip client = chance_ip(&seed, zone_random(&seed) % 2 == 0 ? 4 : 6);

		for (size_t i = 0; i < policy.count; i++) {
			policy.nets[i].result = results[zone_random(&seed) % 4];
			policy.nets[i].ip = chance_ip(&seed, zone_random(&seed) % 2 == 0 ? 4 : 6);
			policy.nets[i].bits = (uint8_t)(1 + zone_random(&seed) % (policy.nets[i].ip.family == 4 ? 32 : 128));
		}
		policy.rest = zone_random(&seed) % 5 == 4 ? MT_UNKNOWN : results[zone_random(&seed) % 4];
		if (!mt_spf2_agrees(judge, &policy, &client, say(&policy, &client)))
			return false;
	}
	return true;
}

static void *
one_thread(void *ctx)
{
	uint64_t seed = *(uint64_t *)ctx;

	*(uint64_t *)ctx = by_chance(seed, RANDOM / THREADS);
	return NULL;
}

static void
many_threads(void)
{
	pthread_t threads[THREADS];
	uint64_t seeds[THREADS];
	bool good = true;

	for (size_t i = 0; i < THREADS; i++) {
		seeds[i] = 77 + i;
		if (pthread_create(&threads[i], NULL, one_thread, &seeds[i]) != 0)
			abort();
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		good = good && seeds[i] == 1;
	}
	tap_ok(good, "%d threads, each with policies of its own", THREADS);
}

int
main(void)
{
	struct mt_spf_policy policy = { .rest = MT_FAIL };
	struct mt_spf2_counts counts;
	struct mt_ip client;

	mt_ip_parse(&client, MT_SPAN("192.0.2.1"));
	tap_ok(mt_spf2_agrees(NULL, &policy, &client, MT_PASS) && mt_spf2_counts(NULL).asked == 0, "without it nobody differs");
	judge = mt_spf2_open();
	if (judge == NULL) {
		tap_note("built without libspf2");
		return tap_done();
	}
	tap_ok(mt_spf2_agrees(judge, &policy, &client, MT_FAIL), "-all: agrees on fail");
	tap_ok(!mt_spf2_agrees(judge, &policy, &client, MT_PASS), "-all: differs from pass");
	counts = mt_spf2_counts(judge);
	tap_ok(counts.asked == 2 && counts.differed == 1, "both are counted");
	mt_ip_parse(&client, MT_SPAN("127.0.0.2"));
	tap_ok(mt_spf2_agrees(judge, &policy, &client, MT_FAIL) && mt_spf2_counts(judge).asked == 2, "it is not asked about loopback");
	suite_read("rfc7208.txt", suite_test);
	suite_read("rspamd.txt", suite_test);
	tap_ok(judged > 30, "%u rows came to something that it can judge", judged);
	for (size_t i = 0; i < sizeof reductions / sizeof *reductions; i++)
		reduce(i);
	tap_ok(by_chance(4711, RANDOM), "%d policies by chance", RANDOM);
	many_threads();
	counts = mt_spf2_counts(judge);
	tap_ok(counts.differed == 1, "of %llu evaluations none differed but the one that had to", (unsigned long long)counts.asked);
	mt_spf2_close(judge);
	mt_spf2_close(NULL);
	return tap_done();
}
