/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the grammar of records; what they mean for a client is not its business. */
#include "lib/core/spf_record.h"

#include "lib/base/ip.h"
#include "lib/core/spf_macro.h"

enum need { NEVER, MAY, MUST };

static const struct mechanism {
	const char *name;
	enum mt_spf_kind kind;
	enum need domain;
	bool dual;			/* dual-cidr-length may follow */
} mechanisms[] = {
	{ "all", MT_SPF_ALL, NEVER, false },
	{ "include", MT_SPF_INCLUDE, MUST, false },
	{ "a", MT_SPF_A, MAY, true },
	{ "mx", MT_SPF_MX, MAY, true },
	{ "ptr", MT_SPF_PTR, MAY, false },
	{ "ip4", MT_SPF_IP4, NEVER, false },
	{ "ip6", MT_SPF_IP6, NEVER, false },
	{ "exists", MT_SPF_EXISTS, MUST, false },
};

bool
mt_spf_record_is(struct mt_span text)
{
	return mt_span_starts(text, "v=spf1") && (text.len == 6 || text.ptr[6] == ' ');
}

size_t
mt_spf_record_select(const struct mt_answer *txt, struct mt_span *text)
{
	size_t count = 0;

	*text = MT_ABSENT;
	for (size_t i = 0; i < txt->nrecords; i++)
		if (mt_spf_record_is(txt->records[i].text) && count++ == 0)
			*text = txt->records[i].text;
	return count;
}

/* "0", or digits without a zero before them, up to most. */
static bool
read_bits(struct mt_span digits, unsigned most, uint8_t *bits)
{
	unsigned value = 0;

	if (digits.len == 0 || digits.len > 3 || (digits.ptr[0] == '0' && digits.len > 1))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (!mt_is_digit(digits.ptr[i]))
			return false;
		value = value * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	*bits = (uint8_t)value;
	return value <= most;
}

/* Takes a slash and the digits behind it off the end; false: there are none. */
static bool
cut_bits(struct mt_span *text, struct mt_span *digits)
{
	size_t from = text->len;

	while (from > 0 && mt_is_digit(text->ptr[from - 1]))
		from--;
	if (from == text->len || from == 0 || text->ptr[from - 1] != '/')
		return false;
	*digits = (struct mt_span){ text->ptr + from, text->len - from };
	text->len = from - 1;
	return true;
}

/* [ "/" 0-32 ] [ "//" 0-128 ] at the end.  No domain-spec can end in a slash and digits,
 * so what looks like a length is one. */
static bool
read_dual(struct mt_spf_term *term, struct mt_span *text)
{
	struct mt_span digits;

	if (!cut_bits(text, &digits))
		return true;
	if (text->len > 0 && text->ptr[text->len - 1] == '/') {
		text->len--;
		if (!read_bits(digits, 128, &term->bits6))
			return false;
		if (!cut_bits(text, &digits))
			return true;
	}
	return read_bits(digits, 32, &term->bits4);
}

static const char *
read_domain(struct mt_spf_term *term, struct mt_span spec)
{
	struct mt_ip ip;

	term->domain = spec;
	if (mt_spf_macro_spec(spec))
		return NULL;
	if (spec.len == 0)
		return "a domain is missing";
	if (mt_ip_parse_v4(&ip, spec))
		return "an address stands where a domain is wanted";
	return "what should be a domain is none";
}

/* ":" network [ "/" length ].  A zone of IPv6 is no part of a network (RFC 4291, 2.2). */
static const char *
read_network(struct mt_spf_term *term, struct mt_span text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool six = term->kind == MT_SPF_IP6;
	const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len), *end = text.ptr + text.len;
	struct mt_span network = mt_span_between(text.ptr, slash == NULL ? end : slash);
	uint8_t *bits = six ? &term->bits6 : &term->bits4;
	struct mt_ip ip;

	if (network.len == 0 || network.ptr[0] != ':')
		return "an address is missing";
	network = (struct mt_span){ network.ptr + 1, network.len - 1 };
	if (network.len > 0 && memchr(network.ptr, '%', network.len) != NULL)
		return "what should be an address is none";
	if (!(six ? mt_ip_parse_v6 : mt_ip_parse_v4)(&ip, network))
		return "what should be an address is none";
	if (six && ip.family == 4) {
		memcpy(term->network, mapped, 12);
		memcpy(term->network + 12, ip.bytes, 4);
	} else {
		memcpy(term->network, ip.bytes, sizeof term->network);
	}
	if (slash == NULL || read_bits(mt_span_between(slash + 1, end), six ? 128 : 32, bits))
		return NULL;
	return "the length of a prefix is none";
}

static const char *
read_arguments(struct mt_spf_term *term, const struct mechanism *mechanism, struct mt_span text)
{
	if (term->kind == MT_SPF_IP4 || term->kind == MT_SPF_IP6)
		return read_network(term, text);
	if (mechanism->dual && !read_dual(term, &text))
		return "the length of a prefix is none";
	if (text.len == 0)
		return mechanism->domain == MUST ? "a domain is missing" : NULL;
	if (mechanism->domain == NEVER || text.ptr[0] != ':')
		return "something stands behind a mechanism that does not belong there";
	return read_domain(term, (struct mt_span){ text.ptr + 1, text.len - 1 });
}

static const char *
read_mechanism(struct mt_spf_term *term, struct mt_span text)
{
	static const struct { char c; enum mt_result result; } qualifiers[] = {
		{ '+', MT_PASS }, { '-', MT_FAIL }, { '~', MT_SOFTFAIL }, { '?', MT_NEUTRAL },
	};
	size_t len = 0;

	term->result = MT_PASS;
	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
		if (text.ptr[0] == qualifiers[i].c) {
			term->result = qualifiers[i].result;
			text = (struct mt_span){ text.ptr + 1, text.len - 1 };
			break;
		}
	while (len < text.len && text.ptr[len] != ':' && text.ptr[len] != '/')
		len++;
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		if (!mt_span_same_text((struct mt_span){ text.ptr, len }, mechanisms[i].name))
			continue;
		term->kind = mechanisms[i].kind;
		return read_arguments(term, &mechanisms[i], (struct mt_span){ text.ptr + len, text.len - len });
	}
	return "a mechanism is unknown";
}

/* ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool
modifier_name(struct mt_span name)
{
	if (name.len == 0 || !mt_is_alpha(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!mt_is_alpha(name.ptr[i]) && !mt_is_digit(name.ptr[i]) && memchr("-_.", name.ptr[i], 3) == NULL)
			return false;
	return true;
}

static const char *
read_modifier(struct mt_spf_term *term, struct mt_span name, struct mt_span value)
{
	if (!modifier_name(name))
		return "the name of a modifier is none";
	term->kind = MT_SPF_OTHER;
	if (mt_span_same_text(name, "redirect"))
		term->kind = MT_SPF_REDIRECT;
	else if (mt_span_same_text(name, "exp"))
		term->kind = MT_SPF_EXP;
	if (term->kind != MT_SPF_OTHER)
		return read_domain(term, value);
	return mt_spf_macro_string(value) ? NULL : "the value of a modifier is none";
}

bool
mt_spf_record_next(struct mt_span *rest, struct mt_spf_term *term)
{
	const char *p = rest->ptr, *end = p + rest->len, *sign;

	while (p < end && *p == ' ')
		p++;
	rest->ptr = p;
	while (p < end && *p != ' ')
		p++;
	*term = (struct mt_spf_term){ .text = mt_span_between(rest->ptr, p), .bits4 = 32, .bits6 = 128 };
	*rest = mt_span_between(p, end);
	if (term->text.len == 0)
		return false;
	/* The first of the three says what it is: a modifier only if that is "=". */
	for (sign = term->text.ptr; sign < p && *sign != ':' && *sign != '/' && *sign != '='; sign++)
		continue;
	if (sign < p && *sign == '=')
		term->why = read_modifier(term, mt_span_between(term->text.ptr, sign), mt_span_between(sign + 1, p));
	else
		term->why = read_mechanism(term, term->text);
	return true;
}

bool
mt_spf_record_read(struct mt_spf_record *record, struct mt_span text)
{
	struct mt_spf_term term;
	struct mt_span rest = { text.ptr + 6, text.len - 6 };
	bool exp = false;

	*record = (struct mt_spf_record){ .terms = rest };
	while (mt_spf_record_next(&rest, &term)) {
		/* "MUST NOT appear in a record more than once each" (6) */
		if (term.why == NULL && ((term.kind == MT_SPF_REDIRECT && record->redirect.text.ptr != NULL) ||
		    (term.kind == MT_SPF_EXP && exp)))
			term.why = "a modifier stands there twice";
		if (term.why != NULL) {
			record->bad = term;
			return false;
		}
		record->all = record->all || term.kind == MT_SPF_ALL;
		exp = exp || term.kind == MT_SPF_EXP;
		if (term.kind == MT_SPF_REDIRECT)
			record->redirect = term;
	}
	return true;
}
