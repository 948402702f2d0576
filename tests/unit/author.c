/* SPDX-License-Identifier: BSD-2-Clause */
/* The domain of a From field, in the forms that stand in mail. */
#include "lib/core/author.h"

#include "lib/source/idna.h"
#include "tests/unit/tap.h"

enum { OK = 0, SEVERAL = 1, GROUP = 2, LITERAL = 4, FOREIGN = 8, BROKEN = 16 };

static const struct {
	const char *what;
	struct mt_span value;
	const char *domain;
	unsigned mailboxes, marks;
} cases[] = {
	{ "bare", MT_SPAN("anna@example.org"), "example.org", 1, OK },
	{ "in angle brackets", MT_SPAN(" Anna <anna@Example.ORG>\r\n"), "example.org", 1, OK },
	{ "a quoted name", MT_SPAN("\"Doe, John\" <john@example.org>"), "example.org", 1, OK },
	{ "a quoted name that looks like an address", MT_SPAN("\"anna@bank.example\" <eve@example.net>"), "example.net", 1, OK },
	{ "a quoted name with angle brackets", MT_SPAN("\"a <anna@bank.example>\" <eve@example.net>"), "example.net", 1, OK },
	{ "an unquoted name that looks like an address", MT_SPAN("anna@bank.example <eve@example.net>"), "example.net", 1, OK },
	{ "an unquoted comma in a name", MT_SPAN("Doe, John <john@example.org>"), "example.org", 1, OK },
	{ "an encoded name", MT_SPAN("=?utf-8?q?anna=40bank.example?= <eve@example.net>"), "example.net", 1, OK },
	{ "an encoded word only", MT_SPAN("=?utf-8?q?anna=40bank.example?="), "", 0, OK },
	{ "comments", MT_SPAN("(anna@bank.example) eve(<)@(c\\)d) example (x). net (y (z))"), "example.net", 1, OK },
	{ "folds around a dot", MT_SPAN("Eve <eve@example\r\n .net >"), "example.net", 1, OK },
	{ "a quoted local part", MT_SPAN("\"anna@bank.example\"@example.net"), "example.net", 1, OK },
	{ "a quoted local part in brackets", MT_SPAN("x <\"anna@bank.example> \"@example.net>"), "example.net", 1, OK },
	{ "a route", MT_SPAN("x <@one.example,@two.example:anna@example.org>"), "example.org", 1, OK },
	{ "a final dot", MT_SPAN("anna@example.org."), "example.org", 1, OK },
	{ "text behind the address", MT_SPAN("anna@example.org via list"), "example.org", 1, OK },
	{ "a domain in another script", MT_SPAN("<anna@b\xc3\xbc" "cher.example>"), "xn--bcher-kva.example", 1, OK },
	{ "and its two spellings", MT_SPAN("a@B\xc3\xbc" "cher.example, b@xn--bcher-kva.example"), "xn--bcher-kva.example", 2, OK },
	{ "two of one domain", MT_SPAN("a@example.org, B <b@EXAMPLE.org>"), "example.org", 2, OK },
	{ "one label", MT_SPAN("root@localhost"), "localhost", 1, OK },
	{ "a group", MT_SPAN("Team: a@example.org, b@example.org;"), "example.org", 2, GROUP },
	{ "a group of nobody", MT_SPAN("undisclosed-recipients:;"), "", 0, GROUP },
	{ "a group and one more", MT_SPAN("Team: a@example.org;, b@example.net"), "example.org", 2, GROUP | SEVERAL },
	{ "an address literal", MT_SPAN("anna@[192.0.2.7]"), "", 1, LITERAL },
	{ "empty", MT_SPAN(""), "", 0, OK },
	{ "absent", { NULL, 0 }, "", 0, OK },
	{ "angle brackets around nothing", MT_SPAN("Mailer <>"), "", 0, OK },
	{ "a name alone", MT_SPAN("Anna"), "", 0, OK },
	{ "two domains", MT_SPAN("a@example.org, b@example.net"), "example.org", 2, SEVERAL },
	{ "two domains in one element", MT_SPAN("a@example.org b@example.net"), "example.org", 2, SEVERAL },
	{ "two angle brackets in one element", MT_SPAN("<a@example.org> <b@example.net>"), "example.net", 1, SEVERAL },
	{ "a domain and below it", MT_SPAN("a@example.org, b@mail.example.org"), "example.org", 2, SEVERAL },
	{ "two at-signs", MT_SPAN("<a@example.org@example.net>"), "example.org", 2, SEVERAL | BROKEN },
	{ "two at-signs, one domain", MT_SPAN("<a@example.org@example.org>"), "example.org", 2, BROKEN },
	{ "no domain", MT_SPAN("anna@"), "", 1, BROKEN },
	{ "no domain in brackets", MT_SPAN("<anna@>"), "", 1, BROKEN },
	{ "an address without brackets", MT_SPAN("anna@192.0.2.7"), "", 1, BROKEN },
	{ "a space in the domain", MT_SPAN("<anna@example .org>, <b@ex ample.org>"), "example.org", 2, SEVERAL },
	{ "an empty label", MT_SPAN("anna@example..org"), "", 1, BROKEN },
	{ "NUL in the domain", MT_SPAN("anna@example\0.org"), "example", 1, BROKEN },
	{ "NUL in another script", MT_SPAN("anna@b\xc3\xbc" "cher\0.example"), "xn--bcher-kva", 1, BROKEN },
	{ "no UTF-8", MT_SPAN("anna@b\xfc" "cher.example"), "", 1, BROKEN },
	{ "underscore", MT_SPAN("anna@a_b.example"), "a_b.example", 1, OK },
	{ "an exclamation mark", MT_SPAN("anna@a!b.example"), "", 1, BROKEN },
	{ "a comment that does not end", MT_SPAN("anna@example.org (x"), "example.org", 1, BROKEN },
	{ "a comment that ends in a pair", MT_SPAN("(\\"), "", 0, BROKEN },
	{ "a string that does not end", MT_SPAN("\"anna <anna@example.org>"), "", 0, BROKEN },
	{ "brackets that do not end", MT_SPAN("<anna@example.org"), "example.org", 1, BROKEN },
	{ "brackets within brackets", MT_SPAN("<a<anna@example.org>>"), "example.org", 1, BROKEN },
	{ "a literal that does not end", MT_SPAN("anna@[192.0.2.7"), "", 1, LITERAL | BROKEN },
};

static unsigned
marks(const struct mt_author *author)
{
	return (author->several ? SEVERAL : 0u) | (author->group ? GROUP : 0u) | (author->literal ? LITERAL : 0u) |
	    (author->foreign ? FOREIGN : 0u) | (author->broken ? BROKEN : 0u);
}

static void
long_fields(void)
{
	static const char *const parts[] = { "(", "<", ",", "a@b.example,", "<@", ":", "<@a:", "\"", "@", "a@\xc3\xbc.example:",
		"<a@\xc3\xbc.example:", ".", "\\" };
	enum { MOST = 1 << 20 };
	char *bytes = malloc(MOST);

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct mt_author author;

		for (size_t n = 0; n < MOST; n++)
			bytes[n] = parts[i][n % strlen(parts[i])];
		mt_author_read(&author, (struct mt_span){ bytes, MOST }, mt_idna_tables());
		tap_ok(author.mailboxes <= MT_AUTHOR_MAILBOXES + 1, "a mebibyte of %s", parts[i]);
	}
	free(bytes);
}

int
main(void)
{
	const struct mt_idna *idna = mt_idna_tables();
	struct mt_author author;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool needs = mt_idna_needed(cases[i].value);

		mt_author_read(&author, cases[i].value, NULL);
		tap_ok(needs == author.foreign, "%s: %s", cases[i].what, needs ? "needs tables" : "needs none");
		if (needs && idna == NULL)
			continue;
		mt_author_read(&author, cases[i].value, idna);
		if (!tap_ok(strcmp(author.domain, cases[i].domain) == 0 && author.mailboxes == cases[i].mailboxes &&
		    marks(&author) == cases[i].marks, "%s", cases[i].what))
			tap_note("got \"%s\", %u, marks %u", author.domain, author.mailboxes, marks(&author));
	}
	long_fields();
	return tap_done();
}
