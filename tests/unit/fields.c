/* SPDX-License-Identifier: BSD-2-Clause */
/* Added header fields: their exact texts, and that they are fields whatever is in them. */
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* ---- reading back, by the grammar at the top of fields.c --------------------------- */

struct parsed {
	char name[32];
	char value[4096];
	size_t len;
	bool quoted;
};

static bool
read_quoted(struct parsed *p, const char **at)
{
	p->quoted = true;
	for (++*at; **at != '"'; ++*at) {
		char c = **at;
		unsigned byte;

		if (c < ' ' || c > '~' || p->len == sizeof p->value)
			return false;
		if (c == '\\') {
			c = *++*at;
			if (c == 'x') {
				if (sscanf(*at + 1, "%2x", &byte) != 1)
					return false;
				*at += 2;
				c = (char)byte;
			} else if (c != '"' && c != '\\') {
				return false;
			}
		}
		p->value[p->len++] = c;
	}
	++*at;
	return true;
}

static bool
read_parameter(struct parsed *p, const char **at)
{
	size_t len = strcspn(*at, "=;\n");

	*p = (struct parsed){ .len = 0 };
	if ((*at)[len] == '=') {
		if (len == 0 || len >= sizeof p->name)
			return false;
		memcpy(p->name, *at, len);
		*at += len + 1;
	}
	while (**at != ';' && **at != '\0') {
		if (**at == '"') {
			if (!read_quoted(p, at) || (**at != '\0' && strchr(";,:", **at) == NULL))
				return false;
			continue;
		}
		if (**at <= ' ' || **at > '~' || strchr("()<>@\\\"/[]?=", **at) != NULL || p->len == sizeof p->value)
			return false;
		p->value[p->len++] = *(*at)++;
	}
	return p->len > 0 || p->quoted;
}

/* The number of parameters, or 0: it is not what the grammar says. */
static size_t
read_back(struct parsed out[20], const char *text)
{
	size_t n = 0;

	for (; n < 20; n++) {
		if (!read_parameter(&out[n], &text))
			return 0;
		if (*text == '\0')
			return n + 1;
		if (*text++ != ';' || (strncmp(text, "\n\t", 2) != 0 && *text != ' '))
			return 0;
		text += *text == ' ' ? 1 : 2;
	}
	return 0;
}

/* One field: printable ASCII in lines of at most 998 bytes, each but the first begun with
 * a TAB and something behind it (RFC 5322, 2.2.3), and no more text than `most`; of
 * Authentication-Results, no more on a line. */
static bool
one_field(const char *name, struct mt_span value, size_t most)
{
	bool lines = strcmp(name, mt_header_name(MT_HEADER_AUTHRES)) == 0;
	size_t column = strlen(name) + 2;

	if (value.len == 0 || (!lines && value.len + strlen(name) > most) || value.ptr[value.len] != '\0')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		column++;
		if (c == '\n') {
			if (i + 2 >= value.len || value.ptr[++i] != '\t' || value.ptr[i + 1] <= ' ')
				return false;
			column = 1;
		} else if (c < ' ' || c > '~') {
			return false;
		}
		if (column > (lines ? most : 998))
			return false;
	}
	return true;
}

/* ---- exact texts -------------------------------------------------------------------- */

static void plain(struct sample *s) { (void)s; }
static void relay(struct sample *s) { sample_relay(s); }
static void
no_step(struct sample *s)
{
	sample_relay(s);
	s->trace.verdict.relay = MT_DIRECT;
	s->trace.relay.findings[0].holds = MT_NO;
	s->trace.relay.findings[1].holds = MT_UNKNOWN;
}
static void
relay_six(struct sample *s)
{
	sample_relay(s);
	s->trace.relay.ip = sample_ip("2001:db8::7");
	s->trace.relay.origin.family = 0;
}
static void
all_steps(struct sample *s)
{
	sample_relay(s);
	s->trace.relay.hop = 0;
	for (int i = 0; i < MT_RELAY_STEPS; i++)
		s->trace.relay.findings[i].holds = MT_YES;
}
static void nothing(struct sample *s) { sample_nothing(s); }
static void local(struct sample *s) { s->peer = (struct mt_peer){ .known = true, .local = true }; }
static void six(struct sample *s) { s->peer.ip = sample_ip("2001:db8:0:0::7"); }
static void iprev(struct sample *s, enum mt_result r) { s->trace.facts.fact[MT_FACT_IPREV].result = r; }
static void pass(struct sample *s) { iprev(s, MT_PASS); }
static void fail(struct sample *s) { iprev(s, MT_FAIL); }
static void none(struct sample *s) { iprev(s, MT_NONE); }
static void permerror(struct sample *s) { iprev(s, MT_PERMERROR); }
static void skipped(struct sample *s) { iprev(s, MT_SKIPPED); }
static void unknown(struct sample *s) { iprev(s, MT_UNKNOWN); }
static void no_id(struct sample *s) { s->trust.authserv_id = MT_ABSENT; }
static void odd_id(struct sample *s) { s->trust.authserv_id = MT_SPAN("mx/7 \"a\""); }
static void no_helo(struct sample *s) { s->peer.helo.name = MT_ABSENT; }
static void empty_helo(struct sample *s) { s->peer.helo.name = MT_SPAN(""); }
static void dash_helo(struct sample *s) { s->peer.helo.name = MT_SPAN("-"); }
static void no_rule(struct sample *s) { s->trace.verdict.rule = MT_ABSENT; }
static void dash_rule(struct sample *s) { s->trace.verdict.rule = MT_SPAN("-"); }
static void dots_rule(struct sample *s) { s->trace.verdict.rule = MT_SPAN("..."); }
static void exempt(struct sample *s) { s->trace.verdict.exempt = MT_SPAN("our partners"); }
static void dry_run(struct sample *s)
{
	s->trace.verdict.mode = MT_MODE_ENFORCE;
	s->trace.verdict.dry_run = true;
	s->trace.verdict.rehearsed = (struct mt_notes){ { { MT_SPAN("no-answer"), MT_TEMPFAIL } }, 1, false };
}
static void
tagged(struct sample *s)
{
	s->trace.verdict.tags = (struct mt_notes){ { { MT_SPAN("t1"), MT_TAG }, { MT_SPAN("t2"), MT_TAG } }, 2, false };
}
static void
tagged_more(struct sample *s)
{
	tagged(s);
	s->trace.verdict.tags.more = true;
	s->trace.verdict.rehearsed = (struct mt_notes){ { { MT_SPAN("d"), MT_REJECT }, { MT_SPAN("a b"), MT_ACCEPT } }, 2,
	    false };
}
static void
too_late(struct sample *s)
{
	no_rule(s);
	s->trace.verdict.reason = "on-deadline";
}
static void truncated(struct sample *s) { s->trace.truncated = true; }
static void no_dates(struct sample *s) { s->hops[0].date.known = s->hops[1].date.known = s->hops[2].date.known = false; }
static void one_date(struct sample *s) { s->hops[0].date.known = s->hops[1].date.known = false; }
static void backwards(struct sample *s) { s->hops[2].date.unix_sec -= 60; }
static void one_hop(struct sample *s) { s->trace.nhops = 1; }
static void kinds(struct sample *s)
{
	s->hops[0].kind = MT_HOP_UNPARSED;
	s->hops[0].link = MT_LINK_CONTRADICTED;
	s->hops[0].forged = true;
	s->hops[1].kind = MT_HOP_LOCAL;
	s->hops[1].link = MT_LINK_NONE;
}
static void all_links(struct sample *s)
{
	for (unsigned i = 0; i < 7; i++)
		s->hops[i] = (struct mt_hop){ .n = i + 1, .kind = MT_HOP_SMTP, .link = (enum mt_link)(i % MT_LINKS) };
	s->trace.nhops = 7;
}
static void claims(struct sample *s)
{
	s->trace.origin.claimed_ip = sample_ip("2001:db8::1");
	s->trace.origin.claimed_hop = 1;
}
static void no_proof(struct sample *s) { s->trace.origin.proved_ip = (struct mt_ip){ 0 }; }
static void no_claim(struct sample *s)
{
	s->trace.origin.claimed_ip = (struct mt_ip){ 0 };
	s->trace.origin.claimed_hop = 0;
	s->trace.origin.confidence = 0;
}
static void no_evidence(struct sample *s) { s->trace.nevidence = 0; }

static const struct {
	const char *name;
	void (*change)(struct sample *s);
	enum mt_header header;
	const char *value;		/* NULL: there is none */
} cases[] = {
	{ "result", plain, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=no-answer;\n\t"
	    "action=tempfail; mode=monitor; relay=unknown; v=1" },
	{ "result without a rule", no_rule, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=-;\n\t"
	    "action=tempfail; mode=monitor; relay=unknown; v=1" },
	{ "result, rule named -", dash_rule, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=\"-\";\n\t"
	    "action=tempfail; mode=monitor; relay=unknown; v=1" },
	{ "result, rule named ...", dots_rule, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=\"...\";\n\t"
	    "action=tempfail; mode=monitor; relay=unknown; v=1" },
	{ "result with an exemption", exempt, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=no-answer;\n\t"
	    "exempt=\"our partners\"; action=tempfail; mode=monitor; relay=unknown;\n\tv=1" },
	{ "result in dry-run", dry_run, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=no-answer;\n\t"
	    "action=tempfail; dry-run=no-answer:tempfail; mode=enforce;\n\trelay=unknown; v=1" },
	{ "result with tags", tagged, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=no-answer;\n\t"
	    "action=tempfail; tags=t1,t2; mode=monitor; relay=unknown; v=1" },
	{ "result with more than are kept", tagged_more, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; "
	    "rule=no-answer;\n\taction=tempfail; tags=t1,t2,...; dry-run=d:reject,\"a b\":accept;\n\t"
	    "mode=monitor; relay=unknown; v=1" },
	{ "result of a late answer", too_late, MT_HEADER_RESULT, "suspicious; id=01J00000000000000000000000; rule=-;\n\t"
	    "action=tempfail; reason=on-deadline; mode=monitor; relay=unknown; v=1" },
	{ "client", plain, MT_HEADER_CLIENT, "ip=192.0.2.7; ptr=temperror; iprev=temperror;\n\t"
	    "helo=\"miho.example\"; helo-check=mismatch" },
	{ "client, IPv6", six, MT_HEADER_CLIENT, "ip=\"2001:db8::7\"; ptr=temperror; iprev=temperror;\n\t"
	    "helo=\"miho.example\"; helo-check=mismatch" },
	{ "client without HELO", no_helo, MT_HEADER_CLIENT, "ip=192.0.2.7; ptr=temperror; iprev=temperror; helo=-;\n\t"
	    "helo-check=mismatch" },
	{ "client, empty HELO", empty_helo, MT_HEADER_CLIENT, "ip=192.0.2.7; ptr=temperror; iprev=temperror; helo=\"\";\n\t"
	    "helo-check=mismatch" },
	{ "client, HELO -", dash_helo, MT_HEADER_CLIENT, "ip=192.0.2.7; ptr=temperror; iprev=temperror; helo=\"-\";\n\t"
	    "helo-check=mismatch" },
	{ "client, none", nothing, MT_HEADER_CLIENT, NULL },
	{ "client on this machine", local, MT_HEADER_CLIENT, NULL },
	{ "origin", plain, MT_HEADER_ORIGIN, "proved=192.0.2.7; claimed=192.0.2.7; confidence=90; hop=2" },
	{ "origin, another claimed", claims, MT_HEADER_ORIGIN,
	    "proved=192.0.2.7; claimed=\"2001:db8::1\"; confidence=90; hop=1" },
	{ "origin, none proved", no_proof, MT_HEADER_ORIGIN, "proved=-; claimed=192.0.2.7; confidence=90; hop=2" },
	{ "origin, none claimed", no_claim, MT_HEADER_ORIGIN, "proved=192.0.2.7; claimed=-; confidence=0; hop=2" },
	{ "origin, none", nothing, MT_HEADER_ORIGIN, NULL },
	{ "path", plain, MT_HEADER_PATH, "hops=3; trusted=2; skipped=0; unparsed=0; links=l,s; forged=0;\n\ttotal=1s" },
	{ "path with all kinds", kinds, MT_HEADER_PATH,
	    "hops=3; trusted=2; skipped=1; unparsed=1; links=-,c; forged=1;\n\ttotal=1s" },
	{ "path, every link", all_links, MT_HEADER_PATH,
	    "hops=7; trusted=0; skipped=0; unparsed=0; links=c,u,s,l,p,-;\n\tforged=0; total=-" },
	{ "path, one hop", one_hop, MT_HEADER_PATH,
	    "hops=1; trusted=0; skipped=0; unparsed=0; links=-; forged=0;\n\ttotal=-" },
	{ "path, no dates", no_dates, MT_HEADER_PATH,
	    "hops=3; trusted=2; skipped=0; unparsed=0; links=l,s; forged=0;\n\ttotal=-" },
	{ "path, one date", one_date, MT_HEADER_PATH,
	    "hops=3; trusted=2; skipped=0; unparsed=0; links=l,s; forged=0;\n\ttotal=-" },
	{ "path, backwards", backwards, MT_HEADER_PATH,
	    "hops=3; trusted=2; skipped=0; unparsed=0; links=l,s; forged=0;\n\ttotal=-59s" },
	{ "path, truncated", truncated, MT_HEADER_PATH,
	    "hops=3; trusted=2; skipped=0; unparsed=0; links=l,s; forged=0;\n\ttotal=1s; truncated=yes" },
	{ "path, none", nothing, MT_HEADER_PATH, NULL },
	{ "relay", relay, MT_HEADER_RELAY, "open; evidence=E1,E2; relay=192.0.2.7; for=198.51.100.9; hop=2" },
	{ "relay, no step holds", no_step, MT_HEADER_RELAY, "direct; evidence=-; relay=192.0.2.7; for=198.51.100.9; hop=2" },
	{ "relay, IPv6 for nobody", relay_six, MT_HEADER_RELAY, "open; evidence=E1,E2; relay=\"2001:db8::7\"; for=-; hop=2" },
	{ "relay, all steps hold", all_steps, MT_HEADER_RELAY, "open; evidence=E1,E2,E3,E4,E5" },
	{ "relay, not judged", plain, MT_HEADER_RELAY, "unknown; evidence=-" },
	{ "relay of nothing", nothing, MT_HEADER_RELAY, "unknown; evidence=-" },
	{ "evidence", plain, MT_HEADER_EVIDENCE, "helo.mismatch(strong), ptr.temperror(medium)" },
	{ "evidence, none", no_evidence, MT_HEADER_EVIDENCE, NULL },
	{ "authres temperror", plain, MT_HEADER_AUTHRES, "mx.example.org;\n\tiprev=temperror policy.iprev=192.0.2.7" },
	{ "authres pass", pass, MT_HEADER_AUTHRES, "mx.example.org; iprev=pass policy.iprev=192.0.2.7" },
	{ "authres fail", fail, MT_HEADER_AUTHRES, "mx.example.org; iprev=fail policy.iprev=192.0.2.7" },
	{ "authres none is permerror", none, MT_HEADER_AUTHRES, "mx.example.org;\n\tiprev=permerror policy.iprev=192.0.2.7" },
	{ "authres permerror", permerror, MT_HEADER_AUTHRES, "mx.example.org;\n\tiprev=permerror policy.iprev=192.0.2.7" },
	{ "authres skipped", skipped, MT_HEADER_AUTHRES, "mx.example.org; none" },
	{ "authres unknown", unknown, MT_HEADER_AUTHRES, "mx.example.org; none" },
	{ "authres, IPv6 is quoted", six, MT_HEADER_AUTHRES,
	    "mx.example.org;\n\tiprev=temperror policy.iprev=\"2001:db8::7\"" },
	{ "authres on this machine", local, MT_HEADER_AUTHRES, "mx.example.org; none" },
	{ "authres of nothing", nothing, MT_HEADER_AUTHRES, "mx.example.org; none" },
	{ "authres without an id of ours", no_id, MT_HEADER_AUTHRES, NULL },
	{ "authres, id that is no token", odd_id, MT_HEADER_AUTHRES,
	    "\"mx/7 \\\"a\\\"\"; iprev=temperror policy.iprev=192.0.2.7" },
	{ "no such header", plain, MT_HEADERS, NULL },
};

static void
exact_texts(struct sample *s)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_arena arena;
		struct mt_span got;

		mt_arena_init(&arena, 1024, 1 << 20);
		sample_message(s);
		cases[i].change(s);
		got = mt_render_field(&s->trace, &arena, cases[i].header);
		if (!tap_ok((got.ptr == NULL) == (cases[i].value == NULL) && mt_span_equal(got, mt_span_text(cases[i].value)),
		    "%s", cases[i].name))
			tap_note("got %.*s", MT_SPAN_ARG(got));
		mt_arena_fini(&arena);
	}
}

/* ---- properties --------------------------------------------------------------------- */

static const struct parsed *
find(const struct parsed *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return &p[i];
	return NULL;
}

/* The very bytes, or "..." without quotes: never a part. */
static bool
whole_or_none(const struct parsed *p, struct mt_span want)
{
	if (p == NULL)
		return false;
	if (!p->quoted && p->len == 3 && memcmp(p->value, "...", 3) == 0)
		return want.len > 100;
	return p->len == want.len && memcmp(p->value, want.ptr, want.len) == 0;
}

static void
hostile(struct sample *s)
{
	static struct parsed p[20];

	for (size_t i = 0; i < SAMPLE_HOSTILE; i++) {
		struct mt_span text = sample_hostile(i);

		sample_poison(s, text);
		for (int h = 0; h < MT_HEADERS; h++) {
			const char *name = mt_header_name((enum mt_header)h);
			struct mt_arena arena;
			struct mt_span got;
			size_t n;

			mt_arena_init(&arena, 1024, 4 << 20);
			got = mt_render_field(&s->trace, &arena, (enum mt_header)h);
			tap_ok(one_field(name, got, 990), "hostile %zu: %s is one field", i, name);
			if (h != MT_HEADER_EVIDENCE && h != MT_HEADER_AUTHRES) {
				n = read_back(p, got.ptr);
				tap_ok(n > (h == MT_HEADER_RELAY ? 1 : 3), "hostile %zu: %s reads back", i, name);
				if (h == MT_HEADER_CLIENT)
					tap_ok(whole_or_none(find(p, n, "helo"), text), "hostile %zu: HELO is whole", i);
				if (h == MT_HEADER_RESULT)
					tap_ok(whole_or_none(find(p, n, "rule"), text) && find(p, n, "action") != NULL &&
					    strcmp(find(p, n, "action")->value, "tempfail") == 0, "hostile %zu: the rule's name is whole", i);
			}
			mt_arena_fini(&arena);
		}
	}
}

/* Whatever the bound, each field keeps to it, or is not there. */
static void
bounds(struct sample *s)
{
	static const size_t mosts[] = { 1, 20, 30, 40, 60, 100, 120, 200, 989 };

	for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
		bool good = true;

		sample_poison(s, sample_hostile(21));
		s->trace.nhops = 200;
		s->settings.header_most = mosts[i];
		for (int h = 0; h < MT_HEADERS; h++) {
			struct mt_arena arena;
			struct mt_span got;

			mt_arena_init(&arena, 1024, 4 << 20);
			got = mt_render_field(&s->trace, &arena, (enum mt_header)h);
			good &= got.ptr == NULL || one_field(mt_header_name((enum mt_header)h), got, mosts[i]);
			mt_arena_fini(&arena);
		}
		tap_ok(good, "no field over %zu bytes", mosts[i]);
	}
}

/* As many items as there is room for, each of them whole, and "..." for the rest. */
static void
long_evidence(struct sample *s)
{
	struct mt_arena arena;
	struct mt_span got;
	const char *at;
	size_t items = 0;

	sample_message(s);
	for (size_t i = 0; i < MT_EVIDENCE_MOST; i++)
		s->trace.evidence[i] = (struct mt_evidence){ .code = "some.code-of-some-length-it-is", .strength = MT_MEDIUM };
	s->trace.nevidence = MT_EVIDENCE_MOST;
	mt_arena_init(&arena, 1024, 1 << 20);
	got = mt_render_field(&s->trace, &arena, MT_HEADER_EVIDENCE);
	for (at = got.ptr; strncmp(at, "some.code-of-some-length-it-is(medium),", 39) == 0; items++)
		at += 39 + strspn(at + 39, " \n\t");
	tap_ok(strcmp(at, "...") == 0 && items > 20, "a list without room ends in ... behind a whole item");
	tap_ok(one_field("X-Trace-Evidence", got, 990), "and is one field");
	s->trace.nevidence = items;
	got = mt_render_field(&s->trace, &arena, MT_HEADER_EVIDENCE);
	tap_ok(got.ptr != NULL && strstr(got.ptr, "...") == NULL, "a list with room does not");
	mt_arena_fini(&arena);
}

static const char *
plain_client(void)
{
	size_t i = 0;

	while (cases[i].header != MT_HEADER_CLIENT || cases[i].change != plain)
		i++;
	return cases[i].value;
}

static void
ceilings(struct sample *s)
{
	bool good = true, absent = false, present = false;

	for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
		struct mt_arena arena;
		struct mt_span got;

		sample_message(s);
		mt_arena_init(&arena, 16, ceiling);
		got = mt_render_field(&s->trace, &arena, MT_HEADER_CLIENT);
		good &= got.ptr == NULL || mt_span_equal(got, mt_span_text(plain_client()));
		absent |= got.ptr == NULL;
		present |= got.ptr != NULL;
		mt_arena_fini(&arena);
	}
	tap_ok(good && absent && present, "at a ceiling the field is whole or absent");
}

int
main(void)
{
	static struct sample sample;

	exact_texts(&sample);
	hostile(&sample);
	bounds(&sample);
	long_evidence(&sample);
	ceilings(&sample);
	tap_ok(mt_header_name(MT_HEADERS) == NULL, "no name for what is no header");
	return tap_done();
}
