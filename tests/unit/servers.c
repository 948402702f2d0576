/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/source/servers.h"

#include "lib/base/span.h"
#include "tests/unit/tap.h"

static const struct { const char *text, *want; } addresses[] = {
	{ "127.0.0.1", "127.0.0.1:53" }, { "127.0.0.1:5353", "127.0.0.1:5353" }, { "::1", "[::1]:53" },
	{ "[::1]", "[::1]:53" }, { "[2001:db8::1]:65535", "[2001:db8::1]:65535" },
	{ "", NULL }, { "localhost", NULL }, { "127.0.0.1:", NULL }, { "127.0.0.1:0", NULL }, { "127.0.0.1:65536", NULL },
	{ "[::1]x", NULL }, { "[::1", NULL }, { "127.0.0.1:53x", NULL }, { "1.2.3", NULL }, { "127.0.0.1:000053", NULL },
};

enum step_kind { MARK, SOUND, SPEAKS, QUIET, AWAY, PROBES, HELD, PROBED_SOUND, PROBED_SPEAKS, PROBED_QUIET };

/* The life of one server: what happens, and the state that it is in then. */
static const struct step {
	enum step_kind kind;
	int64_t at;
	enum mt_server_state state;
	const char *label;
} steps[] = {
	{ QUIET, 0, MT_SERVER_UP, "one time-out" },
	{ QUIET, 0, MT_SERVER_UP, "two" },
	{ HELD, 0, MT_SERVER_UP, "who is up is not probed" },
	{ SOUND, 0, MT_SERVER_UP, "an answer begins the count anew" },
	{ QUIET, 0, MT_SERVER_UP, "asked before the answer" },
	{ QUIET, 0, MT_SERVER_UP, "so these" },
	{ QUIET, 0, MT_SERVER_UP, "do not count" },
	{ MARK, 0, MT_SERVER_UP, NULL },
	{ QUIET, 100, MT_SERVER_UP, "one" },
	{ SPEAKS, 100, MT_SERVER_UP, "a server failure counts as well" },
	{ QUIET, 100, MT_SERVER_DOUBT, "the third puts it in doubt" },
	{ PROBES, 100, MT_SERVER_DOUBT, "it is probed at once" },
	{ HELD, 100, MT_SERVER_DOUBT, "once" },
	{ HELD, 9999, MT_SERVER_DOUBT, "and not again before that probe has ended" },
	{ PROBED_SPEAKS, 200, MT_SERVER_DOUBT, "a probe that is refused leaves the doubt" },
	{ HELD, 1099, MT_SERVER_DOUBT, "a second between probes" },
	{ PROBES, 1100, MT_SERVER_DOUBT, "the second probe" },
	{ PROBED_QUIET, 1200, MT_SERVER_SILENT, "a probe without an answer: silent" },
	{ HELD, 3099, MT_SERVER_SILENT, "two seconds" },
	{ PROBES, 3100, MT_SERVER_SILENT, "the third probe" },
	{ PROBED_QUIET, 3200, MT_SERVER_SILENT, "silent still" },
	{ PROBES, 7100, MT_SERVER_SILENT, "four seconds" },
	{ PROBED_QUIET, 7200, MT_SERVER_SILENT, "silent still" },
	{ HELD, 12099, MT_SERVER_SILENT, "five seconds" },
	{ PROBES, 12100, MT_SERVER_SILENT, "stay five" },
	{ PROBED_QUIET, 12200, MT_SERVER_SILENT, "silent still" },
	{ SPEAKS, 12300, MT_SERVER_DOUBT, "a server failure is a word" },
	{ PROBES, 17100, MT_SERVER_DOUBT, "a last probe" },
	{ PROBED_SOUND, 17200, MT_SERVER_UP, "is answered: up" },
	{ QUIET, 17300, MT_SERVER_UP, "what was asked before" },
	{ QUIET, 17300, MT_SERVER_UP, "does not count" },
	{ QUIET, 17300, MT_SERVER_UP, "any more" },
	{ MARK, 0, MT_SERVER_UP, NULL },
	{ QUIET, 17400, MT_SERVER_UP, "one asked since" },
	{ QUIET, 17400, MT_SERVER_UP, "two" },
	{ QUIET, 17400, MT_SERVER_DOUBT, "three" },
	{ HELD, 18099, MT_SERVER_DOUBT, "but there was a probe less than a second ago" },
	{ PROBES, 18100, MT_SERVER_DOUBT, "a second, however long the pauses were before" },
	{ PROBED_QUIET, 18200, MT_SERVER_SILENT, "silent" },
	{ SPEAKS, 18300, MT_SERVER_DOUBT, "a word" },
	{ AWAY, 18400, MT_SERVER_SILENT, "away" },
	{ SOUND, 18500, MT_SERVER_UP, "an answer to a question does as well as a probe" },
	{ MARK, 0, MT_SERVER_UP, NULL },
	{ AWAY, 30000, MT_SERVER_UP, "not to be reached once" },
	{ AWAY, 30000, MT_SERVER_UP, "twice" },
	{ AWAY, 30000, MT_SERVER_SILENT, "three times: away, without a probe" },
	{ PROBES, 30000, MT_SERVER_SILENT, "which it gets at once" },
};

static void
test_edns(void)
{
	struct mt_server server = { .port = 53 };

	tap_ok(mt_server_edns(&server, false, 0) && !mt_server_edns(&server, true, 0),
	    "who is not known is asked with EDNS, and the second time without");
	mt_server_failed(&server, 0, MT_SERVER_LATE, 0);
	tap_ok(!mt_server_edns(&server, false, 0), "without after a failure");
	mt_server_answered(&server);
	mt_server_spoke_plain(&server, 1000);
	tap_ok(!mt_server_edns(&server, false, 1000), "who answers so is asked so");
	mt_server_spoke_plain(&server, 2000);
	tap_ok(mt_server_edns(&server, false, 1000 + MT_SERVER_EDNS_MSEC), "for a while");
	mt_server_spoke_edns(&server, 3000);
	mt_server_spoke_plain(&server, 3000);
	mt_server_failed(&server, 1, MT_SERVER_LATE, 3000);
	tap_ok(mt_server_edns(&server, true, 3000), "who is known to speak it is asked with it whatever happens");
	tap_ok(!mt_server_edns(&server, true, 3000 + MT_SERVER_EDNS_MSEC), "for a while, too");
}

static void
test_life(void)
{
	struct mt_server server = { .port = 53 };
	uint64_t mark = mt_server_mark(&server);

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const struct step *s = &steps[i];
		bool good = true;

		switch (s->kind) {
		case MARK:
			mark = mt_server_mark(&server);
			continue;
		case SOUND:
			mt_server_answered(&server);
			break;
		case SPEAKS:
		case QUIET:
		case AWAY:
			mt_server_failed(&server, mark, s->kind == SPEAKS ? MT_SERVER_CANNOT : s->kind == QUIET ? MT_SERVER_LATE :
			    MT_SERVER_AWAY, s->at);
			break;
		case PROBES:
		case HELD:
			good = mt_server_probe(&server, s->at) == (s->kind == PROBES);
			break;
		case PROBED_SOUND:
		case PROBED_SPEAKS:
		case PROBED_QUIET:
			mt_server_probed(&server, s->kind == PROBED_SOUND, s->kind != PROBED_QUIET);
			break;
		}
		if (!tap_ok(good && server.state == s->state, "%s", s->label))
			tap_note("state %d", server.state);
	}
}

static void
test_order(void)
{
	struct mt_servers servers = { .count = 3 };

	tap_ok(mt_servers_pick(&servers, 0) == 0, "the first of those that are up");
	tap_ok(mt_servers_pick(&servers, 1) == 1, "the next, where the first was asked");
	tap_ok(mt_servers_pick(&servers, 7) == -1, "nobody, where all were");
	servers.server[0].state = MT_SERVER_SILENT;
	servers.server[1].state = MT_SERVER_DOUBT;
	tap_ok(mt_servers_pick(&servers, 0) == 2, "who is up before who is not");
	tap_ok(mt_servers_pick(&servers, 4) == 1, "who is in doubt before who is silent");
	tap_ok(mt_servers_pick(&servers, 6) == 0, "who is silent, where nobody else is left");
	tap_ok(!mt_servers_silent(&servers), "not all are silent");
	servers.server[1].state = servers.server[2].state = MT_SERVER_SILENT;
	tap_ok(mt_servers_silent(&servers) && mt_servers_pick(&servers, 0) == 0, "all are, and the first is asked first");
	servers.count = 0;
	tap_ok(!mt_servers_silent(&servers) && mt_servers_pick(&servers, 0) == -1, "nobody is there");
}

int
main(void)
{
	char text[MT_SERVER_TEXT];

	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct mt_server server;
		bool is = mt_server_parse(&server, mt_span_text(addresses[i].text));

		tap_ok(is == (addresses[i].want != NULL) &&
		    (!is || strcmp(mt_server_text(&server, text), addresses[i].want) == 0), "\"%s\" is %s", addresses[i].text,
		    addresses[i].want != NULL ? addresses[i].want : "no server");
	}
	test_order();
	test_edns();
	test_life();
	return tap_done();
}
