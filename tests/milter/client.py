# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol, one packet at a time, and a daemon to speak to.

Milter does what Postfix does (negotiation, macro frames, fields that are not answered); every
step can also be left out, repeated or sent in another order.  Standard library only.
"""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILT = os.environ.get("top_builddir") or TOP
PROGRAM = os.path.join(BUILT, "milter", "mailtrace-milter")
NAMESERVER = os.path.join(BUILT, "tests", "tools", "nameserver")

NO_BODY, NO_HEADERS, NO_EOH, NR_HEADER, NO_UNKNOWN = 0x10, 0x20, 0x40, 0x80, 0x100
NR_EOH, NR_BODY = 0x40000, 0x80000
ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF
VERDICTS = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"d": "discard", b"y": "reply",
            b"f": "conn-fail", b"s": "skip"}


class Closed(Exception):
    """The filter ended the session."""


def connect(spec, timeout=20):
    """A socket connected to inet:PORT@HOST, inet6:PORT@HOST or unix:PATH."""
    kind, rest = spec.split(":", 1)
    if kind in ("unix", "local"):
        sock = socket.socket(socket.AF_UNIX)
        address = rest
    else:
        port, host = rest.split("@")
        sock = socket.socket(socket.AF_INET6 if kind == "inet6" else socket.AF_INET)
        address = (host, int(port))
    sock.settimeout(timeout)
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    if kind.startswith("inet"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Answer:
    """What the filter said to one command."""

    def __init__(self, word, text="", edits=(), quarantine=None):
        self.word, self.text, self.edits, self.quarantine = word, text, list(edits), quarantine

    def __repr__(self):
        return f"{self.word} {self.text!r} {len(self.edits)} edits"

    def added(self, name):
        return [value for op, _, n, value in self.edits if op == "insert" and n.lower() == name.lower()]


class Milter:
    """One session.  software: the macro v; None leaves it out."""

    def __init__(self, spec, actions=ALL_ACTIONS, steps=ALL_STEPS, software="Postfix 3.7.11", negotiate=True):
        self.sock = connect(spec)
        self.buffer = b""
        self.software = software
        self.steps = self.actions = 0
        self.lists = {}
        if negotiate:
            self.negotiate(actions, steps)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # -- packets
    def send(self, command, data=b""):
        self.sock.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _need(self, count):
        while len(self.buffer) < count:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed()
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read(self):
        length = struct.unpack(">I", self._need(4))[0]
        packet = self._need(length)
        return packet[:1], packet[1:]

    def silent(self, seconds):
        """Whether nothing at all comes for so long."""
        self.sock.settimeout(seconds)
        try:
            return not self.buffer and self.sock.recv(1, socket.MSG_PEEK) is None
        except socket.timeout:
            return True
        finally:
            self.sock.settimeout(20)

    def negotiate(self, actions, steps):
        self.send(b"O", struct.pack(">III", 6, actions, steps))
        command, data = self.read()
        assert command == b"O", command
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        data = data[12:]
        while len(data) >= 4:
            stage = struct.unpack(">I", data[:4])[0]
            names, _, data = data[4:].partition(b"\0")
            self.lists[stage] = names.decode().split()

    def macros(self, command, **values):
        pairs = b""
        for name, value in values.items():
            if value is not None:
                name = name if len(name) == 1 else "{" + name + "}"
                pairs += name.encode() + b"\0" + value.encode("latin-1") + b"\0"
        self.send(b"D", command + pairs)

    def answer(self):
        """Everything up to the packet that ends a command."""
        edits, quarantine = [], None
        while True:
            command, data = self.read()
            if command in VERDICTS:
                text = data.rstrip(b"\0").decode("latin-1") if command == b"y" else ""
                word = VERDICTS[command]
                if word == "reply":
                    word = {"4": "tempfail", "5": "reject"}[text[0]]
                return Answer(word, text, edits, quarantine)
            if command in (b"i", b"m"):
                name, value = data[4:].split(b"\0")[:2]
                edits.append(({b"i": "insert", b"m": "change"}[command], struct.unpack(">I", data[:4])[0],
                              name.decode("latin-1"), value.decode("latin-1")))
            elif command == b"h":
                name, value = data.split(b"\0")[:2]
                edits.append(("add", 0, name.decode("latin-1"), value.decode("latin-1")))
            elif command == b"q":
                quarantine = data.rstrip(b"\0").decode("latin-1")
            else:
                assert command == b"p", (command, data)

    # -- commands
    def connected(self, address="192.0.2.7", name="mail.example.net", port=40000, macros=None):
        """address None: an unknown family; a path: AF_UNIX."""
        self.macros(b"C", j="mx.example.org", v=self.software, **(macros or {"client_port": str(port)}))
        if address is None:
            peer = b"U"
        elif address.startswith("/"):
            peer = b"L" + struct.pack(">H", port) + address.encode() + b"\0"
        elif ":" in address:
            peer = b"6" + struct.pack(">H", port) + b"IPv6:" + address.encode() + b"\0"
        else:
            peer = b"4" + struct.pack(">H", port) + address.encode() + b"\0"
        self.send(b"C", name.encode() + b"\0" + peer)
        return self.answer()

    def helo(self, name="mail.example.net", **macros):
        self.macros(b"H", **macros)
        self.send(b"H", name.encode("latin-1") + b"\0")
        return self.answer()

    def mail(self, sender="<a@example.net>", **macros):
        self.macros(b"M", **macros)
        self.send(b"M", sender.encode() + b"\0")
        return self.answer()

    def rcpt(self, recipient="<b@example.org>", **macros):
        if macros:
            self.macros(b"R", **macros)
        self.send(b"R", recipient.encode() + b"\0")
        return self.answer()

    def data(self, queue_id="4Tabc"):
        self.macros(b"T", i=queue_id)
        self.send(b"T")
        return self.answer()

    def header(self, name, value):
        if self.steps & NO_HEADERS:
            return
        self.send(b"L", name.encode("latin-1") + b"\0" + value.encode("latin-1") + b"\0")
        if not self.steps & NR_HEADER:
            answer = self.answer()
            assert answer.word == "continue", answer

    def body(self, chunk=b"text\r\n"):
        if not self.steps & NO_EOH:
            self.send(b"N")
            if not self.steps & NR_EOH:
                self.answer()
        if not self.steps & NO_BODY:
            self.send(b"B", chunk)
            if not self.steps & NR_BODY:
                self.answer()

    def end(self, queue_id="4Tabc"):
        self.macros(b"E", i=queue_id)
        self.send(b"E")
        return self.answer()

    def abort(self):
        self.send(b"A")

    def quit(self):
        self.send(b"Q")
        self.sock.close()

    # -- longer pieces
    def begin(self, **kwargs):
        """CONNECT and HELO."""
        helo = kwargs.pop("helo", "mail.example.net")
        self.connected(**kwargs)
        return self.helo(helo)

    def message(self, sender="<a@example.net>", recipients=("<b@example.org>",), headers=(), queue_id="4Tabc",
                **macros):
        """From MAIL to the final dot; the first answer that is not "go on", with its stage."""
        answer = self.mail(sender, **macros)
        if answer.word != "continue":
            return "mail", answer
        answers = [self.rcpt(one) for one in recipients]
        if all(one.word != "continue" for one in answers):
            return "rcpt", answers[0]
        answer = self.data(queue_id)
        if answer.word != "continue":
            return "data", answer
        for name, value in headers or (("From", "a@example.net"), ("Subject", "x")):
            self.header(name, value)
        self.body()
        return "eom", self.end(queue_id)


# ---- the daemon ----------------------------------------------------------------------------

ANSWERS = """
dns 7.2.0.192.in-addr.arpa PTR mail.example.net
dns mail.example.net A 192.0.2.7
dns mail.example.net AAAA nodata
dns 8.2.0.192.in-addr.arpa PTR liar.example.net
dns liar.example.net A 198.51.100.1
dns 9.2.0.192.in-addr.arpa PTR timeout
dns 7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.example.net
dns six.example.net AAAA 2001:db8::7
default nxdomain
"""
CONF = """
mode = enforce
trust { authserv-id = "mx.example.org" }
log { each = message }
"""


def free_port(family=socket.AF_INET):
    with socket.socket(family) as sock:
        sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        return sock.getsockname()[1]


class Daemon:
    """mailtrace-milter in the foreground, in a directory of its own.  With answers None it asks DNS."""

    def __init__(self, conf=CONF, socket_spec=None, answers=ANSWERS, arguments=(), wait=True, folder=None, env=None,
                 **popen):
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="mt.")
        os.chmod(self.folder, 0o755)
        if self.own_folder and os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        self.conf = self.write("milter.conf", conf)
        self.spec = socket_spec or f"unix:{self.folder}/milter.sock"
        logs = [name for name in os.listdir(self.folder) if name.startswith("log.")]
        self.log_path = os.path.join(self.folder, f"log.{len(logs)}")
        self.command = [PROGRAM, "-f", "-c", self.conf, "-p", self.spec, *arguments]
        if os.geteuid() == 0:
            self.command += ["-u", "nobody"]
        if answers is not None:
            self.command += ["--answers", self.write("answers", answers)]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=dict(os.environ, **(env or {})), **popen)
        if wait and not self.wait_log("started"):
            said = self.log()
            self.kill()
            raise RuntimeError("the daemon does not start: " + said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="latin-1") as out:
            out.write(text)
        os.chmod(path, 0o644)
        return path

    def log(self):
        with open(self.log_path, encoding="latin-1") as source:
            return source.read()

    def wait_log(self, pattern, seconds=15, count=1):
        """Waits until the log has so many lines that match."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if len(re.findall(pattern, self.log())) >= count:
                return True
            if self.process.poll() is not None and len(re.findall(pattern, self.log())) < count:
                break
            time.sleep(0.01)
        return len(re.findall(pattern, self.log())) >= count

    def signal(self, number):
        self.process.send_signal(number)

    def counters(self):
        """What SIGUSR2 writes, as a dictionary."""
        before = len(re.findall("counters:", self.log()))
        self.signal(signal.SIGUSR2)
        self.wait_log("counters:", count=before + 1)
        line = [l for l in self.log().splitlines() if "counters:" in l][-1]
        return {k: int(v) for k, v in re.findall(r"([a-z-]+)=(\d+)", line)}

    def engine_counters(self):
        """What SIGUSR2 writes of the engine's questions, as a dictionary."""
        before = self.log().count("engine:")
        self.counters()
        until = time.monotonic() + 15
        while time.monotonic() < until:
            lines = "\n".join(self.log().split("engine:")[before + 1:])
            if " reject=" in lines:
                return {k: int(v) for k, v in re.findall(r"([a-z-]+(?:\[[^]]*\])?)=(\d+)", lines)}
            time.sleep(0.01)
        return {}

    def wait(self, seconds=15):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        """TERM; the exit status and the seconds it took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.wait(), time.monotonic() - began

    def session(self, **kwargs):
        return Milter(self.spec, **kwargs)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class NameServer:
    """The name server double on a port of its own."""

    def __init__(self, answers):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".answers", encoding="ascii")
        self.file.write(answers)
        self.file.flush()
        self.port = 0
        self.start()

    def start(self):
        """At the port that it had before, if it had one."""
        self.process = subprocess.Popen([NAMESERVER, "-p", str(self.port), self.file.name], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def queries(self):
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline().split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.file.close()


def run(arguments, **kwargs):
    """The program run to its end: status, standard output, standard error."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30, check=False, **kwargs)
    return done.returncode, done.stdout, done.stderr


# ---- TAP -------------------------------------------------------------------------------------

class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, detail=None):
        self.count += 1
        if not good:
            self.failed += 1
            for line in str(detail).splitlines() if detail is not None else ():
                print("#", line)
        print(f"{'' if good else 'not '}ok {self.count} - {name}", flush=True)
        return bool(good)

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def play(tests):
    """Each test is a function of a Tap; one that breaks is a failure, and the others go on."""
    tap = Tap()
    if not os.access(PROGRAM, os.X_OK):
        print("1..0 # SKIP mailtrace-milter is not built")
        return 0
    for test in tests:
        try:
            test(tap)
        except Exception as error:  # a test that breaks must not hide the next
            tap.ok(False, f"{test.__name__}: {type(error).__name__}: {error}")
    return tap.done()


if __name__ == "__main__":
    sys.exit("a module of tests, not a test")
