# SPDX-License-Identifier: BSD-2-Clause
"""A private Sendmail from its unpacked packages, in a network of its own.

Debian's packages of Sendmail and Postfix cannot both be installed; tests/sendmail/unpack lays Sendmail down beside.
It has no XCLIENT, and so clients come from addresses of their own: those of this network, which nobody else sees.
"""
import os
import pwd
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postfix"))

from instance import HOST, Dialogue, wait_until  # noqa: E402

SERVER = "192.0.2.25"

# Load does not matter here, and nobody is to be asked.
MC = """include(`{cf}/m4/cf.m4')dnl
VERSIONID(`mailtrace')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `{top}/queue')dnl
define(`STATUS_FILE', `')dnl
define(`HELP_FILE', `')dnl
define(`ALIAS_FILE', `')dnl
define(`confPID_FILE', `{top}/sendmail.pid')dnl
define(`confDEF_USER_ID', `nobody:nogroup')dnl
define(`confSERVICE_SWITCH_FILE', `{top}/service.switch')dnl
define(`confTO_IDENT', `0s')dnl
define(`confQUEUE_LA', `9999')dnl
define(`confREFUSE_LA', `9999')dnl
define(`confDELAY_LA', `0')dnl
define(`confMIN_FREE_BLOCKS', `0')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`LOCAL_MAILER_PATH', `{top}/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-Aw5')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
{daemons}MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cwexample.org
"""

DELIVER = """#!/bin/sh
# A message is there when it is whole.
cat >"{top}/mail/tmp/$$" && mv "{top}/mail/tmp/$$" "{top}/mail/new/$$.$(date +%s%N)"
"""


def root():
    """Where Sendmail lies: installed, or unpacked; "" where there is none."""
    here = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    for place in (os.environ.get("MAILTRACE_SENDMAIL"), os.path.join(here, "build-sendmail"), "/"):
        if place and os.access(os.path.join(place, "usr/libexec/sendmail/sendmail"), os.X_OK):
            return os.path.abspath(place)
    return ""


def missing():
    """Why this cannot run here, or ""."""
    if os.geteuid() != 0:
        return "a Sendmail of its own needs root"
    if not root():
        return "there is no Sendmail: tests/sendmail/unpack lays one down"
    for tool in ("m4", "ip", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if subprocess.run(["unshare", "--net", "--uts", "true"], capture_output=True, check=False).returncode != 0:
        return "no network of its own can be made here"
    return ""


def into_own_network():
    """Begins this program anew where only it and what it starts sees the network, and the name of this host: Sendmail
    waits a minute for one that is not its whole name."""
    if os.environ.get("MAILTRACE_OWN_NETWORK") != "yes":
        os.environ["MAILTRACE_OWN_NETWORK"] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--uts", sys.executable, *sys.argv])
    socket.sethostname(HOST)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for last in range(10, 40):
        subprocess.run(["ip", "address", "add", f"192.0.2.{last}/32", "dev", "lo"], check=True)


class Sendmail:
    """ports: way -> where it listens for it; each way has a milter of its own."""

    def __init__(self, top, ways):
        self.top = top
        self.ports = {way: 2500 + i for i, way in enumerate(ways)}
        self.run = None
        nobody = pwd.getpwnam("nobody")
        os.mkdir(os.path.join(top, "queue"), 0o700)
        os.mkdir(os.path.join(top, "log"), 0o755)
        for name in ("mail", "mail/tmp", "mail/new"):
            os.mkdir(os.path.join(top, name), 0o755)
            os.chown(os.path.join(top, name), nobody.pw_uid, nobody.pw_gid)
        self._write("service.switch", "hosts files\naliases files\n")
        self._write("deliver", DELIVER.format(top=top), 0o755)

    def _path(self, name):
        return os.path.join(self.top, name)

    def _write(self, name, text, mode=0o644):
        with open(self._path(name), "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(self._path(name), mode)

    def route(self, milters, options=None):
        """milters: way -> the address of its milter."""
        assert not options
        daemons = []
        for way, port in self.ports.items():
            daemons.append(f"MAIL_FILTER(`{way}', `S={milters[way]}, F=T, T=C:10s;S:30s;R:30s;E:1m')dnl\n"
                           f"DAEMON_OPTIONS(`Name={way}, Family=inet, Addr={SERVER}, Port={port}, "
                           f"InputFilter={way}')dnl\n")
        cf = os.path.join(root(), "usr/share/sendmail/cf")
        source = MC.format(cf=cf, top=self.top, host=HOST, daemons="".join(daemons))
        done = subprocess.run(["m4", f"-D_CF_DIR_={cf}/", "-"], input=source, capture_output=True, text=True,
                              timeout=60, check=True)
        self._write("sendmail.cf", done.stdout)

    def start(self):
        """Why it cannot, or ""."""
        with open(self._path("log/sendmail"), "wb") as log:
            self.run = subprocess.Popen(
                [os.path.join(root(), "usr/libexec/sendmail/sendmail"), "-C", self._path("sendmail.cf"), "-bD",
                 "-X", self._path("traffic")], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def serves():
            return self.run.poll() is not None or all(self._listens(port) for port in self.ports.values())
        wait_until(serves, 30)
        return "" if self.run.poll() is None and serves() else "Sendmail does not serve\n" + self.log()

    @staticmethod
    def _listens(port):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((SERVER, port)) == 0

    def stop(self):
        if self.run is None:
            return
        self.run.terminate()
        try:
            self.run.wait(20)
        except subprocess.TimeoutExpired:
            self.run.kill()
            self.run.wait()

    def log(self):
        with open(self._path("log/sendmail"), encoding="utf-8", errors="replace") as text:
            return text.read()

    def mail(self):
        found = []
        where = self._path("mail/new")
        for name in os.listdir(where):
            with open(os.path.join(where, name), "rb") as message:
                found.append(message.read())
        return found

    def delivered(self, mark, seconds=20):
        """The message that has this mark in it, once it is delivered; b"" if it never is."""
        return wait_until(lambda: next((one for one in self.mail() if mark.encode() in one), b""), seconds)

    def held(self):
        """Queue ids of messages in quarantine."""
        return [name[2:] for name in os.listdir(self._path("queue")) if name.startswith("hf")]


class Client(Dialogue):
    """An SMTP client that comes from an address of this network."""

    def __init__(self, port, address, helo):
        super().__init__(socket.create_connection((SERVER, port), timeout=60, source_address=(address, 0)))
        self.say(f"EHLO {helo}")

    def content(self, message):
        """250 2.0.0 ID Message accepted for delivery"""
        self.sock.sendall(message.replace(b"\n", b"\r\n") + b".\r\n")
        return self.read()[1].split()[2]
