/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how providers name the lines of their customers; there is no standard of it, and so it
 * is weak evidence and no more. */
#include "lib/core/generic.h"

#include "lib/base/name.h"

#define NUMBERS_MOST 8

/* Parts of a label between digits, hyphens and underscores. */
static const char *const dynamic[] = { "pool", "pools", "dyn", "dynamic", "dynamicip", "dhcp", "dsl", "adsl", "vdsl",
	"xdsl", "sdsl", "ppp", "pppoe", "dial", "dialup", "dialin", "cable", "catv", "cpe", "customer", "customers", "cust",
	"client", "clients", "user", "users", "broadband", "bb", "fttb", "ftth", "gprs", "umts", "lte", "mobile",
	"modem", "wlan", "wifi", "nat", "ip", "host", "hsd", "res", "residential", "home", "dip", "dsldevice" };
/* What a single label says all of: "ip" and "host" alone do not make a name generic. */
static const char *const only_beside_numbers[] = { "ip", "host", "client", "user", "bb", "res", "home", "cust", "nat" };
static const char *const chosen[] = { "static", "fixed", "business", "biz", "dedicated", "colo", "server", "srv",
	"mail", "mx", "smtp", "mta", "relay", "gateway", "gw", "ns" };

static bool
is_one_of(struct mt_span word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mt_span_same_text(word, words[i]))
			return true;
	return false;
}

#define ONE_OF(word, words) is_one_of(word, words, sizeof (words) / sizeof *(words))

/* The labels that belong to the host: all but the last two. */
static struct mt_span
host_part(struct mt_span name)
{
	unsigned dots = 0;

	name = mt_name_strip(name);
	for (size_t i = name.len; i-- > 0;)
		if (name.ptr[i] == '.' && ++dots == 2)
			return (struct mt_span){ name.ptr, i };
	return (struct mt_span){ name.ptr, 0 };
}

struct found {
	bool chosen, dynamic, needs_numbers;
	unsigned numbers[NUMBERS_MOST];	/* decimal ones up to 255, in their order */
	size_t count;
};

static void
take_word(struct found *found, struct mt_span word)
{
	if (ONE_OF(word, chosen))
		found->chosen = true;
	if (!ONE_OF(word, dynamic))
		return;
	if (ONE_OF(word, only_beside_numbers))
		found->needs_numbers = true;
	else
		found->dynamic = true;
}

static void
take_number(struct found *found, struct mt_span digits)
{
	unsigned n = 0;

	if (digits.len > 3 || found->count == NUMBERS_MOST)
		return;
	for (size_t i = 0; i < digits.len; i++)
		n = n * 10 + (unsigned)(digits.ptr[i] - '0');
	if (n <= 255)
		found->numbers[found->count++] = n;
}

static void
read_parts(struct found *found, struct mt_span host)
{
	for (size_t at = 0; at < host.len;) {
		size_t from = at;

		if (mt_is_digit(host.ptr[at])) {
			while (at < host.len && mt_is_digit(host.ptr[at]))
				at++;
			take_number(found, (struct mt_span){ host.ptr + from, at - from });
		} else if (mt_is_alpha(host.ptr[at])) {
			while (at < host.len && mt_is_alpha(host.ptr[at]))
				at++;
			take_word(found, (struct mt_span){ host.ptr + from, at - from });
		} else {
			at++;
		}
	}
}

/* Two bytes of the address side by side among the numbers, in either order, the last of the
 * address among them: its network alone may stand in a name that somebody chose. */
static bool
has_decimal(const struct found *found, const struct mt_ip *ip)
{
	for (size_t i = 0; ip->family == 4 && i + 1 < found->count; i++) {
		unsigned a = found->numbers[i], b = found->numbers[i + 1];

		if ((a == ip->bytes[2] && b == ip->bytes[3]) || (a == ip->bytes[3] && b == ip->bytes[2]))
			return true;
	}
	return false;
}

/* All of an IPv4 address, or the last 32 bits of an IPv6 address, in hexadecimal. */
static bool
has_hexadecimal(struct mt_span host, const struct mt_ip *ip)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *last = ip->family == 6 ? ip->bytes + 12 : ip->bytes;
	char text[9];

	for (unsigned i = 0; i < 4; i++) {
		text[2 * i] = digits[last[i] >> 4];
		text[2 * i + 1] = digits[last[i] & 15];
	}
	text[8] = '\0';
	return mt_span_find(host, text) != NULL;
}

enum mt_generic
mt_generic_name(struct mt_span name, const struct mt_ip *ip)
{
	struct mt_span host = host_part(name);
	struct found found = { .count = 0 };

	read_parts(&found, host);
	if (found.chosen || host.len == 0 || ip->family == 0)
		return MT_GENERIC_NO;
	if (has_decimal(&found, ip) || has_hexadecimal(host, ip))
		return MT_GENERIC_ADDRESS;
	return found.dynamic || (found.needs_numbers && found.count >= 2) ? MT_GENERIC_WORD : MT_GENERIC_NO;
}
