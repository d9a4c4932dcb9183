"""How fast the worker delivers, compared with plain smtplib sending the same messages over one connection."""

import multiprocessing
import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from benchmarks.load import Cost
from dofc_events.app import create_app
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.mime import as_mime
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.rules import MessageState
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_edition, make_registration
from tests.support.site import Site
from tests.support.smtp import MailServer

MESSAGES = 500
TURNS = 3
SENDER = "registration@dofc.test"


@dataclass(frozen=True)
class _Mail:
    """A message as plain smtplib wants it."""

    recipient: str
    content: bytes


def mail_costs(databases: Databases, kind: str, folder: Path) -> tuple[Cost, Cost]:
    """What one message costs the worker, and what it costs plain smtplib; medians, taken in turns.

    Each is a confirmation with its calendar entry. The server is the same, in a third process.
    """
    sink = MailServer(folder)
    sink.start()
    try:
        with databases.fresh(kind) as url:
            app = create_app(settings_for(url, folder / "instance", **sink.settings()))
            site = Site(url, folder, sink)
            with app.app_context():
                try:
                    worker = psutil.Process(site.run_worker().pid)
                    while db.session.scalar(select(WorkerSign.name)) is None:
                        db.session.close()
                        time.sleep(0.1)
                    turns = [(_ours(worker, sink), _plain(sink)) for _ in range(TURNS)]
                finally:
                    site.stop()
                    close_connections()
    finally:
        sink.stop()
    ours, plain = (
        Cost({"worker": median(cost.cpu["worker"] for cost in costs)}, median(cost.clock for cost in costs))
        for costs in zip(*turns, strict=True)
    )
    return ours, plain


def _ours(worker: psutil.Process, sink: MailServer) -> Cost:
    sink.envelopes.clear()
    with unit_of_work() as session:
        _queue_confirmations(session)
    before = sum(worker.cpu_times()[:2])
    _wait_for(sink, 1)
    started = time.perf_counter()
    _wait_for(sink, MESSAGES)
    took = time.perf_counter() - started
    # The last one is settled.
    time.sleep(0.2)
    return _of_each(sum(worker.cpu_times()[:2]) - before, took)


def _plain(sink: MailServer) -> Cost:
    messages = db.session.scalars(select(Message).order_by(Message.id).limit(MESSAGES)).all()
    mails = [_Mail(m.recipient, as_mime(m, SENDER, m.recipient)) for m in messages]
    db.session.close()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_send_plainly, args=(sink.port, mails, there))
    process.start()
    cpu, took = here.recv()
    process.join()
    return _of_each(cpu, took)


def _send_plainly(port: int, mails: Sequence[_Mail], answer: Connection) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        cpu, started = time.process_time(), time.perf_counter()
        for mail in mails:
            server.sendmail(SENDER, [mail.recipient], mail.content)
        answer.send((time.process_time() - cpu, time.perf_counter() - started))


def _queue_confirmations(session: Session) -> None:
    """So many messages due now, all of them like the one that somebody gets who registers."""
    confirmation = session.scalar(select(Message).limit(1))
    if confirmation is None:
        make_registration(session, make_edition(session, now=now()), now=now())
        session.flush()
        confirmation = session.scalars(select(Message)).one()
    columns = {c.key: getattr(confirmation, c.key) for c in Message.__table__.columns if c.key != "id"}
    fresh: dict[str, Any] = {"state": MessageState.QUEUED, "due_at": now(), "sent_at": None, "attempts": 0}
    rows = [
        columns | fresh | {"message_id": f"<{time.time_ns()}-{number}@dofc.test>", "recipient": f"n{number}@dofc.test"}
        for number in range(MESSAGES)
    ]
    session.execute(insert(Message), rows)


def _wait_for(sink: MailServer, count: int) -> None:
    until = time.monotonic() + 120
    while len(sink.envelopes) < count:
        assert time.monotonic() < until, f"{len(sink.envelopes)} of {count} messages"
        time.sleep(0.002)


def _of_each(cpu: float, took: float) -> Cost:
    return Cost({"worker": cpu * 1000 / MESSAGES}, took * 1000 / MESSAGES)
