#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The process: start, socket, signals, end."""
import ctypes
import grp
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import client
from client import CONF, Daemon, Milter, run

LIE = 'rule "lie" { iprev = { fail } action = reject }\n'


def no_override():
    """Root without its power over other people's directories (prctl(2), capabilities(7))."""
    for capability in (1, 2):           # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)        # PR_CAPBSET_DROP


def served(daemon):
    with daemon.session() as session:
        session.begin()
        return session.message()[1].word == "continue"


def wait_empty(daemon):
    """Until the sessions that were left are forgotten."""
    for _ in range(200):
        if daemon.counters()["open"] == 0:
            break
        time.sleep(0.02)


def command_line(tap):
    """Options and exit statuses."""
    status, out, _ = run(["-V"])
    tap.ok(status == 0 and out.startswith("mailtrace-milter "), "-V", out)
    status, out, _ = run(["-h"])
    tap.ok(status == 0 and "--answers" in out, "-h", out)
    for arguments in (["-X"], ["argument"], ["--no-such"]):
        status, _, err = run(arguments)
        tap.ok(status == 64 and "usage" in err, f"{arguments[0]}: 64 and the usage", (status, err))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.conf")

        def conf(text):
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
            os.chmod(path, 0o644)

        conf('mode = monitor\n\nmilter { dedline = 5s }\nrule "x" { iprev = { fial } action = reject }\n')
        for arguments in (["-n"], ["-f"], []):
            status, _, err = run([*arguments, "-c", path])
            tap.ok(status == 78 and "bad.conf:3:" in err and "bad.conf:4:" in err,
                   f"{' '.join(arguments) or 'no option'}: 78, each error with file and line", (status, err))
        conf(CONF + LIE)
        status, out, err = run(["-n", "-c", path])
        tap.ok((status, out) == (0, ""), "-n: a good file", (status, out, err))
        status, out, _ = run(["-n", "--dump", "-c", path, "-o", "milter.deadline=3s"])
        tap.ok(status == 0 and "lie" in out and "bad.conf:" in out and "3s" in out, "--dump", out)
        status, _, err = run(["-n", "-c", path, "-o", "milter.deadline=soon"])
        tap.ok(status == 78 and "milter.deadline" in err, "-o: a bad value", (status, err))
        status, _, err = run(["-n", "-c", os.path.join(folder, "none.conf")])
        tap.ok(status == 78 and "none.conf" in err, "a file that is not there", (status, err))
        answers = os.path.join(folder, "answers")
        for text, wanted in (("dns a.example A 192.0.2.1\n", 0), ("dns a.example A 192.0.2.1\nxx\n", 78)):
            with open(answers, "w", encoding="ascii") as out:
                out.write(text)
            status, _, err = run(["-n", "-c", path, "--answers", answers])
            tap.ok(status == wanted and (err == "" if wanted == 0 else "answers:2:" in err), f"-n --answers: {wanted}",
                   (status, err))
        status, _, err = run(["-n", "-c", path, "--answers", os.path.join(folder, "none")])
        tap.ok(status == 78 and "none" in err, "-n: answers that are not there", (status, err))
        status, _, err = run(["-n", "-c", path, "-o", "milter.user=no-such-user"])
        tap.ok(status == 0 and "notice: milter.user: there is no user 'no-such-user'" in err,
               "-n: a user that is not there", (status, err))
        status, _, err = run(["-n", "-c", path, "-p", "unix:relative"])
        tap.ok(status == 78 and "unix:relative" in err, "-n: a path that does not begin at the root", (status, err))
        os.chmod(folder, 0o777)
        status, _, err = run(["-f", "-c", path, "-p", f"unix:{folder}/s", "--answers", os.path.join(folder, "none")] +
                             (["-u", "nobody"] if os.geteuid() == 0 else []))
        tap.ok(status == 78 and "none" in err, "answers that are not there", (status, err))
        tap.ok(not os.path.exists(f"{folder}/s"), "a start that fails leaves no socket")
        if os.geteuid() == 0:
            status, _, err = run(["-f", "-c", path, "-p", f"unix:{folder}/s", "-u", "no-such-user"])
            tap.ok(status == 67 and "no-such-user" in err and "adduser" in err, "a user that is not there",
                   (status, err))
            for owner, wanted in (("nobody:no-such-group", 67), ("no-such-user:", 67)):
                status, _, err = run(["-f", "-c", path, "-p", f"unix:{folder}/s", "-u", "nobody", "-o",
                                      f"milter.socket-owner={owner}"])
                tap.ok(status == wanted and "does not exist" in err, f"socket-owner = {owner}", (status, err))
        else:
            tap.ok(True, "a user that is not there # SKIP not root")


def sockets(tap):
    """Whom the socket lets in, and whom it leaves in place."""
    owner = ["-o", "milter.socket-owner=:daemon"] if os.geteuid() == 0 else []
    with Daemon(arguments=["-o", "milter.socket-mode=0620", *owner]) as daemon:
        path = daemon.spec.split(":", 1)[1]
        tap.ok(not owner or grp.getgrgid(os.stat(path).st_gid).gr_name == "daemon", "and the owner, if started as root")
        tap.ok(stat.S_IMODE(os.stat(path).st_mode) == 0o620, "a UNIX socket has the mode of the settings")
        inode = os.stat(path).st_ino
        second = Daemon(folder=daemon.folder, wait=False)
        tap.ok(second.wait() == 69 and "another mailtrace-milter" in second.log(), "a second instance is refused",
               second.log())
        tap.ok(os.stat(path).st_ino == inode and served(daemon), "and leaves the socket to the first")
        if os.geteuid() == 0:
            with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as source:
                fields = dict(line.split(":", 1) for line in source)
            tap.ok("0" not in fields["Uid"].split() + fields["Gid"].split() and fields["NoNewPrivs"].strip() == "1",
                   "root was given up", fields["Uid"])
        status, _ = daemon.stop()
        tap.ok(status == 0 and not os.path.exists(path), "the socket goes at the end")
        third = Daemon(folder=daemon.folder)
        tap.ok(served(third), "and the next instance takes its place")
        third.process.kill()
        third.process.wait()
        tap.ok(os.path.exists(path), "one that is killed leaves it behind")
        with Daemon(folder=daemon.folder) as fourth:
            tap.ok(served(fourth), "which hinders nobody")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = os.path.join(folder, "file")
        with open(path, "w", encoding="ascii") as out:
            out.write("x")
        daemon = Daemon(socket_spec=f"unix:{path}", wait=False)
        tap.ok(daemon.wait() == 73 and "not a socket" in daemon.log() and os.path.getsize(path) == 1,
               "a file in the place of the socket is left alone", daemon.log())
        daemon.kill()
        daemon = Daemon(socket_spec=f"unix:{folder}/none/s", wait=False)
        tap.ok(daemon.wait() == 73 and "No such file" in daemon.log(), "a directory that is not there", daemon.log())
        daemon.kill()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(os.path.join(folder, "other"))
            other.listen(1)
            daemon = Daemon(socket_spec=f"unix:{folder}/other", wait=False)
            tap.ok(daemon.wait() == 69 and "listens there already" in daemon.log(), "the socket of somebody else",
                   daemon.log())
            daemon.kill()
    if os.geteuid() == 0:
        with tempfile.TemporaryDirectory() as folder:
            shutil.chown(folder, "nobody")
            daemon = Daemon(socket_spec=f"unix:{folder}/s", wait=False, preexec_fn=no_override)
            tap.ok(daemon.wait() == 77 and "Permission denied" in daemon.log(), "a directory of somebody else",
                   daemon.log())
            daemon.kill()
    else:
        tap.ok(True, "a directory of somebody else # SKIP not root")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        daemon = Daemon(socket_spec=f"inet:{other.getsockname()[1]}@127.0.0.1", wait=False)
        tap.ok(daemon.wait() == 69 and "in use" in daemon.log(), "a port in use", daemon.log())
        daemon.kill()
    port = client.free_port()
    for spec in ("inet:99999@127.0.0.1", "inet:65536@127.0.0.1", "inet:0@127.0.0.1", "inet:smtp@127.0.0.1",
                 f"inet:{port}x@127.0.0.1", "inet:-1@127.0.0.1", "inet:@127.0.0.1", "inet6:99999@::1", "inet:99999"):
        daemon = Daemon(socket_spec=spec, wait=False)
        tap.ok(daemon.wait() == 78 and spec in daemon.log() and "1 to 65535" in daemon.log(),
               f"{spec}: no such port", daemon.log())
        status, _, err = run(["-n", "-c", daemon.conf, "-o", f"milter.socket={spec}"])
        tap.ok(status == 78 and "milter.socket" in err and "1 to 65535" in err, f"{spec}: seen by -n, too",
               (status, err))
        daemon.kill()
    daemon = Daemon(socket_spec="inet:8899@", wait=False)
    tap.ok(daemon.wait() == 78 and "inet:8899@" in daemon.log(), "inet:8899@ lacks its address", daemon.log())
    daemon.kill()
    with Daemon(socket_spec=f"inet:{port:05}@127.0.0.1") as daemon:
        tap.ok(served(daemon), "a port of five digits is one")
    for spec in ("fd:9", "tcp:1"):
        daemon = Daemon(socket_spec=spec, wait=False)
        tap.ok(daemon.wait() in (69, 78) and spec in daemon.log(), f"{spec} is no socket", daemon.log())
        daemon.kill()


def handed_over(tap):
    """A socket that the parent opened: nobody is refused between two daemons."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    spec = "inet:%d@127.0.0.1" % listener.getsockname()[1]

    def start(by_variable):
        folder = tempfile.mkdtemp(prefix="mt.")
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "c")
        answers = os.path.join(folder, "a")
        for path, text in ((conf, CONF), (answers, client.ANSWERS)):
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
            os.chmod(path, 0o644)
        command = f"exec {client.PROGRAM} -f -c {conf} --answers {answers}"
        if os.geteuid() == 0:
            command += " -u nobody"
        command += "" if by_variable else " -p fd:3"
        if by_variable:
            command = "LISTEN_PID=$$ LISTEN_FDS=1 " + command
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen(["sh", "-c", command], stdout=log, stderr=log, pass_fds=(3,))
        return process, folder

    saved = os.dup(listener.fileno())
    if listener.fileno() != 3:
        try:
            keep = os.dup(3)
        except OSError:
            keep = None
        os.dup2(saved, 3)
    else:
        keep = None
    try:
        process, folder = start(False)
        with Milter(spec) as session:
            session.begin()
            tap.ok(session.message()[1].word == "continue", "fd:3 is served")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            waiting = client.connect(spec)      # held by the queue of the kernel
            tap.ok(session.message()[1].word == "continue", "a session goes on while the daemon drains")
            session.quit()
        tap.ok(process.wait(10) == 0 and time.monotonic() - began < 5, "the daemon ends with it")
        shutil.rmtree(folder)
        process, folder = start(True)
        late = Milter.__new__(Milter)
        late.sock, late.buffer, late.lists, late.software = waiting, b"", {}, "Postfix"
        late.negotiate(client.ALL_ACTIONS, client.ALL_STEPS)
        late.begin()
        tap.ok(late.message()[1].word == "continue", "who came in between is served by the next (LISTEN_FDS)")
        late.quit()
        process.send_signal(signal.SIGTERM)
        tap.ok(process.wait(10) == 0, "which ends, too")
        shutil.rmtree(folder)
    finally:
        if keep is not None:
            os.dup2(keep, 3)


def background(tap):
    """Without -f: the parent ends when the socket is there."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        conf = os.path.join(folder, "c")
        with open(conf, "w", encoding="ascii") as out:
            out.write(CONF)
        os.chmod(conf, 0o644)
        spec, pidfile = f"unix:{folder}/s", f"{folder}/pid"
        arguments = ["-c", conf, "-p", spec, "-P", pidfile] + (["-u", "nobody"] if os.geteuid() == 0 else [])
        done = subprocess.run([client.PROGRAM, *arguments], timeout=20, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        tap.ok(done.returncode == 0, "the first process ends with 0", done.returncode)
        Milter(spec).quit()
        tap.ok(True, "and the socket is there at once")
        with open(pidfile, encoding="ascii") as source:
            pid = int(source.read())
        done = subprocess.run([client.PROGRAM, *arguments], timeout=20, check=False, capture_output=True, text=True)
        tap.ok(done.returncode == 69 and "another" in done.stderr, "a start that fails has its status and its reason",
               (done.returncode, done.stderr))
        os.kill(pid, signal.SIGTERM)
        for _ in range(300):
            if not os.path.exists(f"/proc/{pid}/fd") or not os.path.exists(f"{folder}/s"):
                break
            time.sleep(0.02)
        tap.ok(not os.path.exists(f"{folder}/s"), "TERM ends it")


def reload(tap):
    """HUP and USR1; a bad file keeps the old one."""
    with Daemon() as daemon:
        def verdict(address="192.0.2.8"):
            with daemon.session() as session:
                session.begin(address=address, helo="liar.example.net")
                return session.message()[1].word

        tap.ok(verdict() == "continue", "without the rule a lie passes")
        old = daemon.session()
        old.begin(address="192.0.2.8", helo="liar.example.net")
        daemon.write("milter.conf", CONF + LIE)
        daemon.signal(signal.SIGHUP)
        tap.ok(daemon.wait_log("reloaded"), "HUP reloads", daemon.log())
        tap.ok(verdict() == "reject", "and the rule holds")
        tap.ok(old.message()[1].word == "continue", "an open session keeps its settings")
        old.quit()
        daemon.write("milter.conf", CONF + "rule {\nmode = x\n")
        daemon.signal(signal.SIGHUP)
        tap.ok(daemon.wait_log("not reloaded") and "milter.conf:" in daemon.log(), "a bad file is told, with its line",
               daemon.log())
        tap.ok(verdict() == "reject", "and the old settings stay")
        daemon.write("milter.conf", CONF)
        daemon.signal(signal.SIGUSR1)
        tap.ok(daemon.wait_log("reloaded /", count=2) and verdict() == "continue", "USR1 does the same", daemon.log())
        tap.ok(daemon.counters()["reloads"] == 2, "USR2 writes counters")


def pipes(tap):
    """A pipe in the place of a file: nobody waits for its writer."""
    with Daemon() as daemon:
        pipe = os.path.join(daemon.folder, "pipe")
        os.mkfifo(pipe, 0o644)
        listed = CONF + f'rule "list" {{ client = {{ "file:{pipe}" }} action = reject }}\n'
        daemon.write("milter.conf", listed)
        status, _, err = run(["-n", "-c", daemon.conf])
        tap.ok(status == 78 and "is a pipe; name a file" in err and "milter.conf:5" in err, "-n: a list", (status, err))
        daemon.signal(signal.SIGHUP)
        tap.ok(daemon.wait_log("not reloaded") and "is a pipe" in daemon.log(), "a reload: told", daemon.log())
        tap.ok(served(daemon), "and the daemon goes on")
        status, took = daemon.stop()
        tap.ok(status == 0 and took < 2.5, f"and ends when it is told to ({took:.2f} s)", status)
        for arguments in (["-n", "-c", pipe], ["-f", "-c", pipe]):
            status, _, err = run(arguments)
            tap.ok(status == 78 and "is a pipe" in err, f"{arguments[0]}: the settings", (status, err))
        daemon.write("milter.conf", CONF)
        status, _, err = run(["-f", "-c", daemon.conf, "-p", f"unix:{daemon.folder}/s", "--answers", pipe] +
                             (["-u", "nobody"] if os.geteuid() == 0 else []))
        tap.ok(status == 78 and "pipe" in err, "the answers", (status, err))


def reload_under_load(tap):
    """200 HUPs while mail flows."""
    with Daemon() as daemon:
        stop, done, failed = threading.Event(), [], []

        def traffic():
            while not stop.is_set():
                try:
                    with daemon.session() as session:
                        session.begin()
                        for _ in range(2):
                            if session.message()[1].word != "continue":
                                failed.append("answer")
                            done.append(1)
                        session.quit()
                except Exception as error:
                    failed.append(repr(error))

        threads = [threading.Thread(target=traffic) for _ in range(6)]
        for thread in threads:
            thread.start()
        for i in range(200):
            daemon.signal(signal.SIGHUP)
            time.sleep(0.01 if i % 20 else 0)
        time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()
        tap.ok(not failed and len(done) > 50, f"{len(done)} messages, none lost", failed[:5])
        tap.ok(served(daemon) and daemon.counters()["reloads"] >= 1, "the daemon goes on", daemon.counters())
        for _ in range(2000):
            daemon.signal(signal.SIGHUP)
        tap.ok(served(daemon), "a burst of 2000 HUPs")


def drain(tap):
    """TERM: no session that has begun is cut, and no new one is taken."""
    for family in ("unix", "inet"):
        spec = None if family == "unix" else f"inet:{client.free_port()}@127.0.0.1"
        with Daemon(socket_spec=spec) as daemon:
            session = daemon.session()
            session.begin()
            session.mail()
            daemon.signal(signal.SIGTERM)
            daemon.wait_log("stopping")
            try:
                refused = False
                with socket_of(daemon.spec) as sock:
                    sock.settimeout(0.5)
                    refused = sock.recv(1) == b""
            except (ConnectionError, FileNotFoundError):
                refused = True
            except socket.timeout:
                refused = False
            tap.ok(refused, f"{family}: a new connection is refused")
            time.sleep(0.5)
            session.rcpt()
            session.data()
            session.header("Subject", "x")
            session.body()
            first = session.end().word
            tap.ok(first == "continue" and session.message()[1].word == "continue",
                   f"{family}: the open session ends its message, and another")
            began = time.monotonic()
            session.quit()
            status = daemon.wait()
            took = time.monotonic() - began
            tap.ok(status == 0 and took < 2.5, f"{family}: and then the daemon ends ({took:.2f} s)", daemon.log())
    with Daemon() as daemon:
        served(daemon)
        status, took = daemon.stop()
        tap.ok(status == 0 and took < 2.5, f"with nobody there it ends at once ({took:.2f} s)")
    with Daemon(arguments=["-o", "milter.drain=300ms"]) as daemon:
        session = daemon.session()
        session.begin()
        status, took = daemon.stop()
        tap.ok(status == 0 and 0.2 < took < 3 and "1 open sessions were cut" in daemon.log(),
               f"milter.drain is a bound ({took:.2f} s)", daemon.log())
    with Daemon() as daemon:
        session = daemon.session()
        session.begin()
        daemon.signal(signal.SIGTERM)
        daemon.wait_log("stopping")
        daemon.signal(signal.SIGHUP)
        time.sleep(0.1)
        tap.ok(daemon.process.poll() is None, "HUP does not end a drain")
        status, took = daemon.stop()
        tap.ok(status == 0 and took < 2.5, "a second TERM does", daemon.log())


def socket_of(spec):
    return client.connect(spec)


def overload(tap):
    """More sessions than are wanted."""
    for word, wanted in (("accept", "accept"), ("tempfail", "tempfail")):
        with Daemon(arguments=["-o", "milter.max-sessions=5", "-o", f"milter.on-overload={word}"]) as daemon:
            held = [daemon.session() for _ in range(5)]
            for session in held:
                session.begin()
            answers = []
            for _ in range(4):
                with daemon.session() as session:
                    answers.append(session.connected().word)
                    session.quit()
            tap.ok(answers == [wanted] * 4, f"on-overload = {word}", answers)
            tap.ok(held[0].message()[1].word == "continue", "those that are in go on")
            tap.ok(daemon.log().count("more than 5 sessions") == 1, "said once a minute", daemon.log())
            for session in held:
                session.quit()
            wait_empty(daemon)
            tap.ok(served(daemon), "and there is room again")


def internal_errors(tap):
    """Trouble of our own: here a client that was turned away, and goes on all the same."""
    for mode, word, wanted in (("enforce", "accept", "accept"), ("enforce", "tempfail", "tempfail"),
                               ("monitor", "tempfail", "accept")):
        arguments = ["-o", "milter.max-sessions=1", "-o", f"milter.on-internal-error={word}", "-o", f"mode={mode}"]
        with Daemon(arguments=arguments) as daemon, daemon.session() as first, daemon.session() as session:
            first.begin()
            session.begin()
            answers = [session.mail().word, session.mail().word]
            tap.ok(answers == [wanted] * 2, f"{mode}: on-internal-error = {word}: {wanted}", answers)
            tap.ok(daemon.log().count("internal error") == 1 and daemon.counters()["internal-errors"] == 2,
                   f"{mode}: said once a minute, counted each time", daemon.log())


def ticks(daemon):
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as source:
        return sum(int(n) for n in source.read().rpartition(")")[2].split()[11:13])


def descriptors(tap):
    """Fewer descriptors than sessions: nobody spins, nobody is lost for good."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))

    for family in ("unix", "inet"):
        spec = None if family == "unix" else f"inet:{client.free_port()}@127.0.0.1"
        with Daemon(socket_spec=spec, preexec_fn=few, arguments=["-o", "milter.on-overload=tempfail"]) as daemon:
            held, words = [], []
            for _ in range(150):
                session = Milter(daemon.spec, negotiate=False)
                session.sock.settimeout(0.5)
                held.append(session)
                try:
                    session.negotiate(client.ALL_ACTIONS, client.ALL_STEPS)
                    words.append(session.connected().word)
                except socket.timeout:
                    break
            tap.ok(words.count("continue") == 86 and words.count("tempfail") > 10,
                   f"{family}: {len(words)} answered, first served and then turned away", words)
            before = ticks(daemon)
            time.sleep(1)
            used = (ticks(daemon) - before) / os.sysconf("SC_CLK_TCK")
            tap.ok(used < 0.2, f"{family}: a full house costs {used:.0%} of a core")
            tap.ok(daemon.log().count("too few") == 1, f"{family}: said once", daemon.log())
            for session in held:
                session.sock.close()
            wait_empty(daemon)
            tap.ok(served(daemon), f"{family}: and there is room again")
            for session in [daemon.session() for _ in range(3)]:
                session.begin()
                session.quit()
            status, took = daemon.stop()
            tap.ok(status == 0 and took < 2.5, f"{family}: it ends as ever ({took:.2f} s)")


def silence(tap):
    """More connections than descriptors, and nobody says a word on them."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))

    for family in ("unix", "inet"):
        spec = None if family == "unix" else f"inet:{client.free_port()}@127.0.0.1"
        with Daemon(socket_spec=spec, preexec_fn=few) as daemon:
            early = daemon.session()
            early.begin()
            held = [client.connect(daemon.spec) for _ in range(220)]
            tap.ok(daemon.wait_log("too few"), f"{family}: a house full of silence is told", daemon.log())
            before = ticks(daemon)
            time.sleep(1)
            used = (ticks(daemon) - before) / os.sysconf("SC_CLK_TCK")
            taken = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
            tap.ok(used < 0.2 and taken <= 120, f"{family}: it costs {used:.0%} of a core, and {taken} descriptors")
            tap.ok(early.message()[1].word == "continue", f"{family}: who was in goes on")
            tap.ok(daemon.log().count("too few") == 1, f"{family}: said once a minute", daemon.log())
            late = Milter(daemon.spec, negotiate=False)
            for sock in held:
                sock.close()
            late.negotiate(client.ALL_ACTIONS, client.ALL_STEPS)
            late.begin()
            tap.ok(late.message()[1].word == "continue", f"{family}: who waited is served when they are gone")
            held = [client.connect(daemon.spec) for _ in range(220)]
            for session in (early, late):
                session.quit()
            status, took = daemon.stop()
            tap.ok(status == 0 and took < 2.5, f"{family}: a full house ends, too ({took:.2f} s)", daemon.log())
            for sock in held:
                sock.close()


def pid_file(tap):
    """What becomes of the pid file, where it may be removed and where not."""
    for mode, left in ((0o777, False), (0o755, True)):
        if left and os.geteuid() != 0:
            tap.ok(True, "a pid file in a directory of root's # SKIP not root")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, mode)
            path = os.path.join(folder, "pid")
            for turn in ("first", "second"):
                with Daemon(arguments=["-P", path]) as daemon:
                    with open(path, encoding="ascii") as source:
                        tap.ok(source.read() == f"{daemon.process.pid}\n", f"{mode:o}: the pid, {turn} time")
                    status, _ = daemon.stop()
                    gone = os.path.getsize(path) == 0 if left else not os.path.exists(path)
                    tap.ok(status == 0 and gone and path not in daemon.log(),
                           f"{mode:o}: {'emptied' if left else 'removed'} without a word", daemon.log())


def pid_of(path):
    with open(path, encoding="ascii") as source:
        return int(source.read() or "0")


def pid_lock(tap):
    """One pid file names one daemon; what a dead one left behind hinders nobody."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = os.path.join(folder, "pid")
        arguments = ["-P", path]
        with Daemon(arguments=arguments) as first:
            second = Daemon(arguments=arguments, wait=False)
            sock = second.spec.split(":", 1)[1]
            tap.ok(second.wait() == 69 and f"process {first.process.pid}" in second.log(),
                   "a second daemon with another socket is refused", second.log())
            tap.ok(pid_of(path) == first.process.pid and not os.path.exists(sock) and served(first),
                   "and leaves the file to the first")
            second.kill()
            session = first.session()
            session.begin()
            first.signal(signal.SIGTERM)
            first.wait_log("stopping")
            tap.ok(pid_of(path) == first.process.pid, "while it drains it still names it")
            with Daemon(arguments=arguments) as third:
                tap.ok(pid_of(path) == third.process.pid, "until the next one takes it over")
                session.quit()
                tap.ok(first.wait() == 0 and pid_of(path) == third.process.pid, "whose file the end does not take away")
                third.process.kill()
                third.process.wait()
                tap.ok(os.path.exists(path), "one that is killed leaves it behind")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"{os.getpid()} and more than a pid\n")
        with Daemon(arguments=arguments) as fourth:
            tap.ok(pid_of(path) == fourth.process.pid, "which the next one takes over, whatever it says")
            fourth.stop()
        os.mkfifo(path)
        daemon = Daemon(arguments=arguments, wait=False)
        tap.ok(daemon.wait() == 73 and path in daemon.log() and stat.S_ISFIFO(os.stat(path).st_mode), "a pipe is none",
               daemon.log())
        daemon.kill()


def unreadable(tap):
    """Settings that root can read, and the user that it becomes cannot: told at the start."""
    if os.geteuid() != 0:
        tap.ok(True, "settings for root alone # SKIP not root")
        return
    for mode, told in ((0o600, True), (0o644, False)):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "settings")
            with open(path, "w", encoding="ascii") as out:
                out.write(CONF)
            os.chmod(path, mode)
            with Daemon(conf=f'include "{path}"\n') as daemon:
                daemon.wait_log("started")
                tap.ok(("no reload" in daemon.log() and "Permission denied" in daemon.log()) == told,
                       f"{mode:o}: {'told' if told else 'nothing to tell'}", daemon.log())
                tap.ok(served(daemon), "and the daemon serves")


def host_name(tap):
    """A host without a domain that gives its name to Authentication-Results."""
    def named(name):
        def rename():
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(0x04000000) != 0 or libc.sethostname(name, len(name)) != 0:     # CLONE_NEWUTS
                os._exit(99)
        return rename

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "c")
        if run(["-V"], preexec_fn=named(b"vm"))[0] == 99:
            tap.ok(True, "the name of the host # SKIP it cannot be changed")
            return
        for name, text, told in ((b"vm", "mode = monitor\n", True), (b"mx.example.org", "mode = monitor\n", False),
                                 (b"vm", CONF, False)):
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
            os.chmod(path, 0o644)
            status, _, err = run(["-n", "-c", path], preexec_fn=named(name))
            tap.ok(status == 0 and ("notice: trust.authserv-id" in err) == told,
                   f"-n: {name.decode()}: {'told' if told else 'nothing to tell'}", (status, err))
        with Daemon(conf="mode = monitor\n", preexec_fn=named(b"vm")) as daemon:
            tap.ok("notice: trust.authserv-id" in daemon.log(), "told at the start as well", daemon.log())


def log_target(tap):
    """Where lines go in the foreground: to standard error, unless the settings want the system log."""
    for word, here in (("auto", True), ("stderr", True), ("syslog", False)):
        daemon = Daemon(arguments=["-o", f"log.to={word}"], wait=False)
        try:
            path = daemon.spec.split(":", 1)[1]
            until = time.monotonic() + 15
            while not os.path.exists(path) and time.monotonic() < until:
                time.sleep(0.02)
            tap.ok(served(daemon), f"log.to = {word}")
            daemon.stop()
            tap.ok(("started" in daemon.log()) == here and (" started: mode" in daemon.log()) == here and
                   ("action=" in daemon.log()) == here, f"-f writes {'to' if here else 'nothing to'} standard error",
                   daemon.log())
        finally:
            daemon.kill()


def service(tap):
    """What systemd is told."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            path = os.path.join(folder, "notify")
            listener.bind(path)
            os.chmod(path, 0o777)
            listener.settimeout(5)

            def heard(text):
                until = time.monotonic() + 5
                while time.monotonic() < until:
                    try:
                        if text in listener.recv(4096).decode():
                            return True
                    except socket.timeout:
                        break
                return False

            env = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000", "JOURNAL_STREAM": "8:1"}
            env.pop("WATCHDOG_PID", None)
            with Daemon(env=env) as daemon:
                tap.ok(heard("READY=1"), "READY")
                tap.ok(heard("WATCHDOG=1"), "signs of life")
                daemon.signal(signal.SIGHUP)
                tap.ok(heard("RELOADING=1\nMONOTONIC_USEC=") and heard("READY=1"), "RELOADING and READY")
                tap.ok("\n<5>" in "\n" + daemon.log(), "lines carry their priority for the journal", daemon.log())
                daemon.signal(signal.SIGTERM)
                tap.ok(heard("STOPPING=1"), "STOPPING")
                tap.ok(daemon.wait() == 0, "and it ends")
            with Daemon() as daemon:
                tap.ok("<5>" not in daemon.log(), "elsewhere lines carry none")


sys.exit(client.play([command_line, sockets, handed_over, background, reload, pipes, reload_under_load, drain, overload,
                      internal_errors, descriptors, silence, pid_file, pid_lock, unreadable, host_name, log_target, service]))
