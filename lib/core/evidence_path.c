/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the table of evidence that is about the path: which hop, and the bytes of it that
 * a finding rests on. */
#include "lib/core/evidence_row.h"

#include "lib/base/name.h"
#include "lib/core/date.h"
#include "lib/core/queueid.h"
#include "lib/core/received_scan.h"

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

/* The bytes that a finding rests on, as they stand in the line but for folds. */
static void
add_bytes(struct mt_buf *text, const char *before, struct mt_span bytes)
{
	struct mt_span word;
	size_t room = MT_EVIDENCE_VALUE;

	mt_buf_text(text, before);
	mt_buf_char(text, '"');
	for (const char *space = ""; room > 0 && (word = mt_scan_word(&bytes)).ptr != NULL; space = " ") {
		word.len = word.len < room ? word.len : room;
		room -= word.len;
		mt_buf_text(text, space);
		mt_buf_escape(text, word, "\\");
	}
	mt_buf_char(text, '"');
}

/* The date as it stands there: behind the last semicolon. */
static struct mt_span
date_bytes(const struct mt_hop *hop)
{
	const char *last = hop->raw.len == 0 ? NULL : memrchr(hop->raw.ptr, ';', hop->raw.len);

	return last == NULL ? hop->raw : mt_span_between(last + 1, hop->raw.ptr + hop->raw.len);
}

static bool
forged_word(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_ODD_WORD, text, hop);

	if (found == NULL)
		return false;
	add_bytes(text, "came \"with\" ", found->with);
	mt_buf_text(text, ", which no server writes of such a client");
	return true;
}

static bool
forged_clock(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_QUEUE_CLOCK, text, hop);
	char date[MT_DATE_TEXT];
	int64_t unix_sec;

	if (found == NULL)
		return false;
	add_bytes(text, "has the id ", found->id);
	if (mt_queueid_time(&unix_sec, found, found->date.unix_sec)) {
		struct mt_date held = { .known = true, .zone_known = true, .unix_sec = unix_sec };

		mt_buf_format(text, ", given at %s by its clock", mt_date_text(&held, date));
	}
	mt_buf_format(text, ", which holds another time than its date %s", mt_date_text(&found->date, date));
	return true;
}

static bool
forged_ip(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_IMPOSSIBLE_IP, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "shows as an address what cannot be one");
	add_bytes(text, ": ", found->raw);
	return true;
}

static bool
forged_our_name(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_OUR_NAME, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "is said to be written by ");
	mt_evidence_value(text, found->by);
	mt_buf_text(text, ", which is ours, and we did not pass it on");
	return true;
}

/* What the newer line says of its client. */
static void
add_client(struct mt_buf *text, const struct mt_trace *trace, const struct mt_hop *newer)
{
	if (newer >= trace->hops + trace->nhops)
		return;
	mt_buf_format(text, "; hop %u saw ", newer->n);
	mt_evidence_ip(text, &newer->from.ip);
	if (newer->from.rdns.len > 0)
		add_bytes(text, " ", newer->from.rdns);
	if (newer->from.helo.len > 0)
		add_bytes(text, ", which called itself ", newer->from.helo);
}

static bool
forged_by(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_ALIEN_BY, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "is said to be written by ");
	mt_evidence_value(text, found->by);
	mt_buf_text(text, ", which is not what the newer hop saw, or only somebody's line");
	add_client(text, trace, found + 1);
	return true;
}

static bool
forged_client(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_NO_CLIENT, text, hop);

	if (found == NULL)
		return false;
	add_bytes(text, "says no more of its client than ", found->from.helo);
	add_bytes(text, ", and is said to be written by ", found->by);
	add_client(text, trace, found + 1);
	return true;
}

static bool
forged_dialect(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_ALIEN_FORM, text, hop);

	if (found == NULL)
		return false;
	add_bytes(text, "names its server or software and is not written as that writes: ", found->raw);
	return true;
}

static bool
forged_date(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_IMPOSSIBLE_DATE, text, hop);

	if (found == NULL)
		return false;
	add_bytes(text, "is dated ", date_bytes(found));
	mt_buf_text(text, found->date.known ? ", more than a day after the newer hop, which nothing ties to it" :
	    ", which is no date of its software");
	return true;
}

static bool
forged_signature(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_SIGNED_OTHER, text, hop);
	const struct mt_arc *arc = trace->arc;

	if (found == NULL)
		return false;
	add_bytes(text, "is said to be written by ", found->by);
	mt_buf_text(text, " about ");
	mt_evidence_ip(text, &found->from.ip);
	for (unsigned i = 0; arc != NULL && i < arc->nsets; i++)
		if (arc->sets[i].remote_ip.family != 0) {
			mt_buf_format(text, "; set %u, sealed by ", arc->sets[i].instance);
			mt_evidence_value(text, arc->sets[i].sealer);
			mt_buf_text(text, ", says ");
			mt_evidence_ip(text, &arc->sets[i].remote_ip);
		}
	return true;
}

static bool
forged_stale(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_STALE, text, hop);

	if (found == NULL)
		return false;
	add_bytes(text, "is dated ", date_bytes(found));
	mt_buf_text(text, ", more than a day before the newer one");
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
	add_bytes(text, ": ", found->raw);
	return true;
}

static bool
forged_beside(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop)
{
	const struct mt_hop *found = forged(trace, MT_HOP_BESIDE_FORGED, text, hop);

	if (found == NULL)
		return false;
	mt_buf_text(text, "came together with a forged line, and from no better source");
	add_bytes(text, ": ", found->raw);
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
		mt_evidence_value(text, found->by);
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
		mt_evidence_ip(text, &trace->claims[i].ip);
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

static const struct mt_evidence_row rows[] = {
	{ { "forged.queue-clock", MT_STRONG, "The clock inside a queue id of Sendmail, Exim or Postfix contradicts the date "
	    "of its own line.", "measured: 0 of 11,578 real hops" }, forged_clock, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.word", MT_STRONG, "A protocol word that no server writes where it stands (NNFMP, QMQP, local, asmtp ...).",
	    "measured: 0 of 653 real hops, 20 of 50 forged ones" }, forged_word, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.address", MT_STRONG, "What stands in the place of an address cannot be one.", "RFC 5321, 4.1.3" },
	    forged_ip, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.our-name", MT_STRONG, "A line below the boundary bears our own name or address, and its client was "
	    "not us.", "RFC 5321, 4.4" }, forged_our_name, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.date", MT_STRONG, "A date that cannot be: no date at all where the software always writes one, or one of "
	    "more than a day after the newer line, which nothing ties to this one.",
	    "RFC 5322, 3.6.7; measured: none of 3,260 real hops" }, forged_date, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.signature", MT_STRONG, "A server that sealed the message (ARC) says that another client handed it over "
	    "than its own line does, and no line names that one.", "RFC 8617, 4.1.1 and 5.1" }, forged_signature,
	    MT_EVIDENCE_FACT(ARC) | MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.dialect", MT_MEDIUM, "A line names Exim, Sendmail, Postfix or a large provider, is not written as all of "
	    "their lines are, and nothing ties it to the newer one.", "measured: 0 of 240 lines of Exim, 0 of 703 of "
	    "Sendmail, 0 of 1,011 of Postfix" }, forged_dialect, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.client", MT_MEDIUM, "A line says one word of its client and no address, and the newer line's client is no "
	    "mail server that could have written it.", "RFC 5321, 4.4; measured: none of 3,260 real hops" }, forged_client,
	    MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.by", MT_MEDIUM, "A line says that it was written by an address that the newer server did not see, or by "
	    "a dial-up line.", "RFC 5321, 4.4" }, forged_by, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.stale", MT_MEDIUM, "A line, forged by other signs too, is more than a day older than the newer one.",
	    "measured: 7 of 677 real pairs, so never by itself" }, forged_stale, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.form", MT_MEDIUM, "A line, forged by other signs too, has no id and no for in a form that has them.",
	    "measured: 65 of 653 real hops, 44 of 50 forged ones, so never by itself" },
	    forged_form, MT_EVIDENCE_FACT(CHAIN) },
	{ { "forged.beside", MT_MEDIUM, "Forged lines come in a block: what lies below one came from the same hand.",
	    "RFC 5321, 4.4: a server adds its line at the top" }, forged_beside, MT_EVIDENCE_FACT(CHAIN) },
	{ { "chain.truncated", MT_MEDIUM, "The header is over a bound; what is beyond it was not read.",
	    "RFC 5321, 6.3, wants no bound below 100 fields; here it is 200, and 1 MiB of header" }, chain_truncated, MT_EVIDENCE_FACT(CHAIN) },
	{ { "chain.future", MT_WEAK, "A Received field is dated later than now.",
	    "measured: up to 0.03 % of real hops, by wrong clocks" }, chain_future, MT_EVIDENCE_FACT(CHAIN) },
	{ { "chain.backwards", MT_WEAK, "A hop is dated later than the newer one above it, beyond what clocks differ.",
	    "measured: 0.03-0.08 % of pairs of hops since 2022, 2-4 % in 2002" },
	    chain_backwards, MT_EVIDENCE_FACT(CHAIN) },
	{ { "chain.skew", MT_WEAK, "The dates before and after a host fit each other and not its own: its clock is wrong by a "
	    "constant offset, and time that runs backwards there is no sign of anything.",
	    "RFC 5321, 4.4: each server dates its line by its own clock, so that the offset lies between minus "
	    "the delay behind it and the delay before it" },
	    chain_skew, MT_EVIDENCE_FACT(CHAIN) },
	{ { "origin.claim", MT_WEAK, "A field of one line names the address of the author.  Anybody can write it; it never "
	    "moves the origin.", "RFC 6648, 1: names with X- are private agreements; web mail and providers write them" }, origin_claim, 0 },
	{ { "chain.unparsed", MT_WEAK, "A Received field has no form that is known.", "RFC 5321, 4.4" },
	    chain_unparsed, MT_EVIDENCE_FACT(CHAIN) },
};

const struct mt_evidence_row *
mt_evidence_path_rows(size_t *count)
{
	*count = sizeof rows / sizeof *rows;
	return rows;
}
