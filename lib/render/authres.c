/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how our findings are spelled in Authentication-Results (RFC 8601), so that those who
 * read it elsewhere read all of it; refuses to know who that is.
 *
 * Methods, results and properties are those that IANA lists (Email Authentication
 * Parameters): of one other word SpamAssassin drops the whole field.  What needs quotes, such
 * as an IPv6 address, stands last in its result: python3-authres drops what it finds behind
 * quotes.  A value that is not what its property says, such as a domain that is none, is
 * left out: no stranger's text comes through but names, and reasons cut down to plain words.
 */
#include "lib/render/render.h"

#include "lib/base/buf.h"
#include "lib/base/name.h"
#include "lib/core/cfws.h"

/* RFC 5322, 2.1.1, wants lines of 78; 2 are left for what is put behind a piece. */
#define FOLD_COLUMN 76
#define TAB_COLUMN 8
#define LINE_MOST 990
#define TEXT_MOST (16u * 1024u)		/* of the whole field: 8 signatures, 32 lists and more */
#define REASON_MOST 100
#define PIECES_MOST 8
#define B_MOST 8			/* RFC 6008: as much of a signature as tells it from others */

/* The field so far. */
struct field {
	struct mt_buf text;
	size_t column;			/* as it is seen: a TAB counts for eight */
	size_t line;			/* bytes on this line */
	size_t line_most;
	bool any;			/* a result stands there */
};

/* One result: "spf=pass", "smtp.mailfrom=example.org" ... */
struct result {
	struct mt_arena *arena;
	struct mt_span pieces[PIECES_MOST];
	size_t count, length;
};

/* ---- pieces -------------------------------------------------------------------------- */

static void
add_piece(struct result *r, const struct mt_buf *buf)
{
	/* A piece that has no memory is as one that is not known; the first must be there. */
	if (buf->cut || r->count == PIECES_MOST)
		return;
	r->pieces[r->count++] = mt_buf_span(buf);
	r->length += buf->len + 1;
}

static void
begin(struct result *r, struct mt_arena *arena, const char *method, enum mt_result word)
{
	struct mt_buf buf;

	*r = (struct result){ .arena = arena };
	mt_buf_init(&buf, arena, 0);
	mt_buf_text(&buf, method);
	mt_buf_char(&buf, '=');
	mt_buf_text(&buf, mt_result_word(word));
	add_piece(r, &buf);
}

/* A value that needs no quotes; absent and others are left out. */
static void
add_token(struct result *r, const char *name, struct mt_span value)
{
	struct mt_buf buf;

	if (!mt_cfws_token(value))
		return;
	mt_buf_init(&buf, r->arena, 0);
	mt_buf_text(&buf, name);
	mt_buf_char(&buf, '=');
	mt_buf_add(&buf, value);
	add_piece(r, &buf);
}

static void
add_domain(struct result *r, const char *name, struct mt_span domain)
{
	if (mt_name_askable(domain))
		add_token(r, name, mt_name_strip(domain));
}

/* The last of a result: in quotes where it is no token.  Printable and without quotes and
 * backslashes within. */
static void
add_last(struct result *r, const char *name, struct mt_span value)
{
	bool quotes = !mt_cfws_token(value);
	struct mt_buf buf;

	if (value.len == 0)
		return;
	mt_buf_init(&buf, r->arena, 0);
	mt_buf_text(&buf, name);
	mt_buf_text(&buf, quotes ? "=\"" : "=");
	mt_buf_add(&buf, value);
	mt_buf_text(&buf, quotes ? "\"" : "");
	add_piece(r, &buf);
}

static void
add_ip(struct result *r, const char *name, const struct mt_ip *ip)
{
	char text[MT_IP_TEXT];

	add_last(r, name, mt_span_text(mt_ip_text(ip, text)));
}

/* Goes behind what stands in brackets at *at, with the blanks before it or, where nothing
 * stands before it, behind it.  False: the brackets do not end. */
static bool
leave_out(struct mt_span why, size_t *at, const char *text, size_t *len)
{
	size_t behind = *at;

	if (!mt_cfws_comment(why, &behind))
		return false;
	if (*len == 0)
		while (behind < why.len && why.ptr[behind] == ' ')
			behind++;
	while (*len > 0 && text[*len - 1] == ' ')
		(*len)--;
	*at = behind;
	return true;
}

/* Why it is so, in quotes, without what ends or begins anything for a hasty reader: brackets,
 * which hold where it is written and not why, go with what is in them.  Stands before all
 * properties (RFC 8601, 2.2). */
static void
add_reason(struct result *r, struct mt_span why)
{
	char text[REASON_MOST];
	struct mt_buf buf;
	size_t len = 0;

	for (size_t i = 0; i < why.len && len < sizeof text;) {
		char c = why.ptr[i];

		if (c == '(' && leave_out(why, &i, text, &len))
			continue;
		if (c < ' ' || c > '~' || strchr("\"\\()", c) != NULL)
			c = '?';
		text[len++] = c == ';' ? ',' : c;
		i++;
	}
	if (len == 0)
		return;
	mt_buf_init(&buf, r->arena, 0);
	mt_buf_text(&buf, "reason=\"");
	mt_buf_add(&buf, (struct mt_span){ text, len });
	mt_buf_char(&buf, '"');
	add_piece(r, &buf);
}

/* The reason given, or the cause of what could not be known. */
static void
add_why(struct result *r, enum mt_result result, enum mt_cause cause, struct mt_span why)
{
	if (why.len > 0)
		add_reason(r, why);
	else if (result == MT_TEMPERROR && cause != MT_CAUSE_NONE)
		add_reason(r, mt_span_text(mt_cause_word(cause)));
}

/* ---- lines ---------------------------------------------------------------------------- */

static void
put(struct field *f, struct mt_span s)
{
	mt_buf_add(&f->text, s);
	f->column += s.len;
	f->line += s.len;
}

static void
put_fold(struct field *f)
{
	mt_buf_text(&f->text, "\n\t");
	f->column = TAB_COLUMN;
	f->line = 1;
}

/* A semicolon and the result behind it, on one line where it fits, else folded between its
 * pieces.  What no line can hold is left out: a piece, or with its first all of it. */
static void
put_result(struct field *f, const struct result *r)
{
	size_t fits = f->line_most - 2;	/* behind a TAB, before a semicolon */

	if (r->count == 0 || r->pieces[0].len > fits || f->text.len + 2 * r->length + 4 > TEXT_MOST)
		return;
	put(f, MT_SPAN(";"));
	if (f->column + r->length > FOLD_COLUMN || f->line + 2 + r->pieces[0].len > f->line_most)
		put_fold(f);
	else
		put(f, MT_SPAN(" "));
	for (size_t i = 0; i < r->count; i++) {
		if (r->pieces[i].len > fits)
			continue;
		if (i > 0 && (f->column + 1 + r->pieces[i].len > FOLD_COLUMN ||
		    f->line + 2 + r->pieces[i].len > f->line_most))
			put_fold(f);
		else if (i > 0)
			put(f, MT_SPAN(" "));
		put(f, r->pieces[i]);
	}
	f->any = true;
}

/* ---- results --------------------------------------------------------------------------- */

/* RFC 8601, 2.7.3: iprev knows no "none". */
static void
put_iprev(struct field *f, const struct mt_trace *trace)
{
	enum mt_result word = trace->facts.fact[MT_FACT_IPREV].result;
	struct result r;

	if (word == MT_NONE)
		word = MT_PERMERROR;
	if (trace->peer == NULL || trace->peer->ip.family == 0 ||
	    (word != MT_PASS && word != MT_FAIL && word != MT_TEMPERROR && word != MT_PERMERROR))
		return;
	begin(&r, f->text.arena, "iprev", word);
	add_ip(&r, "policy.iprev", &trace->peer->ip);
	put_result(f, &r);
}

/* RFC 8601, 2.7.4; who it was is nobody's business behind the server. */
static void
put_auth(struct field *f, const struct mt_trace *trace)
{
	struct result r;

	if (trace->peer == NULL || trace->peer->auth.ptr == NULL)
		return;
	begin(&r, f->text.arena, "auth", MT_PASS);
	put_result(f, &r);
}

static bool
is_spf_word(enum mt_result r)
{
	return r >= MT_NONE && r <= MT_PERMERROR;
}

static void
put_spf(struct field *f, const struct mt_spf *spf, const char *property)
{
	struct result r;

	begin(&r, f->text.arena, "spf", spf->result);
	if (spf->result == MT_PERMERROR || spf->result == MT_TEMPERROR)
		add_why(&r, spf->result, spf->cause, spf->why);
	add_domain(&r, property, spf->domain);
	put_result(f, &r);
}

/* Two identities, two results (RFC 8601, 2.7.2).  A null sender has the HELO name in its
 * place (RFC 7208, 2.4), and that is said once. */
static void
put_spfs(struct field *f, const struct mt_trace *trace)
{
	const struct mt_spf *mailfrom = &trace->checks.spf_mailfrom, *helo = &trace->checks.spf_helo;
	bool null_sender = trace->sender_known && trace->sender.len == 0;

	if (is_spf_word(mailfrom->result))
		put_spf(f, mailfrom, null_sender ? "smtp.helo" : "smtp.mailfrom");
	if (is_spf_word(helo->result) && mt_name_askable(helo->domain) &&
	    !(null_sender && is_spf_word(mailfrom->result)))
		put_spf(f, helo, "smtp.helo");
}

/* i=: the local part, if any, as a word without quotes (RFC 8601, 2.2). */
static void
add_identity(struct result *r, struct mt_span identity)
{
	const char *at = memchr(identity.ptr == NULL ? "" : identity.ptr, '@', identity.len);
	struct mt_span local, domain;
	struct mt_buf buf;

	if (at == NULL)
		return;
	local = mt_span_between(identity.ptr, at);
	domain = mt_name_strip(mt_span_between(at + 1, identity.ptr + identity.len));
	if ((local.len > 0 && !mt_cfws_token(local)) || !mt_name_askable(domain) || !mt_cfws_token(domain))
		return;
	mt_buf_init(&buf, r->arena, 0);
	mt_buf_text(&buf, "header.i=");
	mt_buf_add(&buf, local);
	mt_buf_char(&buf, '@');
	mt_buf_add(&buf, domain);
	add_piece(r, &buf);
}

/* Base64 has a slash and an equals sign, which no token has. */
static void
add_b(struct result *r, struct mt_span b)
{
	if (b.len > B_MOST)
		b.len = B_MOST;
	for (size_t i = 0; i < b.len; i++)
		if (!mt_is_alpha(b.ptr[i]) && !mt_is_digit(b.ptr[i]) && strchr("+/=", b.ptr[i]) == NULL)
			return;
	if (memchr(b.ptr == NULL ? "" : b.ptr, '\0', b.len) == NULL)
		add_last(r, "header.b", b);
}

static void
put_signature(struct field *f, const struct mt_signature *s)
{
	struct result r;

	/* RFC 8601, 2.7.1: all words but those of SPF alone. */
	if (s->result < MT_NONE || s->result > MT_PERMERROR || s->result == MT_SOFTFAIL)
		return;
	begin(&r, f->text.arena, "dkim", s->result);
	if (s->result != MT_PASS)
		add_why(&r, s->result, s->cause, s->why);
	add_domain(&r, "header.d", s->domain);
	add_identity(&r, s->identity);
	add_domain(&r, "header.s", s->selector);
	add_token(&r, "header.a", s->algorithm);
	add_b(&r, s->b);
	put_result(f, &r);
}

static void
put_dkim(struct field *f, const struct mt_trace *trace)
{
	const struct mt_checks *checks = &trace->checks;
	struct result r;

	for (unsigned i = 0; i < checks->nsignatures; i++)
		put_signature(f, &checks->signatures[i]);
	if (checks->nsignatures > 0 || trace->facts.fact[MT_FACT_DKIM].result != MT_NONE)
		return;
	begin(&r, f->text.arena, "dkim", MT_NONE);
	put_result(f, &r);
}

/* RFC 8617, 10, registers three words and no temporary error: what is not known is not told. */
static void
put_arc(struct field *f, const struct mt_trace *trace)
{
	const struct mt_arc *arc = &trace->checks.arc;
	struct mt_buf buf;
	struct result r;

	if (arc->result != MT_NONE && arc->result != MT_PASS && arc->result != MT_FAIL)
		return;
	begin(&r, f->text.arena, "arc", arc->result);
	if (arc->result == MT_FAIL)
		add_why(&r, arc->result, arc->cause, arc->why);
	if (arc->result == MT_PASS) {
		mt_buf_init(&buf, f->text.arena, 0);
		mt_buf_format(&buf, "%u", arc->oldest_pass);
		add_token(&r, "header.oldest-pass", mt_buf_span(&buf));
	}
	if (arc->result != MT_NONE && trace->peer != NULL)
		add_ip(&r, "smtp.remote-ip", &trace->peer->ip);
	put_result(f, &r);
}

/* The owner's wish stands only where it would be followed. */
static void
put_dmarc(struct field *f, const struct mt_trace *trace)
{
	const struct mt_dmarc *dmarc = &trace->checks.dmarc;
	enum mt_result word = dmarc->result;
	struct result r;

	if (word != MT_NONE && word != MT_PASS && word != MT_FAIL && word != MT_TEMPERROR && word != MT_PERMERROR)
		return;
	begin(&r, f->text.arena, "dmarc", word);
	if (word == MT_TEMPERROR || word == MT_PERMERROR)
		add_why(&r, word, dmarc->cause, dmarc->why);
	add_domain(&r, "header.from", dmarc->domain);
	if (word == MT_FAIL)
		add_token(&r, "policy.dmarc", mt_span_text(dmarc->policy));
	put_result(f, &r);
}

/* RFC 8904, 2: what came back, several with commas between them. */
static void
add_codes(struct result *r, const struct mt_listing *l)
{
	char text[MT_IP_TEXT];
	struct mt_buf buf;

	mt_buf_init(&buf, r->arena, 0);
	for (unsigned i = 0; i < l->ncodes && i < 8; i++) {
		if (i > 0)
			mt_buf_char(&buf, ',');
		mt_buf_text(&buf, mt_ip_text(&l->codes[i], text));
	}
	if (!buf.cut)
		add_last(r, "policy.ip", mt_buf_span(&buf));
}

/* Lists of whom to believe have a method (RFC 8904); those of whom not to have none. */
static void
put_listing(struct field *f, const struct mt_listing *l)
{
	static const enum mt_result words[MT_RESULTS] = {
		[MT_LISTED] = MT_PASS, [MT_CLEAN] = MT_NONE, [MT_TEMPERROR] = MT_TEMPERROR,
		[MT_REFUSED] = MT_PERMERROR, [MT_DEAD] = MT_PERMERROR,
	};
	enum mt_result word = (size_t)l->result < MT_RESULTS ? words[l->result] : MT_UNKNOWN;
	struct result r;

	if (!l->allow || l->hop != 0 || word == MT_UNKNOWN)
		return;
	begin(&r, f->text.arena, "dnswl", word);
	add_why(&r, word, l->cause, MT_ABSENT);
	add_domain(&r, "dns.zone", l->zone);
	if (word == MT_PASS)
		add_codes(&r, l);
	put_result(f, &r);
}

/* ---- the field ---------------------------------------------------------------------------- */

/* Our id: a host name, which is a token, by the check of the settings. */
static bool
put_id(struct field *f, struct mt_span id)
{
	struct mt_buf buf;

	mt_buf_init(&buf, f->text.arena, 0);
	if (mt_cfws_token(id)) {
		mt_buf_add(&buf, id);
	} else {
		mt_buf_char(&buf, '"');
		mt_buf_escape(&buf, id, "\"\\");
		mt_buf_char(&buf, '"');
	}
	/* A semicolon stands behind it. */
	if (id.len == 0 || buf.cut || f->line + buf.len + 1 > f->line_most)
		return false;
	put(f, mt_buf_span(&buf));
	return true;
}

struct mt_span
mt_render_authres(const struct mt_trace *trace, struct mt_arena *arena)
{
	size_t most = trace->settings->header_most, name = strlen(mt_header_name(MT_HEADER_AUTHRES)) + 2;
	struct field f = { .column = name, .line = name };

	f.line_most = most == 0 || most > LINE_MOST ? LINE_MOST : most;
	mt_buf_init(&f.text, arena, 0);
	if (!put_id(&f, trace->settings->trust->authserv_id))
		return MT_ABSENT;
	put_iprev(&f, trace);
	put_auth(&f, trace);
	put_spfs(&f, trace);
	put_dkim(&f, trace);
	put_arc(&f, trace);
	put_dmarc(&f, trace);
	for (size_t i = 0; i < trace->checks.lists.count; i++)
		put_listing(&f, &trace->checks.lists.listing[i]);
	/* RFC 8601, 2.2: a field without a result says so. */
	if (!f.any && f.line + sizeof "; none" > f.line_most)
		mt_buf_text(&f.text, ";\n\tnone");
	else if (!f.any)
		mt_buf_text(&f.text, "; none");
	return f.text.cut ? MT_ABSENT : mt_buf_span(&f.text);
}
