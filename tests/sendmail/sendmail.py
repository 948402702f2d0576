#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mail through a real Sendmail, the daemon and a name server, in a network of this test's own."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postfix"))

from private import Client, Sendmail, into_own_network, missing  # noqa: E402
from instance import HOST, Reply, listens, wait_until  # noqa: E402
from letters import NOW, dkim_of, in_form, letter, record, sign  # noqa: E402
from world import World, fields, lines_with, main, message, result, trace_id, values, want, want_in  # noqa: E402

ANSWERS = f"""
dns 10.2.0.192.in-addr.arpa PTR good.example.net
dns good.example.net A 192.0.2.10
dns 11.2.0.192.in-addr.arpa PTR wrong.example.net
dns wrong.example.net A 198.51.100.99
dns 13.2.0.192.in-addr.arpa PTR timeout
dns 16.2.0.192.in-addr.arpa PTR hold.example.net
dns hold.example.net A 192.0.2.16
dns 20.2.0.192.in-addr.arpa PTR out.signed.example
dns out.signed.example A 192.0.2.20
dns signed.example TXT "v=spf1 ip4:192.0.2.20 -all"
dns rsa._domainkey.signed.example TXT "{record('rsa2048')}"
dns ed._domainkey.signed.example TXT "{record('ed25519')}"
default nxdomain
"""

CONFIG = """mode = {mode}
milter {{ socket = "inet:{port}@127.0.0.1"  deadline = 5s }}
trust {{ authserv-id = "{host}"  networks = {{ 192.0.2.30 }} }}
dns {{ servers = {{ "127.0.0.1:{dns}" }}  timeout = 300ms  tries = 2  deadline = 2s }}
headers {{ add = {{ X-Trace-Result, X-Trace-Client, X-Trace-Path, X-Trace-Evidence, Authentication-Results }} }}
rule "no-relay" {{ recipient = outside  authenticated = no  action = reject
    reply = "550 5.7.1 %{{client.ip}} may not send through us (%{{id}})" }}
rule "reverse-dns-mismatch" {{ iprev = {{ fail }}  action = reject
    reply = "550 5.7.25 %{{client.ip}}: reverse DNS does not match, 100%% (%{{id}})" }}
rule "no-answer" {{ ptr = {{ temperror }}  action = tempfail
    reply = "451 4.7.25 %{{client.ip}}: no answer from reverse DNS (%{{id}})" }}
rule "hold" {{ helo = {{ "hold.example.net" }}  action = quarantine }}
"""
TRACE_FIELDS = ("X-Trace-Result", "X-Trace-Client", "X-Trace-Path", "Authentication-Results")
OUTSIDE = "eve@elsewhere.example"


class Here(World):
    """Two modes, as two daemons of one Sendmail."""

    answers = ANSWERS
    template = CONFIG
    daemons_of = {"monitor": ({"mode": "monitor"}, ("--now", str(NOW + 60))),
                  "enforce": ({"mode": "enforce"}, ("--now", str(NOW + 60)))}

    def make_mta(self):
        return Sendmail(self.top, self.names_of_ways())

    def ways(self):
        return {name: f"inet:{daemon.port}@127.0.0.1" for name, daemon in self.daemons.items()}

    def client(self, way, address="192.0.2.10", helo="good.example.net"):
        return Client(self.mta.ports[way], address, helo)


def deliver(world, text, way="monitor", address="192.0.2.20", sender="anna@signed.example"):
    """Sends the bytes; what arrives, raw."""
    mark = f"mark-{world.marks}-end"
    client = world.client(way, address, "out.signed.example")
    try:
        client.send(text.replace(b"\n.", b"\n.."), sender)
    finally:
        client.close()
    got = world.mta.delivered(mark)
    want(got, "it arrives", mark)
    return got


# ---- the cases

def on_top(world):
    names = [name for name, _ in world.trace("enforce")]
    want(sorted(names[:4]) == sorted(TRACE_FIELDS), "our fields come first", names)
    want(names[4] == "Received", "Sendmail's own Received comes next", names)


def honest_client(world):
    trace = world.trace("enforce")
    client = values(trace, "X-Trace-Client")[0]
    for text in ("ip=192.0.2.10", "ptr=pass", "iprev=pass", "helo-check=pass"):
        want_in(text, client)
    found = values(trace, "Authentication-Results")
    want(len(found) == 1 and found[0].startswith(f"{HOST}; iprev=pass policy.iprev=192.0.2.10;"), "A-R", found)


def well_formed(world):
    in_form(deliver(world, letter(world.mark())))


def forged_fields(world):
    forged = "".join(f"Authentication-Results: {HOST.upper() if i % 2 else HOST}; iprev=pass; x=forged{i}\n"
                     f"X-Trace-Result: verified; id=forged{i}; mode=off\n" for i in range(10))
    forged += "X-TRACE-Anything: forged\nx-trace-client: ip=127.0.0.1; forged\n"
    theirs = "mail.elsewhere.example; spf=pass smtp.mailfrom=elsewhere.example"
    trace = world.trace("monitor", header=forged + f"Authentication-Results: {theirs}\n")
    left = [field for field in trace if "forged" in field[1].replace("forged=", "")]
    want(not left, "every forged field is gone", left)
    for name in TRACE_FIELDS[:3]:
        want(len(values(trace, name)) == 1, f"one {name}", trace)
    want(theirs in values(trace, "Authentication-Results"), "a third party's field stays", trace)


def mismatch(world):
    reply = world.refusal("enforce", "192.0.2.11", "wrong.example.net")
    want(reply.code == 550, "550", reply)
    # Sendmail puts the recipient between status and text.
    want(reply.text.startswith("5.7.25 "), "the status", reply.text)
    want_in("192.0.2.11: reverse DNS does not match, 100% (", reply.text)
    lines = lines_with(trace_id(reply.text), world.daemons["enforce"].text)
    want(len(lines) == 1, "one line in the log", lines)
    trace = world.trace("monitor", "192.0.2.11", "wrong.example.net")
    for text in ("rule=reverse-dns-mismatch", "action=reject", "mode=monitor"):
        want_in(text, result(trace))


def silence(world):
    reply = world.refusal("enforce", "192.0.2.13", "any.example.net")
    want(reply.code == 451, "451", reply)
    want(reply.text.startswith("4.7.25 "), "the status", reply.text)
    want_in("192.0.2.13: no answer from reverse DNS", reply.text)


def queue_id(world):
    """Sendmail knows it at MAIL."""
    mark, number = world.send("enforce")
    want(world.mta.delivered(mark), "it arrives", mark)
    want(lines_with(f"{number}: trace ", world.daemons["enforce"].text), "the log has it", number)


def quarantine(world):
    mark, number = world.send("enforce", "192.0.2.16", "hold.example.net")
    want(wait_until(lambda: number in world.mta.held(), 10), "it lies in quarantine", (number, world.mta.held()))
    want(not world.mta.delivered(mark, 0.5), "it is not delivered", mark)


def relaying(world):
    """By Sendmail's names for its ways out."""
    reply = world.refusal("enforce", recipients=[OUTSIDE])
    want(reply.code == 550, "550", reply)
    want(reply.text.startswith("5.7.1 "), "the status", reply.text)
    want_in("192.0.2.10 may not send through us (", reply.text)
    client = world.client("enforce", "192.0.2.30", "ours.example.org")
    client.say("MAIL FROM:<anna@example.net>")
    want(client.say(f"RCPT TO:<{OUTSIDE}>")[0] == 250, "our own network may")
    client.close()


def several_recipients(world):
    mark = world.mark()
    client = world.client("enforce")
    client.say("MAIL FROM:<anna@example.net>")
    codes = []
    for one in ("bert@example.org", OUTSIDE, "carl@example.org"):
        try:
            codes.append(client.say(f"RCPT TO:<{one}>")[0])
        except Reply as reply:
            codes.append(reply.code)
    want(codes == [250, 550, 250], "each for itself", codes)
    client.say("DATA")
    client.content(message(mark))
    client.close()
    want(world.mta.delivered(mark), "it goes to the others", mark)


def many_on_one_connection(world):
    client = world.client("enforce")
    marks = [world.mark() for _ in range(3)]
    for mark in marks:
        client.send(message(mark))
    client.say("MAIL FROM:<eve@example.net>")
    client.say("RSET")
    client.close()
    ids = [trace_id(result(fields(world.mta.delivered(mark)))) for mark in marks]
    want(len(set(ids)) == 3, "an id for each", ids)


def signatures(world):
    """What Sendmail gives to a filter is what was signed."""
    for canon in ("relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"):
        for subject in ("A letter", " two spaces", "folded\n\tonce\n  and again"):
            found = dkim_of(deliver(world, sign(letter(world.mark(), subject), "-c", canon)))
            want(len(found) == 1 and found[0].startswith("dkim=pass"), f"{canon}, {subject!r}: pass", found)
    found = dkim_of(deliver(world, sign(letter(world.mark()), "-a", "ed25519-sha256", key="ed25519", selector="ed")))
    want(len(found) == 1 and found[0].startswith("dkim=pass"), "ed25519", found)


def tampered(world):
    for old, new in ((b"A line.", b"A lie."), (b"Subject: A letter", b"Subject: Another")):
        found = dkim_of(deliver(world, sign(letter(world.mark())).replace(old, new)))
        want(len(found) == 1 and found[0].startswith("dkim=fail"), "fail", found)


def large(world):
    body = "".join(f"{i:06}: the quick brown fox jumps over the lazy dog, and again.\n" for i in range(10000))
    found = dkim_of(deliver(world, sign(letter(world.mark(), body=body))))
    want(len(found) == 1 and found[0].startswith("dkim=pass"), "pass", found)


def stripped_after(world):
    forged = f"Authentication-Results: {HOST}; dkim=pass header.d=forged.example\n"
    raw = deliver(world, sign(letter(world.mark(), more=forged), "-h", "authentication-results"))
    found = dkim_of(raw)
    want(len(found) == 1 and found[0].startswith("dkim=pass"), "it is verified first", found)
    want(b"forged.example" not in raw, "and then gone", raw[:3000])


def killed(world):
    """Without the daemon Sendmail lets new mail wait (F=T), and tells no sender that it is bad."""
    daemon = world.daemons["enforce"]
    client = world.client("enforce")
    client.say("MAIL FROM:<anna@example.net>")
    client.say("RCPT TO:<bert@example.org>")
    daemon.signal(signal.SIGKILL)
    daemon.run.wait(10)
    try:
        client.say("DATA")
        client.content(message(world.mark()))
    except Reply as reply:
        want(400 <= reply.code < 500, "a message under way waits", reply)
    client.close()
    wait_until(lambda: not listens(daemon.port), 10)
    try:
        code = world.refusal("enforce").code
    except (AssertionError, OSError) as trouble:
        raise AssertionError("without the daemon it was accepted") from trouble
    want(400 <= code < 500, "new mail waits", code)
    want(daemon.again(), "it starts again", daemon.text()[-500:])
    want_in("verified", result(world.trace("enforce")))


CASES = (
    ("the fields stand above Sendmail's own Received", on_top),
    ("an honest client is verified", honest_client),
    ("each field begins with one space", well_formed),
    ("forged fields of ours are gone, a third party's stays", forged_fields),
    ("a mismatch is 550 with the id in enforce mode, and told in monitor mode", mismatch),
    ("a silent name server is 451", silence),
    ("the queue id stands in the log", queue_id),
    ("quarantine holds the message", quarantine),
    ("a stranger may not send through us, our network may", relaying),
    ("of three recipients one is refused", several_recipients),
    ("three messages on one connection", many_on_one_connection),
    ("signatures, every canonicalization", signatures),
    ("signatures of what was changed", tampered),
    ("a signature over 600 KB", large),
    ("a forged field of ours that is signed: verified first, then taken out", stripped_after),
    ("kill -9: mail waits, and goes on afterwards", killed),
)

if not missing():
    into_own_network()
sys.exit(main(Here, CASES, missing()))
