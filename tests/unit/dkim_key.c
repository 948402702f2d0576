/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/dkim_key.h"

#include "tests/unit/tap.h"

/* One RSA key of 512 bits, in both forms that are published, and one Ed25519 key. */
#define SPKI "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL4d9lxz7IkxLDnINURYrmn07qHoN/oS/kGYR/cTh55cZNOSvV1HoCJ4t3UpnsxLQfMzfjkMYbWmZpdLbQQrRw0CAwEAAQ=="
#define PKCS1 "MEgCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgMBAAE="
#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
/* The same modulus with other exponents: 1, 2, and one that is negative. */
#define E_ONE "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgEB"
#define E_TWO "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgEC"
#define E_NEGATIVE "MEYCQQC+HfZcc+yJMSw5yDVEWK5p9O6h6Df6Ev5BmEf3E4eeXGTTkr1dR6AieLd1KZ7MS0HzM345DGG1pmaXS20EK0cNAgGB"

enum { RSA, SHA1, ED25519, BELOW };

static const struct {
	const char *name;
	int kind;
	const char *record;
	enum mt_result want;
	const char *why;		/* or the key that is told */
} cases[] = {
	{ "plain", RSA, "v=DKIM1; k=rsa; p=" SPKI, MT_UNKNOWN, SPKI },
	{ "p= alone", RSA, "p=" SPKI, MT_UNKNOWN, SPKI },
	{ "a bare key", RSA, "k=rsa; p=" PKCS1, MT_UNKNOWN, PKCS1 },
	{ "blanks in the key", RSA, "k=rsa; p=MFwwDQYJKoZIhvc NAQEBBQADSwAwSAJBAL4d9lxz7IkxLDnINURYrmn07qHoN/oS/kGYR/cTh55cZNOSvV1HoCJ4t3UpnsxLQfMzfjkMYbWmZpdLbQQrRw0CAwEAAQ = =", MT_UNKNOWN, "MFwwDQYJKoZIhvc NAQEB" },
	{ "every tag", RSA, "v=DKIM1; h=sha1:sha256; k=rsa; n=x; s=email; t=y; p=" SPKI "; g=*", MT_UNKNOWN, SPKI },
	{ "another hash", RSA, "h=sha1; p=" SPKI, MT_PERMERROR, "its hash" },
	{ "that hash", SHA1, "h=sha1; p=" SPKI, MT_UNKNOWN, SPKI },
	{ "not that hash", SHA1, "h=sha256; p=" SPKI, MT_PERMERROR, "its hash" },
	{ "not for mail", RSA, "s=tlsrpt; p=" SPKI, MT_PERMERROR, "for mail" },
	{ "for all services", RSA, "s=tlsrpt:*; p=" SPKI, MT_UNKNOWN, SPKI },
	{ "not for subdomains, is none", RSA, "t=s; p=" SPKI, MT_UNKNOWN, SPKI },
	{ "not for subdomains, is one", BELOW, "t=y:s; p=" SPKI, MT_PERMERROR, "subdomains" },
	{ "for subdomains", BELOW, "p=" SPKI, MT_UNKNOWN, SPKI },
	{ "another kind", RSA, "k=ed25519; p=" ED, MT_PERMERROR, "kind" },
	{ "a kind that nobody knows", RSA, "k=ed2024; p=" ED, MT_PERMERROR, "kind" },
	{ "Ed25519", ED25519, "v=DKIM1; k=ed25519; p=" ED, MT_UNKNOWN, ED },
	{ "Ed25519, cut", ED25519, "k=ed25519; p=AAAA", MT_PERMERROR, "Ed25519" },
	{ "Ed25519, kind not said", ED25519, "p=" ED, MT_PERMERROR, "kind" },
	{ "revoked", RSA, "v=DKIM1; p=", MT_PERMERROR, "revoked" },
	{ "revoked, of another kind", RSA, "k=ed25519; p= ;", MT_PERMERROR, "revoked" },
	{ "no p=", RSA, "v=DKIM1; k=rsa", MT_PERMERROR, "no p=" },
	{ "empty", RSA, "", MT_PERMERROR, "no p=" },
	{ "another version", RSA, "v=DKIM2; p=" SPKI, MT_PERMERROR, "version" },
	{ "version not in front", RSA, "k=rsa; v=DKIM1; p=" SPKI, MT_PERMERROR, "version" },
	{ "no list of tags", RSA, "v=spf1 include:example.org", MT_PERMERROR, "version" },
	{ "backslashes", RSA, "v=DKIM1\\; k=rsa\\; p=" SPKI, MT_PERMERROR, "version" },
	{ "text", RSA, "hello world", MT_PERMERROR, "cannot be read" },
	{ "a tag twice", RSA, "p=; p=" SPKI, MT_PERMERROR, "twice" },
	{ "not base64", RSA, "p=MF.w", MT_PERMERROR, "damaged" },
	{ "base64 cut", RSA, "p=MFwwD", MT_PERMERROR, "damaged" },
	{ "no DER", RSA, "p=BARF", MT_PERMERROR, "no RSA key" },
	{ "an Ed25519 key", RSA, "p=" ED, MT_PERMERROR, "no RSA key" },
	{ "exponent 1", RSA, "p=" E_ONE, MT_PERMERROR, "anybody uses" },
	{ "exponent 2", RSA, "p=" E_TWO, MT_PERMERROR, "anybody uses" },
	{ "a negative exponent", RSA, "p=" E_NEGATIVE, MT_PERMERROR, "no RSA key" },
};

static struct mt_dkim_field
field_of(int kind)
{
	struct mt_dkim_field f = { .domain = MT_SPAN("example.org"), .kind = kind == SHA1 ? MT_ALGORITHM_RSA_SHA1 :
	    kind == ED25519 ? MT_ALGORITHM_ED25519_SHA256 : MT_ALGORITHM_RSA_SHA256 };

	f.identity = kind == BELOW ? MT_SPAN("x@a.example.org") : MT_SPAN("x@Example.org");
	return f;
}

/* Every way to cut a key short, and every byte of it changed: a key or none, never more. */
static void
test_damage(void)
{
	struct mt_dkim_field field = field_of(RSA);
	struct mt_dkim_key key;
	char text[] = "p=" SPKI;
	size_t fit = 0;

	for (size_t n = 0; n < sizeof text - 1; n++) {
		mt_dkim_key_read(&key, &field, (struct mt_span){ text, n });
		fit += key.result == MT_UNKNOWN;
	}
	tap_ok(fit == 0, "cut anywhere it is no key");
	for (size_t n = 2; n < sizeof text - 1; n++) {
		for (const char *c = "AQz9/"; *c != '\0'; c++) {
			char was = text[n];

			text[n] = *c;
			mt_dkim_key_read(&key, &field, mt_span_text(text));
			fit += key.result == MT_UNKNOWN && (key.bits > 520 || key.record.type != MT_KEY_RSA);
			text[n] = was;
		}
	}
	tap_ok(fit == 0, "damaged anywhere it stays within its bounds");
}

static void
test_choice(void)
{
	static const char *const texts[] = { "v=spf1 -all", "v=DKIM1; p=", "v=DKIM1; p=" SPKI, "v=DKIM1; n=b; p=" PKCS1 };
	struct mt_dkim_field field = field_of(RSA);
	struct mt_dkim_key key[2];
	struct mt_answer *answer, *either[2];

	for (int backwards = 0; backwards < 2; backwards++) {
		either[backwards] = mt_answer_new(MT_CAUSE_NONE, 4, 1024);
		for (size_t i = 0; i < 4; i++)
			mt_answer_set_text(either[backwards], i, mt_span_text(texts[backwards ? 3 - i : i]));
		mt_dkim_key_choose(&key[backwards], &field, either[backwards]);
	}
	tap_ok(key[0].result == MT_UNKNOWN && key[1].result == MT_UNKNOWN && mt_span_equal(key[0].record.p, key[1].record.p),
	    "of several records one that fits, in any order");
	mt_answer_unref(either[0]);
	mt_answer_unref(either[1]);
	answer = mt_answer_new(MT_CAUSE_NONE, 2, 64);
	mt_answer_set_text(answer, 0, MT_SPAN("v=spf1 -all"));
	mt_answer_set_text(answer, 1, MT_SPAN("v=DKIM1; p="));
	mt_dkim_key_choose(&key[0], &field, answer);
	tap_ok(key[0].result == MT_PERMERROR && strstr(key[0].why, "revoked") != NULL, "of several that do not fit one is told");
	mt_answer_unref(answer);
	answer = mt_answer_new(MT_CAUSE_NONE, 0, 0);
	mt_dkim_key_choose(&key[0], &field, answer);
	tap_ok(key[0].result == MT_PERMERROR, "no record");
	mt_answer_unref(answer);
}

int
main(void)
{
	static char long_record[MT_DKIM_KEY_MOST + 2] = "p=" SPKI "; n=";
	struct mt_dkim_field field;
	struct mt_dkim_key key;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		field = field_of(cases[i].kind);
		mt_dkim_key_read(&key, &field, mt_span_text(cases[i].record));
		tap_ok(key.result == cases[i].want && (key.why != NULL ? strstr(key.why, cases[i].why) != NULL :
		    mt_span_starts(key.record.p, cases[i].why)), "%s: %s", cases[i].name, key.why == NULL ? "fits" : key.why);
	}
	field = field_of(RSA);
	mt_dkim_key_read(&key, &field, MT_SPAN("t=y; p=" SPKI));
	tap_ok(key.bits == 512 && key.testing, "bits and t=y are told");
	memset(long_record + strlen(long_record), 'x', MT_DKIM_KEY_MOST + 1 - strlen(long_record));
	mt_dkim_key_read(&key, &field, (struct mt_span){ long_record, MT_DKIM_KEY_MOST });
	tap_ok(key.result == MT_UNKNOWN, "a record of 4,096 bytes");
	mt_dkim_key_read(&key, &field, (struct mt_span){ long_record, MT_DKIM_KEY_MOST + 1 });
	tap_ok(key.result == MT_PERMERROR, "a record of 4,097 bytes");
	test_damage();
	test_choice();
	return tap_done();
}
