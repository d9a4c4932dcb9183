"""`flask worker`: lets offers lapse, closes lists, tells the news, delivers the mail; until stopped."""

import signal
import threading
import time
from datetime import date, datetime

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import delete

from dofc_events.commands.alarm import Alarm
from dofc_events.commands.timers import end_what_is_over, remove_texts, run_timers
from dofc_events.commands.watch import Step, Watch
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db, erase_deleted, is_away, tried_again, unit_of_work
from dofc_events.core.supervisor import end_with_supervisor
from dofc_events.extensions import settings
from dofc_events.health.rules import Trouble
from dofc_events.hosting.models import Ballot
from dofc_events.mail.delivery import Answer, Courier
from dofc_events.mail.models import WorkerSign
from dofc_events.mail.rules import FORGET_WORKER_AFTER, SHOW_LIFE_EVERY
from dofc_events.privacy.erasing.queries import named_files

# How often the worker looks for something to do, in seconds: a round begins so long after the one before, or later.
PAUSE = 2.0
# How long a worker that is told to stop waits for its courier, in seconds, unless a message is under way.
GOODBYE = 3


class Broom:
    """Removes what is no longer needed, once in a while, because none of it is urgent.

    That is: files that no row names, deleted ballots, the texts of emails sent long ago, and, once a day, personal data
    whose time is up.
    """

    def __init__(self, watch: Watch | None = None) -> None:
        # On a clock that nobody sets.
        self._swept_at: float | None = None
        self._ended_on: date | None = None
        self._step = Step("sweep", watch or Watch())

    def is_due(self) -> bool:
        """Whether it is SWEEP_EVERY since the last time."""
        return self._swept_at is None or time.monotonic() - self._swept_at >= files.SWEEP_EVERY.total_seconds()

    def sweep(self, at: datetime) -> None:
        self._swept_at = time.monotonic()
        named = named_files(db.session())
        db.session.close()
        files.sweep(settings().shared, named, at)
        # What somebody read at that moment was kept when the ballots were counted.
        erase_deleted(Ballot)
        remove_texts(self._step, at)
        if self._ended_on != at.date():
            end_what_is_over(self._step, at)
            self._ended_on = at.date()


class Sign:
    """The sign of life that health and organisers' pages read: left after a round, now and then or if it says more."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left_at = -SHOW_LIFE_EVERY.total_seconds()
        self._said: tuple[str | None, str | None] = (None, None)
        self._rounds, self._round_seconds = 0, 0.0

    def note_round(self, seconds: float) -> None:
        """A round was completed."""
        self._rounds += 1
        self._round_seconds += seconds

    @tried_again
    def leave(self, answer: Answer, watch: Watch) -> bool:
        """Returns whether it was left anew."""
        failed_step, failed_at = watch.last_failure
        said = (answer.error, failed_step)
        if said == self._said and time.monotonic() - self._left_at < SHOW_LIFE_EVERY.total_seconds():
            return False
        at = now()
        sign = WorkerSign(name=self._name, seen_at=at, failed_step=failed_step, failed_at=failed_at)
        sign.rounds, sign.round_seconds = self._rounds, self._round_seconds
        if answer.tried_at:
            sign.mail_tried_at, sign.mail_error = answer.tried_at, answer.error
        if answer.taken_at:
            sign.mail_taken_at = answer.taken_at
        with unit_of_work() as session:
            session.merge(sign)
            session.execute(delete(WorkerSign).where(WorkerSign.seen_at < at - FORGET_WORKER_AFTER))
        self._left_at, self._said = time.monotonic(), said
        return True


class Worker:
    """Rounds of everything but the mail, and the mail. Neither waits for the other, and no failure ends them."""

    def __init__(self, stopped: threading.Event, *, once: bool) -> None:
        self._stopped, self._watch = stopped, Watch()
        self._broom = Broom(self._watch)
        self._courier = Courier(stopped)
        # A worker that is started every minute would leave a thousand signs a day.
        self._alarm = Alarm()
        self._sign = Sign("once" if once else self._courier.name)

    def run_once(self) -> bool:
        """Do all that is due; returns whether the database could be used."""
        is_well, busy = True, True
        while busy and is_well and not self._stopped.is_set():
            until = time.monotonic() + PAUSE
            busy, is_well = self._round()
            while self._deliver():
                busy = True
                if time.monotonic() >= until:
                    break
        # What came of the mail.
        is_well = self._leave_sign() and is_well
        self._courier.close()
        return is_well

    def run(self, app: Flask) -> None:
        """Go on until stopped. A message that is under way then is handed over first."""
        courier = threading.Thread(target=self._deliver_all, args=(app,), daemon=True)
        courier.start()
        while not self._stopped.is_set():
            next_round = time.monotonic() + PAUSE
            self._round()
            self._stopped.wait(next_round - time.monotonic())
        courier.join(GOODBYE)
        while courier.is_alive() and self._courier.is_sending:
            courier.join(1)

    def _round(self) -> tuple[bool, bool]:
        """Everything but the mail. Whether there is more to do at once, and whether the database could be used."""
        more, began = False, time.monotonic()
        try:
            more = run_timers(now(), self._watch)
            if self._broom.is_due():
                self._watch.run("sweep", self._broom.sweep, now())
        except Exception as error:
            self._say(error)
            self._alarm.note_away(Trouble.DATABASE_UNREACHABLE)
            return False, False
        self._sign.note_round(time.monotonic() - began)
        return more, self._leave_sign()

    def _leave_sign(self) -> bool:
        try:
            if self._sign.leave(self._courier.answer, self._watch):
                self._alarm.look()
        except Exception as error:
            self._say(error)
            self._alarm.note_away(Trouble.DATABASE_UNREACHABLE if is_away(error) else Trouble.DATABASE_NOT_WRITABLE)
            return False
        return True

    def _deliver_all(self, app: Flask) -> None:
        with app.app_context():
            while not self._stopped.is_set():
                if not self._deliver():
                    self._stopped.wait(PAUSE)
            self._courier.close()

    def _deliver(self) -> bool:
        """The next batch of mail; returns whether there may be more."""
        try:
            return settings().mail_is_delivered and self._watch.run("deliver_mail", self._courier.deliver_due)
        except Exception as error:
            self._say(error)
            return False

    def _say(self, error: Exception) -> None:
        # A database may be restarting: nothing was lost, and it will be back.
        self._watch.say("database_unreachable" if is_away(error) else "round_failed", error)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do everything that is due, then stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Send emails, let offers lapse, close waiting lists, open and count ballots, until stopped."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    end_with_supervisor()
    work = Worker(stopped, once=once)
    if not once:
        work.run(current_app._get_current_object())  # type: ignore[attr-defined]
    elif not work.run_once():
        raise SystemExit(1)
