"""What is to be said before organisers do something for one delegate."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dofc_events.places.models import Pool
from dofc_events.places.queries import count_waiting


@dataclass(frozen=True)
class Raise:
    """The edition would get one place more than its `capacity`, for one person, past so many who are `waiting`."""

    capacity: int
    waiting: int


def raise_needed(session: Session, pool: Pool) -> list[Raise]:
    """What it takes to give somebody a place now; nothing if one is free and nobody waits for it."""
    waiting = count_waiting(session, pool.id)
    return [Raise(pool.capacity, waiting)] if waiting or pool.taken >= pool.capacity else []
