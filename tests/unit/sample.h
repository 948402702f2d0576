/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces for the tests of renderers, put together by hand: one as it should be, one in
 * which every span holds what a stranger could have sent, one of nothing at all. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/render/render.h"

struct sample {
	struct mt_trust trust;
	struct mt_trace_settings settings;
	struct mt_peer peer;
	struct mt_ptr_name names[3];
	struct mt_hop hops[200];
	struct mt_signature signatures[2];
	struct mt_arc_set seals[2];
	struct mt_listing listings[3];
	struct mt_ip codes[2];
	struct mt_span list_names[2], list_classes[2];
	struct mt_location places[2];
	struct mt_trace_source sources[2];
	struct mt_trace trace;
};

static inline struct mt_ip
sample_ip(const char *text)
{
	struct mt_ip ip;

	mt_ip_parse(&ip, mt_span_text(text));
	return ip;
}

static inline struct mt_date
sample_date(int64_t unix_sec)
{
	return (struct mt_date){ .known = true, .zone_known = true, .zone_min = 60, .unix_sec = unix_sec };
}

/* Facts can be there although nothing was received. */
static inline void
sample_nothing(struct sample *s)
{
	*s = (struct sample){ .trust.authserv_id = MT_SPAN("mx.example.org") };
	s->settings = (struct mt_trace_settings){ .trust = &s->trust, .header_most = 990 };
	s->trace = (struct mt_trace){ .settings = &s->settings, .offset = -1, .id = "01J00000000000000000000000" };
}

static inline void
sample_hops(struct sample *s)
{
	s->hops[0] = (struct mt_hop){ .n = 1, .kind = MT_HOP_SMTP, .link = MT_LINK_PLAUSIBLE,
	    .from = { .helo = MT_SPAN("desk"), .ip = sample_ip("198.51.100.9") },
	    .by = MT_SPAN("miho.example"), .with = MT_SPAN("SMTP"), .date = sample_date(1428570000),
	    .flags = 1u << MT_HOP_BRACKETED | 1u << MT_HOP_DATE_ODD,
	    .raw = MT_SPAN("from desk ([198.51.100.9])\n\tby miho.example with SMTP;\n\tThu, 9 Apr 15 10:00:00 +0100") };
	s->hops[1] = (struct mt_hop){ .n = 2, .kind = MT_HOP_SMTP, .trusted = true, .link = MT_LINK_LINKED,
	    .from = { .helo = MT_SPAN("miho.example"), .rdns = MT_SPAN("host7.example.net"),
	    .ip = sample_ip("192.0.2.7"), .ident = MT_SPAN("root") },
	    .by = MT_SPAN("relay.example.org"), .by_ip = sample_ip("2001:db8::25"), .with = MT_SPAN("ESMTPS"),
	    .id = MT_SPAN("4ABCDEF"), .recipient = MT_SPAN("anna@example.org"), .tls = MT_SPAN("TLSv1.3"),
	    .dialect = "postfix", .date = sample_date(1428570001), .has_delay = true, .delay_sec = 1,
	    .flags = 1u << MT_HOP_BRACKETED | 1u << MT_HOP_TLS,
	    .raw = MT_SPAN("from miho.example (host7.example.net [192.0.2.7])") };
	s->hops[2] = (struct mt_hop){ .n = 3, .kind = MT_HOP_SMTP, .trusted = true,
	    .from = { .helo = MT_SPAN("miho.example"), .ip = sample_ip("192.0.2.7") },
	    .by = MT_SPAN("mx.example.org"), .date = sample_date(1428570001), .has_delay = true,
	    .flags = 1u << MT_HOP_LIVE };
	s->trace.hops = s->hops;
	s->trace.nhops = s->trace.hop_room = 3;
	s->trace.fields = 2;
}

static inline void
sample_evidence(struct sample *s)
{
	s->trace.evidence[0] = (struct mt_evidence){ .code = "helo.mismatch", .strength = MT_STRONG,
	    .text = MT_SPAN("the client calls itself miho.example, and that name leads to 203.0.113.6, not to 192.0.2.7"),
	    .hop = 3, .facts = 1u << MT_FACT_HELO };
	s->trace.evidence[1] = (struct mt_evidence){ .code = "ptr.temperror", .strength = MT_MEDIUM,
	    .text = MT_SPAN("no name server answered for 192.0.2.7"), .facts = 1u << MT_FACT_PTR | 1u << MT_FACT_IPREV };
	s->trace.nevidence = 2;
}

/* A client whose reverse zone does not answer and whose HELO name is another machine. */
static inline void
sample_message(struct sample *s)
{
	static const char *const reasons[] = { "hop 2 was written by a server of ours", "hop 1 fits hop 2" };

	sample_nothing(s);
	s->peer = (struct mt_peer){ .known = true, .ip = sample_ip("192.0.2.7"), .port = 4711 };
	s->peer.helo = (struct mt_helo){ .name = MT_SPAN("miho.example"), .naddresses = 1,
	    .addresses = { sample_ip("203.0.113.6") } };
	s->trace.peer = &s->peer;
	s->trace.facts.fact[MT_FACT_PTR] = (struct mt_fact){ MT_TEMPERROR, MT_CAUSE_TIMEOUT, 3000 };
	s->trace.facts.fact[MT_FACT_IPREV] = (struct mt_fact){ MT_TEMPERROR, MT_CAUSE_TIMEOUT, 3000 };
	s->trace.facts.fact[MT_FACT_HELO] = (struct mt_fact){ MT_MISMATCH, MT_CAUSE_NONE, 12 };
	s->trace.facts.fact[MT_FACT_CHAIN] = (struct mt_fact){ .result = MT_PASS };
	s->trace.facts.fact[MT_FACT_AUTHENTICATED] = (struct mt_fact){ .result = MT_NO };
	sample_hops(s);
	sample_evidence(s);
	s->trace.received_msec = INT64_C(1428570001000);
	s->trace.traced_msec = INT64_C(1428570004004);
	s->trace.duration_msec = 3004;
	s->trace.file = MT_SPAN("spam.eml");
	s->trace.offset = 0;
	s->trace.queue_id = MT_SPAN("4ABC");
	s->trace.sender = MT_SPAN("bob@foo.example");
	s->trace.sender_known = true;
	s->trace.nrecipients = s->trace.recipients_seen = 1;
	s->trace.boundary = (struct mt_boundary){ 2, sample_ip("192.0.2.7"), "hop 2 is the oldest that a server of ours wrote" };
	s->trace.origin = (struct mt_origin){ sample_ip("192.0.2.7"), 2, sample_ip("192.0.2.7"), 2, 90, reasons, 2 };
	s->trace.verdict = (struct mt_verdict){ .decided = true, .level = MT_LEVEL_SUSPICIOUS,
	    .mode = MT_MODE_MONITOR, .stage = MT_STAGE_EOM, .action = MT_ACCEPT, .would = MT_TEMPFAIL,
	    .rule = MT_SPAN("no-answer"), .code = 451, .xcode = MT_SPAN("4.7.25"),
	    .text = MT_SPAN("192.0.2.7: no answer from reverse DNS"),
	    .summary = "the name given in HELO is another machine, and reverse DNS did not answer" };
}

static inline void
sample_lists(struct sample *s)
{
	s->codes[0] = sample_ip("127.0.0.2");
	s->codes[1] = sample_ip("127.0.0.10");
	s->list_names[0] = MT_SPAN("sbl");
	s->list_names[1] = MT_SPAN("pbl");
	s->list_classes[0] = MT_SPAN("spam");
	s->listings[0] = (struct mt_listing){ .zone = MT_SPAN("zen.example"), .ip = sample_ip("192.0.2.7"), .result = MT_LISTED,
	    .codes = s->codes, .ncodes = 2, .names = s->list_names, .classes = s->list_classes, .nnames = 2 };
	s->listings[1] = (struct mt_listing){ .zone = MT_SPAN("dead.example"), .ip = sample_ip("192.0.2.7"), .result = MT_TEMPERROR,
	    .cause = MT_CAUSE_TIMEOUT };
	s->listings[2] = (struct mt_listing){ .zone = MT_SPAN("wl.example"), .hop = 1, .ip = sample_ip("198.51.100.9"),
	    .result = MT_CLEAN, .allow = true };
	s->trace.checks.lists = (struct mt_listings){ .fact = { .result = MT_LISTED }, .listing = s->listings, .count = 3 };
}

static inline void
sample_relay(struct sample *s)
{
	s->trace.relay = (struct mt_relay){ .result = MT_OPEN, .hop = 2, .ip = sample_ip("192.0.2.7"),
	    .origin = sample_ip("198.51.100.9"), .findings = {
	    { MT_YES, MT_SPAN("miho.example passed on what 198.51.100.9 sent") },
	    { MT_YES, MT_SPAN("its client was neither a user nor of the same house") },
	    { MT_NO, MT_SPAN("it serves nobody here") }, { MT_TEMPERROR, MT_SPAN("nothing vouches for it") } } };
	s->trace.verdict.relay = MT_OPEN;
}

/* Where hop 1 and the client are. */
static inline void
sample_places(struct sample *s)
{
	s->places[0] = (struct mt_location){ .country = "GB", .city = MT_SPAN("Leeds"), .asn = 64501,
	    .as_name = MT_SPAN("Example Telecom"), .located = true, .latitude = 53.5, .longitude = -1.25, .radius_km = 20,
	    .network = sample_ip("198.51.100.0"), .network_bits = 24 };
	s->places[1] = (struct mt_location){ .country = "US", .city = MT_SPAN("San Jose"), .asn = 64500,
	    .as_name = MT_SPAN("Evernet Hosting") };
	s->hops[0].location = &s->places[0];
	s->hops[1].location = s->hops[2].location = s->peer.location = &s->places[1];
	s->sources[0] = (struct mt_trace_source){ MT_SPAN("GeoLite2-City"), INT64_C(1428451200), "some licence" };
	s->sources[1] = (struct mt_trace_source){ .name = MT_SPAN("Own-ASN") };
	s->trace.sources = s->sources;
	s->trace.nsources = 2;
}

/* And who vouches for the sender of it: nearly nobody. */
static inline void
sample_checks(struct sample *s)
{
	struct mt_fact *fact = s->trace.facts.fact;

	sample_lists(s);
	sample_relay(s);
	s->signatures[0] = (struct mt_signature){ .result = MT_FAIL, .domain = MT_SPAN("foo.example"), .selector = MT_SPAN("s1"),
	    .algorithm = MT_SPAN("rsa-sha256"), .identity = MT_SPAN("@foo.example"), .b = MT_SPAN("AbCdEf12"),
	    .why = MT_SPAN("the body was changed"), .key_bits = 2048, .testing = true, .partial = true };
	s->signatures[1] = (struct mt_signature){ .result = MT_TEMPERROR, .cause = MT_CAUSE_SERVFAIL,
	    .domain = MT_SPAN("esp.example"), .why = MT_SPAN("the key could not be asked for") };
	s->seals[0] = (struct mt_arc_set){ 1, MT_SPAN("list.example"), MT_SPAN("mx.list.example"), sample_ip("2001:db8::9") };
	s->seals[1] = (struct mt_arc_set){ .instance = 2, .sealer = MT_SPAN("miho.example") };
	s->trace.checks.signatures = s->signatures;
	s->trace.checks.nsignatures = 2;
	s->trace.checks.dkim = (struct mt_fact){ MT_TEMPERROR, MT_CAUSE_SERVFAIL, 0 };
	s->trace.checks.spf_mailfrom = (struct mt_spf){ .result = MT_SOFTFAIL, .msec = 7, .domain = MT_SPAN("foo.example"),
	    .mechanism = MT_SPAN("~all"), .lookups = 3, .voids = 1 };
	s->trace.checks.spf_helo = (struct mt_spf){ .result = MT_PERMERROR, .domain = MT_SPAN("miho.example"),
	    .why = MT_SPAN("two records") };
	s->trace.checks.arc = (struct mt_arc){ .result = MT_FAIL, .why = MT_SPAN("seal 2 does not fit"), .oldest_pass = 1,
	    .sets = s->seals, .nsets = 2 };
	s->trace.checks.dmarc = (struct mt_dmarc){ .result = MT_FAIL, .domain = MT_SPAN("foo.example"),
	    .record_domain = MT_SPAN("foo.example"), .policy = "reject", .spf_aligned = true,
	    .why = MT_SPAN("neither SPF nor DKIM speaks for the author's domain") };
	s->trace.checks.history = (struct mt_history){ .result = MT_BAD, .first_sec = INT64_C(1425900000),
	    .last_sec = INT64_C(1428569999), .seen = 12, .good = 2, .bad = 9, .origins = 4, .senders = 3 };
	sample_places(s);
	fact[MT_FACT_HISTORY].result = MT_BAD;
	fact[MT_FACT_SPF] = (struct mt_fact){ MT_SOFTFAIL, MT_CAUSE_NONE, 7 };
	fact[MT_FACT_SPF_HELO].result = MT_PERMERROR;
	fact[MT_FACT_DKIM] = s->trace.checks.dkim;
	fact[MT_FACT_ARC].result = fact[MT_FACT_DMARC].result = MT_FAIL;
	fact[MT_FACT_DNSBL].result = MT_LISTED;
	fact[MT_FACT_RELAY].result = MT_OPEN;
}

/* What must not come through: line ends, NUL, ESC and C1, quotes, what ends a parameter or
 * a comment, text that turns its direction, bytes that are no UTF-8, what means something
 * to the grammar of ours, the empty text and text without end. */
static inline struct mt_span
sample_hostile(size_t i)
{
	static char quotes[3000], letters[70000], bytes[256];
	static const struct mt_span list[] = {
		MT_SPAN("a\r\nBcc: eve@example.net\r\n\r\nbody"), MT_SPAN("\0nul\0"),
		MT_SPAN("\033]0;title\007\033[2J\033[31m"), MT_SPAN("\xc2\x9b" "2J\x9b" "2J\x7f"),
		MT_SPAN("\"; action=accept; x=\""), MT_SPAN("\\"), MT_SPAN("\\\""), MT_SPAN("a\\x41"),
		MT_SPAN("=?utf-8?q?a?="), MT_SPAN("(((("), MT_SPAN("\xe2\x80\xaegpj.exe"), MT_SPAN("\xff\xfe\xc0\xaf\xed\xa0\x80"),
		MT_SPAN("-"), MT_SPAN("..."), MT_SPAN(""), MT_SPAN("caf\xc3\xa9 \xf0\x9f\x93\xa7"), MT_SPAN("\xf0\x9f"),
		MT_SPAN("</script><b>"), MT_SPAN("%s%n%{id}"), MT_SPAN(" \t "), MT_SPAN("a=b c,d"),
	};
	size_t count = sizeof list / sizeof *list;

	for (size_t b = 0; b < sizeof bytes; b++)
		bytes[b] = (char)b;
	memset(quotes, '"', sizeof quotes);
	memset(letters, 'a', sizeof letters);
	if (i < count)
		return list[i];
	if (i == count)
		return (struct mt_span){ bytes, sizeof bytes };
	if (i == count + 1)
		return (struct mt_span){ quotes, sizeof quotes };
	if (i == count + 2)
		return (struct mt_span){ letters, sizeof letters };
	return MT_ABSENT;
}

/* The last index of sample_hostile() that holds anything. */
#define SAMPLE_HOSTILE 24

static inline void
sample_poison_checks(struct sample *s, struct mt_span text)
{
	struct mt_checks *checks = &s->trace.checks;

	sample_checks(s);
	for (size_t i = 0; i < 2; i++) {
		struct mt_signature *signature = &s->signatures[i];

		signature->domain = signature->selector = signature->algorithm = text;
		signature->identity = signature->b = signature->why = text;
		s->seals[i].sealer = s->seals[i].authserv_id = text;
		s->list_names[i] = s->list_classes[i] = text;
	}
	for (size_t i = 0; i < 3; i++)
		s->listings[i].zone = text;
	for (size_t i = 0; i < MT_RELAY_STEPS; i++)
		s->trace.relay.findings[i].text = text;
	checks->spf_mailfrom.domain = checks->spf_mailfrom.mechanism = checks->spf_mailfrom.why = text;
	checks->spf_helo.domain = checks->spf_helo.mechanism = checks->spf_helo.why = text;
	for (size_t i = 0; i < 2; i++)
		s->places[i].city = s->places[i].as_name = s->sources[i].name = text;
	s->sources[1].built_sec = checks->history.first_sec = INT64_MAX;
	checks->history.last_sec = s->sources[0].built_sec = INT64_MIN;
	checks->arc.why = checks->dmarc.domain = checks->dmarc.record_domain = checks->dmarc.why = text;
}

/* Rules that ended nothing, a deferral without a rule, recipients that were refused. */
static inline void
sample_noted(struct sample *s)
{
	s->trace.verdict.tags = (struct mt_notes){ { { MT_SPAN("t1"), MT_TAG }, { MT_SPAN("t2"), MT_TAG } }, 2, true };
	s->trace.verdict.rehearsed = (struct mt_notes){ { { MT_SPAN("d"), MT_REJECT } }, 1, false };
	s->trace.verdict.rule = MT_ABSENT;
	s->trace.verdict.reason = "on-deadline";
	s->trace.refused = 3;
	s->trace.refusals = (struct mt_notes){ { { MT_SPAN("rdns"), MT_REJECT }, { MT_SPAN("no-relay"), MT_TEMPFAIL } }, 2,
	    false };
}

/* That text in every span of a trace. */
static inline void
sample_poison(struct sample *s, struct mt_span text)
{
	sample_message(s);
	sample_poison_checks(s, text);
	for (size_t i = 0; i < s->trace.nhops; i++) {
		struct mt_hop *hop = &s->hops[i];

		hop->from.helo = hop->from.rdns = hop->from.ident = hop->by = hop->via = hop->with = text;
		hop->id = hop->recipient = hop->sender = hop->tls = hop->auth = hop->raw = text;
	}
	s->hops[1].kind = MT_HOP_UNPARSED;
	s->hops[0].delay_sec = INT64_MIN;
	s->hops[0].has_delay = true;
	s->hops[1].delay_sec = INT64_MAX;
	s->names[0] = (struct mt_ptr_name){ .name = text, .asked = true, .answered = true, .forward = MT_FAIL };
	s->names[1] = (struct mt_ptr_name){ .name = text };
	s->peer.iprev.names = s->names;
	s->peer.iprev.nnames = 2;
	s->peer.helo.name = s->peer.helo.changed_from = s->peer.tls = s->peer.auth = s->peer.server = text;
	s->trace.file = s->trace.queue_id = s->trace.sender = s->trace.verdict.rule = s->trace.verdict.exempt = text;
	s->trace.verdict.text = text;
	sample_noted(s);
	s->trace.verdict.reason = NULL;
	s->trace.verdict.rule = text;
	s->trace.verdict.tags.note[1].rule = s->trace.verdict.rehearsed.note[0].rule = text;
	s->trace.refusals.note[0].rule = text;
	for (size_t i = 0; i < s->trace.nevidence; i++)
		s->trace.evidence[i].text = text;
	s->trace.errors[0] = (struct mt_trace_error){ "arena", "full", text };
	s->trace.nerrors = 1;
}

/* A sink that keeps everything in a growing block; sample_text() ends it with a NUL. */
struct sample_sink {
	char *ptr;
	size_t len, room;
	unsigned calls, stop_at;	/* stop_at: the call that says stop; 0: none */
};

static inline int
sample_take(void *ctx, const char *bytes, size_t len)
{
	struct sample_sink *sink = ctx;

	if (++sink->calls == sink->stop_at)
		return 1;
	if (sink->room - sink->len <= len) {
		sink->room = 2 * (sink->room + len) + 64;
		sink->ptr = realloc(sink->ptr, sink->room);
		if (sink->ptr == NULL)
			abort();
	}
	memcpy(sink->ptr + sink->len, bytes, len);
	sink->len += len;
	sink->ptr[sink->len] = '\0';
	return 0;
}

static inline void
sample_sink_free(struct sample_sink *sink)
{
	free(sink->ptr);
	*sink = (struct sample_sink){ 0 };
}

/* Whether text is what a file below tests/data/render holds, with our version for
 * "@VERSION@".  MT_WRITE_EXPECTED=1 in the environment writes the file anew instead. */
static inline bool
sample_expected(const char *name, const struct sample_sink *sink)
{
	const char *top = getenv("top_srcdir"), *version = mt_version(), *at;
	char path[4096], *whole;
	size_t len, done = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/tests/data/render/%s", top == NULL ? "." : top, name);
	at = sink->len == 0 ? NULL : strstr(sink->ptr, version);
	if (at == NULL)
		return false;
	if (getenv("MT_WRITE_EXPECTED") != NULL && (file = fopen(path, "w")) != NULL) {
		fprintf(file, "%.*s@VERSION@%s", (int)(at - sink->ptr), sink->ptr, at + strlen(version));
		return fclose(file) == 0;
	}
	if ((whole = malloc(sink->len + 64)) == NULL || (file = fopen(path, "r")) == NULL)
		abort();
	len = (size_t)snprintf(whole, sink->len + 64, "%.*s@VERSION@%s", (int)(at - sink->ptr), sink->ptr,
	    at + strlen(version));
	while (done < len && fgetc(file) == (unsigned char)whole[done])
		done++;
	if (done == len && fgetc(file) == EOF)
		len = 0;
	fclose(file);
	free(whole);
	return len == 0;
}

#endif
