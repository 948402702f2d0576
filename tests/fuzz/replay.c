/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target once over each file that is named, or each file of a directory, and
 * without arguments over the seeds of its own name.  Reaching the end is the test; each
 * input lies in memory of exactly its size, so that a sanitizer sees a byte too far.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/tap.h"

#define INPUT_MOST (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL, *exact;

	*len = 0;
	if (file == NULL)
		return NULL;
	bytes = malloc(INPUT_MOST);
	if (bytes != NULL)
		*len = fread(bytes, 1, INPUT_MOST, file);
	fclose(file);
	exact = bytes == NULL ? NULL : realloc(bytes, *len == 0 ? 1 : *len);
	return exact == NULL ? bytes : exact;
}

static void
replay_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len;
	uint8_t *bytes = read_file(path, &len);
	bool ran = bytes != NULL && LLVMFuzzerTestOneInput(bytes, len) == 0;

	tap_ok(ran, "%s", slash == NULL ? path : slash + 1);
	free(bytes);
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **names;
	char file[4096];
	int count = scandir(path, &names, not_hidden, alphasort);

	if (count < 0) {
		replay_file(path);
		return;
	}
	tap_ok(count > 0, "there are seeds");
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		replay_file(file);
		free(names[i]);
	}
	free(names);
}

/* The seeds of the program's name; libtool runs "lt-NAME" of a directory of its own. */
static void
replay_own(const char *program)
{
	const char *top = getenv("top_srcdir"), *slash = strrchr(program, '/');
	const char *name = slash == NULL ? program : slash + 1;
	char path[4096];

	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", top == NULL ? "." : top, name);
	replay(path);
}

int
main(int argc, char **argv)
{
	if (argc == 1)
		replay_own(argv[0]);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return tap_done();
}
