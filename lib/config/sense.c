/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what comes to nothing, or to more than it says; refuses nothing. */
#include "lib/config/sense.h"

#include <grp.h>
#include <pwd.h>

#include "lib/base/words.h"
#include "lib/config/keys.h"
#include "lib/config/wide.h"

#define NAME_MOST 128			/* longest name of a user or group, with both and the colon */
#define VERIFIED_NAME MT_BIT(MT_RESULTS)	/* beside the words of ptr */
#define RECORD_MOST 65536		/* of a group with many members */

/* ---- conditions that never hold ------------------------------------------------------- */

/* What nobody looks at is skipped, and has no other word. */
static const struct {
	enum mt_fact_name fact;
	const char *key, *off;
} switches[] = {
	{ MT_FACT_SPF, "spf.enable", "no" }, { MT_FACT_SPF_HELO, "spf.enable", "no" },
	{ MT_FACT_DKIM, "dkim.enable", "no" }, { MT_FACT_ARC, "arc.enable", "no" },
	{ MT_FACT_DMARC, "dmarc.enable", "no" }, { MT_FACT_RELAY, "relay.enable", "no" },
	{ MT_FACT_HISTORY, "store.engine", "none" },
};

static void
check_switch(const struct mt_draft *draft, size_t c)
{
	const struct mt_condition *condition = &draft->conditions[c];

	if (condition->words == 0 || (condition->words & MT_BIT(MT_SKIPPED)))
		return;
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
		if (switches[i].fact == condition->fact && mt_config_number(draft->config, switches[i].key) == 0)
			mt_draft_notice(draft, draft->where[c].place, draft->where[c].key, "never holds, since %s = %s",
			    switches[i].key, switches[i].off);
}

/* Lists that allow have no part in the word over all. */
static void
check_lists(const struct mt_draft *draft, size_t c)
{
	const struct mt_condition *condition = &draft->conditions[c];
	const struct mt_dnsbl *dnsbl = &draft->config->dnsbl;

	if (condition->words == 0 || (condition->words & MT_BIT(MT_SKIPPED)) || condition->patterns.count > 0)
		return;
	for (size_t z = 0; z < dnsbl->nzones; z++)
		if (!dnsbl->zones[z].allow)
			return;
	mt_draft_notice(draft, draft->where[c].place, draft->where[c].key,
	    "never holds, since all lists have allow = yes; name one of their codes or classes");
}

static void
check_condition(const struct mt_draft *draft, size_t c)
{
	switch (draft->conditions[c].subject) {
	case MT_SUBJECT_FACT:
		check_switch(draft, c);
		break;
	case MT_SUBJECT_DNSBL:
		check_lists(draft, c);
		break;
	case MT_SUBJECT_COUNTRY:
	case MT_SUBJECT_ASN:
	case MT_SUBJECT_ORIGIN_COUNTRY:
		if (draft->config->geo.city.count + draft->config->geo.asn.count == 0)
			mt_draft_notice(draft, draft->where[c].place, draft->where[c].key,
			    "never holds, since geo.city and geo.asn name no database");
		break;
	case MT_SUBJECT_CLIENT:
	case MT_SUBJECT_HELO_NAME:
	case MT_SUBJECT_PTR_NAME:
	case MT_SUBJECT_SENDER:
	case MT_SUBJECT_RECIPIENT:
	case MT_SUBJECT_NETWORK:
		break;
	}
}

/* The words of ptr that may stand beside a word of iprev: both come from the same names. */
static uint64_t
ptr_beside(enum mt_result iprev)
{
	if (iprev == MT_PASS || iprev == MT_FAIL)
		return MT_BIT(MT_PASS);
	if (iprev == MT_TEMPERROR || iprev == MT_PERMERROR)
		return MT_BIT(MT_PASS) | MT_BIT(iprev);
	return MT_BIT(iprev);
}

/* "iprev = pass ptr = none", and a verified name where there is to be none. */
static void
check_reverse(const struct mt_draft *draft)
{
	uint64_t iprev = 0, ptr = 0, beside = 0;
	struct mt_place place = draft->block->place;

	for (size_t c = 0; c < draft->nconditions; c++) {
		const struct mt_condition *condition = &draft->conditions[c];

		if (condition->subject == MT_SUBJECT_FACT && condition->fact == MT_FACT_IPREV)
			iprev = condition->words;
		else if (condition->subject == MT_SUBJECT_FACT && condition->fact == MT_FACT_PTR)
			ptr = condition->words;
		else if (condition->subject == MT_SUBJECT_PTR_NAME && condition->patterns.count > 0)
			ptr = VERIFIED_NAME;
		else
			continue;
		place = draft->where[c].place;
	}
	for (int r = 0; r < MT_RESULTS; r++)
		if (iprev & MT_BIT(r))
			beside |= ptr_beside((enum mt_result)r);
	if (iprev & MT_BIT(MT_PASS))
		beside |= VERIFIED_NAME;
	if (iprev != 0 && ptr != 0 && (beside & ptr) == 0)
		mt_draft_notice(draft, place, NULL, "never holds, since its ptr and its iprev exclude each other");
}

/* ---- exemptions for everybody --------------------------------------------------------- */

static bool
anybody(const struct mt_condition *condition)
{
	if (condition->subject == MT_SUBJECT_HELO_NAME || condition->subject == MT_SUBJECT_SENDER)
		return true;
	for (size_t i = 0; condition->subject == MT_SUBJECT_CLIENT && i < condition->nets.count; i++)
		if (mt_wide_everybody(&condition->nets.net[i]))
			return true;
	return false;
}

/* A name is said, and costs nothing; an exemption for it lets pass whoever has heard of it. */
static void
check_exemption(const struct mt_draft *draft)
{
	for (size_t c = 0; c < draft->nconditions; c++)
		if (!anybody(&draft->conditions[c]))
			return;
	if (draft->nconditions > 0)
		mt_draft_notice(draft, draft->where[0].place, draft->where[0].key, "%s",
		    draft->conditions[0].subject == MT_SUBJECT_CLIENT ? "exempts everybody" :
		    "anybody can say so; add what proves it, such as client, ptr = { \"*.example.org\" } or spf = pass");
}

void
mt_sense_draft(const struct mt_draft *draft)
{
	for (size_t c = 0; c < draft->nconditions; c++)
		check_condition(draft, c);
	check_reverse(draft);
	if (!mt_draft_is_rule(draft))
		check_exemption(draft);
}

/* ---- keys ----------------------------------------------------------------------------- */

static const char *
where(const struct mt_config *config, const char *key)
{
	return config->where[mt_key_find("", mt_span_text(key))];
}

static bool
is_default(const struct mt_config *config, const char *key)
{
	return strcmp(where(config, key), "default") == 0;
}

static struct mt_place
place_of(const struct mt_config *config, const char *key)
{
	return (struct mt_place){ where(config, key), 0, UINT32_MAX };
}

static void
check_times(const struct mt_config *config, struct mt_errors *errors)
{
	static const char timeout[] = "dns.timeout", deadline[] = "dns.deadline";
	const char *late = is_default(config, timeout) ? deadline : timeout;

	if (!is_default(config, deadline) && config->dns.deadline_msec > config->milter.deadline_msec)
		mt_errors_notice(errors, place_of(config, deadline),
		    "dns.deadline: is longer than milter.deadline, which ends the wait before");
	if (config->dns.timeout_msec > config->dns.deadline_msec)
		mt_errors_notice(errors, place_of(config, late), "%s: %s", late, late == timeout ?
		    "is longer than dns.deadline, which ends a try before" :
		    "is shorter than dns.timeout, and ends a try before its time");
}

static bool
no_user(const char *name)
{
	struct passwd record, *found = NULL;
	char text[RECORD_MOST];

	return getpwnam_r(name, &record, text, sizeof text, &found) == 0 && found == NULL;
}

static bool
no_group(const char *name)
{
	struct group record, *found = NULL;
	char text[RECORD_MOST];

	return getgrnam_r(name, &record, text, sizeof text, &found) == 0 && found == NULL;
}

/* "user", "user:group" or ":group".  The file may be meant for another host. */
static void
check_owner(const struct mt_config *config, struct mt_errors *errors, const char *key)
{
	const char *text = mt_config_text(config, key), *colon = text == NULL ? NULL : strchr(text, ':');
	char user[NAME_MOST] = "";
	size_t len = text == NULL ? 0 : colon == NULL ? strlen(text) : (size_t)(colon - text);

	if (len >= sizeof user || is_default(config, key))
		return;
	if (len > 0)
		memcpy(user, text, len);
	if (len > 0 && no_user(user))
		mt_errors_notice(errors, place_of(config, key), "%s: there is no user '%s' on this host", key, user);
	if (colon != NULL && colon[1] != '\0' && no_group(colon + 1))
		mt_errors_notice(errors, place_of(config, key), "%s: there is no group '%s' on this host", key,
		    colon + 1);
}

/* The id in a reply is of use only where it stands in a log. */
static void
check_refusals(const struct mt_config *config, struct mt_errors *errors)
{
	if (config->log.each != MT_LOG_EACH_NONE)
		return;
	for (size_t i = 0; i < config->policy.nrules; i++) {
		const struct mt_rule *rule = &config->policy.rules[i];

		if (rule->dry_run || (rule->action != MT_REJECT && rule->action != MT_TEMPFAIL))
			continue;
		mt_errors_notice(errors, place_of(config, "log.each"), "log.each: with none the log does not tell what "
		    "rule \"%.*s\" refuses; action tells it", MT_SPAN_ARG(rule->name));
		return;
	}
}

void
mt_sense_settings(const struct mt_config *config, struct mt_source *source)
{
	/* A value that was refused has left its default where it stood. */
	if (source->errors->errors > 0)
		return;
	check_times(config, source->errors);
	check_refusals(config, source->errors);
	check_owner(config, source->errors, "milter.user");
	check_owner(config, source->errors, "milter.socket-owner");
}
