#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bench's own programs: the load is played to the null filter, whole and counted right."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("top_builddir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HERE = os.path.join(TOP, "tests", "bench")
STAGES = ("connect", "helo", "mail", "rcpt", "data", "content", "eom", "total")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load(*arguments):
    out = subprocess.run([os.path.join(HERE, "load"), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=60, check=True)
    return json.loads(out.stdout)


def with_null(where, options, *arguments):
    """What the load says of the null filter at this socket."""
    with subprocess.Popen([os.path.join(HERE, "null"), *options, where], stdin=subprocess.DEVNULL) as null:
        try:
            for _ in range(100):
                if load("-s", where, "-n", "1", "-k", "1")["errors"] == 0:
                    break
                time.sleep(0.05)
            return load("-s", where, "-P", str(null.pid), "-k", "50", *arguments)
        finally:
            null.kill()


def played(got, messages, connections):
    """Every mail was played on so many connections, through every stage, and got its one field."""
    held = got["held_usec"]
    return (got["messages"] == messages and got["errors"] == 0 and got["edits"] == messages
            and got["verdicts"]["accept"] == messages
            and all(held[stage]["count"] == (connections if stage in STAGES[:2] else messages) for stage in STAGES)
            and got["cpu_usec"] > 0)


def tests(scratch):
    unix = "unix:" + os.path.join(scratch, "socket")
    tcp = f"inet:{free_port()}@127.0.0.1"
    got = with_null(unix, [], "-n", "100", "-c", "4")
    yield played(got, 100, 100), "a unix socket"
    signed = ["-S", os.path.join(SOURCE, "tests", "data", "dkim", "rsa2048.pem"), "-D", "d#.example.com"]
    yield played(with_null(unix, [], "-n", "60", *signed), 60, 60), "signed mails"
    yield 230 < got["corpus"]["received_bytes"] < 320, "Received fields are as long as real ones"
    yield 7500 < got["corpus"]["mail_bytes"] < 9500, "and mails"
    yield got["held_usec"]["content"]["p50"] > 0, "fields with replies take time"
    got = with_null(unix, ["-r"], "-n", "100", "-c", "4")
    yield played(got, 100, 100), "a unix socket without replies"
    yield got["held_usec"]["content"]["max"] == 0, "fields without replies take none"
    yield played(with_null(tcp, ["-d"], "-n", "50", "-c", "4"), 50, 50), "a TCP socket"
    yield played(with_null(tcp, ["-d", "-r"], "-n", "50", "-c", "4"), 50, 50), "a TCP socket without replies"
    yield played(with_null(unix, [], "-n", "100", "-m", "10"), 100, 10), "ten mails on a connection"
    got = with_null(unix, [], "-n", "10", "-c", "5", "-w", "20")
    yield played(got, 10, 10) and got["seconds"] > 0.12, "the client's pauses"
    yield got["held_usec"]["total"]["p50"] < 20000, "are not the filter's time"
    got = with_null(unix, [], "-n", "10", "-i", "200")
    yield played(got, 10, 10) and got["idle"]["connections"] == 200, "idle connections beside"
    yield got["idle"]["rss_after_kb"] >= got["idle"]["rss_before_kb"] > 0, "and their memory"
    got = load("-s", unix + ".nobody", "-n", "5")
    yield got["errors"] == 5 and got["messages"] == 0, "nobody there: an error for each mail"
    out = subprocess.run([os.path.join(HERE, "received"), "1"], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=120, check=True)
    got = json.loads(out.stdout)
    yield got["fields"] == 5500 and got["smtp_percent"] >= 95, "the fields are read as hops"
    yield got["nsec"] > 0 and len(got["growth"]) == 6, "and timed"


def main():
    scratch = tempfile.mkdtemp()
    count = bad = 0
    try:
        for good, name in tests(scratch):
            count += 1
            bad += not good
            print(f"{'' if good else 'not '}ok {count} - {name}", flush=True)
    finally:
        shutil.rmtree(scratch)
    print(f"1..{count}")
    return 1 if bad else 0


sys.exit(main())
