/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose an Authentication-Results field is.  Forms of RFC 8601, appendix B, and what is
 * written instead. */
#include "lib/core/authres.h"

#include "lib/source/idna.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	struct mt_span value;
	bool must_go;
} cases[] = {
	{ "another's", MT_SPAN("mx.example.net; spf=pass smtp.mailfrom=a.example"), false },
	{ "another's, no result", MT_SPAN("mx.example.net; none"), false },
	{ "another's, of version 1", MT_SPAN("mx.example.net 1; none"), false },
	{ "another's, id alone", MT_SPAN("mx.example.net"), false },
	{ "another's, odd results are nobody's business", MT_SPAN("mx.example.net; foo = = bar;"), false },
	{ "another's, our name among the results", MT_SPAN("mx.example.net; iprev=pass (mx.example.org)"), false },
	{ "another's, comment that does not end among the results", MT_SPAN("mx.example.net; (mx.example.org"), false },
	{ "another's, with comments and folds", MT_SPAN(" (a (b) \\) c)\r\n\tmx.example.net (d)\r\n 1 (e) ; none"), false },
	{ "another's, quoted", MT_SPAN("\"mx.example.net\"; none"), false },
	{ "another's, quoted, of version 1", MT_SPAN("\"mx.\\example.net\" (a) 1; none"), false },
	{ "another's, ours behind a semicolon", MT_SPAN("mx.example.net; none; mx.example.org; spf=pass"), false },
	{ "ours at the end of another's", MT_SPAN("amx.example.org; none"), false },
	{ "above ours", MT_SPAN("example.org; none"), false },
	{ "ours as a part of another's", MT_SPAN("mx.example.org.evil.example; none"), false },
	{ "an id that is no domain", MT_SPAN("office365; none"), false },

	{ "ours", MT_SPAN("mx.example.org; iprev=pass"), true },
	{ "ours in other case", MT_SPAN("MX.Example.ORG; iprev=pass"), true },
	{ "ours with a final dot", MT_SPAN("mx.example.org.; iprev=pass"), true },
	{ "ours behind white space and folds", MT_SPAN(" \t\r\n mx.example.org\r\n\t;none"), true },
	{ "ours behind a comment", MT_SPAN("(x)mx.example.org(y);none"), true },
	{ "ours behind nested comments", MT_SPAN("(a(b)\\)c) mx.example.org; none"), true },
	{ "ours, quoted", MT_SPAN("\"mx.example.org\"; none"), true },
	{ "ours, quoted with pairs", MT_SPAN("\"m\\x.example.o\\rg\"; none"), true },
	{ "ours, quoted with space around", MT_SPAN("\" mx.example.org \"; none"), true },
	{ "ours, quoted over a fold", MT_SPAN("\"mx.exam\r\nple.org\"; none"), true },
	{ "ours, of version 1", MT_SPAN("mx.example.org 1; none"), true },
	{ "ours, id alone", MT_SPAN("mx.example.org"), true },
	{ "ours, results that cannot be read", MT_SPAN("mx.example.org; spf = = \"pass"), true },
	{ "ours, comment that does not end among the results", MT_SPAN("mx.example.org; spf=pass (x"), true },
	{ "ours, comment that does not end behind it", MT_SPAN("mx.example.org (x; spf=pass"), true },
	{ "ours, a word behind the version", MT_SPAN("mx.example.org 1 x; none"), true },
	{ "below ours", MT_SPAN("a.MX.example.org; none"), true },
	{ "another host of ours", MT_SPAN("in7.mail.example.org; none"), true },

	{ "version 2", MT_SPAN("mx.example.net 2; none"), true },
	{ "version 11", MT_SPAN("mx.example.net 11; none"), true },
	{ "version 01", MT_SPAN("mx.example.net 01; none"), true },
	{ "version with more behind it", MT_SPAN("mx.example.net 1x; none"), true },
	{ "empty", MT_SPAN(""), true },
	{ "absent", { NULL, 0 }, true },
	{ "white space", MT_SPAN(" \r\n\t"), true },
	{ "no id", MT_SPAN("; none"), true },
	{ "empty quoted id", MT_SPAN("\"\"; none"), true },
	{ "results without an id", MT_SPAN("spf=pass smtp.mailfrom=a.example; outlook.example; dkim=pass"), true },
	{ "comment that does not end", MT_SPAN("(mx.example.net; none"), true },
	{ "comment that ends in a pair", MT_SPAN("(mx.example.net\\"), true },
	{ "quoted string that does not end", MT_SPAN("\"mx.example.net; none"), true },
	{ "quoted string that ends in a pair", MT_SPAN("\"mx.example.net\\"), true },
	{ "two words", MT_SPAN("mx.example.net mx.example.org; none"), true },
	{ "a comment inside the id", MT_SPAN("mx.(x)example.org; none"), true },
	{ "a job behind the id", MT_SPAN("mx.example.org/7; none"), true },
	{ "U-label", MT_SPAN("mx.b\xc3\xbc" "cher.example; none"), true },
	{ "U-label, quoted", MT_SPAN("\"mx.b\xc3\xbc" "cher.example\"; none"), true },
	{ "NUL in the id", MT_SPAN("mx.example\0.net; none"), true },
	{ "NUL in a quoted id", MT_SPAN("\"mx.example\0.net\"; none"), true },
	{ "space in a quoted id", MT_SPAN("\"mx. example.net\"; none"), true },
	{ "encoded word", MT_SPAN("=?utf-8?q?mx=2Eexample=2Eorg?=; none"), true },
	{ "an address in place of an id", MT_SPAN("\"mx.example.net\"@mx.example.org; none"), true },
	{ "quotes within the id", MT_SPAN("mx.\"example.net\"; none"), true },
	{ "an equals sign behind a quoted id", MT_SPAN("\"mx.example.net\"=x; none"), true },
	{ "semicolon missing", MT_SPAN("mx.example.net spf=pass"), true },
};

static const struct {
	const char *name;
	bool own;
} names[] = {
	{ "X-Trace-Result", true }, { "x-trace-result", true }, { "X-TRACE-ANYTHING", true }, { "X-Trace-Path ", true },
	{ "X-Trace", false }, { "X-Traced-Result", false }, { "X-Tracer-Path", false }, { "Received", false }, { "", false },
	{ "AX-Trace-Path", false },
};

/* The same name in its several spellings, with the tables and without. */
static const struct {
	const char *name;
	struct mt_span value, ours;
	bool must_go, without;
} spellings[] = {
	{ "a U-label against ours in A-labels", MT_SPAN("mx.B\xc3\x9c" "CHER.example; none"), MT_SPAN("mx.xn--bcher-kva.example"),
	    true, true },
	{ "an A-label against ours in U-labels", MT_SPAN("mx.XN--bcher-kva.example; none"), MT_SPAN("mx.b\xc3\xbc" "cher.example"),
	    true, true },
	{ "below ours in the other spelling", MT_SPAN("a.mx.b\xc3\xbc" "cher.example; none"), MT_SPAN("mx.xn--bcher-kva.example"),
	    true, true },
	{ "full-width letters", MT_SPAN("\xef\xbd\x8d\xef\xbd\x98\xe3\x80\x82" "example.org; none"), MT_SPAN("mx.example.org"),
	    true, true },
	{ "another's in U-labels", MT_SPAN("mx.m\xc3\xbc" "nchen.example; none"), MT_SPAN("mx.xn--bcher-kva.example"), false, true },
	{ "another's in A-labels", MT_SPAN("mx.xn--mnchen-3ya.example; none"), MT_SPAN("mx.b\xc3\xbc" "cher.example"), false, true },
	{ "another's in ASCII", MT_SPAN("mx.example.net; none"), MT_SPAN("mx.b\xc3\xbc" "cher.example"), false, false },
	{ "what is no UTF-8", MT_SPAN("mx.b\xfc" "cher.example; none"), MT_SPAN("mx.example.org"), true, true },
	{ "a soft hyphen in ours", MT_SPAN("mx.exam\xc2\xadple.org; none"), MT_SPAN("mx.example.org"), true, true },
};

static void
other_spellings(void)
{
	const struct mt_idna *idna = mt_idna_tables();

	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		struct mt_trust trust = { .authserv_id = spellings[i].ours };

		tap_ok(mt_authres_goes(spellings[i].value, &trust, NULL) == spellings[i].without, "%s, without tables: %s",
		    spellings[i].name, spellings[i].without ? "goes" : "stays");
		if (idna != NULL)
			tap_ok(mt_authres_goes(spellings[i].value, &trust, idna) == spellings[i].must_go, "%s %s", spellings[i].name,
			    spellings[i].must_go ? "goes" : "stays");
	}
}

static const struct {
	const char *what, *client, *name;
	enum mt_result forward;
	bool spared;
} clients[] = {
	{ "one of our networks", "192.0.2.7", NULL, MT_UNKNOWN, true },
	{ "a stranger", "198.51.100.7", "mail.example.net", MT_PASS, false },
	{ "a trusted relay", "198.51.100.7", "A.relay.example.net.", MT_PASS, true },
	{ "one that leads elsewhere", "198.51.100.7", "a.relay.example.net", MT_FAIL, false },
	{ "one that could not be verified", "198.51.100.7", "a.relay.example.net", MT_TEMPERROR, false },
	{ "one of which nothing is known yet", "198.51.100.7", "a.relay.example.net", MT_UNKNOWN, false },
	{ "a name that only looks so", "198.51.100.7", "a.relay.example.net.evil.example", MT_PASS, false },
	{ "one without a name", "198.51.100.7", NULL, MT_UNKNOWN, false },
	{ "nobody", NULL, NULL, MT_UNKNOWN, false },
};

static void
spared(void)
{
	static const struct mt_span pattern[] = { { "*.relay.example.net", 19 } };
	struct mt_net net;
	struct mt_trust trust = { .networks = { &net, 1 }, .relays = { pattern, 1 } };

	mt_net_parse(&net, MT_SPAN("192.0.2.0/24"), NULL);
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		struct mt_ptr_name found[2] = { { .name = MT_SPAN("other.example"), .forward = MT_PASS },
			{ .name = mt_span_text(clients[i].name), .forward = clients[i].forward } };
		struct mt_iprev iprev = { .names = found, .nnames = clients[i].name == NULL ? 0 : 2 };
		struct mt_ip ip = { 0 };

		if (clients[i].client != NULL)
			mt_ip_parse(&ip, mt_span_text(clients[i].client));
		tap_ok(mt_authres_spared(&trust, &ip, &iprev) == clients[i].spared, "%s is %s", clients[i].what,
		    clients[i].spared ? "spared" : "not spared");
	}
	tap_ok(!mt_authres_spared(&trust, &(struct mt_ip){ 4, { 198, 51, 100, 7 } }, NULL), "without iprev only networks are spared");
}

static void
long_fields(const struct mt_trust *trust)
{
	enum { MOST = 1 << 20 };
	char *bytes = malloc(MOST);

	if (bytes == NULL)
		abort();
	memset(bytes, '(', MOST);
	tap_ok(mt_authres_goes((struct mt_span){ bytes, MOST }, trust, NULL), "a mebibyte of opened comments goes");
	memset(bytes, 'a', MOST);
	tap_ok(mt_authres_goes((struct mt_span){ bytes, MOST }, trust, NULL), "an id of a mebibyte goes");
	tap_ok(mt_authres_goes((struct mt_span){ bytes, 256 }, trust, NULL), "so does one of 256 bytes");
	tap_ok(!mt_authres_goes((struct mt_span){ bytes, 255 }, trust, NULL), "one of 255 bytes stays");
	bytes[0] = bytes[257] = '"';
	tap_ok(mt_authres_goes((struct mt_span){ bytes, 258 }, trust, NULL), "256 bytes in quotes go");
	memset(bytes, ' ', MOST);
	memcpy(bytes + MOST - 16, "mx.example.org;x", 16);
	tap_ok(mt_authres_goes((struct mt_span){ bytes, MOST }, trust, NULL), "ours behind a mebibyte of white space goes");
	memcpy(bytes + MOST - 16, "mx.example.net;x", 16);
	tap_ok(!mt_authres_goes((struct mt_span){ bytes, MOST }, trust, NULL), "another's behind as much stays");
	free(bytes);
}

int
main(void)
{
	static const struct mt_span pattern[] = { { "*.mail.example.org", 18 } };
	struct mt_trust trust = { .authserv_id = MT_SPAN("mx.example.org"), .names = { pattern, 1 } };
	struct mt_trust local = { .authserv_id = MT_SPAN("mx.b\xc3\xbc" "cher.example") }, none = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		tap_ok(mt_authres_goes(cases[i].value, &trust, NULL) == cases[i].must_go, "%s %s", cases[i].name,
		    cases[i].must_go ? "goes" : "stays");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tap_ok(mt_authres_own_name(mt_span_text(names[i].name)) == names[i].own, "name \"%s\" is %s",
		    names[i].name, names[i].own ? "ours" : "not ours");
	tap_ok(mt_authres_goes(MT_SPAN("mx.xn--bcher-kva.example; none"), &local, NULL),
	    "an A-label goes where our id is a U-label");
	tap_ok(!mt_authres_goes(MT_SPAN("mx.xn--bcher-kva.example; none"), &trust, NULL), "an A-label stays where it is not");
	tap_ok(!mt_authres_goes(MT_SPAN("mx.example.net; none"), &none, NULL), "another's stays where we have no id");
	other_spellings();
	spared();
	long_fields(&trust);
	return tap_done();
}
