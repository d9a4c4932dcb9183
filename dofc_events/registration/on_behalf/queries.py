"""What is to be said before organisers do something for one delegate."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dofc_events.places.models import Pool
from dofc_events.places.queries import count_waiting, limits_of


@dataclass(frozen=True)
class Raise:
    """What would be raised by one for this person alone.

    `capacity` is the edition's, and `waiting` people would be passed over, if it `adds_place`; `limit` is that of a
    full category, else None.
    """

    capacity: int
    waiting: int
    adds_place: bool
    limit: int | None


NOTHING_NEEDED = Raise(0, 0, adds_place=False, limit=None)


def raise_needed(session: Session, pool: Pool, category_id: int) -> list[Raise]:
    """What has to be raised to give somebody a place now; nothing if one is free and nobody waits for it."""
    waiting, limit = count_waiting(session, pool.id), limits_of(session, pool).get(category_id)
    adds_place = waiting > 0 or pool.taken >= pool.capacity
    full = limit.capacity if limit is not None and limit.taken >= limit.capacity else None
    return [Raise(pool.capacity, waiting, adds_place, full)] if adds_place or full is not None else []
