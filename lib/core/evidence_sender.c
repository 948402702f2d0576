/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of evidence about who vouches for the sender: SPF, DKIM, ARC, DMARC, lists, and
 * the relay.  Reads the trace only. */
#include "lib/base/ip.h"
#include "lib/core/evidence_row.h"

static void
add(struct mt_buf *text, const char *before, struct mt_span value, const char *after)
{
	mt_buf_text(text, before);
	mt_evidence_value(text, value);
	mt_buf_text(text, after);
}

static void
add_ip(struct mt_buf *text, const char *before, const struct mt_ip *ip, const char *after)
{
	char form[MT_IP_TEXT];

	add(text, before, mt_span_text(mt_ip_text(ip, form)), after);
}

static void
add_cause(struct mt_buf *text, enum mt_cause cause)
{
	if (cause != MT_CAUSE_NONE)
		mt_buf_format(text, " (%s)", mt_cause_word(cause));
}

/* ---- SPF -------------------------------------------------------------------------------------- */

/* Of MAIL FROM; where that is the null sender it is the HELO name's. */
static bool
spf_is(const struct mt_trace *trace, enum mt_result word)
{
	return trace->checks.spf_mailfrom.result == word;
}

static bool
spf_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!spf_is(trace, MT_FAIL))
		return false;
	add_ip(text, "", &trace->peer->ip, " is not allowed to send for ");
	add(text, "", trace->checks.spf_mailfrom.domain, "");
	add(text, " (", trace->checks.spf_mailfrom.mechanism, ")");
	return true;
}

static bool
spf_softfail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!spf_is(trace, MT_SOFTFAIL))
		return false;
	add_ip(text, "", &trace->peer->ip, " is probably not allowed to send for ");
	add(text, "", trace->checks.spf_mailfrom.domain, "");
	return true;
}

static bool
spf_permerror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!spf_is(trace, MT_PERMERROR))
		return false;
	add(text, "the SPF record of ", trace->checks.spf_mailfrom.domain, " cannot be used");
	if (trace->checks.spf_mailfrom.why.ptr != NULL)
		add(text, ": ", trace->checks.spf_mailfrom.why, "");
	return true;
}

static bool
spf_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!spf_is(trace, MT_TEMPERROR))
		return false;
	add(text, "what ", trace->checks.spf_mailfrom.domain, " allows cannot be known now");
	add_cause(text, trace->checks.spf_mailfrom.cause);
	return true;
}

/* ---- signatures and seals ----------------------------------------------------------------------- */

static bool
signature_is(const struct mt_trace *trace, enum mt_result word, struct mt_buf *text, const char *says)
{
	const struct mt_checks *checks = &trace->checks;
	bool some = false;

	if (checks->dkim.result == MT_PASS)
		return false;
	for (unsigned i = 0; i < checks->nsignatures; i++) {
		if (checks->signatures[i].result != word)
			continue;
		add(text, some ? ", " : "the signature of ", checks->signatures[i].domain, "");
		if (!some && checks->signatures[i].why.ptr != NULL)
			add(text, " (", checks->signatures[i].why, ")");
		some = true;
	}
	if (some)
		mt_buf_text(text, says);
	return some;
}

static bool
dkim_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	return signature_is(trace, MT_FAIL, text, " does not fit the message");
}

static bool
dkim_permerror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	return signature_is(trace, MT_PERMERROR, text, " cannot be verified");
}

static bool
dkim_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	return signature_is(trace, MT_TEMPERROR, text, " cannot be verified now");
}

static bool
arc_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (trace->checks.arc.result != MT_FAIL)
		return false;
	if (trace->checks.arc.nsets > 0)
		mt_buf_format(text, "the chain of %u seals is broken", trace->checks.arc.nsets);
	else
		mt_buf_text(text, "the ARC fields form no chain");
	if (trace->checks.arc.why.ptr != NULL)
		add(text, ": ", trace->checks.arc.why, "");
	return true;
}

static bool
dmarc_is(const struct mt_trace *trace, enum mt_result word, bool enforced)
{
	const struct mt_dmarc *dmarc = &trace->checks.dmarc;

	return dmarc->result == word &&
	    enforced == (dmarc->policy != NULL && strcmp(dmarc->policy, "none") != 0);
}

static bool
dmarc_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!dmarc_is(trace, MT_FAIL, true))
		return false;
	add(text, "neither SPF nor DKIM speak for the author's domain ", trace->checks.dmarc.domain,
	    ", whose owner asks for: ");
	mt_buf_text(text, trace->checks.dmarc.policy);
	return true;
}

static bool
dmarc_none(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!dmarc_is(trace, MT_FAIL, false))
		return false;
	add(text, "neither SPF nor DKIM speak for the author's domain ", trace->checks.dmarc.domain, "");
	return true;
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static bool
listed(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_checks *checks = &trace->checks;
	bool some = false;

	(void)hop;
	for (size_t i = 0; i < checks->lists.count; i++) {
		const struct mt_listing *l = &checks->lists.listing[i];

		if (l->result != MT_LISTED || l->allow)
			continue;
		add_ip(text, some ? "; " : "", &l->ip, " is listed by ");
		add(text, "", l->zone, "");
		for (unsigned k = 0; k < l->nnames; k++)
			add(text, k == 0 ? " as " : ", ", l->names[k], "");
		some = true;
	}
	return some;
}

static bool
list_trouble(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_checks *checks = &trace->checks;
	bool some = false;

	(void)hop;
	for (size_t i = 0; i < checks->lists.count; i++) {
		const struct mt_listing *l = &checks->lists.listing[i];

		if (l->result != MT_TEMPERROR && l->result != MT_REFUSED && l->result != MT_DEAD)
			continue;
		add(text, some ? ", " : "no usable answer from ", l->zone, "");
		mt_buf_format(text, " (%s)", mt_result_word(l->result));
		some = true;
	}
	return some;
}

/* ---- the relay -------------------------------------------------------------------------------------- */

/* The steps that hold, as the sentence of the verdict. */
static bool
relay_is(const struct mt_trace *trace, enum mt_result grade, struct mt_buf *text, unsigned *hop)
{
	const struct mt_relay *relay = &trace->relay;
	bool some = false;

	if (trace->facts.fact[MT_FACT_RELAY].result != grade)
		return false;
	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		if (relay->findings[i].holds != MT_YES && relay->findings[i].holds != MT_TEMPERROR)
			continue;
		mt_buf_text(text, some ? "; " : "");
		mt_buf_add(text, relay->findings[i].text);
		some = true;
	}
	if (relay->hop != 0 && (*hop == 0 || relay->hop < *hop))
		*hop = relay->hop;
	else if (*hop != 0)
		return false;
	return some;
}

static bool
relay_open(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	return relay_is(trace, MT_OPEN, text, hop);
}

static bool
relay_suspect(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	return relay_is(trace, MT_SUSPECT, text, hop);
}

static bool
relay_unattested(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	return relay_is(trace, MT_UNATTESTED, text, hop);
}

static bool
relay_listed(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	return relay_is(trace, MT_LISTED, text, hop);
}

#define FACT(f) MT_EVIDENCE_FACT(f)

static const struct mt_evidence_row rows[] = {
	{ { "relay.open", MT_STRONG, "The server passed on what an outsider sent to somebody whom it does not serve, nothing "
	    "excuses it, and it is known for it.", "RFC 5321, 3.6.2 and 7.9; RFC 2505, 2.1" }, relay_open, FACT(RELAY) },
	{ { "relay.suspect", MT_MEDIUM, "The same, and this host has seen it do so for several unrelated networks and "
	    "senders.", "RFC 2505, 2.1" }, relay_suspect, FACT(RELAY) | FACT(HISTORY) },
	{ { "relay.listed", MT_MEDIUM, "A list names the server as a relay; this message itself does not show it, or is "
	    "excused by nothing but a mark that anybody can write.", "RFC 5782" }, relay_listed, FACT(RELAY) | FACT(DNSBL) },
	{ { "relay.unattested", MT_WEAK, "The server passed on what an outsider sent, and nothing tells why it did. Many "
	    "servers have reasons that leave no mark.", "RFC 2505, 2.1" }, relay_unattested, FACT(RELAY) },
	{ { "dmarc.fail", MT_MEDIUM, "The domain in From asks that mail be refused or set aside that neither SPF nor DKIM "
	    "ties to it. Lists and forwarders break both.", "RFC 7489, 3.1 and 6.6.2" }, dmarc_fail,
	    FACT(DMARC) | FACT(SPF) | FACT(DKIM) },
	{ { "dmarc.unaligned", MT_WEAK, "Neither SPF nor DKIM tie the message to the domain in From, whose owner asks for "
	    "reports only.", "RFC 7489, 3.1" }, dmarc_none, FACT(DMARC) | FACT(SPF) | FACT(DKIM) },
	{ { "spf.fail", MT_MEDIUM, "The owner of the sender's domain says that this client does not send for him. A "
	    "forwarder looks the same.", "RFC 7208, 2.6.4 and 8.4" }, spf_fail, FACT(SPF) },
	{ { "spf.softfail", MT_WEAK, "The owner of the sender's domain says that this client probably does not send for him.",
	    "RFC 7208, 2.6.5" }, spf_softfail, FACT(SPF) },
	{ { "spf.permerror", MT_WEAK, "The SPF record of the sender's domain is wrong.", "RFC 7208, 2.6.7" }, spf_permerror,
	    FACT(SPF) },
	{ { "spf.temperror", MT_WEAK, "The SPF policy could not be had for a temporary reason.", "RFC 7208, 2.6.6" },
	    spf_temperror, FACT(SPF) },
	{ { "dkim.fail", MT_MEDIUM, "A signature does not fit the message, and no other one does: it was changed on its way, "
	    "or never signed by that domain.", "RFC 6376, 6.1" }, dkim_fail, FACT(DKIM) },
	{ { "dkim.permerror", MT_WEAK, "A signature or its key cannot be used.", "RFC 8601, 2.7.1" }, dkim_permerror,
	    FACT(DKIM) },
	{ { "dkim.temperror", MT_WEAK, "The key of a signature could not be had for a temporary reason.", "RFC 8601, 2.7.1" },
	    dkim_temperror, FACT(DKIM) },
	{ { "arc.fail", MT_WEAK, "The seals of the message do not form a valid chain.", "RFC 8617, 5.2" }, arc_fail, FACT(ARC) },
	{ { "dnsbl.listed", MT_MEDIUM, "A list that you ask names an address of the path.", "RFC 5782, 2.1" }, listed,
	    FACT(DNSBL) },
	{ { "dnsbl.trouble", MT_WEAK, "A list gave no usable answer; this says nothing about the address.",
	    "RFC 5782, 5" }, list_trouble, FACT(DNSBL) },
};

const struct mt_evidence_row *
mt_evidence_sender_rows(size_t *count)
{
	*count = sizeof rows / sizeof *rows;
	return rows;
}
