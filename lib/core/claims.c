/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the fields in which web mail and providers name the address of the author.  Anybody
 * can write them, and nothing ties them to a line: claims, kept and shown, never a proof. */
#include "lib/core/claims.h"

#include "lib/base/ip.h"
#include "lib/core/trace.h"

#define VALUE_MOST 256			/* bytes of a value that are looked at */

static const char *const fields[] = {
	"X-Originating-IP", "X-Originating-Client-IP", "X-Original-IP", "X-Original-Client-IP", "X-Sender-IP",
	"X-SenderIP",
	"X-Client-IP", "X-Remote-IP", "X-Real-IP", "X-Source-IP", "X-AOL-IP", "X-Yahoo-Post-IP", "X-Apparently-From",
	"X-MDRemoteIP"
};

static const char *
field(struct mt_span name)
{
	if (!mt_span_starts(name, "X-"))
		return NULL;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (mt_span_same_text(name, fields[i]))
			return fields[i];
	return NULL;
}

static bool
divides(char c)
{
	return mt_is_space(c) || c == ',' || c == ';' || c == '(' || c == ')' || c == '<' || c == '>' || c == '"';
}

/* The first word that is an address: "[192.0.2.1]", "192.0.2.1, 10.0.0.1", "<192.0.2.1>",
 * "user@example.org via 192.0.2.1". */
bool
mt_claims_read(struct mt_claim *claim, struct mt_span name, struct mt_span value)
{
	const char *known = field(name);
	size_t end = value.len < VALUE_MOST ? value.len : VALUE_MOST;

	*claim = (struct mt_claim){ .name = known };
	for (size_t at = 0; known != NULL && at < end;) {
		size_t from = at;

		while (at < end && !divides(value.ptr[at]))
			at++;
		if (at > from && mt_ip_parse(&claim->ip, mt_span_between(value.ptr + from, value.ptr + at)))
			return true;
		at++;
	}
	return false;
}

void
mt_claims_take(struct mt_trace *trace, struct mt_span name, struct mt_span value)
{
	struct mt_claim claim;

	if (trace->nclaims < MT_TRACE_CLAIMS && mt_claims_read(&claim, name, value))
		trace->claims[trace->nclaims++] = claim;
}
