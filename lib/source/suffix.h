/* SPDX-License-Identifier: BSD-2-Clause */
/* The Public Suffix List behind struct mt_organizations. */
#ifndef MT_SOURCE_SUFFIX_H
#define MT_SOURCE_SUFFIX_H

#include "lib/core/organization.h"

/* path NULL: the newest of the system's list and the one built into the library; else that
 * file, in either form of the list.  Never changes once opened, so that any number of
 * threads may ask; another list is another one opened.  NULL: no list (built without, or a
 * file that is none); mt_organization_guess then stands in, as NULL does in core. */
const struct mt_organizations *mt_suffix_open(const char *path);
void mt_suffix_close(const struct mt_organizations *orgs);

#endif
