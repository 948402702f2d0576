/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what may explain that a server passed on a message, each excuse by itself (E2 to E4);
 * refuses to weigh them. */
#include "lib/core/relay_run.h"

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/marks.h"

#define EXCHANGERS_MOST 3		/* of a domain whose addresses are asked for */
#define DOMAINS_MOST 3			/* of recipients whose exchangers are */

/* ---- E2: authority ---------------------------------------------------------------------------- */

bool
mt_relay_authenticated(struct mt_relay_run *j)
{
	if (!mt_hop_has(j->line, MT_HOP_AUTHENTICATED))
		return false;
	mt_buf_format(&j->text, "hop %u says that its client authenticated", j->line->n);
	return true;
}

bool
mt_relay_same_network(struct mt_relay_run *j)
{
	const struct mt_ip *ip = &j->line->from.ip;

	if (!mt_relay_near(&j->relay->ip, ip))
		return false;
	mt_relay_say_ip(j, "", ip, ip->family == 6 ? " lies in the same /48" : " lies in the same /24");
	return true;
}

bool
mt_relay_same_as(struct mt_relay_run *j)
{
	const struct mt_location *a = j->seen->location, *b = j->line->location;

	if (a == NULL || b == NULL || a->asn == 0 || a->asn != b->asn)
		return false;
	mt_buf_format(&j->text, "both lie in AS%u", (unsigned)a->asn);
	return true;
}

bool
mt_relay_same_house(struct mt_relay_run *j)
{
	if (j->line->from.rdns.len == 0 || mt_hop_has(j->line, MT_HOP_MAY_BE_FORGED) ||
	    !mt_relay_of_its_house(j, j->line->from.rdns))
		return false;
	mt_relay_say(j, "", j->line->from.rdns, " is of the same organization");
	return true;
}

/* Within Exchange Online: names that nobody outside can resolve, and addresses far from those
 * that the world sees.  Who borrows such a name is a stranger to no server but theirs. */
bool
mt_relay_same_cloud(struct mt_relay_run *j)
{
	static const char *const zones[] = { ".prod.outlook.com", ".prod.exchangelabs.com" };
	struct mt_span from = mt_name_strip(j->line->from.helo), by = mt_name_strip(j->line->by);

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (mt_span_ends(from, zones[i]) && mt_span_ends(by, zones[i])) {
			mt_relay_say(j, "", from, " and the server are machines of one provider");
			return true;
		}
	return false;
}

/* Its own user, from wherever he is: POP before SMTP leaves no mark. */
bool
mt_relay_own_user(struct mt_relay_run *j)
{
	struct mt_span domain = j->trace->sender_domain;

	if (!j->trace->sender_known)
		mt_relay_note_skipped(j, MT_RELAY_ASKED_SENDER, MT_CAUSE_NO_INPUT);
	if (domain.len == 0 || !mt_relay_of_its_house(j, domain))
		return false;
	mt_relay_say(j, "the sender's domain ", domain, " is of the same organization as the server");
	return true;
}

/* ---- E3: service ------------------------------------------------------------------------------- */

static bool
is_recipient(const struct mt_relay_run *j, struct mt_span address)
{
	for (size_t i = 0; i < j->trace->nrecipients; i++)
		if (mt_span_same(j->trace->recipients[i], address))
			return true;
	return false;
}

bool
mt_relay_other_recipient(struct mt_relay_run *j)
{
	if (j->line->recipient.len == 0 || j->trace->nrecipients == 0 || is_recipient(j, j->line->recipient) ||
	    memchr(j->line->recipient.ptr, '@', j->line->recipient.len) == NULL)
		return false;
	mt_relay_say(j, "it came for ", j->line->recipient, " there, and was forwarded to another address");
	return true;
}

bool
mt_relay_rewritten(struct mt_relay_run *j)
{
	if (!mt_marks_rewritten(j->trace->sender))
		return false;
	mt_relay_say(j, "the sender's address ", j->trace->sender, " was rewritten by a forwarder");
	return true;
}

/* A field that anybody can write; NULL: there is none. */
static bool
marked(struct mt_relay_run *j, const char *field, const char *claim)
{
	if (field != NULL)
		mt_buf_format(&j->text, "the field %s claims %s", field, claim);
	return field != NULL;
}

bool
mt_relay_forward_mark(struct mt_relay_run *j)
{
	return marked(j, j->trace->marks.forward, "a forwarder");
}

/* One exchanger of a domain is the server, of its house, or of its network: a filter takes mail
 * in at one address and hands it on from another. */
static bool
exchanges(struct mt_relay_run *j, const struct mt_answer *mx, struct mt_span domain)
{
	unsigned asked = 0;

	if (mx->nrecords == 0)		/* RFC 5321, 5.1: without MX the domain itself */
		return mt_relay_of_its_house(j, domain) || mt_relay_leads_to_it(j, domain, MT_RELAY_ASKED_MX, true);
	for (size_t i = 0; i < mx->nrecords; i++)
		if (mt_relay_of_its_house(j, mx->records[i].text))
			return true;
	for (size_t i = 0; i < mx->nrecords; i++)
		if (mt_name_qualified(mx->records[i].text) && asked++ < EXCHANGERS_MOST &&
		    mt_relay_leads_to_it(j, mx->records[i].text, MT_RELAY_ASKED_MX, true))
			return true;
	return false;
}

static bool
exchanger_of(struct mt_relay_run *j, struct mt_span domain)
{
	const struct mt_answer *mx;

	if (!mt_name_qualified(domain))
		return false;
	mx = mt_ask(j->ask, domain, MT_RR_MX);
	if (mx == NULL) {
		j->waiting = true;
		return false;
	}
	mt_relay_note_answer(j, MT_RELAY_ASKED_MX, mx->cause);
	if (mt_cause_trouble(mx->cause) && mx->cause != MT_CAUSE_BAD_NAME)
		return false;
	if (!exchanges(j, mx, domain))
		return false;
	mt_relay_say(j, "the server takes mail for ", domain, "");
	return true;
}

/* A backup MX, a filter that we pay for, or the house where the recipient's mail arrives. */
bool
mt_relay_exchanger(struct mt_relay_run *j)
{
	struct mt_span asked[1 + DOMAINS_MOST] = { mt_relay_domain_of(j->line->recipient) };
	size_t count = 1;

	if (j->trace->nrecipients == 0)
		mt_relay_note_skipped(j, MT_RELAY_ASKED_RECIPIENT, MT_CAUSE_NO_INPUT);
	if (exchanger_of(j, asked[0]))
		return true;
	for (size_t i = 0; i < j->trace->nrecipients && count <= DOMAINS_MOST; i++) {
		size_t k = 0;

		asked[count] = mt_relay_domain_of(j->trace->recipients[i]);
		while (k < count && !mt_name_same(asked[k], asked[count]))
			k++;
		if (k == count && exchanger_of(j, asked[count++]))
			return true;
	}
	return false;
}

/* A word that is out, in trouble or was not asked for, of a check that could have explained the
 * message. */
bool
mt_relay_passed(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_result result, enum mt_cause cause)
{
	j->waiting = j->waiting || result == MT_UNKNOWN;
	if (result == MT_TEMPERROR)
		mt_relay_note_trouble(j, cause);
	if (result == MT_SKIPPED)
		mt_relay_note_skipped(j, what, cause);
	return result == MT_PASS;
}

/* The same of a check without which nobody is accused: it may be switched off. */
static bool
must_pass(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_result result, enum mt_cause cause)
{
	j->unseen = j->unseen || result == MT_SKIPPED;
	return mt_relay_passed(j, what, result, cause);
}

bool
mt_relay_spf_authorised(struct mt_relay_run *j)
{
	const struct mt_spf *spf = &j->trace->checks.spf_mailfrom;

	/* Of the live client only: an inner server's SPF nobody looked at. */
	if (!mt_hop_has(j->seen, MT_HOP_LIVE)) {
		j->unseen = true;
		mt_relay_note_skipped(j, MT_RELAY_ASKED_SPF, MT_CAUSE_NO_INPUT);
		return false;
	}
	if (!must_pass(j, MT_RELAY_ASKED_SPF, spf->result, spf->cause))
		return false;
	mt_relay_say(j, "the owner of ", spf->domain, " lets this server send for him (SPF)");
	return true;
}

/* ---- E4: signatures and marks -------------------------------------------------------------------- */

static bool
signed_by(struct mt_relay_run *j, bool house)
{
	const struct mt_checks *checks = &j->trace->checks;

	(void)must_pass(j, MT_RELAY_ASKED_DKIM, checks->dkim.result, checks->dkim.cause);
	for (unsigned i = 0; i < checks->nsignatures; i++) {
		const struct mt_signature *s = &checks->signatures[i];
		bool fits;

		(void)mt_relay_passed(j, MT_RELAY_ASKED_DKIM, s->result, s->cause);
		if (s->result != MT_PASS)
			continue;
		fits = house ? mt_relay_of_its_house(j, s->domain)
		    : mt_organization_same(j->input->organizations, s->domain, checks->dmarc.domain);
		if (!fits)
			continue;
		mt_relay_say(j, house ? "the server's own house signed it: " : "the author's domain signed it: ",
		    s->domain, "");
		return true;
	}
	return false;
}

bool
mt_relay_house_signed(struct mt_relay_run *j)
{
	return signed_by(j, true);
}

bool
mt_relay_author_signed(struct mt_relay_run *j)
{
	return signed_by(j, false);
}

bool
mt_relay_sealed(struct mt_relay_run *j)
{
	const struct mt_arc *arc = &j->trace->checks.arc;

	if (!mt_relay_passed(j, MT_RELAY_ASKED_ARC, arc->result, arc->cause) || arc->partial || arc->nsets == 0 ||
	    !mt_relay_of_its_house(j, arc->sets[arc->nsets - 1].sealer))
		return false;
	mt_relay_say(j, "sealed by ", arc->sets[arc->nsets - 1].sealer, " (ARC)");
	return true;
}

bool
mt_relay_aligned(struct mt_relay_run *j)
{
	if (!mt_relay_passed(j, MT_RELAY_ASKED_DMARC, j->trace->checks.dmarc.result, j->trace->checks.dmarc.cause))
		return false;
	mt_relay_say(j, "the author's domain ", j->trace->checks.dmarc.domain, " vouches for it (DMARC)");
	return true;
}

bool
mt_relay_list_mark(struct mt_relay_run *j)
{
	return marked(j, j->trace->marks.list, "a mailing list");
}

bool
mt_relay_service_mark(struct mt_relay_run *j)
{
	return marked(j, j->trace->marks.service, "a service that sends for others");
}

