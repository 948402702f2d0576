#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a verdict does: replies, header, quarantine; at each stage, in each mode."""
import os
import sys
import time

import client
from client import CONF, Daemon

GOOD, LIAR, SLOW = "192.0.2.7", "192.0.2.8", "192.0.2.9"
LIE = 'rule "lie" { iprev = { fail } action = %s %s}\n'
REPLY = 'reply = "550 5.7.25 %{client.ip}: 100%% a lie (%{id})" '


def said(daemon, address, helo="liar.example.net", settle=0.1, **kwargs):
    """Stage and answer for one message; the answers of the script are there before RCPT."""
    with daemon.session() as session:
        session.begin(address=address, helo=helo)
        time.sleep(settle)
        return session.message(**kwargs)


def refusals(tap):
    """reject and tempfail, early, with a reply."""
    with Daemon(CONF + LIE % ("reject", REPLY)) as daemon:
        stage, answer = said(daemon, LIAR)
        tap.ok((stage, answer.word) == ("rcpt", "reject"), "a rule that is decided rejects at RCPT", (stage, answer))
        tap.ok(answer.text.startswith("550 5.7.25 192.0.2.8: 100%% a lie ("), "its reply, percent doubled for the MTA",
               answer)
        identity = answer.text.split("(")[1].rstrip(")")
        tap.ok(daemon.wait_log(identity), "the id of the reply stands in the log", daemon.log())
        line = [l for l in daemon.log().splitlines() if identity in l]
        tap.ok(len(line) == 1 and "rule=lie" in line[0] and "action=reject" in line[0], "in one line, with the rule",
               line)
        stage, answer = said(daemon, GOOD, helo="mail.example.net")
        tap.ok((stage, answer.word) == ("eom", "continue"), "an honest client is let through", (stage, answer))
        stage, answer = said(daemon, SLOW, helo="x.example.net")
        tap.ok((stage, answer.word) == ("eom", "continue"), "a name server that is silent is no lie", (stage, answer))
        counters = daemon.counters()
        tap.ok(counters["recipients-refused"] == 1 and counters["accepted"] == 2, "counted", counters)
    slow = CONF + 'rule "slow" { ptr = { temperror } action = tempfail reply = "451 4.7.25 %{client.ip}: (%{id})" }\n'
    with Daemon(slow) as daemon:
        stage, answer = said(daemon, SLOW)
        tap.ok(answer.word == "tempfail" and answer.text.startswith("451 4.7.25 192.0.2.9:"), "tempfail and its reply",
               (stage, answer))
        stage, answer = said(daemon, LIAR)
        tap.ok(answer.word == "continue", "tempfail does not meet a lie", (stage, answer))
    with Daemon(CONF + LIE % ("reject", "")) as daemon:
        stage, answer = said(daemon, LIAR)
        tap.ok(answer.word == "reject" and answer.text[:1] in ("", "5"), "reject without a reply of its own",
               (stage, answer))


def recipients(tap):
    """One recipient refused, another not."""
    conf = CONF + 'rule "one" { iprev = { fail } recipient = { "strict@*" } action = reject }\n'
    with Daemon(conf) as daemon:
        with daemon.session() as session:
            session.begin(address=LIAR, helo="liar.example.net")
            time.sleep(0.1)
            session.mail()
            words = [session.rcpt(one).word for one in ("<easy@example.org>", "<strict@example.org>",
                                                        "<other@example.org>")]
            tap.ok(words == ["continue", "reject", "continue"], "only the one that the rule names is refused", words)
            session.data()
            session.header("Subject", "x")
            session.body()
            answer = session.end()
            tap.ok(answer.word == "continue", "and the message goes to the others", answer)
    with Daemon(CONF + LIE % ("reject", "")) as daemon:
        stage, answer = said(daemon, LIAR, recipients=("<postmaster@example.org>",))
        tap.ok(answer.word == "continue", "postmaster can always be reached (RFC 5321, 4.5.1)", (stage, answer))
        with daemon.session() as session:
            session.begin(address=LIAR, helo="liar.example.net")
            session.mail(auth_authen="anna")
            answer = session.rcpt()
            tap.ok(answer.word == "continue", "an authenticated client is exempt", answer)


def refused(tap):
    """Recipients that were refused at RCPT stand in the log once, however the message ends."""
    conf = CONF.replace("each = message", "each = %s") + 'rule "rdns" { iprev = fail action = reject ' \
        'reply = "550 5.7.25 no (%%{id})" }\n'
    both = ("<bert@example.org>", "<anna@example.org>", "<postmaster@example.org>")
    for each in ("message", "action"):
        for ending in ("data", "rset", "quit", "mail", "helo", "all"):
            with Daemon(conf % each) as daemon:
                with daemon.session() as session:
                    session.begin(address=LIAR, helo="liar.example.net")
                    time.sleep(0.1)
                    session.mail()
                    answers = [session.rcpt(one) for one in (both[:2] if ending == "all" else both)]
                    identity = answers[0].text.split("(")[1].rstrip(")")
                    if ending == "data":
                        session.data()
                        session.header("Subject", "x")
                        session.body()
                        session.end()
                    elif ending == "mail":
                        session.mail()
                    elif ending == "helo":
                        session.helo()
                    elif ending in ("rset", "all"):
                        session.abort()
                    session.quit()
                daemon.wait_log("id=" + identity)
                daemon.stop()
                lines = [line for line in daemon.log().splitlines() if identity in line]
            tap.ok(len(lines) == 1 and " refused=2 refused-rule=rdns " in lines[0], f"{each}, {ending}: told once", lines)
            done = " rule=- action=accept would=accept " if ending == "data" else " rule=rdns action=reject would=reject "
            tap.ok(len(lines) == 1 and done in lines[0] and ("exempt=postmaster" in lines[0]) == (ending == "data"),
                   f"{each}, {ending}: and what was done", lines)
    with Daemon(conf % "message") as daemon:
        with daemon.session() as session:
            session.begin()
            session.mail()
            session.rcpt()
            session.abort()
            said(daemon, GOOD, helo="mail.example.net")
        daemon.stop()
        lines = [line for line in daemon.log().splitlines() if ": trace " in line]
    tap.ok(len(lines) == 1 and "refused" not in lines[0], "where none was refused nothing is told of it", lines)


def noted(tap):
    """Tags and rules in dry-run, whatever else held."""
    tag, more = 'rule "t1" { iprev = fail action = tag }\n', 'rule "t2" { helo = mismatch action = tag }\n'
    dry = 'rule "d" { iprev = fail action = reject dry-run = yes }\n'
    for rules, wanted in ((tag + more, "rule=t1; action=tag; tags=t1,t2; mode=enforce;"),
                          (tag + dry, "rule=d; action=reject; tags=t1; dry-run=d:reject; mode=enforce;"),
                          (dry + tag, "rule=d; action=reject; tags=t1; dry-run=d:reject; mode=enforce;"),
                          (dry + LIE % ("quarantine", ""), "rule=lie; action=quarantine; dry-run=d:reject; mode=enforce;"),
                          (tag + LIE % ("accept", ""), "rule=lie; action=accept; tags=t1; mode=enforce;"),
                          (LIE % ("accept", "") + tag, "rule=lie; action=accept; mode=enforce;")):
        with Daemon(CONF + rules) as daemon:
            answer = said(daemon, LIAR, helo="liar.example.net")[1]
            daemon.wait_log(": trace ")
            line = [l for l in daemon.log().splitlines() if ": trace " in l][0]
        result = " ".join("".join(answer.added("X-Trace-Result")).split())
        tap.ok(wanted in result, "header: " + wanted, result)
        for part in ("tags=t1,t2", "tags=t1", "dry-run=d:reject"):
            tap.ok((f" {part} " in line) == (f" {part};" in wanted), f"{wanted} log: {part}", line)
        if "tags=" in wanted and "quarantine" not in wanted:
            tap.ok((" action=tag " in line) == ("rule=lie" not in wanted), wanted + " log: what was done", line)


def relaying(tap):
    """Whoever wants to send through us: by what the MTA says of its way out."""
    conf = CONF + 'rule "no-relay" { recipient = outside authenticated = no action = reject ' \
        'reply = "550 5.7.1 %{client.ip} may not send through us (%{id})" }\n'
    with Daemon(conf) as daemon:
        for software, words in (("Postfix 3.7.11", {"virtual": "continue", "smtp": "reject", "relay": "continue",
                                                    "": "continue"}),
                                ("8.17.1.9", {"local": "continue", "esmtp": "reject", "relay": "reject",
                                              "error": "continue"})):
            with daemon.session(software=software) as session:
                session.begin(address=GOOD)
                session.mail()
                got = {mailer: session.rcpt("<eve@elsewhere.example>", rcpt_mailer=mailer).word for mailer in words}
                tap.ok(got == words, f"{software}: by mailer", got)
                session.data()
                session.header("Subject", "x")
                session.body()
                answer = session.end()
                tap.ok(answer.word == "continue", f"{software}: the message goes to the others", answer)
        with daemon.session() as session:
            session.begin(address=GOOD)
            session.mail(auth_authen="anna")
            answer = session.rcpt("<eve@elsewhere.example>", rcpt_mailer="smtp")
            tap.ok(answer.word == "continue", "who authenticated may", answer)
        with daemon.session() as session:
            session.begin(address=GOOD)
            session.mail()
            answer = session.rcpt("<eve@elsewhere.example>", rcpt_mailer="smtp")
            tap.ok(answer.text.startswith("550 5.7.1 192.0.2.7 may not send through us ("), "a stranger may not", answer)


def local_mail(tap):
    """Mail of this machine: never refused at RCPT."""
    conf = CONF + 'exempt-default = { authenticated, postmaster }\nrule "all" { sender = { "*" } action = %s }\n'
    for action, word in (("reject", "reject"), ("tempfail", "tempfail")):
        with Daemon(conf % action) as daemon:
            for name, kwargs in (("sendmail(1)", {"address": "127.0.0.1", "name": "localhost", "port": 0}),
                                 ("standard input", {"address": "/x", "name": "localhost"})):
                with daemon.session() as session:
                    session.begin(helo="localhost", **kwargs)
                    session.mail("a@example.net")
                    answer = session.rcpt("b@example.org")
                    tap.ok(answer.word == "continue", f"{action}: {name}: not at RCPT", answer)
            with daemon.session() as session:
                session.begin()
                session.mail("a@example.net")
                tap.ok(session.rcpt().word == word, f"{action}: a network client: at RCPT")


def stages(tap):
    """The same rule where its answer comes too late for RCPT."""
    for action, word in (("reject", "reject"), ("tempfail", "tempfail")):
        conf = CONF + 'rule "x" { iprev = { fail } recipient = { "b@*", "c@*" } action = %s }\n' % action
        with Daemon(conf) as daemon:
            stage, answer = said(daemon, LIAR, recipients=("<b@example.org>", "<c@example.org>"))
            tap.ok(answer.word == word and stage in ("rcpt", "data", "eom"), f"{action} at {stage}", answer)
    for action in ("quarantine", "tag"):
        with Daemon(CONF + LIE % (action, "")) as daemon:
            stage, answer = said(daemon, LIAR)
            tap.ok((stage, answer.word) == ("eom", "continue"), f"{action} lets the message go on", (stage, answer))
            reason = answer.quarantine or ""
            tap.ok(("rule lie" in reason) == (action == "quarantine"),
                   f"{action}: quarantine is asked for by that only", answer.quarantine)
            result = "".join(answer.added("X-Trace-Result"))
            tap.ok(f"action={action}" in result and "rule=lie" in result, f"{action} stands in the header", result)
            with daemon.session(actions=0x11) as session:
                session.begin(address=LIAR, helo="liar.example.net")
                stage, answer = session.message()
                tap.ok(answer.word == "continue" and answer.quarantine is None,
                       f"{action} at an MTA that offers no quarantine", answer)
            tap.ok(("does not offer quarantine" in daemon.log()) == (action == "quarantine"),
                   f"{action}: said in the log")


def late(tap):
    """The stage is the first at which the answers are in."""
    if not os.access(client.NAMESERVER, os.X_OK):
        tap.ok(True, "reject at DATA and at the end # SKIP the name server double is not built")
        return
    wire = "wire 8.2.0.192.in-addr.arpa PTR delay=%d\n"
    conf = CONF + 'dns { servers = { "127.0.0.1:%d" } timeout = 2s tries = 1 deadline = 3s }\n' + LIE % ("reject", "")
    for msec, pause, wanted in ((300, 1.0, "data"), (600, 0, "eom")):
        with client.NameServer(client.ANSWERS + wire % msec) as names, \
                Daemon(conf.replace("%d", str(names.port)), answers=None) as daemon, daemon.session() as session:
            session.begin(address=LIAR, helo="liar.example.net")
            session.mail()
            tap.ok(session.rcpt().word == "continue", f"{wanted}: nothing is known at RCPT")
            time.sleep(pause)
            answer = session.data()
            if wanted == "eom":
                tap.ok(answer.word == "continue", "eom: nothing is known at DATA", answer)
                session.header("Subject", "x")
                session.body()
                answer = session.end()
            tap.ok(answer.word == "reject", f"{wanted}: reject", answer)
            tap.ok(daemon.wait_log(f"action=reject.*stage={wanted}"), f"{wanted}: logged with its stage", daemon.log())
            if wanted == "data":
                session.abort()
            tap.ok(session.message(recipients=["<postmaster@example.org>"])[1].word == "continue",
                   f"{wanted}: the session goes on")
            tap.ok(daemon.log().count("action=reject") == 1, f"{wanted}: logged once", daemon.log())


def modes(tap):
    """monitor looks on, off does nothing."""
    for mode in ("monitor", "off"):
        with Daemon(CONF.replace("enforce", mode) + LIE % ("reject", REPLY)) as daemon:
            with daemon.session() as session:
                answer = session.connected(address=LIAR)
                if mode == "off":
                    tap.ok(answer.word == "accept", "off: the connection is left alone", answer)
                    continue
                session.helo("liar.example.net")
                stage, answer = session.message()
            tap.ok((stage, answer.word) == ("eom", "continue"), "monitor: nothing is refused", (stage, answer))
            tap.ok(daemon.wait_log("would=reject"), "monitor: the log says what would have been", daemon.log())


def header(tap):
    """Fields that came from outside go, highest index down, and ours come on top."""
    forged = [("X-Trace-Result", "trusted; id=1"),
              ("Received", "from a (a [192.0.2.55]) by b; Thu, 1 Jan 2026 00:00:00 +0000"),
              ("Authentication-Results", "mx.example.org; iprev=pass"), ("x-trace-result", "verified"),
              ("Authentication-Results", "other.example; spf=pass"),
              ("AUTHENTICATION-RESULTS", " MX.Example.ORG ; spf=pass"),
              ("X-Trace-Path", "hops=1"), ("Subject", "x"), ("X-TRACE-RESULT", "v=1")]
    with Daemon() as daemon, daemon.session() as session:
        session.begin()
        answer = session.message(headers=forged)[1]
    gone = [(name.lower(), index) for op, index, name, value in answer.edits if op == "change" and value == ""]
    wanted = {("x-trace-result", i) for i in (1, 2, 3)} | {("x-trace-path", 1)} | \
        {("authentication-results", i) for i in (1, 3)}
    tap.ok(set(gone) == wanted and len(gone) == len(wanted), "forged fields go, the field of another stays", gone)
    for name in {name for name, _ in gone}:
        indexes = [index for n, index in gone if n == name]
        tap.ok(indexes == sorted(indexes, reverse=True), f"{name}: from the highest index down", indexes)
    kinds = [op for op, *_ in answer.edits]
    tap.ok(kinds == sorted(kinds), "removals come before insertions", kinds)
    inserted = [(index, name) for op, index, name, _ in answer.edits if op == "insert"]
    tap.ok(inserted and all(index == 0 for index, _ in inserted), "insertions at index 0", inserted)
    tap.ok({"X-Trace-Result", "X-Trace-Client", "Authentication-Results"} <= {name for _, name in inserted},
           "the fields of ours are there", inserted)
    lines = [line for op, _, _, value in answer.edits if op == "insert" for line in value.split("\n")]
    tap.ok(all("\r" not in line and len(line) < 990 for line in lines) and
           all(line[:1] in " \t" for op, _, _, v in answer.edits if op == "insert" for line in v.split("\n")[1:]),
           "they are folded, and no line is too long", lines)
    with Daemon() as daemon, daemon.session() as session:
        session.begin(helo="a\r\nX-Evil: 1\x1b[2J\xff")
        answer = session.message()[1]
        text = "".join(v for op, _, _, v in answer.edits if op == "insert")
        tap.ok(all(c in "\n\t" or " " <= c <= "~" for c in text) and "\nX-Evil" not in text,
               "a hostile HELO stays inside its quotes", text)


sys.exit(client.play([refusals, recipients, refused, noted, relaying, local_mail, stages, late, modes, header]))
