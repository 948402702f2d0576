# SPDX-License-Identifier: BSD-2-Clause
"""What goes to standard error stands between reports."""
import json
import subprocess
import sys

from clitest import PROGRAM, SAMPLE, Tap

tap = Tap()
FROM = b"From a@b.example Thu Apr  9 10:12:44 2015\n"


def sample():
    with open(SAMPLE, "rb") as f:
        return f.read()


def beside():
    """2>&1: each report in one piece, in the order of what happened."""
    def both(*args, stdin=b""):
        done = subprocess.run([PROGRAM, "--offline", "-f", "jsonl", *args], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode("utf-8").splitlines()
    order = ["{" if line.startswith("{") else line.split(":")[-1] for line in both(SAMPLE, "/nonexistent", SAMPLE)]
    tap.same(order, ["{", " No such file or directory", "{"], "a complaint stands where it arose")
    for way in ([], ["-o", "/dev/stdout"]):
        lines = both("--summary", *way, "-", "/nonexistent", stdin=(FROM + sample() + b"\n") * 40)
        tap.ok([json.loads(line)["schema"] for line in lines[:40]] == ["mailtrace/1"] * 40
               and lines[40].startswith("mailtrace: ") and lines[41].startswith("SUMMARY "),
               "summary and complaint come behind what they are about%s" % (way and ", -o /dev/stdout" or ""),
               [line[:60] for line in lines])


beside()
sys.exit(tap.done())
