/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows when a mechanism matches (RFC 7208, 5) and what it may ask for; in what order
 * they are tried is in spf.c. */
#include "lib/core/spf_run.h"

#include "lib/base/ip.h"

/* ---- addresses --------------------------------------------------------------------- */

/* Nothing is read behind the last whole byte where no bits are left: 128 ends an array. */
static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned mask = (0xff00u >> bits % 8) & 0xff;

	return memcmp(a, b, bits / 8) == 0 && (mask == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

static bool
is_mapped(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(bytes, mapped, sizeof mapped) == 0;
}

/* What a match of this qualifier counts for in the whole. */
static enum mt_result
counts_for(const struct mt_spf_run *run, enum mt_result qualifier)
{
	if (!run->inside)
		return qualifier;
	return qualifier == MT_PASS ? run->outside : MT_UNKNOWN;
}

/* Everybody matches a term of this qualifier. */
static void
note_rest(struct mt_spf_run *run, enum mt_result qualifier)
{
	enum mt_result result = counts_for(run, qualifier);

	if (run->policy != NULL && result != MT_UNKNOWN)
		run->policy->rest = result;
}

/* The client was held against a network; the last place is for the one that it is in. */
static void
note_net(struct mt_spf_run *run, enum mt_result qualifier, const struct mt_ip *ip, unsigned bits, bool hit)
{
	struct mt_spf_policy *policy = run->policy;
	enum mt_result result = counts_for(run, qualifier);

	if (policy == NULL || result == MT_UNKNOWN || policy->count + !hit >= MT_SPF_POLICY_NETS)
		return;
	policy->nets[policy->count].result = result;
	policy->nets[policy->count].ip = *ip;
	policy->nets[policy->count++].bits = (uint8_t)bits;
}

/* bytes: 4 or 16.  An IPv4-mapped network is IPv6, and no client is in it but by a mask
 * that it shares with IPv6 (5). */
static bool
in_network(struct mt_spf_run *run, enum mt_result qualifier, uint8_t family, const uint8_t *bytes, unsigned bits)
{
	const struct mt_ip *client = &run->macros.client;
	bool hit = client->family == family && same_bits(client->bytes, bytes, bits);
	struct mt_ip ip = { .family = family };

	memcpy(ip.bytes, bytes, family == 4 ? 4 : 16);
	if (bits > 0 && (family == 4 || !is_mapped(bytes)))
		note_net(run, qualifier, &ip, bits, hit);
	else if (hit)
		note_rest(run, qualifier);
	return hit;
}

static enum mt_rrtype
address_type(const struct mt_spf_run *run)
{
	return run->macros.client.family == 6 ? MT_RR_AAAA : MT_RR_A;
}

/* An address of an answer; one of AAAA that is IPv4-mapped was kept as IPv4. */
static bool
in_record(struct mt_spf_run *run, const struct mt_spf_term *term, const struct mt_ip *ip)
{
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };

	if (run->macros.client.family == 4)
		return in_network(run, term->result, 4, ip->bytes, term->bits4);
	if (ip->family == 6)
		return in_network(run, term->result, 6, ip->bytes, term->bits6);
	memcpy(bytes + 12, ip->bytes, 4);
	return in_network(run, term->result, 6, bytes, term->bits6);
}

/* ---- questions --------------------------------------------------------------------- */

static enum mt_spf_hit
permerror(struct mt_spf_run *run, const char *why)
{
	run->why = why;
	return MT_SPF_PERM;
}

static void
note_msec(struct mt_spf_run *run, uint32_t msec)
{
	if (msec > run->msec)
		run->msec = msec;
}

/* What an answer is: MT_SPF_HIT means that there are records. */
enum mt_spf_hit
mt_spf_outcome(struct mt_spf_run *run, const struct mt_answer *answer, uint32_t msec)
{
	if (answer == NULL) {
		run->waiting = true;
		return MT_SPF_WAIT;
	}
	note_msec(run, msec + answer->msec);
	/* A name that cannot be asked about has no records. */
	if (mt_cause_nothing(answer->cause) || answer->cause == MT_CAUSE_BAD_NAME)
		return MT_SPF_MISS;
	if (answer->cause == MT_CAUSE_NONE)
		return answer->nrecords > 0 ? MT_SPF_HIT : MT_SPF_MISS;
	run->cause = answer->cause;
	return MT_SPF_TEMP;
}

/* 4.6.4: a term that asks DNS.  MT_SPF_HIT: it may. */
static enum mt_spf_hit
count_lookup(struct mt_spf_run *run)
{
	if (run->lookups == MT_SPF_LOOKUPS)
		return permerror(run, "more than ten terms ask DNS: RFC 7208, 4.6.4");
	/* What may never be needed is not asked for beyond what the limit leaves. */
	if (run->waiting && run->lookups + run->reserved >= MT_SPF_LOOKUPS)
		return MT_SPF_WAIT;
	run->lookups++;
	return MT_SPF_HIT;
}

/* 4.6.4: the question of a term found nothing.  The addresses of MX and PTR names do not
 * count: ten of them is their limit. */
static enum mt_spf_hit
count_void(struct mt_spf_run *run, const struct mt_answer *answer)
{
	if (answer->cause != MT_CAUSE_BAD_NAME && ++run->voids > MT_SPF_VOIDS)
		return permerror(run, "more than two terms find nothing in DNS: RFC 7208, 4.6.4");
	return MT_SPF_MISS;
}

/* The PTR names of the client; trouble there is no match (5.5), but is kept. */
static enum mt_spf_hit
ask_ptr(struct mt_spf_run *run, uint32_t msec, const struct mt_answer **ptr)
{
	char name[MT_REVERSE_TEXT];
	enum mt_spf_hit hit;

	*ptr = mt_ask(run->ask, mt_span_text(mt_ip_reverse(&run->macros.client, name)), MT_RR_PTR);
	hit = mt_spf_outcome(run, *ptr, msec);
	if (hit != MT_SPF_TEMP)
		return hit;
	run->ptr_trouble = run->cause;
	return MT_SPF_MISS;
}

static size_t
ptr_count(const struct mt_answer *ptr)
{
	return ptr->nrecords < MT_SPF_NAMES ? ptr->nrecords : MT_SPF_NAMES;
}

/* MT_SPF_HIT: the name leads back to the client. */
static enum mt_spf_hit
validate(struct mt_spf_run *run, struct mt_span name, uint32_t msec)
{
	const struct mt_answer *answer;
	enum mt_spf_hit hit;

	if (!mt_name_askable(name))
		return MT_SPF_MISS;
	answer = mt_ask(run->ask, name, address_type(run));
	hit = mt_spf_outcome(run, answer, msec);
	if (hit == MT_SPF_HIT) {
		for (size_t i = 0; i < answer->nrecords; i++)
			if (mt_ip_equal(&answer->records[i].ip, &run->macros.client))
				return MT_SPF_HIT;
		if (!answer->cut)
			return MT_SPF_MISS;
		run->cause = MT_CAUSE_LIMIT;
		hit = MT_SPF_TEMP;
	}
	if (hit == MT_SPF_TEMP)
		run->ptr_trouble = run->cause;
	return hit == MT_SPF_TEMP ? MT_SPF_MISS : hit;
}

/* %{p} (7.3): of the names that lead back the domain itself, else one below it, else any. */
static enum mt_spf_hit
find_validated(struct mt_spf_run *run, uint32_t msec)
{
	struct mt_span best = MT_ABSENT;
	const struct mt_answer *ptr;
	enum mt_cause trouble = run->ptr_trouble;
	enum mt_spf_hit hit = ask_ptr(run, msec, &ptr);
	unsigned rank = 0;
	bool wait = false;

	run->macros.validated = MT_ABSENT;
	for (size_t i = 0; hit == MT_SPF_HIT && i < ptr_count(ptr); i++) {
		struct mt_span name = ptr->records[i].text;
		enum mt_spf_hit valid = validate(run, name, msec + ptr->msec);
		bool below = mt_name_below(name, run->macros.domain);
		unsigned r = mt_name_same(name, run->macros.domain) ? 3 : below ? 2 : 1;

		wait = wait || valid == MT_SPF_WAIT;
		if (valid == MT_SPF_HIT && r > rank) {
			rank = r;
			best = mt_name_strip(name);
		}
	}
	run->macros.validated = best;
	if (rank > 0)
		run->ptr_trouble = trouble;
	return hit == MT_SPF_WAIT || wait ? MT_SPF_WAIT : MT_SPF_HIT;
}

/* The target-name of a term (4.8).  MT_SPF_MISS: it is no name that can be asked for. */
static enum mt_spf_hit
target(struct mt_spf_run *run, const struct mt_spf_level *level, struct mt_span spec, char name[MT_NAME_TEXT])
{
	if (spec.ptr == NULL) {
		memcpy(name, level->domain.ptr, level->domain.len);
		name[level->domain.len] = '\0';
		return MT_SPF_HIT;
	}
	if (mt_spf_macro_asks(spec) && find_validated(run, level->msec) == MT_SPF_WAIT)
		return MT_SPF_WAIT;
	return mt_spf_macro_name(name, &run->macros, spec) ? MT_SPF_HIT : MT_SPF_MISS;
}

/* Counts the term, and asks its question. */
static enum mt_spf_hit
ask_term(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term, enum mt_rrtype type,
    const struct mt_answer **answer)
{
	char name[MT_NAME_TEXT];
	enum mt_spf_hit hit = count_lookup(run);

	if (hit == MT_SPF_HIT)
		hit = target(run, level, term->domain, name);
	if (hit != MT_SPF_HIT)
		return hit;
	*answer = mt_ask(run->ask, mt_span_text(name), type);
	hit = mt_spf_outcome(run, *answer, level->msec);
	return hit == MT_SPF_MISS ? count_void(run, *answer) : hit;
}

/* ---- mechanisms -------------------------------------------------------------------- */

static enum mt_spf_hit
match_answer(struct mt_spf_run *run, const struct mt_spf_term *term, const struct mt_answer *answer)
{
	for (size_t i = 0; i < answer->nrecords; i++)
		if (in_record(run, term, &answer->records[i].ip))
			return MT_SPF_HIT;
	if (!answer->cut)
		return MT_SPF_MISS;
	run->cause = MT_CAUSE_LIMIT;	/* the one that matches may be one that was not kept */
	return MT_SPF_TEMP;
}

static enum mt_spf_hit
match_a(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	const struct mt_answer *answer;
	enum mt_spf_hit hit = ask_term(run, level, term, address_type(run), &answer);

	return hit == MT_SPF_HIT ? match_answer(run, term, answer) : hit;
}

/* The hosts travel side by side.  One that matches decides whatever the others say, and
 * an answer that is none of another host leaves it open: so their order is nothing. */
static enum mt_spf_hit
match_mx(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	const struct mt_answer *mx;
	enum mt_spf_hit hit = ask_term(run, level, term, MT_RR_MX, &mx), found = MT_SPF_MISS;
	enum mt_cause cause = MT_CAUSE_NONE;

	if (hit != MT_SPF_HIT)
		return hit;
	if (mx->nrecords > MT_SPF_NAMES || mx->cut)
		return permerror(run, "a name has more than ten mail servers: RFC 7208, 4.6.4");
	for (size_t i = 0; i < mx->nrecords; i++) {
		struct mt_span host = mt_name_strip(mx->records[i].text);
		const struct mt_answer *answer;

		if (!mt_name_askable(host))
			continue;	/* none at all is ".": RFC 7505 */
		answer = mt_ask(run->ask, host, address_type(run));
		hit = mt_spf_outcome(run, answer, level->msec + mx->msec);
		if (hit == MT_SPF_HIT)
			hit = match_answer(run, term, answer);
		if (hit == MT_SPF_HIT)
			return MT_SPF_HIT;
		if (hit == MT_SPF_TEMP && cause == MT_CAUSE_NONE)
			cause = run->cause;
		found = found == MT_SPF_WAIT || hit == MT_SPF_MISS ? found : hit;
	}
	run->cause = cause;
	return found;
}

static enum mt_spf_hit
match_ptr(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	char name[MT_NAME_TEXT];
	const struct mt_answer *ptr;
	enum mt_cause trouble = run->ptr_trouble;
	enum mt_spf_hit hit = count_lookup(run);
	bool wait = false;

	if (hit == MT_SPF_HIT)
		hit = target(run, level, term->domain, name);
	if (hit != MT_SPF_HIT)
		return hit;
	hit = ask_ptr(run, level->msec, &ptr);
	if (hit == MT_SPF_MISS && (mt_cause_nothing(ptr->cause) || ptr->cause == MT_CAUSE_NONE))
		return count_void(run, ptr);
	if (hit != MT_SPF_HIT)
		return hit;
	for (size_t i = 0; i < ptr_count(ptr); i++) {
		/* Only a name that would match is worth a question. */
		if (!mt_name_below(ptr->records[i].text, mt_span_text(name)))
			continue;
		hit = validate(run, ptr->records[i].text, level->msec + ptr->msec);
		if (hit == MT_SPF_HIT) {
			run->ptr_trouble = trouble;	/* of another name: nothing rests on it */
			note_rest(run, term->result);
			return MT_SPF_HIT;
		}
		wait = wait || hit == MT_SPF_WAIT;
	}
	return wait ? MT_SPF_WAIT : MT_SPF_MISS;
}

/* 5.7: A, whatever the client's address is. */
static enum mt_spf_hit
match_exists(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	const struct mt_answer *answer;
	enum mt_spf_hit hit = ask_term(run, level, term, MT_RR_A, &answer);

	if (hit == MT_SPF_HIT)
		note_rest(run, term->result);
	return hit;
}

static bool
matches_all(const struct mt_spf_run *run, const struct mt_spf_term *term)
{
	const struct mt_ip *client = &run->macros.client;

	if (term->kind == MT_SPF_IP4)
		return client->family == 4 && same_bits(client->bytes, term->network, term->bits4);
	if (term->kind == MT_SPF_IP6)
		return client->family == 6 && same_bits(client->bytes, term->network, term->bits6);
	return term->kind == MT_SPF_ALL;
}

/* How many terms behind the present one have asked, or will: up to one that surely matches. */
static unsigned
pending(const struct mt_spf_run *run, const struct mt_spf_level *level)
{
	struct mt_span rest = level->rest;
	struct mt_spf_term term;
	unsigned n = 0;

	while (n < MT_SPF_LOOKUPS && mt_spf_record_next(&rest, &term)) {
		if (matches_all(run, &term))
			return n;
		n += mt_spf_is_mechanism(term.kind) && mt_spf_asks(term.kind);
	}
	return n + (!level->record.all && level->record.redirect.text.ptr != NULL);
}

enum mt_result
mt_spf_check_target(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	char name[MT_NAME_TEXT];
	enum mt_result result = MT_NONE;
	enum mt_spf_hit hit = count_lookup(run);

	if (hit == MT_SPF_HIT)
		hit = target(run, level, term->domain, name);
	if (hit == MT_SPF_WAIT)
		return MT_UNKNOWN;
	if (hit == MT_SPF_PERM)
		return MT_PERMERROR;
	if (hit == MT_SPF_HIT)
		result = mt_spf_check_host(run, mt_span_text(name), level->msec);
	if (result != MT_NONE)
		return result;
	run->why = term->kind == MT_SPF_INCLUDE ? "what is included has no SPF record" :
	    "what it redirects to has no SPF record";
	return MT_PERMERROR;
}

static enum mt_spf_hit
match_include(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	enum mt_result outside = run->outside, result;
	unsigned reserved = pending(run, level);
	bool inside = run->inside;

	run->outside = counts_for(run, term->result);
	run->inside = true;
	run->reserved += reserved;
	result = mt_spf_check_target(run, level, term);
	run->reserved -= reserved;
	run->inside = inside;
	run->outside = outside;
	run->macros.domain = level->domain;
	switch (result) {
	case MT_UNKNOWN:
		return MT_SPF_WAIT;
	case MT_PASS:
		return MT_SPF_HIT;
	case MT_TEMPERROR:
		return MT_SPF_TEMP;
	case MT_PERMERROR:
		return MT_SPF_PERM;
	default:
		run->term = MT_ABSENT;
		return MT_SPF_MISS;
	}
}

enum mt_spf_hit
mt_spf_match(struct mt_spf_run *run, const struct mt_spf_level *level, const struct mt_spf_term *term)
{
	switch (term->kind) {
	case MT_SPF_ALL:
		note_rest(run, term->result);
		return MT_SPF_HIT;
	case MT_SPF_IP4:
		return in_network(run, term->result, 4, term->network, term->bits4) ? MT_SPF_HIT : MT_SPF_MISS;
	case MT_SPF_IP6:
		return in_network(run, term->result, 6, term->network, term->bits6) ? MT_SPF_HIT : MT_SPF_MISS;
	case MT_SPF_INCLUDE:
		return match_include(run, level, term);
	case MT_SPF_A:
		return match_a(run, level, term);
	case MT_SPF_MX:
		return match_mx(run, level, term);
	case MT_SPF_PTR:
		return match_ptr(run, level, term);
	case MT_SPF_EXISTS:
		return match_exists(run, level, term);
	case MT_SPF_REDIRECT:
	case MT_SPF_EXP:
	case MT_SPF_OTHER:
		break;
	}
	return MT_SPF_MISS;
}
