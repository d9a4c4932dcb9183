"""What needs an organiser's attention, over several editions; the number of queries does not grow with them."""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, null, or_, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Window
from dofc_events.delegates.doubles.service import count_doubles
from dofc_events.delegates.models import Registration
from dofc_events.hosting.news.queries import call_matters
from dofc_events.hosting.news.rules import CallMatter
from dofc_events.mail.models import Message
from dofc_events.mail.queries import held_up_since, late_since, mail_taken_at
from dofc_events.mail.rules import LATE_AFTER, MessageState
from dofc_events.organise.overview.rules import Deadline, coming_deadlines
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.trips.models import Trip
from dofc_events.trips.rules import is_nearly_full, still_needed


class Matter(enum.StrEnum):
    """What a line is about, beside deadlines."""

    DEAD_MAIL = "dead_mail"
    LATE_MAIL = "late_mail"
    NEW = "new"
    DOUBLES = "doubles"
    OFFERED = "offered"
    WAITLISTED = "waitlisted"
    REQUESTED = "requested"
    DRAW_DUE = "draw_due"
    UNDER_MINIMUM = "under_minimum"
    NEARLY_FULL = "nearly_full"
    SEATS_OFFERED = "seats_offered"
    SEATS_WAITLISTED = "seats_waitlisted"


@dataclass(frozen=True)
class Alert:
    """One thing that needs attention: `number` is how many entries the list behind it has, None where there is none.

    `trip` for what is about one; `at` is the deadline, of offers the next one, of mail when it should have left;
    `more` is how many people a trip still needs, or how many seats are left; `year` for what is about a call for hosts.
    """

    matter: Matter | Deadline | CallMatter
    number: int | None = None
    trip: Trip | None = None
    at: datetime | None = None
    more: int = 0
    year: int | None = None


@dataclass(frozen=True)
class PoolStanding:
    """A pool in numbers; `trip` is None for the places of an edition."""

    pool: Pool
    trip: Trip | None
    counts: dict[ClaimStatus, int]
    next_deadline: datetime | None


@dataclass(frozen=True)
class Attention:
    """All lines: those that are about no single edition, and those of each edition by its id."""

    everywhere: list[Alert]
    editions: dict[int, list[Alert]]

    @property
    def is_needed(self) -> bool:
        return bool(self.everywhere) or any(self.editions.values())


def attention(
    session: Session, editions: Sequence[Edition], *, chairs: bool, since: datetime | None, now: datetime
) -> Attention:
    """What needs attention at these editions, in five queries, and for the chair about calls for hosts.

    `chairs`: whoever looks sees to all messages, sign-in messages included, and not only to those of `editions`.
    `since` is when they were here before; None counts nobody as new.
    """
    ids = [edition.id for edition in editions]
    mail = _mail(session, None if chairs else [str(edition.year) for edition in editions], now)
    new = _registered_since(session, ids, since) if since else {}
    doubles = count_doubles(session, ids)
    standings = _standings(session, ids)
    lines = {
        edition.id: [
            *mail.get(str(edition.year), ()),
            *([Alert(Matter.NEW, new[edition.id], at=since)] if edition.id in new else ()),
            *([Alert(Matter.DOUBLES, doubles[edition.id])] if edition.id in doubles else ()),
            *_about_places(edition, standings[edition.id], now),
            *_about_dates(edition, standings[edition.id], now),
        ]
        for edition in editions
    }
    matters = call_matters(session, now) if chairs else []
    about_calls = [Alert(matter, number, year=call.year) for call, matter, number in matters]
    return Attention([*mail.get(None, []), *about_calls], lines)


def _about_places(edition: Edition, standings: Sequence[PoolStanding], now: datetime) -> Iterator[Alert]:
    for one in standings:
        offered, waiting = one.counts[ClaimStatus.OFFERED], one.counts[ClaimStatus.WAITLISTED]
        if one.trip and not one.trip.can_be_joined(now):
            continue
        if one.trip and edition.sign_up_window(now) is not Window.NOT_YET:
            yield from _about_trip(edition, one, one.trip)
        if offered:
            yield Alert(Matter.SEATS_OFFERED if one.trip else Matter.OFFERED, offered, one.trip, one.next_deadline)
        if requested := 0 if one.trip else one.counts[ClaimStatus.REQUESTED]:
            yield Alert(Matter.REQUESTED, requested)
        if waiting:
            yield Alert(Matter.SEATS_WAITLISTED if one.trip else Matter.WAITLISTED, waiting, one.trip)


def _about_trip(edition: Edition, standing: PoolStanding, trip: Trip) -> Iterator[Alert]:
    needed = still_needed(trip.minimum, standing.counts, edition.collects_wishes)
    free = standing.pool.capacity - standing.pool.taken
    if needed:
        coming = ClaimStatus.REQUESTED if edition.collects_wishes else ClaimStatus.CONFIRMED
        yield Alert(Matter.UNDER_MINIMUM, standing.counts[coming], trip, more=needed)
    elif is_nearly_full(standing.pool.capacity, standing.pool.taken):
        yield Alert(Matter.NEARLY_FULL, standing.counts[ClaimStatus.CONFIRMED], trip, more=free)


def _about_dates(edition: Edition, standings: Sequence[PoolStanding], now: datetime) -> Iterator[Alert]:
    dates = {
        Deadline.REGISTRATION_OPENS: edition.registration_opens_at,
        Deadline.REGISTRATION_CLOSES: edition.registration_closes_at,
        Deadline.EDITION_BEGINS: edition.begins_at(),
        Deadline.DETAILS_FREEZE: edition.details_freeze_at(),
    }
    if any(one.trip for one in standings):
        closes_at = edition.sign_up_closes_at()
        dates |= {Deadline.SIGN_UP_OPENS: edition.sign_up_opens_at(), Deadline.SIGN_UP_CLOSES: closes_at}
        if edition.collects_wishes and edition.gives_places(now) and closes_at and closes_at <= now:
            yield Alert(Matter.DRAW_DUE, at=closes_at)
    for deadline, moment in coming_deadlines(dates, now):
        yield Alert(deadline, at=moment)


def _registered_since(session: Session, edition_ids: Sequence[int], since: datetime) -> dict[int, int]:
    query = select(Registration.edition_id, func.count()).where(Registration.edition_id.in_(edition_ids))
    rows = session.execute(query.where(Registration.registered_at > since).group_by(Registration.edition_id))
    return dict(rows.all())


def _standings(session: Session, edition_ids: Sequence[int]) -> dict[int, list[PoolStanding]]:
    """The places of each edition, then the seats on its trips that take place, in the organisers' order."""
    theirs = or_(Pool.edition_id.in_(edition_ids), Trip.edition_id.in_(edition_ids))
    pools = session.execute(
        select(Pool, Trip)
        .outerjoin(Trip, Trip.id == Pool.trip_id)
        .where(theirs, Trip.cancelled_at.is_(None))
        .order_by(Trip.position.is_not(None), Trip.position, Pool.id)
    ).all()
    counts = {pool.id: dict.fromkeys(LIVE, 0) for pool, _trip in pools}
    deadlines: dict[int, datetime] = {}
    # Found by itself, as no index has it: each claim would be read for it.
    offer = aliased(Claim)
    next_end = select(func.min(offer.offered_until)).where(offer.pool_id == Claim.pool_id)
    next_end = next_end.where(offer.status == ClaimStatus.OFFERED)
    query = select(Claim.pool_id, Claim.status, func.count(), next_end.scalar_subquery())
    query = query.where(Claim.pool_id.in_(counts), Claim.status.in_(LIVE)).group_by(Claim.pool_id, Claim.status)
    for pool_id, status, count, offered_until in session.execute(query):
        counts[pool_id][ClaimStatus(status)] = count
        if offered_until:
            deadlines[pool_id] = offered_until
    found: dict[int, list[PoolStanding]] = {edition_id: [] for edition_id in edition_ids}
    for pool, trip in pools:
        edition_id = trip.edition_id if trip else pool.edition_id
        assert edition_id is not None, "a pool has one owner"
        found[edition_id].append(PoolStanding(pool, trip, counts[pool.id], deadlines.get(pool.id)))
    return found


def _mail(session: Session, scopes: Sequence[str] | None, now: datetime) -> dict[str | None, list[Alert]]:
    """What is wrong with the messages of these scopes, by scope; with None, of all together, under None."""
    of_scope = null() if scopes is None else Message.scope
    taken_at = mail_taken_at(session)
    query = select(of_scope, Message.state, func.count(), func.min(held_up_since(taken_at)))
    query = query.where(Message.state.in_((MessageState.DEAD, MessageState.QUEUED)))
    query = query.group_by(Message.state) if scopes is None else query.group_by(Message.scope, Message.state)
    if scopes is not None:
        query = query.where(Message.scope.in_(scopes))
    found: dict[str | None, list[Alert]] = {}
    for scope, state, count, held_up in session.execute(query.order_by(Message.state)):
        since = late_since(held_up, taken_at)
        if state == MessageState.DEAD:
            found.setdefault(scope, []).append(Alert(Matter.DEAD_MAIL, count))
        elif since is not None and since < now - LATE_AFTER:
            found.setdefault(scope, []).append(Alert(Matter.LATE_MAIL, count, at=since))
    return found
