# SPDX-License-Identifier: BSD-2-Clause
"""-o FILE: replaced as a whole or left as it was, and never an input; what goes to standard error
stands between reports."""
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

from clitest import Directory, PROGRAM, SAMPLE, Tap, run

tap = Tap()
OLD = b"what was there before\n"
FROM = b"From a@b.example Thu Apr  9 10:12:44 2015\n"


def sample():
    with open(SAMPLE, "rb") as f:
        return f.read()


def content(path):
    with open(path, "rb") as f:
        return f.read()


def left(directory):
    """The names in a directory: nothing else may be left in it."""
    return sorted(os.listdir(directory.path))


def quiet(path, *args, **kw):
    return run("-q", "--offline", "-o", path, *args, **kw)


def inputs():
    with Directory() as d:
        mail = d.write("in.eml", sample())
        other = d.write("other.eml", sample())
        os.symlink("in.eml", os.path.join(d.path, "link"))
        os.link(mail, os.path.join(d.path, "hard"))
        box = d.write("Mail/new/1", sample())
        os.makedirs(os.path.join(d.path, "Mail", "cur"))
        for out, args, name in ((mail, [mail], "an input"), (mail, [os.path.join(d.path, "link")], "a link to an input"),
                                (os.path.join(d.path, "link"), [mail], "an input by a link"),
                                (os.path.join(d.path, "hard"), [mail], "another name of an input"),
                                (mail, [other, mail], "the second input"), (mail, [d.path], "a file of a directory"),
                                (box, [os.path.join(d.path, "Mail")], "a file of a Maildir"),
                                (mail, [SAMPLE, "--answers", mail], "the file of answers"),
                                ("/proc/self/cwd/" + os.path.relpath(mail), [mail], "an input by way of /proc")):
            if "--answers" in args:
                result = run("-q", "-o", out, *args)
            else:
                result = quiet(out, *args)
            tap.ok(result.status == 73 and "is also an input" in result.err and content(out) == sample(),
                   "%s is refused as the output" % name, result.status, result.err)
        conf = d.write("conf", b"mode = monitor\n")
        tap.ok(quiet(conf, "-c", conf, SAMPLE).status == 73 and content(conf) == b"mode = monitor\n",
               "so is the configuration")
        with open(mail, "rb") as stream:
            done = subprocess.run([PROGRAM, "-q", "--offline", "-o", mail], stdin=stream, stderr=subprocess.PIPE,
                                  check=False)
        tap.ok(done.returncode == 73 and content(mail) == sample(), "and standard input", done.stderr)
        tap.same(left(d), ["Mail", "conf", "hard", "in.eml", "link", "other.eml"], "and nothing is left behind")


def kept():
    with Directory() as d:
        old = d.write("old", OLD)
        none = os.path.join(d.path, "none")
        bad = d.write("bad", b"no answers\n")
        for args, status, name in (([none], 66, "no input"), ([SAMPLE, "-c", none], 78, "no configuration"),
                                   ([SAMPLE, "-c", d.write("bad.conf", b"x")], 78, "a bad configuration"),
                                   (["--explain", "nothing.such"], 64, "no such code")):
            result = quiet(old, *args)
            tap.ok(result.status == status and content(old) == OLD, "the old content stays: " + name, result.status,
                   result.err)
        for answers, status in ((none, 66), (bad, 65)):
            result = run("-q", "-o", old, "--answers", answers, SAMPLE)
            tap.ok(result.status == status and content(old) == OLD, "the old content stays: answers, %d" % status)
        new = os.path.join(d.path, "new")
        tap.ok(quiet(new, none).status == 66 and not os.path.exists(new), "and no file is made of nothing")
        result = quiet(old, none, SAMPLE)
        tap.ok(result.status == 66 and content(old).startswith(b"unverified"), "but what was traced is written")
        os.chmod(d.path, 0o500)
        if os.getuid() != 0:
            tap.ok(quiet(new, SAMPLE).status == 73, "a directory that takes no file: 73")
            tap.ok(quiet(old, SAMPLE).status == 0, "a file in it is written to all the same")
        os.chmod(d.path, 0o700)
        for path in ("", new + "/", d.path, os.path.join(none, "x")):
            tap.same(run("-q", "--offline", "--output", path, SAMPLE).status, 73, "no file: %r" % path[len(d.path):])
        tap.same(left(d), ["bad", "bad.conf", "old"], "and nothing is left behind")


def cut_off():
    """Killed, or out of room, in the middle."""
    with Directory() as d:
        old = d.write("old", OLD)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            # Who runs the tests in the background may ignore SIGINT, and children inherit that.
            child = subprocess.Popen([PROGRAM, "--offline", "-f", "jsonl", "-o", old], stdin=subprocess.PIPE,
                                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            child.stdin.write((FROM + sample() + b"\n") * 200)
            child.stdin.flush()
            time.sleep(0.3)
            child.send_signal(name)
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stdin.close()
            tap.ok(child.returncode == -name and content(old) == OLD, "the old content stays: " + name.name)
        box = d.write("box", (FROM + sample() + b"\n") * 200)
        done = subprocess.run([PROGRAM, "--offline", "-f", "jsonl", "-o", old, box], stderr=subprocess.PIPE, check=False,
                              preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                  resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))))
        tap.ok(done.returncode == 74 and content(old) == OLD, "the old content stays: no room", done.stderr)
        tap.same(left(d), ["box", "old"], "and nothing is left behind")


def looks():
    with Directory() as d:
        old = d.write("old", OLD)
        for mode in (0o600, 0o640, 0o666):
            os.chmod(old, mode)
            tap.ok(quiet(old, SAMPLE).status == 0 and os.stat(old).st_mode & 0o7777 == mode
                   and content(old).startswith(b"unverified"), "permissions stay: %o" % mode)
        new = os.path.join(d.path, "new")
        mask = os.umask(0o027)
        quiet(new, SAMPLE)
        os.umask(mask)
        tap.same(os.stat(new).st_mode & 0o7777, 0o640, "a new file has those of the umask")
        if os.getuid() == 0:
            os.chown(old, 12345, 54321)
            quiet(old, SAMPLE)
            tap.same((os.stat(old).st_uid, os.stat(old).st_gid), (12345, 54321), "owner and group stay")
        else:
            tap.ok(True, "owner and group stay # SKIP only root can give files away")
        link = os.path.join(d.path, "link")
        os.symlink("old", link)
        d.write("old", OLD)
        tap.ok(quiet(link, SAMPLE).status == 0 and os.path.islink(link) and content(old).startswith(b"unverified"),
               "a link stays one, and its file is written")
        os.symlink("nowhere", link + "2")
        tap.ok(quiet(link + "2", SAMPLE).status == 0 and os.path.islink(link + "2")
               and content(os.path.join(d.path, "nowhere")).startswith(b"unverified"), "also one that led nowhere")
        os.link(old, os.path.join(d.path, "hard"))
        d.write("old", OLD)
        tap.ok(quiet(old, SAMPLE).status == 0 and content(os.path.join(d.path, "hard")).startswith(b"unverified")
               and os.stat(old).st_nlink == 2, "a file of two names keeps both")
        done = subprocess.run([os.path.abspath(PROGRAM), "-q", "--offline", "-o", "here", os.path.abspath(SAMPLE)],
                              cwd=d.path, check=False)
        tap.ok(done.returncode == 0 and content(os.path.join(d.path, "here")).startswith(b"unverified"),
               "a name without a directory")
        tap.same(left(d), ["hard", "here", "link", "link2", "new", "nowhere", "old"], "and nothing is left behind")


def devices():
    for path in ("/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"):
        tap.ok(quiet(path, SAMPLE).out.startswith(b"unverified"), "-o %s, a pipe" % path)
    tap.same(quiet("/dev/null", SAMPLE).status, 0, "-o /dev/null")
    with Directory() as d:
        file = os.path.join(d.path, "file")
        with open(file, "wb") as out:
            done = subprocess.run([PROGRAM, "-q", "--offline", "-o", "/dev/stdout", SAMPLE], stdout=out, check=False)
            tap.ok(done.returncode == 0 and os.stat(file).st_ino == os.fstat(out.fileno()).st_ino
                   and content(file).startswith(b"unverified"), "-o /dev/stdout, a file: the one that is open")
        fifo = os.path.join(d.path, "fifo")
        os.mkfifo(fifo)
        got = []
        reader = threading.Thread(target=lambda: got.append(content(fifo)))
        reader.start()
        status = quiet(fifo, SAMPLE).status
        reader.join(20)
        tap.ok(status == 0 and got and got[0].startswith(b"unverified"), "-o FIFO", got)


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


for part in (inputs, kept, cut_off, looks, devices, beside):
    part()
sys.exit(tap.done())
