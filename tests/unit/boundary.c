/* SPDX-License-Identifier: BSD-2-Clause */
/* Topologies: who hands mail to whom, and what a right configuration (or none) makes of it. */
#include "lib/core/boundary.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define DATE "; Sat, 21 Nov 2026 09:59:59 +0000"
#define POSTFIX(helo, rdns, ip, by) "from " helo " (" rdns " [" ip "]) by " by " (Postfix) with ESMTPS id 4A" DATE
#define AUTH(helo, ip, by) "from " helo " (unknown [" ip "]) (Authenticated sender: joe) by " by " (Postfix) with ESMTPSA id 4B" DATE

/* Our own: 193.0.0.0/24 and 10.0.0.0/8. */
#define STORE POSTFIX("mx.example.org", "mx.example.org", "193.0.0.25", "store.example.org")
#define FILTER POSTFIX("localhost", "localhost", "127.0.0.1", "mx.example.org")
#define MX POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "mx.example.org")
#define SENDER AUTH("laptop", "195.0.0.3", "mail.sender.net")
#define FAKE POSTFIX("bank.example.com", "bank.example.com", "196.0.0.1", "mx.example.org")
#define HOSTED POSTFIX("out7.filter.net", "out7.filter.net", "198.0.0.7", "mx.example.org")
#define HOSTED_IN POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "in3.filter.net")

enum config { NOTHING, NETWORKS, NAMES, RELAYS, HOPS, SUBMISSION, ALL };

static const struct {
	const char *name;
	enum config config;
	const char *fields[PATH_FIELDS];	/* newest first */
	const char *live, *live_name;
	unsigned believed;		/* hops, the connection too */
	const char *ip;			/* where belief ends */
	const char *end;		/* part of why */
} cases[] = {
	{ "stranger at the MX", NETWORKS, { SENDER }, "194.0.0.7", "mail.sender.net", 1, "194.0.0.7", "is not one of our own" },
	{ "stranger with our line faked below", NETWORKS, { FAKE }, "194.0.0.7", NULL, 1, "194.0.0.7", "connected" },
	{ "MX hands to store", NETWORKS, { MX, SENDER }, "193.0.0.25", NULL, 2, "194.0.0.7", "not one of our own" },
	{ "MX, content filter on the same machine, store", NETWORKS, { FILTER, MX, SENDER }, "193.0.0.25", NULL, 3, "194.0.0.7",
	    "not one of our own" },
	{ "saved at the store", NETWORKS, { STORE, FILTER, MX, SENDER }, NULL, NULL, 3, "194.0.0.7", "not one of our own" },
	{ "a faked line does not bring belief back", NETWORKS, { STORE, MX, FAKE, STORE }, NULL, NULL, 2, "194.0.0.7",
	    "not one of our own" },
	{ "LMTP to the store tells no address", NETWORKS, { "from mx.example.org by store.example.org with LMTP id 4C" DATE, MX,
	    SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "SMTP that tells no address proves none", NETWORKS, { "from mx.example.org by store.example.org with ESMTP id 4C" DATE,
	    MX, SENDER }, NULL, NULL, 1, "", "no client address" },
	{ "a content filter that names the sender", NETWORKS, { "from joe@sender.net by mx.example.org with qmail-scanner-1.00" DATE,
	    MX, SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "qmail's own hand-over", NETWORKS, { "(qmail 8465 invoked by uid 82)" DATE, MX, SENDER }, NULL, NULL, 2, "194.0.0.7",
	    "not one of our own" },
	{ "backup MX of ours", NETWORKS, { POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "mx2.example.org"), SENDER },
	    "193.0.0.26", NULL, 2, "194.0.0.7", "not one of our own" },
	{ "backup MX at a provider, not configured", NETWORKS, { POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7",
	    "backup.isp.net"), SENDER }, "198.0.0.99", "backup.isp.net", 1, "198.0.0.99", "connected" },
	{ "servers of ours known by name", NAMES, { MX, SENDER }, "198.0.0.25", "mx.example.org", 2, "194.0.0.7",
	    "not one of our own" },
	{ "our name that does not lead back", NAMES, { MX, SENDER }, "198.0.0.25", NULL, 1, "198.0.0.25", "connected" },
	{ "a line's name that may be forged", NAMES, { "from x (mx.example.org [198.0.0.25] (may be forged)) by store.example.org "
	    "(8.14.7/8.14.7) with ESMTP id 076Go4wD014562" DATE, MX }, NULL, NULL, 1, "198.0.0.25", "not one of our own" },
	{ "a line's name that is said to be unverified", NAMES, { "from x (mx.example.org [198.0.0.25] unverified) by "
	    "store.example.org with ESMTP id 4E" DATE, MX }, NULL, NULL, 1, "198.0.0.25", "not one of our own" },
	{ "a line's verified name", NAMES, { POSTFIX("x", "mx.example.org", "198.0.0.25", "store.example.org"), MX, SENDER }, NULL,
	    NULL, 2, "194.0.0.7", "not one of our own" },
	{ "our name only in HELO", NAMES, { POSTFIX("mx.example.org", "unknown", "198.0.0.25", "store.example.org"), FAKE }, NULL,
	    NULL, 1, "198.0.0.25", "not one of our own" },
	{ "qmail does not verify names", NAMES, { "from mx.example.org (HELO x) (198.0.0.25) by store.example.org with SMTP; "
	    "21 Nov 2026 09:59:59 -0000", FAKE }, NULL, NULL, 1, "198.0.0.25", "not one of our own" },
	{ "hosted filter before us", RELAYS, { HOSTED_IN, SENDER }, "198.0.0.7", "out7.filter.net", 2, "194.0.0.7",
	    "not one of our own" },
	{ "hosted filter without a name", RELAYS, { HOSTED_IN, SENDER }, "198.0.0.7", NULL, 1, "198.0.0.7", "connected" },
	{ "hosted filter whose name does not lead back", RELAYS, { HOSTED_IN, SENDER }, "198.0.0.7", "!out7.filter.net", 1,
	    "198.0.0.7", "connected" },
	{ "hosted filter, saved", RELAYS, { HOSTED, HOSTED_IN, SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "a relay's name in a stranger's line", RELAYS, { MX, HOSTED, HOSTED_IN }, NULL, NULL, 1, "194.0.0.7",
	    "not one of our own" },
	{ "Exchange hybrid: front end verified, inner host not", RELAYS, { "from AM0PR04MB1.eurprd04.prod.outlook.com "
	    "(2603:10a6:208::5) by AM0PR04MB2.eurprd04.prod.outlook.com with Microsoft SMTP Server (version=TLS1_2, "
	    "cipher=TLS_ECDHE) id 15.20.1.1" DATE, SENDER }, "40.107.0.1", "mail-am0.outbound.protection.outlook.com", 2,
	    "2603:10a6:208::5", "not one of our own" },
	{ "relay of ours and then a foreign one", ALL, { STORE, HOSTED, HOSTED_IN, SENDER }, NULL, NULL, 3, "194.0.0.7",
	    "not one of our own" },
	{ "list server that is believed", RELAYS, { POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "lists.filter.net") },
	    "198.0.0.9", "lists.filter.net", 2, "194.0.0.7", "not one of our own" },
	{ "list server that is not", NETWORKS, { POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "lists.filter.net") },
	    "198.0.0.9", "lists.filter.net", 1, "198.0.0.9", "connected" },
	{ "submission: the client is the origin", NETWORKS, { AUTH("laptop", "195.0.0.3", "mx.example.org"), FAKE }, NULL, NULL, 1,
	    "195.0.0.3", "authenticated" },
	{ "submission, then filter and store", NETWORKS, { STORE, FILTER, AUTH("laptop", "195.0.0.3", "mx.example.org"), FAKE },
	    NULL, NULL, 3, "195.0.0.3", "authenticated" },
	{ "authenticated in a stranger's line", NETWORKS, { MX, SENDER, FAKE }, NULL, NULL, 1, "194.0.0.7", "not one of our own" },
	{ "submission from a private address, nothing configured", NOTHING, { AUTH("laptop", "10.1.1.1", "mx.example.org"), FAKE },
	    NULL, NULL, 1, "10.1.1.1", "authenticated" },
	{ "web mail on the same machine", NETWORKS, { "from 195.0.0.3 (SquirrelMail authenticated user joe) by mail.example.org with HTTP"
	    DATE, FAKE }, NULL, NULL, 1, "195.0.0.3", "authenticated" },
	{ "fetched from a provider's mailbox", NETWORKS, { "from imap.isp.net [198.0.0.50] by localhost with IMAP (fetchmail-6.3.26) for "
	    "<joe@localhost> (single-drop)" DATE, POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "mx.isp.net"), SENDER },
	    NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "a retrieval line that a stranger sent", NETWORKS, { MX, "from imap.isp.net [198.0.0.50] by localhost with IMAP "
	    "(fetchmail-6.3.26)" DATE, FAKE }, NULL, NULL, 1, "194.0.0.7", "not one of our own" },
	{ "fetched, then handed over here", NETWORKS, { FILTER, "from pop.isp.net [198.0.0.50] by mx.example.org with POP3 "
	    "(fetchmail-6.3.26) for <joe@localhost> (single-drop)" DATE, MX, SENDER }, NULL, NULL, 3, "194.0.0.7",
	    "not one of our own" },
	{ "a submission host, whose line does not say who", SUBMISSION, { POSTFIX("msa", "unknown", "193.0.0.5", "mx.example.org"),
	    POSTFIX("laptop", "unknown", "195.0.0.3", "msa.example.org"), FAKE }, NULL, NULL, 2, "195.0.0.3", "trust.submission" },
	{ "the same, connected", SUBMISSION, { POSTFIX("laptop", "unknown", "195.0.0.3", "msa.example.org"), FAKE }, "193.0.0.5", NULL, 2,
	    "195.0.0.3", "trust.submission" },
	{ "a server of ours that is no submission host", SUBMISSION, { POSTFIX("mx", "unknown", "193.0.0.25", "store.example.org"), MX },
	    NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "a submission host that is not one of our own", SUBMISSION, { POSTFIX("laptop", "unknown", "195.0.0.3", "msa.sender.net") },
	    "198.0.0.5", NULL, 1, "198.0.0.5", "connected" },
	{ "number of lines", HOPS, { STORE, MX, SENDER }, NULL, NULL, 2, "194.0.0.7", "trust.hops" },
	{ "number of lines, connected", HOPS, { STORE, MX, SENDER }, "193.0.0.1", NULL, 3, "194.0.0.7", "trust.hops" },
	{ "number of lines, only one there", HOPS, { MX }, NULL, NULL, 1, "194.0.0.7", "of our own" },
	{ "inferred: a private relay", NOTHING, { POSTFIX("mx", "unknown", "10.0.0.25", "store.example.org"), MX, SENDER }, NULL,
	    NULL, 2, "194.0.0.7", "not one of our own" },
	{ "inferred: a private relay that says our domain", NOTHING, { POSTFIX("mx.example.org", "unknown", "192.168.7.25",
	    "store.example.org"), MX, SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "inferred: a private relay with an internal name", NOTHING, { POSTFIX("mx.corp.local", "unknown", "192.168.7.25",
	    "store.example.org"), MX, SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "configured: a private client not named is a stranger", NETWORKS, { POSTFIX("mx", "unknown", "172.16.9.9",
	    "store.example.org"), MX, SENDER }, NULL, NULL, 1, "172.16.9.9", "not one of our own" },
	{ "inferred: container gateway", NOTHING, { POSTFIX("mx.example.org", "unknown", "172.17.0.1", "mx.example.org"), FAKE },
	    NULL, NULL, 1, "172.17.0.1", "address translation" },
	{ "inferred: podman's gateway", NOTHING, { POSTFIX("localhost", "unknown", "10.88.0.1", "mx.example.org"), FAKE }, NULL, NULL,
	    1, "10.88.0.1", "address translation" },
	{ "inferred: a machine beside the container", NOTHING, { POSTFIX("filter", "unknown", "172.17.0.3", "mx.example.org"), MX,
	    SENDER }, NULL, NULL, 2, "194.0.0.7", "not one of our own" },
	{ "a private client that is connected may hide the world", NOTHING, { FAKE }, "172.17.0.1", NULL, 1, "172.17.0.1", "connected" },
	{ "container gateway that is configured", ALL, { MX, SENDER }, "172.17.0.1", NULL, 1, "172.17.0.1", "connected" },
	{ "inferred: NAT before the MX, the stranger says its name", NOTHING, { POSTFIX("mail.sender.net", "unknown", "192.168.1.1",
	    "mx.example.org"), FAKE }, NULL, NULL, 1, "192.168.1.1", "address translation" },
	{ "inferred: our MX has a public address", NOTHING, { STORE, MX, SENDER }, NULL, NULL, 1, "193.0.0.25", "not one of our own" },
	{ "inferred: a line that cannot be read is not about a client", NOTHING, { "apparently", MX, SENDER }, NULL, NULL, 2, "194.0.0.7",
	    "not one of our own" },
	{ "all of it is ours", NETWORKS, { STORE, FILTER }, NULL, NULL, 2, "127.0.0.1", "all lines are of our own" },
	{ "local submission", NETWORKS, { "by mx.example.org (Postfix, from userid 1000) id 4D" DATE }, NULL, NULL, 1, "",
	    "all lines are of our own" },
	{ "no line", NETWORKS, { NULL }, NULL, NULL, 0, "", "no line" },
};

static struct mt_trust
configure(enum config config)
{
	static const struct mt_net nets[] = { { { 4, { 193, 0, 0, 0 } }, 24 }, { { 4, { 10, 0, 0, 0 } }, 8 } };
	static const struct mt_span names[] = { { "*.example.org", 13 } };
	static const struct mt_net submission[] = { { { 4, { 193, 0, 0, 5 } }, 32 }, { { 4, { 198, 0, 0, 5 } }, 32 } };
	static const struct mt_span relays[] = { { "*.filter.net", 12 }, { "*.protection.outlook.com", 24 } };
	struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org") };

	trust.inferred = config == NOTHING;
	if (config == NETWORKS || config == ALL)
		trust.networks = (struct mt_nets){ nets, 2 };
	if (config == NAMES || config == ALL)
		trust.names = (struct mt_patterns){ names, 1 };
	if (config == RELAYS || config == ALL)
		trust.relays = (struct mt_patterns){ relays, 2 };
	if (config == SUBMISSION) {
		trust.networks = (struct mt_nets){ nets, 2 };
		trust.submission = (struct mt_nets){ submission, 2 };
	}
	if (config == HOPS)
		trust.hops = 2;
	return trust;
}

/* Belief ends once, and each hop says why it is believed or not. */
static bool
sound(const struct mt_trace *trace, unsigned believed)
{
	for (size_t i = 0; i < trace->nhops; i++)
		if (trace->hops[i].reason == NULL || trace->hops[i].trusted != (i + believed >= trace->nhops))
			return false;
	return true;
}

/* A list of one forwarder: it took the message from the sender, sealed it and handed it to us. */
#define LIST POSTFIX("out.lists.net", "out.lists.net", "197.0.0.9", "mx.example.org")
#define LIST_INNER POSTFIX("in.lists.net", "in.lists.net", "197.0.0.8", "out.lists.net")
#define LIST_IN POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "in.lists.net")
#define LIST_HELD POSTFIX("out.relay.net", "out.relay.net", "196.0.0.20", "in.lists.net")
#define RELAY_IN POSTFIX("mail.sender.net", "mail.sender.net", "194.0.0.7", "in.relay.net")
#define QMAIL_LIST "from out.lists.net (HELO x) (197.0.0.9) by mx.example.org with SMTP; 21 Nov 2026 09:59:59 -0000"

static const struct {
	const char *name;
	const char *fields[PATH_FIELDS];
	enum mt_result result;
	unsigned oldest_pass;
	struct { const char *sealer, *remote; } sets[3];	/* instance 1 first */
	unsigned believed;
	const char *ip;
	bool partial;
} seals[] = {
	{ "names its client", { LIST, LIST_INNER, LIST_IN, SENDER }, MT_PASS, 0, { { "lists.net", "194.0.0.7" } }, 3, "194.0.0.7" },
	{ "does not hold", { LIST, LIST_INNER, LIST_IN, SENDER }, MT_FAIL, 0, { { "lists.net", "194.0.0.7" } }, 1, "197.0.0.9" },
	{ "leaves a part of the body out", { LIST, LIST_INNER, LIST_IN, SENDER }, MT_PASS, 0, { { "lists.net", "194.0.0.7" } }, 1, "197.0.0.9",
	    true },
	{ "cannot be checked now", { LIST, LIST_INNER, LIST_IN }, MT_TEMPERROR, 0, { { "lists.net", "194.0.0.7" } }, 1, "197.0.0.9" },
	{ "is of a domain that is not listed", { LIST, LIST_INNER, LIST_IN }, MT_PASS, 0, { { "strangers.net", "194.0.0.7" } }, 1,
	    "197.0.0.9" },
	{ "is of a listed domain that did not hand it over", { POSTFIX("x", "mail.evil.com", "196.0.0.66", "mx.example.org"), LIST_IN },
	    MT_PASS, 0, { { "lists.net", "194.0.0.7" } }, 1, "196.0.0.66" },
	{ "is of a listed domain that the client only says", { POSTFIX("out.lists.net", "unknown", "196.0.0.66", "mx.example.org"),
	    LIST_IN }, MT_PASS, 0, { { "lists.net", "194.0.0.7" } }, 1, "196.0.0.66" },
	{ "is of a name that qmail wrote", { QMAIL_LIST, LIST_IN }, MT_PASS, 0, { { "lists.net", "194.0.0.7" } }, 1, "197.0.0.9" },
	{ "names no client", { LIST, LIST_INNER, LIST_IN }, MT_PASS, 0, { { "lists.net", "" } }, 1, "197.0.0.9" },
	{ "names a client that no line has", { LIST, LIST_INNER, LIST_IN }, MT_PASS, 0, { { "lists.net", "194.0.0.8" } }, 1, "197.0.0.9" },
	{ "is older than what holds", { LIST, LIST_INNER, LIST_IN }, MT_PASS, 2, { { "lists.net", "194.0.0.7" } }, 1, "197.0.0.9" },
	{ "is one of two, each of who handed it on", { LIST, LIST_HELD, RELAY_IN, SENDER }, MT_PASS, 0, { { "relay.net", "194.0.0.7" },
	    { "lists.net", "196.0.0.20" } }, 3, "194.0.0.7" },
	{ "is one of two, and the older of a domain that is not listed", { LIST, LIST_HELD, RELAY_IN, SENDER }, MT_PASS, 0, {
	    { "strangers.net", "194.0.0.7" }, { "lists.net", "196.0.0.20" } }, 2, "196.0.0.20" },
	{ "lies below that of somebody else", { LIST, LIST_INNER, LIST_IN }, MT_PASS, 0, { { "lists.net", "194.0.0.7" },
	    { "strangers.net", "197.0.0.9" } }, 1, "197.0.0.9" },
};

static void
test_seals(void)
{
	static const struct mt_span sealers[] = { { "lists.net", 9 }, { "relay.*", 7 } };
	struct mt_trust trust = configure(NETWORKS);

	trust.sealers = (struct mt_patterns){ sealers, 2 };
	for (size_t i = 0; i < sizeof seals / sizeof *seals; i++) {
		struct mt_arc_set sets[3] = { { 0 } };
		struct mt_arc arc = { .result = seals[i].result, .oldest_pass = seals[i].oldest_pass, .sets = sets,
			.partial = seals[i].partial };
		char ip[MT_IP_TEXT];
		struct path p;

		for (; arc.nsets < 3 && seals[i].sets[arc.nsets].sealer != NULL; arc.nsets++) {
			sets[arc.nsets].instance = arc.nsets + 1;
			sets[arc.nsets].sealer = mt_span_text(seals[i].sets[arc.nsets].sealer);
			mt_ip_parse(&sets[arc.nsets].remote_ip, mt_span_text(seals[i].sets[arc.nsets].remote));
		}
		path_open(&p, &trust, seals[i].fields, NULL, NULL);
		p.trace.arc = &arc;
		mt_chain_build(&p.trace);
		mt_ip_text(&p.trace.boundary.ip, ip);
		tap_ok(sound(&p.trace, seals[i].believed) && strcmp(ip, seals[i].ip) == 0 &&
		    (strstr(p.trace.boundary.reason, "seal") != NULL) == (seals[i].believed > 1) &&
		    p.trace.origin.proved_hop == p.trace.boundary.hop, "a seal that %s: hop %u, %s: %s", seals[i].name,
		    p.trace.boundary.hop, ip, p.trace.boundary.reason);
		path_close(&p);
	}
}

static const struct {
	const char *name;
	enum config config;
	const char *fields[PATH_FIELDS];
	const char *live;
	size_t whole;			/* lines above the one that was left out */
	unsigned believed;
	const char *ip, *end;
} losses[] = {
	{ "above all others, nothing configured", NOTHING, { FAKE, SENDER }, NULL, 0, 0, "", "a line above it" },
	{ "above all others, our own networks", NETWORKS, { STORE, MX, SENDER }, NULL, 0, 0, "", "a line above it" },
	{ "above all others, some of them ours by number", HOPS, { STORE, MX, SENDER }, NULL, 0, 0, "", "a line above it" },
	{ "between lines of our own", NETWORKS, { STORE, MX, SENDER }, NULL, 1, 1, "193.0.0.25", "the line below it" },
	{ "below the last that is believed", NETWORKS, { STORE, MX, SENDER }, NULL, 2, 2, "194.0.0.7", "not one of our own" },
	{ "below all others", NETWORKS, { STORE, FILTER }, NULL, 2, 2, "127.0.0.1", "all lines are of our own" },
	{ "above what a relay of ours hands over", NETWORKS, { MX, SENDER }, "193.0.0.25", 0, 1, "193.0.0.25",
	    "the line below it" },
	{ "above what a stranger hands over", NETWORKS, { MX, SENDER }, "198.0.0.7", 0, 1, "198.0.0.7", "connected" },
};

/* A line that was left out may have been a stranger's client: nothing below it is believed. */
static void
test_lost(void)
{
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
		struct mt_trust trust = configure(losses[i].config);
		char ip[MT_IP_TEXT];
		struct path p;

		path_open(&p, &trust, losses[i].fields, losses[i].live, NULL);
		p.trace.lost = true;
		p.trace.whole = losses[i].whole;
		mt_chain_build(&p.trace);
		mt_ip_text(&p.trace.boundary.ip, ip);
		tap_ok(sound(&p.trace, losses[i].believed) && strcmp(ip, losses[i].ip) == 0 &&
		    strstr(p.trace.boundary.reason, losses[i].end) != NULL &&
		    p.trace.boundary.hop == (losses[i].believed == 0 ? 0 : p.trace.nhops - losses[i].believed + 1) &&
		    p.trace.origin.proved_hop == p.trace.boundary.hop, "a line that was lost, %s: hop %u, '%s': %s",
		    losses[i].name, p.trace.boundary.hop, ip, p.trace.boundary.reason);
		tap_ok(p.trace.boundary.hop > 0 || p.trace.origin.confidence <= 50, "%u of 100 for its origin",
		    p.trace.origin.confidence);
		path_close(&p);
	}
}

/* Without room for the connection itself no line of a stranger's takes its place. */
static void
test_full(void)
{
	static const char *const fields[] = { "from victim.example ([8.8.4.4]) by mx.example.org with ESMTP id 4A", NULL };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org") };
	struct path p;

	path_open(&p, &trust, fields, NULL, NULL);
	p.peer.known = true;
	mt_ip_parse(&p.peer.ip, MT_SPAN("198.51.100.7"));
	p.trace.arena.ceiling = 8192;
	while (mt_arena_alloc(&p.trace.arena, 64) != NULL)
		continue;
	mt_trace_add_live(&p.trace);
	mt_chain_build(&p.trace);
	tap_ok(p.trace.nhops == 0 && p.trace.truncated && p.trace.origin.proved_ip.family == 0,
	    "with the memory used up nothing is believed");
	path_close(&p);
}

int
main(void)
{
	test_full();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_trust trust = configure(cases[i].config);
		char ip[MT_IP_TEXT];
		struct path p;

		path_build(&p, &trust, cases[i].fields, cases[i].live, cases[i].live_name);
		mt_ip_text(&p.trace.boundary.ip, ip);
		tap_ok(sound(&p.trace, cases[i].believed) && strcmp(ip, cases[i].ip) == 0 &&
		    strstr(p.trace.boundary.reason, cases[i].end) != NULL &&
		    p.trace.boundary.hop == (cases[i].believed == 0 ? 0 : p.trace.nhops - cases[i].believed + 1),
		    "%s: hop %u of %zu, '%s': %s", cases[i].name, p.trace.boundary.hop, p.trace.nhops, ip, p.trace.boundary.reason);
		path_close(&p);
	}
	test_seals();
	test_lost();
	return tap_done();
}
