/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of messages, whatever is in it; and the parts of it as output of the command. */
#include "cli/mbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/address.h"
#include "cli/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t bytes, most;		/* told so far, and what can be at the most */
	int64_t offset;
	bool open;			/* between begin and end */
	struct bytes text;
};

static int
begin(void *ctx, int64_t offset)
{
	struct seen *seen = ctx;

	if (seen->open || offset < seen->offset || offset > (int64_t)seen->most)
		abort();
	seen->offset = offset;
	seen->open = true;
	return 0;
}

/* Nothing that leaves may steer a terminal or end a JSON string. */
static void
check_escapes(struct seen *seen, struct mt_span s)
{
	bytes_clear(&seen->text);
	bytes_plain(&seen->text, s);
	for (size_t i = 0; i < seen->text.len; i++)
		if ((unsigned char)seen->text.ptr[i] < 32 || seen->text.ptr[i] == 127)
			abort();
	bytes_clear(&seen->text);
	bytes_json(&seen->text, s);
	for (size_t i = 1; i + 1 < seen->text.len; i++) {
		i += seen->text.ptr[i] == '\\';
		if ((unsigned char)seen->text.ptr[i] < 32 || (seen->text.ptr[i] == '"' && seen->text.ptr[i - 1] != '\\'))
			abort();
	}
}

static int
field(void *ctx, struct mt_span name, struct mt_span value)
{
	struct seen *seen = ctx;
	char address[ADDRESS_MOST + 1];

	seen->bytes += name.len + value.len + 1;
	if (!seen->open || name.len == 0 || value.len > MBOX_FIELD || seen->bytes > seen->most)
		abort();
	while (name.len > 1 && (name.ptr[name.len - 1] == ' ' || name.ptr[name.len - 1] == '\t'))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] < 33 || name.ptr[i] > 126 || name.ptr[i] == ':')
			abort();
	if (value.len > 0 && value.ptr[value.len - 1] == '\n' && value.len < MBOX_FIELD / 2)
		abort();
	if (address_read(value, address) != NULL && strlen(address) > ADDRESS_MOST)
		abort();
	check_escapes(seen, value);
	return 0;
}

static int
body(void *ctx, struct mt_span bytes)
{
	struct seen *seen = ctx;

	seen->bytes += bytes.len;
	if (!seen->open || bytes.len == 0 || seen->bytes > seen->most)
		abort();
	return 0;
}

static int
end(void *ctx)
{
	struct seen *seen = ctx;

	if (!seen->open)
		abort();
	seen->open = false;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { .most = size };
	const struct mbox_sink sink = { .ctx = &seen, .begin = begin, .field = field, .body = body, .end = end };
	int fd = memfd_create("mbox", MFD_CLOEXEC);
	size_t messages = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (mbox_read(fd, true, &sink, &messages) != 0 || seen.open)
		abort();
	close(fd);
	bytes_fini(&seen.text);
	return 0;
}
