#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Databases of places, replaced and spoilt while mail flows and settings are reloaded: every answer
is of one of them, whole."""
import os
import shutil
import signal
import sys
import threading
import time

import client
from client import Daemon
from history import BASE, new_folder

DATA = os.path.join(client.TOP, "tests", "data", "mmdb")
CITY, COUNTRY = "GeoLite2-City-Test.mmdb", "GeoLite2-Country-Test.mmdb"
CLIENT = "81.2.69.142"
IN_CITY, IN_COUNTRY = 'cc=GB; city="London"', "cc=GB"
PATIENCE = 60           # seconds: a file that was written to is left alone for two


class Load:
    """Messages one after the other, and each place that was told with how often."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.over = threading.Event()
        self.told = {}
        self.failed = []
        self.thread = threading.Thread(target=self.work)

    def one(self):
        with self.daemon.session() as session:
            session.begin(address=CLIENT, helo="mail.example.net")
            answer = session.message()[1]
            session.quit()
        field = " ".join((answer.added("X-Trace-Origin") or [""])[0].split())
        return answer.word, field.partition("hop=1; ")[2]

    def work(self):
        while not self.over.is_set():
            try:
                word, told = self.one()
            except (client.Closed, OSError, AssertionError) as error:
                self.failed.append(repr(error))
                continue
            if word != "continue":
                self.failed.append(word)
            self.told[told] = self.told.get(told, 0) + 1
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def becomes(self, wanted):
        """Until the place is told so, with a reload now and then."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.daemon.signal(signal.SIGHUP)
            for _ in range(5):
                if self.one()[1] == wanted:
                    return True
                time.sleep(0.1)
        return False


def replaced(tap):
    folder = new_folder()
    path = os.path.join(folder, "places.mmdb")

    def put(name):
        """As its makers' updater does: written beside, and renamed."""
        shutil.copyfile(os.path.join(DATA, name), path + ".new")
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)

    try:
        put(CITY)
        conf = BASE.replace("X-Trace-Relay", "X-Trace-Origin") + f'geo {{ city = "{path}" reload = 1s }}\n'
        with Daemon(conf, answers="default nxdomain\n", folder=folder) as daemon, Load(daemon) as load:
            tap.ok(load.becomes(IN_CITY), "a place", load.told)
            for name, wanted in ((COUNTRY, IN_COUNTRY), (CITY, IN_CITY)):
                put(name)
                tap.ok(load.becomes(wanted), f"replaced by {name}: told as that has it", load.told)
            with open(path, "r+b") as file:
                file.truncate(3000)
            tap.ok(daemon.wait_log("the one before stays in use", PATIENCE), "cut short in its place: that is told", daemon.log())
            tap.ok(load.becomes(IN_CITY), "and the one before stays in use")
            os.unlink(path)
            put(COUNTRY)
            tap.ok(load.becomes(IN_COUNTRY), "a good one again is put to use", load.told)
            load.over.set()
            load.thread.join()
            tap.ok(set(load.told) == {IN_CITY, IN_COUNTRY} and not load.failed,
                   f"{sum(load.told.values())} messages meanwhile, each with a whole answer", (load.told, load.failed[:5]))
            tap.ok(daemon.log().count("is in use") >= 3 and daemon.stop()[0] == 0, "and the daemon ends as ever", daemon.log())
    finally:
        shutil.rmtree(folder)


sys.exit(client.play([replaced]))
