/* SPDX-License-Identifier: BSD-2-Clause */
/* A row of the table of evidence: private to the files that hold its parts. */
#ifndef MT_CORE_EVIDENCE_ROW_H
#define MT_CORE_EVIDENCE_ROW_H

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/core/trace.h"

#define MT_EVIDENCE_VALUE 80		/* bytes of one value in a sentence */
#define MT_EVIDENCE_FACT(f) (UINT32_C(1) << MT_FACT_##f)

struct mt_evidence_row {
	struct mt_evidence_about about;
	/* Finds the next one below *hop (0: from the top), writes the sentence, sets *hop;
	 * what is not about a hop leaves it alone. */
	bool (*find)(const struct mt_trace *trace, struct mt_buf *text, unsigned *hop);
	uint32_t facts;
};

/* The parts of the table in files of their own: what is found on the path; who vouches for the
 * sender, and whether the server relays for strangers. */
const struct mt_evidence_row *mt_evidence_path_rows(size_t *count);
const struct mt_evidence_row *mt_evidence_sender_rows(size_t *count);

static inline void
mt_evidence_value(struct mt_buf *text, struct mt_span value)
{
	if (value.len > MT_EVIDENCE_VALUE)
		value.len = MT_EVIDENCE_VALUE;
	mt_buf_escape(text, value, "\\");
}

static inline void
mt_evidence_ip(struct mt_buf *text, const struct mt_ip *ip)
{
	char form[MT_IP_TEXT];

	mt_buf_text(text, mt_ip_text(ip, form));
}

#endif
