"""`make bench`: prints one table. Everything runs on this machine, on the loopback address, and stops automatically.

`python -m benchmarks registration` prints one of its parts, which are named in PARTS.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.ballots import ELECTIONS, MEMBERS, first_places
from benchmarks.crowd import crowded_site
from benchmarks.draw import draw_seconds
from benchmarks.endurance import endurance
from benchmarks.evening import evening_tasks
from benchmarks.exports import export_cost
from benchmarks.first_view import first_views
from benchmarks.growth import growth
from benchmarks.imports import import_cost
from benchmarks.mail import mail_costs
from benchmarks.memory import memory
from benchmarks.organise import page_costs
from benchmarks.outages import outages
from benchmarks.photographs import PHOTOGRAPHS, upload_cost
from benchmarks.privacy import forget
from benchmarks.questions import QUESTIONS, question_costs
from benchmarks.registration import BARE, BEGINNER, registration_costs
from benchmarks.rush import PEOPLE, SECONDS, rush
from benchmarks.trips import sign_up_cost
from tests.support.databases import KINDS, Databases

DELEGATES = (300, 3000)
CROWDS = (1_000, 10_000, 100_000)
MESSAGES = (1_000, 100_000)


def main(*parts: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            for part in parts or PARTS:
                PARTS[part](databases, Path(folder))
        finally:
            databases.stop()


def _registrations(databases: Databases, folder: Path) -> None:
    print(f"{'CPU ms of one':45}{'web':>7}{'worker':>8}{'whole':>7}{'of bare':>9}{'of beginner':>13}{'clock ms':>10}")
    for kind in KINDS:
        for clients, costs in registration_costs(databases, kind, folder).items():
            whole = {name: sum(cost.cpu.values()) for name, cost in costs.items()}
            for name, cost in costs.items():
                print(
                    f"{f'{name}, {kind}, {_clients(clients)}':45}"
                    f"{cost.cpu['web']:>7.1f}{cost.cpu.get('worker', 0):>8.1f}{whole[name]:>7.1f}"
                    f"{whole[name] / whole[BARE]:>9.1f}{whole[name] / whole[BEGINNER]:>13.2f}{cost.clock:>10.1f}",
                    flush=True,
                )


def _mail(databases: Databases, folder: Path) -> None:
    print(f"{'one message':45}{'CPU ms':>7}{'clock ms':>10}{'a second':>10}{'of plain':>10}")
    for kind in KINDS:
        ours, plain = mail_costs(databases, kind, folder)
        for name, cost in ((f"worker, {kind}", ours), ("plain smtplib, the same message", plain)):
            rate, of_plain = 1000 / cost.clock, cost.clock / plain.clock
            print(f"{name:45}{cost.cpu['worker']:>7.2f}{cost.clock:>10.2f}{rate:>10.0f}{of_plain:>10.2f}", flush=True)


def _evening(databases: Databases, folder: Path) -> None:
    print(f"{'an organiser’s task, 340 registrations':45}{'clicks':>7}{'seconds':>9}")
    for name, clicks, seconds in evening_tasks(databases, folder):
        print(f"{name:45}{clicks:>7}{seconds:>9.1f}", flush=True)


def _memory(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        held = memory(databases, kind, folder)
        for name, megabytes in (*held, ("all", sum(megabytes for _, megabytes in held))):
            print(f"{f'memory, {kind}, {name}':45}{megabytes:>7.1f} MB", flush=True)


def _trips(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        for delegates in DELEGATES:
            with databases.fresh(kind) as url:
                cpu, clock = sign_up_cost(url, folder, delegates)
            print(f"{f'sign-up, {kind}, {delegates} before':34}{cpu:>9.1f}{clock:>10.1f}", flush=True)
    for delegates in DELEGATES:
        print(f"{f'draw, {delegates} delegates, 12 trips':34}{'':9}{draw_seconds(delegates) * 1000:>10.1f}")


def _crowds(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        for people in CROWDS:
            _crowd(databases, kind, folder, people)


def _crowd(databases: Databases, kind: str, folder: Path, people: int) -> None:
    with databases.fresh(kind) as url, crowded_site(url, folder, people) as (server, client, year):
        for file in ("csv", "xlsx"):
            cost, name = export_cost(server, client, year, file), f"{people:,} rows as {file}, {kind}"
            grown = f"memory +{cost.grown:.0f} MB, file {cost.megabytes:.1f} MB"
            print(f"{name:34}{cost.cpu:>9.0f}{cost.clock:>10.0f}   {grown}", flush=True)
        for page, of_page in page_costs(url, folder, year).items():
            more = f"{of_page.queries} queries, slowest {of_page.slowest:.0f} ms, page {of_page.kilobytes:.0f} KB"
            print(f"{f'{page} of {people:,}, {kind}':34}{of_page.cpu:>9.0f}{'':10}   {more}", flush=True)


def _endurance(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        for before, after in endurance(databases, kind, folder):
            grown = f"{before.megabytes:.1f} → {after.megabytes:.1f} MB, threads {before.threads} → {after.threads}"
            print(f"{f'{before.name}, {kind}':30} {grown}, files {before.files} → {after.files}", flush=True)


def _rush(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        found = rush(databases, kind, folder)
        print(
            f"{f'{PEOPLE:,} people in {SECONDS} s, {kind}':45}{found.typical:>7.0f} ms, slowest {found.slowest:.0f} ms,"
            f" {found.asked_again} asked again when a site was killed; everything adds up",
            flush=True,
        )


def _outages(databases: Databases, folder: Path) -> None:
    for found in outages(folder):
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(found.answers.items()))
        back = f"slowest {found.slowest:.1f} s, back after {found.back_after:.1f} s"
        print(f"{found.name:45} {answers}; {back}", flush=True)


def _growth(databases: Databases, folder: Path) -> None:
    for kind in KINDS:
        for messages in MESSAGES:
            with databases.fresh(kind) as url:
                for state, grown in growth(url, folder, messages):
                    print(f"{messages:,} messages, {state}, {kind}: {grown.megabytes:.0f} MB", flush=True)
                    for page, clock in grown.pages.items():
                        print(f"  {page:43}{clock:>10.0f} ms", flush=True)


def _clients(count: int) -> str:
    return f"{count} client" if count == 1 else f"{count} clients"


def _imports(databases: Databases, folder: Path) -> None:
    print(f"{'1,000 people from a file, seconds':45}{'reading':>9}{'trial':>9}{'writing':>9}")
    for kind in KINDS:
        for present in (250, 3000):
            cost = import_cost(databases, kind, folder, 1000, present)
            name = f"to {present} who are there, {kind}"
            print(f"{name:45}{cost.reading:>9.2f}{cost.trial:>9.2f}{cost.locked:>9.2f}", flush=True)


def _photographs(databases: Databases, folder: Path) -> None:
    cost = upload_cost(databases, "sqlite", folder)
    held = ", ".join(f"{name} {megabytes:.0f} MB" for name, megabytes in cost.held.items())
    times = f"answered {cost.answered:.1f} s, ready {cost.prepared:.0f} s"
    print(f"{f'{PHOTOGRAPHS} photographs of 8 MB in one form':45} {times}; at most {held}", flush=True)
    refused = ", ".join(f"{name} ({why})" for name, why in sorted(cost.refused.items()))
    print(f"  {cost.megabytes:.0f} MB; {cost.ready} can be seen; refused: {refused}", flush=True)


def _first_views(databases: Databases, folder: Path) -> None:
    print(f"{'largest part on a slow telephone, seconds':45}{'typical':>9}{'slowest':>9}{'moved':>9}")
    for view in first_views(databases, folder):
        print(f"{view.path:45}{view.typical:>9.2f}{view.slowest:>9.2f}{view.moved:>9.3f}", flush=True)


def _questions(databases: Databases, folder: Path) -> None:
    print(f"{'CPU ms (queries), own questions':45}" + "".join(f"{count:>12}" for count in QUESTIONS) + f"{'times':>8}")
    for name, costs in question_costs(databases, folder).items():
        each = "".join(f"{f'{cost.cpu:.1f} ({cost.queries})':>12}" for cost in costs)
        print(f"{name:45}{each}{costs[-1].cpu / costs[0].cpu:>8.2f}", flush=True)


def _privacy(databases: Databases, folder: Path) -> None:
    print(f"{'everybody of an edition is forgotten':45}{'seconds':>9}{'batches':>9}{'longest':>9}{'statements':>12}")
    for kind in KINDS:
        for people in CROWDS:
            with databases.fresh(kind) as url:
                found = forget(url, folder / f"privacy-{kind}-{people}", people)
            for one in found.kinds:
                statements = f"{min(one.statements)}–{max(one.statements)}"
                name = f"{one.name}: {one.rows:,}, {kind}"
                numbers = f"{sum(one.seconds):>9.1f}{len(one.seconds):>9}{max(one.seconds) * 1000:>6.0f} ms"
                print(f"{name:45}{numbers}{statements:>12}", flush=True)
            registered = f"typical {median(found.waited):.2f} s, slowest {max(found.waited):.2f} s"
            print(f"  {people:,} people: +{found.grown:.0f} MB; {len(found.waited)} registered meanwhile, {registered}")


def _ballots(databases: Databases, folder: Path) -> None:
    for proposals in (3, 4, 5):
        said = ", ".join(f"{how} {number}" for how, number in first_places(proposals).most_common())
        print(f"first place of {ELECTIONS} elections, {MEMBERS} members, {proposals} proposals: {said}", flush=True)


PARTS: dict[str, Callable[[Databases, Path], None]] = {
    "registration": _registrations,
    "mail": _mail,
    "memory": _memory,
    "trips": _trips,
    "crowd": _crowds,
    "imports": _imports,
    "questions": _questions,
    "photographs": _photographs,
    "first_view": _first_views,
    "evening": _evening,
    "growth": _growth,
    "privacy": _privacy,
    "ballots": _ballots,
    "rush": _rush,
    "outages": _outages,
    "endurance": _endurance,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
