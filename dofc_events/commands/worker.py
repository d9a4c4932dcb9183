"""`flask worker`: lets offers lapse, closes lists, tells the news, delivers the mail; until stopped."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime

import click
import structlog
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from dofc_events.core.audit import WORKER
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.mail.delivery import Courier
from dofc_events.places.queries import waiting_for
from dofc_events.registration import queries, service
from dofc_events.registration.rules import BATCH

# How often the worker looks for something to do, in seconds.
PAUSE = 2

log = structlog.get_logger()


@click.command("worker")
@click.option("--once", is_flag=True, help="Do all that is due, then stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Deliver mail, let offers lapse, send reminders, until stopped."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    courier = Courier()
    while not stopped.is_set():
        try:
            _round(courier)
        except OperationalError as error:
            # The database is away or restarting: nothing was lost, and it will be back.
            log.error("database_unreachable", error=str(error.orig))
            db.session.rollback()
        if once:
            break
        stopped.wait(PAUSE)
    courier.close()


def _round(courier: Courier) -> None:
    courier.show_life()
    run_timers(now())
    if settings().mail_is_delivered:
        courier.deliver_due()


def run_timers(at: datetime) -> None:
    """Do what is due by the clock, in ladder order, each piece in a unit of work of its own."""
    _each(queries.offers_told_late(db.session(), at), service.renew_offer, at)
    _each(queries.offers_overdue(db.session(), at), service.lapse_offer, at)
    for edition_id in queries.lists_to_close(db.session(), at):
        while waiting := [claim.registration_id for claim in waiting_for(db.session(), edition_id, BATCH)]:
            with unit_of_work() as session:
                service.close_list(session, edition_id, waiting, WORKER, at)
    while untold := queries.untold_news(db.session(), BATCH):
        with unit_of_work() as session:
            service.tell_news(session, untold, at)
    db.session.close()


def _each(registration_ids: list[int], act: Callable[..., None], at: datetime) -> None:
    for registration_id in registration_ids:
        with unit_of_work() as session:
            act(session, registration_id, WORKER, at)
