/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of evidence: what a fact means, how strong that is, and on what ground.
 * Reads the trace only; a row that finds something writes one sentence. */
#include "lib/core/evidence.h"

#include "lib/core/evidence_row.h"
#include "lib/core/generic.h"

static enum mt_result
result(const struct mt_trace *trace, enum mt_fact_name fact)
{
	return trace->facts.fact[fact].result;
}

static void
add_cause(struct mt_buf *text, enum mt_cause cause)
{
	if (cause != MT_CAUSE_NONE)
		mt_buf_format(text, " (%s)", mt_cause_word(cause));
}

/* ---- reverse DNS ------------------------------------------------------------------------ */

static bool
ptr_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_PTR) != MT_TEMPERROR)
		return false;
	mt_buf_text(text, "no answer about the name of ");
	mt_evidence_ip(text, &trace->peer->ip);
	add_cause(text, trace->facts.fact[MT_FACT_PTR].cause);
	mt_buf_text(text, ": neither that there is none, nor that it is wrong");
	return true;
}

static bool
ptr_none(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_PTR) != MT_NONE)
		return false;
	mt_evidence_ip(text, &trace->peer->ip);
	mt_buf_text(text, " has no name");
	add_cause(text, trace->facts.fact[MT_FACT_PTR].cause);
	return true;
}

static bool
ptr_permerror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_PTR) != MT_PERMERROR)
		return false;
	mt_buf_text(text, "what stands as the name of ");
	mt_evidence_ip(text, &trace->peer->ip);
	mt_buf_text(text, " is no domain name");
	return true;
}

static bool
iprev_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_IPREV) != MT_FAIL)
		return false;
	mt_evidence_ip(text, &trace->peer->ip);
	mt_buf_text(text, " is named ");
	mt_evidence_value(text, mt_iprev_name(&trace->peer->iprev));
	mt_buf_text(text, ", which does not lead back to it");
	return true;
}

static bool
ptr_generic(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_peer *peer = trace->peer;
	struct mt_span name = mt_iprev_name(&peer->iprev);
	enum mt_generic generic;

	(void)hop;
	if (result(trace, MT_FACT_PTR) != MT_PASS || name.ptr == NULL)
		return false;
	generic = mt_generic_name(name, &peer->ip);
	if (generic == MT_GENERIC_NO)
		return false;
	mt_evidence_value(text, name);
	mt_buf_text(text, generic == MT_GENERIC_ADDRESS ? " bears the address that it is the name of"
	    : " is a name that providers give to lines of customers");
	return true;
}

static bool
iprev_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_IPREV) != MT_TEMPERROR || result(trace, MT_FACT_PTR) != MT_PASS)
		return false;
	mt_evidence_value(text, mt_iprev_name(&trace->peer->iprev));
	mt_buf_text(text, " cannot be resolved now");
	add_cause(text, trace->facts.fact[MT_FACT_IPREV].cause);
	return true;
}

/* ---- HELO --------------------------------------------------------------------------------- */

/* The HELO name, for a sentence that begins with it. */
static bool
helo_is(const struct mt_trace *trace, enum mt_result word, struct mt_buf *text)
{
	if (result(trace, MT_FACT_HELO) != word)
		return false;
	mt_evidence_value(text, trace->peer->helo.name);
	return true;
}

static bool
helo_mismatch(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_helo *helo = &trace->peer->helo;

	(void)hop;
	if (!helo_is(trace, MT_MISMATCH, text))
		return false;
	mt_buf_text(text, " is ");
	mt_evidence_ip(text, &helo->addresses[0]);
	if (helo->naddresses > 1)
		mt_buf_format(text, " and %u more", helo->naddresses - 1);
	mt_buf_text(text, ", not ");
	mt_evidence_ip(text, &trace->peer->ip);
	return true;
}

static bool
helo_unresolvable(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_UNRESOLVABLE, text))
		return false;
	mt_buf_text(text, " has no address");
	return true;
}

static bool
helo_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_TEMPERROR, text))
		return false;
	mt_buf_text(text, " cannot be resolved now");
	add_cause(text, trace->facts.fact[MT_FACT_HELO].cause);
	return true;
}

static bool
helo_literal(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_LITERAL_MISMATCH, text))
		return false;
	mt_buf_text(text, " is not ");
	mt_evidence_ip(text, &trace->peer->ip);
	return true;
}

static bool
helo_not_fqdn(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_NOT_FQDN, text))
		return false;
	mt_buf_text(text, " is not a fully qualified name");
	return true;
}

static bool
helo_malformed(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_MALFORMED, text))
		return false;
	mt_buf_text(text, trace->peer->helo.name.len == 0 ? "the HELO name is empty"
	    : " is no host name and no address literal");
	return true;
}

static bool
helo_ours(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_OURS, text))
		return false;
	mt_buf_text(text, " is our own name or address, and ");
	mt_evidence_ip(text, &trace->peer->ip);
	mt_buf_text(text, " is not one of ours");
	return true;
}

static bool
helo_changed(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!helo_is(trace, MT_CHANGED, text))
		return false;
	mt_buf_text(text, " was ");
	mt_evidence_value(text, trace->peer->helo.changed_from);
	mt_buf_text(text, " before, without STARTTLS between");
	return true;
}

static bool
helo_none(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_HELO) != MT_NONE)
		return false;
	mt_buf_text(text, "the client did not say its name");
	return true;
}

static const struct mt_evidence_row rows[] = {
	{ { "iprev.fail", MT_STRONG, "The address has names, and none of them leads back to it.",
	    "RFC 8601, 3; RFC 1912, 2.1" }, iprev_fail, MT_EVIDENCE_FACT(PTR) | MT_EVIDENCE_FACT(IPREV) },
	{ { "helo.mismatch", MT_STRONG, "The name that the client gave in HELO or EHLO belongs to another address. "
	    "A server must not refuse mail for this alone.", "RFC 5321, 4.1.1.1 and 4.1.4" },
	    helo_mismatch, MT_EVIDENCE_FACT(HELO) },
	{ { "helo.ours", MT_STRONG, "A client that is not ours calls itself by our own name or address.",
	    "RFC 5321, 4.1.1.1" }, helo_ours, MT_EVIDENCE_FACT(HELO) },
	{ { "ptr.temperror", MT_MEDIUM, "The name server of the address does not answer. It may again; this is not "
	    "\"no name\" and not \"wrong name\".", "RFC 8601, 2.7.3" }, ptr_temperror, MT_EVIDENCE_FACT(PTR) },
	{ { "ptr.none", MT_MEDIUM, "The address has no name in DNS.", "RFC 1912, 2.1; RFC 8601, 3" }, ptr_none,
	    MT_EVIDENCE_FACT(PTR) },
	{ { "ptr.permerror", MT_WEAK, "What the reverse zone holds as a name cannot be one.", "RFC 1035, 2.3.1" },
	    ptr_permerror, MT_EVIDENCE_FACT(PTR) },
	{ { "ptr.generic", MT_WEAK, "The name of the address was made by a rule, for a line of a customer; a mail server has "
	    "one that somebody chose.", "no standard; names that providers use" }, ptr_generic, MT_EVIDENCE_FACT(PTR) },
	{ { "iprev.temperror", MT_MEDIUM, "The address has a name, and whether it leads back is not known now.",
	    "RFC 8601, 2.7.3" }, iprev_temperror, MT_EVIDENCE_FACT(PTR) | MT_EVIDENCE_FACT(IPREV) },
	{ { "helo.unresolvable", MT_MEDIUM, "The HELO name has no address.", "RFC 5321, 2.3.5" }, helo_unresolvable,
	    MT_EVIDENCE_FACT(HELO) },
	{ { "helo.literal-mismatch", MT_MEDIUM, "The client gave an address literal that is not its own address.",
	    "RFC 5321, 4.1.3" }, helo_literal, MT_EVIDENCE_FACT(HELO) },
	{ { "helo.malformed", MT_MEDIUM, "The HELO argument is neither a host name nor an address literal.",
	    "RFC 5321, 4.1.1.1" }, helo_malformed, MT_EVIDENCE_FACT(HELO) },
	{ { "helo.changed", MT_MEDIUM, "The client gave another name on the same connection without STARTTLS between.",
	    "RFC 5321, 4.1.4" }, helo_changed, MT_EVIDENCE_FACT(HELO) },
	{ { "helo.none", MT_MEDIUM, "The client sent mail without HELO or EHLO.", "RFC 5321, 4.1.1.1" }, helo_none,
	    MT_EVIDENCE_FACT(HELO) },
	{ { "helo.temperror", MT_WEAK, "The HELO name could not be resolved for a temporary reason.",
	    "RFC 5321, 4.1.4" }, helo_temperror, MT_EVIDENCE_FACT(HELO) },
	{ { "helo.not-fqdn", MT_WEAK, "The HELO name has no domain.", "RFC 5321, 2.3.5" },
	    helo_not_fqdn, MT_EVIDENCE_FACT(HELO) },
};

/* The parts of the table, one behind the other. */
static const struct mt_evidence_row *
row_at(size_t i)
{
	static const struct mt_evidence_row *(*const parts[])(size_t *) = { mt_evidence_path_rows,
		mt_evidence_sender_rows };
	const struct mt_evidence_row *part = rows;
	size_t count = sizeof rows / sizeof *rows;

	for (size_t p = 0; i >= count && p < sizeof parts / sizeof *parts; p++) {
		i -= count;
		part = parts[p](&count);
	}
	return i < count ? &part[i] : NULL;
}

const struct mt_evidence_about *
mt_evidence_about(size_t i)
{
	const struct mt_evidence_row *row = row_at(i);

	return row == NULL ? NULL : &row->about;
}

/* All that one row finds: once, or once for each hop below the last one. */
static void
run_row(struct mt_trace *trace, const struct mt_evidence_row *row)
{
	unsigned hop = 0, before;

	do {
		struct mt_buf text;

		before = hop;
		mt_buf_init(&text, &trace->arena, 0);
		if (trace->nevidence == MT_EVIDENCE_MOST || !row->find(trace, &text, &hop))
			return;
		trace->evidence[trace->nevidence++] = (struct mt_evidence){ .code = row->about.code,
			.strength = row->about.strength, .text = mt_buf_span(&text), .hop = hop, .facts = row->facts };
	} while (hop != before && hop > 1);
}

void
mt_evidence_find(struct mt_trace *trace)
{
	const struct mt_evidence_row *row;

	trace->nevidence = 0;
	for (int strength = MT_STRENGTHS - 1; strength >= 0; strength--)
		for (size_t i = 0; (row = row_at(i)) != NULL; i++)
			if ((int)row->about.strength == strength)
				run_row(trace, row);
}
