/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes small databases in MaxMind's format (MaxMind DB File Format Specification, 2.0),
 * for what the copied ones do not show. */
#ifndef TESTS_MMDB_WRITE_H
#define TESTS_MMDB_WRITE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"

#define MMDB_BYTES 16384
#define MMDB_NODES 2048
#define MMDB_GAP 16			/* zero bytes between tree and data */

struct mmdb_out {
	uint8_t data[MMDB_BYTES];
	size_t len;
	/* Of each node: another one, or -1: nothing, or -2 and less: data at -2 - value. */
	int64_t node[MMDB_NODES][2];
	uint32_t nodes;
	unsigned ip_version;
};

static inline void
mmdb_begin(struct mmdb_out *out, unsigned ip_version)
{
	*out = (struct mmdb_out){ .nodes = 1, .ip_version = ip_version, .node = { { -1, -1 } } };
}

static inline void
mmdb_byte(struct mmdb_out *out, unsigned byte)
{
	if (out->len < MMDB_BYTES)
		out->data[out->len++] = (uint8_t)byte;
}

static inline void
mmdb_control(struct mmdb_out *out, unsigned type, size_t size)
{
	unsigned small = size < 29 ? (unsigned)size : size < 285 ? 29 : 30;

	mmdb_byte(out, (type > 7 ? 0 : type << 5) | small);
	if (type > 7)
		mmdb_byte(out, type - 7);
	if (small == 30)
		mmdb_byte(out, (unsigned)(size - 285) >> 8);
	if (small >= 29)
		mmdb_byte(out, (unsigned)(small == 29 ? size - 29 : size - 285) & 0xff);
}

static inline void
mmdb_map(struct mmdb_out *out, size_t pairs)
{
	mmdb_control(out, 7, pairs);
}

static inline void
mmdb_array(struct mmdb_out *out, size_t count)
{
	mmdb_control(out, 11, count);
}

static inline void
mmdb_text(struct mmdb_out *out, const char *text)
{
	mmdb_control(out, 2, strlen(text));
	while (*text != '\0')
		mmdb_byte(out, (unsigned char)*text++);
}

/* type: 5, 6 or 9 for 16, 32 or 64 bits. */
static inline void
mmdb_uint(struct mmdb_out *out, unsigned type, uint64_t number)
{
	size_t size = type == 5 ? 2 : type == 6 ? 4 : 8;

	mmdb_control(out, type, size);
	while (size-- > 0)
		mmdb_byte(out, (unsigned)(number >> 8 * size) & 0xff);
}

static inline void
mmdb_double(struct mmdb_out *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	mmdb_control(out, 3, 8);
	for (unsigned i = 8; i-- > 0;)
		mmdb_byte(out, (unsigned)(bits >> 8 * i) & 0xff);
}

static inline void
mmdb_pair(struct mmdb_out *out, const char *key, const char *text)
{
	mmdb_text(out, key);
	mmdb_text(out, text);
}

/* The network's record is what was or will be written at `offset` of the data. */
static inline void
mmdb_network(struct mmdb_out *out, const char *text, size_t offset)
{
	struct mt_net net;
	uint8_t bytes[16] = { 0 };
	unsigned bits, shift;
	uint32_t at = 0;

	if (!mt_net_parse(&net, mt_span_text(text), NULL))
		return;
	shift = net.ip.family == 4 && out->ip_version == 6 ? 96 : 0;
	memcpy(bytes + shift / 8, net.ip.bytes, net.ip.family == 4 ? 4 : 16);
	bits = net.bits + shift;
	for (unsigned i = 0; i < bits; i++) {
		int64_t *next = &out->node[at][bytes[i / 8] >> (7 - i % 8) & 1];

		if (i + 1 == bits) {
			*next = -2 - (int64_t)offset;
		} else {
			if (*next < 0 && out->nodes < MMDB_NODES) {
				*next = out->nodes;
				out->node[out->nodes][0] = out->node[out->nodes][1] = -1;
				out->nodes++;
			}
			at = (uint32_t)*next;
		}
	}
}

static inline void
mmdb_tree(const struct mmdb_out *out, FILE *file)
{
	for (uint32_t i = 0; i < out->nodes; i++)
		for (unsigned side = 0; side < 2; side++) {
			int64_t to = out->node[i][side];
			uint32_t record = to >= 0 ? (uint32_t)to : to == -1 ? out->nodes :
			    out->nodes + MMDB_GAP + (uint32_t)(-2 - to);

			putc((int)(record >> 16 & 0xff), file);
			putc((int)(record >> 8 & 0xff), file);
			putc((int)(record & 0xff), file);
		}
	for (unsigned i = 0; i < MMDB_GAP; i++)
		putc(0, file);
}

/* Writes it into an open file. */
static inline void
mmdb_end(struct mmdb_out *out, FILE *file, const char *type, uint64_t built_sec)
{
	size_t data = out->len;

	mmdb_tree(out, file);
	mmdb_map(out, 9);
	mmdb_text(out, "binary_format_major_version");
	mmdb_uint(out, 5, 2);
	mmdb_text(out, "binary_format_minor_version");
	mmdb_uint(out, 5, 0);
	mmdb_text(out, "build_epoch");
	mmdb_uint(out, 9, built_sec);
	mmdb_pair(out, "database_type", type);
	mmdb_text(out, "description");
	mmdb_map(out, 0);
	mmdb_text(out, "ip_version");
	mmdb_uint(out, 5, out->ip_version);
	mmdb_text(out, "languages");
	mmdb_array(out, 0);
	mmdb_text(out, "node_count");
	mmdb_uint(out, 6, out->nodes);
	mmdb_text(out, "record_size");
	mmdb_uint(out, 5, 24);
	fwrite(out->data, 1, data, file);
	fwrite("\xab\xcd\xefMaxMind.com", 1, 14, file);
	fwrite(out->data + data, 1, out->len - data, file);
}

#endif
