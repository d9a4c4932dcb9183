"""What organisers do by hand with people of a learning trip, as their page does it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.delegates.models import Registration
from dofc_events.registration.queries import Audience
from dofc_events.registration.trips.many.queries import People, selection_of
from dofc_events.registration.trips.many.rules import Aim
from dofc_events.registration.trips.many.service import Move, move_people
from dofc_events.trips.queries import trip_by_slug
from tests.support.factories import NOW


def move(
    session: Session,
    people: Sequence[Registration],
    here: str,
    aim: Aim,
    to: str = "",
    because: str = "a reason",
    *,
    actor: Actor = COMMAND,
    now: datetime = NOW,
    **said,
) -> int:
    """Move these people of the trip `here`, put them on a list, or take them off."""
    edition_id = people[0].edition_id
    session.flush()
    trip, pool = trip_by_slug(session, edition_id, here)
    picked = People(Audience(references=tuple(person.reference for person in people)))
    shown = selection_of(session, session.get_one(Edition, edition_id), trip, pool.id, picked, now)
    return move_people(session, edition_id, here, Move(picked, shown.digest, aim, to, because, **said), actor, now)


def take_off(session: Session, person: Registration, here: str, because: str, *, actor: Actor, now: datetime) -> None:
    """Take one person off a trip."""
    move(session, [person], here, Aim.OFF, because=because, actor=actor, now=now)
