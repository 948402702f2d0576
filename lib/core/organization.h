/* SPDX-License-Identifier: BSD-2-Clause */
/* Which part of a domain name belongs to the one who registered it: the organizational
 * domain of RFC 7489, 3.2.  A list of registries is the world's business and comes in
 * through this interface. */
#ifndef MT_CORE_ORGANIZATION_H
#define MT_CORE_ORGANIZATION_H

#include "lib/base/span.h"

/* Any number of threads may ask at once. */
struct mt_organizations {
	/* The organizational domain within a name of ASCII labels: a part of it (its end,
	 * without a final dot), or name itself where there is no such part. */
	struct mt_span (*of)(const struct mt_organizations *self, struct mt_span name);
};

/* Where there is no list: two labels, or three below a country's usual second levels
 * (co.uk, com.br, ac.jp ...). */
extern const struct mt_organizations mt_organization_guess;

/* Both lie within one organizational domain.  orgs NULL: the guess. */
bool mt_organization_same(const struct mt_organizations *orgs, struct mt_span a, struct mt_span b);
/* The same as orgs->of(); orgs NULL: the guess. */
struct mt_span mt_organization_of(const struct mt_organizations *orgs, struct mt_span name);

#endif
