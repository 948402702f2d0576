/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the published suites (tests/data/spf, where README says in what form they are). */
#ifndef TESTS_SPF_SUITE_H
#define TESTS_SPF_SUITE_H

#include "lib/core/spf.h"
#include "tests/unit/zone.h"

#define SUITE_MOST 65536		/* bytes of a file */

struct suite_row {
	struct mt_span name, section;
	struct mt_spf_query query;
	struct mt_span allowed;		/* words of results with commas between them */
};

/* test<TAB>NAME<TAB>SECTION<TAB>CLIENT<TAB>HELO<TAB>SENDER<TAB>ALLOWED,... */
static inline void
suite_row(struct suite_row *row, char *line)
{
	*row = (struct suite_row){ .name = zone_part(&line), .section = zone_part(&line) };
	mt_ip_parse(&row->query.client, zone_part(&line));
	row->query.helo = zone_part(&line);
	row->query.sender = zone_part(&line);
	row->allowed = mt_span_text(line);
}

/* Calls `test` for each row, in its world.  Returns how many there were. */
static inline unsigned
suite_read(const char *file, void (*test)(const struct zone *zone, const struct suite_row *row))
{
	static struct zone zone;
	static char text[SUITE_MOST];
	const char *top = getenv("top_srcdir");
	char path[1024], *line, *next;
	unsigned count = 0, wrong = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/data/spf/%s", top == NULL ? "." : top, file);
	f = fopen(path, "r");
	if (!tap_ok(f != NULL, "%s can be read", file))
		return 0;
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	for (line = text; *line != '\0' && strchr(line, '\n') != NULL; line = next) {
		struct suite_row row;
		struct mt_span word;

		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		word = zone_part(&line);
		if (mt_span_same_text(word, "scenario")) {
			zone.nrows = 0;
		} else if (mt_span_same_text(word, "record") || mt_span_same_text(word, "state")) {
			wrong += !zone_line(&zone, word.ptr[0] == 'r', line);
		} else if (mt_span_same_text(word, "test")) {
			suite_row(&row, line);
			test(&zone, &row);
			count++;
		} else if (word.len > 0 && word.ptr[0] != '#') {
			wrong++;
		}
	}
	tap_ok(wrong == 0, "%s: no line of it is wrong", file);
	return count;
}

#endif
