/* SPDX-License-Identifier: BSD-2-Clause */
/* Key records (RFC 6376, 3.6.1): which are keys, and for what. */
#include "lib/core/key_record.h"

#include "lib/core/key_der.h"
#include "tests/unit/tap.h"

/* One RSA key of 512 bits, in both forms that are published, and one Ed25519 key. */
#define SPKI "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL4d9lxz7IkxLDnINURYrmn07qHoN/oS/kGYR/cTh55cZNOSvV1HoCJ4t3UpnsxLQfMzfjkMYbWmZpdLbQQrRw0CAwEAAQ=="
#define PKCS1 "MEgCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgMBAAE="
#define ED_P "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
/* The same modulus with other exponents: 1, 2, and one that is negative. */
#define E_ONE "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgEB"
#define E_TWO "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgEC"
#define E_NEGATIVE "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgGB"

enum { RSA = 1, ED = 2, SHA1 = 4, TESTING = 8, STRICT = 16, REVOKED = 32, USELESS = 64 };

static const struct {
	const char *record;
	unsigned expected;
} records[] = {
	{ "v=DKIM1; k=rsa; p=" SPKI, RSA | SHA1 },
	{ "p=" SPKI, RSA | SHA1 },
	{ "k=rsa; v=DKIM1; p=" SPKI, USELESS },
	{ "v=DKIM1; k=ed25519; p=" ED_P, ED },
	{ "v=DKIM1; h=sha256; p=" SPKI, RSA },
	{ "v=DKIM1; h=sha1:sha256; p=" SPKI, RSA | SHA1 },
	{ "v=DKIM1; h=md5; p=" SPKI, 0 },
	{ "v=DKIM1; h=; p=" SPKI, 0 },
	{ "v=DKIM1; h=sha1; p=" SPKI, SHA1 },
	{ "v=DKIM1; t=y; p=" SPKI, RSA | SHA1 | TESTING },
	{ "v=DKIM1; t=s : y; p=" SPKI, RSA | SHA1 | TESTING | STRICT },
	{ "v=DKIM1; t=z; p=" SPKI, RSA | SHA1 },
	{ "v=DKIM1; s=email; p=" SPKI, RSA | SHA1 },
	{ "v=DKIM1; s=foo:*; p=" SPKI, RSA | SHA1 },
	{ "v=DKIM1; n=a note; x=unknown; p=" SPKI ";", RSA | SHA1 },
	{ "v=DKIM1; p= M FwwDQYJKoZIhvc\tNAQEBBQADSwAwSAJBAL4d9lxz7IkxLDnINURYrmn07qHoN/oS/kGYR/cTh55cZNOSvV1HoCJ4t3UpnsxLQfMzfjkMYbWmZpdLbQQrRw0CAwEAAQ==", RSA | SHA1 },
	{ "v=DKIM1; s=foo; p=" SPKI, USELESS },
	{ "v=DKIM1; k=dsa; p=" SPKI, USELESS },
	{ "v=DKIM1; k=; p=" SPKI, USELESS },
	{ "v=DKIM1; p=", USELESS | REVOKED },
	{ "v=DKIM1; p= ;", USELESS | REVOKED },
	{ "v=DKIM1; k=rsa", USELESS },
	{ "v=DKIM1; P=abc", USELESS },
	{ "v=DKIM2; p=" SPKI, USELESS },
	{ "v=dkim1; p=" SPKI, USELESS },
	{ "v=DKIM1; p=" SPKI "; p=" SPKI, USELESS },
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

#define WITH_SHA256 MT_ALGORITHM_RSA_SHA256
#define WITH_SHA1 MT_ALGORITHM_RSA_SHA1
#define WITH_ED25519 MT_ALGORITHM_ED25519_SHA256

static const struct {
	const char *name;
	struct mt_key_use use;
	const char *record;
	bool fits;
	const char *why;		/* or the key that is told */
} uses[] = {
	{ "plain", { WITH_SHA256, false }, "v=DKIM1; k=rsa; p=" SPKI, true, SPKI },
	{ "p= alone", { WITH_SHA256, false }, "p=" SPKI, true, SPKI },
	{ "a bare key", { WITH_SHA256, false }, "k=rsa; p=" PKCS1, true, PKCS1 },
	{ "blanks in the key", { WITH_SHA256, false }, "k=rsa; p=MFwwDQYJKoZIhvc NAQEBBQADSwAwSAJBAL4d9lxz7IkxLDnINURYrmn07qHoN/oS/kGYR/cTh55cZNOSvV1HoCJ4t3UpnsxLQfMzfjkMYbWmZpdLbQQrRw0CAwEAAQ = =", true, "MFwwDQYJKoZIhvc NAQEB" },
	{ "every tag", { WITH_SHA256, false }, "v=DKIM1; h=sha1:sha256; k=rsa; n=x; s=email; t=y; p=" SPKI "; g=*", true, SPKI },
	{ "another hash", { WITH_SHA256, false }, "h=sha1; p=" SPKI, false, "its hash" },
	{ "that hash", { WITH_SHA1, false }, "h=sha1; p=" SPKI, true, SPKI },
	{ "not that hash", { WITH_SHA1, false }, "h=sha256; p=" SPKI, false, "its hash" },
	{ "not for mail", { WITH_SHA256, false }, "s=tlsrpt; p=" SPKI, false, "for mail" },
	{ "for all services", { WITH_SHA256, false }, "s=tlsrpt:*; p=" SPKI, true, SPKI },
	{ "not for subdomains, is none", { WITH_SHA256, false }, "t=s; p=" SPKI, true, SPKI },
	{ "not for subdomains, is one", { WITH_SHA256, true }, "t=y:s; p=" SPKI, false, "subdomains" },
	{ "for subdomains", { WITH_SHA256, true }, "p=" SPKI, true, SPKI },
	{ "another kind", { WITH_SHA256, false }, "k=ed25519; p=" ED_P, false, "kind" },
	{ "a kind that nobody knows", { WITH_SHA256, false }, "k=ed2024; p=" ED_P, false, "kind" },
	{ "Ed25519", { WITH_ED25519, false }, "v=DKIM1; k=ed25519; p=" ED_P, true, ED_P },
	{ "Ed25519, cut", { WITH_ED25519, false }, "k=ed25519; p=AAAA", false, "Ed25519" },
	{ "Ed25519, kind not said", { WITH_ED25519, false }, "p=" ED_P, false, "no RSA key" },
	{ "revoked", { WITH_SHA256, false }, "v=DKIM1; p=", false, "revoked" },
	{ "revoked, of another kind", { WITH_SHA256, false }, "k=ed25519; p= ;", false, "revoked" },
	{ "no p=", { WITH_SHA256, false }, "v=DKIM1; k=rsa", false, "no p=" },
	{ "empty", { WITH_SHA256, false }, "", false, "cannot be read" },
	{ "another version", { WITH_SHA256, false }, "v=DKIM2; p=" SPKI, false, "version" },
	{ "version not in front", { WITH_SHA256, false }, "k=rsa; v=DKIM1; p=" SPKI, false, "version" },
	{ "no list of tags", { WITH_SHA256, false }, "v=spf1 include:example.org", false, "version" },
	{ "backslashes", { WITH_SHA256, false }, "v=DKIM1\\; k=rsa\\; p=" SPKI, false, "version" },
	{ "text", { WITH_SHA256, false }, "hello world", false, "cannot be read" },
	{ "a tag twice", { WITH_SHA256, false }, "p=; p=" SPKI, false, "cannot be read" },
	{ "not base64", { WITH_SHA256, false }, "p=MF.w", false, "damaged" },
	{ "base64 cut", { WITH_SHA256, false }, "p=MFwwD", false, "damaged" },
	{ "no DER", { WITH_SHA256, false }, "p=BARF", false, "no RSA key" },
	{ "an Ed25519 key", { WITH_SHA256, false }, "p=" ED_P, false, "no RSA key" },
	{ "exponent 1", { WITH_SHA256, false }, "p=" E_ONE, false, "anybody uses" },
	{ "exponent 2", { WITH_SHA256, false }, "p=" E_TWO, false, "anybody uses" },
	{ "a negative exponent", { WITH_SHA256, false }, "p=" E_NEGATIVE, false, "no RSA key" },
};

static bool
choose(struct mt_key_record *key, const char *const *texts, size_t n, const struct mt_key_use *use)
{
	static struct mt_answer *answer;	/* the key lends from the last one */

	mt_answer_unref(answer);
	answer = mt_answer_new(MT_CAUSE_NONE, n, 1024);
	for (size_t i = 0; i < n; i++)
		mt_answer_set_text(answer, i, mt_span_text(texts[i]));
	return mt_key_record_choose(key, answer, use, 0);
}

static void
test_uses(void)
{
	struct mt_key_record key;

	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
		bool fits = choose(&key, &uses[i].record, 1, &uses[i].use);

		tap_ok(fits == uses[i].fits && fits == (key.why == NULL) && (!fits ? strstr(key.why, uses[i].why) != NULL :
		    mt_span_starts(key.p, uses[i].why)), "%s: %s", uses[i].name, fits ? "fits" : key.why);
	}
}

/* Every way to cut a key short, and every byte of it changed: a key or none, never more. */
static void
test_damage(void)
{
	struct mt_key_record key;
	char text[] = "p=" SPKI;
	size_t fit = 0;

	for (size_t n = 0; n < sizeof text - 1; n++)
		fit += mt_key_record_read(&key, (struct mt_span){ text, n });
	tap_ok(fit == 0, "cut anywhere it is no key");
	for (size_t n = 2; n < sizeof text - 1; n++) {
		for (const char *c = "AQz9/"; *c != '\0'; c++) {
			char was = text[n];

			text[n] = *c;
			fit += mt_key_record_read(&key, mt_span_text(text)) && (key.bits > 520 || key.type != MT_KEY_RSA);
			text[n] = was;
		}
	}
	tap_ok(fit == 0, "damaged anywhere it stays within its bounds");
}

static void
test_choice(void)
{
	static const char *const texts[] = { "v=spf1 -all", "v=DKIM1; p=", "v=DKIM1; p=" SPKI, "v=DKIM1; n=b; p=" PKCS1 };
	static const char *const backwards[] = { "v=DKIM1; n=b; p=" PKCS1, "v=DKIM1; p=" SPKI, "v=DKIM1; p=", "v=spf1 -all" };
	const struct mt_key_use use = { WITH_SHA256, false };
	struct mt_key_record key;

	tap_ok(choose(&key, texts, 4, &use) && mt_span_equal(key.p, MT_SPAN(PKCS1)), "of several records one that fits");
	tap_ok(choose(&key, backwards, 4, &use) && mt_span_equal(key.p, MT_SPAN(PKCS1)), "and the same in any order");
	tap_ok(!choose(&key, texts, 2, &use) && strstr(key.why, "revoked") != NULL, "of several that do not fit one is told");
	tap_ok(!choose(&key, texts, 0, &use), "no record");
}

/* Moduli of n bytes, all ones, with e = 3. */
static void
test_length(void)
{
	static const struct { size_t bytes; bool fits; } lengths[] = { { 128, true }, { 1024, true }, { 1025, false }, { 2000, false } };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t n = lengths[i].bytes, whole = n + 1 + 4 + 3;
		uint8_t der[2048] = { 0x30, 0x82, (uint8_t)(whole >> 8), (uint8_t)whole, 2, 0x82, (uint8_t)((n + 1) >> 8),
			(uint8_t)(n + 1), 0 };
		struct mt_key_der key;
		const char *why;

		memset(der + 9, 0xff, n);
		memcpy(der + 9 + n, (const uint8_t[]){ 2, 1, 3 }, 3);
		why = mt_key_der_read(&key, der, whole + 4);
		tap_ok((why == NULL) == lengths[i].fits && key.bits == 8 * n && key.len == whole + 4, "a modulus of %zu bytes: %s", n,
		    why == NULL ? "a key" : why);
	}
}

static void
test_bounds(void)
{
	static char text[MT_KEY_RECORD_MOST + 2] = "t=y; p=" SPKI "; n=";
	struct mt_key_record key;

	memset(text + strlen(text), 'x', MT_KEY_RECORD_MOST + 1 - strlen(text));
	tap_ok(mt_key_record_read(&key, (struct mt_span){ text, MT_KEY_RECORD_MOST }) && key.bits == 512 && key.testing,
	    "a record of 4,096 bytes");
	tap_ok(!mt_key_record_read(&key, (struct mt_span){ text, MT_KEY_RECORD_MOST + 1 }), "a record of 4,097 bytes");
	tap_ok(mt_key_record_read(&key, MT_SPAN("k=ed25519; p=" ED_P)) && key.bits == 256, "bits of Ed25519");
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
	test_uses();
	test_damage();
	test_choice();
	test_length();
	test_bounds();
	return tap_done();
}
