/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/ip.h"

#include "lib/base/span.h"
#include "tests/unit/tap.h"

static const struct { const char *text, *want; } forms[] = {
	{ "192.0.2.1", "192.0.2.1" }, { "[192.0.2.1]", "192.0.2.1" }, { "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" }, { "2001:db8::1", "2001:db8::1" },
	{ "IPv6:2001:DB8:0:0::1", "2001:db8::1" }, { "[IPv6:2001:db8::1]", "2001:db8::1" },
	{ "IPv6:::1", "::1" }, { "::", "::" }, { "::ffff:192.0.2.1", "192.0.2.1" },
	{ "IPv6:192.0.2.1", "192.0.2.1" }, { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "fe80::1%eth0", "fe80::1" }, { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },	/* RFC 5952, 4.2.2 */
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },		/* RFC 5952, 4.2.3 */
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, { "1::", "1::" },
	{ "::ffff:c000:201", "192.0.2.1" },
	{ "", "" }, { "1.2.3", "" }, { "1.2.3.4.5", "" }, { "256.1.1.1", "" }, { "01.2.3.4", "" },
	{ "1.2.3.4 ", "" }, { "1.2.3.-4", "" }, { "1..2.3", "" }, { ":", "" }, { ":1", "" }, { "1:", "" },
	{ ":::", "" }, { "1::2::3", "" }, { "1:2:3:4:5:6:7", "" }, { "1:2:3:4:5:6:7:8:9", "" },
	{ "12345::", "" }, { "g::", "" }, { "1:2:3:4:5:6:7:1.2.3.4", "" }, { "[192.0.2.1", "" },
	{ "1:2:3:4:5:6:7::8", "" }, { "::1.2.3", "" }, { "abcd", "" },
};

static const struct { const char *ip; bool public; } ranges[] = {
	{ "8.8.8.8", true }, { "10.0.0.1", false }, { "9.255.255.255", true }, { "11.0.0.0", true },
	{ "100.63.255.255", true }, { "100.64.0.0", false }, { "100.127.255.255", false }, { "100.128.0.0", true },
	{ "127.0.0.1", false }, { "169.254.1.1", false }, { "172.15.255.255", true }, { "172.16.0.0", false },
	{ "172.31.255.255", false }, { "172.32.0.0", true }, { "192.0.0.8", false }, { "192.0.0.9", true },
	{ "192.0.0.10", true }, { "192.0.0.11", false }, { "192.0.2.1", false }, { "192.168.0.1", false },
	{ "192.169.0.0", true }, { "192.88.99.1", true }, { "198.17.255.255", true }, { "198.18.0.1", false },
	{ "198.20.0.0", true }, { "198.51.100.1", false }, { "203.0.113.1", false }, { "203.0.114.0", true },
	{ "223.255.255.255", true }, { "224.0.0.1", false }, { "240.0.0.1", false }, { "255.255.255.255", false },
	{ "0.0.0.0", false }, { "2a00::1", true }, { "::1", false }, { "::", false }, { "fe80::1", false },
	{ "fc00::1", false }, { "fdff::1", false }, { "ff02::1", false }, { "2001:db8::1", false },
	{ "2001:4860::1", true }, { "2002:c000:201::1", false }, { "64:ff9b::1", true }, { "64:ff9b:1::1", false },
	{ "100::1", false }, { "2001:0:1::1", false }, { "2001:20::1", true }, { "3fff::1", false }, { "4000::1", false },
};

static const struct { const char *ip; bool private; } neighbours[] = {
	{ "10.1.2.3", true }, { "172.16.0.1", true }, { "172.32.0.1", false }, { "192.168.0.1", true }, { "127.0.0.1", true },
	{ "100.64.0.1", true }, { "169.254.0.1", true }, { "192.0.2.1", false }, { "8.8.8.8", false }, { "224.0.0.1", false },
	{ "::1", true }, { "fd00::1", true }, { "fe80::1", true }, { "2001:db8::1", false }, { "ff02::1", false },
};

static const struct { const char *net, *ip; bool has; } nets[] = {
	{ "192.0.2.0/24", "192.0.2.255", true }, { "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/25", "192.0.2.128", false }, { "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false }, { "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false }, { "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false }, { "::1", "::1", true }, { "::/0", "2001:db8::1", true },
	{ "192.0.2.0/31", "192.0.2.1", true }, { "192.0.2.0/31", "192.0.2.2", false },
};

static const char *const bad_nets[] = { "", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/x",
	"192.0.2.0/024", "192.0.2.0/-1", "192.0.2/24", "/24", "2001:db8::1/32" };

int
main(void)
{
	char text[MT_IP_TEXT], reverse[MT_REVERSE_TEXT];
	struct mt_net net;
	struct mt_ip ip;
	bool loose;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		bool ok = mt_ip_parse(&ip, mt_span_text(forms[i].text));

		tap_ok(ok == (forms[i].want[0] != '\0') && strcmp(mt_ip_text(&ip, text), forms[i].want) == 0,
		    "'%s' is '%s' (%s)", forms[i].text, forms[i].want, text);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		mt_ip_parse(&ip, mt_span_text(ranges[i].ip));
		tap_ok(mt_ip_public(&ip) == ranges[i].public, "%s is %spublic", ranges[i].ip, ranges[i].public ? "" : "not ");
	}
	for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++) {
		mt_ip_parse(&ip, mt_span_text(neighbours[i].ip));
		tap_ok(mt_ip_private(&ip) == neighbours[i].private, "%s is %sa neighbour's", neighbours[i].ip,
		    neighbours[i].private ? "" : "not ");
	}
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		mt_ip_parse(&ip, mt_span_text(nets[i].ip));
		tap_ok(mt_net_parse(&net, mt_span_text(nets[i].net), NULL) && mt_net_has(&net, &ip) == nets[i].has,
		    "%s has %s: %d", nets[i].net, nets[i].ip, nets[i].has);
	}
	for (size_t i = 0; i < sizeof bad_nets / sizeof *bad_nets; i++)
		tap_ok(!mt_net_parse(&net, mt_span_text(bad_nets[i]), NULL), "'%s' is no network", bad_nets[i]);
	tap_ok(mt_net_parse(&net, MT_SPAN("192.0.2.77/24"), &loose) && loose &&
	    strcmp(mt_ip_text(&net.ip, text), "192.0.2.0") == 0, "host bits are cleared and told when asked for");
	mt_ip_parse(&ip, MT_SPAN("192.0.2.7"));
	tap_ok(strcmp(mt_ip_reverse(&ip, reverse), "7.2.0.192.in-addr.arpa") == 0, "reverse name of IPv4");
	mt_ip_parse(&ip, MT_SPAN("2001:db8::567:89ab"));
	tap_ok(strcmp(mt_ip_reverse(&ip, reverse),
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa") == 0, "reverse name of IPv6 (RFC 3596)");
	ip = (struct mt_ip){ 0 };
	tap_ok(strcmp(mt_ip_text(&ip, text), "") == 0 && !mt_ip_public(&ip), "an absent address has no text");
	return tap_done();
}
