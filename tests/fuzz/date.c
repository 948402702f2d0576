/* SPDX-License-Identifier: BSD-2-Clause */
/* A date-time, whatever it says: what is read is written so that it reads the same again. */
#include <stdlib.h>
#include <string.h>

#include "lib/core/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_date date, back;
	char text[MT_DATE_TEXT], time[MT_TIME_TEXT];
	bool odd;

	mt_date_parse(&date, (struct mt_span){ (const char *)data, size }, &odd);
	mt_date_text(&date, text);
	if (!date.known) {
		if (text[0] != '\0' || date.unix_sec != 0)
			abort();
		return 0;
	}
	if (strlen(text) >= MT_DATE_TEXT || strlen(mt_time_text(date.unix_sec * 1000, time)) >= MT_TIME_TEXT)
		abort();
	mt_date_parse(&back, mt_span_text(text), &odd);
	if (!back.known || back.unix_sec != date.unix_sec || back.zone_min != date.zone_min)
		abort();
	return 0;
}
