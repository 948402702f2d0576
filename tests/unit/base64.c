/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64: vectors of RFC 4648, 10, white space, and what is none. */
#include "lib/core/base64.h"
#include "tests/unit/tap.h"

static const struct {
	struct mt_span text;
	const char *expected;		/* NULL: none */
} cases[] = {
	{ MT_SPAN(""), "" }, { MT_SPAN("Zg=="), "f" }, { MT_SPAN("Zm8="), "fo" }, { MT_SPAN("Zm9v"), "foo" },
	{ MT_SPAN("Zm9vYg=="), "foob" }, { MT_SPAN("Zm9vYmE="), "fooba" }, { MT_SPAN("Zm9vYmFy"), "foobar" },
	{ MT_SPAN(" Z m\r\n\t9v Yg = = "), "foob" }, { MT_SPAN("+/+/"), "\xfb\xff\xbf" },
	{ MT_SPAN("Z"), NULL }, { MT_SPAN("Zg"), NULL }, { MT_SPAN("Zg="), NULL }, { MT_SPAN("Zg==="), NULL },
	{ MT_SPAN("Z==="), NULL }, { MT_SPAN("===="), NULL }, { MT_SPAN("="), NULL }, { MT_SPAN("Zm8=Zm9v"), NULL },
	{ MT_SPAN("Zm9v="), NULL }, { MT_SPAN("Zm9*"), NULL }, { MT_SPAN("Zm-_"), NULL }, { MT_SPAN("Zm9\0"), NULL },
	{ MT_SPAN("Zm9v\xc3\xbc"), NULL }, { MT_SPAN("Zm9vYmFyYg=="), NULL /* no room */ },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t out[6];
		size_t len;
		bool ok = mt_base64_read(out, sizeof out, &len, cases[i].text);

		tap_ok(ok == (cases[i].expected != NULL) && (!ok || (len == strlen(cases[i].expected) &&
		    memcmp(out, cases[i].expected, len) == 0)), "case %zu", i);
	}
	return tap_done();
}
