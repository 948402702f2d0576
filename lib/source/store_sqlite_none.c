/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of store_sqlite.c where SQLite is not to be used. */
#include <syslog.h>

#include "lib/source/store_engine.h"

struct mt_store_engine *
mt_store_sqlite_open(const struct mt_store_options *options)
{
	if (options->say != NULL)
		options->say(options->say_ctx, LOG_WARNING, "store: this build was made without SQLite");
	return NULL;
}
