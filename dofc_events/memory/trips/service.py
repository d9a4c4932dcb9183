"""Exports and imports the learning trips of editions: what was on offer, and how many seats. Who went stays."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.queries import Key, Part
from dofc_events.memory.rules import Row, said
from dofc_events.memory.trips.rules import FIELDS, REQUIRED, TEXTS
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE
from dofc_events.places.service import create_pool
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import trip_by_slug


def with_seats_given(session: Session, keys: Collection[Key]) -> set[str]:
    """Those of these trips on which somebody has a seat, or waits for one."""
    if not keys:
        return set()
    found = select(Edition.year, Trip.slug).join(Trip, Trip.edition_id == Edition.id)
    found = found.join(Pool, Pool.trip_id == Trip.id).join(Claim, Claim.pool_id == Pool.id)
    live = session.execute(found.where(Claim.status.in_(LIVE)).distinct())
    return {f"{year} {slug}" for year, slug in live} & set(keys)


def _rows(session: Session) -> Iterator[Row]:
    """The learning trips of each edition that is no draft, by year and in the organisers' order."""
    found = select(Trip, Pool.capacity, Edition.year).join(Pool, Pool.trip_id == Trip.id)
    found = found.join(Edition, Edition.id == Trip.edition_id).where(Edition.status != EditionStatus.DRAFT)
    for trip, capacity, year in session.execute(found.order_by(Edition.year, Trip.position, Trip.slug)):
        yield said(
            edition=year,
            slug=trip.slug,
            position=trip.position,
            lasts={"from": _in_utc(trip.starts_at), "until": _in_utc(trip.ends_at)},
            capacity=capacity,
            walking=trip.walking,
            is_cancelled=trip.cancelled_at is not None,
            **{name: getattr(trip, name) for name in TEXTS},
        )


def _write(session: Session, row: Row, now: datetime) -> None:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == row["edition"])).one()
    found = trip_by_slug(session, edition_id, row["slug"])
    trip = found[0] if found else Trip(edition_id=edition_id, slug=row["slug"])
    trip.position, trip.walking = row.get("position", 0), row.get("walking", False)
    trip.starts_at, trip.ends_at = (datetime.fromisoformat(row["lasts"][end]) for end in ("from", "until"))
    trip.cancelled_at = (trip.cancelled_at or now) if row.get("is_cancelled") else None
    for name in TEXTS:
        setattr(trip, name, row.get(name, ""))
    session.add(trip)
    session.flush()
    pool = found[1] if found else create_pool(session, trip_id=trip.id, capacity=0)
    pool.capacity = row.get("capacity", 0)
    session.flush()


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


TRIPS = Part(
    name="trips",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: f"{int(row['edition'])} {row['slug']}",
    rows=_rows,
    write=_write,
    refers=lambda row: [("editions", row["edition"])],
    year=lambda row: int(row["edition"]),
)
