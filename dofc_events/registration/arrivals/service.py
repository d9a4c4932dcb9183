"""Arrivals, as the door records them: the time is on the claim, the person who recorded it in the trail."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import Actor
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.notices.service import log
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import place_of
from dofc_events.places.rules import ClaimStatus


class NotExpected(Refusal):
    """Somebody has no confirmed place, so the door cannot check them in."""


class DoorClosed(Refusal):
    """Arrivals are recorded only at a published edition."""


def note_arrival(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Record that somebody has arrived; a second time changes nothing. Raises DoorClosed and NotExpected."""
    person = _at_open_door(session, registration_id)
    if _mark(session, person, now, Claim.used_at.is_(None), Claim.status == ClaimStatus.CONFIRMED):
        log(session, actor, now, "arrived", person)
    elif place_of(session, registration_id).used_at is None:
        raise NotExpected


def undo_arrival(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Undo somebody's arrival; a second time changes nothing. Raises DoorClosed."""
    person = _at_open_door(session, registration_id)
    if _mark(session, person, None, Claim.used_at.is_not(None)):
        log(session, actor, now, "arrival_undone", person)


def _at_open_door(session: Session, registration_id: int) -> Registration:
    person = session.get_one(Registration, registration_id)
    if person.edition.status != EditionStatus.PUBLISHED:
        raise DoorClosed(str(person.edition.year))
    return person


def _mark(session: Session, person: Registration, used_at: datetime | None, *still: ColumnElement[bool]) -> bool:
    """One statement checks and writes: the queue waits for no lock, and of two who tick, one is first."""
    places = select(Pool.id).where(Pool.edition_id == person.edition_id).scalar_subquery()
    marked = session.execute(
        update(Claim)
        .where(Claim.registration_id == person.id, Claim.pool_id == places, *still)
        .values(used_at=used_at)
        .execution_options(synchronize_session=False)
    )
    return bool(marked.rowcount)  # type: ignore[attr-defined]
