/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a person is told what was asked and what came back: the words of the facts, and
 * behind each what it means and what it rests on.  Decides nothing. */
#include "lib/render/text.h"

#include <inttypes.h>

#include "lib/core/date.h"

#define STATE 16				/* column of a check's word */
#define DETAIL 34			/* and of what there is to say to it */

/* What a cause means to a person. */
static const char *
cause_text(enum mt_cause c)
{
	static const char *const texts[MT_CAUSES] = {
		[MT_CAUSE_NXDOMAIN] = "there is no such name",
		[MT_CAUSE_NODATA] = "the name has no such record",
		[MT_CAUSE_TIMEOUT] = "no name server answered in time; this says nothing about the client",
		[MT_CAUSE_SERVFAIL] = "the name server failed (SERVFAIL); this says nothing about the client",
		[MT_CAUSE_REFUSED] = "the name server refused to answer; this says nothing about the client",
		[MT_CAUSE_GARBAGE] = "the answer cannot be read",
		[MT_CAUSE_NETWORK] = "no name server could be reached; this says nothing about the client",
		[MT_CAUSE_BREAKER] = "not asked: no name server answers at present",
		[MT_CAUSE_LIMIT] = "not asked: a bound was met",
		[MT_CAUSE_DEADLINE] =
		    "the answer was not there before the deadline; this says nothing about the client",
		[MT_CAUSE_OFFLINE] = "not asked: offline",
		[MT_CAUSE_NO_INPUT] = "not asked: what to ask about is not known",
		[MT_CAUSE_BAD_NAME] = "not asked: this name cannot be asked for",
		[MT_CAUSE_NOT_NEEDED] = "not asked: it was decided without",
	};

	return (size_t)c < MT_CAUSES ? texts[c] : NULL;
}

/* The same of a memory, which is no name server. */
static const char *
memory_text(enum mt_result r, enum mt_cause c)
{
	static const char *const part[MT_CAUSES] = {
		[MT_CAUSE_BREAKER] = "as far as this host knows alone; the store is away",
		[MT_CAUSE_GARBAGE] = "as far as is known since the store was lost",
	};
	static const char *const texts[MT_CAUSES] = {
		[MT_CAUSE_GARBAGE] = "not seen since the store was lost; this says nothing about the client",
		[MT_CAUSE_TIMEOUT] = "the store did not answer in time; this says nothing about the client",
		[MT_CAUSE_BREAKER] = "not asked: the store is away",
		[MT_CAUSE_NOT_NEEDED] = "not asked: nothing is remembered here",
	};

	if ((size_t)c >= MT_CAUSES)
		return NULL;
	if (r != MT_SKIPPED && part[c] != NULL)
		return part[c];
	return texts[c] != NULL ? texts[c] : cause_text(c);
}

#define B(r) MT_BIT(MT_##r)
/* Words that are in the client's favour, and words that are neither for nor against it; the
 * others are loud. */
static const uint64_t good = B(PASS) | B(CLEAN) | B(GOOD) | B(YES);
static const uint64_t plain = B(UNKNOWN) | B(SKIPPED) | B(NONE) | B(NO) | B(TEMPERROR) | B(NEUTRAL) | B(POLICY) |
    B(DIRECT) | B(SUBMISSION) | B(INTERNAL) | B(FORWARDER) | B(LIST) | B(ESP) | B(UNATTESTED) | B(REFUSED) | B(DEAD) |
    B(NEW) | B(INSIDE);

/* The state, a time-out told apart from every other trouble. */
static void
state(struct mt_page *page, const char *name, enum mt_result r, enum mt_cause c)
{
	mt_page_text(page, "  ");
	mt_page_text(page, name);
	mt_page_tab(page, STATE);
	if (r == MT_TEMPERROR && (c == MT_CAUSE_TIMEOUT || c == MT_CAUSE_DEADLINE))
		mt_page_word(page, MT_COLOR_WARN, "TIME-OUT");
	else if ((good & MT_BIT(r)) != 0)
		mt_page_word(page, MT_COLOR_GOOD, mt_result_word(r));
	else if ((plain & MT_BIT(r)) != 0)
		mt_page_word(page, MT_COLOR_NONE, mt_result_word(r));
	else
		mt_page_loud(page, MT_COLOR_BAD, mt_result_word(r));
	mt_page_tab(page, DETAIL);
}

/* What a word of a fact means to a person; NULL: the word says it all. */
static const char *
meaning(enum mt_fact_name f, enum mt_result r)
{
	static const char *const ptr[MT_RESULTS] = {
		[MT_PASS] = "the address has a name",
		[MT_NONE] = "the address has no name",
	};
	static const char *const iprev[MT_RESULTS] = {
		[MT_PASS] = "a name of the address leads back to it",
		[MT_FAIL] = "no name of the address leads back to it",
		[MT_NONE] = "the address has no name",
	};
	static const char *const helo[MT_RESULTS] = {
		[MT_PASS] = "the name given in HELO is the client's",
		[MT_MISMATCH] = "the name given in HELO leads to other addresses",
		[MT_UNRESOLVABLE] = "the name given in HELO leads nowhere",
		[MT_LITERAL_MISMATCH] = "the address given in HELO is not the client's",
		[MT_NOT_FQDN] = "the name given in HELO is not a full one",
		[MT_MALFORMED] = "what was given in HELO is no name",
		[MT_OURS] = "the name or address given in HELO is ours",
		[MT_CHANGED] = "a later HELO gave another name",
		[MT_NONE] = "no HELO was given",
	};
	static const char *const history[MT_RESULTS] = {
		[MT_NEW] = "the client was never seen before",
		[MT_NEUTRAL] = "the client was seen before, and is known for neither good nor bad mail",
		[MT_GOOD] = "the client is known for good mail",
		[MT_BAD] = "the client is known for bad mail",
	};

	if ((size_t)r >= MT_RESULTS)
		return NULL;
	return f == MT_FACT_PTR ? ptr[r] : f == MT_FACT_IPREV ? iprev[r] : f == MT_FACT_HELO ? helo[r]
	    : f == MT_FACT_HISTORY ? history[r] : NULL;
}

static void
detail(struct mt_page *page, enum mt_fact_name f, const struct mt_fact *fact)
{
	const char *means = meaning(f, fact->result);
	const char *cause = f == MT_FACT_HISTORY ? memory_text(fact->result, fact->cause)
	    : cause_text(fact->cause);

	if (means != NULL)
		mt_page_wrap(page, DETAIL, mt_span_text(means));
	if (means != NULL && cause != NULL)
		mt_page_text(page, ": ");
	if (cause != NULL)
		mt_page_wrap(page, DETAIL, mt_span_text(cause));
	if (fact->msec > 0)
		mt_page_format(page, "%s(%u ms)", means == NULL && cause == NULL ? "" : " ", (unsigned)fact->msec);
	mt_page_end(page);
}

static const char *
forward_text(const struct mt_ptr_name *name)
{
	if (!name->asked)
		return "was not asked about";
	if (name->forward == MT_PASS)
		return "leads back to the client";
	if (name->forward == MT_FAIL)
		return "leads to other addresses";
	if (name->forward == MT_NONE)
		return "leads nowhere";
	if (name->forward == MT_TEMPERROR && (name->cause == MT_CAUSE_TIMEOUT || name->cause == MT_CAUSE_DEADLINE))
		return "gave no answer in time";
	return "gave no usable answer";
}

static void
names(struct mt_page *page, const struct mt_iprev *iprev)
{
	for (unsigned i = 0; i < iprev->nnames; i++) {
		mt_page_tab(page, DETAIL);
		mt_page_outside(page, iprev->names[i].name, 253);
		mt_page_text(page, " ");
		mt_page_wrap(page, DETAIL, mt_span_text(forward_text(&iprev->names[i])));
		mt_page_end(page);
	}
	if (iprev->cut) {
		mt_page_tab(page, DETAIL);
		mt_page_format(page, "more than %d names: the rest was not looked at", MT_PTR_NAMES);
		mt_page_end(page);
	}
}

/* ---- who vouches for the sender ---------------------------------------------------------- */

/* A line below the check: a name from outside, and what is said of it. */
static void
line(struct mt_page *page, struct mt_span name, const char *says, struct mt_span why)
{
	if (name.ptr == NULL && why.ptr == NULL)
		return;
	mt_page_tab(page, DETAIL);
	if (name.ptr != NULL)
		mt_page_outside(page, name, 253);
	mt_page_format(page, "%s%s", name.ptr == NULL || says[0] == '\0' ? "" : " ", says);
	if (why.ptr != NULL) {
		mt_page_text(page, name.ptr == NULL && says[0] == '\0' ? "" : ": ");
		mt_page_wrap(page, DETAIL, why);
	}
	mt_page_end(page);
}

static void
spf(struct mt_page *page, const struct mt_spf *spf)
{
	line(page, spf->domain, "", spf->why.ptr != NULL ? spf->why : spf->mechanism);
}

static void
signatures(struct mt_page *page, const struct mt_checks *checks)
{
	for (unsigned i = 0; i < checks->nsignatures; i++) {
		const struct mt_signature *s = &checks->signatures[i];

		mt_page_tab(page, DETAIL);
		mt_page_outside(page, s->domain.ptr == NULL ? MT_SPAN("(no domain)") : s->domain, 253);
		mt_page_format(page, " %s", mt_result_word(s->result));
		if (s->selector.ptr != NULL) {
			mt_page_text(page, ", selector ");
			mt_page_outside(page, s->selector, 64);
		}
		if (s->key_bits > 0)
			mt_page_format(page, ", %u bits", s->key_bits);
		if (s->testing)
			mt_page_wrap(page, DETAIL, MT_SPAN(", for testing"));
		if (s->partial)
			mt_page_wrap(page, DETAIL, MT_SPAN(", covers a part of the body"));
		if (s->why.ptr != NULL) {
			mt_page_text(page, ": ");
			mt_page_wrap(page, DETAIL, s->why);
		}
		mt_page_end(page);
	}
}

static void
seals(struct mt_page *page, const struct mt_arc *arc)
{
	char ip[MT_IP_TEXT];

	line(page, MT_ABSENT, "", arc->why);
	for (unsigned i = 0; i < arc->nsets; i++) {
		const struct mt_arc_set *set = &arc->sets[i];

		mt_page_tab(page, DETAIL);
		mt_page_format(page, "%u sealed by ", set->instance);
		mt_page_outside(page, set->sealer.ptr == NULL ? MT_SPAN("(nobody)") : set->sealer, 253);
		if (set->remote_ip.family != 0)
			mt_page_format(page, ", which saw %s", mt_ip_text(&set->remote_ip, ip));
		mt_page_end(page);
	}
}

static void
dmarc(struct mt_page *page, const struct mt_dmarc *dmarc)
{
	mt_page_tab(page, DETAIL);
	mt_page_outside(page, dmarc->domain.ptr == NULL ? MT_SPAN("(no single author)") : dmarc->domain, 253);
	if (dmarc->policy != NULL)
		mt_page_format(page, ", policy %s", dmarc->policy);
	if (dmarc->why.ptr != NULL) {
		mt_page_text(page, ": ");
		mt_page_wrap(page, DETAIL, dmarc->why);
	}
	mt_page_end(page);
}

static void
listings(struct mt_page *page, const struct mt_checks *checks)
{
	char ip[MT_IP_TEXT];

	for (size_t i = 0; i < checks->lists.count; i++) {
		const struct mt_listing *l = &checks->lists.listing[i];

		mt_page_tab(page, DETAIL);
		mt_page_outside(page, l->zone, 253);
		if (l->hop == 0)
			mt_page_text(page, " client");
		else
			mt_page_format(page, " hop %u", l->hop);
		mt_page_format(page, ": %s %s", mt_ip_text(&l->ip, ip), mt_result_word(l->result));
		for (unsigned k = 0; k < l->nnames; k++) {
			mt_page_text(page, k == 0 ? " as " : ", ");
			mt_page_outside(page, l->names[k], 64);
		}
		mt_page_end(page);
	}
}

/* What was seen of the client, and of whom it passed on mail. */
static void
history(struct mt_page *page, const struct mt_history *h)
{
	char text[MT_TIME_TEXT];

	if (h->seen == 0)
		return;
	mt_page_tab(page, DETAIL);
	mt_page_format(page, "first seen %.19sZ, ", mt_time_text(mt_time_told(h->first_sec), text));
	mt_page_format(page, "last %.19sZ", mt_time_text(mt_time_told(h->last_sec), text));
	mt_page_end(page);
	mt_page_tab(page, DETAIL);
	mt_page_format(page, "%" PRIu64 " messages, %" PRIu64 " good, %" PRIu64 " bad", h->seen, h->good, h->bad);
	mt_page_end(page);
	if (h->origins == 0)
		return;
	mt_page_tab(page, DETAIL);
	mt_page_format(page, "passed on mail of %u networks and %u senders", h->origins, h->senders);
	mt_page_wrap(page, DETAIL, MT_SPAN(" within a day"));
	mt_page_end(page);
}

/* What there is to say beyond the word. */
static void
more(struct mt_page *page, enum mt_fact_name f, const struct mt_checks *checks)
{
	if (f == MT_FACT_SPF)
		spf(page, &checks->spf_mailfrom);
	else if (f == MT_FACT_SPF_HELO)
		spf(page, &checks->spf_helo);
	else if (f == MT_FACT_DKIM)
		signatures(page, checks);
	else if (f == MT_FACT_ARC)
		seals(page, &checks->arc);
	else if (f == MT_FACT_DMARC && checks->dmarc.result != MT_SKIPPED)
		dmarc(page, &checks->dmarc);
	else if (f == MT_FACT_DNSBL)
		listings(page, checks);
	else if (f == MT_FACT_HISTORY)
		history(page, &checks->history);
}

void
mt_text_checks(struct mt_page *page, const struct mt_trace *trace)
{
	const struct mt_fact *fact = trace->facts.fact;
	const struct mt_peer *peer = trace->peer;
	char ip[MT_IP_TEXT];

	if (peer == NULL || peer->ip.family == 0)
		mt_page_text(page, peer != NULL && peer->local ? "handed over on this machine" : "no client is known");
	else
		mt_page_text(page, mt_ip_text(&peer->ip, ip));
	mt_page_end(page);
	for (unsigned f = 0; f < MT_FACTS; f++) {
		bool main = f == MT_FACT_PTR || f == MT_FACT_IPREV || f == MT_FACT_HELO;

		if (!main && fact[f].result == MT_UNKNOWN)
			continue;
		state(page, mt_fact_word((enum mt_fact_name)f), fact[f].result, fact[f].cause);
		detail(page, (enum mt_fact_name)f, &fact[f]);
		if (f == MT_FACT_IPREV && peer != NULL)
			names(page, &peer->iprev);
		more(page, (enum mt_fact_name)f, &trace->checks);
	}
}
