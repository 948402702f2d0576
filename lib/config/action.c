/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what a rule may do and say, as it stands in a file; sends nothing. */
#include "lib/base/words.h"
#include "lib/config/draft.h"
#include "lib/config/keys.h"

void
mt_action_read(struct mt_draft *draft, const struct mt_value *value)
{
	int action = mt_action_find(value->text);
	const char *words[MT_ACTIONS];
	char hint[96];

	draft->has_action = true;
	if (action >= 0) {
		draft->rule.action = (enum mt_action)action;
		draft->knows_action = true;
		return;
	}
	for (int a = 0; a < MT_ACTIONS; a++)
		words[a] = mt_action_word((enum mt_action)a);
	mt_draft_wrong(draft, value->place, "action", "'%s' is none of accept, tag, quarantine, tempfail, reject%s",
	    value->text.ptr, mt_hint(mt_word_near(words, MT_ACTIONS, value->text), hint));
}

/* The next word of a reply; *text goes on behind it and its blanks. */
static struct mt_span
split(struct mt_span *text)
{
	struct mt_span word = *text;
	size_t len = 0;

	while (len < text->len && text->ptr[len] != ' ')
		len++;
	word.len = len;
	while (len < text->len && text->ptr[len] == ' ')
		len++;
	*text = (struct mt_span){ text->ptr + len, text->len - len };
	return word;
}

/* RFC 3463, 2: class "." subject "." detail, with 2, 4 or 5 and up to three digits each. */
static bool
enhanced_code(struct mt_span code)
{
	size_t dots = 0, run = 0;

	if (code.len < 5 || strchr("245", code.ptr[0]) == NULL || code.ptr[1] != '.')
		return false;
	for (size_t i = 0; i < code.len; i++) {
		bool dot = code.ptr[i] == '.';

		if ((!dot && !mt_is_digit(code.ptr[i])) || (dot && run == 0))
			return false;
		dots += dot;
		run = dot ? 0 : run + 1;
		if (run > 3)
			return false;
	}
	return dots == 2 && run > 0;
}

static bool
reply_code(struct mt_span code, unsigned *number)
{
	if (code.len != 3 || !mt_is_digit(code.ptr[0]) || !mt_is_digit(code.ptr[1]) || !mt_is_digit(code.ptr[2]))
		return false;
	*number = (unsigned)((code.ptr[0] - '0') * 100 + (code.ptr[1] - '0') * 10 + (code.ptr[2] - '0'));
	return *number >= 400 && *number <= 559;
}

/* RFC 5321, 3.8: 421 announces the end of the connection, and Postfix hangs up after 521
 * as well: that would hit recipients and messages of the session that no rule spoke of. */
static bool
closes(unsigned number)
{
	return number == 421 || number == 521;
}

static void
wrong_text(const struct mt_draft *draft, const struct mt_value *value, struct mt_span text)
{
	const char *words[MT_VARIABLES], *why, *close;
	struct mt_span name = MT_ABSENT;
	char hint[96];
	size_t where;

	if (mt_reply_check(text, &where, &why) == 0)
		return;
	for (int v = 0; v < MT_VARIABLES; v++)
		words[v] = mt_variable_word((enum mt_variable)v);
	if (text.len > where + 2 && text.ptr[where] == '%' && text.ptr[where + 1] == '{') {
		close = memchr(text.ptr + where, '}', text.len - where);
		if (close != NULL)
			name = mt_span_between(text.ptr + where + 2, close);
	}
	if (name.ptr == NULL)
		mt_draft_wrong(draft, value->place, "reply", "%s (byte %zu of the text)", why, where + 1);
	else
		mt_draft_wrong(draft, value->place, "reply",
		    "%s '%.*s'%s; there are client.ip, client.helo, client.ptr, id, rule, "
		    "evidence.first, sender",
		    why, MT_SPAN_ARG(name), mt_hint(mt_word_near(words, MT_VARIABLES, name), hint));
}

/* "550 5.7.25 text": the class of the code, of the enhanced code and of the action are one
 * (RFC 3463, 2; Postfix makes "451 4.3.5" of a reply where they are not). */
void
mt_reply_read(struct mt_draft *draft, const struct mt_value *value)
{
	char class = draft->rule.action == MT_REJECT ? '5' : '4';
	struct mt_span text = mt_span_trim(value->text), code = split(&text), xcode = split(&text);
	struct mt_reply *reply = &draft->rule.reply;
	unsigned number = 0;

	if (draft->rule.action != MT_REJECT && draft->rule.action != MT_TEMPFAIL) {
		mt_draft_wrong(draft, value->place, "reply", "only reject and tempfail send a reply; take it out");
		return;
	}
	if (!reply_code(code, &number) || !enhanced_code(xcode)) {
		mt_draft_wrong(draft, value->place, "reply", "write code, enhanced code and text: \"%s\"",
		    class == '5' ? "550 5.7.1 text" : "451 4.7.1 text");
		return;
	}
	if (closes(number))
		mt_draft_wrong(draft, value->place, "reply", "%u makes the MTA close the connection; write %u", number,
		    number == 421 ? 451 : 550);
	if (code.ptr[0] != xcode.ptr[0])
		mt_draft_wrong(draft, value->place, "reply", "%.*s and %.*s do not fit together; write %c%.*s",
		    MT_SPAN_ARG(code), MT_SPAN_ARG(xcode), code.ptr[0], (int)(xcode.len - 1), xcode.ptr + 1);
	else if (code.ptr[0] != class)
		mt_draft_wrong(draft, value->place, "reply", "%.*s does not fit action = %s, which wants %cxx",
		    MT_SPAN_ARG(code), mt_action_word(draft->rule.action), class);
	wrong_text(draft, value, text);
	reply->code = number;
	reply->xcode = mt_arena_copy(&draft->config->arena, xcode);
	reply->text = mt_arena_copy(&draft->config->arena, text);
}
