#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Plays conversations: each *.play file three ways, which must agree.

  engine   in process, through the public header, answers late and in two random orders
  cli      mailtrace --answers FILE --policy
  milter   mailtrace-milter on a loopback socket, asking a name server on loopback that
           delays, drops, refuses, truncates and lies; the message is played to it by
           mailtrace --milter

The language, a directive a line (# begins a comment):

  client IP                 who connects          helo NAME       what it calls itself
  sender ADDR | <>          envelope sender       rcpt ADDR       a recipient (several)
  message FILE              of tests/data/mail   now TIME        what time it is
  field NAME: VALUE         one more field on top of the message; the last one is the topmost
  append TEXT               one more line at its end
  sign KEY DOMAIN SELECTOR [OPTION...]   signs the message as it is then (tests/tools/sign), with
                            tests/data/dkim/KEY.pem, and puts the signature on top
  key NAME KEY [TAG...]     its key record, with such tags behind it, as the answer for this name
  dkim ID                   message and answers of a row of tests/data/dkim/corpus.jsonl
  arc TEST                  message and keys of a test of tests/data/arc/validate.txt; keys that
                            were spoken of before stay as they are
  dns NAME TYPE DATA...     answers, as in mailtrace(1)           default WORD
  wire NAME TYPE MODE       how the name server misbehaves; the answer itself is as said
  set KEY VALUE             a setting
  conf TEXT                 lines of configuration, such as rules; @DATA@/FILE is one of tests/data
  shipped RULE              a rule of conf/mailtrace-milter.conf as it stands there
  only WAY...               leaves the other ways out, with a reason behind #
  unlike WAY...             whose report may differ from the engine's, with a reason behind #
  want SUBJECT VALUE...     what must come out, in each way:
    client.ptr | client.iprev | client.helo   WORD [CAUSE]
    spf | spf-helo | arc | dmarc | relay      WORD [CAUSE]
    dkim WORD[,WORD...] [CAUSE]   of each signature, newest field first; the cause of the first
                            that has one; none
    dnsbl ZONE WORD [CLASS[,CLASS...]] [HOP]   '-' for no class, and for the client itself
    step E1 WORD [TEXT]     of the relay's verdict, and what its sentence holds
    action WORD [RULE]      what the rules say and which rule decided ('-' for none)
    told WORD               what is done to the mail in this mode
    reply CODE XCODE        of that rule          exempt NAME     exemption that held
    level WORD              hops N                trusted N
    proved IP | -           claimed IP | -        boundary N
    evidence CODE           noevidence CODE       any evidence: noevidence *
    json PATH VALUE         any value of the report (dots and indexes)
    stripped N              fields taken out (milter only)
    early WORD [RULE]       what is decided when the recipients are known, and the verdict of the
                            end, too; or undecided (engine only)
    header NAME TEXT        an added header holds this text (milter only)
    noheader NAME TEXT      none does (milter only)
    answer WORD [STAGE]     what the MTA was told (milter only)
    within MSEC             the message was not held longer (milter only)
"""
import base64
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SRC = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
MAIL = os.path.join(SRC, "tests", "data", "mail")
DAEMON = os.path.join(BUILD, "milter", "mailtrace-milter")
CLI = os.path.join(BUILD, "cli", "mailtrace")
ENGINE = os.path.join(BUILD, "tests", "play", "inprocess")
SIGN = os.path.join(BUILD, "tests", "tools", "sign")
KEYS = os.path.join(SRC, "tests", "data", "dkim")
SERVER = os.path.join(BUILD, "tests", "tools", "nameserver")
WAYS = ("engine", "cli", "milter")
# The mail of the tests is of this day, and the clock stands still: no test grows old.
NOW = "2026-11-21T10:05:00Z"
# Patience is cheap where somebody answers; where not, each conversation takes as long as this.
LONG = "dns { timeout = 5s tries = 2 deadline = 15s } milter { deadline = 20s }"
SHORT = "dns { timeout = 300ms tries = 2 deadline = 2s }"
BASE = 'trust { authserv-id = "mx.example.org" }\n'


class Play:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-5]
        self.now = NOW
        self.client = self.helo = self.sender = None
        self.message = "two-hops.eml"
        self.rcpts, self.answers, self.sets, self.conf, self.wants = [], [], [], [], []
        self.bytes = None           # of the message, where it is not the file as it is
        self.ways, self.unlike = WAYS, ()
        self.title = self.name
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            if number == 1 and line.startswith("#"):
                self.title = line[1:].strip().rstrip(".")
            self.directive(path, number, line.rstrip("\n"))

    def directive(self, path, number, line):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if not word or word.startswith("#"):
            return
        if word in ("dns", "wire", "default"):
            self.answers.append(line.strip())
        elif word in ("client", "helo", "sender", "message", "now"):
            setattr(self, word, rest)
        elif word in ("field", "append", "sign"):
            getattr(self, word)(rest)
        elif word == "key":
            name, key, *tags = rest.split()
            record = "; ".join([read(KEYS, key + ".txt").decode().strip()] + tags)
            self.answers.append("dns %s TXT %s" % (name, quoted(record)))
        elif word == "dkim":
            self.take_dkim(rest)
        elif word == "arc":
            self.take_arc(rest)
        elif word == "rcpt":
            self.rcpts.append(rest)
        elif word == "set":
            key, _, value = rest.partition(" ")
            self.sets.append("%s=%s" % (key, value.strip()))
        elif word == "conf":
            self.conf.append(rest)
        elif word == "shipped":
            text = read(SRC, "conf", "mailtrace-milter.conf").decode()
            self.conf.append(re.search(r'^rule "%s" \{.*?^\}' % re.escape(rest), text, re.M | re.S).group())
        elif word == "unlike":
            self.unlike = tuple(rest.partition("#")[0].split())
        elif word == "only":
            self.ways = tuple(rest.partition("#")[0].split())
        elif word == "want":
            self.wants.append(shlex.split(rest))
        else:
            sys.exit("%s:%d: no directive '%s'" % (path, number, word))

    def silent(self):
        """Whether some answer will never come."""
        return any(re.search(r"timeout|^wire .*(drop|wrong-|empty|dead|delay)", a) for a in self.answers)

    def arguments(self, clock=True):
        args = []
        for option, value in (("--now", self.now if clock else None), ("--client", self.client), ("--helo", self.helo),
                              ("--sender", self.sender)):
            if value is not None:
                args += [option, value]
        for rcpt in self.rcpts:
            args += ["--rcpt", rcpt]
        return args

    def text(self):
        return read(MAIL, self.message) if self.bytes is None else self.bytes

    def field(self, line):
        self.bytes = line.encode() + b"\n" + self.text()

    def append(self, line):
        self.bytes = self.text() + line.encode() + b"\n"

    def sign(self, words):
        key, domain, selector, *options = shlex.split(words)
        done = run([SIGN, "-w", "-t", "1795255200"] + options + [os.path.join(KEYS, key + ".pem"), domain, selector],
                   input=self.text())
        if done.returncode != 0:
            raise RuntimeError("sign: " + done.stderr.decode())
        self.bytes = done.stdout

    def take_dkim(self, wanted):
        row = next(r for r in map(json.loads, read(KEYS, "corpus.jsonl").splitlines()) if r["id"] == wanted)
        self.bytes = base64.b64decode(row["message_b64"])
        self.now = str(row["now"]) if "now" in row else self.now
        for record in row["records"]:
            self.answers += ["dns %s TXT %s" % (record["name"], quoted(data)) for data in record["data"]]

    def take_arc(self, wanted):
        keys, lines = [], None
        for line in read(SRC, "tests", "data", "arc", "validate.txt").decode().splitlines():
            if lines is not None and line.startswith("|"):
                lines.append(line[1:])
            elif lines is not None:
                break
            elif line.startswith("scenario "):
                keys = []
            elif line.startswith("key "):
                keys.append(line.split(" ", 2)[1:])
            elif line.split(" ")[:2] == ["test", wanted]:
                lines = []
        self.bytes = "".join(line + "\n" for line in lines).encode()
        self.now = "2017-01-04T00:00:00Z"       # soon after they were written
        said = {a.split()[1] for a in self.answers if a.startswith("dns ")}
        self.answers += ["dns %s TXT %s" % (name, quoted(record)) for name, record in keys if name not in said]

    def message_path(self, folder):
        if self.bytes is None:
            return os.path.join(MAIL, self.message)
        path = os.path.join(folder, "message.eml")
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write(self.bytes)
            os.chmod(path, 0o644)
        return path


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def quoted(text):
    """As strings of an answer, each as long as one may be (RFC 1035, 3.3.14)."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return " ".join('"%s"' % text[i:i + 200] for i in range(0, max(1, len(text)), 200))


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **more)


def report_of(command):
    return json_of(run(command))


def json_of(done):
    try:
        return json.loads(done.stdout.decode())
    except ValueError:
        raise RuntimeError("exit %d, no JSON: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[-400:]))


def write(path, lines):
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    os.chmod(path, 0o644)
    return path


class Way:
    """What one way brought: the report, and what only the milter can tell."""
    def __init__(self, report, told=None, early=None):
        self.report, self.told, self.early = report, told, early


def settings(play, folder, extra=()):
    """Settings as lines of the file, sections merged by the parser itself.  Files that they name
    are copied to where whoever the daemon becomes may read them."""
    def copied(match):
        path = os.path.join(folder, os.path.basename(match.group(1)))
        if not os.path.exists(path):
            shutil.copyfile(os.path.join(SRC, "tests", "data", match.group(1)), path)
            os.chmod(path, 0o644)
        return path
    return [re.sub(r'@DATA@/([^"\s]+)', copied, line) for line in [BASE.strip()] + play.conf + list(extra)]


def by_engine(play, folder, seed):
    conf = write(os.path.join(folder, "engine.conf"), settings(play, folder, as_sections(play.sets)))
    answers = write(os.path.join(folder, "answers"), [a for a in play.answers])
    command = [ENGINE, "--answers", answers, "--config", conf, "--seed", str(seed)]
    wanted = [w for w in play.wants if w[0] == "early"]
    if wanted:                          # long for a verdict that must come, not so for one that must not
        command += ["--early", "300" if wanted[0][1] == "undecided" else "10000"]
    done = run(command + play.arguments() + [play.message_path(folder)])
    early = re.search(r"^early (.*)$", done.stderr.decode("utf-8", "replace"), re.M)
    return Way(json_of(done), early=early.group(1).split() if early else None)


def as_sections(sets):
    lines = []
    for one in sets:
        key, _, value = one.partition("=")
        section, dot, name = key.rpartition(".")
        lines.append("%s { %s = %s }" % (section, name, value) if dot else "%s = %s" % (key, value))
    return lines


def by_cli(play, folder):
    conf = write(os.path.join(folder, "cli.conf"), settings(play, folder, as_sections(play.sets)))
    answers = write(os.path.join(folder, "answers"), [a for a in play.answers])
    return Way(report_of([CLI, "-f", "json", "--answers", answers, "-c", conf, "--policy"] +
                         play.arguments() + [play.message_path(folder)]))


class Daemon:
    """mailtrace-milter on a socket, and the name server that it asks."""
    def __init__(self, folder, answers, conf, now=NOW):
        self.socket, self.log = os.path.join(folder, "milter.sock"), os.path.join(folder, "log")
        self.folder, self.conf, self.now = folder, conf, now
        self.answers = write(os.path.join(folder, "wire-answers"), answers)
        self.server = self.process = None

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        self.server = subprocess.Popen([SERVER, self.answers], stdout=subprocess.PIPE)
        port = self.server.stdout.readline().split()[1].decode()
        conf = write(os.path.join(self.folder, "milter.conf"), [
            BASE.strip(), 'dns { servers = { "127.0.0.1:%s" } }' % port, self.conf,
            "log { to = stderr format = trace }"])
        command = [DAEMON, "-f", "-c", conf, "-p", "unix:" + self.socket, "--now", self.now]
        if os.geteuid() == 0:
            command += ["-u", "nobody"]
            os.chmod(self.folder, 0o777)
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen(command, stderr=f, stdout=f)
        wait_for(lambda: accepts(self.socket), self.process, self.log)

    def __exit__(self, *unused):
        stop(self.process)
        stop(self.server)

    def queries(self):
        """How many questions the name server has had."""
        self.server.send_signal(signal.SIGUSR1)
        return int(self.server.stdout.readline().split()[1])

    def reports(self):
        """Of the messages that it has done with; all of them once it has ended."""
        with open(self.log, encoding="utf-8") as f:
            return [json.loads(line[line.index("{"):]) for line in f if '"mailtrace/1"' in line]


def by_milter(play, folder):
    conf = settings(play, folder, [SHORT if play.silent() else LONG] + as_sections(play.sets))[1:]
    with Daemon(folder, play.answers, "\n".join(conf), play.now) as daemon:
        told = report_of([CLI, "-f", "json", "--milter", "unix:" + daemon.socket] + play.arguments(clock=False) +
                         [play.message_path(folder)])
    reports = daemon.reports()
    return Way(reports[-1] if reports else None, told)


def accepts(path):
    """Whether somebody listens there: a socket has its name some time before that."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def wait_for(ready, process, log):
    for _ in range(1500):
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError("the daemon does not listen: " + open(log, errors="replace").read()[-400:])


def stop(process):
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# ---- what must come out ---------------------------------------------------------------------

def dig(report, path):
    for key in path.split("."):
        if isinstance(report, list):
            report = report[int(key)] if -len(report) <= int(key) < len(report) else None
        elif isinstance(report, dict):
            report = report.get(key)
        else:
            return None
    return report


def word_and_cause(check):
    return [check["state"], check.get("cause") or check.get("reason") or "-"]


def signatures(report):
    found = report["checks"]["dkim"]
    causes = [s["cause"] or s.get("reason") for s in found]
    return [",".join(s["state"] for s in found) or "none", next((c for c in causes if c), "-")]


def listings(report):
    return [[l["zone"], l["state"], ",".join(c for c in l["classes"] if c) or "-", str(l["hop"] or "-")]
            for l in report["checks"]["dnsbl"]]


def check_listing(values, report):
    have = listings(report)
    return None if any(l[:len(values)] == values for l in have) else "have %s" % have


def check_step(values, report):
    step = next(s for s in report["relay"]["steps"] if s["step"] == values[0])
    good = step["holds"] == values[1] and (len(values) < 3 or values[2] in (step["text"] or ""))
    return None if good else "got %s: %s" % (step["holds"], step["text"])


def check(want, way):
    """None, or what is wrong."""
    subject, values = want[0], want[1:]
    r, told = way.report, way.told
    if subject in ("stripped", "header", "noheader", "answer", "within"):
        return check_told(subject, values, told) if told is not None else None
    if subject == "early":
        return None if way.early is None or way.early[:len(values)] == values else "got %s" % " ".join(way.early)
    if r is None:
        return "no report"
    got = {
        "action": lambda: [dig(r, "policy.would"), dig(r, "policy.rule") or "-"],
        "told": lambda: [dig(r, "policy.action")],
        "exempt": lambda: [dig(r, "policy.exempt") or "-"],
        "level": lambda: [dig(r, "verdict.level")],
        "hops": lambda: [len(r["hops"])],
        "trusted": lambda: [sum(1 for h in r["hops"] if h["trusted"])],
        "proved": lambda: [dig(r, "origin.proved.ip") or "-"],
        "claimed": lambda: [dig(r, "origin.claimed.ip") or "-"],
        "boundary": lambda: [dig(r, "boundary.hop")],
        "reply": lambda: (dig(r, "policy.reply") or "-").split()[:2],
        "client.ptr": lambda: [dig(r, "checks.ptr.state"), dig(r, "checks.ptr.cause") or "-"],
        "client.iprev": lambda: [dig(r, "checks.iprev.state"), dig(r, "checks.iprev.cause") or "-"],
        "client.helo": lambda: [dig(r, "checks.helo.state"), dig(r, "checks.helo.cause") or "-"],
        "spf": lambda: word_and_cause(dig(r, "checks.spf.mailfrom")),
        "spf-helo": lambda: word_and_cause(dig(r, "checks.spf.helo")),
        "dkim": lambda: signatures(r),
        "arc": lambda: word_and_cause(dig(r, "checks.arc")),
        "dmarc": lambda: word_and_cause(dig(r, "checks.dmarc")),
        "relay": lambda: word_and_cause(r["relay"]),
        "json": lambda: [values[0], json.dumps(dig(r, values[0])).strip('"')],
    }
    codes = [e["code"] for e in r.get("evidence") or []]
    if subject == "evidence":
        return None if values[0] in codes else "evidence is %s" % codes
    if subject == "noevidence":
        return None if (values[0] != "*" or not codes) and values[0] not in codes else "evidence is %s" % codes
    if subject in ("dnsbl", "step"):
        return (check_listing if subject == "dnsbl" else check_step)(values, r)
    if subject not in got:
        return "no such subject"
    have = [str(v) for v in got[subject]()]
    return None if have[:len(values)] == values else "got %s" % " ".join(have)


def check_told(subject, values, told):
    if subject == "stripped":
        n = sum(1 for e in told["edits"] if e["op"] == "delete" or (e["op"] == "change" and not e["value"]))
        return None if n == int(values[0]) else "stripped %d" % n
    if subject in ("header", "noheader"):
        texts = [re.sub(r"\s+", " ", e["value"] or "") for e in told["edits"]
                 if e["op"] == "insert" and e["name"] == values[0]]
        return None if any(values[1] in t for t in texts) == (subject == "header") else "have %s" % texts
    if subject == "within":
        return None if told["held_ms"] <= float(values[0]) else "held %s ms" % told["held_ms"]
    have = [told["answer"], told.get("stage") or "-"]
    return None if have[:len(values)] == values else "got %s" % " ".join(have)


VOLATILE = {"id", "time", "duration_ms", "ms", "input", "generator"}


def settled(report):
    """The report without what differs from run to run: time, id, duration."""
    def walk(value, key=None):
        if isinstance(value, dict):
            return {k: walk(v, k) for k, v in value.items() if k not in VOLATILE or (k == "id" and key == "hop")}
        if isinstance(value, list):
            return [walk(v, "hop" if key == "hops" else key) for v in value]
        if isinstance(value, str):
            return re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ID", value)
        return value
    out = walk(report)
    for hop in out.get("hops", []):
        if "live" in hop["flags"]:
            hop["date"] = hop["delay_s"] = hop["id"] = None
    return out


def differs(a, b, path=""):
    if type(a) is not type(b):
        return "%s: %r, %r" % (path, a, b)
    if isinstance(a, dict):
        for k in sorted(set(a) | set(b)):
            d = differs(a.get(k), b.get(k), path + "." + k)
            if d:
                return d
        return None
    if isinstance(a, list):
        if len(a) != len(b):
            return "%s: %d and %d items" % (path, len(a), len(b))
        return next((d for d in (differs(x, y, "%s.%d" % (path, i)) for i, (x, y) in enumerate(zip(a, b))) if d), None)
    return None if a == b else "%s: %r, %r" % (path, a, b)


def play_all(path):
    play = Play(path)
    results, brought = [], {}
    with tempfile.TemporaryDirectory(prefix="play-") as folder:
        for way in play.ways:
            try:
                if way == "engine":
                    brought[way] = by_engine(play, folder, 1)
                    again = by_engine(play, folder, 77)
                    d = differs(settled(brought[way].report), settled(again.report))
                    results.append((d is None, "%s, engine: the same in another order" % play.title, d))
                else:
                    brought[way] = (by_cli if way == "cli" else by_milter)(play, folder)
            except (RuntimeError, OSError, ValueError, KeyError, IndexError, subprocess.TimeoutExpired) as e:
                results.append((False, "%s, %s" % (play.title, way), repr(e)))
                continue
            wrong = ["want %s: %s" % (" ".join(w), e) for w in play.wants for e in [check(w, brought[way])] if e]
            results.append((not wrong, "%s, %s" % (play.title, way), "; ".join(wrong)))
    first = brought.get("engine")
    for way in ("cli", "milter"):
        other = brought.get(way)
        if first is None or other is None or other.report is None or way in play.unlike:
            continue
        if dig(other.report, "policy.stage") != dig(first.report, "policy.stage"):
            continue                    # refused before its end: there is less to tell
        d = differs(settled(first.report), settled(other.report))
        results.append((d is None, "%s, %s: the same JSON as in process" % (play.title, way), d))
    return results


def main():
    names = sys.argv[1:] or sorted(
        os.path.join(folder, f) for folder, _, files in os.walk(os.path.join(SRC, "tests", "play"))
        for f in files if f.endswith(".play"))
    number = failed = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for results in pool.map(play_all, names):
            for ok, title, why in results:
                number += 1
                failed += not ok
                print("%sok %d - %s" % ("" if ok else "not ", number, title.replace("#", "")), flush=True)
                if not ok:
                    print("# %s" % str(why).replace("\n", " ")[:600])
    print("# %d conversations" % len(names))
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
