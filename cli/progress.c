/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows clocks and sizes; knows nothing of messages. */
#include "cli/progress.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_MSEC 1000			/* a short run needs no line */
#define EVERY_MSEC 200

void
progress_open(struct progress *progress, const struct output *output)
{
	*progress = (struct progress){ .began_msec = mt_now_mono_msec() };
	progress->said_msec = progress->began_msec + FIRST_MSEC - EVERY_MSEC;
	progress->wanted = isatty(STDERR_FILENO) == 1 && isatty(fileno(output->file)) != 1;
}

void
progress_file(struct progress *progress, const char *name)
{
	struct stat st;

	if (!progress->wanted)
		return;
	progress->size = strcmp(name, "-") != 0 && stat(name, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
	progress->file_msec = mt_now_mono_msec();
}

/* What is left of this input, if the rest is like the part that was read. */
static void
show_rest(const struct progress *progress, int64_t offset, int64_t now)
{
	int64_t spent = now - progress->file_msec, left;

	if (progress->size <= 0 || offset <= 0 || offset > progress->size)
		return;
	left = (int64_t)((double)spent * (double)(progress->size - offset) / (double)offset) / 1000;
	fprintf(stderr, ", %d %%, %lld:%02lld left", (int)(offset * 100 / progress->size), (long long)(left / 60),
	    (long long)(left % 60));
}

void
progress_message(struct progress *progress, int64_t offset)
{
	int64_t now, spent;

	progress->messages++;
	if (!progress->wanted)
		return;
	now = mt_now_mono_msec();
	if (now - progress->said_msec < EVERY_MSEC)
		return;
	progress->said_msec = now;
	progress->shown = true;
	spent = now - progress->began_msec;
	fprintf(stderr, "\r\033[K%zu messages, %lld/s", progress->messages,
	    (long long)((int64_t)progress->messages * 1000 / (spent > 0 ? spent : 1)));
	show_rest(progress, offset, now);
	fflush(stderr);
}

void
progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
