#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mailtrace --explain boundary: line by line, whether it is believed and why."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from clitest import TOP, Tap, run  # noqa: E402

MAIL = os.path.join(TOP, "tests", "data", "mail")
INSIDE = os.path.join(MAIL, "inside.eml")
CASES = (
    ("nothing configured", [], INSIDE,
     ["hop 3: believed: the newest line, written where the message was kept: store.example.org saw 192.0.2.25",
      "hop 2: not believed: its writer is not one of our own: edge.example.org saw 198.51.100.7",
      "hop 1: not believed: older than a line that is not believed: mail.example.net saw 10.1.2.3",
      "boundary: hop 3, 192.0.2.25: the client is not one of our own"]),
    ("our networks", ["--trust", "192.0.2.0/24"], INSIDE,
     ["hop 3: believed: the newest line, written where the message was kept: store.example.org saw 192.0.2.25",
      "hop 2: believed: its writer's address is in trust.networks: edge.example.org saw 198.51.100.7",
      "hop 1: not believed: its writer is not one of our own: mail.example.net saw 10.1.2.3",
      "boundary: hop 2, 198.51.100.7: the client is not one of our own"]),
    ("a client", ["--trust", "192.0.2.0/24", "--client", "203.0.114.5"], INSIDE,
     ["hop 4: believed: the connection itself, which we saw: mx.example.org saw 203.0.114.5",
      "hop 3: not believed: its writer is not one of our own: store.example.org saw 192.0.2.25",
      "hop 2: not believed: older than a line that is not believed: edge.example.org saw 198.51.100.7",
      "hop 1: not believed: older than a line that is not believed: mail.example.net saw 10.1.2.3",
      "boundary: hop 4, 203.0.114.5: the client that is connected is not one of our own"]),
    ("no lines", [], os.path.join(MAIL, "no-hops.eml"), ["boundary: there is no line to believe"]),
)


def explain(*args):
    return run("--offline", "-o", 'trust.authserv-id="mx.example.org"', "--explain", "boundary", *args)


def main():
    tap = Tap()
    for name, args, path, want in CASES:
        result = explain(*args, path)
        tap.same((result.status, result.text.splitlines()), (0, [path + ":"] + want), name)
        rows = explain(*args, "-f", "jsonl", path).lines()
        told = ["hop %d: %s: %s" % (h["n"], "believed" if h["trusted"] else "not believed", h["reason"])
                for h in rows[0]["hops"]]
        tap.ok(len(rows) == 1 and len(told) == len(want) - 1
               and all(w.startswith(t) for w, t in zip(want, told))
               and want[-1].endswith(rows[0]["boundary"]["reason"]), name + ", as JSON", rows)
    two = explain(INSIDE, os.path.join(MAIL, "hostile.eml"))
    tap.ok(two.status == 0 and two.text.count("boundary: ") == 2 and all(" " <= c <= "~" for c in two.text.replace("\n", "")),
           "two messages, and no byte of a stranger that is not printable", two.text)
    tap.ok(explain(os.path.join(MAIL, "there-is-none.eml")).status == 66, "a file that is not there")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
