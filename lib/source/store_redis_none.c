/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of store_redis.c where hiredis is not to be used. */
#include <syslog.h>

#include "lib/source/store_engine.h"

struct mt_store_engine *
mt_store_redis_open(const struct mt_store_options *options)
{
	if (options->say != NULL)
		options->say(options->say_ctx, LOG_WARNING, "store: this build was made without hiredis");
	return NULL;
}
