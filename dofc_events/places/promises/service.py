"""Keeps places of an edition for groups. Each promise is a pool within the edition's: see `places.models.Pool`.

The caller has locked the edition's pool, which covers its promises, too.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dofc_events.places.models import Claim, Pool, Promise
from dofc_events.places.service import (
    CapacityBelowTaken,
    NothingFree,
    OfferTerms,
    Promotion,
    create_pool,
    promote_next,
    resize,
)


def make_promise(session: Session, pool: Pool, places: int) -> Promise:
    """Keep this many free places of an edition. Raises NothingFree if there are fewer, and then keeps none."""
    assert pool.edition_id is not None, "only places at an edition are promised"
    _keep(session, pool, places)
    promise = Promise(edition_id=pool.edition_id)
    session.add(promise)
    session.flush()
    create_pool(session, promise_id=promise.id, capacity=places)
    return promise


def resize_promise(
    session: Session, pool: Pool, promise_id: int, places: int, terms: OfferTerms, now: datetime
) -> list[Promotion]:
    """Change the number of places kept; returns who moves up. Raises NothingFree and CapacityBelowTaken."""
    kept = promise_pool(session, promise_id)
    if places < kept.taken:
        raise CapacityBelowTaken(kept.taken)
    _keep(session, pool, places - kept.capacity)
    resize(session, kept, places)
    return promote_next(session, pool, terms, now)


def end_promise(session: Session, pool: Pool, promise_id: int, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Stop keeping places, and return who moves up. Places that are used stay with the people who have them.

    Remove all other references to the promise first.
    """
    kept = promise_pool(session, promise_id)
    _keep(session, pool, kept.taken - kept.capacity)
    session.execute(update(Claim).where(Claim.promise_id == promise_id).values(promise_id=None))
    session.execute(delete(Pool).where(Pool.promise_id == promise_id))
    session.execute(delete(Promise).where(Promise.id == promise_id))
    session.expire_all()
    return promote_next(session, pool, terms, now)


def promise_pool(session: Session, promise_id: int) -> Pool:
    """The pool of a promise: how many places it keeps, and how many are used."""
    query = select(Pool).where(Pool.promise_id == promise_id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _keep(session: Session, pool: Pool, more: int) -> None:
    """Keep `more` of an edition's free places; if negative, release as many."""
    free = update(Pool).where(Pool.id == pool.id, Pool.taken + more <= Pool.capacity)
    kept = session.execute(free.values(taken=Pool.taken + more, promised=Pool.promised + more))
    session.refresh(pool)
    if not kept.rowcount:  # type: ignore[attr-defined]
        raise NothingFree
