# SPDX-License-Identifier: BSD-2-Clause
"""Reports, options and exit statuses of the command."""
import json
import os
import re
import stat
import sys
import threading
import time

from clitest import DATA, Directory, SAMPLE, TOP, Tap, golden, mask, run, run_on_terminal

tap = Tap()
ANSWERS = os.path.join(DATA, "answers")
HERE = ["-o", "trust.authserv-id=mx.example.org"]
GRADES = ["unknown", "direct", "submission", "internal", "forwarder", "list", "esp", "unattested", "suspect", "open",
          "listed"]
CLIENT = ["--client", "173.0.145.21", "--helo", "miho.ribefsfield.com"]
PASSED_ON = (b"Received: from relay.example.edu (relay.example.edu [203.0.114.25]) by mx.example.org (Postfix) with ESMTP\n"
             b" id 4F2x for <user@example.org>; Sat, 21 Nov 2026 09:59:59 +0000\n"
             b"Received: from pc.example.com (pc.example.com [203.0.115.9]) by relay.example.edu (Postfix) with ESMTP\n"
             b" id 4F1x for <user@example.org>; Sat, 21 Nov 2026 09:59:58 +0000\nFrom: a@example.com\n\nx\n")
RULE = b"""mode = %s
rule "helo-mismatch" {
	helo = { mismatch }
	rfc5321-override = yes
	action = %s
	reply = "%s"
}
"""


def sample():
    with open(SAMPLE, "rb") as f:
        return f.read()


def reports():
    golden(tap, "offline.txt", run("--offline", *HERE, stdin=sample()).text)
    golden(tap, "answers.txt", run("-v", "--answers", ANSWERS, *CLIENT, "--sender", "a@foo.example", "--rcpt",
                                   "you@example.org", *HERE, stdin=sample()).text)
    golden(tap, "answers.headers", run("-f", "headers", "--answers", ANSWERS, *CLIENT, *HERE, stdin=sample()).text)
    golden(tap, "answers.json", json.dumps(run("-f", "json", "--answers", ANSWERS, *CLIENT, *HERE,
                                               stdin=sample()).json(), indent=1) + "\n")
    pretty = run("-f", "json", "--answers", ANSWERS, *CLIENT, *HERE, stdin=sample())
    line = run("-f", "jsonl", "--answers", ANSWERS, *CLIENT, *HERE, stdin=sample())
    tap.ok(pretty.out.count(b"\n") > 20 and line.out.count(b"\n") == 1, "json over many lines, jsonl on one")
    tap.same(mask(json.dumps(pretty.json())), mask(json.dumps(line.json())), "and they say the same")
    trace = line.json()
    tap.same(trace["checks"]["ptr"]["state"], "temperror", "--answers: a time-out is a temperror")
    tap.same(trace["checks"]["helo"]["state"], "mismatch", "--answers: the HELO name is another's")
    tap.same(trace["client"]["ip"], "173.0.145.21", "--client is the client")
    tap.ok("live" in trace["hops"][-1]["flags"], "and the newest hop")
    offline = run("-f", "jsonl", "--offline", *CLIENT, stdin=sample()).json()
    tap.same(offline["checks"]["ptr"]["state"], "skipped", "--offline asks nobody, and says so")
    alone = run("-f", "jsonl", "--offline", stdin=sample()).json()
    tap.ok(alone["client"] is None or alone["client"]["ip"] is None, "without --client there is none")
    tap.ok(not any("live" in hop["flags"] for hop in alone["hops"]), "and no live hop")
    told = run("-f", "jsonl", "--offline", stdin=PASSED_ON).json()
    tap.ok(told["verdict"]["relay"] == "unknown" and told["relay"]["state"] == "skipped" and
           [step["holds"] for step in told["relay"]["steps"]] == ["yes", "unknown", "unknown", "unknown", "unknown"],
           "a relay of which nobody was asked is not held for one", told["relay"])
    listed = run("-f", "jsonl", "--offline", stdin=b"List-Id: <a.example.edu>\n" + PASSED_ON).json()
    tap.same(listed["verdict"]["relay"], "list", "but a list is one, offline as well")


def trust():
    def boundary(*args):
        return [hop["trusted"] for hop in run("-f", "jsonl", "--offline", *args, stdin=sample()).json()["hops"]]
    far = boundary(*CLIENT, "--trust", "173.0.145.0/24")
    near = boundary(*CLIENT, "--trust", "-")
    tap.ok(sum(far) > sum(near), "--trust moves the boundary", far, near)
    both = boundary(*CLIENT, "--trust", "192.0.2.0/24", "--trust", "10.0.0.0/8,173.0.145.0/24")
    tap.same(both, far, "--trust gathers")
    tap.same(boundary(*CLIENT, "-o", "trust.networks=173.0.145.0/24"), far, "the same by -o")


def policy():
    with Directory() as d:
        answers = ["--answers", d.write("answers", b"dns miho.ribefsfield.com A 66.78.32.6\n"), *CLIENT]
        for mode, would, action in ((b"monitor", "reject", "accept"), (b"enforce", "reject", "reject"), (b"off",
                                                                                                         "reject",
                                                                                                         "accept")):
            conf = d.write("m.conf", RULE % (mode, b"reject", b"550 5.7.1 %{client.ip} (%{id})"))
            for args in (["-c", conf], ["-c", conf, "--policy"]):
                verdict = run("-f", "jsonl", *answers, *args, stdin=sample()).json()["policy"]
                tap.same([verdict["rule"], verdict["would"], verdict["action"]], ["helo-mismatch", would, action],
                         "rules of -c in mode %s" % mode.decode())
        none = run("-f", "jsonl", *answers, stdin=sample()).json()["policy"]
        tap.same(none["rule"], None, "without -c and --policy there are no rules")
        line = run("-q", *answers, "-c", conf, stdin=sample()).text
        tap.ok(" rule=helo-mismatch would=reject " in line, "-q names rule and action", line)
        exempt = run("-f", "jsonl", *answers, "-c", conf, "--rcpt", "postmaster@example.org",
                     stdin=sample()).json()["policy"]
        tap.same(exempt["would"], "accept", "--rcpt: postmaster is exempt")
        nobody = run("-f", "jsonl", *answers, "-c", conf, "--rcpt", "postmaster@example.org", "-o",
                     "exempt-default=authenticated", stdin=sample())
        tap.ok(nobody.status == 0 and nobody.json()["policy"]["would"] == "reject", "-o with a key that has no section",
               nobody.out, nobody.err)
        bad = d.write("bad.conf", b"mode = monitor\nmilter { sokcet = \"inet:1@127.0.0.1\" }\n")
        result = run("--offline", "-c", bad, SAMPLE)
        tap.ok(result.status == 78 and "bad.conf:2" in result.err and not result.out, "a bad file: 78, file and line",
               result.err)
        tap.same(run("--offline", "-c", os.path.join(d.path, "none.conf"), SAMPLE).status, 78, "no such file: 78")
    tap.same(run("--offline", "-o", "dns.deadlin=1s", SAMPLE).status, 78, "no such key: 78")
    tap.same(run("--offline", "-o", "dns.deadline=soon", SAMPLE).status, 78, "a bad value: 78")


def statuses():
    answers = ["--answers", ANSWERS, *CLIENT]
    level = run("-f", "jsonl", *answers, stdin=sample()).json()["verdict"]["level"]
    tap.same(level, "unverified", "the sample is unverified")
    for at, want in (("weak", 1), ("medium", 1), ("strong", 1), ("trusted", 1), ("verified", 1), ("unverified", 1),
                     ("suspicious", 0)):
        tap.same(run(*answers, "--fail-on", at, stdin=sample()).status, want, "--fail-on " + at)
    clean = b"Subject: x\n\n"
    tap.same(run("--offline", "--fail-on", "weak", stdin=clean).status, 0, "--fail-on weak without evidence")
    for args in (["-f", "html"], ["-f", "xml"], ["--client", "x"], ["--trust", "x"], ["--fail-on", "x"],
                 ["--no-such"],
                 ["-c"], ["--owner"], ["--traceroute"], ["--ident"], ["--abuse-report"], ["--resume"], ["-j", "2"],
                 ["--now", "x"], ["--color", "x"]):
        result = run("--offline", SAMPLE, *args)
        tap.ok(result.status == 64 and result.err.startswith("mailtrace: ") and not result.out,
               "64: " + " ".join(args), result.status, result.err)
    for args in (["--owner"], ["-j", "2"], ["-f", "html"]):
        tap.ok("not in this build" in run(*args).err, "not in this build: " + args[0])
    result = run("--offline", "-o", "/nonexistent/dir/out", SAMPLE)
    tap.ok(result.status == 73 and "/nonexistent/dir/out" in result.err, "a file that cannot be written: 73",
           result.err)
    if os.path.exists("/dev/full") and stat.S_ISCHR(os.stat("/dev/full").st_mode):
        result = run("--offline", "-o", "/dev/full", SAMPLE)
        tap.ok(result.status == 74 and "No space" in result.err, "a full disk: 74", result.status, result.err)
    with Directory() as d:
        path = d.write("answers", b"dns x.example A 192.0.2.1\ndsn y.example A 192.0.2.1\n")
        result = run("--answers", path, SAMPLE)
        tap.ok(result.status == 65 and "answers:2" in result.err, "a bad file of answers: 65, file and line",
               result.err)
        tap.same(run("--answers", path + "x", SAMPLE).status, 66, "no file of answers: 66")
        out = os.path.join(d.path, "out")
        result = run("--offline", "-f", "jsonl", "-o", out, SAMPLE)
        with open(out) as f:
            tap.ok(result.status == 0 and not result.out and f.read().startswith('{"schema"'), "-o FILE")


def words():
    result = run("-h")
    tap.ok(result.status == 0 and result.text.startswith("usage: mailtrace")
           and all(len(line) <= 100 for line in result.text.splitlines()), "-h")
    result = run("-V")
    tap.ok(result.status == 0 and re.fullmatch(r"mailtrace \d+\.\d+\.\d+\n", result.text), "-V", result.text)
    result = run("--explain", "helo.mismatch")
    tap.ok(result.status == 0 and result.text.startswith("helo.mismatch (strong)\n") and "RFC" in result.text,
           "--explain CODE")
    every = run("--explain", "all", "-f", "jsonl").lines()
    codes = [e["code"] for e in every]
    tap.ok(len(codes) > 5 and len(set(codes)) == len(codes) and all(e["meaning"] and e["basis"] for e in every),
           "--explain all")
    tap.ok(all(re.search(r"RFC \d+|measured|^no standard", e["basis"]) for e in every),
           "each rests on an RFC or a measurement, or says that it does not",
           [e["code"] for e in every if not re.search(r"RFC \d+|measured", e["basis"])])
    alone = [run("--explain", e["code"]) for e in every]
    tap.ok(all(one.status == 0 and one.text.startswith("%s (%s)\n" % (e["code"], e["strength"]))
               and e["basis"] in " ".join(one.text.split()) for one, e in zip(alone, every)), "--explain each code alone")
    text = run("--explain", "all").text
    tap.ok(all("\n%s (" % code in "\n" + text for code in codes), "the same as text")
    result = run("--explain", "relay")
    tap.ok(result.status == 0 and [line[2:4] for line in result.text.splitlines()[1:6]] == ["E1", "E2", "E3", "E4", "E5"] and
           all("\n  %s: " % grade in result.text for grade in GRADES), "--explain relay", result.out)
    told = run("--explain", "relay", "-f", "json").json()
    tap.ok(list(told["steps"]) == ["E1", "E2", "E3", "E4", "E5"] and sorted(told["grades"]) == sorted(GRADES),
           "--explain relay, as JSON", told)
    result = run("--explain", "helo.mismach")
    tap.ok(result.status == 64 and "helo.mismatch" in result.err, "--explain: did you mean", result.err)
    result = run("--explain", "xyzzy")
    tap.ok(result.status == 64 and "did you mean" not in result.err, "--explain: nothing near", result.err)
    with open(os.path.join(TOP, "man", "mailtrace.1"), encoding="utf-8") as f:
        manual = f.read()
    options = set(re.findall(r"--([a-z-]+)", run("-h").text))
    missing = [o for o in sorted(options) if "Fl -" + o not in manual.replace("\\-", "-")]
    tap.ok(options and not missing, "the manual has every option of -h", missing)
    refused = re.search(r"\n\.Pp\n\.Fl ([^\n]+)\nand the format\n\.Cm html\nare not in this build", manual)
    refused = refused.group(1).split(" , ") if refused else []
    tap.ok(len(refused) > 3 and all("not in this build" in run("-" + o, *(["2"] if o == "j" else [])).err
                                    for o in refused), "what the manual says is not in this build is refused", refused)
    for args, said in ((["--milter", "inet:1@h", "-c", "/nonexistent"], "-c does not go with it"),
                       (["--milter", "inet:1@h", "-o", "mode=enforce"], "-o KEY=VALUE does not go with it"),
                       (["-c", "a", "-c", "b"], '-c is given twice: "a" and "b"'),
                       (["--offline", "--answers", ANSWERS], "only one of them")):
        result = run(*args, SAMPLE)
        tap.ok(result.status == 64 and said in result.err and not result.out, "64: " + " ".join(args[:3]), result.err)


def colors():
    plain = run("--offline", SAMPLE).out
    tap.ok(b"\x1b" not in plain, "no colours in a pipe")
    tap.ok(b"\x1b[" in run("--offline", "--color", "always", SAMPLE).out, "--color always")
    tap.ok(b"\x1b[" in run("--offline", "--color", "always", SAMPLE, env={"NO_COLOR": "1"}).out,
           "NO_COLOR does not forbid what is asked for")
    tap.ok(b"\x1b[" in run_on_terminal("--offline", SAMPLE), "colours on a terminal")
    tap.ok(b"\x1b[" in run_on_terminal("--offline", SAMPLE, env={"NO_COLOR": ""}), "an empty NO_COLOR is none")
    tap.ok(b"\x1b" not in run_on_terminal("--offline", SAMPLE, env={"NO_COLOR": "1"}), "NO_COLOR")
    tap.ok(b"\x1b" not in run_on_terminal("--offline", "--color", "never", SAMPLE), "--color never")
    tap.ok(b"\x1b" not in run_on_terminal("--offline", SAMPLE, env={"TERM": "dumb"}), "a dumb terminal")


def progress():
    def slow():
        """An mbox that takes its time."""
        reader, writer = os.pipe()

        def feed():
            with open(writer, "wb") as f:
                for _ in range(8):
                    f.write(b"From a@b Thu Apr  9 10:12:44 2015\n" + sample() + b"\n")
                    f.flush()
                    time.sleep(0.25)
        threading.Thread(target=feed, daemon=True).start()
        return reader
    source = slow()
    said = run_on_terminal("-q", "--offline", stderr=True, stdin=source)
    os.close(source)
    tap.ok(re.search(rb"\d messages, \d+/s", said) and said.endswith(b"\r\x1b[K"), "a long run shows how far it is", said)
    said = run_on_terminal("-q", "--offline", SAMPLE, stderr=True)
    tap.same(said, b"", "a short one does not")


def summary():
    with Directory() as d:
        box = d.write("box", b"".join(b"From a@b Thu Apr  9 10:12:44 2015\n" + sample() + b"\n" for _ in range(3)))
        result = run("-q", "--summary", "--offline", box)
        lines = result.text.splitlines()
        tap.ok(len(lines) > 5 and lines[4] == "SUMMARY   3 messages: 3 unverified", "--summary counts", result.text)
        tap.ok(any(re.match(r" +3  (proved|claimed) +[0-9.]+$", line) for line in lines), "and tells origins",
               result.text)
        tap.ok(lines[1].startswith("unverified ") and re.search(r"@\d+", lines[1]), "-q: one line, with the place",
               lines[1])
        result = run("-f", "jsonl", "--summary", "--offline", box)
        tap.ok(len(result.lines()) == 3 and "SUMMARY   3 messages" in result.err,
               "beside JSON it goes to standard error")
        result = run("-f", "json", "-q", "--offline", box)
        tap.same(len(result.lines()), 3, "-q with json is a line for each")
        many = d.write("many", b"".join(
            b"From a@b Thu Apr  9 10:12:44 2015\n"
            b"Received: from h (h [11.%d.%d.1]) by i; Thu, 9 Apr 2015 10:12:44 +0000\n\n"
            % (n // 200, n % 200) for n in range(3000)))
        text = run("-q", "--summary", "--offline", many).text.split("SUMMARY")[1]
        rows = re.findall(r"(?m)^ +1  (?:proved|claimed) +11\.", text)
        tap.ok(len(rows) == 20 and "others: 2980\n" in text, "the table is short", text[:300])


for part in (reports, trust, policy, statuses, words, colors, progress, summary):
    part()
sys.exit(tap.done())
