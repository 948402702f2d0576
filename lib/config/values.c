/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows each type of value, both ways: from text to a member, and back; knows no key. */
#include "lib/config/keys.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/ip.h"
#include "lib/base/name.h"
#include "lib/base/words.h"
#include "lib/config/wide.h"

/* ---- one value ------------------------------------------------------------------------ */

/* One value on its way into a member. */
struct target {
	struct mt_config *config;
	struct mt_source *source;
	const struct mt_key *key;
	void *member;
};

static void
wrong(const struct target *t, const struct mt_value *value, const char *right)
{
	mt_errors_add(t->source->errors, value->place, "%s: '%s' is not %s", t->key->name, value->text.ptr, right);
}

static void
store(const struct target *t, int64_t number)
{
	int32_t narrow = (int32_t)number;

	if (t->key->size == sizeof number)
		memcpy(t->member, &number, sizeof number);
	else if (t->key->size == sizeof narrow)
		memcpy(t->member, &narrow, sizeof narrow);
	else
		*(bool *)t->member = number != 0;
}

int64_t
mt_key_number(const struct mt_config *config, const struct mt_key *key)
{
	const char *member = (const char *)config + key->offset;
	int64_t number;
	int32_t narrow;

	if (key->size == sizeof number) {
		memcpy(&number, member, sizeof number);
		return number;
	}
	if (key->size == sizeof narrow) {
		memcpy(&narrow, member, sizeof narrow);
		return narrow;
	}
	return *(const bool *)member;
}

/* Digits of a base, at most 12 of them; what follows them comes back, or NULL for none. */
static const char *
digits(const char *text, unsigned base, int64_t *number)
{
	const char *p = text;

	*number = 0;
	while (mt_is_digit(*p) && (unsigned)(*p - '0') < base && p - text < 12)
		*number = *number * base + (*p++ - '0');
	return p == text ? NULL : p;
}

static void
set_number(const struct target *t, const struct mt_value *value)
{
	bool octal = t->key->type == MT_KEY_OCTAL;
	int64_t number;
	const char *rest = digits(value->text.ptr, octal ? 8 : 10, &number);

	if (rest == NULL || *rest != '\0')
		wrong(t, value, octal ? "an octal number such as 0660" : "a number");
	else if (number < t->key->least || number > t->key->most)
		mt_errors_add(t->source->errors, value->place, octal ? "%s: '%s' is out of range (%jo to %jo)" :
		    "%s: '%s' is out of range (%jd to %jd)", t->key->name, value->text.ptr, (intmax_t)t->key->least,
		    (intmax_t)t->key->most);
	else
		store(t, number);
}

static const struct unit {
	const char *name;
	int64_t msec;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

/* "90s", "1500ms": the largest unit that leaves no rest. */
static void
write_time(struct mt_buf *buf, int64_t msec)
{
	size_t i = 0;

	while (i + 1 < sizeof units / sizeof *units && (msec == 0 ? i < 3 : msec % units[i].msec != 0))
		i++;
	mt_buf_format(buf, "%jd%s", (intmax_t)(msec / units[i].msec), units[i].name);
}

static void
set_time(const struct target *t, const struct mt_value *value)
{
	const char *rest;
	struct mt_buf range;
	int64_t number;
	size_t i = 0;

	rest = digits(value->text.ptr, 10, &number);
	while (i < sizeof units / sizeof *units && (rest == NULL || strcmp(units[i].name, rest) != 0))
		i++;
	if (i == sizeof units / sizeof *units) {
		wrong(t, value, "a time (500ms, 3s, 5m, 1h, 30d)");
		return;
	}
	if (number <= t->key->most / units[i].msec && number * units[i].msec >= t->key->least) {
		store(t, number * units[i].msec);
		return;
	}
	mt_buf_init(&range, t->source->arena, 0);
	write_time(&range, t->key->least);
	mt_buf_text(&range, " to ");
	write_time(&range, t->key->most);
	mt_errors_add(t->source->errors, value->place, "%s: '%s' is out of range (%s)", t->key->name, value->text.ptr,
	    mt_buf_span(&range).ptr);
}

static const struct {
	const char *name;
	int64_t bytes;
} sizes[] = {
	{ "G", INT64_C(1) << 30 }, { "M", INT64_C(1) << 20 }, { "K", INT64_C(1) << 10 }, { "", 1 },
};

#define SIZES (sizeof sizes / sizeof *sizes)

/* "512M": the largest unit that leaves no rest. */
static void
write_size(struct mt_buf *buf, int64_t bytes)
{
	size_t i = 0;

	while (i + 1 < SIZES && (bytes == 0 || bytes % sizes[i].bytes != 0))
		i++;
	mt_buf_format(buf, "%jd%s", (intmax_t)(bytes / sizes[i].bytes), sizes[i].name);
}

static void
set_size(const struct target *t, const struct mt_value *value)
{
	struct mt_buf range;
	int64_t number;
	size_t i = 0;
	const char *rest = digits(value->text.ptr, 10, &number);

	while (i < SIZES && (rest == NULL || strcmp(sizes[i].name, rest) != 0))
		i++;
	if (i == SIZES) {
		wrong(t, value, "a size (64K, 512M, 2G)");
		return;
	}
	if (number <= t->key->most / sizes[i].bytes && number * sizes[i].bytes >= t->key->least) {
		store(t, number * sizes[i].bytes);
		return;
	}
	mt_buf_init(&range, t->source->arena, 0);
	write_size(&range, t->key->least);
	mt_buf_text(&range, " to ");
	write_size(&range, t->key->most);
	mt_errors_add(t->source->errors, value->place, "%s: '%s' is out of range (%s)", t->key->name, value->text.ptr,
	    mt_buf_span(&range).ptr);
}

bool
mt_value_bool(struct mt_source *source, bool *yes, const char *key, const struct mt_value *value)
{
	*yes = mt_span_equal(value->text, MT_SPAN("yes"));
	if (*yes || mt_span_equal(value->text, MT_SPAN("no")))
		return true;
	mt_errors_add(source->errors, value->place, "%s: '%s' is not yes or no", key, value->text.ptr);
	return false;
}

/* The value of a word, or an error that lists them all. */
static bool
find_word(const struct target *t, const struct mt_value *value, int64_t *number)
{
	const char *words[16];
	struct mt_buf all;
	size_t count = 0;
	char hint[96];

	mt_buf_init(&all, t->source->arena, 0);
	for (const struct mt_key_word *w = t->key->words; w->word != NULL; w++) {
		*number = w->value;
		if (mt_span_same_text(value->text, w->word))
			return true;
		mt_buf_text(&all, count == 0 ? "" : ", ");
		mt_buf_text(&all, w->word);
		words[count++] = w->word;
	}
	mt_errors_add(t->source->errors, value->place, "%s: '%s' is none of %s%s", t->key->name, value->text.ptr,
	    mt_buf_span(&all).ptr, mt_hint(mt_word_near(words, count, value->text), hint));
	return false;
}

/* A host name that may stand as an authserv-id (RFC 8601, 2.5: a token), or "" for the
 * host's own. */
static void
set_span(const struct target *t, const struct mt_value *value)
{
	if (value->text.len > 0 && !mt_name_host(value->text))
		wrong(t, value, "a host name such as mx.example.org");
	else
		*(struct mt_span *)t->member = mt_arena_copy(&t->config->arena, value->text);
}

static void
set_text(const struct target *t, const struct mt_value *value)
{
	if ((int64_t)value->text.len < t->key->least)
		mt_errors_add(t->source->errors, value->place, "%s: must not be empty", t->key->name);
	else if ((int64_t)value->text.len > t->key->most)
		mt_errors_add(t->source->errors, value->place, "%s: is longer than %jd bytes", t->key->name,
		    (intmax_t)t->key->most);
	else
		*(const char **)t->member = mt_arena_text(&t->config->arena, value->text);
}

/* "PORT" or "PORT@HOST".  libmilter takes any number and cuts it to 16 bits, and leaves
 * the choice of the port to the kernel for 0, where no MTA would find us. */
static bool
is_inet_socket(const char *text)
{
	int64_t port;
	const char *rest = digits(text, 10, &port);

	if (rest == NULL || port < 1 || port > 65535)
		return false;
	return *rest == '\0' || (*rest == '@' && rest[1] != '\0' && strpbrk(rest + 1, "@ ") == NULL);
}

/* What follows a prefix, whose case matters to libmilter, or NULL. */
static const char *
behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* What the daemon can listen on, as libmilter writes it, and descriptors that it was given. */
static bool
is_socket(struct mt_span text)
{
	static const char *const paths[] = { "unix:", "local:" }, *const inets[] = { "inet:", "inet6:" };
	size_t longest = sizeof ((struct sockaddr_un *)0)->sun_path - 1;
	const char *rest;
	int64_t fd;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 127)
			return false;
	for (size_t i = 0; i < 2; i++)
		if ((rest = behind(text.ptr, inets[i])) != NULL)
			return is_inet_socket(rest);
	for (size_t i = 0; i < 2; i++)
		if ((rest = behind(text.ptr, paths[i])) != NULL)
			return *rest == '/' && strlen(rest) <= longest;
	rest = behind(text.ptr, "fd:");
	if (rest == NULL)
		return text.ptr[0] == '/' && text.len <= longest;
	rest = digits(rest, 10, &fd);
	return rest != NULL && *rest == '\0' && fd <= 99999;
}

static void
set_socket(const struct target *t, const struct mt_value *value)
{
	if (!is_socket(value->text))
		wrong(t, value, "a socket; write inet:8899@127.0.0.1 or inet6:8899@::1 with a port of 1 to 65535, "
		    "unix:/run/mailtrace/milter.sock with a path from the root of at most 107 bytes, or fd:3");
	else
		*(const char **)t->member = mt_arena_text(&t->config->arena, value->text);
}

static bool is_server(struct mt_span text, bool need_port);

/* No host name: who connects there waits for no look-up. */
static void
set_peer(const struct target *t, const struct mt_value *value)
{
	bool path = value->text.len > 1 && value->text.ptr[0] == '/' &&
	    value->text.len < sizeof ((struct sockaddr_un *)0)->sun_path;

	if (path || is_server(value->text, true))
		*(const char **)t->member = mt_arena_text(&t->config->arena, value->text);
	else
		wrong(t, value, "an address with a port, or a socket; write 127.0.0.1:6379, [::1]:6379 or "
		    "/run/redis/redis-server.sock");
}

static void
set_scalar(const struct target *t, const struct mt_value *value)
{
	int64_t number;
	bool yes;

	switch (t->key->type) {
	case MT_KEY_TEXT:
		set_text(t, value);
		return;
	case MT_KEY_SPAN:
		set_span(t, value);
		return;
	case MT_KEY_SOCKET:
		set_socket(t, value);
		return;
	case MT_KEY_NUMBER:
	case MT_KEY_OCTAL:
		set_number(t, value);
		return;
	case MT_KEY_TIME:
		set_time(t, value);
		return;
	case MT_KEY_SIZE:
		set_size(t, value);
		return;
	case MT_KEY_PEER:
		set_peer(t, value);
		return;
	case MT_KEY_BOOL:
		if (mt_value_bool(t->source, &yes, t->key->name, value))
			store(t, yes);
		return;
	case MT_KEY_WORD:
		if (find_word(t, value, &number))
			store(t, number);
		return;
	case MT_KEY_SET:
	case MT_KEY_NETS:
	case MT_KEY_PATTERNS:
	case MT_KEY_SERVERS:
	case MT_KEY_PATHS:
		break;
	}
}

/* ---- lists ---------------------------------------------------------------------------- */

bool
mt_value_net(struct mt_source *source, struct mt_net *net, const char *key, const struct mt_value *value,
    struct mt_span text)
{
	char ip[MT_IP_TEXT];
	bool loose = false;

	if (!mt_net_parse(net, text, &loose))
		mt_errors_add(source->errors, value->place,
		    "%s: '%.*s' is not a network; write 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32", key,
		    MT_SPAN_ARG(text));
	else if (loose)
		mt_errors_add(source->errors, value->place,
		    "%s: '%.*s' has bits behind its prefix; did you mean '%s/%u'?", key, MT_SPAN_ARG(text),
		    mt_ip_text(&net->ip, ip), net->bits);
	else
		return true;
	return false;
}

struct mt_values
mt_values_expand(struct mt_source *source, const struct mt_setting *setting)
{
	struct mt_values all = { 0 };

	for (size_t i = 0; i < setting->values.count; i++) {
		const struct mt_value *value = &setting->values.value[i];

		if (mt_span_starts(value->text, "file:"))
			mt_list_file(&all, source, value->text.ptr + 5, value->place);
		else
			mt_values_add(&all, source->arena, value->text, value->place);
	}
	return all;
}

/* Whom a list of networks names is believed, or is held for a relay: that is not everybody. */
static bool
narrow(const struct target *t, const struct mt_value *value, const struct mt_net *net)
{
	if (mt_wide_everybody(net)) {
		mt_errors_add(t->source->errors, value->place,
		    "%s: '%s' is everybody; write networks such as 192.0.2.0/24 or 2001:db8::/32", t->key->name,
		    value->text.ptr);
		return false;
	}
	if (mt_wide_net(net))
		mt_errors_notice(t->source->errors, value->place,
		    "%s: '%s' holds strangers as well; nobody has more than a /8 (IPv4) or a /16 (IPv6)", t->key->name,
		    value->text.ptr);
	return true;
}

static void
set_nets(const struct target *t, const struct mt_values *values, bool add)
{
	static const char *const always[] = { "127.0.0.0/8", "::1/128" };
	struct mt_nets old = *(struct mt_nets *)t->member;
	bool own = t->key->offset == offsetof(struct mt_config, trust.networks);
	size_t count = 0, kept = add ? old.count : 0;
	struct mt_net *nets = mt_arena_alloc(&t->config->arena, (kept + values->count + 2) * sizeof *nets);

	if (nets == NULL)
		return;
	/* What runs on this machine is ours, unless an empty list says that nobody is. */
	for (size_t i = 0; own && !add && values->count > 0 && i < 2; i++)
		count += mt_net_parse(&nets[count], mt_span_text(always[i]), NULL);
	for (size_t i = 0; i < kept; i++)
		nets[count++] = old.net[i];
	for (size_t i = 0; i < values->count; i++) {
		const struct mt_value *value = &values->value[i];
		bool again = false;

		if (!mt_value_net(t->source, &nets[count], t->key->name, value, value->text) ||
		    !narrow(t, value, &nets[count]))
			continue;
		for (size_t k = 0; k < 2 && k < count; k++)
			again = again ||
			    (nets[k].bits == nets[count].bits && mt_ip_equal(&nets[k].ip, &nets[count].ip));
		count += !again;
	}
	*(struct mt_nets *)t->member = (struct mt_nets){ nets, count };
}

/* An address, with a port behind it or without: 192.0.2.1, 127.0.0.1:5353, [::1]:53. */
static bool
is_server(struct mt_span text, bool need_port)
{
	struct mt_ip ip;
	int64_t port = 53;
	const char *colon = text.len == 0 ? NULL : memrchr(text.ptr, ':', text.len), *rest = "";
	bool bracket = text.len > 0 && text.ptr[0] == '[';

	if (mt_ip_parse_v6(&ip, text))
		return !need_port && memchr(text.ptr, '%', text.len) == NULL;
	if (colon != NULL && (!bracket || (colon > text.ptr && colon[-1] == ']'))) {
		rest = digits(colon + 1, 10, &port);
		text = mt_span_between(text.ptr, colon);
	}
	else if (need_port)
		return false;
	if (rest == NULL || *rest != '\0' || port < 1 || port > 65535)
		return false;
	if (!bracket)
		return mt_ip_parse_v4(&ip, text);
	return text.len > 2 && text.ptr[text.len - 1] == ']' &&
	    mt_ip_parse_v6(&ip, (struct mt_span){ text.ptr + 1, text.len - 2 });
}

static bool
good_path(const struct target *t, const struct mt_value *value)
{
	bool good = value->text.len > 1 && value->text.len < 4096 && value->text.ptr[0] == '/';

	for (size_t i = 0; good && i < value->text.len; i++)
		good = (unsigned char)value->text.ptr[i] >= ' ' && value->text.ptr[i] != 127;
	if (!good)
		wrong(t, value, "the path of a file from the root; write /var/lib/GeoIP/GeoLite2-City.mmdb");
	return good;
}

static bool
good_pattern(const struct target *t, const struct mt_value *value)
{
	if (t->key->type == MT_KEY_PATHS)
		return good_path(t, value);
	if (t->key->type == MT_KEY_SERVERS) {
		if (is_server(value->text, false))
			return true;
		wrong(t, value, "a name server; write 192.0.2.1, 127.0.0.1:5353 or [::1]:53");
		return false;
	}
	for (size_t i = 0; i < value->text.len; i++)
		if ((unsigned char)value->text.ptr[i] <= ' ' || (unsigned char)value->text.ptr[i] > 126)
			return wrong(t, value, "a name or a pattern such as *.example.org"), false;
	/* '*', '*.com', 'mail.*' and their like: everybody could be ours, or be believed. */
	if (mt_wide_pattern(value->text)) {
		mt_errors_add(t->source->errors, value->place,
		    "%s: '%s' matches the names of strangers as well; write *.example.org", t->key->name,
		    value->text.ptr);
		return false;
	}
	if (value->text.len > 0 && value->text.len <= 253 && value->text.ptr[0] != '!')
		return true;
	wrong(t, value, "a name or a pattern such as *.example.org");
	return false;
}

static void
set_patterns(const struct target *t, const struct mt_values *values, bool add)
{
	struct mt_patterns old = *(struct mt_patterns *)t->member;
	size_t count = add ? old.count : 0;
	struct mt_span *patterns = mt_arena_alloc(&t->config->arena, (count + values->count) * sizeof *patterns);

	if (patterns == NULL)
		return;
	if (count > 0)
		memcpy(patterns, old.pattern, count * sizeof *patterns);
	for (size_t i = 0; i < values->count; i++)
		if (good_pattern(t, &values->value[i]))
			patterns[count++] = mt_arena_copy(&t->config->arena, values->value[i].text);
	*(struct mt_patterns *)t->member = (struct mt_patterns){ patterns, count };
}

static void
set_set(const struct target *t, const struct mt_values *values, bool add)
{
	uint32_t set = add ? *(uint32_t *)t->member : 0;
	int64_t bit;

	for (size_t i = 0; i < values->count; i++)
		if (find_word(t, &values->value[i], &bit))
			set |= (uint32_t)1 << bit;
	*(uint32_t *)t->member = set;
}

bool
mt_key_list(const struct mt_key *key)
{
	return key->type == MT_KEY_SET || key->type == MT_KEY_NETS || key->type == MT_KEY_PATTERNS ||
	    key->type == MT_KEY_SERVERS || key->type == MT_KEY_PATHS;
}

static void
set_list(const struct target *t, const struct mt_setting *setting)
{
	struct mt_values values = setting->values;

	if (t->key->type == MT_KEY_NETS || t->key->type == MT_KEY_PATTERNS)
		values = mt_values_expand(t->source, setting);
	if (t->key->type == MT_KEY_NETS)
		set_nets(t, &values, setting->add);
	else if (t->key->type == MT_KEY_SET)
		set_set(t, &values, setting->add);
	else
		set_patterns(t, &values, setting->add);
}

void
mt_key_set(struct mt_config *config, struct mt_source *source, const struct mt_key *key,
	   const struct mt_setting *setting)
{
	struct target t = { config, source, key, (char *)config + key->offset };

	if (mt_key_list(key))
		set_list(&t, setting);
	else if (setting->add)
		mt_errors_add(source->errors, setting->place, "%s: takes one value; write '=' and not '+='", key->name);
	else if (setting->values.count != 1)
		mt_errors_add(source->errors, setting->place, "%s: takes one value, and not a list", key->name);
	else
		set_scalar(&t, &setting->values.value[0]);
}

/* ---- writing -------------------------------------------------------------------------- */

void
mt_write_value(struct mt_buf *buf, struct mt_span value)
{
	bool bare = value.len > 0;

	for (size_t i = 0; bare && i < value.len; i++)
		bare = mt_is_alpha(value.ptr[i]) || mt_is_digit(value.ptr[i]) || strchr("-._:/", value.ptr[i]) != NULL;
	if (bare && value.ptr[0] != '/') {
		mt_buf_add(buf, value);
		return;
	}
	mt_buf_char(buf, '"');
	mt_buf_escape(buf, value, "\"\\");
	mt_buf_char(buf, '"');
}

static void
write_comma(struct mt_buf *buf, bool *some)
{
	mt_buf_text(buf, *some ? ", " : "");
	*some = true;
}

/* A value with what stands before it ("!" or nothing). */
static void
write_with(struct mt_buf *buf, const char *before, struct mt_span value)
{
	struct mt_buf whole;

	if (*before == '\0') {
		mt_write_value(buf, value);
		return;
	}
	mt_buf_init(&whole, buf->arena, 0);
	mt_buf_text(&whole, before);
	mt_buf_add(&whole, value);
	mt_write_value(buf, mt_buf_span(&whole));
}

void
mt_write_nets(struct mt_buf *buf, const struct mt_nets *nets, const char *before, bool *some)
{
	for (size_t i = 0; i < nets->count; i++) {
		char ip[MT_IP_TEXT];
		struct mt_buf net;

		mt_buf_init(&net, buf->arena, 0);
		mt_buf_format(&net, "%s/%u", mt_ip_text(&nets->net[i].ip, ip), nets->net[i].bits);
		write_comma(buf, some);
		write_with(buf, before, mt_buf_span(&net));
	}
}

void
mt_write_patterns(struct mt_buf *buf, const struct mt_patterns *patterns, const char *before, bool *some)
{
	for (size_t i = 0; i < patterns->count; i++) {
		write_comma(buf, some);
		write_with(buf, before, patterns->pattern[i]);
	}
}

static void
write_set(struct mt_buf *buf, const struct mt_key *key, uint32_t set_bits)
{
	bool some = false;

	for (const struct mt_key_word *w = key->words; w->word != NULL; w++) {
		if (!(set_bits >> w->value & 1))
			continue;
		write_comma(buf, &some);
		mt_buf_text(buf, w->word);
	}
}

static void
write_word(struct mt_buf *buf, const struct mt_key *key, int64_t number)
{
	for (const struct mt_key_word *w = key->words; w->word != NULL; w++)
		if (w->value == number)
			mt_buf_text(buf, w->word);
}

void
mt_key_write(struct mt_buf *buf, const struct mt_config *config, const struct mt_key *key)
{
	const void *member = (const char *)config + key->offset;
	bool some = false;

	if (mt_key_list(key))
		mt_buf_text(buf, "{ ");
	switch (key->type) {
	case MT_KEY_TEXT:
	case MT_KEY_SOCKET:
	case MT_KEY_PEER:
		mt_write_value(buf, mt_span_text(*(const char *const *)member));
		break;
	case MT_KEY_SPAN:
		mt_write_value(buf, *(const struct mt_span *)member);
		break;
	case MT_KEY_NUMBER:
		mt_buf_format(buf, "%jd", (intmax_t)mt_key_number(config, key));
		break;
	case MT_KEY_OCTAL:
		mt_buf_format(buf, "%04jo", (uintmax_t)mt_key_number(config, key));
		break;
	case MT_KEY_TIME:
		write_time(buf, mt_key_number(config, key));
		break;
	case MT_KEY_SIZE:
		write_size(buf, mt_key_number(config, key));
		break;
	case MT_KEY_BOOL:
		mt_buf_text(buf, mt_key_number(config, key) ? "yes" : "no");
		break;
	case MT_KEY_WORD:
		write_word(buf, key, mt_key_number(config, key));
		break;
	case MT_KEY_SET:
		write_set(buf, key, *(const uint32_t *)member);
		break;
	case MT_KEY_NETS:
		mt_write_nets(buf, member, "", &some);
		break;
	case MT_KEY_PATTERNS:
	case MT_KEY_SERVERS:
	case MT_KEY_PATHS:
		mt_write_patterns(buf, member, "", &some);
		break;
	}
	if (mt_key_list(key))
		mt_buf_text(buf, " }");
}
