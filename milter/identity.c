/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how users are found and root is given up; knows nothing of what for. */
#include "milter/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

static int
find_group(gid_t *gid, const char *name)
{
	const struct group *group = getgrnam(name);

	if (group == NULL) {
		fprintf(stderr, "mailtrace-milter: group \"%s\" does not exist\n", name);
		return EX_NOUSER;
	}
	*gid = group->gr_gid;
	return 0;
}

/* "user", "user:" or "user:group"; the colon is cut off. */
static int
find_user(uid_t *uid, gid_t *gid, char *name, const char *hint)
{
	char *colon = strchr(name, ':');
	const struct passwd *user;

	if (colon != NULL)
		*colon = '\0';
	user = getpwnam(name);
	if (user == NULL) {
		fprintf(stderr, "mailtrace-milter: user \"%s\" does not exist: make it (adduser --system --group "
		    "%s), or name another by %s\n", name, name, hint);
		return EX_NOUSER;
	}
	*uid = user->pw_uid;
	*gid = user->pw_gid;
	return colon != NULL && colon[1] != '\0' ? find_group(gid, colon + 1) : 0;
}

static int
copy_name(char *out, size_t size, const char *name)
{
	if (strlen(name) >= size) {
		fprintf(stderr, "mailtrace-milter: user \"%s\": too long a name\n", name);
		return EX_NOUSER;
	}
	memcpy(out, name, strlen(name) + 1);
	return 0;
}

int
mt_identity_find(struct mt_identity *identity, const char *wish)
{
	int status;

	*identity = (struct mt_identity){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (geteuid() != 0 || wish == NULL || wish[0] == '\0')
		return 0;
	status = copy_name(identity->name, sizeof identity->name, wish);
	if (status != 0)
		return status;
	identity->change = true;
	return find_user(&identity->uid, &identity->gid, identity->name, "-u or milter.user");
}

int
mt_identity_owner(uid_t *uid, gid_t *gid, const struct mt_identity *identity, const char *owner)
{
	char name[128];
	int status;

	*uid = identity->uid;
	*gid = identity->gid;
	if (owner == NULL || owner[0] == '\0')
		return 0;
	status = copy_name(name, sizeof name, owner);
	if (status != 0)
		return status;
	return name[0] == ':' ? find_group(gid, name + 1) : find_user(uid, gid, name, "milter.socket-owner");
}

/* The order matters: groups while we may, and then a look whether there is a way back. */
int
mt_identity_take(const struct mt_identity *identity)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!identity->change || identity->uid == 0)
		return 0;
	if (initgroups(identity->name, identity->gid) != 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) != 0) {
		fprintf(stderr, "mailtrace-milter: cannot become user \"%s\": %s\n", identity->name, strerror(errno));
		return EX_OSERR;
	}
	if (setuid(0) == 0 || geteuid() != identity->uid || getegid() != identity->gid) {
		fprintf(stderr, "mailtrace-milter: still privileged as user \"%s\"\n", identity->name);
		return EX_OSERR;
	}
	return 0;
}
