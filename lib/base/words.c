/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of every closed set, once. */
#include "lib/base/words.h"

static const char *const results[MT_RESULTS] = {
	[MT_UNKNOWN] = "unknown", [MT_NONE] = "none", [MT_PASS] = "pass", [MT_FAIL] = "fail",
	[MT_SOFTFAIL] = "softfail", [MT_NEUTRAL] = "neutral", [MT_POLICY] = "policy",
	[MT_TEMPERROR] = "temperror", [MT_PERMERROR] = "permerror", [MT_SKIPPED] = "skipped",
	[MT_MISMATCH] = "mismatch", [MT_UNRESOLVABLE] = "unresolvable",
	[MT_LITERAL_MISMATCH] = "literal-mismatch", [MT_NOT_FQDN] = "not-fqdn",
	[MT_MALFORMED] = "malformed", [MT_OURS] = "ours", [MT_CHANGED] = "changed",
	[MT_ODD] = "odd", [MT_FORGED] = "forged", [MT_LOOP] = "loop", [MT_FUTURE] = "future",
	[MT_TRUNCATED] = "truncated", [MT_DIRECT] = "direct", [MT_SUBMISSION] = "submission",
	[MT_INTERNAL] = "internal", [MT_FORWARDER] = "forwarder", [MT_LIST] = "list",
	[MT_ESP] = "esp", [MT_UNATTESTED] = "unattested", [MT_SUSPECT] = "suspect",
	[MT_OPEN] = "open", [MT_LISTED] = "listed", [MT_CLEAN] = "clean",
	[MT_REFUSED] = "refused", [MT_DEAD] = "dead", [MT_NEW] = "new", [MT_GOOD] = "good",
	[MT_BAD] = "bad", [MT_INSIDE] = "inside", [MT_OUTSIDE] = "outside", [MT_YES] = "yes",
	[MT_NO] = "no",
};

static const char *const causes[MT_CAUSES] = {
	[MT_CAUSE_NONE] = "", [MT_CAUSE_NXDOMAIN] = "nxdomain", [MT_CAUSE_NODATA] = "nodata",
	[MT_CAUSE_TIMEOUT] = "timeout", [MT_CAUSE_SERVFAIL] = "servfail",
	[MT_CAUSE_REFUSED] = "refused", [MT_CAUSE_GARBAGE] = "garbage",
	[MT_CAUSE_NETWORK] = "network", [MT_CAUSE_BREAKER] = "breaker",
	[MT_CAUSE_LIMIT] = "limit", [MT_CAUSE_DEADLINE] = "deadline",
	[MT_CAUSE_OFFLINE] = "offline", [MT_CAUSE_NO_INPUT] = "no-input",
	[MT_CAUSE_BAD_NAME] = "bad-name", [MT_CAUSE_NOT_NEEDED] = "not-needed",
};

static const char *const actions[MT_ACTIONS] = {
	[MT_ACCEPT] = "accept", [MT_TAG] = "tag", [MT_QUARANTINE] = "quarantine",
	[MT_TEMPFAIL] = "tempfail", [MT_REJECT] = "reject",
};
static const char *const modes[MT_MODES] = {
	[MT_MODE_OFF] = "off", [MT_MODE_MONITOR] = "monitor", [MT_MODE_ENFORCE] = "enforce",
};
static const char *const stages[MT_STAGES] = {
	[MT_STAGE_CONNECT] = "connect", [MT_STAGE_HELO] = "helo", [MT_STAGE_MAIL] = "mail",
	[MT_STAGE_RCPT] = "rcpt", [MT_STAGE_DATA] = "data", [MT_STAGE_EOM] = "eom",
};
static const char *const levels[MT_LEVELS] = {
	[MT_LEVEL_UNVERIFIED] = "unverified", [MT_LEVEL_TRUSTED] = "trusted",
	[MT_LEVEL_VERIFIED] = "verified", [MT_LEVEL_SUSPICIOUS] = "suspicious",
};
static const char *const strengths[MT_STRENGTHS] = {
	[MT_WEAK] = "weak", [MT_MEDIUM] = "medium", [MT_STRONG] = "strong",
};
static const char *const links[MT_LINKS] = {
	[MT_LINK_NONE] = "none", [MT_LINK_PROVED] = "proved", [MT_LINK_LINKED] = "linked",
	[MT_LINK_PLAUSIBLE] = "plausible", [MT_LINK_UNLINKED] = "unlinked",
	[MT_LINK_CONTRADICTED] = "contradicted",
};
static const char *const hop_kinds[MT_HOP_KINDS] = {
	[MT_HOP_UNPARSED] = "unparsed", [MT_HOP_SMTP] = "smtp", [MT_HOP_HTTP] = "http",
	[MT_HOP_LOCAL] = "local", [MT_HOP_RETRIEVAL] = "retrieval",
};
static const char *const hop_flags[MT_HOP_FLAGS] = {
	[MT_HOP_LIVE] = "live", [MT_HOP_BRACKETED] = "bracketed",
	[MT_HOP_MAY_BE_FORGED] = "may-be-forged", [MT_HOP_UNVERIFIED] = "unverified",
	[MT_HOP_AUTHENTICATED] = "authenticated", [MT_HOP_TLS] = "tls",
	[MT_HOP_PRIVATE] = "private", [MT_HOP_NO_DATE] = "no-date",
	[MT_HOP_DATE_ODD] = "date-odd", [MT_HOP_FUTURE] = "future",
	[MT_HOP_BACKWARDS] = "backwards", [MT_HOP_CUT] = "cut",
	[MT_HOP_IMPOSSIBLE_IP] = "impossible-ip", [MT_HOP_ODD_WORD] = "odd-word",
	[MT_HOP_QUEUE_CLOCK] = "queue-clock", [MT_HOP_OUR_NAME] = "our-name",
	[MT_HOP_NO_ID_NO_FOR] = "no-id-no-for", [MT_HOP_ALIEN_BY] = "alien-by",
	[MT_HOP_STALE] = "stale", [MT_HOP_BESIDE_FORGED] = "beside-forged",
	[MT_HOP_NO_CLIENT] = "no-client", [MT_HOP_IMPOSSIBLE_DATE] = "impossible-date",
	[MT_HOP_ALIEN_FORM] = "alien-form", [MT_HOP_SIGNED_OTHER] = "signed-other",
};

#define WORD(table, i) ((size_t)(i) < sizeof(table) / sizeof *(table) ? (table)[i] : "?")

const char *mt_result_word(enum mt_result r) { return WORD(results, r); }
const char *mt_cause_word(enum mt_cause c) { return WORD(causes, c); }
const char *mt_action_word(enum mt_action a) { return WORD(actions, a); }
const char *mt_mode_word(enum mt_mode m) { return WORD(modes, m); }
const char *mt_stage_word(enum mt_stage s) { return WORD(stages, s); }
const char *mt_level_word(enum mt_level l) { return WORD(levels, l); }
const char *mt_strength_word(enum mt_strength s) { return WORD(strengths, s); }
const char *mt_link_word(enum mt_link l) { return WORD(links, l); }
const char *mt_hop_kind_word(enum mt_hop_kind k) { return WORD(hop_kinds, k); }
const char *mt_hop_flag_word(enum mt_hop_flag f) { return WORD(hop_flags, f); }

int
mt_word_find(const char *const *words, size_t count, struct mt_span word)
{
	for (size_t i = 0; i < count; i++)
		if (mt_span_equal(mt_span_text(words[i]), word))
			return (int)i;
	return -1;
}

enum mt_result
mt_result_find(struct mt_span word)
{
	int i = mt_word_find(results, MT_RESULTS, word);

	return i < 0 ? MT_UNKNOWN : (enum mt_result)i;
}

int
mt_action_find(struct mt_span word)
{
	return mt_word_find(actions, MT_ACTIONS, word);
}

/* Optimal string alignment distance, at most `most`; words over 31 bytes are far. */
static unsigned
distance(struct mt_span a, struct mt_span b, unsigned most)
{
	unsigned row[3][33];

	if (a.len > 31 || b.len > 31)
		return most + 1;
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned best = up[j - 1] + (mt_lower(a.ptr[i - 1]) != mt_lower(b.ptr[j - 1]));

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a.len % 3][b.len];
}

const char *
mt_word_near(const char *const *words, size_t count, struct mt_span word)
{
	unsigned most = word.len > 8 ? 3 : word.len > 3 ? 2 : 1, best = most + 1;
	const char *near = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned d = words[i] == NULL ? best : distance(mt_span_text(words[i]), word, most);

		if (d < best) {
			best = d;
			near = words[i];
		}
	}
	return near;
}
