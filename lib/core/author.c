/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how addresses stand in a From field, as people and programs write it: where there
 * are angle brackets the address is in them, whatever the name before them holds (it may
 * hold an "@" without quotes); encoded words are names and never addresses (RFC 2047, 5).
 * Refuses to know who the author is.
 */
#include "lib/core/author.h"

#include "lib/core/cfws.h"

/* Where the text of an address stands: from the "@" on, as far as it is a domain. */
struct scan {
	struct mt_span s;
	size_t at;
	const struct mt_idna *idna;
	struct mt_author bare;		/* of the element at hand, outside of angle brackets */
	struct mt_author angle;		/* and inside */
	bool has_angle;
	unsigned domains;		/* that were looked at: routes and groups let them be many */
};

/* Forgets what was found; the domain behind its NUL does not matter. */
static void
clear(struct mt_author *author)
{
	author->domain[0] = '\0';
	author->mailboxes = 0;
	author->several = author->group = author->literal = author->foreign = author->broken = false;
}

/* What may stand in a domain (RFC 5322, 3.2.3; RFC 6532, 3.2). */
static bool
is_atext(char c)
{
	return (unsigned char)c > 127 || (c > ' ' && c != 127 && strchr("()<>[]:;@\\,.\"", c) == NULL);
}

/* The first stays; one that differs is told. */
static void
set_domain(struct mt_author *author, const char *domain)
{
	if (author->domain[0] == '\0')
		memcpy(author->domain, domain, strlen(domain) + 1);
	else if (domain[0] != '\0' && strcmp(author->domain, domain) != 0)
		author->several = true;
}

static void
add_domain(struct mt_author *author, const struct mt_idna *idna, struct mt_span domain)
{
	char normal[MT_NAME_TEXT];

	if (idna == NULL && mt_idna_needed(domain)) {
		author->foreign = true;
	} else if (!mt_idna_normal(idna, domain, normal) || !mt_name_host(mt_span_text(normal))) {
		author->broken = true;
	} else {
		set_domain(author, normal);
	}
}

/* A domain with white space and comments around its dots (RFC 5322, 4.4), from behind the
 * "@" on: it ends where two atoms follow each other without a dot, or with what is none. */
static void
read_domain(struct scan *scan, struct mt_author *author)
{
	char text[MT_IDNA_MOST + 1];
	size_t len = 0;
	bool gap = false;

	author->mailboxes++;
	if (++scan->domains > MT_AUTHOR_MAILBOXES || !mt_cfws_skip(scan->s, &scan->at)) {
		author->broken = true;
		return;
	}
	if (scan->at < scan->s.len && scan->s.ptr[scan->at] == '[') {
		author->literal = true;
		author->broken |= !mt_cfws_quoted(scan->s, &scan->at, ']');
		return;
	}
	while (scan->at < scan->s.len) {
		char c = scan->s.ptr[scan->at];

		if (mt_is_space(c) || c == '(') {
			gap = true;
			if (!mt_cfws_skip(scan->s, &scan->at))
				author->broken = true;
			continue;
		}
		/* A NUL ends a name for some readers, and for some it does not. */
		author->broken |= (c >= 0 && c < ' ') || c == 127;
		if ((c != '.' && !is_atext(c)) || (gap && c != '.' && len > 0 && text[len - 1] != '.'))
			break;
		gap = false;
		if (len < sizeof text)
			text[len++] = c;
		scan->at++;
	}
	add_domain(author, scan->idna, (struct mt_span){ text, len });
}

/* From "<" to ">": an address, maybe behind a route, whose domains lead up to a colon and
 * are nobody's (RFC 5322, 4.4). */
static void
read_angle(struct scan *scan)
{
	struct mt_author here;
	bool closed = false;

	clear(&here);
	for (scan->at++; !closed && scan->at < scan->s.len && scan->domains <= MT_AUTHOR_MAILBOXES;) {
		char c = scan->s.ptr[scan->at];

		if (c == '"') {
			here.broken |= !mt_cfws_quoted(scan->s, &scan->at, '"');
		} else if (c == '(') {
			here.broken |= !mt_cfws_comment(scan->s, &scan->at);
		} else if (c == '@') {
			scan->at++;
			read_domain(scan, &here);
		} else {
			if (c == ':')
				clear(&here);
			here.broken |= c == '<';
			closed = c == '>';
			scan->at++;
		}
	}
	/* "<>" is the sender of nobody, and "<a@b@c>" of who knows whom. */
	here.broken |= !closed || here.mailboxes > 1;
	if (scan->has_angle && scan->angle.mailboxes > 0 && strcmp(scan->angle.domain, here.domain) != 0)
		here.several = true;
	scan->has_angle = true;
	scan->angle = here;
}

/* The end of an element of the list. */
static void
take_element(struct mt_author *author, struct scan *scan)
{
	const struct mt_author *from = scan->has_angle ? &scan->angle : &scan->bare;

	author->mailboxes += from->mailboxes;
	author->several |= from->several;
	author->literal |= from->literal;
	author->foreign |= from->foreign;
	author->broken |= from->broken;
	set_domain(author, from->domain);
	clear(&scan->bare);
	clear(&scan->angle);
	scan->has_angle = false;
}

void
mt_author_read(struct mt_author *author, struct mt_span value, const struct mt_idna *idna)
{
	struct scan scan = { .s = value, .idna = idna };

	*author = (struct mt_author){ .mailboxes = 0 };
	while (scan.at < value.len && scan.domains <= MT_AUTHOR_MAILBOXES) {
		char c = value.ptr[scan.at];

		if (c == '"') {
			author->broken |= !mt_cfws_quoted(value, &scan.at, '"');
		} else if (c == '(') {
			author->broken |= !mt_cfws_comment(value, &scan.at);
		} else if (c == '<') {
			read_angle(&scan);
		} else if (c == '@') {
			scan.at++;
			read_domain(&scan, &scan.bare);
		} else {
			if (c == ':') {
				author->group = true;
				clear(&scan.bare);
			} else if (c == ',' || c == ';') {
				take_element(author, &scan);
			}
			scan.at++;
		}
	}
	take_element(author, &scan);
	author->broken |= scan.domains > MT_AUTHOR_MAILBOXES;
}
