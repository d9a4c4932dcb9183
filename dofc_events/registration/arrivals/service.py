"""Arrivals, as the door records them: the day and the time are in a row of its own, who recorded it is in the trail."""

from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import Actor
from dofc_events.core.clock import in_zone
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.notices.service import log
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.queries import place_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration.on_behalf.service import Added, add_delegate
from dofc_events.registration.service import RegistrationRequest


class NotExpected(Refusal):
    """Somebody has no confirmed place, so the door cannot check them in."""


class NotRegisteredAtDoor(Refusal):
    """Organisers have not allowed the desk of this edition to register people."""


class DoorClosed(Refusal):
    """Arrivals are recorded only at a published edition."""


def note_arrival(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Record that somebody has arrived on this day of the edition; a second time on it changes nothing.

    Raises DoorClosed and NotExpected.
    """
    person = _at_open_door(session, registration_id)
    place, today = _place(session, person), _day(person, now)
    if _arrived_on(session, place, today):
        return
    # The statement that keeps the first arrival locks the claim, so that of two doors one is first, and it checks the
    # place: it may have ended meanwhile. The queue waits for no other lock.
    expected = (
        update(Claim)
        .where(Claim.id == place, Claim.status == ClaimStatus.CONFIRMED)
        .values(used_at=func.coalesce(Claim.used_at, now))
        .execution_options(synchronize_session=False)
    )
    if not session.execute(expected).rowcount:  # type: ignore[attr-defined]
        raise NotExpected
    if not _arrived_on(session, place, today):
        session.add(Arrival(claim_id=place, day=today, at=now))
        log(session, actor, now, "arrived", person)


def register_at_door(
    session: Session, edition_id: int, request: RegistrationRequest, actor: Actor, now: datetime
) -> Added:
    """Register somebody who came without a registration, and record their arrival.

    Raises NotRegisteredAtDoor, DoorClosed, NothingFree where they would get no place, and what `add_delegate` raises.
    """
    edition = session.get_one(Edition, edition_id)
    if not edition.registers_at_door:
        raise NotRegisteredAtDoor(str(edition.year))
    added = add_delegate(session, edition_id, request, actor, now)
    if added.is_new and place_of(session, added.registration.id).status != ClaimStatus.CONFIRMED:
        raise NothingFree
    note_arrival(session, added.registration.id, actor, now)
    return added


def undo_arrival(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Undo somebody's arrival on this day; a second time changes nothing. Raises DoorClosed."""
    person = _at_open_door(session, registration_id)
    place = _place(session, person)
    undone = delete(Arrival).where(Arrival.claim_id == place, Arrival.day == _day(person, now))
    if session.execute(undone).rowcount:  # type: ignore[attr-defined]
        first = select(func.min(Arrival.at)).where(Arrival.claim_id == place).scalar_subquery()
        session.execute(
            update(Claim).where(Claim.id == place).values(used_at=first).execution_options(synchronize_session=False)
        )
        log(session, actor, now, "arrival_undone", person)


def pass_arrivals(session: Session, held: Claim, to: Claim) -> None:
    """Give the days on which somebody arrived to another confirmed place of theirs; of two times on a day the earlier.

    The places stay as they are.
    """
    # As the door does: who arrives just now is among what is read here, or finds the place ended.
    for claim in (held, to):
        session.refresh(claim, with_for_update=True)
    by_day = {one.day: one for one in session.scalars(select(Arrival).where(Arrival.claim_id == to.id))}
    for one in session.scalars(select(Arrival).where(Arrival.claim_id == held.id)):
        if same := by_day.get(one.day):
            same.at = min(same.at, one.at)
        else:
            one.claim_id = to.id
    to.used_at = min(filter(None, (held.used_at, to.used_at)), default=None)


def _at_open_door(session: Session, registration_id: int) -> Registration:
    person = session.get_one(Registration, registration_id)
    if person.edition.status != EditionStatus.PUBLISHED:
        raise DoorClosed(str(person.edition.year))
    return person


def _day(person: Registration, now: datetime) -> date:
    return in_zone(now, person.edition.zone).date()


def _place(session: Session, person: Registration) -> int:
    places = select(Claim.id).join(Pool, Pool.id == Claim.pool_id).where(Pool.edition_id == person.edition_id)
    return session.execute(places.where(Claim.registration_id == person.id)).scalar_one()


def _arrived_on(session: Session, place: int, day: date) -> bool:
    return session.scalar(select(Arrival.id).where(Arrival.claim_id == place, Arrival.day == day)) is not None
