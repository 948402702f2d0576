/* SPDX-License-Identifier: BSD-2-Clause */
/* With which keys the mail of a domain is signed, so that they can be asked for at MAIL: an MTA
 * may send the header only when the whole message is there, and the key would be waited for.
 * A fixed table; any thread, a lock inside. */
#ifndef MT_ENGINE_SELECTORS_H
#define MT_ENGINE_SELECTORS_H

#include "lib/base/name.h"

#define MT_SELECTORS_NAMES 4		/* keys of one domain, the last that were seen */

struct mt_selectors;

/* Room for so many domains; one that falls on another's place takes it.  NULL: no memory. */
struct mt_selectors *mt_selectors_new(size_t domains);
void mt_selectors_free(struct mt_selectors *selectors);
/* A message whose sender is of that domain bore a good signature with that key (the name of its
 * record). */
void mt_selectors_note(struct mt_selectors *selectors, struct mt_span domain, struct mt_span key);
/* The keys that were noted for a domain; returns how many. */
size_t mt_selectors_find(struct mt_selectors *selectors, struct mt_span domain,
    char keys[MT_SELECTORS_NAMES][MT_NAME_TEXT]);

#endif
