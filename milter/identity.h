/* SPDX-License-Identifier: BSD-2-Clause */
/* Who the daemon is: users and groups by name, and the way down from root. */
#ifndef MT_MILTER_IDENTITY_H
#define MT_MILTER_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

struct mt_identity {
	bool change;			/* we are root and are to be somebody else */
	char name[64];
	uid_t uid;			/* (uid_t)-1: as we are */
	gid_t gid;
};

/* Looks "user" or "user:group" up, if we are root; otherwise nothing is to be changed.
 * Returns 0, or a status of sysexits.h, told on standard error. */
int mt_identity_find(struct mt_identity *identity, const char *wish);

/* The owner of the socket: "user:group", "user", ":group", or "": the user that the daemon
 * runs as.  Returns as mt_identity_find(). */
int mt_identity_owner(uid_t *uid, gid_t *gid, const struct mt_identity *identity, const char *owner);

/* Becomes that user, for good, and gives up what a program could gain by execve(2). */
int mt_identity_take(const struct mt_identity *identity);

#endif
