"""Reads about a draw: who takes part in it, and its result."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.core.references import pseudonym
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.trips.draw.rules import Seats, from_document
from dofc_events.trips.models import Draw, DrawnDelegate


@dataclass(frozen=True)
class Tally:
    """A draw in numbers: seats; people who got their first wish, their second, ..., another trip, and nothing."""

    trips: tuple[Seats, ...]
    by_wish: tuple[int, ...]
    other: int
    nothing: int

    @property
    def seated(self) -> int:
        return sum(self.by_wish) + self.other

    @property
    def drawn(self) -> int:
        return self.seated + self.nothing


def name_in_draw(session: Session, edition: Edition, person: Registration) -> str | None:
    """The pseudonym of a delegate in what is, or will be, published of a draw; None if they are not in it."""
    if not edition.collects_wishes:
        return person.draw_name
    return called(session.get_one(Draw, edition.id), edition, person)


def called(draw: Draw, edition: Edition, person: Registration) -> str:
    """A delegate's pseudonym in a draw. Once somebody has been told theirs, it stays the same, however it was made."""
    return person.draw_name or pseudonym(draw.names_key, f"draw-{edition.year}", person.reference)


def wishing(session: Session, edition_id: int) -> tuple[int, int]:
    """How many people would be in the draw now, and how many have wishes but no confirmed place at the edition."""
    place = aliased(Claim)
    requested = exists().where(Claim.registration_id == Registration.id, Claim.status == ClaimStatus.REQUESTED)
    query = select(place.status).join(Pool, Pool.id == place.pool_id)
    query = query.join(Registration, Registration.id == place.registration_id)
    query = query.where(Pool.edition_id == edition_id, place.status.in_(LIVE), or_(Registration.any_trip, requested))
    statuses = session.scalars(query).all()
    drawn = sum(1 for status in statuses if status == ClaimStatus.CONFIRMED)
    return drawn, len(statuses) - drawn


def drawn_delegates(session: Session, edition_id: int) -> Sequence[tuple[Registration, int | None]]:
    """The delegates who were in an edition's draw, each with the id of the trip that it gave them, or None."""
    query = select(Registration, DrawnDelegate.trip_id).join(
        DrawnDelegate, DrawnDelegate.registration_id == Registration.id
    )
    return session.execute(query.where(Registration.edition_id == edition_id).order_by(Registration.id)).all()


def tally_of(document: str) -> Tally:
    """The numbers of a draw, from its published JSON document."""
    content = json.loads(document)
    trips, people, _ = from_document(content)
    longest = max((len(person.wishes) for person in people), default=0)
    got: Counter[int | None] = Counter()
    for person in people:
        slug = content["result"][person.id]
        got[person.wishes.index(slug) if slug in person.wishes else longest if slug else None] += 1
    by_wish = tuple(got[number] for number in range(longest))
    return Tally(tuple(trips), by_wish, other=got[longest], nothing=got[None])
