"""How long it takes until everybody of a large edition is forgotten, and how the site fares meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from benchmarks.crowd import add_crowd
from dofc_events.app import create_app
from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import now
from dofc_events.core.db import db, room_for_others, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.privacy.retention.service import Keys, Task, do_some, old_ones, tasks
from tests.support.databases import close_connections, count_queries, settings_for
from tests.support.factories import make_edition, make_question, make_registration, make_trip

# When everything of the edition is due.
LATER = timedelta(days=1000)
# So often somebody registers meanwhile.
PAUSE = 0.2


@dataclass
class Kind:
    """The batches of what ends in one table: the clock seconds and the statements of each."""

    name: str
    rows: int = 0
    seconds: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Forgotten:
    """What the run took; `grown` is by how many megabytes the process grew, `waited` how long people who registered
    meanwhile took, in seconds."""

    kinds: list[Kind]
    grown: float
    waited: list[float]


def forget(database_url: str, folder: Path, people: int) -> Forgotten:
    """Let time pass over an edition of so many, each with a message, an entry of the trail, an answer and a seat."""
    app = create_app(settings_for(database_url, folder / "instance"))
    with app.app_context():
        with unit_of_work() as session:
            edition, here = make_edition(session, now=now(), capacity=people // 2), make_edition(session, year=2090)
            make_question(session, edition, "size", "text")
            add_crowd(session, edition, people, now(), [make_trip(session, edition) for _ in range(4)])
            _add_trail(session, edition)
            year = here.id
        before, kinds, waited = _megabytes(), list[Kind](), list[float]()
        stop = threading.Event()
        visitors = threading.Thread(target=_register, args=(app, year, stop, waited))
        visitors.start()
        try:
            kinds = list(_run(now() + LATER))
        finally:
            stop.set()
            visitors.join()
        grown = _megabytes() - before
        close_connections()
    return Forgotten(kinds, grown, waited)


def _add_trail(session: Session, edition: Edition) -> None:
    """What each changed once."""
    about = session.scalars(select(Registration.reference).where(Registration.edition_id == edition.id)).all()
    said = {"changes": {"given_name": ["Ana", "Ane"], "dietary": ["", "vegan"]}}
    same = {"at": now(), "actor": "delegate", "act": "details_changed", "scope": str(edition.year), "details": said}
    session.execute(insert(AuditEntry), [same | {"about": reference} for reference in about])


def _run(at: datetime) -> Iterator[Kind]:
    """As the worker does it, a batch in each transaction."""
    for task in [*tasks(db.session()), *old_ones(db.session(), at)]:
        if not task.is_due(at):
            continue
        kind = Kind(f"{task.period}, {task.kept_in}")
        done: Keys = ()
        while done := _batch(task, at, kind, done):
            kind.rows += len(done)
        if kind.rows:
            yield kind


def _batch(task: Task, at: datetime, kind: Kind, done: Keys) -> Keys:
    with room_for_others(), count_queries() as queries:
        with unit_of_work() as session:
            # From when others have to wait for it.
            begun = time.perf_counter()
            done = do_some(session, task, at, done)
        took = time.perf_counter() - begun
    if done:
        kind.seconds.append(took)
        kind.statements.append(len(queries))
    return done


def _register(app: Flask, edition_id: int, stop: threading.Event, waited: list[float]) -> None:
    with app.app_context():
        while not stop.wait(PAUSE):
            begun = time.perf_counter()
            # Whoever waits too long is asked to send the form again; the wait counts.
            with suppress(OperationalError), unit_of_work() as session:
                make_registration(session, session.get_one(Edition, edition_id), now=now())
            waited.append(time.perf_counter() - begun)


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / 1e6
