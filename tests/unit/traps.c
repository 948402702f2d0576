/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that looks like the client's address and is not: HELO literals, version numbers, ids, the
 * server's own address, text. */
#include "lib/core/received.h"

#include "lib/base/ip.h"
#include "tests/unit/tap.h"

struct trap {
	const char *name, *field, *ip;	/* ip "": none */
};

static const struct trap traps[] = {
	{ "a version of Exchange as id", "from a.example (b.example) by c.example with Microsoft SMTP Server id 15.1.225.42;"
	    " Mon, 1 Jan 2018 10:00:00 +0000", "" },
	{ "an id of four numbers", "from a.example by b.example with ESMTP id 192.0.2.1; Mon, 1 Jan 2018 10:00:00 +0000", "" },
	{ "an id with a literal", "from a.example by b.example with ESMTP id <x@[192.0.2.1]>", "" },
	{ "helo= a literal", "from host.example (helo=[192.0.2.1]) by mx.example with esmtp (Exim 4.92)", "" },
	{ "helo= behind the address", "from h.example ([198.51.100.1] helo=[192.0.2.1]) by mx (Exim 4.92)", "198.51.100.1" },
	{ "helo= before the address", "from h.example (helo=[192.0.2.1] [198.51.100.1]) by mx (Exim 4.92)", "" },
	{ "a HELO literal before the description", "from [192.0.2.1] (rdns.example [198.51.100.1]) by mx (Postfix)",
	    "198.51.100.1" },
	{ "a HELO literal and really", "from [10.0.0.1] (really [198.51.100.1]) by mx.example with ESMTP", "198.51.100.1" },
	{ "a bare HELO address", "from 192.0.2.1 ([198.51.100.1]) by mx.example with ESMTP", "198.51.100.1" },
	{ "a HELO literal in a comment, qmail", "from unknown (HELO [192.0.2.1]) (198.51.100.1) by mx with SMTP",
	    "198.51.100.1" },
	{ "a HELO literal in a comment, alone", "from host.example (HELO [192.0.2.1]) by mx with SMTP", "" },
	{ "a HELO literal of CommuniGate", "from [198.51.100.1] (account u@d.example HELO [192.0.2.1]) by mx with ESMTPA",
	    "198.51.100.1" },
	{ "EHLO in quotes", "from h.example ([198.51.100.1]:2525 \"EHLO [192.0.2.1]\" rhost-flags-OK) by mx with ESMTP",
	    "198.51.100.1" },
	{ "a literal glued to the HELO", "from x_[192.0.2.1] (x.example [198.51.100.1]) by mx with SMTP", "198.51.100.1" },
	{ "a literal glued to the HELO, alone", "from x_[192.0.2.1] by mx with SMTP", "" },
	{ "a HELO literal and a name only", "from [192.0.2.1] (rdns.example) by mx.example with SMTP", "" },
	{ "the server's own address", "from a.example by mx.example ([192.0.2.1]) with ESMTP", "" },
	{ "the server's address as its name", "from a.example by [192.0.2.1] with ESMTP", "" },
	{ "the server's bare address", "from a.example by 192.0.2.1 with ESMTP", "" },
	{ "the proxy's client", "from a.example (proxying for 192.0.2.1) by mx.example with HTTP", "" },
	{ "whom smtpd connects to", "from a.example by mx.example via smtpd (for [192.0.2.1]) with SMTP", "" },
	{ "the same behind from", "from a.example (for [192.0.2.1]) by mx.example with SMTP", "" },
	{ "a version in the server's comment", "from a.example by mx.example (Server 5.1.2.3) with SMTP", "" },
	{ "a version behind from", "from a.example (Proxy 5.1.2.3) by mx.example with SMTP", "" },
	{ "a protocol with a version", "from a.example by mx.example with [Mail 1.2.3.4 ESMTP Server]", "" },
	{ "an address in a scanner's comment", "from a@b.example by mx.example with qmail-scanner (Clear:RC:0(192.0.2.1):)", "" },
	{ "an address in the envelope", "from a.example (envelope-from <x@[192.0.2.1]>) by mx.example with SMTP", "" },
	{ "an address in an authentication", "from a.example (AUTH: LOGIN [192.0.2.1]) by mx.example with ESMTPA", "" },
	{ "a recipient's literal", "from a.example by mx.example with SMTP for <x@[192.0.2.1]>", "" },
	{ "an address behind the date", "from a.example by mx.example; Mon, 1 Jan 2018 10:00:00 +0000 ([192.0.2.1])", "" },
	{ "qmail's process", "(qmail 1 invoked from network [192.0.2.1]); 1 Jan 2018 10:00:00 -0000", "" },
	{ "qmail's process with a name", "(qmail 1 messnum 2 invoked from network[192.0.2.1/a.example]); 1 Jan 2018", "" },
	{ "a local user's comment", "(from user@[192.0.2.1]) by mx.example id 1", "" },
	{ "an octet over 255", "from a.example ([300.2.2.1]) by mx.example with SMTP", "" },
	{ "five numbers", "from a.example ([192.0.2.1.5.6]) by mx.example with SMTP", "" },
	{ "three numbers", "from a.example (AVG SMTP 7.0.299 [265.6.8]) by mx.example", "" },
	{ "a date for an address", "from a.example ([Tue, 15 Apr 2025 10:00:00 +0000]) by mx.example with ESMTP", "" },
	{ "an empty bracket", "from a.example (a.example []) by mx.example with ESMTP", "" },
	{ "a socket", "from a.example ([unix socket]) by mx.example with LMTP", "" },
	{ "text between words", "from a.example saying 192.0.2.1 loudly by mx.example with SMTP", "" },
	{ "a build of Exchange in its comment", "from a.example (b.example) by c.example (15.20.7362.24) with mapi", "" },
	{ "an id of Exchange before via", "from a.example by b.example with Microsoft SMTP Server id 15.20.7362.24 via Frontend Transport",
	    "" },
	{ "a HELO literal of IPv6 before the description", "from [IPv6:2001:db8::1] (unknown [198.51.100.1]) by mx (Postfix)",
	    "198.51.100.1" },
	{ "a HELO literal of Gmail's form", "from ?IPv6:2001:db8::1? ([198.51.100.1]) by smtp.gmail.com with ESMTPSA id x", "198.51.100.1" },
	{ "a mapped HELO literal", "from ?IPv6:::ffff:192.0.2.1? (h.example [198.51.100.1]) by mx (Postfix)", "198.51.100.1" },
	{ "a TLS version with dots", "from a.example (using TLSv1.2.3.4 with cipher X) by mx (Postfix)", "" },
	{ "a name of numbers", "from 1-2-3-4.dyn.example (1.2.3.4.dyn.example) by mx.example with SMTP", "" },
	{ "a via address in brackets", "from a.example by mx.example via [192.0.2.1] with SMTP", "" },
	{ "a message id of fetchmail", "from a.example by localhost with POP3 (fetchmail-6.4.16 [192.0.2.1]) for <x@localhost>", "" },
	{ "a via host", "from a.example by mx.example via 192.0.2.1 with SMTP", "" },
};

static void
check_trap(const struct trap *trap)
{
	struct mt_arena arena;
	struct mt_hop hop;
	char text[MT_IP_TEXT];

	mt_arena_init(&arena, 1024, 65536);
	mt_received_parse(&hop, &arena, mt_span_text(trap->field));
	mt_ip_text(&hop.from.ip, text);
	if (strcmp(text, trap->ip) != 0)
		tap_note("want \"%s\", got \"%s\"", trap->ip, text);
	tap_ok(strcmp(text, trap->ip) == 0, "trap: %s", trap->name);
	mt_arena_fini(&arena);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
		check_trap(&traps[i]);
	return tap_done();
}
