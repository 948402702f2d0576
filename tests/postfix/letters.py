# SPDX-License-Identifier: BSD-2-Clause
"""Messages that are signed with the tests' own keys, and what our field says of them once they have arrived."""
import os
import re
import subprocess

from instance import HOST
from world import BUILT, TOP, fields, values, want

NOW = 1795255200                # 2026-11-21T10:00:00Z
DAY = 86400
KEYS = os.path.join(TOP, "tests", "data", "dkim")
SIGN = os.path.join(BUILT, "tests", "tools", "sign")


def record(key):
    with open(os.path.join(KEYS, key + ".txt"), encoding="ascii") as text:
        return text.read().strip()


HEADER = """Date: Sat, 21 Nov 2026 09:59:00 +0000
From: Anna <anna@signed.example>
To: Bert <bert@example.org>
Subject: {subject}
Message-ID: <{mark}@signed.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
"""
BODY = "A line.\n\n  Another, with  spaces at its end. \t \n.a dot\n\n\n"


def letter(mark, subject="A letter", more="", body=BODY):
    """The bytes of a message; what is outside of ASCII stands in it as UTF-8."""
    return (HEADER.format(mark=mark, subject=subject) + more + "\n" + body).encode()


def sign(message, *options, key="rsa2048", selector="rsa", domain="signed.example"):
    """The message with one more DKIM-Signature on top."""
    done = subprocess.run([SIGN, "-w", "-t", str(NOW), *options, os.path.join(KEYS, key + ".pem"), domain, selector],
                          input=message, capture_output=True, timeout=60, check=False)
    want(done.returncode == 0, "it can be signed", done.stderr)
    return done.stdout


def findings(raw):
    """The results of our Authentication-Results: [text of each]."""
    found = [value for value in values(fields(raw), "Authentication-Results") if value.startswith(HOST)]
    want(len(found) == 1, "one field is ours", found)
    return found[0].split("; ")[1:]


def dkim_of(raw):
    return [one for one in findings(raw) if one.startswith("dkim=")]


def in_form(raw):
    """Each field of ours begins with exactly one space, and goes on behind a tab."""
    head = raw.partition(b"\n\n")[0].decode("latin-1")
    ours = re.findall(r"^((?:X-Trace-[A-Za-z]+|Authentication-Results):.*(?:\n[ \t].*)*)", head, re.MULTILINE)
    want(len(ours) >= 4, "our fields", head)
    for field in ours:
        first, *more = field.split("\n")
        want(re.match(r"[A-Za-z-]+: [^ \t]", first), "one space behind the colon", repr(first))
        want(all(re.match(r"\t[^ \t]", line) for line in more), "folded lines begin with one tab", more)
        want(all(len(line) < 998 for line in (first, *more)), "no line is too long", field)
