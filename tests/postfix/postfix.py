#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mail through a real Postfix, the daemon and a name server, all on loopback and all of this test's own."""
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from instance import HOST, Reply, listens, wait_until  # noqa: E402
from world import (World, fields, lines_with, main, message, nothing_odd_in_the_log, result, trace_id,  # noqa: E402
                   values, want, want_in)

# What the world answers.  192.0.2.10 is honest, .11 has the name of another, .12 has none, and nobody
# answers for .13; .14's server is broken.  173.0.145.21 is an address of real mail (2015).
ANSWERS = """
dns 10.2.0.192.in-addr.arpa PTR good.example.net
dns good.example.net A 192.0.2.10
dns 11.2.0.192.in-addr.arpa PTR wrong.example.net
dns wrong.example.net A 198.51.100.99
dns 12.2.0.192.in-addr.arpa PTR nxdomain
dns 13.2.0.192.in-addr.arpa PTR timeout
dns 14.2.0.192.in-addr.arpa PTR servfail
dns 15.2.0.192.in-addr.arpa PTR silent.example.net
dns silent.example.net * timeout
dns 16.2.0.192.in-addr.arpa PTR hold.example.net
dns hold.example.net A 192.0.2.16
dns 21.145.0.173.in-addr.arpa PTR timeout
dns miho.ribefsfield.com A 66.78.32.6
dns 5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.example.net
dns six.example.net AAAA 2001:db8::25
default nxdomain
"""

CONFIG = """mode = {mode}
milter {{ socket = "inet:{port}@127.0.0.1"  deadline = 5s }}
trust {{ authserv-id = "{host}" }}
dns {{ servers = {{ "127.0.0.1:{dns}" }}  timeout = 300ms  tries = 2  deadline = 2s }}
headers {{ add = {{ X-Trace-Result, X-Trace-Client, X-Trace-Path, X-Trace-Evidence, Authentication-Results }} }}
rule "reverse-dns-mismatch" {{ iprev = {{ fail }}  action = reject
    reply = "550 5.7.25 %{{client.ip}}: reverse DNS does not match (%{{id}})" }}
rule "no-answer" {{ ptr = {{ temperror }}  action = tempfail
    reply = "451 4.7.25 %{{client.ip}}: no answer from reverse DNS (%{{id}})" }}
rule "hold" {{ helo = {{ "hold.example.net" }}  action = quarantine }}
"""

# X-Trace-Evidence is there where there is evidence.
TRACE_FIELDS = ("X-Trace-Result", "X-Trace-Client", "X-Trace-Path", "Authentication-Results")


class Here(World):
    """Two modes, and a daemon that is stopped and started."""

    answers = ANSWERS
    template = CONFIG
    daemons_of = {name: ({"mode": mode}, ()) for name, mode in
                  (("monitor", "monitor"), ("enforce", "enforce"), ("flip", "monitor"))}

    def names_of_ways(self):
        return [*super().names_of_ways(), "strict"]

    def ways(self):
        # A second way into the daemon that is stopped and started: without a default it tempfails (MILTER_README).
        return {**super().ways(), "strict": f"inet:127.0.0.1:{self.daemons['flip'].port}, default_action=tempfail"}


# ---- the cases

def on_top(world):
    for helo, mine in (("good.example.net", TRACE_FIELDS), ("wrong.example.net", (*TRACE_FIELDS, "X-Trace-Evidence"))):
        names = [name for name, _ in world.trace("monitor", helo=helo)]
        want(sorted(names[:len(mine)]) == sorted(mine), "our fields come first", names)
        want(names[len(mine)] == "Received", "Postfix's own Received comes next", names)


def honest_client(world):
    trace = world.trace("enforce")
    client = values(trace, "X-Trace-Client")[0]
    for text in ("ip=192.0.2.10", "ptr=pass", "iprev=pass", "helo-check=pass"):
        want_in(text, client)
    want_in("verified", result(trace))
    found = values(trace, "Authentication-Results")
    want(len(found) == 1 and found[0].startswith(f"{HOST}; iprev=pass policy.iprev=192.0.2.10;"), "A-R", trace)


def forged_fields(world):
    forged = "".join(f"Authentication-Results: {HOST.upper() if i % 2 else HOST}; iprev=pass; x=forged{i}\n"
                     f"X-Trace-Result: verified; id=forged{i}; mode=off\n" for i in range(10))
    forged += "X-TRACE-Anything: forged\nx-trace-client: ip=127.0.0.1; forged\n"
    trace = world.trace("monitor", header=forged)
    # X-Trace-Path has a "forged=" of its own.
    left = [field for field in trace if "forged" in field[1].replace("forged=", "")]
    want(not left, "every forged field is gone", left)
    for name in TRACE_FIELDS:
        want(len(values(trace, name)) == 1, f"one {name}", trace)


def foreign_results_stay(world):
    theirs = "Authentication-Results: mail.elsewhere.example; spf=pass smtp.mailfrom=elsewhere.example"
    trace = world.trace("monitor", header=theirs + "\nX-Tracer: mine\n")
    want(theirs.partition(": ")[2] in values(trace, "Authentication-Results"), "a third party's field stays", trace)
    want(values(trace, "X-Tracer") == ["mine"], "a field of another name stays", trace)


def mismatch_is_refused(world):
    reply = world.refusal("enforce", "192.0.2.11", "wrong.example.net")
    want(reply.code == 550, "550", reply)
    want_in("5.7.25 192.0.2.11: reverse DNS does not match (", reply.text)
    trace_id(reply.text)


def mismatch_is_rehearsed(world):
    trace = world.trace("monitor", "192.0.2.11", "wrong.example.net")
    for text in ("rule=reverse-dns-mismatch", "action=reject", "mode=monitor"):
        want_in(text, result(trace))
    want_in("iprev=fail", values(trace, "Authentication-Results")[0])


def silence_is_temporary(world):
    for address in ("192.0.2.13", "192.0.2.14"):
        reply = world.refusal("enforce", address, "any.example.net")
        want(reply.code == 451, f"451 for {address}", reply)
        want_in("4.7.25", reply.text)


def silent_name_is_no_mismatch(world):
    trace = world.trace("enforce", "192.0.2.15", "other.example.net")
    client = values(trace, "X-Trace-Client")[0]
    want_in("ptr=pass", client)
    want_in("iprev=temperror", client)
    want_in("rule=-", result(trace))


def known_example_delivered(world):
    trace = world.trace("monitor", "173.0.145.21", "miho.ribefsfield.com")
    client = values(trace, "X-Trace-Client")[0]
    for text in ("ip=173.0.145.21", "ptr=temperror", "iprev=temperror", 'helo="miho.ribefsfield.com"',
                 "helo-check=mismatch"):
        want_in(text, client)
    want_in("rule=no-answer", result(trace))
    want_in("action=tempfail", result(trace))
    want_in("helo.mismatch", values(trace, "X-Trace-Evidence")[0])
    want_in("iprev=temperror policy.iprev=173.0.145.21", values(trace, "Authentication-Results")[0])


def known_example_deferred(world):
    reply = world.refusal("enforce", "173.0.145.21", "miho.ribefsfield.com")
    want(reply.code == 451, "451", reply)
    want_in("4.7.25 173.0.145.21: no answer from reverse DNS", reply.text)


def no_name_is_delivered(world):
    trace = world.trace("enforce", "192.0.2.12", "any.example.net")
    want_in("ptr=none", values(trace, "X-Trace-Client")[0])
    # RFC 8601, 2.7.3 has no "none" for iprev.
    want_in("iprev=permerror", values(trace, "Authentication-Results")[0])


def ipv6_client(world):
    if not os.path.exists("/proc/net/if_inet6"):
        return "no IPv6 here"
    trace = world.trace("enforce", "2001:db8::25", "six.example.net")
    client = values(trace, "X-Trace-Client")[0]
    want_in("2001:db8::25", client)
    want_in("iprev=pass", client)
    want_in('policy.iprev="2001:db8::25"', values(trace, "Authentication-Results")[0])
    return None


def many_on_one_connection(world):
    client = world.client("enforce")
    marks = [world.mark() for _ in range(3)]
    for mark in marks:
        client.send(message(mark))
    client.close()
    ids = [trace_id(result(fields(world.mta.delivered(mark)))) for mark in marks]
    want(len(set(ids)) == 3, "an id for each", ids)


def reset(world):
    mark = world.mark()
    client = world.client("enforce")
    client.say("MAIL FROM:<eve@example.net>")
    client.say("RCPT TO:<bert@example.org>")
    client.say("RSET")
    client.say("EHLO good.example.net")
    client.send(message(mark))
    client.close()
    want_in("iprev=pass", values(fields(world.mta.delivered(mark)), "X-Trace-Client")[0])


def refused_then_accepted(world):
    client = world.client("enforce", "192.0.2.11", "wrong.example.net")
    try:
        client.send(message(world.mark()))
        raise AssertionError("was accepted")
    except Reply as reply:
        want(reply.code == 550, "550", reply)
    client.say("RSET")
    mark = world.mark()
    client.send(message(mark), recipients=["postmaster@example.org"])
    client.close()
    want(world.mta.delivered(mark), "the next message of the connection arrives", mark)


def null_sender(world):
    want_in("rule=-", result(world.trace("enforce", sender="")))


def postmaster_is_exempt(world):
    trace = world.trace("enforce", "192.0.2.11", "wrong.example.net", recipients=["postmaster@example.org"])
    want_in("action=accept", result(trace))


def quarantine(world):
    before = world.mta.held()
    mark, queue_id = world.send("enforce", "192.0.2.16", "hold.example.net")
    held = wait_until(lambda: set(world.mta.held()) - set(before), 10)
    want(held == {queue_id}, "it lies in the hold queue", (held, queue_id))
    want(not world.mta.delivered(mark, 0.5), "it is not delivered", mark)


def quarantine_is_rehearsed(world):
    trace = world.trace("monitor", "192.0.2.16", "hold.example.net")
    want_in("action=quarantine", result(trace))


def hostile_bytes(world):
    header = "Received: from \x01\x1b[31m\xff\xfe([1.2.3.4]) by ;;; (((\n\t with \x80\nX-Empty:\n"
    trace = world.trace("enforce", header=header)
    for name in TRACE_FIELDS:
        value = values(trace, name)[0]
        want(all(32 <= ord(c) < 127 for c in value), f"{name} is printable", repr(value))


def one_id_everywhere(world):
    log = world.daemons["enforce"].text
    mark, queue_id = world.send("enforce")
    lines = lines_with(trace_id(result(fields(world.mta.delivered(mark)))), log)
    want(len(lines) == 1, "one line in the log", lines)
    want_in(f"{queue_id}: trace ", lines[0])
    want_in("client=192.0.2.10", lines[0])
    number = trace_id(world.refusal("enforce", "192.0.2.11", "wrong.example.net").text)
    lines = lines_with(number, log)
    want(len(lines) == 1, "a refused message has its line too", lines)
    want_in("action=reject", lines[0])
    want(lines_with(number, world.mta.log), "Postfix logs the reply with it")


def no_message_is_lost(world):
    """200 messages on 20 connections at once; half of the clients have a name that nobody answers for."""
    marks = [[world.mark() for _ in range(10)] for _ in range(20)]
    troubles = []

    def play(i):
        try:
            client = world.client("monitor", "192.0.2.13" if i % 2 else "192.0.2.10", "good.example.net")
            for mark in marks[i]:
                client.send(message(mark))
            client.close()
        except (Reply, OSError) as trouble:
            troubles.append(f"{i}: {trouble}")

    players = [threading.Thread(target=play, args=(i,)) for i in range(len(marks))]
    for player in players:
        player.start()
    for player in players:
        player.join()
    want(not troubles, "every message is accepted", troubles)
    wanted = {mark for some in marks for mark in some}

    def arrived():
        traces = [fields(one) for one in world.mta.mail()]
        return [trace for trace in traces if values(trace, "Subject")[0] in wanted]
    wait_until(lambda: len(arrived()) >= len(wanted), 30, 0.5)
    traces = arrived()
    want(len(traces) == len(wanted), "each arrives once", len(traces))
    want(len({trace_id(result(trace)) for trace in traces}) == len(wanted), "each has an id of its own")


def reload_changes_mode(world):
    daemon = world.daemons["flip"]
    want_in("mode=monitor", result(world.trace("flip", "192.0.2.11", "wrong.example.net")))
    open_one = world.client("flip", "192.0.2.11", "wrong.example.net")
    daemon.configure(mode="enforce")
    daemon.signal(signal.SIGHUP)

    def refused():
        try:
            world.send("flip", "192.0.2.11", "wrong.example.net")
        except Reply as reply:
            return reply.code == 550
        return False
    want(wait_until(refused, 10, 0.2), "the new mode rules", daemon.text()[-500:])
    mark = world.mark()
    open_one.send(message(mark))
    open_one.close()
    want_in("mode=monitor", result(fields(world.mta.delivered(mark))))


def bad_file_keeps_the_old(world):
    daemon = world.daemons["flip"]
    daemon.write("mode = enforced\n")
    daemon.signal(signal.SIGHUP)
    want(wait_until(lambda: "flip.conf:1" in daemon.text(), 10), "the error names file and line", daemon.text()[-500:])
    want(world.refusal("flip", "192.0.2.11", "wrong.example.net").code == 550, "the old rules hold")
    daemon.configure(mode="monitor")
    daemon.signal(signal.SIGHUP)
    want(wait_until(lambda: "mode=monitor" in result(world.trace("flip", helo="good.example.net")), 10), "back")


def drained(world):
    """TERM in the middle of a connection: it is served to its end, and the next daemon takes the next."""
    daemon = world.daemons["flip"]
    mark = world.mark()
    client = world.client("flip")
    client.say("MAIL FROM:<anna@example.net>")
    daemon.signal(signal.SIGTERM)
    wait_until(lambda: not listens(daemon.port), 10)
    client.say("RCPT TO:<bert@example.org>")
    client.say("DATA")
    client.sock.sendall(message(mark).replace(b"\n", b"\r\n") + b".\r\n")
    client.read()
    client.close()
    result(fields(world.mta.delivered(mark)))
    want(wait_until(lambda: not daemon.alive(), 10), "the daemon ends after its last connection", daemon.text()[-500:])
    want(daemon.run.returncode == 0, "with exit status 0", daemon.run.returncode)


def stopped(world):
    """After the case above the daemon is down: mail flows by default_action, and waits where that says so."""
    trace = world.trace("flip")
    want(not values(trace, "X-Trace-Result"), "mail flows untraced", trace)
    want(world.refusal("strict").code == 451, "with default_action=tempfail it waits")


def started_again(world):
    want(world.daemons["flip"].again(), "it starts", world.daemons["flip"].text()[-500:])
    want_in("verified", result(world.trace("flip")))
    want_in("verified", result(world.trace("strict")))


def killed(world):
    """kill -9 in the middle of a message: nothing is lost, and no sender is told that the message is bad."""
    daemon = world.daemons["flip"]
    mark = world.mark()
    client = world.client("flip")
    client.say("MAIL FROM:<anna@example.net>")
    client.say("RCPT TO:<bert@example.org>")
    daemon.signal(signal.SIGKILL)
    daemon.run.wait(10)
    want(daemon.again(), "it starts again", daemon.text()[-500:])
    client.say("RSET")
    client.send(message(mark))
    client.close()
    want(world.mta.delivered(mark), "the message arrives", mark)
    want_in("verified", result(world.trace("flip")))


def nothing_odd(world):
    nothing_odd_in_the_log(world, but=[world.daemons["flip"].port])


CASES = (
    ("the fields stand above Postfix's own Received", on_top),
    ("an honest client is verified", honest_client),
    ("forged fields of ours are gone, ten of each", forged_fields),
    ("fields of a third party stay", foreign_results_stay),
    ("a mismatch is refused in enforce mode, with the id", mismatch_is_refused),
    ("a mismatch is only told in monitor mode", mismatch_is_rehearsed),
    ("a silent or broken name server is 451, never 5xx", silence_is_temporary),
    ("a name whose address nobody tells is no mismatch", silent_name_is_no_mismatch),
    ("173.0.145.21: delivered in monitor mode, with what was found", known_example_delivered),
    ("173.0.145.21: 451 in enforce mode", known_example_deferred),
    ("a client without a name is delivered, iprev=permerror outside", no_name_is_delivered),
    ("a client with an IPv6 address", ipv6_client),
    ("three messages on one connection", many_on_one_connection),
    ("RSET and a second EHLO, then a message", reset),
    ("a refused message, then one that is accepted", refused_then_accepted),
    ("the null sender", null_sender),
    ("mail to postmaster is never refused", postmaster_is_exempt),
    ("quarantine holds the message", quarantine),
    ("quarantine is only told in monitor mode", quarantine_is_rehearsed),
    ("hostile bytes leave our fields printable", hostile_bytes),
    ("one id in reply, header and log", one_id_everywhere),
    ("200 messages on 20 connections, none lost", no_message_is_lost),
    ("HUP changes the mode between two messages, not within a connection", reload_changes_mode),
    ("HUP with a bad file keeps the old one and says where", bad_file_keeps_the_old),
    ("TERM within a connection serves it to the end", drained),
    ("the daemon stopped: mail flows, or waits, as Postfix is told", stopped),
    ("the daemon started again: mail is traced again", started_again),
    ("kill -9 within a connection loses nothing", killed),
    ("Postfix has nothing to complain of", nothing_odd),
)


sys.exit(main(Here, CASES))
