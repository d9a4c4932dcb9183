"""Keeps `taken` right: of an edition's pool, and of the limits of categories and the promises within it.

The caller has locked the edition's pool.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, bindparam, case, exists, literal, or_, update
from sqlalchemy.orm import Session, aliased

from dofc_events.places.models import Claim, Pool

_THIS_POOL, _FULL = Pool.id == bindparam("pool"), aliased(Pool)
# A place that is kept for a group: it counts as taken in the edition's pool already.
_PROMISE = Pool.promise_id == bindparam("promise")
_KEPT = exists().where(_FULL.promise_id == bindparam("promise"), _FULL.taken < _FULL.capacity)
_NO_ROOM = exists().where(_FULL.category_id == bindparam("category"), _FULL.taken >= _FULL.capacity)
_TAKE_PROMISED = update(Pool).where(or_(_THIS_POOL, _PROMISE, Pool.category_id == bindparam("category")))
_TAKE_PROMISED = _TAKE_PROMISED.where(_KEPT, ~_NO_ROOM).values(
    taken=Pool.taken + case((_THIS_POOL, 0), else_=1), promised=Pool.promised - case((_THIS_POOL, 1), else_=0)
)
_TAKE_PROMISED = _TAKE_PROMISED.execution_options(synchronize_session=False)


def take_promised(session: Session, pool: Pool, promise_id: int, category_id: int | None) -> bool:
    """Take one of a promise's places, if any is left; it counts in the category's limit. Returns whether it did."""
    values = {"pool": pool.id, "category": category_id, "promise": promise_id}
    given = session.execute(_TAKE_PROMISED, values)
    session.expire(pool, ["taken", "promised"])
    return bool(given.rowcount)  # type: ignore[attr-defined]


def count(
    session: Session, pool: Pool, number: int, categories: Mapping[int, int], promises: Mapping[int, int] | None = None
) -> None:
    """Add `number` to what is taken of a pool, and to each category's limit its own number.

    `promises` says how many of them are places of each promise. The edition's pool counts these as taken already, and
    still does when they are given back.
    """
    promises = promises or {}
    kept = sum(promises.values())
    theirs = or_(Pool.id == pool.id, Pool.category_id.in_(categories), Pool.promise_id.in_(promises))
    more = each(Pool, categories, number - kept)
    if promises:
        of_promise = case(promises, value=Pool.promise_id, else_=more)
        values = {
            "taken": Pool.taken + of_promise,
            "promised": Pool.promised - case((Pool.id == pool.id, kept), else_=0),
        }
    else:
        values = {"taken": Pool.taken + more}
    session.execute(update(Pool).where(theirs).values(values).execution_options(synchronize_session=False))


def each(pool: type[Pool], categories: Mapping[int, int], number: int) -> ColumnElement[int]:
    """An SQL expression: a limit's number for its category's row, `number` for the pool's own row."""
    return case(categories, value=pool.category_id, else_=number) if categories else literal(number)


def by_category(pool: Pool, claims: Iterable[Claim]) -> Counter[int]:
    """How many of these claims count in each category's limit; only claims on an edition's places do."""
    return Counter(claim.registration.category_id for claim in claims if pool.edition_id is not None)


def by_promise(claims: Iterable[Claim]) -> Counter[int]:
    """How many of these claims use each promise."""
    return Counter(claim.promise_id for claim in claims if claim.promise_id is not None)
