/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/generic.h"

#include "tests/unit/tap.h"

static const struct { const char *name, *ip; enum mt_generic want; } cases[] = {
	{ "192-0-2-7.example.net", "192.0.2.7", MT_GENERIC_ADDRESS },
	{ "7.2.0.192.isp.example.net", "192.0.2.7", MT_GENERIC_ADDRESS },
	{ "host-2-7.isp.example.net", "192.0.2.7", MT_GENERIC_ADDRESS },
	{ "c0000207.isp.example.net", "192.0.2.7", MT_GENERIC_ADDRESS },
	{ "x20010db8.cafe0001.isp.example.net", "2001:db8::cafe:1", MT_GENERIC_ADDRESS },
	{ "xcafe0001.isp.example.net", "2001:db8::cafe:1", MT_GENERIC_ADDRESS },
	{ "pool-17.isp.example.net", "192.0.2.7", MT_GENERIC_WORD },
	{ "dsl.isp.example.net", "192.0.2.7", MT_GENERIC_WORD },
	{ "dyn12.isp.example.net", "192.0.2.7", MT_GENERIC_WORD },
	{ "customer-12-99.isp.example.net", "192.0.2.7", MT_GENERIC_WORD },
	{ "user12-99.isp.example.net", "192.0.2.7", MT_GENERIC_WORD },
	/* What somebody chose. */
	{ "static-192-0-2-7.isp.example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "mail-192-0-2-7.example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "business-dsl.isp.example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "mx1.example.net", "192.0.2.7", MT_GENERIC_NO }, { "mail.example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "host.example.net", "192.0.2.7", MT_GENERIC_NO }, { "ip1.example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "a192.b0.example.net", "192.0.2.7", MT_GENERIC_NO }, { "example.net", "192.0.2.7", MT_GENERIC_NO },
	{ "pool.net", "192.0.2.7", MT_GENERIC_NO }, { "", "192.0.2.7", MT_GENERIC_NO },
	{ "poolside.example.net", "192.0.2.7", MT_GENERIC_NO }, { "99999999999-2-7.example.net", "192.0.2.7", MT_GENERIC_ADDRESS },
	{ "...", "192.0.2.7", MT_GENERIC_NO }, { "\377\377.\377.x.y", "192.0.2.7", MT_GENERIC_NO },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_ip ip;

		mt_ip_parse(&ip, mt_span_text(cases[i].ip));
		tap_ok(mt_generic_name(mt_span_text(cases[i].name), &ip) == cases[i].want, "case %zu, %s", i, cases[i].ip);
	}
	tap_ok(mt_generic_name(MT_SPAN("pool.isp.example.net"), &(struct mt_ip){ 0 }) == MT_GENERIC_NO, "no address");
	return tap_done();
}
