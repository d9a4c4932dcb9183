"""The seats that delegates would lose."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.trips.models import Trip


@dataclass(frozen=True)
class Loss:
    """What somebody has of a trip, and would lose if it or another one moved; `kept` is the seat that they keep."""

    name: str
    reference: str
    status: ClaimStatus
    lost: str
    kept: str


def lost_if_moved(session: Session, trip: Trip, starts_at: datetime, ends_at: datetime) -> list[Loss]:
    """What delegates would lose if a trip moved to another time, as `SeatBook.end_overlaps_with` decides it.

    People with a confirmed seat on another trip at that time keep it, and lose what they have of this one. People with
    a confirmed seat on this one lose what they asked for on others at that time.
    """
    mine, theirs, my_pool, their_pool = aliased(Claim), aliased(Claim), aliased(Pool), aliased(Pool)
    query = (
        select(Registration, mine.status, theirs.status, Trip.title)
        .join(mine, and_(mine.registration_id == Registration.id, mine.status.in_(LIVE)))
        .join(my_pool, and_(my_pool.id == mine.pool_id, my_pool.trip_id == trip.id))
        .join(theirs, and_(theirs.registration_id == Registration.id, theirs.status.in_(LIVE)))
        .join(their_pool, their_pool.id == theirs.pool_id)
        .join(Trip, and_(Trip.id == their_pool.trip_id, Trip.id != trip.id))
        .where(Trip.starts_at < ends_at, Trip.ends_at > starts_at)
        .order_by(Registration.by_name, Registration.id, Trip.position)
    )
    this_one: dict[str, Loss] = {}
    others: list[Loss] = []
    for person, here, there, title in session.execute(query):
        if there == ClaimStatus.CONFIRMED:
            loss = Loss(person.full_name, person.reference, ClaimStatus(here), lost=trip.title, kept=title)
            this_one.setdefault(person.reference, loss)
        elif here == ClaimStatus.CONFIRMED:
            others.append(Loss(person.full_name, person.reference, ClaimStatus(there), lost=title, kept=trip.title))
    return [*this_one.values(), *(loss for loss in others if loss.reference not in this_one)]
