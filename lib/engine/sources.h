/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers other questions than those of DNS, opened by the settings: one set for each
 * generation of them, counted.  Any thread. */
#ifndef MT_ENGINE_SOURCES_H
#define MT_ENGINE_SOURCES_H

#include <stdatomic.h>

#include "lib/config/config.h"
#include "lib/core/idna.h"
#include "lib/core/relay.h"
#include "lib/core/trace.h"
#include "lib/engine/lists.h"
#include "lib/source/arc.h"
#include "lib/source/dkim.h"
#include "lib/source/geo.h"
#include "lib/source/spf2.h"
#include "lib/source/store.h"

struct mt_geo_share;
struct mt_store_share;

struct mt_sources {
	atomic_uint refs;
	struct mt_config *config;	/* a reference: settings are lent to what is below */
	struct mt_dkim *dkim;		/* NULL: not wanted */
	struct mt_spf2 *spf2;		/* NULL: not wanted, or built without */
	struct mt_arc_options arc;
	const struct mt_organizations *organizations;	/* NULL: the guess */
	const struct mt_idna *idna;	/* NULL: none */
	struct mt_lists *lists;
	struct mt_geo *geo;		/* NULL: no databases; of the share */
	struct mt_geo_share *share;
	struct mt_store *store;		/* NULL: nothing is remembered; of its share */
	struct mt_store_share *store_share;
	struct mt_relay_input relay;
};

/* What old (NULL: none) has open and can stay open is kept.  NULL and *error on failure. */
struct mt_sources *mt_sources_open(struct mt_config *config, const struct mt_sources *old,
    const struct mt_ports *ports, int *error);
/* Names the databases in use in the trace. */
void mt_sources_name(const struct mt_sources *sources, struct mt_trace *trace);
struct mt_sources *mt_sources_ref(struct mt_sources *sources);
void mt_sources_unref(struct mt_sources *sources);
/* Whether a database of the settings is not in use: missing, or not to be read. */
bool mt_sources_lack(const struct mt_sources *sources);

#endif
