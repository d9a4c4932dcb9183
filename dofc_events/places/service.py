"""The one place where something scarce is given, released and offered.

Everything here runs within the caller's unit of work, on a pool that it has locked. It writes no email: it returns what
changed, and the feature above tells people.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from dofc_events.core.db import insert_row, table_of
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.places.line.queries import next_up
from dofc_events.places.line.service import leave_parties
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.numbers.service import by_category, by_promise, count, each, take_promised
from dofc_events.places.queries import is_next_in, limits_of
from dofc_events.places.rules import HOLD, TAKEN, ClaimStatus, offer_deadline, reminder_at

_LOCK = select(Pool).where(Pool.edition_id == bindparam("edition_id")).with_for_update()
_LOCK = _LOCK.execution_options(populate_existing=True)
_LINE, _FULL = aliased(Pool), aliased(Pool)
_SOMEBODY_WAITS = exists().where(_LINE.id == bindparam("pool"), is_next_in(_LINE))
_THEIRS = or_(_FULL.id == bindparam("pool"), _FULL.category_id == bindparam("category"))
_ONE_IS_FULL = exists().where(_THEIRS, _FULL.taken >= _FULL.capacity)
# Of the table and not of what is mapped to it: SQLAlchemy prepares updates of that anew each time. Before such a
# statement it writes nothing of what is pending.
_POOLS = table_of(Pool)
_THIS_POOL = _POOLS.c.id == bindparam("pool")
# One statement checks and writes, so that no two claims both see the last place free; in the pool and in the limit of
# the category, or in neither.
_HAS_ROOM = or_(_THIS_POOL, _POOLS.c.category_id == bindparam("category")), _POOLS.c.taken < _POOLS.c.capacity
_TAKE = update(_POOLS).where(*_HAS_ROOM, ~_ONE_IS_FULL, ~_SOMEBODY_WAITS).values(taken=_POOLS.c.taken + 1)
_NEXT_POSITION = update(_POOLS).where(_THIS_POOL).values(next_position=_POOLS.c.next_position + 1)
_NEXT_POSITION = _NEXT_POSITION.returning(_POOLS.c.next_position)


@dataclass(frozen=True)
class OfferTerms:
    """The terms on which freed places are offered: for how many hours, in which zone, and until when at most.

    `promotes` is False once nothing is offered any longer, because the edition has begun or is archived. `by_email`:
    only the link in the email accepts, which proves the address.
    """

    hours: float
    zone: str
    begins_at: datetime | None
    promotes: bool
    by_email: bool = False


@dataclass(frozen=True)
class Promotion:
    """A waiting registration that was confirmed or offered a place."""

    registration_id: int
    status: ClaimStatus


class CapacityBelowTaken(Refusal):
    """A pool cannot have fewer places than are `taken` (confirmed or offered)."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} taken")
        self.taken = taken


class NoOpenOffer(Refusal):
    """There is no offer to accept or decline, or it has ended."""


class NothingFree(Refusal):
    """All places in the pool, or in the category, are confirmed or offered."""


class CategoryFull(Refusal):
    """The category's limit has been reached."""


class NotWaitingAgain(Refusal):
    """Only people whose offer has lapsed can join the waiting list again."""


def create_pool(session: Session, *, capacity: int, **owner: int) -> Pool:
    """A pool with one owner: `edition_id`, `category_id`, `trip_id`, `option_id` or `promise_id`."""
    pool = Pool(capacity=capacity, **owner)
    session.add(pool)
    session.flush()
    return pool


def lock_edition_pool(session: Session, edition_id: int) -> Pool:
    """The edition's pool, locked until the unit of work ends (on SQLite the whole database is)."""
    return session.scalars(_LOCK, {"edition_id": edition_id}).one()


def claim_place(
    session: Session,
    pool: Pool,
    registration: Registration,
    now: datetime,
    *,
    hold: OfferTerms | None = None,
    requested: bool = False,
    promise_id: int | None = None,
    party: int | None = None,
) -> Claim:
    """Give a registration a place if one is free and nobody waits for it, or a position at the end of the waiting list.

    People who wait only because their category is full do not hold up others. The claim is `confirmed` or `waitlisted`;
    with `hold` a place is only `offered`, for HOLD; with `requested` it awaits approval. A promise's places are given
    whoever waits. People with a `party` wait until there is a place for each of them.
    """
    claim = Claim(pool_id=pool.id, registration_id=registration.id, is_hold=False, by_email=False)
    claim.promise_id = promise_id
    if requested:
        request_claim(session, pool, claim, now)
    elif party is not None:
        _set(claim, ClaimStatus.WAITLISTED, now, _next_position(session, pool))
        claim.party = party
    else:
        claim_again(session, pool, claim, now, category_id=registration.category_id, hold=hold)
    insert_row(session, claim)
    return claim


def claim_again(
    session: Session,
    pool: Pool,
    claim: Claim,
    now: datetime,
    *,
    category_id: int | None = None,
    hold: OfferTerms | None = None,
) -> None:
    """As `claim_place`, for a claim that has ended or was requested; a seat has no `category_id`."""
    if not _take_for(session, pool, claim, category_id):
        _set(claim, ClaimStatus.WAITLISTED, now, _next_position(session, pool))
    elif hold is None:
        _set(claim, ClaimStatus.CONFIRMED, now)
    else:
        # If the edition stops giving places and starts again, this is where they stand.
        position = _next_position(session, pool)
        _set(claim, ClaimStatus.OFFERED, now)
        claim.position_before, claim.is_hold = position, True
        _offer(claim, hold, now)


def request_claim(session: Session, pool: Pool, claim: Claim, now: datetime) -> None:
    """Record a request at the end of the line. A seat is given by a draw or with a place, a place on approval."""
    _set(claim, ClaimStatus.REQUESTED, now, _next_position(session, pool))


def grant_claim(session: Session, pool: Pool, claim: Claim, now: datetime) -> None:
    """Give a requested place if one is free and nobody waits for it; otherwise it waits in its position."""
    given = _take_for(session, pool, claim, claim.registration.category_id)
    status, position = (ClaimStatus.CONFIRMED, None) if given else (ClaimStatus.WAITLISTED, claim.position)
    _set(claim, status, now, position)
    session.flush()


def give_places(
    session: Session,
    pool: Pool,
    claims: Sequence[Claim],
    now: datetime,
    *,
    added: int = 0,
    added_to: Mapping[int, int] | None = None,
) -> None:
    """Confirm these claims ahead of the waiting list, as organisers do by hand.

    For them `added` places are added to the pool, and those of `added_to` to categories' limits; nobody else can get
    them. Raises NothingFree if there are too few even so, and then gives none.
    """
    _take_many(session, pool, by_category(pool, claims), len(claims), added, added_to or {})
    leave_parties(session, claims)
    for claim in claims:
        _set(claim, ClaimStatus.CONFIRMED, now)
        claim.promise_id = None
    session.flush()


def give_drawn(session: Session, pool: Pool, drawn: Sequence[Claim], waiting: Sequence[Claim], now: datetime) -> None:
    """Confirm the seats that a draw gave, and let the others wait in this order. Raises NothingFree."""
    give_places(session, pool, drawn, now)
    # Move all to the end of the line first: two claims must never have the same number, even for a moment.
    first = pool.next_position
    pool.next_position = first + len(waiting)
    for position, claim in enumerate(waiting, start=first):
        _set(claim, ClaimStatus.WAITLISTED, now, position)
    session.flush()


def turn_line(session: Session, claims: Iterable[Claim], status: ClaimStatus, now: datetime) -> None:
    """Turn waiting claims into requests, or requests into waiting claims; each keeps its position."""
    for claim in claims:
        _set(claim, status, now, claim.position)
    session.flush()


def cancel_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """End a claim for good, and pass on the place that it held. Returns who moves up."""
    return cancel_claims(session, pool, [claim], terms, now)


def cancel_claims(
    session: Session, pool: Pool, claims: Sequence[Claim], terms: OfferTerms, now: datetime
) -> list[Promotion]:
    """As `cancel_claim`, for several claims at once, so that none of them moves up into another's place."""
    return _end(session, pool, claims, ClaimStatus.CANCELLED, terms, now)


def expire_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Let an offer lapse, and pass on its place. Returns who moves up."""
    return _end(session, pool, [claim], ClaimStatus.EXPIRED, terms, now)


def close_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> None:
    """End a wait, an offer or a request because nothing more is given; its position is kept in `position_before`."""
    requested, position = claim.status == ClaimStatus.REQUESTED, claim.position or claim.position_before
    requested = requested and pool.edition_id is None
    _end(session, pool, [claim], ClaimStatus.CANCELLED if requested else ClaimStatus.EXPIRED, terms, now)
    claim.position_before = position
    session.flush()


def reopen_claim(session: Session, claim: Claim, now: datetime, *, requested: bool = False) -> None:
    """Undo `close_claim`: the claim waits, or is requested, in its old position; first of all if it had an offer."""
    _set(claim, ClaimStatus.REQUESTED if requested else ClaimStatus.WAITLISTED, now, claim.position_before)
    session.flush()


def pass_claim(session: Session, held: Claim, to: Claim, now: datetime) -> None:
    """End a claim and give what it was, and its position, to another of the same pool; how many are taken stays."""
    status, position = held.status, held.position
    offer = held.offered_at, held.offered_until, held.remind_at, held.position_before
    to.used_at, held.used_at = held.used_at, None
    _set(held, ClaimStatus.CANCELLED, now)
    session.flush()
    _set(to, ClaimStatus(status), now, position)
    to.promise_id, held.promise_id = held.promise_id, None
    to.offered_at, to.offered_until, to.remind_at, to.position_before = offer
    session.flush()


def accept_claim(session: Session, claim: Claim, now: datetime) -> None:
    """Turn an offer into a confirmed place. Raises NoOpenOffer; the caller checks the deadline."""
    if claim.status != ClaimStatus.OFFERED:
        raise NoOpenOffer
    _set(claim, ClaimStatus.CONFIRMED, now)
    session.flush()


def prolong_offer(session: Session, claim: Claim, terms: OfferTerms, now: datetime) -> None:
    """Restart the time of an offer from `now`. Raises NoOpenOffer."""
    if claim.status != ClaimStatus.OFFERED:
        raise NoOpenOffer
    _offer(claim, terms, now)
    session.flush()


def resize_pool(session: Session, pool: Pool, capacity: int, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Change a pool's capacity and pass on what becomes free; returns who moves up. Raises CapacityBelowTaken."""
    resize(session, pool, capacity)
    return promote_next(session, pool, terms, now)


def change_category(
    session: Session, pool: Pool, claims: Sequence[tuple[Claim, int]], terms: OfferTerms, now: datetime
) -> list[Promotion]:
    """Count claims in their delegates' new categories; `claims` names each with the category before.

    Places and positions are kept; what becomes free is passed on. Returns who moves up. Raises CategoryFull.
    """
    session.flush()
    moved = Counter(claim.registration.category_id for claim, _ in claims if claim.status in TAKEN)
    moved.subtract(before for claim, before in claims if claim.status in TAKEN)
    for category_id, limit in limits_of(session, pool).items():
        if moved[category_id] > max(0, limit.capacity - limit.taken):
            raise CategoryFull
    count(session, pool, 0, moved)
    return promote_next(session, pool, terms, now)


def promote_next(session: Session, pool: Pool, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Give every free place to the next in line whose category has room, in order of position; returns who moves up."""
    session.refresh(pool)
    free = pool.capacity - pool.taken
    if free + pool.promised <= 0 or not terms.promotes:
        return []
    moving_up = next_up(session, pool, free)
    if not moving_up:
        return []
    count(session, pool, len(moving_up), by_category(pool, moving_up), by_promise(moving_up))
    for claim in moving_up:
        position = claim.position
        _set(claim, ClaimStatus.OFFERED if terms.hours > 0 else ClaimStatus.CONFIRMED, now)
        if terms.hours > 0:
            claim.position_before = position
            _offer(claim, terms, now)
    session.flush()
    session.refresh(pool)
    return [Promotion(claim.registration_id, claim.status) for claim in moving_up]


def _take_for(session: Session, pool: Pool, claim: Claim, category_id: int | None) -> bool:
    """Take a place that is promised to the claim's group, or a free one, after which the promise is gone."""
    if claim.promise_id is not None and take_promised(session, pool, claim.promise_id, category_id):
        return True
    taken = _take(session, pool, category_id)
    claim.promise_id = None if taken else claim.promise_id
    return taken


def _take(session: Session, pool: Pool, category_id: int | None) -> bool:
    """Take a place, and one of its category's limit, if one is free and nobody waits; returns whether."""
    session.flush()
    given = session.execute(_TAKE, {"pool": pool.id, "category": category_id})
    session.expire(pool, ["taken"])
    return bool(given.rowcount)  # type: ignore[attr-defined]


def _take_many(
    session: Session, pool: Pool, categories: Counter[int], count: int, added: int, added_to: Mapping[int, int]
) -> None:
    """Take `count` places in these categories, ahead of the waiting list. Raises NothingFree if there are too few."""
    short = aliased(Pool)
    theirs = or_(Pool.id == pool.id, Pool.category_id.in_(categories))
    one_is_short = exists().where(
        or_(short.id == pool.id, short.category_id.in_(categories)),
        short.taken + each(short, categories, count) > short.capacity + each(short, added_to, added),
    )
    more = each(Pool, added_to, added)
    given = session.execute(
        update(Pool)
        .where(theirs, Pool.taken + each(Pool, categories, count) <= Pool.capacity + more, ~one_is_short)
        .values(taken=Pool.taken + each(Pool, categories, count), capacity=Pool.capacity + more)
        .execution_options(synchronize_session=False)
    )
    session.refresh(pool)
    if not given.rowcount:  # type: ignore[attr-defined]
        raise NothingFree


def resize(session: Session, pool: Pool, capacity: int) -> None:
    """Change a pool's capacity, and pass nothing on. Raises CapacityBelowTaken."""
    changed = session.execute(update(Pool).where(Pool.id == pool.id, Pool.taken <= capacity).values(capacity=capacity))
    session.refresh(pool)
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise CapacityBelowTaken(pool.taken)


def _next_position(session: Session, pool: Pool) -> int:
    session.flush()
    following: int = session.execute(_NEXT_POSITION, {"pool": pool.id}).scalar_one()
    session.expire(pool, ["next_position"])
    return following - 1


def _end(
    session: Session, pool: Pool, claims: Sequence[Claim], status: ClaimStatus, terms: OfferTerms, now: datetime
) -> list[Promotion]:
    held = [claim for claim in claims if claim.status in TAKEN]
    # A party with one person fewer may fit now.
    in_party = leave_parties(session, claims)
    if arrived := [claim.id for claim in claims if claim.used_at]:
        session.execute(delete(Arrival).where(Arrival.claim_id.in_(arrived)))
    for claim in claims:
        claim.used_at = None
        _set(claim, status, now)
    session.flush()
    if not held:
        return promote_next(session, pool, terms, now) if in_party else []
    freed = {category_id: -number for category_id, number in by_category(pool, held).items()}
    count(session, pool, -len(held), freed, {id_: -number for id_, number in by_promise(held).items()})
    return promote_next(session, pool, terms, now)


def _offer(claim: Claim, terms: OfferTerms, now: datetime) -> None:
    claim.offered_at = now
    hours = HOLD / timedelta(hours=1) if claim.is_hold else terms.hours
    claim.offered_until = offer_deadline(now, hours, terms.zone, terms.begins_at)
    claim.remind_at = reminder_at(now, claim.offered_until)
    claim.by_email = claim.is_hold or terms.by_email


def _set(claim: Claim, status: ClaimStatus, now: datetime, position: int | None = None) -> None:
    claim.status, claim.changed_at, claim.position = status, now, position
    claim.offered_at = claim.offered_until = claim.remind_at = claim.position_before = None
    claim.by_email = False
    # A lapsed claim still says that it was a hold.
    claim.is_hold = bool(claim.is_hold) and status == ClaimStatus.EXPIRED
    claim.untold, claim.party = False, None
