/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the text of replies and its variables; sends nothing. */
#include "lib/base/buf.h"
#include "lib/core/policy.h"

#define VALUE_MOST 64
#define REPLY_MOST 450		/* RFC 5321, 4.5.3.1.5: 512 bytes with code, CRLF and all */

static const char *const variables[MT_VARIABLES] = {
	[MT_VAR_CLIENT_IP] = "client.ip", [MT_VAR_CLIENT_HELO] = "client.helo", [MT_VAR_CLIENT_PTR] = "client.ptr",
	[MT_VAR_ID] = "id", [MT_VAR_RULE] = "rule", [MT_VAR_EVIDENCE_FIRST] = "evidence.first",
	[MT_VAR_SENDER] = "sender",
};

const char *
mt_variable_word(enum mt_variable v)
{
	return (size_t)v < MT_VARIABLES ? variables[v] : "?";
}

static int
find_variable(struct mt_span name)
{
	for (size_t i = 0; i < MT_VARIABLES; i++)
		if (mt_span_equal(mt_span_text(variables[i]), name))
			return (int)i;
	return -1;
}

/* What stands at a '%': how many bytes it takes, and the variable, or -1 for "%%".
 * 0 bytes: neither. */
static size_t
percent(struct mt_span text, size_t at, int *variable)
{
	struct mt_span rest = { text.ptr + at, text.len - at };
	const char *close;

	*variable = -1;
	if (rest.len < 2)
		return 0;
	if (rest.ptr[1] == '%')
		return 2;
	if (rest.ptr[1] != '{' || (close = memchr(rest.ptr, '}', rest.len)) == NULL)
		return 0;
	*variable = find_variable(mt_span_between(rest.ptr + 2, close));
	return *variable < 0 ? 0 : (size_t)(close + 1 - rest.ptr);
}

static int
fault(size_t *where, size_t at, const char **why, const char *text)
{
	*where = at;
	*why = text;
	return -1;
}

int
mt_reply_check(struct mt_span text, size_t *where, const char **why)
{
	int variable;

	if (mt_span_empty(mt_span_trim(text)))
		return fault(where, 0, why, "the text is missing");
	if (text.len > REPLY_MOST)
		return fault(where, REPLY_MOST, why, "the text is longer than 450 bytes");
	for (size_t i = 0; i < text.len;) {
		size_t len = 1;

		/* libmilter takes UTF-8, but without SMTPUTF8 it may not be sent (RFC 6531, 3.5). */
		if ((unsigned char)text.ptr[i] < 32 || (unsigned char)text.ptr[i] > 126)
			return fault(where, i, why, "only printable ASCII may stand in a reply");
		if (text.ptr[i] == '%') {
			len = percent(text, i, &variable);
			if (len == 0 && i + 1 < text.len && text.ptr[i + 1] == '{' &&
			    memchr(text.ptr + i, '}', text.len - i) == NULL)
				return fault(where, i, why, "'%{' without '}'");
			if (len == 0 && i + 1 < text.len && text.ptr[i + 1] == '{')
				return fault(where, i, why, "unknown variable");
			if (len == 0)
				return fault(where, i, why, "a lone '%'; write %% for one, or %{name}");
		}
		i += len;
	}
	return 0;
}

static void
add_value(struct mt_buf *buf, struct mt_span value)
{
	if (value.len == 0)
		value = MT_SPAN("-");
	if (value.len > VALUE_MOST)
		value.len = VALUE_MOST;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		mt_buf_char(buf, c < 32 || c > 126 ? '?' : (char)c);
	}
}

struct mt_span
mt_reply_expand(struct mt_arena *arena, struct mt_span text, const struct mt_span values[MT_VARIABLES])
{
	struct mt_buf buf;
	int variable;

	mt_buf_init(&buf, arena, REPLY_MOST);
	for (size_t i = 0; i < text.len && !buf.cut;) {
		size_t len = text.ptr[i] == '%' ? percent(text, i, &variable) : 0;

		if (len == 0)
			add_value(&buf, (struct mt_span){ text.ptr + i++, 1 });
		else if (variable < 0)
			mt_buf_char(&buf, '%');
		else
			add_value(&buf, values[variable]);
		i += len;
	}
	return mt_buf_span(&buf);
}

const struct mt_reply *
mt_reply_default(enum mt_action action)
{
	static const struct mt_reply replies[MT_ACTIONS] = {
		[MT_TEMPFAIL] = { 451, { "4.7.1", 5 }, { "%{client.ip}: please try again later (%{id})", 44 } },
		[MT_REJECT] = { 550, { "5.7.1", 5 }, { "%{client.ip}: refused by local policy (%{id})", 45 } },
	};

	return &replies[(size_t)action < MT_ACTIONS ? action : MT_ACCEPT];
}

/* Whoever reads it, on either side, can find the rule: its own text would tell of a fault
 * that is not established. */
const struct mt_reply *
mt_reply_deferral(void)
{
	static const struct mt_reply reply = { 451, { "4.7.1", 5 },
		{ "%{client.ip}: %{rule} cannot be decided now, please try again later (%{id})", 75 } };

	return &reply;
}
