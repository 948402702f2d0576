/* SPDX-License-Identifier: BSD-2-Clause */
/* What an Authentication-Results field says, in the forms of RFC 8601 and in others.  A
 * field is shown as one line:
 *
 *	id[/version][#instance][!none|!cut|!broken]... ; method[/version]=word(result)[~reason] type.name=value ...
 */
#include "lib/core/authres.h"

#include "lib/base/buf.h"
#include "tests/unit/tap.h"

static void
show_result(struct mt_buf *buf, const struct mt_authres_result *result)
{
	mt_buf_text(buf, " ; ");
	mt_buf_add(buf, result->method);
	if (result->version != 1)
		mt_buf_format(buf, "/%u", result->version);
	mt_buf_char(buf, '=');
	mt_buf_add(buf, result->word);
	if (!mt_span_same_text(result->word, mt_result_word(result->result)))
		mt_buf_format(buf, "(%s)", mt_result_word(result->result));
	if (result->reason.ptr != NULL) {
		mt_buf_char(buf, '~');
		mt_buf_add(buf, result->reason);
	}
	for (unsigned i = 0; i < result->nproperties; i++) {
		mt_buf_char(buf, ' ');
		if (result->properties[i].ptype.ptr != NULL) {
			mt_buf_add(buf, result->properties[i].ptype);
			mt_buf_char(buf, '.');
		}
		mt_buf_add(buf, result->properties[i].name);
		mt_buf_char(buf, '=');
		mt_buf_add(buf, result->properties[i].value);
	}
}

static struct mt_span
show(struct mt_arena *arena, const struct mt_authres *field)
{
	struct mt_buf buf;

	mt_buf_init(&buf, arena, 0);
	if (field->authserv_id.ptr == NULL)
		mt_buf_char(&buf, '-');
	mt_buf_add(&buf, field->authserv_id);
	if (field->version != 1)
		mt_buf_format(&buf, "/%u", field->version);
	if (field->instance != 0)
		mt_buf_format(&buf, "#%u", field->instance);
	mt_buf_text(&buf, field->none ? "!none" : "");
	mt_buf_text(&buf, field->cut ? "!cut" : "");
	mt_buf_text(&buf, field->broken ? "!broken" : "");
	for (unsigned i = 0; i < field->nresults; i++)
		show_result(&buf, &field->results[i]);
	return mt_buf_span(&buf);
}

static const struct {
	const char *what;
	struct mt_span value;
	const char *shown;
} cases[] = {
	{ "nothing checked", MT_SPAN("mx.example.org; none"), "mx.example.org!none" },
	{ "of version 1", MT_SPAN("mx.example.org 1; none"), "mx.example.org!none" },
	{ "of version 2", MT_SPAN(" mx.example.org(a)2 ;none "), "mx.example.org/2!none" },
	{ "id alone", MT_SPAN("mx.example.org"), "mx.example.org" },
	{ "id in quotes", MT_SPAN("\"mx/7 \\\"a\\\"\"; none"), "mx/7 \"a\"!none" },
	{ "id with a job", MT_SPAN("mx.example.org/7; none"), "mx.example.org/7!none" },
	{ "id in another script", MT_SPAN("mx.b\xc3\xbc" "cher.example; none"), "mx.b\xc3\xbc" "cher.example!none" },
	{ "one result", MT_SPAN("mx.example.org; spf=pass smtp.mailfrom=example.net"),
	    "mx.example.org ; spf=pass smtp.mailfrom=example.net" },
	{ "an address", MT_SPAN("mx.example.org; auth=pass (cram-md5) smtp.auth=sender@example.net"),
	    "mx.example.org ; auth=pass smtp.auth=sender@example.net" },
	{ "a domain with an at-sign", MT_SPAN("mx.example.org; dkim=pass header.i=@example.net"),
	    "mx.example.org ; dkim=pass header.i=@example.net" },
	{ "a local part in quotes", MT_SPAN("mx.example.org; auth=pass smtp.auth=\"a b\"@example.net; spf=none"),
	    "mx.example.org ; auth=pass smtp.auth=\"a b\"@example.net ; spf=none" },
	{ "several", MT_SPAN("mx.example.org;\r\n\tdkim=fail reason=\"bad; key\" header.i=@a.example header.b=\"ab/c\";\r\n"
	    "\tdkim=pass header.d=b.example; arc=none"),
	    "mx.example.org ; dkim=fail~bad; key header.i=@a.example header.b=ab/c ; dkim=pass header.d=b.example ; arc=none" },
	{ "semicolons at the end", MT_SPAN("mx.example.org; spf=pass; ;; "), "mx.example.org ; spf=pass" },
	{ "IPv6 in quotes", MT_SPAN("mx.example.org; iprev=pass policy.iprev=\"2001:db8::7\""),
	    "mx.example.org ; iprev=pass policy.iprev=2001:db8::7" },
	{ "IPv6 without", MT_SPAN("mx.example.org; arc=pass smtp.remote-ip=2001:db8::7 header.oldest-pass=0"),
	    "mx.example.org ; arc=pass smtp.remote-ip=2001:db8::7 header.oldest-pass=0" },
	{ "comments everywhere", MT_SPAN("(a)mx.example.org(b)1(c);(d)spf(e)/(f)2(g)=(h)fail(i)reason(j)=(k)x(l)smtp(m).(n)helo(o)=(p)y(q)"),
	    "mx.example.org ; spf/2=fail~x smtp.helo=y" },
	{ "comments within comments", MT_SPAN("mx.example.org; spf=pass (a (b; c=d) \\) e) smtp.helo=y"),
	    "mx.example.org ; spf=pass smtp.helo=y" },
	{ "a quoted string over a fold", MT_SPAN("mx.example.org; spf=fail reason=\"a\r\n b\""), "mx.example.org ; spf=fail~a b" },
	{ "case of words", MT_SPAN("mx.example.org; SPF=Pass SMTP.MailFrom=A.example"), "mx.example.org ; SPF=Pass SMTP.MailFrom=A.example" },
	{ "an older word", MT_SPAN("mx.example.org; spf=hardfail"), "mx.example.org ; spf=hardfail(fail)" },
	{ "an unknown word", MT_SPAN("mx.example.org; dmarc=bestguesspass; relay=listed"),
	    "mx.example.org ; dmarc=bestguesspass(unknown) ; relay=listed(unknown)" },
	{ "unknown methods", MT_SPAN("mx.example.org; x-tls=pass version=TLSv1.3 bits=256/256; x-ptr.y=none a.b.c=d"),
	    "mx.example.org ; x-tls=pass version=TLSv1.3 bits=256/256 ; x-ptr.y=none a.b.c=d" },
	{ "a property with an equals sign", MT_SPAN("mx.example.org; dkim=pass address=b=c@d.example"),
	    "mx.example.org ; dkim=pass address=b=c@d.example" },
	{ "a property without a value", MT_SPAN("mx.example.org; dkim=pass header.d= header.s="),
	    "mx.example.org ; dkim=pass header.d=header.s=" },
	{ "a property without a value at the end", MT_SPAN("mx.example.org; dkim=pass header.d= ;spf=none"),
	    "mx.example.org ; dkim=pass header.d= ; spf=none" },
	{ "methods without a result", MT_SPAN("mx.example.org; one=; two ;three; dmarc=pass"),
	    "mx.example.org ; one=(unknown) ; two=(unknown) ; three=(unknown) ; dmarc=pass" },
	{ "results before the id", MT_SPAN("spf=pass (sender IP is 192.0.2.7)\n smtp.mailfrom=a.example; mx.example.org; dkim=pass"),
	    "mx.example.org ; spf=pass smtp.mailfrom=a.example ; dkim=pass" },
	{ "the id once more", MT_SPAN("mx.example.org; dkim=pass;mx.example.org; dmarc=pass action=none header.from=a.example;"),
	    "mx.example.org ; dkim=pass ; dmarc=pass action=none header.from=a.example" },
	{ "a word that stands alone", MT_SPAN("mx.example.org; spf=pass # smtp.helo=y"), "mx.example.org ; spf=pass smtp.helo=y" },
	{ "no id", MT_SPAN("; none"), "-!none" },
	{ "empty", MT_SPAN(""), "-" },
	{ "absent", { NULL, 0 }, "-" },
	{ "two equals signs", MT_SPAN("mx.example.org; spf=pass; foo = = bar; dkim=pass"), "mx.example.org!broken ; spf=pass" },
	{ "a value that is an equals sign", MT_SPAN("mx.example.org; spf=pass a.b==c"), "mx.example.org!broken" },
	{ "a version that is none", MT_SPAN("mx.example.org; foo / bar = test;"), "mx.example.org!broken" },
	{ "a dot between", MT_SPAN("mx.example.org; foo . / bar = test;"), "mx.example.org!broken" },
	{ "two words for an id", MT_SPAN("mx.example.org other; spf=pass"), "mx.example.org!broken" },
	{ "a comment that does not end", MT_SPAN("mx.example.org; spf=pass; dkim=pass (x"), "mx.example.org!broken ; spf=pass" },
	{ "a string that does not end", MT_SPAN("mx.example.org; spf=pass; dkim=pass header.d=\"x"),
	    "mx.example.org!broken ; spf=pass" },
	{ "a string that ends in a pair", MT_SPAN("mx.example.org; dkim=pass header.d=\"x\\\""), "mx.example.org!broken" },
	{ "NUL", MT_SPAN("mx.example.org; spf=pass; dkim=pa\0ss"), "mx.example.org!broken ; spf=pass" },
	{ "a dot without a type", MT_SPAN("mx.example.org; dkim=pass .d=x"), "mx.example.org!broken" },
	{ "a dot without a name", MT_SPAN("mx.example.org; dkim=pass header.=x"), "mx.example.org!broken" },
	{ "an id whose quotes do not end", MT_SPAN("\"mx.example.org; spf=pass"), "-!broken" },
	{ "a comment behind the id that does not end", MT_SPAN("mx.example.org (x; spf=pass"), "mx.example.org!broken" },
	{ "an address in place of an id", MT_SPAN("\"mx\"@example.org; spf=pass"), "mx!broken" },
	{ "results behind a quoted word", MT_SPAN("\"mx\"=pass; spf=pass"), "-!broken" },
	{ "a string where none stands", MT_SPAN("mx.example.org; \"dkim\"=pass"), "mx.example.org!broken" },
};

static const struct {
	const char *what;
	struct mt_span value;
	const char *shown;
} sealed[] = {
	{ "an instance", MT_SPAN(" i=1; mx.example.org; arc=none"), "mx.example.org#1 ; arc=none" },
	{ "an instance in space", MT_SPAN("i = (x) 12 ;mx.example.org; none"), "mx.example.org#12!none" },
	{ "an instance in capitals", MT_SPAN("I=1; mx.example.org; arc=none"), "-!broken" },
	{ "an instance in quotes", MT_SPAN("i=\"1\"; mx.example.org; arc=none"), "-!broken" },
	{ "an instance that is not ended", MT_SPAN("i=1 mx.example.org; arc=none"), "-#1!broken" },
	{ "no instance", MT_SPAN("mx.example.org; arc=none"), "-!broken" },
	{ "an instance that is none", MT_SPAN("i=a; mx.example.org; arc=none"), "-!broken" },
	{ "nothing behind the instance", MT_SPAN("i=1"), "-#1!broken" },
};

static void
one_case(const char *what, struct mt_span value, const char *want, bool seal)
{
	struct mt_authres field;
	struct mt_arena arena;
	struct mt_span got;

	mt_arena_init(&arena, 1024, 1 << 20);
	if (seal)
		mt_authres_read_sealed(&field, &arena, value);
	else
		mt_authres_read(&field, &arena, value);
	got = show(&arena, &field);
	if (!tap_ok(mt_span_equal(got, mt_span_text(want)), "%s", what))
		tap_note("got %.*s", MT_SPAN_ARG(got));
	mt_arena_fini(&arena);
}

static void
bounds(void)
{
	static const char *const parts[] = { ";a=b", ";a=b c.d=e", "(", ";", "=", "\"", "a ", ";a=b c.d=\"\\e\"", "\\", ";a/1=b c=d e" };
	enum { MOST = 1 << 20 };
	char *bytes = malloc(MOST);

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct mt_authres field;
		struct mt_arena arena;

		for (size_t n = 0; n < MOST; n++)
			bytes[n] = parts[i][n % strlen(parts[i])];
		mt_arena_init(&arena, 1024, 4 << 20);
		mt_authres_read(&field, &arena, (struct mt_span){ bytes, MOST });
		tap_ok(field.nresults <= MT_AUTHRES_RESULTS, "a mebibyte of %s", parts[i]);
		mt_arena_fini(&arena);
	}
	for (size_t ceiling = 0; ceiling < 1024; ceiling += 8) {
		struct mt_authres field;
		struct mt_arena arena;

		mt_arena_init(&arena, 16, ceiling);
		mt_authres_read(&field, &arena, MT_SPAN("m; a=pass b.c=\"\\d\"; e=fail f.g=\"\\h\""));
		if (!field.cut && (field.nresults != 2 || field.results[1].nproperties != 1 ||
		    !mt_span_equal(field.results[1].properties[0].value, MT_SPAN("h"))))
			tap_ok(false, "at a ceiling of %zu a field is whole, or said not to be", ceiling);
		mt_arena_fini(&arena);
	}
	tap_ok(true, "at any ceiling a field is whole, or said not to be");
	free(bytes);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		one_case(cases[i].what, cases[i].value, cases[i].shown, false);
	for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++)
		one_case(sealed[i].what, sealed[i].value, sealed[i].shown, true);
	bounds();
	return tap_done();
}
