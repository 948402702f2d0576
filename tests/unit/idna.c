/* SPDX-License-Identifier: BSD-2-Clause */
/* One name in its several spellings. */
#include "lib/source/idna.h"

#include "tests/unit/tap.h"

static const struct {
	const char *what;
	struct mt_span name;
	const char *ascii;		/* NULL: is no name */
} cases[] = {
	{ "ASCII", MT_SPAN("Mail.Example.ORG."), "mail.example.org" },
	{ "an A-label", MT_SPAN("XN--Bcher-kva.example"), "xn--bcher-kva.example" },
	{ "a U-label", MT_SPAN("b\xc3\xbc" "cher.example"), "xn--bcher-kva.example" },
	{ "a U-label, final dot", MT_SPAN("b\xc3\xbc" "cher.example."), "xn--bcher-kva.example" },
	{ "a U-label in upper case", MT_SPAN("B\xc3\x9c" "CHER.example"), "xn--bcher-kva.example" },
	{ "a U-label, decomposed", MT_SPAN("bu\xcc\x88" "cher.example"), "xn--bcher-kva.example" },
	{ "full-width letters and an ideographic stop", MT_SPAN("\xef\xbd\x8d\xef\xbd\x98\xe3\x80\x82" "example.org"),
	    "mx.example.org" },
	{ "no UTF-8", MT_SPAN("b\xfc" "cher.example"), NULL },
	{ "a NUL behind a U-label", MT_SPAN("b\xc3\xbc" "cher.example\0.evil"), NULL },
	{ "a space", MT_SPAN("b\xc3\xbc cher.example"), NULL },
	{ "an empty label", MT_SPAN("b\xc3\xbc" "cher..example"), NULL },
	{ "empty", MT_SPAN(""), NULL },
	{ "absent", { NULL, 0 }, NULL },
};

int
main(void)
{
	const struct mt_idna *idna = mt_idna_tables();
	char out[MT_NAME_TEXT], longest[4096];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool needs = mt_idna_needed(cases[i].name), good = mt_idna_normal(NULL, cases[i].name, out);

		tap_ok(needs ? !good : good == (cases[i].ascii != NULL), "%s, without tables", cases[i].what);
		if (idna == NULL)
			continue;
		good = mt_idna_normal(idna, cases[i].name, out);
		if (!tap_ok(good == (cases[i].ascii != NULL) && (!good || strcmp(out, cases[i].ascii) == 0), "%s", cases[i].what))
			tap_note("got %s", good ? out : "nothing");
	}
	for (size_t len = 1; len + 2 <= sizeof longest; len += 61) {
		for (size_t i = 0; i < len; i += 2)
			memcpy(longest + i, i % 32 == 30 ? ".a" : "\xc3\xbc", 2);
		if (mt_idna_normal(idna, (struct mt_span){ longest, len }, out) && strlen(out) >= MT_NAME_TEXT)
			abort();
	}
	tap_ok(!mt_idna_normal(idna, (struct mt_span){ longest, 4000 }, out), "a name of any length is looked at, or is none");
	return tap_done();
}
