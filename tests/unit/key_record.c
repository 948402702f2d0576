/* SPDX-License-Identifier: BSD-2-Clause */
/* Key records (RFC 6376, 3.6.1): which are keys, and for what. */
#include "lib/core/key_record.h"
#include "tests/unit/tap.h"

enum { RSA = 1, ED = 2, SHA1 = 4, TESTING = 8, STRICT = 16, REVOKED = 32, USELESS = 64 };

static const struct {
	const char *record;
	unsigned expected;
} records[] = {
	{ "v=DKIM1; k=rsa; p=abc", RSA | SHA1 },
	{ "p=abc", RSA | SHA1 },
	{ "k=rsa; v=DKIM1; p=abc", USELESS },
	{ "v=DKIM1; k=ed25519; p=abc", ED },
	{ "v=DKIM1; h=sha256; p=abc", RSA },
	{ "v=DKIM1; h=sha1:sha256; p=abc", RSA | SHA1 },
	{ "v=DKIM1; h=md5; p=abc", 0 },
	{ "v=DKIM1; h=; p=abc", 0 },
	{ "v=DKIM1; h=sha1; p=abc", SHA1 },
	{ "v=DKIM1; t=y; p=abc", RSA | SHA1 | TESTING },
	{ "v=DKIM1; t=s : y; p=abc", RSA | SHA1 | TESTING | STRICT },
	{ "v=DKIM1; t=z; p=abc", RSA | SHA1 },
	{ "v=DKIM1; s=email; p=abc", RSA | SHA1 },
	{ "v=DKIM1; s=foo:*; p=abc", RSA | SHA1 },
	{ "v=DKIM1; n=a note; x=unknown; p=abc;", RSA | SHA1 },
	{ "v=DKIM1; p=a b\tc", RSA | SHA1 },
	{ "v=DKIM1; s=foo; p=abc", USELESS },
	{ "v=DKIM1; k=dsa; p=abc", USELESS },
	{ "v=DKIM1; k=; p=abc", USELESS },
	{ "v=DKIM1; p=", USELESS | REVOKED },
	{ "v=DKIM1; p= ;", USELESS | REVOKED },
	{ "v=DKIM1; k=rsa", USELESS },
	{ "v=DKIM1; P=abc", USELESS },
	{ "v=DKIM2; p=abc", USELESS },
	{ "v=dkim1; p=abc", USELESS },
	{ "v=DKIM1; p=abc; p=abc", USELESS },
	{ "v=DKIM1; k=rsa; nonsense", USELESS },
	{ "v=spf1 -all", USELESS },
	{ "", USELESS },
};

static const struct {
	const char *selector, *domain, *name;	/* NULL: none */
} names[] = {
	{ "s", "a.example", "s._domainkey.a.example" },
	{ "a.b", "a.example", "a.b._domainkey.a.example" },
	{ "", "a.example", NULL }, { "s", "", NULL }, { NULL, "a.example", NULL }, { "s", NULL, NULL },
	{ "s.", "a.example", NULL }, { ".s", "a.example", NULL }, { "s", "a.example.", NULL }, { "s", "a..example", NULL },
	{ "s s", "a.example", NULL }, { "s", "b\xc3\xbc.example", NULL }, { "s\\", "a.example", NULL },
	{ "s", "a234567890123456789012345678901234567890123456789012345678901234.example", NULL },
};

static unsigned
read(const char *record)
{
	struct mt_key_record key;
	unsigned found = mt_key_record_read(&key, mt_span_text(record)) ? 0 : USELESS;

	if ((found == 0) != (key.why == NULL))
		abort();
	if (found == 0)
		found = (mt_key_record_serves(&key, MT_ALGORITHM_RSA_SHA256) ? RSA : 0) |
		    (mt_key_record_serves(&key, MT_ALGORITHM_ED25519_SHA256) ? ED : 0) |
		    (mt_key_record_serves(&key, MT_ALGORITHM_RSA_SHA1) ? SHA1 : 0) | (key.testing ? TESTING : 0) |
		    (key.strict ? STRICT : 0);
	if (mt_key_record_serves(&key, MT_ALGORITHM_UNKNOWN))
		abort();
	return found | (key.revoked ? REVOKED : 0);
}

int
main(void)
{
	char name[MT_NAME_TEXT], selector[MT_NAME_TEXT];

	for (size_t i = 0; i < sizeof records / sizeof *records; i++)
		tap_ok(read(records[i].record) == records[i].expected, "record \"%s\"", records[i].record);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bool ok = mt_key_record_name(name, mt_span_text(names[i].selector), mt_span_text(names[i].domain));

		tap_ok(ok == (names[i].name != NULL) && (!ok || strcmp(name, names[i].name) == 0), "name %zu", i);
	}
	memset(selector, 'a', sizeof selector);
	for (size_t i = 50; i < sizeof selector; i += 50)
		selector[i] = '.';
	selector[253 - 12 - 9] = '\0';
	tap_ok(mt_key_record_name(name, mt_span_text(selector), MT_SPAN("a.example")) && strlen(name) == 253, "longest name");
	tap_ok(!mt_key_record_name(name, mt_span_text(selector), MT_SPAN("ab.example")), "one more");
	tap_ok(mt_key_algorithm(MT_SPAN("rsa-sha256")) == MT_ALGORITHM_RSA_SHA256 &&
	    mt_key_algorithm(MT_SPAN("ed25519-sha256")) == MT_ALGORITHM_ED25519_SHA256 &&
	    mt_key_algorithm(MT_SPAN("rsa-sha1")) == MT_ALGORITHM_RSA_SHA1, "algorithms");
	tap_ok(mt_key_algorithm(MT_SPAN("rsa-sha512")) == MT_ALGORITHM_UNKNOWN && mt_key_algorithm(MT_ABSENT) == MT_ALGORITHM_UNKNOWN &&
	    mt_key_algorithm(MT_SPAN("RSA-SHA256")) == MT_ALGORITHM_UNKNOWN, "no algorithms");
	return tap_done();
}
