"""What is to be said before organisers do something for one delegate."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dofc_events.delegates.models import Registration
from dofc_events.places.models import Pool
from dofc_events.places.queries import count_waiting, limits_of, next_in_line


@dataclass(frozen=True)
class Raise:
    """An edition, or the limit of a `category` of it, would get one place more than its `capacity`, for one person.

    `waiting` is how many wait for a place at the edition, and are passed.
    """

    capacity: int
    waiting: int
    category: str = ""


def raise_needed(session: Session, pool: Pool, registration: Registration) -> list[Raise]:
    """What it takes to give somebody a place now; nothing if one is free and nobody waits for it."""
    limits, waiting = limits_of(session, pool), count_waiting(session, pool.id)
    needed = []
    if pool.taken >= pool.capacity or session.scalars(next_in_line(pool, limits, 1)).first():
        needed.append(Raise(pool.capacity, waiting))
    limit = limits.get(registration.category_id)
    if limit and limit.taken >= limit.capacity:
        needed.append(Raise(limit.capacity, waiting, registration.category.label))
    return needed
