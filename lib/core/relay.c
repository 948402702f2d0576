/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what explains that a server passed on a message, and how little it takes to be
 * mistaken: a step that accuses needs every excuse of its table to fail.  Does not know whether
 * policy acts on it.
 *
 * The server that is judged is the last one whose address is proved; its own line, the next
 * older one, says whose mail it passed on.  Whoever lies in that line lies about himself.
 */
#include "lib/core/relay.h"

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/marks.h"

#define NAMES_MOST 12			/* of one server: verified names and what it called itself */
#define EXCHANGERS_MOST 3		/* of a domain whose addresses are asked for */
#define DOMAINS_MOST 3			/* of recipients whose exchangers are */
#define VALUE_MOST 80			/* bytes of one value in a sentence */

struct judge {
	struct mt_relay *relay;
	struct mt_arena *arena;
	struct mt_ask *ask;
	const struct mt_trace *trace;
	const struct mt_relay_input *input;
	const struct mt_hop *line;	/* of the relay */
	const struct mt_hop *seen;	/* the hop that saw the relay */
	struct mt_span names[NAMES_MOST];	/* those that were verified first */
	unsigned nnames, nproved;
	bool proved_only;		/* the rest does not count now */
	bool mark;			/* the excuse that held is nothing that was verified */
	bool said;			/* the excuse at hand rests on what the client calls itself */
	bool waiting;			/* an answer is out */
	bool trouble;			/* one that could have explained will not come now */
	enum mt_cause cause;		/* of the first trouble */
	bool unseen;			/* a check that could have explained is switched off */
	unsigned off, missing;		/* of the step at hand: what was not asked, bits of enum asked */
	bool nameless;			/* nobody was asked for its names */
	bool unknown;			/* something is missing for good */
	enum mt_cause why;		/* of the first of it */
	struct mt_buf text;		/* the sentence of the excuse or step at hand */
};

/* An excuse: what it explains the message as, and whether it holds (its sentence is written).
 * mark: it is one that anybody can write, and nothing verifies it. */
struct excuse {
	enum mt_result grade;
	bool (*holds)(struct judge *j);
	bool mark;
};

/* What a step asks for, as far as it may not have been asked: switched off, or because nobody
 * is to be asked or what to ask about is not known. */
enum asked { ASKED_NAMES, ASKED_WRITER, ASKED_SENDER, ASKED_RECIPIENT, ASKED_MX, ASKED_SPF, ASKED_DKIM, ASKED_ARC,
	ASKED_DMARC, ASKED_CLIENT, ASKED_KINDS };
static const char *const asked_words[ASKED_KINDS] = {
	[ASKED_NAMES] = "the names of the server", [ASKED_WRITER] = "the address of the line's writer",
	[ASKED_SENDER] = "the sender", [ASKED_RECIPIENT] = "the recipients", [ASKED_MX] = "their exchangers (MX)",
	[ASKED_SPF] = "SPF", [ASKED_DKIM] = "DKIM", [ASKED_ARC] = "ARC", [ASKED_DMARC] = "DMARC",
	[ASKED_CLIENT] = "the address of the client" };

/* ---- sentences ------------------------------------------------------------------------------ */

static void
say(struct judge *j, const char *before, struct mt_span value, const char *after)
{
	mt_buf_text(&j->text, before);
	if (value.len > VALUE_MOST)
		value.len = VALUE_MOST;
	mt_buf_escape(&j->text, value, "\\");
	mt_buf_text(&j->text, after);
}

static void
say_ip(struct judge *j, const char *before, const struct mt_ip *ip, const char *after)
{
	char text[MT_IP_TEXT];

	say(j, before, mt_span_text(mt_ip_text(ip, text)), after);
}

static void
say_not_asked(struct judge *j, unsigned what)
{
	bool some = false;

	for (unsigned i = 0; i < ASKED_KINDS; i++)
		if ((what >> i & 1) != 0) {
			mt_buf_text(&j->text, some ? ", " : "not known or not asked: ");
			mt_buf_text(&j->text, asked_words[i]);
			some = true;
		}
}

/* ---- who the server is ------------------------------------------------------------------------ */

static void
add_name(struct judge *j, struct mt_span name)
{
	if (mt_name_qualified(name) && j->nnames < NAMES_MOST)
		j->names[j->nnames++] = mt_name_strip(name);
}

static void
note_trouble(struct judge *j, enum mt_cause cause)
{
	if (!j->trouble)
		j->cause = cause == MT_CAUSE_NONE ? MT_CAUSE_TIMEOUT : cause;
	j->trouble = true;
}

/* Something that could have explained the message and was not asked: for want of what to ask
 * about or of somebody to ask, or on purpose. */
static void
note_skipped(struct judge *j, enum asked what, enum mt_cause cause)
{
	if (cause == MT_CAUSE_NOT_NEEDED || cause == MT_CAUSE_NONE) {
		j->off |= 1u << what;
		return;
	}
	j->missing |= 1u << what;
	if (!j->unknown)
		j->why = cause;
	j->unknown = true;
}

/* An answer that is none. */
static void
note_answer(struct judge *j, enum asked what, enum mt_cause cause)
{
	if (cause == MT_CAUSE_OFFLINE)
		note_skipped(j, what, cause);
	else if (mt_cause_trouble(cause) && cause != MT_CAUSE_BAD_NAME)
		note_trouble(j, cause);
}

/* The names of the server as they were seen from inside: those that lead back to it, and what it
 * calls itself, which proves nothing unless that was looked up (RFC 2505, 2.1). */
static void
find_names(struct judge *j)
{
	const struct mt_peer *peer = j->trace->peer;
	const struct mt_iprev *iprev = &peer->iprev;
	const struct mt_fact *fact = &j->trace->facts.fact[MT_FACT_IPREV];
	bool live = mt_hop_has(j->seen, MT_HOP_LIVE);

	if (live) {
		/* The name that would have told its house may be one that has no answer now, or beyond
		 * the bound. */
		if (fact->result == MT_TEMPERROR || fact->cause == MT_CAUSE_LIMIT)
			note_trouble(j, fact->cause);
		if (fact->result == MT_SKIPPED && fact->cause == MT_CAUSE_OFFLINE)
			j->nameless = true;
		for (unsigned i = 0; i < iprev->nnames; i++)
			if (mt_iprev_verified(iprev, iprev->names[i].name))
				add_name(j, iprev->names[i].name);
		if (peer->helo.fact.result == MT_PASS)
			add_name(j, j->seen->from.helo);
	} else if (!mt_hop_has(j->seen, MT_HOP_MAY_BE_FORGED) && !mt_hop_has(j->seen, MT_HOP_UNVERIFIED)) {
		add_name(j, j->seen->from.rdns);
	}
	j->nproved = j->nnames;
	if (!live)
		add_name(j, j->seen->from.rdns);
	add_name(j, j->seen->from.helo);
}

static unsigned
names_that_count(const struct judge *j)
{
	return j->proved_only ? j->nproved : j->nnames;
}

/* By the names that were verified, or else by what the server calls itself, which is noted. */
static bool
of_its_house(struct judge *j, struct mt_span name)
{
	for (unsigned i = 0; i < names_that_count(j); i++)
		if (mt_organization_same(j->input->organizations, j->names[i], name)) {
			j->said = i >= j->nproved;
			return true;
		}
	return false;
}

static bool
is_its_name(const struct judge *j, struct mt_span name)
{
	for (unsigned i = 0; i < names_that_count(j); i++)
		if (mt_name_same(j->names[i], name))
			return true;
	return false;
}

/* The same /24 or /48: one operator's network. */
static bool
near(const struct mt_ip *a, const struct mt_ip *b)
{
	return a->family == b->family && a->family != 0 && memcmp(a->bytes, b->bytes, a->family == 6 ? 6 : 3) == 0;
}

/* Whether an answer holds the server's address, or one near to it; notes what is out and what
 * failed. */
static bool
leads_to_it(struct judge *j, struct mt_span name, enum asked what, bool nearly)
{
	const struct mt_ip *ip = &j->relay->ip;
	const struct mt_answer *answer = mt_ask(j->ask, name, ip->family == 6 ? MT_RR_AAAA : MT_RR_A);

	if (answer == NULL) {
		j->waiting = true;
		return false;
	}
	note_answer(j, what, answer->cause);
	for (size_t i = 0; i < answer->nrecords; i++)
		if (mt_ip_equal(&answer->records[i].ip, ip) || (nearly && near(&answer->records[i].ip, ip)))
			return true;
	return false;
}

static struct mt_span
domain_of(struct mt_span address)
{
	for (size_t i = address.len; i-- > 0;)
		if (address.ptr[i] == '@')
			return mt_name_strip((struct mt_span){ address.ptr + i + 1, address.len - i - 1 });
	return MT_ABSENT;
}

/* ---- E1: the event ------------------------------------------------------------------------------ */

/* The line is the server's own: it bears its address or a name that was verified.  A name of its
 * house is enough: large ones write names of machines that nobody outside can resolve.  What the
 * client only calls itself ties nothing: he wrote it, and may have invented the line with it. */
static bool
tied(struct judge *j)
{
	struct mt_ip by_ip = mt_hop_by_ip(j->line);
	bool named;

	if (by_ip.family != 0 && mt_ip_equal(&by_ip, &j->relay->ip))
		return true;
	j->proved_only = true;
	named = is_its_name(j, j->line->by) || of_its_house(j, j->line->by);
	j->proved_only = false;
	return named || (mt_name_qualified(j->line->by) && mt_name_host(j->line->by) &&
	    leads_to_it(j, mt_name_strip(j->line->by), ASKED_WRITER, false));
}

/* Nothing ties it for certain, but what it calls itself does, and whether that is its name nobody
 * can tell while reverse DNS is in trouble: then the event is as good as seen, and accuses nobody. */
static bool
may_be_tied(struct judge *j)
{
	const uint64_t another = MT_BIT(MT_MISMATCH) | MT_BIT(MT_OURS) | MT_BIT(MT_LITERAL_MISMATCH);

	return mt_hop_has(j->seen, MT_HOP_LIVE) && j->trace->facts.fact[MT_FACT_IPREV].result == MT_TEMPERROR &&
	    (another & MT_BIT(j->trace->peer->helo.fact.result)) == 0 &&
	    (is_its_name(j, j->line->by) || of_its_house(j, j->line->by));
}

static void
say_untied(struct judge *j)
{
	say(j, j->missing != 0 ? "not known whether " : "nothing ties ", j->line->by,
	    j->missing != 0 ? " is the server: " : j->trouble
	    ? " to the server now; a name that could, cannot be looked up" : " to the server");
	if (j->missing != 0)
		say_not_asked(j, j->missing);
	else if (!j->trouble && (is_its_name(j, j->line->by) || of_its_house(j, j->line->by)))
		mt_buf_text(&j->text, " but what its client called itself, which was not verified");
}

/* The oldest line that is believed tells no client because there was none. */
static bool
begun_here(const struct judge *j)
{
	unsigned hop = j->trace->boundary.hop;

	return hop > 0 && hop <= j->trace->nhops && (j->trace->hops[hop - 1].kind == MT_HOP_LOCAL ||
	    j->trace->hops[hop - 1].kind == MT_HOP_HTTP);
}

/* What makes it no event: the grade, with its sentence; MT_UNKNOWN where it is one, and
 * MT_SKIPPED where nobody knows. */
static enum mt_result
no_line(struct judge *j)
{
	const struct mt_boundary *boundary = &j->trace->boundary;
	const struct mt_peer *peer = j->trace->peer;

	if (peer->auth.ptr != NULL) {
		mt_buf_text(&j->text, "the client authenticated to us");
		return MT_SUBMISSION;
	}
	if (peer->local) {
		mt_buf_text(&j->text, "handed over on this machine");
		return MT_INTERNAL;
	}
	if (boundary->ip.family == 0 && !begun_here(j)) {
		note_skipped(j, ASKED_CLIENT, MT_CAUSE_NO_INPUT);
		say_not_asked(j, j->missing);
		return MT_SKIPPED;
	}
	if (boundary->ip.family == 0 || mt_ip_private(&boundary->ip) ||
	    mt_nets_have(&j->trace->settings->trust->networks, &boundary->ip)) {
		mt_buf_text(&j->text, "no server outside of our own passed it on");
		return MT_INTERNAL;
	}
	if (boundary->hop < 2 || boundary->hop > j->trace->nhops) {
		say_ip(j, "", &boundary->ip, " wrote no line of its own: it is where the message comes from");
		return MT_DIRECT;
	}
	return MT_UNKNOWN;
}

static enum mt_result
no_outsider(struct judge *j)
{
	const struct mt_hop *line = j->line;

	if (line->forged) {
		mt_buf_format(&j->text, "hop %u is invented, and proves nothing of a relay", line->n);
		return MT_DIRECT;
	}
	if (line->kind != MT_HOP_SMTP) {
		mt_buf_format(&j->text, "hop %u was no network client's: the message begins at that server", line->n);
		return MT_DIRECT;
	}
	if (line->from.ip.family == 0 || mt_ip_private(&line->from.ip)) {
		mt_buf_format(&j->text, "the client of hop %u has no address outside of it: the message begins at "
		    "that server", line->n);
		return MT_DIRECT;
	}
	if (mt_ip_equal(&line->from.ip, &j->relay->ip)) {
		mt_buf_format(&j->text, "the client of hop %u is that server itself", line->n);
		return MT_DIRECT;
	}
	return MT_UNKNOWN;
}

/* ---- E2: authority ---------------------------------------------------------------------------- */

static bool
authenticated(struct judge *j)
{
	if (!mt_hop_has(j->line, MT_HOP_AUTHENTICATED))
		return false;
	mt_buf_format(&j->text, "hop %u says that its client authenticated", j->line->n);
	return true;
}

static bool
same_network(struct judge *j)
{
	const struct mt_ip *ip = &j->line->from.ip;

	if (!near(&j->relay->ip, ip))
		return false;
	say_ip(j, "", ip, ip->family == 6 ? " lies in the same /48" : " lies in the same /24");
	return true;
}

static bool
same_as(struct judge *j)
{
	const struct mt_location *a = j->seen->location, *b = j->line->location;

	if (a == NULL || b == NULL || a->asn == 0 || a->asn != b->asn)
		return false;
	mt_buf_format(&j->text, "both lie in AS%u", (unsigned)a->asn);
	return true;
}

static bool
same_house(struct judge *j)
{
	if (j->line->from.rdns.len == 0 || mt_hop_has(j->line, MT_HOP_MAY_BE_FORGED) ||
	    !of_its_house(j, j->line->from.rdns))
		return false;
	say(j, "", j->line->from.rdns, " is of the same organization");
	return true;
}

/* Within Exchange Online: names that nobody outside can resolve, and addresses far from those
 * that the world sees.  Who borrows such a name is a stranger to no server but theirs. */
static bool
same_cloud(struct judge *j)
{
	static const char *const zones[] = { ".prod.outlook.com", ".prod.exchangelabs.com" };
	struct mt_span from = mt_name_strip(j->line->from.helo), by = mt_name_strip(j->line->by);

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (mt_span_ends(from, zones[i]) && mt_span_ends(by, zones[i])) {
			say(j, "", from, " and the server are machines of one provider");
			return true;
		}
	return false;
}

/* Its own user, from wherever he is: POP before SMTP leaves no mark. */
static bool
own_user(struct judge *j)
{
	struct mt_span domain = domain_of(j->trace->sender);

	if (!j->trace->sender_known)
		note_skipped(j, ASKED_SENDER, MT_CAUSE_NO_INPUT);
	if (domain.len == 0 || !of_its_house(j, domain))
		return false;
	say(j, "the sender's domain ", domain, " is of the same organization as the server");
	return true;
}

/* ---- E3: service ------------------------------------------------------------------------------- */

static bool
is_recipient(const struct judge *j, struct mt_span address)
{
	for (size_t i = 0; i < j->trace->nrecipients; i++)
		if (mt_span_same(j->trace->recipients[i], address))
			return true;
	return false;
}

static bool
other_recipient(struct judge *j)
{
	if (j->line->recipient.len == 0 || j->trace->nrecipients == 0 || is_recipient(j, j->line->recipient) ||
	    memchr(j->line->recipient.ptr, '@', j->line->recipient.len) == NULL)
		return false;
	say(j, "it came for ", j->line->recipient, " there, and was forwarded to another address");
	return true;
}

static bool
rewritten(struct judge *j)
{
	if (!mt_marks_rewritten(j->trace->sender))
		return false;
	say(j, "the sender's address ", j->trace->sender, " was rewritten by a forwarder");
	return true;
}

static bool
forward_mark(struct judge *j)
{
	if (j->trace->marks.forward == NULL)
		return false;
	mt_buf_format(&j->text, "the field %s claims a forwarder", j->trace->marks.forward);
	return true;
}

/* One exchanger of a domain is the server, of its house, or of its network: a filter takes mail
 * in at one address and hands it on from another. */
static bool
exchanges(struct judge *j, const struct mt_answer *mx, struct mt_span domain)
{
	unsigned asked = 0;

	if (mx->nrecords == 0)		/* RFC 5321, 5.1: without MX the domain itself */
		return of_its_house(j, domain) || leads_to_it(j, domain, ASKED_MX, true);
	for (size_t i = 0; i < mx->nrecords; i++)
		if (of_its_house(j, mx->records[i].text))
			return true;
	for (size_t i = 0; i < mx->nrecords; i++)
		if (mt_name_qualified(mx->records[i].text) && asked++ < EXCHANGERS_MOST &&
		    leads_to_it(j, mx->records[i].text, ASKED_MX, true))
			return true;
	return false;
}

static bool
exchanger_of(struct judge *j, struct mt_span domain)
{
	const struct mt_answer *mx;

	if (!mt_name_qualified(domain))
		return false;
	mx = mt_ask(j->ask, domain, MT_RR_MX);
	if (mx == NULL) {
		j->waiting = true;
		return false;
	}
	note_answer(j, ASKED_MX, mx->cause);
	if (mt_cause_trouble(mx->cause) && mx->cause != MT_CAUSE_BAD_NAME)
		return false;
	if (!exchanges(j, mx, domain))
		return false;
	say(j, "the server takes mail for ", domain, "");
	return true;
}

/* A backup MX, a filter that we pay for, or the house where the recipient's mail arrives. */
static bool
exchanger(struct judge *j)
{
	struct mt_span asked[1 + DOMAINS_MOST] = { domain_of(j->line->recipient) };
	size_t count = 1;

	if (j->trace->nrecipients == 0)
		note_skipped(j, ASKED_RECIPIENT, MT_CAUSE_NO_INPUT);
	if (exchanger_of(j, asked[0]))
		return true;
	for (size_t i = 0; i < j->trace->nrecipients && count <= DOMAINS_MOST; i++) {
		size_t k = 0;

		asked[count] = domain_of(j->trace->recipients[i]);
		while (k < count && !mt_name_same(asked[k], asked[count]))
			k++;
		if (k == count && exchanger_of(j, asked[count++]))
			return true;
	}
	return false;
}

/* A word that is out, in trouble or was not asked for, of a check that could have explained the
 * message. */
static bool
passed(struct judge *j, enum asked what, enum mt_result result, enum mt_cause cause)
{
	j->waiting = j->waiting || result == MT_UNKNOWN;
	if (result == MT_TEMPERROR)
		note_trouble(j, cause);
	if (result == MT_SKIPPED)
		note_skipped(j, what, cause);
	return result == MT_PASS;
}

/* The same of a check without which nobody is accused: it may be switched off. */
static bool
must_pass(struct judge *j, enum asked what, enum mt_result result, enum mt_cause cause)
{
	j->unseen = j->unseen || result == MT_SKIPPED;
	return passed(j, what, result, cause);
}

static bool
spf_authorised(struct judge *j)
{
	const struct mt_spf *spf = &j->trace->checks.spf_mailfrom;

	/* Of the live client only: an inner server's SPF nobody looked at. */
	if (!mt_hop_has(j->seen, MT_HOP_LIVE)) {
		j->unseen = true;
		note_skipped(j, ASKED_SPF, MT_CAUSE_NO_INPUT);
		return false;
	}
	if (!must_pass(j, ASKED_SPF, spf->result, spf->cause))
		return false;
	say(j, "the owner of ", spf->domain, " lets this server send for him (SPF)");
	return true;
}

/* ---- E4: signatures and marks -------------------------------------------------------------------- */

static bool
signed_by(struct judge *j, bool house)
{
	const struct mt_checks *checks = &j->trace->checks;

	(void)must_pass(j, ASKED_DKIM, checks->dkim.result, checks->dkim.cause);
	for (unsigned i = 0; i < checks->nsignatures; i++) {
		const struct mt_signature *s = &checks->signatures[i];
		bool fits;

		(void)passed(j, ASKED_DKIM, s->result, s->cause);
		if (s->result != MT_PASS)
			continue;
		fits = house ? of_its_house(j, s->domain)
		    : mt_organization_same(j->input->organizations, s->domain, checks->dmarc.domain);
		if (!fits)
			continue;
		say(j, house ? "the server's own house signed it: " : "the author's domain signed it: ", s->domain, "");
		return true;
	}
	return false;
}

static bool
house_signed(struct judge *j)
{
	return signed_by(j, true);
}

static bool
author_signed(struct judge *j)
{
	return signed_by(j, false);
}

static bool
sealed(struct judge *j)
{
	const struct mt_arc *arc = &j->trace->checks.arc;

	if (!passed(j, ASKED_ARC, arc->result, arc->cause) || arc->nsets == 0 ||
	    !of_its_house(j, arc->sets[arc->nsets - 1].sealer))
		return false;
	say(j, "sealed by ", arc->sets[arc->nsets - 1].sealer, " (ARC)");
	return true;
}

static bool
aligned(struct judge *j)
{
	if (!passed(j, ASKED_DMARC, j->trace->checks.dmarc.result, j->trace->checks.dmarc.cause))
		return false;
	say(j, "the author's domain ", j->trace->checks.dmarc.domain, " vouches for it (DMARC)");
	return true;
}

static bool
list_mark(struct judge *j)
{
	if (j->trace->marks.list == NULL)
		return false;
	mt_buf_format(&j->text, "the field %s claims a mailing list", j->trace->marks.list);
	return true;
}

static bool
service_mark(struct judge *j)
{
	if (j->trace->marks.service == NULL)
		return false;
	mt_buf_format(&j->text, "the field %s claims a service that sends for others", j->trace->marks.service);
	return true;
}

/* ---- E5: corroboration ----------------------------------------------------------------------------- */

static bool
listed_by_zone(struct judge *j)
{
	const struct mt_checks *checks = &j->trace->checks;

	for (size_t i = 0; i < checks->lists.count; i++) {
		const struct mt_listing *l = &checks->lists.listing[i];

		for (unsigned k = 0; k < l->nnames; k++)
			if (l->result == MT_LISTED && !l->allow && mt_ip_equal(&l->ip, &j->relay->ip) &&
			    mt_span_same_text(l->classes[k], "relay")) {
				say(j, "", l->zone, " lists it as a relay");
				return true;
			}
	}
	return false;
}

static bool
listed_as_relay(struct judge *j)
{
	if (j->input->known != NULL && mt_nets_have(j->input->known, &j->relay->ip)) {
		say_ip(j, "", &j->relay->ip, " stands in our own list of relays");
		return true;
	}
	return listed_by_zone(j);
}

static enum mt_result
history_says(struct judge *j)
{
	const struct mt_history *history = &j->trace->checks.history;
	/* This message is one more of both; whether of others than those before, nobody knows. */
	unsigned origins = history->origins + 1, senders = history->senders + 1;

	if (!mt_hop_has(j->seen, MT_HOP_LIVE) || history->origins == 0 || origins < MT_RELAY_SUSPECT_ORIGINS ||
	    senders < MT_RELAY_SUSPECT_SENDERS)
		return MT_UNATTESTED;
	mt_buf_format(&j->text, "with this one it passed on mail of up to %u unrelated networks and %u unrelated "
	    "senders lately", origins, senders);
	/* A large server has a few messages a day that nothing explains among many that are well, and
	 * of those a part of the memory may know few. */
	if (history->cause != MT_CAUSE_NONE || history->good > MT_RELAY_GOOD_TIMES * (uint64_t)origins)
		return MT_SUSPECT;
	return origins >= MT_RELAY_OPEN_ORIGINS && senders >= MT_RELAY_OPEN_SENDERS ? MT_OPEN : MT_SUSPECT;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static const struct excuse authority[] = {
	{ MT_SUBMISSION, authenticated, true }, { MT_INTERNAL, same_network, false }, { MT_INTERNAL, same_as, false },
	{ MT_INTERNAL, same_house, false }, { MT_INTERNAL, same_cloud, false }, { MT_SUBMISSION, own_user, false },
	{ MT_UNKNOWN, NULL, false } };
static const struct excuse service[] = {
	{ MT_FORWARDER, other_recipient, false }, { MT_FORWARDER, rewritten, true }, { MT_FORWARDER, forward_mark, true },
	{ MT_ESP, spf_authorised, false }, { MT_FORWARDER, exchanger, false }, { MT_UNKNOWN, NULL, false } };
static const struct excuse signature[] = {
	{ MT_LIST, list_mark, true }, { MT_ESP, service_mark, true }, { MT_ESP, house_signed, false },
	{ MT_FORWARDER, author_signed, false }, { MT_FORWARDER, sealed, false }, { MT_FORWARDER, aligned, false },
	{ MT_UNKNOWN, NULL, false } };

static void
finding(struct judge *j, enum mt_relay_step step, enum mt_result holds)
{
	j->relay->findings[step] = (struct mt_relay_finding){ .holds = holds, .text = mt_buf_span(&j->text) };
	mt_buf_init(&j->text, j->arena, 0);
}

/* Nothing that was asked explains it: whether the step holds, with its sentence. */
static enum mt_result
unexplained(struct judge *j, const char *none, bool trouble)
{
	const unsigned needed = 1u << ASKED_SPF | 1u << ASKED_DKIM;

	if ((j->missing | (j->off & needed)) != 0) {
		mt_buf_text(&j->text, "nothing that was asked explains it; ");
		say_not_asked(j, j->missing | j->off);
		return MT_UNKNOWN;
	}
	mt_buf_text(&j->text, none);
	if (trouble)
		mt_buf_text(&j->text, "; but something that could explain it cannot be had now");
	if (j->off != 0) {
		mt_buf_text(&j->text, "; ");
		say_not_asked(j, j->off);
	}
	return trouble ? MT_TEMPERROR : MT_YES;
}

/* The first excuse that holds explains the message.  All that could are asked before one
 * waits for an answer. */
static enum mt_result
explained(struct judge *j, enum mt_relay_step step, const struct excuse *excuses, const char *none)
{
	bool before = j->trouble;

	j->off = 0;
	j->missing = 0;
	if (j->nameless)
		note_skipped(j, ASKED_NAMES, MT_CAUSE_OFFLINE);
	for (; excuses->holds != NULL; excuses++) {
		j->said = false;
		if (!excuses->holds(j))
			continue;
		j->mark = excuses->mark || j->said;
		if (excuses->mark)
			mt_buf_text(&j->text, ", by a mark that anybody can write");
		else if (j->said)
			mt_buf_text(&j->text, ", by what it calls itself");
		finding(j, step, MT_NO);
		return excuses->grade;
	}
	finding(j, step, unexplained(j, none, j->trouble && !before));
	return MT_UNKNOWN;
}

/* Whether any excuse holds that is more than a mark. */
static bool
verified_excuse(struct judge *j)
{
	static const struct excuse *const tables[] = { authority, signature, service };
	bool holds = false;

	j->proved_only = true;
	for (size_t t = 0; t < sizeof tables / sizeof *tables && !holds; t++)
		for (const struct excuse *e = tables[t]; e->holds != NULL && !holds; e++)
			holds = !e->mark && e->holds(j);
	j->proved_only = false;
	mt_buf_init(&j->text, j->arena, 0);
	return holds;
}

/* A list names the server, and all that speaks for it is a mark that the sender may have put
 * there: as if the message came from itself.  Not while something better may speak for it. */
static bool
listed_in_spite(struct judge *j)
{
	bool listed;

	if (!j->mark || j->trouble)
		return false;
	listed = listed_by_zone(j);
	mt_buf_init(&j->text, j->arena, 0);
	return listed && !verified_excuse(j) && !j->waiting && !j->trouble && !j->unseen && !j->unknown;
}

/* E1.  Not being its own line is no explanation while the name cannot be looked up. */
static enum mt_result
event(struct judge *j)
{
	enum mt_result grade = no_line(j), holds = MT_YES;

	if (grade == MT_UNKNOWN) {
		j->seen = &j->trace->hops[j->trace->boundary.hop - 1];
		j->line = &j->trace->hops[j->trace->boundary.hop - 2];
		/* A filter on the same machine handed it back: the line before tells from whom. */
		while (mt_ip_loopback(&j->line->from.ip) && j->line > j->trace->hops)
			j->line--;
		find_names(j);
		grade = no_outsider(j);
	}
	if (grade == MT_UNKNOWN && !tied(j)) {
		holds = may_be_tied(j) ? MT_TEMPERROR : MT_NO;
		if (holds == MT_NO) {
			say_untied(j);
			grade = j->missing != 0 ? MT_SKIPPED : MT_DIRECT;
		}
	}
	if (grade != MT_UNKNOWN) {
		finding(j, MT_RELAY_EVENT, grade == MT_SKIPPED ? MT_UNKNOWN : j->trouble ? MT_TEMPERROR : MT_NO);
		return grade;
	}
	j->relay->hop = j->line->n;
	j->relay->origin = j->line->from.ip;
	mt_buf_format(&j->text, "by hop %u ", j->line->n);
	say_ip(j, "", &j->relay->ip, " passed on what ");
	say_ip(j, "", &j->relay->origin, holds == MT_YES ? " sent"
	    : " sent, if what it calls itself is its name, which cannot be verified now");
	finding(j, MT_RELAY_EVENT, holds);
	return MT_UNKNOWN;
}

/* E5.  Accuses only where nothing that could have excused was in trouble, and not a bounce
 * alone, whose null sender no SPF speaks for. */
static enum mt_result
corroborated(struct judge *j)
{
	enum mt_result grade = listed_as_relay(j) ? MT_OPEN : history_says(j);

	finding(j, MT_RELAY_CORROBORATED, grade == MT_UNATTESTED ? MT_NO : MT_YES);
	if (j->trouble || j->unseen || !j->trace->sender_known || j->trace->sender.len == 0)
		return MT_UNATTESTED;
	return grade;
}

static enum mt_result
grade(struct judge *j)
{
	enum mt_result found = event(j);

	if (found == MT_UNKNOWN)
		found = explained(j, MT_RELAY_NO_AUTHORITY, authority,
		    "its client was neither a user nor of the same house");
	if (found == MT_UNKNOWN)
		found = explained(j, MT_RELAY_NO_SIGNATURE, signature,
		    "neither the server nor the author vouches for it");
	if (found == MT_UNKNOWN)
		found = explained(j, MT_RELAY_NO_SERVICE, service, "the server serves neither sender nor recipient");
	if (found == MT_UNKNOWN && j->unknown)
		found = MT_SKIPPED;
	return found == MT_UNKNOWN ? corroborated(j) : found;
}

enum mt_result
mt_relay_judge(struct mt_relay *relay, struct mt_arena *arena, struct mt_ask *ask, const struct mt_trace *trace,
    const struct mt_relay_input *input)
{
	struct judge j = { .relay = relay, .arena = arena, .ask = ask, .trace = trace, .input = input };
	enum mt_result found;

	*relay = (struct mt_relay){ .ip = trace->boundary.ip };
	if (trace->nhops == 0)
		return MT_UNKNOWN;
	mt_buf_init(&j.text, arena, 0);
	found = grade(&j);
	if (j.waiting)
		return MT_UNKNOWN;
	/* A list speaks of the server whatever this message was, unless it was explained, or could
	 * be if all answers were there. */
	if (listed_in_spite(&j)) {
		(void)listed_by_zone(&j);
		finding(&j, MT_RELAY_CORROBORATED, MT_YES);
		found = MT_LISTED;
	}
	if (j.waiting)
		return MT_UNKNOWN;
	relay->cause = found == MT_SKIPPED ? j.why : j.trouble ? j.cause : MT_CAUSE_NONE;
	if (found == MT_DIRECT && !j.trouble && listed_as_relay(&j)) {
		finding(&j, MT_RELAY_CORROBORATED, MT_YES);
		found = MT_LISTED;
	}
	relay->result = found;
	return found;
}

static const struct { const char *word, *text; } steps[MT_RELAY_STEPS] = {
	[MT_RELAY_EVENT] = { "E1", "Event: the server's own Received field says that it passed on what a public address "
	    "outside of it sent." },
	[MT_RELAY_NO_AUTHORITY] = { "E2", "No authority: that client did not authenticate, and shares neither network, "
	    "AS, organization nor the sender's domain with the server." },
	[MT_RELAY_NO_SERVICE] = { "E3", "No service: the server is no MX of the recipient, does not forward for him, "
	    "and SPF does not name it for the sender." },
	[MT_RELAY_NO_SIGNATURE] = { "E4", "No signature: neither DKIM, ARC nor DMARC ties the message to the server or to "
	    "its author, and it bears no mark of a list or service." },
	[MT_RELAY_CORROBORATED] = { "E5", "Corroboration: a list names the server as a relay, or this host has seen it pass on "
	    "mail of many unrelated networks and senders." },
};

const char *
mt_relay_step_word(enum mt_relay_step step)
{
	return (size_t)step < MT_RELAY_STEPS ? steps[step].word : "?";
}

const char *
mt_relay_step_text(enum mt_relay_step step)
{
	return (size_t)step < MT_RELAY_STEPS ? steps[step].text : "?";
}

const char *
mt_relay_grade_text(enum mt_result grade)
{
	static const char *const texts[MT_RESULTS] = {
		[MT_DIRECT] = "The message comes from the server itself, as far as can be proved.",
		[MT_SUBMISSION] = "The server passed on what a user of its own handed in.",
		[MT_INTERNAL] = "The message did not leave one organization on its way to the server.",
		[MT_FORWARDER] = "The server passed it on for the recipient, or serves him.",
		[MT_LIST] = "It came by a mailing list.",
		[MT_ESP] = "The server sends for others, who let it.",
		[MT_UNATTESTED] = "E1 to E4 hold: nothing tells why the server passed it on. That alone is no offence.",
		[MT_SUSPECT] = "E1 to E4 hold, and this host saw the same for at least 5 networks and 5 senders lately.",
		[MT_OPEN] = "E1 to E5 hold: a list names the server, or this host saw the same for at least 20 networks "
		    "and 10 senders lately, and nothing that could excuse it was in trouble.",
		[MT_LISTED] = "A list names the server as a relay; this message does not show it, or only a mark that anybody "
		    "can write excuses it.",
		[MT_UNKNOWN] = "There is nothing to judge, or what would decide was not asked or is not known.",
	};

	return (size_t)grade < MT_RESULTS ? texts[grade] : NULL;
}
