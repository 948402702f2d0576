/* SPDX-License-Identifier: BSD-2-Clause */
/* A field that was taken out, as it is shown. */
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static const struct {
	const char *what;
	struct mt_span value;
	bool cut;
	const char *text;
} cases[] = {
	{ "short", MT_SPAN("mx.example.org; none"), false, "field=3;\n\tvalue=\"mx.example.org; none\"" },
	{ "cut before", MT_SPAN("mx.example.org; no"), true, "field=3; cut=yes;\n\tvalue=\"mx.example.org; no\"" },
	{ "folded", MT_SPAN(" mx.example.org;\r\n\tspf=pass\r\n   smtp.helo=a  "), false,
	    "field=3;\n\tvalue=\"mx.example.org; spf=pass smtp.helo=a\"" },
	{ "long", MT_SPAN("mx.example.org; spf=pass smtp.mailfrom=a.example; dkim=pass header.d=b.example header.s=c"), false,
	    "field=3;\n\tvalue=\"mx.example.org; spf=pass smtp.mailfrom=a.example; dkim=pass\n\theader.d=b.example header.s=c\"" },
	{ "what must not come through", MT_SPAN("\"a\\\"\0\033(\xc3\xbc"), false,
	    "field=3;\n\tvalue=\"\\\"a\\\\\\\"\\x00\\x1b(\\xc3\\xbc\"" },
	{ "empty", MT_SPAN(""), false, "field=3;\n\tvalue=\"\"" },
};

/* Lines that any MTA takes, and nothing but one quoted string behind "value=". */
static bool
sound(struct mt_span text, size_t most)
{
	size_t line = sizeof MT_REMOVED_NAME + 1, quotes = 0;

	if (text.ptr == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++, line++) {
		char c = text.ptr[i];

		if (c == '\n') {
			if (i + 2 >= text.len || text.ptr[i + 1] != '\t' || text.ptr[i + 2] <= ' ')
				return false;
			i++;
			line = 0;
		} else if (c < ' ' || c > '~' || line >= most) {
			return false;
		}
		i += c == '\\';
		line += c == '\\';
		quotes += c == '"';
	}
	return quotes == 2 && text.ptr[text.len - 1] == '"';
}

int
main(void)
{
	static char words[4096], word[2000];
	struct mt_arena arena;
	struct mt_span got;

	mt_arena_init(&arena, 1024, 4 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		got = mt_render_removed(&arena, 3, cases[i].value, cases[i].cut, 990);
		if (!tap_ok(mt_span_equal(got, mt_span_text(cases[i].text)) && sound(got, 990), "%s", cases[i].what))
			tap_note("got %.*s", MT_SPAN_ARG(got));
	}
	for (size_t i = 0; i < SAMPLE_HOSTILE; i++)
		tap_ok(sound(mt_render_removed(&arena, 1, sample_hostile(i), false, 200), 200), "hostile %zu is one sound field", i);
	for (size_t i = 0; i < sizeof words; i++)
		words[i] = i % 13 == 12 ? ' ' : '"';
	memset(word, 'a', sizeof word);
	got = mt_render_removed(&arena, 1, (struct mt_span){ words, sizeof words }, false, 990);
	tap_ok(sound(got, 990) && mt_span_find(got, "cut=yes") == NULL, "four kibibytes of quotes are whole");
	got = mt_render_removed(&arena, 1, (struct mt_span){ word, sizeof word }, false, 990);
	tap_ok(sound(got, 990) && mt_span_find(got, "cut=yes") != NULL, "a word that no line holds is told, not broken");
	mt_arena_fini(&arena);
	mt_arena_init(&arena, 16, 16);
	tap_ok(mt_render_removed(&arena, 1, MT_SPAN("mx.example.org; none"), false, 990).ptr == NULL, "without memory there is none");
	mt_arena_fini(&arena);
	return tap_done();
}
