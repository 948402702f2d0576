/* SPDX-License-Identifier: BSD-2-Clause */
/* Each row of the table fires on its fact and on no other; every code is met here. */
#include "lib/core/evidence.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define D(time) "; Sat, 21 Nov 2026 " time " +0000"
#define DATE D("09:59:50")
#define MX "from mail.sender.net (mail.sender.net [194.0.0.7]) by mx.example.org (Postfix) with ESMTPS id 4A" D("09:59:59")
#define MX_DIAL "from ppp-12-34.dial.sender.net (ppp-12-34.dial.sender.net [194.0.12.34]) by mx.example.org (Postfix) with ESMTP id 4A" \
	D("09:59:59")
#define FINE "from laptop (unknown [195.0.0.3]) by mail.sender.net (Postfix) with ESMTPSA id 4B for <joe@example.org>" DATE
#define ODD "from unknown (196.0.0.5) by q4.sample.com with NNFMP" DATE

/* A fact with a word gives this code, and nothing else does. */
static const struct {
	const char *code;
	enum mt_fact_name fact;
	enum mt_result result;
	const char *text;		/* a part of the sentence */
} words[] = {
	{ "ptr.temperror", MT_FACT_PTR, MT_TEMPERROR, "194.0.0.7 (timeout)" },
	{ "ptr.none", MT_FACT_PTR, MT_NONE, "194.0.0.7 has no name" },
	{ "ptr.permerror", MT_FACT_PTR, MT_PERMERROR, "194.0.0.7" },
	{ "iprev.fail", MT_FACT_IPREV, MT_FAIL, "named mail.sender.net" },
	{ "helo.mismatch", MT_FACT_HELO, MT_MISMATCH, "ehlo.sender.net is 198.0.0.1, not 194.0.0.7" },
	{ "helo.ours", MT_FACT_HELO, MT_OURS, "ehlo.sender.net is our own" },
	{ "helo.unresolvable", MT_FACT_HELO, MT_UNRESOLVABLE, "ehlo.sender.net has no address" },
	{ "helo.literal-mismatch", MT_FACT_HELO, MT_LITERAL_MISMATCH, "is not 194.0.0.7" },
	{ "helo.malformed", MT_FACT_HELO, MT_MALFORMED, "no host name" },
	{ "helo.changed", MT_FACT_HELO, MT_CHANGED, "was before.sender.net before" },
	{ "helo.none", MT_FACT_HELO, MT_NONE, "did not say" },
	{ "helo.temperror", MT_FACT_HELO, MT_TEMPERROR, "cannot be resolved now" },
	{ "helo.not-fqdn", MT_FACT_HELO, MT_NOT_FQDN, "not a fully qualified name" },
};

static const struct mt_net nets[] = { { { 4, { 193, 0, 0, 0 } }, 24 } };
static const struct mt_span names[] = { { "*.example.org", 13 } };
static const struct mt_trust trust = { .authserv_id = { "mx.example.org", 14 }, .networks = { nets, 1 }, .names = { names, 1 } };

static unsigned met_bits[2];

static void
meet(const char *code)
{
	const struct mt_evidence_about *about;

	for (unsigned i = 0; (about = mt_evidence_about(i)) != NULL; i++)
		if (strcmp(about->code, code) == 0)
			met_bits[i / 32] |= 1u << i % 32;
}

/* The codes that were found, in order. */
static const char *
found(const struct mt_trace *trace)
{
	static char codes[2048];
	size_t at = 0;

	codes[0] = '\0';
	for (size_t i = 0; i < trace->nevidence && at < sizeof codes; i++) {
		at += (size_t)snprintf(codes + at, sizeof codes - at, "%s%s", i > 0 ? " " : "", trace->evidence[i].code);
		meet(trace->evidence[i].code);
	}
	return codes;
}

static void
connected(struct path *p)
{
	static const char *const none[] = { NULL };

	path_open(p, &trust, none, NULL, NULL);
	p->peer.known = true;
	mt_ip_parse(&p->peer.ip, MT_SPAN("194.0.0.7"));
	p->name = (struct mt_ptr_name){ .name = MT_SPAN("mail.sender.net"), .forward = MT_FAIL };
	p->peer.iprev = (struct mt_iprev){ .nnames = 1, .names = &p->name };
	p->peer.helo.name = MT_SPAN("ehlo.sender.net");
	p->peer.helo.changed_from = MT_SPAN("before.sender.net");
	p->peer.helo.naddresses = 1;
	mt_ip_parse(&p->peer.helo.addresses[0], MT_SPAN("198.0.0.1"));
}

/* Every word of every fact: the one code that the table names, or none. */
static void
test_words(void)
{
	static const enum mt_fact_name facts[] = { MT_FACT_PTR, MT_FACT_IPREV, MT_FACT_HELO };

	for (size_t f = 0; f < sizeof facts / sizeof *facts; f++)
		for (int word = 0; word < MT_RESULTS; word++) {
			const char *want = "", *text = "", *codes;
			struct path p;

			for (size_t i = 0; i < sizeof words / sizeof *words; i++)
				if (words[i].fact == facts[f] && (int)words[i].result == word) {
					want = words[i].code;
					text = words[i].text;
				}
			connected(&p);
			p.trace.facts.fact[facts[f]] = (struct mt_fact){ .result = (enum mt_result)word,
				.cause = word == MT_TEMPERROR ? MT_CAUSE_TIMEOUT : MT_CAUSE_NONE };
			mt_evidence_find(&p.trace);
			codes = found(&p.trace);
			tap_ok(strcmp(codes, want) == 0 && (want[0] == '\0' || (strstr(p.trace.evidence[0].text.ptr, text) != NULL &&
			    (p.trace.evidence[0].facts >> facts[f] & 1) != 0)), "%s %s: '%s'", mt_fact_word(facts[f]),
			    mt_result_word((enum mt_result)word), codes);
			path_close(&p);
		}
}

/* A name that cannot be asked for now is an open question only where there is a name. */
static void
test_pairs(void)
{
	static const struct {
		enum mt_result ptr, iprev;
		const char *codes;
	} pairs[] = {
		{ MT_PASS, MT_TEMPERROR, "iprev.temperror" }, { MT_TEMPERROR, MT_TEMPERROR, "ptr.temperror" },
		{ MT_NONE, MT_NONE, "ptr.none" }, { MT_PASS, MT_PASS, "" }, { MT_PASS, MT_FAIL, "iprev.fail" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct path p;

		connected(&p);
		p.trace.facts.fact[MT_FACT_PTR].result = pairs[i].ptr;
		p.trace.facts.fact[MT_FACT_IPREV].result = pairs[i].iprev;
		mt_evidence_find(&p.trace);
		tap_ok(strcmp(found(&p.trace), pairs[i].codes) == 0, "ptr %s, iprev %s: '%s'", mt_result_word(pairs[i].ptr),
		    mt_result_word(pairs[i].iprev), pairs[i].codes);
		path_close(&p);
	}
}

/* A name by rule is weak evidence; one that somebody chose is none. */
static void
test_generic(void)
{
	static const struct { const char *name, *codes; } generic[] = {
		{ "194-0-0-7.sender.net", "ptr.generic" }, { "dsl.pool.sender.net", "ptr.generic" },
		{ "static-194-0-0-7.sender.net", "" }, { "mail.sender.net", "" } };

	for (size_t i = 0; i < sizeof generic / sizeof *generic; i++) {
		struct path p;

		connected(&p);
		p.name.name = mt_span_text(generic[i].name);
		p.trace.facts.fact[MT_FACT_PTR].result = MT_PASS;
		p.trace.facts.fact[MT_FACT_IPREV].result = MT_PASS;
		mt_evidence_find(&p.trace);
		tap_ok(strcmp(found(&p.trace), generic[i].codes) == 0, "%s: '%s'", generic[i].name, generic[i].codes);
		path_close(&p);
	}
}

/* Paths, with all that is found on them: each code is somewhere, and not where it must not be. */
static const struct {
	const char *name;
	const char *fields[PATH_FIELDS];	/* newest first */
	const char *codes;
	unsigned hop;			/* of the first one */
} paths[] = {
	{ "honest", { MX, FINE }, "", 0 },
	{ "a protocol that nobody writes", { MX, ODD }, "forged.word forged.form", 1 },
	{ "below it an honest line", { MX, ODD, FINE }, "forged.word forged.form forged.beside", 2 },
	{ "two of them", { MX, ODD, ODD }, "forged.word forged.word forged.form forged.form", 2 },
	{ "a clock", { MX, "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96) id 1CIlfc-0003Pa-8W" DATE },
	    "forged.queue-clock", 1 },
	{ "the same in its time", { MX, "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96) id 1CIlfc-0003Pa-8W; Sat, 16 Oct "
	    "2004 10:20:18 +0000" }, "", 0 },
	{ "an address", { MX, "from x ([196.0.300.5]) by mail.sender.net with SMTP id 4C" DATE }, "forged.address", 1 },
	{ "our name", { MX, "from x (x.example.com [196.0.0.1]) by mx.example.org (Postfix) with ESMTPS id 4H" DATE },
	    "forged.our-name", 1 },
	{ "not the client's address, and no form", { MX, "from x (196.0.0.5) by 196.7.7.7 with SMTP" DATE }, "forged.by forged.form", 1 },
	{ "not the client's address alone", { MX, "from x ([196.0.0.5]) by 196.7.7.7 with SMTP id 4C" DATE }, "", 0 },
	{ "old and without form", { MX, "from x (196.0.0.5) by q4.sample.com with SMTP; Wed, 18 Nov 2026 09:59:50 +0000" },
	    "forged.stale forged.form", 1 },
	{ "old alone", { MX, "from x ([196.0.0.5]) by mail.sender.net (Postfix) with SMTP id 4C; Wed, 18 Nov 2026 09:59:50 +0000" }, "",
	    0 },
	{ "no date of Sendmail", { MX, "from x (x.sample.com [196.0.0.5]) by mail.sender.net (8.14.7/8.14.7) with SMTP id 076Go4wD014562; "
	    "soon, very soon" }, "forged.date", 1 },
	{ "no date at all", { MX, "from x (x.sample.com [196.0.0.5]) by mail.sender.net (8.14.7/8.14.7) with SMTP id 076Go4wD014562" },
	    "", 0 },
	{ "an Exim that does not write as Exim", { MX, "from x ([196.0.0.5]) by q4.sample.com with ESMTP (Exim 4.96) id 4M" DATE },
	    "forged.dialect", 1 },
	{ "no client, by no server", { MX_DIAL, "from mail by mars.sample.com with SMTP id mcyMwcFt6DSYO0e4bs" DATE }, "forged.client", 1 },
	{ "no client, but the server is the newer line's", { MX, "from mail by mail.sender.net with SMTP id mcyMwcFt6DSYO0e4bs" DATE },
	    "", 0 },
	{ "the future", { "from x (x.sender.net [194.0.0.7]) by mx.example.org (Postfix) with ESMTP id 4A" D("10:10:01") },
	    "chain.future", 1 },
	{ "not yet the future", { "from x (x.sender.net [194.0.0.7]) by mx.example.org (Postfix) with ESMTP id 4A" D("10:10:00") }, "",
	    0 },
	{ "backwards", { MX, "from x (unknown [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B" D("10:05:00") },
	    "chain.backwards", 1 },
	{ "five minutes are not", { MX, "from x (unknown [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B" D("10:04:59") }, "",
	    0 },
	{ "a wrong clock", { MX, "from a (a.sample.net [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B" D("08:59:55"),
	    "from b (unknown [195.0.0.4]) by a.sample.net (Postfix) with ESMTP id 4C" D("09:59:50") }, "chain.skew", 2 },
	{ "a wrong clock, told once for its host", { MX, "from a (a.sample.net [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B"
	    D("08:59:56"), "from a (a.sample.net [195.0.0.3]) by mail.sender.net (Postfix) with ESMTP id 4B" D("08:59:55"),
	    "from b (unknown [195.0.0.4]) by a.sample.net (Postfix) with ESMTP id 4C" D("09:59:50") }, "chain.skew", 3 },
	{ "unreadable", { "apparently", MX }, "chain.unparsed", 2 },
};

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *codes;
		struct path p;

		path_build(&p, &trust, paths[i].fields, NULL, NULL);
		mt_evidence_find(&p.trace);
		codes = found(&p.trace);
		tap_ok(strcmp(codes, paths[i].codes) == 0 && (p.trace.nevidence == 0 || p.trace.evidence[0].hop == paths[i].hop),
		    "%s: '%s'", paths[i].name, codes);
		path_close(&p);
	}
}

static void
test_rest(void)
{
	static const char *const one[] = { MX, NULL }, *const odd[] = { "apparently", MX, NULL };
	struct path p;

	path_build(&p, &trust, one, NULL, NULL);
	p.trace.truncated = true;
	mt_evidence_find(&p.trace);
	tap_ok(strcmp(found(&p.trace), "chain.truncated") == 0, "a header over a bound");
	p.trace.truncated = false;
	p.trace.claims[0] = (struct mt_claim){ .name = "X-Originating-IP" };
	mt_ip_parse(&p.trace.claims[0].ip, MT_SPAN("194.0.0.7"));
	p.trace.nclaims = 1;
	mt_evidence_find(&p.trace);
	tap_ok(strcmp(found(&p.trace), "origin.claim") == 0 &&
	    strcmp(p.trace.evidence[0].text.ptr, "X-Originating-IP says 194.0.0.7, as hop 1 does") == 0, "a claim of the origin: %s",
	    p.trace.evidence[0].text.ptr);
	path_close(&p);
	path_open(&p, &trust, odd, NULL, NULL);
	mt_evidence_find(&p.trace);
	tap_ok(p.trace.nevidence == 0, "nothing is said of hops before they are in order");
	path_close(&p);
}

/* What a seal says of the client of the server that made it. */
static void
test_seal(void)
{
	static const char *const fields[] = { MX, "from bank.example.com (bank.example.com [196.0.0.1]) by mail.sender.net (Postfix) with "
	    "ESMTPS id 4N for <joe@example.org>" DATE, NULL };
	static const struct {
		const char *name, *remote;
		enum mt_result result;
		bool forged;
	} seals[] = {
		{ "names another client", "197.0.0.9", MT_PASS, true }, { "names this client", "196.0.0.1", MT_PASS, false },
		{ "names a client of the path", "194.0.0.7", MT_PASS, false }, { "names no client", "", MT_PASS, false },
		{ "does not hold", "197.0.0.9", MT_FAIL, false }, { "cannot be checked now", "197.0.0.9", MT_TEMPERROR, false },
	};

	for (size_t i = 0; i < sizeof seals / sizeof *seals; i++) {
		struct mt_arc_set set = { .instance = 1, .sealer = MT_SPAN("sender.net"), .authserv_id = MT_SPAN("sender.net") };
		struct mt_arc arc = { .result = seals[i].result, .sets = &set, .nsets = 1 };
		struct path p;

		mt_ip_parse(&set.remote_ip, mt_span_text(seals[i].remote));
		path_open(&p, &trust, fields, NULL, NULL);
		p.trace.arc = &arc;
		mt_chain_build(&p.trace);
		mt_evidence_find(&p.trace);
		tap_ok(strcmp(found(&p.trace), seals[i].forged ? "forged.signature" : "") == 0 && p.trace.hops[0].forged == seals[i].forged,
		    "a seal that %s: %s", seals[i].name, p.trace.nevidence > 0 ? p.trace.evidence[0].text.ptr : "nothing");
		path_close(&p);
	}
}

/* Who is told that a line is forged finds in the sentence the bytes that this rests on. */
static void
test_bytes(void)
{
	static const struct {
		const char *field, *code, *bytes;
	} lines[] = {
		{ ODD, "forged.word", "\"NNFMP\"" }, { ODD, "forged.form", "\"from unknown (196.0.0.5) by q4.sample.com with NNFMP;" },
		{ "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96) id 1CIlfc-0003Pa-8W" DATE, "forged.queue-clock",
		    "\"1CIlfc-0003Pa-8W\", given at 2004-10-16T10:20:16+00:00" },
		{ "from x ([196.0.300.5]) by mail.sender.net with SMTP id 4C" DATE, "forged.address", "([196.0.300.5])" },
		{ "from x (x.example.com [196.0.0.1]) by mx.example.org (Postfix) with ESMTPS id 4H" DATE, "forged.our-name",
		    "mx.example.org" },
		{ "from x (196.0.0.5) by 196.7.7.7 with SMTP" DATE, "forged.by", "196.7.7.7" },
		{ "from x (196.0.0.5) by q4.sample.com with SMTP; Wed, 18 Nov 2026 09:59:50 +0000", "forged.stale",
		    "\"Wed, 18 Nov 2026 09:59:50 +0000\"" },
		{ "from x (x.sample.com [196.0.0.5]) by mail.sender.net (8.14.7/8.14.7) with SMTP id 076Go4wD014562; soon, very soon",
		    "forged.date", "\"soon, very soon\"" },
		{ "from x ([196.0.0.5]) by q4.sample.com with ESMTP (Exim 4.96) id 4M" DATE, "forged.dialect", "(Exim 4.96) id 4M" },
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *fields[PATH_FIELDS] = { MX, lines[i].field };
		const char *text = "";
		struct path p;

		path_build(&p, &trust, fields, NULL, NULL);
		mt_evidence_find(&p.trace);
		for (size_t e = 0; e < p.trace.nevidence; e++)
			if (strcmp(p.trace.evidence[e].code, lines[i].code) == 0 && p.trace.evidence[e].hop == 1)
				text = p.trace.evidence[e].text.ptr;
		tap_ok(strstr(text, lines[i].bytes) != NULL, "%s quotes what it rests on: %s", lines[i].code, text);
		path_close(&p);
	}
}

/* ---- who vouches for the sender -------------------------------------------------------------- */

static void
set_spf(struct path *p, enum mt_result word)
{
	p->trace.checks.spf_mailfrom = (struct mt_spf){ .result = word, .domain = MT_SPAN("bank.example"), .mechanism = MT_SPAN("-all"),
		.why = word == MT_PERMERROR ? MT_SPAN("it has two records") : MT_ABSENT,
		.cause = word == MT_TEMPERROR ? MT_CAUSE_SERVFAIL : MT_CAUSE_NONE };
}

/* What SPF says of the HELO name alone is no evidence. */
static void
set_spf_helo(struct path *p, enum mt_result word)
{
	p->trace.checks.spf_helo = (struct mt_spf){ .result = word, .domain = MT_SPAN("ehlo.sender.net") };
	p->trace.facts.fact[MT_FACT_SPF_HELO].result = word;
}

static struct mt_signature signatures[2];

static void
set_dkim(struct path *p, enum mt_result word)
{
	signatures[0] = (struct mt_signature){ .result = word, .domain = MT_SPAN("bank.example"), .why = MT_SPAN("the body was changed") };
	signatures[1] = (struct mt_signature){ .result = word, .domain = MT_SPAN("esp.example") };
	p->trace.checks.signatures = signatures;
	p->trace.checks.nsignatures = 2;
	p->trace.checks.dkim.result = word;
}

/* One good signature is enough. */
static void
set_dkim_beside_pass(struct path *p, enum mt_result word)
{
	set_dkim(p, word);
	signatures[1].result = p->trace.checks.dkim.result = MT_PASS;
}

static void
set_arc(struct path *p, enum mt_result word)
{
	p->trace.checks.arc = (struct mt_arc){ .result = word, .nsets = 2, .why = MT_SPAN("seal 2 does not fit") };
}

static void
set_arc_empty(struct path *p, enum mt_result word)
{
	p->trace.checks.arc.result = word;
}

static void
set_dmarc(struct path *p, enum mt_result word)
{
	p->trace.checks.dmarc = (struct mt_dmarc){ .result = word, .domain = MT_SPAN("bank.example"), .policy = "quarantine" };
}

static void
set_dmarc_none(struct path *p, enum mt_result word)
{
	set_dmarc(p, word);
	p->trace.checks.dmarc.policy = "none";
}

static struct mt_listing listings[2];

static void
set_list(struct path *p, enum mt_result word)
{
	static const struct mt_span called[] = { { "xbl", 3 }, { "pbl", 3 } };

	listings[0] = (struct mt_listing){ .zone = MT_SPAN("zen.example"), .ip = p->peer.ip, .result = word, .names = called, .nnames = 2 };
	listings[1] = (struct mt_listing){ .zone = MT_SPAN("bl.example"), .ip = p->peer.ip, .result = word };
	p->trace.checks.lists = (struct mt_listings){ .listing = listings, .count = 2 };
}

/* A list of those to be believed accuses nobody. */
static void
set_allow_list(struct path *p, enum mt_result word)
{
	set_list(p, word);
	listings[0].allow = true;
	p->trace.checks.lists.count = 1;
}

static void
set_relay(struct path *p, enum mt_result word)
{
	p->trace.relay = (struct mt_relay){ .result = word, .hop = 4, .findings = { { MT_YES, MT_SPAN("it passed it on") },
		{ MT_NO, MT_SPAN("not this") }, { MT_TEMPERROR, MT_SPAN("no answer") }, { MT_UNKNOWN, MT_SPAN("nor this") },
		{ MT_YES, MT_SPAN("it is known for it") } } };
	p->trace.facts.fact[MT_FACT_RELAY].result = word;
}

static void
set_relay_listed(struct path *p, enum mt_result word)
{
	set_relay(p, word);
	p->trace.relay.hop = 0;
}

#define RELAY_SAYS "it passed it on; no answer; it is known for it"

/* A check with a word gives this code, and no other word of it does. */
static const struct {
	const char *what;
	void (*set)(struct path *p, enum mt_result word);
	enum mt_fact_name fact;
	unsigned hop;
	struct { enum mt_result word; const char *code, *text; } rows[5];
} sender[] = {
	{ "spf", set_spf, MT_FACT_SPF, 0, {
	    { MT_FAIL, "spf.fail", "194.0.0.7 is not allowed to send for bank.example (-all)" },
	    { MT_SOFTFAIL, "spf.softfail", "194.0.0.7 is probably not allowed to send for bank.example" },
	    { MT_PERMERROR, "spf.permerror", "the SPF record of bank.example cannot be used: it has two records" },
	    { MT_TEMPERROR, "spf.temperror", "what bank.example allows cannot be known now (servfail)" } } },
	{ "spf-helo", set_spf_helo, MT_FACT_SPF_HELO, 0, { { 0 } } },
	{ "dkim", set_dkim, MT_FACT_DKIM, 0, {
	    { MT_FAIL, "dkim.fail", "the signature of bank.example (the body was changed), esp.example does not fit the message" },
	    { MT_PERMERROR, "dkim.permerror", "the signature of bank.example (the body was changed), esp.example cannot be verified" },
	    { MT_TEMPERROR, "dkim.temperror",
	    "the signature of bank.example (the body was changed), esp.example cannot be verified now" } } },
	{ "dkim beside a good one", set_dkim_beside_pass, MT_FACT_DKIM, 0, { { 0 } } },
	{ "arc", set_arc, MT_FACT_ARC, 0, { { MT_FAIL, "arc.fail", "the chain of 2 seals is broken: seal 2 does not fit" } } },
	{ "arc without a set", set_arc_empty, MT_FACT_ARC, 0, { { MT_FAIL, "arc.fail", "the ARC fields form no chain" } } },
	{ "dmarc", set_dmarc, MT_FACT_DMARC, 0, { { MT_FAIL, "dmarc.fail",
	    "neither SPF nor DKIM speak for the author's domain bank.example, whose owner asks for: quarantine" } } },
	{ "dmarc for reports", set_dmarc_none, MT_FACT_DMARC, 0, { { MT_FAIL, "dmarc.unaligned",
	    "neither SPF nor DKIM speak for the author's domain bank.example" } } },
	{ "list", set_list, MT_FACT_DNSBL, 0, {
	    { MT_LISTED, "dnsbl.listed", "194.0.0.7 is listed by zen.example as xbl, pbl; 194.0.0.7 is listed by bl.example" },
	    { MT_TEMPERROR, "dnsbl.trouble", "no usable answer from zen.example (temperror), bl.example (temperror)" },
	    { MT_REFUSED, "dnsbl.trouble", "no usable answer from zen.example (refused), bl.example (refused)" },
	    { MT_DEAD, "dnsbl.trouble", "no usable answer from zen.example (dead), bl.example (dead)" } } },
	{ "list of good ones", set_allow_list, MT_FACT_DNSBL, 0, {
	    { MT_TEMPERROR, "dnsbl.trouble", "no usable answer from zen.example (temperror)" },
	    { MT_REFUSED, "dnsbl.trouble", "no usable answer from zen.example (refused)" },
	    { MT_DEAD, "dnsbl.trouble", "no usable answer from zen.example (dead)" } } },
	{ "relay", set_relay, MT_FACT_RELAY, 4, { { MT_OPEN, "relay.open", RELAY_SAYS }, { MT_SUSPECT, "relay.suspect", RELAY_SAYS },
	    { MT_UNATTESTED, "relay.unattested", RELAY_SAYS }, { MT_LISTED, "relay.listed", RELAY_SAYS } } },
	{ "relay that no line shows", set_relay_listed, MT_FACT_RELAY, 0, { { MT_OPEN, "relay.open", RELAY_SAYS },
	    { MT_SUSPECT, "relay.suspect", RELAY_SAYS }, { MT_UNATTESTED, "relay.unattested", RELAY_SAYS },
	    { MT_LISTED, "relay.listed", RELAY_SAYS } } },
};

static void
sender_word(size_t i, enum mt_result word)
{
	const char *code = "", *text = "", *codes;
	const struct mt_evidence *first;
	struct path p;

	for (size_t r = 0; r < 5 && sender[i].rows[r].code != NULL; r++)
		if (sender[i].rows[r].word == word) {
			code = sender[i].rows[r].code;
			text = sender[i].rows[r].text;
		}
	connected(&p);
	sender[i].set(&p, word);
	mt_evidence_find(&p.trace);
	codes = found(&p.trace);
	first = p.trace.nevidence == 0 ? NULL : &p.trace.evidence[0];
	if (!tap_ok(strcmp(codes, code) == 0 && (first == NULL || (strcmp(first->text.ptr, text) == 0 && first->hop == sender[i].hop &&
	    (first->facts >> sender[i].fact & 1) != 0)), "%s %s: '%s'", sender[i].what, mt_result_word(word), codes) && first != NULL)
		tap_note("hop %u: %s", first->hop, first->text.ptr);
	path_close(&p);
}

static void
test_sender(void)
{
	for (size_t i = 0; i < sizeof sender / sizeof *sender; i++)
		for (int word = 0; word < MT_RESULTS; word++)
			sender_word(i, (enum mt_result)word);
}

/* More than there is room for: the strongest stay. */
static void
test_most(void)
{
	static const char *const fields[] = { MX, NULL };
	struct mt_hop *hops;
	struct path p;

	path_open(&p, &trust, fields, NULL, NULL);
	hops = mt_arena_alloc(&p.trace.arena, 60 * sizeof *hops);
	hops[0] = p.trace.hops[0];
	for (size_t i = 1; i < 60; i++)
		mt_received_parse(&hops[i], &p.trace.arena, i % 2 == 0 ? MT_SPAN("apparently") : MT_SPAN(ODD));
	p.trace.hops = hops;
	p.trace.nhops = 60;
	mt_chain_build(&p.trace);
	mt_evidence_find(&p.trace);
	tap_ok(p.trace.nevidence == MT_EVIDENCE_MOST && p.trace.evidence[0].strength == MT_STRONG &&
	    p.trace.evidence[28].strength == MT_STRONG, "%zu kept of many, the strong ones first", p.trace.nevidence);
	path_close(&p);
}

static void
test_table(void)
{
	const struct mt_evidence_about *about;
	unsigned met = 0, n = 0;

	for (; (about = mt_evidence_about(n)) != NULL; n++) {
		bool here = (met_bits[n / 32] >> n % 32 & 1) != 0;

		met += here;
		if (!here)
			tap_note("not met: %s", about->code);
	}
	tap_ok(met == n && n > 25, "%u of %u codes were met here", met, n);
}

int
main(void)
{
	test_words();
	test_pairs();
	test_generic();
	test_paths();
	test_rest();
	test_seal();
	test_bytes();
	test_sender();
	test_most();
	test_table();
	return tap_done();
}
