"""Learning trips as organisers set them up: add, change, put in order. Their seats are in `sign_ups`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Consequence, Effect, days_away
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference, refuse_changed, write
from dofc_events.core.clock import in_another_zone, in_zone
from dofc_events.core.errors import Refusal
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import trip_by_slug, trip_pools

# The fields that everyone on a trip must be told of.
PLACE_AND_TIME = frozenset(("title", "meeting_point", "starts_at", "ends_at"))
IN_CALENDARS = PLACE_AND_TIME | {"hosts", "bring"}

# People come days earlier and stay on; further away it may be a slip.
USUAL_DAYS_AWAY = 7


@dataclass(frozen=True, kw_only=True)
class TripDetails:
    """What the form of a learning trip holds. Times are aware; `description` and `accessibility` are Markdown.

    `minimum` is how many participants the trip needs in order to run; `walking` says that it involves a lot of walking.
    The manifest shows what delegates wrote about food and access only if the trip needs it. Without `takes_companions`
    accompanying persons cannot ask for a seat.
    """

    title: str
    description: str = ""
    hosts: str = ""
    meeting_point: str = ""
    starts_at: datetime
    ends_at: datetime
    minimum: int = 0
    bring: str = ""
    accessibility: str = ""
    walking: bool = False
    needs_dietary: bool = False
    needs_access: bool = True
    takes_companions: bool = True


class TripExists(Refusal):
    """The edition already has a trip with that slug, even if cancelled."""


class TripEndsBeforeItStarts(Refusal):
    """A trip ends after it starts."""


def details_of(trip: Trip) -> TripDetails:
    """The current details."""
    return TripDetails(**{field.name: getattr(trip, field.name) for field in fields(TripDetails)})


def oddities(edition: Edition, details: TripDetails, now: datetime) -> list[Consequence]:
    """What is unlikely about a trip's time: that it has passed, or is more than a week away from the edition."""
    found = []
    if details.starts_at <= now:
        found.append(Consequence(Effect.IN_THE_PAST, about="day"))
    away = days_away(in_zone(details.starts_at, edition.zone).date(), edition.starts_on, edition.ends_on)
    if away > USUAL_DAYS_AWAY:
        found.append(Consequence(Effect.FAR_FROM_THE_EDITION, away, details.title))
    return found


def add_trip(
    session: Session, edition_id: int, slug: str, details: TripDetails, capacity: int, actor: Actor, now: datetime
) -> Trip:
    """Add a learning trip with its seats, after the existing ones. Raises TripExists."""
    _refuse_disorder(details)
    # Two who add the same trip come one after the other.
    lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    if trip_by_slug(session, edition_id, slug):
        raise TripExists(slug)
    last = session.scalar(select(func.max(Trip.position)).where(Trip.edition_id == edition_id))
    trip = Trip(edition_id=edition_id, slug=slug, position=0 if last is None else last + 1, **vars(details))
    session.add(trip)
    session.flush()
    create_pool(session, trip_id=trip.id, capacity=capacity)
    record(session, actor, now, "trip_added", scope=str(edition.year), trip=slug, capacity=capacity)
    return trip


def write_details(session: Session, trip: Trip, details: TripDetails, now: datetime) -> Difference:
    """Make a trip's details what `details` says; returns what changed."""
    _refuse_disorder(details)
    changes = write(trip, vars(details))
    if IN_CALENDARS.intersection(changes):
        trip.revise(now)
    session.flush()
    return changes


def move_to_zone(session: Session, edition_id: int, zone: str, other: str, now: datetime) -> None:
    """Keep the local times of an edition's trips when its zone changes from `zone` to `other`."""
    for trip, _ in trip_pools(session, edition_id):
        starts_at, ends_at = (in_another_zone(moment, zone, other) for moment in (trip.starts_at, trip.ends_at))
        write(trip, {"starts_at": starts_at, "ends_at": ends_at})
        trip.revise(now)
    session.flush()


def put_in_order(
    session: Session,
    edition_id: int,
    slugs: Sequence[str],
    actor: Actor,
    now: datetime,
    *,
    seen: Sequence[str] | None = None,
) -> None:
    """Put the trips, whose order was `seen`, into that of `slugs`; those not named stay behind them, in their order."""
    lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    trips = [trip for trip, _ in trip_pools(session, edition_id)]
    refuse_changed(seen, [trip.slug for trip in trips])
    rank = {slug: number for number, slug in enumerate(slugs)}
    for position, trip in enumerate(sorted(trips, key=lambda trip: rank.get(trip.slug, len(rank)))):
        trip.position = position
    record(session, actor, now, "trips_put_in_order", scope=str(edition.year), trips=list(slugs))


def _refuse_disorder(details: TripDetails) -> None:
    if details.ends_at <= details.starts_at:
        raise TripEndsBeforeItStarts
