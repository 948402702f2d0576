/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables behind struct mt_idna. */
#ifndef MT_SOURCE_IDNA_H
#define MT_SOURCE_IDNA_H

#include "lib/core/idna.h"

/* Static storage; NULL: built without, and names in other scripts cannot be compared. */
const struct mt_idna *mt_idna_tables(void);

#endif
