#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nobody is asked twice: not for a message whose answers are at hand, and not for a thousand
clients that all want to know the same at once.  What counts is what the name server counts."""
import os
import resource
import sys
import tempfile
import time

import play

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "milter"))
import client                           # noqa: E402

CLIENTS = 1000
SLOW = 300                              # ms that each answer takes, so that many wait for it
CONF = """
mode = enforce
dns { timeout = 20s tries = 2 deadline = 30s }
milter { deadline = 60s }
dnsbl "bl.example.com" { }
rule "listed" { dnsbl = { listed } action = reject }
"""
# Answers, and that there is none; what failed is asked for again soon enough (RFC 2308, 7.1).
ANSWERS = """
dns 5.114.0.203.in-addr.arpa PTR mail.example.net
dns mail.example.net A 203.0.114.5
dns example.net TXT "v=spf1 include:_spf.example.net -all"
dns _spf.example.net TXT "v=spf1 mx -all"
dns _spf.example.net MX 10 mx.example.net
dns mx.example.net A 203.0.115.1
dns _dmarc.example.net TXT "v=DMARC1; p=none"
dns 2.0.0.127.bl.example.com A 127.0.0.2
""".strip().splitlines()
SLOWED = ("5.114.0.203.in-addr.arpa PTR", "mail.example.net A", "mail.example.net AAAA", "mail.example.net TXT",
          "example.net TXT", "_spf.example.net TXT", "_spf.example.net MX", "_dmarc.example.net TXT",
          "5.114.0.203.bl.example.com A", "mx.example.net A")


def told(daemon, sender):
    return play.report_of([play.CLI, "-f", "json", "--milter", "unix:" + daemon.socket, "--client", "203.0.114.5",
                           "--helo", "mail.example.net", "--sender", sender, "--rcpt", "user@example.org",
                           os.path.join(play.MAIL, "two-hops.eml")])


def settled(daemon):
    """The count once nothing more comes: an answer may be in before its question's twin is counted."""
    count, same = daemon.queries(), 0
    while same < 5:
        time.sleep(0.1)
        now = daemon.queries()
        same, count = same + 1 if now == count else 0, now
    return count


class Tap:
    number = failed = 0

    def ok(self, truth, name, detail):
        self.number += 1
        self.failed += not truth
        print("%sok %d - %s" % ("" if truth else "not ", self.number, name), flush=True)
        if not truth:
            print("# %s" % detail)


def second_message(tap):
    with tempfile.TemporaryDirectory(prefix="cached-") as folder:
        with play.Daemon(folder, ANSWERS, CONF) as daemon:
            first = told(daemon, "a@example.net")
            asked = settled(daemon)
            second = told(daemon, "B@EXAMPLE.net")
            again = settled(daemon)
            other = told(daemon, "a@example.com")
            more = settled(daemon)
        reports = daemon.reports()
    tap.ok(asked > 5, "the first message asks", "%d questions" % asked)
    tap.ok(first["answer"] == second["answer"] == other["answer"] == "accept", "all are let through", (first, second, other))
    tap.ok(again == asked, "a second message whose answers are at hand asks nothing",
           "%d, then %d" % (asked, again))
    tap.ok([r["checks"]["spf"]["mailfrom"]["state"] for r in reports] == ["fail", "fail", "none"],
           "and knows the same", [r["checks"]["spf"]["mailfrom"] for r in reports])
    tap.ok(more == again + 1, "another sender adds the one question about his domain", "%d, then %d" % (again, more))


def alike_session(daemon):
    session = client.Milter("unix:" + daemon.socket)
    session.begin(address="203.0.114.5", helo="mail.example.net")
    return session


def end_session(session):
    with session:
        return session.message(headers=(("From", "Sender <sender@example.net>"), ("Subject", "x")))[1].word


def alike(tap, clients):
    lines = ANSWERS + ["wire %s delay=%d" % (name, SLOW) for name in SLOWED]
    counts = []
    for many in (1, clients):
        with tempfile.TemporaryDirectory(prefix="cached-") as folder, play.Daemon(folder, lines, CONF) as daemon:
            sessions = [alike_session(daemon) for _ in range(many)]
            words = [end_session(session) for session in sessions]
            counts.append(settled(daemon))
        tap.ok(all(word in ("continue", "accept") for word in words), "%d clients are let through" % many, set(words))
    tap.ok(counts[0] == counts[1], "%d clients alike ask no more than one" % clients, counts)


def room():
    """Sockets for as many clients as can be, here and in the daemon."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = CLIENTS + 200
    if soft != resource.RLIM_INFINITY and soft < want:
        soft = want if hard == resource.RLIM_INFINITY else min(want, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CLIENTS if soft == resource.RLIM_INFINITY else max(50, min(CLIENTS, soft - 200))


def main():
    tap = Tap()
    second_message(tap)
    alike(tap, room())
    print("1..%d" % tap.number)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
