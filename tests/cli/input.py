# SPDX-License-Identifier: BSD-2-Clause
"""Messages in files, mboxes, directories and pipes; any bytes in them."""
import os
import random
import sys

from clitest import Directory, SAMPLE, Tap, run

tap = Tap()
FROM = b"From a@b.example Thu Apr  9 10:12:44 2015\n"


def message(n, body=b"text\n"):
    return (b"Received: from h%d.example (h%d.example [198.51.100.%d])\n"
            b"\tby mx.example.org (Postfix) with ESMTP id A%d;\n"
            b"\tThu, 9 Apr 2015 10:12:44 +0000\nSubject: %d\n\n" % (n, n, n, n, n)) + body


def quiet(*args, **kw):
    """The last bracketed addresses, one a message, and the result."""
    result = run("-q", "--offline", "-f", "jsonl", *args, **kw)
    return [(o["hops"][-1]["from"]["ip"] if o["hops"] else None, o["input"]["offset"])
            for o in result.lines()], result


def mboxes():
    two = FROM + message(1) + b"\n" + FROM + message(2)
    got, result = quiet("-", stdin=two)
    tap.same([ip for ip, _ in got], ["198.51.100.1", "198.51.100.2"], "an mbox of two")
    tap.same([at for _, at in got], [0, two.index(FROM, 1)], "offsets are those of the From_ lines")
    tap.same(result.status, 0, "status 0")
    got, _ = quiet(stdin=two.replace(b"\n", b"\r\n"))
    tap.same(len(got), 2, "the same with CRLF")
    text = b"x\n\nFrom here on it is text\n\nFrom me at 10:30 in May\n"
    got, _ = quiet(stdin=FROM + message(1, text) + b"\n" + FROM + message(2))
    tap.same(len(got), 2, "\"From \" in a text does not split")
    got, _ = quiet(stdin=message(1, b"x\n\n" + FROM + message(2)))
    tap.same([ip for ip, _ in got], ["198.51.100.1"], "a message that is no mbox is not split")
    got, _ = quiet(stdin=FROM + message(3))
    tap.same([ip for ip, _ in got], ["198.51.100.3"], "a message with a From_ line first")
    many = b"".join(FROM + message(n % 250) + b"\n" for n in range(5000))
    got, _ = quiet(stdin=many)
    tap.same(len(got), 5000, "5000 messages from a pipe")
    with Directory() as d:
        got, _ = quiet(d.write("box", many))
        tap.same([ip for ip, _ in got], ["198.51.100.%d" % (n % 250) for n in range(5000)], "and from a file")
        got, result = quiet(d.write("one.eml", message(1)), d.write("box2", two), "-", stdin=message(9))
        tap.same([ip for ip, _ in got], ["198.51.100.1", "198.51.100.1", "198.51.100.2", "198.51.100.9"],
                 "several arguments in their order")
        tap.same([o["input"]["file"] for o in result.lines()][-1], "-", "standard input is called -")


def directories():
    with Directory() as d:
        d.write("Mail/new/3.x", message(3))
        d.write("Mail/cur/1.x:2,S", FROM + message(1, b"x\n\n" + FROM + message(7)))
        d.write("Mail/cur/2.x:2,", message(2))
        d.write("Mail/cur/.hidden", message(8))
        os.makedirs(os.path.join(d.path, "Mail", "cur", "folder"))
        d.write("Mail/tmp/4.x", message(4))
        got, result = quiet(os.path.join(d.path, "Mail"))
        tap.same([ip for ip, _ in got], ["198.51.100.1", "198.51.100.2", "198.51.100.3"],
                 "a Maildir: cur and new, by name, one message a file")
        d.write("eml/b.eml", message(2))
        d.write("eml/a.EML", message(1))
        d.write("eml/c.txt", message(3))
        got, result = quiet(os.path.join(d.path, "eml") + "/")
        tap.same([ip for ip, _ in got], ["198.51.100.1", "198.51.100.2"], "a directory: its .eml files")
        os.makedirs(os.path.join(d.path, "empty"))
        got, result = quiet(os.path.join(d.path, "empty"))
        tap.ok(result.status == 66 and "empty" in result.err, "a directory without mail: 66", result.err)
        os.makedirs(os.path.join(d.path, "box", "cur"))
        os.makedirs(os.path.join(d.path, "box", "new"))
        got, result = quiet(os.path.join(d.path, "box"))
        tap.same(result.status, 66, "an empty Maildir: 66")


def missing():
    result = run("--offline", "/nonexistent/x.eml")
    tap.ok(result.status == 66 and "No such file" in result.err and not result.out, "no file: 66", result.err)
    result = run("--offline", stdin=b"")
    tap.ok(result.status == 66 and "standard input" in result.err, "empty input: 66", result.err)
    result = run("--offline", stdin=b"\n\r\n\n")
    tap.same(result.status, 66, "nothing but empty lines: 66")
    result = run("--offline", "-q", "/nonexistent/x.eml", SAMPLE)
    tap.ok(result.status == 66 and len(result.out.splitlines()) == 1, "the other files are traced all the same")
    with Directory() as d:
        path = d.write("secret.eml", message(1))
        os.chmod(path, 0)
        if os.getuid() != 0:
            tap.same(run("--offline", path).status, 66, "a file that may not be read: 66")
        os.mkdir(os.path.join(d.path, "pipes"))
        os.mkfifo(os.path.join(d.path, "pipes", "fifo.eml"))
        tap.same(run("--offline", os.path.join(d.path, "pipes"), timeout=20).status, 66,
                 "a fifo in a directory is no mail, and does not hang")


def damaged():
    """What stands before the first field, and what is no message."""
    mark = b"\xef\xbb\xbf"
    inner = b"Received: from a (a [203.0.113.9]) by h1.example with ESMTP id B; Thu, 9 Apr 2015 10:12:40 +0000\n"

    def told(bytes_, *args):
        o = run("-f", "jsonl", "--offline", *args, stdin=bytes_).json()
        return o["boundary"]["hop"], o["origin"]["proved"]["ip"], [e["what"] for e in o["errors"]], o
    whole = message(1).replace(b"Subject", inner + b"Subject")
    want = (2, "198.51.100.1", [])
    tap.same(told(whole)[:3], want, "a whole message: no trouble")
    tap.same(told(mark + whole)[:3], want, "a byte order mark does not cost the first field")
    tap.same(told(mark + FROM + whole)[:3], want, "nor before a From_ line")
    with Directory() as d:
        d.write("Mail/new/1", mark + whole)
        d.write("Mail/cur/.x", b"")
        tap.same(quiet(os.path.join(d.path, "Mail"))[0], [("198.51.100.1", 3)], "nor in a Maildir")
        both, _ = quiet(d.write("box", mark + FROM + message(1) + b"\n" + FROM + message(2)))
        tap.same([ip for ip, _ in both], ["198.51.100.1", "198.51.100.2"], "and an mbox is still one")
    for first, name in ((b"\xef\xbb\xbf", "a second mark"), (b"\0", "a NUL"), (b" ", "a blank"), (b"?? ", "text")):
        hop, proved, errors, o = told((mark if first == mark else b"") + first + whole)
        tap.ok((hop, proved) == (None, None) and "header" in errors and not any(h["trusted"] for h in o["hops"])
               and o["hops"][-1]["from"]["ip"] == "203.0.113.9", "%s before the first field: no other line takes its "
               "place" % name, o["boundary"], o["origin"]["proved"], o["errors"], o["hops"])
    text = run("--offline", stdin=b"?" + FROM + whole).text
    tap.ok("  header: malformed: a line above a Received field is no field" in text, "and the report says so", text)
    lines = run("--offline", "--explain", "boundary", stdin=b"x\n" + whole).text
    tap.ok("boundary: a line above it is no field and was left out\n" in lines and "not believed" in lines
           and ": believed" not in lines, "--explain boundary as well", lines)
    for before, name in ((b">" + FROM, "a quoted From_ line"), (b"From me\n", "a From_ line without a date"),
                         (b"Return-Path: <a@b.example>\n", "another field")):
        tap.same(told(before + whole)[:3], want, "%s before the first field is no trouble" % name)
    tap.same(told(whole.replace(b"Subject", b"no field\nSubject"))[:3], want, "nor is a bad line below the last one")
    middle = told(whole.replace(inner, b"no field\n" + inner), "--trust", "198.51.100.1")
    tap.same(middle[:3], (2, "198.51.100.1", ["header"]), "belief goes no further than a bad line in the middle")
    tap.same(told(whole, "--trust", "198.51.100.1")[:2], (1, "203.0.113.9"), "and further without it")
    tap.same(told(b"x\n" + whole, "--client", "192.0.2.7")[:3], (3, "192.0.2.7", ["header"]),
             "the connection is believed in any case")
    for bytes_, name in ((b"\x7fELF\2\1\1\0\0\n" + whole, "a program"), (whole.decode().encode("utf-16"), "UTF-16"),
                         (whole.decode().encode("utf-16-be"), "UTF-16 without a mark"), (b"no field\n", "a text"),
                         (FROM + b"\ntext\n", "an mbox without a header")):
        result = run("--offline", stdin=bytes_)
        tap.ok(result.status == 0 and "  input: malformed: this does not look like a message" in result.text,
               "%s does not look like a message, and is traced" % name, result.text, result.err)


HOSTILE = [
    (b"\0", "a NUL"),
    (b"\xff" * 1000, "no header at all"),
    (b"Received:\n\n", "an empty field"),
    (b"Received: " + b"(" * 100000 + b"\n\n", "100,000 open brackets"),
    (b"Received: from " + b"a" * 2000000 + b"\n\n", "a field of 2 MB"),
    (b"Received: from x\0y by z\0; \0\n\n\0", "NUL in a field"),
    (b"".join(b"Received: from h (h [192.0.2.%d]) by i; Thu, 9 Apr 2015 10:12:44 +0000\n" % (i % 256)
              for i in range(3000)),
     "3000 fields"),
    (b"Received: \x1b]0;title\x07\x1b[31m\xe2\x80\xae\xc2\x9b from [192.0.2.1]\n\n", "what steers a terminal"),
    (b"A:\r\r\r\n\r\n", "lone CR"),
    (b"x" * 600000, "no line end"),
    (b"\n" * 600000 + b"A: b\n", "many empty lines"),
    (b"Received: from x\n" + b" y\n" * 200000, "200,000 folds"),
]


def hostile():
    for bytes_, name in HOSTILE:
        for form in ("text", "json", "headers"):
            result = run("-v", "--offline", "-f", form, stdin=bytes_)
            # Neither C0 nor C1 controls: nothing that steers a terminal.
            fine = result.status == 0 and all(ord(c) in (9, 10) or 32 <= ord(c) < 127 or ord(c) >= 160
                                              for c in result.text)
            if form == "json" and fine:
                fine = result.json()["schema"] == "mailtrace/1"
            tap.ok(fine, "%s, as %s" % (name, form), result.status, result.err[:300])
    chance = random.Random(5)
    with open(SAMPLE, "rb") as f:
        sample = f.read()
    bad = []
    for round_ in range(150):
        mixed = bytearray(FROM + sample)
        for _ in range(chance.randrange(1, 60)):
            byte = chance.choice(b"\0\n\r:;()[]<>\"\\ \t\xff%c" % chance.randrange(256))
            mixed[chance.randrange(len(mixed))] = byte
        result = run("-f", "jsonl", "--offline", stdin=bytes(mixed))
        try:
            if result.status != 0 or not result.lines():
                bad.append((round_, result.status))
        except ValueError:
            bad.append((round_, "no JSON"))
    tap.ok(not bad, "150 damaged messages", bad)


def names():
    with Directory() as d:
        path = os.path.join(os.fsencode(d.path), b"a\x1b[31m\xff\n.eml")
        with open(path, "wb") as f:
            f.write(message(1))
        result = run("-q", "--offline", d.path)
        tap.ok(b"\x1b" not in result.out and b"\\x1b[31m\\xff\\x0a.eml" in result.out, "a file name is escaped",
               result.out)
        result = run("-f", "json", "--offline", d.path)
        tap.ok(result.status == 0 and result.json()["input"]["file"].endswith(".eml"), "and is JSON")
        result = run("--offline", os.path.join(d.path, "\x1b[31m"))
        tap.ok("\x1b" not in result.err and "\\x1b" in result.err, "and so in an error", result.err)


for part in (mboxes, directories, missing, damaged, hostile, names):
    part()
sys.exit(tap.done())
