"""Limits of categories. Each is a pool within its edition's: see `places.models.Pool`."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.places.models import Pool
from dofc_events.places.queries import taken_in_categories
from dofc_events.places.service import CapacityBelowTaken, resize


def set_limit(session: Session, pool: Pool, category_id: int, limit: int | None) -> None:
    """Limit a category to this many of the edition's places, or not at all (None). Raises CapacityBelowTaken.

    Call `promote_next` once all limits are set: it passes on what became free.
    """
    known = session.scalar(select(Pool).where(Pool.category_id == category_id))
    if limit is None:
        session.execute(delete(Pool).where(Pool.category_id == category_id))
    elif known is None:
        if (taken := taken_in_categories(session, pool).get(category_id, 0)) > limit:
            raise CapacityBelowTaken(taken)
        session.add(Pool(category_id=category_id, capacity=limit, taken=taken))
        session.flush()
    else:
        resize(session, known, limit)
