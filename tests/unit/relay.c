/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/relay.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define RELAY "198.51.100.25"		/* relay.example.net */
#define LINE "from pc.example.com (pc.example.com [203.0.113.9]) by relay.example.net (Postfix) with ESMTP id 4F1x " \
	"for <user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000"

#define VICTIM "from bob (host5.innocent.example [203.0.113.9]) by mail.victim.example (Postfix) with ESMTP id 3AbC " \
	"for <user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000"

/* Answers by name and type; what is not listed does not exist. */
struct record {
	const char *name;
	enum mt_rrtype type;
	enum mt_cause cause;
	const char *data;		/* of MX a name, else an address */
};

struct scene {
	const char *name;
	const char *line;		/* NULL: no field */
	const char *older;		/* the one below it */
	const char *client, *ptr, *helo;	/* NULL: the relay's */
	const char *sender, *rcpt;	/* NULL: news@example.com, user@example.org */
	enum mt_result spf, dkim, arc, dmarc, iprev;	/* zero: none, and pass for iprev */
	const char *signer, *author;	/* d= of the signature, the author's domain */
	const char *mark;		/* a field of the header */
	struct record records[4];
	enum mt_result helo_is;		/* what is known of what it calls itself */
	enum mt_cause skipped;		/* of what is skipped */
	bool no_sender, no_rcpt;
	bool auth, listed, known, same_as, silent, part;
	unsigned origins, senders, good;
	enum mt_result want;
};

static const struct scene scenes[] = {
	/* What makes no relay of a server. */
	{ "nothing passed on", .line = NULL, .want = MT_DIRECT },
	{ "a line by somebody else", .line = "from a.example.com ([203.0.113.9]) by other.example.edu with SMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_DIRECT },
	{ "a private client: its own user behind it", .line = "from pc ([10.0.0.5]) by relay.example.net with ESMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_DIRECT },
	{ "carrier-grade NAT", .line = "from phone ([100.64.3.3]) by relay.example.net with ESMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_DIRECT },
	{ "a web form", .line = "by relay.example.net (Postfix, from userid 33) id 4F1x; Sat, 21 Nov 2026 09:59:58 +0000",
	    .want = MT_DIRECT },
	{ "a compromised account", .line = "from pc.example.com (pc.example.com [203.0.113.9]) by relay.example.net "
	    "(Postfix) with ESMTPSA id 4F1x; Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_SUBMISSION },
	{ "our own user", .line = LINE, .auth = true, .want = MT_SUBMISSION },
	{ "behind a relay of our own", .line = LINE, .client = "10.0.0.8", .want = MT_DIRECT },
	{ "within our own network", .line = "from pc ([10.0.0.5]) by relay.example.net with ESMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .client = "10.0.0.8", .want = MT_INTERNAL },
	{ "the same network", .line = "from mx1 (mx1.example.com [198.51.100.77]) by relay.example.net with ESMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_INTERNAL },
	{ "the same AS: a smarthost that knows its customers", .line = LINE, .same_as = true, .want = MT_INTERNAL },
	{ "the same organization", .line = "from a.example.net (a.example.net [203.0.113.9]) by relay.example.net with "
	    "ESMTP id 1; Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_INTERNAL },
	{ "machines of Exchange Online", .line = "from VI1PR03MB1.eurprd03.prod.outlook.com (2603:10a6:800:1c::15) by "
	    "VI1PR03MB2.eurprd03.prod.outlook.com (2603:10a6:800:9d::7) with Microsoft SMTP Server id 15.20.1.1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .ptr = "mail-1.outbound.protection.outlook.com", .known = true,
	    .want = MT_INTERNAL },
	{ "a stranger by such a name at another server", .line = "from VI1PR03MB1.eurprd03.prod.outlook.com (unknown "
	    "[203.0.113.9]) by relay.example.net with ESMTP id 1; Sat, 21 Nov 2026 09:59:58 +0000", .known = true,
	    .want = MT_OPEN },
	{ "POP before SMTP", .line = LINE, .sender = "joe@example.net", .want = MT_SUBMISSION },
	{ ".forward", .line = LINE, .rcpt = "joe@home.example", .want = MT_FORWARDER },
	{ "SRS", .line = LINE, .sender = "SRS0=x=y=example.com=a@fwd.example", .want = MT_FORWARDER },
	{ "resent", .line = LINE, .mark = "Resent-From", .want = MT_FORWARDER },
	{ "the backup MX of the recipient", .line = LINE, .records = { { "example.org", MT_RR_MX, 0, "mx2.example.net" } },
	    .want = MT_FORWARDER },
	{ "a hosted filter, by its address", .line = LINE, .records = { { "example.org", MT_RR_MX, 0, "in.filter.example" },
	    { "in.filter.example", MT_RR_A, 0, RELAY } }, .want = MT_FORWARDER },
	{ "the domain itself, without MX", .line = LINE, .records = { { "example.org", MT_RR_A, 0, RELAY } },
	    .want = MT_FORWARDER },
	{ "a mailing list", .line = LINE, .mark = "List-Id", .want = MT_LIST },
	{ "a service that sends for others", .line = LINE, .mark = "Feedback-ID", .want = MT_ESP },
	{ "SPF lets it", .line = LINE, .spf = MT_PASS, .want = MT_ESP },
	{ "its own signature", .line = LINE, .dkim = MT_PASS, .signer = "example.net", .want = MT_ESP },
	{ "the author's signature", .line = LINE, .dkim = MT_PASS, .signer = "mail.example.com", .author = "example.com",
	    .want = MT_FORWARDER },
	{ "its own seal", .line = LINE, .arc = MT_PASS, .want = MT_FORWARDER },
	{ "DMARC", .line = LINE, .dmarc = MT_PASS, .origins = 50, .senders = 50, .want = MT_FORWARDER },
	/* Where nothing explains it. */
	{ "nothing explains it", .line = LINE, .want = MT_UNATTESTED },
	{ "a signature of a third party explains nothing", .line = LINE, .dkim = MT_PASS, .signer = "spam.example",
	    .author = "example.com", .want = MT_UNATTESTED },
	{ "a filter on the same machine between", .line = "from localhost (localhost [127.0.0.1]) by relay.example.net (Postfix) "
	    "with ESMTP id 4F2x; Sat, 21 Nov 2026 09:59:59 +0000", .older = LINE, .want = MT_UNATTESTED },
	{ "and its own mail", .line = "from localhost (localhost [127.0.0.1]) by relay.example.net (Postfix) with ESMTP id 4F2x; "
	    "Sat, 21 Nov 2026 09:59:59 +0000", .want = MT_DIRECT },
	{ "SPF fails", .line = LINE, .spf = MT_FAIL, .want = MT_UNATTESTED },
	{ "tied by its address", .line = "from pc.example.com ([203.0.113.9]) by [198.51.100.25] with SMTP id 1 for "
	    "<user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000", .want = MT_UNATTESTED },
	{ "tied by the address of its name", .line = "from pc.example.com ([203.0.113.9]) by mta.example.edu with SMTP id 1 "
	    "for <user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000",
	    .records = { { "mta.example.edu", MT_RR_A, 0, RELAY } }, .want = MT_UNATTESTED },
	{ "four origins are few", .line = LINE, .origins = 3, .senders = 40, .want = MT_UNATTESTED },
	{ "five origins of one sender", .line = LINE, .origins = 4, .senders = 1, .want = MT_UNATTESTED },
	{ "the fifth origin and sender", .line = LINE, .origins = 4, .senders = 4, .want = MT_SUSPECT },
	{ "the nineteenth origin", .line = LINE, .origins = 18, .senders = 18, .want = MT_SUSPECT },
	{ "the twentieth origin", .line = LINE, .origins = 19, .senders = 19, .want = MT_OPEN },
	{ "twenty by a part of the memory", .line = LINE, .origins = 19, .senders = 19, .part = true, .want = MT_SUSPECT },
	{ "listed as a relay", .line = LINE, .listed = true, .want = MT_OPEN },
	{ "in our own list", .line = LINE, .known = true, .want = MT_OPEN },
	{ "listed, but this came from itself", .listed = true, .want = MT_LISTED },
	{ "listed, but this was forwarded", .line = LINE, .listed = true, .rcpt = "joe@home.example", .want = MT_FORWARDER },
	{ "the exchanger lies in the same network", .line = LINE, .listed = true,
	    .records = { { "example.org", MT_RR_MX, 0, "mx.example.org" }, { "mx.example.org", MT_RR_A, 0, "198.51.100.20" } },
	    .want = MT_FORWARDER },
	/* A mark that anybody can write excuses, but not one whom a list names. */
	{ "delivered to somebody before", .line = LINE, .mark = "Delivered-To", .want = MT_FORWARDER },
	{ "the same, and in our own list", .line = LINE, .known = true, .mark = "Delivered-To", .want = MT_FORWARDER },
	{ "the same, and long seen", .line = LINE, .origins = 30, .senders = 30, .mark = "Delivered-To", .want = MT_FORWARDER },
	{ "the same, and listed", .line = LINE, .listed = true, .mark = "Delivered-To", .want = MT_LISTED },
	{ "listed, and a list's mark", .line = LINE, .listed = true, .mark = "List-Id", .want = MT_LISTED },
	{ "listed, and a service's mark", .line = LINE, .listed = true, .mark = "Feedback-ID", .want = MT_LISTED },
	{ "listed, and an address that looks rewritten", .line = LINE, .listed = true,
	    .sender = "SRS0=x=y=example.com=a@fwd.example", .want = MT_LISTED },
	{ "listed, and the list's mark of a house that signed", .line = LINE, .listed = true, .mark = "List-Id",
	    .dkim = MT_PASS, .signer = "example.net", .want = MT_LIST },
	{ "listed, and the list's mark where DMARC holds", .line = LINE, .listed = true, .mark = "List-Id", .dmarc = MT_PASS,
	    .want = MT_LIST },
	{ "listed, and the list's mark where SPF holds", .line = LINE, .listed = true, .mark = "List-Id", .spf = MT_PASS,
	    .want = MT_LIST },
	{ "listed, and the mark of who takes mail for us", .line = LINE, .listed = true, .mark = "Delivered-To",
	    .records = { { "example.org", MT_RR_MX, 0, "mx2.example.net" } }, .want = MT_FORWARDER },
	{ "listed, and a mark while SPF is in trouble", .line = LINE, .listed = true, .mark = "List-Id", .spf = MT_TEMPERROR,
	    .want = MT_LIST },
	{ "listed, and a mark while the MX is", .line = LINE, .listed = true, .mark = "List-Id",
	    .records = { { "example.org", MT_RR_MX, MT_CAUSE_TIMEOUT, NULL } }, .want = MT_LIST },
	{ "listed, and a mark where SPF is switched off", .line = LINE, .listed = true, .mark = "List-Id", .spf = MT_SKIPPED,
	    .want = MT_LIST },
	{ "listed, and of one house with its client by what it calls itself", .line = LINE, .listed = true,
	    .helo = "mail.example.com", .want = MT_LISTED },
	{ "the same, not listed", .line = LINE, .helo = "mail.example.com", .want = MT_INTERNAL },
	/* What the client calls itself makes no line its own. */
	{ "a line by the name that the client gave", .line = VICTIM, .helo = "mail.victim.example", .helo_is = MT_MISMATCH,
	    .want = MT_DIRECT },
	{ "the same name, which nobody answers for", .line = VICTIM, .helo = "mail.victim.example", .helo_is = MT_TEMPERROR,
	    .records = { { "mail.victim.example", MT_RR_A, MT_CAUSE_SERVFAIL, NULL } }, .want = MT_DIRECT },
	{ "and which reverse DNS, in trouble, might tell", .line = VICTIM, .helo = "mail.victim.example",
	    .helo_is = MT_UNRESOLVABLE, .iprev = MT_TEMPERROR, .ptr = "!none.example.net", .want = MT_UNATTESTED },
	{ "but not where it is another's", .line = VICTIM, .helo = "mail.victim.example", .helo_is = MT_MISMATCH,
	    .iprev = MT_TEMPERROR, .ptr = "!none.example.net", .want = MT_DIRECT },
	{ "by a name of the house that the client gave", .line = VICTIM, .helo = "out.victim.example",
	    .helo_is = MT_UNRESOLVABLE, .want = MT_DIRECT },
	{ "and where it leads to the client", .line = VICTIM, .helo = "out.victim.example", .helo_is = MT_PASS,
	    .want = MT_UNATTESTED },
	/* What nobody asked, or could, accuses nobody, and excuses nobody. */
	{ "SPF was not asked, offline", .line = LINE, .spf = MT_SKIPPED, .skipped = MT_CAUSE_OFFLINE, .want = MT_SKIPPED },
	{ "DKIM was not", .line = LINE, .dkim = MT_SKIPPED, .skipped = MT_CAUSE_OFFLINE, .want = MT_SKIPPED },
	{ "ARC was not", .line = LINE, .arc = MT_SKIPPED, .skipped = MT_CAUSE_OFFLINE, .want = MT_SKIPPED },
	{ "DMARC was not", .line = LINE, .dmarc = MT_SKIPPED, .skipped = MT_CAUSE_OFFLINE, .want = MT_SKIPPED },
	{ "DMARC is switched off", .line = LINE, .dmarc = MT_SKIPPED, .listed = true, .want = MT_OPEN },
	{ "nobody was asked for the exchangers", .line = LINE, .listed = true,
	    .records = { { "example.org", MT_RR_MX, MT_CAUSE_OFFLINE, NULL } }, .want = MT_SKIPPED },
	{ "nor for the line's writer", .line = "from a.example.com ([203.0.113.9]) by smtp.hosting.example with ESMTP id 1; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", .known = true,
	    .records = { { "smtp.hosting.example", MT_RR_A, MT_CAUSE_OFFLINE, NULL } }, .want = MT_SKIPPED },
	{ "nor for the names of the server", .line = LINE, .ptr = "!relay.example.net", .iprev = MT_SKIPPED,
	    .skipped = MT_CAUSE_OFFLINE, .records = { { "relay.example.net", MT_RR_A, 0, RELAY } }, .want = MT_SKIPPED },
	{ "the sender is not known", .line = LINE, .no_sender = true, .want = MT_SKIPPED },
	{ "the recipients are not", .line = LINE, .no_rcpt = true, .known = true, .want = MT_SKIPPED },
	{ "a list, whatever else was not asked", .line = LINE, .mark = "List-Id", .no_sender = true, .no_rcpt = true,
	    .spf = MT_SKIPPED, .dmarc = MT_SKIPPED, .skipped = MT_CAUSE_OFFLINE, .want = MT_LIST },
	{ "DKIM is switched off", .line = LINE, .listed = true, .dkim = MT_SKIPPED, .want = MT_UNATTESTED },
	{ "SPF is switched off", .line = LINE, .listed = true, .spf = MT_SKIPPED, .want = MT_UNATTESTED },
	{ "twenty origins among much that is well", .line = LINE, .origins = 25, .senders = 25, .good = 60, .want = MT_SUSPECT },
	/* Nothing temporary accuses, nor a bounce alone. */
	{ "listed, and its name cannot be looked up", .line = "from a.example.com ([203.0.113.9]) by smtp.hosting.example "
	    "with ESMTPSA id 1; Sat, 21 Nov 2026 09:59:58 +0000", .listed = true,
	    .records = { { "smtp.hosting.example", MT_RR_A, MT_CAUSE_SERVFAIL, NULL } }, .want = MT_DIRECT },
	{ "the same with its answer, by which a user authenticated", .line = "from a.example.com ([203.0.113.9]) by "
	    "smtp.hosting.example with ESMTPSA id 1; Sat, 21 Nov 2026 09:59:58 +0000", .spf = MT_PASS, .listed = true,
	    .records = { { "smtp.hosting.example", MT_RR_A, 0, RELAY } }, .want = MT_SUBMISSION },
	{ "and where nothing but its own line says so", .line = "from a.example.com ([203.0.113.9]) by smtp.hosting.example "
	    "with ESMTPSA id 1; Sat, 21 Nov 2026 09:59:58 +0000", .listed = true,
	    .records = { { "smtp.hosting.example", MT_RR_A, 0, RELAY } }, .want = MT_LISTED },
	{ "listed, and reverse DNS is in trouble", .listed = true, .iprev = MT_TEMPERROR, .line =
	    "from a.example.com ([203.0.113.9]) by other.example.edu with SMTP id 1; Sat, 21 Nov 2026 09:59:58 +0000",
	    .want = MT_DIRECT },
	{ "a bounce", .line = LINE, .sender = "", .origins = 30, .senders = 30, .want = MT_UNATTESTED },
	{ "no answer about the MX", .line = LINE, .origins = 30, .senders = 30,
	    .records = { { "example.org", MT_RR_MX, MT_CAUSE_TIMEOUT, NULL } }, .want = MT_UNATTESTED },
	{ "no answer about an exchanger", .line = LINE, .listed = true,
	    .records = { { "example.org", MT_RR_MX, 0, "mx.example.org" },
	    { "mx.example.org", MT_RR_A, MT_CAUSE_SERVFAIL, NULL } }, .want = MT_UNATTESTED },
	{ "SPF in trouble", .line = LINE, .listed = true, .spf = MT_TEMPERROR, .want = MT_UNATTESTED },
	{ "DKIM in trouble", .line = LINE, .listed = true, .dkim = MT_TEMPERROR, .want = MT_UNATTESTED },
	{ "ARC in trouble", .line = LINE, .listed = true, .arc = MT_TEMPERROR, .want = MT_UNATTESTED },
	{ "DMARC in trouble", .line = LINE, .listed = true, .dmarc = MT_TEMPERROR, .want = MT_UNATTESTED },
	{ "reverse DNS in trouble", .line = LINE, .listed = true, .iprev = MT_TEMPERROR, .want = MT_UNATTESTED },
};

/* ---- answers that come late, one at a time -------------------------------------------------- */

struct book {
	struct mt_ask ask;
	const struct scene *scene;
	struct { char name[64]; enum mt_rrtype type; struct mt_answer *answer; bool there; } asked[16];
	unsigned count;
	bool over;
};

static struct mt_answer *
make(const struct scene *scene, const char *name, enum mt_rrtype type)
{
	for (unsigned i = 0; i < 4 && scene->records[i].name != NULL; i++) {
		const struct record *r = &scene->records[i];
		struct mt_answer *answer;

		if (strcmp(r->name, name) != 0 || r->type != type)
			continue;
		answer = mt_answer_new(r->cause, r->data != NULL, 64);
		if (r->data != NULL && type == MT_RR_MX)
			mt_answer_set_text(answer, 0, mt_span_text(r->data));
		else if (r->data != NULL)
			mt_ip_parse(&answer->records[0].ip, mt_span_text(r->data));
		return answer;
	}
	return mt_answer_new(MT_CAUSE_NXDOMAIN, 0, 0);
}

static const struct mt_answer *
look(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct book *book = (struct book *)self;
	unsigned i = 0;

	while (i < book->count && (book->asked[i].type != type || !mt_span_equal(mt_span_text(book->asked[i].name), name)))
		i++;
	if (i == book->count) {
		snprintf(book->asked[i].name, sizeof book->asked[i].name, "%.*s", MT_SPAN_ARG(name));
		book->asked[i].type = type;
		book->asked[i].answer = make(book->scene, book->asked[i].name, type);
		book->asked[i].there = false;
		book->count++;
	}
	return book->asked[i].there ? book->asked[i].answer : NULL;
}

/* Lets the newest question be answered; false: there is none. */
static bool
answer_one(struct book *book)
{
	for (unsigned i = book->count; i-- > 0;)
		if (!book->asked[i].there)
			return book->asked[i].there = true;
	return false;
}

static void
set_checks(struct mt_trace *trace, const struct scene *s)
{
	static const struct mt_location as1 = { .asn = 64500 };
	static struct mt_signature signature;
	static struct mt_arc_set set;
	static struct mt_listing listing;
	static struct mt_span class = MT_SPAN("relay");
	struct mt_checks *checks = &trace->checks;

	checks->spf_mailfrom = (struct mt_spf){ .result = s->spf == 0 ? MT_NONE : s->spf, .cause = s->skipped,
		.domain = MT_SPAN("example.com") };
	checks->dkim = (struct mt_fact){ s->dkim == 0 ? MT_NONE : s->dkim, s->skipped, 0 };
	checks->dmarc = (struct mt_dmarc){ .result = s->dmarc == 0 ? MT_NONE : s->dmarc, .cause = s->skipped,
		.domain = mt_span_text(s->author == NULL ? "example.com" : s->author) };
	checks->arc.result = s->arc == 0 ? MT_NONE : s->arc;
	checks->arc.cause = s->skipped;
	set = (struct mt_arc_set){ .instance = 1, .sealer = MT_SPAN("example.net") };
	checks->arc.sets = &set;
	checks->arc.nsets = s->arc == MT_PASS;
	signature = (struct mt_signature){ .result = checks->dkim.result, .domain = mt_span_text(s->signer) };
	checks->signatures = &signature;
	checks->nsignatures = s->signer != NULL;
	listing = (struct mt_listing){ .zone = MT_SPAN("relays.example"), .result = MT_LISTED, .names = &class,
		.classes = &class, .nnames = 1 };
	mt_ip_parse(&listing.ip, MT_SPAN(RELAY));
	checks->lists.listing = &listing;
	checks->lists.count = s->listed;
	checks->history = (struct mt_history){ .result = MT_NEUTRAL, .origins = s->origins, .senders = s->senders,
		.good = s->good, .cause = s->part ? MT_CAUSE_BREAKER : MT_CAUSE_NONE };
	for (size_t i = 0; s->same_as && i < trace->nhops; i++)
		trace->hops[i].location = &as1;
}

static void
play(const struct scene *s)
{
	static const struct mt_net ours = { { 4, { 10 } }, 8 }, relay_net = { { 4, { 198, 51, 100, 25 } }, 32 };
	static const struct mt_nets known = { &relay_net, 1 };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .networks = { &ours, 1 } };
	const struct mt_relay_input input = { .known = s->known ? &known : NULL };
	const char *fields[] = { s->line, s->older, NULL };
	struct book book = { .ask = { look }, .scene = s };
	struct mt_span rcpt = mt_span_text(s->rcpt == NULL ? "user@example.org" : s->rcpt);
	enum mt_result found = MT_UNKNOWN;
	struct mt_relay relay;
	unsigned rounds = 0;
	struct path p;

	path_open(&p, &trust, fields, s->client == NULL ? RELAY : s->client, s->ptr == NULL ? "relay.example.net" : s->ptr);
	p.peer.known = true;
	p.peer.auth = s->auth ? MT_SPAN("joe") : MT_ABSENT;
	p.peer.ip = p.trace.hops[0].from.ip;
	p.trace.hops[0].from.helo = mt_span_text(s->helo == NULL ? "relay.example.net" : s->helo);
	if (s->auth)
		mt_hop_set(&p.trace.hops[0], MT_HOP_AUTHENTICATED);
	mt_chain_build(&p.trace);
	p.trace.facts.fact[MT_FACT_IPREV] = (struct mt_fact){ s->iprev == 0 ? MT_PASS : s->iprev, s->skipped, 0 };
	p.peer.helo.fact.result = s->helo_is;
	p.trace.sender = mt_span_text(s->sender == NULL ? "news@example.com" : s->sender);
	p.trace.sender_known = !s->no_sender;
	if (s->no_sender)
		p.trace.sender = MT_ABSENT;
	if (p.trace.sender.len > 0)
		p.trace.sender_domain = mt_span_text(strrchr(p.trace.sender.ptr, '@') + 1);
	p.trace.recipients = &rcpt;
	p.trace.nrecipients = !s->no_rcpt;
	if (s->mark != NULL)
		mt_marks_take(&p.trace.marks, mt_span_text(s->mark));
	set_checks(&p.trace, s);
	do
		found = mt_relay_judge(&relay, &p.trace.arena, &book.ask, &p.trace, &input);
	while (found == MT_UNKNOWN && rounds++ < 20 && answer_one(&book));
	tap_ok(found == s->want && relay.result == s->want, "%s: %s", s->name, mt_result_word(s->want));
	if (found != s->want)
		for (unsigned i = 0; i < MT_RELAY_STEPS; i++)
			tap_note("%s %s: %s %.*s", mt_result_word(found), mt_relay_step_word((enum mt_relay_step)i),
			    mt_result_word(relay.findings[i].holds), MT_SPAN_ARG(relay.findings[i].text));
	for (unsigned i = 0; i < book.count; i++)
		mt_answer_unref(book.asked[i].answer);
	path_close(&p);
}

/* Every grade that accuses tells what it rests on. */
static void
check_findings(void)
{
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org") };
	const char *fields[] = { LINE, NULL };
	const struct scene none = { .name = "" };
	struct book book = { .ask = { look }, .scene = &none };
	const struct mt_relay_input input = { .known = NULL };
	struct mt_relay relay;
	struct mt_span rcpt = MT_SPAN("user@example.org");
	struct path p;
	unsigned written = 0;

	path_open(&p, &trust, fields, RELAY, "relay.example.net");
	p.peer.known = true;
	mt_chain_build(&p.trace);
	p.trace.sender_known = true;
	p.trace.sender = MT_SPAN("a@example.com");
	p.trace.recipients = &rcpt;
	p.trace.nrecipients = 1;
	set_checks(&p.trace, &none);
	for (int i = 0; i < 20 && mt_relay_judge(&relay, &p.trace.arena, &book.ask, &p.trace, &input) == MT_UNKNOWN; i++)
		answer_one(&book);
	for (unsigned i = 0; i < MT_RELAY_CORROBORATED; i++)
		written += relay.findings[i].holds == MT_YES && relay.findings[i].text.len > 0;
	tap_ok(written == MT_RELAY_CORROBORATED, "each of E1 to E4 has its sentence");
	tap_ok(relay.findings[MT_RELAY_CORROBORATED].holds == MT_NO, "and E5 does not hold");
	tap_ok(relay.hop == 1 && relay.ip.family == 4 && relay.origin.bytes[0] == 203, "whose line, whose address, whose mail");
	for (unsigned i = 0; i < book.count; i++)
		mt_answer_unref(book.asked[i].answer);
	path_close(&p);
}

/* A saved message in whose lines no address stands: nothing is known of any server. */
static void
check_no_address(void)
{
	static const char *const fields[] = { "from mx7.example.net (mx7.example.net []) by mail.example.com (Postfix) with "
	    "ESMTP id 4F1x for <user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000", NULL };
	static const char *const local[] = { "by mail.example.com (Postfix, from userid 33) id 4F1x; "
	    "Sat, 21 Nov 2026 09:59:58 +0000", NULL };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org") };
	const struct scene none = { .name = "" };
	struct book book = { .ask = { look }, .scene = &none };
	const struct mt_relay_input input = { .known = NULL };
	struct mt_relay relay;
	struct path p;

	path_build(&p, &trust, fields, NULL, NULL);
	tap_ok(mt_relay_judge(&relay, &p.trace.arena, &book.ask, &p.trace, &input) == MT_SKIPPED &&
	    relay.cause == MT_CAUSE_NO_INPUT && relay.findings[MT_RELAY_EVENT].holds == MT_UNKNOWN &&
	    relay.findings[MT_RELAY_EVENT].text.len > 0, "without any address nothing is known");
	path_close(&p);
	path_build(&p, &trust, local, NULL, NULL);
	tap_ok(mt_relay_judge(&relay, &p.trace.arena, &book.ask, &p.trace, &input) == MT_INTERNAL,
	    "but what was begun here is internal");
	path_close(&p);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		play(&scenes[i]);
	check_findings();
	check_no_address();
	return tap_done();
}
