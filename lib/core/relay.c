/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what explains that a server passed on a message, and how little it takes to be
 * mistaken: a step that accuses needs every excuse of its table to fail.  Does not know whether
 * policy acts on it.
 *
 * The server that is judged is the last one whose address is proved; its own line, the next
 * older one, says whose mail it passed on.  Whoever lies in that line lies about himself.
 */
#include "lib/core/relay_run.h"

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/hop.h"

/* ---- E1: the event ------------------------------------------------------------------------------ */

/* The line is the server's own: it bears its address or a name that was verified.  A name of its
 * house is enough: large ones write names of machines that nobody outside can resolve.  What the
 * client only calls itself ties nothing: he wrote it, and may have invented the line with it. */
static bool
tied(struct mt_relay_run *j)
{
	struct mt_ip by_ip = mt_hop_by_ip(j->line);
	bool named;

	if (by_ip.family != 0 && mt_ip_equal(&by_ip, &j->relay->ip))
		return true;
	j->proved_only = true;
	named = mt_relay_is_its_name(j, j->line->by) || mt_relay_of_its_house(j, j->line->by);
	j->proved_only = false;
	return named || (mt_name_qualified(j->line->by) && mt_name_host(j->line->by) &&
	    mt_relay_leads_to_it(j, mt_name_strip(j->line->by), MT_RELAY_ASKED_WRITER, false));
}

/* Nothing ties it for certain, but what it calls itself does, and whether that is its name nobody
 * can tell while reverse DNS is in trouble: then the event is as good as seen, and accuses nobody. */
static bool
may_be_tied(struct mt_relay_run *j)
{
	const uint64_t another = MT_BIT(MT_MISMATCH) | MT_BIT(MT_OURS) | MT_BIT(MT_LITERAL_MISMATCH);

	return mt_hop_has(j->seen, MT_HOP_LIVE) && j->trace->facts.fact[MT_FACT_IPREV].result == MT_TEMPERROR &&
	    (another & MT_BIT(j->trace->peer->helo.fact.result)) == 0 &&
	    (mt_relay_is_its_name(j, j->line->by) || mt_relay_of_its_house(j, j->line->by));
}

static void
say_untied(struct mt_relay_run *j)
{
	mt_relay_say(j, j->missing != 0 ? "not known whether " : "nothing ties ", j->line->by,
	    j->missing != 0 ? " is the server: " : j->trouble
	    ? " to the server now; a name that could, cannot be looked up" : " to the server");
	if (j->missing != 0)
		mt_relay_say_not_asked(j, j->missing);
	else if (!j->trouble && (mt_relay_is_its_name(j, j->line->by) || mt_relay_of_its_house(j, j->line->by)))
		mt_buf_text(&j->text, " but what its client called itself, which was not verified");
}

/* The oldest line that is believed tells no client because there was none. */
static bool
begun_here(const struct mt_relay_run *j)
{
	unsigned hop = j->trace->boundary.hop;

	return hop > 0 && hop <= j->trace->nhops && (j->trace->hops[hop - 1].kind == MT_HOP_LOCAL ||
	    j->trace->hops[hop - 1].kind == MT_HOP_HTTP);
}

/* What makes it no event: the grade, with its sentence; MT_UNKNOWN where it is one, and
 * MT_SKIPPED where nobody knows. */
static enum mt_result
no_line(struct mt_relay_run *j)
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
		mt_relay_note_skipped(j, MT_RELAY_ASKED_CLIENT, MT_CAUSE_NO_INPUT);
		mt_relay_say_not_asked(j, j->missing);
		return MT_SKIPPED;
	}
	if (boundary->ip.family == 0 || mt_ip_private(&boundary->ip) ||
	    mt_nets_have(&j->trace->settings->trust->networks, &boundary->ip)) {
		mt_buf_text(&j->text, "no server outside of our own passed it on");
		return MT_INTERNAL;
	}
	if (boundary->hop < 2 || boundary->hop > j->trace->nhops) {
		mt_relay_say_ip(j, "", &boundary->ip, " wrote no line of its own: it is where the message comes from");
		return MT_DIRECT;
	}
	return MT_UNKNOWN;
}

static enum mt_result
no_outsider(struct mt_relay_run *j)
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

/* ---- E5: corroboration ----------------------------------------------------------------------------- */

static bool
listed_by_zone(struct mt_relay_run *j)
{
	const struct mt_checks *checks = &j->trace->checks;

	for (size_t i = 0; i < checks->lists.count; i++) {
		const struct mt_listing *l = &checks->lists.listing[i];

		for (unsigned k = 0; k < l->nnames; k++)
			if (l->result == MT_LISTED && !l->allow && mt_ip_equal(&l->ip, &j->relay->ip) &&
			    mt_span_same_text(l->classes[k], "relay")) {
				mt_relay_say(j, "", l->zone, " lists it as a relay");
				return true;
			}
	}
	return false;
}

static bool
listed_as_relay(struct mt_relay_run *j)
{
	if (j->input->known != NULL && mt_nets_have(j->input->known, &j->relay->ip)) {
		mt_relay_say_ip(j, "", &j->relay->ip, " stands in our own list of relays");
		return true;
	}
	return listed_by_zone(j);
}

static enum mt_result
history_says(struct mt_relay_run *j)
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

static const struct mt_relay_excuse authority[] = {
	{ MT_SUBMISSION, mt_relay_authenticated, true },
	{ MT_INTERNAL, mt_relay_same_network, false },
	{ MT_INTERNAL, mt_relay_same_as, false },
	{ MT_INTERNAL, mt_relay_same_house, false },
	{ MT_INTERNAL, mt_relay_same_cloud, false },
	{ MT_SUBMISSION, mt_relay_own_user, false },
	{ MT_UNKNOWN, NULL, false }
};
static const struct mt_relay_excuse service[] = {
	{ MT_FORWARDER, mt_relay_other_recipient, false },
	{ MT_FORWARDER, mt_relay_rewritten, true },
	{ MT_FORWARDER, mt_relay_forward_mark, true },
	{ MT_ESP, mt_relay_spf_authorised, false },
	{ MT_FORWARDER, mt_relay_exchanger, false },
	{ MT_UNKNOWN, NULL, false }
};
static const struct mt_relay_excuse signature[] = {
	{ MT_LIST, mt_relay_list_mark, true },
	{ MT_ESP, mt_relay_service_mark, true },
	{ MT_ESP, mt_relay_house_signed, false },
	{ MT_FORWARDER, mt_relay_author_signed, false },
	{ MT_FORWARDER, mt_relay_sealed, false },
	{ MT_FORWARDER, mt_relay_aligned, false },
	{ MT_UNKNOWN, NULL, false }
};

static void
finding(struct mt_relay_run *j, enum mt_relay_step step, enum mt_result holds)
{
	j->relay->findings[step] = (struct mt_relay_finding){ .holds = holds, .text = mt_buf_span(&j->text) };
	mt_buf_init(&j->text, j->arena, 0);
}

/* Nothing that was asked explains it: whether the step holds, with its sentence. */
static enum mt_result
unexplained(struct mt_relay_run *j, const char *none, bool trouble)
{
	const unsigned needed = 1u << MT_RELAY_ASKED_SPF | 1u << MT_RELAY_ASKED_DKIM;

	if ((j->missing | (j->off & needed)) != 0) {
		mt_buf_text(&j->text, "nothing that was asked explains it; ");
		mt_relay_say_not_asked(j, j->missing | j->off);
		return MT_UNKNOWN;
	}
	mt_buf_text(&j->text, none);
	if (trouble)
		mt_buf_text(&j->text, "; but something that could explain it cannot be had now");
	if (j->off != 0) {
		mt_buf_text(&j->text, "; ");
		mt_relay_say_not_asked(j, j->off);
	}
	return trouble ? MT_TEMPERROR : MT_YES;
}

/* The first excuse that holds explains the message.  All that could are asked before one
 * waits for an answer. */
static enum mt_result
explained(struct mt_relay_run *j, enum mt_relay_step step, const struct mt_relay_excuse *excuses, const char *none)
{
	bool before = j->trouble;

	j->off = 0;
	j->missing = 0;
	if (j->nameless)
		mt_relay_note_skipped(j, MT_RELAY_ASKED_NAMES, MT_CAUSE_OFFLINE);
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
verified_excuse(struct mt_relay_run *j)
{
	static const struct mt_relay_excuse *const tables[] = { authority, signature, service };
	bool holds = false;

	j->proved_only = true;
	for (size_t t = 0; t < sizeof tables / sizeof *tables && !holds; t++)
		for (const struct mt_relay_excuse *e = tables[t]; e->holds != NULL && !holds; e++)
			holds = !e->mark && e->holds(j);
	j->proved_only = false;
	mt_buf_init(&j->text, j->arena, 0);
	return holds;
}

/* A list names the server, and all that speaks for it is a mark that the sender may have put
 * there: as if the message came from itself.  Not while something better may speak for it. */
static bool
listed_in_spite(struct mt_relay_run *j)
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
event(struct mt_relay_run *j)
{
	enum mt_result grade = no_line(j), holds = MT_YES;

	if (grade == MT_UNKNOWN) {
		j->seen = &j->trace->hops[j->trace->boundary.hop - 1];
		j->line = &j->trace->hops[j->trace->boundary.hop - 2];
		/* A filter on the same machine handed it back: the line before tells from whom. */
		while (mt_ip_loopback(&j->line->from.ip) && j->line > j->trace->hops)
			j->line--;
		mt_relay_find_names(j);
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
	mt_relay_say_ip(j, "", &j->relay->ip, " passed on what ");
	mt_relay_say_ip(j, "", &j->relay->origin, holds == MT_YES ? " sent"
	    : " sent, if what it calls itself is its name, which cannot be verified now");
	finding(j, MT_RELAY_EVENT, holds);
	return MT_UNKNOWN;
}

/* E5.  Accuses only where nothing that could have excused was in trouble, and not a bounce
 * alone, whose null sender no SPF speaks for. */
static enum mt_result
corroborated(struct mt_relay_run *j)
{
	enum mt_result grade = listed_as_relay(j) ? MT_OPEN : history_says(j);

	finding(j, MT_RELAY_CORROBORATED, grade == MT_UNATTESTED ? MT_NO : MT_YES);
	if (j->trouble || j->unseen || !j->trace->sender_known || j->trace->sender.len == 0)
		return MT_UNATTESTED;
	return grade;
}

static enum mt_result
grade(struct mt_relay_run *j)
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
	struct mt_relay_run j = { .relay = relay, .arena = arena, .ask = ask, .trace = trace, .input = input };
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
