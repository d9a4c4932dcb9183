"""Reads over learning trips."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.places.models import Pool
from dofc_events.trips.models import Trip


def trip_pools(session: Session, edition_id: int) -> Sequence[tuple[Trip, Pool]]:
    """The learning trips of an edition with their seats, in the organisers' order."""
    query = select(Trip, Pool).join(Pool, Pool.trip_id == Trip.id).where(Trip.edition_id == edition_id)
    return session.execute(query.order_by(Trip.position, Trip.id)).all()
