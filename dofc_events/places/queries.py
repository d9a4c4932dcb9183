"""Reads over pools and claims."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased, contains_eager

from dofc_events.conference.models import Category, Edition
from dofc_events.conference.rules import CategoryState
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Arrival, Claim, Pool, Promise
from dofc_events.places.rules import PLACE_STATUSES, TAKEN, ClaimStatus

_EDITION = select(Edition, Pool).join(Pool, Pool.edition_id == Edition.id).where(Edition.year == bindparam("year"))
_POOL = select(Pool).where(Pool.edition_id == bindparam("edition_id"))
_PLACE = select(Claim).join(Claim.pool).options(contains_eager(Claim.pool))
_PLACE = _PLACE.where(Claim.registration_id == bindparam("registration_id"), Pool.edition_id.is_not(None))
_WAITING = select(func.count()).where(Claim.pool_id == bindparam("pool_id"), Claim.status == ClaimStatus.WAITLISTED)
_WAITING_UP_TO = _WAITING.where(Claim.position <= bindparam("position"))
_IN_CATEGORY = Claim.registration_id.in_(
    select(Registration.id).where(Registration.category_id == bindparam("category_id"))
)
_KEPT_FOR_GROUPS = select(Promise.edition_id, func.sum(Pool.capacity - Pool.taken))
_KEPT_FOR_GROUPS = _KEPT_FOR_GROUPS.join(Pool, Pool.promise_id == Promise.id).group_by(Promise.edition_id)
_LIMIT = aliased(Pool)
_FULL = aliased(Pool)
_PARTY, _IN_PARTY = aliased(Claim), aliased(Registration)
_OF_PARTY = select(func.count()).where(_PARTY.pool_id == Claim.pool_id, _PARTY.party == Claim.party)
_CATEGORIES = select(
    Category.id,
    Category.slug,
    Category.label,
    Category.state,
    Pool.capacity,
    Pool.taken,
    Category.by_invitation,
    Category.needs_approval,
)
_CATEGORIES = _CATEGORIES.outerjoin(Pool, Pool.category_id == Category.id).order_by(Category.position)
_CATEGORIES = _CATEGORIES.where(Category.edition_id == bindparam("edition_id"), Category.state != CategoryState.REMOVED)


def edition_with_pool(session: Session, year: int) -> tuple[Edition, Pool] | None:
    """The edition of a year, in any status, with its pool; None if there is no such edition, or it has no places."""
    found = session.execute(_EDITION, {"year": year}).one_or_none()
    return found and (found[0], found[1])


def edition_pool(session: Session, edition_id: int) -> Pool | None:
    """The edition's pool, or None: editions of the past, whose registrations are not here, have none."""
    return session.scalar(_POOL, {"edition_id": edition_id})


def place_of(session: Session, registration_id: int) -> Claim:
    """A registration's claim on its edition's places, with the pool."""
    return session.scalars(_PLACE, {"registration_id": registration_id}).one()


@dataclass(frozen=True)
class CategoryPlaces:
    """A category with its `limit` (None if it has none) and how many of its places are `taken`."""

    id: int
    slug: str
    label: str
    state: CategoryState
    limit: int | None
    taken: int | None
    by_invitation: bool
    needs_approval: bool

    @property
    def free(self) -> int:
        """How many places are left below the limit; only for a category that has one."""
        return (self.limit or 0) - (self.taken or 0)

    @property
    def left(self) -> int | None:
        """How many places are left below the limit; None without a limit."""
        return None if self.limit is None else self.free

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.free <= 0


def categories_with_places(session: Session, edition_id: int) -> tuple[CategoryPlaces, ...]:
    """The categories of an edition with their limits, in the order of the form; including closed ones."""
    return tuple(CategoryPlaces(*row) for row in session.execute(_CATEGORIES, {"edition_id": edition_id}))


def has_room(session: Session, pool: Pool, category_id: int) -> bool:
    """Whether an edition has a free place that somebody in this category could have."""
    limit = limits_of(session, pool).get(category_id)
    return all(one.taken < one.capacity for one in (pool, limit) if one is not None)


def limits_of(session: Session, pool: Pool) -> dict[int, Pool]:
    """The pools of the categories that have a limit, by category id; empty for a trip's pool."""
    if pool.edition_id is None:
        return {}
    query = select(Category.id, Pool).join(Pool, Pool.category_id == Category.id)
    query = query.where(Category.edition_id == pool.edition_id).execution_options(populate_existing=True)
    return dict(session.execute(query).all())


def waits_for_category(claim: Claim) -> bool:
    """Whether somebody waits only because their category is full: the edition itself has free places."""
    # A party waits while fewer places are free than it has people, whatever their categories.
    if claim.status != ClaimStatus.WAITLISTED or claim.party is not None:
        return False
    return claim.pool.edition_id is not None and claim.pool.taken < claim.pool.capacity


def waiting_position(session: Session, claim: Claim) -> int | None:
    """The claim's position on the waiting list (1 is the next); None if it is not waiting.

    While only the category is full, people waiting in other categories are not counted.
    """
    if claim.status != ClaimStatus.WAITLISTED:
        return None
    values = {"pool_id": claim.pool_id, "position": claim.position}
    if not waits_for_category(claim):
        return session.scalar(_WAITING_UP_TO, values)
    category_id = claim.registration.category_id
    return session.scalar(_WAITING_UP_TO.where(_IN_CATEGORY), values | {"category_id": category_id})


def count_waiting(session: Session, pool_id: int) -> int:
    """How many claims wait for a place in a pool."""
    return session.scalar(_WAITING, {"pool_id": pool_id}) or 0


def waiting_in(session: Session, pool_id: int) -> list[int]:
    """The registrations that wait for a place in a pool, in order."""
    waiting = Claim.pool_id == pool_id, Claim.status == ClaimStatus.WAITLISTED
    return list(session.scalars(select(Claim.registration_id).where(*waiting).order_by(Claim.position)))


def taken_in_categories(session: Session, pool: Pool) -> dict[int, int]:
    """How many places of an edition are confirmed or offered, by category id."""
    query = select(Registration.category_id, func.count()).join(Claim, Claim.registration_id == Registration.id)
    query = query.where(Claim.pool_id == pool.id, Claim.status.in_(TAKEN)).group_by(Registration.category_id)
    return dict(session.execute(query).all())


def is_next_in(pool: type[Pool]) -> ColumnElement[bool]:
    """An SQL condition on `Claim` and `Registration`: they wait for a place in a pool, and could have it.

    Somebody whose category is full is passed over by people in other categories; so is a party for which too few places
    are free.
    """
    is_full = exists().where(_LIMIT.category_id == Registration.category_id, _LIMIT.taken >= _LIMIT.capacity)
    return and_(
        Claim.pool_id == pool.id,
        Claim.status == ClaimStatus.WAITLISTED,
        Registration.id == Claim.registration_id,
        or_(pool.edition_id.is_(None), ~is_full),
        or_(Claim.party.is_(None), _fits_party(pool)),
    )


def _fits_party(pool: type[Pool]) -> ColumnElement[bool]:
    """An SQL condition: the pool and each category's limit have room for the whole party of a `Claim`."""
    of_category = _OF_PARTY.where(_IN_PARTY.id == _PARTY.registration_id, _IN_PARTY.category_id == _FULL.category_id)
    is_short = exists().where(_FULL.category_id.is_not(None), _scalar(of_category) > _FULL.capacity - _FULL.taken)
    return and_(_scalar(_OF_PARTY) <= pool.capacity - pool.taken, ~is_short)


def _scalar(count: Select[int]) -> ColumnElement[int]:
    return count.correlate_except(_PARTY, _IN_PARTY).scalar_subquery()


def next_in_line(pool: Pool, limits: Mapping[int, Pool], number: int) -> Select[Claim]:
    """A query for the first `number` of those waiting whose categories have room for them."""
    waiting = select(Claim).where(Claim.pool_id == pool.id, Claim.status == ClaimStatus.WAITLISTED)
    if limits:
        category = Registration.category_id
        room = case({id_: limit.capacity - limit.taken for id_, limit in limits.items()}, value=category)
        nth = func.row_number().over(partition_by=category, order_by=Claim.position)
        numbered = select(Claim.id, room.label("room"), nth.label("nth")).join(Claim.registration)
        line = numbered.where(Claim.pool_id == pool.id, Claim.status == ClaimStatus.WAITLISTED).subquery()
        waiting = waiting.join(line, line.c.id == Claim.id).where(or_(line.c.room.is_(None), line.c.nth <= line.c.room))
    if pool.edition_id is not None:
        waiting = waiting.join(Claim.registration).options(contains_eager(Claim.registration))
    return waiting.order_by(Claim.position).limit(number)


def closed_claims() -> Select[Claim]:
    """A query for waits, offers and requests that ended because nothing more is given."""
    ended = Claim.status.in_((ClaimStatus.EXPIRED, ClaimStatus.CANCELLED))
    return select(Claim).where(Claim.position_before.is_not(None), ended)


def waiting_for(session: Session, edition_id: int) -> Sequence[int]:
    """The registrations that wait for a place at an edition, or for approval, in order."""
    query = select(Claim.registration_id).join(Pool).where(Pool.edition_id == edition_id)
    return session.scalars(query.where(Claim.position.is_not(None)).order_by(Claim.position)).all()


def count_offered(session: Session, edition_id: int) -> int:
    """How many people hold an offer, of a place at an edition or of a seat on one of its trips."""
    offered = select(func.count(Claim.registration_id.distinct())).join(Registration)
    return (
        session.scalar(offered.where(Registration.edition_id == edition_id, Claim.status == ClaimStatus.OFFERED)) or 0
    )


@cache
def _pools_with_what_they_count() -> Select[Pool, int, int | None]:
    """Each with how many of its claims are confirmed or offered, and the last position in its line."""
    taken = func.sum(case((Claim.status.in_(TAKEN), 1), else_=0))
    # Claims that count in a category's limit are on its edition's pool.
    in_limit = select(_LIMIT.id, func.sum(case((Claim.status.in_(TAKEN), 1), else_=0)).label("taken"))
    in_limit = in_limit.join(Registration, Registration.category_id == _LIMIT.category_id)
    in_limit = in_limit.join(Claim, Claim.registration_id == Registration.id)
    of_edition = aliased(Pool)
    in_limit = in_limit.join(of_edition, of_edition.id == Claim.pool_id).where(of_edition.edition_id.is_not(None))
    in_promise = select(_LIMIT.id, func.sum(case((Claim.status.in_(TAKEN), 1), else_=0)).label("taken"))
    in_promise = in_promise.join(Claim, Claim.promise_id == _LIMIT.promise_id).group_by(_LIMIT.id)
    counted = union_all(in_limit.group_by(_LIMIT.id), in_promise).subquery()
    return (
        select(Pool, func.coalesce(counted.c.taken, taken, 0), func.max(Claim.position))
        .outerjoin(Claim, Claim.pool_id == Pool.id)
        .outerjoin(counted, counted.c.id == Pool.id)
        .group_by(Pool.id, counted.c.taken)
        .order_by(Pool.id)
    )


def pool_faults(session: Session) -> list[str]:
    """One sentence for each inconsistency of pools and claims; empty when the numbers add up."""
    promised: dict[int | None, int] = dict(session.execute(_KEPT_FOR_GROUPS).all())
    faults = []
    for pool, taken_claims, last_position in session.execute(_pools_with_what_they_count()):
        owners = {
            "edition": pool.edition_id,
            "category": pool.category_id,
            "trip": pool.trip_id,
            "option": pool.option_id,
            "promise": pool.promise_id,
        }
        owner = next(f"{kind} {id_}" for kind, id_ in owners.items() if id_ is not None)
        name = f"pool {pool.id} ({owner})"
        if pool.promised != (unused := promised.get(pool.edition_id, 0)):
            faults.append(f"{name} keeps {pool.promised} places for groups, but {unused} of their promises are unused")
        if pool.taken - pool.promised != taken_claims:
            faults.append(
                f"{name} counts {pool.taken - pool.promised} taken, but {taken_claims} claims are confirmed or offered"
            )
        if pool.taken > pool.capacity:
            faults.append(f"{name} is oversold: {pool.taken} of {pool.capacity}")
        if last_position is not None and last_position >= pool.next_position:
            faults.append(f"{name} would give position {pool.next_position} twice: {last_position} is in use")
    return faults


@cache
def _arrived_otherwise_by_day() -> Select[int, datetime | None, datetime | None]:
    first = func.min(Arrival.at)
    query = select(Claim.id, Claim.used_at, first).join(Pool, Pool.id == Claim.pool_id)
    query = query.outerjoin(Arrival, Arrival.claim_id == Claim.id).where(Pool.edition_id.is_not(None))
    return query.group_by(Claim.id, Claim.used_at).having(Claim.used_at.is_distinct_from(first))


def arrival_faults(session: Session) -> list[str]:
    """One sentence for each claim on a place whose first arrival differs from that of its first day."""
    rows = session.execute(_arrived_otherwise_by_day())
    return [f"claim {claim}: first arrived at {used}, but by day at {at}" for claim, used, at in rows]


@cache
def _with_a_place_for_who_is_next() -> Select[Pool]:
    waits = exists().where(is_next_in(Pool)).correlate(Pool)
    return select(Pool).where(Pool.taken < Pool.capacity, waits)


def pools_with_free_places_and_people_waiting(session: Session) -> Sequence[Pool]:
    """Pools with a free place although somebody waits. Whether that is a fault depends on the edition."""
    return session.scalars(_with_a_place_for_who_is_next()).all()


@cache
def _ended_unlike_their_claim() -> Select[str]:
    cancelled = Claim.status == ClaimStatus.CANCELLED
    return (
        select(Registration.reference)
        .outerjoin(Claim, Claim.registration_id == Registration.id)
        .outerjoin(Pool, and_(Pool.id == Claim.pool_id, Pool.edition_id == Registration.edition_id))
        .group_by(Registration.id)
        .having(
            or_(
                func.count(Pool.id) != 1,
                func.sum(
                    case((and_(Pool.id.is_not(None), cancelled != Registration.ended_at.is_not(None)), 1), else_=0)
                )
                > 0,
            )
        )
    )


def ended_unlike_their_claim(session: Session) -> Sequence[str]:
    """References of registrations that have ended while their place has not been cancelled, or the other way round."""
    return session.scalars(_ended_unlike_their_claim()).all()


def overdue(claim: Claim, now: datetime) -> bool:
    """Whether an offer's deadline has passed."""
    return claim.offered_until is not None and claim.offered_until <= now


@dataclass(frozen=True)
class Places:
    """An edition's places in numbers: how many there are, and how many registrations have each status.

    `taken` are confirmed or offered; `promised` are kept for groups and not yet used.
    """

    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]
    promised: int = 0

    @property
    def free(self) -> int:
        return self.capacity - self.taken - self.promised


def places_of(session: Session, edition_ids: Collection[int]) -> dict[int, Places]:
    """The numbers of these editions, by id, in one query; past editions without a pool are left out."""
    numbers = (count_of(status) for status in PLACE_STATUSES)
    pools = select(Pool.edition_id, Pool.capacity, Pool.taken, Pool.promised, *numbers)
    found: dict[int, Places] = {}
    for row in session.execute(pools.where(Pool.edition_id.in_(edition_ids))):
        edition_id, capacity, taken, promised, *counts = row
        assert edition_id is not None, "the query asked for editions' pools"
        by_status = dict(zip(PLACE_STATUSES, counts, strict=True))
        found[edition_id] = Places(capacity, taken - promised, by_status, promised)
    return found


def count_of(status: ClaimStatus) -> ScalarSelect[int]:
    """How many claims on a `Pool` have a status. Each number on its own is an index that is counted."""
    return select(func.count()).where(Claim.pool_id == Pool.id, Claim.status == status).scalar_subquery()


def waiting_line(claims: CTE) -> Subquery:
    """These claims on one pool: each with its position on the whole waiting list (1 is the next), None if it has none.

    Counts the people between two of the claims only once, so few claims cost little on a list of any length.
    """
    ahead = aliased(Claim)
    before = func.lag(claims.c.position, 1, 0).over(partition_by=claims.c.status, order_by=claims.c.position)
    line = select(claims.c.id, claims.c.pool_id, claims.c.status, claims.c.position, before.label("before")).subquery()
    between = select(func.count()).where(ahead.pool_id == line.c.pool_id, ahead.status == ClaimStatus.WAITLISTED)
    between = between.where(ahead.position > line.c.before, ahead.position <= line.c.position)
    waits = line.c.status == ClaimStatus.WAITLISTED
    steps = case((waits, between.scalar_subquery()), else_=0)
    number = func.sum(steps).over(partition_by=line.c.status, order_by=line.c.position)
    return select(line.c.id, case((waits, cast(number, Integer))).label("position")).subquery()
