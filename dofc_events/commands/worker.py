"""`flask worker`: lets offers lapse, closes lists, tells the news, delivers the mail; until stopped."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click
import structlog
from flask.cli import with_appcontext
from sqlalchemy.exc import InterfaceError, OperationalError

from dofc_events.core import files
from dofc_events.core.audit import WORKER
from dofc_events.core.clock import now
from dofc_events.core.db import db, erase_deleted, is_conflict, tried_again, unit_of_work
from dofc_events.delegates.doubles import service as doubles
from dofc_events.extensions import settings
from dofc_events.hosting import queries as hosting_queries
from dofc_events.hosting.ballots import queries as ballot_queries
from dofc_events.hosting.ballots import service as ballots
from dofc_events.hosting.calls import service as calls
from dofc_events.hosting.membership.queries import calls_to_review
from dofc_events.hosting.models import Ballot
from dofc_events.hosting.news import service as hosting_news
from dofc_events.hosting.news.queries import drafts_to_remind, voters_to_remind
from dofc_events.letters import queries as letter_queries
from dofc_events.letters import timers as letter_timers
from dofc_events.mail.delivery import Courier
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import waiting_for
from dofc_events.registration import timers
from dofc_events.registration.hand_over import queries as hand_over_queries
from dofc_events.registration.hand_over import timers as hand_over_timers

# How often the worker looks for something to do, in seconds: a round begins so long after the one before, or later.
PAUSE = 2

DATABASE_AWAY = (OperationalError, InterfaceError)

log = structlog.get_logger()


class Broom:
    """Removes what is no longer needed, now and then: what is not urgent must not be looked for in every round.

    That is files that no row names, and ballots that were deleted.
    """

    def __init__(self) -> None:
        self._swept_at: datetime | None = None

    def sweep(self, at: datetime) -> None:
        """Sweep, unless that was done less than SWEEP_EVERY before `at`."""
        if self._swept_at is not None and at - self._swept_at < files.SWEEP_EVERY:
            return
        self._swept_at = at
        named = hosting_queries.attached_hashes(db.session())
        db.session.close()
        files.sweep(settings().instance, named, at)
        # What somebody read at that moment was kept when the ballots were counted.
        erase_deleted(Ballot)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do everything that is due, then stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Deliver mail, let offers lapse, close waiting lists, open and count ballots, until stopped."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    courier, broom = Courier(stopped), Broom()
    while not stopped.is_set():
        next_round = time.monotonic() + PAUSE
        busy = False
        try:
            busy = _round(courier, broom, next_round)
        except DATABASE_AWAY as error:
            # The database may be restarting: nothing is lost, and it will be back.
            log.error("round_cut_short" if is_conflict(error) else "database_unreachable", error=str(error.orig))
            db.session.rollback()
            if once:
                raise SystemExit(1) from error
        if once and not busy:
            break
        if not once:
            stopped.wait(next_round - time.monotonic())
    courier.close()


@tried_again
def _round(courier: Courier, broom: Broom, until: float) -> bool:
    """Everything but the mail, then mail while there is any, and time: offers lapse while thousands of messages leave.

    Returns whether anything was done that something else may have waited for.
    """
    courier.show_life()
    busy = run_timers(now())
    broom.sweep(now())
    while settings().mail_is_delivered and courier.deliver_due():
        busy = True
        if time.monotonic() >= until:
            break
    return busy


def run_timers(at: datetime) -> bool:
    """Do what is due by the clock, in ladder order, each piece in a unit of work of its own.

    Of a letter to thousands a part is written in each round; returns whether there is more of it.
    """
    for registration_id in queries.offers_told_late(db.session(), at):
        _attempt(timers.renew_offers, registration_id, WORKER, at)
    for registration_id in queries.offers_overdue(db.session(), at):
        _attempt(timers.lapse_offers, registration_id, WORKER, at)
    for registration_id in queries.offers_to_remind_of(db.session(), at):
        _attempt(timers.remind_of_offers, registration_id, WORKER, at)
    for registration_id in hand_over_queries.hand_overs_to_forget(db.session(), at):
        _attempt(hand_over_timers.forget_hand_over, registration_id, WORKER, at)
    for edition_id in queries.lists_to_close(db.session(), at):
        _in_batches(waiting_for(db.session(), edition_id), timers.close_list, WORKER, at)
    _in_batches(queries.untold_news(db.session(), 10 * BATCH), news.tell_news, at)
    for proposal_id in drafts_to_remind(db.session(), at):
        _attempt(hosting_news.remind_drafter, proposal_id, at)
    for call_id in calls_to_review(db.session(), at):
        _attempt(calls.start_review, call_id, WORKER, at)
    for call_id in ballot_queries.ballots_to_open(db.session(), at):
        _attempt(ballots.open_ballot, call_id, WORKER, at)
    _in_batches(ballot_queries.untold_voters(db.session()), ballots.tell_voters, at)
    _in_batches(voters_to_remind(db.session(), at), hosting_news.remind_voters, at)
    for call_id in ballot_queries.ballots_to_close(db.session(), at):
        if _attempt(ballots.close_ballot, call_id, WORKER, at):
            # How each member voted was deleted with the count.
            erase_deleted(Ballot)
    # Not urgent: after an import the next rounds continue, with the emails in between.
    _in_batches(doubles.to_compare(db.session(), 10 * BATCH), doubles.compare)
    for letter_id in letter_queries.letters_due(db.session(), at):
        _attempt(letter_timers.start_letter, letter_id, WORKER, at)
    for letter_id, registration_id in letter_queries.taken_back_from_old_addresses(db.session(), at):
        _attempt(letter_timers.write_anew, letter_id, registration_id, at)
    more = False
    for letter_id in letter_queries.letters_going(db.session()):
        recipients = letter_queries.unwritten(db.session(), letter_id, 10 * BATCH)
        _in_batches(recipients, letter_timers.write_messages, letter_id, at)
        more = more or len(recipients) == 10 * BATCH
    db.session.close()
    return more


def _in_batches(registration_ids: Sequence[int], act: Callable[..., object], *arguments: Any) -> None:
    """Short units of work; where one fails, each of its registrations gets its own."""
    for first in range(0, len(registration_ids), BATCH):
        batch = registration_ids[first : first + BATCH]
        if not _attempt(act, batch, *arguments):
            for registration_id in batch:
                _attempt(act, [registration_id], *arguments)


def _attempt(act: Callable[..., object], *arguments: Any) -> bool:
    """One unit of work; returns whether it succeeded.

    What fails is noted and tried again in the next round: one broken registration must not stop everybody's emails.
    """
    try:
        _do(act, *arguments)
    except Exception as error:
        if isinstance(error, DATABASE_AWAY) and not is_conflict(error):
            raise
        log.exception("timer_failed", act=act.__name__, arguments=str(arguments))
        return False
    return True


@tried_again
def _do(act: Callable[..., object], *arguments: Any) -> None:
    with unit_of_work() as session:
        act(session, *arguments)
