"""What the clock does to letters: their time comes, and their messages are written.

Each runs inside a unit of work of the worker, asks again under the letter's lock, and does nothing if it came too late.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.delegates.models import Registration
from dofc_events.letters import service
from dofc_events.letters.mails import letter_to
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.letters.queries import (
    audience_of,
    came_too_late,
    due_time,
    readers_of,
    taken_back,
    unwritten,
)
from dofc_events.letters.rules import LetterState
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.notices.queries import standing_of


def start_letter(session: Session, letter_id: int, actor: Actor, now: datetime) -> None:
    """Send a letter whose time has come to those who are its audience now; a reminder that is too late to nobody."""
    letter = service.locked(session, letter_id)
    due = due_time(letter)
    if letter.state is not LetterState.SCHEDULED or due is None or due > now:
        return
    if came_too_late(letter, now):
        service.stop_letter(session, letter_id, actor, now)
    else:
        service.start(session, letter, readers_of(session, letter.edition_id, audience_of(letter)), actor, now)


def write_messages(session: Session, registration_ids: Sequence[int], letter_id: int, now: datetime) -> None:
    """Put a letter's messages to these delegates into the outbox, to each of them once."""
    letter = service.locked(session, letter_id)
    if letter.state is not LetterState.GOING:
        return
    mine = LetterRecipient.letter_id == letter_id, LetterRecipient.registration_id.in_(registration_ids)
    query = select(LetterRecipient, Registration).join(Registration, Registration.id == LetterRecipient.registration_id)
    query = query.where(*mine, LetterRecipient.message_id.is_(None)).order_by(LetterRecipient.registration_id)
    for recipient, registration in session.execute(query).all():
        if not registration.email:
            # Erased since the letter began.
            session.delete(recipient)
            continue
        message = _write(session, letter, recipient, now)
        if registration.ended_at and letter.started_at and registration.ended_at > letter.started_at:
            # Who cancelled since the letter began still counts, and gets it if they are reinstated.
            outbox.withdraw_all(session, [Message.id == message.id], now)
    if not unwritten(session, letter_id, 1):
        letter.finished_at = now


def write_anew(session: Session, letter_id: int, registration_id: int, now: datetime) -> None:
    """Write to somebody what was taken back before it left, and is for them again: at a new address, or reinstated."""
    letter = service.locked(session, letter_id)
    mine = LetterRecipient.letter_id == letter_id, LetterRecipient.registration_id == registration_id
    if taken_back(session, now, *mine):
        recipient = session.get_one(LetterRecipient, (letter_id, registration_id))
        registration = session.get_one(Registration, registration_id)
        key = registration.email_key or registration.reference
        # Whose address it was may have cancelled: then nothing went there.
        others = update(LetterRecipient).where(LetterRecipient.letter_id == letter_id, LetterRecipient.email_key == key)
        others = others.where(LetterRecipient.registration_id != registration_id)
        theirs = select(Registration.reference).where(Registration.id == LetterRecipient.registration_id)
        session.execute(others.values(email_key=theirs.scalar_subquery()))
        recipient.email_key = key
        _write(session, letter, recipient, now)


def _write(session: Session, letter: Letter, recipient: LetterRecipient, now: datetime) -> Message:
    standing = replace(standing_of(session, recipient.registration_id), at=now)
    message = outbox.enqueue(session, letter_to(letter, standing), now)
    session.flush()
    recipient.message_id = message.id
    session.flush()
    return message
