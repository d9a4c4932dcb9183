"""Reads over pools and claims."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Subquery, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from dofc_events.conference.models import Edition
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import PLACE_STATUSES, TAKEN, ClaimStatus
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption

_EDITION = select(Edition, Pool).join(Pool, Pool.edition_id == Edition.id).where(Edition.year == bindparam("year"))
_POOL = select(Pool).where(Pool.edition_id == bindparam("edition_id"))
_PLACE = select(Claim).join(Claim.pool).options(contains_eager(Claim.pool))
_PLACE = _PLACE.where(Claim.registration_id == bindparam("registration_id"), Pool.edition_id.is_not(None))
_WAITING = select(func.count()).where(Claim.pool_id == bindparam("pool_id"), Claim.status == ClaimStatus.WAITLISTED)
_WAITING_UP_TO = _WAITING.where(Claim.position <= bindparam("position"))
_OPTIONS = select(Pool).join(QuestionOption, QuestionOption.id == Pool.option_id)
_OPTIONS = _OPTIONS.join(EditionQuestion, EditionQuestion.id == QuestionOption.question_id)
_OPTIONS = _OPTIONS.where(EditionQuestion.edition_id == bindparam("edition_id"))


def edition_with_pool(session: Session, year: int) -> tuple[Edition, Pool] | None:
    """The edition of a year, in whatever status, with its places; None if it has none."""
    found = session.execute(_EDITION, {"year": year}).one_or_none()
    return found and (found[0], found[1])


def edition_pool(session: Session, edition_id: int) -> Pool | None:
    """The edition's pool; past editions, whose registrations are not here, have none."""
    return session.scalar(_POOL, {"edition_id": edition_id})


def option_pools(session: Session, edition_id: int) -> dict[int, Pool]:
    """The places of the options that an edition has few of, by the option; others have as many as are wanted."""
    return {pool.option_id: pool for pool in session.scalars(_OPTIONS, {"edition_id": edition_id}) if pool.option_id}


def option_claims(session: Session, registration_ids: Collection[int]) -> list[Claim]:
    """The places of options that these registrations hold, with their pools, in the order in which pools are taken."""
    query = select(Claim).join(Claim.pool).options(contains_eager(Claim.pool))
    query = query.where(Claim.registration_id.in_(registration_ids), Pool.option_id.is_not(None))
    return list(session.scalars(query.where(Claim.status == ClaimStatus.CONFIRMED).order_by(Pool.id, Claim.id)))


def option_faults(session: Session) -> list[str]:
    """Who chose an option with limited places and holds none, or the other way round; one sentence each."""
    chosen = (
        select(Answer.registration_id, QuestionOption.id.label("option_id"))
        .join(
            QuestionOption, and_(QuestionOption.question_id == Answer.question_id, QuestionOption.key == Answer.choice)
        )
        .join(Registration, Registration.id == Answer.registration_id)
        .join(Pool, Pool.option_id == QuestionOption.id)
        .where(QuestionOption.key == Answer.choice, Registration.ended_at.is_(None))
    )
    held = select(Claim.registration_id, Pool.option_id).join(Pool, Pool.id == Claim.pool_id)
    held = held.where(Pool.option_id.is_not(None), Claim.status == ClaimStatus.CONFIRMED)
    without = session.execute(chosen.except_(held)).all()
    unchosen = session.execute(held.except_(chosen)).all()
    return [
        *(f"registration number {r}: chose option {o}, whose places are limited, and holds none" for r, o in without),
        *(f"registration number {r}: holds a place of option {o}, which it has not chosen" for r, o in unchosen),
    ]


def place_of(session: Session, registration_id: int) -> Claim:
    """A registration's claim on its edition's places, with their pool."""
    return session.scalars(_PLACE, {"registration_id": registration_id}).one()


def waiting_position(session: Session, claim: Claim) -> int | None:
    """The claim's position on the waiting list (1: the next in line); None if it is not waiting."""
    if claim.position is None:
        return None
    return session.scalar(_WAITING_UP_TO, {"pool_id": claim.pool_id, "position": claim.position})


def count_waiting(session: Session, pool_id: int) -> int:
    """How many claims are waiting for a place of a pool."""
    return session.scalar(_WAITING, {"pool_id": pool_id}) or 0


def would_move_up(session: Session, pool: Pool, capacity: int) -> int:
    """How many of those waiting would get a place if there were this many."""
    return max(0, min(capacity - pool.taken, count_waiting(session, pool.id)))


def closed_claims() -> Select[Claim]:
    """What was waited for, offered or requested, and ended because nothing is given any more."""
    ended = Claim.status.in_((ClaimStatus.EXPIRED, ClaimStatus.CANCELLED))
    return select(Claim).where(Claim.position_before.is_not(None), ended)


def waiting_for(session: Session, edition_id: int) -> Sequence[int]:
    """The registrations on an edition's waiting list, the next in line first."""
    query = select(Claim.registration_id).join(Pool).where(Pool.edition_id == edition_id)
    return session.scalars(query.where(Claim.status == ClaimStatus.WAITLISTED).order_by(Claim.position)).all()


def pool_faults(session: Session) -> list[str]:
    """What is wrong with pools and claims, one sentence each; empty when the numbers add up."""
    taken = func.sum(case((Claim.status.in_(TAKEN), 1), else_=0))
    waiting = func.sum(case((Claim.status == ClaimStatus.WAITLISTED, 1), else_=0))
    rows = session.execute(
        select(Pool, func.coalesce(taken, 0), func.coalesce(waiting, 0), func.max(Claim.position))
        .outerjoin(Claim, Claim.pool_id == Pool.id)
        .group_by(Pool.id)
        .order_by(Pool.id)
    ).all()
    faults = []
    for pool, taken_claims, _waiting, last_position in rows:
        owner = "edition" if pool.edition_id else "trip" if pool.trip_id else "option"
        name = f"pool {pool.id} ({owner} {pool.edition_id or pool.trip_id or pool.option_id})"
        if pool.taken != taken_claims:
            faults.append(f"{name} counts {pool.taken} taken, but {taken_claims} claims are confirmed or offered")
        if pool.taken > pool.capacity:
            faults.append(f"{name} is oversold: {pool.taken} of {pool.capacity}")
        if last_position is not None and last_position >= pool.next_position:
            faults.append(f"{name} would give position {pool.next_position} twice: {last_position} is in use")
    return faults


def pools_with_free_places_and_people_waiting(session: Session) -> Sequence[Pool]:
    """Pools in which somebody waits while a place is free; whether that is a fault depends on the edition."""
    waits = select(Claim.id).where(Claim.pool_id == Pool.id, Claim.status == ClaimStatus.WAITLISTED).exists()
    return session.scalars(select(Pool).where(Pool.taken < Pool.capacity, waits)).all()


def ended_unlike_their_claim(session: Session) -> Sequence[str]:
    """References of registrations that ended although their place was not cancelled, or the other way round."""
    cancelled = Claim.status == ClaimStatus.CANCELLED
    query = (
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
    return session.scalars(query).all()


def overdue(claim: Claim, now: datetime) -> bool:
    """Whether an offer's deadline has passed."""
    return claim.offered_until is not None and claim.offered_until <= now


@dataclass(frozen=True)
class Places:
    """An edition's places in numbers: how many there are, and how many registrations have each status."""

    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


def places_of(session: Session, edition_ids: Collection[int]) -> dict[int, Places]:
    """The places of these editions, by edition, in one query; editions of the past have none here."""
    rows = session.execute(
        select(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status, func.count(Claim.id))
        .join(Claim, Claim.pool_id == Pool.id, isouter=True)
        .where(Pool.edition_id.in_(edition_ids))
        .group_by(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status)
    )
    found: dict[int, Places] = {}
    for edition_id, capacity, taken, status, count in rows:
        assert edition_id is not None, "the query asked for editions' pools"
        places = found.setdefault(edition_id, Places(capacity, taken, dict.fromkeys(PLACE_STATUSES, 0)))
        if status:
            places.counts[ClaimStatus(status)] = count
    return found


def waiting_line(edition_id: int) -> Subquery:
    """The claims that wait for a place at an edition, numbered from the next in line on."""
    position = func.row_number().over(order_by=Claim.position).label("position")
    waiting = select(Claim.id, position).join(Pool, Pool.id == Claim.pool_id)
    return waiting.where(Pool.edition_id == edition_id, Claim.status == ClaimStatus.WAITLISTED).subquery()
