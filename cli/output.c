/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows where reports go and whether that is a terminal; knows nothing of what they say. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

int
output_open(struct output *output, const struct options *options)
{
	bool terminal;
	struct winsize size;

	*output = (struct output){ .file = stdout, .name = "standard output" };
	if (options->output != NULL) {
		output->name = options->output;
		output->file = fopen(options->output, "we");
		if (output->file == NULL) {
			complain("%s: %s", options->output, strerror(errno));
			return EX_CANTCREAT;
		}
	}
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
output_close(struct output *output)
{
	int error;

	if (output->file == NULL)
		return 0;
	error = output->file == stdout ? fflush(stdout) : fclose(output->file);
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
