/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how rules are read against facts, in three truth values; knows no mode, no reply
 * and no clock.
 *
 * Nothing temporary leads to a 5xx.  A temporary error matches only where it is named, and
 * where it keeps an exemption or a milder rule from being judged, a rejection further down
 * becomes a deferral: had the answer come, the mail might have passed.
 *
 * A memory of which only a part can be had tells what is there, not what is missing: bad by
 * the part may be good by the whole.  Its word lets an exemption or a milder rule hold, no
 * less than before; a rejection that asks for it becomes a deferral.
 */
#include "lib/core/policy.h"

/* A condition in one more value than truth has: it does not hold, but only for want of an
 * answer that may come another time. */
enum holds { HOLDS_NO, HOLDS_NOT_YET, HOLDS_BLOCKED, HOLDS_YES };

static enum holds
of(bool yes)
{
	return yes ? HOLDS_YES : HOLDS_NO;
}

static enum holds
lesser(enum holds a, enum holds b)
{
	return a < b ? a : b;
}

static enum holds
not(enum holds h)
{
	return h == HOLDS_NO || h == HOLDS_YES ? of(h == HOLDS_NO) : h;
}

/* One of two is enough: where one is still open, it may yet be the one. */
static enum holds
either(enum holds a, enum holds b)
{
	if (a == HOLDS_YES || b == HOLDS_YES)
		return HOLDS_YES;
	if (a == HOLDS_NOT_YET || b == HOLDS_NOT_YET)
		return HOLDS_NOT_YET;
	return a == HOLDS_BLOCKED ? a : b;
}

/* Not to be had now, and another time it may be.  A memory that does not answer has no other
 * word for it than that it was skipped; a word that has a cause is one of a part of it. */
static bool
is_trouble(enum mt_fact_name name, const struct mt_fact *fact)
{
	/* A grade that could be another if all answers were there. */
	if (name == MT_FACT_RELAY && fact->result != MT_SKIPPED)
		return fact->cause != MT_CAUSE_NONE;
	if (name == MT_FACT_HISTORY && fact->result == MT_SKIPPED)
		return fact->cause != MT_CAUSE_NOT_NEEDED && fact->cause != MT_CAUSE_NO_INPUT;
	if (name == MT_FACT_HISTORY && fact->result != MT_UNKNOWN)
		return fact->cause != MT_CAUSE_NONE;
	return fact->result == MT_TEMPERROR;
}

static enum holds
fact_holds(const struct mt_condition *condition, const struct mt_facts *facts)
{
	const struct mt_fact *fact = &facts->fact[condition->fact];

	if (fact->result == MT_UNKNOWN)
		return HOLDS_NOT_YET;
	if (condition->fact == MT_FACT_RELAY && is_trouble(condition->fact, fact))
		return HOLDS_BLOCKED;
	if (condition->words & MT_BIT(fact->result))
		return HOLDS_YES;
	return is_trouble(condition->fact, fact) ? HOLDS_BLOCKED : HOLDS_NO;
}

static enum holds
client_holds(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	bool any = condition->nets.count == 0 && !condition->trusted_networks;

	/* Without an address nothing can be said about it. */
	if (input->client.family == 0)
		return HOLDS_NO;
	any = any || mt_nets_have(&condition->nets, &input->client);
	any = any || (condition->trusted_networks && mt_nets_have(&input->trust->networks, &input->client));
	return of(any && !mt_nets_have(&condition->not_nets, &input->client));
}

/* A name that is known for certain to be absent matches no pattern, and so every "!pattern". */
static enum holds
patterns_hold(const struct mt_condition *condition, struct mt_span s)
{
	bool any = condition->patterns.count == 0;

	any = any || (s.ptr != NULL && mt_patterns_match(&condition->patterns, s));
	return of(any && !(s.ptr != NULL && mt_patterns_match(&condition->not_patterns, s)));
}

/* What is known of one name.  Only a verified one counts: another is what its owner likes
 * it to be. */
static enum holds
name_is_verified(const struct mt_ptr_name *name)
{
	if (name->forward == MT_PASS)
		return HOLDS_YES;
	if (name->asked && !name->answered)
		return HOLDS_NOT_YET;
	return name->forward == MT_TEMPERROR ? HOLDS_BLOCKED : HOLDS_NO;
}

/* Whether any verified name matches, in whatever order they stand.  A name that matches
 * nothing is nobody's concern, whatever becomes of its look-up. */
static enum holds
any_name_matches(const struct mt_patterns *patterns, const struct mt_policy_input *input)
{
	const struct mt_iprev *iprev = input->iprev;
	unsigned count = iprev == NULL ? 0 : iprev->nnames;
	bool open = false, blocked = iprev != NULL && iprev->cut && patterns->count > 0;

	for (unsigned i = 0; i < count; i++) {
		enum holds h = name_is_verified(&iprev->names[i]);

		if (h == HOLDS_NO || !mt_patterns_match(patterns, iprev->names[i].name))
			continue;
		if (h == HOLDS_YES)
			return HOLDS_YES;
		open = open || h == HOLDS_NOT_YET;
		blocked = blocked || h == HOLDS_BLOCKED;
	}
	if (open)
		return HOLDS_NOT_YET;
	return blocked ? HOLDS_BLOCKED : HOLDS_NO;
}

static enum holds
ptr_names_hold(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	enum mt_result r = input->facts->fact[MT_FACT_IPREV].result;
	bool names = input->iprev != NULL && input->iprev->nnames > 0;
	enum holds any = HOLDS_YES, none;

	if (r == MT_SKIPPED)
		return HOLDS_NO;
	/* No names yet; none, for trouble; or none are left, because there was no room. */
	if (!names && r == MT_UNKNOWN)
		return HOLDS_NOT_YET;
	if (!names && (r == MT_TEMPERROR || r == MT_PASS))
		return HOLDS_BLOCKED;
	if (condition->patterns.count > 0)
		any = any_name_matches(&condition->patterns, input);
	none = not(any_name_matches(&condition->not_patterns, input));
	return lesser(any, none);
}

/* The word over all lists.  A list that could not say what it knows may be the one that
 * would have made it another; what is in no row of a table is certain. */
static enum holds
list_word_is(uint64_t words, const struct mt_policy_input *input)
{
	enum mt_result r = input->facts->fact[MT_FACT_DNSBL].result;
	const struct mt_listings *listings = input->listings;

	if (words == 0)
		return HOLDS_NO;
	if (r == MT_UNKNOWN)
		return HOLDS_NOT_YET;
	if (words & MT_BIT(r))
		return HOLDS_YES;
	return r != MT_LISTED && listings != NULL && (listings->failed & ~listings->allow) != 0 ? HOLDS_BLOCKED
	    : HOLDS_NO;
}

/* Whether any list says one of these names and classes: for certain as soon as one does,
 * and not before all that could have answered. */
static enum holds
any_list_says(const struct mt_patterns *words, uint32_t zones, const struct mt_listings *listings)
{
	for (size_t i = 0; i < words->count; i++)
		if (mt_listings_have(listings, words->pattern[i]))
			return HOLDS_YES;
	if (listings->open & zones)
		return HOLDS_NOT_YET;
	return listings->failed & zones ? HOLDS_BLOCKED : HOLDS_NO;
}

static enum holds
dnsbl_holds(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	enum mt_result r = input->facts->fact[MT_FACT_DNSBL].result;
	const struct mt_listings *listings = input->listings;
	bool nots = condition->not_patterns.count > 0;
	enum holds any, none;

	any = list_word_is(condition->words, input);
	none = not(list_word_is(condition->not_words, input));
	if (condition->patterns.count == 0 && !nots)
		return lesser(any, none);
	/* Nobody was asked, for good or for now. */
	if (listings == NULL || (listings->count == 0 && r == MT_UNKNOWN))
		return r == MT_SKIPPED ? HOLDS_NO : HOLDS_NOT_YET;
	if (condition->patterns.count > 0)
		any = either(any, any_list_says(&condition->patterns, condition->zones, listings));
	else if (condition->words == 0)
		any = HOLDS_YES;
	if (!nots)
		return lesser(any, none);
	/* Of whom nobody was asked about it cannot be said that no list has him. */
	if ((listings->count == 0 && listings->open == 0) || (listings->skipped & condition->not_zones))
		return HOLDS_NO;
	return lesser(any, lesser(none, not(any_list_says(&condition->not_patterns, condition->not_zones, listings))));
}

static enum holds
sender_holds(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	if (!input->sender_known)
		return HOLDS_NOT_YET;
	return patterns_hold(condition, input->sender.len == 0 ? MT_SPAN("<>") : input->sender);
}

/* For a rule every recipient must match: nobody is refused for what is said of another.
 * For an exemption one is enough.  While more may come, what is there settles it only
 * where no further recipient can change it; a list that is not complete at the end was
 * cut, for good. */
static enum holds
recipient_holds(const struct mt_condition *condition, const struct mt_policy_input *input, bool last)
{
	enum holds settles = of(condition->any_recipient);

	for (size_t i = 0; i < input->nrecipients; i++)
		if (patterns_hold(condition, input->recipients[i]) == settles)
			return settles;
	if (!input->recipients_complete)
		return last ? HOLDS_NO : HOLDS_NOT_YET;
	return input->nrecipients == 0 ? HOLDS_NOT_YET : of(!condition->any_recipient);
}

/* What databases do not know is none of the values, and none that is not among them. */
static enum holds
location_holds(const struct mt_condition *condition, const struct mt_location *location, bool no_database)
{
	enum holds unknown = no_database ? HOLDS_BLOCKED : HOLDS_NO;
	char digits[16];
	size_t at = sizeof digits;

	if (location == NULL)
		return unknown;
	if (condition->subject != MT_SUBJECT_ASN)
		return location->country[0] == '\0' ? unknown
		    : patterns_hold(condition, mt_span_text(location->country));
	if (location->asn == 0)
		return unknown;
	for (uint32_t n = location->asn; n > 0; n /= 10)
		digits[--at] = (char)('0' + n % 10);
	return patterns_hold(condition, (struct mt_span){ digits + at, sizeof digits - at });
}

/* Whether an address of the path is one of the networks. */
static enum holds
path_has(const struct mt_nets *nets, const struct mt_policy_input *input)
{
	if (mt_nets_have(nets, &input->client))
		return HOLDS_YES;
	for (size_t i = 0; i < input->nhops; i++)
		if (mt_nets_have(nets, &input->hops[i].from.ip))
			return HOLDS_YES;
	return input->path_known ? HOLDS_NO : HOLDS_NOT_YET;
}

static enum holds
network_holds(const struct mt_condition *condition, const struct mt_policy_input *input)
{
	enum holds any = condition->nets.count == 0 ? HOLDS_YES : path_has(&condition->nets, input);

	return condition->not_nets.count == 0 ? any : lesser(any, not(path_has(&condition->not_nets, input)));
}

static enum holds
holds(const struct mt_condition *condition, const struct mt_policy_input *input, bool last)
{
	switch (condition->subject) {
	case MT_SUBJECT_FACT:
		return fact_holds(condition, input->facts);
	case MT_SUBJECT_CLIENT:
		return client_holds(condition, input);
	case MT_SUBJECT_HELO_NAME:
		return input->helo_known ? patterns_hold(condition, input->helo) : HOLDS_NOT_YET;
	case MT_SUBJECT_PTR_NAME:
		return ptr_names_hold(condition, input);
	case MT_SUBJECT_SENDER:
		return sender_holds(condition, input);
	case MT_SUBJECT_RECIPIENT:
		return recipient_holds(condition, input, last);
	case MT_SUBJECT_DNSBL:
		return dnsbl_holds(condition, input);
	case MT_SUBJECT_COUNTRY:
	case MT_SUBJECT_ASN:
		return location_holds(condition, input->location, input->no_database);
	case MT_SUBJECT_NETWORK:
		return network_holds(condition, input);
	case MT_SUBJECT_ORIGIN_COUNTRY:
		return input->path_known ? location_holds(condition, input->origin, input->no_database) : HOLDS_NOT_YET;
	}
	return HOLDS_NO;
}

/* All conditions together: the least of them, in the order of the enumeration. */
static enum holds
all_hold(const struct mt_condition *conditions, size_t count, const struct mt_policy_input *input, bool last)
{
	enum holds least = HOLDS_YES;

	for (size_t i = 0; i < count && least != HOLDS_NO; i++)
		least = lesser(least, holds(&conditions[i], input, last));
	return least;
}

static enum mt_stage
condition_stage(const struct mt_condition *condition)
{
	switch (condition->subject) {
	case MT_SUBJECT_FACT:
		return mt_fact_row(condition->fact)->stage;
	case MT_SUBJECT_CLIENT:
	case MT_SUBJECT_PTR_NAME:
	case MT_SUBJECT_COUNTRY:
	case MT_SUBJECT_ASN:
		return MT_STAGE_CONNECT;
	case MT_SUBJECT_NETWORK:
	case MT_SUBJECT_ORIGIN_COUNTRY:
		return MT_STAGE_EOM;
	case MT_SUBJECT_HELO_NAME:
		return MT_STAGE_HELO;
	case MT_SUBJECT_SENDER:
		return MT_STAGE_MAIL;
	case MT_SUBJECT_RECIPIENT:
		return MT_STAGE_RCPT;
	case MT_SUBJECT_DNSBL:
		return condition->late ? MT_STAGE_EOM : MT_STAGE_CONNECT;
	}
	return MT_STAGE_EOM;
}

enum mt_stage
mt_conditions_stage(const struct mt_condition *conditions, size_t count)
{
	enum mt_stage latest = MT_STAGE_CONNECT;

	for (size_t i = 0; i < count; i++) {
		enum mt_stage stage = condition_stage(&conditions[i]);

		if (stage > latest)
			latest = stage;
	}
	return latest;
}

/* ---- the decision --------------------------------------------------------------------- */

/* Where the reading stands: what was met on the way down. */
struct reading {
	struct mt_decision *decision;
	const struct mt_facts *facts;
	bool last;
	bool soften;			/* something milder above could not be judged */
	bool pending;			/* a row that cannot end it is still open */
	const struct mt_rule *rehearsed;	/* the first in dry-run that held */
};

/* Whether the exemptions settle it, one way or the other. */
static bool
read_exempts(struct reading *reading, const struct mt_policy *policy, const struct mt_policy_input *input)
{
	for (size_t i = 0; i < policy->nexempts; i++) {
		const struct mt_exempt *exempt = &policy->exempts[i];

		switch (all_hold(exempt->conditions, exempt->nconditions, input, reading->last)) {
		case HOLDS_YES:
			*reading->decision = (struct mt_decision){ .decided = true, .exempt = exempt };
			return true;
		case HOLDS_NOT_YET:
			if (!reading->last)
				return true;
			reading->soften = true;
			break;
		case HOLDS_BLOCKED:
			reading->soften = true;
			break;
		case HOLDS_NO:
			break;
		}
	}
	return false;
}

/* Whether a rule asks for a history of which only a part is known. */
static bool
rests_on_part(const struct mt_rule *rule, const struct mt_facts *facts)
{
	for (size_t i = 0; i < rule->nconditions; i++)
		if (rule->conditions[i].subject == MT_SUBJECT_FACT && rule->conditions[i].fact == MT_FACT_HISTORY)
			return is_trouble(MT_FACT_HISTORY, &facts->fact[MT_FACT_HISTORY]);
	return false;
}

/* What a rule comes to here: itself, its deferral, or nothing. */
static const struct mt_rule *
softened(const struct mt_rule *rule, const struct reading *reading)
{
	bool soften = reading->soften || rests_on_part(rule, reading->facts);

	return soften && rule->action == MT_REJECT ? rule->deferral : rule;
}

static void
add_note(struct mt_notes *notes, const struct mt_rule *rule)
{
	if (notes->count == MT_NOTES)
		notes->more = true;
	else
		notes->note[notes->count++] = (struct mt_note){ rule->name, rule->action };
}

/* A rule that only notes something: tags, and rules in dry-run, which change nothing. */
static void
read_note(struct reading *reading, const struct mt_rule *rule, enum holds h)
{
	struct mt_decision *decision = reading->decision;

	if (h == HOLDS_NOT_YET && !reading->last)
		reading->pending = true;
	if (h != HOLDS_YES)
		return;
	if (rule->action == MT_TAG && !rule->dry_run) {
		decision->tag = decision->tag == NULL ? rule : decision->tag;
		add_note(&decision->tags, rule);
		return;
	}
	rule = softened(rule, reading);
	if (rule == NULL)
		return;
	reading->rehearsed = reading->rehearsed == NULL ? rule : reading->rehearsed;
	add_note(&decision->rehearsed, rule);
}

/* Whether this rule ends the reading: decided, or not to be decided yet. */
static bool
read_rule(struct reading *reading, const struct mt_rule *rule, enum holds h)
{
	switch (h) {
	case HOLDS_YES:
		reading->decision->rule = softened(rule, reading);
		reading->decision->decided = reading->decision->rule != NULL;
		return reading->decision->decided;
	case HOLDS_NOT_YET:
		if (!reading->last)
			return true;
		break;
	case HOLDS_BLOCKED:
		break;
	case HOLDS_NO:
		return false;
	}
	reading->soften = reading->soften || rule->action != MT_REJECT;
	return false;
}

/* Whether it hangs on answers that are late, and on nothing else, that these hold. */
static bool
wait_for_late(const struct mt_condition *conditions, size_t count, const struct mt_policy_input *input)
{
	bool waits = false;

	for (size_t i = 0; i < count; i++) {
		enum holds h = holds(&conditions[i], input->late, true);

		if (h == HOLDS_NOT_YET && holds(&conditions[i], input, true) != HOLDS_NOT_YET)
			waits = true;
		else if (h != HOLDS_YES)
			return false;
	}
	return waits;
}

/* Whether a rule that would have done something to the message waits for what is late. */
static bool
late_matters(const struct mt_policy *policy, const struct mt_policy_input *input)
{
	for (size_t i = 0; input->late != NULL && i < policy->nrules; i++) {
		const struct mt_rule *rule = &policy->rules[i];

		if (rule->action != MT_ACCEPT && rule->action != MT_TAG && !rule->dry_run &&
		    wait_for_late(rule->conditions, rule->nconditions, input))
			return true;
	}
	return false;
}

void
mt_policy_decide(struct mt_decision *decision, const struct mt_policy *policy, const struct mt_policy_input *input,
    bool last)
{
	struct reading reading = { .decision = decision, .facts = input->facts, .last = last };

	*decision = (struct mt_decision){ 0 };
	if (read_exempts(&reading, policy, input))
		return;
	for (size_t i = 0; i < policy->nrules; i++) {
		const struct mt_rule *rule = &policy->rules[i];
		enum holds h = all_hold(rule->conditions, rule->nconditions, input, last);

		if (rule->action == MT_TAG || rule->dry_run)
			read_note(&reading, rule, h);
		else if (read_rule(&reading, rule, h))
			return;
	}
	decision->decided = !reading.pending;
	/* A rehearsal speaks where no other rule did. */
	if (decision->decided)
		decision->rule = reading.rehearsed;
	decision->late = last && late_matters(policy, input);
}
