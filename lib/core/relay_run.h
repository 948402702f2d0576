/* SPDX-License-Identifier: BSD-2-Clause */
/* What the steps of the relay's verdict share: private to relay.c, relay_house.c and
 * relay_excuses.c. */
#ifndef MT_CORE_RELAY_RUN_H
#define MT_CORE_RELAY_RUN_H

#include "lib/base/buf.h"
#include "lib/core/relay.h"

#define MT_RELAY_NAMES 12		/* of one server: verified names and what it called itself */

/* What a step asks for, as far as it may not have been asked: switched off, or because nobody
 * is to be asked or what to ask about is not known. */
enum mt_relay_asked {
	MT_RELAY_ASKED_NAMES, MT_RELAY_ASKED_WRITER, MT_RELAY_ASKED_SENDER, MT_RELAY_ASKED_RECIPIENT,
	MT_RELAY_ASKED_MX, MT_RELAY_ASKED_SPF, MT_RELAY_ASKED_DKIM, MT_RELAY_ASKED_ARC, MT_RELAY_ASKED_DMARC,
	MT_RELAY_ASKED_CLIENT, MT_RELAY_ASKED_KINDS
};

struct mt_relay_run {
	struct mt_relay *relay;
	struct mt_arena *arena;
	struct mt_ask *ask;
	const struct mt_trace *trace;
	const struct mt_relay_input *input;
	const struct mt_hop *line;	/* of the relay */
	const struct mt_hop *seen;	/* the hop that saw the relay */
	struct mt_span names[MT_RELAY_NAMES];	/* those that were verified first */
	unsigned nnames, nproved;
	bool proved_only;		/* the rest does not count now */
	bool mark;			/* the excuse that held is nothing that was verified */
	bool said;			/* the excuse at hand rests on what the client calls itself */
	bool waiting;			/* an answer is out */
	bool trouble;			/* one that could have explained will not come now */
	enum mt_cause cause;		/* of the first trouble */
	bool unseen;			/* a check that could have explained is switched off */
	unsigned off, missing;		/* of the step at hand: what was not asked, bits of enum mt_relay_asked */
	bool nameless;			/* nobody was asked for its names */
	bool unknown;			/* something is missing for good */
	enum mt_cause why;		/* of the first of it */
	struct mt_buf text;		/* the sentence of the excuse or step at hand */
};

/* An excuse: what it explains the message as, and whether it holds (its sentence is written).
 * mark: it is one that anybody can write, and nothing verifies it. */
struct mt_relay_excuse {
	enum mt_result grade;
	bool (*holds)(struct mt_relay_run *j);
	bool mark;
};

/* Sentences: appended to the text, values cut and escaped. */
void mt_relay_say(struct mt_relay_run *j, const char *before, struct mt_span value, const char *after);
void mt_relay_say_ip(struct mt_relay_run *j, const char *before, const struct mt_ip *ip, const char *after);
/* What of a set of bits of enum mt_relay_asked was not known or not asked. */
void mt_relay_say_not_asked(struct mt_relay_run *j, unsigned what);
/* Something that could have explained the message will not come now. */
void mt_relay_note_trouble(struct mt_relay_run *j, enum mt_cause cause);
/* Something that could have explained it was not asked: for want of what to ask about or of
 * somebody to ask, or on purpose. */
void mt_relay_note_skipped(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_cause cause);
/* An answer that is none. */
void mt_relay_note_answer(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_cause cause);
/* The names of the server as they were seen from inside, verified ones first. */
void mt_relay_find_names(struct mt_relay_run *j);
/* By the names that were verified, or else by what the server calls itself, which is noted. */
bool mt_relay_of_its_house(struct mt_relay_run *j, struct mt_span name);
bool mt_relay_is_its_name(const struct mt_relay_run *j, struct mt_span name);
/* The same /24 or /48. */
bool mt_relay_near(const struct mt_ip *a, const struct mt_ip *b);
/* Whether a name has the address of the server, or one near to it; notes what is out and what
 * failed. */
bool mt_relay_leads_to_it(struct mt_relay_run *j, struct mt_span name, enum mt_relay_asked what, bool nearly);
/* What stands behind the last "@"; absent: nothing does. */
struct mt_span mt_relay_domain_of(struct mt_span address);

/* Excuses, each of which writes its sentence where it holds.  E2, authority: */
bool mt_relay_authenticated(struct mt_relay_run *j);
bool mt_relay_same_network(struct mt_relay_run *j);
bool mt_relay_same_as(struct mt_relay_run *j);
bool mt_relay_same_house(struct mt_relay_run *j);
bool mt_relay_same_cloud(struct mt_relay_run *j);
bool mt_relay_own_user(struct mt_relay_run *j);
/* E3, service: */
bool mt_relay_other_recipient(struct mt_relay_run *j);
bool mt_relay_rewritten(struct mt_relay_run *j);
bool mt_relay_forward_mark(struct mt_relay_run *j);
bool mt_relay_exchanger(struct mt_relay_run *j);
bool mt_relay_spf_authorised(struct mt_relay_run *j);
/* E4, signatures and marks: */
bool mt_relay_house_signed(struct mt_relay_run *j);
bool mt_relay_author_signed(struct mt_relay_run *j);
bool mt_relay_sealed(struct mt_relay_run *j);
bool mt_relay_aligned(struct mt_relay_run *j);
bool mt_relay_list_mark(struct mt_relay_run *j);
bool mt_relay_service_mark(struct mt_relay_run *j);
/* Whether a check passed; notes what is out, what failed and what was not asked. */
bool mt_relay_passed(struct mt_relay_run *j, enum mt_relay_asked what, enum mt_result result,
    enum mt_cause cause);

#endif
