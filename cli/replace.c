/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows how a file is replaced; knows nothing of what is in it.
 *
 * The new content grows in a file without a name, which goes away by itself when the run is
 * cut off.  In the end it gets a name beside the old file, and then the old one's.  Where that
 * would change more than the content (another owner, other names of the file, a link that
 * leads nowhere yet), or the directory takes no file, the content is copied in the end.
 */
#include "cli/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES 100			/* that are tried */
#define MODE 0666			/* of a new file, less the umask */

/* What stands there speaks for itself, as /dev/stdout does, which may lead to a file. */
static bool
is_device(const char *path, const struct stat *st)
{
	return (st != NULL && !S_ISREG(st->st_mode)) || strncmp(path, "/dev/std", 8) == 0 ||
	    strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0;
}

/* Owner, group and permissions of the old file; false: they cannot be had. */
static bool
take_looks(int fd, const struct stat *old)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) != 0)
		return false;
	return fchmod(fd, old->st_mode & 07777) == 0;
}

/* A file without a name in the directory of target, or -1. */
static int
open_beside(const char *target, const struct stat *old)
{
	char *copy = strdup(target);
	int fd = -1;

	if (copy == NULL)
		return -1;
	/* The name is given to it by way of /proc. */
	if (access("/proc/self/fd", X_OK) == 0)
		fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE);
	free(copy);
	if (fd < 0 || old == NULL || take_looks(fd, old))
		return fd;
	close(fd);
	return -1;
}

/* Whether the directory of a file that is not there takes one. */
static bool
may_be_made(const char *path)
{
	char *copy = strdup(path);
	bool may = copy != NULL && access(dirname(copy), W_OK | X_OK) == 0;

	free(copy);
	return may;
}

/* old NULL: there is no such file yet. */
static FILE *
open_regular(struct replace *replace, const struct stat *old)
{
	struct stat link;
	bool dangling = old == NULL && lstat(replace->path, &link) == 0;
	FILE *file;
	int fd;

	if (old != NULL ? access(replace->path, W_OK) != 0 : !dangling && !may_be_made(replace->path))
		return NULL;
	if (!dangling && (old == NULL || old->st_nlink == 1))
		replace->target = old == NULL ? strdup(replace->path) : realpath(replace->path, NULL);
	fd = replace->target == NULL ? -1 : open_beside(replace->target, old);
	if (fd < 0) {
		free(replace->target);
		replace->target = NULL;
		return tmpfile();
	}
	file = fdopen(fd, "w");
	if (file == NULL)
		close(fd);
	return file;
}

FILE *
replace_open(struct replace *replace, const char *path)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	*replace = (struct replace){ .path = path };
	if (!there && (errno != ENOENT || *path == '\0'))
		return NULL;
	if (!there && path[strlen(path) - 1] == '/') {
		errno = EISDIR;
		return NULL;
	}
	replace->direct = is_device(path, there ? &st : NULL);
	return replace->direct ? fopen(path, "we") : open_regular(replace, there ? &st : NULL);
}

/* The file gets a name beside the old one, and then the old one's. */
static int
rename_over(const char *target, int fd)
{
	char *name = NULL, from[64];
	int result = -1;

	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	for (int i = 0; i < NAMES && result != 0; i++) {
		free(name);
		if (asprintf(&name, "%s.%ld-%d", target, (long)getpid(), i) < 0)
			return -1;
		result = linkat(AT_FDCWD, from, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
		if (result != 0 && errno != EEXIST)
			break;
	}
	if (result == 0 && rename(name, target) != 0) {
		int error = errno;

		unlink(name);
		errno = error;
		result = -1;
	}
	free(name);
	return result;
}

static int
copy_over(const char *path, FILE *file)
{
	FILE *target = fopen(path, "we");
	char bytes[65536];
	size_t n;
	int result = 0;

	if (target == NULL)
		return -1;
	rewind(file);
	while (result == 0 && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
		if (fwrite(bytes, 1, n, target) != n)
			result = -1;
	if (ferror(file))
		result = -1;
	return fclose(target) == 0 ? result : -1;
}

static void
end(struct replace *replace)
{
	free(replace->target);
	replace->target = NULL;
}

int
replace_commit(struct replace *replace, FILE *file)
{
	int result = fflush(file), error;

	if (result == 0 && replace->target != NULL)
		result = rename_over(replace->target, fileno(file));
	else if (result == 0 && !replace->direct)
		result = copy_over(replace->path, file);
	error = errno;
	if (fclose(file) != 0 && result == 0) {
		result = -1;
		error = errno;
	}
	end(replace);
	errno = error;
	return result;
}

void
replace_drop(struct replace *replace, FILE *file)
{
	fclose(file);
	end(replace);
}
