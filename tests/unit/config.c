/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole configurations: what is said of them, and what they come to. */
#include "lib/config/config.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/config/keys.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *text;
	const char *overrides[3];
	const char *said;		/* the first complaint or notice, whole; NULL: none */
	const char *dumped;		/* stands in the dump; NULL: it is refused */
} cases[] = {
	{ "nothing", "", { NULL }, NULL, "mode = monitor  # default\n" },
	{ "a value", "\nmode = off\n", { NULL }, NULL, "mode = off  # t.conf:2\n" },
	{ "a value in a section", "dns {\ntimeout = 2s\n}\n", { NULL }, NULL, "\ttimeout = 2s  # t.conf:2\n" },
	{ "a section twice", "dns { tries = 3 }\ndns { cache = 0 }\n", { NULL }, NULL, "\ttries = 3  # t.conf:1\n" },
	{ "a key in quotes", "\"mode\" = off\n", { NULL }, "t.conf:1: \"mode\" stands where a key should, which has no quotes; "
	    "write: key = value", NULL },
	{ "a stray string", "mode = off \"\"\n", { NULL }, "t.conf:1: \"\" stands where a key should, which has no quotes; "
	    "write: key = value", NULL },
	{ "a stray string in a section", "dns { tries = 1 \"x\" }\n", { NULL }, "t.conf:1: \"x\" stands where a key should, "
	    "which has no quotes; write: key = value", NULL },
	{ "a stray equal sign", "mode = off =\n", { NULL },
	    "t.conf:1: unexpected token '='; a value is missing before it", NULL },
	{ "a last value", "mode = off\nmode = enforce\n", { NULL },
	    "t.conf:2: notice: mode: is set again; the value of t.conf:1 is not used", "mode = enforce  # t.conf:2\n" },
	{ "an unknown key", "mod = off\n", { NULL }, "t.conf:1: mod: no such key; did you mean 'mode'?", NULL },
	{ "an unknown key like none", "frobnicate = { a, { b } }\n", { NULL }, "t.conf:1: frobnicate: no such key", NULL },
	{ "an unknown key in a section", "dns { server = 1 }\n", { NULL },
	    "t.conf:1: dns.server: no such key; did you mean 'servers'?", NULL },
	{ "a key outside of its section", "tries = 2\n", { NULL },
	    "t.conf:1: tries: no such key; did you mean 'dns.tries'?", NULL },
	{ "a key in another section", "log { timeout = 2s }\n", { NULL },
	    "t.conf:1: log.timeout: no such key; did you mean 'dns.timeout'?", NULL },
	{ "an unknown section", "milters { a = b }\n", { NULL },
	    "t.conf:1: milters: no such section; did you mean 'milter'?", NULL },
	{ "a section that is to come", "owner { use = \"/x\" }\n", { NULL }, "t.conf:1: owner: is not in this build; take it out",
	    NULL },
	{ "a titled section that is to come", "owner \"x\" { code \"1\" { a = b } }\n", { NULL },
	    "t.conf:1: owner: is not in this build; take it out", NULL },
	{ "a section as a key", "dns = 5\n", { NULL },
	    "t.conf:1: dns: is a section and no key; write: dns { key = value }", NULL },
	{ "a section with a title that has none", "dns \"x\" { tries = 1 }\n", { NULL },
	    "t.conf:1: missing opening brace for section 'dns'; write: section { key = value }", NULL },
	{ "a key as a section", "mode { a = b }\n", { NULL },
	    "t.conf:1: mode: is a key and no section; write: mode = value", NULL },
	{ "a key of a section as a section", "dns { tries { a = b } }\n", { NULL },
	    "t.conf:1: dns.tries: is a key and no section; write: tries = value", NULL },
	{ "a stray value", "dns { 5 }\n", { NULL }, "t.conf:1: no such option '5'; write: key = value", NULL },
	{ "a stray list", "{ a }\n", { NULL }, "t.conf:1: unexpected token '{'; values in a list stand apart by commas: { a, b }",
	    NULL },
	{ "a rule without a name", "\nrule { action = tag }\n", { NULL },
	    "t.conf:2: missing title for section 'rule'; write: rule \"name\" { ... }", NULL },
	{ "no equal sign", "dns {\n tries 2\n}\n", { NULL }, "t.conf:2: dns.tries: the '=' is missing; write: tries = value", NULL },
	{ "no value", "dns {\n tries =\n}\n", { NULL }, "t.conf:2: dns.tries: a value is missing; write: tries = value", NULL },
	{ "no comma", "trust { names = { a.example b.example } }\n", { NULL },
	    "t.conf:1: unexpected token 'b.example'; values in a list stand apart by commas: { a, b }", NULL },
	{ "a final comma", "trust { names = { a.example, } }\n", { NULL }, NULL, "\tnames = { a.example }  # t.conf:1\n" },
	{ "two commas", "trust { names = { a.example,, b.example } }\n", { NULL },
	    "t.conf:1: unexpected token ','; values in a list stand apart by commas: { a, b }", NULL },
	{ "a list for one value", "dns { tries = { 1, 2 } }\n", { NULL }, "t.conf:1: dns.tries: takes one value, and not a list",
	    NULL },
	{ "an addition to one value", "dns { tries += 1 }\n", { NULL },
	    "t.conf:1: dns.tries: takes one value; write '=' and not '+='", NULL },
	{ "one value for a list", "trust { names = a.example }\n", { NULL }, NULL, "\tnames = { a.example }  # t.conf:1\n" },
	{ "comments above change no line", "#\n#\n#\n# a\n\n#\ndns { tries = x }\n", { NULL },
	    "t.conf:7: dns.tries: 'x' is not a number", NULL },
	{ "a value of a long list", "trust { networks = {\n10.0.0.0/8, # a\n# b\n10.0.0.1/8,\n192.0.2.1 } }\n", { NULL },
	    "t.conf:4: trust.networks: '10.0.0.1/8' has bits behind its prefix; did you mean '10.0.0.0/8'?", NULL },
	{ "no expansion", "store { path = \"${HOME}\" }\n", { NULL }, NULL, "\tpath = \"${HOME}\"  # t.conf:1\n" },

	{ "a number too great", "dns { tries = 11 }\n", { NULL }, "t.conf:1: dns.tries: '11' is out of range (1 to 10)", NULL },
	{ "the greatest number", "dns { tries = 10 }\n", { NULL }, NULL, "\ttries = 10  # t.conf:1\n" },
	{ "a number beyond all", "dns { tries = 99999999999999999999 }\n", { NULL },
	    "t.conf:1: dns.tries: '99999999999999999999' is not a number", NULL },
	{ "a negative number", "dns { tries = -1 }\n", { NULL }, "t.conf:1: dns.tries: '-1' is not a number", NULL },
	{ "no octal number", "milter { socket-mode = 0680 }\n", { NULL },
	    "t.conf:1: milter.socket-mode: '0680' is not an octal number such as 0660", NULL },
	{ "an octal number too great", "milter { socket-mode = 1777 }\n", { NULL },
	    "t.conf:1: milter.socket-mode: '1777' is out of range (0 to 777)", NULL },
	{ "an octal number", "milter { socket-mode = 600 }\n", { NULL }, NULL, "\tsocket-mode = 0600  # t.conf:1\n" },
	{ "a time without a unit", "dns { timeout = 5 }\n", { NULL },
	    "t.conf:1: dns.timeout: '5' is not a time (500ms, 3s, 5m, 1h, 30d)", NULL },
	{ "a time too short", "dns { timeout = 49ms }\n", { NULL },
	    "t.conf:1: dns.timeout: '49ms' is out of range (50ms to 30s)", NULL },
	{ "a time too long", "dns { timeout = 30001ms }\n", { NULL },
	    "t.conf:1: dns.timeout: '30001ms' is out of range (50ms to 30s)", NULL },
	{ "a time beyond all", "dns { timeout = 99999999999d }\n", { NULL },
	    "t.conf:1: dns.timeout: '99999999999d' is out of range (50ms to 30s)", NULL },
	{ "a time in its largest unit", "dns { max-ttl = 7200s }\n", { NULL }, NULL, "\tmax-ttl = 2h  # t.conf:1\n" },
	{ "no time", "milter { drain = 0s }\n", { NULL }, NULL, "\tdrain = 0s  # t.conf:1\n" },
	{ "neither yes nor no", "dns { trusted = true }\n", { NULL }, "t.conf:1: dns.trusted: 'true' is not yes or no", NULL },
	{ "no such word", "log { format = jsn }\n", { NULL },
	    "t.conf:1: log.format: 'jsn' is none of text, json, trace; did you mean 'json'?", NULL },
	{ "no such header", "headers { add = { X-Trace-Results } }\n", { NULL },
	    "t.conf:1: headers.add: 'X-Trace-Results' is none of X-Trace-Result, X-Trace-Client, X-Trace-Origin, "
	    "X-Trace-Path, X-Trace-Relay, X-Trace-Evidence, Authentication-Results; did you mean 'X-Trace-Result'?", NULL },
	{ "no header", "headers { add = { } }\n", { NULL }, NULL, "\tadd = {  }  # t.conf:1\n" },
	{ "an empty text", "milter { user = \"\" }\n", { NULL }, "t.conf:1: milter.user: must not be empty", NULL },
	{ "no host name", "trust { authserv-id = \"a b\" }\n", { NULL },
	    "t.conf:1: trust.authserv-id: 'a b' is not a host name such as mx.example.org", NULL },
	{ "no network", "trust { networks = { mx.example.org } }\n", { NULL }, "t.conf:1: trust.networks: 'mx.example.org' is "
	    "not a network; write 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32", NULL },
	{ "networks have loopback with them", "trust { networks = { 10.0.0.0/8, ::1 } }\n", { NULL }, NULL,
	    "\tnetworks = { 127.0.0.0/8, ::1/128, 10.0.0.0/8 }  # t.conf:1\n" },
	{ "networks added", "trust { networks += 10.0.0.0/8 }\n", { NULL }, NULL,
	    "\tnetworks = { 127.0.0.0/8, ::1/128, 10.0.0.0/8 }  # t.conf:1\n" },
	{ "no networks at all", "trust { networks = { } }\n", { NULL }, NULL, "\tnetworks = {  }  # t.conf:1\n" },
	{ "no name server", "dns { servers = { ns.example.org } }\n", { NULL }, "t.conf:1: dns.servers: 'ns.example.org' is not "
	    "a name server; write 192.0.2.1, 127.0.0.1:5353 or [::1]:53", NULL },
	{ "a name server with a port too great", "dns { servers = { \"192.0.2.1:65536\" } }\n", { NULL },
	    "t.conf:1: dns.servers: '192.0.2.1:65536' is not a name server; write 192.0.2.1, 127.0.0.1:5353 or [::1]:53", NULL },
	{ "name servers", "dns { servers = { 192.0.2.1, 127.0.0.1:5353, [::1]:53, ::1, [::1] } }\n", { NULL }, NULL,
	    "\tservers = { 192.0.2.1, 127.0.0.1:5353, \"[::1]:53\", ::1, \"[::1]\" }  # t.conf:1\n" },
	{ "a list that is not there", "trust { names = { \"file:none\" } }\n", { NULL },
	    "t.conf:1: none: cannot be read: No such file or directory", NULL },
	{ "a name that is everybody's", "trust {\nnames = { mx.example.org, \"*\" } }\n", { NULL },
	    "t.conf:2: trust.names: '*' matches the names of strangers as well; write *.example.org", NULL },
	{ "a name with a dot that is everybody's", "trust { names = \"**.*\" }\n", { NULL },
	    "t.conf:1: trust.names: '**.*' matches the names of strangers as well; write *.example.org", NULL },
	{ "relays that are everybody", "", { "trust.relays=*" },
	    "-o: trust.relays: '*' matches the names of strangers as well; write *.example.org", NULL },
	{ "a name below one of ours", "trust { names = \"*.mx.example.org\" }\n", { NULL }, NULL,
	    "\tnames = { \"*.mx.example.org\" }  # t.conf:1\n" },
	{ "a rule may still name everybody", "rule \"a\" { sender = \"*\" ptr = none action = tag }\n", { NULL }, NULL,
	    "\tsender = { \"*\" }\n" },
	{ "deadlines that do not fit", "dns { deadline = 6s }\n", { NULL },
	    "t.conf:1: notice: dns.deadline: is longer than milter.deadline, which ends the wait before",
	    "\tdeadline = 6s  # t.conf:1\n" },

	{ "refusals that no log tells", "log { each = none }\nrule \"a\" { iprev = fail action = reject }\n", { NULL },
	    "t.conf:1: notice: log.each: with none the log does not tell what rule \"a\" refuses; action tells it",
	    "\teach = none  # t.conf:1\n" },
	{ "no log, and nothing refused", "log { each = none }\nrule \"a\" { iprev = fail action = tag }\n"
	    "rule \"b\" { iprev = fail action = reject dry-run = yes }\n", { NULL }, NULL, "\teach = none  # t.conf:1\n" },
	{ "refusals that the log tells", "log { each = action }\nrule \"a\" { iprev = fail action = reject }\n", { NULL }, NULL,
	    "\teach = action  # t.conf:1\n" },

	{ "an override", "mode = off\n", { "mode=enforce" }, NULL, "mode = enforce  # -o\n" },
	{ "an override in a section", "", { "dns.timeout=2s" }, NULL, "\ttimeout = 2s  # -o\n" },
	{ "an override in quotes", "", { "milter.socket=\"local:/a b\"" }, NULL, "\tsocket = \"local:/a b\"  # -o\n" },
	{ "an override with odd bytes", "", { "store.path=a\"} \\ # ${x}" }, NULL,
	    "\tpath = \"a\\\"} \\\\ # ${x}\"  # -o\n" },
	{ "an override of a list", "", { "trust.names=a.example, *.b.example" }, NULL,
	    "\tnames = { a.example, \"*.b.example\" }  # -o\n" },
	{ "an override of a list in braces", "", { "trust.names={ a.example, b.example }" }, NULL,
	    "\tnames = { a.example, b.example }  # -o\n" },
	{ "an override that adds", "trust { names = a.example }\n", { "trust.names+=b.example" }, NULL,
	    "\tnames = { a.example, b.example }  # -o\n" },
	{ "an override with nothing", "", { "trust.networks=" }, NULL, "\tnetworks = {  }  # -o\n" },
	{ "several overrides", "", { "dns.tries=3", "dns.tries=4", "mode=off" }, NULL, "\ttries = 4  # -o\n" },
	{ "a wrong override", "", { "dns.tries=0" }, "-o: dns.tries: '0' is out of range (1 to 10)", NULL },
	{ "an unknown override", "", { "dns.trys=0" }, "-o: dns.trys: no such key; did you mean 'tries'?", NULL },
	{ "an override without a section", "", { "timeout=2s" }, "-o: timeout: no such key; did you mean 'dns.timeout'?", NULL },
	{ "an override without a value", "", { "dns.tries" }, "-o: dns.tries: has no '='; write section.key=value", NULL },
	{ "an override without a key", "", { "=1" }, "-o: : no such key", NULL },
	{ "an override that is to come", "", { "owner.use=x" }, "-o: owner.use: is not in this build; take it out", NULL },
	{ "a size without a unit that is known", "store { size-max = 512m }\n", { NULL },
	    "t.conf:1: store.size-max: '512m' is not a size (64K, 512M, 2G)", NULL },
	{ "a size that is too small", "store { size-max = 8M }\n", { NULL },
	    "t.conf:1: store.size-max: '8M' is out of range (16M to 1024G)", NULL },
	{ "a server without a port", "store { redis = 192.0.2.1 }\n", { NULL },
	    "t.conf:1: store.redis: '192.0.2.1' is not an address with a port, or a socket; write 127.0.0.1:6379, [::1]:6379 or "
	    "/run/redis/redis-server.sock", NULL },
	{ "a server by its name", "store { redis = \"localhost:6379\" }\n", { NULL },
	    "t.conf:1: store.redis: 'localhost:6379' is not an address with a port, or a socket; write 127.0.0.1:6379, "
	    "[::1]:6379 or /run/redis/redis-server.sock", NULL },
	{ "a database that is no path", "geo { asn = { \"/a.mmdb\", b.mmdb } }\n", { NULL }, "t.conf:1: geo.asn: 'b.mmdb' is not the "
	    "path of a file from the root; write /var/lib/GeoIP/GeoLite2-City.mmdb", NULL },
	{ "an override of two lines", "", { "milter.user=a\nmode = off" }, "-o: the quote \" is not closed on its line", NULL },

	{ "a rule", "rule \"a\" { iprev = fail action = reject }\n", { NULL }, NULL,
	    "rule \"a\" {  # t.conf:1, stage connect\n\tiprev = { fail }\n\taction = reject\n}\n" },
	{ "two rules on one line", "rule \"a\" { ptr = none action = tag } rule \"b\" { ptr = none action = accept }\n", { NULL },
	    NULL, "rule \"b\" {  # t.conf:1, stage connect\n\tptr = { none }\n\taction = accept\n}\n" },
	{ "a rule of one name twice on a line", "rule a { ptr = none action = tag } rule a { ptr = none action = tag }\n",
	    { NULL }, "t.conf:1: rule \"a\": stands already at t.conf:1; give it another name", NULL },
	{ "a negated word", "rule \"a\" { iprev = \"!pass\" action = reject }\n", { NULL }, NULL,
	    "\tiprev = { none, fail, permerror }\n" },
	{ "two negated words", "rule \"a\" { iprev = { \"!pass\", \"!none\" } action = reject }\n", { NULL }, NULL,
	    "\tiprev = { fail, permerror }\n" },
	{ "no word left", "rule \"a\" { authenticated = { yes, \"!yes\" } action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": authenticated: no word is left; this can never hold", NULL },
	{ "the stage of a rule", "rule \"a\" { iprev = fail recipient = \"*@a\" action = reject }\n", { NULL }, NULL,
	    "stage rcpt\n" },
	{ "a name of a host", "rule \"a\" { helo = \"*.a.example\" action = reject }\n", { NULL }, NULL,
	    "\thelo = { \"*.a.example\" }\n" },
	{ "words and names", "rule \"a\" { helo = { ours, \"*.a.example\" } action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": helo: words and names cannot stand in one condition; make two rules of it", NULL },
	{ "a name where there is none", "rule \"a\" { iprev = mx.example.org action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": iprev: 'mx.example.org' is a name; names stand in ptr = { ... }", NULL },
	{ "a word of another fact", "rule \"a\" { iprev = mismatch action = tag }\n", { NULL }, "t.conf:1: rule \"a\": iprev: "
	    "'mismatch' is none of none, pass, fail, temperror, permerror, skipped", NULL },
	{ "unknown is no word", "rule \"a\" { iprev = unknown action = tag }\n", { NULL }, "t.conf:1: rule \"a\": iprev: "
	    "'unknown' is none of none, pass, fail, temperror, permerror, skipped", NULL },
	{ "a fact that is to come", "rule \"a\" { chain = odd action = tag }\n", { NULL },
	    "t.conf:1: rule.chain: is not in this build; take it out", NULL },
	{ "a part of a rule that is to come", "rule \"a\" { ptr = none action = tag limit = 24h }\n", { NULL },
	    "t.conf:1: rule.limit: is not in this build; take it out", NULL },
	{ "an unknown part of a rule", "rule \"a\" { helo = ours acton = tag }\n", { NULL },
	    "t.conf:1: rule.acton: no such key; did you mean 'action'?", NULL },
	{ "no action", "rule \"a\" { helo = ours }\n", { NULL },
	    "t.conf:1: rule \"a\": the action is missing; write action = tag (accept, quarantine, tempfail, reject)", NULL },
	{ "no condition", "rule \"a\" { action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": has no condition; name at least one, such as iprev = { fail }", NULL },
	{ "an empty condition", "rule \"a\" { client = { } ptr = none action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": client: has no value; take it out, or name one", NULL },
	{ "a condition twice", "rule \"a\" {\nptr = none\naction = tag\nptr = pass\n}\n", { NULL },
	    "t.conf:4: rule \"a\": ptr: stands twice; write += to add to it", NULL },
	{ "a condition in two parts", "rule \"a\" {\nptr = none\naction = tag\nptr += pass\n}\n", { NULL }, NULL,
	    "\tptr = { none, pass }\n" },
	{ "trusted networks", "rule \"a\" { client = { trust.networks, 10.0.0.0/8 } action = accept }\n", { NULL }, NULL,
	    "\tclient = { trust.networks, 10.0.0.0/8 }\n" },
	{ "all but trusted networks", "rule \"a\" { client = \"!trust.networks\" action = reject }\n", { NULL }, NULL,
	    "\tclient = { \"!127.0.0.0/8\", \"!::1/128\" }\n" },
	{ "an odd name", "rule \"a b\" { ptr = none action = tag }\n", { NULL },
	    "t.conf:1: rule \"a b\": a name has 1 to 64 letters, digits, '-', '_' and '.'", NULL },

	{ "a temporary error that rejects", "rule \"a\" { iprev = { fail, temperror } action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": iprev: temperror says nothing lasting and must not lead to a rejection; use action = tempfail",
	    NULL },
	{ "what was not asked rejects", "rule \"a\" { iprev = skipped action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": iprev: skipped says nothing lasting and must not lead to a rejection; use action = tempfail",
	    NULL },
	{ "a temporary error that defers", "rule \"a\" { iprev = temperror action = tempfail }\n", { NULL }, NULL,
	    "\tiprev = { temperror }\n\taction = tempfail\n" },
	{ "a temporary error that holds", "rule \"a\" { iprev = temperror action = quarantine }\n", { NULL }, NULL,
	    "\taction = quarantine\n" },
	{ "HELO alone", "rule \"a\" { helo = mismatch action = reject }\n", { NULL }, "t.conf:1: rule \"a\": must not reject on a "
	    "HELO mismatch alone (RFC 5321, 4.1.4); use action = tag, add a condition, or write rfc5321-override = yes", NULL },
	{ "HELO alone, all but pass", "rule \"a\" { helo = \"!pass\" sender = \"*@a\" action = reject }\n", { NULL }, "t.conf:1: "
	    "rule \"a\": must not reject on a HELO mismatch alone (RFC 5321, 4.1.4); use action = tag, add a condition, or write "
	    "rfc5321-override = yes", NULL },
	{ "HELO alone, overridden", "rule \"a\" { helo = mismatch action = reject rfc5321-override = yes }\n", { NULL }, NULL,
	    "\taction = reject\n\trfc5321-override = yes\n" },
	{ "HELO alone, as a tag", "rule \"a\" { helo = mismatch action = tag }\n", { NULL }, NULL, "\taction = tag\n" },
	{ "HELO and more", "rule \"a\" { helo = mismatch iprev = fail action = reject }\n", { NULL }, NULL, "\taction = reject\n" },
	{ "a HELO that needs no DNS", "rule \"a\" { helo = { ours, malformed } action = reject }\n", { NULL }, NULL,
	    "\thelo = { malformed, ours }\n" },

	{ "a reply", "rule \"a\" { ptr = none action = reject reply = \"550 5.7.25 100%% %{id}\" }\n", { NULL }, NULL,
	    "\treply = \"550 5.7.25 100%% %{id}\"\n" },
	{ "codes that do not fit", "rule \"a\" { ptr = none action = reject reply = \"550 4.7.1 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: 550 and 4.7.1 do not fit together; write 5.7.1", NULL },
	{ "a code that does not fit a rejection", "rule \"a\" { ptr = none action = reject reply = \"451 4.7.1 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: 451 does not fit action = reject, which wants 5xx", NULL },
	{ "a code that does not fit a deferral", "rule \"a\" { ptr = none action = tempfail reply = \"550 5.7.1 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: 550 does not fit action = tempfail, which wants 4xx", NULL },
	{ "a reply where none is sent", "rule \"a\" { ptr = none action = quarantine reply = \"550 5.7.1 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: only reject and tempfail send a reply; take it out", NULL },
	{ "a reply that ends the connection", "rule \"a\" { ptr = none action = tempfail reply = \"421 4.7.1 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: 421 makes the MTA close the connection; write 451", NULL },
	{ "a rejection that ends the connection", "rule \"a\" {\nptr = none action = reject\nreply = \"521 5.7.1 x\" }\n", { NULL },
	    "t.conf:3: rule \"a\": reply: 521 makes the MTA close the connection; write 550", NULL },
	{ "the code beside it", "rule \"a\" { ptr = none action = tempfail reply = \"422 4.7.1 x\" }\n", { NULL }, NULL,
	    "\treply = \"422 4.7.1 x\"\n" },
	{ "a reply without an enhanced code", "rule \"a\" { ptr = none action = reject reply = \"550 go away\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: write code, enhanced code and text: \"550 5.7.1 text\"", NULL },
	{ "a reply with a good code", "rule \"a\" { ptr = none action = reject reply = \"250 2.0.0 ok\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: write code, enhanced code and text: \"550 5.7.1 text\"", NULL },
	{ "an enhanced code of five digits", "rule \"a\" { ptr = none action = tempfail reply = \"451 4.7.1000 x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: write code, enhanced code and text: \"451 4.7.1 text\"", NULL },
	{ "a reply without a text", "rule \"a\" { ptr = none action = reject reply = \"550 5.7.1\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: the text is missing (byte 1 of the text)", NULL },
	{ "a lone percent sign", "rule \"a\" { ptr = none action = reject reply = \"550 5.7.1 100% x\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: a lone '%'; write %% for one, or %{name} (byte 4 of the text)", NULL },
	{ "an unknown variable", "rule \"a\" { ptr = none action = reject reply = \"550 5.7.1 %{client.pi}\" }\n", { NULL },
	    "t.conf:1: rule \"a\": reply: unknown variable 'client.pi'; did you mean 'client.ip'?; there are client.ip, "
	    "client.helo, client.ptr, id, rule, evidence.first, sender", NULL },

	{ "a list", "\ndnsbl \"zen.example.org\" { code \"127.0.0.4-7\" { name = xbl class = exploited } }\n", { NULL }, NULL,
	    "dnsbl \"zen.example.org\" {  # t.conf:2\n\tcheck = { client }\n\tallow = no\n"
	    "\tcode \"127.0.0.4-7\" { name = xbl class = exploited }\n}\n" },
	{ "a list without a table", "dnsbl bl.example.org { check = { hops } }\n", { NULL }, NULL,
	    "dnsbl \"bl.example.org\" {  # t.conf:1\n\tcheck = { hops }\n\tallow = no\n}\n" },
	{ "a code takes the name of its list", "dnsbl \"bl.example.org\" { code \"127.0.0.2\" { } }\n", { NULL }, NULL,
	    "\tcode \"127.0.0.2\" { name = bl.example.org }\n" },
	{ "codes stay in their order", "dnsbl \"wl.example.org\" { allow = yes code \"127.0.0.255\" { class = error } "
	    "code \"127.0.*.*\" { name = wl } code \"127.1.0.1\" { name = a } }\n", { NULL }, NULL,
	    "\tcode \"127.0.0.255\" { name = wl.example.org class = error }\n\tcode \"127.0.*.*\" { name = wl }\n"
	    "\tcode \"127.1.0.1\" { name = a }\n" },
	{ "codes in the wrong order", "dnsbl \"wl.example.org\" {\ncode \"127.0.*.*\" { name = wl }\n"
	    "code \"127.0.0.255\" { class = error }\n}\n", { NULL }, "t.conf:3: dnsbl \"wl.example.org\": code \"127.0.0.255\": is "
	    "never reached, since \"127.0.*.*\" above has all of it", NULL },
	{ "no code", "dnsbl \"bl.example.org\" { code \"127.0.0\" { name = a } }\n", { NULL }, "t.conf:1: dnsbl \"bl.example.org\": "
	    "code \"127.0.0\" is no code; write 127.0.0.2, 127.0.0.4-7, 127.0.*.1-3, 127.0.1.0/24 or 127.0.0.&8", NULL },
	{ "a refusal as a code", "dnsbl \"bl.example.org\" { code \"127.255.255.254\" { name = a } }\n", { NULL },
	    "t.conf:1: dnsbl \"bl.example.org\": code \"127.255.255.254\" lies in 127.255.255.0/24, by which lists refuse who "
	    "asks; it is never a listing", NULL },
	{ "a list twice", "dnsbl \"bl.example.org\" { }\ndnsbl \"BL.example.org.\" { }\n", { NULL },
	    "t.conf:2: dnsbl \"BL.example.org.\": stands already at t.conf:1; take one of them out", NULL },
	{ "no zone", "dnsbl \"bl example\" { }\n", { NULL }, "t.conf:1: dnsbl \"bl example\": is no zone; write its name, such as "
	    "zen.spamhaus.org, in at most 189 bytes", NULL },
	{ "a list without a zone", "dnsbl { check = client }\n", { NULL },
	    "t.conf:1: missing title for section 'dnsbl'; write: dnsbl \"zone\" { ... }", NULL },
	{ "a code without a title", "dnsbl \"x\" {\n code { name = a } }\n", { NULL },
	    "t.conf:2: missing title for section 'code'; write: code \"127.0.0.2\" { ... }", NULL },
	{ "a code outside of a list", "code \"127.0.0.2\" { name = a }\n", { NULL }, "t.conf:1: code: no such section; did you "
	    "mean 'mode'?", NULL },
	{ "an unknown key of a list", "dnsbl \"x\" { chek = client }\n", { NULL },
	    "t.conf:1: dnsbl.chek: no such key; did you mean 'check'?", NULL },
	{ "an unknown block of a list", "dnsbl \"x\" { cod \"127.0.0.2\" { name = a } }\n", { NULL },
	    "t.conf:1: dnsbl.cod: no such section; did you mean 'code'?", NULL },
	{ "an unknown key of a code", "dnsbl \"x\" { code \"127.0.0.2\" { names = a } }\n", { NULL },
	    "t.conf:1: code.names: no such key; did you mean 'name'?", NULL },
	{ "an unknown subject of a list", "dnsbl \"x\" { check = { clients } }\n", { NULL },
	    "t.conf:1: dnsbl \"x\": check: 'clients' is none of client, hops; did you mean 'client'?", NULL },
	{ "a name that is taken", "dnsbl \"x\" { code \"127.0.0.2\" { name = clean } }\n", { NULL }, "t.conf:1: dnsbl \"x\": code "
	    "\"127.0.0.2\": name: 'clean' is a word for the answers of all lists; choose another", NULL },
	{ "a dead list", "dnsbl \"relays.ordb.org\" { }\n", { NULL },
	    "t.conf:1: notice: dnsbl \"relays.ordb.org\": this list (ORDB) is dead since 2006; take it out",
	    "dnsbl \"relays.ordb.org\" {" },
	{ "a dead list whose year is not known", "dnsbl \"UBL.unsubscore.com\" { }\n", { NULL },
	    "t.conf:1: notice: dnsbl \"UBL.unsubscore.com\": this list (unsubscore) is dead; take it out", "dnsbl \"ubl." },
	{ "a list whose name ends like a dead one", "dnsbl \"notsorbs.net\" { }\n", { NULL }, NULL, "dnsbl \"notsorbs.net\" {" },
	{ "a rule on a class", "rule \"a\" { dnsbl = exploited action = reject }\ndnsbl \"x\" { code \"127.0.0.2\" { class = "
	    "exploited } }\n", { NULL }, NULL, "rule \"a\" {  # t.conf:1, stage connect\n\tdnsbl = { exploited }\n" },
	{ "a rule on what is known of hops", "rule \"a\" { dnsbl = listed action = reject }\ndnsbl \"x\" { check = hops }\n",
	    { NULL }, NULL, "stage eom\n\tdnsbl = { listed }\n" },
	{ "a rule on no class", "rule \"a\" { dnsbl = explioted action = reject }\ndnsbl \"x\" { code \"127.0.0.2\" { class = "
	    "exploited } }\n", { NULL }, "t.conf:1: rule \"a\": dnsbl: 'explioted' is none of temperror, skipped, listed, clean, "
	    "refused, dead, and no name or class of a code; did you mean 'exploited'?", NULL },
	{ "a rule without a list", "rule \"a\" { dnsbl = listed action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": dnsbl: there is no list to ask; write dnsbl \"zone\" { ... }", NULL },
	{ "a dead list that rejects", "rule \"a\" { dnsbl = { listed, dead } action = reject }\ndnsbl \"x\" { }\n", { NULL },
	    "t.conf:1: rule \"a\": dnsbl: dead says nothing lasting and must not lead to a rejection; use action = tempfail", NULL },

	{ "a country", "rule \"a\" { country = { DE, \"!AT\" } action = tag }\n", { "geo.city=/x" }, NULL,
	    "rule \"a\" {  # t.conf:1, stage connect\n\tcountry = { DE, \"!AT\" }\n" },
	{ "a country by its name", "rule \"a\" { country = { DE, Germany } action = tag }\n", { NULL }, "t.conf:1: rule \"a\": "
	    "country: 'Germany' is no country; write two letters such as DE (ISO 3166-1)", NULL },
	{ "a country that is no letters", "rule \"a\" { country = \"!D1\" action = tag }\n", { NULL }, "t.conf:1: rule \"a\": "
	    "country: '!D1' is no country; write two letters such as DE (ISO 3166-1)", NULL },
	{ "no country", "rule \"a\" { country = { } action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": country: has no value; take it out, or name one", NULL },
	{ "AS numbers", "rule \"a\" { asn = { 64500, AS4294967295, \"!AS1\" } action = reject }\n", { "geo.asn=/x" }, NULL,
	    "rule \"a\" {  # t.conf:1, stage connect\n\tasn = { 64500, 4294967295, \"!1\" }\n" },
	{ "an AS number too great", "rule \"a\" { asn = 4294967296 action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": asn: '4294967296' is no AS number; write 64500 or AS64500", NULL },
	{ "no AS number", "rule \"a\" { asn = { AS } action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": asn: 'AS' is no AS number; write 64500 or AS64500", NULL },
	{ "AS 0", "rule \"a\" { asn = 0 action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": asn: '0' is no AS number; write 64500 or AS64500", NULL },
	{ "an AS number with zeros", "rule \"a\" { asn = 064500 action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": asn: '064500' is no AS number; write 64500 or AS64500", NULL },
	{ "networks of the path", "rule \"a\" { network = { 198.51.100.0/24, 2001:db8::/32, \"!198.51.100.7\" } action = reject }\n",
	    { NULL }, NULL, "rule \"a\" {  # t.conf:1, stage eom\n"
	    "\tnetwork = { 198.51.100.0/24, 2001:db8::/32, \"!198.51.100.7/32\" }\n" },
	{ "a network with bits behind it", "rule \"a\" { network = 198.51.100.1/24 action = reject }\n", { NULL }, "t.conf:1: rule "
	    "\"a\": network: '198.51.100.1/24' has bits behind its prefix; did you mean '198.51.100.0/24'?", NULL },
	{ "a name for a network", "rule \"a\" { network = trust.networks action = reject }\n", { NULL }, "t.conf:1: rule "
	    "\"a\": network: 'trust.networks' is not a network; write 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32", NULL },
	{ "networks from a file that is not there", "rule \"a\" { network = \"file:none\" action = reject }\n", { NULL },
	    "t.conf:1: none: cannot be read: No such file or directory", NULL },
	{ "the country of the origin", "rule \"a\" { origin-country = \"!DE\" action = tag }\n", { "geo.asn=/x" }, NULL,
	    "rule \"a\" {  # t.conf:1, stage eom\n\torigin-country = { \"!DE\" }\n" },
	{ "no country of the origin", "rule \"a\" { origin-country = DEU action = tag }\n", { NULL }, "t.conf:1: rule \"a\": "
	    "origin-country: 'DEU' is no country; write two letters such as DE (ISO 3166-1)", NULL },
	{ "a history", "rule \"a\" { history = { new, bad } action = tempfail }\n", { "store.engine=redis" }, NULL,
	    "rule \"a\" {  # t.conf:1, stage connect\n\thistory = { new, bad }\n" },
	{ "a history, negated", "rule \"a\" { history = \"!good\" action = tempfail }\n", { "store.engine=sqlite" }, NULL,
	    "\thistory = { neutral, new, bad }\n" },
	{ "no word of a history", "rule \"a\" { history = known action = tag }\n", { NULL }, "t.conf:1: rule \"a\": history: "
	    "'known' is none of neutral, skipped, new, good, bad", NULL },
	{ "a history that is not known rejects", "rule \"a\" { history = { bad, skipped } action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": history: skipped says nothing lasting and must not lead to a rejection; use action = tempfail",
	    NULL },
	{ "a country of nothing", "rule \"a\" { contry = DE action = tag }\n", { NULL },
	    "t.conf:1: rule.contry: no such key; did you mean 'country'?", NULL },
	{ "an exemption by AS number", "exempt \"a\" { asn = AS64500 country = de }\n", { "geo.asn=/x" }, NULL,
	    "exempt \"a\" { country = { de } asn = { 64500 } }  # t.conf:1, stage connect\n" },

	{ "the way of recipients", "rule \"a\" { recipient = outside authenticated = no action = reject }\n", { NULL }, NULL,
	    "rule \"a\" {  # t.conf:1, stage rcpt\n\trecipient = { outside }\n" },
	{ "the way of recipients, negated", "rule \"a\" { recipient = \"!inside\" action = reject }\n", { NULL }, NULL,
	    "\trecipient = { outside }\n" },
	{ "the way of recipients and names", "rule \"a\" { recipient = { outside, \"*@a\" } action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": recipient: words and names cannot stand in one condition; make two rules of it", NULL },
	{ "an exemption for who stays inside", "exempt \"a\" { recipient = inside }\n", { NULL }, NULL,
	    "exempt \"a\" { recipient = { inside } }  # t.conf:1, stage rcpt\n" },

	{ "an exemption", "exempt \"a\" { recipient = \"*@a.example\" }\n", { NULL }, NULL,
	    "exempt \"a\" { recipient = { \"*@a.example\" } }  # t.conf:1, stage rcpt\n" },
	{ "an exemption with an action", "exempt \"a\" { ptr = none action = accept }\n", { NULL },
	    "t.conf:1: exempt.action: no such key", NULL },
	{ "an exemption by the name of a built-in one", "exempt \"postmaster\" { ptr = none }\n", { NULL },
	    "t.conf:1: exempt \"postmaster\": is the name of a built-in exemption; give it another one", NULL },
	{ "an exemption in place of a built-in one", "exempt-default = { }\nexempt \"postmaster\" { ptr = none }\n", { NULL },
	    NULL, "exempt \"postmaster\" { ptr = { none } }  # t.conf:2, stage connect\n" },
	{ "built-in exemptions", "", { NULL }, NULL,
	    "# exempt \"authenticated\" { authenticated = { yes } }  # built-in, stage mail\n"
	    "# exempt \"trusted-networks\" { client = { trust.networks } }  # built-in, stage connect\n"
	    "# exempt \"postmaster\" { recipient = { \"postmaster@*\", \"abuse@*\", postmaster, abuse } }  # built-in, stage rcpt\n" },

	/* What can never match, or matches everybody. */
	{ "everybody is ours", "trust {\nnetworks = { 192.0.2.0/24, 0.0.0.0/0 } }\n", { NULL }, "t.conf:2: trust.networks: "
	    "'0.0.0.0/0' is everybody; write networks such as 192.0.2.0/24 or 2001:db8::/32", NULL },
	{ "everybody is ours, by IPv6", "trust { networks += ::/0 }\n", { NULL }, "t.conf:1: trust.networks: "
	    "'::/0' is everybody; write networks such as 192.0.2.0/24 or 2001:db8::/32", NULL },
	{ "everybody is ours, by IPv4 within IPv6", "trust { submission = \"::ffff:0.0.0.0/0\" }\n", { NULL }, "t.conf:1: "
	    "trust.submission: '::ffff:0.0.0.0/0' is everybody; write networks such as 192.0.2.0/24 or 2001:db8::/32", NULL },
	{ "everybody is a relay", "", { "relay.networks=0.0.0.0/0" }, "-o: relay.networks: '0.0.0.0/0' is everybody; write "
	    "networks such as 192.0.2.0/24 or 2001:db8::/32", NULL },
	{ "half the world", "trust { networks = 128.0.0.0/1 }\n", { NULL }, "t.conf:1: notice: trust.networks: '128.0.0.0/1' "
	    "holds strangers as well; nobody has more than a /8 (IPv4) or a /16 (IPv6)", "128.0.0.0/1 }" },
	{ "two blocks that were never given to one", "trust { networks = 10.0.0.0/7 }\n", { NULL }, "t.conf:1: notice: "
	    "trust.networks: '10.0.0.0/7' holds strangers as well; nobody has more than a /8 (IPv4) or a /16 (IPv6)",
	    "10.0.0.0/7 }" },
	{ "more than anybody has of IPv6", "trust { networks = 2000::/15 }\n", { NULL }, "t.conf:1: notice: trust.networks: "
	    "'2000::/15' holds strangers as well; nobody has more than a /8 (IPv4) or a /16 (IPv6)", "2000::/15 }" },
	{ "as much as anybody has", "trust { networks = { 9.0.0.0/8, 2630::/16, 10.0.0.0/8 } }\n", { NULL }, NULL,
	    "9.0.0.0/8, 2630::/16, 10.0.0.0/8 }" },
	{ "all that is private", "trust { networks = { fc00::/7, fe80::/10, 172.16.0.0/12 } }\n", { NULL }, NULL,
	    "fc00::/7, fe80::/10, 172.16.0.0/12 }" },
	{ "more than is private", "trust { networks = fc00::/6 }\n", { NULL }, "t.conf:1: notice: trust.networks: 'fc00::/6' "
	    "holds strangers as well; nobody has more than a /8 (IPv4) or a /16 (IPv6)", "fc00::/6 }" },
	{ "a rule for all of IPv4", "rule \"a\" { client = 0.0.0.0/0 ptr = none action = tag }\n", { NULL }, NULL,
	    "\tclient = { 0.0.0.0/0 }\n" },
	{ "relays below a top-level domain", "trust { relays = \"*.com\" }\n", { NULL },
	    "t.conf:1: trust.relays: '*.com' matches the names of strangers as well; write *.example.org", NULL },
	{ "names below a top-level domain", "trust { names = { mx.example.org, \"*.ORG.\" } }\n", { NULL },
	    "t.conf:1: trust.names: '*.ORG.' matches the names of strangers as well; write *.example.org", NULL },
	{ "names that end like one", "trust { names = \"*org\" }\n", { NULL },
	    "t.conf:1: trust.names: '*org' matches the names of strangers as well; write *.example.org", NULL },
	{ "names below any domain", "trust { names = \"mx.*\" }\n", { NULL },
	    "t.conf:1: trust.names: 'mx.*' matches the names of strangers as well; write *.example.org", NULL },
	{ "seals of a top-level domain", "trust { sealers = \"*.net\" }\n", { NULL },
	    "t.conf:1: trust.sealers: '*.net' matches the names of strangers as well; write *.example.org", NULL },
	{ "names within a network", "trust { names = { \"*.lan\", \"*.mx.internal\", localhost } }\n", { NULL }, NULL,
	    "\tnames = { \"*.lan\", \"*.mx.internal\", localhost }  # t.conf:1\n" },
	{ "names that end like one within a network", "trust { names = \"*lan\" }\n", { NULL },
	    "t.conf:1: trust.names: '*lan' matches the names of strangers as well; write *.example.org", NULL },
	{ "a way of recipients that is none", "rule \"a\" {\nrecipient = outsde action = reject }\n", { NULL },
	    "t.conf:2: rule \"a\": recipient: 'outsde' is no address; did you mean 'outside'?", NULL },
	{ "a way of recipients that is none, negated", "rule \"a\" { recipient = \"!inisde\" action = reject }\n", { NULL },
	    "t.conf:1: rule \"a\": recipient: 'inisde' is no address; did you mean 'inside'?", NULL },
	{ "a domain of recipients", "exempt \"a\" { recipient = example.org }\n", { NULL },
	    "t.conf:1: exempt \"a\": recipient: 'example.org' is no address; write \"*@example.org\"", NULL },
	{ "domains of recipients", "rule \"a\" { recipient = \".example.org\" action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": recipient: '.example.org' is no address; write \"*@*.example.org\"", NULL },
	{ "the left part of recipients", "rule \"a\" { recipient = bob action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": recipient: 'bob' is no address; write \"bob@*\"", NULL },
	{ "recipients that may come without a domain", "rule \"a\" { recipient = { Postmaster, \"!abuse\", \"b*\", a@b } "
	    "action = tag }\n", { NULL }, NULL, "\trecipient = { Postmaster, \"b*\", \"a@b\", \"!abuse\" }\n" },
	{ "a word for the null sender", "rule \"a\" { sender = \"null\" action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": sender: 'null' is no address; the null sender is written \"<>\"", NULL },
	{ "a domain of senders", "rule \"a\" { sender = \"!example.org\" ptr = none action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": sender: 'example.org' is no address; write \"*@example.org\"", NULL },
	{ "the null sender and others", "rule \"a\" { sender = { \"<>\", mailer-daemon, a@b } action = tag }\n", { NULL }, NULL,
	    "\tsender = { \"<>\", mailer-daemon, \"a@b\" }\n" },
	{ "the null sender as a recipient", "rule \"a\" { recipient = \"<>\" action = tag }\n", { NULL },
	    "t.conf:1: rule \"a\": recipient: '<>' is no address; only a sender is null", NULL },

	/* Exemptions for whoever says so. */
	{ "an exemption by HELO", "exempt \"a\" {\nhelo = \"*.partner.example\" }\n", { NULL }, "t.conf:2: notice: exempt \"a\": "
	    "helo: anybody can say so; add what proves it, such as client, ptr = { \"*.example.org\" } or spf = pass",
	    "exempt \"a\" { helo" },
	{ "an exemption by sender", "exempt \"a\" { sender = \"*@example.org\" }\n", { NULL }, "t.conf:1: notice: exempt \"a\": "
	    "sender: anybody can say so; add what proves it, such as client, ptr = { \"*.example.org\" } or spf = pass",
	    "exempt \"a\" { sender" },
	{ "an exemption by both", "exempt \"a\" { sender = \"*@example.org\" helo = \"*\" }\n", { NULL }, "t.conf:1: notice: exempt "
	    "\"a\": sender: anybody can say so; add what proves it, such as client, ptr = { \"*.example.org\" } or spf = pass",
	    "exempt \"a\" {" },
	{ "an exemption for all of IPv4", "exempt \"a\" { client = 0.0.0.0/0 }\n", { NULL },
	    "t.conf:1: notice: exempt \"a\": client: exempts everybody", "exempt \"a\" { client" },
	{ "an exemption by a sender that is proved", "exempt \"a\" { sender = \"*@example.org\" spf = pass }\n", { NULL }, NULL,
	    "exempt \"a\" {" },
	{ "an exemption by HELO and client", "exempt \"a\" { helo = \"*.a.example\" client = 192.0.2.0/24 }\n", { NULL }, NULL,
	    "exempt \"a\" {" },
	{ "a rule by sender", "rule \"a\" { sender = \"*@example.org\" action = tag }\n", { NULL }, NULL, "rule \"a\" {" },

	/* Rules that never hold. */
	{ "SPF that is switched off", "spf { enable = no }\nrule \"a\" {\nspf = fail action = reject }\n", { NULL },
	    "t.conf:3: notice: rule \"a\": spf: never holds, since spf.enable = no", "\tspf = { fail }\n" },
	{ "SPF of HELO that is switched off", "rule \"a\" { spf-helo = \"!pass\" action = reject }\n", { "spf.enable=no" },
	    "t.conf:1: notice: rule \"a\": spf-helo: never holds, since spf.enable = no", "rule \"a\" {" },
	{ "DKIM that is switched off", "exempt \"a\" { dkim = pass }\n", { "dkim.enable=no" },
	    "t.conf:1: notice: exempt \"a\": dkim: never holds, since dkim.enable = no", "exempt \"a\" {" },
	{ "ARC that is switched off", "rule \"a\" { arc = fail action = tag }\n", { "arc.enable=no" },
	    "t.conf:1: notice: rule \"a\": arc: never holds, since arc.enable = no", "rule \"a\" {" },
	{ "DMARC that is switched off", "rule \"a\" { dmarc = fail action = tag }\n", { "dmarc.enable=no" },
	    "t.conf:1: notice: rule \"a\": dmarc: never holds, since dmarc.enable = no", "rule \"a\" {" },
	{ "the relay that is switched off", "rule \"a\" { relay = open action = reject }\n", { "relay.enable=no" },
	    "t.conf:1: notice: rule \"a\": relay: never holds, since relay.enable = no", "rule \"a\" {" },
	{ "SPF that is skipped", "rule \"a\" { spf = { fail, skipped } action = tag }\n", { "spf.enable=no" }, NULL, "rule \"a\" {" },
	{ "another one that is switched off", "rule \"a\" { spf = fail dkim = fail action = tag }\n", { "arc.enable=no" }, NULL,
	    "rule \"a\" {" },
	{ "a history that nobody keeps", "exempt \"a\" { history = good }\n", { NULL },
	    "t.conf:1: notice: exempt \"a\": history: never holds, since store.engine = none", "exempt \"a\" {" },
	{ "a history that is skipped", "rule \"a\" { history = { new, skipped } action = tag }\n", { NULL }, NULL, "rule \"a\" {" },
	{ "a country without a database", "rule \"a\" { country = \"!DE\" action = tag }\n", { NULL }, "t.conf:1: notice: rule "
	    "\"a\": country: never holds, since geo.city and geo.asn name no database", "rule \"a\" {" },
	{ "an AS number without a database", "rule \"a\" { asn = 64500 action = tag }\n", { NULL }, "t.conf:1: notice: rule "
	    "\"a\": asn: never holds, since geo.city and geo.asn name no database", "rule \"a\" {" },
	{ "the country of the origin without a database", "rule \"a\" { origin-country = DE action = tag }\n", { NULL }, "t.conf:1: "
	    "notice: rule \"a\": origin-country: never holds, since geo.city and geo.asn name no database", "rule \"a\" {" },
	{ "listed where all allow", "dnsbl \"x\" { allow = yes }\nrule \"a\" { dnsbl = listed action = tag }\n", { NULL },
	    "t.conf:2: notice: rule \"a\": dnsbl: never holds, since all lists have allow = yes; name one of their codes or "
	    "classes", "rule \"a\" {" },
	{ "a code where all allow", "dnsbl \"x.y\" { allow = yes }\nrule \"a\" { dnsbl = { listed, x.y } action = tag }\n", { NULL },
	    NULL, "rule \"a\" {" },
	{ "listed where one does not allow", "dnsbl \"x\" { allow = yes }\ndnsbl \"z\" { }\nrule \"a\" { dnsbl = listed action = tag "
	    "}\n", { NULL }, NULL, "rule \"a\" {" },
	{ "no name that leads back", "rule \"a\" { iprev = pass ptr = none action = tag }\n", { NULL },
	    "t.conf:1: notice: rule \"a\": never holds, since its ptr and its iprev exclude each other", "rule \"a\" {" },
	{ "a verified name that does not lead back", "rule \"a\" { iprev = fail ptr = \"*.a.example\" action = tag }\n", { NULL },
	    "t.conf:1: notice: rule \"a\": never holds, since its ptr and its iprev exclude each other", "rule \"a\" {" },
	{ "a name that leads back or none", "rule \"a\" { iprev = { pass, none } ptr = none action = tag }\n", { NULL }, NULL,
	    "rule \"a\" {" },
	{ "a verified name that leads back", "rule \"a\" { iprev = pass ptr = \"*.a.example\" action = tag }\n", { NULL }, NULL,
	    "rule \"a\" {" },
	{ "all names but one, and none leads back", "rule \"a\" { iprev = fail ptr = \"!*.a.example\" action = tag }\n", { NULL },
	    NULL, "rule \"a\" {" },
	{ "an error is told before what it may come to", "rule \"a\" { history = god action = tag }\n", { NULL }, "t.conf:1: rule "
	    "\"a\": history: 'god' is none of neutral, skipped, new, good, bad; did you mean 'good'?", NULL },

	/* Keys that do not fit each other, or this host. */
	{ "a try longer than its question", "dns { timeout = 10s deadline = 1s }\n", { NULL },
	    "t.conf:1: notice: dns.timeout: is longer than dns.deadline, which ends a try before", "\ttimeout = 10s  # t.conf:1\n" },
	{ "a question shorter than a try", "dns { deadline = 1s }\n", { NULL },
	    "t.conf:1: notice: dns.deadline: is shorter than dns.timeout, and ends a try before its time", "\tdeadline = 1s" },
	{ "a try as long as its question", "dns { timeout = 1s deadline = 1s }\n", { NULL }, NULL, "\tdeadline = 1s" },
	{ "a user that is not here", "milter {\nuser = no-such-user }\n", { NULL },
	    "t.conf:2: notice: milter.user: there is no user 'no-such-user' on this host", "\tuser = no-such-user" },
	{ "an owner that is not here", "milter { socket-owner = \"no-such-user:root\" }\n", { NULL },
	    "t.conf:1: notice: milter.socket-owner: there is no user 'no-such-user' on this host", "\tsocket-owner = no-such" },
	{ "a group that is not here", "", { "milter.socket-owner=:no-such-group" },
	    "-o: notice: milter.socket-owner: there is no group 'no-such-group' on this host", "\tsocket-owner = :no-such" },
	{ "a user and a group that are here", "milter { user = \"root:root\" socket-owner = \":root\" }\n", { NULL }, NULL,
	    "\tuser = root:root" },

	{ "a lone include", "include\nmode = off\n", { NULL }, "t.conf:1: include: stands outside of sections, with a name in "
	    "quotes: include \"/etc/mailtrace/conf.d/*.conf\"", NULL },
	{ "an include without quotes", "mode = off\ninclude /etc/x.conf\n", { NULL }, "t.conf:2: include: stands outside of sections, "
	    "with a name in quotes: include \"/etc/mailtrace/conf.d/*.conf\"", NULL },
	{ "an include like a key", "include = \"/etc/x.conf\"\n", { NULL }, "t.conf:1: include: stands outside of sections, with a "
	    "name in quotes: include \"/etc/mailtrace/conf.d/*.conf\"", NULL },
	{ "an include in a section", "dns {\ninclude \"x.conf\" tries = 3 }\n", { NULL }, "t.conf:2: include: stands outside of "
	    "sections, with a name in quotes: include \"/etc/mailtrace/conf.d/*.conf\"", NULL },
	{ "an include that finds nothing", "include \"none.d/*.conf\"\nmode = off\n", { NULL }, NULL, "mode = off  # t.conf:2\n" },
};

/* Where a milter may listen. */
static const struct {
	const char *value;
	bool good;
} sockets[] = {
	{ "inet:8899@127.0.0.1", true }, { "inet:8899", true }, { "inet:1@localhost", true }, { "inet:65535@0.0.0.0", true },
	{ "inet6:8899@::1", true }, { "inet6:8899@[::1]", true }, { "unix:/run/mailtrace/milter.sock", true },
	{ "local:/run/a b", true }, { "/run/mailtrace.sock", true }, { "fd:3", true }, { "fd:0", true },
	{ "inet:99999@127.0.0.1", false }, { "inet:65536@127.0.0.1", false }, { "inet:0@127.0.0.1", false },
	{ "inet6:0@::1", false }, { "inet6:70000@::1", false }, { "inet:smtp@127.0.0.1", false }, { "inet:-1", false },
	{ "inet:", false }, { "inet:@127.0.0.1", false }, { "inet:8899@", false }, { "inet:8899:127.0.0.1", false },
	{ "inet:8899@a@b", false }, { "inet:8899@a b", false }, { "inet:99999999999999999999@a", false }, { "8899", false },
	{ "127.0.0.1:8899", false }, { "unix:", false }, { "local:", false },
	{ "unix:relative", false }, { "unix:./run/s", false }, { "local:run/s", false }, { "fd:", false }, { "fd:x", false },
	{ "fd:3x", false }, { "fd:-1", false }, { "fd:100000", false }, { "tcp:1@x", false }, { "INET:8899@127.0.0.1", false },
	{ "run/mailtrace.sock", false }, { "", false },
};

/* ---- what is said and dumped, into one text each -------------------------------------- */

static void
say(void *ctx, const char *line)
{
	mt_buf_text(ctx, line);
	mt_buf_char(ctx, '\n');
}

static int
sink(void *ctx, const char *bytes, size_t len)
{
	mt_buf_add(ctx, (struct mt_span){ bytes, len });
	return 0;
}

static bool
put(const char *path, struct mt_span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool ok = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Loads and dumps; both texts lie in the arena. */
static int
load(struct mt_arena *arena, const char *path, const char *const *overrides, size_t n, const char **said,
    const char **dump)
{
	struct mt_buf said_buf, dump_buf;
	struct mt_config *config;
	int error = 1;

	mt_buf_init(&said_buf, arena, 0);
	mt_buf_init(&dump_buf, arena, 0);
	config = mt_config_load(path, overrides, n, say, &said_buf, &error);
	if (config != NULL && mt_config_write(config, sink, &dump_buf) != 0)
		error = 1;
	if ((config == NULL) != (error != 0))
		error = 2;
	mt_config_unref(config);
	*said = mt_buf_span(&said_buf).ptr;
	*dump = mt_buf_span(&dump_buf).ptr;
	return error;
}

static bool
first_line_is(const char *text, const char *line)
{
	size_t len = line == NULL ? 0 : strlen(line);

	return line == NULL ? *text == '\0' : strncmp(text, line, len) == 0 && text[len] == '\n';
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *said, *dump;
		struct mt_arena arena;
		size_t n = 0;
		int error;
		bool ok;

		mt_arena_init(&arena, 65536, 1u << 22);
		while (n < 3 && cases[i].overrides[n] != NULL)
			n++;
		put("t.conf", mt_span_text(cases[i].text));
		error = load(&arena, "t.conf", cases[i].overrides, n, &said, &dump);
		ok = error == (cases[i].dumped == NULL ? MT_ECONFIG : MT_OK);
		ok = ok && (cases[i].dumped == NULL ? *said != '\0' : strstr(dump, cases[i].dumped) != NULL);
		ok = ok && (first_line_is(said, cases[i].said) || (cases[i].dumped == NULL && cases[i].said == NULL));
		if (!tap_ok(ok, "%s", cases[i].name))
			tap_note("error %d, said %s", error, said);
		mt_arena_fini(&arena);
	}
}

/* As many lists as there may be, and one more. */
static void
test_many_lists(void)
{
	for (int many = 32; many <= 33; many++) {
		const char *said, *dump;
		struct mt_arena arena;
		struct mt_buf text;
		int error;

		mt_arena_init(&arena, 65536, 1u << 22);
		mt_buf_init(&text, &arena, 0);
		for (int i = 0; i < many; i++)
			mt_buf_format(&text, "dnsbl \"l%d.example\" { }\n", i);
		put("t.conf", mt_buf_span(&text));
		error = load(&arena, "t.conf", NULL, 0, &said, &dump);
		tap_ok(many == 32 ? error == MT_OK && *said == '\0' && strstr(dump, "dnsbl \"l31.example\"") != NULL :
		    error == MT_ECONFIG && first_line_is(said, "t.conf:33: dnsbl \"l32.example\": is one list too many; there "
		    "may be 32"), "%d lists", many);
		mt_arena_fini(&arena);
	}
}

static void
test_socket(const char *value, bool good)
{
	static const char before[] = "\nmilter {\n\tsocket = \"", told[] = "t.conf:3: milter.socket: '";
	const char *said, *dump;
	struct mt_arena arena;
	struct mt_buf text;
	int error;
	bool ok;

	mt_arena_init(&arena, 65536, 1u << 22);
	mt_buf_init(&text, &arena, 0);
	mt_buf_text(&text, before);
	mt_buf_text(&text, value);
	mt_buf_text(&text, "\"\n}\n");
	put("t.conf", mt_buf_span(&text));
	error = load(&arena, "t.conf", NULL, 0, &said, &dump);
	ok = good ? error == MT_OK && *said == '\0' && strstr(dump, value) != NULL :
	    error == MT_ECONFIG && strncmp(said, told, strlen(told)) == 0 && strstr(said, "' is not a socket; write ") != NULL;
	if (!tap_ok(ok, "socket: %s", strlen(value) > 60 ? "long" : value))
		tap_note("error %d, said %s", error, said);
	mt_arena_fini(&arena);
}

static void
test_sockets(void)
{
	char path[5 + 108 + 1] = "unix:/";

	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
		test_socket(sockets[i].value, sockets[i].good);
	/* unix(7): 108 bytes with the NUL. */
	memset(path + 6, 'x', 106);
	test_socket(path, true);
	path[5 + 107] = 'x';
	test_socket(path, false);
}

/* ---- files of tests/data/config ------------------------------------------------------- */

static struct mt_span
data(struct mt_arena *arena, const char *dir, const char *name)
{
	const char *top = getenv("top_srcdir");
	struct mt_buf path, text;
	char block[4096];
	ssize_t n;
	int fd;

	mt_buf_init(&path, arena, 0);
	mt_buf_init(&text, arena, 0);
	mt_buf_format(&path, "%s/%s/%s", top == NULL ? "." : top, dir, name);
	fd = open(mt_buf_span(&path).ptr, O_RDONLY);
	while (fd >= 0 && (n = read(fd, block, sizeof block)) > 0)
		mt_buf_add(&text, (struct mt_span){ block, (size_t)n });
	if (fd >= 0)
		close(fd);
	return mt_buf_span(&text);
}

/* Without "  # where" at the ends of lines. */
static const char *
without_places(struct mt_arena *arena, const char *dump)
{
	struct mt_buf buf;

	mt_buf_init(&buf, arena, 0);
	while (*dump != '\0') {
		size_t len = strcspn(dump, "\n");
		const char *place = memmem(dump, len, "  # ", 4);

		mt_buf_add(&buf, (struct mt_span){ dump, place == NULL ? len : (size_t)(place - dump) });
		mt_buf_char(&buf, '\n');
		dump += len + (dump[len] == '\n');
	}
	return mt_buf_span(&buf).ptr;
}

static void
differ(const char *got, const char *want)
{
	size_t line = 1, at = 0;

	for (size_t i = 0; got[i] != '\0' && got[i] == want[i]; i++)
		if (got[i] == '\n') {
			line++;
			at = i + 1;
		}
	tap_note("line %zu: got  %.*s", line, (int)strcspn(got + at, "\n"), got + at);
	tap_note("line %zu: want %.*s", line, (int)strcspn(want + at, "\n"), want + at);
}

/* The examples of the manual give no notice; the list that they name is not on this host. */
static void
test_manual(void)
{
	static const char before[] = ".Sh EXAMPLES\n.Bd -literal\n", list[] = "\"file:/etc/mailtrace/networks\"";
	const char *said, *dump, *from, *end, *file;
	struct mt_arena arena;
	struct mt_buf text;
	struct mt_span man;

	mt_arena_init(&arena, 65536, 1u << 22);
	man = data(&arena, "man", "mailtrace-milter.conf.5");
	mt_buf_init(&text, &arena, 0);
	from = man.len == 0 ? NULL : strstr(man.ptr, before);
	end = from == NULL ? NULL : strstr(from, "\n.Ed\n");
	file = from == NULL ? NULL : strstr(from, list);
	if (tap_ok(end != NULL && file != NULL && file < end, "the manual has examples")) {
		mt_buf_add(&text, mt_span_between(from + strlen(before), file));
		mt_buf_text(&text, "203.0.113.0/24");
		mt_buf_add(&text, mt_span_between(file + strlen(list), end + 1));
		put("t.conf", mt_buf_span(&text));
		tap_ok(load(&arena, "t.conf", NULL, 0, &said, &dump) == MT_OK && *said == '\0' &&
		    strstr(dump, "rule \"nameless\"") != NULL, "the examples of the manual: %s", said);
	}
	mt_arena_fini(&arena);
}

static void
test_data(void)
{
	static const char *const copied[] = { "full.conf", "more.conf", "networks.list", "wrong.conf" };
	const char *said, *dump, *again, *ignored;
	struct mt_arena arena;
	struct mt_span want;

	mt_arena_init(&arena, 65536, 1u << 22);
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		put(copied[i], data(&arena, "tests/data/config", copied[i]));
	want = data(&arena, "tests/data/config", "full.dump");
	load(&arena, "full.conf", NULL, 0, &said, &dump);
	if (!tap_ok(*said == '\0' && want.len > 0 && strcmp(dump, want.ptr) == 0, "full.conf comes to full.dump"))
		differ(dump, want.ptr);
	put("t.conf", mt_span_text(dump));
	load(&arena, "t.conf", NULL, 0, &ignored, &again);
	dump = without_places(&arena, dump);
	again = without_places(&arena, again);
	if (!tap_ok(strcmp(dump, again) == 0 && strlen(dump) > 1000, "a dump read back is the same"))
		differ(again, dump);
	want = data(&arena, "tests/data/config", "wrong.said");
	tap_ok(load(&arena, "wrong.conf", (const char *[]){ "dns.timeout=5", "milter.sokcet=1", "foo" }, 3, &said, &dump) ==
	    MT_ECONFIG && *dump == '\0', "wrong.conf is refused");
	if (!tap_ok(want.len > 0 && strcmp(said, want.ptr) == 0, "wrong.conf is told as in wrong.said"))
		differ(said, want.ptr);
	put("t.conf", data(&arena, "conf", "mailtrace-milter.conf"));
	tap_ok(load(&arena, "t.conf", NULL, 0, &said, &dump) == 0 && *said == '\0' &&
	    strstr(dump, "rule \"reverse-dns-mismatch\" {") != NULL && strstr(dump, "rule \"no-answer\" {") != NULL &&
	    strstr(dump, "mode = monitor  # t.conf:") != NULL, "the shipped file");
	tap_ok(load(&arena, NULL, NULL, 0, &said, &dump) == 0 && strstr(dump, "rule") == NULL &&
	    strcmp(without_places(&arena, dump), "") != 0, "no file at all");
	tap_ok(load(&arena, "none.conf", NULL, 0, &said, &dump) == MT_ECONFIG &&
	    strcmp(said, "none.conf: cannot be read: No such file or directory\n") == 0, "a file that is not there is told once");
	tap_ok(load(&arena, ".", NULL, 0, &said, &dump) == MT_ECONFIG &&
	    strcmp(said, ".: is a directory; name a file\n") == 0, "a directory is told once");
	mt_arena_fini(&arena);
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		unlink(copied[i]);
}

/* ---- what the engine reads ------------------------------------------------------------ */

static void
test_values(void)
{
	static const char text[] = "mode = enforce\nlog { facility = local0 }\ntrust { authserv-id = mx.example.org hops = 2 }\n"
	    "headers { add = X-Trace-Path strip-foreign = no max-length = 300 }\n"
	    "rule \"r\" { helo = ours action = reject reply = \"554 5.7.9 no\" }\n"
	    "exempt \"e\" { recipient = \"a@b\" }\n";
	struct mt_config *config;
	const struct mt_rule *rule;
	int error;

	put("t.conf", mt_span_text(text));
	config = mt_config_load("t.conf", NULL, 0, NULL, NULL, &error);
	if (!tap_ok(config != NULL && error == MT_OK, "values: loaded"))
		return;
	tap_ok(mt_config_is_key(MT_SPAN("mode")) && mt_config_is_key(MT_SPAN("exempt-default")) &&
	    mt_config_is_key(MT_SPAN("dns.negative-ttl")), "values: keys with a section and without");
	tap_ok(!mt_config_is_key(MT_SPAN("dns")) && !mt_config_is_key(MT_SPAN("dns.")) && !mt_config_is_key(MT_SPAN("mod")) &&
	    !mt_config_is_key(MT_SPAN("rule")) && !mt_config_is_key(MT_SPAN("")) && !mt_config_is_key((struct mt_span){ NULL, 0 }),
	    "values: and what is none");
	tap_ok(config->policy.mode == MT_MODE_ENFORCE && mt_config_number(config, "mode") == MT_MODE_ENFORCE, "values: mode");
	tap_ok(mt_config_number(config, "dns.timeout") == 1500 && config->dns.timeout_msec == 1500, "values: a time");
	tap_ok(mt_config_number(config, "trust.hops") == 2 && config->trust.hops == 2, "values: a narrow number");
	tap_ok(mt_config_number(config, "log.facility") == 16 << 3, "values: a word of syslog");
	tap_ok(mt_config_number(config, "headers.strip-foreign") == 0 && !config->settings.strip_foreign, "values: a boolean");
	tap_ok(strcmp(mt_config_text(config, "milter.socket"), "inet:8899@127.0.0.1") == 0, "values: a text");
	tap_ok(strcmp(mt_config_text(config, "trust.authserv-id"), "mx.example.org") == 0, "values: a name");
	tap_ok(config->settings.headers == 1u << MT_HEADER_PATH && config->settings.header_most == 300 &&
	    config->settings.trust == &config->trust && config->settings.policy == &config->policy, "values: of the trace");
	rule = config->policy.rules;
	tap_ok(config->policy.nrules == 1 && rule->reply.code == 554 && mt_span_equal(rule->reply.xcode, MT_SPAN("5.7.9")) &&
	    mt_span_equal(rule->reply.text, MT_SPAN("no")) && rule->line == 5 && rule->stage == MT_STAGE_HELO, "values: a rule");
	tap_ok(rule->deferral != NULL && rule->deferral->action == MT_TEMPFAIL && rule->deferral->reply.code == 451 &&
	    mt_span_equal(rule->deferral->reply.xcode, MT_SPAN("4.7.9")) && mt_span_equal(rule->deferral->name, rule->name),
	    "values: its deferral");
	tap_ok(rule->deferral != NULL && mt_span_find(rule->deferral->reply.text, "%{rule}") != NULL,
	    "values: its deferral tells the rule's name");
	tap_ok(config->policy.nexempts == 4 && !config->policy.exempts[2].conditions->any_recipient &&
	    config->policy.exempts[3].conditions->any_recipient, "values: exemptions");
	tap_ok(mt_config_ref(config) == config, "values: one more holds it");
	mt_config_unref(config);
	tap_ok(mt_config_number(config, "dns.tries") == 2, "values: and keeps it");
	mt_config_unref(config);
	mt_config_unref(NULL);
}

int
main(void)
{
	char dir[] = "/tmp/mt-config-XXXXXX";
	const char *top = getenv("top_srcdir");
	char full[4096];

	if (realpath(top == NULL ? "." : top, full) == NULL || setenv("top_srcdir", full, 1) != 0 || mkdtemp(dir) == NULL ||
	    chdir(dir) != 0)
		return EXIT_FAILURE;
	test_cases();
	test_many_lists();
	test_sockets();
	test_data();
	test_manual();
	test_values();
	unlink("t.conf");
	tap_ok(chdir("/") == 0 && rmdir(dir) == 0, "nothing else was made");
	return tap_done();
}
