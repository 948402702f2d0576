/* SPDX-License-Identifier: BSD-2-Clause */
/* The log line in both spellings: its exact text, and that it is one line whatever is in it. */
#include <jansson.h>

#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static void plain(struct sample *s) { (void)s; }
static void nothing(struct sample *s) { sample_nothing(s); }
static void checks(struct sample *s) { sample_checks(s); }
static void no_queue_id(struct sample *s) { s->trace.queue_id = MT_ABSENT; }
static void null_sender(struct sample *s) { s->trace.sender = MT_SPAN(""); }
static void srs_sender(struct sample *s) { s->trace.sender = MT_SPAN("SRS0=a=b@c.example"); }
static void enforced(struct sample *s)
{
	s->trace.verdict.mode = MT_MODE_ENFORCE;
	s->trace.verdict.action = s->trace.verdict.would = MT_REJECT;
	s->trace.verdict.stage = MT_STAGE_RCPT;
	s->trace.verdict.exempt = MT_SPAN("our partners");
	s->peer.auth = MT_SPAN("anna");
	s->peer.ip = sample_ip("2001:db8::7");
	s->trace.recipients_seen = 120;
	s->trace.nevidence = 0;
}
static void quoting(struct sample *s)
{
	s->peer.helo.name = MT_SPAN("a b");
	s->peer.auth = MT_SPAN("-");
	s->trace.verdict.rule = MT_SPAN("say \"no\"\\");
	s->trace.queue_id = MT_SPAN("4 \n");
}
static void noted(struct sample *s) { sample_noted(s); }

#define ID "01J00000000000000000000000"

static const struct {
	const char *name;
	void (*change)(struct sample *s);
	const char *text, *json;
} cases[] = {
	{ "a message", plain,
	    "4ABC: trace client=192.0.2.7 helo=miho.example ptr=temperror iprev=temperror helo-check=mismatch auth=- spf=unknown "
	    "dkim=unknown arc=unknown dmarc=unknown dnsbl=unknown relay=unknown history=unknown "
	    "from=<bob@foo.example> nrcpt=1 hops=3 trusted=2 level=suspicious rule=no-answer action=accept would=tempfail "
	    "mode=monitor stage=eom exempt=- origin=192.0.2.7 evidence=helo.mismatch,ptr.temperror ms=3004 id=" ID,
	    "{\"queue_id\":\"4ABC\",\"client\":\"192.0.2.7\",\"helo\":\"miho.example\",\"ptr\":\"temperror\",\"iprev\":\"temperror\","
	    "\"helo-check\":\"mismatch\",\"auth\":null,"
	    "\"spf\":\"unknown\",\"dkim\":\"unknown\",\"arc\":\"unknown\",\"dmarc\":\"unknown\",\"dnsbl\":\"unknown\",\"relay\":\"unknown\",\"history\":\"unknown\","
	    "\"from\":\"<bob@foo.example>\",\"nrcpt\":1,\"hops\":3,\"trusted\":2,"
	    "\"level\":\"suspicious\",\"rule\":\"no-answer\",\"action\":\"accept\",\"would\":\"tempfail\",\"mode\":\"monitor\","
	    "\"stage\":\"eom\",\"exempt\":null,\"origin\":\"192.0.2.7\",\"evidence\":[\"helo.mismatch\",\"ptr.temperror\"],"
	    "\"ms\":3004,\"id\":\"" ID "\"}" },
	{ "nothing", nothing,
	    "NOQUEUE: trace client=- helo=- ptr=unknown iprev=unknown helo-check=unknown auth=- spf=unknown "
	    "dkim=unknown arc=unknown dmarc=unknown dnsbl=unknown relay=unknown history=unknown from=- nrcpt=0 hops=0 "
	    "trusted=0 level=unverified rule=- action=accept would=accept mode=off stage=connect exempt=- origin=- evidence=- "
	    "ms=0 id=" ID,
	    "{\"queue_id\":null,\"client\":null,\"helo\":null,\"ptr\":\"unknown\",\"iprev\":\"unknown\",\"helo-check\":\"unknown\","
	    "\"auth\":null,"
	    "\"spf\":\"unknown\",\"dkim\":\"unknown\",\"arc\":\"unknown\",\"dmarc\":\"unknown\",\"dnsbl\":\"unknown\",\"relay\":\"unknown\",\"history\":\"unknown\","
	    "\"from\":null,\"nrcpt\":0,\"hops\":0,\"trusted\":0,\"level\":\"unverified\",\"rule\":null,"
	    "\"action\":\"accept\",\"would\":\"accept\",\"mode\":\"off\",\"stage\":\"connect\",\"exempt\":null,\"origin\":null,"
	    "\"evidence\":[],\"ms\":0,\"id\":\"" ID "\"}" },
	{ "no queue id", no_queue_id, "NOQUEUE: trace client=192.0.2.7 ", "{\"queue_id\":null,\"client\"" },
	{ "the null sender", null_sender, " from=<> nrcpt=1 ", "\"from\":\"<>\",\"nrcpt\":1" },
	{ "a sender with =", srs_sender, " from=\"<SRS0=a=b@c.example>\" ", "\"from\":\"<SRS0=a=b@c.example>\"" },
	{ "a refusal", enforced, " level=suspicious rule=no-answer action=reject would=reject mode=enforce stage=rcpt "
	    "exempt=\"our partners\" origin=192.0.2.7 evidence=- ", "\"would\":\"reject\",\"mode\":\"enforce\",\"stage\":\"rcpt\","
	    "\"exempt\":\"our partners\"" },
	{ "user, IPv6, recipients", enforced, "client=2001:db8::7 helo=miho.example ptr=temperror iprev=temperror "
	    "helo-check=mismatch auth=anna spf=unknown dkim=unknown arc=unknown dmarc=unknown dnsbl=unknown relay=unknown history=unknown "
	    "from=<bob@foo.example> nrcpt=120 ", "\"client\":\"2001:db8::7\"" },
	{ "who vouches for the sender", checks, " auth=- spf=softfail dkim=temperror arc=fail dmarc=fail dnsbl=listed relay=open history=bad from=<",
	    ",\"spf\":\"softfail\",\"dkim\":\"temperror\",\"arc\":\"fail\",\"dmarc\":\"fail\",\"dnsbl\":\"listed\","
	    "\"relay\":\"open\",\"history\":\"bad\",\"from\":" },
	{ "what was noted, and who was refused", noted, " rule=- action=accept would=tempfail mode=monitor stage=eom exempt=- "
	    "reason=on-deadline tags=t1,t2,... dry-run=d:reject refused=3 refused-rule=rdns,no-relay origin=192.0.2.7 ",
	    ",\"exempt\":null,\"reason\":\"on-deadline\",\"tags\":[\"t1\",\"t2\",\"...\"],\"dry-run\":[\"d:reject\"],"
	    "\"refused\":3,\"refused-rule\":[\"rdns\",\"no-relay\"],\"origin\":" },
	{ "quoting", quoting, "\"4 \\x0a\": trace client=192.0.2.7 helo=\"a b\" ptr=temperror iprev=temperror "
	    "helo-check=mismatch auth=\"-\" ", "{\"queue_id\":\"4 \\u000a\"" },
	{ "quoting of quotes", quoting, " rule=\"say \\\"no\\\"\\\\\" ", "\"rule\":\"say \\\"no\\\"\\\\\"" },
};

/* Cases that are not whole lines are looked for inside. */
static bool
says(const struct sample_sink *sink, const char *want)
{
	bool whole = strstr(want, "\"id\":") != NULL || strstr(want, " id=") != NULL;

	return whole ? strcmp(sink->ptr, want) == 0 : strstr(sink->ptr, want) != NULL;
}

static void
exact(struct sample *s)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int json = 0; json < 2; json++) {
			struct sample_sink sink = { 0 };
			int error;

			sample_message(s);
			cases[i].change(s);
			error = mt_render_logline(&s->trace, json, sample_take, &sink);
			if (!tap_ok(error == MT_OK && says(&sink, json ? cases[i].json : cases[i].text), "%s%s", cases[i].name,
			    json ? ", JSON" : ""))
				tap_note("got %s", sink.ptr);
			sample_sink_free(&sink);
		}
	}
}

/* Splits at spaces outside quotes; the number of key=value fields, 0 if it is ill-formed. */
static size_t
count_fields(const char *at)
{
	size_t fields = 0;

	while (*at != '\0') {
		bool equals = false;

		for (; *at != ' ' && *at != '\0'; at++) {
			equals |= *at == '=';
			if (*at != '"')
				continue;
			for (at++; *at != '"'; at++) {
				if (*at == '\\')
					at++;
				if (*at == '\0')
					return 0;
			}
			if (at[1] != ' ' && at[1] != '\0' && at[1] != ':')
				return 0;
		}
		fields += equals;
		at += *at == ' ';
	}
	return fields;
}

static bool
printable(const struct sample_sink *sink)
{
	for (size_t i = 0; i < sink->len; i++)
		if (sink->ptr[i] < ' ' || sink->ptr[i] > '~')
			return false;
	return sink->len > 0;
}

static void
hostile(struct sample *s)
{
	size_t fields;
	struct sample_sink sink = { 0 };

	sample_message(s);
	mt_render_logline(&s->trace, false, sample_take, &sink);
	tap_ok(count_fields(sink.ptr) == 28, "a plain line has 28 fields");
	sample_sink_free(&sink);
	sample_noted(s);
	s->trace.verdict.reason = NULL;
	mt_render_logline(&s->trace, false, sample_take, &sink);
	fields = count_fields(sink.ptr);
	sample_sink_free(&sink);
	tap_ok(fields == 32, "and four more where there is more to tell");
	for (size_t i = 0; i < SAMPLE_HOSTILE; i++) {
		json_t *read;

		sample_poison(s, sample_hostile(i));
		tap_ok(mt_render_logline(&s->trace, false, sample_take, &sink) == MT_OK && printable(&sink) && sink.len < 8192,
		    "hostile %zu: one printable line", i);
		tap_ok(count_fields(sink.ptr) == fields, "hostile %zu: no field more or less", i);
		sample_sink_free(&sink);
		tap_ok(mt_render_logline(&s->trace, true, sample_take, &sink) == MT_OK && printable(&sink),
		    "hostile %zu: one printable line of JSON", i);
		read = json_loadb(sink.ptr, sink.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		tap_ok(json_object_size(read) == fields + 1, "hostile %zu: as many keys", i);
		json_decref(read);
		sample_sink_free(&sink);
	}
}

int
main(void)
{
	static struct sample sample;
	struct sample_sink stop = { .stop_at = 1 };

	exact(&sample);
	hostile(&sample);
	sample_message(&sample);
	tap_ok(mt_render_logline(&sample.trace, false, sample_take, &stop) == MT_EIO, "a sink that stops is told of");
	return tap_done();
}
