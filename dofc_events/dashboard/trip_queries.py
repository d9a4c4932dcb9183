"""Reads of the organisers' pages about learning trips; each takes the same number of queries for few trips and many."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.dashboard.rules import still_needed
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import read_aloud
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import trip_pools


@dataclass(frozen=True)
class TripRow:
    """One line of the list: a trip, how many claims on it have each live status, and what it collides with.

    `needed` is how many more it takes for the trip to run; wishes count as long as they are collected for a draw.
    """

    trip: Trip
    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]
    needed: int
    overlaps: Sequence[Trip]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


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
    place: ClaimStatus


@dataclass(frozen=True)
class Loss:
    """What somebody has of a trip, and would lose if it or another one moved; `kept` is the seat that they keep."""

    name: str
    reference: str
    status: ClaimStatus
    lost: str
    kept: str


def trip_rows(session: Session, edition: Edition) -> list[TripRow]:
    """The learning trips of an edition in numbers, cancelled ones too, in the organisers' order; two queries."""
    rows = trip_pools(session, edition.id)
    counts = {pool.id: dict.fromkeys(LIVE, 0) for _trip, pool in rows}
    query = select(Claim.pool_id, Claim.status, func.count()).where(Claim.pool_id.in_(counts), Claim.status.in_(LIVE))
    for pool_id, status, count in session.execute(query.group_by(Claim.pool_id, Claim.status)):
        counts[pool_id][ClaimStatus(status)] = count
    running = [trip for trip, _pool in rows if trip.cancelled_at is None]
    found = []
    for trip, pool in rows:
        needed = still_needed(trip.minimum, counts[pool.id], edition.collects_wishes)
        overlaps = [other for other in running if trip in running and other is not trip and other.overlaps(trip)]
        found.append(TripRow(trip, pool.capacity, pool.taken, counts[pool.id], needed, overlaps))
    return found


def people_on(session: Session, pool_id: int) -> dict[ClaimStatus, list[PersonOnTrip]]:
    """Who has what of a trip: by name, and those who wait or have asked in the order of the line."""
    place, place_pool = aliased(Claim), aliased(Pool)
    wish = func.row_number().over(partition_by=Claim.registration_id, order_by=Claim.preference).label("wish")
    theirs = Claim.registration_id.in_(select(Claim.registration_id).where(Claim.pool_id == pool_id))
    wishes = select(Claim.id, wish).where(Claim.status == ClaimStatus.REQUESTED, theirs).subquery()
    query = (
        select(Registration, Claim, wishes.c.wish, place.status)
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
        line.append(
            PersonOnTrip(registration, ClaimStatus(claim.status), claim.offered_until, number, ClaimStatus(placed))
        )
    for status in TAKEN:
        found[status].sort(key=lambda row: read_aloud(row.registration.family_name, row.registration.given_name))
    return found


def lost_if_moved(session: Session, trip: Trip, starts_at: datetime, ends_at: datetime) -> list[Loss]:
    """What delegates would lose if a trip took place at another time, as `SeatBook.end_overlaps_with` decides it.

    Who has a confirmed seat on another trip at that time keeps it, and loses what they have of this one. Who has a
    confirmed seat on this one loses what else they asked for at that time.
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
        .order_by(Registration.family_name, Registration.given_name, Registration.id, Trip.position)
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


def digest_of(losses: Sequence[Loss]) -> str:
    """A name for exactly these losses, "" for none; who confirms it has seen no others."""
    lines = sorted(f"{loss.reference} {loss.status} {loss.lost}" for loss in losses)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def seats_of(session: Session, registration_ids: Collection[int]) -> dict[int, list[tuple[Trip, ClaimStatus]]]:
    """What each of these registrations has of seats, in the order of the trips; one query."""
    query = select(Claim.registration_id, Trip, Claim.status).join(Pool, Pool.id == Claim.pool_id)
    query = query.join(Trip, Trip.id == Pool.trip_id).where(Claim.registration_id.in_(registration_ids))
    query = query.where(Claim.status.in_(LIVE)).order_by(Trip.position, Trip.id)
    found: dict[int, list[tuple[Trip, ClaimStatus]]] = {}
    for registration_id, trip, status in session.execute(query):
        found.setdefault(registration_id, []).append((trip, ClaimStatus(status)))
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
