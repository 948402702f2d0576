/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core/dkim_fields.h"

#include "tests/unit/tap.h"

static const struct {
	const char *name, *head, *value, *text;	/* text NULL: no field name */
	size_t name_len;
} cases[] = {
	{ "a field", "To", " a@b", "To: a@b", 2 },
	{ "nothing behind the colon", "To", "", "To:", 2 },
	{ "a fold with LF", "To", " a,\n b", "To: a,\r\n b", 2 },
	{ "a fold with CRLF", "To", " a,\r\n\tb", "To: a,\r\n\tb", 2 },
	{ "two folds", "To", "\n a\n b", "To:\r\n a\r\n b", 2 },
	{ "a CR alone", "To", " a\rb", "To: a\rb", 2 },
	{ "a line end behind it", "To", " a\r\n", "To: a", 2 },
	{ "a bare LF behind it", "To", " a\n", "To: a", 2 },
	{ "a CR before its line end", "To", " a\r\r\n", "To: a\r", 2 },
	{ "a blank in front of the colon", "To \t", " a", "To \t: a", 2 },
	{ "other bytes", "To", " \xff\x01", "To: \xff\x01", 2 },
	{ "no name", "", " a", NULL, 0 },
	{ "a blank in front", " To", " a", NULL, 0 },
	{ "a blank inside", "T o", " a", NULL, 0 },
	{ "a control byte", "T\x01o", " a", NULL, 0 },
	{ "a byte over 127", "T\xc3\xb6", " a", NULL, 0 },
	{ "a semicolon", "T;o", " a", NULL, 0 },
};

int
main(void)
{
	struct mt_dkim_fields fields;
	struct mt_dkim_kept *kept = NULL;
	struct mt_arena arena;
	size_t n = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_span head = mt_span_text(cases[i].head), value = mt_span_text(cases[i].value), name;
		bool ok = mt_dkim_fields_trim(head, &name, &value) == (cases[i].text != NULL);

		mt_arena_init(&arena, 256, 4096);
		mt_dkim_fields_begin(&fields, &arena, 1024);
		if (ok && cases[i].text != NULL) {
			kept = mt_dkim_fields_keep(&fields, head, mt_span_text(cases[i].value));
			ok = kept != NULL && mt_span_equal(kept->text, mt_span_text(cases[i].text)) &&
			    kept->name.len == cases[i].name_len && kept->text.ptr[kept->text.len] == '\0';
		}
		tap_ok(ok, "%s", cases[i].name);
		mt_arena_fini(&arena);
	}
	mt_arena_init(&arena, 256, 65536);
	mt_dkim_fields_begin(&fields, &arena, 1024);
	while (mt_dkim_fields_keep(&fields, MT_SPAN("Subject"), MT_SPAN(" x")) != NULL)
		n++;
	tap_ok(n > 5 && n < 20 && mt_dkim_fields_full(&fields) && !fields.no_memory, "the bound of bytes, after %zu fields", n);
	tap_ok(mt_dkim_fields_keep(&fields, MT_SPAN("A"), MT_SPAN("")) == NULL, "nothing is kept beyond it");
	n = 0;
	for (kept = fields.bottom; kept != NULL; kept = kept->above)
		n++;
	for (kept = fields.top; kept != NULL; kept = kept->below)
		n--;
	tap_ok(n == 0, "from the top as from the bottom");
	mt_arena_fini(&arena);
	mt_arena_init(&arena, 256, 512);
	mt_dkim_fields_begin(&fields, &arena, 4096);
	while (mt_dkim_fields_keep(&fields, MT_SPAN("Subject"), MT_SPAN(" x")) != NULL)
		continue;
	tap_ok(fields.no_memory && !mt_dkim_fields_full(&fields), "an arena at its ceiling");
	mt_arena_fini(&arena);
	return tap_done();
}
