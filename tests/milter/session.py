#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sessions as MTAs, probes and clumsy clients hold them, and what the daemon answers."""
import re
import socket
import struct
import sys
import time

import client
from client import CONF, Daemon, Milter

REJECT = CONF + 'rule "lie" { iprev = { fail } action = reject ' \
    'reply = "550 5.7.25 %{client.ip}: 100%% a lie (%{id})" }\n'
LIAR = "192.0.2.8"


def wait_open(daemon, count):
    for _ in range(500):
        if daemon.counters()["open"] == count:
            return True
        time.sleep(0.02)
    return False


def probes(tap):
    """Who only looks, and who leaves at any moment."""
    with Daemon() as daemon:
        for _ in range(5):
            client.connect(daemon.spec).close()
        Milter(daemon.spec, negotiate=False).quit()
        daemon.session().quit()
        daemon.session().sock.close()
        left = daemon.session()
        left.connected()
        left.sock.close()
        left = daemon.session()
        left.begin()
        left.mail()
        left.sock.close()
        tap.ok(wait_open(daemon, 0), "sessions that end at any moment are forgotten", daemon.log())
        with daemon.session() as session:
            session.begin()
            stage, answer = session.message()
        tap.ok((stage, answer.word) == ("eom", "continue"), "and the next one is served", answer)
        tap.ok(daemon.counters()["internal-errors"] == 0, "none of it is an internal error", daemon.log())
        raw = client.connect(daemon.spec)
        raw.sendall(struct.pack(">I", 0) + b"\xff" * 64)
        raw.close()
        tap.ok(wait_open(daemon, 0) and daemon.process.poll() is None, "garbage in place of packets is survived")


def several(tap):
    """Several messages, RSET, a second EHLO."""
    with Daemon() as daemon, daemon.session() as session:
        session.begin()
        first = session.message(queue_id="Q1")[1]
        session.mail()
        session.rcpt()
        session.abort()
        second = session.message(queue_id="Q2")[1]
        tap.ok(first.word == second.word == "continue", "two messages, and an RSET between them")
        ids = [a.added("X-Trace-Result")[0].split("id=")[1].split(";")[0] for a in (first, second)]
        tap.ok(ids[0] != ids[1], "each has its own id", ids)
        answer = session.helo("mail.example.net", tls_version="TLSv1.3")
        tap.ok(answer.word == "continue", "a second EHLO after STARTTLS", answer)
        answer = session.message(queue_id="Q3")[1]
        tap.ok("helo-check=pass" in answer.added("X-Trace-Client")[0], "and the same name is no change",
               answer.added("X-Trace-Client"))
        session.helo("other.example.net")
        answer = session.message(queue_id="Q4")[1]
        tap.ok("helo-check=changed" in answer.added("X-Trace-Client")[0], "another name without STARTTLS is one",
               answer.added("X-Trace-Client"))
        session.mail()
        session.abort()
        session.abort()
        session.quit()
        daemon.wait_log("Q4")
        log = daemon.log()
        tap.ok([log.count(f"Q{i}: trace") for i in (1, 2, 3, 4)] == [1] * 4, "one line for each message", log)
        tap.ok(wait_open(daemon, 0) and daemon.counters()["aborted"] == 2, "two messages were aborted",
               daemon.counters())


def odd_orders(tap):
    """Commands that come out of order are answered and harm nobody."""
    with Daemon() as daemon:
        with daemon.session() as session:
            session.connected()
            answer = session.mail()         # without HELO
            tap.ok(answer.word == "continue", "MAIL without HELO", answer)
            session.mail()                  # a second MAIL begins anew
            session.rcpt()
            tap.ok(session.data().word == "continue", "a second MAIL without RSET")
            for name, value in (("X", ""), ("Received", "from x"), ("X", "\xff\x01\x1b[2J")):
                session.header(name, value)
            session.body()
            tap.ok(session.end().word == "continue", "fields without value, with any byte")
        with daemon.session() as session:
            session.begin()
            session.message()                   # libmilter knows QUIT_NC only behind a message
            session.send(b"K")                  # QUIT_NC: another client follows, without a new negotiation
            session.connected(address=LIAR)
            session.helo("liar.example.net")
            answer = session.message()[1]
            tap.ok("ip=192.0.2.8" in "".join(answer.added("X-Trace-Client")), "QUIT_NC: the new client is judged",
                   answer.added("X-Trace-Client"))
        with daemon.session() as session:
            session.begin()
            session.mail("<" + "a" * 3000 + "@example.net>")
            for i in range(300):
                session.rcpt(f"<u{i}@example.org>")
            session.data()
            session.header("Subject", "x" * 200000)
            session.body()
            tap.ok(session.end().word == "continue", "long sender, 300 recipients, a field of 200 kB")
        with daemon.session() as session:
            session.begin(address=LIAR, helo="liar.example.net")
            for i in range(9999):
                session.rcpt(f"<{i}{'u' * 450}@example.org>") if i else session.mail()
            session.data("QFULL")
            for _ in range(40):
                session.header("Received", "from a by b; " + "x" * 20000)
            session.body()
            answer = session.end("QFULL")
            full = re.findall(r"QFULL: id=(\w+) client=192\.0\.2\.8: .*bound", daemon.log())
            tap.ok(answer.word == "continue" and len(full) == 1, "a message that fills its memory is told, once",
                   (answer, daemon.log()[-3000:]))
            lines = re.findall(r"QFULL: trace client=192\.0\.2\.8.* id=" + (full or ["?"])[0], daemon.log())
            tap.ok(len(lines) == 1 and "iprev=fail" in "".join(answer.added("X-Trace-Client")),
                   "and is judged all the same", answer.edits)
            session.message(queue_id="QSMALL")
            tap.ok(daemon.wait_log("QSMALL: trace") and "QSMALL: id" not in daemon.log(), "a small one is not told")
        with daemon.session() as session:
            session.begin()
            for i in range(1500):
                session.helo(f"h{i}." + "x" * 200)
            stage, answer = session.message()
            tap.ok((stage, answer.word) == ("eom", "continue") and answer.added("X-Trace-Result"),
                   "1500 HELOs buy no untraced session", answer)
        tap.ok(daemon.counters()["internal-errors"] == 0, "none of it is an internal error")


def clients(tap):
    """Kinds of client addresses."""
    with Daemon(REJECT) as daemon:
        def client_of(**kwargs):
            with daemon.session() as session:
                session.begin(**kwargs)
                return session.message()[1]

        def says(answer, text):
            return text in "".join(answer.added("X-Trace-Client"))

        answer = client_of(address="2001:db8::7", helo="six.example.net")
        tap.ok(says(answer, 'ip="2001:db8::7"') or says(answer, "ip=2001:db8::7"), "IPv6",
               answer.added("X-Trace-Client"))
        tap.ok(says(answer, "iprev=pass"), "with its own reverse name", answer.added("X-Trace-Client"))
        answer = client_of(address="::ffff:192.0.2.7")
        tap.ok(says(answer, "ip=192.0.2.7;"), "an IPv4 address in IPv6 is IPv4", answer.added("X-Trace-Client"))
        for what, kwargs in (("an unknown family", {"address": None, "name": "unknown"}),
                             ("a UNIX socket", {"address": "/run/x", "name": "localhost"}),
                             ("local mail", {"address": "127.0.0.1", "name": "localhost", "port": 0})):
            answer = client_of(**kwargs)
            tap.ok(answer.word == "continue" and answer.added("X-Trace-Result"), what, answer)
        # One SMTP connection, a proxy names another client: the filter's session ends, another begins.
        with daemon.session() as session:
            session.begin()
            session.quit()
        with daemon.session() as session:
            session.begin(address=LIAR, helo="liar.example.net")
            stage, answer = session.message()
            tap.ok(answer.word == "reject" and answer.text.startswith("550 5.7.25 192.0.2.8:"),
                   "XCLIENT: the new client is judged, not the old one", (stage, answer))
        answer = client_of(address="127.0.0.1", name="localhost", port=25000, helo="localhost")
        tap.ok("trusted" in answer.added("X-Trace-Result")[0], "a loopback client with a port is in a trusted network",
               answer.added("X-Trace-Result"))


def listeners(tap):
    """Who is believed depends on the door that the MTA names."""
    conf = CONF + 'listener "inner*" { networks = { 192.0.2.0/24 } }\nlistener "2525" { networks = { 192.0.2.0/24 } }\n'
    with Daemon(conf) as daemon:
        for what, macros, trusted in (("a listener by its name", {"daemon_name": "inner-1"}, True),
                                      ("another one", {"daemon_name": "outer"}, False),
                                      ("a listener by its port", {"daemon_name": "outer", "daemon_port": "2525"}, True),
                                      ("an MTA that does not tell", {}, False)):
            with daemon.session() as session:
                session.begin(macros={"client_port": "40000", **macros})
                level = session.message()[1].added("X-Trace-Result")[0].split(";")[0].strip()
            tap.ok((level == "trusted") == trusted, f"{what}: {level}")


def inet(tap):
    """Over TCP: no wait of 40 ms, and unanswered fields once Postfix was seen."""
    for kind, host in (("inet", "127.0.0.1"), ("inet6", "::1")):
        try:
            port = client.free_port(socket.AF_INET6 if kind == "inet6" else socket.AF_INET)
        except OSError:
            tap.ok(True, f"{kind} # SKIP no such address here")
            continue
        with Daemon(socket_spec=f"{kind}:{port}@{host}") as daemon:
            with daemon.session(software=None) as session:
                tap.ok(not session.steps & client.NR_HEADER, f"{kind}: an MTA without a name is answered each field")
                session.begin()
                session.message()
            with daemon.session() as session:
                session.begin()
            with daemon.session() as session:
                tap.ok(bool(session.steps & client.NR_HEADER), f"{kind}: Postfix was seen, fields are not answered")
                session.begin()
                session.message()
                took = []
                for _ in range(20):
                    began = time.monotonic()
                    session.message()
                    took.append(time.monotonic() - began)
                took.sort()
                tap.ok(took[10] < 0.03, f"{kind}: a message takes {took[10] * 1000:.1f} ms, not 40", took)
            tap.ok(not daemon.wait_log("reachable from other hosts", 0.01), f"{kind}: loopback is no cause to warn")
    port = client.free_port()
    with Daemon(socket_spec=f"inet:{port}@0.0.0.0") as daemon:
        tap.ok("reachable from other hosts" in daemon.log(), "a socket open to all is warned of", daemon.log())


def negotiation(tap):
    """What is asked for, and what is not offered."""
    with Daemon() as daemon:
        with daemon.session() as session:
            tap.ok(session.actions & 0x31 == 0x31, "header edits and quarantine are asked for", hex(session.actions))
            tap.ok(not session.steps & client.NO_BODY and not session.steps & client.NO_EOH,
                   "the body is wanted, for signatures", hex(session.steps))
            tap.ok(session.steps & 0x1F000 == 0 and session.steps & 0x20F == 0,
                   "CONNECT to DATA are wanted and answered", hex(session.steps))
            tap.ok(bool(session.steps & client.NR_HEADER), "over a UNIX socket fields are not answered")
            wanted = {name for names in session.lists.values() for name in names}
            tap.ok({"j", "v", "{client_port}", "{tls_version}", "{auth_authen}", "i"} <= wanted,
                   "macros are asked for", session.lists)
        with daemon.session(actions=0x20, steps=0) as session:
            session.begin()
            stage, answer = session.message()
            tap.ok((stage, answer.word) == ("eom", "continue"), "an MTA that offers little is served", answer)
            tap.ok(not answer.edits, "and not told to edit", answer.edits)
    unsigned = ["-o", "dkim.enable=no", "-o", "arc.enable=no"]
    with Daemon(arguments=unsigned) as daemon, daemon.session() as session:
        tap.ok(session.steps & client.NO_BODY and session.steps & client.NO_EOH,
               "without signatures the body is not wanted", hex(session.steps))
    for word, steps in (("never", 0), ("always", client.NR_HEADER)):
        with Daemon(arguments=["-o", f"milter.no-reply={word}"]) as daemon, daemon.session() as session:
            session.begin()
            answer = session.message()[1]
            tap.ok(session.steps & client.NR_HEADER == steps and answer.word == "continue", f"no-reply = {word}")


def early(tap):
    """Answers before the end do not wait."""
    conf = CONF + 'dns { servers = { "127.0.0.1:%d" } timeout = 500ms tries = 1 deadline = 1s }\n'
    hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hole.bind(("127.0.0.1", 0))
    with hole, Daemon(conf % hole.getsockname()[1], answers=None) as daemon, daemon.session() as session:
        began = time.monotonic()
        session.begin()
        session.mail()
        session.rcpt()
        session.data()
        took = time.monotonic() - began
        tap.ok(took < 0.3, f"CONNECT to DATA take {took * 1000:.0f} ms with a dead name server")
        session.header("Subject", "x")
        session.body()
        answer = session.end()
        took = time.monotonic() - began
        tap.ok(took < 2 and "iprev=temperror" in answer.added("X-Trace-Client")[0],
               f"the end takes {took * 1000:.0f} ms and says temperror", answer.added("X-Trace-Client"))
    for word, wanted in (("accept", "continue"), ("tempfail", "tempfail")):
        hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hole.bind(("127.0.0.1", 0))
        slow = 'dns { servers = { "127.0.0.1:%d" } timeout = 9s tries = 1 deadline = 9s }\n' \
               'milter { deadline = 300ms on-deadline = %s }\nrule "lie" { iprev = fail action = reject }\n'
        with hole, Daemon(CONF + slow % (hole.getsockname()[1], word), answers=None) as daemon:
            with daemon.session() as session:
                session.begin()
                began = time.monotonic()
                stage, answer = session.message()
                took = time.monotonic() - began
            tap.ok(answer.word == wanted and took < 1.5, f"on-deadline = {word}: {answer.word} after "
                   f"{took * 1000:.0f} ms", (answer, daemon.log()))


def undecided(tap):
    """on-deadline = tempfail: only where a rule waits for what is late; line, header and reply agree."""
    conf = 'mode = %s\ntrust { authserv-id = mx.example.org }\nlog { each = message }\n' \
           'dns { servers = { "127.0.0.1:%d" } timeout = 9s tries = 1 deadline = 9s }\n' \
           'milter { deadline = 200ms on-deadline = tempfail }\n%s\n'
    lie = 'rule "t" { iprev = fail action = %s }'
    for mode, rules, late in (("enforce", lie % "reject", True), ("monitor", lie % "reject", True),
                              ("enforce", lie % "quarantine", True), ("enforce", "", False),
                              ("enforce", lie % "tag", False), ("enforce", lie % "accept", False),
                              ("enforce", lie % "reject dry-run = yes", False),
                              ("enforce", 'rule "t" { sender = "zz@*" action = reject }', False),
                              ("enforce", 'rule "t" { client = 192.0.2.0/24 action = accept }' + lie % "reject", False),
                              ("enforce", 'exempt "e" { client = 192.0.2.0/24 }' + lie % "reject", False)):
        hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hole.bind(("127.0.0.1", 0))
        rules = rules.replace('}rule "t"', '} rule "u"')
        with hole, Daemon(conf % (mode, hole.getsockname()[1], rules), answers=None) as daemon:
            with daemon.session() as session:
                session.begin()
                answer = session.message()[1]
            daemon.wait_log(": trace ")
            lines = [line for line in daemon.log().splitlines() if ": trace " in line]
        defers = late and mode == "enforce"
        said = f"{mode}: {rules or 'no rules'}"
        tap.ok(answer.word == ("tempfail" if defers else "continue"), said, answer)
        tap.ok(answer.text.startswith("451 4.4.3 ") == defers, said + ": the reply", answer.text)
        wanted = f" rule=- action={'tempfail' if defers else 'accept'} would=tempfail "
        tap.ok(len(lines) == 1 and (wanted in lines[0] and " reason=on-deadline " in lines[0]) == late and
               ("would=tempfail" in lines[0]) == late, said + ": the one line", lines)
        if not defers:
            result = " ".join("".join(answer.added("X-Trace-Result")).split())
            tap.ok(("action=tempfail; reason=on-deadline; mode=monitor" in result) == late, said + ": the header", result)


sys.exit(client.play([probes, several, odd_orders, clients, listeners, inet, negotiation, early, undecided]))
