/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows whose server it is that is judged, by names and addresses, and how that is told;
 * refuses to know what it did. */
#include "lib/core/relay_run.h"

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/hop.h"

#define VALUE_MOST 80			/* bytes of one value in a sentence */

static const char *const asked_words[MT_RELAY_ASKED_KINDS] = {
	[MT_RELAY_ASKED_NAMES] = "the names of the server",
	[MT_RELAY_ASKED_WRITER] = "the address of the line's writer",
	[MT_RELAY_ASKED_SENDER] = "the sender",
	[MT_RELAY_ASKED_RECIPIENT] = "the recipients",
	[MT_RELAY_ASKED_MX] = "their exchangers (MX)",
	[MT_RELAY_ASKED_SPF] = "SPF",
	[MT_RELAY_ASKED_DKIM] = "DKIM",
	[MT_RELAY_ASKED_ARC] = "ARC",
	[MT_RELAY_ASKED_DMARC] = "DMARC",
	[MT_RELAY_ASKED_CLIENT] = "the address of the client"
};

/* ---- sentences ------------------------------------------------------------------------------ */

void
mt_relay_say(struct mt_relay_run *j, const char *before, struct mt_span value, const char *after)
{
	mt_buf_text(&j->text, before);
	if (value.len > VALUE_MOST)
		value.len = VALUE_MOST;
	mt_buf_escape(&j->text, value, "\\");
	mt_buf_text(&j->text, after);
}

void
mt_relay_say_ip(struct mt_relay_run *j, const char *before, const struct mt_ip *ip, const char *after)
{
	char text[MT_IP_TEXT];

	mt_relay_say(j, before, mt_span_text(mt_ip_text(ip, text)), after);
}

void
mt_relay_say_not_asked(struct mt_relay_run *j, unsigned what)
{
	bool some = false;

	for (unsigned i = 0; i < MT_RELAY_ASKED_KINDS; i++)
		if ((what >> i & 1) != 0) {
			mt_buf_text(&j->text, some ? ", " : "not known or not asked: ");
			mt_buf_text(&j->text, asked_words[i]);
			some = true;
		}
}

/* ---- who the server is ------------------------------------------------------------------------ */

static void
add_name(struct mt_relay_run *j, struct mt_span name)
{
	if (mt_name_qualified(name) && j->nnames < MT_RELAY_NAMES)
		j->names[j->nnames++] = mt_name_strip(name);
}

void
mt_relay_note_trouble(struct mt_relay_run *j, enum mt_cause cause)
{
	if (!j->trouble)
		j->cause = cause == MT_CAUSE_NONE ? MT_CAUSE_TIMEOUT : cause;
	j->trouble = true;
}

/* Something that could have explained the message and was not asked: for want of what to ask
 * about or of somebody to ask, or on purpose. */
void
mt_relay_note_skipped(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_cause cause)
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
void
mt_relay_note_answer(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_cause cause)
{
	if (cause == MT_CAUSE_OFFLINE)
		mt_relay_note_skipped(j, what, cause);
	else if (mt_cause_trouble(cause) && cause != MT_CAUSE_BAD_NAME)
		mt_relay_note_trouble(j, cause);
}

/* The names of the server as they were seen from inside: those that lead back to it, and what it
 * calls itself, which proves nothing unless that was looked up (RFC 2505, 2.1). */
void
mt_relay_find_names(struct mt_relay_run *j)
{
	const struct mt_peer *peer = j->trace->peer;
	const struct mt_iprev *iprev = &peer->iprev;
	const struct mt_fact *fact = &j->trace->facts.fact[MT_FACT_IPREV];
	bool live = mt_hop_has(j->seen, MT_HOP_LIVE);

	if (live) {
		/* The name that would have told its house may be one that has no answer now, or beyond
		 * the bound. */
		if (fact->result == MT_TEMPERROR || fact->cause == MT_CAUSE_LIMIT)
			mt_relay_note_trouble(j, fact->cause);
		else if (mt_iprev_silent(iprev) || peer->helo.fact.result == MT_TEMPERROR)
			mt_relay_note_trouble(j, MT_CAUSE_NONE);
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
names_that_count(const struct mt_relay_run *j)
{
	return j->proved_only ? j->nproved : j->nnames;
}

/* By the names that were verified, or else by what the server calls itself, which is noted. */
bool
mt_relay_of_its_house(struct mt_relay_run *j, struct mt_span name)
{
	for (unsigned i = 0; i < names_that_count(j); i++)
		if (mt_organization_same(j->input->organizations, j->names[i], name)) {
			j->said = i >= j->nproved;
			return true;
		}
	return false;
}

bool
mt_relay_is_its_name(const struct mt_relay_run *j, struct mt_span name)
{
	for (unsigned i = 0; i < names_that_count(j); i++)
		if (mt_name_same(j->names[i], name))
			return true;
	return false;
}

/* The same /24 or /48: one operator's network. */
bool
mt_relay_near(const struct mt_ip *a, const struct mt_ip *b)
{
	return a->family == b->family && a->family != 0 && memcmp(a->bytes, b->bytes, a->family == 6 ? 6 : 3) == 0;
}

/* Whether an answer holds the server's address, or one near to it; notes what is out and what
 * failed. */
bool
mt_relay_leads_to_it(struct mt_relay_run *j, struct mt_span name, enum mt_relay_asked what, bool nearly)
{
	const struct mt_ip *ip = &j->relay->ip;
	const struct mt_answer *answer = mt_ask(j->ask, name, ip->family == 6 ? MT_RR_AAAA : MT_RR_A);

	if (answer == NULL) {
		j->waiting = true;
		return false;
	}
	mt_relay_note_answer(j, what, answer->cause);
	for (size_t i = 0; i < answer->nrecords; i++)
		if (mt_ip_equal(&answer->records[i].ip, ip) || (nearly && mt_relay_near(&answer->records[i].ip, ip)))
			return true;
	return false;
}

struct mt_span
mt_relay_domain_of(struct mt_span address)
{
	for (size_t i = address.len; i-- > 0;)
		if (address.ptr[i] == '@')
			return mt_name_strip((struct mt_span){ address.ptr + i + 1, address.len - i - 1 });
	return MT_ABSENT;
}

