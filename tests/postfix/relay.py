#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Strangers who want to send through a Postfix that would let them: the rule refuses them, and nobody else.

This Postfix holds the whole world for its own network.  Mail for elsewhere goes by the transports that it goes by
anywhere, smtp and relay; here they throw it away.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from instance import Client, Reply, wait_until  # noqa: E402
from world import (World, fields, lines_with, main, message, nothing_odd_in_the_log, result,  # noqa: E402
                   trace_id, values, want, want_in)

ANSWERS = """
dns 10.2.0.192.in-addr.arpa PTR good.example.net
dns good.example.net A 192.0.2.10
dns 30.2.0.192.in-addr.arpa PTR ours.example.org
dns ours.example.org A 192.0.2.30
default nxdomain
"""

CONFIG = """mode = {mode}
milter {{ socket = "inet:{port}@127.0.0.1"  deadline = 5s }}
trust {{ authserv-id = "{host}"  networks = {{ 192.0.2.30 }}  domains = {{ {domains} }} }}
dns {{ servers = {{ "127.0.0.1:{dns}" }}  timeout = 300ms  tries = 2  deadline = 2s }}
rule "no-relay" {{ recipient = outside  authenticated = no  action = reject
    reply = "550 5.7.1 %{{client.ip}} may not send through us (%{{id}})" }}
"""

STRANGER, OURS = "192.0.2.10", "192.0.2.30"
INSIDE, GATEWAY, OUTSIDE = "bert@example.org", "carl@inner.example.org", "eve@elsewhere.example"
OPEN = ("mynetworks = 0.0.0.0/0, [::]/0", "smtpd_relay_restrictions = permit_mynetworks, reject")
# Postfix takes inner.example.org from anybody; and an address at here.example.org with a '%' is led on.
SETTINGS = """mydestination = here.example.org
relay_domains = inner.example.org
default_transport = smtp
relay_transport = relay
transport_maps = inline:{{ leaves.example.org=smtp:[127.0.0.1]:9 }}
allow_percent_hack = yes
"""


class Here(World):
    """Ways by what the administrator said of domains: nothing, and all of them."""

    answers = ANSWERS
    template = CONFIG
    daemons_of = {
        "told": ({"mode": "enforce", "domains": 'example.org, "*.example.org"'}, ()),
        "untold": ({"mode": "enforce", "domains": ""}, ()),
        "monitor": ({"mode": "monitor", "domains": ""}, ()),
    }
    options_of = {name: OPEN for name in daemons_of}
    settings = SETTINGS


def recipients(world, way, addresses, address=STRANGER, login=None):
    """What becomes of each in one message: [reply code], and the queue id, or "" where none was accepted."""
    client = Client(world.mta.ports[way], address, "good.example.net", login=login)
    codes = []
    try:
        client.say("MAIL FROM:<anna@example.net>")
        for one in addresses:
            try:
                codes.append(client.say(f"RCPT TO:<{one}>")[0])
            except Reply as reply:
                codes.append(reply.code)
        if 250 not in codes:
            return codes, ""
        client.say("DATA")
        return codes, client.content(message(world.mark()))
    finally:
        client.close()


def sent(world, queue_id, count=1):
    """Whether Postfix has delivered it so often: its log says so."""
    def done():
        return [line for line in world.mta.log().splitlines()
                if f"{queue_id}: to=" in line and "status=sent" in line]
    return wait_until(lambda: len(done()) == count, 15)


def refused(world):
    """And by the rule, not by Postfix, which would have let it through."""
    for way in ("told", "untold"):
        reply = world.refusal(way, STRANGER, recipients=[OUTSIDE])
        want(reply.code == 550, "550", reply)
        want_in("5.7.1 192.0.2.10 may not send through us (", reply.text)
        lines = lines_with(trace_id(reply.text), world.daemons[way].text)
        want(len(lines) == 1, "one line in the log", lines)
        for text in ("rule=no-relay", "action=reject", f"client={STRANGER}"):
            want_in(text, lines[0])
        want(not [line for line in world.mta.log().splitlines() if "Relay access denied" in line],
             "Postfix itself refused nobody")


def at_rcpt(world):
    client = world.client("told", STRANGER)
    client.say("MAIL FROM:<anna@example.net>")
    try:
        client.say(f"RCPT TO:<{OUTSIDE}>")
        raise AssertionError("the recipient was accepted")
    except Reply as reply:
        want(reply.code == 550, "550", reply)
    finally:
        client.close()


def inside(world):
    for way in ("told", "untold"):
        want_in("rule=-", result(world.trace(way, STRANGER, recipients=[INSIDE])))


def gateway(world):
    """relay_domains: this Postfix takes mail for them from anybody."""
    for way in ("told", "untold"):
        codes, queue_id = recipients(world, way, [GATEWAY])
        want(codes == [250] and sent(world, queue_id), f"{way}: it goes on", codes)


def own_route(world):
    """A domain of ours that leaves by SMTP, by the administrator's own table: he must have said that it is ours."""
    codes, queue_id = recipients(world, "told", ["carl@leaves.example.org"])
    want(codes == [250] and sent(world, queue_id), "named: it goes on", codes)
    want(recipients(world, "untold", ["carl@leaves.example.org"])[0] == [550], "not named: nobody can tell")


def mixed(world):
    """Only who is outside is refused; the others get their mail."""
    codes, queue_id = recipients(world, "told", [INSIDE, OUTSIDE, GATEWAY, "eve@other.example"])
    want(codes == [250, 550, 250, 550], "each for itself", codes)
    want(sent(world, queue_id, 2), "two are sent", queue_id)


def led_on(world):
    """One of ours is asked to pass it on."""
    codes, _ = recipients(world, "told", ["eve%elsewhere.example@here.example.org",
                                          "@example.org:eve@elsewhere.example"])
    want(codes == [550, 550], "both are outside", codes)


def trusted_network(world):
    codes, queue_id = recipients(world, "told", [OUTSIDE], OURS)
    want(codes == [250] and sent(world, queue_id), "it goes out", codes)


def authenticated(world):
    codes, queue_id = recipients(world, "told", [OUTSIDE], STRANGER, login="anna")
    want(codes == [250] and sent(world, queue_id), "it goes out", codes)


def postmaster(world):
    """RFC 5321, 4.5.1: the built-in exemption knows no domains."""
    codes, _ = recipients(world, "told", ["postmaster@example.org", "postmaster"])
    want(codes == [250, 250], "heard", codes)


def rehearsed(world):
    codes, queue_id = recipients(world, "monitor", [OUTSIDE])
    want(codes == [250] and sent(world, queue_id), "it goes out", codes)
    lines = lines_with(f"{queue_id}: trace ", world.daemons["monitor"].text)
    want(len(lines) == 1, "one line in the log", lines)
    for text in ("rule=no-relay", "would=reject"):
        want_in(text, lines[0])


def headers_of_inside(world):
    """What was refused before is not charged to the message that follows on the connection."""
    client = world.client("told", STRANGER)
    client.say("MAIL FROM:<anna@example.net>")
    try:
        client.say(f"RCPT TO:<{OUTSIDE}>")
    except Reply:
        pass
    client.say("RSET")
    mark = world.mark()
    client.send(message(mark))
    client.close()
    trace = fields(world.mta.delivered(mark))
    want_in("rule=-", result(trace))
    want(len(values(trace, "X-Trace-Result")) == 1, "one result", trace)


CASES = (
    ("a stranger is refused, by the rule and not by Postfix", refused),
    ("at RCPT, before the message", at_rcpt),
    ("mail for a domain of ours is taken from anybody", inside),
    ("mail for relay_domains, too", gateway),
    ("a domain of ours that leaves by SMTP", own_route),
    ("of four recipients two are refused", mixed),
    ("an address that one of ours is to pass on", led_on),
    ("our own network sends through us", trusted_network),
    ("who authenticated sends through us", authenticated),
    ("postmaster is heard", postmaster),
    ("monitor mode only tells", rehearsed),
    ("a refused recipient, then a message that is taken", headers_of_inside),
    ("Postfix has nothing to complain of", nothing_odd_in_the_log),
)

sys.exit(main(Here, CASES))
