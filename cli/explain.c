/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the table of evidence codes is shown, and why lines are believed; the words are
 * the library's. */
#include "cli/explain.h"

#include <string.h>
#include <sysexits.h>

static void
add_text(struct bytes *out, const struct mt_evidence_about *about)
{
	bytes_text(out, about->code);
	bytes_text(out, " (");
	bytes_text(out, mt_strength_word(about->strength));
	bytes_text(out, ")\n  ");
	bytes_text(out, about->meaning);
	bytes_text(out, "\n  Basis: ");
	bytes_text(out, about->basis);
	bytes_char(out, '\n');
}

static void
add_json(struct bytes *out, const struct mt_evidence_about *about)
{
	bytes_text(out, "{\"code\":");
	bytes_json(out, span_text(about->code));
	bytes_text(out, ",\"strength\":");
	bytes_json(out, span_text(mt_strength_word(about->strength)));
	bytes_text(out, ",\"meaning\":");
	bytes_json(out, span_text(about->meaning));
	bytes_text(out, ",\"basis\":");
	bytes_json(out, span_text(about->basis));
	bytes_text(out, "}\n");
}

/* How many of the first bytes are the same: enough to guess which code was meant. */
static size_t
same_bytes(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

static int
no_such_code(const char *code)
{
	const struct mt_evidence_about *about;
	const char *near = NULL;
	size_t best = 2;

	for (size_t i = 0; (about = mt_evidence_about(i)) != NULL; i++)
		if (same_bytes(code, about->code) > best) {
			best = same_bytes(code, about->code);
			near = about->code;
		}
	if (near != NULL)
		complain("no evidence code \"%s\"; did you mean %s?", code, near);
	else
		complain("no evidence code \"%s\"; mailtrace --explain all names them", code);
	return EX_USAGE;
}

bool
explain_boundary(const struct options *options)
{
	return options->explain != NULL && strcmp(options->explain, "boundary") == 0;
}

/* "hop 2: believed: its writer's address is in trust.networks: mx.example.org from 192.0.2.7" */
static void
add_hop(struct bytes *out, const struct mt_hop *hop)
{
	char ip[MT_IP_TEXT];

	bytes_text(out, "hop ");
	bytes_number(out, hop->n);
	bytes_text(out, hop->trusted ? ": believed: " : ": not believed: ");
	bytes_text(out, hop->reason == NULL ? "the trace is not finished" : hop->reason);
	bytes_text(out, ": ");
	if (hop->by.len > 0) {
		bytes_plain(out, hop->by);
		bytes_char(out, ' ');
	}
	bytes_text(out, hop->from.ip.family == 0 ? "tells no client address" : "saw ");
	bytes_text(out, mt_ip_text(&hop->from.ip, ip));
	bytes_char(out, '\n');
}

static void
add_hop_json(struct bytes *out, const struct mt_hop *hop)
{
	bytes_text(out, "{\"n\":");
	bytes_number(out, hop->n);
	bytes_text(out, hop->trusted ? ",\"trusted\":true,\"reason\":" : ",\"trusted\":false,\"reason\":");
	bytes_json(out, span_text(hop->reason == NULL ? "" : hop->reason));
	bytes_char(out, '}');
}

static void
boundary_text(struct bytes *out, const struct mt_trace *trace, const char *file)
{
	const struct mt_boundary *boundary = mt_trace_boundary(trace);
	char ip[MT_IP_TEXT];

	bytes_plain(out, span_text(file));
	bytes_text(out, ":\n");
	for (size_t i = mt_trace_hops(trace); i-- > 0;)
		add_hop(out, mt_trace_hop(trace, i));
	bytes_text(out, "boundary: ");
	if (boundary->hop != 0) {
		bytes_text(out, "hop ");
		bytes_number(out, boundary->hop);
		bytes_text(out, boundary->ip.family == 0 ? "" : ", ");
		bytes_text(out, mt_ip_text(&boundary->ip, ip));
		bytes_text(out, ": ");
	}
	bytes_text(out, boundary->reason == NULL ? "not known" : boundary->reason);
	bytes_char(out, '\n');
}

static void
boundary_json(struct bytes *out, const struct mt_trace *trace, const char *file)
{
	const struct mt_boundary *boundary = mt_trace_boundary(trace);
	char ip[MT_IP_TEXT];

	bytes_text(out, "{\"file\":");
	bytes_json(out, span_text(file));
	bytes_text(out, ",\"hops\":[");
	for (size_t i = mt_trace_hops(trace); i-- > 0;) {
		add_hop_json(out, mt_trace_hop(trace, i));
		bytes_text(out, i > 0 ? "," : "");
	}
	bytes_text(out, "],\"boundary\":{\"hop\":");
	bytes_number(out, boundary->hop);
	bytes_text(out, ",\"ip\":");
	bytes_json(out, span_text(mt_ip_text(&boundary->ip, ip)));
	bytes_text(out, ",\"reason\":");
	bytes_json(out, span_text(boundary->reason == NULL ? "" : boundary->reason));
	bytes_text(out, "}}\n");
}

void
explain_hops(struct bytes *out, const struct options *options, const struct mt_trace *trace, const char *file)
{
	if (options->format == MT_FORMAT_JSON || options->format == MT_FORMAT_JSONL)
		boundary_json(out, trace, file);
	else
		boundary_text(out, trace, file);
}

/* What E1 to E5 are, and what each grade of the relay verdict means. */
static void
relay_text(struct bytes *out)
{
	bytes_text(out, "Is the server that connected an open relay?  Five questions (RFC 5321, 3.6.2 and 7.9; "
	    "RFC 2505, 2.1):\n");
	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		bytes_text(out, "  ");
		bytes_text(out, mt_relay_step_word((enum mt_relay_step)i));
		bytes_text(out, "  ");
		bytes_text(out, mt_relay_step_text((enum mt_relay_step)i));
		bytes_char(out, '\n');
	}
	bytes_text(out, "Grades:\n");
	for (int r = 0; r < MT_RESULTS; r++) {
		const char *text = mt_relay_grade_text((enum mt_result)r);

		if (text == NULL)
			continue;
		bytes_text(out, "  ");
		bytes_text(out, mt_result_word((enum mt_result)r));
		bytes_text(out, ": ");
		bytes_text(out, text);
		bytes_char(out, '\n');
	}
	bytes_text(out, "Nothing temporary, no null sender alone and no DMARC pass ever leads to suspect or open.\n");
}

static void
relay_json(struct bytes *out)
{
	bytes_text(out, "{\"steps\":{");
	for (int i = 0; i < MT_RELAY_STEPS; i++) {
		bytes_text(out, i == 0 ? "" : ",");
		bytes_json(out, span_text(mt_relay_step_word((enum mt_relay_step)i)));
		bytes_char(out, ':');
		bytes_json(out, span_text(mt_relay_step_text((enum mt_relay_step)i)));
	}
	bytes_text(out, "},\"grades\":{");
	for (int r = 0, n = 0; r < MT_RESULTS; r++) {
		if (mt_relay_grade_text((enum mt_result)r) == NULL)
			continue;
		bytes_text(out, n++ == 0 ? "" : ",");
		bytes_json(out, span_text(mt_result_word((enum mt_result)r)));
		bytes_char(out, ':');
		bytes_json(out, span_text(mt_relay_grade_text((enum mt_result)r)));
	}
	bytes_text(out, "}}\n");
}

int
explain(const struct options *options, struct output *output)
{
	bool all = strcmp(options->explain, "all") == 0, found = false;
	bool json = options->format == MT_FORMAT_JSON || options->format == MT_FORMAT_JSONL;
	const struct mt_evidence_about *about;
	struct bytes out = { 0 };

	if (strcmp(options->explain, "relay") == 0) {
		if (json)
			relay_json(&out);
		else
			relay_text(&out);
		found = true;
	}
	for (size_t i = 0; (about = mt_evidence_about(i)) != NULL; i++) {
		if (!all && strcmp(about->code, options->explain) != 0)
			continue;
		if (json)
			add_json(&out, about);
		else
			add_text(&out, about);
		found = true;
	}
	output_bytes(output, &out);
	bytes_fini(&out);
	return found ? 0 : no_such_code(options->explain);
}
