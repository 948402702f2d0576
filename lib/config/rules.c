/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may stand in a rule and what a rule may never do; judges no message. */
#include "lib/config/rules.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/words.h"
#include "lib/config/draft.h"
#include "lib/config/keys.h"
#include "lib/config/sense.h"

#define NAME_MOST 64		/* bytes of a rule's name: it stands in headers and logs */

/* What the words of a HELO check say of its name against DNS.  RFC 5321, 4.1.4: a server
 * MUST NOT refuse mail because that verification fails. */
#define HELO_VERIFICATION (MT_BIT(MT_MISMATCH) | MT_BIT(MT_UNRESOLVABLE) | MT_BIT(MT_LITERAL_MISMATCH))

/* ---- names ---------------------------------------------------------------------------- */

static const char *const rule_keys[] = { "action", "reply", "dry-run", "rfc5321-override" };
static const char *const plain_conditions[] = { "client", "sender", "recipient", "country", "asn", "network",
	"origin-country" };
static const char *const not_built[] = {
	"origin", "sample", "limit", "trace",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool
is_rule(const char *kind)
{
	return strcmp(kind, "rule") == 0;
}

/* "recipient" is the name of a fact as well as of a condition on addresses. */
static bool
fact_is_condition(size_t f, bool built)
{
	return mt_fact_row((enum mt_fact_name)f)->built == built && f != MT_FACT_RECIPIENT;
}

const char *
mt_rule_key(const char *kind, size_t i)
{
	if (is_rule(kind)) {
		if (i < COUNT(rule_keys))
			return rule_keys[i];
		i -= COUNT(rule_keys);
	}
	if (i < COUNT(plain_conditions))
		return plain_conditions[i];
	i -= COUNT(plain_conditions);
	for (size_t f = 0; f < MT_FACTS; f++)
		if (fact_is_condition(f, true) && i-- == 0)
			return mt_fact_word((enum mt_fact_name)f);
	return NULL;
}

bool
mt_rule_key_not_built(struct mt_span name)
{
	int fact = mt_fact_find(name);

	return mt_word_find(not_built, COUNT(not_built), name) >= 0 ||
	    (fact >= 0 && fact_is_condition((size_t)fact, false));
}

/* ---- one block under way -------------------------------------------------------------- */

const char *
mt_draft_label(const struct mt_draft *draft, const char *key)
{
	struct mt_buf buf;

	mt_buf_init(&buf, draft->source->arena, 0);
	mt_buf_format(&buf, "%s \"%.*s\"", draft->block->kind, MT_SPAN_ARG(draft->block->title));
	if (key != NULL)
		mt_buf_format(&buf, ": %s", key);
	return mt_buf_span(&buf).ptr;
}

bool
mt_draft_is_rule(const struct mt_draft *draft)
{
	return is_rule(draft->block->kind);
}

static void __attribute__((format(printf, 5, 0)))
tell(const struct mt_draft *draft, struct mt_place place, const char *key, bool notice, const char *format,
    va_list args)
{
	char text[768];

	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	(notice ? mt_errors_notice : mt_errors_add)(draft->source->errors, place, "%s: %s", mt_draft_label(draft, key),
	    text);
}

void
mt_draft_wrong(const struct mt_draft *draft, struct mt_place place, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(draft, place, key, false, format, args);
	va_end(args);
}

void
mt_draft_notice(const struct mt_draft *draft, struct mt_place place, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(draft, place, key, true, format, args);
	va_end(args);
}

static void
wrong_block(const struct mt_draft *draft, const char *text)
{
	mt_draft_wrong(draft, draft->block->place, NULL, "%s", text);
}

/* ---- what no rule may do -------------------------------------------------------------- */

/* Who is concerned, and not what is wrong. */
static bool
is_scope(const struct mt_condition *condition)
{
	return condition->subject == MT_SUBJECT_CLIENT || condition->subject == MT_SUBJECT_SENDER ||
	    condition->subject == MT_SUBJECT_RECIPIENT ||
	    (condition->subject == MT_SUBJECT_FACT && condition->fact == MT_FACT_AUTHENTICATED);
}

/* Whether a rule refuses for good, on nothing but that the HELO name does not verify. */
static bool
helo_alone(const struct mt_rule *rule)
{
	bool helo = false;

	for (size_t i = 0; i < rule->nconditions; i++) {
		const struct mt_condition *condition = &rule->conditions[i];

		if (condition->subject == MT_SUBJECT_FACT && condition->fact == MT_FACT_HELO)
			helo = (condition->words & HELO_VERIFICATION) != 0;
		else if (!is_scope(condition))
			return false;
	}
	return helo && rule->action == MT_REJECT;
}

/* Nothing temporary ever leads to a 5xx; nor does what nobody asked. */
static void
check_temporary(const struct mt_draft *draft)
{
	const uint64_t temporary = MT_BIT(MT_TEMPERROR) | MT_BIT(MT_SKIPPED) | MT_BIT(MT_REFUSED) | MT_BIT(MT_DEAD);
	struct mt_buf words;

	for (size_t i = 0; i < draft->nconditions && draft->rule.action == MT_REJECT; i++) {
		const struct mt_condition *condition = &draft->conditions[i];

		if ((condition->subject != MT_SUBJECT_FACT && condition->subject != MT_SUBJECT_DNSBL) ||
		    !(condition->words & temporary))
			continue;
		mt_buf_init(&words, draft->source->arena, 0);
		mt_condition_words(&words, condition->words & temporary);
		mt_draft_wrong(draft, draft->block->place, mt_fact_word(condition->fact),
		    "%s says nothing lasting and must not lead to a rejection; use action = tempfail",
		    mt_buf_span(&words).ptr);
	}
}

static void
check_rule(struct mt_draft *draft)
{
	draft->rule.conditions = draft->conditions;
	draft->rule.nconditions = draft->nconditions;
	if (!draft->has_action)
		wrong_block(draft, "the action is missing; write action = tag (accept, quarantine, tempfail, reject)");
	check_temporary(draft);
	if (helo_alone(&draft->rule) && !draft->override)
		wrong_block(draft,
			    "must not reject on a HELO mismatch alone (RFC 5321, 4.1.4); use action = tag, add a "
			    "condition, or write rfc5321-override = yes");
}

/* ---- blocks --------------------------------------------------------------------------- */

/* One value, or an error. */
static const struct mt_value *
scalar(const struct mt_draft *draft, const struct mt_setting *setting)
{
	if (setting->values.count == 1)
		return &setting->values.value[0];
	mt_draft_wrong(draft, setting->place, setting->name, "takes one value, and not a list");
	return NULL;
}

static void
read_setting(struct mt_draft *draft, const struct mt_setting *setting)
{
	const struct mt_value *value;
	bool *flag = strcmp(setting->name, "dry-run") == 0 ? &draft->rule.dry_run : &draft->override;

	if (mt_word_find(rule_keys, COUNT(rule_keys), mt_span_text(setting->name)) < 0) {
		mt_condition_read(draft, setting);
		return;
	}
	value = scalar(draft, setting);
	if (value == NULL)
		return;
	if (strcmp(setting->name, "action") == 0)
		mt_action_read(draft, value);
	else if (strcmp(setting->name, "reply") == 0)
		draft->reply = value;
	else
		mt_value_bool(draft->source, flag, mt_draft_label(draft, setting->name), value);
}

/* Settings of one name made one; a second '=' is an error, since order means nothing here. */
static void
read_settings(struct mt_draft *draft)
{
	const struct mt_block *block = draft->block;

	for (size_t i = 0; i < block->count; i++) {
		struct mt_setting whole = block->setting[i];
		bool first = i == 0 || strcmp(block->setting[i - 1].name, whole.name) != 0;

		if (!first)
			continue;
		for (size_t k = i + 1; k < block->count && strcmp(block->setting[k].name, whole.name) == 0; k++) {
			const struct mt_setting *more = &block->setting[k];

			if (!more->add)
				mt_draft_wrong(draft, more->place, more->name, "stands twice; write += to add to it");
			for (size_t v = 0; v < more->values.count; v++)
				mt_values_add(&whole.values, draft->source->arena, more->values.value[v].text,
				    more->values.value[v].place);
		}
		read_setting(draft, &whole);
	}
	if (draft->reply != NULL && draft->knows_action)
		mt_reply_read(draft, draft->reply);
}

static void
check_name(const struct mt_draft *draft, const struct mt_settings *settings)
{
	struct mt_span name = draft->block->title;
	bool good = name.len > 0 && name.len <= NAME_MOST;

	for (size_t i = 0; i < name.len; i++)
		good = good &&
		    (mt_is_alpha(name.ptr[i]) || mt_is_digit(name.ptr[i]) || strchr("-_.", name.ptr[i]) != NULL);
	if (!good)
		wrong_block(draft, "a name has 1 to 64 letters, digits, '-', '_' and '.'");
	for (size_t i = 0; i < settings->count && &settings->block[i] != draft->block; i++) {
		const struct mt_block *other = &settings->block[i];

		if (strcmp(other->kind, draft->block->kind) == 0 && other->title.ptr != NULL &&
		    mt_span_equal(other->title, name)) {
			mt_draft_wrong(draft, draft->block->place, NULL, "stands already at %s; give it another name",
			    mt_place_text(draft->source->arena, other->place));
			return;
		}
	}
}

static void
read_block(struct mt_draft *draft, struct mt_config *config, struct mt_source *source,
	   const struct mt_settings *settings, const struct mt_block *block)
{
	size_t errors = source->errors->errors;

	*draft = (struct mt_draft){ .config = config, .source = source, .block = block };
	check_name(draft, settings);
	read_settings(draft);
	if (draft->nconditions == 0)
		wrong_block(draft, "has no condition; name at least one, such as iprev = { fail }");
	if (source->errors->errors == errors)
		mt_sense_draft(draft);
}

static const struct mt_condition *
keep_conditions(const struct mt_draft *draft)
{
	size_t size = draft->nconditions * sizeof *draft->conditions;
	struct mt_condition *kept = mt_arena_alloc(&draft->config->arena, size);

	if (kept != NULL)
		memcpy(kept, draft->conditions, size);
	return kept;
}

/* ---- exemptions that nobody has to write ---------------------------------------------- */

/* RFC 5321, 4.5.1: postmaster is always heard; RFC 2142, 4: so is abuse. */
static const struct mt_span always_heard[] = {
	{ "postmaster@*", 12 }, { "abuse@*", 7 }, { "postmaster", 10 }, { "abuse", 5 },
};
static const struct mt_condition default_conditions[MT_EXEMPT_DEFAULTS] = {
	[MT_EXEMPT_AUTHENTICATED] = { .subject = MT_SUBJECT_FACT, .fact = MT_FACT_AUTHENTICATED,
	    .words = MT_BIT(MT_YES) },
	[MT_EXEMPT_TRUSTED] = { .subject = MT_SUBJECT_CLIENT, .trusted_networks = true },
	[MT_EXEMPT_POSTMASTER] = { .subject = MT_SUBJECT_RECIPIENT,
	    /* All recipients, or a stranger would exempt himself by adding postmaster. */
	    .patterns = { always_heard, COUNT(always_heard) } },
};
static const struct mt_span default_names[MT_EXEMPT_DEFAULTS] = {
	[MT_EXEMPT_AUTHENTICATED] = { "authenticated", 13 }, [MT_EXEMPT_TRUSTED] = { "trusted-networks", 16 },
	[MT_EXEMPT_POSTMASTER] = { "postmaster", 10 },
};

static size_t
default_exempts(struct mt_exempt *exempts, const struct mt_config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < MT_EXEMPT_DEFAULTS; i++)
		if (config->exempt_default >> i & 1)
			exempts[count++] = (struct mt_exempt){ .name = default_names[i],
				.conditions = &default_conditions[i], .nconditions = 1, .file = "built-in" };
	return count;
}

/* ---- all of them ---------------------------------------------------------------------- */

/* What a rejection becomes where something milder could not be judged. */
static const struct mt_rule *
make_deferral(struct mt_config *config, const struct mt_rule *rule)
{
	struct mt_rule *deferral = mt_arena_alloc(&config->arena, sizeof *deferral);
	struct mt_span xcode = mt_arena_copy(&config->arena, rule->reply.xcode);

	if (deferral == NULL)
		return NULL;
	*deferral = *rule;
	deferral->action = MT_TEMPFAIL;
	deferral->reply = *mt_reply_deferral();
	if (xcode.len > 0) {
		char *class = mt_arena_text(&config->arena, xcode);

		if (class == NULL)
			return NULL;
		class[0] = '4';
		deferral->reply.xcode = mt_span_text(class);
	}
	return deferral;
}

static size_t
count_blocks(const struct mt_settings *settings, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < settings->count; i++)
		count += strcmp(settings->block[i].kind, kind) == 0;
	return count;
}

static void
build_exempt(struct mt_config *config, struct mt_exempt *exempt, struct mt_draft *draft)
{
	*exempt = (struct mt_exempt){ .name = mt_arena_copy(&config->arena, draft->block->title),
		.conditions = keep_conditions(draft), .nconditions = draft->nconditions,
		.file = draft->block->place.file, .line = draft->block->place.line };
	for (size_t i = 0; i < MT_EXEMPT_DEFAULTS; i++)
		if ((config->exempt_default >> i & 1) && mt_span_equal(exempt->name, default_names[i]))
			wrong_block(draft, "is the name of a built-in exemption; give it another one");
}

static void
build_rule(struct mt_config *config, struct mt_rule *rule, struct mt_draft *draft)
{
	check_rule(draft);
	*rule = draft->rule;
	rule->name = mt_arena_copy(&config->arena, draft->block->title);
	rule->conditions = keep_conditions(draft);
	rule->stage = mt_conditions_stage(draft->conditions, draft->nconditions);
	rule->file = draft->block->place.file;
	rule->line = draft->block->place.line;
	if (rule->action == MT_REJECT)
		rule->deferral = make_deferral(config, rule);
}

void
mt_rules_build(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings)
{
	struct mt_arena *arena = &config->arena;
	size_t nrules = count_blocks(settings, "rule");
	size_t nexempts = count_blocks(settings, "exempt") + MT_EXEMPT_DEFAULTS;
	struct mt_exempt *exempts = mt_arena_alloc(arena, nexempts * sizeof *exempts);
	struct mt_rule *rules = mt_arena_alloc(arena, nrules * sizeof *rules);
	struct mt_policy *policy = &config->policy;
	struct mt_draft draft;

	if (exempts == NULL || rules == NULL)
		return;
	policy->exempts = exempts;
	policy->rules = rules;
	policy->nexempts = default_exempts(exempts, config);
	for (size_t i = 0; i < settings->count; i++) {
		const struct mt_block *block = &settings->block[i];

		if (block->title.ptr == NULL || (!is_rule(block->kind) && strcmp(block->kind, "exempt") != 0))
			continue;
		read_block(&draft, config, source, settings, block);
		if (is_rule(block->kind))
			build_rule(config, &rules[policy->nrules++], &draft);
		else
			build_exempt(config, &exempts[policy->nexempts++], &draft);
	}
}

/* ---- writing -------------------------------------------------------------------------- */

static void
write_exempt(struct mt_buf *buf, const struct mt_exempt *exempt)
{
	bool built_in = exempt->line == 0;

	mt_buf_format(buf, "%sexempt \"%.*s\" {", built_in ? "# " : "", MT_SPAN_ARG(exempt->name));
	for (size_t i = 0; i < exempt->nconditions; i++) {
		mt_buf_char(buf, ' ');
		mt_condition_write(buf, &exempt->conditions[i]);
	}
	mt_buf_format(buf, " }  # %s", exempt->file);
	if (!built_in)
		mt_buf_format(buf, ":%u", exempt->line);
	mt_buf_format(buf, ", stage %s\n", mt_stage_word(mt_conditions_stage(exempt->conditions, exempt->nconditions)));
}

static void
write_rule(struct mt_buf *buf, const struct mt_rule *rule)
{
	struct mt_buf reply;

	mt_buf_format(buf, "rule \"%.*s\" {  # %s:%u, stage %s\n", MT_SPAN_ARG(rule->name), rule->file, rule->line,
	    mt_stage_word(rule->stage));
	for (size_t i = 0; i < rule->nconditions; i++) {
		mt_buf_char(buf, '\t');
		mt_condition_write(buf, &rule->conditions[i]);
		mt_buf_char(buf, '\n');
	}
	mt_buf_format(buf, "\taction = %s\n", mt_action_word(rule->action));
	if (rule->reply.code != 0) {
		mt_buf_init(&reply, buf->arena, 0);
		mt_buf_format(&reply, "%u %.*s ", rule->reply.code, MT_SPAN_ARG(rule->reply.xcode));
		mt_buf_add(&reply, rule->reply.text);
		mt_buf_text(buf, "\treply = ");
		mt_write_value(buf, mt_buf_span(&reply));
		mt_buf_char(buf, '\n');
	}
	if (rule->dry_run)
		mt_buf_text(buf, "\tdry-run = yes\n");
	if (helo_alone(rule))
		mt_buf_text(buf, "\trfc5321-override = yes\n");
	mt_buf_text(buf, "}\n");
}

void
mt_rules_write(struct mt_buf *buf, const struct mt_config *config)
{
	const struct mt_policy *policy = &config->policy;

	for (size_t i = 0; i < policy->nexempts; i++)
		write_exempt(buf, &policy->exempts[i]);
	for (size_t i = 0; i < policy->nrules; i++)
		write_rule(buf, &policy->rules[i]);
}
