/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of ARC sets, one by one and as a chain (RFC 8617, 4 and 5.2). */
#include "lib/core/arc_field.h"

#include "lib/core/authres.h"
#include "tests/unit/tap.h"

#define SEAL "a=rsa-sha256; cv=none; d=a.example; s=s; b=AAAA;"
#define MESSAGE "a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=AAAA; h=from:to;"

static const struct {
	const char *value;
	enum mt_arc_kind kind;
	unsigned instance;
	bool sound;
} fields[] = {
	{ SEAL "i=1", MT_ARC_SEAL, 1, true },
	{ SEAL "i=50", MT_ARC_SEAL, 50, true },
	{ SEAL "i=01", MT_ARC_SEAL, 1, true },
	{ SEAL "i=1; t=123; unknown=x", MT_ARC_SEAL, 1, true },
	{ SEAL "i=1; t=123456789012", MT_ARC_SEAL, 1, true },
	{ SEAL "i=0", MT_ARC_SEAL, 0, false },
	{ SEAL "i=51", MT_ARC_SEAL, 0, false },
	{ SEAL "i=100", MT_ARC_SEAL, 0, false },
	{ SEAL "i=", MT_ARC_SEAL, 0, false },
	{ SEAL "i=-1", MT_ARC_SEAL, 0, false },
	{ SEAL "i=1 0", MT_ARC_SEAL, 0, false },
	{ SEAL "I=1", MT_ARC_SEAL, 0, false },
	{ SEAL, MT_ARC_SEAL, 0, false },
	{ SEAL "i=1; i=1", MT_ARC_SEAL, 0, false },
	{ SEAL "i=1; h=from", MT_ARC_SEAL, 1, false },
	{ SEAL "i=1; t=", MT_ARC_SEAL, 1, false },
	{ SEAL "i=1; t=1x", MT_ARC_SEAL, 1, false },
	{ SEAL "i=1; t=1234567890123", MT_ARC_SEAL, 1, false },
	{ "i=1; cv=none; d=a.example; s=s; b=AAAA", MT_ARC_SEAL, 1, false },
	{ "i=1; a=rsa-sha1; cv=none; d=a.example; s=s; b=AAAA", MT_ARC_SEAL, 1, false },
	{ "i=1; a=ed25519-sha256; cv=none; d=a.example; s=s; b=AAAA", MT_ARC_SEAL, 1, true },
	{ "i=1; a=rsa-sha256; cv=none; s=s; b=AAAA", MT_ARC_SEAL, 1, false },
	{ "i=1; a=rsa-sha256; cv=none; d=a.example; b=AAAA", MT_ARC_SEAL, 1, false },
	{ "i=1; a=rsa-sha256; cv=none; d=a.example; s=s", MT_ARC_SEAL, 1, false },
	{ "i=1; a=rsa-sha256; cv=none; d=a.example; s=s; b=", MT_ARC_SEAL, 1, false },
	{ "", MT_ARC_SEAL, 0, false },
	{ "nonsense", MT_ARC_SEAL, 0, false },

	{ MESSAGE "i=1", MT_ARC_MESSAGE, 1, true },
	{ MESSAGE "i=1; c=relaxed/simple; l=12; t=1; x=2; q=dns/txt; v=1; z=x", MT_ARC_MESSAGE, 1, true },
	{ MESSAGE "i=1; c=", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; c=nowsp", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; l=", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; l=1k", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; x=never", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; t=2; x=2", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; q=", MT_ARC_MESSAGE, 1, false },
	{ MESSAGE "i=1; q=http", MT_ARC_MESSAGE, 1, false },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=AAAA; h=", MT_ARC_MESSAGE, 1, true },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=AAAA", MT_ARC_MESSAGE, 1, false },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; h=from", MT_ARC_MESSAGE, 1, false },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=; h=from", MT_ARC_MESSAGE, 1, false },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=AAAA; h=from : ARC-SEAL", MT_ARC_MESSAGE, 1, false },
	{ "i=1; a=rsa-sha256; d=a.example; s=s; b=AAAA; bh=AAAA; h=arc-message-signature:arc-authentication-results",
	    MT_ARC_MESSAGE, 1, true },

	{ " i=1; a.example; none", MT_ARC_RESULTS, 1, true },
	{ " (c) i (c) = (c) 1 (c) ; a.example", MT_ARC_RESULTS, 1, true },
	{ "i=1;", MT_ARC_RESULTS, 1, true },
	{ "i=1", MT_ARC_RESULTS, 0, false },
	{ "i=1 a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=51; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=0; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=001; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=1x; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "xi=1; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "i=1;\"", MT_ARC_RESULTS, 1, true },
	{ "I=1; a.example; none", MT_ARC_RESULTS, 0, false },
	{ "a.example; i=1; none", MT_ARC_RESULTS, 0, false },
	{ "a.example; none", MT_ARC_RESULTS, 0, false },
	{ "(i=1; a.example", MT_ARC_RESULTS, 0, false },
	{ "", MT_ARC_RESULTS, 0, false },
};

static const struct {
	const char *value, *id, *ip;	/* NULL: none */
} results[] = {
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=\"192.0.2.7\"", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=\"2001:db8::7\"; dkim=none", "a.example", "2001:db8::7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=2001:db8::7;dkim=none", "a.example", "2001:db8::7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=\"IPv6:2001:db8::7\"", "a.example", "2001:db8::7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=[192.0.2.7]", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=\"192.\\0.2.7\"", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none (c) smtp (c) . (c) remote-ip (c) = (c) 192.0.2.7 (c)", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none\r\n\tSMTP.Remote-IP\r\n\t=\r\n\t192.0.2.7\r\n", "a.example", "192.0.2.7" },
	{ "i=1; a.example 1; arc=none smtp.remote-ip=192.0.2.7", "a.example", "192.0.2.7" },
	{ "i=1; \"a.example\"; arc=none smtp.remote-ip=192.0.2.7", "a.example", "192.0.2.7" },
	{ "i=1; (c) a.example (c); none", "a.example", NULL },
	{ "i=1; a.example", "a.example", NULL },
	{ "i=1; a.example; iprev=pass smtp.remote-ip=192.0.2.7; arc=none smtp.remote-ip=192.0.2.7", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7; arc=none smtp.remote-ip=192.0.2.8", "a.example", NULL },
	{ "i=1; a.example; arc=none (smtp.remote-ip=192.0.2.7)", "a.example", NULL },
	{ "i=1; a.example; arc=none reason=\"smtp.remote-ip=192.0.2.7\"", "a.example", NULL },
	{ "i=1; a.example; arc=none xsmtp.remote-ip=192.0.2.7", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip.x=192.0.2.7", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip=mx.example", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip=", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip", "a.example", NULL },
	/* An address that is cut off may be another one; so may what cannot be read. */
	{ "i=1; a.example; arc=none smtp.remote-ip=\"192.0.2.7", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7; dkim=pass (x", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7; ) smtp.remote-ip=192.0.2.8", "a.example", NULL },
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7; dkim=pass smtp.x=\"a)\" header.d=none;b.example", "a.example",
	    "192.0.2.7" },
	{ "i=1; a.example; smtp.remote-ip=192.0.2.7 arc=none", "a.example", "192.0.2.7" },
	{ "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7; smtp.remote-ip=192.0.2.8 arc=none", "a.example", NULL },
	{ "i=1; a.example (x; arc=none smtp.remote-ip=192.0.2.7", "a.example", NULL },
	{ "i=1; \"a.\\example\"; none", "a.example", NULL },
	{ "i=1; spf=pass smtp.mailfrom=x; arc=none smtp.remote-ip=192.0.2.7", NULL, "192.0.2.7" },
	{ "i=1; ; none", NULL, NULL },
	{ "i=1;", NULL, NULL },
	{ "i=77; a.example; arc=none smtp.remote-ip=192.0.2.7", NULL, NULL },
	{ "i=1; a.example; )))((( smtp.remote-ip=192.0.2.7", "a.example", NULL },
};

/* A chain: each set a letter for its cv (none pass fail, x: no word), '-' for a missing set,
 * and what is taken away or added. */
static const struct {
	const char *name, *cv;
	int without;			/* that field of set 2 */
	bool twice, unreadable;
	enum mt_result expected;
} chains[] = {
	{ "none", "", -1, false, false, MT_NONE },
	{ "one", "n", -1, false, false, MT_UNKNOWN },
	{ "three", "npp", -1, false, false, MT_UNKNOWN },
	{ "first pass", "p", -1, false, false, MT_FAIL },
	{ "first fail", "f", -1, false, false, MT_FAIL },
	{ "first without", "x", -1, false, false, MT_FAIL },
	{ "second none", "nn", -1, false, false, MT_FAIL },
	{ "newest fail", "npf", -1, false, false, MT_FAIL },
	{ "one before fail", "nfp", -1, false, false, MT_FAIL },
	{ "set 1 missing", "-p", -1, false, false, MT_FAIL },
	{ "set 2 missing", "n-p", -1, false, false, MT_FAIL },
	{ "no results", "npp", MT_ARC_RESULTS, false, false, MT_FAIL },
	{ "no message signature", "npp", MT_ARC_MESSAGE, false, false, MT_FAIL },
	{ "no seal", "npp", MT_ARC_SEAL, false, false, MT_FAIL },
	{ "newest without a seal", "np", MT_ARC_SEAL, false, false, MT_FAIL },
	{ "a field twice", "np", -1, true, false, MT_FAIL },
	{ "a field that cannot be read", "np", -1, false, true, MT_FAIL },
	{ "nothing but a field that cannot be read", "", -1, false, true, MT_FAIL },
	{ "fifty sets", "npppppppppppppppppppppppppppppppppppppppppppppppppp", -1, false, false, MT_UNKNOWN },
};

static void
all_fields(void)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct mt_arc_field field;

		mt_arc_field_read(&field, fields[i].kind, MT_SPAN("X"), mt_span_text(fields[i].value));
		if (!tap_ok(field.instance == fields[i].instance && (field.why == NULL) == fields[i].sound, "field \"%s\"",
		    fields[i].value))
			tap_note("instance %u, %s", field.instance, field.why == NULL ? "sound" : field.why);
	}
}

static void
all_results(void)
{
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct mt_arc_set set = { .instance = 1 };
		struct mt_arena arena;
		char text[MT_IP_TEXT];
		bool id, ip;

		mt_arena_init(&arena, 256, 4096);
		mt_arc_field_results(&set, &arena, mt_span_text(results[i].value));
		mt_ip_text(&set.remote_ip, text);
		id = results[i].id == NULL ? set.authserv_id.ptr == NULL : mt_span_same_text(set.authserv_id, results[i].id);
		ip = results[i].ip == NULL ? set.remote_ip.family == 0 : strcmp(text, results[i].ip) == 0;
		if (!tap_ok(id && ip, "results \"%s\"", results[i].value))
			tap_note("%.*s, %s", MT_SPAN_ARG(set.authserv_id), text);
		mt_arena_fini(&arena);
	}
}

/* More than is kept: what is left out may say another address. */
static void
many_results(void)
{
	static const char *const more[] = { " x.y=z", "; x=y" };
	static const size_t most[] = { MT_AUTHRES_PROPERTIES - 1, MT_AUTHRES_RESULTS - 1 };

	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		char text[16 * MT_AUTHRES_PROPERTIES] = "i=1; a.example; arc=none smtp.remote-ip=192.0.2.7";
		struct mt_arc_set fits = { .instance = 1 }, cut = { .instance = 1 };
		struct mt_arena arena;

		mt_arena_init(&arena, 256, 4096);
		for (size_t n = 0; n < most[i]; n++)
			strcat(text, more[i]);
		mt_arc_field_results(&fits, &arena, mt_span_text(text));
		strcat(text, more[i]);
		mt_arc_field_results(&cut, &arena, mt_span_text(text));
		tap_ok(fits.remote_ip.family == 4 && cut.remote_ip.family == 0 && mt_span_same_text(cut.authserv_id, "a.example"),
		    "as many of \"%s\" as are kept, and one more", more[i]);
		mt_arena_fini(&arena);
	}
}

static void
add_set(struct mt_arc_chain *chain, struct mt_arc_field set[MT_ARC_KINDS], unsigned instance, char cv, int without)
{
	for (int kind = 0; kind < MT_ARC_KINDS; kind++) {
		set[kind] = (struct mt_arc_field){ .instance = instance };
		set[kind].cv = cv == 'n' ? MT_NONE : cv == 'p' ? MT_PASS : cv == 'f' ? MT_FAIL : MT_UNKNOWN;
		if (kind != without)
			mt_arc_chain_add(chain, (enum mt_arc_kind)kind, &set[kind]);
	}
}

static void
all_chains(void)
{
	static struct mt_arc_field sets[MT_ARC_INSTANCES][MT_ARC_KINDS];
	static const struct mt_arc_field bad = { .why = "bad" };

	for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
		struct mt_arc_chain chain = { .any = false };
		const char *why;
		enum mt_result result;

		for (unsigned n = 0; n < MT_ARC_INSTANCES && chains[i].cv[n] != '\0'; n++)
			if (chains[i].cv[n] != '-')
				add_set(&chain, sets[n], n + 1, chains[i].cv[n], n == 1 ? chains[i].without : -1);
		if (chains[i].twice)
			mt_arc_chain_add(&chain, MT_ARC_SEAL, &sets[0][MT_ARC_SEAL]);
		if (chains[i].unreadable)
			mt_arc_chain_add(&chain, MT_ARC_SEAL, &bad);
		result = mt_arc_chain_judge(&chain, &why);
		tap_ok(result == chains[i].expected && (why != NULL) == (result == MT_FAIL), "chain: %s", chains[i].name);
	}
}

static void
kinds(void)
{
	enum mt_arc_kind kind;

	tap_ok(mt_arc_field_kind(&kind, MT_SPAN("arc-seal")) && kind == MT_ARC_SEAL, "seal");
	tap_ok(mt_arc_field_kind(&kind, MT_SPAN("ARC-Message-Signature ")) && kind == MT_ARC_MESSAGE, "message signature");
	tap_ok(mt_arc_field_kind(&kind, MT_SPAN("ARC-Authentication-Results")) && kind == MT_ARC_RESULTS, "results");
	tap_ok(!mt_arc_field_kind(&kind, MT_SPAN("ARC-Seals")) && !mt_arc_field_kind(&kind, MT_SPAN("Authentication-Results")) &&
	    !mt_arc_field_kind(&kind, MT_SPAN("")) && !mt_arc_field_kind(&kind, MT_ABSENT), "others");
}

static void
details(void)
{
	struct mt_arc_field field;
	char many[16 * MT_ARC_H_MOST];

	mt_arc_field_read(&field, MT_ARC_MESSAGE, MT_SPAN("ARC-Message-Signature"), MT_SPAN(MESSAGE "i=1; x=9; l=7"));
	tap_ok(field.length == 7 && field.expires == 9 && !field.too_many, "length and expiry");
	tap_ok(field.header == MT_CANON_RELAXED && field.body == MT_CANON_RELAXED, "form without c=");
	mt_arc_field_read(&field, MT_ARC_MESSAGE, MT_SPAN("ARC-Message-Signature"), MT_SPAN(MESSAGE "i=1; c=simple"));
	tap_ok(field.length == UINT64_MAX && field.expires == UINT64_MAX, "neither");
	tap_ok(field.header == MT_CANON_SIMPLE && field.body == MT_CANON_SIMPLE, "form with c=");
	snprintf(many, sizeof many, "i=1; a=rsa-sha256; d=a.example; s=s; b=A; bh=A; h=a");
	for (size_t i = 1; i < MT_ARC_H_MOST; i++)
		strcat(many, ":a");
	mt_arc_field_read(&field, MT_ARC_MESSAGE, MT_SPAN("X"), mt_span_text(many));
	tap_ok(field.why == NULL && !field.too_many, "as many names as are looked at");
	strcat(many, ":a");
	mt_arc_field_read(&field, MT_ARC_MESSAGE, MT_SPAN("X"), mt_span_text(many));
	tap_ok(field.why == NULL && field.too_many, "one more");
}

int
main(void)
{
	kinds();
	all_fields();
	details();
	all_results();
	many_results();
	all_chains();
	return tap_done();
}
