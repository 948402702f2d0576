/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where reports go and whether that is a terminal; knows nothing of what they say. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* https://no-color.org: any value but the empty one. */
static bool
wants_color(enum color when, bool terminal)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	switch (when) {
	case COLOR_ALWAYS:
		return true;
	case COLOR_NEVER:
		return false;
	case COLOR_AUTO:
		break;
	}
	return terminal && (no == NULL || *no == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

static bool
is_same(const struct output *output, const struct stat *st)
{
	return output->there && S_ISREG(st->st_mode) && st->st_dev == output->device && st->st_ino == output->inode;
}

bool
output_is(const struct output *output, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !is_same(output, &st))
		return false;
	complain("%s: is also an input, and would be lost", output->name);
	return true;
}

static bool
names_it(const struct output *output, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0 || !is_same(output, &st))
		return false;
	complain("%s: is also an input, and would be lost", output->name);
	return true;
}

/* What the options name is to be read; what a directory holds shows when it is. */
static bool
is_input(const struct output *output, const struct options *options)
{
	bool standard = options->inputs.count == 0;

	for (size_t i = 0; i < options->inputs.count; i++) {
		standard = standard || strcmp(options->inputs.text[i], "-") == 0;
		if (names_it(output, options->inputs.text[i]))
			return true;
	}
	return names_it(output, options->config) || names_it(output, options->answers) ||
	    (standard && output_is(output, STDIN_FILENO));
}

static int
open_file(struct output *output, const struct options *options)
{
	struct stat st;

	output->name = options->output;
	if (stat(output->name, &st) == 0 && S_ISREG(st.st_mode)) {
		output->there = true;
		output->device = st.st_dev;
		output->inode = st.st_ino;
	}
	if (is_input(output, options))
		return EX_CANTCREAT;
	output->file = replace_open(&output->replace, output->name);
	if (output->file != NULL)
		return 0;
	complain("%s: %s", output->name, strerror(errno));
	return EX_CANTCREAT;
}

int
output_open(struct output *output, const struct options *options)
{
	bool terminal;
	struct winsize size;
	int error = 0;

	*output = (struct output){ .file = stdout, .name = "standard output" };
	if (options->output != NULL)
		error = open_file(output, options);
	if (error != 0)
		return error;
	terminal = isatty(fileno(output->file)) == 1;
	output->color = wants_color(options->color, terminal);
	if (terminal && ioctl(fileno(output->file), TIOCGWINSZ, &size) == 0)
		output->width = size.ws_col;
	return 0;
}

static void
fail(struct output *output)
{
	if (!output->failed)
		complain("%s: %s", output->name, strerror(errno));
	output->failed = true;
}

int
output_close(struct output *output, int status)
{
	int error = 0;

	if (output->file == NULL)
		return 0;
	if (ferror(output->file) && !output->failed) {
		errno = EIO;		/* what was flushed before did not get through */
		fail(output);
	}
	if (output->file == stdout)
		error = fflush(stdout);
	else if (output->failed || (status > EXIT_FOUND && !output->some))
		replace_drop(&output->replace, output->file);
	else
		error = replace_commit(&output->replace, output->file);
	output->file = NULL;
	if (error != 0)
		fail(output);
	return output->failed ? EX_IOERR : 0;
}

int
output_write(void *ctx, const char *bytes, size_t len)
{
	struct output *output = ctx;

	if (len == 0)
		return output->failed;
	if (fwrite(bytes, 1, len, output->file) != len)
		fail(output);
	output->some = true;
	output->last = bytes[len - 1];
	return output->failed;
}

void
output_end_line(struct output *output)
{
	if (output->some && output->last != '\n')
		output_write(output, "\n", 1);
}

void
output_bytes(struct output *output, struct bytes *bytes)
{
	if (bytes->failed && !output->failed) {
		errno = ENOMEM;
		fail(output);
	}
	output_write(output, bytes->ptr, bytes->len);
	bytes_clear(bytes);
}
