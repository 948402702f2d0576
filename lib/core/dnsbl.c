/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how lists are asked and what their answers mean; keeps no health of them and
 * knows no clock. */
#include "lib/core/dnsbl.h"

#include "lib/base/ip.h"

#define V4_SUFFIX ".in-addr.arpa"
#define V6_SUFFIX ".ip6.arpa"

/* ---- the table of codes --------------------------------------------------------------- */

#define NO_CODE "is no code; write 127.0.0.2, 127.0.0.4-7, 127.0.*.1-3, 127.0.1.0/24 or 127.0.0.&8"

/* A decimal number of at most `most` at *at, without leading zeros. */
static bool
number(struct mt_span text, size_t *at, unsigned most, uint8_t *value)
{
	size_t start = *at;
	unsigned sum = 0;

	while (*at < text.len && *at - start < 3 && mt_is_digit(text.ptr[*at]))
		sum = sum * 10 + (unsigned)(text.ptr[(*at)++] - '0');
	if (*at == start || sum > most || (*at - start > 1 && text.ptr[start] == '0'))
		return false;
	*value = (uint8_t)sum;
	return true;
}

static bool
taken(struct mt_span text, size_t *at, char c)
{
	bool there = *at < text.len && text.ptr[*at] == c;

	*at += there;
	return there;
}

/* One byte: "2", "4-7", "*" or "&8"; *plain stays true for the first form alone. */
static bool
read_byte(struct mt_dnsbl_code *code, size_t i, struct mt_span text, size_t *at, bool *plain)
{
	uint8_t least = 0, most = 255, bits = 0;
	bool good = true;

	if (taken(text, at, '*')) {
		*plain = false;
	} else if (taken(text, at, '&')) {
		*plain = false;
		good = number(text, at, 255, &bits) && bits != 0;
	} else {
		good = number(text, at, 255, &least);
		most = least;
		if (good && taken(text, at, '-')) {
			*plain = false;
			good = number(text, at, 255, &most);
		}
	}
	code->byte[i].least = least;
	code->byte[i].most = most;
	code->byte[i].bits = bits;
	return good;
}

/* Widens the row to its prefix; false: bits stand behind it. */
static bool
widen(struct mt_dnsbl_code *code, unsigned prefix)
{
	bool clean = true;

	for (unsigned i = 0; i < 4; i++) {
		unsigned kept = prefix < i * 8 ? 0 : prefix - i * 8 > 8 ? 8 : prefix - i * 8;
		uint8_t behind = (uint8_t)(0xff >> kept);

		clean = clean && (code->byte[i].least & behind) == 0;
		code->byte[i].most = code->byte[i].least | behind;
	}
	return clean;
}

/* All of the row lies in 127.255.255.0/24. */
static bool
is_refusal(const struct mt_dnsbl_code *code)
{
	for (int i = 1; i < 3; i++)
		if (code->byte[i].least != 255 && code->byte[i].bits != 255)
			return false;
	return true;
}

const char *
mt_dnsbl_code_read(struct mt_dnsbl_code *code, struct mt_span text)
{
	bool plain = true;
	uint8_t prefix = 32;
	size_t at = 0;

	for (size_t i = 0; i < 4; i++)
		if ((i > 0 && !taken(text, &at, '.')) || !read_byte(code, i, text, &at, &plain))
			return NO_CODE;
	if (taken(text, &at, '/') && (!plain || !number(text, &at, 32, &prefix)))
		return NO_CODE;
	if (at != text.len)
		return NO_CODE;
	if (prefix < 8 || code->byte[0].least != 127 || code->byte[0].most != 127)
		return "lies outside of 127.0.0.0/8, where all codes lie (RFC 5782, 2.1)";
	if (prefix < 32 && !widen(code, prefix))
		return "has bits behind its prefix";
	for (size_t i = 0; i < 4; i++)
		if (code->byte[i].least > code->byte[i].most)
			return "has a range that ends before it begins";
	if (is_refusal(code))
		return "lies in 127.255.255.0/24, by which lists refuse who asks; it is never a listing";
	return NULL;
}

bool
mt_dnsbl_code_has(const struct mt_dnsbl_code *code, const struct mt_ip *ip)
{
	for (int i = 0; i < 4; i++)
		if (ip->bytes[i] < code->byte[i].least || ip->bytes[i] > code->byte[i].most ||
		    (ip->bytes[i] & code->byte[i].bits) != code->byte[i].bits)
			return false;
	return ip->family == 4;
}

bool
mt_dnsbl_code_covers(const struct mt_dnsbl_code *outer, const struct mt_dnsbl_code *inner)
{
	for (int i = 0; i < 4; i++) {
		bool one = inner->byte[i].least == inner->byte[i].most;
		unsigned sure = inner->byte[i].bits | (one ? inner->byte[i].least : 0u);

		if (inner->byte[i].least < outer->byte[i].least || inner->byte[i].most > outer->byte[i].most ||
		    (sure & outer->byte[i].bits) != outer->byte[i].bits)
			return false;
	}
	return true;
}

enum mt_dnsbl_word
mt_dnsbl_word(const struct mt_dnsbl_zone *zone, const struct mt_ip *ip, size_t *row)
{
	static const uint8_t refusal[3] = { 127, 255, 255 };

	if (ip->family != 4 || ip->bytes[0] != 127)
		return MT_DNSBL_ALIEN;
	if (memcmp(ip->bytes, refusal, sizeof refusal) == 0)
		return MT_DNSBL_REFUSED;
	for (*row = 0; *row < zone->ncodes; ++*row)
		if (mt_dnsbl_code_has(&zone->codes[*row], ip))
			return mt_span_equal(zone->codes[*row].class, MT_SPAN(MT_DNSBL_ERROR)) ? MT_DNSBL_REFUSED :
			    MT_DNSBL_LISTED;
	return MT_DNSBL_NO_ROW;
}

/* ---- questions ------------------------------------------------------------------------ */

bool
mt_dnsbl_name(char out[MT_NAME_TEXT], const struct mt_ip *ip, struct mt_span zone)
{
	size_t suffix = ip->family == 4 ? sizeof V4_SUFFIX - 1 : sizeof V6_SUFFIX - 1;
	char reverse[MT_REVERSE_TEXT];
	size_t len = strlen(mt_ip_reverse(ip, reverse));

	if (len <= suffix || zone.len == 0 || len - suffix + 1 + zone.len >= MT_NAME_TEXT)
		return false;
	len -= suffix;
	memcpy(out, reverse, len);
	out[len++] = '.';
	memcpy(out + len, zone.ptr, zone.len);
	out[len + zone.len] = '\0';
	return true;
}

/* ---- one answer ----------------------------------------------------------------------- */

/* Smaller first, so that the order of an answer does not show. */
static void
add_code(struct mt_ip *codes, unsigned *count, const struct mt_ip *ip)
{
	unsigned at = 0;

	while (at < *count && memcmp(codes[at].bytes, ip->bytes, sizeof ip->bytes) < 0)
		at++;
	if (at == MT_DNSBL_ANSWERS || (at < *count && mt_ip_equal(&codes[at], ip)))
		return;
	if (*count < MT_DNSBL_ANSWERS)
		++*count;
	memmove(&codes[at + 1], &codes[at], (*count - at - 1) * sizeof *codes);
	codes[at] = *ip;
}

static bool
keep_codes(struct mt_listing *listing, struct mt_arena *arena, const struct mt_answer *answer)
{
	struct mt_ip codes[MT_DNSBL_ANSWERS], *kept;
	unsigned count = 0;

	for (size_t i = 0; i < answer->nrecords; i++)
		add_code(codes, &count, &answer->records[i].ip);
	kept = mt_arena_alloc(arena, count * sizeof *kept);
	if (kept == NULL)
		return false;
	memcpy(kept, codes, count * sizeof *kept);
	listing->codes = kept;
	listing->ncodes = count;
	return true;
}

/* Names and classes of the rows that matched, in the order of the table. */
static bool
keep_rows(struct mt_listing *listing, struct mt_arena *arena, const struct mt_dnsbl_zone *zone, uint64_t rows)
{
	unsigned count = 0;
	struct mt_span *names;

	for (size_t i = 0; i < zone->ncodes; i++)
		count += (unsigned)(rows >> i & 1);
	names = mt_arena_alloc(arena, (size_t)count * 2 * sizeof *names);
	if (names == NULL)
		return false;
	listing->names = names;
	listing->classes = names + count;
	for (size_t i = 0; i < zone->ncodes; i++)
		if (rows >> i & 1) {
			names[count + listing->nnames] = zone->codes[i].class;
			names[listing->nnames++] = zone->codes[i].name;
		}
	return true;
}

/* An answer with codes.  One that is an error is an error whatever stands beside it; else a
 * row that matches is a listing whatever stands beside it. */
static void
read_codes(struct mt_listings *out, struct mt_listing *listing, struct mt_arena *arena,
    const struct mt_dnsbl *settings, size_t z, const struct mt_answer *answer)
{
	const struct mt_dnsbl_zone *zone = &settings->zones[z];
	bool refused = false, alien = false;
	uint64_t rows = 0;
	bool kept;

	for (size_t i = 0; i < answer->nrecords; i++) {
		size_t row;

		switch (mt_dnsbl_word(zone, &answer->records[i].ip, &row)) {
		case MT_DNSBL_LISTED:
			rows |= row < MT_DNSBL_CODES ? UINT64_C(1) << row : 0;
			break;
		case MT_DNSBL_REFUSED:
			refused = true;
			break;
		case MT_DNSBL_ALIEN:
			alien = true;
			break;
		case MT_DNSBL_NO_ROW:
			break;
		}
	}
	listing->result = rows != 0 && !refused && !alien ? MT_LISTED : MT_REFUSED;
	out->refused |= (uint32_t)refused << z;
	out->alien |= (uint32_t)alien << z;
	kept = keep_codes(listing, arena, answer);
	kept = kept && (listing->result != MT_LISTED || keep_rows(listing, arena, zone, rows));
	/* Of a code beside all rows it is certain that no row has it: then nothing failed. */
	out->failed |= (uint32_t)(refused || alien || !kept) << z;
}

static void
read_answer(struct mt_listings *out, struct mt_listing *listing, struct mt_arena *arena,
    const struct mt_dnsbl *settings, size_t z, const struct mt_answer *answer)
{
	listing->cause = answer->cause;
	if (answer->msec > out->fact.msec && !listing->allow)
		out->fact.msec = answer->msec;
	if (answer->cause == MT_CAUSE_OFFLINE || answer->cause == MT_CAUSE_BAD_NAME) {
		listing->result = MT_SKIPPED;
		out->skipped |= UINT32_C(1) << z;
	} else if (mt_cause_trouble(answer->cause)) {
		listing->result = MT_TEMPERROR;
		out->failed |= UINT32_C(1) << z;
		out->late |= (uint32_t)(answer->cause == MT_CAUSE_DEADLINE) << z;
	} else if (answer->nrecords == 0) {
		listing->result = MT_CLEAN;
	} else {
		read_codes(out, listing, arena, settings, z, answer);
	}
}

/* A zone that is switched off says why, and is not asked. */
static bool
is_off(const struct mt_dnsbl_about *about, size_t z, struct mt_listing *listing)
{
	enum mt_result state = about->states == NULL ? MT_UNKNOWN : about->states[z];

	if (state != MT_REFUSED && state != MT_DEAD && state != MT_TEMPERROR)
		return false;
	listing->result = state;
	listing->cause = state == MT_TEMPERROR ? MT_CAUSE_BREAKER : MT_CAUSE_NOT_NEEDED;
	return true;
}

/* ---- all of them ---------------------------------------------------------------------- */

struct check {
	struct mt_listings *out;
	struct mt_arena *arena;
	struct mt_ask *ask;
	const struct mt_dnsbl *settings;
	const struct mt_dnsbl_about *about;
	size_t at;			/* the next listing */
};

/* The same address may stand in several hops, and be the client's. */
static bool
asked_before(const struct check *check, const struct mt_dnsbl_zone *zone, const struct mt_ip *ip)
{
	for (size_t i = 0; i < check->at; i++)
		if (check->out->listing[i].zone.ptr == zone->zone.ptr && mt_ip_equal(&check->out->listing[i].ip, ip))
			return true;
	return false;
}

/* What a list says of 127.0.0.1, which no list has (RFC 5782, 5). */
static enum mt_result
say_of_nobody(const struct mt_dnsbl_zone *zone, const struct mt_answer *answer)
{
	enum mt_result result = MT_CLEAN;
	size_t row;

	if (mt_cause_trouble(answer->cause))
		return MT_TEMPERROR;
	for (size_t i = 0; i < answer->nrecords; i++) {
		if (mt_dnsbl_word(zone, &answer->records[i].ip, &row) == MT_DNSBL_REFUSED)
			return MT_REFUSED;
		result = MT_DEAD;
	}
	return result;
}

/* A listing by a list of whose health nothing is known yet counts once it is known that it
 * does not list the whole world: the very first message may meet one that ended. */
static void
prove(struct check *check, size_t z, struct mt_listing *listing)
{
	static const struct mt_ip plain = { 4, { 127, 0, 0, 1 } };
	static const struct mt_ip mapped = { 6, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };
	const struct mt_dnsbl_zone *zone = &check->settings->zones[z];
	const struct mt_answer *answer = NULL;
	enum mt_result result;
	char name[MT_NAME_TEXT];

	if (!mt_dnsbl_name(name, listing->ip.family == 6 ? &mapped : &plain, zone->zone))
		return;
	answer = mt_ask(check->ask, mt_span_text(name), MT_RR_A);
	result = answer == NULL ? MT_UNKNOWN : say_of_nobody(zone, answer);
	if (result == MT_CLEAN)
		return;
	*listing = (struct mt_listing){ .zone = zone->zone, .result = result, .hop = listing->hop, .ip = listing->ip,
		.allow = zone->allow };
	if (result == MT_UNKNOWN) {
		check->out->open |= UINT32_C(1) << z;
		return;
	}
	listing->cause = result == MT_TEMPERROR ? answer->cause : MT_CAUSE_NOT_NEEDED;
	check->out->failed |= UINT32_C(1) << z;
	check->out->late |= (uint32_t)(listing->cause == MT_CAUSE_DEADLINE) << z;
}

static void
look_up(struct check *check, size_t z, const struct mt_dnsbl_subject *subject)
{
	const struct mt_dnsbl_zone *zone = &check->settings->zones[z];
	struct mt_listings *out = check->out;
	struct mt_listing *listing = &out->listing[check->at];
	const struct mt_answer *answer;
	char name[MT_NAME_TEXT];

	if (check->at == out->count) {
		*listing = (struct mt_listing){ .zone = zone->zone, .hop = subject->hop, .ip = subject->ip,
			.allow = zone->allow };
		out->count++;
	}
	check->at++;
	if (listing->result != MT_UNKNOWN)
		return;
	if (is_off(check->about, z, listing)) {
		out->failed |= UINT32_C(1) << z;
		return;
	}
	if (!mt_dnsbl_name(name, &subject->ip, zone->zone)) {
		listing->result = MT_SKIPPED;
		listing->cause = MT_CAUSE_BAD_NAME;
		out->skipped |= UINT32_C(1) << z;
		return;
	}
	answer = mt_ask(check->ask, mt_span_text(name), MT_RR_A);
	if (answer == NULL) {
		out->open |= UINT32_C(1) << z;
		return;
	}
	read_answer(out, listing, check->arena, check->settings, z, answer);
	if (listing->result == MT_LISTED && check->about->states != NULL && check->about->states[z] == MT_UNKNOWN)
		prove(check, z, listing);
}

static void
look_up_all(struct check *check)
{
	for (size_t i = 0; i < check->about->count; i++) {
		const struct mt_dnsbl_subject *subject = &check->about->subjects[i];
		unsigned whom = subject->hop == 0 ? MT_DNSBL_CLIENT : MT_DNSBL_HOPS;

		for (size_t z = 0; z < check->settings->nzones; z++) {
			const struct mt_dnsbl_zone *zone = &check->settings->zones[z];

			/* Everybody has the same private addresses: a list cannot mean one of ours. */
			if (!(zone->check & whom) || subject->ip.family == 0 || mt_ip_private(&subject->ip) ||
			    asked_before(check, zone, &subject->ip))
				continue;
			if (check->at == MT_DNSBL_QUESTIONS) {
				check->out->cut = true;
				return;
			}
			look_up(check, z, subject);
		}
	}
}

/* The first of these words that any listing has is the word of all. */
static void
judge(struct mt_listings *out, const struct mt_dnsbl *settings)
{
	static const enum mt_result order[] = { MT_LISTED, MT_UNKNOWN, MT_TEMPERROR, MT_REFUSED, MT_DEAD, MT_CLEAN,
		MT_SKIPPED };

	for (size_t w = 0; w < sizeof order / sizeof *order; w++) {
		if (order[w] == MT_UNKNOWN && (out->open & ~out->allow) != 0) {
			out->fact.result = MT_UNKNOWN;
			out->fact.cause = MT_CAUSE_NONE;
			return;
		}
		for (size_t i = 0; i < out->count; i++) {
			const struct mt_listing *listing = &out->listing[i];

			if (listing->allow || listing->result != order[w])
				continue;
			out->fact.result = order[w];
			out->fact.cause = mt_cause_nothing(listing->cause) ? MT_CAUSE_NONE : listing->cause;
			return;
		}
	}
	out->fact.result = MT_SKIPPED;
	out->fact.cause = out->count > 0 || settings->nzones == 0 ? MT_CAUSE_NOT_NEEDED : MT_CAUSE_NO_INPUT;
}

enum mt_result
mt_dnsbl_check(struct mt_listings *out, struct mt_arena *arena, struct mt_ask *ask, const struct mt_dnsbl *settings,
    const struct mt_dnsbl_about *about)
{
	struct check check = { out, arena, ask, settings, about, 0 };

	out->open = 0;
	for (size_t z = 0; z < settings->nzones; z++) {
		const struct mt_dnsbl_zone *zone = &settings->zones[z];

		out->allow |= (uint32_t)zone->allow << z;
		out->open |= (uint32_t)(about->more && (zone->check & MT_DNSBL_HOPS)) << z;
	}
	if (out->listing == NULL && !out->cut && settings->nzones > 0) {
		out->listing = mt_arena_alloc(arena, MT_DNSBL_QUESTIONS * sizeof *out->listing);
		out->cut = out->listing == NULL;
	}
	/* Without room nothing can be known of anybody. */
	if (out->listing == NULL && settings->nzones > 0) {
		out->failed = settings->nzones < 32 ? (UINT32_C(1) << settings->nzones) - 1 : UINT32_MAX;
		out->open = 0;
		out->fact = (struct mt_fact){ MT_TEMPERROR, MT_CAUSE_LIMIT, 0 };
		return out->fact.result;
	}
	look_up_all(&check);
	judge(out, settings);
	return out->fact.result;
}

bool
mt_listings_have(const struct mt_listings *listings, struct mt_span word)
{
	for (size_t i = 0; i < listings->count; i++) {
		const struct mt_listing *listing = &listings->listing[i];

		for (unsigned n = 0; n < listing->nnames; n++)
			if (mt_span_equal(listing->names[n], word) ||
			    (listing->classes[n].ptr != NULL && mt_span_equal(listing->classes[n], word)))
				return true;
	}
	return false;
}
