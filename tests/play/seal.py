# SPDX-License-Identifier: BSD-2-Clause
"""Seals a message (RFC 8617) for tests: one set, rsa-sha256, relaxed forms.

Knows as much of DER and RSA as that takes, so that no library has to be there; what verifies it
is held against the published suite elsewhere (tests/unit/arc.c).
"""
import base64
import hashlib
import re

SIGNED = (b"from", b"to", b"subject", b"date", b"message-id")
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")     # RFC 8017, 9.2, note 1


def integers(der):
    """The integers of a sequence, also within an octet string (PKCS #8)."""
    found = []
    while der:
        tag, size, at = der[0], der[1], 2
        if size & 0x80:
            at += size & 0x7f
            size = int.from_bytes(der[2:at], "big")
        value, der = der[at:at + size], der[at + size:]
        if tag == 0x02:
            found.append(int.from_bytes(value, "big"))
        elif tag == 0x30 or (tag == 0x04 and value[:1] == b"\x30"):
            found += integers(value)
    return found


class Key:
    def __init__(self, pem):
        lines = [line for line in pem.decode().splitlines() if not line.startswith("-----")]
        numbers = integers(base64.b64decode("".join(lines)))
        while numbers[0] < 2 ** 64:             # versions come before the modulus
            numbers.pop(0)
        self.modulus, self.private = numbers[0], numbers[2]

    def sign(self, text):
        size = (self.modulus.bit_length() + 7) // 8
        tail = b"\0" + SHA256 + hashlib.sha256(text).digest()
        block = b"\0\1" + b"\xff" * (size - len(tail) - 2) + tail
        return base64.b64encode(pow(int.from_bytes(block, "big"), self.private, self.modulus).to_bytes(size, "big"))


def relaxed(name, value):
    """RFC 6376, 3.4.2."""
    return name.lower() + b":" + re.sub(rb"[ \t\r\n]+", b" ", value).strip()


def relaxed_body(body):
    """RFC 6376, 3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.replace(b"\r\n", b"\n").split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def fields(header):
    return [tuple(f.split(b":", 1)) for f in re.split(rb"\n(?![ \t])", header)]


def seal(message, pem, domain, selector, results, when):
    """The message with the set i=1 on top.  results: what stands in ARC-Authentication-Results
    behind the name of the sealer."""
    key, header, body = Key(pem), *message.replace(b"\r\n", b"\n").split(b"\n\n", 1)
    last = {name.strip().lower(): value for name, value in fields(header)}
    tags = b"a=rsa-sha256; d=%s; s=%s; t=%d" % (domain.encode(), selector.encode(), when)

    results = b" i=1; %s; %s" % (domain.encode(), results.encode())
    signature = b" i=1; %s; c=relaxed/relaxed; h=%s;\n\tbh=%s;\n\tb=" % (
        tags, b":".join(SIGNED), base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()))
    signed = [relaxed(name, last[name]) for name in SIGNED]
    signature += key.sign(b"\r\n".join(signed + [relaxed(b"ARC-Message-Signature", signature)]))
    whole = b" i=1; cv=none; %s;\n\tb=" % tags
    whole += key.sign(b"\r\n".join([relaxed(b"ARC-Authentication-Results", results),
                                    relaxed(b"ARC-Message-Signature", signature), relaxed(b"ARC-Seal", whole)]))
    return (b"ARC-Seal:" + whole + b"\nARC-Message-Signature:" + signature +
            b"\nARC-Authentication-Results:" + results + b"\n" + header + b"\n\n" + body)
