/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and networks.  IPv4-mapped IPv6 (::ffff:0:0/96) is IPv4 everywhere. */
#ifndef MT_BASE_IP_H
#define MT_BASE_IP_H

#include "lib/mailtrace.h"

/* Longest reverse name: 32 nibbles, their dots, "ip6.arpa" and a NUL. */
#define MT_REVERSE_TEXT 73

struct mt_net {
	struct mt_ip ip;		/* bits behind the prefix are zero */
	uint8_t bits;
};

struct mt_nets {
	const struct mt_net *net;
	size_t count;
};

/* Exactly an IPv4 dotted quad (no octet over 255, no leading zeros, four parts). */
bool mt_ip_parse_v4(struct mt_ip *ip, struct mt_span text);
/* Exactly an IPv6 address of RFC 4291, 2.2; a zone ("%eth0") is dropped. */
bool mt_ip_parse_v6(struct mt_ip *ip, struct mt_span text);
/* From network-order bytes; len is 4 or 16, anything else makes it absent. */
struct mt_ip mt_ip_bytes(const void *bytes, size_t len);
bool mt_ip_equal(const struct mt_ip *a, const struct mt_ip *b);
/* Globally reachable by IANA's special-purpose registries (RFC 6890), and not multicast,
 * reserved or absent. */
bool mt_ip_public(const struct mt_ip *ip);
/* Of a network behind which nobody on the Internet can stand: loopback, private, shared,
 * link-local and unique local addresses (RFC 1122, 1918, 3927, 4193, 4291, 6598). */
bool mt_ip_private(const struct mt_ip *ip);
bool mt_ip_loopback(const struct mt_ip *ip);
/* "7.2.0.192.in-addr.arpa" (RFC 1035, 3.5) or the ip6.arpa form (RFC 3596, 2.5). */
const char *mt_ip_reverse(const struct mt_ip *ip, char out[MT_REVERSE_TEXT]);

/* "192.0.2.0/24" or a single address.  Bits behind the prefix must be zero unless
 * *loose is given, which then says whether they were cleared. */
bool mt_net_parse(struct mt_net *net, struct mt_span text, bool *loose);
bool mt_net_has(const struct mt_net *net, const struct mt_ip *ip);
bool mt_nets_have(const struct mt_nets *nets, const struct mt_ip *ip);

#endif
