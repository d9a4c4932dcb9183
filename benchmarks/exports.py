"""What the list of registrations costs as a file: time, and how much more memory the site needs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from benchmarks.load import Client


@dataclass(frozen=True)
class ExportCost:
    """Processor time and time on the clock in milliseconds; the peak of the memory beyond what it was, in MB."""

    cpu: float
    clock: float
    grown: float
    megabytes: float


def export_cost(server: psutil.Process, client: Client, year: int, kind: str) -> ExportCost:
    """The cost of all of an edition's registrations as "csv" or "xlsx", fetched from the one process of a site."""
    (process,) = server.children()
    path = f"/organise/editions/{year}/registrations.{kind}"
    # The first export, of nobody, loads what any needs.
    client.download(f"{path}?q=nobody-at-all")
    before, started = sum(process.cpu_times()[:2]), time.perf_counter()
    with _peak(process) as peak:
        size = client.download(path)
        clock = time.perf_counter() - started
    cpu = sum(process.cpu_times()[:2]) - before
    return ExportCost(cpu * 1000, clock * 1000, grown=peak[0] / 2**20, megabytes=size / 2**20)


@contextmanager
def _peak(process: psutil.Process) -> Iterator[list[int]]:
    """The largest growth of a process's memory in the meantime, in bytes."""
    before = process.memory_info().rss
    grown, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            grown[0] = max(grown[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        over.set()
        watcher.join()
