/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/name.h"

#include "tests/unit/tap.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static const struct { const char *name; bool askable, host, qualified; } names[] = {
	{ "mail.example.net", true, true, true }, { "mail.example.net.", true, true, true },
	{ "localhost", true, true, false }, { "_dmarc.example.net", true, true, true },
	{ "a-b.example", true, true, true }, { "-a.example", true, false, true }, { "a-.example", true, false, true },
	{ "192.0.2.1", true, false, true }, { "1.example", true, true, true }, { "", false, false, false },
	{ ".", false, false, false }, { "a..b", false, false, true }, { ".a", false, false, true },
	{ "a b.example", false, false, true }, { "a\001.example", false, false, true }, { "\303\266.example", false, false, true },
	{ "a\\.example", false, false, true }, { L63 ".example", true, true, true }, { L63 "x.example", false, false, true },
	{ "a\\032b.example", true, false, true }, { "a\\033b.example", false, false, true }, { "a.example\\03", false, false, true },
	{ "mail(x).example", true, false, true }, { "[192.0.2.1]", true, false, true },
};

static const struct { const char *child, *name; bool below; } trees[] = {
	{ "a.example.net", "example.net", true }, { "example.net", "example.net", true },
	{ "A.EXAMPLE.NET.", "example.net", true }, { "badexample.net", "example.net", false },
	{ "net", "example.net", false }, { "a.example.net", "", false },
};

int
main(void)
{
	char normal[MT_NAME_TEXT], big[300];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct mt_span name = mt_span_text(names[i].name);

		tap_ok(mt_name_askable(name) == names[i].askable, "askable '%.30s': %d", names[i].name, names[i].askable);
		tap_ok(mt_name_host(name) == names[i].host, "host name '%.30s': %d", names[i].name, names[i].host);
		tap_ok(mt_name_qualified(name) == names[i].qualified, "qualified '%.30s': %d", names[i].name, names[i].qualified);
	}
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
		tap_ok(mt_name_below(mt_span_text(trees[i].child), mt_span_text(trees[i].name)) == trees[i].below,
		    "%s below %s: %d", trees[i].child, trees[i].name, trees[i].below);
	memset(big, 'a', sizeof big);
	for (size_t i = 50; i < sizeof big; i += 50)
		big[i] = '.';
	tap_ok(mt_name_askable((struct mt_span){ big, 253 }), "253 bytes can be asked for");
	tap_ok(!mt_name_askable((struct mt_span){ big, 254 }), "254 bytes cannot");
	tap_ok(mt_name_normal(MT_SPAN("MAIL.Example.NET."), normal) && strcmp(normal, "mail.example.net") == 0, "normal form");
	tap_ok(!mt_name_normal(MT_SPAN("a b"), normal), "no normal form of what is no name");
	return tap_done();
}
