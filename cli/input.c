/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows files, directories and the Maildir; knows nothing of messages. */
#include "cli/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct input {
	void (*file)(void *ctx, const char *name);
	const struct mbox_sink *sink;
	const struct output *output;
	int status;			/* of what was passed over */
};

/* Something could not be read; the first reason is the exit status. */
static void
passed_over(struct input *input, int status)
{
	if (input->status == 0)
		input->status = status;
}

/* Returns 0 to go on, or what a callback returned. */
static int
read_stream(struct input *input, int fd, const char *name, bool split)
{
	const char *called = strcmp(name, "-") == 0 ? "standard input" : name;
	size_t messages = 0;
	int error;

	if (output_is(input->output, fd))
		return EX_CANTCREAT;
	input->file(input->sink->ctx, name);
	error = mbox_read(fd, split, input->sink, &messages);
	if (error > 0)
		return error;
	if (error < 0) {
		complain("%s: %s", called, error == MT_EIO ? strerror(errno) : mt_strerror(error));
		passed_over(input, error == MT_EIO ? EX_IOERR : EX_OSERR);
	} else if (messages == 0) {
		complain("%s: empty, no message in it", called);
		passed_over(input, EX_NOINPUT);
	}
	return 0;
}

static int
read_file(struct input *input, const char *path, bool split)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error;

	if (fd < 0) {
		complain("%s: %s", path, strerror(errno));
		passed_over(input, EX_NOINPUT);
		return 0;
	}
	error = read_stream(input, fd, path, split);
	close(fd);
	return error;
}

static char *
path_join(const char *directory, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/", name) < 0)
		return NULL;
	return path;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
ends_in_eml(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcasecmp(name + n - 4, ".eml") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of a directory in the order of their names; eml: only those of that ending.
 * *files counts them. */
static int
read_files(struct input *input, const char *directory, bool eml, size_t *files)
{
	struct dirent **names;
	int n = scandir(directory, &names, NULL, by_bytes), error = 0;

	if (n < 0) {
		complain("%s: %s", directory, strerror(errno));
		passed_over(input, EX_NOINPUT);
		return 0;
	}
	for (int i = 0; i < n; i++) {
		char *path = path_join(directory, names[i]->d_name);

		if (path == NULL && error == 0)
			error = EX_OSERR;
		if (error == 0 && names[i]->d_name[0] != '.' && (!eml || ends_in_eml(path)) && is_file(path)) {
			++*files;
			error = read_file(input, path, eml);
		}
		free(path);
		free(names[i]);
	}
	free(names);
	return error;
}

/* A Maildir keeps what was seen in cur and what was not in new; tmp is not yet mail. */
static int
read_maildir(struct input *input, const char *cur, const char *new, size_t *files)
{
	int error = read_files(input, cur, false, files);

	return error != 0 ? error : read_files(input, new, false, files);
}

static int
read_directory(struct input *input, const char *path)
{
	char *cur = path_join(path, "cur"), *new = path_join(path, "new");
	size_t files = 0;
	int error = EX_OSERR;

	if (cur != NULL && new != NULL)
		error = is_directory(cur) && is_directory(new) ? read_maildir(input, cur, new, &files)
		    : read_files(input, path, true, &files);
	if (error == 0 && files == 0 && input->status == 0) {
		complain("%s: no message in it: it is no Maildir with mail, and no file in it ends in .eml", path);
		passed_over(input, EX_NOINPUT);
	}
	free(cur);
	free(new);
	return error;
}

int
input_read(const struct texts *inputs, const struct output *output, void (*file)(void *ctx, const char *name),
    const struct mbox_sink *sink)
{
	struct input input = { .file = file, .sink = sink, .output = output };
	int error = 0;

	if (inputs->count == 0)
		error = read_stream(&input, STDIN_FILENO, "-", true);
	for (size_t i = 0; i < inputs->count && error == 0; i++) {
		const char *path = inputs->text[i];

		if (strcmp(path, "-") == 0)
			error = read_stream(&input, STDIN_FILENO, path, true);
		else if (*path != '\0' && is_directory(path))
			error = read_directory(&input, path);
		else
			error = read_file(&input, path, true);
	}
	return error != 0 ? error : input.status;
}
