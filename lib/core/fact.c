/* SPDX-License-Identifier: BSD-2-Clause */
/* One row per fact.  Words are those of the result enumeration; each fact has its set. */
#include "lib/core/fact.h"

#define B(r) MT_BIT(MT_##r)
#define ERRORS (B(TEMPERROR) | B(PERMERROR) | B(SKIPPED))

static const struct mt_fact_row rows[MT_FACTS] = {
	[MT_FACT_PTR] = { "ptr", B(PASS) | B(NONE) | ERRORS, MT_STAGE_CONNECT, true },
	[MT_FACT_IPREV] = { "iprev", B(PASS) | B(FAIL) | B(NONE) | ERRORS, MT_STAGE_CONNECT, true },
	[MT_FACT_HELO] = { "helo", B(PASS) | B(MISMATCH) | B(UNRESOLVABLE) | B(TEMPERROR) |
	    B(LITERAL_MISMATCH) | B(NOT_FQDN) | B(MALFORMED) | B(OURS) | B(CHANGED) | B(NONE) |
	    B(SKIPPED), MT_STAGE_HELO, true },
	[MT_FACT_CHAIN] = { "chain", B(PASS) | B(NONE) | B(ODD) | B(FORGED) | B(LOOP) | B(FUTURE) |
	    B(TRUNCATED), MT_STAGE_EOM, false },
	[MT_FACT_AUTHENTICATED] = { "authenticated", B(YES) | B(NO), MT_STAGE_MAIL, true },
	[MT_FACT_SPF] = { "spf", B(PASS) | B(FAIL) | B(SOFTFAIL) | B(NEUTRAL) | B(NONE) | B(POLICY) |
	    ERRORS, MT_STAGE_MAIL, true },
	[MT_FACT_SPF_HELO] = { "spf-helo", B(PASS) | B(FAIL) | B(SOFTFAIL) | B(NEUTRAL) | B(NONE) |
	    B(POLICY) | ERRORS, MT_STAGE_HELO, true },
	[MT_FACT_DKIM] = { "dkim", B(PASS) | B(FAIL) | B(NEUTRAL) | B(NONE) | B(POLICY) | ERRORS,
	    MT_STAGE_EOM, true },
	[MT_FACT_ARC] = { "arc", B(PASS) | B(FAIL) | B(NONE) | ERRORS, MT_STAGE_EOM, true },
	[MT_FACT_DMARC] = { "dmarc", B(PASS) | B(FAIL) | B(NONE) | ERRORS, MT_STAGE_EOM, true },
	[MT_FACT_DNSBL] = { "dnsbl", B(LISTED) | B(CLEAN) | B(TEMPERROR) | B(REFUSED) | B(DEAD) |
	    B(SKIPPED), MT_STAGE_CONNECT, true },
	[MT_FACT_RELAY] = { "relay", B(DIRECT) | B(SUBMISSION) | B(INTERNAL) | B(FORWARDER) | B(LIST) |
	    B(ESP) | B(UNATTESTED) | B(SUSPECT) | B(OPEN) | B(LISTED) | B(SKIPPED), MT_STAGE_EOM, true },
	[MT_FACT_HISTORY] = { "history", B(NEW) | B(GOOD) | B(BAD) | B(NEUTRAL) | B(SKIPPED), MT_STAGE_CONNECT, true },
	[MT_FACT_RECIPIENT] = { "recipient", B(INSIDE) | B(OUTSIDE) | B(SKIPPED), MT_STAGE_RCPT, true },
};

const struct mt_fact_row *
mt_fact_row(enum mt_fact_name f)
{
	return &rows[f];
}

const char *
mt_fact_word(enum mt_fact_name f)
{
	return (size_t)f < MT_FACTS ? rows[f].word : "?";
}

uint64_t
mt_fact_words(enum mt_fact_name f)
{
	return (size_t)f < MT_FACTS ? rows[f].words : 0;
}

int
mt_fact_find(struct mt_span word)
{
	for (size_t i = 0; i < MT_FACTS; i++)
		if (mt_span_equal(mt_span_text(rows[i].word), word))
			return (int)i;
	return -1;
}
