"""What needs an organiser's attention, over several editions; the number of queries does not grow with them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import all_editions
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.clock import in_zone
from dofc_events.delegates.doubles.service import count_doubles
from dofc_events.delegates.models import Registration
from dofc_events.hosting.news.queries import call_matters
from dofc_events.hosting.news.rules import CallMatter
from dofc_events.hosting.queries import holds_now
from dofc_events.mail.models import Message
from dofc_events.mail.queries import held_up_since, late_since, mail_taken_at
from dofc_events.mail.rules import LATE_AFTER, MessageState
from dofc_events.memory.photographs.models import Photograph
from dofc_events.memory.photographs.queries import undecided_objections
from dofc_events.organise.overview.models import Digest, PutOff
from dofc_events.organise.overview.rules import Deadline, Matter, Often, Rank, coming_deadlines, is_due, rank_of
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import count_of
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.trips.models import Trip
from dofc_events.trips.rules import is_nearly_full, still_needed


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

    @property
    def rank(self) -> Rank:
        return rank_of(self.matter)

    @property
    def key(self) -> str:
        """What the line is about, whatever its numbers: by it somebody puts it off."""
        return ":".join(str(part) for part in (self.matter, self.trip and self.trip.slug, self.year) if part)


# What somebody put off, the edition it is about, and the line as it would stand there now.
PutOffLine = tuple[PutOff, Edition | None, Alert]


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

    @property
    def keys(self) -> dict[str, Rank]:
        """What all lines are about, each with its rank."""
        found = {alert.key: alert.rank for alert in self.everywhere}
        return found | {f"{id_} {one.key}": one.rank for id_, alerts in self.editions.items() for one in alerts}

    def without(self, put_off: Collection[tuple[int | None, str]]) -> "Attention":
        """What is left when lines are put off, each by its edition (None: of none) and its key."""
        everywhere = [alert for alert in self.everywhere if (None, alert.key) not in put_off]
        editions = {
            id_: [one for one in alerts if (id_, one.key) not in put_off] for id_, alerts in self.editions.items()
        }
        return Attention(everywhere, editions)


def attention_of(
    session: Session, account: Account, since: datetime | None, now: datetime
) -> tuple[Attention, list[PutOffLine]]:
    """What needs the attention of an account now; and apart from that, what it has put off until later."""
    grants = account.grants(now)
    chairs = any(grant.role is RoleName.CHAIR for grant in grants)
    mine = {grant.edition_id for grant in grants if grant.role is RoleName.ORGANISER}
    editions = {edition.id: edition for edition in all_editions(session) if chairs or edition.id in mine}
    found = attention(session, list(editions.values()), chairs=chairs, since=since, now=now)
    later = []
    for one in put_off_by(session, account.id):
        edition = editions.get(one.edition_id or 0)
        of_key = [a for a in (found.editions[edition.id] if edition else found.everywhere) if a.key == one.key]
        if of_key and one.until > in_zone(now, edition.zone if edition else "UTC").date():
            later.append((one, edition, of_key[0]))
    return found.without({(one.edition_id, one.key) for one, _edition, _alert in later}), later


def put_off_by(session: Session, account_id: int) -> Sequence[PutOff]:
    """What an account has put off, the soonest first."""
    return session.scalars(
        select(PutOff).where(PutOff.account_id == account_id).order_by(PutOff.until, PutOff.id)
    ).all()


def digests_due(session: Session, now: datetime) -> list[int]:
    """The accounts for which it is time to look for what needs their attention, in two queries."""
    query = select(Role.account_id, Role.edition_id, Digest).outerjoin(Digest, Digest.account_id == Role.account_id)
    query = query.where(Role.role.in_((RoleName.CHAIR, RoleName.ORGANISER)), holds_now(now))
    is_live = or_(Edition.status != EditionStatus.ARCHIVED, Edition.id.in_(undecided_objections()))
    editions = select(Edition.id, Edition.zone).where(is_live)
    zones = dict(session.execute(editions.order_by(Edition.year.desc())).all())
    due = {
        account_id
        for account_id, edition_id, digest in session.execute(query.order_by(Role.account_id, Role.id))
        if (edition_id is None or edition_id in zones)
        and (digest is None or is_due(Often(digest.often), digest.looked_at, now, _zone(zones, edition_id)))
    }
    return sorted(due)


def _zone(zones: dict[int, str], edition_id: int | None) -> str:
    """On whose clocks it is morning: on those of the edition; for the chair, of the next one."""
    return zones.get(edition_id, "UTC") if edition_id else next(iter(zones.values()), "UTC")


def attention(
    session: Session, editions: Sequence[Edition], *, chairs: bool, since: datetime | None, now: datetime
) -> Attention:
    """What needs attention at these editions, in four queries, and for the chair in calls for hosts.

    Of archived ones only photographs that somebody wants taken down, which is asked long after the days as well.
    `chairs`: also count messages that belong to none of `editions`, such as sign-in links. `since` is when the person
    was here before; None counts nobody as new.
    """
    live = [edition for edition in editions if edition.status != EditionStatus.ARCHIVED]
    ids = [edition.id for edition in live]
    mail = _mail(session, None if chairs else [str(edition.year) for edition in live], now)
    news = _news_of_people(session, ids, since)
    doubles = count_doubles(session, ids)
    standings = _standings(session, ids)
    lines = {edition.id: news.get(edition.id, []) for edition in editions}
    for edition in live:
        lines[edition.id] += [
            *mail.get(str(edition.year), ()),
            *([Alert(Matter.DOUBLES, doubles[edition.id])] if edition.id in doubles else ()),
            *_about_places(edition, standings[edition.id], now),
            *_about_dates(edition, standings[edition.id], now),
        ]
    for alerts in lines.values():
        alerts.sort(key=lambda alert: alert.rank)
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


def _news_of_people(session: Session, edition_ids: Sequence[int], since: datetime | None) -> dict[int, list[Alert]]:
    """How many have registered and cancelled since then, and of all editions what photographs are to be taken down."""
    photographs = func.count(func.distinct(Photograph.id))
    objections = undecided_objections().add_columns(literal(Matter.OBJECTIONS), photographs)
    # Parts, as each has an index.
    parts = [objections.group_by(Photograph.edition_id)] + [
        select(Registration.edition_id, literal(matter), func.count())
        .where(Registration.edition_id.in_(edition_ids), moment > since)
        .group_by(Registration.edition_id)
        for matter, moment in ((Matter.NEW, Registration.registered_at), (Matter.CANCELLED, Registration.ended_at))
        if since
    ]
    found: dict[int, list[Alert]] = {}
    for id_, matter, number in session.execute(union_all(*parts)):
        at = since if rank_of(Matter(matter)) is Rank.NEWS else None
        found.setdefault(id_, []).append(Alert(Matter(matter), number, at=at))
    return found


def _standings(session: Session, edition_ids: Sequence[int]) -> dict[int, list[PoolStanding]]:
    """The places of each edition, then the seats on its trips that take place, in the organisers' order."""
    theirs = or_(Pool.edition_id.in_(edition_ids), Trip.edition_id.in_(edition_ids))
    # A pool itself says how many are confirmed.
    counted = [status for status in LIVE if status is not ClaimStatus.CONFIRMED]
    next_end = select(func.min(Claim.offered_until)).where(Claim.pool_id == Pool.id)
    next_end = next_end.where(Claim.status == ClaimStatus.OFFERED)
    pools = (
        select(Pool, Trip, next_end.scalar_subquery(), *map(count_of, counted))
        .outerjoin(Trip, Trip.id == Pool.trip_id)
        .where(theirs, Trip.cancelled_at.is_(None))
        .order_by(Trip.position.is_not(None), Trip.position, Pool.id)
    )
    found: dict[int, list[PoolStanding]] = {edition_id: [] for edition_id in edition_ids}
    for pool, trip, deadline, *numbers in session.execute(pools):
        counts = dict(zip(counted, numbers, strict=True))
        counts[ClaimStatus.CONFIRMED] = pool.taken - pool.promised - counts[ClaimStatus.OFFERED]
        edition_id = trip.edition_id if trip else pool.edition_id
        assert edition_id is not None, "a pool has one owner"
        found[edition_id].append(PoolStanding(pool, trip, counts, deadline))
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
