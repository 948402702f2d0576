/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules and exemptions, and their evaluation in three truth values. */
#ifndef MT_CORE_POLICY_H
#define MT_CORE_POLICY_H

#include "lib/base/arena.h"
#include "lib/core/dnsbl.h"
#include "lib/core/fact.h"
#include "lib/core/iprev.h"
#include "lib/core/trust.h"

/* What one condition looks at. */
enum mt_subject {
	MT_SUBJECT_FACT,		/* the word of a fact */
	MT_SUBJECT_CLIENT,		/* the client's address: networks */
	MT_SUBJECT_HELO_NAME,		/* the HELO name: patterns */
	MT_SUBJECT_PTR_NAME,		/* the verified reverse names, all of them: patterns */
	MT_SUBJECT_SENDER,		/* the envelope sender; "<>" for the null one: patterns */
	MT_SUBJECT_RECIPIENT,		/* an envelope recipient: patterns */
	MT_SUBJECT_DNSBL,		/* the word over all lists, or names and classes of codes */
	MT_SUBJECT_COUNTRY,		/* the client's, by databases: codes of ISO 3166-1 */
	MT_SUBJECT_ASN,			/* the client's AS number, by databases: digits */
	MT_SUBJECT_NETWORK,		/* the client's address, or that of a hop's client: networks */
	MT_SUBJECT_ORIGIN_COUNTRY	/* of the origin, the claimed one if there is one */
};

/* Within one condition any value may hold; `not` values must all not hold.  A condition
 * on words is one set: "!pass" is all other words of the fact but the errors that say
 * nothing (temperror, skipped), which only match where they are named. */
struct mt_condition {
	enum mt_subject subject;
	enum mt_fact_name fact;		/* of MT_SUBJECT_FACT */
	uint64_t words;			/* of MT_SUBJECT_FACT, MT_SUBJECT_DNSBL */
	uint64_t not_words;		/* of MT_SUBJECT_DNSBL, beside names and classes */
	uint32_t zones, not_zones;	/* lists that could say a name or class of the patterns, or
					 * of those with "!"; these are no patterns there */
	bool late;			/* of MT_SUBJECT_DNSBL: known when all hops are */
	bool trusted_networks;		/* client: "trust.networks" stands among the values */
	struct mt_nets nets, not_nets;
	struct mt_patterns patterns, not_patterns;
	bool any_recipient;		/* one recipient is enough (exemptions); else all must match */
};

struct mt_reply {
	unsigned code;			/* 0: the action's default */
	struct mt_span xcode;
	struct mt_span text;		/* with %{...}, checked at start */
};

struct mt_rule {
	struct mt_span name;
	const struct mt_condition *conditions;
	size_t nconditions;
	enum mt_action action;
	struct mt_reply reply;
	bool dry_run;
	enum mt_stage stage;		/* the earliest at which all conditions can be known */
	const char *file;		/* where it stands */
	unsigned line;
	/* The same rule as a deferral: what a rejection becomes where an exemption or a rule
	 * above it could not be judged for a temporary error.  NULL: it then does not hold. */
	const struct mt_rule *deferral;
};

struct mt_exempt {
	struct mt_span name;
	const struct mt_condition *conditions;
	size_t nconditions;
	const char *file;
	unsigned line;
};

struct mt_policy {
	enum mt_mode mode;
	const struct mt_exempt *exempts;	/* the built-in ones first */
	size_t nexempts;
	const struct mt_rule *rules;
	size_t nrules;
	bool defers_late;		/* on-deadline = tempfail */
};

/* What rules may look at.  Absent spans are unknown while `known` says so. */
struct mt_policy_input {
	const struct mt_facts *facts;
	const struct mt_trust *trust;
	struct mt_ip client;
	struct mt_span helo;		/* absent: unknown before HELO */
	bool helo_known;
	/* Every name counts that leads back: a pattern holds where one of them matches, a
	 * "!" pattern where none does.  A name that matches and has no answer yet leaves it
	 * undecided; one whose look-up failed, or names cut at the bound, leave it for another
	 * time.  NULL: no names. */
	const struct mt_iprev *iprev;
	const struct mt_listings *listings;	/* NULL: no list was asked yet */
	struct mt_span sender;		/* without brackets; empty: the null sender */
	bool sender_known;
	/* What databases say of the client; NULL: nothing, which no value and no "!value" fits. */
	const struct mt_location *location;
	bool no_database;		/* that might have known it cannot be read now */
	/* The path, once it is known: hops, and where the origin is (NULL: nobody knows). */
	bool path_known;
	const struct mt_hop *hops;
	size_t nhops;
	const struct mt_location *origin;
	/* Where more came than could be kept, the list never becomes complete.  At the end a
	 * rule's condition on recipients then does not hold, for nobody is refused for what is
	 * said of others; an exemption's holds only where a kept one matches.  Both are final:
	 * no rejection further down becomes a deferral for it, since another try would bring as
	 * many recipients. */
	const struct mt_span *recipients;
	size_t nrecipients;		/* 0: unknown */
	bool recipients_complete;	/* no more will come, and all are there */
	/* At the end: the same, but that answers that came too late are still out (late.h).
	 * NULL: none is. */
	const struct mt_policy_input *late;
};

/* What the rules make of the input: the row that decided, without the mode.  At the end
 * (`last`) an undecided condition counts as not holding: nothing is refused for what is
 * not known. */
struct mt_decision {
	bool decided;
	const struct mt_rule *rule;	/* that decided finally; NULL: none */
	const struct mt_exempt *exempt;	/* that held; NULL: none */
	struct mt_notes tags;		/* tag rules that held on the way */
	struct mt_notes rehearsed;	/* rules in dry-run that held, each with what it would have
					 * done; the first decides where no other rule does */
	const struct mt_rule *tag;	/* the first of the tag rules */
	bool late;			/* no rule held, and one that does not accept might have, had all
					 * answers been there in time */
};
void mt_policy_decide(struct mt_decision *decision, const struct mt_policy *policy,
    const struct mt_policy_input *input, bool last);

/* The earliest stage at which a set of conditions can be known. */
enum mt_stage mt_conditions_stage(const struct mt_condition *conditions, size_t count);

/* Names of the %{...} variables of a reply, and what each stands for. */
enum mt_variable { MT_VAR_CLIENT_IP, MT_VAR_CLIENT_HELO, MT_VAR_CLIENT_PTR, MT_VAR_ID, MT_VAR_RULE,
	MT_VAR_EVIDENCE_FIRST, MT_VAR_SENDER, MT_VARIABLES };
const char *mt_variable_word(enum mt_variable v);
/* Checks a template: 0, or -1 and where (bytes from its start) and why. */
int mt_reply_check(struct mt_span text, size_t *where, const char **why);
/* Expands it; every value is made printable ASCII and cut at 64 bytes, the whole at 450. */
struct mt_span mt_reply_expand(struct mt_arena *arena, struct mt_span text,
    const struct mt_span values[MT_VARIABLES]);
/* The reply that stands for an action without one of its own: code, xcode, text. */
const struct mt_reply *mt_reply_default(enum mt_action action);
/* The reply of a rejection that became a deferral; it names the rule. */
const struct mt_reply *mt_reply_deferral(void);

#endif
