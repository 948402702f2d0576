# SPDX-License-Identifier: BSD-2-Clause
"""--milter: the command as an MTA, against a filter that answers what it is told to."""
import os
import random
import socket
import struct
import sys
import threading

from clitest import Directory, Tap, run

tap = Tap()
CONTINUE, ACCEPT, REJECT, TEMPFAIL, DISCARD, SKIP = b"c", b"a", b"r", b"t", b"d", b"s"
MESSAGE = (b"Return-Path: <a@b.example>\nDelivered-To: c@d.example\nX-Trace-Result: forged\n"
           b"Subject: one\n two\n\tthree\nsubject:  x\n\nline\n.\r\nlast")
NO_HELO, NO_HEADER, NR_CONNECT, NR_HEADER, LEADING_SPACE = 0x2, 0x20, 0x1000, 0x80, 0x100000


def frame(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command + data


class Filter:
    """One session.  answers: command byte to a list of frames, each used once; what is not
    there is answered by continue.  frames: what was said, as (command, data)."""

    def __init__(self, answers=None, steps=0, lists=b"", version=6, actions=0x1ff, raw=None, path=None,
                 family=socket.AF_INET,
                 sessions=1):
        self.answers = {k: list(v) for k, v in (answers or {}).items()}
        self.steps, self.lists, self.version, self.actions, self.raw = steps, lists, version, actions, raw
        self.frames, self.sessions = [], sessions
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.name = "unix:" + path
        else:
            self.listener = socket.socket(family)
            self.listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
            self.port = self.listener.getsockname()[1]
            self.name = "inet:%d@127.0.0.1" % self.port if family == socket.AF_INET else "inet6:%d@[::1]" % self.port
        self.listener.listen(4)
        self.listener.settimeout(20)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def read(self, peer, n):
        out = b""
        while len(out) < n:
            piece = peer.recv(n - len(out))
            if not piece:
                raise EOFError
            out += piece
        return out

    def serve(self):
        for _ in range(self.sessions):
            try:
                peer, _ = self.listener.accept()
                peer.settimeout(20)
                with peer:
                    while self.session(peer):
                        pass
            except (EOFError, OSError):
                pass
        self.listener.close()

    def session(self, peer):
        n, = struct.unpack(">I", self.read(peer, 4))
        data = self.read(peer, n)
        command, data = data[:1], data[1:]
        self.frames.append((command, data))
        if command == b"Q":
            return False
        if self.raw is not None:
            peer.sendall(self.raw)
            return False
        if command == b"O":
            peer.sendall(frame(b"O", struct.pack(">III", self.version, self.actions, self.steps) + self.lists))
        elif command not in (b"D", b"A") and not self.is_silent(command):
            answer = self.answers[command].pop(0) if self.answers.get(command) else frame(CONTINUE)
            if answer is None:
                return False
            peer.sendall(answer)
        return True

    def is_silent(self, command):
        return (command == b"C" and self.steps & NR_CONNECT) or (command == b"L" and self.steps & NR_HEADER)

    def end(self):
        self.thread.join(20)
        return self

    def of(self, command):
        return [data for c, data in self.frames if c == command]

    def order(self):
        return b"".join(c for c, _ in self.frames).decode()

    def macros(self, command):
        """Of the first event of that kind."""
        for data in self.of(b"D"):
            if data[:1] == command:
                parts = data[1:].split(b"\0")
                return dict(zip(parts[0::2], parts[1::2]))
        return None


def play(filter_, *args, message=MESSAGE, form="jsonl"):
    result = run("--milter", filter_.name, "-f", form, *args, stdin=message)
    filter_.end()
    return result


def answer_of(result):
    o = result.json()
    return o["answer"], o["stage"]


def dialogue():
    f = Filter({b"E": [frame(ACCEPT)]})
    result = play(f, "--client", "192.0.2.7", "--helo", "mail.example")
    tap.same(answer_of(result), ("accept", "eom"), "accept")
    tap.same(f.order().replace("D", ""), "OCHMRTLLLLLNBEQ", "the events in the order of an MTA")
    tap.same(f.of(b"O")[0], struct.pack(">III", 6, 0x1ff, 0x1fffff), "version 6, all actions, all steps are offered")
    tap.same(f.of(b"C")[0], b"unknown\0004\0\000192.0.2.7\0", "CONNECT")
    tap.same(f.of(b"H")[0], b"mail.example\0", "HELO")
    tap.same((f.of(b"M")[0], f.of(b"R")[0]), (b"<a@b.example>\0", b"<c@d.example>\0"),
             "the envelope of the message's own fields")
    tap.same(f.of(b"L"), [b"Return-Path\0<a@b.example>\0", b"Delivered-To\0c@d.example\0",
                          b"X-Trace-Result\0forged\0",
                          b"Subject\0one\n two\n\tthree\0", b"subject\0 x\0"],
             "fields: folds in LF, one space taken off")
    tap.same(f.of(b"B"), [b"line\r\n.\r\nlast"], "the body with CRLF")
    connect, end = f.macros(b"C"), f.macros(b"E")
    tap.ok(connect and {b"j", b"{daemon_name}", b"{daemon_addr}", b"v", b"_"} == set(connect),
           "Postfix' macros at CONNECT", connect)
    tap.same(connect[b"_"], b"unknown [192.0.2.7]", "the macro _")
    tap.ok(f.macros(b"R") == {b"{rcpt_addr}": b"c@d.example"} and end and set(end) == {b"i"},
           "i is known behind the first recipient")
    o = result.json()
    tap.ok(o["reply"] is None and o["edits"] == [] and o["quarantine"] is None and isinstance(o["held_ms"], int),
           "as JSON", o)
    tap.same(o["offset"], 0, "with the place")

    f = Filter({b"E": [frame(ACCEPT)]})
    play(f, message=b"A: b\n\n")
    tap.same((f.of(b"C")[0], f.of(b"H")[0], f.of(b"M")[0], f.of(b"R")[0]),
             (b"localhost\0004\0\000127.0.0.1\0", b"localhost\0", b"<>\0", b"<recipient@localhost>\0"),
             "what is taken where nothing is said")
    tap.same(f.of(b"B"), [], "no body, no event")
    f = Filter()
    tap.same(answer_of(play(f, "--sender", "<x@y>", "--rcpt", "<p@q>")), ("accept", "eom"),
             "continue at the end is accept")
    tap.same((f.of(b"M")[0], f.of(b"R")[0]), (b"<x@y>\0", b"<p@q>\0"),
             "--sender and --rcpt, with brackets or without")
    f = Filter()
    play(f, "--client", "2001:db8::1")
    tap.same(f.of(b"C")[0], b"unknown\0006\0\0002001:db8::1\0", "a client with IPv6")
    f = Filter()
    play(f, message=b"A: b\0c\nB: d\n\n" + b"x" * 200000)
    tap.ok(f.of(b"L")[0] == b"A\0b\0" and [len(b) for b in f.of(b"B")][0] <= 65535
           and b"".join(f.of(b"B")) == b"x" * 200000,
           "NUL ends a value; a long body goes in pieces")
    f = Filter()
    play(f, message=b"A: " + b"y" * 200000 + b"\n\n")
    tap.ok(50000 < len(f.of(b"L")[0]) < 65535, "a long value is cut")
    two = b"From a Thu Apr  9 10:12:44 2015\nA: 1\n\n\nFrom b Thu Apr  9 10:12:44 2015\nB: 2\n\n"
    f = Filter(sessions=2)
    result = play(f, message=two)
    tap.ok(result.status == 0 and len(result.lines()) == 2 and f.order().count("O") == f.order().count("Q") == 2,
           "each message of an mbox has a session of its own", result.err, f.order())
    f = Filter()
    result = play(f, message=two)
    tap.ok(result.status in (69, 75) and len(result.lines()) == 1,
           "what was answered stands when the filter goes away", result.status, result.err)


def negotiation():
    f = Filter(steps=NO_HELO | NO_HEADER | NR_CONNECT)
    result = play(f)
    tap.same(f.order().replace("D", ""), "OCMRTNBEQ", "events that are not wanted are left out")
    tap.ok(f.macros(b"H") is None and answer_of(result) == ("accept", "eom"),
           "with their macros, and CONNECT is not answered")
    steps = {s["stage"]: s["answer"] for s in result.json()["steps"]}
    tap.same((steps["connect"], steps["helo"], steps["mail"]), ("no-reply", "not-asked", "continue"),
             "the steps tell")
    f = Filter(steps=NR_HEADER)
    play(f)
    tap.same(len(f.of(b"L")), 5, "fields without replies")
    f = Filter(steps=LEADING_SPACE)
    play(f)
    tap.same(f.of(b"L")[3:], [b"Subject\0 one\n two\n\tthree\0", b"subject\0  x\0"],
             "the space is kept where it is wanted")
    lists = (struct.pack(">I",
                         0) + b"{client_addr} {client_name} {client_ptr} {client_resolve} {client_port} no_such\0" +
             struct.pack(">I", 5) + b"i, {mail_addr}\0")
    f = Filter(lists=lists)
    play(f, "--client", "2001:db8::1")
    tap.same(f.macros(b"C"), {b"{client_addr}": b"IPv6:2001:db8::1", b"{client_name}": b"unknown",
                              b"{client_ptr}": b"unknown",
                              b"{client_resolve}": b"TEMP", b"{client_port}": b"0"},
             "macros that the filter asks for")
    tap.same(set(f.macros(b"E")), {b"i", b"{mail_addr}"}, "and at the end of the message")
    tap.same(f.macros(b"T").keys(), {b"i"}, "the others as ever")


def answers():
    f = Filter({b"R": [frame(b"y", b"550 5.7.25 192.0.2.7: no 100%% name %s (ID)\0")]})
    result = play(f)
    tap.same(answer_of(result), ("reject", "rcpt"), "a recipient that is refused, the only one")
    tap.same(result.json()["reply"], {"code": 550, "xcode": "5.7.25", "text": "192.0.2.7: no 100% name s (ID)"},
             "the reply as Postfix passes it on")
    tap.same(f.order().replace("D", ""), "OCHMRAQ", "then ABORT and QUIT")
    f = Filter({b"R": [frame(b"y", b"450 4.7.1 later\0")]})
    result = play(f, "--rcpt", "a@x", "--rcpt", "b@x")
    tap.same(answer_of(result), ("accept", "eom"), "one of two recipients")
    steps = [(s["recipient"], s["answer"]) for s in result.json()["steps"] if s["stage"] == "rcpt"]
    tap.same(steps, [("a@x", "tempfail"), ("b@x", "continue")], "each has its own step")
    stages = {b"C": "connect", b"H": "helo", b"M": "mail", b"T": "data", b"L": "header", b"N": "eoh", b"B": "body",
              b"E": "eom"}
    finals = {REJECT: "reject", TEMPFAIL: "tempfail", ACCEPT: "accept", DISCARD: "discard", b"f": "conn-fail"}
    for command, stage in stages.items():
        for say, word in finals.items():
            f = Filter({command: [frame(say)]})
            result = play(f)
            last = f.frames[-1][0] == b"Q" and [c for c, _ in f.frames if c == command] == [command]
            fine = answer_of(result) == (word, stage) and last
            tap.ok(fine, "%s at %s" % (word, stage), result.out, f.order())
    for reply in (b"550 4.7.1 x\0", b"250 2.0.0 x\0", b"55\0", b"\0", b"5501 x\0", b"abc\0"):
        result = play(Filter({b"E": [frame(b"y", reply)]}))
        tap.ok(answer_of(result) == ("tempfail", "eom") and result.json()["reply"]["xcode"] == "4.3.5"
               and result.json()["note"],
               "malformed: %r" % reply, result.out)
    result = play(Filter({b"E": [frame(b"y", b"550 no enhanced code\0")]}))
    tap.same(result.json()["reply"], {"code": 550, "xcode": None, "text": "no enhanced code"},
             "a reply without an enhanced code")
    result = play(Filter({b"E": [frame(b"y", b"550 " + b" " * 300 + b"5.7.1 x\0")]}))
    tap.ok(result.json()["reply"]["xcode"] is None, "white space before an enhanced code makes it text")
    result = play(Filter({b"E": [frame(b"y", b"550 5.7.1 \x1b[31m\xff" + b"z" * 5000 + b"\0")]}))
    tap.ok(result.json()["reply"]["text"].startswith("\x1b[31m\ufffdzzz"), "hostile bytes in a reply are JSON")
    result = play(Filter({b"E": [frame(b"y", b"550 5.7.1 \x1b[31m\xff\0")]}), form="text")
    tap.ok(b"\x1b" not in result.out and b"\\x1b[31m\\xff" in result.out, "and escaped in text", result.out)
    result = play(Filter({b"E": [frame(b"q", b"held for review\0") + frame(b"p") + frame(CONTINUE)]}))
    tap.ok(answer_of(result) == ("quarantine", "eom") and result.json()["quarantine"] == "held for review",
           "quarantine, with progress before the end")
    result = play(Filter({b"E": [frame(b"q", b"x\0") + frame(REJECT)]}))
    tap.same(answer_of(result), ("reject", "eom"), "a rejection outdoes the quarantine")
    f = Filter({b"B": [frame(SKIP)]})
    result = play(f, message=b"A: 1\n\n" + b"x" * 300000)
    tap.ok(len(f.of(b"B")) == 1 and answer_of(result) == ("accept", "eom"), "skip: no more of the body")


EDITS = (frame(b"m", struct.pack(">I", 1) + b"x-trace-result\0\0") +
         frame(b"m", struct.pack(">I", 2) + b"SUBJECT\0changed\0") +
         frame(b"m", struct.pack(">I", 9) + b"New\0not there\0") +
         frame(b"h", b"Last\0\xff\n\tfold\0") +
         frame(b"i", struct.pack(">I", 1) + b"Second\0s\0") +
         frame(b"i", struct.pack(">I", 0) + b"First\0f\0") +
         frame(b"i", struct.pack(">I", 4) + b"Fourth\0x\0") +
         frame(b"i", struct.pack(">I", 99) + b"End\0e\0") +
         frame(b"+", b"<new@x>\0") + frame(b"-", b"<old@x>\0") + frame(b"e", b"<s@x>\0\0") + frame(b"b", b"body") +
         frame(ACCEPT))


def edits():
    result = play(Filter({b"E": [EDITS]}))
    got = [(e["op"], e["index"], e["name"], e["value"]) for e in result.json()["edits"]]
    tap.same(got[:7], [("delete", 1, "x-trace-result", None), ("change", 2, "SUBJECT", "changed"), ("change", 9,
                                                                                                    "New",
                                                                                                    "not there"),
                       ("add", 0, "Last", "\ufffd\n\tfold"), ("insert", 1, "Second", "s"), ("insert", 0, "First",
                                                                                            "f"),
                       ("insert", 4, "Fourth", "x")], "changes of the header")
    tap.same([g[0] for g in got[8:]], ["add-recipient", "delete-recipient", "change-sender", "replace-body"],
             "and of the rest")
    want = (b"First: f\nSecond: s\n"
            b"Return-Path: <a@b.example>\nFourth: x\nDelivered-To: c@d.example\nSubject: one\n two\n\tthree\n"
            b"subject: changed\nNew: not there\nLast: \xff\n\tfold\nEnd: e\n")
    tap.same(play(Filter({b"E": [EDITS]}), form="headers").out, want, "the header as it leaves the MTA")
    spaced = frame(b"i", struct.pack(">I", 0) + b"First\0 f\0") + frame(ACCEPT)
    out = play(Filter({b"E": [spaced]}, steps=LEADING_SPACE), form="headers").out
    tap.ok(out.startswith(b"First: f\n"), "a value with its space", out)
    text = play(Filter({b"E": [EDITS]}), "-v", form="text").text
    parts = ["ANSWER    accept at eom\n", "  add 0 Last: \\xff fold\n", "  insert 0 First: f\n",
             "HEADER\n  First: f\n"]
    tap.same([part in text for part in parts], [True] * 4, "as text")
    text = play(Filter({b"E": [frame(REJECT)]}), "-v", form="text").text
    tap.ok("HEADER" not in text, "what is refused has no header")
    result = play(Filter({b"E": [frame(REJECT)]}), form="headers")
    tap.ok(result.status == 0 and not result.out and "reject" in result.err, "nor has it with -f headers")
    text = play(Filter({b"R": [frame(b"y", b"550 5.7.1 no\0")]}), "-q", form="text").text
    tap.same(text, "reject at rcpt  550 5.7.1 no  -\n", "-q")
    o = play(Filter(), form="json")
    tap.ok(o.out.count(b"\n") > 5 and o.json()["answer"] == "accept", "json over several lines")


def sockets():
    with Directory() as d:
        for prefix in ("unix:", "local:", ""):
            path = os.path.join(d.path, "s" + prefix.strip(":"))
            f = Filter(path=path)
            f.name = prefix + path
            tap.same(play(f).status, 0, "%sPATH" % prefix)
        tap.same(run("--milter", "unix:" + os.path.join(d.path, "none"), stdin=MESSAGE).status, 69,
                 "no such socket: 69")
    f = Filter()
    f.name = "inet:127.0.0.1:%d" % f.port
    tap.same(play(f).status, 0, "inet:HOST:PORT")
    try:
        f = Filter(family=socket.AF_INET6)
        tap.same(play(f).status, 0, "inet6:PORT@[HOST]")
    except OSError:
        tap.ok(True, "inet6:PORT@[HOST] # SKIP no IPv6 here")
    spare = socket.socket()
    spare.bind(("127.0.0.1", 0))
    result = run("--milter", "inet:%d@127.0.0.1" % spare.getsockname()[1], stdin=MESSAGE)
    tap.ok(result.status == 69 and "refused" in result.err and not result.out, "nobody listens: 69", result.err)
    spare.close()
    for bad in ("tcp:1", "inet:", "inet:@h", "x"):
        tap.same(run("--milter", bad, stdin=MESSAGE).status, 64, "a socket that is none: " + bad)
    tap.same(run("--milter", "unix:/" + "x" * 200, stdin=MESSAGE).status, 64, "a path that is too long")


def trouble():
    ask_too_much = [dict(version=7), dict(version=1), dict(actions=0x200), dict(steps=0x10000000)]
    for want in ask_too_much:
        tap.same(play(Filter(**want)).status, 76, "a filter that asks for what was not offered: %s" % list(want))
    for lists in (b"\0\0", b"\0\0\0\0no end", struct.pack(">I", 7) + b"i\0"):
        tap.same(play(Filter(lists=lists)).status, 76, "a bad list of macros: %r" % lists)
    for raw, status in ((b"220 mx.example ESMTP\r\n" * 3, 76), (b"\0\0\0\0", 76), (b"\xff\xff\xff\xff", 76),
                        (frame(b"c"), 76),
                        (b"", 75), (b"\0\0", 75), (frame(b"O", b"short"), 76)):
        result = play(Filter(raw=raw))
        tap.ok(result.status == status and not result.out and result.err, "%r: %d" % (raw[:12], status),
               result.status, result.err)
    for command in (b"C", b"R", b"L", b"E"):
        result = play(Filter({command: [None]}))
        tap.ok(result.status == 75 and "closed" in result.err, "the filter goes away at %s" % command.decode(),
               result.err)
    for odd in (b"s", b"h", b"Z", b"q"):
        tap.same(play(Filter({b"M": [frame(odd, b"x\0y\0")]})).status, 76, "%s is no answer to MAIL" % odd.decode())
    for bad in (b"m\0\0", b"i\0\0\0\0name", b"hname\0value", b"h\0value\0", b"Z"):
        tap.same(play(Filter({b"E": [frame(bad[:1], bad[1:]) + frame(ACCEPT)]})).status, 76,
                 "a change that is none: %r" % bad)
    result = play(Filter({b"E": [frame(b"h", b"A\0b\0") * 10001 + frame(ACCEPT)]}))
    tap.same(result.status, 76, "too many changes")


def random_answers():
    """Whatever a filter says, the command ends with a status of its own."""
    chance = random.Random(11)
    bad, seen = [], set()
    for round_ in range(60):
        answers = {}
        for command in (b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E"):
            if chance.random() < 0.3:
                blob = bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
                say = bytes([chance.choice(b"yhimq+spO\xff")])
                answers[command] = [frame(say, blob) + frame(CONTINUE)]
        result = play(Filter(answers, steps=chance.choice([0, 0x1fffff, 0x180080, 0x7f])))
        seen.add(result.status)
        if result.status not in (0, 75, 76) or (result.status == 0) != bool(result.out):
            bad.append((round_, result.status, result.err))
        elif result.status == 0:
            result.json()
    tap.ok(not bad and {0, 76} <= seen, "60 filters that answer anything", bad, seen)


for part in (dialogue, negotiation, answers, edits, sockets, trouble, random_answers):
    part()
sys.exit(tap.done())
