#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon costs, side by side with filters that do nothing.

Filters are started together and measured in turn, several times over; a figure is the median of its
repetitions, but where it is about the longest one in a hundred: there each side's least p99 counts, since
other work of the machine only adds to it, and trouble of a filter's own is in every repetition.  Absolute
times are the machine's, so the figures are ratios to the null filters of the same run.
Nothing is asserted of time: the exit status is 0 unless something broke.
"""
import argparse
import email.utils
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import types

TOP = os.environ.get("top_builddir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LOAD, NULL, RECEIVED, STORE = (os.path.join(TOP, "tests", "bench", name)
                               for name in ("load", "null", "received", "store"))
SIGN = os.path.join(TOP, "tests", "tools", "sign")
KEYS = os.path.join(SOURCE, "tests", "data", "dkim")
NAMESERVER = os.path.join(TOP, "tests", "tools", "nameserver")
MILTER = os.path.join(TOP, "milter", "mailtrace-milter")

WARM = "198.51.100.0/24"        # clients whose names are soon in the cache
COLD = "198.18.0.0/15"          # clients that come once (RFC 2544's range, for measurements)
FIRST_WARM, FIRST_COLD = (198 << 24) + (51 << 16) + (100 << 8), (198 << 24) + (18 << 16)
HOLED = "holed.example.net"
DEADLINE_MSEC = 5000            # the daemon's default

# What the daemon looks at beside name, HELO and path.
PLAIN = "".join(f"{name} {{ enable = no }}\n" for name in ("spf", "dkim", "arc", "dmarc", "relay"))
SIGNED = "".join(f"{name} {{ enable = no }}\n" for name in ("arc", "dmarc", "relay"))
SHIPPED = ""

CONFIG = """mode = monitor
milter  {{ max-sessions = 15000  deadline = 5s }}
trust   {{ authserv-id = "mx.example.org"  networks = {{ 192.0.2.0/24 }}  names = {{ "mx.example.org" }} }}
dns     {{ servers = {{ "127.0.0.1:{port}" }} }}
rule "reverse-dns-mismatch" {{ iprev = {{ fail }}  action = reject }}
log     {{ to = stderr  each = {each} }}
{checks}"""

# What opendkim needs to do the same for signatures; it has no resolver to wait for.
OPENDKIM = """Mode v
Syslog no
AlwaysAddARHeader yes
AuthservID mx.example.org
TestPublicKeys {keys}
RequireSafeKeys no
"""


class Broken(Exception):
    """Something does not work; no figure of this run means anything."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(where):
    """Whether somebody listens; no mail, so that nobody asks a name server."""
    kind = socket.AF_UNIX if where.startswith("unix:") else socket.AF_INET
    with socket.socket(kind) as probe:
        if kind == socket.AF_UNIX:
            return probe.connect_ex(where[5:]) == 0
        return probe.connect_ex(("127.0.0.1", int(where[5:].split("@")[0]))) == 0


# ---- the outside world -------------------------------------------------------------------------------------

def names(network_first, count, start=0):
    """PTR and A of the clients number start to start + count of a network, as load calls them; hN is another name
    of each, for those who say HELO by it."""
    for n in range(start, start + count):
        ip = ".".join(str((network_first + n) >> shift & 255) for shift in (24, 16, 8, 0))
        reverse = ".".join(reversed(ip.split("."))) + ".in-addr.arpa"
        yield (f"dns {reverse} PTR c{n}.example.net\ndns c{n}.example.net A {ip}\n"
               f"dns h{n}.example.net A {ip}\n")


def holes(count):
    """The first cold clients: their PTR and the name that all of them give get no answer at all."""
    for n in range(count):
        ip = ".".join(str((FIRST_COLD + n) >> shift & 255) for shift in (24, 16, 8, 0))
        yield f"wire {'.'.join(reversed(ip.split('.')))}.in-addr.arpa PTR drop\n"
    for kind in ("A", "AAAA", "TXT"):
        yield f"wire {HOLED} {kind} drop\n"


def key_record():
    with open(os.path.join(KEYS, "rsa2048.txt"), encoding="ascii") as text:
        return text.read().strip()


def sender(domain, includes=0):
    """The records of a domain that says who may send for it, in so many steps, and signs."""
    allowed = "ip4:198.51.100.0/24 ip4:198.18.0.0/15 ip4:127.0.0.0/8"
    yield f'dns bench._domainkey.{domain} TXT "{key_record()}"\n'
    for step in range(includes + 1):
        terms = allowed if step == includes else f"include:{'s.' * (step + 1)}{domain}"
        yield f'dns {"s." * step}{domain} TXT "v=spf1 {terms} -all"\n'


def senders(count, start):
    """dN.example.com: of twenty, twelve tell it in one answer, five in two, three in three."""
    for n in range(start, start + count):
        yield from sender(f"d{n}.example.com", (n % 20 >= 12) + (n % 20 >= 17))


class Bench:
    """Processes and files of one run; all of them end with it."""

    def __init__(self, quick):
        self.quick = quick
        self.scratch = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        os.chmod(self.scratch, 0o755)
        self.user = "nobody" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.scratch, self.user)
        self.running = []
        self.count = 0
        self.results = []
        self.last_cold = 4096           # the first ones are the holed

    def path(self, name):
        return os.path.join(self.scratch, name)

    def start(self, *arguments, **options):
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, **options)
        self.running.append(process)
        return process

    def stop(self, process):
        """No farewell: what is measured has been measured."""
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        self.running.remove(process)

    def close(self):
        for process in list(self.running):
            self.stop(process)
        shutil.rmtree(self.scratch)

    def name_server(self, lines, latency_msec=0):
        self.count += 1
        answers = self.path(f"answers{self.count}")
        with open(answers, "w", encoding="ascii") as out:
            out.writelines(lines)
            out.write("default nxdomain\n")
        server = self.start(NAMESERVER, "-l", str(latency_msec), answers, stdout=subprocess.PIPE, text=True)
        line = server.stdout.readline().split()
        if len(line) != 2 or line[0] != "port":
            raise Broken("the name server does not start")
        server.port = int(line[1])
        return server

    def asked(self, server, least):
        """A daemon that asks nothing is fast, and not what is to be measured."""
        server.send_signal(signal.SIGUSR1)
        line = server.stdout.readline().split()
        if len(line) != 2 or int(line[1]) < least:
            raise Broken(f"the daemon asked {line[-1:]} questions of {least} at least")

    def filter(self, command, tcp=False):
        """Starts a filter; command gives its command line for the name of a socket."""
        self.count += 1
        where = f"inet:{free_port()}@127.0.0.1" if tcp else f"unix:{self.path(f'socket{self.count}')}"
        err = open(self.path(f"stderr{self.count}"), "wb")
        with err:
            process = self.start(*command(where), stdout=subprocess.DEVNULL, stderr=err)
        process.where = where
        for _ in range(100):
            if process.poll() is not None:
                break
            if answers(where):
                return process
            time.sleep(0.05)
        with open(err.name, encoding="utf-8", errors="replace") as text:
            raise Broken(f"{' '.join(process.args)} does not serve:\n{text.read()}")

    def null(self, *options, tcp=False):
        return self.filter(lambda where: [NULL, *options, where], tcp=tcp)

    def milter(self, dns, tcp=False, each="none", checks=PLAIN):
        self.count += 1
        config = self.path(f"config{self.count}")
        with open(config, "w", encoding="ascii") as out:
            out.write(CONFIG.format(port=dns.port, each=each, checks=checks))
        user = ["-u", self.user] if self.user else []
        return self.filter(lambda where: [MILTER, "-f", "-c", config, "-p", where, *user], tcp=tcp)

    def opendkim(self, domain):
        self.count += 1
        config, keys = self.path(f"opendkim{self.count}"), self.path(f"keys{self.count}")
        with open(keys, "w", encoding="ascii") as out:
            out.write(f"bench._domainkey.{domain} {key_record()}\n")
        with open(config, "w", encoding="ascii") as out:
            out.write(OPENDKIM.format(keys=keys))
        user = ["-u", self.user] if self.user else []
        return self.filter(lambda where: ["opendkim", "-f", "-x", config, "-p", where, *user])

    def load(self, process, *arguments):
        done = subprocess.run([LOAD, "-s", process.where, "-P", str(process.pid), *map(str, arguments)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Broken(f"the load failed: {done.stderr}")
        got = json.loads(done.stdout)
        if got["errors"] > 0 or got["edits"] < got["messages"] or got["verdicts"]["accept"] != got["messages"]:
            raise Broken(f"{os.path.basename(process.args[0])} {arguments}: {got['errors']} errors, {got['edits']} "
                         f"fields added to {got['messages']} mails, {got['verdicts']}: {done.stderr}")
        return got

    def times(self, full, quick):
        return quick if self.quick else full

    def cold(self, count):
        """Where clients begin that have not been seen before; count of them."""
        start = self.last_cold
        self.last_cold += count
        return start

    # ---- the table

    def row(self, name, what, values, must, aim, most=True, unit=""):
        """A figure with what it must be and should be: at most (or at least) so much."""
        figure = statistics.median(values)

        def holds(bound):
            return figure <= bound if most else figure >= bound
        word = "ok, aim reached" if holds(aim) else "ok" if holds(must) else "MISSED"
        sign = "<=" if most else ">="
        self.results.append({"row": name, "what": what, "must": must, "aim": aim, "measured": round(figure, 4),
                             "values": [round(value, 4) for value in values], "result": word})
        spread = f"{min(values):.3g}..{max(values):.3g}" if len(values) > 1 else ""
        print(f"{name:5} {what:58} {sign} {must:<6g} {sign} {aim:<6g} {figure:8.4g}{unit:3} {spread:>16}  {word}",
              flush=True)

    def note(self, text):
        print(f"      {text}", flush=True)

    def skip(self, name, what, why):
        self.results.append({"row": name, "what": what, "result": "skipped: " + why})
        print(f"{name:5} {what:58} skipped: {why}", flush=True)


def total(got, which="p50", stage="total"):
    return got["held_usec"][stage][which]


def ratios(above, below, value):
    """value(above) / value(below) of each repetition."""
    return [value(a) / max(value(b), 1e-9) for a, b in zip(above, below)]


def least(above, below, stage="total"):
    """The same of the p99 of a stage, from the repetition that was disturbed least."""
    return [min(total(one, "p99", stage) for one in above) / min(total(one, "p99", stage) for one in below)]


def rate(got):
    return got["rate"]


# ---- P1, P1b, P3, P4: throughput, CPU and time with a warm cache -------------------------------------------

def interleave(bench, filters, plays, repetitions):
    """Each play on each filter in turn, so often: {(filter, play): [what load said, ...]}."""
    got = {}
    for _ in range(repetitions):
        for play, arguments in plays.items():
            for name, process in filters.items():
                got.setdefault((name, play), []).append(bench.load(process, *arguments))
    return got


def start_filters(bench):
    server = bench.name_server(names(FIRST_WARM, 256))
    filters = {"null": bench.null(), "nrh": bench.null("-r"), "trace": bench.milter(server),
               "logging": bench.milter(server, each="message")}
    for process in filters.values():
        bench.load(process, "-n", 512, "-c", 4, "-a", WARM)
    bench.asked(server, 2 * 2 * 256)                # PTR and A, by both daemons
    return filters


def warm(bench, filters):
    size = bench.times((2000, 6000, 6000), (600, 1500, 1500))
    plays = {c: ("-n", n, "-c", c, "-a", WARM) for c, n in zip((1, 8, 64), size)}
    got = interleave(bench, filters, plays, bench.times(5, 3))
    for c in plays:
        bench.row("P1", f"mails a second / null without replies, {c} at once",
                  ratios(got["trace", c], got["nrh", c], rate), 0.70, 0.85, most=False)
    bench.row("P1", "the same, with a log line for each mail, 8 at once",
              ratios(got["logging", 8], got["nrh", 8], rate), 0.70, 0.85, most=False)
    bench.row("P1b", "mails a second / null, 8 at once", ratios(got["trace", 8], got["null", 8], rate), 1.15, 1.4,
              most=False)
    bench.row("P3", "CPU of a mail / null without replies, 8 at once",
              ratios(got["trace", 8], got["nrh", 8], lambda one: one["cpu_usec"]), 1.45, 1.25)
    bench.row("P4", "p50 of the time a mail is held / null without replies",
              ratios(got["trace", 1], got["nrh", 1], total), 1.5, 1.2)
    bench.row("P4", "p99 of it", least(got["trace", 1], got["nrh", 1]), 2.0, 1.5)
    for name in ("null", "nrh", "trace", "logging"):
        said = ", ".join(f"{c}: {statistics.median(map(rate, got[name, c])):.0f}/s" for c in plays)
        cpu = statistics.median(one["cpu_usec"] for one in got[name, 8])
        held = statistics.median(map(total, got[name, 1]))
        bench.note(f"{name:8} {said}; {cpu:.0f} us of CPU a mail; held for {held:.0f} us (1 at once)")


def many(bench, filters):
    """P8, P9: what idle connections cost, and P9b: a thousand busy ones."""
    server = bench.name_server(names(FIRST_WARM, 256))
    for idle in (4000, 10000):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < idle + 200:
            bench.skip("P8", f"bytes of an idle connection, {idle}", "too few open files are allowed")
            continue
        fresh = {"nrh": bench.null("-r"), "trace": bench.milter(server),
                 "shipped": bench.milter(server, checks=SHIPPED)}
        for process in fresh.values():              # what was freed before would be used again, and not be seen
            bench.load(process, "-n", 256, "-a", WARM)
        got = {name: bench.load(process, "-i", idle, "-n", 0, "-a", WARM) for name, process in fresh.items()}
        each = {name: one["idle"]["bytes_each"] / 1024 for name, one in got.items()}
        bench.row("P8", f"KB of an idle connection, {idle} of them (null {each['nrh']:.2f})", [each["trace"]], 4, 2)
        bench.note(f"as shipped: {each['shipped']:.2f} KB")
        if idle == 10000:
            after = got["trace"]["idle"]
            grown = after["rss_after_kb"] - after["rss_before_kb"]
            bench.row("P8b", "MB that 10000 idle connections add", [grown / 1024], 40, 40)
            bench.row("P8b", "threads with 10000 idle connections", [after["threads"]], 16, 16)
            busy = interleave(bench, {name: fresh[name] for name in ("nrh", "trace")},
                              {8: ("-i", idle, "-n", bench.times(4000, 1500), "-c", 8, "-a", WARM)}, bench.times(5, 3))
            bench.row("P9", "mails a second beside them / null without replies",
                      ratios(busy["trace", 8], busy["nrh", 8], rate), 0.75, 0.85, most=False)
            bench.note(", ".join(f"{name} {statistics.median(map(rate, busy[name, 8])):.0f}/s"
                                 for name in ("nrh", "trace")))
        for process in fresh.values():
            bench.stop(process)
    runs = interleave(bench, {name: filters[name] for name in ("nrh", "trace")},
                      {1000: ("-n", bench.times(6000, 3000), "-c", 1000, "-a", WARM)}, bench.times(3, 2))
    bench.row("P9b", "mails a second / null without replies, 1000 at once",
              ratios(runs["trace", 1000], runs["nrh", 1000], rate), 0.65, 0.8, most=False)


def base_memory(bench):
    process = bench.milter(bench.name_server([]))
    got = bench.load(process, "-n", 0, "-i", 1)
    bench.row("P8b", "MB of the daemon when it has just begun", [got["idle"]["rss_before_kb"] / 1024], 20, 20)
    bench.stop(process)


# ---- P2, P2b, P3: SPF and DKIM beside ----------------------------------------------------------------------

SENDERS = "example.com"
SIGNING = ("-S", os.path.join(KEYS, "rsa2048.pem"), "-D", SENDERS, "-k", 250)


def signed_filters(bench):
    server = bench.name_server([*names(FIRST_WARM, 256), *sender(SENDERS, 1)])
    filters = {"null": bench.null(), "nrh": bench.null("-r"), "trace": bench.milter(server, checks=SIGNED),
               "shipped": bench.milter(server, checks=SHIPPED)}
    if shutil.which("opendkim"):
        filters["opendkim"] = bench.opendkim(SENDERS)
    for process in filters.values():
        bench.load(process, "-n", 512, "-c", 4, "-a", WARM, *SIGNING)
    bench.asked(server, 2 * (2 * 256 + 3))          # PTR and A, two records of SPF and a key, by both daemons
    return filters


def signed(bench):
    filters = signed_filters(bench)
    size = bench.times((1500, 4000, 4000), (400, 1000, 1000))
    plays = {c: ("-n", n, "-c", c, "-a", WARM, *SIGNING) for c, n in zip((1, 8, 64), size)}
    got = interleave(bench, filters, plays, bench.times(5, 3))
    for process in filters.values():
        bench.stop(process)
    for c in plays:
        bench.row("P2", f"SPF and DKIM: mails a second / null without replies, {c} at once",
                  ratios(got["trace", c], got["nrh", c], rate), 0.28, 0.36, most=False)
    what = "SPF and DKIM: mails a second / opendkim, 8 at once"
    if "opendkim" in filters:
        bench.row("P2b", what, ratios(got["trace", 8], got["opendkim", 8], rate), 1.6, 2, most=False)
    else:
        bench.skip("P2b", what, "opendkim is not installed")
    bench.row("P3", "SPF and DKIM: CPU of a mail / null without replies, 8 at once",
              ratios(got["trace", 8], got["nrh", 8], lambda one: one["cpu_usec"]), 4.2, 3.5)
    for name in filters:
        said = ", ".join(f"{c}: {statistics.median(map(rate, got[name, c])):.0f}/s" for c in plays)
        cpu = statistics.median(one["cpu_usec"] for one in got[name, 8])
        share = statistics.median(ratios(got[name, 8], got["nrh", 8], rate))
        bench.note(f"{name:8} {said}; {cpu:.0f} us of CPU a mail; {share:.2f} of null without replies")
    bench.note("shipped: with ARC, DMARC and the verdict on relays, as the daemon comes")


# ---- P5, P6: names that take 100 ms, clients that take 60 ms a round trip ----------------------------------

def slow(bench, filters):
    """The reverse name takes two answers one after the other, 200 ms, and the client 180 ms: 20 ms is the floor.  HELO
    is another name, or its answer would be that of the second question, earlier."""
    count, repetitions = bench.times((800, 5), (320, 3))
    starts = [bench.cold(count) for _ in range(repetitions)]
    server = bench.name_server(names(FIRST_COLD, count * repetitions, starts[0]), 100)
    trace, nrh = bench.milter(server), filters["nrh"]
    got, null = [], []
    for start in starts:
        play = ("-n", count, "-c", 32, "-w", 60, "-a", COLD, "-o", start, "-H", "h#.example.net")
        got.append(bench.load(trace, *play))
        null.append(bench.load(nrh, *play))
    bench.asked(server, 3 * count * repetitions)
    bench.row("P5", "p50 of the time a mail is held, every name new", [total(one) / 1000 for one in got], 40, 25,
              unit=" ms")
    bench.row("P5", "p90 of it", [total(one, "p90") / 1000 for one in got], 60, 40, unit=" ms")
    bench.note(f"null without replies: p50 {statistics.median(map(total, null)) / 1000:.3g} ms, "
               f"p90 {statistics.median(total(one, 'p90') for one in null) / 1000:.3g} ms")
    for stage in ("connect", "helo", "mail", "rcpt"):
        bench.row("P6", f"p99 of the reply to {stage} / null without replies", least(got, null, stage), 3, 1.5)
    for name, runs in (("trace", got), ("nrh", null)):
        bench.note(f"{name:8} " + ", ".join(f"{stage} {min(total(one, 'p99', stage) for one in runs) / 1000:.3g} ms"
                                            for stage in ("connect", "helo", "mail", "rcpt")))
    bench.stop(trace)


def slow_signed(bench):
    """P5b, P5c: every client, domain and key is new.  The key is known of when the header is there, and so 100 ms is
    the floor; a policy of SPF is asked for from MAIL on, in up to three answers one after the other."""
    count, repetitions = bench.times((800, 3), (320, 2))
    for row, pause, bounds in (("P5b", 60, ((160, 125), (270, 250))), ("P5c", 0, ((230, 210), (340, 320)))):
        got = {}
        for checks, name in ((SIGNED, "signed"), (SHIPPED, "shipped")):
            starts = [bench.cold(count) for _ in range(repetitions)]
            total_ = count * repetitions
            server = bench.name_server([*names(FIRST_COLD, total_, starts[0]), *senders(total_, starts[0])], 100)
            trace = bench.milter(server, checks=checks)
            got[name] = [bench.load(trace, "-n", count, "-c", 32, "-w", pause, "-a", COLD, "-o", start, "-k", count,
                                    "-H", "h#.example.net", "-S", SIGNING[1], "-D", "d#.example.com")
                         for start in starts]
            bench.asked(server, 6 * total_)         # PTR, A, HELO, SPF of both, key
            bench.stop(trace)
            bench.stop(server)
        pauses = f"the client pauses for {pause} ms" if pause else "no pauses"
        for which, (must, aim) in zip(("p50", "p90"), bounds):
            bench.row(row, f"{which} of the time a signed mail is held, {pauses}",
                      [total(one, which) / 1000 for one in got["signed"]], must, aim, unit=" ms")
        bench.note("as shipped: " + ", ".join(
            f"{which} {statistics.median(total(one, which) for one in got['shipped']) / 1000:.3g} ms"
            for which in ("p50", "p90")))


def known_selectors(bench):
    """P5b: the same, but the domain has signed with this selector before, and its key is out of date: it is asked for
    at MAIL, 60 ms before the header comes."""
    count, repetitions = bench.times((800, 3), (320, 2))
    got = []
    for _ in range(repetitions):
        start = bench.cold(count)
        server = bench.name_server([*names(FIRST_COLD, count, start), *senders(count, start)], 100)
        trace = bench.milter(server, checks=SIGNED + "dns { max-ttl = 1s }\n")
        play = ("-n", count, "-c", 32, "-w", 60, "-a", COLD, "-o", start, "-k", count, "-H", "h#.example.net",
                "-S", SIGNING[1], "-D", "d#.example.com")
        bench.load(trace, *play)
        time.sleep(1.5)
        got.append(bench.load(trace, *play))
        bench.asked(server, 2 * 6 * count)
        bench.stop(trace)
        bench.stop(server)
    bench.row("P5b", "p50 of it where the domain's selector is known", [total(one) / 1000 for one in got], 100, 100,
              unit=" ms")


# ---- P7: names that never come -----------------------------------------------------------------------------

def longest_held(bench, hole, count):
    """So many mails at once at a daemon that has just begun, and no name server answers: (longest in all, its share
    before the end of the message), in milliseconds."""
    trace = bench.milter(hole, checks=SHIPPED)
    first = bench.cold(count)
    got = bench.load(trace, "-n", count, "-c", count, "-a", COLD, "-o", first, "-k", count, *SIGNING[:2], "-D",
                     "d#.example.com")
    bench.stop(trace)
    early = max(total(got, "max", stage) for stage in ("connect", "helo", "mail", "rcpt", "data"))
    return total(got, "max") / 1000, early / 1000


def black_hole(bench):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        hole = types.SimpleNamespace(port=silent.getsockname()[1])
        for row, count, must, aim in (("P7", 8, 1.1, 1.1), ("P7b", 64, 2.0, 1.2)):
            held = [longest_held(bench, hole, count) for _ in range(bench.times(4, 2))]
            # The longest of all: a queue behind somebody else's wait comes and goes.
            bench.row(row, f"longest time held / deadline, {count} at once, no answers",
                      [max(all_ for all_, _ in held) / DEADLINE_MSEC], must, aim)
            bench.note(f"before the end of the message for {max(early for _, early in held):.0f} ms at most")
    trace = bench.milter(bench.name_server([*names(FIRST_WARM, 256), *holes(4096)]), checks=SHIPPED)
    good = ("-n", bench.times(6000, 2000), "-c", 8, "-a", WARM)
    bench.load(trace, *good)
    alone, beside = [], []
    for _ in range(bench.times(3, 2)):
        alone.append(bench.load(trace, *good))
        holed = bench.start(LOAD, "-s", trace.where, "-n", "4000", "-c", "64", "-a", COLD, "-H", HOLED, "-w", "300",
                            stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        beside.append(bench.load(trace, *good))
        bench.stop(holed)
    # Clients pause, so that what is answered at once is not a flood.
    bench.row("P7", "p99 of good clients with 64 holed ones beside / alone",
              least(beside, alone), 1.5, 1.1)
    bench.stop(trace)


# ---- P10: TCP ----------------------------------------------------------------------------------------------

def tcp(bench, filters):
    server = bench.name_server(names(FIRST_WARM, 256))
    both = {"tcp": bench.milter(server, tcp=True), "unix": filters["trace"]}
    play = ("-n", bench.times(4000, 1500), "-c", 8, "-a", WARM)
    bench.load(both["tcp"], "-n", 512, "-c", 4, "-a", WARM)
    got = interleave(bench, both, {8: play}, bench.times(5, 3))
    bench.row("P10", "mails a second over TCP / over its own unix socket, 8 at once",
              ratios(got["tcp", 8], got["unix", 8], rate), 0.55, 0.65, most=False)
    bench.stop(both["tcp"])


# ---- P11: a real Postfix -----------------------------------------------------------------------------------

def make_postfix(bench, instance, milters):
    """An instance that takes mail from loopback and discards it; its queue lies in memory where there is /dev/shm."""
    top = bench.path("mta")
    os.mkdir(top, 0o755)
    postfix = instance.Postfix(top, list(milters))
    main = os.path.join(postfix.config, "main.cf")
    with open(main, encoding="ascii") as text:
        kept = [line for line in text if not re.match("virtual_|smtpd_relay_restrictions", line)]
    with open(main, "w", encoding="ascii") as out:
        out.writelines(kept)
        out.write("smtpd_relay_restrictions = permit_mynetworks, reject\nin_flow_delay = 0\n")
    # As route() writes it, but for the way without a milter.
    with open(os.path.join(postfix.config, "master.cf"), "w", encoding="ascii") as out:
        for way, port in postfix.ports.items():
            out.write(f"127.0.0.1:{port} inet n - n - 50 smtpd\n")
            if milters[way]:
                out.write(f"  -o {{ smtpd_milters = {{ {milters[way]}, default_action=tempfail }} }}\n")
        out.write(instance.MASTER)
    return postfix


def make_letter(bench):
    """A signed message of some 4,400 bytes in a file."""
    header = ("From: sender@example.com\nTo: rcpt@discard.example\nSubject: a letter\nDate: Sat, 21 Nov 2026 09:59:00 "
              "+0000\nMessage-ID: <1@example.com>\nMIME-Version: 1.0\nContent-Type: text/plain\n\n")
    text = header + "".join(f"{i:03}: a line of a letter that goes on for a while, and says no more\n"
                            for i in range(52))
    path = bench.path("letter")
    with open(path, "wb") as out:
        subprocess.run([SIGN, "-w", os.path.join(KEYS, "rsa2048.pem"), SENDERS, "bench"], input=text.encode(),
                       stdout=out, timeout=60, check=True)
    return path


def send(bench, port, count, letter):
    began = time.monotonic()
    done = subprocess.run(["smtp-source", "-s", "8", "-m", str(count), "-F", letter, "-f", "sender@example.com",
                           "-t", "rcpt@discard.example", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Broken(f"smtp-source: {done.stderr}")
    return count / (time.monotonic() - began)


def through_postfix(bench):
    what = "mails a second through Postfix / without a milter"
    try:
        sys.path.insert(0, os.path.join(SOURCE, "tests", "postfix"))
        import instance                                     # noqa: E402  (the tests' own private Postfix)
        why = instance.missing() or ("" if shutil.which("smtp-source") else "smtp-source is not installed")
    except ImportError as error:
        why = str(error)
    if why:
        bench.skip("P11", what, why)
        return
    server = bench.name_server(["dns 1.0.0.127.in-addr.arpa PTR here.example.net\n",
                                "dns here.example.net A 127.0.0.1\n", *sender(SENDERS)])
    letter = make_letter(bench)
    ways = {"none": None, "null": bench.null(), "nrh": bench.null("-r"), "trace": bench.milter(server),
            "signed": bench.milter(server, checks=SIGNED), "shipped": bench.milter(server, checks=SHIPPED),
            "trace-tcp": bench.milter(server, tcp=True)}
    for way in ways.values():
        if way and way.where.startswith("unix:"):
            os.chmod(way.where[5:], 0o666)
    milters = {name: way and postfix_name(way.where) for name, way in ways.items()}
    postfix = make_postfix(bench, instance, milters)
    try:
        trouble = postfix.start()
        if trouble:
            raise Broken(f"Postfix does not start: {trouble}")
        got = {}
        for round_ in range(bench.times(5, 3) + 1):
            for name in ways:
                speed = send(bench, postfix.ports[name], bench.times(1500, 500), letter)
                if round_ > 0:                              # the first one warms up
                    got.setdefault(name, []).append(speed)
    finally:
        postfix.stop()
    share = {name: [a / b for a, b in zip(got[name], got["none"])] for name in ways}
    bench.row("P11", what, share["trace"], 0.62, 0.72, most=False)
    # Loopback is one of ours, and so SPF has nobody to judge.
    bench.row("P11", "the same, with DKIM", share["signed"], 0.48, 0.57, most=False)
    bench.note(", ".join(f"{name} {statistics.median(got[name]):.0f}/s ({statistics.median(share[name]):.2f})"
                         for name in ways))


def postfix_name(where):
    """The same socket in Postfix's words."""
    if where.startswith("inet:"):
        port, host = where[5:].split("@")
        return f"inet:{host}:{port}"
    return where


# ---- P12: the reader of Received ---------------------------------------------------------------------------

# A reader as it is usually written in Python: one regular expression for each clause.
CLAUSES = [re.compile(pattern, re.I | re.S) for pattern in (
    r"\bfrom\s+(.+?)(?=\s+(?:by|with|via|id|for)\s|;|$)", r"\bby\s+(.+?)(?=\s+(?:from|with|via|id|for)\s|;|$)",
    r"\bwith\s+(.+?)(?=\s+(?:from|by|via|id|for)\s|;|$)", r"\bvia\s+(.+?)(?=\s+(?:from|by|with|id|for)\s|;|$)",
    r"\bid\s+(.+?)(?=\s+(?:from|by|with|via|for)\s|;|$)", r"\bfor\s+(.+?)(?=\s+(?:from|by|with|via|id)\s|;|$)")]
ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9a-f:.]+)\]", re.I)


def read_by_expressions(field):
    text = " ".join(field.split())
    parts = [clause.search(text) for clause in CLAUSES]
    address = ADDRESS.search(parts[0].group(1)) if parts[0] else None
    return parts, address and address.group(1), email.utils.parsedate_tz(text.rpartition(";")[2])


def peers(bench, path, nsec):
    """What other readers need for the same fields, as multiples of ours."""
    with open(path, encoding="utf-8", errors="replace") as file:
        fields = file.read().split("\0")[:-1]
    best = min(timed(lambda: [read_by_expressions(field) for field in fields]) for _ in range(bench.times(5, 2)))
    bench.note(f"regular expressions in Python: {best / len(fields) * 1e9:.0f} ns a field, "
               f"{best / len(fields) * 1e9 / nsec:.0f} times as much")
    done = subprocess.run(["perl", os.path.join(SOURCE, "tests", "bench", "received.pl"), path], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, timeout=300, check=False)
    if done.returncode != 0:
        bench.note("SpamAssassin: not installed")
        return
    took, read = (int(word) for word in done.stdout.split())
    bench.note(f"SpamAssassin: {took} ns a field ({read} of {len(fields)} read), {took / nsec:.0f} times as much")


def timed(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def received(bench):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "fields")
        done = subprocess.run([RECEIVED, str(bench.times(9, 3)), path], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300, check=True)
        got = json.loads(done.stdout)
        received_rows(bench, got)
        peers(bench, path, got["nsec"])


def received_rows(bench, got):
    bench.row("P12", f"ns to read a Received field of {got['bytes']:.0f} bytes ({got['smtp_percent']} % are hops)",
              [got["nsec"]], 1500, 800)
    bench.note(f"that is {got['bytes'] / got['nsec'] * 1000:.0f} MB/s of a header block of Received fields")
    bench.note(f"a loop that only looks at each byte: {got['nsec_bytes']:.0f} ns, here and now")
    bench.row("P12", "a field of 2000 / a field of 200", [got["nsec_2000"] / got["nsec_200"]], 1.5, 1.2)
    worst = max(got["growth"], key=got["growth"].get)
    bench.row("P12", f"a byte of a field of 300 KB / of 3 KB ({worst})", [got["growth"][worst]], 3, 1.5)


def memory(bench):
    """The memory of clients: every client once and some again, in no order."""
    what = "events a second that the memory of clients writes"
    if not os.access(STORE, os.X_OK):
        bench.skip("H1", what, "built without SQLite")
        return
    clients = bench.times(1000000, 100000)
    done = subprocess.run([STORE, str(clients), str(clients * 3 // 2), "512"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=1800, check=False)
    got = json.loads(done.stdout)
    bench.row("H1", what, [got["events_per_sec"]], 10000, 20000, most=False)
    bench.note(f"in a second of CPU: {got['events_per_cpu_sec']}")
    bench.row("H1", "of these lost", [got["dropped"]], 0, 0)
    bench.row("H2", f"MB of the file with {clients} clients", [got["bytes"] / 2 ** 20], 512, 256)
    bench.row("H3", "questions a second, each of another client", [got["asks_per_sec"]], 1000, 5000, most=False)


# ---- all of it ---------------------------------------------------------------------------------------------

def run(bench, rows):
    asked_for = {row.rstrip("bc") for row in rows}

    def wanted(*names_):
        return not rows or any(name in asked_for for name in names_)
    print(f"{'row':5} {'what':58} {'must':9} {'aim':9} {'measured':11} {'spread':>16}")
    if wanted("P12"):
        received(bench)
    if wanted("P1", "P3", "P4", "P5", "P6", "P8", "P9", "P10"):
        filters = start_filters(bench)
        if wanted("P1", "P3", "P4"):
            warm(bench, filters)
        if wanted("P8", "P9"):
            base_memory(bench)
            many(bench, filters)
        if wanted("P5", "P6"):
            slow(bench, filters)
        if wanted("P10"):
            tcp(bench, filters)
        for process in filters.values():
            bench.stop(process)
    if wanted("P2", "P3"):
        signed(bench)
    if wanted("P5"):
        slow_signed(bench)
        known_selectors(bench)
    if wanted("P7"):
        black_hole(bench)
    if wanted("P11"):
        through_postfix(bench)
    if wanted("H1", "H2", "H3"):
        memory(bench)


def main():
    parser = argparse.ArgumentParser(description="Measures the daemon against null filters.")
    parser.add_argument("--quick", action="store_true", help="fewer mails, fewer repetitions")
    parser.add_argument("--json", metavar="FILE", help="writes the figures to a file, too")
    parser.add_argument("rows", nargs="*", help="only these rows (P1 ... P12, H1 ... H3)")
    options = parser.parse_args()
    bench = Bench(options.quick)
    began = time.monotonic()
    try:
        run(bench, options.rows)
    except (Broken, OSError, subprocess.SubprocessError) as trouble:
        print(f"broken: {trouble}", file=sys.stderr)
        return 1
    finally:
        bench.close()
    if options.json:
        with open(options.json, "w", encoding="ascii") as out:
            json.dump(bench.results, out, indent=1)
    missed = sum(one["result"] == "MISSED" for one in bench.results)
    print(f"{len(bench.results)} figures, {missed} missed, {time.monotonic() - began:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
