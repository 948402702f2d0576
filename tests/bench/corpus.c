/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how real mail looks (sizes and dialects of a measured day); knows nothing of
 * who reads it.  All names and addresses are of the documentation ranges (RFC 2606,
 * 3849, 5737).  Queue ids hold the clock of their line, as real ones do. */
#include "tests/bench/corpus.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOPS 10
#define LINE 1024

struct dice {
	uint64_t state;
};

/* One line's making: who gave the mail to whom, and when. */
struct hand {
	struct dice *dice;
	const char *from, *by, *sender, *recipient;
	char ip[48];
	time_t when;
	char date[64];
};

typedef void line_fn(const struct hand *hand, char out[LINE]);

/* xorshift64*; good enough for dice. */
static unsigned
roll(struct dice *dice, unsigned sides)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (unsigned)((dice->state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_FAILURE, "no memory for the corpus");
	return p;
}

static char *__attribute__((format(printf, 1, 2)))
text(const char *format, ...)
{
	va_list args;
	char *out;

	va_start(args, format);
	if (vasprintf(&out, format, args) < 0)
		out = NULL;
	va_end(args);
	return need(out);
}

/* ---- the ids of three servers ------------------------------------------------------ */

static void
digits(char *out, size_t len, uint64_t value, const char *alphabet)
{
	size_t base = strlen(alphabet);

	out[len] = '\0';
	while (len-- > 0) {
		out[len] = alphabet[value % base];
		value /= base;
	}
}

/* Postfix, short form: microseconds and inode. */
static void
postfix_id(const struct hand *hand, char out[16])
{
	digits(out, 5, roll(hand->dice, 1000000), "0123456789ABCDEF");
	digits(out + 5, 6, 0x100000 + roll(hand->dice, 0xefffff), "0123456789ABCDEF");
}

/* Exim: seconds since 1970, process and fraction, all in base 62. */
static void
exim_id(const struct hand *hand, char out[20])
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	digits(out, 6, (uint64_t)hand->when, base62);
	out[6] = '-';
	digits(out + 7, 6, roll(hand->dice, 4000000), base62);
	out[13] = '-';
	digits(out + 14, 2, roll(hand->dice, 1000), base62);
}

/* Sendmail: year, month, day, hour, minute, second in base 60, then sequence and process. */
static void
sendmail_id(const struct hand *hand, char out[20])
{
	static const char base60[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
	struct tm tm;

	gmtime_r(&hand->when, &tm);
	out[0] = base60[tm.tm_year % 60];
	out[1] = base60[tm.tm_mon];
	out[2] = base60[tm.tm_mday];
	out[3] = base60[tm.tm_hour];
	out[4] = base60[tm.tm_min];
	out[5] = base60[tm.tm_sec];
	digits(out + 6, 2, roll(hand->dice, 3600), base60);
	digits(out + 8, 6, roll(hand->dice, 400000), "0123456789");
}

/* ---- lines, by who writes them ------------------------------------------------------ */

static void
postfix_line(const struct hand *hand, char out[LINE])
{
	char id[16];

	postfix_id(hand, id);
	snprintf(out, LINE, "from %s (%s [%s])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
	    "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n"
	    "\t(No client certificate requested)\n\tby %s (Postfix) with ESMTPS id %s\n\tfor <%s>; %s",
	    hand->from, hand->from, hand->ip, hand->by, id, hand->recipient, hand->date);
}

static void
postfix_plain_line(const struct hand *hand, char out[LINE])
{
	char id[16];

	postfix_id(hand, id);
	snprintf(out, LINE, "from %s (%s [%s])\n\tby %s (Postfix) with ESMTP id %s\n\tfor <%s>; %s",
	    hand->from, hand->from, hand->ip, hand->by, id, hand->recipient, hand->date);
}

static void
exim_line(const struct hand *hand, char out[LINE])
{
	char id[20];

	exim_id(hand, id);
	snprintf(out, LINE, "from [%s] (helo=%s)\n\tby %s with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384\n"
	    "\t(Exim 4.96)\n\t(envelope-from <%s>)\n\tid %s\n\tfor %s;\n\t%s",
	    hand->ip, hand->from, hand->by, hand->sender, id, hand->recipient, hand->date);
}

static void
sendmail_line(const struct hand *hand, char out[LINE])
{
	char id[20];

	sendmail_id(hand, id);
	snprintf(out, LINE, "from %s (%s [%s])\n\tby %s (8.17.1/8.17.1) with ESMTPS id %s\n"
	    "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)\n\tfor <%s>; %s",
	    hand->from, hand->from, hand->ip, hand->by, id, hand->recipient, hand->date);
}

static void
exchange_line(const struct hand *hand, char out[LINE])
{
	snprintf(out, LINE, "from %s (2001:db8:%x:%x::%x) by\n %s (2001:db8:%x::%x) with Microsoft SMTP\n"
	    " Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\n 15.20.%u.%u; %s",
	    hand->from, roll(hand->dice, 0xffff), roll(hand->dice, 0xffff), 1 + roll(hand->dice, 99), hand->by,
	    roll(hand->dice, 0xffff), 1 + roll(hand->dice, 99), 7000 + roll(hand->dice, 999), roll(hand->dice, 60),
	    hand->date);
}

static void
google_line(const struct hand *hand, char out[LINE])
{
	snprintf(out, LINE, "from %s (%s. [%s])\n        by %s with ESMTPS id %08x%08x-%08x.%u.2026.11.21\n"
	    "        for <%s>\n        (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128);\n        %s",
	    hand->from, hand->from, hand->ip, hand->by, roll(hand->dice, 0x7fffffff), roll(hand->dice, 0x7fffffff),
	    roll(hand->dice, 0x7fffffff), roll(hand->dice, 99), hand->recipient, hand->date);
}

static void
qmail_line(const struct hand *hand, char out[LINE])
{
	snprintf(out, LINE, "from unknown (HELO %s) (%s)\n  by %s with SMTP; %s", hand->from, hand->ip, hand->by,
	    hand->date);
}

/* How often a dialect occurs is how often it stands here. */
static line_fn *const lines[] = {
	postfix_line, postfix_line, postfix_line, postfix_plain_line, postfix_plain_line, exim_line, exim_line,
	sendmail_line, sendmail_line, exchange_line, exchange_line, exchange_line, google_line, google_line,
	google_line, qmail_line, qmail_line,
};

/* ---- a mail --------------------------------------------------------------------------- */

static void
write_date(char out[64], time_t when)
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 64, "%a, %d %b %Y %H:%M:%S +0000", &tm);
}

static void
add_field(struct mail *mail, const char *name, char *value)
{
	mail->field[mail->nfields].name = text("%s", name);
	mail->field[mail->nfields++].value = value;
}

static void
pick_address(struct dice *dice, char out[48])
{
	static const char *const nets[] = { "192.0.2", "198.51.100", "203.0.113", "10.1.2" };

	if (roll(dice, 8) == 0)
		snprintf(out, 48, "IPv6:2001:db8:%x::%x", roll(dice, 0xffff), 1 + roll(dice, 0xfffe));
	else
		snprintf(out, 48, "%s.%u", nets[roll(dice, 4)], 1 + roll(dice, 254));
}

static void
add_received(struct mail *mail, struct dice *dice, time_t now)
{
	static const char *const places[] = { "mx", "smtp-out", "relay", "mail", "gateway", "filter", "edge" };
	struct hand hand = { .dice = dice, .when = now };
	char host[2][64], line[LINE];

	hand.sender = "sender@example.com";
	hand.recipient = "rcpt@example.org";
	snprintf(host[0], sizeof host[0], "smtp-out%u.example.com", roll(dice, 20));
	for (unsigned i = 0; i < mail->nreceived; i++) {
		snprintf(host[(i + 1) & 1], sizeof host[0], "%s%u.dept-%u.example.com", places[roll(dice, 7)],
		    roll(dice, 90), roll(dice, 20));
		hand.by = host[i & 1];
		hand.from = host[(i + 1) & 1];
		hand.when -= (time_t)roll(dice, 5);
		pick_address(dice, hand.ip);
		write_date(hand.date, hand.when);
		lines[roll(dice, sizeof lines / sizeof lines[0])](&hand, line);
		add_field(mail, "Received", text("%s", line));
	}
}

static void
add_others(struct mail *mail, struct dice *dice, time_t now)
{
	char date[64];
	unsigned n = roll(dice, 1000000);

	write_date(date, now - 60);
	add_field(mail, "Date", text("%s", date));
	add_field(mail, "From", text("\"A. Sender\" <sender@example.com>"));
	add_field(mail, "To", text("Some Recipient <rcpt@example.org>,\n\tAnother <other%u@example.org>", n % 100));
	add_field(mail, "Subject", text("Minutes of the meeting no. %u, with the list of what remains to be done", n));
	add_field(mail, "Message-ID", text("<%08x.%u@smtp-out.example.com>", roll(dice, 0x7fffffff), n));
	add_field(mail, "In-Reply-To", text("<%08x.%u@mail.example.org>", roll(dice, 0x7fffffff), n));
	add_field(mail, "MIME-Version", text("1.0"));
	add_field(mail, "Content-Type", text("text/plain; charset=utf-8; format=flowed"));
	add_field(mail, "Content-Transfer-Encoding", text("8bit"));
	add_field(mail, "User-Agent", text("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101"));
}

static void
make_body(struct mail *mail, struct dice *dice)
{
	static const char *const words[] = {
		"the", "server", "of", "mail", "and", "letter", "that", "arrives", "in", "time",
	};
	size_t want = 2700 + roll(dice, 7600), column = 0;
	char *at;

	at = mail->body = need(malloc(want + 32));
	while ((size_t)(at - mail->body) < want) {
		const char *word = words[roll(dice, 10)];
		size_t len = strlen(word);

		memcpy(at, word, len);
		at += len;
		column += len + 1;
		*at++ = column > 66 ? '\r' : ' ';
		if (column > 66) {
			*at++ = '\n';
			column = 0;
		}
	}
	memcpy(at, "\r\n", 2);
	mail->body_len = (size_t)(at - mail->body) + 2;
}

static void
count_bytes(struct corpus *corpus, const struct mail *mail)
{
	for (unsigned i = 0; i < mail->nfields; i++) {
		size_t len = strlen(mail->field[i].name) + 2 + strlen(mail->field[i].value) + 1;

		corpus->bytes += len;
		if (i < mail->nreceived)
			corpus->received_bytes += len;
	}
	corpus->received += mail->nreceived;
	corpus->bytes += mail->body_len;
}

struct corpus *
corpus_make(unsigned count, uint64_t seed)
{
	struct corpus *corpus = need(calloc(1, sizeof *corpus));
	struct dice dice = { seed * 2 + 1 };
	time_t now = time(NULL);

	corpus->mail = need(calloc(count, sizeof *corpus->mail));
	corpus->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct mail *mail = &corpus->mail[i];

		mail->sender = text("<sender%u@example.com>", i % 100);
		mail->recipient = text("<rcpt@example.org>");
		mail->field = need(calloc(HOPS + 16, sizeof *mail->field));
		mail->nreceived = 1 + i % HOPS;
		add_received(mail, &dice, now);
		add_others(mail, &dice, now);
		make_body(mail, &dice);
		count_bytes(corpus, mail);
	}
	return corpus;
}

void
corpus_free(struct corpus *corpus)
{
	if (corpus == NULL)
		return;
	for (unsigned i = 0; i < corpus->count; i++) {
		struct mail *mail = &corpus->mail[i];

		for (unsigned k = 0; k < mail->nfields; k++) {
			free(mail->field[k].name);
			free(mail->field[k].value);
		}
		free(mail->field);
		free(mail->sender);
		free(mail->recipient);
		free(mail->body);
	}
	free(corpus->mail);
	free(corpus);
}
