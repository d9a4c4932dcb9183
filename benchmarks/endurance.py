"""Whether anything grows: memory, threads and open files of each process after many requests and messages."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy.orm import Session

from benchmarks.load import Client
from dofc_events.app import create_app
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.mail.outbox import enqueue
from tests.mail.letters import letter
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_edition
from tests.support.site import Site
from tests.support.smtp import MailServer

REQUESTS, MESSAGES = 20_000, 2_000
# Before the first look everything has been needed once.
WARMING = 10
# What a process that serves has taken by then, in seconds of the processor.
WARM = 1
CLIENTS = 4
SERVERS = 2


@dataclass(frozen=True)
class Held:
    """What a process holds; memory in megabytes that are its own alone."""

    name: str
    megabytes: float
    threads: int
    files: int


def endurance(databases: Databases, kind: str, folder: Path) -> list[tuple[Held, Held]]:
    """Each process of a site and its worker, before and after."""
    sink = MailServer(folder)
    sink.start()
    with databases.fresh(kind) as url:
        app = create_app(settings_for(url, folder / "instance", **sink.settings()))
        site = Site(url, folder, sink, METRICS_TOKEN="a token of a good length", REQUEST_LOG="on")
        with app.app_context():
            try:
                with unit_of_work() as session:
                    year = make_edition(session, now=now()).year
                web = psutil.Process(site.serve(SERVERS).server.pid)
                while len(web.children()) < SERVERS:
                    time.sleep(0.1)
                worker = psutil.Process(site.run_worker().pid)
                processes = {"web, their parent": web, "worker": worker}
                processes |= {f"web {number}": child for number, child in enumerate(web.children(), 1)}
                # Visitors keep their connections, and may all have come to the same process.
                while min(child.cpu_times().user for child in web.children()) < WARM:
                    _use(site, sink, year, WARMING)
                before = [_held(name, process) for name, process in processes.items()]
                _use(site, sink, year, 1)
                return list(zip(before, [_held(name, process) for name, process in processes.items()], strict=True))
            finally:
                site.stop()
                sink.stop()
                close_connections()


def _use(site: Site, sink: MailServer, year: int, part: int) -> None:
    """All requests and messages, or one of so many parts of them."""
    sink.envelopes.clear()
    with unit_of_work() as session:
        _write(session, MESSAGES // part)
    paths = ("/", "/sign-in", "/editions/", f"/editions/{year}/", f"/editions/{year}/register", "/hosting/", "/nowhere")
    visitors = [
        threading.Thread(target=_visit, args=(site.port, paths, REQUESTS // part // CLIENTS)) for _ in range(CLIENTS)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    sink.wait_for(MESSAGES // part, 120)


def _write(session: Session, messages: int) -> None:
    for number in range(messages):
        enqueue(session, letter(recipient=f"n{number}@dofc.test"), now())


def _visit(port: int, paths: tuple[str, ...], requests: int) -> None:
    client = Client(port)
    for number in range(requests):
        client.visit(paths[number % len(paths)])


def _held(name: str, process: psutil.Process) -> Held:
    return Held(name, process.memory_full_info().uss / 2**20, process.num_threads(), process.num_fds())
