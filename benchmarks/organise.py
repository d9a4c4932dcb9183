"""What organisers' pages cost: the site's processor time, and how many queries of which length."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select, update

from benchmarks.crowd import CHAIR, add_crowd
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.app import create_app
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.questions.models import Answer
from tests.support.databases import close_connections, settings_for
from tests.support.factories import make_edition

TIMES = 5
EARLIER = 1_000
# So many people of every edition answered a question otherwise than all the others.
FEW, OTHERWISE = 30, "2031-01-01"
# The heaviest: what every registration has in common, and orders that no index has.
PAGES = {
    "attention": "/organise/",
    "figures": "/organise/editions/{year}/",
    "list": "/organise/editions/{year}/registrations",
    "list, narrowed": "/organise/editions/{year}/registrations?dietary=1&country=RS&status=confirmed",
    "list by an answer": "/organise/editions/{year}/registrations?question-size=m&columns=question-size",
    "list of few, by an answer": f"/organise/editions/{{year}}/registrations?question-arrival=on:{OTHERWISE}",
    "file of few, by an answer": f"/organise/editions/{{year}}/registrations.csv?question-arrival=on:{OTHERWISE}",
    "list by name": "/organise/editions/{year}/registrations?sort=name",
    "list by country": "/organise/editions/{year}/registrations?sort=country",
    "list by category": "/organise/editions/{year}/registrations?sort=category",
    "list by status": "/organise/editions/{year}/registrations?sort=status",
    "search": "/organise/editions/{year}/registrations?q=djordjevic",
    "search for what all have": "/organise/editions/{year}/registrations?q=cluster",
}


@dataclass(frozen=True)
class PageCost:
    """Of one page, in milliseconds: the processor time of this process, and its slowest query; medians.

    On PostgreSQL, what the database takes is not in the processor time.
    """

    cpu: float
    slowest: float
    queries: int
    kilobytes: float


def page_costs(database_url: str, folder: Path, year: int) -> dict[str, PageCost]:
    """What the pages of a crowded edition cost, after some people came to the one before, too."""
    app = create_app(settings_for(database_url, folder / "instance"))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        with unit_of_work() as session:
            add_crowd(session, make_edition(session, now=now(), year=year - 1), EARLIER, now())
            ids = session.scalars(select(Answer.registration_id).where(Answer.text != "")).all()
            few = Answer.text != "", Answer.registration_id.in_(ids[:: len(ids) // FEW])
            session.execute(update(Answer).where(*few).values(text=OTHERWISE))
            secret = issue_sign_in_link(session, account_by_email(session, CHAIR).id, now())
        client = app.test_client()
        client.post(f"/sign-in/{secret}")
        costs = {name: _cost(client, path.format(year=year)) for name, path in PAGES.items()}
        close_connections()
    return costs


def _cost(client: FlaskClient, path: str) -> PageCost:
    # The first request loads what every one needs.
    client.get(path, buffered=True)
    cpu, slowest = [], []
    for _ in range(TIMES):
        before = time.process_time()
        with _timed_queries() as queries:
            page = client.get(path, buffered=True)
        cpu.append(time.process_time() - before)
        slowest.append(max(queries))
    assert page.status_code == 200, f"{path}: {page.status_code}"
    return PageCost(median(cpu) * 1000, median(slowest) * 1000, len(queries), len(page.data) / 1024)


@contextmanager
def _timed_queries() -> Iterator[list[float]]:
    """How many seconds each query took in the meantime."""
    started: list[float] = []
    taken: list[float] = []

    def begin(*_) -> None:
        started.append(time.perf_counter())

    def end(*_) -> None:
        taken.append(time.perf_counter() - started.pop())

    event.listen(Engine, "before_cursor_execute", begin)
    event.listen(Engine, "after_cursor_execute", end)
    try:
        yield taken
    finally:
        event.remove(Engine, "before_cursor_execute", begin)
        event.remove(Engine, "after_cursor_execute", end)
