# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the command share: TAP, running it, and files that go away again."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("top_builddir", TOP)
PROGRAM = os.environ.get("MAILTRACE", os.path.join(BUILD, "cli", "mailtrace"))
DATA = os.path.join(TOP, "tests", "cli", "data")
SAMPLE = os.path.join(DATA, "example.eml")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, truth, name, *details):
        self.count += 1
        print("%sok %d - %s" % ("" if truth else "not ", self.count, name))
        if not truth:
            self.failed += 1
            for detail in details:
                for line in str(detail).splitlines():
                    print("# " + line)
        sys.stdout.flush()
        return truth

    def same(self, got, want, name):
        return self.ok(got == want, name, "got  %r" % (got,), "want %r" % (want,))

    def done(self):
        print("1..%d" % self.count)
        # The results say what failed; the status only that the script came to its end.
        return 0


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def text(self):
        return self.out.decode("utf-8")

    def json(self):
        return json.loads(self.text)

    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


def run(*args, stdin=b"", env=None, timeout=60):
    """Runs the command; its environment has neither colours nor a terminal."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    clean.update(env or {})
    done = subprocess.run([PROGRAM] + [str(a) for a in args], input=stdin, env=clean, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "backslashreplace"))


def run_on_terminal(*args, env=None, stderr=False, stdin=subprocess.DEVNULL):
    """The same with a terminal as standard output, or as standard error; what it wrote there."""
    import pty
    clean = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    clean["TERM"] = "xterm"
    clean.update(env or {})
    master, slave = pty.openpty()
    nowhere = subprocess.DEVNULL
    child = subprocess.Popen([PROGRAM] + [str(a) for a in args], env=clean, stdin=stdin,
                             stdout=nowhere if stderr else slave, stderr=slave if stderr else nowhere)
    os.close(slave)
    out = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(master)
    child.wait()
    return out


class Directory:
    """A private directory for a with block."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="mailtrace-cli-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        return path


def mask(text):
    """Takes out what differs from run to run."""
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"\b\d+ ms\b", "N ms", text)
    text = re.sub(r'("(?:duration_)?ms": ?)\d+', r"\1N", text)
    text = re.sub(r"mailtrace \d+\.\d+\.\d+", "mailtrace VERSION", text)
    return text


def golden(tap, name, got):
    """Compares with tests/cli/data/NAME; with MAILTRACE_GOLDEN=write it is written anew."""
    path = os.path.join(DATA, name)
    got = mask(got)
    if os.environ.get("MAILTRACE_GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
    with open(path, encoding="utf-8") as f:
        want = f.read()
    import difflib
    diff = "\n".join(difflib.unified_diff(want.splitlines(), got.splitlines(), "want", "got", lineterm="", n=1))
    tap.ok(got == want, "golden: " + name, diff)
