/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON report: read back, it says what the trace says, whatever bytes were in it.
 * With the argument --dump it prints its reports, one a line, for schema.py. */
#include <jansson.h>

#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static json_t *
read_back(const struct sample *s, bool pretty)
{
	struct sample_sink sink = { 0 };
	json_t *root = NULL;

	if (mt_render_json(&s->trace, pretty, sample_take, &sink) == MT_OK)
		root = json_loadb(sink.ptr, sink.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	sample_sink_free(&sink);
	return root;
}

/* A value by its path: "hops.1.from.ip". */
static const json_t *
at(const json_t *value, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, ".");
		char key[64];

		snprintf(key, sizeof key, "%.*s", (int)len, path);
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key)) : json_object_get(value, key);
		path += len + (path[len] == '.');
	}
	return value;
}

static void plain(struct sample *s) { (void)s; }
static void nothing(struct sample *s) { sample_nothing(s); }
static void skipped(struct sample *s)
{
	s->trace.facts.fact[MT_FACT_PTR] = (struct mt_fact){ .result = MT_SKIPPED, .cause = MT_CAUSE_OFFLINE };
}
static void names(struct sample *s)
{
	s->names[0] = (struct mt_ptr_name){ .name = MT_SPAN("a\xff.example"), .asked = true, .forward = MT_TEMPERROR,
	    .cause = MT_CAUSE_SERVFAIL };
	s->names[1] = (struct mt_ptr_name){ .name = MT_SPAN("b.example") };
	s->peer.iprev.names = s->names;
	s->peer.iprev.nnames = 2;
}
static void hostile_name(struct sample *s) { s->peer.helo.name = MT_SPAN("a\0\"\xe9\x1b\xc3\xa9"); }
static void checks(struct sample *s) { sample_checks(s); }
static void located(struct sample *s)
{
	static const struct mt_location leeds = { .country = "GB", .city = { "Leeds", 5 }, .located = true, .latitude = 53.5,
		.longitude = -1.25, .radius_km = 20, .asn = 64500, .as_name = { "EXAMPLE-AS", 10 },
		.network = { 4, { 192, 0, 2 } }, .network_bits = 24 };

	s->hops[1].location = s->peer.location = &leeds;
}
static void part_of_memory(struct sample *s)
{
	s->trace.checks.history = (struct mt_history){ .result = MT_BAD, .cause = MT_CAUSE_BREAKER, .seen = 3, .bad = 3 };
}
static void new_client(struct sample *s) { s->trace.checks.history.result = MT_NEW; }
static void no_memory_asked(struct sample *s)
{
	s->trace.checks.history = (struct mt_history){ .result = MT_SKIPPED, .cause = MT_CAUSE_BREAKER };
}
static void bare_reply(struct sample *s) { s->trace.verdict.xcode = s->trace.verdict.text = MT_ABSENT; }
static void offset(struct sample *s) { s->trace.offset = INT64_C(5000000000); }
static void trouble(struct sample *s)
{
	s->trace.errors[0] = (struct mt_trace_error){ "arena", "full", MT_SPAN("x") };
	s->trace.nerrors = 1;
}

static const struct {
	const char *name;
	void (*change)(struct sample *s);
	const char *path;
	const char *want;		/* as JSON */
} cases[] = {
	{ "schema", plain, "schema", "\"mailtrace/1\"" },
	{ "id", plain, "id", "\"01J00000000000000000000000\"" },
	{ "file", plain, "input", "{\"file\": \"spam.eml\", \"offset\": 0, \"queue_id\": \"4ABC\"}" },
	{ "offset over 4 GiB", offset, "input.offset", "5000000000" },
	{ "time", plain, "time", "{\"received\": \"2015-04-09T09:00:01.000Z\", \"traced\": \"2015-04-09T09:00:04.004Z\", "
	    "\"duration_ms\": 3004}" },
	{ "mode", plain, "mode", "\"monitor\"" },
	{ "verdict", plain, "verdict.level", "\"suspicious\"" },
	{ "origin proved", plain, "origin.proved", "{\"ip\": \"192.0.2.7\", \"hop\": 2}" },
	{ "origin's reasons", plain, "origin.reasons", "[\"hop 2 was written by a server of ours\", \"hop 1 fits hop 2\"]" },
	{ "origin's name", names, "origin.ptr", "\"a\\ufffd.example\"" },
	{ "geo is null", plain, "client.geo", "{\"country\": null, \"city\": null, \"lat\": null, \"lon\": null, "
	    "\"radius_km\": null, \"asn\": null, \"as_name\": null, \"network\": null}" },
	{ "client", plain, "client.port", "4711" },
	{ "any byte", hostile_name, "client.helo", "\"a\\u0000\\\"\\ufffd\\u001b\\u00e9\"" },
	{ "boundary", plain, "boundary", "{\"hop\": 2, \"ip\": \"192.0.2.7\", "
	    "\"reason\": \"hop 2 is the oldest that a server of ours wrote\"}" },
	{ "hop's number", plain, "hops.1.n", "2" },
	{ "hop's from", plain, "hops.1.from", "{\"helo\": \"miho.example\", \"rdns\": \"host7.example.net\", "
	    "\"ip\": \"192.0.2.7\", \"ident\": \"root\"}" },
	{ "hop's address", plain, "hops.1.by_ip", "\"2001:db8::25\"" },
	{ "hop's recipient", plain, "hops.1.for", "\"anna@example.org\"" },
	{ "hop's date in its zone", plain, "hops.1.date", "\"2015-04-09T10:00:01+01:00\"" },
	{ "hop's delay", plain, "hops.1.delay_s", "1" },
	{ "hop without a delay", plain, "hops.0.delay_s", "null" },
	{ "hop's link", plain, "hops.0.link", "\"plausible\"" },
	{ "newest hop's link", plain, "hops.2.link", "null" },
	{ "hop's flags", plain, "hops.0.flags", "[\"bracketed\", \"date-odd\"]" },
	{ "hop's raw bytes", plain, "hops.1.raw", "\"from miho.example (host7.example.net [192.0.2.7])\"" },
	{ "the live hop", plain, "hops.2.flags", "[\"live\"]" },
	{ "hop's absent parts", plain, "hops.0.tls", "null" },
	{ "ptr", plain, "checks.ptr", "{\"state\": \"temperror\", \"names\": [], \"cause\": \"timeout\", \"ms\": 3000}" },
	{ "ptr not asked", skipped, "checks.ptr", "{\"state\": \"skipped\", \"reason\": \"offline\", \"names\": [], "
	    "\"cause\": \"offline\", \"ms\": 0}" },
	{ "ptr's names", names, "checks.ptr.names", "[\"a\\ufffd.example\", \"b.example\"]" },
	{ "iprev's names", names, "checks.iprev.names", "[{\"name\": \"a\\ufffd.example\", \"state\": \"temperror\", "
	    "\"cause\": \"servfail\"}, {\"name\": \"b.example\", \"state\": \"skipped\", \"cause\": null}]" },
	{ "helo", plain, "checks.helo.addresses", "[\"203.0.113.6\"]" },
	{ "a check that nobody asked for", plain, "checks.spf.helo", "{\"state\": \"skipped\", \"reason\": \"not-needed\", "
	    "\"domain\": null, \"cause\": null, \"mechanism\": null, \"why\": null, \"lookups\": 0, \"voids\": 0}" },
	{ "spf", checks, "checks.spf.mailfrom", "{\"state\": \"softfail\", \"domain\": \"foo.example\", \"cause\": null, "
	    "\"mechanism\": \"~all\", \"why\": null, \"lookups\": 3, \"voids\": 1}" },
	{ "spf of HELO", checks, "checks.spf.helo", "{\"state\": \"permerror\", \"domain\": \"miho.example\", \"cause\": null, "
	    "\"mechanism\": null, \"why\": \"two records\", \"lookups\": 0, \"voids\": 0}" },
	{ "no signature", plain, "checks.dkim", "[]" },
	{ "dkim", checks, "checks.dkim.0", "{\"state\": \"fail\", \"domain\": \"foo.example\", \"selector\": \"s1\", "
	    "\"algorithm\": \"rsa-sha256\", \"identity\": \"@foo.example\", \"cause\": null, \"why\": \"the body was changed\", "
	    "\"key_bits\": 2048, \"testing\": true, \"partial\": true, \"dnssec\": false}" },
	{ "dkim, no key", checks, "checks.dkim.1", "{\"state\": \"temperror\", \"domain\": \"esp.example\", \"selector\": null, "
	    "\"algorithm\": null, \"identity\": null, \"cause\": \"servfail\", \"why\": \"the key could not be asked for\", "
	    "\"key_bits\": null, \"testing\": false, \"partial\": false, \"dnssec\": false}" },
	{ "arc", checks, "checks.arc", "{\"state\": \"fail\", \"instance\": 2, \"sealer\": \"miho.example\", \"cause\": null, "
	    "\"why\": \"seal 2 does not fit\", \"partial\": false, \"oldest_pass\": 1, \"sets\": [{\"instance\": 1, \"sealer\": \"list.example\", "
	    "\"authserv_id\": \"mx.list.example\", \"remote_ip\": \"2001:db8::9\"}, {\"instance\": 2, "
	    "\"sealer\": \"miho.example\", \"authserv_id\": null, \"remote_ip\": null}]}" },
	{ "arc, not asked for", plain, "checks.arc", "{\"state\": \"skipped\", \"reason\": \"not-needed\", \"instance\": null, "
	    "\"sealer\": null, \"cause\": null, \"why\": null, \"partial\": false, \"oldest_pass\": null, \"sets\": []}" },
	{ "dmarc", checks, "checks.dmarc", "{\"state\": \"fail\", \"domain\": \"foo.example\", \"policy\": \"reject\", "
	    "\"cause\": null, \"why\": \"neither SPF nor DKIM speaks for the author's domain\", "
	    "\"record_domain\": \"foo.example\", \"spf_aligned\": true, \"dkim_aligned\": false}" },
	{ "a listing", checks, "checks.dnsbl.0", "{\"state\": \"listed\", \"zone\": \"zen.example\", "
	    "\"codes\": [\"127.0.0.2\", \"127.0.0.10\"], \"names\": [\"sbl\", \"pbl\"], \"classes\": [\"spam\", null], "
	    "\"cause\": null, \"hop\": null, \"ip\": \"192.0.2.7\", \"allow\": false}" },
	{ "a list that does not answer", checks, "checks.dnsbl.1", "{\"state\": \"temperror\", \"zone\": \"dead.example\", "
	    "\"codes\": [], \"names\": [], \"classes\": [], \"cause\": \"timeout\", \"hop\": null, \"ip\": \"192.0.2.7\", "
	    "\"allow\": false}" },
	{ "a list of good ones, of a hop", checks, "checks.dnsbl.2", "{\"state\": \"clean\", \"zone\": \"wl.example\", "
	    "\"codes\": [], \"names\": [], \"classes\": [], \"cause\": null, \"hop\": 1, \"ip\": \"198.51.100.9\", "
	    "\"allow\": true}" },
	{ "relay", checks, "relay", "{\"state\": \"open\", \"ip\": \"192.0.2.7\", \"origin\": \"198.51.100.9\", \"hop\": 2, "
	    "\"steps\": [{\"step\": \"E1\", \"holds\": \"yes\", \"text\": \"miho.example passed on what 198.51.100.9 sent\"}, "
	    "{\"step\": \"E2\", \"holds\": \"yes\", \"text\": \"its client was neither a user nor of the same house\"}, "
	    "{\"step\": \"E3\", \"holds\": \"no\", \"text\": \"it serves nobody here\"}, "
	    "{\"step\": \"E4\", \"holds\": \"temperror\", \"text\": \"nothing vouches for it\"}, "
	    "{\"step\": \"E5\", \"holds\": \"unknown\", \"text\": null}]}" },
	{ "relay, not judged", skipped, "relay.reason", "\"not-needed\"" },
	{ "nothing, relay", nothing, "relay.state", "\"skipped\"" },
	{ "where a hop is", located, "hops.1.geo", "{\"country\": \"GB\", \"city\": \"Leeds\", \"lat\": 53.5, \"lon\": -1.25, "
	    "\"radius_km\": 20, \"asn\": 64500, \"as_name\": \"EXAMPLE-AS\", \"network\": \"192.0.2.0/24\"}" },
	{ "where the client is", located, "client.geo.city", "\"Leeds\"" },
	{ "where the origin is", located, "origin.as_name", "\"EXAMPLE-AS\"" },
	{ "where another hop is", located, "hops.0.geo.country", "null" },
	{ "history", checks, "checks.history", "{\"state\": \"bad\", \"first\": \"2015-03-09T11:20:00.000Z\", "
	    "\"last\": \"2015-04-09T08:59:59.000Z\", \"seen\": 12, \"good\": 2, \"bad\": 9, \"origins\": 4, \"senders\": 3}" },
	{ "history of a new one", new_client, "checks.history", "{\"state\": \"new\", \"first\": null, \"last\": null, "
	    "\"seen\": 0, \"good\": 0, \"bad\": 0, \"origins\": 0, \"senders\": 0}" },
	{ "history, not answered", no_memory_asked, "checks.history", "{\"state\": \"skipped\", \"reason\": \"breaker\", "
	    "\"first\": null, \"last\": null, \"seen\": null, \"good\": null, \"bad\": null, \"origins\": null, \"senders\": null}" },
	{ "history, a part of it", part_of_memory, "checks.history.reason", "\"breaker\"" },
	{ "history, not asked", plain, "checks.history.reason", "\"not-needed\"" },
	{ "databases", checks, "sources", "[{\"name\": \"GeoLite2-City\", \"version\": \"2015-04-08\", "
	    "\"licence\": \"some licence\"}, {\"name\": \"Own-ASN\", \"version\": null, \"licence\": null}]" },
	{ "no databases", plain, "sources", "[]" },
	{ "another check not built", plain, "checks.ident", "{\"state\": \"skipped\", \"reason\": \"not-in-this-build\", "
	    "\"user\": null}" },
	{ "evidence", plain, "evidence.1", "{\"code\": \"ptr.temperror\", \"strength\": \"medium\", "
	    "\"text\": \"no name server answered for 192.0.2.7\", \"hop\": null, \"facts\": [\"ptr\", \"iprev\"]}" },
	{ "policy", plain, "policy", "{\"rule\": \"no-answer\", \"action\": \"accept\", "
	    "\"reply\": \"451 4.7.25 192.0.2.7: no answer from reverse DNS\", \"would\": \"tempfail\", \"mode\": \"monitor\", "
	    "\"stage\": \"eom\", \"exempt\": null, \"dry_run\": false, \"reason\": null, \"tags\": [], \"rehearsed\": [], "
	    "\"more\": false, \"refused\": {\"recipients\": 0, \"rules\": []}}" },
	{ "tags", sample_noted, "policy.tags", "[\"t1\", \"t2\"]" },
	{ "more of them", sample_noted, "policy.more", "true" },
	{ "dry-run", sample_noted, "policy.rehearsed", "[{\"rule\": \"d\", \"action\": \"reject\"}]" },
	{ "a deferral without a rule", sample_noted, "policy.reason", "\"on-deadline\"" },
	{ "refused recipients", sample_noted, "policy.refused", "{\"recipients\": 3, \"rules\": "
	    "[{\"rule\": \"rdns\", \"action\": \"reject\"}, {\"rule\": \"no-relay\", \"action\": \"tempfail\"}]}" },
	{ "a bare reply", bare_reply, "policy.reply", "\"451\"" },
	{ "errors", trouble, "errors", "[{\"what\": \"arena\", \"state\": \"full\", \"detail\": \"x\"}]" },
	{ "no errors", plain, "errors", "[]" },
	{ "nothing: offset", nothing, "input", "{\"file\": null, \"offset\": null, \"queue_id\": null}" },
	{ "nothing: no client to ask about", nothing, "checks.iprev", "{\"state\": \"skipped\", \"reason\": \"no-input\", "
	    "\"cause\": null, \"ms\": 0, \"names\": [], \"dnssec\": false}" },
	{ "nothing: hops", nothing, "hops", "[]" },
	{ "nothing: boundary", nothing, "boundary", "{\"hop\": null, \"ip\": null, \"reason\": null}" },
	{ "nothing: reply", nothing, "policy.reply", "null" },
};

static void
values(struct sample *s)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *root, *want = json_loads(cases[i].want, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		const json_t *got;

		sample_message(s);
		cases[i].change(s);
		root = read_back(s, i % 2 == 0);
		got = at(root, cases[i].path);
		if (!tap_ok(want != NULL && json_equal(got, want), "%s", cases[i].name)) {
			char *text = json_dumps(got, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

			tap_note("%s is %s", cases[i].path, text == NULL ? "not there" : text);
			free(text);
		}
		json_decref(want);
		json_decref(root);
	}
}

static bool
ascii(const struct sample_sink *sink)
{
	for (size_t i = 0; i < sink->len; i++)
		if (sink->ptr[i] != '\n' && (unsigned char)(sink->ptr[i] - ' ') > 0x7f - ' ')
			return false;
	return sink->len > 0;
}

static void
hostile(struct sample *s)
{
	for (size_t i = 0; i < SAMPLE_HOSTILE; i++) {
		struct sample_sink sink = { 0 };
		json_t *root;

		sample_poison(s, sample_hostile(i));
		tap_ok(mt_render_json(&s->trace, false, sample_take, &sink) == MT_OK && ascii(&sink) &&
		    memchr(sink.ptr, '\n', sink.len) == NULL, "hostile %zu: one line of ASCII", i);
		sample_sink_free(&sink);
		root = read_back(s, true);
		tap_ok(json_array_size(at(root, "hops")) == 3 && json_array_size(at(root, "evidence")) == 2 &&
		    json_is_string(at(root, "hops.1.raw")), "hostile %zu: reads back", i);
		json_decref(root);
	}
}

/* ASCII is as it was, byte for byte. */
static void
raw_bytes(struct sample *s)
{
	struct mt_span text = sample_hostile(22);
	json_t *root;
	const json_t *raw;

	sample_message(s);
	s->hops[0].raw = text;
	root = read_back(s, false);
	raw = at(root, "hops.0.raw");
	tap_ok(json_string_length(raw) == text.len && memcmp(json_string_value(raw), text.ptr, text.len) == 0,
	    "a long ASCII field is whole");
	json_decref(root);
}

static void
every_evidence(struct sample *s)
{
	static char codes[MT_EVIDENCE_MOST][16];
	bool all = true;
	json_t *root;

	sample_message(s);
	for (size_t i = 0; i < MT_EVIDENCE_MOST; i++) {
		snprintf(codes[i], sizeof codes[i], "code.number-%zu", i);
		s->trace.evidence[i] = (struct mt_evidence){ .code = codes[i] };
	}
	s->trace.nevidence = MT_EVIDENCE_MOST;
	root = read_back(s, false);
	for (size_t i = 0; i < MT_EVIDENCE_MOST; i++) {
		const char *code = json_string_value(json_object_get(json_array_get(at(root, "evidence"), i), "code"));

		all &= code != NULL && strcmp(code, codes[i]) == 0;
	}
	tap_ok(all, "every evidence item is in the report");
	json_decref(root);
}

/* Each allocation in turn fails, and only that one. */
static size_t allocations, failing;

static void *
scarce(size_t size)
{
	return allocations++ == failing ? NULL : malloc(size);
}

static void
no_memory(struct sample *s)
{
	struct sample_sink sink = { 0 };
	bool good = true;
	int error;

	sample_message(s);
	json_set_alloc_funcs(scarce, free);
	for (failing = 0;; failing++) {
		allocations = 0;
		error = mt_render_json(&s->trace, false, sample_take, &sink);
		if (allocations <= failing)
			break;
		good &= error == MT_ENOMEM && sink.len == 0;
		sample_sink_free(&sink);
	}
	json_set_alloc_funcs(malloc, free);
	tap_ok(good && error == MT_OK && sink.len > 0 && failing > 100, "without memory there is an error and no report");
	sample_sink_free(&sink);
}

static int
dump(struct sample *s)
{
	for (size_t i = 0; i < SAMPLE_HOSTILE + 3; i++) {
		struct sample_sink sink = { 0 };

		if (i < SAMPLE_HOSTILE)
			sample_poison(s, sample_hostile(i));
		else if (i == SAMPLE_HOSTILE + 2)
			sample_nothing(s);
		else
			sample_message(s);
		if (i == SAMPLE_HOSTILE + 1)
			sample_checks(s);
		if (mt_render_json(&s->trace, false, sample_take, &sink) != MT_OK)
			return EXIT_FAILURE;
		puts(sink.ptr);
		sample_sink_free(&sink);
	}
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct sample sample;
	struct sample_sink sink = { 0 }, stop = { .stop_at = 1 };

	if (argc > 1 && strcmp(argv[1], "--dump") == 0)
		return dump(&sample);
	values(&sample);
	hostile(&sample);
	raw_bytes(&sample);
	every_evidence(&sample);
	no_memory(&sample);
	sample_message(&sample);
	tap_ok(mt_render_json(&sample.trace, false, sample_take, &stop) == MT_EIO, "a sink that stops is told of");
	sample_sink_free(&stop);
	mt_render_json(&sample.trace, true, sample_take, &sink);
	tap_ok(sample_expected("report.json", &sink), "the whole report");
	sample_sink_free(&sink);
	sample_checks(&sample);
	mt_render_json(&sample.trace, true, sample_take, &sink);
	tap_ok(sample_expected("checks.json", &sink), "the whole report of all checks");
	sample_sink_free(&sink);
	return tap_done();
}
