/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how a mail is put together to be signed; the library signs. */
#include "tests/bench/signed.h"

#include <err.h>

#include "tests/tools/sign.h"

#define NAME_MOST 256

static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_FAILURE, "no memory to sign the corpus");
	return p;
}

static void
make_domain(char out[NAME_MOST], const char *domain, unsigned n)
{
	const char *hash = strchr(domain, '#');

	if (hash == NULL)
		snprintf(out, NAME_MOST, "%s", domain);
	else
		snprintf(out, NAME_MOST, "%.*s%u%s", (int)(hash - domain), domain, n, hash + 1);
}

/* "sender" in angle brackets, and From. */
static void
set_sender(struct mail *mail, const char *domain)
{
	char address[NAME_MOST + 32];

	snprintf(address, sizeof address, "<sender@%s>", domain);
	free(mail->sender);
	mail->sender = need(strdup(address));
	for (unsigned i = 0; i < mail->nfields; i++)
		if (strcmp(mail->field[i].name, "From") == 0) {
			free(mail->field[i].value);
			mail->field[i].value = need(strdup(address));
		}
}

/* The whole mail as it would be sent, with CRLF; to be freed. */
static char *
whole(const struct mail *mail, size_t *len)
{
	size_t room = mail->body_len + 3;
	char *out, *at;

	for (unsigned i = 0; i < mail->nfields; i++)
		room += strlen(mail->field[i].name) + strlen(mail->field[i].value) + 4;
	at = out = need(malloc(room));
	for (unsigned i = 0; i < mail->nfields; i++)
		at += sprintf(at, "%s: %s\n", mail->field[i].name, mail->field[i].value);
	*at++ = '\n';
	memcpy(at, mail->body, mail->body_len);
	*len = (size_t)(at - out) + mail->body_len;
	return out;
}

/* Folds as an MTA gives them to a filter. */
static char *
value_of(const char *field)
{
	const char *from = field + strlen("DKIM-Signature: ");
	char *value = need(malloc(strlen(from) + 1)), *to = value;

	for (; *from != '\0'; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	return value;
}

static void
sign_mail(struct mail *mail, struct sign *sign)
{
	size_t len;
	char *text = whole(mail, &len), *field = sign_field(sign, text, len);
	struct field *at = &mail->field[mail->nreceived];

	if (field == NULL)
		errx(EXIT_FAILURE, "the corpus cannot be signed");
	memmove(at + 1, at, (mail->nfields - mail->nreceived) * sizeof *at);
	mail->nfields++;
	at->name = need(strdup("DKIM-Signature"));
	at->value = value_of(field);
	free(field);
	free(text);
}

void
corpus_sign(struct corpus *corpus, const char *key_path, const char *domain, unsigned first)
{
	FILE *file = fopen(key_path, "rb");
	size_t len;
	char *pem = file == NULL ? NULL : sign_read(file, &len);

	if (pem == NULL)
		err(EXIT_FAILURE, "%s", key_path);
	fclose(file);
	for (unsigned i = 0; i < corpus->count; i++) {
		char name[NAME_MOST];
		struct sign sign = { .pem = pem, .domain = name, .selector = SIGNED_SELECTOR };

		make_domain(name, domain, first + i);
		set_sender(&corpus->mail[i], name);
		sign_mail(&corpus->mail[i], &sign);
	}
	free(pem);
}
