"""Out of the outbox: claim due messages with a lease, send them with no transaction open, settle each at once.

A worker that dies leaves its messages in `sending`; when the lease is over the next worker takes them up. While a
worker lives its leases are renewed, so that no other sends the same message.
"""

import smtplib
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Flask, current_app
from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.core.clock import now as clock
from dofc_events.core.db import db, single_statements, unit_of_work
from dofc_events.core.errors import in_one_line
from dofc_events.mail.models import MailHold, Message
from dofc_events.mail.queries import held_in_order
from dofc_events.mail.rules import (
    LEASE,
    RETRY_AFTER,
    SIGN_IN,
    TO_OLD_ADDRESS,
    UNREACHABLE_RETRY,
    WRITTEN_BY_HAND,
    MessageState,
    retry_at,
)
from dofc_events.mail.transport import Refused, Transport, Unreachable

BATCH = 50
# A look at what may still leave is good for so long, in seconds.
LOOK_LASTS = 0.1

# What is asked and said of every message is built once: that takes longer than most databases take to answer.
_TABLE = Message.metadata.tables[Message.__tablename__]
_MAY_GO = or_(Message.kind == SIGN_IN, ~exists(select(MailHold.id)))
# What is further away than anything is ever put off was written down before somebody set the clock back.
_IS_DUE = or_(
    and_(
        Message.state == MessageState.QUEUED,
        or_(
            Message.due_at <= bindparam("now"),
            and_(Message.refusals == 0, Message.due_at > bindparam("soon")),
            Message.due_at > bindparam("late"),
        ),
    ),
    and_(
        Message.state == MessageState.SENDING,
        or_(Message.lease_until < bindparam("now"), Message.lease_until > bindparam("leased")),
    ),
)
_ANY_DUE = select(Message.id).where(_IS_DUE, _MAY_GO).limit(1)
# The oldest come first, but letters to many come after emails that somebody is waiting for.
_NEXT_DUE = (
    select(Message)
    .where(_IS_DUE, _MAY_GO)
    .order_by(Message.kind.in_(WRITTEN_BY_HAND), Message.due_at, Message.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_MAY_LEAVE = select(_TABLE.c.id).where(
    _TABLE.c.state == MessageState.SENDING,
    _TABLE.c.lease_holder == bindparam("holder"),
    _TABLE.c.lease_until > bindparam("now"),
    or_(_TABLE.c.expires_at.is_(None), _TABLE.c.expires_at > bindparam("now")),
)
_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("message"))
    .values(state=MessageState.SENT, sent_at=bindparam("now"), lease_until=None, lease_holder=None, last_error=None)
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Answer:
    """What came of the last try to hand a message over, and when the server last took one."""

    tried_at: datetime | None = None
    error: str | None = None
    taken_at: datetime | None = None


class Courier:
    """Delivers what is due, over one kept connection. `name` tells workers apart.

    Once `stopped` is set, no further message is begun; `is_sending` says whether one is still under way.
    """

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self.name = uuid.uuid4().hex
        self.answer = Answer()
        self.is_sending = False
        self._stopped = stopped or threading.Event()
        self._transport = Transport()
        # On a clock that nobody sets.
        self._retry_at: float | None = None
        # With which messages the server broke off, and whether it has taken others since.
        self._suspects: dict[int, bool] = {}

    def deliver_due(self) -> bool:
        """Send the next batch of what is due; returns whether there was anything, and so may be more.

        An unreachable server ends the batch at once and is left alone for ten seconds; it costs no message an attempt.
        """
        if not self._may_try() or not _anything_due(clock()):
            return False
        try:
            self._transport.connect()
        except Unreachable as error:
            self._postpone(error)
            return False
        with unit_of_work() as session:
            batch = claim_due(session, self.name, clock())
        with _renewed_leases(self.name):
            tried = self._deliver(batch)
        if tried < len(batch):
            with unit_of_work() as session:
                release(session, self.name)
        return True

    def close(self) -> None:
        self._transport.close()

    def _deliver(self, batch: Sequence[Message]) -> int:
        """Send one after the other, and settle each at once; returns how many were tried."""
        tried, held, looked_at = 0, {message.id for message in batch}, time.monotonic()
        # If a power cut undoes what is settled, the message leaves once more, as after any death of a worker.
        with single_statements() as connection:
            for message in batch:
                if not self._may_try():
                    break
                if time.monotonic() - looked_at > LOOK_LASTS:
                    held, looked_at = _still_held(self.name, clock()), time.monotonic()
                if message.id not in held:
                    continue
                tried += 1
                error = self._judged(message, self._try(message))
                settle(connection, message, self.name, error, clock())
                if isinstance(error, Unreachable):
                    self._postpone(error)
                else:
                    self._note_answer(message, is_taken=error is None)
        return tried

    def _try(self, message: Message) -> Refused | Unreachable | None:
        """Hand a message over; returns what came in between."""
        self.is_sending = True
        try:
            self._transport.send(message)
        except (Refused, Unreachable) as error:
            log.warning("not_sent", kind=message.kind, message_id=message.message_id, error=str(error))
            return error
        except Exception as bug:
            # Shown on the emails page, and out of the others' way.
            log.exception("not_sent", kind=message.kind, message_id=message.message_id)
            return Refused(f"{type(bug).__name__}: {bug}", permanent=True)
        finally:
            self.is_sending = False
        return None

    def _judged(self, message: Message, error: Refused | Unreachable | None) -> Refused | Unreachable | None:
        """A refusal that only this message gets, not those sent in between, is put down to it, not to the server."""
        if not isinstance(error, Unreachable) or not error.while_sending:
            return error
        if self._suspects.setdefault(message.id, False):
            return Refused(str(error), permanent=False)
        return error

    def _may_try(self) -> bool:
        return not self._stopped.is_set() and (self._retry_at is None or time.monotonic() >= self._retry_at)

    def _postpone(self, error: Unreachable) -> None:
        self._retry_at = time.monotonic() + UNREACHABLE_RETRY.total_seconds()
        log.warning("mail_server_unreachable", error=str(error))
        self.answer = Answer(clock(), _in_words(error), self.answer.taken_at)

    def _note_answer(self, message: Message, *, is_taken: bool) -> None:
        now = clock()
        self.answer = Answer(now, None, now if is_taken else self.answer.taken_at)
        if is_taken and self._suspects:
            self._suspects.pop(message.id, None)
            self._suspects = dict.fromkeys(self._suspects, True)


def claim_due(session: Session, holder: str, now: datetime) -> list[Message]:
    """Lease the messages that are due next to `holder`; whatever has expired is withdrawn instead."""
    due = session.scalars(_NEXT_DUE, _moments(now)).all()
    expired = {m.id for m in due if m.expires_at is not None and m.expires_at <= now}
    claimed = [m for m in due if m.id not in expired]
    if expired:
        withdrawn = {"state": MessageState.WITHDRAWN, "lease_until": None}
        session.execute(update(Message).where(Message.id.in_(expired)).values(withdrawn))
    leased = {"state": MessageState.SENDING, "lease_until": now + LEASE, "lease_holder": holder}
    mine = update(Message).where(Message.id.in_([m.id for m in claimed]))
    session.execute(mine.values(leased | {"attempts": Message.attempts + 1}))
    return claimed


def settle(
    connection: Connection, message: Message, holder: str, error: Refused | Unreachable | None, now: datetime
) -> None:
    """Write down how an attempt ended, in one statement. A worker that has lost the lease can only record a success."""
    if error is None:
        connection.execute(_SENT, {"message": message.id, "now": now})
        return
    refusals, again = message.refusals, now + UNREACHABLE_RETRY
    state: MessageState | ColumnElement[str] = MessageState.QUEUED
    if isinstance(error, Refused):
        refusals += 1
        later = None if error.permanent else retry_at(refusals, now)
        if not later:
            # If it is withdrawn meanwhile, or nobody writes there any more, nobody has to do anything about it.
            is_settled = or_(_TABLE.c.expires_at <= now, _TABLE.c.kind.in_(TO_OLD_ADDRESS))
            state = case((is_settled, MessageState.WITHDRAWN), else_=MessageState.DEAD)
        again = later or message.due_at
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == message.id, _TABLE.c.lease_holder == holder)
        .values(
            state=state, due_at=again, refusals=refusals, last_error=str(error), lease_until=None, lease_holder=None
        )
    )


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
            except Exception as error:
                # The next time may still be soon enough; without this there would be none.
                log.error("leases_not_renewed", error=in_one_line(error))

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


def _still_held(holder: str, now: datetime) -> set[int]:
    """Which messages that `holder` has claimed may still leave.

    While they wait for those before them they may expire or be withdrawn; and a worker whose machine stood still has
    lost its leases to another one.
    """
    held = set(db.session.scalars(_MAY_LEAVE, {"holder": holder, "now": now}))
    # Ends the read transaction: nothing is open while the server is spoken to.
    db.session.close()
    return held


def _anything_due(now: datetime) -> bool:
    found = db.session.scalar(_ANY_DUE, _moments(now))
    db.session.close()
    return found is not None


def _moments(now: datetime) -> dict[str, datetime]:
    """What `_IS_DUE` compares with: the present, and until when messages are put off, and leased, at most."""
    return {"now": now, "soon": now + UNREACHABLE_RETRY, "late": now + max(RETRY_AFTER), "leased": now + 2 * LEASE}
