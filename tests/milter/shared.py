#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts that share their memory through one Redis, which is killed and comes back."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import client
import history

SERVER = shutil.which("redis-server")
PATIENCE = 60           # seconds: the daemon looks for a server that is away every ten
AWAY, BACK = "what this host knows serves until it is back", ": is back"
BAD_MAIL = 'rule "lie" { sender = "liar@*" action = reject }\n'


class Redis:
    """A server of our own on a socket, ended by its id."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mt.")
        os.chmod(self.folder, 0o755)
        self.socket = os.path.join(self.folder, "redis.sock")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777", "--save", "",
             "--appendonly", "no", "--dir", self.folder, "--daemonize", "no"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not os.path.exists(self.socket) and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)


class Sharer(history.Host):
    """A host with a folder of its own, and the shared memory."""

    def __init__(self, redis, rules=BAD_MAIL):
        folder = history.new_folder()
        super().__init__(folder, rules, store=f'engine = redis path = "{folder}/state.db" redis = "{redis.socket}"')
        self.own_folder = True

    def finds(self, away, net):
        """Whether it notices, by clients that it never saw, that the server is gone or back; the answers meanwhile."""
        until = time.monotonic() + PATIENCE
        words = set()
        for number in range(60000):
            words.add(self.hears(f"198.19.{net + number // 250}.{number % 250}", skipped=True)[0].word)
            if self.engine_counters().get("store-away") == away:
                return words
            if time.monotonic() > until:
                return None
            time.sleep(0.1)

    def offended(self, address):
        """By a client, until it is written."""
        for _ in range(3):
            self.hears(address, sender="<liar@example.com>")
        return self.settles()

    def told(self, text):
        return self.log().count(text)


def tells(first, second, net):
    """Whether one host learns of the other.  Where the server was too slow for the moment, on a busy
    machine, what it should have kept went elsewhere: another client is tried."""
    for number in range(20):
        address = f"192.0.{net}.{number}"
        known = first.hears(address)[1]
        if known == "new" and first.offended(address) and second.hears(address)[1] == "bad":
            return True
        time.sleep(0.5)
    return False


def shared(tap):
    with Redis() as redis, Sharer(redis) as one, Sharer(redis) as two:
        tap.ok(tells(one, two, 3), "what one host saw of a new client the other knows")
        tap.ok(tells(two, one, 4), "and the other way round")
        tap.ok(one.hears("192.0.5.1")[1] == "new", "and they know nothing of a third client")
        for host in (one, two):
            host.finds(0, 10)
        before = [host.told(AWAY) for host in (one, two)]
        redis.kill()
        began = time.monotonic()
        words = [host.finds(1, 20) for host in (one, two)]
        tap.ok(words == [{"continue"}] * 2, "the server is killed: that is found out, and no mail is refused", words)
        print("# %.1f s" % (time.monotonic() - began))
        began = time.monotonic()
        answer, known = one.hears("192.0.6.1", skipped=True)
        took = time.monotonic() - began
        tap.ok(answer.word == "continue" and known == "skipped" and took < PATIENCE / 2,
               f"what serves is this host's own memory, to which nobody is new ({took:.2f} s)", known)
        tap.ok(one.offended("192.0.6.1"), "which is written to")
        known = [one.hears("192.0.6.1")[1], two.hears("192.0.6.1", skipped=True)[1]]
        tap.ok(known == ["bad", "skipped"], "so that it alone knows", known)
        told = [host.told(AWAY) - count for host, count in zip((one, two), before)]
        tap.ok(max(told) <= 1 and min(one.told(AWAY), two.told(AWAY)) > 0, "each host tells it once", told)

        before = [host.told(BACK) for host in (one, two)]
        redis.start()
        words = [host.finds(0, 30) for host in (one, two)]
        tap.ok(words == [{"continue"}] * 2, "the server is started again: that is found out", words)
        told = [host.told(BACK) - count for host, count in zip((one, two), before)]
        tap.ok(min(told) > 0, "and told", told)
        tap.ok(tells(one, two, 7), "it is shared as before")
        status = [host.stop()[0] for host in (one, two)]
        tap.ok(status == [0, 0], "both end as ever", status)


NEW = 'rule "new" { history = { new } action = reject }\n'
GOOD = 'exempt "good" { history = { good } }\nrule "net" { client = 198.18.0.0/15 action = reject }\n'
BAD = 'rule "bad" { history = { bad } action = reject }\n'


def outage(tap):
    """Nothing that an outage hides leads to a rejection: not of those who are new, and not of those who are bad,
    to this host alone."""
    with Redis() as redis:
        with Sharer(redis) as host:
            host.hears("192.0.8.1")
            host.settles()
        with Sharer(redis, NEW) as host:
            answer, known = host.hears("192.0.8.1")
            tap.ok(answer.word == "continue" and known == "neutral", "a client that the server knows is not new",
                   (answer, known))
            answer, known = host.hears("192.0.8.2")
            tap.ok(answer.word == "reject" and known == "new", "one that it does not know is", (answer, known))
        redis.kill()
        with Sharer(redis, NEW) as host:
            host.finds(1, 40)
            answer, known = host.hears("192.0.8.1", skipped=True)
            tap.ok(answer.word == "continue" and known == "skipped", "while it is away nobody is new", (answer, known))
        with Sharer(redis, GOOD) as host:
            host.finds(1, 50)
            answer, known = host.hears("198.18.0.1", skipped=True)
            tap.ok(answer.word == "tempfail" and known == "skipped", "and who may be known as good is deferred",
                   (answer, known))
        with Sharer(redis, BAD_MAIL + BAD) as host:
            host.finds(1, 60)
            tap.ok(host.offended("192.0.8.3"), "one offends, who may be known as good there")
            answer, known = host.hears("192.0.8.3")
            tap.ok(answer.word == "tempfail" and known == "bad", "bad to this host alone, he is deferred",
                   (answer, known))


if SERVER is None:
    print("1..0 # SKIP there is no redis-server")
else:
    sys.exit(client.play([shared, outage]))
