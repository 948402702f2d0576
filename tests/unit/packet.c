/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/source/packet.h"

#include <time.h>

#include "lib/base/ip.h"
#include "tests/unit/tap.h"

/* Packets as they stand on the wire.  The question's name begins at byte 12. */
#define COUNTS(an, ns) "\0\1" an ns "\0\0"
#define OK "\x81\x80"
#define NX "\x81\x83"
#define ID "\x12\x34"
#define A_EXAMPLE "\1a\7example\0"
#define Q(type) A_EXAMPLE "\0" type "\0\1"
#define SELF "\xc0\x0c"			/* a.example */
#define EXAMPLE "\xc0\x0e"		/* example */
#define RR(owner, type, ttl, len, data) owner "\0" type "\0\1" "\0\0" ttl "\0" len data
#define ADDRESS(owner, ttl, last) RR(owner, "\1", ttl, "\4", "\xc0\0\2" last)
#define SOA(owner, ttl, minimum) \
	RR(owner, "\6", ttl, "\x16", "\0\0" "\0\0\0\1" "\0\0\0\1" "\0\0\0\1" "\0\0\0\1" "\0\0" minimum)

struct test {
	const char *label;
	enum mt_rrtype type;
	struct mt_span packet;
	enum mt_cause cause;
	size_t records;
	const char *value;		/* of the first record */
	uint32_t ttl;
	bool cut;
};

#define P(literal) { (literal), sizeof(literal) - 1 }

static const struct test tests[] = {
	{ "an address", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS(SELF, "\1\2", "\7")),
	    MT_CAUSE_NONE, 1, "192.0.2.7", 258 },
	{ "the least TTL", MT_RR_A,
	    P(ID OK COUNTS("\0\2", "\0\0") Q("\1") ADDRESS(SELF, "\0\x64", "\7") ADDRESS(SELF, "\0\x32", "\x8")),
	    MT_CAUSE_NONE, 2, "192.0.2.7", 50 },
	{ "a TTL beyond 31 bits is none (RFC 2181, 8)", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") SELF "\0\1\0\1" "\x80\0\0\1" "\0\4" "\xc0\0\2\7"),
	    MT_CAUSE_NONE, 1, "192.0.2.7", 0 },
	{ "the owner in other case", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\1A\7eXample\0", "\0\5", "\7")), MT_CAUSE_NONE, 1, "192.0.2.7", 5 },
	{ "the question in other case", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") "\1A\7EXAMPLE\0" "\0\1\0\1" ADDRESS(SELF, "\0\5", "\7")),
	    MT_CAUSE_NONE, 1, "192.0.2.7", 5 },
	{ "IPv6", MT_RR_AAAA,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\x1c") RR(SELF, "\x1c", "\0\5", "\x10", "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7")),
	    MT_CAUSE_NONE, 1, "2001:db8::7", 5 },
	{ "CNAME, its TTL counts", MT_RR_A,
	    P(ID OK COUNTS("\0\2", "\0\0") Q("\1") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)
	    ADDRESS("\1b" EXAMPLE, "\0\x63", "\7")), MT_CAUSE_NONE, 1, "192.0.2.7", 3 },
	{ "CNAME behind its target", MT_RR_A,
	    P(ID OK COUNTS("\0\2", "\0\0") Q("\1") ADDRESS("\1b" EXAMPLE, "\0\x63", "\7")
	    RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)), MT_CAUSE_NONE, 1, "192.0.2.7", 3 },
	{ "CNAME between the records of its target", MT_RR_A,
	    P(ID OK COUNTS("\0\3", "\0\0") Q("\1") ADDRESS("\1b" EXAMPLE, "\0\x63", "\7")
	    RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE) ADDRESS("\1b" EXAMPLE, "\0\x63", "\x8")),
	    MT_CAUSE_NONE, 2, "192.0.2.7", 3 },
	{ "CNAME asked for is not followed", MT_RR_CNAME,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\5") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)),
	    MT_CAUSE_NONE, 1, "b.example", 3 },
	{ "CNAME to itself", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1") RR(SELF, "\5", "\0\3", "\2", SELF)),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "CNAME in a ring", MT_RR_A,
	    P(ID OK COUNTS("\0\2", "\0\0") Q("\1") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)
	    RR("\1b" EXAMPLE, "\5", "\0\3", "\2", SELF)), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "the record of another name is not ours", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\1b" EXAMPLE, "\0\5", "\7")), MT_CAUSE_NODATA, 0, NULL, 0 },
	{ "another class is not ours", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") SELF "\0\1\0\3" "\0\0\0\5" "\0\4" "\xc0\0\2\7"),
	    MT_CAUSE_NODATA, 0, NULL, 0 },
	{ "an address of five bytes", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") RR(SELF, "\1", "\0\5", "\5", "\xc0\0\2\7\7")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a record that is not there", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a pointer to itself", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\xc0\x1b", "\0\5", "\7")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a pointer forwards", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\xc0\x20", "\0\5", "\7")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "labels that lead back into themselves", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\1x\xc0\x1b", "\0\5", "\7")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a label type of no meaning", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\1") ADDRESS("\x41x\0", "\0\5", "\7")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a reverse name", MT_RR_PTR,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xc") RR(SELF, "\xc", "\0\5", "\7", "\4Mail" EXAMPLE)),
	    MT_CAUSE_NONE, 1, "Mail.example", 5 },
	{ "a reverse name of odd bytes", MT_RR_PTR,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xc") RR(SELF, "\xc", "\0\5", "\x9", "\6a.b\\\n\xff" EXAMPLE)),
	    MT_CAUSE_NONE, 1, "a\\.b\\\\\\010\\255.example", 5 },
	{ "a reverse name that is the root", MT_RR_PTR,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xc") RR(SELF, "\xc", "\0\5", "\1", "\0")), MT_CAUSE_NONE, 1, "", 5 },
	{ "a name that ends before its record", MT_RR_PTR,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xc") RR(SELF, "\xc", "\0\5", "\x8", "\4mail" EXAMPLE "x")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a name that runs out of its record", MT_RR_PTR,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xc") RR(SELF, "\xc", "\0\5", "\5", "\4mail" EXAMPLE)),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a mail server", MT_RR_MX,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xf") RR(SELF, "\xf", "\0\5", "\6", "\0\xa" "\1m" EXAMPLE)),
	    MT_CAUSE_NONE, 1, "m.example", 5 },
	{ "a mail server without a name", MT_RR_MX,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\xf") RR(SELF, "\xf", "\0\5", "\2", "\0\xa")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "strings are joined", MT_RR_TXT,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\x10") RR(SELF, "\x10", "\0\5", "\x8", "\2ab\0\3c\"d")),
	    MT_CAUSE_NONE, 1, "abc\"d", 5 },
	{ "a string that runs out", MT_RR_TXT,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\x10") RR(SELF, "\x10", "\0\5", "\3", "\3ab")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "text without a string", MT_RR_TXT,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\x10") RR(SELF, "\x10", "\0\5", "\0", "")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "NXDOMAIN, SOA's MINIMUM", MT_RR_A, P(ID NX COUNTS("\0\0", "\0\1") Q("\1") SOA(EXAMPLE, "\1\0", "\0\x1e")),
	    MT_CAUSE_NXDOMAIN, 0, NULL, 30 },
	{ "NXDOMAIN, SOA's TTL", MT_RR_A, P(ID NX COUNTS("\0\0", "\0\1") Q("\1") SOA(EXAMPLE, "\0\x14", "\0\x1e")),
	    MT_CAUSE_NXDOMAIN, 0, NULL, 20 },
	{ "NXDOMAIN, no longer than allowed", MT_RR_A,
	    P(ID NX COUNTS("\0\0", "\0\1") Q("\1") SOA(EXAMPLE, "\x70\0", "\x70\0")), MT_CAUSE_NXDOMAIN, 0, NULL, 900 },
	{ "NXDOMAIN without SOA is not kept", MT_RR_A, P(ID NX COUNTS("\0\0", "\0\0") Q("\1")),
	    MT_CAUSE_NXDOMAIN, 0, NULL, 0 },
	{ "NODATA without SOA is not kept", MT_RR_A, P(ID OK COUNTS("\0\0", "\0\0") Q("\1")),
	    MT_CAUSE_NODATA, 0, NULL, 0 },
	{ "nor at the end of a CNAME", MT_RR_A,
	    P(ID NX COUNTS("\0\1", "\0\0") Q("\1") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)),
	    MT_CAUSE_NXDOMAIN, 0, NULL, 0 },
	{ "the SOA of another zone says nothing", MT_RR_A,
	    P(ID NX COUNTS("\0\0", "\0\1") Q("\1") SOA("\5other\0", "\0\x14", "\0\x1e")), MT_CAUSE_NXDOMAIN, 0, NULL, 0 },
	{ "NXDOMAIN at the end of a CNAME", MT_RR_A,
	    P(ID NX COUNTS("\0\1", "\0\1") Q("\1") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE) SOA(EXAMPLE, "\0\x14", "\0\x1e")),
	    MT_CAUSE_NXDOMAIN, 0, NULL, 3 },
	{ "NODATA", MT_RR_A, P(ID OK COUNTS("\0\0", "\0\1") Q("\1") SOA(EXAMPLE, "\0\x14", "\0\x1e")),
	    MT_CAUSE_NODATA, 0, NULL, 20 },
	{ "NODATA at the end of a CNAME", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\1") Q("\1") RR(SELF, "\5", "\0\x63", "\4", "\1b" EXAMPLE) SOA(EXAMPLE, "\0\x14", "\0\x1e")),
	    MT_CAUSE_NODATA, 0, NULL, 20 },
	{ "nothing at the end of a CNAME", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") Q("\1") RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE)),
	    MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "BADVERS, in the OPT record", MT_RR_A, P(ID OK "\0\1\0\0\0\0\0\1" Q("\1") "\0\0\x29\4\xd0\1\0\0\0\0\0"),
	    MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "a code of eight more bits", MT_RR_A, P(ID OK "\0\1\0\0\0\0\0\1" Q("\1") "\0\0\x29\4\xd0\xff\0\0\0\0\0"),
	    MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "an OPT record without", MT_RR_A,
	    P(ID OK "\0\1\0\0\0\1\0\1" Q("\1") SOA(EXAMPLE, "\0\x14", "\0\x1e") "\0\0\x29\4\xd0\0\0\0\0\0\0"),
	    MT_CAUSE_NODATA, 0, NULL, 20 },
	{ "a SOA that is cut", MT_RR_A,
	    P(ID OK COUNTS("\0\0", "\0\1") Q("\1") RR(EXAMPLE, "\6", "\0\5", "\3", "\0\0\0")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "a referral: a lame server", MT_RR_A,
	    P(ID OK COUNTS("\0\0", "\0\1") Q("\1") RR(EXAMPLE, "\2", "\0\5", "\1", "\0")), MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "NS beside SOA is no referral", MT_RR_A,
	    P(ID OK COUNTS("\0\0", "\0\2") Q("\1") RR(EXAMPLE, "\2", "\0\5", "\1", "\0") SOA(EXAMPLE, "\0\x14", "\0\x1e")),
	    MT_CAUSE_NODATA, 0, NULL, 20 },
	{ "FORMERR", MT_RR_A, P(ID "\x81\x81" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "SERVFAIL", MT_RR_A, P(ID "\x81\x82" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "SERVFAIL with a record", MT_RR_A, P(ID "\x81\x82" COUNTS("\0\1", "\0\0") Q("\1") ADDRESS(SELF, "\0\5", "\7")),
	    MT_CAUSE_SERVFAIL, 0, NULL, 0 },
	{ "NOTIMP", MT_RR_A, P(ID "\x81\x84" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "REFUSED", MT_RR_A, P(ID "\x81\x85" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_REFUSED, 0, NULL, 0 },
	{ "a question instead of an answer", MT_RR_A, P(ID "\1\0" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "another opcode", MT_RR_A, P(ID "\xa9\x80" COUNTS("\0\0", "\0\0") Q("\1")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "another name in the question", MT_RR_A,
	    P(ID OK COUNTS("\0\1", "\0\0") "\1b\7example\0" "\0\1\0\1" ADDRESS(SELF, "\0\5", "\7")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "another type in the question", MT_RR_A, P(ID OK COUNTS("\0\1", "\0\0") Q("\xf") ADDRESS(SELF, "\0\5", "\7")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "no question", MT_RR_A, P(ID OK "\0\0\0\0\0\0\0\0"), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "two questions", MT_RR_A, P(ID OK "\0\2\0\0\0\0\0\0" Q("\1") Q("\1")), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "nothing at all", MT_RR_A, P(""), MT_CAUSE_GARBAGE, 0, NULL, 0 },
	{ "truncated with records", MT_RR_A, P(ID "\x83\x80" COUNTS("\0\1", "\0\0") Q("\1") ADDRESS(SELF, "\0\5", "\7")),
	    MT_CAUSE_NONE, 1, "192.0.2.7", 5, true },
	{ "truncated without records is not NODATA", MT_RR_A, P(ID "\x83\x80" COUNTS("\0\0", "\0\0") Q("\1")),
	    MT_CAUSE_GARBAGE, 0, NULL, 0 },
};

static const struct mt_packet_rules rules = { .negative_ttl_sec = 900 };

static bool
value_is(const struct mt_answer *answer, const char *value)
{
	char ip[MT_IP_TEXT];

	if (value == NULL)
		return answer->nrecords == 0;
	if (answer->records[0].ip.family != 0)
		return strcmp(mt_ip_text(&answer->records[0].ip, ip), value) == 0;
	return answer->records[0].text.ptr != NULL && mt_span_equal(answer->records[0].text, mt_span_text(value));
}

static void
test_answers(void)
{
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		const struct test *t = &tests[i];
		struct mt_answer *a = mt_packet_read(t->packet, "a.example", t->type, &rules, NULL);

		if (!tap_ok(a->cause == t->cause && a->nrecords == t->records && value_is(a, t->value) &&
		    a->ttl_sec == t->ttl && a->cut == t->cut && !a->authentic, "%s", t->label))
			tap_note("cause %d, %zu records, ttl %u, \"%.*s\"", a->cause, a->nrecords, a->ttl_sec,
			    a->nrecords == 0 ? 0 : (int)a->records[0].text.len, a->nrecords == 0 ? "" : a->records[0].text.ptr);
		mt_answer_unref(a);
	}
}

/* No beginning of a packet is an answer; each stands alone in memory, so that a
 * sanitizer sees a read behind its end. */
static void
test_prefixes(void)
{
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		const struct test *t = &tests[i];
		bool good = true;

		for (size_t len = 0; len < t->packet.len; len++) {
			char *bytes = malloc(len + 1);
			struct mt_answer *a;

			memcpy(bytes, t->packet.ptr, len);
			a = mt_packet_read((struct mt_span){ bytes, len }, "a.example", t->type, &rules, NULL);
			good &= a->cause != MT_CAUSE_NONE && (t->cause == a->cause || a->cause == MT_CAUSE_GARBAGE);
			mt_answer_unref(a);
			free(bytes);
		}
		if (!good)
			tap_ok(false, "%s: a beginning of it is no answer", t->label);
	}
	tap_ok(true, "beginnings of packets were read");
}

static const struct name_test {
	const char *text;
	bool good;
	const char *back;
} names[] = {
	{ "example", true, "example" }, { "Mail.Example.", true, "Mail.Example" }, { "", true, "" }, { ".", true, "" },
	{ "a..b", false, NULL }, { ".a", false, NULL }, { "..", false, NULL }, { "a..", false, NULL },
	{ "a\\.b.c", true, "a\\.b.c" }, { "\\065.b", true, "A.b" }, { "\\000", true, "\\000" },
	{ "\\256", false, NULL }, { "\\1", false, NULL }, { "a\\", false, NULL }, { "a\\12", false, NULL },
	{ "\xc3\xa4.de", true, "\\195\\164.de" }, { "a b", true, "a\\032b" },
	{ "123456789012345678901234567890123456789012345678901234567890123", true,
	    "123456789012345678901234567890123456789012345678901234567890123" },
	{ "1234567890123456789012345678901234567890123456789012345678901234", false, NULL },
};

static void
test_names(void)
{
	char out[MT_WIRE_TEXT], text[300];
	struct mt_wire_name name, other;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bool good = mt_wire_name_parse(&name, mt_span_text(names[i].text));

		tap_ok(good == names[i].good && (!good || strcmp(mt_wire_name_text(&name, out).ptr, names[i].back) == 0),
		    "name \"%s\"", names[i].text);
	}
	for (size_t i = 0; i < 255; i++)
		text[i] = i % 2 == 0 ? 'a' : '.';
	tap_ok(mt_wire_name_parse(&name, (struct mt_span){ text, 253 }), "253 bytes");
	tap_ok(!mt_wire_name_parse(&name, (struct mt_span){ text, 255 }), "255 bytes");
	memset(name.bytes, 0, sizeof name.bytes);
	for (size_t i = 0; i < 3; i++)
		name.bytes[i * 64] = 63;
	name.bytes[192] = 61;
	name.len = 255;
	tap_ok(mt_wire_name_text(&name, out).len == 250 * 4 + 3, "the longest text fits");
	mt_wire_name_parse(&name, MT_SPAN("a.B.example"));
	mt_wire_name_parse(&other, MT_SPAN("b.EXAMPLE"));
	tap_ok(mt_wire_name_below(&name, &other) && !mt_wire_name_below(&other, &name) && mt_wire_name_below(&name, &name),
	    "below");
	mt_wire_name_parse(&other, MT_SPAN("B.examplE"));
	mt_wire_name_parse(&name, MT_SPAN("ab.example"));
	tap_ok(!mt_wire_name_below(&name, &other), "a label is below no part of itself");
	mt_wire_name_parse(&other, MT_SPAN(""));
	tap_ok(mt_wire_name_below(&name, &other), "all is below the root");
}

static void
test_questions(void)
{
	static const char plain[] = ID "\1\0" COUNTS("\0\0", "\0\0") Q("\xc");
	static const char full[] = ID "\1\x20\0\1\0\0\0\0\0\1" Q("\xc") "\0\0\x29\x4\xd0\0\0\0\0\0\0";
	unsigned char out[MT_PACKET_ASK];
	struct mt_packet_head head;
	size_t len = mt_packet_ask(out, "a.example", MT_RR_PTR, 0x1234, false, false);

	tap_ok(len == sizeof plain - 1 && memcmp(out, plain, len) == 0, "a plain question");
	len = mt_packet_ask(out, "a.example.", MT_RR_PTR, 0x1234, true, true);
	tap_ok(len == sizeof full - 1 && memcmp(out, full, len) == 0, "a question with EDNS and AD");
	tap_ok(mt_packet_head(&head, (struct mt_span){ (char *)out, len }) && head.id == 0x1234 && head.type == MT_RR_PTR &&
	    !head.answer && head.additionals == 1, "is read back");
	tap_ok(mt_packet_ask(out, "a..example", MT_RR_A, 1, false, false) == 0, "no question of what is no name");
}

/* ---- long packets ------------------------------------------------------------------- */

static char big[65536];

static size_t
begin(unsigned answers, const char *type)
{
	memcpy(big, ID OK COUNTS("\0\0", "\0\0") A_EXAMPLE "\0\0\0\1", 27);
	big[6] = (char)(answers >> 8);
	big[7] = (char)answers;
	big[24] = type[0];
	return 27;
}

/* `count` records of one type, numbered in the last bytes of their data. */
static struct mt_answer *
read_many(enum mt_rrtype type, const char *type_byte, unsigned count)
{
	/* A reverse name is one label of three bytes before "example". */
	unsigned data_len = type == MT_RR_A ? 4 : type == MT_RR_AAAA ? 16 : 6;
	size_t len = begin(count, type_byte);

	for (unsigned i = 0; i < count; i++, len += 12 + data_len) {
		memcpy(big + len, SELF "\0\0\0\1\0\0\0\5\0", 12);
		big[len + 3] = type_byte[0];
		big[len + 11] = (char)data_len;
		memset(big + len + 12, type == MT_RR_PTR ? 'x' : 0, data_len);
		if (type == MT_RR_PTR) {
			big[len + 12] = 3;
			memcpy(big + len + 16, EXAMPLE, 2);
		} else {
			big[len + 12] = 0x20;
			big[len + 10 + data_len] = (char)(i >> 8);
			big[len + 11 + data_len] = (char)i;
		}
	}
	return mt_packet_read((struct mt_span){ big, len }, "a.example", type, &rules, NULL);
}

static const struct bound_test {
	const char *label;
	enum mt_rrtype type;
	const char *type_byte;
	unsigned count, kept;
	const char *last;		/* of those that are kept; NULL: a name */
} bounds[] = {
	{ "81 addresses", MT_RR_A, "\1", 81, 81, "32.0.0.80" },
	{ "as many addresses as are kept", MT_RR_A, "\1", 512, 512, "32.0.1.255" },
	{ "more addresses than are kept", MT_RR_A, "\1", 513, 512, "32.0.1.255" },
	{ "65 IPv6 addresses", MT_RR_AAAA, "\x1c", 65, 65, "2000::40" },
	{ "more IPv6 addresses than are kept", MT_RR_AAAA, "\x1c", 513, 512, "2000::1ff" },
	{ "as many names as are kept", MT_RR_PTR, "\xc", 64, 64, NULL },
	{ "more names than are kept", MT_RR_PTR, "\xc", 65, 64, NULL },
};

static void
test_bounds(void)
{
	char ip[MT_IP_TEXT];

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		const struct bound_test *t = &bounds[i];
		struct mt_answer *a = read_many(t->type, t->type_byte, t->count);
		bool good = a->cause == MT_CAUSE_NONE && a->nrecords == t->kept && a->cut == (t->count > t->kept);

		if (good && t->last != NULL)
			good = strcmp(mt_ip_text(&a->records[t->kept - 1].ip, ip), t->last) == 0;
		else if (good)
			good = mt_span_equal(a->records[t->kept - 1].text, MT_SPAN("xxx.example"));
		if (!tap_ok(good, "%s", t->label))
			tap_note("cause %d, %zu records, %s", a->cause, a->nrecords, a->cut ? "cut" : "not cut");
		mt_answer_unref(a);
	}
}

/* One TXT record of `strings` strings of 255 bytes, `count` times. */
static struct mt_answer *
read_texts(unsigned count, unsigned strings)
{
	size_t len = begin(count, "\x10");

	for (unsigned i = 0; i < count; i++) {
		memcpy(big + len, SELF "\0\x10\0\1\0\0\0\5", 10);
		big[len + 10] = (char)(strings * 256 >> 8);
		big[len + 11] = 0;
		len += 12;
		for (unsigned s = 0; s < strings; s++, len += 256) {
			memset(big + len, 'x', 256);
			big[len] = (char)255;
		}
	}
	return mt_packet_read((struct mt_span){ big, len }, "a.example", MT_RR_TXT, &rules, NULL);
}

static void
test_texts(void)
{
	struct mt_answer *a = read_texts(1, 64);

	tap_ok(a->cause == MT_CAUSE_NONE && a->records[0].text.len == 64 * 255 && !a->cut, "a long text");
	mt_answer_unref(a);
	a = read_texts(1, 65);
	tap_ok(a->cause == MT_CAUSE_LIMIT && a->nrecords == 0, "a text longer than is kept");
	mt_answer_unref(a);
	a = read_texts(5, 20);
	tap_ok(a->cause == MT_CAUSE_NONE && a->nrecords == 3 && !a->cut, "more text than is kept");
	mt_answer_unref(a);
}

/* `count` texts, of which those from `first` on say a version. */
static struct mt_answer *
read_versions(unsigned count, unsigned first)
{
	size_t len = begin(count, "\x10");

	for (unsigned i = 0; i < count; i++, len += 19) {
		memcpy(big + len, SELF "\0\x10\0\1\0\0\0\5\0\7\6xx0000", 19);
		if (i >= first)
			memcpy(big + len + 13, i % 2 == 0 ? "v=" : "V=", 2);
		for (unsigned k = 0, n = i; k < 4; k++, n /= 10)
			big[len + 18 - k] = (char)('0' + n % 10);
	}
	return mt_packet_read((struct mt_span){ big, len }, "a.example", MT_RR_TXT, &rules, NULL);
}

static const struct version_test {
	unsigned count, first;
	size_t kept;
	const char *text;		/* of the first that is kept */
	bool cut;
} versions[] = {
	{ 64, 63, 64, "xx0000", false }, { 65, 64, 64, "v=0064", false }, { 65, 65, 64, "xx0000", false },
	{ 300, 299, 64, "V=0299", false }, { 2000, 1998, 64, "V=1999", false }, { 70, 0, 64, "v=0000", true },
	{ 70, 6, 64, "v=0006", false }, { 70, 5, 64, "V=0005", true }, { 2000, 0, 64, "v=0000", true },
};

static void
test_versions(void)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		const struct version_test *t = &versions[i];
		struct mt_answer *a = read_versions(t->count, t->first);

		if (!tap_ok(a->cause == MT_CAUSE_NONE && a->nrecords == t->kept && a->cut == t->cut &&
		    mt_span_equal(a->records[0].text, mt_span_text(t->text)), "%u texts, the first with a version is %u",
		    t->count, t->first))
			tap_note("%zu records, %s, %.*s", a->nrecords, a->cut ? "cut" : "not cut", MT_SPAN_ARG(a->records[0].text));
		mt_answer_unref(a);
	}
}

/* Packet by packet along a chain. */
static void
test_chain(void)
{
	static const struct mt_span first = P(ID "\x81\xa0" COUNTS("\0\1", "\0\0") Q("\1")
	    RR(SELF, "\5", "\0\3", "\4", "\1b" EXAMPLE));
	static const struct mt_span second = P(ID "\x81\xa0" COUNTS("\0\1", "\0\0") "\1b\7example\0" "\0\1\0\1"
	    ADDRESS(SELF, "\0\5", "\7"));
	const struct mt_packet_rules trusting = { .negative_ttl_sec = 900, .trusted = true };
	struct mt_packet_chain chain = { 0 };
	struct mt_answer *a = mt_packet_read(first, "a.example", MT_RR_A, &trusting, &chain);

	tap_ok(chain.open && strcmp(chain.target, "b.example") == 0 && chain.steps == 1 && a->cause == MT_CAUSE_SERVFAIL,
	    "a packet leads on");
	mt_answer_unref(a);
	a = mt_packet_read(second, chain.target, MT_RR_A, &trusting, &chain);
	tap_ok(!chain.open && a->nrecords == 1 && a->ttl_sec == 3 && a->authentic, "and its TTL counts at the end");
	mt_answer_unref(a);
	chain.doubtful = true;
	a = mt_packet_read(second, "b.example", MT_RR_A, &trusting, &chain);
	tap_ok(!a->authentic, "what one packet does not vouch for is not authentic");
	mt_answer_unref(a);
	chain = (struct mt_packet_chain){ .steps = MT_PACKET_CHAIN, .ttl_sec = 9 };
	a = mt_packet_read(first, "a.example", MT_RR_A, &rules, &chain);
	tap_ok(!chain.open && a->cause == MT_CAUSE_GARBAGE, "a chain too long, over packets");
	mt_answer_unref(a);
}

/* A chain of n CNAME records: its names have 1 to n labels "x" before "example". */
static enum mt_cause
read_chain(unsigned n, bool reversed)
{
	struct mt_answer *a;
	enum mt_cause cause;
	size_t len = begin(n + 1, "\1");

	for (unsigned i = 0; i <= n; i++) {
		unsigned k = reversed ? n - i : i;

		memcpy(big + len, "\2na\7example\0", 12);
		big[len + 2] = (char)('a' + k);
		if (k == 0)
			memcpy(big + len, SELF, 2);
		len += k == 0 ? 2 : 12;
		memcpy(big + len, "\0\5\0\1\0\0\0\5\0\x0c", 10);
		big[len + 1] = k == n ? 1 : 5;
		big[len + 9] = k == n ? 4 : 12;
		len += 10;
		memcpy(big + len, k == n ? "\xc0\0\2\7" "\0\0\0\0\0\0\0\0" : "\2na\7example\0", 12);
		if (k < n)
			big[len + 2] = (char)('a' + k + 1);
		len += k == n ? 4 : 12;
	}
	a = mt_packet_read((struct mt_span){ big, len }, "a.example", MT_RR_A, &rules, NULL);
	cause = a->cause;
	mt_answer_unref(a);
	return cause;
}

/* As many records as a packet holds, read as often as a chain may be long: bounded. */
static void
test_time(void)
{
	struct timespec from, to;
	struct mt_answer *a;
	size_t len = begin(5000, "\1");
	double msec;

	for (unsigned i = 0; i < 5000; i++, len += 12)
		memcpy(big + len, SELF "\0\x63\0\1\0\0\0\5\0\0", 12);
	clock_gettime(CLOCK_MONOTONIC, &from);
	a = mt_packet_read((struct mt_span){ big, len }, "a.example", MT_RR_A, &rules, NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	msec = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	tap_ok(a->cause == MT_CAUSE_NODATA && msec < 500, "5,000 records of no use (%.1f msec)", msec);
	mt_answer_unref(a);
}

int
main(void)
{
	static const char authentic[] = ID "\x81\xa0" COUNTS("\0\1", "\0\0") Q("\1") ADDRESS(SELF, "\0\5", "\7");
	const struct mt_packet_rules trusting = { .negative_ttl_sec = 900, .trusted = true };
	struct mt_span packet = { authentic, sizeof authentic - 1 };
	struct mt_answer *yes = mt_packet_read(packet, "a.example", MT_RR_A, &trusting, NULL);
	struct mt_answer *no = mt_packet_read(packet, "a.example", MT_RR_A, &rules, NULL);

	test_answers();
	test_prefixes();
	test_names();
	test_questions();
	test_bounds();
	test_texts();
	test_versions();
	test_chain();
	tap_ok(yes->authentic && !no->authentic, "AD only from whom it is believed");
	tap_ok(read_chain(MT_PACKET_CHAIN, false) == MT_CAUSE_NONE, "the longest chain");
	tap_ok(read_chain(MT_PACKET_CHAIN, true) == MT_CAUSE_NONE, "the same, last record first");
	tap_ok(read_chain(MT_PACKET_CHAIN + 1, false) == MT_CAUSE_GARBAGE, "a chain too long");
	test_time();
	mt_answer_unref(yes);
	mt_answer_unref(no);
	return tap_done();
}
