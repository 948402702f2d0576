/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows libpsl; nobody else does.  Built without it there is no list. */
#include "lib/source/suffix.h"

#ifdef HAVE_PSL
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/name.h"

struct suffix {
	struct mt_organizations orgs;	/* first: the public handle */
	psl_ctx_t *list;
};

/* The library wants lower case and a NUL, and answers with the end of what it was given. */
static struct mt_span
of(const struct mt_organizations *self, struct mt_span name)
{
	const struct suffix *suffix = (const struct suffix *)self;
	char text[MT_NAME_TEXT];
	const char *found;
	size_t len;

	name = mt_name_strip(name);
	if (!mt_name_normal(name, text))
		return name;
	found = psl_registrable_domain(suffix->list, text);
	len = found == NULL ? name.len : strlen(found);
	return (struct mt_span){ name.ptr + (name.len - len), len };
}

static psl_ctx_t *
load(const char *path)
{
	const char *why;
	int fd = mt_file_open(path, &why);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	psl_ctx_t *list = file == NULL ? NULL : psl_load_fp(file);

	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	return list;
}

const struct mt_organizations *
mt_suffix_open(const char *path)
{
	struct suffix *suffix = calloc(1, sizeof *suffix);

	if (suffix == NULL)
		return NULL;
	suffix->orgs.of = of;
	suffix->list = path == NULL ? psl_latest(NULL) : load(path);
	if (suffix->list != NULL && psl_suffix_count(suffix->list) != 0)
		return &suffix->orgs;
	psl_free(suffix->list);
	free(suffix);
	return NULL;
}

void
mt_suffix_close(const struct mt_organizations *orgs)
{
	struct suffix *suffix = (struct suffix *)(uintptr_t)orgs;

	if (suffix == NULL)
		return;
	psl_free(suffix->list);
	free(suffix);
}

#else

const struct mt_organizations *
mt_suffix_open(const char *path)
{
	(void)path;
	return NULL;
}

void
mt_suffix_close(const struct mt_organizations *orgs)
{
	(void)orgs;
}

#endif
