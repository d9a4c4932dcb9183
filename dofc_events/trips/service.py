"""Learning trips: put on offer, change the number of seats."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.places.models import Pool
from dofc_events.places.service import OfferTerms, create_pool, resize_pool
from dofc_events.trips.models import Trip


@dataclass(frozen=True)
class TripDetails:
    """What is said of a learning trip. Times are aware; `description` is Markdown."""

    slug: str
    title: str
    description: str
    meeting_point: str
    starts_at: datetime
    ends_at: datetime


class NoSuchTrip(Refusal):
    """The edition has no learning trip of that slug."""


def add_trip(
    session: Session, edition_id: int, details: TripDetails, capacity: int, actor: Actor, now: datetime
) -> Trip:
    """Put a learning trip with its seats on offer, after those that are there."""
    edition = session.get_one(Edition, edition_id)
    position = len(session.scalars(select(Trip.id).where(Trip.edition_id == edition_id)).all())
    trip = Trip(edition_id=edition_id, position=position, **asdict(details))
    session.add(trip)
    session.flush()
    create_pool(session, trip_id=trip.id, capacity=capacity)
    record(session, actor, now, "trip_added", scope=str(edition.year), trip=details.slug, capacity=capacity)
    return trip


def resize_trip(session: Session, edition_id: int, slug: str, capacity: int, actor: Actor, now: datetime) -> None:
    """Change how many seats a trip has. Raises NoSuchTrip, CapacityBelowTaken."""
    edition = session.get_one(Edition, edition_id)
    query = select(Pool).join(Trip, Trip.id == Pool.trip_id).where(Trip.edition_id == edition_id, Trip.slug == slug)
    pool = session.scalar(query.with_for_update())
    if pool is None:
        raise NoSuchTrip(slug)
    terms = OfferTerms(edition.offer_hours, edition.zone, edition.begins_at(), promotes=not edition.has_begun(now))
    resize_pool(session, pool, capacity, terms, now)
    record(session, actor, now, "seats_changed", scope=str(edition.year), trip=slug, after=capacity)
