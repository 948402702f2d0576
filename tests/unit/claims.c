/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/claims.h"

#include "lib/core/trace.h"
#include "tests/unit/tap.h"

static const struct {
	const char *field, *value;
	const char *name, *ip;		/* name NULL: no claim */
} cases[] = {
	{ "X-Originating-IP", "[192.0.2.1]", "X-Originating-IP", "192.0.2.1" },
	{ "x-originating-ip", "192.0.2.1", "X-Originating-IP", "192.0.2.1" },
	{ "X-Originating-IP", " [2001:DB8::1] ", "X-Originating-IP", "2001:db8::1" },
	{ "X-Originating-IP", "::ffff:192.0.2.1", "X-Originating-IP", "192.0.2.1" },
	{ "X-Originating-IP", "[10.0.0.1]", "X-Originating-IP", "10.0.0.1" },
	{ "X-Sender-IP", "192.0.2.1 (mail.example.net)", "X-Sender-IP", "192.0.2.1" },
	{ "X-SenderIP", "<192.0.2.1>", "X-SenderIP", "192.0.2.1" },
	{ "X-Client-IP", "\"192.0.2.1\"", "X-Client-IP", "192.0.2.1" },
	{ "X-Real-IP", "192.0.2.1,10.0.0.1", "X-Real-IP", "192.0.2.1" },
	{ "X-AOL-IP", "192.0.2.1\n\t(of the author)", "X-AOL-IP", "192.0.2.1" },
	{ "X-Yahoo-Post-IP", "192.0.2.1", "X-Yahoo-Post-IP", "192.0.2.1" },
	{ "X-Apparently-From", "<joe@example.net> via 192.0.2.1", "X-Apparently-From", "192.0.2.1" },
	{ "X-Originating-IP", "unknown", NULL, "" },
	{ "X-Originating-IP", "", NULL, "" },
	{ "X-Originating-IP", "192.0.2.256", NULL, "" },
	{ "X-Originating-IP", "192.0.2.1.example.net", NULL, "" },
	{ "X-Originating-Email", "[joe@192.0.2.1]", NULL, "" },
	{ "X-Mailer", "Fast 192.0.2.1", NULL, "" },
	{ "Received", "from x ([192.0.2.1]) by y", NULL, "" },
	{ "X-", "192.0.2.1", NULL, "" },
	{ "", "192.0.2.1", NULL, "" },
};

static void
test_bounds(void)
{
	static char value[1000];
	static struct mt_trace trace;
	struct mt_claim claim;
	struct mt_span name = MT_SPAN("X-Originating-IP");

	memset(value, ' ', sizeof value);
	memcpy(value + 240, "192.0.2.1", 9);
	tap_ok(mt_claims_read(&claim, name, (struct mt_span){ value, sizeof value }), "an address within the first bytes");
	memset(value, ' ', sizeof value);
	memcpy(value + 300, "192.0.2.1", 9);
	tap_ok(!mt_claims_read(&claim, name, (struct mt_span){ value, sizeof value }), "none far behind them");
	tap_ok(!mt_claims_read(&claim, name, (struct mt_span){ "192.0.2.1", 0 }), "no byte is read behind the end");
	for (unsigned i = 0; i < 3 * MT_TRACE_CLAIMS; i++)
		mt_claims_take(&trace, name, MT_SPAN("192.0.2.1"));
	tap_ok(trace.nclaims == MT_TRACE_CLAIMS, "only %u are kept", MT_TRACE_CLAIMS);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_claim claim;
		char ip[MT_IP_TEXT];
		bool found = mt_claims_read(&claim, mt_span_text(cases[i].field), mt_span_text(cases[i].value));

		mt_ip_text(&claim.ip, ip);
		tap_ok(found == (cases[i].name != NULL) && strcmp(ip, cases[i].ip) == 0 &&
		    (!found || strcmp(claim.name, cases[i].name) == 0), "claim %zu, %s: '%s'", i + 1, cases[i].field, ip);
	}
	test_bounds();
	return tap_done();
}
