/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Made-up findings as Authentication-Results fields, for tests/cli/authres_readers.py: N of them, the
 * same ones each time.  For each field:
 *
 *	F text			each of its lines, as it is written
 *	W method=result ...	what was put in: each result, with " ptype.name=value" behind it
 *	R method=result ...	what our own reader found, with "\treason" at the end of the line
 *	.
 */
#include "lib/core/authres.h"
#include "tests/unit/sample.h"

/* What a finding holds, and what of it may come out; NULL: nothing. */
struct value {
	struct mt_span in;
	const char *out;
};

#define LABEL "a-label-that-is-as-long-as-a-label-of-a-name-may-be-it-is-63-by"
#define LONGEST LABEL "." LABEL "." LABEL "." "a-label-that-is-as-long-as-the-whole-of-a-name-of-253-bytes-x"

static const struct value domains[] = {
	{ MT_SPAN("example.org"), "example.org" }, { MT_SPAN("Mail.Example.NET"), "Mail.Example.NET" },
	{ MT_SPAN("a.example."), "a.example" }, { MT_SPAN("xn--bcher-kva.example"), "xn--bcher-kva.example" },
	{ MT_SPAN("_x-y.0.example"), "_x-y.0.example" }, { MT_SPAN("localhost"), "localhost" }, { MT_SPAN("none"), "none" },
	{ MT_SPAN(LONGEST), LONGEST }, { MT_SPAN("a b.example"), NULL }, { MT_SPAN("x\"y.example"), NULL },
	{ MT_SPAN(""), NULL }, { { NULL, 0 }, NULL }, { MT_SPAN("a;spf=pass"), NULL }, { MT_SPAN("(c).example"), NULL },
	{ MT_SPAN("a\r\nX: y"), NULL }, { MT_SPAN("b\xc3\xbc" "cher.example"), NULL }, { MT_SPAN("a..example"), NULL },
	{ MT_SPAN("a/b.example"), NULL }, { MT_SPAN("[192.0.2.7]"), NULL }, { MT_SPAN("a\\b.example"), NULL },
};
static const struct value identities[] = {
	{ MT_SPAN("@a.example"), "@a.example" }, { MT_SPAN("anna@a.example"), "anna@a.example" },
	{ MT_SPAN("a+b.c-d_e@m.a.example"), "a+b.c-d_e@m.a.example" }, { MT_SPAN("\"x y\"@a.example"), NULL },
	{ MT_SPAN("anna"), NULL }, { MT_SPAN("a/b=c@d.example"), NULL }, { { NULL, 0 }, NULL }, { MT_SPAN("@"), NULL },
	{ MT_SPAN("a@b@c.example"), NULL },
};
static const struct value beginnings[] = {
	{ MT_SPAN("abcdefgh"), "abcdefgh" }, { MT_SPAN("ab/d+f=="), "ab/d+f==" }, { MT_SPAN("ABCDEFGHIJKL"), "ABCDEFGH" },
	{ MT_SPAN("a"), "a" }, { MT_SPAN("<b>"), NULL }, { MT_SPAN(""), NULL }, { { NULL, 0 }, NULL }, { MT_SPAN("a\0b"), NULL },
};
static const struct value algorithms[] = {
	{ MT_SPAN("rsa-sha256"), "rsa-sha256" }, { MT_SPAN("ed25519-sha256"), "ed25519-sha256" }, { MT_SPAN("rsa sha1"), NULL },
	{ { NULL, 0 }, NULL }, { MT_SPAN("\"x"), NULL },
};
static const struct mt_span reasons[] = {
	MT_SPAN("the body was changed"), MT_SPAN("a \"quoted\\ (word); dkim=pass"), MT_SPAN(""), { NULL, 0 },
	MT_SPAN("a\r\nBcc: b@c.example"), MT_SPAN("none"), MT_SPAN("b\xc3\xbc" "cher"),
	MT_SPAN("a sentence that goes on and on, as sentences do that are written by those who would rather explain "
	    "all there is than leave out a word of it"),
};

/* What is under way: the state of chance, and the findings. */
struct make {
	unsigned state;
	struct sample sample;
	struct mt_signature signatures[8];
	struct mt_listing listings[6];
	struct mt_ip codes[2];
};

static unsigned
chance(struct make *m, unsigned below)
{
	m->state = m->state * 1664525u + 1013904223u;
	return (m->state >> 8) % below;
}

#define PICK(m, table) (&(table)[chance(m, sizeof (table) / sizeof *(table))])

static void
want(const char *method, enum mt_result word)
{
	printf("W %s=%s", method, mt_result_word(word));
}

static void
want_property(const char *name, const char *value)
{
	if (value != NULL)
		printf(" %s=%s", name, value);
}

static void
want_end(void)
{
	putchar('\n');
}

static void
make_client(struct make *m)
{
	static const enum mt_result words[] = { MT_UNKNOWN, MT_NONE, MT_PASS, MT_FAIL, MT_TEMPERROR, MT_PERMERROR, MT_SKIPPED };
	enum mt_result word = *PICK(m, words);
	struct sample *s = &m->sample;
	char text[MT_IP_TEXT];

	sample_message(s);
	s->peer.ip = sample_ip(chance(m, 2) == 0 ? "192.0.2.7" : chance(m, 2) == 0 ? "2001:db8::7" : "fe80::1:2:3:4");
	s->trace.facts.fact[MT_FACT_IPREV].result = word;
	if (word != MT_UNKNOWN && word != MT_SKIPPED) {
		want("iprev", word == MT_NONE ? MT_PERMERROR : word);
		want_property("policy.iprev", mt_ip_text(&s->peer.ip, text));
		want_end();
	}
	if (chance(m, 3) == 0) {
		s->peer.auth = MT_SPAN("anna; spf=pass");
		want("auth", MT_PASS);
		want_end();
	}
}

static const struct value *
make_spf(struct make *m, struct mt_spf *spf)
{
	static const enum mt_result words[] = { MT_UNKNOWN, MT_NONE, MT_PASS, MT_FAIL, MT_SOFTFAIL, MT_NEUTRAL, MT_TEMPERROR,
		MT_PERMERROR, MT_SKIPPED };
	const struct value *domain = PICK(m, domains);

	*spf = (struct mt_spf){ .result = *PICK(m, words), .cause = MT_CAUSE_TIMEOUT, .domain = domain->in, .why = *PICK(m, reasons) };
	return domain;
}

static bool
is_told(enum mt_result word)
{
	return word != MT_UNKNOWN && word != MT_SKIPPED;
}

static void
make_spfs(struct make *m)
{
	struct mt_checks *checks = &m->sample.trace.checks;
	const struct value *mailfrom = make_spf(m, &checks->spf_mailfrom), *helo = make_spf(m, &checks->spf_helo);
	bool null_sender = chance(m, 4) == 0;

	if (null_sender)
		m->sample.trace.sender = MT_SPAN("");
	if (is_told(checks->spf_mailfrom.result)) {
		want("spf", checks->spf_mailfrom.result);
		want_property(null_sender ? "smtp.helo" : "smtp.mailfrom", mailfrom->out);
		want_end();
	}
	/* A HELO name that is no domain names nobody. */
	if (is_told(checks->spf_helo.result) && mt_name_askable(helo->in) &&
	    !(null_sender && is_told(checks->spf_mailfrom.result))) {
		want("spf", checks->spf_helo.result);
		want_property("smtp.helo", helo->out);
		want_end();
	}
}

static void
make_dkim(struct make *m)
{
	static const enum mt_result words[] = { MT_PASS, MT_FAIL, MT_NEUTRAL, MT_POLICY, MT_TEMPERROR, MT_PERMERROR, MT_SKIPPED };
	unsigned n = chance(m, 9);

	m->sample.trace.facts.fact[MT_FACT_DKIM].result = n == 0 ? MT_NONE : MT_PASS;
	if (n == 0) {
		want("dkim", MT_NONE);
		want_end();
	}
	for (unsigned i = 0; i < n; i++) {
		const struct value *d = PICK(m, domains), *s = PICK(m, domains), *id = PICK(m, identities), *b = PICK(m, beginnings),
		    *a = PICK(m, algorithms);

		m->signatures[i] = (struct mt_signature){ .result = *PICK(m, words), .cause = MT_CAUSE_SERVFAIL, .domain = d->in,
			.selector = s->in, .algorithm = a->in, .identity = id->in, .b = b->in, .why = *PICK(m, reasons) };
		if (m->signatures[i].result == MT_SKIPPED)
			continue;
		want("dkim", m->signatures[i].result);
		want_property("header.d", d->out);
		want_property("header.i", id->out);
		want_property("header.s", s->out);
		want_property("header.a", a->out);
		want_property("header.b", b->out);
		want_end();
	}
	m->sample.trace.checks.signatures = m->signatures;
	m->sample.trace.checks.nsignatures = n;
}

static void
make_arc(struct make *m)
{
	static const enum mt_result words[] = { MT_UNKNOWN, MT_NONE, MT_PASS, MT_FAIL, MT_TEMPERROR, MT_SKIPPED };
	struct mt_arc *arc = &m->sample.trace.checks.arc;
	char text[MT_IP_TEXT], number[16];

	*arc = (struct mt_arc){ .result = *PICK(m, words), .why = *PICK(m, reasons), .oldest_pass = chance(m, 51) };
	if (arc->result != MT_NONE && arc->result != MT_PASS && arc->result != MT_FAIL)
		return;
	want("arc", arc->result);
	snprintf(number, sizeof number, "%u", arc->oldest_pass);
	want_property("header.oldest-pass", arc->result == MT_PASS ? number : NULL);
	want_property("smtp.remote-ip", arc->result == MT_NONE ? NULL : mt_ip_text(&m->sample.peer.ip, text));
	want_end();
}

static void
make_dmarc(struct make *m)
{
	static const enum mt_result words[] = { MT_UNKNOWN, MT_NONE, MT_PASS, MT_FAIL, MT_TEMPERROR, MT_PERMERROR, MT_SKIPPED };
	static const char *const policies[] = { NULL, "none", "quarantine", "reject" };
	struct mt_dmarc *dmarc = &m->sample.trace.checks.dmarc;
	const struct value *from = PICK(m, domains);

	*dmarc = (struct mt_dmarc){ .result = *PICK(m, words), .cause = MT_CAUSE_REFUSED, .domain = from->in,
		.policy = *PICK(m, policies), .why = *PICK(m, reasons) };
	if (!is_told(dmarc->result))
		return;
	want("dmarc", dmarc->result);
	want_property("header.from", from->out);
	want_property("policy.dmarc", dmarc->result == MT_FAIL ? dmarc->policy : NULL);
	want_end();
}

static void
make_lists(struct make *m)
{
	static const struct { enum mt_result in, out; } words[] = { { MT_LISTED, MT_PASS }, { MT_CLEAN, MT_NONE },
		{ MT_TEMPERROR, MT_TEMPERROR }, { MT_REFUSED, MT_PERMERROR }, { MT_DEAD, MT_PERMERROR }, { MT_SKIPPED, MT_UNKNOWN } };
	unsigned n = chance(m, 6);

	m->codes[0] = sample_ip("127.0.5.1");
	m->codes[1] = sample_ip("127.0.9.2");
	m->sample.trace.checks.lists.listing = m->listings;
	m->sample.trace.checks.lists.count = n;
	for (unsigned i = 0; i < n; i++) {
		const struct value *zone = PICK(m, domains);
		unsigned word = chance(m, sizeof words / sizeof *words);
		struct mt_listing *l = &m->listings[i];

		*l = (struct mt_listing){ .zone = zone->in, .result = words[word].in, .cause = MT_CAUSE_TIMEOUT, .allow = chance(m, 3) > 0,
			.hop = chance(m, 4) == 0 ? 2 : 0, .codes = m->codes, .ncodes = chance(m, 3) };
		if (!l->allow || l->hop != 0 || words[word].out == MT_UNKNOWN)
			continue;
		want("dnswl", words[word].out);
		want_property("dns.zone", zone->out);
		if (words[word].out == MT_PASS && l->ncodes > 0)
			want_property("policy.ip", l->ncodes == 1 ? "127.0.5.1" : "127.0.5.1,127.0.9.2");
		want_end();
	}
}

static void
print_read(const struct mt_authres *field)
{
	for (unsigned i = 0; i < field->nresults; i++) {
		const struct mt_authres_result *r = &field->results[i];

		printf("R %.*s=%.*s", MT_SPAN_ARG(r->method), MT_SPAN_ARG(r->word));
		for (unsigned p = 0; p < r->nproperties; p++)
			printf(" %.*s.%.*s=%.*s", MT_SPAN_ARG(r->properties[p].ptype), MT_SPAN_ARG(r->properties[p].name),
			    MT_SPAN_ARG(r->properties[p].value));
		printf("\t%.*s\n", MT_SPAN_ARG(r->reason));
	}
	if (field->broken || field->cut || (field->nresults == 0) != field->none)
		puts("R broken=broken\t");
}

static bool
one_field(struct make *m)
{
	struct mt_authres field;
	struct mt_arena arena;
	struct mt_span text;

	make_client(m);
	make_spfs(m);
	make_dkim(m);
	make_arc(m);
	make_dmarc(m);
	make_lists(m);
	mt_arena_init(&arena, 4096, 1u << 20);
	text = mt_render_field(&m->sample.trace, &arena, MT_HEADER_AUTHRES);
	mt_authres_read(&field, &arena, text);
	printf("F Authentication-Results: ");
	for (size_t i = 0; i < text.len; i++)
		printf(text.ptr[i] == '\n' ? "\nF " : "%c", text.ptr[i]);
	putchar('\n');
	print_read(&field);
	puts(".");
	mt_arena_fini(&arena);
	return text.ptr != NULL;
}

int
main(int argc, char **argv)
{
	static struct make m;
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
	bool good = true;

	m.state = 8601;
	for (long i = 0; i < n && good; i++)
		good = one_field(&m);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
