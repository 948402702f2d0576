/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of codes as a table, the rest as the addresses of an answer: what is read reads the
 * same again, and no answer in 127.255.255.0/24 or outside of 127.0.0.0/8 is ever a listing. */
#include "lib/core/dnsbl.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A row written out from what was read of it. */
static void
reread(const struct mt_dnsbl_code *code)
{
	struct mt_dnsbl_code again;
	char text[64];
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		const char *dot = i == 0 ? "" : ".";

		at += (size_t)(code->byte[i].bits != 0
		    ? snprintf(text + at, sizeof text - at, "%s&%u", dot, code->byte[i].bits)
		    : snprintf(text + at, sizeof text - at, "%s%u-%u", dot, code->byte[i].least, code->byte[i].most));
	}
	if (mt_dnsbl_code_read(&again, mt_span_text(text)) != NULL || memcmp(again.byte, code->byte, sizeof again.byte) != 0 ||
	    !mt_dnsbl_code_covers(code, &again) || !mt_dnsbl_code_covers(&again, code))
		abort();
}

static size_t
read_table(struct mt_dnsbl_code codes[MT_DNSBL_CODES], struct mt_span *rest)
{
	size_t count = 0;

	while (rest->len > 0 && count < MT_DNSBL_CODES) {
		const char *eol = memchr(rest->ptr, '\n', rest->len), *end = rest->ptr + rest->len;
		struct mt_dnsbl_code code = { .name = MT_SPAN("row") };

		if (eol == NULL)
			break;
		if (mt_dnsbl_code_read(&code, mt_span_between(rest->ptr, eol)) == NULL) {
			reread(&code);
			codes[count++] = code;
		}
		*rest = mt_span_between(eol + 1, end);
	}
	return count;
}

struct one {
	struct mt_ask ask;
	struct mt_answer *answer;
};

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	(void)name;
	(void)type;
	return ((struct one *)self)->answer;
}

static void
check(const struct mt_dnsbl_code *codes, size_t count, struct mt_answer *made)
{
	static const struct mt_dnsbl_subject client = { 0, { 4, { 192, 0, 2, 7 } } };
	const struct mt_dnsbl_zone zone = { .zone = MT_SPAN("l.example"), .check = MT_DNSBL_CLIENT, .codes = codes,
		.ncodes = count };
	const struct mt_dnsbl dnsbl = { &zone, 1 };
	const struct mt_dnsbl_about about = { &client, 1, false, NULL };
	struct one one = { { answer }, made };
	struct mt_listings out = { 0 };
	struct mt_arena arena;
	bool wrong = false, listed;

	mt_arena_init(&arena, 8192, 1u << 20);
	listed = mt_dnsbl_check(&out, &arena, &one.ask, &dnsbl, &about) == MT_LISTED;
	for (size_t i = 0; i < made->nrecords; i++) {
		const uint8_t *b = made->records[i].ip.bytes;

		wrong = wrong || b[0] != 127 || (b[1] == 255 && b[2] == 255);
	}
	if ((listed && (wrong || out.listing[0].nnames == 0)) || out.open != 0 || out.count != 1 || out.listing[0].ncodes > 16)
		abort();
	mt_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span rest = { (const char *)data, size };
	struct mt_dnsbl_code codes[MT_DNSBL_CODES];
	size_t count = read_table(codes, &rest), n = rest.len / 4 < 512 ? rest.len / 4 : 512;
	struct mt_answer *made = mt_answer_new(n > 0 ? MT_CAUSE_NONE : MT_CAUSE_NXDOMAIN, n, 0);

	if (made == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		made->records[i].ip.family = 4;
		memcpy(made->records[i].ip.bytes, rest.ptr + 4 * i, 4);
	}
	check(codes, count, made);
	mt_answer_unref(made);
	return 0;
}
