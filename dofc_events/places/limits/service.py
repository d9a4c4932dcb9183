"""Limits of categories: pools within an edition's, see `places.models.Pool`."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.places.models import Pool
from dofc_events.places.queries import taken_in_categories
from dofc_events.places.service import CapacityBelowTaken, resize


def set_limit(session: Session, pool: Pool, category_id: int, limit: int | None) -> None:
    """Let only so many places of an edition's pool be for a category, or any number. Raises CapacityBelowTaken.

    What becomes free is passed on by `promote_next`, once all is as it is to be.
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
