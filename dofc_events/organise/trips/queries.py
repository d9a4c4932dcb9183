"""Reads of the organisers' pages about learning trips; each takes the same number of queries for few trips and many."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.trips.models import Trip


@dataclass(frozen=True)
class PersonOnTrip:
    """Somebody with a live claim on a trip.

    `number` is the place in line of who waits (1: the next), and which of their wishes this is of who asked for it.
    `place` is how they stand at the edition.
    """

    registration: Registration
    status: ClaimStatus
    offered_until: datetime | None
    number: int | None
    place: Claim


def people_on(session: Session, pool_id: int) -> dict[ClaimStatus, list[PersonOnTrip]]:
    """Who has what of a trip: by name, and those who wait or have asked in the order of the line."""
    place, place_pool = aliased(Claim), aliased(Pool)
    wish = func.row_number().over(partition_by=Claim.registration_id, order_by=Claim.preference).label("wish")
    theirs = Claim.registration_id.in_(select(Claim.registration_id).where(Claim.pool_id == pool_id))
    wishes = select(Claim.id, wish).where(Claim.status == ClaimStatus.REQUESTED, theirs).subquery()
    query = (
        select(Registration, Claim, wishes.c.wish, place)
        .join(Claim, Claim.registration_id == Registration.id)
        .join(place, place.registration_id == Registration.id)
        .join(place_pool, and_(place_pool.id == place.pool_id, place_pool.edition_id == Registration.edition_id))
        .outerjoin(wishes, wishes.c.id == Claim.id)
        .where(Claim.pool_id == pool_id, Claim.status.in_(LIVE))
        .order_by(Claim.position, Claim.id)
    )
    found: dict[ClaimStatus, list[PersonOnTrip]] = {status: [] for status in LIVE}
    for registration, claim, number, placed in session.execute(query):
        line = found[ClaimStatus(claim.status)]
        if claim.status == ClaimStatus.WAITLISTED:
            number = len(line) + 1
        line.append(PersonOnTrip(registration, ClaimStatus(claim.status), claim.offered_until, number, placed))
    for status in TAKEN:
        found[status].sort(key=lambda row: row.registration.by_name)
    return found


def told_of_another_mode(session: Session, edition: Edition) -> int:
    """How many people are told if seats are given the other way: who waits for a seat, or has wishes for the draw."""
    turned = ClaimStatus.REQUESTED if edition.collects_wishes else ClaimStatus.WAITLISTED
    place, place_pool = aliased(Claim), aliased(Pool)
    query = (
        select(func.count(Claim.registration_id.distinct()))
        .join(Pool, Pool.id == Claim.pool_id)
        .join(Trip, Trip.id == Pool.trip_id)
        .join(place, place.registration_id == Claim.registration_id)
        .join(place_pool, and_(place_pool.id == place.pool_id, place_pool.edition_id == Trip.edition_id))
        .where(Trip.edition_id == edition.id, Claim.status == turned, place.status == ClaimStatus.CONFIRMED)
    )
    return session.scalar(query) or 0
