/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a DMARC record is written (RFC 7489, 6.3 and 6.4); not where it was found. */
#include "lib/core/dmarc.h"

static const char *const policies[] = { "none", "quarantine", "reject" };

static const char *
policy_of(struct mt_span value)
{
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
		if (mt_span_same_text(value, policies[i]))
			return policies[i];
	return NULL;
}

/* "name = value" up to a semicolon, white space around both taken off. */
static bool
next_tag(struct mt_span text, size_t *at, struct mt_span *name, struct mt_span *value)
{
	const char *from = text.ptr + *at, *end, *equal;

	if (*at >= text.len)
		return false;
	end = memchr(from, ';', text.len - *at);
	if (end == NULL)
		end = text.ptr + text.len;
	*at = (size_t)(end - text.ptr) + 1;
	equal = memchr(from, '=', (size_t)(end - from));
	*name = mt_span_trim(mt_span_between(from, equal == NULL ? end : equal));
	*value = equal == NULL ? MT_ABSENT : mt_span_trim(mt_span_between(equal + 1, end));
	return true;
}

/* A scheme, a colon, and something behind it (RFC 3986, 3.1). */
static bool
is_uri(struct mt_span s)
{
	size_t n = 0;

	while (n < s.len && (mt_is_alpha(s.ptr[n]) || (n > 0 && (mt_is_digit(s.ptr[n]) ||
	    s.ptr[n] == '+' || s.ptr[n] == '-' || s.ptr[n] == '.'))))
		n++;
	if (n == 0 || n + 1 >= s.len || s.ptr[n] != ':')
		return false;
	for (; n < s.len; n++)
		if (s.ptr[n] <= ' ' || s.ptr[n] > '~')
			return false;
	return true;
}

/* Whether at least one of a list is an URI. */
static bool
has_uri(struct mt_span list)
{
	size_t from = 0;

	for (size_t i = 0; list.len > 0 && i <= list.len; i++) {
		if (i < list.len && list.ptr[i] != ',')
			continue;
		if (is_uri(mt_span_trim((struct mt_span){ list.ptr + from, i - from })))
			return true;
		from = i + 1;
	}
	return false;
}

/* What was read already: of a tag that stands twice the first counts. */
struct seen {
	bool p, sp, adkim, aspf, rua, bad_sp;
};

static void
take_tag(struct mt_dmarc_record *record, struct seen *seen, struct mt_span name, struct mt_span value)
{
	if (mt_span_same_text(name, "p") && !seen->p) {
		seen->p = true;
		record->policy = policy_of(value);
	} else if (mt_span_same_text(name, "sp") && !seen->sp) {
		seen->sp = true;
		record->subdomains = policy_of(value);
		seen->bad_sp = record->subdomains == NULL;
	} else if (mt_span_same_text(name, "adkim") && !seen->adkim) {
		seen->adkim = true;
		record->strict_dkim = mt_span_same_text(value, "s");
	} else if (mt_span_same_text(name, "aspf") && !seen->aspf) {
		seen->aspf = true;
		record->strict_spf = mt_span_same_text(value, "s");
	} else if (mt_span_same_text(name, "rua") && !seen->rua) {
		seen->rua = true;
		record->reports = has_uri(value);
	}
}

bool
mt_dmarc_record_read(struct mt_dmarc_record *record, struct mt_span text)
{
	struct mt_span name, value;
	struct seen seen = { .p = false };
	size_t at = 0;

	*record = (struct mt_dmarc_record){ .policy = NULL };
	/* The version comes first, at the very beginning, in exactly these letters. */
	if (text.len == 0 || mt_lower(text.ptr[0]) != 'v' || !next_tag(text, &at, &name, &value) ||
	    !mt_span_same_text(name, "v") || !mt_span_equal(value, MT_SPAN("DMARC1")))
		return false;
	while (next_tag(text, &at, &name, &value))
		take_tag(record, &seen, name, value);
	/* RFC 7489, 6.6.3, step 6: a policy that cannot be read is "none" for one who wants
	 * reports, and no policy at all for one who does not. */
	if (record->policy == NULL || seen.bad_sp) {
		record->policy = record->reports ? policies[0] : NULL;
		record->subdomains = NULL;
		record->broken = !record->reports;
	}
	return true;
}
