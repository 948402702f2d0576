/* SPDX-License-Identifier: BSD-2-Clause */
/* A finished configuration: never changes, counted, all of it in one arena. */
#ifndef MT_CONFIG_CONFIG_H
#define MT_CONFIG_CONFIG_H

#include <stdatomic.h>

#include "lib/base/arena.h"
#include "lib/core/dnsbl.h"
#include "lib/core/policy.h"
#include "lib/core/trace.h"
#include "lib/core/trust.h"

enum mt_on { MT_ON_ACCEPT, MT_ON_TEMPFAIL };		/* on-deadline, on-overload ... */
enum mt_log_to { MT_LOG_AUTO, MT_LOG_SYSLOG, MT_LOG_STDERR };
enum mt_log_format { MT_LOG_TEXT, MT_LOG_JSON, MT_LOG_TRACE };	/* key=value; the same as JSON;
								 * the whole report, one line */
enum mt_log_each { MT_LOG_EACH_MESSAGE, MT_LOG_EACH_ACTION, MT_LOG_EACH_NONE };
/* The exemptions that nobody has to write down. */
enum mt_exempt_default { MT_EXEMPT_AUTHENTICATED, MT_EXEMPT_TRUSTED, MT_EXEMPT_POSTMASTER, MT_EXEMPT_DEFAULTS };
/* In the order of enum mt_store_engine_name, which is none of ours to include. */
enum mt_config_store { MT_CONFIG_STORE_NONE, MT_CONFIG_STORE_SQLITE, MT_CONFIG_STORE_REDIS };
enum mt_no_reply { MT_NO_REPLY_AUTO, MT_NO_REPLY_ALWAYS, MT_NO_REPLY_NEVER };

/* Whom to believe where a client came in by this door (listeners.h). */
struct mt_listener {
	struct mt_span name;		/* of the MTA's listener, a pattern, or a port */
	struct mt_trust trust;
	struct mt_trace_settings settings;	/* points to that trust */
	bool set;			/* it says anything at all */
	const char *file;
	unsigned line;
};

/* One row of the table of keys writes one member. */
struct mt_config {
	atomic_uint refs;
	struct mt_arena arena;
	const char *file;		/* NULL: built-in defaults */
	const char **where;		/* "file:line", "default" or "-o" for each key's value */

	struct mt_policy policy;	/* mode, exempt, rule */
	uint32_t exempt_default;	/* set of enum mt_exempt_default */
	struct mt_trust trust;
	struct mt_dnsbl dnsbl;		/* dnsbl */

	struct {
		const char *socket;
		int64_t socket_mode;
		const char *socket_owner;	/* "user:group" or "" */
		const char *user;
		int64_t deadline_msec;
		int64_t on_deadline, on_internal_error, on_overload;	/* enum mt_on */
		int64_t max_sessions;
		int64_t no_reply;		/* enum mt_no_reply */
		int64_t drain_msec;		/* how long TERM waits for open sessions */
	} milter;
	struct {
		struct mt_patterns servers;	/* "192.0.2.1", "127.0.0.1:5353", "[::1]:53";
						 * none: those of resolv.conf(5) */
		int64_t timeout_msec, tries, deadline_msec;
		int64_t cache;			/* answers kept; 0: none */
		int64_t negative_ttl_msec;	/* most time that "nothing there" is kept */
		int64_t max_ttl_msec;
		int64_t failure_ttl_msec;	/* how long trouble is remembered for a name */
		int64_t stale_msec;		/* how long an answer may serve after its time */
		int64_t queue;			/* questions under way at once */
		int64_t breaker;		/* questions in a row without an answer that open it;
						 * 0: never */
		bool trusted;			/* believe the AD bit */
	} dns;
	struct {
		struct mt_patterns city, asn;	/* paths of databases */
		int64_t reload_msec;		/* between looks for newer ones */
	} geo;
	struct {
		bool enable;
	} spf, arc, dmarc;
	struct {
		bool enable;
		struct mt_nets networks;	/* of relays that we know of */
	} relay;
	struct {
		bool enable;
		bool rsa_sha1;			/* believe rsa-sha1 (RFC 8301, 3.1, says no) */
		int64_t min_key_bits;
	} dkim;
	struct {
		int64_t engine;			/* enum mt_config_store */
		const char *path, *redis;
		int64_t history_days, size_max;	/* bytes */
	} store;
	struct {
		uint32_t add;			/* set of enum mt_header */
		bool strip_foreign, keep_removed;
		int64_t max_length;
	} headers;
	struct {
		int64_t to, facility, format, each;	/* facility: LOG_MAIL ... of syslog(3) */
	} log;

	struct mt_trace_settings settings;	/* points into this structure */
	struct mt_listener *listeners;
	size_t nlisteners;
};

#endif
