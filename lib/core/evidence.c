/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of evidence: what a fact means, how strong that is, and on what ground.
 * Reads the trace only; a row that finds something writes one sentence. */
#include "lib/core/evidence.h"

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/date.h"
#include "lib/core/trace.h"

#define VALUE_MOST 80			/* bytes of one value in a sentence */

struct row {
	struct mt_evidence_about about;
	/* Finds the next one below *hop (0: from the top), writes the sentence, sets *hop;
	 * what is not about a hop leaves it alone. */
	bool (*find)(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop);
	uint32_t facts;
};

static enum mt_result
result(const struct mt_trace *trace, enum mt_fact_name fact)
{
	return trace->facts.fact[fact].result;
}

static void
add_value(struct mt_buf *text, struct mt_span value)
{
	if (value.len > VALUE_MOST)
		value.len = VALUE_MOST;
	mt_buf_escape(text, value, "\\");
}

static void
add_ip(struct mt_buf *text, const struct mt_ip *ip)
{
	char form[MT_IP_TEXT];

	mt_buf_text(text, mt_ip_text(ip, form));
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
	add_ip(text, &trace->peer->ip);
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
	add_ip(text, &trace->peer->ip);
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
	add_ip(text, &trace->peer->ip);
	mt_buf_text(text, " is no domain name");
	return true;
}

static bool
iprev_fail(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_IPREV) != MT_FAIL)
		return false;
	add_ip(text, &trace->peer->ip);
	mt_buf_text(text, " is named ");
	add_value(text, mt_iprev_name(&trace->peer->iprev));
	mt_buf_text(text, ", which does not lead back to it");
	return true;
}

static bool
iprev_temperror(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (result(trace, MT_FACT_IPREV) != MT_TEMPERROR || result(trace, MT_FACT_PTR) != MT_PASS)
		return false;
	add_value(text, mt_iprev_name(&trace->peer->iprev));
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
	add_value(text, trace->peer->helo.name);
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
	add_ip(text, &helo->addresses[0]);
	if (helo->naddresses > 1)
		mt_buf_format(text, " and %u more", helo->naddresses - 1);
	mt_buf_text(text, ", not ");
	add_ip(text, &trace->peer->ip);
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
	add_ip(text, &trace->peer->ip);
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
	add_ip(text, &trace->peer->ip);
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
	add_value(text, trace->peer->helo.changed_from);
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

/* ---- the path ------------------------------------------------------------------------------- */

/* The next hop with a mark below hop n (0: from the newest), or NULL. */
static const struct mt_hop *
marked(const struct mt_trace *trace, enum mt_hop_flag flag, unsigned n)
{
	for (size_t i = n == 0 ? trace->nhops : n - 1; i-- > 0;)
		if ((trace->hops[i].flags >> flag & 1) != 0)
			return &trace->hops[i];
	return NULL;
}

/* The same among the hops that were found to be forged; the sentence begins with it. */
static const struct mt_hop *
forged(const struct mt_trace *trace, enum mt_hop_flag flag, struct mt_buf *text, unsigned *hop)
{
	for (size_t i = *hop == 0 ? trace->nhops : *hop - 1; i-- > 0;) {
		const struct mt_hop *found = &trace->hops[i];

		if (!found->forged || (found->flags >> flag & 1) == 0)
			continue;
		*hop = found->n;
		mt_buf_format(text, "hop %u ", found->n);
		return found;
	}
	return NULL;
}

static bool
forged_word(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_ODD_WORD, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "came \"with ");
	add_value(text, found->with);
	mt_buf_text(text, "\", which no server writes of such a client");
	return true;
}

static bool
forged_clock(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_QUEUE_CLOCK, text, hop);
	char date[MT_DATE_TEXT];

	if (found == NULL)
		return false;
	mt_buf_text(text, "has the id ");
	add_value(text, found->id);
	mt_buf_format(text, ", which holds another time than its date %s", mt_date_text(&found->date, date));
	return true;
}

static bool
forged_ip(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	if (forged(trace, MT_HOP_IMPOSSIBLE_IP, text, hop) == NULL)
		return false;
	mt_buf_text(text, "shows as an address what cannot be one");
	return true;
}

static bool
forged_our_name(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_OUR_NAME, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "is said to be written by ");
	add_value(text, found->by);
	mt_buf_text(text, ", which is ours, and we did not pass it on");
	return true;
}

static bool
forged_by(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_ALIEN_BY, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "is said to be written by ");
	add_value(text, found->by);
	mt_buf_text(text, ", which is not what the newer hop saw, or only somebody's line");
	return true;
}

static bool
forged_stale(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	if (forged(trace, MT_HOP_STALE, text, hop) == NULL)
		return false;
	mt_buf_text(text, "is dated more than a day before the newer one");
	return true;
}

static bool
forged_form(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_NO_ID_NO_FOR, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "has neither id nor for");
	if ((found->flags >> MT_HOP_DATE_ODD & 1) != 0)
		mt_buf_text(text, ", and a date in a form that is not a server's");
	return true;
}

static bool
forged_beside(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	if (forged(trace, MT_HOP_BESIDE_FORGED, text, hop) == NULL)
		return false;
	mt_buf_text(text, "came together with a forged line, and from no better source");
	return true;
}

static bool
chain_future(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = marked(trace, MT_HOP_FUTURE, *hop);

	if (found == NULL)
		return false;
	*hop = found->n;
	mt_buf_format(text, "hop %u is dated more than ten minutes after our own clock", found->n);
	return true;
}

static bool
chain_backwards(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = marked(trace, MT_HOP_BACKWARDS, *hop);

	if (found == NULL)
		return false;
	*hop = found->n;
	mt_buf_format(text, "hop %u is dated more than five minutes after the newer hop above it", found->n);
	return true;
}

/* One for each host: at its newest line. */
static bool
chain_skew(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	for (size_t i = *hop == 0 ? trace->nhops : *hop - 1; i-- > 0;) {
		const struct mt_hop *found = &trace->hops[i];
		size_t newer = i + 1;

		while (newer < trace->nhops && !mt_name_same(trace->hops[newer].by, found->by))
			newer++;
		if (found->skew_sec == 0 || newer < trace->nhops)
			continue;
		*hop = found->n;
		mt_buf_format(text, "the clock of ");
		add_value(text, found->by);
		mt_buf_format(text, ", which wrote hop %u, is about %lld s %s", found->n,
		    (long long)(found->skew_sec < 0 ? -found->skew_sec : found->skew_sec),
		    found->skew_sec < 0 ? "behind" : "ahead");
		return true;
	}
	return false;
}

/* The hop of the path that saw this address as its client, or 0. */
static unsigned
seen_at(const struct mt_trace *trace, const struct mt_ip *ip)
{
	for (size_t i = 0; i < trace->nhops; i++)
		if (mt_ip_equal(&trace->hops[i].from.ip, ip))
			return trace->hops[i].n;
	return 0;
}

static bool
origin_claim(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	for (size_t i = 0; i < trace->nclaims; i++) {
		unsigned seen = seen_at(trace, &trace->claims[i].ip);

		mt_buf_format(text, "%s%s says ", i == 0 ? "" : "; ", trace->claims[i].name);
		add_ip(text, &trace->claims[i].ip);
		if (seen != 0)
			mt_buf_format(text, ", as hop %u does", seen);
	}
	return trace->nclaims > 0;
}

static bool
chain_unparsed(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	for (size_t i = *hop == 0 ? trace->nhops : *hop - 1; i-- > 0;) {
		/* Before the chain is built the hops have no numbers. */
		if (trace->hops[i].kind != MT_HOP_UNPARSED || trace->hops[i].n == 0)
			continue;
		*hop = trace->hops[i].n;
		mt_buf_format(text, "the Received field of hop %u cannot be read", *hop);
		return true;
	}
	return false;
}

static bool
chain_truncated(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	(void)hop;
	if (!trace->truncated && !trace->arena.full)
		return false;
	mt_buf_text(text, "the header is longer than what is read of it");
	return true;
}

#define FACT(f) (UINT32_C(1) << MT_FACT_##f)

static const struct row rows[] = {
	{ { "iprev.fail", MT_STRONG, "The address has names, and none of them leads back to it.",
	    "RFC 8601, 3; RFC 1912, 2.1" }, iprev_fail, FACT(PTR) | FACT(IPREV) },
	{ { "helo.mismatch", MT_STRONG, "The name that the client gave in HELO or EHLO belongs to another address. "
	    "A server must not refuse mail for this alone.", "RFC 5321, 4.1.1.1 and 4.1.4" }, helo_mismatch, FACT(HELO) },
	{ { "helo.ours", MT_STRONG, "A client that is not ours calls itself by our own name or address.",
	    "RFC 5321, 4.1.1.1" }, helo_ours, FACT(HELO) },
	{ { "ptr.temperror", MT_MEDIUM, "The name server of the address does not answer. It may again; this is not "
	    "\"no name\" and not \"wrong name\".", "RFC 8601, 2.7.3" }, ptr_temperror, FACT(PTR) },
	{ { "ptr.none", MT_MEDIUM, "The address has no name in DNS.", "RFC 1912, 2.1; RFC 8601, 3" }, ptr_none,
	    FACT(PTR) },
	{ { "ptr.permerror", MT_WEAK, "What the reverse zone holds as a name cannot be one.", "RFC 1035, 2.3.1" },
	    ptr_permerror, FACT(PTR) },
	{ { "iprev.temperror", MT_MEDIUM, "The address has a name, and whether it leads back is not known now.",
	    "RFC 8601, 2.7.3" }, iprev_temperror, FACT(PTR) | FACT(IPREV) },
	{ { "helo.unresolvable", MT_MEDIUM, "The HELO name has no address.", "RFC 5321, 2.3.5" }, helo_unresolvable,
	    FACT(HELO) },
	{ { "helo.literal-mismatch", MT_MEDIUM, "The client gave an address literal that is not its own address.",
	    "RFC 5321, 4.1.3" }, helo_literal, FACT(HELO) },
	{ { "helo.malformed", MT_MEDIUM, "The HELO argument is neither a host name nor an address literal.",
	    "RFC 5321, 4.1.1.1" }, helo_malformed, FACT(HELO) },
	{ { "helo.changed", MT_MEDIUM, "The client gave another name on the same connection without STARTTLS between.",
	    "RFC 5321, 4.1.4" }, helo_changed, FACT(HELO) },
	{ { "helo.none", MT_MEDIUM, "The client sent mail without HELO or EHLO.", "RFC 5321, 4.1.1.1" }, helo_none,
	    FACT(HELO) },
	{ { "helo.temperror", MT_WEAK, "The HELO name could not be resolved for a temporary reason.",
	    "RFC 5321, 4.1.4" }, helo_temperror, FACT(HELO) },
	{ { "helo.not-fqdn", MT_WEAK, "The HELO name has no domain.", "RFC 5321, 2.3.5" }, helo_not_fqdn, FACT(HELO) },
	{ { "forged.queue-clock", MT_STRONG, "The clock inside a queue id of Sendmail, Exim or Postfix contradicts the date "
	    "of its own line.", "measured: 0 of 11,578 real hops" }, forged_clock, FACT(CHAIN) },
	{ { "forged.word", MT_STRONG, "A protocol word that no server writes where it stands (NNFMP, QMQP, local, asmtp ...).",
	    "measured: 0 of 653 real hops, 20 of 50 forged ones" }, forged_word, FACT(CHAIN) },
	{ { "forged.address", MT_STRONG, "What stands in the place of an address cannot be one.", "RFC 5321, 4.1.3" },
	    forged_ip, FACT(CHAIN) },
	{ { "forged.our-name", MT_STRONG, "A line below the boundary bears our own name or address, and its client was "
	    "not us.", "RFC 5321, 4.4" }, forged_our_name, FACT(CHAIN) },
	{ { "forged.by", MT_MEDIUM, "A line says that it was written by an address that the newer server did not see, or by "
	    "a dial-up line.", "RFC 5321, 4.4" }, forged_by, FACT(CHAIN) },
	{ { "forged.stale", MT_MEDIUM, "A line, forged by other signs too, is more than a day older than the newer one.",
	    "measured: 7 of 677 real pairs, so never by itself" }, forged_stale, FACT(CHAIN) },
	{ { "forged.form", MT_MEDIUM, "A line, forged by other signs too, has no id and no for in a form that has them.",
	    "measured: 65 of 653 real hops, 44 of 50 forged ones, so never by itself" }, forged_form, FACT(CHAIN) },
	{ { "forged.beside", MT_MEDIUM, "Forged lines come in a block: what lies below one came from the same hand.",
	    "RFC 5321, 4.4: a server adds its line at the top" }, forged_beside, FACT(CHAIN) },
	{ { "chain.truncated", MT_MEDIUM, "The header is over a bound; what is beyond it was not read.",
	    "200 Received fields, 1 MiB of header" }, chain_truncated, FACT(CHAIN) },
	{ { "chain.future", MT_WEAK, "A Received field is dated later than now.",
	    "measured: up to 0.03 % of real hops, by wrong clocks" }, chain_future, FACT(CHAIN) },
	{ { "chain.backwards", MT_WEAK, "A hop is dated later than the newer one above it, beyond what clocks differ.",
	    "measured: 0.03-0.08 % of pairs of hops since 2022, 2-4 % in 2002" }, chain_backwards, FACT(CHAIN) },
	{ { "chain.skew", MT_WEAK, "The dates before and after a host fit each other and not its own: its clock is wrong by a "
	    "constant offset, and time that runs backwards there is no sign of anything.",
	    "the offset lies between minus the delay behind it and the delay before it" }, chain_skew, FACT(CHAIN) },
	{ { "origin.claim", MT_WEAK, "A field of one line names the address of the author.  Anybody can write it; it never "
	    "moves the origin.", "no specification; web mail and providers write it" }, origin_claim, 0 },
	{ { "chain.unparsed", MT_WEAK, "A Received field has no form that is known.", "RFC 5321, 4.4" },
	    chain_unparsed, FACT(CHAIN) },
};

const struct mt_evidence_about *
mt_evidence_about(size_t i)
{
	return i < sizeof rows / sizeof *rows ? &rows[i].about : NULL;
}

/* All that one row finds: once, or once for each hop below the last one. */
static void
run_row(struct mt_trace *trace, const struct row *row)
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
	trace->nevidence = 0;
	for (int strength = MT_STRENGTHS - 1; strength >= 0; strength--)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if ((int)rows[i].about.strength == strength)
				run_row(trace, &rows[i]);
}
