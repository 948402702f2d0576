/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the phrases and protocol words in which servers note TLS, authentication, the
 * envelope and what kind of hop it was.
 */
#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/received_parts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct mt_span
mt_part_bare(struct mt_span s)
{
	while (s.len > 0 && (*s.ptr == '<' || *s.ptr == '"')) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0) {
		char last = s.ptr[s.len - 1];

		if (last != '>' && last != '"' && last != ',' && last != ';')
			break;
		s.len--;
	}
	return s;
}

/* ---- phrases --------------------------------------------------------------------------------- */

enum phrase_kind {
	SAYS_TLS,			/* the comment describes the TLS session */
	SAYS_AUTH,			/* what follows is the SMTP AUTH user */
	SAYS_AUTH_METHOD,		/* a method and then the user */
	SAYS_SENDER,			/* what follows is the envelope sender */
	SAYS_OTHER			/* known to be no description of the client */
};

struct phrase {
	enum phrase_kind kind;
	struct mt_literal text;
};

/* By first letter.  A phrase that ends in a letter must end a word too: "tls.example.org" is a
 * host. */
static const struct phrase a_phrases[] = {
	{ SAYS_AUTH, MT_LITERAL("Authenticated sender:") }, { SAYS_AUTH, MT_LITERAL("Authenticated user:") },
	{ SAYS_AUTH, MT_LITERAL("authenticated as ") }, { SAYS_AUTH, MT_LITERAL("authenticated user ") },
	{ SAYS_AUTH, MT_LITERAL("account ") }, { SAYS_AUTH, MT_LITERAL("authenticated") },
	{ SAYS_AUTH, MT_LITERAL("auth=") }, { SAYS_AUTH_METHOD, MT_LITERAL("AUTH: ") },
};
static const struct phrase c_phrases[] = {
	{ SAYS_TLS, MT_LITERAL("Cipher TLS") }, { SAYS_TLS, MT_LITERAL("Cipher SSL") },
	{ SAYS_TLS, MT_LITERAL("cipher=") }, { SAYS_TLS, MT_LITERAL("Cipher TLSv") },
	{ SAYS_TLS, MT_LITERAL("Cipher TLS-") }, { SAYS_OTHER, MT_LITERAL("Client did not present ") },
	{ SAYS_OTHER, MT_LITERAL("Client CN ") },
};
static const struct phrase e_phrases[] = {
	{ SAYS_SENDER, MT_LITERAL("envelope-from ") }, { SAYS_SENDER, MT_LITERAL("envelope-sender ") },
	{ SAYS_OTHER, MT_LITERAL("Exim ") },
};
static const struct phrase f_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("forwarded for ") }, { SAYS_OTHER, MT_LITERAL("for ") },
};
static const struct phrase m_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("may be forged") }, { SAYS_OTHER, MT_LITERAL("misconfigured ") },
};
static const struct phrase n_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("No client certificate ") },
};
static const struct phrase o_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("original ") },
};
static const struct phrase p_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("proxying for ") }, { SAYS_OTHER, MT_LITERAL("proxied for ") },
	{ SAYS_OTHER, MT_LITERAL("Postfix") },
};
static const struct phrase s_phrases[] = {
	{ SAYS_TLS, MT_LITERAL("SSLv") }, { SAYS_AUTH, MT_LITERAL("SquirrelMail authenticated user ") },
};
static const struct phrase t_phrases[] = {
	{ SAYS_TLS, MT_LITERAL("TLS") }, { SAYS_TLS, MT_LITERAL("TLSv1.") }, { SAYS_TLS, MT_LITERAL("TLSv1:") },
	{ SAYS_TLS, MT_LITERAL("TLSv1 ") }, { SAYS_TLS, MT_LITERAL("TLSv1/") }, { SAYS_TLS, MT_LITERAL("TLS1.") },
	{ SAYS_TLS, MT_LITERAL("TLS1:") }, { SAYS_TLS, MT_LITERAL("TLS-1.") },
	{ SAYS_TLS, MT_LITERAL("tls_cipher ") },
};
static const struct phrase u_phrases[] = {
	{ SAYS_TLS, MT_LITERAL("using TLSv") }, { SAYS_TLS, MT_LITERAL("using SSLv") },
	{ SAYS_TLS, MT_LITERAL("using TLS") }, { SAYS_AUTH, MT_LITERAL("User authenticated as ") },
	{ SAYS_OTHER, MT_LITERAL("using ") },
};
static const struct phrase v_phrases[] = {
	{ SAYS_TLS, MT_LITERAL("version=TLSv") }, { SAYS_TLS, MT_LITERAL("version=TLS1_") },
	{ SAYS_TLS, MT_LITERAL("version=SSLv") }, { SAYS_OTHER, MT_LITERAL("version=") },
};
static const struct phrase x_phrases[] = {
	{ SAYS_OTHER, MT_LITERAL("X-") },
};

static bool
in_name(char c)
{
	return mt_is_digit(c) || mt_is_alpha(c) || c == '.' || c == '-' || c == '_' || c == '@';
}

static bool
phrase_fits(struct mt_span text, const struct mt_literal *phrase)
{
	char last = phrase->text[phrase->len - 1];

	if (!mt_literal_begins(text, phrase))
		return false;
	return !mt_is_alpha(last) || last == 'v' || text.len == phrase->len || !in_name(text.ptr[phrase->len]);
}

static const struct phrase *
among(const struct phrase *phrases, size_t count, struct mt_span text)
{
	for (size_t i = 0; i < count; i++)
		if (phrase_fits(text, &phrases[i].text))
			return &phrases[i];
	return NULL;
}

static const struct phrase *
phrase_find(struct mt_span text)
{
	switch (text.len == 0 ? '\0' : mt_lower(*text.ptr)) {
	case 'a':
		return among(a_phrases, COUNT(a_phrases), text);
	case 'c':
		return among(c_phrases, COUNT(c_phrases), text);
	case 'e':
		return among(e_phrases, COUNT(e_phrases), text);
	case 'f':
		return among(f_phrases, COUNT(f_phrases), text);
	case 'm':
		return among(m_phrases, COUNT(m_phrases), text);
	case 'n':
		return among(n_phrases, COUNT(n_phrases), text);
	case 'o':
		return among(o_phrases, COUNT(o_phrases), text);
	case 'p':
		return among(p_phrases, COUNT(p_phrases), text);
	case 's':
		return among(s_phrases, COUNT(s_phrases), text);
	case 't':
		return among(t_phrases, COUNT(t_phrases), text);
	case 'u':
		return among(u_phrases, COUNT(u_phrases), text);
	case 'v':
		return among(v_phrases, COUNT(v_phrases), text);
	case 'x':
		return among(x_phrases, COUNT(x_phrases), text);
	default:
		return NULL;
	}
}

bool
mt_marks_own(struct mt_span comment)
{
	return phrase_find(comment) != NULL;
}

static void
note_tls(struct mt_hop *hop, struct mt_span text)
{
	mt_hop_mark(hop, MT_HOP_TLS);
	if (mt_span_starts(text, "using "))
		text = mt_span_trim(mt_span_between(text.ptr + 6, text.ptr + text.len));
	if (hop->tls.ptr == NULL)
		hop->tls = text;
}

/* Only a word that can be a user: "(authenticated bits=0)" names nobody. */
static void
note_auth(struct mt_hop *hop, struct mt_span rest)
{
	struct mt_span user = mt_part_bare(mt_scan_word(&rest)), word;

	mt_hop_mark(hop, MT_HOP_AUTHENTICATED);
	while ((word = mt_scan_word(&rest)).ptr != NULL)
		if (MT_BEGINS(word, "user="))
			user = mt_part_bare(word);
	if (MT_BEGINS(user, "user="))
		user = mt_span_between(user.ptr + 5, user.ptr + user.len);
	if (user.len > 0 && *user.ptr != '(' && memchr(user.ptr, '=', user.len) == NULL && hop->auth.ptr == NULL)
		hop->auth = user;
}

static void
read_phrase(struct mt_hop *hop, struct mt_span text)
{
	const struct phrase *phrase = phrase_find(text);
	struct mt_span rest;

	if (phrase == NULL)
		return;
	rest = mt_span_between(text.ptr + phrase->text.len, text.ptr + text.len);
	switch (phrase->kind) {
	case SAYS_TLS:
		note_tls(hop, text);
		break;
	case SAYS_AUTH:
		note_auth(hop, rest);
		break;
	case SAYS_AUTH_METHOD:
		mt_scan_word(&rest);
		note_auth(hop, rest);
		if (mt_span_find(rest, "TLS: ") != NULL)
			mt_hop_mark(hop, MT_HOP_TLS);
		break;
	case SAYS_SENDER:
		if (hop->sender.ptr == NULL)
			hop->sender = mt_part_bare(mt_scan_word(&rest));
		break;
	case SAYS_OTHER:
		break;
	}
}

/* Only the end of a long comment can say so, and only of the client. */
static bool
says_forged(struct mt_span text)
{
	return MT_ENDS(text, "(may be forged)") || MT_IS(text, "may be forged");
}

void
mt_marks_read(struct mt_hop *hop, const struct mt_scan *scan)
{
	const struct mt_clause_text *sender = &scan->clause[MT_CLAUSE_SENDER];
	const struct mt_clause_text *tls = &scan->clause[MT_CLAUSE_TLS];

	for (size_t i = 0; i < scan->ncomments; i++) {
		struct mt_span text = scan->comments[i].text;

		if (scan->comments[i].clause == MT_CLAUSE_FROM && says_forged(text))
			mt_hop_mark(hop, MT_HOP_MAY_BE_FORGED);
		if (!scan->comments[i].client)
			read_phrase(hop, text);
	}
	if (tls->nwords > 0 && hop->tls.ptr == NULL)
		hop->tls = tls->words[0];
	if (sender->nwords > 0 && *sender->words[0].ptr == '<' && hop->sender.ptr == NULL)
		hop->sender = mt_part_bare(sender->words[0]);
}

/* ---- protocols --------------------------------------------------------------------------------- */

enum {
	P_TLS = 1, P_AUTH = 2, P_LOCAL = 4, P_HTTP = 8, P_RETRIEVAL = 16,
	P_ODD = 32			/* forgers write it; in real fields only with an id or recipient */
};

struct protocol {
	struct mt_literal word;
	unsigned is;
};

/* IANA's Mail Transmission Types (RFC 3848, 6531, 8314) and what else is written. */
static const struct protocol protocols[] = {
	{ MT_LITERAL("SMTP"), 0 }, { MT_LITERAL("ESMTP"), 0 }, { MT_LITERAL("ESMTPS"), P_TLS },
	{ MT_LITERAL("ESMTPA"), P_AUTH }, { MT_LITERAL("ESMTPSA"), P_TLS | P_AUTH },
	{ MT_LITERAL("SMTPS"), P_TLS }, { MT_LITERAL("LMTP"), 0 }, { MT_LITERAL("LMTPS"), P_TLS },
	{ MT_LITERAL("LMTPA"), P_AUTH }, { MT_LITERAL("LMTPSA"), P_TLS | P_AUTH }, { MT_LITERAL("UTF8SMTP"), 0 },
	{ MT_LITERAL("UTF8SMTPS"), P_TLS }, { MT_LITERAL("UTF8SMTPA"), P_AUTH },
	{ MT_LITERAL("UTF8SMTPSA"), P_TLS | P_AUTH }, { MT_LITERAL("UTF8LMTP"), 0 },
	{ MT_LITERAL("UTF8LMTPS"), P_TLS }, { MT_LITERAL("UTF8LMTPA"), P_AUTH },
	{ MT_LITERAL("UTF8LMTPSA"), P_TLS | P_AUTH }, { MT_LITERAL("MMS"), 0 },
	{ MT_LITERAL("local"), P_LOCAL | P_ODD }, { MT_LITERAL("local-smtp"), 0 },
	{ MT_LITERAL("local-esmtp"), 0 }, { MT_LITERAL("local-esmtps"), P_TLS }, { MT_LITERAL("local-bsmtp"), 0 },
	{ MT_LITERAL("bsmtp"), 0 }, { MT_LITERAL("ASMTP"), P_AUTH | P_ODD }, { MT_LITERAL("NNFMP"), P_ODD },
	{ MT_LITERAL("QMQP"), P_ODD }, { MT_LITERAL("mapi"), P_LOCAL }, { MT_LITERAL("spool"), P_LOCAL },
	{ MT_LITERAL("stdin"), P_LOCAL }, { MT_LITERAL("UUCP"), P_LOCAL }, { MT_LITERAL("HTTP"), P_HTTP },
	{ MT_LITERAL("HTTPS"), P_HTTP | P_TLS }, { MT_LITERAL("HTTPU"), P_HTTP },
	{ MT_LITERAL("HTTPREST"), P_HTTP }, { MT_LITERAL("DAV"), P_HTTP }, { MT_LITERAL("webmail"), P_HTTP },
	{ MT_LITERAL("JMAP"), P_HTTP }, { MT_LITERAL("IMAP"), P_RETRIEVAL },
	{ MT_LITERAL("IMAPS"), P_RETRIEVAL | P_TLS }, { MT_LITERAL("IMAP4"), P_RETRIEVAL },
	{ MT_LITERAL("POP"), P_RETRIEVAL }, { MT_LITERAL("POP2"), P_RETRIEVAL },
	{ MT_LITERAL("POP3"), P_RETRIEVAL }, { MT_LITERAL("POP3-SSL"), P_RETRIEVAL | P_TLS },
	{ MT_LITERAL("IMAP-SSL"), P_RETRIEVAL | P_TLS }, { MT_LITERAL("IMAP4-SSL"), P_RETRIEVAL | P_TLS },
	{ MT_LITERAL("POP3S"), P_RETRIEVAL | P_TLS }, { MT_LITERAL("APOP"), P_RETRIEVAL },
	{ MT_LITERAL("KPOP"), P_RETRIEVAL }, { MT_LITERAL("SDPS"), P_RETRIEVAL },
	{ MT_LITERAL("ODMR"), P_RETRIEVAL }, { MT_LITERAL("MULTIDROP"), P_RETRIEVAL },
	{ MT_LITERAL("Thrift"), P_LOCAL }, { MT_LITERAL("Maildir"), P_LOCAL }, { MT_LITERAL("pipe"), P_LOCAL },
};

static unsigned
protocol_is(struct mt_span word)
{
	if (word.len == 0)
		return 0;
	for (size_t i = 0; i < COUNT(protocols); i++)
		if (mt_literal_is(word, &protocols[i].word))
			return protocols[i].is;
	return 0;
}

static struct mt_span
first_word(struct mt_span text)
{
	return mt_scan_word(&text);
}

/* NNFMP and QMQP are Yahoo's and qmail's own; asmtp and local with an address Exim 3's. */
static bool
is_odd(const struct mt_hop *hop, unsigned is)
{
	if (!(is & P_ODD) || hop->id.ptr != NULL || hop->recipient.ptr != NULL)
		return false;
	if ((is & P_LOCAL) && hop->from.ip.family == 0)
		return false;
	return !mt_name_below(hop->by, MT_SPAN("yahoo.com")) && !mt_name_below(hop->by, MT_SPAN("yahoogroups.com"));
}

static enum mt_hop_kind
kind_of(const struct mt_hop *hop, const struct mt_scan *scan, struct mt_dialect dialect, unsigned is)
{
	bool clauses = false, client = scan->clause[MT_CLAUSE_FROM].seen || hop->from.ip.family != 0;

	for (int c = MT_CLAUSE_FROM; c <= MT_CLAUSE_FOR; c++)
		clauses = clauses || scan->clause[c].seen;
	if (!clauses && (scan->ncomments == 0 || scan->comments[0].clause != MT_CLAUSE_HEAD || scan->date.len == 0))
		return MT_HOP_UNPARSED;
	if ((is & P_RETRIEVAL) || dialect.collects)
		return MT_HOP_RETRIEVAL;
	if (is & P_HTTP)
		return MT_HOP_HTTP;
	if ((is & P_LOCAL) || !client || hop->kind == MT_HOP_LOCAL)
		return MT_HOP_LOCAL;
	return hop->from.helo.ptr != NULL || hop->from.rdns.ptr != NULL || hop->from.ip.family != 0 ||
	    hop->by.ptr != NULL ? MT_HOP_SMTP : MT_HOP_UNPARSED;
}

static bool
described(const struct mt_scan *scan)
{
	for (size_t i = 0; i < scan->ncomments; i++)
		if (scan->comments[i].client)
			return true;
	return false;
}

void
mt_marks_protocol(struct mt_hop *hop, const struct mt_scan *scan, struct mt_dialect dialect)
{
	unsigned is = protocol_is(first_word(hop->with)) | protocol_is(first_word(hop->via));

	if (is & P_TLS)
		mt_hop_mark(hop, MT_HOP_TLS);
	if (is & P_AUTH)
		mt_hop_mark(hop, MT_HOP_AUTHENTICATED);
	if (is_odd(hop, is))
		mt_hop_mark(hop, MT_HOP_ODD_WORD);
	hop->kind = kind_of(hop, scan, dialect, is);
	/* "from daemon by host with local": a user of the host, and no HELO was given */
	if ((is & (P_HTTP | P_LOCAL)) && hop->from.ip.family == 0 && hop->from.rdns.ptr == NULL &&
	    !described(scan))
		hop->from.helo = MT_ABSENT;
}
