/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists: what is asked of them, what a code means, and what all of them come to. */
#include "lib/core/dnsbl.h"

#include "lib/base/ip.h"
#include "tests/unit/tap.h"

#define S(text) { text, sizeof(text) - 1 }

/* ---- one row -------------------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *why;		/* a part of it; NULL: it is a code */
	const char *has, *has_not;	/* addresses */
} rows[] = {
	{ "127.0.0.2", NULL, "127.0.0.2", "127.0.0.3" },
	{ "127.0.0.4-7", NULL, "127.0.0.4", "127.0.0.3" },
	{ "127.0.0.4-7", NULL, "127.0.0.7", "127.0.0.8" },
	{ "127.0.*.1-3", NULL, "127.0.15.3", "127.0.15.0" },
	{ "127.0.*.1-3", NULL, "127.0.255.1", "127.1.0.1" },
	{ "127.0.1.0/24", NULL, "127.0.1.255", "127.0.2.0" },
	{ "127.0.0.128/25", NULL, "127.0.0.128", "127.0.0.127" },
	{ "127.0.0.0/8", NULL, "127.255.3.4", "126.0.0.1" },
	{ "127.0.0.2/32", NULL, "127.0.0.2", "127.0.0.3" },
	{ "127.0.0.&8", NULL, "127.0.0.12", "127.0.0.7" },
	{ "127.0.0.&6", NULL, "127.0.0.7", "127.0.0.4" },
	{ "127.*.*.*", NULL, "127.9.9.9", "::1" },
	{ "127.255.*.2", NULL, "127.255.0.2", "127.255.0.3" },
	{ "", "is no code", NULL, NULL }, { "127", "is no code", NULL, NULL }, { "127.0.0", "is no code", NULL, NULL },
	{ "127.0.0.2.3", "is no code", NULL, NULL }, { "127.0.0.256", "is no code", NULL, NULL },
	{ "127.0.0.02", "is no code", NULL, NULL }, { "127.0.0.", "is no code", NULL, NULL },
	{ "127.0.0.4-", "is no code", NULL, NULL }, { "127.0.0.-7", "is no code", NULL, NULL },
	{ "127.0.0.2 ", "is no code", NULL, NULL }, { "127.0.0.&", "is no code", NULL, NULL },
	{ "127.0.0.&0", "is no code", NULL, NULL }, { "127.0.0.0/33", "is no code", NULL, NULL },
	{ "127.0.*.0/24", "is no code", NULL, NULL }, { "127.0.0.2/", "is no code", NULL, NULL },
	{ "::ffff:127.0.0.2", "is no code", NULL, NULL }, { "127.0.0.9999999999", "is no code", NULL, NULL },
	{ "127.0.1.1/24", "has bits behind its prefix", NULL, NULL },
	{ "127.0.0.7-4", "has a range that ends before it begins", NULL, NULL },
	{ "10.0.0.2", "lies outside of 127.0.0.0/8", NULL, NULL }, { "*.0.0.2", "lies outside of", NULL, NULL },
	{ "126-128.0.0.2", "lies outside of", NULL, NULL }, { "127.0.0.0/7", "lies outside of", NULL, NULL },
	{ "127.255.255.254", "lies in 127.255.255.0/24", NULL, NULL },
	{ "127.255.255.*", "lies in 127.255.255.0/24", NULL, NULL },
	{ "127.255.255.0/24", "lies in 127.255.255.0/24", NULL, NULL },
};

static struct mt_ip
ip_of(const char *text)
{
	struct mt_ip ip;

	mt_ip_parse(&ip, mt_span_text(text));
	return ip;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mt_dnsbl_code code = { 0 };
		const char *why = mt_dnsbl_code_read(&code, mt_span_text(rows[i].text));
		bool ok = (why == NULL) == (rows[i].why == NULL);

		if (ok && why != NULL) {
			ok = strstr(why, rows[i].why) == why;
		} else if (ok) {
			struct mt_ip has = ip_of(rows[i].has), not = ip_of(rows[i].has_not);

			ok = mt_dnsbl_code_has(&code, &has) && !mt_dnsbl_code_has(&code, &not);
		}
		if (!tap_ok(ok, "code \"%s\"%s%s", rows[i].text, rows[i].has == NULL ? "" : " has ",
		    rows[i].has == NULL ? "" : rows[i].has))
			tap_note("it %s", why == NULL ? "is a code" : why);
	}
}

static const struct { const char *outer, *inner; bool covers; } covers[] = {
	{ "127.0.0.2", "127.0.0.2", true }, { "127.0.0.4-7", "127.0.0.5", true }, { "127.0.0.4-7", "127.0.0.7-8", false },
	{ "127.0.0.0/24", "127.0.0.*", true }, { "127.0.*.1-3", "127.0.10.2", true }, { "127.0.10.*", "127.0.*.1-3", false },
	{ "127.0.0.&2", "127.0.0.6", true }, { "127.0.0.&2", "127.0.0.4", false }, { "127.0.0.&2", "127.0.0.&6", true },
	{ "127.0.0.&2", "127.0.0.2-3", false }, { "127.0.0.&6", "127.0.0.&2", false },
};

static void
test_covers(void)
{
	for (size_t i = 0; i < sizeof covers / sizeof *covers; i++) {
		struct mt_dnsbl_code outer, inner;

		tap_ok(mt_dnsbl_code_read(&outer, mt_span_text(covers[i].outer)) == NULL &&
		    mt_dnsbl_code_read(&inner, mt_span_text(covers[i].inner)) == NULL &&
		    mt_dnsbl_code_covers(&outer, &inner) == covers[i].covers, "%s has %sall of %s", covers[i].outer,
		    covers[i].covers ? "" : "not ", covers[i].inner);
	}
}

/* ---- names (RFC 5782, 2.1 and 2.4) ---------------------------------------------------- */

static void
test_names(void)
{
	struct mt_ip v4 = ip_of("192.0.2.99"), v6 = ip_of("2001:db8:1:2:3:4:567:89ab"), absent = { 0 };
	char out[MT_NAME_TEXT], zone[MT_NAME_TEXT];

	tap_ok(mt_dnsbl_name(out, &v4, MT_SPAN("bad.example.com")) && strcmp(out, "99.2.0.192.bad.example.com") == 0,
	    "the example of RFC 5782, 2.1");
	tap_ok(mt_dnsbl_name(out, &v6, MT_SPAN("ugly.example.com")) && strcmp(out,
	    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ugly.example.com") == 0,
	    "the example of RFC 5782, 2.4");
	tap_ok(!mt_dnsbl_name(out, &absent, MT_SPAN("bad.example.com")), "no address has no name");
	memset(zone, 'a', sizeof zone);
	tap_ok(mt_dnsbl_name(out, &v6, (struct mt_span){ zone, MT_NAME_TEXT - 1 - 64 }) && strlen(out) == MT_NAME_TEXT - 1,
	    "the longest zone");
	tap_ok(!mt_dnsbl_name(out, &v6, (struct mt_span){ zone, MT_NAME_TEXT - 64 }), "a zone too long");
	tap_ok(!mt_dnsbl_name(out, &v4, MT_ABSENT), "no zone");
}

/* ---- a scripted world ----------------------------------------------------------------- */

#define ROW(a, b, n, c) { .text = S(n), .byte = { { 127, 127, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { (a), (b), 0 } }, \
	.name = S(n), .class = c }
#define NO_CLASS { NULL, 0 }
#define CODES(t) .codes = t, .ncodes = sizeof(t) / sizeof *(t)

static const struct mt_dnsbl_code zen[] = {
	ROW(2, 3, "sbl", S("spam")), ROW(4, 7, "xbl", S("exploited")), ROW(9, 9, "drop", S("spam")),
	ROW(10, 11, "pbl", NO_CLASS),
};
static const struct mt_dnsbl_code any[] = {
	{ .byte = { { 127, 127, 0 }, { 0, 255, 0 }, { 0, 255, 0 }, { 0, 255, 0 } }, .name = S("any.example") },
};
static const struct mt_dnsbl_code wl[] = {
	ROW(255, 255, "blocked", S(MT_DNSBL_ERROR)), ROW(0, 3, "wl", S("believed")),
};
static const struct mt_dnsbl_zone zones[] = {
	{ .zone = S("zen.example"), .check = MT_DNSBL_CLIENT | MT_DNSBL_HOPS, CODES(zen) },
	{ .zone = S("any.example"), .check = MT_DNSBL_CLIENT, CODES(any) },
	{ .zone = S("wl.example"), .check = MT_DNSBL_CLIENT, .allow = true, CODES(wl) },
};
static const struct mt_dnsbl all = { zones, 3 }, only_zen = { zones, 1 }, only_any = { zones + 1, 1 }, only_wl = { zones + 2, 1 };
static const struct mt_dnsbl none = { zones, 0 };

struct script {
	const char *name;		/* NULL: all others */
	enum mt_cause cause;
	const char *ips[4];
};
#define OUT MT_CAUSES			/* no answer yet */
#define MOST 8

struct world {
	struct mt_ask ask;
	const struct script *script;
	size_t nscript;
	struct mt_answer *answers[256];
	size_t nanswers;
	unsigned asked;
};

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct world *w = (struct world *)self;
	struct mt_answer *made;
	size_t i = 0, n = 0;

	w->asked += type == MT_RR_A;
	while (i < MOST && w->script[i].name != NULL && !mt_span_same_text(name, w->script[i].name))
		i++;
	if (w->script[i].cause == OUT)
		return NULL;
	while (n < 4 && w->script[i].ips[n] != NULL)
		n++;
	made = mt_answer_new(n > 0 ? MT_CAUSE_NONE : w->script[i].cause != MT_CAUSE_NONE ? w->script[i].cause :
	    MT_CAUSE_NXDOMAIN, n, 0);
	made->msec = 7;
	for (size_t k = 0; k < n; k++)
		made->records[k].ip = ip_of(w->script[i].ips[k]);
	w->answers[w->nanswers++] = made;
	return made;
}

static void
world_end(struct world *w)
{
	while (w->nanswers > 0)
		mt_answer_unref(w->answers[--w->nanswers]);
}

/* "zen.example/192.0.2.7=listed[127.0.0.4](xbl:exploited) ..." */
static const char *
drawn(const struct mt_listings *out, char text[2048])
{
	char ip[MT_IP_TEXT];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < out->count; i++) {
		const struct mt_listing *l = &out->listing[i];

		at += (size_t)snprintf(text + at, 2048 - at, "%s%.*s/%u=%s", i > 0 ? " " : "", (int)(l->zone.len - 8),
		    l->zone.ptr, l->hop, mt_result_word(l->result));
		for (unsigned c = 0; c < l->ncodes; c++)
			at += (size_t)snprintf(text + at, 2048 - at, "[%s]", mt_ip_text(&l->codes[c], ip) + 4);
		for (unsigned n = 0; n < l->nnames; n++)
			at += (size_t)snprintf(text + at, 2048 - at, "(%.*s:%.*s)", MT_SPAN_ARG(l->names[n]),
			    MT_SPAN_ARG(l->classes[n]));
	}
	return text;
}

/* ---- what all come to ----------------------------------------------------------------- */

#define CLIENT "7.2.0.192."

static const struct {
	const char *name;
	const struct mt_dnsbl *settings;
	struct script script[MOST];
	enum mt_result states[3];
	enum mt_result result;
	enum mt_cause cause;
	const char *drawn;
	uint32_t failed, refused, alien, open;
} checks[] = {
	{ "nothing to ask", &none, { { NULL } }, { 0 }, MT_SKIPPED, MT_CAUSE_NOT_NEEDED, "", 0, 0, 0, 0 },
	{ "on no list", &all, { { NULL } }, { 0 }, MT_CLEAN, 0, "zen/0=clean any/0=clean wl/0=clean", 0, 0, 0, 0 },
	{ "there is something, but no address", &only_zen, { { NULL, MT_CAUSE_NODATA, { NULL } } }, { 0 }, MT_CLEAN, 0,
	    "zen/0=clean", 0, 0, 0, 0 },
	{ "on one list", &all, { { CLIENT "zen.example", 0, { "127.0.0.4" } }, { NULL } }, { 0 }, MT_LISTED, 0,
	    "zen/0=listed[0.0.4](xbl:exploited) any/0=clean wl/0=clean", 0, 0, 0, 0 },
	{ "the order of an answer does not show", &only_zen,
	    { { CLIENT "zen.example", 0, { "127.0.0.10", "127.0.0.4", "127.0.0.2", "127.0.0.3" } }, { NULL } }, { 0 }, MT_LISTED,
	    0, "zen/0=listed[0.0.2][0.0.3][0.0.4][0.0.10](sbl:spam)(xbl:exploited)(pbl:)", 0, 0, 0, 0 },
	{ "nor does the other one", &only_zen,
	    { { CLIENT "zen.example", 0, { "127.0.0.2", "127.0.0.3", "127.0.0.10", "127.0.0.4" } }, { NULL } }, { 0 }, MT_LISTED,
	    0, "zen/0=listed[0.0.2][0.0.3][0.0.4][0.0.10](sbl:spam)(xbl:exploited)(pbl:)", 0, 0, 0, 0 },
	{ "a code in no row is no listing", &only_zen, { { CLIENT "zen.example", 0, { "127.0.0.12" } }, { NULL } }, { 0 },
	    MT_REFUSED, 0, "zen/0=refused[0.0.12]", 0, 0, 0, 0 },
	{ "a code in no row beside one that is", &only_zen,
	    { { CLIENT "zen.example", 0, { "127.0.0.12", "127.0.0.9" } }, { NULL } }, { 0 }, MT_LISTED, 0,
	    "zen/0=listed[0.0.9][0.0.12](drop:spam)", 0, 0, 0, 0 },
	{ "too many questions are no listing", &only_zen, { { CLIENT "zen.example", 0, { "127.255.255.255" } }, { NULL } },
	    { 0 }, MT_REFUSED, 0, "zen/0=refused[255.255.255]", 1, 1, 0, 0 },
	{ "nor by a public resolver where any code lists", &only_any,
	    { { CLIENT "any.example", 0, { "127.255.255.254" } }, { NULL } }, { 0 }, MT_REFUSED, 0, "any/0=refused[255.255.254]",
	    1, 1, 0, 0 },
	{ "the block beside it lists", &only_any, { { CLIENT "any.example", 0, { "127.255.254.1" } }, { NULL } }, { 0 },
	    MT_LISTED, 0, "any/0=listed[255.254.1](any.example:)", 0, 0, 0, 0 },
	{ "a refusal beside a code is a refusal", &only_zen,
	    { { CLIENT "zen.example", 0, { "127.0.0.2", "127.255.255.252" } }, { NULL } }, { 0 }, MT_REFUSED, 0,
	    "zen/0=refused[0.0.2][255.255.252]", 1, 1, 0, 0 },
	{ "an address outside of 127.0.0.0/8", &only_any, { { CLIENT "any.example", 0, { "127.0.0.2", "192.0.2.80" } },
	    { NULL } }, { 0 }, MT_REFUSED, 0, "any/0=refused[0.0.2][0.2.80]", 1, 0, 1, 0 },
	{ "a row of class error is a refusal", &only_wl, { { CLIENT "wl.example", 0, { "127.0.0.255" } }, { NULL } }, { 0 },
	    MT_SKIPPED, MT_CAUSE_NOT_NEEDED, "wl/0=refused[0.0.255]", 1, 1, 0, 0 },
	{ "who is believed is not listed", &all, { { CLIENT "wl.example", 0, { "127.0.0.3" } }, { NULL } }, { 0 }, MT_CLEAN, 0,
	    "zen/0=clean any/0=clean wl/0=listed[0.0.3](wl:believed)", 0, 0, 0, 0 },
	{ "a list of whom to believe that is silent", &all, { { CLIENT "wl.example", MT_CAUSE_TIMEOUT, { NULL } }, { NULL } },
	    { 0 }, MT_CLEAN, 0, "zen/0=clean any/0=clean wl/0=temperror", 4, 0, 0, 0 },
	{ "a time-out", &all, { { CLIENT "any.example", MT_CAUSE_TIMEOUT, { NULL } }, { NULL } }, { 0 }, MT_TEMPERROR,
	    MT_CAUSE_TIMEOUT, "zen/0=clean any/0=temperror wl/0=clean", 2, 0, 0, 0 },
	{ "REFUSED of DNS is for now", &all, { { CLIENT "any.example", MT_CAUSE_REFUSED, { NULL } }, { NULL } }, { 0 },
	    MT_TEMPERROR, MT_CAUSE_REFUSED, "zen/0=clean any/0=temperror wl/0=clean", 2, 0, 0, 0 },
	{ "a listing beside a time-out", &all, { { CLIENT "any.example", MT_CAUSE_TIMEOUT, { NULL } },
	    { CLIENT "zen.example", 0, { "127.0.0.2" } }, { NULL } }, { 0 }, MT_LISTED, 0,
	    "zen/0=listed[0.0.2](sbl:spam) any/0=temperror wl/0=clean", 2, 0, 0, 0 },
	{ "a time-out beside a refusal", &all, { { CLIENT "any.example", MT_CAUSE_SERVFAIL, { NULL } },
	    { CLIENT "zen.example", 0, { "127.255.255.254" } }, { NULL } }, { 0 }, MT_TEMPERROR, MT_CAUSE_SERVFAIL,
	    "zen/0=refused[255.255.254] any/0=temperror wl/0=clean", 3, 1, 0, 0 },
	{ "nobody is to be asked", &all, { { NULL, MT_CAUSE_OFFLINE, { NULL } } }, { 0 }, MT_SKIPPED, MT_CAUSE_OFFLINE,
	    "zen/0=skipped any/0=skipped wl/0=skipped", 0, 0, 0, 0 },
	{ "one is out", &all, { { CLIENT "any.example", OUT, { NULL } }, { NULL } }, { 0 }, MT_UNKNOWN, 0,
	    "zen/0=clean any/0=unknown wl/0=clean", 0, 0, 0, 2 },
	{ "one is out, another lists", &all, { { CLIENT "any.example", OUT, { NULL } },
	    { CLIENT "zen.example", 0, { "127.0.0.2" } }, { NULL } }, { 0 }, MT_LISTED, 0,
	    "zen/0=listed[0.0.2](sbl:spam) any/0=unknown wl/0=clean", 0, 0, 0, 2 },
	{ "a time-out is not all while one is out", &all, { { CLIENT "any.example", OUT, { NULL } },
	    { CLIENT "zen.example", MT_CAUSE_TIMEOUT, { NULL } }, { NULL } }, { 0 }, MT_UNKNOWN, 0,
	    "zen/0=temperror any/0=unknown wl/0=clean", 1, 0, 0, 2 },
	{ "whom to believe is out", &all, { { CLIENT "wl.example", OUT, { NULL } }, { NULL } }, { 0 }, MT_CLEAN, 0,
	    "zen/0=clean any/0=clean wl/0=unknown", 0, 0, 0, 4 },
	{ "one is switched off for refusing", &all, { { NULL } }, { MT_REFUSED }, MT_REFUSED, MT_CAUSE_NOT_NEEDED,
	    "zen/0=refused any/0=clean wl/0=clean", 1, 0, 0, 0 },
	{ "one is dead", &all, { { NULL } }, { 0, MT_DEAD }, MT_DEAD, MT_CAUSE_NOT_NEEDED,
	    "zen/0=clean any/0=dead wl/0=clean", 2, 0, 0, 0 },
	{ "one is silent", &all, { { NULL } }, { MT_DEAD, MT_TEMPERROR }, MT_TEMPERROR, MT_CAUSE_BREAKER,
	    "zen/0=dead any/0=temperror wl/0=clean", 3, 0, 0, 0 },
	{ "one was found well", &all, { { NULL } }, { MT_CLEAN, MT_CLEAN, MT_CLEAN }, MT_CLEAN, 0,
	    "zen/0=clean any/0=clean wl/0=clean", 0, 0, 0, 0 },
	{ "a list that is not known yet, and lists everybody", &only_zen, { { NULL, 0, { "127.0.0.4" } } }, { 0 }, MT_DEAD,
	    MT_CAUSE_NOT_NEEDED, "zen/0=dead", 1, 0, 0, 0 },
	{ "one that was found well is asked no more", &only_zen, { { "1.0.0.127.zen.example", 0, { "127.0.0.4" } },
	    { CLIENT "zen.example", 0, { "127.0.0.4" } }, { NULL } }, { MT_CLEAN }, MT_LISTED, 0,
	    "zen/0=listed[0.0.4](xbl:exploited)", 0, 0, 0, 0 },
	{ "a list that is not known yet, and silent about nobody", &only_zen, { { "1.0.0.127.zen.example", MT_CAUSE_TIMEOUT,
	    { NULL } }, { CLIENT "zen.example", 0, { "127.0.0.4" } }, { NULL } }, { 0 }, MT_TEMPERROR, MT_CAUSE_TIMEOUT,
	    "zen/0=temperror", 1, 0, 0, 0 },
	{ "what it says of nobody is out", &only_zen, { { "1.0.0.127.zen.example", OUT, { NULL } },
	    { CLIENT "zen.example", 0, { "127.0.0.4" } }, { NULL } }, { 0 }, MT_UNKNOWN, 0, "zen/0=unknown", 0, 0, 0, 1 },
	{ "a list that is not known yet, and refuses", &only_zen, { { "1.0.0.127.zen.example", 0, { "127.255.255.254" } },
	    { CLIENT "zen.example", 0, { "127.0.0.4" } }, { NULL } }, { 0 }, MT_REFUSED, MT_CAUSE_NOT_NEEDED, "zen/0=refused",
	    1, 0, 0, 0 },
	{ "one is dead, another lists", &all, { { CLIENT "zen.example", 0, { "127.0.0.2" } }, { NULL } }, { 0, MT_DEAD },
	    MT_LISTED, 0, "zen/0=listed[0.0.2](sbl:spam) any/0=dead wl/0=clean", 2, 0, 0, 0 },
};

static void
test_checks(void)
{
	static const struct mt_dnsbl_subject client = { 0, { 4, { 192, 0, 2, 7 } } };

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		struct mt_dnsbl_about about = { &client, 1, false, checks[i].states };
		struct world w = { .ask = { answer }, .script = checks[i].script };
		struct mt_listings out = { 0 };
		struct mt_arena arena;
		char text[2048];
		bool ok;

		mt_arena_init(&arena, 4096, 1u << 20);
		ok = mt_dnsbl_check(&out, &arena, &w.ask, checks[i].settings, &about) == checks[i].result;
		ok = ok && out.fact.result == checks[i].result && out.fact.cause == checks[i].cause;
		ok = ok && strcmp(drawn(&out, text), checks[i].drawn) == 0;
		ok = ok && out.failed == checks[i].failed && out.refused == checks[i].refused && out.alien == checks[i].alien &&
		    out.open == checks[i].open;
		if (!tap_ok(ok, "%s", checks[i].name))
			tap_note("%s (%s): %s; failed %x refused %x alien %x open %x", mt_result_word(out.fact.result),
			    mt_cause_word(out.fact.cause), drawn(&out, text), out.failed, out.refused, out.alien, out.open);
		world_end(&w);
		mt_arena_fini(&arena);
	}
}

/* ---- hops ----------------------------------------------------------------------------- */

static void
test_hops(void)
{
	static const struct script hop_listed[] = { { "9.2.0.192.zen.example", 0, { "127.0.0.4" } }, { NULL } };
	struct mt_dnsbl_subject subjects[5] = { { 0, ip_of("192.0.2.7") }, { 4, ip_of("192.0.2.7") }, { 3, ip_of("10.1.1.1") },
		{ 2, ip_of("2001:db8::1") }, { 1, ip_of("192.0.2.9") } };
	struct mt_dnsbl_about about = { subjects, 1, true, NULL };
	struct world w = { .ask = { answer }, .script = hop_listed };
	struct mt_listings out = { 0 };
	struct mt_arena arena;
	char text[2048];

	mt_arena_init(&arena, 4096, 1u << 20);
	mt_dnsbl_check(&out, &arena, &w.ask, &all, &about);
	tap_ok(out.fact.result == MT_UNKNOWN && out.open == 1 && w.asked == 3,
	    "while hops are to come, only the list that is asked of them is open");
	about.count = 5;
	about.more = false;
	mt_dnsbl_check(&out, &arena, &w.ask, &all, &about);
	if (!tap_ok(out.fact.result == MT_LISTED && strcmp(drawn(&out, text), "zen/0=clean any/0=clean wl/0=clean "
	    "zen/2=clean zen/1=listed[0.0.4](xbl:exploited)") == 0, "each address once, private ones never"))
		tap_note("%s", drawn(&out, text));
	tap_ok(w.asked == 5, "what has an answer is not asked again");
	tap_ok(mt_listings_have(&out, MT_SPAN("exploited")) && mt_listings_have(&out, MT_SPAN("xbl")) &&
	    !mt_listings_have(&out, MT_SPAN("spam")) && !mt_listings_have(&out, MT_SPAN("")), "names and classes are found");
	world_end(&w);
	out = (struct mt_listings){ 0 };
	about.count = 1;
	subjects[0].ip = ip_of("127.0.0.2");
	tap_ok(mt_dnsbl_check(&out, &arena, &w.ask, &all, &about) == MT_SKIPPED && out.fact.cause == MT_CAUSE_NO_INPUT &&
	    out.count == 0, "a client of a private network is nobody to ask about");
	mt_arena_fini(&arena);
}

static void
test_bounds(void)
{
	static const struct script clean[] = { { NULL } };
	struct mt_dnsbl_zone many[MT_DNSBL_ZONES];
	struct mt_dnsbl_subject subjects[200];
	struct mt_dnsbl settings = { many, MT_DNSBL_ZONES };
	struct mt_dnsbl_about about = { subjects, 200, false, NULL };
	struct world w = { .ask = { answer }, .script = clean };
	char names[MT_DNSBL_ZONES][16];
	struct mt_listings out = { 0 };
	struct mt_arena arena;

	for (unsigned i = 0; i < MT_DNSBL_ZONES; i++) {
		many[i] = zones[0];
		snprintf(names[i], sizeof names[i], "z%u.example", i);
		many[i].zone = mt_span_text(names[i]);
	}
	for (unsigned i = 0; i < 200; i++) {
		subjects[i].hop = i;
		subjects[i].ip = ip_of("198.51.100.1");
		subjects[i].ip.bytes[3] = (uint8_t)i;
	}
	mt_arena_init(&arena, 4096, 1u << 20);
	tap_ok(mt_dnsbl_check(&out, &arena, &w.ask, &settings, &about) == MT_CLEAN && out.cut &&
	    out.count == MT_DNSBL_QUESTIONS && w.asked == MT_DNSBL_QUESTIONS, "never more questions than the bound");
	tap_ok(out.listing[MT_DNSBL_ZONES - 1].hop == 0 && out.listing[MT_DNSBL_ZONES].hop == 1,
	    "the client in all lists, then the hop next to it");
	world_end(&w);
	mt_arena_fini(&arena);
	out = (struct mt_listings){ 0 };
	mt_arena_init(&arena, 64, 256);
	tap_ok(mt_dnsbl_check(&out, &arena, &w.ask, &settings, &about) == MT_TEMPERROR && out.fact.cause == MT_CAUSE_LIMIT &&
	    out.failed == UINT32_MAX && out.open == 0 && out.count == 0, "without room nothing is known");
	tap_ok(mt_dnsbl_check(&out, &arena, &w.ask, &settings, &about) == MT_TEMPERROR, "and that stays so");
	mt_arena_fini(&arena);
}

/* ---- answers in any order ------------------------------------------------------------- */

/* Whatever comes first: a word once given is the word of the end. */
static void
test_order(void)
{
	static const struct script ends[][4] = {
		{ { CLIENT "zen.example", 0, { "127.0.0.2" } }, { CLIENT "any.example", MT_CAUSE_TIMEOUT, { NULL } },
		    { CLIENT "wl.example", 0, { "127.0.0.1" } }, { NULL } },
		{ { CLIENT "zen.example", 0, { "127.255.255.254" } }, { CLIENT "any.example", 0, { "127.0.0.2" } },
		    { CLIENT "wl.example", 0, { NULL } }, { NULL } },
		{ { CLIENT "zen.example", 0, { NULL } }, { CLIENT "any.example", MT_CAUSE_SERVFAIL, { NULL } },
		    { CLIENT "wl.example", MT_CAUSE_TIMEOUT, { NULL } }, { NULL } },
	};
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const struct mt_dnsbl_subject client = { 0, { 4, { 192, 0, 2, 7 } } };
	const struct mt_dnsbl_about about = { &client, 1, false, NULL };

	for (size_t e = 0; e < 3; e++) {
		char first[2048] = "", last[2048];
		bool same = true, stays = true;

		for (size_t o = 0; o < 6; o++) {
			struct script now[4] = { ends[e][0], ends[e][1], ends[e][2], { NULL } };
			struct world w = { .ask = { answer }, .script = now };
			enum mt_result given = MT_UNKNOWN;
			struct mt_listings out = { 0 };
			struct mt_arena arena;

			mt_arena_init(&arena, 4096, 1u << 20);
			for (int i = 0; i < 3; i++)
				now[i].cause = OUT;
			for (int i = 0; i < 3; i++) {
				enum mt_result r;

				now[orders[o][i]].cause = ends[e][orders[o][i]].cause;
				r = mt_dnsbl_check(&out, &arena, &w.ask, &all, &about);
				stays = stays && (given == MT_UNKNOWN || r == given);
				given = r;
			}
			drawn(&out, o == 0 ? first : last);
			same = same && (o == 0 || strcmp(first, last) == 0) && out.open == 0;
			world_end(&w);
			mt_arena_fini(&arena);
		}
		tap_ok(same, "ending %zu: all orders of answers come to the same", e + 1);
		tap_ok(stays, "ending %zu: a word once given stays", e + 1);
	}
}

int
main(void)
{
	test_rows();
	test_covers();
	test_names();
	test_checks();
	test_hops();
	test_bounds();
	test_order();
	return tap_done();
}
