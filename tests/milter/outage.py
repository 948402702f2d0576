#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The name server falls silent, and dies, under load: no message is lost or refused for it, none
waits longer than the settings say, and all is as before when it is back."""
import signal
import sys
import threading
import time

import client
from client import Daemon

MESSAGES, POKES, WORKERS, LIAR_EACH, HELD = 2000, 300, 8, 10, 40
CONF = """
mode = enforce
trust { authserv-id = "mx.example.org" }
log { each = action }
milter { deadline = 3s on-deadline = accept }
dns { servers = { "127.0.0.1:%d" } timeout = 1s tries = 2 deadline = 2s }
rule "lie" { iprev = { fail } action = reject reply = "550 5.7.25 no (%%{id})" }
"""
PATIENCE = 30       # seconds: ten times what the settings allow, for a machine that is busy


def address(number):
    return f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"


def name(number):
    return f"mail.zone{number}.example"


def is_liar(number):
    return number % LIAR_EACH == 0


def answers():
    """Each client has a name of its own, in a zone of its own; those of liars lead elsewhere."""
    lines = []
    for number in range(MESSAGES + POKES + 2 * HELD):
        reverse = ".".join(reversed(address(number).split(".")))
        lines.append(f"dns {reverse}.in-addr.arpa PTR {name(number)}")
        lines.append(f"dns {name(number)} A {'192.0.2.1' if is_liar(number) else address(number)}")
    return "\n".join(lines) + "\ndefault nxdomain\n"


class Load:
    """Messages from several connections at once, and what became of each."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.lock = threading.Lock()
        self.next = 0
        self.at = self.do = None
        self.poke = MESSAGES
        self.results = {}           # number: (stage, word, iprev, seconds)
        self.lost = []

    def one(self, number):
        began = time.monotonic()
        with self.daemon.session() as session:
            session.sock.settimeout(2 * PATIENCE)
            session.begin(address=address(number), helo=name(number))
            stage, answer = session.message(queue_id=f"Q{number}")
            session.send(b"Q")
        took = time.monotonic() - began
        field = (answer.added("X-Trace-Client") or [""])[0]
        iprev = field.partition("iprev=")[2].partition(";")[0]
        return stage, answer.word, iprev, took

    def work(self, end):
        while True:
            with self.lock:
                number = self.next
                if number >= end:
                    return
                self.next += 1
                if number == self.at:
                    self.do()
            try:
                result = self.one(number)
            except (client.Closed, OSError, AssertionError) as error:
                self.lost.append((number, repr(error)))
            else:
                self.results[number] = result

    def play(self, end, at=None, do=None):
        """Up to message number `end`; before `at` begins, something is done."""
        self.at, self.do = at, do
        workers = [threading.Thread(target=self.work, args=(end,)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def times(self, first, end, last=0.99):
        took = sorted(self.results[n][3] for n in range(first, end) if n in self.results)
        return took[int(last * (len(took) - 1))] if took else 0


def breaker_is(load, wanted):
    """Whether it comes to that, with a message now and then."""
    for _ in range(POKES // 4):
        counters = load.daemon.engine_counters()
        if counters.get("dns-breaker-open") == wanted:
            return True
        load.results[load.poke] = load.one(load.poke)
        load.poke += 1
        time.sleep(0.1)
    print("#", counters)
    return False


def asked(counters):
    """Packets to the server but for probes, questions that ended for want of time, and by the breaker."""
    sent = sum(n for key, n in counters.items() if key.startswith("dns-server-sent["))
    return sent - counters["dns-probes"], counters["dns-timeout"], counters["dns-breaker"]


def held(tap, load, first, what):
    """While the breaker is open messages ask nobody and wait for nothing; a question a second may pass."""
    before, began = asked(load.daemon.engine_counters()), time.monotonic()
    for number in range(first, first + HELD):
        load.results[number] = load.one(number)
    after = asked(load.daemon.engine_counters())
    passed = 1 + int(time.monotonic() - began)
    sent, timeout, breaker = (b - a for a, b in zip(before, after))
    tap.ok(sent <= passed and timeout <= passed and breaker + passed >= HELD,
           f"{what}: {HELD} messages send {sent} questions, {timeout} run out of time, {breaker} end at once")
    tap.ok(all(load.results[n][2] == "temperror" for n in range(first, first + HELD)), "and each is told so")


def wrong(results):
    """Answers that nobody may ever get: a refusal without a proof, and any other refusal."""
    return {number: result for number, result in results.items()
            if not ((result[1] == "continue" and result[2] in ("pass", "temperror") and
                     (result[2] == "temperror" or not is_liar(number))) or
                    (result[1] == "reject" and is_liar(number)))}


def real(results, first, end):
    """Share of the messages about which DNS was heard."""
    return sum(results[n][1] == "reject" or results[n][2] == "pass" for n in range(first, end) if n in results) / \
        (end - first)


def outage(tap):
    """2,000 messages: a silent server from 350 on, a dead one from 1,050 on, a good one from 1,400 on."""
    with client.NameServer(answers()) as names, Daemon(CONF % names.port, answers=None) as daemon:
        load = Load(daemon)
        load.play(700, 350, lambda: names.process.send_signal(signal.SIGSTOP))
        tap.ok(real(load.results, 0, 340) > 0.5, "messages have their results while the server is there")
        tap.ok(breaker_is(load, 1), "the server is silent: nobody is asked any more")
        tap.ok(real(load.results, 500, 700) < 0.5, "and messages have none")
        held(tap, load, MESSAGES + POKES, "silent")
        names.process.send_signal(signal.SIGCONT)
        tap.ok(breaker_is(load, 0), "it speaks again: that is found out")
        load.play(1400, 1050, names.stop)
        tap.ok(real(load.results, 710, 1040) > 0.5, "messages have their results again")
        tap.ok(breaker_is(load, 1), "the server is dead: nobody is asked any more")
        held(tap, load, MESSAGES + POKES + HELD, "dead")
        names.start()
        tap.ok(breaker_is(load, 0), "it is started again: that is found out")
        load.play(MESSAGES)
        tap.ok(real(load.results, 1400, MESSAGES) > 0.5, "messages have their results again")
        tap.ok(not load.lost and set(range(MESSAGES)) <= set(load.results), f"{MESSAGES} messages, none is lost", load.lost[:5])
        bad = wrong(load.results)
        tap.ok(not bad, "none is refused but for a lie that is proved", list(bad.items())[:5])
        slowest = max(result[3] for result in load.results.values())
        tap.ok(slowest < PATIENCE, f"none waits for long ({slowest:.1f} s)")
        counters = daemon.engine_counters()
        print("# p99: healthy %.0f ms; silent, once known %.0f ms; dead, once known %.0f ms; back %.0f ms" % tuple(
            1000 * load.times(*span) for span in ((0, 340), (500, 700), (1200, 1400), (1400, MESSAGES))))
        print("#", {k: v for k, v in counters.items() if k.startswith("dns-") and v > 0})
        adds = 1
        for _ in range(5):              # the first ones may have to fill the cache
            before = names.queries()
            again = load.one(MESSAGES - 1)
            adds = names.queries() - before
            if adds == 0:
                break
        tap.ok(again[2] == "pass" and adds == 0, "a message whose answers are cached adds no query", again)


sys.exit(client.play([outage]))
