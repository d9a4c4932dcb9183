"""Out of the outbox: claim due messages with a lease, send them with no transaction open, settle each.

A worker that dies leaves its messages in `sending`; when the lease is over the next worker takes them up. While a
worker lives its leases are renewed, so that no other sends the same message.
"""

import smtplib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from flask import Flask, current_app
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dofc_events.core.clock import now as clock
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.queries import held_in_order
from dofc_events.mail.rules import (
    FORGET_WORKER_AFTER,
    LEASE,
    SHOW_LIFE_EVERY,
    UNREACHABLE_RETRY,
    WRITTEN_BY_HAND,
    MessageState,
    retry_at,
)
from dofc_events.mail.transport import Refused, Transport, Unreachable

BATCH = 20

log = structlog.get_logger()


class Courier:
    """Delivers what is due, over one kept connection. `name` tells workers apart.

    Once `stopped` is set, no further message is begun.
    """

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self.name = uuid.uuid4().hex
        self._stopped = stopped or threading.Event()
        self._transport = Transport()
        self._retry_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._error: str | None = None

    def deliver_due(self) -> bool:
        """Send the next batch of what is due; returns whether there was anything, and so may be more.

        An unreachable server ends the batch at once and is left alone for ten seconds; no message suffers for it.
        """
        if not self._may_try() or not _anything_due(clock()):
            return False
        try:
            self._transport.connect()
        except Unreachable as error:
            self._postpone(error)
            return False
        with unit_of_work() as session:
            ids = claim_due(session, self.name, clock())
        with _renewed_leases(self.name):
            for message_id in ids:
                self._deliver(message_id)
                if not self._may_try():
                    break
        with unit_of_work() as session:
            release(session, self.name)
        return True

    def show_life(self) -> None:
        """Leave the sign of life that the health page reads, now and then."""
        now = clock()
        if self._seen_at is not None and now - self._seen_at < SHOW_LIFE_EVERY:
            return
        self._sign(now)

    def _sign(self, now: datetime) -> None:
        sign = WorkerSign(name=self.name, seen_at=now, mail_tried_at=self._tried_at, mail_error=self._error)
        with unit_of_work() as session:
            session.merge(sign)
            session.execute(delete(WorkerSign).where(WorkerSign.seen_at < now - FORGET_WORKER_AFTER))
        self._seen_at = now

    def close(self) -> None:
        self._transport.close()

    def _deliver(self, message_id: int) -> None:
        message = db.session.get_one(Message, message_id)
        # Ends the read transaction: nothing is open while the server is spoken to.
        db.session.close()
        if not _may_leave(message, self.name, clock()):
            return
        error: Exception | None = None
        try:
            self._transport.send(message)
        except (Refused, Unreachable) as refusal:
            error = refusal
            log.warning("not_sent", kind=message.kind, message_id=message.message_id, error=str(refusal))
        except Exception as bug:
            # Shown on the mail page, and out of the others' way.
            error = Refused(f"{type(bug).__name__}: {bug}", permanent=True)
            log.exception("not_sent", kind=message.kind, message_id=message.message_id)
        with unit_of_work() as session:
            settle(session, message_id, self.name, error, clock())
        if isinstance(error, Unreachable):
            self._postpone(error)
        else:
            self._note_answer()

    def _may_try(self) -> bool:
        return not self._stopped.is_set() and (self._retry_at is None or clock() >= self._retry_at)

    def _postpone(self, error: Unreachable) -> None:
        now = clock()
        self._retry_at = now + UNREACHABLE_RETRY
        log.warning("mail_server_unreachable", error=str(error))
        self._tried_at, self._error = now, _in_words(error)
        self._sign(now)

    def _note_answer(self) -> None:
        """The server answered: what it was blamed for is over, which is told at once; else the next sign tells it."""
        was_blamed, self._tried_at, self._error = self._error is not None, clock(), None
        if was_blamed:
            self._sign(self._tried_at)


def claim_due(session: Session, holder: str, now: datetime) -> list[int]:
    """Lease the messages that are due next to `holder`; whatever has expired is withdrawn instead.

    The oldest come first, but letters to many after what somebody is waiting for.
    """
    due = session.scalars(
        select(Message)
        .where(_is_due(now))
        .order_by(Message.kind.in_(WRITTEN_BY_HAND), Message.due_at, Message.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for message in due:
        if message.expires_at is not None and message.expires_at <= now:
            message.state, message.lease_until = MessageState.WITHDRAWN, None
        else:
            message.state, message.lease_until, message.lease_holder = MessageState.SENDING, now + LEASE, holder
            message.attempts += 1
            claimed.append(message.id)
    return claimed


def settle(session: Session, message_id: int, holder: str, error: Exception | None, now: datetime) -> None:
    """Write down how an attempt ended. Whoever lost the lease meanwhile changes nothing but a success."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if error is not None and message.lease_holder != holder:
        return
    message.lease_until = message.lease_holder = None
    message.last_error = str(error) if error else None
    if error is None:
        message.state, message.sent_at = MessageState.SENT, now
        return
    message.state = MessageState.QUEUED
    if isinstance(error, Unreachable):
        message.due_at = now + UNREACHABLE_RETRY
        return
    assert isinstance(error, Refused)
    message.refusals += 1
    again = None if error.permanent else retry_at(message.refusals, now)
    if again is None:
        message.state = MessageState.DEAD
    else:
        message.due_at = again


def release(session: Session, holder: str) -> None:
    """Give back what was claimed and not tried: the server went away, the worker was stopped, the message expired."""
    session.execute(
        update(Message)
        .where(Message.id.in_(held_in_order(Message.state == MessageState.SENDING, Message.lease_holder == holder)))
        .values(state=MessageState.QUEUED, lease_until=None, lease_holder=None, attempts=Message.attempts - 1)
    )


def renew_leases(session: Session, holder: str, now: datetime) -> None:
    """Hold on to everything that `holder` is about to send."""
    session.execute(
        update(Message)
        .where(Message.id.in_(held_in_order(Message.state == MessageState.SENDING, Message.lease_holder == holder)))
        .values(lease_until=now + LEASE)
    )


@contextmanager
def _renewed_leases(holder: str) -> Iterator[None]:
    done = threading.Event()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def renew() -> None:
        while not done.wait(LEASE.total_seconds() / 3):
            try:
                with app.app_context(), unit_of_work() as session:
                    renew_leases(session, holder, clock())
            except DBAPIError as error:
                # The next time may still be soon enough; without this there would be none.
                log.error("leases_not_renewed", error=str(error.orig))

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _in_words(error: Unreachable) -> str:
    """What the operating system says of it, without the numbers and names around it; else all that is known."""
    cause = error.__cause__
    # smtplib's errors are operating system errors by descent only.
    if isinstance(cause, OSError) and not isinstance(cause, smtplib.SMTPException) and cause.strerror:
        return cause.strerror
    return str(error)


def _may_leave(message: Message, holder: str, now: datetime) -> bool:
    """Whether a claimed message is to be sent, now that its turn has come.

    While it waited for those before it, it may have expired or been withdrawn; and a worker whose machine stood still
    has lost its leases to another one.
    """
    is_held = message.lease_holder == holder and message.lease_until is not None and message.lease_until > now
    return is_held and (message.expires_at is None or message.expires_at > now)


def _anything_due(now: datetime) -> bool:
    found = db.session.scalar(select(Message.id).where(_is_due(now)).limit(1))
    db.session.close()
    return found is not None


def _is_due(now: datetime):  # type: ignore[no-untyped-def]
    return or_(
        and_(Message.state == MessageState.QUEUED, Message.due_at <= now),
        and_(Message.state == MessageState.SENDING, Message.lease_until < now),
    )
