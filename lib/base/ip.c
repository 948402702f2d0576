/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the forms of addresses and which of them are special; asks nobody. */
#include "lib/base/ip.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/span.h"

struct mt_ip
mt_ip_bytes(const void *bytes, size_t len)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct mt_ip ip = { 0 };

	if (len == 16 && memcmp(bytes, mapped, sizeof mapped) == 0) {
		bytes = (const char *)bytes + 12;
		len = 4;
	}
	if (len != 4 && len != 16)
		return ip;
	ip.family = len == 4 ? 4 : 6;
	memcpy(ip.bytes, bytes, len);
	return ip;
}

bool
mt_ip_parse_v4(struct mt_ip *ip, struct mt_span text)
{
	uint8_t octets[4];
	size_t at = 0;

	*ip = (struct mt_ip){ 0 };
	for (int part = 0; part < 4; part++) {
		unsigned value = 0;
		size_t start = at;

		if (part > 0 && (at >= text.len || text.ptr[at++] != '.'))
			return false;
		start = at;
		while (at < text.len && at - start < 3 && mt_is_digit(text.ptr[at]))
			value = value * 10 + (unsigned)(text.ptr[at++] - '0');
		if (at == start || value > 255 || (at - start > 1 && text.ptr[start] == '0'))
			return false;
		octets[part] = (uint8_t)value;
	}
	if (at != text.len)
		return false;
	*ip = mt_ip_bytes(octets, 4);
	return true;
}

/* Of a hex digit its value, of all else more than 15. */
static unsigned
hex_value(char c)
{
	unsigned digit = (unsigned)(unsigned char)c - '0', letter = ((unsigned)(unsigned char)c | 0x20) - 'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

/* One group of up to four hex digits at *at. */
static bool
hex_group(struct mt_span text, size_t *at, unsigned *value)
{
	size_t i = *at, most = text.len - i < 4 ? text.len : i + 4;
	unsigned digit, sum = 0;

	for (; i < most && (digit = hex_value(text.ptr[i])) < 16; i++)
		sum = sum * 16 + digit;
	*value = sum;
	most = *at;
	*at = i;
	return i > most;
}

/* A dotted quad as the last 32 bits. */
static bool
v4_tail(struct mt_span text, size_t at, uint8_t *out)
{
	struct mt_ip quad;

	if (!mt_ip_parse_v4(&quad, (struct mt_span){ text.ptr + at, text.len - at }))
		return false;
	memcpy(out, quad.bytes, 4);
	return true;
}

bool
mt_ip_parse_v6(struct mt_ip *ip, struct mt_span text)
{
	const char *zone = text.len == 0 ? NULL : memchr(text.ptr, '%', text.len);
	uint8_t out[16] = { 0 };
	size_t at = 0, len = 0, gap = SIZE_MAX;
	unsigned value;

	*ip = (struct mt_ip){ 0 };
	if (zone != NULL)
		text.len = (size_t)(zone - text.ptr);
	if (text.len < 2)
		return false;
	if (text.ptr[0] == ':') {
		if (text.ptr[1] != ':')
			return false;
		gap = 0;
		at = 2;
	}
	while (at < text.len) {
		size_t start = at;

		if (len >= 16 || !hex_group(text, &at, &value))
			return false;
		if (at < text.len && text.ptr[at] == '.') {
			if (len > 12 || !v4_tail(text, start, out + len))
				return false;
			len += 4;
			break;
		}
		out[len++] = (uint8_t)(value >> 8);
		out[len++] = (uint8_t)value;
		if (at == text.len)
			break;
		if (text.ptr[at++] != ':' || at == text.len)
			return false;
		if (text.ptr[at] == ':') {
			if (gap != SIZE_MAX)
				return false;
			gap = len;
			at++;
		}
	}
	if ((gap == SIZE_MAX) != (len == 16))
		return false;
	if (gap != SIZE_MAX) {
		memmove(out + 16 - (len - gap), out + gap, len - gap);
		memset(out + gap, 0, 16 - len);
	}
	*ip = mt_ip_bytes(out, 16);
	return true;
}

bool
mt_ip_parse(struct mt_ip *ip, struct mt_span text)
{
	if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']') {
		text.ptr++;
		text.len -= 2;
	}
	if (text.len > 5 && text.ptr[4] == ':' && mt_span_starts(text, "IPv6:")) {
		text.ptr += 5;
		text.len -= 5;
		return mt_ip_parse_v6(ip, text) || mt_ip_parse_v4(ip, text);
	}
	return mt_ip_parse_v4(ip, text) || mt_ip_parse_v6(ip, text);
}

/* The longest run of two or more zero groups (RFC 5952, 4.2). */
static void
zero_run(const uint16_t group[8], int *start, int *len)
{
	*start = -1;
	*len = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > *len) {
			*start = i;
			*len = n;
		}
		i += n;
	}
}

const char *
mt_ip_text(const struct mt_ip *ip, char out[MT_IP_TEXT])
{
	const uint8_t *b = ip->bytes;
	uint16_t group[8];
	int start, len, at = 0;

	out[0] = '\0';
	if (ip->family == 4)
		snprintf(out, MT_IP_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	if (ip->family != 6)
		return out;
	for (int i = 0; i < 8; i++)
		group[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	zero_run(group, &start, &len);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			at += snprintf(out + at, (size_t)(MT_IP_TEXT - at), "::");
			i += len - 1;
			continue;
		}
		at += snprintf(out + at, (size_t)(MT_IP_TEXT - at), "%s%x",
		    at > 0 && out[at - 1] != ':' ? ":" : "", group[i]);
	}
	return out;
}

bool
mt_ip_equal(const struct mt_ip *a, const struct mt_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

struct special {
	uint8_t family, bits;
	bool public;
	uint8_t bytes[16];
};

/* IANA IPv4 and IPv6 Special-Purpose Address Registries, "Globally Reachable", and
 * multicast; the first row that covers an address decides, so exceptions come first.
 * 192.0.0.9, 192.0.0.10, 192.31.196/24, 192.52.193/24, 192.175.48/24 are reachable. */
static const struct special specials[] = {
	{ 4, 32, true, { 192, 0, 0, 9 } },	/* RFC 7723 */
	{ 4, 32, true, { 192, 0, 0, 10 } },	/* RFC 8155 */
	{ 4, 8, false, { 0 } },			/* RFC 791, 3.2 */
	{ 4, 8, false, { 10 } },		/* RFC 1918 */
	{ 4, 10, false, { 100, 64 } },		/* RFC 6598 */
	{ 4, 8, false, { 127 } },		/* RFC 1122, 3.2.1.3 */
	{ 4, 16, false, { 169, 254 } },		/* RFC 3927 */
	{ 4, 12, false, { 172, 16 } },		/* RFC 1918 */
	{ 4, 24, false, { 192, 0, 0 } },	/* RFC 6890 */
	{ 4, 24, false, { 192, 0, 2 } },	/* RFC 5737 */
	{ 4, 16, false, { 192, 168 } },		/* RFC 1918 */
	{ 4, 15, false, { 198, 18 } },		/* RFC 2544 */
	{ 4, 24, false, { 198, 51, 100 } },	/* RFC 5737 */
	{ 4, 24, false, { 203, 0, 113 } },	/* RFC 5737 */
	{ 4, 4, false, { 224 } },		/* RFC 5771, multicast */
	{ 4, 4, false, { 240 } },		/* RFC 1112, 4 */
	{ 6, 127, false, { 0 } },		/* :: and ::1, RFC 4291 */
	{ 6, 96, true, { 0, 0x64, 0xff, 0x9b } },	/* RFC 6052 */
	{ 6, 48, false, { 0, 0x64, 0xff, 0x9b, 0, 1 } },	/* RFC 8215 */
	{ 6, 64, false, { 0x01, 0 } },		/* RFC 6666 */
	{ 6, 64, false, { 0x01, 0, 0, 0, 0, 0, 0, 1 } },	/* RFC 9780 */
	{ 6, 128, true, { 0x20, 0x01, 0, 1, [15] = 1 } },	/* RFC 7723 */
	{ 6, 128, true, { 0x20, 0x01, 0, 1, [15] = 2 } },	/* RFC 8155 */
	{ 6, 128, true, { 0x20, 0x01, 0, 1, [15] = 3 } },	/* RFC 9665 */
	{ 6, 32, true, { 0x20, 0x01, 0, 3 } },	/* RFC 7450 */
	{ 6, 48, true, { 0x20, 0x01, 0, 4, 0x01, 0x12 } },	/* RFC 7535 */
	{ 6, 28, true, { 0x20, 0x01, 0, 0x20 } },	/* RFC 7343 */
	{ 6, 28, true, { 0x20, 0x01, 0, 0x30 } },	/* RFC 9374 */
	{ 6, 23, false, { 0x20, 0x01 } },	/* RFC 2928 */
	{ 6, 32, false, { 0x20, 0x01, 0x0d, 0xb8 } },	/* RFC 3849 */
	{ 6, 16, false, { 0x20, 0x02 } },	/* RFC 3056; "N/A" in the registry */
	{ 6, 20, false, { 0x3f, 0xff } },	/* RFC 9637 */
	{ 6, 16, false, { 0x5f, 0x00 } },	/* RFC 9602 */
	{ 6, 3, true, { 0x20 } },		/* global unicast, RFC 4291, 2.4 */
	{ 6, 0, false, { 0 } },			/* all else: fc00::/7, fe80::/10, ff00::/8 ... */
};

static uint64_t
eight_bytes(const uint8_t *bytes)
{
	uint64_t x;

	memcpy(&x, bytes, sizeof x);
	return be64toh(x);
}

/* Of two addresses of 16 bytes; those of IPv4 end in zeros. */
static inline bool
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	uint64_t differs = eight_bytes(a) ^ eight_bytes(b);

	if (bits <= 64)
		return bits == 0 || differs >> (64 - bits) == 0;
	return differs == 0 && (eight_bytes(a + 8) ^ eight_bytes(b + 8)) >> (128 - bits) == 0;
}

bool
mt_ip_public(const struct mt_ip *ip)
{
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (specials[i].family == ip->family &&
		    (specials[i].bits < 8 || specials[i].bytes[0] == ip->bytes[0]) &&
		    prefix_equal(ip->bytes, specials[i].bytes, specials[i].bits))
			return specials[i].public;
	return ip->family == 4;
}

bool
mt_ip_private(const struct mt_ip *ip)
{
	static const struct special near[] = {
		{ 4, 8, false, { 10 } }, { 4, 10, false, { 100, 64 } }, { 4, 8, false, { 127 } },
		{ 4, 16, false, { 169, 254 } }, { 4, 12, false, { 172, 16 } }, { 4, 16, false, { 192, 168 } },
		{ 6, 128, false, { [15] = 1 } }, { 6, 7, false, { 0xfc } }, { 6, 10, false, { 0xfe, 0x80 } },
	};

	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		if (near[i].family == ip->family && prefix_equal(ip->bytes, near[i].bytes, near[i].bits))
			return true;
	return false;
}

bool
mt_ip_loopback(const struct mt_ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return ip->family == 4 ? ip->bytes[0] == 127 : ip->family == 6 && memcmp(ip->bytes, one, 16) == 0;
}

const char *
mt_ip_reverse(const struct mt_ip *ip, char out[MT_REVERSE_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *b = ip->bytes;
	char *p = out;

	out[0] = '\0';
	if (ip->family == 4)
		snprintf(out, MT_REVERSE_TEXT, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
	if (ip->family != 6)
		return out;
	for (int i = 15; i >= 0; i--) {
		*p++ = hex[b[i] & 15];
		*p++ = '.';
		*p++ = hex[b[i] >> 4];
		*p++ = '.';
	}
	memcpy(p, "ip6.arpa", sizeof "ip6.arpa");
	return out;
}

/* Clears the bits behind the prefix; false when there were none to clear. */
static bool
clear_host_bits(struct mt_net *net)
{
	unsigned most = net->ip.family == 4 ? 32 : 128;
	bool some = false;

	for (unsigned i = net->bits; i < most; i++) {
		uint8_t bit = (uint8_t)(0x80u >> (i % 8));

		some = some || (net->ip.bytes[i / 8] & bit) != 0;
		net->ip.bytes[i / 8] &= (uint8_t)~bit;
	}
	return some;
}

bool
mt_net_parse(struct mt_net *net, struct mt_span text, bool *loose)
{
	const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
	struct mt_span digits = MT_ABSENT;
	unsigned bits = 0, most;
	bool cleared;

	*net = (struct mt_net){ 0 };
	if (slash != NULL) {
		digits = mt_span_between(slash + 1, text.ptr + text.len);
		text.len = (size_t)(slash - text.ptr);
	}
	if (!mt_ip_parse(&net->ip, text))
		return false;
	most = net->ip.family == 4 ? 32 : 128;
	if (slash == NULL)
		bits = most;
	else if (digits.len == 0 || digits.len > 3 || (digits.len > 1 && digits.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (!mt_is_digit(digits.ptr[i]))
			return false;
		bits = bits * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	if (bits > most)
		return false;
	net->bits = (uint8_t)bits;
	cleared = clear_host_bits(net);
	if (loose != NULL)
		*loose = cleared;
	return loose != NULL || !cleared;
}

bool
mt_net_has(const struct mt_net *net, const struct mt_ip *ip)
{
	return ip->family != 0 && net->ip.family == ip->family && prefix_equal(net->ip.bytes, ip->bytes, net->bits);
}

bool
mt_nets_have(const struct mt_nets *nets, const struct mt_ip *ip)
{
	for (size_t i = 0; i < nets->count; i++)
		if (mt_net_has(&nets->net[i], ip))
			return true;
	return false;
}
