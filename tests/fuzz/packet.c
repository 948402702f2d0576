/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet of DNS, whatever it says: as a question and as the answer to its own question. */
#include <stdlib.h>

#include "lib/source/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum mt_rrtype types[] = { MT_RR_A, MT_RR_CNAME, MT_RR_PTR, MT_RR_MX, MT_RR_TXT, MT_RR_AAAA };
	const struct mt_packet_rules rules = { .negative_ttl_sec = 900, .trusted = true };
	struct mt_span packet = { (const char *)data, size };
	char name[MT_WIRE_TEXT] = "a.example";
	struct mt_wire_name back;
	struct mt_packet_head head;

	if (mt_packet_head(&head, packet)) {
		mt_wire_name_text(&head.name, name);
		if (!mt_wire_name_parse(&back, mt_span_text(name)) || !mt_wire_name_same(&back, &head.name))
			abort();
	}
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct mt_answer *answer = mt_packet_read(packet, name, types[i], &rules, NULL);

		if (answer == NULL)
			continue;
		if ((answer->cause == MT_CAUSE_NONE) != (answer->nrecords > 0) || answer->nrecords > mt_answer_most(types[i]))
			abort();
		for (size_t r = 0; r < answer->nrecords; r++)
			if (answer->records[r].text.ptr != NULL && answer->records[r].text.ptr[answer->records[r].text.len] != '\0')
				abort();
		mt_answer_unref(answer);
	}
	return 0;
}
