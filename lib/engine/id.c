/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the form of an id; keeps no state. */
#include "lib/engine/id.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define LETTERS 26

/* The kernel's generator does not fail once it is seeded; before that, the clock will do:
 * an id must be unique, not secret. */
static void
chance(uint8_t *bytes, size_t len)
{
	struct timespec now;

	if (getrandom(bytes, len, GRND_NONBLOCK) == (ssize_t)len)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((uint64_t)now.tv_nsec >> (i % 4 * 8) ^ (uint64_t)now.tv_sec << i);
}

void
mt_id_make(char out[27], int64_t unix_msec)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t bytes[16];
	unsigned bits = 2, value = 0;	/* 130 bits of letters for 128 of id: two lead zero */
	size_t n = 0;

	for (int i = 0; i < 6; i++)
		bytes[i] = (uint8_t)((uint64_t)unix_msec >> (40 - 8 * i));
	chance(bytes + 6, 10);
	for (int i = 0; i < 16; i++) {
		value = value << 8 | bytes[i];
		bits += 8;
		while (bits >= 5) {
			out[n++] = alphabet[value >> (bits - 5) & 31];
			bits -= 5;
			value &= (1u << bits) - 1;
		}
	}
	out[LETTERS] = '\0';
}
