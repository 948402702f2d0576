/* SPDX-License-Identifier: BSD-2-Clause */
/* Signs a message with libopendkim: for the tests of what verifies it. */
#ifndef TESTS_SIGN_H
#define TESTS_SIGN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <opendkim/dkim.h>

/* The library never frees the Ed25519 key that it signs with: no leak of ours. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIGN_LEAKS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SIGN_LEAKS 1
#endif
#ifdef SIGN_LEAKS
#include <sanitizer/lsan_interface.h>
#define sign_may_leak() __lsan_disable()
#define sign_may_not_leak() __lsan_enable()
#else
#define sign_may_leak() ((void)0)
#define sign_may_not_leak() ((void)0)
#endif

struct sign {
	const char *pem;		/* the private key */
	const char *domain, *selector;
	const char *algorithm;		/* "rsa-sha256" (NULL), "ed25519-sha256" or "rsa-sha1" */
	const char *canon;		/* "relaxed/relaxed" (NULL), "simple/simple" ... */
	uint64_t signed_sec;		/* t=; 0: now */
	uint64_t lifetime_sec;		/* x= minus t=; 0: no x= */
	const char *identity;		/* i=; NULL: none */
	bool bounded;			/* l= of the whole body */
	const char *also;		/* one more name for h=; NULL: none */
};

static inline unsigned char *
sign_octets(const char *text)
{
	return (unsigned char *)(uintptr_t)text;
}

static inline dkim_alg_t
sign_algorithm(const char *word)
{
	if (word == NULL || strcmp(word, "rsa-sha256") == 0)
		return DKIM_SIGN_RSASHA256;
	return strcmp(word, "rsa-sha1") == 0 ? DKIM_SIGN_RSASHA1 : DKIM_SIGN_ED25519SHA256;
}

/* With CRLF at the end of every line; to be freed. */
static inline char *
sign_crlf(const char *text, size_t len, size_t *out_len)
{
	char *out = malloc(2 * len + 1);
	size_t n = 0;

	for (size_t i = 0; out != NULL && i < len; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = text[i];
	}
	*out_len = n;
	return out;
}

/* Feeds the lines of a header with their folds, up to the empty line; returns where the
 * body begins. */
static inline const char *
sign_header(DKIM *dkim, const char *p, const char *end)
{
	while (p < end && !(end - p >= 2 && p[0] == '\r' && p[1] == '\n')) {
		const char *next = p;

		do {
			next = memchr(next, '\n', (size_t)(end - next));
			next = next == NULL ? end : next + 1;
		} while (next < end && (*next == ' ' || *next == '\t'));
		dkim_header(dkim, sign_octets(p), (size_t)(next - p) - (next[-1] == '\n' ? 2 : 0));
		p = next;
	}
	return end - p >= 2 ? p + 2 : end;
}

static inline DKIM_LIB *
sign_library(const struct sign *s)
{
	static const char *const names[] = { "from", "to", "subject", "date", "message-id", "mime-version", "content-type" };
	const unsigned char *list[9] = { NULL };
	const unsigned char **at = list;
	uint64_t now = s->signed_sec, ttl = s->lifetime_sec;
	unsigned bits = 512, flags = s->bounded ? DKIM_LIBFLAGS_SIGNLEN : 0;
	DKIM_LIB *lib = dkim_init(NULL, NULL);

	if (lib == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		list[i] = sign_octets(names[i]);
	list[7] = s->also == NULL ? NULL : sign_octets(s->also);
	dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_SIGNHDRS, at, sizeof at);
	dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits);
	if (flags != 0)
		dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
	if (now != 0)
		dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FIXEDTIME, &now, sizeof now);
	if (ttl != 0)
		dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_SIGNATURETTL, &ttl, sizeof ttl);
	return lib;
}

/* The whole field "DKIM-Signature: ...", folds as CRLF TAB, no line end behind it; to be
 * freed.  NULL: it could not be signed. */
static inline char *
sign_field(const struct sign *s, const char *message, size_t len)
{
	const char *canon = s->canon == NULL ? "relaxed/relaxed" : s->canon, *body;
	size_t text_len, value_len;
	char *text = sign_crlf(message, len, &text_len), *field = NULL;
	unsigned char *value;
	DKIM_LIB *lib = sign_library(s);
	DKIM *dkim = NULL;
	DKIM_STAT status;

	sign_may_leak();
	if (text == NULL || lib == NULL)
		goto out;
	dkim = dkim_sign(lib, sign_octets("sign"), NULL, sign_octets(s->pem), sign_octets(s->selector),
	    sign_octets(s->domain), canon[0] == 's' ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED,
	    strstr(canon, "/r") == NULL ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED, sign_algorithm(s->algorithm), -1, &status);
	if (dkim == NULL)
		goto out;
	/* The library folds a short b= otherwise than it hashed it. */
	if (sign_algorithm(s->algorithm) == DKIM_SIGN_ED25519SHA256)
		dkim_set_margin(dkim, 0);
	if (s->identity != NULL)
		dkim_set_signer(dkim, sign_octets(s->identity));
	body = sign_header(dkim, text, text + text_len);
	if (dkim_eoh(dkim) != DKIM_STAT_OK)
		goto out;
	if (body < text + text_len)
		dkim_body(dkim, sign_octets(body), (size_t)(text + text_len - body));
	if (dkim_eom(dkim, NULL) != DKIM_STAT_OK || dkim_getsighdr_d(dkim, strlen("DKIM-Signature: "), &value, &value_len) != DKIM_STAT_OK)
		goto out;
	field = malloc(value_len + 32);
	if (field != NULL)
		snprintf(field, value_len + 32, "DKIM-Signature: %.*s", (int)value_len, (const char *)value);
out:
	if (dkim != NULL)
		dkim_free(dkim);
	if (lib != NULL)
		dkim_close(lib);
	sign_may_not_leak();
	free(text);
	return field;
}

/* A file in one piece with a NUL behind it; to be freed. */
static inline char *
sign_read(FILE *file, size_t *len)
{
	size_t room = 65536, n;
	char *text = malloc(room);

	*len = 0;
	while (text != NULL && (n = fread(text + *len, 1, room - *len - 1, file)) > 0) {
		char *more;

		*len += n;
		if (*len + 1 < room)
			continue;
		more = realloc(text, room *= 2);
		if (more == NULL)
			free(text);
		text = more;
	}
	if (text != NULL)
		text[*len] = '\0';
	return text;
}

#endif
