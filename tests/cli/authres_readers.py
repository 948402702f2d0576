#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Authentication-Results as we write it, read by three readers: our own, SpamAssassin's
(its plugin AuthRes) and python3-authres.  Each must accept every field, and find in it what
was put in.  tests/tools/authres makes the fields up and says what that was."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from clitest import BUILD, Tap  # noqa: E402

try:
    import authres
except ImportError:
    authres = None

FIELDS = 1500
# What no field of ours should hold, with what each reader makes of it: the test can fail.
BAD = "Authentication-Results: mx.example.org; iprev=pass policy.iprev=192.0.2.7; x-helo=fail smtp.helo=a.example"
PERL = r"""
use strict; use warnings; use JSON::PP;
use Mail::SpamAssassin::Plugin::AuthRes;
my $plugin = bless {}, 'Mail::SpamAssassin::Plugin::AuthRes';
while (my $line = <STDIN>) {
    chomp $line;
    my $pms = { conf => { authres_trusted_authserv => {}, authres_ignored_authserv => {} } };
    my ($name, $value) = $line =~ /^([^:]+):\s*(.+)/;
    my $read = eval { $plugin->parse_authres($pms, $name, $value) };
    my $why = $read ? undef : $@;
    print encode_json({ why => $why, found => $pms->{authres_parsed} }), "\n";
}
"""


def split(line):
    """A line of the tool: (method, result, properties)."""
    words = line.split(" ")
    method, result = words[0].split("=", 1)
    return method, result, dict(word.split("=", 1) for word in words[1:])


def made():
    """What the tool made: (lines, put in, read by our own reader with reasons)."""
    out = subprocess.run([os.path.join(BUILD, "tests", "tools", "authres"), str(FIELDS)], check=True,
                         capture_output=True, text=True, timeout=600).stdout
    lines, put, read = [], [], []
    for line in out.splitlines():
        if line == ".":
            yield lines, put, read
            lines, put, read = [], [], []
        elif line.startswith("F "):
            lines.append(line[2:])
        elif line.startswith("W "):
            put.append(split(line[2:]))
        else:
            body, reason = line[2:].split("\t", 1)
            read.append((*split(body), reason))


def unfold(lines):
    return " ".join(line.strip("\t") for line in lines)


def by_authres(field):
    """What python3-authres finds; properties of a type that it does not know (RFC 8904's dns)
    it leaves out."""
    header = authres.all_features().parse(field)
    return [(r.method, r.result, {"%s.%s" % (p.type, p.name): str(p.value) for p in r.properties}, r.reason or "")
            for r in header.results]


def by_spamassassin(fields):
    """What SpamAssassin finds: None where it drops the field; results in no order."""
    out = subprocess.run(["perl", "-e", PERL], check=True, capture_output=True, text=True, timeout=600,
                         input="".join(field + "\n" for field in fields)).stdout
    for line in out.splitlines():
        answer = json.loads(line)
        if answer["why"] is not None and not answer["why"].startswith("method none"):
            yield None
            continue
        yield sorted((method, r["result"],
                      sorted(("%s.%s" % (t, n), v) for t, ps in r["properties"].items() for n, v in ps.items()), r["reason"])
                     for method, results in (answer["found"] or {}).items() for r in results)


def known_to_authres(results):
    return [(m, r, {k: v for k, v in p.items() if not k.startswith("dns.")}, why) for m, r, p, why in results]


def in_no_order(results):
    return sorted((m, r, sorted(p.items()), why) for m, r, p, why in results)


def compare(tap, name, got, want, fields):
    """One test for all fields; the first that differ are shown."""
    wrong = [(f, g, w) for f, g, w in zip(fields, got, want) if g != w]
    tap.ok(not wrong and len(got) == len(want), "%s: %d of %d fields" % (name, len(want) - len(wrong), len(want)),
           *("%s\ngot  %r\nwant %r" % row for row in wrong[:3]))


def try_authres(field):
    try:
        return by_authres(field)
    except authres.AuthResError as error:
        return str(error)


def skip(tap, name, what):
    tap.ok(True, "%s # SKIP %s is not installed" % (name, what))


def main():
    tap = Tap()
    rows = list(made())
    fields = [unfold(lines) for lines, _, _ in rows]
    read = [r for _, _, r in rows]
    tap.ok(len(rows) == FIELDS, "%d fields are made" % FIELDS)
    tap.ok(all(len(line) <= 990 for lines, _, _ in rows for line in lines), "no line is over 990 bytes")
    tap.ok(all(line.startswith("\t") and len(line) > 1 for lines, _, _ in rows for line in lines[1:]),
           "each line but the first begins with a TAB and holds something")
    tap.ok({m for _, put, _ in rows for m, _, _ in put} ==
           {"iprev", "auth", "spf", "dkim", "arc", "dmarc", "dnswl"}, "every method is among them")
    compare(tap, "our reader finds what was put in", [[row[:3] for row in r] for r in read], [p for _, p, _ in rows], fields)
    if authres is None:
        skip(tap, "python3-authres", "python3-authres")
    else:
        compare(tap, "python3-authres finds it too", [try_authres(f) for f in fields], [known_to_authres(r) for r in read], fields)
    if shutil.which("perl") is None or subprocess.run(
            ["perl", "-MJSON::PP", "-MMail::SpamAssassin::Plugin::AuthRes", "-e1"], capture_output=True, check=False).returncode:
        skip(tap, "SpamAssassin", "spamassassin")
    else:
        compare(tap, "and SpamAssassin", list(by_spamassassin(fields)), [in_no_order(r) for r in read], fields)
        tap.ok(list(by_spamassassin([BAD])) == [None], "which drops a field with an unregistered method")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
