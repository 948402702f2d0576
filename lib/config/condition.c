/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may stand in a condition, both ways; judges no message. */
#include "lib/base/words.h"
#include "lib/config/draft.h"
#include "lib/config/keys.h"
#include "lib/config/zones.h"

#define TRUSTED "trust.networks"

static struct mt_span
without_not(struct mt_span text, bool *not)
{
	*not = text.len > 0 && text.ptr[0] == '!';
	if (*not)
		text = (struct mt_span){ text.ptr + 1, text.len - 1 };
	return text;
}

void
mt_condition_words(struct mt_buf *buf, uint64_t words)
{
	bool some = false;

	for (int r = 0; r < MT_RESULTS; r++) {
		if (!(words & MT_BIT(r)))
			continue;
		mt_buf_text(buf, some ? ", " : "");
		mt_buf_text(buf, mt_result_word((enum mt_result)r));
		some = true;
	}
}

static void
no_such_word(const struct mt_draft *draft, enum mt_fact_name fact, const struct mt_value *value, struct mt_span text)
{
	uint64_t words = mt_fact_words(fact);
	const char *known[MT_RESULTS];
	struct mt_buf all;
	size_t count = 0;
	char hint[96];

	mt_buf_init(&all, draft->source->arena, 0);
	mt_condition_words(&all, words);
	for (int r = 0; r < MT_RESULTS; r++)
		if (words & MT_BIT(r))
			known[count++] = mt_result_word((enum mt_result)r);
	mt_draft_wrong(draft, value->place, mt_fact_word(fact), "'%.*s' is none of %s%s", MT_SPAN_ARG(text),
	    mt_buf_span(&all).ptr, mt_hint(mt_word_near(known, count, text), hint));
}

static bool
is_pattern(struct mt_span text)
{
	return text.len > 0 && (memchr(text.ptr, '.', text.len) != NULL || memchr(text.ptr, '*', text.len) != NULL);
}

/* RFC 2142 and what MTAs know besides: may come without a domain. */
static bool
is_role(struct mt_span text)
{
	static const char *const roles[] = {
		"abuse", "ftp", "hostmaster", "info", "mailer-daemon", "marketing", "news", "noc", "postmaster", "root", "sales",
		"security", "support", "trouble", "usenet", "uucp", "webmaster", "www",
	};

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (mt_span_same_text(text, roles[i]))
			return true;
	return false;
}

/* An address, or a pattern of some; "outsde" and a bare domain would be one that nobody has. */
static bool
is_address(const struct mt_draft *draft, const struct mt_value *value, const char *key, struct mt_span text)
{
	static const char *const ways[] = { "inside", "outside" }, *const nobody[] = { "null", "empty", "none" };
	bool sender = strcmp(key, "sender") == 0, dot = memchr(text.ptr, '.', text.len) != NULL;
	const char *way = sender || dot ? NULL : mt_word_near(ways, 2, text);
	char hint[96];

	if (memchr(text.ptr, '@', text.len) != NULL || memchr(text.ptr, '*', text.len) != NULL || is_role(text) ||
	    (sender && mt_span_equal(text, MT_SPAN("<>"))))
		return true;
	if (way != NULL)
		mt_draft_wrong(draft, value->place, key, "'%.*s' is no address%s", MT_SPAN_ARG(text),
		    mt_hint(way, hint));
	else if (mt_span_equal(text, MT_SPAN("<>")))
		mt_draft_wrong(draft, value->place, key, "'<>' is no address; only a sender is null");
	else if (sender && mt_word_near(nobody, 3, text) != NULL)
		mt_draft_wrong(draft, value->place, key, "'%.*s' is no address; the null sender is written \"<>\"",
		    MT_SPAN_ARG(text));
	else
		mt_draft_wrong(draft, value->place, key, "'%.*s' is no address; write \"%s%.*s%s\"", MT_SPAN_ARG(text),
		    !dot ? "" : text.ptr[0] == '.' ? "*@*" : "*@", MT_SPAN_ARG(text), dot ? "" : "@*");
	return false;
}

/* The values of a condition as patterns; those with "!" apart. */
static void
read_patterns(const struct mt_draft *draft, struct mt_condition *condition, const char *key,
    const struct mt_values *values)
{
	struct mt_arena *arena = &draft->config->arena;
	struct mt_span *yes = mt_arena_alloc(arena, values->count * sizeof *yes);
	struct mt_span *no = mt_arena_alloc(arena, values->count * sizeof *no);
	bool addresses = condition->subject == MT_SUBJECT_SENDER || condition->subject == MT_SUBJECT_RECIPIENT;
	size_t nyes = 0, nno = 0;

	if (yes == NULL || no == NULL)
		return;
	for (size_t i = 0; i < values->count; i++) {
		bool not, good = true;
		struct mt_span text = without_not(values->value[i].text, &not);

		for (size_t k = 0; k < text.len; k++)
			good = good && (unsigned char)text.ptr[k] > ' ' && (unsigned char)text.ptr[k] < 127;
		if (!good || text.len == 0)
			mt_draft_wrong(draft, values->value[i].place, key,
			    "'%.*s' is not a pattern; write *@example.org, *.example.org, or <> for the null sender",
			    MT_SPAN_ARG(text));
		else if (addresses && !is_address(draft, &values->value[i], key, text))
			continue;
		else if (not)
			no[nno++] = mt_arena_copy(arena, text);
		else
			yes[nyes++] = mt_arena_copy(arena, text);
	}
	condition->patterns = (struct mt_patterns){ yes, nyes };
	condition->not_patterns = (struct mt_patterns){ no, nno };
}

/* The words of a fact as one set.  "!word" alone is every other word but those that say
 * nothing: an error that may pass must be named to match. */
static void
read_words(const struct mt_draft *draft, struct mt_condition *condition, const struct mt_values *values)
{
	uint64_t all = mt_fact_words(condition->fact), yes = 0, no = 0;
	size_t errors = draft->source->errors->errors;

	for (size_t i = 0; i < values->count; i++) {
		bool not;
		struct mt_span text = without_not(values->value[i].text, &not);
		enum mt_result r = mt_result_find(text);

		if (r == MT_UNKNOWN || !(all & MT_BIT(r)))
			no_such_word(draft, condition->fact, &values->value[i], text);
		else if (not)
			no |= MT_BIT(r);
		else
			yes |= MT_BIT(r);
	}
	condition->words = (yes != 0 ? yes : all & ~(MT_BIT(MT_TEMPERROR) | MT_BIT(MT_SKIPPED))) & ~no;
	if (condition->words == 0 && errors == draft->source->errors->errors)
		mt_draft_wrong(draft, values->value[0].place, mt_fact_word(condition->fact),
		    "no word is left; this can never hold");
}

static void
both_kinds(const struct mt_draft *draft, const char *key, struct mt_place place)
{
	mt_draft_wrong(draft, place, key, "words and names cannot stand in one condition; make two rules of it");
}

/* HELO and PTR take words of their fact or patterns of their name, but not both at once. */
static void
read_fact(const struct mt_draft *draft, struct mt_condition *condition, const struct mt_values *values)
{
	const char *key = mt_fact_word(condition->fact);
	size_t patterns = 0, first = 0;
	bool not;

	for (size_t i = 0; i < values->count; i++)
		if (is_pattern(without_not(values->value[i].text, &not)) && patterns++ == 0)
			first = i;
	if (patterns == 0) {
		read_words(draft, condition, values);
	} else if (condition->fact != MT_FACT_HELO && condition->fact != MT_FACT_PTR) {
		mt_draft_wrong(draft, values->value[first].place, key, "'%s' is a name; names stand in %s",
		    values->value[first].text.ptr,
		    condition->fact == MT_FACT_IPREV ? "ptr = { ... }" : "ptr, helo, sender or recipient");
	} else if (patterns < values->count) {
		both_kinds(draft, key, values->value[first].place);
	} else {
		condition->subject = condition->fact == MT_FACT_HELO ? MT_SUBJECT_HELO_NAME : MT_SUBJECT_PTR_NAME;
		read_patterns(draft, condition, key, values);
	}
}

/* Zones of the set that look at hops: what they say is known when all hops are. */
static bool
ask_of_hops(const struct mt_dnsbl *dnsbl, uint32_t zones)
{
	for (size_t z = 0; z < dnsbl->nzones; z++)
		if ((zones >> z & 1) && (dnsbl->zones[z].check & MT_DNSBL_HOPS))
			return true;
	return false;
}

/* The zones that have a part in the word over all. */
static uint32_t
blocking(const struct mt_dnsbl *dnsbl)
{
	uint32_t zones = 0;

	for (size_t z = 0; z < dnsbl->nzones; z++)
		zones |= (uint32_t)!dnsbl->zones[z].allow << z;
	return zones;
}

/* Words of the fact, made one set as for any fact where no name or class stands beside. */
static void
settle_words(struct mt_condition *condition, uint64_t yes, uint64_t no)
{
	const uint64_t nothing = MT_BIT(MT_TEMPERROR) | MT_BIT(MT_REFUSED) | MT_BIT(MT_DEAD) | MT_BIT(MT_SKIPPED);

	condition->words = yes & ~no;
	if (condition->patterns.count > 0)
		condition->not_words = no;
	else if (yes == 0 && no != 0)
		condition->words = mt_fact_words(MT_FACT_DNSBL) & ~nothing & ~no;
}

static void
no_such_list_word(const struct mt_draft *draft, const struct mt_value *value, struct mt_span text)
{
	const struct mt_dnsbl *dnsbl = &draft->config->dnsbl;
	struct mt_buf all;
	char hint[96];

	mt_buf_init(&all, draft->source->arena, 0);
	mt_condition_words(&all, mt_fact_words(MT_FACT_DNSBL));
	mt_draft_wrong(draft, value->place, "dnsbl", "'%.*s' is none of %s, and no name or class of a code%s",
	    MT_SPAN_ARG(text), mt_buf_span(&all).ptr,
	    mt_hint(mt_zones_near(dnsbl, draft->source->arena, text), hint));
}

/* The word over all lists, and names and classes that the administrator gave to codes. */
static void
read_lists(const struct mt_draft *draft, struct mt_condition *condition, const struct mt_values *values)
{
	const struct mt_dnsbl *dnsbl = &draft->config->dnsbl;
	struct mt_arena *arena = &draft->config->arena;
	struct mt_span *says = mt_arena_alloc(arena, values->count * sizeof *says);
	struct mt_span *not_says = mt_arena_alloc(arena, values->count * sizeof *not_says);
	size_t errors = draft->source->errors->errors, nsays = 0, nnot = 0;
	uint64_t words[2] = { 0 };

	if (says == NULL || not_says == NULL)
		return;
	if (dnsbl->nzones == 0) {
		mt_draft_wrong(draft, values->value[0].place, "dnsbl",
		    "there is no list to ask; write dnsbl \"zone\" { ... }");
		return;
	}
	for (size_t i = 0; i < values->count; i++) {
		bool not;
		struct mt_span text = without_not(values->value[i].text, &not);
		enum mt_result r = mt_result_find(text);
		uint32_t zones = mt_zones_saying(dnsbl, text);

		if (r != MT_UNKNOWN && (mt_fact_words(MT_FACT_DNSBL) & MT_BIT(r))) {
			words[not] |= MT_BIT(r);
		} else if (zones == 0) {
			no_such_list_word(draft, &values->value[i], text);
		} else {
			*(not ? &not_says[nnot++] : &says[nsays++]) = mt_arena_copy(arena, text);
			*(not ? &condition->not_zones : &condition->zones) |= zones;
		}
	}
	condition->patterns = (struct mt_patterns){ says, nsays };
	condition->not_patterns = (struct mt_patterns){ not_says, nnot };
	settle_words(condition, words[0], words[1]);
	condition->late = ask_of_hops(dnsbl, condition->zones | condition->not_zones |
	    ((condition->words | condition->not_words) != 0 ? blocking(dnsbl) : 0));
	if (condition->words == 0 && (words[0] | words[1]) != 0 && nsays == 0 &&
	    errors == draft->source->errors->errors)
		mt_draft_wrong(draft, values->value[0].place, "dnsbl", "no word is left; this can never hold");
}

/* "AS64500" and "64500" are the number 64500. */
static bool
is_asn(struct mt_span *text)
{
	uint64_t n = 0;

	if (mt_span_starts(*text, "AS"))
		*text = (struct mt_span){ text->ptr + 2, text->len - 2 };
	for (size_t i = 0; i < text->len; i++) {
		if (!mt_is_digit(text->ptr[i]) || i == 10)
			return false;
		n = n * 10 + (uint64_t)(text->ptr[i] - '0');
	}
	return n > 0 && n <= UINT32_MAX && text->ptr[0] != '0';
}

static bool
is_country(struct mt_span *text)
{
	return text->len == 2 && mt_is_alpha(text->ptr[0]) && mt_is_alpha(text->ptr[1]);
}

/* Countries or AS numbers: exact values, kept as patterns without a star. */
static void
read_location(const struct mt_draft *draft, struct mt_condition *condition, const char *key,
    const struct mt_values *values)
{
	struct mt_arena *arena = &draft->config->arena;
	struct mt_span *yes = mt_arena_alloc(arena, values->count * sizeof *yes);
	struct mt_span *no = mt_arena_alloc(arena, values->count * sizeof *no);
	bool asn = condition->subject == MT_SUBJECT_ASN;
	size_t nyes = 0, nno = 0;

	if (yes == NULL || no == NULL)
		return;
	for (size_t i = 0; i < values->count; i++) {
		bool not;
		struct mt_span text = without_not(values->value[i].text, &not);

		if (!(asn ? is_asn(&text) : is_country(&text)))
			mt_draft_wrong(draft, values->value[i].place, key, "'%s' is %s", values->value[i].text.ptr,
			    asn ? "no AS number; write 64500 or AS64500"
			    : "no country; write two letters such as DE (ISO 3166-1)");
		else if (not)
			no[nno++] = mt_arena_copy(arena, text);
		else
			yes[nyes++] = mt_arena_copy(arena, text);
	}
	condition->patterns = (struct mt_patterns){ yes, nyes };
	condition->not_patterns = (struct mt_patterns){ no, nno };
}

/* Networks, those with "!" apart; of the client, also the word for our own. */
static void
read_networks(const struct mt_draft *draft, struct mt_condition *condition, const char *key,
    const struct mt_values *values)
{
	const struct mt_nets *trusted = &draft->config->trust.networks;
	struct mt_arena *arena = &draft->config->arena;
	struct mt_net *yes = mt_arena_alloc(arena, values->count * sizeof *yes);
	struct mt_net *no = mt_arena_alloc(arena, (values->count + trusted->count) * sizeof *no);
	size_t nyes = 0, nno = 0;
	bool not_trusted = false;

	if (yes == NULL || no == NULL)
		return;
	for (size_t i = 0; i < values->count; i++) {
		bool not;
		struct mt_span text = without_not(values->value[i].text, &not);
		struct mt_net net;

		if (condition->subject == MT_SUBJECT_CLIENT && mt_span_equal(text, MT_SPAN(TRUSTED)))
			*(not ? &not_trusted : &condition->trusted_networks) = true;
		else if (!mt_value_net(draft->source, &net, mt_draft_label(draft, key), &values->value[i], text))
			continue;
		else if (not)
			no[nno++] = net;
		else
			yes[nyes++] = net;
	}
	for (size_t i = 0; not_trusted && i < trusted->count; i++)
		no[nno++] = trusted->net[i];
	condition->nets = (struct mt_nets){ yes, nyes };
	condition->not_nets = (struct mt_nets){ no, nno };
}

/* Words on the way that the mail would take, or patterns of addresses. */
static void
read_recipients(const struct mt_draft *draft, struct mt_condition *condition, const struct mt_values *values)
{
	size_t words = 0, first = 0;
	bool not;

	for (size_t i = 0; i < values->count; i++) {
		enum mt_result r = mt_result_find(without_not(values->value[i].text, &not));

		if (r != MT_UNKNOWN && (mt_fact_words(MT_FACT_RECIPIENT) & MT_BIT(r)) && words++ == 0)
			first = i;
	}
	if (words == values->count) {
		condition->subject = MT_SUBJECT_FACT;
		condition->fact = MT_FACT_RECIPIENT;
		read_words(draft, condition, values);
	} else if (words > 0) {
		both_kinds(draft, "recipient", values->value[first].place);
	} else {
		condition->any_recipient = !mt_draft_is_rule(draft);
		read_patterns(draft, condition, "recipient", values);
	}
}

void
mt_condition_read(struct mt_draft *draft, const struct mt_setting *setting)
{
	struct mt_values values = mt_values_expand(draft->source, setting);
	struct mt_condition *condition = &draft->conditions[draft->nconditions];
	struct mt_span name = mt_span_text(setting->name);

	if (values.count == 0) {
		mt_draft_wrong(draft, setting->place, setting->name, "has no value; take it out, or name one");
		return;
	}
	if (draft->nconditions == MT_DRAFT_CONDITIONS)
		return;
	*condition = (struct mt_condition){ 0 };
	draft->where[draft->nconditions].key = setting->name;
	draft->where[draft->nconditions].place = setting->place;
	draft->nconditions++;
	if (!mt_draft_is_rule(draft) &&
	    (mt_span_equal(name, MT_SPAN("network")) || mt_span_equal(name, MT_SPAN("origin-country")))) {
		mt_draft_wrong(draft, setting->place, setting->name,
		    "anybody can write a line that says so; exempt by client, country or asn");
		return;
	}
	if (mt_span_equal(name, MT_SPAN("client"))) {
		condition->subject = MT_SUBJECT_CLIENT;
		read_networks(draft, condition, "client", &values);
	} else if (mt_span_equal(name, MT_SPAN("network"))) {
		condition->subject = MT_SUBJECT_NETWORK;
		read_networks(draft, condition, "network", &values);
	} else if (mt_span_equal(name, MT_SPAN("country")) || mt_span_equal(name, MT_SPAN("asn")) ||
	    mt_span_equal(name, MT_SPAN("origin-country"))) {
		condition->subject = setting->name[0] == 'a' ? MT_SUBJECT_ASN
		    : setting->name[0] == 'c' ? MT_SUBJECT_COUNTRY : MT_SUBJECT_ORIGIN_COUNTRY;
		read_location(draft, condition, setting->name, &values);
	} else if (mt_span_equal(name, MT_SPAN("sender"))) {
		condition->subject = MT_SUBJECT_SENDER;
		read_patterns(draft, condition, "sender", &values);
	} else if (mt_span_equal(name, MT_SPAN("recipient"))) {
		condition->subject = MT_SUBJECT_RECIPIENT;
		read_recipients(draft, condition, &values);
	} else if (mt_span_equal(name, mt_span_text(mt_fact_word(MT_FACT_DNSBL)))) {
		condition->subject = MT_SUBJECT_DNSBL;
		condition->fact = MT_FACT_DNSBL;
		read_lists(draft, condition, &values);
	} else {
		condition->fact = (enum mt_fact_name)mt_fact_find(name);
		read_fact(draft, condition, &values);
	}
}

/* ---- writing -------------------------------------------------------------------------- */

static const char *
condition_key(const struct mt_condition *condition)
{
	switch (condition->subject) {
	case MT_SUBJECT_FACT:
		return mt_fact_word(condition->fact);
	case MT_SUBJECT_CLIENT:
		return "client";
	case MT_SUBJECT_HELO_NAME:
		return "helo";
	case MT_SUBJECT_PTR_NAME:
		return "ptr";
	case MT_SUBJECT_SENDER:
		return "sender";
	case MT_SUBJECT_RECIPIENT:
		return "recipient";
	case MT_SUBJECT_DNSBL:
		return "dnsbl";
	case MT_SUBJECT_COUNTRY:
		return "country";
	case MT_SUBJECT_ASN:
		return "asn";
	case MT_SUBJECT_NETWORK:
		return "network";
	case MT_SUBJECT_ORIGIN_COUNTRY:
		return "origin-country";
	}
	return "?";
}

/* Words of the set that must not be, as values. */
static void
write_not_words(struct mt_buf *buf, uint64_t words, bool *some)
{
	for (int r = 0; r < MT_RESULTS; r++) {
		if (!(words & MT_BIT(r)))
			continue;
		mt_buf_format(buf, "%s\"!%s\"", *some ? ", " : "", mt_result_word((enum mt_result)r));
		*some = true;
	}
}

void
mt_condition_write(struct mt_buf *buf, const struct mt_condition *condition)
{
	bool some = condition->trusted_networks;

	mt_buf_format(buf, "%s = { ", condition_key(condition));
	if (condition->subject == MT_SUBJECT_FACT || condition->subject == MT_SUBJECT_DNSBL)
		mt_condition_words(buf, condition->words);
	some = some || condition->words != 0;
	write_not_words(buf, condition->not_words, &some);
	if (condition->trusted_networks)
		mt_buf_text(buf, TRUSTED);
	mt_write_nets(buf, &condition->nets, "", &some);
	mt_write_nets(buf, &condition->not_nets, "!", &some);
	mt_write_patterns(buf, &condition->patterns, "", &some);
	mt_write_patterns(buf, &condition->not_patterns, "!", &some);
	mt_buf_text(buf, " }");
}
