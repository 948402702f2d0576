/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of geo.c where libmaxminddb is not to be used: there are no databases. */
#include <syslog.h>

#include "lib/source/geo.h"

struct mt_geo *
mt_geo_open(const struct mt_geo_options *options, int *error)
{
	*error = MT_OK;
	if (options->ncity + options->nasn > 0 && options->say != NULL)
		options->say(options->say_ctx, LOG_WARNING,
		    "geo: this build cannot read databases of addresses: it was made without libmaxminddb");
	return NULL;
}

void
mt_geo_check(struct mt_geo *geo)
{
	(void)geo;
}

void
mt_geo_close(struct mt_geo *geo)
{
	(void)geo;
}

bool
mt_geo_find(struct mt_geo *geo, struct mt_arena *arena, const struct mt_ip *ip, struct mt_location *at)
{
	(void)geo;
	(void)arena;
	(void)ip;
	*at = (struct mt_location){ 0 };
	return false;
}

bool
mt_geo_file(struct mt_geo *geo, size_t i, struct mt_geo_file *file)
{
	(void)geo;
	(void)i;
	*file = (struct mt_geo_file){ 0 };
	return false;
}

struct mt_geo_counters
mt_geo_counters(struct mt_geo *geo)
{
	(void)geo;
	return (struct mt_geo_counters){ 0 };
}
