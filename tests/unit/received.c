/* SPDX-License-Identifier: BSD-2-Clause */
/* Received fields of many servers, and hostile bytes. */
#include "lib/core/received.h"

#include <time.h>

#include "lib/base/ip.h"
#include "lib/core/date.h"
#include "tests/unit/tap.h"

#define LINE 1200			/* bytes of a line of the file of forms */
#define FIELD 4096			/* bytes of a field there */
#define PARTS 20

/* ---- the file of forms ------------------------------------------------------------------------ */

struct form {
	char name[80];
	bool sourced;
	char field[FIELD];
	size_t len;
	char parts[PARTS][LINE];	/* "key value" */
	size_t nparts;
};

static const char *const keys[] = { "kind", "dialect", "helo", "rdns", "ip", "ident", "by", "by-ip", "via", "with", "id",
	"for", "sender", "tls", "auth", "date", "flags" };

/* Words of the flags that one field can tell, by their bits. */
static const char *const flags[] = { [MT_HOP_BRACKETED] = "bracketed", [MT_HOP_MAY_BE_FORGED] = "may-be-forged",
	[MT_HOP_UNVERIFIED] = "unverified", [MT_HOP_AUTHENTICATED] = "authenticated", [MT_HOP_TLS] = "tls",
	[MT_HOP_PRIVATE] = "private", [MT_HOP_NO_DATE] = "no-date", [MT_HOP_DATE_ODD] = "date-odd",
	[MT_HOP_CUT] = "cut", [MT_HOP_IMPOSSIBLE_IP] = "impossible-ip", [MT_HOP_ODD_WORD] = "odd-word" };

static void
copy_span(char out[LINE], struct mt_span s)
{
	snprintf(out, LINE, "%.*s", MT_SPAN_ARG(s));
}

static void
flags_text(char out[LINE], uint32_t bits)
{
	out[0] = '\0';
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (bits & MT_BIT(i))
			snprintf(out + strlen(out), LINE - strlen(out), "%s%s", out[0] == '\0' ? "" : " ",
			    flags[i] == NULL ? "?" : flags[i]);
}

/* What was read for a key, as the file writes it; "" for nothing. */
static void
part_text(char out[LINE], const struct mt_hop *hop, size_t key)
{
	static const char *const kinds[] = { "unparsed", "smtp", "http", "local", "retrieval" };
	const struct mt_span spans[] = { mt_span_text(kinds[hop->kind]), mt_span_text(hop->dialect), hop->from.helo,
		hop->from.rdns, MT_ABSENT, hop->from.ident, hop->by, MT_ABSENT, hop->via, hop->with, hop->id,
		hop->recipient, hop->sender, hop->tls, hop->auth };
	char text[MT_IP_TEXT];

	out[0] = '\0';
	if (strcmp(keys[key], "ip") == 0)
		snprintf(out, LINE, "%s", mt_ip_text(&hop->from.ip, text));
	else if (strcmp(keys[key], "by-ip") == 0)
		snprintf(out, LINE, "%s", mt_ip_text(&hop->by_ip, text));
	else if (strcmp(keys[key], "date") == 0)
		snprintf(out, LINE, "%s", mt_date_text(&hop->date, text));
	else if (strcmp(keys[key], "flags") == 0)
		flags_text(out, hop->flags);
	else
		copy_span(out, spans[key]);
}

static const char *
wanted(const struct form *form, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < form->nparts; i++)
		if (strncmp(form->parts[i], key, len) == 0 && form->parts[i][len] == ' ')
			return form->parts[i] + len + 1;
	return "";
}

static void
check_form(const struct form *form)
{
	struct mt_arena arena;
	struct mt_hop hop;
	char got[LINE];
	bool right = true;

	mt_arena_init(&arena, 1024, 65536);
	mt_received_parse(&hop, &arena, (struct mt_span){ form->field, form->len });
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		const char *want = wanted(form, keys[k]);

		part_text(got, &hop, k);
		if (strcmp(got, want) == 0)
			continue;
		right = false;
		tap_note("%s: want %s \"%s\", got \"%s\"", form->name, keys[k], want, got);
	}
	tap_ok(right && form->sourced, "form %s", form->name);
	mt_arena_fini(&arena);
}

static void
add_line(struct form *form, const char *line)
{
	if (strncmp(line, "name ", 5) == 0) {
		snprintf(form->name, sizeof form->name, "%.79s", line + 5);
	} else if (strncmp(line, "source ", 7) == 0) {
		form->sourced = true;
	} else if (line[0] == '|') {
		const char *text = line[1] == ' ' ? line + 2 : line + 1;
		int more = snprintf(form->field + form->len, FIELD - form->len, "%s%s", form->len == 0 ? "" : "\n", text);

		form->len += (size_t)more;
	} else if (form->nparts < PARTS) {
		snprintf(form->parts[form->nparts++], LINE, "%s", line);
	}
}

static void
check_forms(void)
{
	const char *top = getenv("top_srcdir");
	static struct form form;
	char path[1024], line[LINE];
	unsigned count = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/tests/data/received/dialects.txt", top == NULL ? "." : top);
	file = fopen(path, "r");
	if (!tap_ok(file != NULL, "the file of forms is there"))
		return;
	form = (struct form){ 0 };
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#') {
			add_line(&form, line);
		} else if (form.len > 0) {
			check_form(&form);
			count++;
			form = (struct form){ 0 };
		}
	}
	if (form.len > 0)
		check_form(&form);
	fclose(file);
	tap_ok(count >= 350, "the file holds %u forms", count + 1);
}

/* ---- hostile bytes ------------------------------------------------------------------------------------ */

struct flood {
	const char *name, *head, *unit, *tail;
};

static const struct flood floods[] = {
	{ "open parentheses", "from a ", "(", " by b; Mon, 1 Jan 2018 10:00:00 +0000" },
	{ "closed parentheses", "from a ", ")", " by b" },
	{ "comments", "from a ", "(b)", " by b" },
	{ "pairs of a nest", "from a ((", "()", " by b" },
	{ "open comments with an end each", "from a ", "(b ", ") by b" },
	{ "angles", "from a by b for ", "<", " id 1" },
	{ "angles apart", "from a by b for ", "< ", " id 1" },
	{ "quotes", "from a by b id ", "\" ", " for c" },
	{ "brackets", "from ", "[", " by b" },
	{ "brackets apart", "from a (", "[ ", ") by b" },
	{ "semicolons", "from a by b ", ";", " Mon, 1 Jan 2018 10:00:00 +0000" },
	{ "keywords", "", "from by with id for via ", "" },
	{ "dates", "from a by b; ", "Mon, 1 Jan ", "" },
	{ "days without a semicolon", "from a by b id c ", "Mon, ", "" },
	{ "white space", "from a by b", " \n\t", "; Mon, 1 Jan 2018 10:00:00 +0000" },
	{ "one word", "from ", "a", " by b" },
	{ "backslashes", "from a (", "\\", ") by b" },
	{ "bytes over 127", "from ", "\xff\xfe\x80", " by b" },
	{ "at signs", "from a (", "@", " [192.0.2.1]) by b" },
	{ "an address without end", "from a ([", "1.2.3.4.", "]) by b" },
};

static bool
inside(struct mt_span part)
{
	return part.ptr == NULL ? part.len == 0 : part.len > 0 && part.len <= 998;
}

static void
check_flood(const struct flood *flood, char *bytes, size_t size)
{
	size_t len = strlen(flood->head), unit = strlen(flood->unit);
	struct mt_arena arena;
	struct mt_hop hop;
	clock_t begun;

	memcpy(bytes, flood->head, len);
	for (; len + unit + 100 < size; len += unit)
		memcpy(bytes + len, flood->unit, unit);
	memcpy(bytes + len, flood->tail, strlen(flood->tail));
	len += strlen(flood->tail);
	mt_arena_init(&arena, 1024, 4u << 20);
	begun = clock();
	mt_received_parse(&hop, &arena, (struct mt_span){ bytes, len });
	/* A megabyte takes some 10 ms; in quadratic time it would take minutes. */
	tap_ok((double)(clock() - begun) / CLOCKS_PER_SEC < 2.0, "a megabyte of %s is read in linear time", flood->name);
	tap_ok(inside(hop.from.helo) && inside(hop.from.rdns) && inside(hop.from.ident) && inside(hop.by) &&
	    inside(hop.via) && inside(hop.with) && inside(hop.id) && inside(hop.recipient) && inside(hop.sender) &&
	    inside(hop.tls) && inside(hop.auth) && hop.raw.len == len, "and its parts are bounded");
	mt_arena_fini(&arena);
}

static void
check_edges(void)
{
	static const char nul[] = "from a\0b.example (c.exa\0mple [192.0.\0002.1]) by mx";
	struct mt_arena arena;
	struct mt_hop hop;
	char text[MT_IP_TEXT];

	mt_arena_init(&arena, 1024, 65536);
	mt_received_parse(&hop, &arena, MT_ABSENT);
	tap_ok(hop.kind == MT_HOP_UNPARSED && hop.raw.len == 0, "an absent field is unparsed");
	mt_received_parse(&hop, &arena, MT_SPAN(""));
	tap_ok(hop.kind == MT_HOP_UNPARSED && (hop.flags & MT_BIT(MT_HOP_NO_DATE)), "an empty field is unparsed");
	mt_received_parse(&hop, &arena, MT_SPAN("the quick brown fox"));
	tap_ok(hop.kind == MT_HOP_UNPARSED && hop.raw.len == 19, "text is unparsed, and kept");
	mt_received_parse(&hop, &arena, (struct mt_span){ nul, sizeof nul - 1 });
	tap_ok(mt_span_equal(hop.from.helo, MT_SPAN("ab.example")) && mt_span_equal(hop.from.rdns, MT_SPAN("c.example")) &&
	    strcmp(mt_ip_text(&hop.from.ip, text), "192.0.2.1") == 0, "NUL bytes part no words");
	mt_received_parse(&hop, &arena, MT_SPAN(" from mail\r\n\tpickup   service\r\n by mx with Microsoft\r\n SMTPSVC(5.0)"));
	tap_ok(mt_span_equal(hop.from.helo, MT_SPAN("mail pickup service")) &&
	    mt_span_equal(hop.with, MT_SPAN("Microsoft SMTPSVC")), "folds are one space");
	mt_arena_fini(&arena);
	mt_arena_init(&arena, 16, 16);
	mt_received_parse(&hop, &arena, MT_SPAN("from mail\n pickup\n service of a very long name\n by mx.example"));
	tap_ok(hop.kind == MT_HOP_SMTP && hop.from.helo.len == 0 && mt_span_equal(hop.by, MT_SPAN("mx.example")),
	    "without memory a part is missing, not the hop");
	mt_arena_fini(&arena);
}

int
main(void)
{
	size_t size = 1u << 20;
	char *bytes = malloc(size);

	check_forms();
	check_edges();
	if (tap_ok(bytes != NULL, "memory for a megabyte"))
		for (size_t i = 0; i < sizeof floods / sizeof *floods; i++)
			check_flood(&floods[i], bytes, size);
	free(bytes);
	return tap_done();
}
