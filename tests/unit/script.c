/* SPDX-License-Identifier: BSD-2-Clause */
/* script.c and the resolvers of offline.c: files in, answers and complaints out. */
#include "lib/source/script.h"

#include <unistd.h>

#include "lib/base/ip.h"
#include "tests/unit/tap.h"

static const char world[] =
    "# the outside world\n"
    "\n"
    "dns 7.2.0.192.in-addr.arpa  PTR  mail.example.net.   # a comment\n"
    "dns Mail.Example.NET A 192.0.2.7\n"
    "dns mail.example.net. A 192.0.2.8\n"
    "\tDNS mail.example.net aaaa 2001:db8::7\r\n"
    "dns mx.example MX 10 Mail.Example\n"
    "dns null.example MX 0 .\n"
    "dns txt.example TXT \"v=spf1 \\\"#\\\" \" \"-all\" # two strings\n"
    "dns bytes.example TXT \\097\\000\\255\\b plain\n"
    "dns none.example TXT \"\"\n"
    "dns odd.example PTR a\\.b\\032c\\007.example\n"
    "dns alias.example CNAME mail.example.net\n"
    "dns alias2.example CNAME alias.example\n"
    "dns ring.example CNAME ring2.example\n"
    "dns ring2.example CNAME ring.example\n"
    "dns lost.example CNAME nowhere.example\n"
    "dns late.example CNAME slow.example\n"
    "dns slow.example A timeout\n"
    "dns slow.example A timeout\n"
    "dns fail.example A servfail\n"
    "dns no.example A refused\n"
    "dns gone.example A nxdomain\n"
    "dns empty.example A nodata\n"
    "dns broken.example A garbage\n"
    "dns all.example * servfail\n"
    "dns all.example A 192.0.2.9\n"
    "dns timeout.example PTR timeout.\n"
    "wire mail.example.net A drop\n"
    "wire mail.example.net A delay=20\n"
    "wire all.example * truncate\n"
    "whois whois.iana.org 192.0.2.1 @answer.txt\n"
    "rdap https://rdap.example/ip/192.0.2.1 @answer.json\n"
    "ident 192.0.2.7 \"6193, 23 : USERID : UNIX : user\"\n"
    "route 192.0.2.7 1 192.0.2.1 0.4\n"
    "dns last.example A 192.0.2.10";

static const struct test {
	const char *label, *name;
	enum mt_rrtype type;
	enum mt_cause cause;
	size_t records;
	struct mt_span value;		/* of the first record */
} tests[] = {
	{ "PTR", "7.2.0.192.IN-ADDR.arpa", MT_RR_PTR, MT_CAUSE_NONE, 1, MT_SPAN("mail.example.net") },
	{ "several lines make one answer", "mail.example.net", MT_RR_A, MT_CAUSE_NONE, 2, MT_SPAN("192.0.2.7") },
	{ "small letters, tabs and CR", "MAIL.example.net.", MT_RR_AAAA, MT_CAUSE_NONE, 1, MT_SPAN("2001:db8::7") },
	{ "MX, case as written", "mx.example", MT_RR_MX, MT_CAUSE_NONE, 1, MT_SPAN("Mail.Example") },
	{ "MX of the root", "null.example", MT_RR_MX, MT_CAUSE_NONE, 1, MT_SPAN("") },
	{ "TXT in quotes", "txt.example", MT_RR_TXT, MT_CAUSE_NONE, 1, MT_SPAN("v=spf1 \"#\" -all") },
	{ "TXT of any bytes", "bytes.example", MT_RR_TXT, MT_CAUSE_NONE, 1, MT_SPAN("a\0\xff" "bplain") },
	{ "TXT of none", "none.example", MT_RR_TXT, MT_CAUSE_NONE, 1, MT_SPAN("") },
	{ "a name of odd bytes", "odd.example", MT_RR_PTR, MT_CAUSE_NONE, 1, MT_SPAN("a\\.b\\032c\\007.example") },
	{ "CNAME followed", "alias.example", MT_RR_A, MT_CAUSE_NONE, 2, MT_SPAN("192.0.2.7") },
	{ "twice", "alias2.example", MT_RR_A, MT_CAUSE_NONE, 2, MT_SPAN("192.0.2.7") },
	{ "CNAME asked for", "alias2.example", MT_RR_CNAME, MT_CAUSE_NONE, 1, MT_SPAN("alias.example") },
	{ "CNAME in a ring", "ring.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, MT_SPAN("") },
	{ "CNAME to what is not listed", "lost.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, MT_SPAN("") },
	{ "CNAME to a time-out", "late.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, MT_SPAN("") },
	{ "timeout", "slow.example", MT_RR_A, MT_CAUSE_TIMEOUT, 0, MT_SPAN("") },
	{ "servfail", "fail.example", MT_RR_A, MT_CAUSE_SERVFAIL, 0, MT_SPAN("") },
	{ "refused", "no.example", MT_RR_A, MT_CAUSE_REFUSED, 0, MT_SPAN("") },
	{ "nxdomain", "gone.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, MT_SPAN("") },
	{ "nodata", "empty.example", MT_RR_A, MT_CAUSE_NODATA, 0, MT_SPAN("") },
	{ "garbage", "broken.example", MT_RR_A, MT_CAUSE_GARBAGE, 0, MT_SPAN("") },
	{ "all types", "all.example", MT_RR_MX, MT_CAUSE_SERVFAIL, 0, MT_SPAN("") },
	{ "but the one that is listed", "all.example", MT_RR_A, MT_CAUSE_NONE, 1, MT_SPAN("192.0.2.9") },
	{ "a state with a dot is a name", "timeout.example", MT_RR_PTR, MT_CAUSE_NONE, 1, MT_SPAN("timeout") },
	{ "not listed", "nowhere.example", MT_RR_A, MT_CAUSE_NXDOMAIN, 0, MT_SPAN("") },
	{ "another type of a listed name", "mail.example.net", MT_RR_MX, MT_CAUSE_NXDOMAIN, 0, MT_SPAN("") },
	{ "a last line without an end", "last.example", MT_RR_A, MT_CAUSE_NONE, 1, MT_SPAN("192.0.2.10") },
	{ "no name", "a..b", MT_RR_A, MT_CAUSE_BAD_NAME, 0, MT_SPAN("") },
};

/* One wrong line each; it stands in line 2. */
static const struct wrong {
	const char *line, *what;	/* NULL: it is right */
} wrongs[] = {
	{ "dns a.example A 192.0.2.1", NULL },
	{ "dsn a.example A 192.0.2.1", "none of dns" },
	{ "dns", "a name is missing" },
	{ "dns a.example", "a record type is missing" },
	{ "dns a.example # A 192.0.2.1", "a record type is missing" },
	{ "dns a.example A", "data or a state is missing" },
	{ "dns a..example A 192.0.2.1", "no name that can be asked for" },
	{ "dns a.example AA 192.0.2.1", "did you mean" },
	{ "dns a.example SRV 192.0.2.1", "no record type known" },
	{ "dns a.example A 192.0.2.256", "no IPv4 address" },
	{ "dns a.example A 2001:db8::1", "no IPv4 address" },
	{ "dns a.example AAAA 192.0.2.1", "no IPv6 address" },
	{ "dns a.example A 192.0.2.1 192.0.2.2", "one word too many" },
	{ "dns a.example A timeout now", "one word too many" },
	{ "dns a.example A Timeout", "no IPv4 address" },
	{ "dns a.example PTR b..c", "no name" },
	{ "dns a.example PTR b\\999", "no name" },
	{ "dns a.example MX mail.example", "no preference" },
	{ "dns a.example MX 65536 mail.example", "no preference" },
	{ "dns a.example MX 10", "mail server is missing" },
	{ "dns a.example TXT \"open", "not closed" },
	{ "dns a.example TXT \"good\" \"open", "not closed" },
	{ "dns a.example TXT \"\\300\"", "three digits" },
	{ "dns a.example TXT \"\\30\"", "three digits" },
	{ "dns a.example * 192.0.2.1", "wants a state" },
	{ "dns first.example A timeout", "line 1 says something else" },
	{ "dns first.example A 192.0.2.2", NULL },
	{ "dns first.example AAAA timeout", NULL },
	{ "dns b.example A timeout\ndns b.example A 192.0.2.1", "data for what line 2 gives a state" },
	{ "dns b.example A timeout\ndns b.example A servfail", "line 2 says something else" },
	{ "dns b.example CNAME c.example\ndns b.example CNAME d.example", "a second CNAME" },
	{ "default", "a state is missing" },
	{ "default never", "no state" },
	{ "default timeout", NULL },
	{ "default timeout\ndefault servfail", "a different one" },
	{ "wire a.example A", "a mode is missing" },
	{ "wire a.example A explode", "no mode" },
	{ "wire a.example A delay=", "no mode" },
	{ "wire a.example A delay=1x", "no mode" },
	{ "whois a.example", "a word is missing" },
	{ "rdap https://rdap.example", "a word is missing" },
	{ "ident 192.0.2.1", "a word is missing" },
	{ "route 192.0.2.1 1 192.0.2.2", "a word is missing" },
};

struct said {
	unsigned lines;
	char first[512];
};

static void
note_line(void *ctx, const char *line)
{
	struct said *said = ctx;

	if (said->lines++ == 0)
		snprintf(said->first, sizeof said->first, "%s", line);
}

static char path[64];

static void
write_bytes(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(bytes, 1, len, file) != len) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
}

static void
keep(void *ctx, struct mt_answer *answer)
{
	struct mt_answer **kept = ctx;

	mt_answer_unref(*kept);
	*kept = answer;
}

static bool
value_is(const struct mt_answer *answer, struct mt_span value)
{
	char ip[MT_IP_TEXT];

	if (answer->nrecords == 0)
		return true;
	if (answer->records[0].ip.family != 0)
		return mt_span_equal(mt_span_text(mt_ip_text(&answer->records[0].ip, ip)), value);
	return mt_span_equal(answer->records[0].text, value);
}

static void
test_answers(void)
{
	struct mt_resolver *r;
	struct mt_answer *a = NULL;
	struct said said = { 0 };

	write_bytes(world, sizeof world - 1);
	r = mt_script_open(path, note_line, &said);
	if (!tap_ok(r != NULL, "the world is read")) {
		tap_note("%s", said.first);
		return;
	}
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		const struct test *t = &tests[i];

		r->ask(r, t->name, t->type, keep, &a);
		tap_ok(a->cause == t->cause && a->nrecords == t->records && value_is(a, t->value) &&
		    a->ttl_sec == (t->cause == MT_CAUSE_NONE ? MT_SCRIPT_TTL : mt_cause_nothing(t->cause) ?
		    MT_SCRIPT_NEGATIVE_TTL : 0), "%s", t->label);
	}
	r->close(r);
	tap_ok(a->nrecords == 0 && a->cause == MT_CAUSE_BAD_NAME, "an answer outlives its resolver");
	mt_answer_unref(a);
}

static void
test_wrong_lines(void)
{
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		const struct wrong *w = &wrongs[i];
		char text[512], place[80];
		struct said said = { 0 };
		struct mt_resolver *r;
		unsigned line = strchr(w->line, '\n') == NULL ? 2 : 3;

		snprintf(text, sizeof text, "dns first.example A 192.0.2.1\n%s\n", w->line);
		snprintf(place, sizeof place, "%s:%u: ", path, line);
		write_bytes(text, strlen(text));
		r = mt_script_open(path, note_line, &said);
		if (!tap_ok((r == NULL) == (w->what != NULL) && (w->what == NULL ? said.lines == 0 : said.lines == 1 &&
		    strncmp(said.first, place, strlen(place)) == 0 && strstr(said.first, w->what) != NULL), "%.*s", (int)strcspn(w->line, "\n"), w->line))
			tap_note("%s", said.first);
		if (r != NULL)
			r->close(r);
	}
}

static void
test_all_errors(void)
{
	static const char text[] = "dsn x\ndns a.example A 1\ndns b.example A 192.0.2.1\nwire\n";
	static const char nul[] = "dns a\0b.example A 192.0.2.1\n";
	struct said said = { 0 };

	write_bytes(text, sizeof text - 1);
	tap_ok(mt_script_open(path, note_line, &said) == NULL && said.lines == 3, "all errors in one go");
	tap_ok(mt_script_open(path, NULL, NULL) == NULL, "with nobody to tell");
	write_bytes(nul, sizeof nul - 1);
	tap_ok(mt_script_open(path, note_line, &said) == NULL, "a NUL is part of no name");
	said = (struct said){ 0 };
	tap_ok(mt_script_open("/nonexistent/answers", note_line, &said) == NULL && said.lines == 1, "no such file");
	tap_ok(mt_script_open(NULL, note_line, &said) == NULL, "no file named");
}

static void
test_default(void)
{
	static const char text[] = "default timeout\ndns a.example A 192.0.2.1\n";
	struct mt_answer *a = NULL;
	struct mt_resolver *r;

	write_bytes(text, sizeof text - 1);
	r = mt_script_open(path, NULL, NULL);
	r->ask(r, "b.example", MT_RR_A, keep, &a);
	tap_ok(a->cause == MT_CAUSE_TIMEOUT, "the default of a name");
	r->ask(r, "a.example", MT_RR_AAAA, keep, &a);
	tap_ok(a->cause == MT_CAUSE_TIMEOUT, "the default of a type");
	r->ask(r, "a.example", MT_RR_A, keep, &a);
	tap_ok(a->cause == MT_CAUSE_NONE, "is not for what is listed");
	r->close(r);
	r = mt_offline_open();
	r->ask(r, "a.example", MT_RR_A, keep, &a);
	tap_ok(a->cause == MT_CAUSE_OFFLINE, "offline");
	r->close(r);
	mt_answer_unref(a);
	write_bytes("", 0);
	r = mt_script_open(path, NULL, NULL);
	tap_ok(r != NULL, "an empty file is a world without anything");
	r->close(r);
}

static void
test_wire(void)
{
	const struct mt_script_wire *wire;
	struct mt_script *script;

	write_bytes(world, sizeof world - 1);
	script = mt_script_read(path, NULL, NULL);
	wire = mt_script_wire(script, MT_SPAN("Mail.example.net"), MT_RR_A);
	tap_ok(wire != NULL && wire->modes == (MT_WIRE_DROP | MT_WIRE_DELAY) && wire->delay_msec == 20, "modes add up");
	wire = mt_script_wire(script, MT_SPAN("all.example"), MT_RR_TXT);
	tap_ok(wire != NULL && wire->modes == MT_WIRE_TRUNCATE, "modes of all types");
	tap_ok(mt_script_wire(script, MT_SPAN("mail.example.net"), MT_RR_AAAA) == NULL, "no mode");
	mt_script_free(script);
	mt_script_free(NULL);
}

static void
test_many(void)
{
	FILE *file = fopen(path, "w");
	struct mt_answer *a = NULL;
	const struct mt_script_entry *entry;
	struct mt_script *script;
	struct mt_resolver *r;

	for (unsigned i = 0; i < 300 && file != NULL; i++)
		fprintf(file, "dns many.example PTR name-%u.example\n", i);
	for (unsigned i = 0; i < 300 && file != NULL; i++)
		fprintf(file, "dns texts.example TXT \"%s%u\"\n", i == 299 ? "v=" : "", i);
	for (unsigned i = 0; i < 65 && file != NULL; i++)
		fprintf(file, "dns versions.example TXT \"v=%u\"\n", i);
	for (unsigned i = 0; i < 20000 && file != NULL; i++)
		fprintf(file, "dns host-%u.example A 192.0.2.%u\n", i, i % 256);
	if (file != NULL)
		fclose(file);
	script = mt_script_read(path, NULL, NULL);
	entry = mt_script_find(script, MT_SPAN("many.example"), MT_RR_PTR);
	tap_ok(entry != NULL && entry->nrecords == 300, "the entry has all records");
	mt_script_free(script);
	r = mt_script_open(path, NULL, NULL);
	r->ask(r, "many.example", MT_RR_PTR, keep, &a);
	tap_ok(a->nrecords == MT_ANSWER_RECORDS && a->cut, "the answer has as many as are kept");
	r->ask(r, "texts.example", MT_RR_TXT, keep, &a);
	tap_ok(a->nrecords == MT_ANSWER_RECORDS && !a->cut && mt_span_equal(a->records[0].text, MT_SPAN("v=299")),
	    "of texts the one that says a version is kept");
	r->ask(r, "versions.example", MT_RR_TXT, keep, &a);
	tap_ok(a->nrecords == MT_ANSWER_RECORDS && a->cut, "and what is cut off of them is told");
	r->ask(r, "host-19999.example", MT_RR_A, keep, &a);
	tap_ok(a->cause == MT_CAUSE_NONE, "one of 20,000 names");
	mt_answer_unref(a);
	r->close(r);
}

int
main(void)
{
	int fd;

	strcpy(path, "/tmp/mt-script-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	test_answers();
	test_wrong_lines();
	test_all_errors();
	test_default();
	test_wire();
	test_many();
	unlink(path);
	return tap_done();
}
