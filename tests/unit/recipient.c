/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/recipient.h"

#include "lib/base/words.h"
#include "tests/unit/tap.h"

static const struct {
	const char *mailer, *software;
	enum mt_result told;
} routes[] = {
	{ "local", "Postfix 3.7.11", MT_INSIDE },
	{ "virtual", "Postfix 3.7.11", MT_INSIDE },
	{ "lmtp", "Postfix 3.7.11", MT_INSIDE },
	{ "smtp", "Postfix 3.7.11", MT_OUTSIDE },
	/* relay_domains: it takes mail for them from anybody. */
	{ "relay", "Postfix 3.7.11", MT_INSIDE },
	{ "slow-out", "Postfix 3.7.11", MT_UNKNOWN },
	{ "error", "Postfix 3.7.11", MT_UNKNOWN },
	{ "discard", "Postfix 3.7.11", MT_UNKNOWN },
	{ "local", "8.17.1.9", MT_INSIDE },
	{ "esmtp", "8.17.1.9", MT_OUTSIDE },
	{ "smtp", "8.17.1.9", MT_OUTSIDE },
	/* The smart host. */
	{ "relay", "8.17.1.9", MT_OUTSIDE },
	{ "relay", NULL, MT_OUTSIDE },
	{ "*file*", "8.17.1.9", MT_INSIDE },
	{ "error", "8.17.1.9", MT_UNKNOWN },
	{ "LOCAL", "8.17.1.9", MT_UNKNOWN },
	{ "", "8.17.1.9", MT_UNKNOWN },
	{ NULL, "8.17.1.9", MT_UNKNOWN },
	{ NULL, NULL, MT_UNKNOWN },
};

static const struct mt_span served[] = { { "example.org", 11 }, { "*.example.org", 13 } };
static const struct mt_trust ours = { .domains = { served, 2 } };
static const struct mt_trust nothing;

static const struct {
	const char *name, *address;
	const struct mt_trust *trust;
	enum mt_result told, wanted;
} cases[] = {
	{ "a domain of ours", "bert@example.org", &ours, MT_UNKNOWN, MT_INSIDE },
	{ "in another case, with a final dot", "bert@EXAMPLE.Org.", &ours, MT_UNKNOWN, MT_INSIDE },
	{ "one below it", "bert@lists.example.org", &ours, MT_UNKNOWN, MT_INSIDE },
	{ "one that only ends like it", "bert@notexample.org", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "one that only begins like it", "bert@example.org.evil.example", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "a gateway: ours, and it leaves by SMTP", "bert@example.org", &ours, MT_OUTSIDE, MT_INSIDE },
	{ "a stranger's", "eve@elsewhere.example", &ours, MT_OUTSIDE, MT_OUTSIDE },
	{ "a stranger's, and the MTA says nothing", "eve@elsewhere.example", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "not listed, and delivered here", "bert@other.example", &ours, MT_INSIDE, MT_INSIDE },
	{ "no domain is listed", "bert@example.org", &nothing, MT_UNKNOWN, MT_UNKNOWN },
	{ "no domain is listed, delivered here", "bert@example.org", &nothing, MT_INSIDE, MT_INSIDE },
	{ "no domain is listed, leaves by SMTP", "bert@example.org", &nothing, MT_OUTSIDE, MT_OUTSIDE },
	{ "no domain in the address", "postmaster", &nothing, MT_UNKNOWN, MT_INSIDE },
	{ "no domain, but it leaves by SMTP", "postmaster", &nothing, MT_OUTSIDE, MT_OUTSIDE },
	{ "an empty domain", "postmaster@", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "no address", "", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "one of ours is to pass it on, and does", "eve%elsewhere.example@example.org", &ours, MT_OUTSIDE, MT_OUTSIDE },
	{ "one of ours is to pass it on, and does not", "eve%elsewhere.example@example.org", &ours, MT_INSIDE, MT_INSIDE },
	{ "by the way of UUCP", "elsewhere!eve@example.org", &ours, MT_OUTSIDE, MT_OUTSIDE },
	{ "a source route through us", "@example.org:eve@elsewhere.example", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "a source route to us", "@elsewhere.example:bert@example.org", &ours, MT_INSIDE, MT_INSIDE },
	{ "two '@'", "eve@elsewhere.example@example.org", &ours, MT_OUTSIDE, MT_OUTSIDE },
	{ "without a domain, to be passed on", "eve%elsewhere.example", &ours, MT_UNKNOWN, MT_UNKNOWN },
	{ "a literal", "bert@[192.0.2.25]", &ours, MT_INSIDE, MT_INSIDE },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		struct mt_route route = { routes[i].mailer, routes[i].software };
		enum mt_result told = mt_recipient_told(&route);

		tap_ok(told == routes[i].told, "%s of %s: %s (%s)", route.mailer == NULL ? "nothing" : route.mailer,
		    route.software == NULL ? "nobody" : route.software, mt_result_word(routes[i].told), mt_result_word(told));
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum mt_result got = mt_recipient_judge(mt_span_text(cases[i].address), cases[i].trust, cases[i].told);

		tap_ok(got == cases[i].wanted, "%s: %s (%s)", cases[i].name, mt_result_word(cases[i].wanted),
		    mt_result_word(got));
	}
	return tap_done();
}
