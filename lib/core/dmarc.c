/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where a DMARC record lies, and when SPF or DKIM speak for the author's domain;
 * refuses to act: its answer is a fact like others. */
#include "lib/core/dmarc.h"

#include "lib/core/author.h"

#define PREFIX "_dmarc."

static enum mt_result
settle(struct mt_dmarc *out, enum mt_result result, enum mt_cause cause, const char *why)
{
	out->result = result;
	out->cause = cause;
	out->why = mt_span_text(why);
	return result;
}

/* RFC 7489, 6.6.1: exactly one domain, or a word that says why there is none to ask. */
static enum mt_result
find_author(struct mt_dmarc *out, struct mt_author *author, const struct mt_dmarc_input *input)
{
	if (input->nfrom == 0)
		return settle(out, MT_PERMERROR, MT_CAUSE_NO_INPUT, "there is no From field");
	if (input->nfrom > 1)
		return settle(out, MT_PERMERROR, MT_CAUSE_NONE, "there are several From fields");
	mt_author_read(author, input->from[0], input->idna);
	if (author->several)
		return settle(out, MT_PERMERROR, MT_CAUSE_NONE, "the authors are of several domains");
	if (author->foreign)
		return settle(out, MT_SKIPPED, MT_CAUSE_BAD_NAME,
		    "names in other scripts are not looked at in this build");
	if (author->broken)
		return settle(out, MT_PERMERROR, MT_CAUSE_NONE, "the From field cannot be read");
	if (author->domain[0] != '\0')
		return MT_UNKNOWN;
	if (author->literal)
		return settle(out, MT_NONE, MT_CAUSE_NO_INPUT, "the author has an address and no domain");
	if (author->group && author->mailboxes == 0)
		return settle(out, MT_NONE, MT_CAUSE_NO_INPUT, "the From field names a group of nobody");
	return settle(out, MT_PERMERROR, MT_CAUSE_NO_INPUT, "the From field holds no address");
}

/* What an answer holds: pass: one record, in *record. */
struct found {
	enum mt_result result;		/* unknown none pass permerror (several) temperror skipped */
	enum mt_cause cause;
	struct mt_dmarc_record record;
};

static struct found
look(const struct mt_answer *answer)
{
	struct found found = { .result = MT_NONE };

	if (answer == NULL)
		return (struct found){ .result = MT_UNKNOWN };
	found.cause = answer->cause;
	/* A name that nobody can ask about is one under which nothing lies. */
	if (mt_cause_nothing(answer->cause) || answer->cause == MT_CAUSE_BAD_NAME)
		return found;
	if (answer->cause != MT_CAUSE_NONE) {
		found.result = answer->cause == MT_CAUSE_OFFLINE ? MT_SKIPPED : MT_TEMPERROR;
		return found;
	}
	for (size_t i = 0; i < answer->nrecords && found.result != MT_PERMERROR; i++) {
		struct mt_dmarc_record record;

		if (!mt_dmarc_record_read(&record, answer->records[i].text))
			continue;
		found.record = record;
		found.result = found.result == MT_NONE ? MT_PASS : MT_PERMERROR;
	}
	/* Another record may be among those that were not kept: a bound of ours. */
	if (answer->cut && found.result != MT_PERMERROR)
		return (struct found){ .result = MT_TEMPERROR, .cause = MT_CAUSE_LIMIT };
	return found;
}

static const struct mt_answer *
ask_for(struct mt_ask *ask, struct mt_span domain)
{
	static const struct mt_answer nothing = { .cause = MT_CAUSE_BAD_NAME };
	char name[sizeof PREFIX + MT_NAME_TEXT] = PREFIX;

	if (domain.len + sizeof PREFIX > MT_NAME_TEXT)
		return &nothing;
	memcpy(name + sizeof PREFIX - 1, domain.ptr, domain.len);
	return mt_ask(ask, (struct mt_span){ name, sizeof PREFIX - 1 + domain.len }, MT_RR_TXT);
}

/* RFC 7489, 6.6.3: at the domain, else at the organizational one, both asked for at once.
 * True: there is a record, and out->policy what it wishes for this domain. */
static bool
find_record(struct mt_dmarc *out, struct mt_dmarc_record *record, struct mt_ask *ask,
    const struct mt_dmarc_input *input)
{
	struct mt_span domain = out->domain, organization = mt_organization_of(input->organizations, domain);
	bool above = organization.len < domain.len;
	struct found found = look(ask_for(ask, domain)), other = { .result = MT_UNKNOWN };

	if (above && (found.result == MT_UNKNOWN || found.result == MT_NONE))
		other = look(ask_for(ask, organization));
	above = above && found.result == MT_NONE;
	if (above)
		found = other;
	*record = found.record;
	if (found.result == MT_UNKNOWN)
		return false;
	if (found.result == MT_NONE)
		settle(out, MT_NONE, found.cause == MT_CAUSE_BAD_NAME ? MT_CAUSE_NONE : found.cause,
		    "the domain has no DMARC record");
	else if (found.result == MT_PERMERROR)
		settle(out, MT_NONE, MT_CAUSE_NONE, "the domain has several DMARC records, which are as none");
	else if (found.result != MT_PASS)
		settle(out, found.result, found.cause, found.result == MT_SKIPPED ? "nobody is to be asked" :
		    "no answer when asked for the DMARC record");
	if (found.result != MT_PASS)
		return false;
	out->record_domain = above ? organization : domain;
	out->policy = above && record->subdomains != NULL ? record->subdomains : record->policy;
	if (record->broken)
		settle(out, MT_PERMERROR, MT_CAUSE_NONE, "the DMARC record holds no policy");
	return !record->broken;
}

/* RFC 7489, 3.1: the same domain, or, relaxed, of the same organization. */
static bool
aligned(const struct mt_dmarc *out, const struct mt_dmarc_input *input, struct mt_span domain, bool strict)
{
	char normal[MT_NAME_TEXT];

	if (!mt_idna_normal(input->idna, domain, normal))
		return false;
	if (mt_name_same(out->domain, mt_span_text(normal)))
		return true;
	return !strict && mt_organization_same(input->organizations, out->domain, mt_span_text(normal));
}

/* What might have passed for the author, had it been known. */
struct doubt {
	enum mt_cause temporary, skipped;
	bool is_temporary, is_skipped;
};

static void
doubt_it(struct doubt *doubt, enum mt_result result, enum mt_cause cause)
{
	if (result == MT_TEMPERROR && !doubt->is_temporary) {
		doubt->is_temporary = true;
		doubt->temporary = cause;
	} else if (result == MT_SKIPPED && !doubt->is_skipped) {
		doubt->is_skipped = true;
		doubt->skipped = cause;
	}
}

static bool
still_open(const struct mt_dmarc_input *input)
{
	if (input->spf.result == MT_UNKNOWN || input->dkim.result == MT_UNKNOWN)
		return true;
	for (unsigned i = 0; i < input->nsignatures; i++)
		if (input->signatures[i].result == MT_UNKNOWN)
			return true;
	return false;
}

/* RFC 7489, 4.2: one of the two is enough; and a fail needs both to be sure. */
static enum mt_result
judge(struct mt_dmarc *out, const struct mt_dmarc_record *record, const struct mt_dmarc_input *input)
{
	struct doubt doubt = { .temporary = MT_CAUSE_NONE };
	const struct mt_spf *spf = &input->spf;

	if (spf->domain.ptr == NULL || aligned(out, input, spf->domain, record->strict_spf)) {
		out->spf_aligned = spf->domain.ptr != NULL && spf->result == MT_PASS;
		doubt_it(&doubt, spf->result, spf->cause);
	}
	for (unsigned i = 0; i < input->nsignatures; i++) {
		const struct mt_signature *signature = &input->signatures[i];

		if (!aligned(out, input, signature->domain, record->strict_dkim))
			continue;
		out->dkim_aligned |= signature->result == MT_PASS;
		/* More signatures than anybody looks at are their writer's doing (RFC 6376, 6.1). */
		if (signature->result != MT_SKIPPED || signature->cause != MT_CAUSE_LIMIT)
			doubt_it(&doubt, signature->result, signature->cause);
	}
	/* Of the whole, only where it is not the sum of signatures that stand above. */
	if (input->nsignatures == 0 || input->dkim.result == MT_SKIPPED)
		doubt_it(&doubt, input->dkim.result, input->dkim.cause);
	if (out->spf_aligned || out->dkim_aligned)
		return settle(out, MT_PASS, MT_CAUSE_NONE, NULL);
	if (doubt.is_temporary)
		return settle(out, MT_TEMPERROR, doubt.temporary,
		    "what might speak for the author could not be asked about");
	if (doubt.is_skipped)
		return settle(out, MT_SKIPPED, doubt.skipped, "what might speak for the author was not looked at");
	return settle(out, MT_FAIL, MT_CAUSE_NONE, "neither SPF nor DKIM speaks for the author's domain");
}

enum mt_result
mt_dmarc_check(struct mt_dmarc *out, struct mt_arena *arena, struct mt_ask *ask, const struct mt_dmarc_input *input)
{
	struct mt_dmarc_record record;
	struct mt_author author;

	*out = (struct mt_dmarc){ .result = MT_UNKNOWN };
	if (find_author(out, &author, input) != MT_UNKNOWN)
		return out->result;
	out->domain = mt_arena_copy(arena, mt_span_text(author.domain));
	if (out->domain.ptr == NULL)
		return settle(out, MT_TEMPERROR, MT_CAUSE_LIMIT, "memory of this message is used up");
	if (!find_record(out, &record, ask, input) || still_open(input))
		return out->result;
	return judge(out, &record, input);
}

struct mt_span
mt_dmarc_author(struct mt_arena *arena, const struct mt_dmarc_input *input)
{
	struct mt_dmarc unused = { .result = MT_UNKNOWN };
	struct mt_author author;

	if (find_author(&unused, &author, input) != MT_UNKNOWN)
		return MT_ABSENT;
	return mt_arena_copy(arena, mt_span_text(author.domain));
}
