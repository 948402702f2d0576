#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signed mail, and mail with an SPF and a DMARC record, through a real Postfix: what arrives says who vouched for it.

Messages are signed here with the tests' own keys; the daemons' clock stands still, so that nothing depends on today.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from instance import HOST, Reply  # noqa: E402
from letters import DAY, NOW, dkim_of, findings, in_form, letter, record, sign  # noqa: E402
from world import World, fields, main, nothing_odd_in_the_log, result, want, want_in  # noqa: E402

# .20 may send for signed.example, others may not; nobody said who may for plain.example.
ANSWERS = f"""
dns 20.2.0.192.in-addr.arpa PTR out.signed.example
dns out.signed.example A 192.0.2.20
dns signed.example TXT "v=spf1 ip4:192.0.2.20 -all"
dns _dmarc.signed.example TXT "v=DMARC1; p=reject"
dns slow.example TXT timeout
dns loop.example TXT "v=spf1 include:loop.example -all"
dns rsa._domainkey.signed.example TXT "{record('rsa2048')}"
dns ed._domainkey.signed.example TXT "{record('ed25519')}"
dns wrong._domainkey.signed.example TXT "{record('other')}"
dns short._domainkey.signed.example TXT "{record('rsa768')}"
dns revoked._domainkey.signed.example TXT "v=DKIM1; p="
dns broken._domainkey.signed.example TXT servfail
dns silent._domainkey.signed.example TXT timeout
dns rsa._domainkey.list.example TXT "{record('rsa2048')}"
""" + "".join(f"""dns s{i}._domainkey.signed.example TXT "{record('rsa1024')}"
""" for i in range(10)) + "default nxdomain\n"

CONFIG = """mode = {mode}
milter {{ socket = "inet:{port}@127.0.0.1"  deadline = 5s }}
trust {{ authserv-id = "{host}" }}
dns {{ servers = {{ "127.0.0.1:{dns}" }}  timeout = 300ms  tries = 2  deadline = 2s }}
headers {{ add = {{ X-Trace-Result, X-Trace-Client, X-Trace-Path, X-Trace-Relay, X-Trace-Evidence,
    Authentication-Results }} }}
rule "dmarc" {{ dmarc = {{ fail }}  action = reject  reply = "550 5.7.26 %{{sender}}: DMARC (%{{id}})" }}
"""


class Here(World):
    """One clock at which the signatures are new, and one thirty days later."""

    answers = ANSWERS
    template = CONFIG
    daemons_of = {
        "now": ({"mode": "monitor"}, ("--now", str(NOW + 60))),
        "later": ({"mode": "monitor"}, ("--now", str(NOW + 30 * DAY))),
        "enforce": ({"mode": "enforce"}, ("--now", str(NOW + 60))),
    }


# ---- sending

def send(world, message, way="now", address="192.0.2.20", sender="anna@signed.example"):
    """Sends the bytes; what arrives, raw.  The mark is in the Message-ID."""
    mark = re.search(rb"mark-\d+-end", message).group().decode()
    client = world.client(way, address, "out.signed.example")
    try:
        client.send(message.replace(b"\n.", b"\n.."), sender)
    finally:
        client.close()
    got = world.mta.delivered(mark, 30)
    want(got, "it arrives", mark)
    return got


def passes(raw, **parts):
    found = dkim_of(raw)
    want(len(found) == 1, "one signature", found)
    want_in("dkim=pass", found[0])
    for name, value in parts.items():
        want_in(f"header.{name}={value}", found[0])
    return found[0]


def is_whole(raw, message):
    """What was sent arrives below what was added, byte for byte; the mailbox begins with a lone Return-Path."""
    want(message.rstrip(b"\n") in raw, "the message itself arrives as it was sent", raw[-600:])


# ---- DKIM

def relaxed(world):
    message = sign(letter(world.mark()))
    raw = send(world, message)
    passes(raw, d="signed.example", s="rsa", a="rsa-sha256")
    is_whole(raw, message)
    in_form(raw)


def simple(world):
    """Only as long as nobody takes a space away: values come to us with the white space behind their colon."""
    for subject in ("A letter", " two spaces", "\ttab", "ends with spaces  ", "folded\n\tonce\n  and again"):
        message = sign(letter(world.mark(), subject), "-c", "simple/simple")
        raw = send(world, message)
        passes(raw, s="rsa")
        is_whole(raw, message)
    # And with none.
    message = sign(letter(world.mark()).replace(b"Subject: ", b"Subject:"), "-c", "simple/simple")
    passes(send(world, message))


def mixed(world):
    for canon in ("relaxed/simple", "simple/relaxed"):
        passes(send(world, sign(letter(world.mark()), "-c", canon)))


def ed25519(world):
    raw = send(world, sign(letter(world.mark()), "-a", "ed25519-sha256", key="ed25519", selector="ed"))
    passes(raw, s="ed", a="ed25519-sha256")


def both_algorithms(world):
    message = sign(sign(letter(world.mark())), "-a", "ed25519-sha256", key="ed25519", selector="ed")
    found = dkim_of(send(world, message))
    want([one.split()[0] for one in found] == ["dkim=pass", "dkim=pass"], "both pass", found)
    want_in("header.s=ed", found[0])
    want_in("header.s=rsa", found[1])


def tampered_body(world):
    message = sign(letter(world.mark())).replace(b"A line.", b"A lie.")
    found = dkim_of(send(world, message))
    want(len(found) == 1 and found[0].startswith("dkim=fail"), "fail", found)


def tampered_header(world):
    for canon in ("relaxed/relaxed", "simple/simple"):
        message = sign(letter(world.mark()), "-c", canon).replace(b"Subject: A letter", b"Subject: Another")
        found = dkim_of(send(world, message))
        want(len(found) == 1 and found[0].startswith("dkim=fail"), "fail", found)


def tampered_spaces(world):
    """What relaxed forgives and simple does not."""
    for canon, word in (("relaxed/relaxed", "dkim=pass"), ("simple/simple", "dkim=fail")):
        message = sign(letter(world.mark()), "-c", canon).replace(b"Subject: A letter", b"Subject:  A   letter")
        found = dkim_of(send(world, message))
        want(len(found) == 1 and found[0].startswith(word), f"{canon}: {word}", found)


def expired(world):
    message = sign(letter(world.mark()), "-x", str(DAY))
    passes(send(world, message))
    message = sign(letter(world.mark()), "-x", str(DAY))
    found = dkim_of(send(world, message, "later"))
    want(len(found) == 1 and not found[0].startswith("dkim=pass"), "thirty days later it does not pass", found)
    want_in("expired", found[0])


def wrong_key(world):
    found = dkim_of(send(world, sign(letter(world.mark()), selector="wrong")))
    want(len(found) == 1 and found[0].startswith("dkim=fail"), "fail", found)


def missing_key(world):
    for selector in ("missing", "revoked"):
        found = dkim_of(send(world, sign(letter(world.mark()), selector=selector)))
        want(len(found) == 1 and found[0].startswith("dkim=permerror"), f"{selector}: permerror", found)


def key_that_nobody_tells(world):
    for selector in ("broken", "silent"):
        found = dkim_of(send(world, sign(letter(world.mark()), selector=selector)))
        want(len(found) == 1 and found[0].startswith("dkim=temperror"), f"{selector}: temperror", found)


def short_key(world):
    found = dkim_of(send(world, sign(letter(world.mark()), key="rsa768", selector="short")))
    want(len(found) == 1 and found[0].startswith("dkim=policy"), "policy", found)


def ten_signatures(world):
    message = letter(world.mark())
    for i in range(10):
        message = sign(message, key="rsa1024", selector=f"s{i}")
    found = dkim_of(send(world, message))
    good = [one for one in found if one.startswith("dkim=pass")]
    want(len(good) == 8, "eight are verified", found)
    want(len({re.search(r"header\.s=(\S+)", one).group(1) for one in good}) == 8, "each is another", found)


def broken_beside_good(world):
    """A signature that cannot be read keeps nobody from reading the next."""
    message = b"DKIM-Signature: v=1; a=rsa-sha256; b\nDKIM-Signature:\n" + sign(letter(world.mark()))
    found = dkim_of(send(world, message))
    want(sum(one.startswith("dkim=pass") for one in found) == 1, "the good one passes", found)


def large(world):
    body = "".join(f"{i:06}: the quick brown fox jumps over the lazy dog, and again.\n" for i in range(32500))
    want(len(body) > 2000000, "two megabytes", len(body))
    for canon in ("relaxed/relaxed", "simple/simple"):
        message = sign(letter(world.mark(), body=body), "-c", canon)
        raw = send(world, message)
        passes(raw)
        is_whole(raw, message)


def empty_body(world):
    for canon in ("relaxed/relaxed", "simple/simple"):
        passes(send(world, sign(letter(world.mark(), body=""), "-c", canon)))


def eight_bit(world):
    for canon in ("relaxed/relaxed", "simple/simple"):
        message = sign(letter(world.mark(), "Grüße aus Köln, zum 30.", body="Öl und Æther: 8 bits.\n"), "-c", canon)
        raw = send(world, message)
        passes(raw)
        is_whole(raw, message)


def folded(world):
    subject = "\n ".join(f"part {i} of a subject that goes on for many lines" for i in range(30))
    for canon in ("relaxed/relaxed", "simple/simple"):
        passes(send(world, sign(letter(world.mark(), subject), "-c", canon)))


def many_at_once(world):
    """Three messages on one connection: each is verified by itself."""
    client = world.client("now", "192.0.2.20", "out.signed.example")
    good, bad, unsigned = world.mark(), world.mark(), world.mark()
    client.send(sign(letter(good, body="A line.\n")), "anna@signed.example")
    client.send(sign(letter(bad, body="A line.\n")).replace(b"A line", b"A lie"), "anna@signed.example")
    client.send(letter(unsigned, body="A line.\n"), "anna@signed.example")
    client.close()
    words = [dkim_of(world.mta.delivered(mark))[0].split()[0] for mark in (good, bad, unsigned)]
    want(words == ["dkim=pass", "dkim=fail", "dkim=none"], "pass, fail, none", words)


def stripped_after(world):
    """A field in our name that the signature covers is read for it, and then taken out."""
    for canon in ("relaxed/relaxed", "simple/simple"):
        forged = f"Authentication-Results: {HOST}; dkim=pass header.d=forged.example\n"
        message = sign(letter(world.mark(), more=forged), "-c", canon, "-h", "authentication-results")
        raw = send(world, message)
        passes(raw, d="signed.example")
        want(b"forged.example" not in raw, "the field is gone", raw[:3000])


def kept_with_us(world):
    """A third party's field is neither believed nor touched."""
    theirs = "Authentication-Results: mail.list.example; dkim=fail header.d=signed.example\n"
    message = sign(letter(world.mark(), more=theirs), "-h", "authentication-results")
    raw = send(world, message)
    passes(raw)
    is_whole(raw, message)


# ---- SPF and DMARC

def starting(raw, method):
    found = [one for one in findings(raw) if one.startswith(method + "=")]
    want(found, f"a result of {method}", findings(raw))
    return found[0]


def spf_pass(world):
    raw = send(world, letter(world.mark()))
    found = starting(raw, "spf")
    want(found.startswith("spf=pass"), "pass", found)
    want_in("smtp.mailfrom=signed.example", found)
    dmarc = starting(raw, "dmarc")
    want(dmarc.startswith("dmarc=pass"), "DMARC by SPF alone", dmarc)
    want_in("header.from=signed.example", dmarc)


def spf_fail(world):
    raw = send(world, letter(world.mark()), address="192.0.2.21")
    want(starting(raw, "spf").startswith("spf=fail"), "fail", findings(raw))
    want(starting(raw, "dmarc").startswith("dmarc=fail"), "DMARC", findings(raw))
    want_in("rule=dmarc", result(fields(raw)))
    want_in("action=reject", result(fields(raw)))


def spf_others(world):
    for sender, word in (("anna@plain.example", "none"), ("anna@slow.example", "temperror"),
                         ("anna@loop.example", "permerror")):
        raw = send(world, letter(world.mark()), address="192.0.2.21", sender=sender)
        want(starting(raw, "spf").startswith(f"spf={word}"), f"{sender}: {word}", findings(raw))


def dmarc_by_signature(world):
    """Forwarded: SPF fails, and the signature of the author's domain stands for it."""
    raw = send(world, sign(letter(world.mark())), address="192.0.2.21")
    want(starting(raw, "spf").startswith("spf=fail"), "spf", findings(raw))
    want(starting(raw, "dmarc").startswith("dmarc=pass"), "dmarc", findings(raw))


def dmarc_not_aligned(world):
    """A good signature of somebody else is none of the author's."""
    raw = send(world, sign(letter(world.mark()), domain="list.example"), address="192.0.2.21",
               sender="bounces@list.example")
    passes(raw, d="list.example")
    want(starting(raw, "dmarc").startswith("dmarc=fail"), "dmarc", findings(raw))


def dmarc_enforced(world):
    try:
        send(world, letter(world.mark()), "enforce", "192.0.2.21")
        raise AssertionError("was accepted")
    except Reply as reply:
        want(reply.code == 550, "550", reply)
        want_in("5.7.26", reply.text)
    passes(send(world, sign(letter(world.mark())), "enforce", "192.0.2.21"))


def temporary_is_no_failure(world):
    """A key that nobody tells now is no DMARC failure, and nobody is refused for it."""
    raw = send(world, sign(letter(world.mark()), selector="broken"), "enforce", "192.0.2.21")
    want(starting(raw, "dmarc").startswith("dmarc=temperror"), "temperror", findings(raw))


CASES = (
    ("rsa-sha256, relaxed/relaxed", relaxed),
    ("simple/simple, with every white space behind the colon", simple),
    ("relaxed/simple and simple/relaxed", mixed),
    ("ed25519-sha256", ed25519),
    ("both algorithms on one message", both_algorithms),
    ("a body that was changed", tampered_body),
    ("a field that was changed", tampered_header),
    ("white space that was changed: relaxed passes, simple fails", tampered_spaces),
    ("a signature that has expired", expired),
    ("the key of another", wrong_key),
    ("a key that is not there, and one that was revoked", missing_key),
    ("a key that nobody tells now is temporary", key_that_nobody_tells),
    ("a key that is too short", short_key),
    ("ten signatures: eight are verified", ten_signatures),
    ("a malformed signature beside a good one", broken_beside_good),
    ("a body of two megabytes", large),
    ("no body", empty_body),
    ("8-bit text in header and body", eight_bit),
    ("a field of thirty lines", folded),
    ("three messages on one connection", many_at_once),
    ("a forged field of ours that is signed: verified first, then taken out", stripped_after),
    ("a third party's field stays, and so does its signature", kept_with_us),
    ("SPF pass, and DMARC by it", spf_pass),
    ("SPF fail, and DMARC with it", spf_fail),
    ("SPF none, temperror and permerror", spf_others),
    ("DMARC by the signature alone", dmarc_by_signature),
    ("DMARC: a signature of somebody else", dmarc_not_aligned),
    ("DMARC in enforce mode: 550, and not for what is signed", dmarc_enforced),
    ("DMARC without an answer is temporary", temporary_is_no_failure),
    ("Postfix has nothing to complain of", nothing_odd_in_the_log),
)

sys.exit(main(Here, CASES))
