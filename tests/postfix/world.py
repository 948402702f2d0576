# SPDX-License-Identifier: BSD-2-Clause
"""What the tests through an MTA share: the world that they send mail in, and the loop that plays their cases.

A case is a function of the world: it raises AssertionError where something is not as it must be, and gives the
reason where it cannot be played here.
"""
import os
import re
import shutil
import tempfile

from instance import HOST, Client, Postfix, Process, Reply, free_port, listens, missing, wait_until

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILT = os.environ.get("top_builddir") or TOP


class Daemon(Process):
    """The daemon with a configuration file of its own, made from a template and its values."""

    def __init__(self, top, name, template, arguments=(), **values):
        self.port = free_port()
        self.file = os.path.join(top, name + ".conf")
        self.template = template
        self.arguments = arguments
        self.values = values
        self.configure()
        super().__init__(self.command(), os.path.join(top, "log", name + ".log"))

    def command(self):
        return [os.path.join(BUILT, "milter", "mailtrace-milter"), "-f", "-c", self.file, "-u", "nobody",
                *self.arguments]

    def configure(self, **values):
        self.values.update(values)
        self.write(self.template.format(port=self.port, host=HOST, **self.values))

    def write(self, text):
        with open(self.file, "w", encoding="ascii") as out:
            out.write(text)

    def ready(self):
        return wait_until(lambda: not self.alive() or listens(self.port), 20) and self.alive()

    def again(self):
        """A second run of the same daemon, once the first one has let go of its port."""
        wait_until(lambda: not listens(self.port), 10)
        Process.__init__(self, self.command(), self.out)
        return self.ready()


class World:
    """Everything that runs, and what the cases ask of it."""

    answers = ""                # what the name server says
    template = ""               # of the configuration; {port}, {dns}, {host}, and the values of each daemon
    daemons_of = {}             # name: (values, arguments); each is a way into Postfix with that daemon as its milter
    options_of = {}             # way: settings of Postfix for it alone
    settings = ""               # and for all of them

    def __init__(self, top):
        self.top = top
        self.marks = 0
        self.mta = self.names = None
        self.daemons = {}
        self.dns = 0

    def start_names(self):
        where = os.path.join(self.top, "answers")
        os.mkdir(where, 0o755)
        with open(os.path.join(where, "world"), "w", encoding="ascii") as out:
            out.write(self.answers)
        self.names = Process([os.path.join(BUILT, "tests", "tools", "nameserver"), os.path.join(where, "world")],
                             os.path.join(where, "log"))
        found = wait_until(lambda: re.search(r"port (\d+)", self.names.text()), 20)
        self.dns = int(found.group(1)) if found else 0

    def ways(self):
        """way -> its milters, as Postfix wants them told; once the daemons have begun."""
        return {name: f"inet:127.0.0.1:{daemon.port}, connect_timeout=5s, default_action=accept"
                for name, daemon in self.daemons.items()}

    def names_of_ways(self):
        return list(self.daemons_of)

    def make_mta(self):
        return Postfix(self.top, self.names_of_ways(), self.settings)

    def start(self):
        """Why it cannot, or ""."""
        self.start_names()
        if self.dns == 0:
            return "the name server does not start: " + self.names.text()
        self.mta = self.make_mta()
        for name, (values, arguments) in self.daemons_of.items():
            self.daemons[name] = Daemon(self.top, name, self.template, arguments, dns=self.dns, **values)
        self.mta.route(self.ways(), self.options_of)
        for daemon in self.daemons.values():
            if not daemon.ready():
                return "the daemon does not start: " + daemon.text()
        return self.mta.start()

    def stop(self):
        """Ends all; (name, exit status, text of stderr) of each daemon."""
        if self.mta is not None:
            self.mta.stop()
        ended = [(name, daemon.stop(), daemon.text()) for name, daemon in self.daemons.items()]
        if self.names is not None:
            self.names.stop()
        return ended

    def client(self, way, address="192.0.2.10", helo="good.example.net"):
        return Client(self.mta.ports[way], address, helo)

    def mark(self):
        self.marks += 1
        return f"mark-{self.marks}-end"

    def send(self, way, address="192.0.2.10", helo="good.example.net", header="", **envelope):
        """Sends one message: (the mark in it, its queue id)."""
        mark = self.mark()
        client = self.client(way, address, helo)
        try:
            return mark, client.send(message(mark, header), **envelope)
        finally:
            client.close()

    def trace(self, way, *where, **how):
        """Sends one message, waits for it, and gives its fields from the top."""
        return fields(self.mta.delivered(self.send(way, *where, **how)[0]))

    def refusal(self, way, *where, **how):
        """Sends one message that must be refused: the reply."""
        try:
            mark, _ = self.send(way, *where, **how)
        except Reply as reply:
            return reply
        raise AssertionError(f"{mark} was accepted")


def message(mark, header=""):
    return f"{header}From: anna@example.net\nTo: bert@example.org\nSubject: {mark}\n\nA line.\n".encode("latin-1")


def fields(delivered):
    """[(name, value)] of a message, unfolded, from the top, without what the delivery agent adds."""
    head = delivered.partition(b"\n\n")[0].decode("latin-1")
    found = [tuple(part.strip() for part in field.partition(":")[::2])
             for field in re.sub(r"\n[ \t]+", " ", head).split("\n") if field]
    return [field for field in found if field[0] not in ("Return-Path", "X-Original-To", "Delivered-To")]


def values(trace, name):
    return [value for field, value in trace if field.lower() == name.lower()]


def want(true, what, shown=""):
    if not true:
        raise AssertionError(f"{what}: {str(shown)[-1500:]}")


def want_in(text, where):
    want(text in where, f"{text!r} is missing", where)


def lines_with(text, log):
    """The lines of log() that hold the text, once there are any: logs are written a little later."""
    return wait_until(lambda: [line for line in log().splitlines() if text in line], 10)


def result(trace):
    found = values(trace, "X-Trace-Result")
    want(len(found) == 1, "one X-Trace-Result", trace)
    return found[0]


def trace_id(text):
    found = re.search(r"\bid=([0-9A-Za-z]+)", text) or re.search(r"\(([0-9A-Za-z]{20,})\)", text)
    want(found, "an id", text)
    return found.group(1)


def nothing_odd_in_the_log(world, but=()):
    """Postfix complains of nothing, but of those ports that were shut on purpose."""
    odd = [line for line in world.mta.log().splitlines()
           if re.search(r"malformed|fatal:|panic:|warning: milter|unexpected", line)
           and not any(f"127.0.0.1:{port}" in line for port in but)]
    want(not odd, "Postfix has nothing to complain of", odd)


# ---- the loop

def play(world, cases):
    """Runs the cases, each (name, function); the number that failed."""
    bad = 0
    for i, (name, case) in enumerate(cases, 1):
        why = skip = None
        try:
            skip = case(world)
        except (AssertionError, Reply, OSError, IndexError, ValueError) as trouble:
            why = f"{type(trouble).__name__}: {trouble}"
        if why is not None:
            bad += 1
            print("\n".join("# " + line for line in why.splitlines()))
        print(f"{'' if why is None else 'not '}ok {i} - {name}{f' # SKIP {skip}' if skip else ''}", flush=True)
    return bad


def judge(ended):
    """How the daemons ended: (test, what to show)."""
    marks = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|Assertion")
    return [(status == 0 and not marks.search(text), f"the daemon {name!r} ended well",
             f"status {status}\n{text[-3000:]}") for name, status, text in ended]


def main(make_world, cases, why=missing()):
    """Plays the cases in a world of their own, and gives the exit status; why: they cannot be played here."""
    if why:
        print(f"1..0 # SKIP {why}")
        return 0
    top = tempfile.mkdtemp(prefix="mailtrace-mta-")
    os.chmod(top, 0o755)
    world = make_world(top)
    try:
        trouble = world.start()
        if trouble:
            print("\n".join("# " + line for line in trouble.splitlines()))
            print("Bail out! nothing to send mail to")
            return 1
        bad = play(world, cases)
    finally:
        ended = world.stop()
        if not os.environ.get("KEEP"):
            shutil.rmtree(top, ignore_errors=True)
    for i, (good, name, shown) in enumerate(judge(ended), len(cases) + 1):
        bad += not good
        if not good:
            print("\n".join("# " + line for line in shown.splitlines()))
        print(f"{'' if good else 'not '}ok {i} - {name}")
    print(f"1..{len(cases) + len(ended)}")
    return 0 if bad == 0 else 1
