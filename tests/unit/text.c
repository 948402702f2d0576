/* SPDX-License-Identifier: BSD-2-Clause */
/* The report for a person: two whole ones as they should be, words that must be in it, and
 * that nothing in it moves a terminal. */
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static struct sample_sink
draw(const struct sample *s, const struct mt_render_options *options)
{
	struct sample_sink sink = { 0 };

	if (mt_render_text(&s->trace, options, sample_take, &sink) != MT_OK)
		tap_ok(false, "rendered");
	return sink;
}

static void ptr(struct sample *s, enum mt_result r, enum mt_cause c)
{
	s->trace.facts.fact[MT_FACT_PTR] = (struct mt_fact){ .result = r, .cause = c };
}
static void timeout(struct sample *s) { ptr(s, MT_TEMPERROR, MT_CAUSE_TIMEOUT); }
static void deadline(struct sample *s) { ptr(s, MT_TEMPERROR, MT_CAUSE_DEADLINE); }
static void servfail(struct sample *s) { ptr(s, MT_TEMPERROR, MT_CAUSE_SERVFAIL); }
static void nxdomain(struct sample *s) { ptr(s, MT_NONE, MT_CAUSE_NXDOMAIN); }
static void offline(struct sample *s) { ptr(s, MT_SKIPPED, MT_CAUSE_OFFLINE); }
static void plain(struct sample *s) { (void)s; }
static void nothing(struct sample *s) { sample_nothing(s); }
static void untrusted(struct sample *s) { s->hops[1].trusted = s->hops[2].trusted = false; }
static void trusted(struct sample *s) { s->hops[0].trusted = true; }
static void alone(struct sample *s)
{
	s->trace.hops = &s->hops[1];
	s->trace.nhops = 1;
	s->hops[1].flags = 0;
	s->trace.boundary = (struct mt_boundary){ 1, s->hops[1].from.ip, "the client is not one of our own" };
}
static void connected(struct sample *s) { alone(s); s->hops[1].flags = 1u << MT_HOP_LIVE; }
static void no_hop(struct sample *s) { s->trace.nhops = 0; s->trace.boundary = (struct mt_boundary){ 0 }; }
static void forged(struct sample *s) { s->hops[0].forged = true; s->hops[0].link = MT_LINK_CONTRADICTED; }
static void truncated(struct sample *s) { s->trace.truncated = true; s->trace.fields = 345; }
static void exempt(struct sample *s) { s->trace.verdict.exempt = MT_SPAN("partners"); }
static void dry(struct sample *s) { s->trace.verdict.dry_run = true; }
static void no_rule(struct sample *s) { s->trace.verdict.rule = MT_ABSENT; s->trace.verdict.code = 0; }
static void local(struct sample *s) { s->peer.ip.family = 0; s->peer.local = true; }
static void clocks(struct sample *s) { s->hops[0].has_delay = true; s->hops[0].delay_sec = INT64_MIN; }
static void kinds(struct sample *s) { s->hops[0].kind = MT_HOP_UNPARSED; s->hops[1].kind = MT_HOP_RETRIEVAL; }
static void nobody(struct sample *s)
{
	memset(&s->hops[0].from, 0, sizeof s->hops[0].from);
	s->hops[1].kind = MT_HOP_LOCAL;
	memset(&s->hops[1].from, 0, sizeof s->hops[1].from);
}
static void names(struct sample *s)
{
	s->names[0] = (struct mt_ptr_name){ .name = MT_SPAN("one.example"), .asked = true, .forward = MT_PASS };
	s->names[1] = (struct mt_ptr_name){ .name = MT_SPAN("two.example"), .asked = true, .forward = MT_TEMPERROR,
	    .cause = MT_CAUSE_TIMEOUT };
	s->names[2] = (struct mt_ptr_name){ .name = MT_SPAN("three.example"), .asked = true, .forward = MT_FAIL };
	s->peer.iprev.names = s->names;
	s->peer.iprev.nnames = 3;
	s->peer.iprev.cut = true;
}
static void checks(struct sample *s) { sample_checks(s); }
static void placed(struct sample *s) { sample_places(s); }
static void elsewhere(struct sample *s) { sample_places(s); s->trace.origin.claimed_hop = 1; }
static void no_city(struct sample *s) { sample_places(s); s->places[1].city = MT_ABSENT; }
static void only_as(struct sample *s)
{
	s->places[1] = (struct mt_location){ .asn = UINT32_MAX };
	s->hops[1].location = &s->places[1];
}
static void nowhere(struct sample *s)
{
	s->places[1] = (struct mt_location){ .continent = "EU" };
	s->hops[1].location = &s->places[1];
}
static void no_room(struct sample *s) { sample_places(s); s->hops[0].by = MT_SPAN("a-long-name-of-a-host.miho.example"); }
static void memory(struct sample *s, enum mt_result r, enum mt_cause c)
{
	s->trace.checks.history = (struct mt_history){ .result = r, .cause = c };
	s->trace.facts.fact[MT_FACT_HISTORY] = (struct mt_fact){ .result = r, .cause = c };
}
static void never_seen(struct sample *s) { memory(s, MT_NEW, MT_CAUSE_NONE); }
static void no_memory(struct sample *s) { memory(s, MT_SKIPPED, MT_CAUSE_NOT_NEEDED); }
static void slow_memory(struct sample *s) { memory(s, MT_SKIPPED, MT_CAUSE_TIMEOUT); }
static void lost_memory(struct sample *s) { memory(s, MT_SKIPPED, MT_CAUSE_BREAKER); }
static void part_of_memory(struct sample *s) { memory(s, MT_BAD, MT_CAUSE_BREAKER); }
static void new_memory(struct sample *s) { memory(s, MT_NEUTRAL, MT_CAUSE_GARBAGE); }
static void not_in_new_memory(struct sample *s) { memory(s, MT_SKIPPED, MT_CAUSE_GARBAGE); }
static void judged(struct sample *s)
{
	sample_relay(s);
	s->trace.relay.ip.family = 0;
	s->trace.verdict.relay = s->trace.facts.fact[MT_FACT_RELAY].result = MT_DIRECT;
	s->trace.facts.fact[MT_FACT_DNSBL].result = MT_REFUSED;
	s->trace.facts.fact[MT_FACT_SPF].result = MT_NEUTRAL;
	s->trace.facts.fact[MT_FACT_HISTORY].result = MT_NEW;
}
static void not_asked(struct sample *s)
{
	sample_relay(s);
	s->trace.facts.fact[MT_FACT_RELAY] = (struct mt_fact){ .result = MT_SKIPPED, .cause = MT_CAUSE_OFFLINE };
	s->trace.verdict.relay = MT_UNKNOWN;
}
static void no_author(struct sample *s)
{
	sample_checks(s);
	s->trace.checks.dmarc = (struct mt_dmarc){ .result = MT_PERMERROR, .why = MT_SPAN("there is no From field") };
	s->trace.checks.signatures[1].domain = s->trace.checks.spf_helo.domain = MT_ABSENT;
	s->seals[1].sealer = MT_ABSENT;
}
static void trouble(struct sample *s)
{
	s->trace.errors[0] = (struct mt_trace_error){ "arena", "full", MT_SPAN("4194304 bytes") };
	s->trace.nerrors = 1;
}

static const struct {
	const char *name;
	void (*change)(struct sample *s);
	const char *there;
	const char *not_there;		/* NULL: nothing is forbidden */
} cases[] = {
	{ "a time-out has its own word", timeout, "\n  ptr           TIME-OUT          no name server answered in time",
	    "ptr           temperror" },
	{ "so has a deadline", deadline, "\n  ptr           TIME-OUT          the answer was not there before", NULL },
	{ "another trouble is none", servfail, "\n  ptr           temperror         the name server failed (SERVFAIL)",
	    "ptr           TIME-OUT" },
	{ "nothing there is no trouble", nxdomain, "\n  ptr           none              the address has no name: there is no such name",
	    "ptr           TIME-OUT" },
	{ "not asked says why", offline, "\n  ptr           skipped           not asked: offline", NULL },
	{ "a mismatch is loud", plain, "\n  helo          MISMATCH          the name given in HELO leads to other addresses (12 ms)\n", NULL },
	{ "verdict first", plain, "\n\nVERDICT  SUSPICIOUS: the name given in HELO", NULL },
	{ "origin", plain, "\nORIGIN   proved   192.0.2.7  (hop 2)\n         claimed  192.0.2.7  (hop 2)  confidence 90 of 100\n"
	    "         - hop 2 was written by a server of ours\n", NULL },
	{ "what it calls itself", plain, "the client called itself miho.example, and that name is 203.0.113.6\n", NULL },
	{ "the boundary between hops", plain, "= trust boundary: lines above are only claims =", "every line" },
	{ "no line is believed", untrusted, "= trust boundary: lines above are only claims =", "every line" },
	{ "every line is believed", trusted, "= trust boundary: all lines below are believed =", "only claims" },
	{ "there is but one line", alone, "         1 hop, 1 believed, 0 forged\n", "1 hops" },
	{ "whose client the reason speaks of", alone, "\n         hop 1: the client is not one of our own\n", "every line" },
	{ "there is none, only the connection", connected, "= trust boundary: there is no line, only the connection =", "hop 1: " },
	{ "there is no hop", no_hop, "         no hops\n", "0 hops" },
	{ "a forged hop", forged, "\n  1  FORGED desk [198.51.100.9] -> miho.example", "  1  ?" },
	{ "a hop outside", plain, "\n  1  ?   desk [198.51.100.9] -> miho.example  SMTP", "FORGED" },
	{ "flags", plain, "\n         flags: bracketed, date-odd\n", NULL },
	{ "a contradiction", forged, "contradicted\n", NULL },
	{ "the sum", plain, "\n         3 hops, 2 believed, 0 forged\n", "only a part" },
	{ "a bound met", truncated, "3 hops, 2 believed, 0 forged; only a part of 345 Received fields was read\n", NULL },
	{ "a delay of any size", clocks, " -9223372036854775808 s |", NULL },
	{ "kinds", kinds, "  (retrieval)", NULL },
	{ "an unreadable line", kinds, "unreadable: from desk ([198.51.100.9])\\x0a", NULL },
	{ "a client that is not said", nobody, "\n  1  ?   (not said) -> miho.example  SMTP", NULL },
	{ "a hop without a client", nobody, "\n  2  ok  relay.example.org [2001:db8::25]  (local)  ESMTPS", NULL },
	{ "names", names, "one.example leads back to the client\n", NULL },
	{ "names without an answer", names, "two.example gave no answer in time\n", NULL },
	{ "names of others", names, "three.example leads to other addresses\n", NULL },
	{ "more names", names, "more than 10 names", NULL },
	{ "no more is said of what was not asked", plain, "\n  authenticated no\n\nPOLICY", "\n  spf" },
	{ "spf", checks, "\n  spf           SOFTFAIL          (7 ms)\n                                  foo.example: ~all\n", NULL },
	{ "spf of HELO", checks, "\n  spf-helo      PERMERROR\n                                  miho.example: two records\n", NULL },
	{ "dkim", checks, "foo.example fail, selector s1, 2048 bits, for testing, covers a", "(no domain)" },
	{ "dkim without a domain", no_author, "(no domain) temperror: the key could not be asked for\n", NULL },
	{ "arc", checks, "1 sealed by list.example, which saw 2001:db8::9\n", "(nobody)" },
	{ "arc without a sealer", no_author, "2 sealed by (nobody)\n", NULL },
	{ "dmarc", checks, " foo.example, policy reject: neither SPF", "author)" },
	{ "dmarc without an author", no_author, " (no single author): there is no From field\n", "policy" },
	{ "a listing", checks, "zen.example client: 192.0.2.7 listed as sbl, pbl\n", NULL },
	{ "a list without an answer", checks, "dead.example client: 192.0.2.7 temperror\n", NULL },
	{ "a list about a hop", checks, "wl.example hop 1: 198.51.100.9 clean\n", NULL },
	{ "relay", checks, "\nRELAY    open  192.0.2.7\n  E1 yes        miho.example passed on what 198.51.100.9 sent\n", "\n  E5" },
	{ "relay, no server", judged, "\nRELAY    direct\n  E1 yes ", NULL },
	{ "an honest server is not cried at", judged, "\n  relay         direct\n", "DIRECT" },
	{ "what is no fault is not loud", judged, "\n  spf           neutral\n  dnsbl         refused\n", "NEW" },
	{ "where the origin is", placed, "\nORIGIN   proved   192.0.2.7  (hop 2)\n                  San Jose, US, AS64500 Evernet "
	    "Hosting\n         claimed  192.0.2.7  (hop 2)  confidence 90 of 100\n         places by GeoLite2-City of "
	    "2015-04-08, Own-ASN; geolocation is not an address\n", "Leeds" },
	{ "where another origin is", elsewhere, "confidence 90 of 100\n                  Leeds, GB, AS64501 Example Telecom\n", NULL },
	{ "where no city is known", no_city, "\n                  US, AS64500 Evernet Hosting\n", NULL },
	{ "where only a number is known", only_as, "\n                  AS4294967295\n", NULL },
	{ "where nothing is known", nowhere, "\nORIGIN   proved   192.0.2.7  (hop 2)\n         claimed", "geolocation" },
	{ "where a hop's client is", placed, "-> miho.example  SMTP  GB AS64501  -    ", "client in" },
	{ "where there is no room for it", no_room, "-> a-long-name-of-a-host.miho.example  SMTP", "GB" },
	{ "history", checks, "\n  history       BAD               the client is known for bad mail\n"
	    "                                  first seen 2015-03-09T11:20:00Z, last 2015-04-09T08:59:59Z\n"
	    "                                  12 messages, 2 good, 9 bad\n"
	    "                                  passed on mail of 4 networks and 3 senders within a day\n", NULL },
	{ "no history", never_seen, "\n  history       new               the client was never seen before\n", "first seen" },
	{ "no memory", no_memory, "\n  history       skipped           not asked: nothing is remembered here\n", "first seen" },
	{ "a memory that does not answer", slow_memory, " skipped           the store did not answer in time", "skipped           no name server" },
	{ "a memory that is away", lost_memory, "\n  history       skipped           not asked: the store is away\n", NULL },
	{ "what this host knows alone", part_of_memory, "\n  history       BAD               the client is known for bad mail: as far as", NULL },
	{ "the same in words", part_of_memory, "the store is away", "not asked: the store" },
	{ "what is known since a loss", new_memory, "since the store was lost", "the answer cannot be read" },
	{ "not seen since a loss", not_in_new_memory, "\n  history       skipped           not seen since the store was lost;", NULL },
	{ "relay, in the verdict", checks, "\n         relay: open\n", NULL },
	{ "relay, not asked", not_asked, "\nRELAY    unknown  192.0.2.7\n  E1 yes ", NULL },
	{ "relay, not judged", plain, "\n         relay: unknown\n", "\nRELAY" },
	{ "policy", plain, "\nPOLICY   rule no-answer -> tempfail\n         action: accept  would: tempfail  mode: monitor  stage: eom\n"
	    "         reply: 451 4.7.25 192.0.2.7: no answer from reverse DNS\n", "exempt" },
	{ "an exemption", exempt, "         exempt by partners\n", NULL },
	{ "dry-run", dry, "mode: monitor (the rule is in dry-run)  stage", NULL },
	{ "notes", sample_noted, "\nPOLICY   no rule held; on-deadline -> tempfail\n         tags: t1, t2 and more\n"
	    "         in dry-run: d -> reject\n", NULL },
	{ "nothing noted", plain, "\nPOLICY", "tags:" },
	{ "refused recipients", sample_noted, "\n         recipients refused: 3\n"
	    "         refused by: rdns -> reject, no-relay -> tempfail\n", NULL },
	{ "none refused", plain, "\nPOLICY", "refused" },
	{ "no rule", no_rule, "\nPOLICY   no rule held\n", "reply:" },
	{ "a client on this machine", local, "\nCHECKS   handed over on this machine\n", NULL },
	{ "evidence", plain, "\n  strong  helo.mismatch         the client calls itself", NULL },
	{ "evidence and its hop", plain, "not to 192.0.2.7 (hop 3)\n", NULL },
	{ "more evidence", plain, "\n  medium  ptr.temperror         no name server answered for 192.0.2.7\n", "TROUBLE" },
	{ "trouble of ours", trouble, "\nTROUBLE  on our side\n  arena: full: 4194304 bytes\n", NULL },
	{ "nothing", nothing, "\nVERDICT  UNVERIFIED\n", "reply:" },
	{ "nothing, path", nothing, "\nPATH     no Received field, and no connection\n", "boundary" },
	{ "nothing, evidence", nothing, "\nEVIDENCE none\n", NULL },
};

static void
words(struct sample *s, const struct mt_render_options *options)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sample_sink sink;

		sample_message(s);
		cases[i].change(s);
		sink = draw(s, options);
		tap_ok(strstr(sink.ptr, cases[i].there) != NULL, "%s", cases[i].name);
		if (cases[i].not_there != NULL)
			tap_ok(strstr(sink.ptr, cases[i].not_there) == NULL, "%s, and not \"%s\"", cases[i].name, cases[i].not_there);
		sample_sink_free(&sink);
	}
}

/* Printable ASCII and line ends; of ESC only our own colours, and none if none are wanted. */
static bool
harmless(const struct sample_sink *sink, bool color)
{
	for (size_t i = 0; i < sink->len; i++) {
		const char *at = sink->ptr + i;

		if (*at == '\n' || (*at >= ' ' && *at <= '~'))
			continue;
		if (!color || strspn(at, "\033") != 1 || at[1] != '[' || at[2 + strspn(at + 2, "0123;")] != 'm')
			return false;
	}
	return sink->len > 0;
}

static void
hostile(struct sample *s)
{
	for (size_t i = 0; i < SAMPLE_HOSTILE; i++) {
		for (int color = 0; color < 2; color++) {
			struct mt_render_options options = { .color = color, .verbose = true, .width = 80 };
			struct sample_sink sink;

			sample_poison(s, sample_hostile(i));
			sink = draw(s, &options);
			tap_ok(harmless(&sink, color) && strstr(sink.ptr, "EVIDENCE") != NULL, "hostile %zu: harmless%s", i,
			    color ? " in colour" : "");
			sample_sink_free(&sink);
		}
	}
}

/* Of a trace with every code there could be, each must be in the report. */
static void
every_evidence(struct sample *s, const struct mt_render_options *options)
{
	static char codes[MT_EVIDENCE_MOST][16];
	struct sample_sink sink;
	bool all = true;

	sample_message(s);
	for (size_t i = 0; i < MT_EVIDENCE_MOST; i++) {
		snprintf(codes[i], sizeof codes[i], "code.number-%zu", i);
		s->trace.evidence[i] = (struct mt_evidence){ .code = codes[i], .text = mt_span_text(codes[i]) };
	}
	s->trace.nevidence = MT_EVIDENCE_MOST;
	sink = draw(s, options);
	for (size_t i = 0; i < MT_EVIDENCE_MOST; i++)
		all &= strstr(sink.ptr, codes[i]) != NULL;
	tap_ok(all, "every evidence item is in the report");
	sample_sink_free(&sink);
}

static void
whole(struct sample *s)
{
	struct mt_render_options options = { .verbose = false };
	struct sample_sink sink;

	sample_message(s);
	sink = draw(s, &options);
	tap_ok(sample_expected("report.txt", &sink), "the whole report");
	sample_sink_free(&sink);
	sample_checks(s);
	sink = draw(s, &options);
	tap_ok(sample_expected("checks.txt", &sink), "the whole report of all checks");
	sample_sink_free(&sink);
	sample_message(s);
	options = (struct mt_render_options){ .verbose = true, .width = 80 };
	names(s);
	trouble(s);
	sample_places(s);
	sink = draw(s, &options);
	tap_ok(sample_expected("report-verbose.txt", &sink), "the whole report with raw fields, 80 columns");
	sample_sink_free(&sink);
}

int
main(void)
{
	static struct sample sample;
	struct mt_render_options options = { .width = 0 };

	whole(&sample);
	words(&sample, &options);
	hostile(&sample);
	every_evidence(&sample, &options);
	return tap_done();
}
