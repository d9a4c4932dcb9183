"""The one place where something scarce is given, released and offered.

Everything here runs inside the caller's unit of work, on a pool whose row it has locked, and writes no mail: it returns
what changed, and the feature above tells the people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from dofc_events.core.db import insert_row
from dofc_events.core.errors import Refusal
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.rules import HOLD, TAKEN, ClaimStatus, offer_deadline, reminder_at

_LOCK = select(Pool).where(Pool.edition_id == bindparam("edition_id")).with_for_update()
_LOCK = _LOCK.execution_options(populate_existing=True)
_THIS_POOL = Pool.id == bindparam("pool")
_SOMEBODY_WAITS = exists().where(Claim.pool_id == Pool.id, Claim.status == ClaimStatus.WAITLISTED)
# One statement checks and writes, so that no two claims both see the last place free.
_TAKE = update(Pool).where(_THIS_POOL, Pool.taken < Pool.capacity, ~_SOMEBODY_WAITS).values(taken=Pool.taken + 1)
_TAKE = _TAKE.execution_options(synchronize_session=False)
_NEXT_POSITION = update(Pool).where(_THIS_POOL).values(next_position=Pool.next_position + 1)
_NEXT_POSITION_TAKEN = _NEXT_POSITION.returning(Pool.next_position).execution_options(synchronize_session=False)


@dataclass(frozen=True)
class OfferTerms:
    """How freed places are offered: for how many hours, in which zone, until which beginning.

    `promotes` is False once nothing more is offered: the edition has begun, or is archived. `by_email`: only the
    link in the email accepts, which proves the address.
    """

    hours: float
    zone: str
    begins_at: datetime | None
    promotes: bool
    by_email: bool = False


@dataclass(frozen=True)
class Promotion:
    """Somebody on the waiting list who was confirmed or offered a place; `registration_id` says who."""

    registration_id: int
    status: ClaimStatus


class CapacityBelowTaken(Refusal):
    """A pool cannot have less capacity than claims confirmed or offered; `taken` says how many there are."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} taken")
        self.taken = taken


class NoOpenOffer(Refusal):
    """There is no offer to accept or decline, or there no longer is."""


class NothingFree(Refusal):
    """Every place of the pool is confirmed or offered."""


class NotWaitingAgain(Refusal):
    """Only somebody whose offer has lapsed can rejoin the waiting list."""


def create_pool(session: Session, *, edition_id: int | None = None, trip_id: int | None = None, capacity: int) -> Pool:
    """A pool for an edition or a trip."""
    pool = Pool(edition_id=edition_id, trip_id=trip_id, capacity=capacity)
    session.add(pool)
    session.flush()
    return pool


def lock_edition_pool(session: Session, edition_id: int) -> Pool:
    """The edition's pool, its row locked until the unit of work ends (on SQLite the whole database is)."""
    return session.scalars(_LOCK, {"edition_id": edition_id}).one()


def claim_place(
    session: Session, pool: Pool, registration_id: int, now: datetime, *, hold: OfferTerms | None = None
) -> Claim:
    """Give a place if one is free and nobody waits, else a position at the end of the waiting list.

    The claim is `confirmed` or `waitlisted`; with `hold` a place is only `offered`, for HOLD.
    """
    claim = Claim(pool_id=pool.id, registration_id=registration_id, is_hold=False, by_email=False)
    claim_again(session, pool, claim, now, hold=hold)
    insert_row(session, claim)
    return claim


def claim_again(session: Session, pool: Pool, claim: Claim, now: datetime, *, hold: OfferTerms | None = None) -> None:
    """As `claim_place`, for a claim that has ended or was only requested."""
    if not _take(session, pool):
        _set(claim, ClaimStatus.WAITLISTED, now, _next_position(session, pool))
    elif hold is None:
        _set(claim, ClaimStatus.CONFIRMED, now)
    else:
        # If giving stops and begins again, they stand where they came.
        position = _next_position(session, pool)
        _set(claim, ClaimStatus.OFFERED, now)
        claim.position_before, claim.is_hold = position, True
        _offer(claim, hold, now)


def request_claim(session: Session, pool: Pool, claim: Claim, now: datetime) -> None:
    """Record a request for a seat, after earlier ones; the seat is given later, by a draw or with a place."""
    _set(claim, ClaimStatus.REQUESTED, now, _next_position(session, pool))


def give_places(session: Session, pool: Pool, claims: Sequence[Claim], now: datetime, *, added: int = 0) -> None:
    """Confirm places ahead of the waiting list, as organisers do by hand, and a draw.

    The pool has `added` more from now on, which nobody else can get. Raises NothingFree, and gives none, if they are
    not all there.
    """
    _take_many(session, pool, len(claims), added)
    for claim in claims:
        _set(claim, ClaimStatus.CONFIRMED, now)
    session.flush()


def give_drawn(session: Session, pool: Pool, drawn: Sequence[Claim], waiting: Sequence[Claim], now: datetime) -> None:
    """Confirm the seats a draw gave, and line up those whom it gave nothing, in this order. Raises NothingFree."""
    give_places(session, pool, drawn, now)
    # Move all to the end of the line first: two claims must never have the same number, even for a moment.
    first = pool.next_position
    pool.next_position = first + len(waiting)
    for position, claim in enumerate(waiting, start=first):
        _set(claim, ClaimStatus.WAITLISTED, now, position)
    session.flush()


def turn_line(session: Session, claims: Iterable[Claim], status: ClaimStatus, now: datetime) -> None:
    """Turn waiting claims into requests, or the other way round; each keeps its position."""
    for claim in claims:
        _set(claim, status, now, claim.position)
    session.flush()


def cancel_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """End a claim for good, and pass on the place that it held. Returns who moved up."""
    return cancel_claims(session, pool, [claim], terms, now)


def cancel_claims(
    session: Session, pool: Pool, claims: Sequence[Claim], terms: OfferTerms, now: datetime
) -> list[Promotion]:
    """As `cancel_claim`, for several at once: what they held goes to those who stay."""
    return _end(session, pool, claims, ClaimStatus.CANCELLED, terms, now)


def expire_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Let an offer lapse, and pass on what was held. Returns who moved up."""
    return _end(session, pool, [claim], ClaimStatus.EXPIRED, terms, now)


def close_claim(session: Session, pool: Pool, claim: Claim, terms: OfferTerms, now: datetime) -> None:
    """End somebody's wait, offer or request because nothing more is given; where they stood is kept."""
    requested, position = claim.status == ClaimStatus.REQUESTED, claim.position or claim.position_before
    _end(session, pool, [claim], ClaimStatus.CANCELLED if requested else ClaimStatus.EXPIRED, terms, now)
    claim.position_before = position
    session.flush()


def reopen_claim(session: Session, claim: Claim, now: datetime, *, requested: bool = False) -> None:
    """Let somebody wait, or request, again whose claim was closed, where they stood.

    Who had an offer stands before all others, and is the first to be offered what is free.
    """
    _set(claim, ClaimStatus.REQUESTED if requested else ClaimStatus.WAITLISTED, now, claim.position_before)
    session.flush()


def accept_claim(session: Session, claim: Claim, now: datetime) -> None:
    """Turn an offer into a confirmed place; whether it is still open is the caller's to ask. Raises NoOpenOffer."""
    if claim.status != ClaimStatus.OFFERED:
        raise NoOpenOffer
    _set(claim, ClaimStatus.CONFIRMED, now)
    session.flush()


def prolong_offer(session: Session, claim: Claim, terms: OfferTerms, now: datetime) -> None:
    """Restart the time of an offer. Raises NoOpenOffer."""
    if claim.status != ClaimStatus.OFFERED:
        raise NoOpenOffer
    _offer(claim, terms, now)
    session.flush()


def resize_pool(session: Session, pool: Pool, capacity: int, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Change a pool's capacity and pass on what became free. Raises CapacityBelowTaken."""
    changed = session.execute(update(Pool).where(Pool.id == pool.id, Pool.taken <= capacity).values(capacity=capacity))
    session.refresh(pool)
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise CapacityBelowTaken(pool.taken)
    return promote_next(session, pool, terms, now)


def promote_next(session: Session, pool: Pool, terms: OfferTerms, now: datetime) -> list[Promotion]:
    """Give every free place to the next in line, in the order of their positions. Returns who moved up."""
    session.refresh(pool)
    free = pool.capacity - pool.taken
    if free <= 0 or not terms.promotes:
        return []
    waiting = select(Claim).where(Claim.pool_id == pool.id, Claim.status == ClaimStatus.WAITLISTED)
    next_in_line: Sequence[Claim] = session.scalars(waiting.order_by(Claim.position).limit(free)).all()
    if not next_in_line:
        return []
    session.execute(update(Pool).where(Pool.id == pool.id).values(taken=Pool.taken + len(next_in_line)))
    for claim in next_in_line:
        position = claim.position
        _set(claim, ClaimStatus.OFFERED if terms.hours > 0 else ClaimStatus.CONFIRMED, now)
        if terms.hours > 0:
            claim.position_before = position
            _offer(claim, terms, now)
    session.flush()
    session.refresh(pool)
    return [Promotion(claim.registration_id, claim.status) for claim in next_in_line]


def _take(session: Session, pool: Pool) -> bool:
    """Give a place, if one is free and nobody waits."""
    given = session.execute(_TAKE, {"pool": pool.id})
    session.expire(pool, ["taken"])
    return bool(given.rowcount)  # type: ignore[attr-defined]


def _take_many(session: Session, pool: Pool, count: int, added: int) -> None:
    """Take places ahead of the waiting list. Raises NothingFree, and takes none, if they are not all there."""
    given = session.execute(
        update(Pool)
        .where(Pool.id == pool.id, Pool.taken + count <= Pool.capacity + added)
        .values(taken=Pool.taken + count, capacity=Pool.capacity + added)
    )
    session.refresh(pool)
    if not given.rowcount:  # type: ignore[attr-defined]
        raise NothingFree


def _next_position(session: Session, pool: Pool) -> int:
    following = session.execute(_NEXT_POSITION_TAKEN, {"pool": pool.id}).scalar_one()
    session.expire(pool, ["next_position"])
    return following - 1


def _end(
    session: Session, pool: Pool, claims: Sequence[Claim], status: ClaimStatus, terms: OfferTerms, now: datetime
) -> list[Promotion]:
    held = sum(claim.status in TAKEN for claim in claims)
    if arrived := [claim.id for claim in claims if claim.used_at]:
        session.execute(delete(Arrival).where(Arrival.claim_id.in_(arrived)))
    for claim in claims:
        claim.used_at = None
        _set(claim, status, now)
    session.flush()
    if not held:
        return []
    session.execute(update(Pool).where(Pool.id == pool.id).values(taken=Pool.taken - held))
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
    # Of what has lapsed it is still said.
    claim.is_hold = bool(claim.is_hold) and status == ClaimStatus.EXPIRED
    claim.untold = False
