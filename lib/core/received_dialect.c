/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows the table of dialects: by what a family of servers is known.  A new server is a row
 * here, not a branch elsewhere.
 */
#include "lib/core/received_parts.h"

struct dialect_row {
	struct mt_literal text;
	struct mt_dialect is;
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* A comment on the server or on the whole field begins so.  The first three tables are in
 * the order of the first bytes. */
static const struct dialect_row server_rows[] = {
	{ MT_LITERAL("/\\##/\\ Smail"), { "smail", false, false } },
	{ MT_LITERAL("ArGoSoft"), { "argosoft", false, false } },
	{ MT_LITERAL("Apache James"), { "james", false, false } },
	{ MT_LITERAL("AIMC"), { "aimc", false, false } },
	{ MT_LITERAL("AvMailGate"), { "avmailgate", false, false } },
	{ MT_LITERAL("Authentication Milter"), { "authmilter", false, false } },
	{ MT_LITERAL("Axigen"), { "axigen", false, false } },
	{ MT_LITERAL("CommuniGate"), { "communigate", false, false } },
	{ MT_LITERAL("Cyrus"), { "cyrus", false, false } },
	{ MT_LITERAL("Coremail"), { "coremail", false, false } },
	{ MT_LITERAL("Content Technologies"), { "mailsweeper", false, false } },
	{ MT_LITERAL("Dovecot"), { "dovecot", false, false } },
	{ MT_LITERAL("DragonFly Mail"), { "dma", false, false } },
	{ MT_LITERAL("Exim"), { "exim", true, false } },
	{ MT_LITERAL("EMWAC"), { "emwac", false, false } },
	{ MT_LITERAL("Eudora"), { "eims", false, false } },
	{ MT_LITERAL("Generic MTA"), { "genericmta", false, false } },
	{ MT_LITERAL("Haraka"), { "haraka", false, false } },
	{ MT_LITERAL("HCL Domino"), { "domino", false, false } },
	{ MT_LITERAL("Halon"), { "halon", false, false } },
	{ MT_LITERAL("Horde"), { "horde", false, false } },
	{ MT_LITERAL("IBM Domino"), { "domino", false, false } },
	{ MT_LITERAL("IMail"), { "imail", false, false } },
	{ MT_LITERAL("InterMail"), { "intermail", false, false } },
	{ MT_LITERAL("IceWarp"), { "icewarp", false, false } },
	{ MT_LITERAL("JAMES"), { "james", false, false } },
	{ MT_LITERAL("Kerio"), { "kerio", false, false } },
	{ MT_LITERAL("Lotus Domino"), { "domino", false, false } },
	{ MT_LITERAL("Lotus SMTP"), { "domino", false, false } },
	{ MT_LITERAL("LSMTP"), { "listserv", false, false } },
	{ MT_LITERAL("LISTSERV"), { "listserv", false, false } },
	{ MT_LITERAL("LMTPProxy"), { "lmtpproxy", false, false } },
	{ MT_LITERAL("MDaemon"), { "mdaemon", false, false } },
	{ MT_LITERAL("Microsoft Exchange"), { "exchange", false, false } },
	{ MT_LITERAL("Mercury"), { "mercury", false, false } },
	{ MT_LITERAL("MailEnable"), { "mailenable", false, false } },
	{ MT_LITERAL("Mirapoint"), { "mirapoint", false, false } },
	{ MT_LITERAL("MOS "), { "mirapoint", false, false } },
	{ MT_LITERAL("Merak"), { "icewarp", false, false } },
	{ MT_LITERAL("Mailgate"), { "mailgate", false, false } },
	{ MT_LITERAL("MEProxy"), { "meproxy", false, false } },
	{ MT_LITERAL("Netscape Messaging"), { "iplanet", false, false } },
	{ MT_LITERAL("Nemesis"), { "nemesis", false, false } },
	{ MT_LITERAL("NAVGW"), { "navgw", false, false } },
	{ MT_LITERAL("NewMx"), { "qq", false, false } },
	{ MT_LITERAL("NewEsmtp"), { "qq", false, false } },
	{ MT_LITERAL("OpenSMTPD"), { "opensmtpd", false, false } },
	{ MT_LITERAL("Oracle Communications"), { "iplanet", false, false } },
	{ MT_LITERAL("ORCPT"), { "zmailer", false, false } },
	{ MT_LITERAL("Postfix"), { "postfix", false, false } },
	{ MT_LITERAL("PowerMTA"), { "powermta", false, false } },
	{ MT_LITERAL("Proxmox"), { "postfix", false, false } },
	{ MT_LITERAL("Post.Office"), { "postoffice", false, false } },
	{ MT_LITERAL("PPE Hosted"), { "proofpoint", false, false } },
	{ MT_LITERAL("PPS"), { "proofpoint", false, false } },
	{ MT_LITERAL("QuickMail"), { "quickmail", false, false } },
	{ MT_LITERAL("Roundcube"), { "roundcube", false, false } },
	{ MT_LITERAL("SMTPD32"), { "imail", false, false } },
	{ MT_LITERAL("Sun Java"), { "iplanet", false, false } },
	{ MT_LITERAL("Sun Internet Mail"), { "iplanet", false, false } },
	{ MT_LITERAL("Scalix"), { "scalix", false, false } },
	{ MT_LITERAL("SLmail"), { "slmail", false, false } },
	{ MT_LITERAL("Stalwart"), { "stalwart", false, false } },
	{ MT_LITERAL("SG"), { "sendgrid", false, false } },
	{ MT_LITERAL("SmarterMail"), { "smartermail", false, false } },
	{ MT_LITERAL("SMTPD-"), { "imail", false, false } },
	{ MT_LITERAL("Smail"), { "smail", false, false } },
	{ MT_LITERAL("SMTPL"), { "listserv", false, false } },
	{ MT_LITERAL("Symantec"), { "symantec", false, false } },
	{ MT_LITERAL("Tumbleweed"), { "tumbleweed", false, false } },
	{ MT_LITERAL("Vircom"), { "vopmail", false, false } },
	{ MT_LITERAL("WEB.DE"), { "webde", false, false } },
	{ MT_LITERAL("Yandex"), { "yandex", false, false } },
	{ MT_LITERAL("ZoneMTA"), { "zonemta", false, false } },
	{ MT_LITERAL("amavisd"), { "amavis", false, false } },
	{ MT_LITERAL("ccMail"), { "ccmail", false, false } },
	{ MT_LITERAL("ecelerity"), { "momentum", false, false } },
	{ MT_LITERAL("ezmlm"), { "ezmlm", false, false } },
	{ MT_LITERAL("fetchmail"), { "fetchmail", false, true } },
	{ MT_LITERAL("fdm "), { "fdm", false, true } },
	{ MT_LITERAL("getmail"), { "getmail", false, true } },
	{ MT_LITERAL("hMailServer"), { "hmailserver", false, false } },
	{ MT_LITERAL("iPlanet"), { "iplanet", false, false } },
	{ MT_LITERAL("inspect_sender_mail_agent"), { "ovh", false, false } },
	{ MT_LITERAL("magicmail"), { "qmail", false, false } },
	{ MT_LITERAL("momentum"), { "momentum", false, false } },
	{ MT_LITERAL("mpop"), { "mpop", false, true } },
	{ MT_LITERAL("mxl_mta"), { "mxlogic", false, false } },
	{ MT_LITERAL("netqmail"), { "qmail", false, false } },
	{ MT_LITERAL("nullmailer"), { "nullmailer", false, false } },
	{ MT_LITERAL("qmail"), { "qmail", false, false } },
	{ MT_LITERAL("qp "), { "qmail", false, false } },
	{ MT_LITERAL("qpsmtpd"), { "qpsmtpd", false, false } },
	{ MT_LITERAL("ssmtp"), { "ssmtp", false, false } },
	{ MT_LITERAL("v3.35."), { "exim", true, false } },
};

/* A comment on the client does. */
static const struct dialect_row client_rows[] = {
	{ MT_LITERAL("LHLO "), { "zimbra", false, false } },
	{ MT_LITERAL("SquirrelMail "), { "squirrelmail", false, false } },
	{ MT_LITERAL("account "), { "communigate", false, false } },
	{ MT_LITERAL("mailfrom:"), { "aliyun", false, false } },
};

/* The protocol does. */
static const struct dialect_row with_rows[] = {
	{ MT_LITERAL("ECSTREAM"), { "momentum", false, false } },
	{ MT_LITERAL("ESMTP/TLS"), { "ironport", false, false } },
	{ MT_LITERAL("Internet"), { "exchange", false, false } },
	{ MT_LITERAL("IBM ESMTP"), { "ibm", false, false } },
	{ MT_LITERAL("Microsoft"), { "exchange", false, false } },
	{ MT_LITERAL("MailEnable"), { "mailenable", false, false } },
	{ MT_LITERAL("MERCUR"), { "mercur", false, false } },
	{ MT_LITERAL("Novell"), { "groupwise", false, false } },
	{ MT_LITERAL("NetMail"), { "netmail", false, false } },
	{ MT_LITERAL("SMTP/TLS"), { "ironport", false, false } },
	{ MT_LITERAL("Trustwave"), { "mailmarshal", false, false } },
	{ MT_LITERAL("[XMail"), { "xmail", false, false } },
	{ MT_LITERAL("[nMail"), { "nmail", false, false } },
	{ MT_LITERAL("getmail"), { "getmail", false, true } },
	{ MT_LITERAL("hMailServer"), { "hmailserver", false, false } },
	{ MT_LITERAL("mapi"), { "exchange", false, false } },
	{ MT_LITERAL("qmail-scanner"), { "qmail", false, false } },
};

/* The server's name ends so. */
static const struct dialect_row by_rows[] = {
	{ MT_LITERAL(".google.com"), { "gmail", false, false } },
	{ MT_LITERAL(".gmail.com"), { "gmail", false, false } },
	{ MT_LITERAL(".outlook.com"), { "exchange", false, false } },
	{ MT_LITERAL(".yahoo.com"), { "yahoo", false, false } },
	{ MT_LITERAL(".sendgrid.net"), { "sendgrid", false, false } },
	{ MT_LITERAL(".mailgun.org"), { "mailgun", false, false } },
	{ MT_LITERAL(".mailgun.net"), { "mailgun", false, false } },
	{ MT_LITERAL(".amazonaws.com"), { "ses", false, false } },
	{ MT_LITERAL(".amazonses.com"), { "ses", false, false } },
	{ MT_LITERAL(".messagelabs.com"), { "messagelabs", false, false } },
};

/* "8.11.6/8.11.6", "8.9.3 (PHNE_18979)/8.7.1": the versions of sendmail and its cf. */
static bool
is_sendmail(struct mt_span text)
{
	return text.len >= 5 && text.ptr[0] == '8' && text.ptr[1] == '.' && mt_is_digit(text.ptr[2]) &&
	    memchr(text.ptr, '/', text.len) != NULL;
}

/* The first row that the text begins with, but with its first byte to the letter. */
static const struct dialect_row *
row_find(const struct dialect_row *rows, size_t count, struct mt_span text)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t half = (from + to) / 2;

		if ((unsigned char)*rows[half].text.text < (unsigned char)*text.ptr)
			from = half + 1;
		else
			to = half;
	}
	for (; from < count && *rows[from].text.text == *text.ptr; from++)
		if (mt_literal_begins(text, &rows[from].text))
			return &rows[from];
	return NULL;
}

/* The first row that is found for any comment. */
static const struct dialect_row *
comment_row(const struct mt_scan *scan)
{
	const struct dialect_row *row;

	for (size_t c = 0; c < scan->ncomments; c++) {
		struct mt_span text = scan->comments[c].text;

		if (text.len == 0 || *text.ptr == '[' || mt_is_digit(*text.ptr))	/* an address, a version */
			continue;
		if (scan->comments[c].clause == MT_CLAUSE_FROM)
			row = row_find(client_rows, COUNT(client_rows), text);
		else
			row = row_find(server_rows, COUNT(server_rows), text);
		if (row != NULL)
			return row;
	}
	return NULL;
}

static const struct dialect_row *
other_row(const struct mt_scan *scan)
{
	const struct mt_clause_text *by = &scan->clause[MT_CLAUSE_BY];
	struct mt_span with = mt_scan_value(&scan->clause[MT_CLAUSE_WITH]), tail;
	const struct dialect_row *row = with.len == 0 ? NULL : row_find(with_rows, COUNT(with_rows), with);

	if (row != NULL || by->nwords == 0)
		return row;
	for (size_t i = 0; i < COUNT(by_rows); i++) {
		size_t len = by_rows[i].text.len;

		if (by->words[0].len < len)
			continue;
		tail = (struct mt_span){ by->words[0].ptr + (by->words[0].len - len), len };
		if (mt_literal_begins(tail, &by_rows[i].text))
			return &by_rows[i];
	}
	return NULL;
}

/* 1CIlfc-0003Pa-8W, since 4.97 1rgtMl-00000009ROn-0Ci8: six, six or eleven, two or four. */
static bool
is_exim_id(struct mt_span id)
{
	size_t second;

	if (id.len != 16 && id.len != 23)
		return false;
	second = id.len == 16 ? 13 : 18;
	for (size_t i = 0; i < id.len; i++) {
		bool dash = i == 6 || i == second;

		if (dash ? id.ptr[i] != '-' : !mt_is_digit(id.ptr[i]) && !mt_is_alpha(id.ptr[i]))
			return false;
	}
	return true;
}

/* qmail-smtpd: no id, a date without a weekday, and HELO only where it differs. */
static bool
is_qmail(const struct mt_scan *scan)
{
	const struct mt_clause_text *with = &scan->clause[MT_CLAUSE_WITH];
	bool address = false;

	if (scan->clause[MT_CLAUSE_ID].seen || with->nwords != 1 || !mt_span_ends(with->words[0], "SMTP") ||
	    scan->date.len == 0 || !mt_is_digit(*scan->date.ptr))
		return false;
	for (size_t i = 0; i < scan->ncomments; i++) {
		const struct mt_comment *c = &scan->comments[i];

		if (c->clause == MT_CLAUSE_FROM && c->text.len > 0 &&
		    (mt_is_digit(c->text.ptr[c->text.len - 1]) || mt_span_starts(c->text, "HELO ")))
			address = true;
	}
	return address;
}

struct mt_dialect
mt_dialect_find(const struct mt_scan *scan)
{
	const struct mt_clause_text *id = &scan->clause[MT_CLAUSE_ID];
	const struct dialect_row *row;

	for (size_t c = 0; c < scan->ncomments; c++)
		if (scan->comments[c].clause != MT_CLAUSE_FROM && is_sendmail(scan->comments[c].text))
			return (struct mt_dialect){ "sendmail", false, false };
	row = comment_row(scan);
	if (row != NULL)
		return row->is;
	row = other_row(scan);
	if (row != NULL)
		return row->is;
	if (id->nwords > 0 && is_exim_id(id->words[0]))
		return (struct mt_dialect){ "exim", true, false };
	if (is_qmail(scan))
		return (struct mt_dialect){ "qmail", true, false };
	return (struct mt_dialect){ NULL, false, false };
}
