/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows every key, its type, bounds and default; knows no syntax, of files or of values. */
#include "lib/config/keys.h"

#include <syslog.h>

#include "lib/base/words.h"

static const struct mt_key_word modes[] = {
	{ "off", MT_MODE_OFF }, { "monitor", MT_MODE_MONITOR }, { "enforce", MT_MODE_ENFORCE }, { NULL, 0 }
};
static const struct mt_key_word exempts[] = {
	{ "authenticated", MT_EXEMPT_AUTHENTICATED }, { "trusted-networks", MT_EXEMPT_TRUSTED },
	{ "postmaster", MT_EXEMPT_POSTMASTER }, { NULL, 0 }
};
static const struct mt_key_word on[] = { { "accept", MT_ON_ACCEPT }, { "tempfail", MT_ON_TEMPFAIL }, { NULL, 0 } };
static const struct mt_key_word no_replies[] = {
	{ "auto", MT_NO_REPLY_AUTO }, { "always", MT_NO_REPLY_ALWAYS }, { "never", MT_NO_REPLY_NEVER }, { NULL, 0 }
};
static const struct mt_key_word headers[] = {
	{ "X-Trace-Result", MT_HEADER_RESULT }, { "X-Trace-Client", MT_HEADER_CLIENT },
	{ "X-Trace-Origin", MT_HEADER_ORIGIN }, { "X-Trace-Path", MT_HEADER_PATH },
	{ "X-Trace-Relay", MT_HEADER_RELAY }, { "X-Trace-Evidence", MT_HEADER_EVIDENCE }, { "Authentication-Results", MT_HEADER_AUTHRES }, { NULL, 0 }
};
static const struct mt_key_word log_to[] = { { "auto", MT_LOG_AUTO }, { "syslog", MT_LOG_SYSLOG },
	{ "stderr", MT_LOG_STDERR }, { NULL, 0 } };
static const struct mt_key_word facilities[] = {
	{ "mail", LOG_MAIL }, { "daemon", LOG_DAEMON }, { "user", LOG_USER },
	{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
	{ NULL, 0 }
};
static const struct mt_key_word log_formats[] = {
	{ "text", MT_LOG_TEXT }, { "json", MT_LOG_JSON }, { "trace", MT_LOG_TRACE }, { NULL, 0 }
};
static const struct mt_key_word log_eachs[] = {
	{ "message", MT_LOG_EACH_MESSAGE }, { "action", MT_LOG_EACH_ACTION }, { "none", MT_LOG_EACH_NONE }, { NULL, 0 }
};

static const struct mt_key_word engines[] = {
	{ "none", MT_CONFIG_STORE_NONE }, { "sqlite", MT_CONFIG_STORE_SQLITE }, { "redis", MT_CONFIG_STORE_REDIS }, { NULL, 0 }
};

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define MSEC 1
#define SEC (1000 * MSEC)
#define HOUR (3600 * SEC)
#define DAY (24LL * HOUR)
#define AT(member) offsetof(struct mt_config, member), sizeof(((struct mt_config *)0)->member)

static const struct mt_key keys[] = {
	{ "mode", MT_KEY_WORD, AT(policy.mode), "monitor", 0, 0, modes },
	{ "exempt-default", MT_KEY_SET, AT(exempt_default), "authenticated trusted-networks postmaster", 0, 0, exempts },

	{ "milter.socket", MT_KEY_SOCKET, AT(milter.socket), "inet:8899@127.0.0.1", 1, 200, NULL },
	{ "milter.socket-mode", MT_KEY_OCTAL, AT(milter.socket_mode), "0660", 0, 0777, NULL },
	{ "milter.socket-owner", MT_KEY_TEXT, AT(milter.socket_owner), "", 0, 100, NULL },
	{ "milter.user", MT_KEY_TEXT, AT(milter.user), "mailtrace", 1, 100, NULL },
	{ "milter.deadline", MT_KEY_TIME, AT(milter.deadline_msec), "5s", 100, 60 * SEC, NULL },
	{ "milter.on-deadline", MT_KEY_WORD, AT(milter.on_deadline), "accept", 0, 0, on },
	{ "milter.on-internal-error", MT_KEY_WORD, AT(milter.on_internal_error), "accept", 0, 0, on },
	{ "milter.on-overload", MT_KEY_WORD, AT(milter.on_overload), "accept", 0, 0, on },
	{ "milter.max-sessions", MT_KEY_NUMBER, AT(milter.max_sessions), "4000", 1, 1000000, NULL },
	{ "milter.no-reply", MT_KEY_WORD, AT(milter.no_reply), "auto", 0, 0, no_replies },
	{ "milter.drain", MT_KEY_TIME, AT(milter.drain_msec), "60s", 0, HOUR, NULL },

	{ "trust.authserv-id", MT_KEY_SPAN, AT(trust.authserv_id), "", 0, 253, NULL },
	{ "trust.networks", MT_KEY_NETS, AT(trust.networks), "127.0.0.0/8 ::1/128", 0, 0, NULL },
	{ "trust.names", MT_KEY_PATTERNS, AT(trust.names), "", 0, 0, NULL },
	{ "trust.relays", MT_KEY_PATTERNS, AT(trust.relays), "", 0, 0, NULL },
	{ "trust.domains", MT_KEY_PATTERNS, AT(trust.domains), "", 0, 0, NULL },
	{ "trust.submission", MT_KEY_NETS, AT(trust.submission), "", 0, 0, NULL },
	{ "trust.sealers", MT_KEY_PATTERNS, AT(trust.sealers), "", 0, 0, NULL },
	{ "trust.hops", MT_KEY_NUMBER, AT(trust.hops), "0", 0, 50, NULL },

	{ "dns.servers", MT_KEY_SERVERS, AT(dns.servers), "", 0, 0, NULL },
	{ "dns.timeout", MT_KEY_TIME, AT(dns.timeout_msec), "1500ms", 50, 30 * SEC, NULL },
	{ "dns.tries", MT_KEY_NUMBER, AT(dns.tries), "2", 1, 10, NULL },
	{ "dns.deadline", MT_KEY_TIME, AT(dns.deadline_msec), "4s", 100, 60 * SEC, NULL },
	{ "dns.cache", MT_KEY_NUMBER, AT(dns.cache), "20000", 0, 10000000, NULL },
	{ "dns.negative-ttl", MT_KEY_TIME, AT(dns.negative_ttl_msec), "5m", 0, DAY, NULL },
	{ "dns.max-ttl", MT_KEY_TIME, AT(dns.max_ttl_msec), "1d", 0, 7 * DAY, NULL },
	/* RFC 2308, 7.1: a server failure may be remembered for five minutes at the most. */
	{ "dns.failure-ttl", MT_KEY_TIME, AT(dns.failure_ttl_msec), "10s", 0, 300 * SEC, NULL },
	/* RFC 8767, 5, allows days; for a verdict on mail an hour bridges an outage. */
	{ "dns.stale", MT_KEY_TIME, AT(dns.stale_msec), "1h", 0, 7 * DAY, NULL },
	{ "dns.queue", MT_KEY_NUMBER, AT(dns.queue), "10000", 1, 1000000, NULL },
	{ "dns.breaker", MT_KEY_NUMBER, AT(dns.breaker), "20", 0, 1000000, NULL },
	{ "dns.trusted", MT_KEY_BOOL, AT(dns.trusted), "no", 0, 0, NULL },

	{ "geo.city", MT_KEY_PATHS, AT(geo.city), "", 0, 0, NULL },
	{ "geo.asn", MT_KEY_PATHS, AT(geo.asn), "", 0, 0, NULL },
	{ "geo.reload", MT_KEY_TIME, AT(geo.reload_msec), "1h", SEC, 7 * DAY, NULL },

	{ "spf.enable", MT_KEY_BOOL, AT(spf.enable), "yes", 0, 0, NULL },

	{ "dkim.enable", MT_KEY_BOOL, AT(dkim.enable), "yes", 0, 0, NULL },
	/* RFC 8301, 3.2: shorter keys must not be held for valid. */
	{ "dkim.min-key-bits", MT_KEY_NUMBER, AT(dkim.min_key_bits), "1024", 512, 4096, NULL },
	{ "dkim.rsa-sha1", MT_KEY_BOOL, AT(dkim.rsa_sha1), "no", 0, 0, NULL },

	{ "arc.enable", MT_KEY_BOOL, AT(arc.enable), "yes", 0, 0, NULL },

	{ "dmarc.enable", MT_KEY_BOOL, AT(dmarc.enable), "yes", 0, 0, NULL },

	{ "relay.enable", MT_KEY_BOOL, AT(relay.enable), "yes", 0, 0, NULL },
	{ "relay.networks", MT_KEY_NETS, AT(relay.networks), "", 0, 0, NULL },

	{ "store.engine", MT_KEY_WORD, AT(store.engine), "none", 0, 0, engines },
	{ "store.path", MT_KEY_TEXT, AT(store.path), "/var/lib/mailtrace/state.db", 0, 4000, NULL },
	{ "store.history-days", MT_KEY_NUMBER, AT(store.history_days), "30", 1, 3650, NULL },
	{ "store.size-max", MT_KEY_SIZE, AT(store.size_max), "512M", 16 * MIB, 1024 * GIB, NULL },
	{ "store.redis", MT_KEY_PEER, AT(store.redis), "127.0.0.1:6379", 0, 0, NULL },

	{ "headers.add", MT_KEY_SET, AT(headers.add), "X-Trace-Result X-Trace-Client X-Trace-Path X-Trace-Evidence "
	    "Authentication-Results", 0, 0, headers },
	{ "headers.strip-foreign", MT_KEY_BOOL, AT(headers.strip_foreign), "yes", 0, 0, NULL },
	{ "headers.keep-removed", MT_KEY_BOOL, AT(headers.keep_removed), "no", 0, 0, NULL },
	/* RFC 5322, 2.1.1: 998 bytes a line; some MTAs add to it. */
	{ "headers.max-length", MT_KEY_NUMBER, AT(headers.max_length), "990", 200, 990, NULL },

	{ "log.to", MT_KEY_WORD, AT(log.to), "auto", 0, 0, log_to },
	{ "log.facility", MT_KEY_WORD, AT(log.facility), "mail", 0, 0, facilities },
	{ "log.format", MT_KEY_WORD, AT(log.format), "text", 0, 0, log_formats },
	{ "log.each", MT_KEY_WORD, AT(log.each), "message", 0, 0, log_eachs },
};

#define KEYS (sizeof keys / sizeof *keys)

/* Sections and keys of the whole design that this build does not have. */
static const char *const not_built[] = {
	"owner", "ident", "route", "metrics", "whois",
};

/* ---- the table ------------------------------------------------------------------------ */

const struct mt_key *
mt_key_row(size_t i)
{
	return i < KEYS ? &keys[i] : NULL;
}

size_t
mt_key_count(void)
{
	return KEYS;
}

/* Whether a full name is "section.name". */
static bool
is_name(const char *full, const char *section, struct mt_span name)
{
	size_t len = strlen(section);

	if (len > 0) {
		if (strncmp(full, section, len) != 0 || full[len] != '.')
			return false;
		full += len + 1;
	}
	return mt_span_equal(mt_span_text(full), name);
}

int
mt_key_find(const char *section, struct mt_span name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (is_name(keys[i].name, section, name))
			return (int)i;
	return -1;
}

bool
mt_key_section(struct mt_span name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strchr(keys[i].name, '.') != NULL && strncmp(keys[i].name, name.ptr, name.len) == 0 &&
		    keys[i].name[name.len] == '.')
			return true;
	return false;
}

bool
mt_key_not_built(const char *section, struct mt_span name)
{
	for (size_t i = 0; i < sizeof not_built / sizeof *not_built; i++)
		if (is_name(not_built[i], section, name))
			return true;
	return false;
}

/* What a name of the table adds to the choice: its part in this section, the section
 * itself at the top, or nothing. */
static const char *
candidate(const char *full, const char *section, char out[64])
{
	const char *dot = strchr(full, '.');
	size_t len = strlen(section);

	if (len > 0)
		return strncmp(full, section, len) == 0 && full[len] == '.' ? full + len + 1 : NULL;
	if (dot == NULL)
		return full;
	memcpy(out, full, (size_t)(dot - full));
	out[dot - full] = '\0';
	return out;
}

const char *
mt_key_near(const char *section, struct mt_span name, char out[96])
{
	const char *words[KEYS + 8], *near;
	char sections[KEYS][64];
	size_t count = 0;

	if (*section == '\0') {
		words[count++] = "rule";
		words[count++] = "exempt";
		words[count++] = "dnsbl";
		words[count++] = "listener";
		words[count++] = "include";
	}
	for (size_t i = 0; i < KEYS; i++) {
		const char *word = candidate(keys[i].name, section, sections[i]);

		if (word != NULL)
			words[count++] = word;
	}
	near = mt_word_near(words, count, name);
	/* The right key in the wrong section is the other usual mistake. */
	for (size_t i = 0; near == NULL && i < KEYS; i++) {
		const char *dot = strchr(keys[i].name, '.');

		if (dot != NULL && mt_span_equal(mt_span_text(dot + 1), name))
			near = keys[i].name;
	}
	if (near == NULL)
		return NULL;
	memcpy(out, near, strlen(near) + 1);
	return out;
}

const char *
mt_hint(const char *near, char out[96])
{
	static const char before[] = "; did you mean '";
	size_t len = near == NULL ? 0 : strlen(near);

	out[0] = '\0';
	if (len == 0 || len + sizeof before + 2 > 96)
		return out;
	memcpy(out, before, sizeof before - 1);
	memcpy(out + sizeof before - 1, near, len);
	memcpy(out + sizeof before - 1 + len, "'?", 3);
	return out;
}

/* ---- all of them ---------------------------------------------------------------------- */

/* A default as a setting: one value, or words apart for a list. */
static struct mt_setting
default_setting(struct mt_source *source, const struct mt_key *key)
{
	struct mt_place place = { "default", 0, 0 };
	struct mt_setting setting = { .name = key->name, .place = place };
	const char *p = key->text, *end = p + strlen(p);

	if (!mt_key_list(key)) {
		mt_values_add(&setting.values, source->arena, mt_span_text(key->text), place);
		return setting;
	}
	while (p < end) {
		const char *space = strchr(p, ' ');

		if (space == NULL)
			space = end;
		mt_values_add(&setting.values, source->arena, mt_span_between(p, space), place);
		p = space + (space < end);
	}
	return setting;
}

void
mt_keys_default(struct mt_config *config, struct mt_source *source)
{
	for (size_t i = 0; i < KEYS; i++) {
		struct mt_setting setting = default_setting(source, &keys[i]);

		mt_key_set(config, source, &keys[i], &setting);
	}
}

static void
note_place(struct mt_config *config, struct mt_source *source, size_t row, const struct mt_setting *setting)
{
	const char **where = &config->where[row];

	if (!setting->add && strcmp(*where, "default") != 0 && setting->place.line > 0)
		mt_errors_notice(source->errors, setting->place, "%s: is set again; the value of %s is not used",
		    keys[row].name, *where);
	*where = mt_place_text(&config->arena, setting->place);
}

void
mt_keys_apply(struct mt_config *config, struct mt_source *source, const struct mt_settings *settings)
{
	for (size_t b = 0; b < settings->count; b++) {
		const struct mt_block *block = &settings->block[b];

		for (size_t i = 0; block->title.ptr == NULL && i < block->count; i++) {
			const struct mt_setting *setting = &block->setting[i];
			int row = mt_key_find(block->kind, mt_span_text(setting->name));

			if (row < 0)
				continue;
			note_place(config, source, (size_t)row, setting);
			mt_key_set(config, source, &keys[row], setting);
		}
	}
}
