/* SPDX-License-Identifier: BSD-2-Clause */
/* The organizational domain where no list is at hand, and comparing by any of them. */
#include "lib/core/organization.h"

#include "tests/unit/tap.h"

static const struct {
	const char *name, *organization;
} cases[] = {
	{ "example.com", "example.com" }, { "mail.example.com", "example.com" }, { "a.b.c.example.com.", "example.com" },
	{ "Mail.EXAMPLE.com", "EXAMPLE.com" }, { "example.co.uk", "example.co.uk" }, { "mx.example.CO.uk", "example.CO.uk" },
	{ "co.uk", "co.uk" }, { "a.b.example.com.br", "example.com.br" }, { "a.example.de", "example.de" },
	{ "a.comm.de", "comm.de" }, { "a.co.info", "co.info" }, { "localhost", "localhost" }, { "", "" }, { ".", "" },
	{ "192.0.2.7", "192.0.2.7" }, { "..", "." }, { "a..b", ".b" }, { "a...", "." }, { "com", "com" },
};

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "example.com", "example.com", true }, { "a.example.com", "b.c.Example.COM.", true },
	{ "example.com", "example.net", false }, { "a.co.uk", "b.co.uk", false }, { "co.uk", "a.co.uk", false },
	{ "", "", false }, { ".", ".", false }, { "com", "com", true }, { "com", "example.com", false },
	{ "192.0.2.7", "203.0.2.7", false }, { "example.com", "badexample.com", false },
};

/* Everything is of one organization, so that it shows who was asked. */
static struct mt_span
last_label(const struct mt_organizations *self, struct mt_span name)
{
	(void)self;
	return (struct mt_span){ name.ptr + name.len - 1, 1 };
}

int
main(void)
{
	static const struct mt_organizations other = { last_label };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_span name = mt_span_text(cases[i].name), got = mt_organization_of(NULL, name);

		tap_ok(mt_span_equal(got, mt_span_text(cases[i].organization)), "\"%s\" is of \"%.*s\"", cases[i].name,
		    MT_SPAN_ARG(got));
		tap_ok(got.len == 0 || (got.ptr >= name.ptr && got.ptr + got.len <= name.ptr + name.len), "and a part of it");
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct mt_span a = mt_span_text(pairs[i].a), b = mt_span_text(pairs[i].b);

		tap_ok(mt_organization_same(NULL, a, b) == pairs[i].same && mt_organization_same(NULL, b, a) == pairs[i].same &&
		    mt_organization_same(&mt_organization_guess, a, b) == pairs[i].same,
		    "\"%s\" and \"%s\" are %s", pairs[i].a, pairs[i].b, pairs[i].same ? "of one" : "of two");
	}
	tap_ok(!mt_organization_same(NULL, MT_ABSENT, MT_ABSENT), "absent names are of none");
	tap_ok(mt_organization_same(&other, MT_SPAN("a.net"), MT_SPAN("b.test")), "another list is asked where there is one");
	return tap_done();
}
