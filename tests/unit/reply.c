/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of replies: what may stand in one, and what becomes of it. */
#include "lib/base/buf.h"
#include "lib/core/policy.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name, *text;
	const char *why;		/* how it begins; NULL: nothing is wrong */
	size_t where;
} checks[] = {
	{ "plain", "go away", NULL, 0 },
	{ "a variable", "%{client.ip}: no", NULL, 0 },
	{ "all variables", "%{client.ip}%{client.helo}%{client.ptr}%{id}%{rule}%{evidence.first}%{sender}", NULL, 0 },
	{ "a doubled percent sign", "100%% sure", NULL, 0 },
	{ "two doubled percent signs", "%%%%", NULL, 0 },
	{ "a lone percent sign", "100% sure", "a lone '%'", 3 },
	{ "a percent sign at the end", "100%", "a lone '%'", 3 },
	{ "three percent signs", "%%%", "a lone '%'", 2 },
	{ "a format of C", "%s", "a lone '%'", 0 },
	{ "an unknown variable", "a %{client.io}", "unknown variable", 2 },
	{ "a variable in another case", "%{ID}", "unknown variable", 0 },
	{ "an empty variable", "%{}", "unknown variable", 0 },
	{ "a variable without an end", "%{id", "'%{' without", 0 },
	{ "nothing", "", "the text is missing", 0 },
	{ "blanks", "   ", "the text is missing", 0 },
	{ "a line end", "a\r\nb", "only printable", 1 },
	{ "a tab", "a\tb", "only printable", 1 },
	{ "8-bit", "b\xc3\xbc" "cher", "only printable", 1 },
	{ "DEL", "a\x7f", "only printable", 1 },
};

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X450 X50 X50 X50 X50 X50 X50 X50 X50 X50

static const struct {
	const char *name, *text, *expanded;
} expansions[] = {
	{ "plain", "go away", "go away" },
	{ "address", "%{client.ip}: no", "192.0.2.7: no" },
	{ "percent signs", "100%% %%{id} %{id}", "100% %{id} 01J" },
	{ "hostile bytes", "[%{client.helo}]", "[a?b??%n%{id}?]" },
	{ "an absent value", "%{client.ptr}!", "-!" },
	{ "an empty value", "%{sender}!", "-!" },
	{ "a long value", "%{rule}.", X50 "xxxxxxxxxxxxxx." },
	{ "twice", "%{id}%{id}", "01J01J" },
	{ "the longest", X450, X450 },
	{ "longer by a variable", X450 "%{id}", X450 },
	{ "cut within a value", X50 X50 X50 X50 X50 X50 X50 X50 "%{rule}", X450 },
};

/* Of a rejection that became a deferral. */
static void
test_deferral(const struct mt_span values[MT_VARIABLES])
{
	const struct mt_reply *reply = mt_reply_deferral();
	struct mt_arena arena;
	const char *why;
	size_t where;

	mt_arena_init(&arena, 1024, 65536);
	tap_ok(reply->code == 451 && mt_span_equal(reply->xcode, MT_SPAN("4.7.1")) &&
	    reply->text.len == strlen(reply->text.ptr) && mt_reply_check(reply->text, &where, &why) == 0, "deferral");
	tap_ok(mt_span_find(mt_reply_expand(&arena, reply->text, values), X50 "xxxxxxxxxxxxxx ") != NULL,
	    "deferral: names the rule");
	mt_arena_fini(&arena);
}

int
main(void)
{
	const struct mt_span values[MT_VARIABLES] = {
		[MT_VAR_CLIENT_IP] = MT_SPAN("192.0.2.7"), [MT_VAR_CLIENT_HELO] = MT_SPAN("a\nb\0\xff%n%{id}\x1b"),
		[MT_VAR_ID] = MT_SPAN("01J"), [MT_VAR_RULE] = MT_SPAN(X450), [MT_VAR_SENDER] = MT_SPAN(""),
	};
	char longer[452];
	const char *why;
	size_t where;

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		int bad = mt_reply_check(mt_span_text(checks[i].text), &where, &why);

		tap_ok(checks[i].why == NULL ? bad == 0 : bad == -1 && where == checks[i].where &&
		    strncmp(why, checks[i].why, strlen(checks[i].why)) == 0, "check: %s", checks[i].name);
	}
	memset(longer, 'x', sizeof longer);
	tap_ok(mt_reply_check((struct mt_span){ longer, 450 }, &where, &why) == 0, "check: 450 bytes");
	tap_ok(mt_reply_check((struct mt_span){ longer, 451 }, &where, &why) == -1 && where == 450, "check: 451 bytes");
	tap_ok(mt_reply_check(MT_SPAN("a\0b"), &where, &why) == -1 && where == 1, "check: NUL");
	for (size_t i = 0; i < sizeof expansions / sizeof *expansions; i++) {
		struct mt_arena arena;
		struct mt_span out;

		mt_arena_init(&arena, 1024, 65536);
		out = mt_reply_expand(&arena, mt_span_text(expansions[i].text), values);
		if (!tap_ok(mt_span_equal(out, mt_span_text(expansions[i].expanded)), "expand: %s", expansions[i].name))
			tap_note("%.*s", MT_SPAN_ARG(out));
		mt_arena_fini(&arena);
	}
	for (int a = 0; a < MT_ACTIONS; a++) {
		const struct mt_reply *reply = mt_reply_default((enum mt_action)a);
		char class = a == MT_REJECT ? '5' : '4';
		bool speaks = a == MT_REJECT || a == MT_TEMPFAIL;

		tap_ok(speaks ? reply->code / 100 == (unsigned)(class - '0') && reply->xcode.ptr[0] == class &&
		    reply->xcode.len == strlen(reply->xcode.ptr) && reply->text.len == strlen(reply->text.ptr) &&
		    mt_reply_check(reply->text, &where, &why) == 0 : reply->code == 0, "default: %s",
		    mt_action_word((enum mt_action)a));
	}
	test_deferral(values);
	for (int v = 0; v < MT_VARIABLES; v++)
		for (int w = 0; w < v; w++)
			if (strcmp(mt_variable_word((enum mt_variable)v), mt_variable_word((enum mt_variable)w)) == 0)
				tap_ok(false, "variable %d is %d", v, w);
	return tap_done();
}
