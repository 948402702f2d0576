/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where a saved message keeps its envelope; believes none of it. */
#include "cli/address.h"

#include "cli/bytes.h"

const char *
address_read(struct mt_span value, char out[ADDRESS_MOST + 1])
{
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '<' || c == '>' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (len == ADDRESS_MOST || c < 33 || c > 126)
			return NULL;
		out[len++] = c;
	}
	out[len] = '\0';
	return out;
}

bool
address_is_sender(struct mt_span name)
{
	return span_same(name, "Return-Path");
}

bool
address_is_recipient(struct mt_span name)
{
	return span_same(name, "Delivered-To") || span_same(name, "X-Original-To") || span_same(name, "Envelope-To");
}
