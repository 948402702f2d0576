/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what an address, and the lack of a name, look like in a Received field; knows not
 * where they may stand. */
#include "lib/base/ip.h"
#include "lib/core/received_parts.h"

/* "1.2.3.4:25" and "1.2.3.4.63559" (Exim 3 put the port behind a dot). */
static bool
address_with_port(struct mt_ip *ip, struct mt_span text)
{
	size_t colons = 0, dots = 0, cut = 0;

	for (size_t i = 0; i < text.len && i < MT_IP_TEXT; i++) {
		colons += text.ptr[i] == ':';
		dots += text.ptr[i] == '.';
		if (text.ptr[i] == ':' || (text.ptr[i] == '.' && dots == 4))
			cut = i;
	}
	if (colons + (dots == 4) != 1 || cut + 1 >= text.len || text.len - cut > 6)
		return false;
	for (size_t i = cut + 1; i < text.len; i++)
		if (!mt_is_digit(text.ptr[i]))
			return false;
	return mt_ip_parse_v4(ip, (struct mt_span){ text.ptr, cut });
}

/* A letter that is no hex digit, nor the first of "IPv6:", begins no address. */
static bool
begins_name(char first)
{
	return mt_is_alpha(first) && mt_lower(first) > 'f' && mt_lower(first) != 'i';
}

bool
mt_address_read(struct mt_ip *ip, struct mt_span text)
{
	const char *close;

	*ip = (struct mt_ip){ 0 };
	if (text.len == 0 || begins_name(*text.ptr) ||
	    (mt_is_alpha(text.ptr[text.len - 1]) && memchr(text.ptr, ':', text.len) == NULL))
		return false;
	if (mt_is_space(*text.ptr) || mt_is_space(text.ptr[text.len - 1]))
		text = mt_span_trim(text);
	while (text.len > 0 && (*text.ptr == '[' || *text.ptr == '(')) {
		text.ptr++;
		text.len--;
	}
	close = text.len == 0 ? NULL : memchr(text.ptr, ']', text.len);
	if (close != NULL && (close == text.ptr + text.len - 1 || close[1] == ':' || close[1] == ')'))
		text.len = (size_t)(close - text.ptr);
	while (text.len > 0 && (text.ptr[text.len - 1] == ')' || text.ptr[text.len - 1] == ','))
		text.len--;
	if (text.len > 0 && (mt_is_space(*text.ptr) || mt_is_space(text.ptr[text.len - 1])))
		text = mt_span_trim(text);
	if (text.len < 2 || text.len > 64 ||
	    (!mt_is_digit(text.ptr[text.len - 1]) && memchr(text.ptr, ':', text.len) == NULL))
		return false;
	return mt_ip_parse(ip, text) || address_with_port(ip, text);
}

bool
mt_address_impossible(struct mt_span text)
{
	size_t dots = 0, digits = 0, others = 0;

	text = mt_span_trim(text);
	for (size_t i = 0; i < text.len && i < 64; i++) {
		dots += text.ptr[i] == '.';
		digits += mt_is_digit(text.ptr[i]);
		others += !mt_is_digit(text.ptr[i]) && text.ptr[i] != '.';
	}
	return (others == 0 && digits > 3 && dots == 3) || (digits >= 4 && memchr(text.ptr, ',', text.len) != NULL);
}

bool
mt_address_no_name(struct mt_span name)
{
	static const struct mt_literal words[] = { MT_LITERAL("unknown"), MT_LITERAL("unverified"),
		MT_LITERAL("verified"), MT_LITERAL("nodnsquery"), MT_LITERAL("softdnserr"), MT_LITERAL("harddnserr"),
		MT_LITERAL("really"), MT_LITERAL("none"), MT_LITERAL("unavailable"), MT_LITERAL("untrusted"),
		MT_LITERAL("noname"), MT_LITERAL("nordns"), MT_LITERAL("no.rdns"), MT_LITERAL("no-rdns"),
		MT_LITERAL("unresolved"), MT_LITERAL("no-reverse-dns"), MT_LITERAL("UnknownHost") };
	const size_t longest = sizeof "no-reverse-dns" - 1;
	struct mt_ip ip;

	if (name.len == 0)
		return true;
	for (size_t i = 0; name.len <= longest && i < sizeof words / sizeof *words; i++)
		if (mt_literal_is(name, &words[i]))
			return true;
	return mt_address_read(&ip, name);
}
