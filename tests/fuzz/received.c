/* SPDX-License-Identifier: BSD-2-Clause */
/* A Received field, whatever it says. */
#include <limits.h>
#include <stdlib.h>

#include "lib/base/ip.h"
#include "lib/core/date.h"
#include "lib/core/received.h"

#define PART_MOST 998

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Absent, or some bytes of the field or arena that may all be read. */
static unsigned
check_part(struct mt_span part)
{
	unsigned sum = 0;

	if (part.ptr == NULL ? part.len != 0 : part.len == 0 || part.len > PART_MOST)
		abort();
	for (size_t i = 0; i < part.len; i++)
		sum += (unsigned char)part.ptr[i];
	return sum;
}

static void
check_hop(const struct mt_hop *hop)
{
	const struct mt_span parts[] = { hop->from.helo, hop->from.rdns, hop->from.ident, hop->by, hop->via, hop->with,
		hop->id, hop->recipient, hop->sender, hop->tls, hop->auth };
	char text[MT_IP_TEXT];
	bool dateless = (hop->flags & MT_BIT(MT_HOP_NO_DATE)) != 0;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		sum += check_part(parts[i]);
	if (sum == UINT_MAX)		/* never: keeps the bytes read */
		abort();
	mt_ip_text(&hop->from.ip, text);
	mt_ip_text(&hop->by_ip, text);
	mt_date_text(&hop->date, text);
	if (hop->kind >= MT_HOP_KINDS || dateless == hop->date.known)
		abort();
	if ((hop->flags & MT_BIT(MT_HOP_BRACKETED)) && hop->from.ip.family == 0)
		abort();
	if (hop->from.ip.family != 0 && mt_ip_public(&hop->from.ip) == ((hop->flags & MT_BIT(MT_HOP_PRIVATE)) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_arena arena;
	struct mt_hop hop;

	/* once with room for everything, and once with room for little */
	for (size_t ceiling = 4u << 20; ceiling >= 64; ceiling = ceiling > 64 ? 64 : 0) {
		mt_arena_init(&arena, 64, ceiling);
		mt_received_parse(&hop, &arena, (struct mt_span){ (const char *)data, size });
		if (hop.raw.ptr != (const char *)data || hop.raw.len != size)
			abort();
		check_hop(&hop);
		mt_arena_fini(&arena);
	}
	return 0;
}
