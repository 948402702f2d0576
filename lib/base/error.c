/* SPDX-License-Identifier: BSD-2-Clause */
/* Names for our own trouble, and for ourselves. */
#include <errno.h>
#include <string.h>

#include "lib/mailtrace.h"

const char *
mt_version(void)
{
	return PACKAGE_VERSION;
}

const char *
mt_strerror(int error)
{
	switch (error) {
	case MT_OK:
		return "no error";
	case MT_ENOMEM:
		return "out of memory";
	case MT_EINVAL:
		return "invalid argument";
	case MT_EIO:
		return strerror(errno);
	case MT_ECONFIG:
		return "the configuration is wrong";
	case MT_EFULL:
		return "a bound was met";
	default:
		return "unknown error";
	}
}
