"""What years of email cost: how long organisers' mail pages take, and how large the database is."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from benchmarks.crowd import CHAIR
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.app import create_app
from dofc_events.commands.timers import remove_texts
from dofc_events.commands.watch import Step, Watch
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work, writing_engine
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from tests.support.databases import close_connections, settings_for
from tests.support.factories import make_account, make_edition, make_registration

EDITIONS = 10
BATCH = 5_000
TIMES = 5
TIDY = {
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    # The second notes what all can see, without which no index is enough by itself.
    "postgresql": ("VACUUM (FULL)", "VACUUM (ANALYZE)"),
}
PAGES = {
    "all mail": "/organise/mail",
    "all mail, sent": "/organise/mail?state=sent",
    "all mail, dead": "/organise/mail?state=dead",
    "all mail, searched": "/organise/mail?q=n77777",
    "mail of an edition": "/organise/editions/{year}/mail",
    "mail of an edition, dead": "/organise/editions/{year}/mail?state=dead",
    "mail of an edition, searched": "/organise/editions/{year}/mail?q=n7777",
    "overview": "/organise/",
}


@dataclass(frozen=True)
class Grown:
    """The clock milliseconds of each page, and the megabytes of the database."""

    pages: dict[str, float]
    megabytes: float


def growth(database_url: str, folder: Path, messages: int) -> Iterator[tuple[str, Grown]]:
    """With so many messages, most of them of past editions: as they were sent."""
    app = create_app(settings_for(database_url, folder / "instance"))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now())
            year = edition.year
            make_registration(session, edition, now=now())
            make_account(session, CHAIR, role=RoleName.CHAIR)
        for first in range(0, messages, BATCH):
            with unit_of_work() as session:
                _add_sent(session, range(first, min(first + BATCH, messages)), messages, year)
        _tidy()
        yield "as sent", _measured(app, year)
        before, step = -1, Step(remove_texts.__name__, Watch())
        while before != (before := _texts_removed()):
            remove_texts(step, now())
        _tidy()
        yield "old texts removed", _measured(app, year)
        close_connections()


def _add_sent(session: Session, numbers: range, messages: int, year: int) -> None:
    """Confirmations like the first one, older and of an earlier edition the lower their number."""
    first = session.scalars(select(Message).order_by(Message.id).limit(1)).one()
    columns = {c.key: getattr(first, c.key) for c in Message.__table__.columns if c.key != "id"}
    rows = [columns | _sent(number, messages, year) for number in numbers]
    session.execute(insert(Message), rows)


def _sent(number: int, messages: int, year: int) -> dict[str, Any]:
    years = EDITIONS * (messages - number) // messages
    at = now() - timedelta(days=365 * EDITIONS * (messages - number) / messages)
    return {
        "message_id": f"<{number}@dofc.test>",
        "scope": str(year - years),
        "recipient": f"n{number}@dofc.test",
        "recipient_key": f"n{number}@dofc.test",
        "about": f"{number:08}",
        "state": MessageState.WITHDRAWN if number % 100 == 7 else MessageState.SENT,
        "queued_at": at,
        "due_at": at,
        "waits_since": at,
        "sent_at": None if number % 100 == 7 else at,
        "attempts": 1,
    }


def _measured(app: Flask, year: int) -> Grown:
    with unit_of_work() as session:
        secret = issue_sign_in_link(session, account_by_email(session, CHAIR).id, now())
    client = app.test_client()
    client.post(f"/sign-in/{secret}")
    pages = {}
    for name, path in PAGES.items():
        address = path.format(year=year)
        # The first request loads what every one needs.
        client.get(address)
        taken = []
        for _ in range(TIMES):
            before = time.perf_counter()
            answer = client.get(address)
            taken.append(time.perf_counter() - before)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        pages[name] = median(taken) * 1000
    return Grown(pages, _megabytes())


def _texts_removed() -> int:
    count = db.session.scalar(select(func.count(Message.text_removed_at)))
    db.session.close()
    return count


def _tidy() -> None:
    """What PostgreSQL does by itself within a minute, and the documents recommend for SQLite."""
    with writing_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in TIDY[connection.dialect.name]:
            connection.execute(text(statement))


def _megabytes() -> float:
    sqlite = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    postgresql = "SELECT pg_database_size(current_database())"
    size = db.session.scalar(text(sqlite if db.engine.dialect.name == "sqlite" else postgresql))
    db.session.close()
    return size / 1e6
