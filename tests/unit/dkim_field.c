/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/dkim_field.h"

#include "tests/unit/tap.h"

#define NOW INT64_C(1700000000)
#define BH "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define START "v=1; a=rsa-sha256; d=example.org; s=sel; b=AAAA; " BH "; "
#define REST "h=from:to; "
#define SHA1 "v=1; a=rsa-sha1; d=example.org; s=sel; b=AAAA; bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; h=from"

static const struct {
	const char *name, *value;
	enum mt_result want;
	const char *why;
	bool odd;			/* not for a library */
} cases[] = {
	{ "plain", START "h=from", MT_UNKNOWN, NULL },
	{ "a semicolon at the end", START "h=from;", MT_UNKNOWN, NULL },
	{ "folds and blanks", " v=1;\r\n\ta = rsa-sha256 ;d=example.org;\n s=sel;b=AA\r\n AA; " BH ";h=from :\r\n to", MT_UNKNOWN, NULL },
	{ "every tag", START "h=From:To:From; c=relaxed/simple; i=x@a.example.org; l=0; q=dns/txt; t=1; x=2; z=From:=20x", MT_UNKNOWN, NULL },
	{ "a tag that is not known", START REST "r=y; x_1=", MT_UNKNOWN, NULL },
	{ "ed25519", "v=1; a=ed25519-sha256; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_UNKNOWN, NULL },
	{ "header's canonicalization alone", START REST "c=relaxed", MT_UNKNOWN, NULL },
	{ "one of several ways to the key", START REST "q=ldap:dns/txt", MT_UNKNOWN, NULL },
	{ "i= without a local part", START REST "i=@example.org", MT_UNKNOWN, NULL },
	{ "i= in another case", START REST "i=x@EXAMPLE.org", MT_UNKNOWN, NULL },
	{ "nothing", "", MT_PERMERROR, "required" },
	{ "blanks", " \r\n ", MT_PERMERROR, "required" },
	{ "a semicolon alone", ";", MT_NEUTRAL, "list of tags" },
	{ "two semicolons", START ";h=from", MT_NEUTRAL, "list of tags" },
	{ "no equals sign", START "h", MT_NEUTRAL, "list of tags" },
	{ "a name that begins with a digit", START REST "1a=b", MT_NEUTRAL, "list of tags" },
	{ "a name with a hyphen", START REST "a-b=c", MT_NEUTRAL, "list of tags" },
	{ "no name", START REST "=c", MT_NEUTRAL, "list of tags" },
	{ "an exclamation mark", START REST "!cd=example.com", MT_NEUTRAL, "list of tags" },
	{ "a control byte", START REST "n=\x01", MT_NEUTRAL, "list of tags" },
	{ "a byte over 127", START REST "n=\xe9", MT_UNKNOWN, NULL, .odd = true },
	{ "a vertical tab", START REST "n=a\vb", MT_NEUTRAL, "list of tags" },
	{ "a tag twice", START REST "d=example.com", MT_NEUTRAL, "twice" },
	{ "an unknown tag twice", START REST "n=1; n=1", MT_NEUTRAL, "twice" },
	{ "a tag in another case is another tag", START REST "D=example.com", MT_UNKNOWN, NULL, .odd = true },
	{ "a known tag in capitals is not known", START REST "X=1", MT_UNKNOWN, NULL, .odd = true },
	{ "a blank before the = of b", "v=1; a=rsa-sha256; d=example.org; s=sel; b =AAAA; " BH "; h=from", MT_UNKNOWN, NULL, .odd = true },
	{ "a name that ends in b", START REST "ab=1", MT_UNKNOWN, NULL, .odd = true },
	{ "no v=", "a=rsa-sha256; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_PERMERROR, "required" },
	{ "no d=", "v=1; a=rsa-sha256; s=sel; b=AAAA; " BH "; h=from", MT_PERMERROR, "required" },
	{ "no s=", "v=1; a=rsa-sha256; d=example.org; b=AAAA; " BH "; h=from", MT_PERMERROR, "required" },
	{ "no a=", "v=1; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_PERMERROR, "required" },
	{ "no b=", "v=1; a=rsa-sha256; d=example.org; s=sel; " BH "; h=from", MT_PERMERROR, "required" },
	{ "no bh=", "v=1; a=rsa-sha256; d=example.org; s=sel; b=AAAA; h=from", MT_PERMERROR, "required" },
	{ "no h=", START, MT_PERMERROR, "required" },
	{ "another version", "v=2; a=rsa-sha256; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "version" },
	{ "version 1.0", "v=1.0; a=rsa-sha256; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "version" },
	{ "another algorithm", "v=1; a=rsa-md5; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "algorithm" },
	{ "another canonicalization", START REST "c=relaxed/nofws", MT_NEUTRAL, "canonicalization" },
	{ "a slash and nothing", START REST "c=relaxed/", MT_NEUTRAL, "canonicalization" },
	{ "another way to the key", START REST "q=http", MT_NEUTRAL, "way to the key" },
	{ "From is not signed", START "h=to:subject", MT_PERMERROR, "From" },
	{ "h= with an empty name", START "h=from::to", MT_NEUTRAL, "field names" },
	{ "h= with a blank in a name", START "h=from:a b", MT_NEUTRAL, "field names" },
	{ "empty d=", "v=1; a=rsa-sha256; d=; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "domain name" },
	{ "d= with a blank", "v=1; a=rsa-sha256; d=example .org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "domain name" },
	{ "d= with a final dot", "v=1; a=rsa-sha256; d=example.org.; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "domain name" },
	{ "d= with an empty label", "v=1; a=rsa-sha256; d=example..org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "domain name" },
	{ "s= with a percent sign", "v=1; a=rsa-sha256; d=example.org; s=%s; b=AAAA; " BH "; h=from", MT_NEUTRAL, "domain name" },
	{ "b= is empty", "v=1; a=rsa-sha256; d=example.org; s=sel; b=; " BH "; h=from", MT_NEUTRAL, "base64" },
	{ "b= is no base64", "v=1; a=rsa-sha256; d=example.org; s=sel; b=A*AA; " BH "; h=from", MT_NEUTRAL, "base64" },
	{ "b= is cut", "v=1; a=rsa-sha256; d=example.org; s=sel; b=AAAAA; " BH "; h=from", MT_NEUTRAL, "base64" },
	{ "bh= is too short", "v=1; a=rsa-sha256; d=example.org; s=sel; b=AAAA; bh=AAAA; h=from", MT_NEUTRAL, "bh=" },
	{ "bh= of the other hash", "v=1; a=rsa-sha1; d=example.org; s=sel; b=AAAA; " BH "; h=from", MT_NEUTRAL, "bh=" },
	{ "i= is elsewhere", START REST "i=x@example.com", MT_PERMERROR, "below" },
	{ "i= ends alike", START REST "i=x@badexample.org", MT_PERMERROR, "below" },
	{ "i= above d=", START REST "i=x@org", MT_PERMERROR, "below" },
	{ "i= without @", START REST "i=example.org", MT_NEUTRAL, "no address" },
	{ "i= with an equals sign", START REST "i=a=20b@example.org", MT_UNKNOWN, NULL, .odd = true },
	{ "i= with a blank", START REST "i=a b@example.org", MT_UNKNOWN, NULL, .odd = true },
	{ "l= is no number", START REST "l=-1", MT_NEUTRAL, "l=" },
	{ "l= is empty", START REST "l=", MT_NEUTRAL, "l=" },
	{ "l= is too long", START REST "l=1234567890123456789", MT_NEUTRAL, "l=" },
	{ "t= is no number", START REST "t=1e9", MT_NEUTRAL, "t= or x=" },
	{ "t= is too long", START REST "t=1234567890123", MT_NEUTRAL, "t= or x=" },
	{ "x= is empty", START REST "x=", MT_NEUTRAL, "t= or x=" },
	{ "x= is not later than t=", START REST "t=1600000000; x=1600000000", MT_PERMERROR, "not later" },
	{ "rsa-sha1", SHA1, MT_UNKNOWN, NULL },
};

static const struct {
	const char *name, *value;
	bool sha1;
	enum mt_result want;
} times[] = {
	{ "no times", START REST, false, MT_UNKNOWN },
	{ "now", START REST "t=1700000000", false, MT_UNKNOWN },
	{ "valid", START REST "t=1699999000; x=1700000001", false, MT_UNKNOWN },
	{ "expired a little", START REST "x=1699999700", false, MT_UNKNOWN },
	{ "expired", START REST "x=1699999699", false, MT_POLICY },
	{ "a little ahead", START REST "t=1700000300", false, MT_UNKNOWN },
	{ "ahead", START REST "t=1700000301", false, MT_POLICY },
	{ "before DKIM", START REST "t=0", false, MT_POLICY },
	{ "rsa-sha1", SHA1, false, MT_POLICY },
	{ "rsa-sha1 allowed", SHA1, true, MT_UNKNOWN },
	{ "malformed stays malformed", "v=2", true, MT_NEUTRAL },
};

static char buffer[MT_DKIM_FIELD_MOST + 1024];

/* START and a tag of so many bytes. */
static struct mt_dkim_field
long_tag(const char *tag, char fill, size_t len)
{
	struct mt_dkim_field field;
	int n = snprintf(buffer, sizeof buffer, START REST "%s=", tag);

	memset(buffer + n, fill, len);
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n + len });
	return field;
}

static void
test_bounds(void)
{
	struct mt_dkim_field field;
	char key[MT_NAME_TEXT], name[64] = "";
	int n;

	field = long_tag("n", 'x', 250);
	tap_ok(field.result == MT_UNKNOWN && !field.odd, "a value of 250 bytes");
	field = long_tag("n", 'x', 251);
	tap_ok(field.result == MT_UNKNOWN && field.odd, "a value of 251 bytes is not for a library");
	field = long_tag("z", 'x', 3000);
	tap_ok(field.result == MT_UNKNOWN && !field.odd, "z= may be longer");
	field = long_tag("z", 'x', 4000);
	tap_ok(field.result == MT_UNKNOWN && field.odd, "a field over 4,000 bytes is not for a library");
	field = long_tag("z", 'x', MT_DKIM_FIELD_MOST);
	tap_ok(field.result == MT_PERMERROR, "a field over 16,384 bytes");
	n = snprintf(buffer, sizeof buffer, START REST "i=");
	memset(buffer + n, 'x', 201);
	memcpy(buffer + n + 201 - 12, "@example.org", 12);
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n + 201 });
	tap_ok(field.result == MT_UNKNOWN && field.odd, "i= of 201 bytes is not for a library");
	memcpy(buffer + n + 200 - 12, "@example.org", 12);
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n + 200 });
	tap_ok(field.result == MT_UNKNOWN && !field.odd, "i= of 200 bytes");
	n = snprintf(buffer, sizeof buffer, START "h=from");
	for (int i = 0; i < 511; i++)
		n += snprintf(buffer + n, sizeof buffer - (size_t)n, ":x");
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n });
	tap_ok(field.result == MT_UNKNOWN, "512 names in h=");
	n += snprintf(buffer + n, sizeof buffer - (size_t)n, ":x");
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n });
	tap_ok(field.result == MT_PERMERROR, "513 names in h=");
	n = snprintf(buffer, sizeof buffer, START REST);
	for (int i = 0; i < 57; i++)
		n += snprintf(buffer + n, sizeof buffer - (size_t)n, "n%d=;", i);
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n });
	tap_ok(field.result == MT_UNKNOWN, "64 tags");
	n += snprintf(buffer + n, sizeof buffer - (size_t)n, "n99=");
	mt_dkim_field_read(&field, (struct mt_span){ buffer, (size_t)n });
	tap_ok(field.result == MT_PERMERROR, "65 tags");
	memset(name, 'x', 60);
	snprintf(buffer, sizeof buffer, "v=1; a=rsa-sha256; d=%s.%s.org; s=%s.%s; b=AAAA; " BH "; h=from", name, name, name, name);
	mt_dkim_field_read(&field, mt_span_text(buffer));
	tap_ok(field.result == MT_PERMERROR && !mt_key_record_name(key, field.selector, field.domain), "the name of a key over 253 bytes");
}

static void
test_values(void)
{
	struct mt_dkim_field f;
	char key[MT_NAME_TEXT];

	mt_dkim_field_read(&f, MT_SPAN(" v=1; a=RSA-SHA256; d=Example.ORG; s=Sel.A; b=AA AA; " BH "; h=From : DKIM-Signature:from; "
	    "c=simple/relaxed; l=42; t=1; x=12; i=a@b@example.org"));
	tap_ok(f.result == MT_NEUTRAL, "the domain of i= stands behind its first @");
	mt_dkim_field_read(&f, MT_SPAN(" v=1; a=RSA-SHA256; d=Example.ORG; s=Sel.A; b=AA AA; " BH "; h=From : DKIM-Signature:from; "
	    "c=simple/relaxed; l=42; t=1; x=12; i=a@b.example.org"));
	tap_ok(f.result == MT_UNKNOWN && f.froms == 2 && f.covers_signatures && f.header == MT_CANON_SIMPLE && f.body == MT_CANON_RELAXED && mt_span_equal(f.b_raw, MT_SPAN("AA AA")) && f.has_length && f.length == 42 &&
	    f.signed_sec == 1 && f.expires_sec == 12 && mt_span_same_text(mt_dkim_field_identity(&f), "b.example.org"), "values");
	tap_ok(mt_key_record_name(key, f.selector, f.domain) && strcmp(key, "sel.a._domainkey.example.org") == 0, "the name of the key");
	mt_dkim_field_read(&f, MT_SPAN("d=example.org; s=sel; oops"));
	tap_ok(f.result == MT_NEUTRAL && mt_span_same_text(f.domain, "example.org") && mt_span_same_text(f.selector, "sel"),
	    "what was read before the fault is told");
}

int
main(void)
{
	struct mt_dkim_field field;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mt_dkim_field_read(&field, mt_span_text(cases[i].value));
		tap_ok(field.result == cases[i].want && (field.result != MT_UNKNOWN || field.odd == cases[i].odd) && (field.why == NULL) == (cases[i].why == NULL) &&
		    (cases[i].why == NULL || strstr(field.why, cases[i].why) != NULL), "%s: %s", cases[i].name,
		    field.why == NULL ? "well-formed" : field.why);
	}
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		mt_dkim_field_read(&field, mt_span_text(times[i].value));
		mt_dkim_field_accept(&field, NOW, times[i].sha1);
		tap_ok(field.result == times[i].want, "accept, %s: %s", times[i].name, field.why == NULL ? "yes" : field.why);
	}
	test_bounds();
	test_values();
	return tap_done();
}
