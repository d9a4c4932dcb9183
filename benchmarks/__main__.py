"""`make bench`: prints one table. Everything runs on this machine, on the loopback address, and stops by itself."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.crowd import crowded_site
from benchmarks.draw import draw_seconds
from benchmarks.exports import export_cost
from benchmarks.load import Cost, measure, register, three_requests
from benchmarks.organise import page_costs
from benchmarks.trips import sign_up_cost
from tests.support.databases import Databases
from tests.support.site import Site, free_port

SERVERS = 2
TIMES = {1: 60, 8: 20}
DELEGATES = (300, 3000)
CROWDS = (1_000, 10_000, 100_000)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            print(f"{'':34}{'CPU ms':>9}{'clock ms':>10}{'of bare':>9}")
            bare = _bare()
            for clients, cost in bare.items():
                _row(f"three bare requests, {_clients(clients)}", cost, cost)
            for kind in ("sqlite", "postgresql"):
                for clients, cost in _registrations(databases, kind, Path(folder)).items():
                    _row(f"registration, {kind}, {_clients(clients)}", cost, bare[clients])
            for kind in ("sqlite", "postgresql"):
                for delegates in DELEGATES:
                    with databases.fresh(kind) as url:
                        cpu, clock = sign_up_cost(url, Path(folder), delegates)
                    print(f"{f'sign-up, {kind}, {delegates} before':34}{cpu:>9.1f}{clock:>10.1f}", flush=True)
            for delegates in DELEGATES:
                print(f"{f'draw, {delegates} delegates, 12 trips':34}{'':9}{draw_seconds(delegates) * 1000:>10.1f}")
            for kind in ("sqlite", "postgresql"):
                for people in CROWDS:
                    _crowd(databases, kind, Path(folder), people)
        finally:
            databases.stop()


def _crowd(databases: Databases, kind: str, folder: Path, people: int) -> None:
    with databases.fresh(kind) as url, crowded_site(url, folder, people) as (server, client, year):
        for file in ("csv", "xlsx"):
            cost, name = export_cost(server, client, year, file), f"{people:,} rows as {file}, {kind}"
            grown = f"memory +{cost.grown:.0f} MB, file {cost.megabytes:.1f} MB"
            print(f"{name:34}{cost.cpu:>9.0f}{cost.clock:>10.0f}   {grown}", flush=True)
        for page, of_page in page_costs(url, folder, year).items():
            more = f"{of_page.queries} queries, slowest {of_page.slowest:.0f} ms, page {of_page.kilobytes:.0f} KB"
            print(f"{f'{page} of {people:,}, {kind}':34}{of_page.cpu:>9.0f}{'':10}   {more}", flush=True)


def _bare() -> dict[int, Cost]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(SERVERS)]
    server = subprocess.Popen([*command, "benchmarks.bare:app"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        process = psutil.Process(server.pid)
        return {clients: measure(process, port, three_requests, clients, each) for clients, each in TIMES.items()}
    finally:
        server.terminate()
        server.wait()


def _registrations(databases: Databases, kind: str, folder: Path) -> dict[int, Cost]:
    year = datetime.now(UTC).year + 1
    with databases.fresh(kind) as url, _served(Site(url, folder)) as (site, server):
        site.flask("edition", str(year), "--capacity", "5000")
        return {clients: measure(server, site.port, register(year), clients, each) for clients, each in TIMES.items()}


@contextmanager
def _served(site: Site) -> Iterator[tuple[Site, psutil.Process]]:
    try:
        site.flask("demo")
        site.serve(workers=SERVERS)
        yield site, psutil.Process(site.server.pid)
    finally:
        site.stop()


def _clients(count: int) -> str:
    return f"{count} client" if count == 1 else f"{count} clients"


def _row(name: str, cost: Cost, bare: Cost) -> None:
    print(f"{name:34}{cost.cpu:>9.1f}{cost.clock:>10.1f}{cost.cpu / bare.cpu:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
