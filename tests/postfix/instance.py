# SPDX-License-Identifier: BSD-2-Clause
"""A private Postfix on loopback, a client that speaks SMTP to it, and the daemon and name server beside it.

Everything lives in one directory and ends with it; nothing of the machine's own Postfix is read or touched.
"""
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time

HOST = "mx.mailtrace.example"

MAIN = """compatibility_level = 3.6
queue_directory = {top}/queue
data_directory = {top}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {top}/log/mail.log
maillog_file_prefixes = {top}/log
myhostname = {host}
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = {protocols}
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
disable_dns_lookups = yes
default_transport = discard
relay_transport = discard
notify_classes =
alias_maps =
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {top}/mail
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""

MASTER = """cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
smtp      unix  - - n - - discard
relay     unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


def free_port():
    """One that nobody has, of those that no connection is given for its own end: other tests run beside this one."""
    while True:
        port = random.randrange(10240, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def wait_until(true, seconds, every=0.05):
    """What true() gives as soon as it is true, or its last answer after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        answer = true()
        if answer or time.monotonic() >= end:
            return answer
        time.sleep(every)


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def merged(text, more):
    """Lines of main.cf, each name once: of a second one every process warns, and postlogd, which would have to take
    the warnings of all, can hang on its own."""
    def name(line):
        return line.partition("=")[0].strip()
    names = {name(line) for line in more.splitlines()}
    return "".join(line + "\n" for line in text.splitlines() if name(line) not in names) + more


class Postfix:
    """Each of the ways into it is an SMTP port, in self.ports, with milters of its own (route)."""

    def __init__(self, top, ways, settings=""):
        """settings: lines of main.cf that stand for those above, or beside them."""
        self.top = top
        self.config = os.path.join(top, "postfix")
        self.log_file = os.path.join(top, "log", "mail.log")
        self.inbox = os.path.join(top, "mail", "inbox")
        self.ports = {name: free_port() for name in ways}
        owner, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        for name in ("postfix", "queue", "data", "log", "mail"):
            os.mkdir(os.path.join(top, name), 0o755)
        os.chown(os.path.join(top, "data"), owner.pw_uid, owner.pw_gid)
        os.chown(os.path.join(top, "mail"), nobody.pw_uid, nobody.pw_gid)
        protocols = "all" if os.path.exists("/proc/net/if_inet6") else "ipv4"
        self._write("main.cf", merged(MAIN.format(top=top, host=HOST, protocols=protocols, uid=nobody.pw_uid,
                                                  gid=nobody.pw_gid), settings))

    def route(self, milters, options=None):
        """milters: way -> what stands between the braces of smtpd_milters; options: way -> settings of its own."""
        lines = []
        for way, port in self.ports.items():
            lines.append(f"127.0.0.1:{port} inet n - n - 50 smtpd\n  -o {{ smtpd_milters = {{ {milters[way]} }} }}\n")
            lines += [f"  -o {{ {setting} }}\n" for setting in (options or {}).get(way, ())]
        self._write("master.cf", "".join(lines) + MASTER)

    def _write(self, name, text):
        with open(os.path.join(self.config, name), "w", encoding="ascii") as out:
            out.write(text)

    def _postfix(self, verb):
        return subprocess.run(["postfix", "-c", self.config, verb], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)

    def start(self):
        done = self._postfix("start")
        if done.returncode != 0:
            return done.stdout + done.stderr + self.log()
        if not wait_until(lambda: all(listens(port) for port in self.ports.values()), 20):
            return "the ports are closed\n" + self.log()
        return ""

    def stop(self):
        """Ends the master that start() began, and what that began."""
        if not os.path.exists(os.path.join(self.top, "queue", "pid", "master.pid")):
            return
        self._postfix("stop")

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def mail(self):
        """Every delivered message, as its bytes."""
        found = []
        where = os.path.join(self.inbox, "new")
        for name in os.listdir(where) if os.path.isdir(where) else ():
            with open(os.path.join(where, name), "rb") as message:
                found.append(message.read())
        return found

    def delivered(self, mark, seconds=15):
        """The message that has this mark in it, once it is delivered; b"" if it never is."""
        def look():
            return next((one for one in self.mail() if mark.encode() in one), b"")
        return wait_until(look, seconds)

    def held(self):
        where = os.path.join(self.top, "queue", "hold")
        return [name for _, _, names in os.walk(where) for name in names]


class Reply(Exception):
    """A reply that refuses; code and text as the client saw them."""

    def __init__(self, code, text):
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text


class Dialogue:
    """An SMTP client on a connection that was made for it."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb")
        self.read()

    def read(self):
        lines = []
        while True:
            line = self.file.readline(4096)
            if not line:
                raise Reply(0, "the connection was cut")
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        code = int(lines[-1][:3])
        if code >= 400:
            raise Reply(code, lines[-1][4:])
        return code, "\n".join(lines)

    def say(self, text):
        self.sock.sendall(text.encode("latin-1") + b"\r\n")
        return self.read()

    def envelope(self, sender, recipients):
        self.say(f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>")
        self.say("DATA")

    def send(self, message, sender="anna@example.net", recipients=("bert@example.org",)):
        """Returns the queue id; raises Reply when any of it is refused."""
        self.envelope(sender, recipients)
        return self.content(message)

    def content(self, message):
        """The message itself, behind DATA; returns the queue id."""
        self.sock.sendall(message.replace(b"\n", b"\r\n") + b".\r\n")
        return self.read()[1].rsplit(" ", 1)[-1]

    def close(self):
        try:
            self.say("QUIT")
        except (Reply, OSError):
            pass
        self.file.close()
        self.sock.close()


class Client(Dialogue):
    """One at an address of its choice (XCLIENT)."""

    def __init__(self, port, address=None, helo="client.example.net", name="[UNAVAILABLE]", login=None):
        super().__init__(socket.create_connection(("127.0.0.1", port), timeout=60))
        self.say("EHLO tester.example.net")
        if address is not None:
            form = f"IPV6:{address}" if ":" in address else address
            self.say(f"XCLIENT ADDR={form} NAME={name} PORT=4711" + (f" LOGIN={login}" if login else ""))
            self.say(f"EHLO {helo}")


class Process:
    """A program of ours; its stderr (and stdout) go to a file."""

    def __init__(self, arguments, out):
        self.out = out
        with open(out, "ab") as file:
            # The process is kept and ended by stop().
            self.run = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def text(self):
        with open(self.out, encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        return self.run.poll() is None

    def signal(self, number):
        self.run.send_signal(number)

    def stop(self):
        """Ends it; its exit status."""
        if self.alive():
            self.run.send_signal(signal.SIGTERM)
            try:
                self.run.wait(30)
            except subprocess.TimeoutExpired:
                self.run.kill()
        return self.run.wait()


def missing():
    """Why this cannot run here, or ""."""
    if os.geteuid() != 0:
        return "a Postfix of its own needs root"
    if shutil.which("postfix", path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
        return "postfix is not installed"
    if not os.access("/usr/lib/postfix/sbin/master", os.X_OK):
        return "postfix is not where Debian has it"
    return ""
