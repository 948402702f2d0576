/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how much one organization can have; knows no key. */
#include "lib/config/wide.h"

#include "lib/base/span.h"

/* The greatest blocks that were ever given to one holder are /8 and /16. */
#define SHORTEST_V4 8
#define SHORTEST_V6 16
#define SHORTEST_PRIVATE_V6 7		/* fc00::/7 (RFC 4193) */

/* Last labels below which nobody can register a name: reserved (RFC 2606, RFC 6761, RFC 6762), or
 * in use within networks and never to be delegated (RFC 6762, appendix G). */
static const char *const inner[] = {
	"corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "private", "test",
};

bool
mt_wide_everybody(const struct mt_net *net)
{
	return net->bits == 0;
}

bool
mt_wide_net(const struct mt_net *net)
{
	if (net->ip.family == 4)
		return net->bits < SHORTEST_V4;
	return net->bits < SHORTEST_V6 && !(net->bits >= SHORTEST_PRIVATE_V6 && mt_ip_private(&net->ip));
}

bool
mt_wide_pattern(struct mt_span pattern)
{
	const char *star = pattern.len == 0 ? NULL : memrchr(pattern.ptr, '*', pattern.len);
	struct mt_span tail;

	if (star == NULL)
		return false;
	tail = mt_span_between(star + 1, pattern.ptr + pattern.len);
	if (tail.len > 0 && tail.ptr[tail.len - 1] == '.')
		tail.len--;
	if (tail.len == 0 || tail.ptr[0] != '.')
		return tail.len == 0 || memchr(tail.ptr, '.', tail.len) == NULL;
	tail = (struct mt_span){ tail.ptr + 1, tail.len - 1 };
	for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
		if (mt_span_same_text(tail, inner[i]))
			return false;
	return tail.len == 0 || memchr(tail.ptr, '.', tail.len) == NULL;
}
