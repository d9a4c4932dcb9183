"""Reads from the waiting list for places at an edition."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from dofc_events.core.db import in_pieces
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool, Promise
from dofc_events.places.queries import is_next_in, limits_of, next_in_line, taken_in_categories
from dofc_events.places.rules import ClaimStatus, Waiting, moving_up

_LIMIT = aliased(Pool)


def next_up(session: Session, pool: Pool, free: int) -> Sequence[Claim]:
    """The claims that get the `free` places of a pool, and those that groups keep for their own people."""
    if not has_special_line(session, pool):
        return session.scalars(next_in_line(pool, limits_of(session, pool), free)).all() if free > 0 else []
    found = dict(who_moves_up(session, pool, free))
    claims = {claim.id: claim for some in in_pieces(found) for claim in session.scalars(_with_people(some))}
    for claim_id, promise_id in found.items():
        claims[claim_id].promise_id = promise_id
    return [claims[claim_id] for claim_id in found]


def who_gets_one_now(
    session: Session, pool: Pool, newcomers: Sequence[tuple[int, int | None]], *, limited: bool = True
) -> list[int]:
    """Which of several newcomers, each a category and a promise, would be given a place now, as indexes from 0.

    With a promise, they get its places first. Those already waiting come before them. `limited` by their categories.
    """
    waits = session.scalar(select(exists().where(Pool.id == pool.id, is_next_in(Pool))))
    known = limits_of(session, pool) if limited else {}
    limits = {id_: limit.capacity - limit.taken for id_, limit in known.items()}
    promises = {id_: kept.capacity - kept.taken for id_, kept in promises_of(session, pool).items()}
    line = [Waiting(number, id_, promise_id=promise_id) for number, (id_, promise_id) in enumerate(newcomers)]
    return [number for number, _of in moving_up(line, 0 if waits else pool.capacity - pool.taken, limits, promises)]


def has_special_line(session: Session, pool: Pool) -> bool:
    """Whether a party or somebody with a promise is waiting; then `moving_up` says who is next, not one query."""
    special = or_(Claim.party.is_not(None), Claim.promise_id.is_not(None))
    waiting = exists().where(Claim.pool_id == pool.id, special, Claim.status == ClaimStatus.WAITLISTED)
    return pool.edition_id is not None and bool(session.scalar(select(waiting)))


def line_of(session: Session, pool: Pool) -> list[Waiting]:
    """Everybody who waits for a place at an edition, in order."""
    query = select(Claim.id, Registration.category_id, Claim.party, Claim.promise_id).join(Claim.registration)
    query = query.where(Claim.pool_id == pool.id, Claim.status == ClaimStatus.WAITLISTED)
    return [Waiting(*row) for row in session.execute(query.order_by(Claim.position))]


def promises_of(session: Session, pool: Pool) -> dict[int, Pool]:
    """The pools of an edition's promises, by promise id."""
    query = select(Promise.id, Pool).join(Pool, Pool.promise_id == Promise.id)
    query = query.where(Promise.edition_id == pool.edition_id).execution_options(populate_existing=True)
    return dict(session.execute(query).all()) if pool.edition_id is not None else {}


def who_moves_up(
    session: Session, pool: Pool, free: int, limits: Mapping[int, int] | None = None
) -> list[tuple[int, int | None]]:
    """Who would get a place if this many were free: see `moving_up`.

    `limits` gives how many places categories have left, by category id; by default, what they have left now.
    """
    if limits is None:
        limits = {id_: limit.capacity - limit.taken for id_, limit in limits_of(session, pool).items()}
    promises = {id_: promise.capacity - promise.taken for id_, promise in promises_of(session, pool).items()}
    return moving_up(line_of(session, pool), free, limits, promises)


def _with_people(claim_ids: Collection[int]) -> Select[Claim]:
    """A query for these claims, with their registrations."""
    query = select(Claim).join(Claim.registration).options(contains_eager(Claim.registration))
    return query.where(Claim.id.in_(claim_ids))


def would_move_up(session: Session, pool: Pool, capacity: int, limits: Mapping[int, int | None] | None = None) -> int:
    """How many of those waiting would get a place with this capacity and these `limits` of categories.

    A category that is not in `limits` keeps its limit; None means no limit.
    """
    in_category = select(Registration.category_id, func.count()).join(Claim, Claim.registration_id == Registration.id)
    in_category = in_category.where(Claim.pool_id == pool.id, Claim.status == ClaimStatus.WAITLISTED)
    waiting = dict(session.execute(in_category.group_by(Registration.category_id)).all())
    known = limits_of(session, pool)
    wanted = {category_id: limit.capacity for category_id, limit in known.items()} | dict(limits or {})
    taken = taken_in_categories(session, pool) if wanted else {}
    if has_special_line(session, pool):
        left = {id_: most - taken.get(id_, 0) for id_, most in wanted.items() if most is not None}
        return len(who_moves_up(session, pool, capacity - pool.taken, left))
    for category_id, most in wanted.items():
        if most is not None and category_id in waiting:
            waiting[category_id] = max(0, min(waiting[category_id], most - taken.get(category_id, 0)))
    return max(0, min(capacity - pool.taken, sum(waiting.values())))


def promise_faults(session: Session) -> list[str]:
    """One sentence for each person who waits although a place is kept for their group."""
    kept = exists().where(Pool.promise_id == Claim.promise_id, Pool.taken < Pool.capacity)
    is_full = exists().where(_LIMIT.category_id == Registration.category_id, _LIMIT.taken >= _LIMIT.capacity)
    query = select(Registration.reference).join(Claim, Claim.registration_id == Registration.id)
    query = query.where(Claim.status == ClaimStatus.WAITLISTED, Claim.party.is_(None), kept, ~is_full)
    return [f"registration {r}: it waits while a place is kept for its group" for r in session.scalars(query)]
