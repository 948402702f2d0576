/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how servers write who connected: "HELO (NAME [IP])" and its kin.
 *
 * An address counts only where the server put what it took from TCP: in the comment that
 * describes the client, or behind "from" itself when no such comment names one.  An
 * address in a HELO, in helo=, in a comment on anything else or in running text is text.
 */
#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/core/received_parts.h"

struct peer {
	struct mt_hop *hop;
	struct mt_span helo, rdns, ident;
	struct mt_ip ip;
	bool bracketed;			/* ip stood in square brackets */
	bool described;			/* a comment described the client */
	bool named;			/* the HELO was given apart from the text behind "from" */
	bool keyed;			/* it was given as helo= */
	bool socket;			/* the client came through a socket of the same machine */
};

/* ---- names ------------------------------------------------------------------------------ */

/* "unverified", "Not Verified", "RDNS failed", "softdnserr". */
static bool
not_verified(struct mt_span text)
{
	return MT_BEGINS(text, "unverified") || MT_BEGINS(text, "not verified") ||
	    MT_BEGINS(text, "rdns failed") || MT_BEGINS(text, "softdnserr");
}

/* The last '@', where a user ends and a host begins. */
static const char *
last_at(struct mt_span s)
{
	return s.len == 0 ? NULL : memrchr(s.ptr, '@', s.len);
}

/* "IDENT:user" or "user" (RFC 1413). */
static void
set_ident(struct peer *p, struct mt_span user)
{
	if (MT_BEGINS(user, "IDENT:"))
		user = mt_span_between(user.ptr + 6, user.ptr + user.len);
	user = mt_span_trim(user);
	if (user.len > 0 && p->ident.ptr == NULL)
		p->ident = user;
}

/* What stands before the address: a name, user@name, or a word for none. */
static void
read_name(struct peer *p, struct mt_span text)
{
	const char *at;
	struct mt_span rest;

	text = mt_span_trim(text);
	if (not_verified(text))
		mt_hop_mark(p->hop, MT_HOP_UNVERIFIED);
	at = last_at(text);
	if (at != NULL) {
		set_ident(p, mt_span_between(text.ptr, at));
		text = mt_span_between(at + 1, text.ptr + text.len);
	}
	rest = text;
	text = mt_scan_word(&rest);
	if (text.len > 0 && mt_scan_word(&rest).ptr == NULL && !mt_address_no_name(text) && p->rdns.ptr == NULL &&
	    memchr(text.ptr, '=', text.len) == NULL)
		p->rdns = text;
}

/* ---- what stands behind the address ------------------------------------------------------- */

/* helo=NAME ident=USER port=NUMBER (Exim, Momentum), "EHLO name" (ZMailer). */
static void
read_keys(struct peer *p, struct mt_span text)
{
	struct mt_span word;

	if (not_verified(mt_span_trim(text)))
		mt_hop_mark(p->hop, MT_HOP_UNVERIFIED);
	while ((word = mt_scan_word(&text)).ptr != NULL) {
		if (MT_BEGINS(word, "helo=") && p->helo.ptr == NULL) {
			p->helo = mt_span_between(word.ptr + 5, word.ptr + word.len);
			p->named = p->keyed = true;
		} else if (MT_BEGINS(word, "ident=")) {
			set_ident(p, mt_span_between(word.ptr + 6, word.ptr + word.len));
		} else if ((mt_span_same_text(word, "\"EHLO") || mt_span_same_text(word, "\"HELO")) &&
		    p->helo.ptr == NULL) {
			p->helo = mt_part_bare(mt_scan_word(&text));
			p->named = true;
		}
	}
}

static void
set_address(struct peer *p, const struct mt_ip *ip, bool bracketed)
{
	if (p->ip.family != 0)
		return;
	p->ip = *ip;
	p->bracketed = bracketed;
}

/* The first bracket that holds an address, of the first few: "[unknown] [1.2.3.4]"; else
 * the first one, and no address. */
static const char *
address_bracket(struct mt_ip *ip, struct mt_span text, const char *open)
{
	const char *end = text.ptr + text.len, *p = open;

	*ip = (struct mt_ip){ 0 };
	for (int i = 0; i < 3 && p != NULL; i++) {
		const char *close = memchr(p, ']', (size_t)(end - p));

		if (close == NULL)
			break;
		if (mt_address_read(ip, mt_span_between(p, close + 1)))
			return p;
		p = memchr(close, '[', (size_t)(end - close));
	}
	return open;
}

/* NAME [IP] KEYS, at the first bracket. */
static void
read_bracketed(struct peer *p, struct mt_span text, const char *first)
{
	struct mt_ip ip;
	const char *end = text.ptr + text.len, *open = address_bracket(&ip, text, first);
	const char *close = memchr(open, ']', (size_t)(end - open));
	struct mt_span inner = mt_span_between(open + 1, close == NULL ? end : close);

	if (ip.family != 0 || mt_address_read(&ip, inner))
		set_address(p, &ip, true);
	else if (mt_address_impossible(inner))
		mt_hop_mark(p->hop, MT_HOP_IMPOSSIBLE_IP);
	else if (MT_BEGINS(inner, "unix") || MT_BEGINS(inner, "[unix") || mt_span_same_text(inner, "local"))
		p->socket = true;
	read_name(p, mt_span_between(text.ptr, first));
	read_keys(p, mt_span_between(close == NULL ? end : close + 1, end));
}

/* user@1.2.3.4 (qmail), "user@1.2.3.4 with login" (its patch for SMTP AUTH). */
static bool
read_user_at(struct peer *p, struct mt_span word, struct mt_span rest)
{
	const char *at = last_at(word);
	struct mt_ip ip;

	if (at == NULL || !mt_address_read(&ip, mt_span_between(at + 1, word.ptr + word.len)))
		return false;
	set_address(p, &ip, false);
	if (MT_BEGINS(mt_span_trim(rest), "with ")) {
		p->hop->auth = mt_span_between(word.ptr, at);
		mt_hop_mark(p->hop, MT_HOP_AUTHENTICATED);
	} else {
		set_ident(p, mt_span_between(word.ptr, at));
	}
	return true;
}

/* /1.2.3.4 and name/1.2.3.4, as Java writes an InetAddress. */
static bool
read_java(struct peer *p, struct mt_span word)
{
	const char *slash = memrchr(word.ptr, '/', word.len);
	struct mt_ip ip;

	if (slash == NULL || !mt_address_read(&ip, mt_span_between(slash + 1, word.ptr + word.len)))
		return false;
	set_address(p, &ip, false);
	read_name(p, mt_span_between(word.ptr, slash));
	return true;
}

/* "Postfix 2.1.0.4": a word of letters before a number is the name of a program. */
static bool
is_product(struct mt_span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!mt_is_alpha(word.ptr[i]))
			return false;
	return !mt_address_no_name(word);
}

/* A description without brackets: an address, user@address, or a name alone. */
static void
read_plain(struct peer *p, struct mt_span text)
{
	struct mt_span rest = text, word = mt_scan_word(&rest), next, after = rest;
	struct mt_ip ip;

	if (mt_address_read(&ip, word)) {
		set_address(p, &ip, false);
		read_keys(p, rest);
		return;
	}
	if (word.ptr == NULL || read_user_at(p, word, rest) || read_java(p, word))
		return;
	next = mt_scan_word(&after);
	if (next.ptr == NULL && mt_address_impossible(word)) {
		mt_hop_mark(p->hop, MT_HOP_IMPOSSIBLE_IP);
	} else if (next.ptr != NULL && mt_scan_word(&after).ptr == NULL && mt_address_read(&ip, next) &&
	    !is_product(word)) {
		set_address(p, &ip, false);
		read_name(p, word);
	} else if (next.ptr == NULL) {
		read_name(p, word);
	} else {
		if (not_verified(text))
			mt_hop_mark(p->hop, MT_HOP_UNVERIFIED);
		read_keys(p, text);
	}
}

/* ---- comments ------------------------------------------------------------------------------- */

/* "HELO name" as the first comment (qmail and its kin; LHLO: Zimbra). */
static bool
read_helo(struct peer *p, struct mt_span text)
{
	struct mt_span rest = text;

	if (!(MT_BEGINS(text, "HELO") || MT_BEGINS(text, "EHLO") || MT_BEGINS(text, "LHLO")) ||
	    mt_scan_word(&rest).len != 4 || p->helo.ptr != NULL)
		return false;
	p->helo = mt_span_trim(rest);
	p->named = true;
	return true;
}

/* "account USER HELO NAME" (CommuniGate). */
static bool
read_account(struct peer *p, struct mt_span text)
{
	struct mt_span word;

	if (!MT_BEGINS(text, "account "))
		return false;
	while ((word = mt_scan_word(&text)).ptr != NULL) {
		if ((mt_span_same_text(word, "HELO") || mt_span_same_text(word, "EHLO")) && p->helo.ptr == NULL) {
			p->helo = mt_span_trim(text);
			p->named = true;
			break;
		}
	}
	return true;
}

/* "tls.example.org [192.0.2.1]" is a client although it begins like a remark on TLS; but only
 * a name with a dot or '@' may stand before the bracket: "for [192.0.2.1]" is none. */
static bool
names_address(struct mt_span comment)
{
	const char *open = comment.len == 0 ? NULL : memchr(comment.ptr, '[', comment.len), *close;
	struct mt_span before, word;
	struct mt_ip ip;

	if (open == NULL)
		return false;
	close = memchr(open, ']', (size_t)(comment.ptr + comment.len - open));
	before = mt_span_between(comment.ptr, open);
	word = mt_scan_word(&before);
	if (close == NULL || mt_scan_word(&before).ptr != NULL)
		return false;
	if (word.ptr != NULL && memchr(word.ptr, '.', word.len) == NULL && last_at(word) == NULL)
		return false;
	return mt_address_read(&ip, mt_span_between(open, close + 1));
}

static void
read_comment(struct peer *p, struct mt_comment *comment)
{
	struct mt_span text = comment->text;
	const char *open;

	if (MT_BEGINS(text, "IDENT: ")) {	/* Courier */
		text = mt_span_between(text.ptr + 7, text.ptr + text.len);
		set_ident(p, mt_part_bare(mt_scan_word(&text)));
		return;
	}
	if (text.len == 0 || read_helo(p, text) || read_account(p, text))
		return;
	if (MT_BEGINS(text, "helo=") || MT_BEGINS(text, "ident=") || MT_BEGINS(text, "port=")) {
		read_keys(p, text);
		return;
	}
	if (p->ip.family != 0 || (*text.ptr != '[' && mt_marks_own(text) && !names_address(text)))
		return;
	p->described = comment->client = true;
	open = memchr(text.ptr, '[', text.len);
	if (open != NULL)
		read_bracketed(p, text, open);
	else
		read_plain(p, text);
}

/* ---- behind "from" itself --------------------------------------------------------------------- */

/* A last word "[IP]", as fetchmail, IMail and Novell write it; takes it from the name. */
static struct mt_span
take_bare_address(struct peer *p, const struct mt_clause_text *from)
{
	struct mt_span name = mt_scan_value(from), user = MT_ABSENT;
	struct mt_ip ip;
	const char *at;

	if (from->nwords < 2 || *from->last.ptr != '[' || !mt_address_read(&ip, from->last))
		return name;
	p->described = true;
	if (from->nwords == 3 && (at = last_at(from->words[1])) != NULL) {
		user = mt_span_between(from->words[1].ptr, at);
		set_address(p, &ip, true);
		set_ident(p, user);
		p->rdns = mt_span_between(at + 1, from->words[1].ptr + from->words[1].len);
		return from->words[0];
	}
	set_address(p, &ip, true);
	if (from->nwords == 2)		/* also "from NAME from [IP]" (Smail) */
		return from->words[0];
	return mt_span_trim(mt_span_between(name.ptr, from->last.ptr));
}

/* The name, where only the text behind "from" can be an address of the client. */
static struct mt_span
take_from_address(struct peer *p, struct mt_span name, struct mt_dialect dialect)
{
	struct mt_ip ip;

	if (p->ip.family != 0 || p->rdns.ptr != NULL || name.ptr == NULL)
		return name;
	if (mt_address_read(&ip, name)) {
		set_address(p, &ip, *name.ptr == '[');
		return dialect.once && *name.ptr == '[' ? name : MT_ABSENT;
	}
	if (mt_address_impossible(name))
		mt_hop_mark(p->hop, MT_HOP_IMPOSSIBLE_IP);
	return name;
}

/* NAME (EHLO HELO) [IP], and NAME[IP] (EHLO HELO) (MXLogic): the HELO between or behind. */
static struct mt_span
take_odd_address(struct peer *p, const struct mt_scan *scan, struct mt_span name)
{
	const char *open;
	struct mt_ip ip;

	if (p->ip.family != 0 || p->keyed)
		return name;
	if (scan->tail.ptr != NULL && (p->named || !p->described) && mt_address_read(&ip, scan->tail)) {
		set_address(p, &ip, true);
		return name;
	}
	if (!p->named)
		return name;
	open = name.len == 0 ? NULL : memchr(name.ptr, '[', name.len);
	if (open == NULL || open == name.ptr || open[-1] == '_' || name.ptr[name.len - 1] != ']' ||
	    !mt_address_read(&ip, mt_span_between(open, name.ptr + name.len)))
		return name;
	set_address(p, &ip, true);
	return mt_span_between(name.ptr, open);
}

/* "(from HELO [IP]) by ..." (InterScan NAVGW); "(from user@localhost)" is a local user. */
static bool
read_head(struct peer *p, const struct mt_scan *scan)
{
	const struct mt_comment *head = &scan->comments[0];
	struct mt_span text, word;
	struct mt_ip ip;

	if (scan->clause[MT_CLAUSE_FROM].seen || scan->ncomments == 0 || head->clause != MT_CLAUSE_HEAD ||
	    !mt_span_starts(head->text, "from "))
		return false;
	text = mt_span_between(head->text.ptr + 5, head->text.ptr + head->text.len);
	word = mt_scan_word(&text);
	text = mt_span_trim(text);
	if (text.len == 0 || *text.ptr != '[' || !mt_address_read(&ip, text))
		return false;
	p->helo = word;
	set_address(p, &ip, true);
	return true;
}

static bool
is_address(struct mt_span name)
{
	struct mt_ip ip;

	return mt_address_read(&ip, name);
}

/* The name behind "from" is the reverse name where the HELO stands apart from it. */
static void
settle_names(struct peer *p, struct mt_span name, struct mt_dialect dialect)
{
	bool host = name.ptr != NULL && !mt_address_no_name(mt_part_bare(name)) && *name.ptr != '[';

	if (p->named) {
		/* root (helo=host): a user who talks SMTP to his own server; no client, no name */
		if (host && p->rdns.ptr == NULL && (!p->keyed || p->ip.family != 0))
			p->rdns = name;
		return;
	}
	/* "unknown (192.0.2.1)": who writes addresses so writes the reverse name before them */
	if (name.ptr == NULL ||
	    (p->ip.family != 0 && !p->bracketed && mt_address_no_name(name) && !is_address(name)))
		return;
	p->helo = mt_part_bare(name);
	if (host && p->rdns.ptr == NULL && dialect.once && p->ip.family != 0)
		p->rdns = name;
}

void
mt_peer_read(struct mt_hop *hop, struct mt_scan *scan, struct mt_dialect dialect)
{
	const struct mt_clause_text *from = &scan->clause[MT_CLAUSE_FROM];
	struct peer p = { .hop = hop };
	struct mt_span name;

	if (!read_head(&p, scan)) {
		name = take_bare_address(&p, from);
		for (size_t i = 0; i < scan->ncomments; i++)
			if (scan->comments[i].clause == MT_CLAUSE_FROM)
				read_comment(&p, &scan->comments[i]);
		if (scan->claimed.ptr != NULL && !p.named) {	/* obtuse smtpd: claiming to be "x" */
			p.helo = mt_part_bare(scan->claimed);
			p.named = true;
		}
		name = take_odd_address(&p, scan, name);
		name = take_from_address(&p, name, dialect);
		settle_names(&p, name, dialect);
	}
	hop->from.helo = p.helo;
	hop->from.rdns = p.rdns;
	hop->from.ident = p.ident;
	hop->from.ip = p.ip;
	if (p.bracketed)
		mt_hop_mark(hop, MT_HOP_BRACKETED);
	if (p.ip.family != 0 && !mt_ip_public(&p.ip))
		mt_hop_mark(hop, MT_HOP_PRIVATE);
	if (p.socket)
		hop->kind = MT_HOP_LOCAL;
}
