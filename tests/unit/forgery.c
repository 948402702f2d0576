/* SPDX-License-Identifier: BSD-2-Clause */
/* Each sign of a forged line, and beside it the honest line that is nearest to it. */
#include "lib/core/forgery.h"

#include "tests/unit/path.h"
#include "tests/unit/tap.h"

#define D(time) "; Sat, 21 Nov 2026 " time " +0000"
#define DATE D("09:59:50")
#define OLD "; Wed, 18 Nov 2026 09:59:50 +0000"
#define NONE MT_HOP_FLAGS

/* The boundary: our MX saw mail.sender.net, or a dial-up line, or a list server. */
#define MX "from mail.sender.net (mail.sender.net [194.0.0.7]) by mx.example.org (Postfix) with ESMTPS id 4A" D("09:59:59")
#define MX_DIAL "from ppp-12-34.dial.sender.net (ppp-12-34.dial.sender.net [194.0.12.34]) by mx.example.org (Postfix) with ESMTP id 4A" D("09:59:59")
#define MX_LIST "from lists.sample.org (lists.sample.org [198.0.0.9]) by mx.example.org (Postfix) with ESMTPS id 4A" D("09:59:59")
#define FINE "from laptop (unknown [195.0.0.3]) by mail.sender.net (Postfix) with ESMTPSA id 4B for <joe@example.org>" DATE
#define FINE_OLD "from laptop (unknown [195.0.0.3]) by mail.sender.net (Postfix) with ESMTPSA id 4B for <joe@example.org>" OLD
#define ODD "from unknown (196.0.0.5) by q4.sample.com with NNFMP" DATE

/* What we wrote when it first passed through us, with and without a filter, and the list's line about us. */
#define OUT_MX "from laptop (unknown [10.0.0.9]) by mx.example.org (Postfix) with ESMTPSA id 4C for <list@sample.org>" D("09:59:10")
#define OUT_FILTER "from localhost (localhost [127.0.0.1]) by mx.example.org (Postfix) with ESMTP id 4D" D("09:59:12")
#define OUT_RELAY "from mx (unknown [10.0.0.25]) by relay.example.org (Postfix) with ESMTP id 4D" D("09:59:14")
#define LIST_IP "from x (unknown [193.0.0.25]) by lists.sample.org (Postfix) with ESMTPS id 4E for <list@sample.org>" D("09:59:20")
#define LIST_NAME "from x (mx.example.org [197.0.0.25]) by lists.sample.org (Postfix) with ESMTPS id 4E for <list@sample.org>" D("09:59:20")
#define LIST_HELO "from mx.example.org (unknown [197.0.0.25]) by lists.sample.org (Postfix) with ESMTPS id 4E for <list@sample.org>" D("09:59:20")
#define LIST_OTHER "from evil.sample.net (unknown [197.0.0.66]) by lists.sample.org (Postfix) with ESMTPS id 4E for <list@sample.org>" D("09:59:20")
#define LIST_LOCAL "from localhost (localhost [127.0.0.1]) by lists.sample.org (Postfix) with ESMTP id 4F" D("09:59:30")

static const struct {
	const char *name;
	const char *fields[PATH_FIELDS];	/* newest first */
	unsigned hop;			/* the one that is looked at, 1 is the oldest */
	enum mt_hop_flag flag;		/* the sign it bears; NONE: not looked at */
	bool bears;
	unsigned forged;		/* bit n-1: hop n is forged */
} cases[] = {
	{ "two honest lines", { MX, FINE }, 1, NONE, true, 0 },
	{ "a protocol that nobody writes", { MX, ODD }, 1, MT_HOP_ODD_WORD, true, 1 },
	{ "the same word with an id, as Exim writes", { MX, "from unknown ([196.0.0.5]) by mail.sender.net with local (Exim 4.96) id "
	    "1wQ1bT-0003Pa-8W for <joe@example.org>; Sat, 21 Nov 2026 09:59:50" }, 1, MT_HOP_ODD_WORD, false, 0 },
	{ "an address that cannot be one", { MX, "from x ([196.0.300.5]) by q4.sample.com with SMTP" DATE }, 1, MT_HOP_IMPOSSIBLE_IP,
	    true, 1 },
	{ "one that can", { MX, "from x ([196.0.30.5]) by q4.sample.com with SMTP id 4G" DATE }, 1, MT_HOP_IMPOSSIBLE_IP, false, 0 },
	{ "an id that holds another time", { MX, "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96) id "
	    "1CIlfc-0003Pa-8W" DATE }, 1, MT_HOP_QUEUE_CLOCK, true, 1 },
	{ "an id that holds its time", { MX, "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96) id "
	    "1CIlfc-0003Pa-8W; Sat, 16 Oct 2004 10:20:18 +0000" }, 1, MT_HOP_QUEUE_CLOCK, false, 0 },
	{ "our name, and the client a stranger", { MX, "from bank.example.com (bank.example.com [196.0.0.1]) by mx.example.org "
	    "(Postfix) with ESMTPS id 4H" DATE }, 1, MT_HOP_OUR_NAME, true, 1 },
	{ "our address", { MX, "from bank.example.com (bank.example.com [196.0.0.1]) by [193.0.0.25] with ESMTPS id 4H" DATE }, 1,
	    MT_HOP_OUR_NAME, true, 1 },
	{ "a name that only looks like ours", { MX, "from bank.example.com (bank.example.com [196.0.0.1]) by mx.example.org.sample.net "
	    "(Postfix) with ESMTPS id 4H" DATE }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "list echo, our address known", { MX_LIST, LIST_IP, OUT_MX }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "list echo, our name known", { MX_LIST, LIST_NAME, OUT_MX }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "list echo, our name only said", { MX_LIST, LIST_HELO, OUT_MX }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "list echo after our filter", { MX_LIST, LIST_LOCAL, LIST_IP, OUT_FILTER, OUT_MX }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "list echo after our relay", { MX_LIST, LIST_LOCAL, LIST_IP, OUT_RELAY, OUT_FILTER, OUT_MX }, 1, MT_HOP_OUR_NAME, false, 0 },
	{ "a list that another handed our line", { MX_LIST, LIST_OTHER, OUT_MX }, 1, MT_HOP_OUR_NAME, true, 1 },
	{ "the same with our filter's line", { MX_LIST, LIST_OTHER, OUT_FILTER, OUT_MX }, 2, MT_HOP_OUR_NAME, true, 3 },
	{ "and with the list's own local line", { MX_LIST, LIST_LOCAL, OUT_MX }, 1, MT_HOP_OUR_NAME, true, 1 },
	{ "our name said at our own door", { "from mx.example.org (unknown [194.0.0.7]) by mx.example.org (Postfix) with ESMTPS id 4A"
	    D("09:59:59"), OUT_MX }, 1, MT_HOP_OUR_NAME, true, 1 },
	{ "neither id nor for, by a dial-up line that is the client", { MX_DIAL, "from unknown (196.0.0.5) by "
	    "ppp-12-34.dial.sender.net with SMTP" DATE }, 1, MT_HOP_ALIEN_BY, true, 1 },
	{ "neither id nor for, by a name made of an address, which is the client's", { "from 194-0-12-34.sender.net "
	    "(194-0-12-34.sender.net [194.0.12.34]) by mx.example.org (Postfix) with ESMTP id 4A" D("09:59:59"),
	    "from unknown (196.0.0.5) by 194-0-12-34.sender.net with SMTP" DATE }, 1, MT_HOP_ALIEN_BY, true, 1 },
	{ "a server with one number in its name", { "from mx12.sender.net (mx12.sender.net [194.0.12.34]) by mx.example.org (Postfix) "
	    "with ESMTP id 4A" D("09:59:59"), "from unknown (196.0.0.5) by mx12.sender.net with SMTP" DATE }, 1, MT_HOP_ALIEN_BY,
	    false, 0 },
	{ "by a dial-up line, with id and for", { MX_DIAL, "from unknown ([196.0.0.5]) by ppp-12-34.dial.sender.net (Postfix) with ESMTP "
	    "id 4I for <joe@example.org>" DATE }, 1, MT_HOP_ALIEN_BY, true, 0 },
	{ "neither id nor for, by an address that is not the client's", { MX, "from unknown (196.0.0.5) by 196.7.7.7 with SMTP" DATE },
	    1, MT_HOP_ALIEN_BY, true, 1 },
	{ "neither id nor for, by the client's address", { MX, "from unknown (196.0.0.5) by 194.0.0.7 with SMTP" DATE }, 1,
	    MT_HOP_ALIEN_BY, false, 0 },
	{ "neither id nor for alone", { MX, "from unknown (196.0.0.5) by mail.sender.net with SMTP" DATE }, 1, MT_HOP_NO_ID_NO_FOR,
	    true, 0 },
	{ "with an id", { MX, "from unknown (196.0.0.5) by mail.sender.net with SMTP id 4J" DATE }, 1, MT_HOP_NO_ID_NO_FOR, false, 0 },
	{ "qmail has neither and says so", { MX, "from unknown (HELO x) (196.0.0.5) by mail.sender.net with SMTP; 21 Nov 2026 "
	    "09:59:50 -0000" }, 1, MT_HOP_NO_ID_NO_FOR, false, 0 },
	{ "neither id nor for, and a date that no software writes", { MX, "from unknown (196.0.0.5) by mail.sender.net with SMTP; "
	    "Nov, 21 2026 09:59:50 AM +0000" }, 1, MT_HOP_NO_ID_NO_FOR, true, 1 },
	{ "the same date with an id", { MX, "from unknown (196.0.0.5) by mail.sender.net with SMTP id 4K; Nov, 21 2026 09:59:50 AM "
	    "+0000" }, 1, MT_HOP_DATE_ODD, true, 0 },
	{ "old, without marks, and hanging on nothing", { MX, "from unknown (196.0.0.5) by q4.sample.com with SMTP" OLD }, 1,
	    MT_HOP_STALE, true, 1 },
	{ "old and without marks, but linked", { MX, "from unknown (196.0.0.5) by mail.sender.net with SMTP" OLD }, 1, MT_HOP_STALE,
	    true, 0 },
	{ "old alone", { MX, FINE_OLD }, 1, MT_HOP_STALE, true, 0 },
	{ "fresh, without marks, and hanging on nothing", { MX, "from unknown (196.0.0.5) by q4.sample.com with SMTP" DATE }, 1,
	    MT_HOP_STALE, false, 0 },
	{ "held back, as the server says", { MX, "from unknown (196.0.0.5) by q4.sample.com with SMTP state moderation" OLD }, 1,
	    MT_HOP_STALE, false, 0 },
	{ "held in a state that there is not", { MX, "from unknown (196.0.0.5) by q4.sample.com with SMTP state bliss" OLD }, 1,
	    MT_HOP_STALE, true, 1 },
	{ "a word for the client, by a server that the newer line did not see", { MX_DIAL, "from hotmail by mars.sample.com with SMTP id "
	    "jb2ADScSzwzK56cd1mrX" DATE }, 1, MT_HOP_NO_CLIENT, true, 1 },
	{ "the same by the newer line's client", { MX, "from hotmail by mail.sender.net with SMTP id jb2ADScSzwzK56cd1mrX" DATE }, 1,
	    MT_HOP_NO_CLIENT, true, 0 },
	{ "the same by a server that the newer line did not see, which is one", { MX, "from hotmail by mars.sample.com with SMTP id "
	    "jb2ADScSzwzK56cd1mrX" DATE }, 1, MT_HOP_NO_CLIENT, true, 0 },
	{ "software that says so names a client by a word", { MX_DIAL, "from hotmail by mars.sample.com (GateWay 2.1) with SMTP id "
	    "jb2ADScSzwzK56cd1mrX" DATE }, 1, MT_HOP_NO_CLIENT, false, 0 },
	{ "a domain for the client of its own host", { "from sample.com (unknown [194.0.0.7]) by mx.example.org (Postfix) with SMTP id 4A"
	    D("09:59:59"), "from sample.com by KH7H9P22F.sample.com with SMTP for joe@example.org" DATE }, 1, MT_HOP_NO_CLIENT, true, 1 },
	{ "nothing for the client, by a dial-up line", { "from PPP-12-34.dial.sender.net_[194.0.12.34] (ppp-12-34.dial.sender.net "
	    "[194.0.12.34]) by mx.example.org (Postfix) with SMTP id 4A" D("09:59:59"), "from by PPP-12-34.dial.sender.net with ESMTP"
	    DATE }, 1, MT_HOP_NO_ID_NO_FOR, true, 1 },
	{ "by the address of a dial-up line", { MX_DIAL, "from unknown (196.0.0.5) by 194.0.12.34 with SMTP" DATE }, 1, MT_HOP_ALIEN_BY,
	    true, 1 },
	{ "more than a day after the newer line", { MX, "from x (unknown [196.0.0.5]) by q4.sample.com (Postfix) with ESMTP id 4P; "
	    "Mon, 23 Nov 2026 09:59:50 +0000" }, 1, MT_HOP_IMPOSSIBLE_DATE, true, 1 },
	{ "the same by a server that the newer line saw, whose clock is wrong", { MX, "from x (unknown [196.0.0.5]) by mail.sender.net "
	    "(Postfix) with ESMTP id 4P; Mon, 23 Nov 2026 09:59:50 +0000" }, 1, MT_HOP_IMPOSSIBLE_DATE, false, 0 },
	{ "an hour after it", { MX, "from x (unknown [196.0.0.5]) by q4.sample.com (Postfix) with ESMTP id 4P" D("11:01:00") }, 1,
	    MT_HOP_IMPOSSIBLE_DATE, false, 0 },
	{ "an hour after it, without marks, and hanging on nothing", { MX, "from unknown (196.0.0.5) by q4.sample.com with SMTP"
	    D("11:01:00") }, 1, MT_HOP_BACKWARDS, true, 1 },
	{ "no date of Sendmail", { MX, "from x (x.sample.com [196.0.0.5]) by mail.sender.net (8.14.7/8.14.7) with SMTP id 076Go4wD014562; "
	    "very soon" }, 1, MT_HOP_IMPOSSIBLE_DATE, true, 1 },
	{ "no date of an unknown program", { MX, "from x (x.sample.com [196.0.0.5]) by mail.sender.net (GateWay 2.1) with SMTP id 4Q; "
	    "very soon" }, 1, MT_HOP_IMPOSSIBLE_DATE, false, 0 },
	{ "a client of 240/4", { MX, "from x (x.sample.com [240.1.2.3]) by q4.sample.com with SMTP id 4R" DATE }, 1, MT_HOP_IMPOSSIBLE_IP,
	    true, 1 },
	{ "a client of 127.9/16", { MX, "from x (x.sample.com [127.9.2.3]) by q4.sample.com with SMTP id 4R" DATE }, 1,
	    MT_HOP_IMPOSSIBLE_IP, true, 1 },
	{ "a client of 127.0/16", { MX, "from x (localhost [127.0.1.1]) by q4.sample.com with SMTP id 4R" DATE }, 1,
	    MT_HOP_IMPOSSIBLE_IP, false, 0 },
	{ "Exim without an id", { MX, "from x ([196.0.0.5]) by q4.sample.com with esmtp (Exim 4.96)" DATE }, 1, MT_HOP_ALIEN_FORM, true, 1 },
	{ "the same by a server that the newer line saw", { MX, "from x ([196.0.0.5]) by mail.sender.net with esmtp (Exim 4.96)" DATE }, 1,
	    MT_HOP_ALIEN_FORM, true, 0 },
	{ "Exim with an id", { MX, "from x ([196.0.0.5]) by q4.sample.com with esmtp (Exim 4.96) id 1wQ1bT-0003Pa-8W; Sat, 21 Nov 2026 "
	    "09:59:50" }, 1, MT_HOP_ALIEN_FORM, false, 0 },
	{ "Sendmail with a name glued to the address", { MX, "from x (mx.sample.net[196.0.0.5]) by q4.sample.com (8.8.5/8.7.3) with SMTP "
	    "id XAA03254" DATE }, 1, MT_HOP_ALIEN_FORM, true, 1 },
	{ "Sendmail with a space", { MX, "from x (mx.sample.net [196.0.0.5]) by q4.sample.com (8.8.5/8.7.3) with SMTP id XAA03254" DATE },
	    1, MT_HOP_ALIEN_FORM, false, 0 },
	{ "a protocol that Postfix does not know", { MX, "from x (unknown [196.0.0.5]) by q4.sample.com (Postfix) with DSMTP id 4S" DATE },
	    1, MT_HOP_ALIEN_FORM, true, 1 },
	{ "a provider without its id", { MX, "from [196.0.0.5] by rly-xw05.mx.aol.com with esmtp" DATE }, 1, MT_HOP_ALIEN_FORM, true, 1 },
	{ "the same with its mark", { MX, "from mail.sample.net (mail.sample.net [196.0.0.5]) by rly-xw05.mx.aol.com (v86.11) with ESMTP"
	    DATE }, 1, MT_HOP_ALIEN_FORM, false, 0 },
	{ "below a forged line", { MX, ODD, FINE }, 1, MT_HOP_BESIDE_FORGED, true, 3 },
	{ "right above one, without marks", { MX, "from unknown (196.0.0.5) by q5.sample.com with SMTP" DATE, ODD }, 2,
	    MT_HOP_BESIDE_FORGED, true, 3 },
	{ "right above one, with marks", { MX, FINE, ODD }, 2, MT_HOP_BESIDE_FORGED, false, 1 },
	{ "the line we wrote ourselves is not judged", { ODD }, 1, MT_HOP_BESIDE_FORGED, false, 0 },
	{ "nor is one inside the boundary", { "from mx.example.org (mx.example.org [193.0.0.25]) by store.example.org (Postfix) with "
	    "ESMTP id 4L" D("09:59:59"), MX, FINE }, 2, MT_HOP_OUR_NAME, false, 0 },
};

int
main(void)
{
	static const struct mt_net nets[] = { { { 4, { 193, 0, 0, 0 } }, 24 }, { { 4, { 10, 0, 0, 0 } }, 8 },
		{ { 4, { 127, 0, 0, 0 } }, 8 } };
	static const struct mt_span names[] = { { "*.example.org", 13 } };
	const struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .networks = { nets, 3 }, .names = { names, 1 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned forged = 0;
		struct path p;
		bool bears, graded = true;

		path_build(&p, &trust, cases[i].fields, NULL, NULL);
		for (size_t h = 0; h < p.trace.nhops; h++) {
			forged |= (unsigned)p.trace.hops[h].forged << h;
			graded = graded && p.trace.hops[h].forged == (p.trace.hops[h].link == MT_LINK_CONTRADICTED);
		}
		bears = cases[i].flag == NONE || mt_hop_has(&p.trace.hops[cases[i].hop - 1], cases[i].flag);
		tap_ok(forged == cases[i].forged && bears == cases[i].bears && graded &&
		    (p.trace.facts.fact[MT_FACT_CHAIN].result == MT_FORGED) == (forged != 0), "%s: forged %#x, %s %s",
		    cases[i].name, forged, bears ? "with" : "without", cases[i].flag == NONE ? "-" : mt_hop_flag_word(cases[i].flag));
		path_close(&p);
	}
	return tap_done();
}
