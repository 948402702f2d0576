/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a door's block concerns, what it takes over from the section "trust", and what is wrong
 * with one. */
#include "lib/config/listeners.h"

#include <unistd.h>

#include "lib/base/ip.h"
#include "tests/unit/tap.h"

static char said[512];
static unsigned lines;

static void
on_say(void *ctx, const char *line)
{
	(void)ctx;
	if (lines++ == 0)
		snprintf(said, sizeof said, "%s", line);
}

static struct mt_config *
load(const char *text)
{
	struct mt_config *config;
	FILE *file = fopen("listeners.tmp", "w");
	int error = 0;

	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		return NULL;
	said[0] = '\0';
	lines = 0;
	config = mt_config_load("listeners.tmp", NULL, 0, on_say, NULL, &error);
	unlink("listeners.tmp");
	return config;
}

static const char text[] = "trust { authserv-id = mx.example.org  networks = { 192.0.2.0/24 }  names = { mx.example.org } }\n"
    "listener \"submission\" { networks += { 198.51.100.0/24 }  hops = 3 }\n"
    "listener \"smtp*\" { networks = { 203.0.113.0/24 } }\n"
    "listener \"10025\" { names = { filter.example.org } }\n"
    "listener \"quiet\" { }\n";

static const struct {
	const char *what, *name;
	uint16_t port;
	const char *ours, *foreign;	/* addresses that are in networks, and not */
	const char *our_name;
	unsigned hops;
} doors[] = {
	{ "no door is known", NULL, 0, "192.0.2.7", "198.51.100.7", "mx.example.org", 0 },
	{ "a door without a block", "mta", 25, "192.0.2.7", "198.51.100.7", "mx.example.org", 0 },
	{ "networks are added", "submission", 587, "198.51.100.7", "203.0.113.7", "mx.example.org", 3 },
	{ "and those of the section stay", "submission", 587, "192.0.2.7", "203.0.113.7", "mx.example.org", 3 },
	{ "in any case of letters", "SUBMISSION", 0, "198.51.100.7", "203.0.113.7", "mx.example.org", 3 },
	{ "networks are replaced, by a pattern", "smtps", 465, "203.0.113.7", "192.0.2.7", "mx.example.org", 0 },
	{ "loopback is always ours", "smtps", 465, "127.0.0.1", "192.0.2.7", "mx.example.org", 0 },
	{ "a port without a name", NULL, 10025, "192.0.2.7", "198.51.100.7", "filter.example.org", 0 },
	{ "a port, and a name that has no block", "mta", 10025, "192.0.2.7", "198.51.100.7", "filter.example.org", 0 },
	{ "the name before the port", "submission", 10025, "198.51.100.7", "203.0.113.7", "mx.example.org", 3 },
	{ "a block that says nothing", "quiet", 0, "192.0.2.7", "198.51.100.7", "mx.example.org", 0 },
};

static void
test_doors(void)
{
	struct mt_config *config = load(text);

	if (!tap_ok(config != NULL && lines == 0, "four listeners are read: %s", said))
		return;
	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
		const struct mt_trace_settings *settings = mt_listeners_settings(config, mt_span_text(doors[i].name), doors[i].port);
		const struct mt_trust *trust = settings->trust;
		struct mt_ip ours, foreign;

		mt_ip_parse(&ours, mt_span_text(doors[i].ours));
		mt_ip_parse(&foreign, mt_span_text(doors[i].foreign));
		tap_ok(mt_nets_have(&trust->networks, &ours) && !mt_nets_have(&trust->networks, &foreign) &&
		    trust->names.count == 1 && mt_span_equal(trust->names.pattern[0], mt_span_text(doors[i].our_name)) &&
		    trust->hops == doors[i].hops && settings->policy == config->settings.policy &&
		    mt_span_equal(trust->authserv_id, MT_SPAN("mx.example.org")), "%s", doors[i].what);
	}
	tap_ok(config->trust.hops == 0 && config->trust.names.count == 1, "the section itself is as it was");
	mt_config_unref(config);
}

/* Where nobody said who is ours it is inferred, but for a door that says it. */
static void
test_inferred(void)
{
	struct mt_config *config = load("listener \"a\" { hops = 1 }\nlistener \"b\" { }\n");

	if (!tap_ok(config != NULL && config->nlisteners == 2, "two listeners are read: %s", said))
		return;
	tap_ok(config->trust.inferred && !config->listeners[0].trust.inferred && config->listeners[1].trust.inferred,
	    "the boundary is inferred but where a listener says it");
	mt_config_unref(config);
}

static void
test_wrong(void)
{
	static const struct {
		const char *what, *text, *said;
	} wrong[] = {
		{ "a network", "listener \"x\" { networks = { 192.0.2.1/24 } }", "listeners.tmp:1: listener \"x\": networks: '192.0.2.1/24' has "
		    "bits behind its prefix; did you mean '192.0.2.0/24'?" },
		{ "twice", "listener \"x\" { hops = 1 }\nlistener \"X\" { hops = 2 }", "listeners.tmp:2: listener \"X\": stands already at "
		    "listeners.tmp:1" },
		{ "no name", "listener \"\" { hops = 1 }", "listeners.tmp:1: listener: the name must have 1 to 64 bytes" },
		{ "no title", "listener { hops = 1 }", "listeners.tmp:1: missing title for section 'listener'; write: listener \"name\" "
		    "{ ... }" },
		{ "a key that it has not", "listener \"x\" { domains = { example.org } }", "listeners.tmp:1: listener.domains: no such key" },
		{ "everybody", "listener \"x\" { networks += { 0.0.0.0/0 } }", "listeners.tmp:1: listener \"x\": networks: '0.0.0.0/0' is "
		    "everybody; write networks such as 192.0.2.0/24 or 2001:db8::/32" },
		{ "relays that are everybody", "listener \"x\" { relays = \"*.com\" }", "listeners.tmp:1: listener \"x\": relays: '*.com' "
		    "matches the names of strangers as well; write *.example.org" },
		{ "too many hops", "listener \"x\" { hops = 51 }", "listeners.tmp:1: listener \"x\": hops: '51' is out of range (0 to 50)" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct mt_config *config = load(wrong[i].text);

		tap_ok(config == NULL && strcmp(said, wrong[i].said) == 0, "wrong: %s: %s", wrong[i].what, said);
		mt_config_unref(config);
	}
}

int
main(void)
{
	test_doors();
	test_inferred();
	test_wrong();
	return tap_done();
}
