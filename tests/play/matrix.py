#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every question of a message times every way in which its answer may fail.

A daemon and a name server for each fault; a message for each question, of which all is well
but that one answer.  Every rule would reject, and none may for what is temporary.  What each
check says stands in a table; of times only that none is out of all proportion.
"""
import concurrent.futures
import os
import sys
import tempfile

import play
import seal

DEADLINE = 5                            # s, of one question
HELD_MOST = 20000                       # ms, whatever the machine is doing beside
SPF, DMARC, LIST = "v=spf1 include:_spf.%s -all", "v=DMARC1; p=reject", "bl.example.com"
SPF_PTR = "v=spf1 ptr:%s ~all"          # his who is known by the name of his address alone

CONF = """
mode = enforce
dns { timeout = %(timeout)ds tries = 2 deadline = %(question)ds breaker = 0 }
milter { deadline = %(message)ds }
dnsbl "%(list)s" { code "127.0.0.2" { name = listed-there class = spam } }
rule "list" { dnsbl = { listed } action = reject }
rule "ptr" { ptr = { none, permerror } action = reject }
rule "iprev" { iprev = { fail, none, permerror } action = reject }
rule "helo" { helo = { mismatch, unresolvable, none } action = reject rfc5321-override = yes }
rule "spf" { spf = { fail, softfail, neutral, none, permerror } action = reject }
rule "dkim" { dkim = { fail, neutral, policy, none, permerror } action = reject }
rule "arc" { arc = { fail, none, permerror } action = reject }
rule "dmarc" { dmarc = { fail, none, permerror } action = reject }
"""

# What is well says this.
WELL = {"ptr": "pass", "iprev": "pass", "helo": "pass", "spf": "pass", "dkim": "pass", "arc": "pass", "dmarc": "pass",
        "list": "clean", "action": "accept"}

# Each question: what it is about, and the words that differ where its answer cannot be had
# now, and where there is none for good, the rule with them.
QUESTIONS = {
    "PTR": ("{reverse} PTR", {"ptr": "temperror", "iprev": "temperror"},
            {"ptr": "none", "iprev": "none", "action": "ptr"}),
    "forward": ("mail.{domain} A", {"iprev": "temperror"}, {"iprev": "fail", "action": "iprev"}),
    "HELO A": ("helo.{domain} A", {"helo": "temperror"}, {"helo": "unresolvable", "action": "helo"}),
    "SPF": ("{domain} TXT", {"spf": "temperror"}, {"spf": "none", "action": "spf"}),
    "SPF include": ("_spf.{domain} TXT", {"spf": "temperror"}, {"spf": "permerror", "action": "spf"}),
    "SPF ptr": ("mail.{domain} A", {"iprev": "temperror", "spf": "temperror"},
                {"iprev": "fail", "action": "iprev", "spf": "softfail"}),
    "DKIM key": ("sel._domainkey.{domain} TXT", {"dkim": "temperror"}, {"dkim": "permerror", "action": "dkim"}),
    "ARC key": ("arc._domainkey.seal.{domain} TXT", {"arc": "temperror"}, {"arc": "fail", "action": "arc"}),
    "DMARC": ("_dmarc.{domain} TXT", {"dmarc": "temperror"}, {"dmarc": "none", "action": "dmarc"}),
    "list": ("{listed} A", {"list": "temperror"}, {}),
}

# Each fault: how it is played, what it comes to, and the causes that may be told.
SILENT = {"timeout", "deadline"}
LATE = "late for the message"           # while the question may still take its time
FAULTS = {
    "time-out": ("wire drop", "now", SILENT),
    "SERVFAIL": ("dns servfail", "now", {"servfail"}),
    "REFUSED": ("dns refused", "now", {"refused"}),
    "NXDOMAIN": ("dns nxdomain", "good", {"nxdomain"}),
    "NODATA": ("dns nodata", "good", {"nodata"}),
    "truncated, then TCP": ("wire truncate", "well", set()),
    "truncated, and TCP dead": ("wire truncate-dead", "now", {"network", "timeout"}),
    "garbage": ("dns garbage", "now", {"garbage"}),
    "lame": ("wire lame", "now", {"servfail"}),
    "wrong id": ("wire wrong-id", "now", SILENT),
    "late": ("wire delay=%d" % (DEADLINE * 6000), "now", SILENT),
    LATE: ("wire delay=%d" % (DEADLINE * 6000), "now", {"deadline"}),
}


class Case:
    """One message: names and addresses of its own, so that no case knows of another."""
    def __init__(self, question, number):
        self.question, self.number = question, number
        self.domain = "d%d.net" % number
        self.client = "45.7.9.%d" % (number + 1)
        self.reverse = "%d.9.7.45.in-addr.arpa" % (number + 1)
        self.listed = "%d.9.7.45.%s" % (number + 1, LIST)

    def about(self):
        return QUESTIONS[self.question][0].format(**vars(self))

    def records(self):
        """What the world says where all is well; the list has him in its own case alone."""
        key = play.quoted(play.read(play.KEYS, "rsa2048.txt").decode().strip())
        yield "%s PTR" % self.reverse, "mail.%s" % self.domain
        yield "mail.%s A" % self.domain, self.client
        yield "helo.%s A" % self.domain, self.client
        yield "%s TXT" % self.domain, '"%s"' % ((SPF_PTR if self.question == "SPF ptr" else SPF) % self.domain)
        yield "_spf.%s TXT" % self.domain, '"v=spf1 ip4:%s -all"' % self.client
        yield "sel._domainkey.%s TXT" % self.domain, key
        yield "arc._domainkey.seal.%s TXT" % self.domain, key
        yield "_dmarc.%s TXT" % self.domain, '"%s"' % DMARC
        if self.question == "list":
            yield "%s A" % self.listed, "127.0.0.2"

    def answers(self, played):
        kind, what = played.split(" ", 1)
        lines = ["dns %s %s" % (name, what if kind == "dns" and name == self.about() else data)
                 for name, data in self.records()]
        return lines + (["wire %s %s" % (self.about(), what)] if kind == "wire" else [])

    def message(self):
        text = ("From: Sender <sender@%s>\nTo: user@example.org\nSubject: number %d\n"
                "Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <%d@%s>\n\nHello.\n"
                % (self.domain, self.number, self.number, self.domain)).encode()
        pem = os.path.join(play.KEYS, "rsa2048.pem")
        signed = play.run([play.SIGN, "-w", "-t", "1795255200", pem, self.domain, "sel"], input=text).stdout
        return seal.seal(signed, play.read(pem), "seal." + self.domain, "arc", "arc=none", 1795255200)

    def wanted(self, comes_to):
        want = dict(WELL)
        if comes_to == "well" and self.question == "list":
            want.update({"list": "listed", "action": "list"})
        elif comes_to != "well":
            want.update(QUESTIONS[self.question][1 if comes_to == "now" else 2])
        return want


def words(report):
    """What each check says, and why."""
    checks = report["checks"]
    signature, listing = checks["dkim"][0] if checks["dkim"] else {}, checks["dnsbl"][0] if checks["dnsbl"] else {}
    found = {"ptr": checks["ptr"], "iprev": checks["iprev"], "helo": checks["helo"], "spf": checks["spf"]["mailfrom"],
             "dkim": signature, "arc": checks["arc"], "dmarc": checks["dmarc"], "list": listing}
    return {name: (c.get("state"), c.get("cause")) for name, c in found.items()}


def judge(case, fault, told, report):
    """None, or what is wrong."""
    played, comes_to, causes = FAULTS[fault]
    if report is None:
        return "no report; the answer was %s" % told["answer"]
    want, found, wrong = case.wanted(comes_to), words(report), []
    rejected = want["action"] != "accept"
    # A verdict that was given early leaves later questions without an answer.
    for name, (state, cause) in found.items():
        if state != want[name] and not (rejected and state in ("skipped", None)):
            wrong.append("%s is %s (%s), not %s" % (name, state, cause, want[name]))
        if state == "temperror" and cause not in causes:
            wrong.append("%s for %s" % (name, cause))
    if told["answer"] != ("reject" if rejected else "accept"):
        wrong.append("answered %s" % told["answer"])
    if rejected and report["policy"]["rule"] != want["action"]:
        wrong.append("by rule %s" % report["policy"]["rule"])
    if told["held_ms"] > HELD_MOST:
        wrong.append("held for %s ms" % told["held_ms"])
    return "; ".join(wrong) or None


def session(case, folder, sock):
    path = os.path.join(folder, "%d.eml" % case.number)
    with open(path, "wb") as f:
        f.write(case.message())
    return play.report_of([play.CLI, "-f", "json", "--milter", "unix:" + sock, "--client", case.client, "--helo",
                           "helo." + case.domain, "--sender", "a@" + case.domain, "--rcpt", "user@example.org", path])


def play_fault(fault):
    cases = [Case(question, number) for number, question in enumerate(QUESTIONS)]
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        lines = ["dns 2.0.0.127.%s A 127.0.0.2" % LIST]
        lines += [line for case in cases for line in case.answers(FAULTS[fault][0])]
        conf = CONF % {"list": LIST, "timeout": DEADLINE, "question": 4 * DEADLINE if fault == LATE else DEADLINE,
                       "message": DEADLINE if fault == LATE else 2 * DEADLINE}
        with play.Daemon(folder, lines, conf) as daemon:
            with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
                told = list(pool.map(lambda case: session(case, folder, daemon.socket), cases))
        reports = {report["client"]["ip"]: report for report in daemon.reports()}
    return [(judge(case, fault, t, reports.get(case.client)), fault, case.question) for case, t in zip(cases, told)]


def main():
    number = failed = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for results in pool.map(play_fault, FAULTS):
            for wrong, fault, question in results:
                number += 1
                failed += wrong is not None
                print("%sok %d - %s: %s" % ("not " if wrong else "", number, fault, question), flush=True)
                if wrong:
                    print("# %s" % wrong)
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
