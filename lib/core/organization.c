/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how names are compared by who registered them, and a rule of thumb for where no
 * list of registries is at hand; has no list. */
#include "lib/core/organization.h"

#include "lib/base/name.h"

/* Second levels that many countries' registries sell names below. */
static const char *const seconds[] = {
	"ac", "ad", "asso", "co", "com", "ed", "edu", "gen", "go", "gob", "gouv", "gov", "govt", "gv", "id", "info", "lg",
	"ltd", "me", "mil", "ne", "net", "nhs", "nom", "or", "org", "plc", "police", "res", "sch",
};

static bool
is_second(struct mt_span label)
{
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
		if (mt_span_same_text(label, seconds[i]))
			return true;
	return false;
}

/* An address in dotted form has no organization in its end. */
static bool
is_number(struct mt_span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!mt_is_digit(label.ptr[i]))
			return false;
	return label.len > 0;
}

static struct mt_span
guess(const struct mt_organizations *self, struct mt_span name)
{
	struct mt_span whole = mt_name_strip(name);
	const char *end, *dots[3];
	size_t n = 0;

	(void)self;
	if (whole.len == 0)
		return whole;
	name = whole;
	end = name.ptr + name.len;
	for (size_t i = name.len; i-- > 0 && n < 3;)
		if (name.ptr[i] == '.')
			dots[n++] = name.ptr + i;
	if (n < 2 || is_number(mt_span_between(dots[0] + 1, end)))
		return whole;
	if (end - dots[0] == 3 && is_second(mt_span_between(dots[1] + 1, dots[0])))
		return n < 3 ? whole : mt_span_between(dots[2] + 1, end);
	return mt_span_between(dots[1] + 1, end);
}

const struct mt_organizations mt_organization_guess = { guess };

struct mt_span
mt_organization_of(const struct mt_organizations *orgs, struct mt_span name)
{
	return orgs == NULL ? guess(orgs, name) : orgs->of(orgs, name);
}

bool
mt_organization_same(const struct mt_organizations *orgs, struct mt_span a, struct mt_span b)
{
	a = mt_name_strip(a);
	b = mt_name_strip(b);
	return a.len > 0 && mt_name_same(mt_organization_of(orgs, a), mt_organization_of(orgs, b));
}
