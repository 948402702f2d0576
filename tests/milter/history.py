#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The memory of a host, end to end: a server that passes on strangers' mail is found out by it,
whatever happens to the daemon meanwhile; and what happens to the memory hurts no mail."""
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import client
from client import Daemon

CLI = os.path.join(client.BUILT, "cli", "mailtrace")
PATIENCE = 30           # seconds for what a busy machine may delay
DAY = 86400
NOW = 1795255200        # 2026-11-21 10:00:00 UTC: the daemon's clock stands still
RELAY, GOOD, STRANGER = "203.0.114.25", "192.0.3.7", "192.0.3.8"
ANSWERS = f"""
dns 25.114.0.203.in-addr.arpa PTR relay.example.edu
dns relay.example.edu A {RELAY}
dns 7.3.0.192.in-addr.arpa PTR mail.example.net
dns mail.example.net A {GOOD}
default nxdomain
"""
BASE = """
mode = enforce
trust { authserv-id = "mx.example.org" }
headers { add = { X-Trace-Result, X-Trace-Relay } }
log { each = message }
"""
NEW = 'rule "new" { history = { new } action = tempfail reply = "451 4.7.1 not seen before (%{id})" }\n'
BAD = 'rule "bad" { history = { bad } action = reject reply = "550 5.7.1 seen before (%{id})" }\n'


def shipped(name):
    """A rule as it stands in the file that is installed."""
    with open(os.path.join(client.TOP, "conf", "mailtrace-milter.conf"), encoding="ascii") as source:
        return re.search(r'^rule "%s" \{.*?^\}\n' % name, source.read(), re.M | re.S).group(0)


def new_folder():
    folder = tempfile.mkdtemp(prefix="mt.")
    os.chmod(folder, 0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    return folder


def passed_on(number, address=None):
    """Mail of a stranger to the relay: a network and an organization of his own each time."""
    address = address or f"{50 + number}.{number}.1.9"
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(NOW - 5))
    return f"<a@sender{number}.example>", (
        ("Received", f"from pc.sender{number}.example (pc.sender{number}.example [{address}])\n"
         f"\tby relay.example.edu (Postfix) with ESMTP id 4F{number}x for <b@example.org>; {stamp}"),
        ("From", f"a@sender{number}.example"), ("Subject", "x"))


class Host(Daemon):
    """A daemon with a memory, and what it said of each message.  On a busy machine an answer of the
    memory may come too late; then the same message is sent once more, which tells it nothing new."""

    def __init__(self, folder, rules="", at=NOW, store=None):
        store = store or f'engine = sqlite path = "{folder}/state.db"'
        super().__init__(BASE + rules + "store { %s }\n" % store, answers=ANSWERS, folder=folder,
                         arguments=["--now", str(at)])
        self.sent = 0

    def one(self, address, helo, message):
        with self.session() as session:
            session.begin(address=address, helo=helo)
            answer = session.message(**message)[1]
            session.quit()
        return self.said(answer)

    def said(self, answer):
        self.sent += 1
        self.wait_log(" history=", PATIENCE, self.sent)
        return answer, re.findall(r" history=([a-z-]+) ", self.log())[-1]

    def hears(self, address=GOOD, helo="mail.example.net", skipped=False, **message):
        """The answer, and the word for what was known of the client before."""
        until = time.monotonic() + PATIENCE
        while True:
            answer, known = self.one(address, helo, message)
            if skipped or known != "skipped" or time.monotonic() > until:
                return answer, known

    def relays(self, number, address=None):
        """The same of mail that the relay passed on, and the grade of that."""
        sender, headers = passed_on(number, address)
        answer, known = self.hears(RELAY, "relay.example.edu", sender=sender, headers=headers)
        return answer, known, re.findall(r" relay=([a-z-]+) ", self.log())[-1]

    def becomes(self, wanted):
        """Until its counters are so."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            counters = self.engine_counters()
            if counters and wanted(counters):
                return True
            time.sleep(0.02)
        print("#", {k: v for k, v in counters.items() if k.startswith("store")})
        return False

    def settles(self):
        """Until all that it saw is written."""
        return self.becomes(lambda c: c["store-written"] >= self.sent)


def whole(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def killed(tap):
    """20 messages of 20 strangers; after each the daemon is killed."""
    folder = new_folder()
    grades, answers, kept = [], [], True
    try:
        for number in range(1, 21):
            host = Host(folder, shipped("open-relay"))
            answer, _, grade = host.relays(number)
            grades.append(grade)
            answers.append(answer.word)
            if number <= 6:
                kept = host.hears()[0].word == "continue" and kept
            kept = host.settles() and kept
            host.process.kill()
            host.process.wait()
        tap.ok(kept, "each message is remembered before the daemon is killed")
        tap.ok(grades[:4] == ["unattested"] * 4, "the first four unrelated origins prove nothing", grades)
        tap.ok(grades[4:19] == ["suspect"] * 15, "from the fifth on the server is suspect", grades)
        tap.ok(answers[:19] == ["continue"] * 19, "for which nobody is refused", answers)
        tap.ok(grades[19] == "open" and answers[19] == "reject", "at the twentieth it is open, and refused", grades)
        tap.ok(answer.text.startswith("550 5.7.1 203.0.114.25 is used as an open relay"), "with the reply of the rule",
               answer.text)
        path = os.path.join(folder, "state.db")
        tap.ok(whole(path) and not glob.glob(path + ".corrupt-*"), "killed 20 times, the file is whole")
        later(tap, folder)
    finally:
        shutil.rmtree(folder)


def later(tap, folder):
    """The same memory after a restart, two days later, and when it is all too old."""
    with Host(folder, shipped("open-relay")) as host:
        answer, _, grade = host.relays(21)
        tap.ok(answer.word == "reject" and grade == "open", "a restart forgets nothing", (answer, grade))
        for number in (24, 25):
            host.relays(number)
            host.settles()
        answer, known = host.hears()
        tap.ok(answer.word == "continue" and known == "neutral", "another client is not blamed", (answer, known))
        status, _ = host.stop()
        tap.ok(status == 0, "and it ends as ever", host.log())
    with Host(folder, shipped("open-relay"), at=NOW + 2 * DAY) as host:
        answer, known, grade = host.relays(22)
        tap.ok(answer.word == "continue" and grade == "unattested", "two days later the origins do not count any more",
               (answer, grade))
        tap.ok(known == "bad", "but the server is known for bad mail", known)
        host.hears()
        host.settles()
        answer, known = host.hears()
        tap.ok(answer.word == "continue" and known == "good", "and the other one for good mail", (answer, known))
    with Host(folder, BAD, at=NOW + 2 * DAY) as host:
        answer, _, _ = host.relays(23)
        tap.ok(answer.word == "reject" and "seen before" in answer.text, "a rule on the history refuses", answer)
        tap.ok(host.hears()[0].word == "continue", "and nobody else")
    with Host(folder, shipped("open-relay"), at=NOW + 70 * DAY) as host:
        known = host.relays(24)[1]
        tap.ok(known == "new", "after the days of history nothing is known of it", known)


def one_connection(tap):
    """Many messages on one connection: what came of those before counts."""
    folder = new_folder()
    grades = {}
    try:
        with Host(folder) as host, host.session() as session:
            session.begin(address=RELAY, helo="relay.example.edu")
            until = time.monotonic() + PATIENCE
            while len(grades) < 6 and time.monotonic() < until:
                number = len(grades) + 1
                sender, headers = passed_on(number)
                _, known = host.said(session.message(sender=sender, headers=headers)[1])
                host.settles()
                if known != "skipped":
                    grades[number] = re.findall(r" relay=([a-z-]+) ", host.log())[-1]
            session.quit()
        tap.ok(list(grades.values()) == ["unattested"] * 4 + ["suspect"] * 2, "six messages on one connection", grades)
    finally:
        shutil.rmtree(folder)


def same_as(tap):
    """What lies in one AS is one origin, where a database tells."""
    folder = new_folder()
    database = os.path.join(folder, "asn.mmdb")
    try:
        shutil.copyfile(os.path.join(client.TOP, "tests", "data", "mmdb", "GeoLite2-ASN-Test.mmdb"), database)
        os.chmod(database, 0o644)
        with Host(folder, f'geo {{ asn = "{database}" }}\n') as host:
            if "without libmaxminddb" in host.log():
                tap.ok(True, "origins by their AS numbers # SKIP built without libmaxminddb")
                return
            for number, address in enumerate(("12.88.219.6", "12.86.26.155", "142.217.216.99", "203.1.1.1"), 1):
                host.relays(number, address)
            host.settles()
            with sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True) as db:
                origins = [row[0] for row in db.execute("SELECT value FROM behind WHERE kind = 0 ORDER BY value")]
            tap.ok(origins[:2] == [7018, 35911] and len(origins) == 3, "origins by their AS numbers", origins)
    finally:
        shutil.rmtree(folder)


def first_time(tap):
    """A client that was never seen is deferred once, and is known when it comes again."""
    folder = new_folder()
    try:
        with Host(folder, NEW) as host:
            answer, known = host.hears(STRANGER)
            tap.ok(known == "new" and answer.word == "tempfail" and answer.text.startswith("451 4.7.1 not seen before"),
                   "new: deferred", (known, answer))
            tap.ok(host.settles(), "a refusal is remembered as well")
            answer, known = host.hears(STRANGER)
            tap.ok(answer.word == "continue" and known == "neutral", "and then it is not new any more", (answer, known))
            host.settles()
            answer, known = host.hears("127.0.0.1", skipped=True)
            tap.ok(answer.word == "continue" and known == "skipped", "our own are not remembered", (answer, known))
        with Host(folder, BAD + 'rule "lie" { sender = "liar@*" action = reject }\n') as host:
            for _ in range(3):
                host.hears(STRANGER, sender="<liar@example.com>")
            host.settles()
            heard = [host.hears(STRANGER) for _ in range(2)]
            tap.ok([(a.word, k) for a, k in heard] == [("reject", "bad")] * 2, "three offences make it bad", heard)
            host.settles()
            with sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True) as db:
                seen, bad = db.execute("SELECT seen, bad FROM client").fetchone()
            tap.ok(bad <= seen - 4, "and to be refused for it is no new offence", (seen, bad))
    finally:
        shutil.rmtree(folder)


def broken_off(tap):
    """A message that is broken off with a recipient that was accepted says nothing of its client; one whose
    recipients were all refused does."""
    folder = new_folder()
    try:
        with Host(folder, 'rule "nobody" { recipient = "nobody@*" action = reject }\n') as host:
            host.hears(STRANGER)
            host.settles()
            for recipients, wanted in ((("<nobody@example.org>", "<b@example.org>"), 1), (("<nobody@example.org>",), 2)):
                with host.session() as session:
                    session.begin(address=STRANGER, helo="mail.example.net")
                    session.mail()
                    words = [session.rcpt(recipient).word for recipient in recipients]
                    session.abort()
                    session.quit()
                host.said(None)
                host.becomes(lambda c, most=wanted: c["store-written"] >= most)
                time.sleep(0.3)         # what must not come has no end to wait for
                written = host.engine_counters()["store-written"]
                tap.ok(words[0] == "reject" and written == wanted,
                       f"broken off behind {len(recipients)} recipients, one refused", (words, written))
    finally:
        shutil.rmtree(folder)


def trouble(tap):
    """A file that is damaged, and one that cannot be written: the mail goes on."""
    folder = new_folder()
    path = os.path.join(folder, "state.db")
    try:
        with open(path, "w", encoding="ascii") as out:
            out.write("this is no database, whatever its name says\n" * 500)
        os.chmod(path, 0o666)
        with Host(folder) as host:
            answer, known = host.hears(skipped=True)
            tap.ok(answer.word == "continue" and host.settles(), "a file that is damaged: the mail goes on", answer)
            tap.ok(host.log().count("is damaged: set aside as") == 1 and len(glob.glob(path + ".corrupt-*")) == 1,
                   "it is set aside, which is told once", host.log())
            tap.ok(known == "skipped" and whole(path), "and begun anew, to which nobody is new at first", known)
        os.mkdir(folder + "/closed", 0o555)
        if os.geteuid() == 0:
            shutil.chown(folder + "/closed", "root")
        with Host(folder, NEW + BAD, store=f'engine = sqlite path = "{folder}/closed/state.db"') as host:
            began = time.monotonic()
            heard = [host.hears(skipped=True) for _ in range(8)]
            took = time.monotonic() - began
            tap.ok([(a.word, k) for a, k in heard] == [("continue", "skipped")] * 8,
                   "a directory that cannot be written to: the mail goes on, and no history is no \"new\"", heard)
            tap.ok(took < PATIENCE, f"without a wait ({took:.1f} s)")
            tap.ok(host.becomes(lambda c: c["store-away"] == 1), "it is counted")
            tap.ok(host.log().count("cannot be written to by user") == 1, "and told once", host.log())
    finally:
        shutil.rmtree(folder)


def rehearsal(tap):
    """mailtrace(1) with the settings of the daemon."""
    folder = new_folder()
    path = os.path.join(folder, "state.db")

    def trace():
        done = subprocess.run([CLI, "-f", "json", "-c", os.path.join(folder, "milter.conf"), "--policy", "--answers",
                               os.path.join(folder, "answers"), "--client", GOOD, "--helo", "mail.example.net",
                               "--sender", "a@example.net", "--now", str(NOW),
                               os.path.join(client.TOP, "tests", "data", "mail", "two-hops.eml")],
                              capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
        return json.loads(done.stdout)

    try:
        with Host(folder, NEW) as host:
            host.hears()
            host.settles()
            host.stop()
        before = (os.stat(path).st_mtime_ns, sorted(os.listdir(folder)))
        report = trace()
        tap.ok(report["checks"]["history"]["state"] == "skipped" and report["policy"]["rule"] is None,
               "mailtrace --policy: history is skipped, and no rule on it holds", report["checks"]["history"])
        tap.ok((os.stat(path).st_mtime_ns, sorted(os.listdir(folder))) == before, "the file of the daemon is not touched")
        os.unlink(path)
        trace()
        tap.ok(not os.path.exists(path), "nor is one made")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(client.play([killed, one_connection, same_as, first_time, broken_off, trouble, rehearsal]))
