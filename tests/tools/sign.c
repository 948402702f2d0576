/* SPDX-License-Identifier: BSD-2-Clause */
/* Signs a message for tests.
 *
 * sign [-a ALGORITHM] [-c CANON] [-h NAME] [-i IDENTITY] [-t SIGNED] [-x LIFETIME] [-l] [-w]
 *      KEY.pem DOMAIN SELECTOR [MESSAGE]
 * NAME is a field that is signed beside the usual ones.
 * Reads the message from a file or standard input and writes its DKIM-Signature field, with
 * line ends as LF; with -w the signed message, as it came and the field in front. */
#include <unistd.h>

#include "tests/tools/sign.h"

static int
usage(void)
{
	fputs("usage: sign [-a rsa-sha256|ed25519-sha256|rsa-sha1] [-c simple|relaxed[/simple|/relaxed]] [-h NAME]\n"
	    "            [-i IDENTITY] [-t SIGNED] [-x LIFETIME] [-l] [-w] KEY.pem DOMAIN SELECTOR [MESSAGE]\n", stderr);
	return 64;
}

static char *
read_path(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = file == NULL ? NULL : sign_read(file, len);

	if (file != NULL)
		fclose(file);
	if (text == NULL)
		perror(path);
	return text;
}

static void
write_field(const char *field)
{
	for (; *field != '\0'; field++)
		if (*field != '\r')
			putchar(*field);
	putchar('\n');
}

int
main(int argc, char **argv)
{
	struct sign s = { .domain = NULL };
	bool whole = false;
	char *message, *pem, *field = NULL;
	size_t len = 0, pem_len = 0;
	int c;

	while ((c = getopt(argc, argv, "a:c:h:i:t:x:lw")) != -1) {
		switch (c) {
		case 'a': s.algorithm = optarg; break;
		case 'c': s.canon = optarg; break;
		case 'h': s.also = optarg; break;
		case 'i': s.identity = optarg; break;
		case 't': s.signed_sec = strtoull(optarg, NULL, 10); break;
		case 'x': s.lifetime_sec = strtoull(optarg, NULL, 10); break;
		case 'l': s.bounded = true; break;
		case 'w': whole = true; break;
		default: return usage();
		}
	}
	if (argc - optind < 3 || argc - optind > 4)
		return usage();
	pem = read_path(argv[optind], &pem_len);
	message = argc - optind == 4 ? read_path(argv[optind + 3], &len) : sign_read(stdin, &len);
	s.pem = pem;
	s.domain = argv[optind + 1];
	s.selector = argv[optind + 2];
	if (pem != NULL && message != NULL)
		field = sign_field(&s, message, len);
	if (field != NULL)
		write_field(field);
	else
		fputs("sign: the message could not be signed\n", stderr);
	if (field != NULL && whole)
		fwrite(message, 1, len, stdout);
	c = field == NULL;
	free(field);
	free(message);
	free(pem);
	return c;
}
