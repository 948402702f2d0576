/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how Postfix reads the reply that a filter wants to be given; gives none itself. */
#include "cli/play.h"

#include <string.h>

/* Length of "N.NNN.NNN" (RFC 3463, 2) at the beginning of the text; 0: there is none. */
static size_t
xcode_length(const char *text)
{
	size_t len = 0;

	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(text + len, "0123456789");

		if (digits == 0 || digits > (part == 0 ? 1u : 3u) || (part < 2 && text[len + digits] != '.'))
			return 0;
		len += digits + (part < 2);
	}
	return text[len] == ' ' || text[len] == '\0' ? len : 0;
}

/* Takes the code and what stands between it and the text. */
static void
take_codes(struct play_reply *reply, const char **text)
{
	size_t len;

	for (int i = 0; i < 3; i++)
		reply->code = reply->code * 10 + (unsigned)((*text)[i] - '0');
	*text += 3 + ((*text)[3] == ' ' || (*text)[3] == '-');
	len = xcode_length(*text);
	memcpy(reply->xcode, *text, len);
	reply->xcode[len] = '\0';
	*text += len + (len > 0 && (*text)[len] == ' ');
}

bool
play_reply_read(struct play_reply *reply, struct mt_span data)
{
	const char *text = data.ptr;
	size_t n = 0;

	*reply = (struct play_reply){ 0 };
	if ((text[0] == '4' || text[0] == '5') && strspn(text, "0123456789") == 3)
		take_codes(reply, &text);
	if (reply->code == 0 || (reply->xcode[0] != '\0' && (unsigned)(reply->xcode[0] - '0') != reply->code / 100)) {
		*reply = (struct play_reply){ 451, "4.3.5", "Server configuration error" };
		return false;
	}
	for (; *text != '\0' && n < sizeof reply->text - 1; text++) {
		if (*text == '%' && *++text == '\0')
			break;
		reply->text[n++] = *text;
	}
	return true;
}
