/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of tags as RFC 6376, 3.2, has them, and what is none. */
#include "lib/core/tags.h"
#include "tests/unit/tap.h"

/* What was read, as "name=value|" for each tag; NULL: no list. */
static const struct {
	const char *name;
	struct mt_span text;
	const char *expected;
} lists[] = {
	{ "one", MT_SPAN("a=b"), "a=b|" },
	{ "two", MT_SPAN("a=b;c=d"), "a=b|c=d|" },
	{ "semicolon at the end", MT_SPAN("a=b; c=d;"), "a=b|c=d|" },
	{ "semicolon and white space at the end", MT_SPAN("a=b; \r\n\t"), "a=b|" },
	{ "white space everywhere", MT_SPAN(" \r\n a \r\n = \t b\r\n\t;\n c=d "), "a=b|c=d|" },
	{ "a value with white space and folds", MT_SPAN("h=from :\r\n\tto"), "h=from :\r\n\tto|" },
	{ "an empty value", MT_SPAN("p=; q="), "p=|q=|" },
	{ "an equal sign in a value", MT_SPAN("b=ab=="), "b=ab==|" },
	{ "names differ by case", MT_SPAN("a=1; A=2"), "a=1|A=2|" },
	{ "names with digits and underscores", MT_SPAN("a1_b=2"), "a1_b=2|" },
	{ "UTF-8 in a value", MT_SPAN("d=b\xc3\xbc" "cher.example"), "d=b\xc3\xbc" "cher.example|" },

	{ "absent", { NULL, 0 }, NULL },
	{ "empty", MT_SPAN(""), NULL },
	{ "white space", MT_SPAN(" \r\n "), NULL },
	{ "a semicolon alone", MT_SPAN(";"), NULL },
	{ "an empty part", MT_SPAN("a=b;;c=d"), NULL },
	{ "a semicolon too many at the end", MT_SPAN("a=b;;"), NULL },
	{ "no equal sign", MT_SPAN("a=b; c"), NULL },
	{ "no name", MT_SPAN("a=b; =c"), NULL },
	{ "a name with a hyphen", MT_SPAN("a-b=c"), NULL },
	{ "a name that begins with a digit", MT_SPAN("1a=c"), NULL },
	{ "a name with a blank", MT_SPAN("a b=c"), NULL },
	{ "a name twice", MT_SPAN("a=b; c=d; a=b"), NULL },
	{ "a NUL in a value", MT_SPAN("a=b\0c"), NULL },
	{ "a control character", MT_SPAN("a=b\001"), NULL },
	{ "DEL", MT_SPAN("a=\177"), NULL },
};

static void
put(char *out, size_t room, struct mt_span s, char end)
{
	size_t len = strlen(out);

	snprintf(out + len, room - len, "%.*s%c", MT_SPAN_ARG(s), end);
}

static void
all_lists(void)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct mt_tags tags;
		char out[512] = "";
		bool read = mt_tags_read(&tags, lists[i].text);

		for (size_t t = 0; t < tags.count; t++) {
			put(out, sizeof out, tags.tag[t].name, '=');
			put(out, sizeof out, tags.tag[t].value, '|');
		}
		tap_ok(read == (lists[i].expected != NULL) && strcmp(out, read ? lists[i].expected : "") == 0, "%s",
		    lists[i].name);
	}
}

static void
how_many(void)
{
	char text[4 * (MT_TAGS_MOST + 1) + 1] = "";
	struct mt_tags tags;

	for (unsigned i = 0; i < MT_TAGS_MOST; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%c%c=;", 'a' + i % 26, 'a' + i / 26);
	tap_ok(mt_tags_read(&tags, mt_span_text(text)) && tags.count == MT_TAGS_MOST, "as many as are read");
	snprintf(text + strlen(text), sizeof text - strlen(text), "z=;");
	tap_ok(!mt_tags_read(&tags, mt_span_text(text)) && tags.count == 0, "one more");
}

static void
parts(void)
{
	struct mt_span list = MT_SPAN(" From : to:\r\n\tsubject :"), item;
	char out[128] = "";
	struct mt_tags tags;
	uint64_t n;

	while (mt_tags_item(&item, &list))
		put(out, sizeof out, item, '|');
	tap_ok(strcmp(out, "From|to|subject||") == 0, "items of a list");
	tap_ok(mt_tags_holds(MT_SPAN("y : S"), "s") && !mt_tags_holds(MT_SPAN("y:ss"), "s"), "an item is found");
	tap_ok(!mt_tags_holds(MT_ABSENT, "s") && !mt_tags_holds(MT_SPAN(""), "s"), "nothing holds nothing");
	mt_tags_read(&tags, MT_SPAN("a= b ;c=d"));
	tap_ok(mt_tags_value(&tags, "x").ptr == NULL && mt_span_equal(mt_tags_value(&tags, "a"), MT_SPAN("b")), "value");
	tap_ok(mt_span_equal(mt_tags_find(&tags, "a")->raw, MT_SPAN(" b ")), "raw value");
	tap_ok(mt_tags_number(&n, MT_SPAN("0123"), 4) && n == 123, "a number");
	tap_ok(!mt_tags_number(&n, MT_SPAN("01234"), 4) && !mt_tags_number(&n, MT_SPAN(""), 4) &&
	    !mt_tags_number(&n, MT_SPAN("1 2"), 4) && !mt_tags_number(&n, MT_SPAN("-1"), 4), "no number");
	tap_ok(mt_tags_number(&n, MT_SPAN("18446744073709551614"), 76) && n == UINT64_MAX - 1, "a large number");
	tap_ok(mt_tags_number(&n, MT_SPAN("99999999999999999999999999"), 76) && n == UINT64_MAX, "a number too large");
}

int
main(void)
{
	all_lists();
	how_many();
	parts();
	return tap_done();
}
