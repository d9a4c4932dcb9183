"""What a complete registration costs, email included, compared with a beginner's site and three bare requests."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from benchmarks.load import Client, Cost, measure, register, register_with_beginner, three_requests, warm
from dofc_events.app import create_app
from dofc_events.config import ROOT
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_edition, make_three_trips
from tests.support.site import Site
from tests.support.smtp import MailServer

SERVERS = 2
# Clients at once, and how often each acts in one turn.
EACH = {1: 30, 8: 5}
TURNS = 5

BARE, BEGINNER, OURS = "three bare requests", "beginner's site", "registration"


@dataclass(frozen=True)
class _Contestant:
    """A site that is being served; `messages` is how many one act sends."""

    act: Callable[[Client, int], None]
    port: int
    processes: dict[str, psutil.Process]
    messages: int = 1


def registration_costs(databases: Databases, kind: str, folder: Path) -> dict[int, dict[str, Cost]]:
    """By number of clients, what one registration costs each contestant; medians of several turns.

    They take turns, so that whatever else this machine does affects all costs alike. On PostgreSQL, what the
    database takes is apart, like the worker.
    """
    sink = MailServer(folder)
    sink.start()
    try:
        with ExitStack() as running:
            contestants = {
                BARE: running.enter_context(_bare(folder, sink)),
                BEGINNER: running.enter_context(_beginner(databases, kind, folder, sink)),
                OURS: running.enter_context(_ours(databases, kind, folder, sink)),
            }
            for contestant in contestants.values():
                sink.envelopes.clear()
                _wait_for_mail(sink, contestant.messages * warm(contestant.port, contestant.act))
            return {clients: _take_turns(contestants, clients, each, sink) for clients, each in EACH.items()}
    finally:
        sink.stop()


def _take_turns(contestants: dict[str, _Contestant], clients: int, each: int, sink: MailServer) -> dict[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for _ in range(TURNS):
        for name, contestant in contestants.items():
            sink.envelopes.clear()
            finish = partial(_wait_for_mail, sink, contestant.messages * clients * each)
            costs[name].append(measure(contestant.processes, contestant.port, contestant.act, clients, each, finish))
    return {name: _median(turns) for name, turns in costs.items()}


def _wait_for_mail(sink: MailServer, messages: int) -> None:
    sink.wait_for(messages, 60)
    # The worker settles what it has delivered.
    time.sleep(0.5)


def _median(turns: list[Cost]) -> Cost:
    names = turns[0].cpu
    return Cost({n: median(turn.cpu[n] for turn in turns) for n in names}, median(turn.clock for turn in turns))


@contextmanager
def _bare(folder: Path, sink: MailServer) -> Iterator[_Contestant]:
    site = Site("", folder, sink)
    with _stopped(site):
        site.serve(SERVERS, "benchmarks.bare:app")
        yield _Contestant(three_requests, site.port, {"web": psutil.Process(site.server.pid)}, messages=0)


@contextmanager
def _beginner(databases: Databases, kind: str, folder: Path, sink: MailServer) -> Iterator[_Contestant]:
    with databases.empty(kind) as url:
        site = Site(url, folder, sink)
        command = [sys.executable, "-m", "flask", "--app", "benchmarks.beginner", "create-table"]
        subprocess.run(command, cwd=ROOT, env=site.environment, check=True, stdout=subprocess.DEVNULL)
        with _stopped(site):
            site.serve(SERVERS, "benchmarks.beginner:app")
            yield _Contestant(register_with_beginner, site.port, {"web": psutil.Process(site.server.pid)})


@contextmanager
def _ours(databases: Databases, kind: str, folder: Path, sink: MailServer) -> Iterator[_Contestant]:
    with databases.fresh(kind) as url:
        site = Site(url, folder, sink)
        with _stopped(site):
            site.flask("demo")
            year = _make_edition(url, folder)
            site.serve(SERVERS)
            processes = {"web": site.server.pid, "worker": site.run_worker().pid}
            yield _Contestant(register(year), site.port, {name: psutil.Process(pid) for name, pid in processes.items()})


def _make_edition(url: str, folder: Path) -> int:
    """An edition with learning trips that asks what the beginner's form asks, beside those of the demonstration."""
    app = create_app(settings_for(url, folder / "instance"))
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now(), year=now().year + 2, capacity=5000)
            make_three_trips(session, edition, capacity=40)
            year = edition.year
        close_connections()
    return year


@contextmanager
def _stopped(site: Site) -> Iterator[None]:
    try:
        yield
    finally:
        site.stop()
