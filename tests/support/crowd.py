"""Many registrations in little time."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.db import Base
from dofc_events.core.references import new_reference, new_secret
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import refresh_search
from dofc_events.mail.models import Message
from dofc_events.mail.rules import address_key
from dofc_events.places.models import Claim, Pool
from dofc_events.trips.models import Trip
from tests.support.factories import NOW, make_registration, make_registration_request


def make_crowd(
    session: Session, edition: Edition, count: int, *, now: datetime = NOW, **changes: Any
) -> list[Registration]:
    """This many people, registered one after the other, alike except for their names and addresses.

    Of those whom the same happened to, the first really registers; the others are copies of all rows that were written
    for that one, so that the words of a message, but not its recipient, are the first one's.
    """
    people: list[Registration] = []
    while len(people) < count:
        before = _counters(session, edition)
        first = make_registration(session, edition, now=now, **changes)
        after = _counters(session, edition)
        steps = {pool: (after[pool][0] - before[pool][0], after[pool][1] - before[pool][1]) for pool in after}
        rooms = [room // taken for pool, (_, _, room) in after.items() if (taken := steps[pool][0])]
        alike = min([count - len(people) - 1, *rooms])
        people += [first, *_copies(session, first, alike, steps, changes)]
    return people


def _counters(session: Session, edition: Edition) -> dict[int, tuple[int, int, int]]:
    """Of each pool of an edition: what is taken of it, its next position, what is free."""
    query = select(Pool.id, Pool.taken, Pool.next_position, Pool.capacity - Pool.taken).outerjoin(Trip)
    rows = session.execute(query.where(or_(Pool.edition_id == edition.id, Trip.edition_id == edition.id)))
    return {pool: (taken, position, free) for pool, taken, position, free in rows}


def _copies(
    session: Session, first: Registration, count: int, steps: dict[int, tuple[int, int]], changes: dict[str, Any]
) -> list[Registration]:
    """So many who fared like the first, who took `steps` of each pool."""
    people = [_another_like(first, changes) for _ in range(count)]
    session.add_all(people)
    session.flush()
    claims = session.scalars(select(Claim).where(Claim.registration_id == first.id).order_by(Claim.id)).all()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.about == first.reference)).all()
    messages = session.scalars(select(Message).where(Message.about == first.reference)).all()
    for number, person in enumerate(people, 1):
        for claim in claims:
            position = None if claim.position is None else claim.position + number * steps[claim.pool_id][1]
            session.add(_copy(claim, registration_id=person.id, position=position))
        session.add_all(_copy(entry, about=person.reference) for entry in entries)
        to = {
            "recipient": person.email,
            "recipient_key": person.email_key,
            "mailbox_key": person.email_key,
            "about": person.reference,
        }
        session.add_all(_copy(message, **to, message_id=f"<{new_secret()}@dofc.test>") for message in messages)
    for pool, (taken, positions) in steps.items():
        moved = {"taken": Pool.taken + count * taken, "next_position": Pool.next_position + count * positions}
        session.execute(update(Pool).where(Pool.id == pool).values(moved))
    session.flush()
    return people


def _another_like(first: Registration, changes: dict[str, Any]) -> Registration:
    request = make_registration_request(**changes)
    person: Registration = _copy(
        first,
        reference=new_reference(),
        form_key=request.form_key,
        email=request.email,
        email_key=address_key(request.email),
        family_name=request.details.family_name,
    )
    refresh_search(person)
    return person


def _copy(row: Base, **changes: Any) -> Any:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "id"}
    return type(row)(**values | changes)
