/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how libopendkim is driven; refuses to let it judge anything but bytes. */
#include "lib/source/opendkim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <opendkim/dkim.h>

#include "lib/core/dkim_lines.h"

/* The library's own clock is out of use: with a drift of as many seconds as there were before
 * 2001-09-09 it accepts all times. */
#define DRIFT_SEC UINT64_C(1000000000)

struct mt_opendkim {
	DKIM_LIB *lib;
	char pad[64];			/* a field that no h= can name */
};

struct mt_opendkim_message {
	struct mt_opendkim *lib;
	DKIM *handle;			/* NULL: it failed on the way */
	DKIM_SIGINFO **infos;		/* the library's */
	unsigned ninfos;
	bool ended;
	struct mt_dkim_lines lines;
};

/* Its calls take what they do not write to as if they did. */
static unsigned char *
octets(const char *text)
{
	return (unsigned char *)(uintptr_t)text;
}

/* It verifies nothing, so it wants no key; if ever it did, it must not ask for it itself. */
static DKIM_CBSTAT
give_no_key(DKIM *handle, DKIM_SIGINFO *info, unsigned char *out, size_t room)
{
	(void)handle;
	(void)info;
	(void)out;
	(void)room;
	return DKIM_CBSTAT_NOTFOUND;
}

static bool
set_up(DKIM_LIB *lib)
{
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
	uint64_t drift = DRIFT_SEC;

	return dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
	    dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift) == DKIM_STAT_OK &&
	    dkim_set_key_lookup(lib, give_no_key) == DKIM_STAT_OK;
}

struct mt_opendkim *
mt_opendkim_open(int *error)
{
	struct mt_opendkim *lib = calloc(1, sizeof *lib);
	uint64_t random[2];

	*error = MT_ENOMEM;
	if (lib == NULL)
		return NULL;
	lib->lib = dkim_init(NULL, NULL);
	if (lib->lib == NULL || !set_up(lib->lib)) {
		mt_opendkim_close(lib);
		return NULL;
	}
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
		*error = MT_EIO;
		mt_opendkim_close(lib);
		return NULL;
	}
	snprintf(lib->pad, sizeof lib->pad, "X-%016" PRIx64 "%016" PRIx64 ": -", random[0], random[1]);
	*error = MT_OK;
	return lib;
}

void
mt_opendkim_close(struct mt_opendkim *lib)
{
	if (lib == NULL)
		return;
	if (lib->lib != NULL)
		dkim_close(lib->lib);
	free(lib);
}

static void
fail(struct mt_opendkim_message *msg)
{
	if (msg->handle != NULL)
		dkim_free(msg->handle);
	msg->handle = NULL;
	msg->ninfos = 0;
}

static void
hand_chunk(void *ctx, char *bytes, size_t len)
{
	struct mt_opendkim_message *msg = ctx;

	if (msg->handle != NULL && dkim_body(msg->handle, octets(bytes), len) != DKIM_STAT_OK)
		fail(msg);
}

struct mt_opendkim_message *
mt_opendkim_begin(struct mt_opendkim *lib)
{
	struct mt_opendkim_message *msg = malloc(sizeof *msg);
	DKIM_STAT status;

	if (msg == NULL)
		return NULL;
	msg->lib = lib;
	msg->infos = NULL;
	msg->ninfos = 0;
	msg->ended = false;
	mt_dkim_lines_begin(&msg->lines, hand_chunk, msg);
	msg->handle = dkim_verify(lib->lib, octets("mailtrace"), NULL, &status);
	if (msg->handle == NULL) {
		free(msg);
		return NULL;
	}
	return msg;
}

bool
mt_opendkim_field(struct mt_opendkim_message *msg, struct mt_span text)
{
	return msg->handle != NULL && memchr(text.ptr, '\0', text.len) == NULL &&
	    dkim_header(msg->handle, octets(text.ptr), text.len) == DKIM_STAT_OK;
}

bool
mt_opendkim_eoh(struct mt_opendkim_message *msg, unsigned signatures)
{
	int n = 0;

	if (!mt_opendkim_field(msg, mt_span_text(msg->lib->pad)) || dkim_eoh(msg->handle) != DKIM_STAT_OK ||
	    dkim_getsiglist(msg->handle, &msg->infos, &n) != DKIM_STAT_OK || n < 0 || (unsigned)n != signatures) {
		fail(msg);
		return false;
	}
	msg->ninfos = (unsigned)n;
	/* What it ignores it hashes all the same. */
	for (unsigned i = 0; i < msg->ninfos; i++)
		dkim_sig_ignore(msg->infos[i]);
	return true;
}

void
mt_opendkim_body(struct mt_opendkim_message *msg, struct mt_span bytes)
{
	mt_dkim_lines_feed(&msg->lines, bytes);
}

void
mt_opendkim_end(struct mt_opendkim_message *msg)
{
	if (msg->ended)
		return;
	msg->ended = true;
	mt_dkim_lines_end(&msg->lines);
	if (msg->handle != NULL)
		dkim_eom(msg->handle, NULL);
}

bool
mt_opendkim_agrees(struct mt_opendkim_message *msg, unsigned i, const uint8_t *header, const uint8_t *body, size_t len)
{
	size_t header_len, body_len;
	void *its_header, *its_body;

	if (!msg->ended || i >= msg->ninfos || dkim_sig_geterror(msg->infos[i]) != DKIM_SIGERROR_UNKNOWN ||
	    dkim_sig_gethashes(msg->infos[i], &its_header, &header_len, &its_body, &body_len) != DKIM_STAT_OK ||
	    header_len != len || body_len != len)
		return true;
	return memcmp(its_header, header, len) == 0 && memcmp(its_body, body, len) == 0;
}

void
mt_opendkim_free(struct mt_opendkim_message *msg)
{
	if (msg == NULL)
		return;
	fail(msg);
	free(msg);
}
