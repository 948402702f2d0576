/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a person is told where an address is, that this is what databases say, and which:
 * some of them ask to be named. */
#include "lib/render/text.h"

#include <stdio.h>

#include "lib/core/date.h"

#define NAME_MOST 64			/* bytes of a name from a database */

bool
mt_text_place_brief(const struct mt_location *at, char out[MT_TEXT_BRIEF])
{
	size_t len = 0;

	out[0] = '\0';
	if (at == NULL)
		return false;
	if (at->country[0] != '\0')
		len = (size_t)snprintf(out, MT_TEXT_BRIEF, "%s", at->country);
	if (at->asn != 0)
		snprintf(out + len, MT_TEXT_BRIEF - len, "%sAS%u", len == 0 ? "" : " ", (unsigned)at->asn);
	return out[0] != '\0';
}

bool
mt_text_place(struct mt_page *page, size_t indent, const char *before, const struct mt_location *at)
{
	char brief[MT_TEXT_BRIEF];

	if (!mt_text_place_brief(at, brief) && (at == NULL || at->city.ptr == NULL))
		return false;
	mt_page_tab(page, indent);
	mt_page_text(page, before);
	if (at->city.ptr != NULL)
		mt_page_outside(page, at->city, NAME_MOST);
	if (at->country[0] != '\0')
		mt_page_format(page, "%s%s", at->city.ptr == NULL ? "" : ", ", at->country);
	if (at->asn != 0)
		mt_page_format(page, "%sAS%u", at->city.ptr == NULL && at->country[0] == '\0' ? "" : ", ",
		    (unsigned)at->asn);
	if (at->asn != 0 && at->as_name.ptr != NULL) {
		mt_page_text(page, " ");
		mt_page_outside(page, at->as_name, NAME_MOST);
	}
	mt_page_end(page);
	return true;
}

void
mt_text_sources(struct mt_page *page, size_t indent, const struct mt_trace *trace)
{
	char date[MT_TIME_TEXT];

	mt_page_tab(page, indent);
	for (size_t i = 0; i < trace->nsources; i++) {
		const struct mt_trace_source *source = &trace->sources[i];

		mt_page_text(page, i == 0 ? "places by " : ", ");
		mt_page_wrap(page, indent, source->name);
		if (source->built_sec > 0)
			mt_page_format(page, " of %.10s", mt_time_text(mt_time_told(source->built_sec), date));
	}
	mt_page_text(page, trace->nsources == 0 ? "" : ";");
	mt_page_wrap(page, indent, MT_SPAN(" geolocation is not an address"));
	mt_page_end(page);
}
