/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows hiredis, alone in this project, and how histories lie in a Redis or Valkey that
 * several hosts share; knows nobody who asks.
 *
 * Under "mailtrace:{v1}:" (the braces keep all of it in one slot of a cluster):
 *	h:CLIENT	hash: first, last, and seen, good, bad for each stretch of time ("seen:688")
 *	a:CLIENT	sorted set: AS numbers seen behind it, by the time of the last
 *	s:CLIENT	sorted set: hashes of senders
 * Every key expires.  Commands of one batch are sent at once and answered at once; every
 * wait has an end, and after any trouble the connection is made anew. */
#include <errno.h>
#include <hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/source/store_engine.h"

#define PREFIX "mailtrace:{v1}:"
#define ROUND 50			/* events whose commands are sent at once */
#define CLIENT_TEXT (MT_IP_TEXT + 4)

struct server {
	struct mt_store_engine engine;
	const struct mt_store_options *options;
	redisContext *redis;		/* NULL: not connected */
	unsigned pending;		/* commands without an answer yet */
	bool silent;			/* nothing was answered on this connection in this call */
	bool again;			/* the trouble is one that a new connection may cure */
};

/* ---- the connection ----------------------------------------------------------------- */

static void
hang_up(struct server *s)
{
	if (s->redis != NULL)
		redisFree(s->redis);
	s->redis = NULL;
	s->pending = 0;
}

static bool
failed(struct server *s, const char *why)
{
	snprintf(s->engine.why, MT_STORE_WHY, "%s", why == NULL || *why == '\0' ? "no answer" : why);
	hang_up(s);
	return false;
}

/* Half of the budget, so that there is time to ask elsewhere. */
static struct timeval
wait_time(const struct server *s)
{
	long usec = (long)s->options->budget_msec * 1000 / 2;

	return (struct timeval){ .tv_sec = usec / 1000000, .tv_usec = usec % 1000000 };
}

/* "127.0.0.1:6379", "[::1]:6379": what the settings let pass, and so no name is looked up. */
static redisContext *
dial(const char *text, struct timeval wait)
{
	const char *colon = strrchr(text, ':');
	struct mt_span host;
	char ip_text[MT_IP_TEXT];
	struct mt_ip ip;

	if (text[0] == '/')
		return redisConnectUnixWithTimeout(text, wait);
	if (colon == NULL)
		return NULL;
	host = mt_span_between(text, colon);
	if (!mt_ip_parse(&ip, host))
		return NULL;
	return redisConnectWithTimeout(mt_ip_text(&ip, ip_text), (int)strtol(colon + 1, NULL, 10), wait);
}

static bool
is_connected(struct server *s)
{
	struct timeval wait = wait_time(s);

	s->silent = s->redis != NULL;
	s->again = false;
	if (s->redis != NULL)
		return true;
	s->redis = dial(s->options->redis, wait);
	if (s->redis == NULL)
		return failed(s, "is no address and port, and no path");
	if (s->redis->err != 0)
		return failed(s, s->redis->errstr);
	redisSetTimeout(s->redis, wait);
	return true;
}

static void __attribute__((format(printf, 2, 3)))
command(struct server *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (redisvAppendCommand(s->redis, format, args) == REDIS_OK)
		s->pending++;
	va_end(args);
}

/* The next answer, or NULL: trouble, and the connection is gone.  One that was there from
 * before, and turns out to have ended, says nothing of the server. */
static redisReply *
reply(struct server *s)
{
	void *answer = NULL;
	redisReply *r;

	if (redisGetReply(s->redis, &answer) != REDIS_OK || answer == NULL) {
		bool late = s->redis->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);

		s->again = s->silent && !late;
		failed(s, late ? "no answer in time" : s->redis->errstr);
		return NULL;
	}
	r = answer;
	s->silent = false;
	s->pending--;
	if (r->type != REDIS_REPLY_ERROR)
		return r;
	failed(s, r->str);
	freeReplyObject(r);
	return NULL;
}

/* ---- keys and values ---------------------------------------------------------------- */

static const char *
client_text(const struct mt_store_key *key, char out[CLIENT_TEXT])
{
	uint8_t bytes[16] = { 0 };
	struct mt_ip ip;
	char text[MT_IP_TEXT];

	memcpy(bytes, key->bytes, key->len);
	ip = mt_ip_bytes(bytes, key->len == 4 ? 4 : 16);
	snprintf(out, CLIENT_TEXT, "%s%s", mt_ip_text(&ip, text), key->len == 4 ? "" : "/64");
	return out;
}

/* A number out of a reply of any kind; of none, or what is no number, 0. */
static int64_t
number(const redisReply *r)
{
	int64_t n;

	if (r->type == REDIS_REPLY_INTEGER)
		return r->integer;
	if (r->type != REDIS_REPLY_STRING)
		return 0;
	n = strtoll(r->str, NULL, 10);
	return n < 0 ? 0 : n;
}

/* ---- writing ------------------------------------------------------------------------ */

static void
send_behind(struct server *s, const char *kind, const char *client, int64_t at_sec, uint64_t value)
{
	const struct mt_store_options *o = s->options;

	if (value == 0)
		return;
	/* GT: a late event does not take an earlier one back. */
	command(s, "ZADD " PREFIX "%s:%s GT %lld %llu", kind, client, (long long)at_sec, (unsigned long long)value);
	command(s, "ZREMRANGEBYSCORE " PREFIX "%s:%s -inf (%lld", kind, client, (long long)(at_sec - o->window_sec));
	command(s, "ZREMRANGEBYRANK " PREFIX "%s:%s 0 -%d", kind, client, MT_STORE_DISTINCT + 1);
	command(s, "EXPIRE " PREFIX "%s:%s %lld", kind, client, (long long)o->window_sec);
}

static void
send_item(struct server *s, const struct mt_store_item *item)
{
	long long period = (long long)mt_store_period(s->options, item->at_sec), at = (long long)item->at_sec;
	char client[CLIENT_TEXT];

	client_text(&item->key, client);
	command(s, "HSETNX " PREFIX "h:%s first %lld", client, at);
	command(s, "HSET " PREFIX "h:%s last %lld", client, at);
	command(s, "HINCRBY " PREFIX "h:%s seen:%lld 1", client, period);
	if (item->class != MT_STORE_NEUTRAL)
		command(s, "HINCRBY " PREFIX "h:%s %s:%lld 1", client,
		    item->class == MT_STORE_GOOD ? "good" : "bad", period);
	command(s, "HDEL " PREFIX "h:%s seen:%lld good:%lld bad:%lld", client, period - 2, period - 2, period - 2);
	command(s, "EXPIRE " PREFIX "h:%s %lld", client, (long long)s->options->history_sec);
	send_behind(s, "a", client, item->at_sec, item->asn);
	send_behind(s, "s", client, item->at_sec, item->sender);
}

/* Of a batch that fails a part may be written.  It is not sent again: this host's own
 * memory takes all of it, and nobody else counts that. */
static bool
write_round(struct server *s, const struct mt_store_item *items, size_t count)
{
	redisReply *r;

	if (!is_connected(s))
		return false;
	for (size_t i = 0; i < count; i++)
		send_item(s, &items[i]);
	while (s->pending > 0) {
		if ((r = reply(s)) == NULL)
			return false;
		freeReplyObject(r);
	}
	return true;
}

static bool
server_write(struct mt_store_engine *self, const struct mt_store_item *items, size_t count)
{
	struct server *s = (struct server *)self;

	for (size_t i = 0; i < count; i += ROUND) {
		size_t n = count - i < ROUND ? count - i : ROUND;

		if (!write_round(s, items + i, n) && (!s->again || !write_round(s, items + i, n)))
			return false;
	}
	return true;
}

/* ---- reading ------------------------------------------------------------------------ */

/* first last, and seen good bad of this stretch of time and of the one before. */
static bool
read_counts(const redisReply *r, struct mt_history *h)
{
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 8)
		return false;
	h->first_sec = number(r->element[0]);
	h->last_sec = number(r->element[1]);
	h->seen = (uint64_t)(number(r->element[2]) + number(r->element[5]));
	h->good = (uint64_t)(number(r->element[3]) + number(r->element[6]));
	h->bad = (uint64_t)(number(r->element[4]) + number(r->element[7]));
	return true;
}

static bool
read_distinct(struct server *s, unsigned *count)
{
	redisReply *r = reply(s);

	if (r == NULL)
		return false;
	*count = (unsigned)(number(r) < MT_STORE_DISTINCT ? number(r) : MT_STORE_DISTINCT);
	freeReplyObject(r);
	return true;
}

static bool
read_once(struct server *s, const struct mt_store_key *key, int64_t now_sec, struct mt_history *history)
{
	long long p = (long long)mt_store_period(s->options, now_sec);
	long long since = (long long)(now_sec - s->options->window_sec);
	char client[CLIENT_TEXT];
	redisReply *r;
	bool good;

	if (!is_connected(s))
		return false;
	client_text(key, client);
	command(s, "HMGET " PREFIX "h:%s first last seen:%lld good:%lld bad:%lld seen:%lld good:%lld bad:%lld",
	    client, p, p, p, p - 1, p - 1, p - 1);
	command(s, "ZCOUNT " PREFIX "a:%s %lld +inf", client, since);
	command(s, "ZCOUNT " PREFIX "s:%s %lld +inf", client, since);
	if (s->pending != 3)
		return failed(s, "no memory");
	if ((r = reply(s)) == NULL)
		return false;
	good = read_counts(r, history);
	freeReplyObject(r);
	if (!good)
		return failed(s, "an answer that cannot be read");
	return read_distinct(s, &history->origins) && read_distinct(s, &history->senders);
}

static bool
server_read(struct mt_store_engine *self, const struct mt_store_key *key, int64_t now_sec, struct mt_history *history)
{
	struct server *s = (struct server *)self;

	return read_once(s, key, now_sec, history) || (s->again && read_once(s, key, now_sec, history));
}

static bool
ping(struct server *s)
{
	redisReply *r;

	if (!is_connected(s))
		return false;
	command(s, "PING");
	if (s->pending == 0)
		return failed(s, "no memory");
	if ((r = reply(s)) == NULL)
		return false;
	freeReplyObject(r);
	return true;
}

/* Ages are the server's business; whether it still is there is ours. */
static bool
server_tidy(struct mt_store_engine *self, int64_t now_sec, bool *more)
{
	struct server *s = (struct server *)self;

	(void)now_sec;
	*more = false;
	return ping(s) || (s->again && ping(s));
}

static void
server_close(struct mt_store_engine *self)
{
	hang_up((struct server *)self);
	free(self);
}

struct mt_store_engine *
mt_store_redis_open(const struct mt_store_options *options)
{
	struct server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->engine = (struct mt_store_engine){ .read = server_read, .write = server_write, .tidy = server_tidy,
		.close = server_close };
	s->options = options;
	return &s->engine;
}
